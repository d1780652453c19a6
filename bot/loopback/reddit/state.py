"""The state behind the loopback Reddit: subreddits, submissions, comments, modmail and mod log.

Scripts and tests act on it as users and moderators do; the server in `bot/loopback/reddit/server.py` shows it to the
bot.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.loopback.reddit.things import Kind, Subreddit, linked, public, slug, thing_of

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
STAFF = ("anti_evil_ops", "community_ops", "copyright_takedown", "content_takedown")  # categories of Reddit's own
MODERATOR_ONLY = ("removed", "spam", "approved", "ignore_reports", "ban_note")


@dataclass(slots=True)
class RedditState:
    """Everything that the loopback Reddit knows. One lock around all of it; methods may be called from any thread."""

    now: Callable[[], datetime]
    bot: str
    subreddits: dict[str, Subreddit] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)  # by fullname
    mod_log: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    conversations: dict[str, dict[str, Any]] = field(default_factory=dict)  # oldest first
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # a subreddit's old name → its new one, in lower case
    shares: dict[str, str] = field(default_factory=dict)  # path of a share link → permalink
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)  # pages, by lower-case name
    wiki: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # (subreddit in lower case, page)
    contributors: set[tuple[str, str]] = field(default_factory=set)  # (subreddit, account), in lower case
    lock: threading.RLock = field(default_factory=threading.RLock)
    _last: int = 45_000_000  # ids look like today's

    def add_subreddit(
        self,
        name: str,
        moderators: Iterable[str] = ("head_moderator",),
        bot_permissions: Iterable[str] | None = ("posts", "mail"),
        *,
        kind: Kind = "public",
    ) -> None:
        """Create a subreddit. `bot_permissions` None: the bot is no moderator there."""
        with self.lock:
            everybody = {moderator: ["all"] for moderator in moderators}
            if bot_permissions is not None:
                everybody[self.bot] = list(bot_permissions)
            self.subreddits[name.lower()] = Subreddit(name, self.new_number(), kind, everybody)

    def edit_wiki(self, subreddit: str, page: str, text: str, *, by: str) -> str:
        """Write a wiki page; return the id of the revision."""
        with self.lock:
            revision = f"{self.new_number():0>8}-0000-11f0-8000-0e0e0e0e0e0e"
            self.wiki[subreddit.lower(), page] = {
                "content_md": text, "content_html": "", "may_revise": True, "reason": None, "revision_id": revision,
                "revision_date": int(self.now().timestamp()),
                "revision_by": {"kind": "t2", "data": {"name": by, "id": "2abc"}},
            }  # fmt: skip
            return revision

    def submit(
        self,
        subreddit: str,
        *,
        author: str,
        title: str,
        url: str | None = None,
        selftext: str = "",
        created: datetime | None = None,
        over_18: bool = False,
        gallery: Iterable[Mapping[str, Any]] = (),
        crosspost_of: str | None = None,
        **extra: Any,
    ) -> str:
        """Post a submission and return its fullname.

        Without `url`, `gallery` or `crosspost_of` it is a text post. `gallery` holds media_metadata entries with
        their `id`; `extra` are further keys of the JSON, which win.
        """
        with self.lock:
            place = self.subreddits[subreddit.lower()]
            number = self.new_number()
            permalink = f"/r/{place.name}/comments/{number}/{slug(title)}/"
            data = thing_of(place, "t3", number, author, created or self.now()) | {
                "title": title,
                "selftext": selftext,
                "permalink": permalink,
                "over_18": over_18,
                "is_self": True,
                "is_video": False,
                "domain": f"self.{place.name}",
                "url": f"https://www.reddit.com{permalink}",
                "link_flair_text": None,
                "media": None,
                "secure_media": None,
                "num_comments": 0,
                "num_crossposts": 0,
                "removed_by_category": None,
            }
            if url is not None:
                data |= linked(url)
            items = [dict(item) for item in gallery]
            if items:
                data |= linked(f"https://www.reddit.com/gallery/{number}")
                data["is_gallery"] = True
                shown = [{"media_id": item["id"], "id": index} for index, item in enumerate(items, 1)]
                data["gallery_data"] = {"items": shown}
                data["media_metadata"] = {item["id"]: item for item in items}
            if crosspost_of is not None:
                original = self.things[crosspost_of]
                data |= linked(original["url"])
                data["crosspost_parent"] = crosspost_of
                data["crosspost_parent_list"] = [public(original)]
                original["num_crossposts"] += 1
            data |= extra
            self.things[data["name"]] = data
            return str(data["name"])

    def comment(self, parent: str, *, author: str, body: str, created: datetime | None = None, **extra: Any) -> str:
        """Post a comment under a submission or comment and return its fullname. `extra` are further keys, which win."""
        with self.lock:
            above = self.things[parent]
            link = self.things[above.get("link_id", parent)]
            number = self.new_number()
            data = thing_of(self.subreddits[link["subreddit"].lower()], "t1", number, author, created or self.now()) | {
                "body": body,
                "permalink": f"{link['permalink']}{number}/",
                "link_id": link["name"],
                "parent_id": parent,
                "replies": "",
                "is_submitter": author == link["author"],
                "collapsed": False,
                "score_hidden": False,
            }
            data |= extra
            link["num_comments"] += 1
            self.things[data["name"]] = data
            return str(data["name"])

    def share(self, fullname: str) -> str:
        """Return a share link (`/r/name/s/…`) to a submission or comment."""
        with self.lock:
            thing = self.things[fullname]
            path = f"/r/{thing['subreddit']}/s/{uuid.uuid4().hex[:10]}"
            self.shares[path] = thing["permalink"]
            return f"https://www.reddit.com{path}"

    def moderator_approves(self, fullname: str, moderator: str) -> None:
        """Approve: undoes a removal and settles all reports."""
        with self.lock:
            thing = self.things[fullname]
            was_removed = thing["banned_by"] is not None
            thing |= {"approved": True, "approved_by": moderator, "approved_at_utc": self._stamp()}
            thing |= {"removed": False, "spam": False, "banned_by": None, "banned_at_utc": None, "ban_note": ""}
            if "removed_by_category" in thing:
                thing["removed_by_category"] = None
            thing["_filtered"] = False
            for kind in ("mod_reports", "user_reports"):
                if thing[kind]:
                    thing[f"{kind}_dismissed"] = thing.pop(kind)
                    thing[kind] = []
            thing["num_reports"] = 0
            self._log(thing, "approve", moderator, "unspam" if was_removed else "confirm_ham")

    def moderator_removes(self, fullname: str, moderator: str, *, spam: bool = False) -> None:
        """Remove, as spam or not. A removed thing leaves the listings but is still shown by id."""
        with self.lock:
            thing = self.things[fullname]
            was_removed = thing["banned_by"] is not None
            thing |= {"approved": False, "approved_by": None, "approved_at_utc": None, "_filtered": False}
            thing |= {"removed": not spam, "spam": spam, "banned_by": moderator, "banned_at_utc": self._stamp()}
            thing["ban_note"] = "spam" if spam else "remove not spam"
            if "removed_by_category" in thing:
                thing["removed_by_category"] = "moderator"
            details = ("confirm_spam" if was_removed else "spam") if spam else "remove"
            self._log(thing, "spam" if spam else "remove", moderator, details)

    def report(self, fullname: str, reason: str, by: str) -> None:
        """Report. Removed and deleted things take none, and one person reports a thing once."""
        with self.lock:
            thing = self.things[fullname]
            reporters = thing["_reporters"]
            if thing["banned_by"] is not None or thing["author"] == "[deleted]" or by in reporters:
                return
            reporters.append(by)
            if by in self.subreddits[thing["subreddit"].lower()].moderators:
                thing["mod_reports"].append([reason, by])
            else:
                thing["user_reports"].append([reason, 1, False, True])
            thing["num_reports"] += 1

    def edit(self, fullname: str, text: str) -> None:
        """Edit the text as its author. The thing comes first in the moderators' listing of edits."""
        with self.lock:
            thing = self.things[fullname]
            thing["body" if fullname.startswith("t1_") else "selftext"] = text
            thing["edited"] = float(self._stamp())

    def filter(self, fullname: str) -> None:
        """Let AutoModerator filter a thing: it waits in the moderators' queue, leaves the listings, and is logged."""
        with self.lock:
            thing = self.things[fullname]
            self.take_down(thing, "AutoModerator", "automod_filtered")
            thing["_filtered"] = True
            self._log(thing, "remove", "AutoModerator", "remove")

    def take_down(self, thing: dict[str, Any], by: str | bool, category: str, *, spam: bool = False) -> None:
        """Hide a thing as something else than a moderator does. Comments show no category."""
        thing |= {"approved": False, "approved_by": None, "approved_at_utc": None}
        thing |= {"banned_by": by, "banned_at_utc": self._stamp(), "removed": False, "spam": spam, "ban_note": ""}
        if "removed_by_category" in thing:
            thing["removed_by_category"] = category

    def close(self, subreddit: str, kind: Kind, *, bot_stays: bool = False) -> None:
        """Make a subreddit private, banned, quarantined or public again; closed ones lose the bot unless it stays."""
        with self.lock:
            place = self.subreddits[subreddit.lower()]
            place.kind = kind
            if not bot_stays and kind != "public":
                place.moderators.pop(self.bot, None)
            elif kind == "public":
                place.moderators.setdefault(self.bot, ["posts", "mail"])

    def rename(self, subreddit: str, name: str) -> None:
        """Give a subreddit another name; the old one leads to it."""
        with self.lock:
            place = self.subreddits.pop(subreddit.lower())
            self.moved[subreddit.lower()] = name.lower()
            place.name = name
            self.subreddits[name.lower()] = place
            for thing in self.things.values():
                if thing["subreddit"].lower() == subreddit.lower():
                    thing |= {"subreddit": name, "subreddit_name_prefixed": f"r/{name}"}

    def delete(self, fullname: str) -> None:
        """Delete as its author: name, text and media are gone, the thing leaves the listings."""
        with self.lock:
            thing = self.things[fullname]
            thing["author"] = "[deleted]"
            thing.pop("author_fullname", None)
            if fullname.startswith("t1_"):
                thing["body"] = "[deleted]"
                thing.pop("media_metadata", None)
                return
            for key in ("url_overridden_by_dest", "gallery_data", "media_metadata", "preview", "crosspost_parent_list"):
                thing.pop(key, None)
            permalink = f"https://www.reddit.com{thing['permalink']}"
            thing |= {"title": "[deleted by user]", "selftext": "[deleted]", "url": permalink, "media": None}
            thing |= {"secure_media": None, "removed_by_category": "deleted", "domain": f"self.{thing['subreddit']}"}

    def converse(self, subreddit: str, subject: str, body: str, by: str) -> dict[str, Any]:
        """Open a modmail conversation without a recipient; return Reddit's answer to it.

        From a moderator with the mail right it is internal, from anybody else it is a message to the moderators.
        """
        with self.lock:
            place = self.subreddits[subreddit.lower()]
            internal = self.allows(place.name, by, "mail")
            number, message = self.new_number(), self.new_number()
            moment = self.now().astimezone(UTC).isoformat()
            author = {"name": by, "id": 1, "isMod": internal, "isAdmin": False, "isOp": True, "isDeleted": False}
            self.conversations[number] = {
                "id": number,
                "subject": subject,
                "state": 0,
                "numMessages": 1,
                "isAuto": False,
                "isInternal": internal,
                "isRepliable": True,
                "isHighlighted": False,
                "lastUserUpdate": None if internal else moment,
                "lastModUpdate": moment if internal else None,
                "lastUpdated": moment,
                "lastUnread": None,
                "legacyFirstMessageId": message,
                "owner": {"displayName": place.name, "type": "subreddit", "id": f"t5_{place.number}"},
                "objIds": [{"id": message, "key": "messages"}],
                "participant": {} if internal else author,
                "authors": [author],
            }
            self.messages[message] = {
                "id": message,
                "author": author,
                "isInternal": internal,
                "bodyMarkdown": body,
                "body": f'<!-- SC_OFF --><div class="md"><p>{body}</p></div><!-- SC_ON -->',
                "date": moment,
            }
            return {
                "conversation": self.conversations[number],
                "messages": {message: self.messages[message]},
                "modActions": {},
            }

    def allows(self, subreddit: str, who: str, permission: str) -> bool:
        """Whether somebody moderates a subreddit with that permission."""
        permissions = self.subreddits[subreddit.lower()].moderators.get(who, [])
        return "all" in permissions or permission in permissions

    def shown(self, fullname: str) -> dict[str, Any]:
        """Return a thing as the bot sees it: who did what to it only where the bot moderates."""
        thing = self.things[fullname]
        data = public(thing)
        if self.bot not in self.subreddits[thing["subreddit"].lower()].moderators:
            for key in MODERATOR_ONLY:
                data.pop(key, None)
            data |= {"approved_by": None, "approved_at_utc": None, "banned_by": None, "banned_at_utc": None}
            data |= {"num_reports": None, "mod_reports": [], "user_reports": []}
        return {"kind": fullname[:2], "data": data}

    def listed(self, subreddits: Iterable[str], kind: str) -> list[str]:
        """Return the fullnames of a listing, newest first, removed and deleted things included."""
        names = set(subreddits)
        own = [
            name for name, data in self.things.items() if name.startswith(kind) and data["subreddit"].lower() in names
        ]
        return sorted(own, key=lambda name: (self.things[name]["created_utc"], int(name[3:], 36)), reverse=True)

    def queued(self, subreddits: Iterable[str], what: str) -> list[str]:
        """Return the fullnames of a moderators' listing: `modqueue`, `reports`, `edited` or `spam`, newest first.

        What is removed and settled stands in `spam`, with what Reddit's own filters hold; not what its staff removed.
        """
        names = set(subreddits)
        found = []
        for name, data in self.things.items():
            if data["subreddit"].lower() not in names or data["author"] == "[deleted]":
                continue
            reported = data["num_reports"] > 0 and data["banned_by"] is None
            waits = bool(data.get("_filtered")) and data["banned_by"] is not None
            gone = data["banned_by"] is not None and data.get("removed_by_category") not in STAFF
            if {"modqueue": reported or waits, "reports": reported, "edited": bool(data["edited"]), "spam": gone}[what]:
                found.append(name)
        key = "edited" if what == "edited" else "created_utc"
        return sorted(found, key=lambda name: (self.things[name][key], int(name[3:], 36)), reverse=True)

    def visible(self, fullname: str) -> bool:
        """Whether listings show a thing: neither removed nor deleted."""
        thing = self.things[fullname]
        return thing["banned_by"] is None and thing["author"] != "[deleted]"

    def _log(self, thing: Mapping[str, Any], verb: str, moderator: str, details: str) -> None:
        comment = thing["name"].startswith("t1_")
        self.mod_log.append(
            {
                "id": f"ModAction_{uuid.uuid4()}",
                "action": f"{verb}{'comment' if comment else 'link'}",
                "mod": moderator,
                "mod_id36": moderator.lower(),
                "created_utc": float(self._stamp()),
                "details": details,
                "description": None,
                "sr_id36": thing["subreddit_id"][3:],
                "subreddit": thing["subreddit"],
                "subreddit_name_prefixed": thing["subreddit_name_prefixed"],
                "target_author": thing["author"],
                "target_body": thing.get("body"),
                "target_fullname": thing["name"],
                "target_permalink": thing["permalink"],
                "target_title": thing.get("title"),
            }
        )

    def _stamp(self) -> int:
        return int(self.now().timestamp())

    def new_number(self) -> str:
        """Return the next id."""
        self._last += 1
        number, text = self._last, ""
        while number:
            number, digit = divmod(number, 36)
            text = DIGITS[digit] + text
        return text
