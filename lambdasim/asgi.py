"""The web process: AWS's paths go to a thin application of their own, since Django's request cycle costs more than
a warm invocation does; other HTTP goes to Django, WebSockets to the dashboard's consumers.

A WebSocket is refused unless the page that opened it was served by us (Origin against ALLOWED_HOSTS).
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lambdasim.settings")
django_application = get_asgi_application()

# Only after the line above may anything be imported that has models.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from dashboard.routing import websocket_urlpatterns  # noqa: E402
from lambdasim.aws.asgi import application as aws_application  # noqa: E402

AWS_PREFIX = "/2015-03-31/"

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    target = aws_application if scope["path"].startswith(AWS_PREFIX) else django_application
    await target(scope, receive, send)


application = ProtocolTypeRouter(
    {"http": http, "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns))}
)
