"""What is marked as a suspected minor's, where somebody might meet it: on notices, with others, without a role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, Hold, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from tests.bots import post_fake
from tests.console import Console, console_on
from tests.people import member

DETAIL = "https://films.example.org/1 at 0:12"


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """The console of the bot, with people of several roles."""
    with console_on(bot) as served:
        yield served


def stated(bot: Pipeline) -> Statement:
    """What ann states."""
    return Statement(ground="original_footage", detail=DETAIL, by=member(bot))


def noticed(world: Stage, bot: Pipeline) -> tuple[str, str]:
    """Post the fake; return the post and the notice that its case stands on."""
    name = post_fake(world)
    bot.watch()
    bot.work()
    (notice,) = bot.deps.store.notices.listing()
    assert notice.items
    return name, notice.label


def test_a_hidden_media_is_on_no_notice_that_somebody_reads_or_states(
    world: Stage, console: Console, tmp_path: Path
) -> None:
    """Page, command and preview keep it back for ten minutes, nobody confirms; a slip gives the draft back."""
    bot = console.bot
    name, label = noticed(world, bot)
    url = bot.deps.store.notices.get(label).items[0].url
    browser = console.signed_in("ann")
    browser.get(f"/notice/{label}")
    assert url in browser.text
    bot.decisions.minors.hide(name, by=member(bot))
    file = tmp_path / "minor.toml"
    file.write_text(f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n")
    for words in (("show", label), ("show", label, "--json"), ("list", "--json")):
        done = CliRunner().invoke(app, ["notices", *words, "-c", str(file)])
        assert done.exit_code == 0, done.output
        assert label in done.output
        assert url not in done.output
    for path in (f"/notice/{label}", "/notices"):
        browser.get(path)
        assert url not in browser.page.text
    fields = {"ground": "original_footage", "detail": DETAIL, "capacity": "third_party_notifier", "to": "a@b.example"}
    browser.get(f"/notice/{label}")
    assert browser.post(f"/notice/{label}/preview", **fields).status_code == 409
    assert url not in browser.page.text
    for refused in (bot.decisions.notices.preview_notice, bot.decisions.notices.confirm_notice):
        with pytest.raises(UsageError, match="marked as a suspected minor's, so nobody states it"):
            refused(label, stated(bot))
    bot.decisions.minors.uncover(name, by=member(bot))
    assert bot.deps.store.notices.get(label).items[0].url == url
    assert bot.decisions.notices.confirm_notice(label, stated(bot)).state is NoticeState.CONFIRMED


@pytest.mark.parametrize("slip", [False, True])
def test_a_mail_that_waits_is_held_while_a_media_on_it_is_hidden(world: Stage, bot: Pipeline, slip: bool) -> None:
    """Nothing leaves once its media is marked; if that was a slip it leaves then, and if not it is given up."""
    name, label = noticed(world, bot)
    url = bot.deps.store.notices.get(label).items[0].url
    bot.decisions.notices.confirm_notice(label, stated(bot))
    bot.decisions.minors.hide(name, by=member(bot))
    mail = bot.deps.store.actions.by_key(f"notice:{label}")
    assert mail is not None
    assert (mail.state, mail.hold) == (ActionState.HELD, Hold.MINOR)
    for _ in range(3):
        bot.act()
        world.clock.sleep(60)
    assert not [one for one in world.mail.received if url in one.message.get_content()]
    if slip:
        bot.decisions.minors.cancel(name, by=member(bot))
        bot.act()
    else:
        world.clock.sleep(601)
        bot.tick()
    sent = [one for one in world.mail.received if url in one.message.get_content()]
    assert len(sent) == slip
    assert bot.deps.store.notices.get(label).state is (NoticeState.SENT if slip else NoticeState.RETRACTED)


def test_nothing_is_written_to_a_host_of_what_was_marked_after_its_notice_left(world: Stage, bot: Pipeline) -> None:
    """The notice shows it no more, and no retraction names it."""
    name, label = noticed(world, bot)
    bot.decisions.notices.confirm_notice(label, stated(bot))
    bot.act()
    assert bot.deps.store.notices.get(label).state is NoticeState.SENT
    before = len(world.mail.received)
    for mark in (bot.decisions.minors.hide, bot.decisions.minors.minor):
        mark(name, by=member(bot))
        assert bot.deps.store.notices.get(label).items == ()
        with pytest.raises(UsageError, match="suspected minor's media alone"):
            bot.decisions.notices.retract_notice(label, by=member(bot), why="wrong")
    assert len(world.mail.received) == before
