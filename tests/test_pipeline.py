"""The order of things: what reaches Reddit and the hosts, in which mode, and what a person can change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import LeaseError, StoreError, UsageError
from bot.loopback.smtp import Fault
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, LinkState, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.schedule import Daemon
from tests.bots import action_states, bank_the_fake, bot_on, changed, fake, near_copy, post_fake
from tests.killing import STATES_GROUND, Silent
from tests.people import member


def test_an_exact_copy_is_removed_and_the_moderators_are_told(world: Stage, bot: Pipeline) -> None:
    """In enforce mode the known file itself is removed, once, however often the bot looks."""
    name = post_fake(world)
    for _ in range(3):
        bot.tick()
        world.clock.sleep(60)
    assert world.reddit.removals == [name]
    assert [subject for _, subject, _ in world.reddit.modmails] != []
    assert world.reddit.reports == []


def test_a_near_copy_is_reported_not_removed(world: Stage, bot: Pipeline) -> None:
    """A near copy may be the genuine clip: even in enforce mode a person decides."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    assert [(post, by) for post, _, by in world.reddit.reports] == [(name, "gifwarden_bot")]
    assert world.reddit.removals == []


def test_the_report_says_nothing_about_entries_or_distances(world: Stage, bot: Pipeline) -> None:
    """What users can see names a case and nothing of the bank."""
    post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    ((_, reason, _),) = world.reddit.reports
    assert case.label in reason
    assert len(reason) <= 100
    entry = bot.deps.store.banks.entries()[0].label
    assert entry not in reason
    assert "known-fakes" not in reason


def test_observe_does_nothing_in_the_world(world: Stage, bot: Pipeline) -> None:
    """In observe mode everything is found and nothing performed; what would be done is shown as held."""
    post_fake(world, "quiet")
    bot.tick()
    assert (world.reddit.removals, world.reddit.reports, world.reddit.modmails) == ([], [], [])
    assert set(action_states(bot).values()) == {ActionState.HELD}
    assert all((row.reason or "").endswith("is in mode observe") for row in bot.deps.store.actions.listing())


def test_report_mode_does_not_remove(world: Stage, bot: Pipeline) -> None:
    """In report mode a removal is held."""
    post_fake(world, "gifs")
    bot.tick()
    assert world.reddit.removals == []
    assert action_states(bot)["remove"] == ActionState.HELD


def test_unconfirmed_entries_never_act_alone(world: Stage) -> None:
    """Outside trusted banks a match waits for a person until a second person confirmed the entry."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        label = bank_the_fake(bot)
        post_fake(world)
        bot.tick()
        assert (world.reddit.removals, world.reddit.reports) == ([], [])
        (case,) = bot.deps.store.cases.listing()
        assert case.verdict.outcome == "review"
        bot.deps.store.banks.confirm(label, by=member(bot, "bob"))
        again = post_fake(world, id="FourFiveSix")
        bot.tick()
        assert world.reddit.removals == [again]


def test_a_person_lets_a_held_removal_go_ahead(world: Stage) -> None:
    """Confirming a review case performs what was proposed, and forgets the fingerprint."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        name = post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        assert bot.deps.store.links.fingerprints(case.link) != []
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
        bot.act()
        assert world.reddit.removals == [name]
        assert bot.deps.store.links.fingerprints(case.link) == []


def test_confirming_can_bank_media_that_is_gone(world: Stage, bot: Pipeline) -> None:
    """The sealed fingerprint of an open case is enough to bank it."""
    bot.deps.store.banks.create("more", "block")
    post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    world.park.gone("redgifs", "OneTwoThree")
    bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it", bank="more")
    assert [row.entries for row in bot.deps.store.banks.listing() if row.name == "more"] == [1]


def test_dismissing_cancels_what_was_not_done(world: Stage, bot: Pipeline) -> None:
    """A dismissed case leaves nothing to be done, no draft and no fingerprint."""
    post_fake(world, "quiet")
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.dismiss(case.label, by=member(bot, "bob"), why="satire")
    assert set(action_states(bot).values()) == {ActionState.CANCELLED}
    assert all(row.state == NoticeState.RETRACTED for row in bot.deps.store.notices.listing())
    assert bot.deps.store.links.fingerprints(case.link) == []
    with pytest.raises(StoreError, match="dismissed"):
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="no")


def test_a_post_that_a_moderator_approved_is_left_alone(world: Stage, bot: Pipeline) -> None:
    """A moderator's decision is never overridden, whatever was found."""
    name = post_fake(world)
    world.reddit.moderator_approves(name, "second_moderator")
    bot.tick()
    assert (world.reddit.removals, world.reddit.reports) == ([], [])
    assert bot.deps.store.cases.listing() == []
    assert [row.reason for row in bot.deps.store.links.listing()] == ["left alone: approved by a moderator"]


def test_an_approval_between_judging_and_acting_is_respected(world: Stage, bot: Pipeline) -> None:
    """The post is looked at once more before anything is done to it."""
    name = post_fake(world)
    bot.watch()
    bot.work()
    world.reddit.moderator_approves(name, "second_moderator")
    bot.act()
    assert world.reddit.removals == []
    assert action_states(bot)["remove"] == ActionState.CANCELLED


def test_the_mod_log_closes_an_open_case(world: Stage, bot: Pipeline) -> None:
    """What another moderator decides while a case waits closes it and cancels the rest."""
    name = post_fake(world, "quiet")
    bot.tick()
    world.clock.sleep(60)
    world.reddit.moderator_removes(name, "second_moderator")
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    assert case.state == CaseState.CLOSED_ELSEWHERE
    assert set(action_states(bot).values()) == {ActionState.CANCELLED}


def test_our_own_removal_does_not_close_our_case(world: Stage, bot: Pipeline) -> None:
    """The bot's own line in the mod log is not another moderator's decision."""
    post_fake(world)
    bot.tick()
    world.clock.sleep(60)
    bot.tick()
    assert [case.state for case in bot.deps.store.cases.listing()] == [CaseState.OPEN]


def test_undo_puts_the_post_back(world: Stage, bot: Pipeline) -> None:
    """A removal of ours is taken back while it is the last decision on the post."""
    name = post_fake(world)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    lines = bot.decisions.cases.undo(case.label, by=member(bot, "bob"), why="mistake")
    assert world.reddit.approvals == [name]
    assert "remove: undone" in lines


def test_undo_never_overrides_a_later_moderator(world: Stage, bot: Pipeline) -> None:
    """What a moderator removed after us stays removed."""
    name = post_fake(world)
    bot.tick()
    world.clock.sleep(60)
    world.reddit.moderator_removes(name, "second_moderator")
    (case,) = bot.deps.store.cases.listing()
    lines = bot.decisions.cases.undo(case.label, by=member(bot, "bob"), why="mistake")
    assert world.reddit.approvals == []
    assert any("second_moderator" in line for line in lines)


@pytest.mark.slow
def test_a_cap_holds_what_is_too_much(world: Stage) -> None:
    """Beyond the cap removals wait, and go on when the hour has passed."""
    world = changed(world, actions={"per_hour": 2, "per_day": 200})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        for number in range(4):
            post_fake(world, id=f"Number{number}")
        bot.tick()
        assert len(world.reddit.removals) == 2
        held = [row for row in bot.deps.store.actions.listing() if row.state == ActionState.HELD]
        assert {row.reason for row in held if row.action.kind == "remove"} == {
            "2 remove actions were done in the last hour"
        }
        world.clock.sleep(3700)
        bot.tick()
        assert len(world.reddit.removals) == 4


def test_the_kill_switch_stops_everything(world: Stage, bot: Pipeline) -> None:
    """While the file STOP is there nothing is done; without it the bot goes on."""
    post_fake(world)
    bot.deps.stop_file.touch()
    bot.tick()
    assert (world.reddit.removals, world.reddit.modmails) == ([], [])
    bot.deps.stop_file.unlink()
    bot.tick()
    assert len(world.reddit.removals) == 1


def test_an_answer_lost_on_the_way_is_not_asked_again(world: Stage, bot: Pipeline) -> None:
    """Reddit files the report and answers 500: the bot looks before it tries again."""
    post_fake(world, data=near_copy)
    world.reddit.fail_next("api/report", status=500, performed=True)
    for _ in range(4):
        bot.tick()
        world.clock.sleep(120)
    assert len(world.reddit.reports) == 1
    assert action_states(bot)["report"] == ActionState.DONE


def test_a_report_that_was_not_filed_is_tried_again(world: Stage, bot: Pipeline) -> None:
    """Reddit answers 500 and files nothing: the report comes later, once."""
    post_fake(world, data=near_copy)
    world.reddit.fail_next("api/report", status=500)
    for _ in range(4):
        bot.tick()
        world.clock.sleep(120)
    assert len(world.reddit.reports) == 1


def test_a_gone_link_is_recorded_and_a_stumbling_host_is_tried_again(world: Stage, bot: Pipeline) -> None:
    """What a host says decides the state of a link; a 503 is no verdict."""
    post_fake(world, id="Gone")
    world.park.gone("redgifs", "Gone")
    url = world.park.add_imgur("Ab1Cd2E", near_copy(), "mp4")
    world.park.fail_once("i.imgur.com", "/Ab1Cd2E.mp4", 503)
    world.reddit.submit("clips", author="b", title="later", url=url)
    bot.tick()
    assert {row.link.host: row.state for row in bot.deps.store.links.listing()} == {
        "redgifs": LinkState.GONE,
        "imgur": LinkState.FAILED,
    }
    for _ in range(3):
        world.clock.sleep(120)
        bot.tick()
    assert {row.link.host: row.state for row in bot.deps.store.links.listing()}["imgur"] == LinkState.JUDGED


def test_no_reason_or_log_line_carries_a_media_url(world: Stage) -> None:
    """Promise 10: what is logged and recorded as a reason names the host at most."""
    lines: list[str] = []

    class Listening(Silent):
        def info(self, event: str, **facts: object) -> None:
            lines.append(f"{event} {facts}")

        warning = info

    with bot_on(world, Listening()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        post_fake(world, id="Gone")
        world.park.gone("redgifs", "Gone")
        world.reddit.submit("clips", author="b", title="x", url="https://media.example.net/secret-name.gif")
        world.reddit.submit("clips", author="b", title="x", url="https://elsewhere.example.org/secret-name.gif")
        bot.tick()
        lines += [row.reason or "" for row in bot.deps.store.links.listing()]
    assert [line for line in lines if "://" in line or "secret-name" in line or "onetwothree" in line.lower()] == []


@pytest.mark.slow
def test_a_notice_says_when_the_media_was_fetched(world: Stage, bot: Pipeline) -> None:
    """The time on a notice is the download's, not that of a judgement that came later."""
    post_fake(world)
    bot.watch()
    bot.downloads.start()
    while bot.downloads.in_work:
        bot.downloads.wait(60)
    fetched = bot.deps.clock.now()
    world.clock.sleep(3600)
    bot.work()
    (draft,) = bot.deps.store.notices.listing()
    assert abs((draft.items[0].seen_at - fetched).total_seconds()) < 60


@pytest.mark.slow
def test_nothing_is_sent_to_a_host_before_a_person_stated_it(world: Stage, bot: Pipeline) -> None:
    """A draft is not a notice; a stated one is mailed once, to the host's address."""
    post_fake(world)
    for _ in range(3):
        bot.tick()
    assert not list(world.mail.received)
    (draft,) = bot.deps.store.notices.listing()
    bot.decisions.notices.confirm_notice(
        draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    for _ in range(3):
        bot.tick()
        world.clock.sleep(120)
    (mail,) = world.mail.received
    assert mail.recipients == ("support@redgifs.com",)
    assert bot.deps.store.notices.get(draft.label).state == NoticeState.SENT
    with pytest.raises(UsageError, match="sent"):
        bot.decisions.notices.confirm_notice(
            draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
        )


def test_a_cut_after_the_final_dot_repeats_the_same_message(world: Stage, bot: Pipeline) -> None:
    """Nobody can know whether the server took it: it is sent again under the same Message-ID."""
    post_fake(world)
    bot.tick()
    (draft,) = bot.deps.store.notices.listing()
    world.mail.script(Fault(at="dot", code=None))
    bot.decisions.notices.confirm_notice(
        draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    for _ in range(4):
        bot.tick()
        world.clock.sleep(120)
    assert len(world.mail.received) == 2
    assert len({str(mail.message["Message-ID"]) for mail in world.mail.received}) == 1


def test_a_retracted_notice_tells_the_host_if_it_was_sent(world: Stage, bot: Pipeline) -> None:
    """Before sending, retracting is silent; afterwards the host gets a mail that refers to the first."""
    post_fake(world)
    bot.tick()
    (draft,) = bot.deps.store.notices.listing()
    bot.decisions.notices.confirm_notice(
        draft.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(bot))
    )
    bot.tick()
    assert "mail" in bot.decisions.notices.retract_notice(draft.label, by=member(bot), why="mistake")
    first, second = world.mail.received
    assert second.message["In-Reply-To"] == first.message["Message-ID"]


def test_more_than_a_page_of_posts_between_two_polls_is_not_lost(world: Stage, bot: Pipeline) -> None:
    """Polling pages back to the watermark."""
    world.reddit.submit("clips", author="a", title="first", url="https://www.redgifs.com/watch/first")
    bot.watch()
    world.clock.sleep(3600)
    for number in range(250):
        world.reddit.submit("clips", author="a", title="x", url=f"https://www.redgifs.com/watch/many{number}")
    assert bot.watch() == 250


def test_a_removed_watermark_post_does_not_matter(world: Stage, bot: Pipeline) -> None:
    """The watermark is a time, not a post that must still be there."""
    first = world.reddit.submit("clips", author="a", title="first", url="https://www.redgifs.com/watch/first")
    bot.watch()
    world.reddit.delete(first)
    world.clock.sleep(60)
    world.reddit.submit("clips", author="a", title="next", url="https://www.redgifs.com/watch/next")
    assert bot.watch() == 1


def test_reddit_being_down_stops_nothing_else(world: Stage, bot: Pipeline) -> None:
    """An unreachable listing is said once, and the next poll catches up."""
    post_fake(world)
    world.reddit.fail_next("r/clips/new", status=429, times=1)
    bot.tick()
    assert world.reddit.removals == []
    world.clock.sleep(61)
    bot.tick()
    assert len(world.reddit.removals) == 1


def test_a_second_daemon_is_refused(world: Stage, bot: Pipeline) -> None:
    """One daemon at a time works on a database."""
    bot.deps.store.lease.take("another", 60)
    with pytest.raises(LeaseError, match="another"):
        Daemon(bot).run_once()
    world.clock.sleep(61)
    Daemon(bot).run_once()


def test_scan_looks_and_leaves_nothing(world: Stage, bot: Pipeline) -> None:
    """Scanning a permalink, a URL or a file gives evidence and performs and stores nothing."""
    name = post_fake(world)
    permalink = str(world.reddit.world.things[name]["permalink"])
    for target in (f"https://old.reddit.com{permalink}", "https://www.redgifs.com/watch/OneTwoThree"):
        (result,) = bot.target_scanner.scan(target)
        assert result.verdict is not None, result.error
        assert result.verdict.outcome == "act"
    assert world.reddit.removals == []
    assert bot.deps.store.links.listing() == []


def test_scan_of_what_is_not_there_is_one_sentence(world: Stage, bot: Pipeline) -> None:
    """A wrong target is an answer, not a traceback."""
    for target in ("no-such-file.gif", "https://example.org/page", "https://www.redgifs.com/watch/missing"):
        (result,) = bot.target_scanner.scan(target)
        assert result.error
        assert "\n" not in result.error


def test_the_database_holds_no_media(world: Stage, bot: Pipeline) -> None:
    """Neither the bytes nor the pixels of a clip are in any file that the bot wrote."""
    post_fake(world)
    bot.tick()
    probe = fake()[len(fake()) // 2 :][:48]
    for folder, _, names in os.walk(world.config.storage.path):
        for name in names:
            assert probe not in (Path(folder) / name).read_bytes()


def test_a_notice_goes_to_the_host_that_has_the_file(world: Stage, bot: Pipeline) -> None:
    """What a gfycat link leads to is on redgifs, so the draft is for redgifs, with its page."""
    world.park.add_redgifs("OneTwoThree", hd=fake())
    world.reddit.submit("clips", author="b", title="x", url="https://gfycat.com/onetwothree")
    for _ in range(3):
        bot.tick()
    (draft,) = bot.deps.store.notices.listing()
    assert (draft.host, draft.recipient) == ("redgifs", "support@redgifs.com")
    assert [item.url for item in draft.items] == ["https://www.redgifs.com/watch/onetwothree"]
