"""The command line as a person or a program uses it: answers, exit codes, one sentence for what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app, main
from bot.demo import media
from tests.commands_doc import TARGET, render


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh installation, made by `gifwarden init`, as the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
    assert run("init").exit_code == 0
    return tmp_path


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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and the way out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
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


def test_a_withdrawn_entry_is_not_found_any_more(home: Path) -> None:
    """Removing from a bank works at the next look, and restoring too."""
    (home / "known.png").write_bytes(media.still(503, format="png"))
    (added,) = lines(run("bank", "add", "known-fakes", "known.png", "--by", "ann", "--json"))
    assert run("bank", "remove", added["entry"], "--by", "ann").exit_code == 0
    assert lines(run("scan", "known.png", "--json"))[0]["matches"] == []
    assert run("bank", "restore", added["entry"], "--by", "ann").exit_code == 0
    assert lines(run("scan", "known.png", "--json"))[0]["matches"] != []


def test_who_added_an_entry_cannot_confirm_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second person is another person."""
    (home / "known.png").write_bytes(media.still(503, format="png"))
    (added,) = lines(run("bank", "add", "known-fakes", "known.png", "--by", "ann", "--json"))
    code, said = fails(monkeypatch, capsys, "bank", "confirm", added["entry"], "--by", "ann")
    assert code == 2
    assert "second person" in said
    assert run("bank", "confirm", added["entry"], "--by", "bob").exit_code == 0


def test_doctor_says_what_is_missing(home: Path) -> None:
    """Without credentials the doctor fails with a line that names the setting."""
    result = run("doctor", "--json")
    assert result.exit_code == 1
    findings = {finding["subject"]: finding for finding in lines(result)}
    assert findings["reddit"]["level"] == "fail"
    assert "client_id" in findings["reddit"]["text"]
    assert findings["decoder"]["level"] == "ok"


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
    assert code == 1
    assert "cases list" in said


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
