"""Lets the documentation site show the few pages and files that stand at the top of the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent
TOP = ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "config.example.toml")


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages and files of the top."""
    for name in TOP:
        files.append(File.generated(config, name, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, **_page: Any) -> str:
    """Return a page whose links lead to where its targets stand on the site."""
    return re.sub(r"\]\((?:\.\./|docs/)(?=[\w.-]+(?:#[\w-]+)?\))", "](", markdown)
