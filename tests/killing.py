"""A scenario that a test kills at a named moment, in a process of its own. Run through multiprocessing only."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.assemble import Children, Outside, Parts, assembled
from bot.clock import ManualClock
from bot.config import Config
from bot.loopback.network import LoopbackNetwork
from bot.model import CaseState, Decision
from bot.pipeline import Pipeline, no_boundary
from bot.pipeline.acting.notices import Statement
from bot.pipeline.reviewing.deciding import Target
from bot.workers import Workers
from tests.people import member

STATES_GROUND = "https://example.org/the-original (published by its maker on 2024-05-02)"

REST: Mapping[str, Mapping[str, str]] = {
    "message": {"subject": "Removed", "body": "If that is wrong, answer to this message."},
    "lock": {},
    "spoiler": {},
    "nsfw": {},
    "flair": {"text": "Removed"},
    "note": {"text": "Posted a known fake"},
    "ban": {"user": "a", "by": "ann", "why": "again"},
}


class Silent:
    """A logger that says nothing."""

    def info(self, event: str, **facts: object) -> None:
        """Say nothing."""

    def warning(self, event: str, **facts: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the loopback world is, in a form that can be handed to another process."""

    config: Config
    reddit_url: str
    names: tuple[str, ...]
    port: int
    start: datetime


def killer(boundary: str) -> Callable[[str], None]:
    """Return a callback that kills this process the first time it comes to that boundary."""

    def at(name: str) -> None:
        if name == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def scenario(places: Places, boundary: Callable[[str], None] = no_boundary, *, children: Children = Workers) -> None:
    """Work for twenty-two minutes; a moderator states the drafted notice as soon as there is one."""
    network = LoopbackNetwork()
    for name in places.names:
        network.serve(name, places.port)
    outside = Outside(
        reddit_url=places.reddit_url, oauth_url=places.reddit_url, resolve=network.resolve, dial=network.dial
    )
    clock = ManualClock(places.start)
    parts = Parts(outside=outside, children=children)
    with assembled(places.config, Silent(), parts=parts, clock=clock, boundary=boundary) as pipeline:
        for _ in range(11):
            pipeline.tick()
            state_notices(pipeline)
            order_the_rest(pipeline)
            decide(pipeline)
            clock.sleep(120)


def state_notices(pipeline: Pipeline) -> None:
    """State every drafted notice to a host whose address is known, as a moderator would."""
    for row in pipeline.deps.store.notices.listing():
        if row.state == "drafted" and row.recipient:
            pipeline.decisions.notices.confirm_notice(
                row.label, Statement(ground="original_footage", detail=STATES_GROUND, by=member(pipeline))
            )


def order_the_rest(pipeline: Pipeline) -> None:
    """Plan every other kind of action, each once, as moderators and rules would."""
    store = pipeline.deps.store
    for case in store.cases.listing():
        post = case.post
        removed = any(row.state == "done" for row in store.actions.on_post(post.fullname, "remove"))
        if post.title == "exact" and removed:
            for kind, params in REST.items():
                store.actions.plan(
                    key=f"{case.label}:{kind}",
                    kind=kind,
                    case=case.id,
                    post=None if kind == "ban" else post.fullname,
                    subreddit=post.subreddit,
                    permalink=post.permalink,
                    params=params,
                )
        elif post.title == "mistake" and removed:
            store.actions.plan(
                key=f"{case.label}:approve",
                kind="approve",
                case=None,
                post=post.fullname,
                subreddit=post.subreddit,
                permalink=post.permalink,
                params={},
            )


def decide(pipeline: Pipeline) -> None:
    """Dismiss, as a moderator would, what was removed and is innocent."""
    for case in pipeline.deps.store.cases.listing((CaseState.OPEN,)):
        removals = pipeline.deps.store.actions.on_post(case.post.fullname, "remove")
        if case.post.title == "taken back" and any(row.state == "done" for row in removals):
            by = member(pipeline)
            pipeline.decisions.deciding.decide(
                Decision.DISMISS, [Target(case.label)], by=by, why="a dog", key=f"page of {case.label}"
            )


def run_and_die(places: Places, boundary: str, children: Children = Workers) -> None:
    """What the child process does."""
    scenario(places, killer(boundary), children=children)
