"""What steps say of themselves."""

from __future__ import annotations

from typing import Any, Protocol


class Log(Protocol):
    """What a structlog logger offers. Facts carry labels and counts, never media URLs or names."""

    def info(self, event: str, **facts: Any) -> Any:
        """Say what happened."""

    def warning(self, event: str, **facts: Any) -> Any:
        """Say what a person should look at."""
