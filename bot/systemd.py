"""Words to the service manager: sd_notify(3), a datagram to the socket that systemd names. Does nothing elsewhere."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping

from bot.config import service_socket


class ServiceManager:
    """Says that the daemon is ready, alive, stopping, and what it does. Never raises: a daemon runs without it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Find the socket in the environment; without one every call does nothing."""
        name = service_socket(environ)
        # a name that starts with @ is in Linux's abstract namespace
        self._address = f"\0{name[1:]}" if name and name.startswith("@") else name

    def ready(self) -> None:
        """Tell that the start is over."""
        self._say("READY=1")

    def alive(self) -> None:
        """Send a heartbeat; systemd restarts a service that has sent none for `WatchdogSec`."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """Tell that the daemon was told to stop and finishes what is at hand."""
        self._say("STOPPING=1")

    def status(self, text: str) -> None:
        """Show a line in `systemctl status`."""
        self._say(f"STATUS={' '.join(text.split())}")

    def _say(self, text: str) -> None:
        if self._address is None:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.setblocking(False)  # a manager that does not listen must not hold the daemon up
            link.connect(self._address)
            link.send(text.encode())
