"""Runs in the sandbox: tries everything that it should not be able to do and prints what worked, as JSON.

Arguments: a secret file, a project directory, a writable-looking code directory, host port, supervisor pid, API address.
"""

import ctypes
import json
import os
import signal
import socket
import sys

secret, project, code, host_port, supervisor, api = sys.argv[1:7]
libc = ctypes.CDLL(None, use_errno=True)
worked, refused = [], {}


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


def steal_control_socket():
    pidfd = os.pidfd_open(launcher)
    for number in range(3, 12):
        if libc.syscall(SYS_PIDFD_GETFD, pidfd, number, 0) >= 0:
            return
    raise OSError(ctypes.get_errno(), "no descriptor")


attempt("read a file of the project", lambda: open(secret).read())
attempt("list the project", lambda: os.listdir(project))
attempt("read the supervisor's environment", lambda: open(f"/proc/{supervisor}/environ").read())
attempt("read the launcher's environment", lambda: open(f"/proc/{launcher}/environ").read())
attempt("read the launcher's memory", lambda: open(f"/proc/{launcher}/mem", "rb").close())
attempt("list the launcher's descriptors", lambda: os.listdir(f"/proc/{launcher}/fd"))
attempt("trace the launcher", lambda: call(SYS_PTRACE, PTRACE_ATTACH, launcher, 0, 0))
attempt("take the launcher's descriptors", steal_control_socket)
attempt("signal the supervisor", lambda: os.kill(int(supervisor), 0))
attempt("stop the launcher", lambda: os.kill(launcher, signal.SIGSTOP if launcher == 1 else 0))
attempt("connect to the host's loopback", lambda: connect("127.0.0.1", host_port))
attempt("connect to the API", lambda: connect(*api.split(":")))
attempt("write a file of the function", lambda: write(f"{code}/new"))
attempt("write in the root", lambda: write("/lambdasim-test-new"))
attempt("write in /etc", lambda: write("/etc/lambdasim-test-new"))
attempt("write in /dev/shm", lambda: write("/dev/shm/lambdasim-test-new"))
attempt("write a sysctl", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
attempt("write in the temporary directory", lambda: write(os.environ.get("TMPDIR", "/tmp") + "/new"))
attempt("make a user namespace", lambda: call(SYS_UNSHARE, CLONE_NEWUSER))
attempt("mount", lambda: call(SYS_MOUNT, b"none", b"/tmp", b"tmpfs", 0, 0))
attempt("open a vsock", lambda: socket.socket(40, socket.SOCK_STREAM).close())
attempt("become root", lambda: os.setuid(0) if os.getuid() != 0 else None)

print(json.dumps({
    "worked": worked, "refused": refused, "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(),
    "environment": dict(os.environ), "capabilities": next(
        line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")
    ),
}))
