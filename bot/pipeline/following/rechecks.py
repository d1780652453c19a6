"""Looks for the media of notices that have left: politely, each written down, by what it shows and not by its status.

A look is counted and the next one planned before anything is asked, so that a kill in the middle asks nothing twice.
The media is in memory alone, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import hosts
from bot.acquire import Acquired
from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    MarkedFileError,
    MediaError,
    NeedsTokenError,
    NotAllowedError,
    PlaceholderError,
    TryLaterError,
    is_own_fault,
)
from bot.fingerprint import digests
from bot.model import Fingerprint, Link, LookOutcome
from bot.pipeline.core import Deps
from bot.pipeline.following.afterwards import Afterwards
from bot.pipeline.following.look_times import APART, after, again, first_look
from bot.pipeline.recovery import GoOn, always, log_reason, reason_of
from bot.pipeline.scanning.host_health import ALARMS, host_rows, outcome_of
from bot.pipeline.scanning.queue import DownloadQueue
from bot.pipeline.scanning.scanner import Scanner
from bot.store import LifeItem
from bot.workers import Aside

AT_ONCE = 50  # media whose look is due that are read from the database at once
MINOR = "it is marked as a suspected minor's, and not looked for"
_OUTCOMES: Mapping[type[AcquireError], LookOutcome] = {
    PlaceholderError: LookOutcome.PLACEHOLDER,
    GoneError: LookOutcome.GONE,
    NotAllowedError: LookOutcome.UNREACHABLE,  # our own configuration: nobody refused
    BlockedError: LookOutcome.REFUSED,
    NeedsTokenError: LookOutcome.REFUSED,
    HostChangedError: LookOutcome.UNREACHABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a look saw. `wait`: for how many seconds its host asked to be left alone; `moved`: the link it is at now."""

    outcome: LookOutcome
    detail: str = ""
    wait: float | None = None
    moved: Link | None = None


class Rechecks:
    """Looks for what is due. One thread may call."""

    def __init__(self, deps: Deps, scanner: Scanner, downloads: DownloadQueue) -> None:
        self._d = deps
        self._find = hosts.finder(deps.config)
        self._scanner = scanner
        self._downloads = downloads
        self._afterwards = Afterwards(deps.config, deps.store, deps.clock, deps.log)
        self._asked: dict[tuple[str, str], float] = {}  # when each media was asked for, by the clock that never jumps

    def round(self, go_on: GoOn = always) -> int:
        """Look for every media whose look is due, and see what follows for its notice; return how many looks were made.

        A host that rests, or of which something is fetched now, is left for another round.
        """
        life, now = self._d.store.notice_life, self._d.clock.now()
        if self._d.config.notices.look:
            life.bound()
            for item in life.unarmed():
                if (at := first_look(item, now)) is not None:
                    life.plan_look(item, at)
        done = 0
        looked = 1
        while looked and go_on():
            looked = 0
            for item in life.due(AT_ONCE) if self._d.config.notices.look else []:
                if not go_on():
                    break
                looked += self._guarded(item)
            done += looked
        self._afterwards.settle()
        return done

    def _guarded(self, item: LifeItem) -> int:
        """Keep what breaks one look from stopping the others: the next one is planned already."""
        try:
            return self._look(item)
        except Exception as error:
            if is_own_fault(error):
                raise
            facts = {"notice": item.notice, "host": item.host}
            self._d.log.warning("look failed unexpectedly", **facts, reason=log_reason(error))
            return 0

    def _look(self, item: LifeItem) -> int:
        life, now = self._d.store.notice_life, self._d.clock.now()
        link = link_of(item, self._find)
        group = self._d.acquirer.group(link)
        waits = max(self._d.acquirer.rests_for(group), self._too_soon(item))
        if waits > 0:
            life.plan_look(item, now + timedelta(seconds=waits))
            return 0
        with self._downloads.apart(group) as free:
            if not free or not life.begin_look(item, again(item, now)):
                return 0
            self._asked[item.host, item.host_id] = self._d.clock.monotonic()
            self._d.boundary("look.begun")
            sight = self._sight(item, link)
        self._d.boundary("look.seen")
        with self._d.store.transaction():
            if sight is None:
                self._afterwards.marked(item, MINOR)
                return 1
            if sight.wait:
                self._leave_alone(item, group, sight.wait)
            self._write_down(item, sight)
        self._d.boundary("look.stored")
        return 1

    def _too_soon(self, item: LifeItem) -> float:
        """Return for how many seconds more a media that this process asked for is left alone, wherever the clock is."""
        asked = self._asked.get((item.host, item.host_id))
        return 0.0 if asked is None else asked + APART.total_seconds() - self._d.clock.monotonic()

    def _sight(self, item: LifeItem, link: Link) -> Sight | None:
        """Return what stands at a link now; None if it is marked as a suspected minor's."""
        try:
            self._scanner.refuse_marked(link)
            with self._d.acquirer.work():
                acquired = self._scanner.download(link)
                self._scanner.unmarked(acquired.media)
                sight = self._compared(item, link, acquired)
        except MarkedFileError:
            return None
        except AcquireError as error:
            return self._refused(link, error)
        self._d.store.health.note(link.host, "resolved")
        return sight

    def _refused(self, link: Link, error: AcquireError) -> Sight:
        outcome = next((found for kind, found in _OUTCOMES.items() if isinstance(error, kind)), LookOutcome.UNREACHABLE)
        if error.status in (401, 403, 429, 451):
            outcome = LookOutcome.REFUSED
        if not isinstance(error, GoneError) and (counted := outcome_of(error)):
            self._d.store.health.note(link.host, counted, str(error))
        if outcome == LookOutcome.GONE and self._doubted(link.host):
            return Sight(
                outcome=LookOutcome.UNREACHABLE,
                detail=f"{link.host} calls nearly everything gone lately, so it may refuse this machine",
            )
        wait = error.retry_after if isinstance(error, TryLaterError) else None
        return Sight(outcome=outcome, detail=reason_of(error), wait=wait)

    def _doubted(self, host: str) -> bool:
        """Whether a host does so badly lately that it says nothing when it calls a media gone."""
        rows = host_rows(self._d.store, self._d.config, self._d.clock.now())
        return any(row.host == host and row.state in ALARMS for row in rows)

    def _compared(self, item: LifeItem, link: Link, acquired: Acquired) -> Sight:
        """Compare what came with what was reported: the file, then what it shows with all that is known."""
        seen: list[Fingerprint] = []
        failures = [reason for _, reason in acquired.failures]
        for file in acquired.media:
            also = (file.original,) if file.original else ()
            # most looks find the very file: it need not be decoded, for which a child starts anew each time
            if {item.sha256, item.md5} & {value for data in (file.data, *also) for value in digests(data)}:
                return _there(item, link, file.url, self._find)
            try:
                found = self._d.workers.fingerprint(file.data, also=also, pace=Aside())
            except MediaError as error:
                failures.append(str(error))
                continue
            if self._is_known(found):
                return _there(item, link, file.url, self._find)
            seen.append(found)
        if failures:
            return Sight(outcome=LookOutcome.UNREACHABLE, detail=failures[0])
        if not item.known:
            detail = "another file stands there, and nothing is left to compare what it shows; look at it"
            return Sight(outcome=LookOutcome.UNSURE, detail=detail)
        if item.clip and all(found.kind == "image" for found in seen):
            return Sight(outcome=LookOutcome.PLACEHOLDER, detail="a still picture stands where the clip was")
        return Sight(outcome=LookOutcome.OTHER_MEDIA, detail="another media stands there now")

    def _is_known(self, found: Fingerprint) -> bool:
        """Whether a media matches anything that is banked as a fake: then nothing was won, even if the file differs."""
        matches = self._scanner.taken_for(found) or self._scanner.resembles(found)[0]
        return any(match.bank_kind in ("block", "watch") and not match.suppressed for match in matches)

    def _leave_alone(self, item: LifeItem, group: str, seconds: float) -> None:
        """Put off every look at servers that asked for it, so that a restart does not forget their wish."""
        until = self._d.clock.now() + timedelta(seconds=seconds)
        life = self._d.store.notice_life
        for other in life.planned(item.host, before=until):
            if self._d.acquirer.group(link_of(other, self._find)) == group:
                life.plan_look(other, until)

    def _write_down(self, item: LifeItem, sight: Sight) -> None:
        now = self._d.clock.now()
        then = after(item, sight.outcome, now)
        if sight.wait and then.at is not None:
            then = replace(then, at=max(then.at, now + timedelta(seconds=sight.wait)))
        self._afterwards.looked(item, sight.outcome, sight.detail, then, sight.moved)


def link_of(item: LifeItem, find: hosts.Finder) -> Link:
    """Return the link at which a media of a notice is looked for."""
    found = find(item.url)
    kind = found.kind if found is not None and found.kind != "page" else "media"
    host, name = (found.host, found.id) if found is not None else (item.host, item.host_id)
    return Link(url=item.url, host=host, id=name or item.host_id, kind=kind, source="target")


def _there(item: LifeItem, link: Link, file: str, find: hosts.Finder) -> Sight:
    """Return that a media is there, or under which other id of its host, if the file's address leads to one."""
    found = find(file)
    if link.kind != "media" or found is None or found.host != link.host or found.kind != "media" or not found.id:
        return Sight(outcome=LookOutcome.THERE)
    plug = hosts.get(found.host)
    page = plug.page_url(found.id) if plug else None
    back = find(page) if page else None
    same = (link.id or "").casefold() in file.casefold() or found.id.casefold() in item.url.casefold()
    if same or page is None or back is None or back.id != found.id:
        return Sight(outcome=LookOutcome.THERE)
    to = Link(url=page, host=found.host, id=found.id, kind="media", source="target")
    return Sight(outcome=LookOutcome.MOVED, detail="the same media, under another id now", moved=to)
