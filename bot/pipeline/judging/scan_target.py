"""Look at one target now: a file, a media URL or a Reddit permalink. Performs nothing and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import hosts
from bot.config import Config
from bot.errors import GifwardenError, MediaError, UnsupportedError, UsageError, file_fault, for_once, is_own_fault
from bot.links import links_of, post_of
from bot.model import PREVIEW, UNTOLD, Evidence, Fingerprint, Link, MediaFile, MediaInfo, Post, Verdict
from bot.pipeline.core import connected
from bot.pipeline.judging.judge import Judge
from bot.pipeline.recovery import reason_of
from bot.pipeline.scanning.nudity import nudity_of
from bot.pipeline.scanning.scanner import Scanner
from bot.pipeline.scanning.unlooked import wait_sentence
from bot.reddit import Job, Reddit

NO_LINK = "it is no link of a host that is known; see docs/hosts.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """What was found behind one link of a target, or why nothing was.

    `failures` are sentences on media of an album, or on originals, that could not be had while others could.
    """

    target: str
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    failures: tuple[str, ...] = ()
    error: str | None = None


class TargetScanner:
    """Runs the flow on a single target."""

    def __init__(self, config: Config, reddit: Reddit | None, working: Scanner, judging: Judge) -> None:
        self._config = config
        self._reddit = reddit
        self._working = working
        self._judging = judging

    def scan(self, target: str) -> Iterator[TargetResult]:
        """Yield one result for each link of the target, matched and judged; errors are results too."""
        return self._walk(target, judge=True)

    def fingerprints(self, target: str) -> Iterator[TargetResult]:
        """Yield the fingerprints behind each link of the target, the originals' digests too; nothing is matched.

        Reads neither banks nor rules: `evidence` has no matches and `verdict` is None.
        """
        return self._walk(target, judge=False)

    def _walk(self, target: str, *, judge: bool) -> Iterator[TargetResult]:
        try:
            if "://" not in target and _exists(target):
                yield self._file(Path(target), judge=judge)
                return
            ref = hosts.find(target)
            if ref is None:
                raise UsageError(NO_LINK if "://" in target else f"{file_fault(FileNotFoundError())}, or give a link")
            if ref.host == "reddit" and ref.kind == "page":
                yield from self._permalink(target, judge=judge)
                return
            link = Link(url=target, host=ref.host, id=ref.id, kind=ref.kind, source="target")
            yield self._link(target, link, None, judge=judge)
        except GifwardenError as error:
            if is_own_fault(error):
                raise
            yield TargetResult(target=target, error=for_once(error))
        except MemoryError:  # not of the target: whoever asked tries again
            raise
        except Exception as error:  # noqa: BLE001  the boundary around one target of many: becomes its result
            yield TargetResult(target=target, error=reason_of(error))

    def _file(self, path: Path, *, judge: bool) -> TargetResult:
        target = str(path)
        limit = self._config.fetch.max_bytes
        try:
            size = path.stat().st_size
            if size > limit:
                raise MediaError(f"{path} has {size} bytes and fetch.max_bytes is {limit}; raise it to scan this file")
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(file_fault(error)) from None
        infos, prints, faces = self._working.fingerprint_all([MediaFile(index=0, url=target, data=data)])
        if not prints:
            raise MediaError(infos[0].error or f"{path} is not media")
        link = Link(url=target, host="", id=None, kind="media", source="target")
        nudity = nudity_of(prints, self._config.nudity.model)
        evidence = Evidence(target=target, link=link, media=tuple(infos), faces=faces, nudity=nudity)
        return self._result(evidence, prints, None, judge=judge)

    def _permalink(self, target: str, *, judge: bool) -> Iterator[TargetResult]:
        thing = connected(self._reddit).as_job(Job.REVIEW).resolve(hosts.unwrapped(target))
        if thing is None:
            raise UnsupportedError(f"Reddit has no post at {target}, or it is not visible to this account")
        post = post_of(thing)
        found = links_of(thing, hosts.find, reserve=judge)  # a bank gets the media, not Reddit's preview of it
        links = [link for link in found if link.kind in ("media", "album")]
        untold = sum(link.source == UNTOLD for link in found)
        if not links and untold:
            raise UnsupportedError(f"{post.fullname}: {wait_sentence(untold)}")
        if not links:
            raise UnsupportedError(f"{post.fullname} has no link to media of a known host")
        seen: bool | None = None  # what the next preview stands for
        came: dict[tuple[str, str | None], bool] = {}  # whether each media was seen
        for link in links:
            media = (link.host, link.id)
            own = came.get(media) if link.source == PREVIEW else None  # of the media of which it is a copy
            if link.source == PREVIEW and (seen if own is None else own):
                continue
            failed = False
            try:
                yield self._link(target, link, post, judge=judge)
            except GifwardenError as error:
                if is_own_fault(error):
                    raise
                failed = True
                yield TargetResult(target=target, error=f"{link.host}: {for_once(error)}")
            if link.source != PREVIEW:
                came[media] = not failed
            if seen is None or (link.source == PREVIEW and (own is None or media == next(iter(came)))):
                seen = not failed
        if untold:
            yield TargetResult(target=target, error=wait_sentence(untold))

    def _link(self, target: str, link: Link, post: Post | None, *, judge: bool) -> TargetResult:
        if link.kind not in ("media", "album"):
            raise UnsupportedError(
                f"{target} is a page of {link.host or 'an unknown host'} that leads to no single media"
            )
        acquired = self._working.download(link, want_original=None if judge else True)
        looked = self._working.fingerprint(link, acquired, target=target)
        if not looked.prints:
            raise UnsupportedError(
                next((info.error for info in looked.evidence.media if info.error), "there is no media behind it")
            )
        return self._result(looked.evidence, looked.prints, post, judge=judge)

    def _result(
        self, evidence: Evidence, prints: Sequence[tuple[int, Fingerprint]], post: Post | None, *, judge: bool
    ) -> TargetResult:
        verdict = None
        if judge:
            evidence = self._working.matched(evidence, prints)
            verdict = self._judging.verdict(post, evidence, self._judging.ask(post, evidence))
        return TargetResult(
            target=evidence.target,
            evidence=evidence,
            verdict=verdict,
            fingerprints=tuple(found for _, found in prints),
            failures=tuple(_failure(info, evidence) for info in evidence.media if info.error),
        )


def _exists(target: str) -> bool:
    """Return whether there is such a file. Raises UsageError if that cannot be told."""
    try:
        return Path(target).exists()
    except OSError as error:
        raise UsageError(file_fault(error)) from None


def _failure(info: MediaInfo, evidence: Evidence) -> str:
    """Return what failed, with its place if there are several media."""
    several = any(other.index != info.index for other in evidence.media)
    return f"media {info.index + 1}: {info.error}" if several else str(info.error)
