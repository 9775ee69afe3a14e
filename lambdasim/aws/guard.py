"""Who may use the AWS surface: it runs code, so a web page from elsewhere must not reach it.

Signatures are not verified (there are no accounts here), but a request has to carry one: a browser cannot make an
Authorization header for another site without asking first, and is never given leave, since no CORS header is ever sent.
AWS: Lambda API reference, "Common errors", MissingAuthenticationToken.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from lambdasim.aws.errors import ApiError
from lambdasim.aws.http import Request


def check(request: Request) -> None:
    """Raises ApiError 403."""
    host = request.header("host")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise ApiError(
            "AccessDeniedException",
            f"Host: {host!r} is not one of {', '.join(settings.ALLOWED_HOSTS)}. Use one of these, or set "
            "LAMBDASIM_HOST.",
        )
    origin = request.header("origin")
    if origin and urlsplit(origin).netloc.lower() != host.lower():
        raise ApiError("AccessDeniedException", f"Origin: pages of {origin!r} may not invoke functions here.")
    if not request.header("authorization"):
        raise ApiError(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token: the Authorization header is absent. Any credentials will do, e.g. "
            "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test.",
        )
