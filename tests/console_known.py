"""Entries, exchanges and what one carried, so that each way of the console's pages of them has something to do."""

from __future__ import annotations

from pathlib import Path

from bot.loopback.exchanges import pdq_of
from bot.loopback.stage import Stage
from bot.model import Fingerprint, Signal, Withdrawal
from bot.pipeline import Pipeline
from bot.store import CaseRow
from bot.web.console.withdrawals import seen_as
from tests.bots import changed
from tests.people import member

EXCHANGE = "partner"


def print_of(number: int) -> Fingerprint:
    """Return the fingerprint of a picture of its own."""
    signal = Signal(type="pdq", value=bytes.fromhex(pdq_of(number)), quality=100, t=0.0)
    return Fingerprint(
        kind="image", format="png", sha256=f"{number:064x}", md5=f"{number:032x}", width=9, height=9, duration=None,
        frames=1, signals=(signal,),
    )  # fmt: skip


def with_an_exchange(world: Stage, folder: Path) -> Stage:
    """Return the same world with an exchange that reads a folder."""
    return changed(world, exchanges={EXCHANGE: {"kind": "folder", "bank": "known-fakes", "folder": folder}})


def something_to_do(bot: Pipeline, path: str, number: int, case: CaseRow) -> tuple[str, dict[str, str]]:
    """Return the address and the fields with which a way of these pages does something; `case`: which an entry carried.

    An address of other pages comes back as it is, without fields.
    """
    store = bot.deps.store
    if path == "/banks/create":
        return path, {"name": f"bank {number}", "kind": "block"}
    if path.startswith("/exchange/"):
        return path.replace("{name}", EXCHANGE), {}
    if not path.startswith(("/entry/", "/withdrawal/")):
        return path, {}
    label, _ = store.banks.add("known-fakes", print_of(number), by=member(bot, "somebody else"))
    filled = path.replace("{label}", label)
    if path.endswith("/restore"):
        bot.withdrawals.withdraw(label, Withdrawal.WRONG, by=member(bot))
    if path.startswith("/withdrawal/"):
        bot.withdrawals.withdraw(label, Withdrawal.WRONG, by=member(bot))
        row = store.withdrawn.get(label)
        assert row is not None
        store.carried.gather(row.id, case.id, beside=None)
        return filled, {"what": "keep_all", "why": "x", "seen": seen_as(store.carried.rows(label))}
    return filled, {"reason": "wrong", "note": "x"}
