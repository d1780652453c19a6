"""docs/safety-tests.md names promises that are made and tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"


def rows() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (promise, its tests as file and function) of each row."""
    page = (DOCS / "safety-tests.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (?!promise |-)(.+?) \| (.+) \|$", page, re.MULTILINE)
    return [(promise, re.findall(r"`([\w.]+)::(\w+)`", named)) for promise, named in lines]


def test_each_promise_stands_in_the_page_on_safety() -> None:
    """The words of each row stand in docs/safety.md, and no row stands twice."""
    said = " ".join((DOCS / "safety.md").read_text(encoding="utf-8").split())
    promises = [promise for promise, _ in rows()]
    assert len(promises) > 30
    assert [promise for promise in promises if promise not in said] == []
    assert len(set(promises)) == len(promises)


def test_each_numbered_promise_has_a_row() -> None:
    """The numbered promises of docs/safety.md all begin or hold a row, so that a new one needs its test."""
    text = (DOCS / "safety.md").read_text(encoding="utf-8")
    numbered = re.findall(r"^\d+\. (.*?)(?=^\d+\. |^## )", text, re.DOTALL | re.MULTILINE)
    promises = [promise for promise, _ in rows()]
    assert len(numbered) >= 10
    assert [one for one in numbered if not any(promise in " ".join(one.split()) for promise in promises)] == []


def test_all_that_the_decoding_child_cannot_has_a_row() -> None:
    """Each line of the table on the decoding child begins a row here."""
    text = (DOCS / "safety.md").read_text(encoding="utf-8")
    table = text.partition("| it cannot | because |")[2].partition("\n\n")[0]
    cannot = re.findall(r"^\| ([a-z][^|]+) \|", table, re.MULTILINE)
    assert len(cannot) >= 10
    promises = [promise for promise, _ in rows()]
    assert [one for one in cannot if not any(one.startswith(promise) for promise in promises)] == []


@pytest.mark.slow
def test_each_named_test_exists() -> None:
    """Each row names at least one test, and each is a function of the file that it is said to stand in."""
    functions: dict[str, set[str]] = {}
    for promise, tests in rows():
        assert tests, promise
        for file, name in tests:
            if file not in functions:
                tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
                functions[file] = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert name in functions[file], f"{file}::{name}"
