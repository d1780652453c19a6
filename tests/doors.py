"""Commands on the loopback world, in this process: what a person types, with a daemon beside it or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.assemble import Children, Outside, Parts, assembled
from bot.cli import app, base, cases, deciding
from bot.clock import ManualClock
from bot.config import Config
from bot.errors import GifwardenError
from bot.loopback.http import Request
from bot.loopback.network import LoopbackNetwork
from bot.loopback.stage import Stage
from bot.pipeline import Pipeline, no_boundary
from tests.bots import lent
from tests.killing import Places

TOKEN_PATH = "/api/v1/access_token"
HOLDER = "daemon:1"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a person types: the configuration, the world behind it, and the time there."""

    config: Config
    outside: Outside
    clock: ManualClock

    def without_login(self) -> Desk:
        """Return the same on a machine that has no login for Reddit."""
        keys = {"client_id": "", "client_secret": "", "username": "", "password": "", "refresh_token": ""}
        reddit = self.config.reddit.model_dump() | keys
        return replace(self, config=Config.model_validate({**self.config.model_dump(), "reddit": reddit}))


def desk_of(world: Stage) -> Desk:
    """Return a desk of this process, from which commands reach a loopback world."""
    network = world.park.network
    outside = Outside(
        reddit_url=world.reddit.url, oauth_url=world.reddit.url, resolve=network.resolve, dial=network.dial
    )
    assert isinstance(world.clock, ManualClock)
    return Desk(config=world.config, outside=outside, clock=world.clock)


def desk_in(places: Places) -> Desk:
    """Return a desk of another process than the one that the world is in."""
    network = LoopbackNetwork()
    for name in places.names:
        network.serve(name, places.port)
    outside = Outside(
        reddit_url=places.reddit_url, oauth_url=places.reddit_url, resolve=network.resolve, dial=network.dial
    )
    return Desk(config=places.config, outside=outside, clock=ManualClock(places.start))


@contextmanager
def typing_at(
    desk: Desk,
    *,
    doze: Callable[[float], None] | None = None,
    boundary: Callable[[str], None] = no_boundary,
    children: Children = lent,
) -> Iterator[None]:
    """Let commands of this process work at a desk.

    `doze`: what happens while a command waits, beside the clock's going on; `boundary`: told each step of its acting.
    """

    def put_together(settings: Config, log: Any, *, parts: Parts) -> AbstractContextManager[Pipeline]:
        parts = replace(parts, outside=desk.outside, children=children)
        return assembled(settings, log, parts=parts, clock=desk.clock, boundary=boundary)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "assembled", put_together)
        patch.setattr(cases, "read_config", lambda _path: desk.config)
        time = SimpleNamespace(sleep=doze or desk.clock.sleep, monotonic=desk.clock.monotonic)
        patch.setattr(deciding, "time", time)
        yield


def type_in(*words: str) -> Said:
    """Type a command; return what it said."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    lines = [line.strip() for line in result.output.splitlines() if line.strip()]
    error = result.exception
    if isinstance(error, GifwardenError):
        lines += [str(error)]
    elif error is not None and not isinstance(error, SystemExit):
        raise error
    return Said(result.exit_code, tuple(lines))


@contextmanager
def daemon_on(bot: Pipeline) -> Iterator[Callable[[float], None]]:
    """Hold the daemon's lock and lease; yield what lets time pass while it works."""
    lease, clock = bot.deps.store.lease, bot.deps.clock
    assert isinstance(clock, ManualClock)

    def step(seconds: float) -> None:
        clock.sleep(seconds)
        bot.act()

    with lease.lock():
        lease.take(HOLDER, 10**7, start=True)
        try:
            yield step
        finally:
            lease.release(HOLDER)


def nobody_on(bot: Pipeline) -> AbstractContextManager[Callable[[float], None]]:
    """Yield what lets time pass while no daemon works."""
    clock = bot.deps.clock
    assert isinstance(clock, ManualClock)
    return nullcontext(clock.sleep)


class Logins:
    """Counts how often anybody logs in at Reddit."""

    def __init__(self, world: Stage) -> None:
        self.count = 0
        world.reddit.before = self._asked

    def _asked(self, request: Request) -> None:
        self.count += request.path == TOKEN_PATH
