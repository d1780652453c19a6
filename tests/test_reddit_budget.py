"""Reddit's limit on requests, shared by all jobs: what is more important goes first, and refusals are not hammered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import prawcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import ManualClock, SystemClock
from bot.errors import RedditError
from bot.loopback.reddit.server import RedditServer
from bot.reddit import Job, Reddit
from bot.reddit.budget import Budget
from bot.reddit.request_queue import RequestQueue

LIMIT = 40


@pytest.fixture
def server(clock: ManualClock) -> Iterator[RedditServer]:
    """A loopback Reddit that allows 40 requests in 10 minutes."""
    with RedditServer(clock.now, limit=LIMIT) as running:
        running.add_subreddit("Test")
        yield running


@pytest.fixture
def reddit(server: RedditServer, clock: ManualClock) -> Iterator[Reddit]:
    """The client, which has learnt the limit from its first answer."""
    with Reddit(server.config(), reddit_url=server.url, oauth_url=server.url, clock=clock) as client:
        client.me()
        yield client


def failure(reddit: Reddit) -> RedditError:
    """The error that a read ends in."""
    with pytest.raises(RedditError) as caught:
        reddit.listing("Test", "new")
    return caught.value


def use_up(reddit: Reddit) -> int:
    """Read until told to come back; return how often it went well."""
    for done in range(LIMIT + 1):
        try:
            reddit.listing("Test", "new")
        except RedditError as error:
            return done if error.state == "limited" else -1
    return -1


def test_the_more_important_goes_first() -> None:
    """What waits behind a slow call goes in the order of importance, then of arrival."""
    line = RequestQueue(Budget(SystemClock()), SystemClock())
    order: list[str] = []
    busy, free = threading.Event(), threading.Event()

    def slow() -> None:
        busy.set()
        free.wait(30)

    def queue(job: Job, name: str) -> threading.Thread:
        thread = threading.Thread(target=lambda: line.run(job, lambda: order.append(name), name))
        thread.start()
        while sum(entry[4] == name for entry in line._waiting) == 0:
            pass
        return thread

    first = threading.Thread(target=lambda: line.run(Job.WATCH, slow, "wait"))
    first.start()
    busy.wait(30)
    waiting = [
        queue(job, name)
        for job, name in ((Job.BACKFILL, "past"), (Job.WATCH, "new"), (Job.ACT, "act"), (Job.ACT, "act again"))
    ]
    free.set()
    for thread in (first, *waiting):
        thread.join(30)
    line.close()
    assert order == ["act", "act again", "new", "past"]


def test_a_thread_that_could_not_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has no thread for us, the call fails, and the next one is made all the same."""
    line = RequestQueue(Budget(SystemClock()), SystemClock())

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError, match="new thread"):
            line.run(Job.ACT, lambda: 1, "do one")
    assert line.run(Job.ACT, lambda: 2, "do two") == 2
    line.close()


def test_each_job_leaves_some_to_what_is_more_important(server: RedditServer, reddit: Reddit) -> None:
    """Watching stops before the window is used up, acting may use it to the last; no request is refused."""
    watched = use_up(reddit.as_job(Job.WATCH))
    acted = use_up(reddit.as_job(Job.ACT))
    assert (watched, acted) == (LIMIT - 1 - 4, 4)
    assert len([request for request in server.log if "access_token" not in request.path]) == LIMIT
    figures = reddit.budget()
    assert (figures.limit, figures.remaining) == (LIMIT, 0)
    assert figures.by_job == {"act": 5, "watch": 35}


def test_backfill_waits_for_the_next_window(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """It takes half of a window, then waits by itself instead of failing."""
    begun = clock.now()
    past = reddit.as_job(Job.BACKFILL)
    for _ in range(LIMIT // 2 - 1):
        past.listing("Test", "new")
    assert clock.now() == begun
    past.listing("Test", "new")
    assert 590 <= (clock.now() - begun).total_seconds() <= 601
    assert not [entry for entry in server.log if "access_token" not in entry.path][LIMIT:]


def test_what_other_processes_send_counts(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """The headers are believed before our own count."""
    with Reddit(server.config(), reddit_url=server.url, oauth_url=server.url, clock=clock) as other:
        for _ in range(LIMIT - 8):
            other.listing("Test", "new")
    reddit.listing("Test", "new")
    assert reddit.budget().remaining == LIMIT - 1 - (LIMIT - 8) - 1
    assert use_up(reddit.as_job(Job.WATCH)) == 2


def test_after_429_nobody_asks_until_the_time_has_come(
    server: RedditServer, reddit: Reddit, clock: ManualClock
) -> None:
    """A 429 stops every job; the wait is Reddit's, and it ends by itself."""
    server.fail_next("/new", status=429, headers={"retry-after": "300"})
    assert failure(reddit).retry_after == 300
    sent = len(server.log)
    again = failure(reddit.as_job(Job.WATCH))
    assert (again.state, again.retry, again.retry_after) == ("limited", True, 300)
    assert len(server.log) == sent
    clock.sleep(301)
    assert reddit.listing("Test", "new").things == ()


def test_a_window_used_up_by_others_is_429_and_passes(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """When another process took the last request, the 429 and its headers tell how long to wait."""
    server._used = LIMIT
    error = failure(reddit)
    assert error.state == "limited"
    assert error.retry_after == 600
    clock.sleep(601)
    assert reddit.listing("Test", "new").things == ()


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"path": "/new", "status": 403, "body": b"<p>blocked by network security</p>"}, "blocked"),
        ({"path": "/access_token", "status": 403, "body": b"<html>"}, "blocked"),
        ({"path": "/access_token", "status": 400, "body": b'{"error": "invalid_grant"}'}, "login"),
    ],
)
def test_a_refusal_of_everything_is_not_hammered(
    server: RedditServer, reddit: Reddit, clock: ManualClock, fault: dict[str, Any], state: str
) -> None:
    """A blocked network or a refused login is asked again after pauses that double, and recovers by itself."""
    server.revoke()
    server.fail_next(times=100, **fault)
    sent = []
    for _ in range(60):
        error = failure(reddit)
        assert error.state == state
        sent.append(len(server.log))
        clock.sleep(60)
    asked = [after for before, after in pairwise(sent) if after > before]
    assert 3 <= len(asked) <= 8
    assert reddit.budget().closed is not None
    server._faults.clear()
    clock.sleep(3600)
    assert reddit.listing("Test", "new").things == ()
    assert reddit.budget().closed is None


@pytest.fixture
def unpaused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before prawcore repeats a read, it waits for seconds of real time."""
    monkeypatch.setattr(prawcore.sessions.FiniteRetryStrategy, "sleep", lambda _: None)


@pytest.mark.usefixtures("unpaused")
def test_a_reddit_that_is_down_is_left_alone(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """After three requests that it did not serve nobody asks for half a minute, then longer, five minutes at most."""
    server.fail_next("/", status=503, times=10_000)
    assert [failure(reddit).again for _ in range(3)] == ["later"] * 3
    asked, moments = len(server.log), []
    for _ in range(360):
        error = failure(reddit.as_job(Job.REVIEW))
        assert (error.state, error.retry, error.ambiguous) == ("unreachable", True, False)
        if len(server.log) > asked:
            asked = len(server.log)
            moments.append(clock.monotonic())
        clock.sleep(5)
    waits = [after - before for before, after in pairwise(moments)]
    assert waits[:4] == [60, 120, 240, 300]
    assert set(waits[4:]) == {300}
    assert failure(reddit).message == "Reddit did not serve the last requests, so we could not read r/Test/new"
    assert reddit.budget().closed is not None
    server._faults.clear()
    clock.sleep(300)
    assert reddit.listing("Test", "new").things == ()
    assert reddit.budget().closed is None


@pytest.mark.usefixtures("unpaused")
@pytest.mark.parametrize("between", [{"times": 0}, {"times": 1, "status": 404}], ids=["served", "refused"])
def test_what_reddit_does_not_serve_here_and_there_pauses_nothing(
    server: RedditServer, reddit: Reddit, between: dict[str, Any]
) -> None:
    """One path that always fails keeps nobody from the others, as long as Reddit answers anything between."""
    for _ in range(4):
        for _ in range(2):
            server.fail_next("/new", status=500, times=3)
            assert failure(reddit).again == "later"
        if between["times"]:
            server.fail_next("/new", **between)
            assert failure(reddit).state == "missing"
        else:
            reddit.listing("Test", "new")
    assert reddit.budget().closed is None


def test_one_closed_subreddit_pauses_nothing(server: RedditServer, reddit: Reddit) -> None:
    """What is refused in one place says nothing of the others."""
    server.add_subreddit("Closed", bot_permissions=None, kind="private")
    with pytest.raises(RedditError) as caught:
        reddit.listing("Closed", "new")
    assert caught.value.state == "private"
    assert reddit.listing("Test", "new").things == ()


@given(st.dictionaries(st.sampled_from(["x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset"]), st.text()))
def test_any_header_is_survived(headers: dict[str, str]) -> None:
    """Headers that are no numbers change nothing; acting is never kept waiting for more than a window."""
    budget = Budget(ManualClock(SystemClock().now()))
    budget.told(headers)
    assert budget.wait(Job.ACT) <= 600
    budget.told({"X-Ratelimit-Remaining": "3.0", "x-ratelimit-used": "997", "x-ratelimit-reset": "5"})
    assert budget.wait(Job.WATCH) == 5


def test_what_is_done_again_and_again_spreads_its_requests() -> None:
    """A tenth of a window may be used before its time, then as much as time has passed; a new window begins anew."""
    clock = ManualClock(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
    budget = Budget(clock)

    def send(job: Job, count: int) -> bool:
        for _ in range(count):
            budget.sent(job)
        return budget.in_pace(Job.WATCH)

    assert send(Job.WATCH, 99)
    assert not send(Job.ACT, 2)
    clock.sleep(300)
    assert send(Job.WATCH, 398)
    assert not send(Job.WATCH, 2)
    clock.sleep(300)
    assert budget.in_pace(Job.WATCH)


def test_the_past_does_not_keep_watching_from_its_pace() -> None:
    """What less important jobs send, here or in another process, does not count."""
    budget = Budget(ManualClock(datetime(2026, 11, 20, 18, 0, tzinfo=UTC)))
    for _ in range(400):
        budget.sent(Job.BACKFILL)
    budget.told({"x-ratelimit-remaining": "500.0", "x-ratelimit-used": "500", "x-ratelimit-reset": "590"})
    assert budget.in_pace(Job.WATCH)
