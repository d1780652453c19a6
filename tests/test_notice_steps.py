"""What comes next for a notice: which recourse is open when, to whom and where, and what people write down of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import channels
from bot.cli import app
from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import Capacity, Channel, NoticeEventKind, NoticeState, Recourse
from bot.pipeline import Pipeline
from bot.pipeline.following.recourses import TABLE, Standing, proposals
from tests.bots import bank_the_fake, fake
from tests.following import drafted, found_cases, sent
from tests.people import at_home

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
IRISH = Channel(name="example", email="abuse@example.org", established="IE", verified_on=date(2026, 11, 1))
NONE: frozenset[Recourse] = frozenset()


def opened(
    state: NoticeState,
    capacity: Capacity = "third_party_notifier",
    *,
    days: float = 10,
    decided: float | None = None,
    there: bool = True,
    done: frozenset[Recourse] = NONE,
) -> str:
    """Return what is open for such a notice, in order."""
    standing = Standing(
        host="example",
        recipient=None,
        state=state,
        capacity=capacity,
        sent=NOW - timedelta(days=days),
        decided=None if decided is None else NOW - timedelta(days=decided),
        there=there,
        done=done,
    )
    return " ".join(one.recourse for one in proposals(standing, NOW, IRISH, "DE"))


S = NoticeState


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        # a third party has no place at the FTC or eSafety, whatever the state
        (opened(S.SENT), ""),
        (opened(S.BY_HAND), ""),
        (opened(S.ANSWERED, decided=1), ""),
        (opened(S.OVERDUE), "reminder coordinator ofcom cloudflare"),
        (opened(S.REMINDED), "coordinator ofcom cloudflare"),
        # DSA 20 and 21 are about a decision, and end six months after it
        (opened(S.REJECTED, decided=1), "complaint settlement coordinator ofcom cloudflare"),
        (opened(S.REJECTED, days=300, decided=182), "complaint settlement coordinator ofcom cloudflare"),
        (opened(S.REJECTED, days=300, decided=183), "coordinator ofcom cloudflare"),
        (opened(S.REJECTED, decided=1, there=False), "complaint settlement"),
        # hers, 48 hours after it left, while it is there
        (opened(S.SENT, "depicted_person", days=1.9), ""),
        (opened(S.SENT, "depicted_person", days=2), "ftc esafety"),
        (opened(S.BY_HAND, "authorised_representative", days=2), "ftc esafety"),
        (opened(S.SENT, "depicted_person", days=9, there=False), ""),
        (opened(S.REJECTED, "depicted_person", decided=1), "complaint settlement coordinator ftc ofcom esafety "
         "cloudflare"),
        # what was done or is not wanted is not proposed again
        (opened(S.OVERDUE, done=frozenset({Recourse.REMINDER, Recourse.OFCOM})), "coordinator cloudflare"),
        (opened(S.REMOVED), ""),
        (opened(S.BOUNCED), ""),
        (opened(S.CLOSED), ""),
        (opened(S.RETRACTED), ""),
        (opened(S.DRAFTED), ""),
    ],
)  # fmt: skip
def test_what_is_open_when(found: str, wanted: str) -> None:
    """By state, capacity, days and what was seen, each recourse is open exactly where the law opens it."""
    assert found == wanted


def test_each_proposal_says_what_it_is_where_and_what_it_takes() -> None:
    """Every recourse has its law or none, its needs, and places that are known or said not to be."""
    assert {rule.recourse for rule in TABLE} == set(Recourse)
    standing = Standing(
        host="example", recipient=None, state=S.REJECTED, capacity="depicted_person", sent=NOW - timedelta(days=9),
        decided=NOW - timedelta(days=2), there=True, done=NONE,
    )  # fmt: skip
    found = {one.recourse: one for one in proposals(standing, NOW, IRISH, "DE")}
    assert all(one.needs and one.where and one.why for one in found.values())
    assert found[Recourse.COMPLAINT].until == NOW + timedelta(days=180)
    assert "Article 20" in found[Recourse.COMPLAINT].law
    own, host = found[Recourse.COORDINATOR].where
    assert "Bundesnetzagentur" in own
    assert "Coimisiún" in host
    assert "takeitdown.ftc.gov" in found[Recourse.FTC].where[0]
    assert "Lumen" in found[Recourse.CLOUDFLARE].warning
    outside = proposals(standing, NOW, Channel(name="example"), "US")
    said = next(one for one in outside if one.recourse == Recourse.COORDINATOR).where
    assert said[0].startswith("US has no coordinator")
    assert "not known" in said[1]
    assert channels.coordinator("DE") is not None


def test_people_take_a_notice_further_and_close_it(
    world: Stage, bot: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rejected notice: proposed, written, raised with its number, looked for again, left, closed; all on record."""
    store, clock, steps, ann = bot.deps.store, bot.deps.clock, bot.notice_steps, at_home(bot)
    entry, cases = bank_the_fake(bot), found_cases(world, bot)
    url = world.park.add_redgifs("StillHere", hd=fake())
    drafted(bot, "N-0a1", cases, [("stillhere", url)], host="redgifs", entry=entry)
    with pytest.raises(UsageError, match="nothing to close; instead: gifwarden notices retract"):
        steps.close("N-0a1", by=ann, why="x")
    sent(bot, "N-0a1")
    with pytest.raises(UsageError, match="only one that is overdue"):
        steps.remind("N-0a1", by=ann)
    for _ in range(2):
        bot.recheck()
        clock.sleep(6 * 3600)
    bot.recheck()
    store.notice_life.happened("N-0a1", NoticeEventKind.DECIDED, "it stays", to=S.REJECTED)
    file = tmp_path / "steps.toml"
    storage = world.config.storage
    mail = "[mail]\nsender = 'safety@moderators.example.org'\norganisation = 'The moderators'\n"
    file.write_text(f"{mail}[storage]\npath = '{storage.path}'\nrules = '{storage.rules}'\n", encoding="utf-8")

    def said(*words: str, group: str = "notices") -> str:
        done = CliRunner().invoke(app, [group, *words, "-c", str(file)])
        assert done.exit_code == 0, done.output
        return done.output

    assert "a person takes it further, or closes it" in said("next")
    shown = said("next", "N-0a1")
    assert "DSA, Article 20" in shown
    assert "there" in shown
    assert json.loads(said("next", "N-0a1", "--json"))["open"][0]["recourse"] == "complaint"
    assert "Article 53" in said("next", "N-0a1", "--write", "coordinator", "--because", "No reasons were given.")
    assert [one.recourse for one in steps.of("N-0a1").proposals][:2] == [Recourse.COMPLAINT, Recourse.SETTLEMENT]
    text = steps.text("N-0a1", Recourse.COORDINATOR, reason="No reasons were given.")
    assert "No reasons were given." in text.text
    assert "53" in text.text
    with pytest.raises(UsageError, match="ftc is not open for notice N-0a1"):
        steps.take("N-0a1", Recourse.FTC, by=ann)
    with pytest.raises(UsageError, match="nothing is written for ofcom"):
        steps.text("N-0a1", Recourse.OFCOM, reason="x")
    assert "not wanted" in said("raise", "N-0a1", "ofcom", "--leave")
    steps.take("N-0a1", Recourse.COMPLAINT, by=ann, reference="C 4711")  # by the clock of this world
    with pytest.raises(UsageError, match="complaint is not open"):
        steps.take("N-0a1", Recourse.COMPLAINT, by=ann)
    world.park.gone("redgifs", "StillHere")
    for _ in range(2):
        clock.sleep(49 * 3600)
        bot.recheck()
    assert store.notices.get("N-0a1").state == S.REMOVED
    found = steps.of("N-0a1")
    assert [(one.recourse, one.taken, one.reference, one.by) for one in found.recourses] == [
        (Recourse.COMPLAINT, True, "C 4711", "ann"),
        (Recourse.OFCOM, False, None, "ann"),
    ]
    assert any(event.kind == NoticeEventKind.RAISED and event.by == "ann" for event in found.events)
    monkeypatch.setenv("COLUMNS", "80")
    figures = said("hosts", group="stats")
    assert max(map(len, figures.splitlines())) <= 80, figures
    assert "61 h" in figures
    assert json.loads(said("hosts", "--json", group="stats"))["within_48_h"] == {"removed": 0, "of": 1}
    assert said("close", "N-0a1", "--why", "done") == "N-0a1 is closed\n"
    with pytest.raises(UsageError, match="closed already"):
        steps.close("N-0a1", by=ann, why="x")
    clock.sleep(90 * 24 * 3600)
    assert bot.recheck() == 0
