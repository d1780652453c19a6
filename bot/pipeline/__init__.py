"""The only place that knows the order: watch → acquire → fingerprint → match → judge → act → follow up."""

from __future__ import annotations

from bot.pipeline.core import BOUNDARIES, Deps, no_boundary
from bot.pipeline.judge import Judging
from bot.pipeline.outbox import Outbox
from bot.pipeline.people import People
from bot.pipeline.scan import Scanning
from bot.pipeline.watch import Watching
from bot.pipeline.work import Working

__all__ = ["BOUNDARIES", "Deps", "Pipeline", "no_boundary"]


class Pipeline:
    """All steps over one store. One thread at a time may call each step."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.watching = Watching(deps)
        self.working = Working(deps)
        self.judging = Judging(deps)
        self.outbox = Outbox(deps)
        self.people = People(deps)
        self.scanning = Scanning(deps, self.working)

    def watch(self) -> int:
        """Read what is new in every watched subreddit; return how many links were new."""
        return sum(self.watching.poll(name) for name in self.deps.config.subreddits)

    def work(self) -> int:
        """Take every link whose time has come as far as it gets; return how many were judged."""
        self.working.acquire_due()
        self.working.match_due()
        return self.judging.judge_due()

    def act(self) -> int:
        """Perform what is due; return how many actions were done."""
        return self.outbox.run()

    def follow(self) -> int:
        """Hear what other moderators decided; return how many cases that closed."""
        return sum(self.watching.mod_log(name) for name in self.deps.config.subreddits)

    def purge(self) -> int:
        """Forget what has been kept long enough; return how many posts that were."""
        return self.people.purge()

    def tick(self) -> None:
        """Do every step once, in order. Others' decisions are heard before anything is done."""
        self.watch()
        self.follow()
        self.work()
        self.act()
