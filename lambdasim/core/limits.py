"""Every limit of the lifecycle, with the AWS page or RIE file it comes from. Numbers only: no state, no phases.

Where AWS's documentation and its Runtime Interface Emulator (RIE) differ, the comment says which one is followed.
"""

from lambdasim.core.values import FunctionSpec, InitializationType

NS_PER_SECOND = 1_000_000_000
NS_PER_MS = 1_000_000

# --- extensions ----------------------------------------------------------------------------------

MAX_EXTENSIONS = 10
"""External and internal together. RIE: internal/lambda/core/registrations.go, MaxAgentsAllowed."""

# --- payloads ------------------------------------------------------------------------------------

MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
"""6 MB of payload and some slack: 6291556. RIE: internal/lambda/interop/model.go, MaxPayloadSize."""

# --- init ----------------------------------------------------------------------------------------

ON_DEMAND_INIT_LIMIT_MS = 10_000
"""AWS: lambda-runtime-environment, "Init phase"."""

PREPARED_INIT_LIMIT_MS = 130_000
"""With provisioned concurrency or SnapStart: this or the function's timeout, whichever is larger (same page)."""

# --- shutdown and reset --------------------------------------------------------------------------

NO_EXTENSION_BUDGET_MS = 0
INTERNAL_EXTENSION_BUDGET_MS = 500
EXTERNAL_EXTENSION_BUDGET_MS = 2_000
"""AWS: lambda-runtime-environment, "Shutdown phase", duration."""

RUNTIME_SHARE_MS = {NO_EXTENSION_BUDGET_MS: 0, INTERNAL_EXTENSION_BUDGET_MS: 500, EXTERNAL_EXTENSION_BUDGET_MS: 600}
"""How much of each budget the runtime may use before SIGKILL. 600 ms are 30 % of 2000, as in RIE
(internal/lambda/rapid/shutdown.go); the documentation says 300 ms. With internal extensions alone nobody else waits."""

# --- billing -------------------------------------------------------------------------------------

MIN_BILLED_MS = 1
"""AWS: Lambda pricing: duration is rounded up to the nearest millisecond."""


def init_limit_ms(spec: FunctionSpec) -> int:
    """Of the Init phase only: an init inside an invocation runs under the function's own timeout."""
    if spec.initialization_type is InitializationType.ON_DEMAND:
        return ON_DEMAND_INIT_LIMIT_MS
    return max(PREPARED_INIT_LIMIT_MS, spec.timeout_ms)


def shutdown_budget_ms(*, external: bool, internal: bool) -> int:
    """The whole budget of a shutdown or reset, by the kinds of extension that are there."""
    if external:
        return EXTERNAL_EXTENSION_BUDGET_MS
    return INTERNAL_EXTENSION_BUDGET_MS if internal else NO_EXTENSION_BUDGET_MS
