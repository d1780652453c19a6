"""What people do with proposals: a word banks or lets rest, nothing is done to a post, and so many a day are opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.cli.case_page import page
from bot.cli.deciding import Wish, by_media
from bot.errors import StoreError, UsageError
from bot.loopback.reddit.past import FAKE, Past
from bot.loopback.stage import Stage
from bot.model import Backing, CaseState, Decision, LinkState, Role, Verb
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import Target
from bot.samples import media
from bot.store import CaseRow
from tests.bots import Listening, bot_on, changed
from tests.learning import files, learn, work
from tests.people import member


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def removed(world: Stage, *pictures: bytes, hours: float = 5) -> list[str]:
    """Let a moderator remove a post of each picture as a fake; return the posts."""
    past = Past(world.reddit, world.park)
    names = []
    with past.at(world.clock.now() - timedelta(hours=hours)):
        for data in pictures:
            names.append(past.post("fake", past.hosted(f"at{int(hours * 10)}", data)))
            past.removed(names[-1], reason=FAKE)
    return names


def proposals(bot: Pipeline) -> list[CaseRow]:
    """The proposals that are open, in the order in which they were opened."""
    rows = [case for case in bot.deps.store.cases.listing() if case.state == CaseState.OPEN]
    assert all(case.proposal == "known-fakes" for case in rows)
    return rows[::-1]


def one(world: Stage, bot: Pipeline) -> CaseRow:
    """A proposal of a picture that was removed twice."""
    fake, copy = files(1).fakes[0]
    removed(world, fake, copy)
    learn(bot)
    work(bot)
    (case,) = proposals(bot)
    return case


def prints(bot: Pipeline) -> int:
    """How many fingerprints of links are kept."""
    return int(bot.deps.store.connection.value("select count(*) from fingerprints"))


def untouched(world: Stage, bot: Pipeline) -> bool:
    """Whether nothing was done or planned on Reddit."""
    reddit = world.reddit
    done = (reddit.removals, reddit.approvals, reddit.reports, reddit.modmails, reddit.received.marks)
    return not any(done) and not bot.deps.store.actions.listing()


def test_a_word_banks_the_media_and_does_nothing_to_a_post(world: Stage, bot: Pipeline) -> None:
    """Confirming puts the media into its bank on one person's word, and a later post of it is found."""
    case = one(world, bot)
    assert prints(bot) == 1
    bot.decisions.cases.confirm(case.label, by=member(bot), why="it is a fake")
    (entry,) = bot.deps.store.review.made_by(case.id, "banked")
    assert bot.deps.store.banks.standing(entry) is Backing.WAITS
    assert prints(bot) == 0
    assert untouched(world, bot)
    url = world.park.add_reddit_image("xlaterpost", files(1).fakes[0][1])
    name = world.reddit.submit("clips", author="somebody", title="new", url=url)
    bot.tick()
    (found,) = bot.deps.store.cases.of_post(name)
    assert found.proposal is None
    assert found.verdict.outcome == "act"


@pytest.mark.slow
def test_what_was_banked_is_known_when_it_is_learnt_again(world: Stage, bot: Pipeline) -> None:
    """After a word, other removals of the same media are counted as known; after a dismissal they rest."""
    for number, verb in enumerate((Decision.CONFIRM, Decision.DISMISS)):
        world.clock.sleep(25 * 3600)
        data = media.still(9200 + number, width=320, height=180)
        removed(world, data, hours=50 - number)
        learn(bot)
        work(bot)
        (case,) = proposals(bot)
        row = bot.decisions.deciding.decide(verb, [Target(case.label)], by=member(bot), why="looked at it", after=0)
        bot.decisions.deciding.perform(row)
        world.clock.sleep(25 * 3600)
        removed(world, media.restill(data, width=256, height=144), hours=2 + number)
        learn(bot)
        work(bot)
        assert proposals(bot) == []
    assert bot.deps.store.proposals.outcomes("clips") == {"known": 1, "allowed": 1, "waiting": 2}
    assert untouched(world, bot)


def test_undo_fetches_it_again(world: Stage, bot: Pipeline) -> None:
    """Undoing either word takes back what it put into banks; the media is seen again and can be decided anew."""
    case = one(world, bot)
    store, by = bot.deps.store, member(bot)
    for decide in (bot.decisions.cases.confirm, bot.decisions.cases.dismiss, bot.decisions.cases.confirm):
        decide(case.label, by=by, why="x")
        (entry,) = store.review.made_by(case.id, "banked") + store.review.made_by(case.id, "allowed")
        bot.decisions.cases.undo(case.label, by=by, why="y")
        assert store.review.made_by(case.id, "banked") == store.review.made_by(case.id, "allowed") == []
        assert not store.banks.signals(entry)
        work(bot)
        assert [row.id for row in proposals(bot)] == [case.id]
        assert prints(bot) == 1
    assert untouched(world, bot)


@pytest.mark.parametrize("verb", [Decision.REMOVE, Decision.REPORT, Decision.LEAVE_UP])
def test_nothing_else_is_decided_on_a_proposal(world: Stage, bot: Pipeline, verb: Decision) -> None:
    """What would be done to a post is refused: it was removed long ago."""
    case = one(world, bot)
    with pytest.raises(UsageError, match="is a proposal, and nothing is done to its posts"):
        bot.decisions.deciding.decide(verb, [Target(case.label)], by=member(bot), why="x")
    assert proposals(bot) == [case]


def test_a_minor_mark_destroys_it(world: Stage, bot: Pipeline) -> None:
    """`minor` on a proposal keeps no fingerprint, fetches nothing again, and nothing like it is proposed."""
    case = one(world, bot)
    other = removed(world, files(1).fakes[0][0], hours=3)  # the very file again
    bot.decisions.minors.minor(case.label, by=member(bot))
    assert prints(bot) == 0
    assert bot.deps.store.cases.get(case.label).state == CaseState.MINOR
    world.clock.sleep(25 * 3600)
    learn(bot)
    work(bot)
    assert proposals(bot) == []
    assert prints(bot) == 0
    row = bot.deps.store.past.get(other[0])
    assert row is not None
    assert {link.state for link in bot.deps.store.links.listing()} == {LinkState.BLOCKED}


def test_a_copy_that_is_marked_marks_it(world: Stage, bot: Pipeline) -> None:
    """When another post of the same media is marked as a suspected minor's, the open proposal is marked with it."""
    fake, copy = files(1).fakes[0]
    names = removed(world, fake, copy)
    learn(bot)
    work(bot)
    (case,) = proposals(bot)
    other = next(name for name in names if name != case.post.fullname)
    bot.decisions.minors.minor(other, by=member(bot))
    work(bot)
    assert bot.deps.store.cases.get(case.label).state == CaseState.MINOR
    assert prints(bot) == 0


@pytest.mark.slow
def test_a_deleted_post_is_forgotten_and_another_stands_for_it(world: Stage, bot: Pipeline) -> None:
    """Within 48 hours nothing is left of a post that its author deletes; the media is proposed by another post."""
    fake, copy = files(1).fakes[0]
    names = removed(world, fake, copy)
    learn(bot)
    work(bot)
    (case,) = proposals(bot)
    gone = case.post.fullname
    world.reddit.delete(gone)
    world.clock.sleep(30 * 3600)
    bot.forget()
    store = bot.deps.store
    assert store.past.get(gone) is None
    assert store.cases.get(case.label).state == CaseState.CLOSED_ELSEWHERE
    work(bot)
    (again,) = proposals(bot)
    assert again.post.fullname == next(name for name in names if name != gone)
    assert again.verdict.reasons[0].startswith("removed once in r/clips")


@pytest.mark.slow
def test_so_many_a_day_for_each_person(world: Stage, log: Listening) -> None:
    """Two a day for each of two people; the rest waits and opens a day later, the most repeated first."""
    world = changed(world, review={"proposals_per_day": 2})
    pictures = [media.still(9300 + number, width=320, height=180) for number in range(6)]
    for number, data in enumerate(pictures):
        removed(world, *[data] * (number + 1), hours=40 - number)
    with bot_on(world, log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        people = bot.deps.store.team
        for name in ("Ann", "Ben"):
            people.give(people.add(name, by=None), Role.REVIEWER, (), by=None)
        learn(bot)
        work(bot)
        posts = [len(case.verdict.reasons) and _posts(bot, case) for case in proposals(bot)]
        assert posts == [6, 5, 4, 3]
        assert bot.deps.store.proposals.waiting() == 2
        bot.decisions.cases.dismiss(proposals(bot)[0].label, by=member(bot), why="a decision makes no room for more")
        work(bot, rounds=3)
        assert bot.deps.store.proposals.waiting() == 2
        world.clock.sleep(24 * 3600)
        bot.decide()
        assert [_posts(bot, case) for case in proposals(bot)] == [5, 4, 3, 2, 1]
        assert bot.deps.store.proposals.waiting() == 0


def _posts(bot: Pipeline, case: CaseRow) -> int:
    row = bot.deps.store.proposals.of_case(case.id)
    assert row is not None
    past = bot.deps.store.proposals.past(row.id)
    assert past is not None
    return past.posts


def test_what_nobody_decides_is_withdrawn_in_time(world: Stage, bot: Pipeline) -> None:
    """After `storage.seen_days` an undecided proposal is closed, and its fingerprint destroyed."""
    case = one(world, bot)
    world.clock.sleep((bot.deps.config.storage.seen_days + 1) * 86_400)
    bot.purge()
    assert bot.deps.store.cases.get(case.label).state == CaseState.WITHDRAWN
    assert prints(bot) == 0


@pytest.mark.slow
def test_of_an_album_one_says_which(world: Stage, bot: Pipeline) -> None:
    """A word on a proposal of several media names one; the others are not banked with it."""
    pictures = [media.still(9400 + number, width=320, height=180) for number in range(3)]
    url = world.park.add_imgur_album("Al7Bu2M", pictures, "png")
    past = Past(world.reddit, world.park)
    with past.at(world.clock.now()):
        past.removed(past.post("fake", url), reason=FAKE)
    learn(bot)
    work(bot)
    (case,) = proposals(bot)
    with pytest.raises(UsageError, match="has 3 media, and not each need be a fake"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="x")
    bot.decisions.cases.confirm(case.label, by=member(bot), why="x", bank="known-fakes", media=1)
    (entry,) = bot.deps.store.review.made_by(case.id, "banked")
    matches = bot.scanner.taken_for(bot.deps.workers.fingerprint(pictures[1]))
    assert [match.entry for match in matches] == [entry]
    assert not bot.scanner.taken_for(bot.deps.workers.fingerprint(pictures[0]))


def test_a_reviewer_dismisses_and_a_lead_confirms(world: Stage, bot: Pipeline) -> None:
    """To confirm is to change a bank, which takes the role that changing banks takes."""
    case = one(world, bot)
    people = bot.deps.store.team
    row = people.add("Rita", by=None)
    people.note_account(row, "rita")
    people.give(row, Role.REVIEWER, (), by=None)
    rita = bot.team.at_terminal(None, "rita", Verb.CASES)
    with pytest.raises(UsageError, match="takes the role lead"):
        bot.decisions.cases.confirm(case.label, by=rita, why="x")
    bot.decisions.cases.dismiss(case.label, by=rita, why="x")
    assert proposals(bot) == []


def test_a_media_banked_while_it_waits_is_not_proposed(world: Stage, log: Listening) -> None:
    """What a bank has come to know before its turn is counted as known and never opened."""
    world = changed(world, review={"proposals_per_day": 1})
    pictures = [media.still(9500 + number, width=320, height=180) for number in range(2)]
    removed(world, pictures[0], pictures[0])
    removed(world, pictures[1], hours=3)
    with bot_on(world, log) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        learn(bot)
        work(bot)
        assert len(proposals(bot)) == 1
        bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(pictures[1]), by=member(bot))
        world.clock.sleep(25 * 3600)
        work(bot)
        assert len(proposals(bot)) == 1
        assert bot.deps.store.proposals.outcomes("clips") == {"waiting": 2, "known": 1}


def test_a_proposal_without_its_bank_says_so(world: Stage, bot: Pipeline) -> None:
    """A word that cannot be carried out decides nothing."""
    case = one(world, bot)
    with pytest.raises(StoreError, match="there is no bank elsewhere"):
        bot.decisions.cases.confirm(case.label, by=member(bot), why="x", bank="elsewhere")
    assert proposals(bot) == [case]


def test_a_post_of_the_media_is_decided_without_it(world: Stage, bot: Pipeline) -> None:
    """What is decided for every open case of a media that was just posted does not reach its proposal."""
    proposal = one(world, bot)
    store = bot.deps.store
    url = world.park.add_reddit_image("xpostedtoday", files(1).fakes[0][1])
    store.banks.add("known-fakes", bot.deps.workers.fingerprint(files(1).fakes[0][0]), by=member(bot))
    name = world.reddit.submit("clips", author="somebody", title="new", url=url)
    bot.tick()
    (case,) = store.cases.of_post(name)
    store.connection.run("update cases set media = ? where id in (?, ?)", ("same", case.id, proposal.id))
    wish = Wish(verb=Decision.REMOVE, why="x", whole_group=True)
    ((only,),) = by_media(bot, [store.cases.get(case.label)], wish, member(bot))
    assert only.id == case.id


def test_a_post_that_the_bot_saw_live_is_looked_at_again(world: Stage, bot: Pipeline) -> None:
    """A removed post that was known, and found to be nothing, is fetched anew; its author stays out of sight."""
    url = world.park.add_reddit_image("xseenbefore", files(1).fakes[0][0])
    name = world.reddit.submit("clips", author="known_poster", title="seen", url=url)
    bot.tick()
    assert bot.deps.store.cases.of_post(name) == []
    world.clock.sleep(600)
    past = Past(world.reddit, world.park)
    past.removed(name, reason=FAKE)
    learn(bot)
    work(bot)
    (case,) = proposals(bot)
    assert case.post.fullname == name
    assert page_of(bot, case).count("known_poster") == 0


def page_of(bot: Pipeline, case: CaseRow) -> str:
    """What `cases show` says, with its JSON."""
    shown, lines = page(bot, bot.deps.config, case.label)
    return f"{shown}{lines}"


def test_a_reading_that_never_ends_is_parked(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source whose reading began three times and never ended is left out, and tried again by command."""
    removed(world, files(1).fakes[0][0])

    class Killed(BaseException):
        """Stands for a kill: nothing of ours runs after it."""

    whole = bot.deps.store.tries.end
    monkeypatch.setattr(bot.learning, "_log_page", lambda _row: (_ for _ in ()).throw(Killed()))
    monkeypatch.setattr(bot.deps.store.tries, "end", lambda *_args: None)
    for _ in range(3):
        with pytest.raises(Killed):
            bot.learning.read("clips")
    monkeypatch.undo()
    assert bot.deps.store.tries.end == whole
    bot.learning.read("clips")
    met = bot.learning.met("clips")
    assert met.parked == ("log",)
    assert "gifwarden parked retry learning clips/log" in met.reach
    bot.deps.store.tries.retry("learning", "clips/log")
    bot.learning.read("clips")
    assert bot.learning.met("clips").done


def test_what_was_marked_before_is_never_looked_at(world: Stage, bot: Pipeline) -> None:
    """A file that was marked as a suspected minor's is dropped before it is decoded, however it comes here."""
    fake = files(1).fakes[0][0]
    url = world.park.add_reddit_image("xmarkedfirst", fake)
    name = world.reddit.submit("clips", author="somebody", title="new", url=url)
    bot.tick()
    bot.decisions.minors.minor(name, by=member(bot))
    bot.tick()
    removed(world, fake)  # the same file under another link, removed as a fake
    past = Past(world.reddit, world.park)
    with past.at(world.clock.now() - timedelta(hours=3)):
        past.removed(past.post("fake", url), reason=FAKE)  # the same link in another post
    learn(bot)
    work(bot)
    assert proposals(bot) == []
    assert prints(bot) == 0
