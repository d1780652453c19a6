"""The kernel's part in confining a decoding child: a short list of system calls, and no other from then on.

A seccomp filter, installed without privileges. What is left can compute, take and free memory that holds no code, read
and write what is already open, tell the time, lower its own limits, and end. Everything else gives EPERM: files,
sockets, processes, threads, signals to others, other processes' memory, memory that can be run, and whatever a newer
kernel adds.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
MODE_FILTER = 2
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06  # BPF: load a word, jump if equal, jump if a bit is set, return
CALL, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # where they stand in what the filter sees
PROT_EXEC = 4


@dataclass(frozen=True, slots=True)
class _Machine:
    """A machine's name for itself in filters, and its numbers of system calls."""

    audit: int
    free: tuple[int, ...]
    maps: tuple[int, ...]  # mmap, mprotect: never to run what is mapped
    prlimit: int  # for this process alone
    tgkill: int  # for this process alone: abort() ends with it


# read write readv writev close fstat lseek · munmap mremap madvise brk · rt_sigaction rt_sigprocmask rt_sigreturn
# sigaltstack · futex set_robust_list rseq membarrier · clock_gettime clock_getres clock_nanosleep nanosleep
# gettimeofday times getrusage getrlimit setrlimit · getpid gettid sched_yield sched_getaffinity getrandom
# restart_syscall · poll ppoll · exit exit_group
X86_64 = _Machine(
    audit=0xC000003E,
    free=(
        *(0, 1, 19, 20, 3, 5, 8),
        *(11, 25, 28, 12),
        *(13, 14, 15, 131),
        *(202, 273, 334, 324),
        *(228, 229, 230, 35, 96, 100, 98, 97, 160),
        *(39, 186, 24, 204, 318, 219),
        *(7, 271),
        *(60, 231),
    ),
    maps=(9, 10),
    prlimit=302,
    tgkill=234,
)
AARCH64 = _Machine(
    audit=0xC00000B7,
    free=(
        *(63, 64, 65, 66, 57, 80, 62),
        *(215, 216, 233, 214),
        *(134, 135, 139, 132),
        *(98, 99, 293, 283),
        *(113, 114, 115, 101, 169, 153, 165, 163, 164),
        *(172, 178, 124, 123, 278, 128),
        *(73,),
        *(93, 94),
    ),
    maps=(222, 226),
    prlimit=261,
    tgkill=131,
)
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def hide_memory() -> bool:
    """Let no other process of this user read this one's memory, environment or open files. Return whether it is so.

    Debuggers and profilers cannot attach any more, and no core is dumped; those of root still can. Children that
    execute a program are not concerned.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    hidden: int = libc.prctl(PR_SET_DUMPABLE, nothing, nothing, nothing, nothing)
    return hidden == 0


def filter_calls() -> bool:
    """Take all system calls but the listed ones from this process, for good. Return whether the kernel did so.

    False means: another kind of machine, or a kernel or container that refuses; nothing has changed then but that no
    program can gain privileges any more. Call it when everything is loaded and only one thread runs.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = _compile(machine, os.getpid())
    program = _Program(len(code) // 8, code)
    nothing = ctypes.c_ulong(0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), nothing, nothing, nothing):
        return False
    installed: int = libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.byref(program), nothing, nothing)
    return installed == 0


def _compile(machine: _Machine, pid: int) -> bytes:
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, machine.audit, 1, 0),
        _step(RETURN, KILL),  # numbers of another kind of machine mean other calls
        _step(LOAD, CALL),
    ]
    for call in machine.free:
        steps += [_step(EQUAL, call, 0, 1), _step(RETURN, ALLOW)]
    for call in machine.maps:
        steps += _conditional(call, 2, _step(ANY_BIT, PROT_EXEC, 1, 0))
    steps += _conditional(machine.prlimit, 0, _step(EQUAL, 0, 0, 1))
    steps += _conditional(machine.tgkill, 0, _step(EQUAL, pid, 0, 1))
    return b"".join([*steps, _step(RETURN, REFUSE)])


def _conditional(call: int, argument: int, test: bytes) -> list[bytes]:
    """Allow a call if `test` of one argument goes on, and refuse it if `test` skips a step."""
    return [
        _step(EQUAL, call, 0, 4),
        _step(LOAD, ARGUMENTS + 8 * argument),  # its lower half
        test,
        _step(RETURN, ALLOW),
        _step(RETURN, REFUSE),
    ]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
