"""The world of `demo --serve`: what waits when the console opens, and what happens then, every other minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage

from bot.demo.ledger import Ledger
from bot.demo.past import FirstDay
from bot.loopback.stage import Stage
from bot.model import Actor, Consent, Credential, EntryNote, NoticeState, Role
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.plural import many
from bot.samples import media, people
from bot.store.case_queue import Tab

YOU, SECOND = "Practising Moderator", "second_moderator"
FAKES = 4
RAID, RAIDERS = 12, 4
SIZES = ((480, 270), (400, 224), (560, 316), (352, 198))
TITLES = (
    "Is this really her?", "You will not believe this clip", "Found this in an old folder", "Which film is this from?",
    "Somebody sent me this", "Better quality than last time", "Leaked, watch before it is gone", "Who is she?",
)  # fmt: skip
SHE_WRITES = ("please help", "Somebody posted this: {link} and that is me in the video. I never agreed to it.")
RECEIPT = "We have received your report. Our team looks at each of them.\n"
TAKEN_DOWN = "Hello,\n\nwe have looked at what you reported and removed it.\n\nTrust and safety\n"
EVERYDAY = ("Fog over the bridge", "My cat found the box", "Rain on the tent roof", "Slow train in the snow")


class Living:
    """The script. `prepare()` comes first, then each `step()` lets the next thing happen, without end."""

    def __init__(self, stage: Stage, pipeline: Pipeline, ledger: Ledger) -> None:
        self._s = stage
        self._p = pipeline
        self._ledger = ledger
        self._number = 0
        self._titles = 0
        self._fakes = [media.clip(401 + number, seconds=2) for number in range(FAKES)]
        self._events = self._endless()
        self._down: set[str] = set()  # what redgifs took down
        self._unanswered: list[tuple[str, str]] = []  # (author, title) of posts that the bot removed by itself

    def prepare(self, account: str) -> Actor:
        """Fill team, banks and subreddits; return the member under this system account, an operator."""
        me = self._p.team.first(YOU, account)
        self._p.team.add(YOU, None, reddit="head_moderator", by=me)
        self._p.team.add("Second Moderator", Role.LEAD, reddit=SECOND, by=me)
        banks, workers = self._p.deps.store.banks, self._p.deps.workers
        banks.create("known-fakes", "block")
        for data in self._fakes:
            banks.add("known-fakes", workers.fingerprint(data), by=me)
        banks.create("originals", "source")
        original = people.clip(301, people.OTHER, seconds=2)
        label, _ = banks.add("originals", workers.fingerprint(original), by=me)
        where = self._s.park.add_redgifs("HarbourWalk", hd=original)
        self._p.deps.store.notes.put(label, EntryNote(note="the film as its maker shows it", origin=where), by=me)
        consent = Consent(
            basis="explicit_consent", mandate=None, adult=True, record="letter and identity card, folder 7",
            purpose="media of r/clips that show her face", expires=self._s.clock.now() + timedelta(days=365),
        )  # fmt: skip
        self._p.gallery.enrol("A drawn woman", consent, [("portrait.png", people.picture())], by=me)
        first_day = FirstDay(self._s, self._p, lambda _words: None, me)
        first_day.propose()
        self._morning()
        return me

    def step(self) -> None:
        """Let the next thing happen."""
        next(self._events)()

    def _morning(self) -> None:
        """Post what waits when the console opens."""
        self._near("clips", hours=5)  # what was posted first is on top: here a decision does most
        self._near("gifs", hours=4)
        url = self._s.park.add_redgifs("MorningAgain", hd=self._fakes[2])
        self._post("quiet", "Old but good", url, hours=3)
        self._exact(hours=3)
        self._innocent(hours=2)
        swapped = people.clip(301, people.OTHER, face_of=people.PROTECTED, seconds=2, crf=28)
        self._post("gifs", "Remake of a classic", self._s.park.add_imgur("Ss8Tt9U", swapped, "mp4"), hours=2)
        url = self._s.park.add_redgifs("WarmRedRobin", hd=people.clip(302, people.PROTECTED, seconds=2))
        self._post("clips", "She dances in her kitchen", url, hours=1, over_18=True)
        copy = media.gif(403, seconds=1, width=320, height=180)
        link = self._s.park.add_direct("media.example.net", "/u/8812/funny.gif", copy, "image/gif")
        parent = self._post("clips", "Share your favourite loops", None, hours=2)
        self._s.reddit.comment(parent, author="loop_friend", body=f"this one [here]({link})")
        self._ledger.happened("u/loop_friend commented in r/clips with a link to a GIF")

    def _endless(self) -> Iterator[Callable[[], None]]:
        while True:
            yield self._two_posts
            yield self._raid
            yield self._the_author_appeals
            yield self._a_moderator_removes_by_hand
            yield self._exact
            yield self._somebody_says_that_they_are_depicted
            yield self._a_notice_is_stated
            yield self._the_host_takes_it_down

    def _post(
        self, subreddit: str, title: str, url: str | None, *, hours: float = 0, over_18: bool = False, author: str = ""
    ) -> str:
        author = author or f"poster_{self._next()}"
        name = self._s.reddit.submit(
            subreddit,
            author=author,
            title=title,
            url=url,
            selftext="" if url else "What do you think?",
            created=self._s.clock.now() - timedelta(hours=hours),
            over_18=over_18,
        )
        self._ledger.happened(f"u/{author} posted “{title}” in r/{subreddit}")
        return name

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _id(self, what: str) -> str:
        """Return a new id of a media, of letters only."""
        return what + "".join("abcdefghij"[int(digit)] for digit in f"{self._next():04d}").capitalize()

    def _title(self) -> str:
        self._titles += 1
        return TITLES[self._titles % len(TITLES)]

    def _copy(self) -> bytes:
        """Return a copy of a known fake that nobody posted before."""
        number = self._next()
        width, height = SIZES[number % len(SIZES)]
        return media.reencode(self._fakes[number % FAKES], crf=28 + number % 7, width=width, height=height)

    def _near(self, subreddit: str, *, hours: float = 0) -> str:
        url = self._s.park.add_redgifs(self._id("Copy"), hd=self._copy())
        return self._post(subreddit, self._title(), url, hours=hours)

    def _exact(self, *, hours: float = 0) -> None:
        author, title = f"uploader_{self._next()}", self._title()
        url = self._s.park.add_redgifs(self._id("Known"), hd=self._fakes[self._next() % FAKES])
        self._post("clips", title, url, hours=hours, author=author)
        self._unanswered.append((author, title))

    def _innocent(self, *, hours: float = 0) -> None:
        number = self._next()
        url = self._s.park.add_reddit_image(self._id("pic").lower(), media.still(500 + number))
        self._post("gifs", EVERYDAY[number % len(EVERYDAY)], url, hours=hours)

    def _two_posts(self) -> None:
        self._near("clips")
        self._innocent()

    def _raid(self) -> None:
        url = self._s.park.add_redgifs(self._id("Raid"), hd=self._copy())
        first = self._next()
        for number in range(RAID):
            self._s.reddit.submit(
                "clips", author=f"raider_{first + number % RAIDERS}", title=f"Spread this {number + 1}", url=url,
                created=self._s.clock.now(),
            )  # fmt: skip
        self._ledger.happened(f"{RAIDERS} accounts posted one clip {RAID} times in r/clips: a raid")

    def _the_author_appeals(self) -> None:
        mails = dict(self._s.reddit.world.conversations)
        for author, title in self._unanswered:
            mine = [number for number, one in mails.items() if one["participant"].get("name") == author]
            if mine:
                self._s.reddit.actions.answer_mail(mine[0], author, "That is my own work, please look again.")
                self._unanswered.remove((author, title))
                self._ledger.happened(f"u/{author} appealed the removal of “{title}”")
                return
        self._innocent()

    def _a_moderator_removes_by_hand(self) -> None:
        """Let the second moderator remove something that waits, on Reddit itself: its case is closed by that."""
        store = self._p.deps.store
        pending = {case for row in store.decided.due() for case in row.cases}
        waiting = [row.case for row in store.case_queue.page(Tab.WAITING, limit=50) if row.posts == 1]
        for case in reversed(waiting):
            if case.id not in pending and case.post.subreddit == "clips" and case.post.title:
                self._s.reddit.moderator_removes(case.post.fullname, SECOND)
                self._ledger.happened(f"u/{SECOND} removed “{case.post.title}” in r/clips on Reddit, by hand")
                return
        self._innocent()

    def _somebody_says_that_they_are_depicted(self) -> None:
        """Let somebody write to the moderators of what the bot found, or of something that it never saw."""
        number = self._next()
        author = f"visitor_{number}"
        link = self._s.park.add_redgifs(self._id("Hers"), hd=self._copy())
        self._s.reddit.actions.write_mail("clips", author, SHE_WRITES[0], SHE_WRITES[1].format(link=link))
        self._ledger.happened(f"u/{author} wrote to the moderators of r/clips that they are in a video")

    def _a_notice_is_stated(self) -> None:
        """Let the second moderator state a notice that waits for its ground."""
        store = self._p.deps.store
        drafts = [row for row in store.notices.listing() if row.state == NoticeState.DRAFTED and row.host == "redgifs"]
        member = store.team.named("Second Moderator")
        if not drafts or member is None:
            self._innocent()
            return
        by = Actor(member=member.id, name=member.name, credential=Credential.REDDIT)
        row = drafts[0]
        self._p.decisions.notices.confirm_notice(
            row.label,
            Statement(
                ground="original_footage",
                detail="https://www.example.org/films/harbour-walk (published by its maker on 2024-05-02)",
                by=by,
                seen=True,
            ),
        )
        self._ledger.happened(f"Second Moderator stated the ground of notice {row.label} to {row.host}: it is mailed")

    def _the_host_takes_it_down(self) -> None:
        """Let the host answer a notice that it received: what the notice names is gone."""
        for row in self._p.deps.store.notices.listing():
            ids = {item.host_id for item in row.items} - self._down
            if row.state == NoticeState.SENT and row.host == "redgifs" and ids:
                for id in ids:
                    self._s.park.gone("redgifs", id)
                self._down |= ids
                self._ledger.happened(f"redgifs answered notice {row.label}: {many(len(ids), 'item')} taken down")
                self._answer(row.label, RECEIPT, automatic=True)
                self._answer(row.label, TAKEN_DOWN)
                return
        self._innocent()

    def _answer(self, label: str, words: str, *, automatic: bool = False) -> None:
        """Let the host answer the mail of a notice, into the mailbox that the bot reads."""
        mails = [one.message for one in self._s.mail.received if f"[{label}]" in str(one.message["Subject"])]
        if self._s.answers is None or not mails:
            return
        answer = EmailMessage()
        answer["From"], answer["To"] = mails[-1]["To"], mails[-1]["From"]
        answer["Subject"] = f"Re: {mails[-1]['Subject']}"
        answer["In-Reply-To"] = answer["References"] = str(mails[-1]["Message-ID"])
        if automatic:
            answer["Auto-Submitted"] = "auto-replied"
        answer.set_content(words)
        self._s.answers.deliver(answer.as_bytes(), at=self._s.clock.now())
