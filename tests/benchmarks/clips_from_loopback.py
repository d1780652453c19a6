"""Clips a second from loopback hosts to fingerprints, beside decoding alone: how much the rest of the way costs.

    python -m tests.benchmarks.clips_from_loopback [--clips 24] [--rounds 3] [--processes 2]

Clips are 10 s of 640x360 H.264, spread over three hosts without intervals. Each round measures one after the other:
decoding all frames and nothing else, fingerprinting in the supervised children, and the whole way (watched links are
fetched, fingerprinted, stored sealed, matched against an empty bank and judged). On a busy machine only ratios count:
each is taken within its round, and their median is shown. Processor seconds (of all processes, the loopback servers'
too) hardly depend on what else runs.
"""

from __future__ import annotations

import argparse
import statistics
import string
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path

from bot import frames
from bot.config import Config, DecodeConfig
from bot.loopback.stage import Stage, bot_on, stage
from bot.model import LinkState
from bot.samples import media
from bot.workers import Workers
from tests.killing import Silent

KINDS = 4  # different clips; making one takes longer than decoding it


def decode(data: bytes) -> int:
    """Decode every frame and return how many there were."""
    return sum(1 for _ in frames.decode(data, DecodeConfig()).frames)


Rate = tuple[float, float]  # pieces of work a second by the clock, processor seconds for one


def rate(work: Callable[[], object], count: int, pids: Callable[[], Iterable[int]]) -> Rate:
    """Return how fast `count` pieces of work were done by this process and those with these ids."""
    began, before = time.perf_counter(), _cpu(pids())
    work()
    return count / (time.perf_counter() - began), (_cpu(pids()) - before) / count


def _cpu(pids: Iterable[int]) -> float:
    spent = sum(
        int((task / "schedstat").read_text().split()[0]) for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()
    )
    return time.process_time() + spent / 1e9


class Round:
    """The same clips three ways."""

    def __init__(self, clips: Sequence[bytes], processes: int, pool: ProcessPoolExecutor, workers: Workers) -> None:
        self._clips, self._processes, self._pool, self._workers = clips, processes, pool, workers

    def decoding(self) -> None:
        """Decode alone."""
        assert all(self._pool.map(decode, self._clips))

    def fingerprinting(self) -> None:
        """Fingerprint in children."""
        with ThreadPoolExecutor(self._processes) as pool:
            assert all(fp.signals for fp in pool.map(self._workers.fingerprint, self._clips))

    def whole_way(self, folder: Path) -> Rate:
        """Return the rate from seen links to judged ones."""
        with stage(folder) as world:
            settings = world.config.model_dump()
            settings["fetch"] |= {"host_interval_seconds": 0}
            settings["decode"] |= {"workers": self._processes}
            world = Stage(
                clock=world.clock,
                reddit=world.reddit,
                park=world.park,
                mail=world.mail,
                config=Config.model_validate(settings),
            )
            with bot_on(world, Silent()) as bot:
                with ThreadPoolExecutor(self._processes) as pool:  # children are started before the clock is
                    list(pool.map(bot.deps.workers.fingerprint, self._clips[: self._processes]))
                for number, clip in enumerate(self._clips):
                    world.reddit.submit("quiet", author="a", title="x", url=_put(world, number, clip))
                bot.watch()
                result = rate(bot.work, len(self._clips), lambda: bot.deps.workers.pids)
                rows = bot.deps.store.links.listing()
                assert len(rows) == len(self._clips)
                assert all(row.state == LinkState.JUDGED for row in rows), {(row.link.url, row.reason) for row in rows}
        return result


def _put(world: Stage, number: int, clip: bytes) -> str:
    if number % 3 == 0:
        name = f"QuietHeron{string.ascii_lowercase[number // 26]}{string.ascii_lowercase[number % 26]}"
        return world.park.add_redgifs(name, hd=clip)
    if number % 3 == 1:
        return world.park.add_imgur(f"Clip{number:03d}", clip, "mp4")
    return world.park.add_reddit_video(f"clip{number:09d}", {(640, 360): clip})


def measure(count: int, rounds: int, processes: int, seconds: float = 10) -> list[tuple[Rate, Rate, Rate]]:
    """Return the rates of decoding, fingerprinting and the whole way, for each round."""
    kinds = [media.clip(500 + kind, seconds=seconds, fps=30, width=640, height=360) for kind in range(KINDS)]
    clips = [kinds[number % KINDS] for number in range(count)]
    found = []
    config = DecodeConfig(workers=processes)
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        Workers(config) as workers,
        tempfile.TemporaryDirectory() as folder,
    ):
        round_ = Round(clips, processes, pool, workers)
        list(pool.map(decode, clips[:processes]))
        with ThreadPoolExecutor(processes) as threads:
            list(threads.map(workers.fingerprint, clips[:processes]))
        for number in range(rounds):
            place = Path(folder) / str(number)
            place.mkdir()
            decoding = rate(
                round_.decoding, count, lambda: [process.pid for process in active_children() if process.pid]
            )
            fingerprinting = rate(round_.fingerprinting, count, lambda: workers.pids)
            found.append((decoding, fingerprinting, round_.whole_way(place)))
    return found


def main() -> None:
    """Be the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.clips_from_loopback", description=__doc__)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    found = measure(wanted.clips, wanted.rounds, wanted.processes)
    print(f"{wanted.clips} clips of 10 s, 640x360 H.264, {wanted.processes} processes, {wanted.rounds} rounds")
    print("by the clock, clips a second (and processor seconds a clip):")
    print("   decoding alone   fingerprinting   from loopback to judged")
    for line in found:
        print("".join(f"{speed:8.2f} ({cost:5.2f})" for speed, cost in line))
    for place, what in ((1, "fingerprinting"), (2, "the whole way")):
        speed = statistics.median(line[place][0] / line[0][0] for line in found)
        cost = statistics.median(line[place][1] / line[0][1] for line in found)
        print(f"{what}: {speed:.0%} of the speed of decoding alone, {cost:.0%} of its processor time")


if __name__ == "__main__":
    main()
