"""Report channels: data that people edit, never guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.hosts import HOSTS, Contact, contact


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "contacts.toml"


def test_known_contacts_have_a_date_and_unknown_ones_stay_unknown() -> None:
    """A shipped e-mail address carries the day it was checked; what is unknown is None."""
    for host in HOSTS:
        found = contact(host.name)
        assert found.email is None or (found.verified_on is not None and found.policy is not None)
    assert contact("redgifs").email == "support@redgifs.com"
    assert contact("imgur").email is None
    assert contact("nobody") == Contact()


def test_contacts_are_data_that_people_edit(book: Path) -> None:
    """An operator's own file is read in the same way; blanked lines are unknown."""
    book.write_text('[redgifs]\nemail = "desk@example.org"\nform = ""\nverified_on = 2026-01-02\n')
    found = contact("redgifs", book)
    assert found == Contact(email="desk@example.org", verified_on=date(2026, 1, 2))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[redgifs\n", "is not TOML"),
        ('[redgifs]\nmail = "a@example.org"\n', "redgifs.mail"),
        ("[redgifs]\nemail = 3\n", "is not text"),
        ('[redgifs]\nverified_on = "yesterday"\n', "is not a date"),
        ('redgifs = "x"\n', "is not a section"),
    ],
)
def test_wrong_contacts_are_named(book: Path, text: str, match: str) -> None:
    """A mistake in the file is one sentence that names the place."""
    book.write_text(text)
    with pytest.raises(ConfigError, match=match):
        contact("redgifs", book)


def test_a_missing_contacts_file_is_named(tmp_path: Path) -> None:
    """A file that cannot be read is one sentence with its path."""
    with pytest.raises(ConfigError, match="there is no file"):
        contact("redgifs", tmp_path / "nothing.toml")
