"""How long the lists take of a large database: `python -m tests.benchmarks.lists [NUMBER] [FOLDER]`.

Writes a database of so many cases (100,000 unless told) with an action and a notice each, most of them in raids of the
same media, runs each list as a person does, and prints the seconds from the command to its last line and the number of
lines. With a folder the database stays there.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from bot.assemble import DATABASE, open_store
from bot.cli import app
from bot.clock import SystemClock, iso
from bot.config import load
from bot.model import CaseState, Evidence, Link, Match, MediaInfo, Outcome, PlannedAction, Post, Verdict
from bot.serialization import dumps
from bot.store import Store

COMMANDS = (
    ["cases", "list"],
    ["cases", "list", "--all"],
    ["cases", "list", "--ungrouped"],
    ["cases", "list", "--subreddit", "clips"],
    ["cases", "list", "--json"],
    ["cases", "list", "--state", "confirmed"],
    ["actions", "list"],
    ["notices", "list"],
)
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
RULES: tuple[tuple[Outcome, str, tuple[str, ...]], ...] = (
    ("act", "Known fake, exact file", ("remove",)),
    ("act", "Near copy of a known fake", ("report",)),
    ("review", "Protected face in sexual media", ()),
)
SUBREDDITS = ("Clips", "Other")


def media_of(number: int, dice: random.Random) -> int:
    """Return which media a case is about: of three, one is alone, one is of a small raid, one of a large one."""
    return (number + 1_000_000, number // 40 * 40, number // 3000 * 3000)[dice.randrange(3)]


def fill(store: Store, count: int, dice: random.Random) -> None:
    """Write so many posts with one judged link, one case, one action and one notice each."""
    c = store.connection
    rows: dict[str, list[tuple[object, ...]]] = {
        name: [] for name in ("posts", "links", "evidence", "cases", "actions")
    }
    for number in range(1, count + 1):
        name, media = f"t3_{number:07x}", media_of(number, dice)
        created = START + timedelta(seconds=10 * number)
        subreddit = SUBREDDITS[number % 5 == 0]
        post = Post(
            fullname=name, subreddit=subreddit, permalink=f"/r/{subreddit}/comments/{name[3:]}/some_words_of_a_title/",
            created=created, author=f"poster{dice.randrange(8) + media % 1000}", title="some words of a title",
            url=f"https://www.redgifs.com/watch/clip{media}", over_18=True,
        )  # fmt: skip
        link = Link(url=post.url or "", host="redgifs", id=f"clip{media}", kind="media", source="url", post=name)
        info = MediaInfo(
            index=0, state="fingerprinted", kind="video", sha256=f"{media:064x}", md5=f"{media:032x}", width=1280,
            height=720, duration=12.5, frames=31,
        )  # fmt: skip
        match = Match(
            media=0, bank="known-fakes", bank_kind="block", entry=f"E-{media % 500:010x}", confirmed=True,
            method="sha256", signal="sha256", face_region="agrees", why="it is the very file of a known fake",
        )  # fmt: skip
        evidence = Evidence(target=link.url, link=link, post=name, fetched_at=created, media=(info,), matches=(match,))
        outcome, rule, kinds = RULES[media % 3]
        verdict = dumps(
            Verdict(
                outcome=outcome, rule=rule, fired=(rule,), reasons=(match.why,),
                actions=tuple(PlannedAction(kind=kind) for kind in kinds),
            )
        )  # fmt: skip
        at = iso(created)
        state = CaseState.OPEN if number % 10 < 8 else CaseState.CONFIRMED if number % 10 < 9 else CaseState.DISMISSED
        rows["posts"].append((name, subreddit.lower(), at, dumps(post), at))
        rows["links"].append((number, name, link.url, link.host, link.id, link.kind, link.source, "judged", at, at))
        rows["evidence"].append((number, dumps(evidence), verdict, at))
        rows["cases"].append((number, f"C-{dice.getrandbits(40):010x}", number, name, state, verdict, at))
        for kind in kinds:
            rows["actions"].append(
                (f"{name}:{kind}", kind, number, name, subreddit, post.permalink, "{}", "held", "mode",
                 f"r/{subreddit} is in mode observe", at, at, at)
            )  # fmt: skip
    with c:
        c.run_many("insert into posts (fullname, subreddit, created, data, seen_at) values (?,?,?,?,?)", rows["posts"])
        c.run_many(
            """insert into links (id, post, url, host, host_id, kind, source, state, next_at, updated_at)
               values (?,?,?,?,?,?,?,?,?,?)""",
            rows["links"],
        )
        c.run_many("insert into evidence (link, data, verdict, at) values (?,?,?,?)", rows["evidence"])
        c.run_many(
            "insert into cases (id, label, link, post, state, verdict, opened_at) values (?,?,?,?,?,?,?)", rows["cases"]
        )
        c.run_many(
            """insert into actions (key, kind, case_id, post, subreddit, permalink, params, state, hold, reason,
               next_at, planned_at, updated_at) values (?,?,?,?,?,?,?,?,?,?,?,?,?)""",
            rows["actions"],
        )
        c.run_many(
            """insert into notices (label, host, subreddit, state, recipient, created_at, updated_at)
               values (?,?,?,?,?,?,?)""",
            [(f"N-{row[0]:010x}", "redgifs", "clips", "drafted", None, row[6], row[6]) for row in rows["cases"]],
        )
        c.run_many(
            "insert into notice_items (notice, case_id, host_id, url, seen_at) values (?,?,?,?,?)",
            [(f"N-{row[0]:010x}", row[0], row[4], row[2], row[8]) for row in rows["links"]],
        )


def measured(folder: Path) -> Iterator[tuple[str, float, int]]:
    """Yield each command, how many seconds it took, and how many lines it said."""
    told = {**os.environ, "COLUMNS": "80"}
    for command in COMMANDS:
        begun = time.monotonic()
        done = subprocess.run(
            [str(Path(sys.executable).with_name("gifwarden")), *command],
            cwd=folder,
            capture_output=True,
            text=True,
            env=told,
            check=False,
        )
        took = time.monotonic() - begun
        lines = done.stdout.count("\n")
        yield " ".join(command) + (f" FAILED: {done.stderr.strip()}" if done.returncode else ""), took, lines


def main() -> None:
    """Write the database, then time the lists."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(scratch)
        folder.mkdir(exist_ok=True)
        if not (folder / "data" / DATABASE).exists():
            with chdir(folder):
                assert CliRunner().invoke(app, ["init", "--by", "ann"]).exit_code == 0
                begun = time.monotonic()
                with open_store(load(Path("config.toml"), hosts=()), SystemClock()) as store:
                    fill(store, count, random.Random(1))
                print(f"{count} cases written in {time.monotonic() - begun:.1f} s")
        for command, took, lines in measured(folder):
            print(f"{took:6.2f} s  {lines:7} lines  {command}")


if __name__ == "__main__":
    main()
