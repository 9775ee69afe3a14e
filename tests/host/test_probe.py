"""What the probe reports is tried, explained, and never weaker than asked for."""

import os

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.host import probe as module
from lambdasim.host.capabilities import FREEZERS, LANDLOCK, LEVELS, MEMORY_METHODS, NAMESPACES, NONE
from lambdasim.host.probe import NotPossible, probe


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch):
    """A machine on which these levels cannot be had, for this reason."""

    def forbid(reason: str, *levels: str) -> None:
        def fail() -> dict:
            raise NotPossible(reason)

        monkeypatch.setattr(module, "_TRIALS", {**module._TRIALS, **dict.fromkeys(levels, fail)})
        probe.cache_clear()

    yield forbid
    probe.cache_clear()


def test_every_method_it_names_has_its_sentence() -> None:
    capabilities = probe(allow_unisolated=True)
    assert capabilities.isolation in LEVELS
    assert capabilities.freezer in FREEZERS
    assert capabilities.memory_method in MEMORY_METHODS
    text = "\n".join(capabilities.lines())
    for word in ("Isolation: " + capabilities.isolation, "Freeze: ", "Memory: ", "CPU: ", *capabilities.why):
        assert word in text
    assert capabilities.to_json()["isolation"] == capabilities.isolation


def test_a_weaker_level_carries_the_reason_why_not_the_better_one(without) -> None:
    without("setting up uid map: Permission denied", NAMESPACES, LANDLOCK)
    capabilities = probe(allow_unisolated=True)
    assert capabilities.isolation == NONE
    assert capabilities.why[NAMESPACES] == "setting up uid map: Permission denied"
    assert "Not in use: namespaces, because setting up uid map" in "\n".join(capabilities.lines())


def test_no_isolation_at_all_has_to_be_allowed_by_name(without) -> None:
    without("bwrap is not installed", NAMESPACES, LANDLOCK)
    with pytest.raises(SpecError, match=r"apt install bubblewrap.*--isolation none"):
        probe()
    with pytest.raises(SpecError, match="allow that by name"):
        probe(wanted=NONE)
    assert probe(wanted=NONE, allow_unisolated=True).isolation == NONE


def test_a_wanted_level_that_cannot_be_had_is_refused_with_a_remedy(without) -> None:
    without("Can't mount proc on /newroot/proc", NAMESPACES)
    with pytest.raises(SpecError, match="systempaths=unconfined"):
        probe(wanted=NAMESPACES, allow_unisolated=True)


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match="namespaces, landlock, none"):
        probe(wanted="docker")


def test_a_bwrap_that_does_not_work_gives_way_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    good = module._binaries()[-1]
    monkeypatch.setattr(module, "_binaries", lambda: ["/bin/false", good])
    probe.cache_clear()
    try:
        if NAMESPACES in probe(allow_unisolated=True).isolation:
            assert probe(allow_unisolated=True).bwrap == good
    finally:
        probe.cache_clear()


def test_root_drops_its_functions_to_a_user_and_others_use_a_user_namespace() -> None:
    capabilities = probe(allow_unisolated=True)
    if capabilities.isolation == NAMESPACES:
        assert capabilities.own_user == (os.geteuid() == 0)
        assert ("user namespace" in capabilities.isolation_detail) == (os.geteuid() != 0)
