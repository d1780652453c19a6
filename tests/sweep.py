"""A long run of damaged files with a journal: weighted by cost, resumed where it ended, summed up by format.

Every file is first sent as it is. Then each that is media gets at least `least` damaged copies, and what is left of
`count` goes to the files that decode quickly. The journal has one line a file: its number, seconds by the clock,
seconds of the child's processor, what came out, and why that is wrong, if it is. `--again NUMBER` repeats one of them;
a number below zero is an undamaged file.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError
from bot.workers import Workers
from tests.damage import mutated

DEATH = re.compile(r"crashed on this file|the system killed|decode\.wall_seconds|decode\.cpu_seconds")
QUICKEST = 0.002  # seconds; what is quicker costs as much in handing over


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one file."""

    number: int
    seconds: float
    cpu: float  # of the child, its start included if it was a new one; 0 if it died
    what: str
    wrong: str = ""  # why this must not come out


def outcome(workers: Workers, data: bytes) -> tuple[str, str]:
    """Return what comes of a file, without its numbers and reasons, and why that must not be if so."""
    try:
        fp = workers.fingerprint(data)
    except (MediaError, LimitError) as error:
        bad = "\n" in str(error) or "failed on this file" in str(error)
        return plain(f"{type(error).__name__}: {error}"), str(error) if bad else ""
    except Exception as error:  # noqa: BLE001  this is what the run looks for; it is reported and fails the run
        return type(error).__name__, repr(error)
    if not fp.frames or not fp.signals:
        return "frames", "a fingerprint of nothing"
    return "frames, with a note" if fp.note else "frames", ""


def plain(sentence: str) -> str:
    """Return a sentence without its numbers and reasons, so that like ones count together."""
    return re.sub(r"\d+(\.\d+)?", "N", re.sub(r"\(.*\)", "(…)", sentence))


def shares(costs: Sequence[float], count: int, least: int) -> list[int]:
    """Return how many damaged copies each file gives: `least` at least, more for what costs less, `count` in all."""
    weights = [1 / max(cost, QUICKEST) for cost in costs]
    room = max(0, count - least * len(costs))
    return [least + round(room * weight / sum(weights)) for weight in weights]


class Sweep:
    """One run over a folder's files."""

    def __init__(self, names: Sequence[str], files: Sequence[bytes], journal: Path, *, seed: int) -> None:
        self.names, self._files, self._journal, self._seed = names, files, journal, seed
        self.lines: dict[int, Line] = {}
        self._lock = threading.Lock()
        if journal.exists():
            for text in journal.read_text().splitlines():
                line = Line(*json.loads(text))
                self.lines[line.number] = line

    def run(self, count: int, least: int, config: DecodeConfig, say: Callable[[str], None] = print) -> None:
        """Do what the journal lacks; `config.workers` files at a time, each in a child of its own."""
        pristine = [-1 - which for which in range(len(self._files))]
        self._send(pristine, config, say)
        media = [number for number in pristine if self.lines[number].what.startswith("frames")]
        costs = [self.lines[number].cpu or self.lines[number].seconds for number in media]
        numbers = [
            turn * len(self._files) - 1 - number
            for number, share in zip(media, shares(costs, count, least), strict=True)
            for turn in range(share)
        ]
        random.Random(self._seed).shuffle(numbers)
        self._send(numbers, config, say)

    def _send(self, numbers: Sequence[int], config: DecodeConfig, say: Callable[[str], None]) -> None:
        todo = iter([number for number in numbers if number not in self.lines])
        began, done = time.monotonic(), len(numbers)

        def work(workers: Workers) -> None:
            while True:
                with self._lock:
                    number = next(todo, None)
                if number is None:
                    return
                line = self._one(number, workers)
                with self._lock:
                    self.lines[number] = line
                    record = [line.number, line.seconds, line.cpu, line.what, line.wrong]
                    file.write(json.dumps(record) + "\n")
                    file.flush()
                    if line.wrong:
                        say(f"number {number} ({self.name(number)}): {line.wrong}")
                    if len(self.lines) % 5000 == 0:
                        say(f"{len(self.lines)} done, {time.monotonic() - began:.0f} s, of {done} in this part")

        single = config.model_copy(update={"workers": 1})
        with self._journal.open("a") as file, ExitStack() as stack:
            rooms = [stack.enter_context(Workers(single)) for _ in range(config.workers)]
            with ThreadPoolExecutor(config.workers) as pool:
                list(pool.map(work, rooms))

    def name(self, number: int) -> str:
        """Return which file a number was made of."""
        return self.names[(-1 - number if number < 0 else number) % len(self.names)]

    def bytes_of(self, number: int) -> bytes:
        """Return the bytes that a number stands for."""
        return self._files[-1 - number] if number < 0 else mutated(self._files, self._seed, number)[1]

    def _one(self, number: int, workers: Workers) -> Line:
        data = self.bytes_of(number)
        before, cpu = workers.pids, _cpu(workers)
        began = time.monotonic()
        what, wrong = outcome(workers, data)
        took = time.monotonic() - began
        spent = _cpu(workers) - (cpu if workers.pids == before else 0.0)
        # as the journal keeps them: shares of a run that goes on must come out the same
        return Line(number, round(took, 4), round(max(0.0, spent), 4), what, wrong)

    def show(self) -> Iterator[str]:
        """Yield the summary, by format and by outcome, for people."""
        groups: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines.values():
            form = Path(self.name(line.number)).suffix.lstrip(".").lower() or "none"
            groups["as they are" if line.number < 0 else {"jpeg": "jpg"}.get(form, form)].append(line)
        yield f"{'':12} {'files':>7} {'frames':>7} {'notes':>6} {'errors':>7} {'died':>5}   median   99 %    worst"
        for form in [*sorted(groups), "all"]:
            yield self._row(form, groups[form] if form in groups else list(self.lines.values()))
        counts = Counter(line.what for line in self.lines.values())
        first: dict[str, int] = {}
        for line in self.lines.values():
            first.setdefault(line.what, line.number)
        for what, count in counts.most_common():
            yield f"{count:7d}  {what}  [{first[what]}]"
        for line in self.lines.values():
            if line.wrong:
                yield f"wrong: number {line.number} ({self.name(line.number)}): {line.wrong}"

    def _row(self, form: str, lines: Sequence[Line]) -> str:
        times = sorted(line.cpu or line.seconds for line in lines)
        slowest = max(lines, key=lambda line: line.cpu or line.seconds)
        died = sum(bool(DEATH.search(line.what)) for line in lines)
        good = sum(line.what.startswith("frames") for line in lines)
        noted = sum(line.what == "frames, with a note" for line in lines)
        return (
            f"{form:12} {len(lines):7d} {good:7d} {noted:6d} {len(lines) - good - died:7d} {died:5d} "
            f"{statistics.median(times):8.4f} {times[len(times) * 99 // 100]:7.3f} {times[-1]:7.2f} s  "
            f"[{slowest.number}, {self.name(slowest.number)}]"
        )


def _cpu(workers: Workers) -> float:
    """Return the processor seconds that the running child has taken; 0 if none runs."""
    total = 0
    for pid in workers.pids:
        try:
            total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return total / 1e9
