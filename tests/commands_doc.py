"""Writes docs/commands.md from the commands' own help: python -m tests.commands_doc"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from bot.cli import app

TARGET = Path(__file__).parent.parent / "docs" / "commands.md"
HEAD = """# Commands

Every command explains itself with `--help` or `-h`; this page is made from that help. Every list and every look has
`--json`: one JSON object a line. `gifwarden --install-completion` makes the tab key complete commands in bash, zsh,
fish or PowerShell, from the next shell on; it writes to the shell's own start file.

Exit codes: 0 fine, 1 something in the input failed (the rest was done), 2 usage or configuration, 3 an outside service
is unavailable.
"""

MANY = 8  # commands that say an option in the same words, from which on the page says it once


def commands(group: Any, path: str = "gifwarden") -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its full name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield f"{path} {name}", command
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def render() -> str:
    """Return the page."""
    shared = _shared()
    parts = [HEAD, "Options of many commands:\n"]
    parts += [f"- {names}: {meaning}" for names, meaning in _named(shared)]
    parts.append("")
    for name, command in commands(get_command(app)):
        arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
        options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
        usage = " ".join([name, *(_argument(argument) for argument in arguments)])
        parts.append(f"## `{usage}`\n\n{_plain(command.help)}\n")
        also = [f"`{option.opts[0]}`" for option in options if shared.get(option.opts[0]) == _plain(option.help)]
        rows = [
            f"- {_option(option)}: {_plain(option.help)}"
            for option in options
            if shared.get(option.opts[0]) != _plain(option.help)
        ]
        if rows:
            parts.append("\n".join(rows) + "\n")
        if also:
            parts.append(f"{'Also' if rows else 'Options:'} {', '.join(also)}.\n")
    return "\n".join(parts)


def _shared() -> dict[str, str]:
    """Return the options that many commands have in the same words, said once at the top of the page."""
    said = Counter(
        (option.opts[0], _plain(option.help))
        for _, command in commands(get_command(app))
        for option in command.params
        if option.param_type_name == "option" and not option.required
    )
    return {name: meaning for (name, meaning), times in said.most_common() if times >= MANY}


def _named(shared: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each shared option with all its names, and its meaning."""
    options = (option for _, command in commands(get_command(app)) for option in command.params)
    first = {option.opts[0]: option for option in reversed(list(options))}
    return ((_option(first[name]), meaning) for name, meaning in shared.items())


def _argument(argument: Any) -> str:
    shown = argument.name.upper().rstrip("_") + ("…" if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _option(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in option.opts) + (" (needed)" if option.required else "")


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
