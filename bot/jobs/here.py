"""What a scan job is, and jobs that are done in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.acquire import Acquired, Acquirer
from bot.errors import AcquireError, MediaError, OutsideError
from bot.fingerprint import digests
from bot.model import Fingerprint, Link, MediaFile
from bot.pace import Standing
from bot.workers import Aside, Budget, Workers


class ClusterError(OutsideError):
    """No worker can take a job for now: nothing is said of the link. `lost`: a worker had it and is gone."""

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of a fetched media without decoding it. `digests`: (SHA-256, MD5), the original's second."""

    index: int  # place in the album, from 0
    digests: tuple[tuple[str, str], ...]
    best: bool = False
    best_size: tuple[int, int] | None = None

    @property
    def original(self) -> bool:
        """Whether an original came beside the file that is decoded."""
        return len(self.digests) > 1


class Fetched(Protocol):
    """The media behind a link, on the machine that fetched them. Its fields are as `Acquired` has them."""

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """What came, in the order of the album."""

    @property
    def failures(self) -> tuple[tuple[int, str], ...]:
        """Places in the album and why nothing came of them."""

    @property
    def later(self) -> tuple[tuple[int, AcquireError], ...]:
        """The errors of what another look may bring."""

    def prints(
        self, *, faces: bool, pace: Aside | Budget | None
    ) -> Iterator[tuple[FileFacts, Fingerprint | MediaError]]:
        """Yield each file's fingerprint, or why it has none. Asking for the first is the word that it may be decoded.

        Raises OutsideError if no decoder starts, and CostlyError if a budget is exceeded.
        """


class Jobs(Protocol):
    """Where scan jobs are done. Any thread may begin one."""

    def begin(
        self, link: Link, *, want_original: bool, in_front: bool, only: int | None = None
    ) -> AbstractContextManager[Fetched]:
        """Return a block with what is behind a link; at its end nothing of it is held any more.

        Raises as `Acquirer.acquire`.
        """

    def away(self) -> str | None:
        """Return in a sentence why no job can be begun for now, or None."""

    def stop(self) -> None:
        """Break off what is in work; nothing is begun any more."""


class Held:
    """Media in this process's memory."""

    def __init__(self, acquired: Acquired, workers: Workers) -> None:
        self._media = {file.index: file for file in acquired.media}
        self._workers = workers
        self.files = tuple(map(facts_of, acquired.media))
        self.failures = acquired.failures
        self.later = acquired.later

    def prints(
        self, *, faces: bool, pace: Aside | Budget | None
    ) -> Iterator[tuple[FileFacts, Fingerprint | MediaError]]:
        """Yield each file's fingerprint, as `Fetched` has it."""
        for facts in self.files:
            file = self._media[facts.index]
            also = (file.original,) if file.original is not None else ()
            try:
                yield facts, self._workers.fingerprint(file.data, also=also, faces=faces, nudity=True, pace=pace)
            except MediaError as error:
                yield facts, error

    def drop(self) -> None:
        """Hold no bytes any more."""
        self._media.clear()


class Here:
    """Jobs that are done on this machine, each in the thread that begins it."""

    def __init__(self, acquirer: Acquirer, workers: Workers) -> None:
        self._acquirer = acquirer
        self._workers = workers

    @contextmanager
    def begin(self, link: Link, *, want_original: bool, in_front: bool, only: int | None = None) -> Iterator[Held]:
        """Return a block with what is behind a link, as `Jobs` has it; its bytes are counted until its end."""
        with self._acquirer.work():
            acquired = self._acquirer.acquire(link, want_original=want_original, in_front=in_front, only=only)
            held = Held(acquired, self._workers)
            try:
                yield held
            finally:
                held.drop()

    def standing(self, link: Link) -> Standing:
        """Return how it stands with the servers of a link."""
        return self._acquirer.standing(link)

    def take_over(self, link: Link, standing: Standing) -> None:
        """Go by how another machine left them."""
        self._acquirer.take_over(link, standing)

    def away(self) -> str | None:
        """Return None: this machine is here."""
        return None

    def stop(self) -> None:
        """Break off what is fetched and decoded."""
        self._acquirer.stop()
        self._workers.stop()


def facts_of(file: MediaFile) -> FileFacts:
    """Return what is known of a fetched media without decoding it."""
    data = (file.data,) if file.original is None else (file.data, file.original)
    return FileFacts(index=file.index, digests=tuple(map(digests, data)), best=file.best, best_size=file.best_size)


def held(media: Sequence[MediaFile], workers: Workers) -> Held:
    """Return files that came from elsewhere as if they had been fetched."""
    return Held(Acquired(media=tuple(media)), workers)
