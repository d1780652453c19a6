"""Benchmark of faces: pairs after what people do to pictures, what a threshold costs, and processor time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.bench import facecost, portraits
from bot.bench import faces as faces_bench
from bot.cli.base import ConfigOption, JsonOption, emit, progress, read_config, say, show
from bot.faces import model_of
from bot.plural import many


def register(app: typer.Typer) -> None:
    """Add this command to those that measure."""
    app.command(name="faces")(faces)


def faces(
    pairs: Annotated[
        Path | None,
        typer.Argument(
            help="CSV with the columns file_a, file_b, same (1: one person, 0: two); without it portraits that "
            "packages bring, or a drawn face.",
            show_default=False,
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(
            "--media",
            help="Folder of the files that are named; else the folder of the pairs, or the one above.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Count how many faces are found and pairs matched, rightly and wrongly, beside the published rates; and time it.

    The second file of each pair is altered: made smaller, compressed, moved. A few local pairs are a smoke test: the
    threshold is argued from the published rates. No vector is shown or kept.
    """
    settings = read_config(config, needed=False).gallery
    model = model_of(settings)
    model.check()
    with progress(told=as_json) as bar:
        task = bar.add_task("measuring", total=None)

        def tell(what: str) -> None:
            bar.update(task, description=what)

        chosen, found = portraits.read(pairs, media, model) if pairs else portraits.packaged(model)
        rows = list(faces_bench.compared(model, settings.false_matches, chosen, found, tell))
        trade = list(faces_bench.trade_off(model.curve, settings.false_matches, rows[0]))
        clear = max(found.values(), key=lambda portrait: portrait.box.height if portrait.box else 0)
        costs = [cost.plain() for cost in facecost.run(model, clear, tell)] if clear.box else []
    if as_json:
        for row in (*(row.plain() for row in rows), *trade, *costs):
            emit(row)
        return
    _pairs([row.plain() for row in rows], chosen)
    say("")
    _trade(trade, model.curve.source)
    say("")
    show(
        ["processor time", "measured", "aim"],
        [(cost["what"], f"{cost['value']:g} {cost['unit']}", _aim(cost)) for cost in costs],
        empty="no face was found, so nothing was timed",
        measured=True,
    )


def _pairs(rows: list[dict[str, Any]], chosen: list[portraits.Pair]) -> None:
    show(
        ["altered", "found", "same", "95 %", "others", "95 %", "farthest", "nearest"],
        [
            (
                row["variant"],
                f"{row['found']} of {row['files']}",
                *(cell for kind in ("same", "different") for cell in _share(row, kind)),
                _distance(row["largest_same"]),
                _distance(row["smallest_different"]),
            )
            for row in rows
        ],
        empty="no pairs",
        measured=True,
    )
    files = {pair.one for pair in chosen} | {pair.other for pair in chosen}
    say(
        f"local pairs: a smoke test, {many(len(chosen), 'pair')} of {many(len(files), 'file')}, too few to choose a "
        f"threshold by; matched: within {rows[0]['distance']:g}, the threshold of a gallery of "
        f"{faces_bench.SHIPPED} views; farthest of one person's pairs, nearest of two persons'"
    )


def _trade(rows: list[dict[str, Any]], source: str) -> None:
    show(
        [
            "threshold",
            "distance",
            "published: same",
            "published: others",
            "by chance a face",
            "local: same",
            "local: others",
        ],
        [
            (
                row["threshold"],
                f"{row['distance']:.3f}",
                f"{row['true_match_rate']:.1%}",
                f"{row['false_match_rate']:.2g}",
                "" if row["false_matches_a_face"] is None else f"{row['false_matches_a_face']:g}",
                f"{row['same_matched']} of {row['same_n']}",
                f"{row['different_matched']} of {row['different_n']}",
            )
            for row in rows
        ],
        empty="no thresholds",
        measured=True,
    )
    say(f"published: {source}; local: a smoke test")


def _share(row: dict[str, Any], kind: str) -> tuple[str, str]:
    asked = row[f"{kind}_n"]
    if not asked:
        return "", ""
    low, high = (100 * row[f"{kind}_{end}"] for end in ("low", "high"))
    return f"{row[f'{kind}_matched']} of {asked}", f"{low:.0f} to {high:.0f} %"


def _distance(apart: float | None) -> str:
    return "" if apart is None else f"{apart:.2f}"


def _aim(cost: dict[str, Any]) -> str:
    return "" if cost["aim"] is None else f"{cost['aim']:g} {cost['unit']}"
