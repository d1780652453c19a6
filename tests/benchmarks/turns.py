"""How long it takes to pick the next of many due links.

    python -m tests.benchmarks.turns [--due 100000]

Printed are milliseconds of processor time per pick, claim included, with all due links of 1 author and of 1,000.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

from bot.clock import ManualClock
from bot.model import Link, Post
from bot.store import Store
from tests.turns import take

AT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def measure(due: int, authors: int, *, picks: int = 100) -> float:
    """Return milliseconds per pick when so many links of so many authors are due."""
    with Store(None, ManualClock(AT)) as store:
        posts = []
        for n in range(due // 20):
            post = Post(fullname=f"t3_{n}", subreddit="clips", permalink="/", created=AT, author=f"a{n % authors}")
            links = [
                Link(url=f"https://i.imgur.com/n{n}x{k}.png", host="imgur", id=f"n{n}x{k}", kind="media", source="url")
                for k in range(20)
            ]
            posts.append((post, links))
        store.links.add(posts)
        began = time.process_time()
        store.turns.line_up(25)
        lined = time.process_time() - began
        began = time.process_time()
        for _ in range(picks):
            assert take(store) is not None
        found = (time.process_time() - began) / picks * 1000
        print(f"{due} due links of {authors} authors: {found:.2f} ms a pick; lined up once in {lined:.1f} s")
        return found


def main() -> None:
    """Be the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.turns", description=__doc__)
    parser.add_argument("--due", type=int, default=100_000)
    due = parser.parse_args().due
    for authors in (1, 1000):
        measure(due, authors)


if __name__ == "__main__":
    main()
