"""The daemon: works on a schedule, stops cleanly when told to, and survives a step that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon on loopback in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon_process", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        if process.poll() is None:
            process.kill()


def wait_for(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    """Read the daemon's log until an event."""
    assert process.stdout
    for line in process.stdout:
        facts: dict[str, object] = json.loads(line)
        if facts["event"] == event:
            return facts
    assert process.stderr
    raise AssertionError(f"no {event!r}: {process.stderr.read()[-1500:]}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_daemon_works_and_stops_cleanly(daemon: subprocess.Popen[str], number: signal.Signals) -> None:
    """It acts on a post by itself; SIGTERM and Ctrl-C end it with the lease given back and no process left behind."""
    done = wait_for(daemon, "action done")
    assert done["kind"] == "remove"
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
    daemon.send_signal(number)
    assert wait_for(daemon, "daemon stopped")
    left = wait_for(daemon, "left")
    assert left == {"event": "left", "removals": 1, "lease": 0}
    assert daemon.wait(20) == 0
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}")] == []  # noqa: PTH110  a path of the kernel's
