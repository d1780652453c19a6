"""What a moderator does to users: notes and bans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import RedditError
from bot.reddit.api import Calls
from bot.reddit.parse import inner, page_of, subreddit_name, user_name

MAX_NOTE = 250  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class UserNote:
    """A moderator's note on a user."""

    id: str
    by: str
    text: str


class Users(Calls):
    """Notes and bans in a subreddit; every method raises RedditError."""

    def notes(self, subreddit: str, user: str) -> tuple[UserNote, ...]:
        """Return the newest 100 notes that moderators wrote on a user, newest first."""
        name, account = subreddit_name(subreddit), user_name(user)
        answer = self.get(
            "api/mod/notes", f"read the notes of r/{name}", subreddit=name, user=account, filter="NOTE", limit=100
        )
        listed = answer.get("mod_notes") if isinstance(answer, Mapping) else None
        if not isinstance(listed, list):
            raise RedditError(f"Reddit answers with the notes of r/{name} in a shape that we do not know")
        return tuple(_note(row) for row in listed if isinstance(row, Mapping))

    def add_note(self, subreddit: str, user: str, text: str, *, label: str = "", thing: str = "") -> str | None:
        """Write a note on a user, at most 250 characters; return its id if Reddit tells it."""
        name, account = subreddit_name(subreddit), user_name(user)
        more = {key: value for key, value in (("label", label), ("reddit_id", thing)) if value}
        answer = self.post("api/mod/notes", "write a note", subreddit=name, user=account, note=text, **more)
        number = inner(answer, "created").get("id")
        return number if isinstance(number, str) else None

    def delete_note(self, subreddit: str, user: str, note: str) -> None:
        """Delete a note by its id."""
        params = {"subreddit": subreddit_name(subreddit), "user": user_name(user), "note_id": note}
        self._ask("DELETE", "api/mod/notes", "delete a note", params=params)

    def banned(self, subreddit: str, user: str) -> bool:
        """Whether a user is banned from a subreddit."""
        name, account = subreddit_name(subreddit), user_name(user)
        answer = self.get(f"r/{name}/about/banned", f"read who is banned from r/{name}", user=account)
        rows, _ = page_of(answer, f"r/{name}/about/banned")
        return any(_same(row.get("name"), account) for row in rows)

    def ban(self, subreddit: str, user: str, *, note: str, message: str = "", days: int | None = None) -> None:
        """Ban a user, for so many days or for good. `note` is for moderators, `message` for the user."""
        name, account = subreddit_name(subreddit), user_name(user)
        more = {key: value for key, value in (("ban_message", message), ("duration", str(days or ""))) if value}
        self.post(f"r/{name}/api/friend/", "ban a user", name=account, type="banned", note=note, **more)

    def unban(self, subreddit: str, user: str) -> None:
        """Lift a ban."""
        name = subreddit_name(subreddit)
        self.post(f"r/{name}/api/unfriend/", "lift a ban", name=user_name(user), type="banned")


def _note(row: Mapping[str, Any]) -> UserNote:
    text = inner(row, "user_note_data").get("note")
    return UserNote(id=str(row.get("id") or ""), by=str(row.get("operator") or ""), text=str(text or ""))


def _same(name: Any, account: str) -> bool:
    return isinstance(name, str) and name.casefold() == account.casefold()
