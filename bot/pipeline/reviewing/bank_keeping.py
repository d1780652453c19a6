"""Banks and their entries as people keep them: made, noted of, vouched for. Every door does it here."""

from __future__ import annotations

from typing import cast, get_args

from bot.errors import UsageError
from bot.model import Actor, Backing, BankKind, EntryNote
from bot.pipeline.reviewing.bank_feedback import BankFeedback
from bot.store import Store

LONGEST_NAME = 60  # characters
TIGHTEST, LOOSEST = 0, 31  # bits of a bank's own cut


class BankKeeping:
    """Changes banks and entries on a person's word."""

    def __init__(self, store: Store, feedback: BankFeedback) -> None:
        self._store = store
        self._feedback = feedback

    def create(self, name: str, kind: str, distance: int | None = None, *, by: Actor) -> None:
        """Create an empty bank; `distance`: its own cut in bits, 0 to 31. Raises UsageError or StoreError."""
        if kind not in get_args(BankKind):
            raise UsageError(f"{kind} is no kind of bank; choose one of {', '.join(get_args(BankKind))}")
        if not name.strip() or not name.isprintable() or name != name.strip() or len(name) > LONGEST_NAME:
            raise UsageError(
                f"{name!r} is no name for a bank; give 1 to {LONGEST_NAME} characters that can be seen, without blanks "
                "around them"
            )
        if distance is not None and not TIGHTEST <= distance <= LOOSEST:
            raise UsageError(f"{distance} is no cut; give {TIGHTEST} to {LOOSEST} bits, or none")
        with self._store.transaction():
            self._store.banks.create(name, cast("BankKind", kind), distance)
            self._store.audit.record(by=by, what=f"bank created ({kind})", subject=name)

    def note(self, label: str, note: EntryNote, *, by: Actor) -> None:
        """Note something of an entry, beside what others noted. Raises StoreError if there is no such active entry.

        Raises UsageError if it holds a suspected minor's file, or for a time without an origin.
        """
        with self._store.transaction():
            self._store.lists.make_entries([label])
            self._feedback.refuse_minors(label)
            self._store.notes.put(label, note, by=by)
            self._store.audit.record(by=by, what="entry noted", subject=label)

    def forget_notes(self, label: str, *, by: Actor) -> int:
        """Delete all that anybody noted of an entry; return how many notes that were.

        Raises UsageError if it holds a suspected minor's file: a slip gives its notes back, or all of it goes.
        """
        with self._store.transaction():
            self._store.lists.make_entries([label])
            self._feedback.refuse_minors(label)
            number = self._store.notes.forget(label)
            self._store.audit.record(by=by, what="entry notes deleted", subject=label)
        return number

    def confirm(self, label: str, *, by: Actor) -> Backing:
        """Give a word for an entry, which settles what was said against it; return how many people's it has then.

        Raises as `BankFeedback.confirm_entry` does.
        """
        with self._store.transaction():
            self._store.lists.make_entries([label])
            standing = self._feedback.confirm_entry(label, by=by)
            self._store.audit.record(by=by, what="entry confirm", subject=label)
        return standing
