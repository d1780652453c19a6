"""Commands for several machines: scheduler, worker, workers, certificates."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.assemble import Outside
from bot.cli.base import ConfigOption, JsonOption, emit, logger, read_config, say, show
from bot.config import Config
from bot.errors import UsageError
from bot.jobs import ELSEWHERE_PORT, cluster_status, version

WORKERS_PORT = 8786
CertificatesOption = Annotated[
    Path | None, typer.Option("--certificates", help="Folder with ca.pem and the certificate and key of this role.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(scheduler)
    app.command()(worker)
    app.command()(workers)
    app.command()(certificates)


def scheduler(
    workers: Annotated[
        str, typer.Option("--workers", help="Address at which workers find it.")
    ] = f"tls://0.0.0.0:{WORKERS_PORT}",
    coordinator: Annotated[
        str, typer.Option("--coordinator", help="Address at which the coordinator (gifwarden run) finds it.")
    ] = f"tls://127.0.0.1:{ELSEWHERE_PORT}",
    certificates: CertificatesOption = None,
) -> None:
    """Pass links from the coordinator to workers on other machines, until stopped. Keeps nothing, needs no settings.

    Run it under a system account of its own: workers can run code in it, and it has no secrets but its certificate.
    """
    from bot.cluster import scheduler as cluster  # the extra is looked for here, and nowhere at start

    where = cluster.Addresses(workers=workers, coordinator=coordinator, certificates=certificates)
    asyncio.run(cluster.serve(where, logger(Config())))


def worker(
    scheduler: Annotated[str, typer.Option("--scheduler", help="Address of the scheduler, as tls://HOST:PORT.")],
    certificates: CertificatesOption = None,
    name: Annotated[str, typer.Option("--name", help="What this worker is called; else the machine's name.")] = "",
    links: Annotated[int, typer.Option("--links", min=1, max=64, help="Links in work at once.")] = 6,
    decoders: Annotated[
        int | None, typer.Option("--decoders", min=1, max=64, help="Decoding child processes; else one a processor.")
    ] = None,
    models: Annotated[
        Path, typer.Option("--models", help="Data folder with models that a command installed here.")
    ] = Path("data"),
    listen: Annotated[str, typer.Option("--listen", help="Address of this machine at which it is found.")] = "",
) -> None:
    """Fetch and decode links for a coordinator on another machine, until stopped. Writes no media to any disk.

    Limits and hosts are the coordinator's; it needs no configuration of its own, but the same version.
    """
    from bot.cluster import worker as cluster

    options = cluster.Options(
        scheduler=scheduler,
        certificates=certificates,
        name=name,
        links=links,
        decoders=decoders or os.cpu_count() or 1,
        models=models,
        listen=listen,
    )
    asyncio.run(cluster.serve(options, logger(Config()), Outside()))


def workers(as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Show the workers that fetch and decode for this coordinator, and those that were refused."""
    settings = read_config(config)
    if not settings.workers.scheduler:
        raise UsageError("links are fetched and decoded on this machine; workers.scheduler names no other")
    found = cluster_status(settings)
    if as_json:
        emit(found)
        return
    if found["version"] != version():  # which tells nothing of its workers
        raise UsageError(
            f"the scheduler has gifwarden {found['version']} and this machine {version()}; install the same on both"
        )
    rows = [(one["name"], str(one["links"]), str(one["in_work"]), _note(one)) for one in found["workers"]]
    rows += [
        (one["name"], "", "", f"refused: it has gifwarden {one['version']}, not {found['version']}")
        for one in found["refused"]
    ]
    show(["worker", "links at once", "in work", "note"], rows, empty="no worker is there; start one: gifwarden worker")
    say(f"{found['done']:,} links done, {found['lost']:,} lost with a worker")


def _note(worker: Mapping[str, Any]) -> str:
    """Return what is to be said of a worker that takes links."""
    return f"slow: no word of a link for {worker['silent']} s, so it gets no more" if worker["slow"] else ""


def certificates(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Make an authority and the certificates by which coordinator, scheduler and workers know one another."""
    from bot.certificates import write_certificates  # what makes keys is no part of any other command

    for path in write_certificates(folder):
        say(f"wrote {path}")
    say("copy ca.pem and each role's .pem and .key to its machine, the keys with mode 0600 for its account alone")
