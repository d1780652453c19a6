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
