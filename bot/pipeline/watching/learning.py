"""A subreddit's own past decisions: removals that the mod log and the removed posts still show, and which are meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import hosts
from bot.clock import Clock, day_and_time, from_unix
from bot.config import Config
from bot.errors import StoreError, UsageError
from bot.links import links_of, post_of
from bot.model import (
    APPROVALS,
    PREVIEW,
    PROGRAM,
    REMOVALS,
    CaseState,
    Link,
    LinkState,
    PastState,
    Post,
    Remover,
    Skipped,
)
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, reason_of
from bot.pipeline.watching.past_facts import Choice, counted, heard, looked_at, merged, of_removed
from bot.reddit import MAX_THINGS, Job, Reddit
from bot.store import LearningRow, PastRemoval, Store
from bot.store.links import LEARNT

AGED = "left alone: another removal of the same media speaks of age"
LOG, REMOVED, CHOICE = "log", "removed", "choice"
HEARD = REMOVALS | APPROVALS | {"addremovalreason"}
EVER = datetime(2005, 6, 1, tzinfo=UTC)  # Reddit's first month
FRESH = timedelta(hours=24)  # what was read less long ago is not read again for another choice
KEPT = timedelta(hours=36)  # of what was not chosen; what is deleted on Reddit meanwhile must go within 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What was met in a subreddit's past: how often each text, and what is left out."""

    subreddit: str
    removals: int
    by_moderators: int
    by_automoderator: int
    unnamed: int  # of which nothing says why
    reasons: Mapping[str, int]
    notes: Mapping[str, int]
    rules: Mapping[str, int]
    rules_of_automoderator: Mapping[str, int]
    flairs: Mapping[str, int]
    skipped: Mapping[Skipped, int]
    queued: int  # chosen before
    oldest: datetime | None  # the first moment that the log shows
    done: bool  # everything that Reddit shows was read
    parked: tuple[str, ...] = ()

    @property
    def reach(self) -> str:
        """Say how far back that is, and what is not shown."""
        if self.parked:
            again = "; ".join(f"gifwarden parked retry learning {self.subreddit}/{name}" for name in self.parked)
            return f"to read {', '.join(self.parked)} began three times and never ended, so that is left out; {again}"
        if not self.done:
            return "stopped before the end; run the same command again to go on from there"
        if self.oldest is None:
            return f"Reddit's mod log of r/{self.subreddit} shows no removal"
        return (
            f"Reddit's mod log reaches back about three months, here to {day_and_time(self.oldest)} UTC; what was "
            "removed before is known only as far as its list of removed posts (about 1,000) shows it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a choice came to."""

    posts: int  # chosen now
    links: int  # that are looked at because of them
    skipped: Mapping[Skipped, int]  # that were named and left out now


class Learning:
    """Reads backwards, behind everything live and resumed page by page; what is named waits for its media."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, reddit: Reddit | None) -> None:
        self._config = config
        self._find = hosts.finder(config)
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit

    def read(
        self,
        subreddit: str,
        *,
        since: datetime | None = None,
        go_on: GoOn = always,
        tell: Callable[[str], None] = lambda _told: None,
    ) -> None:
        """Read the mod log and the removed posts back to `since`, and ask for the posts; go on where the last ended.

        What was read within a day is not read again. Raises UsageError if the subreddit is not watched, and
        RedditError; what was read before stays.
        """
        name = self._watched(subreddit)
        readings = self._begin(name, since or EVER)
        for source, page in ((LOG, self._log_page), (REMOVED, self._removed_page)):
            row, resumed = readings[source], readings[source].after is not None
            while row.state == "reading" and go_on():
                before = row.seen
                row = self._tried(row, page)
                if resumed and row.seen == before and row.state == "done":
                    row = replace(row, after=None, state="reading")  # what we stopped at leads nowhere any more
                    self._store.past.put_reading(row)
                resumed = False
                back = f", back to {day_and_time(row.oldest)} UTC" if row.oldest else ""
                tell(f"r/{name}, {'mod log' if source == LOG else 'removed posts'}: {row.seen:,} read{back}")
        self._ask(name, go_on, tell)
        self._leave_aged()

    def met(self, subreddit: str) -> Met:
        """Return what was met so far."""
        past, name = self._store.past, subreddit.lower()
        rows = past.in_state(name, PastState.LOOKED)
        people = [row for row in rows if row.remover is not Remover.AUTOMODERATOR]
        machine = [row for row in rows if row.remover is Remover.AUTOMODERATOR]
        states, skipped = past.counts(name)
        readings = {source: row for source, row in past.readings(name).items() if source != CHOICE}
        columns = ("reason", "note", "rule", "flair")
        return Met(
            subreddit=name,
            removals=sum(states.values()) - skipped.get(Skipped.APPROVED, 0),
            by_moderators=len(people),
            by_automoderator=len(machine),
            unnamed=sum(not any(getattr(row, column) for column in columns) for row in people),
            reasons=counted(people, "reason"),
            notes=counted(people, "note"),
            rules=counted(people, "rule"),
            rules_of_automoderator=counted(machine, "rule"),
            flairs=counted(people, "flair"),
            skipped=skipped,
            queued=states.get(PastState.QUEUED, 0),
            oldest=readings[LOG].oldest if LOG in readings else None,
            done=bool(readings)
            and all(row.state == "done" for row in readings.values())
            and not states.get(PastState.READ),
            parked=tuple(row.source for row in readings.values() if row.state == "parked"),
        )

    def unmet(self, subreddit: str, choice: Choice) -> list[str]:
        """Return a sentence for each text of a choice that no removal has."""
        rows = self._store.past.in_state(subreddit.lower(), PastState.LOOKED)
        rows += self._store.past.in_state(subreddit.lower(), PastState.QUEUED)
        sentences = []
        for option, texts in (("reason", choice.reasons), ("rule", choice.rules), ("flair", choice.flairs)):
            for text in texts:
                one = Choice(**{f"{option}s": (text,)})
                if not any(one.names(row) for row in rows):
                    sentences.append(f"no removal in r/{subreddit} has the {option} {text!r}")
        return sentences

    def choose(
        self,
        subreddit: str,
        choice: Choice,
        *,
        bank: str,
        go_on: GoOn = always,
        tell: Callable[[str], None] = lambda _told: None,
    ) -> Chosen:
        """Put the media of the removals that are named behind everything else in the queue, for proposals for a bank.

        Raises UsageError if the subreddit is not watched, and RedditError; what was chosen before stays.
        """
        name = self._watched(subreddit)
        store, me = self._store, connected(self._reddit).me()
        rows = [row for row in store.past.in_state(name, PastState.LOOKED) if choice.names(row)]
        self._put_choice(name, len(rows), "reading")
        posts = links = 0
        skipped: dict[Skipped, int] = {}
        for start in range(0, len(rows), MAX_THINGS):
            if not go_on():
                break
            batch = rows[start : start + MAX_THINGS]
            things = connected(self._reddit).as_job(Job.BACKFILL).things([row.post for row in batch])
            read = [(row, things.get(row.post)) for row in batch]
            with store.transaction():
                aged = store.past.aged()
                for row, thing in read:
                    now, more = self._take(row, thing, me, bank, aged)
                    links += more
                    posts += now.state is PastState.QUEUED
                    if now.skipped is not None:
                        skipped[now.skipped] = skipped.get(now.skipped, 0) + 1
                self._put_choice(name, len(rows), "reading")
            tell(f"r/{name}: {posts:,} of {len(rows):,} named posts chosen")
        else:
            self._put_choice(name, len(rows), "done")
        if posts:
            store.audit.record(by=PROGRAM, what=f"past removals chosen: {posts}", subject=f"r/{name}")
        self._log.info("past removals chosen", subreddit=name, posts=posts, links=links)
        return Chosen(posts=posts, links=links, skipped=skipped)

    def _watched(self, subreddit: str) -> str:
        name = subreddit.lower()
        if self._config.subreddit(name) is None:
            raise UsageError(
                f"r/{subreddit} is not watched, and the bot reads no other subreddit; "
                f"add a section [subreddits.{name}] to the configuration"
            )
        return name

    def _begin(self, name: str, since: datetime) -> dict[str, LearningRow]:
        past, now = self._store.past, self._clock.now()
        with self._store.transaction():
            known = {source: row for source, row in past.readings(name).items() if source != CHOICE}
            same = bool(known) and all(abs((row.since - since).total_seconds()) < 86_400 for row in known.values())
            finished = bool(known) and all(row.state == "done" for row in known.values())
            stale = any(row.updated is None or not timedelta() <= now - row.updated < FRESH for row in known.values())
            if not same or (finished and stale):
                for source in (LOG, REMOVED):
                    past.put_reading(LearningRow(subreddit=name, source=source, since=since))
                known = {source: row for source, row in past.readings(name).items() if source != CHOICE}
        return known

    def _put_choice(self, name: str, seen: int, state: str) -> None:
        self._store.past.put_reading(LearningRow(subreddit=name, source=CHOICE, since=EVER, seen=seen, state=state))

    def _tried(self, row: LearningRow, page: Callable[[LearningRow], LearningRow]) -> LearningRow:
        """Read a page, and leave a source alone whose reading began three times and never ended."""
        tries, name = self._store.tries, f"{row.subreddit}/{row.source}"
        if not tries.begin("learning", name):
            return replace(row, state="parked")
        try:
            return page(row)
        finally:
            tries.end("learning", name)

    def _log_page(self, row: LearningRow) -> LearningRow:
        reddit = connected(self._reddit)
        me, lines = reddit.me(), reddit.as_job(Job.BACKFILL).mod_log(row.subreddit, after=row.after)
        wanted = [line for line in lines if line.at >= row.since]
        with self._store.transaction():
            for line in wanted:
                if line.action not in HEARD or not line.target.startswith(("t1_", "t3_")):
                    continue
                known = self._store.past.get(line.target)
                told = merged(known, heard(line, me, row.subreddit), line.action)
                if told is not None:
                    self._store.past.put(told)
                elif line.action in APPROVALS and known and known.state is PastState.QUEUED and line.at > known.at:
                    self._store.proposals.put_back(line.target)
            moments = [line.at for line in wanted] + ([row.oldest] if row.oldest else [])
            end = not lines or lines[-1].id == row.after or len(wanted) < len(lines)
            row = replace(
                row,
                after=lines[-1].id if lines else row.after,
                seen=row.seen + len(lines),
                oldest=min(moments, default=None),
                state="done" if end else "reading",
            )
            self._store.past.put_reading(row)
        return row

    def _removed_page(self, row: LearningRow) -> LearningRow:
        reddit = connected(self._reddit)
        me = reddit.me()
        listing = reddit.as_job(Job.BACKFILL).listing(row.subreddit, "about/spam", after=row.after)
        moments = [
            moment for thing in listing.things if (moment := from_unix(thing["data"].get("created_utc"))) is not None
        ]
        behind = bool(moments) and max(moments) < row.since
        with self._store.transaction():
            for thing in listing.things:
                known = self._store.past.get(str(thing["data"].get("name")))
                if known is not None and known.state is not PastState.READ:
                    continue
                self._look(known, thing, me, row)
            row = replace(
                row,
                after=listing.after,
                seen=row.seen + len(listing.things),
                oldest=min([*moments, *([row.oldest] if row.oldest else [])], default=None),
                state="done" if listing.after is None or behind else "reading",
            )
            self._store.past.put_reading(row)
        return row

    def _look(self, known: PastRemoval | None, thing: dict[str, Any], me: str, row: LearningRow) -> None:
        data = thing["data"]
        try:
            if known is not None:
                told = looked_at(known, data, me)
            else:
                told = of_removed(data, me, row.subreddit, from_unix(data.get("created_utc")) or self._clock.now())
                if told.at < row.since or not told.post.startswith(("t1_", "t3_")):
                    return
            self._store.past.put(self._marked(told, thing))
        except (StoreError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  one post that cannot be read must not hide the others
            self._log.warning("past removal passed over", subreddit=row.subreddit, reason=reason_of(error))

    def _ask(self, name: str, go_on: GoOn, tell: Callable[[str], None]) -> None:
        """Ask for the posts of the log, a hundred in a request; those of Reddit itself and of ours are not needed."""
        past, me = self._store.past, connected(self._reddit).me()
        with self._store.transaction():
            for row in past.in_state(name, PastState.READ):
                why = {Remover.REDDIT: Skipped.REDDIT, Remover.OURS: Skipped.OURS}.get(row.remover)
                if why is not None:
                    past.put(replace(row, state=PastState.SKIPPED, skipped=why, reason=None, rule=None))
        asked = 0
        while go_on() and (rows := past.in_state(name, PastState.READ, MAX_THINGS)):
            things = connected(self._reddit).as_job(Job.BACKFILL).things([row.post for row in rows])
            with self._store.transaction():
                for row in rows:
                    past.put(self._read(row, things.get(row.post), me))
            asked += len(rows)
            tell(f"r/{name}: {asked:,} posts asked for")

    def _leave_aged(self) -> None:
        """Learn no more from media of which something that was met since speaks of age, wherever they stood."""
        store = self._store
        with store.transaction():
            aged = store.past.aged()
            for link, post, name, case in store.proposals.links() if aged else ():
                if not aged & set(store.past.marks([name])):
                    continue
                if case is not None:
                    label = store.cases.of_id(case).label
                    store.cases.decide(case, CaseState.WITHDRAWN, by=PROGRAM, why=AGED)
                    store.audit.record(by=PROGRAM, what="proposal withdrawn", subject=label, why=AGED)
                store.links.drop_fingerprints(link)
                store.links.move(link, LinkState.JUDGED, reason=AGED)
                store.proposals.leave(link)
                if (row := store.past.get(post)) is not None:
                    store.past.put(replace(row, state=PastState.SKIPPED, skipped=Skipped.AGE, reason=None, note=None,
                                           rule=None, flair=None))  # fmt: skip

    def _read(self, row: PastRemoval, thing: dict[str, Any] | None, me: str) -> PastRemoval:
        """Return a removal with what its post tells; one that Reddit does not show, or that cannot be read, is left."""
        if thing is None:
            return replace(row, state=PastState.SKIPPED, skipped=Skipped.GONE, reason=None, rule=None)
        try:
            return self._marked(looked_at(row, thing["data"], me), thing)
        except (StoreError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  as above
            self._log.warning("past removal passed over", subreddit=row.subreddit, reason=reason_of(error))
            return replace(row, state=PastState.SKIPPED, skipped=Skipped.UNREADABLE, reason=None, rule=None)

    def _marked(self, row: PastRemoval, thing: dict[str, Any]) -> PastRemoval:
        """Return a removal that speaks of age with its media's digests, so that they are not learnt from another."""
        if row.skipped is not Skipped.AGE:
            return row
        return replace(row, marks=self._store.past.marks(_names(links_of(thing, self._find, reserve=True))))

    def _take(
        self, row: PastRemoval, thing: dict[str, Any] | None, me: str, bank: str, aged: frozenset[str]
    ) -> tuple[PastRemoval, int]:
        """Choose one removal as its post stands now. Return it as it is then, and how many links it has."""
        now, store = self._read(row, thing, me), self._store
        if now.state is not PastState.LOOKED or thing is None:
            store.past.put(now)
            return now, 0
        post, found = post_of(thing), links_of(thing, self._find, reserve=True)
        media = [link for link in found if link.kind in ("media", "album") and link.source != PREVIEW]
        why = None
        if not media:
            why = Skipped.NO_MEDIA
        elif aged & set(store.past.marks(_names(found))):
            why = Skipped.AGE
        elif store.cases.of_post(row.post):
            why = Skipped.DECIDED
        if why is None:
            if store.links.post(row.post) is None:
                store.links.add([(bare(post), media)], priority=LEARNT)
            if links := store.proposals.learn_from(row.post):
                now = replace(now, state=PastState.QUEUED, bank=bank)
                store.past.put(now)
                return now, links
            why = Skipped.NO_MEDIA  # of what was marked as a suspected minor's nothing is looked at
        now = replace(now, state=PastState.SKIPPED, skipped=why, reason=None, note=None, rule=None, flair=None)
        store.past.put(now)
        return now, 0


def bare(post: Post) -> Post:
    """Return a post without what tells who posted it and what they wrote: nobody is looked for here."""
    return Post(
        fullname=post.fullname,
        subreddit=post.subreddit,
        permalink=_without_words(post.permalink),
        created=post.created,
        over_18=post.over_18,
        removed_by_category=post.removed_by_category or "moderator",
    )


def _without_words(permalink: str) -> str:
    """Return a permalink without the words of the title in it."""
    parts = permalink.split("/")
    if len(parts) > 5 and parts[3] == "comments":
        parts[5] = "_"
    return "/".join(parts)


def _names(links: Sequence[Link]) -> list[str]:
    return [f"{link.host}:{link.id or link.url}" for link in links]
