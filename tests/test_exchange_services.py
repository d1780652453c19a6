"""HMA, ThreatExchange and StopNCII in their documented shapes, with the traps that their clients fall into."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import exchanges
from bot.clock import ManualClock
from bot.config import ExchangeConfig
from bot.endpoints import Endpoints
from bot.errors import EndpointError
from bot.exchanges import Context, Feedback, hma, stopncii, threatexchange
from bot.loopback.exchanges import ExchangePark, pdq_of
from bot.model import Opinion
from tests.fetching import NOW, clock, faults, http, pages_of, park, records, values

__all__ = ["clock", "http", "park"]
HEX = [pdq_of(number) for number in range(20)]
MD5 = "0123456789abcdef0123456789abcdef"


def of_hma(park: ExchangePark, **more: Any) -> dict[str, Any]:
    """Return the settings of HMA on loopback."""
    return {"kind": "hma", "url": f"{park.url}/hma", "collection": "KNOWN_FAKES", **more}


def of_meta(park: ExchangePark, **more: Any) -> dict[str, Any]:
    """Return the settings of ThreatExchange on loopback."""
    return {"kind": "threatexchange", "url": f"{park.url}/graph", "collection": "777", "key": "APP|SECRET", **more}


def of_ncii(park: ExchangePark, **more: Any) -> dict[str, Any]:
    """Return the settings of StopNCII on loopback."""
    keys = {"key": "subscription", "fetch_key": "fetch", "feedback_key": "feedback"}
    return {"kind": "stopncii", "url": f"{park.url}/ncii", **keys, **more}


def context(http: Endpoints, clock: ManualClock, settings: dict[str, Any]) -> Context:
    """Return what a plug is given."""
    return Context(name="x", settings=ExchangeConfig.model_validate(settings), http=http, clock=clock)


# ---- HMA ---------------------------------------------------------------------------------------------------


def test_hma_is_read_content_by_content(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contents of one bank, by rising number, over gaps that other banks make; then only what is new."""
    monkeypatch.setattr(hma, "GAP", 30)
    park.hma.token = "sesame"
    for number, value in ((3, HEX[0]), (4, HEX[1]), (25, HEX[2])):
        park.hma.put("KNOWN_FAKES", number, {"pdq": value, "video_md5": MD5, "url": "https://a.example"})
    park.hma.put("OTHERS", 5, {"pdq": HEX[3]})
    pages = pages_of(http, clock, **of_hma(park, key="sesame"))
    assert values(records(pages)) == HEX[:3]
    assert {row.files for row in records(pages)} == {(("", MD5),)}
    assert [row.id for row in records(pages)] == ["3", "4", "25"]
    park.hma.put("KNOWN_FAKES", 26, {"pdq": HEX[4]})
    later = pages_of(http, clock, pages[-1].checkpoint, **of_hma(park, key="sesame"))
    assert HEX[4] in values(records(later))


def test_hma_withdraws_what_is_disabled_or_deleted(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we have is asked for again in turn: 0 is off, a moment to come is off until then, deleted is gone."""
    monkeypatch.setattr(hma, "GAP", 5)
    for number in range(1, 6):
        park.hma.put("KNOWN_FAKES", number, {"pdq": HEX[number]})
    end = pages_of(http, clock, **of_hma(park))[-1].checkpoint
    park.hma.put("KNOWN_FAKES", 1, {"pdq": HEX[1]}, until=0)
    park.hma.put("KNOWN_FAKES", 2, {"pdq": HEX[2]}, until=NOW + 100)
    park.hma.put("KNOWN_FAKES", 3, {"pdq": HEX[3]}, until=NOW - 100)
    del park.hma.banks["KNOWN_FAKES"][4]
    found = {row.id: row.withdrawn for row in records(pages_of(http, clock, end, **of_hma(park)))}
    assert found == {"1": True, "2": True, "3": False, "4": True, "5": False}


def test_hma_asks_again_in_turn(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large bank is looked at again in parts, the next part each time."""
    monkeypatch.setattr(hma, "GAP", 3)
    monkeypatch.setattr(hma, "AGAIN", 4)
    for number in range(1, 11):
        park.hma.put("KNOWN_FAKES", number, {"pdq": HEX[number]})
    checkpoint = pages_of(http, clock, **of_hma(park))[-1].checkpoint
    asked: list[str | None] = []
    for _ in range(3):
        pages = pages_of(http, clock, checkpoint, **of_hma(park))
        asked += [row.id for row in records(pages)]
        checkpoint = pages[-1].checkpoint
    assert asked == [str(number) for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2)]


def test_hma_says_what_is_wrong(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bank that is not there is no empty bank; a wrong token, garbage and a content without hashes are told."""
    monkeypatch.setattr(hma, "GAP", 3)
    with pytest.raises(EndpointError, match="no bank KNOWN_FAKES"):
        pages_of(http, clock, **of_hma(park))
    park.hma.put("KNOWN_FAKES", 1, {"raw_text": "words"})
    park.hma.put("KNOWN_FAKES", 2, {"pdq": "no hash"})
    park.hma.put("KNOWN_FAKES", 3, {"pdq": HEX[1]})
    pages = pages_of(http, clock, **of_hma(park))
    assert [fault.line for fault in faults(pages)] == [1, 2]
    assert values(records(pages)) == [HEX[1]]
    park.hma.token = "sesame"
    with pytest.raises(EndpointError, match="refuses us"):
        pages_of(http, clock, **of_hma(park, key="wrong"))
    park.hma.token = ""
    park.faults.extend([None, "html"])
    with pytest.raises(EndpointError, match="other than whole JSON"):
        pages_of(http, clock, **of_hma(park))


# ---- ThreatExchange ----------------------------------------------------------------------------------------


def test_threatexchange_is_read_by_cursors(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Pages follow their cursors; the address that a page names, with the token in it, is never used."""
    park.threatexchange.page = 3
    for number in range(8):
        park.threatexchange.put(str(100 + number), HEX[number], NOW - 100 + number)
    pages = pages_of(http, clock, **of_meta(park))
    assert [len(page.rows) for page in pages] == [3, 3, 2]
    assert values(records(pages)) == HEX[:8]
    for cut in range(1, len(pages)):
        rest = pages_of(http, clock, pages[cut - 1].checkpoint, **of_meta(park))
        assert values(records(pages[:cut]) + records(rest)) == HEX[:8]
    park.threatexchange.put("200", HEX[9], NOW + 50)
    clock.sleep(100)
    assert values(records(pages_of(http, clock, pages[-1].checkpoint, **of_meta(park))))[-1] == HEX[9]


def test_threatexchange_withdraws(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Deleted, described by nobody, or called malicious by nobody any more: gone, whatever else cannot be read."""
    put = park.threatexchange.put
    put("1", HEX[1], NOW, should_delete=True)
    put("2", HEX[2], NOW, descriptors=None)
    put("3", HEX[3], NOW, descriptors={"data": []})
    put("4", HEX[4], NOW, status="NON_MALICIOUS")
    put("5", "garbage", NOW, should_delete=True)
    put("6", HEX[6], NOW)
    put("7", "garbage", NOW)
    pages = pages_of(http, clock, **of_meta(park))
    assert {row.id: row.withdrawn for row in records(pages)} == {
        "1": True,
        "2": True,
        "3": True,
        "4": True,
        "5": True,
        "6": False,
    }
    assert [fault.line for fault in faults(pages)] == [7]


def test_threatexchange_tells_who_says_what(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Statuses and reactions are opinions by owner; an owner whom we may not see counts; children are marked."""
    descriptors = [
        {"id": "91", "owner": {"id": "31"}, "status": "MALICIOUS", "reactions": [{"key": "HELPFUL", "value": "32"}]},
        {"id": "92", "status": "NON_MALICIOUS", "tags": {"data": [{"text": "csam"}]}},
        {"id": "93", "owner": {"id": "33"}, "reactions": [{"key": "DISAGREE_WITH_TAGS", "value": "34,35"}]},
    ]
    park.threatexchange.put("1", HEX[1], NOW, descriptors={"data": descriptors})
    (row,) = records(pages_of(http, clock, **of_meta(park)))
    assert dict(row.opinions) == {
        "31": Opinion.CONFIRMED,
        "32": Opinion.CONFIRMED,
        "34": Opinion.DISPUTED,
        "35": Opinion.DISPUTED,
        "owner of 92": Opinion.WRONG,
    }
    assert row.child


def test_threatexchange_takes_videos_only_as_videos(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """An MD5 is a video's if its type or its tag says so."""
    tagged = {"data": [{"id": "9", "status": "MALICIOUS", "tags": {"data": [{"text": "media_type_video"}]}}]}
    park.threatexchange.put("1", MD5, NOW, type="HASH_VIDEO_MD5")
    park.threatexchange.put("2", MD5[::-1], NOW, type="HASH_MD5")
    park.threatexchange.put("3", MD5.replace("0", "f"), NOW, type="HASH_MD5", descriptors=tagged)
    assert [row.id for row in records(pages_of(http, clock, **of_meta(park)))] == ["1", "3"]


def test_threatexchange_reads_all_again_when_deletions_were_forgotten(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """After 85 days without a fetch all is read from the beginning, and that sweeps; a day before, it is not."""
    park.threatexchange.put("1", HEX[1], NOW - 100_000)
    end = pages_of(http, clock, **of_meta(park))[-1].checkpoint
    clock.sleep(84 * 86_400)
    near = pages_of(http, clock, end, **of_meta(park))
    assert (len(records(near)), near[-1].whole) == (0, False)
    clock.sleep(86_400 + 60)
    far = pages_of(http, clock, end, **of_meta(park))
    assert (len(records(far)), far[-1].whole) == (1, True)


def test_threatexchange_that_leads_in_circles_is_left(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """A cursor that comes again ends the fetch."""
    park.threatexchange.put("1", HEX[1], NOW)
    park.threatexchange.backwards = True
    with pytest.raises(EndpointError, match="ever the same next page"):
        pages_of(http, clock, **of_meta(park))


def test_the_token_of_threatexchange_is_never_told(
    park: ExchangePark, http: Endpoints, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It stands in the address, which no error and no log shows; a checkpoint does not hold it either."""
    caplog.set_level(logging.DEBUG)
    park.threatexchange.put("1", HEX[1], NOW)
    pages = pages_of(http, clock, **of_meta(park))
    park.threatexchange.token = "other"
    with pytest.raises(EndpointError, match="refuses us") as caught:
        pages_of(http, clock, **of_meta(park))
    told = f"{caught.value}{caplog.text}{pages[-1].checkpoint}"
    assert "SECRET" not in told
    assert "access_token" not in told


# ---- StopNCII ----------------------------------------------------------------------------------------------


def test_stopncii_is_read_page_by_page(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """Tokens lead from page to page; the checkpoint moves only once there is no more, and is the highest named."""
    park.stopncii.page, park.stopncii.lower = 3, 3000
    for number in range(7):
        park.stopncii.put(HEX[number], NOW - 100 + number)
    pages = pages_of(http, clock, **of_ncii(park))
    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert values(records(pages)) == HEX[:7]
    assert [page.checkpoint["since"] for page in pages] == [10, 10, NOW - 93]
    assert records(pages_of(http, clock, pages[-1].checkpoint, **of_ncii(park))) == []
    for cut in range(1, len(pages)):
        rest = pages_of(http, clock, pages[cut - 1].checkpoint, **of_ncii(park))
        assert values(records(pages[:cut]) + records(rest)) == HEX[:7]
        assert rest[-1].checkpoint["since"] == NOW - 93


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted", "Received", "Unknown", "", None, 7])
def test_stopncii_keeps_only_what_is_active(
    park: ExchangePark, http: Endpoints, clock: ManualClock, status: Any
) -> None:
    """Whatever is not active is withdrawn, even if nothing else of its record can be read."""
    park.stopncii.put(HEX[1], NOW, status=status, CSPFeedbacks=[{"source": "X", "feedbackValue": "Undefined"}])
    park.stopncii.put(HEX[2], NOW, status=status, CSPFeedbacks="garbage", caseNumbers=7)
    assert [row.withdrawn for row in records(pages_of(http, clock, **of_ncii(park)))] == [True, True]


def test_stopncii_withdraws_when_every_case_is_withdrawn(
    park: ExchangePark, http: Endpoints, clock: ManualClock
) -> None:
    """One person may take back what another still reports."""
    park.stopncii.put(HEX[1], NOW, caseNumbers={"a": "Withdrawn", "b": "Deleted"})
    park.stopncii.put(HEX[2], NOW, caseNumbers={"a": "Withdrawn", "b": "Active"})
    assert [row.withdrawn for row in records(pages_of(http, clock, **of_ncii(park)))] == [True, False]


def test_stopncii_reads_feedback_leniently(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """An unknown word of feedback drops itself, not its record."""
    said = [
        {"source": "A", "feedbackValue": "Blocked", "tags": ["Nude"]},
        {"source": "B", "feedbackValue": "NotBlocked"},
        {"source": "C", "feedbackValue": "Undefined"},
        {"source": "D", "feedbackValue": "PendingReview"},
        {"feedbackValue": None},
        "garbage",
    ]
    park.stopncii.put(HEX[1], NOW, CSPFeedbacks=said)
    (row,) = records(pages_of(http, clock, **of_ncii(park)))
    assert row.opinions == (("A", Opinion.CONFIRMED), ("B", Opinion.DISPUTED))


def test_stopncii_takes_only_types_that_we_match(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """PDQ of images and MD5 of videos; other known types are passed over, unknown ones are told."""
    park.stopncii.put(HEX[1], NOW)
    park.stopncii.put(MD5, NOW, kind="VideoMD5")
    park.stopncii.put("words", NOW, kind="Text")
    park.stopncii.put("x", NOW, kind="VideoTMK")
    park.stopncii.put("y", NOW, kind="Hologram")
    pages = pages_of(http, clock, **of_ncii(park))
    assert [row.id for row in records(pages)] == [f"imagepdq:{HEX[1]}", f"videomd5:{MD5}"]
    assert len(faults(pages)) == 1


def test_stopncii_begins_again_when_its_token_is_over(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """A token lives for a short time: a fetch that goes on too late begins where it began, and ends."""
    park.stopncii.page = 3
    for number in range(7):
        park.stopncii.put(HEX[number], NOW)
    first = pages_of(http, clock, **of_ncii(park))[0]
    park.stopncii.tokens_expire = True
    assert values(records(pages_of(http, clock, first.checkpoint, **of_ncii(park)))) == HEX[:7]


def test_stopncii_reads_all_again_after_thirty_days(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """As its client does; what is missing then is gone."""
    park.stopncii.put(HEX[1], NOW - 1000)
    end = pages_of(http, clock, **of_ncii(park))[-1].checkpoint
    clock.sleep(31 * 86_400)
    pages = pages_of(http, clock, end, **of_ncii(park))
    assert (len(records(pages)), pages[-1].whole) == (1, True)


def test_stopncii_that_never_ends_is_left(
    park: ExchangePark, http: Endpoints, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages without records, ever more of them, end with a sentence."""
    monkeypatch.setattr(stopncii, "EMPTY_PAGES", 4)
    park.stopncii.put(HEX[1], NOW)
    park.stopncii.endless = True
    with pytest.raises(EndpointError, match="there is more and not where"):
        pages_of(http, clock, **of_ncii(park))


# ---- what they are told ------------------------------------------------------------------------------------


def test_feedback_reaches_stopncii(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """In one call, with its own words; what is refused is known of each."""
    told = [
        Feedback(id=f"imagepdq:{HEX[1]}", values=(("pdq", HEX[1]),), opinion=Opinion.CONFIRMED),
        Feedback(id=f"imagepdq:{HEX[2]}", values=(("pdq", HEX[2]),), opinion=Opinion.WRONG),
        Feedback(id="x", values=(("sha256", "0" * 64),), opinion=Opinion.WRONG),
    ]
    plug = exchanges.get("stopncii")
    given_back = plug.give(context(http, clock, of_ncii(park)), told)
    assert [one.taken for one in given_back] == [True, True, False]
    assert park.stopncii.told == [
        {"hashValue": HEX[1], "feedbackValue": "Blocked", "tags": []},
        {"hashValue": HEX[2], "feedbackValue": "NotBlocked", "tags": []},
    ]
    park.stopncii.refuses = (HEX[1],)
    assert [one.taken for one in plug.give(context(http, clock, of_ncii(park)), told[:2])] == [False, True]
    without = plug.give(context(http, clock, of_ncii(park, feedback_key="")), told[:1])
    assert "feedback_key" in without[0].why


def test_feedback_reaches_threatexchange(park: ExchangePark, http: Endpoints, clock: ManualClock) -> None:
    """As a reaction to the descriptor of the row; a row without one is refused, and so is what Meta refuses."""
    park.threatexchange.put("1", HEX[1], NOW)
    park.threatexchange.put("2", HEX[2], NOW)
    park.threatexchange.put("3", HEX[3], NOW, descriptors=None)
    plug = exchanges.get("threatexchange")
    told = [
        Feedback(id="1", values=(("pdq", HEX[1]),), opinion=Opinion.CONFIRMED),
        Feedback(id="2", values=(("pdq", HEX[2]),), opinion=Opinion.WRONG),
        Feedback(id="3", values=(("pdq", HEX[3]),), opinion=Opinion.WRONG),
        Feedback(id=None, values=(("pdq", HEX[3]),), opinion=Opinion.WRONG),
    ]
    assert [one.taken for one in plug.give(context(http, clock, of_meta(park)), told)] == [True, True, False, False]
    assert park.threatexchange.reactions == [("91", "HELPFUL"), ("92", "DISAGREE_WITH_TAGS")]
    park.threatexchange.refuses = True
    assert not plug.give(context(http, clock, of_meta(park)), told[:1])[0].taken


@pytest.mark.parametrize("kind", ["https", "folder", "hma"])
def test_the_others_take_no_feedback(kind: str, http: Endpoints, clock: ManualClock) -> None:
    """Each says so."""
    plug = exchanges.get(kind)
    told = [Feedback(id="1", values=(("pdq", HEX[1]),), opinion=Opinion.WRONG)]
    assert [one.taken for one in plug.give(context(http, clock, {"kind": kind}), told)] == [False]
    assert not plug.gives


# ---- hostile answers ---------------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_KEYS = ("id", "indicator", "type", "should_delete", "descriptors", "hashValue", "hashStatus", "signalType",
         "caseNumbers", "CSPFeedbacks", "signals", "disable_until_ts", "bank")  # fmt: skip


@given(st.dictionaries(st.sampled_from(_KEYS), _json) | _json)
@pytest.mark.slow
def test_any_json_as_a_row_is_a_row_or_a_fault(found: Any) -> None:
    """No shape of an answer raises anything: it is a row, none, or left out with a reason."""
    threatexchange._row(1, found)
    stopncii._row(1, found)
    if isinstance(found, dict):
        hma._rows(1, found, 1e9)


@pytest.mark.parametrize("fault", ["cut", "truncated", "500", "429", "html", "drop"])
@pytest.mark.parametrize("kind", ["hma", "threatexchange", "stopncii"])
def test_a_fault_in_the_middle_loses_nothing(
    park: ExchangePark, http: Endpoints, clock: ManualClock, kind: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server does wrong between two pages, the pages before are there and the rest comes later."""
    monkeypatch.setattr(hma, "GAP", 3)
    monkeypatch.setattr(hma, "STEP", 2)
    park.threatexchange.page = park.stopncii.page = 2
    for number in range(1, 7):
        park.hma.put("KNOWN_FAKES", number, {"pdq": HEX[number]})
        park.threatexchange.put(str(number), HEX[number], NOW)
        park.stopncii.put(HEX[number], NOW)
    settings = {"hma": of_hma, "threatexchange": of_meta, "stopncii": of_ncii}[kind](park)
    park.faults.extend([None] * (4 if kind == "hma" else 1) + [fault])  # type: ignore[list-item]  # as above
    pages = []
    with pytest.raises(EndpointError):
        pages.extend(_each(http, clock, settings))
    came = set(values(records(pages)))
    assert came
    rest = values(records(pages_of(http, clock, pages[-1].checkpoint, **settings)))
    assert came | set(rest) == set(HEX[1:7])


def _each(http: Endpoints, clock: ManualClock, settings: dict[str, Any]) -> Any:
    config = ExchangeConfig.model_validate(settings)
    return exchanges.get(config.kind).fetch(context(http, clock, settings), None)
