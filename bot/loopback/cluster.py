"""A scheduler and workers as on machines of their own: each worker in a network namespace, or all on loopback."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.certificates import write_certificates
from bot.errors import OutsideError
from bot.loopback.machines import Forwarded, Machines
from bot.loopback.network import Roads
from bot.loopback.ports import free_port

PATIENCE = 90.0  # seconds for what takes a moment on an idle machine
LEAVING = 20.0  # seconds for those that are told to end, all together, before they are killed
PROGRAM = (sys.executable, "-c", "from bot.cli import main; main()")
ROOT = Path(__file__).parent.parent.parent


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
        with self._more:
            self._more.notify_all()

    def wait_for(self, event: str, **facts: object) -> dict[str, Any]:
        """Return the event as soon as it is said. Raises OutsideError if it never is."""
        end = time.monotonic() + PATIENCE
        with self._more:
            while time.monotonic() < end:
                for one in self.heard:
                    if one.get("event") == event and all(one.get(key) == value for key, value in facts.items()):
                        return one
                if not self._listener.is_alive():
                    break
                self._more.wait(1)
        raise OutsideError(f"{event} was never said, but {self.heard} and {self.noise[-20:]}")

    def tell(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.made.poll() is None:
            self.made.send_signal(number)

    def end(self, number: int = signal.SIGTERM, seconds: float = PATIENCE) -> float:
        """End it and return how many seconds that took. Raises subprocess.TimeoutExpired if it goes on for longer."""
        began = time.monotonic()
        self.tell(number)
        self.made.wait(seconds)
        self._listener.join(10)
        if self.made.stdout:
            self.made.stdout.close()
        return time.monotonic() - began


class Cluster:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path, roads: Roads, machines: Machines | None) -> None:
        """`folder`: for certificates. `machines`: for workers, else they are on this one. `roads`: to all hosts."""
        self.certificates = folder / "certificates"
        write_certificates(self.certificates)
        self._machines = machines
        self._names, self._ports = roads
        self._forwarded: list[Forwarded] = []
        self.workers_port, door = free_port(), free_port()
        self.door = f"tls://127.0.0.1:{door}"
        self.workers: dict[str, Process] = {}
        heard = "0.0.0.0" if machines else "127.0.0.1"  # noqa: S104  each wire has an address of its own
        self.scheduler = self._start(
            *PROGRAM, "scheduler", "--workers", f"tls://{heard}:{self.workers_port}", "--coordinator", self.door,
            "--certificates", str(self.certificates)
        )  # fmt: skip
        try:
            self.scheduler.wait_for("scheduler ready")
        except BaseException:
            self.close()
            raise

    def _start(self, *words: str) -> Process:
        made = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
        return Process(made)

    def start(
        self,
        number: int,
        *,
        links: int = 2,
        version: str = "",
        ready: bool = True,
        module: str = "bot.loopback.worker",
        prefix: Sequence[str] = (),
        **more: object,
    ) -> Process:
        """Start a worker on a machine. `more`: what else its program is told; `prefix`: what it is run under."""
        name = f"w{number}{version and '-old'}"
        gate, own, inside = "127.0.0.1", "127.0.0.1", list[str]()
        ports = dict(self._ports)
        if self._machines:
            gate, own = self._machines.gate(number), self._machines.address(number)
            inside = self._machines.inside(number)
            forwarded = {port: Forwarded(port, gate) for port in set(ports.values())}
            self._forwarded += forwarded.values()
            ports = {address: forwarded[port].port for address, port in ports.items()}
        options = {
            "scheduler": f"tls://{gate}:{self.workers_port}",
            "certificates": str(self.certificates),
            "name": name,
            "links": links,
            "decoders": 1,
            "listen": own,
        }
        told = {"options": options, "roads": [self._names, ports], "gate": gate, "version": version, **more}
        made = self._start(*inside, *prefix, sys.executable, "-m", module, json.dumps(told))
        self.workers[name] = made
        if ready:
            self.ready(made)
        return made

    def ready(self, worker: Process) -> None:
        """Wait until a worker takes links."""
        name = worker.wait_for("worker ready")["worker"]
        self.scheduler.wait_for("worker joined", worker=name)

    def close(self) -> None:
        """End all: the workers together, so that each removes its folder in memory, and then the scheduler."""
        workers = tuple(self.workers.values())
        for number in (signal.SIGCONT, signal.SIGTERM):
            for one in workers:
                one.tell(number)
        end = time.monotonic() + LEAVING
        for one in (*workers, self.scheduler):
            try:
                one.end(seconds=max(0.1, end - time.monotonic()) if one in workers else LEAVING)
            except subprocess.TimeoutExpired:
                one.end(signal.SIGKILL)
        for port in self._forwarded:
            port.close()


@contextlib.contextmanager
def cluster(folder: Path, roads: Roads, machines: int = 0) -> Iterator[tuple[Cluster, Machines | None]]:
    """Yield a scheduler, with so many machines for workers, 0: all are on loopback."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(contextlib.closing(Machines(machines))) if machines else None
        running = stack.enter_context(contextlib.closing(Cluster(folder, roads, made)))
        yield running, made
