"""Pages of a subreddit's wiki."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import RedditError
from bot.reddit.api import Calls
from bot.reddit.parse import inner, subreddit_name

_PAGE = re.compile(r"[a-z0-9_-]{1,60}(?:/[a-z0-9_-]{1,60}){0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiPage:
    """A page as it stands."""

    text: str
    revision: str  # Reddit's id of it
    editor: str | None  # who made this revision; None if Reddit does not tell


class Wiki(Calls):
    """Reads of the wiki."""

    def wiki_page(self, subreddit: str, page: str) -> WikiPage:
        """Return the newest revision of a page. Raises RedditError, also if there is no such page."""
        name = subreddit_name(subreddit)
        if not _PAGE.fullmatch(page):
            raise RedditError(
                f"{page!r} is no name of a wiki page; write it as gifwarden or rules/gifwarden", retry=False
            )
        doing = f"read the wiki page {page} of r/{name}"
        data = inner(self.get(f"r/{name}/wiki/{page}", doing))
        text, revision = data.get("content_md"), data.get("revision_id")
        if not isinstance(text, str) or not isinstance(revision, str) or not revision:
            raise RedditError(f"Reddit answers in a shape that we do not know, so we could not {doing}", retry=False)
        editor = inner(inner(data, "revision_by")).get("name")
        return WikiPage(text=text, revision=revision, editor=editor if isinstance(editor, str) else None)
