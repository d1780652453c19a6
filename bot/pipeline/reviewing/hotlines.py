"""Where a person reports a suspected minor. Public addresses, each with the day on which it was last verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


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


class Ages(StrEnum):
    """Whom a helpline is for, by its own word."""

    ALL = "all"
    YOUNG = "young"  # children and young people alone
    ADULTS = "adults"  # of age, or nothing public says that it is for children


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """People to talk to for who is depicted, in one country."""

    country: str  # as it is called in its language
    languages: tuple[str, ...]  # ISO 639-1: in whose answers it stands
    name: str
    contact: str  # what to dial or do there, and when, in that language
    url: str
    ages: Ages
    source: str  # the public page that says for whom it is, and when
    verified_on: date


TALK_VERIFIED = date(2026, 11, 30)  # against stored public pages about them; numbers and hours change
HELPLINES = (
    Helpline(
        country="United States",
        languages=("en",),
        name="CCRI Image Abuse Helpline",
        contact="day and night, see its page",
        url="https://cybercivilrights.org",
        ages=Ages.ADULTS,
        source="https://ovc.ojp.gov/funding/awards/15povc-23-gk-01579-nonf",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Estados Unidos",
        languages=("es",),
        name="CCRI Image Abuse Helpline",
        contact="día y noche, véase su página",
        url="https://cybercivilrights.org",
        ages=Ages.ADULTS,
        source="https://ovc.ojp.gov/funding/awards/15povc-23-gk-01579-nonf",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="United States",
        languages=("en",),
        name="Childhelp",
        contact="1-800-422-4453, call or text, day and night",
        url="https://childhelphotline.org",
        ages=Ages.YOUNG,
        source="https://childhelphotline.org/how-it-works",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Estados Unidos",
        languages=("es",),
        name="Childhelp",
        contact="1-800-422-4453, llamada o mensaje, día y noche",
        url="https://childhelphotline.org",
        ages=Ages.YOUNG,
        source="https://childhelphotline.org/how-it-works",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="United Kingdom",
        languages=("en",),
        name="Revenge Porn Helpline",
        contact="0345 6000 459, Monday to Friday 10:00 to 16:00",
        url="https://revengepornhelpline.org.uk",
        ages=Ages.ADULTS,
        source="https://swgfl.org.uk/helplines/revenge-porn-helpline/",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="United Kingdom",
        languages=("en",),
        name="Childline",
        contact="0800 1111, day and night; its Report Remove has pictures of under 18s taken down",
        url="https://www.childline.org.uk",
        ages=Ages.YOUNG,
        source="https://learning.nspcc.org.uk/services/childline",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Australia",
        languages=("en",),
        name="eSafety Commissioner",
        contact="report online",
        url="https://www.esafety.gov.au/report",
        ages=Ages.ALL,
        source="https://www.esafety.gov.au/report/image-based-abuse/support-for-image-based-abuse",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Australia",
        languages=("en",),
        name="Kids Helpline",
        contact="1800 55 1800, day and night, 5 to 25 years",
        url="https://kidshelpline.com.au",
        ages=Ages.YOUNG,
        source="https://www.esafety.gov.au/report/image-based-abuse/support-for-image-based-abuse",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Deutschland",
        languages=("de",),
        name="Hilfetelefon Gewalt gegen Frauen",
        contact="116 016, Tag und Nacht",
        url="https://www.hilfetelefon.de",
        ages=Ages.ADULTS,
        source="https://www.hilfetelefon.de/das-hilfetelefon/angebot-im-ueberblick.html",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="Deutschland",
        languages=("de",),
        name="Nummer gegen Kummer",
        contact="116 111, Montag bis Samstag 14 bis 20 Uhr",
        url="https://www.nummergegenkummer.de",
        ages=Ages.YOUNG,
        source="https://www.bmfsfj.de/bmfsfj/mediathek/anrufen-mailen-chatten-gegen-sorgen-154556",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="France",
        languages=("fr",),
        name="3018",
        contact="3018, tous les jours de 9 h à 23 h",
        url="https://3018.fr",
        ages=Ages.ALL,
        source="https://solidarites.gouv.fr/node/2219",
        verified_on=TALK_VERIFIED,
    ),
    Helpline(
        country="España",
        languages=("es",),
        name="INCIBE",
        contact="017, todos los días de 8 a 23 h",
        url="https://www.incibe.es",
        ages=Ages.ALL,
        source="https://www.surinenglish.com/spain/017-the-free-phone-number-spain-help-20240318105815-nt.html",
        verified_on=TALK_VERIFIED,
    ),
)


def helplines(language: str) -> tuple[Helpline, ...]:
    """Return whom to talk to, for who writes in a language."""
    return tuple(one for one in HELPLINES if language in one.languages)
