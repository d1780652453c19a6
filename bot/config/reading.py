"""The file and the environment, read into one `Config`. Nobody else reads either."""

from __future__ import annotations

import copy
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import lines
from bot.config.checking import Checker, ExchangeKeys
from bot.config.environment import NAMED, Variable, model_of, private_text, read_by_others, variables
from bot.config.sections import Config, StorageConfig
from bot.config.wanted import wanted
from bot.errors import ConfigError, Gathered, Mistake, unreadable


def service_socket(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the socket on which systemd waits to hear from us, or None if it does not run us."""
    name = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    return name if name[:1] in ("/", "@") and len(name) > 1 else None


def exposed(path: Path) -> bool:
    """Return whether a file with a secret can be read by others. Raises OSError."""
    return read_by_others(path, path.stat().st_mode, os.environ)


def find(explicit: Path | None, environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the file to read: `--config`, `$GIFWARDEN_CONFIG`, `./config.toml`, or None if there is none."""
    environ = os.environ if environ is None else environ
    if explicit is not None:
        return explicit
    if environ.get("GIFWARDEN_CONFIG"):
        return Path(environ["GIFWARDEN_CONFIG"])
    here = Path("config.toml")
    return here if here.exists() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What file and environment say: the configuration without what is wrong, and a sentence for each of that."""

    config: Config
    mistakes: tuple[str, ...] = ()
    where: str = ""

    @property
    def error(self) -> ConfigError | None:
        """All mistakes as one error, or None."""
        return ConfigError(*self.mistakes, where=self.where) if self.mistakes else None


def load(
    path: Path | None,
    environ: Mapping[str, str] | None = None,
    *,
    hosts: Collection[str] | None = None,
    exchanges: Mapping[str, ExchangeKeys] | None = None,
) -> Config:
    """Read the file (or none) and the environment. `hosts`: the names that `[hosts.NAME]` may have, if known.

    `exchanges`: the kinds that `[exchanges.NAME]` may have with what each needs, if known.

    Raises ConfigError with a sentence for every mistake: the key, where it stands, what it must be.
    """
    reading = look(path, environ, hosts=hosts, exchanges=exchanges)
    if reading.error is not None:
        raise reading.error
    return reading.config


def look(
    path: Path | None,
    environ: Mapping[str, str] | None = None,
    *,
    hosts: Collection[str] | None = None,
    exchanges: Mapping[str, ExchangeKeys] | None = None,
) -> Reading:
    """Read like `load`, and return what can be read even so. For looking only: what is wrong has its default.

    Raises ConfigError if the file cannot be read at all.
    """
    environ = os.environ if environ is None else environ
    document = lines.read(_text(path)) if path is not None else lines.Document()
    shown = str(path)
    in_file = Gathered()
    in_file.add(*(Mistake(f"{shown}, line {one.line}: {one}", one.line) for one in document.mistakes))
    if path is not None:
        _guard_secrets(path, document, in_file)
    outside = Gathered()
    values, origins = _overlaid(document, variables(environ, outside))

    def tell(at: tuple[str, ...], said: str) -> None:
        name = next((origins[at[:end]] for end in range(len(at), 0, -1) if at[:end] in origins), None)
        if name is not None:
            outside.add(f"${name}: {said}")
        else:
            line = document.line(at)
            in_file.add(Mistake(f"{shown}, line {line}: {said}" if line else f"{shown}: {said}", line))

    config = Checker(tell, hosts, exchanges).config(values)
    places = [*([shown] if in_file.mistakes else []), *(["the environment"] if outside.mistakes else [])]
    return Reading(
        config=_placed(config, path.parent if path else Path()),
        mistakes=(*in_file.in_order(), *outside.mistakes),
        where=" and ".join(places),
    )


def _placed(config: Config, base: Path) -> Config:
    """Return the configuration with its paths from where the file stands."""
    storage = config.storage.model_copy(
        update={
            "path": base / config.storage.path,
            "rules": base / config.storage.rules,
            "notices": base / config.storage.notices,
            "key_file": base / config.storage.key_file if config.storage.key_file else None,
        }
    )
    gallery = config.gallery.model_copy(
        update={
            key: base / path for key in ("detector", "embedder") if (path := getattr(config.gallery, key)) is not None
        }
    )
    exchanges = {
        name: settings.model_copy(update={"folder": base / settings.folder}) if settings.folder else settings
        for name, settings in config.exchanges.items()
    }
    folder = config.workers.certificates
    workers = config.workers.model_copy(update={"certificates": base / folder if folder else None})
    placed = {"storage": storage, "gallery": gallery, "exchanges": exchanges, "workers": workers}
    return config.model_copy(update=placed)


def sealing_key(config: StorageConfig, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the key of `$GIFWARDEN_STORAGE__KEY` or of the key file, or None if there is none yet.

    Raises ConfigError if the file can be read by others.
    """
    environ = os.environ if environ is None else environ
    if environ.get("GIFWARDEN_STORAGE__KEY"):
        return environ["GIFWARDEN_STORAGE__KEY"].strip()
    path = key_path(config)
    try:
        there = path.exists()
    except OSError as error:
        raise ConfigError(unreadable(path, error)) from None
    return private_text(path, environ).strip() if there else None


def key_path(config: StorageConfig) -> Path:
    """Return where the sealing key stands or will stand."""
    return config.key_file or config.path / "key"


def keys() -> dict[str, dict[str, str]]:
    """Return every section's keys with their descriptions; the house test holds the example to it."""
    return {
        name: {key: field.description or "" for key, field in model_of(name).model_fields.items()}
        for name in Config.model_fields
    }


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(unreadable(path, error)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8") from None


def _guard_secrets(path: Path, document: lines.Document, found: Gathered) -> None:
    """Refuse secrets in a file that others can read."""
    if not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return
    for at, settings in _sections(document.values):
        for key in model_of(at[0]).model_fields:
            if settings.get(key) and wanted(model_of(at[0]), key).form == "secret":
                line = document.line((*at, key))
                variable = "__".join((*at, key)).upper().replace("-", "_")
                found.add(
                    Mistake(
                        f"{path}, line {line}: {'.'.join((*at, key))} is a secret and others can read this file; "
                        f"run: chmod 600 {path}, or put it in $GIFWARDEN_{variable}",
                        line,
                    )
                )


def _sections(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the path and the settings of every section that the program knows."""
    for section in Config.model_fields:
        settings = values.get(section)
        if not isinstance(settings, dict):
            continue
        if section not in NAMED:
            yield (section,), settings
            continue
        yield from (((section, name), inner) for name, inner in settings.items() if isinstance(inner, dict))


def _overlaid(document: lines.Document, told: Iterable[Variable]) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """Return the values of the file with those of the environment over them, and which variable each of these is."""
    values: dict[str, Any] = copy.deepcopy(document.values)
    origins: dict[tuple[str, ...], str] = {}
    for variable in told:
        *above, key = variable.path
        table: Any = values
        at: tuple[str, ...] = ()
        for name in above:
            # the file may spell a name in any case of letters, and variables have no -
            same = next((one for one in table if one.lower().replace("-", "_") == name), name)
            if same not in table:
                table[same] = {}
                origins[*at, same] = variable.name
            at, table = (*at, same), table[same]
            if not isinstance(table, dict):
                break
        else:
            whole = (*at, key)
            want = wanted(model_of(at[0]), key if key in model_of(at[0]).model_fields else at[-1])
            table[key] = want.read(variable.text)
            origins[whole] = variable.name
    return values, origins
