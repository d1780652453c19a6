"""What is said about installing agrees: versions of Python, bounds and locks, models, recipes."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bot.faces import dlib

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = sorted((ROOT / "requirements").glob("tested-*.txt"))
FIRST, LAST = 11, 15


def required(minor: int) -> list[Requirement]:
    """Return what an installation for work on the code asks for on Python 3.`minor`."""
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    given = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", "extra": ""}
    wanted = [Requirement(line) for line in lines]
    return [one for one in wanted if one.name != PROJECT["name"] and (not one.marker or one.marker.evaluate(given))]


def test_versions_of_python_are_the_same_everywhere() -> None:
    """Metadata, classifiers, workflow, README and pages name the same first and last version."""
    bounds = SpecifierSet(PROJECT["requires-python"])
    versions = [f"3.{minor}" for minor in range(FIRST, LAST + 1)]
    assert [minor for minor in range(5, 30) if f"3.{minor}.0" in bounds] == list(range(FIRST, LAST + 1))
    classified = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: Python ::" in line]
    assert classified == versions
    tested = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    assert tested["jobs"]["test"]["strategy"]["matrix"]["python"] == versions
    for page in ("README.md", "CONTRIBUTING.md", "docs/running.md"):
        assert f"Python {versions[0]} to {versions[-1]}" in (ROOT / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.stem))
def test_bounds_admit_what_was_tested(lock: Path) -> None:
    """Every version in a lock is allowed, and everything that is asked for has one."""
    pinned = dict(line.split("==") for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    versions = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    for one in required(int(lock.stem.rpartition(".")[2])):
        version = versions.get(re.sub(r"[-_.]+", "-", one.name).lower())
        assert version is not None, f"{lock.name} lacks {one.name}; run: just lock"
        assert one.specifier.contains(version), f"{one} does not admit the tested {version}"


def test_there_are_locks() -> None:
    """At least one Python has a list of tested versions, and each holds nothing but names and versions."""
    assert LOCKS
    for lock in LOCKS:
        lines = lock.read_text(encoding="utf-8").splitlines()
        assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+|#.*", line) for line in lines), lock.name


def test_the_wheel_takes_the_models_that_are_looked_for() -> None:
    """The build adds just the files that the face model opens, and knows their checksums."""
    text = (ROOT / "hatch_build.py").read_text(encoding="utf-8")
    sums = dict(re.findall(r'"(\S+\.dat)": "([0-9a-f]{64})"', text))
    assert set(sums) == {dlib.LANDMARKS, dlib.RESNET}
    for name, expected in sums.items():
        assert hashlib.sha256(dlib._weights(name).read_bytes()).hexdigest() == expected


def test_recipes_that_are_named_exist() -> None:
    """Every `just NAME` in a page, a workflow or a script is a recipe of the justfile."""
    recipes = set(
        re.findall(r"^([a-z][\w-]*)(?: \*?\w+)*:", (ROOT / "justfile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    pages = [*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.*"), *ROOT.glob("docs/*.md"), *ROOT.glob("requirements/*.md")]
    named = {
        name
        for page in pages
        for name in re.findall(r"(?:`|run: |^)just ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"check", "test", "lint", "types", "docs", "demo", "picture", "lock"} <= recipes
    assert named <= recipes
    assert "check" in named
