"""Hosts of posts on loopback: what their public answers look like, put on a `PagePark`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.loopback.answers import redirect, web_page
from bot.loopback.http import Response, json_response
from tests.host_pages import PagePark

STATUS = "1234567890123456789"
X_KEY = "AbC1dEfGhIjKlMn"
DID = "did:plc:abcdefghijklmnopqrstuvwx"
RECORD = "3kabcdefghi2j"
CID = "bafkreiabcdefghijklmnop"
WATCH = f"/watch/{quote(DID, safe='')}/"  # Bluesky's video server wants the account encoded, its image server does not
INSTANCE = "social.example.com"
SITE = "videos.example.com"
BLOBS = "/xrpc/com.atproto.sync.getBlob"


def add_x(park: PagePark, id: str, *media: Mapping[str, Any], **told: Any) -> str:
    """Put a status on X with media made by `x_picture` and `x_video`; `told` is laid over the answer."""
    answer: dict[str, Any] = {"__typename": "Tweet", "lang": "en", "id_str": id, "text": "a heron"}
    answer |= {"user": {"id_str": "42", "name": "Example", "screen_name": "example"}, "isEdited": False}
    if media:
        answer["mediaDetails"] = list(media)
    park.put("cdn.syndication.twimg.com", "/tweet-result", json_response(answer | told))
    return f"https://x.com/example/status/{id}"


def x_picture(park: PagePark, key: str, data: bytes, size: tuple[int, int] = (4000, 3000)) -> dict[str, Any]:
    """Put a picture on X's servers, all sizes of it the same bytes, and return what X tells of it."""
    url = park.add_direct("pbs.twimg.com", f"/media/{key}", data, "image/jpeg")
    sizes = {
        name: {"w": min(size[0], most), "h": size[1] * min(size[0], most) // size[0], "resize": "fit"}
        for name, most in (("small", 680), ("medium", 1200), ("large", 2048))
    }
    whole = {"width": size[0], "height": size[1], "focus_rects": []}
    return {
        "type": "photo",
        "media_url_https": f"{url}.jpg",
        "ext_media_availability": {"status": "Available"},
        "original_info": whole,
        "sizes": sizes | {"thumb": {"w": 150, "h": 150, "resize": "crop"}},
    }


def x_video(
    park: PagePark, number: str, files: Mapping[tuple[int, int], bytes], *, gif: bool = False
) -> dict[str, Any]:
    """Put a video's files by (width, height) on X's servers, or a GIF's one, and return what X tells of it."""
    variants: list[dict[str, Any]] = []
    for (width, height), data in files.items():
        path = f"/tweet_video/{number}.mp4"
        if not gif:
            path = f"/ext_tw_video/{number}/pu/vid/avc1/{width}x{height}/AbC{width}dEf.mp4"
        url = park.put_file("video.twimg.com", path, data)
        variants.append({"bitrate": 0 if gif else width * 1000, "content_type": "video/mp4", "url": f"{url}?tag=12"})
    playlist = f"https://video.twimg.com/ext_tw_video/{number}/pu/pl/AbC.m3u8?tag=12"
    stream = {"content_type": "application/x-mpegURL", "url": playlist}
    width, height = max(files) if files else (640, 480)
    return {
        "type": "animated_gif" if gif else "video",
        "media_url_https": f"https://pbs.twimg.com/ext_tw_video_thumb/{number}/pu/img/{X_KEY}.jpg",
        "ext_media_availability": {"status": "Available"},
        "original_info": {"width": width, "height": height},
        "video_info": {"aspect_ratio": [16, 9], "variants": variants if gif else [stream, *variants]},
    }


def add_imgbox(park: PagePark, id: str, data: bytes, ext: str = "png") -> str:
    """Put a picture on imgbox."""
    file = park.put_file("images2.imgbox.com", f"/0a/1b/{id}_o.{ext}", data)
    page = (
        f'<meta property="og:image" content="{file}"/><div class="image-container">'
        f'<img alt="heron" class="image-content" id="img" src="{file}" title="heron.{ext}" /></div>'
    )
    park.put("imgbox.com", f"/{id}", web_page(page))
    return f"https://imgbox.com/{id}"


def add_imgbox_gallery(park: PagePark, id: str, files: Mapping[str, bytes]) -> str:
    """Put pictures, by their ids, and a gallery of them on imgbox."""
    shown = ""
    for key, data in files.items():
        add_imgbox(park, key, data)
        shown += f'<a href="/{key}"><img alt="{key}" src="https://thumbs2.imgbox.com/0a/1b/{key}_b.png"></a>'
    head = f'<div id="gallery-view"><h1>heron - {len(files)} images</h1>'
    park.put("imgbox.com", f"/g/{id}", web_page(f'{head}<div id="gallery-view-content">{shown}</div></div>'))
    return f"https://imgbox.com/g/{id}"


def add_pixhost(park: PagePark, number: str, data: bytes, domain: str = "pixhost.to") -> str:
    """Put a picture on pixhost."""
    file = park.put_file(f"img33.{domain}", f"/images/190/{number}_heron.png", data)
    page = f'<div id="web"><img id="image" data-zoom="out" class="image-img" src="{file}" alt="heron.png"/></div>'
    park.put(domain, f"/show/190/{number}_heron.png", web_page(page))
    return f"https://{domain}/show/190/{number}_heron.png"


def add_pixhost_gallery(park: PagePark, id: str, files: Mapping[str, bytes], domain: str = "pixhost.to") -> str:
    """Put pictures, by their numbers, and a gallery of them on pixhost."""
    shown = ""
    for number, data in files.items():
        link = add_pixhost(park, number, data, domain)
        shown += f'<a href="{link}"><img src="https://t33.{domain}/thumbs/190/{number}_heron.png" alt="heron"/></a>'
    page = f'<a class="link"><h2>heron</h2></a><div class="images">{shown}</div>'
    park.put(domain, f"/gallery/{id}", web_page(page))
    return f"https://{domain}/gallery/{id}"


def add_bluesky(
    park: PagePark, *views: Mapping[str, Any], by: str = DID, quoted: Mapping[str, Any] | None = None
) -> str:
    """Put a post on Bluesky with media made by `bluesky_picture` and `bluesky_video`, and what it quotes."""
    embed: dict[str, Any] | None = None
    if views and "playlist" in views[0]:
        embed = {"$type": "app.bsky.embed.video#view", **views[0]}
    elif len(views) > 4:
        embed = {"$type": "app.bsky.embed.gallery#view", "items": [_in_gallery(view) for view in views]}
    elif views:
        embed = {"$type": "app.bsky.embed.images#view", "images": list(views)}
    if quoted is not None and embed is not None:
        embed = {"$type": "app.bsky.embed.recordWithMedia#view", "media": embed, "record": {"record": quoted}}
    elif quoted is not None:
        embed = {"$type": "app.bsky.embed.record#view", "record": quoted}
    post: dict[str, Any] = {
        "uri": f"at://{DID}/app.bsky.feed.post/{RECORD}",
        "cid": "bafyreiabcdefghijklmnop",
        "author": {"did": DID, "handle": "example.bsky.social", "labels": []},
        "record": {"$type": "app.bsky.feed.post", "text": "a heron", "createdAt": "2026-11-22T00:00:00Z"},
        "indexedAt": "2026-11-22T00:00:00Z",
        "labels": [],
    }
    if embed is not None:
        post["embed"] = embed
    park.put("public.api.bsky.app", "/xrpc/app.bsky.feed.getPosts", json_response({"posts": [post]}))
    park.put("public.api.bsky.app", "/xrpc/com.atproto.identity.resolveHandle", json_response({"did": DID}))
    return f"https://bsky.app/profile/{by}/post/{RECORD}"


def _in_gallery(view: Mapping[str, Any]) -> dict[str, Any]:
    told = {**view, "$type": "app.bsky.embed.gallery#viewImage", "thumbnail": view["thumb"]}
    del told["thumb"]
    return told


def bluesky_picture(park: PagePark, cid: str, data: bytes, upload: bytes | None = None) -> dict[str, Any]:
    """Put a picture on Bluesky's servers, the `upload` on the one that holds the account, and return what it tells."""
    small, whole = (
        park.add_direct("cdn.bsky.app", f"/img/{size}/plain/{DID}/{cid}@jpeg", data, "image/jpeg")
        for size in ("feed_thumbnail", "feed_fullsize")
    )
    if upload is not None:
        bluesky_upload(park, upload, "image/jpeg")
    return {"thumb": small, "fullsize": whole, "alt": "", "aspectRatio": {"width": 640, "height": 480}}


def bluesky_upload(park: PagePark, data: bytes, kind: str) -> None:
    """Put a file, as it was uploaded, on the server that holds the account, to which the entry server leads."""
    server = "morel.us-east.host.bsky.network"
    park.put("bsky.social", BLOBS, redirect(f"https://{server}{BLOBS}?did={DID}&cid={CID}"))
    park.put(server, BLOBS, Response(body=data, headers={"Content-Type": kind}))


def bluesky_video(park: PagePark, cid: str, parts: Sequence[bytes], upload: bytes | None = None) -> dict[str, Any]:
    """Put a video on Bluesky's servers: its stream in `parts`, and the `upload` itself if it is to be had."""
    base = f"{WATCH}{cid}"
    master = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for height in (360, 720):
        sizes = f'PROGRAM-ID=0,BANDWIDTH={height}000,CODECS="avc1.64001e",RESOLUTION={height * 16 // 9}x{height}'
        master += [f"#EXT-X-STREAM-INF:{sizes}", f"{height}p/video.m3u8?session_id=ab"]
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:6"]
        for place, part in enumerate(parts):
            lines += ["#EXTINF:6.000,", f"video{place}.ts?session_id=ab&dur=6.0"]
            park.add_direct("video.bsky.app", f"{base}/{height}p/video{place}.ts", part, "video/mp2t")
        _playlist(park, f"{base}/{height}p/video.m3u8", [*lines, "#EXT-X-ENDLIST"])
    _playlist(park, f"{base}/playlist.m3u8", master)
    if upload is not None:
        bluesky_upload(park, upload, "video/mp4")
    url = f"https://video.bsky.app{base}"
    return {"cid": cid, "playlist": f"{url}/playlist.m3u8", "thumbnail": f"{url}/thumbnail.jpg", "alt": ""}


def _playlist(park: PagePark, path: str, lines: Sequence[str]) -> None:
    headers = {"Content-Type": "application/vnd.apple.mpegurl"}
    park.put("video.bsky.app", path, Response(body="\n".join(lines).encode(), headers=headers))


def add_mastodon(park: PagePark, id: str, *media: Mapping[str, Any], **told: Any) -> str:
    """Put a status on a Mastodon server with media made by `mastodon_file`; `told` is laid over the answer."""
    answer: dict[str, Any] = {
        "id": id,
        "visibility": "public",
        "url": f"https://{INSTANCE}/@heron/{id}",
        "reblog": None,
    }
    answer |= {"content": "<p>heron</p>", "account": {"acct": "heron"}, "media_attachments": list(media), "quote": None}
    park.put(INSTANCE, f"/api/v1/statuses/{id}", json_response(answer | told))
    return f"https://{INSTANCE}/@heron/{id}"


def mastodon_file(
    park: PagePark, name: str, data: bytes, kind: str = "image", host: str = f"files.{INSTANCE}"
) -> dict[str, Any]:
    """Put a file on a server of Mastodon's files, a smaller picture of it beside it, and return what it tells."""
    folder = "/media_attachments/files/022/345/792"
    whole = park.put_file(host, f"{folder}/original/{name}.{'png' if kind == 'image' else 'mp4'}", data)
    small = park.put_file(host, f"{folder}/small/{name}.png", data)
    sizes = {"original": {"width": 1600, "height": 1200}, "small": {"width": 640, "height": 480}}
    told = {"id": "22345792", "type": kind, "url": whole, "preview_url": small, "remote_url": None, "meta": sizes}
    return told | {"description": None, "blurhash": "UFBWY"}


def add_page(park: PagePark, path: str, text: str, host: str = SITE) -> str:
    """Put a page on a site that the operator allows."""
    park.put(host, path, web_page(f"<!doctype html><html><head>{text}</head></html>"))
    return f"https://{host}{path}"
