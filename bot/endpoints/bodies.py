"""Bodies of answers, read as they come: bounded, paced, unpacked."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from bot.errors import EndpointError
from bot.exchange import Exchange

SLOWEST = 8 * 1024  # bytes a second on an average, beyond the first minute of waiting
PATIENCE = 60.0  # seconds
CHUNK = 2**20
MAX_RETRY_AFTER = 6 * 3600.0
_GZIP = b"\x1f\x8b"


def waiting_time(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, 0 to six hours, or None if it names none."""
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def read(host: str, response: httpx.Response, limit: int, exchange: Exchange, *, raw: bool) -> Iterator[bytes]:
    """Yield a body without what HTTP packed; with `raw` as it came."""
    came = _paced(host, response, limit, exchange)
    encoding = response.headers.get("Content-Encoding", "")
    plain = decoded(host, encoding, came, limit)  # raises for what was not asked for
    return came if raw else plain


def decoded(host: str, encoding: str, came: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Return a body without what HTTP packed, by the header Content-Encoding. Raises EndpointError."""
    how = encoding.strip().lower()
    if how not in ("", "identity", "gzip", "x-gzip"):
        raise EndpointError(f"{host} packs its answer in a way that was not asked for")
    return _inflated(host, came, limit) if how in ("gzip", "x-gzip") else came


def _paced(host: str, response: httpx.Response, limit: int, exchange: Exchange) -> Iterator[bytes]:
    """Yield the bytes as they come, while they are not too many and do not drip."""
    total, waited, size = 0, 0.0, response.headers.get("Content-Length", "")
    if size.isascii() and size.isdigit() and int(size[:20]) > limit:
        raise EndpointError(f"{host} announces more than the {limit} bytes that are read at most", retry=False)
    parts = response.iter_raw()  # as they come: what is gathered up to some size waits for it
    held: list[bytes] = []
    gathered = 0
    while True:
        began = time.monotonic()
        part = next(parts, None)
        waited += time.monotonic() - began
        if part is None:
            break
        total += len(part)
        if total > limit:
            raise EndpointError(f"{host} sends more than the {limit} bytes that are read at most", retry=False)
        if waited > PATIENCE + total / SLOWEST:
            raise EndpointError(f"{host} sends too slowly; what it sent is kept as far as it can be")
        held.append(part)
        gathered += len(part)
        if gathered >= CHUNK:
            yield b"".join(held)
            held, gathered = [], 0
    if held:
        yield b"".join(held)
    if exchange.cut:  # an answer without a length looks whole wherever it ends
        raise TimeoutError


def unpacked(host: str, plain: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Yield what a gzip file holds, and anything else as it is. `host` is who sent it, for errors: EndpointError."""
    return opened(host, plain, limit)[1]


def opened(host: str, plain: Iterator[bytes], limit: int) -> tuple[bool, Iterator[bytes]]:
    """Return whether a file is gzip, and what is in it. Raises EndpointError."""
    first = next(plain, b"")
    while len(first) < len(_GZIP) and (more := next(plain, b"")):
        first += more
    whole = _chained(first, plain)
    packed = first.startswith(_GZIP)
    return packed, _inflated(host, whole, limit) if packed else whole


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _inflated(host: str, packed: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield gzip unpacked, a little at a time whatever it unpacks to, one member behind the other."""
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    total, fresh = 0, True
    for part in packed:
        left = part
        while left:
            try:
                plain = inflater.decompress(left, CHUNK)
            except zlib.error:
                raise EndpointError(f"{host} sent an answer that cannot be unpacked") from None
            fresh = False
            total += len(plain)
            if total > limit:
                raise EndpointError(f"{host} sent what unpacks to more than {limit} bytes", retry=False)
            if plain:
                yield plain
            left = inflater.unconsumed_tail
            if inflater.eof:
                left, fresh = inflater.unused_data, True
                inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
                if not left.strip(b"\0"):  # what tape drives put behind
                    left = b""
    if not fresh:
        raise EndpointError(f"{host} sent a packed list that ends too early")
