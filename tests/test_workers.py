"""Children that decode: isolated, limited, replaced when they die, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot import workers as room
from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError, OutsideError
from bot.faces.dlib import Dlib
from bot.fingerprint import digests, fingerprint
from bot.fingerprint.wire import to_wire
from bot.model import Fingerprint
from bot.samples import media
from bot.workers import Workers
from tests.slow import slow

LIMITS = DecodeConfig()
STILL = media.still(21, width=160, height=90)


@pytest.fixture(scope="module")
def shared() -> Iterator[Workers]:
    """One worker for the tests that leave it as it was."""
    with Workers(LIMITS) as workers:
        yield workers


@pytest.fixture
def one() -> Iterator[Workers]:
    """One started worker for a test that mistreats it."""
    with Workers(LIMITS) as workers:
        workers.fingerprint(STILL)
        yield workers


@pytest.mark.parametrize(
    "data",
    [
        STILL,
        media.still(21, format="png", width=160, height=90),
        media.still(21, format="webp", width=160, height=90),
        media.gif(21, seconds=0.5, width=160, height=90),
        media.gif(21, seconds=0.5, format="png", width=160, height=90),
        media.gif(21, seconds=0.5, format="webp", width=160, height=90),
        media.clip(21, seconds=0.5, width=160, height=90),
        media.clip(21, seconds=0.5, container="webm", width=160, height=90),
        media.clip(21, seconds=0.5, container="webm", codec="libvpx", width=160, height=90),
    ],
    ids=["jpeg", "png", "webp", "gif", "apng", "awebp", "mp4", "vp9", "vp8"],
)
def test_a_child_gives_what_the_function_gives(shared: Workers, data: bytes) -> None:
    """Every format decodes in a child that can open nothing, to the same fingerprint as here."""
    assert shared.fingerprint(data) == fingerprint(data, LIMITS, locator=Dlib())


@slow
def test_a_small_file_costs_little(one: Workers) -> None:
    """After a file only its own leavings are cleared away: looking through all that is loaded takes tens of ms."""
    (pid,) = one.pids
    small = media.still(21, format="png", width=32, height=32)

    def cost() -> float:
        before = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        one.fingerprint(small)
        return (int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) - before) / 1e6

    assert min(cost() for _ in range(20)) < 10


def test_other_files_are_hashed_and_every_frame_can_be_had(shared: Workers) -> None:
    """`also` and `every_frame` mean what they mean in the function."""
    standing = media.encode_clip([media.scene(22, 160, 90)] * 5, crf=0)
    fp = shared.fingerprint(standing, (b"original",), every_frame=True)
    assert fp.also == (digests(b"original"),)
    assert len([s for s in fp.signals if s.type == "pdq"]) == 5


@pytest.mark.parametrize("data", [b"", b"<html>", b"GIF89a", STILL[:30], b"\x00\x00\x00\x18ftypisom" + bytes(400)])
def test_bad_files_are_one_sentence_and_the_child_lives_on(shared: Workers, data: bytes) -> None:
    """What does not decode is a MediaError, and the same child takes the next file."""
    before = shared.pids
    with pytest.raises(MediaError) as caught:
        shared.fingerprint(data)
    assert "\n" not in str(caught.value)
    assert shared.fingerprint(STILL).format == "jpeg"
    assert shared.pids == before or not before


SPEAKING = """
import json, os, sys
def say(answer):
    body = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.flush()
read = sys.stdin.buffer.read
say({"ready": 1})
while header := read(4):
    read(json.loads(read(int.from_bytes(header, "big")))["size"])
    say(ANSWER)
"""


def test_a_child_has_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its environment and command line hold no setting of ours, and no file of ours is open in it."""
    monkeypatch.setenv("GIFWARDEN_REDDIT__PASSWORD", "hunter2-in-the-environment")
    seen = (
        'print((dict(os.environ), sys.argv, open("/proc/self/cmdline").read(),'
        ' [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")'
        f' if os.path.exists(f"/proc/self/fd/{{n}}")]), file=open({str(tmp_path / "told")!r}, "w"))'
    )
    monkeypatch.setattr(room, "BOOT", SPEAKING.replace("ANSWER", seen))
    with Path("/etc/hostname").open() as held:
        os.set_inheritable(held.fileno(), True)
        with Workers(LIMITS) as workers, pytest.raises(MediaError):
            workers.fingerprint(STILL)
    told = (tmp_path / "told").read_text()
    assert "OPENBLAS_NUM_THREADS" in told
    assert "/dev/null" in told
    for secret in ("GIFWARDEN", "hunter2", "hostname"):
        assert secret not in told


def test_a_child_is_limited(shared: Workers) -> None:
    """It can write no file, open none, dump no core, and its memory and processor time end somewhere."""
    shared.fingerprint(STILL)
    text = (Path("/proc") / str(shared.pids[0]) / "limits").read_text()
    limits = {line[:26].strip(): line[26:].split()[:2] for line in text.splitlines()[1:]}
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["0", "0"]
    assert limits["Max processes"] == ["0", "0"]
    assert limits["Max address space"][0] == str(LIMITS.memory_mb * 2**20)
    assert LIMITS.cpu_seconds <= int(limits["Max cpu time"][0]) <= LIMITS.cpu_seconds + 60


RIGHTS = """
import os, socket, sys
from bot.config import DecodeConfig
from bot.faces.dlib import Dlib
from bot.fingerprint import child as room, resource_limits
room._warm_up(None, Dlib())
resource_limits.give_up(DecodeConfig())
for name, attempt in (
    ("read", lambda: open("/etc/hostname")),
    ("write", lambda: open("/dev/shm/gifwarden-test", "w")),
    ("socket", lambda: socket.socket()),
    ("grow", lambda: os.write(int(sys.argv[1]), b"x")),
):
    try:
        attempt()
        print(name, "worked")
    except OSError as error:
        print(name, error.errno)
"""


@pytest.mark.slow
def test_what_is_given_up_is_gone(tmp_path: Path) -> None:
    """After the rights are given up, opening, connecting and writing to a file fail, even to one that is open."""
    with (tmp_path / "open").open("wb") as held:
        done = subprocess.run(
            [sys.executable, "-c", RIGHTS, str(held.fileno())],
            cwd=Path(room.HOME),
            pass_fds=(held.fileno(),),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.split("\n")[:4] == ["read 24", "write 24", "socket 24", "grow 27"], done.stderr
    assert (tmp_path / "open").read_bytes() == b""


def stopped(workers: Workers, then: Callable[[int], None]) -> Future[Fingerprint]:
    """Hand a file to a child that stands still, so that `then` strikes in the middle of it."""
    pid = workers.pids[0]
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(workers.fingerprint, STILL)
        time.sleep(0.1)
        then(pid)
    return future


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        (signal.SIGSEGV, MediaError, "crashed on this file .SIGSEGV."),
        (signal.SIGABRT, MediaError, "crashed on this file .SIGABRT."),
        (signal.SIGXCPU, LimitError, r"decode\.cpu_seconds"),
        (signal.SIGKILL, LimitError, "want of memory"),
    ],
)
@pytest.mark.slow
def test_a_death_is_told_and_the_child_replaced(
    one: Workers, number: signal.Signals, error: type[MediaError], words: str
) -> None:
    """How a child died becomes the file's error, and the next file finds a fresh child."""
    (before,) = one.pids

    def strike(pid: int) -> None:
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)

    with pytest.raises(error, match=words) as caught:
        stopped(one, strike).result()
    assert type(caught.value) is error
    assert not one.pids
    assert one.fingerprint(STILL).format == "jpeg"
    assert one.pids != (before,)


@pytest.mark.slow
def test_a_child_that_takes_too_long_is_killed() -> None:
    """The time limit holds for a child that does not even read, and its sentence names the setting."""
    with Workers(DecodeConfig(wall_seconds=0.5)) as workers:
        workers.fingerprint(STILL)
        began = time.monotonic()
        with pytest.raises(LimitError, match=r"decode\.wall_seconds"):
            stopped(workers, lambda _: None).result()
        assert time.monotonic() - began < 10
        assert workers.pids == ()


@slow
def test_a_file_that_needs_too_much_memory_is_a_limit() -> None:
    """A picture within the pixel limit that does not fit into memory is a LimitError, and the child lives on."""
    flat = media.encode_still(np.zeros((7000, 9000, 3), np.uint8), format="png")
    with Workers(DecodeConfig(memory_mb=256)) as workers:
        with pytest.raises(LimitError, match=r"memory"):
            workers.fingerprint(flat)
        assert workers.fingerprint(STILL).format == "jpeg"


@pytest.mark.slow
def test_a_child_that_died_idle_costs_no_file(one: Workers) -> None:
    """A child killed between two files is replaced without an error."""
    (before,) = one.pids
    os.kill(before, signal.SIGKILL)
    time.sleep(0.1)
    assert one.fingerprint(STILL).format == "jpeg"
    assert one.pids != (before,)


@pytest.mark.slow
def test_a_child_is_replaced_after_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a number of files a child makes room for a fresh one."""
    monkeypatch.setattr(room, "TASKS", 2)
    with Workers(LIMITS) as workers:
        pids = []
        for _ in range(5):
            workers.fingerprint(STILL)
            pids.append(workers.pids)
        assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


@pytest.mark.slow
def test_many_threads_share_two_children() -> None:
    """Calls from many threads get their own answers, from no more children than configured."""
    files = [media.still(seed, width=96, height=64) for seed in range(12)]
    with Workers(DecodeConfig(workers=2)) as workers, ThreadPoolExecutor(6) as pool:
        found = list(pool.map(workers.fingerprint, files))
        assert 1 <= len(workers.pids) <= 2
    assert [fp.sha256 for fp in found] == [digests(data)[0] for data in files]


@pytest.mark.slow
def test_children_outlive_the_thread_that_asked_first() -> None:
    """A child belongs to the workers, not to the thread in which it happened to start."""
    with Workers(LIMITS) as workers:
        first = threading.Thread(target=workers.fingerprint, args=(STILL,))
        first.start()
        first.join()
        before = workers.pids
        time.sleep(0.1)
        assert workers.fingerprint(STILL).format == "jpeg"
        assert workers.pids == before


@slow
def test_closing_leaves_no_process_and_no_descriptor() -> None:
    """After `close`, no child, zombie or pipe is left; a second call does nothing; asking again is an error."""
    before = set(Path("/proc/self/fd").iterdir())
    workers = Workers(LIMITS)
    workers.fingerprint(STILL)
    (pid,) = workers.pids
    workers.close()
    workers.close()
    assert not (Path("/proc") / str(pid)).exists()
    assert workers.pids == ()
    assert set(Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(RuntimeError, match="closed"):
        workers.fingerprint(STILL)


@pytest.mark.slow
def test_children_die_with_a_killed_coordinator() -> None:
    """Nobody is left behind when the coordinator gets no chance to close."""
    code = (
        "import sys, time; from bot.config import DecodeConfig; from bot.workers import Workers; "
        "w = Workers(DecodeConfig()); w.fingerprint(sys.stdin.buffer.read()); print(w.pids[0], flush=True); "
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=room.HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(STILL)
        parent.stdin.close()
        child = int(parent.stdout.readline())
        os.kill(child, signal.SIGSTOP)  # it cannot leave by itself
        parent.kill()
    until = time.monotonic() + 5
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_decoder_that_cannot_start_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is an OutsideError, which is tried again, not a bad file."""
    monkeypatch.setattr(room, "BOOT", "raise SystemExit(7)")
    with Workers(LIMITS) as workers, pytest.raises(OutsideError, match=r"does not start .exit code 7."):
        workers.fingerprint(STILL)


def test_a_child_that_was_taken_over_cannot_forge_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests are the coordinator's own, and an answer that is no fingerprint is refused."""
    true = to_wire(fingerprint(STILL, LIMITS))
    monkeypatch.setattr(room, "BOOT", SPEAKING.replace("ANSWER", repr(true)))
    with Workers(LIMITS) as workers:
        assert workers.fingerprint(STILL) == fingerprint(STILL, LIMITS)
        assert len(workers.pids) == 1
    for lie in ({**true, "sha256": "00" * 32}, {"kind": "image"}):
        monkeypatch.setattr(room, "BOOT", SPEAKING.replace("ANSWER", repr(lie)))
        with Workers(LIMITS) as workers:
            with pytest.raises(MediaError, match="no fingerprint"):
                workers.fingerprint(STILL)
            assert workers.pids == ()  # whoever lies is ended


@slow
def test_what_libraries_print_does_not_reach_the_protocol() -> None:
    """Standard output belongs to nobody in a child: its answers travel on a descriptor of their own."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from bot.fingerprint import child as room; "
        "room.frames.warm_up = lambda: print('noise', flush=True); room.main(sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(room.HOME), "{}"],
        input=b"",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"noise" in done.stderr
    assert b"noise" not in done.stdout
    assert b'{"ready":' in done.stdout
