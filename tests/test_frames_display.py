"""What a browser shows of a picture is what is compared; what the file stores is told beside it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from bot.bench.worlds import texture
from bot.config import DecodeConfig
from bot.fingerprint import fingerprint
from bot.frames import decode
from bot.model import Fingerprint
from bot.signals.base import distance
from bot.signals.pdq import PDQ
from bot.workers import Workers

LIMITS = DecodeConfig()
Grey = NDArray[np.uint8]


def picture(seed: int) -> Grey:
    """Return a grey picture."""
    return np.ascontiguousarray(texture(seed, 320, 240)[..., 1])


def value(grey: Grey) -> bytes:
    """Return a picture's PDQ."""
    return PDQ.compute(grey)[0]


def hidden(shown: Grey, exponent: float) -> Grey:
    """Return the samples that a gamma shows as a picture."""
    return np.rint(255 * (shown / 255) ** (1 / exponent)).astype(np.uint8)


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def gamma(value: float) -> bytes:
    """Return the chunk that says a gamma."""
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Return a PNG with chunks behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def written(image: Image.Image, found: str = "PNG", **more: Any) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    image.save(out, found, **more)
    return out.getvalue()


def profile(curve: NDArray[np.float64], *, grey: bool = False) -> bytes:
    """Return an ICC profile whose curve shows each of 256 levels as another (0 to 1, linear light)."""
    table = b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + np.rint(curve * 65535).astype(">u2").tobytes()
    tags = {b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    if grey:
        tags[b"kTRC"] = table
    else:
        tags |= {b"rXYZ": xyz(0.4361, 0.2225, 0.0139), b"gXYZ": xyz(0.3851, 0.7169, 0.0971)}
        tags |= {b"bXYZ": xyz(0.1431, 0.0606, 0.7141), b"rTRC": table, b"gTRC": table, b"bTRC": table}
    at = 132 + 12 * len(tags)
    head, body = b"", b""
    for name, data in tags.items():
        head += name + struct.pack(">II", at + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = at + len(body)
    start = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"mntr", b"GRAY" if grey else b"RGB ", b"XYZ ")
    start += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return start.ljust(128, b"\0") + struct.pack(">I", len(tags)) + head + body


def xyz(*numbers: float) -> bytes:
    """Return a colour of a profile."""
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * number) for number in numbers))


def linear(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light of sRGB levels (0 to 1)."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


RAMP = np.arange(256) / 255
BENT = linear(RAMP**20)  # nearly all is black, the picture stands in the lightest levels
INVERTED = linear(1 - RAMP)


def told(data: bytes) -> Fingerprint:
    """Return what is kept of a file."""
    return fingerprint(data, LIMITS)


def shown(fp: Fingerprint) -> bytes:
    """Return the first frame's PDQ."""
    return next(one.value for one in fp.signals if one.type == "pdq")


def stored(fp: Fingerprint) -> list[bytes]:
    """Return the PDQs of what is stored."""
    return [one.value for one in fp.variants if one.transform == "as stored"]


@pytest.mark.parametrize("said", [0.02, 0.05, 0.1, 0.2, 1.0])
@pytest.mark.parametrize("kind", ["RGB", "L", "P", "RGBA", "LA", "I;16"])
def test_a_gamma_counts_as_browsers_apply_it(said: float, kind: str) -> None:
    """The signals are of the picture that the gamma shows, whatever kind of PNG it stands in."""
    seen = picture(1)
    samples = hidden(seen, 1 / (2.2 * said))
    image = Image.fromarray(samples.astype(np.uint16) * 257) if kind == "I;16" else Image.fromarray(samples)
    if kind == "P":
        image.putpalette([level for level in range(256) for _ in range(3)])
    elif kind != "I;16":
        image = image.convert(kind)
    fp = told(with_chunks(written(image), gamma(said)))
    assert distance(shown(fp), value(seen)) <= 31
    assert distance(shown(told(written(image))), value(seen)) > (31 if said < 0.1 else -1)


def test_a_visible_difference_is_hashed_twice() -> None:
    """Where the samples look otherwise, their PDQ is there as well, said to be as stored."""
    samples = picture(2)
    fp = told(with_chunks(written(Image.fromarray(samples)), gamma(0.02)))
    assert distance(shown(fp), value(samples)) > 31
    assert stored(fp) == [value(samples)]
    assert not stored(told(written(Image.fromarray(samples))))


@pytest.mark.parametrize(
    "before",
    [
        chunk(b"sRGB", b""),
        chunk(b"sRGB", b"\0\0"),
        chunk(b"sRGB", b"\x09"),
        chunk(b"cICP", b""),
        chunk(b"cICP", bytes((2, 2, 0, 1))),
        chunk(b"cICP", bytes((1, 13, 1, 1))),
        chunk(b"gAMA", b"\0\0\0"),
        chunk(b"gAMA", b"\0\0\0\0"),
        chunk(b"iCCP", b"x\0\0no profile"),
    ],
    ids=[
        "sRGB empty",
        "sRGB long",
        "sRGB 9",
        "cICP empty",
        "cICP unspecified",
        "cICP matrix",
        "gAMA short",
        "gAMA 0",
        "iCCP",
    ],
)
def test_a_chunk_that_browsers_pass_over_hides_no_gamma_behind_it(before: bytes) -> None:
    """What is damaged or means nothing before the gamma changes nothing of what is shown."""
    shown = picture(3)
    data = with_chunks(written(Image.fromarray(hidden(shown, 1 / (2.2 * 0.1)))), before, gamma(0.1))
    (frame,) = decode(data, LIMITS).frames
    assert distance(value(frame.luma), value(shown)) <= 31


@pytest.mark.parametrize("after", [True, False], ids=["sRGB behind", "sRGB before"])
def test_a_profile_counts_before_an_srgb_chunk(after: bool) -> None:
    """Browsers believe the profile, wherever the chunk stands."""
    shown = picture(3)
    inverted = np.linspace(1, 0, 256) ** 2.2
    body = b"x\0\0" + zlib.compress(profile(inverted))
    plain, chunks = written(Image.fromarray(255 - shown).convert("RGB")), [chunk(b"iCCP", body), chunk(b"sRGB", b"\0")]
    (frame,) = decode(with_chunks(plain, *(chunks if after else chunks[::-1])), LIMITS).frames
    assert distance(value(frame.luma), value(shown)) <= 31


@pytest.mark.parametrize(
    "chunks",
    [
        (gamma(0.45455),),
        (gamma(0.46),),
        (gamma(0.0),),
        (chunk(b"sRGB", b"\0"), gamma(0.02)),
        (gamma(0.45455), gamma(0.02)),
        (chunk(b"cICP", bytes((1, 13, 0, 1))), gamma(0.02)),
        (chunk(b"gAMA", b"\0\0"),),
    ],
)
def test_what_browsers_pass_over_changes_nothing(chunks: tuple[bytes, ...]) -> None:
    """A usual gamma, none, one beside the sRGB chunk, a second one: the samples are what is shown."""
    samples = picture(3)
    decoded = next(decode(with_chunks(written(Image.fromarray(samples)), *chunks), LIMITS).frames)
    assert np.array_equal(decoded.luma, samples)
    assert decoded.others == ()


def test_a_gamma_behind_the_picture_does_not_count() -> None:
    """What follows the picture's data comes too late."""
    samples = picture(3)
    data = written(Image.fromarray(samples))
    late = data[:-12] + gamma(0.02) + data[-12:]
    assert np.array_equal(next(decode(late, LIMITS).frames).luma, samples)


def test_a_broken_note_does_not_hide_the_profile() -> None:
    """A PNG that is only read without its notes is shown by its profile all the same, however large that is."""
    seen = picture(4)
    image = Image.fromarray(255 - seen).convert("RGB")
    for more, icc in ((chunk(b"pHYs", b"\0"), b""), (b"", bytes(2 * 2**20))):
        data = with_chunks(written(image, icc_profile=profile(INVERTED) + icc), more)
        assert distance(value(next(decode(data, LIMITS).frames).luma), value(seen)) <= 16


@pytest.mark.parametrize("found", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("curve", [BENT, INVERTED], ids=["bent", "inverted"])
def test_a_profile_counts_in_every_format(found: str, curve: NDArray[np.float64]) -> None:
    """A picture that stands in an ICC profile's curve is seen, and its samples beside it."""
    seen = picture(4)
    samples = hidden(seen, 20) if curve is BENT else 255 - seen
    image = Image.fromarray(samples).convert("RGB")
    more: Any = {} if found == "PNG" else {"quality": 100}
    fp = told(written(image, found, icc_profile=profile(curve), **more))
    assert distance(shown(fp), value(seen)) <= 31
    assert [distance(one, value(samples)) <= 31 for one in stored(fp)] == [True]


@pytest.mark.slow
def test_a_large_jpeg_in_its_profile_is_seen() -> None:
    """A JPEG that is decoded smaller is shown by its profile too, in its colours as well."""
    seen = np.ascontiguousarray(texture(5, 1600, 1200)[..., 1])
    image = Image.fromarray(255 - seen).convert("RGB")
    data = written(image, "JPEG", icc_profile=profile(INVERTED), quality=95)
    frame = next(decode(data, LIMITS).frames)
    assert frame.others
    assert distance(value(frame.luma), value(seen)) <= 16
    assert distance(value(np.ascontiguousarray(frame.colour()[..., 1])), value(seen)) <= 16


def test_a_grey_profile_counts_for_grey_alone() -> None:
    """A grey picture is shown by a grey profile; a coloured one does not heed it, nor a grey PNG one for colours."""
    seen = picture(6)
    grey, coloured = profile(INVERTED, grey=True), profile(INVERTED)
    image = Image.fromarray(255 - seen)
    assert distance(shown(told(written(image, icc_profile=grey))), value(seen)) <= 16
    assert shown(told(written(image.convert("RGB"), icc_profile=grey))) == value(255 - seen)
    assert shown(told(written(image, icc_profile=coloured))) == value(255 - seen)


@pytest.mark.slow
def test_animations_are_shown_by_theirs_too() -> None:
    """Every frame of an animated PNG has its gamma, of a WebP its profile; the samples are told of evenly."""
    seen = [picture(10 + number) for number in range(40)]
    held = [Image.fromarray(hidden(one, 1 / (2.2 * 0.05))).convert("RGB") for one in seen]
    bent = [Image.fromarray(255 - one).convert("RGB") for one in seen]
    moving: Any = {"save_all": True, "duration": 100}
    png = with_chunks(written(held[0], append_images=held[1:], **moving), gamma(0.05))
    webp = written(bent[0], "WEBP", append_images=bent[1:], lossless=True, icc_profile=profile(INVERTED), **moving)
    for data in (png, webp):
        fp = told(data)
        found = [one.value for one in fp.signals if one.type == "pdq"]
        assert len(found) == len(seen)
        assert all(distance(one, value(other)) <= 31 for one, other in zip(found, seen, strict=True))
        assert 12 <= len(stored(fp)) <= 24


def keyed(samples: NDArray[np.uint16], depth: int, key: tuple[int, ...]) -> bytes:
    """Return a PNG of these samples, (h, w) grey or (h, w, 3), one of which is transparent."""
    rows = samples.reshape(len(samples), -1)
    bits = np.unpackbits(rows.astype(">u2").view(np.uint8).reshape(*rows.shape, 2), axis=2)[..., -depth:]
    packed = np.packbits(bits.reshape(len(rows), -1), axis=1)
    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, 0 if samples.ndim == 2 else 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    clear = chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + clear + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("depth", "colours"), [(2, 1), (4, 1), (8, 1), (16, 1), (16, 3)])
@pytest.mark.parametrize("gamma_too", [False, True])
def test_only_the_level_of_the_key_is_transparent(depth: int, colours: int, gamma_too: bool) -> None:
    """On a dark page a picture stands between two levels that are nearly one, as a browser tells them apart."""
    seen = np.where(picture(11) > 127, 255, 0).astype(np.uint8)
    top = 2**depth - 1
    samples = np.where(seen == 255, top - 1, top).astype(np.uint16)
    if colours == 3:
        samples = np.dstack([samples] * 3)
    data = keyed(samples, depth, (top,) * colours)
    frame = next(decode(with_chunks(data, gamma(1.2)) if gamma_too else data, LIMITS).frames)
    assert min(distance(value(plane), value(seen)) for plane in (frame.luma, *frame.others)) <= 16


def keyed_animation(
    frames: list[tuple[NDArray[np.uint16], tuple[int, int], int, int]], size: tuple[int, int], *, cover: bool = False
) -> bytes:
    """Return an animated PNG of 16 bit colours, white being transparent.

    Each frame: samples (h, w, 3), (left, top), what becomes of it afterwards, and how it is put there.
    """
    head = struct.pack(">IIBBBBB", *size, 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    parts.append(chunk(b"tRNS", struct.pack(">3H", *(65_535,) * 3)))
    number = 0
    if cover:
        parts.append(chunk(b"IDAT", zlib.compress((b"\0" + bytes(6 * size[0])) * size[1])))
    for place, (samples, (left, top), dispose, blend) in enumerate(frames):
        height, width = samples.shape[:2]
        control = struct.pack(">IIIIIHHBB", number, width, height, left, top, 1, 10, dispose, blend)
        parts.append(chunk(b"fcTL", control))
        number += 1
        body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in samples.reshape(height, -1).astype(">u2")))
        if place == 0 and not cover:
            parts.append(chunk(b"IDAT", body))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", number) + body))
            number += 1
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def low_bytes(seen: Grey) -> NDArray[np.uint16]:
    """Return samples that are a black and white picture on a dark page, told by their low bytes alone."""
    return np.dstack([np.where(seen == 255, 65_534, 65_535)] * 3).astype(np.uint16)


@pytest.mark.parametrize("gamma_too", [False, True])
@pytest.mark.parametrize("cover", [False, True])
def test_animations_are_transparent_at_their_very_colour(gamma_too: bool, cover: bool) -> None:
    """Each frame of an animation of 16 bit colours is shown as a still of it is; a cover before them is not."""
    seen = [np.where(picture(seed) > 127, 255, 0).astype(np.uint8) for seed in (11, 12, 13)]
    data = keyed_animation([(low_bytes(one), (0, 0), 0, 0) for one in seen], (320, 240), cover=cover)
    found = list(decode(with_chunks(data, gamma(1.2)) if gamma_too else data, LIMITS).frames)
    assert len(found) == 3
    for frame, one in zip(found, seen, strict=True):
        assert min(distance(value(plane), value(one)) for plane in (frame.luma, *frame.others)) <= 16
        assert np.abs(frame.colour()[..., 1].astype(int) - one).mean() < 3


@pytest.mark.parametrize(("dispose", "left"), [(0, "both"), (1, "hole"), (2, "first")])
def test_frames_are_put_together_as_browsers_do(dispose: int, left: str) -> None:
    """A part that is put over a frame leaves what is transparent in it, and then stays, goes, or gives way."""
    first = np.full((240, 320, 3), 0x40FF, np.uint16)
    part = np.full((100, 100, 3), 65_535, np.uint16)
    part[:, 50:] = 0xC0FF
    nothing = np.full((10, 10, 3), 65_535, np.uint16)
    data = keyed_animation([(first, (0, 0), 0, 0), (part, (20, 30), dispose, 1), (nothing, (0, 0), 0, 1)], (320, 240))
    frames = [frame.colour() for frame in decode(data, LIMITS).frames]
    second = np.full((240, 320), 0x40)
    second[30:130, 70:120] = 0xC0
    third = {"both": second, "hole": second.copy(), "first": np.full((240, 320), 0x40)}[left]
    if left == "hole":
        third[30:130, 20:120] = 255  # nothing is there but the page
    for frame, one in zip(frames, [np.full((240, 320), 0x40), second, third], strict=True):
        assert np.array_equal(frame[..., 1], one)


@pytest.mark.parametrize("place", [(300, 0), (0, 200)])
def test_a_frame_beyond_its_animation_is_left_to_the_decoder(place: tuple[int, int]) -> None:
    """A frame whose place is beyond the picture ends what is composed here; what stands before it is seen."""
    seen = np.where(picture(11) > 127, 255, 0).astype(np.uint8)
    part = np.full((100, 100, 3), 0x40FF, np.uint16)
    data = keyed_animation([(low_bytes(seen), (0, 0), 0, 0), (part, place, 0, 1)], (320, 240))
    frame = next(decode(data, LIMITS).frames)
    assert min(distance(value(plane), value(seen)) for plane in (frame.luma, *frame.others)) <= 16


def test_what_a_gamma_and_a_page_change_is_all_told() -> None:
    """With both there are four pictures: on a light page and on a dark one, and the samples on either."""
    hue, other = picture(12), picture(13)
    held = np.dstack([hidden(hue, 1 / (2.2 * 0.05))] * 3 + [other])
    data = with_chunks(written(Image.fromarray(held)), gamma(0.05))
    frame = next(decode(data, LIMITS).frames)
    light = hue * (other / 255.0) + 255 - other
    dark = hue * (other / 255.0)
    samples = held[..., 0] * (other / 255.0)
    given = [value(plane) for plane in (frame.luma, *frame.others)]
    for wanted in (light, dark, samples, samples + 255 - other):
        assert min(distance(one, value(wanted.astype(np.uint8))) for one in given) <= 31


def test_a_bar_beside_it_hides_no_picture_in_the_transparency() -> None:
    """What is not transparent, on both pages alike, does not tell on which more is seen."""
    held = np.dstack([np.full((*picture(14).shape, 3), 255, np.uint8), picture(14)])
    held[:16] = 0, 0, 0, 255
    frame = next(decode(written(Image.fromarray(held)), LIMITS).frames)
    assert np.abs(frame.colour()[16:, :, 1].astype(int) - held[16:, :, 3]).mean() < 3


def test_usual_profiles_change_nothing() -> None:
    """The profile of sRGB is no reason to look twice."""
    samples = picture(7)
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = next(decode(written(Image.fromarray(samples).convert("RGB"), icc_profile=usual), LIMITS).frames)
    assert np.array_equal(frame.luma, samples)
    assert frame.others == ()


@settings(max_examples=60)
@given(st.integers(0, 700), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=6))
@pytest.mark.slow
def test_a_broken_profile_is_passed_over(kept: int, changes: list[tuple[int, int]]) -> None:
    """Cut off or damaged, a profile never costs the picture."""
    body = bytearray(profile(BENT)[: 132 + kept])
    for at, byte in changes:
        if at < len(body):
            body[at] = byte
    samples = Image.fromarray(picture(8)).convert("RGB").resize((64, 48))
    frame = next(decode(written(samples, "WEBP", lossless=True, icc_profile=bytes(body)), LIMITS).frames)
    assert frame.luma.shape == (48, 64)


@pytest.mark.slow
def test_a_huge_profile_is_bounded_in_a_confined_child() -> None:
    """Megabytes of profile take no more than the child's time; it opens no file for one; the picture is seen."""
    seen = picture(9)
    image = Image.fromarray(255 - seen).convert("RGB")
    whole = profile(INVERTED)
    for icc in (whole, whole + bytes(12 * 2**20), whole[:200] + bytes(12 * 2**20)):
        data = written(image, "WEBP", lossless=True, icc_profile=icc)
        with Workers(LIMITS) as workers:
            fp = workers.fingerprint(data)  # raises LimitError if the child's time does not suffice
        assert distance(shown(fp), value(seen)) <= 16 or icc[:200] == whole[:200]


def test_a_keyed_animation_is_composed_in_a_confined_child() -> None:
    """OpenCV, which composes it, opens nothing, and what it says of a damaged frame ends no child."""
    seen = [np.where(picture(seed) > 127, 255, 0).astype(np.uint8) for seed in (11, 12)]
    data = keyed_animation([(low_bytes(one), (0, 0), 0, 0) for one in seen], (320, 240))
    damaged = bytearray(data)
    damaged[-200:-20] = bytes(180)
    with Workers(LIMITS) as workers:
        for file in (data, bytes(damaged)):
            told_values = {signal.value for signal in workers.fingerprint(file).signals if signal.type == "pdq"}
            assert min(distance(found, value(seen[0])) for found in told_values) <= 16
