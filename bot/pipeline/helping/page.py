"""One page of HTML to read or print: no scripts, nothing loaded, no address unless it is there to be copied. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from bot import text as fit

FRAME = Path(__file__).parent / "summary.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened, and when if that is known."""

    at: datetime | None
    text: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One media at one host: where it was seen, who was told, since when it is gone, what comes next."""

    title: str
    seen: tuple[Fact, ...]
    told: tuple[Fact, ...]
    gone: datetime | None
    coming: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A text that is theirs to send."""

    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that stands on the page. `hidden`: how many posts went the way of a suspected minor's."""

    title: str
    made: datetime
    subreddit: str
    places: tuple[Place, ...]
    texts: tuple[Copied, ...] = ()
    more_with_addresses: bool = False
    hidden: int = 0
    under_18: bool = False


def html_of(page: Page) -> str:
    """Return the page as HTML."""
    parts = [f"<p>{_first(page)}</p>", *(_place(number, one) for number, one in enumerate(page.places, 1))]
    if page.hidden:
        parts.append(
            f"<section><h2>Hidden</h2><p>{_count(page.hidden)} hidden as possibly of somebody under 18. Nobody looks "
            "at it any more, so no more can be told here; the moderators report it to the people whose job that is.</p>"
            "</section>"
        )
    parts += [_copied(one) for one in page.texts]
    parts.append(_help(page))
    frame = Template(FRAME.read_text(encoding="utf-8"))
    made = (
        f"Made for you on {date_of(page.made)} by the moderators of r/{_text(page.subreddit)}. They were told to "
        "delete their copy of this page."
    )
    return frame.substitute(title=_text(page.title), made=made, body="\n".join(parts))


def date_of(moment: datetime) -> str:
    """Return a day as people write it, in UTC."""
    return f"{moment.astimezone(UTC):%d %B %Y}".lstrip("0")


def _first(page: Page) -> str:
    gone = sum(1 for one in page.places if one.gone)
    if not page.places:
        return "The moderators have nothing on record that they can tell here yet. Ask them what they look at."
    every = len(page.places)
    where = "one file" if every == 1 else f"{every} files"
    if gone == every:
        return f"The moderators know of {where}: <strong>gone</strong> from where it was kept."
    left = f"{gone} of them gone, {every - gone} not yet" if gone else "not gone yet"
    return f"The moderators know of {where}: <strong>{left}</strong>. Below stands what happened, and what comes next."


def _place(number: int, place: Place) -> str:
    state = f"gone since {date_of(place.gone)}" if place.gone else "not gone yet"
    mark = "gone" if place.gone else "open"
    coming = "".join(f"<p>{_text(one)}</p>" for one in place.coming)
    told = _facts(place.told) if place.told else "<p>nobody yet</p>"
    return (
        f'<section><h2>File {number}, at {_text(place.title)} <span class="{mark}">{state}</span></h2>'
        f"<h3>Where it was seen</h3>{_facts(place.seen)}"
        f"<h3>Who was told</h3>{told}"
        f"{'<h3>What comes next</h3>' + coming if coming else ''}</section>"
    )


def _facts(facts: tuple[Fact, ...]) -> str:
    lines = []
    for one in facts:
        when = f"<time>{date_of(one.at)}</time>" if one.at else ""
        where = f'<br><span class="address">{_text(one.address)}</span>' if one.address else ""
        lines.append(f"<li>{when}<span>{_text(one.text)}{where}</span></li>")
    return f"<ul>{''.join(lines)}</ul>"


def _copied(one: Copied) -> str:
    body = escape(fit.fit(one.body))
    return (
        "<section><h2>A text that you can send yourself</h2>"
        f"<p>To: {_text(one.to)}<br>Subject: {_text(one.subject)}</p><pre>{body}</pre></section>"
    )


def _help(page: Page) -> str:
    service = (
        "Take It Down (takeitdown.ncmec.org) helps the platforms that take part to recognise it; it is "
        "for everybody who was under 18 when it was made."
        if page.under_18
        else "StopNCII.org helps the platforms that take part to recognise it; the picture never leaves your device."
    )
    more = (
        "<li>This page holds no addresses, so that nobody who finds it can open them. You can ask for one that has "
        "them.</li>"
        if page.more_with_addresses
        else ""
    )
    return (
        '<section><h2>What you can do</h2><ul class="plain">'
        f"<li>{service}</li>"
        "<li>Reddit itself can remove it everywhere on Reddit: reddit.com/report.</li>"
        f"{more}"
        "<li>You can ask the moderators at any time to delete what you wrote to them.</li>"
        "</ul></section>"
    )


def _count(number: int) -> str:
    return "One post was" if number == 1 else f"{number} posts were"


def _text(value: str) -> str:
    return escape(fit.line(value))
