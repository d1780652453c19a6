"""What a decision on a case does to its actions: what goes ahead, is left, is done besides, is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot import actions
from bot.errors import UsageError
from bot.model import ActionState, Decision, Mode, PlannedAction
from bot.pipeline.judging.judge import ON_THE_POST
from bot.rules import CONFIRMED
from bot.store import ActionRow, CaseRow

REVERSIBLE = frozenset({"remove", "lock", "spoiler", "nsfw", "flair", "note"})
INSTEAD = frozenset({Decision.REMOVE, Decision.REPORT, Decision.LEAVE_UP})  # of what its rule asks for
UNSENT = (ActionState.PLANNED, ActionState.HELD)
IN_DOUBT = (ActionState.SENDING, ActionState.UNKNOWN, ActionState.PARKED)
GONE = (ActionState.CANCELLED, ActionState.FAILED, ActionState.UNDONE)

WITHHELD = {
    Decision.DISMISS: "the case was dismissed",
    Decision.LEAVE_UP: "a moderator leaves the post up",
    Decision.REPORT: "a moderator only reports it",
    Decision.REMOVE: "a moderator decided otherwise than to report it",
    Decision.CONFIRM: "the post is removed instead",
}
SAID = {
    Decision.CONFIRM: "case confirmed",
    Decision.REMOVE: "case confirmed: remove",
    Decision.REPORT: "case confirmed: report",
    Decision.LEAVE_UP: "case confirmed: leave up",
    Decision.DISMISS: "case dismissed",
    Decision.GIVE_BACK: "what a wrong entry carried is taken back",
    Decision.LET_STAND: "what a wrong entry carried stays",
}
"""What the audit trail says of a decision."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a decision does to the actions of a case."""

    go: tuple[ActionRow, ...] = ()  # held until now
    withhold: tuple[ActionRow, ...] = ()  # not sent yet, and will not be
    new: tuple[PlannedAction, ...] = ()
    undo: tuple[ActionRow, ...] = ()  # done, and taken back
    keep: tuple[ActionRow, ...] = ()  # was to be taken back, and stays done
    stop: tuple[ActionRow, ...] = ()  # being sent at this moment, or nobody knows: not sent again


def deeds_of(case: CaseRow, rows: Iterable[ActionRow], verb: Decision, mode: Mode) -> Deeds:
    """Return what a decision does to the actions of a case in a subreddit of that mode.

    Raises UsageError if that makes no sense.
    """
    if case.proposal is not None and verb in INSTEAD:
        raise UsageError(
            f"{case.label} is a proposal, and nothing is done to its posts, which moderators removed long ago; "
            f"confirm or dismiss it"
        )
    rows = [row for row in rows if row.action.kind != "notice"]
    unsent = tuple(row for row in rows if row.state in UNSENT)
    done = tuple(row for row in rows if row.state == ActionState.DONE)
    waits = tuple(row for row in rows if row.state == ActionState.UNDO_PLANNED)
    doubt = tuple(row for row in rows if row.state in IN_DOUBT)
    # what was done to the post for another case stands for this one too
    live = {row.action.kind for row in rows if row.state not in GONE or row.done_by is not None}
    match verb:
        case Decision.DISMISS | Decision.UNDO:
            return Deeds(withhold=unsent, undo=done)
        case Decision.GIVE_BACK | Decision.LET_STAND:
            return Deeds()  # told row by row, not case by case
        case Decision.LEAVE_UP:
            return Deeds(
                go=tuple(row for row in unsent if row.action.kind not in ON_THE_POST),
                withhold=tuple(row for row in unsent if row.action.kind in ON_THE_POST),
                undo=tuple(row for row in done if row.action.kind in REVERSIBLE),
                stop=tuple(row for row in doubt if row.action.kind in ON_THE_POST),
            )
        case Decision.REPORT:
            instead = ON_THE_POST - {"report"}
            if any(row.action.kind == "remove" for row in done):
                raise UsageError(
                    f"{case.label}: the post is removed already, and Reddit takes no reports on it; "
                    f"first: gifwarden cases undo {case.label}"
                )
            return Deeds(
                go=tuple(row for row in unsent if row.action.kind not in instead),
                withhold=tuple(row for row in unsent if row.action.kind in instead),
                new=() if "report" in live else (_wanted(case, "report"),),
                keep=tuple(row for row in waits if row.action.kind == "report"),
                stop=tuple(row for row in doubt if row.action.kind in instead),
            )
        case Decision.REMOVE:
            return Deeds(
                go=tuple(row for row in unsent if row.action.kind != "report"),
                withhold=tuple(row for row in unsent if row.action.kind == "report"),
                new=() if "remove" in live else (_wanted(case, "remove"),),
                keep=waits,
            )
        case Decision.CONFIRM:
            undone = {row.action.kind for row in rows if row.state == ActionState.UNDONE} - live
            asked = (*case.verdict.actions, *case.verdict.on_confirm)
            again = {action.kind: action for action in asked if action.kind in undone}
            kinds = {row.action.kind for row in unsent} | again.keys()
            if "remove" in kinds and mode in actions.get("remove").modes:
                # a report asks moderators what to do with a post, and one has just decided that
                again.pop("report", None)
                withheld = tuple(row for row in unsent if row.action.kind == "report")
                go = tuple(row for row in unsent if row not in withheld)
                return Deeds(go=go, withhold=withheld, new=tuple(again.values()), keep=waits)
            return Deeds(go=unsent, new=tuple(again.values()), keep=waits)


def _wanted(case: CaseRow, kind: str) -> PlannedAction:
    """Return the action of a kind as the rule asks for it, or with plain words if it does not."""
    asked = (*case.verdict.on_confirm, *case.verdict.actions)
    return next((one for one in asked if one.kind == kind), PlannedAction(kind=kind, params={"reason": CONFIRMED}))
