"""What keeps the console's door: who may do what, forms of other pages, names, sizes, headers, and strangers' words."""

from __future__ import annotations

import contextlib
import re
import socket
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.loopback.stage import Stage, stage
from bot.model import (
    ActionState,
    Actor,
    AgeWhenMade,
    AnswerAbout,
    AnswerKind,
    Consent,
    Decision,
    KnownBy,
    Level,
    LookState,
    NoticeItem,
    NoticeState,
    Role,
    Verb,
)
from bot.model.team import NEEDS
from bot.notice_texts import Texts
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import Target
from bot.store import CaseRow, Store
from bot.store.notice_answers import AnswerWords
from bot.web.console.app import acts
from bot.web.console.base import word_for
from bot.web.console.guard import MAX_BODY, POLICY
from bot.web.console.notices import digest_of
from tests.console import Browser, Console, console_on, open_case
from tests.console_known import something_to_do, with_an_exchange
from tests.people import member
from tests.slow import few
from tests.test_looking import case_of, until


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Loopback Reddit, hosts and mail, and an exchange that reads an empty folder."""
    (tmp_path / "lists").mkdir()
    with stage(tmp_path) as built:
        yield with_an_exchange(built, tmp_path / "lists")


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with nobody but its operator."""
    with console_on(bot) as served:
        yield served


PEOPLE: dict[str, tuple[Role | None, tuple[str, ...]]] = {
    "nothing": (None, ()),
    "reviewer elsewhere": (Role.REVIEWER, ("gifs",)),
    "reviewer": (Role.REVIEWER, ()),
    "reviewer here": (Role.REVIEWER, ("clips",)),
    "lead": (Role.LEAD, ()),
    "operator": (Role.OPERATOR, ()),
}


IN_CLIPS = "/claims/open"  # whose fields name the subreddit
# ways that only show or hand over something
ASKS_FIRST = ("/notice/{notice}/preview", "/claim/{claim}/read", "/claim/{claim}/file", "/claim/{claim}/answer")


def allowed(who: str, verb: Verb | None, path: str) -> bool:
    """Return whether somebody of the table may do at a way what takes a verb: in r/clips, if it is about a case."""
    role, places = PEOPLE[who]
    if verb is None:
        return True
    return (
        role is not None
        and role >= NEEDS[verb]
        and (not places or "clips" in places or ("{" not in path and path != IN_CLIPS))
    )


def prepared(console: Console, path: str, number: int) -> tuple[str, dict[str, str]]:
    """Return the address and the fields with which a way does something in r/clips."""
    case = open_case(console.bot, number)
    by = member(console.bot)
    console.bot.deps.store.connection.run("delete from minor_footage")  # what an earlier way marked holds up no other
    done = next(row for row in console.bot.deps.store.actions.of_case(case.id) if row.state == ActionState.DONE)
    filled = path.replace("{label}", case.label).replace("{number}", str(done.action.id))
    fields = {"verb": "dismiss", "version": str(case.version), "key": f"{number:032x}", "level": "outlines"}
    fields |= {"ours": "c", "mine": "q"}
    if path.startswith("/notice/"):
        item = NoticeItem(host_id=f"n{number}", url=f"https://www.redgifs.com/watch/n{number}", seen_at=case.opened)
        store = console.bot.deps.store
        name = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.example", case=case.id, item=item)
        filled = path.replace("{notice}", name)
        fields |= {"ground": "citable_list", "detail": "entry 1 of a list", "capacity": "third_party_notifier"}
        if path.endswith("/split"):  # of another link to the same
            further, beside = (
                open_case(console.bot, 1000 + number),
                replace(item, host_id=f"m{number}", sha256="ab" * 32),
            )
            store.connection.run("update notice_items set sha256 = ? where notice = ?", ("ab" * 32, name))
            store.notices.draft(host="redgifs", subreddit="clips", recipient=None, case=further.id, item=beside)
        if path.endswith("/move"):
            further, beside = open_case(console.bot, 1000 + number), replace(item, host_id=f"m{number}")
            fields["to"] = store.notices.draft(
                host="redgifs", subreddit="clips", recipient=None, case=further.id, item=beside
            )
        if path.endswith(("/remind", "/raise", "/leave", "/close")):
            overdue(store, name)
            fields["recourse"] = "coordinator"
        fields |= {"read": digest_of(store.notices.get(name)), "item": f"n{number}"}
    if path == "/notice-texts/approve":
        fields |= {"language": "de", "name": "reminder", "digest": Texts().digest("de", "reminder")}
        console.bot.deps.store.connection.run("delete from approved_texts")
    if path.startswith("/answer/"):
        name, label = answered(console, case, number)
        filled, fields = path.replace("{answer}", label), {"notice": name, "means": "receipt"}
    if path.startswith("/quarantine/"):
        fields |= {"kind": "bank", "name": "known-fakes", "word": word_for("bank", "known-fakes")}
        if path.endswith("/release"):
            console.bot.flood.quarantine("bank", "known-fakes", by=by, why="x")
    if path == "/parked/retry":
        console.bot.deps.store.connection.run(
            "update actions set state = 'parked', parked_from = 'planned' where id = ?", (done.action.id,)
        )
        fields["word"] = word_for("action", str(done.action.id))
    filled = filled.replace("{member}", str(by.member))
    if "{person}" in path:
        ends = case.opened + timedelta(days=9)
        consent = Consent(
            basis="explicit_consent", mandate=None, adult=True, record="folder", purpose="x", expires=ends
        )
        person = console.bot.deps.store.gallery.add(name="N", consent=consent, model="m", vectors=[], by=by)
        filled, fields = path.replace("{person}", person), {"label": person}
    if path.startswith("/claim"):
        return prepared_claim(console, path, case)
    known, more = something_to_do(console.bot, path, number, case)
    if more or known != path:
        return known, fields | more
    fields |= {"source": "0", "since": "7", "text": "---\nname: x\ntitle: x\naction: review\n"}
    filled = filled.replace("{subreddit}", "clips").replace("{look}", "x")
    fields |= {"target": "https://www.redgifs.com/watch/none"} if path == "/anything/ask" else {}
    if path.startswith("/decision/"):
        row = console.bot.decisions.deciding.decide(Decision.DISMISS, [Target(case.label)], by=by, why="x")
        filled = path.replace("{name}", row.label)
    if path.startswith("/minor/"):
        console.bot.decisions.minors.hide(case.label, by=by)
    if path.endswith("/reported"):  # only what is not about to be removed any more can be said to be reported
        console.bot.decisions.minors.minor(case.label, by=by)
        console.bot.deps.store.connection.run("update actions set state = 'failed' where state = 'planned'")
    return filled, fields


def overdue(store: Store, name: str) -> None:
    """Let a notice have left by mail, its media still there, and be overdue."""
    now = store.connection.now()
    store.actions.plan(key=f"notice:{name}", kind="notice", subreddit="clips", params={"notice": name})
    store.connection.run("update actions set state = 'done' where key = ?", (f"notice:{name}",))
    store.connection.run("update notice_items set outcome = 'there', looked_at = ? where notice = ?", (now, name))
    store.connection.run(
        """update notices set state = 'overdue', sent_at = ?, stated_at = ?, stated_by = 'Ann', ground = 'citable_list',
           ground_detail = 'entry 1 of a list', capacity = 'third_party_notifier' where label = ?""",
        (now, now, name),
    )


def answered(console: Console, case: CaseRow, number: int) -> tuple[str, str]:
    """Return a notice of r/clips that was sent, and an answer to it."""
    store = console.bot.deps.store
    item = NoticeItem(host_id=f"a{number}", url=f"https://www.redgifs.com/watch/a{number}", seen_at=case.opened)
    name = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.example", case=case.id, item=item)
    store.notices.move(name, NoticeState.SENT, expect=(NoticeState.DRAFTED,))
    label = store.notice_answers.keep(
        f"{number}",
        kind=AnswerKind.ANSWER,
        about=AnswerAbout.THREAD,
        notice=name,
        named={},
        at=case.opened,
        words=AnswerWords(sender="a@b.example", subject="Re", text="Hello."),
    )
    assert label is not None
    return name, label


def prepared_claim(console: Console, path: str, case: CaseRow) -> tuple[str, dict[str, str]]:
    """Return the same for a way of a claim, of somebody who is known and was an adult unless it is to be dismissed."""
    claims, by = console.bot.claims, member(console.bot)
    label = console.bot.hearing.from_post("https://redd.it/1abcd2", "clips", by=by)
    claims.set_age(label, AgeWhenMade.ADULT, by=by)
    if not path.endswith("/dismiss"):
        claims.set_known(label, KnownBy.NGO, "the helpline wrote to us on Monday", by=by)
    if path.endswith("/given"):
        claims.answer(label, "Thank you, we read it.", by=by)
    fields = {
        "address": "https://redd.it/1abcd2",
        "subreddit": "clips",
        "age": "adult",
        "how": "lawyer",
        "label": label,
    }
    fields |= {"say": "her lawyer wrote to us", "way": "modmail", "cases": case.label, "text": "Thank you, we read it."}
    return path.replace("{claim}", label), fields


def stands(console: Console, number: int) -> tuple[object, ...]:
    """Return how a case and all that hangs on it stands, to see whether anything was done to it."""
    store = console.bot.deps.store
    row = store.cases.of_post(f"t3_{number:06x}")[0]
    actions = [one.state for one in store.actions.of_case(row.id)]
    notices = [one.state for one in store.notices.listing()]
    done = len(store.audit.entries())
    return row.state, row.version, store.minors.root_of(row.post.fullname), actions, notices, done


@pytest.mark.parametrize("who", few(PEOPLE, "reviewer elsewhere", "lead"))
@pytest.mark.slow
def test_every_role_at_every_way(console: Console, who: str) -> None:
    """Each cell of roles and ways: done where the team's table allows it, 403 and nothing done where it does not."""
    role, places = PEOPLE[who]
    name = who.title()
    console.person(name, role, places)
    for number, (path, verb) in enumerate(acts(), start=1):
        filled, fields = prepared(console, path, number)
        browser = console.signed_in(name)
        browser.get("/me")
        before = stands(console, number)
        browser.client.follow_redirects = False
        answer = browser.post(filled, **fields)
        if allowed(who, verb, path):
            assert answer.status_code == (200 if path in ASKS_FIRST else 303), (path, browser.text)
        else:
            assert answer.status_code == 403, (path, browser.text)
            assert stands(console, number) == before, path
            assert "takes the role" in browser.text


def test_the_table_has_cells() -> None:
    """The ways are those at which something is done, and each says what it takes."""
    found = dict(acts())
    assert found["/case/{label}/decide"] is Verb.CASES
    assert len(found) >= 7
    assert {path for path, verb in found.items() if verb is None} == {
        "/sign-out", "/sign-out-everywhere", "/case/{label}/cover", "/anything/look/{look}/leave"
    }  # fmt: skip


def test_nothing_is_done_without_a_form_of_ours(console: Console) -> None:
    """Each way refuses who is not signed in, a form without or with another session's token, and other origins."""
    console.person("Ben")
    console.person("Cleo")
    ben, cleo, nobody = console.signed_in("Ben"), console.signed_in("Cleo"), console.browser()
    for browser in (ben, cleo):
        browser.get("/me")
        browser.client.follow_redirects = False
    token, theirs = ben.csrf, cleo.csrf
    assert token != theirs
    for number, (path, _) in enumerate(acts(), start=1):
        filled, fields = prepared(console, path, number)
        before = stands(console, number)
        assert nobody.send(filled, {"csrf": token, **fields}).status_code == 401
        for wrong in ({}, {"csrf": ""}, {"csrf": theirs}, {"csrf": token[:-1]}):
            assert ben.send(filled, {**fields, **wrong}).status_code == 403, (path, wrong)
        right = {"csrf": token, **fields}
        for origin in (
            "https://attacker.example",
            "http://127.0.0.1:1",
            f"{console.url}.attacker.example",
            "http://localhost",
        ):
            assert ben.send(filled, right, Origin=origin).status_code == 403, (path, origin)
        for site in ("cross-site", "same-site", "none", ""):
            assert ben.send(filled, right, Origin="null", Sec_Fetch_Site=site).status_code == 403, (path, site)
            assert ben.send(filled, right, Origin="", Sec_Fetch_Site=site).status_code == 403, (path, site)
        assert ben.client.get(filled).status_code in (404, 405), path
        assert stands(console, number) == before
    assert ben.send("/sign-out", {"csrf": token}, Origin="null", Sec_Fetch_Site="same-origin").status_code == 303


def test_a_form_cannot_sign_somebody_in_from_elsewhere(console: Console) -> None:
    """A foreign page cannot sign a moderator in as somebody else."""
    console.person("Ben")
    browser = console.browser()
    link = console.link("Ben")
    assert browser.send("/sign-in", {"link": link}, Origin="https://attacker.example").status_code == 403
    assert browser.sign_in(link).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/me",
        "/sign-in",
        "/files/console.css",
        "/files/keys.js",
        "/files/none.js",
        "/nothing",
        "/case/C-1",
        "/case/C-1/look/x/sheet",
        "/case/C-1/look/x/now",
        "/case/x",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_has_the_headers(console: Console, path: str, signed_in: bool) -> None:
    """Whatever is answered, nothing of it may run, be framed, be cached, or leak by a referrer."""
    console.person("Ben")
    browser = console.signed_in("Ben") if signed_in else console.browser()
    answers = [
        browser.get(path),
        browser.client.post(path),
        browser.client.get(path, headers={"Host": "attacker.example"}),
    ]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answers[2].status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("localhost:8470", 200), ("[::1]:8470", 200), ("attacker.example", 403),
        ("127.0.0.1.nip.io", 403),
        ("localhost@attacker.example", 403), ("", 403), ("127.0.0.1, attacker.example", 403), ("0.0.0.0", 403),
    ],
)  # fmt: skip
def test_only_known_names_are_answered(console: Console, host: str, status: int) -> None:
    """A name of somebody else's that leads to this machine (rebinding) reaches nothing."""
    assert httpx.get(f"{console.url}/sign-in", headers={"Host": host}, trust_env=False).status_code == status


def test_too_much_is_refused(console: Console) -> None:
    """A body that is too long is refused by what it says and by what it is, and a file is no field of ours."""
    console.person("Ben")
    browser = console.signed_in("Ben")
    browser.get("/me")
    token = browser.csrf

    def dripping() -> Iterator[bytes]:
        for _ in range(100):
            yield b"why=" + b"a" * 4096

    origin = {"Origin": console.url, "Content-Type": "application/x-www-form-urlencoded"}
    for content in (f"csrf={token}&why={'a' * MAX_BODY}".encode(), dripping()):
        with contextlib.suppress(httpx.TransportError):  # it is answered and cut while the rest is being sent
            assert browser.client.post("/sign-out", content=content, headers=origin).status_code == 413
        assert browser.get("/").status_code == 200
    upload = browser.client.post("/sign-out", files={"csrf": b"x"}, headers={"Origin": console.url})
    assert upload.status_code == 400
    many = browser.client.post("/sign-out", data={f"f{n}": "x" for n in range(200)}, headers={"Origin": console.url})
    assert many.status_code in (400, 403)
    assert browser.get("/").status_code == 200


def test_what_is_no_address_of_ours(console: Console) -> None:
    """Labels of others' making lead nowhere, in one sentence, and files are those beside the pages."""
    console.person("Ben")
    browser = console.signed_in("Ben")
    for path in (
        "/case/C-0123456789",
        "/case/..%2fme",
        "/case/C-1'--",
        "/minor/M-12",
        "/files/..%2f..%2fapp.py",
        "/files/app.py",
    ):
        assert browser.get(path).status_code == 404, path
    assert browser.get("/?tab=nothing").status_code == 409
    assert browser.get("/?before=x").status_code == 409
    browser.get("/me")
    token = browser.csrf
    for path in ("/case/C-0123456789/decide", "/decision/D-0123456789/take-back", "/minor/M-0123456789/cancel"):
        fields = {"csrf": token, "verb": "dismiss", "version": "1", "key": "0" * 32}
        assert browser.send(path, fields).status_code == 404, path


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; alert(1)//",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff",
    "long" * 5000,
    "\x00\x1b[2Jgone\r\nSet-Cookie: x=1",
    "&lt;b&gt;",
    "</title></dl></main><h1>",
    "\U000e0041\U000e0042tagged",
)


class Read(HTMLParser):
    """The elements of a page, and its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.words.append(data)


def read(browser: Browser, path: str) -> Read:
    """Open a page and read it."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, browser.text)
    page = Read()
    page.feed(answer.text)
    return page


def shape(page: Read) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page with the names of their attributes."""
    return [(tag, tuple(attrs)) for tag, attrs in page.tags]


def decided_case(console: Console, number: int, words: str, plain: bool = False) -> CaseRow:
    """Open a case in which everything that strangers choose says the same words."""
    said = "words" if plain else words
    return open_case(console.bot, number, "words", title=said, author=said, id=said, file=f"{number:064x}")


@pytest.mark.parametrize("words", NASTY, ids=lambda words: ascii(words[:12]))
def test_strangers_words_are_words(console: Console, words: str) -> None:
    """Titles, authors, ids, addresses and notes make no element, no attribute, no trick, and end somewhere."""
    console.person("Ben")
    browser = console.signed_in("Ben")
    plain = decided_case(console, 1, words, plain=True)
    expected = {path: shape(read(browser, path)) for path in ("/", f"/case/{plain.label}?tab=waiting")}
    console.bot.deps.store.connection.run("delete from actions")
    console.bot.deps.store.connection.run("delete from cases")
    case = decided_case(console, 2, words)
    for path, tags in zip(("/", f"/case/{case.label}?tab=waiting"), expected.values(), strict=True):
        page = read(browser, path)
        assert shape(page) == tags, path
        assert not any(name.startswith("on") for _, names in shape(page) for name in names)
        for _, attrs in page.tags:
            assert not (attrs.get("href") or "").lower().startswith(("javascript:", "data:"))
        shown = "".join(page.words)
        assert not [one for one in shown if unicodedata.category(one) in ("Cf", "Co", "Cs") or one in "\x00\x1b\x7f"]
        assert len(shown) < 40_000


MEDIA = {"img", "image", "picture", "video", "audio", "iframe", "object", "embed", "source", "canvas"}


@pytest.mark.slow
def test_no_page_shows_or_leads_to_media(world: Stage, console: Console) -> None:
    """Nothing unless asked for: no picture, player or frame, and no link to a host; asked for, one sheet of our own."""
    console.bot.looks._seconds = console.bot.looks._ready = 240.0
    console.person("Ben")
    browser = console.signed_in("Ben")
    _, label = case_of(world, console.bot)
    by, held = member(console.bot), console.bot.looks
    look = held.ask_case(label, Level.OUTLINES, by=by, session="another")
    until(held, look, by, LookState.READY, session="another")
    work = ("/actions", "/action/1", "/notices", "/hosts", "/quarantine", "/audit", "/team")
    cases = (f"/case/{label}", f"/case/{label}?look={look}", f"/case/{label}?look=x")
    for path in (*work, "/", "/?tab=bot", "/me", *cases):
        page = read(browser, path)
        assert {tag for tag, _ in page.tags} & MEDIA == set()
        assert not any(f"/case/{label}/look/" in (one or "") for _, attrs in page.tags for one in attrs.values())
        links = [attrs["href"] for tag, attrs in page.tags if tag in ("a", "link") and attrs.get("href")]
        assert links
        for link in links:
            assert link is not None
            assert link.startswith(("/", "#", "https://www.reddit.com/r/clips/comments/")), link
    browser.post(f"/case/{label}/look", level="plain")
    mine = browser.page.url.params["look"]
    by, session = browser_of(console, "Ben")
    until(held, mine, by, LookState.READY, session=session)
    page = read(browser, f"/case/{label}?look={mine}")
    shown = [attrs.get("src") for tag, attrs in page.tags if tag in MEDIA]
    assert shown == [f"/case/{label}/look/{mine}/sheet"]
    assert "redgifs.com" not in "".join(str(attrs) for _, attrs in page.tags)


def browser_of(console: Console, name: str) -> tuple[Actor, str]:
    """Return a member as who is signed in, and their session."""
    row = console.bot.deps.store.team.named(name)
    assert row
    return console.bot.team.signed_in(row.id), console.bot.deps.store.sign_ins.sessions(row.id)[0].label


@given(words=st.text(max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_leave_the_page_as_it_is(words: str) -> None:
    """Whatever is written, a template shows it as text of one line without marks that cannot be seen."""
    from bot.web.console.rendering import rendered

    page = Read()
    page.feed(rendered("failed.html", {"visit": None, "mistakes": (words,), "code": 409}))
    plain = Read()
    plain.feed(rendered("failed.html", {"visit": None, "mistakes": ("x",), "code": 409}))
    assert shape(page) == shape(plain)


def test_a_form_that_never_ends_holds_up_nobody(console: Console) -> None:
    """While clients send a byte of a form now and then, another is answered."""
    console.person("Ben")
    browser = console.signed_in("Ben")
    host, _, port = console.host.partition(":")
    held = [socket.create_connection((host, int(port))) for _ in range(40)]
    try:
        for one in held:
            one.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nlink=")
        assert browser.get("/").status_code == 200
    finally:
        for one in held:
            one.close()


def test_words_in_scripts_are_ours_only() -> None:
    """No page holds a script or a style of its own, so that the policy needs no exception."""
    from bot.web.console.rendering import HERE

    pages = sorted(HERE.glob("*.html"))
    assert len(pages) >= 7
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|\|\s*safe\b|javascript:", text), page.name
    for script in HERE.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|DOMParser", text), (
            script.name
        )
