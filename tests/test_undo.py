"""What undo gives back: nothing is ever published that was not up, whoever held it and whichever door is used."""

from __future__ import annotations

import pytest

from tests.slow import slow
from tests.undo_table import DOORS, MARKED, SITUATIONS, TARGET, Cell, Situation, cells, render

FEW = tuple(one for one in SITUATIONS if one.name in ("up", "held by AutoModerator (`filter`)"))


@pytest.fixture(scope="module", params=[FEW, pytest.param(SITUATIONS, marks=slow)], ids=["few", "all"])
def situations(request: pytest.FixtureRequest) -> tuple[Situation, ...]:
    """Two situations; in the slow run every one."""
    found: tuple[Situation, ...] = request.param
    assert len(found) >= len(FEW) == 2
    return found


@pytest.fixture(scope="module")
def tried(situations: tuple[Situation, ...], tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """Every deed and door in these situations."""
    return cells(tmp_path_factory.mktemp("undo"), situations)


def test_nothing_is_published_that_was_not_up(tried: list[Cell], situations: tuple[Situation, ...]) -> None:
    """A post is up in the end only if it was up when our removal arrived, or if we never touched it."""
    assert {cell.situation for cell in tried} == set(situations)
    assert {cell.door for cell in tried} == set(DOORS)
    wrong = [
        (cell.situation.name, cell.deed, cell.door)
        for cell in tried
        if cell.visible and not (cell.situation.published and (cell.was_up or not cell.removed))
    ]
    assert wrong == []
    assert any(cell.visible and cell.removed for cell in tried)


def test_what_was_held_is_said_once(tried: list[Cell], situations: tuple[Situation, ...]) -> None:
    """Each removal that is taken back while the post stays removed is told to the moderators in one sentence."""
    told = [cell for cell in tried if cell.removed and not cell.was_up and cell.door != "minor"]
    assert len(told) > (5 if situations == FEW else 50)
    assert [(cell.situation.name, cell.door, cell.told) for cell in told if len(cell.told) != 1] == []
    others = [cell for cell in tried if cell.visible or not cell.removed or cell.door == "minor"]
    assert [(cell.situation.name, cell.door, cell.told) for cell in others if cell.told] == []


def test_our_marks_are_taken_back(tried: list[Cell], situations: tuple[Situation, ...]) -> None:
    """Lock, spoiler, NSFW, flair and note go, whether the post is up again or stays removed."""
    marked = [cell for cell in tried if cell.deed == MARKED and cell.removed and "deleted" not in cell.situation.name]
    assert len(marked) > (1 if situations == FEW else 10)
    assert [(cell.situation.name, cell.marked) for cell in marked if cell.marked] == []


@pytest.mark.parametrize("situations", [pytest.param(SITUATIONS, marks=slow, id="all")], indirect=True)
def test_the_page_is_up_to_date(tried: list[Cell]) -> None:
    """docs/undo.md is what the program does today; write it with python -m tests.undo_table."""
    assert TARGET.read_text(encoding="utf-8") == render(tried)
