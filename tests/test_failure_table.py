"""The page of failures says what the program does."""

from __future__ import annotations

import re

import pytest

from bot.hosts import HOSTS
from tests.failure_table import TARGET, outcomes, render
from tests.host_cases import CASES


def cells(line: str) -> list[str]:
    """Return the cells of a row."""
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.slow
def test_the_page_of_failures_is_up_to_date() -> None:
    """docs/host-failures.md is what the hosts' answers lead to today; write it with python -m tests.failure_table."""
    assert TARGET.read_text(encoding="utf-8") == render()


@pytest.mark.slow
def test_every_host_is_asked_and_named() -> None:
    """No host is left out, and the page says of each which servers were asked."""
    assert {name.split()[0] for name in CASES} == {plug.name for plug in HOSTS}
    asked = TARGET.read_text(encoding="utf-8").split("## Who is asked")[1]
    assert re.findall(r"^\| (.+?) \| ", asked, re.MULTILINE)[1:] == list(CASES)
    assert all(len(found) > 12 for found in outcomes().values())


@pytest.mark.slow
def test_the_page_holds_every_end_of_every_host() -> None:
    """What a host does stands in its own row where it differs, else in the row of all hosts; nothing is left out."""
    alike, differ, _ = re.split(r"^## Wh(?:ere|o) .+$", TARGET.read_text(encoding="utf-8"), flags=re.MULTILINE)
    common = [cells(line) for line in alike.splitlines() if line.startswith(("| page", "| file"))]
    own = [cells(line) for line in differ.splitlines() if line.startswith(("| page", "| file"))]
    for name, found in outcomes().items():
        for row in found:
            end = [f"`{row.state}`", row.next, row.counts, row.sentence]
            mine = [
                rest
                for where, hosts, answers, *rest in own
                if where == row.where and name in hosts.split(", ") and row.answer in answers.split("; ")
            ]
            usual = [
                rest
                for where, answers, *rest in common
                if row.where in where.split(" or ") and row.answer in answers.split("; ")
            ]
            assert (mine or usual) == [end], f"{name}: {row}"


@pytest.mark.slow
def test_only_a_removal_is_called_one() -> None:
    """Refusals, rate limits, closed regions and strange pages are never gone; each failure is one sentence."""
    for name, row in ((name, row) for name, found in outcomes().items() for row in found):
        assert (row.state == "gone") is row.answer.startswith(("404", "410", "its stand-in")), row
        assert (row.state == "acquired") is (row.answer == "moved within the host")
        assert row.state == "acquired" or (row.sentence and "://" not in row.sentence)
        anybodys = name == "page"  # of any site: a page without a video is none of another shape
        assert "another shape" not in row.answer or anybodys or row.counts == "changed"
