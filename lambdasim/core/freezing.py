"""Effects of freezing and thawing, and what their answers record.

The environment is frozen while it is idle and nothing waits; nothing is ever delivered before Thawed has come.
AWS: lambda-runtime-environment, "Invoke phase": Lambda freezes when the runtime and each extension have completed.
"""

from lambdasim.core import records
from lambdasim.core.actions import Freeze, Thaw
from lambdasim.core.errors import IllegalTransition
from lambdasim.core.freezer import FROZEN_MOVES, THAWED_MOVES, Freezer
from lambdasim.core.inputs import Frozen, Thawed
from lambdasim.core.life import Life
from lambdasim.core.time import duration_ms


def freeze(life: Life) -> None:
    life.freezer = Freezer.FREEZING
    life.actions.append(Freeze())


def thaw(life: Life) -> None:
    life.freezer = Freezer.THAWING
    life.thaw_asked_ns = life.now_ns
    life.actions.append(Thaw())


def frozen(life: Life, input: Frozen) -> None:
    target = FROZEN_MOVES.get(life.freezer)
    if target is None:
        raise IllegalTransition("freezer", life.freezer, Freezer.FROZEN)
    life.freezer = target
    life.frozen_ns = life.now_ns
    life.record("sim.freeze", records.freeze(took_ms=input.took_ms, processes=input.processes))


def thawed(life: Life, input: Thawed) -> None:
    target = THAWED_MOVES.get(life.freezer)
    if target is None:
        raise IllegalTransition("freezer", life.freezer, Freezer.RUNNING)
    life.freezer = target
    if life.frozen_ns is not None:
        frozen_ms = duration_ms(life.frozen_ns, max(life.frozen_ns, life.thaw_asked_ns))
        life.record("sim.thaw", records.thaw(took_ms=input.took_ms, frozen_ms=frozen_ms))
        life.frozen_ns = None
