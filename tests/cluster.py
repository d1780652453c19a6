"""A coordinator on a loopback world whose links workers fetch, and what must hold of all of them at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.loopback.cluster import PATIENCE, Cluster, cluster
from bot.loopback.machines import Machines
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import Listening, bot_on, changed

HOSTS = [f"h{number}.example" for number in range(12)]
CLIP = media.clip(961, seconds=1, width=160, height=90)
LONG = media.clip(962, seconds=2, width=320, height=180)  # of which some are in work when their worker is lost


class Trial:
    """A coordinator on a loopback world whose links workers fetch."""

    def __init__(self, world: Stage, bot: Pipeline, running: Cluster, machines: Machines | None) -> None:
        self.world, self.bot, self.cluster = world, bot, running
        self._machines = machines
        self._count = 0

    @property
    def machines(self) -> Machines:
        """The machines of the workers."""
        assert self._machines
        return self._machines

    def post(self, count: int, clip: bytes = CLIP) -> None:
        """Post so many links, to as many hosts as there are in turn."""
        for _ in range(count):
            host = HOSTS[self._count % len(HOSTS)]
            url = self.world.park.add_direct(host, f"/{self._count}.mp4", clip)
            author = f"a{self._count}"
            self.world.reddit.submit("quiet", author=author, title="x", url=url, created=self.world.clock.now())
            self._count += 1
        self.bot.watch()

    def drain(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Let every link be fetched; time passes when nothing is in work."""
        end = time.monotonic() + 150
        while self.open():
            assert time.monotonic() < end, [(row.state, row.reason) for row in self.bot.deps.store.links.listing()]
            self.bot.downloads.start()
            meanwhile()
            if self.bot.downloads.in_work:
                self.bot.downloads.wait(0.5)
            else:
                self.world.clock.sleep(70)
                time.sleep(0.1)

    def open(self) -> int:
        """Return how many links are not fetched yet."""
        states = Counter(row.state for row in self.bot.deps.store.links.listing())
        return states[LinkState.SEEN] + states[LinkState.FAILED]

    def all_found_once(self) -> None:
        """Hold that each link has its evidence, one fingerprint of one media, and no claim."""
        rows = self.bot.deps.store.links.listing()
        assert Counter(row.state for row in rows) == {LinkState.ACQUIRED: self._count}
        for row in rows:
            assert len(self.bot.deps.store.links.fingerprints(row.id)) == 1
        assert self.bot.deps.store.connection.value("select count(*) from links where claim is not null") == 0


@contextmanager
def trial(world: Stage, folder: Path, log: Listening, machines: int, **fetch: object) -> Iterator[Trial]:
    """Yield a coordinator with a scheduler and machines for workers."""
    for host in HOSTS:
        world.park.add_name(host)
    with cluster(folder, world.park.network.roads, machines) as (running, made):
        world = changed(
            world,
            workers={"scheduler": running.door, "certificates": str(running.certificates)},
            hosts={"direct": {"allow": HOSTS}},
            fetch={"host_interval_seconds": 0, "concurrency": 6, "reuse_hours": 0, "total_seconds": 5, **fetch},
        )
        with bot_on(world, log) as bot:
            yield Trial(world, bot, running, made)


def soon(true: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.05)
