"""Where the audit log is: below /settings/."""

from django.urls import path

from accounts import audit_views

app_name = "audit"
urlpatterns = [path("audit", audit_views.show, name="log")]
