"""Runs `gifwarden doctor` as a process of its own under whatever conditions, without starting Python anew each time.

One process imports the program and forks for each run; the child puts itself into the conditions that are asked for and
is `gifwarden doctor` from there on. Reddit is the loopback one. `python -m tests.doctored` is that process.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import json
import os
import platform
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import bot.cli.doctor  # noqa: F401  once, before anybody forks
from bot import assemble
from bot.cli import base, main, screen
from bot.clock import SystemClock
from bot.config import DecodeConfig
from bot.workers import Child, Workers

ROOT = Path(__file__).parent.parent
LONGEST = 120  # seconds that any doctor may take here
PRIVATE = 1 << 18  # MS_PRIVATE, with
REC, BIND, REMOUNT, READ_ONLY = 1 << 14, 1 << 12, 1 << 5, 1
NEW_MOUNTS = 0x20000
CAPABILITIES_3 = 0x20080522


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what doctor runs. `mounts`: what lies over a path: a file, or `ro` or `tmpfs SIZE`."""

    cwd: str
    environ: Mapping[str, str] = field(default_factory=dict)
    no_rights: bool = False  # the superuser's, so that modes of files hold
    user: int = 0
    descriptors: int = 0
    mounts: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()  # modules that are not installed
    years: float = 0.0  # by which the clock is wrong
    no_seccomp: bool = False
    reddit: str = ""
    own: bool = False  # a decoder of its own, instead of the one that all share
    words: tuple[str, ...] = ("doctor", "--json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What it printed, and its exit code; -9: it hung."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[tuple[str, str, str]]:
        """Level, subject and sentence of each line."""
        rows = [json.loads(line) for line in self.out.splitlines()]
        return [(row["level"], row["subject"], row["text"]) for row in rows]


class Doctor:
    """The process that forks. Use as a context manager."""

    def __init__(self, places: Path) -> None:
        self._places = places
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.doctored"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            env={key: value for key, value in os.environ.items() if not key.startswith("GIFWARDEN_")},
        )

    def examine(self, conditions: Conditions) -> Told:
        """Return what doctor says under these conditions."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {name: getattr(conditions, name) for name in Conditions.__dataclass_fields__}
        out, err = self._places / "out", self._places / "err"
        self._process.stdin.write(json.dumps({**asked, "out": str(out), "err": str(err)}) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Told(code=code, out=out.read_text(), err=err.read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def can_mount() -> bool:
    """Return whether file systems can be mounted here, in a namespace that nobody else sees."""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return done.returncode == 0


def _mount(libc: Any, source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()):
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


def _put_on(mounts: Mapping[str, str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "unshare")
    _mount(libc, "none", "/", "none", REC | PRIVATE)
    for target, what in mounts.items():
        if what == "ro":
            _mount(libc, target, target, "none", BIND)
            _mount(libc, target, target, "none", BIND | REMOUNT | READ_ONLY)
        elif what.startswith("tmpfs "):
            held = {file.name: file.read_bytes() for file in Path(target).iterdir() if file.is_file()}
            _mount(libc, "none", target, "tmpfs", 0, f"size={what.split()[1]},mode=700")
            for name, data in held.items():
                (Path(target) / name).write_bytes(data)
                (Path(target) / name).chmod(0o600)
        else:
            _mount(libc, what, target, "none", BIND)


def _lose_rights() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def _refuse_filters() -> None:
    """Let the kernel set no filter for this process and its children any more, as some containers have it."""
    steps = (
        (0x20, 0, 0, 0),  # the number of the call
        (0x15, 0, 3, 157 if platform.machine() == "x86_64" else 167),  # prctl
        (0x20, 0, 0, 16),  # its first argument
        (0x15, 0, 1, 22),  # PR_SET_SECCOMP
        (0x06, 0, 0, 0x00050001),  # EPERM
        (0x06, 0, 0, 0x7FFF0000),
    )
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))

    none = ctypes.c_ulong(0)
    libc.prctl(38, ctypes.c_ulong(1), none, none, none)  # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(Program(len(steps), code)), none, none):
        raise OSError(ctypes.get_errno(), "prctl")


class _Without:
    """A finder of modules to which some are not installed."""

    def __init__(self, finder: Any, names: tuple[str, ...]) -> None:
        self._finder = finder
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Find it, or nothing."""
        return None if name.partition(".")[0] in self._names else self._finder.find_spec(name, path, target)


class Sharing(Workers):
    """Children of which the one is that of the process that forked us."""

    child: Child

    def _start(self) -> Child:
        return self.child


class _Elsewhere:
    """A process that is another's child."""

    pid = 0

    def poll(self) -> None:
        """Say that it runs."""

    def kill(self) -> None:
        """Leave it alone."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for nobody."""
        return 0


def _share() -> Workers:
    workers = Workers(DecodeConfig())
    child = workers._start()
    Sharing.child = copy.copy(child)
    vars(Sharing.child)["_process"] = _Elsewhere()
    return workers


def _become(asked: Mapping[str, Any]) -> None:
    """Put this process into the conditions, and be doctor."""
    for name, number in (("out", 1), ("err", 2)):
        file = os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(file, number)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    encoding = "ascii" if asked["environ"].get("LC_ALL") == "C" else "utf-8"
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding=encoding, closefd=False)  # noqa: SIM115  for as long as the process lives
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    if asked["mounts"]:
        _put_on(asked["mounts"])
    os.chdir(asked["cwd"])
    if asked["user"]:
        os.setgroups([])
        os.setgid(asked["user"])
        os.setuid(asked["user"])
    if asked["no_rights"] and os.geteuid() == 0:
        _lose_rights()
    for name, value in asked["environ"].items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    if asked["without"]:
        for name in list(sys.modules):
            if name.partition(".")[0] in asked["without"]:
                del sys.modules[name]
        sys.meta_path[:] = [_Without(finder, tuple(asked["without"])) for finder in sys.meta_path]
    if asked["reddit"]:
        vars(base)["Outside"] = partial(assemble.Outside, reddit_url=asked["reddit"], oauth_url=asked["reddit"])
    if not asked["own"]:
        vars(base)["Parts"] = partial(assemble.Parts, children=Sharing)
    if asked["years"]:
        real, off = SystemClock.now, timedelta(days=365 * asked["years"])
        SystemClock.now = lambda self: real(self) + off  # type: ignore[method-assign]
    if asked["no_seccomp"]:
        _refuse_filters()
    if asked["descriptors"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (asked["descriptors"], asked["descriptors"]))
    screen.out.file, screen.err.file = sys.stdout, sys.stderr
    sys.argv = ["gifwarden", *asked["words"]]
    main()


def _wait(child: int) -> int:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -9


def serve() -> None:
    """Fork for each line on standard input; answer with an exit code each."""
    shared = _share()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                _become(asked)
                code = 0
            except SystemExit as error:
                code = int(error.code or 0)
            except BaseException:  # noqa: BLE001  said where tests look for it
                import traceback

                traceback.print_exc()
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)
        print(_wait(child), flush=True)
    shared.stop()
    shared.close()


if __name__ == "__main__":
    serve()
