"""Hash lists of others, in every shape."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence

from bot.errors import UsageError
from bot.lists import WRITERS, Bad, Record, Whole, plain_rows, read
from bot.lists.record import MAX_ID
from bot.model import Entry
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence
from tests.list_shapes import M1, P1, P2, P3, S1, SHAPES
from tests.list_shapes_of_tools import TOOLS

EXAMPLES = tuple(
    dict.fromkeys(
        shape.data.decode("latin-1")
        for shape in (*SHAPES, *TOOLS)
        if len(shape.data) < 3000 and not shape.data.startswith(b"\x1f\x8b")
    )
)
WORDS = (
    P1, P2, P3, M1, S1, "0" * 64, "f" * 64, P1.upper(), f"0x{P1}", "\n", "\r\n", "\r", "\t", ",", ";", "|", '"', '""',
    "'", "{", "}", "[", "]", ":", ",\n", "id", "pdq", "md5", "sha256", "phash", "hash", "quality", "type", "value",
    "withdrawn", "deleted", "tags", "opinions", "frames", "{\"id\": \"1\", \"pdq\": \"" + P2 + "\"}\n", "# whole",
    "# this list is complete\n", "# csam", "csam", "child", "minor", "// ", "null", "true", "1e400", "NaN", "-1",
    "101", "9" * 400, "1.2E+15", "\ufeff".encode().decode("latin-1"), "\xff\xfe", "\xfe\xff", "\x00", "\x1f\x8b\x08",
    "PK\x03\x04", "<html", "<?xml", "\xc3\xa9", "\xed\xa0\x80", "\\ud800", "\\u0000", "=\"",
    "id,type,value,quality,t\n", "whole", "next", "rows", "data", "paging", "  ", "- ", "MD5 (a) = ", "\\", "/",
    "e" * 300, "sha256:", "base64:", "indicator--1", "object_refs", "[file:hashes.MD5 = '", "Event", "Attribute",
    "Object", "md5|", "filename|md5", "response", "\x0b", "\x1c", "\x85", "%%%% HASHDEEP-1.0\n",
)  # fmt: skip


def check(drawn: Drawn) -> None:
    """A list is read to its end, however its bytes come in pieces; what is read can be written and read again."""
    how = drawn.byte()
    data = drawn.text(EXAMPLES, WORDS).encode("latin-1", "replace")
    if how % 8 == 1:
        data = gzip.compress(data, mtime=0)
    name = drawn.pick(("a.csv", "a.ndjson", "", "a.json.gz"))
    rows = rows_of(data, name)
    if drawn.byte() % 4 == 1:
        size = 1 + drawn.below(64)
        pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        assert rows_of(pieces, name) == rows, f"pieces of {size} bytes"
    assert len(rows) <= 3 * len(data) + 3 or how % 8 == 1
    records = [row for row in rows if isinstance(row, Record)]
    for row in rows:
        if isinstance(row, Bad):
            sentence(UsageError(row.reason))
        elif isinstance(row, Record):
            check_record(row)
    if drawn.byte() % 4 == 1:
        check_written([one for one in records if (one.signals or one.files) and not one.child][:20])
    for kind in ("hex", "ndjson"):
        check_short_way(data, kind)


def rows_of(source: bytes | list[bytes], name: str) -> list[object]:
    """Return the rows of a list, the refusal last."""
    found: list[object] = []
    try:
        found.extend(read(source, name=name))
    except UsageError as error:
        sentence(error)
        found.append(str(error))
    return found


def check_record(row: Record, most: int = MAX_ID) -> None:
    """Fail unless a row can be kept."""
    assert row.id is None or 0 < len(row.id) <= most
    (row.id or "").encode()
    for one in row.signals:
        assert len(one.value) == 32
        assert 0 <= one.quality <= 100
        assert 0 <= one.t <= 1e7
    for sha256, md5 in row.files:
        assert len(sha256) in (0, 64)
        assert len(md5) in (0, 32)
        assert sha256 or md5
    assert all(len(who) <= 300 for who, _ in row.opinions)


def check_written(records: list[Record]) -> None:
    """Fail unless what is written of records says the same when it is read."""
    entries = [
        Entry(
            label=f"E-{number}", bank="x", bank_kind="block", confirmed=True, signals=one.signals,
            sha256=tuple(sha for sha, _ in one.files), md5=tuple(md5 for _, md5 in one.files),
        )
        for number, one in enumerate(records)
    ]  # fmt: skip
    for kind in ("csv", "ndjson", "hex"):
        text = "".join(f"{line}\n" for line in WRITERS[kind](entries))
        if text:
            again = [
                row
                for row in read(text.encode(), {"csv": "csv", "ndjson": "ndjson", "hex": "hex"}[kind])
                if not isinstance(row, Whole)
            ]
            assert all(isinstance(row, Record) for row in again), again
            assert set(values(again, pdq=kind == "hex")) == set(values(records, pdq=kind == "hex")), kind


def values(rows: Sequence[object], *, pdq: bool) -> Iterator[tuple[str, str]]:
    """Yield each value of some records with its kind; `pdq`: of that alone."""
    for row in rows:
        assert isinstance(row, Record)
        yield from ((one.type, one.value.hex()) for one in row.signals if one.type == "pdq" or not pdq)
        for pair in row.files if not pdq else ():
            yield from ((kind, text) for kind, text in zip(("sha256", "md5"), pair, strict=True) if text)


def check_short_way(data: bytes, how: str) -> None:
    """Fail unless rows that are read many at once are those that are read one by one."""
    plain = plain_rows(data, how) if data else None
    if plain is None:
        return
    rows = list(read(data, how))
    assert len(rows) == plain.count
    for place, row in enumerate(rows):
        assert isinstance(row, Record), row
        assert [one.value for one in row.signals] == [plain.values[place]]
        assert plain.ids is None or row.id == plain.ids[place]
        assert row.unnamed == plain.unnamed
