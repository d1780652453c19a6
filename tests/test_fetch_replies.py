"""What an answer means: the wait it asks for, and its text once unpacked."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AcquireError, UnsupportedError
from bot.fetch.replies import MAX_RETRY_AFTER, text_of, unpack, waiting_time

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", "raw", ""]), st.integers(0, 3000))
def test_unpacking_is_exact_or_refused(data: bytes, kind: str, limit: int) -> None:
    """Unpacking gives back exactly what was packed, or refuses what is longer than the limit."""
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(data),
        "deflate": zlib.compress(data),
        "raw": raw.compress(data) + raw.flush(),
        "": data,
    }[kind]
    encoding = "deflate" if kind == "raw" else kind
    if kind and len(data) > limit:
        with pytest.raises(UnsupportedError):
            unpack("example.org", packed, encoding, limit)
    else:
        assert unpack("example.org", packed, encoding, limit) == data


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "gzip, gzip"]))
def test_unpacking_garbage_is_an_acquire_error(data: bytes, encoding: str) -> None:
    """Damaged or unknown packings end in an AcquireError, or in at most the limit of bytes."""
    with contextlib.suppress(AcquireError):
        assert len(unpack("example.org", data, encoding, 1000)) <= 1000


@pytest.mark.parametrize("charset", ["zip", "punycode", "utf-7", "nonsense", ""])
def test_strange_charsets_are_read_as_utf_8(charset: str) -> None:
    """Only common charsets are believed; nothing raises."""
    assert text_of("grün".encode(), f"text/html; charset={charset}") == "grün"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", MAX_RETRY_AFTER),
        (format_datetime(START + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(START - timedelta(days=1), usegmt=True), 0.0),
        (format_datetime(START + timedelta(days=400), usegmt=True), MAX_RETRY_AFTER),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    """Seconds and dates are read, kept between 0 and six hours; anything else is no wish."""
    assert waiting_time(value, START) == seconds


@given(
    st.text(max_size=40)
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} (Jan|Nov|Xyz) [0-9]{1,6} [0-9:]{1,9} [+-]?[0-9A-Z]{1,6}")
)
def test_retry_after_never_raises(value: str) -> None:
    """Whatever a host writes there, the wait is None or within bounds."""
    seconds = waiting_time(value, START)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER
