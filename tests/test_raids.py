"""What moderators read of cases on Reddit: how sure, what was done, how to answer; a raid in one conversation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.loopback.stage import Stage, write_rules
from bot.model import Evidence, FaceMatch, Link, Match, SourceMatch
from bot.pipeline import Pipeline
from bot.plural import odds
from bot.rules.sureness import sureness
from tests.bots import bank_the_fake, bot_on, changed, near_copy, post_fake
from tests.killing import Silent

LINK = "https://redgifs.com/watch/OneTwoThree"


def test_a_removal_is_told_with_what_was_done(world: Stage, bot: Pipeline) -> None:
    """The rule's words, then how sure, what was done and how to answer."""
    post_fake(world)
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    ((_, subject, body),) = world.reddit.modmails
    assert case.label in subject
    assert "holds a known fake on redgifs" in body
    assert "**How sure:** certain: the exact file of an entry, byte for byte" in body
    assert "**Done:** removed; its author is told (one message a day)" in body
    assert f"**Wrong?** Answer here `gifwarden, undo {case.label}`" in body
    assert "looks like" not in body.lower()


@pytest.mark.slow
def test_the_answer_that_it_names_is_understood(world: Stage, bot: Pipeline) -> None:
    """What the message proposes, written as it stands there, is carried out."""
    name = post_fake(world)
    bot.tick()
    ((_, _, body),) = world.reddit.modmails
    proposed = body.partition("Answer here `")[2].partition("`")[0]
    (conversation,) = [key for key, mail in world.reddit.world.conversations.items() if mail["isInternal"]]
    world.clock.sleep(60)
    world.reddit.actions.answer_mail(conversation, "head_moderator", proposed)
    bot.tick()
    assert world.reddit.approvals == [name]


@pytest.mark.slow
def test_a_report_says_how_sure_and_what_to_do(world: Stage, bot: Pipeline) -> None:
    """A near copy and, where nothing is removed, an exact file: each by its word, within Reddit's 100 characters."""
    near = post_fake(world, data=near_copy)
    exact = post_fake(world, "gifs", id="FourFiveSix")
    bot.tick()
    reasons = {name: reason for name, reason, _ in world.reddit.reports}
    assert reasons[near].startswith("Near copy of a known fake, not removed: approve or remove it (case C-")
    assert reasons[exact].startswith("Exact file of a known fake, not removed: approve or remove it (case C-")
    assert max(map(len, reasons.values())) <= 100


@pytest.mark.slow
def test_an_exact_file_never_looks_like_one(world: Stage, tmp_path: Path) -> None:
    """A report that a weaker rule adds says the removal's reason, whatever words of an earlier version it has."""
    own = write_rules(tmp_path / "own")
    world = changed(world, storage={**world.config.storage.model_dump(), "rules": own})
    path = own / "20-near-copies.yaml"
    text = path.read_text(encoding="utf-8")
    old = text.replace("{{sure}} of a known fake, not removed: approve or remove it", "Looks like a known fake")
    assert old != text
    path.write_text(old, encoding="utf-8")
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        exact = post_fake(world, "gifs")
        near = post_fake(world, "gifs", id="FourFiveSix", data=near_copy)
        bot.tick()
    reasons = {name: reason for name, reason, _ in world.reddit.reports}
    assert reasons[exact].startswith("Exact file of a known fake (case C-")
    assert reasons[near].startswith("Looks like a known fake (case C-")


def test_where_nothing_is_removed_the_modmail_says_so(world: Stage, bot: Pipeline) -> None:
    """In mode report: reported, and what enforce would do."""
    post_fake(world, "gifs")
    bot.tick()
    ((place, _, body),) = world.reddit.modmails
    assert place == "gifs"
    assert "**Done:** reported; not removed; mode report: would remove it in enforce" in body


@pytest.mark.slow
def test_a_raid_is_one_conversation_that_goes_on(world: Stage) -> None:
    """The first post is told at once; the others together, at most every ten minutes, with posts, authors and links."""
    world = changed(world, actions={"per_hour": 1000, "per_day": 1000, "flood_authors": 100})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        bot.tick()
        (conversation,) = [key for key, mail in world.reddit.world.conversations.items() if mail["isInternal"]]
        for number in range(30):
            world.reddit.submit("clips", author=f"raider{number % 5}", title=f"x{number}", url=LINK)
            if number % 10 == 0:
                world.clock.sleep(60)
                bot.tick()
        for _ in range(12):
            world.clock.sleep(300)
            bot.tick()
        store = bot.deps.store
        labels = {case.label for case in store.cases.listing()}
    assert len(world.reddit.removals) == 31
    assert len(world.reddit.modmails) == 1
    answers = [body for place, body in world.reddit.answers if place == conversation]
    assert len(answers) == len(world.reddit.answers) == 1
    (update,) = answers
    assert update.startswith("**Update: 30 more posts**\n\n30 posts by 5 authors:")
    assert "**Removed; its author is told (one message a day)**" in update
    assert "- 30 posts, 5 authors (exact file): https://www.reddit.com/r/clips/comments/" in update
    assert "and 29 more)" in update
    assert len(labels) == 31
    assert len(world.reddit.received.messages) == 6


@pytest.mark.slow
def test_a_long_raid_stays_in_its_conversation(world: Stage, bot: Pipeline) -> None:
    """Hours later, when other matters would open a conversation anew, the same media goes on where it began."""
    post_fake(world)
    bot.tick()
    for hour in range(3):
        world.clock.sleep(3600)
        world.reddit.submit("clips", author=f"raider{hour}", title=f"x{hour}", url=LINK)
        bot.tick()
    assert len(world.reddit.removals) == 4
    assert (len(world.reddit.modmails), len(world.reddit.answers)) == (1, 3)


@pytest.mark.slow
def test_no_bare_word_below_a_message_about_many(world: Stage, bot: Pipeline) -> None:
    """A first message that speaks for several cases leaves nobody guessing which of them `undo` means."""
    post_fake(world)
    bot.tick()
    for number in range(3):
        world.reddit.submit("clips", author=f"raider{number}", title=f"x{number}", url=LINK)
    bot.tick()
    world.clock.sleep(3 * 86_400)
    bot.tick()  # long after, in a new conversation: one message for three cases
    assert len(world.reddit.modmails) == 2
    place = [key for key, mail in world.reddit.world.conversations.items() if mail["isInternal"]][-1]
    world.clock.sleep(60)
    world.reddit.actions.answer_mail(place, "head_moderator", "undo")
    bot.tick()
    assert world.reddit.approvals == []


@pytest.mark.slow
def test_each_message_alone_where_that_is_wanted(world: Stage) -> None:
    """With modmail_minutes = 0 each case is told by itself, at once."""
    world = changed(world, actions={"modmail_minutes": 0})
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        post_fake(world)
        world.reddit.submit("clips", author="raider", title="x", url=LINK)
        bot.tick()
    assert len(world.reddit.modmails) == 2


MATCH = Match(media=0, bank="a", bank_kind="block", entry="E-1", confirmed=True, method="pdq", signal="pdq", distance=8)


@pytest.mark.parametrize(
    ("changes", "short"),
    [
        ({"method": "sha256"}, "Exact file"),
        ({"face_region": "agrees"}, "Near copy (faces agree)"),
        ({}, "Near copy"),
        ({"unsure": True}, "Perhaps a copy"),
        ({"bank_kind": "source"}, "Known footage"),
        ({"suppressed": True}, "A rule's words"),
        ({"method": "md5", "suppressed": True}, "Exact file"),
        ({"bank_kind": "watch", "method": "md5"}, "Exact file"),
    ],
)
def test_each_rung_has_one_word(changes: dict[str, object], short: str) -> None:
    """The best match decides; what is less than a copy is said to be that."""
    link = Link(url="u", host="direct", id="x", kind="media", source="target")
    found = replace(MATCH, **changes)  # type: ignore[arg-type]  # names of fields, from the table above
    weak = replace(MATCH, unsure=True, confirmed=False)
    evidence = Evidence(
        target="u",
        link=link,
        matches=(weak, found) if short not in ("Perhaps a copy", "Known footage", "A rule's words") else (found,),
    )
    assert sureness(evidence).short == short
    assert sureness(Evidence(target="u", link=link, source=(SourceMatch(entry="E-1"),))).short == "Known footage"
    assert sureness(Evidence(target="u", link=link, faces=(FaceMatch(person="P-1"),))).short == "A likeness"


@pytest.mark.parametrize(
    ("probability", "said"),
    [(1.0, "over 0.99"), (0.9999, "over 0.99"), (0.99, "0.99"), (0.5, "0.50"), (0.004, "under 0.01"), (0.0, "0.00")],
)
def test_no_probability_is_a_certainty(probability: float, said: str) -> None:
    """Two digits, and beyond them no round number."""
    assert odds(probability) == said
