"""The life of a notice after it has left: where it can go from each state, what a look finds, what a person can do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from bot.model.states import NoticeState as S

_WAY_OUT = frozenset({S.CLOSED, S.RETRACTED})
_SAID = frozenset({S.ANSWERED, S.REJECTED, S.REMOVED})  # what may come of a notice that its host has

NOTICE_MOVES: Mapping[S, frozenset[S]] = {
    S.DRAFTED: frozenset({S.CONFIRMED, S.SENT, S.BY_HAND, S.RETRACTED}),  # sent: a mail whose fate was not known
    S.CONFIRMED: frozenset({S.DRAFTED, S.SENT, S.BY_HAND, S.RETRACTED}),
    S.SENT: _SAID | _WAY_OUT | {S.BOUNCED, S.OVERDUE},
    S.BY_HAND: _SAID | _WAY_OUT | {S.OVERDUE},
    # confirmed: stated again, to another address; sent, reminded: the report was none, a person says
    S.BOUNCED: _SAID | _WAY_OUT | {S.CONFIRMED, S.BY_HAND, S.SENT, S.REMINDED},
    # it turned out to be no decision, or a person said which
    S.ANSWERED: _WAY_OUT | {S.SENT, S.BY_HAND, S.OVERDUE, S.REMINDED, S.REJECTED, S.REMOVED},
    S.REJECTED: _WAY_OUT | {S.ANSWERED, S.SENT, S.BY_HAND, S.OVERDUE, S.REMINDED, S.REMOVED},  # a person erred
    S.OVERDUE: _SAID | _WAY_OUT | {S.BOUNCED, S.BY_HAND, S.REMINDED},
    S.REMINDED: _SAID | _WAY_OUT | {S.BOUNCED, S.BY_HAND},
    S.REMOVED: _WAY_OUT,
    S.CLOSED: frozenset({S.RETRACTED}),
    S.RETRACTED: frozenset(),
}
"""To which states a notice may go from each. There is no other way."""

NOTICE_WAITING = frozenset({S.SENT, S.BY_HAND, S.OVERDUE, S.REMINDED})
"""The host has it and has not decided: its media is looked for."""
NOTICE_LEFT = NOTICE_WAITING | {S.BOUNCED, S.ANSWERED, S.REJECTED, S.REMOVED, S.CLOSED}
"""It left once, whatever came of it."""
NOTICE_OPEN = frozenset(S) - {S.REMOVED, S.CLOSED, S.RETRACTED}
"""Media on it is not told to its host again."""


class LookOutcome(StrEnum):
    """What one look at one media of a notice found. Only the first four say whether it is there."""

    THERE = "there"
    GONE = "gone"
    PLACEHOLDER = "placeholder"  # its address answers, and shows a picture that says it was removed
    OTHER_MEDIA = "other_media"  # something else stands there
    MOVED = "moved"  # the same media, under another id of the host
    REFUSED = "refused"  # 401, 403, 429, 451: no removal
    UNREACHABLE = "unreachable"  # no answer, a server's error, an answer of unknown shape: no removal
    UNSURE = "unsure"  # another file than ours, and nothing is left to compare what it shows


LOOKS_GONE = frozenset({LookOutcome.GONE, LookOutcome.PLACEHOLDER, LookOutcome.OTHER_MEDIA})
LOOKS_THERE = frozenset({LookOutcome.THERE, LookOutcome.MOVED})


class HostDecision(StrEnum):
    """What a person says an answer is."""

    REMOVED = "removed"  # the host says that it took it down; looks confirm it
    REJECTED = "rejected"  # the host says that it stays
    ASKS = "asks"  # the host wants to know more: a person writes back
    UNDELIVERED = "undelivered"  # it never reached the host
    RECEIPT = "receipt"  # no decision at all: everything goes on


class Recourse(StrEnum):
    """What a person can do beyond the notice. The program proposes and never does it."""

    REMINDER = "reminder"
    RETRACTION = "retraction"  # telling by hand that what went by hand is taken back
    COMPLAINT = "complaint"  # the host's own procedure, DSA 20
    SETTLEMENT = "settlement"  # a certified body out of court, DSA 21
    COORDINATOR = "coordinator"  # DSA 53
    FTC = "ftc"  # 47 USC 223a
    OFCOM = "ofcom"  # UK Online Safety Act 2023
    ESAFETY = "esafety"  # Australia's Online Safety Act 2021
    CLOUDFLARE = "cloudflare"  # whoever carries the host's traffic
