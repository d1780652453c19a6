"""MP4 and WebM, by FFmpeg (PyAV). It may open nothing but the bytes it is given, with the codecs listed here alone."""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.frames.base import Decoded, Frame, Luma, check_size, name, remark, unreadable

CODECS = ("h264", "hevc", "av1", "libdav1d", "vp8", "libvpx", "vp9", "libvpx-vp9", "mpeg4")
# before 19, PyAV gives up on a file whose comments are not UTF-8 unless it is told not to
LENIENT: dict[str, Any] = {"metadata_errors": "ignore"} if int(av.__version__.split(".")[0]) < 19 else {}


def warm_up() -> None:
    """Load all of PyAV, which imports some of itself only when a file is opened."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def frames(data: bytes, limits: DecodeConfig, result: Decoded) -> Iterator[Frame]:
    """Yield the frames of a video and fill in `result`. Raises as `decode` does."""
    result.kind = "video"
    try:
        container = av.open(
            io.BytesIO(data),
            "r",
            format=result.format,
            options={"codec_whitelist": ",".join(CODECS), "protocol_whitelist": "none", "enable_drefs": "0"},
            **LENIENT,
            io_open=_open_nothing,
        )
    except FFmpegError as error:
        raise unreadable(result, error) from None
    with container:
        stream = container.streams.best("video")
        if not isinstance(stream, av.VideoStream) or _codec(stream) not in CODECS:
            raise MediaError(f"the {name(result.format)} file holds no video that we read; nothing to compare in it")
        context = stream.codec_context
        check_size(context.width, context.height, limits)
        context.thread_count = 1
        # FFmpeg counts padding too, so its own limit is only there for what grows behind the header
        context.options = {"max_pixels": str(2 * limits.max_pixels + 2**20)}
        yield from _video_frames(container, stream, limits, result)


def _codec(stream: av.VideoStream) -> str | None:
    # the context is None for an unknown codec, whatever its type says
    return getattr(stream.codec_context, "name", None)


def _open_nothing(*_: object) -> object:
    raise PermissionError("media may not refer to other files")


def _video_frames(
    container: InputContainer, stream: av.VideoStream, limits: DecodeConfig, result: Decoded
) -> Iterator[Frame]:
    step = 1 / float(stream.average_rate) if stream.average_rate else 0.04
    result.duration = declared = _declared(container, stream)
    begin: float | None = None
    t = -step
    count = damaged = 0
    for frame in _pictures(container, stream):
        if frame is None:
            damaged += 1
            continue
        if count == limits.max_frames:
            remark(result, f"only the first {count} frames ({t + step:.1f} s) were read")
            return
        if begin is None:
            begin = frame.time or 0.0
        t = max(t, frame.time - begin) if frame.pts is not None else t + step
        check_size(frame.width, frame.height, limits)
        luma = _plane(frame)
        if not count:
            result.height, result.width = luma.shape
        count += 1
        yield Frame(max(t, 0.0), luma)
    shown = t + step
    if declared is None:
        result.duration = shown
    elif shown < 0.9 * declared - 0.5:
        remark(result, f"the file is cut off: {shown:.1f} of {declared:.1f} seconds decode")
    if damaged:
        remark(result, f"the file is damaged: {damaged} pieces were left out, {count} frames decode")


def _declared(container: InputContainer, stream: av.VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _pictures(container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame | None]:
    """Yield the frames, and None for each piece that does not decode."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except MemoryError:
            raise
        except FFmpegError:
            yield None
            return
        try:
            decoded = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            yield None
            continue
        for frame in decoded:
            if isinstance(frame, av.VideoFrame):
                yield None if frame.is_corrupt else frame


def _plane(frame: av.VideoFrame) -> Luma:
    """Return the decoder's own luma without its padding, upright."""
    depth = frame.format.components[0].bits
    direct = frame.format.name.startswith(("yuv", "nv12", "nv21", "gray"))
    if not direct or (depth != 8 and not frame.format.name.endswith("le")):
        frame = frame.reformat(format="gray")
        depth = 8
    plane = frame.planes[0]
    if depth == 8:
        luma: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    else:
        deep = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
        luma = (deep >> (depth - 8)).astype(np.uint8)
    luma = luma[: frame.height, : frame.width]
    quarters = round(frame.rotation / 90) % 4
    return np.rot90(luma, quarters) if quarters else luma
