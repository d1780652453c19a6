"""What an example says in a few words → a post, an author, faces, footage, nudity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from bot.model import AuthorFacts, FaceMatch, FaceRegion, NudityScore, Origin, Post, PostDetails, SourceMatch
from bot.rules.checks.author import UNITS
from bot.rules.checks.post import KINDS
from bot.rules.language import values, yaml
from bot.rules.language.yaml import Entry, Items, Scalar, Table, Told, Value, fail

LOOKED = datetime(2026, 1, 1, tzinfo=UTC)
POST = Post(
    fullname="t3_example",
    subreddit="example",
    permalink="/r/example/comments/example/",
    created=LOOKED,
    author="someone",
)
_TEXTS = ("title", "body", "url", "flair_text", "author", "subreddit", "author_id")
_FLAGS: Mapping[str, str] = {"is_edited": "edited", "over_18": "over_18", "moderator": "author_is_moderator"}
_DETAIL_TEXTS = ("flair_css_class", "flair_template_id", "author_flair_text", "author_flair_css_class",
                 "author_flair_template_id", "media_author", "media_author_url", "media_title", "media_description",
                 "discussion_type")  # fmt: skip
_DETAIL_LISTS = ("gallery_captions", "poll_options")
_DETAIL_FLAGS: Mapping[str, str] = {
    "is_original_content": "is_original_content",
    "is_meta_discussion": "is_meta",
    "is_gallery": "is_gallery",
    "is_poll": "is_poll",
    "is_top_level": "top_level",
    "is_submitter": "by_submitter",
    "is_gold": "author_premium",
}
_ORIGIN_TEXTS = ("id", "title", "url", "author", "author_id", "subreddit")
_POST_KEYS = (*_TEXTS, "type", "id", *_FLAGS, "reports", "age", *_DETAIL_TEXTS, *_DETAIL_LISTS, *_DETAIL_FLAGS,
              "crosspost", "parent")  # fmt: skip
_AUTHOR_NUMBERS = ("comment_karma", "post_karma")
_AUTHOR_FLAGS: Mapping[str, str] = {
    "has_verified_email": "verified_email",
    "is_gold": "gold",
    "is_contributor": "contributor",
    "is_moderator": "moderator",
}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "text submission": {"is_self": True},
    "poll submission": {"is_self": True, "is_poll": True},
    "gallery submission": {"is_gallery": True},
    "crosspost submission": {"crosspost": Origin(id="other", subreddit="elsewhere")},
}


def flag(keys: Mapping[str, Entry], name: str, *, default: bool = False) -> bool:
    """Return the yes or no under a key."""
    return yaml.flag(keys[name].value, name) if name in keys else default


def post_of(entry: Entry | None) -> Post | None:
    """Return the post of an example; without the key a plain submission. Raises RuleError."""
    if entry is None:
        return POST
    if isinstance(entry.value, Scalar) and entry.value.text == "none":
        return None
    keys = yaml.table(entry.value, "post", _POST_KEYS)
    told = Told(keys)
    kind = told.get("type", lambda value, key: yaml.choice(value, key, tuple(KINDS))) or "submission"
    known: dict[str, Any] = dict(_TYPES.get(kind, {}))
    known |= _texts(told, _DETAIL_TEXTS)
    known |= {name: told.get(name, yaml.scalars) or () for name in _DETAIL_LISTS if name in keys}
    known |= {field: told.get(name, yaml.flag) for name, field in _DETAIL_FLAGS.items() if name in keys}
    known |= {name: told.get(name, _origin) for name in ("crosspost", "parent") if name in keys}
    details = PostDetails(**known)
    changes: dict[str, Any] = {
        **_texts(told, _TEXTS),
        **{field: bool(told.get(name, yaml.flag)) for name, field in _FLAGS.items()},
        "fullname": f"{'t1' if kind == 'comment' else 't3'}_{told.get('id', yaml.scalar) or 'example'}",
        "num_reports": told.get("reports", yaml.whole) or 0,
        "details": None if details == PostDetails() else details,
    }
    if (age := told.get("age", _span)) is not None:
        changes["created"] = LOOKED - age
    told.settle()
    return replace(POST, **changes)


def author_of(entry: Entry | None) -> AuthorFacts | None:
    """Return what Reddit told of the author, or None if it was not asked. Raises RuleError."""
    if entry is None:
        return None
    if isinstance(entry.value, Scalar) and entry.value.text == "gone":
        return AuthorFacts(asked_at=LOOKED, gone=True)
    keys = yaml.table(entry.value, "author", (*_AUTHOR_NUMBERS, "account_age", *_AUTHOR_FLAGS))
    told = Told(keys)
    known: dict[str, Any] = {name: told.get(name, yaml.whole) for name in _AUTHOR_NUMBERS if name in keys}
    known |= {field: told.get(name, yaml.flag) for name, field in _AUTHOR_FLAGS.items() if name in keys}
    if (age := told.get("account_age", _span)) is not None:
        known["created"] = LOOKED - age
    told.settle()
    return AuthorFacts(asked_at=LOOKED, **known)


def faces_of(entry: Entry | None) -> tuple[FaceMatch, ...]:
    """Return faces like a protected person. Raises RuleError."""
    return tuple(_face(value) for value in _several(entry))


def _face(value: Value) -> FaceMatch:
    told = Told(_keys(value, "face", "person", ("person", "model", "probability", "distance", "t")))
    figures = {name: told.get(name, number) for name in ("probability", "distance", "t") if name in told.keys}
    face = FaceMatch(media=0, **_texts(told, ("person", "model")), **figures)  # type: ignore[arg-type]  # by their names
    told.settle()
    return face


def source_of(entry: Entry | None) -> tuple[SourceMatch, ...]:
    """Return footage of source entries. Raises RuleError."""
    return tuple(_footage(value) for value in _several(entry))


def _footage(value: Value) -> SourceMatch:
    told = Told(_keys(value, "source", "bank", ("bank", "transform", "face_region", "coverage", "frames")))
    regions: dict[str, FaceRegion] = {name: name for name in get_args(FaceRegion)}
    region = told.get("face_region", lambda value, key: yaml.choice(value, key, tuple(regions)))
    footage = SourceMatch(
        media=0,
        entry="example",
        bank=told.get("bank", yaml.scalar) or "",
        transform=told.get("transform", yaml.scalar) or "",
        coverage_query=told.get("coverage", number),
        frames=told.get("frames", yaml.whole),
        face_region=regions[region or "unknown"],
    )
    told.settle()
    return footage


def nudity_of(entry: Entry | None) -> NudityScore | None:
    """Return the nudity signal, or None if there is none. Raises RuleError."""
    if entry is None:
        return None
    told = Told(_keys(entry.value, "nudity", "score", ("score", "frames")))
    score = NudityScore(score=told.get("score", number) or 0.0, frames=told.get("frames", yaml.whole))
    told.settle()
    return score


def _several(entry: Entry | None) -> tuple[Value, ...]:
    if entry is None:
        return ()
    return entry.value.values if isinstance(entry.value, Items) else (entry.value,)


def _keys(value: Value, key: str, first: str, names: Collection[str]) -> Mapping[str, Entry]:
    """Return the keys of a table, or the value as its first key alone. Raises RuleError without that."""
    if not isinstance(value, Table):
        return {first: Entry(at=value.at, key=first, value=value)}
    keys = yaml.table(value, key, tuple(names))
    if first not in keys:
        fail(value.at, f"{key} has no {first}; add one")
    return keys


def number(value: Value, key: str) -> float:
    """Return a number of at least 0. Raises RuleError."""
    text = yaml.scalar(value, key).strip()
    try:
        found = float(text) if len(text) <= 20 else -1
    except ValueError:
        found = -1
    if not 0 <= found <= 1_000_000:
        fail(value.at, f"{key} is a number, such as 0.9")
    return found


def _texts(told: Told, names: Collection[str]) -> dict[str, str]:
    return {name: told.get(name, yaml.scalar) or "" for name in names if name in told.keys}


def _origin(value: Value, key: str) -> Origin:
    told = Told(yaml.table(value, key, (*_ORIGIN_TEXTS, "over_18")))
    origin = Origin(**_texts(told, _ORIGIN_TEXTS), over_18=bool(told.get("over_18", yaml.flag)))
    told.settle()
    return origin


def _span(value: Value, key: str) -> timedelta:
    """Return a time such as `3 days`; a number alone is days."""
    text = yaml.scalar(value, key).strip()
    _, seconds = values.age(Scalar(at=value.at, text=f"< {text}", kind="text"), key)
    return timedelta(seconds=min(seconds, 100 * UNITS["year"]))
