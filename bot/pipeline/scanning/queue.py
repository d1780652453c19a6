"""Several links in work at once: of one host only one is downloaded at a time, and no host waits for another.

The thread that calls `start` claims links in the database and starts a thread for each. A link's thread downloads,
fingerprints and stores; matching and judging stay with the caller. What is in work when the program ends is dropped:
its claim means nothing to the next run, which fetches it again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bot.errors import AcquireError, CostlyError, DatabaseError, is_own_fault
from bot.jobs import ClusterError
from bot.pipeline.core import Deps
from bot.pipeline.recovery import STAND_IN_SECONDS, log_reason, postpone, reason_of, try_again, wait_out
from bot.pipeline.scanning.result_cache import ResultCache
from bot.pipeline.scanning.scanner import Scanner, names_of_fetched
from bot.store import LinkRow
from bot.store.tries import SENTENCE
from bot.store.turns import Pick
from bot.workers import Aside, Budget

CLAIM_SECONDS = 900.0  # renewed long before; a run that died without a word is waited for no longer
KNOWN_AT_ONCE = 200  # links settled without a download before the other steps get their turn
SAT_OUT_AT_ONCE = 200  # links of a host that wants to be left alone
SERVERS = 50  # links looked through for a server that is free, where each link may name its own
LEAVE_SECONDS = 1.0  # for all threads to end by themselves; one may be stuck in the system's resolver


@dataclass(slots=True, kw_only=True)
class _Job:
    row: LinkRow
    group: str
    flow: str | None
    downloading: bool = True
    thread: threading.Thread | None = field(default=None, repr=False)


class DownloadQueue:
    """Takes links from seen to acquired. One thread may call `start`, `wait` and `close`."""

    def __init__(self, deps: Deps, working: Scanner) -> None:
        self._d = deps
        self._working = working
        self._reuse = ResultCache(deps.config, deps.store, deps.clock, deps.log)
        self._who = secrets.token_hex(8)
        self._change = threading.Condition()
        self._jobs: dict[int, _Job] = {}
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._left: set[int] = set()  # links that are claimed, and nobody works on
        self._aside: set[str] = set()  # groups of servers that are asked for something else now
        self._suspect = False  # what was started last had been begun before and never ended
        self._renewed = deps.clock.monotonic()
        self._alone = False  # no machine takes jobs, which is said

    @property
    def in_work(self) -> int:
        """How many links are in work."""
        with self._change:
            return len(self._jobs)

    def start(self) -> bool:
        """Start as many due links as may be in work; return whether any is, or was settled without a download.

        Raises what went wrong in a thread since the last call, if it could not be recorded with its link.
        """
        with self._change:
            failure, self._failure = self._failure, None
        if failure is not None:
            self._give_back()
            raise failure
        self._give_back()
        self._renew()
        self._sit_out_all()
        known, busy = 0, self.in_work > 0  # what ends from here on may have held others up, so the caller looks again
        if self._nobody():
            return busy
        while not self._stopping.is_set() and known < KNOWN_AT_ONCE and self.in_work < self._d.config.fetch.concurrency:
            pick = self._next()
            if pick is None:
                break
            row = pick.row
            if (row.tries or self._suspect) and self.in_work:
                break  # what may have killed the last run is looked at alone, so that nothing else is blamed
            with self._d.store.transaction():
                claimed = self._d.store.queue.claim(row.id, self._who, CLAIM_SECONDS)
                if claimed:
                    self._d.store.turns.taken(pick)
                if claimed and not self._d.store.tries.begin("link", row.id):
                    self._d.store.queue.release(row.id)
                    self._d.log.warning("link parked", link=row.id, host=row.link.host, reason=SENTENCE)
                    claimed = False
            if not claimed:
                continue
            self._suspect = row.tries > 0
            busy = True
            try:
                settled = self._take(row, pick.flow)
            except Exception:
                with self._change:
                    self._left.add(row.id)
                self._give_back()
                raise
            known += settled
            if self._alone and not settled:
                break  # this one asks for all whether somebody is there
        return busy

    def waiting(self) -> bool:
        """Return whether a link is in work or could be started now."""
        return self.in_work > 0 or (self._d.jobs.away() is None and self._next() is not None)

    def wait(self, seconds: float) -> None:
        """Return when a download or a link is finished, at the latest after `seconds` of real time."""
        with self._change:
            if self._jobs:
                self._change.wait(seconds)

    @contextmanager
    def apart(self, group: str) -> Iterator[bool]:
        """Yield whether nothing is downloaded from a group of servers; if so, nothing else is before the block ends."""
        with self._change:
            free = group not in self._aside | {job.group for job in self._jobs.values() if job.downloading}
            if free:
                self._aside.add(group)
        try:
            yield free
        finally:
            if free:
                with self._change:
                    self._aside.discard(group)
                    self._change.notify_all()

    def close(self) -> None:
        """Break off what is in work, so that it is fetched again by the next run. Nothing is started afterwards."""
        self._stopping.set()
        with self._change:
            jobs = list(self._jobs.values())
        if not jobs:
            return
        self._d.acquirer.stop()
        self._d.workers.stop()
        self._d.jobs.stop()
        until = time.monotonic() + LEAVE_SECONDS
        for job in jobs:
            if job.thread is not None:
                job.thread.join(max(0.0, until - time.monotonic()))
        try:
            self._d.store.queue.release_all(self._who)
        except DatabaseError as error:  # who starts next gives back whatever is claimed
            self._d.log.warning("links in work not given back", reason=str(error))

    def _nobody(self) -> bool:
        """Return whether no machine takes jobs for now; that is said once, and so is that one does again."""
        away = self._d.jobs.away()
        if away is not None:
            if not self._alone:
                self._d.log.warning("no worker takes links; they wait", reason=away)
            self._alone = True
            return True
        return self._alone and self.in_work > 0  # the others wait for what comes of the one that asks

    def _next(self) -> Pick | None:
        """Return the link whose turn it is among those whose host is free, ready hosts first."""
        acquirer = self._d.acquirer
        with self._change:
            busy = self._aside | {job.group for job in self._jobs.values() if job.downloading}
            media = [job.row.link.id or job.row.link.url for job in self._jobs.values()]
            late = any(job.row.late for job in self._jobs.values())
            held = Counter(job.flow for job in self._jobs.values() if job.flow)
        most = max(
            1, self._d.config.fetch.concurrency // 2
        )  # of one author at once: who is slow leaves room for others
        names = acquirer.names

        def hosts(name: str) -> int:
            if name not in names:  # a plug was taken out: its links are closed when nothing else is in work
                return 0 if busy else 1
            if names[name]:
                return SERVERS
            return 0 if name in busy or acquirer.rests(name) else 1

        def may(row: LinkRow) -> bool:
            group = acquirer.group(row.link)
            return group not in busy and not acquirer.rests(group)

        def rests(row: LinkRow) -> float:
            return acquirer.rests_for(acquirer.group(row.link))

        return self._d.store.turns.next(
            hosts=hosts,
            cap=self._d.config.fetch.links_per_post,
            but=media,
            not_of=[flow for flow, count in held.items() if count >= most],
            late=not late,  # one at a time, so that a slot and a decoder stay for the others
            may=may,
            ready=lambda row: acquirer.wait_for(acquirer.group(row.link)) <= 0,
            rests=rests,
            sit_out=self._sit_out,
        )

    def _sit_out_all(self) -> None:
        """Let no link wait unseen for a host that wants to be left alone.

        For a while links keep their place, and Reddit's previews of those that have waited for long are looked at.
        """
        queue, now = self._d.store.queue, self._d.clock.now()
        for host, seconds in self._d.acquirer.resting().items():
            if seconds < STAND_IN_SECONDS:
                queue.wake_behind(host, now + timedelta(seconds=seconds - STAND_IN_SECONDS))
                continue
            if queue.due_at(host, 1):
                with self._d.store.transaction():
                    for row in queue.due_at(host, SAT_OUT_AT_ONCE):
                        self._sit_out(row, seconds)

    def _sit_out(self, row: LinkRow, seconds: float) -> None:
        """Let a link wait as if its host had been asked in vain, where that wants to be left alone for long.

        Only one of many is asked when the time is over, so each would else wait for all that come before it.
        """
        if seconds >= STAND_IN_SECONDS:
            wait_out(self._d, row, f"{self._d.acquirer.group(row.link)} asked to wait", wait=seconds)

    def _take(self, row: LinkRow, flow: str | None) -> bool:
        """Settle a claimed link from what is known, or start its thread; return whether it was settled."""
        library = self._working.library()
        banks, originals = self._working.banks_version, library.has_files
        try:
            if self._reuse.settle(row, self._who, banks=banks, originals=originals):
                self._d.store.queue.release(row.id, self._who)
                return True
        except Exception as error:  # noqa: BLE001  what is wrong with another link's row must not keep this one back
            self._d.log.warning("link not reused", link=row.id, host=row.link.host, reason=log_reason(error))
        job = _Job(row=row, group=self._d.acquirer.group(row.link), flow=flow)
        job.thread = threading.Thread(target=self._run, args=(job, originals), name=f"link-{row.id}", daemon=True)
        with self._change:
            self._jobs[row.id] = job
        try:
            job.thread.start()
        except BaseException:  # the machine has no thread for us
            with self._change:
                del self._jobs[row.id]
            raise
        return False

    def _run(self, job: _Job, originals: bool) -> None:
        try:
            self._step(job, originals)
        except Exception as error:  # noqa: BLE001  not to be recorded with the link: the caller of `start` hears of it
            with self._change:
                self._failure = self._failure or error
                self._left.add(job.row.id)
        finally:
            with self._change:
                del self._jobs[job.row.id]
                self._change.notify_all()

    def _step(self, job: _Job, originals: bool) -> None:
        row, store = job.row, self._d.store
        looked, failure = None, None
        files: tuple[str, ...] = ()
        seconds = self._d.config.decode.front_seconds
        pace = Aside() if row.late else Budget(seconds)
        try:
            if not self._still_ours(row):
                self._leave(row, ())
                return
            with self._d.jobs.begin(
                row.link, want_original=originals, in_front=not row.late, only=row.place
            ) as fetched:
                with self._change:  # its host is free for the next link
                    job.downloading = False
                    self._change.notify_all()
                files = names_of_fetched(fetched)
                if not self._still_ours(row):  # so that nothing is decoded that a person stopped meanwhile
                    self._leave(row, files)
                    return
                looked = self._working.fingerprint(row.link, fetched, target=row.link.url, pace=pace)
        except Exception as error:  # noqa: BLE001  the boundary around one link: recorded with it below
            failure = error
        if self._stopping.is_set():
            return
        try:
            with store.transaction():
                if not self._still_ours(row):
                    self._leave(row, files)
                    return
                if isinstance(failure, CostlyError):
                    moved = store.turns.put_back(row, str(failure))
                    self._d.log.info("link put back", link=row.id, host=row.link.host, moved=moved, reason=str(failure))
                    store.queue.release(row.id)
                    return
                if self._alone and (looked is not None or isinstance(failure, AcquireError)):
                    self._alone = False
                    self._d.log.info("workers take links again")
                if looked is not None:
                    self._working.keep(row, looked)
                elif isinstance(failure, AcquireError):
                    self._working.record_failure(row, failure)
                else:
                    assert failure is not None
                    raise failure
                if row.place is None and not (looked and looked.later):  # a part of an album serves nobody else
                    store.queue.looked(row.id, program=self._reuse.program, originals=originals)
                store.queue.release(row.id)
        except Exception as error:  # noqa: BLE001  likewise
            self._failed_unexpectedly(row, error)
        else:
            if looked is not None:
                self._d.boundary("acquire.stored")

    def _failed_unexpectedly(self, row: LinkRow, error: Exception) -> None:
        own, reason = is_own_fault(error), reason_of(error)
        if isinstance(error, ClusterError):
            own = not error.lost
            if error.lost:
                self._d.log.warning("worker lost", link=row.id, host=row.link.host, reason=reason)
        elif not own:
            self._d.log.warning("link failed unexpectedly", link=row.id, host=row.link.host, reason=reason)
        with self._d.store.transaction():
            if self._still_ours(row):
                if own:
                    postpone(self._d, row, error)
                else:
                    try_again(self._d, row, reason)
            if not self._stopping.is_set():
                self._d.store.queue.release(row.id, self._who)

    def _still_ours(self, row: LinkRow) -> bool:
        return not self._stopping.is_set() and self._d.store.queue.holds(row, self._who)

    def _leave(self, row: LinkRow, files: Sequence[str]) -> None:
        """Give up a link that was blocked, forgotten or parked while it was in work; `files` are what came of it.

        If it was marked as a suspected minor's, they are marked too.
        """
        if self._stopping.is_set():
            return
        with self._d.store.transaction():
            self._d.store.minors.came_late(row.id, files)
            self._d.store.queue.release(row.id, self._who)

    def _give_back(self) -> None:
        """Give back what is claimed and nobody works on: the database could not be told when that ended."""
        with self._change:
            left = tuple(self._left)
        for link in left:
            self._d.store.queue.release(link)
            with self._change:
                self._left.discard(link)

    def _renew(self) -> None:
        now = self._d.clock.monotonic()
        if now - self._renewed > CLAIM_SECONDS / 4:
            self._renewed = now
            if self.in_work:
                self._d.store.queue.renew(self._who, CLAIM_SECONDS)
