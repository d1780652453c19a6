"""Machines beside this one: network namespaces, each with one wire. Only root may make them, with ip of iproute2."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import subprocess
import threading

MOST = 8  # machines of a process
RANGE = ipaddress.ip_network("198.18.0.0/15")  # for tests of networks (RFC 2544), of which each machine takes four
IP = "ip"


class Forwarded:
    """A port of loopback's that is reached at another address of this machine."""

    def __init__(self, target: int, at: str) -> None:
        self._target = target
        self._server = socket.create_server((at, 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._target)) as far, contextlib.suppress(OSError):
            other = {near: far, far: near}
            while True:
                ready, _, _ = select.select(list(other), [], [], 60)
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    other[one].sendall(data)
                if not ready:
                    return

    def close(self) -> None:
        """Take no more."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def no_machines() -> str:
    """Return why no network namespace can be made here; empty if one can."""
    name = f"gwtry{os.getpid()}"
    try:
        made = subprocess.run([IP, "netns", "add", name], capture_output=True, text=True, check=False)
    except OSError:
        return "there is no ip from iproute2"
    if made.returncode:
        return f"no network namespace may be made: {made.stderr.strip()[:100]}"
    subprocess.run([IP, "netns", "del", name], check=False, capture_output=True)
    return ""


def _ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True)


class Machines:
    """Network namespaces, each with one wire to this machine."""

    def __init__(self, count: int) -> None:
        """`count`: from 1 to `MOST`."""
        self._key = f"{os.getpid() % 10_000}"
        self._first = int(RANGE[0]) + os.getpid() % (RANGE.num_addresses // (4 * MOST)) * 4 * MOST
        self._made: list[int] = []
        try:
            for number in range(count):
                self._make(number)
        except BaseException:
            self.close()
            raise

    def _make(self, number: int) -> None:
        self._made.append(number)
        name, wire, inner = self.name(number), self.wire(number), f"gwn{self._key}x{number}"
        _ip("netns", "add", name)
        _ip("link", "add", wire, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("addr", "add", f"{self.gate(number)}/30", "dev", wire)
        _ip("link", "set", wire, "up")
        _ip("-n", name, "addr", "add", f"{self.address(number)}/30", "dev", inner)
        _ip("-n", name, "link", "set", inner, "up")
        _ip("-n", name, "link", "set", "lo", "up")

    def name(self, number: int) -> str:
        """Return the name of a namespace."""
        return f"gw{self._key}x{number}"

    def wire(self, number: int) -> str:
        """Return this machine's end of its wire."""
        return f"gwh{self._key}x{number}"

    def gate(self, number: int) -> str:
        """Return this machine's address there."""
        return str(ipaddress.ip_address(self._first + 4 * number + 1))

    def address(self, number: int) -> str:
        """Return its own address."""
        return str(ipaddress.ip_address(self._first + 4 * number + 2))

    def inside(self, number: int) -> list[str]:
        """Return the words before a command that is to run there."""
        return [IP, "netns", "exec", self.name(number)]

    def cut(self, number: int) -> None:
        """Cut its wire."""
        _ip("link", "set", self.wire(number), "down")

    def close(self) -> None:
        """Take all away."""
        for number in self._made:
            subprocess.run([IP, "link", "del", self.wire(number)], check=False, capture_output=True)
            subprocess.run([IP, "netns", "del", self.name(number)], check=False, capture_output=True)
