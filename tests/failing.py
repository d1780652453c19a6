"""Faults at named points: a statement of SQLite, or a call of an owner, fails once or kills the process there."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import smtplib
import sqlite3
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import prawcore
import requests

import bot
from bot.errors import GifwardenError, MailError, OutsideError, TryLaterError
from bot.fetch import Fetcher
from bot.mail import Mailer

ROOT = Path(bot.__file__).parent.parent
BASE = "bot/store/base.py"
KINDS = ("error", "stuck", "memory", "kill")
_CHANCE = re.compile(r"(?<=sqlite_utils_)[0-9a-f]+")
ERRORS = ("disk I/O error", "database is locked", "database or disk is full")


class Breaker:
    """Counts the points that are met; at one of them, the first time, something fails."""

    def __init__(self, at: str | None = None, kind: str = "error") -> None:
        self.at = at
        self.kind = kind
        self.met: dict[str, int] = {}
        self.struck = False
        self._lock = threading.Lock()
        self._stuck = False

    def meet(self, point: str, error: Callable[[], BaseException]) -> None:
        """Count a point; raise `error`, MemoryError or kill the process if this is the one."""
        with self._lock:
            self.met[point] = self.met.get(point, 0) + 1
            if point != self.at or self.struck:
                return
            self.struck = True
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "memory":
            raise MemoryError
        self._stuck = self.kind == "stuck"
        raise error()

    def statement(self, sql: str, conn: sqlite3.Connection) -> None:
        """Meet a statement of SQLite."""
        words = _CHANCE.sub("", " ".join(sql.split()))
        if words == "rollback" and self._stuck:  # what cannot be taken back either
            self._stuck = False
            raise sqlite3.OperationalError("disk I/O error")

        def error() -> BaseException:
            said = ERRORS[zlib.crc32(words.encode()) % len(ERRORS)]
            if "full" in said and conn.in_transaction:
                sqlite3.Connection.rollback(conn)  # which SQLite does by itself then
            return sqlite3.OperationalError(said)

        self.meet(f"{_place()} | {words[:90]}", error)

    def connections(self) -> type[sqlite3.Connection]:
        """Return what SQLite's connections are made of so that every statement is met."""
        breaker = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *args: Any) -> Any:
                breaker.statement(sql, self.connection)
                return super().execute(sql, *args)

            def executemany(self, sql: str, *args: Any) -> Any:
                breaker.statement(sql, self.connection)
                return super().executemany(sql, *args)

            def executescript(self, sql: str) -> Any:
                breaker.statement(sql, self.connection)
                return super().executescript(sql)

        class Counting(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, *args: Any) -> Any:  # which makes its cursor without asking for one
                breaker.statement(sql, self)
                return super().execute(sql, *args)

            def executemany(self, sql: str, *args: Any) -> Any:
                breaker.statement(sql, self)
                return super().executemany(sql, *args)

            def executescript(self, sql: str) -> Any:
                breaker.statement(sql, self)
                return super().executescript(sql)

            def commit(self) -> None:
                breaker.statement("commit()", self)
                super().commit()

            def rollback(self) -> None:
                breaker.statement("rollback()", self)
                super().rollback()

        return Counting

    @contextlib.contextmanager
    def owners(self) -> Iterator[None]:
        """Meet every request to Reddit, every download and every mail, before it is sent and after it was answered."""
        asked, loaded, sent = prawcore.Requestor.request, Fetcher._load, Mailer.send

        def ask(requestor: Any, *args: Any, **kwargs: Any) -> Any:
            what = f"reddit {args[0]} {_route(str(args[1]))}"
            lost = prawcore.RequestException(requests.ConnectionError("cut"), args, kwargs)
            self.meet(f"{what} before", lambda: lost)
            answer = asked(requestor, *args, **kwargs)
            try:
                self.meet(f"{what} after", lambda: lost)
            except BaseException:
                answer.close()  # it is not read yet, and nobody else has it
                raise
            return answer

        def load(fetcher: Any, url: str, *args: Any, **kwargs: Any) -> Any:
            what = f"fetch {url.partition('://')[2].partition('/')[0]}"
            self.meet(f"{what} before", lambda: TryLaterError("cut"))
            answer = loaded(fetcher, url, *args, **kwargs)
            self.meet(f"{what} after", lambda: TryLaterError("cut"))
            return answer

        def send(mailer: Any, message: Any) -> Any:
            self.meet("mail before", lambda: MailError("cut", sent=False))
            answer = sent(mailer, message)
            self.meet("mail after", lambda: MailError("cut", sent=None))
            return answer

        with (
            mock.patch.object(prawcore.Requestor, "request", ask),
            mock.patch.object(Fetcher, "_load", load),
            mock.patch.object(Mailer, "send", send),
        ):
            yield

    def decode(self) -> None:
        """Meet a file that is given to a decoding child."""
        self.meet("decode", lambda: OutsideError("the decoder does not start"))


def _route(url: str) -> str:
    """Return the path of a request without what names one post, conversation or user."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    return "/".join(
        "*" if any(letter.isdigit() for letter in part) and part != "v1" else part for part in path.split("/")
    )


def _place() -> str:
    """Return who asked for a statement: the function in the store, and the one above the store."""
    frame = sys._getframe(1)
    found: list[str] = []
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(f"{ROOT}/bot/"):
            name = file[len(str(ROOT)) + 1 :]
            if name != BASE or frame.f_code.co_name in ("_migrate", "_set_up"):
                place = f"{name[4:]}:{frame.f_code.co_name}"
                if not found:
                    found.append(place)
                if not name.startswith("bot/store/"):
                    return place if found == [place] else f"{found[0]} < {place}"
        frame = frame.f_back  # type: ignore[assignment]
    return found[0] if found else "?"


ENDS_A_PROCESS = (GifwardenError, MemoryError, sqlite3.Error, OSError, smtplib.SMTPException)
