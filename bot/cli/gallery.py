"""Commands around faces: person add|list|forget|policy, faces, faces compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer

from bot import bundled, faces
from bot.cli import known
from bot.cli.base import (
    ByOption,
    ConfigOption,
    JsonOption,
    WhyOption,
    complain,
    decider,
    emit,
    listing,
    progress,
    read_config,
    read_media,
    say,
    session,
    show,
    warn,
)
from bot.cli.groups import App, Group
from bot.config import Config
from bot.errors import GifwardenError, MediaError, UsageError, unreadable
from bot.faces import FaceModel
from bot.model import Basis, Consent, FaceTrack, Verb
from bot.plural import many, odds
from bot.workers import Workers


class _FilesOrCompare(Group):
    """`faces FILE…` finds faces, `faces compare A B` compares: what is no command's name is a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {"--help", "-h"} and args[0] not in self.commands:
            args = ["find", *args]
        return super().parse_args(ctx, args)


person_app = App(help="Protected persons: who may be looked for in media, and why.")
faces_app = App(cls=_FilesOrCompare, help="Faces in files: where they are, and whether two are one person's.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(person_app, name="person")
    app.add_typer(faces_app, name="faces")


@person_app.command(name="add")
def add(
    name: Annotated[str, typer.Argument(help="The person's name; kept sealed, shown to nobody but by this database.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures of that person alone. They are not kept.")],
    basis: Annotated[str, typer.Option("--basis", help="explicit_consent or mandate.")],
    record: Annotated[str, typer.Option("--record", help="Where consent and proof of age are recorded.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What the person agreed to, in a few words.")],
    expires: Annotated[str, typer.Option("--expires", help="Day on which the entry destroys itself: YYYY-MM-DD.")],
    adult: Annotated[bool, typer.Option("--adult", help="You have seen proof that the person is an adult.")] = False,
    mandate: Annotated[
        str | None, typer.Option("--mandate", help="Where the mandate of who acts for them is recorded.")
    ] = None,
    who: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Protect a person: media that show their face come to a moderator. Only adults, only with a recorded consent."""
    if basis not in get_args(Basis):
        raise UsageError(f"--basis {basis} is none; choose {' or '.join(get_args(Basis))}")
    settings = read_config(config)
    pictures = [(str(path), _read(path, settings)) for path in images]
    consent = Consent(
        basis="mandate" if basis == "mandate" else "explicit_consent",
        mandate=mandate,
        adult=adult,
        record=record,
        purpose=purpose,
        expires=_day(expires),
    )
    with session(settings) as pipeline:
        enrolled = pipeline.gallery.enrol(name, consent, pictures, by=decider(pipeline, who, Verb.GALLERY))
    if as_json:
        emit({"person": enrolled.label, "views": enrolled.views, "warnings": list(enrolled.warnings)})
        return
    say(f"{enrolled.label} is protected until {expires}, by {many(enrolled.views, 'view')}; the pictures are not kept")
    for warning in enrolled.warnings:
        warn(warning)


@person_app.command(name="list")
def persons(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show who is protected, by opaque label: on which basis, for what, until when. No face data is ever shown."""
    with session(read_config(config)) as pipeline:
        rows = pipeline.deps.store.gallery.listing()
    listing(
        (
            {
                "person": row.label,
                "basis": row.basis,
                "mandate": row.mandate,
                "record": row.record,
                "purpose": row.purpose,
                "expires": row.expires.date().isoformat(),
                "added_by": row.added_by,
                "added": row.added.date().isoformat(),
                "views": row.views,
            }
            for row in rows
        ),
        as_json=as_json,
        columns={
            "person": "person",
            "basis": "basis",
            "record": "record",
            "purpose": "purpose",
            "expires": "until",
            "views": "views",
            "added_by": "by",
        },
        empty="nobody is protected; see: gifwarden person add --help",
    )


@person_app.command()
def forget(
    person: Annotated[str, typer.Argument(help="The person's label, e.g. P-3f9c2a71b0.")],
    who: ByOption = None,
    why: WhyOption = "on request",
    config: ConfigOption = None,
) -> None:
    """Destroy everything about a person, at once and for good. Backups made before still hold it, sealed."""
    with session(read_config(config)) as pipeline:
        by = decider(pipeline, who, Verb.GALLERY)
        known.person(pipeline, person)
        pipeline.gallery.forget(person, by=by, why=why)
    say(f"{person} is forgotten; backups made before today still hold the sealed entry: delete them")


@person_app.command()
def policy() -> None:
    """Print the retention policy of face data, ready to be published, and the duties of who switches the gallery on."""
    say(bundled.gallery_policy(), lines=True)


@faces_app.command(name="find", hidden=True)
def find(
    files: Annotated[list[Path], typer.Argument(help="Media files.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show where faces are in media files. Nothing is compared or kept."""
    settings, model = _set_up(config)
    failed = False
    rows = []
    with Workers(settings.decode, settings.gallery) as workers, progress(told=as_json) as bar:
        for path in bar.track(files, description="looking"):
            try:
                found = workers.fingerprint(_read(path, settings), faces=True).faces
            except GifwardenError as error:
                failed = True
                emit({"file": str(path), "error": str(error)}) if as_json else complain(f"{path}  {error}")
                continue
            if as_json:
                emit({"file": str(path), "model": model.name, "faces": _boxes(found)})
            rows += [
                (path, number, f"{places[0][0]:.1f} to {places[-1][0]:.1f} s", len(places), f"{box[2]} x {box[3]}")
                for number, places in enumerate((track.places for track in found), 1)
                for box in [max((box for _, box in places), key=lambda box: box[3])]
            ]
    if not as_json:
        show(["file", "face", "seen", "looks", "largest, px"], rows, empty="no faces")
    if failed:
        raise typer.Exit(1)


@faces_app.command()
def compare(
    one: Annotated[Path, typer.Argument(help="A media file.")],
    other: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say how likely the best face of each of two files is one person's, if both answers were as likely before."""
    settings, model = _set_up(config)
    with Workers(settings.decode, settings.gallery) as workers:
        first, second = (_vectors(path, workers, settings) for path in (one, other))
    distance = float(np.median(np.linalg.norm(first[:, None, :] - second[None, :, :], axis=2)))
    probability = model.curve.probability(distance)
    row = {
        "similarity": round(max(0.0, 1 - distance), 4),
        "probability": round(probability, 4),
        "same": probability >= 0.5,
        "model": model.name,
    }
    if as_json:
        emit(row)
    else:
        answer = "the same person" if row["same"] else "different persons"
        say(f"{answer}, probability {odds(probability)}, similarity {odds(max(0.0, 1 - distance))} ({model.name})")


def _set_up(path: Path | None) -> tuple[Config, FaceModel]:
    settings = read_config(path, needed=False)
    model = faces.model_of(settings.gallery)
    model.check()
    return settings, model


def _vectors(path: Path, workers: Workers, settings: Config) -> np.ndarray[Any, np.dtype[np.float32]]:
    try:
        found = workers.fingerprint(_read(path, settings), faces=True).faces
    except MediaError as error:
        raise MediaError(f"{path}: {error}") from None
    best = next((track for track in found if track.views), None)
    if best is None:
        raise MediaError(f"{path} shows no face that is found; choose a larger or clearer picture")
    return np.stack([np.frombuffer(view.vector, "<f4") for view in best.views])


def _boxes(tracks: Sequence[FaceTrack]) -> list[dict[str, Any]]:
    return [
        {"face": number, "t": t, "box": list(box)} for number, track in enumerate(tracks, 1) for t, box in track.places
    ]


def _read(path: Path, settings: Config) -> bytes:
    try:
        return read_media(path, settings)
    except MediaError as error:
        raise MediaError(f"{path}: {error}") from None
    except OSError as error:
        raise UsageError(unreadable(path, error)) from None


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise UsageError(f"--expires {text} is no day; write it as YYYY-MM-DD") from None
