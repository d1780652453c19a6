"""The only place that knows the order: watch → acquire → fingerprint → match → judge → act → follow up."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot import hosts
from bot.pipeline.acting.digest import Digests
from bot.pipeline.acting.flood import FloodGuard
from bot.pipeline.acting.kill_switch import Stopping
from bot.pipeline.acting.outbox import Outbox
from bot.pipeline.commands.inbox import CommandInbox
from bot.pipeline.commands.runner import CommandRunner
from bot.pipeline.core import BOUNDARIES, Deps, no_boundary
from bot.pipeline.following.answers import Answers
from bot.pipeline.following.rechecks import Rechecks
from bot.pipeline.following.steps import NoticeSteps
from bot.pipeline.helping.claims import Claims
from bot.pipeline.helping.hearing import Hearing
from bot.pipeline.helping.summary import Summaries
from bot.pipeline.judging.judge import Judge
from bot.pipeline.judging.replay import Replayer
from bot.pipeline.judging.scan_target import TargetScanner
from bot.pipeline.keeping.exchange_feedback import FeedbackSender
from bot.pipeline.keeping.exchange_lane import ExchangeLane
from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.keeping.fetch_now import FetchNow
from bot.pipeline.keeping.gallery import Gallery
from bot.pipeline.keeping.retention import Forgetting
from bot.pipeline.looking.looks import Looks
from bot.pipeline.recovery import GoOn, a_while, always, log_reason
from bot.pipeline.reviewing.bank_keeping import BankKeeping
from bot.pipeline.reviewing.decisions import Decisions
from bot.pipeline.reviewing.keyboard import Keyboard
from bot.pipeline.reviewing.proposals import Proposals
from bot.pipeline.reviewing.sign_in import SignIn
from bot.pipeline.reviewing.team import Team
from bot.pipeline.reviewing.withdrawals import Withdrawals
from bot.pipeline.scanning.face_index import FaceRecogniser
from bot.pipeline.scanning.queue import DownloadQueue
from bot.pipeline.scanning.scanner import Scanner
from bot.pipeline.watching.backfill import Backfill
from bot.pipeline.watching.learning import Learning
from bot.pipeline.watching.listings import Listings
from bot.pipeline.watching.modlog import ModLogReader
from bot.pipeline.watching.modqueue import ModQueuePoller
from bot.pipeline.watching.permalinks import PermalinkFollower
from bot.pipeline.watching.polling import ListingPoller
from bot.pipeline.watching.subreddits import SubredditStates
from bot.pipeline.watching.untold import UntoldPictures
from bot.pipeline.watching.wiki_rules import WikiWatch
from bot.reddit import Job

__all__ = ["BOUNDARIES", "Deps", "Pipeline", "no_boundary"]

WAIT_SECONDS = 0.2  # of real time between two looks at what has become due
GRACE_SECONDS = 3.0  # of real time for what is in work when a slice ends


class Pipeline:
    """All steps over one store.

    Six threads may work at once: one that scans (`scan`), one that looks again (`recheck`), one that mails (`mail`),
    one that reads answers (`read`), one that fetches lists (`exchange`), beside which long fetches go on in some of
    their own, and one that calls all the rest.
    """

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        config, store, clock, log, reddit = deps.config, deps.store, deps.clock, deps.log, deps.reddit
        self.team = Team(store)
        self.sign_in = SignIn(store, clock)
        self.keyboard = Keyboard(store)
        self.subreddits = SubredditStates(config, store, clock, log, reddit)
        follows = config.reddit.linked_posts
        find = hosts.finder(config)
        self.listings = Listings(
            deps.rulebook, store, log, reddit, deps.boundary, self.subreddits, find, follows=follows
        )
        self.polling = ListingPoller(deps, self.subreddits, self.listings)
        self.mod_queue = ModQueuePoller(config, store, clock, log, reddit, self.subreddits, self.listings)
        self.mod_log = ModLogReader(store, clock, log, reddit, deps.boundary, self.subreddits)
        self.permalinks = PermalinkFollower(config, store, log, reddit)
        self.untold = UntoldPictures(store, clock, log, reddit, self.listings)
        self.backfill = Backfill(config, store, reddit, self.listings)
        self.learning = Learning(config, store, clock, log, reddit)
        self.recogniser = FaceRecogniser(config.gallery, store)
        self.gallery = Gallery(config.gallery, store, clock, deps.workers, self.recogniser)
        self.scanner = Scanner(deps, self.recogniser)
        self.downloads = DownloadQueue(deps, self.scanner)
        self.rechecks = Rechecks(deps, self.scanner, self.downloads)
        self.notice_steps = NoticeSteps(config, store, clock)
        self.flood = FloodGuard(config.actions, store, clock, log)
        self.judge = Judge(deps, self.flood)
        self.outbox = Outbox(deps, self.flood)
        self.decisions = Decisions.of(deps, self.scanner, self.outbox, self.judge)
        self.banks = BankKeeping(store, self.decisions.bank)
        self.withdrawals = Withdrawals(store, clock, log, self.judge, self.decisions.minors, deps.boundary)
        self.proposals = Proposals(config, store, clock, log, self.scanner)
        self.target_scanner = TargetScanner(config, reddit, self.scanner, self.judge)
        self.claims = Claims(config, store, clock, self.decisions.minors, self.team)
        self.looks = Looks(
            config,
            store,
            log,
            deps.acquirer,
            self.scanner,
            self.target_scanner,
            doubtful=lambda case: bool(self.claims.doubt(case)),
        )
        self.replayer = Replayer(store, self.judge)
        self.wiki = WikiWatch(deps)
        self.summaries = Summaries(config, store, clock)
        self.hearing = Hearing(store, log, reddit)
        runner = CommandRunner(config, store, clock, reddit, self.decisions, self.target_scanner, self.team)
        self.orders = CommandInbox(deps, self.decisions, runner, self.team, self.hearing.hear)
        self.digests = Digests(config, store, clock, log, deps.boundary)
        self.kill_switch = Stopping(config, store, clock, reddit)
        self.exchanges = ExchangeSync(config, store, clock, log, deps.endpoints, deps.boundary)
        self.exchange_lane = ExchangeLane(self.exchanges, deps.endpoints.stop)
        self.fetch_now = FetchNow(self.exchanges, log)
        self.exchange_feedback = FeedbackSender(config, store, clock, log, self.exchanges)
        self.answers = Answers(config, store, clock, log, deps.inbox)
        self.forgetting = Forgetting(config.storage, store, clock, log, reddit)

    def cut(self) -> None:
        """End every exchange and every wait under way, in whatever thread; nothing is begun afterwards."""
        self.deps.store.connection.hurry()
        if self.deps.reddit is not None:
            self.deps.reddit.stop()
        if self.deps.mailer is not None:
            self.deps.mailer.stop()
        if self.deps.inbox is not None:
            self.deps.inbox.stop()
        self.deps.endpoints.stop()
        self.deps.acquirer.stop()
        self.deps.workers.stop()
        self.deps.jobs.stop()
        self.looks.close()

    def watch(self, go_on: GoOn = always) -> int:
        """Read what is new, edited or reported in every watched subreddit; return how many links were new.

        Where so many are watched that Reddit's limit does not suffice for every call, some calls read nothing.
        """
        if not self.deps.api.as_job(Job.WATCH).in_pace():
            return 0
        new = self.polling.round(go_on) + self.mod_queue.round(go_on)
        return new + self.permalinks.round(go_on) + self.untold.round(go_on)

    def work(self, go_on: GoOn = always) -> int:
        """Take due links as far as they get, several at once, while `go_on` says so; return how many were judged.

        What is in work when `go_on` says no gets a moment to end, else it goes on by itself until the next call. A step
        that fails does not keep the others from what waits for them; its error is raised at the end.
        """
        return self._work(go_on, self._match_and_judge)

    def scan(self, go_on: GoOn = always) -> int:
        """Take due links as far as matching, as `work` does; return how many were matched."""
        return self._work(go_on, self._match)

    def decide(self, go_on: GoOn = always) -> int:
        """Judge what is matched while `go_on` says so; return how many links were."""
        done = self.judge.judge_due(go_on)
        self.proposals.open_due()
        return done

    def _work(self, go_on: GoOn, finish: Callable[[GoOn], tuple[int, Exception | None]]) -> int:
        self.deps.store.waits.bound()
        finished = 0
        failure: Exception | None = None
        more = True
        while more:
            try:
                more = self.downloads.start()
            except Exception as error:  # noqa: BLE001  raised below
                failure, more = failure or error, False
            done, error_there = finish(go_on)
            finished += done
            failure = failure or error_there
            more = (more or done > 0) and failure is None and go_on()
            if more:
                self.downloads.wait(WAIT_SECONDS)
        end = time.monotonic() + GRACE_SECONDS
        while self.downloads.in_work and time.monotonic() < end:
            self.downloads.wait(end - time.monotonic())
        done, error_there = finish(go_on)
        failure = failure or error_there
        if failure is not None:
            raise failure
        return finished + done

    def _match(self, go_on: GoOn) -> tuple[int, Exception | None]:
        """Return how many links were matched, and what kept others from it."""
        try:
            return self.scanner.match_due(go_on), None
        except Exception as error:  # noqa: BLE001  the caller raises it
            return 0, error

    def _match_and_judge(self, go_on: GoOn) -> tuple[int, Exception | None]:
        """Return how many links were judged, and what kept some from being matched."""
        _, failure = self._match(go_on)
        done = self.judge.judge_due(go_on)
        self.proposals.open_due()
        return done, failure

    def act(self, go_on: GoOn = always, *, by_mail: bool | None = None) -> int:
        """Perform what is due while `go_on` says so; return how many actions were done.

        `by_mail`: only what goes by mail, or only what goes by Reddit.
        """
        self.deps.store.waits.bound()
        if not by_mail:
            self.withdrawals.follow(go_on)
            self.decisions.deciding.perform_due(go_on)
        return self.outbox.run(go_on, by_mail=by_mail)

    def mail(self, go_on: GoOn = always) -> int:
        """Send the mails that are due while `go_on` says so; return how many were sent."""
        return self.act(go_on, by_mail=True)

    def read(self, go_on: GoOn = always) -> int:
        """Read what hosts answered; return how many mails are about notices."""
        return self.answers.round(go_on)

    def recheck(self, go_on: GoOn = always) -> int:
        """Look for the media of notices that have left, where that is due; return how many looks were made."""
        return self.rechecks.round(go_on)

    def exchange(self, go_on: GoOn = always, *, aside: bool = False) -> int:
        """Fetch the exchanges that are due and tell them what was decided; return how many rows came.

        `aside`: one that takes long goes on beside the others, and over the end of this call.
        """
        came = (self.exchange_lane if aside else self.exchanges).round(go_on)
        self.exchange_feedback.round(go_on)
        return came

    def follow(self, go_on: GoOn = always) -> int:
        """Hear what other moderators decided and wrote, and who still may; return how many cases that closed."""
        self._each_subreddit("wiki page not read", self.wiki.look, go_on)
        self._each_subreddit("stop not looked at", self.kill_switch.uphold, go_on)
        return self.mod_log.round(go_on)

    def obey(self, *, wait: bool = True) -> int:
        """Hear moderators' orders and carry them out, and make the daily digests; return how many orders ended.

        `wait`: for media that an order needs; else it ends in a later call, once they were fetched.
        """
        self.digests.run()
        done = self.orders.run(wait=wait)
        self.decisions.minors.finish()
        return done

    def purge(self, go_on: GoOn = always) -> int:
        """Forget what was deleted on Reddit and what has been kept long enough; return how many posts that were."""
        self.decisions.minors.finish()
        self.gallery.expire()
        self.claims.expire()
        self.flood.forget()
        self.proposals.withdraw_old()
        self.sign_in.forget()
        return sum(self.forgetting.purge(go_on))

    def forget(self, go_on: GoOn = always) -> int:
        """Look for stored posts on Reddit and forget those that were deleted; return how many were."""
        return self.forgetting.look(go_on)

    def tick(self, go_on: GoOn = always) -> None:
        """Do every step once, in order, until no link is due or `go_on` says no.

        Others' decisions are heard before anything is done. While many links wait, what was found is acted on between
        slices of work.
        """
        self.exchange(go_on)
        self.read(go_on)
        self.watch(go_on)
        more = True
        while more:
            self.follow(go_on)
            self.obey()
            self.work(self.slice(go_on))
            self.act(go_on)
            more = go_on() and self.downloads.waiting()
        done, failure = self._match_and_judge(go_on)  # what arrived while the last of it was acted on
        if failure is not None:
            raise failure
        if done:
            self.act(go_on)
        self.recheck(go_on)

    def slice(self, go_on: GoOn = always) -> GoOn:
        """Return what keeps `work` to a slice of time, so that the other steps get their turn."""
        return a_while(self.deps.clock, go_on)

    def close(self) -> None:
        """Break off downloads, fetches and the search index that are in work; the next run does them again."""
        self.fetch_now.close()
        self.exchange_lane.close()
        self.looks.close()
        self.downloads.close()
        self.scanner.close()

    def _each_subreddit(self, event: str, step: Callable[[str], int], go_on: GoOn) -> int:
        done = 0
        for name in self.deps.config.subreddits:
            if not go_on():
                break
            try:
                done += step(name)
            except Exception as error:  # noqa: BLE001  one subreddit's trouble is said and never another's
                self.deps.log.warning(event, subreddit=name, reason=log_reason(error))
        return done
