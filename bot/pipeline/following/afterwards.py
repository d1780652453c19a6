"""What follows for a notice from what was seen of its media: removed, back again, overdue, closed."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import Clock
from bot.config import Config
from bot.model import (
    LOOKS_THERE,
    NOTICE_LEFT,
    PROGRAM,
    Link,
    LookOutcome,
    NoticeEventKind,
    NoticeItemState,
    NoticeState,
)
from bot.pipeline.following.look_times import Next
from bot.pipeline.following.reminders import remind
from bot.pipeline.log import Log
from bot.plural import many
from bot.store import LifeItem, Store


class Afterwards:
    """Called in the transaction in which a look is written down, and at the end of each round."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log

    def looked(self, item: LifeItem, outcome: LookOutcome, detail: str, then: Next, moved: Link | None) -> None:
        """Write down a look at a media and all that follows from it."""
        life, was = self._store.notice_life, item.state
        state = life.state(item.notice)
        ended = state not in NOTICE_LEFT or state == NoticeState.CLOSED  # retracted or closed while it was fetched
        at = None if ended else then.at
        life.looked(item, outcome, detail, state=then.state, gone=then.gone, misses=then.misses, next_at=at)
        facts = {"notice": item.notice, "host": item.host}
        self._log.info("media of a notice looked for", **facts, outcome=str(outcome))
        if ended:
            return
        if was == NoticeItemState.REMOVED and outcome in LOOKS_THERE:
            self._again(item, item.host_id, item.url, "it is there again")
        elif moved is not None and moved.id:
            self._again(item, moved.id, moved.url, "it is under another id now")
        if then.state == NoticeItemState.REMOVED != was:
            hours = ((then.gone or self._clock.now()) - item.sent).total_seconds() / 3600
            said = f"it was seen gone twice, the first time {hours:.0f} h after the notice left"
            life.happened(item.notice, NoticeEventKind.REMOVED, said, host_id=item.host_id)
            if life.all_removed(item.notice):
                self._removed(item.notice)

    def marked(self, item: LifeItem, why: str) -> None:
        """Look for a media no more, since it is marked as a suspected minor's."""
        self._store.notice_life.plan_look(item, None)
        self._log.warning("look ended: suspected minor", notice=item.notice, host=item.host, reason=why)

    def settle(self) -> None:
        """See which notices are overdue or over, and which drafts list again what came down before."""
        store, life = self._store, self._store.notice_life
        limit = timedelta(days=self._config.notices.overdue_days)
        for name in life.late(self._clock.now() - limit):
            with store.transaction():
                said = f"no decision, and its media is still there after {many(limit.days, 'day')}"
                if life.happened(name, NoticeEventKind.OVERDUE, said, to=NoticeState.OVERDUE):
                    self._log.info("notice overdue", notice=name)
        if self._config.notices.remind:
            for name in life.to_remind():
                remind(store, name, by=PROGRAM)
        for name in life.over():
            life.happened(name, NoticeEventKind.CLOSED, "its media stayed away", to=NoticeState.CLOSED)
        for earlier, draft, host_id in life.elsewhere():
            with store.transaction():
                life.refer(draft, host_id, earlier)
                said = f"the same is up again, and stands on the draft {draft}"
                life.happened(earlier, NoticeEventKind.REUPLOADED, said, host_id=host_id)

    def _removed(self, name: str) -> None:
        items = self._store.notice_life.items(name)
        hours = max((item.gone - item.sent).total_seconds() / 3600 for item in items if item.gone is not None)
        said = f"all {many(len(items), 'media', 'media')} on it, {hours:.0f} h after it left at the latest look"
        if self._store.notice_life.happened(name, NoticeEventKind.REMOVED, said, to=NoticeState.REMOVED):
            self._log.info("notice led to removal", notice=name, hours=round(hours, 1))

    def _again(self, item: LifeItem, host_id: str, url: str, what: str) -> None:
        """Write down that a media is up again, and draft a notice of it if none lists it."""
        draft = self._store.notice_life.draft_again(item, host_id=host_id, url=url)
        if draft is None:
            return
        said = f"{what}; drafted again as {draft}"
        self._store.notice_life.happened(item.notice, NoticeEventKind.REUPLOADED, said, host_id=host_id)
        self._log.info("media is up again", notice=item.notice, host=item.host, draft=draft)
