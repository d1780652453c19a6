"""Workers on other machines, in network namespaces: what they are worth, and what becomes of links when one is lost."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import pytest

from bot.jobs import cluster_status
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from bot.text import UNFIT, line
from bot.tls import mutual
from tests.bots import Listening, bot_on, changed
from tests.cluster import Cluster, Machines, Process, cluster, may_make_namespaces, soon
from tests.hostile_worker import DEEDS, NAME
from tests.processors import apart, children, keep_to, seconds
from tests.slow import slow

if find_spec("distributed") is None:  # not imported here: that takes long, and each process reads this file
    pytest.skip("needs the extra cluster", allow_module_level=True)
HOSTS = [f"h{number}.example" for number in range(12)]
CLIP = media.clip(961, seconds=2, width=320, height=180)
ROUNDS, CLIPS = 3, 4  # clips of a worker in a round


def written(pid: int) -> int:
    """Return how many bytes a process and its children gave to a disk."""
    total = 0
    for one in (pid, *children(pid)):
        lines = dict(line.split(": ") for line in Path(f"/proc/{one}/io").read_text().splitlines())
        total += int(lines["write_bytes"])
    return total


def files_open(pid: int) -> set[str]:
    """Return what files a process and its children hold open for writing."""
    found = set()
    for one in (pid, *children(pid)):
        for fd in Path(f"/proc/{one}/fd").iterdir():
            try:
                target, flags = str(fd.readlink()), Path(f"/proc/{one}/fdinfo/{fd.name}").read_text().split()[3]
            except OSError:
                continue
            if int(flags, 8) & 3 and target.startswith("/") and not target.startswith(("/dev/null", "/proc")):
                found.add(target)
    return found


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

    def post(self, count: int) -> None:
        """Post so many links, to as many hosts as there are in turn."""
        for _ in range(count):
            host = HOSTS[self._count % len(HOSTS)]
            url = self.world.park.add_direct(host, f"/{self._count}.mp4", CLIP)
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


def answer(context: ssl.SSLContext, plain: socket.socket) -> bytes:
    """Return what is said to a question at the door, nothing if the door is shut."""
    with plain:
        try:
            with context.wrap_socket(plain, server_hostname="scheduler") as line:
                line.sendall((17).to_bytes(4, "big") + b'{"ask": "status"}')
                return line.recv(1)
        except OSError:
            return b""


def on_machines() -> None:
    """Skip where no network namespace can be made."""
    if why := may_make_namespaces():
        pytest.skip(why)


@slow
def test_three_workers_are_worth_three(world: Stage, tmp_path: Path, log: Listening) -> None:
    """A clip costs a worker the same whether it is alone or one of three, and none of it goes to a disk.

    Three machines have a processor each; here each has a third of one, as the single one before and after has.
    """
    on_machines()
    processor, others = apart()
    everywhere = os.sched_getaffinity(0)
    try:
        with trial(world, tmp_path, log, 3) as one:
            first = one.cluster.start(0)
            keep_to(others)
            keep_to(others, one.cluster.scheduler.made.pid)
            alone = _costs(one, [first], processor)
            three = [first, one.cluster.start(1), one.cluster.start(2)]
            before = sum(written(worker.made.pid) for worker in three)
            together = _costs(one, three, processor)
            assert sum(written(worker.made.pid) for worker in three) - before < len(CLIP)
            for worker in three:
                assert not {path for path in files_open(worker.made.pid) if not path.startswith("/dev/shm/gifwarden-")}
            for worker in three[1:]:
                worker.end()
            alone += _costs(one, [first], processor)
            one.all_found_once()
    finally:
        keep_to(everywhere)
    worth = 3 * median(alone) / median(together)
    print(f"\nseconds of processor a clip: alone {alone}, one of three {together}; load {os.getloadavg()[0]:.0f}")
    print(f"on paper three workers do {worth:.2f} times what one does")
    assert worth >= 0.85 * 3


def _costs(one: Trial, workers: list[Process], processor: set[int]) -> list[float]:
    """Return the processor seconds that a clip costs all workers together in each round, their start aside."""
    pids = [worker.made.pid for worker in workers]
    for _ in range(10):  # until each has started its child
        if all(map(children, pids)):
            break
        one.post(2 * len(workers))
        one.drain()
    for pid in pids:
        keep_to(processor, pid)
    costs = []
    for _ in range(ROUNDS):
        before = sum(map(seconds, pids))
        one.post(CLIPS * len(workers))
        one.drain()
        costs.append((sum(map(seconds, pids)) - before) / (CLIPS * len(workers)))
    return costs


@slow
def test_workers_that_are_lost_lose_nothing(world: Stage, tmp_path: Path, log: Listening) -> None:
    """One is killed, one is cut off, one stands still, one is of another version: every link is found, and once."""
    on_machines()
    with trial(world, tmp_path, log, 4) as one:
        workers = [one.cluster.start(number) for number in range(3)]
        old = one.cluster.start(3, version="0.0.9", ready=False)
        assert "install the same" in old.wait_for("left", code=2)["reason"]
        one.post(24)
        began, done = time.monotonic(), set[str]()

        def meanwhile() -> None:
            passed = time.monotonic() - began
            if passed > 1.0 and "killed" not in done:
                done.add("killed")
                workers[0].made.send_signal(signal.SIGKILL)
            if passed > 1.5 and "stopped" not in done:
                done.add("stopped")
                workers[1].made.send_signal(signal.SIGSTOP)
            if passed > 6 and "goes on" not in done:
                done.add("goes on")
                workers[1].made.send_signal(signal.SIGCONT)
            if passed > 7 and "cut" not in done:
                done.add("cut")
                one.machines.cut(2)

        one.drain(meanwhile)
        while "cut" not in done:
            time.sleep(0.2)
            meanwhile()
        one.post(4)
        one.drain()
        one.all_found_once()
        assert one.cluster.scheduler.wait_for("worker refused: another version")["worker"] == "w3-old"
        one.cluster.scheduler.wait_for("worker left", worker="w0")
        one.cluster.scheduler.wait_for("worker left", worker="w2")
        assert any(event == "worker lost" for event, _ in log.warnings)
        status = cluster_status(one.bot.deps.config)
        assert [worker["name"] for worker in status["workers"]] == ["w1"]
        assert [worker["name"] for worker in status["refused"]] == ["w3-old"]
        assert status["lost"] >= 1
        print(f"\n{status}, lost as the log says: {sum(event == 'worker lost' for event, _ in log.warnings)}")


@slow
def test_a_worker_that_was_taken_over_harms_nobody_but_its_links(world: Stage, tmp_path: Path, log: Listening) -> None:
    """Whatever it answers through Dask, nothing runs in the coordinator and nothing stops it; each link is tried again.

    Its pickles run in the scheduler, as docs/safety.md says: that shows that the bombs are live.
    """
    ran = tmp_path / "ran"
    with trial(world, tmp_path, log, 0) as one:
        bad = one.cluster.start(0, module="tests.hostile_worker", folder=str(ran))
        for number in range(5):
            one.cluster.scheduler.wait_for("worker joined", worker=line(f"{NAME}{number}"))
        one.post(len(DEEDS))
        end = time.monotonic() + 60
        while not all(row.attempts for row in one.bot.deps.store.links.listing()):
            assert time.monotonic() < end, [(row.state, row.reason) for row in one.bot.deps.store.links.listing()]
            one.bot.downloads.start()
            one.bot.downloads.wait(0.5)
            if not one.bot.downloads.in_work:
                one.world.clock.sleep(2)  # hosts rest, but no link is due again
        for deed in DEEDS:
            bad.wait_for("deed", deed=deed.__name__)
        told = cluster_status(one.bot.deps.config)
        assert len(told["workers"]) == 6
        assert all(worker["links"] <= 64 and not UNFIT.search(worker["name"]) for worker in told["workers"])
        rows = one.bot.deps.store.links.listing()
        assert {(row.state, row.attempts) for row in rows} == {(LinkState.FAILED, 1)}
        for row in rows:
            print(row.reason)
            assert row.reason
            assert len(row.reason) <= 500
            assert not UNFIT.search(row.reason)
            assert "\n" not in row.reason
        opened = {int(path.name) for path in ran.iterdir()}
        assert one.cluster.scheduler.made.pid in opened
        assert os.getpid() not in opened
        for row in rows:
            tokens = one.bot.deps.acquirer.standing(row.link).state.values()
            assert all(token.isascii() and token.isprintable() for token in tokens)
        bad.end(signal.SIGKILL)
        one.cluster.scheduler.wait_for("worker left", worker="w0")
        one.cluster.start(1)
        one.drain()
        one.all_found_once()


@slow
def test_a_worker_that_is_told_to_stop_gives_its_links_back(world: Stage, tmp_path: Path, log: Listening) -> None:
    """SIGTERM ends a worker within seconds; its links wait uncounted for another one. The scheduler ends as soon."""
    with trial(world, tmp_path, log, 0) as one:
        first = one.cluster.start(0)
        one.post(6)
        one.bot.downloads.start()
        soon(lambda: cluster_status(one.bot.deps.config)["workers"][0]["in_work"])
        assert first.end() < 20
        assert first.made.returncode == 0
        soon(lambda: not one.bot.downloads.in_work)
        one.cluster.start(1)
        one.drain()
        one.all_found_once()
        assert sum(row.attempts for row in one.bot.deps.store.links.listing()) == 0
        assert one.cluster.scheduler.end() < 20
        one.post(1)
        one.bot.downloads.start()
        soon(lambda: not one.bot.downloads.in_work)
        assert "does not answer" in (one.bot.deps.jobs.away() or "")


@slow
def test_who_has_no_certificate_of_ours_gives_no_jobs(world: Stage, tmp_path: Path, log: Listening) -> None:
    """The scheduler's door opens for the coordinator's certificate alone, not for none, and not for a worker's."""
    with trial(world, tmp_path, log, 0) as one:
        port = int(one.cluster.door.rpartition(":")[2])
        nothing = ssl.create_default_context(cafile=str(one.cluster.certificates / "ca.pem"))
        for context in (nothing, mutual(one.cluster.certificates, "worker")):
            plain = socket.create_connection(("127.0.0.1", port), 20)
            assert answer(context, plain) == b""
        assert cluster_status(one.bot.deps.config)["workers"] == []
