"""An entry: its past, and what can be done with it: withdrawn, restored, noted of, vouched for. Words only."""

from __future__ import annotations

import re

from starlette.responses import Response

from bot.errors import StoreError, UsageError
from bot.model import Backing, Verb, Withdrawal
from bot.model.past import LONGEST_NOTE, LONGEST_URL, NoteWords, noted
from bot.pipeline.reviewing.words import listed_row
from bot.pipeline.reviewing.words.entries import WORDS, because
from bot.pipeline.reviewing.words.entry import REASONS, Card, How, facts_of, of_a_minor
from bot.pipeline.reviewing.words.withdrawal import head
from bot.pipeline.reviewing.words.withdrawing import HELD, may_say, onwards
from bot.store import Store
from bot.store.lists import ListedRow
from bot.web.console.base import Act, Page, View, Visit

MAX_WHY = 300  # characters
BUTTONS = {
    "confirm": "“Confirm it” below",
    "restore": "“Restore it” below",
    "note": "“Note” below",
    "remove": "“Withdraw it” below",
    "reason": "“Say why” below",
    "withdrawal": "“What it carried” below",
}
GONE = {"note": "nothing is noted while it is withdrawn", "remove": "it is withdrawn already"}
DESTROYED = "its fingerprints were destroyed; only to bank its media again makes it known again"
NAMES = {
    Withdrawal.WRONG: "It is wrong",
    Withdrawal.HER_WISH: "It is her wish",
    Withdrawal.MINOR: "Suspected minor",
}
MINORS = "its files are never looked at again, under any link; for ten minutes a slip can be taken back"
FIELDS = NoteWords(note="the note", origin="the origin", at="the time", forget="delete what is noted")
_LABEL = re.compile(r"[EL]-[0-9a-f]{1,20}")


def by_button(deed: str, _label: str, _more: str = "") -> str:
    """Return where on its page something is done to an entry."""
    return BUTTONS[deed]


def _how(*, may: bool, active: bool, destroyed: bool) -> How:
    """Return how things are done on the page that somebody sees."""

    def how(deed: str, _label: str, _more: str = "") -> str:
        if destroyed and deed == "restore":
            return "nothing"
        if not active and deed in GONE:
            return GONE[deed]
        if deed != "withdrawal" and not may:
            return BUTTONS[deed].replace(" below", " (by a lead)")
        return BUTTONS[deed]

    return how


def label_of(visit: Visit) -> str:
    """Return the label of the entry that an address names. Raises StoreError if there is none."""
    label = str(visit.request.path_params["label"])
    if not _LABEL.fullmatch(label):
        raise StoreError("that is no entry's label, which looks like E-3f9c2a71b0")
    store = visit.store
    if store.banks.standing(label) is None and store.lists.row(label) is None:
        raise StoreError(f"there is no entry {label}; the page Entries shows which there are")
    return label


def show(visit: Visit) -> Response:
    """Show an entry and what can be done with it."""
    label, store = label_of(visit), visit.store
    row, withdrawn = store.lists.row(label), store.withdrawn.get(label)
    may, active = visit.may(Verb.BANKS), withdrawn is None
    marked = _is_minors(store, label, row)
    card = None if row is not None or marked else Card.of(store, label)
    destroyed = card is not None and not (card.past.row.signals or card.past.files)
    how = _how(may=may, active=active, destroyed=destroyed)
    slip = withdrawn is not None and withdrawn.why is Withdrawal.MINOR and not destroyed
    refused = ""
    if marked and not slip:
        refused = listed_row.of_a_minor(label, how) if row is not None else of_a_minor(label, how)
    facts = []
    if marked:
        facts = list(head(store, withdrawn, ())) if withdrawn else []
    elif card is not None:
        facts = list(facts_of(visit.config, card, how))
    elif row is not None:
        facts = list(listed_row.facts_of(visit.config, row, how))
    then: list[str] = []
    if withdrawn is not None:
        then = [DESTROYED] if destroyed else [] if refused else list(onwards(store, visit.config, withdrawn, how))
    return visit.page(
        "entry.html",
        label=label,
        refused=refused,
        facts=facts,
        bank=_bank(store, label),
        state="listed" if row is not None else "withdrawn" if withdrawn else "active",
        disputed=bool(card.against) if card else bool(row and row.disputed),
        because=because(withdrawn) if withdrawn else "",
        waits=HELD if withdrawn and withdrawn.followed is None else "",
        onwards=then,
        slip=slip,
        carried=bool(withdrawn and withdrawn.why is Withdrawal.WRONG),
        unsaid=bool(withdrawn and withdrawn.why is Withdrawal.UNSAID) and not destroyed and not refused,
        active=active,
        confirms=active and not marked and (card is None or _confirms(visit, card)),
        restores=not active and not refused and not destroyed,
        noted=bool(card and card.past.notes),
        may=may,
        reasons=[(reason, WORDS[reason] if reason is not Withdrawal.MINOR else MINORS) for reason in REASONS],
        names=NAMES,
        longest=(LONGEST_NOTE, LONGEST_URL),
    )


def withdraw(visit: Visit) -> Response:
    """Withdraw an entry for a reason, or say why it was withdrawn."""
    by, label = visit.act(Verb.BANKS), label_of(visit)
    given, said = visit.field("reason"), visit.field("why").strip()[:MAX_WHY] or None
    if given not in (*REASONS, Withdrawal.UNSAID):
        raise UsageError("this form says not why it is withdrawn; open the entry again and use one of its buttons")
    chosen = Withdrawal(given)
    before = visit.store.withdrawn.get(label)
    if before is None:
        visit.pipeline.withdrawals.withdraw(label, chosen, by=by, said=said)
    else:
        may_say(before, chosen, by_button)
        visit.pipeline.withdrawals.say_why(label, chosen, by=by, said=said)
    return visit.go(f"/entry/{label}")


def restore(visit: Visit) -> Response:
    """Let a withdrawn entry match again."""
    by, label = visit.act(Verb.BANKS), label_of(visit)
    visit.pipeline.withdrawals.restore(label, by=by)
    return visit.go(f"/entry/{label}")


def note(visit: Visit) -> Response:
    """Note something of an entry, beside what others noted."""
    by, label = visit.act(Verb.BANKS), label_of(visit)
    words, origin, at = (visit.field(name).strip() or None for name in ("note", "origin", "at"))
    given = noted(words, origin, at, FIELDS)
    if given is None:
        raise UsageError("nothing was written; write a note, an origin or both")
    visit.pipeline.banks.note(label, given, by=by)
    return visit.go(f"/entry/{label}#note")


def forget(visit: Visit) -> Response:
    """Delete all that anybody noted of an entry."""
    by, label = visit.act(Verb.BANKS), label_of(visit)
    visit.pipeline.banks.forget_notes(label, by=by)
    return visit.go(f"/entry/{label}#note")


def confirm(visit: Visit) -> Response:
    """Give one's word for an entry."""
    by, label = visit.act(Verb.BANKS), label_of(visit)
    visit.pipeline.banks.confirm(label, by=by)
    return visit.go(f"/entry/{label}")


def _is_minors(store: Store, label: str, row: ListedRow | None) -> bool:
    """Return whether nothing is shown of an entry or row: it holds a file that was marked as a suspected minor's."""
    return listed_row.is_minors(store, row) if row is not None else store.minors.is_never_label(label)


def _confirms(visit: Visit, card: Card) -> bool:
    """Return whether a word for an entry can change anything."""
    row = card.past.row
    waits = row.standing is not Backing.TWO_PEOPLE and row.bank not in visit.config.banks.trusted
    return row.kind == "block" and (waits or bool(card.against))


def _bank(store: Store, label: str) -> str:
    row = store.lists.row(label)
    if row is not None:
        return row.bank
    return store.entries.bank_of(label)


PAGE = Page(
    ways=(
        View(path="/entry/{label}", answer=show),
        Act(path="/entry/{label}/withdraw", answer=withdraw, verb=Verb.BANKS),
        Act(path="/entry/{label}/restore", answer=restore, verb=Verb.BANKS),
        Act(path="/entry/{label}/note", answer=note, verb=Verb.BANKS),
        Act(path="/entry/{label}/forget-notes", answer=forget, verb=Verb.BANKS),
        Act(path="/entry/{label}/confirm", answer=confirm, verb=Verb.BANKS),
    ),
)
