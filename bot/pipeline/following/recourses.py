"""What a person can do beyond a notice, when, and what it takes. Pure: a table, and where each of it is open.

The program proposes; it takes none of these steps. Articles are of Regulation (EU) 2022/2065, the DSA:
20 (a host's own complaints, within six months of the day on which it told its decision), 19 (not micro and small
enterprises), 21 (certified bodies out of court, on the same decisions), 53 (a complaint to the coordinator of one's own
country that a host breaks the regulation; it says nothing on a single removal).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import channels
from bot.model import Body, BodyKind, Capacity, Channel, NoticeState, Recourse
from bot.notice_texts import Kind

SIX_MONTHS = timedelta(days=182)  # DSA 20(1), to the safe side
TWO_DAYS = timedelta(hours=48)
HERS: tuple[Capacity, ...] = ("depicted_person", "authorised_representative")
ANYBODY: tuple[Capacity, ...] = ("third_party_notifier", *HERS)
_UNDECIDED = frozenset({NoticeState.OVERDUE, NoticeState.REMINDED})
_AGAINST = frozenset({NoticeState.REJECTED})
_LEFT = _UNDECIDED | _AGAINST | {NoticeState.SENT, NoticeState.BY_HAND, NoticeState.ANSWERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a recourse is open: in which state, to whom, how long after the notice left or the decision came."""

    recourse: Recourse
    states: frozenset[NoticeState]
    why: str  # one sentence: what it is for, as things stand
    law: str
    needs: tuple[str, ...]
    who: tuple[Capacity, ...] = ANYBODY
    after: timedelta = timedelta()  # since the notice left
    within: timedelta | None = None  # since the host's decision
    by_hand: bool = False  # only for what a person handed in
    there: bool = True  # only while media on it was there when last seen
    warning: str = ""
    text: Kind | None = None  # what is written for it


_COMPLAIN = ("a sentence on why the decision is wrong", "the host's decision, with its date")
TABLE: tuple[Rule, ...] = (
    Rule(
        recourse=Recourse.REMINDER,
        states=frozenset({NoticeState.OVERDUE}),
        why="No decision came, and the media is still there: remind its host, once.",
        law="",
        needs=("a person who says so, or notices.remind",),
    ),
    Rule(
        recourse=Recourse.RETRACTION,
        states=frozenset({NoticeState.RETRACTED}),
        why="It went by hand and is taken back: its host does not know that before somebody tells it, by hand, too.",
        law="",
        needs=("the way by which the notice went",),
        there=False,
        by_hand=True,
        text=Kind.RETRACTION,
    ),
    Rule(
        recourse=Recourse.COMPLAINT,
        states=_AGAINST,
        why="The host decided against it: its own complaint procedure must be open to who sent the notice, free.",
        law="DSA, Article 20",
        needs=(*_COMPLAIN, "an online platform that is no micro or small enterprise (Article 19)"),
        within=SIX_MONTHS,
        there=False,
        text=Kind.COMPLAINT,
    ),
    Rule(
        recourse=Recourse.SETTLEMENT,
        states=_AGAINST,
        why="The host decided against it: a certified body can look at that decision; its own is not binding.",
        law="DSA, Article 21",
        needs=(*_COMPLAIN, "a body that takes this host and language", "a fee, at most a nominal one"),
        within=SIX_MONTHS,
        there=False,
        text=Kind.OUT_OF_COURT,
    ),
    Rule(
        recourse=Recourse.COORDINATOR,
        states=_UNDECIDED,
        why="A host must decide on a notice in time and tell its decision: that it did neither can be complained of.",
        law="DSA, Articles 16(5), 16(6) and 53",
        needs=("a sentence on which duty was not kept", "the notice and the day on which it left"),
        text=Kind.COORDINATOR,
    ),
    Rule(
        recourse=Recourse.COORDINATOR,
        states=_AGAINST,
        why="Only if the host broke a duty: gave no reasons or no way to complain, or did not decide with care.",
        law="DSA, Articles 16(5), 16(6), 20 and 53",
        needs=("a sentence on which duty was not kept", "the notice, and the host's decision with its date"),
        text=Kind.COORDINATOR,
    ),
    Rule(
        recourse=Recourse.FTC,
        states=_LEFT,
        why="A covered platform has 48 hours from a valid request by the person depicted, or for them.",
        law="47 USC 223a (TAKE IT DOWN Act)",
        needs=("the person depicted, or her consent on record", "her own valid request, and its date"),
        who=HERS,
        after=TWO_DAYS,
        text=Kind.FTC,
    ),
    Rule(
        recourse=Recourse.OFCOM,
        states=_UNDECIDED | _AGAINST,
        why="If people in the UK are concerned: Ofcom collects where services fail; it decides no single case.",
        law="Online Safety Act 2023 (UK)",
        needs=("a link to the UK", "that the host was told first"),
    ),
    Rule(
        recourse=Recourse.ESAFETY,
        states=_LEFT,
        why="If she, or who posted it, lives in Australia, or it is hosted there: eSafety can have it removed.",
        law="Online Safety Act 2021 (Australia)",
        needs=("the person depicted, or somebody she authorised", "a link to Australia"),
        who=HERS,
        after=TWO_DAYS,
    ),
    Rule(
        recourse=Recourse.CLOUDFLARE,
        states=_UNDECIDED | _AGAINST,
        why="If the site stands behind Cloudflare: its form passes a report on to whoever hosts the site.",
        law="",
        needs=("that the site stands behind Cloudflare: look it up", "addresses of one site at a time"),
        warning="name, address and links may go to the site's owner and to Lumen: use the organisation's, never hers",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All of a notice that decides what is open."""

    host: str
    recipient: str | None  # to whom it was mailed, if it was
    state: NoticeState
    capacity: Capacity
    sent: datetime
    decided: datetime | None  # when the host's decision came, if one did
    there: bool  # whether media on it was there when last seen
    done: frozenset[Recourse]  # what a person took, or did not want
    by_hand: bool = False  # whether a person handed it in


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One thing that a person can do now."""

    recourse: Recourse
    why: str
    law: str
    needs: tuple[str, ...]
    where: tuple[str, ...]  # places, each with what is known of it
    until: datetime | None
    warning: str
    text: Kind | None


def proposals(standing: Standing, now: datetime, channel: Channel, country: str) -> list[Proposal]:
    """Return what is open for a notice now, in the order in which one would try it.

    `country`: where those who sent it are established, ISO 3166-1; empty: not said.
    """
    return [
        Proposal(
            recourse=rule.recourse,
            why=rule.why,
            law=rule.law,
            needs=rule.needs,
            where=tuple(_where(rule.recourse, standing, channel, country)),
            until=_until(rule, standing),
            warning=rule.warning,
            text=rule.text,
        )
        for rule in TABLE
        if _open(rule, standing, now)
    ]


def _open(rule: Rule, standing: Standing, now: datetime) -> bool:
    until = _until(rule, standing)
    return (
        standing.state in rule.states
        and standing.capacity in rule.who
        and rule.recourse not in standing.done
        and now - standing.sent >= rule.after
        and (standing.there or not rule.there)
        and (standing.by_hand or not rule.by_hand)
        and (until is None or now <= until)
    )


def _until(rule: Rule, standing: Standing) -> datetime | None:
    return standing.decided + rule.within if rule.within and standing.decided else None


def _where(recourse: Recourse, standing: Standing, channel: Channel, country: str) -> Iterator[str]:
    if recourse == Recourse.RETRACTION:
        yield channel.form or standing.recipient or channel.email or f"no way to reach {standing.host} is known"
    elif recourse in (Recourse.REMINDER, Recourse.COMPLAINT):
        yield standing.recipient or channel.email or channel.form or f"no way to reach {standing.host} is known"
    elif recourse == Recourse.SETTLEMENT:
        bodies = [one for one in channels.bodies(BodyKind.DISPUTES) if not one.hosts or standing.host in one.hosts]
        yield from map(_body, [one for one in bodies if not one.who or standing.capacity in one.who])
    elif recourse == Recourse.COORDINATOR:
        yield from _coordinators(channel, country)
    elif recourse == Recourse.CLOUDFLARE:
        yield channels.contact("cloudflare").form or "its abuse form"
    else:
        yield from (_body(one) for one in channels.bodies(BodyKind.REGULATOR) if one.name == recourse)


def _coordinators(channel: Channel, country: str) -> Iterator[str]:
    own, of_host = channels.coordinator(country), channels.coordinator(channel.established or channel.represented)
    if own is not None:
        yield f"{_body(own)}: that of your country takes it, and passes it on"
    elif country:
        yield f"{country} has no coordinator, being outside the EU: somebody in the EU complains in their country"
    else:
        yield "the coordinator of the country in which you are established (notices.country is not set)"
    if of_host is not None and of_host != own:
        yield f"it goes on to {_body(of_host)}, where the host has its seat or representative"
    elif of_host is None:
        seat = channel.established or "not known"
        yield f"where the host is established: {seat}; the DSA holds for whoever offers a service in the EU"


def _body(one: Body) -> str:
    read = f"read on {one.verified_on.isoformat()}" if one.verified_on else "not verified"
    return f"{one.title} ({one.country}): {one.form or one.web or 'address not known'}, {read}"
