"""A page that only the demo's console has: what Reddit and the mail server received, what people do."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response

from bot.demo.ledger import Ledger
from bot.loopback.stage import Stage
from bot.plural import many
from bot.web.console.base import Page, View, Visit

SHOWN = 60  # lines of each list


def page_of(stage: Stage, ledger: Ledger) -> Page:
    """Return the page."""

    def show(visit: Visit) -> Response:
        received, happened = ledger.lines(by_bot=True), ledger.lines(by_bot=False)
        return visit.page(
            "other_side.html",
            beside=Path(__file__).parent,
            now=stage.clock.now(),
            received=received[:SHOWN],
            happened=happened[:SHOWN],
            left_out=max(0, len(received) - SHOWN),
            fetched=many(len(stage.park.log), "request"),
        )

    return Page(
        ways=(View(path="/other-side", answer=show),),
        name="Other side",
        path="/other-side",
        keys="g o",
        banner="Demo: all of it is drawn and stays on this machine. Report nothing; links to Reddit lead nowhere.",
    )
