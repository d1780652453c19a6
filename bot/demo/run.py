"""`gifwarden demo`: plays the scripted hour, shows it as it happens, and judges it by what the servers received."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot import text
from bot.clock import Clock
from bot.demo.outcome import outcomes
from bot.demo.story import MINUTES, Hour, shortfalls, unreviewed
from bot.demo.subreddit import POSTS
from bot.demo.week import Week, week_stage
from bot.demo.week import run as run_week
from bot.loopback.stage import FOLDER, Stage, bot_on, stage
from bot.plural import many

WIDTH = 160  # characters a line of the picture
BLOCK = 80  # characters a line that what came of a post may take
LABELS = 6
DETAILS = (
    ("found", "found", ""),
    ("bot", "action", ""),
    ("why", "expected", "dim"),
    ("Reddit", "reddit_received", "green"),
    ("host", "host_received", "green"),
)


class Narrator:
    """A logger that tells a person what happens in the script; what the bot makes of it is told at the end."""

    def __init__(self, console: Console, clock: Clock, *, silent: bool) -> None:
        self._console = console
        self._clock = clock
        self._silent = silent

    def info(self, event: str, **facts: Any) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: Any) -> None:
        """Say nothing: what goes wrong here is part of the script."""

    def heading(self, words: str) -> None:
        """Show what begins."""
        if not self._silent:
            self._console.print(Text(f"\n{words}", style="bold"))

    def say(self, words: str) -> None:
        """Show what the script does, by the world's clock."""
        self.at(f"{self._clock.now():%H:%M}", words)

    def at(self, time: str, words: str) -> None:
        """Show what happens at a time of the day."""
        if not self._silent:
            shown = Text(text.wrapped(f"{time}  {words}", self._console.width, hang=7))
            shown.stylize("dim", 0, 5)
            self._console.print(shown, soft_wrap=True)


def play(*, as_json: bool = False, picture: Path | None = None) -> bool:
    """Run the hour. Returns True only if everything expected happened, once, and nothing else did."""
    console = Console(highlight=False)
    with TemporaryDirectory(prefix=FOLDER) as folder, stage(Path(folder), gallery=True) as world:
        narrator = Narrator(console, world.clock, silent=as_json)
        narrator.say("a Reddit, hosts and a mail server start on this machine; an hour passes in a minute")
        with bot_on(world, narrator) as pipeline:
            hour = Hour(world, pipeline, narrator.say)
            hour.prepare()
            for minute in range(1, MINUTES + 1):
                hour.minute(minute)
                pipeline.tick()
            wrong = shortfalls(world) + unreviewed(world, pipeline)
            rows = outcomes(world, pipeline)
        if as_json:
            _emit(world, rows, wrong)
        else:
            _show(console, world, rows, wrong)
        if picture is not None:
            _draw(picture, world, rows, wrong)
    return not wrong


def play_week(*, as_json: bool = False) -> bool:
    """Run the scripted week. Returns True only if all that had to be done was done, once, and nothing else."""
    console = Console(highlight=False)
    with TemporaryDirectory(prefix=FOLDER) as folder, week_stage(Path(folder)) as world:
        narrator = Narrator(console, world.clock, silent=as_json)
        narrator.say(f"a week of r/clips, with {POSTS:,} posts and three moderators; it takes a minute or two")
        with bot_on(world, narrator) as pipeline:
            played = Week(world, pipeline, narrator.at, narrator.heading)
            run_week(played, pipeline)
            wrong = played.shortfalls()
            done = {
                "posts": POSTS,
                "removals": len(world.reddit.removals),
                "reports": len(world.reddit.reports),
                "conversations": len(world.reddit.modmails),
                "messages_in_them": len(world.reddit.answers),
                "given_back": len(world.reddit.approvals),
                "downloads": len(world.park.log),
                "requests_to_reddit": len(world.reddit.log),
            }
    if as_json:
        print(json.dumps({"ok": not wrong, "wrong": wrong, **done}, ensure_ascii=False))  # noqa: T201  plain output for programs
        return not wrong
    console.print(
        f"\nReddit received {many(done['removals'], 'removal')}, {many(done['reports'], 'report')}, "
        f"{many(done['conversations'], 'modmail')} with {many(done['messages_in_them'], 'answer')}, and "
        f"{many(done['given_back'], 'post')} given back, in {done['requests_to_reddit']:,} requests; "
        f"the hosts {done['downloads']:,} requests."
    )
    for sentence in wrong:
        console.print(Text(f"WRONG  {sentence}", style="bold red"))
    if not wrong:
        console.print(Text("All that had to be done was done, once, and nothing else was.", style="bold green"))
    return not wrong


def _show(console: Console, world: Stage, rows: list[dict[str, str]], wrong: list[str], *, mails: bool = True) -> None:
    console.print()
    console.print(Text("What the bot made of each post, and what others received", style="bold"))
    blocks = [_block(number, row) for number, row in enumerate(rows, start=1)]
    beside = max(1, console.width // BLOCK)
    height = -(-len(blocks) // beside)
    page = Table.grid(padding=(0, 2), expand=beside > 1)
    for _ in range(beside):
        page.add_column(ratio=1 if beside > 1 else None)
    page.add_row(*(Group(*blocks[start : start + height]) for start in range(0, len(blocks), height)))
    console.print(page)
    console.print()
    for mail in world.mail.received if mails else ():
        head = Text(f"To: {mail.message['To']}\nSubject: {mail.message['Subject']}\n", style="bold")
        console.print(
            Panel(
                Group(head, Text(str(mail.message.get_content()))),
                title="The mail that the host received",
                title_align="left",
            )
        )
    reddit = world.reddit
    for _, title, body in reddit.received.messages if mails else ():
        console.print(
            Panel(
                Group(Text(f"Your post was removed because of: {title}\n", style="bold"), Text(body)),
                title="The message that an author received",
                title_align="left",
            )
        )
    console.print(
        f"Reddit received {many(len(reddit.log), 'request')}: {many(len(reddit.reports), 'report')}, "
        f"{many(len(reddit.removals), 'removal')}, {many(len(reddit.modmails), 'modmail')}, "
        f"{many(len(reddit.received.messages), 'message')} to authors. "
        f"The mail server received {many(len(world.mail.received), 'mail')}. "
        f"The hosts received {many(len(world.park.log), 'request')}, none at a private address."
        if not wrong
        else f"Reddit received {many(len(reddit.log), 'request')}, the hosts {len(world.park.log)}."
    )
    if wrong:
        for sentence in wrong:
            console.print(Text(f"WRONG  {sentence}", style="bold red"))
    else:
        console.print(Text("Everything expected happened, once, and nothing else did.", style="bold green"))


def _block(number: int, row: dict[str, str]) -> Table:
    """Return what came of one post as a few lines that fit a narrow terminal; what did not happen has no line."""
    block = Table.grid(padding=(0, 2), expand=False)
    block.add_column(min_width=2, justify="right", no_wrap=True)
    block.add_column(min_width=LABELS, no_wrap=True)
    block.add_column(overflow="fold")
    lines = [(label, row[key], style) for label, key, style in DETAILS if row[key]]
    head = Text(f"\n{number}", style="dim"), Text("\npost", style="dim"), Text(f"\n{row['post']}", style="bold")
    block.add_row(*head)
    for label, words, style in lines:
        block.add_row("", Text(label, style="dim"), Text(words, style=style))
    return block


def _draw(picture: Path, world: Stage, rows: list[dict[str, str]], wrong: list[str]) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, highlight=False, width=WIDTH, file=nowhere, force_terminal=True)
        _show(console, world, rows, wrong, mails=False)
    picture.write_text(console.export_svg(title="gifwarden demo"), encoding="utf-8")


def _emit(world: Stage, rows: list[dict[str, str]], wrong: list[str]) -> None:
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))  # noqa: T201  plain output for programs
    mails = [
        {"to": str(m.message["To"]), "subject": str(m.message["Subject"]), "text": str(m.message.get_content())}
        for m in world.mail.received
    ]
    print(json.dumps({"ok": not wrong, "wrong": wrong, "mails": mails}, ensure_ascii=False))  # noqa: T201  plain output for programs
