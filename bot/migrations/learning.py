"""What a subreddit's past removals tell, and the proposals that are made of them."""

from __future__ import annotations

from sqlite_utils import Database


def m0029_past_removals(db: Database) -> None:
    """Make room for past removals, for what is proposed because of them, and mark cases that are proposals."""
    for statement in (
        """create table learnings (
            subreddit text not null, source text not null, since text not null, after text,
            seen integer not null default 0, oldest text, state text not null, tries integer not null default 0,
            parked_from text, updated_at text not null, primary key (subreddit, source)) strict""",
        """create table past_removals (
            post text primary key, subreddit text not null, at text not null, remover text not null, moderator text,
            reason text, note text, rule text, flair text, age integer not null default 0, marks text,
            state text not null, skipped text, bank text, updated_at text not null) strict""",
        "create index past_removals_state on past_removals (subreddit, state)",
        """create table proposals (
            id integer primary key, bank text not null, link integer references links on delete set null,
            case_id integer references cases on delete set null, at text not null) strict""",
        "create index proposals_link on proposals (link)",
        "create index proposals_case on proposals (case_id)",
        """create table learnt_links (
            link integer primary key references links on delete cascade, post text not null,
            proposal integer references proposals on delete set null, outcome text) strict""",
        "create index learnt_links_proposal on learnt_links (proposal)",
        "create index learnt_links_post on learnt_links (post)",
        "alter table cases add column proposal text",
        "create index cases_proposal on cases (opened_at) where proposal is not null",
    ):
        db.execute(statement)
