"""What a wrong entry carried is listed, given back by one decision, and stays open until a person decided each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Decision, NoticeState, Withdrawal
from bot.pipeline import Pipeline, no_boundary
from bot.pipeline.acting.notices import Statement
from bot.pipeline.reviewing.deciding import Target
from bot.pipeline.reviewing.giving_back import Chosen
from bot.store import CarriedRow, DecisionRow
from bot.store.carried import CarriedState, waiting
from tests.bots import bank_the_fake, bot_on, near_copy, post_fake
from tests.killing import Silent
from tests.people import at_home, member
from tests.test_withdrawals import case_of, command, withdraw
from tests.test_withdrawals_killed import Killed, killing_at


def removed(world: Stage, bot: Pipeline, *ids: str) -> list[str]:
    """Post the fake's very file so often, let each be removed and its author told; return the posts."""
    names = [post_fake(world, id=id) for id in ids or ("OneTwoThree",)]
    bot.tick()
    bot.tick()
    assert set(names) <= set(world.reddit.removals)
    return names


def wrong(bot: Pipeline) -> str:
    """Withdraw the fake's entry as wrong and do what follows; return its label."""
    label = bank_the_fake(bot)
    withdraw(bot, label, Withdrawal.WRONG)
    bot.act()
    return label


def rows(bot: Pipeline, label: str) -> list[tuple[str, CarriedState]]:
    """Return what it carried and how each stands."""
    return [(row.what, row.state) for row in bot.deps.store.carried.rows(label)]


def decide(
    bot: Pipeline,
    label: str,
    wanted: Callable[[CarriedRow], bool],
    verb: Decision = Decision.GIVE_BACK,
    after: float = 0,
) -> DecisionRow:
    """Decide on the rows that are wanted, as ann."""
    chosen = [row for row in bot.deps.store.carried.rows(label) if wanted(row)]
    targets = [Target(case, version) for case, version in {one.case: one.case_version for one in chosen}.items()]
    picked = Chosen(label, frozenset(one.number for one in chosen))
    return bot.decisions.deciding.decide(verb, targets, by=member(bot), why="wrong", after=after, chosen=picked)


def give_all_back(world: Stage, bot: Pipeline, label: str) -> None:
    """Give back all that rests on the entry alone, and let its time come."""
    decide(bot, label, lambda row: row.beside is None)
    later(world, bot)


def later(world: Stage, bot: Pipeline, hours: int = 26) -> None:
    """Let time pass, in which a word to an author is due."""
    bot.act()
    world.clock.sleep(hours * 3600)
    bot.act()
    bot.act()


def test_everything_that_it_carried_is_listed_and_waits(world: Stage, bot: Pipeline) -> None:
    """A row for each removal and each message; nothing is given back by the withdrawal alone."""
    removed(world, bot, "First", "Second")
    label = wrong(bot)
    found = rows(bot, label)
    assert found.count(("remove", CarriedState.WAITING)) == 2
    assert ("message", CarriedState.WAITING) in found
    assert world.reddit.approvals == []
    assert bot.deps.store.carried.entries() == [label]


@pytest.mark.slow
def test_one_decision_gives_all_back_and_each_author_hears_of_it(world: Stage, bot: Pipeline) -> None:
    """Posts are up again, their cases closed, and the author reads one answer in the conversation of the removal."""
    names = removed(world, bot, "First", "Second")
    label = wrong(bot)
    before = len(world.reddit.answers)
    decide(bot, label, lambda row: row.beside is None)
    later(world, bot)
    assert sorted(world.reddit.approvals) == sorted(names)
    assert {case_of(bot, name).state for name in names} == {CaseState.WITHDRAWN}
    words = world.reddit.answers[before:]
    assert len(words) == 1  # one author, one word for both
    conversation, body = words[0]
    assert "We were wrong" in body
    assert "is up again" in body
    assert "One more of yours there was removed by the same mistake, and is up again" in body
    assert not any(name[3:] in body for name in names)
    for trace in (label, "known-fakes", "PDQ", "bits"):
        assert trace not in body
    message = world.reddit.world.messages[world.reddit.world.conversations[conversation]["objIds"][-1]["id"]]
    assert message["isInternal"] is False
    assert waiting(bot.deps.store.carried.rows(label)) == []
    states = dict(rows(bot, label))
    assert states["remove"] is CarriedState.UNDONE
    assert states["message"] is CarriedState.UNDONE


def test_an_author_who_was_never_told_hears_nothing(world: Stage, bot: Pipeline) -> None:
    """The message that waited for its ten minutes is cancelled, and nobody is told that it was wrong."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    bot.act()
    (message,) = bot.deps.store.actions.on_post(name, "message")
    assert message.state == ActionState.PLANNED
    label = wrong(bot)
    before = len(world.reddit.answers)
    decide(bot, label, lambda row: row.what == "remove")
    later(world, bot)
    assert world.reddit.approvals == [name]
    assert world.reddit.answers[before:] == []
    assert world.reddit.received.messages == []


@pytest.mark.slow
def test_what_automoderator_held_is_never_published(world: Stage, bot: Pipeline) -> None:
    """It stays removed, the moderators are told, and its author is told that it stays out of sight."""
    name = post_fake(world)
    world.reddit.world.filter(name)
    bot.tick()
    bot.tick()
    assert name in world.reddit.removals
    label = wrong(bot)
    before = len(world.reddit.answers)
    give_all_back(world, bot, label)
    assert world.reddit.approvals == []
    told = [body for _, body in world.reddit.answers[before:] if "We were wrong" in body]
    assert len(told) == 1
    assert "stays out of sight" in told[0]
    assert "up again" not in told[0]


@pytest.mark.slow
def test_what_a_person_confirmed_is_said_and_not_given_back_with_all(world: Stage, bot: Pipeline) -> None:
    """Their own decision speaks for it; named alone it is given back, and the case is closed."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    bot.act()
    label = wrong(bot)
    (row,) = [one for one in bot.deps.store.carried.rows(label) if one.what == "remove"]
    assert row.beside is not None
    assert "ann confirmed" in row.beside
    decide(bot, label, lambda one: one.number == row.number)
    later(world, bot)
    assert world.reddit.approvals == [name]
    assert case_of(bot, name).state == CaseState.WITHDRAWN


def test_what_another_entry_matches_too_is_not_given_back_with_all(world: Stage, bot: Pipeline) -> None:
    """The near copy of another entry is said beside the row, though the very file was what removed it."""
    other = bank_the_fake(bot, near_copy())
    removed(world, bot)
    label = wrong(bot)
    found = bot.deps.store.carried.rows(label)
    assert {row.beside for row in found if row.what == "remove"} == {f"{other} matches it too"}


@pytest.mark.slow
def test_kept_rows_are_decided_and_may_be_undone_later(world: Stage, bot: Pipeline) -> None:
    """Nothing happens to what is kept; the withdrawal has nothing left to decide; a later undo still works."""
    (name,) = removed(world, bot)
    label = wrong(bot)
    row = decide(bot, label, lambda _: True, Decision.LET_STAND)
    bot.decisions.deciding.perform(row)
    later(world, bot)
    assert {state for _, state in rows(bot, label)} == {CarriedState.KEPT}
    assert world.reddit.approvals == []
    decide(bot, label, lambda one: one.what == "remove")
    later(world, bot)
    assert world.reddit.approvals == [name]


def test_a_decision_is_taken_back_in_time(world: Stage, bot: Pipeline) -> None:
    """Within its ten seconds nothing is done, and every row waits again."""
    removed(world, bot)
    label = wrong(bot)
    row = decide(bot, label, lambda one: one.beside is None, after=10)
    assert {state for _, state in rows(bot, label)} == {CarriedState.UNDER_WAY}
    bot.decisions.deciding.take_back(row.label, by=member(bot))
    later(world, bot)
    assert {state for _, state in rows(bot, label)} == {CarriedState.WAITING}
    assert world.reddit.approvals == []


def test_a_case_that_changed_since_it_was_shown_is_not_decided(world: Stage, bot: Pipeline) -> None:
    """Somebody opened it again meanwhile: whoever looks at the older list is told."""
    (name,) = removed(world, bot)
    label = wrong(bot)
    (row,) = [one for one in bot.deps.store.carried.rows(label) if one.what == "remove"]
    bot.deps.store.cases.reopen(case_of(bot, name).id)
    with pytest.raises(UsageError, match="has changed since you looked at it"):
        bot.decisions.deciding.decide(
            Decision.GIVE_BACK,
            [Target(row.case, row.case_version)],
            by=member(bot),
            why="x",
            chosen=Chosen(label, frozenset({row.number})),
        )


def test_a_notice_that_was_sent_is_retracted_by_mail(world: Stage, bot: Pipeline) -> None:
    """It is a row of its own, asked for apart, and the host is told in the same thread."""
    (name,) = removed(world, bot)
    store, case = bot.deps.store, case_of(bot, name)
    evidence = store.links.evidence(case.link)
    assert evidence is not None
    bot.judge.drafting.draft(store.links.get(case.link), evidence, case)
    (notice,) = store.notices.listing()
    words = Statement(ground="public_statement", detail="https://example.org/statement (2026)", by=member(bot))
    bot.decisions.notices.confirm_notice(notice.label, words)
    bot.act()
    assert len(world.mail.received) == 1
    label = wrong(bot)
    assert ("notice", CarriedState.WAITING) in rows(bot, label)
    decide(bot, label, lambda one: one.notice is not None)
    bot.act()
    assert len(world.mail.received) == 2
    assert store.notices.get(notice.label).state == NoticeState.RETRACTED
    assert ("notice", CarriedState.UNDONE) in rows(bot, label)


@pytest.mark.parametrize("why", [Withdrawal.HER_WISH, Withdrawal.BY_LIST, Withdrawal.UNSAID, Withdrawal.MINOR])
def test_other_reasons_propose_nothing(world: Stage, bot: Pipeline, why: Withdrawal, tmp_path: Path) -> None:
    """It was right when it was done: the page says what stands, and nothing waits."""
    removed(world, bot)
    label = bank_the_fake(bot)
    withdraw(bot, label, why)
    bot.act()
    assert rows(bot, label) == []
    assert world.reddit.approvals == []
    if why is not Withdrawal.MINOR:
        at_home(bot)
        shown = command(world, tmp_path, "bank", "withdrawal", label).output
        assert "1 removal" in shown
        assert "nothing is to be undone" in shown


@pytest.mark.parametrize(
    "boundary", ["decide.stored", "decide.performed", "undo.performed", "act.begun:answer", "act.performed:answer"]
)
@pytest.mark.slow
def test_a_kill_while_all_is_given_back_changes_nothing(world: Stage, boundary: str) -> None:
    """Killed there and started again, every post is up, once, and its author is told once."""
    with bot_on(world, Silent()) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bank_the_fake(bot)
        names = removed(world, bot, "First", "Second")
        label = wrong(bot)
        before = len(world.reddit.answers)
    with bot_on(world, Silent(), killing_at(boundary)) as bot, pytest.raises(Killed):
        give_all_back(world, bot, label)
    with bot_on(world, Silent(), no_boundary) as bot:
        later(world, bot)
        later(world, bot, hours=1)
        assert sorted(set(world.reddit.approvals)) == sorted(names)
        assert len([body for _, body in world.reddit.answers[before:] if "We were wrong" in body]) == 1
        assert {state for what, state in rows(bot, label) if what == "remove"} == {CarriedState.UNDONE}


def test_the_commands_list_show_undo_and_keep(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """`bank withdrawals` and `bank withdrawal`: what waits, in sentences; decisions by row and by all."""
    removed(world, bot)
    label = wrong(bot)
    at_home(bot)
    assert label in command(world, tmp_path, "bank", "withdrawals").output
    shown = command(world, tmp_path, "bank", "withdrawal", label).output
    assert "it never was what it was banked for" in shown
    assert "removed the post" in shown
    assert f"gifwarden bank withdrawal {label} --undo-all" in shown
    dry = command(world, tmp_path, "bank", "withdrawal", label, "--undo-all", "--dry-run")
    assert "nothing is decided" in dry.output
    refused = command(world, tmp_path, "bank", "withdrawal", label, "--keep", "1")
    assert "--why" in str(refused.exception)
    refused = command(world, tmp_path, "bank", "withdrawal", label, "--undo", "77")
    assert "there is no row 77" in str(refused.exception)
    numbers = [str(row.number) for row in bot.deps.store.carried.rows(label)]
    words = [part for number in numbers for part in ("--keep", number)]
    kept = command(world, tmp_path, "bank", "withdrawal", label, *words, "--why", "they were fakes after all")
    assert kept.exit_code == 0, kept.exception
    assert "all is decided" in kept.output
    assert "nothing waits" in command(world, tmp_path, "bank", "withdrawals").output
    assert label in command(world, tmp_path, "bank", "withdrawals", "--all").output
