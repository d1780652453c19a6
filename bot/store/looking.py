"""How each person wants to look at media, and how much they did today. What was looked at is written nowhere."""

from __future__ import annotations

import json

from bot.clock import day
from bot.encryption import FieldCipher
from bot.model import KINDS, Level, LookSettings
from bot.store.base import Connection


class Looking:
    """Tables look_settings and looks_today."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def settings(self, member: int) -> LookSettings:
        """Return how a member wants to look."""
        row = self._c.one("select * from look_settings where member = ?", (member,))
        if row is None:
            return LookSettings()
        refused = json.loads(row["refused"])
        return LookSettings(
            level=Level(row["level"]),
            grey=bool(row["grey"]),
            refused=tuple(kind for kind in KINDS if kind in refused),
        )

    def keep(self, member: int, settings: LookSettings) -> None:
        """Keep how a member wants to look."""
        self._c.run(
            "insert or replace into look_settings (member, level, grey, refused) values (?, ?, ?, ?)",
            (member, settings.level, settings.grey, json.dumps(list(settings.refused))),
        )

    def looked(self, member: int, *, clear: bool) -> None:
        """Count one look of a member's today, and forget those of other days. Without a key nothing is counted."""
        if self._seal is None:
            return
        with self._c:
            self.forget()
            self._c.run(
                """insert into looks_today (mark, day, looks, clear) values (?, ?, 1, ?)
                   on conflict do update set looks = looks + 1, clear = clear + excluded.clear""",
                (self._mark(member), self._today, clear),
            )

    def today(self, member: int) -> tuple[int, int]:
        """Return how many looks a member had today, and how many of them were blurred or plain."""
        if self._seal is None:
            return 0, 0
        row = self._c.one("select looks, clear from looks_today where mark = ?", (self._mark(member),))
        return (row["looks"], row["clear"]) if row else (0, 0)

    def forget(self) -> None:
        """Forget the looks of other days."""
        self._c.run("delete from looks_today where day != ?", (self._today,))

    @property
    def _today(self) -> str:
        return day(self._c.clock.now())

    def _mark(self, member: int) -> str:
        """Return the name of a member's row: whose it is cannot be told without the key, nor that of two days is."""
        assert self._seal is not None, "asked by callers"
        return self._seal.keyed_digest(f"looks of {member} on {self._today}")
