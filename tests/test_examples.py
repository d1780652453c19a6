"""The complete configurations in examples/: each loads, and its rules give what their examples say."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import config
from bot.cli import app

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/config.toml"))


def test_there_are_three_examples() -> None:
    """A small subreddit, an adult one and a network have a configuration, and the page names each."""
    assert [folder.name for folder in EXAMPLES] == ["adult", "network", "small"]
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert all(f"({folder.name}/config.toml)" in page for folder in EXAMPLES)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: str(folder.name))
def test_an_example_works_as_it_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration loads, begins without removing where it is new, and the rules of each subreddit pass."""
    monkeypatch.chdir(folder)
    loaded = config.load(folder / "config.toml", {})
    assert loaded.subreddits
    assert any(settings.mode != "enforce" for settings in loaded.subreddits.values())
    result = CliRunner().invoke(app, ["rules", "check", "--config", "config.toml"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "examples passed" in result.output
    files = {file.name for file in (folder / "rules").glob("*.yaml")}
    assert all(name in result.output for name in files)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: str(folder.name))
def test_an_example_holds_no_secret(folder: Path) -> None:
    """What can be read by everybody names the variables that hold the secrets, and no value."""
    loaded = config.load(folder / "config.toml", {})
    assert not loaded.reddit.client_secret.get_secret_value()
    assert not loaded.reddit.password.get_secret_value()
    assert not loaded.mail.password.get_secret_value()
    assert "GIFWARDEN_REDDIT__CLIENT_SECRET" in (folder / "config.toml").read_text(encoding="utf-8")
