"""What the HTTP server needs of its environment: somebody who takes inputs and knows the function's name.

The host implements it. The server never learns about phases, processes or time.
"""

from dataclasses import dataclass
from typing import Protocol

from lambdasim.core.inputs import Input


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationInfo:
    """What an extension is told about the function when it registers (AWS: runtimes-extensions-api, "Register")."""

    account_id: str
    function_name: str
    function_version: str
    handler: str


class Gateway(Protocol):
    @property
    def registration(self) -> RegistrationInfo: ...

    def receive(self, input: Input) -> None:
        """Raises core.errors.Refused. It may deliver to parked calls, this input's own included, before it returns."""
