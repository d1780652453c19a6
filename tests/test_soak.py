"""Two simulated days among faults: what is posted is dealt with once, and the ledger would see it if it were not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.loopback.stage import stage
from tests.soak.bot import Answer
from tests.soak.faults import HOURS, PERIOD, Fault, due
from tests.soak.report import table
from tests.soak.run import Result, Sample, growth, judge, run, wanted
from tests.soak.world import Kind, Posted, Sink, World

POSTS = 5000


@pytest.mark.slow
def test_two_days_of_faults_lose_nothing() -> None:
    """Every fault comes once; each fake is removed or reported once, nothing innocent is, and no backlog is left."""
    result = run(POSTS)
    print(table(result))
    assert {fault for sample in result.samples for fault in sample.on} == set(Fault)
    assert result.wrong == []
    assert result.counts["removals done"] > 50
    assert growth(result)[1] <= 4


def test_every_fault_has_its_hours() -> None:
    """No fault lasts over the end of a period, all come in one, and in some hours nothing is wrong."""
    assert set(HOURS) == set(Fault)
    assert all(0 < hours.start < hours.stop < PERIOD for hours in HOURS.values())
    assert any(not due(hour) for hour in range(PERIOD))


def ended() -> Sample:
    """Return the sample of a last hour in which nothing waits."""
    answer = Answer(at=0.0, links={}, actions={}, waiting=0, rows=Counter(), size=0)
    return Sample(
        hour=0, posts=2, life=1, seconds=1.0, memory=100.0, descriptors=9, threads=1, children=0, answer=answer,
        on=frozenset(),
    )  # fmt: skip


@pytest.mark.parametrize("what", ["lost", "twice", "innocent"])
def test_the_ledger_tells_what_is_wrong(tmp_path: Path, what: str) -> None:
    """A removal that is missing, one too many, and one of an innocent post are each told by name."""
    with Sink() as sink, stage(tmp_path, sections={"mail": {"port": sink.port}}) as built:
        built.mail = sink
        world = World(built, 1)
        fake = built.reddit.submit("clips", author="a", title="fake", selftext="x")
        talk = built.reddit.submit("clips", author="b", title="talk", selftext="x")
        world.posted = {fake: Posted(Kind.EXACT, "clips", 0.0, False), talk: Posted(Kind.TALK, "clips", 0.0, False)}
        told = built.reddit.received.removals
        told += {"lost": [], "twice": [fake, fake], "innocent": [fake, talk]}[what]
        result = Result()
        result.samples.append(ended())
        judge(world, result)
    name = talk if what == "innocent" else fake
    assert result.wrong
    assert all(name in sentence for sentence in result.wrong)


def test_what_a_subreddit_only_observes_is_left_alone() -> None:
    """In mode observe nothing may come of any post."""
    for kind in Kind:
        want = wanted(Posted(kind, "quiet", 0.0, False))
        assert (want.removals, want.reports) == (0, 0)
