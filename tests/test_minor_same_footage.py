"""Other cases of footage that was marked as a suspected minor's warn and wait, until a person says what each is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Hold, Level, NoticeState, Withdrawal
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.pipeline.looking.asked import Wish, why_not
from bot.store import CaseRow
from tests.bots import fake, near_copy, post_fake
from tests.console import Console, console_on
from tests.people import member
from tests.test_withdrawals import case_of

SAID = "was marked as a suspected minor's in"


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """The console of the bot, with people of several roles."""
    with console_on(bot) as served:
        yield served


def stated(bot: Pipeline) -> Statement:
    """What ann states."""
    return Statement(ground="original_footage", detail="https://films.example.org/1 at 0:12", by=member(bot))


def pair(
    world: Stage, bot: Pipeline, first: Callable[[], bytes] = fake, other: Callable[[], bytes] = near_copy
) -> tuple[str, CaseRow]:
    """Post two media of one footage; return the post of the first, and the case of the other."""
    named = post_fake(world, id="TheMarkedOne", data=first)
    beside = post_fake(world, id="TheOtherOne", data=other)
    bot.tick()
    assert case_of(bot, named).label
    return named, case_of(bot, beside)


def cli(world: Stage, tmp_path: Path, *words: str) -> str:
    """Run a command on the bot's database; return what it says, whether it did it or not."""
    file = tmp_path / "minor.toml"
    file.write_text(f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n")
    done = CliRunner().invoke(app, [*words, "-c", str(file)])
    return f"{done.output}{done.exception or ''}"


@pytest.mark.parametrize("purged", [False, True])
@pytest.mark.parametrize(("first", "other"), [(fake, near_copy), (near_copy, fake)])
@pytest.mark.slow
def test_another_case_of_it_warns_and_is_covered(
    world: Stage, console: Console, tmp_path: Path, purged: bool, first: Callable[[], bytes], other: Callable[[], bytes]
) -> None:
    """Its page and its command say so on top, its link is not told, and nobody looks: now and after the purge."""
    bot = console.bot
    named, case = pair(world, bot, first, other)
    browser = console.signed_in("ann")
    assert case.url in browser.get(f"/case/{case.label}").text
    assert SAID not in browser.text
    label = bot.decisions.minors.hide(named, by=member(bot)).label
    if purged:
        world.clock.sleep(601)
        bot.tick()
    assert bot.deps.store.cases.get(case.label).state is not CaseState.MINOR, "a person says"
    browser.get(f"/case/{case.label}")
    assert f"{SAID} {label}" in browser.text
    assert case.url not in browser.page.text
    said = cli(world, tmp_path, "cases", "show", case.label)
    assert f"{SAID} {label}" in " ".join(said.split())
    for more in ((), ("--json",)):
        assert case.url not in cli(world, tmp_path, "cases", "show", case.label, *more)
    refused = why_not(bot.deps.store, Wish(case=case.label, level=Level.OUTLINES))
    assert refused is not None
    assert "do not look" in refused


@pytest.mark.parametrize("end", ["slip", "purge"])
@pytest.mark.slow
def test_its_notice_waits_until_a_person_says_what_it_is(world: Stage, bot: Pipeline, tmp_path: Path, end: str) -> None:
    """Nothing of it is stated, mailed, drafted or shown; a slip gives all back, after the purge it waits on."""
    store = bot.deps.store
    named, case = pair(world, bot)
    store.banks.create("found", "block")
    name = store.notices.of_case(case.id) or bot.decisions.items.draft(
        bot.decisions.cases.confirm(case.label, by=member(bot), why="sure"), by=member(bot)
    )
    bot.decisions.items.split(name, [case.host_id or ""], by=member(bot)) if len(
        store.notices.get(name).items
    ) > 1 else None
    name = store.notices.of_case(case.id) or ""
    url = store.notices.get(name).items[0].url
    bot.decisions.notices.confirm_notice(name, stated(bot))
    bot.decisions.minors.hide(named, by=member(bot))
    mail = store.actions.by_key(f"notice:{name}")
    assert mail is not None
    assert (mail.state, mail.hold) == (ActionState.HELD, Hold.MINOR)
    assert store.notices.get(name).items == ()
    assert store.notices.get(name).same_footage == (case.label,)
    assert url not in cli(world, tmp_path, "notices", "show", name)
    with pytest.raises(UsageError, match="goes on no notice"):
        bot.decisions.items.draft(case, by=member(bot))
    bot.act()
    if end == "slip":
        bot.decisions.minors.cancel(named, by=member(bot))
        bot.act()
        assert store.notices.get(name).state is NoticeState.SENT
        return
    world.clock.sleep(601)
    bot.tick()
    assert not [one for one in world.mail.received if url in one.message.get_content()]
    assert (store.notices.get(name).state, store.notices.get(name).items) == (NoticeState.CONFIRMED, ())


@pytest.mark.parametrize("purged", [False, True])
def test_nothing_of_it_is_banked_and_a_slip_lets_it(world: Stage, bot: Pipeline, tmp_path: Path, purged: bool) -> None:
    """To confirm it into a bank is refused at once, with what to do; taken back, it goes; a dismissal always does."""
    store = bot.deps.store
    named, case = pair(world, bot)
    store.banks.create("found", "block")
    bot.decisions.minors.hide(named, by=member(bot))
    if purged:
        world.clock.sleep(601)
        bot.tick()
    with pytest.raises(UsageError, match="goes into no bank, for the same footage"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="sure", bank="found")
    assert store.banks.entries("found") == []
    if purged:
        bot.decisions.cases.dismiss(case.label, by=member(bot), why="another clip")
        assert store.footage.of_case(case.id) is None
    else:
        bot.decisions.minors.cancel(named, by=member(bot))
        bot.decisions.cases.confirm(case.label, by=member(bot), why="sure", bank="found")
        assert len(store.banks.entries("found")) == 1


@pytest.mark.slow
def test_what_comes_after_the_mark_is_on_no_draft_until_a_slip_is_taken_back(world: Stage, bot: Pipeline) -> None:
    """A near copy that is posted in the ten minutes opens a case that warns; taken back, its rule drafts it."""
    store = bot.deps.store
    named = post_fake(world, id="TheMarkedOne")
    bot.tick()
    bot.decisions.minors.hide(named, by=member(bot))
    beside = case_of(bot, _later(world, bot))
    assert store.footage.of_case(beside.id) is not None
    assert store.notices.of_case(beside.id) is None
    asked = any(action.kind == "notice" for action in beside.verdict.actions)
    bot.decisions.minors.cancel(named, by=member(bot))
    assert store.footage.of_case(beside.id) is None
    assert (store.notices.of_case(beside.id) is not None) == asked


def _later(world: Stage, bot: Pipeline) -> str:
    name = post_fake(world, id="TheOtherOne", data=near_copy)
    bot.tick()
    return name


@pytest.mark.parametrize("restored", [False, True])
def test_an_entry_that_is_withdrawn_as_a_minors_warns_as_well(world: Stage, bot: Pipeline, restored: bool) -> None:
    """A case that only resembles it warns, also after it was destroyed; restored in time, it does not."""
    store = bot.deps.store
    case = case_of(bot, _later(world, bot))
    (entry,) = store.banks.entries("known-fakes")
    bot.withdrawals.withdraw(entry.label, Withdrawal.MINOR, by=member(bot))
    bot.act()
    found = store.footage.of_case(case.id)
    assert found is not None
    assert found.label == entry.label
    if restored:
        bot.withdrawals.restore(entry.label, by=member(bot))
    else:
        world.clock.sleep(601)
        bot.tick()
    assert (store.footage.of_case(case.id) is None) == restored
