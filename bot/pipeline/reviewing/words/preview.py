"""What a decision would do, in words, before anybody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import actions
from bot.model import Decision, Mode, PlannedAction
from bot.pipeline.acting import telling
from bot.pipeline.judging.judge import filled
from bot.pipeline.reviewing.deeds import deeds_of
from bot.store import CaseRow, Store

NOTHING = "nothing is done to the post"
PROPOSED = {
    Decision.CONFIRM: "its media goes into the bank {bank}, on one person's word",
    Decision.DISMISS: "its media is not proposed again",
    Decision.UNDO: "what its decision put into banks is withdrawn, and its media is fetched again",
}
"""What a decision on a proposal does."""
TELL = "message to the author"
KINDS = frozenset(plug.kind for plug in actions.ACTIONS)
DEEDS = {
    "remove": "removes the post",
    "report": "reports it to its moderators",
    "lock": "locks it",
    "spoiler": "marks it as a spoiler",
    "nsfw": "marks it as NSFW",
    "flair": "sets its flair",
    "note": "leaves a note on the author",
    "modmail": "writes to its moderators",
    "message": "writes to its author",
    TELL: "tells its author",
}
WORDS = {
    Decision.CONFIRM: "It is a fake",
    Decision.REMOVE: "It is a fake: remove it",
    Decision.REPORT: "It is a fake: only report it",
    Decision.LEAVE_UP: "It is a fake: leave it up",
    Decision.DISMISS: "It is no fake",
    Decision.UNDO: "Take it back",
    Decision.GIVE_BACK: "It was a mistake: give it back",
    Decision.LET_STAND: "Let it stand",
}
"""What a person says by a decision, before anything is done."""
SAID = {
    Decision.CONFIRM: "confirmed",
    Decision.REMOVE: "confirmed: to be removed",
    Decision.REPORT: "confirmed: to be reported",
    Decision.LEAVE_UP: "confirmed, and left up",
    Decision.DISMISS: "dismissed",
    Decision.UNDO: "open again",
    Decision.GIVE_BACK: "given back",
    Decision.LET_STAND: "left as it is",
}
"""How a case stands by a decision."""
BACK = {
    "remove": "gives the post back",
    "lock": "unlocks it",
}
STAYS = {
    "report": "the report stays, for Reddit takes none back",
    "modmail": "the modmail stays",
    "message": "the message to its author stays, and can be answered by one of yours",
}


def preview(store: Store, case: CaseRow, verb: Decision, mode: Mode) -> list[str]:
    """Return what a decision would do in a subreddit of that mode, with every text that others would read.

    What the mode itself forbids is among it, see `in_mode`. Raises UsageError if it cannot be.
    """
    deeds = deeds_of(case, store.actions.of_case(case.id), verb, mode)
    if case.proposal is not None and verb in PROPOSED:
        return [PROPOSED[verb].format(bank=case.proposal), "nothing is done to any post"]
    planned = [PlannedAction(kind=row.action.kind, params=row.action.params) for row in deeds.go]
    planned += [filled(store, case, one) for one in deeds.new]
    told = telling.preview(
        {one.kind: one for one in planned},
        subreddit=case.post.subreddit,
        comment=case.post.is_comment,
        by_person=True,
    )
    read = [one for one in planned if one.kind != "message"] if told else planned
    lines = [line for one in read for line in _shown(one.kind, one.params)]
    if told:
        lines += _shown(TELL, {"subject": told[0], "text": told[1]})
    lines += [f"{'stays' if row.action.kind in STAYS else 'take back'}: {row.action.kind}" for row in deeds.undo]
    lines += [f"not done: {row.action.kind}" for row in deeds.withhold]
    return lines or [NOTHING]


def deeds_in_words(lines: Sequence[str]) -> str:
    """Return in a few words what such lines amount to: `removes the post, tells its author`."""
    told = []
    for line in lines:
        how, _, kind = line.partition(": ")
        if how == "stays":
            told.append(STAYS[kind])
        elif how == "take back":
            told.append(BACK.get(kind, f"takes {kind} back"))
        elif not line.startswith((" ", "not done: ")) and line != NOTHING:
            told.append(DEEDS.get(line, line))
    return ", ".join(dict.fromkeys(told)) or "does nothing to the post"


def in_mode(lines: Sequence[str], mode: Mode) -> tuple[list[str], list[str]]:
    """Return which of such lines are done in a subreddit of that mode, and the deeds that it does not allow yet.

    An author is told of a removal, so nobody is told of one that is not done.
    """
    kept = {line for line in lines if line in KINDS and mode not in actions.get(line).modes}
    kept |= {TELL} if "remove" in kept else set()
    done: list[str] = []
    passed = False
    for line in lines:
        passed = line in kept if not line.startswith(" ") else passed
        if not passed:
            done.append(line)
    return done, [line for line in lines if line in kept]


def follows(lines: Sequence[str], mode: Mode, place: str) -> tuple[str, list[str]]:
    """Return in a few words what such lines come to in a subreddit, and the lines, which say what its mode forbids."""
    done, kept = in_mode(lines, mode)
    said = deeds_in_words(done)
    if not kept:
        return said, done
    why = f"r/{place} is in mode {mode}"
    if done:
        said += "; the post stays" if "remove" in kept else f"; not yet: {', '.join(kept)}"
    return f"{said}, for {why}", [*done, *(f"not while {why}: {line}" for line in kept)]


def _shown(kind: str, params: Mapping[str, str]) -> list[str]:
    """Return an action as lines: the deed, and each text in it."""
    lines = [kind]
    for name, text in params.items():
        first, *rest = [line for line in text.splitlines() if line.strip()] or [""]
        lines += [f"  {name.replace('_', ' ')}: {first}", *(f"    {line}" for line in rest)] if first else []
    return lines
