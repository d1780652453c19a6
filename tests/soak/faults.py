"""What goes wrong in the soak: each fault at its hours of two days, over and over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.loopback.answers import Answer, lying, slow
from bot.loopback.http import Request, Response, json_response
from tests.soak.bot import Order
from tests.soak.world import Sink, World

PERIOD = 48  # hours, after which all of it comes again
SLOW_SECONDS = 0.3  # of real time that a slow body keeps its reader waiting between two bytes
SLOW_AT_MOST = 3  # bodies an hour: what waits for them waits in real time
BLOCKED = "<!doctype html><title>Blocked</title><p>Your request has been blocked due to a network policy.</p>"


class Fault(StrEnum):
    """What goes wrong."""

    REDDIT_429 = "429 from Reddit"
    REDDIT_BLOCK = "network block by Reddit"
    REDDIT_DOWN = "Reddit down"
    REDDIT_CUTS = "Reddit answers 500 to what it did"
    NO_NAMES = "no name server"
    DISK_FULL = "disk full"
    CLOCK_AHEAD = "clock set 5 hours ahead"
    CLOCK_BACK = "clock set 30 hours back"
    HOSTS_5XX = "hosts answer 503"
    HOSTS_429 = "hosts answer 429"
    HOSTS_SLOW = "slow bodies"
    HOSTS_CUT = "files cut short"
    MAIL_DOWN = "mail server down"
    CHILD_LOST = "decoding child killed"
    KILLED = "bot killed in the midst of its work"
    LOGIN = "login refused"


# hour of the period → what is on then
HOURS: dict[Fault, range] = {
    Fault.REDDIT_429: range(2, 4),
    Fault.REDDIT_BLOCK: range(5, 7),
    Fault.NO_NAMES: range(8, 11),
    Fault.HOSTS_5XX: range(12, 15),
    Fault.DISK_FULL: range(16, 18),
    Fault.CLOCK_AHEAD: range(19, 20),
    Fault.HOSTS_429: range(21, 23),
    Fault.REDDIT_DOWN: range(24, 27),
    Fault.HOSTS_SLOW: range(28, 30),
    Fault.CLOCK_BACK: range(31, 32),
    Fault.MAIL_DOWN: range(33, 36),
    Fault.CHILD_LOST: range(35, 38),
    Fault.REDDIT_CUTS: range(38, 39),
    Fault.HOSTS_CUT: range(39, 41),
    Fault.KILLED: range(41, 44),
    Fault.LOGIN: range(44, 45),
}
SETS_CLOCK = {Fault.CLOCK_AHEAD: 5 * 3600.0, Fault.CLOCK_BACK: -30 * 3600.0}


def due(hour: int) -> frozenset[Fault]:
    """Return what is on in an hour of the soak."""
    return frozenset(fault for fault, hours in HOURS.items() if hour % PERIOD in hours)


@dataclass(slots=True)
class Faults:
    """Turns faults on and off. What concerns the bot's own machine goes into its orders."""

    world: World
    sink: Sink
    _asked: int = 0  # of the hosts' files in this hour
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, on: frozenset[Fault], order: Order) -> Order:
        """Let exactly these be on, and return the order with what the bot's machine has to go through."""
        reddit, park = self.world.stage.reddit, self.world.stage.park
        reddit.clear_faults()
        reddit.password = "correct horse"
        always = 1 << 30
        if Fault.REDDIT_429 in on:
            headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000", "x-ratelimit-reset": "300"}
            reddit.fail_next(
                "/", status=429, body=b'{"message": "Too Many Requests", "error": 429}', headers=headers, times=always
            )
        if Fault.REDDIT_BLOCK in on:
            reddit.fail_next(
                "/", status=403, body=BLOCKED.encode(), headers={"Content-Type": "text/html"}, times=always
            )
        if Fault.REDDIT_DOWN in on:
            reddit.fail_next("/", status=503, times=always)
        if Fault.REDDIT_CUTS in on:
            for path in ("api/report", "api/remove", "api/mod/conversations"):
                reddit.fail_next(path, status=500, method="POST", performed=True, times=2)
        if Fault.LOGIN in on:
            reddit.password = "another one"
            reddit.revoke()
        self.sink.down = Fault.MAIL_DOWN in on
        self._asked = 0
        park.trouble = self._trouble(on)
        return replace(
            order,
            names_off=Fault.NO_NAMES in on,
            disk_full=Fault.DISK_FULL in on,
            lose_child=Fault.CHILD_LOST in on,
            clock_off=sum(seconds for fault, seconds in SETS_CLOCK.items() if fault in on),
        )

    def _trouble(self, on: frozenset[Fault]) -> Callable[[Request], Answer | None]:
        def trouble(request: Request) -> Answer | None:
            if Fault.HOSTS_5XX in on:
                return 503
            if Fault.HOSTS_429 in on:
                return json_response({"error": "slow down"}, status=429, headers={"Retry-After": "900"})
            if not on & {Fault.HOSTS_SLOW, Fault.HOSTS_CUT} or request.host.startswith("api."):
                return None
            with self._lock:
                self._asked += 1
                number = self._asked
            if Fault.HOSTS_SLOW in on and number <= SLOW_AT_MOST:
                return slow_body
            if Fault.HOSTS_CUT in on and number % 2:
                return lying(b"\x00\x00\x00\x18ftypmp42", 200_000)
            return None

        return trouble


def slow_body() -> Response:
    """Return a body of which a byte comes now and then and the rest never."""
    dripping = slow(b"\x00\x00\x00\x18ftyp", SLOW_SECONDS)
    return replace(dripping, headers={**dripping.headers, "Content-Length": "200000"})
