"""The database's shape, step by step. A step that was released is never edited; a new one follows it.

`first` holds the oldest steps. Each later file holds those of one part of the program; a new step goes to the end of
`LATER`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache

from sqlite_utils import Database

from bot.migrations import (
    claims,
    console,
    drafts,
    exchanges,
    keyboards,
    learning,
    lists,
    looking,
    minors,
    notice_answers,
    notice_life,
    notice_texts,
    notices,
    outages,
    servers,
    withdrawals,
)
from bot.migrations.first import migrations

LATER: tuple[Callable[[Database], None], ...] = (
    withdrawals.m0024_withdrawal_reason,
    withdrawals.m0025_withdrawals_followed,
    lists.m0026_listed_rows,
    learning.m0029_past_removals,
    withdrawals.m0026_opinions,
    exchanges.m0030_exchanges,
    withdrawals.m0030_withdrawals_logged,
    console.m0040_sign_in,
    console.m0041_queue,
    looking.m0042_looking,
    console.m0042_proposed,
    exchanges.m0050_exchanges_weighed,
    withdrawals.m0031_withdrawals_carried,
    keyboards.m0055_keyboards,
    exchanges.m0060_exchanges_children,
    lists.m0061_lists_last,
    notices.m0070_notices,
    notice_life.m0071_notice_life,
    claims.m0075_claims,
    drafts.m0076_notice_drafts,
    notice_answers.m0077_notice_answers,
    notice_life.m0080_notice_recourses,
    servers.m0078_notices_of_servers,
    notice_texts.m0079_notice_texts,
    drafts.m0081_notice_items_found,
    minors.m0082_minor_footage,
    claims.m0083_claim_marks,
    outages.m0084_link_outages,
    outages.m0085_link_pages,
    outages.m0086_missing_files,
    notice_life.m0087_looks_planned,
)

for _step in LATER:
    migrations()(_step)


@cache
def new_database() -> tuple[str, ...]:
    """Return the statements that make an empty database what all steps would make of it, with a mark of its own."""
    with closing(sqlite3.connect(":memory:")) as raw:
        migrations.apply(Database(raw, execute_plugins=False))
        shape = [line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
    return (*shape, "update list_steps set mark = lower(hex(randomblob(8)))")


@cache
def known_steps() -> frozenset[str]:
    """Return the names of all steps of this program."""
    empty = Database(memory=True)
    try:
        return frozenset(step.name for step in migrations.pending(empty))
    finally:
        empty.close()


__all__ = ["known_steps", "migrations", "new_database"]
