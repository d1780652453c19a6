"""Local features of entries, sealed: what altered copies are found by. They are never exported."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace

from bot.encryption import FieldCipher
from bot.errors import SealError
from bot.model import Fingerprint, LocalFeatures, MotionSignature
from bot.store.base import Connection
from bot.store.sealing import sketch_place

POINT = 12  # bytes of a corner
EACH, ALONE, FINE = (
    300,
    600,
    300,
)  # corners that are kept of a frame, one of several or alone; alone, of a finer look too


class Sketches:
    """Table sketches."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def keep(self, entry: int, fingerprint: Fingerprint) -> None:
        """Keep an entry's features, of every frame the most telling; without a key nothing is kept."""
        if self._seal is None or not (fingerprint.motion or any(sketch.points for sketch in fingerprint.sketches)):
            return
        packed = _packed(fingerprint.sketches, fingerprint.motion)
        self._c.insert(
            "sketches",
            {"entry": entry, "sealed": self._seal.encrypt(packed, *sketch_place(entry))},
        )

    def fill(self, entry: int, fingerprint: Fingerprint, *, borrowed: bool) -> bool:
        """Give an active entry the motion signature that it lacks; return whether it did.

        `borrowed`: the fingerprint is a copy's, not that of the entry's very file. What an entry has is never replaced,
        but a borrowed signature by its own. An entry that was banked before there were features gets them all from its
        file; one that came from a list stays hashes only. Raises SealError if the key is another one.
        """
        if self._seal is None or fingerprint.motion is None:
            return False
        with self._c:
            row = self._c.one(
                """select s.sealed, exists(select 1 from list_rows r where r.entry = e.id) as listed
                   from entries e left join sketches s on s.entry = e.id where e.id = ? and e.state = 'active'""",
                (entry,),
            )
            if row is None or (row["sealed"] is None and (row["listed"] or borrowed)):
                return False
            if row["sealed"] is None:
                self.keep(entry, fingerprint)
                self._c.run("insert or replace into entry_changes (entry) values (?)", (entry,))
                return True
            packed = self._seal.decrypt(row["sealed"], *sketch_place(entry))
            held = _unpacked(packed)[1]
            if held is not None and (borrowed or not held.borrowed):
                return False
            filled = _with_motion(packed, replace(fingerprint.motion, borrowed=borrowed))
            self._c.run(
                "update sketches set sealed = ? where entry = ?",
                (self._seal.encrypt(filled, *sketch_place(entry)), entry),
            )
        return True

    def of(self, entry: int) -> tuple[LocalFeatures, ...]:
        """Return the features of an active entry, or none. Raises SealError if the key is another one."""
        return _unpacked(self._opened(entry))[0]

    def motion(self, entry: int) -> MotionSignature | None:
        """Return how an active entry moves, or None: a still, or older. Raises SealError if the key is another one."""
        return _unpacked(self._opened(entry))[1]

    def _opened(self, entry: int) -> bytes:
        sealed = self._c.value(
            """select s.sealed from sketches s join entries e on e.id = s.entry
               where s.entry = ? and e.state = 'active'""",
            (entry,),
        )
        if sealed is None:
            return b"[]\n"
        if self._seal is None:
            raise SealError("there is no sealing key; restore the one of this database")
        return self._seal.decrypt(sealed, *sketch_place(entry))

    def among(self, entries: Sequence[int]) -> list[int]:
        """Return those of the entries that are active and have features."""
        found: list[int] = []
        for start in range(0, len(entries), 500):
            batch = entries[start : start + 500]
            marks = ", ".join("?" * len(batch))
            rows = self._c.rows(
                f"""select s.entry from sketches s join entries e on e.id = s.entry
                    where e.state = 'active' and s.entry in ({marks}) order by s.entry""",  # noqa: S608  question marks only
                batch,
            )
            found.extend(int(row["entry"]) for row in rows)
        return found

    def number(self, label: str) -> int | None:
        """Return the number of an entry, by its label."""
        number = self._c.value("select id from entries where label = ?", (label,))
        return None if number is None else int(number)


def kept_corners(sketch: LocalFeatures, *, alone: bool) -> bytes:
    """Return the corners that an entry keeps of a frame, packed. Any first part of them has some of both looks."""
    if not alone:
        return sketch.points[: POINT * EACH]
    looks = ((sketch.points, ALONE), (sketch.fine, FINE))
    ranked = [
        (number / most, part[POINT * number : POINT * (number + 1)])
        for part, most in looks
        for number in range(min(most, len(part) // POINT))
    ]
    return b"".join(corner for _, corner in sorted(ranked, key=lambda one: one[0]))


def _packed(sketches: Sequence[LocalFeatures], motion: MotionSignature | None) -> bytes:
    """Return times, aspects, corners and faces as bytes: a line of JSON, then those of one frame after the other.

    Motion is a last row of the JSON: its start, None, how many bytes it has, deflated, at the end, and True if it is
    borrowed.
    """
    kept = [(sketch, kept_corners(sketch, alone=len(sketches) == 1)) for sketch in sketches if sketch.points]
    sizes: list[list[float | int | None]] = [
        [sketch.t, sketch.aspect, len(points), None if sketch.faces is None else len(sketch.faces)]
        for sketch, points in kept
    ]
    packed = json.dumps(sizes).encode() + b"\n" + b"".join(points + (sketch.faces or b"") for sketch, points in kept)
    return _with_motion(packed, motion) if motion else packed


def _with_motion(packed: bytes, motion: MotionSignature) -> bytes:
    """Return packed features with this motion instead of what they have."""
    head, _, body = packed.partition(b"\n")
    rows = json.loads(head)
    if rows and rows[-1][1] is None:
        body = body[: len(body) - rows.pop()[2]]
    moves = zlib.compress(motion.changes, 6)
    rows.append([motion.start, None, len(moves), *([True] if motion.borrowed else [])])
    return json.dumps(rows).encode() + b"\n" + body + moves


def _unpacked(data: bytes) -> tuple[tuple[LocalFeatures, ...], MotionSignature | None]:
    head, _, body = data.partition(b"\n")
    found = []
    motion = None
    for t, aspect, size, *rest in json.loads(head):
        if aspect is None:
            motion = MotionSignature(start=t, changes=zlib.decompress(body[:size]), borrowed=bool(rest))
            continue
        more = rest[0] if rest else None  # what an earlier version kept tells of no faces
        end = size + (more or 0)
        found.append(
            LocalFeatures(t=t, aspect=aspect, points=body[:size], faces=None if more is None else body[size:end])
        )
        body = body[end:]
    return tuple(found), motion
