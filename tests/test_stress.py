"""A daemon in full work while moderators, authors and another process change everything under it, at random."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import schedule
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import GifwardenError
from bot.loopback.stage import Stage, stage
from bot.model import CaseState, LinkState
from bot.pipeline import Pipeline
from bot.pipeline.keeping import retention
from bot.pipeline.scanning.scanner import file_names
from bot.samples import media
from bot.schedule import Daemon
from tests.bots import Listening, bot_on, fake
from tests.people import member

SECONDS = 20.0  # of changes; then the daemon may finish
PATIENCE = 240.0  # for it to finish: the machine may be busy
AHEAD = 40  # posts that may wait at once: a busy machine meets as many changes at each, and fewer in all
GIFWARDEN = [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main())"]
ENDED = frozenset({LinkState.JUDGED, LinkState.BLOCKED})


@dataclass(slots=True)
class Told:
    """What was done to the daemon's world, and to what it must have come."""

    known: list[str] = field(default_factory=list)  # posts of the banked fake, left alone
    harmless: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    marked: dict[str, bytes] = field(default_factory=dict)  # post → its file
    hidden_for_a_while: list[str] = field(default_factory=list)


@contextmanager
def at_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Pipeline, Listening]]:
    """Yield a world and a bot by the machine's clock, whose steps come all the time."""
    for name, seconds in {"WORK_SECONDS": 0.05, "FOLLOW_SECONDS": 0.3}.items():
        monkeypatch.setattr(schedule, name, seconds)
    monkeypatch.setattr(schedule, "PURGE_HOURS", 0.5 / 3600)
    monkeypatch.setattr(schedule, "FORGET_MINUTES", 0.3 / 60)
    monkeypatch.setattr(retention, "LOOK_HOURS", 0)
    monkeypatch.setattr(retention, "AGAIN_HOURS", 0)
    log = Listening()
    with stage(folder) as built:
        settings = built.config.model_dump()
        settings["reddit"] |= {"poll_seconds": 0.3, "lookback_hours": 24 * 365}
        settings["orders"] |= {"poll_seconds": 0.3}
        settings["actions"] |= {"per_hour": 10_000, "per_day": 10_000, "flood_authors": 0, "flood_entries": 0}
        settings["fetch"] |= {"per_host_seconds": 0} if "per_host_seconds" in settings["fetch"] else {}
        config = Config.model_validate(settings)
        world = Stage(clock=SystemClock(), reddit=built.reddit, park=built.park, mail=built.mail, config=config)
        with bot_on(world, log) as bot:
            banks = bot.deps.store.banks
            banks.create("known-fakes", "block")
            banks.create("changing", "block")
            banks.add("known-fakes", bot.deps.workers.fingerprint(fake()), by=member(bot))
            yield world, bot, log


def still(number: int) -> bytes:
    """Return a picture that nobody else has."""
    return media.still(number, width=160, height=120, marker=b"%d" % number)


class Trouble:
    """Changes something at random, again and again, as people and other processes do."""

    def __init__(self, world: Stage, bot: Pipeline, seed: int) -> None:
        self.world, self.bot, self.told = world, bot, Told()
        self._random = random.Random(seed)
        self._number = seed * 10_000
        self._labels: list[str] = []

    def step(self) -> None:
        """Do one thing."""
        moves: Sequence[tuple[int, Callable[[], None]]] = (
            (4, self.post_known), (4, self.post_harmless), (2, self.post_and_delete), (2, self.post_and_mark),
            (1, self.hide_and_show), (3, self.change_a_bank), (1, self.order),
        )  # fmt: skip
        weights, deeds = zip(*moves, strict=True)
        self._random.choices(deeds, weights)[0]()

    def post(self, data: bytes, kind: str = "image/jpeg") -> str:
        self._number += 1
        path = f"/{self._number}.{'mp4' if kind == 'video/mp4' else 'jpg'}"
        url = self.world.park.add_direct("media.example.net", path, data, kind)
        author = f"author{self._random.randrange(5)}"
        now = self.world.clock.now()
        return self.world.reddit.submit("clips", author=author, title=f"n{self._number}", url=url, created=now)

    def post_known(self) -> None:
        self.told.known.append(self.post(fake(), "video/mp4"))

    def post_harmless(self) -> None:
        self.told.harmless.append(self.post(still(self._number)))

    def post_and_delete(self) -> None:
        name = self.post(self._random.choice([fake(), still(self._number)]))
        time.sleep(self._random.uniform(0, 1.5))
        self.world.reddit.delete(name)
        self.told.deleted.append(name)

    def post_and_mark(self) -> None:
        data = still(self._number)
        name = self.post(data)
        time.sleep(self._random.uniform(0, 2.5))
        if self._random.random() < 0.3:
            self.bot.decisions.minors.hide(name, by=member(self.bot))
        self.bot.decisions.minors.minor(name, by=member(self.bot))
        self.told.marked[name] = data

    def hide_and_show(self) -> None:
        name = self.post(still(self._number))
        time.sleep(self._random.uniform(0, 1.5))
        self.bot.decisions.minors.hide(name, by=member(self.bot))
        time.sleep(self._random.uniform(0, 0.5))
        self.bot.decisions.minors.show(name, by=member(self.bot))
        self.told.hidden_for_a_while.append(name)

    def change_a_bank(self) -> None:
        banks, by = self.bot.deps.store.banks, member(self.bot)
        what = self._random.random()
        if what < 0.4 or not self._labels:
            found = self.bot.deps.workers.fingerprint(still(self._random.randrange(5)))
            label, _ = banks.add("changing", found, by=by)
            self._labels.append(label)
        elif what < 0.6:
            banks.destroy(self._labels.pop())
        else:
            label = self._random.choice(self._labels)
            try:
                banks.withdraw(label)
                banks.restore(label)
            except GifwardenError:
                self._labels.remove(label)

    def order(self) -> None:
        name = self._random.choice(self.told.harmless or self.told.known or [""])
        if name:
            self.bot.deps.store.orders.receive(
                f"o{self._number}", subreddit="clips", conversation=None, sender="head_moderator", verb="scan",
                target=name, state="received",
            )  # fmt: skip
            self._number += 1


def importing(world: Stage, folder: Path, over: threading.Event, errors: list[str]) -> None:
    """Import lists of hashes, and look at what there is, from processes of their own until told to stop."""
    lines = folder / "hashes.txt"
    env = {**os.environ, "GIFWARDEN_STORAGE__PATH": str(world.config.storage.path)}
    config = folder / "other.toml"
    config.write_text(f"[storage]\npath = '{world.config.storage.path}'\n")
    round_ = 0
    while not over.is_set():
        draw = random.Random(round_)
        lines.write_text("".join(f"{draw.getrandbits(256):064x}\n" for _ in range(3000)))
        for command in (
            ["bank", "import", "changing", str(lines), "--type", "pdq", "--by", "ann"],
            ["bank", "list"],
            ["cases", "list"],
            ["stats"],
        ):
            done = subprocess.run(
                [*GIFWARDEN, *command, "--config", str(config)], env=env, capture_output=True, text=True, check=False
            )
            if done.returncode:
                errors.append(f"{command}: {done.returncode} {done.stdout[-300:]} {done.stderr[-300:]}")
        round_ += 1


def never_read(world: Stage, bot: Pipeline, told: Told) -> set[str]:
    """Return the posts whose removal by a mark came before the daemon read them: Reddit lists them no more."""
    made = {*told.marked, *told.hidden_for_a_while} & set(world.reddit.removals)
    read = {row[0] for row in bot.deps.store.connection.tuples("select post from links")}
    return made - read


def waiting(world: Stage, bot: Pipeline, told: Told) -> int:
    """Return how many posts that stay have not come to an end yet."""
    rows = bot.deps.store.connection.tuples(
        "select post from links where state not in ('seen', 'acquired', 'matched', 'failed')"
    )
    ended = {row[0] for row in rows} | never_read(world, bot, told)
    made = (*told.known, *told.harmless, *told.marked, *told.hidden_for_a_while)
    return sum(name not in ended for name in made)


def settled(world: Stage, bot: Pipeline, told: Told) -> bool:
    """Return whether nothing waits any more."""
    c = bot.deps.store.connection
    posts = {row[0] for row in c.tuples("select post from links")}
    waits = c.value("select count(*) from links where state in ('seen', 'acquired', 'matched', 'failed')")
    acts = c.value("select count(*) from actions where state in ('planned', 'sending', 'unknown')")
    orders = c.value("select count(*) from orders where state = 'received'")
    made = {*told.known, *told.harmless, *told.marked, *told.hidden_for_a_while}
    there = made <= posts | never_read(world, bot, told)
    left = [name for name in told.deleted if traces(bot, name)]
    return not waits and not acts and not orders and there and not left


def traces(bot: Pipeline, post: str) -> bool:
    """Return whether a deleted post is still told of."""
    row = bot.deps.store.links.post(post)
    return row is not None and bool(row.permalink or row.title or row.author)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_doubled_or_revived_in_full_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Posts, deletions, marks, orders and bank changes at random: each post ends as if it were alone."""
    with at_work(tmp_path, monkeypatch) as (world, bot, log):
        trouble, daemon, over = Trouble(world, bot, seed), Daemon(bot), threading.Event()
        errors: list[str] = []
        failures: list[BaseException] = []

        def drive() -> None:
            try:
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    time.sleep(0.02)
                    if waiting(world, bot, trouble.told) < AHEAD:
                        trouble.step()
                over.set()
                importer.join()
                end = time.monotonic() + PATIENCE
                while not settled(world, bot, trouble.told) and time.monotonic() < end:
                    time.sleep(0.2)
            except BaseException as error:  # noqa: BLE001  the test tells it
                failures.append(error)
            finally:
                over.set()
                daemon.stop()

        importer = threading.Thread(target=importing, args=(world, tmp_path, over, errors))
        driver = threading.Thread(target=drive)
        importer.start()
        driver.start()
        daemon.run()
        driver.join()
        assert not failures, failures
        assert not errors, errors
        look_at(world, bot, log, trouble.told)


def look_at(world: Stage, bot: Pipeline, log: Listening, told: Told) -> None:
    """Hold a world that came to rest to what must be so."""
    store, c = bot.deps.store, bot.deps.store.connection
    bad = [(event, facts) for event, facts in log.warnings if event in BAD_EVENTS]
    assert not bad, bad
    states = {row.link.post: row.state for row in store.links.listing(100_000)}
    removed = Counter(world.reddit.removals)
    assert {states.get(name) for name in told.known} <= {LinkState.JUDGED}, [states.get(n) for n in told.known]
    assert {name: removed[name] for name in told.known} == dict.fromkeys(told.known, 1)
    assert {states.get(name) for name in told.harmless} <= {LinkState.JUDGED}
    assert not [name for name in told.harmless if removed[name]]
    unread = never_read(world, bot, told)
    assert {states.get(name) for name in told.hidden_for_a_while if name not in unread} <= {LinkState.JUDGED}
    for name, data in told.marked.items():
        rows = c.rows("select * from links where post = ?", (name,))
        assert {row["state"] for row in rows} == (set() if name in unread else {LinkState.BLOCKED}), name
        assert store.minors.is_never(name, *file_names(data))
        for row in rows:
            assert store.links.evidence(row["id"]) is None
            assert not store.links.has_fingerprints(row["id"])
        assert {case.state for case in store.cases.of_post(name)} <= {CaseState.MINOR}
        assert removed[name] == 1, name
    assert not [name for name in told.deleted if traces(bot, name)]
    assert not c.rows("select id, state, claim from links where claim is not null")
    assert not c.rows("select kind, post, count(*) from actions where state = 'done' and kind = 'remove' "
                      "group by 1, 2 having count(*) > 1")  # fmt: skip
    assert not store.tries.parked()
    assert c.value("pragma integrity_check") == "ok"
    assert not c.rows("pragma foreign_key_check")


BAD_EVENTS = frozenset(
    {
        "step failed", "link failed unexpectedly", "link parked", "action parked", "order parked",
        "link waits for our own disk or memory", "action waits for our own disk or memory", "link not reused",
        "action unclear", "action failed", "order postponed", "lease not renewed", "decision passed over",
        "search index could not be built", "wiki page not read", "stop not looked at",
    }
)  # fmt: skip
