"""Makes whole again what was cut off, so that decoders that want all or nothing give what is there."""

from __future__ import annotations

from bot.frames.base import Format

MOST_FILL = 32 * 2**20  # bytes; a file that claims to miss more is damaged rather than cut off


def mend(data: bytes, found: Format) -> bytes | None:
    """Return a cut off WebP or AVIF made complete, a broken animated PNG without its animation; None if it is none."""
    if found == "png":
        return _cover(data) if b"acTL" in data else None
    if found == "webp":
        return _webp(data)
    return _avif(data) if found == "avif" else None


def _cover(data: bytes) -> bytes:
    """Return a PNG without the chunks that make it move: what browsers show when the animation is broken."""
    kept, at = [data[:8]], 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in (b"acTL", b"fcTL", b"fdAT"):
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


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
            if body[:4] == b"ANMF" or missing > MOST_FILL:
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
    return data + bytes(at - len(data)) if len(data) < at <= len(data) + MOST_FILL else None
