"""What the outbox does when people, crashes and other cases come between planning and performing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.config import Config
from bot.errors import StoreError, UsageError
from bot.loopback.smtp import Fault
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.samples import media
from tests.bots import action_states, bot_on, changed, fake, near_copy, post_fake
from tests.killing import STATES_GROUND, Silent
from tests.people import member


def state_notice(bot: Pipeline) -> str:
    """State the only drafted notice; return its label."""
    (draft,) = [row for row in bot.deps.store.notices.listing() if row.state == NoticeState.DRAFTED]
    bot.decisions.notices.confirm_notice(
        draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    return draft.label


def run_for_a_while(world: Stage, bot: Pipeline, ticks: int = 4) -> None:
    """Let some minutes pass."""
    for _ in range(ticks):
        bot.tick()
        world.clock.sleep(120)


def at_boundary(bot: Pipeline, name: str, do: Callable[[], object]) -> None:
    """Do something once when the outbox comes to a boundary, as another process would."""
    done: list[str] = []

    def boundary(met: str) -> None:
        if met == name and not done:
            done.append(met)
            do()

    object.__setattr__(bot.deps, "boundary", boundary)


def test_an_approval_stops_the_modmail_too(world: Stage, bot: Pipeline) -> None:
    """What a moderator approved between judging and acting is left alone in every way."""
    name = post_fake(world)
    bot.watch()
    bot.work()
    world.reddit.moderator_approves(name, "second_moderator")
    bot.act()
    assert (world.reddit.removals, world.reddit.modmails) == ([], [])


def test_a_deleted_post_gets_nothing(world: Stage, bot: Pipeline) -> None:
    """Nobody is written to about what its author took down, but the draft to the host stays."""
    name = post_fake(world)
    bot.watch()
    bot.work()
    world.reddit.delete(name)
    bot.act()
    assert (world.reddit.removals, world.reddit.modmails) == ([], [])
    assert [row.state for row in bot.deps.store.notices.listing()] == [NoticeState.DRAFTED]


def test_a_dismissal_while_the_batch_runs_is_heard(world: Stage, bot: Pipeline) -> None:
    """A case dismissed beside the daemon is not acted on, though its actions were already in hand."""
    first = post_fake(world)
    second = post_fake(world, id="FourFiveSix")
    bot.watch()
    bot.work()
    cases = {case.post.fullname: case.label for case in bot.deps.store.cases.listing()}
    at_boundary(
        bot, "act.begun:remove", lambda: bot.decisions.cases.dismiss(cases[first], by=member(bot, "bob"), why="satire")
    )
    bot.act()  # the newest post comes first
    assert world.reddit.removals == [second]
    assert {case.post.fullname: case.state for case in bot.deps.store.cases.listing()}[first] == CaseState.DISMISSED


@pytest.mark.slow
def test_an_unclear_report_is_not_repeated_after_a_dismissal(world: Stage, bot: Pipeline) -> None:
    """Reddit lost the report; the case is dismissed meanwhile; the report is not filed any more."""
    post_fake(world, data=near_copy)
    world.reddit.fail_next("api/report", status=500)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.dismiss(case.label, by=member(bot, "bob"), why="satire")
    world.clock.sleep(600)
    run_for_a_while(world, bot)
    assert world.reddit.reports == []
    assert action_states(bot)["report"] == ActionState.CANCELLED


def test_an_unclear_removal_is_not_repeated_after_an_undo(world: Stage, bot: Pipeline) -> None:
    """A person takes the case back while Reddit's answer is missing."""
    post_fake(world)
    world.reddit.fail_next("api/remove", status=500)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.undo(case.label, by=member(bot, "bob"), why="mistake")
    world.clock.sleep(600)
    run_for_a_while(world, bot)
    assert world.reddit.removals == []


@pytest.mark.slow
def test_the_kill_switch_holds_back_repeats(world: Stage, bot: Pipeline) -> None:
    """A mail of unknown fate is not sent again while the switch is on."""
    post_fake(world)
    bot.tick()
    state_notice(bot)
    world.mail.script(Fault(at="dot", code=None))
    bot.tick()
    bot.deps.stop_file.touch()
    world.clock.sleep(600)
    run_for_a_while(world, bot)
    assert len(world.mail.received) == 1
    bot.deps.stop_file.unlink()
    world.clock.sleep(600)
    run_for_a_while(world, bot)
    assert len(world.mail.received) == 2


def test_a_lost_lease_stops_the_batch(world: Stage, bot: Pipeline) -> None:
    """A daemon that is no longer the one does nothing more."""
    post_fake(world)
    bot.watch()
    bot.work()
    assert bot.act(lambda: False) == 0
    assert world.reddit.removals == []
    assert bot.act(lambda: True) > 0


def two_links(world: Stage) -> str:
    """Post two different fakes in one post."""
    first = world.park.add_redgifs("OneTwoThree", hd=fake())
    second = world.park.add_redgifs("FourFiveSix", hd=fake())
    return world.reddit.submit("clips", author="a", title="two", selftext=f"{first} and {second}")


def test_two_fakes_in_one_post_are_acted_on_once(world: Stage, bot: Pipeline) -> None:
    """Two cases, one removal, one modmail."""
    name = two_links(world)
    run_for_a_while(world, bot)
    assert len(bot.deps.store.cases.listing()) == 2
    assert world.reddit.removals == [name]
    assert len(world.reddit.modmails) == 1


@pytest.mark.slow
def test_dismissing_one_of_two_cases_leaves_the_other(world: Stage, bot: Pipeline) -> None:
    """The second fake in a post is removed although the first was dismissed; the same file again waits for a person."""
    other = media.gif(11)
    bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(other), by=member(bot))
    first = world.park.add_redgifs("OneTwoThree", hd=fake())
    names = []
    for second in (world.park.add_redgifs("Another", hd=other), world.park.add_redgifs("FourFiveSix", hd=fake())):
        names.append(world.reddit.submit("clips", author="a", title="two", selftext=f"{first} and {second}"))
        bot.watch()
        bot.work()
        found = [case for case in bot.deps.store.cases.of_post(names[-1]) if case.url == first]
        bot.decisions.cases.dismiss(found[0].label, by=member(bot, "bob"), why="satire")
    run_for_a_while(world, bot)
    assert world.reddit.removals == names[:1]


@pytest.mark.slow
def test_a_dismissed_case_takes_its_stated_notice_back(world: Stage, bot: Pipeline) -> None:
    """A notice that was stated but has not left yet is not mailed when its case is dismissed."""
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.dismiss(case.label, by=member(bot, "bob"), why="satire")
    run_for_a_while(world, bot)
    assert world.mail.received == ()
    assert bot.deps.store.notices.get(label).state == NoticeState.RETRACTED


def test_a_media_of_two_cases_leaves_with_the_last(world: Stage, bot: Pipeline) -> None:
    """Dismissing one of two cases of the same media keeps it on the notice."""
    post_fake(world)
    post_fake(world)
    bot.tick()
    (draft,) = bot.deps.store.notices.listing()
    assert (len(draft.items), len(draft.cases)) == (1, 2)
    first, second = bot.deps.store.cases.listing()
    bot.decisions.cases.dismiss(first.label, by=member(bot, "bob"), why="satire")
    assert len(bot.deps.store.notices.get(draft.label).items) == 1
    bot.decisions.cases.dismiss(second.label, by=member(bot, "bob"), why="satire")
    assert bot.deps.store.notices.get(draft.label).state == NoticeState.RETRACTED


@pytest.mark.slow
def test_a_media_first_seen_where_we_observe_can_be_put_to_its_host(world: Stage, bot: Pipeline) -> None:
    """One subreddit that only observes does not keep another one's notice back."""
    post_fake(world, "quiet")
    post_fake(world, "clips")
    bot.tick()
    state_notice(bot)
    run_for_a_while(world, bot)
    assert len(world.mail.received) == 1


def test_a_dismissed_case_can_be_reopened_and_confirmed(world: Stage, bot: Pipeline) -> None:
    """What was cancelled waits for a person again, and the draft is back."""
    world = changed(world, banks={"trusted": []})
    name = post_fake(world, id="SevenEight")
    with bot_on(world, Silent()) as bot:
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        bot.decisions.cases.dismiss(case.label, by=member(bot, "bob"), why="satire")
        bot.decisions.cases.undo(case.label, by=member(bot), why="not satire")
        assert action_states(bot)["remove"] == ActionState.HELD
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it")
        bot.act()
        assert world.reddit.removals == [name]
        assert [row.state for row in bot.deps.store.notices.listing() if row.items] == [NoticeState.DRAFTED]


def test_what_was_confirmed_while_observing_happens_when_the_mode_allows(world: Stage, bot: Pipeline) -> None:
    """A person's decision is kept; nothing that nobody confirmed follows a change of mode."""
    confirmed = post_fake(world, "quiet")
    post_fake(world, "quiet", id="FourFiveSix")
    bot.tick()
    case = next(case for case in bot.deps.store.cases.listing() if case.post.fullname == confirmed)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it")
    bot.tick()
    assert world.reddit.removals == []
    settings = world.config.model_dump()
    settings["subreddits"]["quiet"]["mode"] = "enforce"
    later = Stage(
        clock=world.clock,
        reddit=world.reddit,
        park=world.park,
        mail=world.mail,
        config=Config.model_validate(settings),
    )
    world.clock.sleep(1200)
    with bot_on(later, Silent()) as again:
        again.act()
    assert world.reddit.removals == [confirmed]


@pytest.mark.slow
def test_a_refused_login_loses_nothing(world: Stage, bot: Pipeline) -> None:
    """While Reddit refuses the account, actions wait; afterwards they are done."""
    post_fake(world, data=near_copy)
    bot.watch()
    bot.work()
    world.reddit.fail_next("api/info", status=401, times=4)
    bot.act()
    assert world.reddit.reports == []
    assert action_states(bot)["report"] == ActionState.HELD
    world.clock.sleep(1200)
    bot.act()
    assert len(world.reddit.reports) == 1


def test_one_action_that_breaks_does_not_stop_the_others(world: Stage, bot: Pipeline) -> None:
    """An answer that nobody foresaw ends in that action's reason."""
    first = post_fake(world, data=near_copy)
    second = post_fake(world, id="FourFiveSix", data=near_copy)
    bot.watch()
    bot.work()
    world.reddit.world.things[first]["mod_reports"] = [["lonely"], 7, None]
    bot.act()
    assert sorted(name for name, _, _ in world.reddit.reports) == sorted([first, second])


@pytest.mark.slow
def test_a_notice_that_cannot_be_sent_can_be_stated_again(world: Stage, bot: Pipeline) -> None:
    """A permanent refusal gives the draft back instead of losing it."""
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    world.mail.script(Fault(at="rcpt", code=550))
    bot.tick()
    assert bot.deps.store.notices.get(label).state == NoticeState.DRAFTED
    assert state_notice(bot) == label
    run_for_a_while(world, bot)
    assert len(world.mail.received) == 1
    assert bot.deps.store.notices.get(label).state == NoticeState.SENT


def test_a_notice_needs_a_mail_server(world: Stage, bot: Pipeline) -> None:
    """Without one nothing can be stated, and the sentence says which key is missing."""
    post_fake(world)
    bot.tick()
    without = changed(world, mail={**world.config.mail.model_dump(), "host": ""})
    with bot_on(without, Silent()) as other, pytest.raises(UsageError, match=r"mail\.host"):
        state_notice(other)


def test_retracting_finds_the_mail_however_old(world: Stage, bot: Pipeline) -> None:
    """A sent notice is retracted by mail, also through its action."""
    post_fake(world)
    bot.tick()
    label = state_notice(bot)
    bot.tick()
    action = next(row for row in bot.deps.store.actions.listing() if row.action.kind == "notice")
    bot.decisions.cases.undo_action(action.action.id, by=member(bot), why="mistake")
    assert len(world.mail.received) == 2
    assert bot.deps.store.notices.get(label).state == NoticeState.RETRACTED
    with pytest.raises(UsageError, match="already"):
        bot.decisions.notices.retract_notice(label, by=member(bot), why="again")


@pytest.mark.slow
def test_banking_leaves_out_what_an_allow_entry_explains(world: Stage, bot: Pipeline) -> None:
    """Confirming an album banks the fake in it, not the meme beside it."""
    meme = media.still(402, format="png")
    store, workers = bot.deps.store, bot.deps.workers
    store.banks.create("memes", "allow")
    store.banks.create("more", "block")
    allowed, _ = store.banks.add("memes", workers.fingerprint(meme), by=member(store))
    store.banks.allow(allowed, against=[entry.label for entry in store.banks.entries("known-fakes")])
    url = world.park.add_imgur_album("Kq7Zx2P", [media.restill(meme), media.restill(meme, quality=40)], "jpg")
    world.reddit.submit(
        "clips", author="a", title="album", selftext=f"{url} {world.park.add_redgifs('One', hd=fake())}"
    )
    bot.tick()
    for case in store.cases.listing():
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it", bank="more")
    assert [row.entries for row in store.banks.listing() if row.name == "more"] == [1]


@pytest.mark.slow
def test_confirming_a_compilation_banks_the_marked_range(world: Stage, bot: Pipeline) -> None:
    """What surrounds a known fake in a longer clip does not become known."""
    store = bot.deps.store
    store.banks.create("more", "block")
    compilation = media.compilation([(411, 1.0), (401, 1.0), (412, 1.0)], width=320, height=180)
    post_fake(world, data=lambda: compilation)
    bot.tick()
    (case,) = store.cases.listing()
    bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it", bank="more")
    entry = next(entry for entry in store.known.active(()) if entry.bank == "more")
    assert entry.sha256 == ()
    assert entry.signals
    assert all(0.8 <= signal.t <= 2.2 for signal in entry.signals)


def test_nothing_to_bank_is_said(world: Stage, bot: Pipeline) -> None:
    """A case without its fingerprint cannot be banked from."""
    store = bot.deps.store
    store.banks.create("more", "block")
    post_fake(world)
    bot.tick()
    (case,) = store.cases.listing()
    store.links.drop_fingerprints(case.link)
    with pytest.raises(StoreError, match="without a bank"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="seen it", bank="more")
    assert store.cases.get(case.label).state == CaseState.OPEN
