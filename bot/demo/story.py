"""A scripted hour on loopback: what is posted, what goes wrong, what a moderator does, and what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from bot.demo.past import FirstDay
from bot.loopback.answers import redirect
from bot.loopback.smtp import Fault
from bot.loopback.stage import Expected, Stage
from bot.model import Consent, NoticeState
from bot.pipeline import Pipeline
from bot.pipeline.acting.notices import Statement
from bot.plural import many
from bot.samples import media, people

MINUTES = 60
TOLD = ("was removed", "A program did this by itself", "known to be fake", "Answer this message")
PRIVATE = "10.0.0.5"
UNKNOWN = "no bank knows anything like it"
ALONE = "the very file, byte for byte, of the bank known-fakes, which may act alone (banks.trusted)"
AGAIN = "the very file once more; its author was told at 18:04, and one message a day is enough"
NEAR = "a near copy may be the genuine clip that a fake was made from, so a person decides"
TRIED = "the host answered 503, so it was asked again; in mode report nothing is removed"
LIKENESS = "a likeness is no proof, so the bot never acts on it alone"
METADATA = "169.254.169.254"


class Hour:
    """The script. `minute(n)` lets happen what happens in that minute."""

    def __init__(self, stage: Stage, pipeline: Pipeline, say: Callable[[str], None]) -> None:
        self._say = say
        self._s = stage
        self._p = pipeline
        self._fake = media.clip(101, seconds=3, width=1280, height=720)
        self._fake_small = media.reencode(self._fake, width=854, height=480, crf=28)
        self._second = media.clip(102, seconds=2)
        self._third = media.clip(103, seconds=2)
        self._meme = media.still(104, format="png")
        self._script: dict[int, list[Callable[[], None]]] = {
            1: [self._innocent, self._text_only],
            4: [self._exact_copy],
            8: [self._album],
            11: [self._comment, self._reddit_troubles],
            14: [self._gone, self._lying_file],
            17: [self._private_address],
            21: [self._allowed_meme],
            24: [self._already_approved],
            28: [self._observed, self._token_expires],
            33: [self._posted_again],
            36: [self._removed_before],
            38: [self._host_stumbles],
            41: [self._protected_face, self._innocent_face, self._swap],
            45: [self._moderator_states_the_notice],
        }

    def prepare(self) -> None:
        """Fill the banks before the hour begins."""
        banks, workers = self._p.deps.store.banks, self._p.deps.workers
        team = self._p.deps.store.team  # under a name of their own: notices name no Reddit user
        team.note_reddit(team.add("Head Moderator", by=None), "head_moderator")
        self._head = self._p.team.by_reddit("head_moderator", "clips", ["all"])
        banks.create("known-fakes", "block")
        banks.create("memes", "allow")
        compilation = media.compilation([(104, 1.0), (105, 2.0)])  # a fake with the meme cut in front
        for data in (self._fake, self._second, self._third, compilation):
            banks.add("known-fakes", workers.fingerprint(data), by=self._head)
        meme = workers.fingerprint(self._meme)
        label, _ = banks.add("memes", meme, by=self._head)
        self._p.decisions.bank.pair(label, meme)

        banks.create("originals", "source")
        banks.add("originals", workers.fingerprint(people.clip(301, people.OTHER)), by=self._head)
        consent = Consent(
            basis="explicit_consent",
            mandate=None,
            adult=True,
            record="letter and identity card of 2026-11-02, folder 7",
            purpose="media of r/clips that show her face",
            expires=self._s.clock.now() + timedelta(days=365),
        )
        self._p.gallery.enrol("A drawn woman", consent, [("portrait.png", people.picture())], by=self._head)

        self._first_day = FirstDay(self._s, self._p, self._say, self._head)
        self._first_day.learn()

    def minute(self, number: int) -> None:
        """Let a minute pass and do what the script says for it."""
        self._s.clock.sleep(60)
        for event in self._script.get(number, ()):
            event()

    def _post(
        self, subreddit: str, expected: Expected, url: str | None = None, text: str = "", *, over_18: bool = False
    ) -> str:
        name = self._s.reddit.submit(
            subreddit, author="some_poster", title=expected.what, url=url, selftext=text, over_18=over_18
        )
        self._s.expected[name] = expected
        self._say(f"r/{subreddit}: “{expected.what}”")
        return name

    def _innocent(self) -> None:
        url = self._s.park.add_redgifs(
            "CalmBlueHarbour", sd=media.clip(201), hd=media.clip(201, width=1280, height=720)
        )
        self._parent = self._post("clips", Expected(what="Sunset over the harbour", why=UNKNOWN), url)
        url = self._s.park.add_reddit_image("q1w2e3r4t5y60", media.still(202))
        self._post("gifs", Expected(what="My cat, asleep", why=UNKNOWN), url)

    def _text_only(self) -> None:
        self._post(
            "clips",
            Expected(what="Which player do you use?", why="there is nothing to look at"),
            text="Asking for a friend.",
        )

    def _exact_copy(self) -> None:
        url = self._s.park.add_redgifs("BoldRedFalcon", sd=self._fake_small, hd=self._fake)
        expected = Expected(what="An exact copy", removals=1, modmails=1, told=1, why=ALONE)
        self._post("clips", expected, url)
        self._s.notice_ids.add("boldredfalcon")

    def _album(self) -> None:
        copy = media.reencode(self._second, crf=32, width=480, height=270)
        url = self._s.park.add_imgur_album(
            "Kq7Zx2P", [media.clip(211, seconds=1), copy, media.clip(212, seconds=1)], "mp4"
        )
        # Reddit performs the report and answers 500: it must not be filed again
        self._s.reddit.fail_next("api/report", status=500, performed=True)
        self._post("gifs", Expected(what="Re-encoded, in an imgur album", reports=1, why=NEAR), url)
        self._say("Reddit will take the report of it and answer that it failed (500)")

    def _comment(self) -> None:
        copy = media.gif(103, seconds=2, width=320, height=180)
        url = self._s.park.add_direct("media.example.net", "/u/8812/funny.gif", copy, "image/gif")
        name = self._s.reddit.comment(self._parent, author="some_poster", body=f"better version [here]({url})!")
        self._s.expected[name] = Expected(what="Resized GIF, in a comment", reports=1, why=NEAR)
        self._say("r/clips, a comment: “Resized GIF, in a comment”")

    def _reddit_troubles(self) -> None:
        self._say("Reddit refuses two requests: too many (429), out of order (503)")
        self._s.reddit.fail_next("r/gifs/new", status=429, headers={"retry-after": "5"})
        self._s.reddit.fail_next("r/quiet/new", status=503)

    def _gone(self) -> None:
        url = self._s.park.add_redgifs("LostGreyHeron", hd=media.clip(221))
        self._s.park.gone("redgifs", "LostGreyHeron")
        self._post(
            "clips", Expected(what="A link to something gone", why="what its host took down needs nothing more"), url
        )

    def _lying_file(self) -> None:
        url = self._s.park.add_direct(
            "media.example.net", "/u/1/cute.gif", b"PK\x03\x04" + b"not a picture" * 50, "image/gif"
        )
        self._post(
            "clips",
            Expected(
                what="A file that lies about itself",
                why="it says GIF and is an archive; only media are decoded, in a confined process",
            ),
            url,
        )

    def _private_address(self) -> None:
        self._s.park.network.point("rebind.example.net", PRIVATE)
        self._post(
            "clips",
            Expected(
                what="A name that leads inside", why="links must not lead the bot into the network that it runs in"
            ),
            "https://rebind.example.net/a.gif",
        )
        self._s.park.fail_once("media.example.net", "/u/2/b.gif", redirect(f"http://{METADATA}/latest/meta-data/x.gif"))
        self._post(
            "clips",
            Expected(
                what="A redirect that leads inside", why="links must not lead the bot into the network that it runs in"
            ),
            "https://media.example.net/u/2/b.gif",
        )
        self._post(
            "clips",
            Expected(
                what="A host nobody knows",
                why="only known hosts and named domains are asked; a poster's own server learns nothing",
            ),
            "https://unknown.example.org/a.gif",
        )

    def _allowed_meme(self) -> None:
        url = self._s.park.add_imgur("Mm4Nn5B", media.restill(self._meme, width=600, height=338), "jpg")
        self._post(
            "clips",
            Expected(
                what="A meme that everybody knows",
                why="a known fake has this meme in front; a moderator allowed the meme",
            ),
            url,
        )

    def _already_approved(self) -> None:
        url = self._s.park.add_redgifs("QuietGreenOwl", sd=self._fake_small, hd=self._fake)
        name = self._post(
            "clips", Expected(what="Approved by a moderator before", why="what a moderator approved is left alone"), url
        )
        self._s.reddit.moderator_approves(name, "second_moderator")
        self._say("the second moderator approves it, faster than the bot")

    def _observed(self) -> None:
        url = self._s.park.add_redgifs("SwiftPinkOtter", sd=self._fake_small, hd=self._fake)
        self._post(
            "quiet",
            Expected(
                what="An exact copy where we only observe",
                why="a new installation observes: it does everything but act",
            ),
            url,
        )

    def _token_expires(self) -> None:
        self._s.park.expire_tokens()
        self._say("redgifs forgets the bot's token")

    def _posted_again(self) -> None:
        url = "https://v3.redgifs.com/watch/BoldRedFalcon?utm_source=share"
        # by the same author, who is written to once a day: the next message tells of this post
        self._post("clips", Expected(what="The same link, posted again", removals=1, modmails=1, why=AGAIN), url)

    def _removed_before(self) -> None:
        self._post("gifs", *self._first_day.later())

    def _host_stumbles(self) -> None:
        url = self._s.park.add_imgur("Pp6Qq7R", self._second, "mp4")
        self._s.park.fail_once("i.imgur.com", "/Pp6Qq7R.mp4", 503)
        self._post("gifs", Expected(what="Behind a host that stumbles", reports=1, modmails=1, why=TRIED), url)

    def _protected_face(self) -> None:
        url = self._s.park.add_redgifs("WarmRedRobin", hd=people.clip(302, people.PROTECTED))
        expected = Expected(
            what="A protected person's face, marked NSFW", review="a face resembles a protected person", why=LIKENESS
        )
        self._post("clips", expected, url, over_18=True)

    def _innocent_face(self) -> None:
        url = self._s.park.add_imgur("Rr3Bb7N", people.clip(303, people.PROTECTED), "mp4")
        self._post(
            "clips",
            Expected(
                what="The same face, in an innocent post",
                why="the post is not sexual, so a likeness is nobody's business",
            ),
            url,
        )

    def _swap(self) -> None:
        swapped = people.clip(301, people.OTHER, face_of=people.PROTECTED, crf=28)
        url = self._s.park.add_imgur("Ss8Tt9U", swapped, "mp4")
        expected = Expected(
            what="Known footage, with that face put in",
            review="but the face is another one, at all 16 moments compared; it resembles a protected person",
            why="footage and a face together are strong, and still a person decides",
        )
        self._post("gifs", expected, url)

    def _moderator_states_the_notice(self) -> None:
        self._s.mail.script(Fault(at="rcpt", code=451, text="try again later"))
        drafts = [row for row in self._p.deps.store.notices.listing() if row.state == NoticeState.DRAFTED]
        for row in drafts:
            if row.host == "redgifs" and row.subreddit == "clips":
                self._p.decisions.notices.confirm_notice(
                    row.label,
                    Statement(
                        ground="original_footage",
                        detail="https://www.example.org/films/harbour-walk (published by its maker on 2024-05-02)",
                        by=self._head,
                        seen=True,
                    ),
                )
                self._say(f"the head moderator states the ground of notice {row.label} to {row.host}: original footage")


def unreviewed(stage: Stage, pipeline: Pipeline) -> list[str]:
    """Return a sentence for each case that should ask a moderator and does not, or asks for nothing."""
    cases = {case.post.fullname: case for case in pipeline.deps.store.cases.listing()}
    wrong = []
    for name, expected in stage.expected.items():
        case = cases.get(name)
        asks = case is not None and case.state == "open" and case.verdict.outcome == "review"
        if asks != bool(expected.review):
            wrong.append(f"{expected.what}: a moderator is {'asked' if asks else 'not asked'}")
        elif case is not None and expected.review and expected.review not in " ".join(case.verdict.reasons):
            wrong.append(f"{expected.what}: the case does not say “{expected.review}” but {case.verdict.reasons}")
    return wrong


def shortfalls(stage: Stage) -> list[str]:
    """Compare what the servers received with what had to happen; return a sentence for each difference."""
    wrong: list[str] = []
    reddit = stage.reddit
    received = {
        "reports": Counter(name for name, _, _ in reddit.reports),
        "removals": Counter(reddit.removals),
        "messages to the author": Counter(name for name, _, _ in reddit.received.messages),
    }
    for name, expected in stage.expected.items():
        for kind, wanted in zip(received, (expected.reports, expected.removals, expected.told), strict=True):
            got = received[kind].pop(name, 0)
            if got != wanted:
                wrong.append(f"{expected.what}: Reddit received {got} {kind}, expected {wanted}")
    for kind, rest in received.items():
        wrong += [f"Reddit received {kind} of {name}, which nobody expected" for name in rest]
    for _, _, text in reddit.received.messages:
        wrong += [f"an author is not told “{words}”" for words in TOLD if words not in text]
    wanted = sum(expected.modmails for expected in stage.expected.values())
    told = len(reddit.modmails) + len(
        reddit.answers
    )  # of a burst the first opens a conversation, the others answer there
    if told != wanted:
        wrong.append(f"Reddit received {many(told, 'message')} to moderators, expected {wanted}")
    if len({subject for _, subject, _ in reddit.modmails}) != len(reddit.modmails):
        wrong.append("Reddit received a modmail twice")
    if reddit.approvals:
        wrong.append(f"Reddit received {len(reddit.approvals)} approvals, expected none")
    identities = [str(mail.message["Message-ID"]) for mail in stage.mail.received]
    if len(identities) != 1:
        wrong.append(f"the mail server received {many(len(identities), 'mail')}, expected 1")
    for mail in stage.mail.received:
        text = str(mail.message.get_content())
        wrong += [f"the notice does not name {name}" for name in stage.notice_ids if name not in text]
    dialled = {address for address, _ in stage.park.network.dialled}
    wrong += [f"{address} was contacted" for address in (PRIVATE, METADATA) if address in dialled]
    asked = {request.path.rpartition("/")[2] for request in stage.park.log}
    wrong += [f"{name} was asked for, which nobody named or which speaks of age" for name in stage.never_asked & asked]
    return wrong
