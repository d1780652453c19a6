"""Every door decides alike: what Reddit receives, what is told, with a daemon and without, whoever is killed."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import cases as case_commands
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import UsageError
from bot.loopback.hosts import NAMES
from bot.loopback.http import Request
from bot.loopback.stage import Stage
from bot.model import ActionState, CaseState, Decision, DecisionState
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.deciding import Target
from bot.store import CaseRow, Store
from tests.bots import fake, near_copy, post_fake
from tests.decision_table import BLOCKS, BY_ITSELF, COMMANDS, NO_LOGIN, ORDERS, RUNS, TARGET, Block, Cell, cells, render
from tests.door_process import WAITING, type_and_die, type_together
from tests.doors import Said, daemon_on, desk_of, type_in, typing_at
from tests.killing import Places
from tests.people import at_home, member
from tests.slow import few, slow

ROOT = Path(__file__).parent.parent
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["tests.door_process"])
FEW = tuple(block for block in BLOCKS if (block.door, block.found) in {
    ("`cases confirm`", "near copy"), ("`cases dismiss`", "exact file"), ("order `undo`", "exact file"),
})  # fmt: skip


@pytest.fixture(scope="module", params=[FEW, pytest.param(BLOCKS, marks=slow)], ids=["few", "all"])
def blocks(request: pytest.FixtureRequest) -> tuple[Block, ...]:
    """Three doors with one find each; in the slow run every one."""
    found: tuple[Block, ...] = request.param
    assert len(found) >= len(FEW) == 3
    return found


@pytest.fixture(scope="module")
def tried(blocks: tuple[Block, ...], tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """Every mode and daemon in these."""
    return cells(tmp_path_factory.mktemp("decisions"), blocks)


def test_the_page_says_what_decisions_do(tried: list[Cell], blocks: tuple[Block, ...]) -> None:
    """docs/decisions.md is what the program does today; write it with python -m tests.decision_table."""
    page, now = TARGET.read_text(encoding="utf-8"), render(tried)
    if blocks == BLOCKS:
        assert page == now
    rows = [line for line in now.splitlines() if line.startswith("| ")]
    assert len(rows) > 12
    assert [row for row in rows if row not in page.splitlines()] == []


def test_a_command_logs_in_only_where_no_daemon_runs(tried: list[Cell]) -> None:
    """With a daemon none does, however little it has to do; by itself it logs in once at most, without keys never."""
    commands = [cell for cell in tried if cell.block.door in COMMANDS]
    assert {cell.logins for cell in commands if cell.daemon in (RUNS, NO_LOGIN)} == {0}
    assert {cell.logins for cell in commands if cell.daemon == BY_ITSELF} == {0, 1}
    acted = [cell for cell in commands if cell.daemon == BY_ITSELF and cell.received]
    assert acted
    assert {cell.logins for cell in acted} == {1}


def test_a_command_acts_for_its_own_decision_alone(tried: list[Cell]) -> None:
    """What others decided and no daemon has performed stays for the daemon; nothing is done twice."""
    assert [cell for cell in tried if cell.block.door in COMMANDS and cell.daemon != RUNS and cell.others] == []
    every = [what for cell in tried for what in (*cell.received, *cell.later) if "answer" not in what]
    assert every
    assert [what for what in every if " times " in what] == []


def test_a_mode_holds_what_people_decide(tried: list[Cell]) -> None:
    """In observe Reddit receives answers to orders alone, in report no removal; but for a suspected minor."""
    quiet = {cell.mode: set[str]() for cell in tried}
    for cell in tried:
        if cell.block.door != "order `minor`":
            quiet[cell.mode] |= {*cell.received, *(what for what in cell.later if what.startswith("Reddit"))}
    for mode in ("report", "observe"):
        assert [what for what in quiet[mode] if "answer to the order" not in what] == []
    assert "approval" in quiet["enforce"]


def test_every_door_ends_alike_with_a_daemon_and_without(tried: list[Cell]) -> None:
    """Half an hour later a decision has done the same, whoever performed it."""
    ends: dict[tuple[Block, str], set[tuple[str, ...]]] = {}
    for cell in tried:
        received = sorted({what.removeprefix("Reddit receives ") for what in (*cell.received, *cell.later)})
        asked = [what for what in received if what in ("removal", "approval", "lock", "message to its author")]
        ends.setdefault((cell.block, cell.mode), set()).add(tuple(asked))
    assert {block.door for block, _ in ends} <= {*COMMANDS, *ORDERS}
    assert [(block, mode, found) for (block, mode), found in ends.items() if len(found) > 1] == []


# One command at a time


@pytest.fixture
def home(bot: Pipeline) -> Pipeline:
    """A bot whose member ann types under the account of the tests."""
    at_home(bot)
    return bot


def case_of(world: Stage, bot: Pipeline, place: str = "clips", data: Callable[[], bytes] = near_copy) -> CaseRow:
    """Return the case of a new post."""
    post = post_fake(world, place, f"Clip{len(world.reddit.world.things)}", data)
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(post)
    return case


def places_of(world: Stage) -> Places:
    """Return where the world is, for another process."""
    now = world.clock.now()
    return Places(config=world.config, reddit_url=world.reddit.url, names=NAMES, port=world.park.port, start=now)


def killed(world: Stage, words: list[str], where: str) -> None:
    """Type a command in a process of its own, which is killed there."""
    process = FORK.Process(target=type_and_die, args=(places_of(world), words, where))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL


def test_what_a_mode_keeps_back_is_said_first(world: Stage, home: Pipeline) -> None:
    """In report the removal is shown with the sentence that it is not done, as in observe; in enforce without."""
    for place, said in (("gifs", True), ("quiet", True), ("clips", False)):
        case = case_of(world, home, place)
        with typing_at(desk_of(world)):
            told = type_in("cases", "confirm", case.label, "--dry-run")
        assert ("but in r/" in " ".join(told.lines)) is said, told
    assert world.reddit.removals == []


def test_what_cannot_be_decided_is_said_alone(world: Stage, home: Pipeline) -> None:
    """A verb that makes no sense gets its sentence, without the beginning of a page before it."""
    case = case_of(world, home, data=fake)
    with typing_at(desk_of(world)):
        told = type_in("cases", "confirm", case.label, "--report")
    assert told.code != 0
    assert len(told.lines) == 1
    assert "removed already" in told.lines[0]


def test_who_has_neither_daemon_nor_login_is_told_what_to_start(world: Stage, home: Pipeline) -> None:
    """The decision is kept, and nothing says that a daemon is about to do it when none runs."""
    case = case_of(world, home)
    with typing_at(desk_of(world).without_login()):
        told = " ".join(type_in("cases", "confirm", case.label, "--now").lines)
    assert "its next step" not in told
    assert "gifwarden run" in told
    assert world.reddit.removals == []
    with daemon_on(home) as step:
        step(1)
    assert world.reddit.removals == [case.post.fullname]


@slow
def test_a_command_that_acts_for_long_keeps_its_lease(world: Stage, home: Pipeline) -> None:
    """Three posts at forty seconds each are all removed by the command, and its lease is given back."""
    labels = [case_of(world, home).label for _ in range(3)]

    def slowly(request: Request) -> None:
        if request.path.rstrip("/") == "/api/remove":
            world.clock.sleep(40)

    world.reddit.before = slowly
    with typing_at(desk_of(world)):
        told = type_in("cases", "confirm", *labels, "--now")
    assert len(world.reddit.removals) == 3, told
    assert not home.deps.store.lease.held()


def test_what_nobody_performs_can_be_taken_back_late(world: Stage, home: Pipeline) -> None:
    """A decision of a command that was killed waits; with no daemon it can be taken back an hour later."""
    case = case_of(world, home)
    row = home.decisions.deciding.decide(Decision.CONFIRM, [_target(case)], by=member(home), why="seen")
    world.clock.sleep(3600)
    with typing_at(desk_of(world)):
        told = type_in("cases", "undo", row.label)
    assert told.code == 0, told
    assert home.deps.store.cases.get(case.label).state == CaseState.OPEN
    home.act()
    assert world.reddit.removals == []


def test_what_a_daemon_is_about_to_perform_is_not_taken_back_late(world: Stage, home: Pipeline) -> None:
    """Beside a daemon its moment is over when it is due, and the sentence says that it is being done."""
    case = case_of(world, home)
    row = home.decisions.deciding.decide(Decision.CONFIRM, [_target(case)], by=member(home), why="seen")
    world.clock.sleep(11)
    with daemon_on(home), pytest.raises(UsageError, match="being performed"):
        home.decisions.deciding.take_back(row.label, by=member(home))


def _target(case: CaseRow) -> Target:
    return Target(case.label, case.version)


# Killed


@pytest.mark.parametrize("daemon", few([True, False], True), ids=["daemon", "none"])
def test_a_command_that_is_killed_while_it_waits_has_decided(world: Stage, home: Pipeline, daemon: bool) -> None:
    """The daemon performs what it wrote down, once; without one it waits until there is one."""
    case = case_of(world, home)
    words = ["cases", "confirm", case.label]
    if daemon:
        with daemon_on(home) as step:
            killed(world, words, WAITING)
            step(1)
            assert world.reddit.removals == []
            step(10)
            assert world.reddit.removals == [case.post.fullname]
    else:
        killed(world, words, WAITING)
        world.clock.sleep(3600)
        assert home.deps.store.cases.get(case.label).state == CaseState.CONFIRMED
        with daemon_on(home) as step:
            step(1)
    assert world.reddit.removals == [case.post.fullname]
    (row,) = home.deps.store.decided.of_case(case.id)
    assert row.state == DecisionState.PERFORMED


BOUNDARIES = ["act.begun:remove", "act.performed:remove", "act.done:remove"]


@pytest.mark.parametrize("where", few(BOUNDARIES, "act.performed:remove"))
@pytest.mark.parametrize("then", ["daemon", "command"])
def test_a_command_that_is_killed_while_it_acts_leaves_it_to_the_next(
    world: Stage, home: Pipeline, where: str, then: str
) -> None:
    """At each boundary the post is removed once, whether a daemon comes next or another command, at once."""
    case, other = case_of(world, home), case_of(world, home)
    killed(world, ["cases", "confirm", case.label, "--now"], where)
    store = home.deps.store
    assert store.decided.of_case(case.id)[0].state == DecisionState.PERFORMED
    if then == "command":  # which does its own, and does not wait for a daemon that is none
        begun = world.clock.monotonic()
        with typing_at(desk_of(world)):
            told = type_in("cases", "confirm", other.label, "--now")
        assert world.reddit.removals.count(other.post.fullname) == 1, told
        assert world.clock.monotonic() - begun < 5
    with daemon_on(home) as step:
        for _ in range(4):
            step(60)
    assert world.reddit.removals.count(case.post.fullname) == 1
    (remove,) = [row for row in store.actions.of_case(case.id) if row.action.kind == "remove"]
    assert remove.state == ActionState.DONE


def test_two_who_decide_at_the_same_moment(world: Stage, home: Pipeline) -> None:
    """In two processes that have both seen the case open, one decides, and the other is told of it."""
    member(home, "bob")
    case = case_of(world, home)
    meet, told = FORK.Barrier(2), FORK.SimpleQueue()
    words = (["cases", "confirm", case.label, "--remove", "--now"], ["cases", "dismiss", case.label, "--now"])
    people = [
        FORK.Process(target=type_together, args=(places_of(world), [*line, "--by", name], meet, told))
        for line, name in zip(words, ("ann", "bob"), strict=True)
    ]
    for person in people:
        person.start()
    said: list[Said] = [told.get() for _ in people]
    for person in people:
        person.join(60)
    (row,) = home.deps.store.decided.of_case(case.id)
    assert sorted(one.code == 0 for one in said) == [False, True], said
    (refused,) = [one for one in said if one.code]
    assert row.who in refused.lines[-1]
    assert str(row.verb) in refused.lines[-1] or home.deps.store.cases.get(case.label).state in refused.lines[-1]
    removed = [case.post.fullname] if row.verb is Decision.REMOVE else []
    assert (world.reddit.removals, world.reddit.approvals) == (removed, [])


@pytest.mark.slow
def test_a_daemon_in_another_process_performs_what_a_command_decides(tmp_path: Path) -> None:
    """The command has no way to Reddit at all; the daemon does it, and logs in once for both."""
    daemon = subprocess.Popen(
        [sys.executable, "-m", "tests.daemon_process", str(tmp_path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with daemon:
        assert daemon.stdout
        try:
            events = (json.loads(line) for line in daemon.stdout)
            assert any(one["event"] == "action done" and one["kind"] == "remove" for one in events)
            config = Config.model_validate({
                "storage": {"path": tmp_path / "data", "rules": tmp_path / "rules"}, "review": {"take_back_seconds": 1},
                "subreddits": {"clips": {"mode": "enforce"}}, "decode": {"without_filter": True},
            })  # fmt: skip
            with (
                Store(tmp_path / "data" / "gifwarden.db", SystemClock()) as store,
                pytest.MonkeyPatch.context() as patch,
            ):
                (case,) = store.cases.listing()
                patch.setattr(case_commands, "read_config", lambda _path: config)
                told = type_in("cases", "dismiss", case.label, "--by", "ann")
                states = {row.action.kind: row.state for row in store.actions.of_case(case.id)}
            daemon.send_signal(signal.SIGTERM)
            out, err = daemon.communicate(timeout=60)
        finally:
            daemon.kill()
    assert told.code == 0, told
    assert states["remove"] == ActionState.UNDONE, " / ".join(told.lines)
    (left,) = [json.loads(line) for line in out.splitlines() if '"left"' in line]
    assert (left["removals"], left["approvals"], left["logins"]) == (1, 1, 1), err[-500:]
