"""Lists as the world writes them: each shape gives its digests, ids, withdrawals and what is left out."""

from __future__ import annotations

import pytest

from bot.lists import Bad, Fault, Record, Whole, read
from bot.lists.record import Row
from tests.list_shapes import SHAPES, Shape
from tests.list_shapes_of_tools import TOOLS

ALL = (*SHAPES, *TOOLS)


def said(record: Record) -> str:
    """Return the digests of a record as the table writes them."""
    parts = [f"{signal.type}:{signal.value.hex()}" for signal in record.signals]
    parts += [
        f"{kind}:{value}" for pair in record.files for kind, value in zip(("sha256", "md5"), pair, strict=True) if value
    ]
    return "+".join(parts)


def check(shape: Shape, found: list[Row]) -> None:
    """Compare what was read with what the table says."""
    records = [row for row in found if isinstance(row, Record)]
    kept = [row for row in records if not row.child]
    bad = [row for row in found if isinstance(row, Bad)]
    assert [said(row) for row in kept] == list(shape.rows), bad
    assert [row.id for row in kept] == list(shape.ids or [None] * len(kept))
    assert [place for place, row in enumerate(kept) if row.withdrawn] == list(shape.withdrawn)
    assert len(records) - len(kept) == shape.children
    assert [row.line for row in bad if row.fault is not Fault.NOT_OURS] == list(shape.bad), bad
    assert [row.line for row in bad if row.fault is Fault.NOT_OURS] == list(shape.not_ours), bad
    assert tuple(kind for row in kept for kind in row.passed) == shape.passed
    assert any(isinstance(row, Whole) for row in found) is shape.whole
    if shape.opinions:
        assert [(who, str(what)) for row in kept for who, what in row.opinions] == list(shape.opinions)


@pytest.mark.parametrize("shape", ALL, ids=[shape.name for shape in ALL])
def test_shapes_are_read_as_they_are_meant(shape: Shape) -> None:
    """Digests, ids, withdrawals, children and faults of every shape, told by themselves."""
    check(shape, list(read(shape.data, shape.how, shape.file)))


@pytest.mark.parametrize("shape", ALL, ids=[shape.name for shape in ALL])
def test_shapes_are_the_same_byte_by_byte(shape: Shape) -> None:
    """However the bytes are cut into blocks, the same rows come of them."""
    check(shape, list(read((shape.data[at : at + 7] for at in range(0, len(shape.data), 7)), shape.how, shape.file)))
