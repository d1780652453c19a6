"""Once a day, what would have been done in subreddits that are only observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import Clock, day, day_and_time
from bot.config import Config
from bot.pipeline.acting import groups
from bot.pipeline.core import Boundary
from bot.pipeline.log import Log
from bot.plural import many
from bot.store import Store
from bot.store.told_cases import ToldCase
from bot.store.tries import SENTENCE

DAY = timedelta(days=1)
LATELY = timedelta(hours=1)  # since a subreddit was read: then it is read
MAX_LINES = 40  # groups that a digest shows


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
        text = digest(subreddit, self._found(subreddit, now), self._config.orders.prefix)
        return text or quiet(subreddit, self._store.watermarks.read_at(subreddit, "new"), now)

    def _make(self, subreddit: str, today: str, now: datetime) -> int:
        store = self._store
        text = digest(subreddit, self._found(subreddit, now), self._config.orders.prefix)
        with store.transaction():
            store.tries.end("digest", subreddit.lower())
            if not store.digests.due(subreddit, today):
                return 0
            if text is None and not self._config.digest.heartbeat:
                return 0
            subject, body = text or quiet(subreddit, store.watermarks.read_at(subreddit, "new"), now)
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

    def _found(self, subreddit: str, now: datetime) -> list[ToldCase]:
        return self._store.told_cases.opened(subreddit, now - DAY, now)


def digest(subreddit: str, found: Sequence[ToldCase], name: str = "gifwarden") -> tuple[str, str] | None:
    """Return subject and body on the cases of a day, or None if there were none. `name`: how orders call the bot."""
    if not found:
        return None
    lines = [f"In the last day I would have done this in r/{subreddit}. It is in mode observe, so I did nothing.", ""]
    by_rule = Counter(case.verdict.rule or "no rule" for case in found)
    left = MAX_LINES
    for rule, _ in sorted(by_rule.items(), key=lambda item: (-item[1], item[0])):
        cases = [case for case in found if (case.verdict.rule or "no rule") == rule]
        made = groups.group(cases, groups.would)
        for said in dict.fromkeys(one.said for one in made):
            some = [one for one in made if one.said == said]
            lines += [f"**{said[0].upper()}{said[1:]}: {rule}**", "", *groups.lines(some, max(left, 1)), ""]
            left -= len(some)
    lines += [
        'Is it right? Then let me report, with `mode = "report"` in my configuration. If a case is wrong, answer'
        f" `{name}, allow` with its name or link; `{name}, help` lists what else I understand.",
    ]
    posts = len({case.permalink or case.label for case in found})
    return f"I would have acted on {many(posts, 'post')} in r/{subreddit}", "\n".join(lines)


def quiet(subreddit: str, read: datetime | None, now: datetime) -> tuple[str, str]:
    """Return subject and body of a day without anything. `read`: when the subreddit was last read, if it ever was."""
    place = f"r/{subreddit}"
    doctor = "`gifwarden doctor` says to whoever runs me what is wrong."
    if read is None:
        return f"{place} was not read yet", f"I could not read {place} yet, so I know nothing of it. {doctor}"
    if now - read < LATELY:
        return f"Nothing found in {place}", f"In the last day I looked at {place} and found nothing that I know."
    until = f"I could read {place} until {day_and_time(read)} UTC, and of the last day up to then found nothing"
    return f"{place} is not read any more", f"{until} that I know. {doctor}"
