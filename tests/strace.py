"""What the kernel sees of processes: what they write, open and speak with, read from strace's files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

STRACE = shutil.which("strace")
WRITES = "write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice"
OPENS = "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,memfd_create"
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")
_WRITE = re.compile(rf"\b(?:{WRITES.replace(',', '|')})\(" + r"\d+<(?P<path>(?:\\x[0-9a-f]{2}|/)[^>]*)>, (?P<data>.*)")


def strace(file: Path, calls: str, *more: str) -> tuple[str, ...]:
    """Return the words before a command that let these calls of it and its children be noted in a file."""
    assert STRACE
    return (STRACE, "-f", "-qq", "-y", "-xx", "-s", str(1 << 20), *more, "-e", f"trace={calls}", "-o", str(file))


def written(file: Path) -> list[tuple[str, bytes]]:
    """Return every (path, data) that was written to regular files."""
    found = []
    for line in lines(file):
        hit = _WRITE.search(line)
        if hit:
            path = plain(hit["path"])
            device = path.startswith(("/dev/", "/proc/")) and not path.startswith("/dev/shm/")
            if path.startswith("/") and not device:
                found.append((path, unhex(hit["data"])))
    return found


def opened(file: Path) -> set[str]:
    """Return the paths that were opened to be written, made or renamed."""
    found = set()
    for line in lines(file):
        if re.search(rf"\b({OPENS.replace(',', '|')})\(", line) and "O_RDONLY" not in line:
            found |= {plain(path) for path in re.findall(r'"([^"]*)"', line)}
    return found


def dialled(file: Path) -> set[tuple[str, int]]:
    """Return every (address, port) of the network to which a stream was to be opened. Needs -yy."""
    found = set()
    for line in lines(file):
        if re.search(r"\bconnect\(\d+<TCP", line) and (port := re.search(r"port=htons\((\d+)\)", line)):
            address = re.search(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]*)"', line)
            found.add((plain(address[1]) if address else "", int(port[1])))
    return found


def lines(file: Path) -> Iterator[str]:
    """Yield the lines of a trace."""
    yield from file.read_text(encoding="ascii", errors="replace").splitlines()


def plain(path: str) -> str:
    """Return a path as strace writes it, in hexadecimal or not."""
    return unhex(path).decode("utf-8", "replace") if "\\x" in path else path


def unhex(text: str) -> bytes:
    """Return the bytes of strace's hexadecimal strings."""
    return bytes.fromhex("".join(re.findall(r"\\x([0-9a-f]{2})", text)))
