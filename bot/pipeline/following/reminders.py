"""The one reminder of a notice: never after an answer or a bounce, and never a second."""

from __future__ import annotations

from bot.advice import Advised
from bot.errors import UsageError
from bot.model import ActionState, NoticeState, Voice
from bot.store import Store


def remind(store: Store, name: str, *, by: Voice, why: str | None = None) -> None:
    """Plan the one reminder of an overdue notice that went by mail.

    Raises UsageError in one sentence if there is nothing to remind of, or not by mail.
    """
    with store.transaction():
        row = store.notices.get(name)
        mail, planned = store.actions.mail_of(name), store.actions.by_key(key_of(name))
        if row.reminded is not None or (planned is not None and planned.state != ActionState.CANCELLED):
            raise UsageError(f"notice {name} has had its one reminder, and a second costs you the host's ear")
        if row.state != NoticeState.OVERDUE:
            raise UsageError(f"notice {name} is {row.state}; only one that is overdue is reminded of")
        if store.notice_answers.unread(name):
            raise UsageError(
                Advised(
                    f"notice {name} has an answer that nobody has read",
                    "it waits: gifwarden notices answers --waiting",
                    page="it stands on the notice's page: read it, and say what it means",
                    path=f"/notice/{name}",
                )
            )
        by_hand = store.notice_life.by_hand(name)  # also after a mail, which came back or was not read
        if by_hand or mail is None or mail.state not in (ActionState.DONE, ActionState.FAILED):
            raise UsageError(
                Advised(
                    f"notice {name} did not go by mail, or not by mail alone",
                    f"remind its host by its form, then: gifwarden notices raise {name} reminder",
                    page="remind its host by its form, then write it down with I did it",
                    path=f"/notice/{name}",
                )
            )
        store.actions.plan(key=key_of(name), kind="reminder", subreddit=row.subreddit, params={"notice": name})
        store.audit.record(by=by, what="reminder planned", subject=name, why=why)


def key_of(name: str) -> str:
    """Return the key of the one reminder of a notice."""
    return f"reminder:{name}"
