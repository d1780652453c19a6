"""A logger of processes that others start: what they say is read by whoever started them."""

from __future__ import annotations

import json
import sys


class Printing:
    """Prints each event as a JSON line, in one write, for threads print beside one another."""

    def info(self, event: str, **facts: object) -> None:
        """Print the event."""
        sys.stdout.write(json.dumps({"event": event, **facts}, default=str) + "\n")
        sys.stdout.flush()

    warning = info
