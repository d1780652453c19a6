"""More hosts on loopback: those whose files are named by a page, by a small JSON, or by the link itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from bot.loopback.answers import redirect, web_page
from bot.loopback.hosts import HostPark
from bot.loopback.http import Request, Response, json_response

_TYPES = {"gif": "image/gif", "png": "image/png", "jpg": "image/jpeg", "mp4": "video/mp4", "webm": "video/webm"} | {
    "m4s": "video/iso.segment"
}


class PagePark(HostPark):
    """`HostPark` with more hosts. Each `add_…` returns the link that a post would carry."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[str, str], Response | Callable[[Request], Response]] = {}
        self._lists: dict[str, list[list[Any]]] = {}  # the pages of galleries and albums

    def put_file(self, host: str, path: str, data: bytes) -> str:
        """Put a file on a host under its path, its type told by the ending. Returns its address."""
        return self.add_direct(host, path, data, _TYPES[path.rpartition(".")[2]])

    def put(self, host: str, path: str, answer: Response | Callable[[Request], Response]) -> None:
        """Answer a path of a host in one way, or as the request asks for it, until `gone(host, path)`."""
        self.add_name(host)
        with self._lock:
            self._answers[host, path] = answer

    def text(self, host: str, path: str) -> str:
        """Return the page or JSON that a path of a host answers with."""
        answer = self._answers[host, path]
        assert isinstance(answer, Response)
        assert isinstance(answer.body, bytes)
        return answer.body.decode()

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

    def add_tumblr(
        self, blog: str, id: str, files: Sequence[bytes], *, video: bytes | None = None, embed: bool = False
    ) -> str:
        """Put a post of pictures on tumblr, the first of them reblogged; `embed` adds a video of another site."""
        blocks: list[dict[str, Any]] = []
        for place, data in enumerate(files):
            name = f"{place:032x}"
            sizes = [("s640x960", 640, 480), ("s250x400", 250, 188)]
            media = [
                {
                    "url": self.put_file(
                        "64.media.tumblr.com", f"/{name}/00ff00ff00ff00ff-{place:02x}/{size}/{name}.png", data
                    ),
                    "type": "image/png",
                    "width": width,
                    "height": height,
                }
                for size, width, height in sizes
            ]
            blocks.append({"type": "image", "media": media, "colors": {}})
        if video is not None:
            url = self.put_file("va.media.tumblr.com", f"/tumblr_{id}.mp4", video)
            told = {"url": url, "type": "video/mp4", "width": 1280, "height": 720}
            blocks.append({"type": "video", "provider": "tumblr", "url": url, "media": told})
        if embed:
            blocks.append(
                {"type": "video", "provider": "youtube", "url": "https://www.youtube.com/watch?v=abcdefghijk"}
            )
        text = {"type": "text", "text": "a quiet heron"}
        post = {
            "objectType": "post",
            "id": id,
            "idString": id,
            "blogName": blog,
            "content": [text, *blocks[1:]],
            "trail": [{"content": [text, *blocks[:1]]}],
        }
        state = {"PeeprRoute": {"initialTimeline": {"objects": [{"objectType": "ad"}, post]}}, "csrfToken": "x"}
        self.put("www.tumblr.com", f"/{blog}/{id}", web_page(_script("___INITIAL_STATE___", state)))
        return f"https://{blog}.tumblr.com/post/{id}/a-quiet-heron"

    def add_postimg(self, id: str, key: str, data: bytes) -> str:
        """Put a picture on postimg: its page has one id, its file another."""
        file = self.put_file("i.postimg.cc", f"/{key}/heron.gif", data)
        self.put("postimg.cc", f"/{id}", web_page(f'<a href="{file}?dl=1" class="btn" id="download">Download</a>'))
        return f"https://postimg.cc/{id}"

    def add_postimg_gallery(self, id: str, files: Mapping[str, bytes], *, shown: int = 100) -> str:
        """Put pictures, by the ids of their files, and a gallery of them on postimg, so many `shown` on each page."""
        cards, entries = [], []
        for key, data in files.items():
            self.put_file("i.postimg.cc", f"/{key}/heron.gif", data)
            names = f'data-image="p{key[1:]}" data-hotlink="{key}" data-name="heron" data-ext="gif"'
            cards.append(f'<div class="thumb" {names}></div>')
            entries.append([f"p{key[1:]}", key, "heron", "gif", f"https://i.postimg.cc/p{key[1:]}/heron.gif", 640, 480])
        self.put("postimg.cc", f"/gallery/{id}", web_page(f'<div id="thumb-list">{"".join(cards[:shown])}</div>'))
        with self._lock:
            self._lists[id] = [entries[start : start + shown] for start in range(0, len(entries), shown)]
        return f"https://postimg.cc/gallery/{id}"

    def add_gyazo(self, id: str, data: bytes, ext: str = "png") -> str:
        """Put a capture on gyazo; of videos its oEmbed answer names the player only."""
        url = self.put_file("i.gyazo.com", f"/{id}.{ext}", data)
        answer: dict[str, Any] = {"version": "1.0", "provider_name": "Gyazo", "width": 640, "height": 360}
        answer |= {"type": "video", "html": "<iframe></iframe>"} if ext == "mp4" else {"type": "photo", "url": url}
        self.put("api.gyazo.com", "/api/oembed", json_response(answer))
        return f"https://gyazo.com/{id}"

    def add_imgchest(self, id: str, files: Mapping[str, bytes]) -> str:
        """Put a post of files, by their names, on imgchest."""
        told = [
            {"id": name, "link": self.put_file("cdn.imgchest.com", f"/files/{name}", data), "position": place}
            for place, (name, data) in enumerate(files.items(), 1)
        ]
        data = {"component": "Post/Show", "props": {"post": {"slug": id, "nsfw": 0, "files": told}}}
        self.put("imgchest.com", f"/p/{id}", web_page(f'<div id="app" data-page="{escape(json.dumps(data))}"></div>'))
        return f"https://imgchest.com/p/{id}"

    def add_imgbb(self, id: str, key: str, data: bytes) -> str:
        """Put a picture on imgbb: its page has one id, its file another."""
        file = self.put_file("i.ibb.co", f"/{key}/heron.gif", data)
        page = (
            f'<meta property="og:image" content="{file}" /><meta property="og:image:width" content="640" />'
            '<meta property="og:image:height" content="480" />'
        )
        self.put("ibb.co", f"/{id}", web_page(page))
        return f"https://ibb.co/{id}"

    def add_imgbb_album(self, id: str, files: Mapping[str, bytes], *, shown: int = 32) -> str:
        """Put pictures, by the ids of their files, and an album of them on imgbb, so many `shown` on each page."""
        cards = []
        for key, data in files.items():
            url = self.put_file("i.ibb.co", f"/{key}/heron.gif", data)
            card = {"id_encoded": f"p{key[1:]}", "width": "640", "height": 480, "image": {"url": url}}
            cards.append(f"<div class=\"list-item\" data-object='{quote(json.dumps(card))}'></div>")
        with self._lock:
            self._lists[id] = [cards[start : start + shown] for start in range(0, len(cards), shown)]
        self.put("ibb.co", f"/album/{id}", self._imgbb_page(id, 1))
        return f"https://ibb.co/album/{id}"

    def _imgbb_page(self, id: str, number: int) -> Response:
        pages = self._lists[id]
        link = f'<a data-pagination="next" href="https://ibb.co/album/{id}/?page={number + 1}&amp;seek=x">Next</a>'
        return web_page("".join(pages[number - 1]) + (link if number < len(pages) else ""))

    def _postimg_list(self, form: Mapping[str, str]) -> Response:
        pages, number = self._lists.get(form.get("album", ""), []), int(form.get("page", "1"))
        images = pages[number - 1] if 0 < number <= len(pages) else []
        return json_response({"status_code": 200, "images": images, "has_page_next": number < len(pages)})

    def add_reddit_stream(self, id: str, tracks: Mapping[tuple[int, int], Sequence[bytes]], *, ranges: bool) -> str:
        """Put a video on v.redd.it that only has an HLS playlist: its tracks by (width, height), in parts.

        `ranges`: the parts are ranges of one file; otherwise each is a file, the first of which initialises.
        """
        master = ["#EXTM3U", "#EXT-X-VERSION:6", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="7",URI="CMAF_AUDIO_128.m3u8"']
        for (width, height), parts in tracks.items():
            name = f"CMAF_{min(width, height)}"
            sizes = f'BANDWIDTH=1,RESOLUTION={width}x{height},CODECS="avc1.4d401e,mp4a.40.2",AUDIO="7"'
            master += [f"#EXT-X-STREAM-INF:{sizes}", f"{name}.m3u8"]
            names = [f"{name}.mp4"] * len(parts) if ranges else [f"{name}_{place}.m4s" for place in range(len(parts))]
            lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:5", f'#EXT-X-MAP:URI="{names[0]}",BYTERANGE="{len(parts[0])}@0"']
            for part, file in zip(parts[1:], names[1:], strict=True):
                lines += ["#EXTINF:4.0,", *([f"#EXT-X-BYTERANGE:{len(part)}"] if ranges else []), file]
            self._playlist(id, name, [*lines, "#EXT-X-ENDLIST"])
            for part, file in [(b"".join(parts), names[0])] if ranges else zip(parts, names, strict=True):
                self.put_file("v.redd.it", f"/{id}/{file}", part)
        self._playlist(id, "HLSPlaylist", master)
        return f"https://v.redd.it/{id}"

    def _playlist(self, id: str, name: str, lines: Sequence[str]) -> None:
        text = "\n".join(lines).encode()
        answer = Response(body=text, headers={"Content-Type": "application/vnd.apple.mpegurl"})
        self.put("v.redd.it", f"/{id}/{name}.m3u8", answer)

    def add_discord(self, id: str, data: bytes, *, expires: int = 4_000_000_000) -> str:
        """Put an attachment on discord; the link carries a signature that holds until `expires`."""
        path = f"/attachments/123456789012345678/{id}/heron.gif"
        self.put_file("cdn.discordapp.com", path, data)
        return f"https://media.discordapp.net{path}?ex={expires:x}&is=1a2b3c4d&hm=00ff&format=webp&width=320"

    def _regular(self, request: Request) -> Response:
        key = (request.host, request.path)
        answer = self._answers.get(key)
        if request.host == "cdn.discordapp.com" and not {"ex", "is", "hm"} <= request.query.keys():
            return Response(status=404, body=b"This content is no longer available.")
        if key == ("postimg.cc", "/json") and request.method == "POST":
            return self._postimg_list(request.form)
        if request.host == "ibb.co" and request.path.startswith("/album/") and "page" in request.query:
            return self._imgbb_page(request.path.split("/")[2], int(request.query["page"]))
        if answer is None:
            return super()._regular(request)
        if key in self._gone:
            return Response(status=404)
        return answer if isinstance(answer, Response) else answer(request)


def _script(id: str, data: Any, kind: str = "application/json") -> str:
    return f'<!doctype html><html><body><script id="{id}" type="{kind}">{json.dumps(data)}</script></body></html>'
