"""What a person needs of an entry, on one screen: whose word it is, where it is from, what came of it. Words only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import day, day_and_time, from_iso, minutes
from bot.config import Config
from bot.model import Backing, Credential, GroundFor, Withdrawal
from bot.pipeline.reviewing.words.entries import WORDS, said_of
from bot.plural import many
from bot.serialization import to_json_data
from bot.store import EntryFilter, EntryPast, EntryRow, Said, Store, WithdrawnRow
from bot.store.entries import Word

Fact = tuple[str, str]
How = Callable[[str, str, str], str]
"""How something is done at this door, in words: of the deed, the label, and what a command takes beside it."""
REASONS = (Withdrawal.WRONG, Withdrawal.HER_WISH, Withdrawal.MINOR)
"""For which a person withdraws an entry."""
SECOND: Mapping[Backing, str] = {
    Backing.WAITS: "waits",
    Backing.AGAIN: "waits",
    Backing.ONE_PERSON: "one person's",
    Backing.TWO_PEOPLE: "two people's",
}
"""What a list of entries says of the second person's word."""
HOW = {
    Credential.SYSTEM_ACCOUNT: "under their own system account",
    Credential.REDDIT: "by their Reddit account",
    Credential.SIGN_IN: "signed in to the console",
    Credential.TYPED: "a name typed under another account, which is nobody's word",
    Credential.EARLIER: "a name in an earlier version, which took any",
}
ALONE = "yes, as far as rules and modes go: its very file, and copies whose face region agrees"
COPIES = "cropped, framed and captioned copies are not found"


def by_command(deed: str, label: str, more: str = "") -> str:
    """Return the command that does something to an entry; `reason`: which says why one was withdrawn."""
    if deed == "reason":
        return by_command("remove", label, f"--reason {REASONS[0]} (or {', '.join(REASONS[1:])})")
    return f"gifwarden bank {deed} {label}{f' {more}' if more else ''}"


def of_a_minor(label: str, how: How = by_command) -> str:
    """Return why nothing is shown of an entry that holds a file which was marked as a suspected minor's."""
    return (
        f"{label} holds a file that was marked as a suspected minor's, so nobody confirms, restores or reads of it; to "
        f"be rid of it: {how('remove', label, '')}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An entry with what its features are, and the others that hold its very file."""

    past: EntryPast
    corners: bool
    motion: str  # own, borrowed (of a copy), or none
    beside: tuple[tuple[str, str, str, str], ...]  # label, bank, kind of bank, state
    against: tuple[Said, ...]  # who disputes it, and was not answered yet
    settled: tuple[tuple[str, datetime], ...]  # who answered disputes, and when
    withdrawn: WithdrawnRow | None
    ground: GroundFor | None  # on which its media is reported, as it was recorded

    @classmethod
    def of(cls, store: Store, label: str) -> Card:
        """Return the card of an entry that is there."""
        past = store.entries.past(label)
        number = store.sketches.number(label)
        assert past is not None
        assert number is not None
        moves = store.sketches.motion(number)
        return cls(
            past=past,
            corners=any(frame.points for frame in store.sketches.of(number)),
            motion="none" if moves is None else "borrowed" if moves.borrowed else "own",
            beside=tuple(store.entries.beside(label)),
            against=tuple(store.opinions.against(label)),
            settled=tuple(store.opinions.settled(label)),
            withdrawn=store.withdrawn.get(label),
            ground=store.grounds.get(label),
        )


def hidden(settings: Config, row: EntryRow) -> bool:
    """Return whether who gave the first word, and when, is not shown: it must not lead the same person's second."""
    return settings.review.confirmations == 1 and row.standing in (Backing.WAITS, Backing.AGAIN)


def second_word(settings: Config, row: EntryRow) -> str:
    """Return whose words an entry has, as a list of entries says it."""
    if row.kind == "allow" or row.state != "active":
        return ""
    return "trusted" if row.bank in settings.banks.trusted else SECOND[row.standing]


def behind(store: Store, wanted: EntryFilter) -> str:
    """Return how many rows of lists are no entries yet and would be what is wanted; empty if none are."""
    if wanted.state == "withdrawn" or wanted.label is not None:
        return ""
    rows = store.lists.listing(wanted.bank)
    number = sum(row.rows - row.made for row in rows if wanted.source in (None, row.name))
    stand = "is 1 listed row, which matches" if number == 1 else f"are {number:,} listed rows, which match"
    return f"behind them {stand} as well: an entry is made of one that does" if number else ""


def still_needs(settings: Config, label: str, standing: Backing | None, how: How = by_command) -> str:
    """Return what an entry still needs before it acts by itself, to go behind its label."""
    if standing is Backing.TWO_PEOPLE:
        return ""
    confirm = how("confirm", label, "")
    if settings.review.confirmations == 1:
        if standing is Backing.ONE_PERSON:
            return ", confirmed by one person: it acts by itself on its exact file only"
        return f"; it acts by itself once you confirm it again, a day from now or later: {confirm}"
    return f"; before it acts alone, another moderator confirms it: {confirm}"


def acts(settings: Config, past: EntryPast, against: Sequence[Said] = (), how: How = by_command) -> tuple[bool, str]:
    """Return whether an entry acts without a moderator, and in words why, or what it needs."""
    row = past.row
    confirm = how("confirm", row.label, "")
    if row.kind == "allow":
        return False, "never: it speaks against other entries"
    if row.kind != "block":
        return False, f"never: entries of {row.kind} banks are for review only"
    if row.state != "active":
        return False, f"no: it is withdrawn; {how('restore', row.label, '')} brings it back"
    if past.quarantined:
        return False, f"no: it is held ({past.quarantined}); see gifwarden quarantine list"
    if against:
        return False, f"no: it is disputed; another person answers that: {confirm}"
    if row.bank in settings.banks.trusted:
        return True, f"{ALONE}; the bank {row.bank} is trusted by name (banks.trusted)"
    if row.standing is Backing.TWO_PEOPLE:
        return True, ALONE
    if settings.review.confirmations == 1:
        if row.standing is Backing.ONE_PERSON:
            return True, "on its very file only: one person confirmed it"
        return False, f"no: you confirm it again, a day after the first time or later: {confirm}"
    if len({word.by for word in past.words}) > 1:
        return False, f"no: its words may be one person's, see docs/team.md; or another one confirms it: {confirm}"
    return False, f"does not act yet: a second person has to confirm it, under their own account: {confirm}"


def lacks(settings: Config, card: Card) -> list[str]:
    """Return what an entry has not, and what that means."""
    past = card.past
    row = past.row
    if not (row.signals or past.files):
        return ["everything: its fingerprints were destroyed"]
    found: list[str] = []
    plain = past.best_quality is None or past.best_quality < settings.banks.min_quality
    if plain and not card.corners:
        only = "only its very file can match" if past.files else "and it has no file's hash either: it never matches"
        found.append(f"a picture to know it by: too plain, or a file's hash alone; {only}")
    elif not card.corners:
        why = "a list gives hashes only" if row.source else "bank its file again to fill it"
        found.append(f"corners and a motion signature ({why}): {COPIES}")
    elif card.motion == "borrowed":
        found.append("a motion signature of its own: it has a copy's until its file is met again")
    elif card.motion == "none" and past.duration:
        found.append("a motion signature: it gets one when its file is met again")
    if not past.files:
        found.append("a file's hash: it is a part of something longer, or a list gave none")
    return found


def facts_of(settings: Config, card: Card, how: How = by_command) -> Iterator[Fact]:
    """Yield an entry line by line. `how`: how things are done at the door that shows it."""
    past = card.past
    row = past.row
    since = f" since {day(from_iso(past.withdrawn_at))}" if past.withdrawn_at else ""
    why = card.withdrawn
    yield "entry", f"{row.label} in {row.bank} ({row.kind}), {row.state}{since}"
    if why is not None:
        yield "why", f"{WORDS[why.why]}{f' ({why.by})' if why.by else ''}"
    yield "alone", acts(settings, past, card.against, how)[1]
    for said in card.against:
        yield "disputed", said_of(said) + (f", {day(said.at)}" if said.at else "")
    yield from (("answered", f"by {who}, {day(at)}, who gave their word after a dispute") for who, at in card.settled)
    unnamed = hidden(settings, row)
    made = f", from case {past.case}" if past.case else f", from the list {row.source}" if row.source else ""
    yield (
        "added",
        "by a person, whom you are not told before your second word" if unnamed else _word(past.words[0], made),
    )
    if not unnamed:
        yield from (("word", _word(word)) for word in past.words[1:])
    for held in past.notes:
        who = "" if unnamed else f" ({held.by}, {day(from_iso(held.at))})"
        if held.note.note:
            yield "note", f"{held.note.note}{who}"
        if held.note.origin:
            at = "" if held.note.seconds is None else f" at {minutes(held.note.seconds)}"
            yield "origin", f"{held.note.origin}{at}{who}"
    if not past.notes:
        yield "origin", f"not known; {how('note', row.label, '--origin URL --at 1:23')}"
    if card.ground is not None:
        yield "ground", f"{card.ground.ground.replace('_', ' ')}: {card.ground.detail} (offered when it is reported)"
    yield "hits", hits_of(past)
    for label in past.suppressed_by:
        yield "against", f"{label} (allow): what resembles that as well is not taken for this, but for its very file"
    if row.kind == "allow":
        yield "against", f"it speaks against {', '.join(past.speaks_against) or 'nothing'}"
    for label, bank, kind, state in card.beside:
        yield "also", f"{label} in {bank} ({kind}, {state}) holds its very file"
    yield "holds", _holds(card)
    yield from (("lacks", lack) for lack in lacks(settings, card))


def plain(settings: Config, card: Card) -> dict[str, Any]:
    """Return an entry as plain data."""
    past = card.past
    row = past.row
    alone, needs = acts(settings, past, card.against)
    unnamed = hidden(settings, row)
    return {
        "entry": row.label,
        "bank": row.bank,
        "kind": row.kind,
        "state": row.state,
        "withdrawn_at": past.withdrawn_at,
        "withdrawal": card.withdrawn.why if card.withdrawn else None,
        "disputed_by": [{"by": said.by, "case": said.case, "at": to_json_data(said.at)} for said in card.against],
        "standing": row.standing,
        "acts_alone": alone,
        "why": needs,
        "words": [] if unnamed else [{"by": w.by, "credential": w.credential, "at": w.at} for w in past.words],
        "from_list": row.source,
        "case": past.case,
        "ground": {"ground": card.ground.ground, "detail": card.ground.detail} if card.ground else None,
        "notes": [
            {
                "note": held.note.note or None,
                "origin": held.note.origin or None,
                "seconds": held.note.seconds,
                "by": None if unnamed else held.by,
                "credential": None if unnamed else held.credential,
                "at": None if unnamed else held.at,
            }
            for held in past.notes
        ],
        "hits": {
            "cases": past.hits.cases,
            "confirmed": past.hits.confirmed,
            "dismissed": past.hits.dismissed,
            "open": past.hits.open,
            "exact": past.hits.exact,
            "same_footage": past.hits.same_footage,
            "suppressed": past.hits.suppressed,
            "last": past.hits.last,
        },
        "suppressed_by": list(past.suppressed_by),
        "speaks_against": list(past.speaks_against),
        "same_file": [{"entry": e, "bank": b, "kind": k, "state": s} for e, b, k, s in card.beside],
        "files": past.files,
        "pdq": past.pdq,
        "corners": card.corners,
        "motion": card.motion,
        "duration": past.duration,
        "lacks": lacks(settings, card),
    }


def _word(word: Word, more: str = "") -> str:
    how = f", {HOW[word.credential]}" if word.credential else ""
    return f"by {word.by}, {day_and_time(from_iso(word.at))} UTC{how}{more}"


def hits_of(past: EntryPast) -> str:
    """Return the cases that an entry matched, and how often it was right."""
    hits = past.hits
    if not hits.cases:
        return "no case yet"
    parts = [f"{hits.confirmed} confirmed, {hits.dismissed} dismissed, {hits.open} open"]
    ways = ((hits.exact, "by its very file"), (hits.same_footage, "as the same footage, altered"))
    parts += [f"{number} {words}" for number, words in (*ways, (hits.suppressed, "suppressed")) if number]
    last = f"; the newest {day(from_iso(hits.last))}" if hits.last else ""
    return f"{many(hits.cases, 'case')}: {'; '.join(parts)}{last}"


def _holds(card: Card) -> str:
    past = card.past
    parts = [many(past.files, "file's hash", "files' hashes") if past.files else ""]
    parts += [many(past.pdq, "PDQ hash", "PDQ hashes") if past.pdq else ""]
    parts += ["corners" if card.corners else "", "a motion signature" if card.motion == "own" else ""]
    length = f"; {past.duration:.1f} s long" if past.duration else ""
    return f"{', '.join(part for part in parts if part) or 'nothing'}{length}"
