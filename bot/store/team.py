"""The people of the team: their names, roles and accounts. A row stays when somebody leaves: decisions point to it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.clock import from_iso
from bot.errors import UsageError
from bot.model import Member, Role, names
from bot.store.base import Connection, Row

SELECT = """select t.*, a.name as added_name from team t left join team a on a.id = t.added_by"""
ALL = ""  # of a role: every subreddit


class Team:
    """Tables team and team_roles."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def listing(self, *, removed: bool = False) -> list[Member]:
        """Return the members in the order in which they came; `removed`: also those who left."""
        rows = self._c.rows(f"{SELECT} where ? or t.removed_at is null order by t.id", (removed,))
        return [self._member(row) for row in rows]

    def get(self, member: int) -> Member:
        """Return one by its row, whether or not they left."""
        row = self._c.one(f"{SELECT} where t.id = ?", (member,))
        assert row is not None, "rows are never deleted"
        return self._member(row)

    def named(self, name: str) -> Member | None:
        """Return whose name this is or looks like, also of those who left; None if nobody's."""
        row = self._c.one(f"{SELECT} where t.fold = ?", (names.fold(name),))
        return self._member(row) if row else None

    def of_account(self, account: str) -> Member | None:
        """Return whose account of the machine this is, also of those who left."""
        row = self._c.one(f"{SELECT} where t.account = ?", (account,))
        return self._member(row) if row else None

    def of_reddit(self, account: str) -> Member | None:
        """Return whose Reddit account this is, also of those who left."""
        row = self._c.one(f"{SELECT} where t.reddit = ?", (account.casefold(),))
        return self._member(row) if row else None

    def one(self, member: int) -> int:
        """Return the row that stands for a person: their own, or the one with which it was joined."""
        return int(self._c.value("select coalesce(same_as, id) from team where id = ?", (member,)))

    def add(self, name: str, *, by: int | None) -> int:
        """Add a person; return the row. Raises UsageError if the name is none, or is or looks like another's."""
        name = names.clean(name)
        with self._c:
            if (there := self.named(name)) is not None:
                raise UsageError(f"{name} looks like {there.name}, who is in the team; choose another name")
            return self._insert(name, names.fold(name), by)

    def add_reddit(self, account: str) -> int:
        """Add whom Reddit confirmed under an account, as u/ACCOUNT; return the row.

        A row that an earlier version made of that very name becomes theirs.
        """
        name = f"u/{account}"
        with self._c:
            there = self.named(name)
            if there is not None and there.reddit is None and names.same(there.name, name):
                row = there.id
            else:  # what looks like another's is told apart by Reddit, so it stays out of what is typed
                row = self._insert(name, names.fold(name) if there is None else name.casefold(), None)
            self._c.run("update team set reddit = ? where id = ?", (account.casefold(), row))
            return row

    def note_account(self, member: int, account: str) -> None:
        """Note a member's account of the machine. Raises UsageError if it is another's, or they have another."""
        with self._c:
            held, me = self.of_account(account), self.get(member)
            if held is not None and held.id != member:
                raise UsageError(f"the system account {account} is {held.name}'s; one account stands for one person")
            if me.account not in (None, account):
                raise UsageError(f"{me.name} has the system account {me.account}; one person has one of them")
            self._c.run("update team set account = ? where id = ?", (account, member))

    def note_reddit(self, member: int, account: str) -> bool:
        """Note a member's Reddit account; one that an order made a row of becomes theirs, and True is returned.

        Raises UsageError if it is another's, or they have another.
        """
        account = account.casefold()
        with self._c:
            held, me = self.of_reddit(account), self.get(member)
            if me.reddit not in (None, account):
                raise UsageError(f"{me.name} has the Reddit account u/{me.reddit}; one person has one of them")
            merged = held is not None and held.id != member
            if held is not None and merged:
                if held.account is not None or not names.same(held.name, f"u/{account}"):
                    raise UsageError(f"the Reddit account u/{account} is {held.name}'s; one account is one person's")
                self._c.run("update team set same_as = ? where same_as = ?", (member, held.id))
                self._c.run(
                    """update team set reddit = null, same_as = ?, removed_at = coalesce(removed_at, ?)
                       where id = ?""",
                    (member, self._c.now(), held.id),
                )
            self._c.run("update team set reddit = ?, off_reddit = 0 where id = ?", (account, member))
        return merged

    def note_off_reddit(self, member: int) -> None:
        """Note that a member has no Reddit account. Raises UsageError if they have one."""
        with self._c:
            me = self.get(member)
            if me.reddit is not None:
                raise UsageError(f"{me.name} has the Reddit account u/{me.reddit}; leave --no-reddit out")
            self._c.run("update team set off_reddit = 1 where id = ?", (member,))

    def give(self, member: int, role: Role, subreddits: Sequence[str], *, by: int | None) -> None:
        """Give a role, in these subreddits or, without any, in all."""
        with self._c:
            for name in subreddits or (ALL,):
                self._c.run(
                    """insert or ignore into team_roles (member, role, subreddit, given_at, given_by)
                       values (?, ?, ?, ?, ?)""",
                    (member, role.word, name.lower(), self._c.now(), by),
                )

    def from_reddit(self, member: int, role: Role, subreddit: str) -> None:
        """Keep what Reddit says a moderator may do in one subreddit, instead of what it said before."""
        with self._c:
            self._c.run(
                """delete from team_roles where member = ? and subreddit = ? and given_by is null and role != ?""",
                (member, subreddit.lower(), role.word),
            )
            self.give(member, role, [subreddit], by=None)

    def remove(self, member: int) -> None:
        """Let somebody decide nothing any more. Raises UsageError if no operator would be left."""
        with self._c:
            me = self.get(member)
            if me.operator and not any(other.operator for other in self.listing() if other.id != member):
                raise UsageError(f"{me.name} is the last operator; make another one first: gifwarden team add --help")
            self._c.run("delete from team_roles where member = ?", (member,))
            self._c.run("delete from sessions where member = ?", (member,))
            self._c.run("delete from sign_in_links where member = ?", (member,))
            self._c.run("update team set removed_at = ? where id = ?", (self._c.now(), member))

    def revive(self, member: int) -> None:
        """Let somebody who left come back, without roles."""
        self._c.run("update team set removed_at = null where id = ? and same_as is null", (member,))

    def has_operator(self) -> bool:
        """Return whether there is an operator: without one nobody decides at the command line."""
        return any(member.operator for member in self.listing())

    def roles_by_reddit(self, member: int) -> frozenset[tuple[str, str]]:
        """Return (role, subreddit) of what Reddit gave a member."""
        rows = self._c.rows("select role, subreddit from team_roles where member = ? and given_by is null", (member,))
        return frozenset((row["role"], row["subreddit"]) for row in rows if row["subreddit"])

    def _insert(self, name: str, fold: str, by: int | None) -> int:
        return self._c.insert("team", {"name": name, "fold": fold, "since": self._c.now(), "added_by": by})

    def _member(self, row: Row) -> Member:
        roles = self._c.rows(
            "select role, subreddit from team_roles where member = ? order by subreddit, role", (row["id"],)
        )
        return Member(
            id=row["id"],
            name=row["name"],
            roles=tuple((Role[role["role"].upper()], role["subreddit"] or None) for role in roles),
            account=row["account"],
            reddit=row["reddit"],
            off_reddit=bool(row["off_reddit"]),
            since=from_iso(row["since"]),
            added_by=row["added_name"],
            removed=from_iso(row["removed_at"]) if row["removed_at"] else None,
        )
