"""Why somebody may be in the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.states import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Why somebody may be in the gallery, and until when."""

    basis: Basis
    mandate: str | None  # where the mandate of who speaks for them is recorded
    adult: bool
    record: str  # where the consent and the proof of age are recorded
    purpose: str
    expires: datetime
