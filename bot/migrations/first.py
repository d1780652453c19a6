"""The steps of the database's shape up to decisions on cases. Released; never edited."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from bot.migrations.decisions import CASE_DECISIONS
from bot.migrations.entries import ALLOW_PAIRS_AGAINST, ENTRY_PAST
from bot.migrations.orders import DONE_BY, ORDERS_WAIT
from bot.migrations.tables import (
    ENTRY_ORIGINS,
    FLOOD,
    FORGETTING,
    GALLERY,
    INDEX_CHANGES,
    MINORS,
    REVIEW,
    START,
    WATCHING,
)
from bot.migrations.team import OFF_REDDIT, carry
from bot.migrations.told import AUTHOR_TOLD

migrations = Migrations("gifwarden")


@migrations()
def m0001_start(db: Database) -> None:
    """Create the tables of the first version."""
    for statement in START:
        db.execute(statement)


@migrations()
def m0008_index_changes(db: Database) -> None:
    """Find files and changed entries without reading the banks."""
    for statement in INDEX_CHANGES:
        db.execute(statement)


@migrations()
def m0008_entry_origins(db: Database) -> None:
    """Remember which row of which list an entry came from."""
    for statement in ENTRY_ORIGINS:
        db.execute(statement)


@migrations()
def m0007_review(db: Database) -> None:
    """Create what decisions on cases keep: pairs that were allowed, entries that a case made, appeals."""
    for statement in REVIEW:
        db.execute(statement)


@migrations()
def m0002_backfill(db: Database) -> None:
    """Remember how far each listing of a subreddit's past was read."""
    db.execute(
        """create table backfills (
            subreddit text not null, source text not null, until text not null, after text, seen integer not null,
            posts integer not null, links integer not null, oldest text, state text not null, updated_at text not null,
            primary key (subreddit, source)) strict"""
    )


@migrations()
def m0002_watching(db: Database) -> None:
    """Add the state of each watched subreddit, what was lost, Reddit's budget, and urgency of links."""
    for statement in WATCHING:
        db.execute(statement)


@migrations()
def m0009_copies_sketches(db: Database) -> None:
    """Keep the local features of entries, sealed, so that altered copies are found."""
    db.execute(
        """create table sketches (
            entry integer primary key references entries on delete cascade, sealed blob not null) strict"""
    )


@migrations()
def m0007_forgetting(db: Database) -> None:
    """Remember when a post was last looked for on Reddit."""
    for statement in FORGETTING:
        db.execute(statement)


@migrations()
def m0003_hosts_health(db: Database) -> None:
    """Count what comes of asking each host."""
    db.execute(
        """create table host_health (
            host text not null, hour text not null, outcome text not null, n integer not null, last_at text not null,
            sentence text not null, primary key (host, hour, outcome)) strict"""
    )
    db.execute("create index host_health_hour on host_health (hour)")


@migrations()
def m0003_hosts_linked(db: Database) -> None:
    """Find the permalinks that were not looked at without reading every link."""
    db.execute(
        """create index links_unread on links (id)
            where kind = 'page' and host = 'reddit' and state = 'unsupported' and reason is null"""
    )


@migrations()
def m0004_throughput(db: Database) -> None:
    """Note who works on a link and what is known of its media from elsewhere."""
    for column in (
        "claim text",
        "claim_until text",
        "fresh integer not null default 0",
        "fetched_at text",
        "program text",
        "originals integer",
        "banks integer",
    ):
        db.execute(f"alter table links add column {column}")
    db.execute("create index links_host on links (host, state, next_at)")
    db.execute("create index links_media on links (host, coalesce(host_id, url), fetched_at)")
    db.execute("create index links_claims on links (claim) where claim is not null")


ORDERS = (
    """create table orders (
        id text primary key, subreddit text not null, conversation text, sender text not null, verb text not null,
        target text not null, why text not null, state text not null, outcome text, received_at text not null,
        seen_at text not null) strict""",
    "create index orders_state on orders (state)",
    "create table stops (subreddit text primary key, who text not null, at text not null, why text not null) strict",
    "create table digests (subreddit text primary key, day text not null) strict",
)


@migrations()
def m0006_orders(db: Database) -> None:
    """Remember what moderators ordered, where they stopped the bot, and which digests were sent."""
    for statement in ORDERS:
        db.execute(statement)


@migrations()
def m0007_minors(db: Database) -> None:
    """Keep what is needed to report a suspected minor, and never fetch it again."""
    for statement in MINORS:
        db.execute(statement)


@migrations()
def m0010_gallery(db: Database) -> None:
    """Create the gallery of protected persons."""
    for statement in GALLERY:
        db.execute(statement)


@migrations()
def m0007_flood(db: Database) -> None:
    """Count what carries automatic actions, and remember what is quarantined."""
    for statement in FLOOD:
        db.execute(statement)


@migrations()
def m0005_author_facts(db: Database) -> None:
    """Create the table of what was told of authors."""
    db.execute(
        """create table author_facts (
            post text primary key references posts on delete cascade, data text not null, at text not null) strict"""
    )
    db.execute("create index author_facts_at on author_facts (at)")


@migrations()
def m0005_wiki_rules(db: Database) -> None:
    """Create the table of rules from wikis."""
    db.execute(
        """create table wiki_rules (
            subreddit text primary key, page text not null, revision text, text text, applied_at text,
            refused text, why text, refused_at text) strict"""
    )


@migrations()
def m0012_holds(db: Database) -> None:
    """Write down what kind of thing holds an action, how a post was found, and which permalinks were followed.

    Until now the kind was the beginning of the sentence.
    """
    for column in ("hold text", "found text"):
        db.execute(f"alter table actions add column {column}")
    db.execute("alter table links add column followed integer not null default 0")
    for old, new in OLD_HOLDS.items():
        begin = f"{old}: "
        db.execute(
            "update actions set hold = ?, reason = substr(reason, ?) where state = 'held' and substr(reason, 1, ?) = ?",
            (new, len(begin) + 1, len(begin), begin),
        )
    db.execute("update actions set hold = 'person' where state = 'held' and hold is null")
    db.execute(
        """update links set followed = 1 where kind = 'page' and host = 'reddit' and reason like 'it leads to %'"""
    )


OLD_HOLDS = {
    "person": "person",
    "mode": "mode",
    "stop": "stop",
    "cap": "cap",
    "flood": "quarantine",
    "outside": "outside",
    "order": "removal",
}


@migrations()
def m0005_author_forgotten(db: Database) -> None:
    """Forget what was told of an author when a post loses its author, whoever takes it out."""
    db.execute(
        """create trigger author_forgotten after update of data on posts
           when json_extract(new.data, '$.author') is null
           begin delete from author_facts where post = new.fullname; end"""
    )


@migrations()
def m0006_late_rules(db: Database) -> None:
    """Create the table of rules that ran out of time for their patterns."""
    db.execute("create table late_rules (subreddit text not null, rule text not null, at text not null) strict")
    db.execute("create index late_rules_rule on late_rules (subreddit, rule)")


@migrations()
def m0011_sealing(db: Database) -> None:
    """Keep a mark of the key, and whether every sealed value is bound to its row."""
    db.execute("create table sealing (name text primary key, value text not null) strict")


@migrations()
def m0011_orders_wait(db: Database) -> None:
    """Remember since when orders count, which wait, and whose rights uphold what stays in force."""
    for statement in ORDERS_WAIT:
        db.execute(statement)


@migrations()
def m0012_team(db: Database) -> None:
    """Create the table of people, and make the names of earlier versions rows of it, without roles."""
    carry(db)


@migrations()
def m0013_done_by(db: Database) -> None:
    """Write down which action did the same to a post already."""
    for statement in DONE_BY:
        db.execute(statement)


@migrations()
def m0014_off_reddit(db: Database) -> None:
    """Note of members who have no Reddit account, so that whoever orders on Reddit is somebody else."""
    for statement in OFF_REDDIT:
        db.execute(statement)


@migrations()
def m0014_parked(db: Database) -> None:
    """Count how often work began and never ended, and from where it was parked for that."""
    for table in ("links", "actions", "orders"):
        db.execute(f"alter table {table} add column tries integer not null default 0")
        db.execute(f"alter table {table} add column parked_from text")


@migrations()
def m0015_no_mod_reports(db: Database) -> None:
    """Forget moderators' reports: orders among them are read from Reddit, and nothing asks for the rest."""
    db.execute("drop table mod_reports")


@migrations()
def m0016_minor_files(db: Database) -> None:
    """Keep keyed digests of the files behind links, and who hid a post with a suspected minor."""
    for statement in MINOR_FILES:
        db.execute(statement)


MINOR_FILES = (
    """create table link_files (link integer not null references links on delete cascade, mark text not null,
        primary key (link, mark)) strict""",
    "create index link_files_mark on link_files (mark)",
    "alter table minor_holds add column who text",
    "alter table minor_holds add column member integer references team",
    "alter table minor_holds add column why text",
)


@migrations()
def m0017_turns(db: Database) -> None:
    """Let waiting links take turns by subreddit, author and post, and know what stands behind the others."""
    for column in ("late integer not null default 0", "subreddit text", "flow text", "turn integer", "round integer"):
        db.execute(f"alter table links add column {column}")
    waiting = "claim is null and state in ('seen', 'failed')"
    for name, columns in (
        ("turns", "late, priority, host, subreddit, turn, next_at"),
        ("subreddit_turns", "subreddit, late, priority, turn"),
        ("flow_turns", "subreddit, flow, late, priority, turn"),
        ("flow_rounds", "subreddit, flow, late, round"),
        ("flow_next", "subreddit, flow, late, priority, host, round, next_at"),
        ("post_rounds", "post, late, round"),
    ):
        db.execute(f"create index links_{name} on links ({columns}) where turn is not null and {waiting}")
    db.execute(f"create index links_unlined on links (next_at) where turn is null and {waiting}")
    db.execute("create table subreddit_turns (subreddit text primary key, served integer not null) strict")
    db.execute(
        """create trigger flow_forgotten after update of data on posts
           when json_extract(new.data, '$.author') is null and json_extract(old.data, '$.author') is not null
           begin update links set flow = null, turn = null where post = new.fullname; end"""
    )


@migrations()
def m0018_reserves(db: Database) -> None:
    """Keep Reddit's previews in reserve, each for one link, and wake them when nobody saw that link's media."""
    db.execute("alter table links add column stands_for integer")
    db.execute("create index links_reserve on links (stands_for) where stands_for is not null")
    db.execute(
        """create trigger reserve_woken after update of state on links
           when new.state in ('gone', 'blocked', 'needs_token', 'unsupported', 'given_up', 'parked')
           and new.state <> old.state
           begin update links set state = 'seen', next_at = new.updated_at, updated_at = new.updated_at
           where stands_for = new.id and state = 'reserve'; end"""
    )


@migrations()
def m0019_untold(db: Database) -> None:
    """Ask Reddit for pictures of galleries that it did not tell; of earlier galleries that told none, too."""
    db.execute("create index links_untold on links (next_at) where state = 'untold'")
    db.execute(
        """insert or ignore into links (post, url, host, host_id, kind, source, state, next_at, updated_at)
           select p.fullname, 'https://www.reddit.com/comments/' || substr(p.fullname, 4), 'reddit',
                  substr(p.fullname, 4), 'unsupported', 'untold', 'untold', p.seen_at, p.seen_at
           from posts p where json_extract(p.data, '$.details.is_gallery') and p.fullname like 't3!_%' escape '!'
           and json_extract(p.data, '$.removed_by_category') is null and json_extract(p.data, '$.approved_by') is null
           and not exists (select 1 from links l where l.post = p.fullname and l.kind in ('media', 'album'))"""
    )


@migrations()
def m0020_own_previews(db: Database) -> None:
    """Let a post hold a picture of Reddit's own and Reddit's preview of it, which bear one id."""
    db.execute("drop index links_once")
    db.execute(
        """create unique index links_once
           on links (post, host, coalesce(host_id, url), kind = 'page', source = 'preview')"""
    )


@migrations()
def m0021_parked_steps(db: Database) -> None:
    """Count how often reading a page of the past, and making a digest, began and never ended."""
    db.execute("alter table digests add column state text not null default 'made'")
    for table in ("backfills", "digests"):
        db.execute(f"alter table {table} add column tries integer not null default 0")
        db.execute(f"alter table {table} add column parked_from text")


@migrations()
def m0022_case_media(db: Database) -> None:
    """Know of each case which media it is about; what was opened before is filled in by who has the key."""
    db.execute("alter table cases add column media text")
    db.execute("create index cases_media on cases (media)")


@migrations()
def m0022_author_told(db: Database) -> None:
    """Write down on what word each post was removed."""
    for statement in AUTHOR_TOLD:
        db.execute(statement)


@migrations()
def m0022_entry_past(db: Database) -> None:
    """Keep what people note of entries, sealed, and which cases each entry matched."""
    for statement in ENTRY_PAST:
        db.execute(statement)


@migrations()
def m0022_case_actions(db: Database) -> None:
    """Find the actions of a case without reading all."""
    db.execute("create index if not exists actions_case on actions (case_id)")


@migrations()
def m0022_case_decisions(db: Database) -> None:
    """Keep decisions on cases as rows, with what stood before until they are performed; count changes of cases."""
    for statement in CASE_DECISIONS:
        db.execute(statement)


@migrations()
def m0023_allow_pairs_against(db: Database) -> None:
    """Find what speaks against an entry without reading all pairs: every near match asks."""
    for statement in ALLOW_PAIRS_AGAINST:
        db.execute(statement)
