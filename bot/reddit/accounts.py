"""What is read of accounts: their page, the moderators and the approved users of a subreddit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import from_unix
from bot.errors import RedditError
from bot.permalink import is_account
from bot.reddit.api import Calls
from bot.reddit.parse import inner, page_of, subreddit_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account's page tells; None where it does not."""

    created: datetime | None
    comment_karma: int | None
    post_karma: int | None
    verified_email: bool | None
    gold: bool | None


class Accounts(Calls):
    """Reads about people that a rule asked for. Nobody else is looked up."""

    def account_of(self, name: str) -> Account | None:
        """Return what an account's page tells; None if it is suspended, deleted or hidden."""
        if not is_account(name):
            return None
        try:
            data = inner(self.get(f"user/{name}/about", "look up an author"))
        except RedditError as error:
            if error.retry or error.setup:
                raise
            return None  # 404: deleted, or hidden by Reddit
        if data.get("is_suspended") is True or not data:
            return None
        return Account(
            created=from_unix(data.get("created_utc")),
            comment_karma=_whole(data.get("comment_karma")),
            post_karma=_whole(data.get("link_karma")),
            verified_email=_flag(data.get("has_verified_email")),
            gold=_flag(data.get("is_gold")),
        )

    def moderators(self, subreddit: str) -> dict[str, frozenset[str]]:
        """Return the moderators of a subreddit by name in lower case, with their permissions, e.g. `posts` or `all`."""
        name = subreddit_name(subreddit)
        answer = self.get(f"r/{name}/about/moderators", f"read the moderators of r/{name}")
        people, _ = page_of(answer, f"r/{name}/about/moderators")
        found: dict[str, frozenset[str]] = {}
        for person in people:
            permissions = person.get("mod_permissions")
            rights = permissions if isinstance(permissions, list) else []
            found[str(person.get("name")).lower()] = frozenset(str(right) for right in rights)
        return found

    def is_contributor(self, subreddit: str, name: str) -> bool:
        """Return whether an account is an approved user of a subreddit; asking needs to be a moderator."""
        place = subreddit_name(subreddit)
        if not is_account(name):
            return False
        path = f"r/{place}/about/contributors"
        people, _ = page_of(self.get(path, f"read the approved users of r/{place}", user=name), path)
        return any(str(person.get("name")).lower() == name.lower() for person in people)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
