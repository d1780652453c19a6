"""What is known here of how the bot does, a finding each: no network, no child process, nothing but the database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot import channels, hosts
from bot.clock import day_and_time
from bot.config import Config, closest
from bot.errors import ConfigError
from bot.model import Backing, ExchangeState
from bot.notice_texts import LANGUAGES, NAMES, Texts, mistakes
from bot.pipeline.acting.modes import ASKED, sends
from bot.pipeline.core import Deps
from bot.pipeline.keeping.exchange_standing import left_over, standing
from bot.pipeline.keeping.exchange_words import WORDS
from bot.pipeline.scanning.host_health import ALARMS, host_rows
from bot.plural import many
from bot.store.tries import SENTENCE

LITTLE_DISK, NO_DISK = 1 << 30, 64 << 20  # bytes
LOSSES_SHOWN = timedelta(days=7)
JOBS = {
    "act": "do what was decided",
    "watch": "read what is new",
    "review": "look something up for a person",
    "follow": "follow links in posts",
    "backfill": "read the past",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One line of the doctor's."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    chosen: bool = False  # a warning that stays, for the operator wants it so


def ok(subject: str, text: str) -> Diagnosis:
    """Return that something is well."""
    return Diagnosis(level="ok", subject=subject, text=text)


def warn(subject: str, text: str, *, chosen: bool = False) -> Diagnosis:
    """Return that somebody should look at something."""
    return Diagnosis(level="warn", subject=subject, text=text, chosen=chosen)


def first_of(findings: Sequence[Diagnosis]) -> Diagnosis | None:
    """Return what is to be done first: the first failure, else the first warning that is not wanted; None if none."""
    failures = [one for one in findings if one.level == "fail"]
    return next(iter(failures or [one for one in findings if one.level == "warn" and not one.chosen]), None)


def known_here(deps: Deps) -> Iterator[Diagnosis]:
    """Yield all findings that need nothing but database and configuration; they name no place of this machine."""
    yield from storage(deps, places=False)
    yield from team(deps)
    yield from watched(deps)
    yield from exchanges(deps)
    yield from host_alarms(deps)
    yield from channel_file(deps.config, places=False)
    yield from text_files(deps.config)
    yield from modes(deps.config)
    yield from host_switches(deps.config)


def budget_said(budget: Mapping[str, Any]) -> str:
    """Return in words what the daemon knows of Reddit's limit."""
    at = f"{day_and_time(datetime.fromisoformat(budget['at']))} UTC"
    jobs = ", ".join(f"{count:,} to {JOBS.get(job, job)}" for job, count in budget["by_job"].items())
    return (
        f"Reddit takes {budget['limit']:,} requests in 10 minutes from the bot's account. At {at} "
        f"{budget['remaining']:,} were left; in the 10 minutes before, the bot had sent {jobs or 'none'}."
    )


def modes(config: Config) -> Iterator[Diagnosis]:
    for name in config.subreddits:
        yield ok(f"r/{name}", sends(config, name))
    if any(settings.mode == "observe" for settings in config.subreddits.values()):
        yield ok("observe", ASKED)


def disk(path: Path, *, places: bool = True) -> Diagnosis:
    """Return how much room there is for the data; `places`: whether to name the folder."""
    there = path
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    size = f"{free / (1 << 30):.1f} GiB" if free >= 1 << 29 else f"{free >> 20} MiB"
    where = str(path) if places else "storage.path"
    text = f"{size} free in {where}"
    if free >= LITTLE_DISK:
        return ok("storage", text)
    advice = f"only {text}; make room on its disk, or move the folder and set storage.path"
    if free >= NO_DISK:
        return warn("storage", advice)
    return Diagnosis(level="fail", subject="storage", text=advice)


def storage(deps: Deps, *, places: bool = True) -> Iterator[Diagnosis]:
    """What is kept, and what stops or holds; `places`: whether who reads it may know where it stands on the disk."""
    store, config = deps.store, deps.config
    yield disk(config.storage.path, places=places)
    banks = store.banks.listing(hashes=False)
    names = {bank.name for bank in banks}
    entries = sum(bank.entries for bank in banks)
    listed = sum(bank.listed for bank in banks)
    alone = config.review.confirmations == 1
    waiting = sum(
        bank.entries - bank.confirmed - (bank.one_person if alone else 0)
        for bank in banks
        if bank.name not in config.banks.trusted and bank.kind == "block"
    )
    yield (
        ok(
            "banks",
            f"{many(len(banks), 'bank')} with {many(entries, 'entry', 'entries')}"
            + (f" and {many(listed, 'row')} of lists" if listed else ""),
        )
        if entries or listed
        else warn("banks", f"no entries, so nothing can be found; begin with: {_learn(config)}")
    )
    if waiting:
        yield warn(
            "banks",
            f"not confirmed by a second person, so never acting alone: {many(waiting, 'entry', 'entries')}; "
            "see gifwarden bank confirm --help",
        )
    if again := store.banks.count(Backing.AGAIN):
        yield warn(
            "banks",
            f"{many(again, 'entry', 'entries')} must be confirmed again: an earlier version took a blank name, or the "
            "same one, for a second person; see gifwarden bank list --entries",
        )
    if alone:
        yield warn(
            "review",
            "review.confirmations = 1: an entry acts by itself on its exact file after the same person confirmed it "
            "again a day later, and is marked as confirmed by one person",
            chosen=True,
        )
    else:
        yield ok("review", "an entry acts alone after two moderators confirmed it; an appeal goes to another one")
    for missing in sorted(set(config.banks.trusted) - names):
        near = closest(missing, names)
        hint = f"; did you mean {near}?" if near else f"; run: gifwarden bank create {missing}"
        yield warn("banks", f"banks.trusted names {missing}, and there is no such bank{hint}")
    for stopped in store.kill_switch.stops():
        yield warn(
            "kill switch",
            f"r/{stopped.subreddit} is stopped, by {stopped.who}"
            + (
                ", who may not order that any more; it ends three days after its moderators were told"
                if stopped.lapsed
                else ""
            )
            + f"; gifwarden go {stopped.subreddit} goes on",
        )
    for row in store.flood.listing():
        yield warn("flood guard", f"{row.kind} {row.name} is quarantined: {row.why}; see gifwarden quarantine --help")
    for parked in store.tries.parked():
        yield warn(
            "parked",
            f"{parked.queue} {parked.name} ({parked.about}): {SENTENCE}; "
            f"gifwarden parked retry {parked.queue} {parked.name} tries it again",
        )
    limits = config.actions
    guard = f"an entry may act against {limits.flood_authors} authors a day before it is quarantined"
    caps = f"at most {many(limits.per_hour, 'action')} of a kind an hour, {limits.per_day} a day"
    yield ok("caps", f"{caps}; {guard}" if limits.flood_authors else f"{caps}; no flood guard for entries")
    if deps.stop_file.exists():
        until = f"while {deps.stop_file} exists" if places else "until gifwarden go"
        yield warn("kill switch", f"on: nothing is done in the world {until}")


def _learn(config: Config) -> str:
    """Return the command that fills an empty bank, for the first subreddit that is watched."""
    name = next(iter(config.subreddits), None)
    return f"gifwarden learn {name}" if name else "gifwarden learn SUBREDDIT, once a subreddit is watched"


def team(deps: Deps) -> Iterator[Diagnosis]:
    """Who decides, and whether there are two people whose words can count."""
    store, config = deps.store, deps.config
    people = store.team.listing()
    if not any(member.operator for member in people):
        yield warn("team", "there is no operator, so nobody decides here; run: gifwarden team add YOUR-NAME")
        return
    told = [member for member in people if member.account or member.reddit]
    yield ok("team", f"{many(len(people), 'member')}, {len(told)} with an account of their own")
    if idle := [member.name for member in people if not member.roles]:
        yield warn("team", f"without a role, so they decide nothing: {', '.join(idle)}; see gifwarden team add --help")
    if len(told) < 2 and config.review.confirmations == 2:
        yield warn(
            "team",
            "only one member has an account of their own, so no entry gets a second person's word; give another one "
            "theirs: gifwarden team add NAME --account ACCOUNT or --reddit ACCOUNT",
        )
    alone = [member.name for member in told if member.account and not member.reddit and not member.off_reddit]
    loose = [member.name for member in told if member.reddit and not member.account]
    if alone and loose:
        yield warn(
            "team",
            f"{', '.join(loose)} may be somebody who is here under another name ({', '.join(alone)}), so for an entry "
            "their words count once; say whose account it is: gifwarden team add NAME --reddit ACCOUNT, or --no-reddit",
        )


def watched(deps: Deps) -> Iterator[Diagnosis]:
    """What the daemon found out: subreddits that cannot be read, and what Reddit no longer showed."""
    store, now = deps.store, deps.clock.now()
    for place in store.watched.places():
        if place.state != "watching":
            yield warn(f"r/{place.subreddit}", f"{place.state} since {day_and_time(place.since)} UTC: {place.sentence}")
    for loss in store.watched.losses(now - LOSSES_SHOWN):
        yield warn(f"r/{loss.subreddit}", loss.sentence)


def exchanges(deps: Deps) -> Iterator[Diagnosis]:
    """How the exchanges do, and whether their rows may act by themselves where the operator wants it."""
    banks = deps.store.banks.names()
    for one in standing(deps.store, deps.config, deps.clock.now()):
        subject = f"exchange {one.name}"
        if one.settings.bank not in banks:
            create = f"run: gifwarden bank create {one.settings.bank} --kind block"
            yield warn(subject, f"its bank {one.settings.bank} does not exist; {create}")
        rows = f"{many(one.listed, 'row')} in {one.settings.bank}"
        if one.state in (ExchangeState.UP_TO_DATE, ExchangeState.FETCHING):
            yield ok(subject, f"{WORDS[one.state]}, {rows}")
        elif one.state is ExchangeState.PAUSED:
            yield warn(subject, f"paused, {rows}; gifwarden exchange pause {one.name} --resume goes on")
        else:
            yield warn(subject, f"{WORDS[one.state]}, {rows}{f': {one.why}' if one.why else ''}")
    for sentence in left_over(deps.store, deps.config):
        yield warn("exchanges", sentence)


# what comes from the domains that the operator allows
ALLOWED = {"direct": "files", "mastodon": "Mastodon statuses", "page": "videos of other pages"}


def host_switches(config: Config) -> Iterator[Diagnosis]:
    for plug in hosts.HOSTS:
        settings = config.host(plug.name)
        if not settings.enabled:
            yield warn("hosts", f"{plug.name} is switched off", chosen=True)
        elif plug.name in ALLOWED:
            what, allowed = ALLOWED[plug.name], ", ".join(settings.allow)
            yield ok("hosts", f"{what} only from {allowed}" if allowed else f"{what} are not followed from anywhere")


def channel_file(config: Config, *, places: bool = True) -> Iterator[Diagnosis]:
    """Yield whether the operator's own file of channels is right, if there is one."""
    path = config.storage.path / channels.OWN
    if not os.path.exists(path):  # noqa: PTH110  where this account may not look, storage says so
        return
    try:
        channels.merged(path)
    except ConfigError as error:
        for mistake in error.mistakes:
            yield Diagnosis(
                level="fail", subject="channels", text=mistake if places else mistake.replace(str(path), path.name)
            )
    else:
        yield ok("channels", f"{path if places else path.name} is read")


def text_files(config: Config) -> Iterator[Diagnosis]:
    """Yield whether the operator's own texts of notices are right, if there are any."""
    texts = Texts(config.storage.notices)
    own = [(language, name) for language in LANGUAGES for name in NAMES if texts.is_own(language, name)]
    wrong = dict.fromkeys(one for language, name in own for one in mistakes(texts, language, name))
    for sentence in (*wrong, *texts.strangers()):
        yield Diagnosis(level="fail", subject="notices", text=sentence)
    if own and not wrong:
        yield ok("notices", f"{many(len(own), 'text')} of your own can be used once they are approved")


def host_alarms(deps: Deps) -> Iterator[Diagnosis]:
    for row in host_rows(deps.store, deps.config, deps.clock.now()):
        if row.state in ALARMS:
            yield Diagnosis(level="fail" if row.state == "changed" else "warn", subject="hosts", text=row.sentence)
