"""StopNCII: hashes of what people reported of themselves, in the shape of its client; participating companies only.

A record is the full present state of one hash, and its state is read before anything else of it: a record whose
feedback cannot be read is withdrawn all the same. The checkpoint is the highest of those that pages name, and only once
no more records are there: on a later page it can be lower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from bot.clock import DAY
from bot.errors import EndpointError
from bot.exchanges.base import (
    Checkpoint,
    Context,
    Feedback,
    Given,
    Page,
    Row,
    Setting,
    record_of,
    row_of,
    setting,
    shape,
    text_of,
    unreadable_in,
)
from bot.lists import Record, RowError
from bot.model import Opinion

PAGE = 800
BEGINNING = 10  # what its client asks from
FORGOTTEN = 30 * 86_400  # seconds without a fetch, after which all is read again
EMPTY_PAGES = 100  # in a row
MOST_ROWS = 20_000  # of a page
TYPES = {"imagepdq": "pdq", "videomd5": "md5"}
KNOWN_TYPES = ("unknown", "videotmk", "text", "url", "photodna")
VALUES = {"blocked": Opinion.CONFIRMED, "notblocked": Opinion.DISPUTED}
SAID = {Opinion.CONFIRMED: "Blocked", Opinion.DISPUTED: "NotBlocked", Opinion.WRONG: "NotBlocked"}
BATCH = 100
REFUSED = frozenset({200, 201, 202, 204, 400, 404, 422})


class StopNcii:
    """The plug."""

    kind: ClassVar[str] = "stopncii"
    help: ClassVar[str] = "StopNCII's hashes; participating companies only."
    settings: ClassVar[tuple[Setting, ...]] = (
        setting("url", "Where it answers: https://api.stopncii.org/v1.", required=True),
        setting("key", "The subscription key.", required=True),
        setting("fetch_key", "The function key of FetchHashes.", required=True),
        setting("feedback_key", "The function key of SubmitFeedback; without it no feedback is given."),
        setting("feedback"),
    )
    gives: ClassVar[bool] = True

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield the records that changed since the checkpoint."""
        kept: Mapping[str, Any] = {} if context.fresh else checkpoint or {}
        now = int(context.now())
        since, token = int(kept.get("since") or BEGINNING), str(kept.get("token") or "")
        highest, done = int(kept.get("highest") or 0), int(kept.get("done") or 0)
        tried, unreadable = int(kept.get("tried") or 0), int(kept.get("unreadable") or 0)
        owed = bool(kept.get("sweeps"))
        if token and owed and not context.goes_on:
            token = ""  # what it met is not known any more
        if not token:
            highest = unreadable = 0
            if owed or _is_over(now, done, tried) or since > now + DAY:
                since = BEGINNING
            owed = since == BEGINNING and bool(checkpoint)
        empty, tokens = 0, {token}
        while True:
            try:
                found, host = self._page(context, since, token)
            except EndpointError as error:
                if not token or error.status != 400:
                    raise
                # a token lives for a short time: from where this fetch began, once more
                token, highest, tokens, unreadable = "", 0, {""}, 0
                owed = since == BEGINNING and bool(checkpoint)
                continue
            rows = [row for number, one in enumerate(found["hashRecords"], 1) if (row := _row(number, one))]
            unreadable += unreadable_in(rows)
            moment = _moment(found.get("nextSetTimestamp"))
            highest = max(highest, moment if moment <= now + DAY else 0)  # what is far ahead would hide all until then
            empty = 0 if found["hashRecords"] else empty + 1
            if not found["hasMoreRecords"]:
                end: dict[str, Any] = {"since": max(highest, since), "done": now}
                if owed and unreadable:  # what is missing may be what could not be read: all is read again, in a day
                    end = {**end, "done": done, "tried": now}
                began = since == BEGINNING and (owed or not checkpoint)
                yield Page(rows=rows, checkpoint=end, last=True, whole=owed, all=began, unreadable=unreadable)
                return
            token = text_of(found.get("nextPageToken"), 4000)
            if not token or token in tokens or empty > EMPTY_PAGES:
                raise EndpointError(f"{host} says that there is more and not where", retry=False)
            tokens.add(token)
            within = {"since": since, "token": token, "highest": highest, "done": done, "tried": tried}
            yield Page(rows=rows, checkpoint={**within, "sweeps": owed, "unreadable": unreadable})

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:
        """Submit what we think of each hash."""
        if not context.settings.feedback_key.get_secret_value():
            return [Given(taken=False, why="no feedback_key is configured") for _ in feedback]
        given: list[Given] = []
        for start in range(0, len(feedback), BATCH):
            given += self._give(context, feedback[start : start + BATCH])
        return given

    def _give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:
        told = [
            {"hashValue": value, "feedbackValue": SAID[one.opinion], "tags": []}
            for one in feedback
            for kind, value in one.values
            if kind in TYPES.values()
        ]
        if not told:
            return [Given(taken=False, why="no hash of a type that it takes") for _ in feedback]
        answer = context.http.ask(
            f"{context.settings.url.rstrip('/')}/SubmitFeedback",
            method="POST",
            headers=_headers(context, context.settings.feedback_key.get_secret_value()),
            document={"count": len(told), "hashFeedbacks": told},
            accept=REFUSED,
        )
        if answer.status < 300:
            return [
                Given(taken=True)
                if any(kind in TYPES.values() for kind, _ in one.values)
                else Given(taken=False, why="no hash of a type that it takes")
                for one in feedback
            ]
        if len(feedback) > 1:  # one of them may be at fault for all
            return [given for one in feedback for given in self._give(context, [one])]
        return [Given(taken=False, why=f"{answer.host} refuses the feedback (status {answer.status})")]

    def _page(self, context: Context, since: int, token: str) -> tuple[Mapping[str, Any], str]:
        answer = context.http.ask(
            f"{context.settings.url.rstrip('/')}/FetchHashes",
            params={"startTimestamp": since, "pageSize": PAGE, **({"nextPageToken": token} if token else {})},
            headers=_headers(context, context.settings.fetch_key.get_secret_value()),
        )
        found = answer.json()
        if not isinstance(found, dict) or not isinstance(found.get("hashRecords"), list):
            raise shape(answer.host, "no hashRecords")
        if not isinstance(found.get("hasMoreRecords"), bool):  # anything else would be taken for the end
            raise shape(answer.host, "hasMoreRecords is neither true nor false")
        if len(found["hashRecords"]) > MOST_ROWS:
            raise shape(answer.host, f"more than {MOST_ROWS:,} records in a page of {PAGE}")
        return found, answer.host


def _headers(context: Context, function: str) -> dict[str, str]:
    return {"Ocp-Apim-Subscription-Key": context.key, "x-functions-key": function}


def _moment(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else 0


def _is_over(now: int, done: int, tried: int) -> bool:
    """Return whether all is to be read again; a moment to come is one of a clock that was wrong."""
    done, tried = (0 if moment > now + DAY else moment for moment in (done, tried))
    return now - done > FORGOTTEN and now - tried > DAY


def _row(number: int, found: Any) -> Row | None:
    """Return the row of a record, or None for a hash of a kind that we do not match."""
    return row_of(number, found, _name(found), _record)


def _name(found: Any) -> str | None:
    if not isinstance(found, dict):
        return None
    kind, value = text_of(found.get("signalType")).lower(), text_of(found.get("hashValue"), 200)
    return f"{kind}:{value.strip().lower()}" if kind in TYPES and value else None


def _record(found: Any) -> Record | None:
    if not isinstance(found, dict):
        raise RowError("a record that is no object")
    kind, value = text_of(found.get("signalType")).lower(), found.get("hashValue")
    if kind in KNOWN_TYPES:
        return None
    if kind not in TYPES or not isinstance(value, str) or not value or len(value) > 200:
        raise RowError("a record without a hash of a known type")
    name = f"{kind}:{value.strip().lower()}"
    if text_of(found.get("hashStatus")).lower() != "active":
        return Record(id=name, withdrawn=True)
    cases = found.get("caseNumbers")
    states = [text_of(state).lower() for state in cases.values()] if isinstance(cases, dict) else []
    if states and all(state in ("withdrawn", "deleted") for state in states):
        return Record(id=name, withdrawn=True)
    return record_of(name, [(TYPES[kind], value)], opinions=_opinions(found.get("CSPFeedbacks")))


def _opinions(found: Any) -> tuple[tuple[str, Opinion], ...]:
    """Return who says what; a value that is not known says nothing."""
    said = {
        text_of(one.get("source"), 60) or "unnamed": opinion
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and (opinion := VALUES.get(text_of(one.get("feedbackValue")).lower()))
    }
    return tuple(sorted(said.items()))
