"""Files of hashes that somebody drops into a folder. They stay where they are; one that changed is read again."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, ClassVar

from bot.endpoints.bodies import unpacked
from bot.errors import EndpointError, UsageError, file_fault
from bot.exchanges.base import (
    PAGE_ROWS,
    Checkpoint,
    Context,
    Feedback,
    Given,
    Page,
    Row,
    Setting,
    count_of,
    setting,
    unreadable_in,
)
from bot.exchanges.blocks import Listing
from bot.lists import Bad
from bot.text import line

MOST_FILES = 10_000
SETTLED = 5.0  # seconds for which a file was not written to before it is read
LARGEST = 16 * 2**30  # bytes, unpacked
LONGEST_NAME = 255  # characters of a file's name that are said
PIECE = 256 * 2**10
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", "~")
SIGNED = (".minisig", ".asc", ".sig", ".sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: str
    mark: str  # changes with the file

    @property
    def said(self) -> str:
        """Its name as people may see it."""
        return line(self.name, LONGEST_NAME)

    @classmethod
    def of(cls, name: str, found: os.stat_result) -> _File:
        return cls(name=name, mark=f"{found.st_size}:{found.st_mtime_ns}:{found.st_ino}")


class Folder:
    """The plug."""

    kind: ClassVar[str] = "folder"
    help: ClassVar[str] = "Files that are dropped into a folder of this machine."
    settings: ClassVar[tuple[Setting, ...]] = (
        setting("folder", required=True),
        setting("format"),
        setting("hash_type"),
        setting("whole", "Whether the newest file holds all rows, so that missing ones are gone."),
    )
    gives: ClassVar[bool] = False

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield the rows of files that are new or were changed, the oldest first."""
        folder, whole = context.settings.folder, context.settings.whole
        assert folder is not None
        before = dict((checkpoint or {}).get("files") or {})
        known = before if not context.fresh else {}
        files = _files(folder, context.now())
        if before and not files and not _files(folder, math.inf):
            raise EndpointError(
                f"{folder} held lists and now holds none; look whether it is mounted and who emptied it", setup=True
            )
        if whole:
            files = files[-1:]
        marks = {file.name: known[file.name] for file in files if file.name in known}
        due = [file for file in files if known.get(file.name) != file.mark]
        failure: EndpointError | None = None
        rows: list[Row] = []
        held = unreadable = 0
        for file in due:
            try:
                for page in _read(context, folder, file):
                    rows += [_of_file(row, file) for row in page.rows]
                    held += count_of(page.rows)
                    unreadable += unreadable_in(page.rows)
                    if held >= PAGE_ROWS:  # not a page a file: each holds the marks of all files
                        yield Page(rows=rows, checkpoint={"files": dict(marks)}, share=page.share)
                        rows, held = [], 0
            except UsageError as error:  # it stays what it is until somebody writes it anew
                if whole:
                    raise EndpointError(f"{file.said} in {folder} is no list that we can read: {error}") from None
                rows.append(Bad(line=0, reason=f"{file.said}: {error}"))
            except EndpointError as error:
                failure = error
                continue
            if not (whole and unreadable):  # what is missing may be what could not be read: it is read again
                marks[file.name] = file.mark
        if failure is not None:
            yield Page(rows=rows, checkpoint={"files": marks})
            raise failure
        ends = whole and bool(due)
        yield Page(rows=rows, checkpoint={"files": marks}, last=True, whole=ends, all=ends, unreadable=unreadable)

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:  # noqa: ARG002  the protocol's
        """Refuse: a folder hears nothing."""
        return [Given(taken=False, why="a folder takes no feedback") for _ in feedback]


def _files(folder: Path, now: float) -> list[_File]:
    """Return the files that are finished, the oldest first. Raises EndpointError."""
    found: list[tuple[int, _File]] = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_FILES:
                    raise EndpointError(
                        f"{folder} holds more than {MOST_FILES:,} files; take away those that were read", setup=True
                    )
                name = entry.name
                if name.startswith((".", "~", "#")) or name.lower().endswith((*UNFINISHED, *SIGNED)):
                    continue
                about = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(about.st_mode) and not 0 <= now - about.st_mtime < SETTLED:
                    found.append((about.st_mtime_ns, _File.of(name, about)))
    except OSError as error:
        raise EndpointError(f"cannot read the folder {folder}: {file_fault(error)}", setup=True) from None
    return [file for _, file in sorted(found, key=lambda one: (one[0], one[1].name))]


def _of_file(row: Row, file: _File) -> Row:
    """Return a row, in whose fault its file is named."""
    if not isinstance(row, Bad):
        return row
    where = f"{file.said}, {row.place}" if row.place else file.said
    return replace(row, line=0, reason=f"{where}: {row.reason}")


def _read(context: Context, folder: Path, file: _File) -> Iterator[Page]:
    """Yield a file's rows. Raises EndpointError if it changes meanwhile: then it is read again later."""
    path = folder / file.name
    try:
        # a file that became a link or a pipe since we looked is not followed and not waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as raw:
            before = os.fstat(raw.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise EndpointError(f"{file.said} in {folder} is no plain file")
            listing = Listing(
                unpacked(file.said, _pieces(raw), LARGEST), context.settings.format, file.said.removesuffix(".gz")
            )
            for part in listing.parts():
                share = min(1.0, raw.tell() / before.st_size) if before.st_size else None
                yield Page(rows=part.rows, checkpoint={}, share=share)
            if _File.of(file.name, os.fstat(raw.fileno())) != file:
                raise EndpointError(f"{file.said} in {folder} was written to while it was read; it is read again")
    except OSError as error:
        raise EndpointError(f"cannot read {file.said} in {folder}: {file_fault(error)}", setup=True) from None


def _pieces(raw: BinaryIO) -> Iterator[bytes]:
    while piece := raw.read(PIECE):
        yield piece
