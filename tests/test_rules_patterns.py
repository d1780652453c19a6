# ruff: noqa: RUF001  letters that look like others are what is tried
"""Patterns: what moderators write is taken and means what Python means; whatever is written, rules end in time."""

from __future__ import annotations

import random
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.errors import RuleError
from bot.rules import Budget, RuleSet, parse, run_examples
from bot.rules.checks.effort import JUDGEMENT_SECONDS, OutOfTime, bounded
from bot.rules.checks.regex import PatternError, check, compiled
from bot.rules.checks.text import query
from tests.pattern_cases import CATASTROPHES, EVERYDAY, PIECES, generated
from tests.slow import slow
from tests.test_rules_text import EVIDENCE, post, quoted, refused

TEXTS = (
    "Fake FAKE f.a_k-e f\u0336a\u0336k\u0336e DeepFakes, deep fake!",
    "https://example.com/x?ref=ab www.example.org/a_b",
    "[have] this [want] that", "u/some-one r/other call (555) 123-4567 or +44 20 7946 0958", "straße STRASSE ẞ ſ K Å ǅ",
    "İstanbul ıssız I i", "line one\nline two\n", "", "a", "aaaa bbbb 1111", "!!!! ???? ____ 0.1.2 v3.4 $5.00",
    "кириллица и 日本語 😀😀", "\x1c\x1d\x85\u2028 \u00a0", "x" * 400, "someone@example.com 4111111111111111", "ab\n",
)  # fmt: skip


@contextmanager
def heartbeat() -> Iterator[list[float]]:
    """Yield a list whose one item becomes the longest time that another thread had to wait, in seconds."""
    worst, going = [0.0], threading.Event()

    def beat() -> None:
        last = time.monotonic()
        while not going.wait(0.01):
            now = time.monotonic()
            worst[0], last = max(worst[0], now - last), now

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield worst
    finally:
        going.set()
        thread.join()


WAIT_SECONDS = 2.0  # what holds the interpreter's lock does so for many seconds; a busy machine halts us for less


def longest_wait(work: Callable[[], None]) -> float:
    """Return how long another thread had to wait for `work`; a busy machine gets two more tries, as it halts us too."""
    waited = []
    for _ in range(3):
        with heartbeat() as worst:
            work()
        waited.append(worst[0])
        if worst[0] < WAIT_SECONDS:
            break
    return min(waited)


@pytest.mark.parametrize("pattern", [*EVERYDAY, *CATASTROPHES])
def test_whatever_python_reads_is_taken(pattern: str) -> None:
    """Everyday patterns and careless ones load."""
    assert parse(f"name: x\naction: review\nbody (regex): {quoted(pattern)}\n", "r.yaml")


@pytest.mark.parametrize("pattern", EVERYDAY)
def test_a_pattern_means_what_python_means(pattern: str) -> None:
    """What is found in a text is what `re` finds, letter by letter, accents, case and line ends included."""
    for flags in (re.DOTALL, re.DOTALL | re.IGNORECASE):
        theirs = re.compile(pattern, flags)
        ours = compiled(check(pattern, case_sensitive=not flags & re.IGNORECASE))
        for text in TEXTS:
            a, b = theirs.search(text), ours.search(text)
            assert (a and a.span()) == (b and b.span()), text


class _Late(Exception):
    """Python's own engine did not end in time."""


def python_says(pattern: str, text: str) -> tuple[bool, bool]:
    """Return whether `re` finds a pattern in a text, and whether it fits the whole of it; give up what takes long."""

    def stop(*_: object) -> None:
        raise _Late

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = re.compile(pattern, re.DOTALL | re.IGNORECASE)
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.5)  # it has no limit of its own, and looks for signals while it searches
    try:
        return theirs.search(text) is not None, theirs.fullmatch(text) is not None
    except _Late:
        assume(False)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@slow
@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.text(alphabet="abcxikß é.,_\n\u0301İıK", max_size=12))
def test_generated_patterns_mean_what_python_means(randomness: random.Random, text: str) -> None:
    """Of any pattern that is taken, both engines say alike whether a text fits it."""
    pattern = generated(randomness, depth=2)
    try:
        ours = compiled(check(pattern))
    except PatternError:
        assume(False)
    found, whole = python_says(pattern, text)
    assert found == (ours.search(text, timeout=1) is not None), pattern
    assert whole == (ours.fullmatch(text, timeout=1) is not None), pattern


@settings(max_examples=300)
@given(
    st.text(alphabet="ab.*+?{}()[]|\\w1,3^$<=e&~-:!PpmKGRXLN", min_size=1, max_size=14),
    st.text(alphabet="ab1e<=2 ", max_size=12),
)
@pytest.mark.slow
def test_any_signs_are_refused_or_mean_what_python_means(pattern: str, text: str) -> None:
    """Whatever signs stand in a pattern, it is refused or fits the same texts in both engines."""
    try:
        ours = compiled(check(pattern))
    except PatternError:
        return
    assert python_says(pattern, text)[0] == (ours.search(text, timeout=1) is not None), pattern


@pytest.mark.parametrize(
    "pattern",
    ["a{e<=2}", "(?:fake){e}", "(fake){i<=1,d<=1}", "x{s<=2:[a-z]}", "x{1i+1d<3}", "(?V1)a", "(?r)a", "(?b)a",
     "(?|a|b)", r"\p{L}", r"\P{Lu}", r"\X", r"\R", r"\G", r"\K", r"\m", r"\M", r"\L<names>", "[[:alpha:]]", "[a--b]",
     "[a&&b]",
     "[a||b]", "[a~~b]", "(?&name)", "(?R)", "(?1)", "(a)(?1)", "(?<n>a)", "(?P>n)", "(?(DEFINE)a)", "(*SKIP)", "(?a)a",
     r"\b" * 2400, r"\h", r"\N{NOTHING}", "(?<=a+)b", "a(?i)b"],
)  # fmt: skip
def test_what_only_other_engines_know_is_refused(pattern: str) -> None:
    """Fuzzy counts, set operations, properties, recursion and the like are refused in one sentence with the line."""
    said = refused(pattern)
    assert said.startswith("r.yaml, line 3: body (regex): ")
    assert "\n" not in said


@pytest.mark.parametrize(
    "pattern",
    [
        "a{1000}" * 140,
        "(?:" * 16 + "a" + "){1,1000}" * 16,
        "(?:" * 8 + "ab" + "){1000}" * 8,
        "(?=(?:ab){1000})" * 60,
        "(?:(?=(?:ab){900}){900})",
    ],
)
def test_counts_that_explode_when_compiled_are_refused(pattern: str) -> None:
    """Repeats of repeats that the engines would write out are refused before anything is compiled."""
    begun = time.thread_time()
    assert "repeats more than 10,000 pieces" in refused(pattern)
    assert time.thread_time() - begun < 1


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_a_catastrophe_ends(pattern: str) -> None:
    """On a crafted text of 40,000 characters every pattern finds its answer or is stopped."""
    searched = query([pattern], fields=["body"], modifiers=["regex", "includes"])
    for piece in PIECES[:3]:
        budget, begun = Budget(), time.thread_time()
        try:
            searched.find(piece * 40_000, 40_000, budget)
        except OutOfTime:
            assert budget.late
        assert time.thread_time() - begun < JUDGEMENT_SECONDS


BOUNDARIES = r"\b" * 115
SLOW = "".join(
    f"---\nname: r{i}\naction: review\n{'~' if i % 2 else ''}body (regex): '(\\w+\\s?)*[!{i}]'\n" for i in range(60)
)


def test_a_judgement_ends_in_time_and_holds_up_nobody() -> None:
    """Sixty hostile rules take a quarter of a second together, hold for nothing, and other threads go on."""
    rules = RuleSet(parse(SLOW, "r.yaml"))

    def judge() -> None:
        budget, begun = Budget(), time.thread_time()
        verdict = rules.judge(post(body="a " * 20_000), EVIDENCE, budget=budget)
        assert time.thread_time() - begun < 2 * JUDGEMENT_SECONDS
        assert verdict.outcome == "ignore"
        assert budget.late

    assert longest_wait(judge) < WAIT_SECONDS


@pytest.mark.parametrize("sign", ["", "~"])
def test_what_was_not_computed_holds_neither_way(sign: str) -> None:
    """A pattern that ran out of time is neither a match nor the lack of one, and that is said."""
    rules = RuleSet(parse(f"name: x\naction: review\n'{sign}body (regex)': '(\\w+\\s?)*[!?]'\n", "r.yaml"))
    hostile, plain = post(body="a " * 20_000), post(body="well!" if not sign else "---")
    budget = Budget()
    assert rules.judge(hostile, EVIDENCE, budget=budget).outcome == "ignore"
    assert budget.late == {"x": True}
    (report,) = rules.explain(hostile, EVIDENCE)
    assert report.checks[0].value == "not computed: a pattern did not end within 0.05 s"
    assert rules.judge(plain, EVIDENCE).rule == "x"
    assert rules.judge(plain, EVIDENCE, budget=Budget(stopped={"x"})).outcome == "ignore"


def test_one_judgement_asks_each_pattern_once() -> None:
    """Asking for facts, judging and finding the words share one time and one answer."""
    rules = RuleSet(
        parse("name: x\naction: review\nbody (regex): '(\\w+\\s?)*[!?]'\nauthor: {is_gold: true}\n", "r.yaml")
    )
    hostile, budget = post(body="a " * 20_000), Budget()
    begun = time.thread_time()
    assert not rules.asks(hostile, EVIDENCE, budget=budget)
    verdict = rules.judge(hostile, EVIDENCE, budget=budget)
    assert rules.matched(hostile, EVIDENCE, verdict, budget=budget) == ""
    assert time.thread_time() - begun < 0.1


def test_a_slow_rule_does_not_silence_the_others() -> None:
    """Beside one rule that runs out of time the others hold as ever."""
    rules = RuleSet(parse("name: x\naction: review\npriority: 9\nbody (regex): '(\\w+\\s?)*[!?]'\n---\n"
                          "name: y\naction: review\nbody (regex): 'a a'\n", "r.yaml"))  # fmt: skip
    assert rules.judge(post(body="a " * 20_000), EVIDENCE).rule == "y"


def test_a_busy_machine_is_no_fault_of_a_rule() -> None:
    """A pattern that is stopped before it had its time by the thread's own clock is not counted."""
    budget = Budget(seconds=0.001)
    budget.rule = "x"
    with pytest.raises(OutOfTime):
        budget.run(compiled(check(r"(\w+\s?)*[!?]")), "search", "a " * 2_000)
    assert budget.late == {"x": False}


@pytest.mark.slow
def test_an_example_that_runs_out_of_time_fails() -> None:
    """The examples of a rule show that its patterns end; thirty hostile ones are not all run."""
    text = "name: x\naction: review\nbody (regex): '(\\w+\\s?)*[!?]'\nexamples:\n"
    text += f"  - {{post: {{body: {'a ' * 2000}}}, gives: nothing}}\n" * 40
    begun = time.thread_time()
    failures = run_examples(RuleSet(parse(text, "r.yaml")))
    assert time.thread_time() - begun < 4
    assert "cannot be judged in time (body (regex) does not hold: not computed: a pattern did not end" in str(
        failures[0]
    )


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("---\nname: a\n" * 600, "more than 500 rules"),
        ("name: x\naction: review\ntitle: [" + "[a, b], " * 9_000 + "]\n", "more than 20,000 keys and values"),
        ("name: x\naction: review\nmodmail: '" + "{{title}}" * 51 + "'\nhost: direct\n", "50 are the most"),
        ("a: &a [x]\nb: [*a, *a]\n", "begins with & or *"),
        ("name: x\naction: review\ntitle: a\npriority: " + "9" * 5000, "at most six digits"),
        ("name: x\naction: review\nauthor: {account_age: '< " + "9" * 5000 + " days'}\n", "is a comparison"),
        ("".join(f"---\nname: r{i}\naction: review\nbody (regex): [{', '.join(['ab'] * 300)}]\n" for i in range(4)),
         "more than 1,000 patterns"),
        ("".join(f"---\nname: r{i}\naction: review\nbody (regex): '{BOUNDARIES}'\n" for i in range(490)),
         "takes more than 2 s"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_a_page_is_read_within_bounds(page: str, said: str) -> None:
    """Whatever a page holds, reading it ends soon with one sentence, and other threads go on."""

    def read() -> None:
        begun = time.thread_time()
        with bounded("reading the rules"), pytest.raises(RuleError, match=re.escape(said)):
            parse(page, "the page")
        assert time.thread_time() - begun < 4

    assert longest_wait(read) < WAIT_SECONDS


@pytest.mark.parametrize("flags", [re.NOFLAG, re.IGNORECASE])
@pytest.mark.slow
def test_plain_words_are_found_as_python_finds_them(flags: re.RegexFlag) -> None:
    """The quick look for a word passes over none that `re` would find, for any letter with a capital."""
    cased = [c for c in map(chr, range(sys.maxunicode + 1)) if c.lower() != c or c.upper() != c or c.casefold() != c]
    text = "\n".join(cased)
    modifiers = ["includes", *([] if flags else ["case-sensitive"])]
    for char in cased[::7] + list("iIİıßẞſKÅ"):
        same = re.findall(re.escape(char), text, flags)
        for other in same:
            assert query([char], fields=["title"], modifiers=modifiers).find(other, 10) == other


def test_a_thousand_words_are_looked_for_at_once() -> None:
    """A long list of plain words in a long text stays within the time of a judgement."""
    words = [f"word{i:04}.example" for i in range(1000)]
    searched = query([*words, "zebra"], fields=["body"], modifiers=["includes"])
    assert searched.find("lorem ipsum " * 3_300 + "ZEBRA", 5_000, Budget()) == "ZEBRA"
