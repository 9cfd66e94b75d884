from django.urls import path

from hunts import views

app_name = "hunts"

urlpatterns = [
    path("", views.hunt_list, name="list"),
    path("new", views.new_hunt, name="new"),
    path("<int:pk>/", views.hunt_detail, name="detail"),
    path("<int:pk>/run", views.run_again, name="run-again"),
    path("runs/<int:pk>/", views.run_detail, name="run"),
    path("runs/<int:pk>/<str:action>", views.change_run, name="change-run"),
]
