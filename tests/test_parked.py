"""Work that kills the daemon is parked after three tries, and everything else goes on."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.base import read_config, session
from bot.errors import DatabaseError, UsageError
from bot.loopback.stage import Stage
from bot.migrations.first import m0014_parked, m0021_parked_steps
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.pipeline.watching import permalinks
from tests.bots import bank_the_fake, bot_on, changed, fake, post_fake
from tests.bots import world as world
from tests.killing import Silent
from tests.people import member
from tests.test_orders import answers, order, run


class Killed(BaseException):
    """The end of a process, as a test can have it."""


def dies_at(moment: str) -> Callable[[str], None]:
    """Return a boundary at which the process ends."""

    def boundary(name: str) -> None:
        if name == moment:
            raise Killed

    return boundary


def states(bot: Pipeline) -> list[LinkState]:
    """Return the state of each link, oldest first."""
    return [row.state for row in reversed(bot.deps.store.links.listing())]


def kill_in_match(bot: Pipeline, monkeypatch: pytest.MonkeyPatch, post: str) -> None:
    """Let matching a post's links end the process."""
    matched = bot.scanner.matched

    def deadly(evidence, prints):  # type: ignore[no-untyped-def]
        if evidence.post == post:
            raise Killed
        return matched(evidence, prints)

    monkeypatch.setattr(bot.scanner, "matched", deadly)


def test_a_link_that_kills_the_daemon_is_parked(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fourth start leaves it alone and does the rest; a retry puts it back where it was."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        deadly, good = post_fake(world), post_fake(world, id="Other")
        bot.watch()
    for _ in range(3):
        with bot_on(world, Silent()) as bot:
            kill_in_match(bot, monkeypatch, deadly)
            with pytest.raises(Killed):
                bot.work()
    with bot_on(world, Silent()) as bot:
        kill_in_match(bot, monkeypatch, deadly)
        bot.work()
        kept = {row.link.post: row.state for row in bot.deps.store.links.listing()}
        assert kept == {deadly: LinkState.PARKED, good: LinkState.JUDGED}
        (parked,) = bot.deps.store.tries.parked()
        assert (parked.queue, parked.parked_from) == ("link", "acquired")
    with bot_on(world, Silent()) as bot:
        bot.deps.store.tries.retry("link", parked.name)
        bot.work()
        assert states(bot) == [LinkState.JUDGED] * 2
        assert bot.deps.store.tries.parked() == []


@pytest.mark.slow
def test_an_action_that_kills_the_daemon_is_parked(world: Stage) -> None:
    """Begun three times and each time cut off, it is left alone, and a retry looks first whether it was done."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.watch()
        bot.work()
        kind = next(row for row in bot.deps.store.actions.listing() if row.state == "planned").action.kind
    deaths = 0
    for _ in range(9):
        with bot_on(world, Silent(), dies_at(f"act.begun:{kind}")) as bot:
            try:
                bot.act()
            except Killed:
                deaths += 1
        world.clock.sleep(3600)
    assert deaths == 3
    with bot_on(world, Silent(), dies_at(f"act.begun:{kind}")) as bot:
        bot.act()
        assert [row.queue for row in bot.deps.store.tries.parked()] == ["action"]
        bot.deps.store.tries.retry("action", bot.deps.store.tries.parked()[0].name)
    with bot_on(world, Silent()) as bot:
        bot.act()
        world.clock.sleep(3600)
        bot.act()
        assert bot.deps.store.tries.parked() == []
        assert "done" in {row.state for row in bot.deps.store.actions.listing() if row.action.kind == kind}


@pytest.mark.slow
def test_our_own_faults_count_for_nothing(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk or memory, however often, neither parks a link nor gives it up."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.watch()
        whole = bot.scanner.matched
        for error in (DatabaseError("full"), MemoryError()) * 4:

            def failing(evidence, prints, error=error):  # type: ignore[no-untyped-def]
                raise error

            monkeypatch.setattr(bot.scanner, "matched", failing)
            bot.work()
            assert states(bot) == [LinkState.ACQUIRED]
            world.clock.sleep(3600)
        monkeypatch.setattr(bot.scanner, "matched", whole)
        bot.work()
        assert states(bot) == [LinkState.JUDGED]


def parked_removal(bot: Pipeline, key: str, *, state: str) -> int:
    """Park a removal that stood in a state; return it."""
    case = bot.deps.store.cases.listing()[0]
    actions = bot.deps.store.actions
    actions.plan(
        key=key,
        kind="remove",
        post=case.post.fullname,
        subreddit=case.post.subreddit,
        permalink=case.post.permalink,
        params={},
    )
    (number,) = actions.keyed(key)
    bot.deps.store.connection.run("update actions set state = ?, tries = 3 where id = ?", (state, number))
    assert not bot.deps.store.tries.begin("action", number)
    return number


@pytest.mark.parametrize(("state", "others"), [("planned", False), ("sending", True), ("unknown", True)])
def test_what_was_parked_before_it_was_sent_did_nothing_to_its_post(world: Stage, state: str, others: bool) -> None:
    """Another case's action on the post goes ahead, unless the parked one may have reached Reddit."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.watch()
        bot.work()
        actions = bot.deps.store.actions
        (planned,) = [row for row in actions.listing() if row.action.kind == "remove"]
        other = parked_removal(bot, "other", state=state)
        said = actions.begin(planned.action.id)
        assert said == (f"action {other} did the same to this post" if others else None)


def test_a_marked_post_is_not_forgotten_while_its_removal_is_parked(world: Stage) -> None:
    """It may still be up: who says that it is reported is told what to do first."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post = post_fake(world)
        bot.watch()
        bot.work()
        marked = bot.decisions.minors.minor(post, by=member(bot))
        store = bot.deps.store
        (removal,) = [row for row in store.actions.on_post(post, "remove") if row.action.params.get("order")]
        store.connection.run("update actions set tries = 3 where id = ?", (removal.action.id,))
        assert not store.tries.begin("action", removal.action.id)
        with pytest.raises(UsageError, match=rf"parked retry action {removal.action.id}"):
            bot.decisions.minors.reported(marked.posts[0].label, by=member(bot))
        store.tries.retry("action", str(removal.action.id))
        bot.act()
        bot.decisions.minors.reported(marked.posts[0].label, by=member(bot))


def test_what_is_parked_in_a_backup_is_looked_at_before_it_is_repeated(world: Stage, tmp_path: Path) -> None:
    """A copy does not know what was done since, so what may have been sent is in doubt there."""
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.watch()
        bot.work()
        parked_removal(bot, "other", state="planned")
        bot.deps.store.backup.write(tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("select parked_from from actions where state = 'parked'").fetchall() == [("unknown",)]


def test_a_parked_order_is_told_to_who_gave_it_and_retried_by_command(
    world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer says that it is not done and who must look; listed, and tried again, it is carried out."""
    with bot_on(world, Silent()) as bot:
        run(world, bot)
        conversation = order(world, "gifwarden, stop")

        def deadly(_: object, *, wait: bool) -> bool:
            raise Killed

        whole = bot.orders._runner.do
        monkeypatch.setattr(bot.orders._runner, "do", deadly)
        for _ in range(3):
            with pytest.raises(Killed):
                bot.obey()
            world.clock.sleep(60)
        run(world, bot, 3)
        store = bot.deps.store
        (parked,) = store.tries.parked()
        assert (parked.queue, parked.about, parked.parked_from) == ("order", "stop", "received")
        (answer,) = answers(world, conversation)
        assert "could not be carried out" in answer
        assert "A person at the machine must look" in answer
        assert store.kill_switch.stops() == []
        monkeypatch.setattr(bot.orders._runner, "do", whole)
        store.tries.retry("order", parked.name)
        run(world, bot, 2)
        assert [stop.subreddit for stop in store.kill_switch.stops()] == ["clips"]
        assert len(answers(world, conversation)) == 2


def test_the_commands_list_retry_and_refuse(tmp_path: Path) -> None:
    """`parked list` names what is parked, `doctor` too; `parked retry` puts it back, and refuses what is not parked."""
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path), "--by", "ann"]).exit_code == 0
    config = ["-c", str(tmp_path / "config.toml")]
    with session(read_config(tmp_path / "config.toml")) as pipeline:
        pipeline.deps.store.orders.receive("m1", subreddit="clips", sender="x", verb="stop")
        pipeline.deps.store.connection.run("update orders set tries = 3")
        assert not pipeline.deps.store.tries.begin("order", "m1")
    shown = json.loads(runner.invoke(app, ["parked", "list", "--json", *config]).output)
    assert (shown["kind"], shown["name"], shown["about"], shown["parked_from"]) == ("order", "m1", "stop", "received")
    assert "gifwarden parked retry order m1" in " ".join(runner.invoke(app, ["doctor", *config]).output.split())
    assert "cannot be parked" in str(runner.invoke(app, ["parked", "retry", "post", "m1", *config]).exception)
    done = runner.invoke(app, ["parked", "retry", "order", "m1", "--by", "ann", *config])
    assert done.exit_code == 0, done.output
    again = runner.invoke(app, ["parked", "retry", "order", "m1", "--by", "ann", *config])
    assert "no order m1 is parked" in str(again.exception)
    assert "nothing is parked" in runner.invoke(app, ["parked", "list", *config]).output


def test_rows_of_an_earlier_version_have_no_tries() -> None:
    """The step that counts tries finds rows of before and begins at none."""
    db = Database(memory=True)
    for table in ("links", "actions", "orders"):
        db.execute(f"create table {table} (id integer primary key, state text)")
        db.execute(f"insert into {table} (state) values ('seen')")
    m0014_parked(db)
    for table in ("links", "actions", "orders"):
        assert next(iter(db.query(f"select tries, parked_from from {table}"))) == {"tries": 0, "parked_from": None}
    db.close()


def permalink(world: Stage, name: str) -> str:
    """Post a permalink to another post in the watched subreddit; return the post's fullname."""
    return world.reddit.submit("clips", author="p", title="t", selftext=f"https://redd.it/{name[3:]}")


def read_or_die(monkeypatch: pytest.MonkeyPatch, deadly: str) -> None:
    """Let reading what one permalink leads to end the process."""

    def media_in(thing, find):  # type: ignore[no-untyped-def]
        if thing["data"]["name"] == deadly:
            raise Killed
        return whole(thing, find)

    whole = permalinks.media_in
    monkeypatch.setattr(permalinks, "media_in", media_in)


@pytest.mark.slow
def test_a_permalink_that_kills_the_daemon_is_parked(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three deaths it is left alone, no other permalink is blamed, and a retry follows it."""
    world.reddit.world.add_subreddit("Elsewhere")
    url = world.park.add_imgur("aB3dE5g", fake(), "mp4")
    there = [world.reddit.submit("Elsewhere", author="x", title=f"n{n}", url=url) for n in range(4)]
    posts = [permalink(world, name) for name in there]
    deaths = 0
    with monkeypatch.context() as patched:
        read_or_die(patched, there[1])
        for _ in range(9):
            with bot_on(world, Silent()) as bot:
                try:
                    bot.watch()
                except Killed:
                    deaths += 1
        assert deaths == 3
        with bot_on(world, Silent()) as bot:
            bot.watch()
            (parked,) = bot.deps.store.tries.parked()
            assert (parked.queue, parked.about, parked.parked_from) == ("link", "reddit", "unsupported")
            rows = bot.deps.store.links.listing()
            assert {row.link.post for row in rows if row.link.source == "linked"} == {posts[0], *posts[2:]}
            assert [row.tries for row in rows if row.state != LinkState.PARKED] == [0] * (len(rows) - 1)
    with bot_on(world, Silent()) as bot:
        bot.deps.store.tries.retry("link", parked.name)
        bot.watch()
        assert bot.deps.store.tries.parked() == []
        linked = {row.link.post for row in bot.deps.store.links.listing() if row.link.source == "linked"}
        assert linked == set(posts)


def test_permalinks_that_wait_for_reddit_are_not_parked(world: Stage) -> None:
    """However often Reddit has nothing to spare: that is no try that never ended."""
    with bot_on(world, Silent()) as bot:
        post = permalink(world, "t3_nothere")
        bot.polling.round()
        for _ in range(6):
            world.reddit.fail_next("/api/info", status=503)
            bot.permalinks.round()
            world.clock.sleep(3600)
        (row,) = [row for row in bot.deps.store.links.listing() if row.link.post == post]
        assert (row.state, row.tries) != (LinkState.PARKED, 3)
        bot.permalinks.round()
        assert bot.deps.store.links.get(row.id).state == LinkState.GONE


def test_a_listing_of_the_past_that_kills_is_parked(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command run again leaves it out and says so, reads the others, and reads it after a retry."""
    name = world.reddit.submit("clips", author="a", title="x", url=world.park.add_imgur("aB3dE5g", fake(), "mp4"))
    with bot_on(world, Silent()) as bot:
        whole = bot.backfill._page

        def deadly(row, source, size):  # type: ignore[no-untyped-def]
            if row.source == "new":
                raise Killed
            return whole(row, source, size)

        monkeypatch.setattr(bot.backfill, "_page", deadly)
        for _ in range(3):
            with pytest.raises(Killed):
                bot.backfill.read("clips")
        came = bot.backfill.read("clips")
        assert "gifwarden parked retry backfill clips/new" in came.sentence
        assert {row.source for row in came.rows if row.state == "parked"} == {"new"}
        assert {row.state for row in came.rows if row.source != "new"} == {"done"}
        (parked,) = bot.deps.store.tries.parked()
        assert (parked.queue, parked.name, parked.parked_from) == ("backfill", "clips/new", "reading")
        monkeypatch.setattr(bot.backfill, "_page", whole)
        bot.deps.store.tries.retry("backfill", parked.name)
        assert {row.state for row in bot.backfill.read("clips").rows} == {"done"}
        assert bot.deps.store.links.post(name) is not None


def test_a_digest_that_kills_the_daemon_is_parked(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders go on to be heard, other subreddits get theirs, and a retry makes it."""
    with bot_on(changed(world, digest={"heartbeat": True, "hour": 0}), Silent()) as bot:
        whole = bot.digests._found

        def deadly(subreddit, now):  # type: ignore[no-untyped-def]
            raise Killed

        observed = [name for name, place in world.config.subreddits.items() if place.mode == "observe"]
        monkeypatch.setattr(bot.digests, "_found", deadly)
        for _ in range(3 * len(observed)):
            with pytest.raises(Killed):
                bot.obey()
        for _ in range(3):
            bot.obey()
        store = bot.deps.store
        assert {(row.queue, row.name) for row in store.tries.parked()} == {("digest", name) for name in observed}
        monkeypatch.setattr(bot.digests, "_found", whole)
        assert bot.digests.run() == 0
        for row in store.tries.parked():
            store.tries.retry("digest", row.name)
        assert bot.digests.run() == len(observed)
        assert bot.digests.run() == 0
        assert store.tries.parked() == []


def test_a_digest_that_fails_counts_for_nothing(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error ends a try, and so does a digest that is made: the process may die behind it."""
    with bot_on(changed(world, digest={"heartbeat": True, "hour": 0}), Silent(), dies_at("digest.made")) as bot:
        whole = bot.digests._found

        def failing(subreddit, now):  # type: ignore[no-untyped-def]
            raise DatabaseError("full")

        monkeypatch.setattr(bot.digests, "_found", failing)
        for _ in range(4):
            with pytest.raises(DatabaseError):
                bot.digests.run()
        monkeypatch.setattr(bot.digests, "_found", whole)
        with pytest.raises(Killed):
            bot.digests.run()
        store = bot.deps.store
        assert store.tries.parked() == []
        assert store.connection.value("select sum(tries) from digests") == 0


def test_backfills_and_digests_of_an_earlier_version_have_no_tries() -> None:
    """The step finds rows of before and begins at none."""
    db = Database(memory=True)
    db.execute("create table backfills (subreddit text, source text, state text)")
    db.execute("insert into backfills values ('clips', 'new', 'reading')")
    db.execute("create table digests (subreddit text, day text)")
    db.execute("insert into digests values ('clips', '2026-11-20')")
    m0021_parked_steps(db)
    assert list(db.query("select tries, parked_from, state from backfills")) == [
        {"tries": 0, "parked_from": None, "state": "reading"}
    ]
    assert list(db.query("select tries, parked_from, state from digests")) == [
        {"tries": 0, "parked_from": None, "state": "made"}
    ]
    db.close()
