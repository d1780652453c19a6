"""A scheduler and workers as on machines of their own: each worker in a network namespace, or all on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.certificates import write_certificates
from bot.loopback.network import Roads
from tests.ports import free_port

PATIENCE = 90.0  # seconds for what takes a moment on an idle machine
PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]


@dataclass
class Process:
    """A process, and what it said, a JSON line each."""

    made: subprocess.Popen[str]
    heard: list[dict[str, Any]] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)  # lines that are no JSON

    def __post_init__(self) -> None:
        self._more = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.made.stdout
        for line in self.made.stdout:
            with self._more:
                try:
                    self.heard.append(json.loads(line))
                except ValueError:
                    self.noise.append(line)
                self._more.notify_all()

    def wait_for(self, event: str, **facts: object) -> dict[str, Any]:
        """Return the event as soon as it is said."""
        end = time.monotonic() + PATIENCE
        with self._more:
            while time.monotonic() < end:
                for one in self.heard:
                    if one.get("event") == event and all(one.get(key) == value for key, value in facts.items()):
                        return one
                if not self._listener.is_alive():
                    break
                self._more.wait(0.2)
        raise AssertionError(f"{event} was never said, but {self.heard} and {self.noise[-20:]}")

    def end(self, number: int = signal.SIGTERM) -> float:
        """End it and return how many seconds that took."""
        began = time.monotonic()
        if self.made.poll() is None:
            self.made.send_signal(number)
        self.made.wait(PATIENCE)
        self._listener.join(10)
        if self.made.stdout:
            self.made.stdout.close()
        return time.monotonic() - began


class Forwarded:
    """A port of the hosts' that is reached at all addresses of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("0.0.0.0", 0))
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


def may_make_namespaces() -> str:
    """Return why no network namespace can be made here; empty if one can."""
    name = f"gwtry{os.getpid()}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    except OSError:
        return "there is no ip from iproute2"
    if made.returncode:
        return f"no network namespace may be made: {made.stderr.strip()[:100]}"
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return ""


def ip(*words: str) -> None:
    """Run ip."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Machines:
    """Network namespaces, each with one wire to this machine."""

    def __init__(self, count: int) -> None:
        self._key = f"{os.getpid() % 10000}"
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
        ip("netns", "add", name)
        ip("link", "add", wire, "type", "veth", "peer", "name", inner)
        ip("link", "set", inner, "netns", name)
        ip("addr", "add", f"{self.gate(number)}/24", "dev", wire)
        ip("link", "set", wire, "up")
        ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", inner)
        ip("-n", name, "link", "set", inner, "up")
        ip("-n", name, "link", "set", "lo", "up")

    def name(self, number: int) -> str:
        """Return the name of a namespace."""
        return f"gw{self._key}x{number}"

    def wire(self, number: int) -> str:
        """Return this machine's end of its wire."""
        return f"gwh{self._key}x{number}"

    def gate(self, number: int) -> str:
        """Return this machine's address there."""
        return f"10.231.{number}.1"

    def address(self, number: int) -> str:
        """Return its own address."""
        return f"10.231.{number}.2"

    def cut(self, number: int) -> None:
        """Cut its wire."""
        ip("link", "set", self.wire(number), "down")

    def close(self) -> None:
        """Take all away."""
        for number in self._made:
            subprocess.run(["ip", "link", "del", self.wire(number)], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", self.name(number)], check=False, capture_output=True)


class Cluster:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path, roads: Roads, machines: Machines | None) -> None:
        self.certificates = folder / "certificates"
        write_certificates(self.certificates)
        self._machines = machines
        self._names, ports = roads
        self._forwarded = {port: Forwarded(port) for port in set(ports.values())}
        self._ports = {address: self._forwarded[port].port for address, port in ports.items()}
        self._workers_port, door = free_port(), free_port()
        self.door = f"tls://127.0.0.1:{door}"
        self.workers: dict[str, Process] = {}
        self.scheduler = self._start(
            [*PROGRAM, "scheduler", "--workers", f"tls://0.0.0.0:{self._workers_port}", "--coordinator", self.door,
             "--certificates", str(self.certificates)]
        )  # fmt: skip
        self.scheduler.wait_for("scheduler ready")

    def _start(self, words: list[str]) -> Process:
        return Process(
            subprocess.Popen(
                words,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=Path(__file__).parent.parent,
            )
        )

    def start(
        self,
        number: int,
        *,
        links: int = 2,
        version: str = "",
        ready: bool = True,
        module: str = "tests.worker_process",
        prefix: Sequence[str] = (),
        **more: object,
    ) -> Process:
        """Start a worker on a machine. `more`: what else its program is told; `prefix`: what it is run under."""
        name = f"w{number}{version and '-old'}"
        gate = self._machines.gate(number) if self._machines else "127.0.0.1"
        options = {
            "scheduler": f"tls://{gate}:{self._workers_port}",
            "certificates": str(self.certificates),
            "name": name,
            "links": links,
            "decoders": 1,
            "listen": self._machines.address(number) if self._machines else "127.0.0.1",
        }
        told = {"options": options, "roads": [self._names, self._ports], "gate": gate, "version": version, **more}
        inside = ["ip", "netns", "exec", self._machines.name(number)] if self._machines else []
        made = self._start([*inside, *prefix, sys.executable, "-m", module, json.dumps(told)])
        self.workers[name] = made
        if ready:
            made.wait_for("worker ready")
            self.scheduler.wait_for("worker joined", worker=name)
        return made

    def close(self) -> None:
        """End all."""
        for one in (*self.workers.values(), self.scheduler):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                one.made.send_signal(signal.SIGCONT)
                one.end()
        for one in (*self.workers.values(), self.scheduler):
            if one.made.poll() is None:
                one.end(signal.SIGKILL)
        for port in self._forwarded.values():
            port.close()


@contextlib.contextmanager
def cluster(folder: Path, roads: Roads, machines: int = 0) -> Iterator[tuple[Cluster, Machines | None]]:
    """Yield a scheduler, with so many machines for workers, 0: all are on loopback."""
    made = Machines(machines) if machines else None
    try:
        running = Cluster(folder, roads, made)
        try:
            yield running, made
        finally:
            running.close()
    finally:
        if made:
            made.close()


def soon(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.05)
