"""Look at one target now: a file, a media URL or a Reddit permalink. Performs nothing and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot import hosts
from bot.config import Config
from bot.errors import (
    CostlyError,
    GifwardenError,
    MediaError,
    UnsupportedError,
    UsageError,
    file_fault,
    for_once,
    is_own_fault,
)
from bot.links import links_of, post_of
from bot.model import PREVIEW, UNTOLD, Evidence, Fingerprint, Link, MediaFile, MediaInfo, Post, Verdict
from bot.permalink import permalink_fullname
from bot.pipeline.core import connected
from bot.pipeline.judging.judge import Judge
from bot.pipeline.recovery import reason_of
from bot.pipeline.scanning.nudity import nudity_of
from bot.pipeline.scanning.scanner import Scanner
from bot.pipeline.scanning.unlooked import wait_sentence
from bot.reddit import Job, Reddit
from bot.workers import Aside, Budget

LOOK_SECONDS = 15.0  # of a decoder, for all media of what somebody waits for
TOO_LONG = "it takes longer than somebody should wait for; look at it with: gifwarden scan"
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
    post: Post | None = None  # in which the link stands


class TargetScanner:
    """Runs the flow on a single target."""

    def __init__(self, config: Config, reddit: Reddit | None, working: Scanner, judging: Judge) -> None:
        self._config = config
        self._find = hosts.finder(config)
        self._reddit = reddit
        self._working = working
        self._judging = judging

    def scan(self, target: str) -> Iterator[TargetResult]:
        """Yield one result for each link of the target, matched and judged; errors are results too."""
        return self._walk(target, judge=True)

    def scan_address(self, target: str) -> Iterator[TargetResult]:
        """Do that with a link alone, never with a file of this machine, and before what waits for a decoder."""
        return self._walk(target, judge=True, files=False, pace=_ahead())

    def scan_bytes(self, name: str, data: bytes) -> TargetResult:
        """Do that with a file that somebody gives, called `name`. Errors are results, too."""
        try:
            return self._bytes(name, data, judge=True, pace=_ahead())
        except GifwardenError as error:
            if is_own_fault(error):
                raise
            return TargetResult(target=name, error=_once(error))

    def knows(self, target: str) -> bool:
        """Return whether an address is one of a host that is asked; nothing is asked for that."""
        return "://" in target and self._find(target) is not None

    def leads(self, target: str) -> tuple[Post | None, tuple[Link, ...]]:
        """Return the post that a permalink names, or None, and the links to media; nothing of them is fetched.

        Raises UsageError for what is no link of a known host, AcquireError if there is no media behind it or it was
        marked as a suspected minor's, RedditError if Reddit must be asked and cannot.
        """
        ref = self._find(target)
        if ref is None:
            raise UsageError(NO_LINK)
        if ref.host == "reddit" and ref.kind == "page":
            post, links, _ = self._resolved(target, judge=True)
            return post, tuple(link for link in links if link.source != PREVIEW) or tuple(links)
        link = Link(url=target, host=ref.host, id=ref.id, kind=ref.kind, source="target")
        _check(target, link)
        self._working.refuse_marked(link)
        return None, (link,)

    def fingerprints(self, target: str) -> Iterator[TargetResult]:
        """Yield the fingerprints behind each link of the target, the originals' digests too; nothing is matched.

        Reads neither banks nor rules: `evidence` has no matches and `verdict` is None.
        """
        return self._walk(target, judge=False)

    def _walk(
        self, target: str, *, judge: bool, files: bool = True, pace: Aside | None = None
    ) -> Iterator[TargetResult]:
        try:
            if files and "://" not in target and _exists(target):
                yield self._file(Path(target), judge=judge)
                return
            ref = self._find(target)
            if ref is None:
                raise UsageError(
                    NO_LINK if "://" in target or not files else f"{file_fault(FileNotFoundError())}, or give a link"
                )
            if ref.host == "reddit" and ref.kind == "page":
                yield from self._permalink(target, judge=judge, pace=pace)
                return
            link = Link(url=target, host=ref.host, id=ref.id, kind=ref.kind, source="target")
            yield self._link(target, link, None, judge=judge, pace=pace)
        except GifwardenError as error:
            if is_own_fault(error):
                raise
            yield TargetResult(target=target, error=_once(error))
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
        return self._bytes(target, data, judge=judge, pace=None)

    def _bytes(self, target: str, data: bytes, *, judge: bool, pace: Aside | None) -> TargetResult:
        infos, prints, faces = self._working.fingerprint_all([MediaFile(index=0, url=target, data=data)], pace)
        if not prints:
            raise MediaError(infos[0].error or f"{target} is not media")
        link = Link(url=target, host="", id=None, kind="media", source="target")
        nudity = nudity_of(prints, self._config.nudity.model)
        evidence = Evidence(target=target, link=link, media=tuple(infos), faces=faces, nudity=nudity)
        return self._result(evidence, prints, None, judge=judge)

    def _resolved(self, target: str, *, judge: bool) -> tuple[Post, list[Link], int]:
        """Return a permalink's post, its links to media, and how many pictures Reddit does not tell yet."""
        named = permalink_fullname(target)
        if named:
            self._working.refuse_marked(Link(url=target, host="", id=None, kind="page", source="target", post=named))
        thing = connected(self._reddit).as_job(Job.REVIEW).resolve(hosts.unwrapped(target))
        if thing is None:
            raise UnsupportedError(f"Reddit has no post at {target}, or it is not visible to this account")
        post = post_of(thing)
        found = links_of(thing, self._find, reserve=judge)  # a bank gets the media, not Reddit's preview of it
        links = [link for link in found if link.kind in ("media", "album")]
        untold = sum(link.source == UNTOLD for link in found)
        if not links and untold:
            raise UnsupportedError(f"{post.fullname}: {wait_sentence(untold)}")
        if not links:
            raise UnsupportedError(f"{post.fullname} has no link to media of a known host")
        for link in links:
            self._working.refuse_marked(replace(link, post=post.fullname))
        return post, links, untold

    def _permalink(self, target: str, *, judge: bool, pace: Aside | None) -> Iterator[TargetResult]:
        post, links, untold = self._resolved(target, judge=judge)
        seen: bool | None = None  # what the next preview stands for
        came: dict[tuple[str, str | None], bool] = {}  # whether each media was seen
        for link in links:
            media = (link.host, link.id)
            own = came.get(media) if link.source == PREVIEW else None  # of the media of which it is a copy
            if link.source == PREVIEW and (seen if own is None else own):
                continue
            failed = False
            try:
                yield self._link(target, link, post, judge=judge, pace=pace)
            except GifwardenError as error:
                if is_own_fault(error):
                    raise
                failed = True
                yield TargetResult(target=target, error=f"{link.host}: {_once(error)}")
            if link.source != PREVIEW:
                came[media] = not failed
            if seen is None or (link.source == PREVIEW and (own is None or media == next(iter(came)))):
                seen = not failed
        if untold:
            yield TargetResult(target=target, error=wait_sentence(untold))

    def _link(
        self, target: str, link: Link, post: Post | None, *, judge: bool, pace: Aside | None = None
    ) -> TargetResult:
        _check(target, link)
        self._working.refuse_marked(link)
        acquired = self._working.download(link, want_original=None if judge else True, in_front=pace is not None)
        looked = self._working.fingerprint(link, acquired, target=target, pace=pace)
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
            post=post,
            failures=tuple(_failure(info, evidence) for info in evidence.media if info.error),
        )


def _ahead() -> Aside:
    """Return the pace for somebody who waits: before what else waits for a decoder, and not for long."""
    return Aside(gives_way=False, budget=Budget(LOOK_SECONDS))


def _once(error: GifwardenError) -> str:
    return TOO_LONG if isinstance(error, CostlyError) else for_once(error)


def _check(target: str, link: Link) -> None:
    if link.kind not in ("media", "album"):
        raise UnsupportedError(f"{target} is a page of {link.host or 'an unknown host'} that leads to no single media")


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
