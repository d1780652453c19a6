"""Workers on other machines, in network namespaces: what they are worth, and what becomes of links when one is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.assemble import Outside
from bot.bench import workers as bench
from bot.bench.workers import children_of
from bot.certificates import DAYS, write_certificates
from bot.cli import app
from bot.cli.doctor import cluster_findings
from bot.cluster import scheduler, settings, worker
from bot.errors import OutsideError, UsageError
from bot.jobs import cluster_status
from bot.loopback.cluster import PROGRAM
from bot.loopback.machines import no_machines
from bot.loopback.ports import free_port
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.samples import media
from bot.text import UNFIT, line
from bot.tls import mutual
from tests.bots import Listening
from tests.cluster import LONG, soon, trial
from tests.hostile_worker import DEEDS, NAME
from tests.slow import slow
from tests.strace import OPENS, WRITES, dialled, lines, needs_strace, opened, strace, unhex, written
from tests.tracing import IN_BYTES, IN_PIXELS

if find_spec("distributed") is None:  # not imported here: that takes long, and each process reads this file
    pytest.skip("needs the extra cluster", allow_module_level=True)


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
    if why := no_machines():
        pytest.skip(why)


@slow
def test_what_workers_are_worth_is_measured() -> None:
    """Links go through two schedulers by turns, each once, and what a clip costs either is told, whatever it is."""
    asked = ["bench", "workers", "--workers", "2", "--rounds", "1", "--clips", "1", "--json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "WAITING", 0.5)
        result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    found = {line["what"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert found["a clip at the only worker"]["ours"] > 0
    assert found["a clip at one of 2"]["ours"] > 0
    assert found["2 workers, on paper"]["ours"] > 0
    assert found["links, each fetched and found once"]["ours"] >= 3


@slow
def test_workers_that_are_lost_lose_nothing(world: Stage, tmp_path: Path, log: Listening) -> None:
    """One is killed, one is cut off, one stands still, one is of another version: every link is found, and once."""
    on_machines()
    with trial(world, tmp_path, log, 4) as one:
        workers = [one.cluster.start(number, ready=False) for number in range(3)]
        old = one.cluster.start(3, version="0.0.9", ready=False)
        for worker in workers:
            one.cluster.ready(worker)
        assert "install the same" in old.wait_for("left", code=2)["reason"]
        one.post(20, LONG)
        began = time.monotonic()
        steps: list[tuple[float, Callable[[], None]]] = [
            (1.0, lambda: workers[0].tell(signal.SIGKILL)),
            (1.5, lambda: workers[1].tell(signal.SIGSTOP)),
            (2.0, lambda: one.machines.cut(2)),
            (6.0, lambda: workers[1].tell(signal.SIGCONT)),
        ]

        def meanwhile() -> None:
            while steps and time.monotonic() - began > steps[0][0]:
                steps.pop(0)[1]()

        one.drain(meanwhile)
        assert not steps
        one.cluster.scheduler.wait_for("worker left", worker="w2")
        workers[2].tell(signal.SIGTERM)  # it takes its time, for nobody hears that it goes
        one.post(4)
        one.drain()
        one.all_found_once()
        assert one.cluster.scheduler.wait_for("worker refused: another version")["worker"] == "w3-old"
        one.cluster.scheduler.wait_for("worker left", worker="w0")
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


def test_what_a_killed_worker_left_in_memory_is_removed() -> None:
    """The next worker removes it; the folder of one that lives, which holds its lock, stays."""
    with settings.scratch() as alive:
        left = Path(tempfile.mkdtemp(prefix=settings.PREFIX, dir=settings.MEMORY))
        (left / settings.LOCK).touch()
        with settings.scratch() as own:
            assert not left.exists()
            assert Path(own) != Path(alive)
            assert Path(alive).exists()
        assert not Path(own).exists()
    assert not Path(alive).exists()


@slow
def test_mistakes_in_setting_up_are_a_sentence_each(world: Stage, tmp_path: Path, log: Listening) -> None:
    """A name that is taken, a port that is taken, and a stranger at the workers' port, who is logged."""
    with trial(world, tmp_path, log, 0) as one:
        first = one.cluster.start(0)
        second = one.cluster.start(0, ready=False)
        assert "a worker called w0 is there already" in second.wait_for("left", code=2)["reason"]
        first.end()
        port = one.cluster.workers_port
        again = [*PROGRAM, "scheduler", "--certificates", str(one.cluster.certificates)]
        again += ["--workers", f"tls://127.0.0.1:{port}", "--coordinator", f"tls://127.0.0.1:{free_port()}"]
        done = subprocess.run(again, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (3, "")
        assert "address already in use; end what listens there" in " ".join(done.stderr.split())
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            said = one.cluster.scheduler.wait_for("somebody not let in: no certificate of ours, or no TLS")
        assert "127.0.0.1" in said["address"]


def unreached(address: str, certificates: Path) -> str:
    """Return in which sentence a worker ends that is led to an address."""
    options = worker.Options(scheduler=address, certificates=certificates, name="w")
    with pytest.raises(OutsideError) as ended:
        asyncio.run(worker.serve(options, Listening(), Outside()))
    return str(ended.value)


@slow
def test_a_worker_says_why_it_does_not_reach_its_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there, there is no such name, nobody answers, somebody hangs up: a sentence each."""
    write_certificates(tmp_path / "ours")
    nowhere = free_port()
    for scheme in ("tls", "tcp"):
        assert "refuses the connection: nothing listens" in unreached(
            f"{scheme}://127.0.0.1:{nowhere}", tmp_path / "ours"
        )
    assert "has a name that cannot be found" in unreached(f"tls://{'a' * 64}.invalid:1", tmp_path / "ours")
    monkeypatch.setattr(worker, "REACH_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        for scheme in ("tls", "tcp"):
            assert "does not answer within 0.5 s" in unreached(f"{scheme}://{address}", tmp_path / "ours")


@slow
def test_a_worker_says_who_does_not_let_whom_in(tmp_path: Path) -> None:
    """A scheduler of another authority is none of ours; one that takes no certificate of ours does not let us in."""
    for name in ("ours", "theirs"):
        write_certificates(tmp_path / name)
    strict = mutual(tmp_path / "ours", "scheduler", server=True)
    strict.load_verify_locations(str(tmp_path / "theirs" / "ca.pem"))
    only_theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    only_theirs.load_cert_chain(str(tmp_path / "ours" / "scheduler.pem"), str(tmp_path / "ours" / "scheduler.key"))
    only_theirs.load_verify_locations(str(tmp_path / "theirs" / "ca.pem"))
    only_theirs.verify_mode = ssl.CERT_REQUIRED

    def met(context: ssl.SSLContext | None) -> str:
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve() -> None:
                plain, _ = server.accept()
                with plain, contextlib.suppress(OSError):
                    if context is not None:
                        context.wrap_socket(plain, server_side=True).close()

            thread = threading.Thread(target=serve)
            thread.start()
            said = unreached(f"tls://127.0.0.1:{server.getsockname()[1]}", tmp_path / "ours")
            thread.join()
        return said

    assert "is none of ours" in met(mutual(tmp_path / "theirs", "scheduler", server=True))
    assert "does not let this worker in (tlsv1 alert unknown ca)" in met(only_theirs)
    assert "hangs up; is that its address for workers" in met(strict)
    assert "hangs up" in met(None)


def told_to_stop() -> Listening:
    """Let a worker begin at a scheduler that accepts and says nothing, and stop it then; return what it logged."""
    log = Listening()

    async def serve(address: str) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, stop.set)
        await worker.serve(worker.Options(scheduler=address, name="w"), log, Outside(), stop)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(serve(f"tcp://127.0.0.1:{silent.getsockname()[1]}"))
    return log


@slow
def test_a_worker_is_stopped_while_it_dials() -> None:
    """Told to stop while nobody answers, it ends well."""
    assert not told_to_stop().warnings


@slow
def test_a_worker_is_stopped_while_it_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop while the scheduler that let it in says nothing more, it ends well."""

    async def let_in(*_: object) -> None:
        """Let it in."""

    monkeypatch.setattr(worker, "_let_in", let_in)
    assert not told_to_stop().warnings


@slow
def test_a_worker_reaches_its_scheduler_past_an_address_that_swallows_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a name's two addresses the first never answers; the second is met in time. Where both refuse, that is said."""
    write_certificates(tmp_path / "ours")
    with socket.create_server(("127.0.0.1", 0)) as other, ExitStack() as full:
        port = other.getsockname()[1]

        def found(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", port)) for last in (2, 1)]

        full.enter_context(socket.create_server(("127.0.0.2", port), backlog=0))
        for _ in range(4):
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", port))
        monkeypatch.setattr(socket, "getaddrinfo", found)
        monkeypatch.setattr(worker, "REACH_SECONDS", 5.0)
        thread = threading.Thread(target=lambda: other.accept()[0].close())
        thread.start()
        try:
            assert "hangs up" in unreached(f"tls://scheduler.example:{port}", tmp_path / "ours")
        finally:
            with socket.socket() as last:  # whoever waits for the worker waits no more
                last.connect(("127.0.0.1", port))
            thread.join()
    assert "refuses the connection" in unreached(f"tls://scheduler.example:{port}", tmp_path / "ours")


@pytest.mark.parametrize("unit", ["scheduler", "worker"])
def test_a_unit_is_started_again_as_often_as_it_takes(unit: str) -> None:
    """What it needs may be away for minutes or days: systemd never gives it up."""
    docs = Path(__file__).resolve().parent.parent / "docs"
    said = (docs / f"gifwarden-{unit}.service").read_text(encoding="utf-8").splitlines()
    assert {"Restart=always", "StartLimitIntervalSec=0"} <= set(said)


def test_a_refused_worker_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was refused is told of as long as they come again, and no more an hour after; who joined is not."""
    known = scheduler.Cluster(Listening())
    known.refuse("old", "0.0.9")
    known.refuse("attic", "0.0.9")
    assert known.refused() == {"old": "0.0.9", "attic": "0.0.9"}
    known.joined("tls://127.0.0.1:1", "attic", 2)
    assert known.refused() == {"old": "0.0.9"}
    later = time.monotonic() + scheduler.REFUSED_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later - 1)
    assert known.refused() == {"old": "0.0.9"}
    known.refuse("old", "0.0.9")
    monkeypatch.setattr(time, "monotonic", lambda: later + 1)
    assert known.refused() == {"old": "0.0.9"}
    monkeypatch.setattr(time, "monotonic", lambda: later + scheduler.REFUSED_SECONDS)
    assert known.refused() == {}


@pytest.mark.parametrize("role", ["scheduler", "worker"])
def test_certificates_that_expire_soon_are_said_daily(
    role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From thirty days before, at start and each day, in the log of scheduler and worker; before, and by TCP, never."""
    monkeypatch.setattr(settings, "DAY", 0.0)

    def said(address: str, left: int) -> list[str]:
        folder, log = tmp_path / f"{address[:3]}{left}", Listening()
        write_certificates(folder, datetime.now(UTC) - timedelta(days=DAYS - left))

        async def look() -> None:
            async with settings.expiry_said(address, folder, role, log):
                for _ in range(20):
                    await asyncio.sleep(0)

        asyncio.run(look())
        return [str(facts["reason"]) for event, facts in log.warnings if event == "certificates expire soon"]

    told = said("tls://127.0.0.1:1", 29)
    assert len(told) > 1
    assert all("the certificates of the machines expire on" in one and "write all anew" in one for one in told)
    assert said("tls://127.0.0.1:1", 31) == []
    assert said("tcp://127.0.0.1:1", 29) == []


def test_what_is_missing_is_installed_where_this_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra a sentence gives the command of this environment's Python, for the folder of the source."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as missing:
        settings.distributed()
    assert str(missing.value).endswith(f"run in the folder of the source: {sys.executable} -m pip install '.[cluster]'")


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


@slow
@needs_strace
def test_a_worker_writes_nothing_and_speaks_with_nobody_else(world: Stage, tmp_path: Path, log: Listening) -> None:
    """It and its children open nothing to write but in Dask's folder in memory; they dial scheduler and hosts."""
    clip = media.clip(601, seconds=1, width=320, height=180, crf=0, marker=IN_BYTES, pixels=IN_PIXELS)
    trace = tmp_path / "trace"
    calls = f"{WRITES},{OPENS},connect,sendto,sendmsg,sendmmsg"
    with trial(world, tmp_path, log, 0) as one:
        worker = one.cluster.start(0, prefix=strace(trace, calls, "-yy", "-D", "--seccomp-bpf"))
        one.post(3, clip)
        one.drain()
        one.all_found_once()
        worker.end()
        ports = {one.cluster.workers_port, *one.world.park.network.roads[1].values()}
    seen = list(lines(trace))
    assert any(IN_BYTES in unhex(line) for line in seen if "write(" in line)  # to the child, through a pipe
    assert written(trace) == []
    # the detector of faces is handed to children in a file in memory, which has no place
    assert {path for path in opened(trace) if not re.match(r"/dev/(null$|shm/gifwarden-)", path)} <= {"detector"}
    assert any(path.startswith("/dev/shm/gifwarden-") for path in opened(trace))
    assert {(address, port) for address, port in dialled(trace)} == {("127.0.0.1", port) for port in ports}
    assert [line for line in seen if re.search(r" send\w*\(\d+<UDP", line)] == []


@slow
def test_a_slow_worker_gets_no_more_links_until_it_is_done(
    world: Stage, tmp_path: Path, log: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, others do the rest, its own links are found once; and so are those that it does ten times slower."""
    monkeypatch.setattr("bot.jobs.elsewhere.WAITS", 0.1)  # of 5 and 120 seconds
    monkeypatch.setattr("bot.jobs.elsewhere.FRONT_FILES", 0)
    with trial(world, tmp_path, log, 0) as one:
        first, _ = workers = [one.cluster.start(number, ready=False) for number in range(2)]
        for worker in workers:
            one.cluster.ready(worker)
        while not all(children_of(worker.made.pid) for worker in workers):
            one.post(4)
            one.drain()
        (child,) = children_of(first.made.pid)
        os.kill(child, signal.SIGSTOP)
        one.post(8)

        def told() -> dict[str, dict[str, Any]]:
            one.world.clock.sleep(2)  # hosts may rest
            one.bot.downloads.start()
            one.bot.downloads.wait(0.2)
            return {worker["name"]: worker for worker in cluster_status(one.bot.deps.config)["workers"]}

        soon(lambda: told()["w0"]["slow"])
        assert any("w0 has said nothing of a link for" in found.text for found in cluster_findings(one.bot.deps.config))
        one.cluster.scheduler.wait_for("worker slow: it gets no more links until it says something", worker="w0")
        soon(lambda: told() and one.open() <= 2)
        assert told()["w0"]["in_work"] <= 2
        with slowed(first.made.pid, child):
            one.post(8)
            one.drain()
        one.all_found_once()
        print(f"\n{cluster_status(one.bot.deps.config)}, {log.warnings}")


@contextmanager
def slowed(*pids: int) -> Iterator[None]:
    """Let processes run for a tenth of the time."""
    done = threading.Event()

    def turns() -> None:
        while not done.is_set():
            for number, seconds in ((signal.SIGCONT, 0.05), (signal.SIGSTOP, 0.45)):
                for pid in pids:
                    os.kill(pid, number)
                done.wait(seconds)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=turns, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(10)
