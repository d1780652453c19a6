"""One way to decide: a row that can be taken back for a moment, then is performed, whatever door it came by."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.errors import StoreError, UsageError
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Decision, DecisionState
from bot.pipeline import Pipeline
from bot.pipeline.recovery import always
from bot.pipeline.reviewing.deciding import Target
from bot.samples import media
from bot.store import Banking, CaseRow, DecisionRow
from tests.bots import fake, near_copy, post_fake
from tests.people import member


@pytest.fixture
def bot(bot: Pipeline) -> Pipeline:
    """A bot with one known fake in a trusted bank, and an empty bank."""
    bot.deps.store.banks.create("more", "block")
    return bot


def case_of(world: Stage, bot: Pipeline, id: str = "OneTwoThree", data: Callable[[], bytes] = near_copy) -> CaseRow:
    """Post something, let the bot look, and return its case."""
    post = post_fake(world, id=id, data=data)
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(post)
    return case


def said(bot: Pipeline, verb: Decision, *cases: CaseRow, who: str = "ann", after: float | None = None) -> DecisionRow:
    """Decide on cases as somebody."""
    return bot.decisions.deciding.decide(
        verb, [Target(case.label) for case in cases], by=member(bot, who), why="seen", after=after
    )


def states(bot: Pipeline, case: CaseRow) -> dict[str, str]:
    """Return the state of each action of a case by its kind, the newest of a kind."""
    return {row.action.kind: str(row.state) for row in bot.deps.store.actions.of_case(case.id)}


def now(bot: Pipeline, case: CaseRow) -> CaseState:
    """Return the state of a case."""
    return bot.deps.store.cases.get(case.label).state


def pass_by(world: Stage, bot: Pipeline) -> None:
    """Let the time for second thoughts pass, and the daemon do its step."""
    world.clock.sleep(bot.deps.config.review.take_back_seconds + 1)
    bot.act()


@pytest.mark.slow
def test_nothing_is_done_while_a_decision_can_be_taken_back(world: Stage, bot: Pipeline) -> None:
    """For ten seconds a confirmed removal is only written down; then the daemon's next step performs it."""
    case = case_of(world, bot)
    row = said(bot, Decision.REMOVE, case)
    bot.act()
    assert (now(bot, case), states(bot, case)["remove"], world.reddit.removals) == ("confirmed", "planned", [])
    assert row.state is DecisionState.WAITING
    pass_by(world, bot)
    assert (states(bot, case)["remove"], world.reddit.removals) == ("done", [case.post.fullname])
    assert bot.deps.store.decided.get(row.label).state is DecisionState.PERFORMED


@pytest.mark.parametrize("verb", list(Decision))
def test_what_is_taken_back_in_time_was_never_said(world: Stage, bot: Pipeline, verb: Decision) -> None:
    """Case, actions and fingerprint are as before, whatever was decided, and it can be decided anew."""
    case = case_of(world, bot)
    store = bot.deps.store
    before = [(row.action.kind, row.state, row.hold, row.reason) for row in store.actions.of_case(case.id)]
    row = said(bot, verb, case)
    bot.decisions.deciding.take_back(row.label, by=member(bot))
    pass_by(world, bot)
    after = [(row.action.kind, row.state, row.hold, row.reason) for row in store.actions.of_case(case.id)]
    assert (now(bot, case), after) == (CaseState.OPEN, before)
    assert store.links.has_fingerprints(case.link)
    assert store.decided.get(row.label).state is DecisionState.TAKEN_BACK
    assert store.banks.entries("more") == []
    said(bot, Decision.DISMISS, case)


def test_what_was_performed_is_not_taken_back_but_undone(world: Stage, bot: Pipeline) -> None:
    """After ten seconds and a step of the daemon the way back is undo, and the sentence says so."""
    case = case_of(world, bot)
    row = said(bot, Decision.REMOVE, case)
    pass_by(world, bot)
    with pytest.raises(UsageError, match=f"gifwarden cases undo {row.label}"):
        bot.decisions.deciding.take_back(row.label, by=member(bot))


def test_confirming_a_near_copy_removes_it(world: Stage, bot: Pipeline) -> None:
    """The shipped rule reports it, and its on_confirm removes it once a person has said that it is one."""
    case = case_of(world, bot)
    assert states(bot, case) == {"report": "done", "remove": "held"}
    said(bot, Decision.CONFIRM, case)
    pass_by(world, bot)
    assert (states(bot, case)["report"], states(bot, case)["remove"]) == ("done", "done")
    assert world.reddit.removals == [case.post.fullname]


@pytest.mark.parametrize(("place", "report", "remove"), [("clips", "cancelled", "done"), ("gifs", "done", "held")])
def test_what_a_person_has_removed_is_not_reported_too(
    world: Stage, bot: Pipeline, place: str, report: str, remove: str
) -> None:
    """A report that did not leave yet asks moderators what one of them has just decided, where that can be done."""
    post = post_fake(world, id="OneTwoThree", data=near_copy, subreddit=place)
    bot.watch()
    bot.work(always)
    (case,) = bot.deps.store.cases.of_post(post)
    assert states(bot, case)["report"] == "planned"
    lines = bot.decisions.deciding.preview(case, Decision.CONFIRM)
    assert ("not done: report" in lines) is (place == "clips")
    row = said(bot, Decision.CONFIRM, case)
    pass_by(world, bot)
    assert (states(bot, case)["report"], states(bot, case)["remove"]) == (report, remove)
    assert len(world.reddit.reports) == (place == "gifs")
    assert bot.deps.store.decided.get(row.label).state is DecisionState.PERFORMED


@pytest.mark.slow
def test_what_is_left_up_is_confirmed_and_nothing_is_done_to_it(world: Stage, bot: Pipeline) -> None:
    """What waited to be done to the post is cancelled, and what was done is taken back."""
    near, exact = case_of(world, bot), case_of(world, bot, "FourFiveSix", fake)
    assert world.reddit.removals == [exact.post.fullname]
    for case in (near, exact):
        said(bot, Decision.LEAVE_UP, case)
    pass_by(world, bot)
    assert (now(bot, near), states(bot, near)["remove"]) == (CaseState.CONFIRMED, "cancelled")
    assert (now(bot, exact), states(bot, exact)["remove"]) == (CaseState.CONFIRMED, "undone")
    assert world.reddit.approvals == [exact.post.fullname]


def test_what_is_removed_is_not_reported(world: Stage, bot: Pipeline) -> None:
    """Reddit takes no report on a removed post, so that verb is refused with what to do first."""
    case = case_of(world, bot, data=fake)
    with pytest.raises(UsageError, match="removed already"):
        said(bot, Decision.REPORT, case)
    assert now(bot, case) == CaseState.OPEN


def test_dismissing_and_undoing_are_performed_by_whoever_holds_the_lock(world: Stage, bot: Pipeline) -> None:
    """A door only plans the undo; the step that acts performs it, and a fault of Reddit's is tried again."""
    case = case_of(world, bot, data=fake)
    said(bot, Decision.DISMISS, case)
    assert states(bot, case)["remove"] == "undo_planned"
    pass_by(world, bot)
    assert (states(bot, case)["remove"], world.reddit.approvals) == ("undone", [case.post.fullname])
    assert not bot.deps.store.links.has_fingerprints(case.link)
    said(bot, Decision.UNDO, case)
    pass_by(world, bot)
    assert now(bot, case) == CaseState.OPEN
    said(bot, Decision.CONFIRM, case)
    pass_by(world, bot)
    assert world.reddit.removals == [case.post.fullname] * 2, bot.deps.store.actions.of_case(case.id)


@pytest.mark.slow
def test_one_decision_is_for_a_whole_group_and_undone_as_one(world: Stage, bot: Pipeline) -> None:
    """Three posts of one media are one decision; its undo reopens every one of them."""
    posts = [post_fake(world, id=id, data=near_copy) for id in ("OneTwoThree", "FourFiveSix", "SevenEightNine")]
    bot.tick()
    cases = [case for post in posts for case in bot.deps.store.cases.of_post(post)]
    row = said(bot, Decision.REMOVE, *cases)
    pass_by(world, bot)
    assert sorted(world.reddit.removals) == sorted(posts)
    assert {now(bot, case) for case in cases} == {CaseState.CONFIRMED}
    again = [bot.deps.store.cases.of_id(case) for case in bot.deps.store.decided.get(row.label).cases]
    said(bot, Decision.UNDO, *again)
    pass_by(world, bot)
    assert {now(bot, case) for case in cases} == {CaseState.OPEN}
    assert sorted(world.reddit.approvals) == sorted(posts)


@pytest.mark.slow
def test_all_of_a_group_or_none(world: Stage, bot: Pipeline) -> None:
    """One case that cannot be decided keeps the whole decision from being made, and every mistake is said."""
    one, two = case_of(world, bot), case_of(world, bot, "FourFiveSix")
    said(bot, Decision.DISMISS, one)
    with pytest.raises(UsageError, match="a moment ago") as raised:
        bot.decisions.deciding.decide(
            Decision.CONFIRM, [Target(one.label), Target(two.label), Target("C-0")], by=member(bot), why="seen"
        )
    assert len(raised.value.mistakes) == 2
    assert now(bot, two) == CaseState.OPEN


def test_one_word_said_twice_counts_once(world: Stage, bot: Pipeline) -> None:
    """A door that repeats its request with the same key is given the decision that was made."""
    case = case_of(world, bot)
    labels = {
        bot.decisions.deciding.decide(
            Decision.REMOVE, [Target(case.label)], by=member(bot), why="seen", key="form 7"
        ).label
        for _ in range(2)
    }
    assert len(labels) == 1
    pass_by(world, bot)
    assert world.reddit.removals == [case.post.fullname]


def test_two_who_decide_the_same_case_are_told_of_one_another(world: Stage, bot: Pipeline) -> None:
    """The second is told who decided what and when; nothing is decided twice."""
    case = case_of(world, bot)
    said(bot, Decision.REMOVE, case)
    with pytest.raises(UsageError, match="ann decided remove a moment ago"):
        said(bot, Decision.DISMISS, case, who="bob")
    pass_by(world, bot)
    with pytest.raises(StoreError, match=r"confirmed \(by ann, .* UTC\)"):
        said(bot, Decision.DISMISS, case, who="bob")
    assert world.reddit.removals == [case.post.fullname]


@pytest.mark.slow
def test_a_case_that_changed_since_it_was_looked_at_is_not_decided(world: Stage, bot: Pipeline) -> None:
    """With the version that a door showed, an appeal in between keeps the decision back and says what changed."""
    case = case_of(world, bot)
    said(bot, Decision.CONFIRM, case)
    pass_by(world, bot)
    looked = bot.deps.store.cases.get(case.label)
    bot.decisions.cases.appeal(case.label, why="it is my dog")
    with pytest.raises(UsageError, match="appealed by the post's author"):
        bot.decisions.deciding.decide(
            Decision.UNDO, [Target(case.label, looked.version)], by=member(bot, "bob"), why="seen"
        )
    newer = bot.deps.store.cases.get(case.label).version
    bot.decisions.deciding.decide(Decision.UNDO, [Target(case.label, newer)], by=member(bot, "bob"), why="seen")


def test_who_left_the_team_meanwhile_decides_nothing(world: Stage, bot: Pipeline) -> None:
    """The role is looked at in the transaction that decides."""
    case = case_of(world, bot)
    by = member(bot, "carl")
    bot.deps.store.team.remove(by.member)
    with pytest.raises(UsageError, match="removed from the team"):
        bot.decisions.deciding.decide(Decision.REMOVE, [Target(case.label)], by=by, why="seen")
    assert now(bot, case) == CaseState.OPEN


@pytest.mark.slow
def test_banking_waits_with_the_decision(world: Stage, bot: Pipeline) -> None:
    """What is banked with a confirmation is banked when it is performed, so taking it back leaves no entry."""
    case = case_of(world, bot)
    for taken_back in (True, False):
        row = bot.decisions.deciding.decide(
            Decision.CONFIRM, [Target(case.label)], by=member(bot), why="seen", banking=Banking(bank="more")
        )
        assert bot.deps.store.banks.entries("more") == []
        if taken_back:
            bot.decisions.deciding.take_back(row.label, by=member(bot))
        pass_by(world, bot)
        assert len(bot.deps.store.banks.entries("more")) == (0 if taken_back else 1)


def test_in_observe_a_decision_shows_and_does_nothing(world: Stage, bot: Pipeline) -> None:
    """The removal is held by the mode, and Reddit receives nothing."""
    post = post_fake(world, "quiet", data=near_copy)
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(post)
    assert "remove" in bot.decisions.deciding.preview(case, Decision.REMOVE)
    said(bot, Decision.REMOVE, case)
    pass_by(world, bot)
    (remove,) = [row for row in bot.deps.store.actions.of_case(case.id) if row.action.kind == "remove"]
    assert (remove.state, remove.reason) == (ActionState.HELD, "r/quiet is in mode observe")
    assert world.reddit.removals == []


@pytest.mark.slow
def test_what_others_did_meanwhile_is_said_and_not_touched(world: Stage, bot: Pipeline) -> None:
    """A post that another moderator approved within the ten seconds stays, and the action says why."""
    case = case_of(world, bot)
    said(bot, Decision.REMOVE, case)
    world.reddit.moderator_approves(case.post.fullname, "another")
    pass_by(world, bot)
    (remove,) = [row for row in bot.deps.store.actions.of_case(case.id) if row.action.kind == "remove"]
    assert remove.state == ActionState.CANCELLED
    assert "approve" in (remove.reason or "")
    assert world.reddit.removals == []


@pytest.mark.slow
def test_what_is_shown_first_has_every_text_that_others_read(world: Stage, bot: Pipeline) -> None:
    """The preview names each deed with its text, filled in as it will be sent."""
    case = case_of(world, bot)
    shown = bot.decisions.deciding.preview(case, Decision.CONFIRM)
    assert shown[0] == "remove"
    assert any(case.label in line for line in shown[1:])
    assert bot.decisions.deciding.preview(case, Decision.LEAVE_UP) == ["not done: remove"]


@pytest.mark.slow
def test_a_suspected_minor_is_not_judged(world: Stage, bot: Pipeline) -> None:
    """A decision that waits when its case is marked ends without a word of it being done."""
    case = case_of(world, bot)
    row = said(bot, Decision.DISMISS, case)
    bot.decisions.minors.minor(case.label, by=member(bot))
    pass_by(world, bot)
    assert now(bot, case) == CaseState.MINOR
    assert "suspected minor" in bot.deps.store.decided.told(row.id, case.id)[0]
    with pytest.raises(UsageError, match="suspected minor"):
        said(bot, Decision.UNDO, case)


@pytest.mark.slow
def test_media_of_different_kinds_are_different_groups(world: Stage, bot: Pipeline) -> None:
    """What is not the very same file is not of one group."""
    one = case_of(world, bot)
    other = case_of(world, bot, "FourFiveSix", lambda: media.clip(401, seconds=1, width=200, height=112))
    assert one.media != other.media


@pytest.mark.slow
def test_what_is_marked_anew_stays_removed_though_its_undo_waits(world: Stage, bot: Pipeline) -> None:
    """A mark taken back and given again within Reddit's silence publishes nothing."""
    post = post_fake(world, data=fake)
    bot.tick()
    bot.decisions.minors.hide(post, by=member(bot))
    bot.act()
    _, done = bot.decisions.minors.uncover(post, by=member(bot))
    for row in done:
        bot.decisions.cases.plan_undo(row.action.id, by=member(bot), why="a slip")
    bot.decisions.minors.hide(post, by=member(bot))
    bot.act()
    assert world.reddit.approvals == []
    assert {row.state for row in bot.deps.store.actions.on_post(post, "remove")} == {ActionState.DONE}


def test_what_is_left_up_is_not_removed_by_a_call_that_was_in_doubt(world: Stage, bot: Pipeline) -> None:
    """A removal whose answer was lost and that was not done is not done afterwards."""
    case = case_of(world, bot)
    said(bot, Decision.REMOVE, case, after=0)
    store = bot.deps.store
    (remove,) = [row for row in store.actions.of_case(case.id) if row.action.kind == "remove"]
    bot.decisions.deciding.perform_due()
    store.actions.begin(remove.action.id)
    bot.decisions.deciding.decide(Decision.UNDO, [Target(case.label)], by=member(bot), why="seen", after=0)
    said(bot, Decision.LEAVE_UP, case, after=0) if now(bot, case) == CaseState.OPEN and not store.decided.waiting_on(
        case.id
    ) else None
    pass_by(world, bot)
    assert world.reddit.removals == []


@pytest.mark.slow
def test_a_removal_that_waits_to_be_taken_back_stays_once_it_is_confirmed(world: Stage, bot: Pipeline) -> None:
    """Who confirms after an undo that Reddit has not been told of yet keeps the post removed."""
    case = case_of(world, bot, data=fake)
    said(bot, Decision.UNDO, case, after=0)
    bot.decisions.deciding.perform_due()
    assert states(bot, case)["remove"] == "undo_planned"
    said(bot, Decision.REMOVE, case)
    pass_by(world, bot)
    assert (states(bot, case)["remove"], world.reddit.approvals) == ("done", [])


@pytest.mark.slow
def test_a_post_with_two_cases_is_given_back_when_both_are_left_up(world: Stage, bot: Pipeline) -> None:
    """What was removed for one of them is not said to be needed by the other."""
    one, other = (world.park.add_redgifs(name, hd=fake()) for name in ("OneTwoThree", "FourFiveSix"))
    post = world.reddit.submit("clips", author="poster", title="look", selftext=f"{one} and {other}")
    bot.tick()
    cases = bot.deps.store.cases.of_post(post)
    assert len(cases) == 2
    assert world.reddit.removals == [post]
    said(bot, Decision.LEAVE_UP, *cases)
    pass_by(world, bot)
    assert world.reddit.approvals == [post]


@pytest.mark.slow
def test_a_decision_that_cannot_be_performed_keeps_nobody_waiting(
    world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three failures it ends, says so, and what is due besides is done all the while."""
    case = case_of(world, bot)
    row = said(bot, Decision.DISMISS, case)

    def broken(*_args: object, **_more: object) -> list[str]:
        raise ValueError("broken")

    monkeypatch.setattr(bot.decisions.deciding, "_settle", broken)
    world.clock.sleep(11)
    removed = post_fake(world, id="FourFiveSix")
    for _ in range(3):
        bot.tick()
    assert removed in world.reddit.removals
    assert bot.deps.store.decided.get(row.label).state is DecisionState.PERFORMED
    assert bot.deps.store.decided.told(row.id, case.id)


def test_what_was_begun_meanwhile_is_not_said_to_be_undone(world: Stage, bot: Pipeline) -> None:
    """Once an action of its case was sent, a decision is undone and not taken back as if nothing had been done."""
    post = post_fake(world, data=fake)
    bot.watch()
    bot.work()
    (case,) = bot.deps.store.cases.of_post(post)
    row = said(bot, Decision.CONFIRM, case)
    bot.outbox.run()
    assert world.reddit.removals == [post]
    with pytest.raises(UsageError, match="gifwarden cases undo"):
        bot.decisions.deciding.take_back(row.label, by=member(bot))


@pytest.mark.slow
def test_a_deleted_posts_reasons_are_forgotten(world: Stage, bot: Pipeline) -> None:
    """Why somebody decided loses the author's name and the address, as every other word of people does."""
    case = case_of(world, bot)
    bot.decisions.deciding.decide(
        Decision.LEAVE_UP, [Target(case.label)], by=member(bot), why=f"u/poster again {case.post.permalink}", after=0
    )
    bot.act()
    bot.deps.store.forgetting.forget_post(case.post.fullname)
    kept = bot.deps.store.connection.rows("select why from case_decisions")
    assert "poster" not in str(kept)
    assert case.post.permalink not in str(kept)


def test_what_a_case_asks_for_as_well_stays_its_own(world: Stage, bot: Pipeline) -> None:
    """A post that two cases want removed stays removed while one of them does, whatever becomes of the other."""
    links = " ".join(world.park.add_redgifs(name, hd=fake()) for name in ("OneTwoThree", "FourFiveSix"))
    post = world.reddit.submit("clips", author="poster", title="look", selftext=links)
    bot.tick()
    one, other = bot.deps.store.cases.of_post(post)
    said(bot, Decision.REMOVE, other, after=0)
    said(bot, Decision.DISMISS, one, after=0)
    pass_by(world, bot)
    assert (world.reddit.removals, world.reddit.approvals) == ([post], [])
