"""The half of a job that is done where the bytes are. It never raises: whatever happens is told in a message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, Protocol

from bot.errors import GifwardenError, MediaError
from bot.fingerprint.wire import to_wire
from bot.jobs.here import ClusterError, Fetched
from bot.jobs.messages import (
    error_to,
    facts_to,
    pace_from,
    packed,
    standing_of,
    unpacked,
    version,
)
from bot.model import Link
from bot.pace import Standing


class Machine(Protocol):
    """What fetches and decodes on this machine. See `Here` and `Acquirer` for what each does."""

    def begin(
        self, link: Link, *, want_original: bool, in_front: bool, only: int | None = None
    ) -> AbstractContextManager[Fetched]:
        """Return a block with what is behind a link."""

    def standing(self, link: Link) -> Standing:
        """Return how it stands with the servers of a link."""

    def take_over(self, link: Link, standing: Standing) -> None:
        """Go by how another machine left them."""


def scan_job(
    request: bytes,
    machine_for: Callable[[Mapping[str, Any]], Machine],
    ask: Callable[[bytes], bytes | None],
    tell: Callable[[bytes], None],
) -> bytes:
    """Do a job and return its last message; its others go to `tell`, and what was fetched to `ask` first.

    `machine_for` gives the machine that goes by settings. `ask` returns the word by which files may be decoded, and
    None if there is none in time: then they are dropped. In and out are messages as `bot.jobs.messages` has them.
    """
    machine: Machine | None = None
    link: Link | None = None
    try:
        head, settings = unpacked(request)
        if head["version"] != version():
            raise ClusterError(
                f"a worker has gifwarden {version()} and the coordinator {head['version']}; install the same on both"
            )
        link = Link(**head["link"])
        machine = machine_for(json.loads(settings))
        machine.take_over(link, standing_of(head["standing"]))
        with machine.begin(link, **head["how"]) as fetched:
            told = {
                "is": "fetched",
                "files": [facts_to(file) for file in fetched.files],
                "failures": fetched.failures,
                "later": [[place, error_to(error)] for place, error in fetched.later],
            }
            word = ask(packed(told | _standing(machine, link)))
            if word is None:
                return packed({"is": "dropped"})
            go, _ = unpacked(word)
            if go.get("go") is not True:
                return packed({"is": "dropped"})
            for file, found in fetched.prints(faces=go["faces"] is True, pace=pace_from(go["pace"])):
                if isinstance(found, MediaError):
                    tell(packed({"is": "print", "index": file.index, "error": error_to(found)}))
                else:
                    body = json.dumps(to_wire(found)).encode("ascii")
                    tell(packed({"is": "print", "index": file.index}, body))
        return packed({"is": "end"})
    except (GifwardenError, OSError, MemoryError, ValueError, TypeError, KeyError, RuntimeError) as error:
        return packed({"is": "error", "error": error_to(error)} | _standing(machine, link))
    except Exception as error:  # noqa: BLE001  whatever it is, it ends this job alone
        return packed({"is": "error", "error": error_to(error)})


def _standing(machine: Machine | None, link: Link | None) -> dict[str, Any]:
    if machine is None or link is None:
        return {}
    return {"standing": asdict(machine.standing(link))}
