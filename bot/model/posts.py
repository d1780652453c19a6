"""What Reddit tells: posts and their authors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The submission that a crosspost shows, or that a comment stands under, as far as the listing tells of it."""

    id: str | None = None  # without t3_
    title: str = ""
    url: str | None = None
    author: str | None = None
    author_id: str | None = None  # fullname t2_…
    subreddit: str | None = None
    over_18: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetails:
    """What only rules ask of a post. Personal data: forgotten with the post."""

    is_self: bool = False
    is_gallery: bool = False
    is_poll: bool = False
    is_original_content: bool = False
    is_meta: bool = False
    top_level: bool | None = None  # of a comment
    by_submitter: bool | None = None  # of a comment
    author_premium: bool | None = None
    discussion_type: str | None = None
    flair_css_class: str | None = None
    flair_template_id: str | None = None
    author_flair_text: str | None = None
    author_flair_css_class: str | None = None
    author_flair_template_id: str | None = None
    gallery_captions: tuple[str, ...] = ()
    poll_options: tuple[str, ...] = ()
    media_author: str | None = None  # of an embedded page, as oEmbed names it
    media_author_url: str | None = None
    media_title: str | None = None
    media_description: str | None = None
    crosspost: Origin | None = None
    parent: Origin | None = None  # the submission of a comment


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFacts:
    """What Reddit tells of an account when it is asked; each is None where it was not asked or not told.

    Holds no name. `gone`: the account is suspended, deleted or hidden, so nothing else is known of it.
    """

    asked_at: datetime
    gone: bool = False
    created: datetime | None = None
    comment_karma: int | None = None
    post_karma: int | None = None
    verified_email: bool | None = None
    gold: bool | None = None
    contributor: bool | None = None  # approved user of the subreddit
    moderator: bool | None = None  # of the subreddit


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReport:
    """One report of a post, as Reddit lists it."""

    reason: str
    by: str = ""  # the moderator's account; of users Reddit tells only how many wrote the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A Reddit submission (`t3_…`) or comment (`t1_…`), as far as rules and people need it."""

    fullname: str
    subreddit: str
    permalink: str  # path only, e.g. /r/name/comments/abc/slug/
    created: datetime
    author: str | None = None  # None once deleted
    author_id: str | None = None  # fullname t2_…
    title: str = ""  # a comment carries its submission's title
    body: str = ""
    url: str | None = None
    flair_text: str | None = None
    over_18: bool = False
    edited: bool = False
    num_reports: int = 0
    author_is_moderator: bool = False  # by the subreddit's list of moderators, or marked as one
    approved_by: str | None = None
    removed_by_category: str | None = None  # moderator, reddit, automod_filtered, author, deleted, …
    details: PostDetails | None = None  # None where the listing told nothing of these

    @property
    def heading(self) -> str:
        """What it is called in a line: its title, of a comment that of the post it stands below; empty if unknown."""
        if not self.is_comment:
            return self.title
        return f"comment on “{self.title}”" if self.title else "a comment"

    @property
    def is_comment(self) -> bool:
        """True for a comment, False for a submission."""
        return self.fullname.startswith("t1_")
