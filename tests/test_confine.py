"""What a confined process can no longer do, tried inside one."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from bot import seccomp
from bot import workers as room
from bot.config import DecodeConfig
from bot.samples import media
from bot.workers import Workers

ATTEMPTS = """
import ctypes, mmap, os, resource, signal, socket, subprocess, sys, threading, time
from bot import seccomp
held = os.open("/", os.O_RDONLY)
assert seccomp.filter_calls()
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *(ctypes.c_long(a) for a in arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
def thread():
    threading.Thread(target=print).start()
for name, attempt in {
    "open": lambda: open("/etc/hostname"),
    "openat": lambda: os.open("etc", os.O_RDONLY, dir_fd=held),
    "stat": lambda: os.stat("/etc/hostname"),
    "list": lambda: os.listdir(held),
    "write a file": lambda: open("/dev/shm/gifwarden-test", "w"),
    "remove": lambda: os.unlink("/dev/shm/gifwarden-test"),
    "memory file": lambda: os.memfd_create("x"),
    "socket": lambda: socket.socket(),
    "pair": lambda: socket.socketpair(),
    "pipe": lambda: os.pipe(),
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork(),
    "thread": thread,
    "signal": lambda: os.kill(os.getppid(), 0),
    "limits of others": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    "code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "namespace": lambda: call(272 if sys.argv[1] == "x86_64" else 97, 0x10000000),
    "trace": lambda: call(101 if sys.argv[1] == "x86_64" else 117, 0, 0, 0, 0),
    "io_uring": lambda: call(425, 1, 0),
    "bpf": lambda: call(321 if sys.argv[1] == "x86_64" else 280, 0, 0, 0),
    "a call of the future": lambda: call(4000),
    "environment of others": lambda: call(310 if sys.argv[1] == "x86_64" else 270, os.getppid(), 0, 0, 0, 0, 0),
}.items():
    try:
        attempt()
        print(name, "WORKED")
    except PermissionError:
        print(name, "refused")
    except RuntimeError as error:
        print(name, "refused" if "new thread" in str(error) else error)
bytearray(50_000_000)
time.sleep(0.01)
resource.setrlimit(resource.RLIMIT_CPU, (30, resource.getrlimit(resource.RLIMIT_CPU)[1]))
print("still works")
sys.stdout.flush()
os.abort()
"""

supported = pytest.mark.skipif(platform.machine() not in seccomp.MACHINES, reason="no list for this kind of machine")


@supported
def test_a_confined_process_can_only_compute() -> None:
    """Files, sockets, processes, threads and code are refused; memory, time, own limits and abort() are not."""
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, platform.machine()],
        cwd=room.HOME,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[-1:] == ["still works"], done.stderr
    assert len(lines) == 23
    assert [line for line in lines[:-1] if not line.endswith(" refused")] == []
    assert done.returncode == -6


@supported
def test_a_child_at_work_is_confined() -> None:
    """The kernel says of a child that decodes that it is filtered and gains no privileges."""
    with Workers(DecodeConfig()) as workers:
        workers.fingerprint(media.still(1, width=64, height=64))
        status = (Path("/proc") / str(workers.pids[0]) / "status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status


def test_an_unknown_machine_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no list nothing is done, and the answer says so."""
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    assert seccomp.filter_calls() is False


def test_a_kernel_that_refuses_is_told() -> None:
    """A filter that the kernel does not take is False, not an error: the other limits hold without it."""
    code = (
        "from bot import seccomp; seccomp._compile = lambda *_: bytes(8); "
        "print(seccomp.filter_calls(), open('/proc/self/status').read().count('Seccomp:\\t0'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=room.HOME, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["False", "1"], done.stderr
