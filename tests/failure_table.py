"""Writes docs/host-failures.md from what the program does on loopback: python -m tests.failure_table"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bot.demo.answers import Answer, redirect, web_page
from bot.demo.web import Response, json_response
from bot.errors import AcquireError
from bot.pipeline.health import outcome_of
from tests.host_cases import CASES, Case
from tests.host_pages import PagePark
from tests.host_world import World

TARGET = Path(__file__).parent.parent / "docs" / "host-failures.md"
HEAD = """# When a host gives no media

What each host can do instead of giving a file, the state that its link ends in, and the sentence that is recorded.
This page is written by the tests, from answers in the hosts' real shapes on loopback servers, and a test fails when it
no longer says what the program does.

*Next*: what becomes of the link. *Counts as*: what `gifwarden hosts` counts it as; `changed` is an alarm in
`gifwarden doctor`. Where several answers end alike, they share a row.
"""

COLUMNS = "| where | the host answers | state | next | counts as | sentence |\n|---|---|---|---|---|---|"
STATUSES: dict[str, Answer] = {
    "401, a login or fresh token is wanted": 401,
    "403, a refusal or a closed region": 403,
    "451, closed for legal reasons": 451,
    "404, not there": 404,
    "410, gone": 410,
    "429, too many requests, Retry-After: 120": Response(status=429, headers={"Retry-After": "120"}),
    "429, too many requests, without a time": 429,
    "503, out of order": 503,
    "418, a status of no meaning": 418,
    "the connection is cut": Response(drop=True),
}
PAGE_ANSWERS: dict[str, Answer] = {
    **STATUSES,
    "a web page with 200 in the place of data": web_page(),
    "JSON of another shape": json_response({"data": {"version": 3}}),
    "an empty answer with 200": Response(),
}
FILE_ANSWERS: dict[str, Answer] = {
    **STATUSES,
    "a web page with 200 in the place of media": web_page(),
    "an empty file with 200": Response(headers={"Content-Type": "video/mp4"}),
    "moved to a stranger's server": redirect("https://elsewhere.example.net/heron.mp4", 301),
}


@dataclass(frozen=True)
class Row:
    """What came of one answer."""

    where: str
    answer: str
    state: str
    next: str
    counts: str
    sentence: str


def rows(case: Case) -> Iterator[Row]:
    """Yield what comes of every answer of a host, asked anew for each."""
    with PagePark() as park:
        url, world = case.add(park), World(park)

        def row(where: str, name: str, places: tuple[tuple[str, str], ...], answer: Answer, times: int = 4) -> Row:
            for host, path in places * times:  # as often as a plug may ask
                park.fail_once(host, path, answer)
            found = _row(world, url, where, name)
            park.mend()
            world.forget()
            return found

        if case.page:
            for name, answer in PAGE_ANSWERS.items():
                yield row("page or API", name, (case.page,), answer)
        for name, answer in FILE_ANSWERS.items():
            yield row("file", name, case.files, answer)
        host, path = case.files[0]
        moved = redirect(f"https://{host}{path}?ex=1&is=1&hm=1&signature=1", 301)
        yield row("file", "moved within the host", case.files[:1], moved, times=1)
        if case.elsewhere:
            host, _, path = case.elsewhere.removeprefix("https://").partition("/")
            park.put_file(host, f"/{path}", b"stand-in")
            yield row("file", "its stand-in picture with 200", case.files, redirect(case.elsewhere))
        world.fetcher.close()


def render() -> str:
    """Return the page."""
    parts = [HEAD]
    for name, case in CASES.items():
        found = list(rows(case))
        parts.append(f"## {name}\n\n{COLUMNS}")
        alike = groupby(
            sorted(found, key=lambda row: (row.where != "page or API", row.state, row.next, row.counts, row.sentence)),
            key=lambda row: (row.where, row.state, row.next, row.counts, row.sentence),
        )
        for (where, state, then, counts, sentence), group in alike:
            answers = "; ".join(row.answer for row in group)
            parts.append(f"| {where} | {answers} | `{state}` | {then} | {counts} | {sentence} |")
        parts.append("")
    return "\n".join(parts)


def _row(world: World, url: str, where: str, name: str) -> Row:
    try:
        world.get(url)
    except AcquireError as error:
        return Row(where, name, error.state, _next(error), outcome_of(error) or "nothing", str(error))
    return Row(where, name, "acquired", "matched", "resolved", "")


def _next(error: AcquireError) -> str:
    if not error.retry:
        return "given up" if error.state == "failed" else "final"
    wait = getattr(error, "retry_after", None)
    return "tried again" if wait is None else f"tried again, not before {wait:.0f} s"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
