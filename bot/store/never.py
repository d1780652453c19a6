"""What is never fetched again, as keyed digests, and which of it stands on the word of a claim alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.encryption import FieldCipher
from bot.model import LinkState
from bot.store.base import Connection

WHY_BLOCKED = "suspected minor: never fetched"

_HELD = "(select j.value from minor_holds h, json_each(h.marks) j)"  # of posts that are hidden for now


class Never:
    """Tables never, claim_marks and claim_minors. A mark goes only when the last one who holds it lets it go."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def digests(self, things: Iterable[str]) -> list[str]:
        """Return the marks of things; none without a key."""
        return [] if self._seal is None else [self._seal.keyed_digest(thing) for thing in things]

    def holds(self, things: Sequence[str]) -> bool:
        """Return whether any of these must never be fetched."""
        if self._seal is None or not self._c.value("select exists (select 1 from never)"):
            return False
        return any(self._c.value("select 1 from never where mark = ?", (mark,)) for mark in self.digests(things))

    def add(self, marks: Iterable[str], *, held: bool = False) -> list[str]:
        """Keep marks; return those that are new. What only a claim held is kept for good.

        `held`: they can be taken back with a post; return also those that only a claim holds.
        """
        now, found = self._c.now(), list(dict.fromkeys(marks))
        new = {mark for mark in found if self._c.run("insert or ignore into never values (?, ?)", (mark, now))}
        if held:
            only = f"select 1 from claim_marks where mark = :mark and :mark not in {_HELD}"  # noqa: S608  words of ours
            new |= {mark for mark in found if self._c.value(only, {"mark": mark})}
        else:
            for mark in found:
                self._c.run("delete from claim_marks where mark = ?", (mark,))
        return [mark for mark in found if mark in new]

    def free(self, marks: Iterable[str]) -> int:
        """Forget marks that nobody holds any more; return how many."""
        query = f"""delete from never where mark = ? and mark not in {_HELD}
            and mark not in (select mark from claim_marks)"""  # noqa: S608  words of ours
        return sum(self._c.run(query, (mark,)) for mark in marks)

    def own(self, claim: int, things: Iterable[str], labels: Iterable[str]) -> None:
        """Keep marks on the word of a claim, which also had the posts hidden that are marked under `labels`."""
        for mark in self.digests(things):
            if self._c.run("insert or ignore into never values (?, ?)", (mark, self._c.now())) or self._c.value(
                f"select :mark in {_HELD} or :mark in (select mark from claim_marks)",  # noqa: S608  words of ours
                {"mark": mark},
            ):  # else somebody holds it for good
                self._c.run("insert or ignore into claim_marks values (?, ?)", (claim, mark))
        for label in labels:
            self._c.run("insert or ignore into claim_minors values (?, ?)", (claim, label))

    def owned_by(self, claim: int) -> int:
        """Return how many marks stand on the word of a claim."""
        return int(self._c.value("select count(*) from claim_marks where claim = ?", (claim,)))

    def release(self, claim: int) -> int:
        """Forget the marks that stand on the word of a claim alone; return how many. What they blocked is fetched."""
        marks = [row["mark"] for row in self._c.rows("select mark from claim_marks where claim = ?", (claim,))]
        self._c.run("delete from claim_marks where claim = ?", (claim,))
        freed = self.free(marks)
        self.look_again()
        return freed

    def hidden_for(self, claim: int) -> list[str]:
        """Return the labels of what a claim had hidden and what can still be taken back."""
        rows = self._c.rows(
            "select distinct k.label from claim_minors k join minor_holds h on h.label = k.label where k.claim = ?",
            (claim,),
        )
        return [row["label"] for row in rows]

    def taken_back(self, labels: Iterable[str]) -> None:
        """Release the marks of claims of whose posts these were the last that are marked."""
        for claim in self._of(labels):
            if not self._c.value("select 1 from claim_minors where claim = ?", (claim,)):
                self.release(claim)

    def reported(self, label: str) -> None:
        """Keep for good what stands on the word of claims that had this hidden: a person reported it."""
        for claim in self._of([label]):
            self._c.run("delete from claim_marks where claim = ?", (claim,))

    def _of(self, labels: Iterable[str]) -> list[int]:
        """Return the claims that had these hidden, and forget that they had."""
        found: dict[int, None] = {}
        for label in labels:
            for row in self._c.rows("select claim from claim_minors where label = ?", (label,)):
                found[row["claim"]] = None
            self._c.run("delete from claim_minors where label = ?", (label,))
        return list(found)

    def look_again(self) -> None:
        """Put links of other posts that were blocked for what is marked no more back into the queue."""
        now = self._c.now()
        rows = self._c.rows(
            """select id, post, host, host_id from links l where state = ? and reason = ? and url not like 'minor:%'
               and kind in ('media', 'album') and not exists (select 1 from minor_holds h where h.post = l.post)""",
            (LinkState.BLOCKED, WHY_BLOCKED),
        )
        for row in rows:  # what another mark blocks is blocked again when its file comes
            media = f"{row['host']}:{row['host_id']}"
            if not self.holds([row["post"], *([media] if row["host_id"] else [])]):
                self._c.run(
                    "update links set state = ?, reason = null, next_at = ?, updated_at = ? where id = ?",
                    (LinkState.SEEN, now, now, row["id"]),
                )
