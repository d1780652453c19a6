"""What a person may paste where the bot does not act: to Reddit's report, to the author, to the moderators.

It says what was found in general words: no entry, no person, no distance, no address of the media.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.actions import author_text
from bot.model import Channel, Evidence, Post, Rung, Verdict

SITE = "https://www.reddit.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Texts to paste. Those about a post are empty where there is none."""

    report: str  # at most 100 characters, as Reddit takes it
    to_author: str
    modmail_subject: str
    modmail: str
    host: str  # where its host takes reports, in one sentence


def by_hand(post: Post | None, evidence: Evidence, verdict: Verdict, channel: Channel) -> ByHand | None:
    """Return what to paste, or None where nothing was found that asks for a deed. `channel`: of the link's host."""
    found = _found(evidence, verdict)
    if found is None:
        return None
    where = " or ".join(place for place in (channel.form, channel.email) if place)
    name = evidence.link.host
    host = f"{name} takes reports at {where}" if where else f"it is not known where {name or 'its host'} takes reports"
    if post is None:
        return ByHand(report=found, to_author="", modmail_subject="", modmail="", host=host)
    comment = post.fullname.startswith("t1_")
    to_author = author_text.body(
        comment=comment, subreddit=post.subreddit, removal=author_text.Removal(rung=Rung.PERSON)
    )
    what = "comment" if comment else "post"
    modmail = f"A {what} holds media on {name} that somebody has to decide on: {SITE}{post.permalink}\n\n{found}."
    return ByHand(report=found, to_author=to_author, modmail_subject="Media to decide on", modmail=modmail, host=host)


def _found(evidence: Evidence, verdict: Verdict) -> str | None:
    real = [match for match in evidence.matches if match.bank_kind != "allow" and not match.suppressed]
    if any(match.exact and match.bank_kind == "block" for match in real):
        return "The very file of a known fake: please look at it and remove it"
    if any(match.bank_kind == "block" for match in real):
        return "Looks like a known fake: please compare it and decide"
    if any(face.person for face in evidence.faces):
        return "May show a protected person: please compare it and decide"
    if real or any(not one.suppressed for one in evidence.source):
        return "Has footage in common with known media: please compare it and decide"
    return "Please look at this media and decide" if verdict.outcome != "ignore" else None
