"""What coordinator and worker say of a job: a line of JSON each, and after it a fingerprint if there is one.

Each reads it as what a stranger sent: shapes are fixed, counts bounded, and errors are words of ours by their kind.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from bot import __version__
from bot.clock import DAY
from bot.config import Config
from bot.errors import (
    AcquireError,
    BlockedError,
    CostlyError,
    GifwardenError,
    GoneError,
    HostChangedError,
    LimitError,
    MediaError,
    NeedsTokenError,
    NotAllowedError,
    OutageError,
    OutsideError,
    PlaceholderError,
    TryLaterError,
    UnsupportedError,
)
from bot.jobs.here import ClusterError, FileFacts
from bot.model import Link
from bot.pace import Standing
from bot.text import line as one_line
from bot.workers import Aside, Budget

MOST_REQUEST = 1 << 20  # bytes
SLACK = 1 << 14
A_FILE = 1 << 11  # what is told of a file beside its fingerprint, or of one that did not come
MOST_ANSWER = 1 << 28
TOKENS, TOKEN = 16, 4096
NAME = 60  # characters of a machine's name or version
SENTENCE = 400  # characters
# What reading of parts raises that are not of the shape they should be
UNREADABLE = (ValueError, TypeError, KeyError, OverflowError)
# The code that decides what a fingerprint is: of whatever version it says it is
DECIDES = (
    "acquire",
    "copies",
    "faces",
    "fetch",
    "fingerprint",
    "frames",
    "hosts",
    "jobs",
    "motion",
    "nudity",
    "pace",
    "signals",
    "workers",
)
KINDS: Mapping[str, type[GifwardenError]] = {
    kind.__name__: kind
    for kind in (
        AcquireError, GoneError, PlaceholderError, BlockedError, NotAllowedError, NeedsTokenError, UnsupportedError,
        HostChangedError, TryLaterError, OutageError, CostlyError, MediaError, LimitError, OutsideError, ClusterError,
    )
}  # fmt: skip


@cache
def version() -> str:
    """Return what coordinator, scheduler and workers must have in common: the version, and a digest of the code."""
    digest = hashlib.sha256()
    for name in DECIDES:
        place = Path(importlib.import_module(f"bot.{name}").__file__ or "")
        files = sorted(place.parent.rglob("*.py")) if place.name == "__init__.py" else [place]
        for file in files:
            digest.update(f"{name}/{file.name}".encode() + file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"


def settings_of(config: Config) -> dict[str, Any]:
    """Return the settings that a job is done by. Of the secrets only hosts' own tokens are among them."""
    chosen = config.model_dump(mode="json", include={"fetch", "decode", "gallery", "nudity", "hosts"})
    for name, host in config.hosts.items():
        chosen["hosts"][name]["account_token"] = host.account_token.get_secret_value()
    return chosen


def packed(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a message."""
    return json.dumps(head).encode("ascii") + b"\n" + body


def unpacked(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return a message's line and its body. Raises ValueError if it is none."""
    line, _, body = message.partition(b"\n")
    if len(line) > MOST_REQUEST:
        raise ValueError("a longer line than any")
    try:
        head = json.loads(line.decode("ascii"))
    except RecursionError:
        raise ValueError("lists within lists") from None
    if type(head) is not dict:
        raise ValueError("not a message")
    return head, body


def request(
    link: Link, standing: Standing, settings: Mapping[str, Any], patience: tuple[float, float], **how: bool | int | None
) -> bytes:
    """Return what a job is asked for with.

    `patience`: seconds within which the first word of the worker comes, and each further one.
    """
    head = {
        "ask": "job",
        "version": version(),
        "link": asdict(link),
        "standing": asdict(standing),
        "patience": patience,
        "how": how,
    }
    return packed(head, json.dumps(settings).encode())


def standing_of(value: Any) -> Standing:
    """Return how it stands with a host's servers. Raises ValueError."""
    if type(value) is not dict or type(value.get("state")) is not dict:
        raise ValueError("not a standing")
    state = {
        key: token
        for key, token in list(value["state"].items())[:TOKENS]
        if type(token) is str and len(key) <= TOKEN and len(token) <= TOKEN and token.isascii() and token.isprintable()
    }
    return Standing(due=_seconds(value.get("due")), rest=_seconds(value.get("rest")), state=state)


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not value >= 0:
        raise ValueError("not a time")
    return float(min(value, DAY))


def facts_to(file: FileFacts) -> list[Any]:
    """Return what is told of a file."""
    return [file.index, [list(pair) for pair in file.digests], file.best, file.best_size and list(file.best_size)]


def facts_from(value: Any, most: int) -> FileFacts:
    """Return what is told of a file in one of `most` places. Raises ValueError."""
    index, pairs, best, size = value
    if type(index) is not int or not 0 <= index < most or type(best) is not bool or len(pairs) not in (1, 2):
        raise ValueError("not a file")
    digests = tuple((bytes.fromhex(sha256).hex(), bytes.fromhex(md5).hex()) for sha256, md5 in pairs)
    if any((len(sha256), len(md5)) != (64, 32) for sha256, md5 in digests):
        raise ValueError("digests of another length")
    if size is not None and not (len(size) == 2 and all(type(side) is int and 0 < side < 1_000_000 for side in size)):
        raise ValueError("not a size")
    return FileFacts(index=index, digests=digests, best=best, best_size=None if size is None else (size[0], size[1]))


def sentence(value: Any) -> str:
    """Return words of a worker's, as long as a sentence. Raises ValueError if they are none."""
    if type(value) is not str:
        raise ValueError("no sentence")
    return one_line(value, SENTENCE)[:SENTENCE] or "no reason is given"


def name_from(value: Any) -> str:
    """Return a machine's name or version as people may see it. Raises ValueError if it is none."""
    if type(value) is not str:
        raise ValueError("no name")
    return one_line(value, NAME)[:NAME]


def count_from(value: Any) -> int:
    """Return a number of things or of seconds. Raises ValueError if it is none."""
    if type(value) is not int or not 0 <= value < 10**9:
        raise ValueError("not a count")
    return value


def failures_from(value: Any, most: int) -> tuple[tuple[int, str], ...]:
    """Return why media of an album did not come. Raises ValueError."""
    if type(value) is not list or len(value) > 2 * most + 1:
        raise ValueError("more failures than media")
    if any(type(index) is not int or not 0 <= index <= most for index, _ in value):
        raise ValueError("a failure in no place")
    return tuple((index, sentence(reason)) for index, reason in value)


def later_from(value: Any, most: int) -> tuple[tuple[int, AcquireError], ...]:
    """Return why media of an album did not come that may come another time. Raises ValueError."""
    if type(value) is not list or len(value) > 2 * most + 1:
        raise ValueError("more failures than media")
    found = [(index, error_from(told)) for index, told in value]
    if any(type(index) is not int or not 0 <= index <= most for index, _ in found):
        raise ValueError("a failure in no place")
    later = tuple((index, error) for index, error in found if isinstance(error, AcquireError))
    if len(later) < len(found):
        raise ValueError("a failure of another kind")
    return later


def error_to(error: BaseException) -> dict[str, Any]:
    """Return what is told of an error; of an unforeseen one only its kind: its words may hold an address."""
    if not isinstance(error, GifwardenError):
        return {"kind": "ClusterError", "lost": True, "text": f"an unforeseen {type(error).__name__} at a worker"}
    kind = next((made.__name__ for made in type(error).__mro__ if made.__name__ in KINDS), "OutsideError")
    told: dict[str, Any] = {"kind": kind, "text": str(error)}
    if isinstance(error, AcquireError):
        told |= {"status": error.status, "passes": error.passes}
    if isinstance(error, TryLaterError):
        told["retry_after"] = error.retry_after
    if isinstance(error, ClusterError):
        told["lost"] = error.lost
    return told


def error_from(value: Any) -> GifwardenError:
    """Return the error that is told. Raises ValueError."""
    if type(value) is not dict or value.get("kind") not in KINDS:
        raise ValueError("not an error")
    kind, text = KINDS[value["kind"]], sentence(value.get("text"))
    if issubclass(kind, TryLaterError):
        after = value.get("retry_after")
        made: GifwardenError = kind(text, retry_after=None if after is None else _seconds(after))
    elif kind is ClusterError:
        made = ClusterError(text, lost=value.get("lost") is True)
    else:
        made = kind(text)
    status = value.get("status")
    if isinstance(made, AcquireError):
        made.passes = value.get("passes") is True
        if type(status) is int and 100 <= status <= 999:
            made.status = status
    return made


def pace_to(pace: Aside | Budget | None) -> Any:
    """Return how a file's decoding is to give way."""
    if isinstance(pace, Budget):
        return pace.left
    return None if pace is None else "aside"


def pace_from(value: Any) -> Aside | Budget | None:
    """Return what `pace_to` was given."""
    if value == "aside":
        return Aside()
    return None if value is None else Budget(_seconds(value))
