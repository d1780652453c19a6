"""Many things in one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.reddit.calls import Calls
from bot.reddit.shapes import fullname_of, inner, page_of

MOST = 100  # fullnames a request


def things(api: Calls, fullnames: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return `{"kind", "data"}` by fullname of those that Reddit knows, a request for each 100. Raises RedditError."""
    found: dict[str, dict[str, Any]] = {}
    for batch in _batches(fullnames):
        names = ",".join(fullname_of(name) for name in batch)
        page, _ = page_of(api.get("api/info", f"read {len(batch)} things", id=names), "api/info")
        found |= {str(inner(thing).get("name")): thing for thing in page}
    return {name: found[name] for name in fullnames if name in found}


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), MOST):
        yield names[start : start + MOST]
