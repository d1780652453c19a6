"""What `gifwarden doctor` looks at, a finding each."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from bot.assemble import action_params, assembled, face_model, nudity_model, rule_files
from bot.cli.base import Quiet, host_names, known_banks, login_missing, look_at_config, parts, wiki_rules
from bot.config import Config, MailConfig, NudityConfig
from bot.dns import TxtRecords
from bot.errors import GifwardenError, UsageError, for_once
from bot.inbox import Inbox
from bot.mail import Mailer
from bot.model import BankKind
from bot.pipeline import Pipeline
from bot.pipeline.acting.modes import effect
from bot.pipeline.judging.rule_words import examples_said
from bot.pipeline.keeping.diagnosis import (
    Diagnosis,
    channel_file,
    exchanges,
    host_alarms,
    host_switches,
    modes,
    ok,
    storage,
    team,
    text_files,
    warn,
    watched,
)
from bot.pipeline.keeping.sender_records import sender_records
from bot.pipeline.rulebook import said_of
from bot.plural import many
from bot.rules import load, run_examples, unknown_banks
from bot.workers import Workers

NEEDED_RIGHTS = frozenset({"posts", "mail"})


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
    yield ok(
        "configuration", f"{many(len(config.subreddits), 'subreddit')} watched" if config.subreddits else "readable"
    )
    if not config.subreddits:
        yield warn("configuration", "no subreddit is watched yet; add a section [subreddits.NAME]")
    banks: dict[str, BankKind] | None = None
    # sections that are wrong about mail or a model are findings of their own and must not hide the others
    plain = config.model_copy(update={"mail": MailConfig(), "nudity": NudityConfig()})
    try:
        with assembled(plain, Quiet(), parts=parts()) as pipeline:
            banks = pipeline.deps.store.banks.kinds()
            yield from storage(pipeline.deps)
            yield from team(pipeline.deps)
            yield from watched(pipeline.deps)
            yield from exchanges(pipeline.deps)
            yield from _decoder(pipeline)
            yield from host_alarms(pipeline.deps)
    except GifwardenError as error:
        yield _fail("storage", error)
    yield from _rules(config, banks)
    yield from channel_file(config)
    yield from text_files(config)
    yield from modes(config)
    if missing := login_missing(config):
        yield Diagnosis(level="fail", subject="reddit", text=missing)
    else:
        with assembled(plain, Quiet(), parts=parts(reddit=True, memory=True)) as pipeline:
            yield from _reddit(pipeline)
    yield from _gallery(config)
    yield from _nudity(config)
    yield from _mail(config)
    yield from _inbox(config)
    yield from host_switches(config)


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
            yield ok(subject, f"{many(len(rules.rules), 'rule')}, {examples_said(rules, failures)}")
    for name, row in wiki_rules(config).items():
        said, newest = said_of(row, name, config.subreddits[name].wiki)
        yield ok("rules", said) if newest else warn("rules", said)
    for sentence in named.values():
        yield warn("rules", sentence)


def _own_rules(config: Config, name: str) -> bool:
    """Whether a subreddit has rule files that others have not."""
    return bool(config.subreddits[name].rules) or (config.storage.rules / name).is_dir()


def _decoder(pipeline: Pipeline) -> Iterator[Diagnosis]:
    try:
        pipeline.deps.workers.fingerprint(_picture())
    except GifwardenError as error:
        yield _fail("decoder", error)
    else:
        yield ok("decoder", "a child process decoded a test picture")
    if pipeline.deps.config.decode.without_filter:
        said = "decode.without_filter = true: files are decoded even where the kernel sets no filter"
        yield warn("decoder", said, chosen=True)


def _picture() -> bytes:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "png")
    return picture.getvalue()


def _reddit(pipeline: Pipeline) -> Iterator[Diagnosis]:
    config, api = pipeline.deps.config, pipeline.deps.api
    try:
        yield ok("reddit", f"logged in as u/{api.me()}")
    except GifwardenError as error:
        yield _fail("reddit", error)
        return
    left = api.budget()
    text = f"{left.remaining:,} of {left.limit:,} requests are left until {left.resets:%H:%M} UTC"
    yield ok("reddit", text) if left.remaining > left.limit / 10 else warn("reddit", text)
    for name, settings in config.subreddits.items():
        try:
            rights = api.permissions(name)
        except GifwardenError as error:
            yield _fail(f"r/{name}", error)
            continue
        missing = () if "all" in rights else sorted(NEEDED_RIGHTS - rights)
        does = f"mode {settings.mode}: {effect(settings.mode)}"
        if not missing:
            yield ok(f"r/{name}", "the account has the rights it needs")
        elif settings.mode == "observe":
            yield warn(f"r/{name}", f"{does}; without the right to {', '.join(missing)} it could do no more")
        else:
            yield Diagnosis(
                level="fail", subject=f"r/{name}", text=f"the account lacks the right to {', '.join(missing)}; {does}"
            )


def _gallery(config: Config) -> Iterator[Diagnosis]:
    if not config.gallery.enabled:
        yield ok("gallery", "off: no faces are looked for")
        return
    try:
        model = face_model(config)
        assert model is not None, "it is switched on"
        yield ok("gallery", f"on, by {model.check()}")
    except GifwardenError as error:
        yield _fail("gallery", error)
        return
    yield warn(
        "gallery",
        "your duties: publish the policy (gifwarden person policy), written consent and proof of age for every person, "
        "withdraw at once on request, delete older backups then, and let a person decide on every resemblance",
        chosen=True,
    )


def _nudity(config: Config) -> Iterator[Diagnosis]:
    try:
        model = nudity_model(config)
        if model is None:
            yield ok("nudity", "off: post, subreddit and host alone decide what is a sexual context")
            return
        with Workers(config.decode, nudity=model) as workers:
            workers.fingerprint(_picture(), nudity=True)
        yield ok("nudity", f"on, by {model.check()}")
    except GifwardenError as error:
        yield _fail("nudity", error)


def _mail(config: Config) -> Iterator[Diagnosis]:
    mail = config.mail
    if not mail.host:
        yield warn("mail", "mail.host is not set: notices are drafted, never sent")
        return
    if not mail.organisation:
        yield warn("mail", "mail.organisation is not set, and a notice needs it")
    try:
        yield ok("mail", Mailer(mail).check())
    except GifwardenError as error:
        yield _fail("mail", error)
    yield from sender_records(mail, TxtRecords(servers=parts().outside.names))


def _inbox(config: Config) -> Iterator[Diagnosis]:
    if not config.inbox.host:
        if config.mail.host:
            yield warn("inbox", "inbox.host is not set: what hosts answer to notices is not read")
        return
    try:
        yield ok("inbox", Inbox(config.inbox).check())
    except GifwardenError as error:
        yield _fail("inbox", error)


def _fail(subject: str, error: GifwardenError) -> Diagnosis:
    return Diagnosis(level="fail", subject=subject, text=for_once(error))


def _fails(subject: str, error: GifwardenError) -> Iterator[Diagnosis]:
    """A finding for each mistake, and their number."""
    for mistake in error.mistakes if isinstance(error, UsageError) else (str(error),):
        yield Diagnosis(level="fail", subject=subject, text=mistake)
    if isinstance(error, UsageError) and error.count:
        yield Diagnosis(level="fail", subject=subject, text=error.count)
