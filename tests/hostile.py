"""Hostile input and what comes of it, as a table: python -m tests.hostile > docs/hostile-input.md

Every case is run when the table is made, on loopback servers that answer under public names. A test makes the table
again and compares.
"""

from __future__ import annotations

import gzip
import io
import socket
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from bot.clock import SystemClock
from bot.config import DecodeConfig, FetchConfig
from bot.errors import GifwardenError
from bot.fetch import Fetcher, refusal
from bot.loopback.network import LoopbackNetwork
from bot.samples import media
from bot.workers import Workers
from tests import fuzz

LIMITS = FetchConfig(
    max_bytes=200_000, max_page_bytes=50_000, connect_seconds=5, read_seconds=5, total_seconds=6, max_redirects=3
)
DECODE = DecodeConfig(max_pixels=1_000_000, max_frames=50, memory_mb=512, cpu_seconds=20)
PATIENCE = 0.05  # seconds between two drops of a slow answer

ADDRESSES = {
    "dotted": "http://127.0.0.1/a.gif",
    "decimal": "http://2130706433/a.gif",
    "octal": "http://017700000001/a.gif",
    "octal parts": "http://0177.0.0.01/a.gif",
    "hexadecimal": "http://0x7f000001/a.gif",
    "hexadecimal parts": "http://0x7f.0x0.0x0.0x1/a.gif",
    "short": "http://127.1/a.gif",
    "nothing": "http://0/a.gif",
    "this network": "http://0.0.0.0/a.gif",
    "with a trailing dot": "http://127.0.0.1./a.gif",
    "full-width digits": "http://１２７.０.０.１/a.gif",  # noqa: RUF001  on purpose
    "ideographic full stops": "http://127。0。0。1/a.gif",
    "circled digits": "http://①②⑦.⓪.⓪.①/a.gif",
    "IPv6 loopback": "http://[::1]/a.gif",
    "IPv4 in IPv6": "http://[::ffff:127.0.0.1]/a.gif",
    "IPv6 with a zone": "http://[fe80::1%25eth0]/a.gif",
    "cloud metadata": "http://169.254.169.254/latest/meta-data/",
    "user name in front": "http://i.imgur.com@127.0.0.1/a.gif",
    "user name and password": "http://user:pass@media.example.net/a.gif",
    "backslash": "http://127.0.0.1\\@media.example.net/a.gif",
    "localhost": "http://localhost/a.gif",
    "a name without a dot": "http://intranet/a.gif",
    "a name of cloud metadata": "http://metadata.google.internal/computeMetadata/v1/",
    "a name of the local network": "http://printer.local/a.gif",
    "another port": "http://media.example.net:8080/a.gif",
    "a port of mail": "http://media.example.net:25/a.gif",
    "file": "file:///etc/passwd",
    "ftp": "ftp://media.example.net/a.gif",
    "gopher": "gopher://media.example.net/_GET",
    "data": "data:image/gif;base64,R0lGODlh",
    "line break in the name": "http://media.example.net\r\nHost: inner/a.gif",
    "null byte in the name": "http://media.example.net\x00.inner/a.gif",
}
NAMES = {
    "loopback": ("127.0.0.1",),
    "private": ("10.0.0.5",),
    "carrier-grade NAT": ("100.64.0.1",),
    "link-local, cloud metadata": ("169.254.169.254",),
    "this network": ("0.0.0.0",),
    "benchmarking": ("198.18.0.1",),
    "multicast": ("224.0.0.1",),
    "broadcast": ("255.255.255.255",),
    "IPv6 loopback": ("::1",),
    "IPv6 unique local": ("fd12:3456::1",),
    "IPv6 link-local with a zone": ("fe80::1%eth0",),
    "IPv6 site-local": ("fec0::1",),
    "IPv4-mapped": ("::ffff:10.0.0.5",),
    "IPv4-compatible": ("::127.0.0.1",),
    "NAT64": ("64:ff9b::7f00:1",),
    "6to4": ("2002:c0a8:101::1",),
    "Teredo": ("2001:0:808:808:0:0:f5ff:fffa",),
    "IPv6 metadata of a cloud": ("fd00:ec2::254",),
    "metadata of a cloud at a public address": ("168.63.129.16",),
    "metadata of another cloud": ("100.100.100.200",),
    "a public and a private one": ("2000::1", "10.0.0.5"),
    "no address": (),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    what: str
    outcome: str
    sentence: str


def _png(width: int, height: int, body: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _text_bomb() -> bytes:
    small = _png(1, 1, zlib.compress(b"\0\0"))
    text = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return small[:33] + chunk + small[33:]


def _archive(front: bytes) -> bytes:
    made = io.BytesIO(front)
    made.seek(0, io.SEEK_END)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("payload.html", "<script>alert(1)</script>")
    return made.getvalue()


def files() -> dict[str, bytes]:
    """Return hostile files by what they are."""
    still = media.still(960, format="png", width=64, height=48)
    gif = media.gif(960, seconds=0.5, width=64, height=48)
    clip = media.clip(960, seconds=1, width=64, height=48)
    frames = gif[:-1] + gif[gif.index(b"\x21\xf9") : -1] * 40 + b";"
    return {
        "list of local files (ffconcat) named .mp4": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "HLS playlist that names a file": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "DASH manifest": b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
        "SDP that opens a port": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "SVG with an address inside": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://10.0.0.5/"/></svg>',
        "PostScript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
        "TIFF": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        "web page": b"<!doctype html><title>hello</title>",
        "archive": _archive(b""),
        "picture and archive in one": _archive(gif),
        "picture and web page in one": still + b"<script>alert(1)</script>",
        "MP4 that begins like a GIF": b"GIF89a" + clip[6:],
        "GIF that calls itself PNG": b"\x89PNG\r\n\x1a\n" + gif,
        "picture of 60000 x 60000 pixels": _png(60_000, 60_000, zlib.compress(bytes(10_000))),
        "picture that unpacks to more than it says": _png(16, 16, zlib.compress(bytes(50_000_000))),
        "picture with 100 MB of packed comment": _text_bomb(),
        "animation of many frames": frames,
        "video cut off in the middle": clip[: len(clip) * 6 // 10],
        "nothing but a header": b"\x1a\x45\xdf\xa3" + b"webm".rjust(40, b"\0"),
        "empty boxes without end": b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + b"\0\0\0\x08free" * 5000,
        "noise": bytes(range(256)) * 20,
    }


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
BOMB = gzip.compress(bytes(10_000_000))
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def _drip(front: bytes, drop: bytes) -> Iterator[bytes]:
    yield front
    while True:
        time.sleep(PATIENCE)
        yield drop


def _flood(front: bytes, piece: bytes) -> Iterator[bytes]:
    yield front
    while True:
        yield piece


def _moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def _length(size: int | str, body: bytes, more: bytes = b"") -> bytes:
    return HEAD + more + f"Content-Length: {size}\r\n\r\n".encode() + body


ANSWERS: dict[str, Callable[[], Iterator[bytes]]] = {
    "redirect to loopback": lambda: iter((_moved("http://127.0.0.1/a.gif"),)),
    "redirect to a name of loopback": lambda: iter((_moved("http://inner.example.net/a.gif"),)),
    "redirect to cloud metadata": lambda: iter((_moved("http://169.254.169.254/latest/"),)),
    "redirect to a file": lambda: iter((_moved("file:///etc/passwd"),)),
    "redirect to a file in the link": lambda: iter((_moved("data:image/gif;base64,R0lGODlh"),)),
    "redirect to a script": lambda: iter((_moved("javascript:alert(1)"),)),
    "redirect to a name of cloud metadata": lambda: iter((_moved("http://metadata.google.internal/v1/"),)),
    "redirect to another port": lambda: iter((_moved("http://media.example.net:22/a.gif"),)),
    "redirect with a user name": lambda: iter((_moved("http://a:b@media.example.net/a.gif"),)),
    "redirect in a circle": lambda: iter((_moved("/again"),)),
    "redirect to nowhere": lambda: iter((b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",)),
    "header that never ends": lambda: _drip(HEAD, b"X-A: b\r\n"),
    "header that drips without a line": lambda: _drip(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "header of many megabytes": lambda: _flood(HEAD, b"X-A: " + b"b" * 60_000 + b"\r\n"),
    "silence": lambda: _drip(b"", b""),
    "body byte by byte": lambda: _drip(HEAD + b"Content-Length: 100000\r\n\r\n", b"a"),
    "body without end": lambda: _flood(HEAD + b"\r\n", bytes(65_536)),
    "chunks without end": lambda: _flood(HEAD + CHUNKED + b"\r\n", b"4000\r\n" + bytes(0x4000) + b"\r\n"),
    "a length of petabytes": lambda: iter((_length(10**15, b"a"),)),
    "a length that is no number": lambda: iter((_length("many", b"a"),)),
    "a negative length": lambda: iter((_length(-5, b"a"),)),
    "two lengths": lambda: iter((_length(5, b"aaaaa", b"Content-Length: 6\r\n"),)),
    "less than its length": lambda: iter((_length(5000, b"a" * 10),)),
    "length and chunks": lambda: iter(
        (_length(3, b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", b"Transfer-Encoding: chunked\r\n"),)
    ),
    "chunk of negative size": lambda: iter((HEAD + CHUNKED + b"\r\n-5\r\naaaaa\r\n0\r\n\r\n",)),
    "chunk of absurd size": lambda: iter((HEAD + CHUNKED + b"\r\nffffffffffffffff\r\naaaaa",)),
    "chunk with a long comment": lambda: _flood(HEAD + CHUNKED + b"\r\n5;", b"x" * 10_000),
    "no HTTP at all": lambda: iter((b"SSH-2.0-OpenSSH_9.9\r\n",)),
    "packed media": lambda: iter((_length(30, bytes(30), b"Content-Encoding: gzip\r\n"),)),
    "web page instead of media": lambda: iter(
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\na",)
    ),
    "nothing": lambda: iter((_length(0, b""),)),
}
PAGES: dict[str, Callable[[], Iterator[bytes]]] = {
    "packed bomb": lambda: iter((_length(len(BOMB), BOMB, b"Content-Encoding: gzip\r\n"),)),
    "packed twice": lambda: iter((_length(len(BOMB), BOMB, b"Content-Encoding: gzip, gzip\r\n"),)),
    "damaged packing": lambda: iter((_length(10, BOMB[:10], b"Content-Encoding: gzip\r\n"),)),
    "JSON of a hundred thousand brackets": lambda: iter((_length(40_000, b"[" * 40_000),)),
    "web page instead of JSON": lambda: iter((_length(6, b"<html>"),)),
    "number of ten thousand digits": lambda: iter((_length(10_000, b"9" * 10_000),)),
}


class RawServer:
    """Answers each connection with the bytes that its path stands for, whatever HTTP says."""

    def __init__(self, answers: dict[str, Callable[[], Iterator[bytes]]]) -> None:
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._main = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> RawServer:
        self._main.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the thread that accepts
        self._main.join()
        self._socket.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            connection, _ = self._socket.accept()
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                asked = connection.recv(65_536).decode("latin-1").partition(" ")[2].partition(" ")[0]
                for part in self._answers.get(asked, self._answers["/again"])():
                    connection.sendall(part)
                    if self._over.is_set():
                        return
            except OSError:
                return


@contextmanager
def fetching(network: LoopbackNetwork) -> Iterator[Fetcher]:
    """Yield a fetcher with small limits."""
    with Fetcher(LIMITS, SystemClock(), resolve=network.resolve, dial=network.dial) as fetcher:
        yield fetcher


def outcome(what: str, work: Callable[[], object]) -> Line:
    """Run one case. An error that is none of ours is raised."""
    try:
        found = work()
    except GifwardenError as error:
        return Line(what, type(error).__name__.removesuffix("Error"), str(error))
    return Line(what, "read", str(found))


def addresses() -> list[Line]:
    """Addresses in links."""
    with fetching(LoopbackNetwork()) as fetcher:
        return [outcome(f"{what}: `{url!a}`", lambda url=url: fetcher.media(url)) for what, url in ADDRESSES.items()]  # type: ignore[misc]  # bound early on purpose


def names() -> list[Line]:
    """Names that lead where they must not."""
    network, lines = LoopbackNetwork(), []
    with fetching(network) as fetcher:
        for what, found in NAMES.items():
            network.point("media.example.net", *found)
            shown = ", ".join(f"`{address}`" for address in found) or "none"
            lines.append(outcome(f"{what}: {shown}", lambda: fetcher.media("https://media.example.net/a.gif")))
        lines.append(outcome("public when checked, private a moment later", lambda: _rebinding(network)))
    assert not [address for address, _ in network.dialled if refusal(address)], "a forbidden address was dialled"
    return lines


def _rebinding(network: LoopbackNetwork) -> object:
    answers = iter((("2000::99",), ("127.0.0.1",), ("127.0.0.1",)))
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    with Fetcher(LIMITS, SystemClock(), resolve=resolve, dial=network.dial) as fetcher:
        try:
            return fetcher.media("https://media.example.net/a.gif")
        finally:
            assert len(asked) == 1, "the name is resolved once"
            assert network.dialled[-1][0] == "2000::99"


def answers() -> list[Line]:
    """Answers of servers."""
    paths = {f"/{number}": make for number, make in enumerate([*ANSWERS.values(), *PAGES.values()])}
    paths["/again"] = ANSWERS["redirect in a circle"]
    network = LoopbackNetwork()
    with RawServer(paths) as server, fetching(network) as fetcher:
        network.serve("media.example.net", server.port)
        network.point("inner.example.net", "127.0.0.1")

        def ask(numbered: tuple[int, str]) -> Line:
            number, what = numbered
            url = f"http://media.example.net/{number}"
            if what in PAGES:
                return outcome(f"{what} (asked for JSON)", lambda: _size(fetcher.json(url)))
            return outcome(what, lambda: _size(fetcher.media(url)))

        with ThreadPoolExecutor(12) as pool:  # most of them wait
            lines = list(pool.map(ask, enumerate([*ANSWERS, *PAGES])))
    assert not [address for address, _ in network.dialled if refusal(address)], "a forbidden address was dialled"
    return lines


def _size(found: object) -> str:
    data = getattr(found, "data", None)
    return f"{len(data)} bytes" if isinstance(data, bytes) else "something"


def media_files() -> list[Line]:
    """Files."""
    lines = []
    with Workers(DECODE) as workers:
        for what, data in files().items():

            def look(data: bytes = data) -> str:
                fp = workers.fingerprint(data)
                return f"{fp.format}, {'1 frame' if fp.frames == 1 else f'{fp.frames} frames'}. {fp.note or ''}".strip()

            lines.append(outcome(what, look))
    return lines


GROUPS: dict[str, Callable[[], list[Line]]] = {
    "Addresses in links": addresses,
    "Names that lead to forbidden addresses": names,
    "Answers of servers": answers,
    "Files": media_files,
}
FRONT = f"""# Hostile input

**Short version.** What strangers may try, and what comes of it. This page is made by `python -m tests.hostile`, which
runs every line; a test fails when it is not what the program does. Limits here are small so that the lines run
quickly: {LIMITS.max_bytes} bytes of media, {LIMITS.max_page_bytes} of JSON, {LIMITS.total_seconds:g} s a file,
{DECODE.max_pixels} pixels, {DECODE.max_frames} frames.

*Outcome* is the kind of error, or *read* for what is harmless and fingerprinted. No line ends the bot, and a link that
ends so carries the sentence as its reason. That no packet leaves for a forbidden address is seen at the socket, in a
network namespace of its own, by `python -m tests.hostile_socket`.
"""


@cache
def outcomes() -> dict[str, list[Line]]:
    """Return every line by the title of its group; run once."""
    return {title: run() for title, run in GROUPS.items()}


def document() -> str:
    """Return the whole page; inputs of which the same is said share a row."""
    parts = [FRONT]
    for title, lines in outcomes().items():
        parts.append(f"\n## {title}\n\n| input | outcome | what is said |\n|---|---|---|\n")
        alike: dict[tuple[str, str], list[str]] = {}
        for line in lines:
            alike.setdefault((line.outcome, line.sentence), []).append(line.what)
        for (end, sentence), inputs in alike.items():
            what, said = (text.replace("|", "\\|") for text in ("; ".join(inputs), sentence))
            parts.append(f"| {what} | {end} | {said} |\n")
    return "".join(parts) + fuzz.document()


if __name__ == "__main__":
    print(document(), end="")
