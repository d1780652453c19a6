"""What hosts answer to notices, and how far the mailbox was read."""

from __future__ import annotations

from sqlite_utils import Database


def m0077_notice_answers(db: Database) -> None:
    """Keep answers sealed, which notices they may be about, and how far each mailbox was read."""
    db.execute(
        """create table notice_answers (
            id integer primary key, label text not null unique, mark text not null unique,
            notice text references notices on delete cascade, kind text not null, how text not null, at text not null,
            sealed blob, means text, decided_at text, decided_member integer references team,
            decided_credential text) strict"""
    )
    db.execute("create index notice_answers_notice on notice_answers (notice, id)")
    db.execute("create index notice_answers_member on notice_answers (decided_member)")
    db.execute(
        """create table notice_answers_about (
            answer integer not null references notice_answers on delete cascade,
            notice text not null references notices on delete cascade, proposed integer not null,
            primary key (answer, notice)) strict, without rowid"""
    )
    db.execute("create index notice_answers_about_notice on notice_answers_about (notice)")
    db.execute(
        """create table mailboxes (
            mark text primary key, validity integer, uid integer, stuck integer not null default 0, tries integer
            not null default 0, read_at text, failed_at text, reason text) strict"""
    )
