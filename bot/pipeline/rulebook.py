"""Which rules are in force where. A set of rules is never changed: a new one takes its place between two judgements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.clock import day_and_time
from bot.config import Config
from bot.errors import RuleError
from bot.pipeline.log import Log
from bot.rules import PAGE_SECONDS, RuleSet, text_of, waiting
from bot.store import Store, WikiRow

TRIED = "the text"  # what messages call rules that stand nowhere yet
Texts = Sequence[tuple[str, str]]  # text, its name in messages
Read = Callable[[str | None, Texts, float, Mapping[Path, str]], RuleSet]
Files = Callable[[str | None], tuple[Path, ...]]


def name_of(subreddit: str, page: str) -> str:
    """Return what messages call a wiki page."""
    return f"the wiki page {page} of r/{subreddit}"


def said_of(row: WikiRow | None, subreddit: str, page: str) -> tuple[str, bool]:
    """Return in words which revision of a page is in force, and whether that is the newest."""
    name = name_of(subreddit, page)
    if row is None or (row.revision is None and row.refused is None):
        return f"{name} has not been read yet; the daemon does", True
    force = "no revision of it is in force"
    if row.revision is not None and row.applied_at is not None:
        force = f"revision {row.revision[:8]} is in force since {day_and_time(row.applied_at)} UTC"
    if row.refused is None:
        return f"{name}: {force}", True
    why = "; ".join((row.why or "").split("\n"))
    return f"{name}: {force}; revision {row.refused[:8]} is not: {why}", False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSource:
    """Where rules of a subreddit stand: a file of the operator's, or its wiki page."""

    name: str  # of the file below the rules folder, or of the page
    path: Path | None  # None: the page


class Rulebook:
    """Rules by subreddit: from files, and from its wiki page if it has one configured."""

    def __init__(self, config: Config, store: Store, log: Log, read: Read, files: Files) -> None:
        """`files`: those of a subreddit (None: of nobody in particular).

        `read`: those, further texts, seconds for them, texts in the place of files → rules.
        """
        self._config = config
        self._store = store
        self._log = log
        self._read = read
        self._files = files
        self._sets: dict[str | None, RuleSet] = {}

    def rules_for(self, subreddit: str | None) -> RuleSet:
        """Return the rules in force; what is not watched has the rules of nobody in particular.

        Raises ConfigError or RuleError if files cannot be used.
        """
        # Reddit and people spell a name in any case
        name = subreddit.lower() if subreddit is not None and self._config.subreddit(subreddit) is not None else None
        if name not in self._sets:
            self._sets[name] = self._of(name)
        return self._sets[name]

    def trial(self, subreddit: str, text: str) -> RuleSet:
        """Return what a subreddit's rules would be with this text on its page. Raises RuleError."""
        return self._with(subreddit, text, PAGE_SECONDS)

    def trial_file(self, subreddit: str | None, path: Path, text: str) -> RuleSet | None:
        """Return what its rules would be with this text in one of its files; None if it does not read that file.

        Raises RuleError.
        """
        if path not in self._files(subreddit):
            return None
        row = self.wiki(subreddit) if subreddit else None
        more: Texts = ()
        if subreddit and row is not None and row.text is not None:
            more = ((row.text, name_of(subreddit, self._page(subreddit))),)
        return self._read(subreddit, more, PAGE_SECONDS, {path: text})

    def sources(self, subreddit: str) -> list[RuleSource]:
        """Return where the rules of a subreddit stand, in the order in which they are read.

        Raises ConfigError if there are no files.
        """
        folder, page = self._config.storage.rules, self._page(subreddit)
        found = [
            RuleSource(name=str(path.relative_to(folder) if path.is_relative_to(folder) else path.name), path=path)
            for path in self._files(subreddit)
        ]
        return [*found, RuleSource(name=page, path=None)] if page else found

    def text(self, subreddit: str, source: RuleSource) -> str:
        """Return a file as it is now, or the revision of a page that is in force. Raises RuleError."""
        if source.path is not None:
            return text_of(source.path)
        row = self.wiki(subreddit)
        return (row.text if row else None) or ""

    def _with(self, subreddit: str, text: str, seconds: float) -> RuleSet:
        page = self._page(subreddit)
        return self._read(subreddit, ((text, name_of(subreddit, page) if page else TRIED),), seconds, {})

    def replace(self, subreddit: str, rules: RuleSet) -> None:
        """Put rules in force from the next judgement on."""
        self._sets[subreddit] = rules

    def forget(self, subreddit: str) -> None:
        """Read a subreddit's rules anew before the next judgement."""
        self._sets.pop(subreddit, None)

    def wiki(self, subreddit: str) -> WikiRow | None:
        """Return what is known of a subreddit's page, or None if it has none configured or it was never read."""
        page = self._page(subreddit)
        return self._store.wiki.get(subreddit, page) if page else None

    def _page(self, subreddit: str) -> str:
        settings = self._config.subreddit(subreddit)
        return settings.wiki if settings else ""

    def _of(self, name: str | None) -> RuleSet:
        row = self.wiki(name) if name else None
        if name is None or row is None or row.text is None:
            return self._read(name, (), PAGE_SECONDS, {})
        try:
            # it was read in time once; a slower machine is no reason to take it out of force
            return self._with(name, row.text, 5 * PAGE_SECONDS)
        except RuleError as error:
            # the files were changed under a page that overrides them: without its word nothing may be done unasked
            alone = self._read(name, (), PAGE_SECONDS, {})
            self._log.warning("wiki rules no longer read, so everything waits for a person", subreddit=name,
                              reason=str(error))  # fmt: skip
            return waiting(alone)
