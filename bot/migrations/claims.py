"""People who say that they are depicted."""

from __future__ import annotations

from sqlite_utils import Database


def m0075_claims(db: Database) -> None:
    """Keep claims: what is said and by whom sealed under a key of each, the rest as opaque labels and states."""
    db.execute(
        """create table claims (
            id integer primary key, label text not null unique, subreddit text not null, source text not null,
            state text not null, age text not null, language text not null, who text, sealed_key blob, person text,
            known text, known_at text, known_member integer references team, known_credential text, safe_way text,
            opened_at text not null, opened_member integer references team, heard_at text not null, answered_at text,
            closed_at text) strict"""
    )
    db.execute("create index claims_who on claims (who)")
    db.execute(
        """create table claim_words (
            id integer primary key, claim integer not null references claims on delete cascade, what text not null,
            sealed blob not null, at text not null) strict"""
    )
    db.execute("create index claim_words_claim on claim_words (claim)")
    db.execute(
        """create table claim_cases (
            claim integer not null references claims on delete cascade, case_id integer not null references cases,
            primary key (claim, case_id)) strict"""
    )
    db.execute("create table claim_heard (mark text primary key, at text not null) strict")
    db.execute(
        """create table claim_texts (
            language text primary key, digest text not null, approved_at text not null,
            approved_member integer not null references team) strict"""
    )


def m0083_claim_marks(db: Database) -> None:
    """Know what is never fetched on the word of a claim alone, and which posts it had hidden; earlier marks stay."""
    db.execute(
        """create table claim_marks (
            claim integer not null references claims on delete cascade, mark text not null,
            primary key (claim, mark)) strict"""
    )
    db.execute(
        """create table claim_minors (
            claim integer not null references claims on delete cascade, label text not null,
            primary key (claim, label)) strict"""
    )
