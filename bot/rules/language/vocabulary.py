"""The words of the rule language, one line of help each. What of AutoModerator's is not spoken: automoderator.py."""

from __future__ import annotations

from collections.abc import Mapping

SETTINGS: Mapping[str, str] = {
    "name": "What the rule is called; required, one line, unique.",
    "override": "Instead of a name: the rule of an earlier file whose keys this document replaces.",
    "disabled": "With override: true takes that rule out for this subreddit.",
    "priority": "Rules with a higher number are tried first; default 0.",
    "moderators_exempt": "Whether posts of the subreddit's moderators are left alone; default true.",
    "ignore_blockquotes": "Whether checks on the body leave out the lines that quote somebody; default false.",
    "action": "ignore, review, report, remove or spam; required.",
    "on_confirm": "What is done besides once a person confirms the case: remove or report; default nothing more.",
    "action_reason": "The reason of a report or removal, at most 100 characters; may hold placeholders.",
    "report_reason": "AutoModerator's other word for action_reason.",
    "removal_reason": "The title of the subreddit's removal reason that a removal is filed under.",
    "message": "What the author of what is removed reads, instead of the usual words; may hold placeholders.",
    "message_subject": "Its subject, at most 50 characters; may hold placeholders.",
    "silent": "true: the author of what is removed is not told; needs silent_reason.",
    "silent_reason": "Why not, in words for the moderators.",
    "modmail": "A message to the moderators; may hold placeholders.",
    "modmail_subject": "Its subject, at most 100 characters; may hold placeholders.",
    "set_locked": "true locks the post.",
    "set_nsfw": "true marks the submission NSFW.",
    "set_spoiler": "true marks the submission as a spoiler.",
    "set_flair": "The submission's new flair: a text, [text, css class], or {text, css_class, template_id}.",
    "overwrite_flair": "Whether set_flair replaces a flair that is there; default false.",
    "mod_note": "A note for moderators on the author, at most 250 characters; may hold placeholders.",
    "notify_host": "confirm drafts a notice to the host, which a person must confirm; no (the default) does not.",
    "examples": "Evidence with the outcome it must give, run by gifwarden rules check.",
}
"""What a rule says of itself and of what follows."""

CHECKS: Mapping[str, str] = {
    "type": "submission, comment, text, link, crosspost, poll or gallery submission, or any (the default).",
    "title": "Words in a submission's title.",
    "body": "Words in a submission's or comment's text.",
    "url": "Parts of the address that a submission links to.",
    "domain": "Domains, with their subdomains, that a submission links to; self.NAME for a text.",
    "id": "Reddit ids, with or without t3_ or t1_.",
    "flair_text": "The whole text of a submission's flair.",
    "flair_css_class": "The CSS class of a submission's flair.",
    "flair_template_id": "The template of a submission's flair.",
    "poll_option_text": "Words in an option of a poll.",
    "poll_option_count": 'How many options a poll has, such as "> 2".',
    "gallery_caption": "Words in a caption of a gallery.",
    "media_author": "Who made an embedded media, as its page says.",
    "media_author_url": "Parts of that author's address.",
    "media_title": "Words in the embedded media's title.",
    "media_description": "Words in its description.",
    "crosspost_id": "The id of the submission that a crosspost shows.",
    "crosspost_title": "Words in its title.",
    "crosspost_author": "Its author: account names, or {name, id}.",
    "crosspost_subreddit": "Its subreddit: names, or {name, is_nsfw}.",
    "parent_submission": "The submission that a comment stands under: {title, id, url, domain, author, over_18}.",
    "author": "Account names, or a table of checks on the author.",
    "subreddit": "Subreddit names, for rule files that several subreddits share.",
    "is_edited": "Whether the post was edited.",
    "over_18": "Whether the post is marked NSFW.",
    "is_gallery": "Whether it is a gallery.",
    "is_poll": "Whether it is a poll.",
    "is_original_content": "Whether it is marked as original content.",
    "is_meta_discussion": "Whether it is a meta discussion.",
    "is_top_level": "Whether a comment answers the submission itself.",
    "past_archive_date": "Whether the post was older than six months when its media was fetched.",
    "discussion_type": "chat or comments.",
    "body_longer_than": "The text has more characters than this.",
    "body_shorter_than": "The text has fewer characters than this.",
    "reports": 'How many reports the post has: 2 means at least two; also "> 2", "< 5".',
}
"""Checks on the post."""

EVIDENCE: Mapping[str, str] = {
    "exact_media": "The very file of an entry in one of the banks.",
    "known_media": "A copy of an entry in one of the banks: the very file or a near copy.",
    "source_media": "The footage of an entry of a source bank, with another face; for review only.",
    "face": "A face that resembles a protected person; for review only.",
    "nudity": 'The score of the nudity signal: true, a comparison such as ">= 0.9", or {score, frames}.',
    "sexual_context": "Whether the post is marked NSFW, host or subreddit are adult ones, or the media shows nudity.",
    "host": "Hosts that the link leads to, by gifwarden's names for them.",
}
"""Checks on the evidence."""

KEYS: Mapping[str, str] = {**SETTINGS, **CHECKS, **EVIDENCE}
"""Every key of a rule with one line of help."""

AUTHOR_KEYS: Mapping[str, str] = {
    "name": "Account names.",
    "id": "The account's id, with or without t2_.",
    "flair_text": "The author's flair in the subreddit.",
    "flair_css_class": "Its CSS class.",
    "flair_template_id": "Its template.",
    "comment_karma": 'A comparison such as "< 10"; without a sign: exactly.',
    "post_karma": "The same for posts.",
    "combined_karma": "The same for both together.",
    "account_age": 'Such as "< 7 days"; minutes, hours, days, weeks, months or years; without a unit: days.',
    "satisfy_any_threshold": "true: one of karma and age is enough; default false.",
    "has_verified_email": "Whether the account has a verified e-mail address.",
    "is_gold": "Whether it is a premium member.",
    "is_submitter": "Whether a comment is by the one who made the submission.",
    "is_contributor": "Whether the author is an approved user of the subreddit.",
    "is_moderator": "Whether the author is a moderator of the subreddit.",
}
"""The keys inside author."""

CROSSPOST_AUTHOR_KEYS: Mapping[str, str] = {"name": "Account names.", "id": "The account's id."}
CROSSPOST_SUBREDDIT_KEYS: Mapping[str, str] = {
    "name": "Subreddit names.",
    "is_nsfw": "Whether what it shows is marked NSFW.",
}
PARENT_KEYS: Mapping[str, str] = {
    "title": "Words in its title.",
    "id": "Its id, with or without t3_.",
    "url": "Parts of the address it links to.",
    "domain": "The domain of that address.",
    "author": "Account names.",
    "over_18": "Whether it is marked NSFW.",
}

_BANK = "The banks to look in."
_FRAMES = 'How many frames matched, such as ">= 3".'
_TRANSFORM = "How the copy was changed: none, or the words of the evidence, such as mirror."
COPY_KEYS: Mapping[str, Mapping[str, str]] = {
    "exact_media": {"bank": _BANK},
    "known_media": {
        "bank": _BANK,
        "distance": 'The largest distance in bits, such as "<= 24"; only tighter than the search itself.',
        "inliers": 'The least inliers of a match that is not counted in bits, such as ">= 20".',
        "coverage": 'The least share of the post\'s media or of the entry that matched, such as ">= 0.4".',
        "frames": _FRAMES,
        "transform": _TRANSFORM,
        "method": "pdq, phash, region or local: which near matches count; default all. The very file always does.",
        "face_region": "agrees: near copies count only if their faces agree with the entry's too.",
    },
    "source_media": {
        "bank": _BANK,
        "coverage": 'The least share of the media or of the entry, such as ">= 0.4".',
        "frames": _FRAMES,
        "transform": _TRANSFORM,
        "face_region": "differs, unknown, or both (the default).",
    },
    "face": {
        "person": "any, or labels of persons in the gallery.",
        "probability": 'The least probability, such as ">= 0.95".',
        "distance": 'The largest distance of the model, such as "< 0.5".',
        "faces": 'How many such faces, such as ">= 2".',
        "model": "Which models count; default all.",
    },
    "nudity": {"score": 'A comparison from 0 to 1, such as ">= 0.9".', "frames": "In how many frames."},
}
"""The keys inside the checks on evidence."""

FLAIR_KEYS: Mapping[str, str] = {
    "text": "The words, at most 64 characters; may hold placeholders.",
    "css_class": "The CSS class.",
    "template_id": "The template.",
}
"""The keys inside set_flair."""

EXAMPLE_KEYS: Mapping[str, str] = {
    "exact": "A bank in which the very file is found, or {bank, confirmed, kind, suppressed}.",
    "near": "A bank in which a near copy is found, or the same with {distance, coverage, method, face_region, …}.",
    "source": "A bank whose footage is found with another face, or {bank, coverage, frames, transform, face_region}.",
    "face": "A person's label, or {person, probability, distance, model}; or a list.",
    "nudity": "The score of the nudity signal, or {score, frames}.",
    "post": "The post: {type, title, …}; none for a file or address alone; default: a plain submission.",
    "author": "What Reddit tells of the author: {comment_karma, post_karma, account_age, …}, or gone.",
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

ACTIONS: tuple[str, ...] = ("ignore", "review", "report", "remove", "spam")

PLACEHOLDERS: Mapping[str, str] = {
    "author": "the account that posted",
    "permalink": "the address of the post",
    "title": "the submission's title",
    "subreddit": "the subreddit's name",
    "kind": "submission or comment",
    "case": "the label of the case",
    "host": "the host of the link, by gifwarden's name for it",
    "sure": "how sure what was found is, such as Exact file or Near copy; only in texts for moderators",
    "match": "the words of the post that the rule's first text check found",
}
"""What may stand in double braces in texts that users or moderators read."""

SECRET_PLACEHOLDERS = frozenset(
    (
        *("entry", "person", "bank", "distance", "threshold", "face", "similarity"),
        *("rule", "sha256", "md5", "hash", "media", "url"),
    )
)


SAMPLES: Mapping[str, str] = {
    "reports": '"> 2"',
    "poll_option_count": '"> 2"',
    "distance": '"<= 24"',
    "coverage": '">= 0.4"',
    "frames": '">= 3"',
    "inliers": '">= 20"',
    "faces": '">= 2"',
    "probability": '">= 0.95"',
    "face distance": '"< 0.5"',
    "nudity": '">= 0.9"',
    "score": '">= 0.9"',
    "account_age": '"< 7 days"',
    "comment_karma": '"< 10"',
    "post_karma": '"< 10"',
    "combined_karma": '"< 10"',
}
"""Comparisons to show in messages."""

NEAR_BY: Mapping[str, str] = {
    "nsfw": "over_18",
    "is_nsfw": "over_18",
    "report": "action: report",
    "remove": "action: remove",
    "reason": "action_reason",
    "flair": "flair_text",
    "bank": "exact_media or known_media",
    "media": "exact_media or known_media",
    "note": "mod_note",
    "lock": "set_locked",
    "locked": "set_locked",
    "spoiler": "set_spoiler",
    "account_age": "author: {account_age: …}",
    "comment_karma": "author: {comment_karma: …}",
    "post_karma": "author: {post_karma: …}",
    "combined_karma": "author: {combined_karma: …}",
    "satisfy_any_threshold": "author: {satisfy_any_threshold: …}",
    "is_moderator": "author: {is_moderator: …}",
    "is_contributor": "author: {is_contributor: …}",
    "is_submitter": "author: {is_submitter: …}",
    "is_gold": "author: {is_gold: …}",
    "has_verified_email": "author: {has_verified_email: …}",
}
"""Words that people write and that no spelling distance leads home."""
