"""What was found behind another post's link to the same media serves this one too, for a while.

Fingerprints are kept no longer for it: while they are there anyway, because a case is open, they are matched anew. Else
what was found serves as long as no bank has changed; if it turns out to call for a case, which needs fingerprints, the
media is fetched after all.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from bot import __version__, hosts
from bot.clock import Clock
from bot.config import Config
from bot.model import Link, LinkState
from bot.pipeline.log import Log
from bot.store import CachedScan, LinkRow, Store

CHANGING = timedelta(minutes=15)  # albums and files under an address of somebody's own may become others


def program(config: Config) -> str:
    """Return a digest of what results depend on beside media and banks: the program's version and its settings."""
    settings = config.model_dump(mode="json", include={"fetch", "decode", "banks", "hosts", "gallery", "nudity"})
    return hashlib.sha256(json.dumps([__version__, settings], sort_keys=True).encode()).hexdigest()[:16]


class ResultCache:
    """Settles links without fetching anything."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._program = program(config)

    @property
    def program(self) -> str:
        """What results depend on beside media and banks; faces are compared when a media is fetched, never later."""
        return f"{self._program}.{self._store.gallery.version()}"

    def settle(self, row: LinkRow, who: str, *, banks: int, originals: bool) -> bool:
        """Take a link as far as an earlier look at its media goes; return whether nothing is left to fetch.

        `who` claimed it, `banks` is the banks' version now, `originals` whether their entries call for original files.
        """
        store = self._store
        age = self._age(row.link)
        if not age or row.place is not None:
            return False
        with store.transaction():
            if not store.queue.holds(row, who):
                return True  # blocked, forgotten or parked since it was claimed: nothing is left to do
            looks = store.queue.earlier(row, self._clock.now() - age)
            look = next((look for look in looks if self._serves(look, banks=banks, originals=originals)), None)
            if look is None:
                return self._waits_with_another(row)
            if look.state in (LinkState.GONE, LinkState.UNSUPPORTED):
                store.links.move(row.id, look.state, reason=look.reason)
            else:
                self._copy(look, row)
            store.minors.same_files(row.id, as_of=look.link)
            store.queue.repeat(look, row.id)
        self._log.info("link known", link=row.id, host=row.link.host, found=str(look.state))
        return True

    def _waits_with_another(self, row: LinkRow) -> bool:
        """Let a link wait for what stands in its media's place, where another post's link does; return whether it does.

        A host that shows a page is asked for it rarely, however many post the address.
        """
        reason = self._store.queue.wait_with(row)
        if reason is None:
            return False
        self._store.links.wake(row.id)
        self._log.info("link waits for its host", link=row.id, host=row.link.host, reason=reason)
        return True

    def _age(self, link: Link) -> timedelta:
        plug = hosts.get(link.host)
        most = timedelta(hours=self._config.fetch.reuse_hours)
        return most if plug and plug.lasting and link.kind == "media" else min(most, CHANGING)

    def _serves(self, look: CachedScan, *, banks: int, originals: bool) -> bool:
        if look.program != self.program:
            return False
        if look.state in (LinkState.GONE, LinkState.UNSUPPORTED):
            return True
        if look.sealed:
            return look.originals or not originals
        return look.state in (LinkState.MATCHED, LinkState.JUDGED) and look.banks == banks

    def _copy(self, look: CachedScan, row: LinkRow) -> None:
        links = self._store.links
        evidence = links.evidence(look.link)
        assert evidence is not None, "a link that was looked at has evidence"
        evidence = replace(evidence, target=row.link.url, link=row.link, post=row.link.post)
        if look.sealed:
            links.found_before(row.id, replace(evidence, matches=()))
        else:
            links.matched(row.id, evidence)
