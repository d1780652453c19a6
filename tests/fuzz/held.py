"""What holds of everything that reads what strangers write."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.errors import GifwardenError
from bot.text import UNFIT
from tests.fuzz.drawn import Drawn

SECONDS = 0.5  # of the processor for one input
SHOWN = 6000  # characters of an input that are told
MOST_SAID = 1400  # characters of a sentence for people

Check = Callable[[Drawn], None]


def held(check: Check, data: bytes, *, seconds: float = SECONDS) -> None:
    """Fail if an input takes longer, or if `check` does; the failure tells what the input was."""
    drawn = Drawn(data)
    try:
        took = _took(check, drawn)
        if took > seconds:
            took = min(took, *(_took(check, Drawn(data)) for _ in range(2)))  # a pause of the machine is nobody's fault
        assert took <= seconds, f"took {took:.2f} s"
    except BaseException as error:
        for made in drawn.made:
            error.add_note(f"input: {made!r}"[:SHOWN])
        error.add_note(f"drawn from: {data!r}"[:SHOWN])
        raise


def sentence(error: GifwardenError) -> None:
    """Fail unless an error is said in a sentence that people can see as it is."""
    said = str(error)
    assert said, "an error without a word"
    assert len(said) <= MOST_SAID, f"a sentence of {len(said)} characters"
    assert "\n" not in said
    assert not UNFIT.search(said), f"a sentence that cannot be shown: {said!r}"


def _took(check: Check, drawn: Drawn) -> float:
    began = time.thread_time()
    check(drawn)
    return time.thread_time() - began
