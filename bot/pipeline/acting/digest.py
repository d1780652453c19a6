"""Once a day, what would have been done in subreddits that are only observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.clock import Clock, day
from bot.config import Config
from bot.model import Verdict
from bot.pipeline.core import Boundary
from bot.pipeline.log import Log
from bot.plural import many
from bot.serialization import loads
from bot.store import Store
from bot.store.tries import SENTENCE

DAY = timedelta(days=1)
MAX_CASES = 20  # named in one line
_DONE: Mapping[str, str] = {
    "remove": "removed",
    "report": "reported",
    "lock": "locked",
    "spoiler": "marked as spoilers",
    "nsfw": "marked as NSFW",
    "flair": "given a flair",
    "note": "noted on their authors",
    "message": "written to their authors about",
}


class Digests:
    """Plans a digest for each observed subreddit, once a day, whatever the number of restarts."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log, boundary: Boundary) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log
        self._boundary = boundary

    def run(self) -> int:
        """Make the digests that are due; return how many were."""
        config, now = self._config, self._clock.now()
        today = day(now)
        if config.digest.by == "off" or now.hour < config.digest.hour or self._config.storage.stop_file.exists():
            return 0
        made = 0
        for name, settings in config.subreddits.items():
            if settings.mode == "observe" and self._store.digests.waits(name, today):
                made += self._tried(name, today, now)
        return made

    def _tried(self, subreddit: str, today: str, now: datetime) -> int:
        """Make a digest, and leave it alone once that began three times and never ended."""
        tries = self._store.tries
        if not tries.begin("digest", subreddit.lower()):
            self._log.warning("digest parked", subreddit=subreddit, reason=SENTENCE)
            return 0
        try:
            return self._make(subreddit, today, now)
        except Exception:
            tries.end("digest", subreddit.lower())
            raise

    def preview(self, subreddit: str) -> tuple[str, str]:
        """Return subject and body of the digest as it would be now."""
        now = self._clock.now() + timedelta(seconds=1)  # moments are stored in whole seconds: this one counts too
        return digest(subreddit, self._found(subreddit, now)) or quiet(subreddit)

    def _make(self, subreddit: str, today: str, now: datetime) -> int:
        store = self._store
        text = digest(subreddit, self._found(subreddit, now))
        with store.transaction():
            store.tries.end("digest", subreddit.lower())
            if not store.digests.due(subreddit, today):
                return 0
            if text is None and not self._config.digest.heartbeat:
                return 0
            subject, body = text or quiet(subreddit)
            to = self._config.digest.to if self._config.digest.by == "mail" else ""
            store.actions.plan(
                key=f"digest:{subreddit}:{today}",
                kind="digest",
                subreddit=subreddit,
                params={"subject": f"{subject} ({today})", "body": body, "day": today, "to": to},
            )
        self._boundary("digest.made")
        self._log.info("digest made", subreddit=subreddit)
        return 1

    def _found(self, subreddit: str, now: datetime) -> list[tuple[str, Verdict, str]]:
        rows = self._store.digests.would_have(subreddit, now - DAY, now)
        return [
            (row["label"], loads(Verdict, row["verdict"]), row["post"])
            for row in rows
            if row["state"] != "closed_elsewhere"
        ]


def digest(subreddit: str, found: Sequence[tuple[str, Verdict, str]]) -> tuple[str, str] | None:
    """Return subject and body on the cases (label, verdict, post) of a day, or None if there were none."""
    if not found:
        return None
    by_rule: dict[str, list[tuple[str, Verdict, str]]] = {}
    for case in found:
        by_rule.setdefault(case[1].rule or "no rule", []).append(case)
    lines = [
        f"In the last day I would have acted in r/{subreddit} as follows. It is in mode observe, so I did nothing.",
        "",
    ]
    for rule, cases in sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += [f"**{rule}**", "", *(_line(what, some) for what, some in _by_deed(cases).items()), ""]
    lines += [
        'Is it right? Then let me report, with `mode = "report"` in my configuration. If a case is wrong, answer'
        " `gifwarden, allow` with its name; `gifwarden, help` lists what else I understand.",
    ]
    posts = len({post for _, _, post in found})
    return f"I would have acted on {many(posts, 'post')} in r/{subreddit}", "\n".join(lines)


def quiet(subreddit: str) -> tuple[str, str]:
    """Return subject and body of a day without anything."""
    return (
        f"Nothing found in r/{subreddit}",
        f"In the last day I looked at r/{subreddit} and found nothing that I know.",
    )


def _by_deed(cases: Sequence[tuple[str, Verdict, str]]) -> dict[str, list[tuple[str, str]]]:
    by_action: dict[str, list[tuple[str, str]]] = {}
    for label, verdict, post in cases:
        kinds = [action.kind for action in verdict.actions]
        done = [_DONE[kind] for kind in kinds if kind in _DONE and not (kind == "report" and "remove" in kinds)]
        if verdict.outcome == "review":
            what = "put before a moderator"
        else:
            what = ", ".join(done) or "told the moderators about"
        by_action.setdefault(what, []).append((label, post))
    return by_action


def _line(what: str, cases: Sequence[tuple[str, str]]) -> str:
    labels = [label for label, _ in cases]
    posts = len({post for _, post in cases})
    shown = ", ".join(labels[:MAX_CASES]) + (f" and {len(labels) - MAX_CASES} more" if len(labels) > MAX_CASES else "")
    return f"- {what}: {many(posts, 'post')} ({shown})"
