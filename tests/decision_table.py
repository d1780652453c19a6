"""Writes docs/decisions.md from what the program does on loopback: python -m tests.decision_table"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from bot.config import Config
from bot.loopback.stage import Stage, stage
from bot.model import Decision
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import Target
from bot.samples import media
from tests.bots import bank_the_fake, bot_on
from tests.doors import Logins, daemon_on, desk_of, nobody_on, type_in, typing_at
from tests.killing import Silent
from tests.people import at_home, member

TARGET = Path(__file__).parent.parent / "docs" / "decisions.md"
HEAD = """# What a decision does

What Reddit receives, and what a person is told, when somebody decides a case: by the door that they use, by what was
found, by the mode of the subreddit, and by whether a daemon runs. This page is written by the tests, from a Reddit on
loopback, and a test fails when it no longer says what the program does.

A decision is written down first, and performed ten seconds later (`review.take_back_seconds`): by the daemon if one
runs, else by the command itself. A command never logs in to Reddit while a daemon runs. Without a daemon and without a
login the decision waits for a daemon and says so. Orders are heard by the daemon, so without one nothing happens until
one runs.

*Later* is what happens in the next half hour with a daemon; a person's removal is told to its author ten minutes after
it. Where several modes or daemons end alike, they share a row. *By itself* is a command without a daemon; *no login* is
one on a machine that has no login for Reddit either.

"""
COLUMNS = "| found | mode | daemon | Reddit receives | case | actions | later | what is said |"
LONG = 160  # characters that the page quotes of a line
MODERATOR = "head_moderator"
PLACES = {"enforce": "clips", "report": "gifs", "observe": "quiet"}
BY_ITSELF, NO_LOGIN, RUNS, NONE = "by itself", "no login", "runs", "none"
COMMANDS: dict[str, tuple[str, ...]] = {
    "`cases confirm`": ("confirm",),
    "`cases confirm --remove`": ("confirm", "--remove"),
    "`cases confirm --report`": ("confirm", "--report"),
    "`cases confirm --leave-up`": ("confirm", "--leave-up"),
    "`cases dismiss`": ("dismiss",),
    "`cases undo`": ("undo",),
}
ORDERS = {f"order `{verb}`": verb for verb in ("bank", "allow", "undo", "minor")}
NEAR, EXACT = "near copy", "exact file"
CONFIRMED, DISMISSED = "near copy, confirmed", "exact file, dismissed"
BEFORE = {CONFIRMED: Decision.CONFIRM, DISMISSED: Decision.DISMISS}
NOISE = ("Understood:", "[#")  # of an order's answer
LABEL = re.compile(r"\b([CDEN])-[0-9a-f]{10}\b")


@dataclass(frozen=True)
class Block:
    """A door, and what was found: its cells share one media."""

    door: str
    found: str

    @property
    def daemons(self) -> tuple[str, ...]:
        """What may run while this door is used."""
        return (RUNS, BY_ITSELF, NO_LOGIN) if self.door in COMMANDS else (RUNS, NONE)


BLOCKS = tuple(
    Block(door, found)
    for door in (*COMMANDS, *ORDERS)
    for found in (NEAR, EXACT, *((CONFIRMED, DISMISSED) if "undo" in door or "allow" in door else ()))
)


@dataclass
class Cell:
    """One decision, and what came of it."""

    block: Block
    mode: str
    daemon: str
    name: str = ""
    author: str = ""
    case: int = 0
    received: tuple[str, ...] = ()
    state: str = ""
    actions: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    code: int = 0
    logins: int = 0
    others: int = 0  # what Reddit received meanwhile about other posts
    mail: str = ""  # the conversation of an order
    then: Counter[str] = field(default_factory=Counter)  # what Reddit had received when the command ended

    @property
    def end(self) -> tuple[str, ...]:
        """What the page says of it, but for mode and daemon."""
        later = ", ".join(self.later) or "nothing"
        return (", ".join(self.received) or "nothing", self.state, _joined(self.actions), later, _joined(self.said))


def _joined(parts: Sequence[str]) -> str:
    return "; ".join(parts) or "nothing"


def cells(folder: Path, blocks: Sequence[Block] = BLOCKS) -> list[Cell]:
    """Try every mode and daemon in these blocks, each with a post of its own, and return what came of it.

    `folder`: a new one for what the bot keeps.
    """
    found = [Cell(block, mode, daemon) for block in blocks for mode in PLACES for daemon in block.daemons]
    with _world(folder) as (world, bot):
        for block, group in groupby(found, key=lambda cell: cell.block):
            _post(world, bot, block, list(group))
        bot.watch()
        bot.work()
        bot.act()
        for cell in found:
            _before(bot, cell)
        world.clock.sleep(1800)
        for _ in range(2):
            bot.act()
        logins = Logins(world)
        for cell in found:
            _decide(world, bot, cell, logins)
        for _ in range(3):
            world.clock.sleep(700)
            bot.obey()
            bot.act()
        for cell in found:
            _look_later(world, bot, cell)
    return found


@contextmanager
def _world(folder: Path) -> Iterator[tuple[Stage, Pipeline]]:
    """Yield a world in which no cap and no guard holds anything, and a bot on it that knows no media yet."""
    with stage(folder) as built:
        (folder / "rules" / "30-tell.yaml").unlink()  # a message of a rule would hide those of decisions
        settings = built.config.model_dump()
        settings["actions"] |= {"per_hour": 10_000, "per_day": 10_000, "flood_authors": 0, "flood_entries": 0}
        settings["digest"]["by"] = "off"
        world = Stage(
            clock=built.clock, reddit=built.reddit, park=built.park, mail=built.mail,
            config=Config.model_validate(settings),
        )  # fmt: skip
        with bot_on(world, Silent()) as bot:
            at_home(bot)
            for name in world.config.subreddits:  # orders were heard there before
                for way in ("modmail", "reports"):
                    bot.deps.store.orders.start(name, way, words="", since=None)
            yield world, bot


def _post(world: Stage, bot: Pipeline, block: Block, group: list[Cell]) -> None:
    """Bank a media, and post it or its near copy once for each cell."""
    seed = BLOCKS.index(block)
    data = b""
    for number, cell in enumerate(group):
        if not data or block.door == "order `minor`":  # which takes everything of the same media with it
            data = media.clip(2000 + 20 * seed + number, seconds=1, width=320, height=180)
            bank_the_fake(bot, data)
            if block.found in (NEAR, CONFIRMED):
                data = media.reencode(data, crf=30, width=256, height=144)
        url = world.park.add_redgifs(f"Clip{seed}N{number}", hd=data)
        cell.author = f"poster{seed}n{number}"
        cell.name = world.reddit.submit(PLACES[cell.mode], author=cell.author, title="look", url=url)


def _before(bot: Pipeline, cell: Cell) -> None:
    (case,) = bot.deps.store.cases.of_post(cell.name)
    cell.case = case.id
    if (verb := BEFORE.get(cell.block.found)) is not None:
        deciding = bot.decisions.deciding
        deciding.perform(deciding.decide(verb, [Target(case.label)], by=member(bot), why="seen", after=0))


def _decide(world: Stage, bot: Pipeline, cell: Cell, logins: Logins) -> None:
    """Use the door, and look when the command has ended, or when the order has been heard."""
    before, all_before, asked = _received(world, cell), _everything(world), logins.count
    case = bot.deps.store.cases.of_id(cell.case)
    with daemon_on(bot) if cell.daemon == RUNS else nobody_on(bot) as doze:
        if cell.block.door in ORDERS:
            where = f"https://www.reddit.com{case.post.permalink}"
            words = f"gifwarden, {ORDERS[cell.block.door]} {where}"
            cell.mail = world.reddit.actions.write_mail(PLACES[cell.mode], MODERATOR, "A post", words)
            if cell.daemon == RUNS:
                bot.obey()
                bot.act()
            said = [text for number, text in world.reddit.answers if number == cell.mail]
            lines = [line for text in said for line in text.splitlines() if line.strip()]
        else:
            desk = desk_of(world)
            with typing_at(desk.without_login() if cell.daemon == NO_LOGIN else desk, doze=doze):
                verb, *options = COMMANDS[cell.block.door]
                told = type_in("cases", verb, case.label, *options)
            cell.code, lines = told.code, list(told.lines)
    cell.logins = logins.count - asked
    cell.then = _received(world, cell)
    new = cell.then - before
    cell.received = _words(new)
    cell.others = (_everything(world) - all_before) - new.total()
    cell.actions, cell.state = _actions(bot, cell), str(bot.deps.store.cases.of_id(cell.case).state)
    decided = next((place for place, line in enumerate(lines) if line.startswith("decided as D-")), None)
    actions = {f"{row.action.kind}: {row.state}" for row in bot.deps.store.actions.of_case(cell.case)}
    told_of = lines if decided is None else lines[decided + 1 :]
    cell.said = tuple(_plain(line) for line in told_of if line not in actions and not line.startswith(NOISE))
    cell.shown = tuple(lines[:decided] if decided is not None else ())


def _look_later(world: Stage, bot: Pipeline, cell: Cell) -> None:
    changed = [action for action in _actions(bot, cell) if action not in cell.actions]
    state = str(bot.deps.store.cases.of_id(cell.case).state)
    new = [f"Reddit receives {what}" for what in _words(_received(world, cell) - cell.then)]
    cell.later = (*new, *changed, *([f"the case is {state}"] if state != cell.state else []))


def _received(world: Stage, cell: Cell) -> Counter[str]:
    """Count what Reddit has received about a post."""
    received, conversations = world.reddit.received, world.reddit.world.conversations
    found = Counter({
        "report": sum(name == cell.name for name, *_ in received.reports),
        "removal": received.removals.count(cell.name),
        "approval": received.approvals.count(cell.name),
        "message to its author": sum(
            (one.get("participant") or {}).get("name") == cell.author for one in conversations.values()
        ),
        "answer to the order": sum(number == cell.mail for number, _ in received.answers),
    })  # fmt: skip
    found.update({"reason": "removal reason"}.get(what, what) for name, what in received.marks if name == cell.name)
    return found


def _everything(world: Stage) -> int:
    """Count what Reddit has received at all."""
    it = world.reddit.received
    written = len(it.modmails) + len(it.answers) + len(it.messages)
    return written + len(it.reports) + len(it.removals) + len(it.approvals) + len(it.marks)


def _words(received: Counter[str]) -> tuple[str, ...]:
    return tuple(what if times == 1 else f"{times} times {what}" for what, times in received.items() if times > 0)


def _actions(bot: Pipeline, cell: Cell) -> tuple[str, ...]:
    rows = bot.deps.store.actions.of_case(cell.case)
    return tuple(f"{row.action.kind} {row.state}{f' ({row.hold})' if row.hold else ''}" for row in rows)


def _plain(line: str) -> str:
    """Return a line without what differs from run to run."""
    line = re.sub(r"r/(clips|gifs|quiet)\b", "r/…", LABEL.sub(r"\1-…", line))
    line = re.sub(r"redd\.it/\w+|\bt3_\w+", "…", line)
    line = re.sub(r"\b\d\d:\d\d UTC", "…", line).replace("|", "\\|").strip("- ")
    return line if len(line) <= LONG else f"{line[:LONG].rsplit(' ', 1)[0]} …"


def render(found: list[Cell]) -> str:
    """Return the page."""
    lines: list[str] = []
    for door, of_door in groupby(found, key=lambda cell: cell.block.door):
        lines += [f"## {door}", "", COLUMNS, "|---" * COLUMNS.count(" | ") + "|---|"]
        for block, group in groupby(of_door, key=lambda cell: cell.block):
            lines += _rows(block, list(group))
        lines.append("")
    return HEAD + "\n".join(lines)


def _rows(block: Block, group: list[Cell]) -> Iterator[str]:
    """Yield the rows of a block; modes and daemons that end alike share one."""
    ends: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for cell in group:
        ends.setdefault(cell.end, {}).setdefault(cell.mode, []).append(cell.daemon)
    for end, by_mode in ends.items():
        alike: dict[tuple[str, ...], list[str]] = {}
        for mode, daemons in by_mode.items():
            alike.setdefault(tuple(daemons), []).append(mode)
        for ran, modes in alike.items():
            mode = "any" if len(modes) == len(PLACES) else ", ".join(modes)
            daemon = "any" if ran == block.daemons else ", ".join(ran)
            yield f"| {' | '.join((block.found, mode, daemon, *end))} |"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as new:
        TARGET.write_text(render(cells(Path(new))), encoding="utf-8")
