"""The documentation agrees with the program: settings, states, tables, links."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from pydantic import SecretStr

from bot import config
from bot.clock import SystemClock
from bot.model import ActionState, BankKind, CaseState, Ground, LinkState, Mode, NoticeState
from bot.reddit import USER_AGENT
from bot.store.base import Connection

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config.example.toml"
SETTING = re.compile(r"#?([a-z_]+) = \S")
HEADER = re.compile(r"#?\[([a-z_]+)(?:\.([a-z_]+))?\]")
NAMED = {"subreddits", "hosts", "exchanges"}  # their sections carry a name of the operator's choice

# Keys without a default in TOML, or whose default would show nothing: the example shows these values.
SHOWN: dict[str, Any] = {
    "hosts.redgifs.interval_seconds": 2.0,
    "hosts.redgifs.report_email": "support@redgifs.com",
    "exchanges.example.folder": Path("lists"),
    "hosts.bunkr.mirrors": ("bunkr.example",),
    "hosts.direct.allow": ("media.example.org",),
    "hosts.mastodon.allow": ("social.example.org", "files.example.net"),
    "hosts.page.allow": ("videos.example.org",),
    "storage.key_file": Path("secrets/key"),
    "workers.certificates": Path("certificates"),
    "gallery.detector": Path("models/detector.onnx"),
    "gallery.embedder": Path("models/embedder.onnx"),
}


def markdown() -> list[Path]:
    """Every Markdown file of the repository."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def example_keys() -> Iterator[tuple[str, str, str]]:
    """Yield (line above, section, key) of every setting in the example, switched on or off."""
    section, above = "", ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := HEADER.fullmatch(line):
            section = ".".join(part for part in header.groups() if part)
        elif setting := SETTING.match(line):
            yield above, section, setting[1]
        above = line


def uncommented() -> str:
    """Return the example with every setting and section switched on."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(
        line.removeprefix("#") if SETTING.match(line) or HEADER.fullmatch(line) else line for line in lines
    )


def loaded(path: Path) -> config.Config:
    """Return what `bot.config.load` makes of the switched-on example, written to `path`."""
    path.write_text(uncommented(), encoding="utf-8")
    path.chmod(0o600)
    return config.load(path, {})


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return a configuration as dotted keys, each with its value."""
    if isinstance(value, config.Section):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if not isinstance(value, dict):
        return {prefix.removesuffix("."): value}
    return {k: v for name, inner in value.items() for k, v in flat(inner, f"{prefix}{name}.").items()}


def commands() -> set[str]:
    """Return the full names of all commands."""
    from bot.cli import app  # here, so that the pages are checked even while the command line does not load

    def walk(command: Any, prefix: str) -> Iterator[str]:
        for name, inner in command.commands.items():
            if hasattr(inner, "commands"):
                if inner.invoke_without_command:
                    yield f"{prefix}{name}"
                yield from walk(inner, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}"

    return set(walk(typer.main.get_command(app), ""))


def model_of(section: str) -> type[config.Section]:
    """Return the model of a section of the configuration."""
    info = config.Config.model_fields[section]
    model = (
        config.SubredditConfig
        if section == "subreddits"
        else config.HostConfig
        if section == "hosts"
        else config.ExchangeConfig
        if section == "exchanges"
        else info.annotation
    )
    assert isinstance(model, type)
    assert issubclass(model, config.Section)
    return model


def in_toml(default: Any) -> Any:
    """Return a default as TOML would read it back."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, Path):
        return str(default)
    return list(default) if isinstance(default, tuple) else default


def anchors(path: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    """Return Markdown without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def section_of(text: str, heading: str) -> str:
    """Return what stands under a second-level heading."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"there is no heading {heading}"
    return found[1]


def test_example_has_every_key_and_no_stranger() -> None:
    """The example configuration holds each key of each section, and none that does not exist."""
    shown: dict[str, set[str]] = {}
    for _, section, key in example_keys():
        shown.setdefault(section.split(".")[0], set()).add(key)
    assert shown == {section: set(keys) for section, keys in config.keys().items()}


def test_example_explains_every_key() -> None:
    """Above each key of the example stands a comment in words."""
    for above, section, key in example_keys():
        assert re.match(r"# \w", above), f"{section}.{key} has no explanation above it"


def test_example_as_shipped_is_the_defaults() -> None:
    """The example as it is shipped loads, and changes no default."""
    shipped, none = flat(config.load(EXAMPLE, {})), flat(config.load(None, {}))
    for key in ("storage.path", "storage.rules", "storage.notices"):
        assert shipped.pop(key) == ROOT / none.pop(key)
    assert shipped == none


def test_example_switched_on_has_the_defaults_or_the_shown_values(tmp_path: Path) -> None:
    """With every line of the example switched on, each key has its default or the value shown for it."""
    got = flat(loaded(tmp_path / "config.toml"))
    want = flat(
        config.Config(
            subreddits={"example": config.SubredditConfig()},
            hosts=dict.fromkeys(("redgifs", "bunkr", "gofile", "direct", "mastodon", "page"), config.HostConfig()),
            exchanges={"example": config.ExchangeConfig()},
        )
    )
    want.update(SHOWN)
    for key in (
        "storage.path",
        "storage.rules",
        "storage.notices",
        "storage.key_file",
        "gallery.detector",
        "gallery.embedder",
        "workers.certificates",
        "exchanges.example.folder",
    ):
        want[key] = tmp_path / want[key]
    assert got == want


def test_example_holds_no_secret(tmp_path: Path) -> None:
    """Every secret of the example is empty, and the line above names the variable that takes it."""
    got = flat(loaded(tmp_path / "config.toml"))
    secrets = {key: value.get_secret_value() for key, value in got.items() if isinstance(value, SecretStr)}
    hosts = [key for key in secrets if re.fullmatch(r"hosts\.\w+\.account_token", key)]
    assert "hosts.gofile.account_token" in hosts
    exchange = [f"exchanges.example.{key}" for key in ("key", "fetch_key", "feedback_key")]
    assert secrets == dict.fromkeys(
        (
            "reddit.client_secret",
            "reddit.password",
            "reddit.refresh_token",
            "mail.password",
            "inbox.password",
            *exchange,
            *hosts,
        ),
        "",
    )
    for above, section, key in example_keys():
        if f"{section}.{key}" in secrets:
            assert f"GIFWARDEN_{section.replace('.', '__')}__{key}".upper() in above


def test_reference_names_every_key_with_its_default() -> None:
    """docs/configuration.md has a row for each key, with the default that the program uses, and no other row."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for section, keys in config.keys().items():
        heading = f"`[{section}.NAME]`" if section in NAMED else f"`[{section}]`"
        rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section_of(text, heading), re.MULTILINE))
        assert set(rows) == set(keys), f"the rows of {section} are not its keys"
        for key, said in rows.items():
            default = in_toml(model_of(section).model_fields[key].default)
            shown = None if said == "not set" else tomllib.loads(f"x = {said.strip('`')}")["x"]
            assert shown == default, f"{section}.{key}: the page says {said}"


def test_concepts_name_every_state_and_kind() -> None:
    """docs/concepts.md names every state of links, cases, actions and notices, every bank kind, and every mode."""
    text = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
    words = [state.value for states in (LinkState, CaseState, ActionState, NoticeState) for state in states]
    words += [*get_args(BankKind), *get_args(Mode)]
    assert [word for word in words if f"`{word}`" not in text] == []
    grounds = text.split("states a *ground*")[1].split(")")[0]
    assert grounds.count(",") + 1 == len(get_args(Ground)), "one phrase for each ground"


def test_retention_names_every_table_and_field() -> None:
    """docs/retention.md has a part for each table of the database, with a row for each field and none that is gone."""
    text = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
    store = Connection(None, SystemClock())
    try:
        tables = [table for table in store.db.table_names() if not table.startswith(("_", "sqlite_"))]  # not ours
        for table in tables:
            cells = re.findall(r"^\| (`.+?`) \|", section_of(text, f"`{table}`"), re.MULTILINE)
            fields = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
            assert sorted(fields) == sorted(store.db.table(table).columns_dict), f"{table}: rows and fields differ"
        assert sorted(tables) == sorted(re.findall(r"^## `(\w+)`$", text, re.MULTILINE))
    finally:
        store.close()


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(path: Path) -> None:
    """Each relative link of a Markdown file leads to a file of the repository, and its anchor to a heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        assert not name.startswith("/"), f"{target} is not relative"
        file = (path.parent / name).resolve() if name else path
        assert file.is_file(), f"{target} leads nowhere"
        assert file.is_relative_to(ROOT), f"{target} leads out of the repository"
        assert not anchor or anchor in anchors(file), f"{target} has no such heading"


@pytest.mark.parametrize("path", [*markdown(), EXAMPLE], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_path_of_somebodys_machine(path: Path) -> None:
    """No documentation names a home folder, a working folder or a temporary one."""
    found = re.findall(r"(?<![\w.\]/])/(?:home|Users|root|work|mnt|tmp)/\w\S*", path.read_text(encoding="utf-8"))
    assert found == []


def test_index_lists_every_page() -> None:
    """docs/README.md links to every page beside it."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in index} == set()


def test_the_site_has_the_order_of_the_index() -> None:
    """The navigation of the site lists the pages as docs/README.md does, the first evening first; so does README."""
    indexed = re.findall(
        r"^\| \[([\w-]+\.md)\]", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    site = re.findall(r"^      - ([a-z][\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert indexed == site
    assert indexed[0] == "first-evening.md"
    links = re.findall(r"\]\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links[0] == "first-evening.md"


def test_changelog_has_the_version() -> None:
    """CHANGELOG.md has a heading for the version that pyproject.toml gives."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)}\b", changelog, re.MULTILINE)


def test_user_agent_is_the_one_that_is_sent() -> None:
    """docs/reddit-access.md shows the User-Agent that the bot sends, and the request text names it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (ROOT / "docs" / "reddit-access.md").read_text(encoding="utf-8")
    assert f"\n{USER_AGENT.format(version=version, contact='CONTACT')}\n" in text
    assert f"`{USER_AGENT.format(version='VERSION', contact='MODERATOR')}`" in text


def test_named_commands_exist() -> None:
    """Every `gifwarden …` in code of a Markdown file or the example begins with a command that there is."""
    there = commands()
    groups = {name.rpartition(" ")[0] for name in there if " " in name}
    for path in [*markdown(), EXAMPLE]:
        for words in re.findall(
            r"(?:`|^ *|/bin/)gifwarden ((?:[a-z]+(?:-[a-z]+)* ?)+)", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            said = " ".join(words.split()[: 2 if words.split()[0] in groups else 1])
            assert said in there | groups, f"{path.name} names gifwarden {said}, which does not exist"


def test_changelog_names_every_command() -> None:
    """CHANGELOG.md lists each command in code, groups as `group one|two`."""
    bullet = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("- Commands: ")[1].split("\n- ")[0]
    listed = set()
    for code in re.findall(r"`([^`]+)`", bullet):
        *group, names = re.sub(r"\[.*?\]", "", " ".join(code.split())).split()
        listed |= {" ".join((*group, name)) for name in names.split("|")}
    assert listed == commands()
