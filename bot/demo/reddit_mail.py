"""The loopback Reddit's modmail."""

from __future__ import annotations

from bot.demo.reddit_shapes import Answering, bad, limit_of, refused
from bot.demo.web import Request, Response, json_response


class Mail(Answering):
    """Conversations of moderators."""

    def _converse(self, request: Request) -> Response:
        form = request.form
        name, subject, body = form.get("srName", ""), form.get("subject", ""), form.get("body", "")
        self.received.modmails.append((name, subject, body))
        if name.lower() not in self.world.subreddits:
            return bad("SUBREDDIT_NOEXIST", "srName", "Hmm, that community doesn't exist. Try checking the spelling.")
        for key, value, longest in (("subject", subject, 100), ("body", body, 10_000)):
            if not value:
                return bad("NO_TEXT", key, "we need something here")
            if len(value) > longest:
                return bad("TOO_LONG", key, f"This field must be under {longest} characters")
        return json_response(self.world.converse(name, subject, body, self.username), status=201)

    def _conversations(self, request: Request) -> Response:
        names = [name for name in request.query.get("entity", "").lower().split(",") if name]
        if any(name not in self.world.subreddits for name in names):
            return bad("BAD_SR_NAME", "entity", None)
        if any(not self.world.allows(name, self.username, "mail") for name in names):
            return refused(403, "INVALID_MOD_PERMISSIONS")
        internal = request.query.get("state", "all") == "mod"
        found = [
            number
            for number, conversation in reversed(self.world.conversations.items())
            if conversation["isInternal"] is internal
            and conversation["owner"]["displayName"].lower() in (names or self.world.subreddits)
        ]
        after = request.query.get("after")
        if after:
            found = found[found.index(after) + 1 :] if after in found else []
        page = found[: limit_of(request)]
        conversations = {number: self.world.conversations[number] for number in page}
        latest = [conversation["objIds"][-1]["id"] for conversation in conversations.values()]
        return json_response(
            {
                "viewerId": "t2_bot1",
                "conversationIds": page,
                "conversations": conversations,
                "messages": {number: self.world.messages[number] for number in latest},
            }
        )
