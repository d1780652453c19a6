"""What moderators write to the bot, read as orders. Pure: text in, an order or a sentence of help out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.permalink import permalink_ids, share_path

VERBS: Mapping[str, str] = {
    "scan": "look at a post now, however old it is, and answer what was found",
    "bank": "confirm the case of a post and put its media into the bank, or bank the media of any post",
    "allow": "dismiss the case of a post, take back what was done, and do not take its media for that again",
    "undo": "take back what was done to a post, and look at its case again",
    "minor": "suspected minor: stop everything about a post, remove it, and say where to report it",
    "stop": "do nothing more in this subreddit",
    "go": "go on after stop; needs full rights or the config right",
    "help": "answer this list",
}
NEED_TARGET = frozenset({"scan", "bank", "allow", "undo", "minor"})
ALIASES: Mapping[str, str] = {"resume": "go", "start": "go", "halt": "stop"}
LONGEST_WHY = 200  # characters kept of what stands behind the target

_CASE = re.compile(r"(?<![\w-])C-[0-9a-f]{10}(?![\w-])", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?\)")
_EDGES = "<>()[]{}.,;:!?\"'*_`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. `target` is a case's label or a permalink, empty for stop, go and help."""

    verb: str
    target: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Something that was meant as an order and is none. `help` is one sentence for who wrote it."""

    help: str


def read_message(
    text: str, *, names: Iterable[str], addressed: bool, case: str | None = None
) -> Order | Unclear | None:
    """Return what a message orders, or None if it is no word to the bot.

    `names`: by which the bot is called at the start of a message. `addressed`: the conversation is with the bot, so
    that an order needs no name; what is no order there is talk among people. `case`: what the conversation is about,
    the target if the order names none. Only the first line counts that is neither empty nor a quotation.
    """
    line = next((line for line in map(str.strip, text.splitlines()) if line and not line.startswith(">")), "")
    called, rest = _called(line, names)
    order = read_order(rest, case=case)
    if called:
        return order
    if not addressed:
        return None
    bare = rest.split()
    return order if isinstance(order, Order) and (order.target or len(bare) == 1) else None


def read_order(text: str, *, case: str | None = None) -> Order | Unclear:
    """Return what a text without a name in front orders."""
    words = _MARKDOWN_LINK.sub(r" \1 ", text).split()
    if not words:
        return Unclear(help=f"What shall I do? I know {_known()}; `help` explains them.")
    verb = words[0].strip(_EDGES).casefold()
    verb = ALIASES.get(verb, verb)
    if verb not in VERBS:
        return Unclear(help=f"I do not know {words[0][:30]!r}; I know {_known()}, and `help` explains them.")
    if verb not in NEED_TARGET:
        return Order(verb=verb, why=_why(words[1:]))
    for place, word in enumerate(words[1:], 1):
        if target := target_of(word):
            return Order(verb=verb, target=target, why=_why(words[1:place] + words[place + 1 :]))
    if case:
        return Order(verb=verb, target=case, why=_why(words[1:]))
    return Unclear(
        help=f"`{verb}` needs a link to the post or the name of its case, e.g. `{verb} https://redd.it/1abcd2` or"
        f" `{verb} C-0123456789`."
    )


def read_reason(text: str, *, names: Iterable[str], reasons: Mapping[str, str]) -> str | None:
    """Return the verb that the reason of a moderator's report orders, or None. `reasons`: verb → a reason for it."""
    words = " ".join(text.split())
    for verb, reason in reasons.items():
        if words.casefold() == " ".join(reason.split()).casefold():
            return verb
    called, rest = _called(words, names)
    verb = rest.split()[0].strip(_EDGES).casefold() if called and rest.split() else ""
    verb = ALIASES.get(verb, verb)
    return verb if verb in VERBS and verb != "help" else None


def target_of(word: str) -> str | None:
    """Return the case's label or the permalink that a word is, or None."""
    if case := _CASE.search(word):
        return "C-" + case[0][2:].lower()
    word = word.strip(_EDGES)
    return word if permalink_ids(word) is not None or share_path(word) is not None else None


def cases_in(text: str) -> frozenset[str]:
    """Return the labels of all cases that a text names."""
    return frozenset("C-" + found[0][2:].lower() for found in _CASE.finditer(text))


def _called(line: str, names: Iterable[str]) -> tuple[bool, str]:
    """Return whether a line starts with one of the names, and what stands behind it."""
    bare = line.lstrip("*_`!/\\ ")
    for name in names:
        end = len(name)
        if (
            bare[:end].casefold() == name.casefold()
            and not bare[end : end + 1].isalnum()
            and bare[end : end + 1] != "-"
        ):
            return True, bare[end:].lstrip("*_`:,! ")
    return False, bare


def _why(words: list[str]) -> str:
    return " ".join(words)[:LONGEST_WHY]


def _known() -> str:
    return ", ".join(f"`{verb}`" for verb in VERBS)
