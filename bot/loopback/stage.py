"""A loopback Reddit, hosts and a mail server, and a bot that is led to them by constructor arguments only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import bundled
from bot.assemble import Children, Outside, Parts, assembled
from bot.clock import Clock, ManualClock
from bot.config import Config
from bot.loopback.hosts import HostPark
from bot.loopback.imap import LOGIN, ImapMailbox
from bot.loopback.network import LoopbackNetwork
from bot.loopback.reddit.server import LASTING_TOKEN, RedditServer
from bot.loopback.smtp import SmtpSink
from bot.pipeline import Pipeline, no_boundary
from bot.pipeline.core import Log
from bot.workers import Workers

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
FOLDER = "gifwarden-demo-"
Sections = Mapping[str, Mapping[str, Any]]  # keys of a configuration, by section
TELL = """---
name: Tell the moderators
exact_media: {bank: [known-fakes]}
action: report
action_reason: "Known fake (case {{case}})"
modmail_subject: "Known fake posted"
modmail: "A {{kind}} by u/{{author}} holds a known fake on {{host}}: {{permalink}}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must have reached the outside because of one post, and the words for the table."""

    what: str
    reports: int = 0
    removals: int = 0
    modmails: int = 0
    told: int = 0  # messages to its author
    review: str = ""  # words that a case for a moderator must hold; without, there may be no case that only asks
    why: str  # what the bot must make of it


@dataclass(slots=True, kw_only=True)
class Stage:
    """The loopback world and everything that happened on it."""

    clock: Clock
    reddit: RedditServer
    park: HostPark
    mail: SmtpSink
    config: Config
    answers: ImapMailbox | None = None  # where hosts' answers arrive, if there is a mailbox
    expected: dict[str, Expected] = field(default_factory=dict)
    notice_ids: set[str] = field(default_factory=set)  # host ids that must stand on a mail to redgifs
    never_asked: set[str] = field(default_factory=set)  # files that no host may be asked for


def settings(
    folder: Path,
    login: Mapping[str, str],
    mail_port: int,
    *,
    rules: Path | None = None,
    gallery: bool = False,
    sections: Sections | None = None,
) -> Config:
    """Return the configuration of a bot that lives on loopback. It holds no address of Reddit or of the network.

    `sections`: further keys, by section.
    """
    made: dict[str, dict[str, Any]] = {
        "reddit": {**login, "contact": "head_moderator"},
        "subreddits": {
            "clips": {"mode": "enforce"},
            "gifs": {"mode": "report"},
            "quiet": {"mode": "observe"},
        },
        "banks": {"trusted": ["known-fakes"]},
        "decode": {"without_filter": True},  # the media are our own
        "gallery": {"enabled": gallery},
        "hosts": {"direct": {"allow": ["media.example.net", "rebind.example.net"]}},
        "mail": {
            "host": "127.0.0.1",
            "port": mail_port,
            "security": "none",
            "sender": "safety@moderators.example.org",
            "organisation": "Clip Subreddits Moderation Team",
        },
        "storage": {"path": folder / "data", "rules": rules or folder / "rules", "notices": folder / "notices"},
    }
    for name, keys in (sections or {}).items():
        made[name] = {**made.get(name, {}), **keys}
    return Config.model_validate(made)


def inbox(port: int) -> dict[str, Any]:
    """Return the section of a mailbox on loopback."""
    name, secret = LOGIN
    return {"host": "127.0.0.1", "port": port, "security": "none", "username": name, "password": secret}


def write_rules(folder: Path) -> Path:
    """Make the folder with the rules that come along and one that tells moderators; return it."""
    folder.mkdir()
    for file in bundled.rule_files():
        (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "30-tell.yaml").write_text(TELL, encoding="utf-8")
    return folder


@contextlib.contextmanager
def stage(
    folder: Path,
    *,
    gallery: bool = False,
    rules: Path | None = None,
    clock: Clock | None = None,
    sections: Sections | None = None,
    answers: bool = False,
) -> Iterator[Stage]:
    """Yield a loopback Reddit, hosts and mail server, and a configuration for them; all gone afterwards.

    `rules`: a folder of `write_rules`, which several may share that change nothing there; else it has its own.
    Without a `clock` time stands still until it is told to pass. `sections`: further keys, by section. `answers`: with
    a mailbox that is read.
    """
    clock = clock or ManualClock(START)
    rules = rules or write_rules(folder / "rules")
    with (
        RedditServer(clock.now) as reddit,
        HostPark() as park,
        SmtpSink() as mail,
        contextlib.ExitStack() as stack,
    ):
        if isinstance(clock, ManualClock):
            reddit.token_seconds = LASTING_TOKEN
        box = stack.enter_context(ImapMailbox()) if answers else None
        if box is not None:
            sections = {**(sections or {}), "inbox": inbox(box.port)}
        config = settings(folder, reddit.login, mail.port, rules=rules, gallery=gallery, sections=sections)
        for name in config.subreddits:
            reddit.add_subreddit(
                name,
                moderators=["head_moderator", "second_moderator"],
                bot_permissions=["posts", "mail", "flair", "access"],
            )
        yield Stage(clock=clock, reddit=reddit, park=park, mail=mail, config=config, answers=box)


def outside(reddit: str, network: LoopbackNetwork) -> Outside:
    """Return the loopback world as a bot's constructors take it."""
    return Outside(reddit_url=reddit, oauth_url=reddit, resolve=network.resolve, dial=network.dial)


@contextlib.contextmanager
def bot_on(
    stage: Stage, log: Log, boundary: Callable[[str], None] = no_boundary, *, children: Children = Workers
) -> Iterator[Pipeline]:
    """Yield the bot itself, led to the loopback world by constructor arguments only."""
    parts = Parts(outside=outside(stage.reddit.url, stage.park.network), children=children)
    with assembled(stage.config, log, parts=parts, clock=stage.clock, boundary=boundary) as pipeline:
        yield pipeline
