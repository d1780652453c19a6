"""The hosts on loopback, in the shapes of the real ones, with failures on request. Media bytes come from the caller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from bot.loopback.answers import Answer, redirect, web_page
from bot.loopback.http import LoopbackServer, Request, Response, json_response
from bot.loopback.network import LoopbackNetwork

CLIENT_ID = "0123456789abcde"  # made up, like everything here
NAMES = (
    "api.redgifs.com",
    "media.redgifs.com",
    "www.redgifs.com",
    "imgur.com",
    "i.imgur.com",
    "s.imgur.com",
    "api.imgur.com",
    "i.redd.it",
    "preview.redd.it",
    "v.redd.it",
)
REMOVED_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)
_TYPES = {
    "gif": "image/gif",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


class HostPark:
    """All hosts on one loopback server. Each `add_…` returns the link that a post would carry.

    with HostPark() as park:
        link = park.add_redgifs("QuietGreenHeron", sd=small, hd=large, width=1280, height=720)
        Fetcher(config, clock, resolve=park.network.resolve, dial=park.network.dial)
    """

    def __init__(self) -> None:
        self.network = LoopbackNetwork()
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._handle)
        self._files: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._scripts: dict[tuple[str, str | None], list[Answer]] = {}
        self._refusing: dict[tuple[str, str], Answer] = {}
        self._gifs: dict[str, dict[str, Any]] = {}
        self._galleries: dict[str, list[str]] = {}
        self._posts: dict[tuple[str, str], dict[str, Any]] = {}
        self._gone: set[tuple[str, str]] = set()
        self._tokens: set[str] = set()
        self._issued = 0
        # asked of each request before it is answered; what it returns is sent instead
        self.trouble: Callable[[Request], Answer | None] = lambda _request: None
        for name in NAMES:
            self.network.serve(name, self._server.port)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def port(self) -> int:
        """The loopback port that serves all names."""
        return self._server.port

    @property
    def log(self) -> tuple[Request, ...]:
        """Every request received, in order."""
        return self._server.log

    def forget(self) -> tuple[Request, ...]:
        """Empty the log; return what it held."""
        return self._server.forget()

    def paths(self, host: str) -> list[str]:
        """Return the paths asked of one host name, in order."""
        return [request.path for request in self.log if request.host == host]

    # what there is

    def add_redgifs(
        self,
        id: str,
        *,
        sd: bytes | None = None,
        hd: bytes,
        width: int = 1280,
        height: int = 720,
        ext: str = "mp4",
        gallery: str | None = None,
    ) -> str:
        """Put a clip (or a still, with `ext="jpg"`) on redgifs, its id in CamelCase; a gallery is one link."""
        small, large = ("-mobile.mp4", ".mp4") if ext == "mp4" else (f"-small.{ext}", f"-large.{ext}")
        small, large = f"/{id}{small}", f"/{id}{large}"
        urls = {"hd": self._signed(large), "poster": self._signed(f"/{id}-poster.jpg")}
        with self._lock:
            self._files["media.redgifs.com", large] = hd, _TYPES[ext]
            if sd is not None:
                urls["sd"] = self._signed(small)
                self._files["media.redgifs.com", small] = sd, _TYPES[ext]
            self._gifs[id.lower()] = {
                "id": id.lower(),
                "createDate": 1700000000,
                "type": 1 if ext == "mp4" else 2,
                "width": width,
                "height": height,
                "duration": 4.0 if ext == "mp4" else None,
                "hasAudio": False,
                "userName": "example",
                "urls": urls,
                "gallery": gallery,
            }
            if gallery is not None:
                self._galleries.setdefault(gallery, []).append(id.lower())
        return f"https://www.redgifs.com/watch/{id.lower()}"

    def add_imgur(
        self, id: str, data: bytes, ext: str = "gif", *, mp4: bytes | None = None, width: int = 640, height: int = 360
    ) -> str:
        """Put one file on imgur; `mp4` is the video that imgur makes of a GIF. Returns the link of its page."""
        with self._lock:
            self._imgur_file(id, data, ext, mp4)
            item = self._imgur_item(id, ext, width, height, animated=mp4 is not None)
            self._posts["media", id] = {"id": id, "title": "", "is_album": False, "image_count": 1, "media": [item]}
        return f"https://imgur.com/{id}"

    def add_imgur_album(self, id: str, files: Sequence[bytes], ext: str = "gif") -> str:
        """Put an album on imgur whose media have the ids `<id>` cut to five characters and two digits."""
        with self._lock:
            items = []
            for place, data in enumerate(files):
                name = f"{id[:5]}{place:02d}"
                self._imgur_file(name, data, ext, None)
                items.append(self._imgur_item(name, ext, 640, 360, animated=False))
            self._posts["albums", id] = {
                "id": id,
                "title": "",
                "is_album": True,
                "image_count": len(items),
                "media": items,
            }
        return f"https://imgur.com/a/{id}"

    def add_direct(self, host: str, path: str, data: bytes, content_type: str = "video/mp4") -> str:
        """Put one file on a host of its own."""
        self.add_name(host)
        with self._lock:
            self._files[host, path] = data, content_type
        return f"https://{host}{path}"

    def add_reddit_image(self, id: str, data: bytes, ext: str = "jpg") -> str:
        """Put one picture on i.redd.it, and on preview.redd.it for signed links."""
        with self._lock:
            for host in ("i.redd.it", "preview.redd.it"):
                self._files[host, f"/{id}.{ext}"] = data, _TYPES[ext]
        return f"https://i.redd.it/{id}.{ext}"

    def add_reddit_video(self, id: str, tracks: Mapping[tuple[int, int], bytes]) -> str:
        """Put a video on v.redd.it: its files by (width, height), and the manifest that names them."""
        lines = []
        with self._lock:
            for (width, height), data in tracks.items():
                name = f"CMAF_{min(width, height)}.mp4"
                self._files["v.redd.it", f"/{id}/{name}"] = data, "video/mp4"
                lines.append(
                    f'<Representation height="{height}" width="{width}" mimeType="video/mp4">'
                    f"<BaseURL>{name}</BaseURL></Representation>"
                )
            manifest = (
                '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
                f'<AdaptationSet contentType="video">{"".join(lines)}</AdaptationSet>'
                '<AdaptationSet contentType="audio"><Representation audioSamplingRate="48000">'
                "<BaseURL>CMAF_AUDIO_128.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>"
            )
            self._files["v.redd.it", f"/{id}/DASHPlaylist.mpd"] = manifest.encode(), "application/dash+xml"
        return f"https://v.redd.it/{id}"

    def add_name(self, host: str) -> None:
        """Let a host name lead here if it leads nowhere yet."""
        try:
            self.network.resolve(host, 443)
        except OSError:
            self.network.serve(host, self._server.port)

    # what goes wrong

    def gone(self, host: str, id: str) -> None:
        """Take something down, as its host would: `gone("redgifs", id)`, `gone("imgur", id)`, `gone("reddit", id)`.

        For direct hosts `host` is the name and `id` the path.
        """
        with self._lock:
            self._gone.add((host, id.lower() if host == "redgifs" else id))

    def fail_once(self, host: str, path: str | None, answer: Answer) -> None:
        """Answer the next request for that path of that host name (None: any path) with a failure.

        Several calls queue up, one for each request.
        """
        self.add_name(host)
        with self._lock:
            self._scripts.setdefault((host, path), []).append(answer)

    def refuse(self, host: str, path: str, answer: Answer) -> None:
        """Answer every request for that path of that host name with a failure, until `mend`."""
        self.add_name(host)
        with self._lock:
            self._refusing[host, path] = answer

    def put_back(self, host: str, id: str) -> None:
        """Put something up again that was taken down."""
        with self._lock:
            self._gone.discard((host, id.lower() if host == "redgifs" else id))

    def move(self, id: str, to: str) -> None:
        """Let a redgifs id lead to what another id there holds."""
        with self._lock:
            self._gifs[id.lower()] = self._gifs[to.lower()]

    def mend(self) -> None:
        """Forget the failures that were asked for and did not happen yet."""
        with self._lock:
            self._scripts.clear()
            self._refusing.clear()

    def expire_tokens(self) -> None:
        """Make redgifs forget all the tokens that it gave out."""
        with self._lock:
            self._tokens.clear()

    # how it answers

    def _handle(self, request: Request) -> Response:
        with self._lock:
            scripted = self.trouble(request) or self._scripted(request)
            if scripted is None:
                return self._regular(request)
        if isinstance(scripted, int):
            return Response(status=scripted)
        return scripted if isinstance(scripted, Response) else scripted()

    def _scripted(self, request: Request) -> Answer | None:
        for key in ((request.host, request.path), (request.host, None)):
            queue = self._scripts.get(key)
            if queue:
                return queue.pop(0)
        return self._refusing.get((request.host, request.path))

    def _regular(self, request: Request) -> Response:
        if request.host == "api.redgifs.com":
            return self._redgifs_api(request)
        if request.host == "media.redgifs.com" and "signature" not in request.query:
            return Response(status=403)
        if request.host in ("imgur.com", "s.imgur.com"):
            return _imgur_site(request)
        if request.host == "api.imgur.com":
            return self._imgur_api(request)
        if request.host == "i.imgur.com":
            return self._imgur_files(request)
        if request.host.endswith(".redd.it"):
            return self._reddit(request)
        return self._file(request.host, request.path)

    def _file(self, host: str, path: str) -> Response:
        found = self._files.get((host, path))
        if found is None or (host, path) in self._gone:
            return Response(status=404)
        return Response(body=found[0], headers={"Content-Type": found[1]})

    def _signed(self, path: str) -> str:
        return f"https://media.redgifs.com{path}?expires=1900000000&signature=v2:00ff&for=192.0.2&hash=1"

    def _redgifs_api(self, request: Request) -> Response:
        if request.path == "/v2/auth/temporary":
            self._issued += 1
            token = f"temporary-{self._issued}"
            self._tokens.add(token)
            return json_response({"token": token, "addr": "192.0.2.1", "agent": request.headers.get("user-agent", "")})
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return json_response({"error": {"code": "WrongSignature", "message": "expired"}}, status=401)
        kind, _, id = request.path.removeprefix("/v2/").partition("/")
        if kind == "gallery" and id in self._galleries:
            return json_response({"gifs": [self._gifs[name] for name in self._galleries[id]]})
        if kind == "gifs" and ("redgifs", id) in self._gone:
            return json_response({"error": {"code": "GifDeleted", "message": "gone"}}, status=410)
        if kind == "gifs" and id in self._gifs:
            return json_response({"gif": self._gifs[id], "user": None, "niches": []})
        return json_response({"error": {"code": "GifNotFound", "message": "not found"}}, status=404)

    def _imgur_file(self, id: str, data: bytes, ext: str, mp4: bytes | None) -> None:
        self._files["i.imgur.com", f"/{id}"] = data, _TYPES[ext]
        if mp4 is not None:
            self._files["i.imgur.com", f"/{id}.mp4"] = mp4, "video/mp4"

    @staticmethod
    def _imgur_item(id: str, ext: str, width: int, height: int, *, animated: bool) -> dict[str, Any]:
        video = ext in ("mp4", "webm")
        return {
            "id": id,
            "mime_type": _TYPES[ext],
            "type": "video" if video else "image",
            "name": "",
            "url": f"https://i.imgur.com/{id}.{ext}",
            "ext": ext,
            "width": width,
            "height": height,
            "metadata": {"title": "", "description": "", "is_animated": animated or video, "has_sound": False},
        }

    def _imgur_files(self, request: Request) -> Response:
        if request.path == "/removed.png":
            return Response(body=REMOVED_PNG, headers={"Content-Type": "image/png"})
        name, _, ending = request.path.partition(".")
        if ("imgur", name[1:]) in self._gone:
            return redirect("https://i.imgur.com/removed.png")
        exact = self._files.get(("i.imgur.com", request.path))
        if exact is not None:
            return self._file(request.host, request.path)
        found = self._files.get(("i.imgur.com", name))
        # Any ending serves a picture as it was uploaded; only videos have an .mp4.
        if found is None or (ending == "mp4") != found[1].startswith("video/"):
            return Response(status=404)
        return self._file(request.host, name)

    def _imgur_api(self, request: Request) -> Response:
        if request.query.get("client_id") != CLIENT_ID:
            return json_response({"errors": [{"code": "401", "detail": "Invalid client_id"}]}, status=401)
        kind, _, id = request.path.removeprefix("/post/v1/").partition("/")
        post = self._posts.get((kind, id))
        if post is None or ("imgur", id) in self._gone:
            return json_response({"errors": [{"code": "404", "detail": "not found"}]}, status=404)
        return json_response(post if request.query.get("include") == "media" else {**post, "media": None})

    def _reddit(self, request: Request) -> Response:
        id = request.path.strip("/").partition("/")[0].partition(".")[0]
        if ("reddit", id) in self._gone:
            return Response(status=404)
        if request.host == "preview.redd.it" and "s" not in request.query:
            return Response(status=403)
        if "*/*" not in request.headers.get("accept", ""):
            return web_page()
        return self._file(request.host, request.path)


def _imgur_site(request: Request) -> Response:
    if request.host == "s.imgur.com":
        script = f'var e={{isProd:!0,environment:"production",apiClientId:"{CLIENT_ID}",version:"1"}};'
        return Response(body=script.encode(), headers={"Content-Type": "application/javascript"})
    return web_page(
        '<!doctype html><title>Imgur</title><script defer src="https://s.imgur.com/desktop-assets/js/main.00ff.js">'
        "</script>"
    )
