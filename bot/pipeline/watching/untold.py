"""Pictures of galleries that Reddit does not tell yet: asked for again, and at last said to be not seen.

Right after posting, and of what is being removed, Reddit leaves out where the files are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.clock import Clock
from bot.errors import RedditError, StoreError
from bot.model import UNTOLD, LinkState, standing
from bot.permalink import permalink_fullname
from bot.pipeline.core import connected
from bot.pipeline.log import Log
from bot.pipeline.recovery import GoOn, always, reason_of
from bot.pipeline.watching.listings import Listings
from bot.pipeline.watching.permalinks import as_of, media_in
from bot.reddit import MAX_THINGS, Job, Reddit
from bot.store import Store
from bot.store.untold import MOMENTS, NOT_SEEN, UntoldRow


class UntoldPictures:
    """Asks Reddit again for pictures of which it did not tell where they are."""

    def __init__(self, store: Store, clock: Clock, log: Log, reddit: Reddit | None, listings: Listings) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._listings = listings

    def round(self, go_on: GoOn = always) -> int:
        """Ask for the pictures that are due, of a hundred posts in one request; return how many were told.

        When the budget has nothing to spare, they wait for the next round.
        """
        due = self._store.untold.due(MAX_THINGS) if go_on() else []
        asked = [(post, address, permalink_fullname(address)) for post, address in due]
        names = tuple(dict.fromkeys(name for _, _, name in asked if name))
        things: Mapping[str, dict[str, Any]] = {}
        if names:
            try:
                things = connected(self._reddit).as_job(Job.FOLLOW).things(names)
            except RedditError:
                return 0
        return sum(self._read(post, address, name, things.get(name or "")) for post, address, name in asked)

    def _read(self, post: str, address: str, name: str | None, thing: dict[str, Any] | None) -> int:
        """Take what Reddit tells of one post; return how many pictures were told. One transaction."""
        untold = self._store.untold
        with self._store.transaction():
            rows = untold.rows(post, address)
            if not rows:
                return 0  # forgotten meanwhile: nothing of it comes back
            left = rows
            if thing is not None and standing(thing["data"]).state != "deleted":
                left = self._take(post, name == post, thing, rows)
            for row in left:
                self._ask_again(row)
        return len(rows) - len(left)

    def _take(self, post: str, own: bool, thing: dict[str, Any], rows: list[UntoldRow]) -> list[UntoldRow]:
        """Store the media that Reddit tells now; return the rows of those that it still does not tell."""
        store = self._store
        try:
            links = media_in(thing, self._listings.find)
            if own:
                found = [(read, every) for _, read, every in self._listings.read("", [thing])]
                self._listings.store("", found, priority=rows[0].priority)
            elif (leads := store.links.post(post)) is not None:
                media = [as_of(link, post) for link in links]
                store.links.add([(leads, media)], priority=rows[0].priority)
        except (StoreError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  one post that cannot be read must not hide the others
            self._log.warning("post passed over", post=post, reason=reason_of(error))
            return rows
        still = {link.id for link in links if link.source == UNTOLD}
        left = []
        for row in rows:
            if store.links.get(row.id).state != LinkState.UNTOLD:
                continue
            if row.media in still:
                left.append(row)
            else:
                store.untold.drop(row.id, post)
        return left

    def _ask_again(self, row: UntoldRow) -> None:
        asked = row.asked + 1
        if asked < len(MOMENTS):
            wait = timedelta(seconds=MOMENTS[asked] - MOMENTS[asked - 1])
            self._store.untold.wait(row.id, until=self._clock.now() + wait)
            return
        self._store.links.move(row.id, LinkState.GIVEN_UP, reason=NOT_SEEN)
        self._log.warning("picture not seen", link=row.id)
