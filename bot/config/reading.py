"""The file and the environment, read into one `Config`. Nobody else reads either."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.config.sections import Config, HostConfig, Section, StorageConfig, SubredditConfig
from bot.errors import ConfigError

PREFIX = "GIFWARDEN_"
NOT_SETTINGS = frozenset({"GIFWARDEN_CONFIG", "GIFWARDEN_STORAGE__KEY"})


def service_socket(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the socket on which systemd waits to hear from us, or None if it does not run us."""
    name = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    return name if name[:1] in ("/", "@") and len(name) > 1 else None


def find(explicit: Path | None, environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the file to read: `--config`, `$GIFWARDEN_CONFIG`, `./config.toml`, or None if there is none."""
    environ = os.environ if environ is None else environ
    if explicit is not None:
        return explicit
    if environ.get("GIFWARDEN_CONFIG"):
        return Path(environ["GIFWARDEN_CONFIG"])
    here = Path("config.toml")
    return here if here.exists() else None


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file (or none) and the environment.

    Raises ConfigError with one sentence that names the key and where it stands.
    """
    environ = os.environ if environ is None else environ
    data: dict[str, Any] = {}
    if path is not None:
        data = _read(path)
        _guard_secrets(path, data)
    _overlay(data, environ)
    where = str(path) if path else "the environment"
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_sentence(error, where)) from None
    base = path.parent if path else Path()
    storage = config.storage.model_copy(
        update={
            "path": base / config.storage.path,
            "rules": base / config.storage.rules,
            "key_file": base / config.storage.key_file if config.storage.key_file else None,
        }
    )
    gallery = config.gallery.model_copy(
        update={
            key: base / path for key in ("detector", "embedder") if (path := getattr(config.gallery, key)) is not None
        }
    )
    return config.model_copy(update={"storage": storage, "gallery": gallery})


def sealing_key(config: StorageConfig, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the key of `$GIFWARDEN_STORAGE__KEY` or of the key file, or None if there is none yet.

    Raises ConfigError if the file can be read by others.
    """
    environ = os.environ if environ is None else environ
    if environ.get("GIFWARDEN_STORAGE__KEY"):
        return environ["GIFWARDEN_STORAGE__KEY"].strip()
    path = key_path(config)
    return private_text(path).strip() if path.exists() else None


def key_path(config: StorageConfig) -> Path:
    """Return where the sealing key stands or will stand."""
    return config.key_file or config.path / "key"


def private_text(path: Path) -> str:
    """Read a file that holds a secret. Raises ConfigError if it is missing or others may read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; check the path and its rights") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path} holds a secret and others can read it; run: chmod 600 {path}")
    return text


def keys() -> dict[str, dict[str, str]]:
    """Return every section's keys with their descriptions; the house test holds the example to it."""
    shown: dict[str, dict[str, str]] = {}
    models: dict[str, type[Section]] = {
        "subreddits": SubredditConfig,
        "hosts": HostConfig,
    }
    for name, info in Config.model_fields.items():
        model = models.get(name) or info.annotation
        assert isinstance(model, type)
        assert issubclass(model, Section)
        shown[name] = {key: field.description or "" for key, field in model.model_fields.items()}
    return shown


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration at {path}; run: gifwarden init") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None


def _guard_secrets(path: Path, data: Mapping[str, Any]) -> None:
    secrets = {"reddit": ("client_secret", "password", "refresh_token"), "mail": ("password",)}
    held = [
        f"{section}.{key}"
        for section, names in secrets.items()
        if isinstance(data.get(section), Mapping)
        for key in names
        if data[section].get(key)
    ]
    if held and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path} holds {held[0]} and others can read it; run: chmod 600 {path}")


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or "__" not in name:
            continue
        value = environ[name]
        parts = name.removeprefix(PREFIX).lower().split("__")
        if parts[-1].endswith("_file") and parts[-1] != "key_file":
            parts[-1] = parts[-1].removesuffix("_file")
            value = private_text(Path(value)).strip()
        target = data
        for part in parts[:-1]:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise ConfigError(f"${name} does not fit: {part} is not a section")
        target[parts[-1]] = value.split(",") if _is_list(parts) else value


def _is_list(parts: list[str]) -> bool:
    return (parts[0], parts[-1]) in {("banks", "trusted"), ("subreddits", "rules"), ("hosts", "allow")}


def _sentence(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        *section, key = [str(part) for part in first["loc"]]
        known = keys().get(section[0], {}) if section else keys()
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"{place} in {where} is not a setting; {hint}"
    return f"{place} in {where}: {first['msg'][0].lower()}{first['msg'][1:]}"
