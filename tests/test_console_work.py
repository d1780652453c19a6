"""The console's pages of the work done: actions, notices, quarantine, audit, team, gallery, hosts and health."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from bot.loopback.stage import Stage
from bot.model import ActionState, NoticeItem, NoticeState, Role
from bot.pipeline import Pipeline
from bot.web.console.actions import ROWS
from tests.console import Browser, Console, console_on, open_case
from tests.doors import daemon_on


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer, Lea, a lead, and Olga, an operator."""
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Lea", Role.LEAD)
        served.person("Olga", Role.OPERATOR)
        yield served


@pytest.fixture
def ben(console: Console) -> Browser:
    """Ben's browser."""
    return console.signed_in("Ben")


def shown(browser: Browser, path: str) -> str:
    """Open a page; return its words."""
    assert browser.get(path).status_code == 200, browser.text
    return browser.text


def actions_of(browser: Browser, path: str) -> list[int]:
    """Return the numbers of the actions on a page of the list, in its order."""
    shown(browser, path)
    return [int(number) for number in re.findall(r'href="/action/(\d+)" data-row', browser.page.text)]


def test_actions_by_state_kind_and_place(console: Console, ben: Browser) -> None:
    """Each tab and filter shows what it says, the newest first, page by page, with why something waits."""
    store = console.bot.deps.store
    for number in range(1, ROWS + 1):  # a report that is done and a removal that a person is asked about, each
        open_case(console.bot, number, subreddit=("clips", "gifs")[number % 2])
    rows = store.actions.listing()
    every = [row.action.id for row in rows]
    first = actions_of(ben, "/actions")
    assert first == every[:ROWS]
    assert str(ROWS) in ben.text
    more = re.search(r'href="(/actions\?[^"]*before=\d+)"', ben.page.text)
    assert more is not None
    assert first + actions_of(ben, more[1].replace("&amp;", "&")) == every
    assert "Older actions" not in ben.text
    held = [row.action.id for row in rows if row.state == ActionState.HELD]
    assert actions_of(ben, "/actions?show=held") == held
    here = [row.action.id for row in rows if row.action.kind == "report" and row.action.subreddit == "gifs"]
    assert actions_of(ben, "/actions?show=done&kind=report&subreddit=gifs") == here
    assert actions_of(ben, "/actions?show=failed") == []
    assert "No such action." in ben.text
    assert "a moderator decides on its case" in shown(ben, f"/action/{held[0]}")
    for path in ("/actions?show=x", "/actions?before=x", "/actions?before=²"):
        assert ben.get(path).status_code == 409, path
    for path in ("/action/x", "/action/9999", "/action/²", f"/action/{'9' * 18}", f"/action/{'9' * 40}"):
        assert ben.get(path).status_code == 404, path


def test_an_action_is_undone_as_by_the_command(console: Console, ben: Browser) -> None:
    """Its button plans the undo in the member's name, the daemon performs it; what is not done cannot be undone."""
    case = open_case(console.bot, 1)
    store = console.bot.deps.store
    done, held = store.actions.of_case(case.id)
    assert "Undo" not in shown(ben, f"/action/{held.action.id}").replace("Undone", "")
    assert "only done actions can be undone" in (
        ben.get("/me"), ben.post(f"/action/{held.action.id}/undo"), ben.text
    )[2]  # fmt: skip
    assert "No daemon runs" in shown(ben, f"/action/{done.action.id}")
    assert ben.post(f"/action/{done.action.id}/undo", why="of u/somebody, wrong").status_code == 200
    assert "to be taken back" in ben.text
    assert store.actions.get(done.action.id).state is ActionState.UNDO_PLANNED
    line = store.audit.entries(1)[0]
    assert (line["who"], line["what"], line["subject"], line["why"]) == (
        "Ben", "undo report", case.label, "of […], wrong"
    )  # fmt: skip
    with daemon_on(console.bot) as later:
        later(60)
    assert store.actions.get(done.action.id).state is not ActionState.UNDO_PLANNED


def draft(console: Console, number: int, *, id: str, recipient: str | None = None) -> str:
    """Draft a notice on the media of a case in r/clips; return its label."""
    case = open_case(console.bot, number, id=id)
    item = NoticeItem(host_id=id, url=f"https://www.redgifs.com/watch/{id}", seen_at=case.opened)
    store = console.bot.deps.store
    return store.notices.draft(host="redgifs", subreddit="clips", recipient=recipient, case=case.id, item=item)


STATED = {
    "ground": "public_statement",
    "detail": "the statement of 3 May,\r\nat https://news.example/1",
    "capacity": "third_party_notifier",
    "to": "abuse@redgifs.example",
    "seen": "yes",
}


def test_a_notice_is_stated_in_two_steps(world: Stage, console: Console) -> None:
    """The text is read first and sent as it was read; what is missing is said; what changed meanwhile is not stated."""
    store = console.bot.deps.store
    name = draft(console, 1, id="happycat")
    lea, ben = console.signed_in("Lea"), console.signed_in("Ben")
    assert "no e-mail address of redgifs is known" in shown(ben, f"/notice/{name}")
    assert "You have no role that states notices" in ben.text
    shown(lea, f"/notice/{name}")
    for wrong, said in (
        ({"ground": ""}, "a notice needs a ground"),
        ({"capacity": "judge"}, "choose the true one"),
        ({"detail": " "}, "lacks the ground's detail"),
        ({"detail": "I am the person depicted"}, "speaks for the person depicted"),
        ({"to": ""}, "no e-mail address of redgifs is known"),
        ({"to": "Abuse <a@b>"}, "not a plain e-mail address"),
        ({"detail": "x" * 2001}, "that is too long"),
    ):
        assert lea.post(f"/notice/{name}/preview", **STATED | wrong).status_code == 409, wrong
        assert said in lea.text.lower() or said in lea.text, wrong
        assert "State it" in lea.text  # with what was written in its fields
    assert lea.post(f"/notice/{name}/preview", **STATED).status_code == 200
    read = re.search(r"<pre>(.*?)</pre>", lea.page.text, re.DOTALL)
    assert read is not None
    assert "the statement of 3 May, at https://news.example/1" in unescape(read[1])
    fields = lea.fields("csrf", "read", *STATED)
    assert store.notices.get(name).state is NoticeState.DRAFTED
    draft(console, 2, id="sleepydog")  # the rule puts another media on it before she states it
    assert store.notices.get(name).items[1].host_id == "sleepydog"
    assert lea.send(f"/notice/{name}/confirm", fields).status_code == 409
    assert "has changed since you read it" in lea.text
    lea.get(f"/notice/{name}")
    lea.post(f"/notice/{name}/preview", **STATED)
    read = re.search(r"<pre>(.*?)</pre>", lea.page.text, re.DOTALL)
    assert read is not None
    assert lea.send(f"/notice/{name}/confirm", lea.fields("csrf", "read", *STATED)).status_code == 200
    row = store.notices.get(name)
    assert (row.state, row.stated_by, row.recipient) == (NoticeState.CONFIRMED, "Lea", "abuse@redgifs.example")
    with daemon_on(console.bot) as later:
        later(60)
    mail = next(one.message for one in world.mail.received if "sleepydog" in one.message["Subject"])
    assert mail.get_content().split() == unescape(read[1]).split()
    assert name in shown(ben, "/notices?show=sent&host=redgifs")
    assert name not in shown(ben, "/notices?show=drafted")
    shown(lea, f"/notice/{name}")
    assert lea.post(f"/notice/{name}/retract", why="it was another").status_code == 200
    assert store.notices.get(name).state is NoticeState.RETRACTED
    assert "Retracted" in world.mail.received[-1].message["Subject"]
    for path, status in (("/notices?show=x", 409), ("/notice/N-1", 404), ("/notice/x", 404)):
        assert ben.get(path).status_code == status, path
