"""The loopback Reddit, looked at through PRAW's own objects: what they understand has Reddit's shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import praw
import prawcore
import pytest
import requests

from bot.clock import ManualClock
from bot.links import links_of, post_of, things_in
from bot.loopback.reddit.server import RedditServer


@pytest.fixture
def server(clock: ManualClock) -> Iterator[RedditServer]:
    """A loopback Reddit with one subreddit in which the bot moderates."""
    with RedditServer(clock.now) as running:
        running.add_subreddit("Test", moderators=["alice"], bot_permissions=["all"])
        yield running


@pytest.fixture
def client(server: RedditServer) -> Iterator[praw.Reddit]:
    """PRAW as anybody would set it up."""
    session = requests.Session()
    yield praw.Reddit(
        client_id=server.client_id,
        client_secret=server.client_secret,
        username=server.username,
        password=server.password,
        user_agent="linux:test:1 (by /u/somebody)",
        reddit_url=server.url,
        oauth_url=server.url,
        check_for_updates=False,
        requestor_kwargs={"session": session},
    )
    session.close()


def raw(server: RedditServer, client: praw.Reddit, path: str, **params: Any) -> Any:
    """The JSON of a path."""
    return client.request(method="GET", path=path, params=params)


@pytest.mark.slow
def test_listing_goes_a_thousand_deep(server: RedditServer, client: praw.Reddit, clock: ManualClock) -> None:
    """A listing ends after 1,000 things, at most 100 a page, newest first."""
    for _ in range(1030):
        clock.sleep(1)
        last = server.submit("Test", author="a", title="t", url="https://a.com/x")
    names = [submission.fullname for submission in client.subreddit("Test").new(limit=None)]
    assert len(names) == len(set(names)) == 1000
    assert names[0] == last
    assert sum(request.path.startswith("/r/Test/new") for request in server.log) == 10


def test_before_a_removed_thing_comes_nothing(server: RedditServer, client: praw.Reddit, clock: ManualClock) -> None:
    """`before` works until its thing is removed, as on Reddit; `after` goes on from the place it had."""
    names = []
    for _ in range(4):
        clock.sleep(1)
        names.append(server.submit("Test", author="a", title="t", url="https://a.com/x"))

    def seen(**params: str) -> list[str]:
        return [thing["data"]["name"] for thing in things_in(raw(server, client, "r/Test/new", **params))]

    assert seen(before=names[1]) == [names[3], names[2]]
    server.moderator_removes(names[1], "alice")
    assert seen(before=names[1]) == []
    assert seen(after=names[1]) == [names[0]]
    assert seen(after="t3_zzzzz") == []


@pytest.mark.slow
def test_deeds_through_praw(server: RedditServer, client: praw.Reddit) -> None:
    """PRAW's report, remove and approve understand the answers, and their effect is seen by id."""
    name = server.submit("Test", author="a", title="t", url="https://i.redd.it/abc.gif")
    submission = next(iter(client.info(fullnames=[name])))
    submission.report("why")
    submission.mod.remove(spam=True)
    submission = next(iter(client.info(fullnames=[name])))
    assert (submission.banned_by, submission.spam, submission.removed) == (server.username, True, False)
    assert submission.mod_reports == [["why", server.username]]
    submission.mod.approve()
    submission = next(iter(client.info(fullnames=[name])))
    assert (submission.approved_by, submission.banned_by, submission.mod_reports) == (server.username, None, [])
    log = list(client.subreddit("Test").mod.log())
    assert [(entry.action, str(entry.mod), entry.details) for entry in log] == [
        ("approvelink", server.username, "unspam"),
        ("spamlink", server.username, "spam"),
    ]
    assert log[0].id.startswith("ModAction_")
    assert [entry["action"] for entry in server.mod_log] == ["spamlink", "approvelink"]


@pytest.mark.slow
def test_reports_count_once_and_never_on_removed_things(server: RedditServer, client: praw.Reddit) -> None:
    """A second report of one account, or one of a removed thing, is received and changes nothing."""
    name = server.submit("Test", author="a", title="t", url="https://a.com")
    submission = next(iter(client.info(fullnames=[name])))
    submission.report("one")
    submission.report("two")
    server.world.report(name, "by a user", "someone")
    removed = server.submit("Test", author="a", title="t", url="https://a.com")
    server.moderator_removes(removed, "alice")
    next(iter(client.info(fullnames=[removed]))).report("three")
    data = server.world.things[name]
    assert (data["mod_reports"], data["user_reports"]) == ([["one", server.username]], [["by a user", 1, False, True]])
    assert server.world.things[removed]["num_reports"] == 0
    assert [reason for _, reason, _ in server.reports] == ["one", "two", "three"]
    with pytest.raises(praw.exceptions.RedditAPIException, match="TOO_LONG"):
        submission.report("x" * 101)


@pytest.mark.slow
def test_modmail_through_praw(server: RedditServer, client: praw.Reddit) -> None:
    """PRAW reads the conversations; internal ones stand in the `mod` box only."""
    subreddit = client.subreddit("Test")
    conversation = client.post(
        "api/mod/conversations", data={"srName": "Test", "subject": "S", "body": "B", "isAuthorHidden": False}
    )
    assert conversation.is_internal
    (found,) = subreddit.modmail.conversations(state="mod")
    assert (found.id, found.subject, str(found.owner)) == (conversation.id, "S", "Test")
    assert list(subreddit.modmail.conversations()) == []
    assert server.modmails == [("Test", "S", "B")]
    for data in ({"srName": "Test", "subject": "", "body": "B"}, {"srName": "None_such", "subject": "S", "body": "B"}):
        with pytest.raises(praw.exceptions.RedditAPIException):
            client.post("api/mod/conversations", data=data)


@pytest.mark.slow
def test_without_the_mail_right_modmail_is_a_users(server: RedditServer, client: praw.Reddit) -> None:
    """Without the mail right a conversation is an ordinary one, and the boxes stay shut."""
    server.add_subreddit("Narrow", bot_permissions=["posts"])
    data = {"srName": "Narrow", "subject": "S", "body": "B"}
    assert not client.post("api/mod/conversations", data=data).is_internal
    with pytest.raises(prawcore.Forbidden):
        list(client.subreddit("Narrow").modmail.conversations(state="mod"))


@pytest.mark.slow
def test_moderators_and_me(server: RedditServer, client: praw.Reddit) -> None:
    """PRAW reads who moderates with which permissions, and who we are."""
    assert str(client.user.me()) == server.username
    moderators = {str(user): user.mod_permissions for user in client.subreddit("Test").moderator()}
    assert moderators == {"alice": ["all"], server.username: ["all"]}


@pytest.mark.slow
def test_others_see_no_moderation(server: RedditServer, client: praw.Reddit) -> None:
    """Where the bot is no moderator, reports and removers stay hidden, and the mod log shut."""
    server.add_subreddit("Visited", moderators=["bob"], bot_permissions=None)
    name = server.submit("Visited", author="a", title="t", url="https://a.com")
    server.world.report(name, "x", "bob")
    server.moderator_removes(name, "bob")
    (thing,) = things_in(raw(server, client, "api/info", id=name))
    assert (thing["data"]["banned_by"], thing["data"]["mod_reports"], thing["data"]["num_reports"]) == (None, [], None)
    assert "removed" not in thing["data"]
    assert thing["data"]["removed_by_category"] == "moderator"
    with pytest.raises(prawcore.Forbidden):
        list(client.subreddit("Visited").mod.log())


@pytest.mark.slow
def test_comment_page_is_a_tree(server: RedditServer, client: praw.Reddit) -> None:
    """A permalink's page holds the submission and its comments with their replies."""
    name = server.submit("Test", author="a", title="t", selftext="text")
    first = server.comment(name, author="b", body="1")
    reply = server.comment(first, author="c", body="2")
    other = server.comment(name, author="d", body="3")
    page = raw(server, client, f"comments/{name[3:]}.json")
    assert [thing["data"]["name"] for thing in things_in(page)] == [name, first, reply, other]
    page = raw(server, client, f"r/Test/comments/{name[3:]}/_/{reply[3:]}")
    assert [thing["data"]["name"] for thing in things_in(page)] == [name, reply]
    submission = client.submission(name[3:])
    assert [f"t1_{comment}" for comment in submission.comments.list()] == [first, other, reply]


@pytest.mark.slow
def test_deleted_things_keep_no_content(server: RedditServer, client: praw.Reddit) -> None:
    """A deleted post loses author, text and media and leaves the listing."""
    name = server.submit("Test", author="someone", title="t", selftext="secret", url="https://i.redd.it/abc.gif")
    comment = server.comment(name, author="someone", body="secret")
    server.delete(name)
    server.delete(comment)
    things = list(things_in(raw(server, client, "api/info", id=f"{name},{comment}")))
    assert "secret" not in str(things)
    assert "i.redd.it" not in str(things)
    assert [(post_of(thing).author, post_of(thing).removed_by_category) for thing in things] == [(None, "deleted")] * 2
    assert list(client.subreddit("Test").new()) == []


@pytest.mark.slow
def test_galleries_and_crossposts_are_read_as_such(server: RedditServer, client: praw.Reddit) -> None:
    """What scripts post as gallery or crosspost has the keys that the link reader looks for."""
    entry = {
        "id": "pic1",
        "status": "valid",
        "e": "Image",
        "m": "image/png",
        "s": {"u": "https://preview.redd.it/pic1.png?s=1"},
    }
    gallery = server.submit("Test", author="a", title="t", gallery=[entry])
    crosspost = server.submit("Test", author="b", title="t", crosspost_of=gallery)
    for name, source in ((gallery, "gallery"), (crosspost, "crosspost")):
        (thing,) = things_in(raw(server, client, "api/info", id=name))
        links = [(link.url, link.source) for link in links_of(thing, lambda _url: None)]
        assert ("https://i.redd.it/pic1.png", source) in links
        assert "_reporters" not in str(thing)


def test_tokens_expire(server: RedditServer, client: praw.Reddit, clock: ManualClock) -> None:
    """A token is refused after its hour, or when it never was one."""
    client.user.me()
    token = {"Authorization": server.log[-1].headers["authorization"]}
    assert requests.get(f"{server.url}/api/v1/me", headers=token, timeout=5).status_code == 200
    clock.sleep(3601)
    for headers in (token, {"Authorization": "Bearer made-up"}, {}):
        answer = requests.get(f"{server.url}/api/v1/me", headers=headers, timeout=5)
        assert answer.status_code == 401
        assert "invalid_token" in answer.headers["www-authenticate"]


def test_rate_headers_have_reddits_types(server: RedditServer, client: praw.Reddit) -> None:
    """Remaining is a float, used and reset are whole numbers."""
    client.user.me()
    token = {"Authorization": server.log[-1].headers["authorization"]}
    headers = requests.get(f"{server.url}/api/v1/me", headers=token, timeout=5).headers
    assert "." in headers["x-ratelimit-remaining"]
    assert float(headers["x-ratelimit-remaining"]) + int(headers["x-ratelimit-used"]) == 1000
    assert int(headers["x-ratelimit-reset"]) > 0


@pytest.mark.slow
def test_faults_are_scripted_once(server: RedditServer, client: praw.Reddit) -> None:
    """A scripted answer comes as often as asked; the deed is done only if the script says so."""
    name = server.submit("Test", author="a", title="t", url="https://a.com")
    submission = next(iter(client.info(fullnames=[name])))
    server.fail_next("/api/remove", status=429)
    with pytest.raises(prawcore.TooManyRequests):
        submission.mod.remove()
    assert server.removals == []
    server.fail_next("/api/remove", status=403, performed=True)
    with pytest.raises(prawcore.Forbidden):
        submission.mod.remove()
    assert server.removals == [name]
    submission.mod.remove()
    assert server.removals == [name, name]
