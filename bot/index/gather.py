"""Rows by the million on their way into a snapshot: in files without a name, which take no memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import SnapshotError
from bot.index.hashes import WORDS
from bot.index.live import Rows


def gathered(parts: Iterable[Rows], folder: Path) -> Rows:
    """Return all rows, mapped from files of this folder that vanish with them. Raises SnapshotError if it refuses."""
    try:
        with (
            tempfile.TemporaryFile(dir=folder) as words,
            tempfile.TemporaryFile(dir=folder) as entries,
            tempfile.TemporaryFile(dir=folder) as numbers,
        ):
            for part in parts:
                words.write(part.words.tobytes())
                entries.write(part.entries.tobytes())
                numbers.write(part.numbers.tobytes())
            return Rows(
                _mapped(words, np.uint64).reshape(-1, WORDS), _mapped(entries, np.int64), _mapped(numbers, np.int64)
            )
    except OSError as error:
        raise SnapshotError(f"{folder} cannot hold what is sorted: {error.strerror}") from None


def _mapped(file: Any, kind: Any) -> npt.NDArray[Any]:
    file.flush()
    if not file.tell():  # nothing can be mapped of it
        return np.zeros(0, dtype=kind)
    return np.memmap(file, dtype=kind, mode="r")
