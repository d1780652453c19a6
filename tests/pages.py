"""Pages of made-up sites, as in a screenshot: one site's furniture, each page's own content."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np

from bot.bench.worlds import Rgb, texture

Layout = Literal["chat", "forum", "results", "player"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
WORDS = "money garden water people world green river stone house night summer letter window music paper bread".split()  # noqa: SIM905  one line
WIDE, HIGH = 1280, 800


def page(layout: Layout, site: int, content: int, *, dark: bool = False) -> Rgb:
    """Return a page of a site; `content` is what tells it from the site's other pages."""
    ground, ink = ((18, 18, 20), (215, 215, 218)) if dark else ((250, 250, 250), (32, 32, 36))
    picture: Rgb = np.full((HIGH, WIDE, 3), ground, dtype=np.uint8)
    rng = np.random.default_rng([content, 5])

    def text(x: int, y: int, words: str, size: float = 0.7) -> None:
        cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)

    def image(x: int, y: int, seed: int, wide: int, high: int) -> None:
        picture[y : y + high, x : x + wide] = texture(seed, wide, high)

    def said(count: int) -> str:
        return " ".join(rng.choice(WORDS, count))

    cv2.rectangle(picture, (0, 0), (WIDE, 60), tuple(32 if dark else 226 for _ in range(3)), -1)
    text(24, 42, f"Site {site} . example", 1.1)
    text(560, 40, "Home   Search   Messages   Settings   Log out")
    if layout == "chat":
        for row in range(8):
            image(24, 84 + 86 * row, 700 + 10 * site + row % 3, 60, 60)
            text(104, 106 + 86 * row, f"member {row % 3}")
            text(104, 136 + 86 * row, said(int(rng.integers(4, 10))))
        for row in range(5):
            image(1000, 90 + 130 * row, 750 + 10 * site + row, 200, 110)
    elif layout == "forum":
        for row in range(4):
            image(24, 90 + 172 * row, 700 + 10 * site + row % 3, 120, 120)
            for line in range(4):
                text(180, 110 + 172 * row + 34 * line, said(9))
            text(24, 230 + 172 * row, "joined 2019")
        image(1010, 90, 790 + site, 240, 620)
    elif layout == "results":
        for number in range(8):
            x, y = 24 + 312 * (number % 4), 90 + 346 * (number // 4)
            image(x, y, 900 + content if number == content % 8 else 700 + 10 * site + number, 290, 180)
            text(x, y + 214, said(3))
            text(x, y + 246, "12,345 views", 0.6)
    else:
        image(24, 90, 900 + content, 480, 270)
        text(24, 400, said(5), 0.9)
        text(24, 450, "Like   Share   Save   Report")
        for number in range(8):
            image(560 + 360 * (number % 2), 90 + 160 * (number // 2), 700 + 10 * site + number, 190, 130)
            text(760 + 360 * (number % 2), 120 + 160 * (number // 2), "More like it")
    return picture
