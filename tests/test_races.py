"""What changes while another lane, or another process, is in the middle of a step: each bad order, one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.errors import MarkedFileError, RedditError, UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Evidence, FaceMatch, LinkState
from bot.pipeline import Pipeline
from bot.pipeline.scanning.queue import _Job
from bot.pipeline.scanning.scanner import file_names
from bot.store import LinkRow
from tests.bots import _printed, bank_the_fake, fake, near_copy, post_fake
from tests.people import member
from tests.slow import few

WHO = "another"  # a link that is in work is claimed by the queue's own name


def claimed(bot: Pipeline) -> LinkRow:
    """Take the next link as the queue does, without starting its thread."""
    pick = bot.downloads._next()
    assert pick is not None
    assert bot.deps.store.queue.claim(pick.row.id, bot.downloads._who, 900)
    return pick.row


def finish(bot: Pipeline, row: LinkRow) -> None:
    """Do what the thread of a claimed link does."""
    bot.downloads._step(_Job(row=row, group="x", flow=None), False)


def link_state(bot: Pipeline) -> list[tuple[Any, ...]]:
    """Return all that is stored of links and what was found behind them, but for who works on them."""
    c = bot.deps.store.connection
    rows = c.tuples("select id, url, state, reason, host_id from links order by id")
    kept = c.tuples("select link, 'print' from fingerprints union all select link, data from evidence")
    return [*rows, *kept]


def acquired(bot: Pipeline) -> None:
    """Fetch and fingerprint all that is due."""
    while bot.downloads.start():
        bot.downloads.wait(1)


def matched(bot: Pipeline) -> LinkRow:
    """Take the one link as far as matching and return it."""
    acquired(bot)
    bot.scanner.match_due()
    (row,) = bot.deps.store.links.due(LinkState.MATCHED)
    return row


def in_the_middle(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, change: Callable[[], object]) -> None:
    """Let something happen, once, just before a step comes to a call of its own."""
    real = getattr(owner, name)
    left = [change]

    def first(*given: Any, **named: Any) -> Any:
        if left:
            left.pop()()
        return real(*given, **named)

    monkeypatch.setattr(owner, name, first)


def forget_with_a_case(bot: Pipeline, post: str) -> None:
    """Forget a post as if it had been deleted on Reddit."""
    bot.deps.store.forgetting.forget_post(post)


MEANWHILE: dict[str, Callable[[Pipeline, str], object]] = {
    "hidden": lambda bot, post: bot.decisions.minors.hide(post, by=member(bot)),
    "marked": lambda bot, post: bot.decisions.minors.minor(post, by=member(bot)),
    "forgotten": forget_with_a_case,
}


def stopping(bot: Pipeline, post: str, meanwhile: str, left: list[Any]) -> Callable[[], None]:
    """Return what blocks or forgets a post, and keeps in `left` what its link is then."""

    def change() -> None:
        MEANWHILE[meanwhile](bot, post)
        left.extend(link_state(bot))

    return change


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("host", few(["gives", "has it no more", "fails"], "gives"))
def test_a_link_in_work_that_is_stopped_stays_so(world: Stage, bot: Pipeline, meanwhile: str, host: str) -> None:
    """Whatever comes of a download, a link that was blocked or forgotten meanwhile is as it was left."""
    post = post_fake(world)
    bot.tick()  # so that there is a case, with which a link outlives its post
    bot.deps.store.queue.fetch_afresh(1)
    if host == "has it no more":
        world.park.gone("redgifs", "onetwothree")
    row = claimed(bot)
    MEANWHILE[meanwhile](bot, post)
    left = link_state(bot)
    if host == "fails":
        bot.downloads._failed_unexpectedly(row, RuntimeError("x"))
    else:
        finish(bot, row)
    assert link_state(bot) == left
    assert bot.deps.store.connection.value("select claim from links") is None


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_an_earlier_look_revives_no_link_that_is_stopped(world: Stage, bot: Pipeline, meanwhile: str) -> None:
    """What is known of a media from elsewhere is not stored with a link that was blocked or forgotten meanwhile."""
    post_fake(world)
    bot.tick()
    second = world.reddit.submit(
        "clips", author="b", title="x", url="https://www.redgifs.com/watch/onetwothree", created=world.clock.now()
    )
    bot.watch()
    row = claimed(bot)
    MEANWHILE[meanwhile](bot, second)
    left = link_state(bot)
    asked = len(world.park.log)
    bot.downloads._take(row, None)
    bot.downloads.wait(2)
    assert link_state(bot) == left
    assert len(world.park.log) == asked
    assert not bot.deps.store.connection.value("select claim from links where id = ?", (row.id,))


@pytest.mark.parametrize("meanwhile", ["hidden", "marked"])
def test_files_that_come_after_their_post_was_marked_are_marked(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Media that was on its way when its post was marked is decoded no more, and its files are known from then on."""
    post = post_fake(world)
    bot.watch()
    in_the_middle(monkeypatch, bot.deps.acquirer, "acquire", lambda: MEANWHILE[meanwhile](bot, post))
    decoded: list[int] = []
    monkeypatch.setattr(bot.deps.workers, "fingerprint", lambda *_, **__: decoded.append(1))
    finish(bot, claimed(bot))
    assert not decoded
    never = bot.deps.store.minors.is_never
    assert never(*file_names(fake()))
    if meanwhile == "hidden":
        bot.decisions.minors.show(post, by=member(bot))
        assert not never(*file_names(fake()))
        (row,) = bot.deps.store.links.due(LinkState.SEEN)
        assert bot.deps.store.queue.claim(row.id, WHO, 1)


def test_no_step_moves_a_blocked_link(world: Stage, bot: Pipeline) -> None:
    """A step that began before a link was blocked neither moves it nor takes off why it is blocked."""
    post = post_fake(world)
    bot.tick()
    store = bot.deps.store
    evidence = store.links.evidence(1)
    assert evidence is not None
    bot.decisions.minors.hide(post, by=member(bot))
    left = link_state(bot)
    store.links.move(1, LinkState.GONE, reason="x")
    store.links.postpone(1, until=world.clock.now(), reason="x")
    store.links.failed(1, reason="x", next_at=world.clock.now())
    store.links.found_before(1, evidence)
    store.links.matched(1, evidence)
    store.queue.fetch_afresh(1)
    assert link_state(bot) == left


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_what_is_stopped_while_it_is_matched_is_not_written_back(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Evidence that lost its addresses and hashes while its link was compared with the banks does not get them back."""
    post = post_fake(world)
    bot.tick()
    bot.deps.store.queue.fetch_afresh(1)
    acquired(bot)
    (row,) = bot.deps.store.links.due(LinkState.ACQUIRED)
    left: list[Any] = []
    in_the_middle(monkeypatch, bot.scanner, "matched", stopping(bot, post, meanwhile, left))
    assert bot.scanner._match(row) == 0
    assert link_state(bot) == left


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.slow
def test_what_is_stopped_while_its_author_is_asked_for_is_not_judged(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """A link that was blocked or forgotten while Reddit was asked about its author opens no case and is not put off."""
    post = post_fake(world)
    bot.watch()
    row = matched(bot)
    left: list[Any] = []

    def change() -> None:
        stopping(bot, post, meanwhile, left)()
        raise RedditError("no answer", retry=True)

    in_the_middle(monkeypatch, bot.judge, "_learn", change)
    assert bot.judge._judge(row) == 0
    assert link_state(bot) == left
    assert not bot.deps.store.cases.of_post(post)


@pytest.mark.parametrize("when", ["before", "while"])
@pytest.mark.parametrize("how", ["withdrawn", "destroyed", "not confirmed any more"])
def test_an_entry_that_is_taken_back_after_a_match_judges_nothing(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, when: str, how: str
) -> None:
    """A link is matched anew if an entry was taken back between the lane that matched it and the one that judges."""
    post = post_fake(world)
    bot.watch()
    row = matched(bot)
    store = bot.deps.store
    label = bank_the_fake(bot)

    def change() -> None:
        if how == "destroyed":
            store.banks.destroy(label)
            return
        store.banks.withdraw(label)
        if how != "withdrawn":
            store.connection.run("update banks set name = 'others'")  # which is not trusted
            store.banks.restore(label)

    if when == "before":
        change()
    else:
        in_the_middle(monkeypatch, bot.judge, "_learn", change)
    assert bot.judge._judge(row) == 0
    assert not store.cases.of_post(post)
    assert store.links.get(row.id).state == LinkState.ACQUIRED
    bot.scanner.match_due()
    bot.judge.judge_due()
    assert store.links.get(row.id).state == LinkState.JUDGED
    assert not store.cases.of_post(post)  # no rule names the bank others


def test_an_entry_that_is_withdrawn_before_its_removal_is_done_lets_nothing_go(world: Stage, bot: Pipeline) -> None:
    """What was planned on an entry's word is cancelled once it is withdrawn; a moderator can still let it go."""
    post = post_fake(world)
    bot.watch()
    bot.work()
    store = bot.deps.store
    store.banks.withdraw(bank_the_fake(bot))
    bot.act()
    (removal,) = store.actions.on_post(post, "remove")
    assert removal.state == ActionState.CANCELLED
    assert world.reddit.removals == []
    (case,) = store.cases.of_post(post)
    assert case.state == CaseState.WITHDRAWN
    bot.decisions.cases.undo(case.label, by=member(bot), why="it is one")
    bot.decisions.cases.confirm(case.label, by=member(bot), why="it is one")
    bot.act()
    assert world.reddit.removals == [post]


@pytest.mark.parametrize("what", ["stop file", "stopped", "quarantine", "cap"])
def test_what_stops_actions_while_reddit_is_asked_stops_this_one(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """An action that is held by something said while its post was looked at is not performed."""
    post = post_fake(world)
    bot.watch()
    bot.work()
    store = bot.deps.store
    label = bank_the_fake(bot)

    def change() -> None:
        match what:
            case "stop file":
                bot.deps.stop_file.touch()
            case "stopped":
                store.kill_switch.stop("clips", by=member(bot), why="x")
            case "quarantine":
                bot.flood.quarantine("entry", label, by=member(bot), why="x")
            case _:
                monkeypatch.setattr(bot.outbox, "_cap", lambda _: "1 remove actions were done in the last hour")

    (row,) = store.actions.on_post(post, "remove")
    in_the_middle(monkeypatch, bot.outbox, "_overtaken", change)
    assert bot.outbox._begin(row) == 0
    assert store.actions.get(row.action.id).state == ActionState.HELD
    assert world.reddit.removals == []


@pytest.mark.slow
def test_an_order_banks_nothing_that_was_marked_while_it_was_fetched(world: Stage, bot: Pipeline) -> None:
    """Media that was fetched to be banked, and marked as a suspected minor's before it was, is in no bank."""
    store, bank = bot.deps.store, "known-fakes"
    assert bank == bot.deps.config.orders.bank
    for entry in store.banks.entries(bank):
        store.banks.destroy(entry.label)
    before = store.banks.entries(bank)
    found = _printed(near_copy())
    store.minors.never(file_names(near_copy()))
    with pytest.raises(MarkedFileError), store.transaction():
        store.banks.add("known-fakes", found, by=member(bot))
    part = replace(found, sha256="", md5="", also=((found.sha256, found.md5),))
    with pytest.raises(MarkedFileError):
        store.banks.add("known-fakes", part, by=member(bot))
    banking = bot.orders._runner._banking
    with pytest.raises(UsageError, match="suspected minor"), store.transaction():
        banking.put([_printed(fake()), found], 0, "t3_abc", by=member(bot), why="x")
    assert store.banks.entries(bank) == before


def test_a_case_that_is_marked_while_it_is_taken_back_is_not_reopened(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undo asks Reddit between two writes; a suspected minor's mark that comes meanwhile stands."""
    post = post_fake(world)
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(post)
    change = lambda: bot.decisions.minors.hide(post, by=member(bot))  # noqa: E731  what happens meanwhile
    in_the_middle(monkeypatch, bot.decisions.cases, "take_back", change)
    lines = bot.decisions.cases.undo(case.label, by=member(bot), why="x")
    assert any("suspected minor" in line for line in lines)
    assert bot.deps.store.cases.get(case.label).state == CaseState.MINOR


@pytest.mark.parametrize("verb", ["confirm", "dismiss"])
@pytest.mark.slow
def test_a_case_is_looked_at_in_the_transaction_that_decides_it(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Between the look at whether a case is open and the decision, nobody else can decide it."""
    post = post_fake(world)
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(post)
    other = threading.Thread(target=lambda: bot.decisions.minors.hide(post, by=member(bot)))
    states: list[CaseState] = []

    def change() -> None:
        other.start()
        other.join(0.3)
        states.append(bot.deps.store.cases.get(case.label).state)

    in_the_middle(monkeypatch, bot.decisions.deciding, "_other_than_before", change)
    getattr(bot.decisions.cases, verb)(case.label, by=member(bot), why="x")
    other.join()
    assert states == [CaseState.OPEN]
    assert bot.deps.store.cases.get(case.label).state == CaseState.MINOR


def face_of(person: str) -> FaceMatch:
    """Return a face that resembles somebody."""
    return FaceMatch(
        media=0, t=0.0, box=(0, 0, 9, 9), person=person, model="m", distance=0.1, probability=0.99, why="x",
    )  # fmt: skip


def test_a_person_who_is_forgotten_while_a_link_is_scanned_stands_in_no_evidence(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was recognised of somebody who was forgotten before it is stored is left out, and so it is if judged."""
    post_fake(world)
    bot.watch()
    row = claimed(bot)
    looked = bot.scanner.fingerprint(row.link, bot.scanner.download(row.link), target=row.link.url)
    gone = replace(looked, evidence=replace(looked.evidence, faces=(face_of("P-0000000000"),)))
    with bot.deps.store.transaction():
        bot.scanner.keep(row, gone)
    evidence = bot.deps.store.links.evidence(row.id)
    assert evidence is not None
    assert evidence.faces == ()
    seen: list[Evidence] = []
    bot.deps.store.links.matched(row.id, replace(evidence, faces=(face_of("P-0000000000"),)))
    real = bot.judge._learn

    def learn(rules: Any, post: Any, found: Evidence, *rest: Any) -> Any:
        seen.append(found)
        return real(rules, post, found, *rest)

    monkeypatch.setattr(bot.judge, "_learn", learn)
    bot.judge.judge_due()
    assert [found.faces for found in seen] == [()]


def test_a_suspicion_that_is_taken_back_is_not_carried_out(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post that is shown again just before its ten minutes are over keeps all that is kept of it."""
    post = post_fake(world)
    bot.tick()
    minors = bot.decisions.minors
    minors.hide(post, by=member(bot))
    minors.finish()
    world.clock.sleep(601)
    in_the_middle(monkeypatch, minors, "post_of", lambda: minors.show(post, by=member(bot)))
    assert minors.finish() == 0
    assert bot.deps.store.links.get(1).state == LinkState.JUDGED
    assert bot.deps.store.links.evidence(1) is not None


def test_an_entry_that_is_restored_at_its_last_moment_is_not_destroyed(
    bot: Pipeline, world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at which entries were withdrawn long ago and their end, nobody can restore one."""
    banks = bot.deps.store.banks
    label = bank_the_fake(bot)
    banks.withdraw(label)
    other = threading.Thread(target=lambda: banks.restore(label))
    states: list[str] = []

    def change() -> None:
        other.start()
        other.join(0.3)
        states.extend(row.state for row in banks.entries())

    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # it is destroyed by then, which the other is told
    in_the_middle(monkeypatch, banks, "destroy", change)
    assert banks.destroy_withdrawn(world.clock.now()) == 1
    other.join()
    assert states == ["withdrawn"]


def test_a_listing_brings_back_no_post_that_was_forgotten(world: Stage, bot: Pipeline) -> None:
    """A listing that was read before a post was deleted, or still shows it, is not believed."""
    post_fake(world)
    bot.tick()
    store = bot.deps.store
    (case,) = store.cases.listing()
    links = store.links.of_post(case.post.fullname)
    store.forgetting.forget_post(case.post.fullname)
    left = (link_state(bot), store.links.post(case.post.fullname))
    assert store.links.add([(case.post, links)]) == (0, 0)
    assert (link_state(bot), store.links.post(case.post.fullname)) == left


def test_the_stop_of_another_does_not_lapse(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that the operator gives while Reddit is asked about a moderator's stays theirs."""
    store = bot.deps.store
    store.kill_switch.stop("clips", by=member(bot), why="x", sender="nobody_any_more")
    world.clock.sleep(90_000)

    def change() -> None:
        store.kill_switch.go("clips")
        store.kill_switch.stop("clips", by=member(bot), why="y")

    in_the_middle(monkeypatch, bot.deps.api, "permissions", change)
    assert bot.kill_switch.uphold("clips") == 0
    stop = store.kill_switch.stopped("clips")
    assert stop is not None
    assert (stop.sender, stop.lapsed) == (None, None)


def test_a_gallery_that_is_read_while_somebody_is_forgotten_keeps_nobody(
    bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the gallery while a person is forgotten does not bring them back into memory."""
    store, recogniser = bot.deps.store, bot.recogniser
    other = threading.Thread(target=recogniser.forget)

    def vectors(_: str) -> list[tuple[str, bytes]]:
        other.start()
        other.join(0.3)
        return [("P-0000000000", np.zeros(128, "<f4").tobytes())]

    monkeypatch.setattr(store.gallery, "vectors", vectors)
    recogniser.index()
    other.join()
    assert not len(recogniser._known)
