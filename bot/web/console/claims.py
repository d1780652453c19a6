"""People who say that they are depicted: who waits; one of them, what a lead reads and answers, and their own file.

What they wrote is never on a page that a link leads to: a lead asks for it, and that stands in the audit trail.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from starlette.responses import Response

from bot.errors import StoreError, UsageError
from bot.model import AgeWhenMade, ClaimState, ClaimWord, KnownBy, SafeWay, Verb
from bot.pipeline.helping.answers import nudge
from bot.pipeline.helping.hearing import names_media
from bot.pipeline.helping.showing import AGES, KNOWN, STATES, WAYS, heard_in_words, known_in_words, to_give
from bot.pipeline.helping.words import LANGUAGES
from bot.store import ClaimRow
from bot.web.console.base import Act, Page, View, Visit, reason_of

_LABEL = re.compile(r"T-[0-9a-f]{1,20}")
Chosen = TypeVar("Chosen", bound=StrEnum)


def show(visit: Visit) -> Response:
    """Show who waits for an answer and who has one; no name and no word of theirs."""
    visit.act(Verb.CLAIMS)
    rows = [row for row in visit.store.claims.listing() if visit.may(Verb.CLAIMS, [row.subreddit])]
    return visit.page(
        "claims.html",
        rows=rows,
        heard=heard_in_words,
        states=STATES,
        ages=AGES,
        subreddits=[name for name in sorted(visit.config.subreddits) if visit.may(Verb.CLAIMS, [name])],
        languages=LANGUAGES,
    )


def open_(visit: Visit) -> Response:
    """Open a claim by hand, for a conversation or a post."""
    address, place = visit.field("address").strip(), visit.field("subreddit").strip().lower()
    if names_media(address):
        by = visit.act(Verb.CLAIMS, [place])
        if visit.config.subreddit(place) is None:
            raise UsageError("choose whose moderators answer")
        label = visit.pipeline.hearing.from_post(address, place, by=by, language=visit.field("language") or "en")
        return visit.go(f"/claim/{label}")
    visit.act(Verb.CLAIMS)
    conversation, messages = visit.pipeline.hearing.conversation(address)
    by = visit.act(Verb.CLAIMS, [conversation.subreddit])
    return visit.go(f"/claim/{visit.pipeline.hearing.from_mail(conversation, messages, by=by)}")


def one(visit: Visit) -> Response:
    """Show how a claim stands, and what can be done."""
    row = _row(visit)
    visit.act(Verb.CLAIMS, [row.subreddit])
    return _page(visit, row)


def read(visit: Visit) -> Response:
    """Show a lead what somebody wrote, and a draft of an answer; that they read it is written down."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    visit.pipeline.claims.read(row.label, by=by)
    language = visit.field("language") if visit.field("language") in LANGUAGES else None
    return _page(
        visit,
        row,
        words=[word for word in visit.store.claims.words(row.label) if word.what is not ClaimWord.CONVERSATION],
        draft=visit.pipeline.claims.draft(row.label, language),
        give=_how_to_give(visit, row) if row.state is ClaimState.TO_GIVE else (),
        near=visit.pipeline.claims.near(row, by=by),
        hour=visit.store.claims.word(row.label, ClaimWord.HOUR),
        language=language or row.language,
        approved=visit.pipeline.claims.approved(language or row.language),
    )


def answer(visit: Visit) -> Response:
    """Send what a lead has read and changed, or say how they give it by hand."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    text = visit.field("text").replace("\r\n", "\n")
    at = visit.field("at").strip()
    due = _moment(at) if at else None
    done = visit.pipeline.claims.answer(row.label, text, by=by, due=due, now=bool(visit.field("now")))
    if done.number is not None:
        return visit.go(f"/claim/{row.label}")
    row = visit.store.claims.get(row.label)
    return _page(visit, row, give=_how_to_give(visit, row))


def given(visit: Visit) -> Response:
    """Note that a lead gave them the answer that could not be sent."""
    row = _row(visit)
    visit.pipeline.claims.given(row.label, by=visit.act(Verb.CLAIMANTS, [row.subreddit]))
    return visit.go(f"/claim/{row.label}")


def _how_to_give(visit: Visit, row: ClaimRow) -> list[str]:
    words = visit.store.claims
    where, hour = words.word(row.label, ClaimWord.CONTACT), words.word(row.label, ClaimWord.HOUR)
    return to_give(visit.pipeline.claims.by_hand(row), where=where, hour=hour)


def age(visit: Visit) -> Response:
    """Record how old they were when it was made; under 18, say first what is hidden for it, then what was."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMS, [row.subreddit])
    said = _one_of(AgeWhenMade, visit.field("age"), "say whether they were 18 or older, or under 18")
    if said not in (AgeWhenMade.ADULT, AgeWhenMade.UNDER_18):
        raise UsageError("say whether they were 18 or older, or under 18")
    if said is AgeWhenMade.UNDER_18 and not visit.field("sure"):
        return _page(visit, row, sure=visit.pipeline.claims.would_hide(row) or ["nothing that is known here yet"])
    lines = visit.pipeline.claims.set_age(row.label, said, by=by)
    return _page(visit, visit.store.claims.get(row.label), hidden=lines) if lines else visit.go(f"/claim/{row.label}")


def known(visit: Visit) -> Response:
    """Record how the team knows who they are."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    how = _one_of(KnownBy, visit.field("how"), "choose by whom or what the team knows who they are")
    visit.pipeline.claims.set_known(row.label, how, visit.field("say"), by=by)
    return visit.go(f"/claim/{row.label}")


def safe_way(visit: Visit) -> Response:
    """Record how and when it is safe to write to them."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    way = _one_of(SafeWay, visit.field("way"), "choose a way that they named as safe")
    contact, hour = visit.field("contact"), visit.field("hour")
    visit.pipeline.claims.set_safe_way(row.label, way, contact=contact, hour=hour, by=by)
    return visit.go(f"/claim/{row.label}")


def link(visit: Visit) -> Response:
    """Record which cases it is about, and which protected person they are."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    cases, person = visit.field("cases").replace(",", " ").split(), visit.field("person").strip() or None
    if not cases and person is None:
        raise UsageError("name a case or a protected person, by label")
    visit.pipeline.claims.link(row.label, cases=cases, person=person, by=by)
    return visit.go(f"/claim/{row.label}")


def file(visit: Visit) -> Response:
    """Hand over their own file; nothing of it is kept."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    made = visit.pipeline.summaries.make(row.label, by=by, addresses=bool(visit.field("addresses")))
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.html, media_type="text/html", headers=headers)


def dismiss(visit: Visit) -> Response:
    """Say that it is no claim; what was written is destroyed here."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMS, [row.subreddit])
    visit.pipeline.claims.dismiss(row.label, by=by, why=reason_of(visit, "not a claim"))
    return visit.go("/claims")


def forget(visit: Visit) -> Response:
    """Destroy all of it at their word; its label must be written again."""
    row = _row(visit)
    by = visit.act(Verb.CLAIMANTS, [row.subreddit])
    if visit.field("label").strip() != row.label:
        raise UsageError(f"nothing was destroyed: write {row.label} to say that you mean this claim")
    visit.pipeline.claims.forget(row.label, by=by, why=reason_of(visit, "at their word"))
    return visit.go("/claims")


def _page(visit: Visit, row: ClaimRow, **facts: Any) -> Response:
    told: dict[str, Any] = {"words": None, "draft": "", "hour": "", "near": (), "hidden": (), "language": row.language}
    told |= {"give": (), "sure": ()}
    return visit.page(
        "claim.html",
        row=row,
        state=STATES[row.state],
        age=AGES[row.age],
        known=known_in_words(row),
        safe_way=WAYS[row.safe_way] if row.safe_way else "",
        nudge=nudge(row.language),
        lead=visit.may(Verb.CLAIMANTS, [row.subreddit]),
        heard=heard_in_words(row),
        sends=visit.pipeline.claims.sends(row),
        alive=row.state is not ClaimState.DISMISSED,
        languages=LANGUAGES,
        ages=(AgeWhenMade.ADULT, AgeWhenMade.UNDER_18),
        age_words=AGES,
        hows=KNOWN,
        ways=WAYS,
        daemon=visit.store.lease.daemon_runs(),
        **{"approved": True, **told, **facts},
    )


def _one_of(kind: type[Chosen], given: str, otherwise: str) -> Chosen:
    if given not in tuple(kind):
        raise UsageError(otherwise)
    return kind(given)


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise UsageError("that is no moment; write it as 2026-12-01T18:00, in UTC") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row(visit: Visit) -> ClaimRow:
    label = str(visit.request.path_params["claim"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no label of a claim, which looks like T-3f9c2a71b0")
    return visit.store.claims.get(label)


PAGE = Page(
    name="That's me",
    path="/claims",
    keys="g d",
    more=True,
    ways=(
        View(path="/claims", answer=show),
        Act(path="/claims/open", answer=open_, verb=Verb.CLAIMS),
        View(path="/claim/{claim}", answer=one),
        Act(path="/claim/{claim}/read", answer=read, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/answer", answer=answer, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/given", answer=given, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/age", answer=age, verb=Verb.CLAIMS),
        Act(path="/claim/{claim}/known", answer=known, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/safe-way", answer=safe_way, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/link", answer=link, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/file", answer=file, verb=Verb.CLAIMANTS),
        Act(path="/claim/{claim}/dismiss", answer=dismiss, verb=Verb.CLAIMS),
        Act(path="/claim/{claim}/forget", answer=forget, verb=Verb.CLAIMANTS),
    ),
)
