"""Rules from a subreddit's wiki: in force only if a moderator with the right wrote them and they pass their check."""

from __future__ import annotations

from datetime import timedelta

from bot.errors import RedditError, RuleError
from bot.model import Outsider
from bot.pipeline.core import Deps
from bot.reddit import WikiPage
from bot.rules import run_examples
from bot.store import WikiRow

LOOK = timedelta(minutes=5)  # how often a page is read
RIGHTS = frozenset({"all", "wiki", "config"})  # one of these a moderator needs to write rules
WIKI = Outsider(name="wiki")  # who wrote it stands on the page itself
AGAIN = timedelta(days=1)  # how often the rights of who wrote what is in force are looked at
LAPSED = "The rules on the wiki page {page} are no longer in force"
LAPSED_BODY = """\
The rules that u/{author} wrote on the wiki page [{page}](https://www.reddit.com/r/{subreddit}/wiki/{page}) are no
longer in force: {why}.

{stays} Let a moderator with the right wiki or config look at the page and save it again, changed a little, if it is
to hold. This is said once.
"""
SUBJECT = "The rules on the wiki page {page} are not in force"
NOTHING = "The bot's own files stay in force."
BODY = """\
The wiki page [{page}](https://www.reddit.com/r/{subreddit}/wiki/{page}) was edited. The new revision is not in force:

> {why}

{stays} Edit the page again, and it is read within a few minutes. This is said once for each revision.
"""


class WikiWatch:
    """Reads the pages of subreddits that have one configured."""

    def __init__(self, deps: Deps) -> None:
        self._d = deps
        self._next = {
            name: deps.clock.monotonic() for name, settings in deps.config.subreddits.items() if settings.wiki
        }
        self._looked: set[str] = set()  # since the start: a new version may take what an older one refused
        self._said: dict[str, str] = {}

    def look(self, subreddit: str) -> int:
        """Read a subreddit's page if its time has come; return 1 if a new revision came into force."""
        now = self._d.clock.monotonic()  # the wall clock may be set
        if self._next.get(subreddit) is None or now < self._next[subreddit]:
            return 0
        self._next[subreddit] = now + LOOK.total_seconds()
        page = self._d.config.subreddits[subreddit].wiki
        try:
            self._uphold(subreddit, page)
            found = self._d.api.wiki_page(subreddit, page)
            known = self._d.store.wiki.get(subreddit, page)
            if known and (found.revision == known.revision and known.refused is None):
                return 0
            if known and found.revision == known.refused and subreddit in self._looked:
                return 0
            why = self._unentitled(subreddit, found.editor)
        except RedditError as error:
            if self._said.get(subreddit) != str(error):
                self._said[subreddit] = str(error)
                self._d.log.warning("wiki page not read", subreddit=subreddit, reason=str(error))
            return 0
        self._said.pop(subreddit, None)
        self._looked.add(subreddit)
        if why is not None and known is not None and known.refused == found.revision:
            return 0  # that was told when it was refused, or when it went out of force
        return self._judge(subreddit, page, found, why)

    def _judge(self, subreddit: str, page: str, found: WikiPage, why: str | None) -> int:
        store, book = self._d.store, self._d.rulebook
        rules = None
        if why is None:
            try:
                rules = book.trial(subreddit, found.text)
                why = next((str(failure) for failure in run_examples(rules)), None)
            except RuleError as error:
                # moderators of a subreddit need not know where the operator keeps files
                why = str(error).replace(f"{self._d.config.storage.rules}/", "")
        if rules is None or why is not None:
            self._refuse(subreddit, page, found.revision, why or "")
            return 0
        with store.transaction():
            store.flood.edited(subreddit)
            store.wiki.apply(subreddit, page, revision=found.revision, text=found.text, author=str(found.editor))
            store.audit.record(by=WIKI, what="rules in force", subject=found.revision, why=f"r/{subreddit}")
        book.replace(subreddit, rules)
        self._d.log.info("wiki rules in force", subreddit=subreddit, revision=found.revision, rules=len(rules.rules))
        return 1

    def _unentitled(self, subreddit: str, editor: str | None) -> str | None:
        """Return why an editor may not write rules, or None."""
        if editor is None:
            return "Reddit does not tell who edited it; only a moderator with the right wiki or config may"
        rights = self._d.api.moderators(subreddit).get(editor.lower(), frozenset())
        if rights & RIGHTS:
            return None
        return f"u/{editor} edited it and is no moderator with the right wiki or config; let one edit it"

    def _uphold(self, subreddit: str, page: str) -> None:
        """Look once a day, whatever the restarts, whether who wrote the rules in force may still. Raises RedditError.

        An older version did not keep who wrote them: then the page itself tells, as long as it is that revision.
        """
        known, now = self._d.store.wiki.get(subreddit, page), self._d.clock.now()
        if known is None or known.revision is None:
            return
        # a clock that was set back must not put it off
        if known.checked is not None and known.checked <= now < known.checked + AGAIN:
            return
        author = known.author
        if author is None:
            found = self._d.api.wiki_page(subreddit, page)
            author = found.editor if found.revision == known.revision else None
        why = self._unentitled(subreddit, author)
        if why is None:
            self._d.store.wiki.upheld(subreddit, str(author))
            return
        self._lapse(subreddit, known, author or "somebody", why.partition(";")[0])

    def _lapse(self, subreddit: str, known: WikiRow, author: str, why: str) -> None:
        """Take rules out of force and tell the moderators in the same step, before the rules below them judge."""
        store, book = self._d.store, self._d.rulebook
        instead, rules = known.before, None
        if instead is not None:
            try:
                rules = book.trial(subreddit, instead[1]) if self._unentitled(subreddit, instead[2]) is None else None
            except RuleError:
                rules = None
        instead = instead if rules is not None else None
        stays = f"What u/{instead[2]} had written before is in force again." if instead else NOTHING
        words = {"page": known.page, "subreddit": subreddit, "author": author, "why": why, "stays": stays}
        with store.transaction():
            store.flood.edited(subreddit)
            store.wiki.lapse(subreddit, revision=str(known.revision), why=why, instead=instead)
            store.actions.plan(
                key=f"wiki:{subreddit}:{known.revision}:lapsed:{known.applied_at}",
                kind="answer",
                subreddit=subreddit,
                params={"subject": LAPSED.format(page=known.page), "body": LAPSED_BODY.format(**words)},
            )
            store.audit.record(by=WIKI, what="rules lapsed", subject=str(known.revision), why=f"r/{subreddit}")
        if rules is not None:
            book.replace(subreddit, rules)
        else:
            book.forget(subreddit)
        self._d.log.warning("wiki rules lapsed", subreddit=subreddit, revision=known.revision, reason=why)

    def _refuse(self, subreddit: str, page: str, revision: str, why: str) -> None:
        store = self._d.store
        known = store.wiki.get(subreddit, page)
        stays = "The revision before it stays in force." if known and known.revision else NOTHING
        with store.transaction():
            store.wiki.refuse(subreddit, page, revision=revision, why=why)
            store.actions.plan(
                key=f"wiki:{subreddit}:{revision}",
                kind="modmail",
                subreddit=subreddit,
                params={
                    "subject": SUBJECT.format(page=page),
                    "body": BODY.format(page=page, subreddit=subreddit, why=quoted(why), stays=stays),
                },
            )
            store.audit.record(by=WIKI, what="rules refused", subject=revision, why=f"r/{subreddit}")
        self._d.log.warning("wiki rules refused", subreddit=subreddit, revision=revision, reason=why)


def quoted(why: str) -> str:
    """Return sentences as lines of one quotation, the first of which is begun already."""
    return "\n>\n> ".join(why.split("\n"))
