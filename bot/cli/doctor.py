"""What `gifwarden doctor` looks at, a finding each."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from PIL import Image

from bot import hosts
from bot.assemble import action_params, assembled, face_model, nudity_model, rule_files
from bot.cli.base import Quiet, host_names, known_banks, login_missing, look_at_config, parts, wiki_rules
from bot.clock import day_and_time
from bot.config import Config, MailConfig, NudityConfig, closest
from bot.errors import GifwardenError, UsageError, for_once
from bot.mail import Mailer
from bot.model import Backing, BankKind, ExchangeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.modes import ASKED, effect, sends
from bot.pipeline.judging.rule_words import examples_said
from bot.pipeline.keeping.exchange_standing import left_over
from bot.pipeline.keeping.exchange_words import WORDS
from bot.pipeline.rulebook import said_of
from bot.pipeline.scanning.host_health import ALARMS, host_rows
from bot.plural import many
from bot.rules import load, run_examples, unknown_banks
from bot.store.tries import SENTENCE
from bot.workers import Workers

MIN_DISK = 1 << 30
LOSSES_SHOWN = timedelta(days=7)
NEEDED_RIGHTS = frozenset({"posts", "mail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One line of the doctor's."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    chosen: bool = False  # a warning that stays, for the operator wants it so


def first_of(findings: Sequence[Diagnosis]) -> Diagnosis | None:
    """Return what is to be done first: the first failure, else the first warning that is not wanted; None if none."""
    failures = [one for one in findings if one.level == "fail"]
    return next(iter(failures or [one for one in findings if one.level == "warn" and not one.chosen]), None)


def examine(path: Path | None) -> Iterator[Diagnosis]:
    """Yield findings, most basic first; what depends on a failed one is left out."""
    try:
        reading = look_at_config(path)
    except GifwardenError as error:
        yield from _fails("configuration", error)
        return
    config = reading.config
    if reading.error is not None:
        yield from _fails("configuration", reading.error)
        # with what can be read of the configuration, so that not one file after the other has to be mended
        yield from _rules(config, known_banks(config))
        return
    yield _ok(
        "configuration", f"{many(len(config.subreddits), 'subreddit')} watched" if config.subreddits else "readable"
    )
    if not config.subreddits:
        yield _warn("configuration", "no subreddit is watched yet; add a section [subreddits.NAME]")
    banks: dict[str, BankKind] | None = None
    # sections that are wrong about mail or a model are findings of their own and must not hide the others
    plain = config.model_copy(update={"mail": MailConfig(), "nudity": NudityConfig()})
    try:
        with assembled(plain, Quiet(), parts=parts()) as pipeline:
            banks = {bank.name: bank.kind for bank in pipeline.deps.store.banks.listing()}
            yield from _storage(pipeline)
            yield from _team(pipeline)
            yield from _watched(pipeline)
            yield from _exchanges(pipeline)
            yield from _decoder(pipeline)
            yield from _health(pipeline)
    except GifwardenError as error:
        yield _fail("storage", error)
    yield from _rules(config, banks)
    yield from _modes(config)
    if missing := login_missing(config):
        yield Diagnosis(level="fail", subject="reddit", text=missing)
    else:
        with assembled(plain, Quiet(), parts=parts(reddit=True, memory=True)) as pipeline:
            yield from _reddit(pipeline)
    yield from _gallery(config)
    yield from _nudity(config)
    yield from _mail(config)
    yield from _hosts(config)


def _modes(config: Config) -> Iterator[Diagnosis]:
    for name in config.subreddits:
        yield _ok(f"r/{name}", sends(config, name))
    if any(settings.mode == "observe" for settings in config.subreddits.values()):
        yield _ok("observe", ASKED)


def _rules(config: Config, banks: Mapping[str, BankKind] | None) -> Iterator[Diagnosis]:
    named: dict[str, str] = {}
    told: set[str] = set()  # subreddits share files, and their mistakes
    for name in (None, *(name for name in config.subreddits if _own_rules(config, name))):
        subject = f"rules of r/{name}" if name else "rules"
        try:
            rules = load(rule_files(config, name), banks=banks, hosts=host_names(), actions=action_params())
        except GifwardenError as error:
            mistakes = error.mistakes if isinstance(error, UsageError) else (str(error),)
            new = [one for one in mistakes if one not in told]
            told.update(new)
            yield from _fails(subject, UsageError(*new, where=getattr(error, "where", "")))
            continue
        named |= unknown_banks(rules.rules, banks) if banks is not None else {}
        failures = run_examples(rules)
        if failures:
            yield Diagnosis(level="fail", subject=subject, text=str(failures[0]))
        else:
            yield _ok(subject, f"{many(len(rules.rules), 'rule')}, {examples_said(rules, failures)}")
    for name, row in wiki_rules(config).items():
        said, newest = said_of(row, name, config.subreddits[name].wiki)
        yield _ok("rules", said) if newest else _warn("rules", said)
    for sentence in named.values():
        yield _warn("rules", sentence)


def _own_rules(config: Config, name: str) -> bool:
    """Whether a subreddit has rule files that others have not."""
    return bool(config.subreddits[name].rules) or (config.storage.rules / name).is_dir()


def _storage(pipeline: Pipeline) -> Iterator[Diagnosis]:
    store, config = pipeline.deps.store, pipeline.deps.config
    free = shutil.disk_usage(config.storage.path).free
    text = f"{free / (1 << 30):.1f} GiB free in {config.storage.path}"
    yield _ok("storage", text) if free >= MIN_DISK else _warn("storage", text)
    banks = store.banks.listing()
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
        _ok(
            "banks",
            f"{many(len(banks), 'bank')} with {many(entries, 'entry', 'entries')}"
            + (f" and {many(listed, 'row')} of lists" if listed else ""),
        )
        if entries or listed
        else _warn("banks", f"no entries, so nothing can be found; begin with: {_learn(config)}")
    )
    if waiting:
        yield _warn(
            "banks",
            f"not confirmed by a second person, so never acting alone: {many(waiting, 'entry', 'entries')}; "
            "see gifwarden bank confirm --help",
        )
    if again := store.banks.count(Backing.AGAIN):
        yield _warn(
            "banks",
            f"{many(again, 'entry', 'entries')} must be confirmed again: an earlier version took a blank name, or the "
            "same one, for a second person; see gifwarden bank list --entries",
        )
    if alone:
        yield _warn(
            "review",
            "review.confirmations = 1: an entry acts by itself on its exact file after the same person confirmed it "
            "again a day later, and is marked as confirmed by one person",
            chosen=True,
        )
    else:
        yield _ok("review", "an entry acts alone after two moderators confirmed it; an appeal goes to another one")
    for missing in sorted(set(config.banks.trusted) - names):
        near = closest(missing, names)
        hint = f"; did you mean {near}?" if near else f"; run: gifwarden bank create {missing}"
        yield _warn("banks", f"banks.trusted names {missing}, and there is no such bank{hint}")
    for stopped in store.kill_switch.stops():
        yield _warn(
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
        yield _warn("flood guard", f"{row.kind} {row.name} is quarantined: {row.why}; see gifwarden quarantine --help")
    for parked in store.tries.parked():
        yield _warn(
            "parked",
            f"{parked.queue} {parked.name} ({parked.about}): {SENTENCE}; "
            f"gifwarden parked retry {parked.queue} {parked.name} tries it again",
        )
    limits = config.actions
    guard = f"an entry may act against {limits.flood_authors} authors a day before it is quarantined"
    caps = f"at most {many(limits.per_hour, 'action')} of a kind an hour, {limits.per_day} a day"
    yield _ok("caps", f"{caps}; {guard}" if limits.flood_authors else f"{caps}; no flood guard for entries")
    if pipeline.deps.stop_file.exists():
        yield _warn("kill switch", f"on: nothing is done in the world while {pipeline.deps.stop_file} exists")


def _learn(config: Config) -> str:
    """Return the command that fills an empty bank, for the first subreddit that is watched."""
    name = next(iter(config.subreddits), None)
    return f"gifwarden learn {name}" if name else "gifwarden learn SUBREDDIT, once a subreddit is watched"


def _team(pipeline: Pipeline) -> Iterator[Diagnosis]:
    """Who decides, and whether there are two people whose words can count."""
    store, config = pipeline.deps.store, pipeline.deps.config
    people = store.team.listing()
    if not any(member.operator for member in people):
        yield _warn("team", "there is no operator, so nobody decides here; run: gifwarden team add YOUR-NAME")
        return
    told = [member for member in people if member.account or member.reddit]
    yield _ok("team", f"{many(len(people), 'member')}, {len(told)} with an account of their own")
    if idle := [member.name for member in people if not member.roles]:
        yield _warn("team", f"without a role, so they decide nothing: {', '.join(idle)}; see gifwarden team add --help")
    if len(told) < 2 and config.review.confirmations == 2:
        yield _warn(
            "team",
            "only one member has an account of their own, so no entry gets a second person's word; give another one "
            "theirs: gifwarden team add NAME --account ACCOUNT or --reddit ACCOUNT",
        )
    alone = [member.name for member in told if member.account and not member.reddit and not member.off_reddit]
    loose = [member.name for member in told if member.reddit and not member.account]
    if alone and loose:
        yield _warn(
            "team",
            f"{', '.join(loose)} may be somebody who is here under another name ({', '.join(alone)}), so for an entry "
            "their words count once; say whose account it is: gifwarden team add NAME --reddit ACCOUNT, or --no-reddit",
        )


def _watched(pipeline: Pipeline) -> Iterator[Diagnosis]:
    """What the daemon found out: subreddits that cannot be read, and what Reddit no longer showed."""
    store, now = pipeline.deps.store, pipeline.deps.clock.now()
    for place in store.watched.places():
        if place.state != "watching":
            yield _warn(
                f"r/{place.subreddit}", f"{place.state} since {day_and_time(place.since)} UTC: {place.sentence}"
            )
    for loss in store.watched.losses(now - LOSSES_SHOWN):
        yield _warn(f"r/{loss.subreddit}", loss.sentence)


def _exchanges(pipeline: Pipeline) -> Iterator[Diagnosis]:
    """How the exchanges do, and whether their rows may act by themselves where the operator wants it."""
    banks = {bank.name for bank in pipeline.deps.store.banks.listing()}
    for one in pipeline.exchanges.standing():
        subject = f"exchange {one.name}"
        if one.settings.bank not in banks:
            create = f"run: gifwarden bank create {one.settings.bank} --kind block"
            yield _warn(subject, f"its bank {one.settings.bank} does not exist; {create}")
        rows = f"{many(one.listed, 'row')} in {one.settings.bank}"
        if one.state in (ExchangeState.UP_TO_DATE, ExchangeState.FETCHING):
            yield _ok(subject, f"{WORDS[one.state]}, {rows}")
        elif one.state is ExchangeState.PAUSED:
            yield _warn(subject, f"paused, {rows}; gifwarden exchange pause {one.name} --resume goes on")
        else:
            yield _warn(subject, f"{WORDS[one.state]}, {rows}{f': {one.why}' if one.why else ''}")
    for sentence in left_over(pipeline.deps.store, pipeline.deps.config):
        yield _warn("exchanges", sentence)


def _decoder(pipeline: Pipeline) -> Iterator[Diagnosis]:
    try:
        pipeline.deps.workers.fingerprint(_picture())
    except GifwardenError as error:
        yield _fail("decoder", error)
    else:
        yield _ok("decoder", "a child process decoded a test picture")
    if pipeline.deps.config.decode.without_filter:
        said = "decode.without_filter = true: files are decoded even where the kernel sets no filter"
        yield _warn("decoder", said, chosen=True)


def _picture() -> bytes:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "png")
    return picture.getvalue()


def _reddit(pipeline: Pipeline) -> Iterator[Diagnosis]:
    config, api = pipeline.deps.config, pipeline.deps.api
    try:
        yield _ok("reddit", f"logged in as u/{api.me()}")
    except GifwardenError as error:
        yield _fail("reddit", error)
        return
    left = api.budget()
    text = f"{left.remaining:,} of {left.limit:,} requests are left until {left.resets:%H:%M} UTC"
    yield _ok("reddit", text) if left.remaining > left.limit / 10 else _warn("reddit", text)
    for name, settings in config.subreddits.items():
        try:
            rights = api.permissions(name)
        except GifwardenError as error:
            yield _fail(f"r/{name}", error)
            continue
        missing = () if "all" in rights else sorted(NEEDED_RIGHTS - rights)
        does = f"mode {settings.mode}: {effect(settings.mode)}"
        if not missing:
            yield _ok(f"r/{name}", "the account has the rights it needs")
        elif settings.mode == "observe":
            yield _warn(f"r/{name}", f"{does}; without the right to {', '.join(missing)} it could do no more")
        else:
            yield Diagnosis(
                level="fail", subject=f"r/{name}", text=f"the account lacks the right to {', '.join(missing)}; {does}"
            )


def _gallery(config: Config) -> Iterator[Diagnosis]:
    if not config.gallery.enabled:
        yield _ok("gallery", "off: no faces are looked for")
        return
    try:
        model = face_model(config)
        assert model is not None, "it is switched on"
        yield _ok("gallery", f"on, by {model.check()}")
    except GifwardenError as error:
        yield _fail("gallery", error)
        return
    yield _warn(
        "gallery",
        "your duties: publish the policy (gifwarden person policy), written consent and proof of age for every person, "
        "withdraw at once on request, delete older backups then, and let a person decide on every resemblance",
        chosen=True,
    )


def _nudity(config: Config) -> Iterator[Diagnosis]:
    try:
        model = nudity_model(config)
        if model is None:
            yield _ok("nudity", "off: post, subreddit and host alone decide what is a sexual context")
            return
        with Workers(config.decode, nudity=model) as workers:
            workers.fingerprint(_picture(), nudity=True)
        yield _ok("nudity", f"on, by {model.check()}")
    except GifwardenError as error:
        yield _fail("nudity", error)


def _mail(config: Config) -> Iterator[Diagnosis]:
    mail = config.mail
    if not mail.host:
        yield _warn("mail", "mail.host is not set: notices are drafted, never sent")
        return
    if not mail.organisation:
        yield _warn("mail", "mail.organisation is not set, and a notice needs it")
    try:
        yield _ok("mail", Mailer(mail).check())
    except GifwardenError as error:
        yield _fail("mail", error)


def _hosts(config: Config) -> Iterator[Diagnosis]:
    for plug in hosts.HOSTS:
        settings = config.host(plug.name)
        if not settings.enabled:
            yield _warn("hosts", f"{plug.name} is switched off", chosen=True)
        elif plug.name == "direct":
            allowed = ", ".join(settings.allow)
            yield _ok(
                "hosts",
                f"direct links only from {allowed}" if allowed else "direct links to unknown hosts are not followed",
            )


def _health(pipeline: Pipeline) -> Iterator[Diagnosis]:
    deps = pipeline.deps
    for row in host_rows(deps.store, deps.config, deps.clock.now()):
        if row.state in ALARMS:
            yield Diagnosis(level="fail" if row.state == "changed" else "warn", subject="hosts", text=row.sentence)


def _ok(subject: str, text: str) -> Diagnosis:
    return Diagnosis(level="ok", subject=subject, text=text)


def _warn(subject: str, text: str, *, chosen: bool = False) -> Diagnosis:
    return Diagnosis(level="warn", subject=subject, text=text, chosen=chosen)


def _fail(subject: str, error: GifwardenError) -> Diagnosis:
    return Diagnosis(level="fail", subject=subject, text=for_once(error))


def _fails(subject: str, error: GifwardenError) -> Iterator[Diagnosis]:
    """A finding for each mistake, and their number."""
    for mistake in error.mistakes if isinstance(error, UsageError) else (str(error),):
        yield Diagnosis(level="fail", subject=subject, text=mistake)
    if isinstance(error, UsageError) and error.count:
        yield Diagnosis(level="fail", subject=subject, text=error.count)
