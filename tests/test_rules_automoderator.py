"""AutoModerator's vocabulary: the table of words is true, and rules written in it hold where AutoModerator's would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assemble import action_params
from bot.errors import RuleError
from bot.rules import MODIFIERS, RuleSet, automoderator_table, parse, run_examples
from bot.rules.language import automoderator

PAGE = Path(__file__).parent.parent / "docs" / "rules-automoderator.md"
WORDS = list(automoderator.every_word())


def rule(lines: str) -> str:
    """Return a rule that may remove, with these lines; an action among them takes the place of its own."""
    action = "" if re.search(r"^action: ", lines, re.MULTILINE) else "action: remove\n"
    reason = "" if "action_reason" in lines or "report_reason" in lines else "action_reason: x\n"
    return f"name: x\nexact_media: {{bank: [fakes]}}\n{action}{reason}{lines}\n"


def test_the_page_is_made_from_the_code() -> None:
    """docs/rules-automoderator.md is what `gifwarden rules automoderator` prints."""
    assert PAGE.read_text(encoding="utf-8") == automoderator_table(), "run: gifwarden rules automoderator"


@pytest.mark.parametrize("word", [w for w in WORDS if w.status == "supported"], ids=lambda w: f"{w.where} {w.name}")
def test_supported_words_load(word: automoderator.Word) -> None:
    """A word that the table calls supported stands in a rule that loads."""
    assert parse(rule(word.line), "r.yaml")


@pytest.mark.parametrize("word", [w for w in WORDS if w.status == "refused"], ids=lambda w: f"{w.where} {w.name}")
def test_refused_words_say_why(word: automoderator.Word) -> None:
    """A word that the table calls refused is an error with its line and the reason that stands in the table."""
    with pytest.raises(RuleError) as caught:
        parse(rule(word.line), "r.yaml")
    said = str(caught.value)
    assert re.match(r"r\.yaml, line \d+: ", said)
    assert word.note[1:].rstrip(".") in said
    assert "did you mean" not in said


DOCUMENTED = re.findall(
    r"\S+",
    """
    type priority moderators_exempt standard comment comment_locked comment_stickied modmail modmail_subject
    message message_subject id title domain url body flair_text flair_css_class flair_template_id
    poll_option_text poll_option_count crosspost_id crosspost_title media_author media_author_url media_title
    media_description reports body_longer_than body_shorter_than ignore_blockquotes is_edited is_gallery is_poll
    is_original_content is_meta_discussion past_archive_date discussion_type is_top_level author
    crosspost_author crosspost_subreddit parent_submission action_reason report_reason set_flair overwrite_flair
    set_locked set_sticky set_nsfw set_spoiler set_contest_mode set_original_content set_suggested_sort
    set_post_crowd_control_level name comment_karma post_karma combined_karma comment_subreddit_karma
    post_subreddit_karma combined_subreddit_karma account_age satisfy_any_threshold has_verified_email is_gold
    is_submitter is_contributor is_moderator contributor_quality is_nsfw approve remove spam filter report
    includes includes-word starts-with ends-with full-exact full-text regex case-sensitive ~ + #
    """,
)
"""AutoModerator's words, as its documentation lists them."""


def test_no_documented_word_is_missing() -> None:
    """Every word that AutoModerator documents stands in the table, and so nothing is passed over in silence."""
    assert set(DOCUMENTED) <= {word.name for word in WORDS}


# checks of a rule, the post in the words of an example, whether the rule fires
EXAMPLES = [
    ("type: submission\ntitle: a", "title: a", True),
    ("type: submission\nbody: a", "type: comment, body: a", False),
    ("type: comment\nbody: a", "type: comment, body: a", True),
    ("type: comment\nbody: a", "title: a, body: a", False),
    ("type: any\nbody: a", "type: comment, body: a", True),
    ("type: any\nbody: a", "type: text submission, body: a", True),
    ("type: text submission\nbody: a", "type: text submission, body: a", True),
    ("type: text submission\nbody: a", "type: submission, body: a", False),
    ("type: link submission\ntitle: a", "title: a", True),
    ("type: link submission\ntitle: a", "type: text submission, title: a", False),
    ("type: link submission\ntitle: a", "type: gallery submission, title: a", True),
    ("type: crosspost submission\ntitle: a", "type: crosspost submission, title: a", True),
    ("type: crosspost submission\ntitle: a", "title: a", False),
    ("type: poll submission\ntitle: a", "type: poll submission, title: a", True),
    ("type: poll submission\ntitle: a", "type: text submission, title: a", False),
    ("type: text submission\ntitle: a", "type: poll submission, title: a", True),
    ("type: gallery submission\ntitle: a", "type: gallery submission, title: a", True),
    ("type: gallery submission\ntitle: a", "type: submission, title: a", False),
    ("title: word", "title: a Word here", True),
    ("title: word", "title: a wordy one", False),
    ("title: [one, word]", "title: a word", True),
    ("title (includes): wor", "title: a word", True),
    ("title (includes-word): wor", "title: a word", False),
    ("title (starts-with): a w", "title: A word", True),
    ("title (starts-with): word", "title: A word", False),
    ("title (ends-with): word", "title: A word", True),
    ("title (ends-with): a", "title: A word", False),
    ("title (full-exact): a word", "title: A word", True),
    ("title (full-exact): a word", "title: A word!", False),
    ("title (full-text): a word", "title: (A word!)", True),
    ("title (regex): 'w[ao]rd'", "title: A ward", True),
    ("title (regex): 'w[ao]rd'", "title: awards", False),
    ("title (regex, includes): 'w[ao]rd'", "title: awards", True),
    ("title (regex, starts-with): 'w[ao]rd'", "title: ward a", True),
    ("title (regex, full-exact): 'w[ao]rd'", "title: ward a", False),
    ("title (case-sensitive): Word", "title: a word", False),
    ("title (case-sensitive): Word", "title: a Word", True),
    ("~title: word", "title: a word", False),
    ("~title: word", "title: another", True),
    ("~title (regex): '^\\[.{2,10}\\]'", "title: '[tag] a word'", False),
    ("~title (regex): '^\\[.{2,10}\\]'", "title: a word", True),
    ("title+body: word", "type: text submission, body: word", True),
    ("title+body: word", "type: text submission, title: none, body: none", False),
    ("~title+body: word", "type: text submission, title: a, body: b", True),
    ("title#1: one\ntitle#2: two", "title: one two", True),
    ("title#1: one\ntitle#2: two", "title: one", False),
    ("body: word", "type: text submission, body: a word", True),
    ("~body: word", "title: a link without text", False),
    ("~body: word", "type: text submission", True),
    ("~body: word", "title: a link, body: with text", True),
    ("body: word\nignore_blockquotes: true", 'type: comment, body: "> word\\nother"', False),
    ("body: word\nignore_blockquotes: true", 'type: comment, body: "&gt; word\\nother"', False),
    ("body: word\nignore_blockquotes: true", 'type: comment, body: "> other\\nword"', True),
    ("body: word\nignore_blockquotes: false", 'type: comment, body: "> word\\nother"', True),
    ("body_longer_than: 3", "type: comment, body: '!!four!!'", True),
    ("body_longer_than: 4", "type: comment, body: '!!four!!'", False),
    ("body_shorter_than: 5", "type: comment, body: '!!four!!'", True),
    ("body_shorter_than: 4", "type: comment, body: four", False),
    ("body_shorter_than: 5", "title: a link without text", False),
    ("body_shorter_than: 5", "type: text submission", True),
    ("url: example.com/watch", "url: 'https://example.com/watch/a'", True),
    ("url: example.com/watch", "url: 'https://example.com/a'", False),
    ("url (full-exact): 'https://example.com/a'", "url: 'https://example.com/a'", True),
    ("~url: example.com", "type: text submission", False),
    ("domain: example.com", "url: 'https://example.com/a'", True),
    ("domain: example.com", "url: 'https://i.example.com/a'", True),
    ("domain: example.com", "url: 'https://notexample.com/a'", False),
    ("domain: [a.example, b.example]", "url: 'https://b.example/'", True),
    ("~domain: [a.example, b.example]", "url: 'https://c.example/'", True),
    ("domain: self.example", "type: text submission", True),
    ("domain: self.example", "title: a link", False),
    ("domain (includes): exam", "url: 'https://www.example.com/'", True),
    ("id: abc", "id: abc", True),
    ("id: t3_abc", "id: abc", True),
    ("id: t1_abc", "type: comment, id: abc", True),
    ("id: [abd, abe]", "id: abc", False),
    ("flair_text: Video", "flair_text: video", True),
    ("flair_text: Video", "flair_text: video clip", False),
    ("flair_text (includes): Video", "flair_text: video clip", True),
    ("~flair_text: Video", "flair_text: Photo", True),
    ("~flair_text: Video", "title: without one", False),
    ("flair_css_class: video", "flair_css_class: video", True),
    ("flair_css_class: video", "flair_css_class: videos", False),
    ("flair_template_id: 0f5a-11ec", "flair_template_id: 0F5A-11EC", True),
    ("flair_template_id: 0f5a-11ec", "flair_template_id: 0f5a-11ed", False),
    ("poll_option_text: him", "type: poll submission, poll_options: [her, him]", True),
    ("poll_option_text: him", "type: poll submission, poll_options: [her, them]", False),
    ("poll_option_count: 3", "type: poll submission, poll_options: [a, b, c]", True),
    ('poll_option_count: "> 3"', "type: poll submission, poll_options: [a, b, c]", False),
    ('poll_option_count: "< 3"', "title: no poll", False),
    ("gallery_caption: faked", "type: gallery submission, gallery_captions: [a, faked one]", True),
    ("media_author: somebody", "media_author: Somebody", True),
    ("media_author: some", "media_author: somebody", False),
    ("media_author_url: /user/some", "media_author_url: 'https://a.example/user/somebody'", True),
    ("media_title: word", "media_title: a word", True),
    ("~media_title: word", "title: nothing embedded", False),
    ("media_description (includes): wor", "media_description: a word", True),
    ("crosspost_id: abc", "crosspost: {id: abc}", True),
    ("crosspost_id: t3_abc", "crosspost: {id: abc}", True),
    ("crosspost_id: abc", "id: abc", False),
    ("crosspost_title: word", "crosspost: {title: a word}", True),
    ("crosspost_title: word", "title: a word", False),
    ("title+crosspost_title: word", "title: none, crosspost: {title: a word}", True),
    ("crosspost_author: somebody", "crosspost: {author: SomeBody}", True),
    ("crosspost_author: u/somebody", "crosspost: {author: somebody}", True),
    ("~crosspost_author: somebody", "crosspost: {author: other}", True),
    ("~crosspost_author: somebody", "title: no crosspost", False),
    ("crosspost_author: {name (starts-with): some}", "crosspost: {author: somebody}", True),
    ("crosspost_author: {id: t2_abc}", "crosspost: {author: x, author_id: t2_abc}", True),
    ("crosspost_subreddit: elsewhere", "crosspost: {subreddit: Elsewhere}", True),
    ("crosspost_subreddit: {name: r/elsewhere}", "crosspost: {subreddit: elsewhere}", True),
    ("crosspost_subreddit: {is_nsfw: true}", "crosspost: {subreddit: a, over_18: true}", True),
    ("crosspost_subreddit: {is_nsfw: true}", "crosspost: {subreddit: a}", False),
    ("crosspost_subreddit: {is_nsfw: false}", "title: no crosspost", False),
    ("parent_submission: {title: word}", "type: comment, parent: {title: a word}", True),
    ("parent_submission: {~title: word}", "type: comment, parent: {title: a word}", False),
    ("parent_submission: {title: word}", "title: a word", False),
    ("parent_submission: {id: t3_abc}", "type: comment, parent: {id: abc}", True),
    ("parent_submission: {domain: a.example}", "type: comment, parent: {url: 'https://i.a.example/b'}", True),
    ("parent_submission: {url: /b}", "type: comment, parent: {url: 'https://i.a.example/b'}", True),
    ("parent_submission: {author: somebody}", "type: comment, parent: {author: somebody}", True),
    ("parent_submission: {author: {name: other}}", "type: comment, parent: {author: somebody}", False),
    ("parent_submission: {over_18: true}", "type: comment, parent: {over_18: true}", True),
    ("reports: 2", "reports: 2", True),
    ("reports: 2", "reports: 1", False),
    ('reports: "= 2"', "reports: 3", False),
    ('reports: "<= 2"', "reports: 2", True),
    ("is_edited: true", "is_edited: true", True),
    ("is_edited: false", "is_edited: true", False),
    ("over_18: true", "over_18: true", True),
    ("is_gallery: true", "type: gallery submission", True),
    ("is_gallery: false", "type: gallery submission", False),
    ("is_poll: true", "type: poll submission", True),
    ("is_poll: true", "type: text submission", False),
    ("is_original_content: true", "is_original_content: true", True),
    ("is_original_content: true", "title: a", False),
    ("is_meta_discussion: true", "is_meta_discussion: true", True),
    ("is_meta_discussion: false", "title: a", True),
    ("is_top_level: true", "type: comment, is_top_level: true", True),
    ("is_top_level: false", "type: comment, is_top_level: true", False),
    ("is_top_level: true", "type: submission", False),
    ("past_archive_date: true", "age: 7 months", True),
    ("past_archive_date: true", "age: 5 months", False),
    ("past_archive_date: false", "age: 5 months", True),
    ("discussion_type: chat", "discussion_type: CHAT", True),
    ("discussion_type: comments", "title: a", True),
    ("discussion_type: null", "title: a", True),
    ("discussion_type: chat", "title: a", False),
    ("subreddit: r/example", "title: a", True),
    ("author: somebody", "author: SomeBody", True),
    ("author: [u/somebody, other]", "author: somebody", True),
    ("~author: somebody", "author: somebody", False),
    ("~author: [a, b]", "author: somebody", True),
    ("author: {name: somebody}", "author: somebody", True),
    ("author: {~name: somebody}", "author: somebody", False),
    ("author: {name (regex): 'some.{0,5}'}", "author: somebody", True),
    ("author: {id: abc}", "author_id: t2_abc", True),
    ("author: {flair_text: trusted}", "author_flair_text: Trusted", True),
    ("author: {~flair_text (includes): trust}", "author_flair_text: Trusted", False),
    ("author: {flair_css_class: x}", "author_flair_css_class: x", True),
    ("author: {flair_template_id: x}", "author_flair_template_id: y", False),
    ("author: {is_submitter: true}", "type: comment, is_submitter: true", True),
    ("author: {is_submitter: false}", "type: comment, is_submitter: true", False),
    ("author: {is_submitter: true}", "title: of a submission", True),
    ("author: {is_gold: true}", "is_gold: true", True),
    ("author: {is_gold: false}", "is_gold: true", False),
    ("author: {is_moderator: true}\nmoderators_exempt: false", "moderator: true", True),
    ("author: {is_moderator: true}", "moderator: true", False),
    ("title: a\nmoderators_exempt: false", "title: a, moderator: true", True),
    ("title: a", "title: a, moderator: true", False),
]
# checks of a rule on the author, what Reddit tells, whether the rule fires
AUTHORS = [
    ('author: {comment_karma: "< 10"}', "{comment_karma: 9}", True),
    ('author: {comment_karma: "< 10"}', "{comment_karma: 10}", False),
    ('author: {comment_karma: "> 10"}', "{comment_karma: 11}", True),
    ("author: {comment_karma: 10}", "{comment_karma: 10}", True),
    ("author: {comment_karma: 10}", "{comment_karma: 11}", False),
    ('author: {comment_karma: "== 10"}', "{comment_karma: 10}", True),
    ('author: {comment_karma: "< -5"}', "{comment_karma: -6}", True),
    ('author: {comment_karma: "<= -5"}', "{comment_karma: -4}", False),
    ('author: {post_karma: "< 10"}', "{post_karma: 3}", True),
    ('author: {combined_karma: "< 10"}', "{post_karma: 3, comment_karma: 8}", False),
    ('author: {combined_karma: "< 10"}', "{post_karma: 3}", False),
    ('author: {account_age: "< 7 days"}', "{account_age: 6 days}", True),
    ('author: {account_age: "< 7 days"}', "{account_age: 8 days}", False),
    ('author: {account_age: "< 7"}', "{account_age: 6 days}", True),
    ('author: {account_age: "> 1 year"}', "{account_age: 366 days}", True),
    ('author: {account_age: "< 2 weeks"}', "{account_age: 13 days}", True),
    ('author: {account_age: "< 90 minutes"}', "{account_age: 1 hour}", True),
    ('author: {account_age: "< 1 hour"}', "{account_age: 90 minutes}", False),
    ('author: {account_age: "> 2 months"}', "{account_age: 59 days}", False),
    ('author: {account_age: "< 7 days", post_karma: "< 5"}', "{account_age: 6 days, post_karma: 9}", False),
    (
        'author: {account_age: "< 7 days", post_karma: "< 5", satisfy_any_threshold: true}',
        "{account_age: 6 days, post_karma: 9}",
        True,
    ),
    (
        'author: {account_age: "< 7 days", post_karma: "< 5", satisfy_any_threshold: false}',
        "{account_age: 6 days, post_karma: 9}",
        False,
    ),
    (
        'author: {account_age: "< 7 days", post_karma: "< 5", satisfy_any_threshold: true}',
        "{account_age: 8 days, post_karma: 9}",
        False,
    ),
    ("author: {has_verified_email: false}", "{has_verified_email: false}", True),
    ("author: {has_verified_email: true}", "{has_verified_email: false}", False),
    ("author: {has_verified_email: false}", "{post_karma: 1}", False),
    ("author: {is_gold: true}", "{is_gold: true}", True),
    ("author: {is_contributor: false}", "{is_contributor: false}", True),
    ("author: {is_contributor: false}", "{is_contributor: true}", False),
    ("author: {is_contributor: false}", "{post_karma: 1}", False),
    ("author: {is_moderator: false}", "{is_moderator: false}", True),
    ("author: {is_moderator: true}\nmoderators_exempt: false", "{is_moderator: true}", True),
    ("over_18: false", "{is_moderator: true}", False),
    ("over_18: false\nmoderators_exempt: false", "{is_moderator: true}", True),
    ('author: {account_age: "< 7 days"}', "gone", False),
    ('author: {account_age: "> 7 days"}', "gone", False),
    ("author: {has_verified_email: false}", "gone", False),
    ('author: {comment_karma: "< 10", name: someone}', "{comment_karma: 9}", True),
    ('author: {comment_karma: "< 10", name: other}', "{comment_karma: 9}", False),
]


def outcome(checks: str, example: str) -> list[str]:
    """Return what fails when a rule with these checks must make something of an example."""
    made = RuleSet(parse(f"name: x\naction: review\n{checks}\nexamples:\n  - {{{example}}}\n", "r.yaml"))
    return [str(failure) for failure in run_examples(made)]


@pytest.mark.parametrize(("checks", "post", "fires"), EXAMPLES)
def test_rules_hold_where_automoderators_would(checks: str, post: str, fires: bool) -> None:
    """Each rule fires for the posts for which AutoModerator's would, and for no others."""
    assert outcome(checks, f"post: {{{post}}}, gives: {'review' if fires else 'nothing'}") == []


@pytest.mark.parametrize(("checks", "author", "fires"), AUTHORS)
def test_rules_on_authors_hold_where_automoderators_would(checks: str, author: str, fires: bool) -> None:
    """Thresholds, approval and the rest look at what Reddit told, and hold for nobody of whom nothing is known."""
    assert outcome(checks, f"author: {author}, gives: {'review' if fires else 'nothing'}") == []


def test_there_are_as_many_examples_as_promised() -> None:
    """The language is shown by at least 150 rules."""
    assert len({checks for checks, _, _ in EXAMPLES + AUTHORS}) >= 150


FIELDS = ("title", "crosspost_title", "media_title", "flair_text", "author: name", "parent_submission: title")
letters = st.text(alphabet="abAB .!", min_size=1, max_size=8)


@given(st.sampled_from(FIELDS), st.sampled_from([m for m in MODIFIERS if m != "regex"]), letters, letters)
@pytest.mark.slow
def test_every_field_takes_every_modifier_alike(field: str, modifier: str, word: str, text: str) -> None:
    """A modifier means the same for every text field: where it holds for a title, it holds for the same text there."""
    if not word.strip() or not text.strip() or (modifier == "full-text" and not word.strip(" .!")):
        return
    table, _, name = field.rpartition(": ")
    if name == "name" and word != word.strip():
        return  # names are compared without the space around them
    key = f"{name} (includes, {modifier})" if modifier == "case-sensitive" else f"{name} ({modifier})"
    line = f"'{key}': ['{word}']"
    told = {"title": "title", "flair_text": "flair_text", "media_title": "media_title", "author: name": "author"}
    post = f"{told[field]}: '{text}'" if field in told else {
        "crosspost_title": f"crosspost: {{title: '{text}'}}",
        "parent_submission: title": f"type: comment, parent: {{title: '{text}'}}",
    }[field]  # fmt: skip
    checks = f"{table}: {{{line}}}" if table else line
    title = key.replace(name, "title", 1)
    fires = outcome(f"'{title}': ['{word}']", f"post: {{title: '{text}'}}, gives: review") == []
    assert outcome(checks, f"post: {{{post}}}, gives: {'review' if fires else 'nothing'}") == []


@given(
    st.sampled_from(["comment_karma", "post_karma"]),
    st.sampled_from(["<", "<=", ">", ">=", "=", "=="]),
    st.integers(-1000, 1000),
    st.integers(-1000, 1000),
)
@pytest.mark.slow
def test_thresholds_compare_as_numbers_do(name: str, sign: str, wanted: int, told: int) -> None:
    """A threshold holds exactly where the comparison of the numbers does, and its complement where it does not."""
    holds = {"<": told < wanted, "<=": told <= wanted, ">": told > wanted, ">=": told >= wanted}.get(
        sign, told == wanted
    )
    checks = f'author: {{{name}: "{sign} {wanted}"}}'
    assert outcome(checks, f"author: {{{name}: {told}}}, gives: {'review' if holds else 'nothing'}") == []


def test_every_word_can_be_done() -> None:
    """No supported word asks for an action, or a parameter of one, that is not there; what is missing is refused."""
    for word in WORDS:
        if word.status == "supported":
            assert parse(rule(word.line), "r.yaml", actions=action_params()), word
    whole = rule("set_locked: true\nset_flair: {text: a, template_id: b}\noverwrite_flair: true\nmod_note: n")
    assert parse(whole, "r.yaml", actions=action_params())
    for kinds, said in (
        ({"remove": {"reason"}}, "line 5: set_locked cannot be done: this version has no action lock; remove it"),
        ({"remove": {"reason"}, "lock": {}, "note": {"text"}, "flair": {"text"}}, "template_id cannot be done"),
        ({}, "line 3: action cannot be done: this version has no action remove"),
    ):
        with pytest.raises(RuleError, match=said):
            parse(whole, "r.yaml", actions=kinds)
