"""Who is working on which link, and what an earlier look at the same media may save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.model import LinkState
from bot.store.base import Connection, Row
from bot.store.links import LinkRow, row_of
from bot.store.sealing import fingerprint_place

SETTLED = (LinkState.ACQUIRED, LinkState.MATCHED, LinkState.JUDGED, LinkState.GONE, LinkState.UNSUPPORTED)

# A link `l` and each other one `o` whose media is the same; none where it is to be fetched afresh
OTHERS = """links l join links o on o.host = l.host and coalesce(o.host_id, o.url) = coalesce(l.host_id, l.url)
    where l.id = ? and not l.fresh and o.kind = l.kind and o.id <> l.id and o.place is null
    and (o.source = 'preview') = (l.source = 'preview')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedScan:
    """One look at a media: what it came to, and under which circumstances."""

    link: int
    state: LinkState
    reason: str | None
    fetched_at: datetime
    program: str  # the program and the settings that the result depends on
    originals: bool  # originals were asked for too
    banks: int | None  # version of the banks it was matched against
    sealed: bool  # its fingerprints are still there


class Queue:
    """Columns claim, claim_until, fresh, fetched_at, program, originals and banks of links."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def claim(self, link: int, who: str, seconds: float) -> bool:
        """Take a waiting link for that long; return False if somebody else has it or it waits no more."""
        return (
            self._c.run(
                """update links set claim = :who, claim_until = :until
               where id = :link and state in (:seen, :failed) and (claim is null or claim_until <= :now)""",
                {
                    "who": who,
                    "until": self._until(seconds),
                    "link": link,
                    "seen": LinkState.SEEN,
                    "failed": LinkState.FAILED,
                    "now": self._c.now(),
                },
            )
            == 1
        )

    def renew(self, who: str, seconds: float) -> None:
        """Keep all that is claimed for that long from now."""
        self._c.run("update links set claim_until = ? where claim = ?", (self._until(seconds), who))

    def holds(self, row: LinkRow, who: str) -> bool:
        """Return whether a link is still claimed by this one, and as it was then: not blocked, forgotten or parked."""
        return bool(
            self._c.value(
                "select 1 from links where id = ? and claim = ? and url = ? and state in (?, ?)",
                (row.id, who, row.link.url, LinkState.SEEN, LinkState.FAILED),
            )
        )

    def release(self, link: int, who: str | None = None) -> None:
        """Give a link back; with a name only what this one claimed."""
        self._c.run(
            """update links set claim = null, claim_until = null, tries = 0
               where id = ? and coalesce(?, claim, '') = coalesce(claim, '')""",
            (link, who),
        )

    def release_all(self, who: str | None = None) -> None:
        """Give back everything that this one claimed; without a name what anybody did, when all others are dead."""
        self._c.run(
            """update links set claim = null, claim_until = null, tries = case when ? is null then tries else 0 end
               where claim is not null and claim = coalesce(?, claim)""",
            (who, who),
        )

    def looked(self, link: int, *, program: str, originals: bool) -> None:
        """Note that a link's media was fetched, or not to be had, just now."""
        self._c.run(
            "update links set fetched_at = ?, program = ?, originals = ?, banks = null where id = ?",
            (self._c.now(), program, int(originals), link),
        )

    def matched(self, link: int, *, banks: int) -> None:
        """Note against which version of the banks a link was matched."""
        self._c.run("update links set banks = ? where id = ?", (banks, link))

    def earlier(self, row: LinkRow, since: datetime) -> list[CachedScan]:
        """Return looks at the same media behind other links, fetched since then; those with fingerprints first.

        Empty if this link is to be fetched afresh.
        """
        rows = self._c.rows(
            f"""select o.id, o.state, o.reason, o.fetched_at, o.program, o.originals, o.banks,
                      exists (select 1 from fingerprints f where f.link = o.id) as sealed
               from {OTHERS} and o.fetched_at >= ?
               order by sealed desc, o.fetched_at desc, o.id desc limit 20""",  # noqa: S608  words of ours
            (row.id, iso(since)),
        )
        return [_look(found) for found in rows if found["state"] in SETTLED]

    def wait_with(self, row: LinkRow) -> str | None:
        """Let a link wait as long as another one of its media behind which something else stands for now.

        Return what was met there; None if there is none, or this link is to be fetched afresh.
        """
        other = self._c.one(
            f"""select o.state, o.reason, o.next_at, o.pages from {OTHERS}
               and o.state = 'failed' and o.pages > 0 and o.next_at > ? order by o.next_at desc limit 1""",  # noqa: S608  words of ours
            (row.id, self._c.now()),
        )
        if other is None:
            return None
        self._c.run(
            "update links set state = ?, reason = ?, next_at = ?, pages = ?, updated_at = ? where id = ?",
            (other["state"], other["reason"], other["next_at"], other["pages"], self._c.now(), row.id),
        )
        return str(other["reason"])

    def repeat(self, look: CachedScan, link: int) -> None:
        """Give a link the circumstances of an earlier look and, if they are still there, its fingerprints."""
        with self._c:
            self._c.run("delete from fingerprints where link = ?", (link,))
            for row in self._c.rows("select media, sealed from fingerprints where link = ?", (look.link,)):
                if self._seal is not None:  # sealed for its new place
                    data = self._seal.decrypt(row["sealed"], *fingerprint_place(look.link, row["media"]))
                    sealed = self._seal.encrypt(data, *fingerprint_place(link, row["media"]))
                    self._c.run("insert into fingerprints values (?, ?, ?)", (link, row["media"], sealed))
            self._c.run(
                """update links set (fetched_at, program, originals, banks) =
                   (select fetched_at, program, originals, banks from links where id = ?) where id = ?""",
                (look.link, link),
            )

    def due_at(self, host: str, limit: int) -> list[LinkRow]:
        """Return links to a host that wait for their turn and nobody has, the longest due first."""
        rows = self._c.rows(
            """select * from links where host = ? and state in (?, ?) and claim is null and next_at <= ?
               order by next_at, id limit ?""",
            (host, LinkState.SEEN, LinkState.FAILED, self._c.now(), limit),
        )
        return [row_of(row) for row in rows]

    def wake_behind(self, host: str, since: datetime) -> None:
        """Let what stands for links be looked at that have waited for their turn at a host since then or longer."""
        behind = """state = 'reserve' and stands_for in (select id from links where host = :host
                    and state in ('seen', 'failed') and claim is null and next_at <= :since)"""
        values = {"now": self._c.now(), "host": host, "since": iso(since)}
        if self._c.value(f"select exists (select 1 from links where {behind})", values):  # noqa: S608  words of ours
            self._c.run(f"update links set state = 'seen', next_at = :now, updated_at = :now where {behind}", values)  # noqa: S608  words of ours

    def fetch_afresh(self, link: int) -> None:
        """Put a link back to be fetched itself, whatever is known of its media from elsewhere; none that is blocked."""
        self._c.run(
            "update links set state = ?, fresh = 1, next_at = ?, updated_at = ? where id = ? and state != ?",
            (LinkState.SEEN, self._c.now(), self._c.now(), link, LinkState.BLOCKED),
        )

    def _until(self, seconds: float) -> str:
        return iso(self._c.clock.now() + timedelta(seconds=seconds))


def _look(row: Row) -> CachedScan:
    return CachedScan(
        link=row["id"],
        state=LinkState(row["state"]),
        reason=row["reason"],
        fetched_at=from_iso(row["fetched_at"]),
        program=row["program"],
        originals=bool(row["originals"]),
        banks=row["banks"],
        sealed=bool(row["sealed"]),
    )
