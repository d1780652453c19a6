"""Figures for Prometheus, read from the database when they are asked for. No label carries a name, URL or case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.config import Config
from bot.pipeline.keeping.exchange_standing import standing
from bot.pipeline.scanning.host_health import host_rows
from bot.store import Store
from bot.web.steps import Steps

TABLES = ("links", "cases", "notices", "entries")


def registry(store: Store, steps: Steps, config: Config) -> CollectorRegistry:
    """Return a registry of our own with every figure; `steps` are the running daemon's."""
    own = CollectorRegistry()
    own.register(_Figures(store, steps, config))
    return own


class _Figures(Collector):
    """Everything that is shown, read at each request."""

    def __init__(self, store: Store, steps: Steps, config: Config) -> None:
        self._store = store
        self._steps = steps
        self._config = config

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: registering must not read the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every figure as it is now. Raises StoreError if the database cannot be read."""
        yield InfoMetricFamily("gifwarden", "The running program.", {"version": __version__})
        yield from self._states()
        yield from self._queues()
        yield from self._outside()
        yield from _steps(self._steps)

    def _states(self) -> Iterator[Metric]:
        figures = self._store.figures
        for table in TABLES:
            family = GaugeMetricFamily(f"gifwarden_{table}", f"Number of {table} in each state.", labels=["state"])
            for state, number in figures.by_state(table).items():
                family.add_metric([state], number)
            yield family
        actions = GaugeMetricFamily(
            "gifwarden_actions", "Number of actions of each kind in each state.", labels=["kind", "state"]
        )
        for kind, state, number in figures.actions():
            actions.add_metric([kind, state], number)
        yield actions

    def _queues(self) -> Iterator[Metric]:
        figures = self._store.figures
        oldest = GaugeMetricFamily(
            "gifwarden_oldest_seconds",
            "For how long the oldest link or action has been due, and the oldest case open.",
            labels=["queue"],
        )
        for name, seconds in figures.oldest().items():
            oldest.add_metric([name], seconds)
        yield oldest
        polls = GaugeMetricFamily(
            "gifwarden_last_poll_timestamp_seconds",
            "When a listing of a subreddit was read last.",
            labels=["subreddit", "listing"],
        )
        for poll in figures.polls():
            polls.add_metric([poll.subreddit, poll.what], poll.at.timestamp())
        yield polls
        yield GaugeMetricFamily("gifwarden_database_bytes", "Size of the database.", value=figures.size())

    def _outside(self) -> Iterator[Metric]:
        """Yield how hosts and subreddits do: the alarms that `doctor` and `gifwarden hosts` put in words."""
        state = GaugeMetricFamily(
            "gifwarden_host_state", "1 for the state that a host is in.", labels=["host", "state"]
        )
        day = GaugeMetricFamily(
            "gifwarden_host_day", "What came of asking a host in the last day.", labels=["host", "outcome"]
        )
        for row in host_rows(self._store, self._config, self._steps.clock.now()):
            state.add_metric([row.host, row.state], 1)
            for outcome, number in row.day.items():
                day.add_metric([row.host, outcome], number)
        places = GaugeMetricFamily(
            "gifwarden_subreddit_state", "1 for the state that a subreddit is in.", labels=["subreddit", "state"]
        )
        for place in self._store.watched.places():
            places.add_metric([place.subreddit, place.state], 1)
        yield from (state, day, places)
        yield from self._exchanges()

    def _exchanges(self) -> Iterator[Metric]:
        """Yield how the exchanges of the configuration do; their names are the operator's own."""
        state = GaugeMetricFamily(
            "gifwarden_exchange_state", "1 for the state that an exchange is in.", labels=["exchange", "state"]
        )
        ended = GaugeMetricFamily(
            "gifwarden_exchange_last_success_timestamp_seconds", "When a fetch ended well last.", labels=["exchange"]
        )
        rows = GaugeMetricFamily("gifwarden_exchange_rows", "Rows that an exchange has here.", labels=["exchange"])
        for one in standing(self._store, self._config, self._steps.clock.now()):
            state.add_metric([one.name, one.state], 1)
            rows.add_metric([one.name], one.listed)
            if one.row is not None and one.row.ended_at is not None:
                ended.add_metric([one.name], one.row.ended_at.timestamp())
        yield from (state, ended, rows)


def _steps(steps: Steps) -> Iterator[Metric]:
    runs = CounterMetricFamily("gifwarden_step_runs", "Runs of each step of the daemon.", labels=["step"])
    failures = CounterMetricFamily("gifwarden_step_failures", "Runs that failed.", labels=["step"])
    seconds = CounterMetricFamily("gifwarden_step_seconds", "Time spent in each step.", labels=["step"])
    succeeded = GaugeMetricFamily(
        "gifwarden_step_last_success_timestamp_seconds", "When each step ended well last.", labels=["step"]
    )
    for step in steps.all():
        runs.add_metric([step.name], step.runs)
        failures.add_metric([step.name], step.failures)
        seconds.add_metric([step.name], step.seconds)
        if step.succeeded:
            succeeded.add_metric([step.name], step.succeeded.timestamp())
    yield from (runs, failures, seconds, succeeded)
