"""A failure at every statement and at every call of an owner: everything ends as if nothing had happened.

    python -m tests.every_statement [--only WORDS] [--kind KIND] [--sample N] [--jobs N] [--log FILE] [--list]

The scenario of the kill tests runs once undisturbed, which names the points; then once for each point and kind with one
fault there, and on without faults to the end. What the loopback servers received and what the database holds must be
the same. Exit code 1 if anything differs. Fingerprints are those that real children made of these files before.
A log has a JSON line for each run; started again with it, what stands in it is not run again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from bot.assemble import DATABASE, Children, Outside, Parts, assembled
from bot.clock import ManualClock
from bot.config import DecodeConfig
from bot.loopback.network import LoopbackNetwork
from bot.loopback.stage import Stage
from bot.model import Fingerprint
from bot.pipeline import Pipeline
from bot.workers import Workers
from tests.bots import dismiss, lent
from tests.dump import dump
from tests.failing import ENDS_A_PROCESS, KINDS, Breaker
from tests.killing import Places, Silent, order_the_rest, state_notices
from tests.test_kill import outcome, world

ROUNDS = 7
_BURST = re.compile(r"^\*\*[^*]+\*\*\n\n|\s*\[[^\]]*#\d+\]")  # an answer's title and number
_DONE = re.compile(r"- \*\*Done:\*\*[^\n]*")  # what was done by then hangs on when it is said
_LABEL = re.compile(r"\b[A-Z]-[0-9a-f]{10}\b")
WAIT = 400.0  # seconds between two rounds: whatever is tried again later is due by then
# How often something was tried, and what was said of it, may differ; what came of it may not
MAY_DIFFER = [
    *((table, column) for table in ("links", "actions") for column in ("attempts", "reason", "tries", "fetched_at")),
    ("actions", "receipt"),
    ("orders", "tries"),
    ("watched", "failures"),
    ("watched", "sentence"),
]
MAY_DIFFER_TABLES = ("host_health ", "audit ", "watermarks ", "digests ", "subreddit_turns ")
SPAWN = multiprocessing.get_context("forkserver")
Memory = dict[str, Fingerprint]


class Remembered:
    """Hands out fingerprints that real children made before; whoever asks for another gets it made."""

    def __init__(self, memory: Memory, breaker: Breaker) -> None:
        self._memory = memory
        self._breaker = breaker
        self.stopped = False

    def fingerprint(self, data: bytes, also: Sequence[bytes] = (), **asked: Any) -> Fingerprint:
        """Return what is in a file."""
        self._breaker.decode()
        key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in (data, *also))).hexdigest()
        if key not in self._memory:
            with lent(DecodeConfig(without_filter=True)) as workers:
                self._memory[key] = workers.fingerprint(data, also, **asked)
        return self._memory[key]

    def stop(self) -> None:
        """Take no more files."""
        self.stopped = True


def live(places: Places, breaker: Breaker, memory: Memory) -> None:
    """Work as the daemon does, a failing step being called again in the next round; started again if it ends."""
    network = LoopbackNetwork()
    for name in places.names:
        network.serve(name, places.port)
    outside = Outside(
        reddit_url=places.reddit_url, oauth_url=places.reddit_url, resolve=network.resolve, dial=network.dial
    )

    @contextlib.contextmanager
    def children(*_: object) -> Iterator[Workers]:
        yield cast(Workers, Remembered(memory, breaker))

    clock = ManualClock(places.start)
    parts = Parts(outside=outside, children=cast(Children, children), connection=breaker.connections())
    left = ROUNDS
    with breaker.owners():
        while left > 0:
            try:
                with assembled(places.config, Silent(), parts=parts, clock=clock) as pipeline:
                    while left > 0:
                        left -= 1
                        _round(pipeline)
                        clock.sleep(WAIT)
            except ENDS_A_PROCESS:
                if not breaker.struck:
                    raise
                left -= 1
                clock.sleep(WAIT)


def _round(pipeline: Pipeline) -> None:
    steps: tuple[Callable[[], object], ...] = (
        pipeline.watch,
        pipeline.follow,
        pipeline.obey,
        pipeline.work,
        pipeline.act,
        lambda: state_notices(pipeline),
        lambda: order_the_rest(pipeline),
        pipeline.purge,
        pipeline.forget,
    )
    for step in steps:
        with contextlib.suppress(*ENDS_A_PROCESS):
            step()


def state_of(built: Stage, places: Places) -> dict[str, Any]:
    """Return what the world received and the database holds at the end."""
    lines = dump(places.config.storage.path / DATABASE, MAY_DIFFER)
    return {
        **outcome(built, places.config),
        # which of several removals at once opens the conversation and which stand below it is no matter
        "answers": sorted(
            _DONE.sub("", _BURST.sub("", _LABEL.sub("", body)))
            for body in (
                *(body for _, _, body in built.reddit.modmails),
                *(body for _, body in built.reddit.received.answers),
            )
        ),
        "mail": Counter(str(mail.message["Message-ID"]) for mail in built.mail.received).values(),
        "database": [line for line in lines if not line.startswith(MAY_DIFFER_TABLES)],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a run without a fault meets and ends in."""

    met: Mapping[str, int]
    state: Mapping[str, Any]
    memory: Memory


def undisturbed() -> Undisturbed:
    """Run once without a fault."""
    memory: Memory = {}
    breaker = Breaker()
    with world() as (built, places):
        live(places, breaker, memory)
        state = state_of(built, places)
    state["mail"] = sorted(state["mail"])
    return Undisturbed(met=breaker.met, state=state, memory=memory)


def die(places: Places, point: str, memory: Memory) -> None:
    """What the process does that is killed."""
    live(places, Breaker(point, "kill"), memory)


def disturbed(point: str, kind: str, clean: Undisturbed) -> list[str]:
    """Run with one fault; return a sentence for each difference."""
    with world() as (built, places):
        if kind == "kill":
            child = SPAWN.Process(target=die, args=(places, point, clean.memory))
            child.start()
            child.join(180)
            if child.exitcode != -signal.SIGKILL:
                return [f"the process was not killed there, it ended with {child.exitcode}"]
            child.close()
            places = replace(places, start=places.start + timedelta(minutes=20))
            live(places, Breaker(), dict(clean.memory))
        else:
            breaker = Breaker(point, kind)
            live(places, breaker, dict(clean.memory))
            if not breaker.struck:
                return ["this point was not met"]
        state = state_of(built, places)
    # a mail that may have been accepted is sent again with the same Message-ID, as SMTP has it
    twice = point.startswith("mail after") or (kind == "kill" and "outbox" in point)
    state["mail"] = [min(number, 2 if not twice else 1) for number in sorted(state["mail"])]
    return list(_differences(clean.state, state))


def _differences(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for what, value in wanted.items():
        if found[what] != value and what == "database":
            before, after = Counter(value), Counter(found[what])
            yield from (f"lost: {line[:400]}" for line in (before - after))
            yield from (f"new: {line[:400]}" for line in (after - before))
        elif found[what] != value:
            yield f"{what}: {_shorter(value, found[what])}"


def _shorter(wanted: Any, found: Any) -> str:
    if isinstance(wanted, list) and isinstance(found, list):
        before, after = Counter(map(str, wanted)), Counter(map(str, found))
        return f"lost {[str(one)[:200] for one in before - after]}, new {[str(one)[:200] for one in after - before]}"
    return f"{wanted} → {found}"


def _guarded(point: str, kind: str, clean: Undisturbed) -> list[str]:
    try:
        return disturbed(point, kind, clean)
    except Exception as error:  # noqa: BLE001  becomes the row of the table
        return [f"the run ended with {type(error).__name__}: {error}"]


def _logged(file: Path | None) -> dict[tuple[str, str], list[str]]:
    """Return what a log says already: differences by point and kind of fault."""
    if file is None or not file.exists():
        return {}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return {(row["point"], row["kind"]): row["differences"] for row in rows}


def _finished(
    runs: Sequence[tuple[str, str]], clean: Undisturbed, jobs: int, log: Path | None
) -> Iterator[tuple[str, str, list[str]]]:
    """Run what the log does not have yet; yield point, kind and differences of each as it ends."""
    known = _logged(log)
    yield from ((point, kind, known[point, kind]) for point, kind in runs if (point, kind) in known)
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        left = [run for run in runs if run not in known]
        work = {pool.submit(_guarded, point, kind, clean): (point, kind) for point, kind in left}
        for done in as_completed(work):
            point, kind = work[done]
            differences = done.result()
            if log is not None:
                with log.open("a", encoding="utf-8") as out:
                    out.write(json.dumps({"point": point, "kind": kind, "differences": differences}) + "\n")
            yield point, kind, differences


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return the exit code."""
    asked = argparse.ArgumentParser(prog="python -m tests.every_statement")
    asked.add_argument("--only", default="", help="points that hold these words")
    asked.add_argument("--kind", choices=KINDS, action="append", help="kinds of fault; all without it")
    asked.add_argument(
        "--sample", type=int, default=0, help="so many runs, chosen by chance that is the same each time"
    )
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--log", type=Path, help="write each run to this file; what stands in it is not run again")
    asked.add_argument("--list", action="store_true", help="print the points and how often each is met, and stop")
    given = asked.parse_args(arguments)
    clean = undisturbed()
    dismiss()
    points = [point for point in clean.met if given.only in point]
    if given.list:
        print("\n".join(f"{clean.met[point]:5} {point}" for point in points))
        print(f"{len(points)} points")
        return 0
    runs = [(point, kind) for point in points for kind in given.kind or KINDS]
    runs = [(point, kind) for point, kind in runs if kind != "stuck" or " | " in point]
    random.Random(14).shuffle(runs)
    if given.sample > 0:
        runs = runs[: given.sample]
    wrong, ran, began = 0, Counter[str](), time.monotonic()
    for point, kind, differences in _finished(runs, clean, given.jobs, given.log):
        ran[kind] += 1
        if differences:
            wrong += 1
            print("\n".join([f"WRONG {kind} at {point}", *(f"    {line}" for line in differences)]), flush=True)
        elif sum(ran.values()) % 25 == 0:
            print(f"{sum(ran.values())} of {len(runs)}, {wrong} wrong", flush=True)
    print(f"{len(points)} points; {time.monotonic() - began:.0f} s")
    print("\n".join(f"{kind:8} {ran[kind]:5} runs" for kind in KINDS))
    print(f"{wrong} of {len(runs)} runs ended differently")
    return 1 if wrong else 0


if __name__ == "__main__":
    SPAWN.set_forkserver_preload(["tests.every_statement"])
    sys.exit(main(sys.argv[1:]))
