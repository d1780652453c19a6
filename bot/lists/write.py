"""Entries in, text of a list out. Only hashes leave: nothing from which a picture could be made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from bot.model import Entry

EXCHANGED = {"pdq": "HASH_PDQ", "md5": "HASH_VIDEO_MD5"}


def _hex(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from dict.fromkeys(signal.value.hex() for signal in entry.signals if signal.type == "pdq")


def _csv(entries: Iterable[Entry]) -> Iterator[str]:
    yield "id,type,value,quality,t"
    for entry in entries:
        for sha256, md5 in entry_files(entry):
            yield from (
                f"{entry.label},{kind},{value},," for kind, value in (("sha256", sha256), ("md5", md5)) if value
            )
        for signal in entry.signals:
            yield f"{entry.label},{signal.type},{signal.value.hex()},{signal.quality},{signal.t:g}"


def _ndjson(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(
            {
                "id": entry.label,
                "files": [{"sha256": sha256, "md5": md5} for sha256, md5 in entry_files(entry)],
                "signals": [
                    {"type": signal.type, "value": signal.value.hex(), "quality": signal.quality, "t": signal.t}
                    for signal in entry.signals
                ],
            },
            separators=(",", ":"),
        )


def _threatexchange(entries: Iterable[Entry]) -> Iterator[str]:
    """The shape of ThreatExchange's answers: one document, whose elements come one a line."""
    yield '{"data": ['
    before = ""
    for entry in entries:
        values = [("pdq", signal.value.hex()) for signal in entry.signals if signal.type == "pdq"]
        values += [("md5", md5) for _, md5 in entry_files(entry) if md5]
        for kind, value in dict.fromkeys(values):
            yield before + json.dumps({"id": f"{entry.label}/{value}", "indicator": value, "type": EXCHANGED[kind]})
            before = ","
    yield "]}"


def _vpdq(entries: Iterable[Entry]) -> Iterator[str]:
    """What vPDQ writes of one video. Entries follow one another with an empty line between."""
    for number, entry in enumerate(entries):
        if number:
            yield ""
        frames = [signal for signal in entry.signals if signal.type == "pdq"]
        yield from (
            f"{place},{signal.quality},{signal.value.hex()},{signal.t:.3f}" for place, signal in enumerate(frames)
        )


def _vpdq_json(entries: Iterable[Entry]) -> Iterator[str]:
    """What python-threatexchange's vPDQ extension reads: one array a video, an entry a line."""
    for entry in entries:
        frames = (signal for signal in entry.signals if signal.type == "pdq")
        yield json.dumps([f"{signal.value.hex()},{signal.quality},{signal.t:.3f}" for signal in frames])


WRITERS: dict[str, Callable[[Iterable[Entry]], Iterator[str]]] = {
    "hex": _hex,
    "csv": _csv,
    "ndjson": _ndjson,
    "threatexchange": _threatexchange,
    "vpdq": _vpdq,
    "vpdq-json": _vpdq_json,
}


def entry_files(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield (SHA-256, MD5) of each file of an entry."""
    return zip(entry.sha256, entry.md5, strict=True)
