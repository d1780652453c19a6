"""The console in the daemon and alone, beside whoever writes, and how both end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.clock import SystemClock
from bot.errors import DatabaseError
from bot.loopback.ports import free_port
from bot.store import Store
from bot.store.case_queue import Tab
from tests.console import Browser, open_case
from tests.slow import slow
from tests.test_schedule import wait_for

ROOT = Path(__file__).parent.parent
GIFWARDEN = (sys.executable, "-c", "from bot.cli import main; main()")


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def daemon(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A daemon on loopback that serves the console, in a process of its own."""
    command = [sys.executable, "-m", "tests.daemon_process", str(tmp_path), str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        yield process
        if process.poll() is None:
            process.kill()


@pytest.mark.slow
def test_the_daemon_serves_it_and_performs_what_is_decided(daemon: subprocess.Popen[str], port: int) -> None:
    """What is decided in the console of a daemon reaches Reddit by that daemon, and it stops within seconds."""
    secret = str(wait_for(daemon, "link")["secret"])
    assert wait_for(daemon, "web served")["ports"] == [port]
    with Browser(url=f"http://127.0.0.1:{port}") as ann:
        assert ann.sign_in(secret).status_code == 200
        end = time.monotonic() + 60
        while "done: remove" not in ann.text:
            assert time.monotonic() < end, ann.text
            time.sleep(0.3)
            ann.get("/?tab=bot")
        (case,) = re.findall(r"/case/(C-[0-9a-f]+)\?", ann.page.text)
        ann.press(case, "dismiss")
        assert f"{case} : dismissed" in ann.text
        while "undone remove" not in ann.text:
            assert time.monotonic() < end, ann.text
            time.sleep(0.3)
            ann.get(f"/case/{case}")
        for path in ("/health", "/metrics"):
            assert httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).status_code == 200
            foreign = {"Host": "gifwarden.example.org"}
            assert httpx.get(f"http://127.0.0.1:{port}{path}", headers=foreign, trust_env=False).status_code == 403
        held = socket.create_connection(("127.0.0.1", port))
        daemon.send_signal(signal.SIGTERM)
        began = time.monotonic()
        left = wait_for(daemon, "left")
        assert (left["removals"], left["approvals"]) == (1, 1)
        assert daemon.wait(10) == 0
        assert time.monotonic() - began < 8
        held.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_review_serves_it_alone(tmp_path: Path, port: int, number: signal.Signals) -> None:
    """`gifwarden review` prints a link for who runs it, serves until it is told to stop, and ends well."""
    subprocess.run([*GIFWARDEN, "init", str(tmp_path)], check=True, capture_output=True, cwd=ROOT)
    config = tmp_path / "config.toml"
    with Store(tmp_path / "data" / "gifwarden.db", SystemClock()) as store:
        case = open_case(store, 1)
    command = [*GIFWARDEN, "review", "--config", str(config), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(3)]
        found = re.search(rf"http://127\.0\.0\.1:{port}/sign-in\?link=([\w-]+)", said[2])
        assert found, said
        with Browser(url=f"http://127.0.0.1:{port}") as me:
            assert me.sign_in(found[1]).status_code == 200
            me.press(case.label, "dismiss")
            assert f"{case.label} : dismissed" in me.text
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr
        told = process.stderr.read()
    assert "no daemon runs and there is no login here" in told
    assert "Traceback" not in told


@slow
def test_review_says_that_its_port_is_taken(tmp_path: Path) -> None:
    """A port that another program uses is told in one sentence."""
    subprocess.run([*GIFWARDEN, "init", str(tmp_path)], check=True, capture_output=True, cwd=ROOT)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*GIFWARDEN, "review", "--config", str(tmp_path / "config.toml"), "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"web.port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_cannot_write(store: Store) -> None:
    """What pages read by changes nothing, whatever is asked of it."""
    case = open_case(store, 1)
    with store.reader() as reader:
        assert reader.cases.get(case.label).label == case.label
        for write in (
            lambda: reader.sign_ins.touch("S-1"),
            lambda: reader.connection.run("delete from cases"),
            lambda: reader.connection.run("pragma query_only = off; delete from cases"),
        ):
            with pytest.raises(DatabaseError):
                write()
        assert reader.cases.get(case.label).label == case.label


def test_another_process_takes_nothing_away(store: Store) -> None:
    """A reader lets go of no lock of the writer beside it: whoever comes and goes leaves the write-ahead log alone."""
    path = store.connection.path
    assert path is not None
    come_and_go = (sys.executable, "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print("
                   "c.execute('select count(*) from cases').fetchone()[0]); c.close()", str(path))  # fmt: skip
    with store.reader():
        for number in (1, 2):
            open_case(store, number)
            seen = subprocess.run(come_and_go, check=True, capture_output=True, text=True).stdout
            assert (seen.strip(), path.with_name(f"{path.name}-wal").exists()) == (str(number), True)


def test_a_reader_sees_one_moment_and_keeps_nobody_from_writing(store: Store) -> None:
    """While a page is made of one moment, others write at once; the next page sees it."""
    open_case(store, 1)
    with store.reader() as reader:
        with reader.transaction():
            assert len(reader.case_queue.page(Tab.WAITING, limit=10)) == 1
            open_case(store, 2)
            assert len(reader.case_queue.page(Tab.WAITING, limit=10)) == 1
        assert len(reader.case_queue.page(Tab.WAITING, limit=10)) == 2


def test_a_page_is_read_while_somebody_writes(store: Store) -> None:
    """A long transaction of the daemon holds up no page."""
    open_case(store, 1)
    inside, over = threading.Event(), threading.Event()

    def write() -> None:
        with store.transaction():
            store.connection.run("update cases set why = 'x'")
            inside.set()
            over.wait(20)

    with store.reader() as reader:
        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert inside.wait(10)
            assert len(reader.case_queue.page(Tab.WAITING, limit=10)) == 1
            assert writer.is_alive()  # it waits until we are through
        finally:
            over.set()
            writer.join()
