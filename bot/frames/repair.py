"""Makes whole again what was cut off, so that decoders that want all or nothing give what is there."""

from __future__ import annotations

from bot.frames.base import Format

NOTES = (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"gAMA", b"cHRM", b"sRGB", b"pHYs")
MOTION = (b"acTL", b"fcTL", b"fdAT")  # without it browsers show the cover
MAX_FILL = 32 * 2**20  # bytes; a file that claims to miss more is damaged rather than cut off


def mend(data: bytes, found: Format) -> bytes | None:
    """Return a cut off WebP or AVIF made complete, or a PNG without what keeps it from being read; None if it is none.

    Of a PNG its notes are left out (a packed one may unpack to anything, and browsers show the picture all the same);
    if there are none, a broken animation.
    """
    if found == "png":
        return _png(data, NOTES) or _png(data, MOTION)
    if found == "webp":
        return _webp(data)
    return _avif(data) if found == "avif" else None


def _png(data: bytes, left_out: tuple[bytes, ...]) -> bytes | None:
    """Return a PNG without some kinds of chunks, or None if it has none of them."""
    kept, at = [data[:8]], 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in left_out:
            kept.append(data[at:end])
        at = end
    whole = b"".join(kept)
    return whole if len(whole) < len(data) else None


def _webp(data: bytes) -> bytes | None:
    """Fill a picture's last chunk with zeros, which decode to something plain; leave out an animation's last one."""
    kept, at, cut = [], 12, False
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        body = data[at:end]
        missing = end - at - len(body)
        if missing:
            cut = True
            if body[:4] == b"ANMF" or missing > MAX_FILL:
                break
            body += bytes(missing)
        kept.append(body)
        at = end
    if not cut and int.from_bytes(data[4:8], "little") + 8 <= len(data):
        return None
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _avif(data: bytes) -> bytes | None:
    """Fill the last box with zeros: frames and parts that are there decode."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1 and at + 16 <= len(data):
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return None
        at += size
    return data + bytes(at - len(data)) if len(data) < at <= len(data) + MAX_FILL else None
