"""What the configuration wants served: the console at its place, metrics and health there and at theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from starlette.types import ASGIApp

from bot.pipeline import Pipeline
from bot.web.console.app import console_app
from bot.web.console.base import Page
from bot.web.metrics import registry
from bot.web.server import Place, Server
from bot.web.status import LOOPBACK, status_app
from bot.web.steps import Steps


@contextlib.contextmanager
def served(
    pipeline: Pipeline, steps: Steps, *, port: int | None = None, pages: Sequence[Page] = ()
) -> Iterator[Server]:
    """Serve while a daemon works, or the console alone; `port`: that of the console instead of the configured one.

    `pages`: further ones for the console.

    Raises ConfigError if a place cannot be used.
    """
    deps = pipeline.deps
    web, metrics = deps.config.web, deps.config.metrics
    console_port = web.port if port is None else port
    status = status_app(registry(deps.store, steps, deps.config), steps)
    places: list[tuple[Place, ASGIApp]] = []
    with contextlib.ExitStack() as stack:
        if console_port or port is not None:
            console = stack.enter_context(console_app(pipeline, status, pages))
            places.append((Place(address=web.address, port=console_port, key="web.port"), console))
        own = metrics.port and (metrics.port != console_port or web.address != LOOPBACK)
        if own and port is None:
            places.append((Place(address=LOOPBACK, port=metrics.port, key="metrics.port"), status))
        yield stack.enter_context(Server(places))
