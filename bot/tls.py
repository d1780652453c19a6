"""Whom a connection trusts: the certificate authorities of certifi, read once for every client of this process."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusting() -> ssl.SSLContext:
    """Return the context that checks a server's name and certificate; of the environment it takes nothing."""
    return httpx.create_ssl_context(trust_env=False)


__all__ = ["trusting"]
