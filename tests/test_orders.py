"""Orders of moderators, by modmail and by report: rights checked, carried out once, answered where they were given."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.loopback.stage import Stage, stage
from bot.model import ActionState, CaseState
from bot.pipeline import Pipeline
from bot.pipeline.acting.modes import effect
from bot.samples import media
from tests.bots import bank_the_fake, bot_on, changed, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import member

HEAD, SECOND, HELPER, CLERK = "head_moderator", "second_moderator", "a_helper", "a_clerk"


@pytest.fixture(autouse=True)
def team(world: Stage) -> None:
    """Two moderators with full rights, one with posts, one with mail only."""
    for name in world.config.subreddits:
        moderators = world.reddit.world.subreddits[name].moderators
        moderators |= {HELPER: ["posts", "mail"], CLERK: ["mail"]}


def discussions(world: Stage) -> list[str]:
    """Return the conversations that only moderators see."""
    return [number for number, mail in world.reddit.world.conversations.items() if mail["isInternal"]]


def order(world: Stage, text: str, *, by: str = HEAD, subreddit: str = "clips", subject: str = "hello") -> str:
    """Write a modmail; return its conversation."""
    return world.reddit.actions.write_mail(subreddit, by, subject, text)


def run(world: Stage, bot: Pipeline, ticks: int = 2) -> None:
    """Let some minutes pass."""
    for _ in range(ticks):
        bot.tick()
        world.clock.sleep(60)


def answers(world: Stage, conversation: str) -> list[str]:
    """Return what the bot wrote into a conversation, without the mark at the end."""
    messages = world.reddit.actions.messages_of(conversation)
    ours = [str(m["bodyMarkdown"]) for m in messages if m["author"]["name"] == "gifwarden_bot"]
    return [text.rpartition("\n\n[")[0] for text in ours]


def link(fullname: str) -> str:
    """Return a short link to a submission."""
    return f"https://redd.it/{fullname[3:]}"


@pytest.mark.slow
def test_stop_and_go(world: Stage, bot: Pipeline) -> None:
    """A stopped subreddit gets nothing, however much is found; afterwards what waited is done; each is answered."""
    bot.tick()
    stopping = order(world, "gifwarden stop", by=HELPER)
    run(world, bot)
    name = post_fake(world)
    run(world, bot)
    assert world.reddit.removals == []
    held = [row.reason for row in bot.deps.store.actions.listing() if row.state == ActionState.HELD]
    assert any("stopped by u/a_helper" in (reason or "") for reason in held)
    (answer,) = answers(world, stopping)
    assert "r/clips is stopped" in answer
    going = order(world, "gifwarden go", by=HEAD)
    run(world, bot)
    assert world.reddit.removals == [name]
    assert answers(world, going) == [
        f"Understood: `go`, ordered by u/{HEAD}.\n\nr/clips goes on. It is in mode enforce, which {effect('enforce')}.",
    ]


@pytest.mark.slow
def test_orders_are_carried_out_in_the_order_in_which_they_were_written(world: Stage, bot: Pipeline) -> None:
    """Also within one second and in several conversations: who writes stop last has stopped."""
    bot.tick()
    for _ in range(3):
        order(world, "gifwarden stop")
        order(world, "gifwarden go")
    run(world, bot)
    assert bot.deps.store.kill_switch.stops() == []
    order(world, "gifwarden go")
    order(world, "gifwarden stop")
    run(world, bot)
    assert [stop.subreddit for stop in bot.deps.store.kill_switch.stops()] == ["clips"]


def test_one_conversation_that_cannot_be_read_hides_no_other(world: Stage, bot: Pipeline) -> None:
    """It is passed over when Reddit refuses it for good."""
    bot.tick()
    broken = order(world, "gifwarden help")
    whole = order(world, "gifwarden stop")
    world.reddit.fail_next(f"conversations/{broken}", status=404, body=b"{}", times=20)
    run(world, bot)
    assert len(answers(world, whole)) == 1


@pytest.mark.slow
def test_stop_holds_for_one_subreddit_only(world: Stage, bot: Pipeline) -> None:
    """An order given in one subreddit does not stop another."""
    bot.tick()
    order(world, "gifwarden stop", subreddit="gifs")
    run(world, bot)
    name = post_fake(world, "clips")
    run(world, bot)
    assert world.reddit.removals == [name]


@pytest.mark.parametrize(
    ("by", "text", "words"),
    [
        (CLERK, "gifwarden stop", "the right to manage posts"),
        (CLERK, "gifwarden scan https://redd.it/1abc", "the right to manage posts"),
        (HELPER, "gifwarden go", "full rights or the config right"),
        (HEAD, "gifwarden scna", "I do not know 'scna'"),
        (HEAD, "gifwarden undo", "`undo` needs a link"),
        (HEAD, "gifwarden undo C-0123456789", "there is no case C-0123456789 in r/clips."),
        (HEAD, "gifwarden undo https://redd.it/1zzzzz", "I find no post of r/clips there"),
        (HEAD, "gifwarden help", "`scan`: look at a post now"),
    ],
)
def test_what_cannot_be_done_is_said_once(world: Stage, bot: Pipeline, by: str, text: str, words: str) -> None:
    """Without the right, malformed, or without a target: one answer, and nothing is done."""
    bot.tick()
    conversation = order(world, text, by=by)
    run(world, bot, 4)
    (answer,) = answers(world, conversation)
    assert words in answer
    assert bot.deps.store.kill_switch.stops() == []


@pytest.mark.parametrize("text", ["gifwarden stop", "gifwarden help", "gifwarden scna", "gifwarden undo C-0123456789"])
def test_who_is_no_moderator_gets_nothing(world: Stage, bot: Pipeline, text: str) -> None:
    """No answer, no deed, and no name kept: a stranger learns nothing, not even that there is a bot."""
    bot.tick()
    conversation = order(world, text, by="a_stranger")
    run(world, bot, 3)
    assert answers(world, conversation) == []
    assert bot.deps.store.kill_switch.stops() == []
    assert bot.deps.store.orders.listing() == []
    assert "a_stranger" not in str(bot.deps.store.connection.rows("select * from orders"))


@pytest.mark.slow
def test_a_moderator_of_another_subreddit_touches_nothing_here(world: Stage, bot: Pipeline) -> None:
    """Rights are those where the order is given, and its target must be there."""
    name = post_fake(world, "clips")
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    world.reddit.world.subreddits["gifs"].moderators["gifs_only"] = ["all"]
    here = order(world, f"gifwarden undo {link(name)}", by="gifs_only", subreddit="clips")
    there = order(world, f"gifwarden undo {link(name)}", by="gifs_only", subreddit="gifs")
    by_case = order(world, f"gifwarden undo {case.label}", by="gifs_only", subreddit="gifs")
    run(world, bot, 3)
    assert world.reddit.approvals == []
    assert answers(world, here) == []
    assert "I find no post of r/gifs there" in answers(world, there)[0]
    assert f"there is no case {case.label} in r/gifs" in answers(world, by_case)[0]


@pytest.mark.slow
def test_undo_gives_back_and_reopens(world: Stage, bot: Pipeline) -> None:
    """The removal is approved once, the case waits for a moderator, and the bot does not remove again."""
    name = post_fake(world)
    run(world, bot)
    assert world.reddit.removals == [name]
    conversation = order(world, f"gifwarden undo {link(name)} it was satire", by=HELPER)
    run(world, bot, 4)
    assert (world.reddit.approvals, world.reddit.removals) == ([name], [name])
    (case,) = bot.deps.store.cases.listing()
    assert case.state == CaseState.OPEN
    (answer,) = answers(world, conversation)
    assert answer.startswith(f"Understood: `undo` https://redd.it/{name[3:]}, ordered by u/{HELPER}.")
    assert "remove: undone" in answer
    assert f"case {case.label} waits for a moderator's decision" in answer


@pytest.mark.slow
def test_undo_below_the_bots_own_message_needs_no_link(world: Stage, bot: Pipeline) -> None:
    """A moderator answers `undo` to the modmail about the removal."""
    name = post_fake(world)
    run(world, bot)
    (conversation,) = discussions(world)
    world.reddit.actions.answer_mail(conversation, HEAD, "I do not think that this is one. Ann?")
    world.reddit.actions.answer_mail(conversation, SECOND, "undo")
    run(world, bot)
    assert world.reddit.approvals == [name]
    assert len(answers(world, conversation)) == 2


@pytest.mark.slow
def test_allow_gives_back_and_dismisses(world: Stage, bot: Pipeline) -> None:
    """What was removed is given back, and the case is dismissed."""
    name = post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    conversation = order(world, f"gifwarden allow {case.label} a known meme")
    run(world, bot, 3)
    assert bot.deps.store.cases.get(case.label).state == CaseState.OPEN
    assert (world.reddit.removals, world.reddit.approvals) == ([name], [name])
    (answer,) = answers(world, conversation)
    assert answer.startswith(f"Understood: `allow` {case.label}, ordered by u/{HEAD}.")
    assert "remove: undone" in answer
    assert f"`gifwarden, cancel {case.label}`" in answer
    run(world, bot, 9)
    assert bot.deps.store.cases.get(case.label).state == CaseState.DISMISSED
    assert f"case {case.label} is dismissed" in answers(world, conversation)[1]
    assert (world.reddit.removals, world.reddit.approvals) == ([name], [name])


@pytest.mark.slow
def test_scan_looks_at_an_old_post(world: Stage, bot: Pipeline) -> None:
    """A post from long before the bot is looked at, judged, acted on, and the answer names its case."""
    url = world.park.add_redgifs("OldOne", hd=fake())
    old = world.reddit.submit(
        "clips", author="poster", title="old", url=url, created=world.clock.now().replace(year=2025)
    )
    bot.tick()
    assert bot.deps.store.cases.listing() == []
    conversation = order(world, f"gifwarden scan {link(old)}", by=HELPER)
    run(world, bot, 4)
    (case,) = bot.deps.store.cases.listing()
    (answer,) = answers(world, conversation)
    assert answer.endswith(f"case {case.label} (open), by the rule “{case.verdict.rule}”: remove")
    assert world.reddit.removals == [old]
    assert "redgifs.com" not in answer


@pytest.mark.slow
def test_scan_looks_again_after_the_bank_has_grown(world: Stage, bot: Pipeline) -> None:
    """What was innocent an hour ago is found once its media is known."""
    clip = media.clip(455, seconds=1, width=320, height=180)
    name = post_fake(world, data=lambda: clip)
    bot.tick()
    assert bot.deps.store.cases.listing() == []
    bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(clip), by=member(bot))
    first = order(world, f"gifwarden scan {link(name)}")
    run(world, bot, 4)
    assert len(bot.deps.store.cases.listing()) == 1
    assert "case C-" in answers(world, first)[0]


@pytest.mark.slow
def test_scan_of_what_cannot_be_reached_says_so_at_once(world: Stage, bot: Pipeline) -> None:
    """The moderator need not wait for the end of an outage; the link is looked at afterwards all the same."""
    name = post_fake(world)
    world.park.trouble = lambda _request: 503
    run(world, bot, 3)
    asked = order(world, f"gifwarden scan {link(name)}")
    run(world, bot, 2)
    (answer,) = answers(world, asked)
    assert "the host does not answer now, so I go on trying for three days: 1 link (redgifs)" in answer
    world.park.trouble = lambda _request: None
    world.clock.sleep(3 * 3600)
    run(world, bot, 3)
    assert world.reddit.removals == [name]


@pytest.mark.slow
def test_scan_of_an_innocent_post_says_so(world: Stage, bot: Pipeline) -> None:
    """Nothing known behind it, or no link at all."""
    still = world.reddit.submit(
        "clips", author="a", title="x", url=world.park.add_imgur("Fg3Hi4J", media.still(303), "jpg")
    )
    text = world.reddit.submit("clips", author="a", title="y", selftext="hello")
    bot.tick()
    first = order(world, f"gifwarden scan {link(still)}")
    second = order(world, f"gifwarden scan {link(text)}")
    run(world, bot, 3)
    assert "nothing that I know was found behind 1 link (imgur)" in answers(world, first)[0]
    assert "no link to media of a host that I know" in answers(world, second)[0]


def test_bank_of_a_post_without_a_case_puts_its_media_in(world: Stage, bot: Pipeline) -> None:
    """The entry waits for a second person; the second moderator's same order confirms it."""
    world_ = changed(world, banks={"trusted": []})
    clip = media.clip(455, seconds=1, width=320, height=180)
    name = post_fake(world_, data=lambda: clip)
    with bot_on(world_, Silent()) as cautious:
        cautious.tick()
        first = order(world, f"gifwarden bank {link(name)} original at example.org", by=HEAD)
        run(world_, cautious)
        again = order(world, f"gifwarden bank {link(name)}", by=HEAD)
        run(world_, cautious)
        (entry,) = [e for e in cautious.deps.store.banks.entries() if e.added_by == f"u/{HEAD}"]
        assert entry.confirmed_by is None
        second = order(world, f"gifwarden bank {link(name)}", by=SECOND)
        run(world_, cautious)
        (entry,) = [e for e in cautious.deps.store.banks.entries() if e.added_by == f"u/{HEAD}"]
        assert entry.confirmed_by == f"u/{SECOND}"
    assert f"put into the bank known-fakes: {entry.label}" in answers(world, first)[0]
    assert "already" in answers(world, again)[0]
    assert "confirmed by you as the second person" in answers(world, second)[0]


def test_bank_of_an_open_case_confirms_it(world: Stage, bot: Pipeline) -> None:
    """What was proposed goes ahead, and the matched media is banked."""
    world_ = changed(world, banks={"trusted": []})
    name = post_fake(world_)
    with bot_on(world_, Silent()) as cautious:
        cautious.tick()
        (case,) = cautious.deps.store.cases.listing()
        conversation = order(world, f"gifwarden bank {case.label}")
        run(world_, cautious, 3)
        assert cautious.deps.store.cases.get(case.label).state == CaseState.CONFIRMED
    assert world.reddit.removals == [name]
    assert f"Case {case.label} is confirmed" in answers(world, conversation)[0]


def test_bank_without_the_bank_says_what_to_do(world: Stage) -> None:
    """The operator has to create it."""
    other = changed(world, orders={"bank": "elsewhere"})
    name = post_fake(world)
    with bot_on(other, Silent()) as bot:
        bank_the_fake(bot)
        bot.tick()
        conversation = order(world, f"gifwarden bank {link(name)}")
        run(other, bot)
    assert "gifwarden bank create elsewhere" in answers(world, conversation)[0]


@pytest.mark.slow
def test_a_moderators_report_is_an_order(world: Stage, bot: Pipeline) -> None:
    """The reason orders; the answer comes by modmail, once, names the reporter, and no title or author."""
    clip = media.clip(456, seconds=1, width=320, height=180)
    name = post_fake(world, data=lambda: clip)
    bot.tick()
    world.reddit.world.report(name, "gifwarden: bank", SECOND)
    run(world, bot, 4)
    (added,) = [e for e in bot.deps.store.banks.entries() if e.added_by == f"u/{SECOND}"]
    ((place, subject, body),) = world.reddit.modmails
    assert (place, subject.partition(" [")[0]) == ("clips", "About a report")
    assert body.startswith(f"u/{SECOND} reported https://redd.it/{name[3:]} with `bank`.")
    assert added.label in body
    assert "look" not in body
    assert "poster" not in body


@pytest.mark.slow
def test_a_configured_reason_is_an_order(world: Stage) -> None:
    """A reason that the team chose itself."""
    other = changed(world, orders={"reasons": {"stop": "Leave us alone"}})
    name = post_fake(world, data=near_copy)
    with bot_on(other, Silent()) as bot:
        bank_the_fake(bot)
        bot.tick()
        world.reddit.world.report(name, "leave us alone", HELPER)
        run(other, bot)
        assert [stop.who for stop in bot.deps.store.kill_switch.stops()] == [f"u/{HELPER}"]


def test_users_reports_are_no_orders(world: Stage, bot: Pipeline) -> None:
    """Whatever users write into a report, nothing is ordered."""
    name = post_fake(world, data=near_copy)
    world.reddit.world.report(name, "gifwarden stop", "a_stranger")
    run(world, bot, 3)
    assert bot.deps.store.kill_switch.stops() == []
    assert bot.deps.store.connection.rows("select * from orders") == []


def test_what_was_written_before_the_bot_came_is_no_order(world: Stage, bot: Pipeline) -> None:
    """Old modmail is not carried out when the bot starts."""
    order(world, "gifwarden stop")
    world.clock.sleep(2 * 3600)
    run(world, bot)
    assert bot.deps.store.kill_switch.stops() == []


@pytest.mark.slow
def test_what_was_written_while_the_bot_was_away_is(world: Stage, bot: Pipeline) -> None:
    """An order of the night is carried out in the morning, also in a conversation that was archived meanwhile."""
    bot.tick()
    conversation = world.reddit.actions.write_mail("clips", "a_stranger", "question", "Why was it removed?")
    world.reddit.actions.answer_mail(conversation, HEAD, "gifwarden stop", internal=True)
    world.reddit.world.conversations[conversation]["state"] = 2
    world.clock.sleep(12 * 3600)
    run(world, bot)
    assert [stop.subreddit for stop in bot.deps.store.kill_switch.stops()] == ["clips"]
    messages = list(world.reddit.actions.messages_of(conversation))
    assert messages[-1]["isInternal"] is True


def test_users_never_see_an_answer(world: Stage, bot: Pipeline) -> None:
    """In a conversation with a user the answer is a note for moderators."""
    bot.tick()
    conversation = world.reddit.actions.write_mail("clips", "a_stranger", "question", "Why?")
    world.reddit.actions.answer_mail(conversation, HEAD, "gifwarden help", internal=True)
    run(world, bot)
    (note,) = [m for m in world.reddit.actions.messages_of(conversation) if m["author"]["name"] == "gifwarden_bot"]
    assert note["isInternal"] is True


def test_orders_can_be_switched_off(world: Stage) -> None:
    """A subreddit whose orders are off is not read."""
    settings = world.config.model_dump()["subreddits"]
    settings["clips"]["orders"] = False
    other = changed(world, subreddits=settings)
    with bot_on(other, Silent()) as bot:
        bot.tick()
        conversation = order(world, "gifwarden stop")
        run(other, bot)
        assert bot.deps.store.kill_switch.stops() == []
    assert answers(world, conversation) == []


def test_the_stop_file_silences_everything(world: Stage, bot: Pipeline) -> None:
    """While it is there nothing is heard or answered; afterwards the order is carried out."""
    bot.tick()
    bot.kill_switch.stop(None, by=member(bot), why="maintenance")
    conversation = order(world, "gifwarden help")
    run(world, bot)
    assert answers(world, conversation) == []
    assert bot.kill_switch.go(None, by=member(bot)) == "everything goes on"
    run(world, bot)
    assert len(answers(world, conversation)) == 1


@pytest.mark.slow
def test_reddit_down_postpones_an_order(world: Stage, bot: Pipeline) -> None:
    """An order is not lost when Reddit stumbles, and is carried out once."""
    name = post_fake(world)
    run(world, bot)
    conversation = order(world, f"gifwarden undo {link(name)}")
    world.reddit.fail_next("api/info", status=503, times=8)
    run(world, bot, 5)
    assert world.reddit.approvals == [name]
    assert len(answers(world, conversation)) == 1


def test_the_operator_stops_one_subreddit(world: Stage, bot: Pipeline) -> None:
    """The command does what the order does, and `go` of all leaves what is stopped alone."""
    bot.kill_switch.stop("clips", by=member(bot), why="raid")
    name = post_fake(world)
    run(world, bot)
    assert world.reddit.removals == []
    assert "r/clips stays stopped, by ann" in bot.kill_switch.go(None, by=member(bot))
    assert bot.kill_switch.go("clips", by=member(bot)) == "r/clips goes on"
    run(world, bot)
    assert world.reddit.removals == [name]


def test_a_ban_is_ordered_by_a_person(world: Stage, bot: Pipeline) -> None:
    """The author of a case is banned once, with who and why; without either nothing is planned."""
    post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    bot.kill_switch.ban(case.label, by=member(bot), why="third time", days=7)
    run(world, bot)
    assert world.reddit.received.bans == [("clips", "poster", "third time (ordered by ann)")]
    row = next(row for row in bot.deps.store.actions.listing() if row.action.kind == "ban")
    bot.decisions.cases.undo_action(row.action.id, by=member(bot), why="mistake")
    assert world.reddit.actions.bans == {}


def told_author(world: Stage, bot: Pipeline) -> tuple[str, str]:
    """Post a fake, let it be removed and its author be told; return case and conversation."""
    post_fake(world)
    run(world, bot)
    (case,) = bot.deps.store.cases.listing()
    bot.deps.store.actions.plan(
        key=f"{case.label}:message",
        kind="message",
        case=case.id,
        post=case.post.fullname,
        subreddit=case.post.subreddit,
        permalink=case.post.permalink,
        params={"subject": "Removed", "body": "If that is wrong, answer to this message."},
    )
    run(world, bot)
    (conversation,) = [number for number, mail in world.reddit.world.conversations.items() if not mail["isInternal"]]
    return case.label, conversation


@pytest.mark.slow
def test_an_authors_answer_is_an_appeal(world: Stage, bot: Pipeline) -> None:
    """It reopens the case once, tells the moderators in a note, and does not give the post back by itself."""
    label, conversation = told_author(world, bot)
    world.reddit.actions.answer_mail(conversation, "poster", "This is my own work.\n\ngifwarden undo")
    world.reddit.actions.answer_mail(conversation, "poster", "Hello?")
    run(world, bot, 3)
    assert bot.deps.store.review.open_appeal(bot.deps.store.cases.get(label).id)
    assert world.reddit.approvals == []
    _message, note = answers(world, conversation)
    assert label in note
    assert "under appeal" in note
    mine = [m for m in world.reddit.actions.messages_of(conversation) if str(m["bodyMarkdown"]).startswith(note)]
    assert [m["isInternal"] for m in mine] == [True]


@pytest.mark.slow
def test_somebody_elses_answer_is_no_appeal(world: Stage, bot: Pipeline) -> None:
    """Only the author of the post appeals, and only in the conversation about it."""
    label, conversation = told_author(world, bot)
    world.reddit.actions.write_mail("clips", "a_stranger", f"Removed ({label})", "I appeal.")
    world.reddit.actions.write_mail("gifs", "poster", f"Removed ({label})", "I appeal.")
    world.reddit.actions.answer_mail(conversation, HEAD, "We have looked at it again.")
    run(world, bot, 3)
    assert bot.deps.store.review.open_appeal(bot.deps.store.cases.get(label).id) is None


@pytest.mark.slow
def test_more_subreddits_than_an_address_names_are_all_heard(tmp_path: Path) -> None:
    """Reports are read of some at a time and modmail without names, so that no address becomes too long."""
    many = {f"with_a_long_name_{n:03}": {"mode": "observe"} for n in range(70)}
    last = max(many)
    with stage(tmp_path, sections={"subreddits": many}) as wide, bot_on(wide, Silent()) as listening:
        name = wide.reddit.submit(last, author="a", title="x", url="https://www.redgifs.com/watch/one")
        listening.obey(wait=False)
        wide.clock.sleep(60)
        conversation = order(wide, "gifwarden help", subreddit=last)
        wide.reddit.world.report(name, "gifwarden: stop", HEAD)
        sent = len(wide.reddit.log)
        listening.obey(wait=False)
        asked = [request for request in wide.reddit.log[sent:] if request.path.endswith("/about/reports")]
        assert len(asked) > 1
        assert all(len(request.path) < 1300 for request in asked)
        assert all(len(request.query.get("entity", "")) < 1300 for request in wide.reddit.log)
        listening.act()
        assert listening.deps.store.kill_switch.stopped(last)
        assert answers(wide, conversation)
