"""What a moderator does to single posts: lock, marks, flair, the reason of a removal and the message about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from bot.errors import RedditError
from bot.reddit.api import Calls
from bot.reddit.parse import fullname_of, inner, subreddit_name
from bot.text import fit, line

MAX_TITLE = 50  # characters of a removal message's title
MAX_BODY = 10_000  # characters of a removal message
MAX_MOD_NOTE = 100  # characters of the note beside a removal reason
MAX_FLAIR = 64  # characters

Mark = Literal["lock", "spoiler", "nsfw"]
_PATHS: Mapping[Mark, tuple[str, str]] = {
    "lock": ("api/lock/", "api/unlock/"),
    "spoiler": ("api/spoiler/", "api/unspoiler/"),
    "nsfw": ("api/marknsfw/", "api/unmarknsfw/"),
}


class Marks(Calls):
    """Deeds on posts that need the posts or flair right; every method raises RedditError."""

    def mark(self, fullname: str, what: Mark, *, on: bool) -> None:
        """Lock, or mark as spoiler or NSFW, or take that back. Marking what is marked already changes nothing."""
        verb = what if on else f"un{what}"
        self.post(_PATHS[what][0 if on else 1], f"{verb} {fullname}", id=fullname_of(fullname))

    def flair(self, subreddit: str, fullname: str, *, text: str, css_class: str = "", template: str = "") -> None:
        """Set a submission's flair, by a template of the subreddit or as text of at most 64 characters."""
        text = line(text)
        name, link, doing = subreddit_name(subreddit), fullname_of(fullname), f"set the flair of {fullname}"
        if template:
            self.post(f"r/{name}/api/selectflair/", doing, link=link, text=text, flair_template_id=template)
        else:
            self.post(f"r/{name}/api/flair/", doing, link=link, text=text, css_class=css_class)

    def removal_reasons(self, subreddit: str) -> dict[str, str]:
        """Return the titles of a subreddit's removal reasons by id, in its order."""
        name = subreddit_name(subreddit)
        answer = self.get(f"api/v1/{name}/removal_reasons", f"read the removal reasons of r/{name}")
        reasons = inner(answer)
        order = answer.get("order") if isinstance(answer, Mapping) else None
        ids = [key for key in order if key in reasons] if isinstance(order, list) else list(reasons)
        return {str(key): str(inner(reasons, key).get("title") or "") for key in ids}

    def set_removal_reason(self, fullname: str, *, reason: str | None, note: str) -> None:
        """Put a reason (by id) and a note for moderators, at most 100 characters, on what was removed.

        On what is not removed Reddit does nothing, without a word.
        """
        content = {"item_ids": [fullname_of(fullname)], "mod_note": line(note), "reason_id": reason}
        self.post(
            "api/v1/modactions/removal_reasons", f"give the reason of removing {fullname}", json=json.dumps(content)
        )

    def removal_message(self, fullname: str, *, title: str, body: str) -> None:
        """Write to the author of what was removed, as the subreddit; title up to 50, body up to 10,000 characters.

        Reddit puts "Your post from … was removed because of" before the title and the permalink under the body, opens
        a modmail conversation for it, and does not tell its id. What is not removed is refused with INVALID_ID.
        """
        title, body = line(title), fit(body)
        for what, given, longest in (("title", title, MAX_TITLE), ("text", body, MAX_BODY)):
            if not given.strip() or len(given) > longest:
                raise RedditError(
                    f"the {what} of a message to an author has {len(given)} characters, Reddit takes 1 to {longest}",
                    retry=False,
                )
        kind = "comment" if fullname.startswith("t1_") else "link"
        content = {"item_id": [fullname_of(fullname)], "message": body, "title": title, "type": "private"}
        self.post(
            f"api/v1/modactions/removal_{kind}_message", f"write to the author of {fullname}", json=json.dumps(content)
        )
