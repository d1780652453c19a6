"""The texts of a post that rules look at, by the table they stand in: `title`, `author: {name}`, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from bot.model import Origin, Post, PostDetails

Mode = Literal["includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text", "domain"]
Texts = tuple[str, ...]
NONE = PostDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text of a post: how to read it (empty: there is none), its default mode and how much of it regex reads.

    Several texts (poll options) are looked at one by one.
    """

    read: Callable[[Post], Texts]
    mode: Mode
    length: int  # characters; Reddit's own limits where it has some


def details(post: Post) -> PostDetails:
    """Return the details of a post, empty ones if none are known."""
    return post.details or NONE


def _one(text: str | None) -> Texts:
    return () if text is None else (text,)


def _own(read: Callable[[Post], str | None]) -> Callable[[Post], Texts]:
    # a comment carries its submission's title and flair for people to read; they are not its own
    return lambda post: () if post.is_comment else _one(read(post))


def _detail(read: Callable[[PostDetails], str | None]) -> Callable[[Post], Texts]:
    return lambda post: _one(read(details(post)))


def _crosspost(read: Callable[[Origin], str | None]) -> Callable[[Post], Texts]:
    def reader(post: Post) -> Texts:
        origin = details(post).crosspost
        return () if origin is None else _one(read(origin))

    return reader


def _parent(read: Callable[[Origin], str | None]) -> Callable[[Post], Texts]:
    def reader(post: Post) -> Texts:
        origin = details(post).parent
        return () if origin is None else _one(read(origin))

    return reader


def _body(post: Post) -> Texts:
    # a link may carry a text below it; without one it has no body, while a text post may have an empty one
    return (post.body,) if post.body or post.is_comment or details(post).is_self else ()


def _domain(post: Post) -> str | None:
    if details(post).is_self:
        return f"self.{post.subreddit}"
    return domain_of(post.url)


def domain_of(url: str | None) -> str | None:
    """Return the domain of an address; None if it has none."""
    try:
        return (urlsplit(url or "").hostname or "").rstrip(".") or None
    except ValueError:  # a poster's URL such as http://[ is no URL
        return None


def _user_id(fullname: str | None) -> str | None:
    return fullname.removeprefix("t2_") if fullname else None


POST: Mapping[str, Field] = {
    "title": Field(read=_own(lambda post: post.title), mode="includes-word", length=300),
    "body": Field(read=_body, mode="includes-word", length=5_000),
    "url": Field(read=_own(lambda post: post.url), mode="includes", length=2_000),
    "domain": Field(read=_own(_domain), mode="domain", length=253),
    "id": Field(read=lambda post: (post.fullname.partition("_")[2],), mode="full-exact", length=20),
    "flair_text": Field(read=_own(lambda post: post.flair_text), mode="full-exact", length=300),
    "flair_css_class": Field(read=_own(lambda post: details(post).flair_css_class), mode="full-exact", length=1_000),
    "flair_template_id": Field(read=_own(lambda post: details(post).flair_template_id), mode="full-exact", length=50),
    "author": Field(read=lambda post: _one(post.author), mode="full-exact", length=50),
    "subreddit": Field(read=lambda post: (post.subreddit,), mode="full-exact", length=50),
    "poll_option_text": Field(read=lambda post: details(post).poll_options, mode="includes-word", length=300),
    "gallery_caption": Field(read=lambda post: details(post).gallery_captions, mode="includes-word", length=300),
    "media_author": Field(read=_detail(lambda it: it.media_author), mode="full-exact", length=300),
    "media_author_url": Field(read=_detail(lambda it: it.media_author_url), mode="includes", length=2_000),
    "media_title": Field(read=_detail(lambda it: it.media_title), mode="includes-word", length=300),
    "media_description": Field(read=_detail(lambda it: it.media_description), mode="includes-word", length=5_000),
    "crosspost_id": Field(read=_crosspost(lambda it: it.id), mode="full-exact", length=20),
    "crosspost_title": Field(read=_crosspost(lambda it: it.title), mode="includes-word", length=300),
}
AUTHOR: Mapping[str, Field] = {
    "name": POST["author"],
    "id": Field(read=lambda post: _one(_user_id(post.author_id)), mode="full-exact", length=20),
    "flair_text": Field(read=_detail(lambda it: it.author_flair_text), mode="full-exact", length=300),
    "flair_css_class": Field(read=_detail(lambda it: it.author_flair_css_class), mode="full-exact", length=1_000),
    "flair_template_id": Field(read=_detail(lambda it: it.author_flair_template_id), mode="full-exact", length=50),
}
CROSSPOST_AUTHOR: Mapping[str, Field] = {
    "name": Field(read=_crosspost(lambda it: it.author), mode="full-exact", length=50),
    "id": Field(read=_crosspost(lambda it: _user_id(it.author_id)), mode="full-exact", length=20),
}
CROSSPOST_SUBREDDIT: Mapping[str, Field] = {
    "name": Field(read=_crosspost(lambda it: it.subreddit), mode="full-exact", length=50),
}
PARENT: Mapping[str, Field] = {
    "title": Field(read=_parent(lambda it: it.title), mode="includes-word", length=300),
    "id": Field(read=_parent(lambda it: it.id), mode="full-exact", length=20),
    "url": Field(read=_parent(lambda it: it.url), mode="includes", length=2_000),
    "domain": Field(read=_parent(lambda it: domain_of(it.url)), mode="domain", length=253),
    "author": Field(read=_parent(lambda it: it.author), mode="full-exact", length=50),
}
TABLES: Mapping[str, Mapping[str, Field]] = {
    "": POST,
    "author": AUTHOR,
    "crosspost_author": CROSSPOST_AUTHOR,
    "crosspost_subreddit": CROSSPOST_SUBREDDIT,
    "parent_submission": PARENT,
}
"""Table of a rule → the texts that stand in it; "" is the rule itself."""

_PREFIXES = {
    "id": r"\At[123]_",
    "crosspost_id": r"\At3_",
    "author": r"\A/?u/",
    "subreddit": r"\A/?r/",
    "author name": r"\A/?u/",
    "crosspost_author name": r"\A/?u/",
    "crosspost_subreddit name": r"\A/?r/",
    "parent_submission author": r"\A/?u/",
}


def prefix_of(table: str, name: str) -> str | None:
    """Return the pattern of what people write in front of such a value and Reddit does not: `t3_`, `u/`, `r/`."""
    return _PREFIXES.get(f"{table} {name}".strip()) or _PREFIXES.get("id" if name == "id" else "")
