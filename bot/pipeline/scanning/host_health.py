"""How the hosts do, judged against their own past: which one changed, refuses, or gives nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot import channels, hosts
from bot.config import Config
from bot.errors import (
    AcquireError,
    BlockedError,
    ConfigError,
    GoneError,
    HostChangedError,
    MarkedFileError,
    NeedsTokenError,
    NotAllowedError,
    TryLaterError,
)
from bot.model import Channel
from bot.plural import many
from bot.store import Store
from bot.store.health import KEPT_DAYS, NOTHING, OUTCOMES, HostCount, HostOutcome

HostState = Literal["ok", "unseen", "off", "changed", "collapsed"]
ALARMS = frozenset({"changed", "collapsed"})
WINDOWS = (timedelta(hours=3), timedelta(hours=24))  # the short one sees a breakdown before a good day hides it
ENOUGH_NOW, ENOUGH_BEFORE = 10, 30  # answers: fewer say nothing
FALLEN = 0.5  # of its own former rate
CHANGED_SHARE = 0.2  # of a host's answers in an unknown shape


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """One host, as a person should see it. Counts by outcome, for the last hour, day and week."""

    host: str
    enabled: bool
    state: HostState
    sentence: str
    hour: Mapping[str, int]
    day: Mapping[str, int]
    week: Mapping[str, int]
    report: str  # where reports go

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "host": self.host, "enabled": self.enabled, "state": self.state, "sentence": self.sentence,
            "hour": dict(self.hour), "day": dict(self.day), "week": dict(self.week), "report": self.report,
        }  # fmt: skip


def outcome_of(error: AcquireError) -> HostOutcome | None:
    """Return what an error says about its host; None if the host was not asked."""
    if isinstance(error, MarkedFileError):
        return "resolved"
    if isinstance(error, NotAllowedError) or _resting(error):
        return None
    outcomes: tuple[tuple[type[AcquireError], HostOutcome], ...] = (
        (HostChangedError, "changed"),
        (GoneError, "gone"),
        (BlockedError, "blocked"),
        (NeedsTokenError, "needs_token"),
        (TryLaterError, "failed"),
    )
    return next((outcome for kind, outcome in outcomes if isinstance(error, kind)), "unsupported")


def host_rows(store: Store, config: Config, now: datetime) -> list[HostRow]:
    """Return every host in the plugs' order."""
    tell = store.health.tallies
    spans = [tell(now - timedelta(**{unit: 1})) for unit in ("hours", "days", "weeks")]
    past = now - timedelta(days=KEPT_DAYS)
    compared = [(tell(now - window), tell(past, now - window)) for window in WINDOWS]
    rows = []
    known = _known(config)
    for plug in hosts.HOSTS:
        hour, day, week = (span.get(plug.name, NOTHING) for span in spans)
        state: HostState
        enabled = config.host(plug.name).enabled
        if not enabled:
            state, sentence = "off", f"switched off; enabled = true in [hosts.{plug.name}] switches it on"
        else:
            pairs = [(new.get(plug.name, NOTHING), old.get(plug.name, NOTHING)) for new, old in compared]
            state, sentence = _judge(plug.name, day, week, pairs)
        counts = [{outcome: span[outcome] for outcome in OUTCOMES} for span in (hour, day, week)]
        rows.append(
            HostRow(
                host=plug.name,
                enabled=enabled,
                state=state,
                sentence=sentence,
                hour=counts[0],
                day=counts[1],
                week=counts[2],
                report=_report(known.contact(plug.name)),
            )
        )
    return rows


def _judge(
    name: str, day: HostCount, week: HostCount, pairs: list[tuple[HostCount, HostCount]]
) -> tuple[HostState, str]:
    changed = day["changed"]
    answers = day["changed"] + day["resolved"]
    stopped = changed and day.last["changed"] > day.last.get("resolved", day.last["changed"] - timedelta(1))
    if changed >= 2 and (stopped or changed >= CHANGED_SHARE * answers):
        return "changed", (
            f"{name} answered {many(changed, 'time')} today in a shape that its plug does not know "
            f"({day.sentences['changed']}); look for a newer version of gifwarden"
        )
    for new, old in pairs:
        for judge in (_fallen, _emptied):
            sentence = judge(name, new, old)
            if sentence:
                return "collapsed", sentence
    if not week.asked:
        return "unseen", "no link to it was followed in the last week"
    if not day.asked:
        return "ok", "nothing asked today"
    return "ok", f"{day['resolved']} of {many(day.asked, 'link')} led to media today"


def _fallen(name: str, new: HostCount, old: HostCount) -> str | None:
    """Return a sentence if a host gives far less than it used to, or nothing at all."""
    rate, before = _rate(new, _answered), _rate(old, _answered)
    if _answered(new) < ENOUGH_NOW or rate is None:
        return None
    known = before is not None and _answered(old) >= ENOUGH_BEFORE
    if (known and before is not None and rate >= FALLEN * before) or (not known and new["resolved"]):
        return None
    worst = max(("blocked", "needs_token", "failed", "changed"), key=lambda outcome: new[outcome])
    former = f", {before:.0%} before" if known and before is not None else ""
    return (
        f"{name} gave media for only {rate:.0%} of {many(_answered(new), 'link')} lately{former}; "
        f"most often: {new.sentences.get(worst) or worst}"
    )


def _emptied(name: str, new: HostCount, old: HostCount) -> str | None:
    """Return a sentence if nearly all of a host's links are gone at once, which is a block more often than a purge."""
    rate, before = _rate(new, _told), _rate(old, _told)
    if _told(new) < 2 * ENOUGH_NOW or _told(old) < ENOUGH_BEFORE or rate is None or before is None:
        return None
    if rate > 0.1 or before < FALLEN:
        return None
    return (
        f"{name} called {1 - rate:.0%} of {many(_told(new), 'link')} gone lately, {1 - before:.0%} before; "
        "open one by hand: it may refuse this machine and only say that the media are gone"
    )


def _answered(tally: HostCount) -> int:
    """Return how often a host gave media, or a reason that lies with the host rather than with the media."""
    return sum(tally[outcome] for outcome in ("resolved", "blocked", "needs_token", "changed", "failed"))


def _told(tally: HostCount) -> int:
    return tally["resolved"] + tally["gone"]


def _rate(tally: HostCount, of: Callable[[HostCount], int]) -> float | None:
    whole = of(tally)
    return tally["resolved"] / whole if whole else None


def _known(config: Config) -> channels.Registry:
    try:
        return channels.registry(config.storage.path)
    except ConfigError:  # which doctor tells; how the hosts do is told all the same
        return channels.shipped()


def _report(contact: Channel) -> str:
    return contact.email or contact.form or contact.note or "not known"


def _resting(error: AcquireError) -> bool:
    """Whether we did not ask because the host wanted us to wait."""
    return isinstance(error, TryLaterError) and error.status is None and error.retry_after is not None
