"""A process that decides a case without looking, and then looks at one; it tells what frames its memory ever held.

`python -m tests.looking_process FOLDER < MEDIA` prints a JSON line: how often a row of the media's decoded samples is
found in all of the process's memory, after each step. The row is made here from a number, and is in no file as it is.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
import time
from pathlib import Path

from bot import frames
from bot.config import DecodeConfig
from bot.loopback.stage import bot_on, stage
from bot.model import Level, LookState
from tests.bots import bank_the_fake
from tests.killing import Silent
from tests.people import member

MARKER = 48  # bytes of the first row of a frame
PR_SET_DUMPABLE = 4
PIECE = 1 << 20


def marker() -> bytes:
    """Return the samples with which each frame of the media begins."""
    value, row = 12345, []
    for _ in range(MARKER):
        value = (value * 1103515245 + 12345) % 2**31
        row.append(64 + value % 128)
    return bytes(row)


def found() -> int:
    """Return how often the marker stands in this process's memory, but for the one that is searched for."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # it hides its memory, also from itself
    room = mmap.mmap(-1, PIECE + MARKER)
    own = ctypes.addressof(ctypes.c_char.from_buffer(room))
    needle = marker()
    mine = id(needle)
    count = 0
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        for line in Path("/proc/self/maps").read_text().splitlines():
            place, rights, *_ = line.split(maxsplit=5)
            begin, end = (int(side, 16) for side in place.split("-"))
            if "r" not in rights or begin <= own < end or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            for at in range(begin, end, PIECE):
                try:
                    size = os.preadv(memory, [memoryview(room)[: min(PIECE + MARKER, end - at)]], at)
                except OSError:
                    continue
                hit = room.find(needle, 0, size)
                while hit >= 0:
                    address = at + hit
                    count += hit < PIECE and not mine <= address < mine + 200
                    hit = room.find(needle, hit + 1, size)
    finally:
        os.close(memory)
    return count


def main(folder: Path) -> None:
    """Tell it."""
    data = sys.stdin.buffer.read()
    told: dict[str, int] = {}
    with stage(folder) as world, bot_on(world, Silent()) as bot:
        bank_the_fake(bot, data)
        name = world.reddit.submit(
            "quiet", author="b", title="t", url=world.park.add_redgifs("Marked", hd=data), created=world.clock.now()
        )
        bot.tick()
        (case,) = bot.deps.store.cases.of_post(name)
        by = member(bot)
        bot.decisions.cases.confirm(case.label, by=by, why="without looking")
        bot.tick()
        told["decided without looking"] = found()
        for level in (Level.OUTLINES, Level.TILES, Level.BLURRED):
            look = bot.looks.ask_case(case.label, level, by=by, session="s")
            while bot.looks.progress(look, by=by, session="s").state in (LookState.WAITING, LookState.FETCHING):
                time.sleep(0.02)
            bot.looks.take(look, by=by, session="s")
            told[level] = found()
        held = next(iter(frames.decode(data, DecodeConfig()).frames)).luma.copy()
        told["decoded here, on purpose"] = found()
        assert held.size
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
