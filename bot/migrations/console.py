"""The console: who is signed in by which link, and which open cases ask a person."""

from __future__ import annotations

from sqlite_utils import Database

TABLES = (
    """create table sign_in_links (
        id integer primary key, hash text not null unique, member integer not null references team,
        made_by integer not null references team, made_at text not null, ends_at text not null) strict""",
    """create table sessions (
        id integer primary key, label text not null unique, hash text not null unique,
        member integer not null references team, invited_by integer not null references team, device text not null,
        begun_at text not null, seen_at text not null, ends_at text not null) strict""",
    "create index sessions_member on sessions (member)",
)


def m0040_sign_in(db: Database) -> None:
    """Create the tables of one-time links and of sessions."""
    for statement in TABLES:
        db.execute(statement)


_ASKS = """update cases set asks = not exists (select 1 from actions where case_id = {case})
           or exists (select 1 from actions where case_id = {case} and hold = 'person') where id = {case}"""
QUEUE = (
    "alter table cases add column asks integer not null default 1",
    """update cases set asks = 0 where exists (select 1 from actions where case_id = cases.id)
       and not exists (select 1 from actions where case_id = cases.id and hold = 'person')""",
    # by triggers, so that whoever plans, holds or releases an action says it in the same transaction
    f"create trigger asks_planned after insert on actions begin {_ASKS.format(case='new.case_id')}; end",
    f"""create trigger asks_held after update of hold on actions when new.hold is not old.hold
        begin {_ASKS.format(case="new.case_id")}; end""",
    f"create trigger asks_gone after delete on actions begin {_ASKS.format(case='old.case_id')}; end",
    "create index cases_queue on cases (asks, id) where state = 'open' and proposal is null",
    "create index cases_of_media on cases (media, state, asks, id)",
    "drop index cases_media",
)


def m0041_queue(db: Database) -> None:
    """Say of each case whether a person is asked, and let the queue be read from the newest on."""
    for statement in QUEUE:
        db.execute(statement)


def m0042_proposed(db: Database) -> None:
    """Let proposals be counted and paged without reading every open case."""
    db.execute("create index cases_proposed on cases (id) where state = 'open' and proposal is not null")
