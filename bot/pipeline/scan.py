"""Look at one target now: a file, a media URL or a Reddit permalink. Performs nothing and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot import hosts
from bot.errors import AcquireError, GifwardenError, MediaError, UnsupportedError, UsageError
from bot.links import links_of, post_of
from bot.model import Evidence, Fingerprint, Link, MediaFile, Post, Verdict
from bot.pipeline.core import Deps
from bot.pipeline.judge import Judging
from bot.pipeline.work import Working


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What was found behind one link of a target, or why nothing was."""

    target: str
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    error: str | None = None


class Scanning:
    """Runs the flow on a single target."""

    def __init__(self, deps: Deps, working: Working) -> None:
        self._d = deps
        self._working = working

    def scan(self, target: str) -> Iterator[Scanned]:
        """Yield one result for each link of the target; errors are results too."""
        try:
            if "://" not in target and Path(target).exists():
                yield self._file(Path(target))
                return
            ref = hosts.find(target)
            if ref is None:
                raise UsageError(f"{target} is neither a file nor a link of a known host")
            if ref.host == "reddit" and ref.kind == "page":
                yield from self._permalink(target)
                return
            link = Link(url=target, host=ref.host, id=ref.id, kind=ref.kind, source="target")
            yield self._link(target, link, None)
        except GifwardenError as error:
            yield Scanned(target=target, error=str(error))

    def _file(self, path: Path) -> Scanned:
        target = str(path)
        limit = self._d.config.fetch.max_bytes
        try:
            size = path.stat().st_size
            if size > limit:
                raise MediaError(f"{path} has {size} bytes and fetch.max_bytes is {limit}; raise it to scan this file")
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        infos, prints = self._working.fingerprint_all([MediaFile(index=0, url=target, data=data)])
        if not prints:
            raise MediaError(infos[0].error or f"{path} is not media")
        link = Link(url=target, host="", id=None, kind="media", source="target")
        evidence = self._working.matched(Evidence(target=target, link=link, media=tuple(infos)), prints)
        return self._result(target, evidence, None, tuple(found for _, found in prints))

    def _permalink(self, target: str) -> Iterator[Scanned]:
        thing = self._d.api.resolve(target)
        if thing is None:
            raise UnsupportedError(f"Reddit has no post at {target}, or it is not visible to this account")
        post = post_of(thing)
        links = [link for link in links_of(thing, hosts.find) if link.kind in ("media", "album")]
        if not links:
            raise UnsupportedError(f"{post.fullname} has no link to media of a known host")
        for link in links:
            try:
                yield self._link(target, link, post)
            except AcquireError as error:
                yield Scanned(target=target, error=f"{link.host}: {error}")

    def _link(self, target: str, link: Link, post: Post | None) -> Scanned:
        if link.kind not in ("media", "album"):
            raise UnsupportedError(
                f"{target} is a page of {link.host or 'an unknown host'} that leads to no single media"
            )
        evidence, prints = self._working.look(link, target=target)
        if not prints:
            raise UnsupportedError(
                next((info.error for info in evidence.media if info.error), "there is no media behind it")
            )
        evidence = self._working.matched(evidence, prints)
        return self._result(target, evidence, post, tuple(found for _, found in prints))

    def _result(self, target: str, evidence: Evidence, post: Post | None, prints: tuple[Fingerprint, ...]) -> Scanned:
        verdict = Judging(self._d).verdict(post, evidence)
        return Scanned(target=target, evidence=evidence, verdict=verdict, fingerprints=prints)
