"""Commands that look at something and change nothing: scan, links, hash, lookup."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from bot import hosts
from bot.cli.base import ConfigOption, JsonOption, emit, err, listing, out, read_config, session
from bot.config import Config
from bot.errors import GifwardenError, MediaError, UsageError
from bot.fingerprint import describe
from bot.links import links_of, post_of, things_in
from bot.model import Link
from bot.pipeline.scan import Scanned
from bot.plain import plain
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
    permalinks = any(ref and ref.host == "reddit" and ref.kind == "page" for ref in map(hosts.find, targets))
    failed = False
    with session(settings, rules=_has_rules(settings), reddit=permalinks) as pipeline:
        for target in targets:
            for result in pipeline.scanning.scan(target):
                failed = failed or result.error is not None
                if as_json:
                    emit(evidence_json(result))
                else:
                    _print_scan(result)
    if failed:
        raise typer.Exit(1)


def links(
    file: Annotated[
        str | None, typer.Argument(help="Reddit JSON: a listing, a thing, or a list of things; - for standard input.")
    ] = None,
    url: Annotated[list[str] | None, typer.Option("--url", help="A bare URL; may be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show every media link in Reddit JSON, or what bare URLs lead to."""
    if (file is None) == (url is None):
        raise UsageError("name a file (or - for standard input), or give URLs with --url")
    found = _links_of_urls(url) if url is not None else _links_of_json(file or "-")
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
    with Workers(settings.decode) as workers, Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
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
        library = pipeline.working.library()
        for line in sys.stdin:
            value = line.strip()
            if not value:
                continue
            if len(value) != 64 or not set(value.lower()) <= set("0123456789abcdef"):
                emit({"value": value, "error": "not a PDQ hash: it has 64 hex digits"})
                failed = True
                continue
            found = [
                {"bank": name, "entry": entry, "distance": distance}
                for name, entry, distance in library.lookup(bytes.fromhex(value))
                if bank is None or name == bank
            ]
            if as_json:
                emit({"value": value, "matches": found})
            else:
                shown = ", ".join(f"{match['entry']} in {match['bank']} at {match['distance']}" for match in found)
                out.print(f"{value}  {shown or 'no match'}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def evidence_json(result: Scanned) -> dict[str, Any]:
    """Return the contract's evidence object of one scanned link."""
    if result.error is not None or result.evidence is None:
        return {"target": result.target, "error": result.error}
    data: dict[str, Any] = plain(result.evidence)
    link = result.evidence.link
    data["link"] = {"url": link.url, "host": link.host, "id": link.id}
    data["target"] = result.target
    data["verdict"] = plain(result.verdict)
    return data


def _has_rules(settings: Config) -> bool:
    return any(settings.storage.rules.glob("*.y*ml"))


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
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file} is not JSON: {error}") from None
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
        size = path.stat().st_size
        if size > settings.fetch.max_bytes:
            raise MediaError(f"it has {size} bytes and fetch.max_bytes is {settings.fetch.max_bytes}")
        data = path.read_bytes()
        return {"file": str(path), **describe(workers.fingerprint(data, every_frame=all_frames), all_frames=all_frames)}
    except OSError as error:
        return {"file": str(path), "error": f"cannot be read: {error.strerror}"}
    except GifwardenError as error:
        return {"file": str(path), "error": str(error)}


def _print_hashes(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        out.print(row["file"], style="bold", markup=False, soft_wrap=True)
        if "error" in row:
            out.print(f"  {row['error']}", style="red", markup=False, soft_wrap=True)
            continue
        length = f", {row['duration']:.1f} s, {row['frames']} frames" if row["duration"] is not None else ""
        out.print(f"  {row['format']}, {row['width']}×{row['height']}{length}", markup=False)  # noqa: RUF001  the sign for dimensions
        if row["note"]:
            out.print(f"  {row['note']}", style="yellow", markup=False, soft_wrap=True)
        out.print(f"  sha256  {row['sha256']}\n  md5     {row['md5']}", markup=False)
        for kind in dict.fromkeys(signal["type"] for signal in row["signals"]):
            first = next(signal for signal in row["signals"] if signal["type"] == kind)
            out.print(f"  {kind:7} {first['value']}  quality {first['quality']}", markup=False, soft_wrap=True)


def _print_scan(result: Scanned) -> None:
    out.print(result.target, style="bold", markup=False, soft_wrap=True)
    if result.evidence is None or result.verdict is None:
        out.print(f"  {result.error}", style="red", markup=False, soft_wrap=True)
        return
    for media in result.evidence.media:
        if media.error:
            out.print(f"  media {media.index}: {media.error}", markup=False, soft_wrap=True)
        else:
            length = f", {media.duration:.1f} s" if media.duration is not None else ""
            out.print(f"  media {media.index}: {media.kind}, {media.width}×{media.height}{length}", markup=False)  # noqa: RUF001  the sign for dimensions
    for match in result.evidence.matches:
        out.print(
            f"  match: {match.entry} in {match.bank} ({match.bank_kind}): {match.why}", markup=False, soft_wrap=True
        )
    if not result.evidence.matches:
        out.print("  nothing known in it")
    verdict = result.verdict
    out.print(f"  verdict: {verdict.outcome}" + (f" by rule {verdict.rule!r}" if verdict.rule else ""), markup=False)
    for reason in verdict.reasons:
        out.print(f"    {reason}", markup=False, soft_wrap=True)
