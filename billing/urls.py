from django.urls import path

from billing import views

app_name = "billing"

urlpatterns = [
    path("spending", views.show, name="spending"),
    path("spending/limits", views.set_limits, name="limits"),
]
