from django.urls import path

from accounts import person_views, session_views

urlpatterns = [
    path("", person_views.person, name="person"),
    path("data", person_views.download, name="person_data"),
    path("sessions/<int:pk>/end", session_views.end, name="end_session"),
]
