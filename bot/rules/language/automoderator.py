"""AutoModerator's vocabulary: what of it is spoken here and what is refused, with the reason.

`docs/rules-automoderator.md` is made from this module: `gifwarden rules automoderator`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.rules.language import vocabulary

Status = Literal["supported", "refused", "not applicable"]

_CLUTTER = "it has nothing to do with what gifwarden looks for; leave it to AutoModerator"
_PUBLIC = "a public comment would be an index of what was removed; write message, which goes to the author alone"
_PERSON = "gifwarden leaves that to a person"
_LISTING = "Reddit's API does not tell it to bots"

REFUSED: Mapping[str, str] = {
    "standard": "AutoModerator's standard conditions are lists that Reddit keeps to itself; write the domains out",
    "comment": _PUBLIC,
    "comment_locked": _PUBLIC,
    "comment_stickied": _PUBLIC,
    "set_sticky": _CLUTTER,
    "set_contest_mode": _CLUTTER,
    "set_suggested_sort": _CLUTTER,
    "set_original_content": _CLUTTER,
    "set_post_crowd_control_level": _CLUTTER,
    "ban": "an account is only banned by a person: gifwarden never bans by rule; write mod_note or modmail",
    "approve": "no fingerprint clears a post; gifwarden takes back its own removals only; write action: ignore",
}
"""AutoModerator's keys at the top of a rule that are not spoken here, and why."""

REFUSED_ACTIONS: Mapping[str, str] = {
    "filter": "Reddit's API has no filter; write report, or remove and let a moderator review the case",
    "approve": "no fingerprint clears a post; gifwarden takes back its own removals only; write ignore",
    "ban": "an account is only banned by a person; write remove with mod_note, or review",
}

REFUSED_OF_AUTHOR: Mapping[str, str] = {
    "comment_subreddit_karma": f"{_LISTING}; use comment_karma",
    "post_subreddit_karma": f"{_LISTING}; use post_karma",
    "combined_subreddit_karma": f"{_LISTING}; use combined_karma",
    "contributor_quality": f"{_LISTING}; use account_age or combined_karma",
    "set_flair": "a mark on a person outlives a mistake; write mod_note",
    "overwrite_flair": "a mark on a person outlives a mistake; write mod_note",
}

_OF_CROSSPOST_AUTHOR = "the listing tells name and id only, and gifwarden looks up nobody but the poster; use name"
REFUSED_OF_CROSSPOST_AUTHOR: Mapping[str, str] = dict.fromkeys(
    (*(name for name in vocabulary.AUTHOR_KEYS if name not in vocabulary.CROSSPOST_AUTHOR_KEYS), *REFUSED_OF_AUTHOR),
    _OF_CROSSPOST_AUTHOR,
)

_OF_PARENT = "a listing of comments tells title, id, url, author and NSFW mark of the submission only"
_UNTOLD_OF_PARENT = (
    *("body", "flair_text", "flair_css_class", "flair_template_id", "poll_option_text", "poll_option_count"),
    *("crosspost_id", "crosspost_title", "media_author", "media_author_url", "media_title", "media_description"),
    *("reports", "body_longer_than", "body_shorter_than", "ignore_blockquotes", "is_edited", "is_gallery"),
    *("is_poll", "is_original_content", "is_meta_discussion", "past_archive_date", "discussion_type"),
)
_ACTS_ON_PARENT = (
    *("action", "action_reason", "set_flair", "overwrite_flair", "set_locked", "set_nsfw", "set_spoiler"),
    *("set_sticky", "set_contest_mode", "set_suggested_sort", "set_original_content"),
    "set_post_crowd_control_level",
)
_OTHER_POST = "gifwarden acts on the post that it judges, never on another one; write the rule for submissions"
REFUSED_OF_PARENT: Mapping[str, str] = {
    **dict.fromkeys(_UNTOLD_OF_PARENT, _OF_PARENT),
    **dict.fromkeys(_ACTS_ON_PARENT, _OTHER_POST),
}

REFUSED_PLACEHOLDERS: Mapping[str, str] = {
    "body": "the text is not repeated; write {{permalink}}",
    "url": "texts that others read never say what was matched; remove it",
    "domain": "write {{host}}",
    "author_flair_text": "write {{author}}",
    "author_flair_css_class": "write {{author}}",
    "author_flair_template_id": "write {{author}}",
    "media_author": "media are never named; write {{host}}",
    "media_author_url": "media are never named; write {{host}}",
    "media_title": "media are never named; write {{host}}",
    "media_description": "media are never named; write {{host}}",
    "match-2": "groups of a match are not told apart; write {{match}}",
    "match-title": "fields of a match are not told apart; write {{match}}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of AutoModerator's: where it stands, what becomes of it here, and a line of a rule that shows it."""

    where: str
    name: str
    status: Status
    note: str
    line: str  # YAML that holds the word, below name, evidence and action of a rule


# a line for each word, so that the table can be tried out; its place, then the words
_TOP = {
    "type": "type: submission",
    "priority": "priority: 10",
    "moderators_exempt": "moderators_exempt: false",
    "standard": "standard: image hosting sites",
    "id": "id: [1abcde]",
    "title": "title: [word]",
    "domain": "domain: [example.com]",
    "url": "url: example.com/watch",
    "body": "body (includes): word",
    "flair_text": "flair_text: Video",
    "flair_css_class": "flair_css_class: video",
    "flair_template_id": "flair_template_id: 0f5a0f5a-0000-11ec-aaaa-0e0e0e0e0e0e",
    "poll_option_text": "poll_option_text: yes please",
    "poll_option_count": 'poll_option_count: "> 2"',
    "crosspost_id": "crosspost_id: [1abcde]",
    "crosspost_title": "crosspost_title: word",
    "media_author": "media_author: somebody",
    "media_author_url": "media_author_url: /user/somebody",
    "media_title": "media_title: word",
    "media_description": "media_description: word",
    "reports": "reports: 2",
    "body_longer_than": "body_longer_than: 100",
    "body_shorter_than": "body_shorter_than: 100",
    "ignore_blockquotes": "body: word\nignore_blockquotes: true",
    "is_edited": "is_edited: true",
    "is_gallery": "is_gallery: true",
    "is_poll": "is_poll: true",
    "is_original_content": "is_original_content: false",
    "is_meta_discussion": "is_meta_discussion: false",
    "past_archive_date": "past_archive_date: true",
    "discussion_type": "discussion_type: chat",
    "is_top_level": "is_top_level: true",
    "author": "author: [somebody]",
    "crosspost_author": "crosspost_author: {name: somebody}",
    "crosspost_subreddit": "crosspost_subreddit: {name: elsewhere, is_nsfw: true}",
    "parent_submission": "parent_submission: {title: word}",
    "action_reason": 'action_reason: "see {{case}}"',
    "report_reason": 'report_reason: "see {{case}}"',
    "set_flair": "set_flair: [Removed, removed]",
    "overwrite_flair": "set_flair: Removed\noverwrite_flair: true",
    "set_locked": "set_locked: true",
    "set_nsfw": "set_nsfw: true",
    "set_spoiler": "set_spoiler: true",
    "set_sticky": "set_sticky: true",
    "set_contest_mode": "set_contest_mode: true",
    "set_suggested_sort": "set_suggested_sort: new",
    "set_original_content": "set_original_content: true",
    "set_post_crowd_control_level": "set_post_crowd_control_level: STRICT",
    "comment": "comment: a text",
    "comment_locked": "comment_locked: true",
    "comment_stickied": "comment_stickied: true",
    "modmail": "modmail: a text",
    "modmail_subject": "modmail: a text\nmodmail_subject: a subject",
    "message": "message: a text",
    "message_subject": "message: a text\nmessage_subject: a subject",
}
_AUTHOR = {
    "id": "id: 2fghij",
    "name": "name (starts-with): some",
    "flair_text": "flair_text: Trusted",
    "flair_css_class": "flair_css_class: trusted",
    "flair_template_id": "flair_template_id: 0f5a0f5a-0000-11ec-aaaa-0e0e0e0e0e0e",
    "comment_karma": 'comment_karma: "< 10"',
    "post_karma": 'post_karma: "< 10"',
    "combined_karma": 'combined_karma: "< -10"',
    "comment_subreddit_karma": 'comment_subreddit_karma: "< 10"',
    "post_subreddit_karma": 'post_subreddit_karma: "< 10"',
    "combined_subreddit_karma": 'combined_subreddit_karma: "< 10"',
    "account_age": 'account_age: "< 7 days"',
    "satisfy_any_threshold": 'account_age: "< 7 days", satisfy_any_threshold: true',
    "contributor_quality": 'contributor_quality: "< moderate"',
    "has_verified_email": "has_verified_email: false",
    "is_gold": "is_gold: false",
    "is_submitter": "is_submitter: true",
    "is_contributor": "is_contributor: false",
    "is_moderator": "is_moderator: false",
    "set_flair": "set_flair: Trusted",
    "overwrite_flair": "overwrite_flair: true",
}
_PARENT = {
    "id": "id: 1abcde",
    "title": "title: word",
    "domain": "domain: example.com",
    "url": "url: example.com",
    "author": "author: {name: somebody}",
}
_TYPES = ("any", "comment", "submission", "text submission", "link submission", "crosspost submission",
          "poll submission", "gallery submission")  # fmt: skip
_NOTES = {
    "moderators_exempt": "Also for rules that only review.",
    "action_reason": "At most 100 characters, Reddit's limit.",
    "message": "Only with action: remove or spam.",
    "set_locked": "Only true: gifwarden takes back what it did itself, and nothing else.",
    "set_nsfw": "Only true.",
    "set_spoiler": "Only true.",
    "crosspost_author": "Only name and id.",
    "parent_submission": "Only what a listing of comments tells.",
    "name": "The whole name; AutoModerator's default is includes-word.",
}


def every_word() -> Iterator[Word]:
    """Yield every word of AutoModerator's, in the order of its documentation."""
    yield from _rows("a rule", _TOP, "{line}", vocabulary.KEYS, REFUSED)
    for name in _TYPES:
        yield Word(where="type", name=name, status="supported", note="", line=f"type: {name}\nover_18: true")
    yield from _rows("author", _AUTHOR, "author: {{{line}}}", vocabulary.AUTHOR_KEYS, REFUSED_OF_AUTHOR)
    of_crosspost = {name: line for name, line in _AUTHOR.items() if name not in ("is_submitter",)}
    yield from _rows(
        "crosspost_author",
        of_crosspost,
        "crosspost_author: {{{line}}}",
        vocabulary.CROSSPOST_AUTHOR_KEYS,
        REFUSED_OF_CROSSPOST_AUTHOR,
    )
    subreddit = {"name": "name: elsewhere", "is_nsfw": "is_nsfw: true"}
    yield from _rows(
        "crosspost_subreddit", subreddit, "crosspost_subreddit: {{{line}}}", vocabulary.CROSSPOST_SUBREDDIT_KEYS, {}
    )
    parent = _PARENT | {name: f"{name}: true" for name in REFUSED_OF_PARENT}
    yield from _rows(
        "parent_submission", parent, "parent_submission: {{{line}}}", vocabulary.PARENT_KEYS, REFUSED_OF_PARENT
    )
    for name in vocabulary.MODIFIERS:
        yield Word(where="modifiers", name=name, status="supported", note="", line=f"title ({name}): [word]")
    yield Word(where="modifiers", name="~", status="supported", note="", line="~title: [word]")
    yield Word(where="modifiers", name="+", status="supported", note="", line="title+body: [word]")
    yield Word(where="modifiers", name="#", status="supported", note="", line="title#1: [word]\ntitle#2: [other]")
    yield from _actions()
    for name in ("author", "permalink", "title", "subreddit", "kind", "match"):
        line = f"title: word\nmodmail: 'a {{{{{name}}}}}'"
        note = _sentence(vocabulary.PLACEHOLDERS[name])
        yield Word(where="placeholders", name=f"{{{{{name}}}}}", status="supported", note=note, line=line)
    for name, why in REFUSED_PLACEHOLDERS.items():
        line = f"title: word\nmodmail: 'a {{{{{name}}}}}'"
        yield Word(where="placeholders", name=f"{{{{{name}}}}}", status="refused", note=_sentence(why), line=line)


def _rows(
    where: str, lines: Mapping[str, str], frame: str, known: Mapping[str, str], refused: Mapping[str, str]
) -> Iterator[Word]:
    for name, line in lines.items():
        spoken = name not in refused
        note = f"{known[name]} {_NOTES.get(name, '')}".strip() if spoken else _sentence(refused[name])
        yield Word(
            where=where,
            name=name,
            status="supported" if spoken else "refused",
            note=note,
            line=frame.format(line=line),
        )


def _actions() -> Iterator[Word]:
    for name in ("report", "remove", "spam"):
        yield Word(where="action", name=name, status="supported", note="", line=f"action: {name}")
    for name in ("approve", "filter"):
        note = _sentence(REFUSED_ACTIONS[name])
        yield Word(where="action", name=name, status="refused", note=note, line=f"action: {name}")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


_INTRO = """\
# AutoModerator's words in gifwarden

This page is made by `gifwarden rules automoderator`; a test keeps it true, by loading a rule for each line of it.
What every word means is in AutoModerator's own documentation and in [rules.md](rules.md); here stands what differs. A
word that is refused is an error when the rules are read, with the reason that stands here.

A rule that removes or reports needs evidence of a copy; on the words of a post alone, gifwarden opens a case for a
moderator and does nothing more.
"""
_NOT_APPLICABLE = (
    ("rules that act on edited or reported posts again", "A post is judged when its media are fetched or change."),
    ("order of rules that remove", "All rules are tried, and the strongest decides; see rules.md."),
    ("approval of posts of banned accounts", "Rules approve nothing."),
)


def table() -> str:
    """Return the page docs/rules-automoderator.md."""
    rows = list(every_word())
    counts = {status: sum(row.status == status for row in rows) for status in ("supported", "refused")}
    counts["not applicable"] = len(_NOT_APPLICABLE)
    lines = [_INTRO, "| " + " | ".join(counts) + " |", "|---|---|---|"]
    lines.append("| " + " | ".join(str(count) for count in counts.values()) + " |")
    for where in dict.fromkeys(row.where for row in rows):
        lines += ["", f"## In {where}" if where not in ("placeholders", "modifiers") else f"## {where.capitalize()}"]
        lines += ["", "| word | here | |", "|---|---|---|"]
        alike: dict[tuple[Status, str], list[str]] = {}  # words with one reason share a row
        for row in (row for row in rows if row.where == where):
            own = _NOTES.get(row.name, "") if row.status == "supported" and where != "placeholders" else row.note
            alike.setdefault((row.status, own), []).append(f"`{row.name}`")
        lines += [f"| {', '.join(names)} | {status} | {note} |" for (status, note), names in alike.items()]
    lines += ["", "## Not applicable", "", "| what | why |", "|---|---|"]
    lines += [f"| {what} | {why} |" for what, why in _NOT_APPLICABLE]
    return "\n".join(lines) + "\n"


def refusal(fields: Sequence[str]) -> str | None:
    """Return why one of these keys of a rule is refused, or None if none is AutoModerator's."""
    return next((f"AutoModerator knows {name}; {REFUSED[name]}" for name in fields if name in REFUSED), None)
