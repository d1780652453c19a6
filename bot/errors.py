"""One tree of errors. Every message is one sentence: what, where, what to do.

GifwardenError                      exit code 1
├── UsageError                      exit code 2: the command or a file of the operator's is wrong
│   ├── ConfigError
│   ├── RuleError
│   │   └── StoppedError            reading was broken off: too much, or too long
│   ├── RightsError                 whoever says this may not
│   │   └── SignInError                 nobody is signed in, or not any more
│   └── StaysRemovedError           a removal that is not taken back: the post was not up before it
├── AcquireError                    a link gave no bytes; `state` is the link state it ends in
│   ├── GoneError                   gone         the host says it no longer exists
│   │   └── PlaceholderError        gone         the host shows a picture that says so
│   ├── BlockedError                blocked      we refuse to go there, or we are refused for good
│   │   └── NotAllowedError         blocked      the configuration does not let us ask this host
│   ├── NeedsTokenError             needs_token  the host wants a credential we do not have
│   ├── UnsupportedError            unsupported  not media, or beyond the limits
│   ├── HostChangedError            failed       the host answers in a shape we do not know
│   └── TryLaterError               failed       time-out, damaged answer: worth another try
│       └── OutageError             failed       the host serves nobody for now, or our network is down: tried for days
├── CostlyError                     a file takes more than it may in front of others: it is looked at behind them
├── MediaError                      bytes that do not decode
│   └── LimitError                  bytes that decode to more than the limits allow
├── StoreError                      the database
│   ├── DatabaseError               the file itself: full, busy, damaged; what was tried is tried again
│   ├── ConflictError               what was asked for does not go with what is there
│   └── LeaseError                  another daemon holds the lease
├── SnapshotError                   a file of the search index that is not used; another is built
├── FaceModelError                  a face model's packages or weights are missing or not what they should be
├── NudityModelError                a nudity model's packages or file are missing or not what they should be
├── SealError                       the key that protects stored fingerprints
└── OutsideError                    exit code 3: a service we depend on is unavailable
    ├── RedditError                 `retry` says whether trying again can help
    ├── EndpointError               an exchange or another address that the operator configured
    ├── NamesError                  name servers: what a domain says of its mail is not known
    ├── InboxError                  the mailbox that answers come to; `at` is the message at which it failed
    └── MailError                   `sent` is None when the server may have accepted the message
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class GifwardenError(Exception):
    """Base of all errors that gifwarden raises on purpose."""

    exit_code = 1


class UsageError(GifwardenError):
    """The command line or a file written by the operator is wrong.

    `mistakes` holds a sentence for each of them, in the order of the file; `where` is what they were counted in.
    Without a sentence it says that what is wrong was told already.
    """

    exit_code = 2

    def __init__(self, *mistakes: str, where: str = "") -> None:
        super().__init__(*mistakes)
        self.mistakes = tuple(mistakes)
        self.where = where

    @property
    def count(self) -> str:
        """`4 mistakes in config.toml`; empty if there is but one."""
        number = len(self.mistakes)
        return f"{number} mistakes{f' in {self.where}' if self.where else ''}" if number > 1 else ""

    def __str__(self) -> str:
        return "\n".join((*self.mistakes, self.count) if self.count else self.mistakes)


class ConfigError(UsageError):
    """The configuration is wrong; each sentence names the key, the file and the line."""


class RightsError(UsageError):
    """Somebody may not decide what they want to; the sentence says which role it takes."""


class SignInError(RightsError):
    """Nobody is signed in where somebody must be: a link or a session has ended, or there never was one."""


class RuleError(UsageError):
    """Rules are wrong; each sentence names file, line and key."""


class StoppedError(RuleError):
    """Reading the rules was broken off: nothing that was found so far is told, because the rest is not known."""


class Mistake(str):
    """A sentence that remembers its line, so that all of a file can be put in order."""

    line: int
    file: str

    def __new__(cls, text: str, line: int = 0, file: str = "") -> Mistake:
        """`line`: in its file, from 1; 0: of none."""
        made = super().__new__(cls, text)
        made.line, made.file = line, file
        return made


class Gathered:
    """The mistakes of a file or a part of it, gathered so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self.failed = False

    def attempt(self, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what `make` makes, or None if it is wrong; what is wrong is kept, but for what breaks reading off."""
        try:
            return make(*args, **kwargs)
        except StoppedError:
            raise
        except UsageError as error:
            self.add(*error.mistakes)
        return None

    def add(self, *mistakes: str) -> None:
        """Keep mistakes; without one: note that something is wrong that was told already."""
        self.failed = True
        self.mistakes += [mistake for mistake in mistakes if mistake not in self.mistakes]

    def in_order(self, files: Sequence[str] = ()) -> tuple[str, ...]:
        """The mistakes by file (in the order of `files`) and line, those of one line as they were found."""
        places = {file: number for number, file in enumerate(files, 1)}

        def place(mistake: str) -> tuple[int, int]:
            return (places.get(mistake.file, 0), mistake.line) if isinstance(mistake, Mistake) else (0, 0)

        return tuple(sorted(self.mistakes, key=place))

    def settle(self, kind: type[UsageError], files: Sequence[str] = ()) -> None:
        """Raise one error with all mistakes if something is wrong."""
        if self.failed:
            named = {mistake.file for mistake in self.mistakes if isinstance(mistake, Mistake) and mistake.file}
            where = f"{len(named)} files" if len(named) > 1 else "".join(named)
            raise kind(*self.in_order(files), where=where)


_FILE_FAULTS = {
    errno.EISDIR: "it is a folder; name a file",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "this account may not read it; check its rights"),
    errno.ENAMETOOLONG: "its name is longer than names can be",
}
_NO_FILE = "check its name and its folder"
MAX_NAME = 200  # characters of a path in a sentence


def file_fault(error: OSError) -> str:
    """Return why a file cannot be read, to stand beside its name."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no such file; {_NO_FILE}"
    return _FILE_FAULTS.get(error.errno or 0) or f"the system says: {error.strerror or error}"


def unreadable(path: object, error: OSError) -> str:
    """Return the one sentence for a file that is missing or cannot be read, whatever it is for."""
    name = str(path)
    shown = name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"there is no file {shown}; {_NO_FILE}"
    return f"cannot read {shown}: {file_fault(error)}"


class StaysRemovedError(UsageError):
    """A removal is not taken back, because the post was not up before it. `found` is how it was, as `Found` says it."""

    def __init__(self, message: str, *, found: str) -> None:
        super().__init__(message)
        self.found = found


class AcquireError(GifwardenError):
    """A link gave no bytes."""

    state = "failed"
    retry = False
    passes = False  # something stands in the media's place for now: looked at again within a day, then it is `state`
    status: int | None = None  # of the HTTP answer that led here, if there was one


class GoneError(AcquireError):
    """The host says that the media no longer exists."""

    state = "gone"


class PlaceholderError(GoneError):
    """The host shows its picture for removed media."""


class BlockedError(AcquireError):
    """The address is one we never contact, or the host refuses us for good."""

    state = "blocked"


class NotAllowedError(BlockedError):
    """The configuration does not let us ask: the host is switched off, or the domain is not one that is allowed."""


class MarkedFileError(BlockedError):
    """The file is one that was marked as a suspected minor's: it is not decoded, and nothing of it is kept."""

    def __init__(self, what: str = "this very file") -> None:
        super().__init__(f"suspected minor: {what} was marked, so it is not looked at; see docs/safety.md")


class NeedsTokenError(AcquireError):
    """The host wants a credential that is not configured."""

    state = "needs_token"


class UnsupportedError(AcquireError):
    """What is behind the link is not media that we read, or is beyond the limits."""

    state = "unsupported"


class HostChangedError(AcquireError):
    """The host answers in a shape that its plug does not know, for good or for an hour's maintenance."""

    passes = True


class TryLaterError(AcquireError):
    """A passing failure. `retry_after` is the host's own wish in seconds, if it named one."""

    retry = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutageError(TryLaterError):
    """The host cannot be reached, or serves nobody for now: no attempt of the link, which waits until that is over."""


class CostlyError(GifwardenError):
    """A file takes more than it may while others wait; it is looked at behind them, and nothing has failed."""


class MediaError(GifwardenError):
    """Bytes that do not decode to at least one frame."""


class LimitError(MediaError):
    """Bytes that decode to more pixels, frames, time or memory than the limits allow."""


class StoreError(GifwardenError):
    """The database is missing, newer than this program, or does not hold what was asked for."""


class DatabaseError(StoreError):
    """SQLite fails: the disk is full, somebody else writes for too long, the file is damaged. It names the file."""


_OWN_ERRNO = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
)
OWN_FAULT = "our own disk, database or memory failed; it is done again later"  # in words that name no place


def is_own_fault(error: BaseException) -> bool:
    """Return whether an error is of our own disk, database or memory: it says nothing of what was worked on."""
    if isinstance(error, OSError):
        return error.errno in _OWN_ERRNO
    return isinstance(error, DatabaseError | MemoryError)


class ConflictError(StoreError):
    """What was asked for is there, but not so that it could be done: it is done already, or something else first."""


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
REDDIT_OUTAGES = frozenset(REDDIT_STATES[5:])


class RedditError(OutsideError):
    """Reddit is unavailable (`retry`) or refuses (`not retry`).

    `retry_after` is Reddit's own wish in seconds, if it named one. `ambiguous`: what was asked may have been done
    all the same, so look before trying again. `state` is what the place or the account is in, one of
    `REDDIT_STATES`. `again`: when it may work again (`later`, `in 20 s`); empty: who asks must do something first, or
    see whether it was done.
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
        again: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.again = again
        self.setup = setup
        self.state = state
        self.retry = retry
        self.retry_after = retry_after
        self.ambiguous = ambiguous

    def __str__(self) -> str:
        """The sentence as the daemon says it, which tries again by itself."""
        return f"{self.message}; it is tried again {self.again}" if self.again else self.message


def for_once(error: Exception) -> str:
    """Return the sentence of an error for who asked once and is told so: nobody but them tries it again."""
    if isinstance(error, RedditError) and error.again:
        return f"{error.message}; try again {error.again}"
    return str(error)


class EndpointError(OutsideError):
    """What the operator configured does not answer, refuses, or answers in a shape that we do not know.

    `retry`: it is worth another try by itself. `retry_after` is its own wish in seconds, if it named one. `status` is
    that of its answer, if there was one. No sentence holds an address beyond the host, a token or what was answered.
    """

    def __init__(
        self,
        message: str,
        *,
        retry: bool = True,
        retry_after: float | None = None,
        status: int | None = None,
        setup: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_after = retry_after
        self.status = status
        self.setup = setup


class MailError(OutsideError):
    """A mail was not accepted (`sent` False), or nobody can know (`sent` None)."""

    def __init__(self, message: str, *, sent: bool | None = False, retry: bool = True, setup: bool = False) -> None:
        super().__init__(message)
        self.setup = setup
        self.sent = sent
        self.retry = retry


class NamesError(OutsideError):
    """Name servers gave no answer that can be read: half a sentence, for whoever asked says what about."""


class InboxError(OutsideError):
    """The mailbox of `[inbox]` gives nothing. `at`: UIDVALIDITY and UID of the message being fetched, if any."""

    def __init__(self, message: str, *, setup: bool = False, at: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.setup = setup
        self.at = at
