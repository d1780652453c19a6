"""An entry is withdrawn: what waited on its word is cancelled, its cases are closed or judged again, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.errors import GifwardenError, UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, LinkState, NoticeState, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.rules import RuleSet
from bot.store import CaseRow
from tests.bots import _printed, bank_the_fake, bot_on, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import at_home, member
from tests.test_races import in_the_middle

REASONS = tuple(Withdrawal)
PEOPLES = (Withdrawal.WRONG, Withdrawal.HER_WISH, Withdrawal.UNSAID)


def withdraw(bot: Pipeline, label: str, why: Withdrawal) -> None:
    """Withdraw an entry for a reason, as whoever gives that reason does."""
    if why is Withdrawal.BY_LIST:
        bot.deps.store.banks.withdraw(label, why)
    else:
        bot.withdrawals.withdraw(label, why, by=member(bot))


def case_of(bot: Pipeline, post: str) -> CaseRow:
    """Return the one case of a post."""
    (case,) = bot.deps.store.cases.of_post(post)
    return case


def found(world: Stage, bot: Pipeline, data: Callable[[], bytes] = near_copy) -> str:
    """Post media, let it be found and judged, and return the post; nothing is done about it yet."""
    name = post_fake(world, data=data)
    bot.watch()
    bot.work()
    return name


@pytest.mark.parametrize("why", [*PEOPLES, Withdrawal.BY_LIST])
def test_a_case_that_rests_on_it_alone_is_closed_with_the_reason(world: Stage, bot: Pipeline, why: Withdrawal) -> None:
    """Nothing is done on its word, the case says why it is closed, and its sealed fingerprint goes."""
    name = found(world, bot)
    label = bank_the_fake(bot)
    withdraw(bot, label, why)
    bot.act()
    case = case_of(bot, name)
    assert case.state == CaseState.WITHDRAWN
    assert (case.why or "").startswith(f"{label} was withdrawn: ")
    assert {row.state for row in bot.deps.store.actions.of_case(case.id)} == {ActionState.CANCELLED}
    assert not bot.deps.store.links.has_fingerprints(case.link)
    assert world.reddit.removals == []
    assert world.reddit.reports == []
    row = bot.deps.store.withdrawn.get(label)
    assert row is not None
    assert row.why is why
    assert row.followed is not None
    assert bot.deps.store.withdrawn.unfollowed() == []


@pytest.mark.parametrize("why", [*PEOPLES, Withdrawal.BY_LIST])
def test_a_case_that_rests_on_another_too_is_judged_again(world: Stage, bot: Pipeline, why: Withdrawal) -> None:
    """What was certain by the withdrawn entry's file is a near copy of the other one now, and waits for a person."""
    other = bank_the_fake(bot, near_copy())
    name = found(world, bot, fake)
    before = case_of(bot, name)
    assert before.verdict.outcome == "act"
    label = bank_the_fake(bot)
    withdraw(bot, label, why)
    bot.act()
    case, store = case_of(bot, name), bot.deps.store
    assert case.state == CaseState.OPEN
    assert case.verdict.rule != before.verdict.rule
    evidence = store.links.evidence(case.link)
    assert evidence is not None
    assert {match.entry for match in evidence.matches} == {other}
    assert world.reddit.removals == []
    removal = [row for row in store.actions.of_case(case.id) if row.action.kind == "remove"]
    assert {row.state for row in removal} <= {ActionState.CANCELLED, ActionState.HELD}
    assert store.links.has_fingerprints(case.link)
    assert case.version > before.version


def test_an_entry_is_followed_once_however_often_and_restored_it_is_withdrawn_anew(world: Stage, bot: Pipeline) -> None:
    """A second look does nothing; a case that is opened again after a restore is closed by the next withdrawal."""
    name = found(world, bot)
    label, store = bank_the_fake(bot), bot.deps.store
    withdraw(bot, label, Withdrawal.WRONG)
    assert bot.withdrawals.follow() == 1
    assert bot.withdrawals.follow() == 0
    bot.withdrawals.restore(label, by=member(bot))
    assert store.withdrawn.get(label) is None
    bot.decisions.cases.undo(case_of(bot, name).label, by=member(bot), why="it is one")
    assert case_of(bot, name).state == CaseState.OPEN
    withdraw(bot, label, Withdrawal.HER_WISH)
    assert bot.withdrawals.follow() == 1
    assert case_of(bot, name).state == CaseState.WITHDRAWN


def test_a_case_that_a_person_confirmed_stays_theirs(world: Stage, bot: Pipeline) -> None:
    """Who looked at the media decided on it, whatever becomes of the entry."""
    name = found(world, bot)
    bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")
    withdraw(bot, bank_the_fake(bot), Withdrawal.WRONG)
    bot.act()
    assert case_of(bot, name).state == CaseState.CONFIRMED


def test_a_case_under_appeal_is_left_to_whoever_decides_it(world: Stage, bot: Pipeline) -> None:
    """Its author asked a person, so it stays open; nothing more is done on the entry's word."""
    name = found(world, bot)
    bot.decisions.cases.appeal(case_of(bot, name).label)
    withdraw(bot, bank_the_fake(bot), Withdrawal.WRONG)
    bot.act()
    case = case_of(bot, name)
    assert case.state == CaseState.OPEN
    assert {row.state for row in bot.deps.store.actions.of_case(case.id)} == {ActionState.CANCELLED}
    assert world.reddit.reports == []


@pytest.mark.parametrize("why", [*PEOPLES, Withdrawal.BY_LIST])
def test_a_removal_that_was_done_stays_done(world: Stage, bot: Pipeline, why: Withdrawal) -> None:
    """Whoever wants the post back says so; the withdrawal alone gives nothing back and publishes nothing."""
    name = found(world, bot, fake)
    bot.act()
    assert world.reddit.removals == [name]
    withdraw(bot, bank_the_fake(bot), why)
    bot.act()
    assert case_of(bot, name).state == CaseState.WITHDRAWN
    assert world.reddit.approvals == []
    (removal,) = bot.deps.store.actions.on_post(name, "remove")
    assert removal.state == ActionState.DONE


@pytest.mark.parametrize("why", [*PEOPLES, Withdrawal.BY_LIST])
def test_a_removal_that_is_being_sent_is_taken_back_afterwards(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, why: Withdrawal
) -> None:
    """The daemon is at Reddit when the entry goes: the post is removed, then given back, as of a dismissed case."""
    name = found(world, bot, fake)
    label = bank_the_fake(bot)

    def meanwhile() -> None:
        withdraw(bot, label, why)
        bot.withdrawals.follow()

    in_the_middle(monkeypatch, bot.outbox, "_perform", meanwhile)
    bot.act()
    assert world.reddit.removals == [name]
    assert case_of(bot, name).state == CaseState.WITHDRAWN
    bot.act()
    assert world.reddit.approvals == [name]


def test_what_is_withdrawn_while_reddit_is_asked_is_not_sent(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what follows and the removal: it is held, and cancelled at the next look."""
    name = found(world, bot, fake)
    label = bank_the_fake(bot)
    in_the_middle(monkeypatch, bot.outbox, "_overtaken", lambda: withdraw(bot, label, Withdrawal.WRONG))
    bot.outbox.run()
    (removal,) = bot.deps.store.actions.on_post(name, "remove")
    assert removal.state == ActionState.HELD
    assert label in (removal.reason or "")
    bot.act()
    (removal,) = bot.deps.store.actions.on_post(name, "remove")
    assert removal.state == ActionState.CANCELLED
    assert world.reddit.removals == []


def test_a_case_that_changes_while_it_is_judged_again_is_looked_at_anew(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moderator confirms it in that very moment: their word stands."""
    name = found(world, bot)
    label = bank_the_fake(bot)
    withdraw(bot, label, Withdrawal.WRONG)
    change = lambda: bot.decisions.cases.confirm(case_of(bot, name).label, by=member(bot), why="seen")  # noqa: E731
    in_the_middle(monkeypatch, bot.judge, "reconsider", change)
    assert bot.withdrawals.follow() == 0
    assert bot.withdrawals.follow() == 1
    assert case_of(bot, name).state == CaseState.CONFIRMED


@pytest.mark.parametrize("stated", [False, True])
def test_its_media_leaves_a_notice_that_was_not_sent(world: Stage, bot: Pipeline, stated: bool) -> None:
    """A draft that holds nothing else is retracted, and one that was stated is not mailed."""
    name = found(world, bot)
    store = bot.deps.store
    case = case_of(bot, name)
    bot.judge.drafting.draft(store.links.get(case.link), store.links.evidence(case.link), case)  # type: ignore[arg-type]
    (notice,) = store.notices.listing()
    if stated:
        words = Statement(ground="public_statement", detail="https://example.org/statement (2026)", by=member(bot))
        bot.decisions.notices.confirm_notice(notice.label, words)
    withdraw(bot, bank_the_fake(bot), Withdrawal.HER_WISH)
    bot.act()
    assert store.notices.get(notice.label).state == NoticeState.RETRACTED
    assert not world.mail.received


def test_what_was_counted_of_it_goes_and_other_entries_stay(world: Stage, bot: Pipeline) -> None:
    """The flood guard forgets it; what was counted of other entries stays."""
    bank_the_fake(bot, near_copy())
    found(world, bot, fake)
    store = bot.deps.store
    label = bank_the_fake(bot)
    assert store.connection.value("select count(*) from flood where entry = ?", (label,))
    others = store.connection.value("select count(*) from flood where entry != ?", (label,))
    withdraw(bot, label, Withdrawal.WRONG)
    bot.withdrawals.follow()
    assert store.connection.value("select count(*) from flood where entry = ?", (label,)) == 0
    assert store.connection.value("select count(*) from flood where entry != ?", (label,)) == others


def test_without_rules_it_waits_and_nothing_is_sent(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that has read no rules judges nothing again; what rests on the entry is held until one has."""
    name = found(world, bot)
    withdraw(bot, bank_the_fake(bot), Withdrawal.WRONG)
    with monkeypatch.context() as patch:
        patch.setattr(type(bot.deps), "rules_for", lambda *_: RuleSet(()))
        assert bot.withdrawals.follow() == 0
        bot.outbox.run()
        assert world.reddit.reports == []
        assert case_of(bot, name).state == CaseState.OPEN
    assert bot.withdrawals.follow() == 1
    assert case_of(bot, name).state == CaseState.WITHDRAWN


def test_the_very_file_of_a_suspected_minors_entry_is_hidden_and_reported(world: Stage, bot: Pipeline) -> None:
    """Removed and locked in every mode, kept to be reported, dropped under every other link before it is decoded."""
    name = found(world, bot, fake)
    label = bank_the_fake(bot)
    withdraw(bot, label, Withdrawal.MINOR)
    bot.act()
    assert case_of(bot, name).state == CaseState.MINOR
    assert name in world.reddit.removals
    assert world.reddit.world.things[name]["locked"] is True
    assert [row.post for row in bot.deps.store.minors.waiting()] == [name]
    url = world.park.add_imgur("Ab1Cd2E", fake(), "mp4")
    other = world.reddit.submit("clips", author="b", title="x", url=url)
    bot.tick()
    (link,) = [row for row in bot.deps.store.links.listing() if row.link.post == other]
    assert link.state == LinkState.BLOCKED
    assert bot.deps.store.cases.of_post(other) == []


def test_what_only_resembles_a_suspected_minors_entry_is_looked_at_by_a_person(world: Stage, bot: Pipeline) -> None:
    """Nothing is sent on its word and nothing is closed: a person marks it as well, or dismisses it."""
    name = found(world, bot)
    withdraw(bot, bank_the_fake(bot), Withdrawal.MINOR)
    bot.act()
    case = case_of(bot, name)
    assert case.state == CaseState.OPEN
    assert {row.state for row in bot.deps.store.actions.of_case(case.id)} <= {ActionState.HELD, ActionState.CANCELLED}
    assert world.reddit.reports == []


def test_a_suspected_minors_entry_is_destroyed_after_ten_minutes(world: Stage, bot: Pipeline) -> None:
    """Until then a slip is taken back, marks and all; then nothing of it is left but the keyed marks."""
    label, store = bank_the_fake(bot), bot.deps.store
    withdraw(bot, label, Withdrawal.MINOR)
    bot.act()
    assert store.minors.is_never_label(label)
    bot.withdrawals.restore(label, by=member(bot))
    assert not store.minors.is_never_label(label)
    assert store.banks.standing(label) is not None
    withdraw(bot, label, Withdrawal.MINOR)
    world.clock.sleep(599)
    bot.act()
    assert store.withdrawn.files(label)
    world.clock.sleep(2)
    bot.act()
    assert store.withdrawn.files(label) == []
    assert store.banks.signals(label) == ()
    assert store.connection.value("select count(*) from never") > 0
    assert store.connection.value("select count(*) from entry_marks") == 0
    with pytest.raises(GifwardenError, match="destroyed"):
        bot.withdrawals.restore(label, by=member(bot))


def test_a_mark_that_was_there_before_is_not_taken_back_with_an_entry(world: Stage, bot: Pipeline) -> None:
    """A file that a post's mark blocks stays blocked when the slip with the entry is taken back."""
    name = found(world, bot, fake)
    label = bank_the_fake(bot)
    bot.decisions.minors.hide(name, by=member(bot))
    withdraw(bot, label, Withdrawal.MINOR)
    with pytest.raises(GifwardenError, match="suspected minor"):
        bot.withdrawals.restore(label, by=member(bot))
    assert bot.deps.store.minors.is_never_label(label)
    assert bot.deps.store.withdrawn.get(label) is not None


def command(world: Stage, folder: Path, *words: str, input: str | None = None) -> Result:
    """Run a command over the world's database."""
    file = folder / "withdrawals.toml"
    file.write_text(
        f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n[subreddits.clips]\n"
        "[banks]\ntrusted = ['known-fakes']\n"
    )
    return CliRunner().invoke(app, [*words, "-c", str(file)], input=input)


@pytest.mark.parametrize("why", PEOPLES)
def test_the_command_says_what_followed(world: Stage, bot: Pipeline, tmp_path: Path, why: Withdrawal) -> None:
    """The reason, which cases were closed, and how to bring the entry back; the case is closed by then."""
    name = found(world, bot)
    label = bank_the_fake(bot)
    at_home(bot)
    done = command(world, tmp_path, "bank", "remove", label, "--reason", str(why))
    assert done.exit_code == 0, done.output
    assert f"{label} was withdrawn" in done.output
    assert f"{case_of(bot, name).label} is closed" in done.output
    assert f"gifwarden bank restore {label}" in done.output
    assert case_of(bot, name).state == CaseState.WITHDRAWN
    assert command(world, tmp_path, "bank", "restore", label).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reason", "dull"), "choose one of wrong, her_wish, minor"),
        (("--reason", "by_list"), "choose one of wrong, her_wish, minor"),
        (("--by", "nobody"), "nobody's name in the team"),
    ],
)
def test_what_cannot_be_is_refused(
    world: Stage, bot: Pipeline, tmp_path: Path, words: Sequence[str], said: str
) -> None:
    """An unknown reason, one that is a list's alone, somebody who is nobody: the entry stays as it is."""
    label = bank_the_fake(bot)
    at_home(bot)
    refused = command(world, tmp_path, "bank", "remove", label, *words)
    assert refused.exit_code != 0
    assert said in str(refused.exception)
    assert bot.deps.store.withdrawn.get(label) is None
    assert isinstance(refused.exception, UsageError)


@pytest.mark.parametrize("why", REASONS)
def test_a_withdrawn_entry_leaves_by_no_door(world: Stage, bot: Pipeline, tmp_path: Path, why: Withdrawal) -> None:
    """Neither export, search nor another match holds it from that moment on, for every reason."""
    at_home(bot)
    label = bank_the_fake(bot)
    assert label in command(world, tmp_path, "bank", "export", "known-fakes").output
    assert [match.entry for match in bot.scanner.taken_for(_printed(fake()))] == [label]
    withdraw(bot, label, why)
    assert label not in command(world, tmp_path, "bank", "export", "known-fakes").output
    assert not bot.scanner.taken_for(_printed(fake()))


@pytest.mark.slow
def test_another_process_follows_what_was_left(world: Stage, bot: Pipeline) -> None:
    """Withdrawn by one process that ends there, followed by the next one."""
    name = found(world, bot)
    withdraw(bot, bank_the_fake(bot), Withdrawal.WRONG)
    with bot_on(world, Silent()) as other:
        other.act()
        assert case_of(other, name).state == CaseState.WITHDRAWN
