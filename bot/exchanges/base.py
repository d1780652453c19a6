"""What an exchange plug is: where it is asked, what it yields, what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import SecretStr

from bot.clock import Clock
from bot.config import ExchangeConfig, ExchangeKeys
from bot.config.wanted import wanted
from bot.endpoints import Endpoints
from bot.errors import EndpointError
from bot.lists import Bad, Fault, Plain, Record, RowError
from bot.lists.record import NotOursError, digest, signal
from bot.lists.row import speaks_of_child
from bot.model import Opinion

Checkpoint = Mapping[str, Any]
"""Up to where an exchange was read, as plain data of its plug's own, small enough to be kept."""

Row = Record | Bad | Plain
"""A row, one that is left out, or many plain ones."""

PAGE_ROWS = 20_000  # a page that the plug itself cuts; what is kept in one step
MAX_TEXT = 300  # characters of a field of an answer that is read at all
KEYS_OF_ALL = ("kind", "bank", "every_minutes", "stale_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a kind of exchange, for pages and forms."""

    name: str
    type: str  # flag, whole, number, choice, secret or text
    required: bool
    default: Any
    help: str
    secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and up to where the exchange is read once they are kept.

    `whole`: this fetch began at the beginning and this page ends it, so what was in none of its pages is gone.
    `all`: it ends a reading from the first row to the last. `last`: there is no more at the moment. `note`: what a
    person should know of a fetch that ended well. `unreadable`: rows of the whole reading that could not be read.
    `share`: how much of all is read with it, 0 to 1, if that is known.
    """

    rows: Sequence[Row]
    checkpoint: Checkpoint
    last: bool = False
    whole: bool = False
    all: bool = False
    note: str = ""
    unreadable: int = 0
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What our moderators decided about a row that came from an exchange. Names nobody and no post."""

    id: str | None  # the exchange's own name of the row
    values: tuple[tuple[str, str], ...]  # (pdq, md5 or sha256; hex digits)
    opinion: Opinion


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What became of one feedback: taken, or refused for good with the reason."""

    taken: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a plug works with. `fresh`: begin at the beginning whatever the checkpoint says.

    `goes_on`: what the reading behind this checkpoint met is still known. If it is not, a reading that is to end in a
    sweep begins anew, for what it met before would be withdrawn or, without the sweep, what is gone would stay.
    """

    name: str
    settings: ExchangeConfig
    http: Endpoints = field(repr=False)
    clock: Clock
    fresh: bool = False
    goes_on: bool = False
    spool: Path | None = None  # a folder for what must be whole before it is read; it leaves no file there

    @property
    def key(self) -> str:
        """The token."""
        return self.settings.key.get_secret_value()

    def now(self) -> float:
        """Return the moment as seconds since 1970."""
        return self.clock.now().timestamp()


class ExchangePlug(Protocol):
    """One kind of exchange. Holds no state."""

    kind: ClassVar[str]
    help: ClassVar[str]
    settings: ClassVar[tuple[Setting, ...]]
    gives: ClassVar[bool]  # whether it takes feedback

    def fetch(self, context: Context, checkpoint: Checkpoint | None) -> Iterator[Page]:
        """Yield what is behind a checkpoint, page by page; the last has `last`. Raises EndpointError.

        Each checkpoint must do to go on with in another process, after a kill. None: from the beginning.
        """

    def give(self, context: Context, feedback: Sequence[Feedback]) -> list[Given]:
        """Tell the exchange; return what became of each. Raises EndpointError: then it is told again later."""


def setting(name: str, help: str = "", *, required: bool = False) -> Setting:
    """Return a key of the configuration as a setting of a plug; without `help` what the configuration says of it."""
    info = ExchangeConfig.model_fields[name]
    form = wanted(ExchangeConfig, name).form
    default = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
    return Setting(
        name=name,
        type=form,
        required=required,
        default=default,
        help=help or info.description or "",
        secret=form == "secret",
    )


def keys_of(plug: ExchangePlug) -> ExchangeKeys:
    """Return which keys the configuration of an exchange of this kind has."""
    return ExchangeKeys(
        needed=frozenset(one.name for one in plug.settings if one.required),
        taken=frozenset(one.name for one in plug.settings if not one.required),
    )


def row_of(number: int, found: Any, id: str | None, read: Callable[[Any], Record | None]) -> Record | Bad | None:
    """Return the row that an exchange's answer holds, None if it is of no concern to us.

    Every record of a service comes through here: one that is tagged as child abuse, wherever in it, is never kept.
    """
    try:
        row: Record | Bad | None = read(found)
    except RowError as error:
        fault = Fault.NOT_OURS if isinstance(error, NotOursError) else Fault.BROKEN
        row = Bad(line=number, reason=str(error), fault=fault, id=id, item=True)
    if isinstance(found, dict) and speaks_of_child(found):
        kept = row if isinstance(row, Record) else Record(id=id)
        return kept._replace(withdrawn=True, child=True)
    return row


def unreadable_in(rows: Sequence[Row]) -> int:
    """Return how many rows of a page are damaged."""
    return sum(isinstance(row, Bad) and row.fault is Fault.BROKEN for row in rows)


def count_of(rows: Sequence[Row]) -> int:
    """Return how many rows a page holds."""
    return sum(
        row.count if isinstance(row, Plain) else isinstance(row, Record) or row.fault in (Fault.BROKEN, Fault.NOT_OURS)
        for row in rows
    )


def record_of(
    id: str | None,
    values: Sequence[tuple[str, str]],
    *,
    withdrawn: bool = False,
    opinions: tuple[tuple[str, Opinion], ...] = (),
) -> Record:
    """Return the record of a row that holds these values (our name of the type, hex digits). Raises RowError."""
    signals = tuple(signal(kind, value) for kind, value in values if kind not in ("md5", "sha256"))
    files = tuple(
        (digest(kind, value), "") if kind == "sha256" else ("", digest(kind, value))
        for kind, value in values
        if kind in ("md5", "sha256")
    )
    if not signals and not files and not (withdrawn and id):
        raise RowError("neither a signal nor a file in it")
    return Record(id=id, signals=signals, files=files, withdrawn=withdrawn, opinions=opinions)


def text_of(value: Any, most: int = MAX_TEXT) -> str:
    """Return a short text or a whole number of an answer as text; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = str(value)
    return text if len(text) <= most else ""


def shape(host: str, what: str) -> EndpointError:
    """Return the error for an answer that is not of the shape that its service documents."""
    return EndpointError(f"{host} answers in a shape that we do not know: {what}")
