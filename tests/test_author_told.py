"""The author of what is removed is told: what happened, under which rule, who decided, and how to appeal."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.author_text import Removal, also
from bot.errors import RuleError
from bot.loopback.stage import Stage, write_rules
from bot.model import ActionState, Hold
from bot.pipeline import Pipeline
from bot.rules import parse
from tests.bots import action_states, bank_the_fake, bot_on, changed, near_copy, post_fake
from tests.killing import Silent
from tests.people import member

FILE = "10-known-fakes.yaml"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Rules of each test's own: several change them."""
    return write_rules(tmp_path / "rules")


def rule(world: Stage, words: str) -> None:
    """Replace the removing rule's lines that begin with notify_host by other words."""
    path = world.config.storage.rules / FILE
    path.write_text(path.read_text(encoding="utf-8").replace("notify_host: confirm", words, 1), encoding="utf-8")


def flat(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


@pytest.mark.slow
def test_a_removal_by_the_program_is_told_to_its_author(world: Stage, bot: Pipeline) -> None:
    """Once, in private, after the removal: what happened, that a program did it, and how to appeal; nothing else."""
    name = post_fake(world)
    for _ in range(3):
        bot.tick()
        world.clock.sleep(60)
    ((told, title, body),) = world.reddit.received.messages
    assert (told, world.reddit.removals) == (name, [name])
    (case,) = bot.deps.store.cases.listing()
    assert title == f"known fake or non-consensual media ({case.label})"
    assert len(title) <= 50
    assert "A program did this by itself; no moderator has looked at it yet." in body
    assert "Answer this message" in body
    entry = bot.deps.store.banks.entries()[0].label
    for secret in (entry, "known-fakes", "distance", "Known fake, exact file", "sha256", "u/ann"):
        assert secret not in title + body
    assert [found for found in world.reddit.log if "api/comment" in str(found)] == []


def test_the_removal_comes_first(world: Stage, bot: Pipeline) -> None:
    """While the removal is held nothing is written; nor is it where the bot only reports or observes."""
    for place in ("gifs", "quiet"):
        post_fake(world, place, id=f"Post{place}")
    bot.tick()
    assert world.reddit.received.messages == []
    assert action_states(bot)["remove"] == ActionState.HELD
    assert "message" not in action_states(bot)


@pytest.mark.slow
def test_the_subreddits_own_rule_is_named(world: Stage) -> None:
    """The title of the removal reason that the rule names stands in the text, also where the rule gives its id."""
    rule(world, "removal_reason: r2")
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        world.reddit.actions.reasons["clips"] = {"r1": "Spam", "r2": "Fakes and leaks"}
        post_fake(world)
        bot.tick()
    ((_, _, body),) = world.reddit.received.messages
    assert "under its rule “Fakes and leaks”" in body


def test_a_rules_own_words_replace_the_usual_ones(world: Stage) -> None:
    """The author reads the rule's message and no second one."""
    rule(world, 'message: "Gone, {{author}}. Case {{case}}."')
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
    ((_, _, body),) = world.reddit.received.messages
    assert body == f"Gone, poster. Case {case.label}."


def test_a_silent_rule_is_silent(world: Stage) -> None:
    """With its reason written down, nothing is sent; not after a person confirmed either."""
    rule(world, 'silent: true\nsilent_reason: "the police asked us"')
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        name = post_fake(world)
        bot.tick()
        (removal,) = [row for row in bot.deps.store.actions.listing() if row.action.kind == "remove"]
    assert (world.reddit.removals, world.reddit.received.messages) == ([name], [])
    assert removal.action.params["silent"] == "the police asked us"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("silent: true", "line 5: silent: true needs silent_reason"),
        ('silent: true\nsilent_reason: " ."', "line 6: silent: true needs silent_reason"),
        ('silent: "the police asked us"', "line 5: silent is true, and silent_reason says why"),
        ("silent_reason: because", "line 5: silent_reason needs silent: true"),
        ("silent: false", "line 5: silent is true or left out"),
        ("silent: true\nsilent_reason: because\nmessage: Hi", "silent and message exclude each other"),
    ],
)
def test_silence_needs_a_reason(words: str, said: str) -> None:
    """Without one, or beside a message, the rule is refused by one sentence that says what is missing."""
    with pytest.raises(RuleError) as caught:
        parse(f"---\nname: One\nexact_media: {{bank: [a]}}\naction: remove\n{words}\n", "r.yaml")
    assert said in str(caught.value)


def test_silence_is_for_removals() -> None:
    """Where nothing is removed nobody is told anyway."""
    with pytest.raises(RuleError, match="silent goes with action: remove or spam"):
        parse("name: One\nexact_media: {bank: [a]}\naction: report\nsilent: true\nsilent_reason: why\n", "r.yaml")


@pytest.mark.slow
def test_a_persons_removal_says_so(world: Stage) -> None:
    """A moderator decided, and the author hears it ten minutes later, when it was not taken back."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        name = post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
        bot.act()
        assert (world.reddit.removals, world.reddit.received.messages) == ([name], [])
        world.clock.sleep(601)
        bot.act()
        assert bot.deps.store.told.rung_of(name) == "person"
    ((_, _, body),) = world.reddit.received.messages
    assert "A moderator looked at it and decided this; a program carried it out." in body
    assert "no moderator" not in body
    assert "bob" not in body


@pytest.mark.slow
def test_what_follows_a_confirmation_is_told(world: Stage, bot: Pipeline) -> None:
    """A near copy that a person confirms is removed, and its author hears that a moderator decided."""
    name = post_fake(world, data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    assert (world.reddit.removals, world.reddit.received.messages) == ([], [])
    bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
    bot.act()
    world.clock.sleep(601)
    bot.act()
    assert world.reddit.removals == [name]
    ((told, _, body),) = world.reddit.received.messages
    assert told == name
    assert "A moderator looked at it and decided this" in body


@pytest.mark.slow
def test_what_is_taken_back_is_not_told(world: Stage) -> None:
    """A person's removal that is undone within ten minutes reaches nobody."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        name = post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
        bot.act()
        bot.decisions.cases.undo(case.label, by=member(bot, "bob"), why="a slip")
        world.clock.sleep(3600)
        bot.act()
    assert (world.reddit.approvals, world.reddit.received.messages) == ([name], [])


@pytest.mark.slow
def test_a_suspected_minor_is_never_told_of(world: Stage, bot: Pipeline) -> None:
    """The removal that a person ordered for a suspected minor tells the author nothing, before or after its minutes."""
    name = post_fake(world, "quiet")
    bot.tick()
    bot.decisions.minors.hide(name, by=member(bot))
    bot.act()
    bot.decisions.minors.minor(name, by=member(bot))
    world.clock.sleep(3600)
    bot.tick()
    assert (world.reddit.removals, world.reddit.received.messages) == ([name], [])


@pytest.mark.slow
def test_what_is_marked_after_its_removal_is_not_told_of(world: Stage) -> None:
    """A message that waits is not sent once its post is marked as of a suspected minor."""
    world = changed(world, banks={"trusted": []})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        name = post_fake(world)
        bot.tick()
        (case,) = bot.deps.store.cases.listing()
        bot.decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
        bot.act()
        bot.decisions.minors.hide(name, by=member(bot))
        world.clock.sleep(3600)
        bot.tick()
    assert world.reddit.received.messages == []


@pytest.mark.slow
def test_a_flood_of_one_author_is_one_message_a_day(world: Stage, bot: Pipeline) -> None:
    """The first removal is told at once, the others with one message a day later, each post's link in it."""
    first = post_fake(world)
    bot.tick()
    others = [
        world.reddit.submit(
            "clips", author="POSTER", title=f"look {number}", url="https://redgifs.com/watch/OneTwoThree"
        )
        for number in range(4)
    ]
    other = world.reddit.submit("clips", author="another", title="x", url="https://redgifs.com/watch/OneTwoThree")
    for _ in range(3):
        world.clock.sleep(3600)
        bot.tick()
    assert sorted(world.reddit.removals) == sorted([first, *others, other])
    assert [name for name, _, _ in world.reddit.received.messages] == [first, other]
    held = [row for row in bot.deps.store.actions.listing() if row.action.kind == "message" and row.state == "held"]
    assert [row.hold for row in held] == [Hold.CAP] * 4
    world.clock.sleep(timedelta(days=1).total_seconds())
    for _ in range(3):
        bot.tick()
        world.clock.sleep(60)
    assert len(world.reddit.received.messages) == 3
    name, _, body = world.reddit.received.messages[-1]
    assert name in others
    assert "3 further posts and comments of yours in r/clips were removed likewise" in body
    assert set(re.findall(r"/comments/(\w+)/", body)) == {one[3:] for one in others} - {name[3:]}
    world.clock.sleep(timedelta(days=2).total_seconds())
    bot.tick()
    assert len(world.reddit.received.messages) == 3


@pytest.mark.slow
def test_an_answer_appeals_all_that_was_told(world: Stage, bot: Pipeline) -> None:
    """The author's answer to the usual message reopens the case, and those of the posts it tells of besides."""
    post_fake(world)
    bot.tick()
    for number in range(2):
        world.reddit.submit(
            "clips", author="poster", title=f"look {number}", url="https://redgifs.com/watch/OneTwoThree"
        )
    bot.tick()
    world.clock.sleep(timedelta(days=1).total_seconds() + 60)
    bot.tick()
    world.clock.sleep(60)
    store = bot.deps.store
    mails = [
        number
        for number, found in world.reddit.world.conversations.items()
        if found["participant"].get("name") == "poster"
    ]
    assert len(mails) == 2
    world.reddit.actions.answer_mail(mails[1], "poster", "That is me, I filmed it myself.")
    bot.tick()
    appealed = [case.label for case in store.cases.listing() if store.review.open_appeal(case.id)]
    assert len(appealed) == 2
    text = [body for _, body in world.reddit.answers][-1]
    assert "is under appeal" in text
    assert "1 further case of the same author too" in text
    world.reddit.actions.answer_mail(mails[0], "poster", "This one as well.")
    bot.tick()
    assert all(store.review.open_appeal(case.id) for case in store.cases.listing())


def test_a_long_list_is_counted() -> None:
    """Beyond ten links the rest is a number, and the text keeps to Reddit's limit."""
    told = also(Removal(along=tuple(f"/r/clips/comments/{number}/" for number in range(299))), "clips")
    assert told.count("https://www.reddit.com/r/clips/comments/") == 10
    assert "- and 289 more" in told


@pytest.mark.slow
def test_an_interrupted_message_is_not_written_twice(world: Stage, bot: Pipeline) -> None:
    """A cut between Reddit's doing and our writing down is found again by its title."""
    world.reddit.fail_next("removal_link_message", status=500, performed=True)
    post_fake(world)
    for _ in range(4):
        bot.tick()
        world.clock.sleep(300)
    assert len(world.reddit.received.messages) == 1
    assert action_states(bot)["message"] == ActionState.DONE
    assert flat(world.reddit.received.messages[0][2]).startswith("Your post in r/clips was removed.")
