"""Pid 1 of an execution environment: starts its processes, reaps them, kills them. A script, never imported.

How this works: it speaks with the supervisor over one inherited SOCK_SEQPACKET socket (`control.py` is the other end).
Fields are separated by NUL, descriptors travel beside them. The socket's end means that the supervisor is gone: then
everything here dies. Outside a pid namespace ("subreaper") it is the parent that orphans fall back to instead.
Only C modules are imported before `ready` is sent: every import is part of each environment's start. It stays one file
because nothing else of lambdasim exists where it runs.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import posix
import resource
import select
import sys
from fcntl import F_DUPFD_CLOEXEC, fcntl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctypes import CDLL
    from typing import Any

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 4, 38, 36
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SYS_LANDLOCK_RESTRICT_SELF = 446
MSG_CMSG_CLOEXEC = 0x40000000
MAX_MESSAGE_BYTES = 1 << 20
BACKLOG = 128
FRESH_ATTEMPTS = 3
EAGAIN = 11

LIMITS = [(resource.RLIMIT_NOFILE, 1024), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_MEMLOCK, 65536)]
"""Descriptors: 1,024 (AWS Lambda: gettingstarted-limits). Cores would land in the function's /tmp."""

MAX_PROCESSES = 1024
"""Processes and threads: 1,024 (AWS Lambda: gettingstarted-limits). The kernel counts per user, so this is set only
where the environment has a user (or a user namespace) of its own."""

DEFAULT_SIGNALS = (_signal.SIGPIPE, _signal.SIGXFSZ, _signal.SIGCHLD, _signal.SIGINT)
"""Python ignores the first two; what is ignored stays ignored across exec and would surprise every program."""


class Launcher:
    """`argv`: control fd, `init` or `subreaper`, API host, API port, and `uid:gid` or `-` for the children."""

    def __init__(self, argv: "list[str]") -> None:
        self.control = _socket.socket(fileno=int(argv[0]))
        posix.set_inheritable(self.control.fileno(), False)
        self.is_init = argv[1] == "init"
        if self.is_init != (posix.getpid() == 1):
            raise SystemExit(f"launcher: pid {posix.getpid()} does not fit the mode {argv[1]}")
        self.api = (argv[2], int(argv[3]))
        self.drop = None if argv[4] == "-" else tuple(map(int, argv[4].split(":")))
        self.limits = [*LIMITS, (resource.RLIMIT_NPROC, MAX_PROCESSES)] if argv[5] == "own-user" else LIMITS
        self.known: dict[int, bytes] = {}
        self.cgroups: list[int] = []
        self.spares: dict[int, _socket.socket] = {}
        self.spare_count = 0
        self.ruleset = -1
        self.libc: CDLL

    # --- the wire --------------------------------------------------------------------------------

    def send(self, *fields: object, fds: "tuple[int, ...]" = ()) -> None:
        data = b"\0".join(field if isinstance(field, bytes) else str(field).encode() for field in fields)
        send_with_fds(self.control, data, fds)

    # --- life ------------------------------------------------------------------------------------

    def run(self) -> None:
        wake_read, wake_write = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        _signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self.announce()
        self.harden()
        poll = select.poll()
        poll.register(self.control.fileno(), select.POLLIN)
        poll.register(wake_read, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == wake_read:
                    posix.read(wake_read, 512)
                    self.reap()
                elif not self.serve():
                    return

    def announce(self) -> None:
        """`ready`, with a pidfd of this process, its view of /proc, and the listening socket of the API."""
        proc = posix.open("/proc", posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
        listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        listener.bind(self.api)
        listener.listen(BACKLOG)
        pidfd = posix.pidfd_open(posix.getpid())
        self.send("ready", fds=(pidfd, proc, listener.fileno()))
        listener.close()
        for fd in (pidfd, proc):
            posix.close(fd)

    def harden(self) -> None:
        """After `ready`, because ctypes alone costs 5 ms: nothing runs yet that could do harm."""
        import ctypes

        self.libc = ctypes.CDLL(None, use_errno=True)
        # Else a process of the same user could take the control socket (pidfd_getfd) or read this one's memory.
        self.prctl(PR_SET_DUMPABLE, 0)
        self.prctl(PR_SET_NO_NEW_PRIVS, 1)
        if not self.is_init:
            self.prctl(PR_SET_CHILD_SUBREAPER, 1)

    def filter(self, program: bytes) -> None:
        """Also for itself: children inherit it. In namespaces bwrap has done this."""
        import ctypes
        import struct

        held = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
        if self.libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
            raise OSError("the system call filter was refused")

    def prctl(self, option: int, value: int) -> None:
        if self.libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(f"prctl({option}, {value}) failed")

    def serve(self) -> bool:
        """One message. False: the supervisor is gone."""
        message, fds = receive(self.control)
        if not message:
            return False
        fields = message.split(b"\0")
        match fields[0]:
            case b"spawn":
                self.spawn(message, fds)
            case b"prepare":
                self.cgroups, self.spare_count = fds, int(fields[1])
                self.prepare(self.spare_count)
            case b"landlock":
                self.ruleset = fds[0]
            case b"seccomp":
                self.filter(posix.read(fds[0], 1 << 16))
                posix.close(fds[0])
            case b"socket":
                # Made here, it belongs to this network namespace for ever, whoever connects it.
                made = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
                self.send("socket", fields[1], fds=(made.fileno(),))
                made.close()
            case b"killall":
                self.kill_all()
                self.send("killed", fields[1])
                self.prepare(self.spare_count - len(self.spares))
            case unknown:
                raise ValueError(f"unknown message {unknown!r}")
        return True

    # --- processes -------------------------------------------------------------------------------

    def prepare(self, count: int) -> None:
        """Children that wait for their program, already in the control groups: joining waits for the kernel's RCU,
        8 ms that would be part of a process's start."""
        for _ in range(count):
            ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
            pid = posix.fork()
            if pid == 0:
                try:
                    for held in (self.control, ours, *self.spares.values()):
                        held.close()
                    for cgroup in self.cgroups:
                        posix.write(cgroup, b"0")
                    self.wait_for_program(theirs)
                finally:
                    posix._exit(127)
            theirs.close()
            self.spares[pid] = ours
            self.send("spare", pid)

    def wait_for_program(self, waiting: _socket.socket) -> None:
        """The last of the descriptors is where a failure is reported; exec closes it."""
        message, fds = receive(waiting)
        if not message:
            return
        waiting.send(b"1")
        stage = [b"setup"]
        try:
            self.become(message.split(b"\0"), fds[:-1], stage)
        except OSError as error:
            posix.write(fds[-1], b"%d\0%s" % (error.errno or 0, stage[0]))

    def spawn(self, message: bytes, fds: "list[int]") -> None:
        """spawn, id, working directory, argc, argv…, KEY=value… with stdout, stderr and further descriptors."""
        identifier = message.split(b"\0", 2)[1]
        report, write_end = posix.pipe2(posix.O_CLOEXEC)
        pid = self.wake(message, (*fds, write_end))
        for fd in (*fds, write_end):
            posix.close(fd)
        failure = posix.read(report, 4096)  # ends at exec
        posix.close(report)
        if pid == 0:
            failure = b"%d\0setup" % EAGAIN
        elif failure:
            posix.waitpid(pid, 0)
        if failure:
            self.send("failed", identifier, pid, failure)
            return
        self.known[pid] = identifier
        pidfd = posix.pidfd_open(pid)
        self.send("spawned", identifier, pid, fds=(pidfd,))
        posix.close(pidfd)

    def wake(self, message: bytes, fds: "tuple[int, ...]") -> int:
        """The pid of a child that has been given its program; 0 when none could be made that takes it.

        One that was killed while it waited is passed over."""
        for _ in range(len(self.spares) + FRESH_ATTEMPTS):
            if not self.spares:
                self.prepare(1)
            pid = next(iter(self.spares))
            spare = self.spares.pop(pid)
            try:
                send_with_fds(spare, message, fds)
                if spare.recv(1):  # it has it; an end means that it was killed with the message unread
                    return pid
            except (BrokenPipeError, ConnectionResetError):
                continue
            finally:
                spare.close()
        return 0

    def become(self, fields: "list[bytes]", fds: "list[int]", stage: "list[bytes]") -> None:
        cwd, argc = fields[2], int(fields[3])
        argv = fields[4 : 4 + argc]
        env = dict(entry.split(b"=", 1) for entry in fields[4 + argc :] if entry)
        posix.setsid()
        for number in DEFAULT_SIGNALS:
            _signal.signal(number, _signal.SIG_DFL)
        posix.umask(0o022)
        for limit, value in self.limits:
            resource.setrlimit(limit, (value, value))
        # Out of the way of 0, 1, 2 first: received descriptors may have those numbers.
        standard = [fcntl(fd, F_DUPFD_CLOEXEC, 10) for fd in (posix.open("/dev/null", posix.O_RDONLY), *fds)]
        for target, source in enumerate(standard):
            posix.dup2(source, target, inheritable=True)
        if self.drop is not None:
            uid, gid = self.drop
            posix.setgroups([])
            posix.setresgid(gid, gid, gid)
            posix.setresuid(uid, uid, uid)
        if self.ruleset >= 0 and self.libc.syscall(SYS_LANDLOCK_RESTRICT_SELF, self.ruleset, 0) != 0:
            raise OSError(1, "landlock_restrict_self refused")
        stage[0] = b"chdir"
        posix.chdir(cwd)
        stage[0] = b"exec"
        posix.execve(argv[0], argv, env)

    def reap(self, *, until_none: bool = False) -> None:
        """Reports every ended child, orphans with the session they belonged to."""
        options = posix.WEXITED | (0 if until_none else posix.WNOHANG)
        while True:
            try:
                ended = posix.waitid(posix.P_ALL, 0, options | posix.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            identifier = self.known.pop(pid, b"")
            if pid in self.spares:
                self.spares.pop(pid).close()
            session = pid if identifier else stat_field(pid, 3)
            _, status, usage = posix.wait4(pid, 0)
            cpu_us = int((usage.ru_utime + usage.ru_stime) * 1e6)
            self.send(
                "exit", pid, posix.waitstatus_to_exitcode(status), cpu_us, usage.ru_maxrss, session, identifier
            )

    def kill_all(self) -> None:
        if self.is_init and posix.getpid() == 1:  # anywhere else kill(-1) would be a catastrophe
            signal_all({-1}, _signal.SIGKILL)
            self.reap(until_none=True)
            return
        while found := descendants():
            # Stop first: what is stopped forks no more, so the second look finds every child.
            signal_all(found, _signal.SIGSTOP)
            while (again := descendants()) != found:
                found = again
                signal_all(found, _signal.SIGSTOP)
            signal_all(found, _signal.SIGKILL)
            self.reap(until_none=True)


def send_with_fds(sock: _socket.socket, data: bytes, fds: "tuple[int, ...]") -> None:
    packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
    sock.sendmsg([data], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)] if fds else [])


def receive(sock: _socket.socket) -> "tuple[bytes, list[int]]":
    data, ancillary, _, _ = sock.recvmsg(MAX_MESSAGE_BYTES, _socket.CMSG_SPACE(16 * 4), MSG_CMSG_CLOEXEC)
    packed = b"".join(payload for _, kind, payload in ancillary if kind == _socket.SCM_RIGHTS)
    return data, [int.from_bytes(packed[i : i + 4], sys.byteorder) for i in range(0, len(packed), 4)]


def signal_all(pids: "set[int]", number: int) -> None:
    for pid in pids:
        try:
            posix.kill(pid, number)
        except ProcessLookupError:
            continue  # it ended by itself, or with -1: nobody is left


def stat_field(pid: int, index: int) -> int:
    """Field of /proc/PID/stat, counted from the state (0); 0 when the process is gone."""
    try:
        fd = posix.open(f"/proc/{pid}/stat", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return int(posix.read(fd, 1024).rsplit(b") ", 1)[1].split()[index])
    except OSError:
        return 0
    finally:
        posix.close(fd)


def descendants() -> "set[int]":
    parents = {int(name): stat_field(int(name), 1) for name in posix.listdir("/proc") if name.isdigit()}
    found: set[int] = set()
    frontier = {posix.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - found
        found |= frontier
    return found


def main(argv: "list[str]") -> "Any":
    launcher = Launcher(argv)
    try:
        launcher.run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the supervisor died while it was being told something: the same end as the socket's
    finally:
        if not launcher.is_init:
            launcher.control.close()
            launcher.send = lambda *_, **__: None  # type: ignore[method-assign]
            launcher.kill_all()
    posix._exit(0)  # as pid 1: the kernel kills the whole namespace


if __name__ == "__main__":
    main(sys.argv[1:])
