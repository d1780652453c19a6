"""Look at anything in the console: what is told of an address or a file, once; what is refused; and never the disk."""

from __future__ import annotations

import re
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.loopback.stage import Stage, stage
from bot.model import Role
from bot.samples import media
from bot.web import server
from bot.web.console import uploads
from bot.web.console.uploads import InMemory
from tests import hostile
from tests.bots import Listening, bank_the_fake, bot_on, fake, near_copy
from tests.console import Browser, Console, console_on
from tests.slow import slow

URL = "https://www.redgifs.com/watch/BroughtByHand"
_opened: list[str] = []
_listening = False


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if _listening and event == "open" and not isinstance(args[0], int) and (args[2] or 0) & 3:
        _opened.append(str(args[0]))


sys.addaudithook(_hear)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Console, Listening]]:
    """A world with a known fake and a console, whose looks have time; Ben decides, Eve may do nothing."""
    with stage(tmp_path_factory.mktemp("anything")) as world:
        log = Listening()
        with bot_on(world, log) as bot, console_on(bot) as served:
            bank_the_fake(bot)
            world.park.add_redgifs("BroughtByHand", hd=near_copy())
            bot.looks._seconds = bot.looks._ready = 240.0
            served.person("Ben")
            served.person("Eve", None)
            served.person("Dan", Role.REVIEWER, ["gifs"])
            served.person("Fay")
            yield world, served, log


@pytest.fixture
def console(place: tuple[Stage, Console, Listening]) -> Console:
    """That console."""
    return place[1]


@pytest.fixture
def ben(console: Console) -> Browser:
    """Ben's browser, on the page."""
    browser = console.signed_in("Ben")
    browser.get("/anything")
    return browser


def ended(browser: Browser) -> str:
    """Follow the link of the page until it is over, as one does without scripts; return the words of its end."""
    end = time.monotonic() + 120
    while "See whether it is there" in browser.text:
        assert time.monotonic() < end, browser.text
        time.sleep(0.05)
        browser.get(browser.page.url.path)
    return browser.text


def held(console: Console) -> list[tuple[str, int]]:
    """Return how many rows each table has that a look could fill."""
    tables = ("links", "posts", "cases", "evidence", "actions", "audit", "fingerprints", "entries")
    known = {row["name"] for row in console.bot.deps.store.connection.rows("select name from sqlite_master")}
    count = console.bot.deps.store.connection.value
    return [(name, int(count(f"select count(*) from {name}"))) for name in tables if name in known]


def large(data: bytes, size: int) -> bytes:
    """Return an MP4 with a box of nothing behind it."""
    return data + struct.pack(">I4s", size, b"free") + bytes(size - 8)


@pytest.mark.slow
def test_an_address_is_told_once(console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a login of Reddit: that it runs, then what was found, what speaks against it, the verdict, the texts."""
    monkeypatch.setattr(console.bot.target_scanner, "_reddit", None)
    before = held(console)
    ben.post("/anything/ask", target=URL)
    path = ben.page.url.path
    said = ended(ben)
    (entry,) = console.bot.deps.store.banks.entries("known-fakes")
    for words in (
        "What was found at redgifs A near copy of an entry",
        f"match {entry.label} in known-fakes",
        "What speaks against it",
        "a near copy may be the genuine clip",
        "What the rules say act by rule “Near copy of a known fake”",
        "Report on Reddit Looks like a known fake: please compare it and decide",
        "Redgifs takes reports at",
        "reloading this page shows nothing any more",
    ):
        assert words in said, said
    assert ben.page.text.count("<svg role") == 1
    pasted = re.findall(r'<pre class="paste">(.*?)</pre>', ben.page.text, flags=re.DOTALL)
    assert pasted
    assert not any(entry.label in words or "redgifs.com" in words for words in pasted)
    ben.get(path)
    assert "shown once, and kept nowhere" in ben.text
    assert entry.label not in ben.text
    ben.post("/anything/ask", target="https://www.reddit.com/r/clips/comments/abc12/x/")
    assert "Nothing: " in ended(ben)
    assert "Reddit" in ben.text
    assert held(console) == before


@pytest.mark.slow
def test_a_permalink_leads_to_its_case(place: tuple[Stage, Console, Listening], ben: Browser) -> None:
    """Where the post, its media or the very file is a case, its label leads there; the texts stand behind it."""
    world, console, _ = place
    name = world.reddit.submit("clips", author="poster", title="look", url=URL, created=world.clock.now())
    console.bot.tick()
    (case,) = console.bot.deps.store.cases.of_post(name)
    permalink = "https://www.reddit.com" + world.reddit.world.things[name]["permalink"]
    for target in (permalink, URL):
        ben.get("/anything")
        ben.post("/anything/ask", target=target)
        said = ended(ben)
        assert f"Decide there: {case.label} ." in said, said
        assert ("To the author, with the removal" in said) == (target == permalink)
    ben.get("/anything")
    ben.upload("/anything/ask", "x.mp4", near_copy())
    assert f'href="/case/{case.label}"' in (ended(ben), ben.page.text)[1]
    assert console.bot.deps.store.cases.get(case.label).version == case.version
    assert "<img" not in ben.page.text


@pytest.mark.slow
def test_a_file_is_told_and_never_on_the_disk(console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a megabyte, which a form's file is spooled at: the verdict comes, and no file was opened to write."""
    global _listening
    rolled: list[object] = []
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: rolled.append(self))
    _opened.clear()
    before, _listening = held(console), True
    try:
        ben.upload("/anything/ask", "C:\\clips\\<b>look\u202e.mp4", large(fake(), 3 << 20))
        said = ended(ben)
    finally:
        _listening = False
    assert "A near copy of an entry" in said
    assert "<b>look\\u202e.mp4" in said
    assert "clips\\<b>" not in said
    assert (rolled, [name for name in _opened if name.startswith("/") and "/dev/null" not in name]) == ([], [])
    assert held(console) == before
    ben.get("/anything")
    ben.upload("/anything/ask", "very.mp4", fake())
    assert "Certain: the exact file of an entry" in ended(ben)


def test_the_parser_would_spool_otherwise() -> None:
    """What keeps files in memory is ours to keep: the base would put them on the disk."""
    assert InMemory.spool_max_size == 0
    assert InMemory.__mro__[1].spool_max_size > 0  # type: ignore[attr-defined]


@slow
def test_hostile_files_are_one_sentence(place: tuple[Stage, Console, Listening], ben: Browser) -> None:
    """Whatever is sent ends in what was found or in one sentence; no page fails, and no host is asked."""
    world, _, log = place
    files, asked = hostile.files(), len(world.park.log)
    warned = len(log.warnings)
    for name in list(files)[::4]:  # all of them are decoded in test_hostile; nearly each costs a child
        ben.get("/anything")
        ben.upload("/anything/ask", f"{name}.mp4", files[name])
        assert ben.page.status_code == 200, (name, ben.text)
        said = ended(ben)
        assert re.search("Nothing: |What the rules say|Nothing was found out: ", said), (name, said)
        assert "unexpected" not in said, name
        assert "/etc/passwd" not in said, name
    assert len(world.park.log) == asked
    assert [event for event, _ in log.warnings[warned:] if event == "page failed"] == []
    ben.get("/anything")
    ben.upload("/anything/ask", "still well.mp4", fake())
    assert "Certain: the exact file" in ended(ben)


@pytest.mark.slow
def test_what_is_pasted_reaches_known_hosts_only(place: tuple[Stage, Console, Listening], ben: Browser) -> None:
    """Addresses of this machine and its networks, other schemes, paths, unknown names: none is dialled."""
    world, _, _ = place
    asked, dialled = len(world.park.log), len(world.park.network.dialled)
    more = ["/etc/passwd", "file:///etc/passwd", "config.toml", "https://evil.example/a.gif", "javascript:alert(1)",
            "http://i.redgifs.com@127.0.0.1/x", "gopher://127.0.0.1:70/", "\u202ehttp://127.0.0.1/"]  # fmt: skip
    for target in (*hostile.ADDRESSES.values(), *more):
        ben.get("/anything")
        ben.post("/anything/ask", target=target)
        assert ben.page.status_code == 200, target
        said = ended(ben)
        assert "Nothing: " in said, (target, said)
        assert "unexpected" not in said, target
    assert (len(world.park.log), len(world.park.network.dialled)) == (asked, dialled)


@pytest.mark.slow
def test_forms_of_others_making(console: Console, ben: Browser) -> None:
    """Nothing, both, too long, other parts and too large are refused in a sentence each; the next is taken."""
    for fields in ({}, {"target": " "}, {"target": "x" * 2001}):
        assert ben.post("/anything/ask", **fields).status_code == 409, fields
        ben.get("/anything")
    assert ben.upload("/anything/ask", "a.gif", b"GIF89a", target=URL).status_code == 409
    ben.get("/anything")
    assert ben.upload("/anything/ask", "a.gif", b"").status_code == 409
    ben.get("/anything")
    two = [("file", ("a.gif", b"x")), ("file", ("b.gif", b"y"))]
    head = {"Origin": ben.url}
    assert ben.client.post("/anything/ask", data={"csrf": ben.csrf}, files=two, headers=head).status_code == 400
    words = {"csrf": ben.csrf, "target": "x" * 70_000}
    assert ben.client.post("/anything/ask", data=words, headers=head).status_code == 413
    assert ben.client.post("/anything/ask", files={"file": ("a", b"x")}, headers=head).status_code == 403  # no token
    assert ben.client.post("/anything/ask", files={"file": ("a", b"x")}, data={"csrf": ben.csrf}).status_code == 403
    ben.get("/anything")
    ben.upload("/anything/ask", "a.gif", media.gif(3, seconds=0.3))
    assert "Nothing known in it" in ended(ben)


def head(console: Console, browser: Browser | None, size: int, **more: str) -> socket.socket:
    """Begin to send a file: all that stands in front of its bytes."""
    name, _, port = console.host.partition(":")
    sent = socket.create_connection((name, int(port)), timeout=20)
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.client.cookies.jar) if browser else ""
    headers = {
        "Host": console.host, "Origin": console.url, "Content-Length": str(size), "Cookie": cookie,
        "User-Agent": browser.agent if browser else "x", "Content-Type": "multipart/form-data; boundary=cut", **more,
    }  # fmt: skip
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    sent.sendall(f"POST /anything/ask HTTP/1.1\r\n{lines}\r\n".encode())
    return sent


def begun(csrf: str) -> bytes:
    """Return the beginning of a form with a file."""
    return (
        f'--cut\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
        '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.gif"\r\n\r\n'
    ).encode()


def test_who_may_not_is_refused_before_the_file(console: Console, ben: Browser) -> None:
    """Nobody, who has no role, another origin, and a file beyond the limit: answered while no byte of it was sent."""
    eve = console.signed_in("Eve")
    size = 50 << 20
    for browser, more, status in (
        (None, {}, 401), (eve, {}, 403), (ben, {"Origin": "https://attacker.example"}, 403),
        (ben, {"Content-Length": str(65 << 20)}, 413),
    ):  # fmt: skip
        with head(console, browser, size, **more) as sent:
            assert sent.recv(4096).startswith(f"HTTP/1.1 {status} ".encode()), (browser and browser.agent, more)
    eve.get("/anything")
    assert "You have no role that decides cases" in eve.text
    assert 'type="file"' not in eve.page.text


def test_two_at_once_and_what_is_cut(console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third waits its turn, an address does too; files that break off leave nothing and make room."""
    csrf, reading, whole = ben.csrf, [0], uploads._read

    async def counted(*args: Any) -> Any:
        reading[0] += 1
        return await whole(*args)

    monkeypatch.setattr(uploads, "_read", counted)
    others = [console.signed_in(name) for name in ("Dan", "Fay")]
    sent = [head(console, other, 1 << 20) for other in others]
    try:
        for one in sent:
            one.sendall(begun(csrf) + b"GIF89a" * 1000)
        end = time.monotonic() + 20
        while reading[0] < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert ben.upload("/anything/ask", "c.gif", b"GIF89a").status_code == 409
        assert "too many people send files" in ben.text
        ben.get("/anything")
        assert ben.post("/anything/ask", target=URL).status_code == 409
    finally:
        for one in sent:
            one.close()
    ben.get("/anything")
    end = time.monotonic() + 20
    while ben.upload("/anything/ask", "d.gif", media.gif(3, seconds=0.3)).status_code == 409:
        assert time.monotonic() < end, ben.text
        time.sleep(0.1)
        ben.get("/anything")
    assert "Nothing known in it" in ended(ben)


@pytest.mark.slow
def test_one_at_a_time_and_none_that_stalls(console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member sends one file at a time; what stalls or drips is refused soon, in a sentence, and makes room."""
    reading, whole = [0], uploads._read

    async def counted(*args: Any) -> Any:
        reading[0] += 1
        return await whole(*args)

    monkeypatch.setattr(uploads, "_read", counted)
    with head(console, ben, 1 << 20) as stalled:
        stalled.sendall(begun(ben.csrf) + b"GIF89a" * 1000)
        end = time.monotonic() + 20
        while not reading[0]:
            assert time.monotonic() < end
            time.sleep(0.02)
        again = console.signed_in("Ben")
        again.get("/anything")
        assert again.upload("/anything/ask", "c.gif", b"GIF89a").status_code == 409
        assert "a file of yours is still being sent" in again.text
        fay = console.signed_in("Fay")
        fay.get("/anything")
        assert fay.upload("/anything/ask", "c.gif", media.gif(3, seconds=0.3)).status_code == 200
        assert "Nothing known in it" in ended(fay)
    monkeypatch.setattr(uploads, "PATIENCE", 0.5)
    for drops in (1, 40):
        fay.get("/anything")
        with head(console, fay, 1 << 20) as slow:
            slow.sendall(begun(fay.csrf) + bytes(200_000))
            for _ in range(drops):
                try:
                    slow.sendall(b"x")
                except OSError:
                    break
                time.sleep(0.1)
            said = b""
            while more := slow.recv(65536):
                said += more
            assert said.startswith(b"HTTP/1.1 409 ")
            assert b"too slowly" in said
    monkeypatch.setattr(uploads, "PATIENCE", 20.0)
    fay.get("/anything")
    assert fay.upload("/anything/ask", "c.gif", media.gif(3, seconds=0.3)).status_code == 200
    assert "Nothing known in it" in ended(fay)


@pytest.mark.slow
def test_a_slow_line_has_more_time_for_a_file_alone(
    console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes longer than a form may is taken to its end; a file that never ends is cut at its own time."""
    body = begun(ben.csrf) + media.gif(3, seconds=0.3) + b"\r\n--cut--\r\n"
    monkeypatch.setattr(server, "RECEIVE_SECONDS", 1.5)
    with head(console, ben, len(body)) as sent:
        for place in range(4):
            part = len(body) // 4 + 1
            sent.sendall(body[place * part : (place + 1) * part])
            time.sleep(0.7)
        assert sent.recv(4096).startswith(b"HTTP/1.1 303 ")
    monkeypatch.setattr(uploads, "SECONDS", 1.0)
    with head(console, ben, len(body)) as sent:
        sent.sendall(body[:200])
        assert sent.recv(4096) == b""


@pytest.mark.slow
def test_leaving_ends_it_and_nobody_else_has_it(
    console: Console, ben: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another session gets nothing of it; who changes their mind ends it, and what comes afterwards is dropped."""
    whole = console.bot.deps.acquirer.acquire

    def waiting(*args: Any, **more: Any) -> Any:
        time.sleep(1.0)
        return whole(*args, **more)

    monkeypatch.setattr(console.bot.deps.acquirer, "acquire", waiting)
    ben.post("/anything/ask", target=URL)
    path = ben.page.url.path
    assert "Being looked at" in ben.text
    other = console.signed_in("Ben")
    assert other.client.get(f"{path}/now").json()["state"] == "gone"
    other.get(path)
    assert "shown once, and kept nowhere" in other.text
    other.get("/anything")
    other.post(f"{path}/leave")
    assert ben.client.get(f"{path}/now").json()["state"] in ("waiting", "fetching")
    ben.post(f"{path}/leave")
    assert ben.page.url.path == "/anything"
    time.sleep(1.5)
    assert ben.client.get(f"{path}/now").json()["state"] == "gone"
    job = console.bot.looks._jobs.get(path.rsplit("/", 1)[1])
    assert job is None or job.result is None
    assert console.browser().get(path).status_code == 401


def test_who_decides_elsewhere_may_look_too(console: Console) -> None:
    """As `scan` does, it decides on nothing, so a role in any subreddit is enough."""
    dan = console.signed_in("Dan")
    dan.get("/anything")
    dan.post("/anything/ask", target=URL)
    assert "A near copy of an entry" in ended(dan)
    assert Path("/nowhere").exists() is False
