"""What the loopback Reddit tells of accounts, and its wiki."""

from __future__ import annotations

from bot.loopback.http import Request, Response, json_response
from bot.loopback.reddit.shapes import Answering, refused


class AccountPages(Answering):
    """Accounts, approved users and pages of the wiki."""

    def _account(self, _request: Request, name: str) -> Response:
        self.received.looked_up.append(name)
        account = self.world.accounts.get(name.lower())
        if account is None:
            return refused(404)
        if account.get("is_suspended"):
            return json_response({"kind": "t2", "data": {"name": name, "is_suspended": True, "awardee_karma": 0}})
        told = {"name": name, "id": "2abc", "is_gold": False, "has_verified_email": True, "is_mod": False,
                "link_karma": 1, "comment_karma": 1, "total_karma": 2, "created": 1.7e9, "created_utc": 1.7e9,
                "is_employee": False, "is_blocked": False, "verified": True}  # fmt: skip
        return json_response({"kind": "t2", "data": told | account})

    def _contributors(self, request: Request, name: str) -> Response:
        closed = self.closed(name.lower())
        if closed is not None:
            return closed
        if self.username not in self.world.subreddits[name.lower()].moderators:
            return refused(403)
        wanted = request.query.get("user", "")
        known = (name.lower(), wanted.lower()) in self.world.contributors
        children = [{"name": wanted, "id": "t2_2abc", "rel_id": "rb_1", "date": 1.7e9}] if known else []
        return json_response({"kind": "UserList", "data": {"after": None, "before": None, "children": children}})

    def _wiki(self, _request: Request, name: str, page: str) -> Response:
        closed = self.closed(name.lower())
        if closed is not None:
            return closed
        found = self.world.wiki.get((name.lower(), page))
        if found is None:
            return refused(404, "PAGE_NOT_CREATED")
        return json_response({"kind": "wikipage", "data": found})
