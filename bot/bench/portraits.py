"""Portraits for the benchmark of faces: from a file of pairs, from packages that carry some, or drawn.

A file of pairs is CSV with the columns file_a, file_b and same: 1 for one person, 0 for two.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np

from bot import frames
from bot.bench import sources
from bot.bench.alter import Rgb
from bot.config import DecodeConfig
from bot.errors import MediaError, UsageError
from bot.faces import Box, FaceModel, Vector, Watcher
from bot.model import FaceTrack
from bot.samples import media
from bot.samples.portrait import drawn

COLUMNS = ("file_a", "file_b", "same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two files, and whether they show one person."""

    one: str
    other: str
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A file, its picture, and the face in it, if one is found."""

    name: str
    data: bytes
    picture: Rgb
    box: Box | None
    views: tuple[Vector, ...]


def seen(data: bytes, model: FaceModel) -> FaceTrack | None:
    """Return the most telling face of a file, as the daemon sees it. Raises MediaError or LimitError."""
    decoded = frames.decode(data, DecodeConfig())
    watcher = Watcher(model, still=decoded.kind == "image")
    for frame in decoded.frames:
        if not frame.finer:
            watcher.take(frame.t, frame.luma, frame.colour)
    return next((track for track in watcher.tracks() if track.views), None)


def vectors(track: FaceTrack | None) -> tuple[Vector, ...]:
    """Return the vectors of a face's views; none of no face."""
    return tuple(np.frombuffer(view.vector, "<f4") for view in track.views) if track else ()


def portrait(name: str, data: bytes, model: FaceModel) -> Portrait:
    """Return a file as a portrait. Raises MediaError or LimitError if it does not decode."""
    picture = next(iter(frames.decode(data, DecodeConfig()).frames)).colour()
    track = seen(data, model)
    box = Box(*max((view.box for view in track.views), key=lambda box: box[3])) if track else None
    return Portrait(name=name, data=data, picture=picture, box=box, views=vectors(track))


def read(path: Path, folder: Path | None, model: FaceModel) -> tuple[list[Pair], dict[str, Portrait]]:
    """Return the pairs of a file and the portraits that they name.

    Names are below `folder`; without one, below the file's own folder or the one above, wherever the first is.
    Raises UsageError, naming the line, if the file or a picture cannot be used.
    """
    pairs, lines = _pairs(path)
    if folder is None:
        folder = next(
            (one for one in (path.parent, path.parent.parent) if (one / pairs[0].one).is_file()), path.parent.parent
        )
    found = {}
    for name, line in lines.items():
        try:
            found[name] = portrait(name, (folder / name).read_bytes(), model)
        except OSError:
            raise UsageError(f"{path}, line {line}: {name} cannot be read in {folder}; see --media") from None
        except MediaError as error:
            raise UsageError(f"{path}, line {line}: {name}: {error}") from None
    return pairs, found


def _pairs(path: Path) -> tuple[list[Pair], dict[str, int]]:
    """Return the pairs, and on which line each file is named first."""
    pairs: list[Pair] = []
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ())[:3] != COLUMNS:
                raise UsageError(f"{path}, line 1: the columns must be {', '.join(COLUMNS)}")
            for row in rows:
                one, other, same = ((row[column] or "").strip() for column in COLUMNS)
                if not one or not other:
                    raise UsageError(f"{path}, line {rows.line_num}: a pair needs two files")
                if same not in ("0", "1"):
                    raise UsageError(
                        f"{path}, line {rows.line_num}: same is {same or 'empty'}; write 1 for one person, 0 for two"
                    )
                pairs.append(Pair(one=one, other=other, same=same == "1"))
                for name in (one, other):
                    lines.setdefault(name, rows.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no file of pairs that can be read ({type(error).__name__})") from None
    if not pairs:
        raise UsageError(f"{path} has no pairs")
    return pairs, lines


def packaged(model: FaceModel) -> tuple[list[Pair], dict[str, Portrait]]:
    """Return the portraits that scikit-image and matplotlib bring, else a drawn face, each paired with all and itself.

    What is one person's is one picture here: it shows that copies are found, and nothing about other pictures.
    """
    found = {
        path.name: portrait(path.name, path.read_bytes(), model)
        for path in (sources.packaged(package, inside) for package, inside in sources.PORTRAITS.values())
        if path
    }
    found = found or {"a drawn face": portrait("a drawn face", media.encode_still(drawn(1), format="png"), model)}
    pairs = [Pair(one=one, other=other, same=one == other) for one, other in combinations_with_replacement(found, 2)]
    return pairs, found
