"""Scripts and the style sheet, as they stand beside the pages. Nothing else of the disk is served."""

from __future__ import annotations

from functools import cache

from starlette.responses import Response

from bot.errors import StoreError
from bot.web.console.base import Guest, Open, Page
from bot.web.console.rendering import HERE

KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    found = (file for file in HERE.iterdir() if file.suffix in KINDS)
    return {file.name: (file.read_bytes(), KINDS[file.suffix]) for file in found}


def show(guest: Guest) -> Response:
    """Return one of our files."""
    held = _files().get(str(guest.request.path_params["name"]))
    if held is None:
        raise StoreError("there is no such file")
    return Response(held[0], media_type=held[1])


PAGE = Page(ways=(Open(path="/files/{name}", answer=show),))
