"""Benchmarks of altered copies, of clips, and of what could be rebuilt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.bench import clips as clips_bench
from bot.bench import copies as copies_bench
from bot.bench import rebuild as rebuild_bench
from bot.bench import rebuild_motion as motion_bench
from bot.bench import separation as motion_separation
from bot.bench import swapping as swapping_bench
from bot.bench.alter import ALTERATIONS, CHANGES, parse
from bot.bench.figures import Quiet
from bot.bench.peers import PEERS
from bot.cli.base import JsonOption, emit, show
from bot.cli.screen import err, out
from bot.errors import UsageError
from bot.motion.judge import SAME
from bot.plural import many

Count = Annotated[int, typer.Option(min=0)]


def register(app: typer.Typer) -> None:
    """Add these commands to those that measure."""
    app.command(name="copies")(copies)
    app.command(name="clips")(clips)
    app.command(name="rebuild")(rebuild)
    app.command(name="swaps")(swaps)
    app.command(name="takes")(takes)


def copies(
    media: Annotated[
        Path | None, typer.Option("--media", help="Make the copies of this folder's media.", show_default=False)
    ] = None,
    alter: Annotated[
        list[str] | None,
        typer.Option(
            "--alter",
            help=f"Only this alteration, and how strongly: KIND or KIND=STRENGTH; several times. {', '.join(CHANGES)}.",
            show_default=False,
        ),
    ] = None,
    clips: Annotated[int, typer.Option("--clips", min=0, help="Generated clips.")] = 9,
    stills: Annotated[int, typer.Option("--stills", min=0, help="Generated stills.")] = 30,
    others: Annotated[int, typer.Option("--others", min=0, help="Distractors in the bank.")] = 2000,
    fakes: Annotated[int, typer.Option("--fakes", min=0, help="Clips that a face is put into.")] = 40,
    speakers: Annotated[
        int, typer.Option("--speakers", min=0, help="Drawn people who talk before a camera, first half banked.")
    ] = 4,
    beside: Annotated[
        int,
        typer.Option("--beside", min=0, help="Clips in the bank beside them, made of the corners of the others."),
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Alter media as people do before they post it again; count how many copies are found, and what is taken for one.

    Beside it what is found if the bank holds nothing but PDQs, as shared lists do, and what others find: PDQ of whole
    frames, PDQ of one frame a second (vPDQ), imagehash's pHash. What plain PDQ finds and we neither find nor leave to a
    person is lost. Of drawn speakers the second half, another take and another person in the same room and clothes are
    asked too, as they are and altered: none is a copy; how many are left to a person is counted apart.
    """
    if media is not None and not media.is_dir():
        raise UsageError(f"{media} is no folder; name one with media in it")
    try:
        chosen = [parse(text) for text in alter or ()] or list(ALTERATIONS)
    except ValueError as error:
        raise UsageError(str(error)) from None
    report = copies_bench.run(
        Quiet(),
        lambda line: err.print(line, style="dim"),
        folder=media,
        clips=clips,
        stills=stills,
        others=others,
        fakes=fakes,
        speakers=speakers,
        beside=beside,
        alterations=chosen,
    )
    data = report.plain()
    if as_json:
        emit(data)
        return
    show(
        ["altered", "n", "found", "95 %", "aim", "review", "false", "PDQ lost", "PDQ bank", "PDQ", "vPDQ", "pHash"],
        [
            (
                str(row["row"]),
                str(row["n"]),
                _percent(row["recall"]),
                f"{100 * row['low']:.1f}-{100 * row['high']:.1f}",
                _percent(row["target"]),
                _percent(row["review"] / row["n"] if row["n"] else None),
                str(row["false"]),
                str(len(row["lost"])),
                *(_percent(row[peer]) for peer in PEERS),
            )
            for row in data["rows"]
        ],
        empty="nothing was asked",
        measured=True,
    )
    out.print(
        f"{many(data['clips'], 'clip')} and {many(data['stills'], 'still')}, each thing once, "
        f"against {many(data['bank'], 'entry', 'entries')}; "
        f"{many(len(data['false']), 'false match', 'false matches')}; a match takes {data['match_ms']['median']:g} ms "
        f"of the processor (95 %: {data['match_ms']['p95']:g} ms, most: {data['match_ms']['most']:g} ms); "
        f"{many(len(data['left_out']), 'file')} left out"
    )
    for line in data["false"]:
        out.print(f"false: {line}", markup=False)


def clips(as_json: JsonOption = False) -> None:
    """Measure what fingerprinting a clip of ten seconds costs beside decoding it, each part alone and all of it."""
    rows = [cost.plain() for cost in clips_bench.run()]
    if as_json:
        for row in rows:
            emit(row)
        return
    parts = ("motion", "features", "variants", "faces", "rest")
    show(
        ["clip", "decoding", "with PDQ of every frame", *parts, "everything"],
        [
            (
                f"{row['width']:g}x{row['height']:g}, {row['frames']:g} frames",
                f"{row['decode_s']:g} s",
                *(f"{row[f'{part}_ratio']:.2f} x" for part in ("pdq", *parts, "whole")),
            )
            for row in rows
        ],
        empty="nothing was measured",
        measured=True,
    )


def swaps(
    clips: Annotated[int, typer.Option("--clips", min=1, help="Clips that faces are put into.")] = 40,
    as_json: JsonOption = False,
) -> None:
    """Put faces into banked footage; count how many swaps are found, and what else is called one.

    Benign portraits that packages carry, warped onto one another in moving scenes; altered copies, and other takes.
    """
    rows = [row.plain() for row in swapping_bench.run(Quiet(), lambda line: err.print(line, style="dim"), count=clips)]
    if as_json:
        for row in rows:
            emit(row)
        return
    show(
        ["clips", "n", "called a swap", "95 %", "aim"],
        [
            (
                str(row["row"]),
                str(row["n"]),
                _percent(row["share"]),
                f"{100 * row['low']:.1f}-{100 * row['high']:.1f}",
                "95.0 or more" if row["swap"] else "0.0",
            )
            for row in rows
        ],
        empty="nothing was asked",
        measured=True,
    )
    for row in rows:
        for line in row["wrong"]:
            out.print(f"{'missed' if row['swap'] else 'false'}: {row['row']}: {line}", markup=False)


def rebuild(
    media: Annotated[
        Path | None,
        typer.Option("--media", help="Rebuild the clips of this folder by their motion.", show_default=False),
    ] = None,
    clips: Annotated[int, typer.Option("--clips", min=2, help="Generated clips, without a folder.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Try to rebuild pictures from what the database keeps of them, with its key, and say how far that comes.

    From corners by painting others' patches; from motion by adding its changes up.
    """
    if media is not None and not media.is_dir():
        raise UsageError(f"{media} is no folder; name one with media in it")
    moved = motion_bench.run(motion_bench.generated(clips) if media is None else motion_bench.of_folder(media))
    found = rebuild_bench.run()
    if as_json:
        emit(
            {
                "pictures": found.pictures,
                "correlation": found.correlation,
                "blurred": found.blurred,
                "first": found.first,
                "pdq": found.pdq,
                "motion": moved.plain(),
            }
        )
        return
    out.print(
        f"{found.pictures} pictures rebuilt from local features: correlation {found.correlation:g}, "
        f"{found.blurred:g} when blurred; {found.first:.0%} are nearest to their own original; "
        f"PDQ distance {found.pdq:g} of 256 (unrelated: 128)"
    )
    names = {
        "grey": "motion, the rest grey",
        "guessed": "motion, guessed",
        "pdq": "PDQ",
        "both": "motion and PDQ, guessed",
    }
    out.print(
        f"{moved.clips} clips as 32x32 cells, of which {moved.moves:.0%} move; what changed in them is known from "
        f"motion by {moved.change:.2f}"
    )
    show(
        ["moments rebuilt from", "correlation", "in moving cells", "nearest to their own clip"],
        [
            (names[name], f"{one.moment:.2f}", f"{one.moving:.2f}", f"{one.first:.0%}")
            for name, one in moved.attacks().items()
        ],
        empty="nothing was rebuilt",
        measured=True,
    )


def takes(
    media: Annotated[Path, typer.Option("--media", help="The folder with clips.", show_default=False)],
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw each pair into this file.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how far motion tells copies of a folder's clips from other moments of them and from other takes."""
    if not media.is_dir():
        raise UsageError(f"{media} is no folder; name one with media in it")
    found = motion_separation.run(media, lambda line: err.print(line, style="dim"))
    if svg is not None:
        svg.write_text(motion_separation.drawn(found))
    data = found.plain()
    if as_json:
        emit(data)
        return
    rows: dict[str, dict[str, float]] = data["rows"]
    show(
        ["asked", "n", "least", "median", "most"],
        [(name, *(f"{row[key]:g}" for key in ("n", "least", "median", "most"))) for name, row in rows.items()],
        empty="nothing was asked",
        measured=True,
    )
    peaks = data["peaks"]
    out.print(
        f"{data['clips']} clips; the best three seconds of other takes reach {peaks.get('median', 0):g} in the median "
        f"and {peaks.get('most', 0):g} at most, so a copy's {SAME:g} by a chance of {found.chance:.1e}"
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
