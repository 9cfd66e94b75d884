"""Company lists, below /lists."""

from django.urls import path

from hunts import company_list_views as views

app_name = "company_lists"

urlpatterns = [
    path("", views.page, name="page"),
    path("upload", views.upload, name="upload"),
    path("<int:pk>/rename", views.rename, name="rename"),
    path("<int:pk>/companies.csv", views.download, name="download"),
    path("<int:pk>/delete", views.delete, name="delete"),
    path("<int:pk>/restore", views.restore, name="restore"),
]
