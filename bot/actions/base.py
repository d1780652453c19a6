"""What an action plug is, what it works with, and how a post on Reddit stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from bot.actions.author_text import Removal
from bot.actions.notice_checks import Story
from bot.clock import Clock
from bot.errors import RedditError, UsageError
from bot.mail import Mailer
from bot.model import Action, Before, ModAction, Mode, Notice, PlannedAction, Receipt, standing
from bot.notice_texts import Policy, Texts
from bot.reddit import Reddit
from bot.text import line as fit_line

# `partly`: it was done, and doing it again completes it
Probe = Literal["done", "partly", "absent", "unknown"]
Mark = Literal["lock", "spoiler", "nsfw"]
MailState = Literal["all", "mod", "archived"]

LOG_PAGES = 20  # pages of 100 lines of a mod log that are read to find one decision
# Reddit's clock and ours differ, and an action is written down before it reaches Reddit.
SKEW = timedelta(minutes=2)


def no_receipt(action: int) -> Receipt | None:  # noqa: ARG001  the signature of what stands in for it
    """Return None: no receipt is stored."""
    return None


def no_conversation(subreddit: str, at: datetime) -> str | None:  # noqa: ARG001  the signature of what stands in for it
    """Return None: no conversation is open."""
    return None


def nothing_there(notice: str) -> tuple[frozenset[str], Story]:  # noqa: ARG001  the signature of what stands in for it
    """Return nothing: nobody has looked."""
    return frozenset(), Story()


def no_policy(host: str) -> Policy:  # noqa: ARG001  the signature of what stands in for it
    """Return that no policy of this host is known."""
    return Policy()


def no_record(action: Action) -> Before | None:  # noqa: ARG001  the signature of what stands in for it
    """Return None: nobody wrote down how the post was found."""
    return None


def no_writing(action: Action, before: Before) -> None:
    """Write nothing down."""


def no_minor(post: str) -> bool:  # noqa: ARG001  the signature of what stands in for it
    """Return False: no post is marked as of a suspected minor."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """What a modmail says as things stand when it is sent. `conversation`: where it goes on; None: as always."""

    subject: str
    body: str
    conversation: str | None = None


def no_words(action: Action) -> MailWords | None:  # noqa: ARG001  the signature of what stands in for it
    """Return None: it says what is written down."""
    return None


def no_removal(action: Action) -> Removal:  # noqa: ARG001  the signature of what stands in for it
    """Return a removal of which nothing is known."""
    return Removal()


def no_letter(claim: str, answer: int) -> tuple[str, str]:
    """Raise UsageError: there is no such answer."""
    raise UsageError(f"claim {claim} has no answer {answer}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """What actions act on. `reddit` and `mailer` are None where they are not configured."""

    reddit: Reddit | None
    mailer: Mailer | None
    clock: Clock
    load_notice: Callable[[str], Notice]  # by its id
    # host ids on a notice that were there when last seen, and what happened to it
    still_there: Callable[[str], tuple[frozenset[str], Story]] = nothing_there
    policy: Callable[[str], Policy] = no_policy  # the page on which a host says what it forbids
    texts: Callable[[], Texts] = Texts  # of notices
    receipt: Callable[[int], Receipt | None] = no_receipt  # of a done action, by its id
    # the conversation with a subreddit's moderators that took further messages at a moment
    open_mail: Callable[[str, datetime], str | None] = no_conversation
    note_found: Callable[[Action, Before], None] = no_writing  # how a post was found, written down before it is removed
    before: Callable[[Action], Before | None] = no_record  # how it was found before our last removal of it
    removal: Callable[[Action], Removal] = no_removal  # what a message to an author tells of
    mail_words: Callable[[Action], MailWords | None] = no_words  # what a modmail about cases says
    is_minor: Callable[[str], bool] = no_minor  # whether a post was marked as of a suspected minor
    claim_letter: Callable[[str, int], tuple[str, str]] = no_letter  # where an answer to a claim goes, and its words

    @property
    def api(self) -> Reddit:
        """Reddit. Raises UsageError if it is not configured."""
        if self.reddit is None:
            raise UsageError("this action needs Reddit, and no account is configured; fill in [reddit]")
        return self.reddit


class ActionPlug(Protocol):
    """One kind of thing that the bot does in the world."""

    kind: str
    help: str  # one sentence
    example: PlannedAction
    modes: frozenset[Mode]  # the modes of a subreddit in which it is performed
    repeatable: bool  # whether performing it twice does no harm, so that an unknown outcome may be tried again
    rights: frozenset[str]  # the moderator rights that it needs
    by_rule: bool  # whether a rule may ask for it; if not, only a person or the program itself plans it
    after_removal: bool  # whether it makes sense only once the post was removed by us
    takes: frozenset[str]  # the parameters that it knows
    asked_for: bool  # whether moderators asked for it, so that their own stop does not hold it
    mailed: str  # the parameter with which it goes by mail unless that is empty; empty: it never does

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Do it. Raises UsageError if it can never be done as written, RedditError or MailError if it fails."""

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look whether it was done, without doing anything. Raises RedditError when it cannot look."""

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Take it back. Raises UsageError that says what to do instead, if it cannot be taken back."""

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:
        """Return the receipt of what the probe found done, if it can be had again."""


class Plug:
    """What most plugs have in common."""

    rights: frozenset[str] = frozenset({"posts"})
    by_rule = True
    after_removal = False
    takes: frozenset[str] = frozenset()
    asked_for = False
    mailed = ""

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:  # noqa: ARG002  every plug's signature
        """Return None: all that is known is that it was done."""
        return None


def present(action: Action, world: ActionContext) -> Mapping[str, Any]:
    """Return the data of the action's post. Raises RedditError (not to be retried) if Reddit has none."""
    thing = world.api.thing(action.post)
    if thing is None:
        raise RedditError(f"{action.post} does not exist on Reddit any more, so there is nothing to do", retry=False)
    data = thing["data"]
    assert isinstance(data, Mapping)
    return data


def alive(action: Action, world: ActionContext) -> Mapping[str, Any]:
    """Return the data of the action's post, if it is neither deleted nor decided on by others.

    What we removed ourselves counts as alive. Raises RedditError (not to be retried) otherwise.
    """
    data = present(action, world)
    how = standing(data)
    if how.state == "deleted":
        raise RedditError(f"{action.post} was deleted, so there is nothing to do", retry=False)
    if how.decided_by_others(world.api.me()):
        raise RedditError(f"{action.post} was {how.state} by {how.by or 'Reddit'}, and that stands", retry=False)
    return data


def submission(action: Action, what: str) -> None:
    """Raise UsageError if the action's post is a comment, which cannot be what `what` says."""
    if action.post.startswith("t1_"):
        raise UsageError(f"{action.post} is a comment and cannot {what}; add type: submission to the rule")


def mark_of(action: Action) -> str:
    """Return what tells this action's messages from all others, e.g. `[C-1a2b #7]`."""
    return f"[{action.case} #{action.id}]" if action.case else f"[#{action.id}]"


def last_decision(
    action: Action,
    world: ActionContext,
    *,
    wanted: frozenset[str],
    by: str | None = None,
    but_by: str | None = None,
    since: datetime | None = None,
    user: str | None = None,
) -> ModAction | None:
    """Return the newest line of the mod log on the action's post since it was planned, or None if there is none.

    Only lines of a `wanted` kind count, with `by` only that moderator's, with `but_by` only others', with `user` those
    on that user instead of the post. `since`: how far the log is read instead.
    Raises UsageError if the log is longer than what is read of it, RedditError if it cannot be read.
    """
    since = action.planned - SKEW if since is None else since
    after: str | None = None
    for _ in range(LOG_PAGES):
        page = world.api.mod_log(action.subreddit, after=after)
        for line in page:
            if line.at < since:
                return None
            mine = by is None or line.moderator.casefold() == by.casefold()
            mine &= but_by is None or line.moderator.casefold() != but_by.casefold()
            meant = line.target == action.post if user is None else line.user.casefold() == user.casefold()
            if meant and line.action in wanted and mine:
                return line
        if not page or page[-1].id == after:
            return None
        after = page[-1].id
    what = action.post if user is None else f"u/{user}"
    raise UsageError(
        f"the last {LOG_PAGES * 100} lines of r/{action.subreddit}'s mod log do not show who decided on {what};"
        " decide on Reddit yourself"
    )


def fit(text: str, tail: str, limit: int) -> str:
    """Return text and tail in one line of at most `limit` characters; the text is cut, the tail never."""
    line = fit_line(" ".join(text.split()))
    if len(line) + len(tail) <= limit:
        return line + tail
    return line[: limit - len(tail) - 1].rstrip() + "…" + tail
