"""A daemon whose world is held up in one way, for tests that stop it: python -m tests.stopping_process HOW FOLDER

Prints a JSON line `held` once it hangs where it should.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from bot.assemble import Outside, Parts, assembled
from bot.clock import SystemClock
from bot.config import Config
from bot.loopback.printing import Printing
from bot.loopback.stage import stage
from bot.model import Link, Post
from bot.schedule import Daemon
from tests.dripping import drip, serving

LOCK = (
    "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
    "c.execute('begin immediate'); print(1, flush=True); time.sleep(60)"
)


def say() -> None:
    """Tell that it hangs."""
    print(json.dumps({"event": "held"}), flush=True)


def main(how: str, folder: Path) -> None:
    """Run until told to stop."""
    told = threading.Event()

    def slow(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        if not told.is_set():
            told.set()
            say()
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        drip(connection, over, b" ", every=0.2)

    def mail(connection: socket.socket, over: threading.Event) -> None:
        say()
        drip(connection, over, b"220-a\r\n", every=0.2)

    def resolve(host: str, port: int) -> tuple[str, ...]:
        say()
        time.sleep(60)
        return ()

    with contextlib.ExitStack() as stack:
        world = stack.enter_context(stage(folder))
        port = stack.enter_context(serving(mail if how == "mail" else slow))
        url = f"http://127.0.0.1:{port}" if how == "reddit" else world.reddit.url
        outside = Outside(
            reddit_url=url,
            oauth_url=url,
            resolve=resolve if how == "resolver" else world.park.network.resolve,
            dial=world.park.network.dial,
        )
        settings = world.config.model_dump()
        if how == "mail":
            settings["mail"] |= {"port": port}
        bot = stack.enter_context(
            assembled(Config.model_validate(settings), Printing(), parts=Parts(outside=outside), clock=SystemClock())
        )
        store = bot.deps.store
        if how == "resolver":
            created = bot.deps.clock.now()
            post = Post(fullname="t3_abc", subreddit="clips", permalink="/x/", created=created, author="a")
            link = Link(url="https://i.imgur.com/abcdefg.gif", host="imgur", id="abcdefg", kind="media", source="url",
                        post="t3_abc")  # fmt: skip
            store.links.add([(post, (link,))])
        if how == "mail":
            params = {"subject": "s", "body": "b", "to": "a@mods.example", "day": "2026-11-25"}
            store.actions.plan(key="x", kind="digest", subreddit="quiet", params=params)
        if how == "database":
            assert store.path is not None
            threading.Timer(3, lock, [store.path]).start()
        Daemon(bot).run()
        with sqlite3.connect(f"file:{store.path}?mode=ro", uri=True) as beside:
            states = [state for (state,) in beside.execute("select state from actions")]
        print(json.dumps({"event": "left", "actions": states}), flush=True)


def lock(path: Path) -> None:
    """Let another process hold the database."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCK, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout
    process.stdout.readline()
    threading.Timer(6, say).start()  # by then a step waits to write: each lane does within five seconds


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
