"""What was found behind something that a person brought, in the words in which a case is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.channels import Registry
from bot.pipeline.judging.scan_target import TargetResult
from bot.pipeline.looking.asked import Ranges, ranges_of
from bot.pipeline.looking.by_hand import ByHand, by_hand
from bot.pipeline.reviewing.words.case import Fact, found, news, speaks_against
from bot.pipeline.reviewing.words.compare import compared, wrong_before
from bot.pipeline.reviewing.words.entries import doubts
from bot.pipeline.reviewing.words.evidence import face_lines
from bot.pipeline.reviewing.words.timeline import Timeline, timelines
from bot.rules.sureness import sureness
from bot.store import Store
from bot.store.minors import names_of


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
    known: bool = False  # whether anything that is known was found
    sure: str = ""  # how sure that is, the end of a sentence
    against: tuple[str, ...] = ()  # what speaks against it
    timelines: tuple[Timeline, ...] = ()
    cases: tuple[str, ...] = ()  # labels of cases of it, the newest first
    marks: tuple[str, ...] = ()  # by which it would be marked as a suspected minor's


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found behind everything that a person brought. In memory only."""

    target: str
    links: tuple[AnswerLink, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """By which it would be marked as a suspected minor's."""
        return tuple(mark for link in self.links for mark in link.marks)


def answer(target: str, results: Iterable[TargetResult], store: Store, known: Registry) -> Answer:
    """Return what people are told. `known`: where hosts take reports."""
    return Answer(target=target, links=tuple(_link(result, store, known) for result in results))


def _link(result: TargetResult, store: Store, known: Registry) -> AnswerLink:
    evidence, verdict = result.evidence, result.verdict
    if evidence is None or verdict is None:
        return AnswerLink(url="", error=result.error)
    facts, beside = tuple(found(evidence)), compared(store, evidence)
    post, media = result.post.fullname if result.post else None, f"{evidence.link.host}:{evidence.link.id}"
    files = [name for info in evidence.media for name in names_of(info.sha256, info.md5)]
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
        paste=by_hand(result.post, evidence, verdict, known.contact(evidence.link.host)),
        known=bool(evidence.matches or evidence.source or any(face_lines(evidence))),
        sure=sureness(evidence).long,
        against=(*speaks_against(evidence, result.post), *doubts(store, evidence), *wrong_before(beside)),
        timelines=tuple(timelines(evidence, beside)),
        cases=tuple(store.cases.about(post, evidence)),
        marks=tuple(dict.fromkeys([*([post] if post else []), *([media] if evidence.link.id else []), *files])),
    )
