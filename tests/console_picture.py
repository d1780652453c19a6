"""Draws docs/console.png, a case in the console of `gifwarden demo --serve`: python -m tests.console_picture

Needs Chromium. The picture shows generated media only, and no contact sheet.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "console.png"
CHROMIUM = "/usr/bin/chromium"
WIDTH, HEIGHT = 1100, 860
COLOURS = 64  # a page of text needs no more
MOST = 200 * 1024  # bytes


def photograph(link: str) -> None:
    """Sign in by a link, open the first case that waits, and write it down as it is seen."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light").new_page()
        page.goto(link)
        page.get_by_role("button", name=re.compile("Sign in as")).click()
        page.locator("a[data-row]").first.click()
        page.locator("h2#decide").wait_for()
        page.screenshot(path=str(TARGET))
        browser.close()
    with Image.open(TARGET) as picture:
        picture.convert("RGB").quantize(COLOURS).save(TARGET, optimize=True)
    size = TARGET.stat().st_size
    if size > MOST:
        sys.exit(f"{TARGET} has {size} bytes, more than {MOST}")


def main() -> None:
    """Serve a demo, photograph it and end it."""
    if not Path(CHROMIUM).exists():
        sys.exit(f"there is no {CHROMIUM}; install Debian's package chromium")
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--serve"]
        environment = {**os.environ, "TMPDIR": folder}
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as demo:
            try:
                assert demo.stdout is not None
                link = next(line.strip() for line in demo.stdout if "sign-in?link=" in line)
                photograph(link)
            finally:
                demo.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
