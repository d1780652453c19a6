"""The checks on evidence, out of a rule: `known_media: {bank: …, distance: …}` and its like."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rules import read, terms, words
from bot.rules.evidence import NEAR_METHODS, NUDE, CopyCheck, FaceCheck, NudityCheck, SourceCheck
from bot.rules.read import Entry, Scalar, Table, Value, fail


def copy_check(key: str, base: str, value: Value, *, negated: bool) -> CopyCheck:
    """Compile exact_media or known_media."""
    keys = _terms(value, base)
    methods = _methods(keys["method"].value) if "method" in keys else NEAR_METHODS
    if "face_region" in keys:
        _face_region(keys["face_region"].value)
    return CopyCheck(
        key=key,
        banks=terms.words_of(keys["bank"].value, "bank"),
        exact_only=base == "exact_media",
        negated=negated,
        distance=_distance(keys["distance"].value, methods) if "distance" in keys else None,
        coverage=terms.share(keys["coverage"].value, "coverage") if "coverage" in keys else None,
        frames=terms.optional(keys, "frames", terms.LEAST),
        inliers=terms.optional(keys, "inliers", terms.LEAST),
        methods=methods,
        transforms=_transforms(keys),
        face_agrees="face_region" in keys,
    )


def source_check(value: Value) -> SourceCheck:
    """Compile source_media."""
    keys = _terms(value, "source_media")
    regions = ("differs", "unknown")
    if "face_region" in keys:
        if read.scalars(keys["face_region"].value, "face_region") == ("agrees",):
            fail(
                keys["face_region"].at, "where face regions agree it is the original itself; write face_region: differs"
            )
        regions = terms.choices(keys["face_region"].value, "face_region", regions)  # type: ignore[assignment]  # of them
    return SourceCheck(
        banks=terms.words_of(keys["bank"].value, "bank"),
        coverage=terms.share(keys["coverage"].value, "coverage") if "coverage" in keys else None,
        frames=terms.optional(keys, "frames", terms.LEAST),
        transforms=_transforms(keys),
        regions=regions,
    )


def face_check(value: Value) -> FaceCheck:
    """Compile face."""
    keys = _table(value, "face")
    if "person" not in keys:
        fail(value.at, "face names no person; write face: {person: any}")
    persons = terms.words_of(keys["person"].value, "person")
    if "any" in persons and len(persons) > 1:
        fail(keys["person"].at, "person is any, or labels of persons, not both; remove one")
    return FaceCheck(
        persons=() if persons == ("any",) else persons,
        probability=terms.share(keys["probability"].value, "probability") if "probability" in keys else None,
        distance=(
            terms.comparison(
                keys["distance"].value, "distance", terms.MOST, default=None, sample=words.SAMPLES["face distance"]
            )
            if "distance" in keys
            else None
        ),
        faces=terms.optional(keys, "faces", terms.LEAST),
        models=terms.words_of(keys["model"].value, "model") if "model" in keys else (),
    )


def nudity_check(value: Value) -> NudityCheck:
    """Compile nudity: true, a comparison, or a table."""
    if isinstance(value, Table):
        keys = _table(value, "nudity")
        return NudityCheck(
            score=terms.share(keys["score"].value, "score", terms.ALL) if "score" in keys else (">=", NUDE),
            frames=terms.optional(keys, "frames", terms.LEAST),
        )
    if isinstance(value, Scalar) and value.kind == "bool":
        return NudityCheck(score=(">=" if read.flag(value, "nudity") else "<", NUDE))
    return NudityCheck(score=terms.share(value, "nudity", terms.ALL))


def _terms(value: Value, base: str) -> dict[str, Entry]:
    keys = _table(value, base)
    if "bank" not in keys:
        fail(value.at, f"{base} names no bank; write {base}: {{bank: [name]}}")
    return keys


def _table(value: Value, base: str) -> dict[str, Entry]:
    known = words.COPY_KEYS[base]
    if not isinstance(value, Table):
        first, *_ = known
        fail(
            value.at, f"{base} takes a table; write it as {base}: {{{first}: {'[name]' if first == 'bank' else 'any'}}}"
        )
    return read.table(value, base, known)


def _methods(value: Value) -> tuple[str, ...]:
    for name in read.scalars(value, "method"):
        if name in ("sha256", "md5"):
            fail(value.at, f"method: {name} is the very file, which always counts; use exact_media for it alone")
    return terms.choices(value, "method", NEAR_METHODS)


def _face_region(value: Value) -> None:
    if read.scalar(value, "face_region").strip() == "differs":
        fail(value.at, "where face regions differ there is no copy; use source_media, or write face_region: agrees")
    read.choice(value, "face_region", ("agrees",))


def _distance(value: Value, methods: tuple[str, ...]) -> tuple[str, int]:
    sign, number = terms.comparison(value, "distance", terms.MOST, default=None)
    most = 64 if methods == ("phash",) else 31
    if number != int(number) or number > most:
        fail(value.at, f"distance is a whole number of bits up to {most}, the search's own limit; write less")
    return sign, int(number)


def _transforms(keys: Mapping[str, Entry]) -> tuple[str, ...]:
    return terms.words_of(keys["transform"].value, "transform") if "transform" in keys else ()
