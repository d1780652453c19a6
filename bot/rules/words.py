"""The words of the rule language, one line of help each, and the words that are known but not spoken here."""

from __future__ import annotations

from collections.abc import Mapping

KEYS: Mapping[str, str] = {
    "name": "What the rule is called; required, one line, unique.",
    "priority": "Rules with a higher number are tried first; default 0.",
    "moderators_exempt": "Whether posts that a moderator made as such are left alone; default true.",
    "type": "submission, comment or any (the default).",
    "title": "Words in a submission's title.",
    "body": "Words in a submission's or comment's text.",
    "url": "Parts of the address that a submission links to.",
    "domain": "Domains, with their subdomains, that a submission links to.",
    "id": "Reddit ids, with or without t3_ or t1_.",
    "flair_text": "The whole text of a submission's flair.",
    "author": "Account names, or {name: …} with modifiers.",
    "subreddit": "Subreddit names, for rule files that several subreddits share.",
    "is_edited": "Whether the post was edited.",
    "over_18": "Whether the post is marked NSFW.",
    "reports": 'How many reports the post has: 2 means at least two; also "> 2", "< 5".',
    "exact_media": "The very file of an entry in one of the banks.",
    "known_media": "A copy of an entry in one of the banks: the very file or a near copy.",
    "sexual_context": "Whether the post is marked NSFW, or the host or the subreddit is an adult one.",
    "host": "Hosts that the link leads to, by gifwarden's names for them.",
    "action": "ignore, review, report or remove; required.",
    "action_reason": "The reason of a report or removal, at most 100 characters; may hold placeholders.",
    "modmail": "A message to the moderators; may hold placeholders.",
    "modmail_subject": "Its subject, at most 100 characters; may hold placeholders.",
    "notify_host": "confirm drafts a notice to the host, which a person must confirm; no (the default) does not.",
    "examples": "Evidence with the outcome it must give, run by gifwarden rules check.",
}
"""Every key of a rule with one line of help."""

COPY_KEYS: Mapping[str, Mapping[str, str]] = {
    "exact_media": {"bank": "The banks to look in."},
    "known_media": {
        "bank": "The banks to look in.",
        "distance": 'The largest distance in bits, such as "<= 24"; only tighter than the search itself.',
        "coverage": 'The least share of the post\'s media or of the entry that matched, such as ">= 0.4".',
        "method": "pdq, phash or both: which near matches count. The very file always does.",
        "face_region": "agrees: near copies count only if their faces agree with the entry's too.",
    },
}
"""The keys inside exact_media and known_media."""

EXAMPLE_KEYS: Mapping[str, str] = {
    "exact": "A bank in which the very file is found, or {bank, confirmed, kind, suppressed}.",
    "near": "A bank in which a near copy is found, or the same with {distance, coverage, method, face_region}.",
    "post": "The post: {type, title, …}; none for a file or address alone; default: a plain submission.",
    "host": "The host of the link; default direct.",
    "adult_host": "Whether that host is an adult one; default false.",
    "adult_subreddit": "Whether the subreddit is configured as adult; default false.",
    "gives": "What this rule alone must do: ignore, review, report, remove, or nothing.",
}
"""The keys of one example."""

MODIFIERS: Mapping[str, str] = {
    "includes": "the text stands anywhere",
    "includes-word": "the text stands as a whole word",
    "starts-with": "the field starts with the text",
    "ends-with": "the field ends with the text",
    "full-exact": "the field is exactly the text",
    "full-text": "the field is the text, but for punctuation and space at its ends",
    "regex": "the text is a Python regular expression",
    "case-sensitive": "capital letters matter",
}
"""What may stand in brackets behind a text check."""

ACTIONS: tuple[str, ...] = ("ignore", "review", "report", "remove")

PLACEHOLDERS: Mapping[str, str] = {
    "author": "the account that posted",
    "permalink": "the address of the post",
    "title": "the submission's title",
    "subreddit": "the subreddit's name",
    "kind": "submission or comment",
    "case": "the label of the case",
    "host": "the host of the link, by gifwarden's name for it",
    "match": "the words of the post that the rule's first text check found",
}
"""What may stand in double braces in texts that users or moderators read."""

SECRET_PLACEHOLDERS = frozenset(
    (
        *("entry", "person", "bank", "distance", "threshold", "face", "similarity"),
        *("rule", "sha256", "md5", "hash", "media", "url"),
    )
)

NOT_YET_EVIDENCE: Mapping[str, str] = {
    "face": "faces are not compared with a gallery",
    "nudity": "no nudity signal is computed",
    "source_media": "original footage is not searched for replaced faces",
}

SAMPLES: Mapping[str, str] = {"reports": '"> 2"', "distance": '"<= 24"', "coverage": '">= 0.4"'}
"""Comparisons to show in messages."""

AUTOMODERATOR_KEYS = frozenset(
    (
        "standard",
        "set_flair",
        "overwrite_flair",
        "set_locked",
        "set_nsfw",
        "set_spoiler",
        "set_sticky",
        "set_contest_mode",
        "set_suggested_sort",
        "set_original_content",
        "set_post_crowd_control_level",
        "comment",
        "comment_locked",
        "comment_stickied",
        "message",
        "message_subject",
        "report_reason",
        "ignore_blockquotes",
        "body_longer_than",
        "body_shorter_than",
        "is_top_level",
        "is_gallery",
        "is_poll",
        "is_original_content",
        "is_meta_discussion",
        "discussion_type",
        "gallery_caption",
        "poll_option_text",
        "poll_option_count",
        "flair_css_class",
        "flair_template_id",
        "media_author",
        "media_author_url",
        "media_title",
        "media_description",
        "past_archive_date",
        "parent_submission",
        "crosspost_author",
        "crosspost_id",
        "crosspost_title",
        "crosspost_subreddit",
        "satisfy_any_threshold",
    )
)

AUTOMODERATOR_AUTHOR_KEYS = frozenset(
    (
        "id",
        "comment_karma",
        "post_karma",
        "link_karma",
        "combined_karma",
        "comment_subreddit_karma",
        "post_subreddit_karma",
        "combined_subreddit_karma",
        "account_age",
        "has_verified_email",
        "is_gold",
        "is_submitter",
        "is_contributor",
        "is_moderator",
        "contributor_quality",
        "flair_text",
        "flair_css_class",
        "flair_template_id",
        "set_flair",
        "overwrite_flair",
        "satisfy_any_threshold",
    )
)

AUTOMODERATOR_TYPES = frozenset(
    f"{kind} submission" for kind in ("text", "link", "crosspost", "poll", "gallery", "image", "video")
)

AUTOMODERATOR_ACTIONS: Mapping[str, str] = {
    "filter": "Reddit's API has no filter; write report, or remove and let a moderator review the case",
    "approve": "AutoModerator knows approve, gifwarden does not, as no fingerprint clears a post; write ignore",
    "spam": "AutoModerator knows spam, gifwarden does not; write remove",
}

NEAR_BY: Mapping[str, str] = {
    "nsfw": "over_18",
    "is_nsfw": "over_18",
    "report": "action: report",
    "remove": "action: remove",
    "reason": "action_reason",
    "flair": "flair_text",
    "bank": "exact_media or known_media",
    "media": "exact_media or known_media",
}
"""Words that people write and that no spelling distance leads home."""
