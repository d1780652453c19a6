"""What the coordinator does itself for a post, each part by processor time: read, store, match, judge, write, forget.

Posts have a link each to a clip of eight seconds, whose fingerprint is made up; fetching and decoding are left out, for
workers do that. One in fifty is the very clip of an entry. The database is a real one, on disk.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bot.bench.crowd import crowd
from bot.bench.figures import Figure, Quiet, Say
from bot.clock import DAY
from bot.links import links_of, post_of
from bot.loopback.stage import Stage, bot_on, stage
from bot.model import Evidence, Fingerprint, LinkState
from bot.pipeline import Pipeline
from bot.pipeline.scanning.scanner import ScanResult, info_of
from bot.samples import media
from bot.store import Store

PAGE = 100  # posts of a listing
KNOWN = 50  # one in so many posts is known
ENTRIES = 200  # in the bank
MADE = 100  # different clips that nobody knows
SUBREDDIT = "quiet"  # in mode observe: what it would do is written down and held

T = TypeVar("T")


def run(say: Say, posts: int, folder: Path | None = None) -> Iterator[Figure]:
    """Yield what each part takes of a post, and what the database holds of it. All files are deleted."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        stage(Path(place)) as world,
        bot_on(world, Quiet()) as pipeline,
    ):
        yield from _parts(say, world, pipeline, posts)


def _parts(say: Say, world: Stage, pipeline: Pipeline, posts: int) -> Iterator[Figure]:
    store, listings = pipeline.deps.store, pipeline.listings
    say("making a bank")
    known, others = _bank(pipeline)
    say(f"posting {posts:,} posts")
    texts = list(_pages(world, posts))
    pipeline.subreddits.moderators(SUBREDDIT)  # asked once an hour, not for each post
    empty = _held(store)
    pages, seconds = _timed(lambda: [json.loads(text)["data"]["children"] for text in texts])
    yield _figure("answers of Reddit parsed", seconds, posts, "without the exchange and PRAW")
    _, seconds = _timed(lambda: [(post_of(thing), links_of(thing, listings.find)) for page in pages for thing in page])
    yield _figure("links found", seconds, posts)
    read = [listings.read(SUBREDDIT, page) for page in pages]
    _, seconds = _timed(lambda: [listings.store(SUBREDDIT, [one[1:] for one in page]) for page in read])
    yield _figure("stored", seconds, posts, f"{_held(store, empty) / posts:,.0f} B a post with its link")
    _, seconds = _timed(lambda: [listings.store(SUBREDDIT, [one[1:] for one in page]) for page in read])
    yield _figure("seen again, nothing new", seconds, posts)
    say("fingerprints come in")
    rows = store.links.due(LinkState.SEEN, limit=posts)
    results = [
        _scanned(pipeline, row.link.post or "", known if n % KNOWN == 0 else others, n) for n, row in enumerate(rows)
    ]

    def keep() -> None:
        for row, result in zip(rows, results, strict=True):
            with store.transaction():
                pipeline.scanner.keep(row, result)

    _, seconds = _timed(keep)
    yield _figure(
        "fingerprint stored, encrypted", seconds, len(rows), f"{_held(store, empty) / posts:,.0f} B a post then"
    )
    pipeline.scanner.library()
    say("matching")
    matched, seconds = _timed(pipeline.scanner.match_due)
    yield _figure("matched", seconds, matched, f"against {ENTRIES} entries; more entries cost what bench growth tells")
    say("judging")
    judged, seconds = _timed(pipeline.judge.judge_due)
    counts = store.maintenance.counts()
    cases = sum(counts["cases"].values())
    yield _figure("judged", seconds, judged, f"{cases} cases opened, {sum(counts['actions'].values())} actions written")
    _, seconds = _timed(pipeline.outbox.run)
    yield _figure("actions looked at and held", seconds, max(1, sum(counts["actions"].values())), "of an action")
    yield Figure(
        what="database, judged", ours=_held(store, empty) / posts, unit="B a post", note=f"{cases} with a case"
    )
    say("forgetting")
    world.clock.sleep((pipeline.deps.config.storage.seen_days + 1) * DAY)
    forgotten, seconds = _timed(lambda: store.maintenance.forget_before(world.clock.now()))
    yield _figure("forgotten", seconds, max(1, forgotten))
    left = posts - forgotten
    note = f"{left} posts with a case are kept: {_held(store, empty) / max(1, left):,.0f} B each"
    yield Figure(what="database, after retention", ours=_held(store, empty) / posts, unit="B a post", note=note)


def _figure(what: str, seconds: float, count: int, note: str = "") -> Figure:
    each = 1000 * seconds / count
    more = f"; {note}" if note else ""
    return Figure(what=what, ours=each, unit="ms", note=f"{1000 / each:,.0f} a second of one core{more}")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work returns, and its seconds of processor time."""
    began = time.process_time()
    return work(), max(time.process_time() - began, 1e-9)


def _held(store: Store, before: int = 0) -> int:
    """Return how many bytes of the database are in use, less those that were before."""
    pages, free, size = (
        int(store.connection.value(f"pragma {what}")) for what in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size - before


def _bank(pipeline: Pipeline) -> tuple[list[Fingerprint], list[Fingerprint]]:
    """Bank made-up clips; return them, and others that nobody knows."""
    clips = [pipeline.deps.workers.fingerprint(media.clip(900 + n, seconds=2)) for n in range(2)]
    made = list(crowd(clips, ENTRIES + MADE))
    by = pipeline.team.first("bench", "bench")
    store = pipeline.deps.store
    store.banks.create("known-fakes", "block")
    for one in made[:ENTRIES]:
        store.banks.add("known-fakes", one, by=by)
    return made[:ENTRIES], made[ENTRIES:]


def _pages(world: Stage, posts: int) -> Iterator[str]:
    """Post clips; yield the texts of Reddit's listings that show them."""
    names = [
        world.reddit.submit(
            SUBREDDIT,
            author=f"user{n % 700}",
            title=f"A title of usual length, number {n}",
            url=f"https://www.redgifs.com/watch/made{n}x",
            over_18=True,
        )
        for n in range(posts)
    ]
    for start in range(0, posts, PAGE):
        children = [world.reddit.world.shown(name) for name in names[start : start + PAGE]]
        yield json.dumps({"kind": "Listing", "data": {"after": None, "children": children}})


def _scanned(pipeline: Pipeline, post: str, clips: list[Fingerprint], number: int) -> ScanResult:
    found = clips[number % len(clips)]
    store = pipeline.deps.store
    (link,) = store.links.of_post(post)
    evidence = Evidence(
        target=link.url, link=link, post=post, fetched_at=pipeline.deps.clock.now(), adult_host=True,
        media=(info_of(0, found),),
    )  # fmt: skip
    return ScanResult(evidence=evidence, prints=((0, found),))
