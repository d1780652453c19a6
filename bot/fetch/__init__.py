"""The only owner of untrusted URLs: what strangers link to is fetched here, within limits, from public addresses only.

urls     which URLs are fetched at all
guard    which addresses are dialled, and for how long
machine  the addresses of this machine and of the networks around it
room     how much of it is held in memory at once
replies  what an answer means: status, waiting time, packed text
client   the Fetcher that puts them together
"""

from bot.fetch.client import USER_AGENT, Body, Fetcher, Page
from bot.fetch.guard import Dial, Resolve, refusal, system_dial, system_resolve
from bot.fetch.urls import check_url, host_of

__all__ = [
    "USER_AGENT",
    "Body",
    "Dial",
    "Fetcher",
    "Page",
    "Resolve",
    "check_url",
    "host_of",
    "refusal",
    "system_dial",
    "system_resolve",
]
