"""What our moderators decided about rows of exchanges, on its way back to those that take it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot import exchanges
from bot.clock import DAY, Clock, backoff
from bot.config import Config
from bot.errors import EndpointError, GifwardenError
from bot.exchanges import Feedback
from bot.model import ExchangeState, FeedbackState
from bot.pipeline.core import Log
from bot.pipeline.keeping.exchange_standing import source
from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.recovery import GoOn, always, log_reason, reason_of
from bot.store import FeedbackRow, Store

BATCH = 100
FIRST_WAIT = 300.0  # seconds after a failure; doubled for each further one
UNTOLD = "nothing of it is told"


class FeedbackSender:
    """Tells each exchange that takes feedback, in batches; what fails is told again, what is refused is written down.

    Between telling and writing down a kill may come: then it is told twice, which says the same.
    """

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, sync: ExchangeSync) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._sync = sync

    def round(self, go_on: GoOn = always) -> int:
        """Tell what is due while `go_on` says so; return how much was taken. One that fails holds up no other."""
        taken = 0
        for name in self._config.exchanges:
            if not go_on():
                break
            if not self.tells(name):
                continue
            try:
                taken += self._tell(name, go_on)
            except GifwardenError as error:
                self._log.warning("exchange not told", exchange=name, reason=log_reason(error))
        return taken

    def tells(self, name: str) -> bool:
        """Return whether an exchange is told anything: it takes it, the configuration wants it, it is not paused."""
        settings, row = self._config.exchanges[name], self._store.exchanges.get(name)
        if row is None or row.state is ExchangeState.PAUSED:
            return False
        return settings.feedback and exchanges.get(settings.kind).gives

    def _tell(self, name: str, go_on: GoOn) -> int:
        feedback, list_name, settings = self._store.feedback, source(name), self._config.exchanges[name]
        taken = 0
        while go_on():
            # what was marked as a suspected minor's meanwhile leaves the queue here
            feedback.queue(list_name)
            rows = feedback.due(list_name, BATCH)
            if not rows:
                break
            told = [self._told(row) for row in rows]
            for row, one in zip(rows, told, strict=True):
                if one is None:
                    feedback.ended(row, FeedbackState.REFUSED, why=UNTOLD)
            due = [(row, one) for row, one in zip(rows, told, strict=True) if one is not None]
            if not due:
                continue
            try:
                context = self._sync.context(name, settings)
                given = exchanges.get(settings.kind).give(context, [one for _, one in due])
            except Exception as error:
                self._failed([row for row, _ in due], error)
                raise
            for (row, _), answer in zip(due, given, strict=True):
                state = FeedbackState.SENT if answer.taken else FeedbackState.REFUSED
                feedback.ended(row, state, why=answer.why or None)
                taken += answer.taken
        return taken

    def _told(self, row: FeedbackRow) -> Feedback | None:
        about = self._store.exchanges.about(row.entry)
        if about is None or not about[1]:
            return None
        return Feedback(id=about[0], values=about[1], opinion=row.opinion)

    def _failed(self, rows: Sequence[FeedbackRow], error: Exception) -> None:
        for row in rows:
            wait = backoff(row.attempts + 1, first=FIRST_WAIT)
            if isinstance(error, EndpointError) and error.retry_after:
                wait = max(wait, error.retry_after)
            until = self._clock.now() + timedelta(seconds=min(wait, DAY))
            self._store.feedback.failed(row, why=reason_of(error), next_at=until)
