"""How a notice reaches those who can act on it, as data: hosts' addresses and forms, and who stands above hosts.

data/      one file a kind of place; an operator's `channels.toml`, in the folder of the data, lies over them
reading    TOML → the nouns of `bot.model`, every mistake at once
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from bot.channels.reading import domain_of, read
from bot.errors import ConfigError
from bot.model import Body, BodyKind, Channel

DATA = Path(__file__).parent / "data"
OWN = "channels.toml"  # the operator's, in the folder of the data
# Whoever corrects one of these says it on their own word: the day on which we read the former does not vouch for it.
_VOUCHED = frozenset({"email", "forms", "api", "policy", "languages", "laws"})
_VOUCHERS = {"verified_on": None, "read_elsewhere": None, "source": ""}

__all__ = ["OWN", "Registry", "bodies", "channel_for", "contact", "coordinator", "domain_of", "registry", "shipped"]


class Registry:
    """All channels, by name and by domain."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = dict(channels)
        self._domains = {domain: one for one in self._channels.values() for domain in one.domains}

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels.values())

    def contact(self, name: str) -> Channel:
        """Return the channel of that name or domain; one of which nothing is known if there is none."""
        return self._channels.get(name) or self.channel_for(name) or Channel(name=name)

    def channel_for(self, address: str) -> Channel | None:
        """Return whose a domain or web address is, by the longest domain; None if nobody's, and for what is neither."""
        labels = (domain_of(address) or "").split(".")
        candidates = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._domains[one] for one in candidates if one in self._domains), None)


@cache
def shipped() -> Registry:
    """Return the channels that come with the program."""
    return _built(_shipped())


def registry(folder: Path | None = None) -> Registry:
    """Return the shipped channels with those of the operator's `channels.toml` in `folder` over them, key by key.

    It is read again when it changed. Raises ConfigError with every mistake in it; while the program runs, one that was
    right before keeps its former content until it is right again (`gifwarden doctor` says what is wrong).
    """
    if folder is None:
        return shipped()
    path = folder / OWN
    try:
        about = path.stat()
        stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
    except OSError:  # there is none, or none that can be read
        return shipped()
    with _lock:
        before = _read.get(path)
        if before is None or before[0] != stamp:
            try:
                before = stamp, merged(path)
            except ConfigError:
                if before is None:
                    raise
            _read[path] = before
        return before[1]


def merged(path: Path) -> Registry:
    """Return the shipped channels with those of a file over them. Raises ConfigError with every mistake in it."""
    own, known = read(path, Channel), dict(_shipped())
    for name, section in own.items():
        before = known.get(name, {})
        if _VOUCHED & section.keys() and not _VOUCHERS.keys() & section.keys():
            before = {**before, **_VOUCHERS}
        known[name] = {**before, **section}
    return _built(known, path)


def contact(name: str, folder: Path | None = None) -> Channel:
    """Return a host plug's or a domain's channel, all unknown if nobody wrote it down. `folder`: see `registry`."""
    return registry(folder).contact(name)


def channel_for(address: str, folder: Path | None = None) -> Channel | None:
    """Return the channel of a domain (`de.example.org`) or web address, or None. `folder`: as above."""
    return registry(folder).channel_for(address)


def bodies(kind: BodyKind | None = None) -> tuple[Body, ...]:
    """Return coordinators, dispute settlement bodies, regulators and helplines, or those of one kind."""
    return tuple(one for one in _bodies() if kind is None or one.kind == kind)


def coordinator(country: str | None) -> Body | None:
    """Return the Digital Services Coordinator of a country of the EU, or None."""
    return next((one for one in bodies(BodyKind.COORDINATOR) if one.country == country), None)


@cache
def _bodies() -> tuple[Body, ...]:
    return tuple(Body(name=name, **section) for name, section in read(DATA / "bodies.toml", Body).items())


@cache
def _shipped() -> Mapping[str, Mapping[str, Any]]:
    return {
        name: section
        for path in sorted(DATA.glob("*.toml"))
        if path.name != "bodies.toml"
        for name, section in read(path, Channel).items()
    }


def _built(known: Mapping[str, Mapping[str, Any]], path: Path | None = None) -> Registry:
    owners: dict[str, str] = {}
    mistakes = [
        f"{name}.domains{f' in {path}' if path else ''} names {domain}, which is {owners[domain]}'s already"
        for name, section in known.items()
        for domain in section.get("domains", ())
        if owners.setdefault(domain, name) != name
    ]
    if mistakes:
        raise ConfigError(*mistakes, where=str(path or ""))
    return Registry({name: _vouched(Channel(name=name, **section)) for name, section in known.items()})


def _vouched(channel: Channel) -> Channel:
    """Return it with each form saying where it was read: where its channel was, unless it says so itself."""
    where = {key: getattr(channel, key) for key in _VOUCHERS}
    forms = (
        form
        if form.verified_on or form.read_elsewhere
        else replace(form, **(where | ({"source": form.source} if form.source else {})))
        for form in channel.forms
    )
    return replace(channel, forms=tuple(forms))


_lock = threading.Lock()
_read: dict[Path, tuple[tuple[int, int, int], Registry]] = {}
assert {one.name for one in fields(Channel)} >= _VOUCHED | _VOUCHERS.keys()
