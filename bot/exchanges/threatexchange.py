"""Meta's ThreatExchange: the updates of one privacy group, in the shape of its documentation.

A row is gone when it says `should_delete`, when nobody describes it any more, or when nobody still calls it malicious.
Its service forgets deletions after 90 days: after 85 without a fetch all is read again, and what is missing is gone.
The documentation knows the token as a parameter of the address only; no error and no log holds an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from bot.errors import EndpointError
from bot.exchanges.base import Checkpoint, Context, Feedback, Given, Page, Setting, record_of, setting, shape, text_of
from bot.lists import Bad, Record, RowError
from bot.lists.children import is_tag
from bot.model import Opinion

VERSION = "v21.0"
LIMIT = 500  # rows a page
OVERLAP = 6 * 3600  # seconds that are read again: the time of an update was not always that of its place
FORGOTTEN = 85 * 86_400  # seconds
EMPTY_PAGES = 100  # in a row
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
        from_start, until = bool(kept.get("from_start")), int(kept.get("until") or now)
        if not after:
            until, from_start = now, since == 0 or now - int(kept.get("done") or 0) > FORGOTTEN
            since = 0 if from_start else max(0, since - OVERLAP)
        # a fetch that was cut off goes on, but what it saw before is not known any more
        sweeps = from_start and not after and bool(checkpoint)
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
            rows = [row for number, update in enumerate(data, 1) if (row := _row(number, update)) is not None]
            after = _cursor(found)
            empty = 0 if data else empty + 1
            if after in cursors or empty > EMPTY_PAGES:
                raise EndpointError(f"{answer.host} names ever the same next page", retry=False)
            cursors.add(after)
            if not after:
                yield Page(rows=rows, checkpoint={"since": until, "done": now}, last=True, whole=sweeps)
                return
            within = {"since": since, "after": after, "until": until, "from_start": from_start}
            yield Page(rows=rows, checkpoint={**within, "done": kept.get("done") or 0})

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


def _cursor(found: Mapping[str, Any]) -> str:
    """Return the cursor behind this page, "" if it is the last. `paging.next` holds the token: it is never used."""
    paging = found.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return ""
    cursors = paging.get("cursors")
    return text_of(cursors.get("after"), 2000) if isinstance(cursors, dict) else ""


def _row(number: int, update: Any) -> Record | Bad | None:
    """Return the row of an update, or None for a hash of a kind that is not asked for."""
    try:
        return _record(update)
    except RowError as error:
        return Bad(line=number, reason=str(error))


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
        return None
    if not isinstance(value, str):
        raise RowError("an update without an indicator")
    child = any(map(is_tag, tags))
    return record_of(name, [(TYPES[kind], value)], opinions=tuple(sorted(opinions.items())), child=child)


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
