"""Pages that belong to no app: what the crawler is, and what went wrong."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def crawler(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/crawler.html", {"user_agent": settings.CRAWLER_USER_AGENT})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, _("This request cannot be understood"), _("Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, _("This is not allowed"), _("You may look here, but not change things. Ask the owner."))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("Go back, load the page again, and send the form once more.")
    return _error(request, 403, _("This page was open for too long"), detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = _("The page was moved or removed, or it belongs to somebody else.")
    return _error(request, 404, _("There is nothing here"), detail)


def _error(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    return render(request, "pages/error.html", {"title": title, "detail": detail}, status=status)
