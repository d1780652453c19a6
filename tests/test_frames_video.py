"""Videos of every make: the stream that people see, upright, whole, and at the right times."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from bot.config import DecodeConfig
from bot.errors import MediaError
from bot.fingerprint import fingerprint
from bot.frames import Luma, decode, sniff
from bot.samples import media
from tests.test_frames import LIMITS, grey, pdq_distance, read

OPTIONS = {
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "libx264": {"preset": "ultrafast"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "b": "4M"},
}
BASE = Fraction(1, 1000)


def encode(
    pictures: Iterable[media.Rgb],
    *,
    codec: str = "libx264",
    container: str = "mp4",
    times: Sequence[float] | None = None,
    pix_fmt: str = "yuv420p",
    full: bool = False,
    crf: int = 20,
    options: dict[str, str] | None = None,
    movflags: str = "",
) -> bytes:
    """Return pictures as a video at the given times (default: ten a second)."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options={"movflags": movflags} if movflags else {}) as target:
        stream: Any = target.add_stream(
            codec, rate=10, options={"crf": str(crf), **OPTIONS.get(codec, {}), **(options or {})}
        )
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        if full:
            stream.codec_context.color_range = 2
        base = Fraction(1, 10) if times is None else BASE
        stream.codec_context.time_base = base
        for i, picture in enumerate(pictures):
            if i == 0:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=pix_fmt, dst_color_range=2 if full else None)
            frame.pts = i if times is None else round(times[i] / float(base))
            frame.time_base = base
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def scenes(seed: int, count: int, width: int = 160, height: int = 90) -> list[media.Rgb]:
    """Return the first moments of a scene, ten a second."""
    return [media.scene(seed, width, height, i / 10) for i in range(count)]


def near(planes: Sequence[Luma], pictures: Sequence[media.Rgb], most: int = 16) -> bool:
    """Tell whether each plane looks like its picture."""
    return len(planes) == len(pictures) and all(
        pdq_distance(plane, grey(picture)) <= most for plane, picture in zip(planes, pictures, strict=True)
    )


@pytest.mark.parametrize(
    ("codec", "container", "found"),
    [
        ("libx264", "mov", "mov"),
        ("libx264", "matroska", "mkv"),
        ("libx265", "mp4", "mp4"),
        ("libx265", "matroska", "mkv"),
        ("libsvtav1", "mp4", "mp4"),
        ("libsvtav1", "webm", "webm"),
        ("libvpx-vp9", "mp4", "mp4"),
        ("libvpx", "webm", "webm"),
        ("mpeg4", "avi", "avi"),
        ("libx264", "avi", "avi"),
        ("libx264", "mpegts", "ts"),
        ("libx265", "mpegts", "ts"),
    ],
)
def test_every_codec_and_container_is_read(codec: str, container: str, found: str) -> None:
    """H.264, HEVC, AV1, VP9, VP8 and MPEG-4 in what carries them: all frames, their look and their times."""
    pictures = scenes(31, 10)
    data = encode(pictures, codec=codec, container=container, options={"b": "4M"} if codec == "mpeg4" else None)
    decoded, times, planes = read(data)
    assert (sniff(data), decoded.format, decoded.note) == (found, found, None)
    assert near(planes, pictures)
    assert times == pytest.approx([i / 10 for i in range(10)], abs=0.003)
    assert decoded.duration == pytest.approx(1.0, abs=0.11)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "full"),
    [
        ("libx264", "yuv420p", True),
        ("libx264", "yuv444p", False),
        ("libx265", "yuv420p10le", False),
        ("libx265", "yuv420p10le", True),
        ("libx265", "gbrp", False),
        ("libsvtav1", "yuv420p10le", False),
        ("libvpx-vp9", "yuva420p", False),
    ],
)
def test_depth_and_range_do_not_change_the_picture(codec: str, pix_fmt: str, full: bool) -> None:
    """Ten bits, the full range, RGB and a layer of transparency hash like the plain eight bit video."""
    pictures = scenes(32, 3, 320, 180)
    plain = read(encode(pictures, crf=10))[2]
    container = "webm" if codec == "libvpx-vp9" else "mp4"
    other = read(encode(pictures, codec=codec, pix_fmt=pix_fmt, full=full, crf=10, container=container))[2]
    assert [luma.dtype for luma in other] == [np.uint8] * 3
    assert max(pdq_distance(a, b) for a, b in zip(plain, other, strict=True)) <= 8


@pytest.mark.parametrize("container", ["mp4", "matroska", "webm"])
def test_a_variable_frame_rate_keeps_its_times(container: str) -> None:
    """Each frame has the time at which it is shown, however uneven."""
    wanted = [0.0, 0.04, 0.08, 1.0, 1.5, 1.52, 4.0]
    codec = "libvpx-vp9" if container == "webm" else "libx264"
    decoded, times, _ = read(encode(scenes(33, 7), codec=codec, container=container, times=wanted))
    assert times == pytest.approx(wanted, abs=0.002)
    assert decoded.duration is not None
    assert decoded.duration >= 4.0


@pytest.mark.parametrize("live", ["webm", "fragments"])
def test_no_duration_in_the_header_is_measured(live: str) -> None:
    """A stream that was recorded live names no duration: it is that of its frames."""
    if live == "webm":
        data = encode(scenes(34, 10), codec="libvpx-vp9", container="webm")
        at = data.index(b"\x44\x89\x88")
        data = data[:at] + b"\xec\x89" + data[at + 2 :]  # the same length as padding
    else:
        data = encode(scenes(34, 10), movflags="frag_keyframe+empty_moov+default_base_moof")
    decoded, times, _ = read(data)
    assert len(times) == 10
    assert decoded.duration == pytest.approx(1.0, abs=0.11)
    assert decoded.note is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (17, 2)])
def test_the_smallest_videos_are_read(width: int, height: int) -> None:
    """One pixel and one frame are enough; there is only nothing to recognise in them."""
    data = encode(scenes(35, 1, width, height), codec="libvpx-vp9", container="webm")
    fp = fingerprint(data, LIMITS)
    assert (fp.width, fp.height, fp.frames) == (width, height, 1)


@pytest.mark.slow
def test_8k_is_read() -> None:
    """7680x4320 is within the limits as they are."""
    wide = np.repeat(np.repeat(media.scene(36, 480, 270), 16, axis=0), 16, axis=1)
    decoded, times, planes = read(encode([wide, wide]))
    assert (decoded.width, decoded.height, len(times)) == (7680, 4320, 2)
    assert pdq_distance(planes[0], grey(media.scene(36, 480, 270))) <= 16


def streams(*parts: tuple[list[media.Rgb], int], container: str = "matroska", first: str = "libx264") -> bytes:
    """Return one file with several video streams, each with its disposition."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        made: list[tuple[Any, list[media.Rgb]]] = []
        for pictures, disposition in parts:
            codec = "libx264" if made else first
            stream: Any = target.add_stream(codec, rate=10, options=OPTIONS.get(codec, {}))
            stream.pix_fmt = "yuv420p" if codec == "libx264" else "yuvj420p"
            stream.height, stream.width = pictures[0].shape[:2]
            stream.disposition = disposition
            made.append((stream, pictures))
        for stream, pictures in made:
            for i, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = i, Fraction(1, 10)
                target.mux(stream.encode(frame))
            target.mux(stream.encode(None))
    return out.getvalue()


def test_of_several_streams_the_one_that_players_show_is_read() -> None:
    """The default stream wins over a larger one, the larger one where neither is default, and the note says so."""
    small, large = scenes(37, 5), scenes(38, 5, 320, 180)
    decoded, _, planes = read(streams((small, int(Disposition.default)), (large, 0)))
    assert near(planes, small)
    assert decoded.note is not None
    assert "2 video streams" in decoded.note
    assert near(read(streams((small, 0), (large, 0)))[2], large)


@pytest.mark.parametrize("codec", ["mjpeg", "libx264"])
def test_an_attached_picture_is_not_the_video(codec: str) -> None:
    """A large cover picture beside a video is passed over, and so is a stream of one picture."""
    film, cover = scenes(39, 5), scenes(40, 1, 640, 360)
    mark = int(Disposition.attached_pic) if codec == "mjpeg" else int(Disposition.default)
    decoded, _, planes = read(streams((cover, mark), (film, 0), container="mp4", first=codec))
    assert near(planes, film)
    assert (decoded.note is None) == (codec == "mjpeg")


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((0, 1, -1, 0), lambda upright: np.rot90(upright, -1)),
        ((-1, 0, 0, -1), lambda upright: np.rot90(upright, 2)),
        ((0, -1, 1, 0), np.rot90),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), np.transpose),
    ],
)
def test_a_display_matrix_turns_and_mirrors(matrix: tuple[int, ...], seen: Any) -> None:
    """What the header says of turning is applied as players apply it."""
    data = encode(scenes(41, 2))
    plain = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    at = data.index(plain, data.index(b"tkhd"))
    a, b, c, d = (65536 * part for part in matrix)
    data = data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[at + 36 :]
    planes = read(data)[2]
    wanted = seen(grey(media.scene(41, 160, 90)))
    assert planes[0].shape == wanted.shape
    assert pdq_distance(planes[0], wanted) <= 16


@pytest.mark.parametrize("kept", [0.3, 0.7])
@pytest.mark.parametrize(
    ("container", "codec"), [("fragments", "libx264"), ("matroska", "libx265"), ("avi", "mpeg4"), ("mpegts", "libx264")]
)
def test_a_cut_off_video_gives_what_it_has(container: str, codec: str, kept: float) -> None:
    """Half a recording gives its frames in order of time."""
    flags = "frag_keyframe+empty_moov" if container == "fragments" else ""
    data = encode(
        scenes(42, 40),
        codec=codec,
        container="mp4" if flags else container,
        movflags=flags,
        options={"g": "10", "b": "4M"},
    )
    _, times, _ = read(data[: int(len(data) * kept)])
    assert 1 <= len(times) <= 40 * kept + 10
    assert all(a < b for a, b in pairwise(times))


def long_video(seconds: int, fake: int, keys: int, seed: int = 43) -> bytes:
    """Return a video at ten frames a second whose last `fake` seconds are another scene; a key frame each `keys`."""
    standing = [media.scene(seed, 96, 54, i / 10) for i in range(30)]
    other = [media.scene(seed + 1, 96, 54, i / 10) for i in range(fake * 10)]
    pictures = (
        standing[i % 30] if i < (seconds - fake) * 10 else other[i - (seconds - fake) * 10] for i in range(seconds * 10)
    )
    return encode(pictures, options={"g": str(keys), "keyint_min": str(keys), "sc_threshold": "0"})


@pytest.mark.parametrize("keys", [50, 100_000], ids=["keys", "one key"])
@pytest.mark.slow
def test_a_long_video_is_seen_to_its_end(keys: int) -> None:
    """With more frames than the limit the whole is sampled: a scene in the last seconds is found many times."""
    data = long_video(200, 8, keys)
    limits = DecodeConfig(max_frames=200)
    fp = fingerprint(data, limits)
    assert 150 <= fp.frames <= 200
    pdq = [signal for signal in fp.signals if signal.type == "pdq"]
    times = [signal.t for signal in pdq]
    assert times == sorted(times)
    assert max(b - a for a, b in pairwise(times)) < 10
    known = fingerprint(media.encode_clip(media.scene(44, 96, 54, i / 10) for i in range(80)), LIMITS)
    hits = [s.t for s in pdq if min(_bits(s.value, k.value) for k in known.signals if k.type == "pdq") <= 31]
    assert len(hits) >= 3
    assert all(191.5 <= t <= 200 for t in hits)
    assert fp.note is not None
    assert "of about 2000 frames, spread over 200.0 s" in fp.note
    spread = [signal.t for signal in fp.signals if signal.type == "phash"]
    assert spread[0] == 0.0
    assert keys > 2000 or (6 <= len(spread) <= 12 and spread[-1] > 150)


def _bits(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def test_coarse_frames_come_first_and_in_order() -> None:
    """The first frames of a long video already span it, so that stopping early still saw the whole."""
    decoded = decode(long_video(100, 5, 20), DecodeConfig(max_frames=60))
    shown = [(frame.t, frame.finer) for frame in decoded.frames]
    coarse = [t for t, finer in shown if not finer]
    assert coarse == sorted(coarse)
    assert len(coarse) >= 20
    assert max(coarse) > 94
    assert [finer for _, finer in shown] == sorted(finer for _, finer in shown)
    assert len(shown) == len({t for t, _ in shown}) <= 60


def test_a_video_that_costs_too_much_is_sampled_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processor time does not suffice for all frames, the rest is sampled, and the note says so."""
    clock = iter(range(10_000))
    monkeypatch.setattr("bot.frames.sampling.time.process_time", lambda: next(clock) / 10)
    decoded = decode(long_video(40, 5, 20), DecodeConfig(cpu_seconds=30))
    times = [frame.t for frame in decoded.frames]
    assert len(times) < 400
    assert max(times) > 37
    assert decoded.note is not None
    assert "of about 400 frames" in decoded.note


def test_what_time_did_not_suffice_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without key frames to jump to only the beginning is read in time, and the note says how far."""
    clock = iter(range(10_000))
    monkeypatch.setattr("bot.frames.sampling.time.process_time", lambda: next(clock) / 10)
    decoded = decode(long_video(40, 5, 1000), DecodeConfig(cpu_seconds=20))
    times = [frame.t for frame in decoded.frames]
    assert 100 < len(times) < 200
    assert (
        decoded.note
        == f"{len(times)} of about 400 frames, up to {times[-1]:.1f} of 40.0 s, were read, for want of time"
    )


def test_what_no_decoder_of_ours_reads_is_said() -> None:
    """A codec that we do not read is one sentence."""
    data = encode(scenes(45, 2), codec="ffv1", container="matroska", options={"crf": "0"})
    with pytest.raises(MediaError, match="Matroska file holds no video that we read"):
        read(data)


def test_a_time_stamp_that_cannot_be_true_is_passed_over() -> None:
    """A frame that claims to be shown in a year does not move the others."""
    times = read(encode(scenes(46, 4), container="matroska", times=[0.0, 0.1, 3e7, 3e7 + 0.1]))[1]
    assert len(times) == 4
    assert max(times) < 1e6


@pytest.mark.parametrize(
    ("wide", "high", "ratio", "shown"),
    [
        (120, 120, Fraction(4, 3), (120, 160)),
        (160, 120, Fraction(1, 2), (240, 160)),
        (160, 40, Fraction(1, 40), (160, 16)),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "matroska", "h264 alone"])
def test_pixels_that_are_not_square_are_shown_as_players_do(
    wide: int, high: int, ratio: Fraction, shown: tuple[int, int], container: str
) -> None:
    """Size, luma and colours are those of square pixels, whether the container or the codec says so, within bounds."""
    codec = "avi" if container == "h264 alone" else container
    out = io.BytesIO()
    with av.open(out, "w", format=codec) as target:
        stream: Any = target.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = wide, high, "yuv420p"
        stream.codec_context.sample_aspect_ratio = ratio
        for picture in scenes(45, 3, wide, high):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(stream.encode(None))
    decoded = decode(out.getvalue(), LIMITS)
    frame = next(decoded.frames)
    assert (decoded.height, decoded.width) == frame.luma.shape == frame.colour().shape[:2] == shown
