"""What an answer means: its status, the wait it asks for, its type, and its text once unpacked."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.errors import (
    AcquireError,
    BlockedError,
    GoneError,
    HostChangedError,
    NeedsTokenError,
    OutageError,
    UnsupportedError,
)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_RETRY_AFTER = 6 * 3600.0  # seconds; a host may not switch itself off for days
_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})
_UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/mp4"})


def status_error(host: str, status: int, retry_after: str | None, now: datetime) -> AcquireError:
    """Return the error that a status other than 200 stands for, its `status` set.

    Refusals (403, 451) and rate limits (429) say nothing about whether the media exists: only 404 and 410 are gone.
    """
    error: AcquireError
    if status in (404, 410):
        error = GoneError(f"{host} says that this no longer exists (status {status})")
    elif status == 401:
        error = NeedsTokenError(f"{host} wants a login or a fresh token (status 401)")
    elif status in (403, 451):
        error = BlockedError(f"{host} refuses to serve this to us (status {status})")
    elif status in (408, 425, 429) or status >= 500:
        reason = "asks for fewer requests" if status == 429 else "cannot answer now"
        error = OutageError(f"{host} {reason} (status {status})", retry_after=waiting_time(retry_after, now))
    else:
        error = HostChangedError(f"{host} answers in an unexpected way (status {status})")
    error.status = status
    return error


def waiting_time(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, 0 to six hours, or None if it names none.

    Both forms are read: seconds, and an HTTP date, which counts from `now`.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # what the parser raises for strange dates
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def media_type(content_type: str | None) -> str:
    """Return the type without parameters, in lower case; empty if none was declared."""
    return (content_type or "").partition(";")[0].strip().lower()


def check_media_type(host: str, content_type: str) -> None:
    """Raise UnsupportedError if the declared type is nothing that a decoder here reads."""
    if content_type in ("text/html", "application/xhtml+xml"):
        raise UnsupportedError(f"{host} sent a web page instead of media")
    known = content_type in _UNNAMED or content_type.startswith(("image/", "video/"))
    if not known or content_type.startswith("image/svg"):
        kind = content_type if re.fullmatch(r"[a-z0-9.+/-]{1,60}", content_type) else "something unknown"
        raise UnsupportedError(f"{host} sent {kind} instead of media")


def packing(content_encoding: str | None) -> str:
    """Return how a body is packed, in lower case; empty if it is plain."""
    value = (content_encoding or "").strip().lower()
    return "" if value == "identity" else value


def unpack(host: str, data: bytes, encoding: str, limit: int) -> bytes:
    """Return the plain bytes of a gzip or deflate body, at most `limit`.

    Raises UnsupportedError beyond the limit, HostChangedError for other or damaged packings.
    """
    if not encoding:
        return data
    if encoding in ("gzip", "x-gzip"):
        windows: tuple[int, ...] = (16 + zlib.MAX_WBITS,)
    elif encoding == "deflate":
        windows = (zlib.MAX_WBITS, -zlib.MAX_WBITS)  # by the book with a zlib header, from some servers without
    else:
        raise HostChangedError(f"{host} packs its answer in a way that was not asked for")
    for window in windows:
        inflater = zlib.decompressobj(window)
        try:
            plain = inflater.decompress(data, limit + 1)
        except zlib.error:
            continue
        if len(plain) > limit:
            raise UnsupportedError(f"{host} sent an answer that unpacks to more than {limit} bytes")
        if inflater.eof:
            return plain
    raise HostChangedError(f"{host} sent an answer that cannot be unpacked")


def text_of(data: bytes, content_type: str | None) -> str:
    """Return the text, by the declared charset if it is a common one, else as UTF-8; damage becomes U+FFFD."""
    found = re.search(r"charset\s*=\s*\"?([A-Za-z0-9_-]+)", content_type or "", re.IGNORECASE)
    charset = found[1].lower() if found else "utf-8"
    return data.decode(charset if charset in _CHARSETS else "utf-8", "replace")
