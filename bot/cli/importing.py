"""Hash lists of others into a bank."""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.progress import Progress, TaskID

from bot.cli import known
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    complain,
    decider,
    emit,
    progress,
    read_config,
    say,
    session,
    warn,
)
from bot.errors import UsageError, unreadable
from bot.lists import FORMATS, Bad, Fault, Unnamed, not_sums, read_many, typed
from bot.lists.unnamed import KINDS, Kind
from bot.model import Verb
from bot.pipeline import Pipeline
from bot.pipeline.keeping.list_file import ListFile, Look, question
from bot.plural import many

BLOCK = 2**20  # bytes read at once
MOST_HELD = 256 * 2**20  # bytes of a list that comes by a pipe and has to be read twice
CHILDREN = (
    "{} dropped, tagged as child abuse: such lists belong with platforms, hotlines and the police, not with "
    "moderators; tell whoever gave it to you, and delete the file"
)


def import_(
    name: Annotated[str, typer.Argument(help="The bank's name.")],
    files: Annotated[list[str], typer.Argument(help="Lists; - for standard input.")],
    how: Annotated[str, typer.Option("--format", help="auto, hex, csv, ndjson, json or vpdq.")] = "auto",
    kind: Annotated[
        str,
        typer.Option(
            "--type", help="What hashes of 64 digits are that the list does not name: auto, pdq, phash or sha256."
        ),
    ] = "auto",
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="Your name for where the list comes from, the same each time; needed where rows have ids.",
            show_default=False,
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The list is whole: withdraw what it does not have any more.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw however much it takes back.")] = False,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put a list of hashes into a bank, in steps that are kept: if it is cut off, run it again.

    A row is an entry once it matches; a video's vPDQ is one. They are unconfirmed, so they act alone only in banks of
    banks.trusted. What would withdraw more than a tenth of what is there of the list asks first.
    """
    if how not in ("auto", *FORMATS):
        raise UsageError(f"{how} is no format of lists; choose one of auto, {', '.join(FORMATS)}")
    if kind not in KINDS:
        raise UsageError(f"{kind} is no type of hashes that have 64 digits; choose one of {', '.join(KINDS)}")
    if whole and len(files) > 1:
        raise UsageError("a list that is whole is one file; import them one by one")
    settings = read_config(config)
    well = True
    with session(settings) as pipeline:
        by = decider(pipeline, who, Verb.BANKS)
        known.bank(pipeline, name)
        for file in files:
            source_list = ListFile(pipeline.deps.store, name, source, whole=whole)
            one = _Import(pipeline, name, file, how, kind, source_list, as_json=as_json)
            well = (one.dry_run() if dry_run else one.run(by, yes=yes)) and well
        if not dry_run:
            pipeline.scanner.library()  # the index is built here rather than when the first link waits for it
    if not well:
        raise typer.Exit(1)


class _Import:
    """One list, and what is said of it."""

    def __init__(
        self, pipeline: Pipeline, bank: str, file: str, how: str, kind: Kind, source: ListFile, *, as_json: bool
    ) -> None:
        self._pipeline = pipeline
        self._bank = bank
        self._file = file
        self._how = how
        self._kind = kind
        self._unnamed = Unnamed()  # of the reading under way
        self._source = source
        self._as_json = as_json
        self._not_ours: dict[str, tuple[Bad, int]] = {}  # reason: the first, rows
        self._notes: dict[str, tuple[Bad, int]] = {}  # what was assumed of rows that are taken

    def dry_run(self) -> bool:
        """Say what would come of the list; return whether all of it can be read."""
        began = time.monotonic()
        with progress(told=False) as bar, _again(self._file, twice=False) as opened:
            found = self._source.look(self._rows(opened, bar, "looking"), self._told)
        self._say(found, time.monotonic() - began, would=True)
        if found.asks:
            warn(f"{self._file}  {question(found)}; it would ask for that, or take --yes")
        return not found.counts.failed

    def run(self, by: Any, *, yes: bool) -> bool:
        """Take the list; return whether all of it was taken."""
        may_ask = not yes and self._source.may_ask
        with progress(told=False) as bar, _again(self._file, twice=may_ask) as opened:
            if may_ask:
                found = self._source.look_for_gone(lambda: self._rows(opened, bar, "looking"))
                if found.asks:
                    bar.stop()
                    if not self._is_sure(found):
                        return False
                    bar.start()
            began = time.monotonic()
            found = self._source.take(self._rows(opened, bar, "importing"), by=by, told=self._told)
        self._say(found, time.monotonic() - began)
        self._pipeline.withdrawals.follow()
        return not found.counts.failed

    def _rows(self, opened: _Opened, bar: Progress, what: str) -> Iterator[Any]:
        blocks = _blocks(opened.start(), bar, bar.add_task(what, total=opened.size))
        try:
            rows = typed(read_many(blocks, self._how, self._file), self._kind)
            self._unnamed = Unnamed()
            yield from self._unnamed.of(not_sums(rows))
        except UsageError as error:
            said = str(error)
            raise UsageError(said if said.startswith(self._file) else f"{self._file}: {said}") from None

    def _is_sure(self, found: Look) -> bool:
        asked = question(found)
        if sys.stdin.isatty() and sys.stdout.isatty() and not self._as_json:
            warn(f"{self._file}  {asked}")
            warn(f"{self._bank}: what they matched is taken off the table: actions that wait, and open cases")
            if typer.confirm("Go on?"):
                return True
            say("nothing is changed")
        elif self._as_json:
            emit(
                {
                    "file": self._file,
                    "bank": self._bank,
                    "asks": found.counts.withdrawn + found.counts.changed,
                    "of": found.listed,
                    "error": asked,
                }
            )
        else:
            complain(f"{self._file}  {asked}; nothing is changed. If that is right, add --yes")
        return False

    def _told(self, bad: Bad) -> None:
        if bad.fault in (Fault.NOTE, Fault.NOT_OURS):  # of these a list may have millions
            held = self._notes if bad.fault is Fault.NOTE else self._not_ours
            first, rows = held.get(bad.reason, (bad, 0))
            held[bad.reason] = first, rows + 1
        elif self._as_json:
            emit({"file": self._file, "item" if bad.item else "line": bad.line, "error": bad.reason})
        else:
            complain(f"{self._at(bad)}  {bad.reason}")

    def _at(self, bad: Bad) -> str:
        """Return where something stands: the file, and its line, as editors take it, or the item of a document."""
        if bad.item:
            return f"{self._file}, {bad.place}"
        return f"{self._file}:{bad.line}" if bad.line else self._file

    def _say(self, found: Look, seconds: float, *, would: bool = False) -> None:
        counts = found.counts
        unswept = found.whole and not found.sweeps
        if self._as_json:
            for reason, (first, rows) in self._not_ours.items():
                at = {"item" if first.item else "line": first.line}
                emit({"file": self._file, **at, "not_ours": rows, "reason": reason})
            for reason, (first, rows) in self._notes.items():
                at = {"item" if first.item else "line": first.line}
                emit({"file": self._file, **at, "rows": rows, "note": reason})
            emit(
                {
                    "file": self._file,
                    "bank": self._bank,
                    "added": counts.added,
                    "changed": counts.changed,
                    "known": counts.known,
                    "withdrawn": counts.withdrawn,
                    "gone": counts.gone,
                    "again": counts.again,
                    "children": counts.children,
                    "not_ours": counts.not_ours,
                    "passed": dict(counts.passed),
                    "failed": counts.failed,
                    "unnamed": self._unnamed.count,
                    "whole": found.whole,
                    "swept": found.sweeps and not would,
                    "dry_run": would,
                    "seconds": round(seconds, 3),
                }
            )
        else:
            for reason, (first, rows) in (*self._not_ours.items(), *self._notes.items()):
                others = f"; so are {rows - 1:,} more" if rows > 1 else ""
                warn(f"{self._at(first)}  {reason}{others}")
            if counts.again:
                warn(
                    f"{self._file}  {many(counts.again, 'id')} came again in the same list with other hashes, and only "
                    "the last ones count: rows of one media have to follow one another, or to have ids of their own"
                )
            if self._unnamed.count:
                warn(f"{self._file}  {_about(self._unnamed)}")
            more = "".join(f", {rows:,} {kind}" for kind, rows in counts.passed.most_common(5))
            if more:
                warn(f"{self._file}  passed over beside what we match{more.replace(',', ':', 1)}")
            say(
                f"{self._file}  {'would be: ' if would else ''}{counts.added:,} added, {counts.changed:,} changed, "
                f"{counts.known:,} known already, {counts.withdrawn:,} withdrawn"
                f"{f' ({counts.gone:,} more are not there)' if counts.gone else ''}, {counts.children:,} dropped, "
                f"{counts.not_ours:,} not ours, {counts.failed:,} failed"
                + ("" if would else f"; {counts.rows / max(seconds, 1e-9):,.0f} rows a second")
            )
        if unswept:
            warn(
                f"{self._file}  nothing was swept: {many(found.unreadable, 'row')} of the list could not be read, "
                "and may be what is missing"
            )
        if counts.children:
            warn(f"{self._file}  {CHILDREN.format(many(counts.children, 'row'))}")


def _about(unnamed: Unnamed) -> str:
    """Return what hashes were taken for of which nobody said what they are."""
    doubt = "they look like SHA-256" if unnamed.is_like_sums else "if they are SHA-256"
    return (
        f"{many(unnamed.count, 'hash', 'hashes')} of 64 digits {'names' if unnamed.count == 1 else 'name'} no type and "
        f"count as PDQ; {doubt}: import the list with --type sha256"
    )


class _Opened:
    """A list that can be read from its beginning, once or twice."""

    def __init__(self, raw: BinaryIO, size: int | None) -> None:
        self._raw = raw
        self._begun = False
        self.size = size

    def start(self) -> BinaryIO:
        """Return it at its beginning."""
        if self._begun:
            self._raw.seek(0)
        self._begun = True
        return self._raw


@contextmanager
def _again(name: str, *, twice: bool) -> Iterator[_Opened]:
    """Yield a list; `twice`: it has to be read twice, so what comes by a pipe is held. Raises UsageError."""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as raw:
            about = None if name == "-" else os.fstat(raw.fileno())
            if about is not None and stat.S_ISREG(about.st_mode):
                yield _Opened(raw, about.st_size)
            elif twice:
                data = raw.read(MOST_HELD + 1)
                if len(data) > MOST_HELD:
                    raise UsageError(
                        f"{name} is larger than {MOST_HELD // 2**20} MB, and its list is there already, so it is "
                        "looked at before it is taken; give it as a file, or add --yes"
                    )
                yield _Opened(io.BytesIO(data), len(data))
            else:
                yield _Opened(raw, None)
    except OSError as error:
        raise UsageError(unreadable(name, error)) from None


def _blocks(raw: BinaryIO, bar: Progress, task: TaskID) -> Iterator[bytes]:
    while block := raw.read(BLOCK):
        bar.advance(task, len(block))
        yield block
