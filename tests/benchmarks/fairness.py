"""How long ordinary posts wait alone, and behind a flood.

    python -m tests.benchmarks.fairness [--ordinary 50] [--kinds one-post,raid,…]

Each run has loopback hosts, real decoding, and one request in `INTERVAL` seconds to a host. Printed are the seconds
until the last ordinary post is judged, and their ratio to the time alone.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bot.clock import SystemClock
from bot.loopback.stage import Stage, stage
from bot.model import Link, Post
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bot_on
from tests.killing import Silent

INTERVAL = 0.2
Flood = list[tuple[str, str | None, str, int]]  # (fullname, author, subreddit, links)
FLOODS: dict[str, Flood] = {
    "one-post": [("t3_f", "flooder", "clips", 1025)],
    "one-comment": [("t1_f", "flooder", "clips", 250)],
    "comments": [(f"t1_f{n}", "flooder", "clips", 5) for n in range(100)],
    "posts": [(f"t3_f{n}", "flooder", "clips", 1) for n in range(300)],
    "galleries": [(f"t3_f{n}", "flooder", "clips", 20) for n in range(30)],
    "deleted": [("t3_f", None, "clips", 1025)],
    "raid": [(f"t3_f{n}", f"throwaway{n}", "clips", 1) for n in range(1000)],
}


def noisy(side: int, frames: int) -> bytes:
    """Return a GIF that takes long to decode for its bytes: large frames of two colours."""
    pictures = [Image.new("P", (side, side), n % 2) for n in range(frames)]
    for n, picture in enumerate(pictures):
        picture.putpalette([0, 0, 0, 255, 255, 255] + [0] * 762)
        picture.putpixel((n % side, n // side), 1 - n % 2)
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:], duration=20, disposal=2, optimize=False)
    return out.getvalue()


def still(number: int) -> bytes:
    """Return a picture that no other number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize((320, 240)).save(out, "PNG")
    return out.getvalue()


def put(
    world: Stage, bot: Pipeline, name: str, author: str | None, subreddit: str, files: list[tuple[str, bytes]]
) -> None:
    """Let a host serve files as (id, bytes), and store a post that links to them."""
    links = []
    for id, data in files:
        form = "gif" if data[:3] == b"GIF" else "png"
        world.park.add_imgur(id, data, form)
        url = f"https://i.imgur.com/{id}.{form}"
        links.append(Link(url=url, host="imgur", id=id, kind="media", source="url", post=name))
    post = Post(fullname=name, subreddit=subreddit, permalink="/", created=world.clock.now(), author=author)
    bot.deps.store.links.add([(post, links)])


def run(kind: str, count: int, *, patience: float = 600) -> float:
    """Return the seconds until that many ordinary posts are judged; `kind` is a flood, `costly` or `alone`."""
    picture = media.still(7, format="png", width=64, height=48)
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as world:
        fetch = world.config.fetch.model_copy(update={"host_interval_seconds": INTERVAL})
        config = world.config.model_copy(update={"fetch": fetch})
        world = replace(world, clock=SystemClock(), config=config)
        with bot_on(world, Silent()) as bot:
            bot.deps.workers.fingerprint(picture)
            number = 0
            for name, author, subreddit, links in FLOODS.get(kind, []):
                files = [(f"F{number + n:06d}", picture + number.to_bytes(4) + n.to_bytes(4)) for n in range(links)]
                put(world, bot, name, author, subreddit, files)
                number += links
            if kind == "costly":
                heavy = noisy(4000, 300)
                put(world, bot, "t3_f", "flooder", "clips", [(f"F{n:06d}", heavy + bytes([n])) for n in range(5)])
            names = {f"t3_o{n}" for n in range(count)}
            for n in range(count):
                place = "quiet" if kind == "raid" else "clips"
                put(world, bot, f"t3_o{n}", f"person{n}", place, [(f"O{n:06d}", still(n))])
            began = time.monotonic()
            end = began + patience

            def left() -> bool:
                rows = bot.deps.store.connection.rows(
                    "select post from links where state in ('seen', 'failed', 'acquired', 'matched')"
                )
                return time.monotonic() < end and any(row["post"] in names for row in rows)

            while left():
                bot.work(left)
            return time.monotonic() - began


def main() -> None:
    """Be the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fairness", description=__doc__)
    parser.add_argument("--ordinary", type=int, default=50)
    parser.add_argument("--kinds", default="one-post,galleries,deleted,raid,costly")
    parser.add_argument("--patience", type=float, default=600)
    wanted = parser.parse_args()
    alone = run("alone", wanted.ordinary)
    print(f"{'alone':12} {alone:7.1f} s", flush=True)
    for kind in wanted.kinds.split(","):
        took = run(kind, wanted.ordinary, patience=wanted.patience)
        print(f"{kind:12} {took:7.1f} s  {took / alone:5.2f} times as long", flush=True)


if __name__ == "__main__":
    main()
