"""What the author of a removed post reads, unless its rule says it in words of its own.

It names the subreddit's own rule, that a program did it or a moderator decided it, and how to appeal. It never says
what was matched: no entry, no person, no distance.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Rung
from bot.plural import many

SUBJECT = "known fake or non-consensual media"  # Reddit puts "Your post … was removed because of" in front of it
MAX_ALONG = 10  # links of further posts; the rest is counted
_SITE = "https://www.reddit.com"
_WHO = {
    False: "A program did this by itself; no moderator has looked at it yet.",
    True: "A moderator looked at it and decided this; a program carried it out.",
}
_WHY = {
    False: "its media is known to be fake, or to be shared without the consent of the person shown",
    True: "the moderator found its media to be fake, or shared without the consent of the person shown",
}
_THEN = {
    False: "A moderator, not the program, reads your answer and decides.",
    True: "A moderator reads your answer and looks at it again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What there is to tell an author of."""

    rung: Rung | None = None  # on what word the post was removed; None: nobody wrote it down
    reason: str = ""  # title or id of the subreddit's removal reason that the rule names
    along: tuple[str, ...] = ()  # permalinks of the author's further posts of which the same message tells


def body(*, comment: bool, subreddit: str, removal: Removal) -> str:
    """Return the text in Markdown. `removal.reason` is a title by now, or empty."""
    person = removal.rung is Rung.PERSON
    rule = f", under its rule “{removal.reason}”" if removal.reason else ""
    return (
        f"Your {'comment' if comment else 'post'} in r/{subreddit} was removed. {_WHO[person]}\n\n"
        f"**Why:** {_WHY[person]}. r/{subreddit} does not allow that{rule}.\n\n"
        f"**Is this wrong?** Answer this message and say why, in your own words: that is your appeal. {_THEN[person]}"
    )


def also(removal: Removal, subreddit: str) -> str:
    """Return what is said of the author's further posts, empty if there are none."""
    if not removal.along:
        return ""
    shown = [f"- {_SITE}{link}" for link in removal.along[:MAX_ALONG] if link]
    more = len(removal.along) - len(shown)
    return "\n".join(
        [
            f"{many(len(removal.along), 'further post or comment', 'further posts and comments')} of yours in "
            f"r/{subreddit} {'was' if len(removal.along) == 1 else 'were'} removed likewise; your answer counts for "
            "all. You get one such message a day at most.",
            "",
            *shown,
            *([f"- and {more} more"] if more and shown else []),
        ]
    )


def corrected(*, comment: bool, subreddit: str, up: bool) -> str:
    """Return what the author of a post reads that was removed by mistake; `up`: it is to be seen again."""
    what = "comment" if comment else "post"
    held = "It stays out of sight for now: it had been held for another reason before, and a moderator looks at that."
    return (
        f"We were wrong: your {what} in r/{subreddit} was removed by mistake. {'It is up again.' if up else held}\n\n"
        "What it was taken for should never have been on our list, and is not any more. Nothing of this counts against "
        "you.\n\nIf something is still not right, answer here; a moderator reads it."
    )


def corrected_also(*, up: bool) -> str:
    """Return what is said of one more post of the same author that was removed by mistake."""
    now = "is up again" if up else "stays held for now"
    return f"One more of yours there was removed by the same mistake, and {now}."
