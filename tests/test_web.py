"""What the daemon shows on loopback: figures for Prometheus, and whether all is well."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.clock import ManualClock
from bot.config import Config
from bot.errors import ConfigError
from bot.model import Link, Post
from bot.store import Store
from bot.web.metrics import registry
from bot.web.server import CONNECTIONS, Place, Server
from bot.web.status import status_app
from bot.web.steps import MIN_PATIENCE, Steps

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SECRET = "https://media.example.net/secret-media.gif"


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves when told to."""
    return ManualClock(START)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A database with a post that holds one link."""
    with Store(tmp_path / "test.db", clock) as opened:
        post = Post(
            fullname="t3_abc", subreddit="clips", permalink="/r/clips/comments/abc/x/", created=START, author="someone"
        )
        link = Link(url=SECRET, host="direct", id=SECRET, kind="media", source="url", post="t3_abc")
        opened.links.add([(post, (link,))])
        opened.watermarks.move("clips", "new", fullname="t3_abc", created=START)
        yield opened


@pytest.fixture
def steps(clock: ManualClock) -> Steps:
    """One expected step."""
    known = Steps(clock)
    known.expect("watch", 30)
    return known


def status_server(port: int, store: Store, steps: Steps) -> Server:
    """Return a server of nothing but the status, as the daemon makes it."""
    place = Place(address="127.0.0.1", port=port, key="metrics.port")
    return Server([(place, status_app(registry(store, steps, Config()), steps))])


@pytest.fixture
def server(store: Store, steps: Steps) -> Iterator[Server]:
    """A running server on a free port."""
    with status_server(0, store, steps) as running:
        yield running


def ask(server: Server, path: str, *, method: str = "GET", host: str | None = None) -> tuple[HTTPResponse, str]:
    """Return the answer to one request and its text."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, headers={"Host": host} if host else {})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def figures(server: Server) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every sample, read with Prometheus's own parser, by name and label values in the order of label names."""
    _, text = ask(server, "/metrics")
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_what_the_database_holds(server: Server, clock: ManualClock) -> None:
    """States, the age of the oldest link, and the last poll are read when they are asked for."""
    clock.sleep(90)
    shown = figures(server)
    assert shown["gifwarden_links", ("seen",)] == 1
    assert shown["gifwarden_oldest_seconds", ("links",)] == 90
    assert shown["gifwarden_oldest_seconds", ("cases",)] == 0
    assert shown["gifwarden_last_poll_timestamp_seconds", ("new", "clips")] == START.timestamp()
    assert shown["gifwarden_database_bytes", ()] > 0


def test_metrics_tell_how_the_steps_do(server: Server, steps: Steps, clock: ManualClock) -> None:
    """Runs, failures and time of each step are counted."""
    with steps.running("watch"):
        clock.sleep(2)
    with pytest.raises(OSError, match="x"), steps.running("watch"):
        raise OSError("x")
    shown = figures(server)
    assert shown["gifwarden_step_runs_total", ("watch",)] == 2
    assert shown["gifwarden_step_failures_total", ("watch",)] == 1
    assert shown["gifwarden_step_seconds_total", ("watch",)] == 2
    stamp = (START + timedelta(seconds=2)).timestamp()
    assert shown["gifwarden_step_last_success_timestamp_seconds", ("watch",)] == stamp


def test_metrics_raise_the_alarm_of_a_host_and_of_a_subreddit(server: Server, store: Store) -> None:
    """A host that answers in an unknown shape and a private subreddit are seen without asking the doctor."""
    for _ in range(3):
        store.health.note("redgifs", "changed", "redgifs answers without gif.urls")
    store.watched.troubled("clips", state="private", sentence="the subreddit is private", next_at=START)
    shown = figures(server)
    assert shown["gifwarden_host_state", ("redgifs", "changed")] == 1
    assert shown["gifwarden_host_state", ("imgur", "unseen")] == 1
    assert shown["gifwarden_host_day", ("redgifs", "changed")] == 3
    assert shown["gifwarden_subreddit_state", ("private", "clips")] == 1


def test_metrics_name_no_post_author_or_media(server: Server) -> None:
    """Monitoring systems keep what they read, so nothing in it leads to a person or a media."""
    _, text = ask(server, "/metrics")
    for word in ("secret-media", "media.example.net", "t3_abc", "someone", "/comments/"):
        assert word not in text


def test_health_is_well_until_a_step_is_late(server: Server, steps: Steps, clock: ManualClock) -> None:
    """A step that has not ended well for too long turns health into 503 with a sentence; a success turns it back."""
    response, text = ask(server, "/health")
    assert (response.status, text) == (200, "ok\n")
    clock.sleep(MIN_PATIENCE + 1)
    response, text = ask(server, "/health")
    assert response.status == 503
    assert text == "watch has not ended well for 15 minutes; see the log\n"
    with steps.running("watch"):
        pass
    assert ask(server, "/health")[0].status == 200


def test_health_goes_by_the_clock_that_never_jumps() -> None:
    """A wall clock set back a year hides no step that stands still, and one set forward a year raises no alarm."""

    class SetClock(ManualClock):
        off = timedelta()

        def now(self) -> datetime:
            return super().now() + self.off

    clock = SetClock(START)
    steps = Steps(clock)
    steps.expect("watch", 30)
    clock.off = timedelta(days=365)
    assert steps.late() == ()
    clock.off = -clock.off
    clock.sleep(MIN_PATIENCE + 1)
    assert steps.late() == ("watch has not ended well for 15 minutes; see the log",)


def test_a_database_that_cannot_be_read_is_told_not_raised(server: Server, store: Store) -> None:
    """A scrape of a broken database is answered with 503 and one sentence, and the server lives on."""
    store.connection.run("alter table actions rename to gone")
    response, text = ask(server, "/metrics")
    assert response.status == 503
    assert text.count("\n") == 1
    assert "Traceback" not in text
    assert ask(server, "/health")[0].status == 200


@pytest.mark.parametrize(
    ("path", "method", "host", "status"),
    [
        ("/", "GET", None, 404),
        ("/metrics/../x", "GET", None, 404),
        ("/metrics", "POST", None, 405),
        ("/metrics", "GET", "attacker.example", 403),
        ("/metrics", "GET", "attacker.example:80", 403),
        ("/metrics", "GET", "localhost:1", 200),
        ("/metrics", "GET", "[::1]:8080", 200),
        ("/metrics", "GET", "[::1]", 200),
        ("/metrics", "GET", "localhost.", 200),
        ("/metrics", "GET", "localhost@attacker.example", 403),
        ("/metrics", "GET", "localhost:80.attacker.example", 403),
        ("/metrics", "HEAD", None, 200),
    ],
)
def test_only_two_pages_are_served_and_only_by_loopback_names(
    server: Server, path: str, method: str, host: str | None, status: int
) -> None:
    """Other paths, methods and host names (DNS rebinding) are refused."""
    assert ask(server, path, method=method, host=host)[0].status == status


def test_the_server_listens_on_loopback_only(server: Server) -> None:
    """The socket is bound to 127.0.0.1, whatever the configuration says."""
    assert server.addresses == ("127.0.0.1",)


def test_a_taken_port_is_told_in_one_sentence(store: Store, steps: Steps) -> None:
    """A port that another program uses stops the start with the key's name."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=r"metrics\.port .* choose another"):
            status_server(port, store, steps)


def test_places_are_few_and_who_asks_gets_one(server: Server) -> None:
    """Connections on which nothing comes are cut for one that asks."""
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(CONNECTIONS + 10)]
    try:
        assert ask(server, "/health")[0].status == 200
        assert held[0].recv(1) == b""
    finally:
        for one in held:
            one.close()


def test_nothing_that_a_client_sends_is_logged(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    """What is no request is refused without a word on standard error."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(b"secret words\r\n\r\n")
        assert sock.recv(64).startswith(b"HTTP/1.1 400")
    assert capfd.readouterr().err == ""
