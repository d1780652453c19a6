"""What doctor says of broken installations: one sentence that says what to do, whatever is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.loopback.reddit.server import RedditServer
from tests.broken import copied, prepare
from tests.broken_doc import TARGET, asked, finding, fixed, row
from tests.broken_table import BROKEN, Broken
from tests.doctored import Doctor, can_mount
from tests.slow import slow

Clinic = tuple[Doctor, Path, RedditServer]
ROOT = Path(__file__).parent.parent
WITHOUT = """
import importlib.abc, sys
missing = sys.argv.pop(1)
class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
sys.meta_path.insert(0, Gone())
from bot.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A doctor, a sound installation and a Reddit."""
    folder = tmp_path_factory.mktemp("clinic")
    with RedditServer() as reddit, Doctor(folder) as doctor:
        prepare(folder / "sound", reddit)
        yield doctor, folder / "sound", reddit


@pytest.mark.parametrize("broken", [pytest.param(one, id=one.name, marks=() if one.quick else slow) for one in BROKEN])
def test_doctor_says_one_sentence(clinic: Clinic, tmp_path: Path, broken: Broken) -> None:
    """What is broken is told once, with what to do, as docs/doctor.md has it; it never hangs and never stumbles."""
    doctor, sound, reddit = clinic
    if broken.needs == "mounts" and not can_mount():
        pytest.skip("file systems can be mounted by the superuser only")
    if broken.needs == "root" and os.geteuid():
        pytest.skip("files can be given away by the superuser only")
    with copied(sound, tmp_path / "here", reddit) as place:
        told = doctor.examine(asked(place, broken))
        assert "Traceback" not in told.err
        assert told.err == ""
        said = finding(told, broken)
        assert said is not None, told.findings
        assert "\n" not in said
        failed = [one for one in told.findings if one[0] == "fail"]
        assert told.code == (1 if failed else 0)
        assert len({subject for _, subject, _ in failed}) <= 1, failed  # a clock may be told wrong by two
        assert not any("bug in gifwarden" in text for _, _, text in told.findings)
        assert row(broken, told.code, fixed(said, place)) in TARGET.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("package", "command"), [("praw", []), ("uvicorn", ["doctor"]), ("dns", ["doctor"])])
@pytest.mark.slow
def test_a_missing_package_is_told_by_the_command(package: str, command: list[str]) -> None:
    """What cannot even be imported is a sentence with exit code 2, at the start or by the command that needs it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, package, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"gifwarden: the package {package} is missing; install gifwarden again")
    assert len(done.stderr.splitlines()) == 1
