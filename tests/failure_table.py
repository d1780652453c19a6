"""Writes docs/host-failures.md from what the program does on loopback: python -m tests.failure_table"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path

from bot.errors import AcquireError
from bot.loopback.answers import Answer, redirect, web_page
from bot.loopback.http import Response, json_response
from bot.pipeline.scanning.host_health import outcome_of
from tests.host_cases import CASES, Case
from tests.host_pages import PagePark
from tests.host_world import HostClient

TARGET = Path(__file__).parent.parent / "docs" / "host-failures.md"
HEAD = """# When a host gives no media

What a host can do instead of giving a file, the state that its link ends in, and the sentence that is recorded. This
page is written by the tests, which ask every host below for every answer, from loopback servers in the hosts' real
shapes; a test fails when it no longer says what the program does.

*Where*: in the place of the *page* or API that leads to the file, or of the *file*. *Next*: what becomes of the link.
*Counts as*: what `gifwarden hosts` counts it as; `changed` is an alarm in `gifwarden doctor`. In the sentences SERVER
stands for the server that was asked and HOST for the host's name.
"""

COLUMNS = "the host answers | state | next | counts as | sentence |"
SPLIT = "---|---|---|---|---|"
COMMON = 0.75  # the share of hosts from which on an end is what hosts do; the others are named as different
STATUSES: dict[str, Answer] = {
    "401, a login or fresh token is wanted": 401,
    "403, a refusal or a closed region": 403,
    "403, a challenge of Cloudflare's": Response(status=403, headers={"cf-mitigated": "challenge"}),
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
    "a web page with 200 in the place of media, Retry-After: 3600": replace(
        web_page(), headers={"Content-Type": "text/html", "Retry-After": "3600"}
    ),
    "an empty file with 200": Response(headers={"Content-Type": "video/mp4"}),
    "moved for good to a stranger's server": redirect("https://elsewhere.example.net/heron.mp4", 301),
    "moved for now (302) to a stranger's server": redirect("https://elsewhere.example.net/sorry", 302),
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


def rows(name: str, case: Case) -> Iterator[Row]:
    """Yield what comes of every answer of a host, asked anew for each."""
    with PagePark() as park:
        url, client = case.add(park), HostClient(park)

        def row(where: str, said: str, places: tuple[tuple[str, str], ...], answer: Answer, times: int = 4) -> Row:
            for host, path in places * times:  # as often as a plug may ask
                park.fail_once(host, path, answer)
            found = _row(client, url, where, said)
            park.mend()
            client.forget()
            return replace(found, sentence=_of_any_host(found.sentence, name.split()[0], {host for host, _ in places}))

        if case.page:
            for said, answer in PAGE_ANSWERS.items():
                yield row("page", said, (case.page,), answer)
        for said, answer in FILE_ANSWERS.items():
            yield row("file", said, case.files, answer)
        host, path = case.files[0]
        moved = redirect(f"https://{host}{path}?ex=1&is=1&hm=1&signature=1", 301)
        yield row("file", "moved within the host", case.files[:1], moved, times=1)
        if case.elsewhere:
            host, _, path = case.elsewhere.removeprefix("https://").partition("/")
            park.put_file(host, f"/{path}", b"stand-in")
            yield row("file", "its stand-in picture with 200", case.files, redirect(case.elsewhere))
        client.fetcher.close()


@cache
def outcomes() -> dict[str, tuple[Row, ...]]:
    """Return what comes of every answer of every host, by the name of its case; run once."""
    return {name: tuple(rows(name, case)) for name, case in CASES.items()}


def render() -> str:
    """Return the page: what hosts do alike, where some differ, and who was asked."""
    ends: dict[tuple[str, str], Counter[Row]] = {}
    for found in outcomes().values():
        for row in found:
            ends.setdefault((row.where, row.answer), Counter())[row] += 1
    usual = {rows.most_common(1)[0][0] for rows in ends.values() if _is_common(rows)}
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in sorted(usual, key=_end):
        alike.setdefault((*_end(row), row.answer), []).append(row)
    shared: dict[tuple[str, ...], list[str]] = {}
    for (*end, answer), same in alike.items():
        shared.setdefault((" or ".join(sorted(row.where for row in same)[::-1]), *end), []).append(answer)
    other: dict[tuple[str, ...], dict[str, None]] = {}
    for where, host, said, ended in _differing(usual):
        other.setdefault((where, said, *ended), {})[host] = None
    return "\n".join(
        [
            HEAD,
            f"## What hosts do alike\n\n| where | {COLUMNS}\n|---|{SPLIT}",
            *(_line(where, "; ".join(answers), end) for (where, *end), answers in shared.items()),
            f"\n## Where some differ\n\n| where | host | {COLUMNS}\n|---|---|{SPLIT}",
            *(_line(f"{where} | {', '.join(hosts)}", answers, end) for (where, answers, *end), hosts in other.items()),
            "\n## Who is asked\n\n*Stand-in*: tried with the picture that the host shows for what was removed.\n",
            "| host | page or API | file | stand-in |\n|---|---|---|---|",
            *(_asked(name, case) for name, case in CASES.items()),
            "",
        ]
    )


def _is_common(rows: Counter[Row]) -> bool:
    return rows.most_common(1)[0][1] >= COMMON * rows.total()


def _end(row: Row) -> tuple[str, str, str, str]:
    return row.state, row.next, row.counts, row.sentence


def _differing(usual: set[Row]) -> Iterator[tuple[str, str, str, tuple[str, str, str, str]]]:
    """Yield (where, host, answers, end) for what a host does of its own; answers that end alike together."""
    for name, found in outcomes().items():
        own = sorted((row for row in found if row not in usual), key=lambda row: (row.where, _end(row)))
        for (where, end), same in groupby(own, key=lambda row: (row.where, _end(row))):
            yield where, name, "; ".join(row.answer for row in same), end


def _line(first: str, answers: str, end: Sequence[str]) -> str:
    state, then, counts, sentence = end
    return f"| {first} | {answers} | `{state}` | {then} | {counts} | {sentence} |"


def _asked(name: str, case: Case) -> str:
    files = ", ".join(dict.fromkeys(host for host, _ in case.files))
    return f"| {name} | {case.page[0] if case.page else ''} | {files} | {'tried' if case.elsewhere else ''} |"


def _row(client: HostClient, url: str, where: str, name: str) -> Row:
    try:
        client.get(url)
    except AcquireError as error:
        return Row(where, name, error.state, _next(error), outcome_of(error) or "nothing", str(error))
    return Row(where, name, "acquired", "matched", "resolved", "")


def _of_any_host(sentence: str, name: str, servers: set[str]) -> str:
    """Return a sentence with SERVER and HOST in the place of their names, so that hosts can be compared."""
    for server in sorted(servers, key=len, reverse=True):
        sentence = sentence.replace(server, "SERVER")
    return re.sub(rf"^{name}\b", "HOST", sentence)


def _next(error: AcquireError) -> str:
    if not error.retry:
        end = "given up" if error.state == "failed" else "final"
        return f"looked at again within a day, then {end}" if error.passes else end
    wait = getattr(error, "retry_after", None)
    return "tried again" if wait is None else f"tried again, not before {wait:.0f} s"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
