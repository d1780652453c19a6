"""Cases of the very same media are one group; anything else never is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.migrations.first import m0022_case_media
from bot.model import CaseState, Link
from bot.store import CaseRow, Store, case_media
from tests.people import member
from tests.raids import case_of

KEY = new_key()


@pytest.fixture
def sealed(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    """A database with a key."""
    store = Store(tmp_path / "gifwarden.db", clock, FieldCipher(KEY))
    yield store
    store.close()


def same(store: Store, one: CaseRow, other: CaseRow) -> bool:
    """Return whether two cases are of one group, asked of both."""
    told = {
        other.label in [row.label for row in store.cases.group(one)],
        one.label in [row.label for row in store.cases.group(other)],
    }
    assert len(told) == 1
    return told.pop()


@pytest.mark.parametrize(
    ("one", "other", "group"),
    [
        (["aa"], ["aa"], True),
        (["aa"], ["bb"], False),
        (["aa", "bb"], ["bb", "aa"], True),
        (["aa", "aa", "bb"], ["bb", "aa"], True),
        (["aa", "bb"], ["aa"], False),
        (["aa", "bb"], ["aa", "cc"], False),
        (["aa", None], ["aa", None], False),
        (["aa", None], ["aa"], False),
        ([], [], False),
        ([None], [None], False),
    ],
)
def test_the_very_same_files_are_one_group_and_nothing_else_is(
    sealed: Store, one: list[str | None], other: list[str | None], group: bool
) -> None:
    """Albums by all their files, in any order; where a file was not read, nobody can say that the rest is the same."""
    assert same(sealed, case_of(sealed, 1, one), case_of(sealed, 2, other)) == group


@pytest.mark.parametrize("files", [[], [None], ["aa", None]])
def test_without_digests_the_same_place_is_the_same_media(sealed: Store, files: list[str | None]) -> None:
    """Host and id name a media whose file was not read; another id does not."""
    first, second = case_of(sealed, 1, files, id="same"), case_of(sealed, 2, files, id="same")
    assert same(sealed, first, second)
    assert not same(sealed, first, case_of(sealed, 3, files, id="other"))


def test_two_media_with_one_preview_are_two_groups(sealed: Store) -> None:
    """What was seen is Reddit's preview; what it was made from counts too."""
    one = Link(url="https://elsewhere/1", host="direct", id="1", kind="media", source="url", post="")
    first = case_of(sealed, 1, ["aa"], source="preview", beside=one)
    again = case_of(sealed, 2, ["aa"], source="preview", beside=one)
    other = case_of(sealed, 3, ["aa"], source="preview", beside=replace(one, url="https://elsewhere/2", id="2"))
    whole = case_of(sealed, 4, ["aa"])
    assert same(sealed, first, again)
    assert not same(sealed, first, other)
    assert not same(sealed, first, whole)


def test_a_group_is_a_row_of_the_list(sealed: Store, clock: ManualClock) -> None:
    """Newest media first; how many posts, authors and subreddits, from when to when, named by its first case."""
    first = case_of(sealed, 1, ["aa"], author="ann")
    clock.sleep(60)
    alone = case_of(sealed, 2, ["bb"], author="bob")
    clock.sleep(60)
    case_of(sealed, 3, ["aa"], author="bob", subreddit="Other")
    last = case_of(sealed, 4, ["aa"], author="ann")
    raid, other = sealed.cases.groups()
    assert (raid.case.label, other.case.label) == (first.label, alone.label)
    assert (raid.cases, raid.posts, raid.authors, raid.subreddits) == (3, 3, 2, ("clips", "other"))
    assert (raid.newest - raid.oldest, raid.states) == (timedelta(minutes=2), {CaseState.OPEN: 3})
    assert sealed.cases.group_of(last) == raid
    assert sealed.cases.count_groups() == (2, 4)
    assert [row.case.label for row in sealed.cases.groups(limit=1)] == [first.label]
    assert len(sealed.cases.groups(grouped=False)) == 4
    assert [row.cases for row in sealed.cases.groups(subreddit="clips")] == [2, 1]


def test_a_group_counts_only_what_was_asked_for(sealed: Store) -> None:
    """A decided case of a group does not stand in the list of what waits, nor names it."""
    first, second = case_of(sealed, 1, ["aa"]), case_of(sealed, 2, ["aa"])
    sealed.cases.decide(first.id, CaseState.CONFIRMED, by=member(sealed), why="a fake")
    (waits,) = sealed.cases.groups([CaseState.OPEN])
    assert (waits.case.label, waits.cases) == (second.label, 1)
    assert sealed.cases.count_groups([CaseState.OPEN]) == (1, 1)
    (whole,) = sealed.cases.groups()
    assert whole.states == {CaseState.CONFIRMED: 1, CaseState.OPEN: 1}


def test_a_case_whose_post_is_forgotten_leaves_its_group(sealed: Store) -> None:
    """Nothing tells any more which media it was, and it is nobody's like."""
    first, second, third = (case_of(sealed, number, ["aa"]) for number in (1, 2, 3))
    kept = first.media
    for case in (first, second):
        sealed.forgetting.forget_post(case.post.fullname)
    one, other = sealed.cases.get(first.label), sealed.cases.get(second.label)
    assert kept not in (one.media, other.media)
    assert not same(sealed, one, other)
    assert not same(sealed, one, third)
    assert sealed.cases.count_groups() == (3, 3)


def test_nothing_of_a_minors_media_stays_in_a_case(sealed: Store) -> None:
    """What is purged after a mark is no member of a group."""
    first, second = case_of(sealed, 1, ["aa"]), case_of(sealed, 2, ["aa"])
    sealed.minors.stop(first.post.fullname, by=member(sealed), why="a minor")
    assert not same(sealed, sealed.cases.get(first.label), second)
    sealed.minors.drop(second.link)
    assert sealed.cases.get(second.label).media == f"alone:{second.id}"


def test_cases_of_an_earlier_version_get_their_group(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the step and the first opening with the key; without it each is its own group, and none is lost."""
    monkeypatch.setattr(case_media, "BATCH", 50)
    path = tmp_path / "gifwarden.db"
    with Store(path, clock, FieldCipher(KEY)) as store:
        for number in range(1, 123):
            case_of(store, number, ["aa" if number % 2 else f"file {number}"])
        forgotten = store.cases.get(str(store.connection.value("select label from cases where id = 122")))
        store.forgetting.forget_post(forgotten.post.fullname)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("drop index cases_of_media")
        raw.execute("alter table cases drop column media")
        m0022_case_media(Database(raw, execute_plugins=False))
        raw.commit()
    with Store(path, clock) as keyless:
        assert keyless.cases.count_groups() == (122, 122)
        assert len(keyless.cases.group(keyless.cases.groups(limit=1)[0].case)) == 1
    with Store(path, clock, FieldCipher(KEY)) as store:
        assert store.cases.count_groups() == (62, 122)
        case = store.cases.of_post("t3_1")[0]
        assert store.cases.group_of(case).cases == 61
        assert store.cases.get(forgotten.label).media == f"alone:{forgotten.id}"
        later = case_of(store, 5000, ["aa"])
        assert later.media == case.media
    with closing(sqlite3.connect(path)) as raw:
        assert "aa" not in {row[0] for row in raw.execute("select media from cases")}
