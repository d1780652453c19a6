"""The only user of PRAW. One thread owns it."""

from bot.reddit.accounts import Account
from bot.reddit.budget import Figures, Job
from bot.reddit.client import Reddit
from bot.reddit.reading import MOST_THINGS, Listing, ListingName, Span
from bot.reddit.transport import USER_AGENT
from bot.reddit.wiki import WikiPage

__all__ = [
    "MOST_THINGS",
    "USER_AGENT",
    "Account",
    "Figures",
    "Job",
    "Listing",
    "ListingName",
    "Reddit",
    "Span",
    "WikiPage",
]
