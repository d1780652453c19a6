"""The page about the bot for a subreddit's wiki: for members who want to know what a program does to their posts."""

from __future__ import annotations

from collections.abc import Sequence

from bot import __version__
from bot.config import Config
from bot.model import Mode
from bot.rules import RuleSet
from bot.rules.ladder import ActionLevel
from bot.store.removals import Month

MONTHS = 12  # shown
_MAIL = "https://www.reddit.com/message/compose?to=/r/{name}"
_COLUMNS = ("month", "exact file", "near copy with face", "by a person", "undone", "appeals", "appeals upheld")


def about(config: Config, subreddit: str, rules: RuleSet, months: Sequence[Month], today: str) -> str:
    """Return the page in Markdown. `rules`: those in force there; `months`: the newest first."""
    mode = config.mode(subreddit)
    return "\n".join(
        [
            f"# The program that helps to moderate r/{subreddit}",
            "",
            f"The moderators of r/{subreddit} run gifwarden, a program that finds known fakes (deepfakes) and other "
            "intimate media shared without consent behind links to pictures, GIFs and videos. Reddit does not run it. "
            f"This page was made on {today} by gifwarden {__version__}.",
            "",
            "## What it looks at, and what is kept",
            "",
            *_looks(config),
            "",
            "## What it may do by itself",
            "",
            *_may(config, mode, rules),
            "",
            "## Who answers, and how to appeal",
            "",
            f"- Moderators answer, never the program: [write to them]({_MAIL.format(name=subreddit)}).",
            "- Was your post removed? Answer the message that you got about it and say why that is wrong. A moderator "
            + ("looks again." if config.review.confirmations == 1 else "looks again, and not the one who had decided."),
            "- What was removed by mistake is given back.",
            "",
            "## If you are the person shown",
            "",
            f"- [Write to the moderators]({_MAIL.format(name=subreddit)}) and give the link. Do not send the media, "
            "nor an identity card or a picture of yourself: nobody asks for them.",
            "- Adults: [StopNCII.org](https://stopncii.org) makes a fingerprint on your own device and hands it to "
            "many platforms at once; the media does not leave your device.",
            "- Pictured under 18, whatever your age now: [Take It Down](https://takeitdown.ncmec.org) does the same. "
            "Or report it to [Reddit](https://www.reddit.com/report).",
            "",
            "## What it did",
            "",
            *_table(months),
        ]
    )


def _looks(config: Config) -> list[str]:
    faces = (
        "Faces in media are compared with those of adults who asked for it in writing, and with nobody else's. Such a "
        "resemblance only ever calls a moderator."
        if config.gallery.enabled
        else "It recognises nobody by their face."
    )
    return [
        "- New and edited posts and comments with links to media, and the words in them. The media is loaded into "
        "memory, compared with fingerprints of what moderators or lists call fake or non-consensual, and dropped. "
        "It is never stored.",
        f"- {faces} Nobody is identified, and accounts are not looked for elsewhere.",
        f"- A post's address, author and text are kept for {config.storage.seen_days} days; of a post that the "
        "moderators are to decide on, as long as their note of that. The fingerprint of its media is kept encrypted "
        "until they decide.",
        "- What you delete on Reddit is forgotten within 48 hours.",
    ]


def _may(config: Config, mode: Mode, rules: RuleSet) -> list[str]:
    caps = config.actions
    if mode == "observe":
        return ["Nothing (mode *observe*). It tells the moderators what it found; they decide and act."]
    if mode == "report":
        return [
            "It reports posts to the moderators (mode *report*), and removes none by itself; they decide.",
            f"At most {caps.per_hour} reports an hour and {caps.per_day} a day.",
        ]
    removing = [rule for rule in rules.rules if rule.step is ActionLevel.REMOVE]
    near = any(not check.exact_only for rule in removing for check in rule.copy_checks)
    trusted = " (or that stands on a list that they trust)" if config.banks.trusted else ""
    people = "one moderator confirmed twice" if config.review.confirmations == 1 else "two moderators confirmed"
    silent = any(deed.params.get("silent") for rule in removing for deed in rule.planned)
    lines = [
        *(
            [
                f"- It removes (mode *enforce*) the exact file of a media that {people}{trusted}"
                + ("; and a near copy of one if the faces agree too." if near else ".")
            ]
            if removing
            else ["- It removes nothing by itself: no rule here asks for it."]
        ),
        "- Everything less certain goes to the moderators. What users report never makes it remove anything.",
        f"- At most {caps.per_hour} removals an hour and {caps.per_day} a day. Where one media is suddenly found with "
        "very many authors, it stops until a moderator has looked.",
    ]
    told = "Authors of removed posts get a message that says so and how to appeal, one a day at most for all of them"
    return [*lines, f"- {told}{', unless moderators wrote down why not' if silent else ''}."]


def _table(months: Sequence[Month]) -> list[str]:
    if not months:
        return ["Nothing was removed yet, and nobody has appealed."]
    rows = [
        (
            one.month,
            one.removed.get("exact", 0),
            one.removed.get("near_face", 0),
            one.removed.get("person", 0),
            one.undone,
            one.appeals,
            one.appeals_upheld,
        )
        for one in months[:MONTHS]
    ]
    return [
        "Posts removed, by what the removal rests on. *Undone*: given back. *Appeals upheld*: the author was right.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{'---|' * len(_COLUMNS)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]
