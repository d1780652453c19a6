"""Configuration: TOML and environment in, one frozen `Config` out. Nobody else reads either.

Order, later wins: defaults, the file, `GIFWARDEN_SECTION__KEY`, `GIFWARDEN_SECTION__KEY_FILE` (the content of a file).

sections  every key with its default, its bounds and a description
reading   the file and the environment
"""

from __future__ import annotations

from bot.config.reading import find, key_path, keys, load, private_text, sealing_key, service_socket
from bot.config.sections import (
    ActionsConfig,
    BanksConfig,
    Config,
    DecodeConfig,
    DigestConfig,
    FetchConfig,
    GalleryConfig,
    HostConfig,
    LogConfig,
    MailConfig,
    MetricsConfig,
    NudityConfig,
    OrdersConfig,
    RedditConfig,
    ReviewConfig,
    Section,
    StorageConfig,
    SubredditConfig,
)

__all__ = [
    "ActionsConfig",
    "BanksConfig",
    "Config",
    "DecodeConfig",
    "DigestConfig",
    "FetchConfig",
    "GalleryConfig",
    "HostConfig",
    "LogConfig",
    "MailConfig",
    "MetricsConfig",
    "NudityConfig",
    "OrdersConfig",
    "RedditConfig",
    "ReviewConfig",
    "Section",
    "StorageConfig",
    "SubredditConfig",
    "find",
    "key_path",
    "keys",
    "load",
    "private_text",
    "sealing_key",
    "service_socket",
]
