"""What is said of a media that was put into a bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.cli.base import say, warn
from bot.config import Config
from bot.model import Fingerprint, Match, SourceMatch
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.bank_feedback import Banked
from bot.pipeline.reviewing.excerpts import too_plain
from bot.pipeline.reviewing.words.entry import hidden, still_needs
from bot.pipeline.reviewing.words.evidence import WHAT

MOST = 3  # entries that are named of those that it looks like


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A media that was put into a bank, and what stands beside it."""

    pipeline: Pipeline
    settings: Config
    target: str
    kind: str  # of the bank
    found: Fingerprint
    banked: Banked
    near: tuple[Match | SourceMatch, ...]  # entries that it looks like
    pairs: tuple[str, ...]  # entries against which it speaks

    def plain(self) -> dict[str, Any]:
        """Return it as plain data; what there is not has no key."""
        found, banked = self.found, self.banked
        more = {
            "against": self.pairs,
            "plain": too_plain(found, self.settings.banks.min_quality),
            "note": found.note,
            "opposed": self._opposed(),
            "seconded": banked.seconded,
            "same_file": [{"entry": label, "bank": bank, "state": state} for label, bank, state in self._alike()],
            "near": [_near(one) for one in self.near] if banked.new else [],
        }
        told_of = {"file": self.target, "entry": banked.label, "new": banked.new}
        return told_of | {key: value for key, value in more.items() if value}

    def told(self) -> None:
        """Print it."""
        label, found = self.banked.label, self.found
        say(f"{self.target}  {label}{'' if self.banked.new else '  (was there already)'}")
        if not self.banked.new:
            say(f"  {self._again()}")
        if found.note:
            say(f"  {found.note}", "yellow")
        if too_plain(found, self.settings.banks.min_quality):
            what = "what could be read of it is" if found.note else "it is"
            say(f"  {what} too plain to be known again by its looks: only this very file can match")
        if self.kind == "allow":
            say(f"  speaks against: {', '.join(self.pairs) or 'nothing, for it resembles no entry'}")
        for other, bank, state in self._alike():
            back = "" if state == "active" else f"; gifwarden bank restore {other} brings that back"
            say(f"  {other} in {bank} ({state}) holds this very file too{back}")
        for one in self.near[:MOST] if self.banked.new else ():
            say(f"  it looks like {one.entry} in {one.bank}: {_how_sure(one)}", "yellow")
        if self.banked.new and self.near:
            also = f"; {len(self.near) - MOST} more are left out here" if len(self.near) > MOST else ""
            say(f"  both stay{also}; if they are one media, see: gifwarden bank show {self.near[0].entry}")
        for other in self._opposed():
            warn(f"  {said_opposed(label, self.kind, other)}")

    def _again(self) -> str:
        """Return whose entry it is, and what this word did."""
        label = self.banked.label
        store = self.pipeline.deps.store
        past = store.entries.past(label)
        assert past is not None
        who = "somebody" if hidden(self.settings, past.row) else past.row.added_by
        if self.banked.seconded:
            return f"{who} put it in, and your word is the second person's: it may act alone now"
        if self.kind != "block":
            return f"{who} put it in"
        needed = still_needs(self.settings, label, past.row.standing)
        return f"{who} put it in{needed or ', and it is confirmed'}"

    def _opposed(self) -> list[str]:
        """Return the entries that say the opposite of this very file."""
        beside = self.pipeline.deps.store.banks.same_file(self.banked.label)
        return [other for other, theirs in beside if (theirs == "allow") != (self.kind == "allow")]

    def _alike(self) -> list[tuple[str, str, str]]:
        """Return the other entries that say the same of this very file, withdrawn ones too."""
        return [
            (label, bank, state)
            for label, bank, kind, state in self.pipeline.deps.store.entries.beside(self.banked.label)
            if (kind == "allow") == (self.kind == "allow")
        ]


def said_opposed(label: str, kind: str, other: str) -> str:
    """Return what it means that `other` says the opposite of an entry of a bank of this kind."""
    allow, block = (label, other) if kind == "allow" else (other, label)
    return (
        f"{block} and {allow} hold this very file: one says that it is known, the other that it is innocent. "
        f"{allow} does not hide it, for the very file always matches; withdraw the wrong one: gifwarden bank remove"
    )


def _near(one: Match | SourceMatch) -> dict[str, Any]:
    kind = "copy" if isinstance(one, Match) else one.kind
    unsure = isinstance(one, Match) and one.unsure
    return {"entry": one.entry, "bank": one.bank, "kind": kind, "method": one.method, "unsure": unsure,
            "coverage_query": one.coverage_query, "coverage_entry": one.coverage_entry, "why": one.why}  # fmt: skip


def _how_sure(one: Match | SourceMatch) -> str:
    if isinstance(one, SourceMatch):
        return f"{WHAT.get(one.kind or '', 'the same place')} ({one.why})"
    sure = "not sure, it may be another take or moment" if one.unsure else "the same footage"
    return f"{sure}, {one.coverage_query:.0%} of this and {one.coverage_entry:.0%} of that ({one.why})"
