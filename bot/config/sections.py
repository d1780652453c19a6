"""The sections of the configuration: every key with its default, its bounds and a description."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.addresses import WorkersConfig
from bot.config.kinds import Bytes, Cap, Count, Minutes, OrderVerb, Pause, Seconds, Section, Tries
from bot.config.mail import InboxConfig, MailConfig, NoticesConfig
from bot.model import Mode


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
    overlap_seconds: Seconds = Field(
        600, description="How far polls read back behind the newest known item, twice in that time."
    )
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
    attempts: Tries = Field(
        5, description="How often a link is tried before it is given up; outages of its host do not count."
    )
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
    front_seconds: Seconds = Field(
        15, description="Time to fetch one link while others wait; what takes more is fetched behind them."
    )
    links_per_post: Annotated[int, Field(gt=0, le=10_000)] = Field(
        25, description="Links of one post that are looked at in turn; the others wait behind everybody's."
    )


class DecodeConfig(Section):
    """Limits on the child processes that decode."""

    workers: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Decoding child processes.")
    memory_mb: Annotated[int, Field(ge=256, le=1 << 20)] = Field(1536, description="Address space of a child, in MiB.")
    cpu_seconds: Annotated[int, Field(gt=0, le=86_400)] = Field(60, description="Processor time for one file.")
    front_seconds: Annotated[int, Field(gt=0, le=86_400)] = Field(
        5, description="Processor time for one link while others wait; what takes more is looked at behind them."
    )
    wall_seconds: Seconds = Field(120, description="Time for one file by the clock; then the child is killed.")
    max_pixels: Count = Field(64_000_000, description="Largest frame, in pixels.")
    max_frames: Count = Field(3000, description="Most frames read of one file; more are sampled evenly.")
    without_filter: bool = Field(
        default=False,
        description="Decode strangers' files even where the kernel sets no filter (seccomp) for the decoder.",
    )


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


class GalleryConfig(Section):
    """Protected persons. Off until the operator has read what it asks of them."""

    enabled: bool = Field(False, description="Whether faces in media are compared with the protected persons'.")
    model: Literal["dlib-resnet-v1", "onnx"] = Field(
        "dlib-resnet-v1", description="The face model; faces enrolled by another one are not compared."
    )
    detector: Path | None = Field(None, description="For onnx: the file of a YuNet or SCRFD detector.")
    detector_checksum: str = Field("", description="Its SHA-256, as its publisher states it.")
    embedder: Path | None = Field(None, description="For onnx: the file of an SFace or ArcFace embedder.")
    embedder_checksum: str = Field("", description="Its SHA-256, as its publisher states it.")
    licence: str = Field("", description="For onnx: the licence under which you may use both files.")
    rates: tuple[tuple[float, float, float], ...] = Field(
        (),
        description="For onnx: rising rows of distance, true and false match rate, published or measured.",
    )
    false_matches: Annotated[float, Field(gt=0, le=1)] = Field(
        0.01, description="Matches by chance that are expected for each face that is looked at, over the whole gallery."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.model != "onnx":
            return self
        for key in ("detector", "detector_checksum", "embedder", "embedder_checksum", "licence"):
            if not getattr(self, key):
                raise ValueError(f"gallery.model onnx needs gallery.{key}")
        inside = all(0 < true < 1 and 0 < false < 1 for _, true, false in self.rates)
        rising = all(a < b for one, two in pairwise(self.rates) for a, b in zip(one, two, strict=True))
        if len(self.rates) < 3 or not inside or not rising:
            raise ValueError(
                "gallery.rates needs three rows or more of distance, true and false match rate, rising in all three, "
                "the rates between 0 and 1"
            )
        return self


class NudityConfig(Section):
    """Whether media show nudity, as one more sign of a sexual context."""

    model: Literal["", "open_nsfw", "nudenet"] = Field(
        "", description="The nudity model; empty: none, and the post, its subreddit and the host alone decide."
    )


class ActionsConfig(Section):
    """Limits on what the bot does without a person."""

    per_hour: Cap = Field(30, description="Most actions of one kind an hour; more are held.")
    per_day: Cap = Field(200, description="Most actions of one kind a day; more are held.")
    flood_authors: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        10, description="Different authors a day against whom one entry acts before it is quarantined; 0: no limit."
    )
    flood_entries: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        30, description="Entries of one bank that act in a day before the bank is quarantined; 0: no limit."
    )
    attempts: Tries = Field(6, description="How often a failing action is tried.")
    modmail_minutes: Minutes = Field(60, description="Messages to moderators within this time share a conversation.")


class ReviewConfig(Section):
    """Who decides, and when matches are too many to be true."""

    confirmations: Annotated[int, Field(ge=1, le=2)] = Field(
        2, description="How many different moderators confirm an entry before it acts alone; also for an appeal."
    )
    take_back_seconds: Annotated[int, Field(ge=0, le=600)] = Field(
        10, description="Seconds in which a decision can be taken back before anything is done for it."
    )
    proposals_per_day: Annotated[int, Field(ge=1, le=500)] = Field(
        30, description="How many proposals from past removals are opened a day for each person who may decide."
    )


class HostConfig(Section):
    """One host; the section's name is the plug's name."""

    enabled: bool = Field(True, description="Whether links to this host are followed.")
    allow: tuple[str, ...] = Field(
        (), description="For direct, mastodon and page only: the domains that it may fetch from. Empty: none."
    )
    interval_seconds: Pause | None = Field(
        None, description="Least time between two requests; default: fetch.host_interval_seconds."
    )
    mirrors: tuple[str, ...] = Field(
        (), description="For bunkr only: names that the site has taken and this version does not know yet."
    )
    account_token: SecretStr = Field(
        SecretStr(""),
        description="For gofile only: the API token of your account there, if it refuses guests. Better in the "
        "environment or a file with mode 0600.",
    )
    website_salt: str = Field(
        "",
        pattern=r"^[A-Za-z0-9]{0,40}$",
        description="For gofile only: what its site makes a guest's tokens with, if that is newer than this version.",
    )
    report_email: str | None = Field(
        None, description="Where notices go, if you know better than the built-in contact."
    )


class ExchangeConfig(Section):
    """One list of hashes that others keep; the section's name is ours for it. `kind` says which keys it needs."""

    kind: str = Field("https", description="What is asked: https, folder, hma, threatexchange or stopncii.")
    bank: str = Field("known-fakes", description="The bank into which its rows go.")
    url: str = Field("", description="The list's address, or the service's; https, or http on your own network.")
    folder: Path | None = Field(None, description="For folder: where files are dropped.")
    collection: str = Field(
        "", description="For hma: their bank's name. For threatexchange: the id of the privacy group."
    )
    format: Literal["auto", "hex", "csv", "ndjson", "json", "vpdq"] = Field(
        "auto", description="How https and folder lists are written; auto tells it by their content."
    )
    hash_type: Literal["auto", "pdq", "phash", "sha256"] = Field(
        "auto", description="What hashes of 64 digits are that https and folder lists do not name; auto: pdq."
    )
    every_minutes: Annotated[float, Field(gt=0, le=43_200)] = Field(60, description="How often it is asked.")
    stale_days: Annotated[float, Field(gt=0, le=3650)] = Field(
        30, description="How long its rows may act by themselves without a fetch that worked."
    )
    whole: bool = Field(
        False, description="Whether a list holds all its rows each time, so that missing ones are gone."
    )
    feedback: bool = Field(True, description="Whether what your moderators decide is told to it, if it takes that.")
    public_key: str = Field("", description="For https: the minisign key that must have signed the list; empty: none.")
    key: SecretStr = Field(
        SecretStr(""), description="Its token or subscription key. Better in GIFWARDEN_EXCHANGES__NAME__KEY."
    )
    fetch_key: SecretStr = Field(
        SecretStr(""), description="For stopncii: the function key of FetchHashes. Better in the environment."
    )
    feedback_key: SecretStr = Field(
        SecretStr(""), description="For stopncii: the function key of SubmitFeedback. Better in the environment."
    )


class StorageConfig(Section):
    """Where data lives."""

    path: Path = Field(
        Path("data"), description="Folder of the database and the key, relative to the configuration file."
    )
    rules: Path = Field(Path("rules"), description="Folder of the rule files, relative to the configuration file.")
    notices: Path = Field(
        Path("notices"), description="Folder of your own texts of notices, relative to the configuration file."
    )
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

    claim_days: Annotated[int, Field(gt=0, le=730)] = Field(
        180, description="How long what somebody depicted wrote is kept after the last word to or from them."
    )

    @property
    def stop_file(self) -> Path:
        """While this file exists, nothing is done in the world."""
        return self.path / "STOP"


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


class WebConfig(Section):
    """The console, in which moderators decide with a browser."""

    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="Port of the console; 0: none.")
    address: str = Field("127.0.0.1", description="Address of this machine on which it is served.")
    hosts: tuple[str, ...] = Field(
        (), description="Names by which it may be asked for, beside those of this machine; the first is in its links."
    )

    @field_validator("address")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError(f"{value!r} is no address; write one of this machine, such as 127.0.0.1 or ::1") from None

    @field_validator("hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", name):
                raise ValueError(f"{name!r} is no name of a host; write it without https:// and without a port")
        return tuple(name.lower() for name in value)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.port and not self.hosts and not ipaddress.ip_address(self.address).is_loopback:
            raise ValueError(
                "web.address is not of this machine alone: web.hosts must say by which names the console is asked for"
            )
        return self


class Config(Section):
    """The whole configuration."""

    reddit: RedditConfig = Field(default_factory=RedditConfig)
    subreddits: Mapping[str, SubredditConfig] = Field(default_factory=dict)
    fetch: FetchConfig = Field(default_factory=FetchConfig)
    decode: DecodeConfig = Field(default_factory=DecodeConfig)
    workers: WorkersConfig = Field(default_factory=WorkersConfig)
    banks: BanksConfig = Field(default_factory=BanksConfig)
    gallery: GalleryConfig = Field(default_factory=GalleryConfig)
    nudity: NudityConfig = Field(default_factory=NudityConfig)
    actions: ActionsConfig = Field(default_factory=ActionsConfig)
    review: ReviewConfig = Field(default_factory=ReviewConfig)
    orders: OrdersConfig = Field(default_factory=OrdersConfig)
    digest: DigestConfig = Field(default_factory=DigestConfig)
    mail: MailConfig = Field(default_factory=MailConfig)
    inbox: InboxConfig = Field(default_factory=InboxConfig)
    notices: NoticesConfig = Field(default_factory=NoticesConfig)
    hosts: Mapping[str, HostConfig] = Field(default_factory=dict)
    exchanges: Mapping[str, ExchangeConfig] = Field(default_factory=dict)
    storage: StorageConfig = Field(default_factory=StorageConfig)
    web: WebConfig = Field(default_factory=WebConfig)
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
