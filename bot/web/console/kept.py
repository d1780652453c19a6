"""What a page keeps between a form and the page that follows it: one thing a session, in memory only."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 20  # sessions


class Kept(Generic[T]):
    """Thread-safe. Each session has its newest; of many sessions those that came last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[str, T]] = OrderedDict()

    def put(self, session: str, value: T) -> str:
        """Keep it; return the word by which it is asked for."""
        word = secrets.token_urlsafe(8)
        with self._lock:
            self._held[session] = (word, value)
            self._held.move_to_end(session)
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return word

    def get(self, session: str, word: str) -> T | None:
        """Return what this session kept under a word, or None."""
        with self._lock:
            held = self._held.get(session)
            return held[1] if held is not None and held[0] == word else None
