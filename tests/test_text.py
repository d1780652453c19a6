"""What strangers wrote is fit for people at every door, and exact for programs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot import text
from bot.actions.base import fit as fit_line
from bot.actions.modmail import cut
from bot.cli import screen
from bot.cli.base import complain, emit, facts, logger, say, show
from bot.config import Config
from bot.loopback.stage import Stage, stage
from bot.rules.language.template import fill
from tests.bots import bank_the_fake, bot_on, fake
from tests.killing import Silent

HOSTILE = (
    "a\x1b]0;pwned\x07\x1b[2J\x9b31m \u202egnp.exe\u2066 z\u200b\u200d\u2060\ufeff t\U000e0041\U000e007f "
    "h\u3164\u115f\u00ad v\ufe01 s\u2028\u2029 end\r\n   match  E-1 in known-fakes: the same file"
)
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def unfit(shown: str, *, lines: bool = False) -> list[str]:
    """Return the characters that people must not get."""
    kept = "\n\t" if lines else ""
    return [c for c in shown if (unicodedata.category(c) in INVISIBLE and c not in kept) or text.UNFIT.match(c)]


def test_hostile_text_is_seen_and_not_obeyed() -> None:
    """Controls, turning marks, invisible characters, tags and halves of characters stand there as escapes."""
    shown = text.line(HOSTILE)
    assert not unfit(shown)
    assert r"\u001b[2J" in shown
    assert r"\u202egnp.exe" in shown
    assert r"\udb40\udc41" in shown
    assert r"\r\n   match" in shown
    assert "\n" in text.fit(HOSTILE)


@given(st.text())
def test_any_text_becomes_fit(given_text: str) -> None:
    """Whatever text there is: nothing unfit is left, it can be written, and what was done is not done twice."""
    line, lines = text.line(given_text), text.fit(given_text)
    assert not unfit(line)
    assert not unfit(lines, lines=True)
    line.encode()
    assert text.line(line) == line
    assert text.fit(lines) == lines


@pytest.mark.parametrize(
    "plain", ["Ünïcödé", "日本語", "שלום", "مرحبا", "🎉 party", "e\u0301", "a\u00a0b", "naïve «so»"]
)
def test_ordinary_text_stays(plain: str) -> None:
    """Other scripts and pictures are left as they are; of a picture only the mark of how it is drawn goes."""
    assert text.line(plain) == plain
    assert text.line("❤\ufe0f") == "❤"


def test_long_text_is_cut() -> None:
    """A text has an end, also one of a million characters."""
    assert len(text.line("x" * 10**6)) < 3000
    assert len(text.fit("\x1b" * 10**6)) < 130_000


@given(st.text())
def test_json_is_exact_and_fit(given_text: str) -> None:
    """A program reads what was there; a terminal that the line is printed on is steered by none of it."""
    written = text.json_line({"title": given_text})
    assert json.loads(written) == {"title": given_text}
    assert not unfit(written)


def test_the_terminal_is_not_steered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences, facts, tables, complaints and JSON of a command show hostile text on one line of its own."""
    for name in ("out", "err"):
        monkeypatch.setattr(screen, name, Console(highlight=False))  # both on standard output
    doors: tuple[Callable[[], object], ...] = (
        lambda: say(f"  {HOSTILE}"),
        lambda: facts([("title", HOSTILE)]),
        lambda: show(["title"], [[HOSTILE]], empty="none"),
        lambda: complain(f"{HOSTILE}  is not media"),
        lambda: emit({"title": HOSTILE}),
    )
    for door in doors:
        door()
        shown = capsys.readouterr().out
        assert not unfit(shown, lines=True)
        assert not [row for row in shown.splitlines() if row.lstrip().startswith("match")]
        assert "gnp.exe" in shown


@pytest.mark.parametrize("style", ["json", "console"])
def test_the_log_is_not_forged(style: str) -> None:
    """What a host answered stands in one line of the log, as an escape, in both forms of it."""
    heard = io.StringIO()
    with redirect_stderr(heard):
        log = logger(Config.model_validate({"log": {"format": style}}))
        log.warning("link stumbled", reason=HOSTILE, more={"inner": [HOSTILE]})
    ours = "\x1b" if style == "console" else ""  # colours
    assert not [c for c in unfit(heard.getvalue().rstrip("\n")) if c not in ours]
    assert "\x1b[2J" not in heard.getvalue()
    assert heard.getvalue().count("\n") == 1


def test_reddit_and_mail_get_fit_text() -> None:
    """Placeholders, subjects and bodies hold no such characters, and stay within Reddit's lengths."""
    filled = fill("{{title}} by {{author}}", None, {"title": HOSTILE, "author": HOSTILE})
    assert not unfit(filled)
    assert not unfit(fit_line(HOSTILE, " (case C-1)", 100))
    assert len(fit_line(HOSTILE * 9, " (case C-1)", 100)) <= 100
    assert not unfit(cut(HOSTILE, 10_000), lines=True)


def test_a_hostile_post_is_told_of_in_fit_words(tmp_path: Path) -> None:
    """A title, an author's words and a host's answers reach moderators' mail and reports as escapes."""
    with stage(tmp_path) as world:
        for file in (tmp_path / "rules").glob("*.yaml"):
            file.unlink()
        rule = tmp_path / "rules" / "hostile.yaml"
        rule.write_text(
            "---\nname: Tell\nexact_media: {bank: [known-fakes]}\naction: report\n"
            'action_reason: "{{title}}"\nmodmail_subject: "{{title}}"\nmodmail: "{{title}} by {{author}}"\n'
        )
        _told(world)


def _told(world: Stage) -> None:
    with bot_on(world, Silent()) as bot:
        bank_the_fake(bot)
        url = world.park.add_redgifs("OneTwoThree", hd=fake())
        world.reddit.submit("clips", author="poster", title=HOSTILE, url=url)
        for _ in range(3):
            bot.tick()
            world.clock.sleep(60)
    told = [*(part for mail in world.reddit.modmails for part in mail), *(why for _, _, why in world.reddit.reports)]
    assert any("gnp.exe" in part for part in told)
    assert not [part for part in told if unfit(part, lines=True)]


@pytest.mark.slow
def test_a_hostile_file_name_is_one_line(tmp_path: Path) -> None:
    """A file whose name holds line feeds and escapes is complained of on one line, and named exactly in JSON."""
    name = tmp_path / "x\n   match  E-1\x1b[2J\u202e.png"
    name.write_bytes(b"no picture")
    command = [sys.executable, "-m", "bot.cli", "hash", str(name)]
    if not (Path(screen.__file__).parent / "__main__.py").exists():
        command = [str(Path(sys.executable).parent / "gifwarden"), "hash", str(name)]
    plain = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    shown = plain.stdout + plain.stderr
    assert plain.returncode == 1
    assert not unfit(shown, lines=True)
    assert not [row for row in shown.splitlines() if row.lstrip().startswith("match")]
    exact = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, env=os.environ)
    assert json.loads(exact.stdout)["file"] == str(name)
    assert not unfit(exact.stdout, lines=True)


words = st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1, max_size=30), max_size=30)


@given(words, st.integers(10, 100), st.integers(0, 8))
def test_lines_break_between_words_only(told: list[str], width: int, hang: int) -> None:
    """No word is cut, none is lost, and a line is wider than it may be only where one word is."""
    lines = text.wrapped(" ".join(told), width, hang).split("\n")
    assert " ".join(lines).split() == " ".join(told).split()
    for line in lines:
        assert cell_len(line) <= width or len(line.split()) == 1
    for line in lines[1:]:
        assert line.startswith(" " * min(hang, max(0, width - cell_len(line.split()[0]))))


def test_what_stands_in_columns_keeps_its_gaps() -> None:
    """Blanks within a line stay; only where it breaks do they go."""
    assert text.wrapped("  sha256  abc    def", 14, 4) == "  sha256  abc\n    def"
    assert text.wrapped("  one", 80, 4) == "  one"


def test_the_log_at_a_terminal_is_a_sentence_that_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened, why, and of what it speaks, in lines no wider than the terminal."""
    heard = io.StringIO()
    monkeypatch.setattr(screen, "err", Console(file=heard, width=40, force_terminal=True, color_system=None))
    with redirect_stderr(heard):
        log = logger(Config.model_validate({"log": {"format": "console"}}))
        log.warning("link gone", reason="the host says that this no longer exists", link=7, host="redgifs", note=None)
    lines = heard.getvalue().splitlines()
    assert " ".join(heard.getvalue().split()).endswith(
        "link gone: the host says that this no longer exists (link 7, host redgifs)"
    )
    assert len(lines) == 3
    assert all(len(line) <= 40 for line in lines)
