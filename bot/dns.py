"""TXT records, asked of the system's own resolver: the only owner of DNS queries beside looking addresses up.

Answers are strangers' words: what comes of them is bounded, and decides nothing but what a person is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import dns.exception
import dns.nameserver
import dns.resolver

from bot.errors import NamesError

SECONDS = 10.0  # all questions of one exchange together
MAX_RECORDS = 50
MAX_CHARS = 4096  # of one record

Ask = Callable[[str], tuple[str, ...] | None]
"""Name in, its TXT records out; None if the name does not exist. Raises NamesError."""


class TxtRecords:
    """Asks for TXT records, within one deadline that begins with the first question.

    `servers` (address, port) are asked instead of those of the system: only for tests.
    """

    def __init__(self, *, seconds: float = SECONDS, servers: Sequence[tuple[str, int]] = ()) -> None:
        self._seconds = seconds
        self._servers = servers
        self._end: float | None = None
        self._resolver: dns.resolver.Resolver | None = None

    def __call__(self, name: str) -> tuple[str, ...] | None:
        """Return the TXT records of a name, each put together; None if the name does not exist.

        Raises NamesError, in half a sentence, if nobody answers in time or in a way that can be read.
        """
        now = time.monotonic()
        self._end = self._end or now + self._seconds
        left = self._end - now
        if left <= 0:
            raise NamesError("the name servers did not answer in time")
        try:
            if self._resolver is None:
                self._resolver = self._made()
            answer = self._resolver.resolve(name, "TXT", lifetime=left, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return None
        except dns.exception.Timeout:
            raise NamesError("the name servers did not answer in time") from None
        except dns.resolver.NoResolverConfiguration:
            raise NamesError("this machine names no name server") from None
        except dns.resolver.NoNameservers:
            raise NamesError(f"no name server gives an answer for {name}") from None
        except (dns.exception.DNSException, OSError, ValueError):
            raise NamesError(f"the question for {name} cannot be asked or its answer not be read") from None
        records = [] if answer.rrset is None else list(answer.rrset)[:MAX_RECORDS]
        return tuple(b"".join(record.strings).decode("utf-8", "replace")[:MAX_CHARS] for record in records)

    def _made(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers]
        return resolver
