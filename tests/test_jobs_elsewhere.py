"""Links that workers elsewhere fetch: nothing is lost, nothing is done twice, and nothing they say is obeyed."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.certificates import good_until, write_certificates
from bot.cli.doctor import cluster_findings
from bot.config import Config
from bot.errors import UsageError
from bot.jobs import ClusterError, cluster_status, messages
from bot.jobs.messages import packed, unpacked
from bot.loopback.http import Response
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from bot.text import UNFIT
from bot.tls import mutual
from tests.bots import Listening, fake, post_fake
from tests.elsewhere import Ended, elsewhere
from tests.people import member


@pytest.fixture
def known() -> Sequence[bytes]:
    """The fake is banked."""
    return (fake(),)


def told(said: bytes) -> str:
    """Return what kind of message it is."""
    return str(unpacked(said)[0]["is"])


def fetch(bot: Pipeline) -> None:
    """Fetch and decode what can be started now, and nothing else."""
    bot.downloads.start()
    while bot.downloads.in_work:
        bot.downloads.wait(60)


@pytest.mark.slow
def test_a_worker_elsewhere_finds_what_this_machine_finds(world: Stage, bot: Pipeline) -> None:
    """Evidence and fingerprints are the same, bit for bit, whichever machine fetched the link."""
    post_fake(world)
    bot.watch()
    fetch(bot)
    store = bot.deps.store
    here, prints = store.links.evidence(1), store.links.fingerprints(1)
    assert here is not None
    store.queue.fetch_afresh(1)
    with elsewhere(world, bot) as away:
        fetch(away)
    there = store.links.evidence(1)
    assert there is not None
    assert replace(there, fetched_at=here.fetched_at) == here
    assert store.links.fingerprints(1) == prints
    assert store.links.get(1).state == LinkState.ACQUIRED


def test_a_marked_file_is_dropped_by_the_worker_before_it_is_decoded(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker tells digests, the coordinator knows the mark, and no decoder gets a byte."""
    first = post_fake(world)
    bot.tick()
    bot.decisions.minors.minor(first, by=member(bot))
    world.park.add_redgifs("SameAgain", sd=fake(), hd=fake(), width=320, height=180)
    url = "https://www.redgifs.com/watch/sameagain"
    world.reddit.submit("clips", author="b", title="x", url=url, created=world.clock.now())
    bot.watch()
    decoded: list[int] = []
    monkeypatch.setattr(bot.deps.workers, "fingerprint", lambda *_, **__: decoded.append(1))
    said: list[str] = []

    def listening(body: bytes) -> bytes:
        said.append(told(body))
        return body

    with elsewhere(world, bot, spoil=listening) as away:
        fetch(away)
    assert said == ["fetched", "dropped"]
    assert not decoded
    assert bot.deps.store.links.get(2).state == LinkState.BLOCKED


@pytest.mark.parametrize("when", ["fetched", "print", "end"])
def test_a_link_whose_worker_is_lost_is_tried_again_and_counted_once(
    world: Stage, bot: Pipeline, log: Listening, when: str
) -> None:
    """A worker that dies costs one attempt of the link it had, which is said; the next try finds what is there."""
    post_fake(world)
    bot.watch()

    def lost(body: bytes) -> bytes:
        if told(body) == when:
            raise Ended
        return body

    with elsewhere(world, bot, spoil=lost) as away:
        fetch(away)
    row = bot.deps.store.links.get(1)
    if when == "end":  # all that was asked for had come
        assert (row.state, row.attempts) == (LinkState.ACQUIRED, 0)
        return
    assert (row.state, row.attempts, row.tries) == (LinkState.FAILED, 1, 0)
    assert "worker" in (row.reason or "")
    assert any(event == "worker lost" for event, _ in log.warnings)
    world.clock.sleep(1200)
    with elsewhere(world, bot) as away:
        fetch(away)
    assert bot.deps.store.links.get(1).state == LinkState.ACQUIRED


def test_links_wait_uncounted_while_no_worker_is_there(world: Stage, bot: Pipeline, log: Listening) -> None:
    """A scheduler that does not answer costs no link an attempt; it is said once, and not asked with every link."""
    post_fake(world)
    bot.watch()
    dialled: list[int] = []

    def nobody() -> Any:
        dialled.append(1)
        raise ClusterError("the scheduler does not answer")

    with elsewhere(world, bot, dial=nobody) as away:
        fetch(away)
        for _ in range(3):
            away.downloads.start()
        assert not away.downloads.waiting()
    row = bot.deps.store.links.get(1)
    assert (row.state, row.attempts, row.tries) == (LinkState.SEEN, 0, 0)
    assert len(dialled) == 1
    assert [event for event, _ in log.warnings].count("no worker takes links; they wait") == 1
    world.clock.sleep(60)
    with elsewhere(world, bot) as away:
        fetch(away)
    assert bot.deps.store.links.get(1).state == LinkState.ACQUIRED


def test_what_a_host_asks_of_one_worker_holds_for_all(world: Stage, bot: Pipeline) -> None:
    """A host that asks one machine to wait is left alone by every other, and its token is asked for once."""
    post_fake(world)
    bot.watch()
    with elsewhere(world, bot) as away:
        fetch(away)
    assert bot.deps.acquirer.standing(bot.deps.store.links.get(1).link).state.get("token")
    bot.deps.store.queue.fetch_afresh(1)
    world.park.fail_once(
        "api.redgifs.com", "/v2/gifs/onetwothree", Response(status=429, headers={"Retry-After": "900"})
    )
    with elsewhere(world, bot) as away:
        fetch(away)
    assert 800 < bot.deps.acquirer.rests_for("redgifs") <= 900
    assert sum(request.path.endswith("/auth/temporary") for request in world.park.log) == 1


def test_a_worker_of_another_version_gets_no_link(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says in one sentence what to do, and the link waits as it is."""
    post_fake(world)
    bot.watch()
    with elsewhere(world, bot) as away:
        monkeypatch.setattr("bot.jobs.work.version", lambda: "0.0.9+00000000")
        fetch(away)
    row = bot.deps.store.links.get(1)
    assert (row.state, row.attempts) == (LinkState.SEEN, 0)
    assert "install the same" in (row.reason or "")


class Opened:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, int]]:
        return os.mkdir, (str(self.path), 0o700)


LIES = {
    "no message": b"\x80\x04no",
    "a list": b"[]",
    "a time without end": packed({"is": "fetched", "standing": {"due": 10**400, "rest": 0, "state": {}}}),
    "no files": packed({"is": "fetched", "files": [], "failures": [], "later": []}),
    "a place beyond": packed({"is": "fetched", "files": [[99, [["0" * 64, "0" * 32]], False, None]], "failures": []}),
    "the same place twice": packed(
        {"is": "fetched", "files": [[0, [["0" * 64, "0" * 32]], False, None]] * 2, "failures": [], "later": []}
    ),
    "short digests": packed({"is": "fetched", "files": [[0, [["0", "0"]], False, None]], "failures": []}),
    "another error": packed({"is": "error", "error": {"kind": "SystemExit", "text": "x"}}),
    "words that are none": packed({"is": "error", "error": {"kind": "GoneError", "text": 3}}),
    "deep": b'{"is":' + b"[" * 100_000,
    "long": packed({"is": "fetched", "files": [[0, "x" * 300_000, False, None]], "failures": []}),
    "a time that is none": packed({"is": "end", "standing": {"due": float("nan"), "rest": 0, "state": {}}}),
}


@pytest.mark.parametrize("lie", [*LIES, "a pickle", "a pickle for a fingerprint"])
def test_a_worker_that_lies_runs_no_code_and_loses_its_link(
    world: Stage, bot: Pipeline, tmp_path: Path, lie: str
) -> None:
    """Whatever a worker answers is read as JSON of fixed shapes: else its link is tried again, and nothing is run."""
    post_fake(world)
    bot.watch()
    bomb = pickle.dumps(Opened(tmp_path / "run"))
    pickle.loads(pickle.dumps(Opened(tmp_path / "proof")))
    assert (tmp_path / "proof").is_dir()

    def lying(body: bytes) -> bytes:
        if told(body) == "fetched":
            return bomb if lie == "a pickle" else LIES.get(lie, body)
        return packed(unpacked(body)[0], bomb) if told(body) == "print" else body

    with elsewhere(world, bot, spoil=lying) as away:
        fetch(away)
    assert not (tmp_path / "run").exists()
    row = bot.deps.store.links.get(1)
    assert (row.state, row.attempts) == (LinkState.FAILED, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(JSON)
def test_what_is_read_of_a_message_is_what_was_meant_or_refused(value: Any) -> None:
    """Each reader of a part of a message returns something of its shape, or says ValueError, TypeError or KeyError."""
    for reader in (
        messages.error_from,
        messages.standing_of,
        messages.pace_from,
        lambda part: messages.facts_from(part, 3),
        lambda part: messages.failures_from(part, 3),
        lambda part: unpacked(json.dumps(part).encode()),
    ):
        try:
            reader(value)
        except (ValueError, TypeError, KeyError):
            continue


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("tcp://10.0.0.2:8788", "without encryption"),
        ("tcp://scheduler.example:8788", "without encryption"),
        ("http://127.0.0.1:8788", "no address"),
        ("tls://127.0.0.1", "no address"),
        ("tls://a:b@c:8788", "no address"),
        ("tls://[::1:8788", "no address"),
        ("tls://10.0.0.2:8788", "workers.certificates"),
    ],
)
def test_an_address_without_encryption_is_this_machines_alone(address: str, wrong: str) -> None:
    """Other machines are reached by TLS with certificates of one's own, or the configuration says what is wrong."""
    with pytest.raises(ValueError, match=wrong):
        Config.model_validate({"workers": {"scheduler": address}})
    assert Config.model_validate({"workers": {"scheduler": "tcp://127.0.0.1:8788"}}).workers.certificates is None


def test_certificates_are_written_once_and_go_together(tmp_path: Path) -> None:
    """Each role can show its own and check the others'; keys are their owner's alone, and none is written over.

    A container reads certificates as a user of its own, so these are for all, whatever the umask is.
    """
    folder = tmp_path / "certificates"
    before = os.umask(0o077)
    try:
        files = write_certificates(folder)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in files}
    assert modes == {name: 0o600 if name.endswith(".key") else 0o644 for name in modes}
    assert len(modes) == 7
    assert not (folder / "ca.key").exists()
    for role in ("coordinator", "scheduler", "worker"):
        mutual(folder, role, server=True)
    with pytest.raises(UsageError, match="there already"):
        write_certificates(folder)


def later(folder: Path, role: str, days: float) -> datetime:
    """Return until when a certificate is good, asked so many days from now."""
    return good_until(folder, role, datetime.now(UTC) + timedelta(days=days))


def swap(one: Path) -> None:
    """Put the coordinator's certificate in the worker's place."""
    for kind in ("pem", "key"):
        shutil.copy(one / f"coordinator.{kind}", one / f"worker.{kind}")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda one, _: (one / "ca.pem").unlink(), "there is no file"),
        (lambda one, _: (one / "worker.pem").write_bytes(b"?"), "worker.pem is no certificate"),
        (lambda one, _: (one / "worker.key").write_bytes(b""), "worker.key is no key"),
        (lambda one, _: (one / "worker.key").chmod(0o644), "others can read it; run: chmod 600"),
        (lambda one, other: shutil.copy(other / "worker.key", one / "worker.key"), "does not belong to"),
        (lambda one, other: shutil.copy(other / "ca.pem", one / "ca.pem"), "not of the authority"),
        (lambda one, _: swap(one), "the certificate of the coordinator, and this is the worker"),
    ],
    ids=["no authority", "no certificate", "no key", "open key", "another key", "another authority", "another role"],
)
def test_what_is_wrong_with_certificates_is_said_before_they_are_used(
    tmp_path: Path, spoil: Callable[[Path, Path], object], says: str
) -> None:
    """Each fault of a machine's own files is a sentence about the file, not about who answers elsewhere."""
    one, other = tmp_path / "one", tmp_path / "other"
    write_certificates(one)
    write_certificates(other)
    assert later(one, "worker", 800) - datetime.now(UTC) > timedelta(days=820)
    with pytest.raises(UsageError, match="has expired"):
        later(one, "worker", 826)
    with pytest.raises(UsageError, match="clock right"):
        later(one, "worker", -1)
    spoil(one, other)
    with pytest.raises(UsageError, match=re.escape(says)):
        later(one, "worker", 0)


def test_doctor_warns_before_certificates_expire(tmp_path: Path) -> None:
    """In their last thirty days doctor names the day."""
    write_certificates(tmp_path / "one", datetime.now(UTC) - timedelta(days=800))
    where = {"scheduler": "tls://127.0.0.1:9", "certificates": tmp_path / "one"}
    said = [one.text for one in cluster_findings(Config.model_validate({"workers": where})) if one.level == "warn"]
    assert [f"expire on {datetime.now(UTC) + timedelta(days=25):%Y-%m-%d}" in text for text in said] == [True]


def test_certificates_that_cannot_be_used_cost_no_link_an_attempt(world: Stage, bot: Pipeline, log: Listening) -> None:
    """A key that others can read, or none, is a fault of this machine: links wait, and the log says why."""
    post_fake(world)
    bot.watch()

    def unusable() -> Any:
        raise UsageError("coordinator.key is a secret and others can read it; run: chmod 600 coordinator.key")

    with elsewhere(world, bot, dial=unusable) as away:
        for _ in range(2):
            fetch(away)
    row = bot.deps.store.links.get(1)
    assert (row.state, row.attempts, row.tries) == (LinkState.SEEN, 0, 0)
    ((event, facts),) = log.warnings
    assert event == "no worker takes links; they wait"
    assert "chmod 600" in str(facts["reason"])


def test_all_go_on_when_workers_are_back(world: Stage, bot: Pipeline) -> None:
    """The link that asked for all came through: the next ones are begun together, as before."""
    urls = [
        world.park.add_redgifs("OneTwoThree", hd=media.clip(71, seconds=0.5, width=96, height=64)),
        world.park.add_imgur("aB3dE5g", media.gif(72, seconds=0.5, width=96, height=64), "gif"),
        world.park.add_reddit_image("q1w2e3r4t5y61", media.encode_still(media.scene(73, 96, 64))),
    ]
    for url in urls:
        world.reddit.submit("clips", author="poster", title="look", url=url)
    bot.watch()
    there: list[bool] = []
    with elsewhere(world, bot) as away:
        jobs: Any = away.deps.jobs
        real = jobs._dial

        def dial() -> Any:
            if not there:
                raise ClusterError("the scheduler does not answer")
            return real()

        jobs._dial = dial
        fetch(away)
        fetch(away)
        there.append(True)
        jobs._away = (jobs._away[0], 0.0)
        world.clock.sleep(60)
        done = []
        for _ in range(2):
            fetch(away)
            done.append(sum(row.state == LinkState.ACQUIRED for row in bot.deps.store.links.listing()))
    assert done == [1, 3]


def test_one_link_asks_for_all_whether_workers_are_back(world: Stage, bot: Pipeline, log: Listening) -> None:
    """While nobody takes links one of them is tried now and then, and nothing is said of each."""
    for letter in "ABCDE":
        post_fake(world, id=f"OneOf{letter}")
    bot.watch()
    dialled: list[int] = []

    def nobody() -> Any:
        dialled.append(1)
        raise ClusterError("the scheduler does not answer")

    with elsewhere(world, bot, dial=nobody) as away:
        fetch(away)
        first = len(dialled)
        for number in range(3):
            fetch(away)  # asks nobody
            jobs: Any = away.deps.jobs
            jobs._away = (jobs._away[0], 0.0)  # the seconds are over in which nobody is asked
            world.clock.sleep(60)
            fetch(away)
            assert len(dialled) == first + number + 1
    said = [event for event, _ in log.warnings]
    assert said.count("no worker takes links; they wait") == 1
    assert said.count("link waits for workers") == 0
    world.clock.sleep(60)
    with elsewhere(world, bot) as away:
        while {row.state for row in bot.deps.store.links.listing()} != {LinkState.ACQUIRED}:
            fetch(away)


@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\2[]", b"\0\0\0\2{}"])
def test_what_is_no_scheduler_is_said_in_one_sentence(answer: bytes | None) -> None:
    """Nobody at the address, or something else that answers there, is a sentence that names the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            near, _ = server.accept()
            with near:
                near.recv(1000)
                near.sendall(answer or b"")

        thread = threading.Thread(target=serve, daemon=True)
        if answer is None:
            server.close()
        else:
            thread.start()
        with pytest.raises(ClusterError) as caught:
            cluster_status(Config.model_validate({"workers": {"scheduler": address}}))
        if answer is not None:
            thread.join(10)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_worker_that_says_nothing_loses_its_link_in_time(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the other end says that it is alive, a link whose worker is stuck is tried again, which is said."""
    monkeypatch.setattr("bot.jobs.elsewhere.LATER", 0.0)
    monkeypatch.setattr("bot.jobs.elsewhere.WAITS", 0.0)
    monkeypatch.setattr("bot.jobs.elsewhere.FRONT_FILES", 0)
    post_fake(world)
    bot.watch()

    def stuck(body: bytes) -> bytes:
        return packed({"is": "begun" if told(body) == "fetched" else "alive"})

    with elsewhere(world, bot, spoil=stuck) as away:
        fetch(away)
    row = bot.deps.store.links.get(1)
    assert (row.state, row.attempts) == (LinkState.FAILED, 1)
    assert "slow or stuck" in (row.reason or "")


def test_what_workers_give_back_again_and_again_counts_at_last(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that stops gives its link back without an attempt; one that never ends so has one counted."""
    monkeypatch.setattr("bot.jobs.elsewhere.GIVEN_BACK", 3)
    post_fake(world)
    bot.watch()
    stopped = packed({"is": "error", "error": {"kind": "ClusterError", "text": "stopped", "lost": False}})
    counts = []
    with elsewhere(world, bot, spoil=lambda _: stopped) as away:
        for _ in range(3):
            fetch(away)
            counts.append(bot.deps.store.links.get(1).attempts)
            world.clock.sleep(10)
    assert counts == [0, 0, 1]
    assert "3 times" in (bot.deps.store.links.get(1).reason or "")


def status(**facts: object) -> bytes:
    """Return what a scheduler tells of its workers."""
    worker = {"name": "attic", "links": 6, "in_work": 1, "silent": 0, "slow": False}
    whole = {"version": messages.version(), "workers": [worker], "refused": [], "lost": 0, "done": 1} | facts
    return packed(whole | {"workers": [worker | one for one in whole["workers"]]})  # type: ignore[attr-defined]


def answering(answer: bytes, context: ssl.SSLContext | None = None) -> tuple[socket.socket, threading.Thread]:
    """Return a server that gives one answer to the first who asks, and its thread."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        near, _ = server.accept()
        with contextlib.suppress(OSError), near:
            line = context.wrap_socket(near, server_side=True) if context else near
            line.recv(1000)
            line.sendall(len(answer).to_bytes(4, "big") + answer)
            line.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return server, thread


@pytest.mark.parametrize(
    ("answer", "level", "says"),
    [
        (status(), "ok", "1 worker for 6 links at once"),
        (status(workers=[]), "fail", "start one: gifwarden worker"),
        (status(version="0.0.9+00000000"), "fail", "install the same on both"),
        (status(workers=[{"slow": True, "silent": 431}]), "warn", "attic has said nothing of a link for 431 s"),
        (status(refused=[{"name": "old", "version": "0.0.9"}]), "warn", "old has gifwarden 0.0.9 and is refused"),
        (status(workers=[{"name": "\x1b[2J\u202eattic\n"}]), "ok", "1 worker"),
        (status(workers=[{"links": 10**400}]), "fail", "not a scheduler of ours"),
        (status(workers=[{"links": -1}]), "fail", "not a scheduler of ours"),
        (status(lost=float("inf")), "fail", "not a scheduler of ours"),
        (status(refused=7), "fail", "not a scheduler of ours"),
    ],
)
def test_doctor_says_how_it_stands_with_workers(answer: bytes, level: str, says: str) -> None:
    """Nobody there, another version, a slow or refused worker and an answer that is none are a sentence each."""
    server, thread = answering(answer)
    with server:
        where = {"scheduler": f"tcp://127.0.0.1:{server.getsockname()[1]}"}
        found = list(cluster_findings(Config.model_validate({"workers": where, "fetch": {"concurrency": 6}})))
        thread.join(10)
    assert [says in one.text for one in found if one.level == level] == [True]
    assert not any(UNFIT.search(one.text) or "\n" in one.text for one in found)


@pytest.mark.parametrize(
    ("server", "own", "says"),
    [("old", "old", "has expired"), ("new", "other", "see docs/workers.md"), ("new", "none", "there is no file")],
)
def test_doctor_says_what_is_wrong_with_certificates(tmp_path: Path, server: str, own: str, says: str) -> None:
    """Certificates that have expired, of another authority or not there are a sentence each that says what to do."""
    write_certificates(tmp_path / "old", datetime.now(UTC) - timedelta(days=900))
    write_certificates(tmp_path / "new")
    write_certificates(tmp_path / "other")
    listening, thread = answering(status(), mutual(tmp_path / server, "scheduler", server=True))
    with listening:
        port = listening.getsockname()[1]
        where = {"scheduler": f"tls://127.0.0.1:{port}", "certificates": tmp_path / own}
        (found,) = cluster_findings(Config.model_validate({"workers": where}))
        if own in ("none", "old"):  # which is said before anybody is asked
            socket.create_connection(("127.0.0.1", port)).close()
        thread.join(10)
    assert found.level == "fail"
    assert says in found.text
    assert "\n" not in found.text
