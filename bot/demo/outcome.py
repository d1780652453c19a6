"""What came of each post of the demo, in words for who never saw the bot."""

from __future__ import annotations

import re

from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Evidence, Hold
from bot.pipeline import Pipeline
from bot.plural import many
from bot.rules.sureness import WORDS, sureness
from bot.store import ActionRow, CaseRow

DID = {
    "remove": "removed the post",
    "report": "reported it",
    "modmail": "wrote to the moderators",
    "message": "wrote to its author",
}
WOULD = {
    "remove": "remove the post",
    "report": "report it",
    "modmail": "write to the moderators",
    "message": "write to its author",
}
LONG = re.compile(r" \([^)]{40,}\)")  # lists that help only whoever sets the bot up


def outcomes(world: Stage, pipeline: Pipeline) -> list[dict[str, str]]:
    """Return a row for each post that something was expected of: what was found, done, and received elsewhere."""
    store = pipeline.deps.store
    links = {row.link.post: row for row in store.links.listing()}
    cases = {case.post.fullname: case for case in store.cases.listing()}
    rows = []
    for name, expected in world.expected.items():
        link, case = links.get(name), cases.get(name)
        if link is None:
            found = "no link to media"
        elif link.reason:
            found = LONG.sub("", link.reason.partition(";")[0])
        else:
            found = _found(store.links.evidence(link.id))
        verdict = store.links.verdict(link.id) if link else None
        received = [
            many(world.reddit.removals.count(name), "removal"),
            many(sum(post == name for post, _, _ in world.reddit.reports), "report"),
            many(sum(post == name for post, _, _ in world.reddit.received.messages), "message") + " to its author",
            many(sum(case.label in subject for _, subject, _ in world.reddit.modmails) if case else 0, "modmail"),
        ]
        answers = sum(case.label in body for _, body in world.reddit.answers) if case else 0
        received.append(many(answers, "answer") + " in modmail")
        rows.append(
            {
                "post": f"{expected.what}; r/{world.reddit.world.things[name]['subreddit']}",
                "expected": expected.why,
                "found": found,
                "rule": (verdict.rule or "") if verdict else "",
                "action": _done(world, case, store.actions.of_case(case.id) if case else []),
                "reddit_received": ", ".join(one for one in received if not one.startswith("0 ")),
                "host_received": _mail_about(world, link.link.id) if link else "",
            }
        )
    return rows


def _found(evidence: Evidence | None) -> str:
    sure = sureness(evidence)
    if sure is not WORDS:
        return sure.long.replace("an entry", "a known fake")
    if evidence is not None and any(match.suppressed for match in evidence.matches):
        return "a copy of what a moderator allowed"
    return "nothing known"


def _done(world: Stage, case: CaseRow | None, rows: list[ActionRow]) -> str:
    """Return what the bot did for a case, what it would have done, and what waits, in one sentence."""
    if case is None:
        return "did nothing"
    if case.state is CaseState.CLOSED_ELSEWHERE:
        return f"did nothing: {case.why}"
    parts = [_and(DID, [row for row in rows if row.state is ActionState.DONE])]
    held = [row for row in rows if row.state is ActionState.HELD]
    if waiting := [row for row in held if row.hold is Hold.MODE]:
        mode = world.config.mode(case.post.subreddit)
        parts.append(f"would {_and(WOULD, waiting)}, but r/{case.post.subreddit} is in mode {mode}")
    if any(row.hold is Hold.PERSON for row in held):
        parts.append(f"asks a moderator whether to {_and(WOULD, [row for row in held if row.hold is Hold.PERSON])}")
    return "; ".join(part for part in parts if part)


def _and(words: dict[str, str], rows: list[ActionRow]) -> str:
    *others, last = [words.get(row.action.kind, row.action.kind) for row in rows] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _mail_about(world: Stage, host_id: str | None) -> str:
    """The mails, as the server kept them, that name this media."""
    about = [mail for mail in world.mail.received if host_id and host_id in str(mail.message.get_content()).split()]
    numbers = [re.findall(r"N-[0-9a-f]+", str(mail.message["Subject"]))[0] for mail in about]
    return ", ".join(f"notice {number} by mail, its ground stated by a person" for number in numbers)
