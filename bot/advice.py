"""What to do about a mistake, said for whoever is told: at a terminal, or on a page of the console."""

from __future__ import annotations


class Advised(str):
    """A fact and what to do about it: as text what a command says; `fact`, `page` and `path` are what a page says."""

    fact: str
    page: str  # what to do there
    path: str  # of the page on which it is done; empty: the one that says so

    def __new__(cls, fact: str, command: str, *, page: str, path: str = "") -> Advised:
        """`command`: what to do at a terminal, with its options."""
        made = super().__new__(cls, f"{fact}; {command}")
        made.fact, made.page, made.path = fact, page, path
        return made
