"""The page of the first evening: every command on it is typed, and shows what the page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evening import Evening, evening

PAGE = Path(__file__).parent.parent / "docs" / "first-evening.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LABELS = re.compile(r"\b([CEN])-[0-9a-f]{10}\b")
PAGE_LINK = "https://www.reddit.com/r/example/comments/1abcde/"


def typed(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block with what the page shows below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def comparable(text: str) -> str:
    """Return what appears without what differs from evening to evening: labels, days, the width of gaps."""
    text = re.sub(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?", "DAY", LABELS.sub(r"\1-X", text))
    return " ".join(text.split())


def agrees(page: str, shown: str) -> bool:
    """Return whether what appears is what the page shows; `…` stands for anything."""
    parts = [re.escape(comparable(part)) for part in page.split("…")]
    return re.fullmatch(r"\s*" + r".*?".join(rf"\s*{part}\s*" for part in parts), comparable(shown)) is not None


@pytest.mark.slow
def test_every_command_of_the_first_evening_shows_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From init to a report in the mod queue: each command ends well, and all that is quoted appears."""
    done = 0
    with evening(tmp_path, monkeypatch) as world:
        config, label = tmp_path / "config.toml", ""
        for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            if kind == "toml":
                config.write_text(_written(config, block, world), encoding="utf-8")
            elif kind == "text":
                world.order("ben_mods", block.replace(PAGE_LINK, world.link))
                assert world.type("gifwarden run --once")[0] == 0
            elif kind == "console":
                for command, page in typed(block):
                    code, shown = world.type(LABELS.sub(label, command).replace(PAGE_LINK, world.link))
                    label = found[0] if (found := re.search(r"\bC-[0-9a-f]{10}", shown)) else label
                    shown = re.sub(r"t3_\w+", "t3_POST", shown.replace(world.link, PAGE_LINK))
                    assert code == 0, f"{command}: {shown}"
                    assert agrees(re.sub(r"t3_\w+", "t3_POST", page), shown), f"{command}:\n{shown}"
                    assert all(len(line) <= 100 for line in page.splitlines())
                    done += 1
        assert [reason for _, reason, _ in world.reddit.reports if "Exact file of a known fake, not removed" in reason]
        assert world.reddit.removals == []
        assert len(world.reddit.answers) == 1
        assert "second person" in world.reddit.answers[-1][1]
    assert done == PAGE.read_text(encoding="utf-8").count("\n$ ")
    assert done > 15


def test_the_configuration_of_the_first_evening_has_eight_lines() -> None:
    """Eight lines that say something are all that is needed."""
    first = next(block for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if kind == "toml")
    assert sum(bool(line.strip()) for line in first.splitlines()) == 8


def _written(config: Path, block: str, world: Evening) -> str:
    if "[reddit]" in block:
        return block.replace("THE-ID", world.reddit.client_id)
    world.post_again()
    return config.read_text(encoding="utf-8").replace('mode = "observe"', 'mode = "report"')
