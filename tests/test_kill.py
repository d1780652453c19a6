"""A kill between a commit and a side effect loses nothing and repeats nothing."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.assemble import open_store
from bot.clock import ManualClock
from bot.config import Config
from bot.loopback.hosts import NAMES
from bot.loopback.stage import Stage, stage
from bot.pipeline import BOUNDARIES
from bot.samples import media
from tests.bots import lent, remembering
from tests.killing import Places, run_and_die, scenario
from tests.people import member
from tests.slow import few, one_of_each

# killed in test_withdrawals_killed.py, test_rechecks_kept_to.py (looks, reminders), test_claims.py (answers to claims)
ELSEWHERE = ("withdraw.", "exchange.", "look.")
KINDS = (":reminder", ":claim_answer")
MET = tuple(name for name in BOUNDARIES if not name.startswith(ELSEWHERE) and not name.endswith(KINDS))
SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload(["tests.killing", "tests.bots"])


@cache
def files() -> tuple[bytes, bytes, bytes]:
    """The fake, its second fake, and a re-encoded copy of that."""
    fake = media.clip(301, seconds=1, width=320, height=180)
    second = media.clip(302, seconds=1, width=320, height=180)
    return fake, second, media.reencode(second, crf=30, width=256, height=144)


@contextmanager
def world() -> Iterator[tuple[Stage, Places]]:
    """A loopback world with a removal, a report, modmail, a notice and another moderator's decision in it."""
    fake, second, copy = files()
    dog = media.gif(77)  # banked by mistake: once it is dismissed, its entry alone acts no more
    with TemporaryDirectory() as folder, stage(Path(folder)) as built:
        with open_store(built.config, built.clock) as store, lent(built.config.decode) as workers:
            store.banks.create("known-fakes", "block")
            for data in (fake, second, dog):
                store.banks.add("known-fakes", workers.fingerprint(data), by=member(store))
            for name in built.config.subreddits:  # orders were heard there before
                for way in ("modmail", "reports"):
                    store.orders.start(name, way, words="", since=None)
        park, reddit = built.park, built.reddit
        reddit.submit("clips", author="a", title="exact", url=park.add_redgifs("OneTwoThree", hd=fake))
        reddit.submit("clips", author="e", title="mistake", url=park.add_redgifs("OneTwoThree", hd=fake))
        reddit.submit("clips", author="g", title="taken back", url=park.add_reddit_image("dogofours", dog, "gif"))
        reddit.submit("gifs", author="b", title="near", url=park.add_imgur("Ab1Cd2E", copy, "mp4"))
        approved = reddit.submit("clips", author="c", title="approved", url=park.add_redgifs("FourFiveSix", hd=fake))
        reddit.moderator_approves(approved, "second_moderator")
        reddit.submit("clips", author="d", title="innocent", url=park.add_imgur("Fg3Hi4J", media.still(303), "jpg"))
        reddit.actions.write_mail("clips", "head_moderator", "hello", "gifwarden, help")
        old = built.clock.now() - timedelta(days=300)
        scanned = reddit.submit(
            "gifs", author="f", title="old", url=park.add_imgur("Old3One", copy, "mp4"), created=old
        )
        reddit.actions.write_mail("gifs", "second_moderator", "hello", f"gifwarden scan https://redd.it/{scanned[3:]}")
        settings = built.config.model_dump()
        settings["actions"]["modmail_minutes"] = 0  # how many posts one message tells of hangs on the time of the kill
        built.config = Config.model_validate({**settings, "digest": {"heartbeat": True}})
        places = Places(
            config=built.config, reddit_url=reddit.url, names=NAMES, port=park.port, start=built.clock.now()
        )
        yield built, places


def outcome(built: Stage, config: Config) -> dict[str, Any]:
    """Everything that the world received and the database holds, without labels and times."""
    with open_store(config, ManualClock(built.clock.now())) as store:
        return {
            "reports": sorted((name, by) for name, _, by in built.reddit.reports),
            "removals": sorted(built.reddit.removals),
            "modmails": len(built.reddit.modmails),
            "approvals": sorted(built.reddit.approvals),
            "marks": sorted(built.reddit.received.marks),
            "reasons": sorted(
                (thing["name"], thing["mod_note"][:10])
                for thing in built.reddit.world.things.values()
                if thing["mod_note"]
            ),
            "conversations": len(built.reddit.world.conversations),
            "answers": sorted(body.partition("[#")[0].partition("C-")[0] for _, body in built.reddit.received.answers),
            "subjects": sorted(subject.partition("[")[0] for _, subject, _ in built.reddit.modmails),
            "orders": sorted((order.verb, order.state) for order in store.orders.listing()),
            "messages": sorted((name, title.partition("(")[0]) for name, title, _ in built.reddit.received.messages),
            "notes": [(name, user) for name, user, _ in built.reddit.received.notes],
            "bans": sorted(built.reddit.received.bans),
            "mails": sorted({str(m.message["Message-ID"]).partition("@")[2] for m in built.mail.received}),
            "links": sorted((row.link.post, row.link.url, row.state) for row in store.links.listing()),
            "cases": sorted(
                (c.post.fullname, c.state, c.verdict.outcome, c.verdict.rule) for c in store.cases.listing()
            ),
            "decisions": [(d.verb, d.state) for c in store.cases.listing() for d in store.decided.of_case(c.id)],
            "actions": sorted((a.action.post, a.action.kind, a.state) for a in store.actions.listing()),
            "notices": sorted((n.host, n.state, len(n.items)) for n in store.notices.listing()),
        }


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    """What a run without a kill ends in, and that it meets every boundary."""
    met: Counter[str] = Counter()
    with world() as (built, places):
        scenario(places, lambda name: met.update([name]), children=lent)
        assert set(met) == set(MET)
        found = outcome(built, places.config)
    counted = {kind: len(found[kind]) for kind in ("reports", "removals", "mails", "cases", "notices")}
    assert counted == {"reports": 2, "removals": 3, "mails": 1, "cases": 5, "notices": 2}
    assert {name: len(found[name]) for name in ("approvals", "messages", "notes", "bans", "reasons")} == {
        "approvals": 2,
        "messages": 3,
        "notes": 1,
        "bans": 1,
        "reasons": 3,
    }
    # of each removal one, and the digest; the orders' conversations and the author's are others
    assert (found["modmails"], len(found["answers"]), found["conversations"]) == (4, 2, 9)
    assert found["orders"] == [("help", "done"), ("scan", "done")]
    return found


def kind(boundary: str) -> str:
    """Return the step that a boundary lies in: `act.begun` of `act.begun:report`, `watch` of `watch.read`."""
    return boundary.partition(":" if ":" in boundary else ".")[0]


@pytest.mark.parametrize("boundary", one_of_each(MET, kind))
@pytest.mark.slow
def test_a_kill_at_a_boundary_changes_nothing(boundary: str, undisturbed: dict[str, Any]) -> None:
    """Killed there and started again, everything ends as if nothing had happened."""
    with world() as (built, places):
        child = SPAWN.Process(target=run_and_die, args=(places, boundary, remembering(places.config.decode)))
        child.start()
        child.join(180)
        assert child.exitcode == -signal.SIGKILL
        child.close()
        built.clock.sleep(1800)
        later = Places(
            config=places.config,
            reddit_url=places.reddit_url,
            names=places.names,
            port=places.port,
            start=places.start + timedelta(minutes=30),
        )
        scenario(later, children=lent)
        assert outcome(built, places.config) == undisturbed
        identities = Counter(str(mail.message["Message-ID"]) for mail in built.mail.received)
        assert len(identities) == 1
        assert max(identities.values()) <= (2 if boundary in ("act.begun:notice", "act.performed:notice") else 1)


ORDERED = [name for name in BOUNDARIES if name.startswith("order.") or name.endswith(":answer")]


@pytest.mark.parametrize("boundary", few(ORDERED, "order.done"))
@pytest.mark.slow
def test_a_kill_while_an_order_is_carried_out_changes_nothing(boundary: str) -> None:
    """Killed there, an order to undo is carried out once and answered once."""
    with world() as (built, places):
        scenario(places, children=lent)
        (removed,) = [name for name, thing in built.reddit.world.things.items() if thing["title"] == "exact"]
        assert removed in built.reddit.removals
        conversation = built.reddit.actions.write_mail(
            "clips", "head_moderator", "hello", f"gifwarden undo https://redd.it/{removed[3:]}"
        )
        built.clock.sleep(300)
        later = replace(places, start=places.start + timedelta(minutes=23))
        child = SPAWN.Process(target=run_and_die, args=(later, boundary, remembering(places.config.decode)))
        child.start()
        child.join(180)
        assert child.exitcode == -signal.SIGKILL
        child.close()
        scenario(replace(places, start=places.start + timedelta(minutes=50)), children=lent)
        assert built.reddit.approvals.count(removed) == 1
        assert built.reddit.removals.count(removed) == 1
        assert [name for name, _ in built.reddit.received.answers].count(conversation) == 1
