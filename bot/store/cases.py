"""Cases: what a moderator sees, and what other moderators decided."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.errors import StoreError
from bot.model import ActionState, CaseState, Evidence, Hold, ModAction, Post, Verdict, Voice
from bot.serialization import dumps, loads
from bot.store.base import Connection, Row, label
from bot.store.case_media import CaseMedia

SELECT = """select c.*, p.data as post_data, l.url, l.host, l.host_id, l.source from cases c
            join posts p on p.fullname = c.post join links l on l.id = c.link"""
_GROUP = "coalesce(c.media, c.id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A stored case with its post and link."""

    id: int
    label: str
    link: int
    state: CaseState
    verdict: Verdict
    post: Post
    url: str
    host: str
    host_id: str | None
    source: str  # where in the post the link stood
    media: str | None  # the group: the same of all cases of the very same media; None: it is not known
    opened: datetime
    decided_by: str | None
    decided_member: int | None  # their row of the team, if they are of it
    decided_account: str | None  # of a name that was typed: the system account under which it was
    why: str | None
    version: int  # one more with every change
    proposal: str | None = None  # made of past removals: the bank into which a confirmation puts its media


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """The cases of one media, of those that were asked for."""

    case: CaseRow  # the first of them, by which the group is named
    cases: int
    posts: int
    authors: int  # those that are known
    subreddits: tuple[str, ...]
    states: Mapping[CaseState, int]
    actions: Mapping[
        tuple[str, ActionState, Hold | None], int
    ]  # how many of a kind are in a state, and what holds them
    oldest: datetime  # when the first of them was opened
    newest: datetime


class Cases:
    """Tables cases and decisions."""

    def __init__(self, connection: Connection, seal: FieldCipher | None = None) -> None:
        self._c = connection
        self.media = CaseMedia(connection, seal)

    def open(self, link: int, post: str, verdict: Verdict, *, proposal: str | None = None) -> CaseRow:
        """Open a case for a link whose evidence is stored, or return the one that it has.

        `proposal`: it is one, for this bank.
        """
        with self._c:
            self._c.run(
                """insert or ignore into cases (label, link, post, state, verdict, opened_at, proposal)
                   values (?, ?, ?, ?, ?, ?, ?)""",
                (label("C"), link, post, CaseState.OPEN, dumps(verdict), self._c.now(), proposal),
            )
            self.media.mark(self._c.value("select id from cases where link = ?", (link,)))
            row = self._c.one(f"{SELECT} where c.link = ?", (link,))
        assert row is not None
        return _row(row)

    def get(self, name: str) -> CaseRow:
        """Return a case by its label. Raises StoreError if there is none."""
        row = self._c.one(f"{SELECT} where c.label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no case {name}; see: gifwarden cases list")
        return _row(row)

    def of_id(self, case: int) -> CaseRow:
        """Return a case by its row."""
        row = self._c.one(f"{SELECT} where c.id = ?", (case,))
        assert row is not None
        return _row(row)

    def of_post(self, fullname: str) -> list[CaseRow]:
        """Return the cases of a post, oldest first."""
        return [_row(row) for row in self._c.rows(f"{SELECT} where c.post = ? order by c.id", (fullname,))]

    def about(self, post: str | None, evidence: Evidence, limit: int = 5) -> list[str]:
        """Return the labels of cases of a post, of a media at its host or of the very files, the newest first.

        No suspected minor's is among them.
        """
        link = evidence.link
        rows = self._c.rows(
            """select label from cases where state <> 'minor' and id in (
                   select id from cases where post = :post union all select id from cases where media = :media
                   union all select c.id from links l join cases c on c.link = l.id
                   where l.host = :host and coalesce(l.host_id, l.url) = :id and :host <> '')
               order by id desc limit :limit""",
            {
                "post": post, "media": self.media.of_files(evidence), "host": link.host, "id": link.id or link.url,
                "limit": limit,
            },
        )  # fmt: skip
        return [str(row["label"]) for row in rows]

    def of_entry(self, entry: str, may: Callable[[str], bool], limit: int = 20) -> list[str]:
        """Return the labels of cases whose one media is a very file of an entry, or that banked it, the newest first.

        `may`: whether somebody decides in a subreddit; only cases of such ones are told. No suspected minor's is among
        them, and no proposal.
        """
        keys = [key for sha256 in self.files_of(entry) if (key := self.media.of_file(sha256)) is not None]
        marks = ", ".join("?" * len(keys))
        found = f"""cases c join posts p on p.fullname = c.post
                    where c.state <> 'minor' and c.proposal is null and (c.media in ({marks}) or c.id in (
                        select m.case_id from case_entries m join entries e on e.id = m.entry where e.label = ?))"""  # noqa: S608  marks of ours
        places = self._c.tuples(f"select distinct p.subreddit from {found}", (*keys, entry))  # noqa: S608  marks of ours
        rows = self._c.tuples(
            f"""select c.label from {found} and p.subreddit in (select value from json_each(?))
                order by c.id desc limit ?""",  # noqa: S608  marks of ours
            (*keys, entry, dumps([place for (place,) in places if may(place)]), limit),
        )
        return [name for (name,) in rows]

    def files_of(self, entry: str) -> set[str]:
        """Return the SHA-256 of each file of an entry, as hexadecimal digits."""
        rows = self._c.tuples(
            "select f.sha256 from entry_files f join entries e on e.id = f.entry where e.label = ?", (entry,)
        )
        return {sha256 for (sha256,) in rows if sha256}

    def labels(self, begin: str = "", limit: int = 1000) -> list[str]:
        """Return the labels that begin so (in small letters behind the first), those of the newest cases first."""
        where, values = "label >= ? and label < ?" if begin else "1", (begin, f"{begin}g") if begin else ()
        rows = self._c.tuples(
            f"select label from cases where {where} order by id desc limit ?",  # noqa: S608  one of two
            (*values, limit),
        )
        return [label for (label,) in rows]

    def listing(self, states: tuple[CaseState, ...] = (), limit: int = 1000) -> list[CaseRow]:
        """Return cases, newest first, of these states or of all."""
        marks = ",".join("?" * len(states))
        where = f"where c.state in ({marks})" if states else ""
        return [_row(row) for row in self._c.rows(f"{SELECT} {where} order by c.id desc limit ?", (*states, limit))]

    def group(self, case: CaseRow) -> list[CaseRow]:
        """Return all cases of the very same media, in any state and subreddit, oldest first; itself is one of them."""
        if case.media is None:
            return [self.of_id(case.id)]
        return [_row(row) for row in self._c.rows(f"{SELECT} where c.media = ? order by c.id", (case.media,))]

    def group_of(self, case: CaseRow) -> GroupRow:
        """Return how many cases of the very same media there are, in any state; named by the first."""
        return self._counted(case.media or case.id, "1", ())

    def groups(
        self,
        states: Collection[CaseState] = (),
        limit: int = 1000,
        *,
        subreddit: str | None = None,
        appealed: bool = False,
        media: str | None = None,
        grouped: bool = True,
        proposals: bool | None = None,
    ) -> list[GroupRow]:
        """Return the cases in these states (none: all), a row for each media, that of the newest case first.

        `appealed`: only those whose appeal is open. `media`: only of one group. Not `grouped`: a row for each case.
        `proposals`: only those, in the order in which they were opened, or none of them; left out: both.
        """
        where, values = _among(states, subreddit, appealed, media, proposals)
        rows = self._c.tuples(
            f"""select {_GROUP if grouped else "c.id"} as name, max(c.id) as newest from cases c where {where}
                group by name order by newest {"asc" if proposals else "desc"} limit ?""",  # noqa: S608  words of ours
            (*values, limit),
        )
        return [self._counted(name, where, values) for name, _ in rows]

    def count_groups(
        self,
        states: Collection[CaseState] = (),
        *,
        subreddit: str | None = None,
        appealed: bool = False,
        media: str | None = None,
        grouped: bool = True,
        proposals: bool | None = None,
    ) -> tuple[int, int]:
        """Return how many rows `groups` has without a limit, and of how many cases."""
        where, values = _among(states, subreddit, appealed, media, proposals)
        name = _GROUP if grouped else "c.id"
        ((groups, cases),) = self._c.tuples(
            f"select count(distinct {name}), count(*) from cases c where {where}",  # noqa: S608  a condition of ours
            values,
        )
        return groups, cases

    def _counted(self, name: str | int, where: str, values: Sequence[Any]) -> GroupRow:
        """Return one group, of the cases that a condition holds for."""
        own = f"from cases c where c.{'media' if isinstance(name, str) else 'id'} = ? and {where}"
        states = self._c.tuples(f"select c.state, count(*) {own} group by c.state", (name, *values))
        ((posts, authors, subreddits, first, oldest, newest),) = self._c.tuples(
            f"""select count(*), count(distinct json_extract(p.data, '$.author')), group_concat(distinct p.subreddit),
                min(first), min(oldest), max(newest) from posts p join
                (select c.post, min(c.id) as first, min(c.opened_at) as oldest, max(c.opened_at) as newest {own}
                 group by c.post) on post = p.fullname""",  # noqa: S608  a condition of ours
            (name, *values),
        )
        actions = self._c.tuples(
            f"""select a.kind, a.state, a.hold, count(*) from actions a where a.case_id in (select c.id {own})
                group by 1, 2, 3 order by min(a.id)""",  # noqa: S608  a condition of ours
            (name, *values),
        )
        return GroupRow(
            case=self.of_id(first),
            cases=sum(count for _, count in states),
            posts=posts,
            authors=authors,
            subreddits=tuple(sorted(subreddits.split(","))),
            states={CaseState(state): count for state, count in states},
            actions={(kind, ActionState(state), hold and Hold(hold)): count for kind, state, hold, count in actions},
            oldest=from_iso(oldest),
            newest=from_iso(newest),
        )

    def decide(self, case: int, state: CaseState, *, by: Voice, why: str) -> bool:
        """Move an open case into a final state; False if it was not open any more."""
        return bool(
            self._c.run(
                """update cases set state = ?, decided_by = ?, decided_member = ?, decided_account = ?,
                   decided_at = ?, why = ? where id = ? and state = 'open'""",
                (state, by.name, by.member, by.account, self._c.now(), why, case),
            )
        )

    def judged_again(self, case: CaseRow, evidence: Evidence, verdict: Verdict) -> None:
        """Give an open case what is left of its evidence, and the verdict of that."""
        with self._c:
            self._c.run("update cases set verdict = ? where id = ? and state = 'open'", (dumps(verdict), case.id))
            self._c.run(
                "update evidence set data = ?, verdict = ? where link = ?",
                (dumps(evidence), dumps(verdict), case.link),
            )

    def found_wrong(self, case: int, *, by: Voice, why: str) -> bool:
        """Close a case whose entry was wrong, open or confirmed; False if it is decided otherwise."""
        return bool(
            self._c.run(
                """update cases set state = 'withdrawn', decided_by = ?, decided_member = ?, decided_account = ?,
                   decided_at = ?, why = ? where id = ? and state in ('open', 'confirmed')""",
                (by.name, by.member, by.account, self._c.now(), why, case),
            )
        )

    def reopen(self, case: int) -> bool:
        """Put a decided case back on the table; False if it is about a suspected minor, where it stays."""
        return bool(
            self._c.run(
                """update cases set state = 'open', decided_by = null, decided_member = null, decided_account = null,
                   decided_at = null, why = null where id = ? and state != 'minor'""",
                (case,),
            )
        )

    def heard(self, decision: ModAction) -> bool:
        """Store a decision of another moderator; False if it was known."""
        return bool(
            self._c.run(
                "insert or ignore into decisions values (?, ?, ?, ?, ?)",
                (decision.id, decision.target, decision.action, decision.moderator, iso(decision.at)),
            )
        )

    def knows_post(self, fullname: str) -> bool:
        """Whether a post was ever seen."""
        return self._c.value("select 1 from posts where fullname = ?", (fullname,)) is not None

    def decision_on(self, fullname: str) -> ModAction | None:
        """Return the newest decision of another moderator on a post."""
        row = self._c.one("select * from decisions where post = ? order by at desc limit 1", (fullname,))
        if row is None:
            return None
        return ModAction(
            id=row["id"], action=row["action"], moderator=row["moderator"], target=row["post"], at=from_iso(row["at"])
        )


def _among(
    states: Collection[CaseState], subreddit: str | None, appealed: bool, media: str | None, proposals: bool | None
) -> tuple[str, list[str]]:
    """Return the condition for cases in these states, of a subreddit, under appeal, of a media; and its values."""
    conditions, values = ["1"], [str(state) for state in states]
    if states:  # the sign: a group is found by its media, never by a state that a hundred thousand cases have
        conditions.append(f"+c.state in ({','.join('?' * len(states))})")
    if subreddit is not None:
        conditions.append("(select p.subreddit from posts p where p.fullname = c.post) = ?")
        values.append(subreddit.lower())
    if media is not None:
        conditions.append("c.media = ?")
        values.append(media)
    if proposals is not None:
        conditions.append(f"c.proposal is {'not ' if proposals else ''}null")
    if appealed:
        conditions.append("c.id in (select case_id from appeals where outcome is null)")
    return " and ".join(conditions), values


def _row(row: Row) -> CaseRow:
    return CaseRow(
        id=row["id"],
        label=row["label"],
        link=row["link"],
        state=CaseState(row["state"]),
        verdict=loads(Verdict, row["verdict"]),
        post=loads(Post, row["post_data"]),
        url=row["url"],
        host=row["host"],
        host_id=row["host_id"],
        source=row["source"],
        media=row["media"],
        opened=from_iso(row["opened_at"]),
        decided_by=row["decided_by"],
        decided_member=row["decided_member"],
        decided_account=row["decided_account"],
        why=row["why"],
        version=row["version"],
        proposal=row["proposal"],
    )
