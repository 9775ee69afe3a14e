"""The catalogue is complete: whatever the core may refuse has an answer."""

from lambdasim.api.replies import EXTENSION_REFUSALS, RUNTIME_REFUSALS
from lambdasim.core.errors import NotReady, Refused


def test_every_refusal_of_the_core_has_an_answer_in_some_api():
    assert set(Refused.__subclasses__()) == set(RUNTIME_REFUSALS) | set(EXTENSION_REFUSALS)


def test_being_not_ready_is_an_internal_error_in_both():
    assert RUNTIME_REFUSALS[NotReady].reply(NotReady()).status == 500
    assert EXTENSION_REFUSALS[NotReady].reply(NotReady()).status == 500
