"""Where everything is."""

from django.contrib import admin
from django.urls import include, path

from accounts import support_views
from accounts.views import set_language
from config import pages
from config.api import api
from hunts import analytics_views, departing, quota_views
from hunts.views import home

urlpatterns = [
    path("", home, name="home"),
    path("language", set_language, name="set_language"),
    path("support/end", support_views.end, name="support_end"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("about/crawler", pages.crawler, name="crawler"),
    path(".well-known/security.txt", pages.security_txt, name="security_txt"),
    path("accounts/", include("allauth.urls")),
    path("account/", include("accounts.person_urls")),
    path("account/delete", departing.delete_account, name="delete_account"),
    path("hunts/", include("hunts.urls")),
    path("analytics/", analytics_views.page, name="analytics"),
    path("settings/limits", quota_views.page, name="limits"),
    path("lists/", include("hunts.company_list_urls")),
    path("leads/", include("leads.urls")),
    path("leads/", include("enrichment.urls")),
    path("leads/", include("hunts.research_urls")),
    path("settings/", include("hunts.trial_urls")),
    path("settings/", include("integrations.urls")),
    path("settings/", include("billing.urls")),
    path("settings/", include("accounts.token_urls")),
    path("settings/", include("accounts.audit_urls")),
    path("settings/", include("integrations.notification_urls")),
    path("settings/", include("hunts.closing_urls")),
    path("settings/", include("hunts.privacy.urls")),
    path("", include("accounts.notification_urls")),
    path("", include("accounts.workspace_urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]

handler400 = "config.pages.bad_request"
handler403 = "config.pages.forbidden"
handler404 = "config.pages.not_found"
handler500 = "config.pages.went_wrong"
handler429 = "config.pages.too_many"  # django-allauth's
