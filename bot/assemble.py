"""Puts owners, plugs and pipeline together from a configuration. Holds no decisions of its own.

Addresses of Reddit and of the network are arguments here and nowhere else, so that no configuration file and no
environment variable can lead the bot to another Reddit or to a private address.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot import actions, channels, faces, hosts, nudity
from bot.acquire import Acquirer
from bot.clock import Clock, SystemClock
from bot.config import Config, DecodeConfig, FetchConfig, GalleryConfig, key_path, sealing_key
from bot.encryption import FieldCipher, new_key, write_key
from bot.endpoints import Endpoints
from bot.errors import ConfigError, SealError
from bot.faces import FaceModel
from bot.fetch import Dial, Fetcher, Resolve, system_dial, system_resolve
from bot.inbox import Inbox
from bot.jobs import Elsewhere, Here
from bot.mail import Mailer
from bot.nudity import NudityModel
from bot.pipeline import Deps, Pipeline, no_boundary
from bot.pipeline.core import Log
from bot.pipeline.rulebook import Rulebook, Texts
from bot.reddit import Reddit
from bot.rules import RuleSet, load
from bot.store import Store
from bot.store.base import CONNECTION, Factory
from bot.store.place import look
from bot.workers import Workers

DATABASE = "gifwarden.db"
MODELS = "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Where the world is. The defaults are the real one; the demo and the tests pass loopback."""

    reddit_url: str | None = None
    oauth_url: str | None = None
    resolve: Resolve = system_resolve
    dial: Dial = system_dial
    names: tuple[tuple[str, int], ...] = ()  # name servers that are asked for records; none: those of the system


Children = Callable[
    [DecodeConfig, GalleryConfig | None, NudityModel | None], contextlib.AbstractContextManager[Workers]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a command needs of the house."""

    rules: bool = True
    reddit: bool = True
    memory: bool = False  # an empty database that leaves no file
    outside: Outside = field(default_factory=Outside)
    connection: Factory = CONNECTION  # what the database's connection is made of
    children: Children = Workers  # where decoding children come from; tests lend the same ones to many bots


def rule_files(config: Config, subreddit: str | None) -> tuple[Path, ...]:
    """Return the rule files of a subreddit: those it names, else all of the rules folder and then of its own inside.

    Raises ConfigError if there is none: a bot without rules would silently do nothing.
    """
    folder = config.storage.rules
    settings = config.subreddit(subreddit) if subreddit else None
    if settings and settings.rules:
        return tuple(folder / name for name in settings.rules)
    found = _files_in(folder)
    if not found:
        raise ConfigError(f"there are no rule files in {folder}; run: gifwarden init, or set storage.rules")
    return (*found, *_files_in(folder / subreddit.lower())) if subreddit and settings else found


def _files_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))))


def action_params() -> dict[str, frozenset[str]]:
    """Return what rules may ask for: the kind of each action that a rule may plan, and the parameters it takes."""
    return {plug.kind: plug.takes for plug in actions.ACTIONS if plug.by_rule}


def open_store(config: Config, clock: Clock, factory: Factory = CONNECTION) -> Store:
    """Open the database; a key is made on the first use. Raises StoreError, SealError or ConfigError."""
    database = config.storage.path / DATABASE
    _close_to_others(config.storage.path)
    look(database)  # before a key is looked for there, or made
    key = sealing_key(config.storage)
    if key is None:
        if database.exists():
            with Store(database, clock) as store:
                if store.maintenance.any_sealed():
                    raise SealError(
                        f"the key {key_path(config.storage)} is missing and {database} holds what was sealed with it; "
                        "restore the key (storage.key_file, or the file key beside the database)"
                    )
        key = new_key()
        write_key(key_path(config.storage), key)
    return Store(database, clock, FieldCipher(key), factory)


def _close_to_others(folder: Path) -> None:
    """Make the data folder if it is not there, and let nobody else look into it if it is ours."""
    with contextlib.suppress(OSError):  # what cannot be made is told by whoever writes into it
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_mode & 0o777 != 0o700 and found.st_uid == os.geteuid():
            folder.chmod(0o700)


def mailer_for(config: Config, log: Log) -> Mailer | None:
    """Return what sends mail, or None if `[mail]` is empty or does not do: only sending a notice needs it."""
    if not config.mail.host:
        return None
    try:
        return Mailer(config.mail)
    except ConfigError as error:
        log.warning("mail is off", reason=str(error))
        return None


def inbox_for(config: Config, log: Log) -> Inbox | None:
    """Return what reads hosts' answers, or None if `[inbox]` is empty or does not do."""
    if not config.inbox.host:
        return None
    try:
        return Inbox(config.inbox)
    except ConfigError as error:
        log.warning("inbox is off", reason=str(error))
        return None


def face_model(config: Config) -> FaceModel | None:
    """Return the model that looks for faces, or None if the gallery is off. Raises ConfigError or FaceModelError."""
    if not config.gallery.enabled:
        return None
    model = faces.model_of(config.gallery)
    model.check()
    return model


def _gallery(config: Config) -> GalleryConfig | None:
    """Return the settings by which children look for faces, or None if they do not. Raises as `face_model`."""
    return config.gallery if face_model(config) else None


def models_folder(config: Config) -> Path:
    """Return where model files are that a command installed, absolute."""
    return config.storage.path.resolve() / MODELS


def nudity_model(config: Config) -> NudityModel | None:
    """Return the model that looks for nudity, or None if that is off. Raises ConfigError or NudityModelError."""
    if not config.nudity.model:
        return None
    model = nudity.model_of(config.nudity.model, models_folder(config))
    model.check()
    return model


def forbid_core_dumps() -> None:
    """Keep a crash from writing memory, and with it media, to the disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def web(config: FetchConfig, clock: Clock, outside: Outside) -> Fetcher:
    """Return what fetches strangers' addresses, within these limits. The caller closes it."""
    return Fetcher(config, clock, resolve=outside.resolve, dial=outside.dial)


@contextlib.contextmanager
def machine(config: Config, clock: Clock, outside: Outside) -> Iterator[Here]:
    """Yield what does scan jobs on this machine by these settings, and close everything behind it."""
    forbid_core_dumps()
    with contextlib.ExitStack() as stack:
        fetcher = stack.enter_context(web(config.fetch, clock, outside))
        workers = stack.enter_context(Workers(config.decode, _gallery(config), nudity_model(config)))
        yield Here(Acquirer(config, fetcher, clock), workers)


@contextlib.contextmanager
def assembled(
    config: Config,
    log: Log,
    *,
    parts: Parts | None = None,
    clock: Clock | None = None,
    boundary: Callable[[str], None] = no_boundary,
) -> Iterator[Pipeline]:
    """Yield a pipeline and close everything behind it."""
    parts = parts or Parts()
    clock = clock or SystemClock()
    forbid_core_dumps()
    if parts.rules:  # whoever judges drafts notices: a mistake in where they go is told before
        channels.registry(config.storage.path)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(
            Store(None, clock, FieldCipher(new_key())) if parts.memory else open_store(config, clock, parts.connection)
        )
        fetcher = stack.enter_context(web(config.fetch, clock, parts.outside))
        workers = stack.enter_context(parts.children(config.decode, _gallery(config), nudity_model(config)))
        endpoints = Endpoints(clock)
        stack.callback(endpoints.close)
        reddit = None
        if parts.reddit:
            where = parts.outside
            reddit = Reddit(config.reddit, reddit_url=where.reddit_url, oauth_url=where.oauth_url, clock=clock)
            stack.callback(reddit.close)

        def files(subreddit: str | None) -> tuple[Path, ...]:
            return rule_files(config, subreddit) if parts.rules else ()

        def read(subreddit: str | None, more: Texts, seconds: float, instead: Mapping[Path, str]) -> RuleSet:
            if not parts.rules:
                return RuleSet(())
            banks = store.banks.kinds()
            settings = config.subreddit(subreddit) if subreddit else None
            rules = load(
                rule_files(config, subreddit),
                more=more,
                banks=banks,
                hosts=[plug.name for plug in hosts.HOSTS],
                actions=action_params(),
                seconds=seconds,
                instead=instead,
            )
            return rules if settings is None or settings.moderators_exempt else rules.exempting_nobody()

        acquirer = Acquirer(config, fetcher, clock)
        rulebook = Rulebook(config, store, log, read, files)
        for name in (None, *config.subreddits):
            rulebook.rules_for(name)
        pipeline = Pipeline(
            Deps(
                config=config,
                store=store,
                clock=clock,
                acquirer=acquirer,
                workers=workers,
                jobs=Elsewhere(config, acquirer) if config.workers.scheduler else Here(acquirer, workers),
                rulebook=rulebook,
                log=log,
                endpoints=endpoints,
                reddit=reddit,
                mailer=mailer_for(config, log),
                inbox=inbox_for(config, log),
                boundary=boundary,
            )
        )
        stack.callback(pipeline.close)
        yield pipeline
