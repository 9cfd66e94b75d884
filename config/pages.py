"""Pages that belong to no app: what the crawler is, and what went wrong."""

import sys
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.defaults import server_error
from psycopg_pool import PoolTimeout

from accounts.api import problem
from config.elsewhere import elsewhere

COME_BACK_SECONDS = 5  # for whom no connection to the database came free


def crawler(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/crawler.html", {"user_agent": settings.CRAWLER_USER_AGENT})


def favicon(request: HttpRequest) -> HttpResponse:
    """Pages that are not ours, such as those of the console, do not say where the icon is."""
    return redirect(static("src/favicon.svg"))


def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a weakness: https://www.rfc-editor.org/rfc/rfc9116. There is none without a contact."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    contact = settings.SECURITY_CONTACT
    if "@" in contact and not contact.startswith("mailto:"):
        contact = f"mailto:{contact}"
    # Made anew with every answer, so that it never lies about being looked after; at most a year, says the RFC.
    expires = timezone.now() + timedelta(days=180)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, zh, sr",
        f"Canonical: {settings.SITE_URL}{request.path}",
    ]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, _("This request cannot be understood"), _("Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, _("This is not allowed"), _("You may look here, but not change things. Ask the owner."))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("Go back, load the page again, and send the form once more.")
    return _error(request, 403, _("This page was open for too long"), detail)


def too_many(request: HttpRequest) -> HttpResponse:
    detail = _("Wait for a while, then go back and try again. E-mails that were sent meanwhile still work.")
    return _error(request, 429, _("That was often"), detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if there := elsewhere(request):
        return render(request, "pages/elsewhere.html", {"there": there}, status=404)
    detail = _("The page was moved or removed, or it belongs to somebody else.")
    return _error(request, 404, _("There is nothing here"), detail)


def went_wrong(request: HttpRequest) -> HttpResponse:
    """Answer what broke: 503 where no connection came free in time, else 500. Asks the database for nothing."""
    error, is_api = sys.exc_info()[1], request.path.startswith("/api/")
    if not isinstance(getattr(error, "__cause__", None), PoolTimeout):
        return (
            problem(500, _("Something went wrong on our side. It was reported.")) if is_api else server_error(request)
        )
    answer: HttpResponse
    if is_api:
        answer = problem(503, _("Too much is asked at once. Try again in a few seconds."))
    else:
        answer = HttpResponse(get_template("503.html").render(), status=503)
    answer["Retry-After"] = str(COME_BACK_SECONDS)
    return answer


class NotAllowedMiddleware:
    """Says in our words, and where it is the API in its form, that an address takes no such method."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        told = _not_allowed(request)
        told["Allow"] = ", ".join(sorted(answer["Allow"].split(", ")))
        return told


def _not_allowed(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(405, _("This address does not take %(method)s: see “Allow”.") % {"method": request.method})
    return _error(request, 405, _("This cannot be done here"), _("Go back, and use the buttons of the page."))


def _error(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status, title)
    return render(request, "pages/error.html", {"title": title, "detail": detail}, status=status)
