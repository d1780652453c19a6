"""GIF, PNG, WebP and AVIF (animated too) and JPEG, by Pillow."""

from __future__ import annotations

import io
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import RLock

import numpy as np
from PIL import AvifImagePlugin, Image, ImageFile

from bot.config import DecodeConfig
from bot.errors import LimitError, MediaError
from bot.frames import display
from bot.frames.apng import KeyedAnimation, keyed_animation
from bot.frames.base import Colour, Decoded, Frame, Luma, check_size, remark, unreadable
from bot.frames.display import Display, display_of
from bot.frames.messages import LACKS, reason, said, within
from bot.frames.repair import mend

COLOUR_SIDE = 1280  # the same for what is looked at in colour
DRAFT_SIDE = 512  # a JPEG with larger sides is decoded at 1/2, 1/4 or 1/8, not below this
SHORTEST_DELAY = 0.010  # browsers and FFmpeg take this and less for a mistake,
BROWSER_DELAY = 0.1  # and show this instead
MAX_DELAY = 1e5  # seconds; more is a mistake too
CPU_SHARE = 0.7  # of the processor time, then an animation is left where it is
MORE_ON_DARK = 2.0  # times the detail
ORIENTATION = 0x0112  # in EXIF
SIDEWAYS = (5, 6, 7, 8)
# everything that Pillow is known to raise on damaged bytes, beside its own errors (which are OSError)
PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,  # an AVIF whose clock does not tick
    LookupError,
    TypeError,
    RuntimeError,
    struct.error,
    zlib.error,
)

TURNS: dict[int, Callable[[Luma], Luma]] = {
    2: np.fliplr,
    3: lambda plane: np.rot90(plane, 2),
    4: np.flipud,
    5: lambda plane: plane.swapaxes(0, 1),
    6: lambda plane: np.rot90(plane, -1),
    7: lambda plane: np.rot90(plane.swapaxes(0, 1), 2),
    8: np.rot90,
}

# Pillow keeps its limits in module globals; they are set for one step at a time
_pillow_lock = RLock()


@contextmanager
def _set_up(limits: DecodeConfig, *, tolerant: bool) -> Generator[None]:
    with _pillow_lock, warnings.catch_warnings():
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = limits.max_pixels, tolerant
        try:
            yield
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise LimitError(said("unpacks", limits.max_pixels)) from None
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def warm_up() -> None:
    """Load all of Pillow's formats, and keep AVIF from starting threads, which a confined process cannot."""
    Image.init()
    display.warm_up()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def frames(data: bytes, limits: DecodeConfig, result: Decoded) -> Iterator[Frame]:
    """Yield the frames of a still or an animation and fill in `result`. Raises as `decode` does."""
    try:
        yield from _frames(data, limits, result, data)
    except LimitError:
        raise
    except MediaError:
        mended = None if result.width else mend(data, result.format)
        if mended is None:
            raise
        try:
            yield from _frames(mended, limits, result, data)
        except MediaError:
            again = None if result.width or result.format != "png" else mend(mended, result.format)
            if again is None:
                raise
            mended = again
            yield from _frames(mended, limits, result, data)
        remark(result, "mended", result.format, _lack(data, mended, result))


def _lack(data: bytes, mended: bytes, result: Decoded) -> str:
    if result.format != "png":
        return LACKS[0]
    return LACKS[1] if b"acTL" in data and b"acTL" not in mended else LACKS[2]


def _frames(data: bytes, limits: DecodeConfig, result: Decoded, whole: bytes) -> Iterator[Frame]:
    """Yield the frames of a file as it is or mended; what it is to be shown by stands in the `whole` of it."""
    with _open(data, limits, result, tolerant=False) as image:
        if _is_moving(image, limits):
            result.kind, result.duration = "animation", 0.0
            shown = _display(image, whole, result)
            keyed = keyed_animation(data, image.size) if result.format == "png" else None
            yield from _animation(image, shown, keyed, _count(image, data), limits, result)
        if result.width:
            return
    result.kind, result.duration = "image", None
    luma, others = _still(data, limits, result, whole)
    yield Frame(0.0, luma, partial(_still_colour, data, limits, result, whole), others=others)


def _open(data: bytes, limits: DecodeConfig, result: Decoded, *, tolerant: bool) -> Image.Image:
    with _set_up(limits, tolerant=tolerant):
        try:
            image = Image.open(io.BytesIO(data), formats=[result.format.upper()])
        except PILLOW_ERRORS as error:
            raise unreadable(result, error) from None
    check_size(image.width, image.height, limits)
    return image


def _is_moving(image: Image.Image, limits: DecodeConfig) -> bool:
    with _set_up(limits, tolerant=False):
        try:
            return bool(getattr(image, "is_animated", False))
        except PILLOW_ERRORS:
            return False  # damaged behind the first picture


def _count(image: Image.Image, data: bytes) -> int | None:
    """Return how many frames an animation has, or None if that cannot be told."""
    with _set_up(DecodeConfig(), tolerant=False):
        try:
            claimed = int(getattr(image, "n_frames", 1))
        except PILLOW_ERRORS:
            return None
        finally:
            with suppress(*PILLOW_ERRORS):
                image.seek(0)
    # a PNG only claims a number, the others are counted
    return min(claimed, data.count(b"fcTL")) if image.format == "PNG" else claimed


def _animation(
    image: Image.Image,
    shown: Display | None,
    keyed: KeyedAnimation | None,
    count: int | None,
    limits: DecodeConfig,
    result: Decoded,
) -> Iterator[Frame]:
    start = 1 if getattr(image, "default_image", False) else 0  # an animated PNG may carry a cover that is not shown
    until = time.process_time() + CPU_SHARE * limits.cpu_seconds
    stride = -(-(count or 1) // limits.max_frames)
    result.expected = None if count is None else -(-count // stride)
    t = 0.0
    given = i = 0
    while given < limits.max_frames or i % stride:
        with _set_up(limits, tolerant=False):
            try:
                image.seek(start + i)
                picture = (keyed.frame(i) if keyed else None) or image
                luma, others = _lumas(picture, shown)
            except EOFError:
                break
            except PILLOW_ERRORS as error:
                remark(result, "animation damaged", result.format, i, reason(error))
                return
        # only now: WebP knows a frame's delay when the frame is decoded
        delay = float(image.info.get("duration") or 0) / 1000
        if not result.width:
            result.height, result.width = luma.shape
        if i % stride == 0:
            given += 1
            yield Frame(t, luma, partial(_colour, picture, shown, result), others=others)
        t += delay if SHORTEST_DELAY < delay < MAX_DELAY else BROWSER_DELAY
        i += 1
        result.duration = t
        if time.process_time() > until and i != count:
            remark(result, "no time", i, within(t))
            return
    if stride > 1:
        remark(result, "spread", given, i, within(t))
    elif count is None and given == limits.max_frames:
        remark(result, "first", i, within(t))


def _still(data: bytes, limits: DecodeConfig, result: Decoded, whole: bytes) -> tuple[Luma, tuple[Luma, ...]]:
    """Decode one picture, if need be as far as it goes: as it is shown, and what it is besides."""
    trouble: Exception | None = None
    for tolerant in (False, True):
        with _open(data, limits, result, tolerant=tolerant) as image:
            size = image.size
            with _set_up(limits, tolerant=tolerant):
                try:
                    shown = _display(image, whole, result)
                    if result.format == "jpeg" and min(size) >= 2 * DRAFT_SIDE:
                        image.draft("RGB" if shown else "L", (DRAFT_SIDE, DRAFT_SIDE))
                    lumas, turn = _lumas(image, shown), _turn(image)
                except PILLOW_ERRORS as error:
                    trouble = trouble or error
                    continue
        if trouble:
            remark(result, "still damaged", result.format, reason(trouble))
        result.width, result.height = size[::-1] if turn in SIDEWAYS else size
        upright = TURNS.get(turn, np.asarray)
        return upright(lumas[0]), tuple(upright(other) for other in lumas[1])
    assert trouble is not None
    raise unreadable(result, trouble) from None


def _still_colour(data: bytes, limits: DecodeConfig, result: Decoded, whole: bytes) -> Colour:
    """Decode a still once more, in colour and with more of its pixels, as far as it goes."""
    with _open(data, limits, result, tolerant=True) as image, _set_up(limits, tolerant=True):
        try:
            shown = _display(image, whole, result)
            if result.format == "jpeg" and min(image.size) >= 2 * COLOUR_SIDE:
                image.draft("RGB", (COLOUR_SIDE, COLOUR_SIDE))
            colour, turn = _rgb(image, shown), _turn(image)
        except PILLOW_ERRORS as error:
            raise unreadable(result, error) from None
    return TURNS[turn](colour) if turn in TURNS else colour


def _colour(image: Image.Image, shown: Display | None, result: Decoded) -> Colour:
    """Return the frame of an animation that was decoded last, in colour."""
    try:
        return _rgb(image, shown)
    except PILLOW_ERRORS as error:
        raise unreadable(result, error) from None


def _display(image: Image.Image, data: bytes, result: Decoded) -> Display | None:
    try:
        return display_of(image, data, result.format)
    except PILLOW_ERRORS:
        return None


def _rgb(image: Image.Image, shown: Display | None) -> Colour:
    image.load()
    if shown:
        image = shown.apply(image)
    if image.mode.startswith("I"):
        return np.dstack(_on_pages(image) * 3)
    return np.asarray(_on_papers(image)[0].convert("RGB"))


def _turn(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except PILLOW_ERRORS:
        return 1  # damaged notes about the picture do not matter


def _lumas(image: Image.Image, shown: Display | None) -> tuple[Luma, tuple[Luma, ...]]:
    """Return a picture as it is shown, and what else it visibly is: on a page of another colour, and as it is stored.

    What is transparent is white, as PDQ's reference has it; on a white page nothing is seen of a white picture in the
    transparency, and pages are dark, too. Then the dark page comes first.
    """
    image.load()
    planes = _on_pages(shown.apply(image) if shown else image)
    if shown:
        planes += _on_pages(image)
    kept: list[Luma] = []
    for plane in planes:
        if all(display.differs(plane, other) for other in kept):
            kept.append(plane)
    return kept[0], tuple(kept[1:])


def _only_on_dark(light: Luma, dark: Luma) -> bool:
    """Return whether far more is seen of a picture on a dark page: both are compared, one is looked at."""
    return _detail(dark) > MORE_ON_DARK * _detail(light)


def _detail(luma: Luma) -> float:
    """Return how much neighbours differ, in levels a pixel: one bar across a picture is little of that."""
    levels = luma.astype(np.int16)
    return sum(float(np.abs(np.diff(levels, axis=axis)).sum()) for axis in (0, 1)) / max(1, luma.size)


def _on_pages(image: Image.Image) -> list[Luma]:
    """Return what PDQ's reference makes of a picture on each of its papers."""
    if image.mode.startswith("I"):  # 16 bit grey
        return [display.eight_bits(image)]
    return [
        np.asarray((paper if paper.mode in ("L", "1", "RGB") else paper.convert("RGB")).convert("L"))
        for paper in _on_papers(image)
    ]


def _on_papers(image: Image.Image) -> list[Image.Image]:
    """Return a picture, or where parts are transparent the same on white and on black; what shows more comes first."""
    if image.mode not in display.ALPHA and "transparency" not in image.info:
        return [image]
    layer = image.convert("RGBA")
    if layer.getchannel("A").getextrema() == (255, 255):
        return [layer.convert("RGB")]
    papers = [Image.new("RGBA", layer.size, colour) for colour in ("white", "black")]
    for paper in papers:
        paper.alpha_composite(layer)
    light, dark = (paper.convert("RGB") for paper in papers)
    seen = _only_on_dark(*(np.asarray(paper.convert("L")) for paper in (light, dark)))
    return [dark, light] if seen else [light, dark]
