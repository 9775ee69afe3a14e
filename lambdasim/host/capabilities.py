"""What this machine can do for an environment, in words that are recorded and shown, and why it cannot do better."""

from dataclasses import dataclass, field

from lambdasim.host.cgroups import Bases

NAMESPACES, LANDLOCK, NONE = "namespaces", "landlock", "none"
LEVELS = (NAMESPACES, LANDLOCK, NONE)
"""From the strongest isolation to none at all."""

FREEZERS = {
    "cgroup2": "cgroup2 freezer: processes do not notice it",
    "sigstop": "SIGSTOP, verified thread by thread: parents are told that a child stopped",
}
MEMORY_METHODS = {
    "cgroup2": "peak of the environment's group (memory.peak), files in /tmp taken off",
    "cgroup1": "peak of the environment's group (memory.max_usage_in_bytes), files in /tmp taken off",
    "vmhwm": "sum of the processes' own peaks (VmHWM) less what they share: an upper bound",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    isolation: str
    isolation_detail: str
    network: str
    freezer: str
    memory_method: str
    memory_limit: str
    cpu_method: str = "process-clock"
    cpu_limit: str = "none"
    why: dict[str, str] = field(default_factory=dict)
    """Reason why something better is not in use, by its name."""
    # how to do it
    own_user: bool = False
    """Root, with the right to run each environment as a user of its own."""
    bwrap: str = ""
    disable_userns: bool = True
    bases: Bases = field(default_factory=Bases)

    def lines(self) -> list[str]:
        """Sentences for people, strongest facts first."""
        sentences = [
            f"Isolation: {self.isolation} ({self.isolation_detail}); network {self.network}.",
            f"Freeze: {FREEZERS[self.freezer]}.",
            f"Memory: {MEMORY_METHODS[self.memory_method]}. Limit: {self.memory_limit}.",
            "CPU: each process's own clock, in nanoseconds, and the parents' clocks for ended children (10 ms). "
            f"Limit: {self.cpu_limit}.",
        ]
        return sentences + [f"Not in use: {name}, because {reason}." for name, reason in self.why.items()]

    def to_json(self) -> dict[str, object]:
        return {
            "isolation": self.isolation, "isolation_detail": self.isolation_detail, "network": self.network,
            "freezer": self.freezer, "memory_method": self.memory_method, "memory_limit": self.memory_limit,
            "cpu_method": self.cpu_method, "cpu_limit": self.cpu_limit, "why": dict(self.why),
        }
