"""The coordinator's half of jobs that are done by workers on other machines.

It reads JSON alone, and that as what a stranger sent: bounded, of fixed shapes, digests beside fingerprints that are
read as a child's answer is. Nothing of it is ever unpickled, and what speaks with workers runs in another process.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bot.acquire import Acquirer
from bot.config import Config
from bot.errors import GifwardenError, MediaError
from bot.faces import model_of
from bot.fingerprint import Asked, read
from bot.jobs.here import ClusterError, FileFacts
from bot.jobs.line import Line, dial
from bot.jobs.messages import (
    A_FILE,
    SLACK,
    error_from,
    facts_from,
    failures_from,
    pace_to,
    packed,
    request,
    settings_of,
    standing_of,
    unpacked,
    version,
)
from bot.model import Fingerprint, Link
from bot.workers import Aside, Budget

ELSEWHERE_PORT = 8788  # at which a scheduler hears its coordinator
AGAIN = 5.0  # seconds until a scheduler is asked again that had no worker
LOST = "the worker that had this link is gone, or cut off"
Dial = Callable[[], Line]


class Elsewhere:
    """Jobs that workers do. Each takes a connection to the scheduler, which is the job: it ends with it."""

    def __init__(self, config: Config, acquirer: Acquirer, dialled: Dial | None = None) -> None:
        """`dialled`: another way to whoever does jobs. Raises ConfigError if there is no such face model."""
        self._config = config
        self._settings = settings_of(config)
        self._acquirer = acquirer
        self._dial = dialled or (lambda: dial(config.workers.scheduler, config.workers.certificates))
        gallery = config.gallery
        self._asked = Asked(
            limits=config.decode,
            faces=model_of(gallery).size if gallery.enabled else None,
            nudity=bool(config.nudity.model),
        )
        self._change = threading.Lock()
        self._lines: set[Line] = set()
        self._stopped = False
        self._away = ("", 0.0)  # why no job could be begun, and until when that is believed

    @contextmanager
    def begin(self, link: Link, *, want_original: bool, in_front: bool) -> Iterator[Remote]:
        """Return a block with what a worker fetched, as `Jobs` has it. Raises ClusterError if none can, or is lost."""
        with self._line() as line:
            standing = self._acquirer.standing(link)
            how = {"want_original": want_original, "in_front": in_front}
            downloading = True
            try:
                line.send(request(link, standing, self._settings, **how))
                head, _ = _next(line, SLACK + 2 * A_FILE * (1 + self._config.fetch.max_album))
                if "standing" in head:
                    self._acquirer.take_over(link, standing_of(head["standing"]))
                    downloading = False
                remote = self._read(line, head)
                downloading = False
            except (OSError, EOFError) as error:
                raise ClusterError(LOST, lost=True) from error
            except ClusterError as error:
                downloading = error.lost
                raise
            except (ValueError, TypeError, KeyError) as error:
                raise ClusterError(f"a worker's answer is none ({type(error).__name__})", lost=True) from None
            finally:
                if downloading:  # it may go on asking for a while
                    self._acquirer.rest(self._acquirer.group(link), self._config.fetch.total_seconds)
            yield remote

    def _read(self, line: Line, head: Mapping[str, Any]) -> Remote:
        if head["is"] == "error":
            raise self._noted(error_from(head["error"]))
        if head["is"] != "fetched":
            raise ValueError("not what was fetched")
        most = self._config.fetch.max_album
        files = tuple(facts_from(row, most) for row in head["files"][: most + 1])
        if len({file.index for file in files}) != len(files) or not files:
            raise ValueError("files in one place")
        return Remote(
            line, files, failures_from(head["failures"], most), head["retry"] is True, self._asked, self._noted
        )

    def away(self) -> str | None:
        """Return in a sentence why no job can be begun for now, or None."""
        with self._change:
            why, until = self._away
        return why if time.monotonic() < until else None

    def stop(self) -> None:
        """Break off what is in work; nothing is begun any more."""
        with self._change:
            self._stopped = True
            lines = tuple(self._lines)
        for line in lines:
            line.close()

    @contextmanager
    def _line(self) -> Iterator[Line]:
        with self._change:
            if self._stopped:
                raise ClusterError("no job is begun any more")
        try:
            line = self._dial()
        except ClusterError as error:
            raise self._noted(error) from None
        with self._change:
            self._lines.add(line)
            if self._stopped:
                line.close()
        try:
            yield line
        finally:
            line.close()
            with self._change:
                self._lines.discard(line)

    def _noted(self, error: GifwardenError) -> GifwardenError:
        """Return an error, noted if it says that nobody takes jobs."""
        if isinstance(error, ClusterError) and not error.lost:
            with self._change:
                self._away = (str(error), time.monotonic() + AGAIN)
        return error


class Remote:
    """What a worker fetched and holds until its job ends, as `Fetched` has it."""

    def __init__(
        self,
        line: Line,
        files: tuple[FileFacts, ...],
        failures: tuple[tuple[int, str], ...],
        retry: bool,
        asked: Asked,
        noted: Callable[[GifwardenError], GifwardenError],
    ) -> None:
        self._line = line
        self._asked = asked
        self._noted = noted
        self.files = files
        self.failures = failures
        self.retry = retry

    def prints(
        self, *, faces: bool, pace: Aside | Budget | None
    ) -> Iterator[tuple[FileFacts, Fingerprint | MediaError]]:
        """Yield each file's fingerprint, as `Fetched` has it. Raises ClusterError if the worker is lost meanwhile."""
        asked = self._asked if faces else replace(self._asked, faces=None)
        waiting = {file.index: file for file in self.files}
        try:
            self._line.send(packed({"go": True, "faces": faces, "pace": pace_to(pace)}))
            while waiting:
                head, body = _next(self._line, SLACK + asked.bytes)
                if head["is"] == "error":
                    raise self._noted(error_from(head["error"]))
                if head["is"] != "print":
                    raise ClusterError(f"{LOST}: it dropped the files before the word to decode them", lost=True)
                file = waiting.pop(head["index"])
                yield file, _found(file, head, body, asked)
        except (OSError, EOFError) as error:
            raise ClusterError(LOST, lost=True) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ClusterError(f"a worker's answer is none ({type(error).__name__})", lost=True) from None


def _found(file: FileFacts, head: Mapping[str, Any], body: bytes, asked: Asked) -> Fingerprint | MediaError:
    if "error" in head:
        error = error_from(head["error"])
        if not isinstance(error, MediaError):
            raise ValueError("another error than of a file")
        return error
    try:
        found = read(body, asked)
    except MediaError as error:
        return error
    (sha256, md5), *also = file.digests
    return replace(found, sha256=sha256, md5=md5, also=tuple(also))


def _next(line: Line, most: int) -> tuple[dict[str, Any], bytes]:
    """Return the next message that is more than a sign of life."""
    while True:
        head, body = unpacked(line.receive(most))
        if head["is"] != "alive":
            return head, body


def cluster_status(config: Config) -> dict[str, Any]:
    """Return what the scheduler tells of its workers. Raises ClusterError, and UsageError as `dial`."""
    with contextlib.closing(dial(config.workers.scheduler, config.workers.certificates)) as line:
        try:
            line.send(packed({"ask": "status", "version": version()}))
            head, _ = unpacked(line.receive(1 << 20))
            return {
                "version": str(head["version"])[:60],
                "workers": [
                    {"name": str(one["name"])[:60], "links": int(one["links"]), "in_work": int(one["in_work"])}
                    for one in head["workers"][:1000]
                ],
                "refused": [
                    {"name": str(one["name"])[:60], "version": str(one["version"])[:60]}
                    for one in head["refused"][:100]
                ],
                "lost": int(head["lost"]),
                "done": int(head["done"]),
            }
        except (OSError, EOFError, ValueError, TypeError, KeyError):
            raise ClusterError(f"what answers at {config.workers.scheduler} is not a scheduler of ours") from None
