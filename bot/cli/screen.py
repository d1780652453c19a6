"""What commands print: sentences, facts, tables, JSON; the one place that knows how wide a line may be.

At a terminal lines break between words and never within one, and what continues a line is indented. In a pipe a line
stays a line, unless COLUMNS says how wide it may be. Figures that were measured fit 80 columns there, too: who reads
them in a file is a person, and programs take JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot import text
from bot.errors import GifwardenError, UsageError, for_once

MAX_LABEL = 24  # characters
GAP = 2  # characters between two columns of a table
UNWRAPPED = 10_000  # columns; what reads a pipe wants a row on a line
HANG = 2  # characters by which what continues a line is indented
FACT = 8  # characters for the name of a fact
FIGURES = 80  # columns of what was measured, where nothing says how wide a line may be

out = Console(soft_wrap=False, highlight=False)
err = Console(stderr=True, highlight=False)


def columns_of(console: Console) -> int | None:
    """Return how many columns a line may take; None: as many as it needs, for a program reads it."""
    if console.is_terminal:
        return console.width
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else None


def say(words: str, style: str = "", *, lines: bool = False) -> None:
    """Print a line on standard output, or several if the words are ours."""
    _print(out, words, style, lines=lines)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print a line a fact, its name in front."""
    for name, words in rows:
        shown = Text(text.wrapped(f"{name:>{FACT}}  {text.line(words)}", columns_of(out), FACT + GAP))
        shown.stylize("bold", 0, max(FACT, len(name)))
        out.print(shown, soft_wrap=True)


def entries(rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Print two lines for each thing: label, what it is and, at the right, when; below what else there is to say.

    In a pipe that is one line.
    """
    width = columns_of(out)
    for label, what, when, more in rows:
        head = text.line(f"{label}  {what}")
        if width is None:
            out.print(Text(f"{head}  {when}  {text.line(more)}"), soft_wrap=True)
            continue
        hang = len(label) + GAP
        first = _with_right(head, when, width, hang)
        shown = Text(f"{first}\n{text.wrapped(' ' * hang + text.line(more), width, hang)}")
        shown.stylize("bold", 0, len(label))
        out.print(shown, soft_wrap=True)


def figures(rows: Iterable[tuple[str, str, Sequence[str]]]) -> None:
    """Print what was measured and, at the right, how much; below it a line each for what that is compared with."""
    width = columns_of(out) or FIGURES
    for what, value, more in rows:
        below = [text.wrapped(" " * HANG + text.line(line), width, 2 * HANG) for line in more if line]
        shown = Text("\n".join((_with_right(text.line(what), value, width, HANG), *below)))
        shown.stylize("bold", 0, len(what))
        out.print(shown, soft_wrap=True)


def _with_right(left: str, right: str, width: int, hang: int) -> str:
    """Return two texts at both ends of a line; one behind the other, broken between words, if that is too narrow."""
    room = width - cell_len(left) - cell_len(right)
    return f"{left}{' ' * room}{right}" if room >= GAP else text.wrapped(f"{left}, {right}", width, hang)


def complain(words: str, *, lines: bool = False) -> None:
    """Say on standard error what failed."""
    _print(err, words, "red", lines=lines)


def complain_of(error: GifwardenError, prefix: str = "") -> None:
    """Say on standard error what failed, a line for each mistake and their number below."""
    if not isinstance(error, UsageError) or not error.count:
        sentence = for_once(error)
        complain(f"{prefix}{sentence}", lines="\n" in sentence)
        return
    for mistake in error.mistakes:
        complain(mistake)
    complain(f"{prefix}{error.count}")


def warn(words: str, *, lines: bool = False) -> None:
    """Say on standard error what a person should know."""
    _print(err, words, "yellow", lines=lines)


def styled(words: str, style: str, *, hang: int) -> str:
    """Return a line for standard error as it is written there: broken between words, and coloured at a terminal."""
    with err.capture() as written:
        err.print(Text(text.wrapped(words, columns_of(err), hang), style=style), soft_wrap=True, end="")
    return written.get()


def _print(console: Console, words: str, style: str, *, lines: bool) -> None:
    laid = [
        text.wrapped(line, columns_of(console), _indent(line, prose=lines))
        for line in _shown_as(words, lines=lines).split("\n")
    ]
    console.print(Text("\n".join(laid), style=style), soft_wrap=True)


def _indent(line: str, *, prose: bool) -> int:
    """Return how far what continues a line is indented: more than the line; in prose only below a dash."""
    own = len(line) - len(line.lstrip(" "))
    return own if prose and not line[own:].startswith("- ") else own + HANG


def _shown_as(words: str, *, lines: bool) -> str:
    """Return words as a terminal may show them; a line feed counts only where `lines` says so, or in front."""
    rest = words.lstrip("\n")
    return text.fit(words) if lines else words[: len(words) - len(rest)] + text.line(rest)


def progress(*, told: bool) -> Progress:
    """Return a bar on standard error; none if results are `told` one by one on the same terminal.

    What is printed meanwhile stays on its own stream, so that a redirected output is complete.
    """
    shown = err.is_terminal and not (told and out.is_terminal)
    return Progress(console=err, transient=True, redirect_stdout=False, redirect_stderr=False, disable=not shown)


def emit(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line, at once; what the output's encoding lacks is escaped."""
    written = text.json_line(value)
    try:
        written.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        written = json.dumps(value, default=str)
    print(written, flush=True)  # noqa: T201  plain output for programs


def show(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str,
    title: str | None = None,
    measured: bool = False,
) -> None:
    """Print a table, or one sentence if there is nothing to show.

    Words wrap where lines do; labels never do. Where there is no room for that, each row is a block of lines.
    `measured`: it holds figures, which stay below one another: the first column's words then stand above its row.
    """
    cells = [[cell if isinstance(cell, Text) else Text(_shown(cell)) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    width = columns_of(out) or (FIGURES if measured else None)
    page = out if out.is_terminal else Console(width=width or UNWRAPPED, highlight=False)
    widths = [None] * len(columns) if width is None else _widths(width, columns, cells)
    if widths is not None:
        page.print(_table(columns, cells, widths, title=title))
        return
    assert width is not None, "what may be as wide as it needs fits"
    rest = [line[1:] for line in cells]
    if measured and (widths := _widths(width - HANG, columns[1:], rest)) is not None:
        page.print(Padding(_table(columns[1:], [], widths), (0, 0, 0, HANG)))
        for line in cells:
            page.print(Text(text.wrapped(line[0].plain, width, HANG)))
            page.print(Padding(_table(columns[1:], [line[1:]], widths, head=False), (0, 0, 0, HANG)))
        return
    page.print(_blocks(columns, cells, title))


def _table(
    columns: Sequence[str],
    cells: Sequence[Sequence[Text]],
    widths: Sequence[int | None],
    *,
    title: str | None = None,
    head: bool = True,
) -> Table:
    """Return a table of these widths. A heading may wrap where its column's labels do not."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, show_header=head)
    for place, (name, wide) in enumerate(zip(columns, widths, strict=True)):
        label = _is_label([line[place] for line in cells])
        table.add_column(Text(name, no_wrap=False), overflow="fold", no_wrap=label, width=wide)
    for line in cells:
        table.add_row(*line)
    return table


def _is_label(column: Sequence[Text]) -> bool:
    return all(len(cell) <= MAX_LABEL and " " not in cell.plain for cell in column)


def _widths(width: int, columns: Sequence[str], cells: Sequence[Sequence[Text]]) -> Sequence[int | None] | None:
    """Return how wide each column is so that no word is cut; None if the line is too narrow for that."""
    least: list[int] = []  # labels are whole; other columns, and headings, have their longest word, and wrap
    whole: list[int] = []
    for name, column in zip(columns, zip(*cells, strict=True), strict=True):
        texts = [name, *(cell.plain for cell in column)]
        whole.append(max(cell_len(text) for text in texts))
        word = max(cell_len(word) for text in texts for word in text.split() or [""])
        label = max(cell_len(cell.plain) for cell in column) if _is_label(column) else 0
        least.append(max(word, label))
    spare = width - GAP * (len(columns) - 1) - sum(least)
    if spare < 0:
        return None
    widths = list(least)
    while spare > 0 and (short := [place for place, wide in enumerate(widths) if wide < whole[place]]):
        widths[min(short, key=widths.__getitem__)] += 1  # the narrowest first, until all are equally wide
        spare -= 1
    return widths


def _blocks(columns: Sequence[str], cells: Sequence[Sequence[Text]], title: str | None) -> Table:
    """Return a block for each row: a line a cell, its column's name in front."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right", style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for place, line in enumerate(cells):
        if place:
            table.add_row()
        for name, cell in zip(columns, line, strict=True):
            if cell.plain:
                table.add_row(name, cell)
    return table


def listing(
    rows: Iterable[Mapping[str, Any]],
    *,
    as_json: bool,
    columns: Mapping[str, str],
    empty: str,
    title: str | None = None,
) -> None:
    """Print rows as JSON lines, or as a table of some of their keys (`columns`: key to heading)."""
    if as_json:
        for row in rows:
            emit(row)
        return
    show(list(columns.values()), ([row.get(key) for key in columns] for row in rows), empty=empty, title=title)


def told_more(shown: int, every: int, *, as_json: bool) -> None:
    """Say that a list was cut, and how to see more of it; where programs read, on standard error."""
    if shown < every:
        sentence = f"the newest {shown:,} of {every:,}; more: --limit {min(every, 10 * max(shown, 1))}"
        (warn if as_json else say)(sentence)


def _shown(cell: Any) -> str:
    return "" if cell is None else text.line(str(cell))
