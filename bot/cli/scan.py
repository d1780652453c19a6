"""Commands that look at something and change nothing: scan, links, hash, lookup."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bot import hosts
from bot.cli import known
from bot.cli.base import (
    ConfigOption,
    JsonOption,
    complain,
    emit,
    has_database,
    listing,
    login_missing,
    progress,
    read_config,
    read_media,
    say,
    session,
    warn,
)
from bot.config import Config, find
from bot.errors import GifwardenError, UsageError, file_fault, unreadable
from bot.fingerprint import describe
from bot.links import links_of, post_of, things_in
from bot.model import PREVIEW, Link
from bot.pipeline.judging.scan_target import TargetResult
from bot.pipeline.reviewing.words.evidence import face_lines, footage_lines, nudity_lines
from bot.plural import many
from bot.serialization import to_json_data
from bot.workers import Workers


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(scan)
    app.command()(links)
    app.command(name="hash")(hash_files)
    app.command()(lookup)


def scan(
    targets: Annotated[list[str], typer.Argument(help="Files, media URLs or Reddit permalinks of any form.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what is found behind a file, a media URL or a Reddit permalink, and what the rules say. Performs nothing."""
    settings = read_config(config, needed=False)
    memory = find(config) is None and not has_database(settings)
    if memory:
        warn("there is no configuration here, so there are no banks to compare with and no rules; see gifwarden init")
    failed = False
    with session(
        settings,
        rules=not memory and _has_rules(settings),
        reddit=wants_reddit(settings, targets),
        memory=memory,
    ) as pipeline:
        for target in targets:
            for result in pipeline.target_scanner.scan(target):
                failed = failed or result.error is not None or bool(result.failures)
                if as_json:
                    emit(evidence_json(result))
                else:
                    _print_scan(result)
    if failed:
        raise typer.Exit(1)


def links(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="URLs, permalinks, or files with Reddit JSON (a listing, a thing, a list); - for input."),
    ] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="A URL too; may be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show every media link in Reddit JSON, or what URLs lead to. Asks nobody: a permalink is not opened."""
    if not targets and not url:
        raise UsageError("name a URL, or a file with Reddit JSON (- for standard input)")
    named = ((_links_of_urls([one]) if _is_url(one) else _links_of_json(one)) for one in targets or ())
    found = chain(chain.from_iterable(named), _links_of_urls(url or []))
    rows = (
        {"post": link.post, "url": link.url, "host": link.host, "id": link.id, "kind": link.kind, "source": link.source}
        for link in found
    )
    columns = {"post": "post", "host": "host", "id": "id", "kind": "kind", "source": "where", "url": "url"}
    listing(rows, as_json=as_json, columns=columns, empty="no links")


def hash_files(
    files: Annotated[list[Path], typer.Argument(help="Media files.")],
    as_json: JsonOption = False,
    all_frames: Annotated[
        bool, typer.Option("--all-frames", help="Show every frame's signals, not about one a second.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Fingerprint media files: SHA-256, MD5, PDQ and pHash."""
    settings = read_config(config, needed=False)
    failed = 0
    rows: list[dict[str, Any]] = []
    with Workers(settings.decode) as workers, progress(told=as_json) as bar:
        for path in bar.track(files, description="fingerprinting"):
            row = _hash(path, workers, settings, all_frames)
            failed += "error" in row
            if as_json:
                emit(row)
            else:
                rows.append(row)
    if not as_json:
        _print_hashes(rows)
    if failed:
        raise typer.Exit(1)


def lookup(
    bank: Annotated[str | None, typer.Option("--bank", help="Look in this bank only.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Look up PDQ hashes, one of 64 hex digits a line on standard input, in the banks."""
    settings = read_config(config)
    failed = False
    with session(settings) as pipeline:
        if bank is not None:
            known.bank(pipeline, bank)
        for values in _values(sys.stdin.buffer):
            hashes = [value for value in values if _is_pdq(value)]
            found = pipeline.scanner.library().lookup(list(map(bytes.fromhex, hashes)))
            answers = dict(zip(hashes, found, strict=True))
            for value in values:
                failed = failed or value not in answers
                _answer(value, answers.get(value), bank, as_json)
    if failed:
        raise typer.Exit(1)


def _values(stream: BinaryIO) -> Iterator[list[str]]:
    """Yield lines without their ends as they arrive: those that arrive together are looked up together."""
    rest = b""
    while arrived := stream.read1(1 << 14):  # type: ignore[attr-defined]  # standard input is buffered
        *lines, rest = (rest + arrived).split(b"\n")
        yield [text for line in lines if (text := line.decode(errors="replace").strip())]
    if text := rest.decode(errors="replace").strip():
        yield [text]


def _is_pdq(value: str) -> bool:
    return len(value) == 64 and set(value.lower()) <= set("0123456789abcdef")


def _answer(value: str, found: list[tuple[str, str, int]] | None, bank: str | None, as_json: bool) -> None:
    if found is None:
        error = "not a PDQ hash: it has 64 hex digits"
        if as_json:
            emit({"value": value, "error": error})
        else:
            complain(f"{value}  {error}")
        return
    matches = [
        {"bank": name, "entry": entry, "distance": distance}
        for name, entry, distance in found
        if bank is None or name == bank
    ]
    if as_json:
        emit({"value": value, "matches": matches})
    else:
        shown = ", ".join(f"{match['entry']} in {match['bank']} at {match['distance']}" for match in matches)
        say(f"{value}  {shown or 'no match'}")


def wants_reddit(settings: Config, targets: list[str]) -> bool:
    """True if a target is a permalink and there is a login for it; without one, that target alone becomes an error."""
    permalinks = any(ref and ref.host == "reddit" and ref.kind == "page" for ref in map(hosts.find, targets))
    return permalinks and login_missing(settings) is None


def evidence_json(result: TargetResult) -> dict[str, Any]:
    """Return the contract's evidence object of one scanned link."""
    if result.error is not None or result.evidence is None:
        return {"target": result.target, "error": result.error}
    data: dict[str, Any] = to_json_data(result.evidence)
    link = result.evidence.link
    data["link"] = {"url": link.url, "host": link.host, "id": link.id}
    if link.source == PREVIEW:  # of a media that could not be had
        data["link"]["source"] = link.source
    data["target"] = result.target
    data["verdict"] = to_json_data(result.verdict)
    return data


def _has_rules(settings: Config) -> bool:
    return any(settings.storage.rules.glob("*.y*ml"))


def _is_url(target: str) -> bool:
    return "://" in target


def _links_of_urls(urls: list[str]) -> Iterator[Link]:
    for url in urls:
        ref = hosts.find(url)
        yield Link(
            url=url,
            host=ref.host if ref else "",
            id=ref.id if ref else None,
            kind=ref.kind if ref else "unsupported",
            source="url",
        )


def _links_of_json(file: str) -> Iterator[Link]:
    name = "standard input" if file == "-" else file
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        value = json.loads(data)
    except OSError as error:
        raise UsageError(unreadable(name, error)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not JSON: it is not UTF-8 text") from None
    except ValueError as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    except RecursionError:
        raise UsageError(f"{name} nests deeper than JSON of Reddit ever does; name another file") from None
    for thing in things_in(value):
        post = post_of(thing)
        for link in links_of(thing, hosts.find):
            yield (
                link
                if link.post
                else Link(
                    url=link.url, host=link.host, id=link.id, kind=link.kind, source=link.source, post=post.fullname
                )
            )


def _hash(path: Path, workers: Workers, settings: Config, all_frames: bool) -> dict[str, Any]:
    try:
        data = read_media(path, settings)
        return {"file": str(path), **describe(workers.fingerprint(data, every_frame=all_frames), all_frames=all_frames)}
    except OSError as error:
        return {"file": str(path), "error": file_fault(error)}
    except GifwardenError as error:
        return {"file": str(path), "error": str(error)}


def _print_hashes(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        say(row["file"], "bold")
        if "error" in row:
            say(f"  {row['error']}", "red")
            continue
        length = f", {row['duration']:.1f} s, {many(row['frames'], 'frame')}" if row["duration"] is not None else ""
        say(f"  {row['format']}, {row['width']}×{row['height']}{length}")  # noqa: RUF001  the sign for dimensions
        if row["note"]:
            say(f"  {row['note']}", "yellow")
        say(f"  sha256  {row['sha256']}\n  md5     {row['md5']}", lines=True)
        for kind in dict.fromkeys(signal["type"] for signal in row["signals"]):
            first = next(signal for signal in row["signals"] if signal["type"] == kind)
            say(f"  {kind:7} {first['value']}  quality {first['quality']}")


def _print_scan(result: TargetResult) -> None:
    say(result.target, "bold")
    if result.evidence is None or result.verdict is None:
        say(f"  {result.error}", "red")
        return
    for media in result.evidence.media:
        if media.error:
            say(f"  media {media.index + 1}: {media.error}")
        else:
            length = f", {media.duration:.1f} s" if media.duration is not None else ""
            say(f"  media {media.index + 1}: {media.kind}, {media.width}×{media.height}{length}")  # noqa: RUF001  the sign for dimensions
            if media.note:
                say(f"    {media.note}", "yellow")
    for match in result.evidence.matches:
        say(f"  match: {match.entry} in {match.bank} ({match.bank_kind}): {match.why}")
    footage, faces = list(footage_lines(result.evidence)), list(face_lines(result.evidence))
    for line in footage:
        say(f"  source: {line}")
    for line in faces:
        say(f"  face: {line}")
    if not (result.evidence.matches or footage or faces):
        say("  nothing known in it")
    for line in nudity_lines(result.evidence):
        say(f"  nudity: {line}")
    verdict = result.verdict
    say(f"  verdict: {verdict.outcome}" + (f" by rule {verdict.rule!r}" if verdict.rule else ""))
    for reason in verdict.reasons:
        say(f"    {reason}")
