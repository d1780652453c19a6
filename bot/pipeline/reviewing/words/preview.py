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
    "report": "the report stays, for Reddit takes none back",
    "modmail": "the modmail stays",
    "message": "the message to its author stays, and can be answered by one of yours",
}


def preview(store: Store, case: CaseRow, verb: Decision) -> list[str]:
    """Return what a decision would do, with every text that others would read. Raises UsageError if it cannot be."""
    deeds = deeds_of(case, store.actions.of_case(case.id), verb)
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
        lines += _shown("message to the author", {"subject": told[0], "text": told[1]})
    lines += [f"take back: {row.action.kind}" for row in deeds.undo]
    lines += [f"not done: {row.action.kind}" for row in deeds.withhold]
    return lines or [NOTHING]


def deeds_in_words(lines: Sequence[str]) -> str:
    """Return in a few words what such lines amount to: `removes the post, tells its author`."""
    told = []
    for line in lines:
        if line.startswith("take back: "):
            told.append(BACK.get(line.removeprefix("take back: "), f"takes {line.removeprefix('take back: ')} back"))
        elif not line.startswith((" ", "not done: ")) and line != NOTHING:
            told.append(DEEDS.get(line, line))
    return ", ".join(dict.fromkeys(told)) or "does nothing to the post"


def not_in_mode(lines: Sequence[str], mode: Mode) -> list[str]:
    """Return which deeds of such lines a subreddit's mode does not allow yet."""
    return [line for line in lines if line in KINDS and mode not in actions.get(line).modes]


def _shown(kind: str, params: Mapping[str, str]) -> list[str]:
    """Return an action as lines: the deed, and each text in it."""
    lines = [kind]
    for name, text in params.items():
        first, *rest = [line for line in text.splitlines() if line.strip()] or [""]
        lines += [f"  {name.replace('_', ' ')}: {first}", *(f"    {line}" for line in rest)] if first else []
    return lines
