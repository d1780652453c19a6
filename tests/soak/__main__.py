"""`python -m tests.soak [--posts N] [--seed S] [--report FOLDER]`: run the soak and print its table."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

from bot.plural import many
from tests.soak.report import plots, table
from tests.soak.run import Sample, run
from tests.soak.world import PER_DAY, Size


def main() -> int:
    """Run it; return 1 if anything was lost, done twice, or grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--posts", type=int, default=5000)
    parser.add_argument("--per-day", type=int, default=PER_DAY, help="posts in each simulated day")
    parser.add_argument("--of-each-mode", type=int, default=1, help="subreddits of each of the three modes")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="of real time, after which nobody posts any more"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="a folder for the table and the plots")
    given = parser.parse_args()
    began = time.monotonic()

    def tell(sample: Sample, hours: int) -> None:
        if sample.hour % 24 == 23 or sample.hour + 1 == hours:
            minutes = (time.monotonic() - began) / 60
            print(
                f"day {sample.hour // 24 + 1}/{-(-hours // 24)}: {sample.posts} posts, "
                f"{many(sample.answer.waiting, 'link')} waiting, {sample.memory:.0f} MiB, "
                f"{sample.descriptors} descriptors, {minutes:.1f} min",
                flush=True,
            )

    size = Size(given.per_day, given.of_each_mode)
    result = run(given.posts, seed=given.seed, size=size, seconds=60 * given.minutes, tell=tell)
    text = table(result)
    print(text)
    if given.report:
        given.report.mkdir(parents=True, exist_ok=True)
        (given.report / f"soak-{given.posts}.md").write_text(text, encoding="utf-8")
        plots(result, given.report / f"soak-{given.posts}.svg")
    return 1 if result.wrong else 0


sys.exit(main())
