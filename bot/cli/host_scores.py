"""What `gifwarden stats hosts` shows: how soon hosts act on notices."""

from __future__ import annotations

from pathlib import Path

from bot.cli.base import emit, read_config, say, session, show
from bot.errors import UsageError
from bot.pipeline.following.scoreboard import HostScore, scores

HOSTS = "hosts"


def host_scores(what: str, *, as_json: bool, config: Path | None) -> None:
    """Show each host that was told of anything. Raises UsageError for another word than `hosts`."""
    if what != HOSTS:
        raise UsageError(f"{what} is nothing that stats knows; leave it out, or say: gifwarden stats {HOSTS}")
    with session(read_config(config)) as pipeline:
        found = scores(pipeline.deps.store, pipeline.deps.clock.now())
    if as_json:
        for one in found:
            emit(one.plain())
        return
    columns = ["host", "notices", "media", "gone", "half in", "24 h", "48 h", "kept", "up", "?", "again"]
    show(columns, [_row(one) for one in found], empty="no notice has left yet")
    if found:
        say("\ngone: of all media told of; half in: where what is up counts as longer; 24 h, 48 h:")
        say("of media that had that time; kept: by the host's decision; up: when last seen;")
        say("?: the looks say nothing; again: re-uploads; a sum of notices: by mail, and by hand")


def _row(one: HostScore) -> list[str]:
    sent = f"{one.by_mail}+{one.by_hand}" if one.by_hand else str(one.by_mail)
    return [
        one.host,
        sent,
        str(one.media),
        str(one.removed),
        "-" if one.median_hours is None else f"{one.median_hours:.0f} h",
        *(f"{done}/{of}" for done, of in one.within.values()),
        *(str(number) for number in (one.rejected, one.there, one.unknown, one.reuploads)),
    ]
