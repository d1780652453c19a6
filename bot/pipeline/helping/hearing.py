"""What people write who say that they are depicted: heard by its words, or taken in by a member by hand.

A stranger's words open a claim and nothing else: they give no order, hold nothing up, and are looked up nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.errors import UsageError
from bot.links.text import urls_in
from bot.model import PROGRAM, Actor, AgeWhenMade, ClaimSource, ClaimWord
from bot.permalink import permalink_fullname, share_path
from bot.pipeline.core import connected
from bot.pipeline.helping.texts import SHIPPED, texts
from bot.pipeline.helping.words import claims, may_be_under_18
from bot.pipeline.log import Log
from bot.reddit import Reddit
from bot.reddit.modmail import Conversation, MailMessage
from bot.store import Store

MAX_MESSAGES = 20  # of one claimant that are kept
MAX_LINKS = 50
MAX_WAITING = 200  # claims of a subreddit that wait for an answer; whoever writes then is read on Reddit only
MAX_DISMISSED = 3  # claims of one account; whoever had so many dismissed opens no more while they are remembered


def names_media(address: str) -> bool:
    """Return whether an address leads to a post, a comment, or to something on another site than Reddit."""
    if permalink_fullname(address) is not None or share_path(address) is not None:
        return True
    return address.startswith(("https://", "http://")) and "." in _server(address) and not _on_reddit(address)


def _server(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


def _on_reddit(address: str) -> bool:
    return f".{_server(address)}".endswith(".reddit.com")


class Hearing:
    """Opens claims, and adds to them what their claimant writes."""

    def __init__(self, store: Store, log: Log, reddit: Reddit | None) -> None:
        self._store = store
        self._log = log
        self._reddit = reddit

    def hear(self, conversation: Conversation, message: MailMessage) -> None:
        """Take what a user wrote to the moderators: into their claim, or as a new one if it reads as one."""
        store = self._store
        text = f"{conversation.subject}\n{message.body}"
        language = claims(text)
        with store.transaction():
            known = store.claims.of_account(message.author, conversation.subreddit)
            if (known is None and language is None) or not store.claims.hear(message.id):
                return
            if known is None:
                known = self._opened(conversation, message.author, language or SHIPPED)
            if known is None:
                return
            self._add(known, message.body, subject=conversation.subject)
            store.claims.put(known, ClaimWord.CONVERSATION, conversation.id)
            store.claims.heard(known)
        self._log.info("claim heard", claim=known, subreddit=conversation.subreddit)

    def _opened(self, conversation: Conversation, account: str, language: str) -> str | None:
        store, place = self._store, conversation.subreddit
        if store.claims.dismissed_of(account) >= MAX_DISMISSED or store.claims.waiting(place) >= MAX_WAITING:
            self._log.warning(
                "claim not taken", subreddit=place, reason="too many of one account or of this subreddit; see modmail"
            )
            return None
        name = store.claims.open(subreddit=place, source=ClaimSource.MODMAIL, language=language, account=account)
        store.audit.record(by=PROGRAM, what="claim opened", subject=name)
        return name

    def from_mail(self, conversation: Conversation, messages: Sequence[MailMessage], *, by: Actor) -> str:
        """Open a claim by hand for the user of a conversation; return its label. Raises UsageError if there is none."""
        author = conversation.participant
        if author is None:
            raise UsageError("that conversation is one of moderators alone; name one in which a user wrote")
        theirs = [message for message in messages if message.author.casefold() == author.casefold()]
        store = self._store
        with store.transaction():
            name = store.claims.of_account(author, conversation.subreddit)
            fresh = name is None  # then what was heard before was dismissed since, or forgotten
            if name is None:
                said = claims("\n".join(message.body for message in theirs)) or SHIPPED
                name = store.claims.open(
                    subreddit=conversation.subreddit, source=ClaimSource.BY_HAND, language=said, account=author, by=by
                )
                store.audit.record(by=by, what="claim opened", subject=name)
            for message in theirs:
                if store.claims.hear(message.id) or fresh:
                    self._add(name, message.body, subject=conversation.subject)
            store.claims.put(name, ClaimWord.CONVERSATION, conversation.id)
            store.claims.heard(name)
        return name

    def conversation(self, number: str) -> tuple[Conversation, tuple[MailMessage, ...]]:
        """Return a conversation and what was written in it, by its id or address. Raises RedditError."""
        if "://" in number and not _on_reddit(number):
            raise UsageError("that is no modmail; give its id or address, or this as --post")
        return connected(self._reddit).whole_mail(number.rstrip("/").rpartition("/")[2])

    def from_post(self, address: str, subreddit: str, *, by: Actor, language: str = SHIPPED) -> str:
        """Open a claim about a post, or media at a host, for who told the team in another way; return its label."""
        if not names_media(address):
            raise UsageError("that is no address of a post, comment or media elsewhere; copy the whole of it")
        texts(language)
        store = self._store
        with store.transaction():
            words = [(ClaimWord.LINK, address)]
            name = store.claims.open(
                subreddit=subreddit, source=ClaimSource.BY_HAND, language=language, words=words, by=by
            )
            store.audit.record(by=by, what="claim opened", subject=name)
        return name

    def _add(self, name: str, body: str, *, subject: str) -> None:
        """Seal what somebody wrote, its links apart, and ask a person if it may speak of an age under 18."""
        store = self._store
        row = store.claims.get(name)
        if row.messages >= MAX_MESSAGES:
            return
        if row.messages == 0 and subject:
            store.claims.add(name, ClaimWord.SUBJECT, subject)
        store.claims.add(name, ClaimWord.MESSAGE, body)
        here = {one.text for one in store.claims.words(name, ClaimWord.LINK)}
        for found in urls_in(f"{subject}\n{body}"):
            if found.sure and found.url not in here and len(here) < MAX_LINKS:
                here.add(found.url)
                store.claims.add(name, ClaimWord.LINK, found.url)
        if row.age is AgeWhenMade.NOT_SAID and may_be_under_18(f"{subject}\n{body}"):
            store.claims.set_age(name, AgeWhenMade.IN_DOUBT)
            store.audit.record(by=PROGRAM, what="claim: may be under 18", subject=name)
