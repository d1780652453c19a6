"""The loopback Reddit's modmail."""

from __future__ import annotations

from typing import Any

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.shapes import Answering, bad, limit_of, refused

ARCHIVED = 2


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
        state = request.query.get("state", "all")
        if state not in ("all", "mod", "archived"):
            return bad("INVALID_OPTION", "state", "that option is not valid")
        found = [
            number
            for number, conversation in reversed(self.world.conversations.items())
            if conversation["isInternal"] is (state == "mod")
            and (conversation["state"] == ARCHIVED) is (state == "archived")
            and conversation["owner"]["displayName"].lower() in (names or self.world.subreddits)
        ]
        found.sort(key=lambda number: str(self.world.conversations[number]["lastUpdated"]), reverse=True)
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

    def _conversation(self, _request: Request, number: str) -> Response:
        refusal = self._unreadable(number)
        if refusal is not None:
            return refusal
        return json_response(self._whole(number) | {"user": {}})

    def _answer_mail(self, request: Request, number: str) -> Response:
        form = request.form
        body = form.get("body", "")
        self.received.answers.append((number, body))
        refusal = self._unreadable(number)
        if refusal is not None:
            return refusal
        if not body:
            return bad("NO_TEXT", "body", "we need something here")
        if len(body) > 10_000:
            return bad("TOO_LONG", "body", "This field must be under 10000 characters")
        internal = form.get("isInternal", "").lower() == "true"
        self.actions.answer_mail(number, self.username, body, internal=internal)
        return json_response(self._whole(number), status=201)

    def _whole(self, number: str) -> dict[str, Any]:
        messages = {message["id"]: message for message in self.actions.messages_of(number)}
        return {"conversation": self.world.conversations[number], "messages": messages, "modActions": {}}

    def _unreadable(self, number: str) -> Response | None:
        conversation = self.world.conversations.get(number)
        if conversation is None:
            return refused(404, "CONVERSATION_NOT_FOUND")
        if not self.world.allows(conversation["owner"]["displayName"], self.username, "mail"):
            return refused(403, "SUBREDDIT_NO_ACCESS")
        return None
