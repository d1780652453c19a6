"""Notices that have left, for tests: sent by mail in a loopback world, and time that passes from look to look."""

from __future__ import annotations

from collections.abc import Sequence

from bot.loopback.stage import Stage
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from tests.bots import post_fake
from tests.people import member

GROUND = "https://example.org/the-original (published by its maker on 2024-05-02)"


def found_cases(world: Stage, pipeline: Pipeline, count: int = 1) -> list[int]:
    """Post a known fake and let the bot find it; return the numbers of the cases on whose word notices are written."""
    for number in range(count):
        post_fake(world, id=f"Posted{'ABC'[number]}")
    pipeline.tick()
    for row in pipeline.deps.store.notices.listing():  # what the rules drafted is not what these tests are about
        pipeline.decisions.notices.retract_notice(row.label, by=member(pipeline), why="for a test")
    return [case.id for case in pipeline.deps.store.cases.listing()]


def drafted(
    pipeline: Pipeline, name: str, cases: Sequence[int], items: Sequence[tuple[str, str]], *, host: str, entry: str
) -> None:
    """Put a draft of media by (host id, address), one a case, into the database, all of what an entry matches."""
    connection = pipeline.deps.store.connection
    now = connection.now()
    connection.run(
        """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at)
           values (?, ?, 'clips', 'drafted', 'abuse@host.example', ?, ?)""",
        (name, host, now, now),
    )
    for case, (host_id, url) in zip(cases, items, strict=False):
        connection.run(
            """insert into notice_items (notice, case_id, host_id, url, seen_at, entry)
               values (?, ?, ?, ?, ?, (select id from entries where label = ?))""",
            (name, case, host_id, url, now, entry),
        )


def sent(pipeline: Pipeline, name: str) -> None:
    """State a draft and mail it."""
    statement = Statement(ground="original_footage", detail=GROUND, by=member(pipeline))
    pipeline.decisions.notices.confirm_notice(name, statement)
    pipeline.mail()
