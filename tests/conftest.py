"""What tests of several packages need: a real Redis where the settings say it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer(Path(settings.REDIS_SOCKET))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """The same as settings.REDIS_URL, with a server behind it."""
    assert redis_server.url == settings.REDIS_URL
    return redis_server.url
