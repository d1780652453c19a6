"""What every step works with, and the names of the moments at which a kill must lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot import actions
from bot.acquire import Acquirer
from bot.clock import Clock
from bot.config import Config
from bot.endpoints import Endpoints
from bot.errors import RedditError
from bot.inbox import Inbox
from bot.jobs import Jobs
from bot.mail import Mailer
from bot.pipeline.log import Log
from bot.pipeline.rulebook import Rulebook
from bot.reddit import Reddit
from bot.rules import RuleSet
from bot.store import Store
from bot.workers import Workers

__all__ = ["BOUNDARIES", "Boundary", "Deps", "Log", "connected", "no_boundary"]

Boundary = Callable[[str], None]  # told the name of each moment that is passed

# Each stands between a commit and a side effect, or the other way round. The kill test stops the process at every one.
BOUNDARIES = (
    "watch.read",  # the listing is read, nothing stored
    "watch.stored",  # posts and links stored, the watermark not yet moved
    "watch.marked",
    "follow.heard",  # another moderator's decision stored
    "acquire.fetched",  # bytes in memory, nothing stored
    "acquire.stored",
    "match.stored",
    "judge.stored",  # case opened, actions planned
    "order.heard",  # an order stored, not yet carried out
    "order.done",  # carried out and its answer planned, not yet sent
    "digest.made",
    "exchange.kept",  # a page of a list and its checkpoint stored, the next not yet asked for
    "decide.stored",  # a person's decision stored, nothing done for it
    "decide.performed",  # what it teaches and forgets is stored, its actions not yet sent
    "withdraw.case",  # one case of a withdrawn entry is closed or judged again
    "withdraw.followed",  # all that follows from a withdrawal is done
    "withdraw.destroyed",  # a suspected minor's entry holds nothing any more
    "look.begun",  # a look at a notice's media is counted and the next planned, nothing asked
    "look.seen",  # seen, nothing written down
    "look.stored",
    "undo.performed",  # taken back, not yet written down
    *(f"act.begun:{plug.kind}" for plug in actions.ACTIONS),  # written down as being sent, not yet sent
    *(f"act.performed:{plug.kind}" for plug in actions.ACTIONS),  # sent, not yet written down as done
    *(f"act.done:{plug.kind}" for plug in actions.ACTIONS),
)


def no_boundary(name: str) -> None:
    """Do nothing at a boundary: what production does."""


def connected(reddit: Reddit | None) -> Reddit:
    """Return Reddit. Raises RedditError if there is none."""
    if reddit is None:
        raise RedditError(
            "this needs a login to Reddit, and there is none; gifwarden doctor says what is missing "
            "(the link of a media itself needs no login)",
            retry=False,
        )
    return reddit


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Everything a step may use. `reddit` is None where no account is needed, e.g. to scan a file.

    A step that needs six or more of these takes them all, any other only what it needs.
    """

    config: Config
    store: Store
    clock: Clock
    acquirer: Acquirer
    workers: Workers
    jobs: Jobs
    rulebook: Rulebook
    log: Log
    endpoints: Endpoints
    reddit: Reddit | None = None
    mailer: Mailer | None = None
    inbox: Inbox | None = None
    boundary: Boundary = no_boundary

    @property
    def api(self) -> Reddit:
        """Reddit. Raises RedditError if there is none."""
        return connected(self.reddit)

    def rules_for(self, subreddit: str | None) -> RuleSet:
        """Return the rules in force in a subreddit. Raises ConfigError or RuleError if its files cannot be used."""
        return self.rulebook.rules_for(subreddit)

    @property
    def stop_file(self) -> Path:
        """While this file exists, nothing is done in the world."""
        return self.config.storage.stop_file
