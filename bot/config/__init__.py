"""Configuration: TOML and environment in, one frozen `Config` out. Nobody else reads either.

Order, later wins: defaults, the file, `GIFWARDEN_SECTION__KEY`, `GIFWARDEN_SECTION__KEY_FILE` (the content of a file).

sections     every key with its default, its bounds and a description
reading      the file and the environment
lines        TOML with the line of every setting, and every statement that is wrong
slips        what is wrong with such a statement, in words
environment  variables, each with its setting
checking     every value against its declaration
wanted       what a setting must be
addresses    of machines that work together
content      values of the right kind that cannot be meant
"""

from __future__ import annotations

from bot.config.addresses import WorkersConfig, cluster_parts, is_loopback
from bot.config.checking import ExchangeKeys
from bot.config.content import exchange as wrong_exchange
from bot.config.content import is_address
from bot.config.environment import private_text
from bot.config.kinds import Section
from bot.config.mail import InboxConfig, MailConfig, NoticesConfig
from bot.config.reading import Reading, exposed, find, key_path, keys, load, look, sealing_key, service_socket
from bot.config.sections import (
    ActionsConfig,
    BanksConfig,
    Config,
    DecodeConfig,
    DigestConfig,
    ExchangeConfig,
    FetchConfig,
    GalleryConfig,
    HostConfig,
    LogConfig,
    MetricsConfig,
    NudityConfig,
    OrdersConfig,
    RedditConfig,
    ReviewConfig,
    StorageConfig,
    SubredditConfig,
)
from bot.config.wanted import closest

__all__ = [
    "ActionsConfig",
    "BanksConfig",
    "Config",
    "DecodeConfig",
    "DigestConfig",
    "ExchangeConfig",
    "ExchangeKeys",
    "FetchConfig",
    "GalleryConfig",
    "HostConfig",
    "InboxConfig",
    "LogConfig",
    "MailConfig",
    "MetricsConfig",
    "NoticesConfig",
    "NudityConfig",
    "OrdersConfig",
    "Reading",
    "RedditConfig",
    "ReviewConfig",
    "Section",
    "StorageConfig",
    "SubredditConfig",
    "WorkersConfig",
    "closest",
    "cluster_parts",
    "exposed",
    "find",
    "is_address",
    "is_loopback",
    "key_path",
    "keys",
    "load",
    "look",
    "private_text",
    "sealing_key",
    "service_socket",
    "wrong_exchange",
]
