"""More hosts on loopback: those whose files are named by a page, by a small JSON, or by the link itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.demo.answers import redirect, web_page
from bot.demo.hosts import HostPark
from bot.demo.web import Request, Response, json_response

_TYPES = {"gif": "image/gif", "png": "image/png", "jpg": "image/jpeg", "mp4": "video/mp4", "webm": "video/webm"}


class PagePark(HostPark):
    """`HostPark` with more hosts. Each `add_…` returns the link that a post would carry."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[str, str], Response] = {}

    def put_file(self, host: str, path: str, data: bytes) -> str:
        """Put a file on a host under its path, its type told by the ending. Returns its address."""
        return self.add_direct(host, path, data, _TYPES[path.rpartition(".")[2]])

    def put(self, host: str, path: str, answer: Response) -> None:
        """Answer a path of a host in one way, until `gone(host, path)`."""
        self.add_name(host)
        with self._lock:
            self._answers[host, path] = answer

    def add_giphy(self, id: str, *, gif: bytes, mp4: bytes) -> str:
        """Put a clip on giphy."""
        self.put_file("i.giphy.com", f"/media/{id}/giphy.gif", gif)
        self.put_file("i.giphy.com", f"/media/{id}/giphy.mp4", mp4)
        self.put("giphy.com", f"/gifs/{id}", web_page())
        return f"https://giphy.com/gifs/quiet-heron-{id}"

    def add_giphy_short(self, short: str, id: str) -> str:
        """Let a short link lead to a clip."""
        self.put("gph.is", f"/g/{short}", redirect(f"https://giphy.com/gifs/{id}", 301))
        return f"https://gph.is/g/{short}"

    def add_tenor(self, id: str, key: str, *, gif: bytes, mp4: bytes, short: str | None = None) -> str:
        """Put a clip on tenor; `key` is its id as the file servers write it, eleven characters of base64."""
        formats = {
            "gif": {
                "url": self.put_file("media1.tenor.com", f"/m/{key}AAAAC/heron.gif", gif),
                "dims": [498, 280],
                "size": len(gif),
            },
            "mp4": {
                "url": self.put_file("media.tenor.com", f"/{key}AAAPo/heron.mp4", mp4),
                "dims": [640, 360],
                "size": len(mp4),
            },
        }
        result = {"id": id, "title": "", "h1_title": "Heron GIF", "media_formats": formats, "created": 1700000000.0}
        cache = {"gifs": {"byId": {id: {"results": [result]}}}, "tags": {}}
        self.put("tenor.com", f"/view/{id}", web_page(_script("store-cache", cache, "text/x-cache")))
        if short is not None:
            self.put("tenor.com", f"/{short}.gif", redirect(f"https://tenor.com/view/{id}"))
        return f"https://tenor.com/view/quiet-green-heron-gif-{id}"

    def add_streamable(self, id: str, files: Mapping[str, tuple[bytes, int, int]], status: int = 2) -> str:
        """Put a video on streamable: its files with width and height by name (`mp4`, `mp4-mobile`)."""
        told = {}
        for name, (data, width, height) in files.items():
            url = self.put_file("cdn-cf-east.streamable.com", f"/video/{name}/{id}.mp4", data)
            told[name] = {
                "status": 2,
                "url": f"{url.removeprefix('https:')}?Expires=1900000000&Signature=00ff&Key-Pair-Id=K",
                "width": width,
                "height": height,
                "size": len(data),
                "framerate": 30,
            }
        video = {"status": status, "percent": 100, "title": "", "files": told, "message": None}
        self.put("ajax.streamable.com", f"/videos/{id}", json_response(video))
        return f"https://streamable.com/{id}"

    def add_catbox(self, name: str, data: bytes, host: str = "files.catbox.moe") -> str:
        """Put a file on catbox, or on litterbox with `host="litter.catbox.moe"`."""
        return self.put_file(host, f"/{name}", data)

    def add_catbox_album(self, id: str, files: Mapping[str, bytes]) -> str:
        """Put files and an album of them on catbox."""
        links = [self.add_catbox(name, data) for name, data in files.items()]
        listed = "".join(f"<a href='{link}' target='_blank'>{link}</a><br>" for link in links)
        self.put(
            "catbox.moe", f"/c/{id}", web_page(f"<!doctype html><h1>heron</h1><div class='imagelist'>{listed}</div>")
        )
        return f"https://catbox.moe/c/{id}"

    def _regular(self, request: Request) -> Response:
        key = (request.host, request.path)
        answer = self._answers.get(key)
        if answer is None:
            return super()._regular(request)
        return Response(status=404) if key in self._gone else answer


def _script(id: str, data: Any, kind: str = "application/json") -> str:
    return f'<!doctype html><html><body><script id="{id}" type="{kind}">{json.dumps(data)}</script></body></html>'
