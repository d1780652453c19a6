"""What a host answered, as people read it."""

from __future__ import annotations

from typing import Any

from bot.clock import day_and_time
from bot.model import AnswerAbout, AnswerKind
from bot.serialization import to_json_data
from bot.store import AnswerRow

KINDS = {
    AnswerKind.BOUNCED: "came back undelivered",
    AnswerKind.DELAYED: "a mail server goes on trying",
    AnswerKind.AUTOMATIC: "a receipt or another automatic reply",
    AnswerKind.ANSWER: "an answer",
}
ABOUT = {
    AnswerAbout.REPORT: "a mail server gives our mail back",
    AnswerAbout.THREAD: "it answers our mail",
    AnswerAbout.PERSON: "a person says so",
    AnswerAbout.DOUBT: "nobody has said yet",
}
WITHHELD = "not shown: a notice that it may be about holds what is marked as a suspected minor's"
GONE = "its words are destroyed here; the mail itself is in the mailbox, if nobody emptied that"
ANYBODY = "anybody can write a sender's name: read the words, and look whether the media is gone"


def answer_stands(row: AnswerRow) -> str:
    """Return in a few words which notice an answer is about, and what a person said."""
    if row.means is not None:
        return f"{row.notice}: {row.means}, says {row.decided_by}"
    if row.notice is not None:
        return f"{row.notice}{': read it and say what it means' if row.waits else ''}"
    return f"in doubt{': ' + ' or '.join(row.proposed) if row.proposed else ''}"


def answer_facts(row: AnswerRow) -> list[tuple[str, str]]:
    """Return label and text of what is known of an answer."""
    words = row.words
    facts = [
        ("answer", f"{row.label}, {KINDS[row.kind]}, {day_and_time(row.at)} UTC"),
        ("notice", f"{answer_stands(row)} ({ABOUT[row.about]})"),
    ]
    if words is None:
        return [*facts, ("words", WITHHELD if row.marked else GONE)]
    whose = "of a domain that we wrote to" if words.known else "not whom we wrote to"
    facts += [("from", f"{words.sender or 'nobody, or several'} ({whose}; {ANYBODY})"), ("subject", words.subject)]
    return [*facts, *((("report", words.status),) if words.status else ())]


def answer_plain(row: AnswerRow) -> dict[str, Any]:
    """Return an answer for programs."""
    data: dict[str, Any] = to_json_data(row)
    return {"answer": data.pop("label"), **data, "waits": row.waits}
