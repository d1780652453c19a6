"""A list of hashes at an address: CSV, NDJSON, JSON, plain or gzip, signed or not, in one file or in pages.

A page of NDJSON names the next by a line `{"next": "ADDRESS"}`, any other by the header `Link: <ADDRESS>; rel="next"`.
The last page is asked again next time, and goes on when it names another.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from bot import signatures
from bot.endpoints import Stream, host_of, joined, same_origin
from bot.errors import EndpointError, UsageError
from bot.exchanges.base import Checkpoint, Context, Feedback, Given, Page, Setting, setting
from bot.exchanges.blocks import Listing
from bot.signatures import SignatureError

EMPTY_PAGES = 50  # in a row: beyond that an exchange leads us on
PIECE = 256 * 2**10
KNOWN_BYTES = 32 * 2**20  # of a page that is looked at as a whole, whether its rows are still the same
_NEXT = re.compile(r"<([^<>]{1,2000})>\s*;[^<]*?\brel\s*=\s*\"?next\b", re.IGNORECASE)
_ANSWERS = frozenset({200, 206, 304, 416})


class Https:
    """The plug."""

    kind: ClassVar[str] = "https"
    help: ClassVar[str] = "A list at an address: CSV, NDJSON, JSON or hex lines, also as gzip."
    settings: ClassVar[tuple[Setting, ...]] = (
        setting("url", "The list's address.", required=True),
        setting("format"),
        setting("whole"),
        setting("public_key"),
        setting("key", "A token, sent as Authorization: Bearer. Better in GIFWARDEN_EXCHANGES__NAME__KEY."),
    )
    gives: ClassVar[bool] = False

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield the rows of the pages that are new since the checkpoint."""
        at = _At.after(context, checkpoint)
        from_start = at.url == context.settings.url and not at.offset
        seen: set[str] = set()
        empty = 0
        while True:
            if at.url in seen:
                raise EndpointError(f"{host_of(at.url)} names as the next page one that we had", retry=False)
            seen.add(at.url)
            following = None
            for rows, following in self._page(context, at):
                empty = 0 if rows.rows else empty + 1
                if empty > EMPTY_PAGES:
                    raise EndpointError(f"{host_of(at.url)} names ever more pages without rows", retry=False)
                done = rows.last and following is None
                yield Page(
                    rows=rows.rows,
                    checkpoint=rows.checkpoint,
                    last=done,
                    whole=done and rows.whole and from_start,
                    share=rows.share,
                )
            if following is None:
                return
            at = _At(of=at.of, url=following)

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:  # noqa: ARG002  the protocol's
        """Refuse: a list at an address hears nothing."""
        return [Given(taken=False, why="a list at an address takes no feedback") for _ in feedback]

    def _page(self, context: Context, at: _At) -> Iterator[tuple[Page, str | None]]:
        """Yield the parts of one page, the last with the address of the next page, if it names one."""
        with context.http.stream(at.url, headers=_headers(context, at), accept=_ANSWERS) as stream:
            if stream.status == 304:
                yield Page(rows=(), checkpoint=at.kept(), last=True), None
                return
            if stream.status == 206 and not _goes_on(stream, at):
                raise EndpointError(f"{host_of(at.url)} sent another part of the list than was asked for")
            if stream.status == 416 and not at.offset:
                raise EndpointError(f"{host_of(at.url)} answers in an unexpected way (status 416)")
            start = at.offset if stream.status == 206 else 0
            if stream.status != 416:
                with _checked(context, at, stream.chunks()) as (chunks, signed):
                    yield from self._rows(context, at, stream, chunks, start, signed)
                return
        # there is nothing behind what we have of it: it is read anew
        yield from self._page(context, _At(of=at.of, url=at.url, signed=at.signed))

    def _rows(
        self, context: Context, at: _At, stream: Stream, chunks: Iterable[bytes], start: int, signed: int
    ) -> Iterator[tuple[Page, str | None]]:
        etag, modified = stream.headers.get("etag", ""), stream.headers.get("last-modified", "")
        listing = Listing(chunks, at.how if start else context.settings.format, at.url.partition("?")[0], offset=start)
        length = stream.headers.get("content-length", "")
        whole_size = start + int(length) if length.isdigit() and "content-encoding" not in stream.headers else 0
        can_go_on = etag and not etag.startswith("W/") and "content-encoding" not in stream.headers and not signed
        before: Page | None = None
        if at.rows and 0 < whole_size <= KNOWN_BYTES and not start:
            # the last page again: most often nothing of it changed but that another follows it
            data = b"".join(chunks)
            known = Listing((), at.how, listing.name)
            if known.hear(data) == at.rows and not context.settings.whole:
                following = _following(at, stream, known)
                end = _At(of=at.of, url=following) if following else at.ended(etag, modified, signed, at.rows, at.how)
                yield Page(rows=(), checkpoint=end.kept(), last=True), following
                return
            listing.chunks = [data]
        try:
            for part in listing.parts():
                if before is not None:
                    yield before, None
                offset = part.offset if can_go_on and not context.settings.whole else None
                before = Page(
                    rows=part.rows,
                    checkpoint=at.within(etag, offset, listing.how) if offset else at.begun(),
                    share=min(1.0, (start + part.size) / whole_size) if whole_size else None,
                )
        except UsageError as error:
            raise EndpointError(f"{host_of(at.url)} sent no list that we can read: {error}") from None
        assert before is not None
        following = _following(at, stream, listing)
        end = (
            _At(of=at.of, url=following) if following else at.ended(etag, modified, signed, listing.digest, listing.how)
        )
        yield (
            Page(
                rows=before.rows,
                checkpoint=end.kept(),
                last=True,
                whole=context.settings.whole or listing.said.whole,
                share=before.share,
            ),
            following,
        )


class _At:
    """Where we are: the page's address, what it was when we read it, and how far we are in it."""

    def __init__(
        self,
        *,
        of: str,
        url: str,
        etag: str = "",
        modified: str = "",
        offset: int = 0,
        how: str = "",
        signed: int = 0,
        rows: str = "",
    ) -> None:
        self.of, self.url, self.etag, self.modified = of, url, etag, modified
        self.offset, self.how, self.signed, self.rows = offset, how, signed, rows

    @classmethod
    def after(cls, context: Context, checkpoint: Checkpoint | None) -> _At:
        """Return where to go on. A list whose address was changed is another list."""
        own = context.settings.url
        kept: Mapping[str, Any] = checkpoint or {}
        url = kept.get("url")
        known = kept.get("of") == own and isinstance(url, str) and same_origin(own, url)
        signed = int(kept.get("signed") or 0) if known else 0
        if not known or not isinstance(url, str):
            return cls(of=own, url=own)
        if context.fresh or (context.settings.whole and url != own):
            return cls(of=own, url=own, signed=signed if url == own else 0)
        return cls(
            of=own,
            url=url,
            etag=str(kept.get("etag") or ""),
            modified=str(kept.get("modified") or ""),
            offset=int(kept.get("offset") or 0),
            how=str(kept.get("how") or ""),
            rows=str(kept.get("rows") or ""),
            signed=signed,
        )

    def begun(self) -> Checkpoint:
        return {"of": self.of, "url": self.url, "signed": self.signed}

    def within(self, etag: str, offset: int, how: str) -> Checkpoint:
        return {**self.begun(), "etag": etag, "offset": offset, "how": how}

    def ended(self, etag: str, modified: str, signed: int, rows: str, how: str) -> _At:
        return _At(
            of=self.of, url=self.url, etag=etag[:300], modified=modified[:100], signed=signed, rows=rows, how=how
        )

    def kept(self) -> Checkpoint:
        return {**self.begun(), "etag": self.etag, "modified": self.modified, "rows": self.rows, "how": self.how}


def _headers(context: Context, at: _At) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity" if at.offset else "gzip"}
    if context.key:
        headers["Authorization"] = f"Bearer {context.key}"
    if at.offset:
        return {**headers, "Range": f"bytes={at.offset}-", "If-Range": at.etag}
    if at.etag:
        headers["If-None-Match"] = at.etag
    if at.modified:
        headers["If-Modified-Since"] = at.modified
    return headers


def _goes_on(stream: Stream, at: _At) -> bool:
    said = re.match(r"bytes (\d{1,18})-", stream.headers.get("content-range", ""))
    return bool(at.offset) and said is not None and int(said[1]) == at.offset


def _following(at: _At, stream: Stream, listing: Listing) -> str | None:
    header = _NEXT.search(stream.headers.get("link", "")[:8000])
    named = listing.said.next or (header[1] if header else None)
    if named is None:
        return None
    found = joined(at.url, named)
    if found is None:
        raise EndpointError(f"{host_of(at.url)} names as the next page one of another place", retry=False)
    return found


@contextmanager
def _checked(context: Context, at: _At, chunks: Iterator[bytes]) -> Iterator[tuple[Iterable[bytes], int]]:
    """Yield a list's bytes and when it was signed; of a list that must be signed not one byte before all are checked.

    Until then it lies in a file without a name, which is gone with the program.
    """
    key = context.settings.public_key
    if not key:
        yield chunks, 0
        return
    host = host_of(at.url)
    try:
        with tempfile.TemporaryFile(dir=context.spool) as file:
            for chunk in chunks:
                file.write(chunk)
            try:
                signature = signatures.read(key, _signature(context, at))
                file.seek(0)
                signature.check(_pieces(file))
            except SignatureError as error:
                raise EndpointError(
                    f"{host} sent a list that is not taken: {error}; ask its keeper", setup=True
                ) from None
            if signature.signed_at < at.signed:
                raise EndpointError(
                    f"{host} sent a list that was signed before the one we have; nothing of it is taken", setup=True
                )
            file.seek(0)
            yield _pieces(file), signature.signed_at
    except OSError as error:
        raise EndpointError(f"the list cannot be kept on our own disk while it is checked: {error.strerror}") from None


def _signature(context: Context, at: _At) -> str:
    path, mark, query = at.url.partition("?")
    headers = {"Authorization": f"Bearer {context.key}"} if context.key else {}
    try:
        answer = context.http.ask(
            f"{path}.minisig{mark}{query}", headers={"Accept": "*/*", **headers}, limit=signatures.LARGEST
        )
    except EndpointError as error:
        if error.status in (404, 410):
            raise SignatureError("it is not signed") from None
        raise
    return answer.body.decode("utf-8", "replace")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
