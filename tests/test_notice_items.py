"""What people change on drafts: whatever the order, nothing is told twice, mixed under one ground, or lost."""

from __future__ import annotations

import contextlib
from itertools import combinations
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.config import Config
from bot.errors import GifwardenError, UsageError
from bot.model import NOTICE_OPEN, CaseState, GroundFor, NoticeItem, NoticeState, one_ground
from bot.pipeline.acting.grounds import GroundBook
from bot.pipeline.judging.drafting import Drafting
from bot.pipeline.reviewing.notice_items import NoticeItems
from bot.store import Store
from tests.conftest import START
from tests.killing import Silent
from tests.notice_desk import Desk
from tests.people import member

SAME = ("public_statement", "https://her.example/2026")
ENTRIES = ("one", "two", "three")
STEP = st.tuples(
    st.sampled_from(
        ("draft", "draft", "many", "split", "apart", "move", "move", "drop", "own", "state", "decide", "ask")
    ),
    st.integers(0, 30),
    st.integers(0, 30),
)


class World(Desk):
    """A desk with people at it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        config, log = Config(), Silent()
        self.items = NoticeItems(config, store, log, Drafting(config, store, store.connection.clock, log))
        self.by = member(store)
        self.decided: set[int] = set()
        for entry in ENTRIES[:2]:
            self.ground(SAME[1], entry=entry)

    def step(self, deed: str, one: int, other: int) -> None:
        """Do something; what is refused changes nothing."""
        rows = [row for row in self.store.notices.listing() if row.state in NOTICE_OPEN]
        row = rows[one % len(rows)] if rows else None
        ids = [item.host_id for item in row.items] if row else []
        chosen = [id for place, id in enumerate(ids) if (other >> (place % 5)) & 1]
        if deed == "draft":
            self.draft(f"id{one % 7}", (*ENTRIES, None)[other % 4], person=("P-1", "P-2", None, None)[one % 4])
        elif deed == "many":
            for number in range(11):
                self.draft(f"many{other % 2}{number}", ENTRIES[one % 2])
        elif deed == "decide" and self.cases:
            case = self.cases[one % len(self.cases)]
            self.store.notices.drop_case(case)
            self.decided.add(case)
        elif deed == "ask" and self.cases:
            case = self.cases[one % len(self.cases)]
            self.items.draft(self.store.cases.of_id(case), by=self.by)
        elif row is not None and deed == "split":
            self.items.split(row.label, chosen, by=self.by, read=row)
        elif row is not None and deed == "apart":
            self.items.split(row.label, by=self.by)
        elif row is not None and deed == "move":
            ground = SAME if other % 3 == 0 else None
            self.items.move(row.label, chosen, rows[other % len(rows)].label, by=self.by, ground=ground)  # type: ignore[arg-type]  # a ground
        elif row is not None and deed == "drop":
            self.items.drop(row.label, chosen[:1], by=self.by)
        elif row is not None and deed == "own":
            self.items.own_ground(row.label, chosen, SAME, by=self.by)  # type: ignore[arg-type]  # a ground
        elif row is not None and deed == "state":
            states = list(NoticeState)
            self.store.notices.move(row.label, states[other % len(states)], expect=tuple(NoticeState))

    def check(self) -> None:
        """Hold everything against what is promised."""
        store = self.store
        rows = store.notices.listing()
        told = store.connection.rows(
            """select i.host_id, count(distinct i.notice) as n from notice_items i join notices n on n.label = i.notice
               where n.state not in ('removed', 'closed', 'retracted') and i.state not in ('removed', 'taken_back')
               group by i.host_id having count(distinct i.notice) > 1"""
        )
        assert told == []
        for row in rows:
            assert len(row.items) <= 20
            if row.state == NoticeState.DRAFTED:
                assert row.items
                assert len({item.person for item in row.items if item.person}) <= 1
                under = [item for item in row.items if item.ground is None]
                assert all(one_ground(a, b, store.grounds.of) for a, b in combinations(under, 2))
        for case in set(self.cases) - self.decided:
            assert store.notices.all_of_case(case) or store.notices.dropped(case)


@given(st.lists(STEP, min_size=4, max_size=25))
@settings(max_examples=40)
@pytest.mark.slow
def test_no_order_of_changes_tells_twice_mixes_or_loses(steps: list[tuple[str, int, int]]) -> None:
    """No media on two open notices of a host, no different media under one ground, no lost case, at most 20 media."""
    with Store(None, ManualClock(START)) as store:
        world = World(store)
        for deed, one, other in steps:
            with contextlib.suppress(GifwardenError):  # what may not be done
                world.step(deed, one, other)
            world.check()


def test_a_dropped_media_comes_back_when_asked_for(store: Store) -> None:
    """Its own case does not bring it back; another post's does, and so does a person."""
    world = World(store)
    name = world.draft("a", "one")
    world.draft("b", "one")
    (first, _) = world.cases
    world.items.drop(name, ["a"], by=world.by, why="not hers")
    assert [item.host_id for item in store.notices.get(name).items] == ["b"]
    assert store.notices.dropped(first)
    assert store.notices.of_case(first) is None
    assert world.items.draft(store.cases.of_id(first), by=world.by) != name  # its evidence does not say what it matched
    assert not store.notices.dropped(first)
    world.items.drop(name, ["b"], by=world.by)
    assert store.notices.get(name).state is NoticeState.RETRACTED
    assert world.draft("b", "one") != name
    assert ("media taken off a notice", "not hers") in {(row["what"], row["why"]) for row in store.audit.entries()}
    store.cases.decide(first, CaseState.DISMISSED, by=world.by, why="wrong")
    with pytest.raises(UsageError, match="is dismissed, so its media is not reported"):
        world.items.draft(store.cases.of_id(first), by=world.by)


def test_what_is_named_wrongly_changes_nothing(store: Store) -> None:
    """Each mistake is a sentence that says what there is; a draft that changed since it was read is not changed."""
    world = World(store)
    name, other = world.draft("a", "one"), world.draft("b", "three")
    far = world.draft("c", "one", host="imgur")
    read = store.notices.get(name)
    for deed, said in (
        (lambda: world.items.split(name, ["z", "y"], by=world.by), "z does not stand on notice"),
        (lambda: world.items.split(name, ["a"], by=world.by), "that is all that notice"),
        (lambda: world.items.split(name, by=world.by), "belongs together"),
        (lambda: world.items.drop(name, [], by=world.by), "no media is named"),
        (lambda: world.items.move(name, ["a"], name, by=world.by), "already"),
        (lambda: world.items.move(name, ["a"], far, by=world.by), "goes to imgur"),
        (lambda: world.items.move(other, ["b"], name, by=world.by), "give its own ground with --ground"),
        (lambda: world.items.move(other, ["b"], name, by=world.by, ground=("citable_list", " - ")), "needs its detail"),
        (lambda: world.items.own_ground(name, ["a"], ("citable_list", "x" * 2001), by=world.by), "may have 2000"),
    ):
        with pytest.raises(UsageError, match=said):
            deed()
    assert store.notices.get(name) == read
    world.draft("d", "one")
    with pytest.raises(UsageError, match="has changed since you read it"):
        world.items.drop(name, ["a"], by=world.by, read=read)
    world.items.move(other, ["b"], name, by=world.by, ground=("citable_list", "list 7,\nrow 3"), read=None)
    moved = next(item for item in store.notices.get(name).items if item.host_id == "b")
    assert moved.own_ground == ("citable_list", "list 7, row 3")
    assert store.notices.get(other).state is NoticeState.RETRACTED
    kinds = [(event.detail, event.by) for event in store.notice_events.of(name)]
    assert (f"1 media moved here from {other}", world.by.name) in kinds
    world.move(name, NoticeState.SENT)
    with pytest.raises(UsageError, match="is sent; only what stands on a draft"):
        world.items.drop(name, ["a"], by=world.by)


def test_a_mixed_draft_is_taken_apart(store: Store) -> None:
    """What does not belong together with the first goes to drafts of its own, each of one media, in one step."""
    world = World(store)
    name = world.draft("a", "three")
    for number, entry in enumerate(("one", "two", "three", None)):
        other = world.draft(f"b{number}", entry)
        store.connection.run("update notice_items set notice = ? where notice = ?", (name, other))
    labels = world.items.split(name, by=world.by)
    listed = {label: [item.host_id for item in store.notices.get(label).items] for label in (name, *labels)}
    assert list(listed.values()) == [["a", "b2"], ["b0", "b1"], ["b3"]]  # one and two have the same ground


def test_a_ground_is_recorded_for_what_it_is_true_of(store: Store) -> None:
    """Her word holds for all her media, any other ground for the entry, own ones for their own; then it is offered."""
    world, book = World(store), GroundBook(store)
    store.connection.run(
        """insert into persons (label, sealed_key, sealed_name, basis, record, purpose, added_by, added_at, expires_at)
           values ('P-1', x'', x'', '', '', '', '', '', '9')"""
    )
    hers = NoticeItem(host_id="a", url="", seen_at=START, entry=world.entry("one"), person="P-1")
    other = NoticeItem(
        host_id="b", url="", seen_at=START, entry=world.entry("three"), ground="citable_list", ground_detail="list 7"
    )
    told = {"items": (hers, other), "ground": "depicted_person", "ground_detail": "she wrote"}
    before = store.grounds.listing()
    book.keep(cast("Any", type("N", (), {**told, "capacity": "depicted_person"})), by=world.by)
    assert store.grounds.listing() == before  # hers alone, in her own notice
    notice: Any = type("N", (), {**told, "capacity": "authorised_representative"})
    book.keep(notice, by=world.by)
    recorded = {(found.person or found.entry): (found.ground, found.detail) for found in store.grounds.listing()}
    assert recorded == {
        "P-1": ("depicted_person", "she wrote"),
        world.entry("three"): ("citable_list", "list 7"),
        **{world.entry(name): SAME for name in ENTRIES[:2]},
    }
    assert book.offered(store.notices.get(world.draft("c", "three"))) == ("citable_list", "list 7")
    assert book.offered(store.notices.get(world.draft("d"))) is None
    assert store.grounds.put(GroundFor(ground="citable_list", detail="x", entry="E-0"), member=world.by.member) is False
    book.put(world.entry("three"), ("public_statement", "  said\n so "), by=world.by)
    assert store.grounds.get(world.entry("three")) == GroundFor(
        ground="public_statement", detail="said so", entry=world.entry("three")
    )
    book.forget(world.entry("three"), by=world.by)
    for wrong, said in ((world.entry("three"), "no ground is recorded"), ("P-9", "no ground is recorded")):
        with pytest.raises(UsageError, match=said):
            book.forget(wrong, by=world.by)
    with pytest.raises(UsageError, match="no active entry and no protected person P-9"):
        book.put("P-9", SAME, by=world.by)  # type: ignore[arg-type]  # a ground
