"""Every signal against its own examples; PDQ against the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.signals import SIGNALS, pdq_samples
from bot.signals.base import SignalExample, SignalType, distance, gradient_quality, picture
from bot.signals.pdq import (
    PDQ,
    _apart,
    _doubtful,
    _quick_coefficients,
    _slow_coefficients,
)

STORED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "pdq_vectors.json").read_text())
VECTORS: list[dict[str, Any]] = STORED["vectors"]
DIHEDRAL: list[dict[str, Any]] = STORED["dihedral"]


@pytest.mark.parametrize(
    ("signal", "example"),
    [(signal, example) for signal in SIGNALS for example in signal.examples],
    ids=lambda part: part.name if hasattr(part, "name") else f"{part.width}x{part.height}",
)
def test_a_signal_gives_the_value_of_its_example(signal: SignalType, example: SignalExample) -> None:
    """Every signal type brings pictures and values, and gives those values."""
    value, quality = signal.compute(picture(example.width, example.height, example.seed, example.pattern))
    assert len(value) * 8 == signal.bits
    assert distance(value, bytes.fromhex(example.value)) <= example.within
    assert quality == example.quality


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_signal_has_examples_and_tells_pictures_apart(signal: SignalType) -> None:
    """A signal has at least two examples, names a gate and a distance, and unrelated pictures are far beyond it."""
    assert len(signal.examples) >= 2
    assert 0 < signal.gate <= 100
    first, second = (signal.compute(picture(320, 180, seed))[0] for seed in (10, 11))
    assert distance(first, second) > 2 * signal.distance


def test_names_are_unique_and_pdq_comes_first() -> None:
    """Signals are tried in a fixed order, each under a name of its own."""
    names = [signal.name for signal in SIGNALS]
    assert names == ["pdq", "phash"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "{width}x{height}-{pattern}-{seed}".format_map(vector))
def test_pdq_is_bit_identical_to_the_reference(vector: dict[str, Any]) -> None:
    """Value and quality equal what the reference implementation gave for the same luma."""
    luma = picture(vector["width"], vector["height"], vector["seed"], vector["pattern"])
    value, quality = PDQ.compute(luma)
    assert (value.hex(), quality) == (vector["value"], vector["quality"])


@pytest.mark.slow
def test_the_vectors_reach_what_matters() -> None:
    """The stored vectors hold tiny, odd, tall and full-HD planes, middling qualities, and both ways of computing."""
    sizes = {(vector["width"], vector["height"]) for vector in VECTORS}
    assert {(8, 8), (5, 5), (641, 361), (100, 1000), (1920, 1080)} <= sizes
    assert len({vector["quality"] for vector in VECTORS}) >= 5
    doubtful = [_is_doubtful(vector) for vector in VECTORS if min(vector["width"], vector["height"]) >= 5]
    assert any(doubtful)
    assert not all(doubtful)


def _is_doubtful(vector: dict[str, Any]) -> bool:
    luma = picture(vector["width"], vector["height"], vector["seed"], vector["pattern"])
    return _doubtful(_apart(_coefficients(luma)), pdq_samples.quick(luma))


def _coefficients(luma: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return _slow_coefficients(pdq_samples.quick(luma))


@settings(max_examples=25)
@given(st.integers(5, 300), st.integers(1, 9), st.integers(1, 7), st.integers(0, 999))
def test_the_mean_across_is_that_of_whole_numbers(width: int, height: int, window: int, seed: int) -> None:
    """Near the edges over fewer columns: the exact sum, divided once, of a padded plane too."""
    window = min(window, width)
    luma = picture(width + 3, height, seed, "noise")[:, :width]
    after = window // 2
    means = pdq_samples.first_mean(luma, window)
    for at in range(width):
        low, high = max(0, at - (window - 1 - after)), min(width, at + after + 1)
        sums = luma[:, low:high].sum(axis=1, dtype=np.int64).astype(np.float32)
        assert np.array_equal(means[:, at], sums / np.float32(high - low))


@settings(max_examples=25)
@given(width=st.integers(5, 300), height=st.integers(5, 300), seed=st.integers(0, 2**32))
def test_the_quick_way_agrees_with_the_slow_one(width: int, height: int, seed: int) -> None:
    """Weighted means and running sums give the same bits wherever no coefficient is in doubt."""
    luma = picture(width, height, seed, "noise" if seed % 3 == 0 else "patches")
    quick, slow = _quick_coefficients(pdq_samples.quick(luma)), _slow_coefficients(pdq_samples.slow(luma))
    assert float(np.abs(quick - slow).max()) < 0.0045
    if not _doubtful(_apart(quick), pdq_samples.quick(luma)):
        assert ((_apart(quick) > 0) == (_apart(slow) > 0)).all()


def test_pdq_reads_a_padded_plane_and_a_turned_one() -> None:
    """A view into wider rows, as decoders hand out, hashes like the same plane on its own; a turned view too."""
    luma = picture(333, 201, 4)
    wide = np.zeros((201, 384), dtype=np.uint8)
    wide[:, :333] = luma
    assert PDQ.compute(wide[:, :333]) == PDQ.compute(luma)
    for view in (np.rot90(wide[:, :333]), np.fliplr(wide[:, :333]), wide[:, :333].T):
        assert PDQ.compute(view) == PDQ.compute(np.ascontiguousarray(view))


@pytest.mark.parametrize(
    ("width", "height"),
    [
        pytest.param(7680, 4320, marks=pytest.mark.slow),
        (2304, 64),
        (1280, 90),
        (480, 90),
        (65, 3000),
        (5, 5),
        (8, 8),
        (200, 129),
    ],
)
def test_samples_of_any_size_are_the_reference_s(width: int, height: int) -> None:
    """From five pixels to 8K, with windows that end short at the edge: weighted rows equal running means."""
    luma = picture(width, height, 5, "noise" if height > 4000 else "patches")
    assert float(np.abs(pdq_samples.quick(luma) - pdq_samples.slow(luma)).max()) < 0.005


@pytest.mark.parametrize("vector", DIHEDRAL, ids=lambda vector: "{width}x{height}-{seed}".format_map(vector))
def test_the_eight_turned_values_are_the_reference_s(vector: dict[str, Any]) -> None:
    """All eight come out of one transform as the reference's do."""
    values, quality = PDQ.dihedral(picture(vector["width"], vector["height"], vector["seed"], vector["pattern"]))
    assert quality == vector["quality"]
    assert {turn: value.hex() for turn, value in values.items()} == vector["values"]


@settings(max_examples=10)
@given(width=st.integers(320, 700), height=st.integers(320, 700), seed=st.integers(0, 2**32))
def test_a_turned_frame_has_the_value_of_its_turn(width: int, height: int, seed: int) -> None:
    """Hashing the frame that was really turned and mirrored gives that variant, but for how samples lie."""
    luma = picture(width, height, seed)
    values = {str(turn): value for turn, value in PDQ.dihedral(luma)[0].items()}
    assert values["none"] == PDQ.compute(luma)[0]
    for quarters in range(4):
        turned = np.rot90(luma, quarters)
        name = f"turn-{90 * quarters}" if quarters else "none"
        assert distance(PDQ.compute(turned)[0], values[name]) <= 31
        mirrored = "mirror" if name == "none" else f"{name}-mirror"
        assert distance(PDQ.compute(np.fliplr(turned))[0], values[mirrored]) <= 31


@settings(max_examples=25)
@given(scale=st.sampled_from([0.5, 3.0, 5.3, 6.0, 12.0, 60.0]), seed=st.integers(0, 2**32))
@pytest.mark.slow
def test_the_quality_is_the_reference_s(scale: float, seed: int) -> None:
    """Each step between neighbours counts in whole percents, rounded down; 90 of them are one, to at most 100."""
    rng = np.random.default_rng(seed)
    small = np.clip(128 + scale * rng.standard_normal((64, 64)), 0, 255).astype(np.float32)
    steps = np.concatenate([np.diff(small, axis=0).ravel(), np.diff(small, axis=1).ravel()])
    whole = sum(abs(int(step * np.float32(100) / np.float32(255))) for step in steps)
    assert gradient_quality(small) == min(100, whole // 90)


@settings(max_examples=25)
@given(width=st.integers(5, 90), height=st.integers(300, 2600), seed=st.integers(0, 2**32))
def test_tall_and_narrow_frames_have_the_reference_s_samples(width: int, height: int, seed: int) -> None:
    """Sums of many rows of few columns, an odd number among them, run over into no other column's."""
    luma = picture(width, height, seed, "noise") | np.uint8(192)  # bright: the largest sums
    quick, slow = pdq_samples.quick(luma), pdq_samples.slow(luma)
    assert float(np.abs(quick - slow).max()) < 0.005


def test_an_empty_frame_has_no_quality() -> None:
    """A flat frame has quality 0, so that black frames never match."""
    assert PDQ.compute(picture(320, 180, 16, "flat"))[1] == 0
    assert PDQ.compute(picture(4, 300, 1)) == (bytes(32), 0)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_distance_counts_differing_bits(a: bytes, b: bytes) -> None:
    """Distance is symmetric, zero for equal values, and counts bits."""
    assert distance(a, b) == distance(b, a) == sum((x ^ y).bit_count() for x, y in zip(a, b, strict=True))
    assert distance(a, a) == 0
