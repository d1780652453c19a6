"""A loopback Reddit and host for docs/first-evening.md, and a terminal of 80 columns to type its commands on."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command

from bot import assemble
from bot.assemble import Outside
from bot.cli import app, base, doctor
from bot.errors import GifwardenError
from bot.loopback.hosts import HostPark
from bot.loopback.reddit.server import RedditServer
from bot.samples import media
from tests.bots import lent

COLUMNS = 80
FILE = "known-fake.mp4"


@dataclass(slots=True)
class Evening:
    """The world of the page: a subreddit with two moderators, a file that they know, a post of it."""

    reddit: RedditServer
    park: HostPark
    link: str  # of the post, as the page names it
    url: str  # of the media in it
    type: Callable[[str], tuple[int, str]]  # a command: its exit code and what appears

    def order(self, moderator: str, words: str) -> None:
        """Let a moderator write to the bot by modmail."""
        self.reddit.actions.write_mail("example", moderator, "A fake", words)

    def post_again(self) -> None:
        """Let somebody else post the same media."""
        self.reddit.submit("example", author="another", title="again", url=self.url)


@contextlib.contextmanager
def evening(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Evening]:
    """Yield the world, with `folder` as the current one and loopback in the place of Reddit and the hosts."""
    clip = media.clip(401, seconds=1, width=320, height=180)
    (folder / FILE).write_bytes(clip)
    patch.chdir(folder)
    patch.delenv("GIFWARDEN_CONFIG", raising=False)
    patch.setattr(base, "system_account", lambda: "ann")
    with RedditServer(username="example_bot") as reddit, HostPark() as park:
        patch.setenv("GIFWARDEN_REDDIT__CLIENT_SECRET", reddit.client_secret)
        patch.setenv("GIFWARDEN_REDDIT__PASSWORD", reddit.password)
        patch.setenv("GIFWARDEN_DECODE__WITHOUT_FILTER", "true")
        reddit.add_subreddit("example", moderators=["ann_mods", "ben_mods"], bot_permissions=["posts", "mail"])
        url = park.add_redgifs("QuietGreenHeron", hd=clip)
        name = reddit.submit("example", author="poster", title="look at this", url=url)
        outside = Outside(
            reddit_url=reddit.url,
            oauth_url=reddit.url,
            resolve=park.network.resolve,
            dial=park.network.dial,
        )

        def assembled(*args: Any, parts: Any = None, **more: Any) -> Any:
            return assemble.assembled(
                *args, parts=replace(parts or assemble.Parts(), outside=outside, children=lent), **more
            )

        patch.setattr(base, "assembled", assembled)
        patch.setattr(doctor, "assembled", assembled)
        patch.setattr("bot.cli.service.system_account", lambda: "ann")
        link = f"https://www.reddit.com/r/example/comments/{name[3:]}/"
        yield Evening(reddit, park, link, url, lambda line: _type(line, patch))


def _type(line: str, patch: pytest.MonkeyPatch) -> tuple[int, str]:
    program, *words = shlex.split(line)
    assert program == "gifwarden", line
    shown = io.StringIO()
    screen = Console(file=shown, width=COLUMNS, force_terminal=True, color_system=None, highlight=False)
    patch.setattr("bot.cli.screen.out", screen)
    patch.setattr("bot.cli.screen.err", screen)
    with contextlib.redirect_stderr(io.StringIO()):  # the log
        try:
            get_command(app).main(words, standalone_mode=False)
            code = 0
        except GifwardenError as error:
            base.complain_of(error)
            code = 2
        except SystemExit as error:
            code = int(error.code or 0)
        except Exception as error:
            code = getattr(error, "exit_code", 99)
            if code == 99:
                raise
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.getvalue())
    return code, "\n".join(row.rstrip() for row in text.splitlines()).strip("\n")
