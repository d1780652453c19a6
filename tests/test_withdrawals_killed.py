"""A kill while what follows from a withdrawal is done loses nothing and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.loopback.stage import Stage, stage
from bot.model import Withdrawal
from bot.pipeline import BOUNDARIES, Pipeline, no_boundary
from tests.bots import bank_the_fake, bot_on, fake, near_copy, post_fake
from tests.killing import Silent
from tests.people import member

pytestmark = pytest.mark.slow

OURS = tuple(name for name in BOUNDARIES if name.startswith("withdraw."))


class Killed(BaseException):
    """Raised where the process would die: nothing of ours catches it, and what was not committed is rolled back."""


def killing_at(wanted: str) -> Callable[[str], None]:
    """Return a boundary that dies the first time it comes to that moment."""
    left = [wanted]

    def at(name: str) -> None:
        if name in left:
            left.remove(name)
            raise Killed(name)

    return at


def scenario(world: Stage, why: Withdrawal, boundary: Callable[[str], None] = no_boundary) -> None:
    """Two posts of an exact file and two near copies are found, one entry is withdrawn, and time passes."""
    with bot_on(world, Silent()) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bank_the_fake(bot)
        for number, data in enumerate((fake, fake, near_copy, near_copy)):
            post_fake(world, id=f"Number{number}", data=data)
        bot.watch()
        bot.work()
    with bot_on(world, Silent(), boundary) as bot:
        bot.withdrawals.withdraw(bank_the_fake(bot), why, by=member(bot))
        work(world, bot)


def work(world: Stage, bot: Pipeline) -> None:
    """Let twelve minutes pass."""
    for _ in range(4):
        bot.act()
        world.clock.sleep(200)
    bot.act()


def outcome(world: Stage) -> dict[str, Any]:
    """All that the world received and the database holds, without labels and times."""
    with bot_on(world, Silent()) as bot:
        store, c = bot.deps.store, bot.deps.store.connection
        return {
            "removals": sorted(world.reddit.removals),
            "approvals": sorted(world.reddit.approvals),
            "reports": sorted(name for name, _, _ in world.reddit.reports),
            "cases": sorted((case.post.fullname, case.state) for case in store.cases.listing()),
            "actions": sorted((row.action.post, row.action.kind, row.state) for row in store.actions.listing()),
            "unfollowed": len(store.withdrawn.unfollowed()),
            "minors": sorted(row.post for row in store.minors.waiting()),
            "audit": sorted(line["what"] for line in store.audit.entries()),
            "held": c.tuples("select count(*) from signals")[0] + c.tuples("select count(*) from entry_marks")[0],
            "never": c.value("select count(*) from never"),
        }


@pytest.mark.parametrize("why", [Withdrawal.WRONG, Withdrawal.MINOR])
@pytest.mark.parametrize("boundary", OURS)
def test_a_kill_at_a_boundary_of_a_withdrawal_changes_nothing(
    world: Stage, tmp_path_factory: pytest.TempPathFactory, boundary: str, why: Withdrawal
) -> None:
    """Killed there and started again, everything ends as if nothing had happened."""
    with stage(tmp_path_factory.mktemp("undisturbed")) as other:
        scenario(other, why)
        expected = outcome(other)
    if boundary == "withdraw.destroyed" and why is not Withdrawal.MINOR:
        scenario(world, why, killing_at(boundary))  # nothing is destroyed before its time
    else:
        with pytest.raises(Killed):
            scenario(world, why, killing_at(boundary))
    with bot_on(world, Silent()) as bot:
        work(world, bot)
    assert outcome(world) == expected
    assert expected["unfollowed"] == 0
    assert len(expected["cases"]) == 4
