"""How a notice reaches those who can act on it: hosts' channels, and who stands above hosts. Plain data.

What is not known is None, or empty: an address is never guessed. Where a thing was read stands beside it: `verified_on`
is the day on which it was read in the host's own words, `read_elsewhere` the kind of text by others that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.model.states import Capacity


class FieldKind(StrEnum):
    """What a field of a form takes."""

    TEXT = "text"
    LONGTEXT = "longtext"
    URL = "url"
    URLS = "urls"  # several addresses, one a line unless its label says otherwise
    CHOICE = "choice"
    CHECK = "check"
    EMAIL = "email"
    NAME = "name"
    PHONE = "phone"
    COUNTRY = "country"
    DATE = "date"
    FILE = "file"  # never filled: media and documents stay with people


class Fill(StrEnum):
    """Which of our values belongs in a field."""

    ITEM_URL = "item_url"  # the public page of one item
    ITEM_URLS = "item_urls"  # those of all items of this form, one a line
    ITEM_ID = "item_id"  # the host's own id of one item
    REASON = "reason"  # what is shown and why it should not be there, in a few sentences
    LEGAL_REASON = "legal_reason"  # which law it breaks, for the capacity
    POLICY = "policy"  # which of the host's own rules it breaks
    SUBJECT = "subject"  # the notice's subject line
    NOTICE = "notice"  # the notice's whole text
    NUMBER = "number"  # our number of the notice
    CONTACT_EMAIL = "contact_email"  # an address that is answered
    SIGNER_NAME = "signer_name"  # the person who states it
    ORGANISATION = "organisation"
    CAPACITY = "capacity"  # on whose behalf it speaks
    AUTHORITY = "authority"  # by what a representative may speak for the person depicted
    STATEMENT_GOOD_FAITH = "statement_good_faith"  # DSA 16(2)(d)
    STATEMENT_NOT_CONSENTED = "statement_not_consented"  # TAKE IT DOWN Act, of the person depicted or for them
    SIGNATURE = "signature"
    TODAY = "today"


class Law(StrEnum):
    """A law that a host says it follows."""

    DSA = "dsa"  # Regulation (EU) 2022/2065
    TAKE_IT_DOWN = "take_it_down"  # 47 USC 223a
    UK_OSA = "uk_osa"  # Online Safety Act 2023
    AU_OSA = "au_osa"  # Australia's Online Safety Act 2021


class ReadElsewhere(StrEnum):
    """The kind of text by others in which something about a host was read."""

    GUIDE = "guide"  # by an organisation that helps people to have media removed
    AUTHORITY = "authority"  # by a regulator, a court, or a body of the state
    REPOSITORY = "repository"  # public code and its data
    PRESS = "press"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing that a form asks, in the form's own words."""

    label: str
    kind: FieldKind
    required: bool | None = None  # None: not known
    fills: Fill | None = None  # which of our values belongs here; None: a person sees to it
    choices: tuple[str, ...] = ()  # of a choice: what can be chosen, as far as known
    choose: str = ""  # of a choice: what fits non-consensual intimate media
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A web form for people. Nothing is ever sent to it by the program."""

    url: str
    name: str = ""
    capacities: tuple[Capacity, ...] = ()  # whom it serves; empty: not known
    most_urls: int | None = None  # how many addresses it takes at once
    account: bool | None = None  # whether one has to be signed in
    captcha: bool | None = None
    identity: bool | None = None  # whether it asks for an identity document
    fields: tuple[FormField, ...] = ()  # in the form's order; empty: not known
    verified_on: date | None = None
    read_elsewhere: ReadElsewhere | None = None
    source: str = ""
    note: str = ""

    def serves(self, capacity: Capacity) -> bool:
        """Return whether the form takes what somebody says in this capacity; a form that does not tell may."""
        return not self.capacities or capacity in self.capacities


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A programming interface that takes notices."""

    name: str
    url: str = ""  # where it is documented


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one host, network or search engine takes notices."""

    name: str  # the host plug's, if it has one
    title: str = ""  # what people call it
    domains: tuple[str, ...] = ()  # with all their subdomains
    email: str | None = None  # for notices
    email_elsewhere: str | None = None  # others name it: proposed to a person, never used unseen
    forms: tuple[Form, ...] = ()  # the one for most notices first
    api: Api | None = None
    languages: tuple[str, ...] = ()  # that notices may be written in (ISO 639-1); empty: not known
    policy: str | None = None  # address of the rules that a notice can refer to
    policy_name: str = ""
    category: str = ""  # what its rules call this, where it takes no notice that does not name it
    laws: tuple[Law, ...] = ()
    established: str | None = None  # country of its main establishment (ISO 3166-1)
    represented: str | None = None  # country of its legal representative in the EU (DSA 13)
    not_in: tuple[str, ...] = ()  # countries in which it serves nothing (ISO 3166-1)
    seat_source: str = ""  # where the countries were read, if not where the rest was
    verified_on: date | None = None
    read_elsewhere: ReadElsewhere | None = None
    source: str = ""
    note: str = ""  # anything a moderator should know

    @property
    def known(self) -> bool:
        """Whether anything at all is written down of it."""
        return self != Channel(name=self.name)

    @property
    def form(self) -> str | None:
        """Address of the first form, or None."""
        return self.forms[0].url if self.forms else None

    def form_for(self, capacity: Capacity) -> Form | None:
        """Return the form for this capacity: one that says it serves it, else one that does not tell, else None."""
        serving = [form for form in self.forms if form.serves(capacity)]
        return next((form for form in serving if form.capacities), serving[0] if serving else None)


class BodyKind(StrEnum):
    """Who stands above a host, or beside it."""

    COORDINATOR = "coordinator"  # Digital Services Coordinator of a country (DSA 49); complaints: DSA 53
    DISPUTES = "disputes"  # certified out-of-court dispute settlement body (DSA 21)
    REGULATOR = "regulator"  # of a country outside the EU
    HELPLINE = "helpline"  # reports for people, or helps them to


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An authority, dispute settlement body or helpline that a person can turn to."""

    name: str
    kind: BodyKind
    title: str  # as it calls itself
    country: str  # ISO 3166-1
    web: str | None = None
    form: str | None = None  # where it takes complaints
    languages: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # the channels that it deals with; empty: any, or not known
    who: tuple[Capacity, ...] = ()  # who may turn to it; empty: not known
    verified_on: date | None = None
    read_elsewhere: ReadElsewhere | None = None
    source: str = ""
    note: str = ""
