"""What is known, in the console: banks, entries, lists and exchanges, and what a wrong entry carried here."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.console import _perform
from bot.loopback.exchanges import ExchangePark, File, pdq_of
from bot.loopback.stage import Stage, stage
from bot.model import Backing, EntryNote, ExchangeState, NoticeItem, Opinion, Role, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.words.entries import WORDS
from bot.store.carried import CarriedState
from bot.store.lists import Listed
from bot.store.minors import names_of
from bot.web.console.entries import PAGE_ROWS
from tests.bots import bank_the_fake, bot_on, changed
from tests.console import Browser, Console, console_on, open_case
from tests.console_known import print_of
from tests.killing import Silent
from tests.people import member
from tests.test_withdrawals_carried import removed

SECRET = "her manager wrote to us"
NASTY = '"><img src=x onerror=alert(1)>\u202e</dl><script>alert(1)</script>'
Known = tuple[Stage, Console, str]


@contextlib.contextmanager
def known_world(folder: Path) -> Iterator[Known]:
    """Yield a world, a console with people, and the entry of a fake whose two posts were removed: banks of all kinds.

    An exchange `partner` of 30 rows was fetched, `slow` never.
    """
    with ExchangePark() as park, stage(folder) as plain:
        lines = [json.dumps({"id": str(number), "pdq": pdq_of(number)}) for number in range(30)]
        park.files["a.ndjson"] = File(body="\n".join(lines).encode())
        urls = {name: f"{park.url}/lists/{file}" for name, file in (("partner", "a.ndjson"), ("slow", "none.txt"))}
        settings = {name: {"kind": "https", "bank": "from-others", "url": url} for name, url in urls.items()}
        with bot_on(changed(plain, exchanges=settings), Silent()) as bot:
            store, ann = bot.deps.store, member(bot)
            for name, kind in (("known-fakes", "block"), ("originals", "source"), ("from-others", "block")):
                bot.banks.create(name, kind, by=ann)
            label = bank_the_fake(bot)
            bot.banks.note(label, EntryNote(note=SECRET, origin="https://films.example.org/12", seconds=83), by=ann)
            for number in range(100, 104 + PAGE_ROWS):
                store.banks.add("originals", print_of(number), by=ann)
            bot.exchanges.fetch("partner")
            said = (("others", Opinion.WRONG),)
            row = Listed(id="x", signals=print_of(900).signals, files=(), opinions=said)
            store.lists.take(store.lists.source("from-others", "a friend"), [row], by=ann)
            row = Listed(id=NASTY, signals=print_of(901).signals, files=(), opinions=((NASTY, Opinion.WRONG),))
            store.lists.take(store.lists.source("from-others", NASTY), [row], by=ann)
            removed(plain, bot, "First", "Second")
            with console_on(bot) as console:
                console.person("Lea", Role.LEAD)
                console.person("Ben")
                console.person("Nora", None)
                yield plain, console, label


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """A world that no test changes."""
    with known_world(tmp_path_factory.mktemp("known")) as known:
        yield known


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Known]:
    """A world of a test's own."""
    with known_world(tmp_path) as built:
        yield built


def until(met: Callable[[], bool]) -> None:
    """Wait until something has come about, half a minute at most."""
    end = time.monotonic() + 30
    while not met():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)


def labels(browser: Browser) -> list[str]:
    """Return the entries of a page, in its order."""
    return re.findall(r'href="/entry/([EL]-[0-9a-f]+)" data-row', browser.page.text)


def stand(bot: Pipeline, label: str) -> list[tuple[str, CarriedState]]:
    """Return what an entry carried and how each thing stands."""
    return [(row.what, row.state) for row in bot.deps.store.carried.rows(label)]


@pytest.mark.slow
def test_banks_say_what_they_hold_and_from_where(quiet: Known) -> None:
    """Each bank with its kind, its numbers, whether it is trusted, its lists, and a way to its entries."""
    _, console, label = quiet
    nora = console.signed_in("Nora")
    nora.get("/banks")
    assert "known-fakes block trusted 1 entry" in nora.text
    assert "from-others block" in nora.text
    assert "32 listed rows that are no entry yet" in nora.text
    assert "exchange partner, 30 rows" in nora.text
    assert "list a friend, 1 row" in nora.text
    assert "You have no role that changes banks" in nora.text
    assert 'action="/banks/create"' not in nora.page.text
    nora.get("/entries?bank=known-fakes")
    assert labels(nora) == [label]
    assert SECRET in nora.text
    assert "origin: https://films.example.org/12 at 1:23" in nora.text
    assert "2 cases: 0 confirmed, 0 dismissed, 2 open; 2 by its very file" in nora.text
    assert "2nd person: trusted" in nora.text
    assert "ann: bank created (block)" in nora.text


def test_entries_are_paged_and_chosen(quiet: Known) -> None:
    """Every entry is on one page only, the newest first; a filter that names nothing is said."""
    _, console, label = quiet
    nora = console.signed_in("Nora")
    store = console.bot.deps.store
    nora.get("/entries?bank=originals")
    first = labels(nora)
    more = re.search(r'href="(/entries\?[^"]*after=[^"]*)"', nora.page.text)
    assert more is not None
    nora.get(more[1].replace("&amp;", "&"))
    assert first + labels(nora) == [row.label for row in reversed(store.banks.entries("originals"))]
    assert "Older entries" not in nora.text
    nora.get("/entries?bank=&state=active&label=" + label[2:].upper())
    assert labels(nora) == [label]
    nora.get("/entries?bank=from-others")
    assert "No such entries." in nora.text
    assert "Behind them are 32 listed rows, which match as well" in nora.text
    nora.get("/entries?only=disputed")
    assert labels(nora) == []
    for wrong in ("bank=x", "state=x", "only=x", "from=x", "after=E-12"):
        assert nora.get(f"/entries?{wrong}").status_code in (404, 409), wrong


def test_an_entry_tells_its_past_as_the_command_does(quiet: Known) -> None:
    """Words, note, origin, hits and what it lacks; a listed row that is no entry yet, with what others say of it."""
    _, console, label = quiet
    nora = console.signed_in("Nora")
    nora.get(f"/entry/{label}")
    for words in ("under their own system account", SECRET, "2 cases:", "trusted by name", "in known-fakes"):
        assert words in nora.text, words
    assert f'action="/entry/{label}/' not in nora.page.text  # nothing that she may not
    assert nora.get(f"/find?q={label.lower()}").url.path == f"/entry/{label}"
    case = console.bot.deps.store.cases.listing()[0]
    nora.get(f"/case/{case.label}")
    assert f'href="/entry/{label}"' in nora.page.text
    nora.get(f"/entry/{label}")
    assert "gifwarden bank" not in nora.text  # buttons, not commands
    lea = console.signed_in("Lea")
    listed = next(
        row for row in map(console.bot.deps.store.lists.row, (f"L-{number}" for number in range(1, 99)))
        if row is not None and row.name == "a friend"
    )  # fmt: skip
    lea.get(f"/entry/{listed.label}")
    assert "no entry yet: it has matched nothing" in lea.text
    assert "wrong by others" in lea.text
    assert "“Confirm it” below" in lea.text or "somebody disputes it" in lea.text
    assert console.bot.deps.store.banks.standing(listed.label) is None  # to show it makes no entry of it
    for wrong in ("E-0123456789", "L-99999", "C-12", "..%2fx", "E-1'--"):
        assert lea.get(f"/entry/{wrong}").status_code == 404, wrong


def test_lists_and_exchanges_say_how_they_do(quiet: Known) -> None:
    """State, rows, last and next fetch of each exchange; every list with when it was read."""
    _, console, _ = quiet
    nora = console.signed_in("Nora")
    nora.get("/lists")
    assert "partner up to date kind https · into from-others · 30 rows" in nora.text
    assert "slow failing" in nora.text
    assert "30 read, 30 added, 0 withdrawn" in nora.text
    assert "a friend into from-others (block) · 1 row" in nora.text
    nora.get("/exchange/partner")
    assert "30 read, 30 added, 0 withdrawn" in nora.text
    assert "stale from" in nora.text
    assert "gifwarden: exchange fetched: 30 added" in nora.text
    assert 'action="/exchange/' not in nora.page.text
    assert nora.get("/exchange/nobody").status_code == 404
    assert nora.get("/withdrawals").status_code == 200
    assert "Nothing waits for a decision" in nora.text


def test_what_others_call_things_is_text_without_tricks(quiet: Known) -> None:
    """Names of lists, and of who says what in them, make no element and hide nothing."""
    _, console, _ = quiet
    nora = console.signed_in("Nora")
    for path in ("/banks", "/lists", "/entries?bank=from-others", "/entry/L-32"):
        assert nora.get(path).status_code == 200
        assert "<img src=x" not in nora.page.text
        assert "<script>alert" not in nora.page.text
        assert "\u202e" not in nora.page.text
        assert "onerror=alert(1)" in nora.text, path


@pytest.mark.slow
def test_a_lead_makes_a_bank_and_notes_of_an_entry(known: Known) -> None:
    """A bank is made by its name and kind, all mistakes are said; notes stand beside others' and are deleted whole."""
    _, console, label = known
    store = console.bot.deps.store
    lea = console.signed_in("Lea")
    lea.get("/banks")
    assert lea.post("/banks/create", name=" reposts & more ", kind="watch", distance="20").status_code == 200
    assert "reposts & more watch" in lea.text
    row = next(one for one in store.banks.listing() if one.name == "reposts & more")
    assert (row.kind, row.distance) == ("watch", 20)
    assert {(one["who"], one["what"]) for one in store.review.history(row.name)} == {("Lea", "bank created (watch)")}
    for fields in (
        {"name": "reposts & more", "kind": "block"}, {"name": "", "kind": "block"},
        {"name": "a\u202eb", "kind": "block"},
        {"name": "x", "kind": "fakes"}, {"name": "x", "kind": "block", "distance": "77"},
        {"name": "x", "kind": "block", "distance": "²"},
    ):  # fmt: skip
        lea.get("/banks")
        assert lea.post("/banks/create", **fields).status_code in (404, 409), fields
    assert len(store.banks.listing()) == 4
    lea.get(f"/entry/{label}")
    assert lea.post(f"/entry/{label}/note", note=" seen before ", origin="", at="").status_code == 200
    assert "seen before (Lea" in lea.text
    assert SECRET in lea.text
    answer = lea.post(f"/entry/{label}/note", note="", origin="ftp://x", at="noon")
    assert answer.status_code == 409
    assert "the origin 'ftp://x' is no web address" in lea.text
    assert "the time 'noon' is no time in a recording" in lea.text
    lea.get(f"/entry/{label}")
    assert lea.post(f"/entry/{label}/forget-notes").status_code == 200
    assert store.notes.of(label) == ()


@pytest.mark.slow
def test_a_second_person_confirms_by_their_own_sign_in(known: Known) -> None:
    """A word that is given in the console is a second person's; the first one's is refused with the reason."""
    _, console, _ = known
    store, lea = console.bot.deps.store, console.signed_in("Lea")
    first, _ = store.banks.add("from-others", print_of(500), by=member(console.bot))
    lea.get(f"/entry/{first}")
    assert "does not act yet" in lea.text
    lea.post(f"/entry/{first}/confirm")
    assert store.banks.standing(first) is Backing.TWO_PEOPLE
    assert "by Lea" in lea.text
    own, _ = store.banks.add("from-others", print_of(501), by=console.person("Lea", None))
    assert lea.get(f"/entry/{own}").status_code == 200
    assert lea.post(f"/entry/{own}/confirm").status_code == 409
    assert "a second person must confirm it" in lea.text


@pytest.mark.slow
def test_an_entry_is_withdrawn_with_a_reason_and_restored(known: Known) -> None:
    """It stops matching at once and says what follows; unsaid, a reason can be given later; restored, it waits anew."""
    _, console, label = known
    store, lea = console.bot.deps.store, console.signed_in("Lea")
    lea.get(f"/entry/{label}")
    assert lea.post(f"/entry/{label}/withdraw", reason="by_list").status_code == 409
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="unsaid", why="a mistake?")
    row = store.withdrawn.get(label)
    assert row is not None
    assert (row.why, row.by) == (Withdrawal.UNSAID, "Lea")
    assert "what rests on it is held" in lea.text
    assert "“Say why” below" in lea.text
    lea.get("/entries?bank=known-fakes&state=withdrawn")
    assert labels(lea) == [label]
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="her_wish")
    assert WORDS[Withdrawal.HER_WISH] in lea.text
    assert "brings it back" in lea.text
    assert lea.post(f"/entry/{label}/withdraw", reason="wrong").status_code == 409
    assert "is withdrawn already" in lea.text
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/restore")
    assert store.withdrawn.get(label) is None
    assert [one["what"] for one in store.review.history(label)][-3:] == [
        "entry withdraw: unsaid", "entry withdraw: her_wish", "entry restore"
    ]  # fmt: skip


def test_who_banked_it_does_not_lead_the_same_persons_second_word(tmp_path: Path) -> None:
    """Where one person confirms twice, no page says whose first word it was or when, as no command does."""
    with stage(tmp_path) as plain, bot_on(changed(plain, review={"confirmations": 1}), Silent()) as bot:
        bot.banks.create("fakes", "block", by=member(bot))
        label, _ = bot.deps.store.banks.add("fakes", print_of(1), by=member(bot, "Zoe"))
        bot.banks.note(label, EntryNote(note=SECRET), by=member(bot, "Zoe"))
        with console_on(bot) as console:
            console.person("Lea", Role.LEAD)
            lea = console.signed_in("Lea")
            for path in (f"/entry/{label}", "/entries", "/entries?bank=fakes"):
                lea.get(path)
                assert SECRET in lea.text, path
                assert "Zoe" not in lea.text, path


@pytest.mark.slow
def test_the_console_alone_does_what_follows_from_a_withdrawal(known: Known) -> None:
    """Without a daemon nothing else would: what a wrong entry carried is listed by the next look of `review`."""
    _, console, label = known
    bot, lea = console.bot, console.signed_in("Lea")
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="wrong")
    assert stand(bot, label) == []
    _perform(bot, bot.deps.config)
    assert stand(bot, label) != []
    lea.get(f"/entry/{label}")
    assert "things that it carried here stand; undo or keep: “What it carried” below" in lea.text


@pytest.mark.slow
def test_nothing_of_a_suspected_minors_entry_is_shown(known: Known) -> None:
    """No note, origin, hit or word of it stands on any page; a slip is taken back within ten minutes, from its page."""
    world, console, label = known
    bot, lea = console.bot, console.signed_in("Lea")
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="minor")
    bot.act()
    for path in (
        f"/entry/{label}",
        "/entries",
        "/entries?bank=known-fakes",
        f"/withdrawal/{label}",
        "/banks",
        "/withdrawals",
    ):
        lea.get(path)
        for words in (SECRET, "films.example.org", "by its very file", "hash, ", "/case/"):
            assert words not in lea.text, (path, words)
    lea.get(f"/entry/{label}")
    assert "for ten minutes: “Restore it” below" in lea.text
    assert f"/entry/{label}/note" not in lea.page.text
    for deed in ("note", "confirm", "forget-notes"):
        lea.get(f"/entry/{label}")
        assert lea.post(f"/entry/{label}/{deed}", note="x").status_code in (404, 409)
    lea.get(f"/entry/{label}")
    assert lea.post(f"/entry/{label}/restore").status_code == 200
    assert SECRET in lea.text
    (sha256, md5), *_ = bot.deps.store.withdrawn.files(label)
    bot.deps.store.minors.never(names_of(sha256, md5))  # by another way: the entry is there still
    lea.get(f"/entry/{label}")
    assert "marked as a suspected minor's, so nobody confirms, restores or reads of it" in lea.text
    assert SECRET not in lea.text
    assert lea.post(f"/entry/{label}/forget-notes").status_code == 409
    assert bot.deps.store.notes.of(label)
    lea.get(f"/entries?label={label}")
    told = re.search(rf"{label}</a>(.*?)</li>", lea.page.text, re.DOTALL)
    assert told is not None
    assert re.sub(r"<[^>]+>", "", told[1]).split() == ["known-fakes"]
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="minor")
    world.clock.sleep(601)
    bot.act()
    bot.withdrawals.follow()
    lea.get(f"/entry/{label}")
    assert "its fingerprints were destroyed" in lea.text
    assert "Restore it" not in lea.text
    assert SECRET not in lea.text


@pytest.mark.slow
def test_what_a_wrong_entry_carried_is_undone_kept_and_taken_back(known: Known) -> None:
    """All, or row by row, by one decision with ten seconds to take it back; what changed since it was shown is not."""
    world, console, label = known
    bot, lea, ben = console.bot, console.signed_in("Lea"), console.signed_in("Ben")
    lea.get(f"/entry/{label}")
    lea.post(f"/entry/{label}/withdraw", reason="wrong")
    bot.act()
    ben.get("/withdrawals")
    assert f"{label} {len(stand(bot, label))} to decide" in ben.text
    ben.get(f"/withdrawal/{label}")
    number = len(stand(bot, label))
    assert number >= 3
    assert "removed the post" in ben.text
    assert "undo: the post comes up again, unless it was held before" in ben.text
    old = ben.fields("seen", "key")
    assert ben.post(f"/withdrawal/{label}/decide", what="keep_all", **old).status_code == 409
    assert "why do these stand?" in ben.text
    ben.get(f"/withdrawal/{label}")
    ben.post(f"/withdrawal/{label}/decide", what="keep", row="1", why="it was one", **ben.fields("seen", "key"))
    assert ben.page.status_code == 200, ben.text
    assert stand(bot, label)[0][1] is CarriedState.KEPT
    token = ben.csrf
    assert ben.send(f"/withdrawal/{label}/decide", {"csrf": token, "what": "undo_all", **old}).status_code == 409
    assert "has changed since you looked at it" in ben.text
    ben.get(f"/withdrawal/{label}")
    ben.post(f"/withdrawal/{label}/decide", what="undo_all", **ben.fields("seen", "key"))
    assert {state for _, state in stand(bot, label)[1:]} == {CarriedState.UNDER_WAY}
    decision = re.findall(r"/decision/(D-[0-9a-f]+)/take-back", ben.page.text)[0]
    ben.post(f"/decision/{decision}/take-back")
    assert {state for _, state in stand(bot, label)[1:]} == {CarriedState.WAITING}
    ben.get(f"/withdrawal/{label}")
    ben.post(f"/withdrawal/{label}/decide", what="undo_all", **ben.fields("seen", "key"))
    world.clock.sleep(11)
    bot.act()
    bot.act()
    assert len(world.reddit.approvals) >= 1
    ben.get(f"/withdrawal/{label}")
    assert "undone by Ben" in ben.text
    assert "kept by Ben: it was one" in ben.text


@pytest.mark.slow
def test_rows_elsewhere_take_a_role_there(known: Known) -> None:
    """Who decides in one subreddit decides on what was carried there, ticked on its pages, and nothing else."""
    _, console, label = known
    bot = console.bot
    console.person("Gil", Role.REVIEWER, ["gifs"])
    gil = console.signed_in("Gil")
    bot.withdrawals.withdraw(label, Withdrawal.WRONG, by=member(bot))
    bot.act()
    gil.get(f"/withdrawal/{label}")
    assert "You have no role that decides cases" in gil.text
    gil.get("/me")
    fields = {"csrf": gil.csrf, "what": "undo_all", "seen": "0" * 32, "key": "0" * 32}
    assert gil.send(f"/withdrawal/{label}/decide", fields).status_code == 403
    row, before = bot.deps.store.withdrawn.get(label), len(stand(bot, label))
    assert row is not None
    for number in range(2000, 2000 + PAGE_ROWS):
        case = open_case(bot, number, subreddit="gifs")
        bot.deps.store.carried.gather(row.id, case.id, beside=None)
    gil.get(f"/withdrawal/{label}")
    ticks = re.findall(r'name="row" value="(\d+)"', gil.page.text)
    assert "Keep all" not in gil.text
    more = re.search(r'href="(/withdrawal/[^"]*from=\d+)"', gil.page.text)
    assert more is not None
    gil.get(more[1])
    ticks += re.findall(r'name="row" value="(\d+)"', gil.page.text)
    assert ticks == [str(number) for number in range(before + 1, before + 1 + PAGE_ROWS)]
    form = {"csrf": gil.csrf, "what": "keep", "why": "x", **gil.fields("seen", "key")}
    assert gil.send(f"/withdrawal/{label}/decide", {**form, "row": "1"}).status_code == 403
    assert gil.send(f"/withdrawal/{label}/decide", {**form, "row": ticks[-1]}).status_code == 200
    states = [state for _, state in stand(bot, label)]
    assert states == [CarriedState.WAITING] * (len(states) - 1) + [CarriedState.KEPT]


@pytest.mark.slow
def test_notices_are_retracted_by_who_may_retract_them(known: Known) -> None:
    """A reviewer is not offered to and cannot; a lead retracts those that rest on the entry alone."""
    _, console, label = known
    bot, store = console.bot, console.bot.deps.store
    case = open_case(bot, 3000)
    item = NoticeItem(host_id="n1", url="https://www.redgifs.com/watch/n1", seen_at=case.opened)
    name = store.notices.draft(
        host="redgifs", subreddit="clips", recipient="a@host.example", case=case.id, item=item
    )  # fmt: skip
    store.connection.run("update notices set state = 'sent' where label = ?", (name,))
    bot.withdrawals.withdraw(label, Withdrawal.WRONG, by=member(bot))
    bot.act()
    row = store.withdrawn.get(label)
    assert row is not None
    store.carried.gather(row.id, case.id, beside=None)
    for person, status, state in (("Ben", 403, CarriedState.WAITING), ("Lea", 200, CarriedState.UNDER_WAY)):
        browser = console.signed_in(person)
        browser.get(f"/withdrawal/{label}")
        assert ("Retract 1 notice" in browser.text) == (status == 200)
        form = {"csrf": browser.csrf, "what": "retract", **browser.fields("seen", "key")}
        assert browser.send(f"/withdrawal/{label}/decide", form).status_code == status
        assert dict(stand(bot, label))["notice"] is state


@pytest.mark.slow
def test_an_exchange_is_fetched_now_paused_and_goes_on(known: Known) -> None:
    """A fetch runs beside the page and what came of it is shown, a failure too; paused, only a word goes on."""
    _, console, _ = known
    bot, lea = console.bot, console.signed_in("Lea")
    store = bot.deps.store
    lea.get("/exchange/slow")
    assert lea.post("/exchange/slow/fetch").status_code == 200
    until(lambda: not bot.fetch_now.runs("slow"))
    lea.get("/exchange/slow")
    assert "failing" in lea.text
    assert "The fetch that was asked for ended:" in lea.text
    lea.post("/exchange/partner/pause")
    assert "paused" in lea.text
    row = store.exchanges.get("partner")
    assert row is not None
    assert row.state is ExchangeState.PAUSED
    lea.post("/exchange/partner/resume")
    assert [one["what"] for one in store.review.history("partner")][-2:] == ["exchange paused", "exchange resumed"]
    lea.post("/exchange/partner/fetch", again="yes")
    until(lambda: not bot.fetch_now.runs("partner"))
    lea.get("/exchange/partner")
    assert "up to date" in lea.text
    assert bot.fetch_now.failed("partner") == ""
