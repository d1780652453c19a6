"""From a notice's mail to its host's answer: what leaves, what comes back, and what people see and say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app, doctor
from bot.errors import UsageError
from bot.loopback.imap import ImapFault, ImapMailbox
from bot.loopback.smtp import Fault, SmtpSink
from bot.loopback.stage import Stage, stage
from bot.mail import Mailer
from bot.model import ActionState, HostDecision, NoticeEventKind, NoticeState, Role
from bot.pipeline import Pipeline
from bot.pipeline.acting.by_hand import put_by_hand
from bot.pipeline.acting.notices import Statement
from tests.bots import Listening, bank_the_fake, bot_on, fake, post_fake
from tests.certificates import loopback_tls
from tests.console import console_on
from tests.killing import STATES_GROUND
from tests.letters import letter, report
from tests.people import member
from tests.test_outbox import state_notice


@pytest.fixture
def world(tmp_path: Path, rules: Path) -> Iterator[Stage]:
    """Loopback Reddit, hosts and mail, with a mailbox for answers."""
    with stage(tmp_path, rules=rules, answers=True) as built:
        yield built


@pytest.fixture
def mailbox(world: Stage) -> ImapMailbox:
    """The mailbox."""
    assert world.answers is not None
    return world.answers


@pytest.fixture
def bot(world: Stage, log: Listening) -> Iterator[Pipeline]:
    """A bot with the trusted bank known-fakes, and a notice that its host got."""
    with bot_on(world, log) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        bank_the_fake(pipeline, fake())
        yield pipeline


def command(world: Stage, folder: Path, *words: str) -> str:
    """Return what a command on answers says."""
    file = folder / "answers.toml"
    file.write_text(f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n")
    done = CliRunner().invoke(app, ["notices", "answers", *words, "-c", str(file)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.slow
def test_a_greylisted_notice_leaves_once_and_its_bounce_comes_back(
    world: Stage, bot: Pipeline, mailbox: ImapMailbox, tmp_path: Path
) -> None:
    """Over TLS with a login, greylisted, cut before and after the dot: one Message-ID, by which its bounce is known."""
    server, client = loopback_tls(tmp_path)
    with SmtpSink(login=("bot", "secret"), context=server) as sink:
        mail = world.config.mail.model_copy(update={"port": sink.port, "security": "starttls", "username": "bot"})
        mail = type(mail).model_validate({**mail.model_dump(), "password": "secret"})
        object.__setattr__(bot.deps, "mailer", Mailer(mail, context=client))
        post_fake(world)
        bot.tick()
        label = state_notice(bot)
        sink.script(Fault(at="rcpt", code=451, text="greylisted"), Fault(at="body"), Fault(at="dot"))
        for _ in range(8):
            bot.mail()
            world.clock.sleep(1200)
        notice = bot.deps.store.notices.get(label)
        sent = [one.message["Message-ID"] for one in sink.received]
        assert notice.state == NoticeState.SENT
        assert len(sent) == 2  # the one after which nobody could know, and the one that was confirmed
        assert len(set(sent)) == 1
        assert {(one.encrypted, one.login) for one in sink.received} == {(True, "bot")}
    assert notice.recipient is not None
    mailbox.deliver(
        report("delayed", returned=sent[0], recipient=notice.recipient, status="4.4.1"), at=world.clock.now()
    )
    bot.read()
    assert bot.deps.store.notices.get(label).state == NoticeState.SENT
    mailbox.deliver(report(returned=sent[0], recipient=notice.recipient), at=world.clock.now())
    world.clock.sleep(60)
    bot.tick()  # as `run --once` reads it
    assert bot.deps.store.notices.get(label).state == NoticeState.BOUNCED
    kinds = [str(event.kind) for event in bot.deps.store.notice_events.of(label)]
    assert kinds[-2:] == ["delayed", "bounced"]
    assert "came back undelivered" in command(world, tmp_path)


@pytest.mark.slow
def test_a_notice_that_came_back_leaves_again_to_another_address(
    world: Stage, bot: Pipeline, mailbox: ImapMailbox, tmp_path: Path
) -> None:
    """A person states it again on its page or by the command: a further mail of its thread, which all counts from."""
    store, clock = bot.deps.store, world.clock
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    bot.tick()

    def comes_back(number: int, recipient: str) -> NoticeState:
        returned = str(world.mail.received[number].message["Message-ID"])
        mailbox.deliver(report(returned=returned, recipient=recipient), at=clock.now())
        clock.sleep(60)
        bot.read()
        return store.notices.get(label).state

    first = store.notices.get(label)
    assert first.recipient is not None
    assert comes_back(0, first.recipient) == NoticeState.BOUNCED
    clock.sleep(8 * 86400)
    with pytest.raises(UsageError, match=f"came back from {first.recipient}; give"):
        bot.decisions.notices.confirm_notice(
            label, Statement(ground="original_footage", detail="as before", by=member(bot))
        )
    with console_on(bot) as console:
        console.person("leo", Role.LEAD, ())
        browser = console.signed_in("leo")
        browser.get(f"/notice/{label}")
        assert "State it again, to another address" in browser.text
        assert f"{STATES_GROUND}</textarea>" in browser.page.text
        fields = {
            "ground": "original_footage", "detail": STATES_GROUND, "capacity": "third_party_notifier",
            "to": "desk@other.example",
        }  # fmt: skip
        browser.post(f"/notice/{label}/preview", **fields)
        assert "desk@other.example" in browser.page.text
        read = re.search(r'name="read" value="([0-9a-f]+)"', browser.page.text)
        assert read is not None
        browser.post(f"/notice/{label}/confirm", read=read[1], **fields)
    assert store.notices.get(label).state == NoticeState.CONFIRMED
    bot.tick()
    row = store.notices.get(label)
    assert (row.state, row.recipient) == (NoticeState.SENT, "desk@other.example")
    assert row.sent is not None
    assert first.sent is not None
    assert (row.sent - first.sent).days == 8
    mails = [one.message for one in world.mail.received]
    own = mails[0]["Message-ID"]
    assert [one["To"] for one in mails] == [first.recipient, "desk@other.example"]
    assert (mails[1]["Message-ID"], mails[1]["References"]) == (own.replace("@", ".2@"), own)
    assert mails[1].get_content() != ""
    assert comes_back(0, "desk@other.example") == NoticeState.SENT  # that one is of no mail that counts
    assert comes_back(1, "desk@other.example") == NoticeState.BOUNCED
    file = tmp_path / "again.toml"
    file.write_text(world_config(world))
    words = ["notices", "confirm", label, "--to", "third@other.example", "--yes", "--by", "ann", "-c", str(file)]
    assert CliRunner().invoke(app, words).exit_code == 0
    bot.tick()
    assert str(world.mail.received[2].message["Message-ID"]) == own.replace("@", ".3@")
    assert bot.decisions.notices.retract_notice(label, by=member(bot), why="wrong") == "the host was told by mail"
    last = world.mail.received[-1].message
    assert [last["To"], last["References"]] == ["third@other.example", own]


def test_a_mail_that_was_planned_again_is_held_cancelled_and_put_into_a_form_as_the_first_is(
    world: Stage, bot: Pipeline
) -> None:
    """A mark, a decision and a form find the further mail; a draft of it is mailed under its number."""
    store = bot.deps.store
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    bot.tick()

    def again() -> ActionState:
        said = Statement(ground="original_footage", detail="as before", by=member(bot), to="desk@other.example")
        bot.decisions.notices.confirm_notice(label, said)
        mail = store.actions.mail_of(label)
        assert mail is not None
        assert mail.action.params == {"notice": label, "mail": "2"}
        return mail.state

    store.notice_life.happened(label, NoticeEventKind.BOUNCED, to=NoticeState.BOUNCED)
    assert again() == ActionState.PLANNED
    (case,) = store.notices.get(label).cases
    number = store.cases.get(case).id
    store.notices.hold_mail(number, "marked")
    mail = store.actions.mail_of(label)
    assert mail is not None
    assert mail.state == ActionState.HELD
    assert bot.decisions.notices.retract_notice(label, by=member(bot), why="wrong") == "it had not been sent"
    store.connection.run("update notices set state = 'drafted' where label = ?", (label,))
    assert again() == ActionState.PLANNED
    put_by_hand(bot.decisions.notices, store, world.clock, label, by=member(bot))
    mail = store.actions.mail_of(label)
    assert mail is not None
    assert (mail.state, store.notices.get(label).state) == (ActionState.CANCELLED, NoticeState.BY_HAND)
    store.connection.run("update notices set state = 'drafted' where label = ?", (label,))
    assert again() == ActionState.PLANNED
    store.notices.drop_case(number)
    mail = store.actions.mail_of(label)
    assert mail is not None
    assert (mail.state, store.notices.get(label).state) == (ActionState.CANCELLED, NoticeState.RETRACTED)
    assert len(world.mail.received) == 1


def world_config(world: Stage) -> str:
    """Return a configuration of the same place, for commands."""
    return f"""[storage]
path = '{world.config.storage.path}'
rules = '{world.config.storage.rules}'
[mail]
host = '127.0.0.1'
port = {world.mail.port}
security = 'none'
sender = '{world.config.mail.sender}'
organisation = '{world.config.mail.organisation}'
[subreddits.{next(iter(world.config.subreddits))}]
mode = 'enforce'
"""


def test_an_answer_is_read_and_decided_by_who_may(
    world: Stage, bot: Pipeline, mailbox: ImapMailbox, tmp_path: Path
) -> None:
    """A page, its notice's page and the command show the same; a lead says what it means, a reviewer does not."""
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    bot.tick()
    (sent,) = world.mail.received
    said = "We took it down.\n\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>\x1b[2J https://host.example/clip"
    headers = {"in_reply_to": str(sent.message["Message-ID"]), "from": f"Desk <{sent.message['To']}>"}
    mailbox.deliver(letter(said, **headers), at=world.clock.now())
    bot.read()
    (answer,) = bot.deps.store.notice_answers.listing()
    assert (answer.notice, answer.waits) == (label, True)
    listed, one = command(world, tmp_path), command(world, tmp_path, answer.label)
    assert label in listed
    for text in (one, command(world, tmp_path, answer.label, "--json")):
        assert "We took it down." in text
        assert "\x1b" not in text
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    with console_on(bot) as console:
        for name, role in (("rita", Role.REVIEWER), ("leo", Role.LEAD)):
            console.person(name, role, ())
        browser = console.signed_in("rita")
        for path in ("/answers", f"/answer/{answer.label}", f"/notice/{label}"):
            assert browser.get(path).status_code == 200
            assert "Re: your notice" in browser.text
            assert "<script>alert" not in browser.page.text
        assert re.search(r"<pre>We took it down\.\n\\u202e&lt;script&gt;", browser.page.text)
        assert 'href="https://host.example' not in browser.page.text
        assert "That is what it means" not in browser.text
        assert browser.post(f"/answer/{answer.label}/decide", notice=label, means="rejected").status_code == 403
        browser = console.signed_in("leo")
        browser.get(f"/notice/{label}")
        assert "That is what it means" in browser.text
        for fields, status in (
            ({"means": "perhaps", "notice": label}, 409),
            ({"means": "removed", "notice": "N-ffffffffff"}, 404),
            ({"means": "removed", "notice": "../x"}, 404),
        ):
            assert browser.post(f"/answer/{answer.label}/decide", **fields).status_code == status
            browser.get(f"/notice/{label}")
        browser.post(f"/answer/{answer.label}/decide", notice=label, means="removed", why="they say so")
        assert "<b>removed</b>: the host says that it took it down" in browser.page.text
        assert browser.get("/answers").status_code == 200
        assert "Nothing waits to be read." in browser.text
        mailbox.script(ImapFault(at="LOGIN"))
        bot.read()
        browser.get("/answers")
        assert "The mailbox was not read: IMAP server 127.0.0.1" in browser.text
        told = []
        for fault in ((), (ImapFault(at="LOGIN"),), (ImapFault(at="EXAMINE"),)):
            mailbox.script(*fault)
            told += [(one.level, one.text.partition(";")[0]) for one in doctor._inbox(world.config)]
        (fine, login, folder) = told
        assert (fine[0], "1 message in INBOX" in fine[1]) == ("ok", True)
        assert (login[0], login[1].endswith("refuses the login")) == ("fail", True)
        assert (folder[0], "does not open the folder INBOX" in folder[1]) == ("fail", True)
        assert browser.get("/answer/x").status_code == 404
    assert bot.deps.store.notices.get(label).state == NoticeState.ANSWERED
    assert [item.look is not None for item in bot.deps.store.notice_life.items(label)] == [True]
    entry = next(row for row in bot.deps.store.audit.entries() if row["what"] == "notice answer: removed")
    assert (entry["subject"], entry["who"]) == (label, "leo")
    member(bot)
    assert "rejected" in command(world, tmp_path, answer.label, "--means", "rejected", "--by", "ann")
    assert bot.deps.store.notices.get(label).state == NoticeState.REJECTED


def test_nothing_is_shown_of_an_answer_about_a_suspected_minors_media(
    world: Stage, bot: Pipeline, mailbox: ImapMailbox, tmp_path: Path
) -> None:
    """While media on its notice is marked, no word of it is shown, at any door; a slip shows it again, else it goes."""
    post = post_fake(world)
    bot.tick()
    label = state_notice(bot)
    bot.tick()
    (sent,) = world.mail.received
    reply = {"in_reply_to": str(sent.message["Message-ID"])}
    mailbox.deliver(letter("About CLIPNAME one.", subject="CLIPNAME", **reply), at=world.clock.now())
    world.clock.sleep(60)
    mailbox.deliver(
        letter("CLIPNAME two", subject="CLIPNAME [N-0000000003]", **{"from": str(sent.message["To"])}),
        at=world.clock.now(),
    )
    for number in range(6):  # the mail in doubt names another of them, and still may speak of the marked one
        bot.deps.store.connection.run(
            """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at, sent_at)
               select ?, host, subreddit, state, recipient, created_at, updated_at, sent_at from notices
               where label = ?""",
            (f"N-{number:010x}", label),
        )
    bot.read()
    answers = bot.deps.store.notice_answers
    (doubt, row) = answers.listing()
    assert (doubt.notice, row.notice, row.proposed) == (None, label, ())
    assert doubt.proposed == ("N-0000000003",)
    by = member(bot)
    with console_on(bot) as console:
        browser = console.signed_in("ann")
        pages = ("/answers?show=all", f"/notice/{label}", *(f"/answer/{row.label}" for row in answers.listing()))
        for marked in (False, True, False):
            if marked:
                bot.decisions.minors.hide(post, by=by)
            elif answers.listing()[0].marked:
                bot.decisions.minors.uncover(post, by=by)
            for path in pages:
                browser.get(path)
                assert ("CLIPNAME" in browser.page.text) is not marked, path
            told = command(world, tmp_path, answers.listing()[0].label) + command(world, tmp_path, "--json")
            assert ("CLIPNAME" in told) is not marked
        bot.decisions.minors.hide(post, by=by)
        world.clock.sleep(601)
        bot.decisions.minors.finish()
        assert [row.words for row in answers.listing()] == [None, None]
        assert bot.deps.store.connection.value("select count(sealed) from notice_answers") == 0
        assert bot.answers.decide(answers.of(label)[0].label, HostDecision.RECEIPT, notice=None, by=by, why="x")
