"""What nobody looked at yet of a post, or never will, in sentences for people."""

from __future__ import annotations

from bot.plural import many
from bot.store import Store


def not_looked_at(store: Store, post: str) -> tuple[str, ...]:
    """Return a sentence each on links that wait behind others, and on pictures that Reddit does not tell."""
    behind = store.turns.behind(post)
    untold, given_up = store.untold.unseen(post)
    verb = "waits" if behind == 1 else "wait"
    found = (
        (behind, f"{many(behind, 'more link')} of this post {verb} behind others"),
        (untold, f"{wait_sentence(untold)}; it is asked again"),
        (
            given_up,
            f"{many(given_up, 'picture')} of this post {'was' if given_up == 1 else 'were'} not seen: "
            f"Reddit never told where {'it is' if given_up == 1 else 'they are'}",
        ),
    )
    return tuple(sentence for count, sentence in found if count)


def wait_sentence(count: int) -> str:
    """Return that Reddit does not tell so many pictures yet."""
    return f"Reddit does not tell yet where {many(count, 'picture')} of this post {'is' if count == 1 else 'are'}"
