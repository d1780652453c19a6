"""What a browser makes of a picture's samples: PNG's gamma, and ICC profiles turned to sRGB by LittleCMS.

A gamma of 0.02 or a profile with bent curves shows another picture than the samples hold, so whoever compares samples
is blind to it. Lists hash the samples, so where both differ visibly both are handed out. What browsers pass over, a
profile that is damaged, of another kind of colours or absurd, counts for nothing here either.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageCms

from bot.frames.base import Format

SCREEN = 2.2  # the gamma that browsers correct to
SLIGHT = 0.05  # libpng leaves out a correction smaller than this
LONGEST_GAMMA = 21474.83  # browsers take what is beyond for none
MAX_PROFILE = 16 * 2**20  # bytes; JPEG holds no more
MAX_TAGS = 100  # of a profile, as skcms and LittleCMS have it
MEAN, MOST = 4.0, 32.0  # levels of luma; a profile that changes colours by less is not applied
DIFFERS = 6.0  # levels, in the mean; two pictures that differ by more are both told of
CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")  # modes
GREY, COLOURED = 0, 2  # of a PNG's colour types; the second is a bit of others, too
PERCEPTUAL_TO_ABSOLUTE = 3  # the last of sRGB's four rendering intents


@dataclass(frozen=True, slots=True)
class Display:
    """How the samples of one file are shown: by a curve (256 levels), else by a transform from a mode to RGB.

    `key`: the one grey level, as Pillow loads it, that is transparent; `mask`: what is opaque (L, 0 or 255). Both where
    Pillow does not tell it exactly: it compares 16 bit colours by their high bytes, and scales levels but no key.
    """

    gamma: float | None = None  # the exponent
    mode: str = ""
    transform: ImageCms.ImageCmsTransform | None = None
    key: int | None = None
    mask: Image.Image | None = None

    @property
    def curve(self) -> list[int]:
        """The level that each level is shown as."""
        return [int(level) for level in levels(self.gamma or 1.0, 256)]

    def apply(self, image: Image.Image) -> Image.Image:
        """Return a loaded picture as it is shown, transparent where it was. Raises what Pillow raises."""
        alpha = self._alpha(image)
        if image.mode.startswith("I") and self.gamma is not None:
            deep = np.asarray(image)
            top = 65_536 if deep.max(initial=0) > 255 else 256
            shown = Image.fromarray(levels(self.gamma, top)[np.clip(deep, 0, top - 1)])
        elif self.transform is not None:
            shown = self.transform.apply(_flat(image, self.mode))
        else:
            flat = _flat(image, "")
            shown = flat.point(self.curve * len(flat.getbands()))
        if alpha is not None:
            shown.putalpha(alpha)
        return shown

    def _alpha(self, image: Image.Image) -> Image.Image | None:
        if self.mask is not None:
            return self.mask
        if self.key is not None:
            return Image.fromarray(np.where(np.asarray(image) == self.key, 0, 255).astype(np.uint8))
        if image.mode in ALPHA or "transparency" in image.info:
            return image.convert("RGBA").getchannel("A")
        return None


def eight_bits(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the levels of a grey picture of mode I, which holds 16 bits or, of some files, 8: uint8 (h, w), 0-255."""
    deep = np.asarray(image)
    return (deep >> 8 if deep.max(initial=0) > 255 else deep).astype(np.uint8)


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """Return the samples without transparency, 8 bit a channel: in a profile's mode, else grey or RGB."""
    if image.mode.startswith("I"):
        return Image.fromarray(eight_bits(image))
    if image.mode in ALPHA or "transparency" in image.info:
        image = image.copy()
        image.info.pop("transparency", None)
        image = image.convert("RGB")
    if mode:
        return image if image.mode == mode else image.convert("RGB").convert(mode)
    return image.convert("L" if image.mode in ("L", "1") else "RGB")


def levels(exponent: float, top: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the 8 bit level that each of `top` levels is shown as.

    uint8 (top,), 0-255.
    """
    return np.rint(255 * (np.arange(top) / (top - 1)) ** exponent).astype(np.uint8)


def display_of(image: Image.Image, data: bytes, found: Format) -> Display | None:
    """Return how an opened, not yet loaded picture is shown; None if as it is stored, or so nearly that it is one."""
    if found == "gif":
        return None
    if found == "png":
        return _of_png(data)
    profile = image.info.get("icc_profile")
    return _profiled(profile, grey=image.mode in ("L", "LA"), inks=image.mode == "CMYK", strict=False)


def differs(
    shown: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], stored: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> bool:
    """Return whether two pictures of one size differ visibly.

    Both uint8 (h, w) or uint8 (h, w, c), 0-255.
    """
    return float(np.abs(shown.astype(np.int16) - stored).mean()) > DIFFERS


def warm_up() -> None:
    """Load LittleCMS and have it make one transform: a confined process loads nothing."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    _transform(srgb.tobytes(), "RGB")


def _of_png(data: bytes) -> Display | None:
    """Return how a PNG is shown. What says more precisely counts: cICP, then a profile, then sRGB, then a gamma."""
    header, chunks = b"", dict[bytes, bytes]()
    for name, body in _chunks(data):
        header = body if name == b"IHDR" and not header else header
        if name in SOUND and SOUND[name](body):
            chunks.setdefault(name, body)  # of two that are sound, browsers take the first
    if len(header) < 13:
        return None
    shown = _coloured(chunks, grey=not header[9] & COLOURED)
    depth, samples = header[8:10]
    clear = chunks.get(b"tRNS", b"")
    if samples == GREY and depth in (2, 4, 16) and len(clear) == 2:
        key = int.from_bytes(clear)
        return replace(shown or Display(), key=key if depth == 16 else key * 255 // (2**depth - 1))
    if samples == COLOURED and depth == 16 and len(clear) == 6 and b"acTL" not in chunks:
        return replace(shown or Display(), mask=_mask(data))
    return shown


def _coloured(chunks: Mapping[bytes, bytes], *, grey: bool) -> Display | None:
    if b"cICP" in chunks:
        return None
    profile = _unpacked(chunks.get(b"iCCP", b""))
    if _space(profile) == ("L" if grey else "RGB"):
        return _profiled(profile, grey=grey, inks=False, strict=True)
    if b"sRGB" in chunks or b"gAMA" not in chunks:
        return None
    gamma = int.from_bytes(chunks[b"gAMA"]) / 100_000
    if gamma > LONGEST_GAMMA or abs(gamma * SCREEN - 1) < SLIGHT:
        return None
    return Display(gamma=1 / (SCREEN * gamma))


def _mask(data: bytes) -> Image.Image | None:
    """Return what of a PNG of 16 bit colours is opaque, by OpenCV, which keeps all bits; None if it reads it not."""
    try:
        deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if deep is None or deep.ndim != 3 or deep.shape[2] != 4:
        return None
    return Image.fromarray(np.where(deep[..., 3] > 0, 255, 0).astype(np.uint8))


def _is_coding(body: bytes) -> bool:
    """Return whether a cICP chunk names primaries and a transfer; 2 is for unspecified, and PNG's matrix is 0."""
    return len(body) == 4 and body[2] == 0 and body[3] in (0, 1) and not {0, 2} & set(body[:2])


# Which chunks browsers believe: one that is damaged must not hide another behind it
SOUND: dict[bytes, Callable[[bytes], bool]] = {
    b"cICP": _is_coding,
    b"iCCP": lambda body: bool(_unpacked(body)),
    b"sRGB": lambda body: len(body) == 1 and body[0] <= PERCEPTUAL_TO_ABSOLUTE,
    b"gAMA": lambda body: len(body) == 4 and any(body),
    b"tRNS": bool,
    b"acTL": bool,
}


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the sound chunks of a PNG before its picture, which is where those about its colours must stand."""
    at = 8
    while at + 12 <= len(data):
        (size,), name = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        if name in (b"IDAT", b"IEND") or at + 12 + size > len(data):
            return
        if zlib.crc32(memoryview(data)[at + 4 : at + 8 + size]) == int.from_bytes(data[at + 8 + size : at + 12 + size]):
            yield name, data[at + 8 : at + 8 + size]
        at += 12 + size


def _unpacked(body: bytes) -> bytes:
    name, _, rest = body.partition(b"\0")
    if not 0 < len(name) < 80 or rest[:1] != b"\0":
        return b""
    try:
        return zlib.decompressobj().decompress(rest[1:], MAX_PROFILE)
    except zlib.error:
        return b""


def _space(profile: bytes) -> str | None:
    """Return the mode of pictures that a profile is for; None if it is none that a browser takes."""
    if not 132 <= len(profile) <= MAX_PROFILE or profile[36:40] != b"acsp" or profile[12:16] not in CLASSES:
        return None
    size, tags = int.from_bytes(profile[:4]), int.from_bytes(profile[128:132])
    if size > len(profile) or tags > MAX_TAGS or profile[20:24] not in (b"XYZ ", b"Lab "):
        return None
    return SPACES.get(profile[16:20])


def _profiled(profile: object, *, grey: bool, inks: bool, strict: bool) -> Display | None:
    if not isinstance(profile, bytes) or (mode := _space(profile)) is None:
        return None
    own = "CMYK" if inks else "L" if grey else "RGB"
    if mode != own and (strict or (own, mode) != ("L", "RGB")):
        return None
    transform = _transform(profile, mode)
    return None if transform is None else Display(mode=mode, transform=transform)


@lru_cache(maxsize=2)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return a transform to sRGB, None if there is none or if it changes next to nothing."""
    try:
        made = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), mode, "RGB"
        )
        probe = _probe(mode)
        shown = np.asarray(made.apply(probe).convert("L"), dtype=np.int16)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    change = np.abs(shown - np.asarray(probe.convert("L"), dtype=np.int16))
    return None if change.mean() <= MEAN and change.max() <= MOST else made


@lru_cache(maxsize=3)
def _probe(mode: str) -> Image.Image:
    """Return every level of each channel and of grey, and some thousand colours."""
    count = len(Image.new(mode, (1, 1)).getbands())
    ramp = np.arange(256)
    rows = [np.stack([ramp] * count, axis=1)]
    for channel in range(count):
        only = np.zeros((256, count), dtype=np.int64)
        only[:, channel] = ramp
        rows.append(only)
    rows.append(np.random.default_rng(1).integers(0, 256, (4096, count)))
    samples = np.concatenate(rows).astype(np.uint8)
    return Image.frombytes(mode, (len(samples), 1), samples.tobytes())
