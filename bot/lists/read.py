"""Lines of text in, records out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from bot.errors import UsageError
from bot.lists.record import LENGTHS, Bad, Record, RowError, digest, first, id_of, kind_of, one_value, signal
from bot.model import Signal
from bot.plural import many

VALUE_NAMES = ("value", "hash", "indicator", "raw_indicator", "signal_value", "pdq")
TYPE_NAMES = ("type", "signal_type", "indicator_type")
GONE = ("withdrawn", "deleted", "non_malicious")  # states in which a row no longer matches
VPDQ_LINE = re.compile(r"\s*\d+\s*,\s*\d+\s*,\s*[0-9a-fA-F]{64}\s*,\s*[\d.]+\s*")
HEX_LINE = re.compile(r"\s*(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{64})\s*")
LOOKED_AT = 50  # lines by which a format is told
LARGEST_JSON = 512 * 2**20  # characters of one document, which has to be held whole
Rows = Iterator[Record | Bad]


def guess(lines: list[str], name: str = "") -> str:
    """Return the format that the first lines of a list have. Raises UsageError if they have none."""
    shown = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not shown:
        return "hex"
    if shown[0].lstrip()[0] in "{[":
        lines_alone = len(shown) > 1 and all(map(_is_object, shown[:2]))
        return "ndjson" if lines_alone or name.endswith((".ndjson", ".jsonl")) else "json"
    if VPDQ_LINE.fullmatch(shown[0]):
        return "vpdq"
    if HEX_LINE.fullmatch(shown[0]):
        return "hex"
    if "," in shown[0]:
        return "csv"
    raise UsageError(
        f"{name or 'the list'} starts like none of the formats we read ({', '.join(FORMATS)}); name it with --format"
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def read(lines: Iterable[str], how: str = "auto", name: str = "") -> Rows:
    """Yield a record or a bad row for each row of a list, as it is read; `name` is the file's, for what is guessed.

    Raises UsageError if a JSON document is none, or if the format cannot be told.
    """
    rest = iter(lines)
    if how == "auto":
        seen = list(islice(rest, LOOKED_AT))
        how, rest = guess(seen, name), chain(seen, rest)
    return FORMATS[how](rest)


def _hex(lines: Iterable[str]) -> Rows:
    """64 hex digits a line are a PDQ, 32 an MD5."""

    def one(line: str) -> Record:
        if len(line) not in LENGTHS.values():
            raise RowError("neither a PDQ of 64 hex digits nor an MD5 of 32")
        return one_value({}, kind_of(None, line), line)

    return _each(lines, one)


def _csv(lines: Iterable[str]) -> Rows:
    """With a header of known names, or value, then type or quality."""
    names: list[str] | None = None

    def one(line: str) -> Record | None:
        nonlocal names
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        except (csv.Error, StopIteration):
            raise RowError("not a row of CSV: a quote is not closed") from None
        if names is None:
            lower = [cell.lower() for cell in cells]
            if set(lower) & set(VALUE_NAMES) and not any(map(HEX_LINE.fullmatch, cells)):
                names = lower
                return None
            names = ["value", "type"]
        if len(cells) > len(names):
            raise RowError(f"{many(len(cells), 'cell')} under {many(len(names), 'heading')}")
        return _record(dict(zip(names, cells, strict=False)))

    return _each(lines, one)


def _ndjson(lines: Iterable[str]) -> Rows:
    """One JSON object a line."""

    def one(line: str) -> Record:
        try:
            return _record(json.loads(line))
        except RowError:
            raise
        except (ValueError, RecursionError):
            raise RowError("not JSON") from None

    return _each(lines, one)


def _json(lines: Iterable[str]) -> Rows:
    """ThreatExchange's `{"data": […]}`, an array of such objects, HMA's `{"pdq": …}`, or one video's vPDQ."""
    parts, size = [], 0
    for line in lines:
        size += len(line)
        if size > LARGEST_JSON:
            raise UsageError("the JSON document is larger than 512 MB; give it as NDJSON, one object a line")
        parts.append(line)
    try:
        found = json.loads("".join(parts))
    except RecursionError:
        raise UsageError("the JSON nests deeper than any list does") from None
    except ValueError as error:
        raise UsageError(f"not JSON: {error}") from None
    if isinstance(found, dict) and isinstance(found.get("data"), list):
        found = found["data"]
    if _is_vpdq(found):
        return _each_of([found], _vpdq_record)
    return _each_of(found if isinstance(found, list) else [found], _record)


def _vpdq(lines: Iterable[str]) -> Rows:
    """Frame number, quality, PDQ, seconds a line; an empty line ends a video."""
    signals: list[Signal] = []
    for number, line in enumerate(chain(lines, ("",)), 1):
        if line.strip():
            try:
                signals.append(_vpdq_frame(line))
            except RowError as error:
                yield Bad(number, str(error))
        elif signals:
            yield Record(signals=tuple(signals))
            signals = []


FORMATS: dict[str, Callable[[Iterable[str]], Rows]] = {
    "hex": _hex,
    "csv": _csv,
    "ndjson": _ndjson,
    "json": _json,
    "vpdq": _vpdq,
}


def _each(lines: Iterable[str], one: Callable[[str], Record | None]) -> Rows:
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("\ufeff")
        if not text or text.startswith("#"):
            continue
        try:
            record = one(text)
        except RowError as error:
            yield Bad(number, str(error))
        else:
            if record is not None:
                yield record


def _each_of(elements: Iterable[Any], one: Callable[[Any], Record]) -> Rows:
    for number, element in enumerate(elements, 1):
        try:
            yield one(element)
        except RowError as error:
            yield Bad(number, str(error))


def _record(row: Any) -> Record:
    """Return the record of an object or a row of CSV."""
    if isinstance(row, str):
        return one_value({}, kind_of(None, row), row)
    if not isinstance(row, dict):
        raise RowError("neither an object nor a hash")
    withdrawn = row.get("should_delete") is True or str(first(row, "status", "state")).lower() in GONE
    if isinstance(row.get("signals"), list):
        return _ours(row, withdrawn)
    value = first(row, *VALUE_NAMES)
    if isinstance(value, str):
        # a column or key that is called as a type says what its value is
        named = first(row, *TYPE_NAMES) or ("pdq" if value is row.get("pdq") else None)
        return one_value(row, kind_of(named, value), value, withdrawn=withdrawn)
    for kind in ("md5", "sha256"):
        if isinstance(row.get(kind), str):
            return one_value(row, kind, row[kind], withdrawn=withdrawn)
    raise RowError(f"no hash in it; one of these names should hold it: {', '.join(VALUE_NAMES)}, md5, sha256")


def _ours(row: dict[str, Any], withdrawn: bool) -> Record:
    """Return the record of what `bank export --format ndjson` wrote."""
    signals, files = [], []
    for part in row["signals"]:
        if not isinstance(part, dict) or not isinstance(part.get("value"), str):
            raise RowError("a signal is no object with a value")
        kind = kind_of(part.get("type"), part["value"])
        signals.append(signal(kind, part["value"], part.get("quality"), part.get("t")))
    pairs = row.get("files") or []
    if not isinstance(pairs, list):
        raise RowError("the files are no list")
    for pair in pairs:
        if not isinstance(pair, dict):
            raise RowError("a file is no object with sha256 and md5")
        sha256, md5 = pair.get("sha256"), pair.get("md5")
        files.append((digest("sha256", sha256) if sha256 else "", digest("md5", md5) if md5 else ""))
    if not signals and not any(map(any, files)):
        raise RowError("neither a signal nor a file in it")
    name = id_of(first(row, "id", "entry", "label"))
    return Record(id=name, signals=tuple(signals), files=tuple(files), withdrawn=withdrawn)


def _is_vpdq(found: Any) -> bool:
    if isinstance(found, list):
        return bool(found) and all(isinstance(part, str) and part.count(",") == 2 for part in found)
    return (
        isinstance(found, dict)
        and bool(found)
        and all(isinstance(part, dict) and {"hash", "quality"} <= part.keys() for part in found.values())
    )


def _vpdq_record(found: Any) -> Record:
    """Return the record of one video: a list of "PDQ,quality,seconds", or frame number → hash, quality, timestamp."""
    if isinstance(found, list):
        parts = [part.split(",") for part in found]
        return Record(signals=tuple(signal("pdq", value, quality, t) for value, quality, t in parts))
    frames = found.values()
    return Record(
        signals=tuple(signal("pdq", str(part["hash"]), part["quality"], part.get("timestamp")) for part in frames)
    )


def _vpdq_frame(line: str) -> Signal:
    cells = line.strip().split(",")
    if len(cells) != 4:
        raise RowError("not a frame of vPDQ: frame number, quality, PDQ, seconds")
    _, quality, value, t = cells
    return signal("pdq", value, quality, t)
