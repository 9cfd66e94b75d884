from django.urls import path

from accounts import token_views as views

app_name = "tokens"

urlpatterns = [
    path("tokens", views.page, name="list"),
    path("tokens/new", views.create, name="create"),
    path("tokens/<int:pk>/revoke", views.revoke, name="revoke"),
]
