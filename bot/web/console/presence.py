"""Who looks at which case right now, so that two people do not decide it past one another. In memory only."""

from __future__ import annotations

import threading

from bot.clock import Clock

AWAY_SECONDS = 45.0  # without a sign; pages with scripts give one every 15 seconds
MOST = 500  # cases that are looked at


class Presence:
    """Cases and who has them open. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, dict[int, tuple[str, float]]] = {}

    def looks(self, case: str, member: int, name: str) -> list[str]:
        """Note that a member has a case open; return the names of the others who have."""
        now = self._clock.monotonic()
        with self._lock:
            here = self._seen.pop(case, {})
            here = {who: sign for who, sign in here.items() if sign[1] > now - AWAY_SECONDS}
            others = sorted(other for who, (other, _) in here.items() if who != member)
            here[member] = (name, now)
            self._seen[case] = here
            while len(self._seen) > MOST:
                self._seen.pop(next(iter(self._seen)))
        return others

    def leaves(self, case: str, member: int) -> None:
        """Note that a member has decided a case, or left it."""
        with self._lock:
            self._seen.get(case, {}).pop(member, None)
