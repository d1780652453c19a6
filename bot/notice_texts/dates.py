"""Days and moments as a notice's language writes them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import clock

_MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ),
}  # fmt: skip


def day(moment: datetime, language: str) -> str:
    """Return a day, such as `2026-11-22` in English and `22.11.2026` in German."""
    at = moment.astimezone(UTC)
    if language == "de":
        return f"{at:%d.%m.%Y}"
    if language not in _MONTHS:
        return clock.day(at)
    month = _MONTHS[language][at.month - 1]
    if language == "es":
        return f"{at.day} de {month} de {at.year}"
    return f"{'1er' if at.day == 1 else at.day} {month} {at.year}"


def day_and_time(moment: datetime, language: str) -> str:
    """Return a moment to the minute, such as `2026-11-22 15:56 UTC`."""
    at = moment.astimezone(UTC)
    return f"{day(at, language)}{'' if language == 'en' else ','} {at:%H:%M} UTC"
