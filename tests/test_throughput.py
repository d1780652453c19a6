"""Small runs of the throughput measurements: what they measure works."""

from __future__ import annotations

import pytest

from bot.model import LinkState
from tests.benchmarks import clips_from_loopback, queue_drains


@pytest.mark.slow
def test_clips_go_the_whole_way() -> None:
    """Clips are decoded, fingerprinted and judged in one run, and every rate is one."""
    ((decoding, fingerprinting, whole),) = clips_from_loopback.measure(3, 1, 1, seconds=0.2)
    assert min(*decoding, *fingerprinting, *whole) > 0


@pytest.mark.slow
def test_a_queue_that_grew_drains() -> None:
    """More links than the hosts' pace allows, a host that asks to wait, and in the end every link is judged."""
    story = queue_drains.run(1, 60, 120)
    assert story.longest > 5
    assert story.states == {LinkState.JUDGED: 120}
