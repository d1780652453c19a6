"""The console as a browser meets it: a real server on loopback over a real database, and cases to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from bot.model import (
    Actor,
    Credential,
    Evidence,
    FaceMatch,
    Link,
    Match,
    MediaInfo,
    PlannedAction,
    Post,
    Role,
    SourceMatch,
    Verdict,
)
from bot.pipeline import Pipeline
from bot.store import CaseRow, Store
from bot.web.serving import served
from bot.web.steps import Steps
from tests.people import member
from tests.raids import act

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1"
RULES = {
    "near": "Near copy of a known fake",
    "exact": "Known fake, exact file",
    "face": "Protected face in sexual media",
    "footage": "Footage of a known source, another face",
    "words": "Words in a title",
}


@dataclass(slots=True, kw_only=True)
class Browser:
    """Somebody's browser: it keeps cookies, follows redirects, and sends forms as our pages do."""

    url: str
    agent: str = FIREFOX
    page: httpx.Response = field(init=False)
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=self.url,
            headers={"User-Agent": self.agent},
            follow_redirects=True,
            timeout=30,
            trust_env=False,
            verify=False,  # nothing is encrypted on loopback, and to read the certificates of all the world takes long
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str) -> httpx.Response:
        """Open an address."""
        self.page = self.client.get(path)
        return self.page

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form with the token of the page that is open, from our own origin."""
        return self.send(path, {"csrf": self.csrf, **fields})

    def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form as it is; headers as `Sec_Fetch_Site`, an empty one is left out."""
        held = {name.replace("_", "-"): value for name, value in {"Origin": self.url, **headers}.items() if value}
        self.page = self.client.post(path, data=fields, headers=held)
        return self.page

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> httpx.Response:
        """Send a form with a file, as `post` does."""
        held = {"Origin": self.url}
        self.page = self.client.post(
            path, data={"csrf": self.csrf, **fields}, files={"file": (name, data)}, headers=held
        )
        return self.page

    def press(self, case: str, verb: str, **more: str) -> httpx.Response:
        """Open a case and press one of its buttons."""
        self.get(f"/case/{case}")
        return self.post(f"/case/{case}/decide", verb=verb, **self.fields("version", "key"), **more)

    def fields(self, *names: str) -> dict[str, str]:
        """Return hidden fields of the page that is open."""
        found = {name: re.search(rf'name="{name}" value="([^"]*)"', self.page.text) for name in names}
        return {name: unescape(match[1]) for name, match in found.items() if match}

    @property
    def csrf(self) -> str:
        """The token of the page that is open."""
        return self.fields("csrf").get("csrf", "")

    @property
    def text(self) -> str:
        """The words of the page that is open."""
        body = re.sub(r"<(script|style).*?</\1>", "", self.page.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def sign_in(self, link: str) -> httpx.Response:
        """Open a link and press its button."""
        self.get(f"/sign-in?link={link}")
        self.page = self.client.post("/sign-in", data={"link": link}, headers={"Origin": self.url})
        return self.page


@dataclass(slots=True, kw_only=True)
class Console:
    """A console that is served, and the bot behind it."""

    bot: Pipeline
    url: str
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, *, agent: str = FIREFOX) -> Browser:
        """Return a browser in which nobody is signed in."""
        self.browsers.append(Browser(url=self.url, agent=agent))
        return self.browsers[-1]

    def link(self, name: str) -> str:
        """Return the secret of a link for a member, made by an operator."""
        return self.bot.sign_in.invite(name, by=member(self.bot, "ann"))[1]

    def signed_in(self, name: str, *, agent: str = FIREFOX) -> Browser:
        """Return a browser in which a member is signed in."""
        browser = self.browser(agent=agent)
        assert browser.sign_in(self.link(name)).status_code == 200, browser.text
        return browser

    def person(self, name: str, role: Role | None = Role.REVIEWER, subreddits: Sequence[str] = ()) -> Actor:
        """Add a member with a role; return them as who is signed in."""
        row = self.bot.team.add(name, role, subreddits, by=member(self.bot, "ann"))
        return Actor(member=row.id, name=row.name, credential=Credential.SIGN_IN)

    @property
    def host(self) -> str:
        """Name and port, as a browser sends them."""
        return urlsplit(self.url).netloc


@contextmanager
def console_on(bot: Pipeline) -> Iterator[Console]:
    """Serve the console of a bot on a free port."""
    member(bot, "ann")
    with served(bot, Steps(bot.deps.clock), port=0) as server:
        console = Console(bot=bot, url=f"http://127.0.0.1:{server.port}")
        try:
            yield console
        finally:
            for browser in console.browsers:
                browser.client.close()


def found(kind: str, link: Link, post: str, sha256: str) -> Evidence:
    """Return evidence of one kind: near, exact, face, footage or words."""
    clip = MediaInfo(
        index=0, state="fingerprinted", kind="video", sha256=sha256, md5=sha256[:32], width=640, height=360,
        duration=6.2, frames=155,
    )  # fmt: skip
    same: dict[str, Any] = {"media": 0, "bank": "known-fakes", "bank_kind": "block", "entry": "E-3f9c2a71b0"}
    matches: tuple[Match, ...] = ()
    if kind == "exact":
        why = "the very file of E-3f9c2a71b0"
        matches = (Match(**same, method="sha256", signal="sha256", confirmed=True, why=why),)
    if kind == "near":
        matches = (
            Match(
                **same, method="pdq", signal="pdq", distance=14, threshold=31, frames=98, coverage_query=0.42,
                coverage_entry=0.8, query_ranges=((1.2, 3.8),), entry_ranges=((0.0, 2.6),), face_region="unknown",
                confirmed=True, why="98 of 155 frames are those of E-3f9c2a71b0",
            ),
        )  # fmt: skip
    faces: tuple[FaceMatch, ...] = ()
    if kind == "face":
        faces = (FaceMatch(media=0, t=2.0, box=(10, 10, 60, 60), person="P-11", probability=0.97, why="distance 0.31"),)
    source: tuple[SourceMatch, ...] = ()
    if kind == "footage":
        why = "the same take at 1.2 to 3.8, and another face in it"
        source = (SourceMatch(media=0, bank="sources", entry="E-5511aa22bb", kind="face_differs", why=why),)
    return Evidence(target=link.url, link=link, post=post, media=(clip,), matches=matches, faces=faces, source=source)


def open_case(
    where: Pipeline | Store,
    number: int,
    kind: str = "near",
    *,
    subreddit: str = "clips",
    title: str = "look at this",
    author: str | None = "poster",
    file: str | None = None,
    asks: bool = True,
    id: str | None = None,
    proposal: str | None = None,
) -> CaseRow:
    """Open a case of one kind, with the actions that its rule plans; `asks`: whether a person is asked.

    `proposal`: it is one of a past removal, for this bank, without actions.
    """
    store = where if isinstance(where, Store) else where.deps.store
    fullname = f"t3_{number:06x}"
    post = Post(
        fullname=fullname, subreddit=subreddit, permalink=f"/r/{subreddit}/comments/{number:06x}/a_title/",
        created=store.connection.clock.now(), author=author, title=title, over_18=True,
    )  # fmt: skip
    host_id = id or f"media{number}"
    url = f"https://www.redgifs.com/watch/{host_id}"
    link = Link(url=url, host="redgifs", id=host_id, kind="media", source="url", post=fullname)
    store.links.add([(post, [link])])
    row = int(store.connection.value("select max(id) from links"))
    store.links.matched(row, found(kind, link, fullname, file or f"{number:064x}"))
    verdict = Verdict(
        outcome="review" if asks else "act",
        rule=RULES[kind],
        reasons=("98 of 155 frames are those of E-3f9c2a71b0",),
        actions=(PlannedAction(kind="report", params={"reason": "Looks like a known fake, please check"}),),
        on_confirm=(PlannedAction(kind="remove", params={"reason": "Known fake"}),),
    )
    if proposal is not None:
        past = Verdict(outcome="review", reasons=("removed 3 times",))
        return store.cases.open(row, fullname, past, proposal=proposal)
    case = store.cases.open(row, fullname, verdict)
    act(store, case, "report", "done")
    if asks:
        act(store, case, "remove", "held", "person")
    else:
        act(store, case, "remove", "done")
    return case
