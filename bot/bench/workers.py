"""What workers on other machines are worth: processor time of a clip at one that is alone, and at one of several.

Each worker is in a network namespace where those may be made, else all are processes on loopback; links go the whole
way through scheduler and Dask. Several workers on one machine share its processors, which several machines would not:
so seconds of the processor are compared, not those of a clock. Rounds of the one and of the others take turns, so that
what else the machine does meets both. What a worker takes while it waits is measured and left out: on machines of
their own workers would wait for less long.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.acquire import Acquirer
from bot.assemble import Outside, web
from bot.bench.figures import Figure, Say
from bot.clock import SystemClock
from bot.cluster import settings
from bot.config import Config
from bot.errors import OutsideError
from bot.jobs import Elsewhere, cluster_status
from bot.loopback.cluster import Cluster
from bot.loopback.hosts import HostPark
from bot.loopback.machines import MOST, Machines, no_machines
from bot.model import Fingerprint, Link
from bot.samples import media

MOST_WORKERS = MOST - 1
LINKS = 2  # of a worker at once
HOSTS = tuple(f"media{n}.example.net" for n in range(12))
WAITING = 10.0  # seconds for which workers wait while that is measured
TRIES = 20  # times that links are given to all workers until each has begun to decode


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of the processor: of workers themselves, and of their decoding children."""

    own: float
    decoding: float

    @property
    def all(self) -> float:
        """Both together."""
        return self.own + self.decoding

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.own - other.own, self.decoding - other.decoding)


class Side:
    """A scheduler with workers, and a coordinator that gives them links."""

    def __init__(
        self, stack: ExitStack, folder: Path, park: HostPark, machines: Machines | None, numbers: Sequence[int]
    ) -> None:
        """`stack`: ends it. `machines`: on which its workers are, those of `numbers`; None: all are on this one."""
        folder.mkdir()
        self._cluster = stack.enter_context(closing(Cluster(folder, park.network.roads, machines)))
        for one in [self._cluster.start(number, links=LINKS, ready=False) for number in numbers]:
            self._cluster.ready(one)
        self.config = Config.model_validate(
            {
                "workers": {"scheduler": self._cluster.door, "certificates": str(self._cluster.certificates)},
                "hosts": {"direct": {"allow": HOSTS}},
                "fetch": {"host_interval_seconds": 0, "concurrency": 64},
            }
        )
        outside = Outside(resolve=park.network.resolve, dial=park.network.dial)
        fetcher = stack.enter_context(web(self.config.fetch, SystemClock(), outside))
        self._jobs = Elsewhere(self.config, Acquirer(self.config, fetcher, SystemClock()))
        self._park = park
        self.found: list[tuple[Link, Fingerprint]] = []
        self.costs: list[float] = []  # of a clip in each round
        self.decoding: list[float] = []

    @property
    def pids(self) -> list[int]:
        """The processes of its workers."""
        return [one.made.pid for one in self._cluster.workers.values()]

    def warm(self, clip: bytes) -> None:
        """Let each worker start its child. Raises OutsideError if one gets no link."""
        for _ in range(TRIES):
            self.go(clip, LINKS * len(self.pids))
            if all(map(children_of, self.pids)):
                return
        raise OutsideError("a worker gets no links; this machine may have too much else to do")

    def go(self, clip: bytes, count: int) -> None:
        """Let so many links be fetched and decoded. Raises ClusterError if one of them is lost."""
        links = []
        for number in range(len(self.found), len(self.found) + count):
            name = f"/{id(self)}-{number}.mp4"
            host = HOSTS[number % len(HOSTS)]
            url = self._park.add_direct(host, name, clip)
            links.append(Link(url=url, host="direct", id=f"{host}{name}", kind="media", source="link"))
        with ThreadPoolExecutor(LINKS * len(self.pids)) as pool:
            self.found += pool.map(self._one, links)

    def _one(self, link: Link) -> tuple[Link, Fingerprint]:
        with self._jobs.begin(link, want_original=False, in_front=True) as fetched:
            ((_, found),) = fetched.prints(faces=False, pace=None)
        if not isinstance(found, Fingerprint):
            raise found
        return link, found

    def round(self, clip: bytes, clips: int, waiting: float) -> None:
        """Note what a clip costs in one round. `waiting`: seconds of the processor a second of a worker that waits."""
        count = clips * len(self.pids)
        before, began = cost(self.pids), time.monotonic()
        self.go(clip, count)
        used = cost(self.pids) - before
        idle = waiting * (time.monotonic() - began) * len(self.pids)
        self.costs.append((used.all - idle) / count)
        self.decoding.append(used.decoding / count)

    def figure(self, what: str, clips: int) -> Figure:
        """Return what a clip costs here."""
        note = f"{_between(self.costs, 1000)} in {len(self.costs)} rounds of {clips} a worker; "
        note += f"{1000 * median(self.decoding):.0f} of it decoding"
        return Figure(what=what, ours=1000 * median(self.costs), unit="ms", note=note)


def run(say: Say, workers: int = 3, rounds: int = 10, clips: int = 8) -> Iterator[Figure]:
    """Yield what a clip costs one worker and `workers` of them, and what these are worth on paper.

    Raises UsageError without the extra, and OutsideError if a link is lost or fetched twice.
    """
    settings.distributed()
    why = no_machines()
    clip = media.clip(961, seconds=2, width=320, height=180)
    with tempfile.TemporaryDirectory() as folder, HostPark() as park, ExitStack() as stack:
        for host in HOSTS:
            park.add_name(host)
        machines = None if why else stack.enter_context(closing(Machines(1 + workers)))
        say("starting workers" + (" on loopback" if why else " in network namespaces"))

        def side(numbers: range) -> Side:
            made = Side(stack, Path(folder, str(numbers.start)), park, machines, numbers)
            made.warm(clip)
            return made

        with ThreadPoolExecutor(2) as pool:
            alone, several = pool.map(side, (range(1), range(1, 1 + workers)))
        say("waiting")
        pids = alone.pids + several.pids
        before, began = cost(pids), time.monotonic()
        time.sleep(WAITING)
        waiting = (cost(pids) - before).all / (time.monotonic() - began) / len(pids)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            alone.round(clip, clips, waiting)
            several.round(clip, clips, waiting)
        load = os.getloadavg()[0]
        done = _each_once(alone, several, park)
    yield alone.figure("a clip at the only worker", clips)
    yield several.figure(f"a clip at one of {workers}", clips)
    yield Figure(what="a worker that waits", ours=100 * waiting, unit="% of a processor", note="left out above")
    pairs = [workers * one / other for one, other in zip(alone.costs, several.costs, strict=True)]
    yield Figure(
        what=f"{workers} workers, on paper",
        ours=workers * median(alone.costs) / median(several.costs),
        unit="times one",
        limit=float(workers),
        limited_by="if a clip costs no more",
        note=f"{_between(pairs)} from round to round; load {load:.0f}; " + ("on loopback" if why else "in namespaces"),
    )
    yield Figure(what="links, each fetched and found once", ours=done, unit="", note="none lost")


def _between(values: Sequence[float], times: float = 1) -> str:
    digits = 0 if times > 1 else 2
    return f"{times * min(values):.{digits}f} to {times * max(values):.{digits}f}"


def _each_once(alone: Side, several: Side, park: HostPark) -> int:
    """Return how many links there were. Raises OutsideError unless each was fetched once, and all are the same clip."""
    found = alone.found + several.found
    told = [cluster_status(side.config) for side in (alone, several)]
    if sum(one["lost"] for one in told) or sum(one["done"] for one in told) != len(found):
        raise OutsideError(f"of {len(found)} links the schedulers tell otherwise: {told}")
    asked = Counter(request.path for request in park.log)
    if set(asked.values()) != {1} or len(asked) != len({link.url for link, _ in found}):
        raise OutsideError(f"of {len(found)} links some were not fetched once: {asked.most_common(3)}")
    if len({one.sha256 for _, one in found}) != 1:
        raise OutsideError("the same clip was found to be several")
    return len(found)


def cost(pids: Sequence[int]) -> Cost:
    """Return what processes and their children took of the processor until now."""
    own = decoding = 0
    for pid in pids:
        user, system, *gone = _times(pid)
        own += user + system
        decoding += sum(gone) + sum(sum(_times(child)[:2]) for child in children_of(pid))
    second = os.sysconf("SC_CLK_TCK")
    return Cost(own / second, decoding / second)


def children_of(process: int | str) -> list[int]:
    """Return the processes that a process started and that still run; `process`: its number, or self."""
    found: list[int] = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile
            found += map(int, file.read_text(encoding="ascii").split())
    return found


def _times(pid: int) -> list[int]:
    """Return user and system time, and both of children that ended, in ticks; all are 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]
