"""The demo that is served: its world for commands in another terminal, what the other side saw, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import SystemClock
from bot.demo import world as worlds
from bot.demo.ledger import Ledger
from bot.demo.living import Living
from bot.errors import GifwardenError, UsageError
from bot.loopback.ports import free_port
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bot_on
from tests.console import Browser
from tests.killing import Silent
from tests.people import at_home
from tests.slow import slow

ROOT = Path(__file__).parent.parent
GIFWARDEN = (sys.executable, "-c", "from bot.cli import main; main()")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this user's demo."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return worlds.place()


def typed(*words: str) -> tuple[int, str]:
    """Type a command; return its exit code and what it said."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    if isinstance(result.exception, GifwardenError):
        return result.exception.exit_code, str(result.exception)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result.exit_code, result.output


def test_without_a_demo_a_command_in_it_says_so(folder: Path) -> None:
    """No demo, the note of a killed one, a folder of somebody else: each is one sentence, and nothing is read."""
    assert typed("demo", "--", "cases", "list") == (2, worlds.NONE_RUNS.format("gifwarden"))
    folder.mkdir(mode=0o700)
    (folder / worlds.NOTE).write_text("{}")  # nobody holds its lock
    assert typed("demo", "--", "cases", "list") == (2, worlds.NONE_RUNS.format("gifwarden"))
    folder.chmod(0o755)
    assert "is not yours alone" in typed("demo", "--", "cases", "list")[1]
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    assert "is not yours alone" in typed("demo", "--", "cases", "list")[1]
    with pytest.raises(UsageError, match="is not yours alone"), worlds.taken(folder):
        pass


def test_one_demo_is_served_at_a_time_and_leaves_nothing(folder: Path) -> None:
    """What a killed demo left goes before; a second one is told of the first; what ends leaves no folder."""
    (folder / "data").mkdir(parents=True)
    folder.chmod(0o700)
    (folder / "data" / "gifwarden.db").touch()
    with worlds.taken(folder):
        assert [left.name for left in folder.iterdir()] == [worlds.NOTE]
        assert (folder / worlds.NOTE).stat().st_mode & 0o777 == 0o600
        with pytest.raises(UsageError, match="a demo is served here already"), worlds.taken(folder):
            pass
        assert "just starting" in typed("demo", "--", "cases", "list")[1]
    assert not folder.exists()


def test_choices_that_do_not_go_together_are_refused() -> None:
    """Each is one sentence: two ways to play at once, and what goes with the other one."""
    for words, said in (
        (("--serve", "--week"), "choose one"),
        (("--week", "--", "cases", "list"), "choose one"),
        (("--serve", "--json"), "--serve opens the console"),
        (("--port", "8470"), "--port goes with --serve"),
        (("--", "init"), "init does nothing in the demo's world"),
    ):
        code, told = typed("demo", *words)
        assert (code, said in told) == (2, True), told


@pytest.fixture
def served(folder: Path) -> Iterator[tuple[Stage, Pipeline]]:
    """A world that is noted in the user's folder, and a bot on it that knows a fake."""
    now = SystemClock()
    with (
        worlds.taken(folder),
        stage(folder, clock=now, sections=worlds.sections(8470)) as world,
        bot_on(world, Silent()) as bot,
    ):
        me = at_home(bot)
        bot.deps.store.banks.create("known-fakes", "block")
        bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(media.clip(701, seconds=1)), by=me)
        worlds.note(folder, world)
        yield world, bot


@pytest.mark.slow
def test_commands_in_the_demo_reach_its_world_and_no_other(
    served: tuple[Stage, Pipeline], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A decision typed there is performed on the loopback Reddit; no file or variable of the user's takes part."""
    world, bot = served
    ledger = Ledger(world)
    monkeypatch.setenv("GIFWARDEN_REDDIT__PASSWORD", "a real one")
    monkeypatch.setenv("GIFWARDEN_CONFIG", str(tmp_path / "none.toml"))
    url = world.park.add_redgifs(
        "NearTheFake", hd=media.reencode(media.clip(701, seconds=1), crf=32, width=480, height=270)
    )
    post = world.reddit.submit("clips", author="a", title="look", url=url, created=world.clock.now())
    bot.tick()
    (case,) = bot.deps.store.cases.listing()
    assert case.label in typed("demo", "--", "cases", "list")[1]
    assert "leave --config out" in typed("demo", "--", "cases", "list", "--config", "config.toml")[1]
    code, said = typed("demo", "--", "cases", "confirm", case.label, "--now")
    assert (code, world.reddit.removals) == (0, [post]), said
    received = [line.said for line in reversed(ledger.lines(by_bot=True))]
    assert received[0].startswith("Reported “look” by u/a in r/clips: Near copy")
    assert "Removed “look” by u/a in r/clips" in received
    assert all(b"a real one" not in request.body for request in world.reddit.log)
    code, said = typed("demo", "--", "team", "invite", "ann")
    assert (code, "http://127.0.0.1:8470/sign-in?link=" in said) == (0, True)


MALFORMED = (
    ("/api/v1/modactions/removal_link_message", "[" * 100_000), ("/api/v1/modactions/removal_link_message", "no"),
    ("/api/v1/modactions/removal_link_message", '{"item_id": 5, "title": []}'),
    ("/api/v1/modactions/removal_link_message", '{"item_id": [[5]], "type": "public"}'),
    ("/api/v1/modactions/removal_link_message", '{"item_id": {"0": 1}}'),
    ("/api/v1/modactions/removal_reasons", '{"item_ids": 5, "reason_id": {}, "mod_note": 7}'),
    ("/api/v1/modactions/removal_reasons", '{"item_ids": [POST], "reason_id": {}, "mod_note": null}'),
    ("/api/v1/modactions/removal_reasons", "[" * 100_000),
)  # fmt: skip


def test_the_other_side_shows_what_it_took_and_no_more(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a login, refused or malformed is not received; malformed requests end in an answer, never a traceback."""
    with stage(tmp_path) as world:
        ledger, reddit = Ledger(world), world.reddit
        post = reddit.submit("clips", author="a", title="look", url="https://a.com/x", created=world.clock.now())
        with httpx.Client(base_url=reddit.url, trust_env=False) as client:
            removal = {"id": post, "reason": "why"}
            for headers in ({}, {"Authorization": "Bearer made-up"}):
                for path, _ in (("/api/remove", ""), ("/api/report", ""), *MALFORMED):
                    assert client.post(path, data=removal, headers=headers).status_code == 401
            login = {"grant_type": "password", "username": reddit.username, "password": reddit.password}
            token = client.post(
                "/api/v1/access_token", data=login, auth=(reddit.client_id, reddit.client_secret)
            ).json()["access_token"]
            client.headers["Authorization"] = f"bearer {token}"
            for path, content in MALFORMED:
                answer = client.post(path, data={"json": content.replace("POST", f'"{post}"')})
                assert 400 <= answer.status_code < 500, (path, content[:40])
            assert client.post("/api/remove", data={"id": "t3_none"}).status_code == 403
            assert client.post("/api/report", data={"id": post, "reason": "x" * 101}).json()["json"]["errors"]
            assert client.get("/r/clips/new", params={"limit": "\u00b2"}).status_code == 200
            assert ledger.lines(by_bot=True) == []
            assert client.post("/api/remove", data=removal).status_code == 200
            assert [line.said for line in ledger.lines(by_bot=True)] == ["Removed “look” by u/a in r/clips"]
        for head in (
            b"GET /a HTTP/1.1\r\nContent-Length: x",
            b"GET /a HTTP/1.1\r\nContent-Length: -1",
            b"GET http://[ HTTP/1.1",
        ):
            with socket.create_connection(("127.0.0.1", reddit.port), timeout=10) as raw:
                raw.sendall(head + b"\r\nHost: a\r\n\r\n")
                assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in capfd.readouterr().err


@slow
def test_whatever_happens_in_the_demo_is_met_by_the_bot(tmp_path: Path) -> None:
    """A round of the script: posts, a raid, an appeal, a removal by hand, a claim, a notice mailed and answered."""
    here = stage(tmp_path, gallery=True, sections=worlds.sections(0), answers=True)
    with here as world, bot_on(world, Silent()) as bot:
        ledger = Ledger(world)
        living = Living(world, bot, ledger)
        living.prepare("somebody")
        for _ in range(9):
            world.clock.sleep(120)
            bot.tick()
            living.step()
        bot.tick()
        happened = " ".join(line.said for line in ledger.lines(by_bot=False))
        for words in (
            "a raid",
            "appealed",
            "on Reddit, by hand",
            "are in a video",
            "stated the ground of notice",
            "taken down",
        ):
            assert words in happened
        received = " ".join(line.said for line in ledger.lines(by_bot=True))
        for words in ("Reported", "Removed", "Message to", "Modmail to", "The mail server took a mail to"):
            assert words in received
        store = bot.deps.store
        assert {"open", "closed_elsewhere"} <= {str(case.state) for case in store.cases.listing()}
        assert store.case_queue.appealed()
        assert len(store.claims.listing()) == 1
        assert {(str(row.kind), row.waits) for row in store.notice_answers.listing()} == {
            ("automatic", False),
            ("answer", True),
        }


@contextmanager
def served_by(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside the test; it does not outlive it."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@slow
def test_the_demo_is_served_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """A link signs in; what is decided in the console reaches Reddit and stands on its page; SIGTERM leaves nothing."""
    port = free_port()
    command = [*GIFWARDEN, "demo", "--serve", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "80"}
    with served_by(command, environment) as process:
        assert process.stdout
        told = ""
        while "Stop:" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        assert all(len(line) <= 80 for line in told.splitlines() if "sign-in?link=" not in line)
        found = re.search(rf"http://127\.0\.0\.1:{port}/sign-in\?link=([\w-]+)", told)
        assert found, told
        with Browser(url=f"http://127.0.0.1:{port}") as me:
            end = time.monotonic() + 60
            assert me.sign_in(found[1]).status_code == 200, me.text
            case = re.findall(r"/case/(C-[0-9a-f]+)\?", me.page.text)[0]
            title = re.search(r'class="title">([^<]+)<', me.page.text)
            me.press(case, "confirm")
            while f"Removed “{title[1] if title else ''}”" not in me.text:
                assert time.monotonic() < end, me.text
                time.sleep(0.5)
                me.get("/other-side")
        said = subprocess.run(
            [*GIFWARDEN, "demo", "--", "cases", "list", "--json"], cwd=ROOT, env=environment, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        assert len([json.loads(line) for line in said.stdout.splitlines()]) >= 4
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 8
    assert list(tmp_path.iterdir()) == []


def test_the_program_is_called_as_a_shell_here_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name if that leads to this one, else by where it is: an environment need not be activated."""
    own, other = tmp_path / ".venv" / "bin" / "gifwarden", tmp_path / "usr" / "gifwarden"
    for file in (own, other):
        file.parent.mkdir(parents=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(own), "demo", "--serve"])
    for path, said in (("", ".venv/bin/gifwarden"), (other.parent, ".venv/bin/gifwarden"), (own.parent, "gifwarden")):
        monkeypatch.setenv("PATH", str(path))
        assert worlds.program() == said
    monkeypatch.setattr("sys.argv", ["-c"])
    assert worlds.program() == "gifwarden"
