"""What moderators do in the loopback Reddit beside removing and approving: marks, flair, reasons, notes, bans, mail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from bot.loopback.reddit.state import RedditState

MARKS = {"lock": "locked", "spoiler": "spoiler", "nsfw": "over_18"}


@dataclass(slots=True)
class ModeratorActions:
    """Acts on a world and keeps what the world itself has no place for."""

    world: RedditState
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)  # by subreddit: id → title
    notes: list[dict[str, Any]] = field(default_factory=list)  # oldest first
    bans: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by subreddit and user, lower case

    def add_reason(self, subreddit: str, title: str) -> str:
        """Give a subreddit a removal reason; return its id."""
        with self.world.lock:
            number = f"1{uuid.uuid4().hex[:12]}"
            self.reasons.setdefault(subreddit.lower(), {})[number] = title
            return number

    def mark(self, fullname: str, what: str, by: str, *, on: bool) -> None:
        """Lock a thing or mark it as spoiler or NSFW, or take that back."""
        with self.world.lock:
            thing = self.world.things[fullname]
            thing[MARKS[what]] = on
            # Reddit logs "unmarknsfw" as the removal of a mark
            name = "marknsfw" if what == "nsfw" else what if on else f"un{what}"
            self.line(thing["subreddit"], name, by, thing=thing, details="remove" if what == "nsfw" and not on else "")

    def flair(self, fullname: str, by: str, *, text: str, css_class: str = "", template: str | None = None) -> None:
        """Set a submission's flair."""
        with self.world.lock:
            thing = self.world.things[fullname]
            thing |= {"link_flair_text": text or None, "link_flair_css_class": css_class or None}
            thing["link_flair_template_id"] = template
            self.line(thing["subreddit"], "editflair", by, thing=thing, details="flair_edit")

    def explain(self, fullname: str, by: str, *, reason: str | None, note: str | None) -> None:
        """Put a removal reason on what is removed; on anything else nothing happens."""
        with self.world.lock:
            thing = self.world.things[fullname]
            if thing["banned_by"] is None:
                return
            title = self.reasons.get(thing["subreddit"].lower(), {}).get(reason or "")
            thing["mod_reason_by"] = by
            thing["mod_reason_title"] = title or thing["mod_reason_title"]
            thing["mod_note"] = note or thing["mod_note"]
            self.line(thing["subreddit"], "addremovalreason", by, thing=thing, details=title or "")

    def filter_as_spam(self, fullname: str, by: str | bool = True) -> None:
        """Let a filter of Reddit's hold a thing: it waits in the moderators' queue; only named ones are logged."""
        with self.world.lock:
            thing = self.world.things[fullname]
            self.world.take_down(thing, by, "reddit", spam=True)
            thing["_filtered"] = True
            if isinstance(by, str):
                self.line(thing["subreddit"], self._verb(fullname, "spam"), by, thing=thing, details="spam")

    def automoderator(self, fullname: str, *, approve: bool = False, rule: str = "") -> None:
        """Let AutoModerator remove a thing for good, which leaves it out of the queue, or approve it.

        `rule`: the action reason of its rule, which stands in the log.
        """
        with self.world.lock:
            if approve:
                self.world.moderator_approves(fullname, "AutoModerator")
                return
            self.world.moderator_removes(fullname, "AutoModerator")
            if rule:
                self.world.mod_log[-1]["details"] = rule

    def staff_removes(self, fullname: str) -> None:
        """Let Reddit's staff remove a thing: its own category, whoever had removed it before."""
        with self.world.lock:
            thing = self.world.things[fullname]
            self.world.take_down(thing, "Anti-Evil Operations", "anti_evil_ops")
            self.line(thing["subreddit"], self._verb(fullname, "remove"), "Anti-Evil Operations", thing=thing)

    @staticmethod
    def _verb(fullname: str, verb: str) -> str:
        return f"{verb}{'comment' if fullname.startswith('t1_') else 'link'}"

    def write_note(self, subreddit: str, user: str, text: str, by: str, **more: Any) -> dict[str, Any]:
        """Write a note on a user."""
        with self.world.lock:
            data: dict[str, Any] = {
                "id": f"ModNote_{uuid.uuid4()}",
                "type": "NOTE",
                "created_at": int(self.world.now().timestamp()),
                "subreddit": subreddit,
                "operator": by,
                "user": user,
                "mod_action_data": dict.fromkeys(("action", "reddit_id", "details", "description")),
                "user_note_data": {"note": text, "label": more.get("label"), "reddit_id": more.get("reddit_id")},
            }
            self.notes.append(data)
            self.line(subreddit, "addnote", by, user=user)
            return data

    def ban(self, subreddit: str, user: str, by: str, **more: Any) -> None:
        """Ban a user."""
        with self.world.lock:
            self.bans[subreddit.lower(), user.lower()] = {"name": user, **more}
            self.line(subreddit, "banuser", by, user=user, details=str(more.get("duration") or "permanent"))

    def unban(self, subreddit: str, user: str, by: str) -> None:
        """Lift a ban."""
        with self.world.lock:
            if self.bans.pop((subreddit.lower(), user.lower()), None):
                self.line(subreddit, "unbanuser", by, user=user)

    def message_author(self, fullname: str, title: str, body: str) -> str:
        """Write to the author of what was removed, as the subreddit; return the conversation's id."""
        with self.world.lock:
            thing = self.world.things[fullname]
            kind = "comment" if fullname.startswith("t1_") else "post"
            subject = f"Your {kind} from {thing['subreddit']} was removed because of: '{title}'"
            text = f"Hi u/{thing['author']}, {body}\n\nOriginal {kind}: {thing['permalink']}"
            opened = self.world.converse(thing["subreddit"], subject, text, self.world.bot)
            conversation = self.world.conversations[opened["conversation"]["id"]]
            conversation |= {"isInternal": False, "participant": {"name": thing["author"], "isMod": False}, "state": 1}
            for message in self.messages_of(conversation["id"]):
                message["isInternal"] = False
            return str(conversation["id"])

    def write_mail(self, subreddit: str, by: str, subject: str, body: str) -> str:
        """Open a conversation as a moderator (a discussion) or as a user; return its id."""
        return str(self.world.converse(subreddit, subject, body, by)["conversation"]["id"])

    def answer_mail(self, conversation: str, by: str, body: str, *, internal: bool = False) -> str:
        """Write into a conversation; return the message's id."""
        with self.world.lock:
            data = self.world.conversations[conversation]
            moderator = by in self.world.subreddits[data["owner"]["displayName"].lower()].moderators
            number = self.world.new_number()
            moment = self.world.now().astimezone(UTC).isoformat()
            self.world.messages[number] = {
                "id": number,
                "author": {"name": by, "isMod": moderator, "isAdmin": False, "isDeleted": False},
                "isInternal": data["isInternal"] or internal,
                "bodyMarkdown": body,
                "body": f'<!-- SC_OFF --><div class="md"><p>{body}</p></div><!-- SC_ON -->',
                "date": moment,
                "participatingAs": "moderator" if moderator else "participant_user",
            }
            data["objIds"].append({"id": number, "key": "messages"})
            data |= {"numMessages": data["numMessages"] + 1, "lastUpdated": moment}
            data["lastModUpdate" if moderator else "lastUserUpdate"] = moment
            if data["state"] == 2 and not moderator:
                data["state"] = 1  # an answer brings what is archived back
            return number

    def messages_of(self, conversation: str) -> Iterator[dict[str, Any]]:
        """Yield a conversation's messages, oldest first."""
        for item in self.world.conversations[conversation]["objIds"]:
            yield self.world.messages[item["id"]]

    def line(
        self,
        subreddit: str,
        action: str,
        by: str,
        *,
        thing: Mapping[str, Any] | None = None,
        user: str = "",
        details: str = "",
    ) -> None:
        """Write a line of the mod log."""
        place = self.world.subreddits[subreddit.lower()]
        self.world.mod_log.append(
            {
                "id": f"ModAction_{uuid.uuid4()}",
                "action": action,
                "mod": by,
                "mod_id36": by.lower(),
                "created_utc": float(int(self.world.now().timestamp())),
                "details": details or None,
                "description": None,
                "sr_id36": place.number,
                "subreddit": place.name,
                "subreddit_name_prefixed": f"r/{place.name}",
                "target_author": thing["author"] if thing else user,
                "target_body": None,
                "target_fullname": thing["name"] if thing else f"t2_{user.lower()}",
                "target_permalink": thing["permalink"] if thing else None,
                "target_title": None,
            }
        )
