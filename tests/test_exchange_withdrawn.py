"""What an exchange takes back ends everywhere; what our people decide goes back where an exchange takes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import pytest

from bot.lists import WRITERS
from bot.loopback.exchanges import ExchangePark, File
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, FeedbackState
from bot.pipeline import Pipeline
from bot.pipeline.keeping.exchange_standing import source
from tests.bots import Listening, action_states, bot_on, changed, fake, log, post_fake, world
from tests.fetching import NOW, park
from tests.people import member
from tests.test_withdrawals import case_of

__all__ = ["log", "park", "world"]
OTHER = "f0e1d2c3b4a5968778695a4b3c2d1e0f" * 2
KINDS = ("https", "folder", "hma", "threatexchange", "stopncii")


@pytest.fixture
def known() -> Sequence[bytes]:
    """The bank is empty: everything comes from exchanges."""
    return ()


@pytest.fixture
def bot(world: Stage, log: Listening, park: ExchangePark, tmp_path: Path) -> Iterator[Pipeline]:
    """A bot with an exchange of each kind."""
    (tmp_path / "lists").mkdir()
    keys = {"key": "subscription", "fetch_key": "fetch", "feedback_key": "feedback"}
    sections: dict[str, dict[str, object]] = {
        "https": {"url": f"{park.url}/lists/a.ndjson"},
        "folder": {"folder": tmp_path / "lists", "whole": True},
        "hma": {"url": f"{park.url}/hma", "collection": "KNOWN_FAKES"},
        "threatexchange": {"url": f"{park.url}/graph", "collection": "777", "key": "APP|SECRET"},
        "stopncii": {"url": f"{park.url}/ncii", **keys},
    }
    exchanges = {kind: {"kind": kind, "every_minutes": 1, **one} for kind, one in sections.items()}
    with bot_on(changed(world, exchanges=exchanges), log) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        yield pipeline


def puts(kind: str, park: ExchangePark, folder: Path) -> Callable[[str, bool], None]:
    """Return what sets a hash at an exchange: there, or taken back. Another one is always there."""

    def put(value: str, there: bool) -> None:
        match kind:
            case "https":
                state = "" if there else ',"status":"withdrawn"'
                lines = [f'{{"id":"1","pdq":"{value}"{state}}}', f'{{"id":"2","pdq":"{OTHER}"}}']
                park.files["a.ndjson"] = File(body="\n".join(lines).encode())
            case "folder":
                path = folder / "lists" / f"{len(list((folder / 'lists').iterdir()))}.txt"
                path.write_text("\n".join([value, OTHER] if there else [OTHER]))
                os.utime(path, (NOW - 100 + len(path.name), NOW - 100 + int(path.stem)))
            case "hma":
                park.hma.put("KNOWN_FAKES", 1, {"pdq": value}, until=int(there))
                park.hma.put("KNOWN_FAKES", 2, {"pdq": OTHER})
            case "threatexchange":
                park.threatexchange.put("1", value, NOW, should_delete=not there)
                park.threatexchange.put("2", OTHER, NOW)
            case _:
                park.stopncii.put(value, NOW + (not there), status="Active" if there else "Withdrawn")
                park.stopncii.put(OTHER, NOW)

    return put


def digest_of(bot: Pipeline) -> str:
    """Return a PDQ of the fake."""
    found = bot.deps.workers.fingerprint(fake())
    return next(signal.value.hex() for signal in found.signals if signal.type == "pdq")


def exported(bot: Pipeline) -> str:
    """Return the bank as a list."""
    store = bot.deps.store
    return "\n".join(
        WRITERS["hex"](chain(store.known.active((), "known-fakes"), store.listed.active((), "known-fakes")))
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_a_withdrawn_hash_ends_everywhere(
    world: Stage, bot: Pipeline, park: ExchangePark, tmp_path: Path, kind: str
) -> None:
    """Each exchange: it matches and opens a case; taken back, no match, no action, no open case, no exported row."""
    put, value = puts(kind, park, tmp_path), digest_of(bot)
    put(value, True)
    bot.exchanges.fetch(kind)
    assert value in exported(bot)
    name = post_fake(world)
    bot.watch()
    bot.work()
    case = case_of(bot, name)
    assert case.state == CaseState.OPEN
    assert bot.scanner.library().lookup([bytes.fromhex(value)]) != [[]]
    world.clock.sleep(3600)
    put(value, False)
    bot.exchanges.fetch(kind)
    bot.act()
    assert bot.scanner.library().lookup([bytes.fromhex(value)]) == [[]]
    assert case_of(bot, name).state == CaseState.WITHDRAWN
    states = {state for kind, state in action_states(bot).items()}
    assert states <= {ActionState.CANCELLED, ActionState.DONE}
    assert value not in exported(bot)
    assert OTHER in exported(bot)
    again = post_fake(world, id="Again")
    bot.watch()
    bot.work()
    assert [row for row in bot.deps.store.cases.listing() if row.post.fullname == again] == []


def decided(world: Stage, bot: Pipeline, id: str) -> str:
    """Post the fake and confirm its case; return the case's label."""
    name = post_fake(world, id=id)
    bot.watch()
    bot.work()
    case = case_of(bot, name)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="it is")
    bot.act()
    world.clock.sleep(1200)
    bot.act()
    return case.label


@pytest.mark.parametrize("kind", ["threatexchange", "stopncii"])
def test_what_people_decide_goes_back(
    world: Stage, bot: Pipeline, park: ExchangePark, tmp_path: Path, kind: str
) -> None:
    """A confirmed case is told as such, once; it names the hash and nothing else."""
    put, value = puts(kind, park, tmp_path), digest_of(bot)
    put(value, True)
    bot.exchanges.fetch(kind)
    decided(world, bot, "First")
    assert bot.exchange_feedback.round() == 1
    assert bot.exchange_feedback.round() == 0
    if kind == "stopncii":
        assert park.stopncii.told == [{"hashValue": value, "feedbackValue": "Blocked", "tags": []}]
    else:
        assert park.threatexchange.reactions == [("91", "HELPFUL")]


def feedback_of(bot: Pipeline) -> list[tuple[FeedbackState, int, str | None]]:
    """Return state, attempts and reason of everything that is or was to be told."""
    rows = bot.deps.store.connection.rows("select state, attempts, why from feedback order by id")
    return [(FeedbackState(row["state"]), row["attempts"], row["why"]) for row in rows]


def test_feedback_that_fails_is_told_later(
    world: Stage, bot: Pipeline, park: ExchangePark, log: Listening, tmp_path: Path
) -> None:
    """Not before its wait is over; until then the log says why, and nothing is lost."""
    puts("stopncii", park, tmp_path)(digest_of(bot), True)
    bot.exchanges.fetch("stopncii")
    decided(world, bot, "First")
    park.faults.append("500")
    assert bot.exchange_feedback.round() == 0
    assert feedback_of(bot)[0][:2] == (FeedbackState.FAILED, 1)
    assert log.warnings[-1][0] == "exchange not told"
    assert bot.exchange_feedback.round() == 0
    world.clock.sleep(301)
    assert bot.exchange_feedback.round() == 1
    assert [one["feedbackValue"] for one in park.stopncii.told] == ["Blocked"]


def test_feedback_that_is_refused_is_written_down(
    world: Stage, bot: Pipeline, park: ExchangePark, tmp_path: Path
) -> None:
    """With the reason, and it is not told again."""
    value = digest_of(bot)
    puts("stopncii", park, tmp_path)(value, True)
    bot.exchanges.fetch("stopncii")
    decided(world, bot, "First")
    park.stopncii.refuses = (value,)
    assert bot.exchange_feedback.round() == 0
    ((state, _, why),) = feedback_of(bot)
    assert state == FeedbackState.REFUSED
    assert "refuses the feedback" in str(why)
    world.clock.sleep(86_400)
    asked = len(park.log)
    bot.exchange_feedback.round()
    assert len(park.log) == asked


def test_nothing_is_told_of_a_suspected_minor(world: Stage, bot: Pipeline, park: ExchangePark, tmp_path: Path) -> None:
    """What was confirmed and then marked is not told, whatever waited in the queue; nor is what lists without files."""
    puts("stopncii", park, tmp_path)(digest_of(bot), True)
    bot.exchanges.fetch("stopncii")
    decided(world, bot, "First")
    assert bot.deps.store.feedback.queue(source("stopncii")) == 1
    name = post_fake(world, id="Second")
    bot.watch()
    bot.work()
    bot.decisions.minors.hide(name, by=member(bot))
    bot.exchange_feedback.round()
    world.clock.sleep(3600)
    bot.decisions.minors.finish()
    bot.exchange_feedback.round()
    assert park.stopncii.told == []


def test_feedback_can_be_switched_off_and_rests_with_a_pause(
    world: Stage, bot: Pipeline, park: ExchangePark, tmp_path: Path
) -> None:
    """A paused exchange is told nothing; the others that take none are never asked to."""
    puts("stopncii", park, tmp_path)(digest_of(bot), True)
    bot.exchanges.fetch("stopncii")
    decided(world, bot, "First")
    bot.exchanges.pause("stopncii", paused=True, by=member(bot))
    assert not bot.exchange_feedback.tells("stopncii")
    assert bot.exchange_feedback.round() == 0
    bot.exchanges.pause("stopncii", paused=False, by=member(bot))
    assert bot.exchange_feedback.tells("stopncii")
    assert bot.exchange_feedback.round() == 1
    assert not any(bot.exchange_feedback.tells(kind) for kind in ("https", "folder", "hma"))
