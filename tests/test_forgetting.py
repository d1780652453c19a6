"""Forgetting: what was deleted on Reddit leaves no trace in database, log of the database, and backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.loopback.stage import Stage
from bot.model import PROGRAM, ActionState, CaseState, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.pipeline.keeping import retention
from bot.pipeline.keeping.retention import gone_of
from bot.samples import media
from bot.schedule import FORGET_MINUTES
from bot.store import Store
from tests.bots import fake, near_copy
from tests.killing import STATES_GROUND
from tests.people import member
from tests.test_orders import HEAD, order, run, team

__all__ = ["team"]

AUTHOR = "marker_author_Q7"
TITLE = "marker title quetzal"
TEXT = "marker text axolotl"
HOURS = 3600


def submit(world: Stage, subreddit: str = "clips", *, id: str = "MarkerHostId", data: bytes | None = None) -> str:
    """Post a link with markers in every field."""
    url = world.park.add_redgifs(id, hd=data or fake())
    return world.reddit.submit(subreddit, author=AUTHOR, title=TITLE, url=url, selftext=TEXT)


def traces(world: Stage, name: str, *, host_id: str = "markerhostid") -> list[bytes]:
    """Return every string that tells of a post."""
    data = world.reddit.world.things[name]
    words = [AUTHOR, f"t2_{AUTHOR}".lower(), TITLE, TEXT, str(data["permalink"]).rstrip("/"), host_id]
    return [word.encode() for word in words]


def files(bot: Pipeline) -> list[Path]:
    """Return the database and what SQLite keeps beside it."""
    return sorted(bot.deps.config.storage.path.glob("gifwarden.db*"))


def found_in(paths: list[Path], markers: list[bytes]) -> list[tuple[str, bytes]]:
    """Return which file holds which marker, in any case of letters."""
    return [(path.name, marker) for path in paths for marker in markers if marker.lower() in path.read_bytes().lower()]


def later(world: Stage, bot: Pipeline, hours: float = 47) -> int:
    """Let time pass, then let the daemon's steps forget."""
    world.clock.sleep(hours * HOURS)
    return bot.purge()


@pytest.mark.parametrize("subreddit", ["clips", "gifs", "quiet"])
@pytest.mark.slow
def test_nothing_of_a_deleted_post_with_a_case_is_left(
    world: Stage, bot: Pipeline, tmp_path: Path, subreddit: str
) -> None:
    """Permalink, author, text and address are in no file's bytes, nor in a new backup; the case and its label stay."""
    name = submit(world, subreddit)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    bot.deps.store.audit.record(by=member(bot), what="note", subject=case.label, why=f"{AUTHOR} again: {TITLE}")
    markers = traces(world, name)
    assert {marker for _, marker in found_in(files(bot), markers)} == set(markers)
    world.reddit.delete(name)
    assert later(world, bot) == 1
    bot.deps.store.backup.write(tmp_path / "copy.db")
    assert found_in([*files(bot), tmp_path / "copy.db"], markers) == []
    row = bot.deps.store.cases.get(case.label)
    assert row.state == CaseState.CLOSED_ELSEWHERE
    assert row.post.permalink == ""


@pytest.mark.slow
def test_nothing_of_a_deleted_post_without_a_case_is_left(world: Stage, bot: Pipeline) -> None:
    """Post, links and evidence go altogether."""
    name = submit(world, data=media.clip(977, seconds=1, width=160, height=90))
    comment = world.reddit.comment(name, author=AUTHOR, body=f"{TEXT} https://i.imgur.com/MarkerHostId.gif")
    bot.tick()
    markers = traces(world, name)
    world.reddit.delete(name)
    world.reddit.delete(comment)
    assert later(world, bot) == 2
    assert found_in(files(bot), markers) == []
    assert bot.deps.store.links.post(name) is None


@pytest.mark.slow
def test_a_decided_case_forgets_too(world: Stage, bot: Pipeline) -> None:
    """After a confirm, an undo and a ban on names nothing of the post stays in reasons, actions and receipts."""
    name = submit(world)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    markers = traces(world, name)
    bot.decisions.cases.confirm(case.label, by=member(bot), why=f"{AUTHOR} posts {TITLE}")
    bot.decisions.cases.undo(case.label, by=member(bot), why=TEXT)
    world.reddit.delete(name)
    assert later(world, bot) == 1
    assert found_in(files(bot), markers) == []


@pytest.mark.slow
def test_a_sent_notice_keeps_what_it_said_until_it_is_closed(world: Stage, bot: Pipeline) -> None:
    """Host id, hashes and dates stay on a sent notice; a closed one loses them."""
    name = submit(world)
    bot.tick()
    (draft,) = bot.deps.store.notices.listing()
    bot.decisions.notices.confirm_notice(
        draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    bot.tick()
    markers = traces(world, name)
    world.reddit.delete(name)
    later(world, bot)
    (item,) = bot.deps.store.notices.get(draft.label).items
    assert (item.host_id, bool(item.sha256)) == ("markerhostid", True)
    assert {marker for _, marker in found_in(files(bot), markers)} == {b"markerhostid"}
    bot.deps.store.notices.move(draft.label, NoticeState.CLOSED, expect=(NoticeState.SENT,))
    later(world, bot, 1)
    assert found_in(files(bot), markers) == []


@pytest.mark.slow
def test_an_unsent_draft_is_given_up_with_the_post(world: Stage, bot: Pipeline) -> None:
    """A draft that nobody stated holds an address out of the deleted post, so it goes."""
    name = submit(world)
    bot.tick()
    world.reddit.delete(name)
    later(world, bot)
    (draft,) = bot.deps.store.notices.listing()
    assert (draft.state, draft.items) == (NoticeState.RETRACTED, ())


@pytest.mark.slow
def test_a_comment_does_not_tell_of_its_deleted_submission(world: Stage, bot: Pipeline) -> None:
    """A comment that is up stays, without the title, the author and the address of what it stands under."""
    name = world.reddit.submit("clips", author=AUTHOR, title=TITLE, selftext=f"{TEXT} https://i.imgur.com/abcdefg.png")
    url = world.park.add_redgifs("OneTwoThree", hd=fake())
    comment = world.reddit.comment(name, author="somebody", body=f"look {url}")
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    assert case.post.fullname == comment
    markers = [word for word in traces(world, name) if word != b"markerhostid"]
    assert {marker for _, marker in found_in(files(bot), markers)} == set(markers)
    world.reddit.delete(name)
    later(world, bot)
    assert found_in(files(bot), markers) == []
    (case,) = bot.deps.store.cases.listing()
    assert case.post.author == "somebody"
    assert bot.deps.store.links.get(case.link).link.url == url


@pytest.mark.slow
def test_what_waited_is_not_done_to_a_deleted_post(world: Stage, bot: Pipeline) -> None:
    """Held actions are cancelled, and confirming is no longer possible."""
    name = submit(world, "quiet", data=near_copy())
    bot.tick()
    world.reddit.delete(name)
    later(world, bot)
    assert {row.state for row in bot.deps.store.actions.listing()} == {ActionState.CANCELLED}


@pytest.mark.slow
def test_a_post_that_is_there_stays(world: Stage, bot: Pipeline) -> None:
    """Neither a post that is up nor one that a moderator removed is forgotten."""
    up, removed = submit(world, id="One"), submit(world, "gifs", id="Two")
    bot.tick()
    world.reddit.moderator_removes(removed, "head_moderator")
    assert later(world, bot) == 0
    for name in (up, removed):
        post = bot.deps.store.links.post(name)
        assert post is not None
        assert post.author == AUTHOR


@pytest.mark.slow
def test_a_post_that_reddit_does_not_show_is_looked_for_twice(world: Stage, bot: Pipeline) -> None:
    """An empty answer once may be a stumble; an hour later it counts."""
    name = submit(world)
    bot.tick()
    data = world.reddit.world.things.pop(name)
    assert later(world, bot, 21) == 0
    assert bot.deps.store.links.post(name) is not None
    world.reddit.world.things[name] = data
    assert later(world, bot, 2) == 0
    world.reddit.world.things.pop(name)
    assert later(world, bot, 21) == 0
    assert later(world, bot, 2) == 1


def test_an_account_that_is_gone_loses_its_name_only(world: Stage, bot: Pipeline) -> None:
    """The post is up, so its case goes on; who posted it is forgotten."""
    name = submit(world, "gifs", data=near_copy())
    bot.tick()
    world.reddit.world.things[name]["author"] = "[deleted]"
    world.reddit.world.things[name].pop("author_fullname")
    assert later(world, bot) == 0
    assert found_in(files(bot), [AUTHOR.encode()]) == []
    (case,) = bot.deps.store.cases.listing()
    assert (case.state, case.post.title) == (CaseState.OPEN, TITLE)


@pytest.mark.slow
def test_reddit_being_down_forgets_nothing_and_is_said(world: Stage, bot: Pipeline) -> None:
    """Without an answer nothing counts as deleted, and the posts stay due."""
    name = submit(world)
    bot.tick()
    world.reddit.fail_next("api/info", status=503, times=50)
    assert later(world, bot) == 0
    assert bot.deps.store.links.post(name) is not None
    assert bot.deps.store.forgetting.unlooked(world.clock.now()) == 1


@pytest.mark.slow
def test_a_busy_database_keeps_no_stale_bytes(tmp_path: Path) -> None:
    """Thousands of rows of all lengths, split and merged pages: forgotten text is in no page and not in the log."""
    from dataclasses import replace

    from bot.clock import ManualClock
    from bot.loopback.stage import START
    from bot.model import Link, Post

    path = tmp_path / "busy.db"
    with Store(path, ManualClock(START)) as store:
        base = Post(fullname="", subreddit="clips", permalink="", created=START)
        for number in range(1500):
            marked = number % 3 == 0
            name = f"t3_{number:x}"
            text = ("axolotl" if marked else "harmless") * (1 + number * 7 % 900)
            post = replace(base, fullname=name, permalink=f"/r/clips/{name}", body=text, author=f"u{number}")
            url = f"https://example.org/{'axolotl' if marked else 'fine'}/{number}"
            store.links.add([(post, [Link(url=url, host="direct", id=None, kind="media", source="url")])])
            if number % 2:  # pages are rewritten in between
                store.links.update_post(replace(post, body=text[: len(text) // 3]))
        assert b"axolotl" in path.read_bytes() + path.with_name("busy.db-wal").read_bytes()
        for number in range(0, 1500, 3):
            store.forgetting.forget_post(f"t3_{number:x}")
        store.maintenance.truncate_log()
        assert [file.name for file in tmp_path.glob("busy.db*") if b"axolotl" in file.read_bytes()] == []
        assert store.maintenance.counts()["posts"]["seen"] == 1000


@pytest.mark.parametrize(
    ("data", "gone"),
    [
        ({"author": "a", "selftext": "x"}, None),
        ({"author": "[deleted]", "selftext": "[deleted]", "removed_by_category": "deleted"}, "post"),
        ({"author": "a", "selftext": "[removed]", "removed_by_category": "moderator"}, None),
        ({"author": "[deleted]", "selftext": "", "removed_by_category": None}, "author"),
        ({"author": "[deleted]", "body": "[deleted]"}, "post"),
        ({"author": "a", "body": "[removed]", "banned_by": "m"}, None),
    ],
)
def test_what_counts_as_deleted(data: dict[str, object], gone: str | None) -> None:
    """The author's deletion does, a moderator's removal does not, a lost account only loses its name."""
    assert gone_of(data) == gone


def test_two_databases_read_the_system_clock(tmp_path: Path) -> None:
    """A store on a real clock forgets nothing it has just seen."""
    with Store(tmp_path / "x.db", SystemClock()) as store:
        now = store.connection.clock.now()
        assert store.forgetting.due(checked=now, missed=now, limit=5) == []


SEED = "quetzalq7"  # stands in every text that leads to the post


@pytest.mark.slow
def test_a_whole_life_leaves_nothing_once_the_post_is_deleted(world: Stage, bot: Pipeline) -> None:
    """Its id, author and title go from watermarks, answers, orders, stops, audit and keys; what was ordered stays."""
    bot.tick()
    url = world.park.add_redgifs("harmless", hd=media.clip(9, seconds=1, width=160, height=90))
    name = world.reddit.submit("clips", author=f"{SEED}_author", title=f"{SEED} title", url=url)
    number = name.partition("_")[2]
    order(world, f"gifwarden, scan https://redd.it/{number}")
    order(world, f"gifwarden, undo https://redd.it/{number}\n\n{SEED}_author again")
    order(world, f"gifwarden, stop\n\nbecause of {SEED}_author")
    world.reddit.world.report(name, "gifwarden: scan", HEAD)
    run(world, bot, 4)
    ours = member(bot)
    store = bot.deps.store
    store.audit.record(by=ours, what="note", subject="known-fakes", why=f"as in {name} of {SEED}_author")
    told = [row["params"] for row in store.connection.rows("select params from actions where kind = 'answer'")]
    assert any(number in text for text in told), "answers quote the post"
    world.reddit.delete(name)
    assert later(world, bot) == 1
    left = [
        (table, column, value)
        for table in store.connection.db.table_names()
        for row in store.connection.rows(f"select * from [{table}]")
        for column, value in row.items()
        if any(word in str(value).casefold() for word in (SEED, number))
    ]
    assert left == []
    assert found_in(files(bot), [SEED.encode(), number.encode()]) == []
    assert [stop.subreddit for stop in store.kill_switch.stops()] == ["clips"], "what was ordered stays in force"


@pytest.mark.slow
def test_a_lost_account_leaves_its_name_in_no_reason(world: Stage, bot: Pipeline) -> None:
    """When an account is gone and its post is up, what people wrote of it no longer names it."""
    bot.tick()
    url = world.park.add_redgifs("harmless", hd=media.clip(9, seconds=1, width=160, height=90))
    name = world.reddit.submit("clips", author=f"{SEED}_author", title="anything", url=url)
    run(world, bot, 2)
    store = bot.deps.store
    store.audit.record(by=member(bot), what="note", subject="known-fakes", why=f"seen at {SEED}_author again")
    store.forgetting.forget_author(name)
    assert store.links.post(name) is not None
    assert [text for text in texts(store) if SEED in text] == []
    assert "audit.why: seen at [deleted] again" in texts(store)


@pytest.mark.parametrize(
    ("author", "title"),
    [
        ("reddit", "https"),
        *(
            pytest.param(*names, marks=pytest.mark.slow)
            for names in (("fake", "Known fake, exact file"), ("clips", "removed"), ("spam", "x"))
        ),
    ],
)
@pytest.mark.slow
def test_a_name_chosen_to_be_in_other_texts_takes_nothing_from_them(
    world: Stage, bot: Pipeline, author: str, title: str
) -> None:
    """Whoever deletes a post named after common words erases no order, reason or message about anything else."""
    bot.tick()
    url = world.park.add_redgifs("harmless", hd=media.clip(9, seconds=1, width=160, height=90))
    mine = world.reddit.submit("clips", author=author, title=title, url=url)
    other = world.reddit.submit("clips", author="somebody_else", title="another post", url="https://example.org/x")
    order(world, f"gifwarden, undo https://www.reddit.com/comments/{other[3:]}: not a fake, no spam at all")
    order(world, "gifwarden, stop: too much spam, clips removed, fake alarms on reddit")
    run(world, bot, 4)
    store, ours = bot.deps.store, member(bot)
    store.audit.record(by=ours, what="note", subject="known-fakes", why="not a fake; clips removed as spam on reddit")
    store.audit.record(by=PROGRAM, what="case opened: act", subject="C-1", why="Known fake, exact file")
    params = {"subject": "Known fake, exact file", "body": "https clips removed as spam from reddit, a fake"}
    store.actions.plan(key="digest:1", kind="digest", subreddit="quiet", params=params)
    before = texts(store)
    world.reddit.delete(mine)
    later(world, bot)
    assert store.links.post(mine) is None
    assert [text for text in before if text not in texts(store)] == []


def texts(store: Store) -> list[str]:
    """Return what people and the program wrote about anything."""
    columns = (("audit", "why"), ("stops", "why"), ("orders", "target"), ("orders", "why"), ("orders", "outcome"))
    found = [
        f"{table}.{column}: {row[column]}"
        for table, column in columns
        for row in store.connection.rows(f"select {column} from {table} where {column} is not null")
    ]
    return found + [
        f"{row['key']}: {row['params']}"
        for row in store.connection.rows("select key, params from actions where kind = 'digest'")
    ]


def test_a_step_looks_for_its_part_of_all_that_is_kept(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many posts are kept, so many steps look for all of them; those that waited longest go first."""
    monkeypatch.setattr(retention, "BATCHES", 0)
    monkeypatch.setattr(retention, "STEPS", 3)
    for number in range(7):
        submit(world, id=f"Kept{number}")
    bot.watch()
    world.clock.sleep(21 * HOURS)
    looked = []
    for _ in range(3):
        sent = len(world.reddit.log)
        bot.forget()
        asked = [one.query["id"].split(",") for one in world.reddit.log[sent:] if one.path == "/api/info"]
        looked.append(len({name for names in asked for name in names}))
    assert looked == [3, 3, 1]


def test_the_steps_of_a_day_are_enough() -> None:
    """The daemon's steps look for every post that is kept within the hours that are promised."""
    assert retention.LOOK_HOURS * 60 / FORGET_MINUTES >= retention.STEPS
