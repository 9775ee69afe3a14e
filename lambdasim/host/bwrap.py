"""The bubblewrap command of one sandbox: an allow-list of mounts, private namespaces, no capability but the needed.

The layout mirrors Lambda's: /var/task, /opt, /var/runtime, /var/lang, a /tmp that alone is writable, and pid 1 at
/var/rapid/init. A root supervisor uses no user namespace: uid 0 outside would be uid 0 in the kernel's eyes, and
sysctls would be writable; its launcher drops every child to an unprivileged user. Others get a user namespace.
Options: man 1 bwrap (0.8). Paths: AWS Lambda, configuration-envvars.
"""

import functools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from lambdasim.host.birth import Command, Descriptors, interpreter_name, interpreter_prefix, launcher_bytecode
from lambdasim.host.seccomp import build
from lambdasim.host.spec import SandboxSpec

INSIDE_UID, INSIDE_GID, USER_NAME = 993, 990, "sbx_user1051"
"""User, group and name that Lambda's processes run as."""
LAUNCHER, LAUNCHER_PREFIX = "/var/rapid/init", "/var/rapid/python"
USR_LINKS = ("bin", "sbin", "lib", "lib64", "lib32", "libx32")

FROM_ETC = (
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl", "pki", "ca-certificates", "localtime", "mime.types",
    "protocols", "services", "alternatives",
)
HOSTS = "127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n"
NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\n"
RESOLV = "# no name server: the network is private\n"

NAMESPACES = (
    "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try",
    "--hostname", "sandbox", "--clearenv", "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL",
)
AS_ROOT = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL")
AS_USER = ("--unshare-user", "--uid", str(INSIDE_UID), "--gid", str(INSIDE_GID))


def command(
    spec: SandboxSpec, *, bwrap: str, drop_to: int | None, disable_userns: bool = True
) -> Command:
    """`drop_to`: the children's uid and gid, for a root supervisor."""

    def build_argv(descriptors: Descriptors, control_fd: int) -> Sequence[str]:
        options = list(NAMESPACES)
        if drop_to is not None:
            options += AS_ROOT
        else:
            options += (*AS_USER, "--disable-userns") if disable_userns else AS_USER
        options += _system(descriptors, uid=drop_to or INSIDE_UID, gid=drop_to or INSIDE_GID)
        options += _contents(spec, descriptors)
        options += _masks(spec)
        program = build()
        if program is not None:
            options += ("--seccomp", descriptors.data(program))
        # /dev has no size limit of its own and would be a second writable place.
        options += ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/")
        prefix = _launcher_prefix()
        if (prefix_libraries := _shared_library_path(prefix)) is not None:
            options += ("--setenv", "LD_LIBRARY_PATH", prefix_libraries)
        # Through a descriptor: host paths are then in no command line that the function could read.
        arguments = descriptors.data("\0".join(options) + "\0")
        drop = f"{drop_to}:{drop_to}" if drop_to is not None else "-"
        return (
            bwrap, "--args", arguments, "--", f"{prefix}/{interpreter_name()}", "-I", "-S", LAUNCHER,
            str(control_fd), "init", spec.api_host, str(spec.api_port), drop, "own-user",
        )

    return build_argv


def _system(descriptors: Descriptors, *, uid: int, gid: int) -> Iterable[str]:
    yield from ("--perms", "0755", "--dir", "/etc", "--ro-bind", "/usr", "/usr")
    for name in USR_LINKS:
        if os.path.islink(f"/{name}"):
            yield from ("--symlink", os.readlink(f"/{name}").lstrip("/"), f"/{name}")
        elif os.path.isdir(f"/{name}"):
            yield from ("--ro-bind", f"/{name}", f"/{name}")
    for name in FROM_ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    users = f"root:x:0:0:root:/root:/sbin/nologin\n{USER_NAME}:x:{uid}:{gid}::/home/{USER_NAME}:/sbin/nologin\n"
    written = {
        "hosts": HOSTS, "nsswitch.conf": NSSWITCH, "resolv.conf": RESOLV,
        "passwd": users, "group": f"root:x:0:\n{USER_NAME}:x:{gid}:\n",
    }
    for name, content in written.items():
        yield from ("--perms", "0444", "--ro-bind-data", descriptors.data(content), f"/etc/{name}")
    yield from ("--proc", "/proc", "--dev", "/dev")


def _contents(spec: SandboxSpec, descriptors: Descriptors) -> Iterable[str]:
    yield from ("--perms", "1777", "--size", str(spec.ephemeral_storage_mb << 20), "--tmpfs", "/tmp")
    for directory in ("/mnt", "/var/task", "/opt", "/var/runtime", "/var/lang", "/var/rapid"):
        yield from ("--dir", directory)
    mounts = {
        "/var/task": spec.task_dir, "/opt": spec.opt_dir, "/var/runtime": spec.runtime_dir,
        "/var/lang": spec.lang_prefix,
    }
    for inside, source in mounts.items():
        if source is not None:
            yield from ("--ro-bind", os.path.realpath(source), inside)
    if _launcher_prefix() == LAUNCHER_PREFIX:
        yield from ("--ro-bind", str(interpreter_prefix()), LAUNCHER_PREFIX)
    yield from ("--perms", "0444", "--ro-bind-data", descriptors.data(launcher_bytecode()), LAUNCHER)
    for bound, target in spec.binds:
        yield from ("--ro-bind", os.path.realpath(bound), target)


def _launcher_prefix() -> str:
    """Where the launcher's interpreter is, inside. Under /usr it is there already."""
    prefix = str(interpreter_prefix())
    return prefix if prefix == "/usr" or prefix.startswith("/usr/") else LAUNCHER_PREFIX


def _shared_library_path(inside: str) -> str | None:
    """An interpreter that is built as a shared library looks for it where it was installed."""
    return f"{inside}/lib" if any((interpreter_prefix() / "lib").glob("libpython*.so*")) else None


def _masks(spec: SandboxSpec) -> Iterable[str]:
    """What this machine has installed for an interpreter is no part of Lambda's, and .pth files in it would run."""
    mounted = {"/usr": Path("/usr"), "/usr/local": Path("/usr/local")}
    if _launcher_prefix() == LAUNCHER_PREFIX:
        mounted[LAUNCHER_PREFIX] = interpreter_prefix()
    if spec.lang_prefix is not None:
        mounted["/var/lang"] = spec.lang_prefix.resolve()
        mounted["/var/lang/local"] = spec.lang_prefix.resolve() / "local"
    for inside, prefix in mounted.items():
        for directory in _package_directories(prefix):
            yield from ("--tmpfs", f"{inside}/{directory}", "--remount-ro", f"{inside}/{directory}")


@functools.cache
def _package_directories(prefix: Path) -> tuple[str, ...]:
    found = (path for kind in ("site", "dist") for path in prefix.glob(f"lib*/python3*/{kind}-packages"))
    return tuple(str(path.relative_to(prefix)) for path in found if path.is_dir() and not path.is_symlink())
