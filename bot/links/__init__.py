"""Reddit's JSON to posts and links. Pure: reads no network, and knows hosts only by what `find` tells it."""

from bot.links.media import Find, links_of
from bot.links.things import post_of, reports_in, things_in
from bot.permalink import permalink_fullname

__all__ = ["Find", "links_of", "permalink_fullname", "post_of", "reports_in", "things_in"]
