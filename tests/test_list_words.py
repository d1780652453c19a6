"""What rows say in words: that they are withdrawn, that they belong together; and lines made to stop a reader."""

from __future__ import annotations

import contextlib
import json
import sys
import tracemalloc
from typing import Any

import pytest

from bot.errors import UsageError
from bot.lists import FORMATS, Bad, Fault, Plain, Record, read, read_many
from bot.lists.child_words import sentence_says, tag_says
from tests.list_shapes import M1, P1, P2
from tests.slow import slow
from tests.test_list_reading import HASHES, said

LONG_WORDS = ("sex", "child", "minor ", "a", "_", "- ", "sex child ", "C.", "15 ", "under ", '"', " ", "no ", "é", "1.")


@pytest.mark.parametrize("part", LONG_WORDS)
def test_whatever_is_long_is_read_in_a_time_of_its_length(part: str) -> None:
    """Four times the text takes about four times the steps, in tags, in sentences, in lines and in cells."""

    def steps(times: int) -> int:
        text = part * times
        count = 0

        def counted(frame: Any, event: str, _arg: Any) -> Any:
            nonlocal count
            count += event == "line"
            frame.f_trace_opcodes = False
            return counted

        before = sys.gettrace()
        sys.settrace(counted)
        try:
            tag_says(text)
            sentence_says(text)
        finally:
            sys.settrace(before)
        return count

    few, many = steps(100), steps(400)
    assert many < 6 * few + 2_000


# Nothing in them may match a text in more than one way: what overlaps costs the square of the text, or worse.
HANGS = (
    *(
        f"{word}{join * 3000}"
        for word in ("sex", "child", "ab", "1", "2026", P1)
        for join in ("_", " ", "-", ".", "/", ":")
    ),
    '"' * 3000,
    "=" * 3000,
    "(" * 3000,
    f"md5 ({' )' * 2000}",
)


@pytest.mark.parametrize("text", HANGS, ids=range(len(HANGS)))
def test_no_line_stops_a_reading(text: str) -> None:
    """Names of files, notes and lines made to hang a reader are read, in every format, in one step a character."""
    digits = M1.encode()
    for data in (
        text.encode(),
        digits + b"  " + text.encode() + b".jpg",
        b"md5,description\n" + digits + b"," + text.replace('"', "").encode() + b" x",
        json.dumps({"md5": M1, "description": text, "status": text, "deleted_at": text, "quality": text}).encode(),
    ):
        for how in FORMATS:
            with contextlib.suppress(UsageError):
                list(read(data, how))
        with contextlib.suppress(UsageError):
            list(read(data))


@slow
def test_what_strangers_write_is_not_remembered() -> None:
    """However many long texts and names a list has, memory stays flat."""
    tracemalloc.start()
    try:
        for number in range(24):
            long = f"{number} {'x' * 200_000}"
            list(read(json.dumps({"md5": M1, "description": long, "tags": long, long: 1}).encode(), "ndjson"))
        assert tracemalloc.get_traced_memory()[0] < 2 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "value", "gone"),
    [
        *(
            ("deleted_at", nothing, False)
            for nothing in (
                "NULL", "\\N", "None", "nan", "-", "never", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "n/a", "No",
                "1970-01-01 00:00:00", "1899-12-30", "00.00.0000", "2199-01-01", None, 0, False, "0", "{}", "[]",
            )
        ),
        *(
            ("deleted_at", since, True)
            for since in (
                "2026-01-01", "31.12.2024", "12/31/2024 10:30", 1764280000, 1764280000000, "46000", "yes", True,
                "20240131", "Mon, 02 Dec 2024 10:00:00 GMT", "2 Dec 2024", {"$date": "2024-12-02T00:00:00Z"},
            )
        ),
        ("expires", 73050, False),  # a day of 2099, as spreadsheets count
        ("expires", "43831", True),
        ("expires", "21001231", False),
        ("expires", "20241231", True),
        ("expires", "31.12.2024", True),
        ("expires", "12/31/2024", True),
        ("expires", "12/31/2199", False),
        ("expires", "never", False),
        *(("deleted", yes, True) for yes in ("ja", "X", "✓", "1.0", 1.0, "TRUE", 1)),
        *(("deleted", no, False) for no in ("nein", "", "0.0", 0.0, "no", None)),
        *(("active", no, True) for no in ("nein", "inactive", "FALSE", 0, "no longer active")),
        *(("active", yes, False) for yes in ("ja", "x", 1, "1.0", "")),
        *(
            ("status", gone, True)
            for gone in (
                "withdrawn by victim", "DELETED (2026)", "zurueckgezogen", "zurückgezogen", "gelöscht", "Removed",
                "no longer active", {"code": "withdrawn"}, ["retracted"], "NON_MALICIOUS", "not active",
            )
        ),
        *(("status", live, False) for live in ("active", "MALICIOUS", "Not withdrawn", "", None, 3)),
        ("status", {"code": "active"}, False),
    ],
)  # fmt: skip
def test_a_row_is_gone_where_it_says_so_and_nowhere_else(name: str, value: Any, gone: bool) -> None:
    """Of what databases write for nothing, of dates, of days of spreadsheets, of words and flags."""
    found = [row for row in read(json.dumps([{"id": 1, "md5": M1, name: value}]).encode()) if isinstance(row, Record)]
    assert [row.withdrawn for row in found] == [gone]


def test_what_moderators_removed_is_no_withdrawal() -> None:
    """Beside a post, "removed" is said of the post; of a list's row it is said where nothing of a post stands."""
    sheet = f"Post;MD5;Removed\nabc;{M1};yes\n".encode()
    status = f"Link,MD5,Status\nhttps://example.org/x,{M1},Removed\n".encode()
    row = f"id,md5,removed\n1,{M1},yes\n".encode()
    assert [said(one)[3] for data in (sheet, status, row) for one in read(data)] == [False, False, True]


def test_a_state_that_nobody_knows_is_told() -> None:
    """Its row is taken, and a person hears of it."""
    row, told = read(json.dumps({"id": 1, "md5": M1, "status": "quarantined"}).encode())
    assert said(row)[3] is False
    assert isinstance(told, Bad)
    assert told.fault is Fault.NOTE


@pytest.mark.parametrize("how", ["ndjson", "json", "csv"])
def test_rows_of_one_id_that_follow_one_another_are_one(how: str) -> None:
    """In every format, and whether they come one by one or many at a time."""
    rows = [
        {"id": 7, "type": "pdq", "value": P1},
        {"id": 7, "type": "md5", "value": M1},
        {"id": 8, "type": "pdq", "value": P2},
    ]
    if how == "csv":
        data = "".join(
            f"{','.join(map(str, row))}\n" for row in (("id", "type", "value"), *(row.values() for row in rows))
        )
    else:
        data = json.dumps(rows) if how == "json" else "".join(f"{json.dumps(row)}\n" for row in rows)
    wanted = [("7", (P1,), (("", M1),), False, False), ("8", (P2,), (), False, False)]
    assert [said(row) for row in read(data.encode())] == wanted
    assert [said(row) for row in read_many(data.encode()) if isinstance(row, Record)] == wanted


@pytest.mark.parametrize(
    "log", [{"op": "put"}, {"op": "put", "seq": 3}, {"operation": "update"}, {"changeType": "UPDATED"}]
)
def test_lines_of_a_log_of_changes_are_never_joined(log: dict[str, Any]) -> None:
    """Each says anew all that its id is: the hash of before must not be kept beside the one of now."""
    rows = [{**log, "id": 7, "type": "pdq", "value": value} for value in (P1, P2)]
    data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    wanted = [("7", (P1,), (), False, False), ("7", (P2,), (), False, False)]
    assert [said(row) for row in read(data)] == wanted
    assert [said(row) for row in read_many(data) if isinstance(row, Record)] == wanted


def test_rows_of_one_id_are_one_wherever_blocks_are_cut() -> None:
    """The last of many that come at a time and the first of the next are one record if they are of one id."""
    lines = [
        json.dumps({"id": str(number // 2 if number > 2 else number), "pdq": HASHES[number]}) for number in range(8)
    ]
    data = "".join(f"{line}\n" for line in lines).encode()
    wanted = [said(row) for row in read(data)]
    for size in (1, 70, 90, 91, 180, 183, 300):
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        found: list[tuple[Any, ...]] = []
        for row in read_many(iter(parts), "ndjson"):
            if isinstance(row, Plain):
                found += [
                    (name, (value.hex(),), (), False, False)
                    for name, value in zip(row.ids or (), row.values, strict=True)
                ]
            else:
                found.append(said(row))
        assert found == wanted


def test_a_child_in_one_of_the_rows_of_an_id_drops_them_all() -> None:
    """Whichever of them is tagged: what is in doubt is dropped."""
    for tags in (("csam", ""), ("", "csam")):
        data = "".join(
            json.dumps({"id": 7, "md5": md5, "tags": tag}) + "\n" for md5, tag in zip((M1, P1[:32]), tags, strict=True)
        )
        (row,) = read(data.encode(), "ndjson")
        assert said(row)[3:] == (True, True)


@pytest.mark.parametrize("name", ["1.23457E+18", "1,23457E+18", "1E+20", "1.2e+18"])
def test_ids_that_a_spreadsheet_rounded_are_refused(name: str) -> None:
    """Thirty rows would be one; the sentence says what to do."""
    data = f"id;md5\n{name};{M1}\n".encode()
    assert ["export that column as text" in row.reason for row in read(data) if isinstance(row, Bad)] == [True]
    rows = (json.dumps({"id": name, "pdq": P1}) + "\n").encode()
    assert all(isinstance(row, Bad) for row in read_many(rows, "ndjson"))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (("0.97", "1.0", "0,5"), [97, 100, 50]),
        (("1", "0.97", "1"), [100, 97, 100]),
        (("98,5", "97%", "HD"), [98, 97, 100]),
        (("1", "80", "0"), [1, 80, 0]),
        (("nan", "-1", ""), [100, 100, 100]),
    ],
)
def test_a_quality_is_read_as_it_is_meant(values: tuple[str, ...], wanted: list[int]) -> None:
    """Shares, percents, commas of other countries; words and nothing lose no sound PDQ."""
    data = "pdq;quality\n" + "".join(f"{HASHES[place]};{value}\n" for place, value in enumerate(values))
    assert [row.signals[0].quality for row in read(data.encode()) if isinstance(row, Record)] == wanted


@pytest.mark.parametrize(
    "data",
    [
        f"# NCMEC CSAM hash list, do not share\n{P1}\n",
        f"CSAM hashes 2026,,\nname,md5\nx,{M1}\n",
        f"// child sexual abuse material\nid,pdq\n1,{P1}\n",
        f"\n# Kinderpornografie 2026\n\n{P1}\n",
    ],
)
def test_a_list_that_says_it_is_of_child_abuse_is_refused(data: str) -> None:
    """The title or a comment above its rows is enough; the sentence says where it belongs."""
    for how in ("auto", "hex", "csv"):
        with pytest.raises(UsageError, match="not with moderators"):
            list(read(data.encode(), how))


@pytest.mark.parametrize(
    "first",
    [
        "# no CSAM in this list",
        "# report CSAM to NCMEC",
        "# NCII of adults",
        "is_csam,md5",
        "# CSAM was removed",
        "# minor edits",
    ],
)
def test_a_comment_about_child_abuse_refuses_no_list(first: str) -> None:
    """What is denied, advised or a heading says nothing of the list."""
    rows = f"no,{M1}\n" if "," in first else f"{P1}\n"
    assert [row for row in read(f"{first}\n{rows}".encode()) if isinstance(row, Record) and not row.child]


@pytest.mark.parametrize("filler", ["\u115f", "\u1160", "\u3164", "\uffa0"])
def test_letters_that_nobody_sees_are_none(filler: str) -> None:
    """Hangul fillers stand for nothing: a sentence with them is read, and says what it says without them."""
    assert not sentence_says(f"1 {filler} clips")
    assert sentence_says(f"clips of {filler} child {filler} abuse")
    assert sentence_says(f"clips of chi{filler}ld abuse")
