"""A logger of test processes."""

from __future__ import annotations

import json


class Printing:
    """Prints each event as a JSON line."""

    def info(self, event: str, **facts: object) -> None:
        """Print the event."""
        print(json.dumps({"event": event, **facts}, default=str), flush=True)

    warning = info
