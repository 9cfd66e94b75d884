"""What pages answer where a limit is reached and they have no place of their own to say so."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.quotas import QuotaReached


class QuotaMiddleware:
    """Answers what is refused for its number, where the page itself has no place to say so.

    What was typed is still there when the person goes back. The status is 429 where waiting helps, else 409.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, QuotaReached):
            return None
        if request.headers.get("HX-Request") == "true":  # htmx shows no answer that has an error's status
            messages.warning(request, str(exception))
            return HttpResponse(headers={"HX-Refresh": "true"})
        rate = exception.rate
        context = {"title": _("This is as much as the workspace may have"), "detail": str(exception)}
        if rate:
            context["title"] = _("That was often")
        answer = render(request, "accounts/limit_reached.html", context, status=429 if rate else 409)
        if rate:
            answer["Retry-After"] = str(rate.reset)
        return answer
