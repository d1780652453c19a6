"""Damaged files through the decoding children: what comes out, how long it takes, and what is left behind.

    python -m tests.mutate FOLDER --count 5000 [--seed 1] [--workers 2]   # damage the files of a folder
    python -m tests.mutate FOLDER --count 100000 --journal FILE           # long: weighted by cost, can be resumed
    python -m tests.mutate --kill 1000 [--stand-in]                       # kill children in the middle of their work

The first two end with 1 if anything but a fingerprint, a MediaError or a LimitError comes out; the third if processes,
zombies, descriptors or threads are left. Damage is repeatable: a number names the same bytes every time. `--stand-in`
starts children that speak the protocol but load no decoders: the supervisor is the same, and a start costs
milliseconds.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot import workers as room
from bot.bench.workers import children_of
from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.samples import media
from bot.workers import Workers
from tests.damage import mutated
from tests.sweep import DEATH, Sweep, outcome

STAND_IN = """
import json, sys, time
def say(answer):
    body = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.flush()
read = sys.stdin.buffer.read
say({"ready": 1})
while header := read(4):
    size = json.loads(read(int.from_bytes(header, "big")))["size"]
    read(size)
    time.sleep(size > 10 and 5)
    say({"error": ["empty", "gif"]})
"""


@dataclass(slots=True)
class Report:
    """What came out."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)  # a number that gave each outcome
    seconds: list[float] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    deaths: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def show(self) -> Iterator[str]:
        """Yield lines for people."""
        times = sorted(self.seconds)
        yield f"files {len(times)}, frames {sum(n for what, n in self.outcomes.items() if what.startswith('frames'))}"
        yield (
            f"seconds: median {statistics.median(times):.3f}, 99 of 100 within {times[len(times) * 99 // 100]:.3f}, "
            f"worst {self.slowest[0]:.3f} (number {self.slowest[1]})"
        )
        yield f"children that died: {sum(self.deaths.values())} {dict(self.deaths)}"
        for what, count in self.outcomes.most_common():
            yield f"{count:7d}  {what}  [{self.first[what]}]"
        yield from self.wrong


def run(files: Sequence[bytes], numbers: range, seed: int, config: DecodeConfig) -> Report:
    """Send damaged files through children and return what came out."""
    report, lock = Report(), threading.Lock()

    def one(number: int) -> None:
        _, data = mutated(files, seed, number)
        began = time.monotonic()
        what, reason = outcome(workers, data)
        wrong = f"number {number}: {reason}" if reason else ""
        took = time.monotonic() - began
        with lock:
            report.outcomes[what] += 1
            report.first.setdefault(what, number)
            report.seconds.append(took)
            report.slowest = max(report.slowest, (took, number))
            if DEATH.search(what):
                report.deaths[what] += 1
            if wrong:
                report.wrong.append(wrong)

    with Workers(config) as workers, ThreadPoolExecutor(config.workers) as pool:
        list(pool.map(one, numbers))
    return report


@dataclass(frozen=True, slots=True)
class Footprint:
    """What this process holds of the system."""

    descriptors: int
    threads: int
    children: int  # zombies too
    memory_mb: float

    def left_behind(self, after: Footprint) -> bool:
        """Tell whether `after` holds more: any descriptor, thread or child, or memory beyond noise."""
        return (
            after.descriptors > self.descriptors
            or after.threads > self.threads
            or after.children > self.children
            or after.memory_mb > self.memory_mb + 20
        )


def footprint() -> Footprint:
    """Measure this process."""
    gc.collect()
    me = Path("/proc/self")
    pages = int((me / "statm").read_text().split()[1])
    return Footprint(
        descriptors=len(list((me / "fd").iterdir())),
        threads=threading.active_count(),
        children=len(children_of("self")),
        memory_mb=pages * resource.getpagesize() / 2**20,
    )


def kill(count: int, config: DecodeConfig, *, stand_in: bool) -> tuple[Footprint, Footprint, int]:
    """Kill `count` children, each at work on a file; return what we held before and after, and how many failed."""
    short, long = (
        (b"short", b"a longer file") if stand_in else (_still(), media.clip(1, seconds=2, width=320, height=180))
    )
    booted = room.BOOT
    room.BOOT = STAND_IN if stand_in else booted
    try:
        _kill(3, config, short, long)  # what the first use of everything takes is no leak
        before = footprint()
        errors = _kill(count, config, short, long)
        return before, footprint(), errors
    finally:
        room.BOOT = booted


def _kill(count: int, config: DecodeConfig, short: bytes, long: bytes) -> int:
    rng, errors = random.Random(1), 0
    with Workers(config) as workers, ThreadPoolExecutor(1) as pool:
        for _ in range(count):
            with suppress(MediaError):
                workers.fingerprint(short)
            (pid,) = workers.pids
            work = pool.submit(workers.fingerprint, long)
            time.sleep(rng.random() * 0.02)
            os.kill(pid, rng.choice((signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)))
            try:
                work.result()
            except MediaError:
                errors += 1
    return errors


def _still() -> bytes:
    return media.still(1, width=96, height=64)


def sweep(folder: Path, journal: Path, wanted: argparse.Namespace) -> int:
    """Send every file of a folder, and damaged copies of it; print the summary. Return 1 if something is wrong."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    names = [str(path.relative_to(folder)) for path in paths]
    run = Sweep(names, [path.read_bytes() for path in paths], journal, seed=wanted.seed)
    if wanted.again is not None:
        with Workers(DecodeConfig()) as workers:
            print(run.name(wanted.again), *outcome(workers, run.bytes_of(wanted.again)))
        return 0
    run.run(wanted.count, wanted.least, DecodeConfig(workers=wanted.workers), say=lambda text: print(text, flush=True))
    print("\n".join(run.show()))
    return int(any(line.wrong for line in run.lines.values()))


def main() -> int:
    """Be the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--journal", type=Path, help="write each outcome there, and go on from there")
    parser.add_argument("--least", type=int, default=100, help="with --journal: damaged copies of every file")
    parser.add_argument("--again", type=int, help="with --journal: only this number")
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--stand-in", action="store_true")
    wanted = parser.parse_args()
    began = time.monotonic()
    if wanted.kill:
        before, after, errors = kill(wanted.kill, DecodeConfig(), stand_in=wanted.stand_in)
        print(f"killed {wanted.kill} children in {time.monotonic() - began:.0f} s, {errors} in the middle of a file")
        print(f"before {before}\nafter  {after}")
        return int(before.left_behind(after))
    if wanted.folder is None:
        parser.error("name a folder, or --kill N")
    if wanted.journal:
        return sweep(wanted.folder, wanted.journal, wanted)
    known = {".gif", ".png", ".apng", ".jpg", ".jpeg", ".webp", ".avif", ".mp4", ".mov", ".webm", ".mkv", ".avi"}
    paths = sorted(path for path in wanted.folder.rglob("*") if path.suffix.lower() in known and path.stat().st_size)
    files = [path.read_bytes() for path in paths]
    numbers = range(wanted.first, wanted.first + wanted.count)
    report = run(files, numbers, wanted.seed, DecodeConfig(workers=wanted.workers))
    print(f"{len(files)} files of {wanted.folder}, seed {wanted.seed}, {time.monotonic() - began:.0f} s")
    print("\n".join(report.show()))
    if report.slowest[1] >= 0:
        print(f"the slowest was made of {paths[report.slowest[1] % len(paths)].name}")
    return int(bool(report.wrong))


if __name__ == "__main__":
    sys.exit(main())
