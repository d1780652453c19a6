"""The checks on evidence, out of a rule: `known_media: {bank: …, distance: …}` and its like."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import FaceRegion
from bot.rules.checks.evidence import NEAR_METHODS, NUDE, CopyCheck, FaceCheck, NudityCheck, SourceCheck
from bot.rules.language import values, vocabulary, yaml
from bot.rules.language.yaml import Entry, Scalar, Table, Told, Value, fail


def copy_check(key: str, base: str, value: Value, *, negated: bool) -> CopyCheck:
    """Compile exact_media or known_media."""
    told = Told(_terms(value, base))
    methods = told.get("method", _methods) or NEAR_METHODS
    check = CopyCheck(
        key=key,
        banks=told.get("bank", values.words_of) or (),
        exact_only=base == "exact_media",
        negated=negated,
        distance=told.get("distance", lambda value, _: _distance(value, methods)),
        coverage=told.get("coverage", values.share),
        frames=told.get("frames", _least),
        inliers=told.get("inliers", _least),
        methods=methods,
        transforms=told.get("transform", values.words_of) or (),
        face_agrees=told.get("face_region", _face_region) or False,
    )
    told.settle()
    return check


def source_check(value: Value) -> SourceCheck:
    """Compile source_media."""
    told = Told(_terms(value, "source_media"))
    check = SourceCheck(
        banks=told.get("bank", values.words_of) or (),
        coverage=told.get("coverage", values.share),
        frames=told.get("frames", _least),
        transforms=told.get("transform", values.words_of) or (),
        regions=told.get("face_region", _regions) or ("differs", "unknown"),
    )
    told.settle()
    return check


def face_check(value: Value) -> FaceCheck:
    """Compile face."""
    keys = _table(value, "face")
    if "person" not in keys:
        fail(value.at, "face names no person; write face: {person: any}")
    told = Told(keys)
    persons = told.get("person", _persons) or ()
    check = FaceCheck(
        persons=() if persons == ("any",) else persons,
        probability=told.get("probability", values.share),
        distance=told.get("distance", _face_distance),
        faces=told.get("faces", _least),
        models=told.get("model", values.words_of) or (),
    )
    told.settle()
    return check


def nudity_check(value: Value) -> NudityCheck:
    """Compile nudity: true, a comparison, or a table."""
    if isinstance(value, Table):
        told = Told(_table(value, "nudity"))
        check = NudityCheck(
            score=told.get("score", lambda value, key: values.share(value, key, values.ALL)) or (">=", NUDE),
            frames=told.get("frames", _least),
        )
        told.settle()
        return check
    if isinstance(value, Scalar) and value.kind == "bool":
        return NudityCheck(score=(">=" if yaml.flag(value, "nudity") else "<", NUDE))
    return NudityCheck(score=values.share(value, "nudity", values.ALL))


def _terms(value: Value, base: str) -> dict[str, Entry]:
    keys = _table(value, base)
    if "bank" not in keys:
        fail(value.at, f"{base} names no bank; write {base}: {{bank: [name]}}")
    return keys


def _table(value: Value, base: str) -> dict[str, Entry]:
    known = vocabulary.COPY_KEYS[base]
    if not isinstance(value, Table):
        first, *_ = known
        fail(
            value.at, f"{base} takes a table; write it as {base}: {{{first}: {'[name]' if first == 'bank' else 'any'}}}"
        )
    return yaml.table(value, base, known)


def _methods(value: Value, key: str) -> tuple[str, ...]:
    for name in yaml.scalars(value, key):
        if name in ("sha256", "md5"):
            fail(value.at, f"method: {name} is the very file, which always counts; use exact_media for it alone")
    return values.choices(value, key, NEAR_METHODS)


def _face_region(value: Value, key: str) -> bool:
    if yaml.scalar(value, key).strip() == "differs":
        fail(value.at, "where face regions differ there is no copy; use source_media, or write face_region: agrees")
    yaml.choice(value, key, ("agrees",))
    return True


def _regions(value: Value, key: str) -> tuple[FaceRegion, ...]:
    if yaml.scalars(value, key) == ("agrees",):
        fail(value.at, "where face regions agree it is the original itself; write face_region: differs")
    regions: Sequence[FaceRegion] = ("differs", "unknown")
    chosen = values.choices(value, key, regions)
    return tuple(region for region in regions if region in chosen)


def _least(value: Value, key: str) -> tuple[str, int]:
    return values.count(value, key, values.LEAST, default=None)


def _persons(value: Value, key: str) -> tuple[str, ...]:
    persons = values.words_of(value, key)
    if "any" in persons and len(persons) > 1:
        fail(value.at, "person is any, or labels of persons, not both; remove one")
    return persons


def _face_distance(value: Value, key: str) -> values.Comparison:
    return values.comparison(value, key, values.MOST, default=None, sample=vocabulary.SAMPLES["face distance"])


def _distance(value: Value, methods: tuple[str, ...]) -> tuple[str, int]:
    sign, number = values.comparison(value, "distance", values.MOST, default=None)
    most = 64 if methods == ("phash",) else 31
    if number != int(number) or number > most:
        fail(value.at, f"distance is a whole number of bits up to {most}, the search's own limit; write less")
    return sign, int(number)
