"""What a moderator does and sees done: reports, removals, approvals and the mod log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.errors import RedditError
from bot.model import ModAction
from bot.reddit.api import Calls
from bot.reddit.parse import fullname_of, inner, page_of, subreddit_name
from bot.text import line

MAX_REASON = 100  # characters of a report's reason


class Moderating(Calls):
    """Deeds on single things, and what was done by whom."""

    def report(self, fullname: str, reason: str) -> None:
        """Report to the subreddit's moderators, with a reason of at most 100 characters."""
        reason = line(reason)
        if len(reason) > MAX_REASON:
            raise RedditError(
                f"the reason to report {fullname} has {len(reason)} characters, Reddit takes {MAX_REASON}",
                retry=False,
            )
        self.post("api/report/", f"report {fullname}", id=fullname_of(fullname), reason=reason)

    def remove(self, fullname: str, *, spam: bool = False) -> None:
        """Remove as a moderator; `spam` also teaches Reddit's spam filter."""
        self.post("api/remove/", f"remove {fullname}", id=fullname_of(fullname), spam=spam)

    def approve(self, fullname: str) -> None:
        """Approve as a moderator, which also undoes a removal."""
        self.post("api/approve/", f"approve {fullname}", id=fullname_of(fullname))

    def mod_log(self, subreddit: str, *, after: str | None = None, limit: int = 100) -> tuple[ModAction, ...]:
        """Return what moderators of `name` or of `one+other` did, newest first.

        `after` is the id of the last one seen, for older ones.

        `limit` is at most 100. `target` is empty where an action has none.
        """
        name = subreddit_name(subreddit)
        answer = self.get(f"r/{name}/about/log", f"read the mod log of r/{name}", limit=limit, after=after)
        things, _ = page_of(answer, f"r/{name}/about/log")
        actions = (_mod_action(inner(thing)) for thing in things)
        return tuple(action for action in actions if action is not None)


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
        user=str(data.get("target_author") or ""),
        subreddit=str(data.get("subreddit") or "").lower(),
    )
