"""How long one decision on a whole group takes in a large database: `python -m tests.benchmarks.deciding [NUMBER]`.

Writes a database of so many cases (100,000 unless told), takes the first group of the very same media that has so many
open cases, and prints the seconds of each part of the command, in this process and without the start of one.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import chdir
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from typer.testing import CliRunner

from bot.assemble import Parts, assembled
from bot.cli import app
from bot.cli.deciding import Wish, by_media
from bot.config import load
from bot.model import CaseState, Decision
from bot.pipeline.reviewing.deciding import Target
from tests.benchmarks.lists import fill
from tests.killing import Silent
from tests.people import member

GROUP = 300
T = TypeVar("T")


def timed(what: str, step: Callable[[], T]) -> T:
    """Do a step and print how long it took."""
    wall, processor = time.monotonic(), time.process_time()
    done = step()
    print(
        f"{time.monotonic() - wall:6.2f} s  {time.process_time() - processor:6.2f} s of processor  {what}", flush=True
    )
    return done


def main() -> None:
    """Write the database, then decide."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as folder, chdir(folder):
        assert CliRunner().invoke(app, ["init", "--by", "ann"]).exit_code == 0
        config = load(Path("config.toml"), hosts=())
        with assembled(config, Silent(), parts=Parts(rules=False, reddit=False)) as pipeline:
            store, deciding = pipeline.deps.store, pipeline.decisions.deciding
            timed(f"{count} cases written", lambda: fill(store, count, random.Random(1)))
            timed("the groups told apart", store.cases.media.fill)
            timed("cases list: the open groups", lambda: store.cases.groups((CaseState.OPEN,), 50))
            label = store.connection.value(
                """select min(label) from cases where state = 'open'
                   group by media having count(*) between ? and ? order by count(*) limit 1""",
                (GROUP, 3 * GROUP),
            )
            case = store.cases.get(label)
            wish, by = Wish(verb=Decision.CONFIRM, why="seen", whole_group=True), member(pipeline)
            (group,) = timed("find the group", lambda: by_media(pipeline, [case], wish, by))
            group = [one for one in group if one.state == CaseState.OPEN][:GROUP]
            targets = [Target(one.label) for one in group]
            timed("show what will be done", lambda: deciding.preview(case, Decision.CONFIRM))
            for verb in (Decision.CONFIRM, Decision.REMOVE, Decision.DISMISS):
                decide = partial(deciding.decide, verb, targets, by=by, why="seen")
                row = timed(f"{verb}: decide {len(targets)}", decide)
                timed("  take it back", partial(deciding.take_back, row.label, by=by))
            row = deciding.decide(Decision.CONFIRM, targets, by=by, why="seen", after=0)
            timed("perform it, without Reddit", lambda: deciding.perform(row))
        print(f"load: {os.getloadavg()}")


if __name__ == "__main__":
    main()
