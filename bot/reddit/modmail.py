"""Modmail: discussions among moderators."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import RedditError
from bot.reddit.calls import Calls
from bot.reddit.shapes import inner, subreddit_name

LONGEST_SUBJECT = 100  # characters of a modmail's subject
LONGEST_BODY = 10_000  # characters of a modmail
_MOST_MAIL_PAGES = 3


class Modmail(Calls):
    """Conversations of a subreddit's moderators."""

    def modmail(self, subreddit: str, subject: str, body: str) -> str | None:
        """Open a moderator discussion in the subreddit's modmail; return its id if Reddit tells it.

        Posts to `api/mod/conversations` without `to`, which Reddit documents as "an internal moderator discussion";
        the account needs the mail right. The older `api/compose` with `to=#name` fails with USER_DOESNT_EXIST since
        November 2025 (praw issue 2092). Subject up to 100, body up to 10,000 characters.
        """
        name = subreddit_name(subreddit)
        for what, text, longest in (("subject", subject, LONGEST_SUBJECT), ("text", body, LONGEST_BODY)):
            if not text.strip() or len(text) > longest:
                raise RedditError(
                    f"the {what} of a modmail to r/{name} has {len(text)} characters, Reddit takes 1 to {longest}",
                    retry=False,
                )
        answer = self.post(
            "api/mod/conversations", f"write to the moderators of r/{name}",
            srName=name, subject=subject, body=body, isAuthorHidden=False,
        )  # fmt: skip
        number = inner(answer, "conversation").get("id")
        return number if isinstance(number, str) else None

    def find_modmail(self, subreddit: str, subject: str) -> str | None:
        """Return the id of the newest moderator discussion with exactly this subject, or None.

        Looks through the last 300 discussions, which Reddit lists as `mod` only, not as `all`.
        """
        name = subreddit_name(subreddit)
        after: str | None = None
        for _ in range(_MOST_MAIL_PAGES):
            answer = self.get(
                "api/mod/conversations", f"read the modmail of r/{name}",
                entity=name, state="mod", sort="recent", limit=100, after=after,
            )  # fmt: skip
            conversations = inner(answer, "conversations")
            order = answer.get("conversationIds") if isinstance(answer, Mapping) else None
            numbers = [number for number in order if isinstance(number, str)] if isinstance(order, list) else []
            for number in numbers:
                if inner(conversations, number).get("subject") == subject:
                    return number
            if len(numbers) < 100:
                return None
            after = numbers[-1]
        return None
