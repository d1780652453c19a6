"""What nobody looked at yet of a post, or never will, in sentences for people."""

from __future__ import annotations

from bot.plural import many
from bot.store import Store


def not_looked_at(store: Store, post: str) -> tuple[str, ...]:
    """Return a sentence each on what waits behind others, did not come with its album, or Reddit does not tell."""
    behind = store.turns.behind(post)
    untold, given_up = store.untold.unseen(post)
    missing, never = store.missing.unseen(post)
    verb = "waits" if behind == 1 else "wait"
    found = (
        (behind, f"{many(behind, 'more link')} of this post {verb} behind others"),
        (untold, f"{wait_sentence(untold)}; it is asked again"),
        (
            given_up,
            f"{many(given_up, 'picture')} of this post {'was' if given_up == 1 else 'were'} not seen: "
            f"Reddit never told where {'it is' if given_up == 1 else 'they are'}",
        ),
        (
            missing,
            f"{many(missing, 'file')} of an album of this post did not come from {'its' if missing == 1 else 'their'} "
            "host; it is asked again",
        ),
        (
            never,
            f"{many(never, 'file')} of an album of this post {'was' if never == 1 else 'were'} never seen: "
            f"{'its' if never == 1 else 'their'} host did not give {'it' if never == 1 else 'them'}",
        ),
    )
    return tuple(sentence for count, sentence in found if count)


def wait_sentence(count: int) -> str:
    """Return that Reddit does not tell so many pictures yet."""
    return f"Reddit does not tell yet where {many(count, 'picture')} of this post {'is' if count == 1 else 'are'}"
