"""What browsers are told to refuse, on every answer; beside what Django, django-csp and the settings say.

https://owasp.org/www-project-secure-headers/ and https://www.w3.org/TR/permissions-policy/
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

# What no page of ours asks a browser for. Passkeys are for us alone; copying is what buttons do.
_REFUSED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_OURS_ALONE = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")

HEADERS = {
    "Permissions-Policy": ", ".join(
        [*(f"{feature}=()" for feature in _REFUSED), *(f"{feature}=(self)" for feature in _OURS_ALONE)]
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}

# Streams are answered beside Django; nothing in them is ever a page of its own.
STREAM_HEADERS = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class HeadersMiddleware:
    """Puts the headers on whatever answer has none of its own, files and errors included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
