"""Where people's data is found, handed out and erased: below /settings/privacy."""

from django.urls import path

from hunts.privacy import views

app_name = "privacy"
urlpatterns = [
    path("privacy", views.show, name="page"),
    path("privacy/find", views.find, name="find"),
    path("privacy/people/<int:pk>", views.lookup, name="lookup"),
    path("privacy/people/<int:pk>/again", views.again, name="again"),
    path("privacy/people/<int:pk>/export", views.export, name="export"),
    path("privacy/people/<int:pk>/erase", views.erase, name="erase"),
    path("privacy/people/<int:pk>/let-back", views.let_back, name="let_back"),
    path("privacy/retention", views.keep_for, name="retention"),
]
