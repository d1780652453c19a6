"""What moderators write to the bot: orders, what is nearly one, and talk."""

from __future__ import annotations

from pathlib import Path

from bot.permalink import permalink_ids, share_path
from bot.pipeline.commands.parser import (
    MAX_WHY,
    NEED_TARGET,
    TAKE_TARGET,
    VERBS,
    BadCommand,
    Command,
    read_bare,
    read_message,
    read_reason,
    target_of,
)
from bot.pipeline.commands.talk import goes_on, is_reason, speaks_against
from tests.fuzz.drawn import Drawn

NAMES = ("gifwarden", "example_bot", "u/example_bot")
REASONS = {"scan": "look again", "minor": "suspected minor"}
CASE = "C-0123456789"
LINK = "https://redd.it/1abcd2"
TALK = tuple(
    line.replace("\\n", "\n")
    for line in Path("tests/data/order_talk.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
EXAMPLES = (
    f"gifwarden, undo {LINK}", f"gifwarden: bank {CASE}\n\nbecause it is a known fake", "@gifwarden stop",
    "**gifwarden, help**", "gifwarden, allow [C-0123456789 #4] a meme",
    f"> gifwarden, stop\n\ngifwarden, minor {LINK}.", "u/example\\_bot go", f"gifwarden, undo [{LINK}]({LINK})",
    "gifwarden scan https://www.reddit.com/r/a/comments/1abcd2/x/abcdefg/?context=3",
    f"```\ngifwarden, stop\n```\ngifwarden, cancel {CASE}", "undo", "**Undo.**", "look again", "gifwarden minor",
    *TALK[::3],
)  # fmt: skip
WORDS = (
    *VERBS, *NAMES, *(f"gifwarden, {verb} " for verb in VERBS), LINK, CASE, "C-ABCDEF0123", f"[{CASE} #12]",
    "https://redd.it/2bcde3", f"[{LINK}](https://redd.it/2bcde3)", "/r/example/s/AbCdEf", "because", "weil",
    "parce que", "porque", "if", "unless", "never", "please", "?", "!", ".", ",", ":", " ", "\n", "\n\n", "\n    ",
    "> ", "&gt; ", "```", "~~~", "*", "**", "_", "`", "[", "](", ")", "\t", "\u00a0", "\u200b", "\u2019", "\u2028",
    "\x85", "\x0b", "\x1c", "\u017fcan", "\u0131t", "K", "\ud800", "@", "!", "/", "\\_", "(", "<", ">",
)  # fmt: skip


def check(drawn: Drawn) -> None:
    """What is read as an order says so again in its plainest form; quoted, in code or behind other words it is none."""
    verb = drawn.pick(tuple(VERBS))
    text = drawn.text(EXAMPLES, WORDS)
    for case in (None, CASE):
        found = read_message(text, names=NAMES, case=case)
        if isinstance(found, Command):
            check_order(found, case)
            check_place(text, case)
        elif isinstance(found, BadCommand):
            assert 0 < len(found.help) <= 500
            assert found.help.isprintable(), found.help
    bare = read_bare(text)
    if bare is not None:
        assert bare.verb in VERBS
        assert bare.verb not in ("minor", "bank")
        assert len(text.split()) <= 4
    reason = read_reason(text, names=NAMES, reasons=REASONS)
    assert reason is None or reason in VERBS
    target = target_of(text)
    assert target is None or target_of(target) == target, target
    speaks_against(verb, text)
    for apart in (False, True):
        goes_on(text, apart=apart)
    is_reason(text.split()[:200])


def check_order(order: Command, case: str | None) -> None:
    """Fail unless an order is a whole one, and the same again when it is written plainly."""
    assert order.verb in VERBS
    assert len(order.why) <= MAX_WHY
    assert bool(order.target) or order.verb not in NEED_TARGET
    assert not order.target or order.verb in TAKE_TARGET
    if order.target:
        assert order.target.startswith("C-") or permalink_ids(order.target) or share_path(order.target)
    if order.verb in ("minor", "bank"):
        assert case is None or order.target
    again = read_message(f"gifwarden, {order.verb} {order.target}".strip(), names=NAMES)
    assert again == Command(verb=order.verb, target=order.target), again


def check_place(text: str, case: str | None) -> None:
    """Fail if a text gives an order where nobody orders: quoted, in code, behind other words, on a second line."""
    lines = text.splitlines()
    for other in (
        "\n".join(f"> {line}" for line in lines),
        "\n".join(f"    {line}" for line in lines),
        f"I wrote: {text.lstrip()}",
        f"Thanks.\n{text}",
        f"~~~~~~~~\n{text.replace('~', '')}\n~~~~~~~~",
    ):
        assert not isinstance(read_message(other, names=NAMES, case=case), Command), other
