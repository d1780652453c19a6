"""What is read: listings, single things, permalinks, the account and its rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.errors import RedditError
from bot.permalink import permalink_fullname, share_path
from bot.reddit.api import Calls
from bot.reddit.parse import fullname_of, inner, page_of, subreddit_name, user_name

_MAX_HOPS = 3  # from a share link to the post
MAX_THINGS = 100  # fullnames a request

ListingName = Literal[
    "new", "comments", "hot", "rising", "top", "controversial", "search",
    "about/edited", "about/modqueue", "about/reports", "about/spam",
]  # fmt: skip
Span = Literal["hour", "day", "week", "month", "year", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a listing, newest first. `after` asks for the next page; None: this was the last."""

    things: tuple[dict[str, Any], ...]  # {"kind": "t3" | "t1", "data": {…}}
    after: str | None


class Reading(Calls):
    """Reads that change nothing."""

    def me(self) -> str:
        """Return the name of the account that is logged in; Reddit is asked once."""
        if self._accounts:
            return self._accounts[0]
        answer = self.get("api/v1/me", "log in")
        name = answer.get("name") if isinstance(answer, Mapping) else None
        if not isinstance(name, str) or not name:
            raise RedditError("Reddit does not tell which account this is; check the login", retry=False)
        self._accounts.append(name)
        return name

    def listing(
        self,
        subreddit: str,
        what: ListingName,
        *,
        after: str | None = None,
        limit: int = 100,
        time: Span | None = None,
        query: str | None = None,
    ) -> Listing:
        """Return a page of submissions or comments of `name`, or of several: `one+other`.

        `new`, `comments` and the moderators' listings come newest first. `time` is the span of `top` and
        `controversial`, `query` what `search` looks for. `limit` is at most 100 a page; Reddit shows about 1,000 in
        all, of a search about 250. `after` is the fullname the last page gave. Of several subreddits, closed ones may
        be left out without a word; the moderators' listings are refused for all if they are for one.
        """
        name = subreddit_name(subreddit)
        more: dict[str, str | int | None] = {"t": time}
        if what == "search":
            more |= {"q": query, "restrict_sr": 1, "sort": "new", "t": time or "all", "type": "link"}
        answer = self.get(f"r/{name}/{what}", f"read r/{name}/{what}", limit=limit, after=after, **more)
        things, next_page = page_of(answer, f"r/{name}/{what}")
        return Listing(things=tuple(thing for thing in things if thing.get("kind") in ("t1", "t3")), after=next_page)

    def place(self, subreddit: str) -> str:
        """Return the name that a subreddit has now. Raises RedditError, with its state, if we cannot read it."""
        name = subreddit_name(subreddit)
        answer = self.get(f"r/{name}/about", f"read r/{name}")
        shown = inner(answer).get("display_name")
        if not isinstance(shown, str) or not shown:
            raise RedditError(f"there is no such subreddit, so we could not read r/{name}; check its name",
                              retry=False, state="missing")  # fmt: skip
        return shown

    def reported(self, subreddit: str, *, after: str | None = None, limit: int = 100) -> Listing:
        """Return a page of what is reported and not settled in `name`, or in several: `one+other`, newest first."""
        name = subreddit_name(subreddit)
        answer = self.get(f"r/{name}/about/reports", f"read the reports of r/{name}", limit=limit, after=after)
        things, next_page = page_of(answer, f"r/{name}/about/reports")
        return Listing(things=tuple(thing for thing in things if thing.get("kind") in ("t1", "t3")), after=next_page)

    def thing(self, fullname: str) -> dict[str, Any] | None:
        """Return a submission (`t3_…`) or comment (`t1_…`) as it stands now, or None if Reddit knows none."""
        things, _ = page_of(self.get("api/info", f"read {fullname}", id=fullname_of(fullname)), fullname)
        return next((thing for thing in things if inner(thing).get("name") == fullname), None)

    def things(self, fullnames: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return submissions and comments as they stand now by their fullnames, a request for each 100.

        Those that Reddit does not know are missing.
        """
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(fullnames), MAX_THINGS):
            names = [fullname_of(name) for name in fullnames[start : start + MAX_THINGS]]
            things, _ = page_of(self.get("api/info", f"read {len(names)} posts", id=",".join(names)), "api/info")
            found |= {str(inner(thing).get("name")): thing for thing in things}
        return {name: found[name] for name in fullnames if name in found}

    def resolve(self, permalink: str) -> dict[str, Any] | None:
        """Return the submission or comment behind a permalink in any form, or None if there is none.

        A share link (`/r/name/s/…`) is followed on Reddit itself and nowhere else.
        """
        url = permalink
        for _ in range(_MAX_HOPS):
            fullname = permalink_fullname(url)
            if fullname is not None:
                return self.thing(fullname)
            path = share_path(url)
            if path is None:
                return None
            url = self.redirect(path)
        return None

    def permissions(self, subreddit: str, user: str | None = None) -> frozenset[str]:
        """Return a user's moderator permissions, e.g. `posts`, `mail` or `all`; empty if they moderate nothing there.

        Without `user`, this account's own.
        """
        name = subreddit_name(subreddit)
        account = user_name(user) if user is not None else self.me()
        answer = self.get(f"r/{name}/about/moderators", f"read the moderators of r/{name}", user=account)
        moderators, _ = page_of(answer, f"r/{name}/about/moderators")
        for moderator in moderators:
            permissions = moderator.get("mod_permissions")
            if str(moderator.get("name")).lower() == account.lower() and isinstance(permissions, list):
                return frozenset(str(permission) for permission in permissions)
        return frozenset()
