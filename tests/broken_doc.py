"""Writes docs/doctor.md: `python -m tests.broken_doc` breaks an installation in every way and asks doctor."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from bot.loopback.reddit.server import RedditServer
from tests.broken import Place, copied, prepare
from tests.broken_table import BROKEN, Broken
from tests.doctored import Conditions, Doctor, Told

TARGET = Path(__file__).parent.parent / "docs" / "doctor.md"
LOGIN = {"GIFWARDEN_REDDIT__CLIENT_SECRET": "loopback-secret", "GIFWARDEN_REDDIT__PASSWORD": "correct horse"}
VARYING = (
    (r"127\.0\.0\.1:\d+", "SERVER"),
    (r"(?<=\.port )\d+", "PORT"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE"),
    (r"\d\d:\d\d:\d\d", "TIME"),
    (r"\d+ days", "N days"),
    (r"\d+ MiB free", "N MiB free"),
    (r"Page \d+", "Page N"),
    (r"\d[\d.,]*(?= GiB free)", "N"),
    (r"(?<=account \()[^)]+", "ACCOUNT"),
    (r"\S+(?= -m pip )", ".venv/bin/python"),
    (r"54321", "bob"),
    (r"(?<=chown -R )\w+", "ACCOUNT"),
)
HEAD = """# What doctor says

**Short version.** `gifwarden doctor` looks at everything that a daemon needs and says a line each; the last line names
what to do first. It ends with 1 if a line says `fail`. It changes nothing but the rights of the bot's own files, makes
no database where there is none, and decides nothing.

Written by `python -m tests.broken_doc`, which breaks a sound installation in each of these ways and asks. Names of
servers, dates and sizes are left out of the sentences. A `warn` lets the daemon start; a `fail` says that it would not
start, or not do all of its work. Each look ends by itself: at a service that is silent after 40 seconds at most, at a
database that another process holds after 30.

| what is broken | ends with | finding |
|---|---|---|
"""
TAIL = """
Before doctor can say anything, a Python that is too old and a package that is missing are told by the command itself,
with exit code 2: *gifwarden needs Python 3.11 or newer and this is 3.10.13; install it into a newer one*.

It does not see limits that the service has and your terminal has not, so ask it as the unit's user, as
[running.md](running.md) shows. A database whose pages take longer than 20 seconds to read is not read to its end:
`gifwarden backup FOLDER` reads a copy of all of it.
"""


def asked(place: Place, broken: Broken) -> Conditions:
    """Break a copy, and return under which conditions it is asked."""
    broken.make(place)
    more = dict(place.asked)
    environ = {**LOGIN, **more.pop("environ", {})}
    return Conditions(cwd=str(place.folder), environ=environ, own=broken.own, **{"reddit": place.reddit.url, **more})


def finding(told: Told, broken: Broken) -> str | None:
    """Return the sentence on what is broken, or None if there is none."""
    for level, subject, text in told.findings:
        if (level, subject) == (broken.level, broken.subject):
            return text
    return None


def fixed(text: str, place: Place) -> str:
    """Return a sentence as it is in every run."""
    text = text.replace(f"{place.folder}/", "").replace(str(place.folder), ".")
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text.replace("|", "\\|")


def row(broken: Broken, code: int, text: str) -> str:
    """Return a line of the table."""
    return f"| {broken.what} | {code} | `{broken.level}` {broken.subject}: {text} |"


def main() -> None:
    """Break and ask."""
    rows = []
    with tempfile.TemporaryDirectory() as name, RedditServer() as reddit, Doctor(Path(name)) as doctor:
        folder = Path(name)
        os.umask(0o077)
        prepare(folder / "sound", reddit)
        for broken in BROKEN:
            with copied(folder / "sound", folder / broken.name, reddit) as place:
                told = doctor.examine(asked(place, broken))
                rows.append(row(broken, told.code, fixed(finding(told, broken) or "NOTHING", place)))
    TARGET.write_text(HEAD + "\n".join(rows) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
