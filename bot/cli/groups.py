"""The kind of command group that all of `gifwarden` is made of: `-h` helps, and a switch shows no type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

Function = TypeVar("Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help shows a switch as a switch, not as something that takes a `<bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, `--help` among them."""
        return _switches(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help shows its switches in the same way."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options of the group itself."""
        return _switches(super().get_params(ctx))


class App(typer.Typer):
    """A group of commands; called without one, it shows its help, unless it does something itself."""

    def __init__(self, **settings: Any) -> None:
        settings = {"cls": Group, "context_settings": {"help_option_names": ["--help", "-h"]}, **settings}
        # one that does something by itself says so with invoke_without_command
        super().__init__(no_args_is_help=not settings.get("invoke_without_command"), **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """Add a command, as typer does."""
        return super().command(name, cls=Command, **settings)


def _switches(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_bool_flag", False):
            param.metavar = ""  # else typer shows the type of what it sets
    return params
