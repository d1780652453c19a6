"""The real PRAW client against the loopback Reddit."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.clock import ManualClock
from bot.config import RedditConfig
from bot.errors import RedditError
from bot.links import post_of
from bot.loopback.http import json_response
from bot.loopback.reddit.server import RedditServer
from bot.permalink import is_account, is_fullname
from bot.reddit import Reddit

SECRETS = ("correct horse", "loopback-secret", "loopback-refresh")


@pytest.fixture
def server(clock: ManualClock) -> Iterator[RedditServer]:
    """A loopback Reddit with one subreddit in which the bot moderates."""
    with RedditServer(clock.now) as running:
        running.add_subreddit("Test", moderators=["alice"])
        yield running


@pytest.fixture
def reddit(server: RedditServer) -> Iterator[Reddit]:
    """The client, logged in there."""
    with Reddit(server.config(), reddit_url=server.url, oauth_url=server.url) as client:
        yield client


def connect(server: RedditServer, **changes: Any) -> Reddit:
    """A client with other credentials."""
    return Reddit(server.config(**changes), reddit_url=server.url, oauth_url=server.url)


def failure(call: Callable[[], Any]) -> RedditError:
    """The error that a call ends in."""
    with pytest.raises(RedditError) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def post(server: RedditServer, **changes: Any) -> str:
    """A link post to do things to."""
    return server.submit("Test", author="someone", title="A title", url="https://i.redd.it/abc.gif", **changes)


def test_password_login_names_the_account(server: RedditServer, reddit: Reddit) -> None:
    """The password grant logs in, with a User-Agent that names program, version and contact."""
    assert reddit.me() == server.username
    agent = server.log[-1].headers["user-agent"]
    assert agent.startswith(f"linux:gifwarden:{__version__} (by /u/somebody)")
    assert server.log[0].form["grant_type"] == "password"


def test_refresh_token_login(server: RedditServer) -> None:
    """A refresh token serves instead of a password, also when a password is there too."""
    with connect(server, refresh_token=server.refresh_token) as reddit:
        assert reddit.me() == server.username
    assert server.log[0].form["grant_type"] == "refresh_token"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"client_id": ""}, "reddit.client_id"),
        ({"client_secret": ""}, "reddit.client_secret"),
        ({"username": ""}, "reddit.username"),
        ({"password": ""}, "reddit.password"),
        ({"username": "", "contact": "", "refresh_token": "x"}, "reddit.contact"),
    ],
)
def test_missing_credentials_are_named(server: RedditServer, changes: dict[str, str], key: str) -> None:
    """A missing credential is one sentence with its key, before anything is sent."""
    error = failure(lambda: connect(server, **changes))
    assert key in str(error)
    assert not error.retry
    assert server.log == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "reddit.password"),
        ({"client_secret": "wrong"}, "reddit.client_secret"),
        ({"refresh_token": "revoked"}, "reddit.refresh_token"),
    ],
)
def test_refused_login_says_what_to_check(server: RedditServer, changes: dict[str, str], words: str) -> None:
    """Wrong or revoked credentials are not retried, and the sentence says which keys to look at."""
    with connect(server, **changes) as reddit:
        error = failure(reddit.me)
    assert words in str(error)
    assert (error.retry, error.ambiguous) == (False, False)


def test_environment_and_praw_ini_change_nothing(
    server: RedditServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither praw_… variables nor praw.ini, proxies or .netrc reach the client."""
    other = "http://127.0.0.1:9"
    for key in ("reddit_url", "oauth_url", "client_id", "client_secret", "username", "password", "refresh_token"):
        monkeypatch.setenv(f"praw_{key}", other)
    monkeypatch.setenv("praw_site", "planted")
    for key in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(key, other)
    (tmp_path / "praw.ini").write_text(f"[DEFAULT]\noauth_url={other}\nreddit_url={other}\ncomment_kind=t9\n")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with connect(server) as reddit:
        assert reddit.me() == server.username
        assert reddit._praw.config.reddit_url == server.url
    with Reddit(server.config()) as real:
        assert real._praw.config.oauth_url == "https://oauth.reddit.com"
        assert real._praw.config.reddit_url == "https://www.reddit.com"


def test_listing_pages_to_the_end(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """Pages follow each other by `after`, newest first, without loss or repetition."""
    names = []
    for _ in range(7):
        clock.sleep(1)
        names.append(post(server))
    seen: list[str] = []
    after = None
    while True:
        page = reddit.listing("Test", "new", after=after, limit=3)
        seen += [thing["data"]["name"] for thing in page.things]
        after = page.after
        if after is None:
            break
    assert seen == names[::-1]


def test_multireddit_and_comments(server: RedditServer, reddit: Reddit) -> None:
    """Several subreddits share one listing; comments come with their submission's title and mark."""
    server.add_subreddit("Second")
    first = post(server, over_18=True)
    second = server.submit("Second", author="b", title="Other", selftext="text")
    assert {thing["data"]["name"] for thing in reddit.listing("Test+Second", "new").things} == {first, second}
    server.comment(first, author="c", body="https://redgifs.com/watch/x")
    (thing,) = reddit.listing("Test", "comments").things
    seen = post_of(thing)
    assert (seen.is_comment, seen.title, seen.over_18) == (True, "A title", True)


def test_thing_by_fullname(server: RedditServer, reddit: Reddit) -> None:
    """A thing is read by its fullname, None if there is none, an error if it is no fullname."""
    name = post(server)
    thing = reddit.thing(name)
    assert thing is not None
    assert (thing["kind"], thing["data"]["url"]) == ("t3", "https://i.redd.it/abc.gif")
    assert reddit.thing("t3_zzzzz") is None
    assert not failure(lambda: reddit.thing("../../api/v1/me")).retry


def test_every_permalink_form_resolves(server: RedditServer, reddit: Reddit) -> None:
    """Old, new, short, bare and shared addresses lead to the submission or the comment."""
    name = post(server)
    comment = server.comment(name, author="c", body="hello")
    number, path = name[3:], server.world.things[name]["permalink"]
    for url in (f"https://old.reddit.com{path}", f"https://redd.it/{number}", path, server.share(name)):
        thing = reddit.resolve(url)
        assert thing is not None
        assert thing["data"]["name"] == name
    for url in (f"https://www.reddit.com{path}{comment[3:]}/", server.share(comment)):
        thing = reddit.resolve(url)
        assert thing is not None
        assert thing["data"]["name"] == comment
    assert reddit.resolve("https://example.com/r/x/comments/abc/") is None
    assert not failure(lambda: reddit.resolve("https://www.reddit.com/r/Test/s/unknown")).retry


def test_a_share_link_is_followed_on_reddit_only(server: RedditServer, reddit: Reddit) -> None:
    """A share link that leads off Reddit ends there."""
    server.world.shares["/r/Test/s/evil"] = "@evil.example/r/Test/comments/abc/"
    assert reddit.resolve("https://evil.example.reddit.com/r/Test/s/evil") is None
    assert [request.host for request in server.log if "evil" in request.path] == ["127.0.0.1"]


def test_report_reaches_the_moderators(server: RedditServer, reddit: Reddit) -> None:
    """A report stands in mod_reports under the bot's name; one too long is refused before it is sent."""
    name = post(server)
    reddit.report(name, "Looks like a known fake")
    assert server.reports == [(name, "Looks like a known fake", server.username)]
    thing = reddit.thing(name)
    assert thing is not None
    assert thing["data"]["mod_reports"] == [["Looks like a known fake", server.username]]
    assert not failure(lambda: reddit.report(name, "x" * 101)).retry
    assert len(server.reports) == 1


def test_remove_and_approve_show_on_the_thing_and_in_the_log(
    server: RedditServer, reddit: Reddit, clock: ManualClock
) -> None:
    """A removal and its undoing are seen by id, in the listing and in the mod log."""
    name = post(server)
    comment = server.comment(name, author="c", body="x")
    reddit.remove(name)
    thing = reddit.thing(name)
    assert thing is not None
    assert post_of(thing).removed_by_category == "moderator"
    assert thing["data"]["banned_by"] == server.username
    assert reddit.listing("Test", "new").things == ()
    reddit.approve(name)
    thing = reddit.thing(name)
    assert thing is not None
    assert (post_of(thing).approved_by, post_of(thing).removed_by_category) == (server.username, None)
    clock.sleep(5)
    reddit.remove(comment, spam=True)
    log = reddit.mod_log("Test")
    assert [(entry.action, entry.target, entry.moderator) for entry in log] == [
        ("spamcomment", comment, server.username),
        ("approvelink", name, server.username),
        ("removelink", name, server.username),
    ]
    assert log[0].at == clock.now()
    assert reddit.mod_log("Test", after=log[0].id, limit=1) == log[1:2]
    assert (server.removals, server.approvals) == ([name, comment], [name])


def test_modmail_is_an_internal_discussion_and_is_found_again(server: RedditServer, reddit: Reddit) -> None:
    """A modmail goes out without a recipient, which makes it internal, and is found by its subject."""
    number = reddit.modmail("Test", "Case C-1", "Please look.")
    assert number is not None
    assert server.modmails == [("Test", "Case C-1", "Please look.")]
    assert "to" not in server.log[-1].form
    assert server.world.conversations[number]["isInternal"] is True
    assert reddit.find_modmail("test", "Case C-1") == number
    assert reddit.find_modmail("Test", "Case C-2") is None
    for subject, body in (("x" * 101, "b"), ("s", ""), ("s", "x" * 10_001)):
        assert not failure(lambda s=subject, b=body: reddit.modmail("Test", s, b)).retry  # type: ignore[misc]  # bound now
    assert len(server.modmails) == 1


def test_modmail_is_found_behind_a_hundred_others(server: RedditServer, reddit: Reddit) -> None:
    """The search goes on to the next page of discussions."""
    number = reddit.modmail("Test", "Case C-1", "text")
    for index in range(120):
        server.world.converse("Test", f"Other {index}", "text", server.username)
    assert reddit.find_modmail("Test", "Case C-1") == number


def test_rights(server: RedditServer, reddit: Reddit) -> None:
    """The account's permissions are read per subreddit; none where it is no moderator."""
    server.add_subreddit("Visited", bot_permissions=None)
    assert reddit.permissions("Test") == {"posts", "mail"}
    assert reddit.permissions("Visited") == frozenset()


def test_no_right_is_no_retry(server: RedditServer, reddit: Reddit) -> None:
    """Removing where the bot is no moderator is refused for good, and nothing was done."""
    server.add_subreddit("Visited", bot_permissions=None)
    name = server.submit("Visited", author="a", title="t", url="https://a.com")
    error = failure(lambda: reddit.remove(name))
    assert (error.retry, error.ambiguous) == (False, False)
    assert "moderator" in str(error)


@pytest.mark.parametrize(("kind", "words"), [("private", "private"), ("banned", "banned"), (None, "no such subreddit")])
def test_closed_subreddits(server: RedditServer, reddit: Reddit, kind: Any, words: str) -> None:
    """Private, banned and missing subreddits each get their own sentence and no retry."""
    if kind:
        server.add_subreddit("Closed", bot_permissions=None, kind=kind)
    error = failure(lambda: reddit.listing("Closed", "new"))
    assert words in str(error)
    assert not error.retry


@pytest.mark.parametrize("name", ["../api/v1/me?x=", "r/Test", "", "a b", "Test/about/log"])
def test_odd_subreddit_names_send_nothing(server: RedditServer, reddit: Reddit, name: str) -> None:
    """What is no subreddit's name never becomes a path."""
    assert not failure(lambda: reddit.listing(name, "new")).retry
    assert server.log == ()


@pytest.mark.slow
def test_expired_and_revoked_tokens_are_renewed(server: RedditServer, reddit: Reddit, clock: ManualClock) -> None:
    """A 401 on a post leads to a new token and exactly one deed."""
    name = post(server)
    reddit.me()
    clock.sleep(timedelta(hours=2).total_seconds())
    reddit.report(name, "one")
    server.revoke()
    reddit.remove(name)
    assert (len(server.reports), server.removals) == (1, [name])


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503, "body": b"<html>"}, {"drop": True}])
def test_a_post_is_tried_once_and_may_have_been_done(
    server: RedditServer, reddit: Reddit, fault: dict[str, Any]
) -> None:
    """A post that Reddit performed and then failed to answer is not repeated, and says that nobody knows."""
    name = post(server)
    reddit.me()
    server.fail_next("/api/mod/conversations", method="POST", performed=True, **fault)
    error = failure(lambda: reddit.modmail("Test", "Case C-1", "text"))
    assert (error.retry, error.ambiguous) == (True, True)
    assert len(server.modmails) == 1
    assert reddit.find_modmail("Test", "Case C-1") is not None
    server.fail_next("/api/report", performed=True, **fault)
    assert failure(lambda: reddit.report(name, "x")).ambiguous
    assert len(server.reports) == 1


def test_an_unreadable_answer_to_a_post_may_have_been_done(server: RedditServer, reddit: Reddit) -> None:
    """A page instead of JSON after a post leaves open whether it was done."""
    name = post(server)
    server.fail_next("/api/remove", status=200, body=b"<html>hello</html>", performed=True)
    assert failure(lambda: reddit.remove(name)).ambiguous
    assert server.removals == [name]


def test_unreachable_reddit_did_nothing(clock: ManualClock) -> None:
    """Where no connection comes about, a post was certainly not done."""
    with RedditServer(clock.now) as server:
        server.add_subreddit("Test")
        reddit = connect(server)
        reddit.me()
        name = post(server)
    with reddit:
        error = failure(lambda: reddit.report(name, "x"))
    assert (error.retry, error.ambiguous) == (True, False)
    assert "cannot be reached, so we could not" in str(error)
    assert "check this machine's connection to the internet" in str(error)


def test_reads_survive_one_stumble(server: RedditServer, reddit: Reddit) -> None:
    """A read that fails once with 500 is repeated by prawcore."""
    name = post(server)
    server.fail_next("/new", status=500)
    assert [thing["data"]["name"] for thing in reddit.listing("Test", "new").things] == [name]


@pytest.mark.slow
def test_rate_limit_carries_the_wait(server: RedditServer, reddit: Reddit) -> None:
    """429 says how long to wait, on a read and on a post, and nothing was done."""
    name = post(server)
    server.fail_next("/new", status=429, headers={"retry-after": "17"})
    error = failure(lambda: reddit.listing("Test", "new"))
    assert (error.retry, error.retry_after) == (True, 17.0)
    server.fail_next("/api/report", status=429, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    error = failure(lambda: reddit.report(name, "x"))
    assert (error.retry, error.retry_after, error.ambiguous) == (True, None, False)
    assert server.reports == []


@pytest.mark.parametrize(
    ("fault", "words", "retry"),
    [
        ({"status": 403, "body": b"<p>You've been blocked by network security.</p>"}, "network security", True),
        ({"status": 403, "body": b'{"message": "Forbidden", "error": 403}'}, "forbids", False),
        ({"status": 404, "body": b'{"message": "Not Found", "error": 404}'}, "404", False),
        ({"status": 400, "body": b"not json"}, "400", False),
        ({"status": 400, "body": b'{"odd": 1}'}, "400", False),
        ({"status": 200, "body": b"<html>"}, "read", True),
        ({"status": 200, "body": b"[]"}, "shape", True),
        ({"status": 415, "body": b"x"}, "415", False),
        ({"status": 418, "body": b"x"}, "418", False),
        ({"status": 302}, "302", False),
        ({"status": 200, "body": b"{}", "headers": {"x-ratelimit-remaining": "1"}}, "shape", True),
    ],
)
def test_odd_answers_to_reads(
    server: RedditServer, reddit: Reddit, fault: dict[str, Any], words: str, retry: bool
) -> None:
    """Every odd answer becomes one sentence with the right advice about trying again."""
    reddit.me()
    server.fail_next("/new", **fault)
    error = failure(lambda: reddit.listing("Test", "new"))
    assert words in str(error)
    assert (error.retry, error.ambiguous) == (retry, False)


@pytest.mark.parametrize(("status", "retry"), [(500, True), (403, True), (429, True)])
def test_a_failing_token_before_a_post_is_not_ambiguous(server: RedditServer, status: int, retry: bool) -> None:
    """When the login fails, the post after it never went out."""
    name = post(server)
    with connect(server) as reddit:
        server.fail_next("/access_token", status=status, body=b"<html>")
        error = failure(lambda: reddit.report(name, "x"))
    assert (error.retry, error.ambiguous) == (retry, False)
    assert server.reports == []


def test_errors_stated_inside_an_answer(server: RedditServer, reddit: Reddit) -> None:
    """Reddit's 200 with errors inside is an error; its own rate limit is worth another try."""
    assert not failure(lambda: reddit.report("t3_zzzzz", "x")).retry
    limited = json_response({"json": {"errors": [["RATELIMIT", "try again in 5 minutes.", "ratelimit"]]}})
    assert isinstance(limited.body, bytes)
    server.fail_next("/api/report", status=200, body=limited.body)
    error = failure(lambda: reddit.report("t3_zzzzz", "x"))
    assert error.retry
    assert "5 minutes" in str(error)


@pytest.mark.slow
def test_nothing_secret_is_logged_or_raised(server: RedditServer, caplog: pytest.LogCaptureFixture) -> None:
    """With debugging on for everything, no credential shows in logs or tracebacks."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("prawcore").debug("a line that must not appear")
    with connect(server, refresh_token=server.refresh_token) as one, connect(server) as other:
        one.me()
        server.fail_next("/access_token", drop=True, times=3)
        error = failure(other.me)
    text = caplog.text + "".join(traceback.format_exception(error))
    assert "must not appear" not in text
    assert not any(secret in text for secret in SECRETS)


def test_many_threads_share_one(server: RedditServer, reddit: Reddit) -> None:
    """Calls from many threads are all answered, by one thread."""
    name = post(server)
    results: list[Any] = []
    callers = [threading.Thread(target=lambda: results.append(reddit.thing(name))) for _ in range(8)]
    for caller in callers:
        caller.start()
    assert sum(thread.name.startswith("reddit") for thread in threading.enumerate()) == 1
    for caller in callers:
        caller.join(10)
    assert [thing["data"]["name"] for thing in results] == [name] * 8


def test_closed_client_says_so(server: RedditServer) -> None:
    """After close, calls end in an error instead of hanging; closing twice is fine."""
    reddit = connect(server)
    reddit.me()
    reddit.close()
    reddit.close()
    assert "closed" in str(failure(lambda: reddit.thing("t3_abc")))


def test_mod_log_passes_over_what_it_cannot_read(server: RedditServer, reddit: Reddit) -> None:
    """A log line without id or time loses only itself; one without target keeps an empty one."""
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    good = {"id": "ModAction_1", "action": "wikirevise", "mod": "alice", "created_utc": moment.timestamp()}
    children = [{"kind": "modaction", "data": data} for data in ({}, {"id": 3}, good, {**good, "created_utc": 1e30})]
    answer = json_response({"kind": "Listing", "data": {"children": [*children, None, {"data": 3}], "after": None}})
    assert isinstance(answer.body, bytes)
    server.fail_next("/about/log", status=200, body=answer.body)
    (entry,) = reddit.mod_log("Test")
    assert (entry.action, entry.target, entry.at) == ("wikirevise", "", moment)


def test_default_config_has_no_login() -> None:
    """An empty configuration is refused without network."""
    assert "reddit.client_id" in str(failure(lambda: Reddit(RedditConfig())))


def test_any_number_of_things_is_read_by_hundreds(server: RedditServer, reddit: Reddit) -> None:
    """150 names are two requests; what Reddit does not know is missing, and the order is that of the names."""
    known = [server.submit("Test", author="a", title=str(number)) for number in range(3)]
    names = [known[0], *(f"t3_zz{number:03d}" for number in range(147)), known[1], known[2]]
    before = len(server.log)
    assert list(reddit.things(names)) == known
    assert len([request for request in server.log[before:] if request.path.startswith("/api/info")]) == 2


@pytest.mark.parametrize(
    ("text", "fullname", "account"),
    [("t3_abc", True, True), ("t1_0", True, True), ("t5_abc", False, True), ("t3_", False, True),
     ("t3_ABC", False, True), ("t3_abc/", False, False), ("a/../b", False, False), ("", False, False),
     ("t3_" + "a" * 14, False, True), ("a" * 51, False, False)],
)  # fmt: skip
def test_names_that_may_become_a_path(text: str, fullname: bool, account: bool) -> None:
    """Fullnames and accounts' names hold no sign that changes a path."""
    assert (is_fullname(text), is_account(text)) == (fullname, account)
