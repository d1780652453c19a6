"""The evidence ladder: how far one match may carry a rule.

A fake and its source share everything but the face, so a near copy of a known fake may be the genuine clip of a
performer who did nothing wrong. Without a person, only the very file and a near copy whose face region agrees remove
a post, and only for entries that a second person confirmed; an entry that one person confirmed alone speaks for its
exact file only. A near copy alone goes to the moderators, and so does all that only Reddit's preview of a media shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from bot.model import BankKind, Match, Outcome


class ActionLevel(IntEnum):
    """What a rule does to a post, weakest first; also the most that some evidence allows."""

    IGNORE = 0
    REVIEW = 1
    REPORT = 2
    REMOVE = 3

    @property
    def word(self) -> str:
        """The word of the rules for it."""
        return self.name.lower()

    @property
    def outcome(self) -> Outcome:
        """The verdict that it amounts to."""
        if self is ActionLevel.IGNORE:
            return "ignore"
        return "review" if self is ActionLevel.REVIEW else "act"


PREVIEW_REACH = ActionLevel.REPORT  # the most that Reddit's preview of a media allows: it is less than the media


def counts(match: Match) -> bool:
    """Return whether a match is a copy at all.

    An allow entry never is. A suppressed match is not, nor one whose face region differs, unless it is the very file.
    """
    if match.bank_kind == "allow":
        return False
    return match.exact or not (match.suppressed or match.face_region == "differs")


def reach(match: Match) -> ActionLevel:
    """Return the most that a match allows without a person."""
    if not counts(match):
        return ActionLevel.IGNORE
    if match.unsure or match.bank_kind != "block" or not match.confirmed or (match.one_person and not match.exact):
        return ActionLevel.REVIEW
    return ActionLevel.REMOVE if match.exact or match.face_region == "agrees" else ActionLevel.REPORT


def is_fake(match: Match) -> bool:
    """Return whether a match is a copy of what its bank calls a fake, rather than of original footage."""
    return counts(match) and match.bank_kind in ("block", "watch")


def kind_reach(kind: BankKind) -> ActionLevel:
    """Return the most that any match of such a bank allows."""
    return {
        "block": ActionLevel.REMOVE,
        "source": ActionLevel.REVIEW,
        "watch": ActionLevel.REVIEW,
        "allow": ActionLevel.IGNORE,
    }[kind]


def support(matches: Iterable[Match]) -> tuple[ActionLevel, Match | None]:
    """Return the most that any of the matches allows, and that match; review, None without one."""
    best: tuple[ActionLevel, Match | None] = (ActionLevel.REVIEW, None)
    for match in matches:
        step = reach(match)
        if best[1] is None or step > best[0]:
            best = (step, match)
    return best


def shortfall(match: Match | None) -> str:
    """Return, in words, why the evidence does not carry more than it does."""
    if match is None:
        return "no copy of a banked media stands behind it"
    if match.bank_kind in ("watch", "source"):
        return f"entries of {match.bank_kind} banks are for review only"
    if match.one_person:
        return "one person alone confirmed the entry, which suffices for its exact file only"
    if match.unsure:
        return "it may be another take, another moment of the same scene, or another page"
    if not match.confirmed:
        return "the entry has not been confirmed by a second person"
    return "a near copy alone may be the original footage"


def level_of(kind: str) -> ActionLevel:
    """Return the rung that an action of this kind needs if no person decides.

    Whatever changes a post or speaks of its author weighs as much as a removal; a report goes to moderators only.
    """
    return {"report": ActionLevel.REPORT, "modmail": ActionLevel.REVIEW, "notice": ActionLevel.REVIEW}.get(
        kind, ActionLevel.REMOVE
    )
