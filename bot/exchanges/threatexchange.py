"""Meta's ThreatExchange: the updates of one privacy group, in the shape of its documentation.

A row is gone when it says `should_delete`, when nobody describes it any more, or when nobody still calls it malicious.
Its service forgets deletions after 90 days: after 85 without a fetch all is read again, and what is missing is gone.
The documentation knows the token as a parameter of the address only; no error and no log holds an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

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
from bot.lists.record import NotOursError
from bot.model import Opinion

VERSION = "v21.0"
LIMIT = 500  # rows a page
OVERLAP = 6 * 3600  # seconds that are read again: the time of an update was not always that of its place
FORGOTTEN = 85 * 86_400  # seconds
EMPTY_PAGES = 100  # in a row
MOST_ROWS = 20_000  # of a page
REFUSED = frozenset({200, 400, 403, 404})
FIELDS = "id,indicator,type,last_updated,should_delete,descriptors{id,reactions,owner{id},tags,status}"
TYPES = {"HASH_PDQ": "pdq", "HASH_VIDEO_MD5": "md5", "HASH_MD5": "md5"}
REACTIONS = {"HELPFUL": Opinion.CONFIRMED, "NOT_HELPFUL": Opinion.DISPUTED, "DISAGREE_WITH_TAGS": Opinion.DISPUTED}
STATUSES = {"MALICIOUS": Opinion.CONFIRMED, "NON_MALICIOUS": Opinion.WRONG}
SAID = {Opinion.CONFIRMED: "HELPFUL", Opinion.DISPUTED: "NOT_HELPFUL", Opinion.WRONG: "DISAGREE_WITH_TAGS"}


class ThreatExchange:
    """The plug."""

    kind: ClassVar[str] = "threatexchange"
    help: ClassVar[str] = "A privacy group of Meta's ThreatExchange; its members only."
    settings: ClassVar[tuple[Setting, ...]] = (
        setting("url", "Where it answers: https://graph.facebook.com.", required=True),
        setting("collection", "The id of the privacy group.", required=True),
        setting("key", "The access token, APPID|SECRET.", required=True),
        setting("feedback"),
    )
    gives: ClassVar[bool] = True

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield the updates since the checkpoint."""
        kept: Mapping[str, Any] = {} if context.fresh else checkpoint or {}
        now = int(context.now())
        since, after = int(kept.get("since") or 0), str(kept.get("after") or "")
        until, done = int(kept.get("until") or now), int(kept.get("done") or 0)
        tried, unreadable = int(kept.get("tried") or 0), int(kept.get("unreadable") or 0)
        owed = bool(kept.get("sweeps"))
        if after and owed and not context.goes_on:
            after = ""  # what it met is not known any more
        if not after:
            until, unreadable = now, 0
            from_start = owed or since == 0 or _is_over(now, since, done, tried)
            since = 0 if from_start else max(0, since - OVERLAP)
            owed = from_start and bool(checkpoint)
        empty, cursors = 0, set[str]()
        while True:
            answer = context.http.ask(
                f"{_base(context)}/{context.settings.collection}/threat_updates/",
                params={
                    "access_token": context.key,
                    "start_time": since,
                    "stop_time": until,
                    "limit": LIMIT,
                    "types": ",".join(TYPES),
                    "fields": FIELDS,
                    **({"after": after} if after else {}),
                },
            )
            found = answer.json()
            data = found.get("data") if isinstance(found, dict) else None
            if not isinstance(data, list):
                raise shape(answer.host, "no list of updates")
            if len(data) > MOST_ROWS:
                raise shape(answer.host, f"more than {MOST_ROWS:,} updates in a page of {LIMIT}")
            rows = [row for number, update in enumerate(data, 1) if (row := _row(number, update)) is not None]
            unreadable += unreadable_in(rows)
            after = _cursor(answer.host, found)
            empty = 0 if data else empty + 1
            if after in cursors or empty > EMPTY_PAGES:
                raise EndpointError(f"{answer.host} names ever the same next page", retry=False)
            cursors.add(after)
            if not after:
                end: dict[str, Any] = {"since": until, "done": now}
                if owed and unreadable:  # what is missing may be what could not be read: all is read again, in a day
                    end = {**end, "done": done, "tried": now}
                yield Page(
                    rows=rows,
                    checkpoint=end,
                    last=True,
                    whole=owed,
                    unreadable=unreadable,
                    all=since == 0 and (owed or not checkpoint),
                )
                return
            within = {"since": since, "after": after, "until": until, "done": done, "tried": tried}
            yield Page(rows=rows, checkpoint={**within, "sweeps": owed, "unreadable": unreadable})

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:
        """React to a descriptor of each row; which those are is asked for first."""
        return [self._react(context, one) for one in feedback]

    def _react(self, context: Context, one: Feedback) -> Given:
        if one.id is None:
            return Given(taken=False, why="the row has no id")
        about = context.http.ask(
            f"{_base(context)}/{quote(one.id, safe='')}",
            params={"access_token": context.key, "fields": "descriptors{id}"},
            accept=REFUSED,
        )
        found = about.json() if about.status == 200 else {}
        described = _list(found.get("descriptors")) if isinstance(found, dict) else []
        descriptor = next((id for one in described if (id := text_of(one.get("id"))).isalnum()), None)
        if descriptor is None:
            return Given(taken=False, why="nobody describes the row, so nothing can be reacted to")
        answer = context.http.ask(
            f"{_base(context)}/{descriptor}",
            method="POST",
            params={"access_token": context.key},
            form={"reactions": SAID[one.opinion]},
            accept=REFUSED,
        )
        if answer.status == 200:
            return Given(taken=True)
        return Given(taken=False, why=f"{answer.host} refuses the reaction (status {answer.status})")


def _base(context: Context) -> str:
    return f"{context.settings.url.rstrip('/')}/{VERSION}"


def _is_over(now: int, since: int, done: int, tried: int) -> bool:
    """Return whether all is to be read again: too long ago, or a clock was ahead then and what lies between is lost."""
    if since > now + OVERLAP // 2 or done > now + DAY:
        return True
    return now - done > FORGOTTEN and not 0 <= now - tried <= DAY


def _cursor(host: str, found: Mapping[str, Any]) -> str:
    """Return the cursor behind this page, "" if it is the last. `paging.next` holds the token: it is never used."""
    paging = found.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    cursor = text_of(cursors.get("after"), 2000) if isinstance(cursors, dict) else ""
    if not cursor:
        raise shape(host, "a next page without its cursor")
    return cursor


def _row(number: int, update: Any) -> Row | None:
    """Return the row of an update."""
    name = text_of(update.get("id")) if isinstance(update, dict) else ""
    return row_of(number, update, name or None, _record)


def _record(update: Any) -> Record | None:
    if not isinstance(update, dict) or not (name := text_of(update.get("id"))):
        raise RowError("an update without an id")
    # its state first: a deletion counts whatever else of it cannot be read
    descriptors = _list(update.get("descriptors"))
    if update.get("should_delete") is True or not descriptors:
        return Record(id=name, withdrawn=True)
    opinions = dict(pair for one in descriptors for pair in _opinions(one))
    stated = {text_of(one.get("status")) for one in descriptors}
    if stated == {"NON_MALICIOUS"}:
        return Record(id=name, withdrawn=True)
    tags = {text.lower() for one in descriptors for text in _tags(one)}
    kind, value = text_of(update.get("type")), update.get("indicator")
    if kind not in TYPES or (kind == "HASH_MD5" and "media_type_video" not in tags):
        raise NotOursError("a hash of a kind that we do not match")
    if not isinstance(value, str):
        raise RowError("an update without an indicator")
    return record_of(name, [(TYPES[kind], value)], opinions=tuple(sorted(opinions.items())))


def _opinions(descriptor: Mapping[str, Any]) -> Iterator[tuple[str, Opinion]]:
    """Yield who says what; an owner whom we may not see is one all the same."""
    owner = descriptor.get("owner")
    who = text_of(owner.get("id"), 60) if isinstance(owner, dict) else ""
    status = STATUSES.get(text_of(descriptor.get("status")))
    if status is not None:
        yield who or f"owner of {text_of(descriptor.get('id'), 60)}", status
    for reaction in _list(descriptor.get("reactions")):
        said = REACTIONS.get(text_of(reaction.get("key")))
        if said is not None:
            yield from ((one.strip()[:60], said) for one in text_of(reaction.get("value"), 4000).split(",") if one)


def _tags(descriptor: Mapping[str, Any]) -> list[str]:
    tags = descriptor.get("tags")
    return [text_of(tag.get("text")) for tag in _list(tags.get("data") if isinstance(tags, dict) else tags)]


def _list(found: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, which may stand under `data`."""
    if isinstance(found, dict):
        found = found.get("data")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
