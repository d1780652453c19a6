"""Which entries share words with a picture: an inverted file over local features. Approximate by design.

A word is three sub-strings of 21 bits. Two views of one corner differ in a few of its 64 bits, so that one of the three
mostly survives; what a sub-string brings up is compared whole. Then entries are ranked by pairs that turn and grow
alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.copies.points import Ints, Points, Words, turned

BITS, TABLES = 21, 3
NEAR = 8  # bits of 64
COMMON = 400  # rows under one sub-string of a segment: what says so little is not followed
DIRECTIONS, SIZES = 16, 8  # bins
FEW = 2  # votes in one bin, below which an entry is not worth a closer look


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of some owners, in `TABLES` orders."""

    owner: NDArray[np.int32]
    word: Words
    angle: NDArray[np.uint8]
    size: NDArray[np.int8]
    keys: tuple[NDArray[np.uint32], ...]
    rows: tuple[NDArray[np.uint32], ...]


def segment(parts: Sequence[tuple[int, Points]]) -> Segment:
    """Return a segment of owners' corners; `parts` is not empty."""
    angle = np.concatenate([points.angle for _, points in parts])
    return _ordered(
        np.concatenate([np.full(len(points), number, dtype=np.int32) for number, points in parts]),
        np.concatenate([points.word for _, points in parts]),
        np.rint(angle * (256 / (2 * np.pi))).astype(np.int64).astype(np.uint8),
        np.concatenate([points.size for _, points in parts]).astype(np.int8),
    )


def joined(segments: Sequence[Segment], gone: set[int]) -> Segment:
    """Return one segment of several, without the owners that are gone."""
    owner = np.concatenate([held.owner for held in segments])
    stays = ~np.isin(owner, np.fromiter(gone, dtype=np.int32, count=len(gone)))
    word, angle, size = (
        np.concatenate(part)[stays]
        for part in zip(*((held.word, held.angle, held.size) for held in segments), strict=True)
    )
    return _ordered(owner[stays], word, angle, size)


def _ordered(owner: NDArray[np.int32], word: Words, angle: NDArray[np.uint8], size: NDArray[np.int8]) -> Segment:
    keys, rows = [], []
    for table in range(TABLES):
        key = _key(word, table)
        order = np.argsort(key, kind="stable")
        keys.append(key[order])
        rows.append(order.astype(np.uint32))
    return Segment(owner=owner, word=word, angle=angle, size=size, keys=tuple(keys), rows=tuple(rows))


def ranked(segments: Sequence[Segment], query: Points, owners: int, most: int) -> list[tuple[int, float]]:
    """Return the owners (numbers below `owners`) that share most with a query, and their votes; best first."""
    if not owners or not len(query):
        return []
    who: list[Ints] = []
    bins: list[Ints] = []
    weights: list[NDArray[np.float64]] = []
    for held in segments:
        ours, rows = _near(held, query.word)
        if not len(ours):
            continue
        turn = turned(query.angle[ours] - held.angle[rows].astype(np.float32) * np.float32(2 * np.pi / 256))
        growth = query.size[ours] - held.size[rows]
        direction = ((turn + np.pi) * (DIRECTIONS / (2 * np.pi))).astype(np.int64) % DIRECTIONS
        level = np.clip((growth + 12) / 3, 0, SIZES - 1).astype(np.int64)
        # a word that is everywhere in the bank, or ten times in one picture, is one witness
        often = np.bincount(ours, minlength=len(query))[ours]
        who.append(held.owner[rows].astype(np.int64))
        bins.append(direction * SIZES + level)
        weights.append(1.0 / np.sqrt(often))
    if not who:
        return []
    return _best(np.concatenate(who), np.concatenate(bins), np.concatenate(weights), owners, most)


def _best(who: Ints, bins: Ints, weights: NDArray[np.float64], owners: int, most: int) -> list[tuple[int, float]]:
    key = who * (DIRECTIONS * SIZES) + bins
    seen, place = np.unique(key, return_inverse=True)
    votes = np.bincount(place, weights=weights)
    score = np.zeros(owners)
    np.maximum.at(score, seen // (DIRECTIONS * SIZES), votes)
    order = np.argsort(-score, kind="stable")[:most]
    return [(int(number), float(score[number])) for number in order if score[number] >= FEW]


def _near(held: Segment, words: Words) -> tuple[Ints, Ints]:
    """Return (query number, row) of every pair that shares a sub-string and is near as a whole, each once."""
    found: list[Ints] = []
    for table in range(TABLES):
        key = _key(words, table)
        begin = np.searchsorted(held.keys[table], key, side="left")
        count = np.searchsorted(held.keys[table], key, side="right") - begin
        count[count > COMMON] = 0
        total = int(count.sum())
        if not total:
            continue
        ours = np.repeat(np.arange(len(words)), count)
        at = np.arange(total) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
        rows = held.rows[table][at].astype(np.int64)
        keep = np.bitwise_count(held.word[rows] ^ words[ours]) <= NEAR
        found.append(ours[keep] * len(held.owner) + rows[keep])
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    both = np.unique(np.concatenate(found))
    return both // len(held.owner), both % len(held.owner)


def _key(words: Words, table: int) -> NDArray[np.uint32]:
    shifted = words >> np.uint64(BITS * table)
    return np.asarray(shifted & np.uint64(2**BITS - 1), dtype=np.uint32)
