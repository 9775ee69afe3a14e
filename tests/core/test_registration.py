"""Registration: the checks in RIE's order, each refusal in its words, and nothing changed by it."""

from collections.abc import Callable

import pytest

from lambdasim.core.errors import (
    ExtensionAlreadyRegistered,
    InvalidEventType,
    Refused,
    RegistrationClosed,
    TooManyExtensions,
)
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, Role
from tests.core.fake_host import FakeHost
from tests.core.snapshot import snapshot


def _full() -> FakeHost:
    host = FakeHost().start()
    for number in range(10):
        host.register(f"internal-{number}", [])
    return host


REFUSALS: list[tuple[Callable[[], FakeHost], str, list[str], type[Refused], str]] = [
    (lambda: FakeHost().start(["e"]), "e", ["FOO"], InvalidEventType, "FOO: ErrorInvalidEventType"),
    (lambda: FakeHost().start(), "internal", ["FOO"], InvalidEventType, "FOO: ErrorInvalidEventType"),
    (lambda: FakeHost().start(), "internal", ["INVOKE", "SHUTDOWN"], InvalidEventType,
     "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"),
    (lambda: FakeHost().cold_start(), "internal", ["FOO"], InvalidEventType, "FOO: ErrorInvalidEventType"),
    (lambda: FakeHost().cold_start(), "internal", [], RegistrationClosed, "Extension registration closed already"),
    (lambda: FakeHost().start().register("internal", []), "internal", [], ExtensionAlreadyRegistered,
     "Extension with this name already registered"),
    (lambda: FakeHost().start(), RUNTIME_PARTY, [], ExtensionAlreadyRegistered,
     "Extension with this name already registered"),
    (_full, "one-more", [], TooManyExtensions, r"Extension limit \(10\) reached"),
    (_full, "internal-0", [], TooManyExtensions, r"Extension limit \(10\) reached"),
]


@pytest.mark.parametrize(("environment", "name", "events", "error", "message"), REFUSALS)
def test_it_refuses_in_the_words_of_aws_and_changes_nothing(
    environment: Callable[[], FakeHost], name: str, events: list[str], error: type[Refused], message: str
) -> None:
    host = environment()
    before = snapshot(host.environment)
    with pytest.raises(error, match=message):
        host.register(name, events)
    assert snapshot(host.environment) == before


def test_a_name_that_is_no_file_makes_an_internal_extension_and_init_goes_on_waiting() -> None:
    host = FakeHost().start(["launcher.sh"]).register("launcher", ["INVOKE"])
    assert (host.role("launcher"), host.phase) == (Role.INTERNAL, Phase.INIT_REGISTER)


def test_registration_is_open_until_the_runtimes_first_next() -> None:
    host = FakeHost().start(["e"]).register("before", []).register("e").register("after", ["INVOKE"])
    host.next(RUNTIME_PARTY)
    with pytest.raises(RegistrationClosed):
        host.register("late", [])


def test_external_and_internal_extensions_count_together() -> None:
    host = FakeHost().start([f"e{number}" for number in range(10)])
    with pytest.raises(TooManyExtensions):
        host.register("internal", [])


def test_others_can_see_who_is_registered() -> None:
    host = FakeHost().start(["e"]).register("e", ["SHUTDOWN"])
    runtime, extension = host.environment.parties
    assert (runtime.name, runtime.role, runtime.alive) == (RUNTIME_PARTY, Role.RUNTIME, True)
    assert (extension.identifier, extension.events, extension.state) == (
        host.identifiers["e"], ("SHUTDOWN",), "Registered",
    )
