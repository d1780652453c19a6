"""How long it takes to judge many stored judgements again: `python -m tests.benchmarks.replay [NUMBER]`.

Writes a database of so many judged links into a temporary folder and replays it under the rules that are shipped and a
handful in AutoModerator's words, in one thread. Prints seconds, judgements a second and the memory that it took.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import bundled
from bot.assemble import Parts, assembled
from bot.clock import ManualClock
from bot.config import Config
from bot.encryption import FieldCipher, new_key
from bot.model import AuthorFacts, Evidence, Link, Match, MediaInfo, Post, PostDetails, Verdict
from bot.store import Store
from tests.killing import Silent

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
WORDS = "a look at this clip of the lake in winter faked request 12:30 with friends and a dog"
RULES = """---
name: Words
title+body (includes-word): [deepfake, faked, request]
~domain: [example.com]
action: review
---
name: New account with a near copy
known_media: {bank: [known-fakes], distance: "<= 20", coverage: ">= 0.6"}
author: {account_age: "< 7 days", combined_karma: "< 100", satisfy_any_threshold: true}
action: report
priority: 7
---
name: Numbers
title (regex): '\\b\\d{2}:\\d{2}\\b'
over_18: true
action: review
---
name: Crossposts
crosspost_subreddit: {name: [elsewhere], is_nsfw: true}
action: ignore
"""


def posts(count: int, dice: random.Random) -> Iterator[tuple[Post, Link, Evidence, Verdict, AuthorFacts | None]]:
    """Yield judged links; one in five matched something."""
    words = WORDS.split()
    for number in range(count):
        title = " ".join(dice.choices(words, k=9))
        name = f"t3_{number:07x}"
        url = f"https://www.redgifs.com/watch/clip{number}"
        post = Post(
            fullname=name,
            subreddit=dice.choice(["clips", "gifs", "quiet"]),
            permalink=f"/r/clips/comments/{number:07x}/x/",
            created=START - timedelta(seconds=number),
            author=f"user{number % 5000}",
            author_id=f"t2_{number % 5000:x}",
            title=title,
            body=" ".join(dice.choices(words, k=30)),
            url=url,
            over_18=dice.random() < 0.5,
            details=PostDetails(author_premium=False),
        )
        link = Link(url=url, host="redgifs", id=f"clip{number}", kind="media", source="url", post=name)
        matched = number % 5 == 0
        match = Match(
            media=0, bank="known-fakes", bank_kind="block", entry=f"E-{number % 700:x}", confirmed=True, method="pdq",
            signal="pdq", distance=dice.randrange(32), frames=40, coverage_query=dice.random(),
            coverage_entry=dice.random(), query_ranges=((0.0, 8.5),), entry_ranges=((0.0, 8.5),), why="a near copy",
        )  # fmt: skip
        media = MediaInfo(
            index=0, state="fingerprinted", kind="video", sha256="a" * 64, md5="b" * 32, width=640, height=360,
            duration=9.5, frames=240,
        )  # fmt: skip
        evidence = Evidence(
            target=url, link=link, post=name, fetched_at=START, adult_host=True, media=(media,),
            matches=(match,) if matched else (),
        )  # fmt: skip
        facts = None
        if matched:
            facts = AuthorFacts(
                asked_at=START,
                created=START - timedelta(days=dice.randrange(900)),
                comment_karma=5,
                post_karma=dice.randrange(900),
                moderator=False,
            )
        yield post, link, evidence, Verdict(outcome="ignore"), facts


def fill(store: Store, count: int) -> None:
    """Write the judgements, a thousand in a transaction."""
    dice = random.Random(7)
    batch = list(posts(count, dice))
    for start in range(0, count, 1000):
        with store.transaction():
            for offset, (post, link, evidence, verdict, facts) in enumerate(batch[start : start + 1000]):
                store.links.add([(post, [link])])
                store.links.matched(start + offset + 1, evidence)
                store.links.judged(start + offset + 1, verdict)
                if facts is not None:
                    store.authors.put(post.fullname, facts)


def measure(count: int, folder: Path) -> dict[str, float]:
    """Return what replaying `count` judgements takes."""
    rules = folder / "rules"
    rules.mkdir()
    for file in bundled.rule_files():
        (rules / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (rules / "words.yaml").write_text(RULES, encoding="utf-8")
    config = Config.model_validate(
        {"subreddits": {"clips": {}, "gifs": {}, "quiet": {}}, "storage": {"path": folder / "data", "rules": rules}}
    )
    clock = ManualClock(START)
    (folder / "data").mkdir()
    key = new_key()
    (folder / "data" / "key").write_text(key)
    (folder / "data" / "key").chmod(0o600)
    with Store(folder / "data" / "gifwarden.db", clock, FieldCipher(key)) as store:
        fill(store, count)
    with assembled(config, Silent(), parts=Parts(reddit=False), clock=clock) as pipeline:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun, cpu = time.perf_counter(), time.process_time()
        changed = sum(one.changed for one in pipeline.replayer.replay())
        return {
            "judgements": count,
            "changed": changed,
            "seconds": round(time.perf_counter() - begun, 2),
            "cpu_seconds": round(time.process_time() - cpu, 2),
            "grown_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
        }


def main() -> None:
    """Measure and print one JSON object."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(count, Path(folder))))


if __name__ == "__main__":
    main()
