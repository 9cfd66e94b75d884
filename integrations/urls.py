from django.urls import path

from integrations import views

app_name = "integrations"

urlpatterns = [
    path("models", views.models, name="models"),
    path("models/<slug:slug>", views.save, name="save-model"),
    path("models/<slug:slug>/<str:action>", views.change, name="change-model"),
]
