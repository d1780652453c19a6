"""What a removed post and a line of the log tell, whatever stands in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import ModAction, PastState, Remover, Skipped
from bot.pipeline.watching.past_facts import Choice, heard, looked_at, merged, of_removed, remover_of, said
from bot.store import PastRemoval

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ME = "gifwarden_bot"
KEYS = (
    "name", "author", "title", "body", "selftext", "removed_by_category", "banned_by", "banned_at_utc", "approved_by",
    "mod_reason_title", "mod_reason_by", "mod_note", "link_flair_text", "mod_reports", "user_reports", "removed",
    "spam",
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.lists(st.text(max_size=9)))
)
BASE = {"name": "t3_abc", "author": "poster_1", "removed_by_category": "moderator", "banned_by": "ann", "removed": True}


def row(**more: Any) -> PastRemoval:
    """A removal as the log tells it."""
    return PastRemoval(post="t3_abc", subreddit="clips", at=NOW, **more)


def line(action: str, minutes: int, by: str = "ann", details: str = "remove") -> ModAction:
    """A line of the log."""
    at = NOW + timedelta(minutes=minutes)
    return ModAction(id=f"x{minutes}", action=action, moderator=by, target="t3_abc", at=at, details=details)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
@pytest.mark.slow
def test_whatever_a_post_holds_is_read(data: dict[str, Any]) -> None:
    """No shape of a post breaks the look, and nothing of an author stays in what is kept."""
    for told in (looked_at(row(), data, ME), of_removed(data, ME, "clips", NOW)):
        assert told.state in (PastState.LOOKED, PastState.SKIPPED)
        assert (told.skipped is None) == (told.state is PastState.LOOKED)


@pytest.mark.parametrize(
    ("more", "skipped"),
    [
        ({}, None),
        ({"removed_by_category": "anti_evil_ops"}, Skipped.REDDIT),
        ({"removed_by_category": "reddit", "banned_by": True}, Skipped.REDDIT),
        ({"removed_by_category": "content_takedown"}, Skipped.REDDIT),
        ({"removed_by_category": "deleted"}, Skipped.DELETED),
        ({"removed_by_category": "author"}, Skipped.DELETED),
        ({"banned_by": ME}, Skipped.OURS),
        ({"removed_by_category": None, "banned_by": None, "removed": False}, Skipped.APPROVED),
        ({"removed_by_category": None, "banned_by": None, "removed": False, "approved_by": "ann"}, Skipped.APPROVED),
        ({"mod_note": "looks 16"}, Skipped.AGE),
        ({"mod_reason_title": "Sexualization of minors"}, Skipped.AGE),
        ({"link_flair_text": "Teen"}, Skipped.AGE),
        ({"mod_reports": [["Rule 2: no minors", "ann"]]}, Skipped.AGE),
        ({"user_reports": [["this is a child", 1, False, True]]}, Skipped.AGE),
        ({"title": "17yo"}, Skipped.AGE),
        ({"title": "Top 17 of 2026", "mod_reason_title": "Rule 17: no deepfakes"}, None),
    ],
)
def test_how_a_post_stands_decides(more: dict[str, Any], skipped: Skipped | None) -> None:
    """Reddit's own, authors', ours, what was put back and what speaks of age are left out, without a word of it."""
    told = looked_at(row(reason="Deepfake"), {**BASE, **more}, ME)
    assert told.skipped is skipped
    if skipped is not None:
        assert told.reason is told.note is told.rule is told.flair is None


@pytest.mark.parametrize(
    ("name", "remover"),
    [("ann", Remover.MODERATOR), ("AutoModerator", Remover.AUTOMODERATOR), ("Anti-Evil Operations", Remover.REDDIT),
     ("reddit", Remover.REDDIT), ("", Remover.REDDIT), (ME.upper(), Remover.OURS), ("Reddit Legal", Remover.REDDIT)],
)  # fmt: skip
def test_whose_a_removal_is(name: str, remover: Remover) -> None:
    """Accounts' names hold no blank; those of Reddit's own teams do."""
    assert remover_of(name, ME) is remover


def test_a_person_who_explains_makes_it_theirs() -> None:
    """What AutoModerator took down and a moderator gave a reason for is the moderator's."""
    data = {**BASE, "banned_by": "AutoModerator", "mod_reason_by": "ann", "mod_reason_title": "Deepfake"}
    assert looked_at(row(), data, ME).remover is Remover.MODERATOR
    assert looked_at(row(), {**data, "mod_reason_by": None}, ME).remover is Remover.AUTOMODERATOR


def read(*lines: ModAction) -> PastRemoval | None:
    """Read lines as the log shows them, the newest first."""
    known: PastRemoval | None = None
    for one in sorted(lines, key=lambda line: line.at, reverse=True):
        known = merged(known, heard(one, ME, "clips"), one.action) or known
    return known


def test_of_removals_and_approvals_the_newest_decides() -> None:
    """Removed, explained, approved, removed again: as it stands at last, with the reason that it was given."""
    remove, explain = line("removelink", 1), line("addremovalreason", 2, details="Deepfake")
    approve, again = line("approvelink", 3), line("removelink", 4, by="ben")
    told = read(remove, explain, approve)
    assert told is not None
    assert told.skipped is Skipped.APPROVED
    told = read(remove, explain, approve, again)
    assert told is not None
    assert (told.state, told.reason, told.at) == (PastState.READ, "Deepfake", again.at)
    told = read(remove, explain)
    assert told is not None
    assert (told.remover, told.reason, told.at) == (Remover.MODERATOR, "Deepfake", remove.at)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_reading_again_changes_nothing(order: tuple[int, ...]) -> None:
    """What was read and stands is the same however often a page is read again."""
    lines = (line("removelink", 1), line("addremovalreason", 2, details="Deepfake"), line("approvelink", 0))
    known = read(*lines)
    for place in order:
        assert merged(known, heard(lines[place], ME, "clips"), lines[place].action) is None


def test_age_in_the_log_is_remembered_without_its_words() -> None:
    """A reason in the log that speaks of age leaves a mark and no text."""
    told = read(line("removelink", 1), line("addremovalreason", 2, details="underage"))
    assert told is not None
    assert told.age
    assert told.reason is None
    assert looked_at(told, BASE, ME).skipped is Skipped.AGE


@pytest.mark.parametrize(
    ("wanted", "text", "told"),
    [("deepfake", "Deepfake", True), ("Deepfake", "Deepfake or AI porn", False),
     ("*fake*", "Deepfake or AI porn", True), ("a  b", "A b", True), ("[x]", "[x]", True), ("[x]", "x", False),
     ("wh?", "who", False), ("x", None, False)],
)  # fmt: skip
def test_a_text_is_named_whole(wanted: str, text: str | None, told: bool) -> None:
    """Letters large and small alike, `*` for anything, and no other sign means anything."""
    assert said(wanted, text) is told


def test_automoderator_is_named_by_its_rule_alone() -> None:
    """A flair or a reason names no removal of AutoModerator's; its rule does."""
    machine = row(remover=Remover.AUTOMODERATOR, reason="Deepfake", flair="Fake", rule="deepfake words")
    assert not Choice(reasons=("Deepfake",), flairs=("Fake",)).names(machine)
    assert Choice(rules=("deepfake words",)).names(machine)


@pytest.mark.parametrize("note", ["again poster_1", "by u/poster_1", "see /u/somebody_else", "POSTER_1!"])
def test_names_of_users_are_taken_out(note: str) -> None:
    """Who posted it, and anybody who is named as `u/name`, is nobody in what is kept."""
    told = looked_at(row(), {**BASE, "mod_note": note, "link_flair_text": note}, ME)
    assert "poster_1" not in f"{told.note}{told.flair}".casefold()
    assert "somebody_else" not in f"{told.note}{told.flair}"
