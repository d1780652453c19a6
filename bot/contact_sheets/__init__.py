"""Contact sheets: a few frames of one media in one picture, at the level that a person asked for.

looker   a confined child of its own, which decodes one file for one look
compose  its answer put together to a picture
png      a picture as a file, of our own making from the first byte to the last
"""

from __future__ import annotations

from bot.contact_sheets.compose import compose, few, matched, wanted
from bot.contact_sheets.looker import Looker

__all__ = ["Looker", "compose", "few", "matched", "wanted"]
