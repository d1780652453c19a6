"""Rows of lists at the command line: listed, found by what their list calls them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.list_shapes import P1
from tests.test_exchange_commands import run, said
from tests.test_list_import import bring, home, rows

__all__ = ["home"]


def test_rows_are_listed_and_found_by_their_own_name(home: Path) -> None:
    """The newest first, of one list or of all; a name in two lists is asked back; a reading's counts are said."""
    bring(rows(range(3)), "--source", "one")
    bring(rows([1], value=P1), "--source", "two")
    bring(rows([0], status="withdrawn"), "--source", "one")
    found = [json.loads(line) for line in run("bank", "list", "--rows", "--json").output.splitlines()]
    assert [(row["from_list"], row["list_id"]) for row in found] == [("two", "1"), ("one", "2"), ("one", "1")]
    told = said(run("bank", "list", "--rows", "--from", "one", "--limit", "1"))
    assert "one in list: 2 rows" in told
    assert "UTC: 1 withdrawn" in told
    assert "two in list" not in told
    shown = json.loads(run("bank", "show", "2", "--json").output)
    assert (shown["from_list"], shown["list_id"]) == ("one", "2")
    assert "2 rows of lists are called so" in said(run("bank", "show", "1"))
    assert json.loads(run("bank", "show", "1", "--from", "two", "--json").output)["from_list"] == "two"
    assert "there is no entry x77" in said(run("bank", "show", "x77"))
    assert "one calls no row so" in said(run("bank", "show", "77", "--from", "one"))
    assert run("bank", "list", "--rows", "--state", "active").exit_code == 2
    assert "there is no list" in said(run("bank", "list", "--rows", "--from", "none"))
