"""Where everything is."""

from django.contrib import admin
from django.urls import include, path

from accounts.views import set_language
from config import pages
from config.api import api
from hunts import analytics_views
from hunts.views import home

urlpatterns = [
    path("", home, name="home"),
    path("language", set_language, name="set_language"),
    path("about/crawler", pages.crawler, name="crawler"),
    path("accounts/", include("allauth.urls")),
    path("hunts/", include("hunts.urls")),
    path("analytics/", analytics_views.page, name="analytics"),
    path("leads/", include("leads.urls")),
    path("leads/", include("enrichment.urls")),
    path("leads/", include("hunts.research_urls")),
    path("settings/", include("integrations.urls")),
    path("settings/", include("billing.urls")),
    path("settings/", include("integrations.notification_urls")),
    path("", include("accounts.notification_urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]

handler400 = "config.pages.bad_request"
handler403 = "config.pages.forbidden"
handler404 = "config.pages.not_found"
