"""Machines that work together: where they are found, with TLS, or on this machine alone."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from bot.config.kinds import Section


class WorkersConfig(Section):
    """Where links are fetched and decoded: on this machine, or by workers on others (docs/workers.md)."""

    scheduler: str = Field(
        "", description="Address of the scheduler of other machines, such as tls://10.0.0.2:8788; empty: this machine."
    )
    certificates: Path | None = Field(
        None, description="Folder with ca.pem, coordinator.pem and coordinator.key; needed with tls://."
    )

    @field_validator("scheduler")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value:
            cluster_parts(value)
        return value

    @model_validator(mode="after")
    def _with_certificates(self) -> Self:
        if self.scheduler.startswith("tls://") and self.certificates is None:
            raise ValueError(
                "workers.scheduler speaks TLS, so workers.certificates must name the folder of its certificates; "
                "gifwarden certificates FOLDER writes them"
            )
        return self


def cluster_parts(text: str) -> tuple[str, int, bool]:
    """Return host, port and whether TLS is spoken at an address such as tls://10.0.0.2:8788.

    Raises ValueError with a sentence if it is none, or goes without TLS and is not of this machine alone.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    rest = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("tls", "tcp") or not host or not port or rest:
        raise ValueError(f"{text!r} is no address of a scheduler; write it as tls://HOST:PORT")
    if parts.scheme == "tcp" and not is_loopback(host):
        raise ValueError(
            f"{text!r} would carry links and fingerprints without encryption; write tls:// there, for tcp:// is for "
            "this machine alone"
        )
    return host, port, parts.scheme == "tls"


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
