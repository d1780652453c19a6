"""What to do about a mistake, said for whoever is told: at a terminal, or on a page of the console."""

from __future__ import annotations

import shlex
import sys


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


def install(*packages: str) -> str:
    """Return the command that puts packages into the environment in which this program runs."""
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])


def install_extra(name: str) -> str:
    """Return what to do to have an extra of ours: this program is installed from the folder of its source."""
    return f"run in the folder of the source: {install(f'.[{name}]')}"
