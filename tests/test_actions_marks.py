"""Marks, flair, reasons, notes, messages, approvals, bans: done once, found again, undone only while they are ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.actions import ACTIONS, RULE_KINDS, get
from bot.actions.message import title_of
from bot.errors import RedditError, UsageError
from bot.model import Action, Receipt
from tests.test_actions import Stage, perform, probe, stage, undo

__all__ = ["stage"]

BOT = "gifwarden_bot"
MARKS = {"lock": "locked", "spoiler": "spoiler", "nsfw": "over_18"}
# What puts each kind's post into the state in which it is performed, and takes the deed back as another moderator.
OVERRULED: dict[str, Callable[[Stage, Action], None]] = {
    "lock": lambda stage, action: stage.server.actions.mark(action.post, "lock", "alice", on=False),
    "spoiler": lambda stage, action: stage.server.actions.mark(action.post, "spoiler", "alice", on=False),
    "nsfw": lambda stage, action: stage.server.actions.mark(action.post, "nsfw", "alice", on=False),
    "flair": lambda stage, action: stage.server.actions.flair(action.post, "alice", text="Fine"),
    "remove": lambda stage, action: stage.server.moderator_approves(action.post, "alice"),
    "approve": lambda stage, action: stage.server.moderator_removes(action.post, "alice"),
    "ban": lambda stage, action: stage.server.actions.unban("testsub", action.params["user"], "alice"),
}


def ready(stage: Stage, kind: str, **changes: Any) -> Action:
    """Return an action of a kind on a post that is as it must be for it."""
    post = stage.post()
    if kind in ("message", "approve"):
        perform(stage, stage.action("remove", post, params={}))
    return stage.action(kind, post, **changes)


def remembering(stage: Stage, action: Action, receipt: Receipt) -> None:
    """Let the world know the receipt of an action, as the store does."""
    stage.world = replace(stage.world, receipt={action.id: receipt}.get)


@pytest.mark.parametrize("kind", sorted({"lock", "spoiler", "nsfw", "flair", "note", "message", "approve", "ban"}))
def test_a_deed_is_found_after_it_and_not_before(stage: Stage, kind: str) -> None:
    """The probe says absent before and done afterwards, of this action and of no other."""
    action = ready(stage, kind)
    assert probe(stage, action) == "absent"
    perform(stage, action)
    assert probe(stage, action) == "done"


@pytest.mark.parametrize("kind", sorted(OVERRULED))
def test_what_was_overruled_was_still_done_and_stays_overruled(stage: Stage, kind: str) -> None:
    """After another moderator changed it, the probe says done, and undo names them and does nothing."""
    action = ready(stage, kind)
    remembering(stage, action, perform(stage, action))
    stage.clock.sleep(60)
    OVERRULED[kind](stage, action)
    before = len(stage.server.mod_log)
    assert probe(stage, action) == "done"
    with pytest.raises(UsageError, match="alice"):
        undo(stage, action)
    assert len(stage.server.mod_log) == before


@pytest.mark.parametrize("kind", sorted(MARKS))
def test_a_mark_is_set_once_and_taken_off(stage: Stage, kind: str) -> None:
    """The mark is on the post; a second try sets nothing; undo takes it off, once."""
    action = ready(stage, kind)
    perform(stage, action)
    assert "already" in perform(stage, action).detail
    assert stage.server.world.things[action.post][MARKS[kind]] is True
    undo(stage, action)
    assert stage.server.world.things[action.post][MARKS[kind]] is False
    undo(stage, action)
    assert stage.server.received.marks == [(action.post, kind), (action.post, f"un{kind}")]


@pytest.mark.parametrize("kind", sorted(MARKS))
def test_a_mark_that_stood_there_is_not_ours(stage: Stage, kind: str) -> None:
    """What the author or a moderator marked stays marked by undo."""
    action = ready(stage, kind)
    stage.server.world.things[action.post][MARKS[kind]] = True
    perform(stage, action)
    assert probe(stage, action) == "absent"
    with pytest.raises(UsageError, match="mod log"):
        undo(stage, action)
    assert stage.server.received.marks == []


@pytest.mark.parametrize("kind", ["spoiler", "nsfw", "flair"])
def test_a_comment_takes_no_marks(stage: Stage, kind: str) -> None:
    """Only a submission can be marked; the error says what to add to the rule. A comment can be locked."""
    comment = stage.server.comment(stage.post(), author="poster", body="https://i.imgur.com/a.gif")
    with pytest.raises(UsageError, match="type: submission"):
        perform(stage, stage.action(kind, comment))
    perform(stage, stage.action("lock", comment))
    assert stage.server.received.marks == [(comment, "lock")]


@pytest.mark.parametrize("kind", ["lock", "spoiler", "nsfw", "flair", "note"])
@pytest.mark.parametrize("how", ["approved", "removed", "deleted", "missing"])
def test_nothing_on_what_others_decided(stage: Stage, kind: str, how: str) -> None:
    """A post that somebody approved, removed or deleted is left alone: a final error."""
    action = ready(stage, kind)
    if how == "approved":
        stage.server.moderator_approves(action.post, "alice")
    elif how == "removed":
        stage.server.moderator_removes(action.post, "alice")
    elif how == "deleted":
        stage.server.delete(action.post)
    else:
        action = replace(action, post="t3_zzzzz")
    with pytest.raises(RedditError) as caught:
        perform(stage, action)
    assert caught.value.retry is False
    assert (stage.server.received.marks, stage.server.received.notes) == ([], [])


def test_what_we_removed_can_be_marked(stage: Stage) -> None:
    """Our own removal does not stand in the way of locking."""
    action = ready(stage, "lock")
    stage.server.moderator_removes(action.post, BOT)
    perform(stage, action)
    assert stage.server.received.marks == [(action.post, "lock")]


def test_a_flair_is_put_back_as_it_was(stage: Stage) -> None:
    """Undo sets the flair of before, text and class."""
    post = stage.post(link_flair_text="Clip", link_flair_css_class="clip")
    action = stage.action("flair", post, params={"text": "Under review", "overwrite": "true"})
    receipt = perform(stage, action)
    assert json.loads(receipt.reference) == {"text": "Clip", "css_class": "clip", "template": ""}
    remembering(stage, action, receipt)
    assert stage.server.world.things[post]["link_flair_text"] == "Under review"
    undo(stage, action)
    thing = stage.server.world.things[post]
    assert (thing["link_flair_text"], thing["link_flair_css_class"]) == ("Clip", "clip")


def test_a_flair_overwrites_only_when_told(stage: Stage) -> None:
    """As AutoModerator does: a flair that is there stays unless the rule says otherwise."""
    post = stage.post(link_flair_text="Clip")
    assert "stays" in perform(stage, stage.action("flair", post)).detail
    assert stage.server.world.things[post]["link_flair_text"] == "Clip"


def test_a_flair_by_template_is_recognised(stage: Stage) -> None:
    """A template brings its own text; performing twice sets it once; too long a text is cut."""
    action = ready(stage, "flair", params={"template": "1a2b-3c"})
    perform(stage, action)
    perform(stage, action)
    assert len(stage.server.received.marks) == 1
    long = ready(stage, "flair", params={"text": "x" * 100})
    perform(stage, long)
    assert len(stage.server.world.things[long.post]["link_flair_text"]) == 64
    with pytest.raises(UsageError, match="template"):
        perform(stage, ready(stage, "flair", params={}))


def test_a_flair_without_its_receipt_is_left_to_people(stage: Stage) -> None:
    """When nobody knows what was there before, undo says so instead of guessing."""
    action = ready(stage, "flair")
    perform(stage, action)
    with pytest.raises(UsageError, match="nobody knows"):
        undo(stage, action)


def test_a_note_is_written_and_deleted(stage: Stage) -> None:
    """The note names case and action; undo deletes it; what is deleted already is no error."""
    action = ready(stage, "note", params={"text": "Known fake " * 40, "label": "ABUSE_WARNING"})
    receipt = perform(stage, action)
    ((place, user, text),) = stage.server.received.notes
    assert (place, user) == ("testsub", "poster")
    assert len(text) in (249, 250)
    assert text.endswith("… [C-1a2b #7]")
    assert get("note").recover(action, stage.world) == receipt
    assert stage.server.actions.notes[0]["user_note_data"]["label"] == "ABUSE_WARNING"
    undo(stage, action)
    assert stage.server.actions.notes == []
    remembering(stage, action, receipt)
    assert "already" in undo(stage, action).detail


def test_a_removal_carries_the_subreddits_reason(stage: Stage) -> None:
    """The reason is found by title in any case of letters, and our words stand beside it for moderators."""
    stage.server.actions.add_reason("testsub", "Rule 3: no fakes")
    action = ready(stage, "remove", params={"reason": "Known fake (case C-1a2b)", "removal_reason": "rule 3: No fakes"})
    assert perform(stage, action).detail == "removed with its reason"
    thing = stage.server.world.things[action.post]
    assert (thing["mod_reason_title"], thing["mod_note"]) == ("Rule 3: no fakes", "Known fake (case C-1a2b)")


def test_a_removal_without_its_reason_is_done_in_part(stage: Stage) -> None:
    """A cut between the two calls: the probe says partly, and performing again gives the reason without removing."""
    stage.server.actions.add_reason("testsub", "Fakes")
    action = ready(stage, "remove", params={"removal_reason": "Fakes"})
    stage.server.moderator_removes(action.post, BOT)
    assert probe(stage, action) == "partly"
    perform(stage, action)
    assert probe(stage, action) == "done"
    assert stage.server.removals == []
    assert stage.server.world.things[action.post]["mod_reason_title"] == "Fakes"


def test_a_reason_that_comes_late_is_added_by_the_next_try(stage: Stage) -> None:
    """Reddit stumbles over the reason: the removal is done in part, and the next try adds what is missing."""
    action = ready(stage, "remove")
    stage.server.fail_next("modactions/removal_reasons", status=500, body=b"{}")
    with pytest.raises(RedditError) as caught:
        perform(stage, action)
    assert caught.value.ambiguous
    assert probe(stage, action) == "partly"
    assert "with its reason" in perform(stage, action).detail
    assert stage.server.removals == [action.post]


@pytest.mark.parametrize("status", [400, 403])
def test_a_reason_that_fails_does_not_undo_the_removal(stage: Stage, status: int) -> None:
    """The removal counts; the receipt says that the reason is missing."""
    action = ready(stage, "remove")
    stage.server.fail_next("modactions/removal_reasons", status=status, body=b"{}")
    assert "its reason is missing" in perform(stage, action).detail
    assert stage.server.removals == [action.post]


def test_an_unknown_reason_is_said(stage: Stage) -> None:
    """A reason that the subreddit does not have is named; our own words are given all the same."""
    action = ready(stage, "remove", params={"reason": "Known fake", "removal_reason": "Rule 9"})
    assert "no removal reason 'Rule 9'" in perform(stage, action).detail
    assert stage.server.world.things[action.post]["mod_note"] == "Known fake"


def test_the_author_is_written_to_as_the_subreddit(stage: Stage) -> None:
    """A private message with the case in its title of at most 50 characters; never a comment; it cannot be unsent."""
    action = ready(stage, "message", params={"subject": "A known fake " * 9, "body": "Answer if it is wrong."})
    perform(stage, action)
    ((post, title, body),) = stage.server.received.messages
    assert (post, body, len(title)) == (action.post, "Answer if it is wrong.", 50)
    assert title.endswith("… (C-1a2b)")
    (conversation,) = stage.server.world.conversations.values()
    assert conversation["participant"]["name"] == "poster"
    assert title_of(action) in conversation["subject"]
    recovered = get("message").recover(action, stage.world)
    assert recovered is not None
    assert recovered.reference == conversation["id"]
    assert [thing for thing in stage.server.world.things if thing.startswith("t1_")] == []
    with pytest.raises(UsageError, match="same conversation"):
        undo(stage, action)


def test_an_archived_message_is_found(stage: Stage) -> None:
    """Reddit archives conversations by itself; what is archived was still sent."""
    action = ready(stage, "message")
    perform(stage, action)
    for conversation in stage.server.world.conversations.values():
        conversation["state"] = 2
    assert probe(stage, action) == "done"


@pytest.mark.parametrize("how", ["up", "theirs", "gone"])
def test_no_author_is_written_to_without_our_removal(stage: Stage, how: str) -> None:
    """Nothing is written about a post that stands, that somebody else removed, or whose author is gone."""
    action = stage.action("message", stage.post())
    if how == "theirs":
        stage.server.moderator_removes(action.post, "alice")
    elif how == "gone":
        stage.server.moderator_removes(action.post, BOT)
        stage.server.delete(action.post)
    with pytest.raises(RedditError) as caught:
        perform(stage, action)
    assert caught.value.retry is False
    assert stage.server.received.messages == []


def test_an_approval_gives_back_only_what_is_ours(stage: Stage) -> None:
    """Our removal is approved, however long ago it was; theirs is not; undo removes again."""
    action = ready(stage, "approve")
    stage.clock.sleep(86_400 * 3)
    later = replace(action, planned=stage.clock.now())
    perform(stage, later)
    assert stage.server.approvals == [action.post]
    undo(stage, later)
    assert stage.server.removals == [action.post, action.post]
    theirs = stage.action("approve", stage.post())
    stage.server.moderator_removes(theirs.post, "alice")
    with pytest.raises(UsageError, match="alice"):
        perform(stage, theirs)
    with pytest.raises(UsageError, match="no removal"):
        perform(stage, stage.action("approve", stage.post()))


def test_a_ban_names_who_ordered_it(stage: Stage) -> None:
    """The note for moderators ends in the person; a second try bans nobody twice; undo lifts it once."""
    action = ready(stage, "ban")
    assert perform(stage, action).detail == "banned for 7 days"
    assert "already" in perform(stage, action).detail
    assert stage.server.received.bans == [("testsub", "somebody", "Known fakes, again (ordered by alice)")]
    undo(stage, action)
    assert stage.server.actions.bans == {}
    assert "already" in undo(stage, action).detail


@pytest.mark.parametrize("missing", ["user", "by", "why"])
def test_nobody_is_banned_without_a_person(stage: Stage, missing: str) -> None:
    """Without a name, a reason or a user there is no ban; nor for a strange number of days."""
    action = ready(stage, "ban")
    with pytest.raises(UsageError, match="who bans whom"):
        perform(stage, replace(action, params={**action.params, missing: ""}))
    with pytest.raises(UsageError, match="1 to 999"):
        perform(stage, replace(action, params={**action.params, "days": "1000"}))
    assert stage.server.received.bans == []


def test_rules_cannot_ask_for_what_only_people_do() -> None:
    """Approvals and bans are not among what a rule may plan."""
    assert {"approve", "ban"} & RULE_KINDS == set()
    assert {
        "report",
        "remove",
        "lock",
        "spoiler",
        "nsfw",
        "flair",
        "note",
        "message",
        "modmail",
        "notice",
    } <= RULE_KINDS


@pytest.mark.parametrize("plug", ACTIONS, ids=lambda plug: plug.kind)
def test_every_plug_names_rights_that_reddit_has(plug: Any) -> None:
    """The rights that a plug needs are Reddit's words for them."""
    assert plug.rights <= {"posts", "mail", "flair", "access"}


def test_a_burst_becomes_one_conversation(stage: Stage) -> None:
    """While a conversation is open, further messages are answers in it, each found again by its end."""
    first = stage.action("modmail", stage.post())
    opened = perform(stage, first).reference
    stage.world = replace(stage.world, open_mail=lambda _subreddit, _at: opened)
    second = replace(first, id=8)
    assert probe(stage, second) == "absent"
    assert perform(stage, second).reference == opened
    assert probe(stage, second) == "done"
    assert len(stage.server.modmails) == 1
    ((conversation, body),) = stage.server.received.answers
    assert conversation == opened
    assert body == "**A known fake was removed**\n\nPlease look at case C-1a2b.\n\n[C-1a2b #8]"


def test_a_conversation_that_takes_no_more_is_followed_by_a_new_one(stage: Stage) -> None:
    """When the open conversation is gone, a new one is opened; when Reddit is down, nothing is doubled."""
    stage.world = replace(stage.world, open_mail=lambda _subreddit, _at: "zzz")
    perform(stage, stage.action("modmail", stage.post()))
    assert len(stage.server.modmails) == 1
    stage.server.fail_next("conversations/zzz", status=500)
    with pytest.raises(RedditError):
        perform(stage, stage.action("modmail", stage.post()))
    assert len(stage.server.modmails) == 1
