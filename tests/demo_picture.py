"""Draws docs/demo.png from the demo as it is now: python -m tests.demo_picture (needs chromium on the path)"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from bot.demo.run import play

TARGET = Path(__file__).parent.parent / "docs" / "demo.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",  # it shows one file that was written here
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--default-background-color=00000000",
)
COLOURS = 64  # a picture of text needs no more, and is a third as large


def photograph(svg: Path, target: Path, browser: str) -> None:
    """Write the SVG file as PNG, as a browser shows it."""
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
    assert size is not None, "rich writes a viewBox"
    with TemporaryDirectory() as profile:
        window = f"--window-size={round(float(size[1]))},{round(float(size[2]))}"
        shot = f"--screenshot={target}"
        subprocess.run(
            [browser, *QUIET, f"--user-data-dir={profile}", window, shot, svg.as_uri()],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(COLOURS).save(target, optimize=True)


def main() -> None:
    """Play the demo and draw it. Exits with a sentence if there is no browser or the demo fails."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser to draw with; install one of {', '.join(BROWSERS)}")
    with TemporaryDirectory() as folder:
        svg = Path(folder) / "demo.svg"
        if not play(picture=svg):
            sys.exit("the demo fails; mend that first")
        photograph(svg, TARGET, browser)


if __name__ == "__main__":
    main()
