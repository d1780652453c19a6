"""Watching many subreddits: together where that works, alone where it does not, and nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import RedditError
from bot.loopback.stage import Stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.pipeline.watching.rounds import groups
from bot.reddit import Job
from bot.store.links import PAST
from tests.bots import Listening, bot_on
from tests.slow import slow
from tests.test_watch import gif, post
from tests.turns import in_turn


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


@pytest.fixture
def bot(bot: Pipeline, world: Stage) -> Pipeline:
    """A bot that has looked once."""
    bot.watch()
    world.clock.sleep(60)
    return bot


def asked(world: Stage, since: int, what: str = "/new") -> list[str]:
    """The paths of listings that were asked for since then."""
    return [request.path for request in world.reddit.log[since:] if request.path.endswith(what)]


def state(bot: Pipeline, name: str = "clips") -> tuple[str, str]:
    """A subreddit's state and sentence."""
    place = bot.deps.store.watched.place(name)
    assert place is not None
    return place.state, place.sentence


def test_subreddits_share_one_listing(world: Stage, bot: Pipeline) -> None:
    """After the first look, all are read with one request a listing, however quiet some of them are."""
    for _ in range(3):
        post(world, 1, "clips", created=world.clock.now())
        sent = len(world.reddit.log)
        bot.watch()
        assert asked(world, sent) == ["/r/clips+gifs+quiet/new"]
        world.clock.sleep(1000)


def test_a_new_subreddit_is_read_alone_first(world: Stage, bot: Pipeline) -> None:
    """One without watermark does not make the others page back for a day."""
    bot.deps.store.connection.run("delete from watermarks where subreddit = 'gifs'")
    sent = len(world.reddit.log)
    bot.watch()
    assert asked(world, sent) == ["/r/clips+quiet/new", "/r/gifs/new"]
    sent = len(world.reddit.log)
    bot.watch()
    assert asked(world, sent) == ["/r/clips+gifs+quiet/new"]


def test_groups_fit_into_an_address() -> None:
    """However many subreddits, no request names too many, and each is named once."""
    names = [f"subreddit_number_{number:04}" for number in range(200)]
    parts = list(groups(names))
    assert [name for part in parts for name in part] == names
    assert all(len(part) <= 60 and len("+".join(part)) <= 1200 for part in parts)


@slow
def test_two_thousand_posts_between_two_polls(world: Stage, bot: Pipeline, log: Listening) -> None:
    """Everything that Reddit still shows is stored; the loss of the rest is said, from when to when."""
    first = world.clock.now()
    names = []
    for number in range(2000):
        world.clock.sleep(1)
        names.append(post(world, number, "clips"))
    quiet = post(world, 5000, "quiet")
    assert bot.watch() == 1001
    stored = [name for name in names if bot.deps.store.links.post(name)]
    assert stored == names[-1000:]
    assert bot.deps.store.links.post(quiet)
    (loss,) = bot.deps.store.watched.losses(first)
    assert (loss.subreddit, loss.what) == ("clips", "new")
    assert abs(loss.lost_to - (first + timedelta(seconds=1001))) < timedelta(seconds=2)
    assert loss.lost_from <= first
    assert 1000 <= loss.estimate <= 1100
    assert [facts["reason"] for event, facts in log.warnings if event == "posts lost"] == [loss.sentence]
    assert f"{loss.lost_to:%Y-%m-%d %H:%M} UTC" in loss.sentence
    assert bot.watch() == 0
    assert len(bot.deps.store.watched.losses(first)) == 1


@pytest.mark.slow
def test_what_a_shared_listing_hides_is_found_alone(world: Stage, bot: Pipeline) -> None:
    """When one fills the shared listing, each is read alone, nothing is lost, and the busy one stays alone."""
    begun = world.clock.now()
    post(world, 8000, "clips", created=begun - timedelta(days=2))
    hidden = post(world, 9000, "quiet")
    for number in range(990):
        world.clock.sleep(1)
        post(world, number, "clips")
    for number in range(20):
        post(world, 1000 + number, "gifs")
    assert bot.watch() == 1011
    assert bot.deps.store.links.post(hidden)
    assert bot.deps.store.watched.losses(begun) == []
    sent = len(world.reddit.log)
    world.clock.sleep(30)
    bot.watch()
    assert asked(world, sent) == ["/r/gifs+quiet/new", *["/r/clips/new"] * len(asked(world, sent)[1:])]


@pytest.mark.slow
def test_days_offline_are_caught_up(world: Stage, bot: Pipeline, log: Listening) -> None:
    """After five days without a poll everything since then is stored, in all subreddits."""
    names = []
    for number in range(300):
        world.clock.sleep(5 * 86_400 / 300)
        names.append(post(world, number, ("clips", "gifs", "quiet")[number % 3]))
    assert bot.watch() == 300
    assert all(bot.deps.store.links.post(name) for name in names)
    assert log.warnings == []


@pytest.mark.parametrize(("kind", "words"), [("private", "invite"), ("banned", "banned"), ("quarantined", "opt in")])
@pytest.mark.slow
def test_a_closed_subreddit_blinds_nobody(world: Stage, bot: Pipeline, log: Listening, kind: Any, words: str) -> None:
    """It gets a state and one sentence, the others are read on, it is asked again ever less often, and comes back."""
    world.reddit.world.close("clips", kind)
    for number in range(40):
        world.clock.sleep(60)
        post(world, number, "gifs")
        assert bot.watch() == 1
    shown, sentence = state(bot)
    assert shown == kind
    assert words in sentence
    assert "r/clips" in sentence
    assert "\n" not in sentence
    assert len([1 for event, facts in log.warnings if facts.get("subreddit") == "clips"]) == 1
    hourly = [request.path for request in world.reddit.log if request.path == "/r/clips/new"]
    assert len(hourly) < 10
    world.reddit.world.close("clips", "public")
    meanwhile = post(world, 999, "clips")
    world.clock.sleep(3601)
    assert bot.watch() == 1
    assert bot.deps.store.links.post(meanwhile)
    assert state(bot) == ("watching", "")


def test_a_subreddit_closed_for_months_is_still_asked_each_hour(world: Stage, bot: Pipeline) -> None:
    """However often a closed subreddit refused, the next try is an hour away and nothing breaks."""
    refusal = RedditError("r/clips is private", retry=False, state="private")
    watched = bot.deps.store.watched
    with bot.deps.store.transaction():
        for _ in range(1_100):
            watched.troubled("clips", state="private", sentence=str(refusal), next_at=bot.deps.clock.now())
    bot.subreddits.troubled("clips", refusal)
    place = watched.place("clips")
    assert place is not None
    assert (place.next_at - bot.deps.clock.now()).total_seconds() == 3600


@pytest.mark.slow
def test_what_was_left_out_of_a_shared_listing_is_read_again(world: Stage, bot: Pipeline) -> None:
    """Reddit leaves a private subreddit out without a word: what was posted meanwhile is read when it is back."""
    world.reddit.world.close("clips", "private")
    inside = post(world, 1, "clips")
    for number in range(150):  # more than a page between it and what is newest
        post(world, 300 + number, "clips")
    for number in range(5):
        world.clock.sleep(30)
        post(world, 100 + number, "gifs")
        bot.polling.round()
    assert state(bot)[0] == "watching"
    for number in range(40):
        world.clock.sleep(30)
        post(world, 200 + number, "gifs")
        bot.polling.round()
    assert state(bot)[0] == "private"
    world.reddit.world.close("clips", "public")
    world.clock.sleep(3601)
    bot.watch()
    assert bot.deps.store.links.post(inside)


@pytest.mark.slow
def test_a_renamed_subreddit_says_its_new_name(world: Stage, bot: Pipeline) -> None:
    """The sentence names the new name and what to change."""
    world.reddit.world.rename("clips", "Movies")
    for _ in range(20):
        world.clock.sleep(60)
        bot.watch()
    assert state(bot) == (
        "renamed",
        "r/clips is called r/Movies now; rename its section [subreddits.clips] in the configuration",
    )


def test_a_blocked_network_is_a_state_of_all(world: Stage, bot: Pipeline) -> None:
    """Everything is marked with the same sentence, hardly anything is asked, and it ends by itself."""
    missed = post(world, 1, "quiet")
    world.reddit.fail_next("", status=403, body=b"<p>blocked by network security</p>", times=1000)
    sent = len(world.reddit.log)
    for _ in range(30):
        bot.watch()
        world.clock.sleep(60)
    assert {state(bot, name)[0] for name in bot.deps.config.subreddits} == {"blocked"}
    assert "network security" in state(bot)[1]
    assert len(world.reddit.log) - sent < 10
    world.reddit._faults.clear()
    world.clock.sleep(3600)
    assert bot.watch() == 1
    assert bot.deps.store.links.post(missed)
    assert {state(bot, name) for name in bot.deps.config.subreddits} == {("watching", "")}


def test_a_revoked_login_is_a_state_of_all(world: Stage, bot: Pipeline) -> None:
    """The sentence says which key to look at."""
    world.reddit.revoke()
    password, world.reddit.password = world.reddit.password, "another"
    bot.watch()
    shown, sentence = state(bot)
    assert shown == "login"
    assert "reddit.password" in sentence
    world.reddit.password = password
    world.clock.sleep(60)
    bot.watch()
    assert state(bot) == ("watching", "")


def test_a_subreddit_no_longer_configured_is_forgotten(world: Stage, bot: Pipeline) -> None:
    """Its state goes with the next look."""
    bot.deps.store.watched.seen(["elsewhere"])
    bot.watch()
    assert bot.deps.store.watched.place("elsewhere") is None


@pytest.mark.slow
def test_an_edit_long_after_adds_a_link(world: Stage, bot: Pipeline) -> None:
    """A link that is added to an old text is found by the listing of edits, in submissions and comments."""
    name = post(world, 1, url=None, selftext="nothing")
    comment = world.reddit.comment(name, author="b", body="nothing")
    bot.watch()
    world.clock.sleep(86_400 * 3)
    for number in range(120):
        post(world, 100 + number)
    bot.watch()
    world.reddit.edit(name, f"now with {gif(3)}")
    world.reddit.edit(comment, f"and with {gif(4)}")
    assert bot.watch() == 2
    assert bot.watch() == 0
    world.clock.sleep(3600)
    world.reddit.edit(name, f"now with {gif(3)} and {gif(5)}")
    assert bot.watch() == 1


def test_what_automoderator_filtered_is_read_from_the_queue(world: Stage, bot: Pipeline) -> None:
    """It never shows in the listing, yet waits for a moderator."""
    name = post(world, 1)
    world.reddit.world.filter(name)
    assert bot.watch() == 1
    stored = bot.deps.store.links.post(name)
    assert stored is not None
    assert stored.removed_by_category == "automod_filtered"


def test_reports_raise_urgency_once(world: Stage, bot: Pipeline) -> None:
    """A reported post goes to the front of the queue; ninety-nine more reports change nothing but the number."""
    name = post(world, 77)
    for number in range(5):
        world.clock.sleep(1)
        post(world, number)
    bot.watch()
    store = bot.deps.store.links
    assert [row.link.url for row in store.due(LinkState.SEEN, limit=1)] == [gif(4)]
    for reporter in range(100):
        world.reddit.world.report(name, "it is fake", f"user{reporter}")
        if reporter in (0, 99):
            bot.watch()
            rows = bot.deps.store.connection.rows("select url, priority from links order by priority desc, id")
            assert [row["priority"] for row in rows] == [1, 0, 0, 0, 0, 0]
            assert rows[0]["url"] == gif(77)
    assert [row.link.url for row in store.due(LinkState.SEEN, limit=2)] == [gif(77), gif(4)]
    stored = store.post(name)
    assert stored is not None
    assert stored.num_reports == 100


def test_reports_do_not_repeat_a_failed_try(world: Stage, bot: Pipeline) -> None:
    """After the first one, more reports never shorten the wait for a host that failed."""
    name = post(world, 1)
    world.reddit.world.report(name, "it is fake", "one")
    bot.watch()
    store, later = bot.deps.store.links, world.clock.now() + timedelta(hours=1)
    store.failed(1, reason="the host does not answer", next_at=later)
    world.reddit.world.report(name, "it is fake", "two")
    bot.watch()
    assert store.due(LinkState.FAILED) == []
    world.clock.sleep(3600)
    assert len(store.due(LinkState.FAILED)) == 1


def test_a_report_brings_in_an_old_post(world: Stage, bot: Pipeline) -> None:
    """A post from before the first look is read when somebody reports it."""
    name = post(world, 1, created=world.clock.now() - timedelta(days=200))
    world.reddit.world.report(name, "it is fake", "somebody")
    assert bot.watch() == 1
    assert bot.deps.store.links.due(LinkState.SEEN)[0].link.post == name


def test_nothing_of_a_moderators_report_is_kept(world: Stage, bot: Pipeline) -> None:
    """A report by name brings its post in; who made it and in which words is stored nowhere."""
    name = post(world, 1)
    world.reddit.world.report(name, "words of nobody", "second_moderator")
    assert bot.watch() == 1
    kept = b"".join(path.read_bytes() for path in bot.deps.config.storage.path.rglob("*") if path.is_file())
    assert name.encode() in kept
    assert b"words of nobody" not in kept
    assert b"second_moderator" not in kept


@pytest.mark.slow
def test_the_past_never_goes_before_what_is_live(world: Stage, bot: Pipeline) -> None:
    """However long the rows of a backfill have been due."""
    store = bot.deps.store.links
    thing = world.reddit.world.shown(post(world, 1, created=world.clock.now() - timedelta(days=300)))
    bot.listings.store("clips", [(p, links) for _, p, links in bot.listings.read("clips", [thing])], priority=PAST)
    world.clock.sleep(3600)
    post(world, 2)
    bot.watch()
    assert [row.link.url for row in store.due(LinkState.SEEN)] == [gif(2), gif(1)]
    assert [row.link.url for row in in_turn(bot.deps.store)] == [gif(2), gif(1)]
    store.urge([thing["data"]["name"]])
    assert [row.link.url for row in in_turn(bot.deps.store)] == [gif(1), gif(2)]


def test_a_moderators_post_is_left_alone(world: Stage, bot: Pipeline) -> None:
    """By the list of moderators, not only by the mark; its links are stored with the reason and never fetched."""
    post(world, 1, author="Second_Moderator")
    post(world, 2, author="somebody")
    bot.watch()
    rows = {row.link.url: row for row in bot.deps.store.links.listing()}
    assert rows[gif(1)].state == LinkState.JUDGED
    assert rows[gif(1)].reason == "left alone: posted by a moderator of the subreddit"
    assert [row.link.url for row in bot.deps.store.links.due(LinkState.SEEN)] == [gif(2)]


def test_moderators_are_not_exempt_where_that_is_switched_off(world: Stage, log: Listening) -> None:
    """With moderators_exempt = false their posts are looked at like any other."""
    settings = world.config.subreddits["clips"].model_copy(update={"moderators_exempt": False})
    world.config = world.config.model_copy(update={"subreddits": {**world.config.subreddits, "clips": settings}})
    name = post(world, 1, author="second_moderator", distinguished="moderator")
    with bot_on(world, log) as pipeline:
        pipeline.watch()
        assert [row.link.post for row in pipeline.deps.store.links.due(LinkState.SEEN)] == [name]
        assert not any(rule.moderators_exempt for rule in pipeline.deps.rules_for("clips").rules)
        assert all(rule.moderators_exempt for rule in pipeline.deps.rules_for("gifs").rules)


def test_what_a_moderator_decided_is_left_alone(world: Stage, bot: Pipeline) -> None:
    """Approved before we saw it: never fetched. AutoModerator has not looked at the media: its approval is none."""
    name, other = post(world, 1), post(world, 2)
    world.reddit.moderator_approves(name, "second_moderator")
    world.reddit.moderator_approves(other, "AutoModerator")
    bot.watch()
    rows = {row.link.post: (row.state, row.reason) for row in bot.deps.store.links.listing()}
    assert rows == {
        name: (LinkState.JUDGED, "left alone: approved by a moderator"),
        other: (LinkState.SEEN, None),
    }


def test_mod_logs_share_one_listing(world: Stage, bot: Pipeline) -> None:
    """After the first look the logs are read with one request, and a decision in any is heard once."""
    name = post(world, 1, "gifs")
    bot.watch()
    bot.follow()
    world.reddit.moderator_removes(name, "second_moderator")
    world.clock.sleep(5)
    sent = len(world.reddit.log)
    bot.follow()
    bot.follow()
    assert set(asked(world, sent, "/about/log")) == {"/r/clips+gifs+quiet/about/log"}
    assert bot.deps.store.connection.value("select count(*) from decisions") == 1


@pytest.mark.slow
def test_the_whole_overlap_is_read_twice_in_its_time(world: Stage, bot: Pipeline) -> None:
    """Polls between read a minute back; what Reddit shows late is found by the next whole read, and nothing is lost."""
    post(world, 8000, "clips", created=world.clock.now() - timedelta(days=2))
    for number in range(550):
        world.clock.sleep(1)
        post(world, number, "clips")
    assert bot.watch() == 550
    pages, late, found = [], "", []
    for number in range(11):
        world.clock.sleep(30)
        if number == 0:
            late = post(world, 9000, "clips", created=world.clock.now() - timedelta(seconds=400))
        sent = len(world.reddit.log)
        bot.watch()
        pages.append(len(asked(world, sent)))
        found.append(bool(late and bot.deps.store.links.post(late)))
    assert pages[:9] == [1] * 9
    assert pages[9] > 3
    assert found == [False] * 9 + [True] * 2
    assert bot.deps.store.watched.losses(world.clock.now() - timedelta(days=1)) == []


def test_watching_keeps_to_the_pace_of_the_limit(world: Stage, bot: Pipeline) -> None:
    """While more of the window is used than is due, nothing is read; when it is due again, everything is."""
    for _ in range(300):
        bot.deps.api._budget.sent(Job.WATCH)
    name = post(world, 1, "clips")
    sent = len(world.reddit.log)
    assert bot.watch() == 0
    assert len(world.reddit.log) == sent
    world.clock.sleep(250)
    assert bot.watch() == 1
    assert bot.deps.store.links.post(name)
