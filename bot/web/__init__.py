"""What the daemon shows over HTTP, on loopback only.

steps    what the daemon's steps did, kept while they run
metrics  the same and the database's figures, for Prometheus
server   /metrics and /health
"""

from __future__ import annotations

from bot.web.metrics import registry
from bot.web.server import StatusServer
from bot.web.steps import Steps

__all__ = ["StatusServer", "Steps", "registry"]
