"""HTTP to what the operator configured: exchanges of hash lists. Nobody else talks to them.

client      what is asked, how a refusal is told, which redirects are followed
bodies      answers as they come: bounded, paced, unpacked
transport   sockets that end with the exchange under way
"""

from __future__ import annotations

from bot.endpoints.client import Answer, Endpoints, Stream, host_of, joined, same_origin

__all__ = ["Answer", "Endpoints", "Stream", "host_of", "joined", "same_origin"]
