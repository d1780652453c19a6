"""What a decoding child that was taken over may say: nothing but a fingerprint within what was asked, or a code."""

from __future__ import annotations

import ctypes
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import workers as room
from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError, OutsideError
from bot.fingerprint import Asked, WireError, fingerprint, read
from bot.fingerprint.wire import to_wire
from bot.frames import said
from bot.frames.messages import SENTENCES
from bot.samples import media
from bot.workers import Workers
from tests import fuzz_answers
from tests.test_workers import SPEAKING

LIMITS = DecodeConfig()
STILL = media.still(21, width=160, height=90)
TRUE = to_wire(fingerprint(STILL, LIMITS))


@pytest.mark.slow
def test_no_answer_breaks_the_coordinator() -> None:
    """Damaged in bytes, in structure and in any field: each is refused or right. By hand: tests.fuzz_answers."""
    outcomes = fuzz_answers.fuzz(1500, seed=3)
    assert outcomes["refused"] > 500
    assert outcomes["a fingerprint"] > 10


@settings(max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.sampled_from([*TRUE, "error"]), inner),
        max_leaves=30,
    )
)
@pytest.mark.slow
def test_any_json_is_refused_or_right(value: object) -> None:
    """Whatever JSON there is, it is a WireError, an error of the file in our words, or a right fingerprint."""
    try:
        fuzz_answers.check_right(read(json.dumps(value).encode(), fuzz_answers.ASKED), fuzz_answers.ASKED)
    except WireError:
        return
    except MediaError as error:
        assert fuzz_answers.fits(str(error))  # noqa: PT017  one of the right outcomes


LIES = {
    "an error with escapes": '{"error": "\\x1b]0;pwned\\x07\\x1b[2J bad\\r\\nInjected: x"}',
    "an unknown code": '{"error": ["match", "E-1"]}',
    "a code with words": '{"error": ["unreadable", "gif", "\\u202e look at https://example.org"]}',
    "a note that is a line of ours": f'{{**{TRUE!r}, "note": "ok\\n   match  E-1 in known-fakes"}}',
    "a note of an error": f'{{**{TRUE!r}, "note": ["format"]}}',
    "a list": "[1, 2]",
    "a number": "7",
    "a kind that is a list": f'{{**{TRUE!r}, "kind": ["image"]}}',
    "a format with escapes": f'{{**{TRUE!r}, "format": "\\x1b[31m"}}',
    "a lone surrogate": f'{{**{TRUE!r}, "format": "\\ud800"}}',
    "not a number": f'{{**{TRUE!r}, "duration": float("nan")}}',
    "digests": f'{{**{TRUE!r}, "sha256": "00" * 32}}',
    "two frames of a still": f'{{**{TRUE!r}, "frames": 2}}',
    "faces that nobody asked for": f'{{**{TRUE!r}, "faces": [{{"places": [], "views": []}}]}}',
    "nudity that nobody asked for": f'{{**{TRUE!r}, "nudity": [1.0]}}',
    "signals without end": f'{{**{TRUE!r}, "signals": {TRUE!r}["signals"] * 4000}}',
}
RAW = {
    "60 MB": 'b"x" * 60_000_000',
    "nesting": 'b"[" * 200_000',
    "nesting that ends": 'b"[" * 100_000 + b"]" * 100_000',
    "a million objects": 'b"[" + b"{}," * 1_000_000 + b"{}]"',
    "digits": 'b"9" * 100_000',
    "an infinite width": "json.dumps(TRUE).encode().replace(b'160', b'1e999')".replace("TRUE", repr(TRUE)),
    "nothing": 'b""',
    "another encoding": 'b"\\xff\\xfe{"',
    "a length and then silence": 'b"x" * 100 + b"" if os.close(1) else b""',
}


SAY = """body = BODY
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.flush()"""


def peak() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024


@pytest.mark.parametrize("lie", [*LIES.values(), *RAW.values()], ids=[*LIES, *RAW])
def test_a_lie_is_one_error_of_the_file(monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    """A lying child is one MediaError in our words and is ended; the coordinator's memory hardly grows."""
    body = lie if lie in RAW.values() else f"json.dumps({lie}).encode()"
    boot = SPEAKING.replace("say(ANSWER)", SAY.replace("BODY", body))
    monkeypatch.setattr(room, "BOOT", boot)
    before = peak()
    with Workers(DecodeConfig(wall_seconds=20)) as workers:
        with pytest.raises(MediaError) as caught:
            workers.fingerprint(STILL)
        assert workers.pids == ()
    assert str(caught.value).isascii()
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 200
    assert peak() - before < 64


def test_memory_is_bounded_by_what_was_asked_for() -> None:
    """The longest answer that is read follows from the limits: a few MB where 3,000 frames are asked for."""
    asked = Asked(limits=LIMITS, faces=512, nudity=True)
    assert asked.bytes < 12e6
    assert Asked(limits=DecodeConfig(max_frames=10)).bytes < asked.bytes
    with pytest.raises(WireError, match="longer"):
        read(b" " * (asked.bytes + 1), asked)
    with pytest.raises(WireError, match="more values"):
        read(b"[" + b"{}," * (asked.bytes // 4) + b"{}]", asked)


def test_every_sentence_can_be_said_and_nothing_else() -> None:
    """Each code has kinds of values; another number or kind of them is refused, and so is another code."""
    for code, (_, kinds) in SENTENCES.items():
        candidates = ("gif", "it is cut off", "end is missing; what is there", "ValueError", 1)
        values: list[str | float] = [next(value for value in candidates if kind.fits(value)) for kind in kinds]
        told = said(code, *values)
        assert (told.code, told.values) == (code, tuple(values))
        wrongs: list[list[str | float]] = [
            [*values, 1],
            ["\x1b[2J"] * max(1, len(values)),
            [math.nan] * max(1, len(values)),
        ]
        for wrong in wrongs:
            with pytest.raises(ValueError, match="nothing that is ever said"):
                said(code, *wrong)
    with pytest.raises(ValueError, match="nothing that is ever said"):
        said("match", "E-1")


def test_what_a_child_may_say_of_a_limit() -> None:
    """Limits stay limits on the way through the pipe, with the numbers in them."""
    with pytest.raises(LimitError, match=r"70000x5, beyond the limit of 1000 pixels"):
        read(b'{"error":["size",70000,5,1000]}', Asked(limits=LIMITS))


TAKEN_OVER = r"""
import sys; sys.path.insert(0, sys.argv[1])
from bot import seccomp
seccomp.MACHINES.clear()
from bot.fingerprint import child
def evil(data, limits, **_):
    import os, socket
    def left(): os.close(2)
    tried = []
    for what in (
        lambda: os.open(data.decode(), os.O_RDONLY),
        lambda: os.open(f"/proc/{os.getppid()}/environ", os.O_RDONLY),
        lambda: os.open("/dev/shm/gifwarden-written", os.O_WRONLY | os.O_CREAT),
        lambda: socket.socket(),
        lambda: os.pipe(),
        lambda: os.dup(0),
        lambda: os.memfd_create("x"),
        lambda: (os.close(2), os.open(data.decode(), os.O_RDONLY)),
        lambda: (os.close(0), socket.socket()),
    ):
        try:
            what()
            tried.append(True)
        except OSError:
            tried.append(False)
    raise SystemExit(40 + sum(tried))
child.fingerprint = evil
child.main(*sys.argv[2:])
"""


def test_where_no_filter_holds_nothing_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a filter a child gets no stranger's file, unless the operator says so; the sentence names the key."""
    monkeypatch.setattr(room, "BOOT", TAKEN_OVER)
    with Workers(LIMITS) as workers:
        with pytest.raises(OutsideError, match=r"decode\.without_filter"):
            workers.fingerprint(b"/etc/hostname")
        assert workers.pids == ()


@pytest.mark.slow
def test_a_child_without_a_filter_can_open_nothing_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, sockets, pipes and copies of what is open are refused, also in place of a descriptor that was closed."""
    monkeypatch.setattr(room, "BOOT", TAKEN_OVER)
    with (
        Workers(DecodeConfig(without_filter=True)) as workers,
        pytest.raises(MediaError, match="exit code 40"),
    ):
        workers.fingerprint(b"/etc/hostname")


@pytest.mark.parametrize(
    "data",
    [
        STILL,
        pytest.param(media.gif(21, seconds=0.5, width=160, height=90), marks=pytest.mark.slow),
        pytest.param(media.clip(21, seconds=0.5, width=160, height=90), marks=pytest.mark.slow),
    ],
    ids=["jpeg", "gif", "mp4"],
)
@pytest.mark.slow
def test_decoding_works_without_a_filter(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Where the operator allows it, a child that can open nothing decodes as one with a filter does."""
    boot = room.BOOT.replace(
        "from bot.fingerprint", "from bot import seccomp; seccomp.MACHINES.clear(); from bot.fingerprint"
    )
    monkeypatch.setattr(room, "BOOT", boot)
    with Workers(DecodeConfig(without_filter=True)) as workers:
        assert workers.fingerprint(data).kind == fingerprint(data, LIMITS).kind
        status = Path(f"/proc/{workers.pids[0]}/status").read_text()
        assert "Seccomp:\t0" in status


def test_the_coordinator_cannot_be_read_by_its_children() -> None:
    """Workers hide the memory and environment of the process that starts them."""
    pid = os.fork()
    if not pid:
        with Workers(LIMITS):
            libc = ctypes.CDLL(None)
            os._exit(libc.prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
