"""Why an invocation got no answer of the function. The aws package renders these as AWS's API errors.

AWS: Invoke, section "Errors" (TooManyRequestsException, ServiceException).
"""

from lambdasim.core.errors import LambdasimError


class Throttled(LambdasimError):
    """Every environment is in use and none can be given up."""

    reason = "ConcurrentInvocationLimitExceeded"
    retry_after_s = 1

    def __init__(self, slots: int) -> None:
        super().__init__(f"Rate Exceeded. All {slots} execution environments are in use.")
        self.slots = slots


class NotServed(LambdasimError):
    """The service, not the function, failed. `may_have_run` is False when the function certainly did not run."""

    def __init__(self, message: str, *, may_have_run: bool = True) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run


class NoWorker(NotServed):
    """No live worker hosts environments."""

    def __init__(self) -> None:
        super().__init__(
            "No worker hosts execution environments now. `python manage.py up` runs one; alone it is "
            "`celery -A lambdasim worker -Q environments`.",
            may_have_run=False,
        )


class BrokerAway(NotServed):
    """Redis does not answer."""


class EnvironmentLost(NotServed):
    """The environment died with the invocation in it."""
