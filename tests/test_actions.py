"""Actions against a Reddit and a mail server on loopback: done once, found again, taken back only while it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from bot.actions import ACTIONS, get
from bot.actions.base import LOG_PAGES, ActionContext, ActionPlug, fit
from bot.actions.notice_checks import Story
from bot.clock import ManualClock
from bot.config import MailConfig
from bot.errors import MailError, RedditError, StaysRemovedError, UsageError
from bot.loopback.http import Request
from bot.loopback.reddit.server import RedditServer
from bot.loopback.smtp import Fault, SmtpSink
from bot.mail import Mailer
from bot.model import Action, Before, Found, Mode, Notice, NoticeItem, PlannedAction, standing
from bot.notice_texts import Policy
from bot.reddit import Reddit

START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
REASON = "Looks like a known fake, please check (case C-1a2b)"
NOTICE = Notice(
    id="N-3f9c2a",
    host="redgifs",
    to="abuse@host.example",
    items=(NoticeItem(host_id="quickredfox", url="https://www.redgifs.com/watch/quickredfox", seen_at=START),),
    ground="original_footage",
    ground_detail="https://studio.example/films/12, from 00:41",
    capacity="third_party_notifier",
    stated_by="Zoe Example",
    organisation="Example Moderators",
    contact="trust@mods.example",
    stated_at=START,
)
PARAMS = {
    "report": {"reason": REASON},
    "remove": {"reason": REASON},
    "modmail": {"subject": "A known fake was removed", "body": "Please look at case C-1a2b."},
    "notice": {"notice": NOTICE.id},
}
RIGHTS = ("posts", "mail", "flair", "access")


@dataclass
class Stage:
    """Loopback Reddit and mail, a clock that stands still, and what actions see of them."""

    server: RedditServer
    sink: SmtpSink
    clock: ManualClock
    world: ActionContext

    def post(self, **extra: Any) -> str:
        return self.server.submit("testsub", author="poster", title="A clip", url="https://i.imgur.com/a.gif", **extra)

    def action(self, kind: str, post: str, **changes: Any) -> Action:
        planned = Action(
            id=7,
            kind=kind,
            case="C-1a2b",
            post=post,
            subreddit="testsub",
            permalink="/r/testsub/comments/x/",
            params=PARAMS.get(kind, get(kind).example.params),
            planned=self.clock.now(),
        )
        return replace(planned, **changes)


@pytest.fixture
def stage() -> Iterator[Stage]:
    clock = ManualClock(START)
    with RedditServer(clock.now) as server, SmtpSink() as sink:
        server.add_subreddit("testsub", moderators=("alice",), bot_permissions=RIGHTS)
        mail = MailConfig(host="127.0.0.1", port=sink.port, security="none", sender="notices@mods.example")
        with Reddit(server.config(), reddit_url=server.url, oauth_url=server.url) as reddit:
            found: dict[str, Before] = {}
            world = ActionContext(
                note_found=lambda action, before: found.update({action.post: before}),
                before=lambda action: found.get(action.post),
                reddit=reddit,
                mailer=Mailer(mail),
                clock=clock,
                load_notice={NOTICE.id: NOTICE}.__getitem__,
                policy={"redgifs": Policy("https://www.redgifs.com/terms")}.__getitem__,
                still_there=lambda _: (frozenset(item.host_id for item in NOTICE.items), Story(sent=NOTICE.stated_at)),
                claim_letter=lambda _claim, _answer: (server.actions.write_mail("testsub", "her", "s", "b"), "help"),
            )
            yield Stage(server, sink, clock, world)


def perform(stage: Stage, action: Action) -> Any:
    return get(action.kind).perform(action, stage.world)


def probe(stage: Stage, action: Action) -> str:
    return get(action.kind).probe(action, stage.world)


def undo(stage: Stage, action: Action) -> Any:
    return get(action.kind).undo(action, stage.world)


@pytest.mark.parametrize("plug", ACTIONS, ids=lambda plug: plug.kind)
def test_every_plug_describes_itself(stage: Stage, plug: ActionPlug) -> None:
    """Every plug has one sentence of help, modes of the model without observe, and an example that works."""
    assert plug.help.endswith(".")
    assert plug.modes
    # what only says something to moderators who asked for it is the exception
    assert plug.modes <= set(get_args(Mode)) - (set() if plug.asked_for else {"observe"})
    assert plug.example.kind == plug.kind
    assert get(plug.kind) is plug
    assert plug.takes >= set(plug.example.params)
    post = stage.post()
    if plug.after_removal or plug.kind == "approve":
        perform(stage, stage.action("remove", post))
    assert perform(stage, stage.action(plug.kind, post, params=plug.example.params)).detail


def test_only_enforce_removes() -> None:
    """What users see needs the mode enforce; what only moderators and hosts see is performed in report too."""
    told = {"modmail", "answer", "claim_answer", "digest", "notice", "reminder"}
    assert {plug.kind for plug in ACTIONS if "report" in plug.modes} == {"report", "approve", *told}
    assert {plug.kind for plug in ACTIONS if "observe" in plug.modes} == {"answer", "claim_answer", "digest"}
    assert all("enforce" in plug.modes for plug in ACTIONS)


def test_a_strange_kind_is_one_sentence() -> None:
    """An unknown kind is an error that names the nearest one."""
    with pytest.raises(UsageError, match="did you mean report"):
        get("reprot")


def test_a_report_is_filed_once_and_found_again(stage: Stage) -> None:
    """A report arrives with its reason; the probe sees it before and after; a second try adds none."""
    action = stage.action("report", stage.post())
    assert probe(stage, action) == "absent"
    assert perform(stage, action).reference == action.post
    assert stage.server.reports == [(action.post, REASON, "gifwarden_bot")]
    assert probe(stage, action) == "done"
    perform(stage, action)
    assert len(stage.server.reports) == 1


def test_a_settled_report_is_still_ours(stage: Stage) -> None:
    """A report that a moderator has dismissed by approving was done all the same."""
    action = stage.action("report", stage.post())
    perform(stage, action)
    stage.server.moderator_approves(action.post, "alice")
    assert probe(stage, action) == "done"


def test_other_peoples_reports_are_not_ours(stage: Stage) -> None:
    """Another moderator's report in the same words, or ours in other words, does not count as this one."""
    action = stage.action("report", stage.post())
    stage.server.world.report(action.post, REASON, "alice")
    assert probe(stage, action) == "absent"
    other = stage.action("report", stage.post())
    stage.server.world.report(other.post, "something else", "gifwarden_bot")
    assert probe(stage, other) == "absent"
    assert "something else" in perform(stage, other).detail
    assert stage.server.reports == []


def test_an_unsigned_report_is_known_by_its_case(stage: Stage) -> None:
    """Among users' reports, which carry no name, the case's label tells ours; without it nobody can tell."""
    signed = stage.action("report", stage.post(user_reports=[[REASON, 1, False, True]]))
    assert probe(stage, signed) == "done"
    unsigned = stage.action("report", stage.post(user_reports=[["Fake", 1, False, True]]), params={"reason": "Fake"})
    assert probe(stage, unsigned) == "unknown"


@pytest.mark.parametrize("how", ["removed", "deleted", "filtered", "missing"])
def test_what_takes_no_reports_is_a_final_error(stage: Stage, how: str) -> None:
    """A removed, deleted, filtered or missing post takes no reports: an error that says so and is not retried."""
    post = stage.post(banned_by=True, removed_by_category="automod_filtered") if how == "filtered" else stage.post()
    if how == "removed":
        stage.server.moderator_removes(post, "alice")
    elif how == "deleted":
        stage.server.delete(post)
    elif how == "missing":
        post = "t3_zzzzz"
    with pytest.raises(RedditError) as caught:
        perform(stage, stage.action("report", post))
    assert caught.value.retry is False
    assert post in str(caught.value)
    assert stage.server.reports == []


def test_a_long_reason_keeps_its_case(stage: Stage) -> None:
    """A reason beyond Reddit's 100 characters is cut, but the case's label stays, and the probe still finds it."""
    action = stage.action("report", stage.post(), params={"reason": f"Known fake: {'title ' * 30} (case C-1a2b)"})
    perform(stage, action)
    ((_, reason, _),) = stage.server.reports
    assert len(reason) <= 100
    assert reason.endswith("… (case C-1a2b)")
    assert probe(stage, action) == "done"


def test_a_report_without_a_reason_is_refused(stage: Stage) -> None:
    """An empty reason is a mistake in the rule, said in one sentence."""
    with pytest.raises(UsageError, match="action_reason"):
        perform(stage, stage.action("report", stage.post(), params={}))


def test_a_report_cannot_be_undone(stage: Stage) -> None:
    """Undoing a report says what to do instead."""
    with pytest.raises(UsageError, match="approve"):
        undo(stage, stage.action("report", stage.post()))


@pytest.mark.parametrize("comment", [False, True])
def test_a_removal_is_done_found_and_taken_back(stage: Stage, comment: bool) -> None:
    """A submission or comment is removed once, the probe sees it, and undo approves it again."""
    post = stage.post()
    if comment:
        post = stage.server.comment(post, author="poster", body="https://i.imgur.com/a.gif")
    action = stage.action("remove", post)
    assert probe(stage, action) == "absent"
    perform(stage, action)
    perform(stage, action)
    assert stage.server.removals == [post]
    assert probe(stage, action) == "done"
    assert undo(stage, action).detail
    assert stage.server.approvals == [post]
    assert "already" in undo(stage, action).detail
    assert stage.server.approvals == [post]


def test_a_removal_as_spam_teaches_the_filter(stage: Stage) -> None:
    """With `spam` the post is removed as spam, found again, and given back as any other."""
    action = stage.action("remove", stage.post(), params={"reason": REASON, "spam": "true"})
    perform(stage, action)
    assert stage.server.world.things[action.post]["spam"] is True
    assert probe(stage, action) == "done"
    undo(stage, action)
    assert stage.server.world.things[action.post]["spam"] is False


def test_an_overruled_removal_was_done_and_stays_overruled(stage: Stage) -> None:
    """A moderator's approval after our removal: the probe says done, so that it is never removed again."""
    action = stage.action("remove", stage.post())
    perform(stage, action)
    stage.clock.sleep(60)
    stage.server.moderator_approves(action.post, "alice")
    assert probe(stage, action) == "done"
    with pytest.raises(UsageError, match="alice"):
        undo(stage, action)
    assert stage.server.approvals == []


def test_what_somebody_removed_after_us_stays_removed(stage: Stage) -> None:
    """Undo refuses when another moderator removed the post after us, and names them."""
    action = stage.action("remove", stage.post())
    perform(stage, action)
    stage.clock.sleep(60)
    stage.server.moderator_approves(action.post, "gifwarden_bot")
    stage.server.moderator_removes(action.post, "alice")
    with pytest.raises(UsageError, match=r"alice acted on t3_\w+ after us \(removelink\)"):
        undo(stage, action)
    assert stage.server.approvals == []


def test_other_lines_of_the_log_decide_nothing(stage: Stage) -> None:
    """Decisions on other posts, and lines that are no decision, do not stand between our removal and its undo."""
    action = stage.action("remove", stage.post())
    perform(stage, action)
    stage.clock.sleep(60)
    stage.server.moderator_removes(stage.post(), "alice")
    line = dict(stage.server.mod_log[0], id="ModAction_x", action="marknsfw", mod="alice")
    stage.server.world.mod_log.append(line | {"created_utc": stage.clock.now().timestamp()})
    undo(stage, action)
    assert stage.server.approvals == [action.post]


def test_what_others_decided_is_not_decided_again(stage: Stage) -> None:
    """A post that somebody else removed, approved or deleted is left to them: a final error, and no removal."""
    removed, approved, deleted = stage.post(), stage.post(), stage.post()
    stage.server.moderator_removes(removed, "alice")
    stage.server.moderator_approves(approved, "alice")
    stage.server.delete(deleted)
    for post, word in ((removed, "alice"), (approved, "alice"), (deleted, "deleted"), ("t3_zzzzz", "not exist")):
        with pytest.raises(RedditError, match=word) as caught:
            perform(stage, stage.action("remove", post))
        assert caught.value.retry is False
    assert stage.server.removals == []
    assert probe(stage, stage.action("remove", removed)) == "absent"
    assert probe(stage, stage.action("remove", "t3_zzzzz")) == "unknown"


def test_what_a_filter_holds_back_is_nobodys_decision(stage: Stage) -> None:
    """A post that AutoModerator filtered waits in the queue; removing it makes the removal firm."""
    post = stage.post(banned_by="AutoModerator", removed_by_category="automod_filtered")
    perform(stage, stage.action("remove", post))
    assert stage.server.removals == [post]


@pytest.mark.parametrize("spam", ["", "true"])
def test_an_upgrade_knows_of_no_removal_how_it_was_found(stage: Stage, spam: str) -> None:
    """A removal whose record of what was found is missing counts as held: taken back, never published."""
    action = stage.action("remove", stage.post(), params={"reason": REASON, "spam": spam})
    perform(stage, action)
    forgetful = replace(stage.world, before=lambda _action: None)
    receipt = get("remove").undo(action, forgetful)
    assert receipt.held == Found.UNKNOWN
    assert "nobody wrote down" in receipt.detail
    with pytest.raises(StaysRemovedError):
        get("approve").perform(stage.action("approve", action.post), forgetful)
    assert stage.server.approvals == []


def test_a_removal_that_confirmed_spam_was_held(stage: Stage) -> None:
    """Reddit's own word that it had been removed already outweighs what we saw a moment before."""
    action = stage.action("remove", stage.post(), params={"spam": "true"})

    def filtered(request: Request) -> None:
        if request.path == "/api/remove/":
            stage.server.actions.filter_as_spam(action.post)

    stage.server.before = filtered
    perform(stage, action)
    assert undo(stage, action).held == Found.UNKNOWN
    assert stage.server.approvals == []


def test_what_was_found_is_written_down_before_the_call(stage: Stage) -> None:
    """When Reddit is asked to remove, how the post stood is known already, so that a kill loses nothing."""
    known: list[Before | None] = []
    action = stage.action("remove", stage.post(banned_by="AutoModerator", removed_by_category="automod_filtered"))

    def asked(request: Request) -> None:
        if request.path == "/api/remove/":
            known.append(stage.world.before(action))

    stage.server.before = asked
    perform(stage, action)
    assert [before.found for before in known if before] == [Found.AUTOMODERATOR]


def test_a_text_that_was_changed_is_not_given_back(stage: Stage) -> None:
    """What its author wrote after we looked was never up, so a person decides on it."""
    action = stage.action("remove", stage.post(selftext="old"))
    perform(stage, action)
    stage.clock.sleep(60)
    stage.server.edit(action.post, "new")
    assert undo(stage, action).held == Found.EDITED
    assert stage.server.approvals == []


def test_what_staff_removed_after_us_is_not_given_back(stage: Stage) -> None:
    """Reddit's staff may act without a line in the mod log; the post itself tells it."""
    action = stage.action("remove", stage.post())
    perform(stage, action)
    stage.server.world.things[action.post]["removed_by_category"] = "anti_evil_ops"
    with pytest.raises(UsageError, match="removed by Reddit now"):
        undo(stage, action)
    assert stage.server.approvals == []


def test_a_suspected_minor_is_never_given_back(stage: Stage) -> None:
    """No door of the bot's approves what was removed for a suspected minor, by whichever removal of ours."""
    ordered = stage.action("remove", stage.post(), params={"order": "minor"})
    perform(stage, ordered)
    with pytest.raises(UsageError, match="suspected minor"):
        undo(stage, ordered)
    marked = replace(stage.world, is_minor=lambda _post: True)
    for kind in ("remove", "approve"):
        plug, action = get(kind), stage.action(kind, ordered.post)
        with pytest.raises(UsageError, match="suspected minor"):
            plug.undo(action, marked) if kind == "remove" else plug.perform(action, marked)
    assert stage.server.approvals == []


def test_our_note_on_a_removal_is_taken_back(stage: Stage) -> None:
    """The reason that moderators read beside a post that stays removed says that it no longer holds."""
    action = stage.action("remove", stage.post(banned_by="AutoModerator", removed_by_category="automod_filtered"))
    perform(stage, action)
    thing = stage.server.world.things[action.post]
    assert thing["mod_note"] == REASON
    undo(stage, action)
    assert thing["mod_note"].startswith("Taken back")


def test_an_older_removal_of_ours_is_not_this_one(stage: Stage) -> None:
    """Our removal of the same post long before this action was planned, and approved since, does not count."""
    post = stage.post()
    stage.server.moderator_removes(post, "gifwarden_bot")
    stage.server.moderator_approves(post, "alice")
    stage.clock.sleep(timedelta(hours=1).total_seconds())
    assert probe(stage, stage.action("remove", post)) == "absent"


def test_an_undo_without_a_removal_is_refused(stage: Stage) -> None:
    """Without our removal in the log there is nothing of ours to take back; a deleted post cannot be given back."""
    action = stage.action("remove", stage.post())
    with pytest.raises(UsageError, match="no removal"):
        undo(stage, action)
    perform(stage, action)
    stage.server.delete(action.post)
    with pytest.raises(UsageError, match="deleted"):
        undo(stage, action)
    assert stage.server.approvals == []


def _busy(stage: Stage, lines: int) -> None:
    """Fill the mod log with other moderators' work."""
    other = stage.post()
    stage.server.moderator_removes(other, "alice")
    line = stage.server.world.mod_log.pop()
    stage.server.world.mod_log.extend(dict(line, id=f"ModAction_{n}") for n in range(lines))


def test_a_decision_is_found_pages_down(stage: Stage) -> None:
    """Our removal is found behind several pages of the mod log."""
    action = stage.action("remove", stage.post())
    perform(stage, action)
    _busy(stage, 250)
    undo(stage, action)
    assert stage.server.approvals == [action.post]


def test_an_endless_log_is_not_guessed_from(stage: Stage) -> None:
    """When the log is longer than what is read of it, the probe says unknown and the undo refuses."""
    action = stage.action("remove", stage.post())
    _busy(stage, LOG_PAGES * 100)
    assert probe(stage, action) == "unknown"
    with pytest.raises(UsageError, match="yourself"):
        undo(stage, action)


def test_a_modmail_arrives_and_is_found_by_its_subject(stage: Stage) -> None:
    """The subject ends in case and action, so the probe finds this conversation and no other."""
    action = stage.action("modmail", stage.post())
    another = replace(action, id=8)
    assert probe(stage, action) == "absent"
    assert perform(stage, action).reference in stage.server.world.conversations
    assert stage.server.modmails == [("testsub", "A known fake was removed [C-1a2b #7]", "Please look at case C-1a2b.")]
    assert probe(stage, action) == "done"
    assert probe(stage, another) == "absent"
    with pytest.raises(UsageError, match="answer"):
        undo(stage, action)


def test_long_modmail_fits_and_keeps_its_mark(stage: Stage) -> None:
    """Subject and body are cut to Reddit's limits; the subject keeps the mark by which it is found."""
    action = stage.action("modmail", stage.post(), params={"subject": "s" * 300, "body": "b" * 20_000})
    perform(stage, action)
    ((_, subject, body),) = stage.server.modmails
    assert (len(subject), len(body)) == (100, 10_000)
    assert subject.endswith("… [C-1a2b #7]")
    assert probe(stage, action) == "done"
    with pytest.raises(UsageError, match="text"):
        perform(stage, stage.action("modmail", action.post, params={"subject": "x"}))


def test_a_notice_is_mailed_as_composed(stage: Stage) -> None:
    """The host receives the notice with its policy; the receipt names the mail; nobody can look whether it came."""
    action = stage.action("notice", "")
    stage.clock.sleep(86_400)
    receipt = perform(stage, action)
    (received,) = stage.sink.received
    assert received.recipients == (NOTICE.to,)
    assert receipt.reference == received.message["Message-ID"] == "<N-3f9c2a@mods.example>"
    assert received.message["Date"].datetime == stage.clock.now()
    text = received.message.get_content()
    assert "https://www.redgifs.com/watch/quickredfox" in text
    assert "Your policy on this: https://www.redgifs.com/terms" in text
    assert probe(stage, action) == "unknown"


def test_an_unclear_notice_is_sent_again_as_the_same_mail(stage: Stage) -> None:
    """A cut after the final dot is unknown; the second sending has the same Message-ID and the same text."""
    action = stage.action("notice", "")
    stage.sink.script(Fault(at="dot"))
    with pytest.raises(MailError) as caught:
        perform(stage, action)
    assert caught.value.sent is None
    assert get("notice").repeatable
    perform(stage, action)
    first, second = stage.sink.received
    assert first.raw == second.raw
    assert first.message["Message-ID"] == "<N-3f9c2a@mods.example>"


def test_a_notice_is_taken_back_by_a_retraction(stage: Stage) -> None:
    """Undo mails a retraction in the notice's thread."""
    action = stage.action("notice", "")
    perform(stage, action)
    undo(stage, action)
    sent, taken_back = (received.message for received in stage.sink.received)
    assert taken_back["In-Reply-To"] == sent["Message-ID"]
    assert "We withdraw notice N-3f9c2a" in taken_back.get_content()


def test_what_is_not_configured_is_named(stage: Stage) -> None:
    """Without a mail server, without Reddit, or without a notice the error says what to set up."""
    bare = replace(stage.world, mailer=None, reddit=None)
    with pytest.raises(UsageError, match=r"\[mail\]"):
        get("notice").perform(stage.action("notice", ""), bare)
    with pytest.raises(UsageError, match=r"\[reddit\]"):
        get("remove").perform(stage.action("remove", "t3_abc"), bare)
    with pytest.raises(UsageError, match="names no notice"):
        perform(stage, stage.action("notice", "", params={}))


def test_reddit_down_is_worth_another_try(stage: Stage) -> None:
    """A refusal of Reddit's own comes through as a RedditError and nothing counts as done."""
    action = stage.action("report", stage.post())
    stage.server.fail_next("/api/report", status=503)
    with pytest.raises(RedditError) as caught:
        perform(stage, action)
    assert caught.value.retry is True
    assert probe(stage, action) == "absent"


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({}, "up"),
        ({"author": "somebody", "banned_by": None, "removed_by_category": None}, "up"),
        ({"approved_by": "alice", "approved_at_utc": 1.0}, "approved"),
        ({"banned_by": "alice"}, "removed"),
        ({"banned_by": "alice", "removed_by_category": "moderator"}, "removed"),
        ({"removed_by_category": "anti_evil_ops"}, "removed"),
        ({"removed": True}, "removed"),
        ({"banned_by": True}, "filtered"),
        ({"banned_by": "AutoModerator", "removed_by_category": "automod_filtered"}, "filtered"),
        ({"removed_by_category": "reddit", "banned_by": True}, "filtered"),
        ({"removed_by_category": "deleted"}, "deleted"),
        ({"author": "[deleted]"}, "deleted"),
        ({"author": "[deleted]", "selftext": ""}, "up"),  # the account is gone, the post is not
        ({"author": "[deleted]", "selftext": "[deleted]", "banned_by": "AutoModerator"}, "deleted"),
        ({"author": "somebody", "selftext": "[deleted]"}, "up"),  # words that anybody may write
        ({"banned_by": "AutoModerator"}, "filtered"),  # a comment, or an older shape: nobody's decision
        ({"banned_by": "AutoModerator", "removed_by_category": "moderator"}, "removed"),
        ({"banned_by": "reddit"}, "filtered"),
        ({"banned_by": "alice", "removed_by_category": "automod_filtered"}, "removed"),
        ({"banned_by": "gifwarden_bot", "removed_by_category": "anti_evil_ops"}, "removed"),
        ({"approved": True}, "approved"),
    ],
)
def test_how_a_post_stands(data: dict[str, Any], state: str) -> None:
    """Reddit's marks on a thing are read as one of five states."""
    assert standing(data).state == state


def test_names_ignore_case() -> None:
    """Reddit writes one user's name in different cases; they are one user."""
    assert standing({"banned_by": "GifWarden_Bot"}).by_user("gifwarden_bot")
    assert not standing({"banned_by": True}).by_user("True")


def test_a_cut_line_keeps_its_tail() -> None:
    """`fit` cuts the text, never the tail, and folds lines into one."""
    assert fit("a\nb", " [x]", 10) == "a b [x]"
    assert fit("abcdefghij", " [x]", 10) == "abcde… [x]"


def test_an_example_is_a_planned_action() -> None:
    """Examples are what a rule would plan."""
    assert all(isinstance(plug.example, PlannedAction) for plug in ACTIONS)
