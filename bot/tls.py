"""Whom a connection trusts: certifi's authorities, read once for all clients here, or one of our own among machines."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from bot.config import exposed
from bot.errors import UsageError, unreadable


@cache
def trusting() -> ssl.SSLContext:
    """Return the context that checks a server's name and certificate; of the environment it takes nothing."""
    return httpx.create_ssl_context(trust_env=False)


def mutual(folder: Path, role: str, *, server: bool = False) -> ssl.SSLContext:
    """Return the context of one `role` of ours that trusts our own authority alone, and shows its own certificate.

    `folder` holds `ca.pem` and the role's `.pem` and `.key`. As a client it holds a server to the name it was told.
    Raises OSError (ssl.SSLError is one) if they cannot be read or do not go together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(str(folder / "ca.pem"))
    context.load_cert_chain(str(folder / f"{role}.pem"), str(folder / f"{role}.key"))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def guard_key(path: Path) -> None:
    """Raise UsageError if a key is not there, or others can read it."""
    try:
        open_to_others = exposed(path)
    except OSError as error:
        raise UsageError(unreadable(path, error)) from None
    if open_to_others:
        raise UsageError(f"{path} is a secret and others can read it; run: chmod 600 {path}")


def role_of(certificate: Mapping[str, Any] | None) -> str:
    """Return the role in a peer's certificate, as `ssl` gives it; empty if there is none."""
    names = (certificate or {}).get("subjectAltName", ())
    return next((name for kind, name in names if kind == "DNS"), "")


__all__ = ["guard_key", "mutual", "role_of", "trusting"]
