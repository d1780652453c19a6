"""Lists at an address: formats, pages, conditions, going on, signatures, and everything that servers do wrong."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bot import signatures
from bot.clock import ManualClock
from bot.endpoints import Endpoints
from bot.errors import EndpointError, UsageError
from bot.exchanges import Checkpoint, Page, blocks, https
from bot.lists import Record
from bot.loopback.exchanges import ExchangePark, File, HashFeed, pdq_of
from tests.fetching import begun, clock, faults, http, pages_of, park, records, values
from tests.slow import slow

__all__ = ["clock", "http", "park"]
HEX = [pdq_of(number) for number in range(5)]


def ndjson(*rows: Mapping[str, object]) -> bytes:
    """Return rows as lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def hexes(count: int) -> bytes:
    """Return so many different hashes, a line each."""
    return "".join(f"{pdq_of(number)}\n" for number in range(count)).encode()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.txt", "\n".join(HEX).encode()),
        ("a.csv", ("value,type\n" + "".join(f"{one},pdq\n" for one in HEX)).encode()),
        ("a.ndjson", ndjson(*({"pdq": one} for one in HEX))),
        ("a.json", json.dumps([{"pdq": one} for one in HEX]).encode()),
        ("a.json", json.dumps({"data": [{"indicator": one, "type": "HASH_PDQ"} for one in HEX]}).encode()),
        ("a.txt.gz", gzip.compress("\n".join(HEX).encode())),
        ("a.csv.gz", gzip.compress(("value,type\r\n" + "".join(f"{one},pdq\r\n" for one in HEX)).encode())),
    ],
)
def test_formats_are_told_by_content(
    park: ExchangePark, http: Endpoints, clock: ManualClock, name: str, body: bytes
) -> None:
    """Hex lines, CSV, NDJSON and JSON come out the same, packed or not."""
    park.files[name] = File(body=body)
    pages = pages_of(http, clock, url=f"{park.url}/lists/{name}")
    assert values(records(pages)) == HEX
    assert pages[-1].last
    assert not faults(pages)


def test_an_unchanged_list_is_not_read_again(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """A list that the server says did not change gives no rows; one that changed is read whole."""
    park.files["a.txt"] = File(body=hexes(3))
    url = f"{park.url}/lists/a.txt"
    end = pages_of(http, clock, url=url)[-1].checkpoint
    again = pages_of(http, clock, end, url=url)
    assert (len(again), again[0].rows, again[0].last, again[0].whole) == (1, (), True, False)
    park.files["a.txt"] = File(body=hexes(4))
    assert len(records(pages_of(http, clock, end, url=url))) == 4
    assert len(records(pages_of(http, clock, end, url=url, fresh=True))) == 4


def test_a_list_of_another_address_is_another_list(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """A checkpoint holds for the address under which it was made."""
    park.files["a.txt"], park.files["b.txt"] = File(body=hexes(3)), File(body=hexes(3))
    end = pages_of(http, clock, url=f"{park.url}/lists/a.txt")[-1].checkpoint
    assert len(records(pages_of(http, clock, end, url=f"{park.url}/lists/b.txt"))) == 3


def test_a_token_goes_to_its_own_place_only(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """The token is sent as a Bearer's; without it the list is refused, and the sentence says what to look at."""
    park.files["a.txt"] = File(body=hexes(3), needs="Bearer sesame")
    assert len(records(pages_of(http, clock, url=f"{park.url}/lists/a.txt", key="sesame"))) == 3
    with pytest.raises(EndpointError, match="refuses us") as caught:
        pages_of(http, clock, url=f"{park.url}/lists/a.txt")
    assert caught.value.setup


def test_pages_follow_one_another_and_only_new_ones_are_read_later(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """A feed is read page by page; later the last page is asked again, and what follows it is read."""
    park.feeds["a"] = HashFeed(rows=250, page_rows=100)
    url = f"{park.url}/feeds/a/1.ndjson"
    pages = pages_of(http, clock, url=url)
    assert [len(records([page])) for page in pages] == [100, 100, 50]
    assert [page.last for page in pages] == [False, False, True]
    assert len({row.id for row in records(pages)}) == 250
    before = len(park.log)
    assert records(pages_of(http, clock, pages[-1].checkpoint, url=url)) == []
    assert len(park.log) == before + 1
    park.feeds["a"].changes.append([(7, 0), (8, 2)])
    later = pages_of(http, clock, pages[-1].checkpoint, url=url)
    changed = records(later)[-2:]
    assert [(row.id, row.withdrawn) for row in changed] == [("r7", True), ("r8", False)]
    assert changed[1].signals[0].value.hex() == pdq_of(8, 2)
    assert records(pages_of(http, clock, later[-1].checkpoint, url=url)) == []


def test_a_last_page_that_only_names_another_is_not_taken_again(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """What it says of itself changed, its rows did not: only those of the new page come. Changed rows come all."""
    rows = ndjson(*({"id": str(number), "pdq": one} for number, one in enumerate(HEX)))
    park.files["1.ndjson"] = File(body=ndjson({"rows": 5}) + rows)
    url = f"{park.url}/lists/1.ndjson"
    end = pages_of(http, clock, url=url)[-1].checkpoint
    park.files["1.ndjson"] = File(body=ndjson({"rows": 6, "next": "2.ndjson"}) + rows)
    park.files["2.ndjson"] = File(body=ndjson({"id": "9", "pdq": pdq_of(9)}))
    later = pages_of(http, clock, end, url=url)
    assert values(records(later)) == [pdq_of(9)]
    assert records(pages_of(http, clock, later[-1].checkpoint, url=url)) == []
    park.files["1.ndjson"] = File(body=ndjson({"rows": 6, "next": "2.ndjson"}) + rows + ndjson({"pdq": pdq_of(8)}))
    assert len(records(pages_of(http, clock, end, url=url))) == 7
    park.files["1.ndjson"] = File(body="\n".join(HEX[:2]).encode())  # another format altogether
    assert len(records(pages_of(http, clock, end, url=url))) == 2


def test_each_page_can_be_gone_on_with(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Whatever page a kill came behind, its checkpoint gives the rest and nothing twice."""
    park.feeds["a"] = HashFeed(rows=250, page_rows=50)
    url = f"{park.url}/feeds/a/1.ndjson"
    pages = pages_of(http, clock, url=url)
    for cut in range(1, len(pages)):
        rest = pages_of(http, clock, json.loads(json.dumps(pages[cut - 1].checkpoint)), url=url)
        assert [row.id for row in records(pages[:cut]) + records(rest)] == [f"r{number}" for number in range(250)]


def test_a_csv_page_names_the_next_by_a_header(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Formats without a place for it name the next page by the header Link."""
    park.files["1.txt"] = File(body=hexes(2), link='<2.txt>; rel="next", <1.txt>; rel="self"')
    park.files["2.txt"] = File(body=pdq_of(9).encode())
    assert len(records(pages_of(http, clock, url=f"{park.url}/lists/1.txt"))) == 3


@pytest.mark.parametrize("following", ["https://elsewhere.example/2", "http://127.0.0.1:1/2", "file:///etc/passwd"])
def test_a_page_of_another_place_is_not_asked_for(
    park: ExchangePark, http: Endpoints, clock: ManualClock, following: str
) -> None:
    """A list leads nowhere but to its own origin."""
    park.files["1.ndjson"] = File(body=ndjson({"next": following}, {"pdq": HEX[0]}))
    with pytest.raises(EndpointError, match="another place"):
        pages_of(http, clock, url=f"{park.url}/lists/1.ndjson")


def test_a_circle_and_pages_without_end_are_left(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed whose next page is one that we had, or that goes on and on without rows, ends with a sentence."""
    park.files["1.ndjson"] = File(body=ndjson({"next": "2.ndjson"}, {"pdq": HEX[0]}))
    park.files["2.ndjson"] = File(body=ndjson({"next": "1.ndjson"}, {"pdq": HEX[1]}))
    with pytest.raises(EndpointError, match="one that we had"):
        pages_of(http, clock, url=f"{park.url}/lists/1.ndjson")
    monkeypatch.setattr(https, "EMPTY_PAGES", 5)
    for number in range(1, 20):
        park.files[f"{number}.ndjson"] = File(body=ndjson({"next": f"{number + 1}.ndjson"}))
    with pytest.raises(EndpointError, match="ever more pages without rows"):
        pages_of(http, clock, url=f"{park.url}/lists/1.ndjson", format="ndjson")


@slow
def test_a_long_list_goes_on_where_it_was_cut(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a cut left of one file is asked for by its place, if the server knows that and the list did not change."""
    monkeypatch.setattr(blocks, "PAGE_ROWS", 1000)
    park.files["a.txt"] = File(body=hexes(60_000))
    url = f"{park.url}/lists/a.txt"
    fetch = begun(http, clock, url=url)
    pages = [next(fetch), next(fetch)]
    fetch.close()  # type: ignore[attr-defined]  # it is a generator
    assert pages[-1].checkpoint["offset"]
    assert pages[0].share is not None
    assert 0 < pages[0].share < 1
    rest = pages_of(http, clock, pages[-1].checkpoint, url=url)
    assert park.log[-1].headers["range"].startswith("bytes=")
    assert values(records(pages) + records(rest)) == [pdq_of(number) for number in range(60_000)]
    park.files["a.txt"].ranges = False
    assert len(records(pages_of(http, clock, pages[-1].checkpoint, url=url))) == 60_000
    park.files["a.txt"] = File(body=hexes(15_000))
    assert len(records(pages_of(http, clock, pages[-1].checkpoint, url=url))) == 15_000


def test_a_list_that_ends_where_it_was_cut_is_read_anew(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """Nothing behind the place is no failure."""
    park.files["a.txt"] = File(body=hexes(10))
    url = f"{park.url}/lists/a.txt"
    checkpoint = {"of": url, "url": url, "etag": park.files["a.txt"].etag, "offset": 650, "how": "hex"}
    assert len(records(pages_of(http, clock, checkpoint, url=url))) == 10


def test_whole_is_said_only_of_a_reading_from_the_beginning(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """What sweeps is a list that its operator calls whole and that was read from its first row to its last."""
    park.files["a.txt"] = File(body=hexes(10))
    url = f"{park.url}/lists/a.txt"
    assert not pages_of(http, clock, url=url)[-1].whole
    end = pages_of(http, clock, url=url, whole=True)[-1]
    assert end.whole
    assert not pages_of(http, clock, end.checkpoint, url=url, whole=True)[-1].whole  # it did not change
    park.feeds["b"] = HashFeed(rows=20, page_rows=10)
    feed = f"{park.url}/feeds/b/1.ndjson"
    pages = pages_of(http, clock, url=feed, whole=True)
    assert [page.whole for page in pages] == [False, True]
    assert len(records(pages_of(http, clock, pages[0].checkpoint, url=feed, whole=True))) == 20


@pytest.mark.parametrize("fault", ["drop", "cut", "500", "429", "html", "elsewhere"])
def test_what_comes_before_a_fault_is_kept(park: ExchangePark, http: Endpoints, clock: ManualClock, fault: str) -> None:
    """A page that fails leaves the pages before it, and the next try goes on from there."""
    park.feeds["a"] = HashFeed(rows=90, page_rows=30)
    url = f"{park.url}/feeds/a/1.ndjson"
    park.faults.extend([None, fault, None])  # type: ignore[list-item]  # of the table above
    pages: list[Page] = []
    with pytest.raises(EndpointError):
        pages.extend(begun(http, clock, url=url))  # which keeps what came before
    got = {row.id for row in records(pages)}
    assert len(got) >= 30
    rest = {row.id for row in records(pages_of(http, clock, pages[-1].checkpoint, url=url))}
    assert got | rest == {f"r{number}" for number in range(90)}


def test_garbage_among_rows_is_told_with_its_line(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """A row that is none is left out by itself; its line is that of the list."""
    lines = [json.dumps({"pdq": one}) for one in HEX]
    lines[3:3] = ["{{{", "[", '{"pdq": 7}']
    park.files["a.ndjson"] = File(body="\n".join(lines).encode())
    pages = pages_of(http, clock, url=f"{park.url}/lists/a.ndjson")
    assert values(records(pages)) == HEX
    assert [fault.line for fault in faults(pages)] == [4, 5, 6]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "no list that we can read"),
        (b'{"data": [', "no list that we can read"),
        (b"x" * (5 * 2**20), "no list that we can read"),
    ],
)
def test_what_is_no_list_is_one_sentence(
    park: ExchangePark, http: Endpoints, clock: ManualClock, body: bytes, said: str
) -> None:
    """A page of words, half a document and a line without end are told, and nothing of them is quoted."""
    park.files["a.bin"] = File(body=body)
    with pytest.raises(EndpointError, match=said) as caught:
        pages_of(http, clock, url=f"{park.url}/lists/a.bin")
    assert "xxxx" not in str(caught.value)


class Signer:
    """What minisign does."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = base64.b64encode(b"Ed" + b"12345678" + raw).decode()

    def sign(self, body: bytes, at: int) -> bytes:
        """Return the signature file of a list."""
        signed = self._key.sign(hashlib.blake2b(body, digest_size=64).digest())
        comment = f"timestamp:{at}\tfile:a.txt\thashed"
        outer = base64.b64encode(self._key.sign(signed + comment.encode())).decode()
        inner = base64.b64encode(b"ED" + b"12345678" + signed).decode()
        return f"untrusted comment: x\n{inner}\ntrusted comment: {comment}\n{outer}\n".encode()


def test_a_signed_list_is_taken_and_nothing_else(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """With a key configured: right signature taken; none, another key, another body, an older list refused."""
    signer, stranger = Signer(), Signer()
    url = f"{park.url}/lists/a.txt"

    def fetch(checkpoint: Checkpoint | None = None) -> list[str]:
        pages = pages_of(http, clock, checkpoint, url=url, public_key=signer.public)
        end.append(pages[-1].checkpoint)
        return values(records(pages))

    end: list[Checkpoint] = []
    park.files["a.txt"] = File(body=hexes(3))
    with pytest.raises(EndpointError, match="it is not signed"):
        fetch()
    park.files["a.txt.minisig"] = File(body=stranger.sign(hexes(3), 100))
    with pytest.raises(EndpointError, match="not taken"):
        fetch()
    park.files["a.txt.minisig"] = File(body=signer.sign(hexes(4), 100))
    with pytest.raises(EndpointError, match="not what was signed"):
        fetch()
    park.files["a.txt.minisig"] = File(body=signer.sign(hexes(3), 100))
    assert len(fetch()) == 3
    park.files["a.txt"], park.files["a.txt.minisig"] = File(body=hexes(5)), File(body=signer.sign(hexes(5), 200))
    assert len(fetch(end[-1])) == 5
    park.files["a.txt"], park.files["a.txt.minisig"] = File(body=hexes(3)), File(body=signer.sign(hexes(3), 100))
    with pytest.raises(EndpointError, match="signed before the one we have") as caught:
        fetch(end[-1])
    assert caught.value.setup
    assert len(values(records(pages_of(http, clock, end[-2], url=url, public_key=signer.public)))) in (0, 3)


def test_an_older_signed_list_is_refused_from_the_beginning_too(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """To begin anew does not forget how new the list was."""
    signer, url = Signer(), f"{park.url}/lists/a.txt"
    park.files["a.txt"], park.files["a.txt.minisig"] = File(body=hexes(5)), File(body=signer.sign(hexes(5), 200))
    end = pages_of(http, clock, url=url, public_key=signer.public)[-1].checkpoint
    park.files["a.txt"], park.files["a.txt.minisig"] = File(body=hexes(3)), File(body=signer.sign(hexes(3), 100))
    with pytest.raises(EndpointError, match="signed before"):
        pages_of(http, clock, end, url=url, public_key=signer.public, fresh=True)


def test_a_changed_comment_of_a_signature_is_refused() -> None:
    """The moment of signing is itself signed."""
    signer = Signer()
    text = signer.sign(b"a", 100).decode()
    assert signatures.read(signer.public, text).signed_at == 100
    with pytest.raises(signatures.SignatureError, match="comment was changed"):
        signatures.read(signer.public, text.replace("timestamp:100", "timestamp:900"))
    inner = text.splitlines()[1]
    legacy = base64.b64encode(b"Ed" + base64.b64decode(inner)[2:]).decode()
    with pytest.raises(signatures.SignatureError, match="legacy"):
        signatures.read(signer.public, text.replace(inner, legacy))


@given(st.text(max_size=300))
def test_any_text_as_a_signature_is_a_sentence(text: str) -> None:
    """What is no signature never raises anything else."""
    with pytest.raises(signatures.SignatureError):
        signatures.read("RW" + "A" * 54, text)


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_blocks_hold_every_byte_in_whole_lines(parts: list[bytes]) -> None:
    """Lines are never cut, whatever the pieces are in which they come."""
    found = list(blocks.blocks(parts))
    assert b"".join(found) == b"".join(parts)
    assert all(block.endswith(b"\n") for block in found[:-1])


@given(st.text(max_size=200))
def test_what_a_list_says_of_itself_is_read_or_left(text: str) -> None:
    """Any line is either such a one or a row."""
    line = f'{{"next":{text}'.replace("\n", " ").replace("\r", " ").encode("utf-8", "replace")
    listing = blocks.Listing([line + b"\n" + f'{{"pdq":"{HEX[0]}"}}\n'.encode()], "ndjson", "a")
    rows = [row for part in listing.parts() for row in part.rows]
    assert rows[-1].signals if isinstance(rows[-1], Record) else False
    assert listing.said.next is None or isinstance(listing.said.next, str)


def test_a_document_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One JSON document has to be held whole, so it is bounded."""
    monkeypatch.setattr(blocks, "LARGEST_DOCUMENT", 1000)
    listing = blocks.Listing([b"[" + b" " * 2000 + b"]"], "json", "a.json")
    with pytest.raises(UsageError, match="more than 1 GB"):
        list(listing.parts())
