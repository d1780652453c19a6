"""Withdrawals of entries: why, and whether all that follows from it is done."""

from __future__ import annotations

from sqlite_utils import Database


def m0024_withdrawal_reason(db: Database) -> None:
    """Say of each withdrawn entry why; what was withdrawn before has nothing left to follow."""
    db.execute("alter table entries add column withdrawal text")
    db.execute("alter table entries add column followed_at text")
    db.execute("update entries set withdrawal = 'unsaid', followed_at = withdrawn_at where state = 'withdrawn'")
    db.execute(
        "create index entries_followed on entries (withdrawn_at) where state = 'withdrawn' and followed_at is null"
    )


def m0025_withdrawals_followed(db: Database) -> None:
    """Say who withdrew an entry, and which marks of its files are taken back with a suspicion."""
    db.execute("alter table entries add column withdrawn_by text")
    db.execute("alter table entries add column withdrawn_member integer references team")
    db.execute(
        """create table entry_marks (
            entry integer not null references entries on delete cascade, mark text not null,
            primary key (entry, mark)) strict, without rowid"""
    )
    db.execute("create index entries_minor on entries (withdrawn_at) where withdrawal = 'minor'")


def m0030_withdrawals_logged(db: Database) -> None:
    """Say of which withdrawals the file beside the database tells; those of before it have no line."""
    db.execute("alter table entries add column logged_at text")
    db.execute("update entries set logged_at = withdrawn_at where state = 'withdrawn' and followed_at is not null")


def m0031_withdrawals_carried(db: Database) -> None:
    """Keep what a wrong entry carried, a row each, and which decision was made on it."""
    db.execute(
        """create table carried (
            id integer primary key, entry integer not null references entries on delete cascade,
            number integer not null, case_id integer not null references cases on delete cascade,
            action integer references actions on delete cascade, notice text references notices on delete cascade,
            what text not null, beside text, at text not null,
            decision integer references case_decisions on delete set null,
            word integer references actions on delete set null, unique (entry, number)) strict"""
    )
    for column in ("action", "case_id", "decision", "notice", "word"):
        db.execute(f"create index carried_{column} on carried ({column})")


_DISPUTES = """insert or ignore into disputes (entry, case_id, how)
    select m.entry, m.case_id, m.how from entry_cases m join cases c on c.id = m.case_id
    where m.how != 'suppressed' and c.state = 'dismissed'"""


def m0026_opinions(db: Database) -> None:
    """Know by triggers which dismissed cases speak against an entry, who answered that, and what exchanges are told."""
    for statement in (
        """create table disputes (
            entry integer not null references entries on delete cascade,
            case_id integer not null references cases on delete cascade, how text not null,
            primary key (entry, case_id)) strict, without rowid""",
        "create index disputes_case on disputes (case_id)",
        """create table settlements (
            id integer primary key, entry integer not null references entries on delete cascade,
            member integer not null references team, credential text not null, at text not null,
            theirs text not null) strict""",
        "create index settlements_entry on settlements (entry)",
        """create table feedback (
            id integer primary key, entry integer not null references entries on delete cascade,
            exchange text not null, opinion text not null, state text not null, attempts integer not null default 0,
            next_at text not null, at text not null, why text, unique (entry, exchange)) strict""",
        "create index feedback_due on feedback (exchange, state, next_at)",
        f"""create trigger case_disputed after update of state on cases when new.state = 'dismissed' begin
            {_DISPUTES} and c.id = new.id; end""",
        """create trigger case_disputed_no_more after update of state on cases
            when old.state = 'dismissed' and new.state != 'dismissed' begin
            delete from disputes where case_id = new.id; end""",
        *(
            f"""create trigger {table}_{what}ed after {what} on {table} begin
                insert into versions values ('banks', 1) on conflict do update set value = value + 1; end"""  # noqa: S608  words of ours
            for table, what in (("disputes", "insert"), ("disputes", "delete"), ("settlements", "insert"))
        ),
        _DISPUTES,
    ):
        db.execute(statement)
