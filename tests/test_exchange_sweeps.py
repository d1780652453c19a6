"""What is missing from a list goes only after a reading that met all of it; what is no list takes nothing away."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.clock import ManualClock, iso
from bot.endpoints import Endpoints
from bot.errors import EndpointError, GifwardenError
from bot.exchanges import blocks
from bot.loopback.exchanges import ExchangePark, File, pdq_of
from bot.model import ExchangeState
from bot.store import Store
from tests.bots import Listening
from tests.fetching import NOW, clock, park
from tests.test_exchange_https import Signer
from tests.test_exchange_services import of_hma, of_meta, of_ncii
from tests.test_exchange_sync import listed, log, store, syncing_on

__all__ = ["clock", "log", "park", "store"]
DAY = 86_400


class CutError(BaseException):
    """We are stopped behind a page."""


def cut_behind(pages: int) -> Callable[[str], None]:
    """Return a boundary that stops us once, behind so many pages."""
    left = iter(range(pages))

    def boundary(_: str) -> None:
        if next(left, None) == pages - 1:
            raise CutError

    return boundary


def rows(*numbers: int, damaged: int = 0) -> bytes:
    """Return these rows as NDJSON, the first of them damaged."""
    return b"".join(
        json.dumps({"id": str(number), "pdq": "zz" if place < damaged else pdq_of(number)}).encode() + b"\n"
        for place, number in enumerate(numbers)
    )


def array(*numbers: int) -> bytes:
    """Return these rows as one document."""
    return json.dumps([{"id": str(number), "pdq": pdq_of(number)} for number in numbers]).encode()


NO_LIST = [
    b"",
    b"[]",
    b"id,pdq\n",
    b"# nothing\n",
    b'{"ok":false,"msg":"maintenance"}',
    b'{"status":"error","code":503}',
    b'{"error":"x"}',
    b"Service temporarily unavailable\n",
    b"null",
    b'{"data":[]}',
    rows(*range(40), damaged=40),
]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("body", NO_LIST)
def test_an_answer_that_is_no_list_takes_nothing_away(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, body: bytes, whole: bool
) -> None:
    """Of a list that has rows an answer without one asks or fails, and does not renew how fresh the rows are."""
    park.files["a.json"] = File(body=rows(*range(40)))
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.json", "whole": whole, "stale_days": 7}) as sync:
        sync.round()
        park.files["a.json"] = File(body=body)
        for _ in range(8):
            clock.sleep(DAY)
            sync.round()
        one = sync.stands("a")
        assert (one.listed, one.state in (ExchangeState.ASKS, ExchangeState.STALE)) == (40, True)
        assert "no longer act by themselves" in str(one.why)
        park.files["a.json"] = File(body=rows(*range(38)))
        assert sync.fetch("a").state is ExchangeState.UP_TO_DATE
        assert listed(store) == (38 if whole else 40)


def test_a_document_that_was_cut_off_sweeps_nothing(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """Half a document is a failure, though its rows are taken; the whole one is read again though its ETag is known."""
    full = array(*range(200))
    park.files["a.json"] = File(body=full)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.json", "whole": True}) as sync:
        sync.round()
        park.files["a.json"] = File(body=array(*range(5, 200))[: int(len(full) * 0.9)])
        with pytest.raises(EndpointError, match="ends too early"):
            sync.fetch("a")
        assert (listed(store), sync.stands("a").state) == (200, ExchangeState.FAILING)
        park.files["a.json"] = File(body=array(*range(5, 200)))
        sync.fetch("a")
        assert listed(store) == 195


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rows(*range(200), damaged=15), "15 rows cannot be read"),
        (b'{"rows":200}\n' + rows(*range(190)), "says that it has 200 rows, and 190 came"),
        (b'{"whole":true,"rows":200}\n' + rows(*range(190)), "says that it has 200 rows, and 190 came"),
    ],
)
def test_a_list_that_is_not_wholly_read_sweeps_nothing(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, body: bytes, said: str
) -> None:
    """A damaged row may be what is missed, and so may one that did not come; it is said, and all is read again."""
    ids = [f"x{number}" for number in range(10)]
    more = b"".join(
        json.dumps({"id": one, "pdq": pdq_of(900 + place)}).encode() + b"\n" for place, one in enumerate(ids)
    )
    park.files["a.ndjson"] = File(body=rows(*range(200)) + more)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.ndjson", "whole": True}) as sync:
        sync.round()
        park.files["a.ndjson"] = File(body=body)
        sync.fetch("a")
        assert {f"{one}" for one in ids} <= ids_of(store)
        assert said in str(sync.stands("a").why)
        asked = len(park.log)
        sync.fetch("a")
        assert "if-none-match" not in park.log[asked].headers
        park.files["a.ndjson"] = File(body=rows(*range(200)))
        sync.fetch("a")
        assert (listed(store), sync.stands("a").why) == (200, None)


def ids_of(store: Store) -> set[str]:
    """Return the ids of all rows that are there."""
    return {key for (key,) in store.connection.tuples("select key from list_rows where key is not null")}


@pytest.mark.parametrize("kind", ["stopncii", "threatexchange", "https", "says"])
@pytest.mark.parametrize("how", ["stop", "fault", "asks"])
def test_a_sweep_that_is_owed_is_done_whatever_cut_it_off(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, kind: str, how: str
) -> None:
    """All is read again, cut off in the middle or asked about: what is gone by the end is withdrawn, not forgotten."""
    left = 5 if how == "asks" else 95
    settings = {"stopncii": of_ncii, "threatexchange": of_meta}.get(
        kind, lambda _: {"url": f"{park.url}/lists/1.ndjson"}
    )
    one = {**settings(park), "stale_days": 300, "whole": kind == "https"}
    if kind in ("stopncii", "threatexchange"):
        del one["whole"]

    def put(count: int) -> None:
        park.stopncii.page = park.threatexchange.page = 50
        park.stopncii.records = []
        park.threatexchange.updates = []
        for number in range(count):
            park.stopncii.put(pdq_of(number), NOW - 1000)
            park.threatexchange.put(str(number), pdq_of(number), NOW - 1000)
        says = b'{"whole":true}\n' if kind == "says" else b""
        half = max(1, count // 2)
        park.files["1.ndjson"] = File(body=b'{"next":"2.ndjson"}\n' + says + rows(*range(half)))
        park.files["2.ndjson"] = File(body=says + rows(*range(half, count)))

    put(100)
    with syncing_on(store, clock, log, a=one) as sync:
        sync.round()
        assert listed(store) == 100
    clock.sleep(90 * DAY)
    put(left)
    boundary = cut_behind(1) if how == "stop" else lambda _: None
    with syncing_on(store, clock, log, boundary, a=one) as sync:
        if how == "stop":
            with pytest.raises(CutError):
                sync.fetch("a")
        elif how == "fault":
            park.faults.extend([None, "500"])
            with pytest.raises(EndpointError):
                sync.fetch("a")
        else:
            assert sync.fetch("a").state is ExchangeState.ASKS
            assert listed(store) == 100
    with syncing_on(store, clock, log, a=one) as sync:  # another process
        sync.fetch("a", yes=how == "asks")
        assert (listed(store), sync.stands("a").state) == (left, ExchangeState.UP_TO_DATE)


def test_what_was_met_is_known_after_a_fault(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """The same process goes on behind the last page, though the reading is to end in a sweep."""
    park.stopncii.page = 20
    for number in range(100):
        park.stopncii.put(pdq_of(number), NOW - 1000)
    with syncing_on(store, clock, log, a=of_ncii(park, stale_days=300)) as sync:
        sync.round()
        clock.sleep(31 * DAY)
        park.stopncii.records = park.stopncii.records[:95]
        park.faults.extend([None, None, None, "500"])
        with pytest.raises(EndpointError):
            sync.fetch("a")
        asked = len(park.log)
        sync.fetch("a")
        assert (len(park.log) - asked, listed(store)) == (2, 95)


@pytest.mark.slow
def test_a_packed_list_that_was_cut_off_loses_no_row(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place in what was unpacked is no place in the file: it begins anew, and every row is there once."""
    monkeypatch.setattr(blocks, "PAGE_ROWS", 500)
    body = "".join(f"{pdq_of(number)}\n" for number in range(20_000)).encode()
    park.files["a.txt.gz"] = File(body=gzip.compress(body, 1), type="application/gzip")
    settings = {"url": f"{park.url}/lists/a.txt.gz"}
    with syncing_on(store, clock, log, cut_behind(1), a=settings) as sync, pytest.raises(CutError):
        sync.fetch("a")
    assert 0 < listed(store) < 20_000
    with syncing_on(store, clock, log, a=settings) as sync:
        row = sync.fetch("a")
        assert (listed(store), row.failed) == (20_000, 0)


def test_a_file_whose_format_changed_is_read_in_its_new_one(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The format of what was cut off holds for its rest only, not for what lies there by now."""
    monkeypatch.setattr(blocks, "PAGE_ROWS", 500)
    park.files["a.txt"] = File(body="".join(f"{pdq_of(number)}\n" for number in range(30_000)).encode())
    settings = {"url": f"{park.url}/lists/a.txt"}
    with syncing_on(store, clock, log, cut_behind(1), a=settings) as sync, pytest.raises(CutError):
        sync.fetch("a")
    before = listed(store)
    park.files["a.txt"] = File(
        body=("note,pdq\n" + "".join(f"x,{pdq_of(90_000 + row)}\n" for row in range(50))).encode()
    )
    with syncing_on(store, clock, log, a=settings) as sync:
        assert (sync.fetch("a").failed, listed(store)) == (0, before + 50)


@pytest.mark.parametrize(
    "line",
    [
        '{"whole":true,"next":"2.ndjson"}',
        '{"next":"2.ndjson","whole":true}',
        '{"rows": 60, "whole": true, "next": "2.ndjson"}',
        '{ "Complete" : true, "next": "2.ndjson" }',
    ],
)
def test_a_list_says_all_of_itself_on_one_line(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, line: str
) -> None:
    """That it is whole, how many rows it has and where it goes on are heard in any order, and by page two it sweeps."""
    park.files["1.ndjson"] = File(body=rows(*range(62)))
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/1.ndjson"}) as sync:
        sync.fetch("a")
        park.files["1.ndjson"] = File(body=line.encode() + b"\n" + rows(*range(50)))
        park.files["2.ndjson"] = File(body=rows(*range(50, 60)))
        sync.fetch("a")
        assert listed(store) == 60
        park.files["2.ndjson"] = File(body=rows(*range(50, 59)))
        sync.fetch("a")  # from the first page, for the list is whole
        assert listed(store) == (60 if "rows" in line else 59)


def test_a_row_is_no_word_of_the_list(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """A row that has a field of such a name is a row."""
    park.files["a.ndjson"] = File(body=json.dumps({"rows": 3, "id": "1", "pdq": pdq_of(1)}).encode())
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.ndjson"}) as sync:
        assert sync.fetch("a").added == 1


@pytest.mark.parametrize("tags", [["CSAM"], ["Underage"], ["nude", "child abuse"]])
@pytest.mark.parametrize("kind", ["stopncii", "hma", "hma labels", "threatexchange", "https"])
def test_child_abuse_is_kept_from_no_exchange(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, kind: str, tags: list[str]
) -> None:
    """Whatever kind it comes by and wherever the tag stands: the row is dropped, and one that was there goes."""
    make: dict[str, Callable[..., dict[str, Any]]] = {"stopncii": of_ncii, "threatexchange": of_meta, "hma": of_hma}
    plain = {"url": f"{park.url}/lists/a.ndjson"}
    one = make[kind.split()[0]](park) if kind.split()[0] in make else plain

    def put(number: int, said: list[str]) -> None:
        clock.sleep(60)
        now = int(clock.now().timestamp())
        value = pdq_of(number)
        park.stopncii.put(value, now, CSPFeedbacks=[{"source": "X", "feedbackValue": "Blocked", "tags": said}])
        about = {"data": [{"id": "9", "status": "MALICIOUS", "tags": {"data": [{"text": tag} for tag in said]}}]}
        park.threatexchange.put(str(number), value, now, descriptors=about)
        park.hma.put("KNOWN_FAKES", number, {"pdq": value})
        park.hma.banks["KNOWN_FAKES"][number] |= {"metadata": {"labels": said}} if "labels" in kind else {"tags": said}

    put(1, ["nude"])
    put(2, ["nude"])
    park.files["a.ndjson"] = File(body=rows(1, 2))
    with syncing_on(store, clock, log, a=one) as sync:
        sync.fetch("a")
        assert listed(store) == 2
        put(1, tags)
        put(3, tags)
        tagged = b"".join(
            json.dumps({"id": str(number), "pdq": pdq_of(number), "tags": tags}).encode() + b"\n" for number in (1, 3)
        )
        park.files["a.ndjson"] = File(body=rows(2) + tagged)
        sync.fetch("a")
        assert listed(store) == 1


def test_a_header_leads_to_no_older_signed_list(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """A Link is signed by nobody: where a key is set it counts for nothing, and an older list stays refused."""
    signer = Signer()
    old, new = rows(*range(10)), rows(*range(5))

    def put(name: str, body: bytes, at: int, link: str = "") -> None:
        park.files[name] = File(body=body, link=link)
        park.files[f"{name}.minisig"] = File(body=signer.sign(body, at))

    put("old.ndjson", old, 100)
    put("a.ndjson", new, 200)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.ndjson", "public_key": signer.public}) as sync:
        sync.fetch("a")
        put("a.ndjson", new + b"\n", 200, '<old.ndjson>; rel="next"')
        sync.fetch("a")
        assert listed(store) == 5
        put("a.ndjson", b'{"next":"b.ndjson"}\n' + new, 300 * DAY)
        put("b.ndjson", old, 100)
        for fresh in (False, True):
            with pytest.raises(EndpointError, match="signed before"):
                sync.fetch("a", fresh=fresh)
        put("b.ndjson", rows(7), 300 * DAY - 60)
        sync.fetch("a")
        assert listed(store) == 6


@pytest.mark.parametrize("signed", ["file", "inside"])
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_signed_list_may_be_packed(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, signed: str, encoding: str
) -> None:
    """The signature is of the file as it lies there or of the list in it; a change of either is refused."""
    signer, body = Signer(), rows(*range(9))
    packed = gzip.compress(body)
    park.files["a.ndjson.gz"] = File(body=packed, type="application/gzip", encoding=encoding)
    park.files["a.ndjson.gz.minisig"] = File(body=signer.sign(packed if signed == "file" else body, 100))
    one = {"url": f"{park.url}/lists/a.ndjson.gz", "public_key": signer.public}
    with syncing_on(store, clock, log, a=one) as sync:
        assert sync.fetch("a").added == 9
        park.files["a.ndjson.gz"] = File(body=gzip.compress(body + rows(9)), encoding=encoding)
        with pytest.raises(EndpointError, match="not what was signed"):
            sync.fetch("a")
        assert listed(store) == 9


@pytest.mark.parametrize(
    "path", ["s3cr3t-token/list.txt", "s3cr3t-token.txt", "a/s3cr3t-token.ndjson", "x.txt?k=s3cr3t-token"]
)
@pytest.mark.parametrize("body", [b"hello\n", b"<html>", b'{"error":"x"}', b"{"])
def test_no_error_tells_the_address(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, path: str, body: bytes
) -> None:
    """A token may stand anywhere in it; the host is all that is said."""
    park.files[path.partition("?")[0]] = File(body=body)
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/{path}"}) as sync:
        with pytest.raises(EndpointError) as caught:
            sync.fetch("a")
        told = f"{caught.value}{sync.stands('a').why}{log.warnings}"
        assert "s3cr3t" not in told
        assert "127.0.0.1" in told or "can be read" in told


def test_each_try_of_a_fetch_has_no_share_of_its_own(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """What a fetch withdrew counts until one ended well, however often it is asked, fails or is tried by hand."""
    park.files["0.ndjson"] = File(body=rows(*range(1000)))
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/0.ndjson"}) as sync:
        sync.fetch("a")
        for page in range(10):
            gone = "".join(
                json.dumps({"id": str(number), "status": "withdrawn"}) + "\n"
                for number in range(page * 60, page * 60 + 60)
            )
            park.files[f"{page}.ndjson"] = File(body=(f'{{"next":"{page + 1}.ndjson"}}\n{gone}').encode())
        park.files["10.ndjson"] = File(body=rows(999))
        for number in range(7):
            if number % 2:
                park.faults.append("500")
            try:
                sync.fetch("a", fresh=number == 4)
            except GifwardenError:
                clock.sleep(DAY)
            assert listed(store) == 940
        assert "takes back or changes 120 rows at once, of 1,000" in str(sync.stands("a").why)
        sync.fetch("a", yes=True)
        assert listed(store) == 400


def test_what_never_ended_becomes_stale(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """A first sync that fails again and again does not keep its rows fresh; its first end does."""
    park.files["1.ndjson"] = File(body=b'{"next":"2.ndjson"}\n' + rows(*range(10)))
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/1.ndjson", "stale_days": 7}) as sync:
        for _ in range(6):
            sync.round()
            clock.sleep(DAY)
        assert sync.stands("a").state is ExchangeState.FAILING
        clock.sleep(DAY)
        sync.round()
        assert sync.stands("a").state is ExchangeState.STALE
        (stale,) = (one.fresh_until for one in store.lists.listing())
        assert str(stale) <= iso(clock.now())
        park.files["2.ndjson"] = File(body=rows(11))
        sync.fetch("a")
        assert sync.stands("a").state is ExchangeState.UP_TO_DATE


@pytest.mark.parametrize("whole", [True, False])
def test_a_folder_that_was_emptied_is_told(
    store: Store, clock: ManualClock, log: Listening, tmp_path: Path, whole: bool
) -> None:
    """It may not be mounted: nothing goes, and its rows become stale. A file of words alone empties no list."""
    path = tmp_path / "a.ndjson"
    path.write_bytes(rows(*range(40)))
    os.utime(path, (NOW - 60, NOW - 60))
    one = {"kind": "folder", "folder": tmp_path, "whole": whole, "stale_days": 2}
    with syncing_on(store, clock, log, a=one) as sync:
        sync.fetch("a")
        (tmp_path / "readme.txt").write_bytes(b"# nothing\n")
        os.utime(tmp_path / "readme.txt", (NOW - 30, NOW - 30))
        state = sync.fetch("a").state
        assert (state, listed(store)) == (ExchangeState.ASKS if whole else ExchangeState.UP_TO_DATE, 40)
        for found in tmp_path.iterdir():
            found.unlink()
        clock.sleep(3 * DAY)
        with pytest.raises(EndpointError, match="held lists and now holds none"):
            sync.fetch("a")
        assert (sync.stands("a").state, listed(store)) == (ExchangeState.STALE, 40)


@pytest.fixture
def http(clock: ManualClock) -> Iterator[Endpoints]:
    """What asks an exchange."""
    endpoints = Endpoints(clock)
    yield endpoints
    endpoints.close()


def test_an_answer_of_millions_of_nothings_is_refused(http: Endpoints, park: ExchangePark) -> None:
    """A few kilobytes of them would take gigabytes; as many rows as a page ever has are read."""
    park.files["a.json"] = File(body=gzip.compress(b'{"data":[' + b"[]," * 1_000_000 + b"[]]}"), encoding="gzip")
    with pytest.raises(EndpointError, match="far more in one answer"):
        http.ask(f"{park.url}/lists/a.json").json()
    park.files["b.json"] = File(body=b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(EndpointError, match="other than whole JSON"):
        http.ask(f"{park.url}/lists/b.json").json()
    park.files["c.json"] = File(body=json.dumps([{"a": [{"b": 1}] * 20}] * 800).encode())
    assert len(http.ask(f"{park.url}/lists/c.json").json()) == 800


@pytest.mark.parametrize("kind", ["ndjson", "csv", "json", "hma", "threatexchange"])
@pytest.mark.parametrize("now", ["damaged", "foreign"])
def test_an_id_that_cannot_be_read_any_more_matches_no_more(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, kind: str, now: str
) -> None:
    """What its row held before is not what its keeper says now; the others stay, and it is told."""
    make = {"threatexchange": of_meta, "hma": of_hma}
    one = make[kind](park) if kind in make else {"url": f"{park.url}/lists/a.{kind}"}

    def put(*values: dict[str, str]) -> None:
        clock.sleep(60)
        moment = int(clock.now().timestamp())
        named = [{"id": str(number), **value} for number, value in enumerate(values, 1)]
        text = {
            "ndjson": "".join(json.dumps(row) + "\n" for row in named),
            "json": json.dumps(named),
            "csv": "id,pdq,sha1\n"
            + "".join(f"{row['id']},{row.get('pdq', '')},{row.get('sha1', '')}\n" for row in named),
        }
        park.files[f"a.{kind}"] = File(body=text.get(kind, "").encode())
        for number, value in enumerate(values, 1):
            park.hma.put("KNOWN_FAKES", number, dict(value))
            type_ = "HASH_PDQ" if "pdq" in value else "HASH_MD5"
            park.threatexchange.put(str(number), value.get("pdq") or value["sha1"], moment, type=type_)

    good = [{"pdq": pdq_of(number)} for number in range(6)]
    put(*good)
    with syncing_on(store, clock, log, a=one) as sync:
        sync.fetch("a")
        assert listed(store) == 6
        put({"pdq": "oops"} if now == "damaged" else {"sha1": "a1" * 20}, *good[1:])
        row = sync.fetch("a")
        assert (listed(store), row.withdrawn, row.rows >= 6) == (5, 1, True)
        assert [one for one in log.warnings if "left out" in str(one)]
        sync.fetch("a")
        put(*good)
        sync.fetch("a")
        assert listed(store) == 6


def test_an_id_with_a_row_a_digest_stays(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its rows is of a kind that we do not match; the other is taken, in whatever order, over steps as well."""
    monkeypatch.setattr("bot.pipeline.keeping.list_import.STEP", 2)
    pairs = [("sha1", "a1" * 20), ("pdq", pdq_of(1))]
    lines = [
        {"id": str(number), "type": kind, "value": value if kind == "sha1" else pdq_of(number)}
        for number in range(9)
        for kind, value in (pairs if number % 2 else pairs[::-1])
    ]
    text = "".join(json.dumps(one) + "\n" for one in lines)
    park.files["a.ndjson"] = File(body=text.encode())
    with syncing_on(store, clock, log, a={"url": f"{park.url}/lists/a.ndjson"}) as sync:
        sync.fetch("a")
        assert listed(store) == 9
        row = sync.fetch("a", fresh=True)
        assert (listed(store), row.withdrawn, row.changed) == (9, 0, 0)


@pytest.mark.parametrize("said", ["true", 1, None, 0, "false", []])
def test_an_end_of_stopncii_is_only_what_says_so(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark, said: Any
) -> None:
    """Whether there is more is true or false; anything else is no end, and nothing is swept by it."""
    park.stopncii.put(pdq_of(1), NOW)
    answer = {
        "hashRecords": park.stopncii.records,
        "nextPageToken": "t",
        "nextSetTimestamp": NOW,
        "hasMoreRecords": said,
    }
    park.files["FetchHashes"] = File(body=json.dumps(answer).encode(), type="application/json")
    with syncing_on(store, clock, log, a={**of_ncii(park), "url": f"{park.url}/lists"}) as sync:
        with pytest.raises(EndpointError, match="neither true nor false"):
            sync.fetch("a")
        assert sync.stands("a").state is ExchangeState.FAILING


def test_moments_far_ahead_hide_nothing(store: Store, clock: ManualClock, log: Listening, park: ExchangePark) -> None:
    """A moment of StopNCII's beyond tomorrow is not believed, and one of ours that a wrong clock left reads all."""
    answer = {"hashRecords": [], "nextPageToken": "", "nextSetTimestamp": 2**39, "hasMoreRecords": False}
    park.files["FetchHashes"] = File(body=json.dumps(answer).encode(), type="application/json")
    with syncing_on(store, clock, log, a={**of_ncii(park), "url": f"{park.url}/lists"}) as sync:
        sync.fetch("a")
        row = store.exchanges.get("a")
        assert row is not None
        assert row.checkpoint == {"since": 10, "done": NOW}
        far = json.dumps({"since": NOW, "done": NOW + 90 * DAY})
        store.connection.run("update exchanges set checkpoint = ?", (far,))
        sync.fetch("a")
        assert park.log[-1].query["startTimestamp"] == "10"


def test_a_clock_that_was_ahead_loses_nothing_of_threatexchange(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """What was updated between the true time and ours comes once the clock is right."""
    park.threatexchange.put("1", pdq_of(1), NOW - 10)
    with syncing_on(store, clock, log, a=of_meta(park)) as sync:
        sync.fetch("a")
        ahead = json.dumps({"since": NOW + 10 * DAY, "done": NOW + 10 * DAY})
        store.connection.run("update exchanges set checkpoint = ?", (ahead,))
        clock.sleep(2 * DAY)
        park.threatexchange.put("2", pdq_of(2), NOW + DAY)
        sync.fetch("a")
        assert listed(store) == 2


def test_a_next_page_without_a_cursor_is_no_end(
    store: Store, clock: ManualClock, log: Listening, park: ExchangePark
) -> None:
    """What says that more follows and not where is told; nothing counts as read to its end."""
    answer = {"data": [], "paging": {"next": "https://graph.facebook.com/x?access_token=APP|SECRET"}}
    park.files["v21.0/777/threat_updates/"] = File(body=json.dumps(answer).encode(), type="application/json")
    with (
        syncing_on(store, clock, log, a={**of_meta(park), "url": f"{park.url}/lists"}) as sync,
        pytest.raises(EndpointError, match="a next page without its cursor") as caught,
    ):
        sync.fetch("a")
    assert "SECRET" not in str(caught.value)
