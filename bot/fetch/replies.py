"""What an answer means: its status, the wait it asks for, its type, and its text once unpacked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
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
PERMANENT = frozenset({301, 308})
MAX_RETRY_AFTER = 6 * 3600.0  # seconds; a host may not switch itself off for days
_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "windows-1252"})
_UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/mp4"})
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
# What a host writes for people or programs in the place of a file; any other type is what the file is
_WORDS = frozenset(
    {*_PAGES, "text/plain", "application/json", "application/problem+json", "application/xml", "text/xml"}
)
_LOGINS = frozenset({"login", "log-in", "log_in", "signin", "sign-in", "sign_in"})  # last part of a page's path
_PAGE_BEGINS = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,400}?-->\s*)?<(?:!doctype html|html|head|body)\b", re.I | re.S
)


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


def challenged(host: str, headers: Mapping[str, str]) -> BlockedError | None:
    """Return the error for a page of Cloudflare's that wants proof of a browser, whatever was asked for; else None.

    Cloudflare sets that header for all of them: developers.cloudflare.com, "Detect a Challenge Page response". Sites
    show them to everybody while they are attacked, so it may pass.
    """
    if headers.get("cf-mitigated", "").strip().lower() != "challenge":
        return None
    error = BlockedError(f"{host} wants proof that a browser asks (a challenge of Cloudflare's)")
    error.passes = True
    return error


def check_media_type(host: str, path: str, headers: Mapping[str, str], now: datetime) -> None:
    """Raise if the declared type is nothing that a decoder here reads; `path` is where it was found.

    OutageError if what came instead says when to come back, NeedsTokenError for a login page, else UnsupportedError.
    """
    content_type = media_type(headers.get("Content-Type"))
    known = content_type in _UNNAMED or content_type.startswith(("image/", "video/"))
    if known and not content_type.startswith("image/svg"):
        return
    kind = content_type if re.fullmatch(r"[a-z0-9.+/-]{1,60}", content_type) else "something unknown"
    sentence = f"{host} sent {'a web page' if content_type in _PAGES else kind} instead of media"
    wait = waiting_time(headers.get("Retry-After"), now)
    if wait is not None and content_type in _WORDS:
        later = OutageError(f"{sentence} and asks to come back later", retry_after=wait)
        later.status = 200
        raise later
    raise _instead(sentence, path, passes=content_type in _WORDS)


def check_media(host: str, path: str, data: bytes) -> None:
    """Raise as `check_media_type` for a body that is empty, or a web page under another type."""
    if not data:
        raise _instead(f"{host} sent an empty file", path)
    if _PAGE_BEGINS.match(data[:1024]):
        raise _instead(f"{host} sent a web page instead of media", path)


def _instead(sentence: str, path: str, *, passes: bool = True) -> AcquireError:
    """Return the error for what is no media; maintenance, a file that is being made and a login wall may pass."""
    login = passes and path.rstrip("/").rpartition("/")[2].lower() in _LOGINS
    error = NeedsTokenError(f"{sentence}: its login") if login else UnsupportedError(sentence)
    error.passes = passes
    return error


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
