"""Which endpoint answers which method and path, and what happens when an endpoint fails.

Strict like AWS's router (RIE: rapi/router.go): paths are compared undecoded, a trailing slash is another path, a known
path with another method is 405. Knows no endpoint by name.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from lambdasim.api.messages import MAX_PAYLOAD_BYTES, Reply, Request
from lambdasim.api.replies import INTERNAL_SERVER_ERROR, NOT_FOUND, TRUNCATED, Refusals, method_not_allowed
from lambdasim.core.errors import Refused

log = logging.getLogger(__name__)


class Endpoint:
    """One operation. `finish` is the only one that every endpoint has to say something about.

    An endpoint may raise `Refused`, which its table turns into an answer. A reply of `begin` is given once the body
    has been drained, and is the end of the request.
    """

    body_limit_bytes = MAX_PAYLOAD_BYTES
    refusals: ClassVar[Refusals] = {}

    def begin(self, request: Request) -> Reply | None:
        """The head has arrived."""
        return None

    def finish(self, request: Request) -> Reply | None:
        """The body has arrived. None parks the request."""
        raise NotImplementedError

    def cut_off(self, request: Request) -> Reply:
        """The body ended too early."""
        return TRUNCATED

    def dropped(self, request: Request) -> None:
        """The client of the parked request has gone."""
        return None


class Fixed(Endpoint):
    """Always the same answer."""

    body_limit_bytes = 0

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def finish(self, request: Request) -> Reply:
        return self._reply


Routes = Mapping[str, Mapping[str, Endpoint]]
"""Path → method → endpoint. One segment of a path may be `{}`: its text is the request's `parameter`."""

_NOT_FOUND = Fixed(NOT_FOUND)


class Router:
    """The `Application` of a connection: finds the endpoint and lets no exception out."""

    keeps_half_closed = False

    def __init__(self, routes: Routes, *, switched_off: Mapping[str, Reply] | None = None) -> None:
        """`switched_off`: first segments of paths under which every request gets the same answer."""
        self._exact = {path: methods for path, methods in routes.items() if "{}" not in path}
        self._patterns = [
            (re.compile("([^/]*)".join(re.escape(part) for part in path.split("{}"))), methods)
            for path, methods in routes.items() if "{}" in path
        ]
        self._switched_off = {prefix: Fixed(reply) for prefix, reply in (switched_off or {}).items()}

    def begin(self, request: Request) -> None:
        endpoint = request.endpoint = self._find(request)
        request.limit_body(endpoint.body_limit_bytes)
        request.early = _guarded(endpoint, endpoint.begin, request)
        if request.early is not None:
            request.limit_body(0)

    def finish(self, request: Request) -> Reply | None:
        if request.early is not None:
            return request.early
        endpoint: Endpoint = request.endpoint
        return _guarded(endpoint, endpoint.finish, request)

    def cut_off(self, request: Request) -> Reply:
        if request.early is not None:
            return request.early
        endpoint: Endpoint = request.endpoint
        return _guarded(endpoint, endpoint.cut_off, request) or TRUNCATED

    def dropped(self, request: Request) -> None:
        endpoint: Endpoint = request.endpoint
        _guarded(endpoint, endpoint.dropped, request)

    def _find(self, request: Request) -> Endpoint:
        path = request.path
        methods = self._exact.get(path)
        if methods is None and self._switched_off:
            off = self._switched_off.get(path[1:].partition("/")[0])
            if off is not None:
                return off
        if methods is None:
            for pattern, candidate in self._patterns:
                if match := pattern.fullmatch(path):
                    request.parameter, methods = match[1], candidate
                    break
            else:
                return _NOT_FOUND
        endpoint = methods.get(request.method)
        return endpoint if endpoint is not None else Fixed(method_not_allowed(", ".join(methods)))


def _guarded(endpoint: Endpoint, step: Callable[[Request], Reply | None], request: Request) -> Reply | None:
    """What `step` answers; a refusal or a failure becomes an answer too, so that no client is left waiting."""
    try:
        return step(request)
    except Refused as refused:
        refusal = endpoint.refusals.get(type(refused))
        if refusal is not None:
            return refusal.reply(refused)
        log.exception("%s %s: no answer is known for this refusal", request.method, request.path)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
    return INTERNAL_SERVER_ERROR
