"""The house: imports go down the floors, and everything that can be plugged in is shown and explained."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from bot import actions, bundled, channels, config, hosts, rules, signals
from bot.cli import app

ROOT = Path(__file__).parent.parent
BOT = ROOT / "bot"
DOCS = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md")))
README = (ROOT / "README.md").read_text(encoding="utf-8")

FLOORS = {
    0: (
        "model",
        "errors",
        "advice",
        "clock",
        "config",
        "serialization",
        "bundled",
        "confusables",
        "stopping",
        "permalink",
        "plural",
        "text",
        "exchange",
        "tls",
    ),
    1: (
        "store",
        "migrations",
        "fetch",
        "endpoints",
        "signatures",
        "frames",
        "reddit",
        "mail",
        "inbox",
        "dns",
        "letters",
        "index",
        "lists",
        "encryption",
        "seccomp",
        "networks",
        "links",
        "match",
        "copies",
        "motion",
        "rules",
        "notice_texts",
        "systemd",
        "certificates",
        "pace",
    ),
    2: ("hosts", "signals", "faces", "nudity", "actions", "exchanges", "channels"),
    3: ("acquire", "fingerprint", "workers", "contact_sheets", "jobs"),
    4: ("pipeline", "assemble"),
    5: ("__main__", "cli", "schedule", "demo", "web", "bench", "loopback", "samples", "cluster"),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
# Beside one another on purpose: the store runs its migrations, wiring knows the pipeline, a child computes
# fingerprints, a look has a child of its own, a scan job is all of fetching
# and fingerprinting, the command line opens the other doors, the daemon shows its state, the
# demo that is served runs a daemon with a page of its own,
# only the demo and benchmarks use simulators and sample media, and workers are led to simulators too.
SIDEWAYS = {
    ("store", "migrations"),
    ("store", "encryption"),
    ("assemble", "pipeline"),
    ("workers", "fingerprint"),
    ("contact_sheets", "fingerprint"),
    ("contact_sheets", "workers"),
    ("jobs", "acquire"),
    ("jobs", "fingerprint"),
    ("jobs", "workers"),
    ("__main__", "cli"),
    ("cli", "schedule"),
    ("cli", "demo"),
    ("cli", "bench"),
    ("cli", "web"),
    ("cli", "cluster"),
    ("bench", "loopback"),
    ("bench", "samples"),
    ("bench", "schedule"),
    ("bench", "cluster"),
    ("loopback", "cluster"),
    ("demo", "loopback"),
    ("demo", "samples"),
    ("demo", "schedule"),
    ("demo", "web"),
    ("schedule", "web"),
}
GROUND_ORDER = (
    "text",
    "errors",
    "advice",
    "clock",
    "model",
    "serialization",
    "config",
    "bundled",
    "confusables",
    "stopping",
    "permalink",
    "plural",
    "exchange",
    "tls",
)


HOLDS = (ast.stmt, ast.excepthandler, ast.match_case)  # what statements stand in


def room_of(module: str) -> str:
    """Return the room of `bot.room.file`."""
    return module.split(".")[1]


@cache
def tree(file: Path) -> ast.Module:
    """Return a file as Python reads it."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def import_lines(file: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return what a file imports, wherever it does. Expressions hold no import, so that they are passed over."""
    found: list[ast.Import | ast.ImportFrom] = []
    rest: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while rest:
        for node in ast.iter_child_nodes(rest.pop()):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(node)
            elif isinstance(node, HOLDS):
                rest.append(node)
    return tuple(found)


@cache
def packages() -> frozenset[tuple[str, str]]:
    """Return (room, package) of everything that is imported anywhere."""
    found = set()
    for file in BOT.rglob("*.py"):
        room = file.relative_to(BOT).parts[0].removesuffix(".py")
        for node in import_lines(file):
            if isinstance(node, ast.Import):
                found |= {(room, alias.name.split(".")[0]) for alias in node.names}
            else:
                found.add((room, (node.module or "").split(".")[0]))
    return frozenset(found)


@cache
def imports() -> tuple[tuple[str, str, str], ...]:
    """Return (file, its room, imported room) of every import inside the package."""
    return tuple(_imports())


def _imports() -> Iterator[tuple[str, str, str]]:
    for file in sorted(BOT.rglob("*.py")):
        where = file.relative_to(BOT)
        room = where.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for node in import_lines(file):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                assert node.level == 0, f"{where} imports relatively"
                names = (
                    [f"{node.module}.{alias.name}" for alias in node.names]
                    if node.module == "bot"
                    else [node.module or ""]
                )
            for name in names:
                if (
                    name.startswith("bot.")
                    and (BOT / room_of(name)).with_suffix(".py").exists() | (BOT / room_of(name)).is_dir()
                ):
                    yield str(where), room, room_of(name)


def test_every_room_is_on_a_floor() -> None:
    """A new module says where it lives."""
    rooms = {file.relative_to(BOT).parts[0].removesuffix(".py") for file in BOT.rglob("*.py")} - {"__init__"}
    assert rooms == set(FLOOR)


def test_imports_only_go_down() -> None:
    """No room imports from its own floor or from above, but for the pairs that are named with their reason."""
    wrong = [
        f"{where} imports {imported}"
        for where, room, imported in imports()
        if room != imported
        and (room, imported) not in SIDEWAYS
        and not (FLOOR[room] > FLOOR[imported])
        and not (FLOOR[room] == FLOOR[imported] == 0 and GROUND_ORDER.index(room) > GROUND_ORDER.index(imported))
    ]
    assert wrong == []


STORIES = {
    "core": 0,
    "log": 0,
    "permissions": 0,
    "recovery": 0,
    "rulebook": 0,
    "acting": 1,
    "scanning": 2,
    "watching": 2,
    "following": 3,
    "judging": 3,
    "keeping": 3,
    "reviewing": 4,
    "looking": 5,
    "helping": 5,
    "commands": 5,
    "__init__": 6,
}


def test_the_stories_of_the_pipeline_go_one_way() -> None:
    """Inside the pipeline a story calls only those below it, so that each can be read without the ones above."""
    wrong = []
    for file in sorted((BOT / "pipeline").rglob("*.py")):
        story = file.relative_to(BOT / "pipeline").parts[0].removesuffix(".py")
        for node in import_lines(file):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("bot.pipeline"):
                continue
            parts = (node.module or "").split(".")
            other = parts[2] if len(parts) > 2 else "__init__"
            if other != story and not STORIES[story] > STORIES[other] and (STORIES[story] or STORIES[other]):
                wrong.append(f"{file.relative_to(BOT)} imports {node.module}")
    assert wrong == []


# What a step of the pipeline reads of `Deps`, by its own names for some of it.
READ_AS = {"api": "reddit", "rules_for": "rulebook", "stop_file": "config"}


def test_a_step_takes_no_more_than_it_needs() -> None:
    """What is handed everything uses six things of it at least, by itself; any other step is handed what it needs."""
    wide, narrow = {}, 0
    for file in sorted((BOT / "pipeline").rglob("*.py")):
        for made in (node for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef)):
            begin = next(
                (one for one in made.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None
            )
            if begin is None or made.name == "Pipeline":  # which hands out what it is handed
                continue
            if not any(one.annotation and ast.unparse(one.annotation) == "Deps" for one in begin.args.args):
                narrow += 1
                continue
            read = re.findall(r"(?:self\._d|\bdeps)\.(\w+)", ast.unparse(made))
            wide[made.name] = len({READ_AS.get(name, name) for name in read})
    assert {name: number for name, number in wide.items() if number < 6} == {}
    assert wide
    assert narrow > 20


def test_a_room_has_few_doors() -> None:
    """What stands beside the stories of the pipeline is little enough to be read at once."""
    beside = {entry.stem for entry in (BOT / "pipeline").iterdir() if entry.suffix == ".py"}
    assert len(beside) <= 8
    assert beside | {entry.name for entry in (BOT / "pipeline").iterdir() if entry.is_dir()} - {"__pycache__"} == set(
        STORIES
    )


def test_every_named_exception_is_used() -> None:
    """An exception that nobody needs any more is taken away."""
    used = {(room, imported) for _, room, imported in imports()}
    assert used >= SIDEWAYS


@pytest.mark.parametrize(
    ("package", "owner"),
    [
        ("praw", "reddit"),
        ("prawcore", "reddit"),
        ("httpx", "fetch endpoints tls"),
        ("httpcore", "fetch endpoints"),
        ("sqlite_utils", "store migrations"),
        ("sqlite3", "store migrations"),
        ("smtplib", "mail"),
        ("dns", "dns"),
        ("imaplib", "inbox"),
        ("imap_tools", "inbox"),
        ("av", "frames"),
        ("cryptography", "encryption signatures certificates"),
        ("yaml", "rules"),
        ("apscheduler", "schedule"),
        ("tomllib", "config channels"),
        ("imagehash", "signals"),
        ("prometheus_client", "web"),
        ("starlette", "web"),
        ("uvicorn", "web"),
        ("jinja2", "web notice_texts"),
        ("dlib", "faces"),
        ("onnxruntime", "networks"),
        ("distributed", "cluster"),
        ("dask", "cluster"),
    ],
)
def test_each_outside_thing_has_one_owner(package: str, owner: str) -> None:
    """A library that reaches outside is imported in one room only; the demo makes its own media and servers."""
    users = {room for room, imported in packages() if imported == package}
    assert users - {"demo", "loopback", "samples"} <= set(owner.split())


def test_only_ground_reads_the_environment() -> None:
    """Settings come from the configuration, so that nothing else can lead the bot elsewhere."""
    readers = [
        str(file.relative_to(BOT))
        for file in BOT.rglob("*.py")
        if re.search(r"os\.environ|os\.getenv", file.read_text(encoding="utf-8"))
    ]
    width = "cli/screen.py"  # COLUMNS, how wide a line is
    assert [reader for reader in readers if reader not in ("config/reading.py", "workers.py", width)] == []


def test_only_the_clock_writes_dates() -> None:
    """How a day and a moment are written stands in one file; SQL that moves a stored moment has its own word for it."""
    writers = {
        str(file.relative_to(BOT)): file.read_text(encoding="utf-8").count("%Y-%m-%d") for file in BOT.rglob("*.py")
    }
    assert {file: count for file, count in writers.items() if count} == {"clock.py": 3, "store/waits.py": 1}


def test_nothing_in_production_names_loopback_as_reddit() -> None:
    """The seams for loopback are arguments: no configuration key carries an address of Reddit or of the network."""
    names = {key for section in config.keys().values() for key in section}
    assert not names & {"reddit_url", "oauth_url", "resolve", "dial", "allow_private", "allow_loopback"}


def test_every_host_has_examples_and_a_contact() -> None:
    """A host without example links or without a word on reporting to it is not finished."""
    allowing = hosts.finder(config.Config.model_validate({"hosts": {"page": {"allow": ["videos.example.org"]}}}))
    for plug in hosts.HOSTS:
        assert plug.examples, plug.name
        for example in plug.examples:
            ref = allowing(example.url)
            assert ref is not None, example.url
            assert (ref.host, ref.id, ref.kind) == (plug.name, example.id, example.kind), example.url
        contact = channels.contact(plug.name)
        assert contact.email is None or contact.verified_on is not None, f"{plug.name}: an address that nobody verified"
        assert plug.name in DOCS


def test_every_signal_has_examples_and_documentation() -> None:
    """A signal shows what it gives for known pictures."""
    for plug in signals.SIGNALS:
        assert plug.examples, plug.name
        assert plug.name.lower() in DOCS.lower()


def test_every_action_has_help_an_example_and_documentation() -> None:
    """An action says what it does and is shown once."""
    for plug in actions.ACTIONS:
        assert plug.help.endswith("."), plug.kind
        assert plug.example.kind == plug.kind
        assert plug.kind in DOCS


def test_every_rule_key_is_documented_and_used() -> None:
    """A key of the rule language stands in the documentation with an example."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for key, help_text in rules.KEYS.items():
        assert help_text, key
        assert f"`{key}" in text, key


def test_every_config_key_is_in_the_example() -> None:
    """The example configuration explains every key."""
    text = bundled.example_config().read_text(encoding="utf-8")
    for section, names in config.keys().items():
        for key, description in names.items():
            assert description, f"{section}.{key}"
            assert re.search(rf"^#? ?{key} *=", text, re.MULTILINE), f"{section}.{key}"


def commands(group: typer.core.TyperGroup, path: str = "gifwarden") -> Iterator[tuple[str, object]]:
    """Yield every command with its full name."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            if command.invoke_without_command:
                yield f"{path} {name}", command
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_command_has_help_and_documentation() -> None:
    """Each command says what it does, each of its options too, and docs/commands.md shows it."""
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name, command in commands(group):
        assert command.help, name  # type: ignore[attr-defined]  # click's classes are not exported by typer
        assert f"`{name}" in text, name
        for option in command.params:  # type: ignore[attr-defined]  # click's classes are not exported by typer
            assert getattr(option, "help", None) or option.name == "help", f"{name} {option.name}"


def test_files_stay_readable() -> None:
    """A file that cannot be read in one sitting is split."""
    long = [str(file.relative_to(ROOT)) for file in BOT.rglob("*.py") if len(file.read_text().splitlines()) > 420]
    assert long == []


def test_the_readme_opens_with_what_it_is_a_picture_and_two_commands() -> None:
    """A visitor sees at once what this is and how to try it."""
    top = README[:2500]
    assert "![" in top
    assert "gifwarden demo" in top
    assert "-m pytest" in top
