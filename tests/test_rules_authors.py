"""Checks on authors in the pipeline: who is looked up, when, what is kept, and what happens if Reddit does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RedditError
from bot.links import post_of
from bot.loopback.reddit.server import RedditServer
from bot.loopback.stage import Stage, stage
from bot.model import LinkState
from bot.pipeline import Pipeline
from bot.reddit import Reddit
from bot.samples import media

NEW_ACCOUNT = """---
name: New account
exact_media: {bank: [known-fakes]}
author: {account_age: "< 7 days"}
action: review
---
name: Strangers
known_media: {bank: [known-fakes]}
author: {is_contributor: false, combined_karma: "< 100"}
moderators_exempt: false
action: report
"""


@cache
def fake() -> bytes:
    """A small clip that is banked as a known fake."""
    return media.clip(401, seconds=1, width=320, height=180)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Loopback Reddit and hosts; the only rules are those on new accounts and strangers."""
    with stage(tmp_path) as built:
        for file in built.config.storage.rules.glob("*.yaml"):
            file.unlink()
        (built.config.storage.rules / "rules.yaml").write_text(NEW_ACCOUNT)
        yield built


def account(world: Stage, name: str, *, days: float = 1000, **facts: Any) -> str:
    """Create an account of that age; return its name."""
    born = world.clock.now().timestamp() - days * 86_400
    world.reddit.world.accounts[name.lower()] = {"created_utc": born, **facts}
    return name


def submit(world: Stage, author: str, id: str = "OneTwoThree", *, data: bytes | None = None) -> str:
    """Post a redgifs link; return the post's fullname."""
    url = world.park.add_redgifs(id, hd=data or fake())
    return world.reddit.submit("clips", author=author, title="look", url=url)


def fired(bot: Pipeline, post: str) -> set[str]:
    """Return the rules that fired for a post."""
    return {name for case in bot.deps.store.cases.of_post(post) for name in case.verdict.fired}


@pytest.mark.slow
def test_the_author_is_looked_up_once_and_judged_by_it(world: Stage, bot: Pipeline) -> None:
    """A new account's post is found, an old one's is not; each account's page is read once, for two rules."""
    new = submit(world, account(world, "Newcomer", days=2, link_karma=500))
    old = submit(world, account(world, "veteran", link_karma=10, comment_karma=20), "FourFiveSix")
    bot.tick()
    assert fired(bot, new) == {"New account"}
    assert fired(bot, old) == {"Strangers"}
    assert sorted(world.reddit.looked_up) == ["newcomer", "veteran"]
    submit(world, "Newcomer", "SevenEightNine")
    bot.tick()
    assert len(world.reddit.looked_up) == 2, "what was told an hour ago is good enough"
    world.clock.sleep(3700)
    submit(world, "Newcomer", "TenElevenTwelve")
    bot.tick()
    assert len(world.reddit.looked_up) == 3


def test_nobody_is_looked_up_whose_post_the_rest_of_the_rule_passes_over(world: Stage, bot: Pipeline) -> None:
    """Where no media matched, no rule asks about the author."""
    other = submit(world, account(world, "newcomer", days=2), data=media.clip(77, seconds=1, width=320, height=180))
    bot.tick()
    assert bot.deps.store.maintenance.counts()["links"] == {"judged": 1}
    assert (fired(bot, other), world.reddit.looked_up) == (set(), [])
    assert bot.deps.store.authors.get(other) is None


@pytest.mark.slow
def test_what_was_told_is_kept_without_a_name_and_forgotten_with_time(world: Stage, bot: Pipeline) -> None:
    """Explain and replay judge by what was told then; it holds no name, and is gone after seen_days."""
    post = submit(world, account(world, "Newcomer", days=2, link_karma=500))
    bot.tick()
    world.reddit.world.accounts.clear()
    world.clock.sleep(10 * 86_400)
    (judged,) = bot.deps.store.judgements.all()
    assert judged.author is not None
    assert judged.author.post_karma == 500
    assert "newcomer" not in repr(judged.author).lower()
    again = bot.judge.verdict(judged.post, judged.evidence, judged.author)
    assert (again.fired, again.outcome) == (judged.verdict.fired, judged.verdict.outcome)
    reports = {r.rule: r for r in bot.judge.explain(judged.post, judged.evidence, judged.author)}
    assert [(c.key, c.value) for c in reports["New account"].checks][1] == ("author account_age", "account_age 2 days")
    assert len(world.reddit.looked_up) == 1
    world.clock.sleep(25 * 86_400)
    bot.purge()
    assert bot.deps.store.authors.get(post) is None
    assert fired(bot, post) == {"New account"}, "the case itself is kept"


def test_a_post_that_loses_its_author_loses_what_was_told_of_it(world: Stage, bot: Pipeline) -> None:
    """Whoever takes the author out of a stored post takes out what Reddit told of the account, too."""
    post = submit(world, account(world, "newcomer", days=2, link_karma=500))
    bot.tick()
    links = bot.deps.store.links
    stored = links.post(post)
    assert stored is not None
    links.update_post(replace(stored, title="another"))
    assert bot.deps.store.authors.get(post) is not None
    links.update_post(replace(stored, author=None))
    assert bot.deps.store.authors.get(post) is None


@pytest.mark.parametrize("kind", ["suspended", "gone"])
def test_an_account_that_is_gone_fits_no_check(world: Stage, bot: Pipeline, kind: str) -> None:
    """Of a suspended or deleted account nothing is known, and no check on it holds."""
    if kind == "suspended":
        account(world, "nobody", is_suspended=True)
    post = submit(world, "nobody")
    bot.tick()
    assert fired(bot, post) == set()
    facts = bot.deps.store.authors.get(post)
    assert facts is not None
    assert facts.gone


@pytest.mark.slow
def test_an_answer_that_does_not_come_is_waited_for(world: Stage, bot: Pipeline) -> None:
    """While Reddit stumbles the link waits, without being fetched again, and is judged when the answer is there."""
    post = submit(world, account(world, "newcomer", days=2, link_karma=500))
    world.reddit.fail_next("/user/", status=502, times=30)
    bot.tick()
    (row,) = bot.deps.store.links.listing()
    assert (row.state, row.attempts) == (LinkState.MATCHED, 0)
    assert (row.reason or "").startswith("waits for its author's account")
    world.reddit.clear_faults()
    world.clock.sleep(130)
    bot.tick()
    assert fired(bot, post) == {"New account"}


@pytest.mark.slow
def test_without_an_answer_for_hours_it_is_judged_without(world: Stage, bot: Pipeline) -> None:
    """After six hours the post is judged by what is known: checks on the author do not hold, the rest does."""
    post = submit(world, account(world, "newcomer", days=2))
    world.reddit.fail_next("/user/", status=502, times=1000)
    bot.tick()
    world.clock.sleep(6 * 3600 + 1)
    bot.tick()
    (row,) = bot.deps.store.links.listing()
    assert row.state == LinkState.JUDGED
    assert fired(bot, post) == set()


def test_a_moderators_post_is_left_alone_though_it_bears_no_mark(world: Stage, bot: Pipeline) -> None:
    """The list of moderators counts, not only the mark; rules that say so see moderators too."""
    post = submit(world, account(world, "Head_Moderator", days=2, link_karma=3))
    bot.tick()
    assert fired(bot, post) == {"Strangers"}
    world.reddit.world.contributors.add(("clips", "friend"))
    friend = submit(world, account(world, "Friend", link_karma=3), "FourFiveSix")
    bot.tick()
    assert fired(bot, friend) == set()


# --- the shapes of Reddit's answers ----------------------------------------------------------------------------------


def test_accounts_are_read_as_reddit_shows_them() -> None:
    """Pages of accounts, moderators with their rights, approved users; other shapes tell nothing."""
    with (
        RedditServer(lambda: datetime(2026, 11, 1, tzinfo=UTC)) as server,
        Reddit(server.config(), reddit_url=server.url, oauth_url=server.url) as reddit,
    ):
        server.add_subreddit("clips", moderators=["Ann"])
        server.world.accounts["someone"] = {"link_karma": -3, "comment_karma": True, "created_utc": "soon"}
        found = reddit.account_of("someone")
        assert found is not None
        assert (found.post_karma, found.comment_karma, found.created, found.verified_email) == (-3, None, None, True)
        assert reddit.account_of("nobody") is None
        assert reddit.account_of("no/body") is None
        assert reddit.moderators("clips") == {"ann": {"all"}, server.username.lower(): {"posts", "mail"}}
        server.world.contributors.add(("clips", "friend"))
        assert reddit.is_contributor("clips", "Friend")
        assert not reddit.is_contributor("clips", "someone")
        server.add_subreddit("foreign", bot_permissions=None)
        with pytest.raises(RedditError) as caught:
            reddit.is_contributor("foreign", "someone")
        assert not caught.value.retry


INSIDE = ["oembed", "items", "text", "id"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["oembed", "items", "text", "id"]), inner)
    ),
    max_leaves=6,
)
KEYS = ["secure_media", "media", "poll_data", "gallery_data", "crosspost_parent_list", "parent_id", "link_id",
        "is_submitter", "discussion_type", "author_flair_text", "is_self", "link_title"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), VALUES), st.sampled_from(["t1_a", "t3_a"]))
@pytest.mark.slow
def test_details_of_any_shape_are_read(data: dict[str, Any], name: str) -> None:
    """Whatever stands in these fields, a post is read; nothing is raised."""
    assert post_of({"name": name, **data}).fullname == name


def test_details_are_read_as_reddit_shows_them() -> None:
    """Polls, captions, embedded pages, crossposts and the submission of a comment are told as rules ask for them."""
    post = post_of(
        {
            "name": "t3_a", "is_self": True, "link_flair_css_class": "video", "link_flair_template_id": "0f5a",
            "poll_data": {"options": [{"text": "her"}, {"text": "him"}, {"id": 3}]}, "author_premium": True,
            "gallery_data": {"items": [{"caption": "one"}, {"media_id": "x"}]}, "is_gallery": True,
            "secure_media": {"oembed": {"author_name": "a", "author_url": "u", "title": "t", "description": "d"}},
            "crosspost_parent_list": [{"id": "b", "title": "other", "author": "[deleted]", "subreddit": "elsewhere",
                                       "author_fullname": "t2_c", "over_18": True, "url": "https://a.example/"}],
        }
    )  # fmt: skip
    found = post.details
    assert found is not None
    assert (found.is_self, found.is_poll, found.is_gallery, found.author_premium) == (True, True, True, True)
    assert (found.poll_options, found.gallery_captions) == (("her", "him"), ("one",))
    assert (found.media_author, found.media_author_url, found.media_title) == ("a", "u", "t")
    assert found.crosspost is not None
    assert (found.crosspost.id, found.crosspost.author, found.crosspost.over_18) == ("b", None, True)
    comment = post_of(
        {"name": "t1_c", "body": "x", "parent_id": "t3_a", "link_id": "t3_a", "link_title": "look", "over_18": True,
         "link_author": "someone", "link_url": "https://a.example/", "is_submitter": False}
    ).details  # fmt: skip
    assert comment is not None
    assert (comment.top_level, comment.by_submitter) == (True, False)
    assert comment.parent is not None
    assert (comment.parent.id, comment.parent.title, comment.parent.author) == ("a", "look", "someone")
    assert post_of({"name": "t3_a", "title": "plain"}).details is None
