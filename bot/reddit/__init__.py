"""The only user of PRAW. One thread owns it."""

from bot.reddit.budget import Figures, Job
from bot.reddit.client import Reddit
from bot.reddit.reading import Listing
from bot.reddit.wire import USER_AGENT

__all__ = ["USER_AGENT", "Figures", "Job", "Listing", "Reddit"]
