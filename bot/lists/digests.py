"""The digests of a row, wherever in it they stand."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import Any

from pydantic_core import from_json

from bot.lists.names import OURS, Plan, joined, kind_named, kind_of_length, kind_of_type
from bot.lists.record import KNOWN, NotOursError, RowError, clean, digest, from_base64, signal, words
from bot.lists.shortcut import MAX_NAMES, plan_of
from bot.model import Signal

MAX_PARTS = 500_000  # digests of one row: more than five hours of film, frame by frame
MAX_DEPTH = 5
_KINDS = frozenset(OURS.values())
# Objects and arrays that hold digests.
NESTED = words("""
    signals signal hashes hash fingerprints fingerprint digests digest indicator indicators content attributes value
    values checksums filehashes hashrecord hashdata descriptor descriptors data mpdqhash entity frames media files
    file
    """)


class Digests:
    """What is found in a row, digest by digest."""

    __slots__ = ("_pairs", "_parts", "errors", "md5", "passed", "sha256", "signals", "unnamed")

    def __init__(self) -> None:
        self.signals: dict[Signal, None] = {}
        self.sha256: dict[str, None] = {}
        self.md5: dict[str, None] = {}
        self.passed: dict[str, None] = {}
        self.errors: list[RowError] = []
        self.unnamed = False  # a PDQ of it is one by its length alone
        self._pairs: list[tuple[str, str]] = []
        self._parts = 0

    def add(self, kind: str, value: str, quality: Any = None, t: Any = None) -> None:
        """Take a digest of a kind, or note why not."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise RowError(f"more than {MAX_PARTS:,} digests in one row")
        try:
            if kind == "phash" and len(value) == 16:
                self.passed["phash of 64 bits"] = None
            elif kind == "md5":
                self.md5[digest(kind, value)] = None
            elif kind == "sha256":
                self.sha256[digest(kind, value)] = None
            elif kind not in _KINDS:
                self.passed[kind] = None
            elif kind == "pdq" and value.lstrip()[:1] == "[":
                self.signals.update(dict.fromkeys(_frames(value)))
            else:
                self.signals[signal(kind, value, quality, t)] = None
        except RowError as error:
            self.errors.append(error)

    def add_unnamed(self, value: str, quality: Any = None, t: Any = None) -> None:
        """Take a digest whose kind nobody says: a PDQ, if it may be one. One that has a quality is."""
        kind = kind_of_length(value)
        self.unnamed = self.unnamed or (kind == "pdq" and quality is None)
        self.add(kind, value, quality, t)

    def add_pair(self, sha256: str, md5: str) -> None:
        """Take SHA-256 and MD5 of one file; either may be missing, and where both are there is no file."""
        if sha256 or md5:
            self._pairs.append((digest("sha256", sha256) if sha256 else "", digest("md5", md5) if md5 else ""))

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """SHA-256 and MD5 of each file; a SHA-256 and an MD5 that stand alone in a row are one file's."""
        if not (self.sha256 or self.md5 or self._pairs):
            return ()
        return tuple(dict.fromkeys((*self._pairs, *zip_longest(self.sha256, self.md5, fillvalue=""))))

    def error(self) -> RowError:
        """Return why nothing of the row can be used."""
        if self.errors:
            return self.errors[0]
        if self.passed:
            what = [repr(kind) for kind in self.passed][:4]
            said = f"the type {what[0]} is" if len(what) == 1 else f"the types {', '.join(what)} are"
            return NotOursError(f"{said} none that we match; known: {KNOWN}")
        return RowError(f"no hash in it; one of these names should hold it: value, hash, indicator, {KNOWN}")


def collect(row: Any, where: Plan, found: Digests, depth: int = 0, kind: str | None = None) -> None:
    """Gather the digests of a row, and of the objects and arrays in it."""
    quality, t = first(row, where.qualities), first(row, where.times)
    if t is None and (stamp := first(row, where.stamps)) is not None:
        t = stamp if isinstance(stamp, int | float) and not isinstance(stamp, bool) and 0 <= stamp <= 1e7 else None
    if where.is_share and str(quality).strip() == "1":
        quality = "1.0"
    for key, own, is_base64 in where.kinds:
        _take(row[key], own, quality, t, found, depth, is_base64=is_base64)
    at, plain = next(((key, text) for key in where.values if (text := clean(row[key]))), (None, ""))
    for key in where.more:
        if text := clean(row[key]):
            _split(text, None, quality, t, found)
    if plain:
        if "|" in plain:  # behind a file's name, as MISP has it
            plain = plain.rpartition("|")[2].strip()
        try:
            named = _type_of(row, where) or kind
            if named is None and at in where.sums and not where.types and kind_of_length(plain) == "pdq":
                named = "sha256"
        except RowError as error:
            found.errors.append(error)
        else:
            if plain.startswith(("{", "[")) and (part := _document(plain)) is not None:
                _nested(part, named, found, depth + 1)
            else:
                _split(plain, named, quality, t, found)
    if isinstance(row, dict) and depth < MAX_DEPTH:
        inner = kind or _quiet_type(row, where)
        for key in (*where.values, *where.others, *(k for k, _ in where.children)):
            part = row[key]
            name = joined(str(key))
            if isinstance(part, dict | list) and name in NESTED and not (plain and name.startswith("descriptor")):
                _nested(part, inner, found, depth + 1, pairs=name in ("files", "file"))


def _take(value: Any, kind: str, quality: Any, t: Any, found: Digests, depth: int, *, is_base64: bool = False) -> None:
    """Take what stands under a name that says its kind: a digest, several, or an object that holds it."""
    if isinstance(value, str):
        if text := clean(value):
            found.add(kind, from_base64(text) if is_base64 else text, quality, t)
    elif isinstance(value, dict | list) and depth < MAX_DEPTH:
        _nested(value, kind, found, depth + 1)


def _split(value: str, kind: str | None, quality: Any, t: Any, found: Digests) -> None:
    """Take a value, and the kind that it names itself: `pdq:…`."""
    before, colon, behind = value.partition(":")
    if colon and (named := kind_named(before)) and len(behind.strip()) >= 32:
        found.add(named, behind, quality, t)
    elif kind is None:
        found.add_unnamed(value, quality, t)
    else:
        found.add(kind, value, quality, t)


def _nested(part: Any, kind: str | None, found: Digests, depth: int, *, pairs: bool = False) -> None:
    if depth > MAX_DEPTH:
        return
    if isinstance(part, dict):
        where = plan_of(part) if len(part) < MAX_NAMES else None
        if where is None:
            for value in part.values():
                _nested(value, kind, found, depth + 1)
        elif pairs and {"sha256", "md5"} & set(part):
            sha256, md5 = clean(part.get("sha256")), clean(part.get("md5"))
            found.add_pair(sha256, md5)
        else:
            collect(part, where, found, depth, kind)
            if not where.holds_digests:  # places in a film, each with its hash
                for value in part.values():
                    if isinstance(value, dict | list):
                        _nested(value, kind, found, depth + 1)
    elif isinstance(part, list):
        for value in part:
            if isinstance(value, str):
                if value.count(",") == 2 and len(value) > 64:
                    _frame(value, found)
                elif text := clean(value):
                    _split(text, kind, None, None, found)
            else:
                _nested(value, kind, found, depth + 1, pairs=pairs)


def _document(text: str) -> Any:
    """Return the object or array that stands as text in a cell; None if it is none, or a vPDQ's frames."""
    try:
        part = from_json(text.encode("utf-8", "surrogatepass"))  # half a character is no JSON, and no str that it takes
    except ValueError:
        return None
    is_frames = isinstance(part, list) and bool(part) and isinstance(part[0], str) and part[0].count(",") == 2
    return None if is_frames or not isinstance(part, dict | list) else part


def _frame(text: str, found: Digests) -> None:
    value, quality, t = text.split(",")
    found.add("pdq", value, quality, t)


def _frames(text: str) -> list[Signal]:
    """Return the frames of a vPDQ that stands as text in a value."""
    try:
        parts = json.loads(text)
        return [signal("pdq", *part.split(",")) for part in parts]
    except RowError:
        raise
    except (ValueError, RecursionError, AttributeError, TypeError):
        raise RowError("not a vPDQ value") from None


def _type_of(row: Any, where: Plan) -> str | None:
    """Return the kind that a type of the row names. Raises NotOursError for one that is unknown."""
    for key in where.types:
        value = row[key]
        if isinstance(value, str) and value.strip():
            if "entitykey" in where.names and joined(str(key)) == "type":
                continue  # what the change is
            return kind_of_type(value.strip())
        if value is not None and not isinstance(value, str):
            raise NotOursError("its type is no text")
    return None


def _quiet_type(row: Any, where: Plan) -> str | None:
    try:
        return _type_of(row, where)
    except RowError:
        return None


def first(row: Any, keys: tuple[Any, ...]) -> Any:
    return next((row[key] for key in keys if row[key] not in (None, "")), None)
