"""Orders of moderators, by modmail or by a report: heard once, rights checked, carried out, answered where given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bot.errors import RedditError
from bot.model import MACHINES, ActionState
from bot.pipeline.core import Deps
from bot.pipeline.deeds import Deeds, may
from bot.pipeline.order_words import Order, Unclear, cases_in, read_message, read_reason
from bot.pipeline.people import People
from bot.pipeline.rows import reason_of
from bot.pipeline.team import Team
from bot.reddit.modmail import Conversation, MailMessage, MailState
from bot.store import OrderRow

STATES: tuple[MailState, ...] = ("mod", "all", "archived")
PAGES = 3
OVERLAP = timedelta(minutes=10)  # conversations written to so long before the watermark are looked at again
FIRST = timedelta(hours=1)  # what was written so long before the bot was first started is no order any more
MARK = "modmail"  # the watermark's name


class Orders:
    """Hears what moderators write to the bot and does it."""

    def __init__(self, deps: Deps, people: People, deeds: Deeds, team: Team) -> None:
        self._d = deps
        self._people = people
        self._deeds = deeds
        self._team = team
        self._seen: dict[str, datetime] = {}  # conversation → when it was last written to, as far as it was read
        self._said: dict[str, str] = {}

    def run(self) -> int:
        """Hear new orders and carry out what waits; return how many ended. While the stop file is there: nothing."""
        names = [name for name, settings in self._d.config.subreddits.items() if settings.orders]
        if not names or self._d.stop_file.exists():
            return 0
        self._guarded("modmail", lambda: self._hear_mail(names))
        self._guarded("reports", lambda: self._hear_reports(names))
        ended = 0
        for row in (*self._d.store.orders.open("received"), *self._d.store.orders.open("waiting")):
            ended += self._carry_out(row)
        return ended

    def _guarded(self, what: str, hear: Any) -> None:
        """Keep trouble with one way of hearing from the other; say it once."""
        try:
            hear()
            self._said.pop(what, None)
        except RedditError as error:
            if self._said.get(what) != str(error):
                self._d.log.warning("orders not heard", way=what, reason=str(error))
                self._said[what] = str(error)

    def _carry_out(self, row: OrderRow) -> int:
        store = self._d.store
        try:
            ended = self._deeds.do(row)
        except RedditError as error:
            if error.retry or error.setup:
                self._d.log.warning("order postponed", order=row.verb, reason=str(error))
                return 0
            ended = self._deeds.refuse(row, str(error))
        except Exception as error:  # noqa: BLE001  the boundary around one order: what went wrong is its answer
            ended = self._deeds.refuse(row, reason_of(error))
        self._d.boundary("order.done")
        if ended:
            self._d.log.info("order ended", order=row.verb, subreddit=row.subreddit)
            voice = self._team.voice(row.member, f"u/{row.sender}")
            store.upkeep.note(by=voice, what=f"order: {row.verb}", subject=f"r/{row.subreddit}")
        return int(ended)

    def _hear_mail(self, names: list[str]) -> None:
        store, now = self._d.store, self._d.clock.now()
        mark = store.links.watermark("", MARK)
        floor = now - FIRST if mark is None else min(mark, now) - OVERLAP
        found: dict[str, Conversation] = {}
        for state in STATES:
            for conversation in self._d.api.conversations(names, state, pages=PAGES):
                if conversation.updated < floor:
                    break
                found[conversation.id] = conversation
        heard: list[tuple[MailMessage, Conversation, Order | Unclear | str]] = []
        for conversation in found.values():
            if self._seen.get(conversation.id) != conversation.updated:
                heard += self._read(conversation, floor)
        # as they were written, whatever the conversation: of stop and go the last one counts
        for message, conversation, what in sorted(heard, key=lambda item: (item[0].at, len(item[0].id), item[0].id)):
            if isinstance(what, str):
                self._appeal(message, conversation, what)
            else:
                self._receive(message.id, conversation.subreddit, conversation.id, message.author, what)
        self._seen = {conversation.id: conversation.updated for conversation in found.values()}
        newest = max((conversation.updated for conversation in found.values()), default=now if mark is None else mark)
        store.links.polled("", MARK, fullname=None, created=min(newest, now))

    def _read(
        self, conversation: Conversation, floor: datetime
    ) -> Iterator[tuple[MailMessage, Conversation, Order | Unclear | str]]:
        """Yield what a conversation holds for us: orders, and the case that its author appeals."""
        store, me = self._d.store, self._d.api.me()
        try:
            messages = self._d.api.mail_messages(conversation.id)
        except RedditError as error:
            if error.retry or error.setup:
                raise
            self._d.log.warning("conversation passed over", subreddit=conversation.subreddit, reason=str(error))
            return
        if not messages:
            return
        prefix = self._d.config.orders.prefix
        ours = [message for message in messages if message.author.casefold() == me.casefold()]
        named = frozenset(case for message in ours for case in cases_in(message.body)) | cases_in(conversation.subject)
        about = next(iter(named)) if len(named) == 1 else None
        to_us = conversation.subject.casefold().startswith(prefix.casefold())
        started_by_us = messages[0].author.casefold() == me.casefold()
        for place, message in enumerate(messages):
            author = message.author.casefold()
            if author in (*MACHINES, me.casefold()) or message.at < floor or store.orders.knows(message.id):
                continue
            from_user = conversation.participant is not None and author == conversation.participant.casefold()
            appealed = self._appealed(conversation, message) if from_user else None
            if appealed is not None:
                yield message, conversation, appealed
                continue
            text = message.body
            if to_us and place == 0:
                text = f"{conversation.subject} {text.lstrip()}"
            order = read_message(text, names=self._names(me), addressed=to_us or started_by_us, case=about)
            if order is not None:
                yield message, conversation, order

    def _names(self, me: str) -> tuple[str, ...]:
        return (self._d.config.orders.prefix, f"u/{me}", me)

    def _appealed(self, conversation: Conversation, message: MailMessage) -> str | None:
        """Return the case whose removal message an author answers, or None."""
        for label in sorted(cases_in(conversation.subject)):
            case = self._deeds.case(label, conversation.subreddit)
            if case is None or (case.post.author or "").casefold() != message.author.casefold():
                continue
            for row in self._d.store.actions.of_case(case.id):
                if row.action.kind == "message" and row.state == ActionState.DONE:
                    return label
        return None

    def _appeal(self, message: MailMessage, conversation: Conversation, label: str) -> None:
        store = self._d.store
        with store.transaction():
            if store.orders.receive(
                message.id,
                subreddit=conversation.subreddit,
                conversation=conversation.id,
                verb="appeal",
                target=label,
                state="done",
            ):
                appealed = self._people.appeal(label)
                if appealed.reopened:
                    self._deeds.say(message.id, conversation.subreddit, conversation.id, appealed.text)
        self._d.boundary("order.heard")

    def _hear_reports(self, names: list[str]) -> None:
        me = self._d.api.me()
        reasons = {str(verb): reason for verb, reason in self._d.config.orders.reasons.items()}
        for data in self._reported(names):
            reports = data.get("mod_reports")
            for report in reports if isinstance(reports, list) else []:
                if not isinstance(report, list | tuple) or len(report) < 2:
                    continue
                reason, by = str(report[0] or ""), str(report[1] or "")
                if by.casefold() in (*MACHINES, me.casefold(), ""):
                    continue
                verb = read_reason(reason, names=self._names(me), reasons=reasons)
                fullname = str(data.get("name") or "")
                if verb is None or not fullname:
                    continue
                name = f"report:{fullname}:{by.casefold()}:{verb}"
                if not self._d.store.orders.knows(name):
                    self._receive(
                        name, str(data.get("subreddit") or ""), None, by, Order(verb=verb, target=fullname, why=reason)
                    )

    def _reported(self, names: list[str]) -> Iterator[dict[str, Any]]:
        after: str | None = None
        for _ in range(PAGES):
            listing = self._d.api.reported("+".join(names), after=after)
            yield from (thing["data"] for thing in listing.things if isinstance(thing.get("data"), dict))
            after = listing.after
            if after is None:
                return

    def _receive(
        self, name: str, subreddit: str, conversation: str | None, sender: str, order: Order | Unclear
    ) -> None:
        """Store an order of a moderator; of anybody else only that it was seen."""
        store = self._d.store
        settings = self._d.config.subreddit(subreddit)
        rights = self._d.api.rights(subreddit, sender) if settings and settings.orders else frozenset()
        with store.transaction():
            if not rights:
                store.orders.receive(name, subreddit=subreddit, state="ignored")
            elif isinstance(order, Unclear):
                if store.orders.receive(
                    name, subreddit=subreddit, conversation=conversation, sender=sender, state="refused"
                ):
                    self._deeds.say(name, subreddit, conversation, order.help)
            else:
                allowed = may(order.verb, rights)
                member = self._team.by_reddit(sender, subreddit, rights).member if allowed is None else None
                store.orders.receive(
                    name,
                    subreddit=subreddit,
                    conversation=conversation,
                    sender=sender,
                    member=member,
                    verb=order.verb,
                    target=order.target,
                    why=order.why,
                    state="received" if allowed is None else "refused",
                )
                if allowed is not None:
                    self._deeds.say(name, subreddit, conversation, allowed)
        self._d.boundary("order.heard")
