"""Hashes of 64 digits that name no type: told what they are taken for, refused where they look like SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.errors import UsageError
from bot.lists import Plain, Record, Unnamed, not_sums, read_many, typed
from bot.lists.unnamed import SURE_FROM
from bot.loopback.exchanges import ExchangePark, File
from bot.signals.base import picture
from bot.signals.pdq import Pdq
from tests.fetching import park
from tests.list_shapes import M1, P1, S1, nd, text
from tests.test_exchange_commands import here, run, said
from tests.test_list_import import bring, home

__all__ = ["here", "home", "park"]
SUMS = [hashlib.sha256(f"another {number}".encode()).hexdigest() for number in range(3_000)]


@cache
def pictures() -> list[str]:
    """Return the PDQ of 120 pictures."""
    return [Pdq().compute(picture(160, 90 + number, 5_000 + number))[0].hex() for number in range(120)]


def unnamed(data: bytes) -> int:
    """Return how many hashes of a list are of a kind that nobody says."""
    found = Unnamed()
    for row in read_many(data):
        found.add(row)
    return found.count


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (text(P1, S1, f"0x{P1}"), 3),
        (text(f"pdq:{P1}", f"{S1}  a.mp4", M1), 0),
        (text("\n".join(SUMS[:60]), "", P1), 61),
        (text("hash", P1), 1),
        (text("hash,quality", f"{P1},90"), 0),
        (text("pdq", P1), 0),
        (text("hash,type", f"{P1},pdq", f"{S1},sha256", f"{P1},image"), 1),
        (nd({"id": 1, "hash": P1}, {"id": 2, "hash": P1, "type": "pdq"}, {"id": 3, "pdq": P1}), 1),
        (json.dumps([P1, S1]).encode(), 2),
        (json.dumps({"hashes": [P1, f"pdq:{S1}"]}).encode(), 1),
    ],
)
def test_what_names_no_type_is_counted(data: bytes, count: int) -> None:
    """A heading, a type, a prefix or a quality says what a hash is; its length does not."""
    assert unnamed(data) == count


def lists(of: list[str], size: int) -> Iterator[bytes]:
    """Yield lists of so many hashes."""
    for at in range(0, len(of) - size + 1, size):
        yield text(*of[at : at + size])


@pytest.mark.slow
def test_lists_are_told_apart_by_their_bits() -> None:
    """Of other pictures and other files than those by which the threshold was chosen, every list is told right."""
    for data in lists(pictures(), SURE_FROM):
        assert [*not_sums(read_many(data))]
    for data in lists(SUMS, SURE_FROM):
        with pytest.raises(UsageError, match="--type sha256"):
            list(not_sums(read_many(data)))
    few = [Unnamed() for _ in lists(SUMS, 16)]
    for found, data in zip(few, lists(SUMS, 16), strict=True):
        assert [*found.of(read_many(data))]
        assert [*not_sums(read_many(data))]
    assert sum(found.is_like_sums for found in few) >= 0.99 * len(few)


def test_a_word_of_the_user_decides() -> None:
    """Typed as SHA-256, hashes are of files, beside the MD5 of their row; what names its type stays what it is."""
    rows = nd({"id": 1, "hash": S1, "md5": M1}, {"id": 2, "pdq": P1})
    assert list(typed(read_many(rows), "sha256")) == [
        Record("1", files=((S1, M1),)),
        next(iter(read_many(nd({"id": 2, "pdq": P1})))),
    ]
    many = list(typed(read_many(text(*SUMS)), "sha256"))
    assert [row.files for row in many if isinstance(row, Record)] == [((one, ""),) for one in SUMS]
    (plain,) = typed(read_many(text(*SUMS)), "pdq")
    assert isinstance(plain, Plain)
    assert (plain.count, plain.unnamed) == (3_000, False)


def test_the_command_says_what_it_took(home: Path) -> None:
    """A long list of SHA-256 is refused and nothing of it taken; with a type it comes in whole, a short one is told."""
    with pytest.raises(UsageError, match=r"--type sha256 or --type pdq"):
        bring(text(*SUMS), name="sums.txt")
    assert bring(text(*SUMS), "--type", "sha256", name="sums.txt")[1][-1]["added"] == 3_000
    assert bring(text(*pictures()), name="pictures.txt")[1][-1]["unnamed"] == 120
    spoken = run("bank", "import", "list", "pictures.txt", "--by", "ann")
    assert "120 hashes of 64 digits name no type and count as PDQ; if they are SHA-256" in said(spoken)
    assert "64 digits" not in said(run("bank", "import", "list", "pictures.txt", "--by", "ann", "--type", "pdq"))
    with pytest.raises(UsageError, match="sha1 is no type"):
        bring(text(P1), "--type", "sha1")


def test_an_exchange_says_so_and_takes_a_type(here: Path, park: ExchangePark) -> None:
    """What looks like SHA-256 is told with the fetch; the setting makes files of it."""
    park.files["a.txt"] = File(body=text(*SUMS[:60]))
    url = f"{park.url}/lists/a.txt"
    run("exchange", "add", "a", "--url", url, "--bank", "partner")
    run("exchange", "fetch", "a")
    assert 'set hash_type to "sha256"' in said(run("exchange", "list"))
    run("exchange", "add", "b", "--url", url, "--bank", "partner", "--type", "sha256")
    run("exchange", "fetch", "b")
    assert "hash_type" not in json.loads(run("exchange", "list", "--json").output.splitlines()[1])
    exported = run("bank", "export", "partner").output.splitlines()
    assert sum(json.loads(line)["files"] != [] for line in exported) == 60
