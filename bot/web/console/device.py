"""Which kind of browser on which kind of machine: what a session is bound to, and how a person knows it again."""

from __future__ import annotations

BROWSERS = {
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Edg": "Edge",
    "OPR/": "Opera",
    "HeadlessChrome/": "Chromium",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
"""Marks of a User-Agent in the order in which they are looked for: many browsers also name others."""


def device_of(user_agent: str) -> str:
    """Return the browser and the machine that a request comes from, in words, without versions."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "another browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "another system")
    return f"{browser} on {system}"
