"""Media for a past to be played, and a bot that learns from it, in a process of its own to be killed."""

from __future__ import annotations

import os
import signal
from functools import cache

from bot.assemble import Outside, Parts, assembled
from bot.clock import ManualClock
from bot.loopback.network import LoopbackNetwork
from bot.loopback.reddit.past import FAKE, FLAIR, NOTE, RULE, Media
from bot.pipeline import Pipeline
from bot.pipeline.watching.past_facts import Choice
from bot.samples import media
from tests.killing import Places, Silent

CHOICE = Choice(reasons=(FAKE, NOTE), rules=(RULE,), flairs=(FLAIR,))


@cache
def files(fakes: int) -> Media:
    """Stills, each with a near copy."""
    made = [media.still(9100 + number, width=320, height=180) for number in range(fakes)]
    return Media(
        fakes=[(one, media.restill(one, width=256, height=144)) for one in made],
        known=media.still(9001, width=320, height=180),
        allowed=media.still(9002, width=320, height=180),
        innocent=media.still(9003, width=320, height=180),
        aged=media.still(9004, width=320, height=180),
    )


def learn(pipeline: Pipeline, choice: Choice = CHOICE) -> None:
    """Do what the command does, with a bank and a choice."""
    pipeline.learning.read("clips")
    pipeline.learning.choose("clips", choice, bank="known-fakes")


def learn_and_die(places: Places, at: int) -> None:
    """Learn and look at media; die at the so many-th sign of progress."""
    network = LoopbackNetwork()
    for name in places.names:
        network.serve(name, places.port)
    outside = Outside(
        reddit_url=places.reddit_url, oauth_url=places.reddit_url, resolve=network.resolve, dial=network.dial
    )
    signs = 0

    def sign(*_: object) -> None:
        nonlocal signs
        signs += 1
        if signs == at:
            os.kill(os.getpid(), signal.SIGKILL)

    clock = ManualClock(places.start)
    with assembled(places.config, Silent(), parts=Parts(outside=outside), clock=clock, boundary=sign) as pipeline:
        pipeline.learning.read("clips", tell=sign)
        pipeline.learning.choose("clips", CHOICE, bank="known-fakes", tell=sign)
        work(pipeline)


def work(pipeline: Pipeline, rounds: int = 40) -> None:
    """Let the daemon's steps look at everything."""
    for _ in range(rounds):
        pipeline.work()
        pipeline.deps.clock.sleep(600)
        if not pipeline.downloads.waiting() and not pipeline.deps.store.proposals.in_work():
            break
    pipeline.work()
