"""One look at a media serves every post of it, for a while, and never hides a change of the banks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.loopback.stage import Stage
from bot.model import CaseState, LinkState
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bot_on, changed
from tests.killing import Silent
from tests.people import member
from tests.slow import slow
from tests.test_acquiring import post, states

STILL = media.still(930, format="png", width=320, height=240)
HOUR = 3600.0


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def bank(bot: Pipeline, data: bytes = STILL) -> str:
    """Put a picture into the bank; return its label."""
    return bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(data), by=member(bot))[0]


def downloads(world: Stage, host: str = "i.redd.it") -> int:
    """Return how many files were asked of a host."""
    return len(world.park.paths(host))


def matches(bot: Pipeline) -> list[int]:
    """Return the number of matches behind each link, oldest first."""
    found = [bot.deps.store.links.evidence(row.id) for row in bot.deps.store.links.listing()[::-1]]
    return [len(evidence.matches) if evidence else -1 for evidence in found]


def raid(world: Stage, bot: Pipeline, count: int) -> None:
    """Post the same picture often, in two subreddits."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    for number in range(count):
        world.reddit.submit(("quiet", "clips")[number % 2], author=f"a{number}", title="x", url=url)
    bot.watch()
    bot.work()


@slow
def test_a_raid_of_300_copies_is_one_download(world: Stage, bot: Pipeline) -> None:
    """Every post of it is judged, in whichever subreddit, and the host is asked once."""
    raid(world, bot, 300)
    assert states(bot) == [LinkState.JUDGED] * 300
    assert downloads(world) == 1
    assert bot.deps.store.connection.value("select count(*) from fingerprints") == 0


@pytest.mark.slow
def test_a_raid_with_a_known_fake_is_a_case_each(world: Stage, bot: Pipeline) -> None:
    """Each copy has its own case, its own evidence and the fingerprints that a confirm needs."""
    bank(bot)
    raid(world, bot, 20)
    assert downloads(world) == 1
    cases = bot.deps.store.cases.listing()
    assert len({case.post.fullname for case in cases}) == 20
    assert all(bot.deps.store.links.has_fingerprints(case.link) for case in cases)
    for case in cases:
        evidence = bot.deps.store.links.evidence(case.link)
        assert evidence is not None
        assert (evidence.post, evidence.link.post) == (case.post.fullname, case.post.fullname)


def test_a_bank_that_changed_meanwhile_is_honoured(world: Stage, bot: Pipeline) -> None:
    """What was innocent is fetched again once a bank has changed, and found."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    post(world, bot, url)
    bot.work()
    bank(bot)
    post(world, bot, url)
    bot.work()
    assert matches(bot) == [0, 1]
    assert downloads(world) == 2


def test_a_withdrawn_entry_stops_matching_copies(world: Stage, bot: Pipeline) -> None:
    """Fingerprints of an open case are matched anew, not their matches repeated; nothing is downloaded."""
    label = bank(bot)
    url = world.park.add_reddit_image("heron", STILL, "png")
    post(world, bot, url)
    bot.work()
    bot.deps.store.banks.withdraw(label)
    post(world, bot, url)
    bot.work()
    assert matches(bot) == [1, 0]
    assert downloads(world) == 1


def test_a_case_after_a_decision_has_its_fingerprints(world: Stage, bot: Pipeline) -> None:
    """With the decision on the first case its fingerprints went; the next copy is fetched, so that it can be banked."""
    bank(bot)
    url = world.park.add_reddit_image("heron", STILL, "png")
    post(world, bot, url)
    bot.work()
    (case,) = bot.deps.store.cases.listing()
    bot.decisions.cases.dismiss(case.label, by=member(bot), why="a heron")
    post(world, bot, url)
    bot.work()
    newest = bot.deps.store.cases.listing()[0]
    assert newest.state == CaseState.OPEN
    assert bot.deps.store.links.has_fingerprints(newest.link)
    assert states(bot) == [LinkState.JUDGED] * 2
    assert downloads(world) == 2


@pytest.mark.slow
def test_a_look_serves_for_a_day(world: Stage, bot: Pipeline) -> None:
    """Within a day nothing is asked; later, counted from the download and not from the last copy, it is."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    for hours, expected in ((0, 1), (20, 1), (3, 1), (2, 2)):
        world.clock.sleep(hours * HOUR)
        post(world, bot, url)
        bot.work()
        assert downloads(world) == expected
    assert states(bot) == [LinkState.JUDGED] * 4


def test_what_is_gone_is_asked_for_once(world: Stage, bot: Pipeline) -> None:
    """Three hundred posts of a deleted picture are one request, each with the host's answer on it."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    world.park.gone("reddit", "heron")
    world.park.fail_once("i.redd.it", "/heron.png", 404)
    post(world, bot, *[url] * 5)
    bot.work()
    assert states(bot) == [LinkState.GONE] * 5
    assert len({row.reason for row in bot.deps.store.links.listing()}) == 1
    assert downloads(world) == 1


def test_what_is_no_media_is_asked_for_once(world: Stage, bot: Pipeline) -> None:
    """A file that does not decode is not fetched again for another post."""
    url = world.park.add_reddit_image("heron", b"\x89PNG\r\n\x1a\n" + bytes(200), "png")
    post(world, bot, *[url] * 5)
    bot.work()
    assert states(bot) == [LinkState.UNSUPPORTED] * 5
    assert downloads(world) == 1


def test_a_passing_failure_is_no_look(world: Stage, bot: Pipeline) -> None:
    """A host that stumbled over one copy is asked again for the next."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    world.park.fail_once("i.redd.it", "/heron.png", 503)
    post(world, bot, url, url)
    bot.work()
    assert sorted(states(bot)) == [LinkState.FAILED, LinkState.JUDGED]
    world.clock.sleep(0.5 * HOUR)
    bot.work()
    assert states(bot) == [LinkState.JUDGED] * 2
    assert downloads(world) == 2


@pytest.mark.parametrize("kind", ["album", "direct"])
def test_what_may_change_serves_for_a_quarter_of_an_hour(world: Stage, bot: Pipeline, kind: str) -> None:
    """An album gets other pictures and a file of somebody's own server another content: both are looked at again."""
    if kind == "album":
        host, url = "i.imgur.com", world.park.add_imgur_album("Album", [STILL], "png")
    else:
        host, url = "media.example.net", world.park.add_direct("media.example.net", "/a.png", STILL, "image/png")
    for minutes, expected in ((0, 1), (10, 1), (10, 2)):
        world.clock.sleep(minutes * 60)
        post(world, bot, url)
        bot.work()
        assert downloads(world, host) == expected


def test_no_reuse_when_it_is_switched_off(world: Stage) -> None:
    """With fetch.reuse_hours = 0 every post's media is fetched."""
    fetch = {**world.config.fetch.model_dump(), "reuse_hours": 0}
    with bot_on(changed(world, fetch=fetch), Silent()) as bot:
        raid(world, bot, 3)
    assert downloads(world) == 3


@pytest.mark.slow
def test_other_settings_look_again(world: Stage) -> None:
    """What was too large under one limit may not be under another."""
    url = world.park.add_reddit_image("heron", STILL, "png")
    small = {**world.config.decode.model_dump(), "max_pixels": 1000}
    with bot_on(changed(world, decode=small), Silent()) as bot:
        post(world, bot, url)
        bot.work()
        assert states(bot) == [LinkState.UNSUPPORTED]
    with bot_on(world, Silent()) as bot:
        post(world, bot, url)
        bot.work()
        assert states(bot) == [LinkState.UNSUPPORTED, LinkState.JUDGED]


@pytest.mark.slow
def test_an_original_that_is_wanted_since_is_fetched(world: Stage, bot: Pipeline) -> None:
    """A look without originals does not serve once a bank knows files."""
    fake = media.gif(931)
    clip = media.clip(931, seconds=1, width=320, height=180)
    url = world.park.add_imgur("Ab1Cd2E", fake, "gif", mp4=clip)
    label = bank(bot, clip)
    bot.deps.store.connection.run("delete from entry_files")
    bot.deps.store.banks.confirm(label, by=member(bot, "bob"))
    post(world, bot, url)
    bot.work()
    assert world.park.paths("i.imgur.com") == ["/Ab1Cd2E.mp4"]
    assert len(bot.deps.store.cases.listing()) == 1
    bank(bot, fake)
    post(world, bot, url)
    bot.work()
    evidence = bot.deps.store.links.evidence(2)
    assert evidence is not None
    assert any(match.exact for match in evidence.matches)
