"""Issue forms and commit hooks have the shape that GitHub and pre-commit document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
TOP = {"name", "description", "body", "assignees", "labels", "title", "type", "projects"}
ATTRIBUTES = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}


def read(path: Path) -> Any:
    """Return a YAML file as plain data."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def is_text(value: Any) -> bool:
    """Whether a value is text that is not blank, as every text of a form must be."""
    return isinstance(value, str) and bool(value.strip())


def mistakes(form: Any) -> list[str]:
    """Return what GitHub would refuse in an issue form."""
    found = [f"{key} is missing or no text" for key in ("name", "description") if not is_text(form.get(key))]
    found += [f"{key} is no key of a form" for key in set(form) - TOP]
    body = form.get("body")
    if not isinstance(body, list) or not body:
        return [*found, "body is no list"]
    if all(field.get("type") == "markdown" for field in body):
        found.append("nothing in body can be filled in")
    for field in body:
        kind, attributes = field.get("type"), field.get("attributes", {})
        if kind not in ATTRIBUTES:
            found.append(f"{kind} is no type")
            continue
        found += [f"{key} is no attribute of {kind}" for key in set(attributes) - ATTRIBUTES[kind]]
        found += [f"{key} is no key of a field" for key in set(field) - {"type", "id", "attributes", "validations"}]
        needed = "value" if kind == "markdown" else "label"
        if not is_text(attributes.get(needed)):
            found.append(f"{kind} has no {needed}")
        if "id" in field and not re.fullmatch(r"[A-Za-z0-9_-]+", str(field["id"])):
            found.append(f"{field['id']} is no id")
        if not isinstance(field.get("validations", {}).get("required", False), bool):
            found.append("required is neither true nor false")
        options = attributes.get("options", [])
        if kind == "checkboxes" and not (options and all(is_text(option.get("label")) for option in options)):
            found.append("checkboxes have options with a label")
        if kind == "dropdown" and not (options and all(is_text(option) for option in options)):
            found.append("a dropdown has options that are texts")
    for key in ("id", "label"):
        said = [field.get("id") if key == "id" else field.get("attributes", {}).get("label") for field in body]
        there = [one for one in said if one is not None]
        if len(set(there)) != len(there):
            found.append(f"two fields have the same {key}")
    return found


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_each_issue_form_has_the_documented_shape(path: Path) -> None:
    """A form has a name, a description and fields with known types, labels and ids of their own."""
    assert mistakes(read(path)) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"description": "x", "body": [{"type": "input", "attributes": {"label": "a"}}]}, "name is missing or no text"),
        ({"name": "x", "description": True, "body": [{"type": "input", "attributes": {"label": "a"}}]},
         "description is missing or no text"),
        ({"name": "x", "description": "x", "body": []}, "body is no list"),
        ({"name": "x", "description": "x", "body": [{"type": "markdown", "attributes": {"value": "a"}}]},
         "nothing in body can be filled in"),
        ({"name": "x", "description": "x", "body": [{"type": "input", "attributes": {}}]}, "input has no label"),
        ({"name": "x", "description": "x", "body": [{"type": "text", "attributes": {"label": "a"}}]},
         "text is no type"),
        ({"name": "x", "description": "x", "body": [
            {"type": "input", "id": "a", "attributes": {"label": "a"}},
            {"type": "input", "id": "a", "attributes": {"label": "b"}}]}, "two fields have the same id"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_seen(form: dict[str, Any], said: str) -> None:
    """What GitHub documents as an error of a form is one here too."""
    assert mistakes(form) == [said]


def test_the_chooser_has_the_documented_shape() -> None:
    """The issue chooser's file says whether blank issues are allowed, and its links are whole."""
    chooser = read(ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml")
    assert set(chooser) <= {"blank_issues_enabled", "contact_links"}
    assert isinstance(chooser["blank_issues_enabled"], bool)
    for link in chooser.get("contact_links", []):
        assert all(is_text(link.get(key)) for key in ("name", "url", "about"))


def test_the_commit_hooks_have_the_documented_shape() -> None:
    """Each repository of hooks has what pre-commit asks for; a local one has no revision and whole hooks."""
    hooks = read(ROOT / ".pre-commit-config.yaml")
    assert hooks["repos"]
    ids = []
    for repo in hooks["repos"]:
        assert is_text(repo["repo"])
        assert ("rev" in repo) == (repo["repo"] not in ("local", "meta"))
        assert repo["hooks"]
        for hook in repo["hooks"]:
            ids.append(hook["id"])
            for key in ("id", "name", "entry", "language") if repo["repo"] == "local" else ("id",):
                assert is_text(hook[key]), hook
            for pattern in ("files", "exclude"):
                re.compile(hook.get(pattern, ""))
            for types in ("types", "types_or", "args"):
                assert isinstance(hook.get(types, []), list), hook
    assert len(set(ids)) == len(ids)
