"""Rules that are wrong: every mistake of all files, documents and keys at once, each with its line."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Gathered, RuleError
from bot.rules import load, parse, unknown_banks
from bot.rules.language import yaml
from tests.sentences import JARGON, damaged

HEAD = "name: x\nexact_media: {bank: [fakes]}\naction: review\n"


def told(text: str) -> tuple[str, ...]:
    """Return the sentences on a text of rules; none if it is right."""
    try:
        parse(text, "r.yaml", hosts=("redgifs", "imgur"))
    except RuleError as error:
        return error.mistakes
    return ()


BROKEN: list[tuple[str, list[int], str]] = [
    # no YAML, in words
    ("name: a: b\naction: review", [1], "put quotes around the value"),
    ("name: x\naction review\n", [2], "write key: value"),
    ('name: "x\naction: review\n', [1], "never ends"),
    ("name: 'x\naction: review\n", [1], "never ends"),
    ("name: x\n\ttitle: a\n", [2], "a tab stands here"),
    ("name: x\ntitle: [a, b\naction: review\n", [2], "is not closed"),
    ("name: x\nknown_media: {bank: a\naction: review\n", [2], "is not closed"),
    ("name: x\n  title: a\n", [2], "indented too far"),
    ("  name: x\ntitle: a\n", [2], "does not fit the lines above"),
    ("name: x\ntitle: @here\naction: review\n", [2], "put quotes around it"),
    ("name: x\ntitle: %d\naction: review\n", [2], "put quotes around it"),
    ("name: x\ntitle: *bold*\naction: review\n", [2], "put quotes around it"),
    ("name: x\ntitle: &amp\naction: review\n", [2], "put quotes around it"),
    ("name: x\ntitle: !important\naction: review\n", [2], "put quotes around it"),
    ('name: x\ntitle (regex): "\\d+"\naction: review\n', [2], "single quotes"),
    ("name: x\ntitle: - a\naction: review\n", [2], "begin a new line"),
    ("name: x\ntitle:\n  - a\n - b\naction: review\n", [4], "indent"),
    ("name: x\nmodmail: | text\naction: review\n", [2], "on the lines below"),
    ("name: x\ntitle: 'it's'\naction: review\n", [2], "quotes"),
    ("name: x\x07\naction: review\n", [1], "control character"),
    ("- name: x\n", [1], "a rule is a table"),
    ("words\n", [1], "a rule is a table"),
    # one key
    (f"{HEAD}titel: a", [4], "did you mean title?"),
    (f"{HEAD}Title: a", [4], "did you mean title?"),
    (f"{HEAD}nsfw: true", [4], "did you mean over_18?"),
    (f"{HEAD}name: y", [4], "stands twice"),
    (f"{HEAD}host: [redgif]", [4], "did you mean redgifs?"),
    (f"{HEAD}priority: high", [4], "whole number"),
    (f"{HEAD}over_18: maybe", [4], "true or false"),
    (f"{HEAD}over_18: 'true'", [4], "without quotes"),
    (f"{HEAD}type: submision", [4], "did you mean submission?"),
    (f"{HEAD}title (regx): a", [4], "did you mean regex?"),
    (f"{HEAD}title: []", [4], "empty list"),
    (f"{HEAD}title:", [4], "has no value"),
    (f"{HEAD}title: {{a: b}}", [4], "a value or a list"),
    (f"{HEAD}title+bodi: a", [4], "did you mean body?"),
    (f"{HEAD}author: {{karma: 3}}", [4], "is not a key of author"),
    (f"{HEAD}author: {{}}", [4], "author is empty"),
    (f"{HEAD}notify_host: yes", [4], "is one of no, confirm"),
    (f"{HEAD}modmail: 'Hello {{{{autor}}}}'", [4], "did you mean author?"),
    (f"{HEAD}modmail_subject: a", [4], "needs a modmail"),
    (f"{HEAD}examples: yes", [4], "examples is a list"),
    (f"{HEAD}examples:\n  - {{exact: fakes}}", [5], "does not say what comes out"),
    (f"{HEAD}examples:\n  - {{exact: fakes, gives: reviw}}", [5], "did you mean review?"),
    (f"{HEAD}examples:\n  - {{exat: fakes, gives: review}}", [5], "did you mean exact?"),
    ("name: x\nknown_media: {bnk: a, bank: b}\naction: review", [2], "did you mean bank?"),
    ("name: x\nexact_media: {bank: [a]}\naction: reprot", [3], "did you mean report?"),
    ("name: x\nexact_media: {bank: [a]}\nactoin: review", [3], "did you mean action?"),
    ("nmae: x\nexact_media: {bank: [a]}\naction: review", [1], "did you mean name?"),
    ("exact_media: {bank: [a]}\naction: review", [1], "has no name"),
    ("name: x\nexact_media: {bank: [a]}", [1], "has no action"),
    ("name: x\naction: review", [1], "has no check"),
    ("name: x\ntitle: a\naction: remove", [3], "needs exact_media or known_media"),
    ("override: y\npriority: 3", [1], "no rule stands before it"),
    (f"{HEAD}---\noverride: xx\npriority: 3", [5], "there is no rule xx to override"),
    (f"{HEAD}---\noverride: x\nname: y\npriority: 3", [6], "keeps the rule's name"),
    (f"{HEAD}disabled: true", [4], "goes with override"),
    # several at once
    (f"{HEAD}titel: a\nover_18: maybe\npriority: high\n", [4, 5, 6], "did you mean title?"),
    ("name: x\nknown_media: {bank: a, distance: 3, coverage: '>= 40', frames: x}\naction: review", [2, 2, 2],
     "from 0 to 1"),
    ("name: x\nknown_media:\n  bank: []\n  distanse: 3\naction: reviw\n", [4, 5], "did you mean distance?"),
    (f"{HEAD}author:\n  karma: 3\n  account_age: 2\n  is_gold: maybe\n", [5, 6, 7], "true or false"),
    (f"{HEAD}message: hi\nset_flair: {{}}\nmod_note: '{'x' * 251}'\n", [4, 5, 6], "Reddit takes 250"),
    (f"{HEAD}examples:\n  - {{exact: a}}\n  - {{near: {{bank: a, method: b, coverage: 2}}, gives: no}}\n", [5, 6, 6, 6],
     "one of"),
    (f"{HEAD}titel: a\n---\nname: y\ntitle: a\naction: reviw\n---\nname: z\naction: review\n", [4, 8, 10],
     "did you mean title?"),
    (f"name: 'a\n---\n{HEAD}titel: a\n---\nname: [b\n---\n{HEAD}priority: x\n", [1, 6, 8, 13], "never ends"),
    ("name: !a x\ntitle: &b y\naction: review\n", [2], "begins with &"),
    ("name: !a x\ntitle: !b y\naction: !c review\n", [1, 2, 3], "begins with !"),
    ("name: \"\\e[31m\"\ntitle: \"\\e\"\ntitel: a\naction: review\n", [1, 2, 3], "control character"),
    (f"{HEAD}host: [redgif, imgurr]\n", [4, 4], "did you mean imgur?"),
    (f"name: base\ntitle: 'a\n---\noverride: base\npriority: 3\n---\n{HEAD}", [2], "never ends"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "words"), BROKEN)
def test_every_mistake_is_told_with_its_line(text: str, lines: list[int], words: str) -> None:
    """A sentence for each: file, line, what to do, the nearest known word; nothing follows from another mistake."""
    said = told(text)
    assert [int(one.partition(", line ")[2].partition(":")[0]) for one in said] == lines
    assert any(words in one for one in said)
    for one in said:
        assert one.startswith("r.yaml, line ")
        assert not JARGON.search(one)
        assert "\n" not in one


def test_all_files_are_told_at_once(tmp_path: Path) -> None:
    """What cannot be read, what is no YAML and what is no rule, file by file, with the number of mistakes below."""
    (tmp_path / "a.yaml").write_text(f"{HEAD}titel: a\n")
    (tmp_path / "b.yaml").write_text("name: [x\n")
    (tmp_path / "c.yaml").write_bytes(b"name: \xff\n")
    (tmp_path / "d.yaml").write_text(HEAD)
    with pytest.raises(RuleError) as caught:
        load([tmp_path, tmp_path / "none.yaml"])
    names = [re.findall(r"(\w+)\.yaml", one)[0] for one in caught.value.mistakes]
    assert sorted(names) == ["a", "b", "c", "none"]
    assert str(caught.value).endswith(f"4 mistakes in {len({'a', 'b', 'c'})} files")


def test_a_bank_that_there_is_not_is_told_with_its_line_and_the_nearest() -> None:
    """A misspelt bank would silently never match."""
    rules = parse(f"{HEAD}---\nname: y\nknown_media:\n  bank: [known-fake, fakes]\naction: review\n", "r.yaml")
    said = unknown_banks(rules, ["known-fakes", "fakes"])
    assert list(said) == ["known-fake"]
    assert said["known-fake"].startswith("r.yaml, line 7: there is no bank known-fake; did you mean known-fakes?")
    source = parse("name: z\nsource_media: {bank: original}\naction: review\n", "r.yaml")
    assert unknown_banks(source, ["known-fakes"]) == {}
    assert "did you mean originals?" in unknown_banks(source, ["originals"])["original"]


VALID = """\
---
name: Known fake, exact file
exact_media: {bank: [known-fakes]}
action: remove
action_reason: "Known fake (case {{case}})"
priority: 100
examples:
  - {exact: {bank: known-fakes}, gives: remove}
---
name: Titles
title+body (includes, case-sensitive): ["one", 'two']
~author (regex): ^bot
author:
  account_age: "< 7 days"
  comment_karma: "< 10"
action: review
modmail: |
  Please look at {{permalink}}.
---
override: Titles
priority: 5
"""


@settings(max_examples=150)
@given(st.data())
@pytest.mark.slow
def test_damaged_rules_are_read_or_told_in_sentences(data: st.DataObject) -> None:
    """Whatever is deleted, doubled or swapped: they load, or each sentence names a line of the file, without jargon."""
    text = damaged(VALID, data)
    count = len(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text))
    for said in told(text):
        where = re.match(r"r\.yaml(?:, line (\d+)(?: \(overridden at r\.yaml, line \d+\))?)?: (.+)\Z", said)
        assert where is not None, said
        assert 1 <= int(where[1] or 1) <= count
        assert not JARGON.search(where[2]), said


@pytest.mark.parametrize("text", [
    f"a: [\nname:{' ' * 100_000}{'y' * 300}\n", f"a: [\nname:{' x' * 60_000}\n", f"a: [\n{'name:' * 40_000}\n",
    "a: [\n" + "name:  \n" * 20_000,
])  # fmt: skip
def test_a_name_in_what_is_no_yaml_takes_no_time(text: str) -> None:
    """However a broken document is written, its name is looked for in a moment: nothing can stop a search under way."""
    begun = time.process_time()
    node, _ = next(yaml._composed(text, "r.yaml", Gathered()), (None, 0))
    assert time.process_time() - begun < 5
    names = [entry.value.text for entry in node.entries] if isinstance(node, yaml.Table) else []  # type: ignore[union-attr]  # a name is a scalar
    assert all(0 < len(name) <= yaml.MAX_NAME for name in names)


@pytest.mark.parametrize("line", ["name: 'Known fakes'  \r", "name:Known fakes", 'title: a\nname:\t"Known fakes"'])
def test_a_name_is_found_in_what_is_no_yaml(line: str) -> None:
    """A rule that is no YAML is known by the name that its line gives."""
    node, _ = next(yaml._composed(f"{line}\nb: [\n", "r.yaml", Gathered()))
    assert isinstance(node, yaml.Table)
    assert [entry.value.text for entry in node.entries if isinstance(entry.value, yaml.Scalar)] == ["Known fakes"]


def test_many_broken_documents_are_not_read_to_the_end() -> None:
    """A file that is another thing altogether costs no time beyond its first fifty mistakes."""
    said = told("name: [x\n---\n" * 5000)
    assert len(said) == 51
    assert "mend what stands above" in said[-1]
