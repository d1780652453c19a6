"""Who decides: the people of the team, what each may do, and how we know that it was them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TypeAlias


class Role(IntEnum):
    """What a member may do; each may also what those before it may."""

    REVIEWER = 1
    LEAD = 2
    OPERATOR = 3

    @property
    def word(self) -> str:
        """The role as it is written on the command line and in the database."""
        return self.name.lower()


class Credential(StrEnum):
    """How we know who gave a word."""

    SYSTEM_ACCOUNT = "system_account"  # the command ran under the member's own account of the machine
    REDDIT = "reddit"  # Reddit confirmed the account that wrote it
    SIGN_IN = "sign_in"  # they signed in to the console, by a link that was made for them
    TYPED = "typed"  # somebody typed the name under an account that is not the member's
    EARLIER = "earlier"  # a name in a database of an earlier version, which took any that was typed

    @property
    def own(self) -> bool:
        """Whether nobody but the member gives a word by it."""
        return self in (Credential.SYSTEM_ACCOUNT, Credential.REDDIT, Credential.SIGN_IN)


class Backing(StrEnum):
    """How many people's words an entry has."""

    WAITS = "waits"  # for a second person's
    AGAIN = "again"  # an earlier version took a name for a second person that tells nobody
    ONE_PERSON = "one_person"  # the same person's, twice, a day apart: for review.confirmations = 1
    TWO_PEOPLE = "two_people"


class Verb(StrEnum):
    """What a member decides."""

    CASES = "decide cases"
    ACTIONS = "undo actions"
    BANKS = "change banks"
    QUARANTINE = "change the quarantine"
    NOTICES = "state or retract notices"
    BANS = "order bans"
    STOP = "stop a subreddit"
    GO = "let a subreddit go on"
    EVERYTHING = "stop everything or let it go on"
    CLAIMS = "take care of who says that they are depicted"
    CLAIMANTS = "read what somebody depicted wrote, and answer them"
    GALLERY = "change who is protected"
    PURGE = "purge"
    RETRY = "try again what is parked"
    TEAM = "change the team"


NEEDS: Mapping[Verb, Role] = MappingProxyType(
    {
        Verb.CASES: Role.REVIEWER,
        Verb.ACTIONS: Role.REVIEWER,
        Verb.CLAIMS: Role.REVIEWER,
        Verb.STOP: Role.REVIEWER,  # the safe way is open to all of them
        Verb.BANKS: Role.LEAD,
        Verb.QUARANTINE: Role.LEAD,
        Verb.NOTICES: Role.LEAD,
        Verb.BANS: Role.LEAD,
        Verb.CLAIMANTS: Role.LEAD,
        Verb.GO: Role.LEAD,
        Verb.EVERYTHING: Role.OPERATOR,
        Verb.GALLERY: Role.OPERATOR,
        Verb.PURGE: Role.OPERATOR,
        Verb.RETRY: Role.OPERATOR,
        Verb.TEAM: Role.OPERATOR,
    }
)
"""The least role for each verb: the only place that says who may do what at the command line."""

OWN_ONLY = frozenset({Verb.TEAM})
"""What is decided by one's own credential only, never by a name that somebody typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the team. Rows stay when people leave, for decisions point to them."""

    id: int
    name: str
    roles: tuple[tuple[Role, str | None], ...] = ()  # with the subreddit in lower case, None for all
    account: str | None = None  # of the machine
    reddit: str | None = None  # without u/
    off_reddit: bool = False  # an operator said that they have no Reddit account
    since: datetime
    added_by: str | None = None  # None: by installing, by an order that Reddit confirmed, or by an earlier version
    removed: datetime | None = None

    def role(self, subreddits: tuple[str, ...] | None = None) -> Role | None:
        """Return the strongest role in all of these subreddits; without them, the strongest anywhere."""
        if subreddits is None:
            return max((role for role, _ in self.roles), default=None)
        weakest: Role | None = None
        for name in subreddits or ("",):
            here = [role for role, where in self.roles if where is None or where == name.lower()]
            if not here:
                return None
            weakest = max(here) if weakest is None else min(weakest, max(here))
        return weakest

    @property
    def operator(self) -> bool:
        """Whether this is an operator who is still in the team."""
        return self.removed is None and (Role.OPERATOR, None) in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A member who gives a word, and by which credential."""

    member: int
    name: str
    credential: Credential
    account: str | None = None  # of a typed name: the system account under which it was typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider:
    """Who is recorded without being a member: the program, a post's author, a moderator whom we only heard of."""

    name: str

    @property
    def member(self) -> None:
        """No row of the team."""

    @property
    def credential(self) -> None:
        """Nothing was shown."""

    @property
    def account(self) -> None:
        """None either."""


Voice: TypeAlias = Actor | Outsider
"""Whoever a line of the audit trail is about."""

PROGRAM = Outsider(name="gifwarden")
MODERATORS = Outsider(name="moderators")
"""Moderators of a subreddit who decided on Reddit itself, where it does not say which one."""
