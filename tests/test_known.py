"""The banks as matching sees them: at once, in every process, whatever became of the search index's file."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.assemble import DATABASE, Parts, assembled
from bot.clock import SystemClock
from bot.config import BanksConfig, Config, StorageConfig
from bot.index.snapshot import MAGIC
from bot.model import Fingerprint, Signal
from bot.pipeline import Pipeline
from bot.store import Store
from tests.bots import lent
from tests.people import member

FEW = 50  # rows from which a file is made here


class Heard:
    """A logger that keeps what happened."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def info(self, event: str, **facts: Any) -> None:
        """Keep it."""
        self.events.append(event)

    def warning(self, event: str, **facts: Any) -> None:
        """Keep it."""
        self.events.append(event)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a file of few rows already."""
    for module in ("bot.pipeline.scanning.search_index", "bot.index.live"):
        monkeypatch.setattr(f"{module}.LEAST", FEW)


def settings(tmp_path: Path, **banks: Any) -> Config:
    """Return a configuration whose data lie in a folder of the test."""
    return Config(storage=StorageConfig(path=tmp_path / "data"), banks=BanksConfig(**banks))


@contextlib.contextmanager
def opened(config: Config, log: Heard | None = None, *, memory: bool = False) -> Iterator[Pipeline]:
    """Open a bot without Reddit, as a command does."""
    parts = Parts(rules=False, reddit=False, memory=memory, children=lent)
    with assembled(config, log or Heard(), parts=parts) as pipeline:
        if "list" not in {bank.name for bank in pipeline.deps.store.banks.listing()}:
            pipeline.deps.store.banks.create("list", "block")
        yield pipeline


def value(number: int) -> bytes:
    """Return a hash of its own for each number."""
    return random.Random(number).randbytes(32)


def add(store: Store, number: int, quality: int = 90) -> str:
    """Bank a picture; return its entry."""
    signal = Signal(type="pdq", value=value(number), quality=quality, t=0.0)
    digest = f"{number:064x}"
    found = Fingerprint(
        kind="image",
        format="png",
        sha256=digest,
        md5=digest[:32],
        width=1,
        height=1,
        duration=None,
        frames=1,
        signals=(signal,),
    )
    return store.banks.add("list", found, by=member(store))[0]


def knows(pipeline: Pipeline, number: int) -> bool:
    """Tell whether a hash is found."""
    (found,) = pipeline.scanner.library().lookup([value(number)])
    return [distance for _, _, distance in found] == [0]


def file_of(config: Config) -> Path:
    """Return where the index is."""
    return config.storage.path / "index" / "pdq"


@pytest.mark.parametrize("already", [0, 10, 3 * FEW], ids=["empty", "small", "large"])
def test_what_is_added_and_withdrawn_counts_at_once(tmp_path: Path, already: int) -> None:
    """The next search finds a new entry, not a withdrawn one, and a restored one again; a file or not."""
    config = settings(tmp_path)
    with opened(config) as pipeline:
        store = pipeline.deps.store
        labels = [add(store, number) for number in range(already)]
        assert all(knows(pipeline, number) for number in range(already))
        assert file_of(config).exists() == (already > FEW)
        new = add(store, 1000)
        assert knows(pipeline, 1000)
        for label, number in ((new, 1000), *zip(labels[:1], (0,), strict=False)):
            store.banks.withdraw(label)
            assert not knows(pipeline, number)
            store.banks.restore(label)
            assert knows(pipeline, number)


def test_another_process_sees_it_too(tmp_path: Path) -> None:
    """What is written through another connection is found by one that has searched already."""
    config = settings(tmp_path)
    with opened(config) as pipeline, Store(config.storage.path / DATABASE, SystemClock()) as other:
        assert not knows(pipeline, 7)
        label = add(other, 7)
        assert knows(pipeline, 7)
        other.banks.withdraw(label)
        assert not knows(pipeline, 7)


def test_the_next_start_opens_the_file_and_what_came_since(tmp_path: Path) -> None:
    """A start reads the file instead of the banks, and the few changes behind it."""
    config, log = settings(tmp_path), Heard()
    with opened(config) as pipeline:
        labels = [add(pipeline.deps.store, number) for number in range(2 * FEW)]
        assert knows(pipeline, 0)
    with Store(config.storage.path / DATABASE, SystemClock()) as other:
        other.banks.withdraw(labels[1])
        add(other, 1000)
    with opened(config, log) as pipeline:
        assert [knows(pipeline, number) for number in (0, 1, 1000)] == [True, False, True]
        assert log.events == []


def _remove(config: Config) -> None:
    shutil.rmtree(config.storage.path / "index")


def _damage(config: Config) -> None:
    data = bytearray(file_of(config).read_bytes())
    data[8 * 4096] ^= 1
    file_of(config).write_bytes(data)


def _cut(config: Config) -> None:
    file_of(config).write_bytes(file_of(config).read_bytes()[:9000])


def _of_another_database(config: Config) -> None:
    elsewhere = Config(storage=StorageConfig(path=config.storage.path / "elsewhere"))
    with opened(elsewhere) as pipeline:
        for number in range(2 * FEW):
            add(pipeline.deps.store, 5000 + number)
        assert knows(pipeline, 5000)
    shutil.copy(file_of(elsewhere), file_of(config))


def _zeros(config: Config) -> None:
    file_of(config).write_bytes(MAGIC + bytes(100_000))


def _header(config: Config, text: bytes) -> None:
    file_of(config).write_bytes(
        MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text + bytes(9000)
    )


def _a_list(config: Config) -> None:
    _header(config, b"[1]")


def _deep(config: Config) -> None:
    _header(config, b"[" * 30_000)


def _null(config: Config) -> None:
    _header(config, b'{"size": null, "sections": {}, "layout": []}')


def _folder_in_its_place(config: Config) -> None:
    file_of(config).unlink()
    (file_of(config) / "inside").mkdir(parents=True)


def _pipe_in_its_place(config: Config) -> None:
    file_of(config).unlink()
    os.mkfifo(file_of(config))


def _link_in_its_place(config: Config) -> None:
    file_of(config).rename(config.storage.path / "moved")
    file_of(config).symlink_to(config.storage.path / "moved")


def _link_to_nothing(config: Config) -> None:
    file_of(config).unlink()
    file_of(config).symlink_to(config.storage.path / "nothing")


def _writable_by_others(config: Config) -> None:
    file_of(config).chmod(0o666)


def _file_in_the_folders_place(config: Config) -> None:
    _remove(config)
    (config.storage.path / "index").write_bytes(b"x")


def _folder_as_lock(config: Config) -> None:
    _damage(config)
    (config.storage.path / "index" / "lock").unlink()
    (config.storage.path / "index" / "lock").mkdir()
    (config.storage.path / "index" / "x.new").mkdir()


HARMS = (
    _remove, _damage, _cut, _of_another_database, _zeros, _a_list, _deep, _null, _folder_in_its_place,
    _pipe_in_its_place, _link_in_its_place, _link_to_nothing, _writable_by_others, _file_in_the_folders_place,
    _folder_as_lock,
)  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_a_file_that_does_not_fit_is_built_again(tmp_path: Path, harm: Any) -> None:
    """Gone, damaged, cut, another's or no file at all: nothing is missed, nothing strange is found."""
    config, log = settings(tmp_path), Heard()
    with opened(config) as pipeline:
        for number in range(2 * FEW):
            add(pipeline.deps.store, number)
        assert knows(pipeline, 0)
    harm(config)
    with opened(config, log) as pipeline:
        assert all(knows(pipeline, number) for number in range(2 * FEW))
        assert not knows(pipeline, 5000)
        assert "building the search index" in log.events
    with opened(config, quiet := Heard()) as pipeline:
        assert knows(pipeline, 0)
        assert quiet.events == []
    assert file_of(config).stat().st_mode & 0o777 == 0o600
    assert file_of(config).parent.stat().st_mode & 0o777 == 0o700


def test_another_gate_builds_another_file(tmp_path: Path) -> None:
    """banks.min_quality decides what may match; a file made under another is not used."""
    with opened(settings(tmp_path)) as pipeline:
        for number in range(2 * FEW):
            add(pipeline.deps.store, number, quality=60 if number else 55)
        assert knows(pipeline, 0)
    with opened(settings(tmp_path, min_quality=56)) as pipeline:
        assert [knows(pipeline, number) for number in (0, 1)] == [False, True]
    with opened(settings(tmp_path)) as pipeline:
        assert knows(pipeline, 0)


def test_a_restored_database_does_not_meet_the_file_of_its_future(tmp_path: Path) -> None:
    """A backup that is put back and then added to has the same counts as the file, and other entries."""
    config = settings(tmp_path)
    with opened(config) as pipeline:
        for number in range(2 * FEW):
            add(pipeline.deps.store, number)
        pipeline.deps.store.maintenance.truncate_log()
        backup = (config.storage.path / DATABASE).read_bytes()
        for number in range(3000, 3010):
            add(pipeline.deps.store, number)
        assert knows(pipeline, 3000)
    for left in config.storage.path.glob(f"{DATABASE}-*"):
        left.unlink()
    (config.storage.path / DATABASE).write_bytes(backup)
    with opened(config) as pipeline:
        for number in range(4000, 4010):
            add(pipeline.deps.store, number)
        assert [knows(pipeline, number) for number in (0, 3000, 4000, 4009)] == [True, False, True, True]


def test_it_is_built_again_in_the_background(tmp_path: Path) -> None:
    """When much has changed a new file is made beside the searches, and taken when it is ready."""
    config = settings(tmp_path)
    with opened(config) as pipeline:
        store = pipeline.deps.store
        for number in range(2 * FEW):
            add(store, number)
        assert knows(pipeline, 0)
        before = file_of(config).stat().st_ino
        labels = [add(store, 1000 + number) for number in range(2 * FEW)]
        assert knows(pipeline, 1000)
        for builder in [thread for thread in threading.enumerate() if thread.name.startswith("index")]:
            builder.join(60)
        assert file_of(config).stat().st_ino != before
        store.banks.withdraw(labels[3])
        assert [knows(pipeline, number) for number in (0, 1000, 1003)] == [True, True, False]


def test_a_store_in_memory_leaves_no_file(tmp_path: Path) -> None:
    """Scanning without a database searches too, and writes nothing."""
    config = settings(tmp_path)
    with opened(config, memory=True) as pipeline:
        for number in range(2 * FEW):
            add(pipeline.deps.store, number)
        assert knows(pipeline, 0)
        for number in range(1000, 1000 + 2 * FEW):
            add(pipeline.deps.store, number)
        assert all(knows(pipeline, number) for number in (0, 1000))
    assert not config.storage.path.exists()


def test_a_folder_that_cannot_be_written_stops_no_search(tmp_path: Path) -> None:
    """A full or read-only disk: the index stays in memory, and that is said."""
    config, log = settings(tmp_path), Heard()
    with opened(config, log) as pipeline:
        file_of(config).parent.symlink_to("/proc")  # a folder in which nobody can make a file
        for number in range(2 * FEW):
            add(pipeline.deps.store, number)
        assert all(knows(pipeline, number) for number in range(2 * FEW))
        assert "search index stays in memory" in log.events
