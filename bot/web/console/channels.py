"""Where hosts take notices: what is known of a host, a domain or an address, and from where that is known."""

from __future__ import annotations

from starlette.responses import Response

from bot import channels
from bot.errors import UsageError
from bot.model import Verb
from bot.pipeline.looking.channel_looks import channel_of, resembles
from bot.pipeline.looking.channel_words import channel_facts
from bot.web.console.base import Page, View, Visit

MAX_ADDRESS = 2000  # characters


def show(visit: Visit) -> Response:
    """Show one channel, or all of them in short. Nothing is asked over the network here."""
    visit.act(Verb.CASES)
    asked, config = (visit.query("of") or "")[:MAX_ADDRESS].strip(), visit.config
    facts: list[tuple[str, list[str]]] = []
    wrong, domain, unknown = "", "", False
    if asked:
        try:
            domain, channel = channel_of(asked, config)
        except UsageError as error:
            wrong = str(error)
        else:
            unknown = not channel.known
            like = resembles(domain, config) if unknown else None
            facts = [("careful", [like])] if like else []
            for label, text in channel_facts(channel):
                if label:
                    facts.append((label, [text]))
                else:
                    facts[-1][1].append(text)
    known = channels.registry(config.storage.path)
    return visit.page(
        "channels.html", asked=asked, facts=facts, wrong=wrong, domain=domain, unknown=unknown, known=list(known)
    )


PAGE = Page(name="Channels", path="/channels", keys="g w", more=True, ways=(View(path="/channels", answer=show),))
