"""Extension identifiers: how they may be written in a request, and which ones were given out.

Written forms are those of the UUID parser in AWS's server (RIE: rapi/middleware/middleware.go).
"""

import re

from lambdasim.api.messages import Reply, Request
from lambdasim.api.replies import INVALID_IDENTIFIER, MISSING_IDENTIFIER

IDENTIFIER_HEADER = "Lambda-Extension-Identifier"

_HEADER = b"lambda-extension-identifier"
_HYPHENATED = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_FORMS = re.compile(rf"(?:urn:uuid:)?({_HYPHENATED})|\{{({_HYPHENATED})\}}|([0-9a-f]{{32}})", re.IGNORECASE)

Identifiers = set[str]
"""Identifiers of extensions that registered since the last reset."""


def identifier_or_refusal(request: Request) -> str | Reply:
    """The request's identifier in canonical form, or the answer to a request without a proper one."""
    text = request.header(_HEADER)
    if not text:
        return MISSING_IDENTIFIER
    canonical = parse_identifier(text)
    return INVALID_IDENTIFIER if canonical is None else canonical


def parse_identifier(text: str) -> str | None:
    """Lower case with hyphens, or None if `text` is no UUID."""
    match = _FORMS.fullmatch(text)
    if match is None:
        return None
    digits = (match[1] or match[2] or match[3]).lower().replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
