"""The effect of every fault edge: close what is open with the fault's status, then begin the reset.

What was not begun has nothing to close: an init outside an invocation has no caller, an invocation after Init has
no init. AWS: lambda-runtime-environment, "Failures during the invoke phase".
"""

from lambdasim.core.ending import begin_ending
from lambdasim.core.initializing import fail_init
from lambdasim.core.invoking import fail_invoke
from lambdasim.core.life import Life


def fail(life: Life) -> None:
    fault = life.fault
    if fault is None:
        raise AssertionError(f"no fault was noted in {life.phase}")
    fail_init(life)
    fail_invoke(life, fault)
    begin_ending(life)
