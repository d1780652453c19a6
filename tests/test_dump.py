"""A dump of a database says what two runs have in common, and nothing that chance put into it."""

from __future__ import annotations

import secrets
from pathlib import Path

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key
from bot.model import Link, Post
from bot.store import Store
from tests.conftest import START
from tests.dump import dump
from tests.people import member


def _filled(place: Path, hours: int, names: tuple[str, ...]) -> Path:
    """Write a database with a case for each post, the rows in the order of `names`."""
    clock = ManualClock(START)
    clock.sleep(hours * 3600)
    with Store(place, clock, FieldCipher(new_key())) as store:
        member(store)
        with store.transaction() as connection:
            for name in names:
                post = Post(
                    fullname=name, subreddit="clips", permalink=f"/r/clips/comments/{name[3:]}/", author="a",
                    created=START, title="x",
                )  # fmt: skip
                url = f"https://i.imgur.com/{name}.mp4"
                store.links.add([(post, [Link(post=name, url=url, host="imgur", id=name, kind="media", source="url")])])
                link = connection.value("select id from links where post = ?", (name,))
                label = f"C-{secrets.token_hex(5)}"
                case = connection.insert(
                    "cases",
                    {"label": label, "link": link, "post": name, "state": "open", "verdict": f'{{"case": "{label}"}}',
                     "opened_at": store.connection.now()},
                )  # fmt: skip
                store.actions.plan(
                    key=f"{label}:report", kind="report", case=case, post=name, subreddit="clips",
                    permalink="", params={"body": f"see {place} and {label}"},
                )  # fmt: skip
    return place


def test_two_runs_of_the_same_have_the_same_dump(tmp_path: Path) -> None:
    """Labels, ids, moments and paths differ; what they refer to stays told apart."""
    first = dump(_filled(tmp_path / "one.db", 0, ("t3_a", "t3_b")))
    second = dump(_filled(tmp_path / "two.db", 7, ("t3_b", "t3_a")))
    assert first == second
    cases = [line for line in first if line.startswith("cases ")]
    assert len(set(cases)) == 2


def test_a_difference_shows(tmp_path: Path) -> None:
    """One row that stands in another state, or refers to another row, is another dump."""
    place = _filled(tmp_path / "one.db", 0, ("t3_a", "t3_b"))
    before = dump(place)
    with Store(place, ManualClock(START)) as store:
        store.connection.run("update actions set case_id = (select min(id) from cases)")
    assert dump(place) != before
    ignoring = [("actions", "case_id")]
    assert dump(place, ignoring) == dump(_filled(tmp_path / "two.db", 0, ("t3_a", "t3_b")), ignoring)
