"""The only user of PRAW. One thread owns it."""

from bot.reddit.accounts import Account
from bot.reddit.budget import Job, RateLimit
from bot.reddit.client import Reddit
from bot.reddit.reading import MAX_THINGS, Listing, ListingName, Span
from bot.reddit.transport import USER_AGENT
from bot.reddit.wiki import WikiPage

__all__ = [
    "MAX_THINGS",
    "USER_AGENT",
    "Account",
    "Job",
    "Listing",
    "ListingName",
    "RateLimit",
    "Reddit",
    "Span",
    "WikiPage",
]
