"""Which keys of the console each person presses in place of others."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.store.base import Connection


class Keyboards:
    """Table keyboards."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of(self, member: int) -> dict[str, str]:
        """Return pressed key → key of ours that is meant, for a member; what is not in it means itself."""
        found = self._c.value("select keys from keyboards where member = ?", (member,))
        return dict(json.loads(found)) if found else {}

    def keep(self, member: int, keys: Mapping[str, str]) -> None:
        """Keep a member's keys; none: as they come."""
        if keys:
            self._c.run(
                "insert or replace into keyboards (member, keys) values (?, ?)", (member, json.dumps(dict(keys)))
            )
        else:
            self._c.run("delete from keyboards where member = ?", (member,))
