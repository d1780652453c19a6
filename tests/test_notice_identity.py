"""Whom a notice says that media shows, and by whose word: a likeness is no identity, hearsay no ground."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import UsageError
from bot.loopback.stage import Stage
from bot.model import FaceMatch, Ground
from bot.pipeline import Pipeline
from bot.pipeline.acting.grounds import told_when
from bot.pipeline.acting.notices import Statement
from bot.pipeline.reviewing.words.notice_items import item_words
from bot.serialization import dumps
from bot.store import CaseRow
from tests.bots import post_fake
from tests.people import member
from tests.test_withdrawals import case_of

PERSON = "P-1234567890"
TOLD = "she wrote to our moderators by modmail, on 2026-11-22"


def liked(world: Stage, bot: Pipeline, *, alone: bool) -> CaseRow:
    """Open a case of media that resembles a protected person, and matches nothing else if that is `alone`."""
    store = bot.deps.store
    case = case_of(bot, _posted(world, bot))
    evidence = store.links.evidence(case.link)
    assert evidence is not None
    face = FaceMatch(media=0, person=PERSON, probability=0.95, why="near")
    store.connection.run(
        """insert into persons (label, sealed_key, sealed_name, basis, record, purpose, added_by, added_at, expires_at)
           values (?, x'', x'', 'mandate', '', '', '', '2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z')""",
        (PERSON,),
    )
    for name in store.notices.all_of_case(case.id):
        store.notices.take_off(case.id, name)
        store.notices.settle(name)
    seen = replace(evidence, faces=(face,), matches=() if alone else evidence.matches)
    store.connection.run("update evidence set data = ? where link = ?", (dumps(seen), case.link))
    return store.cases.get(case.label)


def _posted(world: Stage, bot: Pipeline) -> str:
    name = post_fake(world)
    bot.tick()
    return name


def stated(bot: Pipeline, detail: str, ground: Ground = "depicted_person") -> Statement:
    """What ann states as a third party."""
    return Statement(ground=ground, detail=detail, by=member(bot), to="abuse@host.example")


def test_a_likeness_alone_goes_on_no_draft_before_a_person_confirms_it(world: Stage, bot: Pipeline) -> None:
    """It is refused with what to do; confirmed, it goes."""
    case = liked(world, bot, alone=True)
    with pytest.raises(UsageError, match=f"resembles {PERSON}, not decided.*cases confirm {case.label}"):
        bot.decisions.items.draft(case, by=member(bot))
    bot.decisions.cases.confirm(case.label, by=member(bot), why="it is her")
    name = bot.decisions.items.draft(case, by=member(bot))
    assert bot.deps.store.notices.get(name).items[0].person == PERSON


@pytest.mark.parametrize("confirmed", [False, True])
def test_media_shows_a_person_only_once_it_is_confirmed(world: Stage, bot: Pipeline, confirmed: bool) -> None:
    """Before, it resembles her, not decided, and what she said is not recorded for her."""
    store = bot.deps.store
    case = liked(world, bot, alone=False)
    name = bot.decisions.items.draft(case, by=member(bot))
    if confirmed:
        bot.decisions.cases.confirm(case.label, by=member(bot), why="it is her")
    (item,) = store.notices.get(name).items
    assert (item.person, item.resembles) == ((PERSON, None) if confirmed else (None, PERSON))
    assert (f"resembles {PERSON}, not decided" in item_words(item)) != confirmed
    assert (f"shows {PERSON}" in item_words(item)) == confirmed
    bot.decisions.notices.confirm_notice(name, stated(bot, TOLD))
    assert (store.grounds.get(PERSON) is not None) == confirmed


def test_hearsay_is_no_ground(world: Stage, bot: Pipeline) -> None:
    """A bare claim is refused; who was told and when, or a record that stands, is taken; other grounds need neither."""
    case = liked(world, bot, alone=False)
    name = bot.decisions.items.draft(case, by=member(bot))
    preview = bot.decisions.notices.preview_notice
    for bare in (
        "she said it is a fake",
        "she said so since 2026",
        "2026-11-22",
        "T-0123456789 is hers",
        "P-99 said so",
    ):
        with pytest.raises(UsageError, match="write in the detail who was told, where and on which day"):
            preview(name, stated(bot, bare))
    bot.decisions.items.own_ground(name, [case.host_id or ""], ("depicted_person", "she said so"), by=member(bot))
    with pytest.raises(UsageError, match="who was told"):
        preview(name, stated(bot, "https://films.example.org/1", "original_footage"))
    bot.decisions.items.own_ground(name, [case.host_id or ""], None, by=member(bot))
    for fine in (TOLD, f"{PERSON} said that it is a fake"):
        assert preview(name, stated(bot, fine)).ground_detail == fine
    assert preview(name, stated(bot, "https://films.example.org/1", "original_footage")).ground == "original_footage"
    bot.decisions.cases.confirm(case.label, by=member(bot), why="it is her")
    assert preview(name, stated(bot, "she said it is a fake")).ground == "depicted_person", "her record stands"


@pytest.mark.parametrize(
    "day",
    ["2026-11-22", "22.11.2026", "22/11/2026", "22 November 2026", "22 de noviembre de 2026", "November 22, 2026"],
)
def test_a_day_is_known_however_it_is_written(day: str) -> None:
    """As languages write it; a year alone is none."""
    assert told_when(f"she told our team by modmail, {day}")
    assert not told_when(f"she told our team by modmail, {day[-4:] if day[-4:].isdigit() else day[:4]}")
