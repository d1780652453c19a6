"""What Reddit told of the authors of posts that a rule asked about: kept with the post, without the name."""

from __future__ import annotations

from bot.clock import iso
from bot.model import AuthorFacts
from bot.serialization import dumps, loads
from bot.store.base import Connection


class Authors:
    """Table author_facts."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, post: str) -> AuthorFacts | None:
        """Return what is known of the author of a stored post."""
        text = self._c.value("select data from author_facts where post = ?", (post,))
        return loads(AuthorFacts, text) if text else None

    def put(self, post: str, facts: AuthorFacts) -> None:
        """Keep what was told of the author of a stored post; it is forgotten with the post."""
        self._c.run(
            """insert into author_facts values (?, ?, ?)
               on conflict do update set data = excluded.data, at = excluded.at""",
            (post, dumps(facts), iso(facts.asked_at)),
        )

    def forget(self, post: str) -> None:
        """Forget what is known of the author of a post."""
        self._c.run("delete from author_facts where post = ?", (post,))
