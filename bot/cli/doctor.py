"""What `gifwarden doctor` looks at, a finding each."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bot.assemble import DATABASE, action_params, assembled, face_model, nudity_model, rule_files
from bot.cli.base import (
    Quiet,
    has_database,
    host_names,
    known_banks,
    login_missing,
    look_at_config,
    parts,
    place,
    wiki_rules,
)
from bot.config import Config, GalleryConfig, InboxConfig, MailConfig, NudityConfig
from bot.dns import TxtRecords
from bot.errors import GifwardenError, UsageError, for_once
from bot.inbox import Inbox
from bot.jobs import cluster_status, version
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
from bot.pipeline.keeping.surroundings import clock_in, clock_of, daemon, machine, pages
from bot.pipeline.rulebook import said_of
from bot.plural import many
from bot.rules import load, run_examples, unknown_banks
from bot.schedule import LEASE_SECONDS
from bot.store.place import RESTORE, look
from bot.web.server import Place, free
from bot.web.status import LOOPBACK
from bot.workers import Workers

NEEDED_RIGHTS = frozenset({"posts", "mail"})


@dataclass(slots=True)
class _Known:
    """What one part found and others ask for: the banks, if the database opens, and whether a daemon works on it."""

    banks: dict[str, BankKind] | None = None
    working: bool = False


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
        known = _Known()
        yield from _each("storage", _banks(config, known))
        yield from _each("rules", _rules(config, known.banks))
        if known.banks is not None:
            yield from _each("rules", _wiki(config))
        return
    yield from machine(config)
    yield ok(
        "configuration", f"{many(len(config.subreddits), 'subreddit')} watched" if config.subreddits else "readable"
    )
    if not config.subreddits:
        yield warn("configuration", "no subreddit is watched yet; add a section [subreddits.NAME]")
    # sections that are wrong about mail or a model are findings of their own and must not hide the others
    plain = config.model_copy(
        update={"mail": MailConfig(), "nudity": NudityConfig(), "gallery": GalleryConfig(), "inbox": InboxConfig()}
    )
    known = _Known()
    yield from _each("storage", _storage(plain, known))
    yield from _each("rules", _rules(config, known.banks))
    if known.banks is not None:
        yield from _each("rules", _wiki(config))
    yield from _each("channels", channel_file(config))
    yield from _each("notices", text_files(config))
    yield from modes(config)
    yield from _each("reddit", _reddit(config, plain))
    yield from _each("gallery", _gallery(config))
    yield from _each("nudity", _nudity(config))
    yield from _each("mail", _mail(config))
    yield from _each("inbox", _inbox(config))
    if not known.working:
        yield from _each("web", _ports(config))
    yield from host_switches(config)
    yield from cluster_findings(config)


def _each(subject: str, findings: Iterator[Diagnosis]) -> Iterator[Diagnosis]:
    """Yield findings; whatever ends them early is one, and keeps nobody from looking further."""
    try:
        yield from findings
    except GifwardenError as error:
        yield from _fails(subject, error)
    except OSError as error:
        text = f"the system says {error.strerror or error!s} at {place(error)}; mend that and ask again"
        yield Diagnosis(level="fail", subject=subject, text=text)
    except Exception as error:  # noqa: BLE001  what is broken in a way that nobody thought of must not hide the rest
        text = (
            f"unexpected {type(error).__name__} at {place(error)}; this is a bug in gifwarden, please report this line"
        )
        yield Diagnosis(level="fail", subject=subject, text=text)


def _banks(config: Config, known: _Known) -> Iterator[Diagnosis]:
    """Yield nothing but what keeps from reading the kinds of the banks, which go to `known`."""
    known.banks = known_banks(config)
    yield from ()


def _storage(plain: Config, known: _Known) -> Iterator[Diagnosis]:
    """Yield what is found in the data folder; the banks go to `known`. No database is made where there is none."""
    path = plain.storage.path
    look(path / DATABASE)
    there = has_database(plain)
    if not there:
        yield warn(
            "storage",
            f"there is no database in {path}: the first start makes an empty one; if there was one, set storage.path "
            f"to where it is, or {RESTORE}",
        )
    with assembled(plain, Quiet(), parts=parts(memory=not there)) as pipeline:
        deps = pipeline.deps
        known.banks = deps.store.banks.kinds()
        if there:
            yield (whole := pages(path / DATABASE))
            if whole.level == "fail":
                return
            finding, known.working = daemon(deps, LEASE_SECONDS)
            yield finding
            yield from clock_in(deps)
        yield from storage(deps)
        yield from team(deps)
        yield from watched(deps)
        yield from exchanges(deps)
        yield from _each("decoder", _decoder(pipeline))
        yield from host_alarms(deps)


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
    for sentence in named.values():
        yield warn("rules", sentence)


def _wiki(config: Config) -> Iterator[Diagnosis]:
    for name, row in wiki_rules(config).items():
        said, newest = said_of(row, name, config.subreddits[name].wiki)
        yield ok("rules", said) if newest else warn("rules", said)


def _own_rules(config: Config, name: str) -> bool:
    """Whether a subreddit has rule files that others have not."""
    return bool(config.subreddits[name].rules) or (config.storage.rules / name).is_dir()


def _decoder(pipeline: Pipeline) -> Iterator[Diagnosis]:
    try:
        pipeline.deps.workers.fingerprint(_picture())
    except GifwardenError as error:
        yield _fail("decoder", error)
    except OSError as error:
        why = f"the decoder does not start ({error.strerror or error})"
        text = f"{why}; check the limits on open files, processes and memory (ulimit -a)"
        yield Diagnosis(level="fail", subject="decoder", text=text)
    else:
        yield ok("decoder", "a child process decoded a test picture")
    if pipeline.deps.config.decode.without_filter:
        said = "decode.without_filter = true: files are decoded even where the kernel sets no filter"
        yield warn("decoder", said, chosen=True)


def cluster_findings(config: Config) -> Iterator[Diagnosis]:
    """Yield what is found of workers on other machines, nothing if none are configured."""
    if not config.workers.scheduler:
        return
    try:
        if config.workers.certificates and config.workers.scheduler.startswith("tls://"):
            from bot.certificates import expiring, good_until  # certificates are read by nobody else here

            if soon := expiring(good_until(config.workers.certificates, "coordinator")):
                yield warn("workers", soon)
        found = cluster_status(config)
    except GifwardenError as error:
        yield _fail("workers", error)
        return
    if found["version"] != version():
        text = f"the scheduler has gifwarden {found['version']} and this machine {version()}; install the same on both"
        yield Diagnosis(level="fail", subject="workers", text=text)
        return
    for one in found["workers"]:
        if one["slow"]:
            text = (
                f"{one['name']} has said nothing of a link for {one['silent']} s and gets no more; look at that machine"
            )
            yield warn("workers", f"{text}, or start the worker again")
    if not found["workers"]:
        text = "no worker is there, so no link is fetched; start one: gifwarden worker"
        yield Diagnosis(level="fail", subject="workers", text=text)
    else:
        links = sum(one["links"] for one in found["workers"])
        text = f"{many(len(found['workers']), 'worker')} for {many(links, 'link')} at once"
        if links < config.fetch.concurrency:
            text += f"; fetch.concurrency is {config.fetch.concurrency}, and what is beyond {links} waits"
        elif links > config.fetch.concurrency:
            text += f"; raise fetch.concurrency from {config.fetch.concurrency} to use them all"
        yield ok("workers", text) if links == config.fetch.concurrency else warn("workers", text, chosen=True)
    for one in found["refused"]:
        yield warn(
            "workers", f"{one['name']} has gifwarden {one['version']} and is refused; install {found['version']}"
        )


def _picture() -> bytes:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "png")
    return picture.getvalue()


def _reddit(config: Config, plain: Config) -> Iterator[Diagnosis]:
    if missing := login_missing(config):
        yield Diagnosis(level="fail", subject="reddit", text=missing)
        return
    with assembled(plain, Quiet(), parts=parts(reddit=True, memory=True)) as pipeline:
        yield from _account(pipeline)


def _account(pipeline: Pipeline) -> Iterator[Diagnosis]:
    config, api = pipeline.deps.config, pipeline.deps.api
    try:
        yield ok("reddit", f"logged in as u/{api.me()}")
    except GifwardenError as error:
        yield _fail("reddit", error)
        return
    finally:
        yield from clock_of(api.clock_ahead(), pipeline.deps.clock)
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
            continue
        what = f"the account lacks the right to {', '.join(missing)}" if rights else "the account is no moderator"
        give = f"give it what it lacks at r/{name}/about/moderators"
        mend = (
            f"{give if rights else f'invite it at r/{name}/about/moderators with the rights to posts and mail'}; {does}"
        )
        if settings.mode == "observe":
            yield warn(f"r/{name}", f"{what}, so it could do no more than observe; {mend}")
        else:
            yield Diagnosis(level="fail", subject=f"r/{name}", text=f"{what}; {mend}")


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


def _ports(config: Config) -> Iterator[Diagnosis]:
    """Yield whether the daemon could serve where it is to; whoever asks has made sure that none does."""
    for address, port, key in (
        (config.web.address, config.web.port, "web.port"),
        (LOOPBACK, config.metrics.port, "metrics.port"),
    ):
        if port:
            free(Place(address=address, port=port, key=key))
            yield ok("web", f"{key} {port} is free")


def _fail(subject: str, error: GifwardenError) -> Diagnosis:
    return Diagnosis(level="fail", subject=subject, text=for_once(error))


def _fails(subject: str, error: GifwardenError) -> Iterator[Diagnosis]:
    """A finding for each mistake, and their number."""
    for mistake in error.mistakes if isinstance(error, UsageError) else (str(error),):
        yield Diagnosis(level="fail", subject=subject, text=mistake)
    if isinstance(error, UsageError) and error.count:
        yield Diagnosis(level="fail", subject=subject, text=error.count)
