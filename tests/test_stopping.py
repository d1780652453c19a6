"""SIGTERM is answered in under five seconds, whatever the daemon waits for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("how", ["reddit", "mail", "resolver", "database"])
def test_sigterm_is_answered(tmp_path: Path, how: str) -> None:
    """The daemon ends within five seconds while Reddit or mail drips its answers, or a resolver never answers."""
    command = [sys.executable, "-m", "tests.stopping_process", how, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        assert process.stderr
        try:
            seen = (json.loads(line)["event"] for line in process.stdout)
            assert "held" in seen
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
            seconds = time.monotonic() - start
        finally:
            process.kill()
    assert process.returncode == 0, err[-2000:]
    assert seconds < 12  # five at rest; without an end it would be 30 and more
    (left,) = [json.loads(line) for line in out.splitlines() if '"left"' in line]
    assert left["actions"] == (["planned"] if how == "mail" else [])  # it goes out later
