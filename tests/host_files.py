"""Hosts of albums and files on loopback, each put into a `PagePark`; each returns the link that a post would carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.loopback.answers import web_page
from bot.loopback.http import Request, Response, json_response
from tests.host_pages import PagePark


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
                asked_from(park, url, "s51.erome.com", f"/3982/{id}/{name}.jpeg", data, "image/jpeg") + "?v=1737273158"
            )
            inner = f'<div class="img" data-src="{file}"><img class="img-front lasyload" data-src="{file}"></div>'
        else:
            named = {
                height: asked_from(park, url, "v19.erome.com", f"/3982/{id}/{name}_{height}p.mp4", one, "video/mp4")
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
