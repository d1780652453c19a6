"""A service that is told to stop while it starts ends at once, with exit code 0 and a sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot import stopping

ROOT = Path(__file__).parent.parent
HELD = """
import sys, time

class Held:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            print("held", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Held())
sys.argv = ["gifwarden", *{words!r}]
from bot.__main__ import main
main()
"""
OPENING = """
import contextlib, sys, time
from bot import stopping
stopping.early("run")
from bot.cli import service
from bot.config import Config

@contextlib.contextmanager
def session(*_, **__):
    with contextlib.ExitStack() as opened:
        opened.callback(print, "closed", flush=True)
        print("held", flush=True)
        time.sleep(60)
        yield

service.session = session
service.read_config = lambda _: Config.model_validate({"subreddits": {"clips": {}}})
service.run(once=False, config=None)
"""


def told(program: str, number: int) -> tuple[int, str, str]:
    """Run a program until it says `held`, send it a signal, and return its exit code and what it said then."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("words", [["run"], ["run", "--config", "x"], ["worker", "--scheduler", "x"], ["scheduler"]])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_ends_while_it_imports(words: Sequence[str], number: signal.Signals) -> None:
    """From its first package on, SIGTERM and Ctrl-C end it with 0 and a sentence."""
    found = told(HELD.format(module="typer", words=words), number)
    assert found == (0, "", stopping.SENTENCE.decode())


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["worker", "--scheduler", "tcp://127.0.0.1:9"],
     ["scheduler", "--workers", "tcp://127.0.0.1:0", "--coordinator", "tcp://127.0.0.1:0"]],
)  # fmt: skip
def test_workers_and_scheduler_end_while_they_import_what_they_need(words: Sequence[str]) -> None:
    """So they do while Dask is imported, which takes longest."""
    pytest.importorskip("distributed")
    found = told(HELD.format(module="distributed", words=words), signal.SIGTERM)
    assert found == (0, "", stopping.SENTENCE.decode())


@pytest.mark.slow
def test_the_daemon_ends_while_it_opens_what_it_needs() -> None:
    """What was opened is closed, and the exit code is 0."""
    assert told(OPENING, signal.SIGTERM) == (0, "closed\n", stopping.SENTENCE.decode())


def test_another_command_is_interrupted_in_a_sentence() -> None:
    """Ctrl-C while it imports is no traceback; SIGTERM does what it does to any command."""
    program = HELD.format(module="typer", words=["scan"])
    assert told(program, signal.SIGINT) == (130, "", "gifwarden: stopped\n")
    assert told(program, signal.SIGTERM) == (-signal.SIGTERM, "", "")


def test_who_is_told_while_opening_unwinds(capfd: pytest.CaptureFixture[str]) -> None:
    """The block is left by SystemExit with 0, and handlers are as before."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(SystemExit) as left, stopping.unwinding():
        signal.raise_signal(signal.SIGTERM)
    assert left.value.code == 0
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    assert capfd.readouterr().err == stopping.SENTENCE.decode()


def test_handlers_of_others_are_left_alone() -> None:
    """What was set before and by somebody else stays."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    stopping.usual()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
