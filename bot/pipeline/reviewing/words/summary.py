"""A case in three sentences for who is no technician: what was found, how sure that is, what the bot did or asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.clock import tenths
from bot.config import Config
from bot.model import ActionState, CaseState, Evidence, Hold, Match, SourceMatch
from bot.pipeline.reviewing.words.deeds import WOULD, standing
from bot.pipeline.reviewing.words.withdrawal import DEEDS as DID
from bot.rules.sureness import best_match
from bot.store import ActionRow, CaseRow

KNOWN = {"block": "a known fake", "watch": "media that is looked for"}
"""What an entry of a bank is, by the kind of bank."""
WILL = {
    "remove": "remove the post",
    "ban": "ban its author",
    "message": "tell its author",
    "report": "report it to the moderators",
    "modmail": "write to the moderators",
    "lock": "lock the post",
    "spoiler": "mark it as a spoiler",
    "nsfw": "mark it NSFW",
    "flair": "set a flair",
    "note": "write a note on its author",
    "notice": "send a notice to its host",
}
BEGUN = {
    ActionState.DONE: (DID, "{}"),
    ActionState.UNDO_PLANNED: (DID, "{}, which it has still to take back"),
    ActionState.UNDONE: (DID, "{}, and took that back"),
    ActionState.SENDING: (DID, "perhaps {}, which is looked into"),
    ActionState.UNKNOWN: (DID, "perhaps {}, which is looked into"),
    ActionState.FAILED: (WILL, "could not {}"),
    ActionState.PARKED: (WILL, "could not {}"),
}
"""What is said of actions that were begun, in this order."""
NEARLY_ALL = 0.9  # of a media: then it is called all of it
MOST = 2  # stretches that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The first words that a moderator reads of a case; hashes, distances and rules stand elsewhere."""

    found: str  # a sentence
    sure: str  # a sentence
    bot: str  # the end of a sentence about the bot; empty where it did nothing for a case that is decided


def summary(row: CaseRow, evidence: Evidence | None, actions: Iterable[ActionRow], settings: Config) -> Summary:
    """Return a case in three sentences. `settings`: whose subreddits' modes tell what is not done yet."""
    found, sure = _found(row, evidence)
    return Summary(found=found, sure=sure, bot=_bot(row, actions, settings))


def _found(row: CaseRow, evidence: Evidence | None) -> tuple[str, str]:
    if row.proposal is not None:
        return f"Moderators removed this before; it is proposed for the bank {row.proposal}.", "Nobody judged it yet."
    best = best_match(evidence.matches) if evidence else None
    if best is not None:
        return _match(best)
    source = next((one for one in evidence.source if not one.suppressed), None) if evidence else None
    if evidence is not None and source is not None:
        return _source(source, evidence)
    if evidence is not None and (said := _no_copy(evidence.matches)):
        return said
    if evidence is not None and any(one.bank_kind == "source" for one in evidence.matches):
        return "This is known original footage, of which fakes were made.", "Nothing says that this is one of them."
    if evidence is not None and any(face.person for face in evidence.faces):
        return "A face in this resembles somebody who asked for protection.", "Not sure: a likeness is no proof."
    return "Its media was not recognised; the post itself is what a rule looks for.", "Nothing is known of its media."


def _match(match: Match) -> tuple[str, str]:
    known = KNOWN[match.bank_kind]
    if match.exact:
        return f"This is the very file of {known}.", "Certain: it is the same file, byte for byte."
    part = _part(match)
    if match.unsure:
        return f"This may be a copy of {known}{part}.", "Not sure: it may be another take, moment or page."
    sure = "Sure of the footage only: the faces were not compared."
    if match.face_region == "agrees":
        sure = "Quite sure: it is the same footage, with the same face."
    return f"This looks like a copy of {known}{part}.", sure


def _no_copy(matches: Iterable[Match]) -> tuple[str, str] | None:
    """Return what is said of matches with known fakes that are none: by their face, or by moderators' word."""
    real = [one for one in matches if one.bank_kind in KNOWN]
    if not real:
        return None
    if all(one.suppressed for one in real):
        return "This shares parts with a known fake that moderators called innocent.", "Not sure of anything."
    known = KNOWN[real[0].bank_kind]
    return (
        f"This is the footage of {known}, with another face.",
        "Sure of the footage only: it may be the genuine clip.",
    )


def _part(match: Match) -> str:
    if match.coverage_query >= NEARLY_ALL or not match.query_ranges or not match.query_ranges[-1][1]:
        return ""
    spans = ", ".join(f"{tenths(begin)} to {tenths(end)}" for begin, end in match.query_ranges[:MOST])
    more = " and more" if len(match.query_ranges) > MOST else ""
    return f", {match.coverage_query:.0%} of it: {spans}{more}"


def _source(source: SourceMatch, evidence: Evidence) -> tuple[str, str]:
    if source.kind == "same_place":
        return "This shows the place of known footage, in another take.", "Not sure: it may have nothing to do with it."
    part = "a part of the picture" if source.kind == "part_differs" else "the face"
    like = source.resembles or any(face.person for face in evidence.faces)
    whom = "; it resembles somebody who asked for protection" if like else ""
    return f"This is known footage, but {part} is another one{whom}.", "Not sure: perhaps it was put in."


def _bot(row: CaseRow, actions: Iterable[ActionRow], settings: Config) -> str:
    waiting = row.state == CaseState.OPEN
    if row.proposal is not None and waiting:
        return "asks you whether this is a fake; nothing is done to any post"
    begun: dict[str, list[str]] = {sentence: [] for _, sentence in BEGUN.values()}
    asks: list[str] = []
    would: list[str] = []
    waits: list[str] = []
    mode = settings.mode(row.post.subreddit)
    for one in actions:
        kind = one.action.kind
        if one.state in BEGUN:
            words, sentence = BEGUN[one.state]
            begun[sentence].append(_said(words, kind))
        elif one.hold == Hold.PERSON and one.state == ActionState.HELD:
            asks.append(_said(WILL, kind))
        elif one.state in (ActionState.HELD, ActionState.PLANNED):
            stands = standing(kind, one.state, one.hold, mode)
            (would if stands == WOULD else waits).append(_said(WILL, kind))
    told = [sentence.format(_together(deeds)) for sentence, deeds in begun.items() if deeds]
    if would:
        told.append(f"would {_together(would)}, but r/{row.post.subreddit} is in mode {mode}")
    if waits:
        told.append(f"is to {_together(waits)}, which waits")
    if asks:
        told.append(f"asks you whether to {_together(asks)}")
    return "; ".join(told) or ("did nothing, and asks you" if waiting else "")


def _said(words: Mapping[str, str], kind: str) -> str:
    return words.get(kind, kind).replace(" {notice}", "")


def _together(deeds: Iterable[str]) -> str:
    *first, last = dict.fromkeys(deeds)
    return f"{', '.join(first)} and {last}" if first else last
