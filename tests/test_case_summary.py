"""A case in three sentences: what was found, how sure, what the bot did; nothing technical in them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.model import ActionState, Evidence, Link
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.words.summary import Summary, summary
from tests.console import Console, console_on, found, open_case
from tests.raids import act

LINK = Link(url="https://www.redgifs.com/watch/one", host="redgifs", id="one", kind="media", source="url", post="t3_1")
TECHNICAL = re.compile(r"\b(PDQ|pHash|SHA|MD5|bits?|distance|median|E-[0-9a-f]+|known-fakes)\b")


def of(bot: Pipeline, evidence: Evidence | None, **how: Any) -> Summary:
    """Return the sentences of a case with this evidence."""
    row = open_case(bot, 1, **how)
    return summary(row, evidence, bot.deps.store.actions.of_case(row.id), bot.deps.config)


def near(**changed: Any) -> Evidence:
    """Return evidence of a near copy, with something of its match changed."""
    evidence = found("near", LINK, "t3_1", "ab" * 32)
    return replace(evidence, matches=(replace(evidence.matches[0], **changed),))


CASES = {
    "the very file": (
        found("exact", LINK, "t3_1", "ab" * 32),
        "This is the very file of a known fake.",
        "Certain: it is the same file, byte for byte.",
    ),
    "a part of it": (
        near(),
        "This looks like a copy of a known fake, 42% of it: 0:01.2 to 0:03.8.",
        "Sure of the footage only: the faces were not compared.",
    ),
    "all of it, and the face": (
        near(coverage_query=1.0, face_region="agrees"),
        "This looks like a copy of a known fake.",
        "Quite sure: it is the same footage, with the same face.",
    ),
    "another face": (
        near(face_region="differs"),
        "This is the footage of a known fake, with another face.",
        "Sure of the footage only: it may be the genuine clip.",
    ),
    "called innocent": (
        near(suppressed=True),
        "This shares parts with a known fake that moderators called innocent.",
        "Not sure of anything.",
    ),
    "many stretches": (
        near(query_ranges=((0.0, 1.0), (2.0, 3.0), (4.0, 5.0))),
        "This looks like a copy of a known fake, 42% of it: 0:00.0 to 0:01.0, 0:02.0 to 0:03.0 and more.",
        "Sure of the footage only: the faces were not compared.",
    ),
    "watched": (
        near(bank_kind="watch", coverage_query=1.0),
        "This looks like a copy of media that is looked for.",
        "Sure of the footage only: the faces were not compared.",
    ),
    "perhaps": (
        near(unsure=True, coverage_query=1.0),
        "This may be a copy of a known fake.",
        "Not sure: it may be another take, moment or page.",
    ),
    "original footage": (
        near(bank_kind="source"),
        "This is known original footage, of which fakes were made.",
        "Nothing says that this is one of them.",
    ),
    "known footage, another face": (
        found("footage", LINK, "t3_1", "ab" * 32),
        "This is known footage, but the face is another one.",
        "Not sure: perhaps it was put in.",
    ),
    "a likeness": (
        found("face", LINK, "t3_1", "ab" * 32),
        "A face in this resembles somebody who asked for protection.",
        "Not sure: a likeness is no proof.",
    ),
    "words": (
        found("words", LINK, "t3_1", "ab" * 32),
        "Its media was not recognised; the post itself is what a rule looks for.",
        "Nothing is known of its media.",
    ),
    "forgotten": (
        None,
        "Its media was not recognised; the post itself is what a rule looks for.",
        "Nothing is known of its media.",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_what_was_found_and_how_sure(bot: Pipeline, what: str) -> None:
    """Each kind of evidence is two plain sentences."""
    evidence, told, sure = CASES[what]
    made = of(bot, evidence)
    assert (made.found, made.sure) == (told, sure)
    assert TECHNICAL.search(f"{made.found} {made.sure} {made.bot}") is None


def test_a_face_that_is_known_is_said_with_its_footage(bot: Pipeline) -> None:
    """Footage whose other face resembles a protected person says both at once; one place in another take says so."""
    footage = found("footage", LINK, "t3_1", "ab" * 32)
    like = replace(footage, source=(replace(footage.source[0], resembles="P-11", kind="part_differs"),))
    row = open_case(bot, 1)

    def said(evidence: Evidence) -> str:
        return summary(row, evidence, (), bot.deps.config).found

    assert said(like).startswith(
        "This is known footage, but a part of the picture is another one; it resembles somebody"
    )
    place = replace(footage, source=(replace(footage.source[0], kind="same_place"),))
    assert "the place of known footage, in another take" in said(place)


def test_what_the_bot_did_asks_and_would_do(bot: Pipeline) -> None:
    """What is done, what waits for this person, what only the mode is against, and what waits for something else."""
    assert of(bot, near()).bot == "reported it to the moderators; asks you whether to remove the post"
    row = open_case(bot, 2, asks=False)
    act(bot.deps.store, row, "modmail", "held", "cap")
    act(bot.deps.store, row, "lock", "held", "mode")
    told = summary(row, near(), bot.deps.store.actions.of_case(row.id), bot.deps.config).bot
    assert told == (
        "reported it to the moderators and removed the post; would lock the post, but r/clips is in mode enforce; "
        "is to write to the moderators, which waits"
    )
    assert summary(row, near(), (), bot.deps.config).bot == "did nothing, and asks you"


STATES = {
    ActionState.PLANNED: "is to remove the post, which waits",
    ActionState.HELD: "asks you whether to remove the post",
    ActionState.SENDING: "perhaps removed the post, which is looked into",
    ActionState.DONE: "removed the post",
    ActionState.FAILED: "could not remove the post",
    ActionState.UNKNOWN: "perhaps removed the post, which is looked into",
    ActionState.CANCELLED: "did nothing, and asks you",
    ActionState.UNDO_PLANNED: "removed the post, which it has still to take back",
    ActionState.UNDONE: "removed the post, and took that back",
    ActionState.PARKED: "could not remove the post",
}


@pytest.mark.parametrize("state", ActionState)
def test_no_action_is_passed_over(bot: Pipeline, state: ActionState) -> None:
    """Only of what was never begun is it said that nothing was done; what may have happened is never denied."""
    store = bot.deps.store
    row = open_case(bot, 1)
    for action in store.actions.of_case(row.id):
        hold = "person" if state is ActionState.HELD else None
        kept = action.action.kind == "remove"
        store.connection.run(
            "update actions set state = ?, hold = ? where id = ?",
            (state if kept else "cancelled", hold if kept else None, action.action.id),
        )
    assert summary(row, near(), store.actions.of_case(row.id), bot.deps.config).bot == STATES[state]


def test_a_proposal_asks_and_touches_no_post(bot: Pipeline) -> None:
    """A past removal says for which bank it is proposed, and that nobody judged it."""
    made = of(bot, near(), proposal="more")
    assert made.found == "Moderators removed this before; it is proposed for the bank more."
    assert made.sure == "Nobody judged it yet."
    assert made.bot == "asks you whether this is a fake; nothing is done to any post"


def test_the_page_begins_with_the_sentences_and_folds_the_rest(bot: Pipeline) -> None:
    """Before the buttons there is nothing technical; fingerprints, entries and rule are folded below them."""
    with console_on(bot) as served:
        console: Console = served
        console.person("Ben")
        case = open_case(bot, 1)
        page = console.signed_in("Ben").get(f"/case/{case.label}").text
        begin, decide = page.index("This looks like a copy"), page.index('value="confirm"')
        folded = page.index('<details class="card how"')
        parts = [page.index(words) for words in ("How sure", "What speaks against it", "The bot")]
        assert [begin, *parts, decide, folded] == sorted([begin, *parts, decide, folded])
        first = re.sub(r"<[^>]+>", " ", page[begin:decide])
        assert TECHNICAL.search(first.replace("E-3f9c2a71b0", "")) is None, first
        assert min(page.index(words) for words in ("80% of the entry", "review by rule")) > folded
        assert "see gifwarden" not in page
