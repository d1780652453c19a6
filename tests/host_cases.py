"""Each host as the tests of failures see it: what a post links to, where it is asked, where its files are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests import host_files
from tests.host_pages import PagePark
from tests.host_posts import (
    BLOBS,
    CID,
    DID,
    INSTANCE,
    SITE,
    STATUS,
    WATCH,
    X_KEY,
    add_bluesky,
    add_imgbox,
    add_imgbox_gallery,
    add_mastodon,
    add_page,
    add_pixhost,
    add_pixhost_gallery,
    add_x,
    bluesky_picture,
    bluesky_video,
    mastodon_file,
    x_picture,
    x_video,
)
from tests.host_world import DIRECT, HERON, HERON_KEY, SMALL

DOWNLOAD = "get.bunkrr.su/file/41348624"


@dataclass(frozen=True)
class Case:
    """One host as the failure table sees it: where it is asked, and where its files are."""

    add: Callable[[PagePark], str]
    files: tuple[tuple[str, str], ...]  # host and path, the one that is fetched first in front
    page: tuple[str, str] | None = None  # the page or JSON that names the files; None: the link does
    elsewhere: str = ""  # an address of the host's own that is no media


CASES = {
    "redgifs": Case(
        lambda park: park.add_redgifs("QuietGreenHeron", hd=SMALL),
        files=(("media.redgifs.com", "/QuietGreenHeron.mp4"),),
        page=("api.redgifs.com", "/v2/gifs/quietgreenheron"),
    ),
    "redgifs gallery": Case(
        lambda park: park.add_redgifs("QuietGreenHeron", hd=SMALL, ext="jpg", gallery="0f0f"),
        files=(("media.redgifs.com", "/QuietGreenHeron-large.jpg"),),
        page=("api.redgifs.com", "/v2/gallery/0f0f"),
    ),
    "gfycat": Case(
        lambda park: park.add_redgifs("QuietGreenHeron", hd=SMALL).replace("www.redgifs.com/watch", "gfycat.com"),
        files=(("media.redgifs.com", "/QuietGreenHeron.mp4"),),
        page=("api.redgifs.com", "/v2/gifs/quietgreenheron"),
    ),
    "imgur file": Case(
        lambda park: park.add_imgur("aB3dE5g", SMALL, "gif").replace("imgur.com", "i.imgur.com") + ".gif",
        files=(("i.imgur.com", "/aB3dE5g.gif"),),
        elsewhere="https://i.imgur.com/removed.png",
    ),
    "imgur page": Case(
        lambda park: park.add_imgur("aB3dE5g", SMALL, "gif"),
        files=(("i.imgur.com", "/aB3dE5g.gif"),),
        page=("api.imgur.com", "/post/v1/media/aB3dE5g"),
        elsewhere="https://i.imgur.com/removed.png",
    ),
    "imgur album": Case(
        lambda park: park.add_imgur_album("aB3dE5g", [SMALL]),
        files=(("i.imgur.com", "/aB3dE00.gif"),),
        page=("api.imgur.com", "/post/v1/albums/aB3dE5g"),
        elsewhere="https://i.imgur.com/removed.png",
    ),
    "giphy": Case(
        lambda park: park.add_giphy("aB3dE5gH7jK9m", gif=SMALL, mp4=SMALL),
        files=(("i.giphy.com", "/media/aB3dE5gH7jK9m/giphy.mp4"), ("i.giphy.com", "/media/aB3dE5gH7jK9m/giphy.gif")),
        elsewhere="https://giphy.com/static/img/gone.png",
    ),
    "giphy short link": Case(
        lambda park: (
            park.add_giphy("aB3dE5gH7jK9m", gif=SMALL, mp4=SMALL),
            park.add_giphy_short("ab3de", "aB3dE5gH7jK9m"),
        )[1],
        files=(("i.giphy.com", "/media/aB3dE5gH7jK9m/giphy.mp4"), ("i.giphy.com", "/media/aB3dE5gH7jK9m/giphy.gif")),
    ),
    "tenor": Case(
        lambda park: park.add_tenor(HERON, HERON_KEY, gif=SMALL, mp4=SMALL),
        files=(
            ("media.tenor.com", f"/{HERON_KEY}AAAPo/heron.mp4"),
            ("media1.tenor.com", f"/m/{HERON_KEY}AAAAC/heron.gif"),
        ),
        page=("tenor.com", f"/view/{HERON}"),
        elsewhere="https://tenor.com/assets/img/gone.png",
    ),
    "streamable": Case(
        lambda park: park.add_streamable("ab3de", {"mp4": (SMALL, 640, 480)}),
        files=(("cdn-cf-east.streamable.com", "/video/mp4/ab3de.mp4"),),
        page=("ajax.streamable.com", "/videos/ab3de"),
        elsewhere="https://streamable.com/static/gone.png",
    ),
    "catbox": Case(
        lambda park: park.add_catbox("ab3de5.mp4", SMALL),
        files=(("files.catbox.moe", "/ab3de5.mp4"),),
        elsewhere="https://catbox.moe/pictures/gone.png",
    ),
    "catbox album": Case(
        lambda park: park.add_catbox_album("al8um1", {"ab3de5.mp4": SMALL}),
        files=(("files.catbox.moe", "/ab3de5.mp4"),),
        page=("catbox.moe", "/c/al8um1"),
    ),
    "reddit picture": Case(
        lambda park: park.add_reddit_image("q1w2e3r4t5y61", SMALL),
        files=(("i.redd.it", "/q1w2e3r4t5y61.jpg"),),
    ),
    "reddit video": Case(
        lambda park: park.add_reddit_video("q1w2e3r4t5y61", {(854, 480): SMALL}),
        files=(("v.redd.it", "/q1w2e3r4t5y61/CMAF_480.mp4"),),
        page=("v.redd.it", "/q1w2e3r4t5y61/DASHPlaylist.mpd"),
    ),
    "tumblr": Case(
        lambda park: park.add_tumblr("example", "123456789012", [SMALL]),
        files=tuple(
            ("64.media.tumblr.com", f"/{'0' * 32}/00ff00ff00ff00ff-00/{size}/{'0' * 32}.png")
            for size in ("s640x960", "s250x400")
        ),
        page=("www.tumblr.com", "/example/123456789012"),
        elsewhere="https://assets.tumblr.com/images/media_violation/community_guidelines_v1_1280.png",
    ),
    "postimg": Case(
        lambda park: park.add_postimg("aB3dE5gH", "Zy9Xw8Vu", SMALL),
        files=(("i.postimg.cc", "/Zy9Xw8Vu/heron.gif"),),
        page=("postimg.cc", "/aB3dE5gH"),
        elsewhere="https://postimg.cc/static/gone.png",
    ),
    "postimg gallery": Case(
        lambda park: park.add_postimg_gallery("aB3dE5g", {"Zy9Xw8Vu": SMALL}),
        files=(("i.postimg.cc", "/Zy9Xw8Vu/heron.gif"),),
        page=("postimg.cc", "/gallery/aB3dE5g"),
    ),
    "gyazo": Case(
        lambda park: park.add_gyazo("0f" * 16, SMALL),
        files=(("i.gyazo.com", f"/{'0f' * 16}.png"),),
        page=("api.gyazo.com", "/api/oembed"),
        elsewhere="https://gyazo.com/public/gone.png",
    ),
    "imgchest": Case(
        lambda park: park.add_imgchest("ab3de5gh7jk", {"zy9xw8vu7ts.png": SMALL}),
        files=(("cdn.imgchest.com", "/files/zy9xw8vu7ts.png"),),
        page=("imgchest.com", "/p/ab3de5gh7jk"),
        elsewhere="https://imgchest.com/assets/gone.png",
    ),
    "imgbb": Case(
        lambda park: park.add_imgbb("aB3dE5gH", "Zy9Xw8Vu", SMALL),
        files=(("i.ibb.co", "/Zy9Xw8Vu/heron.gif"),),
        page=("ibb.co", "/aB3dE5gH"),
        elsewhere="https://imgbb.com/images/gone.png",
    ),
    "imgbb album": Case(
        lambda park: park.add_imgbb_album("aB3dE5", {"Zy9Xw8Vu": SMALL}),
        files=(("i.ibb.co", "/Zy9Xw8Vu/heron.gif"),),
        page=("ibb.co", "/album/aB3dE5"),
    ),
    "discord": Case(
        lambda park: park.add_discord("2" * 18, SMALL),
        files=(("cdn.discordapp.com", f"/attachments/123456789012345678/{'2' * 18}/heron.gif"),),
        elsewhere="https://discord.com/assets/gone.png",
    ),
    "x": Case(
        lambda park: add_x(park, STATUS, x_picture(park, X_KEY, SMALL)),
        files=(("pbs.twimg.com", f"/media/{X_KEY}"),) * 2,  # asked for in each size
        page=("cdn.syndication.twimg.com", "/tweet-result"),
        elsewhere="https://abs.twimg.com/sticky/gone.png",
    ),
    "x video": Case(
        lambda park: add_x(park, STATUS, x_video(park, STATUS, {(854, 480): SMALL})),
        files=(("video.twimg.com", f"/ext_tw_video/{STATUS}/pu/vid/avc1/854x480/AbC854dEf.mp4"),),
        page=("cdn.syndication.twimg.com", "/tweet-result"),
    ),
    "imgbox": Case(
        lambda park: add_imgbox(park, "aB3dE5gH", SMALL),
        files=(("images2.imgbox.com", "/0a/1b/aB3dE5gH_o.png"),),
        page=("imgbox.com", "/aB3dE5gH"),
        elsewhere="https://imgbox.com/images/gone.png",
    ),
    "imgbox gallery": Case(
        lambda park: add_imgbox_gallery(park, "aB3dE5gHjK", {"aB3dE5gH": SMALL}),
        files=(("images2.imgbox.com", "/0a/1b/aB3dE5gH_o.png"),),
        page=("imgbox.com", "/g/aB3dE5gHjK"),
    ),
    "pixhost": Case(
        lambda park: add_pixhost(park, "123456789", SMALL),
        files=(("img33.pixhost.to", "/images/190/123456789_heron.png"),),
        page=("pixhost.to", "/show/190/123456789_heron.png"),
        elsewhere="https://pixhost.to/static/gone.png",
    ),
    "pixhost gallery": Case(
        lambda park: add_pixhost_gallery(park, "aB3dE", {"123456789": SMALL}),
        files=(("img33.pixhost.to", "/images/190/123456789_heron.png"),),
        page=("pixhost.to", "/gallery/aB3dE"),
    ),
    "erome": Case(
        lambda park: host_files.erome(park, "aB3dE5gH", {"jK7mN9pQ": SMALL}),
        files=(("s51.erome.com", "/3982/aB3dE5gH/jK7mN9pQ.jpeg"),),
        page=("www.erome.com", "/a/aB3dE5gH"),
        elsewhere="https://www.erome.com/img/gone.png",
    ),
    "pixeldrain": Case(
        lambda park: host_files.pixeldrain(park, "aB3dE5gH", SMALL),
        files=(("pixeldrain.com", "/api/file/aB3dE5gH"),),
        page=("pixeldrain.com", "/api/file/aB3dE5gH/info"),
    ),
    "pixeldrain list": Case(
        lambda park: host_files.pixeldrain_list(park, "aB3dE5gH", {"jK7mN9pQ": SMALL}),
        files=(("pixeldrain.com", "/api/file/jK7mN9pQ"),),
        page=("pixeldrain.com", "/api/list/aB3dE5gH"),
    ),
    "bluesky": Case(
        lambda park: add_bluesky(park, bluesky_picture(park, CID, SMALL, SMALL)),
        files=(
            ("cdn.bsky.app", f"/img/feed_thumbnail/plain/{DID}/{CID}@jpeg"),
            ("cdn.bsky.app", f"/img/feed_fullsize/plain/{DID}/{CID}@jpeg"),
            ("bsky.social", BLOBS),
        ),
        page=("public.api.bsky.app", "/xrpc/app.bsky.feed.getPosts"),
        elsewhere="https://bsky.app/static/gone.png",
    ),
    "bluesky video": Case(
        lambda park: add_bluesky(park, bluesky_video(park, CID, [SMALL], SMALL)),
        files=(("bsky.social", BLOBS), ("video.bsky.app", f"{WATCH}{CID}/720p/video0.ts")),
        page=("video.bsky.app", f"{WATCH}{CID}/playlist.m3u8"),
    ),
    "bunkr": Case(
        lambda park: host_files.Bunkr(park).file("aB3dE5gH7jK9m", SMALL),
        files=((host_files.Bunkr.server, "/storage/media/0f-aB.mp4"),),
        page=("bunkr.cr", "/f/aB3dE5gH7jK9m"),
    ),
    "bunkr album": Case(
        lambda park: host_files.Bunkr(park).album("aB3dE5gH", {"41348624": SMALL}),
        files=((host_files.Bunkr.server, "/storage/media/0f-41348624.mp4"),),
        page=("bunkr.cr", "/a/aB3dE5gH"),
    ),
    "bunkr download": Case(
        lambda park: host_files.Bunkr(park).file("aB3dE5gH7jK9m", SMALL).replace("bunkr.cr/f/aB3dE5gH7jK9m", DOWNLOAD),
        files=((host_files.Bunkr.server, "/storage/media/0f-aB.mp4"),),
        page=("dl.bunkr.cr", "/api/_001_v2"),
    ),
    "cyberdrop": Case(
        lambda park: host_files.Cyberdrop(park).file("aB3dE5gH7jK9m", SMALL),
        files=((host_files.Cyberdrop.server, "/api/file/d/aB3dE5gH7jK9m"),),
        page=("api.cyberdrop.cr", "/api/file/info/aB3dE5gH7jK9m"),
    ),
    "cyberdrop album": Case(
        lambda park: host_files.Cyberdrop(park).album("aB3dE5gH", {"aB3dE5gH7jK9m": SMALL}),
        files=((host_files.Cyberdrop.server, "/api/file/d/aB3dE5gH7jK9m"),),
        page=("cyberdrop.cr", "/a/aB3dE5gH"),
    ),
    "gofile": Case(
        lambda park: (site := host_files.Gofile(park)).folder("aB3dE5", [site.file(1, SMALL)]),
        files=((host_files.Gofile.server, f"/download/web/{host_files.uuid(1)}/quiet%20heron%201.mp4"),),
        page=("api.gofile.io", "/contents/aB3dE5"),
    ),
    "mastodon": Case(
        lambda park: add_mastodon(park, STATUS, mastodon_file(park, "abc", SMALL, "gifv")),
        files=((f"files.{INSTANCE}", "/media_attachments/files/022/345/792/original/abc.mp4"),),
        page=(INSTANCE, f"/api/v1/statuses/{STATUS}"),
    ),
    "page": Case(
        lambda park: add_page(
            park, "/watch/heron", f'<meta property="og:video" content="{park.put_file(SITE, "/v/heron.mp4", SMALL)}">'
        ),
        files=((SITE, "/v/heron.mp4"),),
        page=(SITE, "/watch/heron"),
    ),
    "direct": Case(
        lambda park: park.put_file(DIRECT, "/heron.gif", SMALL),
        files=((DIRECT, "/heron.gif"),),
    ),
}
