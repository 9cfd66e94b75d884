"""The door to the language: what somebody chooses on a page is also what they are written to in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import i18n

from accounts.models import User


def set_language(request: HttpRequest) -> HttpResponse:
    """Set the language of the pages by a cookie, as Django does, and of e-mails to whoever is signed in."""
    language = request.POST.get("language", "")
    if request.method == "POST" and request.user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    answer: HttpResponse = i18n.set_language(request)
    return answer
