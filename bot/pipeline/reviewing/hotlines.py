"""Where a person reports a suspected minor. Public addresses, each with the day on which it was last verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    """One place that takes reports from anybody, by a form; none of them wants the media itself."""

    name: str
    url: str
    what: str
    verified_on: date


VERIFIED = date(2026, 11, 25)  # against public pages about these addresses
HOTLINES = (
    Hotline(
        name="Reddit",
        url="https://www.reddit.com/report",
        what='choose "minor abuse or sexualization"; Reddit itself must report it on',
        verified_on=VERIFIED,
    ),
    Hotline(
        name="NCMEC CyberTipline",
        url="https://report.cybertip.org",
        what="United States; takes reports from everywhere, and Reddit and most hosts are there",
        verified_on=VERIFIED,
    ),
    Hotline(
        name="Internet Watch Foundation",
        url="https://report.iwf.org.uk",
        what="United Kingdom; takes anonymous reports",
        verified_on=VERIFIED,
    ),
    Hotline(
        name="INHOPE",
        url="https://www.inhope.org/what-we-do/how-to-report",
        what="every other country: a map of the national hotlines; INHOPE itself takes no reports",
        verified_on=VERIFIED,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """People to talk to for who is depicted, of any age, in one country."""

    country: str  # as it is called in its language
    languages: tuple[str, ...]  # ISO 639-1: in whose answers it stands
    name: str
    contact: str  # what to dial or do there
    url: str
    verified_on: date


TALK_VERIFIED = date(2026, 11, 30)  # against stored public pages about them; numbers and hours change
HELPLINES = (
    Helpline(
        country="United States",
        languages=("en", "es"),
        name="CCRI Image Abuse Helpline",
        contact="day and night, see its page",
        url="https://cybercivilrights.org",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="United Kingdom",
        languages=("en",),
        name="Revenge Porn Helpline",
        contact="0345 6000 459",
        url="https://revengepornhelpline.org.uk",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Australia",
        languages=("en",),
        name="eSafety Commissioner",
        contact="report online",
        url="https://www.esafety.gov.au/report",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Deutschland",
        languages=("de",),
        name="Hilfetelefon Gewalt gegen Frauen",
        contact="116 016",
        url="https://www.hilfetelefon.de",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="France",
        languages=("fr",),
        name="3018",
        contact="3018",
        url="https://3018.fr",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="España",
        languages=("es",),
        name="INCIBE",
        contact="017",
        url="https://www.incibe.es",
        verified_on=TALK_VERIFIED,
    ),
)


def helplines(language: str) -> tuple[Helpline, ...]:
    """Return whom to talk to, for who writes in a language."""
    return tuple(one for one in HELPLINES if language in one.languages)
