"""Who says what of an entry: decisions are our opinion, a disputed entry acts alone no more, exchanges are told."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import UsageError
from bot.lists import Bad, Record
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, FeedbackState, Opinion, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.keeping.list_import import take
from bot.pipeline.reviewing.words.case import seen
from bot.store.list_rows import Listed
from tests.bots import bank_the_fake, fake, near_copy, post_fake
from tests.people import at_home, member, typed
from tests.test_withdrawals import case_of, command, found


def dismissed(world: Stage, bot: Pipeline) -> str:
    """Let ann dismiss a post of the entry's very file; return the post."""
    name = found(world, bot, fake)
    bot.act()
    bot.decisions.cases.dismiss(case_of(bot, name).label, by=member(bot), why="it is none")
    bot.act()
    return name


def another(world: Stage, bot: Pipeline, id: str = "Another") -> str:
    """Post the fake's very file once more, and let it be judged; return the post."""
    name = post_fake(world, id=id)
    bot.watch()
    bot.work()
    return name


@pytest.mark.slow
def test_a_dismissal_of_the_very_file_disputes_the_entry(world: Stage, bot: Pipeline) -> None:
    """It acts alone no more, though its bank is trusted by name; undoing the dismissal takes that back."""
    name = dismissed(world, bot)
    label = bank_the_fake(bot)
    assert [(said.by, said.opinion) for said in bot.deps.store.opinions.against(label)] == [("ann", Opinion.DISPUTED)]
    case = case_of(bot, another(world, bot))
    assert case.verdict.outcome == "review"
    told = seen(bot.deps.store, case.label).against
    assert f"{label} is disputed (ann dismissed {case_of(bot, name).label})" in told
    bot.decisions.cases.undo(case_of(bot, name).label, by=member(bot), why="it is one")
    assert bot.deps.store.opinions.against(label) == []
    assert case_of(bot, another(world, bot, "Third")).verdict.outcome == "act"


def test_a_dismissal_that_taught_what_only_looks_like_it_disputes_nothing(world: Stage, bot: Pipeline) -> None:
    """The frames that were taken for it by mistake are set apart; the entry itself is as right as before."""
    name = found(world, bot, near_copy)
    bot.decisions.cases.dismiss(case_of(bot, name).label, by=member(bot), why="a dog")
    label = bank_the_fake(bot)
    assert bot.deps.store.opinions.against(label) == []
    (allowed,) = bot.deps.store.review.made_by(case_of(bot, name).id, "allowed")
    bot.deps.store.banks.destroy(allowed)  # what it taught is gone, so the dismissal speaks against the entry
    assert [said.case for said in bot.deps.store.opinions.against(label)] == [case_of(bot, name).label]


def test_what_was_planned_on_a_disputed_entrys_word_waits_for_a_person(world: Stage, bot: Pipeline) -> None:
    """Another post's removal is planned when the first is dismissed: it is held, and says why."""
    first = found(world, bot, fake)
    second = another(world, bot)
    bot.decisions.cases.dismiss(case_of(bot, first).label, by=member(bot), why="it is none")
    bot.act()
    (removal,) = bot.deps.store.actions.on_post(second, "remove")
    assert removal.state == ActionState.HELD
    assert "is disputed" in (removal.reason or "")
    assert world.reddit.removals == []


def test_another_persons_word_answers_a_dispute(world: Stage, bot: Pipeline) -> None:
    """Not who disputed it, not a typed name; a second person may, and a later dispute counts anew."""
    dismissed(world, bot)
    label, confirm = bank_the_fake(bot), bot.decisions.bank.confirm_entry
    with pytest.raises(UsageError, match="another person answers that"):
        confirm(label, by=member(bot))
    with pytest.raises(UsageError, match="typed"):
        confirm(label, by=typed(bot, "ben", "ann"))
    world.clock.sleep(60)
    confirm(label, by=member(bot, "ben"))
    assert bot.deps.store.opinions.against(label) == []
    case = case_of(bot, another(world, bot))
    assert case.verdict.outcome == "act"
    world.clock.sleep(60)
    bot.decisions.cases.dismiss(case.label, by=member(bot, "ben"), why="no")
    assert [said.by for said in bot.deps.store.opinions.against(label)] == ["ben"]


def test_the_commands_show_what_is_disputed(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """`bank list --disputed` lists it alone, `bank show` says by whom and what answers it, `bank confirm` does."""
    other = bank_the_fake(bot, near_copy())
    dismissed(world, bot)
    label = bank_the_fake(bot)
    listed = command(world, tmp_path, "bank", "list", "--entries", "--disputed").output
    assert label in listed
    assert other not in listed
    shown = command(world, tmp_path, "bank", "show", label).output
    assert "no: it is disputed" in shown
    assert "ann dismissed C-" in shown
    at_home(bot, "ben")
    confirmed = command(world, tmp_path, "bank", "confirm", label, "--yes")
    assert confirmed.exit_code == 0, confirmed.exception
    assert "no such entries" in command(world, tmp_path, "bank", "list", "--entries", "--disputed").output
    assert "answered  by ben" in command(world, tmp_path, "bank", "show", label).output


def listed(bot: Pipeline, source: str = "theirs") -> str:
    """Bring the fake's very file by a list; return the label that its entry gets."""
    rows = [Record(id="1", files=((hashlib.sha256(fake()).hexdigest(), ""),))]
    take(bot.deps.store, "known-fakes", source, rows, by=member(bot), told=list[Bad]().append)
    return f"L-{bot.deps.store.connection.value('select max(id) from list_rows')}"


def due(bot: Pipeline, exchange: str = "theirs") -> list[tuple[str, Opinion]]:
    """Queue what is to be told and return it."""
    bot.deps.store.feedback.queue(exchange)
    return [(row.entry, row.opinion) for row in bot.deps.store.feedback.due(exchange)]


def test_the_newest_opinion_is_told_once_to_the_exchange_that_an_entry_came_from(world: Stage, bot: Pipeline) -> None:
    """Confirmed, then disputed, then wrong: one row, the newest wins; what was told is not told again."""
    store, label = bot.deps.store, listed(bot)
    assert due(bot) == []
    name = found(world, bot, fake)
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    assert due(bot) == [(label, Opinion.CONFIRMED)]
    assert due(bot) == [(label, Opinion.CONFIRMED)]
    assert due(bot, "others") == []
    bot.decisions.cases.undo(case_of(bot, name).label, by=member(bot), why="a slip")
    assert due(bot) == []
    bot.decisions.cases.dismiss(case_of(bot, name).label, by=member(bot), why="no")
    assert due(bot) == [(label, Opinion.DISPUTED)]
    (row,) = store.feedback.due("theirs")
    store.feedback.failed(row, why="no answer", next_at=world.clock.now() + timedelta(hours=1))
    assert due(bot) == []
    assert store.feedback.waiting("theirs") == 1
    world.clock.sleep(3601)
    (row,) = store.feedback.due("theirs")
    assert (row.attempts, row.why) == (1, "no answer")
    assert store.feedback.ended(row, FeedbackState.SENT)
    assert due(bot) == []
    bot.withdrawals.withdraw(label, Withdrawal.WRONG, by=member(bot))
    assert due(bot) == [(label, Opinion.WRONG)]
    assert not store.feedback.ended(row, FeedbackState.SENT)  # an answer to the older opinion ends nothing
    assert due(bot) == [(label, Opinion.WRONG)]


@pytest.mark.parametrize("why", [Withdrawal.HER_WISH, Withdrawal.MINOR, Withdrawal.BY_LIST, Withdrawal.UNSAID])
def test_only_what_is_wrong_is_told_of_a_withdrawal(world: Stage, bot: Pipeline, why: Withdrawal) -> None:
    """Her wish and a suspected minor are known here only: not even what waited to be told is."""
    label = listed(bot)
    name = found(world, bot, fake)
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    assert due(bot) == [(label, Opinion.CONFIRMED)]
    if why is Withdrawal.BY_LIST:
        bot.deps.store.banks.withdraw(label, why)
    else:
        bot.withdrawals.withdraw(label, why, by=member(bot))
    assert due(bot) == []


def test_of_a_post_that_is_hidden_nothing_is_told(world: Stage, bot: Pipeline) -> None:
    """The entry holds a file that is marked as a suspected minor's: what waited goes, and comes back with the slip."""
    label = listed(bot)
    name = found(world, bot, fake)
    case = case_of(bot, name)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen")
    assert due(bot) == [(label, Opinion.CONFIRMED)]
    bot.decisions.minors.hide(name, by=member(bot))
    assert due(bot) == []
    bot.decisions.minors.cancel(name, by=member(bot))
    assert bot.deps.store.cases.get(case.label).state == CaseState.CONFIRMED
    assert due(bot) == [(label, Opinion.CONFIRMED)]


def test_what_others_say_of_a_listed_row_counts_and_is_answered(world: Stage, bot: Pipeline) -> None:
    """Disputed by another user of its list it acts no more alone; our word answers that, until more dispute it."""
    store, by = bot.deps.store, member(bot)
    store.banks.destroy(bank_the_fake(bot))
    number = store.lists.source("known-fakes", "theirs")
    row = Listed("1", (), files=((hashlib.sha256(fake()).hexdigest(), ""),))
    store.lists.take(number, [row], by=by)
    assert case_of(bot, another(world, bot, "First")).verdict.outcome == "act"
    label = f"L-{store.connection.value('select max(id) from list_rows')}"
    store.lists.take(number, [row._replace(opinions=(("user 7", Opinion.DISPUTED),))], by=by)
    case = case_of(bot, another(world, bot, "Second"))
    assert case.verdict.outcome == "review"
    assert f"{label} is disputed (user 7 disputes it, by the list theirs)" in seen(store, case.label).against
    bot.decisions.bank.confirm_entry(label, by=member(bot, "ben"))
    assert store.opinions.against(label) == []
    assert case_of(bot, another(world, bot, "Third")).verdict.outcome == "act"
    more = (("user 7", Opinion.DISPUTED), ("user 8", Opinion.WRONG))
    store.lists.take(number, [row._replace(opinions=more)], by=by)
    assert [said.by for said in store.opinions.against(label)] == ["user 7", "user 8"]
    assert case_of(bot, another(world, bot, "Fourth")).verdict.outcome == "review"
