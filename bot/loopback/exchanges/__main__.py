"""A feed in a process of its own: prints its port, then appends a page of changes for each line it is given.

`python -m bot.loopback.exchanges ROWS PAGE_ROWS`; a line is `CHANGED WITHDRAWN`. Ends with its standard input.
"""

from __future__ import annotations

import sys

from bot.loopback.exchanges.lists import HashFeed
from bot.loopback.exchanges.server import ExchangePark

ROUND = 7919  # a prime: changes are spread over the whole feed


def main() -> None:
    """Serve until standard input ends."""
    rows, page_rows = int(sys.argv[1]), int(sys.argv[2])
    with ExchangePark() as park:
        feed = park.feeds["bench"] = HashFeed(rows=rows, page_rows=page_rows)
        print(park.url, flush=True)  # noqa: T201  what the parent waits for
        version = 2
        for line in sys.stdin:
            changed, withdrawn = map(int, line.split())
            feed.changes.append(
                [(number, 0 if place < withdrawn else version) for place, number in enumerate(spread(rows, changed))]
            )
            version += 1
            print("appended", flush=True)  # noqa: T201  likewise


def spread(rows: int, count: int) -> list[int]:
    """Return so many different rows, of everywhere in a feed."""
    return [place * ROUND % rows for place in range(min(count, rows))]


if __name__ == "__main__":
    main()
