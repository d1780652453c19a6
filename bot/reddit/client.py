"""Reddit as the rest of the program sees it: raw JSON in, our own errors out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeVar

from bot.config import RedditConfig
from bot.errors import RedditError
from bot.model import ModAction
from bot.permalink import permalink_fullname, share_path
from bot.plain import encodable
from bot.reddit.answers import FAILURES, error_of, refusal_of
from bot.reddit.wire import OAUTH_URL, REDDIT_URL, connect

LONGEST_REASON = 100  # characters of a report's reason
LONGEST_SUBJECT = 100  # characters of a modmail's subject
LONGEST_BODY = 10_000  # characters of a modmail

T = TypeVar("T")

_SUBREDDIT = re.compile(r"[A-Za-z0-9_-]{1,50}(?:\+[A-Za-z0-9_-]{1,50})*")
_FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_MOST_HOPS = 3
_MOST_MAIL_PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a listing, newest first. `after` asks for the next page; None: this was the last."""

    things: tuple[dict[str, Any], ...]  # {"kind": "t3" | "t1", "data": {…}}
    after: str | None


class Reddit:
    """One account on Reddit. Any thread may call; one thread of its own does the work, call by call.

    Where it talks to is set by the constructor only: no environment variable, praw.ini, proxy setting or .netrc
    changes it. Reads are repeated by prawcore when Reddit stumbles, which may take seconds; when Reddit's rate limit
    is used up, calls wait for the next window (up to 10 minutes). Posts go out exactly once.

    Every method raises RedditError: `retry` if trying again can help, `retry_after` seconds if Reddit names them,
    `ambiguous` if a post may have been done although it failed.
    """

    def __init__(self, config: RedditConfig, *, reddit_url: str | None = None, oauth_url: str | None = None) -> None:
        """Set up without using the network. Raises RedditError, naming the key, if a credential is missing."""
        self._site = reddit_url or REDDIT_URL
        self._praw, self._requestor = connect(config, self._site, oauth_url or OAUTH_URL)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reddit")
        self._name: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for the call under way, then hang up. Later calls raise RedditError."""
        self._thread.shutdown()
        self._requestor.close()

    def me(self) -> str:
        """Return the name of the account that is logged in."""
        answer = self._get("api/v1/me", "log in")
        name = answer.get("name") if isinstance(answer, Mapping) else None
        if not isinstance(name, str) or not name:
            raise RedditError("Reddit does not tell which account this is; check the login", retry=False)
        self._name = name
        return name

    def listing(
        self, subreddit: str, what: Literal["new", "comments"], *, after: str | None = None, limit: int = 100
    ) -> Listing:
        """Return a page of the newest submissions or comments of `name`, or of several: `one+other`.

        `limit` is at most 100 a page; Reddit shows about 1,000 in all. `after` is the fullname the last page gave.
        """
        name = _subreddit(subreddit)
        answer = self._get(f"r/{name}/{what}", f"read r/{name}/{what}", limit=limit, after=after)
        things, next_page = _page(answer, f"r/{name}/{what}")
        return Listing(things=tuple(thing for thing in things if thing.get("kind") in ("t1", "t3")), after=next_page)

    def thing(self, fullname: str) -> dict[str, Any] | None:
        """Return a submission (`t3_…`) or comment (`t1_…`) as it stands now, or None if Reddit knows none."""
        things, _ = _page(self._get("api/info", f"read {fullname}", id=_fullname(fullname)), fullname)
        return next((thing for thing in things if _data(thing).get("name") == fullname), None)

    def resolve(self, permalink: str) -> dict[str, Any] | None:
        """Return the submission or comment behind a permalink in any form, or None if there is none.

        A share link (`/r/name/s/…`) is followed on Reddit itself and nowhere else.
        """
        url = permalink
        for _ in range(_MOST_HOPS):
            fullname = permalink_fullname(url)
            if fullname is not None:
                return self.thing(fullname)
            path = share_path(url)
            if path is None:
                return None
            url = self._redirect(path)
        return None

    def report(self, fullname: str, reason: str) -> None:
        """Report to the subreddit's moderators, with a reason of at most 100 characters."""
        if len(reason) > LONGEST_REASON:
            raise RedditError(
                f"the reason to report {fullname} has {len(reason)} characters, Reddit takes {LONGEST_REASON}",
                retry=False,
            )
        self._post("api/report/", f"report {fullname}", id=_fullname(fullname), reason=reason)

    def remove(self, fullname: str, *, spam: bool = False) -> None:
        """Remove as a moderator; `spam` also teaches Reddit's spam filter."""
        self._post("api/remove/", f"remove {fullname}", id=_fullname(fullname), spam=spam)

    def approve(self, fullname: str) -> None:
        """Approve as a moderator, which also undoes a removal."""
        self._post("api/approve/", f"approve {fullname}", id=_fullname(fullname))

    def modmail(self, subreddit: str, subject: str, body: str) -> str | None:
        """Open a moderator discussion in the subreddit's modmail; return its id if Reddit tells it.

        Posts to `api/mod/conversations` without `to`, which Reddit documents as "an internal moderator discussion";
        the account needs the mail right. The older `api/compose` with `to=#name` fails with USER_DOESNT_EXIST since
        November 2025 (praw issue 2092). Subject up to 100, body up to 10,000 characters.
        """
        name = _subreddit(subreddit)
        for what, text, longest in (("subject", subject, LONGEST_SUBJECT), ("text", body, LONGEST_BODY)):
            if not text.strip() or len(text) > longest:
                raise RedditError(
                    f"the {what} of a modmail to r/{name} has {len(text)} characters, Reddit takes 1 to {longest}",
                    retry=False,
                )
        answer = self._post(
            "api/mod/conversations", f"write to the moderators of r/{name}",
            srName=name, subject=subject, body=body, isAuthorHidden=False,
        )  # fmt: skip
        number = _data(answer, "conversation").get("id")
        return number if isinstance(number, str) else None

    def find_modmail(self, subreddit: str, subject: str) -> str | None:
        """Return the id of the newest moderator discussion with exactly this subject, or None.

        Looks through the last 300 discussions, which Reddit lists as `mod` only, not as `all`.
        """
        name = _subreddit(subreddit)
        after: str | None = None
        for _ in range(_MOST_MAIL_PAGES):
            answer = self._get(
                "api/mod/conversations", f"read the modmail of r/{name}",
                entity=name, state="mod", sort="recent", limit=100, after=after,
            )  # fmt: skip
            conversations = _data(answer, "conversations")
            order = answer.get("conversationIds") if isinstance(answer, Mapping) else None
            numbers = [number for number in order if isinstance(number, str)] if isinstance(order, list) else []
            for number in numbers:
                if _data(conversations, number).get("subject") == subject:
                    return number
            if len(numbers) < 100:
                return None
            after = numbers[-1]
        return None

    def mod_log(self, subreddit: str, *, after: str | None = None, limit: int = 100) -> tuple[ModAction, ...]:
        """Return what moderators did, newest first. `after` is the id of the last one seen, for older ones.

        `limit` is at most 100. `target` is empty where an action has none.
        """
        name = _subreddit(subreddit)
        answer = self._get(f"r/{name}/about/log", f"read the mod log of r/{name}", limit=limit, after=after)
        things, _ = _page(answer, f"r/{name}/about/log")
        actions = (_mod_action(_data(thing)) for thing in things)
        return tuple(action for action in actions if action is not None)

    def rights(self, subreddit: str) -> frozenset[str]:
        """Return this account's moderator permissions, e.g. `posts`, `mail` or `all`; empty if it is no moderator."""
        name = _subreddit(subreddit)
        account = self._name or self.me()
        answer = self._get(f"r/{name}/about/moderators", f"read the moderators of r/{name}", user=account)
        moderators, _ = _page(answer, f"r/{name}/about/moderators")
        for moderator in moderators:
            permissions = moderator.get("mod_permissions")
            if str(moderator.get("name")).lower() == account.lower() and isinstance(permissions, list):
                return frozenset(str(permission) for permission in permissions)
        return frozenset()

    def _get(self, path: str, doing: str, **params: str | int | None) -> Any:
        return self._ask("GET", path, doing, params={key: value for key, value in params.items() if value is not None})

    def _post(self, path: str, doing: str, **data: str | bool) -> Any:
        answer = self._ask("POST", path, doing, data=data)
        refusal = refusal_of(answer, doing)
        if refusal is not None:
            raise refusal
        return answer

    def _ask(self, method: str, path: str, doing: str, **content: Any) -> Any:
        return self._run(lambda: self._exchange(method, path, doing, content), doing)

    def _redirect(self, path: str) -> str:
        """Return where Reddit sends us from a share link; empty if nowhere."""
        return self._run(lambda: self._follow(path), f"follow {path}")

    def _run(self, call: Callable[[], T], doing: str) -> T:
        """Do it on our thread and wait."""
        try:
            waiting = self._thread.submit(call)
        except RuntimeError:  # the executor's word for: shut down
            raise RedditError(f"the connection to Reddit is closed, so we could not {doing}", retry=False) from None
        return waiting.result()

    def _exchange(self, method: str, path: str, doing: str, content: Mapping[str, Any]) -> Any:
        self._requestor.last = None
        try:
            return encodable(self._praw.request(method=method, path=path, **content))
        except FAILURES as error:
            # without its cause: that one carries what was sent, the password included
            raise error_of(error, self._requestor.last, doing, posting=method != "GET") from None

    def _follow(self, path: str) -> str:
        try:
            self._exchange("GET", f"{self._site}{path}", f"follow {path}", {})
        except RedditError:
            last = self._requestor.last
            if last is None or not last.is_redirect:
                raise
            return str(last.headers["location"])
        return ""


def _subreddit(name: str) -> str:
    if not _SUBREDDIT.fullmatch(name):
        raise RedditError(f"{name!r} is not a subreddit's name; write it without r/", retry=False)
    return name


def _fullname(name: str) -> str:
    if not _FULLNAME.fullmatch(name):
        raise RedditError(f"{name!r} is not the fullname of a submission or comment", retry=False)
    return name


def _data(thing: Any, key: str = "data") -> Mapping[str, Any]:
    inner = thing.get(key) if isinstance(thing, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _page(answer: Any, where: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the children of a listing and its `after`. Raises RedditError if it is no listing."""
    data = _data(answer)
    children = data.get("children")
    if not isinstance(children, list):
        raise RedditError(f"Reddit answers {where} in a shape that we do not know; look for a newer version")
    after = data.get("after")
    return [dict(child) for child in children if isinstance(child, Mapping)], after if isinstance(after, str) else None


def _mod_action(data: Mapping[str, Any]) -> ModAction | None:
    number, action, moment = data.get("id"), data.get("action"), data.get("created_utc")
    if not isinstance(number, str) or not isinstance(action, str) or not isinstance(moment, int | float):
        return None
    try:
        at = datetime.fromtimestamp(moment, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return ModAction(
        id=number,
        action=action,
        moderator=str(data.get("mod") or ""),
        target=str(data.get("target_fullname") or ""),
        at=at,
        details=str(data.get("details") or ""),
    )
