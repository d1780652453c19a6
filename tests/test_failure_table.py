"""The page of failures says what the program does."""

from __future__ import annotations

from bot.hosts import HOSTS
from tests.failure_table import TARGET, render
from tests.host_cases import CASES


def table() -> list[list[str]]:
    """Return the cells of every row of the page."""
    lines = [line for line in TARGET.read_text(encoding="utf-8").splitlines() if line.startswith(("| page", "| file"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_of_failures_is_up_to_date() -> None:
    """docs/host-failures.md is what the hosts' answers lead to today; write it with python -m tests.failure_table."""
    assert TARGET.read_text(encoding="utf-8") == render()


def test_every_host_is_on_the_page() -> None:
    """No host is left out."""
    assert {name.split()[0] for name in CASES} == {plug.name for plug in HOSTS}
    assert len(table()) > 20 * len(CASES) // 2


def test_only_a_removal_is_called_one() -> None:
    """Refusals, rate limits, closed regions and strange pages are never gone; each failure is one sentence."""
    for _, answers, state, _, counts, sentence in table():
        for answer in answers.split("; "):
            assert (state == "`gone`") is answer.startswith(("404", "410", "its stand-in")), answers
        assert (state == "`acquired`") is (answers == "moved within the host")
        assert state == "`acquired`" or (sentence and "://" not in sentence)
        assert ("another shape" not in answers) or counts == "changed"
