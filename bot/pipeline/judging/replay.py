"""Judge stored evidence again, under the rules as they are now. Changes nothing and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.model import Verdict
from bot.pipeline.judging.judge import Judge
from bot.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One stored judgement, and what the rules make of the same evidence now."""

    link: int
    post: str  # fullname
    subreddit: str
    case: str | None  # its label
    before: Verdict
    after: Verdict

    @property
    def changed(self) -> bool:
        """Whether outcome, deciding rule or kinds of action differ."""
        return _gist(self.before) != _gist(self.after)


def _gist(verdict: Verdict) -> tuple[str, str | None, tuple[str, ...]]:
    return verdict.outcome, verdict.rule, kinds(verdict)


def kinds(verdict: Verdict) -> tuple[str, ...]:
    """Return the kinds of action that a verdict asks for."""
    return tuple(action.kind for action in verdict.actions)


class Replayer:
    """Reads judgements a page at a time, so that any number of them fits into memory."""

    def __init__(self, store: Store, judging: Judge) -> None:
        self._store = store
        self._judging = judging

    def count(self, since: datetime | None = None) -> int:
        """Return how many judgements of evidence found since then there are."""
        return self._store.links.count_judgements(since)

    def replay(self, since: datetime | None = None) -> Iterator[Replayed]:
        """Yield every judgement of evidence found since then, oldest first, judged again.

        What Reddit told of authors at the time is used again; a rule that asks for more finds it unknown.
        """
        for stored in self._store.links.judgements(since):
            yield Replayed(
                link=stored.link,
                post=stored.post.fullname,
                subreddit=stored.post.subreddit,
                case=stored.case,
                before=stored.verdict,
                after=self._judging.verdict(stored.post, stored.evidence, stored.author),
            )
