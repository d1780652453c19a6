"""A bot on the loopback world, as most tests need it: the world, the bot, what it knows, and what it logs.

To start a decoding child takes half a second of processor time and more; so bots of these tests borrow theirs, one
after the other, and each file is decoded once. Tests of the children themselves start their own (`children=Workers`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from bot.assemble import Children, Parts, assembled
from bot.cli import base, doctor, gallery, scan
from bot.config import Config, DecodeConfig, GalleryConfig
from bot.loopback.stage import Stage, stage, write_rules
from bot.loopback.stage import bot_on as _bot_on
from bot.model import ActionState, Fingerprint
from bot.nudity import NudityModel
from bot.pipeline import Pipeline, no_boundary
from bot.pipeline.core import Log
from bot.samples import media
from bot.workers import Aside, Budget, Workers
from tests.killing import Silent
from tests.people import member

Found = dict[tuple[bytes, tuple[bytes, ...], bool, bool, bool], Fingerprint]

AT_REST = 3  # pools that wait to be borrowed: a child takes some 150 MB
KEPT = 200  # fingerprints of one kind of children, the newest
_resting: list[tuple[str, Workers]] = []
_found: dict[str, Found] = {}


class Remembering(Workers):
    """Children that decode each file once: most tests post the same few files, and what is in them stays the same.

    What does not decode is read anew each time, and so is whatever has used up its time.
    """

    def __init__(
        self,
        found: Found,
        config: DecodeConfig,
        gallery: GalleryConfig | None = None,
        nudity: NudityModel | None = None,
    ) -> None:
        super().__init__(config, gallery, nudity)
        self._found = found

    def fingerprint(
        self,
        data: bytes,
        also: Sequence[bytes] = (),
        *,
        every_frame: bool = False,
        faces: bool = False,
        nudity: bool = False,
        pace: Aside | Budget | None = None,
    ) -> Fingerprint:
        """Return the fingerprint of one file, as real children make it."""
        budget = pace.budget if isinstance(pace, Aside) else pace
        asked = (data, tuple(also), every_frame, faces, nudity)
        known = self._found.get(asked)
        if known is not None and not self.stopped and (budget is None or budget.left > 0):
            return known
        made = super().fingerprint(data, also, every_frame=every_frame, faces=faces, nudity=nudity, pace=pace)
        self._found[asked] = made
        while len(self._found) > KEPT:
            self._found.pop(next(iter(self._found)), None)
        return made


def remembering(config: DecodeConfig) -> Children:
    """Return children for another process, which know what those of this one with these settings have decoded."""
    return partial(Remembering, dict(_found.get(repr((config, None, None)), {})))


@contextmanager
def lent(
    config: DecodeConfig, gallery: GalleryConfig | None = None, nudity: NudityModel | None = None
) -> Iterator[Workers]:
    """Yield running children with exactly these settings; they serve the next who asks for the same."""
    if nudity is not None:  # its files come and go with a test's folder
        with Workers(config, gallery, nudity) as own:
            yield own
        return
    settings = repr((config, gallery, Path.cwd() if gallery else None))
    workers = next((pool for its, pool in _resting if its == settings), None)
    if workers is None:
        workers = Remembering(_found.setdefault(settings, {}), config, gallery)
    else:
        _resting.remove((settings, workers))
    try:
        yield workers
    finally:
        if workers.stopped:
            workers.close()
        else:
            _resting.append((settings, workers))
        while len(_resting) > AT_REST:
            _resting.pop(0)[1].close()


def dismiss() -> None:
    """End all children that wait to be borrowed."""
    while _resting:
        _resting.pop()[1].close()


@contextmanager
def bot_on(
    stage: Stage, log: Log, boundary: Callable[[str], None] = no_boundary, *, children: Children = lent
) -> Iterator[Pipeline]:
    """Yield a bot on that world, with borrowed children."""
    with _bot_on(stage, log, boundary, children=children) as pipeline:
        yield pipeline


class Listening(Silent):
    """A logger that keeps its warnings."""

    def __init__(self) -> None:
        self.warnings: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **facts: Any) -> None:
        """Keep it."""
        self.warnings.append((event, facts))


@cache
def fake() -> bytes:
    """A small clip that is banked as a known fake."""
    return media.clip(401, seconds=1, width=320, height=180)


@cache
def near_copy() -> bytes:
    """The same clip as a host or a reposter makes it."""
    return media.reencode(fake(), crf=30, width=256, height=144)


@cache
def _printed(data: bytes) -> Fingerprint:
    with lent(DecodeConfig(without_filter=True)) as workers:  # as the stage has it: the media are our own
        return workers.fingerprint(data)


def bank_the_fake(pipeline: Pipeline, data: bytes | None = None) -> str:
    """Put the fake into the bank known-fakes; return the entry's label."""
    banks = pipeline.deps.store.banks
    if not any(bank.name == "known-fakes" for bank in banks.listing()):
        banks.create("known-fakes", "block")
    return banks.add("known-fakes", _printed(data or fake()), by=member(pipeline))[0]


def changed(world: Stage, **sections: object) -> Stage:
    """Return the same world with other settings."""
    config = Config.model_validate({**world.config.model_dump(), **sections})
    return Stage(clock=world.clock, reddit=world.reddit, park=world.park, mail=world.mail, config=config)


def post_fake(world: Stage, subreddit: str = "clips", id: str = "OneTwoThree", data: Callable[[], bytes] = fake) -> str:
    """Post a redgifs link; return the post's fullname."""
    url = world.park.add_redgifs(id, hd=data())
    return world.reddit.submit(subreddit, author="poster", title="look", url=url)


def action_states(pipeline: Pipeline) -> dict[str, ActionState]:
    """Return the state of each kind of action."""
    return {row.action.kind: row.state for row in pipeline.deps.store.actions.listing()}


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The rules of all worlds, read once. A test that changes any has its own, or its file overrides this."""
    folder = write_rules(tmp_path_factory.mktemp("shared") / "rules")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    yield folder
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before, "a test changed the rules of all"


@pytest.fixture
def world(tmp_path: Path, rules: Path) -> Iterator[Stage]:
    """Loopback Reddit, hosts and mail."""
    with stage(tmp_path, rules=rules) as built:
        yield built


@pytest.fixture
def log() -> Listening:
    """A logger that keeps its warnings."""
    return Listening()


@pytest.fixture
def known() -> Sequence[bytes]:
    """What the bank known-fakes holds from the start; a file of tests may have its own."""
    return (fake(),)


@pytest.fixture
def bot(world: Stage, log: Listening, known: Sequence[bytes]) -> Iterator[Pipeline]:
    """A bot with the trusted bank known-fakes."""
    with bot_on(world, log) as pipeline:
        pipeline.deps.store.banks.create("known-fakes", "block")
        for data in known:
            bank_the_fake(pipeline, data)
        yield pipeline


@pytest.fixture(scope="session", autouse=True)
def borrowed() -> Iterator[None]:
    """Commands of this process borrow children as bots do. No child outlives the tests."""

    def put_together(config: Config, log: Log, *, parts: Parts) -> AbstractContextManager[Pipeline]:
        return assembled(config, log, parts=replace(parts, children=lent))

    with pytest.MonkeyPatch.context() as patch:
        for commands in (base, doctor):
            patch.setattr(commands, "assembled", put_together)
        for commands in (scan, gallery):
            patch.setattr(commands, "Workers", lent)
        yield
    dismiss()
