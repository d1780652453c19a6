"""Which media goes on which draft, and what is known of media that its host was told of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlite_utils import Database

from bot.loopback.stage import Stage
from bot.migrations import migrations
from bot.model import (
    Evidence,
    FaceMatch,
    Link,
    Match,
    MediaFile,
    MediaInfo,
    NoticeEventKind,
    NoticeState,
)
from bot.pipeline import Pipeline
from bot.pipeline.judging.drafting import item_of
from bot.pipeline.scanning.scanner import rendition_of
from bot.samples import media
from bot.store import Store
from tests.bots import fake
from tests.conftest import START
from tests.notice_desk import PLACES, Desk, printed
from tests.people import member


def test_a_draft_is_about_one_host_one_ground_and_one_person(store: Store) -> None:
    """Without a ground only the same entry or file goes together; with the same one also what shows one person."""
    desk = Desk(store)
    first = desk.draft("a", "one")
    assert desk.draft("b", "one", place="gifs") == first  # another link to the same media, in another place
    assert desk.draft("c", "two") != first
    assert desk.draft("d") not in (first, desk.draft("e"))  # of what nothing is known, nothing is the same
    alike = desk.draft("f", sha256="ab")
    assert desk.draft("g", sha256="ab") == alike
    assert desk.draft("h", "one", host="imgur") != first
    desk.ground("https://her.example/2026", entry="three")
    stated = desk.draft("i", "three")
    assert stated != first
    desk.ground("https://her.example/2026", entry="two")
    assert desk.draft("j", "two", host="imgur") not in (stated, first)  # another host
    assert desk.draft("k", "two") not in (stated, first)  # its draft of before the ground was recorded was the first
    assert store.notices.get(first).subreddits == PLACES


def test_a_ground_of_a_person_holds_for_her_media_alone(store: Store) -> None:
    """Media of one person under one recorded ground goes together; of another, or of nobody known, it does not."""
    desk = Desk(store)
    store.connection.run(
        """insert into persons (label, sealed_key, sealed_name, basis, record, purpose, added_by, added_at, expires_at)
           select label, x'', x'', '', '', '', '', '', '9' from (select 'P-1' as label union select 'P-2')"""
    )
    for person in ("P-1", "P-2"):
        desk.ground("https://her.example/2026", person=person)
    hers = desk.draft("a", "one", person="P-1")
    assert desk.draft("b", "two", person="P-1") == hers
    assert desk.draft("c", "one", person="P-2") != hers
    assert desk.draft("d", "three") != hers
    store.gallery.forget("P-1")
    assert [found.person for found in store.grounds.listing()] == ["P-2"]
    assert desk.draft("e", "three", person="P-1") != hers


def test_a_draft_holds_twenty_media(store: Store) -> None:
    """The next begins a new one; the same media in more posts takes no place."""
    desk = Desk(store)
    names = [desk.draft(f"id{number}", "one") for number in range(20)]
    assert len(set(names)) == 1
    assert desk.draft("id3", "one") == names[0]
    assert desk.draft("id20", "one") != names[0]


def test_what_a_host_was_told_is_not_told_again(store: Store) -> None:
    """More posts with media of a notice that left are counted on it; what it says does not change."""
    desk = Desk(store)
    name = desk.draft("a", "one")
    assert desk.draft("a", "one") == name
    assert store.notices.told_again(name) == 0
    desk.move(name, NoticeState.SENT)
    for state in (NoticeState.SENT, NoticeState.OVERDUE, NoticeState.REMINDED, NoticeState.BOUNCED):
        desk.move(name, state)
        said = store.notices.get(name).items
        assert desk.draft("a", "two", sha256="other") == name
        assert store.notices.get(name).items == said
    assert store.notices.told_again(name) == 4
    assert desk.draft("b", "one") != name  # another link of it was not told
    assert desk.told(name)[:1] == [(NoticeEventKind.DRAFTED, "a")]


def test_what_is_judged_again_stands_where_it_belongs(store: Store) -> None:
    """Another post's weaker evidence changes nothing; what turns out to be other media leaves what it stood with."""
    desk = Desk(store)
    name = desk.draft("a", "one", rendition="mp4, 640x360")
    assert desk.draft("b", "one") == desk.draft("a") == name
    item = store.notices.get(name).items[0]
    assert (item.host_id, item.entry, item.rendition) == ("a", desk.entry("one"), "mp4, 640x360")
    other = store.notices.draft(
        host="redgifs",
        subreddit="clips",
        recipient=None,
        case=desk.cases[0],
        item=replace(item, entry=desk.entry("two")),
    )
    assert other != name
    assert [one.host_id for one in store.notices.get(name).items] == ["b"]
    assert len(store.notices.get(other).cases) == 2
    assert store.notice_events.of(name)[-1].detail == f"one media is another than it seemed, and on {other}"


def test_media_that_is_back_refers_to_where_it_was_told(store: Store) -> None:
    """Under the same link or another one of the same media; the notice of before says that it is back."""
    desk = Desk(store)
    name = desk.draft("a", "one")
    desk.move(name, NoticeState.REMOVED)
    store.connection.run("update notices set ended_at = ?", (store.connection.now(),))
    store.connection.clock.sleep(3600)
    again = desk.draft("a", "one")
    other = desk.draft("b", "one")
    assert again != name
    assert other == again
    assert {item.earlier for item in store.notices.get(again).items} == {name}
    assert [event.detail for event in store.notice_events.of(name) if event.kind == "reuploaded"] == [
        f"it is back: {again}"
    ] * 2
    desk.move(again, NoticeState.REJECTED)
    assert desk.draft("a", "one") == again  # what a host declined is not drafted anew; a person goes on with it
    desk.move(again, NoticeState.CLOSED)
    third = desk.draft("a", "one")
    assert [item.earlier for item in store.notices.get(third).items] == [again]
    assert desk.told(again)[-1][0] == NoticeEventKind.ALREADY_TOLD  # not that it is back: it was never gone


def test_what_went_from_a_notice_goes_from_what_happened_to_it(store: Store) -> None:
    """A media's id at its host is not kept in the events of a notice on which it does not stand any more."""
    desk = Desk(store)
    name = desk.draft("a", "one")
    desk.draft("b", "one")
    store.notices.take_off(1)
    assert [id for _, id in desk.told(name)] == [None, "b"]


def test_a_ground_goes_with_its_entry(store: Store) -> None:
    """What was stated for an entry that is withdrawn is not offered again, even if that is restored."""
    desk = Desk(store)
    desk.ground("https://her.example/2026", entry="one")
    assert store.grounds.get(desk.entry("one")) is not None
    store.banks.withdraw(desk.entry("one"))
    assert store.grounds.listing() == []
    store.banks.restore(desk.entry("one"))
    assert store.grounds.listing() == []


LINK = Link(url="https://redgifs.com/watch/a", host="redgifs", id="a", kind="media", source="url")


def match(entry: str, **facts: Any) -> Match:
    """Return a match of the second media of an album."""
    return Match(
        media=1, bank="fakes", bank_kind="block", entry=entry, confirmed=True, method="pdq", signal="pdq", **facts
    )


def test_an_item_says_what_matched_and_where() -> None:
    """The surest entry, the person seen there, the stretches of time put together; nothing where all of it matches."""
    info = MediaInfo(index=1, state="fingerprinted", sha256="ab", md5="cd", duration=30.0, rendition="mp4, 640x360")
    found = Evidence(
        target="a",
        link=LINK,
        fetched_at=START,
        media=(replace(info, index=0, sha256="no"), info),
        matches=(
            match("E-1", query_ranges=((12.0, 14.0), (3.0, 5.0)), face_region="agrees"),
            match("E-1", query_ranges=((5.5, 7.0),)),
            match("E-2", query_ranges=((20.0, 21.0),)),
            match("E-3", face_region="differs"),
        ),
        faces=(
            FaceMatch(media=0, person="P-9", probability=0.99),
            FaceMatch(media=1, person="P-1", probability=0.9),
            FaceMatch(media=1, person=""),
        ),
    )
    item = item_of("a", LINK.url, found, otherwise=START)
    assert (item.entry, item.person, item.sha256, item.rendition) == ("E-1", "P-1", "ab", "mp4, 640x360")
    assert item.ranges == ((3.0, 7.0), (12.0, 14.0))
    whole = replace(found, matches=(match("E-1", query_ranges=((0.5, 29.5),)),))
    assert item_of("a", LINK.url, whole, otherwise=START).ranges == ()
    other = replace(found, matches=(match("E-3", face_region="differs"),), faces=())
    nobody = item_of("a", LINK.url, other, otherwise=START + timedelta(days=1))
    assert (nobody.entry, nobody.person, nobody.sha256, nobody.seen_at) == (None, None, None, START)


def test_the_rendition_is_that_of_the_hashes() -> None:
    """The file that was decoded by its format and size; an original, which was only hashed, by what its host tells."""
    file, found = MediaFile(index=0, url="", data=b"a"), printed("one")
    assert rendition_of(file, found) == "mp4, 320x180"
    assert rendition_of(replace(file, best=True), found) == "mp4, 320x180, original"
    original = replace(file, original=b"b", best=True)
    assert rendition_of(replace(original, best_size=(1920, 1080)), found) == "1920x1080, original"
    assert rendition_of(original, found) == "original"


@pytest.mark.slow
def test_a_raid_is_one_notice_a_media(world: Stage, bot: Pipeline) -> None:
    """Two clips in many posts: two drafts, each of one media; the same file under another link joins its own."""
    other = media.still(402, width=320, height=180)
    bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(other), by=member(bot))
    urls = [world.park.add_redgifs(name, hd=data) for name, data in (("RaidA", fake()), ("RaidB", other))]
    urls.append(world.park.add_redgifs("RaidC", hd=fake()))
    for number in range(9):
        world.reddit.submit("clips", author=f"u{number}", title="x", url=urls[number % 3], created=world.clock.now())
    bot.tick()
    drafts = {tuple(sorted(item.host_id for item in row.items)): row for row in bot.deps.store.notices.listing()}
    assert set(drafts) == {("raida", "raidc"), ("raidb",)}
    row = drafts["raida", "raidc"]
    assert len(row.cases) == 6
    assert {item.rendition for item in row.items} == {"mp4, 320x180, original"}
    assert len({item.entry for item in row.items}) == 1


def test_a_database_of_before_is_carried_forward() -> None:
    """Drafts keep what they hold and learn what it matched; what happened to them is told by their moments."""
    db = Database(memory=True)
    migrations.apply(db, stop_before="m0076_notice_drafts")
    db.execute("insert into banks values (1, 'fakes', 'block', null, '')")
    db.execute("insert into team (id, name, fold, since) values (1, 'Ada', 'ada', '')")
    for number, label in enumerate(("E-1", "E-2"), 1):
        db.execute(
            "insert into entries (id, label, bank, state, added_by, added_at) values (?, ?, 1, 'active', '', '')",
            (number, label),
        )
    for name, state, moment in (("N-1", "drafted", None), ("N-2", "sent", "2026-02-02T00:00:00Z")):
        db.execute(
            """insert into notices (label, host, subreddit, state, created_at, updated_at, stated_at, stated_member,
               sent_at) values (?, 'redgifs', 'clips', ?, '2026-01-01T00:00:00Z', '', ?, ?, ?)""",
            (name, state, moment, moment and 1, moment),
        )
    for number, notice in enumerate(("N-1", "N-1", "N-2"), 1):
        db.execute("insert into posts values (?, 'clips', '', '{}', '')", (f"t3_{number}",))
        db.execute(
            """insert into links (id, post, url, host, kind, source, state, next_at, updated_at)
               values (?, ?, 'u', 'redgifs', 'media', 'url', 'judged', '', '')""",
            (number, f"t3_{number}"),
        )
        data = f"""{{"matches": [{{"bank_kind": "block", "entry": "E-{number}", "method": "pdq", "suppressed": false}}],
            "faces": [{{"person": ""}}, {{"person": "P-1", "probability": 0.9}}]}}"""
        db.execute("insert into evidence (link, data, at) values (?, ?, '')", (number, data))
        db.execute(
            """insert into cases (id, label, link, post, state, verdict, opened_at)
               values (?, ?, ?, ?, 'open', '{}', '')""",
            (number, f"C-{number}", number, f"t3_{number}"),
        )
        db.execute(
            """insert into notice_items (notice, case_id, host_id, url, seen_at, looks)
               values (?, ?, ?, 'u', '2026-01-01T00:00:00Z', 7)""",
            (notice, number, f"id{number}"),
        )
    migrations.apply(db)
    rows = db.execute(
        "select notice, case_id, host_id, entry, person, looks from notice_items order by rowid"
    ).fetchall()
    assert rows == [("N-1", 1, "id1", 1, "P-1", 7), ("N-1", 2, "id2", 2, "P-1", 7), ("N-2", 3, "id3", None, "P-1", 7)]
    assert db.execute("select label, entry, person from notices order by label").fetchall() == [
        ("N-1", None, "P-1"),
        ("N-2", None, "P-1"),
    ]
    assert db.execute("select notice, kind, by_member from notice_events order by id").fetchall() == [
        ("N-1", "drafted", None),
        ("N-2", "drafted", None),
        ("N-2", "confirmed", 1),
        ("N-2", "sent", None),
    ]
    assert db.execute("pragma foreign_key_check").fetchall() == []
    db.close()
