"""Modmail: conversations of moderators with each other and with users."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot.errors import RedditError
from bot.reddit.api import Calls
from bot.reddit.parse import conversation_id, inner, subreddit_name
from bot.text import fit, line

MAX_SUBJECT = 100  # characters of a modmail's subject
MAX_BODY = 10_000  # characters of a modmail
_MAX_MAIL_PAGES = 3
_PAGE = 100
_LONG_AGO = datetime.fromtimestamp(0, UTC)

# What Reddit lists where: `mod` are discussions among moderators; `all` holds neither those nor what is archived.
MailState = Literal["all", "mod", "archived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation as a list shows it. `participant` is the user in it, None in a discussion of moderators."""

    id: str
    subreddit: str
    subject: str
    internal: bool
    updated: datetime
    participant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """One message of a conversation. `internal`: the user in it does not see it."""

    id: str
    author: str
    body: str  # Markdown
    at: datetime
    internal: bool = False


class Modmail(Calls):
    """Conversations of a subreddit's moderators; every method raises RedditError."""

    def modmail(self, subreddit: str, subject: str, body: str) -> str | None:
        """Open a moderator discussion in the subreddit's modmail; return its id if Reddit tells it.

        Posts to `api/mod/conversations` without `to`, which Reddit documents as "an internal moderator discussion";
        the account needs the mail right. The older `api/compose` with `to=#name` fails with USER_DOESNT_EXIST since
        November 2025 (praw issue 2092). Subject up to 100, body up to 10,000 characters.
        """
        name = subreddit_name(subreddit)
        subject, body = line(subject), fit(body)
        for what, text, longest in (("subject", subject, MAX_SUBJECT), ("text", body, MAX_BODY)):
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

    def answer_mail(self, conversation: str, body: str, *, internal: bool = True) -> str | None:
        """Write a message into a conversation; return its id if Reddit tells it.

        Only moderators see it, unless it is not `internal`: then the other side does, as from the subreddit.
        """
        body = fit(body)
        if not body.strip() or len(body) > MAX_BODY:
            raise RedditError(f"an answer has {len(body)} characters, Reddit takes 1 to {MAX_BODY}", retry=False)
        answer = self.post(
            f"api/mod/conversations/{conversation_id(conversation)}", "answer in the modmail",
            body=body, isAuthorHidden=not internal, isInternal=internal,
        )  # fmt: skip
        listed = inner(answer, "conversation").get("objIds")
        last = listed[-1] if isinstance(listed, list) and listed else None
        number = last.get("id") if isinstance(last, Mapping) else None
        return number if isinstance(number, str) else None

    def conversations(self, subreddits: Iterable[str], state: MailState, *, pages: int = 1) -> Iterator[Conversation]:
        """Yield conversations, the last written to first, up to 100 a page; the account needs the mail right in all.

        Without `subreddits`: those of every one in which the account has that right.
        """
        names = [subreddit_name(name) for name in subreddits]
        after: str | None = None
        for _ in range(pages):
            answer = self.get(
                "api/mod/conversations", f"read the modmail of r/{', r/'.join(names)}" if names else "read the modmail",
                entity=",".join(names) or None, state=state, sort="recent", limit=_PAGE, after=after,
            )  # fmt: skip
            found = inner(answer, "conversations")
            order = answer.get("conversationIds") if isinstance(answer, Mapping) else None
            numbers = [number for number in order if isinstance(number, str)] if isinstance(order, list) else []
            for number in numbers:
                yield _conversation(number, inner(found, number))
            if len(numbers) < _PAGE:
                return
            after = numbers[-1]

    def mail_messages(self, conversation: str) -> tuple[MailMessage, ...]:
        """Return all messages of a conversation, oldest first. Does not mark it as read."""
        return self.whole_mail(conversation)[1]

    def whole_mail(self, conversation: str) -> tuple[Conversation, tuple[MailMessage, ...]]:
        """Return a conversation and all its messages, oldest first. Does not mark it as read."""
        answer = self.get(f"api/mod/conversations/{conversation_id(conversation)}", "read a modmail")
        rows = inner(answer, "messages")
        found = (_message(str(number), row) for number, row in rows.items() if isinstance(row, Mapping))
        messages = tuple(sorted(found, key=lambda message: (message.at, len(message.id), message.id)))
        return _conversation(conversation, inner(answer, "conversation")), messages

    def find_mail(
        self, subreddit: str, states: Iterable[MailState], wanted: Callable[[Conversation], bool]
    ) -> Conversation | None:
        """Return the newest conversation that is wanted, or None; looks through the last 300 of each state."""
        for state in states:
            for conversation in self.conversations([subreddit], state, pages=_MAX_MAIL_PAGES):
                if wanted(conversation):
                    return conversation
        return None

    def find_modmail(self, subreddit: str, subject: str) -> str | None:
        """Return the id of the newest moderator discussion with exactly this subject, or None.

        Looks through the last 300 discussions, which Reddit lists as `mod` only, not as `all`.
        """
        subject = line(subject)
        found = self.find_mail(subreddit, ["mod"], lambda conversation: conversation.subject == subject)
        return found.id if found else None


def _conversation(number: str, data: Mapping[str, Any]) -> Conversation:
    participant = inner(data, "participant").get("name")
    return Conversation(
        id=number,
        subreddit=str(inner(data, "owner").get("displayName") or ""),
        subject=str(data.get("subject") or ""),
        internal=data.get("isInternal") is True,
        updated=_moment(data.get("lastUpdated")),
        participant=participant if isinstance(participant, str) else None,
    )


def _message(number: str, data: Mapping[str, Any]) -> MailMessage:
    return MailMessage(
        id=number,
        author=str(inner(data, "author").get("name") or ""),
        body=str(data.get("bodyMarkdown") or ""),
        at=_moment(data.get("date")),
        internal=data.get("isInternal") is True,
    )


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return _LONG_AGO
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
