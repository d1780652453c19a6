"""Sections of exchanges that are wrong: every mistake at once, with its line and what the kind needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot import config, exchanges
from bot.errors import ConfigError

KINDS = exchanges.keys()


def exchange_mistakes(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with sections of exchanges, without the path in front."""
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    try:
        config.load(path, environ or {}, exchanges=KINDS)
    except ConfigError as error:
        return [str(one).replace(str(path), "config.toml") for one in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "htps"', ['line 2: exchanges.a.kind is "htps", which is no kind of exchange; did you mean "https"?']),
        ('kind = "https"', ["line 1: exchanges.a.url is missing, which kind https needs; add it"]),
        ('url = "lists.example.org"', ["line 2: exchanges.a.url must be an address"]),
        ('url = "http://lists.example.org/a"', ["line 2: exchanges.a.url must begin with https:// unless"]),
        ('url = "https://me:pw@lists.example.org/a"', ["line 2: exchanges.a.url holds a login"]),
        (
            'url = "https://x.example/a"\nfolder = "b"',
            ["line 3: exchanges.a.folder is not for exchanges of kind https"],
        ),
        (
            'url = "https://x.example/a"\npublic_key = "RWnonsense"',
            ["line 3: exchanges.a.public_key must be a minisign"],
        ),
        ('url = "https://x.example/a"\ntoken = "b"', ["line 3: exchanges.a.token is not a setting; did you mean key?"]),
        (
            'url = "https://x.example/a"\nevery_minutes = 0',
            ["line 3: exchanges.a.every_minutes must be a number of minu"],
        ),
        ('url = "https://x.example/a"\nbank = ""', ["line 3: exchanges.a.bank is empty"]),
        (
            'kind = "hma"\nurl = "https://x.example"',
            ["line 1: exchanges.a.collection is missing, which kind hma needs"],
        ),
        (
            'kind = "stopncii"\nurl = "https://x.example"',
            [
                "line 1: exchanges.a.fetch_key is missing, which kind stopncii needs; "
                "put it in $GIFWARDEN_EXCHANGES__A__FETCH_KEY",
                "line 1: exchanges.a.key is missing, which kind stopncii needs; put it in $GIFWARDEN_EXCHANGES__A__KEY",
            ],
        ),
    ],
)
def test_mistakes_of_exchanges_are_told_with_their_line(tmp_path: Path, text: str, said: list[str]) -> None:
    """Every mistake of a section, each with its line, and what its kind needs."""
    found = exchange_mistakes(tmp_path, f"[exchanges.a]\n{text}\n")
    assert len(found) == len(said), found
    for one, want in zip(found, said, strict=True):
        assert one.startswith(f"config.toml, {want}"), one


def test_names_of_exchanges_are_checked(tmp_path: Path) -> None:
    """No blanks and dots, no two that a variable could not tell apart, and the section must be one."""
    good = 'url = "https://x.example/a"'
    assert "cannot name an exchange" in exchange_mistakes(tmp_path, f'[exchanges."a b"]\n{good}\n')[0]
    assert (
        "has a section already" in exchange_mistakes(tmp_path, f"[exchanges.a-b]\n{good}\n[exchanges.A_B]\n{good}\n")[0]
    )
    assert "belongs to one exchange" in exchange_mistakes(tmp_path, f"[exchanges]\n{good}\n")[0]
    assert exchange_mistakes(tmp_path, f"[exchanges.a-b]\n{good}\n[exchanges.c]\n{good}\n") == []


def test_secrets_of_exchanges_come_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    """By the name of the section, - as _; in the file itself only if nobody else can read it, and never told."""
    secret = tmp_path / "secret"
    secret.write_text("sesame\n", encoding="utf-8")
    secret.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text('[exchanges.My-List]\nurl = "https://x.example/a"\n', encoding="utf-8")
    for environ in (
        {"GIFWARDEN_EXCHANGES__MY_LIST__KEY": "sesame"},
        {"GIFWARDEN_EXCHANGES__MY_LIST__KEY_FILE": str(secret)},
    ):
        found = config.load(path, environ, exchanges=KINDS).exchanges["My-List"]
        assert found.key.get_secret_value() == "sesame"
        assert "sesame" not in repr(found)
    path.write_text('[exchanges.a]\nurl = "https://x.example/a"\nkey = "sesame"\n', encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"line 3: exchanges\.a\.key is a secret and others can read") as caught:
        config.load(path, {}, exchanges=KINDS)
    assert "GIFWARDEN_EXCHANGES__A__KEY" in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("192.168.4.5", True),
        ("10.1.2.3", True),
        ("[fd00::7]", True),
        ("lists.example.org", False),
        ("8.8.8.8", False),
        ("172.32.0.1", False),
        ("127.0.0.1.example.org", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_plain_http_is_for_the_own_network_only(tmp_path: Path, host: str, near: bool) -> None:
    """An address in clear is taken on this machine and private networks, written as they are usually."""
    found = exchange_mistakes(tmp_path, f'[exchanges.a]\nurl = "http://{host}/a"\n')
    assert (found == []) is near
    assert exchange_mistakes(tmp_path, f'[exchanges.a]\nurl = "https://{host}/a"\n') == []
