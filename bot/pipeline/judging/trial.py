"""A text of rules that somebody tries: every mistake in it, its examples, and what it would judge otherwise.

Nothing is written: neither a file, nor a wiki page, nor what is in force. Who wants it in force puts it there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from bot.config import Config
from bot.errors import ConfigError, RuleError, UsageError
from bot.pipeline.judging.replay import Replayer, Tally
from bot.pipeline.judging.rule_words import examples_said, idle_lines
from bot.pipeline.rulebook import Rulebook, RuleSource
from bot.plural import many
from bot.rules import RuleSet, run_examples, unknown_banks
from bot.store import Store

SECONDS = 8.0  # for judging again; what is left is said
MAX_MISTAKES = 200  # that are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One mistake, and the line of the text that it is about."""

    said: str
    line: int = 0  # from 1; 0: of none, or of another file
    words: str = ""  # that line


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a text."""

    mistakes: tuple[Wrong, ...] = ()
    more: int = 0  # mistakes that are not told
    failed: tuple[str, ...] = ()  # examples that are not kept
    warnings: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()  # rules that cannot fire as things are
    said: str = ""  # how many rules, and how their examples went
    tally: Tally = field(default_factory=Tally)
    of: int = 0  # judgements that there are
    seconds: float = 0.0  # that there were for them
    places: tuple[str, ...] = ()  # subreddits that read the text

    @property
    def whole(self) -> bool:
        """Whether there was time for all."""
        return self.tally.total >= self.of


class Trials:
    """Tries texts. Reads `store` only."""

    def __init__(self, config: Config, store: Store, rulebook: Rulebook, replayer: Replayer) -> None:
        self._config = config
        self._store = store
        self._rulebook = rulebook
        self._replayer = replayer

    def run(
        self, subreddit: str, source: RuleSource, text: str, *, since: datetime | None, seconds: float = SECONDS
    ) -> Tried:
        """Try a text in the place of a file or page of a subreddit. Raises ConfigError if it has no rules at all."""
        try:
            sets = self._sets(subreddit, source, text)
        except ConfigError:
            raise
        except UsageError as error:
            return self._wrong(error, source, text)
        mine = sets[subreddit.lower()]
        try:
            failures = run_examples(mine)
        except RuleError as error:
            return self._wrong(error, source, text)
        banks = self._store.banks.kinds()
        tally, begun = Tally(), time.monotonic()
        for one in self._replayer.replay(since, under=sets, newest=True):
            tally.take(one)
            if time.monotonic() - begun > seconds:
                break
        return Tried(
            failed=tuple(self._shown(str(failure)) for failure in failures),
            warnings=tuple(map(self._shown, unknown_banks(mine.rules, banks).values())),
            idle=tuple(idle_lines(mine, self._config)),
            said=f"{many(len(mine.rules), 'rule')}, {examples_said(mine, failures)}",
            tally=tally,
            of=max(tally.total, self._replayer.count(since, sets)),
            seconds=seconds,
            places=tuple(sets),
        )

    def _sets(self, subreddit: str, source: RuleSource, text: str) -> dict[str, RuleSet]:
        """Return subreddit → its rules under the text, of all that read it, this one first. Raises RuleError."""
        book = self._rulebook
        if source.path is None:
            return {subreddit.lower(): book.trial(subreddit, text)}
        found: dict[str, RuleSet] = {}
        made: dict[object, RuleSet | None] = {}  # most subreddits share files
        for name in (subreddit, *self._config.subreddits):
            if name.lower() in found:
                continue
            row = book.wiki(name)
            key = (
                tuple(book.sources(name)),
                row.text if row else None,
                self._config.subreddits[name].moderators_exempt,
            )
            if key not in made:
                made[key] = book.trial_file(name, source.path, text)
            if (rules := made[key]) is not None:
                found[name.lower()] = rules
        return found

    def _wrong(self, error: UsageError, source: RuleSource, text: str) -> Tried:
        lines = text.split("\n")
        told = []
        for mistake in error.mistakes[:MAX_MISTAKES]:
            file = getattr(mistake, "file", "")
            line = getattr(mistake, "line", 0)
            mine = file == str(source.path) if source.path else not file.endswith((".yaml", ".yml"))
            here = line if mine and 0 < line <= len(lines) else 0
            told.append(Wrong(said=self._shown(mistake), line=here, words=lines[here - 1].strip() if here else ""))
        return Tried(mistakes=tuple(told), more=max(0, len(error.mistakes) - MAX_MISTAKES))

    def _shown(self, said: str) -> str:
        """Return a sentence without where the operator keeps files."""
        return str(said).replace(f"{self._config.storage.rules}/", "")
