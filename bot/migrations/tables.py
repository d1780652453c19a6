"""The statements of steps that create tables. Released; never edited."""

from __future__ import annotations

START = (
    """create table posts (
        fullname text primary key, subreddit text not null, created text not null,
        data text not null, seen_at text not null) strict""",
    "create index posts_seen on posts (seen_at)",
    """create table watermarks (
        subreddit text not null, what text not null, fullname text, created text not null, polled_at text not null,
        primary key (subreddit, what)) strict""",
    """create table links (
        id integer primary key, post text not null references posts on delete cascade,
        url text not null, host text not null, host_id text, kind text not null, source text not null,
        state text not null, reason text, attempts integer not null default 0, next_at text not null,
        updated_at text not null) strict""",
    "create unique index links_once on links (post, host, coalesce(host_id, url), kind = 'page')",
    "create index links_due on links (state, next_at)",
    """create table fingerprints (
        link integer not null references links on delete cascade, media integer not null, sealed blob not null,
        primary key (link, media)) strict""",
    """create table evidence (
        link integer primary key references links on delete cascade, data text not null, verdict text,
        at text not null) strict""",
    """create table cases (
        id integer primary key, label text not null unique, link integer not null unique references links,
        post text not null references posts, state text not null, verdict text not null,
        opened_at text not null, decided_at text, decided_by text, why text) strict""",
    "create index cases_state on cases (state)",
    "create index cases_post on cases (post)",
    """create table actions (
        id integer primary key, key text not null unique, kind text not null, case_id integer references cases,
        post text, subreddit text not null, permalink text not null, params text not null, state text not null,
        reason text, attempts integer not null default 0, next_at text not null, planned_at text not null,
        sent_at text, updated_at text not null, receipt text, stopped integer not null default 0) strict""",
    "create index actions_due on actions (state, next_at)",
    "create index actions_sent on actions (kind, sent_at)",
    "create index actions_post on actions (post, kind)",
    """create table notices (
        label text primary key, host text not null, subreddit text not null, state text not null, recipient text,
        ground text, ground_detail text, capacity text, stated_by text, organisation text, contact text,
        stated_at text, created_at text not null, updated_at text not null) strict""",
    """create table notice_items (
        notice text not null references notices, case_id integer primary key references cases,
        host_id text not null, url text not null, seen_at text not null, sha256 text, md5 text,
        viewed_at text) strict""",
    """create table banks (
        id integer primary key, name text not null unique, kind text not null, distance integer,
        created_at text not null) strict""",
    """create table entries (
        id integer primary key, label text not null unique, bank integer not null references banks,
        state text not null, added_by text not null, added_at text not null, confirmed_by text, confirmed_at text,
        withdrawn_at text, duration real) strict""",
    "create index entries_bank on entries (bank, state)",
    """create table entry_files (
        entry integer not null references entries on delete cascade, sha256 text not null, md5 text not null,
        primary key (entry, sha256)) strict""",
    """create table signals (
        id integer primary key, entry integer not null references entries on delete cascade, type text not null,
        value blob not null, quality integer not null, t real not null) strict""",
    "create index signals_entry on signals (entry)",
    """create table decisions (
        id text primary key, post text not null, action text not null, moderator text not null,
        at text not null) strict""",
    "create index decisions_post on decisions (post)",
    """create table audit (
        id integer primary key, at text not null, who text not null, what text not null, subject text not null,
        why text) strict""",
    "create table versions (name text primary key, value integer not null) strict",
    "create table lease (name text primary key, holder text not null, expires_at text not null) strict",
)
WATCHING = (
    """create table watched (
        subreddit text primary key, state text not null, sentence text not null, since text not null,
        checked_at text not null, failures integer not null, next_at text not null) strict""",
    """create table losses (
        id integer primary key, subreddit text not null, what text not null, lost_from text not null,
        lost_to text not null, estimate integer not null, at text not null) strict""",
    """create table budget (
        name text primary key, data text not null, at text not null) strict""",
    """create table mod_reports (
        post text not null references posts on delete cascade, moderator text not null, reason text not null,
        at text not null, primary key (post, moderator, reason)) strict""",
    "alter table links add column priority integer not null default 0",
    "drop index links_due",
    "create index links_due on links (state, priority, next_at)",
    "create index links_turn on links (host, state, priority, next_at)",
)
ENTRY_ORIGINS = (
    """create table entry_origins (
        bank integer not null references banks, key blob not null, source text not null,
        entry integer not null unique references entries on delete cascade,
        primary key (bank, key)) strict, without rowid""",
)
# Triggers, so that whoever changes an entry or its signals tells the search index of it in the same transaction.
CHANGED = "begin insert or replace into entry_changes (entry) values ({}); end"
INDEX_CHANGES = (
    "create index entry_files_sha256 on entry_files (sha256)",
    "create index entry_files_md5 on entry_files (md5)",
    """create table entry_changes (
        seq integer primary key autoincrement, entry integer not null unique) strict""",
    "insert into entry_changes (entry) select id from entries order by id",
    f"create trigger entries_added after insert on entries {CHANGED.format('new.id')}",
    f"create trigger entries_moved after update of state on entries {CHANGED.format('new.id')}",
    f"create trigger entries_deleted after delete on entries {CHANGED.format('old.id')}",
    f"create trigger signals_added after insert on signals {CHANGED.format('new.entry')}",
    f"create trigger signals_changed after update on signals {CHANGED.format('new.entry')}",
    f"create trigger signals_deleted after delete on signals {CHANGED.format('old.entry')}",
)
REVIEW = (
    """create table allow_pairs (
        allow integer not null references entries on delete cascade,
        against integer not null references entries on delete cascade, primary key (allow, against)) strict""",
    """create table case_entries (
        case_id integer not null references cases on delete cascade,
        entry integer not null references entries on delete cascade, what text not null,
        primary key (case_id, entry)) strict""",
    """create table appeals (
        id integer primary key, case_id integer not null references cases on delete cascade, at text not null,
        raised_by text not null, decider text, closed_at text, closed_by text, outcome text) strict""",
    "create index appeals_case on appeals (case_id)",
)
MINORS = (
    """create table minors (
        label text primary key, post text not null, subreddit text not null, permalink text not null,
        urls text not null, seen_at text not null, marked_at text not null, marked_by text not null,
        reported_at text, reported_by text) strict""",
    "create table never (mark text primary key, at text not null) strict",
)
FORGETTING = (
    """create table post_checks (
        post text primary key references posts on delete cascade, checked_at text not null, missing_at text,
        forgotten_at text) strict""",
)
GALLERY = (
    """create table persons (
        id integer primary key, label text not null unique, sealed_key blob not null, sealed_name blob not null,
        basis text not null, mandate text, record text not null, purpose text not null, expires_at text not null,
        added_by text not null, added_at text not null) strict""",
    """create table person_views (
        id integer primary key, person integer not null references persons on delete cascade, model text not null,
        sealed blob not null) strict""",
    "create index person_views_person on person_views (person)",
)
FLOOD = (
    """create table flood (
        kind text not null, name text not null, case_id integer not null references cases on delete cascade,
        author text not null, entry text not null, at text not null,
        primary key (kind, name, case_id, entry)) strict""",
    "create index flood_case on flood (case_id)",
    "create index flood_at on flood (kind, name, at)",
    """create table quarantine (
        kind text not null, name text not null, since text not null, why text not null, by text not null,
        released text, primary key (kind, name)) strict""",
)
