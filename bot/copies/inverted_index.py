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

from bot.copies.points import Floats, Ints, Points, Words, turned
from bot.copies.points import joined as joined_points

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


def votes(segments: Sequence[Segment], queries: Sequence[Points]) -> tuple[Ints, Ints, Floats]:
    """Return (query number, owner, votes) of all owners that share corners with the queries, few of them at random.

    A vote counts only beside others that turn and grow alike.
    Three columns: int64 (m,), int64 (m,) and float32 (m,).
    """
    nothing = np.zeros(0, dtype=np.int64)
    if not segments or not sum(len(query) for query in queries):
        return nothing, nothing, np.zeros(0, dtype=np.float32)
    every = joined_points(queries)
    number = np.repeat(np.arange(len(queries)), [len(query) for query in queries])
    keys: list[Ints] = []
    weights: list[NDArray[np.float64]] = []
    for held in segments:
        ours, rows = _near(held, every.word)
        turn = turned(every.angle[ours] - held.angle[rows].astype(np.float32) * np.float32(2 * np.pi / 256))
        growth = every.size[ours] - held.size[rows]
        direction = ((turn + np.pi) * (DIRECTIONS / (2 * np.pi))).astype(np.int64) % DIRECTIONS
        level = np.clip((growth + 12) / 3, 0, SIZES - 1).astype(np.int64)
        # a word that is everywhere in the bank, or ten times in one picture, is one witness
        often = np.bincount(ours, minlength=len(every))[ours]
        owner = (number[ours] << 40) + held.owner[rows].astype(np.int64) * (DIRECTIONS * SIZES)
        keys.append(owner + direction * SIZES + level)
        weights.append(1.0 / np.sqrt(often))
    seen, place = np.unique(np.concatenate(keys), return_inverse=True)
    score = np.bincount(place, weights=np.concatenate(weights), minlength=len(seen))
    seen, score = seen[score >= FEW], score[score >= FEW]
    pair = seen // (DIRECTIONS * SIZES)
    first = np.ones(len(pair), dtype=bool)
    first[1:] = pair[1:] != pair[:-1]
    best = np.maximum.reduceat(score, np.flatnonzero(first)) if len(pair) else score
    pair = pair[first]
    per = (1 << 40) // (DIRECTIONS * SIZES)
    return pair // per, pair % per, best.astype(np.float32)


def _near(held: Segment, words: Words) -> tuple[Ints, Ints]:
    """Return (query number, row) of every pair that shares a sub-string and is near as a whole, each once."""
    common = max(COMMON, len(held.owner) // 10_000)
    found: list[Ints] = []
    for table in range(TABLES):
        key = _key(words, table)
        order = np.argsort(key, kind="stable")  # neighbours in the table are looked up together
        begin = np.searchsorted(held.keys[table], key[order], side="left")
        count = np.searchsorted(held.keys[table], key[order], side="right") - begin
        count[count > common] = 0
        total = int(count.sum())
        if not total:
            continue
        ours = np.repeat(order, count)
        at = np.arange(total) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
        rows = held.rows[table][at].astype(np.int64)
        differing = held.word[rows] ^ words[ours]
        keep = np.bitwise_count(differing) <= NEAR
        for earlier in range(table):  # found there already
            keep &= _key(differing, earlier) != 0
        found.append(ours[keep] * len(held.owner) + rows[keep])
    both = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    return both // max(1, len(held.owner)), both % max(1, len(held.owner))


def _key(words: Words, table: int) -> NDArray[np.uint32]:
    shifted = words >> np.uint64(BITS * table)
    return np.asarray(shifted & np.uint64(2**BITS - 1), dtype=np.uint32)
