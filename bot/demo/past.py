"""The first day of the demo: what moderators removed before the bot came becomes proposals, and one word banks one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.loopback.reddit.past import FAKE, Past
from bot.loopback.stage import Expected, Stage
from bot.model import Actor
from bot.pipeline import Pipeline
from bot.pipeline.watching.past_facts import Choice
from bot.samples import media

SPAM, AGE = "Spam", "Possibly underage"


class FirstDay:
    """Plays the past of r/clips and lets the bot learn from it; a later post of what was banked is expected."""

    def __init__(self, stage: Stage, pipeline: Pipeline, say: Callable[[str], None], by: Actor) -> None:
        self._s = stage
        self._p = pipeline
        self._say = say
        self._by = by
        self._repeated = media.clip(111, seconds=1, width=320, height=180)
        self._once = media.still(112, width=320, height=180)

    def learn(self) -> None:
        """Play the past, let the bot propose, and decide on what is proposed."""
        self._say("r/clips, the weeks before: moderators removed six posts, and no bank knows any of them")
        named = self.propose()
        self._say(
            f"gifwarden learn clips: {named} of them were removed for “{FAKE}”; the one whose reason speaks of age "
            "is never fetched"
        )
        first, *others = reversed(self._p.deps.store.cases.listing())
        for case in (first, *others):
            self._say(f"the bot proposes {case.label} for the bank: {case.verdict.reasons[0]}")
        self._p.decisions.cases.confirm(first.label, by=self._by, why="looked at it: a fake")
        self._say(f"the head moderator confirms {first.label}: it is banked, and no post is touched")
        for case in others:
            self._p.decisions.cases.dismiss(case.label, by=self._by, why="a joke")
            self._say(f"the head moderator dismisses {case.label}: a joke")

    def propose(self) -> int:
        """Play the past, name the reason that means a fake, and look at the media; return how many gave that reason."""
        self._play()
        self._p.learning.read("clips")
        named = self._p.learning.met("clips").reasons[FAKE]
        self._p.learning.choose("clips", Choice(reasons=(FAKE,)), bank="known-fakes")
        self._p.work()
        return named

    def later(self) -> tuple[Expected, str]:
        """Return what must come of a later post of what was confirmed, and its link."""
        url = self._s.park.add_imgur("Lr2Nt9A", self._repeated, "mp4")
        expected = Expected(
            what="What moderators had removed before the bot came",
            reports=1,
            modmails=1,
            why="the file that a moderator banked today; in mode report nothing is removed",
        )
        return expected, url

    def _play(self) -> None:
        past, park = Past(self._s.reddit, self._s.park), self._s.park
        copy = media.reencode(self._repeated, crf=30, width=256, height=144)
        links = [
            (30, park.add_redgifs("EarlierTakenDown", hd=self._repeated), FAKE),
            (21, park.add_redgifs("EarlierTakenAgain", hd=copy), FAKE),
            (12, "https://www.redgifs.com/watch/earliertakendown", FAKE),
            (9, park.add_reddit_image("p1a2s3t4j5o6k", self._once), FAKE),
            (5, park.add_reddit_image("p1a2s3t4s5p6m", media.still(113, width=320, height=180)), SPAM),
            (2, park.add_reddit_image("p1a2s3t4n5o6t", media.still(114, width=320, height=180)), AGE),
        ]
        for days, url, reason in links:
            with past.at(self._s.clock.now() - timedelta(days=days)):
                past.removed(past.post(reason, url), reason=reason)
            if reason != FAKE:
                self._s.never_asked.add(url.rpartition("/")[2])
