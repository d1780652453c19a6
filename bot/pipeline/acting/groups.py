"""Cases in a few lines for moderators: what was or would be done, of how many posts and authors, how sure, and a link.

What one media did in many posts is one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model import ActionState, Hold
from bot.plural import many
from bot.rules.sureness import best_match, sureness
from bot.store.told_cases import ToldCase

SITE = "https://www.reddit.com"
MAX_LINES = 20  # groups that are shown
PAST: Mapping[str, str] = {
    "remove": "removed",
    "report": "reported",
    "lock": "locked",
    "spoiler": "marked as a spoiler",
    "nsfw": "marked NSFW",
    "flair": "given a flair",
    "note": "noted on its author",
}
WOULD: Mapping[str, str] = {
    "remove": "remove",
    "report": "report",
    "lock": "lock",
    "spoiler": "mark as a spoiler",
    "nsfw": "mark NSFW",
    "flair": "give a flair to",
    "note": "note on its author",
}
_HELD: Mapping[Hold, str] = {
    Hold.PERSON: "held for you",
    Hold.QUARANTINE: "held by the flood guard",
    Hold.STOP: "stopped",
    Hold.CAP: "held by a cap",
    Hold.OUTSIDE: "held, for Reddit refuses",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases of one media for which the same is said."""

    said: str
    sure: str
    cases: tuple[ToldCase, ...]

    @property
    def line(self) -> str:
        """How many posts and authors, how sure, one link, and the labels."""
        posts = {case.permalink or case.label for case in self.cases}
        authors = {case.author for case in self.cases if case.author}
        by = f", {many(len(authors), 'author')}" if len(posts) > 1 and authors else ""
        link = next((f"{SITE}{case.permalink}" for case in self.cases if case.permalink), "")
        label = self.cases[0].label
        names = f"case {label}" if len(self.cases) == 1 else f"case {label} and {len(self.cases) - 1} more"
        return f"{many(len(posts), 'post')}{by} ({self.sure[0].lower()}{self.sure[1:]}): {link or 'deleted'} ({names})"


def group(cases: Iterable[ToldCase], said: Callable[[ToldCase], str]) -> list[Group]:
    """Return the cases by what is said of them and by the media that they show, the largest group first."""
    found: dict[tuple[str, str, str], list[ToldCase]] = {}
    for case in cases:
        best = best_match(case.evidence.matches) if case.evidence else None
        key = (said(case), sureness(case.evidence).short, best.entry if best else case.media)
        found.setdefault(key, []).append(case)
    groups = [Group(said=said, sure=sure, cases=tuple(some)) for (said, sure, _), some in found.items()]
    return sorted(groups, key=lambda one: -len(one.cases))


def lines(groups: Sequence[Group], most: int = MAX_LINES) -> list[str]:
    """Return a bullet for each group, and how many were left out."""
    shown = [f"- {one.line}" for one in groups[:most]]
    rest = sum(len(one.cases) for one in groups[most:])
    return [*shown, *([f"- and {many(rest, 'more case')}"] if rest else [])]


DONE = (ActionState.DONE, ActionState.UNDO_PLANNED)


def done(case: ToldCase, mode: str) -> str:
    """Return in words what was done to a case's post, and what is not: `removed, locked; its author is told`."""
    deeds = case.deeds
    was = [words for kind, words in PAST.items() if kind in deeds and deeds[kind][0] in DONE]
    parts = [", ".join(was)] if was else []
    message = deeds.get("message")
    if "removed" in was:
        told = message is not None and message[0] in (ActionState.DONE, ActionState.PLANNED, ActionState.HELD)
        parts.append("its author is told (one message a day)" if told else "its author is not told")
    else:
        parts += ["not removed"] if was else ["nothing yet"]
    for kind, words in WOULD.items():
        state, hold = deeds.get(kind, (None, None))
        if state == ActionState.HELD and hold is not None:
            why = (
                f"mode {mode}: would {words} it in enforce" if hold == Hold.MODE else f"to {words} it is {_HELD[hold]}"
            )
            parts.append(why)
    return "; ".join(parts)


def would(case: ToldCase) -> str:
    """Return in words what would have been done in enforce: `would remove`."""
    kinds = [action.kind for action in case.verdict.actions]
    if case.verdict.outcome == "review":
        return "would ask you"
    words = [word for kind, word in WOULD.items() if kind in kinds and not (kind == "report" and "remove" in kinds)]
    return f"would {', '.join(words)}" if words else "would tell you"
