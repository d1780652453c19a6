"""Three lanes: a server that drips holds what waits for it, and nothing else."""

from __future__ import annotations

import contextlib
import gc
import json
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import schedule
from bot.assemble import Outside, Parts, assembled
from bot.clock import SystemClock, iso
from bot.config import Config
from bot.loopback.stage import Stage, stage
from bot.model import ActionState, Link, LinkState, Post
from bot.pipeline import Pipeline
from bot.schedule import Daemon
from tests.bots import bank_the_fake, changed, fake, lent, post_fake
from tests.dripping import drip, serving
from tests.killing import Silent

DONE, PLANNED, SENDING = ActionState.DONE, ActionState.PLANNED, ActionState.SENDING


@contextlib.contextmanager
def bot_beside(world: Stage, slow: str) -> Iterator[Pipeline]:
    """Yield a bot by the machine's clock; of its servers `slow` sends a byte now and then."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        if slow not in ("mail", "inbox"):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        drip(connection, over, {"mail": b"220-a\r\n", "inbox": b"* OK a\r\n"}.get(slow, b" "), every=0.2)

    with serving(script) as port:
        reddit = f"http://127.0.0.1:{port}" if slow == "reddit" else world.reddit.url
        if slow == "host":
            world.park.network.serve("i.imgur.com", port)
        settings = world.config.model_dump()
        if slow == "mail":
            settings["mail"] |= {"port": port}
        if slow == "inbox":
            settings["inbox"] |= {
                "host": "127.0.0.1",
                "port": port,
                "security": "none",
                "username": "a",
                "password": "b",
            }
        settings["digest"] |= {"by": "off"}
        outside = Outside(
            reddit_url=reddit, oauth_url=reddit, resolve=world.park.network.resolve, dial=world.park.network.dial
        )
        parts = Parts(outside=outside, children=lent)
        with assembled(Config.model_validate(settings), Silent(), parts=parts, clock=SystemClock()) as bot:
            yield bot
    with warnings.catch_warnings():  # a connection that was cut in the midst of a drip may be left to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def run_until(daemon: Daemon, done: Callable[[], bool], seconds: float = 30) -> bool:
    """Run a daemon until something is so; return whether it became so in time."""
    seen: list[bool] = []

    def watch() -> None:
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            time.sleep(0.05)
        seen.append(done())
        daemon.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    daemon.run()
    thread.join()
    return seen[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slow", "link", "by_reddit", "by_mail"),
    [
        ("reddit", LinkState.MATCHED, PLANNED, DONE),
        ("host", LinkState.SEEN, DONE, DONE),
        ("mail", LinkState.JUDGED, DONE, SENDING),
        ("inbox", LinkState.JUDGED, DONE, DONE),
    ],
)
def test_a_slow_server_holds_one_lane(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    slow: str,
    link: LinkState,
    by_reddit: ActionState,
    by_mail: ActionState,
) -> None:
    """While Reddit, a host, the mail server or the mailbox of answers drips, what needs the others is done."""
    monkeypatch.setattr(schedule, "WORK_SECONDS", 0.2)
    with stage(tmp_path) as world, bot_beside(world, slow) as bot:
        store, now = bot.deps.store, bot.deps.clock.now()
        host = "imgur" if slow == "host" else "redgifs"
        url = "https://i.imgur.com/abcdefg.gif" if slow == "host" else world.park.add_redgifs("OneTwoThree", hd=fake())
        post = Post(fullname="t3_abc", subreddit="clips", permalink="/x/", created=now, author="a")
        id = "abcdefg" if slow == "host" else "onetwothree"
        store.links.add([(post, (Link(url=url, host=host, id=id, kind="media", source="url", post="t3_abc"),))])
        for key, to in (("reddit", ""), ("mail", "a@mods.example")):
            params = {"subject": f"s {key}", "body": "b", "to": to, "day": "2026-11-25"}
            store.actions.plan(key=key, kind="digest", subreddit="quiet", params=params)

        if slow == "inbox":
            store.connection.run(
                """insert into notices (label, host, subreddit, state, created_at, updated_at, sent_at)
                   values ('N-1', 'imgur', 'clips', 'sent', :now, :now, :now)""",
                {"now": iso(now)},
            )

        def states() -> tuple[str, ...]:
            found = [store.connection.value("select state from links")]
            return (*found, *(store.connection.value("select state from actions where key = ?", (key,))
                              for key in ("reddit", "mail")))  # fmt: skip

        assert run_until(Daemon(bot), lambda: states() == (link, by_reddit, by_mail)), states()


@pytest.mark.slow
def test_an_order_that_waits_for_a_host_holds_no_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the media of an ordered post drips, other orders are carried out."""
    monkeypatch.setattr(schedule, "WORK_SECONDS", 0.2)
    with stage(tmp_path) as world, bot_beside(changed(world, orders={"poll_seconds": 0.5}), "host") as bot:
        store = bot.deps.store
        store.banks.create(bot.deps.config.orders.bank, "block")
        post = world.reddit.submit("clips", author="poster", title="t", url="https://i.imgur.com/abcdefg.gif")
        bot.obey()  # what stands there at the first look is no order
        for verb, target in (("bank", post), ("help", "")):
            store.orders.receive(
                verb, subreddit="clips", conversation=None, sender="head_moderator", verb=verb, target=target,
                state="received",
            )  # fmt: skip

        def ended() -> bool:
            rows = {row.verb: row.state for row in store.orders.listing()}
            return rows.get("help") == "done" and rows["bank"] == "received"

        assert run_until(Daemon(bot), ended), json.dumps([(row.verb, row.state) for row in store.orders.listing()])


@pytest.mark.parametrize("meanwhile", ["blocked", "forgotten", "wanted anew"])
def test_what_changed_while_a_link_was_matched_stands(world: Stage, bot: Pipeline, meanwhile: str) -> None:
    """A link that was blocked, forgotten or is to be looked at again since it was found due is left as it is."""
    store = bot.deps.store
    bank_the_fake(bot)
    post = post_fake(world)
    bot.watch()
    link = store.connection.value("select id from links")

    def change() -> None:
        if meanwhile == "blocked":
            store.minors.drop(link)
        elif meanwhile == "forgotten":
            store.connection.run("delete from evidence where link = ?", (link,))
            store.connection.run("delete from fingerprints where link = ?", (link,))
            store.connection.run("delete from links where id = ?", (link,))
        else:
            store.queue.fetch_afresh(link)

    def state() -> str | None:
        return store.connection.value("select state from links")  # type: ignore[no-any-return]  # text or nothing

    while bot.downloads.start():
        bot.downloads.wait(1)
    (row,) = store.links.due(LinkState.ACQUIRED)
    if meanwhile != "wanted anew":
        change()
        left = state()
        assert bot.scanner._match(row) == 0
        assert state() == left
        store.links.failed(row.id, reason="x", next_at=None)
        assert state() == left
        return
    bot.scanner.match_due()
    (row,) = store.links.due(LinkState.MATCHED)
    change()
    assert bot.judge._judge(row) == 0
    assert state() == "seen"
    assert not store.cases.of_post(post)
