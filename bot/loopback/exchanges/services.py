"""HMA, Meta's ThreatExchange and StopNCII, as their clients and documentation know them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bot.loopback.http import Request, Response, json_response

Json = dict[str, Any]


@dataclass(slots=True)
class HmaService:
    """Banks and their contents by number. Numbers are of all banks together."""

    banks: dict[str, dict[int, Json]] = field(default_factory=dict)
    token: str = ""

    def put(self, bank: str, number: int, signals: dict[str, str], *, until: int = 1) -> None:
        """Put a content into a bank; `until`: 0 disabled, 1 enabled, else the moment until which it is off."""
        self.banks.setdefault(bank, {})[number] = {
            "id": number,
            "disable_until_ts": until,
            "original_media_uri": None,
            "bank": {"name": bank, "matching_enabled_ratio": 1.0},
            "signals": signals,
        }

    def answer(self, request: Request, path: str) -> Response:
        """Answer as HMA does; a Bearer token is what deployments put in front of it."""
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return json_response({"message": "Unauthorized"}, status=401)
        parts = path.strip("/").split("/")
        if parts[:2] != ["c", "bank"] or len(parts) not in (3, 5):
            return json_response({"message": "Not Found"}, status=404)
        bank = self.banks.get(parts[2])
        if bank is None:
            return json_response({"message": f"bank '{parts[2]}' not found"}, status=404)
        if len(parts) == 3:
            return json_response({"name": parts[2], "matching_enabled_ratio": 1.0})
        found = bank.get(int(parts[4]))
        if found is None:
            return json_response({"message": f"content {parts[4]} not found"}, status=404)
        shown = found if request.query.get("include_signals") == "true" else {**found, "signals": None}
        return json_response(shown)


@dataclass(slots=True)
class ThreatExchangeService:
    """One privacy group. `updates` are in the order of their time; each replaces the earlier of its id."""

    group: str = "777"
    token: str = "APP|SECRET"  # noqa: S105  of a server on loopback
    updates: list[Json] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)  # (descriptor, reaction)
    page: int = 500
    backwards: bool = False  # names the same cursor again and again
    refuses: bool = False

    def put(self, id: str, value: str, at: int, *, status: str = "MALICIOUS", **more: Any) -> None:
        """Add an update; `more` replaces keys of it."""
        self.updates = [one for one in self.updates if one["id"] != id]
        self.updates.append(
            {
                "id": id,
                "indicator": value,
                "type": "HASH_PDQ",
                "last_updated": at,
                "should_delete": False,
                "descriptors": {
                    "data": [
                        {
                            "id": f"9{id}",
                            "owner": {"id": "31"},
                            "status": status,
                            "tags": {"data": [{"id": "41", "text": "ncii"}]},
                        }
                    ]
                },
                **more,
            }
        )

    def answer(self, request: Request, path: str) -> Response:
        """Answer as the Graph does."""
        if request.query.get("access_token") != self.token:
            return json_response({"error": {"message": "Invalid OAuth access token", "code": 190}}, status=401)
        parts = path.strip("/").split("/")
        if request.method == "POST":
            if self.refuses:
                return json_response({"error": {"message": "Unsupported post request", "code": 100}}, status=400)
            self.reactions.append((parts[-1], request.form.get("reactions", "")))
            return json_response({"success": True})
        if len(parts) == 2 and "fields" in request.query:
            about = next((one for one in self.updates if one["id"] == parts[1]), None)
            if about is None:
                return json_response({"error": {"message": "Unsupported get request", "code": 100}}, status=400)
            return json_response({"id": parts[1], "descriptors": about["descriptors"]})
        if parts != ["v21.0", self.group, "threat_updates"]:
            return json_response({"error": {"message": "Unsupported get request", "code": 100}}, status=400)
        since, until = int(request.query["start_time"]), int(request.query["stop_time"])
        wanted = set(request.query["types"].split(","))
        due = [one for one in self.updates if since <= one["last_updated"] <= until and one["type"] in wanted]
        start = int(request.query.get("after") or 0)
        end = start + min(self.page, int(request.query["limit"]))
        answer: Json = {"data": due[start:end]}
        if end < len(due) or self.backwards:
            cursor = "0" if self.backwards else str(end)
            following = f"https://graph.facebook.com/v21.0/{self.group}/threat_updates/?access_token={self.token}"
            answer["paging"] = {"cursors": {"after": cursor}, "next": following}
        return json_response(answer)


@dataclass(slots=True)
class StopNciiService:
    """Records in the order of their change; each is the full present state of one hash."""

    subscription: str = "subscription"
    fetch_key: str = "fetch"
    feedback_key: str = "feedback"
    records: list[Json] = field(default_factory=list)
    page: int = 800
    told: list[Json] = field(default_factory=list)  # feedback
    lower: int = 0  # by which the checkpoint of the last page is below that of the others
    endless: bool = False  # always says that there is more
    tokens_expire: bool = False
    refuses: tuple[str, ...] = ()  # hashes

    def put(self, value: str, at: int, *, status: str = "Active", kind: str = "ImagePDQ", **more: Any) -> None:
        """Set the state of a hash; `more` replaces keys of its record."""
        key = (kind, value)
        self.records = [one for one in self.records if (one["signalType"], one["hashValue"]) != key]
        self.records.append(
            {
                "lastModtimestamp": at,
                "signalType": kind,
                "hashValue": value,
                "hashStatus": status,
                "caseNumbers": {"5b1c0001": status},
                **more,
            }
        )

    def answer(self, request: Request, path: str) -> Response:
        """Answer as its API does."""
        key = {"/FetchHashes": self.fetch_key, "/SubmitFeedback": self.feedback_key}.get(path)
        if key is None:
            return json_response({"message": "Resource not found"}, status=404)
        asked = (request.headers.get("ocp-apim-subscription-key"), request.headers.get("x-functions-key"))
        if asked != (self.subscription, key):
            return json_response({"message": "Access denied due to invalid subscription key"}, status=401)
        return self._fetch(request) if path == "/FetchHashes" else self._hear(request)

    def _fetch(self, request: Request) -> Response:
        since, size = int(request.query["startTimestamp"]), min(self.page, int(request.query["pageSize"]))
        token = request.query.get("nextPageToken", "")
        if token and self.tokens_expire:
            self.tokens_expire = False
            return json_response({"message": "the token has expired"}, status=400)
        due = [one for one in self.records if one["lastModtimestamp"] >= since]
        start = int(token.removeprefix("t")) if token else 0
        part = due[start : start + size]
        more = start + size < len(due) or self.endless
        moment = max((one["lastModtimestamp"] for one in due), default=since)
        answer = {
            "count": len(part),
            "nextPageToken": f"t{start + size}" if more else "",
            "nextSetTimestamp": moment + 1 if more else moment + 1 - self.lower,
            "hasMoreRecords": more,
            "hashRecords": part,
        }
        return json_response(answer)

    def _hear(self, request: Request) -> Response:
        body = json.loads(request.body)
        if any(one["hashValue"] in self.refuses for one in body["hashFeedbacks"]):
            return json_response({"message": "unknown hash"}, status=400)
        self.told += body["hashFeedbacks"]
        return json_response({"count": body["count"]})
