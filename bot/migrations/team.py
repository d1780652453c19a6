"""The step that makes people out of names: until then anybody could type any name. Released; never edited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlite_utils import Database

from bot.clock import iso
from bot.model.names import fold, legible

TABLES = (
    """create table team (
        id integer primary key, name text not null, fold text not null unique, account text unique,
        reddit text unique, since text not null, added_by integer references team, removed_at text,
        same_as integer references team) strict""",
    """create table team_roles (
        member integer not null references team, role text not null, subreddit text not null, given_at text not null,
        given_by integer references team, primary key (member, role, subreddit)) strict""",
    """create table entry_words (
        id integer primary key, entry integer not null references entries on delete cascade,
        member integer not null references team, credential text not null, at text not null) strict""",
    "create index entry_words_entry on entry_words (entry)",
)
COLUMNS = (
    ("cases", "decided_member integer references team"),
    ("cases", "decided_account text"),
    ("entries", "added_member integer references team"),
    ("entries", "added_credential text"),
    ("entries", "confirmed_member integer references team"),
    ("entries", "standing text not null default 'waits'"),
    ("notices", "stated_member integer references team"),
    ("stops", "member integer references team"),
    ("quarantine", "member integer references team"),
    ("orders", "member integer references team"),
    ("minors", "marked_member integer references team"),
    ("minors", "reported_member integer references team"),
    ("persons", "added_member integer references team"),
    ("appeals", "raised_member integer references team"),
    ("appeals", "decider_member integer references team"),
    ("appeals", "decider_account text"),
    ("appeals", "closed_member integer references team"),
    ("audit", "member integer references team"),
    ("audit", "credential text"),
    ("audit", "account text"),
)
OFF_REDDIT = ("alter table team add column off_reddit integer not null default 0",)
NAMES = (  # table, words, row; only where a person of the team stood there
    ("cases", "decided_by", "decided_member", "state != 'closed_elsewhere'"),
    ("entries", "added_by", "added_member", "1"),
    ("entries", "confirmed_by", "confirmed_member", "1"),
    ("notices", "stated_by", "stated_member", "1"),
    ("stops", "who", "member", "1"),
    ("quarantine", "by", "member", "1"),
    ("minors", "marked_by", "marked_member", "1"),
    ("minors", "reported_by", "reported_member", "1"),
    ("persons", "added_by", "added_member", "1"),
    ("appeals", "raised_by", "raised_member", "1"),
    ("appeals", "decider", "decider_member", "1"),
    ("appeals", "closed_by", "closed_member", "1"),
)
NOBODY = ("gifwarden", "the operator", "moderators", "reddit", "wiki", "mod log", "the post's author")


def carry(db: Database) -> None:
    """Create the tables, and point every decision of an earlier version to a row of its name."""
    for statement in TABLES:
        db.execute(statement)
    for table, column in COLUMNS:
        db.execute(f"alter table {table} add column {column}")
    rows: dict[str, int] = {}
    for sender, words in _senders(db):  # first, so that the account that Reddit confirmed is noted
        _row(db, rows, words, reddit=sender)
        db.execute("update orders set member = ? where sender = ?", [rows[fold(words)], sender])
    for table, words_in, member_in, where in NAMES:
        found = db.execute(
            f'select distinct "{words_in}" from {table} where {where} and "{words_in}" is not null'  # noqa: S608  names from above
        ).fetchall()
        for (text,) in found:
            row = _row(db, rows, text)
            if row is not None:
                db.execute(
                    f'update {table} set {member_in} = ? where {where} and "{words_in}" = ?',  # noqa: S608  names from above
                    [row, text],
                )
    for (text,) in db.execute("select distinct who from audit").fetchall():
        if text not in NOBODY and (key := fold(legible(text))) in rows:
            db.execute("update audit set member = ? where who = ?", [rows[key], text])
    for added, confirmed in db.execute(
        "select distinct added_by, confirmed_by from entries where confirmed_by is not null"
    ).fetchall():
        one, two = fold(legible(added)), fold(legible(confirmed))
        two_people = bool(one and two and one != two)
        db.execute(
            "update entries set standing = ? where added_by = ? and confirmed_by = ?",
            ["two_people" if two_people else "again", added, confirmed],
        )
        if two_people:
            db.execute(
                """insert into entry_words (entry, member, credential, at) select id, confirmed_member, 'earlier',
                   confirmed_at from entries where added_by = ? and confirmed_by = ?""",
                [added, confirmed],
            )
    db.execute("update entries set added_credential = 'earlier' where added_member is not null")


def _senders(db: Database) -> Iterator[tuple[str, str]]:
    """Yield (account, name) of moderators whose orders Reddit confirmed."""
    for (sender,) in db.execute("select distinct sender from orders where sender != ''").fetchall():
        if name := legible(f"u/{sender}"):
            yield sender, name


def _row(db: Database, rows: dict[str, int], text: str, reddit: str | None = None) -> int | None:
    """Return the row of a name, which is made if there is none; None if the name tells nobody."""
    name = "" if text in NOBODY else legible(text)
    if not name:
        return None
    key = fold(name)
    if key not in rows:
        taken = reddit and db.execute("select 1 from team where reddit = ?", [reddit.casefold()]).fetchone()
        found = db.execute(
            "insert into team (name, fold, reddit, since) values (?, ?, ?, ?) returning id",
            [name, key, None if taken or not reddit else reddit.casefold(), iso(datetime.now(UTC))],
        ).fetchone()
        rows[key] = int(found[0])
    return rows[key]
