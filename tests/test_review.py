"""Review: what confirming banks, what dismissing teaches, who decides an appeal, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.errors import StoreError, UsageError
from bot.loopback.smtp import Fault
from bot.loopback.stage import Stage
from bot.model import ActionState, Backing, CaseState, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.samples import media
from bot.store import CaseRow
from tests.bots import bank_the_fake, bot_on, changed, fake, near_copy, post_fake
from tests.killing import STATES_GROUND, Silent
from tests.people import member


@pytest.fixture
def bot(bot: Pipeline) -> Pipeline:
    """A bot with one known fake in a trusted bank, and an empty bank."""
    bot.deps.store.banks.create("more", "block")
    return bot


def case_of(world: Stage, bot: Pipeline, id: str = "OneTwoThree", data: Callable[[], bytes] = near_copy) -> CaseRow:
    """Post something, let the bot look, and return the newest case."""
    post_fake(world, id=id, data=data)
    bot.tick()
    return bot.deps.store.cases.listing()[0]


def sent_notice(world: Stage, bot: Pipeline) -> str:
    """State the drafted notice and have it mailed; return its label."""
    (row,) = [row for row in bot.deps.store.notices.listing() if row.state == NoticeState.DRAFTED]
    bot.decisions.notices.confirm_notice(
        row.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    bot.tick()
    assert bot.deps.store.notices.get(row.label).state == NoticeState.SENT
    return row.label


def banked(bot: Pipeline, bank: str = "more") -> list[str]:
    """Return the labels of the active entries of a bank."""
    return [row.label for row in bot.deps.store.banks.entries(bank) if row.state == "active"]


# confirm


@pytest.mark.slow
def test_a_marked_range_is_banked_and_nothing_else(world: Stage, bot: Pipeline) -> None:
    """With --from and --to only these seconds become known, never the file itself."""
    case = case_of(world, bot, data=lambda: media.compilation([(411, 1.0), (401, 1.0)], width=320, height=180))
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more", span=(0.0, 0.5))
    (entry,) = [entry for entry in bot.deps.store.known.active(()) if entry.bank == "more"]
    assert entry.signals
    assert all(signal.t <= 0.5 for signal in entry.signals)
    assert (entry.sha256, entry.md5) == ((), ())


@pytest.mark.slow
def test_a_near_copy_as_a_whole_keeps_its_digests(world: Stage, bot: Pipeline) -> None:
    """A post that is the known clip from end to end is banked with the file's own digests."""
    case = case_of(world, bot)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more")
    (entry,) = [entry for entry in bot.deps.store.known.active(()) if entry.bank == "more"]
    assert len(entry.sha256) == 1


@pytest.mark.slow
def test_a_range_that_is_not_there_is_refused(world: Stage, bot: Pipeline) -> None:
    """A range beyond the end, turned round, or without a bank changes nothing."""
    case = case_of(world, bot)
    with pytest.raises(UsageError, match="no frame lies between 50 s and 60 s"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more", span=(50, 60))
    with pytest.raises(UsageError, match="is after --to"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more", span=(1, 0))
    with pytest.raises(UsageError, match="name it with --bank"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", span=(0, 1))
    assert bot.deps.store.cases.get(case.label).state == CaseState.OPEN
    assert banked(bot) == []


@pytest.mark.slow
def test_what_one_moderator_banked_waits_for_a_second(world: Stage, bot: Pipeline) -> None:
    """An entry out of a case does not act alone until another moderator confirmed it."""
    case = case_of(world, bot)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more")
    (label,) = banked(bot)
    assert bot.deps.store.banks.standing(label) is Backing.WAITS
    with pytest.raises(StoreError, match="second person"):
        bot.decisions.bank.confirm_entry(label, by=member(bot, "Ann"))
    bot.decisions.bank.confirm_entry(label, by=member(bot, "bob"))
    assert bot.deps.store.banks.standing(label) is Backing.TWO_PEOPLE


@pytest.mark.slow
def test_one_moderator_suffices_if_the_operator_says_so(world: Stage) -> None:
    """With review.confirmations = 1 an entry acts a day after the first word; with 2 it waits for another person."""
    alone = changed(world, review={"confirmations": 1}, banks={"trusted": []})
    with bot_on(alone, Silent()) as bot:
        label = bank_the_fake(bot)
        with pytest.raises(StoreError, match="too early"):
            bot.decisions.bank.confirm_entry(label, by=member(bot))
        world.clock.sleep(86_400)
        assert bot.decisions.bank.confirm_entry(label, by=member(bot)) is Backing.ONE_PERSON
        name = post_fake(world)
        bot.tick()
        assert world.reddit.removals == [name]
    with bot_on(changed(world, banks={"trusted": []}), Silent()) as bot:
        post_fake(world, id="FourFiveSix")
        bot.tick()
        assert world.reddit.removals == [name]
        assert bot.deps.store.cases.listing()[0].verdict.outcome == "review"


# dismiss


@pytest.mark.slow
def test_a_dismissed_pair_is_not_found_again(world: Stage, bot: Pipeline) -> None:
    """The allow bank learns the pair: the same media opens no case any more."""
    case = case_of(world, bot)
    lines = bot.decisions.cases.dismiss(case.label, by=member(bot), why="the genuine clip")
    assert any("no longer taken for" in line for line in lines)
    post_fake(world, id="FourFiveSix", data=lambda: media.reencode(near_copy(), crf=31))
    bot.tick()
    assert [row.label for row in bot.deps.store.cases.listing()] == [case.label]


@pytest.mark.slow
def test_a_dismissed_pair_never_hides_the_file_itself(world: Stage, bot: Pipeline) -> None:
    """The banked file stays known whatever was said of its copies."""
    case = case_of(world, bot)
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="the genuine clip")
    name = post_fake(world, id="FourFiveSix")
    bot.tick()
    assert world.reddit.removals == [name]


@pytest.mark.slow
def test_a_dismissed_pair_says_nothing_about_other_entries(world: Stage, bot: Pipeline) -> None:
    """An entry that is banked later matches the dismissed media all the same."""
    case = case_of(world, bot)
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="the genuine clip")
    other = bot.deps.workers.fingerprint(media.reencode(fake(), crf=26))
    bot.deps.store.banks.add("known-fakes", other, by=member(bot, "bob"))
    post_fake(world, id="FourFiveSix", data=near_copy)
    bot.tick()
    assert len(bot.deps.store.cases.listing()) == 2


def test_dismissing_takes_back_what_was_done(world: Stage, bot: Pipeline) -> None:
    """What the bot removed by itself is up again, and the moderator is told which entry was wrong."""
    case = case_of(world, bot, data=fake)
    assert world.reddit.removals == [case.post.fullname]
    lines = bot.decisions.cases.dismiss(case.label, by=member(bot), why="not a fake")
    assert world.reddit.approvals == [case.post.fullname]
    assert any("gifwarden bank remove" in line for line in lines)


@pytest.mark.slow
def test_undoing_a_dismissal_unlearns_the_pair(world: Stage, bot: Pipeline) -> None:
    """After undo the media is found again."""
    case = case_of(world, bot)
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="mistake")
    bot.decisions.cases.undo(case.label, by=member(bot), why="was right")
    post_fake(world, id="FourFiveSix", data=near_copy)
    bot.tick()
    assert len(bot.deps.store.cases.listing()) == 2


# appeal


def test_an_appeal_is_decided_by_another_moderator(world: Stage, bot: Pipeline) -> None:
    """The one who confirmed decides nothing about the appeal; the other one does, and then it is over."""
    case = case_of(world, bot)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="more")
    appealed = bot.decisions.cases.appeal(case.label)
    assert appealed.reopened
    assert "another moderator than ann" in appealed.text
    assert not bot.decisions.cases.appeal(case.label).reopened
    for decide in (bot.decisions.cases.confirm, bot.decisions.cases.dismiss):
        with pytest.raises(UsageError, match="another moderator"):
            decide(case.label, by=member(bot, "ANN"), why="still")
    bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="looked again")
    assert bot.deps.store.cases.get(case.label).decided_by == "bob"
    assert bot.deps.store.banks.standing(banked(bot)[0]) is Backing.TWO_PEOPLE
    again = bot.decisions.cases.appeal(case.label)
    assert (again.reopened, "upheld" in again.text) == (False, True)


def test_an_overturned_case_is_restored_whole(world: Stage, bot: Pipeline) -> None:
    """The post is up again, the wrong entry is destroyed, the host is told, and the media is not found again."""
    bot.deps.store.banks.create("wrong", "block")
    case = case_of(world, bot, data=fake)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen", bank="wrong")
    label = sent_notice(world, bot)
    (entry,) = banked(bot, "wrong")
    bot.decisions.cases.appeal(case.label)
    bot.decisions.cases.dismiss(case.label, by=member(bot, "bob"), why="a documentary")
    assert world.reddit.approvals == [case.post.fullname]
    assert banked(bot, "wrong") == []
    assert bot.deps.store.banks.signals(entry) == ()
    assert bot.deps.store.notices.get(label).state == NoticeState.RETRACTED
    assert "Notice withdrawn" in str(world.mail.received[-1].message["Subject"])
    history = [row["what"] for row in bot.deps.store.review.history(case.label)]
    assert history[-3:] == ["case appealed", "case dismissed", "remove undone"]


def test_an_appeal_keeps_back_what_was_not_sent(world: Stage, bot: Pipeline) -> None:
    """While an appeal is open nothing more is done for the case."""
    case = case_of(world, bot, data=fake)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    (notice,) = bot.deps.store.notices.listing()
    bot.decisions.notices.confirm_notice(
        notice.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    bot.decisions.cases.appeal(case.label)
    bot.tick()
    assert world.mail.received == ()


def test_there_is_nothing_to_appeal_in_a_dismissed_case(world: Stage, bot: Pipeline) -> None:
    """An appeal against a dismissed case changes nothing and says so."""
    case = case_of(world, bot)
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="no")
    appealed = bot.decisions.cases.appeal(case.label)
    assert (appealed.reopened, "nothing to appeal" in appealed.text) == (False, True)
    assert bot.deps.store.cases.get(case.label).state == CaseState.DISMISSED


# undo


@pytest.mark.slow
def test_undo_retracts_a_notice_that_was_sent(world: Stage, bot: Pipeline) -> None:
    """The host hears that the notice no longer holds, in the same thread."""
    case = case_of(world, bot, data=fake)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    label = sent_notice(world, bot)
    lines = bot.decisions.cases.undo(case.label, by=member(bot), why="mistake")
    assert any("the host was told" in line for line in lines)
    assert len(world.mail.received) == 2
    assert bot.deps.store.notices.get(label).state == NoticeState.RETRACTED


@pytest.mark.slow
def test_one_wrong_media_does_not_take_back_the_whole_notice(world: Stage, bot: Pipeline) -> None:
    """Only the media of the undone case is retracted; the others on the notice stand, and it is said once each."""
    first = case_of(world, bot, data=fake)
    second = case_of(world, bot, id="FourFiveSix", data=fake)
    for case in (first, second):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    label = sent_notice(world, bot)
    bot.decisions.cases.undo(first.label, by=member(bot), why="mistake")
    retraction = world.mail.received[-1].message.get_content()
    assert "onetwothree" in retraction
    assert "fourfivesix" not in retraction
    assert "Everything else on that notice stands." in retraction
    row = bot.deps.store.notices.get(label)
    assert (row.state, [item.host_id for item in row.items]) == (NoticeState.SENT, ["fourfivesix"])
    bot.decisions.cases.undo(second.label, by=member(bot), why="mistake")
    assert bot.deps.store.notices.get(label).state == NoticeState.RETRACTED
    assert len(world.mail.received) == 3


@pytest.mark.slow
def test_a_media_that_another_case_confirms_stays_on_its_notice(world: Stage, bot: Pipeline) -> None:
    """Undoing one of two posts of the same media takes nothing back that a moderator holds true."""
    first = case_of(world, bot, data=fake)
    url = "https://www.redgifs.com/watch/onetwothree"
    world.reddit.submit("clips", author="other", title="again", url=url)
    bot.tick()
    second = bot.deps.store.cases.listing()[0]
    for case in (first, second):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    label = sent_notice(world, bot)
    lines = bot.decisions.cases.undo(first.label, by=member(bot), why="wrong post")
    assert any(f"{second.label} holds the same media" in line for line in lines)
    assert bot.deps.store.notices.get(label).state == NoticeState.SENT
    assert len(world.mail.received) == 1


def test_a_mail_server_that_is_down_leaves_the_notice_as_it_was(world: Stage, bot: Pipeline) -> None:
    """What could not be retracted is said, with the command that tries again."""
    case = case_of(world, bot, data=fake)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    label = sent_notice(world, bot)
    world.mail.script(Fault(at="rcpt", code=550))
    lines = bot.decisions.cases.undo(case.label, by=member(bot), why="mistake")
    assert any(f"gifwarden notices retract {label}" in line for line in lines)
    assert bot.deps.store.notices.get(label).state == NoticeState.SENT


def test_reasons_in_the_audit_trail_name_nobody(world: Stage, bot: Pipeline) -> None:
    """What a moderator types as a reason loses addresses, fullnames and account names."""
    case = case_of(world, bot)
    why = f"see https://www.redgifs.com/watch/onetwothree by u/poster in {case.post.permalink} ({case.post.fullname})"
    bot.decisions.cases.confirm(case.label, by=member(bot), why=why)
    (text,) = [row["why"] for row in bot.deps.store.review.history(case.label) if row["what"] == "case confirmed"]
    for trace in ("onetwothree", "poster", case.post.permalink, case.post.fullname):
        assert trace not in text


@pytest.mark.slow
def test_cancelled_work_stays_cancelled_after_a_dismissal(world: Stage, bot: Pipeline) -> None:
    """Ticks after a dismissal do nothing more."""
    case = case_of(world, bot, data=fake)
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="no")
    for _ in range(3):
        bot.tick()
        world.clock.sleep(700)
    assert world.reddit.removals == [case.post.fullname]
    states = {row.state for row in bot.deps.store.actions.of_case(case.id)}
    assert states <= {ActionState.UNDONE, ActionState.CANCELLED, ActionState.DONE}
