"""Which texts of notices people of the team have approved, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso
from bot.model import Actor
from bot.store.base import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedText:
    """That somebody has approved a text as its digest says it is."""

    digest: str
    language: str
    name: str
    at: datetime
    by: str


class ApprovedTexts:
    """Table approved_texts."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def approve(self, language: str, name: str, digest: str, *, by: Actor) -> bool:
        """Record that a member approves a text; False if it was approved already."""
        return bool(
            self._c.run(
                "insert or ignore into approved_texts (digest, language, name, at, member) values (?, ?, ?, ?, ?)",
                (digest, language, name, self._c.now(), by.member),
            )
        )

    def listing(self) -> dict[str, ApprovedText]:
        """Return all that was approved, by digest."""
        rows = self._c.rows(
            "select a.*, t.name as member_name from approved_texts a join team t on t.id = a.member order by a.at"
        )
        return {
            row["digest"]: ApprovedText(
                digest=row["digest"],
                language=row["language"],
                name=row["name"],
                at=from_iso(row["at"]),
                by=row["member_name"],
            )
            for row in rows
        }
