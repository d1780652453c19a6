"""Deciding: a word on a case, or on all of its group, and taking it back before anything is done."""

from __future__ import annotations

import re

from starlette.responses import Response

from bot.errors import StoreError, UsageError
from bot.model import Decision, Verb
from bot.pipeline.reviewing.deciding import Target
from bot.store import Banking
from bot.text import line
from bot.web.console.base import Act, Page, Visit, whole
from bot.web.console.case import label_of, same_media

WHY = {Decision.DISMISS: "not a fake", Decision.UNDO: "undone"}
MAX_WHY = 300  # characters
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}")
_DECISION = re.compile(r"D-[0-9a-f]{1,20}")


def decide(visit: Visit) -> Response:
    """Decide on the case that was looked at, in the version that was looked at; go to the next one."""
    label = label_of(visit)
    case = visit.store.cases.get(label)
    by = visit.act(Verb.CASES, [case.post.subreddit])
    verb, version = visit.field("verb"), whole(visit.field("version"))
    if verb not in tuple(Decision) or version is None:
        raise UsageError("this form says not what is decided; open the case again and use one of its buttons")
    key = visit.field("key")
    if not _KEY.fullmatch(key):
        raise UsageError("this form has no key of ours; open the case again")
    targets = [Target(label, version)]
    if visit.field("group"):
        targets += _group(visit, label)
    word = Decision(verb)
    banking = _banking(visit, word)
    visit.pipeline.decisions.deciding.decide(
        word,
        targets,
        by=by,
        why=visit.field("why").strip()[:MAX_WHY] or WHY.get(word, "confirmed"),
        key=f"console:{visit.session.label}:{key}",
        banking=banking,
    )
    visit.desk.presence.leaves(label, visit.session.member)
    if word is Decision.UNDO:
        return visit.go(f"/case/{label}")
    query = visit.request.url.query
    return visit.go(f"/next?{query}{'&' if query else ''}after={case.id}")


def _banking(visit: Visit, verb: Decision) -> Banking | None:
    """Return what of the media is to go into a bank as well. Raises UsageError if the form says it by half."""
    bank = visit.field("bank")
    start, end, media = (_number(visit.field(name)) for name in ("from", "to", "media"))
    if media is not None and (media < 1 or media != int(media)):
        raise UsageError("the media of an album are numbered 1, 2, 3; write one of these, or leave it empty")
    if not bank:
        if start is not None or end is not None or media is not None:
            raise UsageError("a marked range goes into a bank; choose one, or leave the seconds empty")
        return None
    visit.act(Verb.BANKS)
    if verb in (Decision.DISMISS, Decision.UNDO):
        raise UsageError("only what is a fake goes into a bank; choose no bank, or one of the buttons that say so")
    if (start is None) is not (end is None):
        raise UsageError("a range needs both ends, in seconds from the media's start")
    return Banking(bank=bank, start=start, end=end, media=int(media) - 1 if media is not None else None)


def _number(text: str) -> float | None:
    """Return a number that somebody wrote, None for an empty field. Raises UsageError if it is none."""
    if not text.strip():
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise UsageError(f"{line(text, 20)} is no number of seconds; write it as 12.5")
    return float(text)


def take_back(visit: Visit) -> Response:
    """Take a decision back before anything is done for it; go to its case, or to the first of them."""
    name = str(visit.request.path_params["name"])
    if not _DECISION.fullmatch(name):
        raise StoreError("that is no decision's label, which looks like D-3f9c2a71b0")
    by = visit.act(Verb.CASES)
    row = visit.pipeline.decisions.deciding.take_back(name, by=by)
    return visit.go(f"/case/{visit.store.cases.of_id(row.cases[0]).label}")


def _group(visit: Visit, label: str) -> list[Target]:
    """Return the other open cases of the very same media that this person may decide.

    Raises UsageError if there are others than were shown: one decides what one has seen.
    """
    labels = same_media(visit, visit.store.cases.get(label))
    if visit.field("group") != str(len(labels)):
        raise UsageError(
            f"{label} has {len(labels)} other open cases of its media by now, and {visit.field('group')} when you "
            "looked; look again"
        )
    return [Target(name) for name in labels]


PAGE = Page(
    ways=(
        Act(path="/case/{label}/decide", answer=decide, verb=Verb.CASES),
        Act(path="/decision/{name}/take-back", answer=take_back, verb=Verb.CASES),
    ),
)
