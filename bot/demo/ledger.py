"""What the other side of the demo saw, in sentences: what the bot sent to Reddit and by mail, and what people did."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.clock import Clock
from bot.loopback.http import Request, Response
from bot.loopback.reddit.shapes import content_of, names_in, text_in
from bot.loopback.reddit.state import RedditState
from bot.loopback.smtp import Received
from bot.loopback.stage import Stage

MOST = 500  # lines that are kept
QUOTED = 60  # characters of a title


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that reached the other side or happened there."""

    at: datetime
    said: str
    text: str = ""  # of a message, in full
    by_bot: bool


class Ledger:
    """Lines, the newest first. Thread-safe; in memory only."""

    def __init__(self, stage: Stage) -> None:
        """Listen to the servers of a stage."""
        self._clock: Clock = stage.clock
        self._world = stage.reddit.world
        self.tell: Callable[[Line], None] = lambda _line: None  # called with each line of what people did
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque(maxlen=MOST)
        stage.reddit.answered = self._answered
        stage.mail.heard = self._mailed

    def happened(self, said: str) -> None:
        """Note what people there did."""
        line = Line(at=self._clock.now(), said=said, by_bot=False)
        self._keep(line)
        self.tell(line)

    def lines(self, *, by_bot: bool) -> list[Line]:
        """Return what was received from the bot, or what people did; the newest first."""
        with self._lock:
            return [line for line in self._lines if line.by_bot is by_bot]

    def _keep(self, line: Line) -> None:
        with self._lock:
            self._lines.appendleft(line)

    def _answered(self, request: Request, answer: Response) -> None:
        """Note a request to Reddit that it took, if it is for anything but reading."""
        found = sentence(self._world, request) if taken(answer) else None
        if found is not None:
            self._keep(Line(at=self._clock.now(), said=found[0], text=found[1], by_bot=True))

    def _mailed(self, received: Received) -> None:
        message = received.message
        said = f"The mail server took a mail to {message['To']}: {message['Subject']}"
        self._keep(Line(at=self._clock.now(), said=said, text=str(message.get_content()), by_bot=True))


def taken(answer: Response) -> bool:
    """Return whether Reddit did what it was asked: some refusals have a status of their own, others only a sentence."""
    if answer.status >= 300 or not isinstance(answer.body, bytes) or not answer.body:
        return answer.status < 300
    told = json.loads(answer.body)
    held = told.get("json") if isinstance(told, dict) else None
    return not (isinstance(held, dict) and held.get("errors"))


def sentence(world: RedditState, request: Request) -> tuple[str, str] | None:
    """Return what a request to Reddit asks for, and the text that goes with it; None if it only reads."""
    if request.method == "GET" or request.path.endswith("access_token"):
        return None
    path = request.path.rstrip("/").removesuffix(".json")
    for pattern, words in SAID:
        match = re.fullmatch(pattern, path)
        if match:
            return words(world, request, *match.groups())
    return f"Reddit was asked for {path}", ""


def _post(world: RedditState, fullname: str, *, by: bool = True) -> str:
    """Return a post as people speak of it."""
    thing = world.things.get(fullname)
    if thing is None:
        return fullname
    title = str(thing.get("title") or thing.get("body") or "")
    title = title if len(title) <= QUOTED else f"{title[:QUOTED]}…"
    kind = "the comment " if fullname.startswith("t1_") else ""
    return f"{kind}“{title}”" + (f" by u/{thing['author']} in r/{thing['subreddit']}" if by else "")


def _on(words: str) -> Callable[..., tuple[str, str]]:
    return lambda world, request, *_: (words.format(_post(world, request.form.get("id", ""))), "")


def _report(world: RedditState, request: Request) -> tuple[str, str]:
    return f"Reported {_post(world, request.form.get('id', ''))}: {request.form.get('reason', '')}", ""


def _converse(_world: RedditState, request: Request) -> tuple[str, str]:
    form = request.form
    return f"Modmail to the moderators of r/{form.get('srName')}: {form.get('subject')}", form.get("body", "")


def _answer(world: RedditState, request: Request, number: str) -> tuple[str, str]:
    there = world.conversations.get(number, {})
    private = "a private note " if request.form.get("isInternal", "").lower() == "true" else ""
    return f"Modmail, {private}in “{there.get('subject', number)}”", request.form.get("body", "")


def _message(world: RedditState, request: Request, _kind: str) -> tuple[str, str]:
    asked = content_of(request)
    name = next(iter(names_in(asked, "item_id")), "")
    author = world.things.get(name, {}).get("author", "nobody")
    said = f"Message to u/{author} about {_post(world, name, by=False)}: {text_in(asked, 'title') or ''}"
    return said, text_in(asked, "message") or ""


def _reason(world: RedditState, request: Request) -> tuple[str, str]:
    asked = content_of(request)
    name = next(iter(names_in(asked, "item_ids")), "")
    return f"Removal reason put on {_post(world, name)}", text_in(asked, "mod_note") or ""


def _flair(world: RedditState, request: Request, _subreddit: str) -> tuple[str, str]:
    return f"Flair “{request.form.get('text', '')}” put on {_post(world, request.form.get('link', ''))}", ""


def _note(_world: RedditState, request: Request) -> tuple[str, str]:
    return f"Moderators' note on u/{request.form.get('user')} in r/{request.form.get('subreddit')}", request.form.get(
        "note", ""
    )


def _ban(_world: RedditState, request: Request, subreddit: str) -> tuple[str, str]:
    return f"Banned u/{request.form.get('name')} in r/{subreddit}", request.form.get("note", "")


def _unban(_world: RedditState, request: Request, subreddit: str) -> tuple[str, str]:
    return f"Lifted the ban of u/{request.form.get('name')} in r/{subreddit}", ""


SAID: tuple[tuple[str, Callable[..., tuple[str, str]]], ...] = (
    ("/api/report", _report),
    ("/api/remove", _on("Removed {}")),
    ("/api/approve", _on("Gave back {}")),
    ("/api/mod/conversations", _converse),
    (r"/api/mod/conversations/(\w+)", _answer),
    ("/api/lock", _on("Locked {}")),
    ("/api/unlock", _on("Unlocked {}")),
    ("/api/spoiler", _on("Marked as spoiler {}")),
    ("/api/unspoiler", _on("Took the spoiler mark off {}")),
    ("/api/marknsfw", _on("Marked as NSFW {}")),
    ("/api/unmarknsfw", _on("Took the NSFW mark off {}")),
    (r"/api/v1/modactions/removal_(link|comment)_message", _message),
    ("/api/v1/modactions/removal_reasons", _reason),
    (r"/r/([\w-]+)/api/(?:select)?flair", _flair),
    ("/api/mod/notes", _note),
    (r"/r/([\w-]+)/api/friend", _ban),
    (r"/r/([\w-]+)/api/unfriend", _unban),
)
