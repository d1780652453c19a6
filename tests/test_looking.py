"""Looking: what was asked for, once, to who asked; nothing else, nowhere; and never a suspected minor."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import frames
from bot.config import DecodeConfig
from bot.contact_sheets import Looker
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import KINDS, Actor, Credential, Level, LookSettings, LookState, MediaKind, Role, Sheet
from bot.pipeline import Pipeline
from bot.pipeline.judging import scan_target
from bot.pipeline.looking import looks as room
from bot.pipeline.looking.answer import Answer
from bot.pipeline.looking.asked import DELETED, MINOR
from bot.pipeline.looking.job import Progress
from bot.pipeline.looking.looks import EACH, Looks
from bot.pipeline.looking.wishes import MUCH, word
from bot.samples import media
from tests.bots import Listening, near_copy
from tests.looking_process import marker
from tests.people import at_home, member
from tests.test_minor_doors import command
from tests.test_minors import kept

pytestmark = pytest.mark.slow

TAB = "a session"


def case_of(world: Stage, bot: Pipeline, subreddit: str = "clips", data: bytes | None = None) -> tuple[str, str]:
    """Post a near copy, and let the bot open a case; return the post and the case."""
    url = world.park.add_redgifs("LookedAtMedia", hd=data or near_copy())
    name = world.reddit.submit(subreddit, author="poster", title="look", url=url, created=world.clock.now())
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    return name, case.label


def until(looks: Looks, look: str, by: Actor, *states: LookState, session: str = TAB) -> Progress:
    """Wait until a look is in one of these states, and return how far it is."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        progress = looks.progress(look, by=by, session=session)
        if progress.state in states:
            return progress
        time.sleep(0.02)
    raise AssertionError(f"it stays {progress}")


def looked(looks: Looks, look: str, by: Actor, session: str = TAB) -> Sheet:
    """Wait for a sheet and take it."""
    progress = until(looks, look, by, LookState.READY, LookState.FAILED, session=session)
    assert progress.state == LookState.READY, progress.why
    sheet = looks.take(look, by=by, session=session)
    assert isinstance(sheet, Sheet)
    return sheet


def answered(looks: Looks, look: str, by: Actor) -> Answer:
    """Wait for an answer and take it."""
    progress = until(looks, look, by, LookState.READY, LookState.FAILED)
    assert progress.state == LookState.READY, progress.why
    found = looks.take(look, by=by, session=TAB)
    assert isinstance(found, Answer)
    return found


@contextmanager
def looking(bot: Pipeline, **times: float) -> Iterator[Looks]:
    """Yield looks with other times."""
    deps = bot.deps
    looks = Looks(
        deps.config,
        deps.store,
        deps.log,
        deps.acquirer,
        bot.scanner,
        bot.target_scanner,
        doubtful=lambda _: False,
        **times,
    )
    try:
        yield looks
    finally:
        looks.close()


@pytest.fixture
def bot(bot: Pipeline) -> Pipeline:
    """A bot on a machine that may be busy with other tests: its looks have more time."""
    bot.looks._seconds = 240.0
    return bot


@pytest.fixture
def held(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """Hold the downloads of looks: the first event is set when one has begun, the second lets it go on."""
    begun, go_on = Event(), Event()
    whole = bot.deps.acquirer.acquire

    def waiting(*args: Any, **more: Any) -> Any:
        if bot.deps.store.cases.labels():  # not of the work by which the case came
            begun.set()
            go_on.wait(60)
        return whole(*args, **more)

    monkeypatch.setattr(bot.deps.acquirer, "acquire", waiting)
    yield begun, go_on
    go_on.set()


def test_a_case_is_looked_at_once_by_who_asked(world: Stage, bot: Pipeline) -> None:
    """A sheet at the level that was asked for, with what matched marked; then it is gone, and was nobody else's."""
    _, case = case_of(world, bot)
    ann, bob = member(bot, "ann"), member(bot, "bob")
    look = bot.looks.ask_case(case, Level.TILES, by=ann, session=TAB)
    until(bot.looks, look, ann, LookState.READY, LookState.FAILED)
    for by, session in ((bob, TAB), (ann, "another"), (bob, "another")):
        assert bot.looks.progress(look, by=by, session=session).state == LookState.GONE
        with pytest.raises(UsageError, match="nothing to show"):
            bot.looks.take(look, by=by, session=session)
    sheet = looked(bot.looks, look, ann)
    assert (sheet.level, sheet.kind) == (Level.TILES, "video")
    assert all(frame.matched for frame in sheet.frames)
    assert bot.looks.progress(look, by=ann, session=TAB).state == LookState.GONE
    with pytest.raises(UsageError, match="nothing to show"):
        bot.looks.take(look, by=ann, session=TAB)


def test_what_is_not_fetched_in_time_is_gone(world: Stage, bot: Pipeline) -> None:
    """A sheet that nobody takes is dropped after its time, also when nobody asks for it."""
    _, case = case_of(world, bot)
    ann = member(bot)
    with looking(bot, ready_seconds=0.6) as looks:
        look = looks.ask_case(case, Level.OUTLINES, by=ann, session=TAB)
        until(looks, look, ann, LookState.READY)
        job = looks._jobs[look]
        time.sleep(1.5)
        assert job.result is None
        assert looks.progress(look, by=ann, session=TAB).state == LookState.GONE


def test_leaving_ends_it(world: Stage, bot: Pipeline, held: tuple[Event, Event]) -> None:
    """Who leaves the page or signs out gets nothing, and the child is gone."""
    _, case = case_of(world, bot)
    ann = member(bot)
    first, second = (bot.looks.ask_case(case, Level.PLAIN, by=ann, session=TAB) for _ in range(2))
    assert held[0].wait(60)
    job = bot.looks._jobs[first]
    assert job.looker
    pid = job.looker.pid
    bot.looks.leave(TAB, first)
    assert bot.looks.progress(first, by=ann, session=TAB).state == LookState.GONE
    bot.looks.leave(TAB)
    assert bot.looks.progress(second, by=ann, session=TAB).state == LookState.GONE
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_nothing_of_a_look_is_written(world: Stage, bot: Pipeline, log: Listening) -> None:
    """No table but the count of the day changes, no line is logged, and the audit trail says nothing."""
    _, case = case_of(world, bot)
    ann = member(bot)
    store = bot.deps.store

    def tables() -> dict[str, list[tuple[Any, ...]]]:
        names = [name for name in store.connection.db.table_names() if name != "looks_today"]
        return {name: store.connection.tuples(f"select * from {name}") for name in names}

    before, told = tables(), len(log.warnings)
    sheet = looked(bot.looks, bot.looks.ask_case(case, Level.PLAIN, by=ann, session=TAB), ann)
    assert tables() == before
    assert len(log.warnings) == told
    assert sheet.png[40:400] not in kept(world)


Entry = Callable[[Stage, Pipeline, str, str, Level | None], str]


def _ask(bot: Pipeline, target: str, level: Level | None) -> str:
    return bot.looks.ask_target(target, level, by=member(bot), session=TAB)


ENTRIES: dict[str, Entry] = {
    "its case": lambda _, bot, __, case, level: bot.looks.ask_case(
        case, level or Level.OUTLINES, by=member(bot), session=TAB
    ),
    "its permalink": lambda world, bot, name, _, level: _ask(
        bot, "https://www.reddit.com" + world.reddit.world.things[name]["permalink"], level
    ),
    "its link": lambda _, bot, __, ___, level: _ask(bot, "https://www.redgifs.com/watch/lookedatmedia", level),
    "its file under another link": lambda world, bot, _, __, level: _ask(
        bot, world.park.add_redgifs("OtherPlace", hd=near_copy()), level
    ),
    "its file on another host": lambda world, bot, _, __, level: _ask(
        bot, world.park.add_direct("media.example.net", "/elsewhere.mp4", near_copy()), level
    ),
    "its file, brought": lambda _, bot, __, ___, level: bot.looks.ask_file(
        "clip.mp4", near_copy(), level, by=member(bot), session=TAB
    ),
}


@pytest.mark.parametrize("level", [None, Level.PLAIN])
@pytest.mark.parametrize("purged", [False, True], ids=["hidden", "purged"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_suspected_minor_is_looked_at_by_no_entry(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, entry: str, purged: bool, level: Level | None
) -> None:
    """Marked for now or for good, by whatever it is named: one sentence, no decoder gets it, no host is asked."""
    name, case = case_of(world, bot, subreddit="quiet")
    bot.decisions.minors.hide(case, by=member(bot))
    if purged:
        world.clock.sleep(601)
        bot.tick()
    seen: list[bytes] = []
    monkeypatch.setattr(Looker, "sheet", lambda _, data, *__, **___: seen.append(data))
    monkeypatch.setattr(bot.deps.workers, "fingerprint", lambda data, **_: seen.append(data))
    asked = len(world.park.log)
    try:
        look = ENTRIES[entry](world, bot, name, case, level)
    except UsageError as error:
        why = str(error)
    else:
        progress = until(bot.looks, look, member(bot), LookState.FAILED, LookState.READY)
        why = progress.why
        if progress.state == LookState.READY:
            found = bot.looks.take(look, by=member(bot), session=TAB)
            assert isinstance(found, Answer)
            assert [link.facts for link in found.links] == [()]
            why = found.links[0].error or ""
    assert "minor" in why
    assert seen == []
    if "file" not in entry:
        assert len(world.park.log) == asked


def test_a_case_that_turns_minor_ends_its_look(world: Stage, bot: Pipeline, held: tuple[Event, Event]) -> None:
    """In the middle of fetching: the look fails with the reason, and nothing comes of it."""
    _, case = case_of(world, bot)
    ann = member(bot)
    look = bot.looks.ask_case(case, Level.PLAIN, by=ann, session=TAB)
    assert held[0].wait(60)
    bot.decisions.minors.hide(case, by=ann)
    progress = until(bot.looks, look, ann, LookState.FAILED)
    assert progress.why == MINOR
    held[1].set()
    time.sleep(0.5)
    with pytest.raises(UsageError, match="minor"):
        bot.looks.take(look, by=ann, session=TAB)


def test_a_sheet_that_waits_is_not_handed_out_once_its_case_is_marked(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between being ready and being taken, too, also when nothing has looked meanwhile."""
    monkeypatch.setattr(room, "WATCH_SECONDS", 60)
    _, case = case_of(world, bot)
    ann = member(bot)
    look = bot.looks.ask_case(case, Level.OUTLINES, by=ann, session=TAB)
    until(bot.looks, look, ann, LookState.READY)
    bot.decisions.minors.hide(case, by=ann)
    with pytest.raises(UsageError) as caught:
        bot.looks.take(look, by=ann, session=TAB)
    assert str(caught.value) == MINOR


def test_a_deleted_posts_media_is_not_looked_at(world: Stage, bot: Pipeline) -> None:
    """Once the post is forgotten, its case shows nothing of the media."""
    name, case = case_of(world, bot)
    bot.deps.store.forgetting.forget_post(name)
    with pytest.raises(UsageError) as caught:
        bot.looks.ask_case(case, Level.OUTLINES, by=member(bot), session=TAB)
    assert str(caught.value) == DELETED


def test_a_look_has_a_deadline(world: Stage, bot: Pipeline, held: tuple[Event, Event]) -> None:
    """What is not there in time has failed, in one sentence that says what to do; whatever comes later is dropped."""
    _, case = case_of(world, bot)
    ann = member(bot)
    with looking(bot, seconds=1) as looks:
        look = looks.ask_case(case, Level.TILES, by=ann, session=TAB)
        assert held[0].wait(60)
        progress = until(looks, look, ann, LookState.FAILED)
        assert progress.why == "it was not ready within 1 seconds; ask again, or decide without it"
        held[1].set()
        time.sleep(0.3)
        assert looks.progress(look, by=ann, session=TAB).state == LookState.FAILED


def test_a_host_that_is_gone_is_one_sentence(world: Stage, bot: Pipeline) -> None:
    """What the host says of the media is said to who asked; nothing of the link or the case changes."""
    _, case = case_of(world, bot)
    ann = member(bot)
    before = bot.deps.store.links.listing()
    world.park._gifs.clear()
    look = bot.looks.ask_case(case, Level.TILES, by=ann, session=TAB)
    progress = until(bot.looks, look, ann, LookState.FAILED)
    assert len(progress.why.splitlines()) == 1
    assert bot.deps.store.links.listing() == before


def test_a_session_has_a_few_looks_and_the_oldest_gives_way(
    world: Stage, bot: Pipeline, held: tuple[Event, Event]
) -> None:
    """One more than that ends the oldest; another member's look is begun before a second one's next."""
    _, case = case_of(world, bot)
    ann, bob = member(bot, "ann"), member(bot, "bob")
    mine = [bot.looks.ask_case(case, Level.TILES, by=ann, session=TAB) for _ in range(EACH + 1)]
    states = [bot.looks.progress(look, by=ann, session=TAB).state for look in mine]
    assert states[0] == LookState.GONE
    assert LookState.WAITING in states
    his = bot.looks.ask_case(case, Level.TILES, by=bob, session="his")
    held[1].set()
    until(bot.looks, his, bob, LookState.READY, session="his")


def test_a_look_waits_behind_no_download_and_keeps_the_pace(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While as many links are fetched as may be, a look is made; its host is asked no faster than ever."""
    _, case = case_of(world, bot)
    ann = member(bot)
    go_on = Event()
    whole = bot.deps.acquirer.acquire

    def slow(*args: Any, **more: Any) -> Any:
        if threading.current_thread().name.startswith("link-"):
            go_on.wait(60)
        return whole(*args, **more)

    monkeypatch.setattr(bot.deps.acquirer, "acquire", slow)
    for place in range(bot.deps.config.fetch.concurrency):
        url = world.park.add_direct("media.example.net", f"/{place}.gif", media.gif(place, seconds=0.3), "image/gif")
        world.reddit.submit("clips", author=f"a{place}", title="t", url=url, created=world.clock.now())
    bot.watch()
    assert bot.downloads.start()
    asked, began = len(world.park.log), world.clock.monotonic()
    try:
        looked(bot.looks, bot.looks.ask_case(case, Level.TILES, by=ann, session=TAB), ann)
        requests = len(world.park.log) - asked
        waited = world.clock.monotonic() - began
        assert requests
        assert waited >= (requests - 1) * bot.deps.config.fetch.host_interval_seconds
    finally:
        go_on.set()


def test_what_takes_long_holds_nobody_up(bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would take minutes of a decoder is one sentence in the time of a look, and others' looks go on."""
    monkeypatch.setattr(scan_target, "LOOK_SECONDS", 2.0)
    ann = member(bot)
    costly = media.costly_gif(4000, 400)
    looks = [bot.looks.ask_file(f"{place}.gif", costly, by=ann, session=TAB) for place in range(2)]
    for look in looks:
        found = answered(bot.looks, look, ann)
        assert found.links[0].error == scan_target.TOO_LONG


def test_an_ended_look_whose_host_is_not_done_leaves_its_place(
    world: Stage, bot: Pipeline, held: tuple[Event, Event]
) -> None:
    """Two downloads that hang keep nobody else's look from being made once theirs are over."""
    _, case = case_of(world, bot)
    ann, bob = member(bot, "ann"), member(bot, "bob")
    for _ in range(2):
        bot.looks.ask_case(case, Level.TILES, by=ann, session=TAB)
    assert held[0].wait(60)
    his = bot.looks.ask_file("a.gif", media.gif(3, seconds=0.3), Level.TILES, by=bob, session="his")
    assert bot.looks.progress(his, by=bob, session="his").state == LookState.WAITING
    bot.looks.leave(TAB)
    looked(bot.looks, his, bob, session="his")


def test_closing_ends_all_looks_within_seconds(world: Stage, bot: Pipeline, held: tuple[Event, Event]) -> None:
    """Whatever is fetched or decoded: the program leaves at once, with no child left behind."""
    _, case = case_of(world, bot)
    ann = member(bot)
    with looking(bot) as looks:
        looks.ask_case(case, Level.PLAIN, by=ann, session=TAB)
        assert held[0].wait(60)
        began = time.monotonic()
        looks.close()
        assert time.monotonic() - began < 4
        with pytest.raises(UsageError, match="stops"):
            looks.ask_case(case, Level.PLAIN, by=ann, session=TAB)


def test_stopping_the_program_kills_what_is_decoded(bot: Pipeline) -> None:
    """Told to stop in the middle of a file that takes long, no child is left and nobody is waited for."""
    ann = member(bot)
    look = bot.looks.ask_file("a.gif", media.costly_gif(5000, 400), Level.PLAIN, by=ann, session=TAB)
    job = bot.looks._jobs[look]
    assert job.looker
    pid = job.looker.pid
    assert pid
    time.sleep(0.3)
    began = time.monotonic()
    bot.cut()
    assert time.monotonic() - began < 4
    while Path(f"/proc/{pid}").exists() and time.monotonic() - began < 10:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_each_person_looks_as_they_want(world: Stage, bot: Pipeline) -> None:
    """Level, grey and refused kinds are kept for each; what one refuses another is shown."""
    _, case = case_of(world, bot)
    ann, bob = member(bot, "ann"), member(bot, "bob")
    wishes = bot.looks.wishes
    assert wishes.settings(ann) == LookSettings()
    mine = LookSettings(level=Level.TILES, grey=True, refused=("video",))
    wishes.keep(mine, by=ann)
    assert wishes.settings(ann) == mine
    assert wishes.settings(bob) == LookSettings()
    with pytest.raises(UsageError, match="you asked not to be shown videos"):
        bot.looks.ask_case(case, Level.OUTLINES, by=ann, session=TAB)
    sheet = looked(bot.looks, bot.looks.ask_case(case, Level.PLAIN, by=bob, session=TAB), bob)
    assert not sheet.grey
    wishes.keep(LookSettings(grey=True), by=ann)
    sheet = looked(bot.looks, bot.looks.ask_case(case, Level.PLAIN, by=ann, session=TAB), ann)
    assert sheet.grey
    assert np.asarray(Image.open(io.BytesIO(sheet.png))).ndim == 2


def test_a_kind_that_is_known_only_afterwards_is_refused_too(bot: Pipeline) -> None:
    """Of a file that somebody brings nobody knows the kind before it is decoded; it is not shown all the same."""
    ann = member(bot)
    bot.looks.wishes.keep(LookSettings(refused=("animation",)), by=ann)
    look = bot.looks.ask_file("a.gif", media.gif(9, seconds=0.5), Level.PLAIN, by=ann, session=TAB)
    assert "not to be shown animations" in until(bot.looks, look, ann, LookState.FAILED).why


def test_how_much_one_looked_is_seen_by_oneself_and_gone_the_next_day(world: Stage, bot: Pipeline) -> None:
    """The count tells what was without cover; its row names nobody, and the next day there is none."""
    _, case = case_of(world, bot)
    ann, bob = member(bot, "ann"), member(bot, "bob")
    for level in (Level.OUTLINES, Level.PLAIN):
        looked(bot.looks, bot.looks.ask_case(case, level, by=ann, session=TAB), ann)
    today = bot.looks.wishes.today(ann)
    assert (today.looks, today.clear, today.word) == (2, 1, None)
    assert bot.looks.wishes.today(bob).looks == 0
    (row,) = bot.deps.store.connection.rows("select * from looks_today")
    assert len(row["mark"]) == 64
    assert set(row) == {"mark", "day", "looks", "clear"}
    world.clock.sleep(86_400)
    assert bot.looks.wishes.today(ann).looks == 0
    bot.purge()
    assert bot.deps.store.connection.rows("select * from looks_today") == []


def test_much_is_said_in_a_sentence() -> None:
    """Below it nothing is said; from there on it is, each time, and nobody is stopped."""
    assert word(MUCH - 1) is None
    assert "60 sheets without cover today" in (word(MUCH) or "")
    assert word(MUCH + 1)


def test_who_may_not_decide_a_case_does_not_look_at_it(world: Stage, bot: Pipeline) -> None:
    """A role in another subreddit, none, or having left: one sentence, before anything is fetched."""
    _, case = case_of(world, bot)
    store = bot.deps.store

    def person(name: str, *subreddits: str, role: Role = Role.REVIEWER) -> Actor:
        row = store.team.add(name, by=None)
        if subreddits:
            store.team.give(row, role, subreddits, by=None)
        return Actor(member=row, name=name, credential=Credential.SYSTEM_ACCOUNT)

    here, elsewhere, nobody = person("cat", "clips"), person("dan", "gifs"), person("eve")
    left = person("fay", "clips")
    store.team.remove(left.member)
    asked = len(world.park.log)
    for by in (elsewhere, nobody, left):
        with pytest.raises(UsageError):
            bot.looks.ask_case(case, Level.OUTLINES, by=by, session=TAB)
    for by in (nobody, left):
        with pytest.raises(UsageError):
            bot.looks.ask_target("https://www.redgifs.com/watch/lookedatmedia", by=by, session=TAB)
        with pytest.raises(UsageError):
            bot.looks.ask_file("a.gif", b"GIF89a", by=by, session=TAB)
    assert len(world.park.log) == asked
    bot.looks.ask_case(case, Level.OUTLINES, by=here, session=TAB)
    bot.looks.ask_target("https://www.redgifs.com/watch/lookedatmedia", by=elsewhere, session=TAB)


def test_anything_is_told_in_the_words_of_a_case(world: Stage, bot: Pipeline) -> None:
    """A host's link and a permalink: what matched, the verdict, texts to paste that name no entry; then a sheet."""
    name, case = case_of(world, bot)
    ann = member(bot)
    permalink = "https://www.reddit.com" + world.reddit.world.things[name]["permalink"]
    (entry,) = bot.deps.store.banks.entries("known-fakes")
    for target in ("https://www.redgifs.com/watch/LookedAtMedia", permalink):
        found = answered(bot.looks, bot.looks.ask_target(target, by=ann, session=TAB), ann)
        (link,) = found.links
        assert link.error is None
        assert any(name == "match" and entry.label in line for name, line in link.facts)
        assert link.outcome in ("review", "act")
        assert link.paste
        texts = (link.paste.report, link.paste.to_author, link.paste.modmail, link.paste.modmail_subject)
        assert len(link.paste.report) <= 100
        for text in texts:
            assert entry.label not in text
            assert case not in text
            assert "redgifs.com" not in text
        assert bool(link.paste.modmail) == (target == permalink)
        (one,) = link.media
        assert one.ranges
        look = bot.looks.ask_target(link.url, Level.TILES, by=ann, session=TAB, media=one.media, ranges=one.ranges)
        assert any(frame.matched for frame in looked(bot.looks, look, ann).frames)
    assert bot.deps.store.cases.get(case).state == "open"


def test_a_file_is_told_and_shown(bot: Pipeline) -> None:
    """Bytes that somebody brings: what they match, and a sheet of them; nothing is fetched."""
    ann = member(bot)
    found = answered(bot.looks, bot.looks.ask_file("x.mp4", near_copy(), by=ann, session=TAB), ann)
    assert found.links[0].outcome in ("review", "act")
    assert found.links[0].url == ""
    sheet = looked(bot.looks, bot.looks.ask_file("x.mp4", near_copy(), Level.OUTLINES, by=ann, session=TAB), ann)
    assert sheet.kind == "video"


@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "config.toml",
        "file:///etc/passwd",
        "http://127.0.0.1/a.gif",
        "https://evil.example/a.gif",
        "",
        "x",
    ],
)
def test_what_is_pasted_reads_no_file_and_leads_nowhere_else(world: Stage, bot: Pipeline, target: str) -> None:
    """A path of this machine is no link, and only known hosts are asked, whether for words or for a sheet."""
    ann = member(bot)
    asked, dialled = len(world.park.log), len(world.park.network.dialled)
    found = answered(bot.looks, bot.looks.ask_target(target, by=ann, session=TAB), ann)
    assert found.links[0].error
    until(bot.looks, bot.looks.ask_target(target, Level.PLAIN, by=ann, session=TAB), ann, LookState.FAILED)
    assert len(world.park.log) == asked
    assert len(world.park.network.dialled) == dialled


def test_a_file_has_a_size(bot: Pipeline) -> None:
    """Nothing, and more than is fetched of anybody, are refused in one sentence before they are kept."""
    ann = member(bot)
    for data in (b"", bytes(bot.deps.config.fetch.max_bytes + 1)):
        with pytest.raises(UsageError, match=r"between 1 and .* are looked at"):
            bot.looks.ask_file("a", data, by=ann, session=TAB)


def test_no_frame_was_ever_here_when_nobody_looked(tmp_path: Path) -> None:
    """A case is found, judged and decided, then looked at under cover: a row of a frame is nowhere in all memory.

    A frame that is decoded in the process itself is found by the same search.
    """
    data = media.clip(77, seconds=1, width=320, height=180, crf=0, pixels=marker())
    assert next(iter(frames.decode(data, DecodeConfig()).frames)).luma[0].tobytes().startswith(marker())
    assert marker() not in data
    done = subprocess.run(
        [sys.executable, "-m", "tests.looking_process", str(tmp_path)], input=data, capture_output=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told.pop("decoded here, on purpose") > 0
    assert told == {"decided without looking": 0, "outlines": 0, "tiles": 0, "blurred": 0}


def test_people_say_at_the_terminal_how_they_look(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """`gifwarden team looking` shows and changes it, for who runs it; a word that is none is one sentence."""
    ann = at_home(bot)
    video: tuple[MediaKind, ...] = ("video",)
    tiles = Level.TILES
    changes: list[tuple[list[str], LookSettings]] = [
        (["--level", "tiles", "--grey", "--refuse", "video"], LookSettings(level=tiles, grey=True, refused=video)),
        (["--refuse", "all"], LookSettings(level=tiles, grey=True, refused=KINDS)),
        (["--colours", "--refuse", "none"], LookSettings(level=tiles, grey=False)),
    ]
    for words, settings in changes:
        done = command(world, tmp_path, "team", "looking", *words, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)["refused"] == list(settings.refused)
        assert bot.looks.wishes.settings(ann) == settings
    assert "0 sheets" in command(world, tmp_path, "team", "looking").output
    for wrong in (["--level", "bare"], ["--refuse", "gifs"], ["--refuse", "none", "--refuse", "video"]):
        refused = command(world, tmp_path, "team", "looking", *wrong)
        assert refused.exit_code != 0
        assert isinstance(refused.exception, UsageError)
