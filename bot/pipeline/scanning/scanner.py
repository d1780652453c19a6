"""From a link to evidence: acquire, fingerprint, match."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import hosts
from bot.acquire import Acquired
from bot.errors import AcquireError, MarkedFileError, MediaError, OutageError, TryLaterError
from bot.fingerprint import digests, from_json, to_json
from bot.jobs import Fetched, FileFacts, Held, held
from bot.match import Matcher
from bot.model import Evidence, FaceMatch, Fingerprint, Link, LinkState, Match, MediaFile, MediaInfo, SourceMatch
from bot.pipeline.core import Deps
from bot.pipeline.recovery import (
    STAND_IN_SECONDS,
    GoOn,
    all_due,
    always,
    look_again,
    outage_wait,
    try_again,
    wait_out,
)
from bot.pipeline.scanning import older_entries
from bot.pipeline.scanning.altered_copies import Copied
from bot.pipeline.scanning.bank_index import BankIndex
from bot.pipeline.scanning.face_index import FaceRecogniser
from bot.pipeline.scanning.face_swaps import named
from bot.pipeline.scanning.host_health import outcome_of
from bot.pipeline.scanning.lasting import of_the_protected
from bot.pipeline.scanning.nudity import nudity_of
from bot.store import LinkRow
from bot.store.minors import names_of
from bot.workers import Aside, Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What came of fetching and fingerprinting one link.

    `later`: the errors of media, and `originals` of original files, that are missing and another look may bring.
    """

    evidence: Evidence
    prints: tuple[tuple[int, Fingerprint], ...]  # (media, its fingerprint), without faces
    later: tuple[tuple[int, AcquireError], ...] = ()
    originals: tuple[AcquireError, ...] = ()
    files: tuple[str, ...] = ()  # all files that came, decoded or not, as they are marked


class Scanner:
    """Takes links through seen → acquired → matched. Any thread may call; what searches the banks goes one by one."""

    def __init__(self, deps: Deps, recogniser: FaceRecogniser) -> None:
        self._d = deps
        self._recogniser = recogniser
        self._known = BankIndex(deps.config, deps.store, deps.clock, deps.log)
        self._banks_version = 0
        self._library = Matcher(self._known, deps.config.banks)
        self._copied = Copied(deps.config.banks, deps.store)
        self._searching = threading.RLock()

    def library(self) -> Matcher:
        """Return all active entries as they are now."""
        store = self._d.store
        with self._searching:
            self._banks_version = store.banks.version() + store.known.latest() + store.listed.latest()  # all only grow
            self._known.refresh()
        return self._library

    def taken_for(self, found: Fingerprint) -> tuple[Match, ...]:
        """Return what whole frames of a media and its file match now."""
        with self._searching:
            return tuple(self.library().match(found, 0))

    def resembles(self, found: Fingerprint) -> tuple[tuple[Match, ...], tuple[SourceMatch, ...]]:
        """Return what a media matches now by whatever means, and what is the same footage but no copy."""
        with self._searching:
            library = self.library()
            self._copied.refresh()
            return self._copied.review(found, 0, library.match(found, 0))

    @property
    def banks_version(self) -> int:
        """How often banks had been changed when `library` was last brought up to date."""
        return self._banks_version

    def close(self) -> None:
        """Stop what goes on in the background."""
        self._known.close()

    def match_due(self, go_on: GoOn = always) -> int:
        """Match every acquired link while `go_on` says so; return how many were."""
        with self._searching:
            self.library()  # banks that cannot be read are no fault of a link
            self._copied.refresh()
        return all_due(self._d, LinkState.ACQUIRED, self._match, go_on)

    def download(self, link: Link, *, want_original: bool | None = None, in_front: bool = False) -> Acquired:
        """Return the media behind one link; by default with the original if a bank knows files.

        After this its host is needed no more. Raises AcquireError if it gives no bytes, and CostlyError if it is
        `in_front` of others and a large album.
        """
        if want_original is None:
            want_original = self.library().has_files
        return self._d.acquirer.acquire(link, want_original=want_original, in_front=in_front)

    def refuse_marked(self, link: Link) -> None:
        """Raise MarkedFileError if a link's post, or the media that it names, was marked as a suspected minor's."""
        things = [*([link.post] if link.post else []), *([f"{link.host}:{link.id}"] if link.id else [])]
        if self._d.store.minors.is_never(*things):
            raise MarkedFileError("what this link leads to")

    def fingerprint(
        self, link: Link, fetched: Fetched | Acquired, *, target: str, pace: Aside | Budget | None = None
    ) -> ScanResult:
        """Return what is in the media that were downloaded, on whatever machine.

        Raises MarkedFileError if one of them was marked as a suspected minor's: then no decoder gets any of them.
        Raises OutsideError if no decoder starts, and CostlyError if a budget is exceeded.
        """
        self._d.boundary("acquire.fetched")
        acquired = Held(fetched, self._d.workers) if isinstance(fetched, Acquired) else fetched
        files = self._none_marked(names_of_fetched(acquired))
        infos, prints, faces = self._fingerprints(acquired, pace)
        infos += [MediaInfo(index=index, state="failed", error=reason) for index, reason in acquired.failures]
        plug = hosts.get(link.host)
        evidence = Evidence(
            target=target,
            link=link,
            post=link.post,
            fetched_at=self._d.clock.now(),
            adult_host=plug.adult if plug else False,
            media=tuple(sorted(infos, key=lambda info: info.index)),
            faces=faces,
            nudity=nudity_of(prints, self._d.config.nudity.model),
        )
        came = {file.index for file in acquired.files}
        return ScanResult(
            evidence=evidence,
            prints=prints,
            later=tuple((place, error) for place, error in acquired.later if place not in came),
            originals=tuple(error for place, error in acquired.later if place in came),
            files=files,
        )

    def unmarked(self, media: Sequence[MediaFile]) -> tuple[str, ...]:
        """Return the names of files by which they are marked. Raises MarkedFileError if one of them was."""
        return self._none_marked(names_of_files(media))

    def _none_marked(self, files: tuple[str, ...]) -> tuple[str, ...]:
        if self._d.store.minors.is_never(*files):
            raise MarkedFileError()
        return files

    def fingerprint_all(
        self, files: Sequence[MediaFile], pace: Aside | None = None
    ) -> tuple[list[MediaInfo], tuple[tuple[int, Fingerprint], ...], tuple[FaceMatch, ...]]:
        """Fingerprint files in child processes; a broken one is told, and the others go on.

        The last are the faces that resemble a protected person. All others are forgotten here. Raises MarkedFileError
        as `fingerprint` does.
        """
        self.unmarked(files)
        return self._fingerprints(held(files, self._d.workers), pace)

    def _fingerprints(
        self, fetched: Fetched, pace: Aside | Budget | None
    ) -> tuple[list[MediaInfo], tuple[tuple[int, Fingerprint], ...], tuple[FaceMatch, ...]]:
        infos: list[MediaInfo] = []
        prints: list[tuple[int, Fingerprint]] = []
        faces: list[FaceMatch] = []
        for file, found in fetched.prints(faces=self._recogniser.on, pace=pace):
            if isinstance(found, MediaError):
                infos.append(MediaInfo(index=file.index, state="failed", error=str(found)))
                continue
            faces += self._recogniser.recognise(file.index, found.faces)
            prints.append((file.index, replace(found, faces=())))
            infos.append(replace(info_of(file.index, found), rendition=rendition_of(file, found)))
        return infos, tuple(prints), tuple(faces)

    def matched(self, evidence: Evidence, prints: Sequence[tuple[int, Fingerprint]]) -> Evidence:
        """Return the evidence with every match of these fingerprints, and what is the same footage but no copy."""
        with self._searching:
            library = self.library()
            self._copied.refresh()
            looked = [self._copied.review(found, media, library.match(found, media)) for media, found in prints]
        return replace(
            evidence,
            matches=tuple(match for matches, _ in looked for match in matches),
            source=named([source for _, sources in looked for source in sources], evidence.faces),
        )

    def keep(self, row: LinkRow, looked: ScanResult) -> None:
        """Store what came of a link. Call it in a transaction."""
        store = self._d.store
        if store.minors.is_never(*looked.files):  # marked while it was being decoded
            self.record_failure(row, MarkedFileError())
            return
        store.health.note(row.link.host, "resolved")
        store.minors.saw_files(row.id, looked.files)
        if self._waits(row, looked):
            return
        if not looked.prints:
            reason = next((info.error for info in looked.evidence.media if info.error), "there is no media behind it")
            store.links.move(row.id, LinkState.UNSUPPORTED, reason=reason)
            self._d.log.info("link unsupported", link=row.id, host=row.link.host, reason=reason)
            return
        sealed = [(media, json.dumps(to_json(found)).encode()) for media, found in looked.prints]
        store.links.acquired(row.id, of_the_protected(store, looked.evidence), sealed)
        self._d.log.info("link acquired", link=row.id, host=row.link.host, media=len(looked.prints))
        if row.place is None:
            self._leave_the_rest(row, looked)

    def _waits(self, row: LinkRow, looked: ScanResult) -> bool:
        """Put a link back that is not whole, and may soon be; return whether it waits.

        Once its host was away, or wants to be left alone, for a quarter of an hour, what came is judged without the
        rest: a known fake in one file must not wait for another file.
        """
        passing = [error for _, error in looked.later if isinstance(error, TryLaterError)]
        passing += [error for error in looked.originals if isinstance(error, TryLaterError)]
        if not passing:
            return not looked.prints and any(look_again(self._d, row, error) for _, error in looked.later[:1])
        asked = max(error.retry_after or 0 for error in passing)
        soon = asked < STAND_IN_SECONDS
        away = next((error for _, error in looked.later if isinstance(error, OutageError)), None)
        if away is not None:
            waits = not looked.prints or outage_wait(row.outages + 1, asked) < STAND_IN_SECONDS
            if waits:
                wait_out(self._d, row, str(away), wait=asked)
            return waits
        last = row.attempts + 1 >= self._d.config.fetch.attempts
        waits = not looked.prints or (soon and not last)
        if waits:
            said = next((info.error for info in looked.evidence.media if info.error), None) or str(passing[0])
            try_again(self._d, row, said, wait=asked)
        return waits

    def _leave_the_rest(self, row: LinkRow, looked: ScanResult) -> None:
        """Let each file of an album that may still come be a row of its own, which waits for it as any link waits.

        What came meanwhile needs none any more. Call it in a transaction.
        """
        missing, places = self._d.store.missing, [place for place, _ in looked.later]
        missing.came(row.id, [info.index for info in looked.evidence.media if info.index not in places])
        for place, error in looked.later:
            left = missing.leave(row, place)
            if left is not None:
                self._end(left, error)
        if 0 in places:  # Reddit's preview of an album shows its first picture
            self._d.store.links.wake(row.id)

    def _match(self, row: LinkRow) -> int:
        store = self._d.store
        with store.transaction():
            if not store.links.stands(row.id, LinkState.ACQUIRED):  # forgotten, blocked or wanted anew meanwhile
                return 0
            acquired = store.links.evidence(row.id)
            sealed = store.links.fingerprints(row.id)
        assert acquired is not None, "an acquired link has evidence"
        prints = [(media, from_json(json.loads(data))) for media, data in sealed]
        with self._searching:
            evidence = self.matched(acquired, prints)
            version = self._banks_version
        with store.transaction():
            if not store.links.stands(row.id, LinkState.ACQUIRED, evidence=acquired):
                return 0
            labels = [match.entry for match in evidence.matches] + [source.entry for source in evidence.source]
            store.lists.make_entries(labels)
            store.links.matched(row.id, evidence)
            store.queue.matched(row.id, banks=version)
            filled = older_entries.fill(store, prints, evidence.matches)
        self._d.boundary("match.stored")
        if filled:
            self._d.log.info("motion signature added", link=row.id, entries=filled)
        if evidence.matches:
            methods = sorted({match.method for match in evidence.matches})
            self._d.log.info("link matched", link=row.id, host=row.link.host, methods=methods)
        return 1

    def record_failure(self, row: LinkRow, error: AcquireError) -> None:
        """Store why a link gave nothing. Call it in a transaction."""
        store = self._d.store
        reason = str(error)
        outcome = outcome_of(error)
        if outcome and not (error.passes and row.pages):  # one link counts once
            store.health.note(row.link.host, outcome, reason)
        if isinstance(error, MarkedFileError):
            for case in store.minors.drop(row.id):
                store.actions.cancel(case=case, reason="suspected minor")
                store.notices.drop_case(case)
            self._d.log.warning("link blocked: suspected minor", link=row.id, host=row.link.host)
            return
        self._end(row, error)

    def _end(self, row: LinkRow, error: AcquireError) -> None:
        """Let a link wait as what it met asks for, or end."""
        store, reason = self._d.store, str(error)
        if isinstance(error, OutageError):
            wait_out(self._d, row, reason, wait=error.retry_after or 0)
            return
        if isinstance(error, TryLaterError):
            try_again(self._d, row, reason, wait=error.retry_after or 0)
            return
        if look_again(self._d, row, error):
            return
        state = LinkState(error.state)
        if state == LinkState.FAILED:
            store.links.failed(row.id, reason=reason, next_at=None)
        else:
            store.links.move(row.id, state, reason=reason)
        self._d.log.info(f"link {state}", link=row.id, host=row.link.host, reason=reason)


def names_of_files(media: Sequence[MediaFile]) -> tuple[str, ...]:
    """Return the names under which the files of a link's media are marked, the originals' among them."""
    return tuple(
        name for file in media for data in (file.data, file.original) if data is not None for name in file_names(data)
    )


def names_of_fetched(fetched: Fetched) -> tuple[str, ...]:
    """Return the same names of files that another machine may hold."""
    return tuple(name for file in fetched.files for pair in file.digests for name in names_of(*pair))


def file_names(data: bytes) -> tuple[str, ...]:
    """Return the names under which a file is marked."""
    return names_of(*digests(data))


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


def rendition_of(file: MediaFile | FileFacts, found: Fingerprint) -> str:
    """Return in words which of a host's files the hashes of `info_of` are of, such as "mp4, 1280x720, original".

    An original is only hashed: its size is as the host tells it, and its format is not looked for.
    """
    size = file.best_size if file.original else (found.width, found.height)
    form = None if file.original else found.format
    parts = [form, f"{size[0]}x{size[1]}" if size else None, "original" if file.best else None]
    return ", ".join(part for part in parts if part)
