"""What exchanges of hashes answer, and lists as they come over a wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from bot.clock import ManualClock
from bot.config import ExchangeConfig
from bot.endpoints import Answer, Endpoints
from bot.errors import EndpointError, UsageError
from bot.exchanges import Context, Feedback, hma, stopncii, threatexchange
from bot.exchanges.base import MAX_TEXT, ExchangePlug, Page, Row
from bot.exchanges.blocks import Listing
from bot.lists import Bad, Plain, Record
from bot.model import Opinion
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import sentence
from tests.fuzz.lists import EXAMPLES as LISTS
from tests.fuzz.lists import WORDS as LIST_WORDS
from tests.fuzz.lists import check_record
from tests.list_shapes import M1, P1, P2

CLOCK = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
META: dict[str, Any] = {
    "data": [
        {
            "id": "852",
            "indicator": P1,
            "type": "HASH_PDQ",
            "last_updated": 1700000000,
            "should_delete": False,
            "descriptors": {
                "data": [
                    {
                        "id": "811",
                        "owner": {"id": "588"},
                        "status": "MALICIOUS",
                        "tags": {"data": [{"id": "1", "text": "media_type_video"}]},
                        "reactions": [{"key": "HELPFUL", "value": "588,589"}],
                    }
                ]
            },
        },
        {"id": "853", "indicator": M1, "type": "HASH_VIDEO_MD5", "should_delete": True},
    ],
    "paging": {"cursors": {"after": "abc"}, "next": "https://a.example/?access_token=x"},
}
NCII: dict[str, Any] = {
    "count": 2,
    "hasMoreRecords": True,
    "nextPageToken": "abc",
    "nextSetTimestamp": 1700000000,
    "hashRecords": [
        {
            "hashValue": P2,
            "signalType": "ImagePDQ",
            "hashStatus": "Active",
            "caseNumbers": {"c1": "Active"},
            "CSPFeedbacks": [{"source": "a", "feedbackValue": "Blocked", "tags": []}],
        },
        {"hashValue": M1, "signalType": "VideoMD5", "hashStatus": "Deleted"},
    ],
}
CONTENT = {"id": 3, "bank": {"name": "KNOWN"}, "disable_until_ts": 1, "signals": {"pdq": P1, "video_md5": M1}}
EXAMPLES = tuple(json.dumps(one) for one in (META, NCII, CONTENT))
WORDS = (
    *META, *META["data"][0], *NCII, *NCII["hashRecords"][0], "MALICIOUS", "NON_MALICIOUS", "HASH_MD5", "csam",
    "child", "tags", "text", "owner", "Withdrawn", "NotBlocked", "VideoMD5", P1, P1[:-1], M1, "0" * 64, "data",
    "after", "cursors", "a" * 2100, "\ud800", "\u202e", "1e400",
)  # fmt: skip
PLUGS: tuple[tuple[ExchangePlug, dict[str, Any]], ...] = (
    (
        threatexchange.ThreatExchange(),
        {"kind": "threatexchange", "url": "https://a.example", "collection": "7", "key": "k"},
    ),
    (
        stopncii.StopNcii(),
        {"kind": "stopncii", "url": "https://a.example", "key": "k", "fetch_key": "f", "feedback_key": "g"},
    ),
)
FEEDBACK = (Feedback(id="852", values=(("pdq", P1),), opinion=Opinion.CONFIRMED),)
MOST_ASKED = 400


@dataclass
class Altered:
    """Addresses that answer what is drawn."""

    drawn: Drawn
    example: str
    asked: int = 0

    def ask(self, url: str, **more: Any) -> Answer:
        self.asked += 1
        assert self.asked <= MOST_ASKED, "ever more requests"
        if self.asked > 4:
            raise EndpointError("a.example does not answer")
        tree = self.drawn.tree((self.example, *EXAMPLES), WORDS)
        return Answer(status=200, headers={}, body=json.dumps(tree).encode(), host="a.example")


def check(drawn: Drawn) -> None:
    """An exchange gives rows that can be kept and a checkpoint that it goes on with, or one of our errors."""
    how = drawn.byte() % 4
    if how == 1:
        return check_listing(drawn)
    if how == 2:
        tree = drawn.tree((EXAMPLES[2],), WORDS)
        for row in hma._rows(3, tree, CLOCK.now().timestamp()) if isinstance(tree, dict) else ():
            check_row(row)
        return None
    plug, settings = drawn.pick(PLUGS)
    example = EXAMPLES[PLUGS.index((plug, settings))]
    kept: Mapping[str, Any] | None = None
    for _ in range(2):
        http = cast(Endpoints, Altered(drawn, example))
        context = Context(name="x", settings=SETTINGS[plug.kind], http=http, clock=CLOCK, goes_on=drawn.byte() % 2 == 0)
        try:
            for page in plug.fetch(context, kept):
                check_page(page)
                kept = json.loads(json.dumps(page.checkpoint))
            if drawn.byte() % 4 == 1:
                assert len(plug.give(context, FEEDBACK)) == len(FEEDBACK)
        except EndpointError as error:
            sentence(error)
    return None


SETTINGS = {plug.kind: ExchangeConfig.model_validate(settings) for plug, settings in PLUGS}


def check_page(page: Page) -> None:
    """Fail unless a page can be kept."""
    assert len(json.dumps(page.checkpoint)) <= 20_000
    json.dumps(page.checkpoint, ensure_ascii=False).encode()
    for row in page.rows:
        check_row(row)


def check_row(row: Row) -> None:
    """Fail unless a row can be kept."""
    if isinstance(row, Bad):
        sentence(UsageError(row.reason))
        (row.id or "").encode()
    elif isinstance(row, Record):
        check_record(row, MAX_TEXT)
        assert all(who.isprintable() or len(who) <= 60 for who, _ in row.opinions)
        "".join(who for who, _ in row.opinions).encode()
    else:
        assert row.count > 0


def check_listing(drawn: Drawn) -> None:
    """Fail unless a list reads alike however its bytes come in pieces."""
    data = drawn.text(LISTS, LIST_WORDS).encode("latin-1", "replace")
    how = drawn.pick(("auto", "ndjson", "hex", "csv", "json"))
    size = 1 + drawn.below(300)
    whole = _heard([data], how)
    assert _heard([data[at : at + size] for at in range(0, len(data), size)], how) == whole, f"pieces of {size} bytes"


def _heard(chunks: list[bytes], how: str) -> tuple[list[object], object]:
    """Return what a list holds, many rows at once as single ones, and what it says of itself."""
    listing = Listing(chunks, how, "its list")
    rows: list[object] = []
    try:
        for part in listing.parts():
            for row in part.rows:
                check_row(row)
                if isinstance(row, Plain):
                    rows += zip(row.ids or [None] * row.count, row.values, strict=True)
                elif isinstance(row, Record) and row.unnamed | (len(row.signals) == 1) and not row.files:
                    rows.append((row.id, row.signals[0].value if row.signals else b""))
                else:
                    rows.append(row)
    except UsageError as error:
        sentence(error)
        return [str(error)], None
    return rows, (listing.said.next, listing.said.rows, listing.said.whole, listing.digest)
