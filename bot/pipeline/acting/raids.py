"""What moderators are told of cases by modmail: how sure, what was done, how to answer; a raid in one conversation.

The first case of a burst is told at once. What follows is gathered and told together, some minutes later, in the same
conversation; so it goes on while the raid lasts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.actions.base import MailWords
from bot.clock import Clock
from bot.config import Config
from bot.model import Action, Hold, Receipt
from bot.pipeline.acting import groups
from bot.plural import many
from bot.rules.sureness import sureness
from bot.store import ActionRow, Store
from bot.store.told_cases import ToldCase

EVERY = timedelta(minutes=10)  # between two messages to the moderators of a subreddit about cases
THREAD = timedelta(days=1)  # for so long after the last message a raid of one media goes on in its conversation


class Raids:
    """Gathers modmails about cases and puts them into words."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock

    def waits(self, row: ActionRow) -> tuple[Hold, str, datetime] | None:
        """Return until when a modmail about a case waits for others to be told with it, or None."""
        if not self._ours(row.action) or not self._every:
            return None
        now, told = self._clock.now(), self._store.told_cases
        if told.under_way(row.action.id):
            return Hold.CAP, "it tells of what is about to be done", now + self._every
        last = told.last_modmail(row.action.subreddit, since=now - self._every, but=row.action.id)
        if last is None:
            return None
        return (
            Hold.CAP,
            f"the moderators were written to at {last:%H:%M} UTC; it goes with the next",
            last + self._every,
        )

    def begun(self, action: Action) -> None:
        """Let a modmail that is being sent speak for what waits there."""
        if self._ours(action) and self._every:
            self._store.told_cases.gather(action.id, action.subreddit)

    def done(self, action: Action, receipt: Receipt | None) -> None:
        """End what a modmail that was sent spoke for."""
        if self._ours(action):
            place = receipt.reference if receipt else None
            self._store.told.settle(action.id, Receipt(detail=f"told with {action.case}", reference=place))

    def words(self, action: Action) -> MailWords | None:
        """Return what a modmail about cases says, or None: as it is written down."""
        if not self._ours(action):
            return None
        store = self._store
        first = store.actions.get(action.id).case_id
        if first is None:
            return None
        others = [row.case_id for row in store.told.along(action.id) if row.case_id is not None]
        thread = store.told_cases.thread(first, since=self._clock.now() - THREAD) if self._every else None
        mode = self._config.mode(action.subreddit)
        subject, body = action.params.get("subject", ""), action.params.get("body", "").strip()
        cases = store.told_cases.of([first, *others])
        settings = self._config.subreddit(action.subreddit)
        name = self._config.orders.prefix if settings is None or settings.orders else ""
        if len(cases) == 1:
            return MailWords(
                subject=subject, body="\n\n".join([body, single(cases[0], mode, name)]), conversation=thread
            )
        posts = len({case.permalink or case.label for case in cases})
        subject = f"Update: {posts} more {'post' if posts == 1 else 'posts'}" if thread else many(posts, "post")
        return MailWords(subject=subject, body=several(cases, mode, name), conversation=thread)

    def _ours(self, action: Action) -> bool:
        return action.kind == "modmail" and bool(action.case)

    @property
    def _every(self) -> timedelta:
        return min(EVERY, timedelta(minutes=self._config.actions.modmail_minutes))


def single(case: ToldCase, mode: str, name: str) -> str:
    """Return what stands below a rule's own words on one case. `name`: how orders call the bot, or empty."""
    here, at = ("Answer here ", f"{name}, ") if name else ("At the terminal: ", "gifwarden cases ")
    yes, no = ("bank", "allow") if name else ("confirm", "dismiss")
    if case.verdict.outcome == "review":
        answer = (
            f"**Right?** {here}`{at}{yes} {case.label}`. **Wrong?** `{at}{no} {case.label}`. "
            f"To see more, at the terminal: `gifwarden cases show {case.label}`"
        )
    else:
        answer = f"**Right?** Nothing to do. **Wrong?** {here}`{at}undo {case.label}`"
    return "\n".join(
        [
            f"- **How sure:** {sureness(case.evidence).long}",
            f"- **Done:** {groups.done(case, mode)}",
            f"- {answer}",
        ]
    )


def several(cases: list[ToldCase], mode: str, name: str) -> str:
    """Return what is said of many cases at once. `name`: as of `single`."""
    found = groups.group(cases, lambda case: groups.done(case, mode))
    posts = len({case.permalink or case.label for case in cases})
    authors = len({case.author for case in cases if case.author})
    shown: list[str] = []
    for said in dict.fromkeys(one.said for one in found):
        some = [one for one in found if one.said == said]
        shown += [f"**{said[0].upper()}{said[1:]}**", "", *groups.lines(some), ""]
    return "\n".join(
        [
            f"{many(posts, 'post')} by {many(authors, 'author')}:",
            "",
            *shown,
            (
                f"**Right?** Nothing to do. **Wrong?** Answer here `{name}, undo` with a case's name or a post's link, "
                "one a message. For all at once, at the terminal: "
                if name
                else "**Right?** Nothing to do. **Wrong?** At the terminal: "
            )
            + "`gifwarden cases list`, where each media is one group",
        ]
    )
