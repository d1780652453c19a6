"""Commands in processes of their own, which a test kills or lets meet. Run through multiprocessing only."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest

from bot.cli import deciding
from bot.workers import Workers
from tests.doors import Said, desk_in, type_in, typing_at
from tests.killing import Places, killer

WAITING = "waiting"  # while a decision can be taken back


def type_and_die(places: Places, words: Sequence[str], where: str) -> None:
    """Type a command, and be killed at a boundary of its acting, or while it waits."""

    def die(_seconds: float) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with typing_at(desk_in(places), doze=die if where == WAITING else None, boundary=killer(where), children=Workers):
        type_in(*words)


def type_together(places: Places, words: Sequence[str], meet: Barrier, told: SimpleQueue[Said]) -> None:
    """Type a command, and decide at the moment at which somebody else does, both having seen the case open."""
    show = deciding._show

    def shown(*args: Any) -> None:
        show(*args)
        meet.wait(60)

    with pytest.MonkeyPatch.context() as patch, typing_at(desk_in(places), children=Workers):
        patch.setattr(deciding, "_show", shown)
        told.put(type_in(*words))
