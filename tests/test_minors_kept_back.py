"""What is marked as a suspected minor's, where somebody might meet it: on notices, with others, without a role."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import RightsError, UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, Hold, NoticeState, Role
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.store import EntryFilter
from tests.bots import bank_the_fake, fake, near_copy, post_fake
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


@pytest.mark.slow
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


def twice(world: Stage, bot: Pipeline) -> tuple[str, str]:
    """Post one media in r/clips and r/quiet; return both posts, each with its case."""
    url = world.park.add_redgifs("MarkedMedia", hd=near_copy())
    names = [
        world.reddit.submit(place, author="a", title="t", url=url, created=world.clock.now())
        for place in ("clips", "quiet")
    ]
    bot.tick()
    assert all(bot.deps.store.cases.of_post(name) for name in names)
    return names[0], names[1]


@pytest.mark.slow
def test_one_that_is_reported_leaves_nothing_of_the_others(world: Stage, bot: Pipeline) -> None:
    """Whichever post is said to be reported, evidence, fingerprints and entries made of any of them are destroyed."""
    store = bot.deps.store
    named, beside = twice(world, bot)
    (case,) = store.cases.of_post(named)
    store.banks.create("found", "block")
    bot.decisions.cases.confirm(case.label, by=member(bot), why="sure", bank="found")
    assert store.links.evidence(case.link) is not None
    bot.decisions.minors.hide(named, by=member(bot))
    bot.tick()
    label = store.minors.waiting_label(beside)
    assert label is not None
    bot.decisions.minors.reported(label, by=member(bot))
    assert store.links.evidence(case.link) is None
    assert store.links.fingerprints(case.link) == []
    (entry,) = store.banks.entries("found")
    assert (entry.state, entry.signals) == ("withdrawn", 0)
    assert [row.post for row in store.minors.waiting()] == [named]
    assert store.connection.rows("select * from minor_holds") == []


@pytest.mark.slow
def test_a_mark_is_taken_back_by_who_may_everywhere(world: Stage, console: Console, tmp_path: Path) -> None:
    """Who decides in one subreddit takes back nothing that is hidden in another one with it, at no door."""
    bot = console.bot
    named, beside = twice(world, bot)
    here, there = (bot.decisions.minors.hide(name, by=member(bot)).label for name in (named, beside))
    console.person("Gina", Role.REVIEWER, ["quiet"])
    gina = console.signed_in("Gina")
    gina.get(f"/minor/{there}")
    assert "It was a slip: take it back" not in gina.text
    assert "decides cases in r/clips and r/quiet takes it back" in gina.text
    assert gina.post(f"/minor/{there}/cancel").status_code == 403
    file = tmp_path / "minor.toml"
    file.write_text(f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n")
    for words in (("cancel", there), ("cancel", beside), ("reported", here)):
        done = CliRunner().invoke(app, ["cases", *words, "--by", "Gina", "-c", str(file)])
        assert isinstance(done.exception, RightsError), words
    assert bot.deps.store.minors.root_of(named) == bot.deps.store.minors.root_of(beside) == named
    console.person("Both", Role.REVIEWER, ["quiet", "clips"])
    both = console.signed_in("Both")
    both.get(f"/minor/{there}")
    both.post(f"/minor/{there}/cancel")
    assert bot.deps.store.minors.root_of(named) is None


@pytest.mark.slow
def test_where_a_suspected_minors_post_is_sees_only_who_may_report_it(world: Stage, console: Console) -> None:
    """Without a role neither page nor queue leads there; with one for a subreddit only to the posts in it."""
    bot = console.bot
    named, beside = twice(world, bot)
    here, there = (bot.decisions.minors.hide(name, by=member(bot)).label for name in (named, beside))
    address = {name: world.reddit.world.things[name]["permalink"] for name in (named, beside)}
    console.person("Nobody", None)
    console.person("Gina", Role.REVIEWER, ["quiet"])
    nobody, gina = console.signed_in("Nobody"), console.signed_in("Gina")
    for path in (f"/minor/{here}", f"/case/{here}", f"/minor/{there}"):
        assert nobody.get(path).status_code == 403
        assert "redgifs" not in nobody.page.text.casefold()
        assert address[named] not in nobody.page.text
    nobody.get("/")
    assert "Suspected minors that nobody has reported yet" not in nobody.text
    assert gina.get(f"/minor/{here}").status_code == 403
    gina.get(f"/minor/{there}")
    assert address[beside] in gina.page.text
    assert address[named] not in gina.page.text
    gina.get("/")
    assert f"/minor/{there}" in gina.page.text
    assert f"/minor/{here}" not in gina.page.text


def test_the_list_of_entries_tells_label_and_bank_of_a_marked_one(world: Stage, bot: Pipeline, tmp_path: Path) -> None:
    """No name, day, list or number of cases of it stands in the table or in JSON; of another entry they do."""
    label, other = bank_the_fake(bot), bank_the_fake(bot, near_copy())
    (named, *_) = bot.deps.store.entries.stream(EntryFilter(label=label))
    bot.deps.store.minors.never(f"sha256:{sha256}" for sha256 in [hashlib.sha256(fake()).hexdigest()])
    file = tmp_path / "minor.toml"
    file.write_text(f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n")
    for more in ((), ("--json",)):
        done = CliRunner().invoke(app, ["bank", "list", "--entries", *more, "-c", str(file)])
        assert done.exit_code == 0, done.output
        lines = {name: line for line in done.output.splitlines() for name in (label, other) if name in line}
        assert named.bank in lines[label]
        for words in (named.added_by, named.added_at[:10]):
            assert words not in lines[label], more
            assert words in lines[other], more
