"""Files that are dropped into a folder."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.endpoints import Endpoints
from bot.errors import EndpointError
from bot.loopback.exchanges import pdq_of
from tests.fetching import NOW, begun, clock, faults, http, pages_of, records, values

__all__ = ["clock", "http"]


def drop(folder: Path, name: str, *rows: int, age: float = 60) -> Path:
    """Put a list of these rows into a folder, written so many seconds ago."""
    path = folder / name
    text = "".join(f"{pdq_of(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    os.utime(path, (NOW - age, NOW - age))
    return path


def test_files_are_read_once_the_oldest_first(tmp_path: Path, http: Endpoints, clock: ManualClock) -> None:
    """Each file is read when it is new or was changed, and never moved."""
    drop(tmp_path, "b.txt", 1, age=100)
    drop(tmp_path, "a.txt.gz", 2, 3, age=50)
    pages = pages_of(http, clock, kind="folder", folder=tmp_path)
    assert values(records(pages)) == [pdq_of(1), pdq_of(2), pdq_of(3)]
    end = pages[-1].checkpoint
    assert records(pages_of(http, clock, end, kind="folder", folder=tmp_path)) == []
    drop(tmp_path, "b.txt", 4)
    drop(tmp_path, "c.txt", 5)
    later = pages_of(http, clock, end, kind="folder", folder=tmp_path)
    assert values(records(later)) == [pdq_of(4), pdq_of(5)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt.gz", "b.txt", "c.txt"]
    assert len(records(pages_of(http, clock, end, kind="folder", folder=tmp_path, fresh=True))) == 4


def test_unfinished_hidden_and_strange_files_are_left_alone(
    tmp_path: Path, http: Endpoints, clock: ManualClock
) -> None:
    """Parts of downloads, hidden files, folders, links, pipes and what was written a moment ago are not read."""
    for name in (".a.txt", "a.txt.part", "a.crdownload", "a.tmp", "a.txt~", "a.txt.minisig"):
        drop(tmp_path, name, 1)
    drop(tmp_path, "fresh.txt", 1, age=1)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    outside = drop(tmp_path.parent, "outside.txt", 1)
    (tmp_path / "link.txt").symlink_to(outside)
    pages = pages_of(http, clock, kind="folder", folder=tmp_path)
    assert records(pages) == []
    clock.sleep(10)
    assert len(records(pages_of(http, clock, pages[-1].checkpoint, kind="folder", folder=tmp_path))) == 1


def test_one_bad_file_holds_up_no_other(tmp_path: Path, http: Endpoints, clock: ManualClock) -> None:
    """A file that is no list is told by its name, and the others are read; it is not told again until it changes."""
    (tmp_path / "a.bin").write_bytes(b"nothing like a list")
    os.utime(tmp_path / "a.bin", (NOW - 90, NOW - 90))
    drop(tmp_path, "b.txt", 1)
    pages = pages_of(http, clock, kind="folder", folder=tmp_path)
    assert values(records(pages)) == [pdq_of(1)]
    assert [fault.reason.partition(":")[0] for fault in faults(pages)] == ["a.bin"]
    assert faults(pages_of(http, clock, pages[-1].checkpoint, kind="folder", folder=tmp_path)) == []


def test_the_newest_file_is_the_whole_list(tmp_path: Path, http: Endpoints, clock: ManualClock) -> None:
    """With `whole`, one file is the list, and it sweeps; an unchanged one does not, and one that is no list fails."""
    drop(tmp_path, "old.txt", 1, 2, age=100)
    drop(tmp_path, "new.txt", 3, age=50)
    pages = pages_of(http, clock, kind="folder", folder=tmp_path, whole=True)
    assert values(records(pages)) == [pdq_of(3)]
    assert pages[-1].whole
    assert not pages_of(http, clock, pages[-1].checkpoint, kind="folder", folder=tmp_path, whole=True)[-1].whole
    (tmp_path / "newer.txt").write_bytes(b"nothing like a list")
    os.utime(tmp_path / "newer.txt", (NOW - 9, NOW - 9))
    with pytest.raises(EndpointError, match="no list that we can read"):
        pages_of(http, clock, kind="folder", folder=tmp_path, whole=True)


@pytest.mark.slow
def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, http: Endpoints, clock: ManualClock
) -> None:
    """What is written to meanwhile is not marked as read."""
    drop(tmp_path, "a.txt", *range(30_000))
    fetch = begun(http, clock, kind="folder", folder=tmp_path)
    pages = [next(fetch)]
    drop(tmp_path, "a.txt", *range(30_005), age=30)
    with pytest.raises(EndpointError, match="written to while it was read"):
        pages.extend(fetch)
    assert pages[-1].checkpoint == {"files": {}}
    assert len(records(pages_of(http, clock, pages[-1].checkpoint, kind="folder", folder=tmp_path))) == 30_005


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, http: Endpoints, clock: ManualClock) -> None:
    """The sentence names the folder."""
    with pytest.raises(EndpointError, match="cannot read the folder") as caught:
        pages_of(http, clock, kind="folder", folder=tmp_path / "none")
    assert caught.value.setup


def test_what_cannot_be_read_is_told_with_its_file(tmp_path: Path, http: Endpoints, clock: ManualClock) -> None:
    """A fault names file and line, or the item of a document; what in a name steers a terminal is written out."""
    for name, text in (
        ("a.txt", f"{pdq_of(1)}\nnothing\n"),
        ("b\x1b[31m.json", '[{"pdq": "x"}]'),
        ("c\x1b.bin", "none"),
    ):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (NOW - 90, NOW - 90))
    told = [fault.reason for fault in faults(pages_of(http, clock, kind="folder", folder=tmp_path))]
    assert [reason.partition(": ")[0] for reason in told] == [
        "a.txt, line 2",
        "b\\u001b[31m.json, item 1",
        "c\\u001b.bin",
    ]
    with pytest.raises(EndpointError, match=r"^c\\u001b\.bin in ") as caught:
        pages_of(http, clock, kind="folder", folder=tmp_path, whole=True)
    assert "\x1b" not in str(caught.value)
