"""Limits: their values, their sources, and which one holds when."""

import re
from pathlib import Path

import pytest

from lambdasim.core import limits
from lambdasim.core.limits import RUNTIME_SHARE_MS, init_limit_ms, shutdown_budget_ms
from lambdasim.core.values import FunctionSpec, InitializationType

SOURCE = Path(limits.__file__).read_text()
SECTIONS = re.split(r"^# --- .*$", SOURCE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_group_of_limits_names_its_source(section: str) -> None:
    assert re.search(r"^[A-Z_]+ = ", section, flags=re.MULTILINE)
    assert re.search(r"AWS: |RIE: |RIE\n|same page", section), section


@pytest.mark.parametrize(("external", "internal", "budget_ms"), [
    (False, False, 0), (False, True, 500), (True, False, 2_000), (True, True, 2_000),
])
def test_the_shutdown_budget_depends_on_the_kinds_of_extension(external: bool, internal: bool, budget_ms: int) -> None:
    assert shutdown_budget_ms(external=external, internal=internal) == budget_ms


@pytest.mark.parametrize(("budget_ms", "share_ms"), [(0, 0), (500, 500), (2_000, 600)])
def test_the_runtime_has_a_share_of_every_budget(budget_ms: int, share_ms: int) -> None:
    assert RUNTIME_SHARE_MS[budget_ms] == share_ms


def test_the_payload_limit_is_the_one_in_aws_error_message() -> None:
    assert limits.MAX_RESPONSE_BYTES == 6_291_556


@pytest.mark.parametrize(("kind", "timeout_ms", "limit_ms"), [
    (InitializationType.ON_DEMAND, 900_000, 10_000),
    (InitializationType.PROVISIONED_CONCURRENCY, 3_000, 130_000),
    (InitializationType.PROVISIONED_CONCURRENCY, 900_000, 900_000),
    (InitializationType.SNAP_START, 3_000, 130_000),
])
def test_the_init_limit_depends_on_the_initialization_type(
    kind: InitializationType, timeout_ms: int, limit_ms: int
) -> None:
    assert init_limit_ms(FunctionSpec(function_name="f", timeout_ms=timeout_ms, initialization_type=kind)) == limit_ms
