"""What the team decides on claims: who is depicted, how old they were, what they are answered.

Nothing is done or told by itself. Until a member has recorded how the team knows who a claimant is, nothing that was
found is told to them, by any door: who abused them holds the same media and asks the same questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import channels, hosts
from bot.clock import Clock
from bot.config import Config
from bot.errors import RedditError, RightsError, StoreError, UsageError
from bot.model import PROGRAM, Actor, AgeWhenMade, ClaimState, ClaimWord, KnownBy, NoticeState, SafeWay, Verb, Voice
from bot.permalink import permalink_fullname, share_path
from bot.pipeline.helping import answers
from bot.pipeline.helping.answers import Asked, Place
from bot.pipeline.helping.texts import SHIPPED, texts
from bot.pipeline.helping.words import LANGUAGES
from bot.pipeline.reviewing.minors import Minors
from bot.pipeline.reviewing.team import Team
from bot.store import CaseRow, ClaimRow, Store

DISMISSED_KEPT = timedelta(days=30)
ENDED_KEPT = timedelta(days=14)  # after the last notice has ended
_ENDED = (NoticeState.RETRACTED, NoticeState.CLOSED)
SHORTEST = 12  # characters of the sentence that says how somebody is known
LONGEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How an answer goes. `number`: the action that sends it; None: a person gives it, by `way`."""

    number: int | None
    way: SafeWay
    nudge: str  # all that is written first by any other way than the conversation


class Claims:
    """Does what the team decides on claims."""

    def __init__(self, config: Config, store: Store, clock: Clock, minors: Minors, team: Team) -> None:
        self._config = config
        self._find = hosts.finder(config)
        self._store = store
        self._clock = clock
        self._minors = minors
        self._team = team

    def read(self, name: str, *, by: Actor) -> ClaimRow:
        """Write down that a member reads what is sealed in a claim; return the claim. Raises StoreError."""
        row = self._store.claims.get(name)
        self._store.audit.record(by=by, what="claim read", subject=name)
        return row

    def near(self, row: ClaimRow, *, by: Actor) -> list[str]:
        """Return the cases on what they named that are not linked yet: of subreddits in which a lead may link them."""
        return [case.label for case in self._near(row) if self._decides(by, case.post.subreddit)]

    def _near(self, row: ClaimRow) -> list[CaseRow]:
        store = self._store
        posts: list[str] = []
        for one in store.claims.words(row.label, ClaimWord.LINK):
            ref, fullname = self._find(one.text), permalink_fullname(one.text)
            if fullname is not None:
                posts.append(fullname)
            elif ref is not None and ref.id:
                posts += store.claims.posts_of_media(ref.host, ref.id)
        found = [case for post in dict.fromkeys(posts) for case in store.cases.of_post(post)]
        return [case for case in found if case.label not in row.cases]

    def _decides(self, by: Actor, subreddit: str) -> bool:
        try:
            self._team.still(by, Verb.CASES, [subreddit])
        except RightsError:
            return False
        return True

    def asked(self, row: ClaimRow, language: str | None = None) -> Asked:
        """Return what an answer is made of: the claim's own words and what was recorded, nothing that was found."""
        return Asked(
            subreddit=row.subreddit,
            organisation=self._config.mail.organisation or f"r/{row.subreddit}",
            language=language or row.language,
            wrote=row.language,
            age=row.age,
            known=row.known is not None,
            safe_way=row.safe_way is not None,
            hosts=self._places(row),
        )

    def _places(self, row: ClaimRow) -> tuple[Place, ...]:
        """Return whose the links are that they sent, beside Reddit's, each with its channel for who is depicted."""
        found: dict[str, Place] = {}
        known = channels.registry(self._config.storage.path)
        for one in self._store.claims.words(row.label, ClaimWord.LINK):
            channel = known.channel_for(one.text)
            title = (channel.title or channel.name) if channel else channels.domain_of(one.text)
            if not title or (channel is not None and channel.name == "reddit"):
                continue
            form = channel.form_for("depicted_person") if channel else None
            mail = channel.email if channel else None
            found.setdefault(title, Place(title=title, form=form.url if form else None, mail=mail))
        return tuple(place for _, place in sorted(found.items()))

    def doubt(self, case: CaseRow) -> str:
        """Return the claim of who may have been under 18 in what a case is about, empty if there is none."""
        young = (AgeWhenMade.IN_DOUBT, AgeWhenMade.UNDER_18)
        for row in self._store.claims.listing():
            if row.age in young and (case.label in row.cases or case.label in [one.label for one in self._near(row)]):
                return row.label
        return ""

    def draft(self, name: str, language: str | None = None) -> str:
        """Return a draft of an answer: in their language, or in English while nobody has approved of that one's texts.

        Raises StoreError, SealError or UsageError.
        """
        row = self._store.claims.get(name)
        tongue = language or row.language
        return answers.draft(self.asked(row, tongue if language or self.approved(tongue) else SHIPPED))

    def approved(self, language: str) -> bool:
        """Return whether the texts of a language may be sent as they are. Raises UsageError if there are none."""
        words = texts(language)
        return language == SHIPPED or self._store.claims.approved(language, words.digest)

    def approve(self, language: str, *, by: Actor) -> None:
        """Note that a member who knows the language read its texts and approves of them."""
        words, store = texts(language), self._store
        with store.transaction():
            store.claims.approve(language, words.digest, by=by)
            store.audit.record(by=by, what="claim texts approved", subject=language)

    def answer(self, name: str, text: str, *, by: Actor, due: datetime | None = None, now: bool = False) -> Answered:
        """Send what a member wrote; what cannot be sent waits until one says that they gave it. `due`: not before then.

        `now`: the member says that this is a safe hour. Raises UsageError if it must not go out as it stands.
        """
        store = self._store
        row = self._alive(name)
        asked = self.asked(row)
        answers.check(text, asked=asked, sent=[one.text for one in store.claims.words(name, ClaimWord.LINK)])
        for language in LANGUAGES:
            if not self.approved(language) and text.strip() in answers.every_draft(asked, language):
                raise UsageError(
                    f"nobody has approved of the texts in {language}; who knows the language reads them once with "
                    f"gifwarden claims texts {language}, and approves with --approve"
                )
        hour = store.claims.word(name, ClaimWord.HOUR)
        if hour and due is None and not now:
            raise UsageError("they named an hour that is safe; say --at with a moment in it, or --now if it is now")
        way = row.safe_way or SafeWay.MODMAIL
        conversation = store.claims.word(name, ClaimWord.CONVERSATION)
        number = None
        with store.transaction():
            answer = store.claims.add(name, ClaimWord.ANSWER, text.strip())
            if way is SafeWay.MODMAIL and conversation:
                store.claims.answered(name)
                key = f"claim:{name}:{answer}"
                params = {"claim": name, "answer": str(answer)}
                store.actions.plan(key=key, kind="claim_answer", subreddit=row.subreddit, params=params, due=due)
                number = store.actions.keyed(key)[0]
            else:
                store.claims.to_give(name)
            said = "claim answered" if number is not None else "answer to a claim written, to be given by hand"
            store.audit.record(by=by, what=said, subject=name)
        return Answered(number=number, way=way, nudge=answers.nudge(asked.language))

    def sends(self, row: ClaimRow) -> bool:
        """Return whether an answer can be sent by the program: in the conversation in which they wrote."""
        if row.state is ClaimState.DISMISSED or row.safe_way not in (None, SafeWay.MODMAIL):
            return False
        return bool(self._store.claims.word(row.label, ClaimWord.CONVERSATION))

    def by_hand(self, row: ClaimRow) -> Answered:
        """Return how an answer is given that the program does not send."""
        return Answered(number=None, way=row.safe_way or SafeWay.MODMAIL, nudge=answers.nudge(row.language))

    def given(self, name: str, *, by: Actor) -> None:
        """Record that a member gave them the answer that was written. Raises UsageError if none waits for that."""
        if self._alive(name).state is not ClaimState.TO_GIVE:
            raise UsageError(f"no answer to {name} waits to be given; see: gifwarden claims show {name}")
        store = self._store
        with store.transaction():
            store.claims.answered(name)
            store.audit.record(by=by, what="claim answered, by hand", subject=name)

    def set_age(self, name: str, age: AgeWhenMade, *, by: Actor) -> list[str]:
        """Record how old they were when it was made; return a line on each thing that was done.

        Under 18, what they named and what the claim is about is hidden as a suspected minor's, as `cases minor` does:
        no hash is taken, nothing is looked at. What they named elsewhere is never fetched on the claim's word alone:
        taking the last of its posts back, or 18 or older, ends that; a report keeps it.
        Raises StoreError or RightsError.
        """
        store = self._store
        row = self._alive(name)
        with store.transaction():
            store.claims.set_age(name, age)
            store.audit.record(by=by, what=f"claim: {age}", subject=name)
            lines = self._released(row, by) if age is AgeWhenMade.ADULT else []
        return self._hidden(row, by) if age is AgeWhenMade.UNDER_18 else lines

    def _released(self, row: ClaimRow, by: Actor) -> list[str]:
        store = self._store
        freed = store.never.release(row.id)
        lines = [f"{freed} of what they named elsewhere may be fetched again"] if freed else []
        for label in store.never.hidden_for(row.id):
            if self._decides(by, store.minors.get(label).subreddit):
                lines.append(f"{label} is still hidden; if that was a slip: gifwarden cases cancel {label}")
        return lines

    def would_hide(self, row: ClaimRow) -> list[str]:
        """Return a line on each thing that is hidden once they were under 18: labels and subreddits, no address."""
        store = self._store
        lines = [f"{label} in r/{store.cases.get(label).post.subreddit}" for label in row.cases]
        for one in store.claims.words(row.label, ClaimWord.LINK):
            ref, fullname = self._find(one.text), permalink_fullname(one.text)
            if fullname is not None:
                lines.append(self._named(fullname))
            elif share_path(one.text):
                lines.append("a post that they named by a share link, which Reddit is asked for then")
            elif ref is not None and ref.id:
                lines.append(f"a file on {ref.host}, never fetched from then on")
                lines += map(self._named, store.claims.posts_of_media(ref.host, ref.id))
        return list(dict.fromkeys(lines))

    def _named(self, fullname: str) -> str:
        post = self._store.links.post(fullname)
        if post is None:
            return "a post that they named, of which nothing is known here yet"
        labels = ", ".join(case.label for case in self._store.cases.of_post(fullname))
        return f"{labels or 'a post without a case'} in r/{post.subreddit}"

    def _hidden(self, row: ClaimRow, by: Actor) -> list[str]:
        store = self._store
        targets, media = list(row.cases), dict[str, str]()
        for one in store.claims.words(row.label, ClaimWord.LINK):
            ref = self._find(one.text)
            if permalink_fullname(one.text) or share_path(one.text):
                targets.append(one.text)
            elif ref is not None and ref.id:
                media[f"{ref.host}:{ref.id}"] = ref.host
                targets += store.claims.posts_of_media(ref.host, ref.id)
        lines: list[str] = []
        labels: list[str] = []
        for target in dict.fromkeys(targets):
            line, hidden = self._hide(target, by)
            lines.append(line)
            labels += hidden
        with store.transaction():  # after the posts, whose holds own what is theirs
            store.never.own(row.id, media, labels)
        return [*lines, *(f"a file on {host}: never fetched from now on" for host in media.values())]

    def _hide(self, target: str, by: Actor) -> tuple[str, list[str]]:
        """Return what was done, and the labels under which it is hidden."""
        try:
            post, _ = self._minors.post_of(target)
            if self._config.subreddit(post.subreddit) is None:
                return f"a post in r/{post.subreddit}, which is not watched: report it to Reddit by hand", []
            self._team.still(by, Verb.CASES, [post.subreddit])
            hidden = self._minors.hide(post.fullname if target.startswith("C-") else target, by=by)
        except (UsageError, StoreError, RedditError) as error:
            return f"not hidden, do it by hand with gifwarden cases minor: {error}", []
        labels = [hidden.label, *(one.label for one in self._store.minors.beside(hidden.post))]
        return f"{hidden.label} in r/{hidden.subreddit} is hidden; report it as gifwarden cases minor says", labels

    def set_known(self, name: str, how: KnownBy, say: str, *, by: Actor) -> None:
        """Record how the team knows who they are. Raises UsageError without a sentence."""
        self._alive(name)
        say = " ".join(say.split())
        if not SHORTEST <= len(say) <= LONGEST:
            raise UsageError(
                f"say in a sentence of {SHORTEST} to {LONGEST} characters how the team knows, such as who vouched and "
                "when; no number of an identity paper, and no picture"
            )
        store = self._store
        with store.transaction():
            store.claims.set_known(name, how, say, by=by)
            store.audit.record(by=by, what=f"claim: known by {how}", subject=name)

    def set_safe_way(self, name: str, way: SafeWay, *, contact: str, hour: str, by: Actor) -> None:
        """Record how and when it is safe to write to them; an answer that waits to go elsewhere is not sent any more.

        Raises UsageError if it is not said where.
        """
        self._alive(name)
        if way is not SafeWay.MODMAIL and not contact.strip():
            raise UsageError("say where they can be reached by that way")
        store = self._store
        with store.transaction():
            store.claims.set_safe_way(name, way, contact=contact.strip()[:LONGEST], hour=hour.strip()[:LONGEST])
            if way is not SafeWay.MODMAIL and store.claims.keep_back(name, "they named another way that is safe"):
                store.claims.to_give(name)
            store.audit.record(by=by, what=f"claim: safe way {way}", subject=name)

    def link(self, name: str, *, cases: Sequence[str] = (), person: str | None = None, by: Actor) -> None:
        """Record which cases a claim is about and which protected person they are.

        Raises StoreError if there is no such case or person, RightsError if the case is in a subreddit in which the
        member does not decide.
        """
        store = self._store
        self._alive(name)
        rows = [store.cases.get(case) for case in cases]
        self._team.still(by, Verb.CASES, sorted({case.post.subreddit for case in rows}) or None)
        if person is not None:
            store.gallery.get(person)
        with store.transaction():
            store.claims.link(name, cases=[case.id for case in rows], person=person)
            for what in (*cases, *([person] if person else ())):
                store.audit.record(by=by, what=f"claim linked to {what}", subject=name)

    def dismiss(self, name: str, *, by: Actor, why: str) -> None:
        """Say that it is no claim, and destroy what was said. Raises UsageError if the team knows who they are."""
        store = self._store
        row = self._alive(name)
        if row.known is not None:
            raise UsageError(f"somebody recorded how the team knows who wrote {name}; a lead can forget it")
        if store.never.owned_by(row.id):
            raise UsageError(
                f"what {name} named elsewhere is never fetched on its word; if that was a slip, first: "
                f"gifwarden claims age {name} --adult"
            )
        with store.transaction():
            store.claims.dismiss(name)
            store.audit.record(by=by, what="claim dismissed", subject=name, why=why)
        store.maintenance.truncate_log()

    def forget(self, name: str, *, by: Voice, why: str) -> None:
        """Destroy a claim, its key and all that it sealed, at once. Raises StoreError if there is none."""
        store = self._store
        with store.transaction():
            store.claims.forget(name)
            store.audit.record(by=by, what="claim forgotten", subject=name, why=why)
        store.maintenance.truncate_log()

    def stays(self, row: ClaimRow) -> list[str]:
        """Return the notices that were written for them and stand when the claim is forgotten."""
        store = self._store
        labels = {label for case in row.cases for label in store.notices.all_of_case(store.cases.get(case).id)}
        rows = (store.notices.get(label) for label in sorted(labels))
        return [one.label for one in rows if one.capacity == "depicted_person" and one.state not in _ENDED]

    def expire(self) -> int:
        """Forget the claims whose time is over; return how many."""
        store, now = self._store, self._clock.now()
        over = store.claims.over(
            silent=now - timedelta(days=self._config.storage.claim_days),
            dismissed=now - DISMISSED_KEPT,
            ended=now - ENDED_KEPT,
        )
        for name in over:
            self.forget(name, by=PROGRAM, why="its time is over")
        store.claims.forget_heard(now - timedelta(days=self._config.storage.seen_days))
        return len(over)

    def _alive(self, name: str) -> ClaimRow:
        row = self._store.claims.get(name)
        if row.state is ClaimState.DISMISSED:
            raise UsageError(f"claim {name} was dismissed, and what it said is destroyed; open a new one")
        return row
