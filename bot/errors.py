"""One tree of errors. Every message is one sentence: what, where, what to do.

GifwardenError                      exit code 1
├── UsageError                      exit code 2: the command or a file of the operator's is wrong
│   ├── ConfigError
│   ├── RuleError
│   └── StaysRemovedError           a removal that is not taken back: the post was not up before it
├── AcquireError                    a link gave no bytes; `state` is the link state it ends in
│   ├── GoneError                   gone         the host says it no longer exists
│   ├── BlockedError                blocked      we refuse to go there, or we are refused for good
│   │   └── NotAllowedError         blocked      the configuration does not let us ask this host
│   ├── NeedsTokenError             needs_token  the host wants a credential we do not have
│   ├── UnsupportedError            unsupported  not media, or beyond the limits
│   ├── HostChangedError            failed       the host answers in a shape we do not know
│   └── TryLaterError               failed       time-out, rate limit, server error: worth another try
├── MediaError                      bytes that do not decode
│   └── LimitError                  bytes that decode to more than the limits allow
├── StoreError                      the database
│   └── LeaseError                  another daemon holds the lease
├── SnapshotError                   a file of the search index that is not used; another is built
├── FaceModelError                  a face model's packages or weights are missing or not what they should be
├── NudityModelError                a nudity model's packages or file are missing or not what they should be
├── SealError                       the key that protects stored fingerprints
└── OutsideError                    exit code 3: a service we depend on is unavailable
    ├── RedditError                 `retry` says whether trying again can help
    └── MailError                   `sent` is None when the server may have accepted the message
"""

from __future__ import annotations


class GifwardenError(Exception):
    """Base of all errors that gifwarden raises on purpose."""

    exit_code = 1


class UsageError(GifwardenError):
    """The command line or a file written by the operator is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is wrong; the message names the key and the file."""


class RuleError(UsageError):
    """A rule is wrong; the message names file, line and key."""


class StaysRemovedError(UsageError):
    """A removal is not taken back, because the post was not up before it. `found` is how it was, as `Found` says it."""

    def __init__(self, message: str, *, found: str) -> None:
        super().__init__(message)
        self.found = found


class AcquireError(GifwardenError):
    """A link gave no bytes."""

    state = "failed"
    retry = False
    status: int | None = None  # of the HTTP answer that led here, if there was one


class GoneError(AcquireError):
    """The host says that the media no longer exists."""

    state = "gone"


class BlockedError(AcquireError):
    """The address is one we never contact, or the host refuses us for good."""

    state = "blocked"


class NotAllowedError(BlockedError):
    """The configuration does not let us ask: the host is switched off, or the domain is not one that is allowed."""


class NeedsTokenError(AcquireError):
    """The host wants a credential that is not configured."""

    state = "needs_token"


class UnsupportedError(AcquireError):
    """What is behind the link is not media that we read, or is beyond the limits."""

    state = "unsupported"


class HostChangedError(AcquireError):
    """The host answers in a shape that its plug does not know."""


class TryLaterError(AcquireError):
    """A passing failure. `retry_after` is the host's own wish in seconds, if it named one."""

    retry = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MediaError(GifwardenError):
    """Bytes that do not decode to at least one frame."""


class LimitError(MediaError):
    """Bytes that decode to more pixels, frames, time or memory than the limits allow."""


class StoreError(GifwardenError):
    """The database is missing, newer than this program, or does not hold what was asked for."""


class LeaseError(StoreError):
    """Another daemon works on this database."""

    exit_code = 3


class SnapshotError(GifwardenError):
    """A file of the search index is missing, damaged, or not of this database."""


class SealError(GifwardenError):
    """The key that protects stored fingerprints is missing, unsafe or wrong."""

    exit_code = 2


class FaceModelError(GifwardenError):
    """A face model cannot be used: its package or weights are missing, or are not those they should be."""

    exit_code = 2


class NudityModelError(GifwardenError):
    """A nudity model cannot be used: its package or file is missing, or is not the one it should be."""

    exit_code = 2


class OutsideError(GifwardenError):
    """A service that we depend on is unavailable or refuses.

    `setup`: login or rights are refused; nothing is lost, but the operator has to mend something first.
    """

    exit_code = 3
    setup = False


# The first five concern one subreddit, the others whatever is asked next
REDDIT_STATES = (
    "private", "banned", "quarantined", "missing", "forbidden",
    "blocked", "login", "limited", "unreachable",
)  # fmt: skip


class RedditError(OutsideError):
    """Reddit is unavailable (`retry`) or refuses (`not retry`).

    `retry_after` is Reddit's own wish in seconds, if it named one. `ambiguous`: what was asked may have been done
    all the same, so look before trying again. `state` is what the place or the account is in, one of
    `REDDIT_STATES`.
    """

    def __init__(
        self,
        message: str,
        *,
        retry: bool = True,
        retry_after: float | None = None,
        ambiguous: bool = False,
        setup: bool = False,
        state: str = "unreachable",
    ) -> None:
        super().__init__(message)
        self.setup = setup
        self.state = state
        self.retry = retry
        self.retry_after = retry_after
        self.ambiguous = ambiguous


class MailError(OutsideError):
    """A mail was not accepted (`sent` False), or nobody can know (`sent` None)."""

    def __init__(self, message: str, *, sent: bool | None = False, retry: bool = True, setup: bool = False) -> None:
        super().__init__(message)
        self.setup = setup
        self.sent = sent
        self.retry = retry
