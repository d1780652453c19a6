"""The only decoder of media that others made: bytes in, luma planes with times out. Nothing touches the disk.

The format is what the first bytes say, never a name or a header, and only the decoder for it is tried: GIF, PNG, JPEG
and WebP by Pillow (`pictures`), MP4 and WebM by FFmpeg (`video`).

Runs in a child process with hard limits (`bot.workers`); the limits here are the gentle ones that leave a result.
"""

from __future__ import annotations

from itertools import chain

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.frames import pictures, video
from bot.frames.base import Decoded, Format, Frame, Luma, name

__all__ = ["Decoded", "Format", "Frame", "Luma", "decode", "sniff", "warm_up"]

READABLE = "GIF, PNG, JPEG, WebP, MP4 and WebM"
STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def sniff(data: bytes) -> Format | None:
    """Return the format that the first bytes announce, or None if it is none that we read."""
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] not in STILL_BRANDS:
        return "mp4"
    if data[:4] == b"\x1a\x45\xdf\xa3" and (b"webm" in data[:128] or b"matroska" in data[:128]):
        return "webm"
    return None


def decode(data: bytes, limits: DecodeConfig) -> Decoded:
    """Open media and decode its first frame; the others come as `frames` is read.

    Raises MediaError if no frame decodes, LimitError if the picture is larger than `limits.max_pixels`.
    """
    found = sniff(data)
    if found is None:
        raise MediaError(
            f"the file is not one of the media formats we read ({READABLE}); check that it is the media itself"
        )
    result = Decoded(format=found, kind="image", width=0, height=0, duration=None)
    source = video.frames if found in ("mp4", "webm") else pictures.frames
    shown = source(data, limits, result)
    first = next(shown, None)
    if first is None:
        raise MediaError(f"the {name(found)} file holds no picture that decodes; fetch it again or leave it")
    result.frames = chain((first,), shown)
    return result


def warm_up() -> None:
    """Load every part of the decoders that is otherwise loaded with the first file that needs it."""
    pictures.warm_up()
    video.warm_up()
