"""What people look at: a queue of its own in memory, ahead of what the daemon fetches, and as polite to hosts.

Each look has a deadline. What came of it is handed out once, to the session that asked, or is gone half a minute later;
nothing of it goes into the database, the log or the audit trail. While it lasts, a case that turns out to be about a
suspected minor, or whose post is deleted, ends it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot import channels
from bot.acquire import Acquirer
from bot.config import Config
from bot.contact_sheets import Looker, few, wanted
from bot.errors import AcquireError, CostlyError, GifwardenError, MarkedFileError, TryLaterError, UsageError, for_once
from bot.model import Actor, Level, Link, LookState, MediaFile, Sheet, Verb
from bot.pipeline.judging.scan_target import TargetScanner
from bot.pipeline.log import Log
from bot.pipeline.looking.answer import Answer, answer
from bot.pipeline.looking.asked import MINOR, Beside, Ranges, Wish, link_of, place_of, refused_kind, sane
from bot.pipeline.looking.beside import MOMENTS, Comparison
from bot.pipeline.looking.job import Job, Progress
from bot.pipeline.looking.wishes import Wishes
from bot.pipeline.recovery import reason_of
from bot.pipeline.reviewing.team import Team
from bot.pipeline.reviewing.words.compare import compared
from bot.pipeline.scanning.scanner import Scanner
from bot.store import CaseRow, Store

SECONDS = 30.0  # in which a look is ready, or has failed
READY_SECONDS = 30.0  # in which what came of it is handed out
TOLD_SECONDS = 60.0  # in which it is told how a look ended
AT_ONCE, THREADS = 2, 6  # looks in work; with those that ended and whose host was not done yet
EACH, ALL = 4, 32  # looks of one session, of all; one more of a session ends its oldest
FILES = 4  # files of the largest size that may be held for looks
WATCH_SECONDS = 0.25
LEAVE_SECONDS = 1.0
OVER = "it was not ready within {:.0f} seconds; ask again, or decide without it"
BUSY = "too many people look at something now; ask again in half a minute"


class Looks:
    """Safe to call from any thread."""

    def __init__(
        self,
        config: Config,
        store: Store,
        log: Log,
        acquirer: Acquirer,
        working: Scanner,
        targets: TargetScanner,
        *,
        doubtful: Callable[[CaseRow], bool],
        seconds: float = SECONDS,
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        self._config = config
        self._store = store
        self._log = log
        self._acquirer = acquirer
        self._working = working
        self._targets = targets
        self._team = Team(store)
        self.comparison = Comparison(store=store, doubtful=doubtful, known=targets.knows)
        self._seconds, self._ready = seconds, ready_seconds
        self.wishes = Wishes(store)
        self._change = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._closed = False
        self._watcher: threading.Thread | None = None

    def ask_case(self, case: str, level: Level, *, by: Actor, session: str, media: int | None = None) -> str:
        """Ask for a contact sheet of a case; return the look's id. `media`: its place in an album, from 0.

        Raises StoreError if there is no such case, and UsageError in one sentence if it is not looked at, if they
        refused its kind of media, or if they may not decide on it.
        """
        row = self._store.cases.get(case)
        self._team.still(by, Verb.CASES, [row.post.subreddit])
        wish = Wish(case=case, level=level, media=media)
        kind = place_of(self._store, row, media)[2]
        return self._ask(wish, by, session, kind)

    def ask_pair(self, case: str, level: Level, *, by: Actor, session: str) -> tuple[str, str]:
        """Ask for two small sheets, of a case's media and of what its entry was made of; return both looks' ids.

        Raises as `ask_case` does, and UsageError if nothing tells where the entry's media is.
        """
        row = self._store.cases.get(case)
        self._team.still(by, Verb.CASES, [row.post.subreddit])
        evidence = self._store.links.evidence(row.link)
        pair = self.comparison.pair(row, evidence, compared(self._store, evidence), by=by)
        if pair is None or not pair.beside:
            raise UsageError(f"there is nothing to compare {case} with; look at it alone")
        kind = place_of(self._store, row, pair.media)[2]
        own = Wish(case=case, level=level, media=pair.media, few=True, at=pair.here)
        beside = Wish(case=case, level=level, few=True, beside=pair.beside)
        first = self._ask(own, by, session, kind)
        try:
            second = self._ask(beside, by, session, None)
        except GifwardenError:
            self.leave(session, first)
            raise
        with self._change:
            jobs = [job for job in (self._jobs.get(first), self._jobs.get(second)) if job is not None]
            if len(jobs) == 2:
                jobs[0].together, jobs[1].together = jobs[1], jobs[0]
        return first, second

    def ask_target(
        self,
        target: str,
        level: Level | None = None,
        *,
        by: Actor,
        session: str,
        media: int = 0,
        ranges: Sequence[tuple[float, float]] = (),
    ) -> str:
        """Ask what is found behind a permalink or a host's URL, or with a level for a sheet of it.

        `ranges`: what the answer said of that media. Raises UsageError if they may not.
        """
        self._team.still(by, Verb.CASES, None)
        return self._ask(Wish(target=target.strip(), level=level, media=media, ranges=sane(ranges)), by, session, None)

    def ask_file(
        self,
        name: str,
        data: bytes,
        level: Level | None = None,
        *,
        by: Actor,
        session: str,
        ranges: Sequence[tuple[float, float]] = (),
    ) -> str:
        """Ask the same of a file. Its bytes are in memory until the look ends. Raises UsageError if it is too large."""
        self._team.still(by, Verb.CASES, None)
        most = self._config.fetch.max_bytes
        if not 0 < len(data) <= most:
            raise UsageError(
                f"the file has {len(data)} bytes, and between 1 and {most} are looked at (fetch.max_bytes)"
            )
        with self._change:
            held = sum(len(job.wish.data or b"") for job in self._jobs.values())
        if held + len(data) > FILES * most:
            raise UsageError(BUSY)
        return self._ask(Wish(target=name, data=data, level=level, ranges=sane(ranges)), by, session, None)

    def progress(self, look: str, *, by: Actor, session: str) -> Progress:
        """Return how far a look is. What is nobody's, or somebody else's, is gone."""
        with self._change:
            job = self._mine(look, by, session)
            return job.progress if job is not None else Progress(state=LookState.GONE)

    def take(self, look: str, *, by: Actor, session: str) -> Sheet | Answer:
        """Return what came of a look that is ready. It is handed out once; afterwards nothing of it is left here.

        Raises UsageError if there is nothing to hand out.
        """
        with self._change:
            job = self._mine(look, by, session)
            if job is not None and job.state == LookState.READY:
                refused = self._refused(job)
                result, level = job.result, job.wish.level
                if isinstance(result, Answer) and self._store.minors.is_never(*result.marks):
                    refused = MINOR  # marked since it was looked at
                self._end(job, LookState.FAILED if refused else LookState.GONE, refused or "")
            else:
                raise UsageError(
                    job.why if job and job.why else "there is nothing to show: it is not ready, was shown, or is gone"
                )
        if refused or result is None:
            raise UsageError(refused or "there is nothing to show")
        if level is not None:
            self.wishes.looked(by, level)
        return result

    def leave(self, session: str, look: str | None = None) -> None:
        """End the looks of a session, or one of them: its page was left, or it signed out."""
        with self._change:
            for job in list(self._jobs.values()):
                if job.session == session and look in (None, job.id):
                    self._end(job, LookState.GONE)
            self._start()

    def close(self) -> None:
        """End all looks; none is begun afterwards. Waits a moment for those in work."""
        with self._change:
            self._closed = True
            threads = [job.thread for job in self._jobs.values() if job.thread is not None]
            for job in self._jobs.values():
                self._end(job, LookState.GONE)
            self._change.notify_all()
        if any(thread.is_alive() for thread in threads):
            self._acquirer.stop()
        until = time.monotonic() + LEAVE_SECONDS
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._watcher is not None:
            self._watcher.join(max(0.1, until - time.monotonic()))

    def _ask(self, wish: Wish, by: Actor, session: str, kind: str | None) -> str:
        settings = self.wishes.settings(by)
        refused = self.comparison.refused(wish, by)
        if refused is None and wish.level is not None:
            refused = refused_kind(kind, settings)
        if refused:
            raise UsageError(refused)
        with self._change:
            if self._closed:
                raise UsageError("the program stops; ask again when it runs")
            alive = [job for job in self._jobs.values() if job.alive or job.state == LookState.READY]
            own = [job for job in alive if job.session == session]
            if len(own) >= EACH:
                self._end(own[0], LookState.GONE)
            elif len(alive) >= ALL:
                raise UsageError(BUSY)
            job = Job(
                id=secrets.token_urlsafe(16),
                by=by,
                session=session,
                wish=wish,
                settings=settings,
                until=time.monotonic() + self._seconds,
            )
            self._jobs[job.id] = job
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="looks", daemon=True)
                self._watcher.start()
            self._start()
        return job.id

    def _mine(self, look: str, by: Actor, session: str) -> Job | None:
        job = self._jobs.get(look)
        return job if job is not None and (job.by.member, job.session) == (by.member, session) else None

    def _end(self, job: Job, state: LookState, why: str = "") -> None:
        """End a look. The lock is held."""
        if job.state not in (LookState.FAILED, LookState.GONE):
            job.close(state, why, time.monotonic() + TOLD_SECONDS)

    def _start(self) -> None:
        """Begin what waits, if there is room: first of those who have nothing in work. The lock is held."""
        while not self._closed:
            threads = [job for job in self._jobs.values() if job.thread is not None]
            busy = [job for job in threads if job.state == LookState.FETCHING]
            waiting = [job for job in self._jobs.values() if job.state == LookState.WAITING]
            if not waiting or len(busy) >= AT_ONCE or len(threads) >= THREADS:
                return
            served = {job.by.member for job in busy}
            job = next((one for one in waiting if one.by.member not in served), waiting[0])
            job.state = LookState.FETCHING
            if job.wish.level is not None:
                job.looker = Looker(self._config.decode)
            job.thread = threading.Thread(target=self._run, args=(job,), name="look", daemon=True)
            job.thread.start()

    def _run(self, job: Job) -> None:
        result: Sheet | Answer | None = None
        try:
            with self._acquirer.work():
                result = self._look(job)
            why = self._refused(job) or ""
        except CostlyError:
            why = "its host is slow, and nothing came in time; ask again later, or decide without it"
        except TryLaterError as error:
            why = f"{error}; ask again later, or decide without it"
        except GifwardenError as error:
            why = for_once(error)
        except Exception as error:  # noqa: BLE001  the boundary around one look: told to who asked
            why = reason_of(error)
            self._log.warning("look failed unexpectedly", reason=why)
        with self._change:
            if job.state == LookState.FETCHING:
                if why or result is None:
                    self._end(job, LookState.FAILED, why or "nothing came of it")
                else:
                    job.state, job.result, job.until = LookState.READY, result, time.monotonic() + self._ready
                    job.wish = replace(job.wish, target="", data=None)  # its file is needed no more
                    if job.looker is not None:
                        job.looker.close()
            job.thread = None
            self._start()

    def _look(self, job: Job) -> Sheet | Answer | None:
        """Return what came of a look, None if it ended meanwhile."""
        wish, looker = job.wish, job.looker
        if wish.level is None:
            known = channels.registry(self._config.storage.path)
            if wish.data is not None:
                return answer(wish.target, [self._targets.scan_bytes(wish.target, wish.data)], self._store, known)
            return answer(wish.target, self._targets.scan_address(wish.target), self._store, known)
        data, ranges, at = self._of_beside(job, wish.beside) if wish.beside else (*self._fetched(wish), wish.at)
        if self._refused(job) or looker is None or job.state != LookState.FETCHING:
            return None
        grey = job.settings.grey
        asked = few(wish.level, MOMENTS, at, grey=grey) if wish.few else wanted(wish.level, ranges, grey=grey)
        sheet = looker.sheet(data, asked, () if wish.few else ranges, seconds=max(0.1, job.until - time.monotonic()))
        if refused := refused_kind(sheet.kind, job.settings):
            raise UsageError(refused)
        return sheet

    def _of_beside(self, job: Job, beside: Sequence[Beside]) -> tuple[bytes, Ranges, tuple[float, ...]]:
        """Return the same as `_fetched` and the seconds to show, of the first place where an entry's media still is."""
        *others, last = beside
        for one in others:
            try:
                return self._only(job, one)
            except MarkedFileError:
                raise
            except AcquireError:
                if not job.alive:
                    raise
        return self._only(job, last)

    def _only(self, job: Job, one: Beside) -> tuple[bytes, Ranges, tuple[float, ...]]:
        data, ranges = self._fetched(Wish(case=one.case, target=one.url, media=one.media))
        with self._change:
            if job.alive:
                job.wish = replace(job.wish, beside=(one,))  # what becomes of the others is of no matter any more
        return data, ranges, one.at

    def _fetched(self, wish: Wish) -> tuple[bytes, Ranges]:
        """Return the bytes of the media that is meant, in memory, and what matched in it. Marked files are refused."""
        place, ranges = wish.media or 0, wish.ranges
        if wish.data is not None:
            media: tuple[MediaFile, ...] = (MediaFile(index=0, url=wish.target, data=wish.data),)
        else:
            if wish.case is not None:
                row = self._store.cases.get(wish.case)
                link: Link = link_of(self._store, row)
                place, ranges, _ = place_of(self._store, row, wish.media)
            else:
                _, links = self._targets.leads(wish.target)
                link = links[0]
            self._working.refuse_marked(link)
            media = self._acquirer.acquire(link, want_original=False, in_front=True, only=place).media
        self._working.unmarked(media)
        return media[0].data, ranges

    def _refused(self, job: Job) -> str | None:
        return self.comparison.refused(job.wish, job.by)

    def _watch(self) -> None:
        """End what is over, and what may not be looked at any more, while there are looks."""
        while True:
            with self._change:
                if self._closed:
                    return
                if not self._jobs:
                    self._watcher = None
                    return
                jobs = list(self._jobs.values())
                now = time.monotonic()
                for job in jobs:
                    self._age(job, now)
            for job in jobs:
                self._check(job)
            with self._change:
                self._change.wait(WATCH_SECONDS)

    def _age(self, job: Job, now: float) -> None:
        if job.state == LookState.READY and job.together is not None and job.together.alive:
            job.until = now + self._ready
        if now < job.until:
            return
        if job.alive:
            self._end(job, LookState.FAILED, OVER.format(self._seconds))
            self._start()
        elif job.state == LookState.READY:
            self._end(job, LookState.GONE)
        elif job.thread is None:
            del self._jobs[job.id]

    def _check(self, job: Job) -> None:
        """End a look at a case that is not looked at any more, in the middle of whatever it is."""
        wish = job.wish
        if wish.case is None:
            return
        try:
            refused = self._refused(job)
        except GifwardenError:
            return  # asked again before anything is handed out
        if refused:
            with self._change:
                self._end(job, LookState.FAILED, refused)
