"""The audit trail: who decided what, when and why; of what was decided only opaque labels."""

from __future__ import annotations

import re

from bot.model import Voice
from bot.store.base import Connection, Row

# What a person writes as a reason may name a post, a media or an account; the audit trail does not keep that.
_NAMING = re.compile(
    r"(?:https?://|www\.)\S+|\b(?:redd\.it|reddit\.com)/\S+|(?<![\w/])/?(?:u|user)/[\w-]+|/?\br/\w+/comments/\S+"
    r"|\bt[1-6]_[0-9a-z]+\b",
    re.IGNORECASE,
)


def opaque(text: str | None) -> str | None:
    """Return a reason without addresses, fullnames and account names."""
    return None if text is None else _NAMING.sub("[…]", text)


class AuditLog:
    """Table audit."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def record(self, *, by: Voice, what: str, subject: str, why: str | None = None) -> None:
        """Add a line to the audit trail. `subject` is an opaque label, never a name or a URL."""
        row: dict[str, str | int | None] = {
            "at": self._c.now(),
            "who": by.name,
            "what": what,
            "subject": subject,
            "why": opaque(why),
        }
        row |= {"member": by.member, "credential": by.credential, "account": by.account}
        self._c.insert("audit", row)

    def entries(self, limit: int = 1000) -> list[Row]:
        """Return the audit trail, newest first."""
        return self._c.rows("select at, who, what, subject, why from audit order by id desc limit ?", (limit,))
