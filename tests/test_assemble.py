"""Putting the house together: a missing key is said, half a section breaks nothing, names have any case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.assemble import Parts, assembled, open_store
from bot.clock import ManualClock
from bot.config import Config
from bot.errors import SealError
from bot.model import Evidence, Link, Post
from bot.rules import RuleSet, load
from tests.conftest import START
from tests.killing import Silent

LINK = Link(url="https://redgifs.com/watch/abc", host="redgifs", id="abc", kind="media", source="url", post="t3_a")
POST = Post(fullname="t3_a", subreddit="clips", permalink="/", created=START)
RULE = "---\nname: one\nexact_media: {bank: [known-fakes]}\naction: review\n"


class Listening(Silent):
    """A logger that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[Any] = []

    def warning(self, event: str, **facts: Any) -> None:
        """Keep it."""
        self.warnings.append((event, facts))


def settings(folder: Path, **sections: object) -> Config:
    """Return a configuration whose data and rules are in the folder."""
    return Config.model_validate({"storage": {"path": folder, "rules": folder / "rules"}, **sections})


def test_a_missing_key_is_not_replaced(tmp_path: Path, clock: ManualClock) -> None:
    """A new key would make what is sealed unreadable for good; without anything sealed it is made anew."""
    config = settings(tmp_path)
    with open_store(config, clock) as store:
        store.links.add([(POST, [LINK])])
    (tmp_path / "key").unlink()
    with open_store(config, clock) as store:
        store.links.acquired(1, Evidence(target="t", link=LINK), [(0, b"x")])
    key = (tmp_path / "key").rename(tmp_path / "elsewhere")
    with pytest.raises(SealError, match=str(tmp_path / "key")):
        open_store(config, clock)
    assert not (tmp_path / "key").exists()
    key.rename(tmp_path / "key")
    with open_store(config, clock) as store:
        assert store.links.fingerprints(1) == [(0, b"x")]


@pytest.mark.parametrize(
    "mail", [{"host": "127.0.0.1", "security": "none"}, {"host": "mail.example.org", "sender": "x"}]
)
def test_half_a_mail_section_breaks_no_command(tmp_path: Path, clock: ManualClock, mail: dict[str, str]) -> None:
    """Only sending a notice needs mail: the rest works, and what is wrong is said."""
    log = Listening()
    with assembled(settings(tmp_path, mail=mail), log, parts=Parts(rules=False, reddit=False), clock=clock) as bot:
        assert bot.deps.mailer is None
    ((event, facts),) = log.warnings
    assert event == "mail is off"
    assert "mail.sender" in facts["reason"]


def test_rules_are_read_once_for_every_spelling(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reddit's spelling of a subreddit leads to the rules read at the start, whatever has become of the files."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(RULE)
    config = settings(tmp_path, subreddits={"clips": {"rules": ["own.yaml"]}})
    with open_store(config, clock) as store:
        store.banks.create("known-fakes", "block")
    reads: list[object] = []

    def counting(*args: Any, **kwargs: Any) -> RuleSet:
        reads.append(args)
        return load(*args, **kwargs)

    monkeypatch.setattr("bot.assemble.load", counting)
    with assembled(config, Silent(), parts=Parts(reddit=False), clock=clock) as bot:
        before = len(reads)
        assert bot.deps.rules_for("Clips") is bot.deps.rules_for("clips") is bot.deps.rules_for("CLIPS")
        assert bot.deps.rules_for("Unwatched") is bot.deps.rules_for(None)
        assert len(reads) == before
