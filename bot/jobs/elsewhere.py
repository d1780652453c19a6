"""The coordinator's half of jobs that are done by workers on other machines.

It reads JSON alone, and that as what a stranger sent: bounded, of fixed shapes, digests beside fingerprints that are
read as a child's answer is. Nothing of it is ever unpickled, and what speaks with workers runs in another process.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bot.acquire import FRONT_FILES, Acquirer
from bot.config import Config
from bot.errors import AcquireError, CostlyError, GifwardenError, MediaError, UsageError
from bot.faces import model_of
from bot.fingerprint import Asked, read
from bot.jobs.here import ClusterError, FileFacts
from bot.jobs.line import SILENCE, Line, dial
from bot.jobs.messages import (
    A_FILE,
    SLACK,
    UNREADABLE,
    count_from,
    error_from,
    facts_from,
    failures_from,
    later_from,
    name_from,
    pace_to,
    packed,
    request,
    sentence,
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
SLOW = "the worker that had this link took too long with it; it is slow or stuck"
QUEUE_SECONDS = 900.0  # until a link is given back for which no worker became free
LATER = 60.0  # seconds that a scheduler has to say of a slow worker what is known, before we give up without
WAITS = 4.0  # how much longer than alone a file may take beside a worker's other links
GIVEN_BACK = 10  # times that workers may give a link back before it counts as an attempt
REMEMBERED = 10_000  # links of which it is known how often they were given back
MOST_DUE = 60.0  # seconds until a host's next turn, whatever a worker says: it is waited for with a link in work
MOST_WORKERS = 1000  # of which a scheduler tells; see MOST_REFUSED
MOST_REFUSED = 100
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
        self._most_due = max(MOST_DUE, config.fetch.host_interval_seconds)
        self._away = ("", 0.0)  # why no job could be begun, and until when that is believed
        self._given_back: OrderedDict[str, int] = OrderedDict()  # a link's address → how often without an attempt

    @contextmanager
    def begin(self, link: Link, *, want_original: bool, in_front: bool, only: int | None = None) -> Iterator[Remote]:
        """Return a block with what a worker fetched, as `Jobs` has it. Raises ClusterError if none can, or is lost."""
        with self._line() as line:
            standing = self._acquirer.standing(link)
            how = {"want_original": want_original, "in_front": in_front, "only": only}
            patience = self._patience(in_front)
            downloading = True
            try:
                line.send(request(link, standing, self._settings, patience, **how))
                most = SLACK + 2 * A_FILE * (1 + self._config.fetch.max_album)
                head = self._begun(line, most)
                if head["is"] == "begun":
                    head, _ = _next(line, most, patience[0] + LATER)
                if "standing" in head:
                    told = standing_of(head["standing"])
                    self._acquirer.take_over(link, replace(told, due=min(told.due, self._most_due)))
                    downloading = False
                remote = self._read(line, head, link, patience[1], in_front=in_front)
                downloading = False
            except CostlyError:
                downloading = False
                raise
            except ClusterError as error:
                downloading = error.lost
                raise
            except (OSError, EOFError, *UNREADABLE) as error:
                raise _lost(error) from None
            finally:
                if downloading:  # it may go on asking for a while
                    self._acquirer.rest(self._acquirer.group(link), self._config.fetch.total_seconds)
            yield remote

    def _begun(self, line: Line, most: int) -> dict[str, Any]:
        """Return the first message: that a worker has the link, or why none has. Raises ClusterError if none comes."""
        try:
            return _next(line, most, QUEUE_SECONDS)[0]
        except TimeoutError:
            raise self._noted(ClusterError("no worker became free for this link; start more")) from None

    def _patience(self, in_front: bool) -> tuple[float, float]:
        """Return within how many seconds a worker's first word comes, at most, and each further one."""
        fetch, decode = self._config.fetch, self._config.decode
        word = WAITS * (fetch.total_seconds + decode.wall_seconds)
        files = min(FRONT_FILES, fetch.max_album) if in_front else fetch.max_album
        many = fetch.front_seconds if in_front else math.inf  # what is in front does not go on for longer
        return word + min(many, 2 * files * fetch.total_seconds), word

    def _read(self, line: Line, head: Mapping[str, Any], link: Link, seconds: float, *, in_front: bool) -> Remote:
        if head["is"] == "refused":
            raise self._noted(ClusterError(sentence(head["text"])))
        if head["is"] == "error":
            raise self._told(link, error_from(head["error"]), in_front=in_front)
        if head["is"] != "fetched":
            raise ValueError("not what was fetched")
        most = self._config.fetch.max_album
        files = tuple(facts_from(row, most) for row in head["files"][: most + 1])
        if len({file.index for file in files}) != len(files) or not files:
            raise ValueError("files in one place")

        def told(error: GifwardenError) -> GifwardenError:
            return self._told(link, error, in_front=in_front)

        failures, later = failures_from(head["failures"], most), later_from(head["later"], most)
        return Remote(line, files, failures, later, self._asked, seconds, told)

    def _told(self, link: Link, error: GifwardenError, *, in_front: bool) -> GifwardenError:
        """Return an error that a worker told. What costs no attempt is believed for so long only.

        Raises ValueError if it is said of a link that waits behind others that it takes too long to be in front.
        """
        if isinstance(error, CostlyError) and not in_front:
            raise ValueError("a link that goes behind others cannot take too long for them")
        with self._change:
            times = self._given_back.pop(link.url, 0)
            if not isinstance(error, ClusterError) or error.lost:
                return error
            if times + 1 >= GIVEN_BACK:
                return ClusterError(f"workers gave this link back {times + 1} times: {error}", lost=True)
            self._given_back[link.url] = times + 1
            while len(self._given_back) > REMEMBERED:
                self._given_back.popitem(last=False)
        return error

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
        except UsageError as error:  # our certificates cannot be used, for which no link can do anything
            raise self._noted(ClusterError(str(error))) from None
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
        later: tuple[tuple[int, AcquireError], ...],
        asked: Asked,
        seconds: float,
        told: Callable[[GifwardenError], GifwardenError],
    ) -> None:
        """`seconds`: within which each fingerprint comes. `told`: what becomes of an error that the worker tells."""
        self._line = line
        self._asked = asked
        self._seconds = seconds
        self._told = told
        self.files = files
        self.failures = failures
        self.later = later

    def prints(
        self, *, faces: bool, pace: Aside | Budget | None
    ) -> Iterator[tuple[FileFacts, Fingerprint | MediaError]]:
        """Yield each file's fingerprint, as `Fetched` has it. Raises ClusterError if the worker is lost meanwhile."""
        asked = self._asked if faces else replace(self._asked, faces=None)
        waiting = {file.index: file for file in self.files}
        try:
            self._line.send(packed({"go": True, "faces": faces, "pace": pace_to(pace)}))
            while waiting:
                head, body = _next(self._line, SLACK + asked.bytes, self._seconds + LATER)
                if head["is"] == "error":
                    raise self._told(error_from(head["error"]))
                if head["is"] != "print":
                    raise ClusterError(f"{LOST}: it dropped the files before the word to decode them", lost=True)
                file = waiting.pop(head["index"])
                yield file, _found(file, head, body, asked)
        except (OSError, EOFError, *UNREADABLE) as error:
            raise _lost(error) from None


def _lost(error: Exception) -> ClusterError:
    """Return what becomes of a link whose worker says nothing any more, or nothing that can be read."""
    if isinstance(error, TimeoutError):
        return ClusterError(SLOW, lost=True)
    if isinstance(error, OSError | EOFError):
        return ClusterError(LOST, lost=True)
    return ClusterError(f"a worker's answer is none ({type(error).__name__})", lost=True)


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


def _next(line: Line, most: int, seconds: float) -> tuple[dict[str, Any], bytes]:
    """Return the next message that is more than a sign of life. Raises TimeoutError if none comes within `seconds`."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            head, body = unpacked(line.receive(most, left))
        except TimeoutError:
            if time.monotonic() < end:  # silence, which is another thing than signs of life alone
                raise EOFError("the other end says nothing") from None
            break
        if head["is"] != "alive":
            return head, body
    raise TimeoutError("it says nothing but that it is alive")


def cluster_status(config: Config) -> dict[str, Any]:
    """Return what the scheduler tells of its workers. Raises ClusterError, and UsageError as `dial`.

    `silent`: seconds since the last word of the link of which a worker said nothing for longest; `slow`: whether that
    is so long that it gets no more links. Of a scheduler of another version nothing but that is told.
    """
    with contextlib.closing(dial(config.workers.scheduler, config.workers.certificates)) as line:
        try:
            line.send(packed({"ask": "status", "version": version()}))
            head, _ = unpacked(line.receive(1 << 20, SILENCE))
            theirs = name_from(head["version"])
            if theirs != version():  # which may tell it in other words
                return {"version": theirs, "workers": [], "refused": [], "lost": 0, "done": 0}
            return {
                "version": theirs,
                "workers": [
                    {
                        "name": name_from(one["name"]),
                        "links": count_from(one["links"]),
                        "in_work": count_from(one["in_work"]),
                        "silent": count_from(one["silent"]),
                        "slow": one["slow"] is True,
                    }
                    for one in head["workers"][:MOST_WORKERS]
                ],
                "refused": [
                    {"name": name_from(one["name"]), "version": name_from(one["version"])}
                    for one in head["refused"][:MOST_REFUSED]
                ],
                "lost": count_from(head["lost"]),
                "done": count_from(head["done"]),
            }
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {config.workers.scheduler} takes too long to answer; start it again if it is stuck"
            ) from None
        except (OSError, EOFError, *UNREADABLE):
            raise ClusterError(
                f"what answers at {config.workers.scheduler} is not a scheduler of ours, or this is not its port for"
                " the coordinator, or the certificate here is not the coordinator's"
            ) from None
