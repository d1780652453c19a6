"""Scan jobs: a link's bytes stay with one machine, and nothing of them is decoded before the coordinator says so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from bot.jobs import Here
from bot.loopback.stage import Stage
from bot.model import Fingerprint, Link
from bot.pipeline import Pipeline
from bot.samples import media
from bot.workers import Workers

STILL = media.still(931, format="png", width=64, height=48)


def link_to(url: str, name: str = "Held1") -> Link:
    """Return a link to a single picture."""
    return Link(url=url, host="imgur", id=name, kind="media", source="link")


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


@pytest.mark.slow
def test_a_job_tells_digests_before_anything_is_decoded(world: Stage, bot: Pipeline) -> None:
    """What a job tells first needs no decoder: no child is started for it, and it is the file's own digests."""
    url = world.park.add_imgur("Held1", STILL, "png")
    with Workers(bot.deps.config.decode) as workers:
        here = Here(bot.deps.acquirer, workers)
        with here.begin(link_to(url), want_original=False, in_front=True) as fetched:
            (facts,) = fetched.files
            assert facts.digests == ((hashlib.sha256(STILL).hexdigest(), hashlib.md5(STILL).hexdigest()),)
            assert workers.pids == ()
            ((told, found),) = fetched.prints(faces=False, pace=None)
            assert told == facts
            assert isinstance(found, Fingerprint)
            assert found.sha256 == facts.digests[0][0]
            assert len(workers.pids) == 1


def test_at_the_end_of_a_job_its_bytes_are_gone(world: Stage, bot: Pipeline) -> None:
    """What was fetched is dropped with the block, so that nobody decodes it later."""
    url = world.park.add_imgur("Held1", STILL, "png")
    here = Here(bot.deps.acquirer, bot.deps.workers)
    with here.begin(link_to(url), want_original=False, in_front=True) as fetched:
        pass
    with pytest.raises(KeyError):
        list(fetched.prints(faces=False, pace=None))
