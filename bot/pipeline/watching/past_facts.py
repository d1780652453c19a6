"""What a removed post tells of its removal, and whether an operator's words name it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from bot.links import reports_in
from bot.model import MACHINES, ModAction, PastState, Remover, Skipped, standing
from bot.pipeline.watching.age_words import speaks_of_age, title_speaks_of_age
from bot.store import PastRemoval
from bot.store.past_removals import sign

# What the log says of a removal where no rule does
PLAIN = frozenset({"", "remove", "spam", "confirm_spam", "confirm_ham", "unspam", "approve"})
_USER = re.compile(r"(?<![\w/])/?u/[\w-]{3,20}", re.IGNORECASE)
_BY_PEOPLE = ("moderator",)  # the category of what a moderator removed
_MOST = 200  # characters of a reason, note, rule or flair that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What an operator names: whole texts, large and small letters alike; `*` stands for anything."""

    reasons: tuple[str, ...] = ()  # removal reasons' titles, and notes
    rules: tuple[str, ...] = ()
    flairs: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is named."""
        return not (self.reasons or self.rules or self.flairs)

    def names(self, row: PastRemoval) -> bool:
        """Return whether a removal is named. What AutoModerator removed is by its rule alone."""
        if any(said(wanted, row.rule) for wanted in self.rules):
            return True
        if row.remover is Remover.AUTOMODERATOR:
            return False
        return any(said(wanted, row.reason) or said(wanted, row.note) for wanted in self.reasons) or any(
            said(wanted, row.flair) for wanted in self.flairs
        )


def said(wanted: str, text: str | None) -> bool:
    """Return whether a text is the one that is wanted, or of its pattern."""
    if text is None:
        return False
    pattern = _folded(wanted).replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(_folded(text), pattern)


def remover_of(name: str, me: str) -> Remover:
    """Return whose removal a name in the log is. Names of Reddit's own teams hold blanks, which no account's does."""
    folded = name.casefold()
    if folded == me.casefold():
        return Remover.OURS
    if folded == "automoderator":
        return Remover.AUTOMODERATOR
    if not name or folded in MACHINES or " " in name.strip() or folded.startswith(("anti-evil", "anti_evil")):
        return Remover.REDDIT
    return Remover.MODERATOR


def heard(line: ModAction, me: str, subreddit: str) -> PastRemoval:
    """Return what one line of the log tells of the removal of its post."""
    told = _clean(line.details, line.user)
    plain = told is None or told.casefold() in PLAIN
    aged = speaks_of_age(line.details)
    reason = rule = None
    remover, moderator = remover_of(line.moderator, me), sign(line.moderator) if line.moderator else None
    if line.action == "addremovalreason":
        reason = None if plain or aged else told
        remover, moderator = Remover.UNKNOWN, None  # whoever explains a removal need not have made it
    elif not plain and not aged and remover is Remover.AUTOMODERATOR:
        rule = told
    return PastRemoval(
        post=line.target, subreddit=subreddit, at=line.at, remover=remover, moderator=moderator,
        reason=reason, rule=rule, age=aged,
    )  # fmt: skip


def merged(known: PastRemoval | None, line: PastRemoval, action: str) -> PastRemoval | None:
    """Return what is known of a removal with one more line of the log; None if that tells nothing new.

    The log is read from its newest line on, so of what was removed and approved in turns the newest decides.
    """
    if action.startswith("approve"):
        if known is None or (line.at > known.at and known.state is not PastState.QUEUED):
            return replace(line, state=PastState.SKIPPED, skipped=Skipped.APPROVED, reason=None, rule=None)
        return None
    if known is None:
        return line
    if known.state in (PastState.SKIPPED, PastState.QUEUED):
        again = known.skipped is Skipped.APPROVED and line.at > known.at and action != "addremovalreason"
        return line if again else None
    if action == "addremovalreason":
        if known.reason is not None or (line.reason is None and not line.age):
            return None
        return replace(known, reason=line.reason, age=known.age or line.age, state=PastState.READ)
    if known.remover is Remover.UNKNOWN or line.at > known.at:
        return replace(
            known, at=line.at, remover=line.remover, moderator=line.moderator, rule=line.rule or known.rule,
            age=known.age or line.age, state=PastState.READ,
        )  # fmt: skip
    return None


def looked_at(row: PastRemoval, data: Mapping[str, Any], me: str) -> PastRemoval:
    """Return a removal with what its post tells as it stands now. Keeps nothing that names who posted it."""
    how = standing(data)
    if how.state == "deleted":
        return _skipped(row, Skipped.DELETED)
    if how.state in ("up", "approved"):
        return _skipped(row, Skipped.APPROVED)
    remover = row.remover
    if how.state == "filtered":
        remover = Remover.AUTOMODERATOR if how.category == "automod_filtered" else Remover.REDDIT
    elif how.category not in _BY_PEOPLE:
        remover = Remover.REDDIT
    elif how.by is not None:
        remover = remover_of(how.by, me)
    explained = _text(data, "mod_reason_by")
    if remover is Remover.AUTOMODERATOR and explained and remover_of(explained, me) is Remover.MODERATOR:
        remover = Remover.MODERATOR  # a person made it theirs
    if remover is Remover.OURS:
        return _skipped(row, Skipped.OURS)
    if remover is Remover.REDDIT:
        return _skipped(row, Skipped.REDDIT)
    author = _text(data, "author")
    reports = [*reports_in(data, "mod_reports"), *reports_in(data, "mod_reports_dismissed")]
    users = [*reports_in(data, "user_reports"), *reports_in(data, "user_reports_dismissed")]
    of_rules = [one.reason for one in reports if one.by.casefold() != me.casefold()]
    given = [_text(data, key) for key in ("mod_reason_title", "mod_note", "link_flair_text", "removal_reason")]
    texts = [*given, *of_rules, *(one.reason for one in users), row.reason, row.note, row.rule, row.flair]
    by = how.by if how.by is not None and remover is not Remover.AUTOMODERATOR else explained
    row = replace(
        row,
        remover=remover if remover is not Remover.UNKNOWN else Remover.MODERATOR,
        moderator=sign(by) if by else row.moderator,
        at=how.at or row.at,
        reason=_clean(given[0], author) or row.reason,
        note=_clean(given[1], author),
        flair=_clean(given[2], author),
        rule=row.rule or _clean(of_rules[0] if of_rules else None, author),
    )
    words = " ".join(_text(data, key) for key in ("title", "body", "selftext"))
    if row.age or speaks_of_age(*texts) or title_speaks_of_age(words):
        return replace(_skipped(row, Skipped.AGE), age=True)
    return replace(row, state=PastState.LOOKED, skipped=None)


def of_removed(data: Mapping[str, Any], me: str, subreddit: str, moment: datetime) -> PastRemoval:
    """Return what a post in the moderators' list of removed posts tells. `moment`: where it tells no time."""
    at = standing(data).at or moment
    fresh = PastRemoval(post=str(data.get("name")), subreddit=subreddit, at=at)
    return looked_at(fresh, data, me)


def counted(rows: Sequence[PastRemoval], column: str) -> dict[str, int]:
    """Return how often each text of a column was met, the most frequent first; spellings that differ in case as one."""
    found: dict[str, tuple[str, int]] = {}
    for row in rows:
        text = getattr(row, column)
        if text:
            shown, count = found.get(_folded(text), (text, 0))
            found[_folded(text)] = (shown, count + 1)
    return dict(sorted(found.values(), key=lambda pair: (-pair[1], pair[0])))


def _skipped(row: PastRemoval, why: Skipped) -> PastRemoval:
    return replace(row, state=PastState.SKIPPED, skipped=why, reason=None, note=None, rule=None, flair=None)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _clean(text: str | None, author: str) -> str | None:
    """Return a text in one line without names of users, None if nothing is left."""
    line = " ".join((text or "").split())[:_MOST]
    line = _USER.sub("[user]", line)
    if len(author) > 2 and author not in ("[deleted]", "[removed]"):
        line = re.sub(rf"(?<!\w){re.escape(author)}(?!\w)", "[user]", line, flags=re.IGNORECASE)
    return line or None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
