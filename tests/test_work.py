"""Work on links: whole albums, one bad link that stops no other, and turns short enough for everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline as order
from bot import workers
from bot.assemble import Parts, assembled
from bot.encryption import FieldCipher, new_key
from bot.errors import StoreError
from bot.loopback.answers import Answer
from bot.loopback.http import Response
from bot.loopback.stage import Stage
from bot.model import Evidence, LinkState, Post
from bot.pipeline import Pipeline, recovery
from bot.rules import RuleSet
from bot.samples import media
from bot.store import LinkRow
from tests.bots import bot_on, changed
from tests.killing import Silent
from tests.people import member
from tests.slow import slow


@cache
def still(number: int) -> bytes:
    """A picture, another one for each number."""
    return media.still(900 + number, format="png", width=320, height=180)


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def submit(world: Stage, url: str) -> None:
    """Post a link."""
    world.reddit.submit("quiet", author="a", title="x", url=url)


def singles(world: Stage, count: int) -> None:
    """Post links to single pictures."""
    for number in range(count):
        submit(world, world.park.add_imgur(f"Single{number}", still(number), "png"))


def later(world: Stage, bot: Pipeline, ticks: int = 1) -> None:
    """Let time pass until every failed link is due again, and work."""
    for _ in range(ticks):
        world.clock.sleep(1200)
        bot.work()


def fetch(bot: Pipeline) -> None:
    """Download and fingerprint what can be started now, and nothing else."""
    bot.downloads.start()
    while bot.downloads.in_work:
        bot.downloads.wait(60)


def links(bot: Pipeline) -> list[LinkRow]:
    """Return all links, oldest first."""
    return bot.deps.store.links.listing()[::-1]


def states(bot: Pipeline) -> list[LinkState]:
    """Return the state of every link, oldest first."""
    return [row.state for row in links(bot)]


def album(world: Stage, *files: bytes, stumbles: int = 1, answer: Answer = 503) -> None:
    """Post an album of these files, in the place of the second of which the host gives that answer that often."""
    submit(world, world.park.add_imgur_album("Album", files, "png"))
    for _ in range(stumbles):
        world.park.fail_once("i.imgur.com", "/Album01.png", answer)


def media_of(bot: Pipeline) -> list[str]:
    """Return the state of every media of the first link."""
    evidence = bot.deps.store.links.evidence(1)
    assert evidence is not None
    return [info.state for info in evidence.media]


@pytest.mark.slow
def test_an_album_is_judged_when_it_is_whole(world: Stage, bot: Pipeline) -> None:
    """A part that the host fails to serve now is fetched later; until then nothing is judged."""
    album(world, still(0), still(1), still(2))
    bot.tick()
    (row,) = links(bot)
    assert (row.state, row.attempts, row.outages) == (LinkState.FAILED, 0, 1)
    assert bot.deps.store.links.evidence(1) is None
    later(world, bot)
    assert states(bot) == [LinkState.JUDGED]
    assert media_of(bot) == ["fingerprinted"] * 3


def test_an_album_that_stays_broken_is_judged_in_part(world: Stage, bot: Pipeline) -> None:
    """In the end what there is counts, what is missing is written down, and it is looked for by itself."""
    album(world, still(0), still(1), still(2), stumbles=99)
    bot.watch()
    later(world, bot, 4)
    assert states(bot) == [LinkState.FAILED]
    later(world, bot)
    assert states(bot) == [LinkState.JUDGED, LinkState.FAILED]
    assert media_of(bot) == ["fingerprinted", "failed", "fingerprinted"]


def test_a_broken_file_does_not_write_off_the_one_to_come(world: Stage, bot: Pipeline) -> None:
    """What does not decode says nothing about a media that the host could not serve."""
    album(world, b"\x89PNG\r\n\x1a\n" + bytes(200), still(1))
    bot.tick()
    assert states(bot) == [LinkState.FAILED]
    later(world, bot)
    assert states(bot) == [LinkState.JUDGED]


def test_nothing_at_all_is_given_up_in_the_end(world: Stage, bot: Pipeline) -> None:
    """A link whose only decodable media breaks off each time is given up, not called unsupported."""
    album(world, b"\x89PNG\r\n\x1a\n" + bytes(200), still(1), stumbles=99, answer=Response(drop=True))
    bot.watch()
    later(world, bot, 5)
    assert states(bot) == [LinkState.GIVEN_UP]


@pytest.mark.slow
def test_a_missing_original_is_fetched_later(world: Stage, bot: Pipeline) -> None:
    """Where banks know files, a rendition alone cannot tell the exact file."""
    fake = media.gif(951)
    bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(fake), by=member(bot))
    clip = media.clip(951, seconds=1, width=320, height=180)
    submit(world, world.park.add_imgur("Ab1Cd2E", fake, "gif", mp4=clip))
    world.park.fail_once("i.imgur.com", "/Ab1Cd2E.gif", 503)
    bot.tick()
    assert states(bot) == [LinkState.FAILED]
    later(world, bot)
    evidence = bot.deps.store.links.evidence(1)
    assert evidence is not None
    assert [match.exact for match in evidence.matches] == [True]


def break_for(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, wrong: Callable[..., bool]) -> None:
    """Make a method raise KeyError for the arguments that `wrong` knows."""
    whole = getattr(owner, name)

    def stumbling(*args: Any, **kwargs: Any) -> Any:
        if wrong(*args):
            raise KeyError("https://secret.example/")
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, stumbling)


@pytest.mark.parametrize("step", ["acquire", "match", "judge"])
def test_one_bad_link_stops_no_other(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever goes wrong with a link is counted and recorded with it, in the end it is given up."""
    singles(world, 3)
    bot.watch()
    bad = links(bot)[0].link

    def judged(_rules: RuleSet, _post: Post, evidence: Evidence, *_more: object) -> bool:
        return evidence.link == bad

    if step == "acquire":
        break_for(monkeypatch, bot.deps.acquirer, "acquire", lambda link: link == bad)
    elif step == "match":
        break_for(monkeypatch, bot.scanner, "matched", lambda evidence, _prints: evidence.link == bad)
    else:
        break_for(monkeypatch, bot.judge, "_learn", judged)
    bot.work()
    assert states(bot) == [LinkState.FAILED, LinkState.JUDGED, LinkState.JUDGED]
    row = links(bot)[0]
    assert "KeyError" in (row.reason or "")
    assert "secret" not in (row.reason or "")
    later(world, bot, 4)
    assert states(bot) == [LinkState.GIVEN_UP, LinkState.JUDGED, LinkState.JUDGED]
    assert links(bot)[0].attempts == bot.deps.config.fetch.attempts


@slow
def test_a_decoder_that_does_not_start_costs_an_attempt(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no verdict on the file: the link is tried again and judged when decoders start."""
    singles(world, 1)
    with bot_on(world, Silent(), children=workers.Workers) as bot:
        with monkeypatch.context() as broken:
            broken.setattr(workers, "BOOT", "raise SystemExit(3)")
            bot.tick()
        (row,) = links(bot)
        assert (row.state, row.attempts) == (LinkState.FAILED, 1)
        assert "decoder does not start" in (row.reason or "")
        later(world, bot)
        assert states(bot) == [LinkState.JUDGED]


def test_what_was_fetched_is_judged_although_nothing_can_be_fetched(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing step raises its error after the others have done theirs."""
    singles(world, 1)
    bot.watch()
    fetch(bot)

    def full() -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(bot.downloads, "start", full)
    with pytest.raises(StoreError, match="full"):
        bot.work()
    assert states(bot) == [LinkState.JUDGED]


def test_a_fingerprint_of_another_key_is_fetched_again(world: Stage, bot: Pipeline) -> None:
    """A value that does not open costs its link an attempt and stops no other."""
    singles(world, 2)
    bot.watch()
    fetch(bot)
    foreign = FieldCipher(new_key()).encrypt(b"{}")
    bot.deps.store.connection.run("update fingerprints set sealed = ? where link = 1", (foreign,))
    bot.work()
    assert states(bot) == [LinkState.FAILED, LinkState.JUDGED]
    assert "key" in (links(bot)[0].reason or "")
    later(world, bot)
    assert states(bot) == [LinkState.JUDGED, LinkState.JUDGED]


def test_work_ends_with_the_link_at_hand(world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop, it takes the link at hand all the way and leaves the rest for the next turn."""
    monkeypatch.setattr(order, "GRACE_SECONDS", 60.0)
    fetch = {**world.config.fetch.model_dump(), "concurrency": 1}
    with bot_on(changed(world, fetch=fetch), Silent()) as bot:
        singles(world, 3)
        bot.watch()
        assert bot.work(lambda: False) == 1
        assert states(bot) == [LinkState.JUDGED, LinkState.SEEN, LinkState.SEEN]
        assert bot.work() == 2


def test_a_slice_ends_with_its_time(world: Stage, bot: Pipeline) -> None:
    """A slice lasts its seconds, or until the daemon stops."""
    go_on = bot.slice()
    assert go_on()
    world.clock.sleep(recovery.SLICE_SECONDS + 1)
    assert not go_on()
    assert not bot.slice(lambda: False)()


@pytest.mark.slow
def test_a_backlog_does_not_keep_what_was_found_from_being_acted_on(
    world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between slices of work the other steps get their turn."""
    monkeypatch.setattr(recovery, "SLICE_SECONDS", 0.0)
    met: list[str] = []
    with bot_on(world, Silent(), met.append) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(still(2)), by=member(bot))
        for number in range(3):  # the newest is looked at first
            url = world.park.add_imgur(f"Single{number}", still(number), "png")
            world.reddit.submit("clips", author="a", title="x", url=url)
        bot.tick()
        assert states(bot) == [LinkState.JUDGED] * 3
    assert met.index("act.done:remove") < len(met) - 1 - met[::-1].index("acquire.stored")
    assert len(world.reddit.removals) == 1


def test_fingerprints_need_neither_banks_nor_rules(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To bank media it is not matched first; the digests of its original come with it."""
    break_for(monkeypatch, bot.scanner, "library", lambda: True)
    break_for(monkeypatch, bot.deps.store.known, "signals", lambda *_: True)
    gif, clip = media.gif(951), media.clip(951, seconds=1, width=320, height=180)
    (result,) = bot.target_scanner.fingerprints(world.park.add_imgur("Ab1Cd2E", gif, "gif", mp4=clip))
    assert result.error is None
    assert result.verdict is None
    (found,) = result.fingerprints
    assert found.format == "mp4"
    assert len(found.also) == 1


def test_what_failed_in_an_album_is_told(world: Stage, bot: Pipeline) -> None:
    """A result for a part of an album says which part is missing."""
    url = world.park.add_imgur_album("Album", [still(0), still(1)], "png")
    world.park.fail_once("i.imgur.com", "/Album01.png", 503)
    (result,) = bot.target_scanner.fingerprints(url)
    assert len(result.fingerprints) == 1
    (failure,) = result.failures
    assert failure.startswith("media 2: ")


def test_a_target_that_cannot_be_looked_at_is_a_result(world: Stage, tmp_path: Path) -> None:
    """A name that no file can have, and a permalink without an account, are one sentence each."""
    with assembled(world.config, Silent(), parts=Parts(reddit=False), clock=world.clock) as bot:
        for target in ("x" * 5000, "https://www.reddit.com/r/clips/comments/abc/x/"):
            for look in (bot.target_scanner.scan, bot.target_scanner.fingerprints):
                (result,) = look(target)
                assert result.error
                assert "\n" not in result.error
