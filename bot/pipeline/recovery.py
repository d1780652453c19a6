"""One bad row, post or subreddit is written down and passed over; it never stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.clock import DAY, Clock, backoff
from bot.errors import OWN_FAULT, AcquireError, GifwardenError, is_own_fault
from bot.jobs import ClusterError
from bot.model import LinkState
from bot.pipeline.core import Deps
from bot.store import LinkRow
from bot.store.links import Count
from bot.store.tries import SENTENCE

FIRST_WAIT = 60.0  # seconds before the second try of a link; doubled for each further one
OUTAGE_WAIT = 2 * 3600.0  # longest between two looks whether an outage is over
OUTAGES = 42  # looks that meet one until a link is given up; with these waits three days
PAGE_WAIT = 600.0  # seconds until the second look where something else stands in a media's place; doubled each time
PAGES = 8  # looks that meet that until a link ends; with these waits 21 hours
STAND_IN_SECONDS = 900.0  # until its next look; then what stands for a link is looked at
WORKERS_WAIT = 5.0  # seconds until a link is looked at again that no worker could take
SLICE_SECONDS = 15.0  # of work on links before the other steps get their turn
HOME = Path(__file__).parent.parent.parent

GoOn = Callable[[], bool]


def always() -> bool:
    """Go on until nothing is due."""
    return True


def a_while(clock: Clock, go_on: GoOn) -> GoOn:
    """Return what says whether a slice of work may go on: for `SLICE_SECONDS`, and while `go_on` says so."""
    end = clock.monotonic() + SLICE_SECONDS
    return lambda: go_on() and clock.monotonic() < end


def reason_of(error: Exception) -> str:
    """Return a sentence for people. Of an unforeseen error only its kind and place: its text may hold an address.

    Of a fault of our own disk, database or memory not even that: only the log names files.
    """
    if is_own_fault(error):
        return OWN_FAULT
    if isinstance(error, GifwardenError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(HOME / "bot")] or frames
    place = f" in {Path(ours[-1].filename).name} line {ours[-1].lineno}" if ours else ""
    return f"an unforeseen {type(error).__name__}{place}; please report it"


def log_reason(error: Exception) -> str:
    """Return a sentence for the log, which the operator alone reads: of a fault of our own which file and why."""
    return (str(error) or type(error).__name__) if is_own_fault(error) else reason_of(error)


def try_again(deps: Deps, row: LinkRow, reason: str, *, wait: float = 0) -> None:
    """Count an attempt of a link and put it back to be fetched again, after `wait` seconds at least, or give it up."""
    attempts = row.attempts + 1
    again = attempts < deps.config.fetch.attempts
    _put_back(deps, row, reason, max(backoff(attempts, first=FIRST_WAIT), wait) if again else None)


def wait_out(deps: Deps, row: LinkRow, reason: str, *, wait: float = 0) -> None:
    """Put a link back until an outage may be over, after `wait` seconds at least; after `OUTAGES` looks give it up.

    What says nothing of the link is none of its attempts: those end within a quarter of an hour, and an evening without
    a name server would lose whatever was posted then. Looks are counted and not days, for a clock may be wrong and a
    machine off; a wait of hours counts as the looks that it takes the place of.
    """
    looks = max(1, round(wait / OUTAGE_WAIT))
    outages = row.outages + looks
    seconds = outage_wait(outages, wait)
    _put_back(deps, row, reason, seconds if outages < OUTAGES else None, counts="outages", by=looks)
    stood = (deps.clock.now() - row.due).total_seconds()  # in line, before it was asked for
    if stood + seconds >= STAND_IN_SECONDS:  # readers see Reddit's preview of it meanwhile
        deps.store.links.wake(row.id)


def outage_wait(outages: int, asked: float = 0) -> float:
    """Return for how many seconds a link waits that has met so many outages, where its host `asked` for so many."""
    return max(backoff(outages, first=FIRST_WAIT, longest=OUTAGE_WAIT), asked)


def look_again(deps: Deps, row: LinkRow, error: AcquireError) -> bool:
    """Put a link back behind which something else stands for now; return whether it may still pass.

    A host shows the same page in its hour of maintenance and for ever, so it is asked rarely, and a few times only.
    """
    pages = row.pages + 1
    if not error.passes or pages >= PAGES:
        return False
    _put_back(deps, row, str(error), backoff(pages, first=PAGE_WAIT), counts="pages")
    deps.store.links.wake(row.id)  # most of these do not pass: what readers see is looked at now
    return True


def _put_back(
    deps: Deps, row: LinkRow, reason: str, seconds: float | None, *, counts: Count = "attempts", by: int = 1
) -> None:
    """Let a link be due again in so many seconds, a day at most; None: give it up."""
    next_at = None if seconds is None else deps.clock.now() + timedelta(seconds=min(seconds, DAY))
    deps.store.links.failed(row.id, reason=reason, next_at=next_at, counts=counts, by=by)
    said = "link failed" if counts == "attempts" else "link waits for its host"
    deps.log.info(said if next_at else "link given up", link=row.id, host=row.link.host, reason=reason)


def postpone(deps: Deps, row: LinkRow, error: Exception) -> None:
    """Leave a link as it is for a while: a fault of our own disk or memory, or a want of workers, is no attempt."""
    workers = isinstance(error, ClusterError)
    said = "link waits for workers" if workers else "link waits for our own disk or memory"
    if not workers or deps.jobs.away() is None:  # that nobody is there is said once for all links
        deps.log.warning(said, link=row.id, reason=log_reason(error))
    deps.store.tries.end("link", row.id)
    until = deps.clock.now() + timedelta(seconds=WORKERS_WAIT if workers else FIRST_WAIT)
    deps.store.links.postpone(row.id, until=until, reason=str(error) if workers else OWN_FAULT)


def guarded(deps: Deps, row: LinkRow, step: Callable[[LinkRow], int]) -> int:
    """Return what a step made of a row; if it fails, 0, and the row is fetched again later."""
    if not deps.store.tries.begin("link", row.id):
        deps.log.warning("link parked", link=row.id, host=row.link.host, reason=SENTENCE)
        return 0
    try:
        done = step(row)
        deps.store.tries.end("link", row.id)
        return done
    except Exception as error:  # noqa: BLE001  the boundary around one row: what went wrong is recorded with it
        if is_own_fault(error):
            postpone(deps, row, error)
            return 0
        reason = reason_of(error)
        deps.log.warning("link failed unexpectedly", link=row.id, host=row.link.host, reason=reason)
        try_again(deps, row, reason)
        deps.store.tries.end("link", row.id)
        return 0


def all_due(deps: Deps, state: LinkState, step: Callable[[LinkRow], int], go_on: GoOn) -> int:
    """Take every row in a state through a step while `go_on` says so, one at least; return the sum of its results."""
    done = 0
    while rows := deps.store.links.due(state):
        for row in rows:
            done += guarded(deps, row, step)
            if not go_on():
                return done
    return done
