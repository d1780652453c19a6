"""Reddit as the rest of the program sees it: raw JSON in, our own errors out."""

from __future__ import annotations

from bot.reddit.accounts import Accounts
from bot.reddit.marks import Marks
from bot.reddit.moderating import Moderating
from bot.reddit.modmail import Modmail
from bot.reddit.reading import Reading
from bot.reddit.users import Users
from bot.reddit.wiki import Wiki


class Reddit(Reading, Moderating, Marks, Users, Modmail, Accounts, Wiki):
    """One account on Reddit. Any thread may call; one thread of its own does the work, call by call.

    Where it talks to is set by the constructor only: no environment variable, praw.ini, proxy setting or .netrc
    changes it. Reads are repeated by prawcore when Reddit stumbles, which may take seconds. Posts go out exactly
    once. Calls go in the order of their jobs (`as_job`); what Reddit's limit on requests leaves too little for waits a
    little, then raises with `retry_after`. While Reddit refuses the login or the network, calls raise without asking.

    Every method raises RedditError: `retry` if trying again can help, `retry_after` seconds if Reddit names them,
    `ambiguous` if a post may have been done although it failed.
    """
