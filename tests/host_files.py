"""Hosts of albums and files on loopback, each put into a `PagePark`; each returns the link that a post would carry."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

from bot.hosts.gofile import SALT
from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Request, Response, json_response
from tests.host_pages import PagePark

EROME = "https://www.erome.com/"  # as browsers say to its other servers where they come from


def asked_from(park: PagePark, referer: str, host: str, path: str, data: bytes, kind: str) -> str:
    """Put a file on a server that refuses who does not come from a page."""

    def answer(request: Request) -> Response:
        if request.headers.get("referer") != referer:
            return Response(status=403)
        return Response(body=data, headers={"Content-Type": kind})

    park.put(host, path, answer)
    return f"https://{host}{path}"


def erome(park: PagePark, id: str, files: Mapping[str, bytes | Mapping[int, bytes]]) -> str:
    """Put an album on erome: pictures by their names, and videos by their names as files by height."""
    url = f"https://www.erome.com/a/{id}"
    groups = []
    for name, data in files.items():
        if isinstance(data, bytes):
            file = (
                asked_from(park, EROME, "s51.erome.com", f"/3982/{id}/{name}.jpeg", data, "image/jpeg")
                + "?v=1737273158"
            )
            inner = f'<div class="img" data-src="{file}"><img class="img-front lasyload" data-src="{file}"></div>'
        else:
            named = {
                height: asked_from(park, EROME, "v19.erome.com", f"/3982/{id}/{name}_{height}p.mp4", one, "video/mp4")
                for height, one in data.items()
            }
            sources = "".join(
                f"<source src=\"{file}\" type='video/mp4' label='{height}p' res='{height}' />"
                for height, file in named.items()
            )
            poster = f"https://s51.erome.com/3982/{id}/thumbs/{name}.jpg"
            inner = f'<div class="video"><video class="video-js" poster="{poster}">{sources}</video></div>'
        groups.append(f'<div class="media-group" id="{name}">{inner}</div>')
    head = '<!doctype html><meta property="og:title" content="heron - Porn - EroMe"><h1>heron</h1>'
    user = '<div class="user-profile"><a href="https://www.erome.com/example">example</a></div>'
    park.put("www.erome.com", f"/a/{id}", web_page(head + user + "".join(groups)))
    return url


class Bunkr:
    """bunkr on loopback: its site, the API of its downloads, what signs files, and a server that wants signatures."""

    server = "c5bu-b.cdn.cr"

    def __init__(self, park: PagePark, site: str = "bunkr.cr") -> None:
        self._park = park
        self.site = site
        self.asked: list[str] = []  # the numbers that the API was asked for
        self._paths: dict[str, str] = {}
        park.put("dl.bunkr.cr", "/api/_001_v2", self._api)
        park.put("glb-apisign.cdn.cr", "/sign", lambda request: json_response(_signature(request.query["path"])))

    def file(
        self, slug: str, data: bytes, *, number: str = "41348624", cdn: bool = True, name: str = "0f-aB.mp4"
    ) -> str:
        """Put a file; its page names the file's server (`cdn`) or only the page for downloads."""
        path = self.put(number, name, data)
        shown = f"https://{self.server}{path}".replace("/", "\\/")
        page = f'<meta property="og:title" content="heron.mp4"><script>var jsCDN = "{shown}";\nvar x = 1;</script>'
        if not cdn:
            page = f'<h1>heron</h1><a class="btn ic-download-01" href="https://dl.bunkr.cr/file/{number}">Download</a>'
        self._park.put(self.site, f"/f/{slug}", web_page(page))
        return f"https://{self.site}/f/{slug}"

    def put(self, number: str, name: str, data: bytes) -> str:
        """Put a file on the server alone. Returns its path."""
        path = self._paths[number] = f"/storage/media/{quote(name)}"

        def answer(request: Request) -> Response:
            wanted = _signature(unquote(path))["token"]
            known = request.query.get("token") == wanted or "signature" in request.query
            if not known or not request.headers.get("referer"):
                return Response(status=403)
            return Response(body=data, headers={"Content-Type": "video/mp4"})

        self._park.put(self.server, path, answer)
        return path

    def album(self, id: str, files: Mapping[str, bytes], kind: str = "video/mp4") -> str:
        """Put files, by their numbers, and an album of them, in the shape of its script."""
        entries = "".join(
            f"""{{
            id: {number},
            name: "0f-{number}.mp4",
            original: "it\\'s \\"a\\" heron }}, id: 99.mp4",
            slug: "aB3dE5gH7{number}",
            type: "{kind}",
            extension: "Video",
            size:  96818 ,
            timestamp: "10:49:48 27/11/2023",
            cdnEndpoint: "/0f-{number}.mp4"
            }},
            """
            for number in files
        )
        for number, data in files.items():
            self.put(number, f"0f-{number}.mp4", data)
        page = f"<h1>heron</h1><script>window.albumFiles = [{entries}];\nconsole.log('Album');</script>"
        self._park.put(self.site, f"/a/{id}", web_page(page))
        return f"https://{self.site}/a/{id}"

    def _api(self, request: Request) -> Response:
        number = str(json.loads(request.body)["id"])
        self.asked.append(number)
        if request.headers.get("referer") != f"https://dl.bunkr.cr/file/{number}":
            return Response(status=403)
        path = self._paths.get(number)
        if path is None:
            return json_response({"error": "not found"}, status=400)
        told = {"mediafiles": f"https://{self.server}", "path": unquote(path), "original": "heron.mp4"}
        return json_response(told)


def _signature(path: str) -> dict[str, Any]:
    return {"token": sha256(path.encode()).hexdigest()[:16], "ex": 1900000000}


class Cyberdrop:
    """cyberdrop on loopback: its site, its API, and a server that wants what the API gives out."""

    server = "k1-cd.cdn.gigachad-cdn.ru"

    def __init__(self, park: PagePark) -> None:
        self._park = park

    def file(self, id: str, data: bytes, kind: str = "video/mp4") -> str:
        """Put a file."""
        base, path = "/api/file", f"/api/file/d/{id}"
        auth = f"https://api.cyberdrop.cr{base}/auth/{id}"
        told = {"name": "heron-aB3d.mp4", "size": len(data), "type": kind, "slug": id, "auth_url": auth}
        self._park.put("api.cyberdrop.cr", f"{base}/info/{id}", json_response(told))
        given = {"url": f"https://{self.server}{path}?token=eyJ0"}
        self._park.put("api.cyberdrop.cr", f"{base}/auth/{id}", json_response(given))

        def answer(request: Request) -> Response:
            if request.query.get("token") != "eyJ0" and "signature" not in request.query:
                return Response(status=403)
            return Response(body=data, headers={"Content-Type": kind})

        self._park.put(self.server, path, answer)
        return f"https://cyberdrop.cr/f/{id}"

    def album(self, id: str, files: Mapping[str, bytes], name: str = "heron.mp4") -> str:
        """Put files and an album of them."""
        for file, data in files.items():
            self.file(file, data)
        shown = "".join(f'<a id="file" href="/f/{file}" title="{name}">{name}</a>' for file in files)
        head = f'<h1 id="title" class="title" title="heron">heron</h1><p id="count">{len(files)} files</p>'
        self._park.put("cyberdrop.cr", f"/a/{id}", web_page(head + shown))
        return f"https://cyberdrop.cr/a/{id}"


class Gofile:
    """gofile on loopback: accounts for guests, folders for those who have one and a token made of it, and a server."""

    server = "store5.gofile.io"
    salt = SALT
    moment = datetime(2026, 11, 22, tzinfo=UTC)  # as the clock of the tests stands

    def __init__(self, park: PagePark) -> None:
        self._park = park
        self.tokens: list[str] = []
        park.put("api.gofile.io", "/accounts", self._account)

    def file(self, number: int, data: bytes, **changes: Any) -> dict[str, Any]:
        """Put a file on the server. Returns it as a folder names it."""
        id, name = uuid(number), f"quiet heron {number}.mp4"
        path = f"/download/web/{id}/{quote(name)}"

        def answer(request: Request) -> Response:
            if request.headers.get("cookie") not in {f"accountToken={token}" for token in self.tokens}:
                return redirect("https://gofile.io/d/aB3dE5")
            return Response(body=data, headers={"Content-Type": "video/mp4"})

        self._park.put(self.server, path, answer)
        self._park.put("gofile.io", "/d/aB3dE5", web_page())
        told = {"id": id, "type": "file", "name": name, "size": len(data), "mimetype": "video/mp4", "canAccess": True}
        return {**told, "md5": "00ff", "link": f"https://{self.server}{path}", **changes}

    def folder(self, code: str, children: Sequence[Mapping[str, Any]], /, *, more: bool = False, **changes: Any) -> str:
        """Put a folder with what is in it, by its code or its long id; `more`: there are further pages of the same."""
        named = {str(child["id"]): child for child in children}
        data = {"id": uuid(1), "type": "folder", "name": "heron", "code": code, "canAccess": True, "children": named}
        said = {"status": "ok", "data": {**data, **changes}, "metadata": {"hasNextPage": more}}
        self.say(code, said)
        return f"https://gofile.io/d/{code}"

    def say(self, code: str, answer: Mapping[str, Any], status: int = 200) -> None:
        """Answer about a folder in one way to those who may ask."""

        def contents(request: Request) -> Response:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            slot = int(self.moment.timestamp()) // 14_400
            parts = (request.headers["user-agent"], request.headers.get("x-bl", ""), token, str(slot), self.salt)
            seal = sha256("::".join(parts).encode()).hexdigest()
            if token not in self.tokens or request.headers.get("x-website-token") != seal:
                return json_response({"status": "error-notPremium", "data": {}}, status=401)
            return json_response(answer, status=status)

        self._park.put("api.gofile.io", f"/contents/{code}", contents)

    def _account(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status=404)
        self.tokens.append(f"guest-token-{len(self.tokens)}")
        return json_response({"status": "ok", "data": {"id": uuid(0), "tier": "guest", "token": self.tokens[-1]}})


def uuid(number: int) -> str:
    """Return an id as gofile's, of a number."""
    return f"0f0f0f0f-0f0f-0f0f-0f0f-{number:012d}"


def pixeldrain(park: PagePark, id: str, data: bytes, kind: str = "image/gif", **changes: Any) -> str:
    """Put a file on pixeldrain; `changes` are of what its API tells of it."""
    park.put("pixeldrain.com", f"/api/file/{id}/info", json_response(_pixeldrain_file(id, kind, **changes)))
    park.add_direct("pixeldrain.com", f"/api/file/{id}", data, kind)
    return f"https://pixeldrain.com/u/{id}"


def pixeldrain_list(
    park: PagePark, id: str, files: Mapping[str, bytes], told: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """Put files and a list of them on pixeldrain; `told` is what its API names instead."""
    for name, data in files.items():
        pixeldrain(park, name, data)
    if told is None:
        told = [{"detail_href": f"/file/{name}/info", "description": "", **_pixeldrain_file(name)} for name in files]
    answer = {"success": True, "id": id, "title": "heron", "can_edit": False, "file_count": len(told), "files": told}
    park.put("pixeldrain.com", f"/api/list/{id}", json_response(answer))
    return f"https://pixeldrain.com/l/{id}"


def pixeldrain_folder(park: PagePark, id: str, files: Mapping[str, bytes]) -> str:
    """Put a shared folder with files, a folder and the search index of it on pixeldrain."""
    nodes = [_node(f"/{id}/{name}", "file", "video/mp4") for name in files]
    nodes += [_node(f"/{id}/more", "dir", ""), _node(f"/{id}/.search_index.gz", "file", "application/gzip")]
    top = {**_node(f"/{id}", "dir", ""), "id": id}
    answer = {"path": [top], "base_index": 0, "children": nodes, "permissions": {"read": True}}
    park.put("pixeldrain.com", f"/api/filesystem/{id}", json_response(answer))
    for node in nodes:
        own = {"path": [top, node], "base_index": 1, "children": []}
        if node["type"] == "file" and node["file_type"] == "video/mp4":
            park.put("pixeldrain.com", f"/api/filesystem{quote(node['path'])}", _stat_or_file(own, files[node["name"]]))
    return f"https://pixeldrain.com/d/{id}"


def _stat_or_file(stat: Mapping[str, Any], data: bytes) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if "stat" in request.query:
            return json_response(stat)
        return Response(body=data, headers={"Content-Type": "video/mp4"})

    return answer


def _pixeldrain_file(id: str, kind: str = "image/gif", **changes: Any) -> dict[str, Any]:
    told = {"success": True, "id": id, "name": "heron.gif", "size": 100, "mime_type": kind, "hash_sha256": "00ff"}
    told |= {"availability": "", "availability_message": "", "abuse_type": "", "can_download": True}
    return {**told, "thumbnail_href": f"/file/{id}/thumbnail", **changes}


def _node(path: str, kind: str, type: str) -> dict[str, Any]:
    name = path.rpartition("/")[2]
    return {"type": kind, "path": path, "name": name, "file_type": type, "file_size": 100, "sha256_sum": "00ff"}
