"""The application as uvicorn serves it: Django, and beside it the live pages that hold no thread."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from config.guard import limited, with_headers  # noqa: E402  (models can be imported only after Django was set up)
from config.pool import served  # noqa: E402
from hunts import chat_stream, live  # noqa: E402


async def _dispatch(scope: live.Scope, receive: live.Receive, send: live.Send) -> None:
    if scope["type"] == "lifespan":
        await served(receive, send)
    elif scope["type"] == "http" and scope["method"] == "GET" and live.STREAM.match(scope["path"]):
        await live.stream(scope, receive, with_headers(send))
    elif scope["type"] == "http" and scope["method"] == "GET" and chat_stream.STREAM.match(scope["path"]):
        await chat_stream.stream(scope, receive, with_headers(send))
    else:
        await django_application(scope, receive, send)  # type: ignore[arg-type]


application = limited(_dispatch)
