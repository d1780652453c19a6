"""Orders of moderators, by modmail or by a report: heard once, rights checked, carried out, answered where given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.actions.message import title_of
from bot.errors import RedditError, UsageError, is_own_fault
from bot.model import MACHINES
from bot.pipeline.commands.answers import sentence
from bot.pipeline.commands.first_look import MAIL, REPORTS, STATES, FirstLook, report_name
from bot.pipeline.commands.parser import BadCommand, Command, read_bare, read_message
from bot.pipeline.commands.runner import CommandRunner
from bot.pipeline.core import Deps
from bot.pipeline.permissions import check_permission
from bot.pipeline.recovery import log_reason, reason_of
from bot.pipeline.reviewing.decisions import Decisions
from bot.pipeline.reviewing.team import Team
from bot.pipeline.watching.rounds import groups
from bot.plural import many
from bot.reddit.modmail import Conversation, MailMessage
from bot.store import OrderRow
from bot.store.commands import StartRow
from bot.store.tries import SENTENCE

PAGES = 3
OVERLAP = timedelta(minutes=10)  # conversations written to so long before the watermark are looked at again
MAX_STUMBLES = 3  # after which an order that meets an unforeseen fault of ours is given up

Appealed = tuple[str, ...]  # labels of the cases that an author appeals; none of another user's message
HearUser = Callable[[Conversation, MailMessage], None]  # what a user wrote, who orders nothing
Heard = tuple[MailMessage, Conversation, Command | BadCommand | Appealed]


class CommandInbox:
    """Hears what moderators write to the bot and does it."""

    def __init__(
        self, deps: Deps, decisions: Decisions, runner: CommandRunner, team: Team, hear_user: HearUser
    ) -> None:
        self._d = deps
        self._decisions = decisions
        self._runner = runner
        self._team = team
        self._hear_user = hear_user
        self._first = FirstLook(deps.config, deps.store, deps.log, deps.reddit)
        self._seen: dict[str, datetime] = {}  # conversation → when it was last written to, as far as it was read
        self._said: dict[str, str] = {}
        self._stumbles: dict[str, int] = {}

    def run(self, *, wait: bool = True) -> int:
        """Hear new orders and carry out what waits; return how many ended. While the stop file is there: nothing.

        `wait`: for media that an order needs; else it stays as it is until a later call finds them fetched.
        """
        names = [name for name, settings in self._d.config.subreddits.items() if settings.orders]
        if not names or self._d.stop_file.exists():
            return 0
        heard = [
            self._guarded("modmail", lambda: self._hear_mail(names)),
            self._guarded("reports", lambda: self._hear_reports(names)),
        ]
        ended = 0
        for row in self._d.store.orders.open("received"):
            ended += self._carry_out(row, wait)
        for row in self._d.store.orders.open("waiting"):
            # whoever could not be heard may have taken it back
            if row.due is None or (self._runner.waits.over(row) and all(heard)):
                ended += self._carry_out(row, wait)
        return ended

    def _guarded(self, what: str, hear: Callable[[], None]) -> bool:
        """Keep trouble with one way of hearing from the other; return whether it was heard, or never will be."""
        try:
            hear()
            self._said.pop(what, None)
        except RedditError as error:
            if self._said.get(what) != str(error):
                self._d.log.warning("orders not heard", way=what, reason=str(error))
                self._said[what] = str(error)
            return not error.retry
        return True

    def _carry_out(self, row: OrderRow, wait: bool) -> int:
        """Do an order if its author still may. A fault of ours leaves it for the next time, and is never its answer."""
        with self._d.store.transaction():
            begun = self._d.store.tries.begin("order", row.id)
            if not begun:
                self._runner.parked(row)
        if not begun:
            self._d.log.warning("order parked", order=row.verb, reason=SENTENCE)
            return 0
        ended = self._tried(row, wait)
        self._d.store.tries.end("order", row.id)
        return ended

    def _tried(self, row: OrderRow, wait: bool) -> int:
        try:
            refused = check_permission(row.verb, self._d.api.permissions(row.subreddit, row.sender))
            if refused is None:
                ended = self._runner.do(row, wait=wait)
            else:
                ended = self._runner.refuse(row, f"u/{row.sender} may not order that here any more")
        except RedditError as error:
            if error.retry or error.setup:
                self._d.log.warning("order postponed", order=row.verb, reason=str(error))
                return 0
            ended = self._runner.refuse(row, str(error))
        except Exception as error:  # noqa: BLE001  the boundary around one order
            if is_own_fault(error):
                self._d.log.warning("order postponed", order=row.verb, reason=log_reason(error))
                return 0
            ended = self._stumbled(row, error)
        self._d.boundary("order.done")
        if ended:
            self._stumbles.pop(row.id, None)
            self._d.log.info("order ended", order=row.verb, subreddit=row.subreddit)
        return int(ended)

    def _stumbled(self, row: OrderRow, error: Exception) -> bool:
        """End an order that cannot be done as it stands; one that only met a mistake of ours is tried some more."""
        if said := sentence(error):
            return self._runner.refuse(row, said)
        self._stumbles[row.id] = self._stumbles.get(row.id, 0) + 1
        self._d.log.warning("order stumbled", order=row.verb, reason=reason_of(error))
        if self._stumbles[row.id] < MAX_STUMBLES:
            return False
        return self._runner.refuse(row, "something that nobody foresaw went wrong; who runs me finds it in my log")

    def _hear_mail(self, names: Sequence[str]) -> None:
        store = self._d.store
        begun = self._first.begun(MAIL, names)
        starts = {name.lower(): row for name, row in begun.items()}
        if not begun:
            return
        mark = store.watermarks.created("", MAIL)
        floor = mark - OVERLAP if mark is not None else None
        found: dict[str, Conversation] = {}
        # more than fit into an address: everything is asked for, and what is not of them is passed over
        asked = list(begun) if len(list(groups(list(begun)))) == 1 else []
        for state in STATES:
            for conversation in self._d.api.conversations(asked, state, pages=PAGES):
                if floor is not None and conversation.updated < floor:
                    break
                found[conversation.id] = conversation
        heard: list[Heard] = []
        for conversation in found.values():
            start = starts.get(conversation.subreddit.lower())
            if start is None or (start.since is not None and conversation.updated <= start.since):
                continue
            if self._seen.get(conversation.id) != conversation.updated:
                heard += self._read(conversation, start, floor)
        # as they were written, whatever the conversation: of stop and go the last one counts
        for message, conversation, what in sorted(heard, key=lambda item: (item[0].at, len(item[0].id), item[0].id)):
            if isinstance(what, tuple):
                self._hear_user(conversation, message)
                if what:
                    self._appeal(message, conversation, what)
            else:
                self._receive(message.id, conversation.subreddit, conversation.id, message.author, what)
        self._seen = {conversation.id: conversation.updated for conversation in found.values()}
        if found:
            newest = max(conversation.updated for conversation in found.values())
            store.watermarks.move("", MAIL, fullname=None, created=newest)
        store.orders.standing(found)
        self._forget(MAIL, begun)

    def _read(self, conversation: Conversation, start: StartRow, floor: datetime | None) -> Iterator[Heard]:
        """Yield what a conversation holds for us: orders, and what its user wrote with the cases that it appeals.

        Moderators order where no user reads: in discussions of theirs and in private notes. What a user can read is
        said to the user, whoever writes it, and neither a subject nor a user's words count anywhere.
        """
        store, me = self._d.store, self._d.api.me().casefold()
        try:
            messages = self._d.api.mail_messages(conversation.id)
        except RedditError as error:
            if error.retry or error.setup:
                raise
            self._d.log.warning("conversation passed over", subreddit=conversation.subreddit, reason=str(error))
            return
        discussion = conversation.internal and conversation.participant is None
        for message in messages:
            author = message.author.casefold()
            old = (floor is not None and message.at < floor) or (start.since is not None and message.at <= start.since)
            if old or author in (*MACHINES, me) or store.orders.knows(message.id):
                continue
            if conversation.participant is not None and author == conversation.participant.casefold():
                yield message, conversation, self._appealed(conversation, messages)
            elif discussion or message.internal:
                order = self._order(message, conversation, messages if discussion else ())
                if order is not None:
                    yield message, conversation, order

    def _order(
        self, message: MailMessage, conversation: Conversation, messages: Sequence[MailMessage]
    ) -> Command | BadCommand | None:
        """Return what a message of moderators among themselves orders. `messages`: of the discussion it stands in."""
        bare = read_bare(message.body)
        order = read_message(message.body, names=self._first.names())
        if (bare is None and not isinstance(order, BadCommand)) or not messages:
            return order
        me = self._d.api.me().casefold()
        if messages[0].author.casefold() != me:
            return order
        ours = sum(other.author.casefold() == me for other in messages)
        case = self._d.store.actions.case_of_mail(conversation.id, ours=ours)
        if bare is None or case is None:
            return read_message(message.body, names=self._first.names(), case=case)
        return Command(verb=bare.verb, target=case if bare.verb not in ("stop", "go", "help", "cancel") else "")

    def _appealed(self, conversation: Conversation, messages: Sequence[MailMessage]) -> Appealed:
        """Return the cases of which the message told that an author answers, none if it is no such message.

        The conversation must be one that we began: then its subject is ours too, and what we wrote to this author
        tells the case. A user can copy a subject into a conversation of their own.
        """
        author = conversation.participant
        if author is None or messages[0].author.casefold() != self._d.api.me().casefold():
            return ()
        for row, case in self._d.store.actions.told_authors(conversation.subreddit, author):
            if title_of(row.action) in conversation.subject:
                along = (other.action.case for other in self._d.store.told.along(row.action.id))
                return (case, *(label for label in along if label))
        return ()

    def _appeal(self, message: MailMessage, conversation: Conversation, labels: Appealed) -> None:
        store = self._d.store
        with store.transaction():
            if store.orders.receive(
                message.id,
                subreddit=conversation.subreddit,
                conversation=conversation.id,
                verb="appeal",
                target=labels[0],
                state="done",
            ):
                appealed = [self._decisions.cases.appeal(label) for label in labels]
                told = [one.text for one in appealed if one.reopened]
                if told:
                    more = [f"{many(len(told) - 1, 'further case')} of the same author too"] if told[1:] else []
                    text = "; ".join([told[0], *more])
                    self._runner.say(message.id, conversation.subreddit, conversation.id, text)
        self._d.boundary("order.heard")

    def _hear_reports(self, names: Sequence[str]) -> None:
        begun = self._first.begun(REPORTS, names)
        if not begun:
            return
        for subreddit, fullname, by, verb, reason in self._first.reports(list(begun)):
            name = report_name(fullname, by, verb)
            if not self._d.store.orders.knows(name):
                self._receive(name, subreddit, None, by, Command(verb=verb, target=fullname, why=reason))
        self._forget(REPORTS, begun)

    def _forget(self, way: str, subreddits: Iterable[str]) -> None:
        """Forget what was ordered long ago and does not stand there any more, so that it cannot be heard again."""
        old = self._d.clock.now() - timedelta(days=self._d.config.storage.seen_days)
        self._d.store.orders.forget_heard(subreddits, old, reports=way == REPORTS)

    def _receive(
        self, name: str, subreddit: str, conversation: str | None, sender: str, order: Command | BadCommand
    ) -> None:
        """Store an order of a moderator; of anybody else only that it was seen."""
        store = self._d.store
        rights = self._rights(subreddit, sender)
        with store.transaction():
            if not rights:
                store.orders.receive(name, subreddit=subreddit, conversation=conversation, state="ignored")
            elif isinstance(order, BadCommand):
                if store.orders.receive(
                    name, subreddit=subreddit, conversation=conversation, sender=sender, state="refused"
                ):
                    self._runner.say(name, subreddit, conversation, order.help)
            else:
                allowed = check_permission(order.verb, rights)
                member = None
                if allowed is None:
                    try:
                        member = self._team.by_reddit(sender, subreddit, rights).member
                    except UsageError as error:  # an operator took them out of the team
                        allowed = str(error)
                received = store.orders.receive(
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
                if received and allowed is not None:
                    self._runner.say(name, subreddit, conversation, allowed)
        self._d.boundary("order.heard")

    def _rights(self, subreddit: str, sender: str) -> frozenset[str]:
        """Return what Reddit says now that somebody may do; nothing where orders are off or it refuses to tell."""
        settings = self._d.config.subreddit(subreddit)
        if settings is None or not settings.orders:
            return frozenset()
        try:
            return self._d.api.permissions(subreddit, sender)
        except RedditError as error:
            if error.retry or error.setup:
                raise
            self._d.log.warning("order of nobody that Reddit knows", subreddit=subreddit, reason=str(error))
            return frozenset()
