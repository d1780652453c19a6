"""A list of hashes at an address: CSV, NDJSON, JSON, plain or gzip, signed or not, in one file or in pages.

A page of NDJSON names the next by a line `{"next": "ADDRESS"}`, any other by the header `Link: <ADDRESS>; rel="next"`.
The last page is asked again next time, and goes on when it names another.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, ClassVar

from bot import signatures
from bot.clock import DAY
from bot.endpoints import Stream, host_of, joined, same_origin
from bot.endpoints.bodies import decoded, opened
from bot.endpoints.client import STREAM_BYTES
from bot.errors import EndpointError, UsageError
from bot.exchanges.base import (
    Checkpoint,
    Context,
    Feedback,
    Given,
    Page,
    Row,
    Setting,
    count_of,
    setting,
    unreadable_in,
)
from bot.exchanges.blocks import Listing
from bot.lists import Bad, Fault
from bot.plural import many
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
        setting("hash_type"),
        setting("whole"),
        setting("public_key"),
        setting("key", "A token, sent as Authorization: Bearer. Better in GIFWARDEN_EXCHANGES__NAME__KEY."),
    )
    gives: ClassVar[bool] = False

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield the rows of the pages that are new since the checkpoint."""
        at: _At | None = _At.after(context, checkpoint)
        seen: set[str] = set()
        empty = 0
        while at is not None:
            if at.url in seen:
                raise EndpointError(f"{host_of(at.url)} names as the next page one that we had", retry=False)
            seen.add(at.url)
            following: _At | None = None
            for page, following_page in self._page(context, at):
                following = following_page
                empty = 0 if page.rows else empty + 1
                if empty > EMPTY_PAGES:
                    raise EndpointError(f"{host_of(at.url)} names ever more pages without rows", retry=False)
                yield page
            at = following

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:  # noqa: ARG002  the protocol's
        """Refuse: a list at an address hears nothing."""
        return [Given(taken=False, why="a list at an address takes no feedback") for _ in feedback]

    def _page(self, context: Context, at: _At) -> Iterator[tuple[Page, _At | None]]:
        """Yield the parts of one page, the last with the next page, if it names one."""
        with context.http.stream(at.url, headers=_headers(context, at), accept=_ANSWERS) as stream:
            if stream.status == 304:
                yield Page(rows=(), checkpoint=at.ended(at.etag, at.modified, at.rows, at.how), last=True), None
                return
            if stream.status == 206 and not _goes_on(stream, at):
                raise EndpointError(f"{host_of(at.url)} sent another part of the list than was asked for")
            if stream.status == 416 and not at.offset:
                raise EndpointError(f"{host_of(at.url)} answers in an unexpected way (status 416)")
            if stream.status == 200 and at.offset:
                at = at.anew()
            if stream.status != 416:
                with _checked(context, at, stream) as body:
                    yield from self._rows(context, at, stream, body)
                return
        # there is nothing behind what we have of it: it is read anew
        yield from self._page(context, at.anew())

    def _rows(self, context: Context, at: _At, stream: Stream, body: _Body) -> Iterator[tuple[Page, _At | None]]:
        etag, modified = stream.headers.get("etag", ""), stream.headers.get("last-modified", "")
        how = at.how if at.offset else context.settings.format
        listing = Listing(body.chunks, how, _name(at.url), offset=at.offset)
        length = stream.headers.get("content-length", "")
        whole_size = at.offset + int(length) if length.isdigit() and not body.packed else 0
        # an offset counts bytes of what was sent, so there is none in what was unpacked
        can_go_on = etag and not etag.startswith("W/") and not body.packed and not body.signed
        if at.rows and 0 < whole_size <= KNOWN_BYTES and not at.offset:
            # the last page again: most often nothing of it changed but that another follows it
            data = b"".join(body.chunks)
            known = Listing((), at.how, listing.name)
            is_whole = context.settings.whole or at.whole
            if known.hear(data) == at.rows and not is_whole and not known.said.whole:
                at = replace(at, met=None, all=False)  # its rows are not met again
                named = _following(context, at, stream, known)
                kept = at.on(named).begun() if named else at.ended(etag, modified, at.rows, at.how)
                yield Page(rows=(), checkpoint=kept, last=named is None), at.on(named) if named else None
                return
            listing.chunks = [data]
        begun, now = at, at
        before: Page | None = None
        cut = ""
        try:
            for part in listing.parts():
                if before is not None:
                    yield before, None
                now = now.met_also(part.rows, listing)
                cut = cut or _cut(part.rows)
                offset = part.offset if can_go_on else None
                before = Page(
                    rows=part.rows,
                    checkpoint=now.within(etag, offset, listing.how) if offset else begun.begun(),
                    share=min(1.0, (at.offset + part.size) / whole_size) if whole_size else None,
                )
        except UsageError as error:
            raise EndpointError(f"{host_of(at.url)} sent no list that we can read: {error}") from None
        assert before is not None
        if cut:  # what came is kept, and all of it is asked for again
            yield replace(before, checkpoint=begun.begun()), None
            raise EndpointError(f"{host_of(at.url)} sent a list that ends too early or is damaged: {cut}")
        now = replace(now, signed=body.signed, first=body.signed if at.url == at.of else at.first)
        following = _following(context, at, stream, listing)
        if following:
            yield replace(before, checkpoint=now.on(following).begun()), now.on(following)
        else:
            yield now.end(context, before, listing, etag, modified), None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A list's bytes, checked. `packed`: HTTP or its keeper had packed them."""

    chunks: Iterable[bytes]
    packed: bool
    signed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """Where we are: the page's address, what it was when we read it, and how far we are in it.

    `met`: rows since the first one of the first page; None: this reading began elsewhere. `all`: whoever keeps the rows
    knows all of those that were met. `signed` is the oldest signature that is taken of this page, `first` of the first.
    """

    of: str
    url: str
    etag: str = ""
    modified: str = ""
    offset: int = 0
    how: str = ""
    rows: str = ""  # what changes with the rows of the page
    signed: int = 0
    first: int = 0
    met: int | None = None
    all: bool = False
    unreadable: int = 0
    said: int | None = None  # how many rows the list says it has
    whole: bool = False  # the list says that it is whole

    @classmethod
    def after(cls, context: Context, checkpoint: Checkpoint | None) -> _At:
        """Return where to go on. A list whose address was changed is another list."""
        own = context.settings.url
        kept: Mapping[str, Any] = checkpoint or {}
        url = kept.get("url")
        if kept.get("of") != own or not isinstance(url, str) or not same_origin(own, url):
            return cls(of=own, url=own, met=0, all=True)
        signed = int(kept.get("signed") or 0)
        first = int(kept.get("first") or (signed if url == own else 0))
        start = cls(of=own, url=own, signed=first, first=first, met=0, all=True)
        within, whole = "met" in kept, context.settings.whole or bool(kept.get("whole"))
        # what a whole list had before a cut has to be known, or its end tells nothing of what is gone
        if context.fresh or (whole and (url != own or within) and not context.goes_on):
            return start
        at = cls(of=own, url=url, signed=signed, first=first, etag=str(kept.get("etag") or ""))
        if not within:
            at = replace(
                at,
                modified=str(kept.get("modified") or ""),
                rows=str(kept.get("rows") or ""),
                how=str(kept.get("how") or ""),
            )
            if kept.get("offset"):  # kept by an earlier version, which counted unpacked bytes
                at = replace(at, etag="", modified="")
            return replace(at, met=0, all=True) if url == own else at
        offset = int(kept.get("offset") or 0)
        if url == own and not offset and not context.goes_on:
            return start
        return replace(
            at,
            offset=offset,
            how=str(kept.get("how") or ""),
            met=kept["met"],
            all=context.goes_on and kept["met"] is not None,
            unreadable=int(kept.get("unreadable") or 0),
            said=kept.get("said"),
            whole=bool(kept.get("whole")),
        )

    def anew(self) -> _At:
        """Return this page from its first byte, in whatever format it comes now."""
        fresh = _At(of=self.of, url=self.url, signed=self.signed, first=self.first)
        return replace(fresh, met=0, all=True) if self.url == self.of else fresh

    def met_also(self, rows: Sequence[Row], listing: Listing) -> _At:
        said = listing.said.rows
        return replace(
            self,
            met=None if self.met is None else self.met + count_of(rows),
            unreadable=self.unreadable + unreadable_in(rows),
            said=self.said if said is None else said,
            whole=self.whole or listing.said.whole,
        )

    def on(self, url: str) -> _At:
        """Return the next page. Pages are signed one after the other, give or take the order of a day."""
        signed = max(0, self.signed - DAY) if self.signed else 0
        return replace(self, url=url, etag="", modified="", offset=0, how="", rows="", signed=int(signed))

    def begun(self) -> Checkpoint:
        """Return the checkpoint in front of this page, or in the middle of it where it cannot be gone on with."""
        kept = {"of": self.of, "url": self.url, "signed": self.signed, "first": self.first, "met": self.met}
        return {**kept, "unreadable": self.unreadable, "said": self.said, "whole": self.whole}

    def within(self, etag: str, offset: int, how: str) -> Checkpoint:
        return {**self.begun(), "etag": etag, "offset": offset, "how": how}

    def ended(self, etag: str = "", modified: str = "", rows: str = "", how: str = "") -> Checkpoint:
        kept = {"of": self.of, "url": self.url, "signed": self.signed, "first": self.first, "whole": self.whole}
        return {**kept, "etag": etag[:300], "modified": modified[:100], "rows": rows, "how": how}

    def end(self, context: Context, page: Page, listing: Listing, etag: str, modified: str) -> Page:
        """Return the last page. What was not wholly read is asked for again, whether it changed or not."""
        whole = context.settings.whole or self.whole
        short = self.met is not None and self.said is not None and self.met < self.said
        note = ""
        if short:
            note = f"its list says that it has {many(self.said or 0, 'row')}, and {self.met:,} came"
        sweeps = whole and self.all and not self.unreadable and not short
        if whole and not sweeps:
            checkpoint = replace(self, url=self.of, signed=self.first).ended()
        else:
            checkpoint = self.ended() if short else self.ended(etag, modified, listing.digest, listing.how)
        return replace(
            page,
            checkpoint=checkpoint,
            last=True,
            whole=whole and self.all and not short,
            all=self.all and self.said != 0,
            note=note,
            unreadable=self.unreadable,
        )


def _cut(rows: Sequence[Row]) -> str:
    """Return why a list is not read to its end, "" if it is."""
    return next((row.reason for row in rows if isinstance(row, Bad) and not row.line and row.fault is Fault.BROKEN), "")


def _name(url: str) -> str:
    """Return what a format is guessed by. An address may hold a token anywhere, and errors say this name."""
    found = re.search(r"\.(?:ndjson|jsonl|ldjson)(?=(?:\.gz)?$)", url.partition("?")[0], re.IGNORECASE)
    return f"its list{found[0].lower()}" if found else "its list"


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


def _following(context: Context, at: _At, stream: Stream, listing: Listing) -> str | None:
    # a header is signed by nobody: whoever can write one could lead us to an older list of the same keeper
    link = "" if context.settings.public_key else stream.headers.get("link", "")
    header = _NEXT.search(link[:8000])
    named = listing.said.next or (header[1] if header else None)
    if named is None:
        return None
    found = joined(at.url, named)
    if found is None:
        raise EndpointError(f"{host_of(at.url)} names as the next page one of another place", retry=False)
    return found


@contextmanager
def _checked(context: Context, at: _At, stream: Stream) -> Iterator[_Body]:
    """Yield a list's bytes; of a list that must be signed not one byte before all are checked.

    Until then it lies in a file without a name, which is gone with the program.
    """
    key = context.settings.public_key
    host, encoding = host_of(at.url), stream.headers.get("content-encoding", "")
    if not key:
        packed, chunks = opened(host, decoded(host, encoding, stream.chunks(), STREAM_BYTES), STREAM_BYTES)
        yield _Body(chunks=chunks, packed=packed or bool(encoding))
        return
    try:
        with tempfile.TemporaryFile(dir=context.spool) as file:
            for chunk in stream.chunks():
                file.write(chunk)

            def plain() -> Iterator[bytes]:
                return decoded(host, encoding, _pieces(file), STREAM_BYTES)

            def unpacked() -> Iterator[bytes]:
                return opened(host, plain(), STREAM_BYTES)[1]

            try:
                signature = signatures.read(key, _signature(context, at))
                # of the file as it lies there; HTTP or the keeper's own gzip may have packed what was signed
                _check_any(signature, (lambda: _pieces(file), plain, unpacked))
            except SignatureError as error:
                raise EndpointError(
                    f"{host} sent a list that is not taken: {error}; ask its keeper", setup=True
                ) from None
            if signature.signed_at < at.signed:
                raise EndpointError(
                    f"{host} sent a list that was signed before the one we have; nothing of it is taken", setup=True
                )
            yield _Body(chunks=unpacked(), packed=True, signed=signature.signed_at)
    except OSError as error:
        raise EndpointError(f"the list cannot be kept on our own disk while it is checked: {error.strerror}") from None


def _check_any(signature: signatures.Signature, stages: Sequence[Callable[[], Iterator[bytes]]]) -> None:
    """Raise SignatureError unless what was signed is one of the stages of unpacking."""
    for place, stage in enumerate(stages):
        try:
            signature.check(stage())
        except SignatureError:
            if place == len(stages) - 1:
                raise
        else:
            return


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
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece
