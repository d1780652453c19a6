"""The supervised children that decode: one file at a time each, killed when it takes too long, replaced when they die.

A child is a fresh interpreter, not a fork: none of the coordinator's memory, environment or open files is in it. Its
answers are a stranger's: bounded before they are read, and a child that answers what no child answers is ended.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot import seccomp
from bot.config import DecodeConfig, GalleryConfig
from bot.errors import CostlyError, FaceModelError, LimitError, MediaError, OutsideError
from bot.faces import model_of
from bot.faces.dlib import unpacked_detector
from bot.fingerprint import Asked, WireError, digests, read
from bot.fingerprint.child import SHEETS
from bot.model import Fingerprint
from bot.nudity import NudityModel

START_SECONDS = 60.0
LEAVE_SECONDS = 0.5
GIVES_WAY = 19  # the nicest
COSTLY = "its decoding takes long, so it goes on behind other links"
TASKS = 500  # then a child is replaced: decoders leak a little
MAX_GREETING = 256
# -I keeps the working folder and PYTHON* out; so this program's own folder is named
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from bot.fingerprint import main; main(*sys.argv[2:])"
HOME = Path(__file__).resolve().parent.parent
# a threaded BLAS would take address space and processor time for nothing
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


@dataclass(slots=True)
class Budget:
    """Seconds that a link's files may take of a decoder while others wait: what they take is subtracted."""

    left: float


@dataclass(frozen=True, slots=True)
class Aside:
    """Decoded by a child of its own, beside `config.workers`; one that gives way to all others, or does not."""

    gives_way: bool = True
    budget: Budget | None = None


class Died(Exception):
    """A child is gone: its return code, and whether we killed it for being late."""

    def __init__(self, code: int, *, late: bool) -> None:
        super().__init__(code, late)
        self.late = late
        self.reason = _name(-code) if code < 0 else f"exit code {code}"


def _name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


class Lied(Exception):
    """A child answered what no child answers that is what it should be."""


class Unfiltered(Exception):
    """The kernel set no filter for a child, and nobody said that it may decode without one."""


@contextlib.contextmanager
def _detector(only: str) -> Iterator[tuple[int, ...]]:
    """Yield an open file in memory with the detector of faces, if this child looks for faces.

    It is unpacked once for all children; each has its own copy.
    """
    if only == SHEETS:
        yield ()
        return
    with os.fdopen(os.memfd_create("detector"), "r+b", buffering=0) as file:
        with contextlib.suppress(FaceModelError):  # the child meets the same, and what it says is heard
            file.write(unpacked_detector())
        file.seek(0)
        yield (file.fileno(),)


class Child:
    """One child process."""

    def __init__(
        self, config: DecodeConfig, gallery: GalleryConfig | None, nudity: NudityModel | None, only: str = ""
    ) -> None:
        """`only`: as `bot.fingerprint.main` has it. Raises Died, Lied or Unfiltered if it does not start."""
        self.tasks = 0
        faces = _from_here(gallery).model_dump_json() if gallery else ""
        shown = json.dumps([nudity.name, str(nudity.folder), nudity.checksum]) if nudity else ""
        command = [str(Path(sys.executable).absolute()), "-I", "-B", "-c", BOOT, str(HOME)]
        command += [config.model_dump_json(), faces, shown, only]
        with _detector(only) as handed:
            self._process = subprocess.Popen(
                [*command, *map(str, handed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,  # so that closing a pipe never waits for a dead child to read
                env=ENVIRONMENT,
                cwd="/",
                close_fds=True,
                pass_fds=handed,
            )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        try:
            # it has read nothing of a stranger's yet
            greeting = json.loads(self._within(START_SECONDS, lambda: self._receive(MAX_GREETING)))
            if greeting.get("filtered") is False and not config.without_filter:
                raise Unfiltered
        except (Lied, Unfiltered):
            self._process.kill()
            self.end()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, data: bytes, head: Mapping[str, Any], *, most: int, seconds: float, cpu: int) -> bytes:
        """Send one file with what is asked of it, and return the answer, of at most so many bytes.

        Raises Died, when the child is reaped, and Lied, when it is to be ended.
        """
        self.tasks += 1
        request = json.dumps({**head, "size": len(data), "cpu_seconds": cpu}).encode()

        def talk() -> bytes:
            self._write(len(request).to_bytes(4, "big") + request)
            self._write(data)
            return self._receive(most)

        return self._within(seconds, talk)

    def _within(self, seconds: float, talk: Callable[[], bytes]) -> bytes:
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        answer = None
        try:
            with contextlib.suppress(OSError, EOFError, ValueError):
                answer = talk()
        finally:
            timer.cancel()
            timer.join()
        if late.is_set() or answer is None:
            raise Died(self.end(), late=late.is_set())
        return answer

    def _receive(self, most: int) -> bytes:
        size = int.from_bytes(self._read(4), "big")
        if size > most:
            raise Lied
        return self._read(size)

    def _read(self, size: int) -> bytes:
        body = bytearray()
        while len(body) < size:
            part = self._out.read(size - len(body))
            if not part:
                raise EOFError
            body += part
        return bytes(body)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._in.write(rest) :]

    def kill(self) -> None:
        """Kill it; who waits for its answer reaps it."""
        self._process.kill()

    def end(self) -> int:
        """Close its pipes, reap it, and return its code; kill it if closed input does not make it leave."""
        self._in.close()
        self._out.close()
        try:
            return self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def not_started(error: Died | Lied | Unfiltered) -> OutsideError:
    """Return why no child starts."""
    if isinstance(error, Died):
        reason = "too slow" if error.late else error.reason
        return OutsideError(f"the decoder does not start ({reason}); see: python -m bot.fingerprint '{{}}'")
    if isinstance(error, Lied):
        return OutsideError("the decoder does not start: what answers is not the decoder; install it anew")
    return OutsideError(
        "the kernel sets no filter for the decoder here, so strangers' files are not decoded; allow seccomp "
        "(docs/safety.md), or set decode.without_filter = true to decode with less protection"
    )


def explained(death: Died, config: DecodeConfig) -> MediaError:
    """Return what a child's death says of the file that it read."""
    if death.late:
        return LimitError(
            f"decoding takes longer than {config.wall_seconds:g} seconds; "
            "raise decode.wall_seconds if such files are wanted"
        )
    if death.reason == "SIGXCPU":
        return LimitError(
            f"decoding needs more than {config.cpu_seconds} seconds of processor time; "
            "raise decode.cpu_seconds if such files are wanted"
        )
    if death.reason == "SIGKILL":
        return LimitError("the system killed the decoder, most likely for want of memory; use fewer decode.workers")
    return MediaError(f"the decoder crashed on this file ({death.reason}); it is left alone")


def _from_here(gallery: GalleryConfig) -> GalleryConfig:
    """Return the settings with absolute paths: a child stands elsewhere."""
    paths = {"detector": gallery.detector, "embedder": gallery.embedder}
    return gallery.model_copy(update={key: path.absolute() for key, path in paths.items() if path})


class Workers:
    """`config.workers` children behind a thread-safe `fingerprint`. Use as a context manager, or call `close`."""

    def __init__(
        self, config: DecodeConfig, gallery: GalleryConfig | None = None, nudity: NudityModel | None = None
    ) -> None:
        """With `gallery` its face model's weights are in every child, for the files for which faces are asked.

        So are those of the model `nudity`.

        Raises ConfigError if there is no such model.
        """
        seccomp.hide_memory()
        self._config = config
        self._gallery = gallery
        self._nudity = nudity
        self._model = model_of(gallery) if gallery else None
        self._lock = threading.Lock()
        self._closed = self._stopped = False
        self._children: set[Child] = set()
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(config.workers):
            self._idle.put(None)
        # children die with the thread that started them, so one thread that lives as long as we do starts them all
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="workers")

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the running children."""
        with self._lock:
            return tuple(sorted(child.pid for child in self._children))

    @property
    def stopped(self) -> bool:
        """Whether no more files are taken."""
        with self._lock:
            return self._closed or self._stopped

    def fingerprint(
        self,
        data: bytes,
        also: Sequence[bytes] = (),
        *,
        every_frame: bool = False,
        faces: bool = False,
        nudity: bool = False,
        pace: Aside | Budget | None = None,
    ) -> Fingerprint:
        """Return the fingerprint of one file, as `bot.fingerprint.fingerprint` does, but in a child.

        Waits for a free child. Raises MediaError for what does not decode or crashes the decoder, LimitError for what
        takes too much time, memory or room, CostlyError for what takes more than the budget, and OutsideError if no
        decoder starts.
        """
        cpu = self._config.cpu_seconds
        budget = pace.budget if isinstance(pace, Aside) else pace
        if budget is not None:
            if budget.left <= 0:
                raise CostlyError(COSTLY)
            cpu = min(cpu, math.ceil(budget.left))
        faces = faces and self._model is not None
        asked = Asked(
            limits=self._config,
            faces=self._model.size if faces and self._model else None,
            nudity=nudity and self._nudity is not None,
        )
        aside = isinstance(pace, Aside)
        nice = isinstance(pace, Aside) and pace.gives_way
        child = None if aside else self._idle.get()
        began = time.monotonic()
        try:
            if child is not None and (child.tasks >= TASKS or not child.alive):
                self._end(child)
                child = None
            child = child or self._start()
            if nice:
                with contextlib.suppress(OSError):  # it may be gone, which asking it tells
                    os.setpriority(os.PRIO_PROCESS, child.pid, GIVES_WAY)
            began = time.monotonic()
            head = {"every_frame": every_frame, "faces": asked.faces is not None, "nudity": asked.nudity}
            answer = child.ask(data, head, most=asked.bytes, seconds=self._config.wall_seconds, cpu=cpu)
            found: Fingerprint | MediaError = self._read(answer, asked)
        except BaseException as error:
            if child is not None:
                self._end(child)  # whatever happened, it may be in the middle of an answer
                child = None
            if isinstance(error, Died):
                if error.reason == "SIGXCPU" and cpu < self._config.cpu_seconds:
                    raise CostlyError(COSTLY) from None
                raise explained(error, self._config) from None
            if isinstance(error, Lied | WireError):
                raise MediaError("the decoder gave an answer that is no fingerprint; the file is left alone") from None
            raise
        finally:
            if budget is not None:
                budget.left -= time.monotonic() - began
            if not aside:
                self._idle.put(child)
            elif child is not None:
                self._end(child)  # it would give way to all others for ever
        if isinstance(found, MediaError):
            raise found
        # digests decide most, so they are not taken from a process that read a stranger's bytes
        sha256, md5 = digests(data)
        return replace(found, sha256=sha256, md5=md5, also=tuple(digests(other) for other in also))

    def _start(self) -> Child:
        with self._lock:
            if self._closed or self._stopped:
                raise RuntimeError("these workers are closed")
        try:
            child = self._keeper.submit(Child, self._config, self._gallery, self._nudity).result()
        except (Died, Lied, Unfiltered) as error:
            raise not_started(error) from None
        with self._lock:
            self._children.add(child)
            if self._stopped:
                child.kill()
        return child

    def _end(self, child: Child) -> None:
        child.end()
        with self._lock:
            self._children.discard(child)

    def _read(self, answer: bytes, asked: Asked) -> Fingerprint | MediaError:
        """Return what an answer says: what a child says of a file is no reason to end it. Raises WireError."""
        try:
            return read(answer, asked)
        except MediaError as error:
            return error

    def stop(self) -> None:
        """Kill all children; whoever waits for one gets an error. `close` comes after."""
        with self._lock:
            self._stopped = True
            children = tuple(self._children)
        for child in children:
            child.kill()

    def close(self) -> None:
        """Wait for files in work, then end all children. Calling it again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for _ in range(self._config.workers):
            child = self._idle.get()
            if child is not None:
                self._end(child)
        with self._lock:
            for child in self._children:  # what works aside is not waited for
                child.kill()
        for _ in range(self._config.workers):
            self._idle.put(None)  # who still asks gets an error, not a wait for ever
        self._keeper.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
