"""The console's page of where hosts take notices."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot.channels import OWN
from bot.config import Config, HostConfig
from bot.pipeline import Pipeline
from bot.pipeline.looking.channel_looks import channel_of
from tests.console import Browser, Console, console_on


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer."""
    with console_on(bot) as served:
        served.person("Ben")
        yield served


@pytest.fixture
def ben(console: Console) -> Browser:
    """Ben's browser."""
    return console.signed_in("Ben")


def test_a_host_is_found_by_name_domain_and_address(console: Console, ben: Browser) -> None:
    """The page shows what is known of one host, the operator's own word first; of strangers it says what to do."""
    ben.get("/channels")
    assert "RedGIFs" in ben.text
    assert "Telegram" in ben.text
    for words in ("redgifs", "www.redgifs.com", "https://redgifs.com/watch/x", " RedGIFs "):
        ben.get(f"/channels?of={quote(words)}")
        assert "support@redgifs.com" in ben.text, words
    ben.get(f"/channels?of={quote('mastodon')}")
    assert "Every server has its own operator" in ben.text
    folder = console.bot.deps.config.storage.path
    (folder / OWN).write_text('[redgifs]\nemail = "desk@example.org"\n', encoding="utf-8")
    ben.get(f"/channels?of={quote('redgifs.com')}")
    assert "desk@example.org" in ben.text
    ben.get(f"/channels?of={quote('redgifz.com')}")
    assert "nothing is written down of it" in ben.text
    assert "redgifz.com is not redgifs.com" in ben.text
    assert "gifwarden hosts contact redgifz.com" in ben.text
    ben.get(f"/channels?of={quote('<b>10.0.0.1</b>')}")
    assert "is no domain of the public internet" in ben.text
    assert "<b>10" not in ben.page.text


def test_servers_of_their_own_are_each_somebody_else() -> None:
    """A server that the operator allows is not the network's channel: it has an operator of its own."""
    config = Config(hosts={"mastodon": HostConfig(allow=("social.example",))})
    assert not channel_of("social.example", config)[1].known
    assert channel_of("mastodon", config)[1].known
