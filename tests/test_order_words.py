"""What counts as an order, and what is said to who wrote something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pipeline.order_words import (
    NEED_TARGET,
    VERBS,
    Order,
    Unclear,
    read_message,
    read_order,
    read_reason,
    target_of,
)

NAMES = ("gifwarden", "u/gifwarden_bot", "gifwarden_bot")
CASE = "C-3f9c2a71b0"


def heard(text: str, *, addressed: bool = False, case: str | None = None) -> Order | Unclear | None:
    """Read a message."""
    return read_message(text, names=NAMES, addressed=addressed, case=case)


@pytest.mark.parametrize(
    "link",
    [
        "https://www.reddit.com/r/clips/comments/1abcd2/a_title/",
        "https://old.reddit.com/r/clips/comments/1abcd2",
        "https://new.reddit.com/r/clips/comments/1abcd2/a_title/?utm_source=share",
        "np.reddit.com/r/clips/comments/1abcd2/a_title/k1b2c3d/?context=3",
        "https://redd.it/1abcd2",
        "https://www.reddit.com/gallery/1abcd2",
        "/r/clips/comments/1abcd2/a_title/",
        "https://www.reddit.com/r/clips/s/a1B2c3D4e5",
    ],
)
@pytest.mark.parametrize("around", ["{}", "<{}>", "[this post]({})", "({}).", "**{}**", "see {} please"])
def test_a_permalink_of_any_form_is_a_target(link: str, around: str) -> None:
    """Old, new, np, short, gallery, comment, share and bare, and as Markdown."""
    order = heard(f"gifwarden: scan {around.format(link)}")
    assert isinstance(order, Order)
    assert (order.verb, order.target) == ("scan", link)


@pytest.mark.parametrize(
    "text",
    [
        f"gifwarden undo {CASE}",
        f"Gifwarden, UNDO {CASE} it was satire",
        f"!gifwarden undo: {CASE}.",
        f"/u/gifwarden_bot undo [{CASE} #7]",
        f"u/gifwarden_bot: undo {CASE}",
        f"> gifwarden stop\n\ngifwarden undo {CASE}",
        f"\n\n**gifwarden** undo `{CASE}`",
    ],
)
def test_an_order_is_known_by_the_name_in_front(text: str) -> None:
    """The name in any case of letters, with or without marks; quotations do not count."""
    order = heard(text)
    assert isinstance(order, Order)
    assert (order.verb, order.target) == ("undo", CASE)


@pytest.mark.parametrize(
    "text",
    [
        "Please stop",
        "gifwardens stop",
        "I think gifwarden should stop",
        "gifwarden-like bots stop",
        "> gifwarden stop",
        "",
        "stop",
    ],
)
def test_talk_is_no_order(text: str) -> None:
    """What does not start with the name is talk among people."""
    assert heard(text) is None


@pytest.mark.parametrize(
    ("text", "verb"), [("stop", "stop"), ("Stop!", "stop"), ("resume", "go"), ("go", "go"), (f"undo {CASE}", "undo")]
)
def test_with_the_bot_no_name_is_needed(text: str, verb: str) -> None:
    """In a conversation with the bot an order stands alone."""
    order = heard(text, addressed=True)
    assert isinstance(order, Order)
    assert order.verb == verb


@pytest.mark.parametrize("text", ["stop doing that, Ann", "undo it?", "go home", "I agree", "scan the room"])
def test_talk_in_a_conversation_with_the_bot_stays_talk(text: str) -> None:
    """Moderators discuss below the bot's messages; half an order is not guessed at."""
    assert heard(text, addressed=True) is None


def test_a_conversation_about_one_case_needs_no_target() -> None:
    """The bare verb is enough below a message about one case; the rest of the line is the reason."""
    order = heard("gifwarden undo it was satire", addressed=True, case=CASE)
    assert order == Order(verb="undo", target=CASE, why="it was satire")
    assert heard("undo", addressed=True, case=CASE) == Order(verb="undo", target=CASE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gifwarden", "What shall I do?"),
        ("gifwarden scna https://redd.it/1abcd2", "I do not know 'scna'"),
        ("gifwarden bank", "`bank` needs a link"),
        ("gifwarden undo https://example.org/1abcd2", "`undo` needs a link"),
        ("gifwarden minor", "`minor` needs a link"),
        ("gifwarden allow C-12", "`allow` needs a link"),
    ],
)
def test_a_malformed_order_gets_one_helpful_sentence(text: str, words: str) -> None:
    """It says what is wrong and what would be right."""
    order = heard(text)
    assert isinstance(order, Unclear)
    assert words in order.help
    assert order.help.endswith(".")


def test_reasons_of_reports() -> None:
    """The name and a verb, or a configured reason, in any case of letters."""
    reasons = {"bank": "Known fake, bank it"}
    assert read_reason("gifwarden: bank", names=NAMES, reasons={}) == "bank"
    assert read_reason("Gifwarden SCAN now", names=NAMES, reasons={}) == "scan"
    assert read_reason("known  fake, bank it", names=NAMES, reasons=reasons) == "bank"
    assert read_reason("Known fake", names=NAMES, reasons=reasons) is None
    assert read_reason("gifwarden help", names=NAMES, reasons={}) is None
    assert read_reason("bank", names=NAMES, reasons={}) is None


@given(st.text(max_size=200), st.booleans())
def test_no_text_breaks_it(text: str, addressed: bool) -> None:
    """Whatever is written, the answer is an order that is complete, a sentence, or nothing."""
    for order in (heard(text, addressed=addressed), heard(f"gifwarden {text}"), read_order(text)):
        if isinstance(order, Order):
            assert order.verb in VERBS
            assert bool(order.target) or order.verb not in NEED_TARGET
            assert len(order.why) <= 200
        elif order is not None:
            assert order.help


@given(st.text(alphabet="C-0123456789abcdef/:.rtcomensd ", max_size=60))
def test_targets_are_labels_or_permalinks(word: str) -> None:
    """What is taken for a target is exactly one of both forms."""
    target = target_of(word)
    assert target is None or target.startswith("C-") or "/" in target
