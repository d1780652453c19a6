"""The loopback Reddit's answers to marks, flair, removal reasons and messages, notes and bans, with its refusals."""

from __future__ import annotations

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.shapes import (
    Answering,
    bad,
    content_of,
    limit_of,
    listing_of,
    names_in,
    refused,
    stated,
    text_in,
)

LABELS = frozenset(
    ("BOT_BAN", "PERMA_BAN", "BAN", "ABUSE_WARNING", "SPAM_WARNING", "SPAM_WATCH", "SOLID_CONTRIBUTOR", "HELPFUL_USER")
)


class Marking(Answering):
    """What moderators do to posts and users."""

    def _mark(self, request: Request, undo: str | None, what: str) -> Response:
        name = request.form.get("id", "")
        on = not undo
        self.received.marks.append((name, what if on else f"un{what}"))
        if what != "lock" and not name.startswith("t3_"):
            return refused(403)
        if not self._may(name, "posts"):
            return refused(403)
        self.actions.mark(name, what, self.username, on=on)
        return json_response({})

    def _nsfw(self, request: Request, undo: str | None) -> Response:
        return self._mark(request, undo, "nsfw")

    def _flair(self, request: Request, name: str) -> Response:
        form = request.form
        link, text = form.get("link", ""), form.get("text", "")
        self.received.marks.append((link, f"flair:{text}"))
        if link not in self.world.things or not link.startswith("t3_"):
            return stated("BAD_FLAIR_TARGET", "not a valid flair target", "link")
        if self.world.things[link]["subreddit"].lower() != name.lower() or not self._may(link, "flair"):
            return refused(403)
        if len(text) > 64:
            return stated("TOO_LONG", "this is too long (max: 64)", "text")
        self.actions.flair(
            link,
            self.username,
            text=text,
            css_class=form.get("css_class", ""),
            template=form.get("flair_template_id"),
        )
        return json_response({"json": {"errors": []}})

    def _reasons(self, _request: Request, name: str) -> Response:
        closed = self.closed(name.lower())
        if closed is not None:
            return closed
        if self.username not in self.world.subreddits[name.lower()].moderators:
            return refused(403)
        known = self.actions.reasons.get(name.lower(), {})
        data = {key: {"id": key, "title": title, "message": title} for key, title in known.items()}
        return json_response({"data": data, "order": list(known)})

    def _explain(self, request: Request) -> Response:
        content = content_of(request)
        names, reason, note = names_in(content, "item_ids"), text_in(content, "reason_id"), text_in(content, "mod_note")
        self.received.marks.append((",".join(names), "reason"))
        if not names:
            return bad("NO_THING_ID", "item_ids", "id not specified")
        if "reason_id" not in content or "mod_note" not in content or not (reason or note):
            return bad("JSON_MISSING_KEY", "reason_id", 'JSON missing key: "reason_id"')
        for name in names:
            if not self._may(name, "posts"):
                return refused(403)
            own = self.actions.reasons.get(self.world.things[name]["subreddit"].lower(), {})
            if reason and reason not in own:
                return bad("INVALID_ID", "reason_id", "The specified id is invalid")
            self.actions.explain(name, self.username, reason=reason, note=note)
        return Response()

    def _removal_message(self, request: Request, kind: str) -> Response:
        content = content_of(request)
        names, title, words = names_in(content, "item_id"), text_in(content, "title"), text_in(content, "message")
        name = names[0] if names else ""
        self.received.messages.append((name, str(title), str(words)))
        if not names:
            return bad("NO_THING_ID", "item_id", "id not specified")
        if content.get("type") not in ("public", "public_as_subreddit", "private", "private_exposed"):
            return bad("INVALID_OPTION", "type", "that option is not valid")
        if name.startswith("t1_") is not (kind == "comment") or not self._may(name, "posts"):
            return refused(403)
        if not title:
            return bad("NO_TEXT", "title", "we need something here")
        if len(title) > 50:
            return bad("TOO_LONG", "title", "This field must be under 50 characters")
        if self.world.things[name]["banned_by"] is None:
            return bad("INVALID_ID", "item_id", "The specified id is invalid")
        self.actions.message_author(name, title, words or "")
        return json_response({})

    def _notes(self, request: Request) -> Response:
        name, user = request.query.get("subreddit", ""), request.query.get("user", "")
        if name.lower() not in self.world.subreddits:
            return bad("BAD_SR_NAME", "subreddit", "This community name isn't recognizable.")
        own = [
            note
            for note in reversed(self.actions.notes)
            if note["subreddit"].lower() == name.lower() and note["user"].lower() == user.lower()
        ]
        page = own[: limit_of(request)] if self._moderates(name) else []
        return json_response({"mod_notes": page, "start_cursor": None, "end_cursor": None, "has_next_page": False})

    def _write_note(self, request: Request) -> Response:
        form = request.form
        name, user, text = form.get("subreddit", ""), form.get("user", ""), form.get("note", "")
        self.received.notes.append((name, user, text))
        if name.lower() not in self.world.subreddits:
            return bad("BAD_SR_NAME", "subreddit", "This community name isn't recognizable.")
        if not text:
            return bad("NO_TEXT", "note", "we need something here")
        if len(text) > 250:
            return bad("TOO_LONG", "note", "This field must be under 250 characters")
        if form.get("label") and form["label"] not in LABELS:
            return bad("INVALID_OPTION", "label", "that option is not valid")
        if not self._moderates(name):
            return refused(403)
        more = {key: form[key] for key in ("label", "reddit_id") if key in form}
        return json_response({"created": self.actions.write_note(name, user, text, self.username, **more)})

    def _delete_note(self, request: Request) -> Response:
        wanted = request.query.get("note_id")
        found = next((note for note in self.actions.notes if note["id"] == wanted), None)
        if found is None:
            return bad("INVALID_ID", "note_id", "The specified id is invalid")
        if not self._moderates(found["subreddit"]):
            return refused(403)
        self.actions.notes.remove(found)
        return json_response({"deleted": True})

    def _banned(self, request: Request, name: str) -> Response:
        if not self.world.allows(name, self.username, "access"):
            return refused(403)
        wanted = request.query.get("user", "").lower()
        rows = [
            {"name": ban["name"], "note": ban.get("note", ""), "days_left": ban.get("duration")}
            for (place, user), ban in self.actions.bans.items()
            if place == name.lower() and wanted in ("", user)
        ]
        return listing_of(rows, None)

    def _ban(self, request: Request, name: str) -> Response:
        form = request.form
        user = form.get("name", "")
        self.received.bans.append((name, user, form.get("note", "")))
        if not self.world.allows(name, self.username, "access"):
            return refused(403)
        if len(form.get("note", "")) > 300:
            return stated("TOO_LONG", "this is too long (max: 300)", "note")
        more = {key: form[key] for key in ("note", "ban_message", "duration") if key in form}
        self.actions.ban(name, user, self.username, **more)
        return json_response({"json": {"errors": []}})

    def _unban(self, request: Request, name: str) -> Response:
        if not self.world.allows(name, self.username, "access"):
            return refused(403)
        self.actions.unban(name, request.form.get("name", ""), self.username)
        return json_response({})

    def _moderates(self, name: str) -> bool:
        return self.username in self.world.subreddits[name.lower()].moderators

    def _may(self, fullname: str, right: str) -> bool:
        thing = self.world.things.get(fullname)
        return thing is not None and self.world.allows(thing["subreddit"], self.username, right)
