"""Answers of hosts: each finds its notice, none decides anything, and a person says what it means."""

from __future__ import annotations

import ipaddress
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.config import Config
from bot.encryption import FieldCipher, new_key
from bot.errors import ConflictError, DatabaseError, StoreError, UsageError
from bot.inbox import Inbox
from bot.letters import Delivery, Letter
from bot.loopback.imap import ImapFault, ImapMailbox
from bot.model import (
    Actor,
    AnswerAbout,
    AnswerKind,
    Credential,
    HostDecision,
    Link,
    LookOutcome,
    NoticeEventKind,
    NoticeState,
    Post,
)
from bot.pipeline.following import answers as following
from bot.pipeline.following.answers import Answers, Told, match
from bot.pipeline.following.look_times import APART
from bot.pipeline.following.reminders import remind
from bot.store import Store
from tests import dovecot
from tests.certificates import self_signed
from tests.killing import Silent
from tests.letters import letter, report

SENT = datetime(2026, 11, 2, 9, tzinfo=UTC)
FIRST, SECOND, OTHER = "N-000000000a", "N-000000000b", "N-000000000c"
DESK, ELSE = "desk@host.example", "abuse@other.example"


class Heard(Silent):
    """A logger that keeps its warnings."""

    def __init__(self) -> None:
        self.warned: list[str] = []

    def warning(self, event: str, **facts: object) -> None:
        """Keep the event."""
        self.warned.append(event)


class World:
    """A mailbox, a database with three notices that left (two to one desk), and what reads the one into the other."""

    def __init__(self, box: Any, key: str, context: ssl.SSLContext | None = None) -> None:
        self.box = box
        self.context = context
        self.clock = ManualClock(SENT + timedelta(days=1))
        self.config = Config.model_validate(
            {
                "mail": {"sender": "abuse@mods.example"},
                "inbox": {"host": "127.0.0.1", "port": box.port, "security": "tls" if context else "none",
                          "username": "desk", "password": "loopback", "timeout_seconds": 5},
            }
        )  # fmt: skip
        self.store = Store(None, self.clock, FieldCipher(key))
        run = self.store.connection.run
        run("insert into team (name, fold, since) values ('ada', 'ada', '2026-11-01T00:00:00Z')")
        self.by = Actor(member=1, name="ada", credential=Credential.SYSTEM_ACCOUNT)
        for name, to in ((FIRST, DESK), (SECOND, DESK), (OTHER, ELSE)):
            run(
                """insert into notices
                   (label, host, subreddit, state, recipient, contact, created_at, updated_at, sent_at)
                   values (?, 'imgur', 'clips', 'sent', ?, 'abuse@mods.example', ?, ?, ?)""",
                (name, to, *["2026-11-02T09:00:00Z"] * 3),
            )
        self.log = Heard()
        self.restart()

    def restart(self) -> None:
        """Begin anew, as after a stop."""
        self.answers = Answers(
            self.config, self.store, self.clock, self.log, Inbox(self.config.inbox, context=self.context)
        )

    def read(self, *mails: bytes) -> list[Any]:
        """Deliver mails and read them; return what is kept, in the order in which it came."""
        for mail in mails:
            self.clock.sleep(1)
            self.box.deliver(mail, at=self.clock.now())
        self.answers.round()
        return sorted(self.store.notice_answers.listing(), key=lambda row: row.at)

    def state(self, name: str = FIRST) -> NoticeState:
        return self.store.notices.get(name).state

    def kinds(self, name: str = FIRST) -> list[str]:
        return [str(event.kind) for event in self.store.notice_events.of(name)]


@pytest.fixture
def world() -> Iterator[World]:
    with ImapMailbox() as box:
        made = World(box, new_key())
        yield made
        made.store.close()


def id_of(name: str, domain: str = "mods.example") -> str:
    return f"<{name}@{domain}>"


def with_media(world: World) -> None:
    """Put a media of Imgur's on the first notice."""
    store = world.store
    post = Post(fullname="t3_a", subreddit="clips", permalink="/x/", created=SENT, author="a")
    link = Link(url="https://i.imgur.com/a.gif", host="imgur", id="a", kind="media", source="url", post="t3_a")
    store.links.add([(post, (link,))])
    store.connection.run(
        """insert into cases (id, label, link, post, state, verdict, opened_at) select 1, 'C-1', id, 't3_a', 'open',
           '{}', :at from links""",
        {"at": "2026-11-02T09:00:00Z"},
    )
    store.connection.run(
        """insert into notice_items (notice, case_id, host_id, url, seen_at)
           values (?, 1, 'a', 'https://imgur.com/a', '2026-11-02T09:00:00Z')""",
        (FIRST,),
    )


def test_answers_find_their_notice_and_decide_nothing(world: World) -> None:
    """A thread's answer is laid beside its notice, a receipt acknowledges it, and its state stays; each mail once."""
    human = letter("We looked into it.", in_reply_to=id_of(FIRST))
    receipt = letter("We have received your report.", in_reply_to=id_of(SECOND), auto_submitted="auto-replied")
    reminder = letter("Later.", references=f"<x@y.example> {id_of(OTHER + '.reminder')}", **{"from": f"<{ELSE}>"})
    rows = world.read(human, receipt, reminder, letter("Cheap watches", **{"from": "spam@evil.example"}))
    assert [(row.notice, row.about, str(row.kind)) for row in rows] == [
        (FIRST, AnswerAbout.THREAD, "answer"),
        (SECOND, AnswerAbout.THREAD, "automatic"),
        (OTHER, AnswerAbout.THREAD, "answer"),
    ]
    assert rows[0].words.text == "We looked into it."
    assert rows[0].words.known
    assert {world.state(name) for name in (FIRST, SECOND, OTHER)} == {NoticeState.SENT}
    assert (world.kinds(), world.kinds(SECOND)) == (["answered"], ["acknowledged"])
    assert world.store.notices.get(SECOND).acknowledged == world.clock.now()
    assert world.store.notices.get(FIRST).acknowledged is None
    assert [row.waits for row in rows] == [True, False, True]
    assert world.store.notice_answers.unread(FIRST)
    assert not world.store.notice_answers.unread(SECOND)
    world.box.renumber()  # another UIDVALIDITY: all is read again, and nothing is kept twice
    world.restart()
    assert len(world.read(human)) == 3
    assert world.kinds() == ["answered"]


def test_a_bounce_changes_the_state_and_a_delay_does_not(world: World) -> None:
    """A report that gives our mail back and names whom we wrote to is a bounce; a delay or late bounce is an event."""
    delayed = report("delayed", returned=id_of(FIRST), status="4.4.1")
    rows = world.read(delayed)
    assert (rows[0].about, rows[0].waits, world.state()) == (AnswerAbout.REPORT, False, NoticeState.SENT)
    rows = world.read(report(returned=id_of(FIRST)))
    assert (rows[-1].words.status, world.state()) == ("5.1.1 smtp; 550 5.1.1 no such user", NoticeState.BOUNCED)
    assert world.kinds() == ["delayed", "bounced"]
    world.read(letter("Received.", in_reply_to=id_of(SECOND), auto_submitted="auto-replied"))
    world.read(report(returned=id_of(SECOND)), report(returned=id_of(OTHER + ".retraction"), recipient=ELSE))
    both = report("relayed", returned=id_of(OTHER), recipient=ELSE, status="2.0.0").replace(
        b"Reporting-MTA",
        b"Reporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nAction: failed\r\n\r\nX",
    )
    assert str(world.read(both)[-1].kind) == "automatic"  # it failed for somebody whom we did not write to
    assert (world.state(SECOND), world.state(OTHER)) == (NoticeState.SENT, NoticeState.SENT)
    assert (world.kinds(SECOND), world.kinds(OTHER)) == (["acknowledged", "bounced"], ["bounced"])


def test_a_report_after_mail_servers_gave_up_changes_nothing(world: World) -> None:
    """Hosts show notices to uploaders, who can write a report as a mail server does: late, it waits for a person."""
    world.clock.sleep(7 * 86400)
    rows = world.read(report(returned=id_of(FIRST)))
    assert (rows[-1].about, rows[-1].waits, rows[-1].proposed) == (AnswerAbout.DOUBT, True, (FIRST,))
    assert (world.state(), world.kinds()) == (NoticeState.SENT, [])
    world.store.connection.run(
        "update notices set reminded_at = ? where label = ?", (world.store.connection.now(), FIRST)
    )
    world.read(report(returned=id_of(FIRST + ".reminder")))
    assert world.state() == NoticeState.BOUNCED


FORGED = {
    "an unknown sender and a number": letter(f"{FIRST} was removed.", **{"from": "mallory@evil.example"}),
    "a subject alone": letter("Hi", subject=f"Re: [{FIRST}]", **{"from": "mallory@evil.example"}),
    "a known name, not address": letter("Hi", subject=f"[{FIRST}]", **{"from": f'"{DESK}" <m@evil.example>'}),
    "a Message-ID of another domain": letter("Hi", in_reply_to=id_of(FIRST, "evil.example")),
    "a Message-ID of no notice": letter("Hi", in_reply_to=id_of("N-ffffffffff")),
    "another host's number": letter(f"about {OTHER}"),
    "a quoted number": letter(f"Hello\n> {FIRST}\n> {OTHER}\n"),
    "a number against its thread": letter(f"about {SECOND}", in_reply_to=id_of(FIRST)),
    "two threads": letter("both", in_reply_to=f"{id_of(FIRST)} {id_of(SECOND)}"),
    "a report on another recipient": report(returned=id_of(FIRST), recipient="x@evil.example"),
    "a report on another mail": report(returned="<a@b.example>"),
    "a report that gives nothing back": report(returned="<a@b.example>").replace(
        b"Auto-Submitted", f"In-Reply-To: {id_of(FIRST)}\r\nAuto-Submitted".encode()
    ),
    "a report in words": letter(
        f"550 5.1.1 no\n\nMessage-ID: {id_of(FIRST)}\n", **{"from": "mailer-daemon@evil.example"}
    ),
    "a receipt without a thread": letter("We have received your report.", auto_submitted="auto-replied"),
}
PROPOSED = {
    "another host's number": (FIRST, SECOND),
    "a Message-ID of another domain": (FIRST, SECOND),
    "a Message-ID of no notice": (FIRST, SECOND),
    "a quoted number": (FIRST, SECOND),
    "a number against its thread": (FIRST, SECOND),
    "two threads": (FIRST, SECOND),
    "a report on another recipient": (FIRST,),
    "a report that gives nothing back": (FIRST,),
    "a report in words": (FIRST,),
    "a receipt without a thread": (FIRST, SECOND),
}


@pytest.mark.slow
def test_what_anybody_can_write_decides_nothing(world: World) -> None:
    """Numbers, subjects, quotes and wrong senders are in doubt at most; a number proposes only for a known sender."""
    for number, (what, mail) in enumerate(FORGED.items(), 1):
        rows = world.read(mail)
        assert len(rows) == number - ("a report on another mail" not in list(FORGED)[number:]), what
        if what == "a report on another mail":  # of somebody else's: nothing of it is kept
            continue
        assert (rows[-1].about, rows[-1].notice, rows[-1].waits) == (AnswerAbout.DOUBT, None, True), what
        assert rows[-1].proposed == PROPOSED.get(what, ()), what
    for name in (FIRST, SECOND, OTHER):
        now = world.store.notices.get(name)
        assert (now.state, now.acknowledged, world.kinds(name)) == (NoticeState.SENT, None, [])


IDS = st.sampled_from(
    [id_of(FIRST), id_of(SECOND), id_of(f"{OTHER}.reminder"), id_of(FIRST, "evil.example"), id_of("N-ffff"), "<a@b.c>"]
)
FEW = st.lists(IDS, max_size=3).map(tuple)


@given(
    kind=st.sampled_from(AnswerKind),
    sender=st.sampled_from(["", DESK, ELSE, "x@sub.host.example", "m@evil.example"]),
    ids=st.tuples(FEW, FEW, FEW),
    numbers=st.lists(st.sampled_from([FIRST, SECOND, OTHER, "N-ffff"]), max_size=3).map(tuple),
    recipients=st.lists(st.sampled_from(["", DESK, ELSE, "m@evil.example"]), max_size=2),
    by_report=st.booleans(),
)
def test_only_our_own_message_ids_find_a_notice(
    kind: AnswerKind,
    sender: str,
    ids: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    numbers: tuple[str, ...],
    recipients: list[str],
    by_report: bool,
) -> None:
    """Whatever else a mail says, its notice is the one whose Message-ID it answers, or whose mail comes back."""
    told = {FIRST: Told(recipient=DESK, contact=""), SECOND: Told(recipient=DESK, contact=""),
            OTHER: Told(recipient=ELSE, contact="")}  # fmt: skip
    returned, answers, thread = ids
    letter_ = Letter(
        kind=kind, sender=sender, subject="", text="", answers=answers, thread=thread, returned=returned,
        by_report=by_report, numbers=numbers,
        deliveries=tuple(Delivery(recipient=one, failed=True, delayed=False, status="", why="") for one in recipients),
    )  # fmt: skip
    found = match(letter_, told, "abuse@mods.example")
    if found is None:
        return
    own = {f"<{name}{found.suffix}@mods.example>" for name in told if name == found.notice}
    if found.about == AnswerAbout.REPORT:
        assert own <= set(returned)
        assert by_report
        assert found.notice is not None
        assert told[found.notice].recipient in recipients
    elif found.about == AnswerAbout.THREAD:
        assert own <= {*answers, *thread}
        assert found.notice is not None
    else:
        assert found.notice is None
        by_number = {name for name, proposed in found.named.items() if proposed} - {
            name for one in (*returned, *answers, *thread) for name in told if one.startswith(f"<{name}")
        }
        assert all(
            told[name].recipient.endswith("host.example") == sender.endswith("host.example") for name in by_number
        )
        assert not (by_number and sender in ("", "m@evil.example"))


def test_a_known_senders_number_is_what_is_proposed(world: World) -> None:
    """A number of a sender's own notice is proposed alone; a free mailer's domain makes nobody known."""
    (row,) = world.read(letter(f"Ticket on {SECOND}", **{"from": "bot@tickets.host.example"}))
    assert (row.about, row.proposed, row.words.known) == (AnswerAbout.DOUBT, (SECOND,), True)
    world.store.connection.run("update notices set recipient = 'small.host@gmail.com' where label = ?", (OTHER,))
    rows = world.read(letter(f"about {OTHER}", **{"from": "mallory@gmail.com"}))
    assert (rows[-1].proposed, rows[-1].words.known) == ((), False)
    with_media(world)
    world.store.connection.run("update notices set recipient = null, state = 'by_hand' where label = ?", (FIRST,))
    rows = world.read(letter("Your form", **{"from": "help@imgur.com"}))  # nobody wrote there: it was its form
    assert (rows[-1].proposed, rows[-1].words.known) == ((FIRST,), True)


def test_a_person_says_what_an_answer_means_and_may_say_it_anew(world: World) -> None:
    """Each word leads the notice where it should, an error is taken back, and each is an event and in the audit."""
    first, doubt = world.read(letter("One.", in_reply_to=id_of(FIRST)), letter("Which?", subject=f"[{SECOND}]"))

    def say(row: Any, means: HostDecision, notice: str | None = None) -> str:
        return world.answers.decide(row.label, means, notice=notice, by=world.by, why="as it says")

    with pytest.raises(UsageError, match="say which notice"):
        say(doubt, HostDecision.ASKS)
    assert "wants to know more" in say(doubt, HostDecision.ASKS, SECOND)
    decided = world.store.notice_answers.get(doubt.label)
    assert (decided.notice, decided.about, decided.decided_by) == (SECOND, AnswerAbout.PERSON, "ada")
    assert world.state(SECOND) == NoticeState.ANSWERED
    say(first, HostDecision.REJECTED)
    assert world.state() == NoticeState.REJECTED
    with pytest.raises(ConflictError, match="rejected about"):
        say(first, HostDecision.REJECTED)
    say(first, HostDecision.RECEIPT)
    assert world.state() == NoticeState.SENT
    say(first, HostDecision.REMOVED)
    assert world.state() == NoticeState.ANSWERED  # looks say whether it is
    say(doubt, HostDecision.REJECTED, FIRST)  # it was of this one after all
    assert (world.state(), world.state(SECOND)) == (NoticeState.REJECTED, NoticeState.SENT)
    assert set(world.kinds()[1:]) == set(world.kinds(SECOND)) == {"decided"}
    assert not world.store.notice_answers.unread(FIRST)
    world.store.connection.run("update notices set sent_at = null, state = 'drafted' where label = ?", (OTHER,))
    with pytest.raises(UsageError, match="was not sent"):
        say(first, HostDecision.ASKS, OTHER)
    with pytest.raises(StoreError, match="no answer A-1"):
        world.answers.decide("A-1", HostDecision.ASKS, notice=FIRST, by=world.by, why="x")


def test_an_unread_answer_holds_the_reminder_and_a_word_that_is_not_true_ends_nothing(world: World) -> None:
    """Nobody is reminded before an answer is read; what is there after *removed* is overdue, after *asks* it is not."""
    store, life = world.store, world.store.notice_life
    with_media(world)
    store.actions.plan(key=f"notice:{FIRST}", kind="notice", subreddit="clips", params={"notice": FIRST})
    store.connection.run("update actions set state = 'done'")
    (row,) = world.read(letter("We looked into it.", in_reply_to=id_of(FIRST)))
    assert life.happened(FIRST, NoticeEventKind.OVERDUE, to=NoticeState.OVERDUE)
    assert life.to_remind() == []
    with pytest.raises(UsageError, match="an answer that nobody has read"):
        remind(store, FIRST, by=world.by)

    def say(means: HostDecision) -> None:
        world.answers.decide(row.label, means, notice=None, by=world.by, why="x")

    def look() -> None:
        world.clock.sleep(7200)
        (item,) = life.items(FIRST)
        life.plan_look(item, world.clock.now())
        assert life.begin_look(item, world.clock.now())
        life.looked(item, LookOutcome.THERE, "", state=item.state, gone=None, misses=0, next_at=None)

    say(HostDecision.RECEIPT)
    assert life.to_remind() == [FIRST]
    look()
    say(HostDecision.REMOVED)
    (item,) = life.items(FIRST)
    assert item.look == world.clock.now() + APART  # it was looked for a moment ago
    assert life.late(world.clock.now()) == []
    look()
    assert life.late(world.clock.now()) == [FIRST]
    say(HostDecision.ASKS)
    look()
    assert life.late(world.clock.now()) == []


def test_what_fails_while_a_mail_is_kept_keeps_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail, what follows from it and how far was read are one step: it is read again, once."""
    life = world.store.notice_life
    with monkeypatch.context() as patch:
        patch.setattr(life, "happened", lambda *_, **__: (_ for _ in ()).throw(DatabaseError("disk full")))
        with pytest.raises(DatabaseError):
            world.read(report(returned=id_of(FIRST)))
    assert world.store.mailboxes.place(world.answers._mailbox) is None
    (row,) = world.read()
    assert (row.notice, world.state(), world.kinds()) == (FIRST, NoticeState.BOUNCED, ["bounced"])


def test_a_bounce_that_was_none_and_one_that_was_told_in_words(world: World) -> None:
    """A person takes a forged bounce back, and says of a mail in doubt that the notice never reached its host."""
    (row,) = world.read(report(returned=id_of(FIRST)))
    world.answers.decide(row.label, HostDecision.RECEIPT, notice=None, by=world.by, why="it was forged")
    assert world.state() == NoticeState.SENT
    rows = world.read(letter(f"550 no\n\nMessage-ID: {id_of(SECOND)}\n", **{"from": "mailer-daemon@relay.example"}))
    world.answers.decide(rows[-1].label, HostDecision.UNDELIVERED, notice=SECOND, by=world.by, why="as it says")
    assert world.state(SECOND) == NoticeState.BOUNCED
    world.store.connection.run("update notices set state = 'sent' where label = ?", (SECOND,))  # to another address
    (*_, row) = world.read(letter("Hello?", in_reply_to=id_of(SECOND)))
    world.answers.decide(row.label, HostDecision.RECEIPT, notice=None, by=world.by, why="nothing")
    assert world.state(SECOND) == NoticeState.SENT
    rows = world.read(letter("We have received your report.", auto_submitted="auto-replied"))
    world.answers.decide(rows[-1].label, HostDecision.RECEIPT, notice=FIRST, by=world.by, why="a receipt")
    assert world.store.notices.get(FIRST).acknowledged is not None


def test_what_cannot_be_fetched_holds_up_nothing_for_ever(world: World) -> None:
    """A failing mailbox is asked later and later; a message that fails three times is left to people."""
    world.box.deliver(letter("One", in_reply_to=id_of(FIRST)), at=SENT)
    world.box.deliver(letter("Two", in_reply_to=id_of(FIRST)), at=SENT)
    for tries in range(1, 4):
        world.box.script(ImapFault(at="FETCH"))
        assert world.read() == []
        before = len(world.box.commands)
        assert world.read() == []  # not yet due
        assert len(world.box.commands) == before
        assert world.store.mailboxes.place(world.answers._mailbox) == (None if tries < 3 else (1, 1))
        world.clock.sleep(following.LONGEST_WAIT)
    (row,) = world.read()
    assert row.words.text == "Two"
    assert world.log.warned == ["inbox not read", "inbox not read", "inbox not read", "message left out"]


def test_a_flood_is_bounded_and_nothing_is_read_before_a_notice_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one notice and in doubt so many mails are kept; the mailbox is not asked while no notice waits."""
    monkeypatch.setattr(following, "MOST_OF_ONE", 2)
    monkeypatch.setattr(following, "MOST_IN_DOUBT", 1)
    mails = [letter(f"{n}", in_reply_to=id_of(FIRST)) for n in range(4)]
    mails += [letter(f"{n} {FIRST}", **{"from": f"m{n}@evil.example"}) for n in range(4)]
    assert len(world.read(*mails)) == 3
    world.store.connection.run("update notices set state = 'closed'")
    before = len(world.box.commands)
    world.read(letter("x", in_reply_to=id_of(FIRST)))
    assert len(world.box.commands) == before


def test_words_are_sealed_and_go_with_their_notice(world: World) -> None:
    """No word of a stranger's stands in the clear; it goes when the notice has ended, what is in doubt after a time."""
    name = "Zoe Depicted"
    world.read(letter(f"You speak of {name}.", in_reply_to=id_of(FIRST)), letter(f"{name}?", subject=f"[{SECOND}]"))
    dump = ""
    for table in ("notice_answers", "notice_events", "audit"):
        dump += repr([dict(row) for row in world.store.connection.rows(f"select * from {table}")])
    assert name not in dump
    assert DESK not in dump
    answers = world.store.notice_answers
    assert answers.forget(SENT) == 0
    world.store.notice_life.happened(FIRST, NoticeEventKind.CLOSED, to=NoticeState.CLOSED)
    assert answers.forget(SENT) == 1
    (row, doubt) = sorted(answers.listing(), key=lambda row: row.about != AnswerAbout.THREAD)
    assert (row.words, row.marked, doubt.words is None) == (None, False, False)
    assert answers.forget(world.clock.now() + timedelta(days=1)) == 1
    assert [one.label for one in answers.listing()] == [row.label]


@pytest.mark.slow
def test_a_bounce_in_a_real_mailbox_finds_its_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dovecot, over TLS: a report and an answer that were delivered to it are read once, and nothing in it changes."""
    monkeypatch.setattr("bot.pipeline.following.answers.GIVEN_UP", timedelta(days=36_500))  # its clock is the real one
    folder = Path(tempfile.mkdtemp(prefix="dovecot"))  # its sockets' paths must be short
    certificate, key = self_signed(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    try:
        with dovecot.running(folder, certificate, key, "loopback") as server:
            if server is None:
                pytest.skip("dovecot is not installed; apt-get install dovecot-imapd")
            box = SimpleNamespace(port=server.tls, deliver=lambda raw, **_: server.deliver(raw))
            world = World(box, new_key(), ssl.create_default_context(cafile=str(certificate)))
            assert len(world.read(report(returned=id_of(FIRST)), letter("Later", in_reply_to=id_of(SECOND)))) == 2
            assert (world.state(), world.state(SECOND)) == (NoticeState.BOUNCED, NoticeState.SENT)
            world.restart()
            assert len(world.read(letter("Again", in_reply_to=id_of(SECOND)))) == 3
            assert world.kinds(SECOND) == ["answered", "answered"]
            assert (server.flags(), server.count(), world.log.warned) == (set(), 3, [])
            world.store.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
