"""Promise 1: media is never written to disk, not for a moment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.strace import WRITES, needs_strace, strace, written
from tests.tracing import IN_BYTES, IN_PIXELS, IN_RGB, given

ROOT = Path(__file__).parent.parent
MARKERS = (IN_BYTES, IN_PIXELS, IN_RGB)
OURS = re.compile(r"gifwarden\.db(-wal|-shm|-journal)?$|/key(\.[0-9a-f]{8}\.new)?$|/rules/[\w-]+\.yaml$")


def run(folder: Path, *more: str, prefix: tuple[str, ...] = ()) -> dict[str, object]:
    """Run the flow in a process whose temporary folder is watched too; return what it says."""
    folder.mkdir(exist_ok=True)
    (folder / "tmp").mkdir()
    (folder / "given.png").write_bytes(given())
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.tracing", str(folder), *more],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.slow
def test_nothing_but_the_database_is_opened_for_writing(tmp_path: Path) -> None:
    """Python opens no file to write but the key; SQLite writes its own."""
    answer = run(tmp_path / "home")
    assert answer["judged"] == 2
    opened = [str(name) for name in answer["opened"]]  # type: ignore[attr-defined]  # a list in the JSON
    assert [name for name in opened if not OURS.search(name) and name != os.devnull] == []


@pytest.mark.slow
def test_no_file_holds_media_afterwards(tmp_path: Path) -> None:
    """Neither the bytes nor the pixels of the media are in any file that is left."""
    folder = tmp_path / "home"
    run(folder)
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "given.png"]
    assert any(file.name == "gifwarden.db" for file in files)
    for file in files:
        data = file.read_bytes()
        assert not any(marker in data for marker in MARKERS), file.name


def traced(folder: Path, *more: str) -> list[tuple[str, bytes]]:
    """Return every (file, data) that the flow and its children wrote to regular files, as the kernel saw it."""
    trace = folder.with_suffix(".trace")
    run(folder, *more, prefix=strace(trace, WRITES))
    return written(trace)


@needs_strace
@pytest.mark.slow
def test_the_kernel_sees_no_media_written(tmp_path: Path) -> None:
    """Every write of the flow and of its decoding children is traced; none carries a marker."""
    writes = traced(tmp_path / "home")
    assert any(path.endswith("gifwarden.db-wal") for path, _ in writes)
    assert [path for path, data in writes if any(marker in data for marker in MARKERS)] == []
    assert {path for path, _ in writes if not OURS.search(path)} == set()


@needs_strace
@pytest.mark.slow
def test_the_trace_would_see_it(tmp_path: Path) -> None:
    """A flow that writes a clip and deletes it at once is caught."""
    writes = traced(tmp_path / "home", "--leak")
    leaked = b"".join(data for path, data in writes if Path(path).name == "leak")
    assert IN_BYTES in leaked
    assert IN_RGB in leaked
