from django.urls import path

from hunts import trial_views

app_name = "trials"

urlpatterns = [path("models/<slug:slug>/test", trial_views.try_out, name="try")]
