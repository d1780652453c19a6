"""A notice's page in the console: what stands on it is changed there, and what happened to it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.model import GroundFor, NoticeItem, NoticeState, Role
from bot.pipeline import Pipeline
from tests.console import Console, console_on, open_case
from tests.people import member
from tests.test_console_work import STATED, shown


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer, and Lea, a lead."""
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Lea", Role.LEAD)
        yield served


def test_a_draft_is_changed_on_its_page(console: Console) -> None:
    """Marked media is split off, moved with its own ground or taken off; one that changed meanwhile is not changed."""
    store = console.bot.deps.store
    names = []
    for number, (id, file) in enumerate((("happycat", "ab"), ("quickfox", "ab"), ("redbird", "cd")), 1):
        case = open_case(console.bot, number, id=id)
        item = NoticeItem(host_id=id, url=f"https://www.redgifs.com/watch/{id}", seen_at=case.opened, sha256=file * 32)
        names.append(
            store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.example", case=case.id, item=item)
        )
    name, other = names[0], names[2]
    assert names[1] == name
    lea, ben = console.signed_in("Lea"), console.signed_in("Ben")
    assert "Change what stands on it" not in shown(ben, f"/notice/{name}")
    page = shown(lea, f"/notice/{name}")
    assert "put on it: happycat, quickfox" in page
    assert f"{other}: redbird" in page
    read = lea.fields("csrf", "read")
    assert lea.send(f"/notice/{name}/split", read | {"item": "quickfox"}).status_code == 200
    split = next(row for row in store.notices.listing() if row.label not in names)
    assert [item.host_id for item in split.items] == ["quickfox"]
    assert f"drafted: split off {name}" in lea.text
    assert f'split off <a href="/notice/{name}">{name}</a>' in lea.page.text
    assert lea.send(f"/notice/{name}/drop", read | {"item": "happycat"}).status_code == 409
    assert "has changed since you read it" in lea.text
    for way, fields, said in (
        ("split", {"rest": "yes"}, "all of notice"),
        ("move", {"item": "happycat"}, "choose the draft that it goes to"),
        ("move", {"item": "happycat", "to": other}, "choose its own ground and write its detail, then move it"),
        ("ground", {"item": "happycat", "detail": "list 7"}, "choose which ground it is"),
        ("drop", {}, "no media is named"),
    ):
        lea.get(f"/notice/{name}")
        assert lea.send(f"/notice/{name}/{way}", lea.fields("csrf", "read") | fields).status_code == 409, way
        assert said in lea.text, way
    lea.get(f"/notice/{name}")
    own = {"ground": "citable_list", "detail": "list 7"}
    assert (
        lea.send(f"/notice/{name}/ground", lea.fields("csrf", "read") | own | {"item": "happycat"}).status_code == 200
    )
    assert "on its own ground, citable list: list 7" in lea.text
    moved = lea.fields("csrf", "read") | {"item": "happycat", "to": other}
    assert lea.send(f"/notice/{name}/move", moved).status_code == 200
    assert [item.host_id for item in store.notices.get(other).items] == ["happycat", "redbird"]
    assert store.notices.get(name).state is NoticeState.RETRACTED
    assert (
        lea.send(f"/notice/{other}/drop", lea.fields("csrf", "read") | {"item": "happycat", "why": "no"}).status_code
        == 200
    )
    assert [item.host_id for item in store.notices.get(other).items] == ["redbird"]


def test_the_form_begins_with_the_recorded_ground(console: Console) -> None:
    """It is offered and stated anew; what is stated is recorded, unless it is for this notice alone."""
    store = console.bot.deps.store
    entry = console.bot.deps.store.banks.entries("known-fakes")[0].label
    names = {}
    for number in (1, 2, 3):
        case = open_case(console.bot, number, id=f"cat{number}")
        url = f"https://www.redgifs.com/watch/cat{number}"
        item = NoticeItem(host_id=f"cat{number}", url=url, seen_at=case.opened, entry=entry)
        names[number] = store.notices.draft(
            host="redgifs", subreddit="clips", recipient="a@b.example", case=case.id, item=item
        )
        if number < 3:
            store.notices.move(names[number], NoticeState.CONFIRMED, expect=(NoticeState.DRAFTED,))
            store.notices.move(names[number], NoticeState.SENT, expect=(NoticeState.CONFIRMED,))
    found = GroundFor(ground="public_statement", detail="the statement of 3 May", entry=entry)
    assert store.grounds.put(found, member=member(console.bot).member)
    lea = console.signed_in("Lea")
    said = "public statement: the statement of 3 May (offered when it is reported)"
    assert said in shown(lea, f"/entry/{entry}")
    page = shown(lea, f"/notice/{names[3]}")
    assert "Filled in with the ground that was recorded" in page
    assert "the statement of 3 May</textarea>" in lea.page.text
    stated = STATED | {"detail": "the statement of 4 May", "once": "yes"}
    assert lea.post(f"/notice/{names[3]}/preview", **stated).status_code == 200
    assert lea.send(f"/notice/{names[3]}/confirm", lea.fields("csrf", "read", *STATED, "once")).status_code == 200
    assert store.grounds.get(entry) == found
    again = open_case(console.bot, 4, id="cat2")
    item = NoticeItem(host_id="cat2", url="https://www.redgifs.com/watch/cat2", seen_at=again.opened, entry=entry)
    store.notices.draft(host="redgifs", subreddit="clips", recipient=None, case=again.id, item=item)
    page = shown(lea, f"/notice/{names[2]}")
    assert "Seen again in 1 post since it was stated" in page
    assert "seen again in 1 post" in page
