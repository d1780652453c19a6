"""What patterns cost and how long others wait: `python -m tests.benchmarks.patterns [NUMBER] [FILE]`.

Takes the everyday patterns and the catastrophes of the tests, NUMBER generated ones (2,000 if left out) and those of
FILE, one a line. Prints how many are taken, the slowest judgement by the processor's and by the wall clock, how long
another thread had to wait while judging and while pages were read, and the memory that it took.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from bot.errors import RuleError
from bot.rules import Budget, RuleSet, load, parse
from tests.pattern_cases import CATASTROPHES, EVERYDAY, PIECES, generated
from tests.test_rules_patterns import heartbeat
from tests.test_rules_text import EVIDENCE, post, quoted

PLACES = r"\b" * 115
CLASSES = "[!-\uffef]" * 160


def taken(patterns: list[str]) -> list[RuleSet]:
    """Return a set of one rule for each pattern that is taken."""
    sets = []
    for pattern in patterns:
        try:
            sets.append(
                RuleSet(parse(f"name: x\naction: review\nbody (includes, regex): {quoted(pattern)}\n", "r.yaml"))
            )
        except RuleError as error:
            if len(patterns) < 500:
                print("  refused:", error)
    return sets


def judged(name: str, patterns: list[str], chars: int) -> None:
    """Judge crafted texts under every pattern and say what it took."""
    slowest, wall, late = 0.0, 0.0, 0
    sets = taken(patterns)
    with heartbeat() as worst:
        for number, rules in enumerate(sets):
            for piece in PIECES if len(sets) < 300 else PIECES[number % 7 : number % 7 + 1]:
                budget, began, begun = Budget(), time.perf_counter(), time.thread_time()
                rules.judge(post(body=(piece * chars)[:chars]), EVIDENCE, budget=budget)
                slowest = max(slowest, time.thread_time() - begun)
                wall = max(wall, time.perf_counter() - began)
                late += bool(budget.late)
    print(
        f"{name}: {len(sets)} of {len(patterns)} taken, slowest judgement {slowest * 1e3:.0f} ms of processor, "
        f"{wall * 1e3:.0f} ms by the wall, {late} out of time, another thread waited {worst[0] * 1e3:.0f} ms at most",
        flush=True,
    )


def pages(patterns: list[str], folder: Path) -> None:
    """Read a few hostile pages and one of all patterns, and say what it took."""
    (folder / "own.yaml").write_text("name: Own\ntitle: a\naction: review\n", encoding="utf-8")
    ours = [f"---\nname: r{i}\naction: review\nbody (regex): {quoted(p)}\n" for i, p in enumerate(patterns[:400])]
    hostile = {
        "everyday patterns": "".join(ours),
        "places": "".join(f"---\nname: r{i}\naction: review\nbody (regex): '{PLACES}'\n" for i in range(490)),
        "classes": "".join(f"---\nname: r{i}\naction: review\nbody (regex): '{CLASSES}'\n" for i in range(250)),
        "list": "name: x\naction: review\ntitle: [" + "a, " * 80_000 + "]\n",
        "one text": "name: x\naction: review\ntitle: " + "a b " * 60_000,
        "comments": "# \n" * 80_000 + "name: x\naction: review\ntitle: a\n",
        "nest": "[" * 200_000,
    }
    for name, page in hostile.items():
        with heartbeat() as worst:
            begun = time.thread_time()
            try:
                load([folder / "own.yaml"], more=[(page, "the page")])
                said = "taken"
            except RuleError as error:
                said = str(error)[:90]
            took = time.thread_time() - begun
        print(
            f"page of {name}, {len(page):,} characters: {took:.2f} s, waited {worst[0] * 1e3:.0f} ms: {said}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    source = random.Random(12)
    judged("everyday", EVERYDAY, 40_000)
    judged("catastrophes", list(CATASTROPHES), 40_000)
    judged("generated", [generated(source) for _ in range(number)], 40_000)
    if len(sys.argv) > 2:
        judged("of the file", Path(sys.argv[2]).read_text(encoding="utf-8").splitlines(), 40_000)
    with tempfile.TemporaryDirectory() as folder:
        pages(EVERYDAY, Path(folder))
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most")


if __name__ == "__main__":
    main()
