"""A scripted week of one subreddit on loopback: three moderators, 5,000 posts, and most of what can go wrong.

What must come of it is written down as it happens; at the end the loopback servers' own logs are compared with that.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.config import Config
from bot.demo.subreddit import HOURS, PLACE, POSTS, Subreddit
from bot.loopback.stage import Stage, stage
from bot.model import ActionState, CaseState, Hold
from bot.pipeline import Pipeline
from bot.plural import many
from bot.samples import media

RAID, RAIDERS = 300, 8
HEAD, SECOND, THIRD = "head_moderator", "second_moderator", "third_moderator"
MARKER = "unmistakable words of a deleted post"
TELL_AUTHOR = """---
name: Tell the author
exact_media: {bank: [known-fakes]}
action: remove
action_reason: "Known fake (case {{case}})"
message_subject: "Your post was removed"
message: "Your {{kind}} in r/{{subreddit}} was removed; answer here if that is wrong. Case {{case}}."
priority: 90
"""
WIKI = """---
name: Words that we look at
title: leaked
action: review
examples:
  - {post: {title: leaked}, gives: review}
"""
WIKI_TYPO = WIKI.replace("action: review", "acton: review")


@contextlib.contextmanager
def week_stage(folder: Path) -> Iterator[Stage]:
    """Yield the stage as the week needs it: one subreddit with three moderators and a wiki, room for a raid."""
    with stage(folder) as world:
        (folder / "rules" / "40-author.yaml").write_text(TELL_AUTHOR, encoding="utf-8")
        world.reddit.world.subreddits[PLACE].moderators[THIRD] = ["all"]
        sections = world.config.model_dump()
        sections["subreddits"] = {PLACE: sections["subreddits"][PLACE] | {"wiki": "gifwarden"}}
        sections["actions"] |= {"per_hour": 150, "per_day": 600}
        world.config = Config.model_validate(sections)
        yield world


class Week(Subreddit):
    """The script. `hour(n)` lets happen what happens in that hour, from 0 to `HOURS` - 1."""

    def __init__(
        self,
        stage: Stage,
        pipeline: Pipeline,
        tell: Callable[[str, str], None] = lambda _time, _words: None,
        heading: Callable[[str], None] = lambda _words: None,
        posts: int = POSTS,
    ) -> None:
        super().__init__(stage, pipeline, tell, heading)
        self._in_all = posts  # with what the script posts, in the whole week
        self._meme = media.clip(750, seconds=1, width=320, height=180)
        self._entries: dict[str, str] = {}
        self._script: dict[int, Callable[[], None]] = {
            2: self._wiki_is_written,
            5: self._a_known_fake,
            9: self._a_moderator_approves_a_copy_first,
            26: self._the_raid,
            34: self._the_raid_is_over,
            50: self._the_brigade,
            60: self._the_author_appeals,
            62: self._the_appeal_is_decided,
            74: self._an_innocent_file_is_banked,
            76: self._many_people_post_it,
            78: self._the_entry_is_looked_at,
            90: self._a_post_with_a_case,
            92: self._it_is_deleted,
            98: self._the_wiki_has_a_typo,
            100: self._a_fake_under_the_old_rules,
            110: self._the_login_is_revoked,
            113: self._the_login_works_again,
            122: self._stop,
            123: self._a_fake_while_stopped,
            130: self._go,
            131: self._it_went_on,
            145: self._nothing_is_left_of_the_deleted_post,
        }

    def prepare(self) -> None:
        """Fill the bank before the week begins; rules that tell authors are beside those that come with the program."""
        store, workers = self._p.deps.store, self._p.deps.workers
        store.banks.create("known-fakes", "block")
        for number, data in enumerate(self._fakes):
            label, _ = store.banks.add("known-fakes", workers.fingerprint(data), by=self._by(HEAD))
            self._entries[f"fake{number}"] = label
        store.banks.create("reported", "block")

    def hour(self, number: int) -> None:
        """Let an hour pass: everyday posts, and what the script says for it."""
        self._s.clock.sleep(3600)
        self._time = f"{number % 24:02d}:00"
        if number % 24 == 0:
            self._heading(f"Day {number // 24 + 1}")
        event = self._script.get(number)
        if event is not None:
            event()
        due = self._in_all * (number + 1) // HOURS
        while self._posted < due:
            self._everyday()

    def eventful(self, number: int) -> bool:
        """Return whether the script has something for an hour."""
        return number in self._script

    def shortfalls(self) -> list[str]:
        """Return a sentence for everything that was done and must not have been, or was not done."""
        reddit, wrong = self._s.reddit, list(self.wrong)
        done = Counter(reddit.removals)
        for name, times in (self.removed - done).items():
            wrong.append(f"{self._posts.get(name, name)}: was to be removed, {times} removal is missing")
        for name, times in (done - self.removed).items():
            why = self.untouched.get(name, "nobody expected it")
            wrong.append(f"{self._posts.get(name, name)}: {times} removal too many ({why})")
        for name in set(reddit.approvals) ^ self.approved:
            wrong.append(f"{self._posts.get(name, name)}: given back and it must not be, or the other way round")
        for name, reason, _ in reddit.reports:
            if name in self.untouched:
                wrong.append(f"{self._posts.get(name, name)}: reported ({reason}), {self.untouched[name]}")
        if self._s.mail.received:
            wrong.append(f"{many(len(self._s.mail.received), 'mail')} sent although nobody stated a notice")
        unfinished = self._p.deps.store.figures.oldest()["links"]
        if unfinished > 3600:
            wrong.append(f"a link has waited for {unfinished / 3600:.0f} hours")
        return wrong

    def _size(self) -> str:
        row = next(one for one in self._p.deps.store.banks.listing() if one.name == "known-fakes")
        return f"known-fakes holds {many(row.entries, 'entry', 'entries')}"

    def _appeal_said(self) -> str:
        (case,) = self._p.deps.store.cases.of_post(self._first)
        if self._p.deps.store.review.open_appeal(case.id) is None:
            return "the bot did not take it for an appeal"
        return f"the bot opened the case again as an appeal ({case.label}), for another moderator"

    def _quarantine_said(self) -> str:
        removed = self._of(self._memes)
        if not self._p.deps.store.flood.listing():
            return f"the bot removed {removed} of them"
        return f"the bot removed {removed}, then put that entry in quarantine: it met too many accounts"

    def _wiki_is_written(self) -> None:
        self._s.reddit.world.edit_wiki(PLACE, "gifwarden", WIKI, by=HEAD)
        self._say("the head moderator writes a rule on the wiki: look at titles with “leaked”")
        self._then.append(lambda: f"the bot goes by {many(len(self._p.deps.rules_for(PLACE).rules), 'rule')} now")

    def _a_known_fake(self) -> None:
        self._first = self._fake(0, "WrongfullyTaken", "A fake, its author will appeal", author="an_author")
        self._say("u/an_author posts the very file of a known fake")
        self._removed_soon(self._first)
        self.removed[self._first] += 1

    def _a_moderator_approves_a_copy_first(self) -> None:
        name = self._fake(1, "ApprovedCopy", "A copy that a moderator approved")
        self._s.reddit.moderator_approves(name, SECOND)
        self.untouched[name] = "a moderator approved it"
        self._say("somebody posts another known fake, and the second moderator approves it at once")
        self._then.append(lambda: self._deed(name, "left it alone: what a moderator approved is not the bot's"))

    def _the_raid(self) -> None:
        url = self._s.park.add_redgifs("RaidedClip", hd=self._fakes[2])
        self._raid = [
            self._post(f"Raid {number}", url=url, author=f"raider{number % RAIDERS}") for number in range(RAID)
        ]
        self.removed.update(self._raid)
        self._say(f"a raid: {RAIDERS} accounts post one clip {RAID} times")
        self._then.append(lambda: f"the bot removed {self._of(self._raid)} in the first hour; its cap is 150 an hour")

    def _the_raid_is_over(self) -> None:
        missing = set(self._raid) - set(self._s.reddit.removals)
        if missing:
            self.wrong.append(f"{len(missing)} of {RAID} posts of the raid are there still after eight hours")
        # the last path of a download is its file; a page or an answer of the API is no download
        files = [path for path in self._s.park.paths("media.redgifs.com") if "raidedclip" in path.lower()]
        if len(files) > 2:
            self.wrong.append(f"one clip of the raid was downloaded {len(files)} times")
        if self._p.deps.store.flood.listing():
            self.wrong.append("a raid by few accounts was quarantined")
        on = [row for row in self._p.deps.store.notices.listing() if "raidedclip" in {one.host_id for one in row.items}]
        if len(on) != 1 or len(on[0].items) != 1 or len(on[0].cases) < RAID:
            self.wrong.append(f"one clip of the raid stands on {many(len(on), 'notice')}, or not by itself")
        self._say(f"eight hours later the bot has removed {self._of(self._raid)} of the raid's {RAID} posts")

    def _the_brigade(self) -> None:
        url = self._s.park.add_reddit_image("xbrigadedpicture1", self._innocent[0])
        name = self._post("An innocent picture that many report", url=url, author="a_creator")
        self.untouched[name] = "false reports are no evidence"
        for number in range(80):
            self._s.reddit.world.report(name, "This is non-consensual intimate media", f"brigade{number}")
        self._say("80 accounts report an innocent picture as non-consensual, to have it taken down")
        self._then.append(
            lambda: self._deed(name, "left it alone: it knows nothing like it, and reports prove nothing")
        )

    def _the_author_appeals(self) -> None:
        mails = self._s.reddit.world.conversations.items()
        mine = [number for number, found in mails if found["participant"].get("name") == "an_author"]
        if not mine:
            self.wrong.append("the author of the removed post was not written to")
            return
        self._s.reddit.actions.answer_mail(mine[0], "an_author", "That is my own work, please look again.")
        self._say("u/an_author answers the bot's message: “That is my own work, please look again.”")
        self._then.append(self._appeal_said)

    def _the_appeal_is_decided(self) -> None:
        store = self._p.deps.store
        (case,) = store.cases.of_post(self._first)
        if store.review.open_appeal(case.id) is None:
            self.wrong.append("the author's answer reopened no case")
            return
        self._p.decisions.cases.dismiss(case.label, by=self._by(THIRD), why="the entry is wrong")
        entry = self._entries["fake0"]
        store.banks.withdraw(entry)
        if self._first not in self._s.reddit.approvals:
            self._p.decisions.cases.undo(case.label, by=self._by(THIRD), why="the entry is wrong")
        self.approved.add(self._first)
        self._say("the third moderator looks, finds that the bank is wrong, and takes that entry out of it")
        self._then.append(
            lambda: "the bot gave the post back" if self._first in self._s.reddit.approvals else "the post stays away"
        )

    def _an_innocent_file_is_banked(self) -> None:
        url = self._s.park.add_redgifs("EverybodysMeme", hd=self._meme)
        name = self._post("A meme, banked by mistake", url=url)
        self._memes = [name]
        self._s.reddit.actions.write_mail(PLACE, HEAD, "bank", f"gifwarden bank https://redd.it/{name[3:]}")
        self._say("the head moderator orders by modmail to bank a clip; it is a meme, and a mistake")
        self._then.append(lambda: f"the bot banked it: the bank {self._size()}")

    def _many_people_post_it(self) -> None:
        for number in range(40):
            url = self._s.park.add_redgifs(f"Meme{'abcdefghij'[number % 10]}{'klmn'[number // 10]}x", hd=self._meme)
            self._memes.append(self._post(f"Meme {number}", url=url, author=f"fan{number}"))
        self._say("40 people post that meme")
        self._then.append(self._quarantine_said)

    def _the_entry_is_looked_at(self) -> None:
        store, reddit = self._p.deps.store, self._s.reddit
        done = [name for name in self._memes if name in reddit.removals]
        if len(done) > self._s.config.actions.flood_authors:
            self.wrong.append(f"a poisoned entry removed {many(len(done), 'post')} before it was quarantined")
        if not store.flood.listing():
            self.wrong.append("a poisoned entry was not quarantined")
            return
        self.removed.update(done)
        row = next(row for row in store.flood.listing() if row.kind == "entry")
        store.banks.withdraw(row.name)
        for name in self._memes:
            if name not in done:
                self.untouched[name] = "a meme"
            for case in store.cases.of_post(name):
                if case.state == CaseState.OPEN:
                    self._p.decisions.cases.dismiss(case.label, by=self._by(SECOND), why="a meme")
        self.approved |= set(done)
        self._say("the second moderator looks, takes the meme out of the bank and dismisses its cases")
        self._then.append(lambda: f"the bot gave back {self._back(done)} of the {len(done)} posts that it had removed")

    def _a_post_with_a_case(self) -> None:
        url = self._s.park.add_redgifs("SoonDeleted", hd=media.reencode(self._fakes[3], crf=34, width=256, height=144))
        self._deleted = self._post(MARKER, url=url, author="deleting_author")
        self._say("somebody posts a near copy of a known fake")
        self._then.append(lambda: self._deed(self._deleted, "did not touch it; a case asks a moderator"))
        self._deleted_path = str(self._s.reddit.world.things[self._deleted]["permalink"])

    def _it_is_deleted(self) -> None:
        if not self._p.deps.store.cases.of_post(self._deleted):
            self.wrong.append("the near copy that is deleted later opened no case")
        self._s.reddit.delete(self._deleted)
        self._say("its author deletes that post")

    def _nothing_is_left_of_the_deleted_post(self) -> None:
        folder = self._s.config.storage.path
        kept = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
        self._say("two days after its author deleted it, the database is searched for that post")
        found = len(self.wrong)
        for trace in (MARKER, "deleting_author", self._deleted_path, "SoonDeleted", "soondeleted"):
            if trace.encode() in kept:
                self.wrong.append(f"48 hours after it was deleted the database still holds {trace!r}")
        self._say("→ nothing of it is left" if found == len(self.wrong) else "→ something of it is left")

    def _the_wiki_has_a_typo(self) -> None:
        self._s.reddit.world.edit_wiki(PLACE, "gifwarden", WIKI_TYPO, by=SECOND)
        self._say("the second moderator edits the rule on the wiki and mistypes “action”")

    def _a_fake_under_the_old_rules(self) -> None:
        if "Words that we look at" not in {rule.name for rule in self._p.deps.rules_for(PLACE).rules}:
            self.wrong.append("a typo in the wiki took the last good rules out of force")
        texts = [body for _, _, body in self._s.reddit.modmails] + [body for _, body in self._s.reddit.answers]
        if not any("acton" in text for text in texts):
            self.wrong.append("nobody was told of the typo in the wiki")
        self._say("the bot told the moderators where the mistake is, and goes by the last good rules")
        name = self._fake(1, "UnderOldRules", "A fake while the wiki is broken")
        self.removed[name] += 1
        self._say("somebody posts a known fake")
        self._removed_soon(name)

    def _the_login_is_revoked(self) -> None:
        self._password, self._s.reddit.password = self._s.reddit.password, "another one"
        self._s.reddit.revoke()
        self._missed = self._fake(1, "WhileLockedOut", "A fake while the login is revoked")
        self.removed[self._missed] += 1
        self._say("Reddit refuses the bot's login from now on; somebody posts a known fake")
        self._then.append(lambda: "the bot can do nothing, and tries again")

    def _the_login_works_again(self) -> None:
        self._s.reddit.password = self._password
        self._say("the login works again")
        self._removed_soon(self._missed)

    def _stop(self) -> None:
        self._s.reddit.actions.write_mail(PLACE, SECOND, "stop", "gifwarden stop")
        self._say("the second moderator orders by modmail: gifwarden stop")

    def _a_fake_while_stopped(self) -> None:
        self._stopped = self._fake(3, "WhileStopped", "A fake while everything is stopped")
        self.removed[self._stopped] += 1
        self._say("somebody posts a known fake")
        self._then.append(lambda: self._deed(self._stopped, "did nothing to it: what it would do waits"))

    def _go(self) -> None:
        if self._stopped in self._s.reddit.removals:
            self.wrong.append("a post was removed although a moderator had said stop")
        held = [row for row in self._p.deps.store.actions.listing() if row.state == ActionState.HELD]
        if not any(row.hold == Hold.STOP for row in held):
            self.wrong.append("what waits for go is not shown as held")
        self._s.reddit.actions.write_mail(PLACE, HEAD, "go", "gifwarden go")
        self._say("the head moderator orders by modmail: gifwarden go")
        self._then.append(lambda: "the bot does what it had put off, one thing after the other")

    def _it_went_on(self) -> None:
        done = self._stopped in self._s.reddit.removals
        self._say(f"→ the bot {'removed' if done else 'has not yet removed'} the post of 03:00")


def run(week: Week, pipeline: Pipeline) -> None:
    """Play the week: the bot works every hour, twice where much happens, and purges as its daemon does."""
    week.prepare()
    for hour in range(HOURS):
        week.hour(hour)
        for _ in range(2 if week.eventful(hour) else 1):
            pipeline.tick()
            pipeline.deps.clock.sleep(60)
        week.told(hour)
        if hour % 6 == 0:
            pipeline.forget()
            pipeline.purge()
