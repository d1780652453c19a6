"""Answers to orders: what was understood, what was done or why not. Users never see these words."""

from __future__ import annotations

import re

from bot.errors import GifwardenError, is_own_fault
from bot.permalink import permalink_fullname
from bot.pipeline.commands.parser import target_of
from bot.pipeline.reviewing.team import Team
from bot.store import OrderRow, Store
from bot.store.tries import SENTENCE

# where the operator keeps files is nobody's business
_PATH = re.compile(r"(?<![\w:/.])/(?!r/|u/|user/)[\w.-]+(?:/[\w.-]+)+")


class Answers:
    """Plans answers where orders were given, in the transaction that ends the order."""

    def __init__(self, store: Store, team: Team) -> None:
        self._store = store
        self._team = team

    def refuse(self, row: OrderRow, why: str) -> bool:
        """End an order that cannot be carried out, and say why."""
        return self.end(row, f"I could not do that: {_PATH.sub('a file of mine', why).rstrip('.')}.", refused=True)

    def say(self, name: str, subreddit: str, conversation: str | None, text: str) -> None:
        """Plan an answer, once for each message or report."""
        self._store.actions.plan(
            key=f"answer:{name}",
            kind="answer",
            subreddit=subreddit.lower(),
            params={"conversation": conversation or "", "subject": "About a report", "body": text},
        )

    def parked(self, row: OrderRow) -> None:
        """Tell who ordered that it is not carried out unless a person at the machine has it tried again."""
        text = (
            f"It could not be carried out: {SENTENCE}. A person at the machine must look: `gifwarden parked list` shows"
            " it, and `gifwarden parked retry` has it tried again."
        )
        self.say(f"{row.id}:parked", row.subreddit, row.conversation, f"{self.understood(row)}\n\n{text}")

    def end(self, row: OrderRow, text: str, *, refused: bool = False) -> bool:
        with self._store.transaction():
            if self._store.orders.move(row.id, "refused" if refused else "done", outcome=text.splitlines()[-1][:200]):
                self.say(row.id, row.subreddit, row.conversation, f"{self.understood(row)}\n\n{text}")
                voice = self._team.voice(row.member, f"u/{row.sender}")
                self._store.audit.record(by=voice, what=f"order: {row.verb}", subject=f"r/{row.subreddit}")
        return True

    def understood(self, row: OrderRow) -> str:
        """Return in one line what was understood: the order, what it is about, and whose it is."""
        if row.conversation is None:
            return f"u/{row.sender} reported {short(row.target)} with `{row.verb}`."
        about = f" {short(row.target)}" if row.target else ""
        return f"Understood: `{row.verb}`{about}, ordered by u/{row.sender}."


def kept(row: OrderRow, post: str) -> str:
    """Return what an order that waits is about: the case it named, else the post."""
    return row.target if row.target.startswith("C-") else post


def name_of(target: str) -> str:
    """Return a target as a moderator writes it."""
    return f"https://redd.it/{target[3:]}" if target.startswith("t3_") else target


def short(target: str) -> str:
    """Return a short address of a post, which holds neither its title nor its author."""
    name = target if target.startswith(("t1_", "t3_")) else permalink_fullname(target) or target
    if name.startswith("t3_"):
        return f"https://redd.it/{name[3:]}"
    return f"the comment {name[3:]}" if name.startswith("t1_") else target_of(name) or "the post"


def listed(title: str, lines: list[str]) -> str:
    return "\n".join([title, "", *(f"- {line}" for line in dict.fromkeys(lines))])


def sentence(error: Exception) -> str | None:
    """Return an error's sentence if it tells who ordered why it cannot be; None if it is a fault of ours."""
    if isinstance(error, GifwardenError) and not is_own_fault(error):
        return str(error)
    return None
