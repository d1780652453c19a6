"""The page on hostile input says what happens, and no packet leaves for a forbidden address."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import hostile

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def page() -> str:
    """The page as the program makes it now."""
    return hostile.document()


@pytest.mark.slow
def test_the_page_is_what_happens(page: str) -> None:
    """Every line of docs/hostile-input.md is run again; make it anew with: python -m tests.hostile."""
    assert (ROOT / "docs" / "hostile-input.md").read_text(encoding="utf-8") == page


@pytest.mark.slow
def test_nothing_hostile_is_fetched(page: str) -> None:
    """Of addresses and names none is read, and of answers none either; the page names every input."""
    for title, lines in list(hostile.outcomes().items()):
        assert len(lines) > 10
        part = page.partition(f"## {title}")[2].partition("\n## ")[0]
        assert [line.what for line in lines if line.what.replace("|", "\\|") not in part] == []
        assert title == "Files" or [line.what for line in lines if line.outcome == "read"] == []


@pytest.mark.slow
def test_no_packet_leaves_for_a_forbidden_address() -> None:
    """In a network namespace of its own, a sniffer sees every connection that is tried, and only public ones are."""
    command = [sys.executable, "-m", "tests.hostile_socket"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    if "skipped" in seen:
        pytest.skip(seen["skipped"])
    assert seen["tried"] > 60
    assert seen["forbidden"] == []
    assert seen["requests elsewhere"] == []
    assert seen["connections"] == ["1.1.1.1", "9.9.9.9"]  # the sniffer is not blind
    assert seen["requests"] > 10  # redirects came from a server that was really asked
