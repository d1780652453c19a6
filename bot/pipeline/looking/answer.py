"""What was found behind something that a person brought, in the words in which a case is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.pipeline.judging.scan_target import TargetResult
from bot.pipeline.looking.asked import Ranges, ranges_of
from bot.pipeline.looking.by_hand import ByHand, by_hand
from bot.pipeline.reviewing.words.case import Fact, found, news


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMedia:
    """One media behind a link: a sheet of it is asked for by its place, with the stretches that matched."""

    media: int
    kind: str | None
    ranges: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLink:
    """One link of a target: what was found, or why nothing was."""

    url: str  # by which a sheet of it is asked for; empty for a file
    host: str = ""
    facts: tuple[Fact, ...] = ()  # (what it is about, a sentence), as of a case
    outcome: str = ""  # ignore, review or act
    rule: str | None = None
    reasons: tuple[str, ...] = ()
    media: tuple[AnswerMedia, ...] = ()
    failures: tuple[str, ...] = ()
    error: str | None = None
    paste: ByHand | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found behind everything that a person brought. In memory only."""

    target: str
    links: tuple[AnswerLink, ...]


def answer(target: str, results: Iterable[TargetResult]) -> Answer:
    """Return what people are told."""
    return Answer(target=target, links=tuple(map(_link, results)))


def _link(result: TargetResult) -> AnswerLink:
    evidence, verdict = result.evidence, result.verdict
    if evidence is None or verdict is None:
        return AnswerLink(url="", error=result.error)
    facts = tuple(found(evidence))
    return AnswerLink(
        url=evidence.link.url if evidence.link.host else "",
        host=evidence.link.host,
        facts=facts,
        outcome=verdict.outcome,
        rule=verdict.rule,
        reasons=tuple(news(verdict.reasons, facts)),
        media=tuple(
            AnswerMedia(media=info.index, kind=info.kind, ranges=ranges_of(evidence, info.index))
            for info in evidence.media
            if not info.error
        ),
        failures=result.failures,
        paste=by_hand(result.post, evidence, verdict),
    )
