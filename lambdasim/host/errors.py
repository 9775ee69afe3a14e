"""What can go wrong between the supervisor and a sandbox."""

import errno
import os

from lambdasim.core.errors import LambdasimError


class SandboxError(LambdasimError):
    """The sandbox could not be made, or does not answer."""


class FreezeAbandoned(LambdasimError):
    """`thaw` was called before every process had stopped."""


class LaunchError(LambdasimError):
    """exec failed. `text` is worded as Go's os/exec does it, which is what AWS shows; `error_type` is RIE's
    (internal/lambda/core/registrations.go)."""

    def __init__(self, *, number: int, path: str, operation: str = "fork/exec") -> None:
        self.errno = number
        self.text = f"{operation} {path}: {os.strerror(number).lower()}"
        self.error_type = "PermissionDenied" if number in (errno.EACCES, errno.EPERM) else "UnknownError"
        super().__init__(self.text)
