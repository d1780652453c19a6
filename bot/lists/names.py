"""What the columns and keys of lists are called, and the kinds of digests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.lists import children
from bot.lists.record import KNOWN, NotOursError, RowError, for_short, words

OURS = {
    "pdq": "pdq",
    "pdqhash": "pdq",
    "mpdqhash": "pdq",
    "vpdq": "pdq",
    "phash": "phash",
    "phash256": "phash",
    "md5": "md5",
    "md5sum": "md5",
    "sha256": "sha256",
    "sha256sum": "sha256",
    "sha2256": "sha256",
    "sha2": "sha256",
}
FOREIGN = words("""
    sha1 sha1sum sha224 sha384 sha512 sha512sum sha3 sha3256 md4 photodna pdna tmk tmkpdqf pdqocr tlsh texttlsh
    ssdeep netclean videntifier ssvhpdna ssvhsaferhash saferhash ssvh sscd dhash ahash whash colorhash neuralhash
    crc32 crc blake2 blake2b blake3 xxhash ed2k iscc
    """)
_FILLER = words("""
    hash hashes digest digests checksum sum hex value values raw td file image photo picture video gif media signal
    indicator original content base64 b64 of the string data fingerprint perceptual type algorithm key matching m
    """)
MEDIA = words("image photo picture video gif animation file media hash hex string binary fuzzy")
_WORDS = re.compile(r"[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def _ranks(text: str) -> dict[str, int]:
    """Return names, each with its place."""
    return {name: place for place, name in enumerate(text.split())}


# Names as `joined` gives them, the one that counts most first.
VALUES = _ranks("""
    tdrawindicator rawindicator hashvalue signalvalue hashdigest hash value digest indicator tdindicator entitykey
    hashhex hashstring rawhash perceptualhash imagehash videohash filehash mediahash contenthash checksum
    fingerprint signalstr signal contentsignal indicatorvalue rawvalue hashes filechecksum prüfsumme pruefsumme
    """)
# Of files, whatever their length: nobody calls a PDQ so.
SUMS = words("checksum filechecksum filehash prüfsumme pruefsumme")
_OF_FILES = words("filename file filepath path datei dateiname fullname")
_NUMBERED = re.compile(r"(?:[ _-]\d{1,2}|(?<=[A-Za-z])\d)$")
TYPES = _ranks("""
    signaltype signalname hashtype indicatortype tdindicatortype tdtype algorithm algo hashalgorithm hashalgo hashname
    entitykind hashmethod digesttype digestalgorithm checksumtype valuetype type hashkind method
    """)
IDS = _ranks("""
    id hashid uuid guid entryid entry descriptorid tdid tddescriptorid indicatorid contentid bankcontentid recordid
    externalid identifier itemid uid mediaid imageid videoid signalid oid
    """)
STATES = words("status state hashstatus tdstatus op operation opinionstatus recordstatus entrystatus change changetype")
# What only a log of changes has: each of its rows says anew all that its id is.
OF_CHANGES = words("op operation change changetype seq sequence sequencenumber")
GONE = words("""
    withdrawn withdraw withdrawal deleted delete del removed remove retracted retract retraction tombstone revoked
    revoke nonmalicious inactive disabled expired falsepositive rescinded rescind obsolete nolongeractive
    zurückgezogen zurueckgezogen gelöscht geloescht widerrufen entfernt inaktiv retiré supprimé retirado eliminado
    ritirato wycofano usunięto
    """)
# States of which is known that the row holds; others are told.
LIVE = words("""
    active live enabled valid confirmed malicious suspicious unknown undefined put new updated update added add create
    created insert inserted modified modify change changed changetype pending open block blocked ban banned publish
    published approved verified ok current present known none listed known recommendation upsert true false yes no
    actioned reported reviewed aktiv actif activo attivo bestätigt bekannt offen neu gesperrt
    """)
GONE_FLAGS = words("""
    shoulddelete deleted isdeleted withdrawn iswithdrawn removed isremoved retracted isretracted revoked isrevoked
    tombstone isexpired expired falsepositive isfalsepositive disabled isdisabled
    """)
LIVE_FLAGS = words("active isactive enabled isenabled valid toids")  # MISP's: not for detection
GONE_AT = words("deletedat withdrawnat removedat revokedat retractedat deletedon withdrawnon deleteddate")
EXPIRES = words("""
    expires expiresat expireson expiry expiredon validuntil expirationdate exp expiretime
    expirytime expirationtime expirydate expiredate expiredat
    """)
QUALITIES = words("quality pdqquality hashquality q pdqhashquality")
TIMES = words("t timeoffset")
STAMPS = words("timestamp seconds offset")  # seconds into the film, or the day on which the row was written
WHOLES = words("whole complete full snapshot")


@for_short(4096)
def joined(name: str) -> str:
    """Return a name in small letters and digits alone."""
    return "".join(filter(str.isalnum, name.lower()))


@for_short(4096)
def kind_named(name: str) -> str | None:
    """Return the kind of digest that a name of a column, key or type speaks of, ours or not; None if of none."""
    whole = joined(name)
    if whole in OURS or whole in FOREIGN:
        return OURS.get(whole, whole)
    rest = "".join(word.lower() for word in _WORDS.findall(name) if word.lower() not in _FILLER)
    if rest in OURS or rest in FOREIGN:
        return OURS.get(rest, rest)
    if (place := _NUMBERED.search(name)) and place.start() > 2:
        return kind_named(name[: place.start()])
    bare = re.sub(r"(?:hash|sum|digest|hex)$|^(?:hash|video|image|photo|file|media|entity)", "", rest)
    return OURS.get(bare, bare) if bare in OURS or bare in FOREIGN else None


@for_short(4096)
def kind_of_type(name: str) -> str | None:
    """Return the kind of digest that a type says; None if it speaks of media. Raises NotOursError if it is unknown."""
    if "|" in name or name == "malware-sample":  # as MISP has them: a file's name, and its hash
        name = "md5" if name.endswith("malware-sample") else name.rpartition("|")[2]
    kind = kind_named(name)
    if kind is None and joined(name) not in MEDIA:
        said = f"the type {name[:40]!r}" if re.fullmatch(r"[\w .-]{1,40}", name, re.ASCII) else "the type"
        raise NotOursError(f"{said} is none that we match; known: {KNOWN}")
    return kind


def kind_of_length(value: str) -> str:
    """Return what kind a digest is of that nobody names: 64 hex digits are taken as PDQ. Raises RowError."""
    text = value.lower().removeprefix("0x")
    if len(text) in (40, 128):
        return {40: "sha1", 128: "sha512"}[len(text)]
    if len(text) == 32:
        return "md5"
    if len(text) == 288:
        return "photodna"
    return "pdq"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where in a row of these names is what: keys of an object, or places of cells."""

    ids: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()  # what their type says
    kinds: tuple[tuple[Any, str, bool], ...] = ()  # key, kind, whether it is said to be base64
    types: tuple[Any, ...] = ()
    qualities: tuple[Any, ...] = ()
    times: tuple[Any, ...] = ()
    stamps: tuple[Any, ...] = ()
    states: tuple[Any, ...] = ()
    gone: tuple[Any, ...] = ()
    live: tuple[Any, ...] = ()
    gone_at: tuple[Any, ...] = ()
    expires: tuple[Any, ...] = ()
    disabled_until: tuple[Any, ...] = ()
    children: tuple[tuple[Any, children.Field], ...] = ()
    others: tuple[Any, ...] = ()
    more: tuple[Any, ...] = ()  # values beside the first: hash1, hash2
    sums: frozenset[Any] = frozenset()  # values that are sums of files
    is_share: bool = False  # qualities are from 0 to 1
    names: frozenset[str] = field(default=frozenset())
    named: dict[Any, str] = field(default_factory=dict)  # names of flags that say it is withdrawn

    @property
    def holds_digests(self) -> bool:
        """Whether a digest is looked for in any of it."""
        return bool(self.values or self.kinds or self.more)

    short: tuple[Any, Any, Any, str | None] | None = None  # id, value, type, kind: all that there is to look at

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing in it but an id, a value, its type and a state."""
        return not (
            self.qualities or self.times or self.stamps or self.gone or self.live or self.gone_at
            or self.expires or self.disabled_until or self.children or self.more or self.sums
            or OF_CHANGES & self.names
        )  # fmt: skip


def plan(named: Iterable[tuple[Any, str]]) -> Plan:
    """Return where in a row is what; `named`: each key or place, and its name."""
    found: dict[str, list[Any]] = {}
    kinds: list[tuple[Any, str, bool]] = []
    tagged: list[tuple[Any, children.Field]] = []
    ranked: dict[str, list[tuple[int, Any]]] = {"ids": [], "values": [], "types": []}
    names = set()
    flags: dict[Any, str] = {}
    for key, name in named:
        whole = joined(name)
        names.add(whole)
        if place := children.field_named(name):
            tagged.append((key, place))
        for role, known in (("ids", IDS), ("values", VALUES), ("types", TYPES)):
            if whole in known:
                ranked[role].append((known[whole], key))
                break
        else:
            base = joined(name[: place_of.start()]) if (place_of := _NUMBERED.search(name)) else ""
            if base in VALUES and not kind_named(name):
                found.setdefault("more", []).append(key)
            elif (kind := kind_named(name)) and whole not in MEDIA:
                kinds.append((key, kind, "base64" in whole or "b64" in whole or whole == "contentmd5"))
            else:
                role = _role(whole)
                found.setdefault(role, []).append(key)
                if role == "gone":
                    flags[key] = name
    parts: dict[str, Any] = {role: tuple(keys) for role, keys in found.items()}
    parts.update(
        {role: tuple(key for _, key in sorted(keys, key=lambda pair: pair[0])) for role, keys in ranked.items()}
    )
    parts["sums"] = _sums(ranked["values"], kinds, names, bool(parts.get("qualities")))
    found_plan = Plan(**parts, kinds=tuple(kinds), children=tuple(tagged), names=frozenset(names))
    return replace(found_plan, short=_short(found_plan), named=flags)


def _sums(values: list[tuple[int, Any]], kinds: list[tuple[Any, str, bool]], names: set[str], has_quality: bool) -> Any:
    """Return which values are sums of files, as their names or those beside them say."""
    beside = bool(_OF_FILES & names) and any(kind in ("md5", "sha1") for _, kind, _ in kinds) and not has_quality
    of_files = {place for name, place in VALUES.items() if name in SUMS}
    return frozenset(key for place, key in values if beside or place in of_files)


def _short(where: Plan) -> tuple[Any, Any, Any, str | None] | None:
    """Return id, value, type and kind of a row in which nothing else but a state counts, if there is one of each."""
    if not where.is_plain or len(where.ids) > 1 or len(where.types) > 1 or len(where.values) + len(where.kinds) != 1:
        return None
    one = (where.ids or (None,))[0]
    if where.kinds:
        key, kind, is_base64 = where.kinds[0]
        return None if is_base64 or where.types or kind not in ("pdq", "md5") else (one, key, None, kind)
    return one, where.values[0], (where.types or (None,))[0], None


_ROLES = (
    ("qualities", QUALITIES),
    ("times", TIMES),
    ("stamps", STAMPS),
    ("states", STATES),
    ("gone", GONE_FLAGS),
    ("live", LIVE_FLAGS),
    ("gone_at", GONE_AT),
    ("expires", EXPIRES),
    ("disabled_until", frozenset({"disableuntilts"})),
)


def _role(whole: str) -> str:
    return next((role for role, names in _ROLES if whole in names), "others")


def is_type(text: str) -> bool:
    """Return whether a cell names a kind of digest."""
    try:
        return kind_of_type(text) is not None
    except RowError:
        return False
