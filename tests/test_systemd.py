"""The daemon under systemd: what it tells, and the unit file that is offered."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from configparser import RawConfigParser
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from bot.cli import app
from bot.clock import ManualClock
from bot.config import private_text
from bot.errors import UsageError
from bot.loopback.stage import stage
from bot.schedule import LEASE_SECONDS, SILENT_SECONDS, Daemon
from bot.systemd import ServiceManager
from bot.tls import guard_key
from tests.bots import bot_on
from tests.killing import Silent

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "docs" / "gifwarden.service"
ELSEWHERE = ("worker", "scheduler")  # units of other machines
UNITS = [UNIT, *(ROOT / "docs" / f"gifwarden-{name}.service" for name in ELSEWHERE)]
HARDENING = (  # what no service of ours may do, in the words of all units
    "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem", "ProtectHome", "PrivateTmp",
    "PrivateDevices", "ProtectProc", "ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules",
    "ProtectKernelTunables", "ProtectControlGroups", "RestrictAddressFamilies", "RestrictNamespaces",
    "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "RemoveIPC", "SystemCallArchitectures",
    "SystemCallFilter",
    "SystemCallErrorNumber", "LimitCORE", "MemorySwapMax", "UMask", "DynamicUser", "KillMode",
)  # fmt: skip


def heard(link: socket.socket, until: str, seconds: float = 120) -> list[str]:
    """Return what is said up to and including one message; fail if it does not come."""
    said: list[str] = []
    end = time.monotonic() + seconds
    while not said or said[-1] != until:
        link.settimeout(max(0.01, end - time.monotonic()))
        said.append(link.recv(4096).decode())
    return said


@pytest.fixture
def manager(tmp_path: Path) -> tuple[socket.socket, str]:
    """A socket as systemd opens it, and its name."""
    name = str(tmp_path / "notify")
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    link.bind(name)
    return link, name


@pytest.mark.slow
def test_the_daemon_tells_systemd_that_it_is_ready_and_that_it_stops(
    tmp_path: Path, manager: tuple[socket.socket, str]
) -> None:
    """READY comes when the work begins, STOPPING when SIGTERM was heard; then the process ends well."""
    link, name = manager
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon_process", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "NOTIFY_SOCKET": name},
    )
    with process, link:
        try:
            assert heard(link, "READY=1")[0] == "STATUS=starting"
            process.send_signal(signal.SIGTERM)
            heard(link, "STOPPING=1")
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_a_daemon_that_hangs_is_no_longer_called_alive(
    tmp_path: Path, manager: tuple[socket.socket, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signs of life go out while steps move, and stop when none has moved for long, so that systemd restarts it."""
    link, name = manager
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with link, stage(tmp_path) as world, bot_on(world, Silent()) as bot:
        daemon = Daemon(bot)
        daemon._tell_manager()
        assert heard(link, "WATCHDOG=1") == ["WATCHDOG=1"]
        assert link.recv(4096).decode() == "STATUS=watching 3 subreddits; 0 links waiting"
        world.clock.sleep(SILENT_SECONDS + 1)
        daemon._tell_manager()
        assert link.recv(4096).decode().startswith("STATUS=")
        daemon._go_on()
        daemon._tell_manager()
        assert link.recv(4096).decode() == "WATCHDOG=1"


@pytest.mark.parametrize("name", [None, "", "relative", "/", "@", "/nowhere/at/all", "@no-such-socket"])
def test_without_systemd_nothing_is_said_and_nothing_fails(name: str | None) -> None:
    """No socket, a nonsensical one, or one that is gone: the daemon works on."""
    silent = ServiceManager({} if name is None else {"NOTIFY_SOCKET": name})
    silent.ready()
    silent.alive()
    silent.status("a\nb")
    silent.stopping()


def test_a_manager_that_does_not_listen_holds_nothing_up(manager: tuple[socket.socket, str]) -> None:
    """When the socket's queue is full, what is said is lost and the daemon goes on."""
    link, name = manager
    with link:
        talker = ServiceManager({"NOTIFY_SOCKET": name})
        for _ in range(5000):
            talker.alive()


def test_the_socket_may_have_an_abstract_name() -> None:
    """A name that starts with @ is looked for in Linux's abstract namespace."""
    name = f"gifwarden-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(f"\0{name}")
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).status("one\nline")
        assert heard(link, "STATUS=one line", 10)


def unit(file: Path = UNIT) -> RawConfigParser:
    """Return a unit file that the documentation offers."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units are case-sensitive
    parser.read_string(file.read_text(encoding="utf-8"))
    return parser


def test_the_unit_waits_for_the_daemon_and_restarts_a_silent_one() -> None:
    """Type, watchdog and restart agree with what the daemon says and how often."""
    service = unit()["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 2 * LEASE_SECONDS / 4
    assert service["Restart"] == "on-failure"
    assert "gifwarden run" in service["ExecStart"]


def test_the_unit_gives_no_secret_and_no_right_away() -> None:
    """Secrets come from credentials files; the file system is read-only but for the unit's own folders."""
    service = unit()["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["StateDirectoryMode"] == "0700"
    assert service["LimitCORE"] == "0"
    assert service["MemorySwapMax"] == "0"
    text = UNIT.read_text(encoding="utf-8")
    assert not re.search(r"(?i)^environment=.*(secret|password|token)=", text, re.MULTILINE)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_units_of_other_machines_are_hardened_as_the_daemons(name: str) -> None:
    """Each has all of its hardening, a user of its own, and of the keys that of its own role alone, as credentials."""
    file = ROOT / "docs" / f"gifwarden-{name}.service"
    service, daemon = unit(file)["Service"], unit()["Service"]
    assert {key: service[key] for key in HARDENING} == {key: daemon[key] for key in HARDENING}
    assert service["User"] == f"gifwarden-{name}"
    assert service["Restart"] == "always"
    given = re.findall("^LoadCredential=(.+):(.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert [what for what, _ in given] == ["ca.pem", f"{name}.pem", f"{name}.key"]
    assert all(path == f"/etc/gifwarden/certificates/{what}" for what, path in given)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_units_of_other_machines_call_their_command(name: str) -> None:
    """What they start is a command of ours, with options that it has."""
    program, command, *words = unit(ROOT / "docs" / f"gifwarden-{name}.service")["Service"]["ExecStart"].split()
    assert program == unit()["Service"]["ExecStart"].split()[0]
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    found = group.commands[command].make_context(command, words)
    assert found.params["certificates"] == Path("%d")


def test_credentials_that_systemd_gives_are_no_secret_that_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group's bit is a mask there, by which the service itself is let in; elsewhere, and for others, it counts."""
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    for folder, mode, taken in ((credentials, 0o440, True), (credentials, 0o444, False), (tmp_path, 0o440, False)):
        file = folder / f"{mode:o}"
        file.write_text("secret")
        file.chmod(mode)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
        expected = contextlib.nullcontext() if taken else pytest.raises(UsageError, match="others can read it")
        with expected:
            guard_key(file)
        with expected:
            private_text(file, os.environ)
        monkeypatch.delenv("CREDENTIALS_DIRECTORY")
        with pytest.raises(UsageError, match="others can read it"):
            guard_key(file)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_systemd_accepts_the_unit(tmp_path: Path, file: Path) -> None:
    """systemd's own check finds nothing to say about it."""
    there = tmp_path / file.name
    text = file.read_text(encoding="utf-8")
    there.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(there)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "gifwarden" in line]
    assert (done.returncode, complaints) == (0, [])


def test_a_manual_clock_starts_silent() -> None:
    """A daemon that has just begun has not been silent."""
    from bot.web.steps import Steps

    assert Steps(ManualClock(datetime(2026, 11, 20, tzinfo=UTC))).silence() == 0
