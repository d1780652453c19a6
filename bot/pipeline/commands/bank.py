"""The order `bank`: a case is confirmed, or the media of a post goes into the bank."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bot.config import Config
from bot.errors import DatabaseError, MarkedFileError, StoreError, UsageError
from bot.model import Actor, Backing, CaseState, Fingerprint
from bot.pipeline.judging.scan_target import TargetScanner
from bot.pipeline.reviewing.decisions import Decisions
from bot.pipeline.reviewing.excerpts import too_plain
from bot.store import CaseRow, Store

ONE = (
    "It acts alone with two people's words, and yours is noted. If somebody else gave the other one, who runs me says "
    "whose your account is: gifwarden team add NAME --reddit ACCOUNT."
)
SECONDED = "You are the second person who says so, so it acts alone from now on."
MOST_READINGS = 4  # posts whose media are fetched for orders at once
SECOND = "It acts alone once a second moderator orders the same or confirms it."


@dataclass(slots=True)
class _Reading:
    permalink: str
    found: tuple[list[Fingerprint], int] | None = None
    failure: BaseException | None = None
    over: threading.Event = field(default_factory=threading.Event)


class Banking:
    """Puts into the bank of orders what a moderator names."""

    def __init__(self, config: Config, store: Store, decisions: Decisions, scanning: TargetScanner) -> None:
        self._config = config
        self._store = store
        self._decisions = decisions
        self._scanning = scanning
        self._readings: dict[str, _Reading] = {}  # by order

    def confirm(self, cases: list[CaseRow], *, by: Actor, why: str) -> str | None:
        """Confirm the first open case that can be banked; return the answer, None if there is none."""
        bank = self._config.orders.bank
        for case in cases:
            if case.state != CaseState.OPEN:
                continue
            try:
                self._decisions.cases.confirm(case.label, by=by, why=why, bank=bank)
            except DatabaseError:
                raise
            except StoreError:  # nothing of it can be banked as a part: the whole media is, by `media`
                continue
            return (
                f"Case {case.label} is confirmed, what was proposed goes ahead, and what matched is in the bank {bank}."
                f" {SECONDED if self._has_two(case, bank) else SECOND}"
            )
        return None

    def _has_two(self, case: CaseRow, bank: str) -> bool:
        """Return whether the very file of a case is in the bank with two people's words."""
        evidence = self._store.links.evidence(case.link)
        files = {match.entry for match in evidence.matches if match.exact and match.bank == bank} if evidence else set()
        return bool(files) and all(self._store.banks.standing(one) is Backing.TWO_PEOPLE for one in files)

    def ready(self) -> None:
        """Raise UsageError if there is no such bank."""
        bank = self._config.orders.bank
        if bank not in self._store.banks.names():
            raise UsageError(f"there is no bank {bank}; who runs me can create it: gifwarden bank create {bank}.")

    def read(self, order: str, permalink: str, *, wait: bool) -> tuple[list[Fingerprint], int] | None:
        """Fetch and read a post's media for an order; return them and how many failed. Raises UsageError if all did.

        In a thread of its own, so that a slow host keeps nobody else waiting: None if it has not ended and we do not
        `wait`. What it found is given out once.
        """
        reading = self._readings.get(order)
        if reading is None:
            under_way = sum(not other.over.is_set() for other in self._readings.values())
            if under_way >= MOST_READINGS and not wait:
                return None
            for other in [name for name, one in self._readings.items() if one.over.is_set()]:
                del self._readings[other]  # its order was taken back
            reading = self._readings[order] = _Reading(permalink)
            threading.Thread(target=self._run, args=(reading,), name="order-media", daemon=True).start()
        if not reading.over.wait(None if wait else 0):
            return None
        del self._readings[order]
        if reading.failure is not None:
            raise reading.failure
        return reading.found

    def _run(self, reading: _Reading) -> None:
        try:
            reading.found = self._read(reading.permalink)
        except BaseException as error:  # noqa: BLE001  raised where the order is carried out
            reading.failure = error
        finally:
            reading.over.set()

    def _read(self, permalink: str) -> tuple[list[Fingerprint], int]:
        found: list[Fingerprint] = []
        unread = 0
        for result in self._scanning.fingerprints(f"https://www.reddit.com{permalink}"):
            found += result.fingerprints
            unread += len(result.failures) + (result.error is not None)
        if not found:
            raise UsageError("none of its media could be fetched and read")
        return found, unread

    def put(self, found: list[Fingerprint], unread: int, post: str, *, by: Actor, why: str) -> str:
        """Put media into the bank, or confirm what is there as a second person; return the answer.

        Call it in a transaction. Raises UsageError if one of them was marked as a suspected minor's meanwhile.
        """
        store, bank = self._store, self._config.orders.bank
        new: list[str] = []
        second: list[str] = []
        known: list[str] = []
        plain: list[str] = []
        for fingerprint in found:
            try:
                label, fresh = store.banks.add(bank, fingerprint, by=by)
            except MarkedFileError as error:
                raise UsageError(str(error)) from None
            if fresh:
                store.audit.record(by=by, what=f"entry added to {bank}", subject=label, why=why)
            if too_plain(fingerprint, self._config.banks.min_quality):
                plain.append(label)
            (new if fresh else second if self._seconded(label, by) else known).append(label)
        waits = "" if all(store.banks.standing(label) is Backing.TWO_PEOPLE for label in known) else f" {ONE}"
        sentences = [
            new and f"{_files(len(new))} put into the bank {bank}: {', '.join(new)}. {SECOND}",
            second
            and f"In the bank {bank} already, and now confirmed by you as the second person: {', '.join(second)}.",
            known and f"In the bank {bank} already: {', '.join(known)}.{waits}",
            plain
            and f"Too plain to be known again by its looks, so that only the very file can match: {', '.join(plain)}.",
            unread and f"{_files(unread)} could not be read.",
            f"The post {post} itself is left as it is.",
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _seconded(self, label: str, by: Actor) -> bool:
        if self._store.banks.standing(label) is Backing.TWO_PEOPLE:
            return False
        try:
            standing = self._decisions.bank.confirm_entry(label, by=by)
        except DatabaseError:
            raise
        except (StoreError, UsageError):
            return False
        self._store.audit.record(by=by, what="entry confirm", subject=label)
        return standing is Backing.TWO_PEOPLE


def _files(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
