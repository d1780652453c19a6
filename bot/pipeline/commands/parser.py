"""What moderators write to the bot, read as orders. Pure: text in, an order or a sentence of help out.

Whoever writes to people writes sentences, and sentences begin with `undo`, `allow` and the bot's name too. So an order
has one shape, everything else is talk, and what is nearly an order is asked about and never guessed at.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.permalink import permalink_ids, share_path
from bot.pipeline.commands.talk import asks, goes_on, is_reason, speaks_against

VERBS: Mapping[str, str] = {
    "scan": "look at a post now, however old it is, and answer what was found",
    "bank": "confirm the case of a post and put its media into the bank, or bank the media of any post",
    "allow": "dismiss the case of a post, take back what was done, and do not take its media for that again",
    "undo": "take back what was done to a post, and look at its case again",
    "minor": "suspected minor: stop everything about a post, remove it, and say where to report it",
    "stop": "do nothing more in this subreddit",
    "go": "go on after stop; needs full rights or the config right",
    "cancel": "do not do what waits its ten minutes because it cannot be undone",
    "help": "answer this list",
}
NEED_TARGET = frozenset({"scan", "bank", "allow", "undo", "minor"})
TAKE_TARGET = NEED_TARGET | {"cancel"}
ALWAYS_NAMED = frozenset({"minor", "bank"})  # these need name and target everywhere
MAX_WHY = 200  # characters kept of what stands behind the target
MAX_LINE = 2000  # characters of a line that can be an order

_CASE = re.compile(r"(?<![\w-])C-[0-9a-f]{10}(?![\w-])", re.IGNORECASE)
_MARK = re.compile(r"\[(C-[0-9a-f]{10}) #\d+\]", re.IGNORECASE)  # as our messages end
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\(<?([^()\s<>]+)>?\)")
_WRAPPED = re.compile(r"(\*{1,3}|_{1,3})([^*_].*[^*_])\1", re.DOTALL)
_BARE = re.compile(r"[*_]{0,3}([a-z]{2,6})[*_]{0,3}[.!]?[*_]{0,3}[\s.\-\u2013\u2014_*]*", re.IGNORECASE | re.ASCII)
_EDGES = "<>()[]{}.,;:!?\"'*_`"
_DASHES = "-\u2013\u2014"
_ENDS = ".!"  # what may stand behind an order's last word


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One order. `target` is a case's label or a permalink, empty for stop, go and help."""

    verb: str
    target: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCommand:
    """Something that was meant as an order and is none. `help` is one sentence for who wrote it."""

    help: str


def read_message(text: str, *, names: Iterable[str], case: str | None = None) -> Command | BadCommand | None:
    """Return what a message orders, or None if it is no word to the bot.

    `names`: by which the bot is called. One of them begins the first line that is neither empty nor quoted, then come a
    comma, a colon or a space and at once the verb and its target. Nothing in code or quotations counts. `case`: of the
    conversation that we began about one case; it is the target where none is named (never of `minor` and `bank`).
    """
    names = tuple(names)
    lines = _spoken(text)
    called = _called(lines[0], names) if lines else None
    if called is None:
        return None
    separator, rest = called
    if len(lines[0]) > MAX_LINE:  # cut off, its link would name another post
        return BadCommand(help="That line is too long for an order; write name, verb and link alone on it.")
    if any(_orders_too(line, names) for line in lines[1:]) and isinstance(
        _read_line(rest, separator=separator, below=[], case=case), Command
    ):
        return BadCommand(
            help="I take one order a message, so I did none of these; write each as a message of its own."
        )
    return _read_line(rest, separator=separator, below=lines[1:], case=case)


def read_bare(text: str) -> Command | None:
    """Return the order that a message is which consists of one verb alone; its target is the conversation's case.

    It counts only in a conversation that we began with the moderators about one case.
    """
    found = _BARE.fullmatch(text.strip())
    verb = found[1].lower() if found else ""
    return Command(verb=verb) if verb in VERBS and verb not in ALWAYS_NAMED else None


def read_reason(text: str, *, names: Iterable[str], reasons: Mapping[str, str]) -> str | None:
    """Return the verb that the reason of a moderator's report orders, or None. `reasons`: verb → a reason for it.

    The whole reason is a configured one, or name and verb and nothing else.
    """
    words = " ".join(text.split())
    for verb, reason in reasons.items():
        if words and words.casefold() == " ".join(reason.split()).casefold():
            return verb
    called = _called(words, tuple(names))
    verb = called[1].rstrip(_ENDS).lower() if called else ""
    return verb if verb in VERBS and verb != "help" else None


def target_of(word: str) -> str | None:
    """Return the case's label or the permalink that a word is, or None."""
    if case := _CASE.search(word):
        return "C-" + case[0][2:].lower()
    word = word.strip(_EDGES)
    return word if permalink_ids(word) is not None or share_path(word) is not None else None


def _read_line(rest: str, *, separator: str, below: list[str], case: str | None) -> Command | BadCommand | None:
    """Read what stands behind the name; None if that is talk which happens to begin with it."""
    words = _words(rest)
    if words is None:
        return BadCommand(help="The words of your link name another post than the link itself, so I do nothing.")
    if not words:
        return BadCommand(help=f"What shall I do? I know {_known()}; `help` explains them.")
    verb = words[0].rstrip(":" + _ENDS).strip("*_").lower()
    if verb not in VERBS:
        return _unknown(words, verb)
    last = asks(rest.rstrip()[-1:])
    order = None if last else _complete(verb, words[1:], below, separator=separator, case=case)
    if order is not None:
        return order
    named = verb in TAKE_TARGET and len(words) > 1 and target_of(words[1]) is not None
    if not named and separator == " " and len(words) > 3:
        return None  # "gifwarden undo did not work": about the bot, not to it
    if _complete(verb, words[1:2] if named else words[1:], [], separator=separator, case=case) is not None:
        return BadCommand(help=_doubtful(verb))
    return BadCommand(help=_how(verb))


def _complete(verb: str, words: list[str], below: list[str], *, separator: str, case: str | None) -> Command | None:
    """Return an order that says everything it must and nothing that makes it a sentence, or None."""
    why = below
    target = target_of(words[0]) if words and verb in TAKE_TARGET else None
    if target is not None:
        more = words[1:]
        others = {found for word in more if (found := target_of(word))}
        if others - {target} or asks(words[0][-1:]) or (more and not _reason(more, vocative=separator != " ")):
            return None
        why = [" ".join(more), *below]
    elif words:
        return None
    first = next((line for line in below if line), "")
    if goes_on(first, apart=not below[0] if below else False) and not _reason(first.split()):
        return None  # in Markdown a line is no end of a sentence
    if speaks_against(verb, "\n".join(why)):
        return None
    if target is None and verb in NEED_TARGET:
        if case is None or verb in ALWAYS_NAMED:
            return None
        target = case
    return Command(verb=verb, target=target or "", why=" ".join(" ".join(why).split())[:MAX_WHY])


def _how(verb: str) -> str:
    if verb in NEED_TARGET:
        return (
            f"`{verb}` needs a link to the post or the name of its case right behind it, e.g. `gifwarden, {verb}"
            f" https://redd.it/1abcd2` or `gifwarden, {verb} C-0123456789`; a reason goes below, after an empty line."
        )
    return f"`{verb}` stands alone on its line, e.g. `gifwarden, {verb}`; a reason goes below, after an empty line."


def _doubtful(verb: str) -> str:
    return (
        "I have done nothing, for what else your message says leaves a doubt: it may deny the order, put it off or be"
        f" about it. If it is meant, write it alone: `gifwarden, {verb}{' LINK' if verb in NEED_TARGET else ''}`."
    )


def _unknown(words: list[str], verb: str) -> BadCommand | None:
    """Ask about what may be a slip of the pen; the rest is talk."""
    if len(words) > 3 or not difflib.get_close_matches(verb, VERBS, n=1, cutoff=0.7):
        return None
    return BadCommand(help=f"I do not know {words[0][:30]!r}; I know {_known()}, and `help` explains them.")


def _words(rest: str) -> list[str] | None:
    """Return the words of a line, links in their place; None if a link's own words name something else."""
    for shown, behind in _MARKDOWN_LINK.findall(rest):
        named = target_of(shown)
        if named is not None and named != target_of(behind) and not named.startswith("C-"):
            return None
    return _MARKDOWN_LINK.sub(r" \2 ", _MARK.sub(r" \1 ", rest)).split()


def _orders_too(line: str, names: tuple[str, ...]) -> bool:
    called = _called(line, names)
    return called is not None and isinstance(_read_line(called[1], separator=called[0], below=[], case=None), Command)


def _spoken(text: str) -> list[str]:
    """Return the lines that a message says itself: no quotations, and nothing from code on if that comes first.

    A line is empty where a paragraph ends.
    """
    spoken: list[str] = []
    for kind, line in _kinds(text):
        if kind == "code" and not spoken:
            return []
        if kind == "text":
            spoken.append(line.strip())
        elif spoken:
            spoken.append("")
    return spoken


def _kinds(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line with what it is: text, quote, code or empty, as Markdown has it."""
    fence, before = "", "empty"
    for line in text.splitlines():
        bare = line.strip()
        if fence:
            before = "code"
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
        elif bare.startswith(("```", "~~~")):
            fence, before = bare[:3], "code"
        elif not bare:
            before = "empty"
        elif bare.startswith((">!", "&gt;!")):  # a spoiler, which is said all the same
            before = "text"
        elif bare.startswith((">", "&gt;")) or before == "quote":  # a quotation goes on until an empty line
            before = "quote"
        elif line.startswith(("    ", "\t")) and before in ("empty", "code"):
            before = "code"
        else:
            before = "text"
        yield before, line


def _called(line: str, names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what separates one of the names at a line's start from what follows, and that; None if it starts so not.

    The separator is a comma, a colon or a space.
    """
    line = line.strip()[:MAX_LINE].replace("\\_", "_").replace("\\-", "-")  # editors escape names
    if (wrapped := _WRAPPED.fullmatch(line)) and wrapped[1] not in wrapped[2]:
        line = wrapped[2].strip()
    found = _call_of(names).match(line)
    if found is None:
        return None
    separator = found[2] or found[4]
    if not separator and not found[3] and found.end() < len(line):
        return None  # a longer word that begins as the name does
    return separator or " ", line[found.end() :]


@lru_cache(maxsize=8)  # each line of each message is looked at
def _call_of(names: tuple[str, ...]) -> re.Pattern[str]:
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"[!@]?(\*{{1,3}}|_{{1,3}}|)/?(?:{known})([,:]?)\1(\s*)([,:]?)(\s*)", re.IGNORECASE | re.ASCII)


def _reason(words: list[str], *, vocative: bool = True) -> bool:
    return is_reason([_bare(word) for word in words], vocative=vocative)


def _bare(word: str) -> str:
    return word.strip(_EDGES + _DASHES).replace("\u2019", "'").casefold()


def _known() -> str:
    return ", ".join(f"`{verb}`" for verb in VERBS)
