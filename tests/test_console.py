"""The queue and the case in the console, and what is decided there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from bot.clock import ManualClock
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, DecisionState, Role
from bot.pipeline import Pipeline
from bot.pipeline.judging.judge import NEEDS_PERSON
from bot.store import EntryFilter
from bot.store.case_queue import Tab
from bot.web.console.queue import PAGE_ROWS
from tests.bots import action_states, bank_the_fake, near_copy, post_fake
from tests.console import Browser, Console, console_on, open_case
from tests.doors import daemon_on
from tests.people import member
from tests.raids import act


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben and Cleo, reviewers."""
    with console_on(bot) as served:
        served.person("Ben")
        served.person("Cleo")
        yield served


@pytest.fixture
def ben(console: Console) -> Browser:
    """Ben's browser."""
    return console.signed_in("Ben")


def labels(browser: Browser) -> list[str]:
    """Return the cases of a page of the queue, in its order."""
    return re.findall(r'href="/case/(C-[0-9a-f]+)\?[^"]*" data-row', browser.page.text)


def clock_of(console: Console) -> ManualClock:
    """Return the clock of the bot behind a console."""
    clock = console.bot.deps.clock
    assert isinstance(clock, ManualClock)
    return clock


def test_a_case_is_in_the_tab_that_asks_for_it(console: Console, ben: Browser) -> None:
    """What asks a person waits; what the bot did by itself is apart; what is decided is in neither."""
    asks, did = open_case(console.bot, 1), open_case(console.bot, 2, "exact", asks=False)
    ben.get("/")
    assert labels(ben) == [asks.label]
    ben.get("/?tab=bot")
    assert labels(ben) == [did.label]
    assert "done: remove" in ben.text
    store = console.bot.deps.store
    store.actions.cancel(case=did.id, reason="x")
    act(store, did, "flair", "held", "person")  # somebody took it back: a person is asked again
    assert store.case_queue.tab_of(did.id) is Tab.WAITING
    ben.press(asks.label, "dismiss")
    ben.get("/?tab=decided")
    assert labels(ben) == [asks.label]
    assert "dismissed by Ben" in ben.text


def test_which_cases_ask_is_kept_as_actions_change(console: Console) -> None:
    """Planning, holding, releasing and deleting actions each say at once whether a person is asked."""
    store = console.bot.deps.store
    case = open_case(console.bot, 1)
    queue = store.case_queue
    assert queue.tab_of(case.id) is Tab.WAITING
    version = store.cases.get(case.label).version
    store.connection.run("update actions set hold = null, state = 'planned' where case_id = ?", (case.id,))
    assert queue.tab_of(case.id) is Tab.BOT
    store.connection.run("delete from actions where case_id = ?", (case.id,))
    assert queue.tab_of(case.id) is Tab.WAITING
    act(store, case, "remove", "held", "mode")
    assert queue.tab_of(case.id) is Tab.BOT
    store.connection.run("update actions set state = 'cancelled', hold = null where case_id = ?", (case.id,))
    store.actions.hold_again(case=case.id, reason=NEEDS_PERSON)
    assert queue.tab_of(case.id) is Tab.WAITING
    assert store.cases.get(case.label).version == version  # which of them asks is no change of the case


@pytest.mark.slow
def test_one_row_a_media_the_newest_first(console: Console, ben: Browser) -> None:
    """Posts of the very same media are one row, named by the newest; every media is on one page only."""
    for number in range(1, 2 * PAGE_ROWS + 31):
        open_case(
            console.bot, number, file=f"{number % (PAGE_ROWS + 20):064x}", subreddit=("clips", "gifs")[number % 2]
        )
    store = console.bot.deps.store
    newest: dict[str, str] = {}
    for case in store.cases.listing():
        newest.setdefault(case.media or "", case.label)
    ben.get("/")
    first = labels(ben)
    more = re.search(r'href="(/\?[^"]*before=\d+)"', ben.page.text)
    assert more is not None
    ben.get(more[1].replace("&amp;", "&"))
    assert len(first) == PAGE_ROWS
    assert first + labels(ben) == list(newest.values())
    assert "Older cases" not in ben.text
    ben.get("/?subreddit=gifs")
    assert labels(ben)
    assert {store.cases.get(label).post.subreddit for label in labels(ben)} == {"gifs"}


def test_filters_choose_subreddit_and_rule(console: Console, ben: Browser) -> None:
    """A filter shows what it says and nothing else, and the case leads on within it."""
    one = open_case(console.bot, 1, "face", subreddit="gifs")
    two = open_case(console.bot, 2, "near", subreddit="gifs")
    open_case(console.bot, 3, "near")
    ben.get("/?subreddit=GIFS")
    assert labels(ben) == [two.label, one.label]
    ben.get("/?subreddit=gifs&rule=Protected+face+in+sexual+media")
    assert labels(ben) == [one.label]
    ben.get("/?rule=none+of+ours")
    assert "Nothing waits for you. At least not with this filter." in ben.text
    ben.get(f"/case/{two.label}?tab=waiting&subreddit=gifs")
    ben.post(f"/case/{two.label}/decide?tab=waiting&subreddit=gifs", verb="dismiss", **ben.fields("version", "key"))
    assert ben.page.url.path == f"/case/{one.label}"


def test_appeals_and_unreported_minors_stand_on_top(console: Console, ben: Browser) -> None:
    """What somebody else waits for is seen first, and an appealed case stands there once."""
    appealed, minor, other = (open_case(console.bot, number) for number in (1, 2, 3))
    by = member(console.bot)
    console.bot.decisions.cases.appeal(appealed.label, raised_by=by, why="it is mine")
    console.bot.decisions.minors.hide(minor.label, by=by)
    ben.get("/")
    assert labels(ben) == [appealed.label, other.label]
    page = ben.page.text
    assert page.index(f"/minor/{minor.label}") < page.index(appealed.label) < page.index(other.label)
    assert "look at this" not in page[page.index("/minor/") : page.index("Appeals")]


@pytest.mark.slow
def test_a_comment_is_called_one(world: Stage, console: Console, ben: Browser) -> None:
    """The title is that of the post it stands below: queue and page say so."""
    bot = console.bot
    bank_the_fake(bot)
    above = world.reddit.submit("clips", author="somebody", title="a question", selftext="where?")
    url = world.park.add_redgifs("InComment", hd=near_copy())
    world.reddit.comment(above, author="poster", body=f"here: {url}", created=world.clock.now())
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    ben.get("/")
    assert "comment on “a question”" in ben.text
    ben.get(f"/case/{case.label}")
    assert "The comment" in ben.text
    assert "comment on “a question”" in ben.text
    assert "The post" not in ben.text


def test_what_speaks_against_it_stands_above_the_buttons(console: Console, ben: Browser) -> None:
    """A case is told in sentences; the doubts come before any button that decides."""
    case = open_case(console.bot, 1)
    ben.get(f"/case/{case.label}")
    page = ben.page.text
    doubt = page.index("a near copy may be the genuine clip that the fake was made from")
    assert page.index("What was found") < doubt < page.index('value="confirm"') < page.index("The post")
    for words in (
        "faces not compared: it may be the original footage",
        "at 0:01.2 to 0:03.8 of this media: 42% of it, 80% of the entry",
        "only 42% of this media is E-3f9c2a71b0",
        "It is a fake c removes the post, tells its author",
        "by u/poster",
        "review by rule “Near copy of a known fake”",
    ):
        assert words in ben.text, words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("exact", "Certain: the exact file of an entry, byte for byte"),
        ("face", "a resemblance is no identity"),
        ("footage", "same footage, another face"),
        ("words", "no bank entry matched; the rule looked at the post only"),
    ],
)
def test_every_kind_of_evidence_has_a_page(console: Console, ben: Browser, kind: str, words: str) -> None:
    """Whatever was found, its page says it and what follows."""
    case = open_case(console.bot, 1, kind)
    assert ben.get(f"/case/{case.label}").status_code == 200
    assert words in ben.text


def test_a_mode_that_does_not_allow_it_is_said_at_the_button(console: Console, ben: Browser) -> None:
    """In a subreddit that is only observed the button says that nothing is done, and so do texts and decided case."""
    case = open_case(console.bot, 1, subreddit="quiet")
    ben.get(f"/case/{case.label}")
    assert "does nothing to the post, for r/quiet is in mode observe" in ben.text
    assert "not while r/quiet is in mode observe: remove" in ben.text
    assert "Your post in r/quiet was removed" not in ben.text
    store = console.bot.deps.store
    store.connection.run("update cases set state = 'confirmed'")
    store.connection.run("update actions set hold = 'mode'")
    ben.get(f"/case/{case.label}")
    assert "; would remove the post, but r/quiet is in mode observe." in ben.text
    store.connection.run("delete from actions")
    ben.get(f"/case/{case.label}")
    assert "The bot" not in ben.text


def test_a_decision_is_written_down_and_the_next_case_comes(console: Console, ben: Browser) -> None:
    """One press decides by this person, leads to the next case, and says until when it can be taken back."""
    older, newer = open_case(console.bot, 1), open_case(console.bot, 2)
    ben.press(newer.label, "confirm", why="same scar")
    assert ben.page.url.path == f"/case/{older.label}"
    assert f"{newer.label} : confirmed , done from" in ben.text
    store = console.bot.deps.store
    row = store.cases.get(newer.label)
    assert (row.state, row.decided_by, row.why) == (CaseState.CONFIRMED, "Ben", "same scar")
    (decision,) = store.decided.of_case(newer.id)
    assert decision.state is DecisionState.WAITING
    assert (decision.due - decision.at).total_seconds() == 10
    assert str(decision.credential) == "sign_in"
    ben.press(older.label, "dismiss")
    assert ben.page.url.path == "/"
    assert "Nothing waits for you" in ben.text


def test_it_is_taken_back_before_anything_is_done(console: Console, ben: Browser) -> None:
    """The button in the bar puts the case back as it was; a decision that was performed says how to undo it."""
    case = open_case(console.bot, 1)
    store = console.bot.deps.store
    ben.press(case.label, "confirm")
    label = store.decided.of_case(case.id)[-1].label
    ben.post(f"/decision/{label}/take-back")
    assert ben.page.url.path == f"/case/{case.label}"
    assert store.cases.get(case.label).state is CaseState.OPEN
    assert store.actions.of_case(case.id)[1].state is ActionState.HELD
    assert "Take back" not in ben.text
    with daemon_on(console.bot) as later:
        ben.press(case.label, "dismiss")
        label = store.decided.of_case(case.id)[-1].label
        later(11)
        ben.get("/me")
        assert ben.post(f"/decision/{label}/take-back").status_code == 409
        assert "performed already" in ben.text


@pytest.mark.slow
def test_the_deed_reaches_reddit_and_can_be_undone(console: Console, ben: Browser, world: Stage) -> None:
    """A confirmation by console removes the post by the daemon; taking it back gives the post back."""
    post = post_fake(world, data=near_copy)
    console.bot.tick()
    (case,) = console.bot.deps.store.cases.of_post(post)
    ben.press(case.label, "confirm")
    with daemon_on(console.bot) as later:
        assert not world.reddit.removals
        later(11)
        assert world.reddit.removals == [post]
        ben.get(f"/case/{case.label}")
        assert "confirmed by Ben" in ben.text
        assert "gives the post back" in ben.text
        ben.press(case.label, "undo")
        later(11)
    assert world.reddit.approvals == [post]
    assert action_states(console.bot)["remove"] is ActionState.UNDONE


@pytest.mark.slow
def test_what_is_confirmed_goes_into_a_bank_as_well(console: Console, ben: Browser, world: Stage) -> None:
    """Who may change banks chooses one, and a range; what is said by half is told, and others are not offered it."""
    post_fake(world, data=near_copy)
    console.bot.tick()
    (case,) = console.bot.deps.store.cases.listing()
    store = console.bot.deps.store
    store.banks.create("more", "block")
    ben.get(f"/case/{case.label}")
    assert 'name="bank"' not in ben.page.text
    assert ben.press(case.label, "confirm", bank="more").status_code == 403
    console.person("Lea", Role.LEAD)
    lea = console.signed_in("Lea")
    for wrong in ({"bank": "more", "from": "0.2"}, {"from": "0", "to": "1"}, {"bank": "nosuch"}, {"media": "1"},
                  {"bank": "more", "from": "x", "to": "1"}, {"bank": "more", "from": "0", "to": "1", "media": "0"},
                  {"bank": "more", "from": "50", "to": "60"}):  # fmt: skip
        assert lea.press(case.label, "confirm", **wrong).status_code in (404, 409), wrong
    assert lea.press(case.label, "dismiss", bank="more").status_code == 409
    assert store.cases.get(case.label).state is CaseState.OPEN
    with daemon_on(console.bot) as later:
        assert lea.press(case.label, "confirm", bank="more", **{"from": "0", "to": "0.6"}).status_code == 200
        later(11)
    (entry,) = store.entries.page(EntryFilter(bank="more"), 9)
    assert entry.state == "active"


@pytest.mark.slow
def test_an_appeal_leads_to_what_its_author_wrote(console: Console, ben: Browser, world: Stage) -> None:
    """It is in modmail, and the case leads there; its words are not kept."""
    bank_the_fake(console.bot)
    post = post_fake(world)
    console.bot.tick()
    mails = [key for key, one in world.reddit.world.conversations.items() if one["participant"].get("name") == "poster"]
    world.reddit.actions.answer_mail(mails[0], "poster", "That is me, I filmed it myself.")
    console.bot.tick()
    (case,) = console.bot.deps.store.cases.of_post(post)
    page = ben.get(f"/case/{case.label}").text
    assert 'href="https://mod.reddit.com/mail/all"' in page
    assert "filmed it myself" not in page


def test_enter_in_a_field_decides_nothing(console: Console, ben: Browser) -> None:
    """The first button of the form, which a browser presses for enter, is one that does nothing."""
    case = open_case(console.bot, 1)
    form = ben.get(f"/case/{case.label}").text.partition('class="card decide"')[2].partition("</form>")[0]
    assert re.findall(r"<button[^>]*>", form)[0] == "<button disabled hidden>"
    assert "what it shows is not taken for E-3f9c2a71b0 again" in ben.text


def test_pressed_twice_it_counts_once(console: Console, ben: Browser) -> None:
    """A double click, or a form that the browser sends again, is the same decision."""
    case = open_case(console.bot, 1)
    ben.get(f"/case/{case.label}")
    fields = {"csrf": ben.csrf, "verb": "dismiss", **ben.fields("version", "key")}
    for _ in range(2):
        assert ben.send(f"/case/{case.label}/decide", fields).status_code == 200
    assert len(console.bot.deps.store.decided.of_case(case.id)) == 1


def test_a_key_of_somebody_else_is_not_theirs(console: Console, ben: Browser) -> None:
    """A key that another session used is none of this one's: nobody's decision hides another's."""
    cleo = console.signed_in("Cleo")
    one, two = open_case(console.bot, 1), open_case(console.bot, 2)
    for browser, case in ((ben, one), (cleo, two)):
        browser.get(f"/case/{case.label}")
        browser.post(f"/case/{case.label}/decide", verb="dismiss", version="0", key="0" * 32)
    assert {console.bot.deps.store.cases.get(case.label).decided_by for case in (one, two)} == {"Ben", "Cleo"}


@pytest.mark.slow
def test_two_people_are_told_of_one_another(console: Console, ben: Browser) -> None:
    """Who opens a case sees who else has it open; whoever decides later is told who was faster."""
    cleo = console.signed_in("Cleo")
    case = open_case(console.bot, 1)
    ben.get(f"/case/{case.label}")
    assert "too" not in ben.text
    cleo.get(f"/case/{case.label}")
    assert "Ben looks at this case too" in cleo.text
    assert ben.get(f"/case/{case.label}/now").json()["others"] == ["Cleo"]
    ben.get(f"/case/{case.label}")
    fields = ben.fields("version", "key")
    token = ben.csrf
    cleo.press(case.label, "confirm")
    assert ben.get(f"/case/{case.label}/now").json() == {
        "version": 1, "state": "confirmed", "by": "Cleo", "others": []
    }  # fmt: skip
    answer = ben.send(f"/case/{case.label}/decide", {"csrf": token, "verb": "dismiss", **fields})
    assert answer.status_code == 409
    assert "has changed since you looked at it: confirmed (by Cleo" in ben.text
    ben.get(f"/case/{case.label}")
    assert "Cleo decided a moment ago: confirmed" in ben.text
    assert "It is no fake" not in ben.text
    clock_of(console).sleep(60)
    assert ben.get(f"/case/{case.label}/now").json()["others"] == []


def test_a_whole_group_in_one_decision(console: Console, ben: Browser) -> None:
    """With the box, all open cases of the very media that one may decide are one decision; one undo takes it back."""
    cases = [open_case(console.bot, number, file="aa" * 32) for number in range(1, 5)]
    other = open_case(console.bot, 9)
    ben.get(f"/case/{cases[0].label}")
    assert "Decide 3 other open cases of this very media as well" in ben.text
    ben.post(f"/case/{cases[0].label}/decide", verb="confirm", group="3", **ben.fields("version", "key"))
    store = console.bot.deps.store
    (decision,) = store.decided.of_case(cases[0].id)
    assert decision.cases == tuple(case.id for case in cases)
    assert store.cases.get(other.label).state is CaseState.OPEN
    assert f"{cases[0].label} and 3 others: confirmed" in ben.text
    ben.get("/me")
    ben.post(f"/decision/{decision.label}/take-back")
    assert {store.cases.get(case.label).state for case in cases} == {CaseState.OPEN}


def test_a_group_that_grew_is_looked_at_again(console: Console, ben: Browser) -> None:
    """What came after one looked is not decided unseen."""
    case, _ = (open_case(console.bot, number, file="aa" * 32) for number in (1, 2))
    ben.get(f"/case/{case.label}")
    open_case(console.bot, 3, file="aa" * 32)
    answer = ben.post(f"/case/{case.label}/decide", verb="confirm", group="1", **ben.fields("version", "key"))
    assert answer.status_code == 409
    assert "has 2 other open cases of its media by now, and 1 when you looked" in ben.text
    assert console.bot.deps.store.cases.get(case.label).state is CaseState.OPEN


def test_a_group_over_subreddits_is_decided_as_far_as_one_may(console: Console) -> None:
    """Who decides in one subreddit only is offered the cases there, and no others are decided."""
    console.person("Dora", Role.REVIEWER, ["clips"])
    dora = console.signed_in("Dora")
    here = [open_case(console.bot, number, file="aa" * 32) for number in (1, 2)]
    there = open_case(console.bot, 3, file="aa" * 32, subreddit="gifs")
    dora.get(f"/case/{here[0].label}")
    assert "Decide 1 other open case of this very media as well" in dora.text
    dora.post(f"/case/{here[0].label}/decide", verb="dismiss", group="1", **dora.fields("version", "key"))
    states = [console.bot.deps.store.cases.get(case.label).state for case in (*here, there)]
    assert states == [CaseState.DISMISSED, CaseState.DISMISSED, CaseState.OPEN]
    dora.get(f"/case/{there.label}")
    assert "You have no role that decides cases in r/gifs" in dora.text
    assert '<form class="card' not in dora.page.text


def test_a_suspected_minor_is_hidden_reported_or_taken_back(console: Console, ben: Browser) -> None:
    """One button hides the post and leads to where it is reported; nothing of the media is on any page afterwards."""
    slip, meant = open_case(console.bot, 1), open_case(console.bot, 2, title="a title", id="SecretMedia")
    ben.get(f"/case/{slip.label}")
    ben.post(f"/case/{slip.label}/minor")
    assert "Do not open, save or send the media" in ben.text
    assert "https://report.cybertip.org" in ben.page.text
    ben.post(f"/minor/{slip.label}/cancel")
    assert ben.page.url.path == f"/case/{slip.label}"
    assert console.bot.deps.store.cases.get(slip.label).state is CaseState.OPEN
    ben.get(f"/case/{meant.label}")
    ben.post(f"/case/{meant.label}/minor")
    ben.get(f"/case/{meant.label}")
    assert ben.page.url.path == f"/minor/{meant.label}"
    for path in ("/", "/?tab=decided"):
        ben.get(path)
        assert "a title" not in ben.text
        assert "SecretMedia" not in ben.page.text


def test_a_case_is_found_by_label_and_address(console: Console, ben: Browser) -> None:
    """Find takes a label, how it begins, a post's address or its id; what is unknown is said."""
    case = open_case(console.bot, 0xABCDE)
    for words in (
        case.label,
        case.label[:8].lower(),
        case.post.fullname,
        f"https://www.reddit.com{case.post.permalink}",
    ):
        ben.get(f"/find?q={words}")
        assert ben.page.url.path == f"/case/{case.label}", words
    assert ben.get("/find?q=nothing").status_code == 409
    assert "nothing is known of nothing" in ben.text


def test_a_page_of_what_was_not_done_keeps_the_menu(console: Console, ben: Browser) -> None:
    """Whoever is signed in goes on from it by the pages; to strangers it shows none."""
    for path, status in (("/case/C-0000000000", 404), ("/no-such-page", 404), ("/notices?show=nothing", 409)):
        assert ben.get(path).status_code == status
        assert '<nav aria-label="Pages">' in ben.page.text, path
        stranger = httpx.get(f"{console.url}{path}", trust_env=False)
        assert "<nav" not in stranger.text, path


def test_a_deleted_post_says_so(console: Console, ben: Browser) -> None:
    """Of a post that was deleted on Reddit no title, author or address is shown."""
    case = open_case(console.bot, 1, title="gone title", author="goneauthor")
    console.bot.deps.store.forgetting.forget_post(case.post.fullname)
    ben.get(f"/case/{case.label}")
    assert "deleted on Reddit, so its address, author and text are forgotten" in ben.text
    assert "gone" not in ben.text.replace("gone?", "")
    ben.get("/?tab=decided")
    assert "goneauthor" not in ben.text


def test_new_cases_are_told_to_an_open_queue(console: Console, ben: Browser) -> None:
    """What scripts ask for tells that there is something newer than the page, and what can still be taken back."""
    open_case(console.bot, 1)
    before = ben.get("/now").json()
    case = open_case(console.bot, 2)
    after = ben.get("/now").json()
    assert after["newest"] > before["newest"]
    assert (before["waiting"], after["waiting"]) == ("1", "2")
    ben.press(case.label, "dismiss")
    (row,) = console.bot.deps.store.decided.of_case(case.id)
    assert ben.get("/now").json()["pending"] == [row.label]


def test_proposals_are_apart_and_name_nobody(console: Console, ben: Browser) -> None:
    """Media of past removals have a tab of their own, the first proposed first; who posted them is on no page."""
    one, two = (
        open_case(console.bot, number, "words", proposal="known-fakes", author="hidden_name", title="a title")
        for number in (1, 2)
    )
    ben.get("/")
    assert labels(ben) == []
    assert "Proposals 2" in ben.text
    ben.get("/?tab=proposals")
    assert labels(ben) == [one.label, two.label]
    pages = [ben.page.text, ben.get(f"/case/{one.label}?tab=proposals").text]
    for page in pages:
        for words in ("hidden_name", "a title", one.post.permalink, one.post.fullname):
            assert words not in page
    assert "It is no fake" in ben.text
    assert "It is a fake" not in ben.text  # what goes into a bank takes a lead
    console.person("Lea", Role.LEAD)
    lea = console.signed_in("Lea")
    lea.get(f"/case/{one.label}?tab=proposals")
    assert "its media goes into the bank known-fakes" in lea.text
    ben.get(f"/case/{one.label}?tab=proposals")
    ben.post(f"/case/{one.label}/decide?tab=proposals", verb="dismiss", **ben.fields("version", "key"))
    assert ben.page.url.path == f"/case/{two.label}"
    ben.get("/?tab=decided")
    assert "hidden_name" not in ben.page.text
