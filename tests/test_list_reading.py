"""Lists of strangers: whatever stands in them, one bad line costs one line, and nothing of it reaches a screen."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.lists import FORMATS, Bad, Fault, Plain, Record, read, read_many
from bot.lists.children import Field, field_named, in_words, is_tag, speaks_of_child
from bot.lists.record import Row
from tests.list_shapes import M1, P1, P2, SHA1, nd
from tests.slow import slow

HASHES = [random.Random(number).randbytes(32).hex() for number in range(12)]
SPELLINGS = {
    "id": ("id", "ID", "hash_id", "UUID"),
    "pdq": ("pdq", "PDQ", "PDQ Hash", "pdq_hash", "hash_pdq", "ImagePDQ"),
    "md5": ("md5", "MD5", "md5sum", "md5_hash", "MD5 Hash", "file md5"),
    "sha256": ("sha256", "SHA-256", "sha_256", "SHA256 Hash", "sha256sum"),
    "note": ("note", "Description", "comments", "found by"),
}


def said(row: Row) -> tuple[Any, ...]:
    """Return what a record says, to compare it."""
    assert isinstance(row, Record), row
    return row.id, tuple(signal.value.hex() for signal in row.signals), row.files, row.withdrawn, row.child


@st.composite
def tables(draw: st.DrawFn) -> tuple[bytes, list[tuple[Any, ...]]]:
    """Return a table, written in one of many ways, and what it says."""
    columns = draw(st.permutations(list(SPELLINGS)))
    names = [draw(st.sampled_from(SPELLINGS[column])) for column in columns]
    separator = draw(st.sampled_from(",;\t|"))
    encoding = draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1")))
    notes = st.text(st.sampled_from("ab \"'\n,;|\té"), max_size=12).map(lambda text: text.replace("\r", ""))
    rows = []
    for number in range(draw(st.integers(1, 5))):
        pdq, sha256 = HASHES[number], HASHES[number + 6]
        rows.append({"id": f"r{number}", "pdq": pdq, "md5": pdq[:32], "sha256": sha256, "note": draw(notes)})
    dress = draw(st.sampled_from((str, str.upper, lambda text: f"0x{text}", lambda text: f" {text} ")))
    held = io.StringIO()
    writer = csv.writer(
        held,
        delimiter=separator,
        quoting=draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))),
        lineterminator=draw(st.sampled_from(("\n", "\r\n"))),
    )
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [dress(row[column]) if column in ("pdq", "md5", "sha256") else row[column] for column in columns]
        )
    wanted = [(row["id"], (row["pdq"],), ((row["sha256"], row["md5"]),), False, False) for row in rows]
    return held.getvalue().encode(encoding), wanted


@given(tables())
@pytest.mark.slow
def test_a_table_says_the_same_however_it_is_written(table: tuple[bytes, list[tuple[Any, ...]]]) -> None:
    """Separator, quoting, order and spelling of headings, encoding and dress of hashes make no difference."""
    data, wanted = table
    assert [said(row) for row in read(data)] == wanted


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode), st.sampled_from(["auto", *FORMATS]))
def test_any_bytes_give_rows_or_one_sentence(data: bytes, how: str) -> None:
    """Whatever a file holds, a row, a bad row or a usage error of one line comes of it."""
    try:
        found = list(read(data, how))
    except UsageError as error:
        reasons = [str(error)]
    else:
        reasons = [row.reason for row in found if isinstance(row, Bad)]
    assert all(reason.isprintable() for reason in reasons)


NASTY = st.sampled_from(
    ["\x1b]0;own\x07\x1b[2J", "=cmd|' /C calc'!A0", "@SUM(1)", "\x9b31m", "\u202eevil", P1[:-1], "x" * 90]
)


@given(st.lists(NASTY, min_size=1, max_size=4), st.sampled_from([*FORMATS]))
def test_a_reason_quotes_nothing_of_a_row(cells: list[str], how: str) -> None:
    """Escapes, formulas and halves of hashes in a row never stand in what is said of it."""
    try:
        found = list(
            read(["value,type,quality\n", ",".join(cells) + "\n", json.dumps({"value": cells, "type": cells[0]})], how)
        )
    except UsageError as error:
        reasons = [str(error)]
    else:
        reasons = [row.reason for row in found if isinstance(row, Bad)]
    assert not [cell for cell in cells for reason in reasons if cell in reason]


@given(
    st.lists(
        st.sampled_from([P1, f"{P2},x", '{"md5":"' + M1 + '"}', "[", "]", '"', "", "x", f"pdq {P1}", "id,pdq"]),
        max_size=9,
    ),
    st.integers(1, 40),
)
def test_blocks_may_be_cut_anywhere(lines: list[str], size: int) -> None:
    """The rows of a list do not depend on how its bytes come."""
    data = "\n".join(lines).encode()

    def rows(source: Any) -> list[Row] | str:
        try:
            return list(read(source))
        except UsageError as error:
            return str(error)

    assert rows(data) == rows(data[at : at + size] for at in range(0, len(data), size))


def hashes(data: bytes | Iterator[bytes], name: str = "") -> tuple[int, list[int]]:
    """Return how many records a list gives, and the lines of its bad rows."""
    found = list(read(data, "auto", name))
    return sum(isinstance(row, Record) for row in found), [row.line for row in found if isinstance(row, Bad)]


def blocks(*parts: bytes, times: int, of: bytes) -> Iterator[bytes]:
    """Yield a first part, another many times, and the rest."""
    yield parts[0]
    for _ in range(times):
        yield of
    yield from parts[1:]


@pytest.mark.parametrize("first", [b"", f"{P1}\n".encode(), b"hash,type\n"], ids=["hex", "behind a hash", "table"])
def test_a_line_of_100_megabytes_costs_that_line(first: bytes) -> None:
    """It is told, what stands behind it is read, and memory stays flat."""
    first = first or f"{P1}\n".encode()
    tracemalloc.start()
    try:
        count, bad = hashes(blocks(first, b"\n" + P2.encode() + b"\n", times=100, of=b"a" * 2**20))
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert (count, bad) == (1 + (b"," not in first), [2])


@pytest.mark.parametrize(
    ("data", "count", "bad"),
    [
        (b'value,type\n"' + b"a" * 200_000 + b"\n" + P1.encode() + b",pdq\n", 1, [2]),
        (b'value,type\n"x\n' + f"{P1},pdq\n".encode() * 300, 300, [2]),
        (b'value,type\n"x\n' * 1 + b'"y\n' * 60 + f"{P1},pdq\n".encode(), 1, list(range(2, 63))),
        (b"value,type\n" + P1.encode() + b"\0,pdq\n=cmd|' /C calc'!A0,pdq\n" + P2.encode() + b",pdq\n", 2, [3]),
        (b"[" * 3000 + b"\n" + b'{"a":' * 1000 + b"\n" + nd({"hash": P1}), 1, [1, 2]),
        (json.dumps([{"hash": P1}] * 10)[:-40].encode(), 9, [0]),
        (
            b'[{"hash":"'
            + P1.encode()
            + b'"},{"hashes":'
            + b"[" * 900
            + b"]" * 900
            + b'},{"hash":"'
            + P2.encode()
            + b'"}]',
            2,
            [2],
        ),
        ("\n".join(["0" * 64, "f" * 64, P1]).encode(), 1, [1, 2]),
    ],
    ids=[
        "quote of 200 kB",
        "quote above rows",
        "many quotes",
        "NUL",
        "deep lines",
        "cut off",
        "deep element",
        "plain frames",
    ],
)
def test_what_is_damaged_costs_no_more_than_itself(data: bytes, count: int, bad: list[int]) -> None:
    """The rows beside it are read, and its line is told."""
    name = "x.ndjson" if data.startswith(b"[[") else ""
    assert hashes(data, name) == (count, bad)


def zipped() -> bytes:
    """Return a ZIP archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("list.csv", P1)
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (zipped(), "ZIP archive or a spreadsheet; unpack it"),
        (gzip.compress(gzip.compress(P1.encode(), mtime=0), mtime=0), "compressed twice"),
        (gzip.compress(f"{P1}\n".encode() * 1000, mtime=0)[:-20], "end too soon"),
        (b"\x1f\x8bgarbage and more", "gzip data are damaged"),
        (b"\xfd7zXZ\0more", "compressed by xz"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"SQLite format 3\0", "a database"),
        (b"[" * 300_000, "nests deeper"),
        (b'{"pdq": {"KNOWN": [{"bank_content_id": 101, "distance": "4"}]}}', "answer to a look-up"),
        (b'{"KNOWN": [{"bank_content_id": 101, "distance": "4"}]}', "answer to a look-up"),
        (b'{"matches": [101, 205]}', "answer to a look-up"),
        (b'{"error": {"message": "(#100) x", "code": 100}}', "what a server said of an error"),
        (b'{"message": "Bank not found"}', "what a server said of an error"),
        (b'<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images/>', "not with moderators"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        (b"a" * 100_000, "none of the formats"),
        (b"Dear moderators, here is nothing", "none of the formats"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    """Archives, answers of servers, pages and lists of child abuse are told apart."""
    with pytest.raises(UsageError, match=sentence.replace("(", r"\(")):
        list(read(data))


@slow
def test_what_inflates_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is left before it fills anything."""
    monkeypatch.setattr("bot.lists.opening.FREE", 2**20)
    with pytest.raises(UsageError, match="far more than any list"):
        list(read(gzip.compress(b"\n" * 2**25)))


def test_foreign_kinds_are_told_apart_from_faults() -> None:
    """A hash that we cannot match is nobody's fault; both are told, with their lines."""
    found = [row for row in read(f"sha1 {SHA1}\npdq {P1[:-1]}\n".encode()) if isinstance(row, Bad)]
    assert [(row.line, row.fault) for row in found] == [(1, Fault.NOT_OURS), (2, Fault.BROKEN)]


CHILD = """csam|CSAM|csem|csai|cse|child|Children|minor|minors|underage|Under 18|under-18|u18|child_safety|ChildAbuse
ncii,csam|sg-csam|csam-1|suspected minor|nude_minor|pre-teen|preteen|toddler|15yo|15 years old
Take It Down|IWF|NCMEC list|project vic|childPornography|child sexual abuse material|CSAM_CONFIRMED
Kinderpornografie|loli|pedo|kids|#child|violation:csam|C.S.A.M|c-s-a-m|C S A M|CSA|VICS|Internet Watch Foundation
Category A1|childsexualabusematerial|kinderporno|Missbrauchsdarstellung|Missbrauchsdarstellungen
Kindesmissbrauchsdarstellungen|barnporr|børneporno|pornografia dziecięca|dziecięca pornografia|детское порно
детская порнография|児童ポルノ|儿童色情|아동 성착취물|çocuk istismarı|pedophil|Pädophilie|girl (15)|age 15|aged 14
сsam|ＣＳＡＭ|CSĄM|cs4m|ped0|15 y.o.|16 years|pornografía infantil|menor de edad|under the age of 16|boy (9)"""  # noqa: RUF001
NO_CHILD = """ncii|deepfake|adult|minor edit|minor changes|minority|minor issue|child theme|child process|parent/child
childish|not csam|non-csam|no minors|without minors|take it down act|A minor|scene|course|caseine|kidney
18 years old|over 18|teen|cam|under 18.5%|severity minor bug|kind|under 10 seconds|under 18 MB|16 years old account
1-2 yo-yo|group: minors excluded|Kids in the Hall|toddlers & tiaras|not C.S.A.M|age 25|girl (25)|aged 18|A2 paper
for 15 years|порно|top 10|Kindle|under 15 frames"""


def split(text: str) -> list[str]:
    """Return the parts of a table of words."""
    return [part for line in text.splitlines() for part in line.split("|")]


@pytest.mark.parametrize("tag", split(CHILD))
def test_tags_of_child_abuse_are_known(tag: str) -> None:
    """By whole words, whatever joins them."""
    assert is_tag(tag)
    (row,) = read(json.dumps([{"pdq": P1, "tags": ["ncii", tag]}]).encode())
    assert isinstance(row, Record)
    assert row.child


@pytest.mark.parametrize("tag", split(NO_CHILD))
def test_other_tags_are_no_child_abuse(tag: str) -> None:
    """Parts of words, what is denied, and "minor" or "child" of something else."""
    assert not is_tag(tag)


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("Child sexual abuse material", True),
        ("a video of a minor being abused", True),
        ("contains CSAM", True),
        ("she was 16 in this", True),
        ("17yo girl", True),
        ("minor at the time", True),
        ("he was only fifteen, still a minor when this was made", True),
        ("her, girl (15), from the same class", True),
        ("Kindesmissbrauchsdarstellung", True),
        ("she was 16 minutes late", False),
        ("minors are excluded", False),
        ("posted 15 times by a 16 years old account", False),
        ("plays it in A minor", False),
        ("a minor edit", False),
        ("sexual content involving minors", True),
        ("underage girl", True),
        ("pornografía infantil", True),
        ("minor edit of the face", False),
        ("child theme of a blog", False),
        ("she has two children", False),
        ("no CSAM in it", False),
        ("no sexual content involving minors", False),
        ("does not contain csam", False),
        ("by Alice Childs, nude", False),
        ("taken down by the abuse team, kids section closed", False),
    ],
)
def test_sentences_count_where_they_say_it_beyond_doubt(text: str, child: bool) -> None:
    """A description is no tag."""
    assert in_words(text) is child
    (row,) = read(json.dumps([{"pdq": P1, "description": text}]).encode())
    assert isinstance(row, Record)
    assert row.child is child


@pytest.mark.parametrize(
    ("name", "value", "child"),
    [
        ("classification", "A1", True),
        ("category", "B2", True),
        ("classification", "A3", False),
        ("iwf_category", "C", True),
        ("vic_category", 2, True),
        ("caid_category", "0", False),
        ("is_csam", True, True),
        ("is_csam", "false", False),
        ("csam_score", 0.97, True),
        ("csam_score", "0.03", False),
        ("contains_minor", "yes", True),
        ("victim_age", 15, True),
        ("victim_age", "25", False),
        ("age_group", "prepubescent", True),
        ("member", "Take It Down", True),
        ("labels", {"csam": True, "ncii": False}, True),
        ("labels", {"csam": False, "ncii": True}, False),
        ("tags", {"data": [{"id": "1", "text": "csem"}]}, True),
        ("metadata", {"tags": ["minor"]}, True),
        ("bank", {"name": "NCMEC_HASHES"}, True),
        ("severity", "minor", False),
        ("csam", "not checked", False),
        ("csam", "No (checked)", False),
        ("csam", "yes (checked)", True),
        ("csam", "✓", True),
        ("is_minor", "unknown", False),
        ("is_minor", "N/A", False),
        ("Minor?", "Nein", False),
        ("minor", "-", False),
        ("grade", "A1", False),
        ("rating", "B2", False),
        ("rating", "csam", True),
        ("tags", "Category A1", True),
        ("age", "15-17", True),
        ("age", "25-30", False),
        ("parent", "child", False),
    ],
)
def test_fields_are_read_as_what_they_are(name: str, value: Any, child: bool) -> None:
    """Classes, flags, ages, members and objects; a field that holds none of that says nothing."""
    (row,) = read(json.dumps([{"id": 1, "md5": M1, name: value}]).encode())
    assert isinstance(row, Record)
    assert row.child is child
    assert row.withdrawn is child


def test_names_of_fields_say_how_they_are_read() -> None:
    """Hashes, ids and types are no tags."""
    assert [field_named(name) for name in ("tags", "description", "is_minor", "pdq", "id", "type", "quality")] == [
        Field.TAGS,
        Field.WORDS,
        Field.FLAG,
        None,
        None,
        None,
        None,
    ]
    assert not speaks_of_child(None, Field.TAGS)


LINES = [
    f"{P1}\n",
    f"{P2}\n",
    f"{M1}\n",
    "x\n",
    "\n",
    f"{P1.upper()}\r\n",
    "# whole\n",
    *(f"{one}\n" for one in HASHES),
]


@given(
    st.lists(st.sampled_from(LINES)),
    st.integers(1, 300),
    st.booleans(),
    st.sampled_from([1, 3, 2000]),
)
def test_rows_that_come_many_at_a_time_are_the_same(lines: list[str], size: int, ids: bool, few: int) -> None:
    """What is read in bulk says what it says row by row, with the same lines of what is bad."""
    if ids:
        lines = [json.dumps({"id": str(place), "pdq": line.strip()}) + "\n" for place, line in enumerate(lines)]
    data = "".join(lines).encode()
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    monkeypatched = pytest.MonkeyPatch()
    monkeypatched.setattr("bot.lists.bulk.FEW", few)
    many: list[tuple[Any, ...] | Row] = []
    for row in read_many(iter(parts), "ndjson" if ids else "hex"):
        if isinstance(row, Plain):
            names = row.ids or [None] * row.count
            many += [(name, (value.hex(),), (), False, False) for name, value in zip(names, row.values, strict=True)]
        else:
            many.append(said(row) if isinstance(row, Record) else row)
    monkeypatched.undo()
    single = [said(row) if isinstance(row, Record) else row for row in read(data, "ndjson" if ids else "hex")]
    assert many == single


def test_a_line_that_looks_drawn_takes_no_time() -> None:
    """Hundreds of thousands of dashes that end otherwise are one bad line, not minutes."""
    rows = list(read(iter([f"md5,note\n{'-' * 500_000}x\n{M1},seen\n".encode()]), "csv"))
    assert [type(row) for row in rows] == [Bad, Record]


def test_a_value_that_is_but_a_type_and_a_bar_is_a_bad_row() -> None:
    """As an export writes `md5|` where it has no hash: one bad row, and the next is read."""
    data = f"uuid,type,value\n1,md5,md5|\n2,md5,{M1}\n"
    assert [type(row) for row in read(data.encode(), "csv")] == [Bad, Record]
