"""How much work a week is for two reviewers: `python -m tests.benchmarks.week_decided [one]`.

Plays the scripted week and lets two people decide every case by commands: each evening, and what the script decides as
it goes; by whole groups (`--all`), or with `one` a command for each case, as versions before groups needed. Prints how
many commands and decisions that were, their seconds of wall and processor, what Reddit received, and what went wrong.
The commands run in this process; what a process of its own takes to start is measured apart and is added to each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.assemble import Outside, Parts, assembled
from bot.cli import app, base, cases
from bot.demo.subreddit import HOURS
from bot.demo.week import Week, week_stage
from bot.loopback.stage import Stage
from bot.model import Actor, CaseState
from bot.pipeline import Pipeline
from tests.bots import bot_on, lent
from tests.killing import Silent
from tests.people import member

EVENING = 22  # o'clock
PEOPLE = ("ann", "bob")


class Reviewers:
    """Two people who take turns, with nothing but commands."""

    def __init__(self, world: Stage, bot: Pipeline, *, groups: bool) -> None:
        self._world = world
        self._bot = bot
        self._groups = groups
        self.commands: Counter[str] = Counter()
        self.refused: list[str] = []
        self.wall = self.processor = 0.0
        self.account = ""  # under which the next command is typed
        for name in PEOPLE:  # each under an account of their own
            bot.deps.store.team.note_account(member(bot, name).member, f"{name}-account")

    def type_in(self, *words: str) -> str:
        """Type a command beside the daemon; return what it said."""
        lease, kind = self._bot.deps.store.lease, " ".join(words[:2])
        with ExitStack() as stack:
            if self._groups:
                stack.enter_context(lease.lock())
                lease.take("daemon:1", 10**6)
                stack.callback(lease.release, "daemon:1")
            wall, processor = time.monotonic(), time.process_time()
            result = CliRunner().invoke(app, list(words))
            self.wall += time.monotonic() - wall
            self.processor += time.process_time() - processor
        self.commands[kind] += 1
        if result.exit_code or result.exception is not None:
            self.refused.append(f"{' '.join(words)}: {result.exception or result.output}")
        return result.output

    def decide(self, verb: str, label: str, why: str) -> list[str]:
        """Decide on one case, with its group if groups can be."""
        store, who = self._bot.deps.store, PEOPLE[self.commands.total() % 2]
        appeal = store.review.open_appeal(store.cases.get(label).id)
        if appeal is not None and appeal.decider == who:  # another one decides that
            who = PEOPLE[1 - PEOPLE.index(who)]
        self.account = f"{who}-account"
        self.type_in("cases", verb, label, *(["--all"] if self._groups else []), "--by", who, "--why", why)
        return []

    def dismiss(self, name: str, *, by: Actor, why: str) -> list[str]:
        """Dismiss a case by a command where the script would have called the program as `by`."""
        assert by.name
        return self.decide("dismiss", name, why)

    def evening(self) -> None:
        """Look at what there is and confirm all that is open."""
        self.type_in("cases", "list")
        store = self._bot.deps.store
        for case in store.cases.listing():
            if store.cases.get(case.label).state == CaseState.OPEN:
                self.decide("confirm", case.label, "seen it")


def doze(world: Stage, bot: Pipeline) -> Callable[[float], None]:
    """Return what lets time pass while a daemon works."""

    def step(seconds: float) -> None:
        world.clock.sleep(seconds)
        bot.act()

    return step


def played(folder: Path, *, groups: bool) -> None:
    """Play the week and print what it was."""
    with week_stage(folder) as world, bot_on(world, Silent()) as bot, pytest.MonkeyPatch.context() as patch:
        network = world.park.network
        outside = Outside(
            reddit_url=world.reddit.url, oauth_url=world.reddit.url, resolve=network.resolve, dial=network.dial
        )

        def put_together(settings: Any, log: Any, *, parts: Parts) -> Any:
            parts = Parts(rules=parts.rules, reddit=parts.reddit, outside=outside, children=lent)
            return assembled(settings, log, parts=parts, clock=world.clock)

        patch.setattr(base, "assembled", put_together)
        patch.setattr(cases, "read_config", lambda _path: world.config)
        with suppress(ImportError):  # earlier versions have no time for second thoughts
            from bot.cli import case_list, deciding

            patch.setattr(case_list, "read_config", lambda _path: world.config)
            time_there = SimpleNamespace(sleep=doze(world, bot), monotonic=world.clock.monotonic)
            patch.setattr(deciding, "time", time_there)
        people = Reviewers(world, bot, groups=groups)
        patch.setattr(bot.decisions.cases, "dismiss", people.dismiss)
        patch.setattr(base, "system_account", lambda: people.account)
        week = Week(world, bot)
        week.prepare()
        for hour in range(HOURS):
            week.hour(hour)
            for _ in range(2 if week.eventful(hour) else 1):
                bot.tick()
                bot.deps.clock.sleep(60)
            if hour % 6 == 0:
                bot.forget()
                bot.purge()
            if hour % 24 == EVENING:
                people.evening()
        c = bot.deps.store.connection
        decided = c.value("""select count(*) from audit where what in ('case confirmed', 'case dismissed')""", ())
        twice = c.rows(
            """select subject, count(*) from audit where what in ('case confirmed', 'case dismissed')
               group by subject having count(*) > 1"""
        )
        print(f"cases by state: {dict(Counter(str(row.state) for row in bot.deps.store.cases.listing()))}")
        print(f"commands: {dict(people.commands)}, {people.commands.total()} in all; cases decided: {decided}")
        with suppress(Exception):
            print(f"decisions: {c.value('select count(*) from case_decisions', ())}")
        print(f"commands took {people.wall:.1f} s of wall, {people.processor:.1f} s of processor, without their start")
        received = world.reddit.received
        print(f"Reddit received: {len(received.removals)} removals, {len(received.approvals)} approvals,"
              f" {len(received.reports)} reports, {len(received.modmails)} modmails, {len(received.messages)} messages,"
              f" {len(received.answers)} answers")  # fmt: skip
        print(f"removed twice: {[name for name, times in Counter(received.removals).items() if times > 1]}")
        print(f"cases decided more than once: {[tuple(row.values()) for row in twice]}")
        print(f"refused: {len(people.refused)} {people.refused[:3]}")
        print(f"shortfalls of the week: {week.shortfalls()}")


def start_seconds() -> tuple[float, float]:
    """Return how much wall and processor a command takes that does nothing."""
    before, begun = os.times(), time.monotonic()
    for _ in range(3):
        subprocess.run([sys.executable, "-c", "from bot.cli import main; main()", "cases", "--help"], check=True,
                       capture_output=True)  # fmt: skip
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return (time.monotonic() - begun) / 3, used / 3


def main() -> None:
    """Measure, and say under which load."""
    print(f"load before: {os.getloadavg()}")
    print("start of a command: {:.2f} s of wall, {:.2f} s of processor".format(*start_seconds()))
    with TemporaryDirectory() as folder:
        played(Path(folder), groups="one" not in sys.argv[1:])
    print(f"load after: {os.getloadavg()}")


if __name__ == "__main__":
    main()
