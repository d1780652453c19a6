"""Decoding: what is read, what is refused, and that the times and pixels are right."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from itertools import pairwise
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError
from bot.frames import Decoded, Luma, decode, sniff
from bot.samples import media
from bot.signals.base import distance
from bot.signals.pdq import PDQ

LIMITS = DecodeConfig()


class Size(TypedDict):
    """Width and height."""

    width: int
    height: int


SMALL: Size = {"width": 160, "height": 90}
FILES = {
    "gif": media.gif(1, seconds=1, **SMALL),
    "png": media.still(1, format="png", **SMALL),
    "jpeg": media.still(1, **SMALL),
    "webp": media.still(1, format="webp", **SMALL),
    "mp4": media.clip(1, seconds=1, **SMALL),
    "webm": media.clip(1, seconds=1, container="webm", **SMALL),
    "avif": media.gif(1, seconds=1, format="avif", **SMALL),
}


def read(data: bytes, limits: DecodeConfig = LIMITS) -> tuple[Decoded, list[float], list[Luma]]:
    """Decode everything; return the result, the times and copies of the planes."""
    decoded = decode(data, limits)
    shown = [(frame.t, frame.luma.copy()) for frame in decoded.frames]
    return decoded, [t for t, _ in shown], [luma for _, luma in shown]


def grey(picture: media.Rgb) -> Luma:
    """Return the luma that PDQ's reference makes of a picture."""
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)


def pdq_distance(one: Luma, other: Luma) -> int:
    """Return the distance of two planes."""
    return distance(PDQ.compute(one)[0], PDQ.compute(other)[0])


@pytest.mark.parametrize(("name", "data"), FILES.items())
def test_every_format_is_sniffed_and_read(name: str, data: bytes) -> None:
    """Seven formats decode to frames of the right size that look like the scene."""
    decoded, times, planes = read(data)
    assert sniff(data) == decoded.format == name
    assert decoded.kind == {"gif": "animation", "avif": "animation", "mp4": "video", "webm": "video"}.get(name, "image")
    assert (decoded.width, decoded.height) == (160, 90)
    assert {luma.shape for luma in planes} == {(90, 160)}
    assert decoded.note is None
    moving = decoded.kind != "image"
    assert len(times) == (10 if moving else 1)
    assert decoded.duration == (pytest.approx(1.0, abs=0.05) if moving else None)
    for t, luma in zip(times, planes, strict=True):
        assert pdq_distance(luma, grey(media.scene(1, 160, 90, t))) <= 16


@pytest.mark.parametrize("name", ["gif", "mp4", "webm", "avif"])
def test_frames_that_are_held_stay_as_they_are(name: str) -> None:
    """No decoder writes into a frame that it has handed out, whatever is decoded behind it."""
    _, _, planes = read(FILES[name])
    held = list(decode(FILES[name], LIMITS).frames)
    assert all(np.array_equal(frame.luma, luma) for frame, luma in zip(held, planes, strict=True))


@pytest.mark.parametrize("name", ["mp4", pytest.param("webm", marks=pytest.mark.slow)])
def test_video_times_are_presentation_times(name: str) -> None:
    """Frames come in the order of showing, a step apart, from 0, though the encoder reorders them."""
    _, times, planes = read(FILES[name])
    assert times == pytest.approx([i / 10 for i in range(10)], abs=0.002)
    nearest = [
        min(range(10), key=lambda i: int(np.abs(grey(media.scene(1, 160, 90, i / 10)).astype(int) - luma).sum()))
        for luma in planes
    ]
    assert nearest == list(range(10))


@pytest.mark.parametrize(
    ("delays", "times", "duration"),
    [
        ([100, 250, 40], [0.0, 0.1, 0.35], 0.39),
        ([0, 10, 20], [0.0, 0.1, 0.2], 0.22),  # browsers show 0 and 10 ms as 100 ms
    ],
)
def test_gif_delays_are_what_browsers_show(delays: list[int], times: list[float], duration: float) -> None:
    """Each frame starts where the delays before it end."""
    pictures = [Image.fromarray(media.scene(seed, 64, 48)) for seed in range(3)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=delays)
    decoded, found, _ = read(out.getvalue())
    assert found == pytest.approx(times)
    assert decoded.duration == pytest.approx(duration)


@pytest.mark.parametrize("name", ["png", "webp", "avif"])
def test_animated_png_webp_and_avif_are_animations(name: media.MovingFormat) -> None:
    """Animated PNG, WebP and AVIF give all frames with their times."""
    decoded, times, _ = read(media.gif(2, seconds=0.5, format=name, **SMALL))
    assert (decoded.kind, decoded.format) == ("animation", name)
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_single_frame_gif_is_an_image() -> None:
    """One frame is a still, whatever the format could do."""
    decoded, times, _ = read(media.gif(1, seconds=0.1, **SMALL))
    assert (decoded.kind, decoded.duration, times) == ("image", None, [0.0])


def test_lossless_luma_is_exact() -> None:
    """A grey PNG's pixels come out as they are, and a lossless video's plane as the encoder got it."""
    decoded = read(media.still(1, format="png", pixels=b"exactly these", **SMALL))[2][0]
    assert decoded[0, :13].tobytes() == b"exactly these"
    plane = read(media.clip(1, seconds=0.2, crf=0, pixels=b"exactly these", **SMALL))[2][1]
    assert plane[0, :13].tobytes() == b"exactly these"


@pytest.mark.parametrize(("width", "height"), [(161, 91), (33, 47), (17, 200)])
def test_odd_planes_come_without_their_padding(width: int, height: int) -> None:
    """Decoders pad their rows; what comes out is the picture alone."""
    decoded, _, planes = read(media.clip(3, seconds=0.2, container="webm", width=width, height=height))
    assert (decoded.width, decoded.height) == (width, height)
    assert planes[0].shape == (height, width)
    wanted = grey(media.scene(3, width, height)).astype(float)
    assert np.corrcoef(planes[0].ravel(), wanted.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    """A camera's turned picture is the picture that people see."""
    upright = media.scene(4, 96, 64)
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    turned = Image.fromarray(upright)
    if orientation > 1:
        turned = turned.transpose(
            {
                2: Image.Transpose.FLIP_LEFT_RIGHT,
                3: Image.Transpose.ROTATE_180,
                4: Image.Transpose.FLIP_TOP_BOTTOM,
                5: Image.Transpose.TRANSPOSE,
                6: Image.Transpose.ROTATE_270,
                7: Image.Transpose.TRANSVERSE,
                8: Image.Transpose.ROTATE_90,
            }[undo[orientation]]
        )
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    turned.save(out, "JPEG", quality=95, exif=exif)
    decoded, _, planes = read(out.getvalue())
    assert (decoded.width, decoded.height) == (96, 64)
    assert pdq_distance(planes[0], grey(upright)) <= 8


def test_a_turned_phone_video_is_upright() -> None:
    """The rotation in a video's header is applied, clockwise for a phone held upright."""
    data = media.clip(5, seconds=0.2, crf=10, **SMALL)
    box = data.index(b"tkhd")
    matrix = data.index(struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), box)
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 90 << 16, 0, 1 << 30)
    decoded, _, planes = read(data[:matrix] + turned + data[matrix + 36 :])
    assert (decoded.width, decoded.height) == (90, 160)
    assert pdq_distance(planes[0], np.rot90(grey(media.scene(5, 160, 90)), -1)) <= 16


def test_transparent_parts_are_white() -> None:
    """Alpha is composited, whatever colour hides behind it; opaque parts stay; on a dark page it is handed out, too."""
    picture = np.dstack([media.scene(6, 64, 64), np.full((64, 64), 255, np.uint8)])
    picture[:, 32:, 3] = 0
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    luma = read(out.getvalue())[2][0]
    assert (luma[:, 32:] == 255).all()
    (frame,) = decode(out.getvalue(), DecodeConfig()).frames
    assert len(frame.others) == 1
    assert (frame.others[0][:, 32:] == 0).all()
    assert np.abs(luma[:, :32].astype(int) - grey(picture[:, :32, :3])).max() <= 1


@pytest.mark.parametrize("colour", [(255, 255, 255), (230, 230, 230), (0, 0, 0)])
@pytest.mark.parametrize("form", ["PNG", "WEBP", "LA", "moving"])
def test_a_picture_in_the_transparency_is_seen(colour: tuple[int, int, int], form: str) -> None:
    """Of one colour all over, it shows on a light page or on a dark one: there the picture is looked at."""
    scene = grey(media.scene(6, 96, 96))
    picture = Image.fromarray(np.dstack([np.full((96, 96, 3), colour, np.uint8), scene]))
    out = io.BytesIO()
    if form == "moving":
        picture.save(out, "PNG", save_all=True, append_images=[picture.rotate(1)], duration=100)
    else:
        picture = picture.convert("LA") if form == "LA" else picture
        picture.save(out, "PNG" if form == "LA" else form, **({"lossless": True} if form == "WEBP" else {}))
    wanted = 255 - scene if colour == (0, 0, 0) else scene
    decoded = decode(out.getvalue(), DecodeConfig())
    first = next(iter(decoded.frames))
    assert pdq_distance(first.luma, wanted) <= 10
    assert pdq_distance(grey(first.colour()), wanted) <= 10


def test_sixteen_bit_grey_keeps_its_contrast() -> None:
    """A 16 bit PNG is scaled, not clipped to white."""
    deep = (grey(media.scene(7, 64, 64)).astype(np.uint16) << 8) + 7
    out = io.BytesIO()
    Image.fromarray(deep).save(out, "PNG")
    assert (read(out.getvalue())[2][0] == deep >> 8).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA"])
def test_every_colour_mode_is_read(mode: str) -> None:
    """Palettes, print colours and bilevel pictures decode to luma."""
    image = Image.fromarray(media.scene(8, 64, 48)).convert("L" if mode == "LA" else "RGB").convert(mode)
    out = io.BytesIO()
    image.save(out, "JPEG" if mode == "CMYK" else "PNG")
    wanted = np.asarray(image.convert("RGB").convert("L")).astype(int)
    assert np.abs(read(out.getvalue())[2][0] - wanted).mean() < 4


def test_a_large_jpeg_hashes_like_the_whole_picture() -> None:
    """Decoding large JPEG files at a fraction stays within the noise, and the size said is the file's."""
    picture = media.scene(9, 2100, 1300)
    decoded, _, planes = read(media.encode_still(picture))
    assert (decoded.width, decoded.height) == (2100, 1300)
    assert planes[0].shape[1] < 2100
    assert pdq_distance(planes[0], grey(picture)) <= 10


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><body>removed</body></html>",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"#EXTM3U\nhttp://127.0.0.1/a.ts\n",
        b"%PDF-1.7",
        b"\x00\x00\x00\x20ftypheic" + bytes(40),
        b"\x1a\x45\xdf\xa3" + bytes(60),
    ],
)
def test_what_is_not_media_is_refused_in_one_sentence(data: bytes) -> None:
    """Pages, play lists and strangers get one sentence that names what we read."""
    with pytest.raises(MediaError, match="not one of the media formats we read") as caught:
        decode(data, LIMITS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 1, 7])
def test_a_file_of_a_few_bytes_is_said_to_be_cut_off(length: int) -> None:
    """Nothing, or less than any format begins with: the file is what is wrong, not its kind."""
    with pytest.raises(MediaError, match=f"only {length} byte.*empty or cut off"):
        decode(FILES["png"][:length], LIMITS)


def test_an_archive_is_refused() -> None:
    """A ZIP file is not media, even with a picture in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", FILES["png"])
    with pytest.raises(MediaError, match="not one of the media formats"):
        decode(out.getvalue(), LIMITS)


@pytest.mark.parametrize("name", FILES)
def test_a_lone_header_is_refused_in_one_sentence(name: str) -> None:
    """Right magic and nothing behind it: one sentence that names the format."""
    data = FILES[name][:24] if name != "webm" else FILES[name][:128]
    with pytest.raises(MediaError) as caught:
        decode(data, LIMITS)
    assert name in str(caught.value).lower()
    assert "cut off" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gif", "png", "jpeg", "webm", "avif", "webp"])
def test_a_truncated_file_gives_what_it_has(name: str) -> None:
    """Half a file gives its frames and says that it is damaged."""
    data = FILES[name]
    decoded, times, _ = read(data[: len(data) * 6 // 10])
    assert decoded.note
    whole = len(read(data)[1])
    assert 1 <= len(times) <= whole
    if whole > 1:
        assert len(times) < whole


@pytest.mark.parametrize("kept", [0.35, 0.6, 0.9])
def test_a_truncated_animated_webp_gives_its_whole_frames(kept: float) -> None:
    """A WebP animation that stops in the middle gives the frames before, at their times."""
    data = media.gif(1, seconds=1, format="webp", **SMALL)
    decoded, times, planes = read(data[: int(len(data) * kept)])
    assert decoded.note is not None
    assert "end is missing" in decoded.note
    assert 2 <= len(times) <= 10 * kept
    assert times == pytest.approx([i / 10 for i in range(len(times))])
    assert pdq_distance(planes[-1], grey(media.scene(1, 160, 90, times[-1]))) <= 16


def test_a_truncated_webp_keeps_the_part_above_the_cut() -> None:
    """The rows of a lossy WebP that arrived are those of the whole picture."""
    data = media.still(1, format="webp", width=640, height=360)
    whole, part = read(data)[2][0].astype(int), read(data[: len(data) * 8 // 10])[2][0].astype(int)
    assert np.abs(whole[:180] - part[:180]).mean() < 2


def test_a_truncated_mp4_with_its_index_in_front_gives_what_it_has() -> None:
    """An MP4 made for streaming decodes up to the cut; one with its index at the end cannot, and says so."""
    data = media.clip(1, seconds=4, **SMALL)
    with pytest.raises(MediaError, match="MP4 file is cut off before its index"):
        decode(data[: len(data) // 2], LIMITS)
    decoded, times, _ = read(_index_first(data)[: len(data) * 6 // 10])
    assert decoded.note is not None
    assert "cut off" in decoded.note
    assert 5 <= len(times) < 40


def _index_first(data: bytes) -> bytes:
    """Move an MP4's `moov` box before its `mdat` box and correct the chunk offsets."""
    boxes: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        boxes.append((data[at + 4 : at + 8], data[at : at + size]))
        at += size
    moov = bytearray(next(body for kind, body in boxes if kind == b"moov"))
    stco = moov.index(b"stco")
    for i in range(int.from_bytes(moov[stco + 8 : stco + 12], "big")):
        place = stco + 12 + 4 * i
        moov[place : place + 4] = (int.from_bytes(moov[place : place + 4], "big") + len(moov)).to_bytes(4, "big")
    rest = [body for kind, body in boxes if kind not in (b"ftyp", b"moov")]
    return b"".join([boxes[0][1], bytes(moov), *rest])


def test_a_broken_animation_shows_its_cover() -> None:
    """A PNG whose animation chunks are wrong gives the picture that browsers show."""
    data = bytearray(media.gif(1, seconds=0.3, format="png", **SMALL))
    at = data.index(b"fcTL")
    data[at + 4 : at + 8] = (9).to_bytes(4, "big")  # a frame number out of order
    size = int.from_bytes(data[at - 4 : at], "big")
    data[at + 4 + size : at + 8 + size] = zlib.crc32(data[at : at + 4 + size]).to_bytes(4, "big")
    decoded, times, planes = read(bytes(data))
    assert (decoded.kind, times) == ("image", [0.0])
    assert decoded.note is not None
    assert "animation is damaged" in decoded.note
    assert pdq_distance(planes[0], grey(media.scene(1, 160, 90))) <= 4


def test_a_bomb_is_stopped_before_it_unpacks() -> None:
    """A picture beyond the pixel limit is refused from its header, in every format."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    png += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    gif = b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    for data in (png, gif + b"\x02\x02\x4c\x01\x00;"):
        with pytest.raises(LimitError, match=r"decode\.max_pixels"):
            decode(data, LIMITS)


@pytest.mark.parametrize("name", FILES)
def test_the_pixel_limit_holds_for_every_format(name: str) -> None:
    """One pixel above the limit is too many, the limit itself is not."""
    assert read(FILES[name], DecodeConfig(max_pixels=160 * 90))[1]
    with pytest.raises(LimitError):
        decode(FILES[name], DecodeConfig(max_pixels=160 * 90 - 1))


@pytest.mark.parametrize("name", ["gif", "mp4", "webm"])
def test_frames_beyond_the_limit_are_noted(name: str) -> None:
    """A file with more frames than the limit is read all over and says so; one of just that length has no note."""
    decoded, times, _ = read(FILES[name], DecodeConfig(max_frames=4))
    assert len(set(times)) == 4
    assert decoded.note is not None
    assert "spread over 1.0 s" in decoded.note
    assert max(times) >= 0.8
    assert read(FILES[name], DecodeConfig(max_frames=10))[0].note is None


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_comments_in_no_encoding_do_not_matter(container: media.Container) -> None:
    """A file whose metadata are not UTF-8 decodes like any other."""
    data = media.clip(1, seconds=0.3, container=container, marker=b"MARKER", **SMALL)
    assert data.count(b"MARKER") == 1
    assert len(read(data.replace(b"MARKER", b"\xff\xfe\xc3\x28\x80\xff"))[1]) == 3


def test_audio_alone_is_no_video() -> None:
    """A WebM or MP4 without a video track is refused in one sentence."""
    data = FILES["mp4"].replace(b"vide", b"soun")
    with pytest.raises(MediaError):
        decode(data, LIMITS)


@settings(max_examples=60)
@given(
    name=st.sampled_from(sorted(FILES)),
    cuts=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
)
@example(name="avif", cuts=[(89, 0)])  # its time scale becomes 0
def test_damaged_bytes_never_give_another_error(name: str, cuts: list[tuple[int, int]]) -> None:
    """Whatever bytes are changed, there are frames or one sentence."""
    data = bytearray(FILES[name])
    for place, value in cuts:
        data[8 + place * (len(data) - 8) // 2001] = value
    said, times = "", [0.0]
    try:
        _, times, _ = read(bytes(data), DecodeConfig(max_pixels=200_000, max_frames=20))
    except MediaError as error:
        said = str(error)
    assert "\n" not in said
    assert all(a <= b for a, b in pairwise(times))


@given(st.binary(max_size=400))
def test_sniffing_takes_any_bytes(data: bytes) -> None:
    """Sniffing never fails, and decoding what it does not know is a MediaError."""
    if sniff(data) is None:
        with pytest.raises(MediaError):
            decode(data, LIMITS)
