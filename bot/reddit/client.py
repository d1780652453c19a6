"""Reddit as the rest of the program sees it: raw JSON in, our own errors out."""

from __future__ import annotations

from bot.reddit.moderating import Moderating
from bot.reddit.modmail import Modmail
from bot.reddit.reading import Reading


class Reddit(Reading, Moderating, Modmail):
    """One account on Reddit. Any thread may call; one thread of its own does the work, call by call.

    Where it talks to is set by the constructor only: no environment variable, praw.ini, proxy setting or .netrc
    changes it. Reads are repeated by prawcore when Reddit stumbles, which may take seconds; when Reddit's rate limit
    is used up, calls wait for the next window (up to 10 minutes). Posts go out exactly once.

    Every method raises RedditError: `retry` if trying again can help, `retry_after` seconds if Reddit names them,
    `ambiguous` if a post may have been done although it failed.
    """
