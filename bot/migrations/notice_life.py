"""Notices that have left: when each media was looked for last, what was found, and which notice came before."""

from __future__ import annotations

from sqlite_utils import Database

KEYED = "case_id integer primary key references cases"


def m0071_notice_life(db: Database) -> None:
    """Let one case stand on a further notice once its media came back, and write down what looks found.

    The table is built anew from its own words, so that whatever columns it has by now stay.
    """
    made = db.execute("select sql from sqlite_master where name = 'notice_items'").fetchone()[0]
    indexes = [
        sql
        for (sql,) in db.execute(
            "select sql from sqlite_master where tbl_name = 'notice_items' and type = 'index' and sql is not null"
        ).fetchall()
    ]
    assert KEYED in made, "the table is as its first step made it"
    body = made.partition("(")[2].rpartition(")")[0].replace(KEYED, "case_id integer not null references cases")
    columns = (
        "outcome text, looked_at text, misses integer not null default 0, "
        "refers text references notices on delete set null"
    )
    db.execute(f"create table notice_items_new ({body}, {columns}, primary key (notice, case_id)) strict")
    names = ", ".join(row[1] for row in db.execute("pragma table_info(notice_items)").fetchall())
    db.execute(f"insert into notice_items_new ({names}) select {names} from notice_items")  # noqa: S608  columns of ours
    db.execute("drop table notice_items")
    db.execute("alter table notice_items_new rename to notice_items")
    for sql in (*indexes, "create index notice_items_case on notice_items (case_id)"):
        db.execute(sql)


def m0080_notice_recourses(db: Database) -> None:
    """Write down what people did beyond a notice, or decided not to do."""
    db.execute(
        """create table notice_recourses (
            notice text not null references notices on delete cascade, recourse text not null, taken integer not null,
            reference text, at text not null, member integer not null references team, why text,
            primary key (notice, recourse)) strict"""
    )


def m0087_looks_planned(db: Database) -> None:
    """Find media without a planned look at once: a raid puts thousands of rows of one media on a notice."""
    for name, which in (
        ("unplanned", "look_at is null and state in ('listed', 'gone_once')"),
        ("planned", "look_at is not null or state = 'removed'"),
    ):
        db.execute(f"create index notice_items_{name} on notice_items (notice, host_id) where {which}")
