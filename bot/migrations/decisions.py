"""Decisions on cases. Released; never edited."""

CASE_DECISIONS = (
    """create table case_decisions (
        id integer primary key, label text not null unique, key text not null unique, verb text not null,
        state text not null, at text not null, due_at text not null, ended_at text, who text not null,
        member integer references team, credential text, account text, why text, banking text) strict""",
    "create index case_decisions_waiting on case_decisions (due_at) where state = 'waiting'",
    """create table decided_cases (
        decision integer not null references case_decisions on delete cascade,
        case_id integer not null references cases on delete cascade, before text, outcome text,
        primary key (decision, case_id)) strict""",
    "create index decided_cases_case on decided_cases (case_id)",
    "alter table cases add column version integer not null default 0",
    """create trigger case_changed after update of state, verdict, decided_at on cases
        begin update cases set version = version + 1 where id = new.id; end""",
    """create trigger case_appealed after insert on appeals
        begin update cases set version = version + 1 where id = new.case_id; end""",
)
