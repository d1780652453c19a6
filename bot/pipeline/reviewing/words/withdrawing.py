"""An entry is withdrawn: for which reasons people may, and in words what they can do afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Config
from bot.errors import UsageError
from bot.model import Withdrawal
from bot.pipeline.reviewing.words.entries import WORDS
from bot.pipeline.reviewing.words.entry import How, by_command
from bot.plural import many
from bot.store import Store, WithdrawnRow

HELD = "what rests on it is held; the daemon closes it or judges it again at its next step"


def may_say(row: WithdrawnRow, chosen: Withdrawal, how: How = by_command) -> None:
    """Raise UsageError unless a reason can be given for an entry that is withdrawn already."""
    if row.why is not Withdrawal.UNSAID:
        raise UsageError(
            f"{row.label} is withdrawn already ({WORDS[row.why]}); to withdraw it for another reason, bring it back "
            f"first: {how('restore', row.label, '')}"
        )
    if chosen is Withdrawal.UNSAID:
        raise UsageError(
            f"{row.label} is withdrawn already, without a reason; to give one: {how('reason', row.label, '')}"
        )


def onwards(store: Store, settings: Config, row: WithdrawnRow, how: How = by_command) -> Iterator[str]:
    """Yield what a person can do about a withdrawal, and until when."""
    restore = how("restore", row.label, "")
    if row.why is Withdrawal.MINOR:
        files = len(store.withdrawn.files(row.label))
        if files:
            yield f"{many(files, 'file')} of it will never be looked at again, under any link"
        else:
            yield "it has no file's hash, so only the entry itself goes; mark posts with: gifwarden cases minor"
        yield f"a slip? for ten minutes: {restore}; then it is destroyed"
        return
    if row.why is Withdrawal.WRONG and (rows := store.carried.rows(row.label)):
        stand = f"{many(len(rows), 'thing')} that it carried here {'stands' if len(rows) == 1 else 'stand'}"
        yield f"{stand}; undo or keep: {how('withdrawal', row.label, '')}"
    if row.why is Withdrawal.UNSAID:
        yield f"to say why later: {how('reason', row.label, '')}"
    if settings.storage.withdrawn_days:
        yield f"for {many(settings.storage.withdrawn_days, 'day')}, {restore} brings it back"
