"""The command line as a person or a program uses it: answers, exit codes, one sentence for what is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from PIL import Image
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner, Result

from bot import config
from bot.assemble import DATABASE
from bot.cli import app, base, main, scan
from bot.clock import SystemClock
from bot.errors import ConfigError
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from bot.pipeline.keeping.diagnosis import Diagnosis, first_of
from bot.samples import media
from bot.store import Store
from tests.bots import bot_on
from tests.commands_doc import TARGET, render
from tests.killing import Silent
from tests.people import at_home, member, under

ROOT = Path(__file__).parent.parent
SECRET = "https://media.example.net/only-the-log-would-tell.mp4"


def run(*args: str, input: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(args), input=input)


def lines(result: Result) -> list[dict[str, Any]]:
    """Return the JSON lines that a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """Run a command that fails; return its exit code and what it said."""
    monkeypatch.setattr(sys, "argv", ["gifwarden", *args])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return int(stopped.value.code or 0), said


def program(*args: str | bytes, cwd: Path, input: bytes = b"", stderr: Any = subprocess.PIPE) -> Any:
    """Run a command in a process of its own whose output refuses what is not UTF-8; return what it did, as bytes."""
    told = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict", "TERM": "xterm"}
    keep = {key: value for key, value in os.environ.items() if not key.startswith("GIFWARDEN_")}
    return subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", *args],
        cwd=cwd,
        input=input,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=keep | told,
    )


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def bot(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, Pipeline]]:
    """A loopback world and a bot on it, which the commands use too. The bank known-fakes is empty."""
    (home / "stage").mkdir()
    with stage(home / "stage") as world, bot_on(world, Silent()) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        at_home(pipeline)
        monkeypatch.setattr(base, "assembled", lambda *_args, **_parts: contextlib.nullcontext(pipeline))
        monkeypatch.setattr(base, "login_missing", lambda _config: None)
        monkeypatch.setattr(scan, "login_missing", lambda _config: None)
        yield world, pipeline


@pytest.fixture
def home(bare: Path) -> Path:
    """A fresh installation, made by `gifwarden init`, as the current folder."""
    assert run("init", "--by", "ann").exit_code == 0
    return bare


@pytest.mark.slow
def test_banking_a_file_that_is_cut_off_says_so(home: Path) -> None:
    """What is wrong with a file comes first; that little of it is to be known again by is no fault of the picture."""
    whole = media.still(1, format="webp")
    Path("half.png").write_bytes(media.still(1, format="png")[:60_000])
    Path("tenth.webp").write_bytes(whole[: len(whole) // 10])
    said = " ".join(run("bank", "add", "known-fakes", "half.png", "tenth.webp", "--by", "ann").stdout.split())
    assert "cut off" in said.partition("tenth.webp")[0]
    assert "plain" not in said.partition("tenth.webp")[0]
    assert "end is missing" in said.partition("tenth.webp")[2]
    assert "what could be read of it is too plain" in said
    assert (
        "end is missing" in lines(run("bank", "add", "known-fakes", "tenth.webp", "--by", "ann", "--json"))[0]["note"]
    )
    assert "cut off" in run("scan", "half.png").stdout


MISSING: list[tuple[str, ...]] = [
    ("hash", "gone.png"),
    ("scan", "gone.png"),
    ("scan", "x", "--config", "gone.png"),
    ("links", "gone.png"),
    ("faces", "gone.png"),
    ("rules", "check", "gone.png"),
    ("bank", "add", "known-fakes", "gone.png", "--by", "ann"),
    ("bank", "import", "known-fakes", "gone.png", "--by", "ann"),
    ("backup", "--check", "gone.png"),
]


@pytest.mark.parametrize("command", MISSING, ids=lambda words: " ".join(words[:2]))
def test_a_file_that_is_missing_is_told_by_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """Whatever it is for: that there is none, its name, and where to look."""
    monkeypatch.setattr(sys, "argv", ["gifwarden", *command])
    with pytest.raises(SystemExit):
        main()
    said = " ".join("".join(capsys.readouterr()).split())
    assert re.search(r"there is no (such )?file( gone\.png)?; check its name and its folder", said), said
    assert "gone.png" in said


@pytest.mark.slow
def test_lines_of_a_command_fit_and_no_word_is_cut(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, and in a pipe that says how wide it is; a pipe that does not gets a line a row."""
    said = run("doctor").stdout
    assert max(map(len, said.splitlines())) > 80
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        for command in (("doctor",), ("bank", "list"), ("stats",), ("hash", "gone.png"), ("links", "--url", "a.b/c")):
            shown = run(*command).stdout
            assert all(len(line) <= width for line in shown.splitlines()), shown
        assert run("doctor").stdout.split() == said.split()
    monkeypatch.delenv("COLUMNS")


@pytest.mark.slow
def test_banking_a_plain_picture_is_said(home: Path) -> None:
    """White, black and grey pictures have nothing to be known again by but their bytes; a photograph says nothing."""
    for name, level in (("white", 255), ("black", 0), ("grey", 128)):
        Image.new("L", (320, 240), level).save(f"{name}.png")
    Path("known.png").write_bytes(media.still(1, format="png"))
    told = run("bank", "add", "known-fakes", "white.png", "black.png", "known.png", "--by", "ann").stdout
    assert told.count("only this very file can match") == 2
    assert "only" not in told.partition("known.png")[2]
    (row,) = lines(run("bank", "add", "known-fakes", "grey.png", "--by", "ann", "--json"))
    assert row["plain"] is True


def test_init_writes_a_working_installation(home: Path) -> None:
    """What init writes loads, checks and holds an empty bank."""
    assert (home / "config.toml").stat().st_mode & 0o077 == 0
    assert (home / "data" / "key").stat().st_mode & 0o077 == 0
    assert run("rules", "check").exit_code == 0
    assert [row["name"] for row in lines(run("bank", "list", "--json"))] == ["known-fakes"]


def test_init_overwrites_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second init refuses."""
    code, said = fails(monkeypatch, capsys, "init")
    assert code == 2
    assert "overwrites nothing" in said


def test_without_a_configuration_a_sentence_says_what_to_do(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and the way out."""
    code, said = fails(monkeypatch, capsys, "run")
    assert code == 2
    assert "gifwarden init" in said


def test_a_misspelt_setting_is_named_with_its_nearest(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Configuration errors name the key and the file."""
    (home / "config.toml").write_text("[fetch]\nmax_byte = 3\n")
    code, said = fails(monkeypatch, capsys, "doctor", "--json")
    assert code == 1
    finding = run("doctor", "--json").stdout.splitlines()[0]
    assert "max_bytes" in finding
    assert "config.toml" in finding
    assert said == ""


@pytest.mark.slow
def test_hash_answers_every_file_and_fails_for_broken_ones(tmp_path: Path) -> None:
    """A broken file among good ones gets one sentence; the rest is done; the exit code is 1."""
    (tmp_path / "a.png").write_bytes(media.still(501, format="png", width=160, height=90))
    (tmp_path / "b.gif").write_bytes(b"GIF89a but not really")
    (tmp_path / "c.mp4").write_bytes(media.clip(502, seconds=1, width=160, height=90))
    result = run("hash", "--json", *(str(tmp_path / name) for name in ("a.png", "b.gif", "c.mp4", "missing")))
    first, broken, clip, missing = lines(result)
    assert result.exit_code == 1
    assert first["kind"] == "image"
    assert {signal["type"] for signal in first["signals"]} == {"pdq", "phash"}
    assert all(len(signal["value"]) == 64 for signal in first["signals"])
    assert set(broken) == set(missing) == {"file", "error"}
    assert (clip["kind"], clip["width"], clip["height"], clip["frames"]) == ("video", 160, 90, 10)


@pytest.mark.slow
def test_hash_with_all_frames_gives_each(tmp_path: Path) -> None:
    """`--all-frames` shows a moving picture densely."""
    (tmp_path / "c.mp4").write_bytes(media.clip(502, seconds=2, width=160, height=90))
    few = lines(run("hash", "--json", str(tmp_path / "c.mp4")))[0]["signals"]
    many = lines(run("hash", "--json", "--all-frames", str(tmp_path / "c.mp4")))[0]["signals"]
    assert len([s for s in many if s["type"] == "pdq"]) > len([s for s in few if s["type"] == "pdq"])


def test_links_reads_bare_urls_and_reddit_json(tmp_path: Path) -> None:
    """URLs and JSON give one line a link with the canonical id."""
    url = "https://www.redgifs.com/watch/QuietGreenHeron?x=1"
    (row,) = lines(run("links", "--json", "--url", url))
    assert (row["host"], row["id"], row["kind"]) == ("redgifs", "quietgreenheron", "media")
    thing = {"kind": "t3", "data": {"name": "t3_a", "subreddit": "x", "url": url, "permalink": "/r/x/comments/a/b/"}}
    (row,) = lines(run("links", "-", "--json", input=json.dumps({"kind": "Listing", "data": {"children": [thing]}})))
    assert (row["post"], row["host"], row["source"]) == ("t3_a", "redgifs", "url")


def test_links_of_no_json_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything else than JSON is refused with a sentence."""
    (tmp_path / "x.json").write_text("{nope")
    code, said = fails(monkeypatch, capsys, "links", str(tmp_path / "x.json"))
    assert code == 2
    assert "not JSON" in said


@pytest.mark.slow
def test_bank_scan_and_lookup_find_a_copy(home: Path) -> None:
    """A file in the bank is found by scanning a smaller copy of it and by its hash."""
    known, copy = home / "known.png", home / "copy.jpg"
    known.write_bytes(media.still(503, format="png"))
    copy.write_bytes(media.restill(known.read_bytes(), width=320, height=180))
    (added,) = lines(run("bank", "add", "known-fakes", str(known), "--by", "ann", "--json"))
    assert added["entry"].startswith("E-")
    (seen,) = lines(run("scan", str(copy), "--json"))
    (match,) = seen["matches"]
    assert (match["entry"], match["bank"], match["method"]) == (added["entry"], "known-fakes", "pdq")
    assert seen["verdict"]["outcome"] == "review"
    assert set(seen["link"]) == {"url", "host", "id"}
    value = next(s["value"] for s in lines(run("hash", "--json", str(copy)))[0]["signals"] if s["type"] == "pdq")
    found = lines(run("lookup", "--json", input=f"{value}\nnonsense\n"))
    assert [m["entry"] for m in found[0]["matches"]] == [added["entry"]]
    assert "error" in found[1]


@pytest.mark.slow
def test_a_withdrawn_entry_is_not_found_any_more(home: Path) -> None:
    """Removing from a bank works at the next look, and restoring too."""
    (home / "known.png").write_bytes(media.still(503, format="png"))
    (added,) = lines(run("bank", "add", "known-fakes", "known.png", "--by", "ann", "--json"))
    assert run("bank", "remove", added["entry"], "--by", "ann").exit_code == 0
    assert lines(run("scan", "known.png", "--json"))[0]["matches"] == []
    assert run("bank", "restore", added["entry"], "--by", "ann").exit_code == 0
    assert lines(run("scan", "known.png", "--json"))[0]["matches"] != []


@pytest.mark.slow
def test_who_added_an_entry_cannot_confirm_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second person is another person."""
    (home / "known.png").write_bytes(media.still(503, format="png"))
    (added,) = lines(run("bank", "add", "known-fakes", "known.png", "--by", "ann", "--json"))
    code, said = fails(monkeypatch, capsys, "bank", "confirm", added["entry"], "--by", "ann")
    assert code == 2
    assert "second person" in said
    assert run("team", "add", "bob", "--role", "lead", "--account", "daemon").exit_code == 0
    code, said = fails(monkeypatch, capsys, "bank", "confirm", added["entry"], "--by", "bob")  # typed by ann
    assert code == 2
    assert "by themselves" in said
    under(monkeypatch, "daemon")
    assert run("bank", "confirm", added["entry"]).exit_code == 0


def test_doctor_says_what_is_missing(home: Path) -> None:
    """Without credentials the doctor fails with a line that names the setting."""
    result = run("doctor", "--json")
    assert result.exit_code == 1
    findings = {finding["subject"]: finding for finding in lines(result)}
    assert findings["reddit"]["level"] == "fail"
    assert "client_id" in findings["reddit"]["text"]
    assert findings["decoder"]["level"] == "ok"


def test_doctor_names_what_to_do_first(home: Path) -> None:
    """The last line repeats the first failure, or the first warning that is not wanted; a bank is filled by name."""
    (home / "config.toml").write_text("[subreddits.clips]\n")
    found = [Diagnosis(**row) for row in lines(run("doctor", "--json"))]
    failed = next(one for one in found if one.level == "fail")
    assert first_of(found) == failed
    last = run("doctor").stdout.rpartition("begin with ")[2]
    assert " ".join(last.split()) == f"{failed.subject}: {failed.text}"
    warned = [one for one in found if one.level != "fail"]
    wanted = Diagnosis(level="warn", subject="x", text="y", chosen=True)
    assert first_of([wanted, *warned]) == next(one for one in warned if one.level == "warn")
    assert first_of([wanted]) is None
    assert any(one.text.endswith("begin with: gifwarden learn clips") for one in found)


@pytest.mark.parametrize("command", [("cases", "list"), ("notices", "list"), ("actions", "list"), ("bank", "stats")])
def test_empty_lists_say_so(home: Path, command: tuple[str, ...]) -> None:
    """An empty list is a sentence for people and no line for programs."""
    assert run(*command).stdout.startswith("no ")
    assert run(*command, "--json").stdout == ""


def test_replay_of_nothing_changes_nothing(home: Path) -> None:
    """Judging an empty database again is fine."""
    assert "nothing would change in 0 judgements" in run("rules", "replay").stdout


def test_an_unknown_case_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong label is said plainly with where to look."""
    code, said = fails(monkeypatch, capsys, "cases", "show", "C-nothing")
    assert code == 2
    assert "cases list" in said


@pytest.mark.parametrize("format", ["console", "json"])
def test_the_log_tells_of_an_unexpected_error_only_what_it_is_and_where(
    format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the message nor the variables of a step that breaks reach the log: they may hold the URL of a media."""
    log = base.logger(config.Config.model_validate({"log": {"format": format}}))
    try:
        url = SECRET
        raise KeyError(url)
    except KeyError:
        log.warning("step failed", step="work", exc_info=True)
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "only-the-log" not in said
    assert "KeyError" in said
    assert "test_cli.py:" in said


def test_a_bug_is_one_sentence_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody foresaw ends in a line to report, without what the data said."""

    def breaks(*_args: Any) -> Any:
        raise LookupError(SECRET)

    monkeypatch.setattr(scan, "things_in", breaks)
    (tmp_path / "x.json").write_text("{}")
    code, said = fails(monkeypatch, capsys, "links", str(tmp_path / "x.json"))
    assert code == 1
    assert "only-the-log" not in said
    assert "LookupError" in said
    assert "bot/cli/scan.py:" in said


@pytest.mark.slow
def test_a_file_name_that_is_no_text_stops_nothing(bare: Path) -> None:
    """A name of bytes that are not UTF-8 is shown with an escape, for people and for programs, and the rest follows."""
    picture = media.still(501, format="png", width=160, height=90)
    (bare / os.fsdecode(b"\xff.png")).write_bytes(picture)
    (bare / "b.png").write_bytes(picture)
    for table in ((), ("--json",)):
        done = program("hash", *table, b"\xff.png", "b.png", cwd=bare)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\\udcff.png" in done.stdout
        assert b"b.png" in done.stdout
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["\udcff.png", "b.png"]


def test_what_a_stranger_wrote_cannot_steer_the_terminal(bare: Path) -> None:
    """Escape sequences and marks that turn text are shown, not obeyed."""
    url = "https://www.redgifs.com/watch/quietgreenheron#\x1b[2J\u202e"
    shown = run("links", "--url", url).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert lines(run("links", "--json", "--url", url))[0]["url"] == url


def test_json_that_nests_too_deeply_is_a_usage_error(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file made to exhaust the reader is refused with a sentence."""
    (bare / "deep.json").write_text("[" * 200_000 + "]" * 200_000)
    code, said = fails(monkeypatch, capsys, "links", "deep.json")
    assert code == 2
    assert "nests deeper" in said


@pytest.mark.slow
def test_half_a_character_in_a_url_is_answered(bare: Path) -> None:
    """JSON and the command line can carry what no encoding can write; the rest of the URL comes out."""
    url = "https://www.redgifs.com/watch/quietgreenheron?"
    thing = {"kind": "t3", "data": {"name": "t3_a", "url": f"{url}\ud800", "permalink": "/r/x/comments/a/b/"}}
    for done in (
        program("links", "-", "--json", cwd=bare, input=json.dumps(thing).encode()),
        program("links", "--url", url.encode() + b"\xff", "--json", cwd=bare),
    ):
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["url"].startswith(url)


@pytest.mark.slow
def test_a_hash_that_is_no_text_is_answered(home: Path) -> None:
    """Bytes that are not UTF-8 among the hashes are an error of their line only."""
    done = program("lookup", "--json", cwd=home, input=b"\xff\xfe\n" + b"0" * 64 + b"\n")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (1, b"")
    assert "not a PDQ hash" in first["error"]
    assert second["matches"] == []


@pytest.mark.parametrize("command", ["scan", "hash"])
def test_a_name_longer_than_names_can_be_is_answered(home: Path, command: str) -> None:
    """The file system refuses such a name; that is an error of this target only."""
    result = run(command, "--json", "a" * 300)
    assert result.exit_code == 1
    assert [set(row) & {"error"} for row in lines(result)] == [{"error"}]


def numbers() -> Iterator[tuple[str, str, str]]:
    """Yield (section, key, kind) of every setting that is a number."""
    sections: dict[str, Any] = {
        "subreddits": config.SubredditConfig,
        "hosts": config.HostConfig,
        "exchanges": config.ExchangeConfig,
    }
    named = {"hosts": "hosts.redgifs", "exchanges": "exchanges.theirs"}
    for section, info in config.Config.model_fields.items():
        model = sections.get(section, info.annotation)
        for key, setting in getattr(model, "model_fields").items():  # noqa: B009  mypy knows no such field of a type
            kind = re.search(r"\b(int|float)\b", repr(setting.annotation))
            if kind:
                yield named.get(section, section), key, kind[1]


@pytest.mark.parametrize(("section", "key", "kind"), list(numbers()))
def test_every_number_has_an_upper_bound(tmp_path: Path, section: str, key: str, kind: str) -> None:
    """A number beyond what clocks, sockets and dates can carry is refused when it is read, not when it is used."""
    for value in ("9" * 30, *(("inf", "nan") if kind == "float" else ())):
        (tmp_path / "config.toml").write_text(f"[{section}]\n{key} = {value}\n")
        with pytest.raises(ConfigError, match=key):
            config.load(tmp_path / "config.toml", {})


RULE = """---
name: Too much
{check}
action: {action}
examples:
  - {{exact: {{bank: depicted}}, gives: {gives}}}
"""


@pytest.mark.parametrize(
    ("check", "action", "gives", "said"),
    [
        ("exact_media: {bank: [depicted]}", "remove", "remove", "watch bank"),
        ("host: [redgif]", "review", "nothing", "did you mean redgifs"),
    ],
)
@pytest.mark.slow
def test_rules_that_the_daemon_refuses_are_refused_by_check_and_doctor(
    home: Path, check: str, action: str, gives: str, said: str
) -> None:
    """Both know the hosts of the program and the kinds of the installation's banks."""
    assert run("bank", "create", "depicted", "--kind", "watch").exit_code == 0
    (home / "rules" / "50-mine.yaml").write_text(RULE.format(check=check, action=action, gives=gives))
    for arguments in (("rules", "check"), ("rules", "check", "rules/50-mine.yaml")):
        result = run(*arguments, "--json")
        assert result.exit_code == 2
        assert said in lines(result)[0]["error"]
        assert said in run(*arguments).stderr.replace("\n", " ")
    assert any(
        (row["subject"], row["level"]) == ("rules", "fail") and said in row["text"]
        for row in lines(run("doctor", "--json"))
    )


def test_rules_are_checked_without_an_installation(bare: Path) -> None:
    """Named files need no configuration and no database, and none is made."""
    (bare / "mine.yaml").write_text(
        RULE.format(check="exact_media: {bank: [depicted]}", action="review", gives="review")
    )
    assert "1 rule in mine.yaml, 1 example passed" in run("rules", "check", "mine.yaml").stdout
    (row,) = lines(run("rules", "check", "mine.yaml", "--json"))
    assert row == {
        "files": ["mine.yaml"], "rules": 1, "examples": 1, "failures": [], "missing_banks": [], "cannot_fire": {},
    }  # fmt: skip
    assert [path.name for path in bare.iterdir()] == ["mine.yaml"]


def test_rules_that_cannot_fire_yet_are_told(bare: Path) -> None:
    """A rule on evidence that nothing is configured to make loads, and the check says that it cannot fire."""
    (bare / "later.yaml").write_text("name: face\nface: {person: any}\naction: review\n")
    said = run("rules", "check", "later.yaml")
    assert "the rule face cannot fire: faces are compared only if gallery.enabled is set" in said.stdout


def test_an_example_that_fails_is_told_to_programs_too(bare: Path) -> None:
    """`rules check --json` says which example of which rule gives what instead."""
    (bare / "mine.yaml").write_text(
        RULE.format(check="exact_media: {bank: [depicted]}", action="review", gives="remove")
    )
    result = run("rules", "check", "mine.yaml", "--json")
    (failure,) = lines(result)[0]["failures"]
    assert result.exit_code == 1
    assert (failure["rule"], failure["wanted"], failure["got"]) == ("Too much", "remove", "review")


def test_a_bank_that_only_a_rule_knows_is_pointed_out(home: Path) -> None:
    """A misspelt bank would silently never match; check and doctor say so."""
    (home / "rules" / "50-mine.yaml").write_text(
        RULE.format(check="exact_media: {bank: [depicted]}", action="review", gives="review")
    )
    assert lines(run("rules", "check", "--json"))[0]["missing_banks"] == ["depicted"]
    assert any(row["level"] == "warn" and "depicted" in row["text"] for row in lines(run("doctor", "--json")))


@pytest.mark.slow
def test_a_permalink_without_credentials_fails_alone(home: Path) -> None:
    """The file beside it is answered."""
    (home / "a.png").write_bytes(media.still(501, format="png", width=160, height=90))
    result = run("scan", "--json", "a.png", "https://www.reddit.com/r/x/comments/1abcde/")
    picture, post = lines(result)
    assert result.exit_code == 1
    assert picture["verdict"]["outcome"] == "ignore"
    assert "needs a login to Reddit" in post["error"]


def test_to_run_without_credentials_is_a_configuration_error(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key that is missing is named, and where to read how to get it."""
    (home / "config.toml").write_text("[subreddits.example]\n[reddit]\nclient_id = 'abc'\n")
    code, said = fails(monkeypatch, capsys, "run", "--once")
    assert code == 2
    assert "reddit.client_secret" in said
    assert "docs/reddit-access.md" in said


@pytest.mark.slow
def test_looking_leaves_nothing_behind(bare: Path) -> None:
    """Without a configuration, scan and hash make no folder, no key and no database, and scan says what it lacks."""
    (bare / "a.png").write_bytes(media.still(501, format="png", width=160, height=90))
    result = run("scan", "--json", "a.png")
    assert result.exit_code == 0
    assert lines(result)[0]["matches"] == []
    assert "no banks to compare with" in result.stderr
    assert run("hash", "a.png").exit_code == 0
    assert [path.name for path in bare.iterdir()] == ["a.png"]


def test_lookup_in_a_bank_that_there_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt bank is not the same as no match."""
    code, said = fails(monkeypatch, capsys, "lookup", "--bank", "nosuch")
    assert code == 2
    assert "there is no bank nosuch" in said


def test_lookup_tells_people_of_errors_in_words(home: Path) -> None:
    """Without --json, what is no hash is said on standard error."""
    result = run("lookup", input="nonsense\n" + "0" * 64 + "\n")
    assert result.exit_code == 1
    assert result.stderr == "nonsense  not a PDQ hash: it has 64 hex digits\n"
    assert result.stdout == "0" * 64 + "  no match\n"


@pytest.mark.slow
def test_banking_an_album_tells_what_failed_in_it(bot: tuple[Stage, Pipeline]) -> None:
    """Media of an album that cannot be read are reported one by one; the others are banked."""
    world, pipeline = bot
    good = [media.still(number, format="png", width=160, height=90) for number in (511, 512)]
    url = world.park.add_imgur_album("AbCdEfG", [good[0], b"no picture", good[1]], ext="png")
    result = run("bank", "add", "known-fakes", url, "--by", "ann", "--json")
    rows = lines(result)
    assert result.exit_code == 1
    assert len([row for row in rows if "entry" in row]) == len(pipeline.deps.store.banks.entries()) == 2
    assert len([row for row in rows if "error" in row]) == 1
    assert run("scan", url).exit_code == 1
    again = run("bank", "add", "known-fakes", url, "--by", "ann")
    assert again.stdout.count("was there already") == 2
    assert len(again.stderr.splitlines()) == 1


def test_confirming_a_case_says_what_becomes_of_each_action(bot: tuple[Stage, Pipeline]) -> None:
    """Each action is named with its state, and with what still holds it."""
    world, pipeline = bot
    fake = media.clip(401, seconds=1, width=320, height=180)
    pipeline.deps.store.banks.add("known-fakes", pipeline.deps.workers.fingerprint(fake), by=member(pipeline))
    url = world.park.add_redgifs("OneTwoThree", hd=fake)
    world.reddit.submit("quiet", author="poster", title="look", url=url)
    pipeline.tick()
    (case,) = pipeline.deps.store.cases.listing()
    assert "   would  report, remove, modmail (r/quiet is in mode observe)" in run("cases", "show", case.label).stdout
    said = run("cases", "confirm", case.label, "--by", "ann", "--now").stdout.splitlines()
    assert f"{case.label} is confirmed" in said
    assert "  but in r/quiet not: report, remove, modmail, message to the author; it is in mode observe" in said
    assert "  report: planned (will be held: r/quiet is in mode observe)" in said  # nothing here has a login


@pytest.mark.slow
def test_half_a_mail_section_is_a_finding_of_its_own(home: Path) -> None:
    """Storage is fine then, and everything else is examined all the same."""
    (home / "config.toml").write_text("[mail]\nhost = 'mail.example.org'\n")
    findings = [(row["subject"], row["level"], row["text"]) for row in lines(run("doctor", "--json"))]
    assert [text for subject, level, text in findings if (subject, level) == ("mail", "fail")] == [
        "mail.sender is not an e-mail address; notices come from it, so set one like abuse@example.org"
    ]
    assert ("storage", "fail") not in {finding[:2] for finding in findings}
    assert {"storage", "banks", "decoder", "rules", "reddit", "hosts"} <= {finding[0] for finding in findings}


def _read_all(terminal: int) -> None:
    with contextlib.suppress(OSError):  # so Linux says that the other end is closed
        while os.read(terminal, 4096):
            pass


@pytest.mark.slow
def test_the_bar_on_the_terminal_swallows_no_output(bare: Path) -> None:
    """With progress shown on a terminal, a redirected output is complete and holds nothing else."""
    (bare / "a.png").write_bytes(media.still(501, format="png", width=160, height=90))
    ours, theirs = pty.openpty()
    screen = threading.Thread(target=_read_all, args=(ours,))  # a terminal that nobody reads holds up who writes to it
    screen.start()
    try:
        done = program("hash", "--json", "a.png", cwd=bare, stderr=theirs)
    finally:
        os.close(theirs)
        screen.join()
        os.close(ours)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["a.png"]


def test_tables_wrap_words_on_a_terminal_and_nothing_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A label can be copied from any table; what reads a pipe has a row on a line."""
    row = ("C-3f9c2a71b0", "Near copy of a known fake in a rule with a long name", "closed_elsewhere")
    base.show(["case", "rule", "state"], [row], empty="none")
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setattr("bot.cli.screen.out", Console(force_terminal=True, width=50))
    base.show(["case", "rule", "state"], [row], empty="none")
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) > 2
    assert row[0] in shown
    assert row[2] in shown


def test_a_terminal_too_narrow_for_a_table_gets_a_block_for_each_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No word is cut in two: where columns have no room for their words, each row is written line by line."""
    row = ("C-3f9c2a71b0", "open", "Known fake, exact file", "example", "t3_1abcd2", "redgifs", "", "just now")
    columns = ["case", "state", "rule", "subreddit", "post", "host", "decided by", "opened"]
    for width in range(30, 140, 5):
        monkeypatch.setattr("bot.cli.screen.out", Console(force_terminal=True, width=width, color_system=None))
        base.show(columns, [row, row], empty="none")
        shown = capsys.readouterr().out
        assert all(len(line.rstrip()) <= width for line in shown.splitlines())
        words = shown.split()
        assert [word for cell in row for word in cell.split() if words.count(word) != 2] == [], f"at {width} columns"


def test_one_long_word_leaves_a_table_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column gives what it can before rows become blocks: as much as leaves its longest word whole."""
    monkeypatch.setattr("bot.cli.screen.out", Console(force_terminal=True, width=80, color_system=None))
    row = ("de", "notice.authorised_representative", "approved", "yours", "2026-11-30, A Practising Moderator")
    base.show(["language", "text", "state", "whose", "approved"], [row], empty="none")
    shown = capsys.readouterr().out
    assert shown.split()[:5] == ["language", "text", "state", "whose", "approved"]
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines())
    assert set(" ".join(row).split()) <= set(shown.split())


@pytest.mark.slow
def test_the_command_page_is_up_to_date() -> None:
    """docs/commands.md says what the help says; python -m tests.commands_doc writes it."""
    assert TARGET.read_text(encoding="utf-8") == render()


def test_the_program_starts_as_installed() -> None:
    """The installed command answers in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("gifwarden ")


@pytest.mark.slow
def test_trouble_with_a_subreddit_is_shown(home: Path) -> None:
    """`stats` and `doctor` show its state with the sentence, what was lost, and what is left of Reddit's limit."""
    with Store(home / "data" / DATABASE, SystemClock()) as store:
        now = SystemClock().now()
        sentence = "the subreddit is private, so we could not read r/clips; invite the account"
        store.watched.troubled("clips", state="private", sentence=sentence, next_at=now)
        store.watched.lost("clips", "new", lost_from=now - timedelta(hours=2), lost_to=now, estimate=1234)
        store.watched.put_budget({"limit": 1000, "remaining": 321, "by_job": {"watch": 7}, "closed": None})
    shown = run("stats").stdout
    assert "r/clips" in shown
    assert "private" in shown
    assert "321 were left" in " ".join(shown.split())
    (facts,) = lines(run("stats", "--json"))
    assert facts["subreddits"][0]["sentence"] == sentence
    assert facts["reddit"]["by_job"] == {"watch": 7}
    said = " ".join(finding["text"] for finding in lines(run("doctor", "--json")) if finding["subject"] == "r/clips")
    assert sentence in said
    assert "about 1,234" in said


def every_command(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command and every group of commands."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from every_command(inner, (*path, name))


@pytest.mark.parametrize("words", list(every_command(get_command(app))), ids=" ".join)
@pytest.mark.slow
def test_help_is_asked_for_by_a_short_option_too(words: tuple[str, ...]) -> None:
    """`-h` says everywhere what `--help` says, and no switch looks as if it took a value."""
    short, long = run(*words, "-h"), run(*words, "--help")
    assert short.exit_code == long.exit_code == 0
    assert short.stdout == long.stdout
    assert "Usage: " in short.stdout
    assert "bool" not in short.stdout


@pytest.mark.parametrize(
    ("typed", "offered"), [("gifwarden ca", {"cases"}), ("gifwarden cases con", {"confirm"}), ("gifwarden zz", set())]
)
@pytest.mark.slow
def test_a_shell_completes_commands(typed: str, offered: set[str], tmp_path: Path) -> None:
    """What a shell asks at the tab key is answered with the commands that begin so."""
    asked = {
        "_GIFWARDEN_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
        "PYTHONPATH": str(ROOT),
    }
    answer = subprocess.run(
        [sys.executable, "-c", "from bot.cli import main; main()"],
        cwd=tmp_path,
        env=os.environ | asked,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert set(answer.stdout.split()) == offered
