"""From a link to evidence: acquire, fingerprint, match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot import hosts
from bot.errors import AcquireError, MediaError, TryLaterError
from bot.fingerprint import from_json, to_json
from bot.index import HashIndex
from bot.match import Library
from bot.model import Evidence, Fingerprint, Link, LinkState, MediaFile, MediaInfo
from bot.pipeline.core import Deps
from bot.store import LinkRow

FIRST_WAIT = 60.0  # seconds before the second try of a link; doubled for each further one


class Working:
    """Takes links through seen → acquired → matched."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._library: Library | None = None
        self._library_version: int | None = None

    def library(self) -> Library:
        """Return all active entries, read again whenever the banks may have changed."""
        version = self._d.store.banks.version()
        if self._library is None or version != self._library_version:
            entries = self._d.store.banks.active(self._d.config.banks.trusted)
            self._library = Library(entries, self._d.config.banks, HashIndex)
            self._library_version = version
        return self._library

    def acquire_due(self) -> int:
        """Download and fingerprint every link that is due; return how many gave media."""
        done = 0
        for state in (LinkState.SEEN, LinkState.FAILED):
            while rows := self._d.store.links.due(state):
                for row in rows:
                    done += self._acquire(row)
        return done

    def match_due(self) -> int:
        """Match every acquired link; return how many that were."""
        done = 0
        while rows := self._d.store.links.due(LinkState.ACQUIRED):
            for row in rows:
                self._match(row)
                done += 1
        return done

    def look(self, link: Link, *, target: str) -> tuple[Evidence, tuple[tuple[int, Fingerprint], ...]]:
        """Download and fingerprint one link. Raises AcquireError if it gives no bytes."""
        acquired = self._d.acquirer.acquire(link, want_original=self.library().has_files)
        self._d.boundary("acquire.fetched")
        infos, prints = self.fingerprint_all(acquired.media)
        infos += [MediaInfo(index=index, state="failed", error=reason) for index, reason in acquired.failures]
        plug = hosts.get(link.host)
        evidence = Evidence(
            target=target,
            link=link,
            post=link.post,
            adult_host=plug.adult if plug else False,
            media=tuple(sorted(infos, key=lambda info: info.index)),
        )
        return evidence, prints

    def fingerprint_all(
        self, files: Sequence[MediaFile]
    ) -> tuple[list[MediaInfo], tuple[tuple[int, Fingerprint], ...]]:
        """Fingerprint files in child processes; a broken one is told, and the others go on."""
        infos: list[MediaInfo] = []
        prints: list[tuple[int, Fingerprint]] = []
        for file in files:
            try:
                found = self._d.workers.fingerprint(file.data, also=(file.original,) if file.original else ())
            except MediaError as error:
                infos.append(MediaInfo(index=file.index, state="failed", error=str(error)))
                continue
            prints.append((file.index, found))
            infos.append(info_of(file.index, found))
        return infos, tuple(prints)

    def matched(self, evidence: Evidence, prints: Sequence[tuple[int, Fingerprint]]) -> Evidence:
        """Return the evidence with every match of these fingerprints."""
        library = self.library()
        return replace(evidence, matches=tuple(m for media, found in prints for m in library.match(found, media)))

    def _acquire(self, row: LinkRow) -> int:
        store = self._d.store
        try:
            evidence, prints = self.look(row.link, target=row.link.url)
        except AcquireError as error:
            self._record_failure(row, error)
            return 0
        if not prints:
            reason = next((info.error for info in evidence.media if info.error), "there is no media behind it")
            store.links.move(row.id, LinkState.UNSUPPORTED, reason=reason)
            self._d.log.info("link unsupported", link=row.id, host=row.link.host, reason=reason)
            return 0
        sealed = [(media, json.dumps(to_json(found)).encode()) for media, found in prints]
        store.links.acquired(row.id, evidence, sealed)
        self._d.boundary("acquire.stored")
        self._d.log.info("link acquired", link=row.id, host=row.link.host, media=len(prints))
        return 1

    def _match(self, row: LinkRow) -> None:
        store = self._d.store
        evidence = store.links.evidence(row.id)
        assert evidence is not None, "an acquired link has evidence"
        prints = [(media, from_json(json.loads(data))) for media, data in store.links.fingerprints(row.id)]
        evidence = self.matched(evidence, prints)
        store.links.matched(row.id, evidence)
        self._d.boundary("match.stored")
        if evidence.matches:
            methods = sorted({match.method for match in evidence.matches})
            self._d.log.info("link matched", link=row.id, host=row.link.host, methods=methods)

    def _record_failure(self, row: LinkRow, error: AcquireError) -> None:
        store = self._d.store
        reason = str(error)
        if isinstance(error, TryLaterError):
            attempts = row.attempts + 1
            wait = max(FIRST_WAIT * 2 ** (attempts - 1), error.retry_after or 0)
            again = attempts < self._d.config.fetch.attempts
            store.links.failed(
                row.id, reason=reason, next_at=self._d.clock.now() + timedelta(seconds=wait) if again else None
            )
            self._d.log.info(
                "link failed" if again else "link given up", link=row.id, host=row.link.host, reason=reason
            )
            return
        state = LinkState(error.state)
        if state == LinkState.FAILED:
            store.links.failed(row.id, reason=reason, next_at=None)
        else:
            store.links.move(row.id, state, reason=reason)
        self._d.log.info(f"link {state}", link=row.id, host=row.link.host, reason=reason)


def info_of(index: int, found: Fingerprint) -> MediaInfo:
    """Return what evidence says of a fingerprinted media. The original's hashes are preferred: lists carry those."""
    sha256, md5 = found.also[0] if found.also else (found.sha256, found.md5)
    return MediaInfo(
        index=index,
        state="fingerprinted",
        kind=found.kind,
        sha256=sha256,
        md5=md5,
        width=found.width,
        height=found.height,
        duration=found.duration,
        frames=found.frames,
        note=found.note,
    )
