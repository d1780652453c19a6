"""Talk through the loopback Reddit: nothing is carried out that was no order, whoever writes it and wherever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.loopback.stage import Stage
from bot.model import CaseState
from bot.pipeline import Pipeline
from bot.pipeline.commands.parser import VERBS
from tests.bots import fake, post_fake
from tests.test_order_words import talk
from tests.test_orders import HEAD, SECOND, answers, discussions, link, order, run, team, told_author

__all__ = ["team"]

DOC = Path(__file__).resolve().parent.parent / "docs" / "orders.md"
AUTHORS = (
    "poster", "a_stranger", HEAD, SECOND, "a_clerk", "was_moderator", "AutoModerator", "gifwarden_bot", "gifs_only",
)  # fmt: skip
MAY = {HEAD, SECOND}
REAL = "gifwarden, stop"


def verbs(bot: Pipeline) -> list[str]:
    """Return what was taken for an order by who may give it, appeals aside."""
    rows = [row for row in bot.deps.store.orders.listing() if row.state != "refused"]
    return [row.verb for row in rows if row.verb not in ("", "appeal")]


def untouched(world: Stage, bot: Pipeline) -> bool:
    """Nothing was given back, stopped, banked or marked."""
    store = bot.deps.store
    quiet = not (store.kill_switch.stops() or store.minors.waiting() or world.reddit.approvals)
    return quiet and len(store.banks.entries()) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Allow us a few days to look at this, please.",
        "Undo is not possible, sorry. It stays removed.",
        "Minor correction: it broke rule 3, not rule 4.",
        "Stop.",
        "undo",
        REAL,
        "gifwarden, undo",
    ],
)
@pytest.mark.slow
def test_what_a_moderator_answers_to_a_user_is_talk(world: Stage, bot: Pipeline, sentence: str) -> None:
    """In the bot's conversation with an author, and in one whose subject a stranger chose, with name and label."""
    label, told = told_author(world, bot)
    world.reddit.actions.answer_mail(told, "poster", "please give it back!")
    copied = world.reddit.actions.write_mail("clips", "a_stranger", f"Gifwarden {label}", "why was this removed??")
    plain = world.reddit.actions.write_mail("clips", "a_stranger", "Gifwarden", "you are all idiots, lol")
    run(world, bot)
    for conversation in (told, copied, plain):
        world.reddit.actions.answer_mail(conversation, HEAD, sentence)
    run(world, bot, 3)
    assert verbs(bot) == []
    assert untouched(world, bot)


@pytest.mark.slow
def test_talk_by_everybody_everywhere_is_no_order(world: Stage, bot: Pipeline) -> None:
    """A part of the sentences in every place by every kind of author, and real orders by all who may not give them."""
    world.reddit.world.subreddits["gifs"].moderators["gifs_only"] = ["all"]
    label, told = told_author(world, bot)
    (own,) = [number for number, mail in world.reddit.world.conversations.items() if mail["isInternal"]]
    deeds, sentences = world.reddit.actions, [*talk()[::14], *talk(bare=True)[:4]]
    for number, sentence in enumerate(sentences):
        by_user = deeds.write_mail("clips", "a_stranger", sentence[:90], f"about {label}")
        discussion = deeds.write_mail("clips", HEAD, sentence[:90], "What do you think?")
        for author in AUTHORS:
            text = sentence if author in MAY else REAL if number % 2 else sentence
            deeds.answer_mail(by_user, author, sentence)  # a user reads it
            deeds.answer_mail(told, author, text if author not in MAY else sentence)
            if author not in ("poster", "a_stranger"):
                deeds.answer_mail(by_user, author, text, internal=True)
                deeds.answer_mail(discussion, author, text)
                if sentence not in talk(bare=True):
                    deeds.answer_mail(own, author, text)
            name = world.reddit.submit("clips", author="x", title="t", selftext="t", created=world.clock.now())
            world.reddit.world.report(name, sentence, author)
    run(world, bot, 3)
    assert verbs(bot) == []
    assert untouched(world, bot)
    assert bot.deps.store.cases.get(label).state == CaseState.OPEN


@pytest.mark.parametrize("text", [f"> {REAL}", f"```\n{REAL}\n```", f"    {REAL}", f"`{REAL}`", f"> quoted\n{REAL}"])
def test_quotations_and_code_order_nothing(world: Stage, bot: Pipeline, text: str) -> None:
    """Not in a discussion of moderators either, where the same words alone would."""
    bot.tick()
    order(world, text)
    order(world, "hello", subject=REAL)
    run(world, bot)
    assert verbs(bot) == []
    order(world, REAL)
    run(world, bot)
    assert verbs(bot) == ["stop"]


@pytest.mark.slow
def test_the_bare_word_counts_only_where_we_wrote_about_one_case(world: Stage, bot: Pipeline) -> None:
    """Alone, in the discussion about one case; not in one about two, not in what moderators or users began."""
    name = post_fake(world)
    run(world, bot)
    (one,) = discussions(world)
    (case,) = bot.deps.store.cases.listing()
    theirs = order(world, "look at this", subject=f"[gifwarden] {case.label}")
    for text in ("undo it", "bank", "minor", "undo\n\nAnn", "> undo", "undo?"):
        world.reddit.actions.answer_mail(one, HEAD, text)
    world.reddit.actions.answer_mail(theirs, HEAD, "undo")
    run(world, bot)
    assert verbs(bot) == []
    world.reddit.actions.answer_mail(one, HEAD, "Undo.")
    run(world, bot)
    assert verbs(bot) == ["undo"]
    assert world.reddit.approvals == [name]


@pytest.mark.slow
def test_a_discussion_about_several_cases_knows_no_bare_word(world: Stage, bot: Pipeline) -> None:
    """A raid is one conversation: each order in it names its case, and none is guessed from the last one."""
    post_fake(world)
    run(world, bot)
    second = world.reddit.submit(
        "clips",
        author="other",
        title="t",
        url=world.park.add_redgifs("SecondOne", hd=fake()),
        created=world.clock.now(),
    )
    world.clock.sleep(600)  # what follows within ten minutes is told together
    run(world, bot)
    (raid,) = discussions(world)
    assert len(bot.deps.store.cases.listing()) == 2
    world.reddit.actions.answer_mail(raid, HEAD, "undo")
    run(world, bot)
    assert verbs(bot) == []
    (case,) = bot.deps.store.cases.of_post(second)
    world.reddit.actions.answer_mail(raid, HEAD, f"gifwarden, undo {case.label}")
    run(world, bot)
    assert world.reddit.approvals == [second]


@pytest.mark.slow
def test_a_copied_subject_is_no_appeal(world: Stage, bot: Pipeline) -> None:
    """The author opens a conversation of their own under our subject: no appeal; an answer to ours is one."""
    label, told = told_author(world, bot)
    subject = str(world.reddit.world.conversations[told]["subject"])
    world.reddit.actions.write_mail("clips", "poster", subject, "I appeal.")
    run(world, bot)
    store = bot.deps.store
    assert store.review.open_appeal(store.cases.get(label).id) is None
    world.reddit.actions.answer_mail(told, "poster", "I appeal.")
    run(world, bot)
    assert store.review.open_appeal(store.cases.get(label).id)


def forms() -> list[str]:
    """Return the forms of the page's table of orders."""
    return re.findall(r"^\| `([^`]+)` \|", DOC.read_text(encoding="utf-8"), re.MULTILINE)


def examples() -> list[str]:
    """Return the lines of the page's example."""
    return DOC.read_text(encoding="utf-8").split("```")[1].strip().splitlines()


def test_the_page_names_every_order() -> None:
    """The table holds each verb that the program knows, and no other."""
    assert {form.split()[0] for form in forms()} == set(VERBS)


@pytest.mark.parametrize("form", [f"Gifwarden, {form}" for form in forms()] + examples())
@pytest.mark.slow
def test_every_form_of_the_page_is_carried_out(world: Stage, bot: Pipeline, form: str) -> None:
    """Each row of the table in a discussion, and each line of the example in a note, is done and answered."""
    name = post_fake(world)
    run(world, bot, 1)
    (case,) = bot.deps.store.cases.of_post(name)
    text = form.replace("LINK", link(name)).replace("C-3f9c2a71b0", case.label)
    if "cancel" in form:
        order(world, f"gifwarden, allow {link(name)}")
        run(world, bot, 1)
    if form in examples():
        place = world.reddit.actions.write_mail("clips", "a_stranger", "question", "Why?")
        world.reddit.actions.answer_mail(place, HEAD, text, internal=True)
    else:
        place = order(world, text)
    run(world, bot, 3)
    world.clock.sleep(600)
    run(world, bot, 1)
    (row,) = [row for row in bot.deps.store.orders.listing() if row.conversation == place]
    verb = re.sub(r".*gifwarden(_bot)?\W* ", "", form.casefold()).split()[0]
    assert (row.verb, row.state) == (verb, "done")
    assert answers(world, place)
