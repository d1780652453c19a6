"""MP4, QuickTime, WebM, Matroska, MPEG-TS and AVI, by FFmpeg (PyAV).

It may open nothing but the bytes it is given, with the codecs listed here alone.
"""

from __future__ import annotations

import importlib
import io
import math
import pkgutil
import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import av
import cv2
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.frames.base import Colour, Decoded, Format, Frame, Luma, Moments, check_size, remark, unreadable
from bot.frames.messages import reason, said, within
from bot.frames.sampling import Plan

CODECS = ("h264", "hevc", "av1", "libdav1d", "vp8", "libvpx", "vp9", "libvpx-vp9", "mpeg4")
DEMUXERS: dict[Format, str] = {
    "mp4": "mp4",
    "mov": "mov",
    "webm": "webm",
    "mkv": "matroska",
    "avi": "avi",
    "ts": "mpegts",
}
SQUARE = 0.01  # pixels that are less wide or high than this are square
WIDEST = 4.0  # times; what is stretched by more is shrunk the other way for the rest
MAX_PACKETS = 500_000  # four hours and a half at 30 a second
PICTURES_BESIDE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# before 19, PyAV gives up on a file whose comments are not UTF-8 unless it is told not to
LENIENT: dict[str, Any] = {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}


def warm_up() -> None:
    """Load all of PyAV, which imports some of itself only when a file is opened."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def frames(data: bytes, limits: DecodeConfig, result: Decoded, moments: Moments | None = None) -> Iterator[Frame]:
    """Yield the frames of a video, or some `moments` in no order, and fill in `result`. Raises as `decode` does."""
    result.kind = "video"
    try:
        container = av.open(
            io.BytesIO(data),
            "r",
            format=DEMUXERS[result.format],
            options={"codec_whitelist": ",".join(CODECS), "protocol_whitelist": "none", "enable_drefs": "0"},
            **LENIENT,
            io_open=_open_nothing,
        )
    except FFmpegError as error:
        if result.format in ("mp4", "mov") and b"moov" not in data:
            raise MediaError(said("no index", result.format)) from None
        raise unreadable(result, error) from None
    with container:
        stream, others = _choose(container, result)
        context = stream.codec_context
        check_size(context.width, context.height, limits)
        context.thread_count = 1
        # FFmpeg counts padding too, so its own limit is only there for what grows behind the header
        context.options = {"max_pixels": str(2 * limits.max_pixels + 2**20)}
        yield from _video_frames(container, stream, len(data), limits, result, moments)
        if others:
            remark(result, "streams", others + 1)


def _choose(container: InputContainer, result: Decoded) -> tuple[av.VideoStream, int]:
    """Return the stream that players show (no cover, marked as default, the largest, the first) and how many others."""
    readable = [stream for stream in container.streams.video if _codec(stream) in CODECS]
    if not readable:
        raise MediaError(said("no video", result.format))
    moving = [stream for stream in readable if not stream.disposition & PICTURES_BESIDE]
    chosen = max(
        moving or readable,
        key=lambda stream: (
            stream.frames != 1,  # one picture is a cover, whatever it is marked as
            bool(stream.disposition & Disposition.default),
            stream.codec_context.width * stream.codec_context.height,
        ),
    )
    return chosen, max(0, len(moving) - 1)


def _codec(stream: av.VideoStream) -> str | None:
    # the context is None for an unknown codec, whatever its type says
    return getattr(stream.codec_context, "name", None)


def _open_nothing(*_: object) -> object:
    raise PermissionError("media may not refer to other files")


def _video_frames(
    container: InputContainer,
    stream: av.VideoStream,
    size: int,
    limits: DecodeConfig,
    result: Decoded,
    moments: Moments | None,
) -> Iterator[Frame]:
    step = 1 / float(stream.average_rate) if stream.average_rate else 0.04
    result.duration = declared = _declared(container, stream)
    packets, damaged = _packets(container, stream, size, result)
    result.expected = len(packets) if len(packets) <= limits.max_frames else None  # else some come out of order
    plan = Plan(packets, stream, step, limits)
    begin: float | None = None
    shape = _pixel(stream)
    t, count, last = -step, 0, 0.0
    for pace, at, frame in plan.frames() if moments is None else plan.moments(moments):
        if frame is None:
            damaged += pace == "all"  # alone or out of order, a sound picture may fail to decode
            continue
        if count == limits.max_frames:
            break
        stamp = plan.stamp(frame.pts)
        if pace != "all":
            stamp = at
        if begin is None:
            begin = stamp or 0.0
        own = t + step if stamp is None else stamp - begin
        if pace != "finer":
            own = t = max(t, own)
        check_size(frame.width, frame.height, limits)
        luma = _plane(frame, shape, limits)
        if not count:
            result.height, result.width = luma.shape
        count += 1
        last = max(last, own)
        yield Frame(max(own, 0.0), luma, partial(_colour, frame, shape, limits), finer=pace == "finer")
    if moments is not None:
        shown = plan.seconds
        result.duration = declared or shown
        if plan.tally.late:
            remark(result, "no time", count, within(last))
        return
    if plan.tally.sampled:
        shown = plan.seconds
        if plan.tally.late:
            remark(result, "sampled late", count, len(packets), within(last), within(shown))
        else:
            remark(result, "sampled", count, len(packets), within(shown))
    else:
        shown = t + step
    if declared is None:
        result.duration = shown
    elif shown < 0.9 * declared - 0.5:
        remark(result, "cut off", within(shown), within(declared))
    if damaged:
        remark(result, "pieces", damaged, count)


def _declared(container: InputContainer, stream: av.VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _packets(
    container: InputContainer, stream: av.VideoStream, size: int, result: Decoded
) -> tuple[list[av.Packet[av.VideoStream]], int]:
    """Return the stream's packets, and 1 if reading them ended in an error, else 0."""
    packets: list[av.Packet[av.VideoStream]] = []
    held = 0
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue  # what PyAV adds at the end
            held += packet.size
            # an index may name the same bytes again and again
            if len(packets) == MAX_PACKETS or held > 2 * size + 2**20:
                remark(result, "packets", len(packets))
                break
            packets.append(packet)
    except MemoryError:
        raise
    except FFmpegError:
        return packets, 1
    return packets, 0


def _pixel(stream: av.VideoStream) -> float:
    """Return how much wider than high a pixel is shown: what the container says, else the codec, as in browsers."""
    for said_by in (stream, stream.codec_context):
        ratio: Fraction | None = said_by.sample_aspect_ratio
        if ratio is not None and ratio > 0:
            return float(ratio)
    return 1.0


def _stretched(plane: NDArray[np.uint8], shape: float, limits: DecodeConfig) -> NDArray[np.uint8]:
    """Return a picture with square pixels: the side that is shown longer grows, by no more than is sensible."""
    if abs(shape - 1) < SQUARE:
        return plane
    height, width = plane.shape[:2]
    across, down = max(1.0, shape), max(1.0, 1 / shape)
    less = min(1.0, WIDEST / max(across, down), math.sqrt(limits.max_pixels / (width * across * height * down)))
    size = (max(1, round(width * across * less)), max(1, round(height * down * less)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _plane(frame: av.VideoFrame, shape: float, limits: DecodeConfig) -> Luma:
    """Return the decoder's own luma without its padding, with square pixels, upright."""
    depth = frame.format.components[0].bits
    turn = frame.side_data.get("DISPLAYMATRIX")
    direct = frame.format.name.startswith(("yuv", "nv12", "nv21", "gray"))
    if not direct or (depth != 8 and not frame.format.name.endswith("le")):
        frame = frame.reformat(format="gray", threads=1)
        depth = 8
    plane = frame.planes[0]
    if depth == 8:
        luma: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    else:
        deep = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
        luma = (deep >> (depth - 8)).astype(np.uint8)
    return _upright(_stretched(luma[: frame.height, : frame.width], shape, limits), turn)


def _colour(frame: av.VideoFrame, shape: float, limits: DecodeConfig) -> Colour:
    """Return the frame in colour, with square pixels, upright."""
    try:
        colour = frame.to_ndarray(format="rgb24", threads=1).astype(np.uint8, copy=False)
        return _upright(_stretched(colour, shape, limits), frame.side_data.get("DISPLAYMATRIX"))
    except FFmpegError as error:
        raise MediaError(said("colours", reason(error))) from None


def _upright(plane: NDArray[np.uint8], turn: object) -> NDArray[np.uint8]:
    """Apply a frame's display matrix, if it has one, to the nearest quarter turn; it may mirror too."""
    matrix = bytes(turn) if isinstance(turn, Buffer) else b""
    if len(matrix) < 36:
        return plane
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    if a * d < b * c:
        plane, a, b = np.fliplr(plane), -a, -b
    return np.rot90(plane, -round(math.atan2(b, a) / (math.pi / 2)))
