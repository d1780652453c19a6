"""Configuration: TOML and environment in, one frozen `Config` out. Nobody else reads either.

Order, later wins: defaults, the file, `GIFWARDEN_SECTION__KEY`, `GIFWARDEN_SECTION__KEY_FILE` (the content of a file).
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.errors import ConfigError
from bot.model import Capacity, Mode

PREFIX = "GIFWARDEN_"
NOT_SETTINGS = frozenset({"GIFWARDEN_CONFIG", "GIFWARDEN_STORAGE__KEY"})

# Every number has an upper bound, beyond which sockets, timers and dates overflow: a slip of the pen is found here.
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
Bytes = Annotated[int, Field(gt=0, le=1 << 40)]
Tries = Annotated[int, Field(gt=0, le=20)]  # the wait doubles each time
Seconds = Annotated[float, Field(gt=0, le=86_400)]
OrderVerb = Literal["scan", "bank", "allow", "undo", "minor", "stop", "go"]
Cap = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Pause = Annotated[float, Field(ge=0, le=86_400)]  # seconds


class Section(BaseModel):
    """Base of all sections: frozen, and strangers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class RedditConfig(Section):
    """How the bot logs in to Reddit. Secrets belong in the environment or in a file with mode 0600."""

    client_id: str = Field("", description="The id of the script app that Reddit approved for you.")
    client_secret: SecretStr = Field(
        SecretStr(""), description="Its secret. Better in GIFWARDEN_REDDIT__CLIENT_SECRET."
    )
    username: str = Field("", description="The bot's account, a moderator with posts and mail rights.")
    password: SecretStr = Field(SecretStr(""), description="Its password. Better in GIFWARDEN_REDDIT__PASSWORD.")
    refresh_token: SecretStr = Field(SecretStr(""), description="Instead of a password, for a web app's code flow.")
    contact: str = Field("", description="The Reddit account of the person responsible, named in the User-Agent.")
    poll_seconds: Seconds = Field(30, description="How often new submissions and comments are read.")
    linked_posts: bool = Field(True, description="Look at the media of Reddit posts that a post links to.")
    overlap_seconds: Seconds = Field(600, description="How far each poll reads back behind the newest known item.")
    lookback_hours: Annotated[float, Field(gt=0, le=8760)] = Field(
        24, description="How far the first poll of a subreddit reads back."
    )


class SubredditConfig(Section):
    """One watched subreddit; the section's name is the subreddit's."""

    mode: Mode = Field("observe", description="observe: perform nothing. report: file reports. enforce: also remove.")
    rules: tuple[str, ...] = Field(
        (), description="Rule files for this subreddit; empty: all files of the rules folder."
    )
    comments: bool = Field(True, description="Whether comments are watched too.")
    wiki: str = Field(
        "",
        pattern=r"^([a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60}){0,4})?$",
        description="Wiki page from which its moderators' rules are taken too, such as gifwarden; empty: none.",
    )
    moderators_exempt: bool = Field(True, description="Whether its moderators are exempt where a rule exempts them.")
    orders: bool = Field(True, description="Whether its moderators' orders by modmail and report are carried out.")
    adult: bool = Field(False, description="Whether the whole subreddit is sexual context, marked NSFW or not.")


class FetchConfig(Section):
    """Limits on what is fetched from strangers' links."""

    max_bytes: Bytes = Field(64 * 1024 * 1024, description="Largest media file, in bytes.")
    max_page_bytes: Bytes = Field(4 * 1024 * 1024, description="Largest JSON answer or page of a host, in bytes.")
    connect_seconds: Seconds = Field(10, description="Longest wait for a connection.")
    read_seconds: Seconds = Field(15, description="Longest silence while a body arrives.")
    total_seconds: Seconds = Field(90, description="Longest time for one file, redirects included.")
    max_redirects: Annotated[int, Field(ge=0, le=20)] = Field(5, description="Most redirects; each is checked.")
    host_interval_seconds: Pause = Field(1, description="Least time between two requests to one host.")
    attempts: Tries = Field(5, description="How often a link is tried before it is given up.")
    concurrency: Annotated[int, Field(ge=1, le=64)] = Field(
        6, description="Most links in work at once; of one host only one is downloaded at a time."
    )
    max_bytes_at_once: Bytes = Field(
        256 * 1024 * 1024,
        description="Most bytes of media held in memory at once, beside one link's.",
    )
    reuse_hours: Annotated[float, Field(ge=0, le=720)] = Field(
        24, description="How long a look at a media serves other posts of it; 0: every post's media is fetched."
    )
    max_album: Annotated[int, Field(gt=0, le=10_000)] = Field(50, description="Most media fetched from one album.")


class DecodeConfig(Section):
    """Limits on the child processes that decode."""

    workers: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Decoding child processes.")
    memory_mb: Annotated[int, Field(ge=256, le=1 << 20)] = Field(1536, description="Address space of a child, in MiB.")
    cpu_seconds: Annotated[int, Field(gt=0, le=86_400)] = Field(60, description="Processor time for one file.")
    wall_seconds: Seconds = Field(120, description="Time for one file by the clock; then the child is killed.")
    max_pixels: Count = Field(64_000_000, description="Largest frame, in pixels.")
    max_frames: Count = Field(3000, description="Most frames read of one file; more are sampled evenly.")


class BanksConfig(Section):
    """Matching against banks."""

    trusted: tuple[str, ...] = Field((), description="Banks whose entries count as confirmed by a second person.")
    distance: Annotated[int, Field(ge=0, le=31)] = Field(31, description="Largest PDQ distance that is a near copy.")
    phash_distance: Annotated[int, Field(ge=0, le=64)] = Field(
        40, description="Largest distance of the 256-bit pHash that is a near copy."
    )
    min_quality: Annotated[int, Field(ge=0, le=100)] = Field(
        50, description="Frames below this PDQ quality never match."
    )
    min_frames: Count = Field(3, description="Least matching frames of a moving picture (one suffices for a still).")


class OrdersConfig(Section):
    """Orders that moderators give by modmail or by a report."""

    prefix: str = Field("gifwarden", pattern=r"^[A-Za-z0-9_-]{2,30}$", description="The word before an order.")
    reasons: Mapping[OrderVerb, str] = Field({}, description="Report reasons that are orders by themselves.")
    bank: str = Field("known-fakes", description="The bank into which the order bank puts media.")
    poll_seconds: Seconds = Field(60, description="How often modmail and reports are read.")


class DigestConfig(Section):
    """The daily message on what would have been done in subreddits in mode observe."""

    by: Literal["modmail", "mail", "off"] = Field("modmail", description="How it is sent.")
    hour: Annotated[int, Field(ge=0, le=23)] = Field(6, description="From which hour of the day, in UTC.")
    to: str = Field("", description="For mail: the address that it goes to.")
    heartbeat: bool = Field(False, description="Whether it is sent when there is nothing to say, too.")


class ActionsConfig(Section):
    """Limits on what the bot does without a person."""

    per_hour: Cap = Field(30, description="Most actions of one kind an hour; more are held.")
    per_day: Cap = Field(200, description="Most actions of one kind a day; more are held.")
    attempts: Tries = Field(6, description="How often a failing action is tried.")
    modmail_minutes: Minutes = Field(60, description="Messages to moderators within this time share a conversation.")


class ReviewConfig(Section):
    """Who decides, and when matches are too many to be true."""

    confirmations: Annotated[int, Field(ge=1, le=2)] = Field(
        2, description="How many different moderators confirm an entry before it acts alone; also for an appeal."
    )


class MailConfig(Section):
    """The mail server through which notices leave."""

    host: str = Field("", description="SMTP server; empty: notices are drafted, never sent.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="none only for a relay on this machine."
    )
    username: str = Field("", description="Login; empty: none.")
    password: SecretStr = Field(SecretStr(""), description="Better in GIFWARDEN_MAIL__PASSWORD.")
    sender: str = Field("", description="Address that notices come from and answers go to.")
    organisation: str = Field(
        "", description="Who sends: the team's or organisation's name; hosts may have to reveal it."
    )
    capacity: Capacity = Field(
        "third_party_notifier",
        description="On whose behalf notices speak, unless the person who states one says otherwise.",
    )
    timeout_seconds: Seconds = Field(30, description="Longest wait for the server.")


class HostConfig(Section):
    """One host; the section's name is the plug's name."""

    enabled: bool = Field(True, description="Whether links to this host are followed.")
    allow: tuple[str, ...] = Field((), description="For direct only: the domains it may fetch from. Empty: none.")
    interval_seconds: Pause | None = Field(
        None, description="Least time between two requests; default: fetch.host_interval_seconds."
    )
    report_email: str | None = Field(
        None, description="Where notices go, if you know better than the built-in contact."
    )


class StorageConfig(Section):
    """Where data lives."""

    path: Path = Field(
        Path("data"), description="Folder of the database and the key, relative to the configuration file."
    )
    rules: Path = Field(Path("rules"), description="Folder of the rule files, relative to the configuration file.")
    key_file: Path | None = Field(
        None,
        description="File (mode 0600) with the key that seals kept fingerprints; default: key in storage.path.",
    )
    seen_days: Annotated[int, Field(gt=0, le=3650)] = Field(
        30, description="How long posts without a case are remembered."
    )
    withdrawn_days: Annotated[int, Field(ge=0, le=365)] = Field(
        7, description="How long a withdrawn entry can be restored before its fingerprints are destroyed."
    )


class LogConfig(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity shown.")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console in a terminal, else JSON lines."
    )


class MetricsConfig(Section):
    """What a monitoring system on this machine may read."""

    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="Port on 127.0.0.1 with /metrics (Prometheus) and /health; 0: none."
    )


class Config(Section):
    """The whole configuration."""

    reddit: RedditConfig = Field(default_factory=RedditConfig)
    subreddits: Mapping[str, SubredditConfig] = Field(default_factory=dict)
    fetch: FetchConfig = Field(default_factory=FetchConfig)
    decode: DecodeConfig = Field(default_factory=DecodeConfig)
    banks: BanksConfig = Field(default_factory=BanksConfig)
    actions: ActionsConfig = Field(default_factory=ActionsConfig)
    review: ReviewConfig = Field(default_factory=ReviewConfig)
    orders: OrdersConfig = Field(default_factory=OrdersConfig)
    digest: DigestConfig = Field(default_factory=DigestConfig)
    mail: MailConfig = Field(default_factory=MailConfig)
    hosts: Mapping[str, HostConfig] = Field(default_factory=dict)
    storage: StorageConfig = Field(default_factory=StorageConfig)
    metrics: MetricsConfig = Field(default_factory=MetricsConfig)
    log: LogConfig = Field(default_factory=LogConfig)

    @field_validator("subreddits")
    @classmethod
    def _lower_names(cls, value: Mapping[str, SubredditConfig]) -> Mapping[str, SubredditConfig]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9_]{2,21}", name):
                raise ValueError(f"{name!r} is not a subreddit's name (write it without r/)")
        return {name.lower(): settings for name, settings in value.items()}

    def subreddit(self, name: str) -> SubredditConfig | None:
        """Return the settings of a subreddit, in any case of letters, or None if it is not watched."""
        return self.subreddits.get(name.lower())

    def mode(self, subreddit: str) -> Mode:
        """Return the mode of a subreddit; one that is not watched is only observed."""
        settings = self.subreddit(subreddit)
        return settings.mode if settings else "observe"

    def host(self, name: str) -> HostConfig:
        """Return the settings of a host plug, defaults if it has no section."""
        return self.hosts.get(name) or HostConfig()


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
    return config.model_copy(update={"storage": storage})


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
