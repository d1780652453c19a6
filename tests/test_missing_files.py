"""A file of an album that does not come with the others: they are judged, and it is looked for on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pytest

from bot.cli.case_page import page
from bot.errors import OutageError, UnsupportedError
from bot.jobs.messages import error_to, later_from
from bot.loopback.answers import Answer, lying, web_page
from bot.loopback.http import Response
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.pipeline.recovery import OUTAGES, PAGES
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.samples import media
from bot.store import LinkRow
from tests.slow import slow

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
FILES = "i.imgur.com"


@cache
def still(number: int) -> bytes:
    """A picture, another one for each number; the banked one is the first."""
    return media.still(900 + number, format="png", width=320, height=180)


@pytest.fixture
def known() -> Sequence[bytes]:
    """One picture is banked."""
    return (still(0),)


def album(world: Stage, *numbers: int, id: str = "Album") -> str:
    """Post an album of these pictures; return the post."""
    url = world.park.add_imgur_album(id, [still(number) for number in numbers], "png")
    return world.reddit.submit("clips", author="poster", title="look", url=url)


def answering(world: Stage, answers: dict[str, Answer]) -> list[str]:
    """Let the host give these answers to these paths; return the paths that will have been asked for."""
    asked: list[str] = []

    def trouble(request: object) -> Answer | None:
        path = str(getattr(request, "path", ""))
        if getattr(request, "host", "") == FILES:
            asked.append(path)
        return answers.get(path)

    world.park.trouble = trouble
    return asked


def live(world: Stage, bot: Pipeline, seconds: float, every: float = 5 * MINUTE) -> None:
    """Let so much time pass while the bot works."""
    for _ in range(int(seconds // every)):
        bot.tick()
        world.clock.sleep(every)


def rows(bot: Pipeline) -> list[LinkRow]:
    """Return all links, oldest first."""
    return bot.deps.store.links.listing()[::-1]


def places(bot: Pipeline) -> list[tuple[int | None, LinkState]]:
    """Return of each link which file of an album it is about, and its state."""
    return [(row.place, row.state) for row in rows(bot)]


def metric(bot: Pipeline, state: LinkState) -> int:
    """Return how many links are in a state, as metrics tell it."""
    return bot.deps.store.figures.by_state("links").get(state, 0)


def unlooked(bot: Pipeline, post: str) -> tuple[str, ...]:
    """Return what people are told was not looked at."""
    return not_looked_at(bot.deps.store, post)


def timing_out() -> Response:
    """Return a file that ends before its end."""
    return lying(still(1)[:200], 200_000, "image/png")


def test_a_known_fake_does_not_wait_for_another_file(world: Stage, bot: Pipeline) -> None:
    """What came is removed for after a quarter of an hour; the other file stays visible, and is looked at later."""
    post = album(world, 0, 1)
    asked = answering(world, {"/Album01.png": 503})
    live(world, bot, 10 * MINUTE)
    assert places(bot) == [(None, LinkState.FAILED)]
    assert world.reddit.removals == []
    live(world, bot, 20 * MINUTE)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.FAILED)]
    assert world.reddit.removals == [post]
    (case,) = bot.deps.store.cases.listing()
    said = ("1 file of an album of this post did not come from its host; it is asked again",)
    assert page(bot, world.config, case.label)[0]["not_looked_at"] == list(said)
    asked.clear()
    live(world, bot, 6 * HOUR, HOUR)
    assert set(asked) == {"/Album01.png"}  # what came is not fetched again
    assert unlooked(bot, post) == said
    answering(world, {})
    live(world, bot, 4 * HOUR, HOUR)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.JUDGED)]
    assert unlooked(bot, post) == ()


def test_a_fake_in_the_file_that_came_late_is_removed(world: Stage, bot: Pipeline) -> None:
    """Its match opens a case of its own that says which file it is, although the others were nothing."""
    post = album(world, 1, 2, 0)
    answering(world, {"/Album02.png": 503})
    live(world, bot, HOUR)
    assert world.reddit.removals == []
    answering(world, {})
    live(world, bot, 4 * HOUR, HOUR)
    assert world.reddit.removals == [post]
    (case,) = bot.deps.store.cases.listing()
    lines = [line for name, line in page(bot, world.config, case.label)[1] if name == "media"]
    assert [line.partition(":")[0] for line in lines] == ["3"]


@slow
def test_a_file_that_never_comes_is_said_to_be_unseen(world: Stage, bot: Pipeline) -> None:
    """After three days its row is given up, which figures count and people are told; nothing is asked any more."""
    post = album(world, 0, 1)
    asked = answering(world, {"/Album01.png": 503})
    live(world, bot, 4 * DAY, 2 * HOUR)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.GIVEN_UP)]
    assert metric(bot, LinkState.GIVEN_UP) == 1
    assert unlooked(bot, post) == ("1 file of an album of this post was never seen: its host did not give it",)
    assert asked.count("/Album01.png") <= OUTAGES
    asked.clear()
    live(world, bot, 2 * DAY, 2 * HOUR)
    assert asked == []


@pytest.mark.parametrize("asks", [3600, pytest.param(6 * 3600, marks=slow)])
def test_a_host_that_asks_for_hours_keeps_back_nothing_that_came(world: Stage, bot: Pipeline, asks: int) -> None:
    """Where the host wants to be left alone for long, what came before is judged at once, and all else in its time."""
    post = album(world, 0, 1, 2)
    busy = Response(status=429, headers={"Retry-After": str(asks)})
    asked = answering(world, {"/Album01.png": busy})
    bot.tick()
    assert world.reddit.removals == [post]
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.FAILED), (2, LinkState.FAILED)]
    asked.clear()
    live(world, bot, asks - 10 * MINUTE, 10 * MINUTE)
    assert asked == []
    answering(world, {})
    live(world, bot, HOUR)
    assert [state for _, state in places(bot)] == [LinkState.JUDGED] * 3


@pytest.mark.parametrize(
    ("answer", "state", "most"),
    [
        pytest.param(timing_out, LinkState.GIVEN_UP, 5, id="damaged"),
        pytest.param(web_page(), LinkState.UNSUPPORTED, PAGES, id="page", marks=slow),
    ],
)
def test_each_file_ends_as_a_link_does(
    world: Stage, bot: Pipeline, answer: Response | Callable[[], Response], state: LinkState, most: int
) -> None:
    """A file that breaks off is given up after five attempts, a page in its place after eight looks; both are told."""
    post = album(world, 0, 1)
    asked = answering(world, {"/Album01.png": answer})
    live(world, bot, DAY, HOUR / 2)
    assert places(bot) == [(None, LinkState.JUDGED), (1, state)]
    assert world.reddit.removals == [post]
    assert asked.count("/Album01.png") <= most
    assert unlooked(bot, post) == ("1 file of an album of this post was never seen: its host did not give it",)


@slow
def test_a_file_that_is_gone_ends_nothing_else(world: Stage, bot: Pipeline) -> None:
    """Where one file is gone and the other's host is away, the link waits, and is judged by what comes."""
    post = album(world, 1, 0)
    answering(world, {"/Album00.png": 404, "/Album01.png": 503})
    live(world, bot, 5 * HOUR, HOUR)
    assert places(bot) == [(None, LinkState.FAILED)]
    answering(world, {"/Album00.png": 404})
    live(world, bot, 4 * HOUR, HOUR)
    assert world.reddit.removals == [post]
    assert places(bot) == [(None, LinkState.JUDGED)]


@slow
def test_a_part_of_an_album_serves_no_other_post(world: Stage, bot: Pipeline) -> None:
    """What came in parts, and what never came, say nothing to another post's link to the same album."""
    album(world, 1, 0)
    answering(world, {"/Album01.png": 503})
    live(world, bot, HOUR)
    answering(world, {"/Album01.png": 404})
    live(world, bot, 4 * HOUR, HOUR)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.GONE)]
    answering(world, {})
    again = world.reddit.submit("clips", author="other", title="look", url="https://imgur.com/a/Album")
    live(world, bot, HOUR)
    assert world.reddit.removals == [again]


@slow
def test_an_order_to_look_again_looks_at_the_whole(world: Stage, bot: Pipeline) -> None:
    """Who asks for another look has the album looked at whole, and no file of it twice."""
    post = album(world, 1, 0)
    answering(world, {"/Album01.png": 503})
    live(world, bot, HOUR)
    answering(world, {})
    with bot.deps.store.transaction():
        bot.deps.store.missing.forget(post)
        bot.deps.store.orders.look_again(post)
    assert places(bot) == [(None, LinkState.SEEN)]
    live(world, bot, HOUR)
    assert places(bot) == [(None, LinkState.JUDGED)]
    assert len(bot.deps.store.cases.listing()) == 1


def test_an_order_to_look_again_forgets_no_file_of_an_album_with_a_case(world: Stage, bot: Pipeline) -> None:
    """Where the album itself is not looked at anew, the file that did not come is looked for all the same."""
    post = album(world, 0, 1)
    answering(world, {"/Album01.png": 503})
    live(world, bot, HOUR)
    answering(world, {})
    with bot.deps.store.transaction():
        bot.deps.store.missing.forget(post)
        bot.deps.store.orders.look_again(post)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.SEEN)]
    bot.tick()
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.JUDGED)]


@slow
def test_what_came_with_its_album_after_all_waits_no_more(world: Stage, bot: Pipeline) -> None:
    """Where an album is fetched anew and is whole, nothing of it is looked for any more."""
    post = album(world, 1, 2)
    answering(world, {"/Album01.png": 503})
    live(world, bot, HOUR)
    assert places(bot) == [(None, LinkState.JUDGED), (1, LinkState.FAILED)]
    answering(world, {})
    bot.deps.store.queue.fetch_afresh(rows(bot)[0].id)
    bot.tick()
    assert places(bot) == [(None, LinkState.JUDGED)]
    assert unlooked(bot, post) == ()


def test_what_a_worker_tells_of_missing_files_is_read_alike() -> None:
    """Places and errors come through with their kind and the host's wish; anything else is no message."""
    page_error = UnsupportedError("a web page")
    page_error.passes = True
    told = [[1, error_to(OutageError("away", retry_after=60.0))], [2, error_to(page_error)]]
    read = later_from(told, 4)
    assert [(place, type(error), str(error), error.passes) for place, error in read] == [
        (1, OutageError, "away", False), (2, UnsupportedError, "a web page", True),
    ]  # fmt: skip
    assert isinstance(read[0][1], OutageError)
    assert read[0][1].retry_after == 60.0
    wrong = error_to(ValueError("x"))
    for bad in (None, [[9, told[0][1]]], [["1", told[0][1]]], [[1, wrong]], [[1, {}]], told * 9, [[1]]):
        with pytest.raises((ValueError, TypeError)):
            later_from(bad, 4)


def test_the_first_picture_is_seen_by_reddits_preview(world: Stage, bot: Pipeline) -> None:
    """Reddit's preview of an album shows its first picture, so it is looked at where that one did not come."""
    world.park.add_direct("external-preview.redd.it", "/Zy9_abc.jpg", still(0), "image/png")
    still_of = {"source": {"url": "https://external-preview.redd.it/Zy9_abc.jpg?auto=webp&amp;s=01"}, "variants": {}}
    url = world.park.add_imgur_album("Album", [still(0), still(1)], "png")
    preview = {"images": [still_of], "reddit_video_preview": None}
    post = world.reddit.submit("clips", author="poster", title="look", url=url, preview=preview)
    answering(world, {"/Album00.png": 503})
    live(world, bot, HOUR)
    assert [(row.link.source, row.place, row.state) for row in rows(bot)] == [
        ("url", None, LinkState.JUDGED), ("preview", None, LinkState.JUDGED), ("url", 0, LinkState.FAILED),
    ]  # fmt: skip
    (case,) = bot.deps.store.cases.listing()
    assert (case.post.fullname, case.source) == (post, "preview")
