"""The only decoder of media that others made: bytes in, luma planes with times out. Nothing touches the disk.

The format is what the first bytes say, never a name or a header, and only the decoder for it is tried: GIF, PNG, JPEG,
WebP and AVIF by Pillow (`pictures`), MP4, QuickTime, WebM, Matroska, MPEG-TS and AVI by FFmpeg (`video`).

Runs in a child process with hard limits (`bot.workers`); the limits here are the gentle ones that leave a result.
"""

from __future__ import annotations

from itertools import chain

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.frames import pictures, video
from bot.frames.base import Colour, Decoded, Format, Frame, Luma, Moments
from bot.frames.messages import FORMATS, Said, fault, said

__all__ = [
    "FORMATS",
    "Colour",
    "Decoded",
    "Format",
    "Frame",
    "Luma",
    "Moments",
    "Said",
    "decode",
    "fault",
    "said",
    "sniff",
    "warm_up",
]

STILL_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"mif2", b"jpeg", b"avci")
PACKET, SYNC = 188, 0x47  # of MPEG-TS: how long each packet is, and what it begins with
QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # what files begin with that have no brand


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
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "avi"
    if data[4:8] == b"ftyp":
        return _brand(data)
    if data[4:8] in QUICKTIME_BOXES and b"moov" in data:
        return "mov"
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in data[:128] else "mkv" if b"matroska" in data[:128] else None
    if len(data) > 2 * PACKET and data[0] == data[PACKET] == data[2 * PACKET] == SYNC:
        return "ts"
    return None


def _brand(data: bytes) -> Format | None:
    """Return the format of a file that names its brands, the major one and those it is compatible with."""
    size = int.from_bytes(data[:4], "big")
    brands = [data[8:12], *(data[i : i + 4] for i in range(16, min(size, len(data), 256) - 3, 4))]
    if b"avif" in brands or b"avis" in brands:
        return "avif"
    if brands[0] in STILL_BRANDS:
        return None
    return "mov" if brands[0] == b"qt  " else "mp4"


MIN_BYTES = 8  # shorter than the first bytes by which formats are told


def decode(data: bytes, limits: DecodeConfig, moments: Moments | None = None) -> Decoded:
    """Open media and decode its first frame; the others come as `frames` is read: all of them, or some `moments`.

    Raises MediaError if no frame decodes, LimitError if the picture is larger than `limits.max_pixels`.
    """
    found = sniff(data)
    if found is None:
        raise MediaError(said("format") if len(data) >= MIN_BYTES else said("short", len(data)))
    result = Decoded(format=found, kind="image", width=0, height=0, duration=None)
    if found in video.DEMUXERS:
        shown = video.frames(data, limits, result, moments)
    else:
        shown = pictures.frames(data, limits, result)
    first = next(shown, None)
    if first is None:
        raise MediaError(said("empty", found))
    result.frames = chain((first,), shown)
    return result


def warm_up() -> None:
    """Load every part of the decoders that is otherwise loaded with the first file that needs it."""
    pictures.warm_up()
    video.warm_up()
