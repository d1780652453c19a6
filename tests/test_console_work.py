"""The console's pages of the work done: actions, notices, quarantine, audit, team, gallery, hosts and health."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import text
from bot.clock import ManualClock
from bot.loopback.stage import Stage
from bot.model import ActionState, Consent, NoticeItem, NoticeState, Role
from bot.pipeline import Pipeline
from bot.pipeline.keeping.diagnosis import known_here
from bot.store.paged import AuditFilter, AuditRow, Paged
from bot.web.console import audit, plots
from bot.web.console.actions import ROWS, Shelf
from bot.web.console.audit import ROWS as AUDIT_ROWS
from tests.console import Browser, Console, console_on, open_case
from tests.doors import daemon_on
from tests.people import member
from tests.test_console_guard import NASTY, overdue, read, shape


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


@pytest.mark.slow
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


@pytest.mark.parametrize("undone", [False, True])
def test_actions_of_a_mark_are_listed_too(console: Console, ben: Browser, undone: bool) -> None:
    """What a mark of a suspected minor plans has no case and no notice, and is shown on every tab all the same."""
    case = open_case(console.bot, 1)
    minors, store = console.bot.decisions.minors, console.bot.deps.store
    label = minors.hide(case.label, by=member(console.bot)).label
    if undone:
        minors.uncover(label, by=member(console.bot))
    else:
        minors.minor(case.label, by=member(console.bot))
    bare = [row for row in store.actions.listing() if row.case_id is None and not row.action.params.get("notice")]
    assert bare
    for shelf in Shelf:
        shown(ben, f"/actions?show={shelf}")
    assert {row.action.id for row in bare} <= set(actions_of(ben, "/actions"))
    for row in bare:
        shown(ben, f"/action/{row.action.id}")


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


def draft(console: Console, number: int, *, id: str, recipient: str | None = None, place: str = "clips") -> str:
    """Draft a notice on the media of a case; return its label."""
    case = open_case(console.bot, number, id=id, subreddit=place)
    item = NoticeItem(host_id=id, url=f"https://www.redgifs.com/watch/{id}", seen_at=case.opened, sha256="ab" * 32)
    store = console.bot.deps.store
    return store.notices.draft(host="redgifs", subreddit=place, recipient=recipient, case=case.id, item=item)


STATED = {
    "ground": "public_statement",
    "detail": "the statement of 3 May,\r\nat https://news.example/1",
    "capacity": "third_party_notifier",
    "to": "abuse@redgifs.example",
    "seen": "yes",
}


@pytest.mark.slow
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
        assert "--to" not in lea.text, wrong  # a page says what to do on it
        assert "State it" in lea.text  # with what was written in its fields
    assert "Deutsch (draft)" in lea.text or "German (draft)" in lea.text
    assert lea.post(f"/notice/{name}/preview", **STATED, language="de").status_code == 409
    assert '<a href="/notice-texts/de/notice.third_party_notifier">read it, and approve it' in lea.page.text
    assert lea.post(f"/notice/{name}/preview", **STATED).status_code == 200
    read = re.search(r"<pre>(.*?)</pre>", lea.page.text, re.DOTALL)
    assert read is not None
    assert "the statement of 3 May, at https://news.example/1" in unescape(read[1])
    fields = lea.fields("csrf", "read", *STATED)
    assert store.notices.get(name).state is NoticeState.DRAFTED
    draft(console, 2, id="sleepydog")  # the rule puts another link to it on it before she states it
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
    assert "No daemon runs: it is mailed once one does." in lea.text
    with daemon_on(console.bot) as later:
        later(60)
    mail = next(one.message for one in world.mail.received if "sleepydog" in one.message["Subject"])
    assert mail.get_content().split() == unescape(read[1]).split()
    assert name in shown(ben, "/notices?show=sent&host=redgifs")
    assert name not in shown(ben, "/notices?show=drafted")
    shown(lea, f"/notice/{name}")
    assert "Its host is told by mail that it no longer holds." in lea.page.text
    before = len(world.mail.received)
    assert lea.post(f"/notice/{name}/retract", why="it was another", reason="another face").status_code == 200
    assert "Reason: another face" in lea.text
    assert store.notices.get(name).state is not NoticeState.RETRACTED
    assert len(world.mail.received) == before
    assert lea.send(f"/notice/{name}/retract", lea.fields("csrf", "read", "why", "reason")).status_code == 200
    assert store.notices.get(name).state is NoticeState.RETRACTED
    assert "Notice withdrawn" in world.mail.received[-1].message["Subject"]
    assert "Reason: another face" in world.mail.received[-1].message.get_content()
    for path, status in (("/notices?show=x", 409), ("/notice/N-1", 404), ("/notice/x", 404)):
        assert ben.get(path).status_code == status, path


def test_a_step_beyond_a_notice_is_written_on_a_page(console: Console) -> None:
    """What is handed in to a coordinator is read and copied in the console; what is not open is not written."""
    name = draft(console, 1, id="happycat")
    overdue(console.bot.deps.store, name)
    console.bot.deps.store.connection.run("update notices set organisation = 'Mods', contact = 'a@mods.example'")
    lea = console.signed_in("Lea")
    assert "Write a text to hand in" in shown(lea, f"/notice/{name}")
    assert "gifwarden" not in lea.text.partition("What you can do beyond it")[2]
    page = shown(lea, f"/notice/{name}/text?recourse=coordinator&because=No+reasons+were+given.")
    assert "No reasons were given." in page
    assert "53" in page
    assert lea.get(f"/notice/{name}/text?recourse=complaint").status_code == 409
    assert f'<a href="/notice/{name}">what is stands on' in lea.page.text


def test_a_mail_is_refused_where_none_is_sent_before_it_is_read(console: Console) -> None:
    """In mode observe the preview says so, with all that was written; a form is named where the host has one."""
    name = draft(console, 1, id="happycat", place="quiet")
    lea = console.signed_in("Lea")
    shown(lea, f"/notice/{name}")
    assert lea.post(f"/notice/{name}/preview", **STATED).status_code == 409
    assert "no notice is sent; who runs gifwarden changes its mode." in lea.text
    assert "https://news.example/1</textarea>" in lea.page.text
    (console.bot.deps.config.storage.path / "channels.toml").write_text(
        "[redgifs]\ndomains = ['redgifs.com']\n[[redgifs.forms]]\nurl = 'https://www.redgifs.com/report'\n"
    )
    assert "or you tick below that you hand it in by the host's form" in shown(lea, f"/notice/{name}")
    assert lea.post(f"/notice/{name}/preview", **STATED, by_hand="yes").status_code == 200
    assert "All of its words, as one text" in lea.text


def test_quarantine_as_by_the_command(console: Console, ben: Browser) -> None:
    """What is held is listed with why; a lead adds what there is, lets it go, and is told of what there is not."""
    store = console.bot.deps.store
    assert "You have no role that changes the quarantine" in shown(ben, "/quarantine")
    lea = console.signed_in("Lea")
    shown(lea, "/quarantine")
    for kind, name, said in (
        ("cake", "x", "cake cannot be quarantined"),
        ("bank", "known-fake", "there is no bank known-fake; did you mean known-fakes?"),
        ("entry", "", "there is no entry without a name"),
        ("rule", "nothing", "there is no rule nothing"),
    ):
        assert lea.post("/quarantine/add", kind=kind, name=name).status_code == 409
        assert said in lea.text
        lea.get("/quarantine")
    lea.post("/quarantine/add", kind="rule", name="Known fake, exact file", why="<b>look</b>")
    assert "Known fake, exact file" in lea.text
    assert "<b>look</b>" in lea.text
    assert "by Lea" in lea.text
    word = lea.fields("word")
    lea.post("/quarantine/release", **word)
    assert "Nothing is quarantined." in lea.text
    assert "let go; not quarantined again until" in shown(lea, "/quarantine?all=yes")
    assert [row["what"] for row in store.audit.entries(2)] == ["quarantine released", "quarantined"]
    shown(lea, "/quarantine")
    assert lea.post("/quarantine/release", **word).status_code == 404


ODD = (
    "a\ufe0f",
    "\u200bb",
    "🐱\ufe0f cat",
    "c\u202ed",
    "long " * 500,
    "two\r\nlines",
    " blank ",
    "\x00",
    "<b>&amp;",
    "x" * 70_000,
)


@pytest.mark.parametrize("name", ODD, ids=lambda name: ascii(name[:12]))
def test_what_is_shown_otherwise_is_let_go(console: Console, name: str) -> None:
    """A name that a page shows plainer, or cut, is let go by its button all the same, and only that one."""
    flood, by = console.bot.flood, member(console.bot)
    for one in ("another", name):
        assert flood.quarantine("rule", one, by=by, why="x")
    lea = console.signed_in("Lea")
    shown(lea, "/quarantine")
    words = re.findall(r'name="word" value="(\w+)"', lea.page.text)
    at = [row.name for row in console.bot.deps.store.flood.listing()].index(name)
    assert lea.post("/quarantine/release", word=words[at]).status_code == 200
    assert [row.name for row in console.bot.deps.store.flood.listing()] == ["another"]


@pytest.mark.parametrize("name", ODD[:4], ids=ascii)
def test_what_is_chosen_of_a_list_is_exact(console: Console, ben: Browser, name: str) -> None:
    """A person whose name is shown plainer is found by the choice of that name."""
    console.bot.deps.store.connection.run(
        "insert into audit (at, who, what, subject) values (?, ?, 'looked', 'C-5')", ("2026-01-01", name)
    )
    shown(ben, "/audit")
    choices = [unescape(one) for one in re.findall(r'<option value="([^"]*)"', ben.page.text)]
    assert name in choices
    assert not text.UNFIT.search(ben.page.text)
    assert len(ben.client.get("/audit.json", params={"who": name}).text.splitlines()) == 1


@pytest.mark.slow
def test_the_audit_trail_is_read_and_exported(console: Console, ben: Browser) -> None:
    """Filters choose person, deed and day; files hold the same lines, exact as JSON, and no formula as CSV."""
    store, by = console.bot.deps.store, member(console.bot)
    why = "=1+1,\r\n@a"
    store.audit.record(by=by, what="undo report", subject="C-1", why=why)
    store.audit.record(by=console.person("Zoë"), what="undo remove", subject="C-2", why="-1+1")
    for number in range(AUDIT_ROWS):
        store.audit.record(by=by, what="entry noted", subject=f"E-{number}")
    shown(ben, "/audit")
    more = re.search(r'href="(/audit\?[^"]*before=\d+)"', ben.page.text)
    assert more is not None
    assert "C-2" not in ben.text
    assert "C-2" in shown(ben, more[1].replace("&amp;", "&"))
    only = "/audit{}?who=Zo%C3%AB&what=UNDO&day=" + store.audit.entries(1)[0]["at"][:10]
    assert "undo remove" in shown(ben, only.format(""))
    assert "undo report" not in ben.text
    assert [row["subject"] for row in map(json.loads, ben.get(only.format(".json")).text.splitlines())] == ["C-2"]
    assert "No such line." in shown(ben, "/audit?day=2001-01-01")
    every = [json.loads(line) for line in ben.get("/audit.json").text.splitlines()]
    assert [row["why"] for row in every] == [row["why"] for row in store.audit.entries()]
    assert why in [row["why"] for row in every]
    table = list(csv.reader(io.StringIO(ben.get("/audit.csv").text)))
    assert len(table) == len(every) + 1
    assert ben.page.headers["content-disposition"] == 'attachment; filename="gifwarden-audit.csv"'
    assert not [cell for row in table for cell in row if cell.lstrip()[:1] in set("=+-@\t\r")]
    for path in ("/audit?day=today", "/audit.csv?day=x", "/audit?before=x"):
        assert ben.get(path).status_code == 409, path
    console.person("Nia", None)
    nia = console.signed_in("Nia")
    assert {nia.get(path).status_code for path in ("/audit", "/audit.csv", "/audit.json", "/team", "/hosts")} == {403}


def test_a_file_of_the_trail_lets_others_read(console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read bit by bit, and between two of them nothing holds the connection that all pages share."""
    store, by = console.bot.deps.store, member(console.bot)
    for number in range(30):
        store.audit.record(by=by, what="entry noted", subject=f"E-{number}")
    held: list[tuple[int, bool]] = []
    read = Paged.audit

    def seen(paged: Paged, chosen: AuditFilter, *, before: int | None = None, limit: int) -> list[AuditRow]:
        rows = read(paged, chosen, before=before, limit=limit)
        held.append((len(rows), paged._c.db.conn.in_transaction))
        return rows

    monkeypatch.setattr(Paged, "audit", seen)
    monkeypatch.setattr(audit, "AT_A_TIME", 7)
    for exported in (28, 30, 10_000):
        monkeypatch.setattr(audit, "EXPORTED", exported)
        held.clear()
        told = [row["subject"] for row in map(json.loads, ben.get("/audit.json").text.splitlines())]
        assert told == [row["subject"] for row in store.audit.entries()][:exported]
        assert len(list(csv.reader(io.StringIO(ben.get("/audit.csv").text)))) == 1 + len(told)
        assert max(rows for rows, _ in held) == 7
        assert not any(moment for _, moment in held)


@given(st.text(max_size=40))
def test_no_cell_is_a_formula(words: str) -> None:
    """Whatever is written, a spreadsheet reads a cell as text of one line."""
    cell = text.cell(words)
    assert cell.lstrip()[:1] not in {*"=+-@|%\uff1d\uff0b\uff0d\uff20", "\t", "\r", "\n"} - {""}
    assert "\n" not in cell
    assert text.line(words) in (cell, cell[1:])


def test_the_team_and_who_is_signed_in(console: Console, ben: Browser) -> None:
    """All see who may what; operators see sessions and end them; no link to sign in stands on any page."""
    assert "operator" in shown(ben, "/team")
    assert "signed in:" not in ben.text
    olga = console.signed_in("Olga")
    assert "signed in: Firefox on Linux" in shown(olga, "/team")
    number = console.bot.deps.store.team.named("Ben")
    assert number is not None
    assert olga.post(f"/team/{number.id}/sign-out").status_code == 200
    assert ben.get("/").status_code == 401
    shown(olga, "/me")
    assert olga.post("/team/999/sign-out").status_code == 404
    for path in ("/team", "/me", "/audit"):
        assert "sign-in?link=" not in (shown(olga, path), olga.page.text)[1]


def test_protected_persons_by_label_alone(console: Console, ben: Browser) -> None:
    """Operators see why and until when, never a name or a vector, and destroy an entry by writing its label again."""
    store, by = console.bot.deps.store, member(console.bot)
    ends = console.bot.deps.clock.now() + timedelta(days=200)
    consent = Consent(
        basis="mandate", mandate="shelf 4", adult=True, record="folder 7", purpose="her wish", expires=ends
    )
    label = store.gallery.add(name="Jane Doe", consent=consent, model="dlib", vectors=[b"vector of her"], by=by)
    assert ben.get("/gallery").status_code == 403
    assert label not in ben.text
    olga = console.signed_in("Olga")
    page = shown(olga, "/gallery")
    assert all(words in page for words in (label, "mandate", "folder 7", "shelf 4", "her wish", f"{ends:%Y-%m-%d}"))
    assert not any(words in olga.page.text for words in ("Jane", "vector of", "dlib"))
    assert olga.post(f"/gallery/{label}/forget", label="P-0").status_code == 409
    assert [row.label for row in store.gallery.listing()] == [label]
    shown(olga, "/gallery")
    assert olga.post(f"/gallery/{label}/forget", label=f" {label} ", why="asked for").status_code == 200
    assert "Nobody is protected." in olga.text
    assert store.audit.entries(1)[0]["what"] == "person forgotten"
    shown(olga, "/me")
    assert olga.post(f"/gallery/{label}/forget", label=label).status_code == 404


def test_health_says_what_waits_and_how_hosts_answer(console: Console, ben: Browser) -> None:
    """What to look at, what waits, who works, and each host's week stand on one page, drawn without a picture."""
    store, clock = console.bot.deps.store, console.bot.deps.clock
    open_case(console.bot, 1)
    for outcome, count in (("resolved", 3), ("gone", 1), ("blocked", 12)):
        for _ in range(count):
            store.health.note("redgifs", outcome, "redgifs refused this machine")  # type: ignore[arg-type]  # of a table
    console.bot.flood.quarantine("bank", "known-fakes", by=member(console.bot), why="x")
    for _ in range(2):
        store.health.note("imgur", "changed", "imgur sent another shape")
    page = shown(ben, "/hosts")
    assert page.index("fails hosts") < page.index("bank known-fakes")
    assert "bank known-fakes is quarantined" in page
    assert "none runs" in page
    assert "1 open" in page
    assert "3 led to media, 1 gone, 12 blocked" in page
    assert 'aria-label="3 led to media, 1 gone, 12 blocked"' in ben.page.text
    assert "style=" not in ben.page.text
    store.lease.take("modbox:1", 60)
    assert "modbox:1 works" in shown(ben, "/hosts")
    assert isinstance(clock, ManualClock)
    clock.sleep(120)
    assert "none; the last, modbox:1, was not heard of after" in shown(ben, "/hosts")


@pytest.mark.slow
def test_every_kind_that_is_parked_is_tried_again(console: Console) -> None:
    """Also what has a long or odd name: each by the word beside it."""
    store = console.bot.deps.store
    for name in ODD:
        store.connection.run(
            """insert into orders (id, subreddit, sender, verb, target, why, state, parked_from, received_at, seen_at)
               values (?, 'clips', 'mod', 'scan', 'x', '', 'parked', 'heard', '2026-01-01', '2026-01-01')""",
            (name,),
        )
    olga = console.signed_in("Olga")
    shown(olga, "/hosts")
    for word in re.findall(r'name="word" value="(\w+)"', olga.page.text):
        shown(olga, "/hosts")
        assert olga.post("/parked/retry", word=word).status_code == 200
    assert store.tries.parked() == []


def test_health_names_no_place_and_counts_no_hashes(console: Console, ben: Browser) -> None:
    """Who may see the page needs no path of the machine; what takes long with many entries is not asked for."""
    deps = console.bot.deps
    deps.stop_file.parent.mkdir(parents=True, exist_ok=True)
    deps.stop_file.touch()
    page = shown(ben, "/hosts")
    assert "GiB free in storage.path" in page
    assert "nothing is done in the world until gifwarden go" in page
    assert str(deps.config.storage.path) not in ben.page.text
    told: list[str] = []
    deps.store.connection.db.conn.set_trace_callback(told.append)
    list(known_here(deps))
    assert deps.store.banks.kinds() == {row.name: row.kind for row in deps.store.banks.listing(hashes=False)}
    deps.store.connection.db.conn.set_trace_callback(None)
    assert [one for one in told if "iif(0" in one]
    assert not [one for one in told if "iif(1" in one or "iif(true" in one.lower()]


def test_a_bank_twice_and_a_broken_database(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there already is a conflict; a database that fails is said without its place on the disk."""
    lea = console.signed_in("Lea")
    for status in (200, 409):
        shown(lea, "/banks")
        assert lea.post("/banks/create", name="twice", kind="block").status_code == status
    assert "there is a bank twice already" in lea.text
    assert lea.get("/entries?bank=nowhere").status_code == 404
    console.bot.deps.store.connection.run("alter table banks rename to away")
    assert lea.get("/banks").status_code == 503
    assert str(console.bot.deps.config.storage.path) not in lea.page.text
    console.bot.deps.store.connection.run("alter table away rename to banks")


def test_plots_count_by_hour_and_day() -> None:
    """A plot ends with today: sums stand below its days, and what stood is counted back from now."""
    now = datetime(2026, 11, 22, 15, 56, tzinfo=UTC)
    plot = plots.counted("t", {"2026-11-22T15": 4, "2026-11-22T00": 1, "2026-11-16T00": 2, "2026-11-15T23": 9}, now)
    assert plot.days == (
        ("11-16", 2), ("11-17", 0), ("11-18", 0), ("11-19", 0), ("11-20", 0), ("11-21", 0), ("11-22", 5)
    )  # fmt: skip
    assert [(one.x, one.height) for one in plot.shapes] == [(0, 50.0), (144, 25.0), (159, 100.0)]
    held = plots.standing("t", 3, {"2026-11-22T14": 2}, {"2026-11-20T05": 1}, now)
    assert [number for _, number in held.days] == [2, 2, 2, 2, 1, 1, 3]
    assert [round(one.width) for one in plots.shares([("a", 1), ("b", 0), ("c", 3)])] == [25, 75]
    assert plots.shares([("a", 0)]) == ()
    assert "none in seven days" in plots.counted("t", {}, now).said


def test_what_is_parked_is_tried_again(console: Console, ben: Browser) -> None:
    """An operator puts it back as the command does; others see what and why, and nobody what an order is called."""
    store = console.bot.deps.store
    row = store.actions.of_case(open_case(console.bot, 1).id)[1]
    store.connection.run("update actions set state = 'parked', parked_from = 'planned' where id = ?", (row.action.id,))
    assert "which may have killed the daemon" in shown(ben, "/hosts")
    assert "Try it again" not in ben.text
    assert "what is parked" in shown(ben, f"/action/{row.action.id}")
    olga = console.signed_in("Olga")
    shown(olga, "/hosts")
    word = olga.fields("word")
    for fields, status in (({}, 404), ({"word": "cake"}, 404), (word, 200), (word, 404)):
        shown(olga, "/me")
        assert olga.post("/parked/retry", **fields).status_code == status
    assert store.actions.get(row.action.id).state is ActionState.PLANNED
    assert store.audit.entries(1)[0]["what"] == "parked: tried again"


@pytest.mark.parametrize("words", NASTY, ids=lambda words: ascii(words[:12]))
def test_strangers_words_are_words_there_too(console: Console, words: str) -> None:
    """What strangers and hosts write makes no element or attribute on these pages, nor a trick, and ends somewhere."""
    store = console.bot.deps.store
    olga = console.signed_in("Olga")
    case = open_case(console.bot, 1)
    item = NoticeItem(host_id="plain", url="https://www.redgifs.com/watch/plain", seen_at=case.opened)
    notice = store.notices.draft(host="redgifs", subreddit="clips", recipient="plain", case=case.id, item=item)
    action = store.actions.of_case(case.id)[0].action.id
    store.health.note("redgifs", "changed", "plain")
    console.bot.flood.quarantine("rule", "plain", by=member(console.bot), why="plain")
    store.audit.record(by=member(console.bot), what="x", subject="plain", why="plain")

    def say(said: str) -> None:
        change = store.connection.run
        change("update notice_items set host_id = ?1, url = ?1", (said,))
        change("update notices set recipient = ?", (said,))
        change("update actions set reason = ?1, params = json_object('reason', ?1, 'body', ?1)", (said,))
        change("update quarantine set name = ?1, why = ?1", (said,))
        change("update audit set subject = ?1, why = ?1 where what = 'x'", (said,))
        change("update host_health set sentence = ?", (said,))

    paths = ("/actions", f"/action/{action}", "/notices", f"/notice/{notice}", "/quarantine", "/audit", "/hosts")
    say("plain")
    expected = {path: shape(read(olga, path)) for path in paths}
    say(words)
    for path, tags in expected.items():
        page = read(olga, path)
        told = "".join(page.words)
        assert shape(page) == tags, path
        assert not [one for one in told if unicodedata.category(one) in ("Cf", "Co", "Cs") or one in "\x00\x1b\x7f"]
        assert len(told) < 40_000
