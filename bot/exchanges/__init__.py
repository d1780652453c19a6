"""Where lists of hashes come from. A new kind of exchange is one file and one line in `EXCHANGES`.

NCMEC's hash sharing is left out on purpose: it lists child sexual abuse material, which moderators must never handle.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.config import ExchangeKeys
from bot.errors import UsageError
from bot.exchanges.base import (
    Checkpoint,
    Context,
    ExchangePlug,
    Feedback,
    Given,
    Page,
    Setting,
    keys_of,
)
from bot.exchanges.folder import Folder
from bot.exchanges.hma import Hma
from bot.exchanges.https import Https
from bot.exchanges.stopncii import StopNcii
from bot.exchanges.threatexchange import ThreatExchange

EXCHANGES: tuple[ExchangePlug, ...] = (Https(), Folder(), Hma(), ThreatExchange(), StopNcii())

__all__ = [
    "EXCHANGES",
    "Checkpoint",
    "Context",
    "ExchangePlug",
    "Feedback",
    "Given",
    "Page",
    "Setting",
    "get",
    "keys",
]


def get(kind: str) -> ExchangePlug:
    """Return the plug of a kind. Raises UsageError."""
    for plug in EXCHANGES:
        if plug.kind == kind:
            return plug
    raise UsageError(f"{kind!r} is no kind of exchange; there are: {', '.join(plug.kind for plug in EXCHANGES)}")


def keys() -> Mapping[str, ExchangeKeys]:
    """Return what the configuration of each kind needs and takes."""
    return {plug.kind: keys_of(plug) for plug in EXCHANGES}
