"""`gifwarden demo --serve`: the console over a world on loopback that goes on until it is told to stop."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.text import Text

from bot import stopping, text
from bot.clock import SystemClock
from bot.demo import world as worlds
from bot.demo.ledger import Ledger, Line
from bot.demo.living import YOU, Living
from bot.demo.other_side import page_of
from bot.errors import ConfigError, GifwardenError, UsageError
from bot.loopback.stage import Stage, bot_on, stage
from bot.pipeline.reviewing.sign_in import LINK_MINUTES
from bot.schedule import Daemon

PORT = 8470
FIRST_SECONDS = 45.0  # until the first thing happens
EVERY_SECONDS = 120.0  # between two things that happen
ROUNDS = 3  # of the bot's steps, before the console opens


class Telling:
    """A logger that tells only what went wrong; what the bot does stands in the console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.served: Callable[[], None] = lambda: None  # called once the console can be opened

    def info(self, event: str, **_facts: Any) -> None:
        """Say nothing, but notice when the console is served."""
        if event == "web served":
            self.served()

    def warning(self, event: str, **facts: Any) -> None:
        """Say what failed."""
        if event.endswith("failed"):
            self._console.print(Text(text.narrated(event, facts), style="yellow"))


def serve(*, port: int | None = None, account: str, folder: Path | None = None, every: float = EVERY_SECONDS) -> None:
    """Serve until SIGTERM or SIGINT, and leave nothing behind.

    `account`: the system account of who practises, so that commands in another terminal are theirs; `every`: seconds
    between two things that happen. Raises UsageError if a demo is served here already or the port is taken.
    """
    console = Console(highlight=False)
    chosen = _free(port)
    folder = folder or worlds.place()
    with _stoppable(), worlds.taken(folder):
        _say(console, "starting a Reddit, hosts and a mail server on this machine; some cases wait in a moment")
        with stage(folder, gallery=True, clock=SystemClock(), sections=worlds.sections(chosen), answers=True) as world:
            ledger = Ledger(world)
            telling = Telling(console)
            with bot_on(world, telling) as pipeline:
                living = Living(world, pipeline, ledger)
                me = living.prepare(account)
                for _ in range(ROUNDS):
                    pipeline.tick()
                worlds.note(folder, world)
                _, secret = pipeline.sign_in.invite(me.name, by=me)

                def served() -> None:
                    _welcome(console, world, secret)
                    ledger.tell = partial(_happened, console)

                telling.served = served
                with _going_on(living, console, every):
                    _run(Daemon(pipeline, pages=(page_of(world, ledger),)), chosen)
        _say(console, "the demo has ended; nothing of it is left")


def _run(daemon: Daemon, port: int) -> None:
    """Run until told to stop. Raises UsageError if somebody took the port since it was found free."""
    try:
        daemon.run()
    except ConfigError:
        raise UsageError(f"port {port} was taken while the demo started; name another one by --port") from None


def _welcome(console: Console, world: Stage, secret: str) -> None:
    port = world.config.web.port
    console.print()
    _say(console, f"You are {YOU}. Sign in by this link, once, within {LINK_MINUTES} minutes:")
    console.print(f"http://127.0.0.1:{port}/sign-in?link={secret}", soft_wrap=True, style="bold")
    console.print()
    _say(
        console,
        "Open the first case that waits for you, read what was found and how sure that is, and press a button: "
        "for ten seconds you can take it back. “Other side” shows what Reddit and the hosts then received. Every two "
        "minutes something new happens; it is told below.",
    )
    console.print()
    called = worlds.program()
    _say(console, f"Another link:   {called} demo -- review   (in another terminal)")
    _say(console, f"Any command:    {called} demo -- cases list")
    _say(console, "Stop:           Ctrl-C here; nothing is left behind")
    console.print()


def _say(console: Console, words: str) -> None:
    console.print(text.wrapped(words, console.width, hang=0), soft_wrap=True)


def _happened(console: Console, line: Line) -> None:
    said = text.wrapped(f"{line.at:%H:%M}  {line.said}", console.width, hang=7)
    console.print(Text(said, style="dim"), soft_wrap=True)


@contextlib.contextmanager
def _going_on(living: Living, console: Console, every: float) -> Iterator[None]:
    """Let things happen meanwhile, on a thread of their own."""
    over = threading.Event()

    def go_on() -> None:
        wait = min(FIRST_SECONDS, every)
        while not over.wait(wait):
            wait = every
            try:
                living.step()
            except GifwardenError as error:  # two of us wanted the same thing; the next one comes all the same
                _say(console, f"(what was to happen now did not: {error})")

    thread = threading.Thread(target=go_on, name="living", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2)


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """End by SIGTERM as by Ctrl-C, also while it starts; a second one does not keep it from tidying up."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.deaf()
        raise KeyboardInterrupt

    with stopping.answered(stop):
        yield


def _free(port: int | None) -> int:
    """Return the port to serve on: the one that was named, else the usual one, else any. Raises UsageError."""
    for one in (port or PORT, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", one))
            except OSError as error:
                if port:
                    raise UsageError(
                        f"port {port} cannot be used ({error.strerror}); name another one by --port"
                    ) from None
            else:
                return int(tried.getsockname()[1])
    raise UsageError("this machine has no free port")
