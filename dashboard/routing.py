"""Which consumer answers which WebSocket. Origins are checked before, in lambdasim/asgi.py."""

from django.urls import path

from dashboard.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]
