"""The step that lets orders wait, and remembers since when they count: its statements."""

from __future__ import annotations

ORDERS_WAIT = (
    "alter table orders add column due_at text",
    *(f"alter table stops add column {name} text" for name in ("sender", "checked_at", "lapsed_at")),
    *(f"alter table wiki_rules add column {name} text" for name in ("author", "checked_at")),
    *(f"alter table wiki_rules add column before_{name} text" for name in ("revision", "text", "author")),
    """create table order_starts (subreddit text not null, way text not null, words text not null, since text not null,
        at text not null, primary key (subreddit, way)) strict""",
    "update stops set sender = substr(who, 3) where who like 'u/%'",  # who ordered it on Reddit stands as u/name
    """create table minor_holds (post text primary key, root text not null, label text not null, marked int not null,
        marks text not null, cases text not null, links text not null, at text not null) strict""",
    # an older version has heard these already: what was ordered while it was replaced stays an order
    """insert into order_starts select w.subreddit, way, '', '', m.polled_at from watched w
       join (select 'modmail' as way union select 'reports')
       join watermarks m on m.subreddit = '' and m.what = 'modmail'""",
)

# until now it stood in a sentence
DONE_BY = (
    "alter table actions add column done_by integer",
    """update actions set done_by = cast(substr(reason, 8) as integer)
       where state = 'cancelled' and reason like 'action % did the same to this post'""",
)
