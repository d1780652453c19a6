"""What `gifwarden doctor` looks at, a finding each."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image

from bot import hosts
from bot.assemble import Parts, assembled, rule_files
from bot.cli.base import Quiet, read_config
from bot.config import Config
from bot.errors import GifwardenError
from bot.mail import Mailer
from bot.pipeline import Pipeline
from bot.rules import load, run_examples

LEAST_DISK = 1 << 30
NEEDED_RIGHTS = frozenset({"posts", "mail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str


def examine(path: Path | None) -> Iterator[Finding]:
    """Yield findings, most basic first; what depends on a failed one is left out."""
    try:
        config = read_config(path)
    except GifwardenError as error:
        yield _fail("configuration", error)
        return
    yield _ok("configuration", f"{len(config.subreddits)} subreddits watched" if config.subreddits else "readable")
    if not config.subreddits:
        yield _warn("configuration", "no subreddit is watched yet; add a section [subreddits.NAME]")
    yield from _rules(config)
    try:
        with assembled(config, Quiet(), parts=Parts(rules=False, reddit=False)) as pipeline:
            yield from _storage(pipeline)
            yield from _decoder(pipeline)
    except GifwardenError as error:
        yield _fail("storage", error)
        return
    try:
        with assembled(config, Quiet(), parts=Parts(rules=False)) as pipeline:
            yield from _reddit(pipeline)
    except GifwardenError as error:
        yield _fail("reddit", error)
    yield from _mail(config)
    yield from _hosts(config)


def _rules(config: Config) -> Iterator[Finding]:
    for name in (None, *config.subreddits):
        try:
            files = rule_files(config, name)
            rules = load(files)
            failures = run_examples(rules)
        except GifwardenError as error:
            yield _fail(f"rules of r/{name}" if name else "rules", error)
            continue
        if failures:
            yield Finding(level="fail", subject="rules", text=str(failures[0]))
        elif name is None or config.subreddits[name].rules:
            yield _ok(f"rules of r/{name}" if name else "rules", f"{len(rules.rules)} rules, their examples hold")


def _storage(pipeline: Pipeline) -> Iterator[Finding]:
    store, config = pipeline.deps.store, pipeline.deps.config
    free = shutil.disk_usage(config.storage.path).free
    text = f"{free / (1 << 30):.1f} GiB free in {config.storage.path}"
    yield _ok("storage", text) if free >= LEAST_DISK else _warn("storage", text)
    banks = store.banks.listing()
    names = {bank.name for bank in banks}
    entries = sum(bank.entries for bank in banks)
    waiting = sum(
        bank.entries - bank.confirmed
        for bank in banks
        if bank.name not in config.banks.trusted and bank.kind == "block"
    )
    yield (
        _ok("banks", f"{len(banks)} banks with {entries} entries")
        if entries
        else _warn("banks", "no entries; nothing can be found yet")
    )
    if waiting:
        yield _warn(
            "banks",
            f"{waiting} entries wait for a second person and never act alone; see gifwarden bank confirm --help",
        )
    for missing in sorted(set(config.banks.trusted) - names):
        yield _warn("banks", f"banks.trusted names {missing}, and there is no such bank")
    if pipeline.deps.stop_file.exists():
        yield _warn("kill switch", f"on: nothing is done in the world while {pipeline.deps.stop_file} exists")


def _decoder(pipeline: Pipeline) -> Iterator[Finding]:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "png")
    try:
        pipeline.deps.workers.fingerprint(picture.getvalue())
    except GifwardenError as error:
        yield _fail("decoder", error)
    else:
        yield _ok("decoder", "a child process decoded a test picture")


def _reddit(pipeline: Pipeline) -> Iterator[Finding]:
    config, api = pipeline.deps.config, pipeline.deps.api
    try:
        yield _ok("reddit", f"logged in as u/{api.me()}")
    except GifwardenError as error:
        yield _fail("reddit", error)
        return
    for name, settings in config.subreddits.items():
        try:
            rights = api.rights(name)
        except GifwardenError as error:
            yield _fail(f"r/{name}", error)
            continue
        missing = () if "all" in rights else sorted(NEEDED_RIGHTS - rights)
        effect = f"mode {settings.mode}: {pipeline.people.effect(settings.mode)}"
        if not missing:
            yield _ok(f"r/{name}", effect)
        elif settings.mode == "observe":
            yield _warn(f"r/{name}", f"{effect}; without the right to {', '.join(missing)} it could do no more")
        else:
            yield Finding(
                level="fail", subject=f"r/{name}", text=f"the account lacks the right to {', '.join(missing)}; {effect}"
            )


def _mail(config: Config) -> Iterator[Finding]:
    if not config.mail.host:
        yield _warn("mail", "mail.host is not set: notices are drafted, never sent")
        return
    for key in ("sender", "organisation"):
        if not getattr(config.mail, key):
            yield _warn("mail", f"mail.{key} is not set, and a notice needs it")
    try:
        Mailer(config.mail).check()
    except GifwardenError as error:
        yield _fail("mail", error)
    else:
        yield _ok("mail", f"{config.mail.host} answers")


def _hosts(config: Config) -> Iterator[Finding]:
    for name in config.hosts:
        if hosts.get(name) is None:
            known = ", ".join(plug.name for plug in hosts.HOSTS)
            yield Finding(
                level="fail", subject="hosts", text=f"[hosts.{name}] is no host of this version; known: {known}"
            )
    for plug in hosts.HOSTS:
        settings = config.host(plug.name)
        if not settings.enabled:
            yield _warn("hosts", f"{plug.name} is switched off")
        elif plug.name == "direct":
            allowed = ", ".join(settings.allow)
            yield _ok(
                "hosts",
                f"direct links only from {allowed}" if allowed else "direct links to unknown hosts are not followed",
            )


def _ok(subject: str, text: str) -> Finding:
    return Finding(level="ok", subject=subject, text=text)


def _warn(subject: str, text: str) -> Finding:
    return Finding(level="warn", subject=subject, text=text)


def _fail(subject: str, error: GifwardenError) -> Finding:
    return Finding(level="fail", subject=subject, text=str(error))
