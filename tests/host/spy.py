"""Runs in the sandbox: tries everything that it should not be able to do and prints what worked, as JSON.

Arguments: a secret file, a project directory, the code directory, host port, supervisor pid, API address, and `all` or
`harmless`: what would change the machine is only tried where it is fenced off from it.
"""

import ctypes
import json
import os
import signal
import socket
import sys

secret, project, code, host_port, supervisor, api, scope = sys.argv[1:8]
libc = ctypes.CDLL(None, use_errno=True)
worked, refused = [], {}


def read(path, mode="r"):
    with open(path, mode) as file:
        return file.read(1)


def read_line(path, start):
    with open(path) as lines:
        return next(line for line in lines if line.startswith(start))


def attempt(name, action):
    try:
        action()
    except OSError as error:
        refused[name] = error.errno
    else:
        worked.append(name)


def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def connect(host, port):
    with socket.socket() as client:
        client.settimeout(5)
        client.connect((host, int(port)))


def write(path):
    with open(path, "w") as file:
        file.write("x")


SYS_UNSHARE, SYS_MOUNT, SYS_PTRACE, SYS_KEYCTL = {
    "x86_64": (272, 165, 101, 250), "aarch64": (97, 40, 117, 219),
}[os.uname().machine]
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD = 434, 438
PTRACE_ATTACH, CLONE_NEWUSER = 16, 0x10000000
launcher = os.getppid()
capabilities = read_line("/proc/self/status", "CapEff").split()[1]


def steal_control_socket():
    pidfd = os.pidfd_open(launcher)
    for number in range(3, 12):
        if libc.syscall(SYS_PIDFD_GETFD, pidfd, number, 0) >= 0:
            return
    raise OSError(ctypes.get_errno(), "no descriptor")


def stop_launcher():
    """Pid 1 may be signalled by its own user, but the kernel drops what it has no handler for."""
    if launcher != 1:
        return os.kill(launcher, 0)
    os.kill(launcher, signal.SIGSTOP)
    os.kill(launcher, signal.SIGKILL)
    if read_line("/proc/1/status", "State").split()[1] not in "tTZX":
        raise PermissionError(1, "it is still running")


attempt("read a file of the project", lambda: read(secret))
attempt("list the project", lambda: os.listdir(project))
attempt("read the supervisor's environment", lambda: read(f"/proc/{supervisor}/environ"))
attempt("signal the supervisor", lambda: os.kill(int(supervisor), 0))
attempt("connect to the host's loopback", lambda: connect("127.0.0.1", host_port))
attempt("connect to the API", lambda: connect(*api.split(":")))
attempt("write in the temporary directory", lambda: write(os.environ.get("TMPDIR", "/tmp") + "/new"))
if scope == "all":
    attempt("read the launcher's environment", lambda: read(f"/proc/{launcher}/environ"))
    attempt("read the launcher's memory", lambda: os.close(os.open(f"/proc/{launcher}/mem", os.O_RDONLY)))
    attempt("list the launcher's descriptors", lambda: os.listdir(f"/proc/{launcher}/fd"))
    attempt("trace the launcher", lambda: call(SYS_PTRACE, PTRACE_ATTACH, launcher, 0, 0))
    attempt("take the launcher's descriptors", steal_control_socket)
    attempt("stop the launcher", stop_launcher)
    attempt("write a file of the function", lambda: write(f"{code}/new"))
    attempt("write in the root", lambda: write("/lambdasim-test-new"))
    attempt("write in /etc", lambda: write("/etc/lambdasim-test-new"))
    attempt("write in /dev/shm", lambda: write("/dev/shm/lambdasim-test-new"))
    attempt("write a sysctl", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
    attempt("make a user namespace", lambda: call(SYS_UNSHARE, CLONE_NEWUSER))
    attempt("mount", lambda: call(SYS_MOUNT, b"none", b"/tmp", b"tmpfs", 0, 0))
    attempt("open a vsock", lambda: socket.socket(40, socket.SOCK_STREAM).close())
    attempt("become root", lambda: os.setuid(0) if os.getuid() != 0 else None)

print(json.dumps({
    "worked": worked, "refused": refused, "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(),
    "environment": dict(os.environ), "capabilities": capabilities,
}))
