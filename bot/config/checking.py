"""The values of file and environment against their declarations: every mistake, and what is left without them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.config import content
from bot.config.environment import NAMED, model_of
from bot.config.kinds import Section
from bot.config.sections import Config
from bot.config.wanted import Wanted, closest, shown, wanted

Path = tuple[str, ...]
Report = Callable[[Path, str], None]
_OTHER_WORDS: Mapping[str, Mapping[str, str]] = {
    "reddit": {"id": "client_id", "secret": "client_secret", "user": "username", "token": "refresh_token"},
    "mail": {"server": "host", "smtp": "host", "from": "sender", "user": "username", "encryption": "security"},
    "inbox": {"server": "host", "imap": "host", "user": "username", "encryption": "security", "mailbox": "folder"},
    "subreddits": {"nsfw": "adult", "over_18": "adult"},
    "exchanges": {"type": "kind", "token": "key", "address": "url", "path": "folder", "group": "collection"},
    "hosts": {"domains": "allow", "email": "report_email", "on": "enabled"},
}
KEY_ELSEWHERE = (
    "the sealing key does not stand in this file; put it in $GIFWARDEN_STORAGE__KEY, "
    "or in a file of its own that storage.key_file names"
)


# keys of some hosts only; those that `allow` is for have no domains of their own
KEYS_OF: Mapping[str, tuple[str, ...]] = {
    "allow": ("direct", "mastodon", "page"),
    "mirrors": ("bunkr",),
    "account_token": ("gofile",),
    "website_salt": ("gofile",),
}
_EVERY_EXCHANGE = frozenset({"kind", "bank", "every_minutes", "stale_days"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeKeys:
    """Which keys an exchange of one kind has, beside those that each of them has."""

    needed: frozenset[str]
    taken: frozenset[str]


class Checker:
    """Looks at every value once. `tell` takes a path and what is wrong there.

    `hosts`: the plugs' names, if known; `exchanges`: what each kind needs, if known.
    """

    def __init__(
        self,
        tell: Report,
        hosts: Collection[str] | None,
        exchanges: Mapping[str, ExchangeKeys] | None = None,
    ) -> None:
        self._tell = tell
        self._hosts = hosts
        self._exchanges = exchanges

    def config(self, values: Mapping[str, Any]) -> Config:
        """Return the configuration that the values make, without those that are wrong."""
        kept = self._top(values)
        self._together(kept)
        while True:
            try:
                return Config.model_validate(kept)
            except ValidationError as error:
                # what only the whole of a section shows
                for section in sorted({str(one["loc"][0]) for one in error.errors()}):
                    for one in error.errors():
                        if str(one["loc"][0]) == section:
                            self._whole(tuple(map(str, one["loc"])), one.get("ctx", {}).get("error"))
                    kept.pop(section)

    def _whole(self, path: Path, why: ValueError | None) -> None:
        if why is not None:
            self._tell(path, str(why))
            return
        key = next((name for name in reversed(path) if name in model_of(path[0]).model_fields), None)
        self._tell(path, f"{'.'.join(path)} {wanted(model_of(path[0]), key).sentence if key else 'is not understood'}")

    def _top(self, values: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if name not in Config.model_fields:
                self._tell((name,), self._unknown_section(name, value))
            elif isinstance(value, list):
                self._tell((name,), f"a section stands in single brackets; write [{name}]")
            elif not isinstance(value, dict):
                self._tell((name,), f"{name} is a section; write [{name}] and its settings on the lines below")
            elif name in NAMED:
                kept[name] = self._named(name, value)
            else:
                kept[name] = self._section(model_of(name), (name,), value)
        return kept

    def _unknown_section(self, name: str, value: Any) -> str:
        if not isinstance(value, (dict, list)):
            owners = _owners(name)
            if owners:
                return f"{name} stands outside its section; write it below {owners}"
            return f"{name} stands outside any section; write it below one, such as [reddit], or remove it"
        known = dict.fromkeys(Config.model_fields)
        if isinstance(value, dict) and value and set(value) <= set(model_of("subreddits").model_fields):
            return f"[{name}] is not a section; did you mean [subreddits.{name}]?"
        near = closest(name, known)
        if near in NAMED and isinstance(value, dict):
            inner = next((key for key, item in value.items() if isinstance(item, dict)), "NAME")
            return f"[{name}] is not a section; did you mean [{near}.{inner}]?"
        return f"[{name}] is not a section; " + (
            f"did you mean [{near}]?" if near else f"known are {', '.join(f'[{key}]' for key in known)}"
        )

    def _named(self, section: str, value: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        spelt: dict[str, str] = {}
        model = model_of(section)
        for name, inner in value.items():
            path = (section, name)
            if not isinstance(inner, dict):
                one = section.removesuffix("s")
                if name in model.model_fields:
                    self._tell(path, f"{name} belongs to one {one}; write it below [{section}.NAME], with its name")
                else:
                    self._tell(path, f"a {one} is a section; write [{section}.{name}] and its settings below")
                continue
            lower = name.lower()
            if section == "subreddits":
                if wrong := content.subreddit(name):
                    self._tell(path, wrong)
                elif lower in spelt:
                    first = f"[{section}.{spelt[lower]}]"
                    self._tell(path, f"r/{name} has a section already, {first}: Reddit's names are the same in any "
                                     "case of letters; keep one")  # fmt: skip
                spelt.setdefault(lower, name)
            elif section == "exchanges":
                if wrong := content.exchange(name):
                    self._tell(path, wrong)
                elif (lower := lower.replace("-", "_")) in spelt:
                    first = f"[{section}.{spelt[lower]}]"
                    self._tell(path, f"the exchange {name} has a section already, {first}; keep one")
                spelt.setdefault(lower, name)
            elif self._hosts is not None and name not in self._hosts:
                near = closest(name.removesuffix(".com"), self._hosts)
                hint = f"did you mean [hosts.{near}]?" if near else f"known here: {', '.join(self._hosts)}"
                self._tell(path, f"[hosts.{name}] is no host that gifwarden knows; {hint}")
                self._section(model, path, inner)
                continue
            settings = self._section(model, path, inner)
            if section == "exchanges" and not self._exchange(path, settings, inner):
                continue
            for key, theirs in KEYS_OF.items() if section == "hosts" else ():
                if name not in theirs and settings.pop(key, None):
                    where = " and ".join(f"[hosts.{one}]" for one in theirs)
                    self._tell((*path, key), f"hosts.{name}.{key} belongs to {where} only; move or remove it")
            if section == "hosts" or _named_well(section, name):
                kept.setdefault(lower if section == "subreddits" else name, settings)
        return kept

    def _exchange(self, path: Path, settings: dict[str, Any], written: Mapping[str, Any]) -> bool:
        """Look at what an exchange of its kind needs; return whether it can be used. What is not its own goes."""
        if self._exchanges is None:
            return True
        name, kind = ".".join(path), settings.get("kind", "https")
        keys = self._exchanges.get(kind)
        if keys is None:
            near = closest(kind, self._exchanges)
            hint = f'did you mean "{near}"?' if near else f"known here: {', '.join(self._exchanges)}"
            self._tell((*path, "kind"), f"{name}.kind is {shown(kind)}, which is no kind of exchange; {hint}")
            return False
        for key in sorted(set(settings) - keys.needed - keys.taken - _EVERY_EXCHANGE):
            if settings.pop(key) not in ("", False):
                others = [other for other, has in self._exchanges.items() if key in has.needed | has.taken]
                for_whom = f"it is for {' and '.join(others)}" if others else "no kind takes it"
                self._tell((*path, key), f"{name}.{key} is not for exchanges of kind {kind}; {for_whom}; remove it")
        missing = sorted(key for key in keys.needed if not settings.get(key) and not written.get(key))
        for key in missing:
            secret = wanted(model_of("exchanges"), key).form == "secret"
            where = f"put it in $GIFWARDEN_EXCHANGES__{path[1].upper().replace('-', '_')}__{key.upper()}"
            self._tell(path, f"{name}.{key} is missing, which kind {kind} needs; {where if secret else 'add it'}")
        return not missing

    def _section(self, model: type[Section], path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in values.items():
            at = (*path, key)
            if key not in model.model_fields:
                self._tell(at, self._unknown(model, path, key))
                continue
            want = wanted(model, key)
            said = want.refusal(value) if not want.fits(value) else self._judged(path[0], want, value)
            if said is None:
                kept[key] = value
            elif said:
                self._tell(at, f"{'.'.join(at)} {said}")
        return kept

    def _judged(self, section: str, want: Wanted, value: Any) -> str | None:
        if want.form == "reasons":
            for verb in value:
                if verb not in want.options:
                    near = closest(verb, want.options)
                    hint = f"did you mean {near}?" if near else f"known here: {', '.join(want.options)}"
                    return f"names the order {shown(verb)}, which there is not; {hint}"
        judge = content.JUDGES.get((section, want.key))
        if judge is None:
            return None
        texts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        return next((wrong for text in texts if (wrong := judge(text)) is not None), None)

    def _unknown(self, model: type[Section], path: Path, key: str) -> str:
        name = ".".join((*path, key))
        if path[0] == "storage" and key in ("key", "seal", "sealing_key"):
            return f"{name} is not a setting: {KEY_ELSEWHERE}"
        known = model.model_fields
        if (other := _OTHER_WORDS.get(path[0], {}).get(key.lower())) is not None:
            return f"{name} is not a setting; did you mean {other}?"
        if owners := _owners(key):
            return f"{name} is not a setting; {key} belongs below {owners}"
        near = closest(key, known)
        return f"{name} is not a setting; " + (f"did you mean {near}?" if near else f"known here: {', '.join(known)}")

    def _together(self, kept: Mapping[str, Any]) -> None:
        """Look at settings that make sense with others only."""
        digest = kept.get("digest", {})
        if digest.get("by") == "mail" and not digest.get("to"):
            self._tell(("digest", "by"), 'digest.by is "mail" and digest.to names no address; add it')


def _named_well(section: str, name: str) -> bool:
    return (content.exchange if section == "exchanges" else content.subreddit)(name) is None


def _owners(key: str) -> str:
    """Return the headings below which a setting of this name stands, in words; empty if there is none."""
    found = [
        f"[{section}.NAME]" if section in NAMED else f"[{section}]"
        for section in Config.model_fields
        if key in model_of(section).model_fields
    ]
    return " or ".join(found)
