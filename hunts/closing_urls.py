"""Where a workspace is deleted: below /settings/."""

from django.urls import path

from hunts import closing_views

app_name = "closing"
urlpatterns = [
    path("workspace/delete", closing_views.delete, name="delete"),
    path("workspace/restore", closing_views.bring_back, name="restore"),
]
