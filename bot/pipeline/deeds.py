"""Carrying out a moderator's order: what is done, and the words of the answer. Users never see these words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot import hosts
from bot.errors import StoreError, UsageError
from bot.links import links_of, post_of
from bot.model import Actor, Backing, CaseState, Fingerprint
from bot.permalink import permalink_fullname
from bot.pipeline.core import Deps
from bot.pipeline.hotlines import HOTLINES
from bot.pipeline.order_words import VERBS, target_of
from bot.pipeline.people import People
from bot.pipeline.scan import Scanning
from bot.pipeline.team import Team
from bot.store import CaseRow, OrderRow

CAN_BE_UNDONE = frozenset({"remove", "lock", "spoiler", "nsfw", "flair", "note"})
UNDER_WAY = frozenset({"seen", "acquired", "matched", "failed"})
SECOND = "It acts alone once a second moderator orders the same or confirms it."
PATIENCE = timedelta(hours=24)  # after which a scan is answered with what is known
_FATE = {
    "judged": "nothing that I know was found behind",
    "gone": "the media is gone from its host behind",
    "blocked": "I may not go to",
    "needs_token": "its host wants a login for",
    "unsupported": "there is no media that I can read behind",
    "given_up": "I could not fetch",
}


def may(verb: str, rights: frozenset[str]) -> str | None:
    """Return None if a moderator with these rights may order that, else a sentence for them."""
    if verb == "help" or "all" in rights:
        return None
    if verb == "go":
        return None if "config" in rights else "Only a moderator with full rights or the config right lets me go on."
    return None if "posts" in rights else f"`{verb}` needs the right to manage posts, which you do not have here."


class Deeds:
    """Does what an order says, once, and answers it in the same transaction where it can."""

    def __init__(self, deps: Deps, people: People, scanning: Scanning, team: Team) -> None:
        self._d = deps
        self._people = people
        self._scanning = scanning
        self._team = team

    def do(self, row: OrderRow) -> bool:
        """Carry out an order; return whether it ended. Raises GifwardenError if it cannot be done."""
        match row.verb:
            case "stop":
                return self._stop(row)
            case "go":
                return self._go(row)
            case "help":
                lines = [f"- `{verb}`: {what}" for verb, what in VERBS.items()]
                where = f"with a link to the post or the name of its case, e.g. `{self._d.config.orders.prefix} scan …`"
                return self._end(row, "\n".join([f"I know these orders, {where}:", "", *lines]))
            case "scan":
                return self._scan(row) if row.state == "received" else self._scanned(row)
            case "bank":
                return self._bank(row)
            case "allow":
                return self._allow(row)
            case "undo":
                return self._undo(row)
            case "minor":
                return self._minor(row)
            case _:
                return self.refuse(row, f"I do not know the order {row.verb}")

    def refuse(self, row: OrderRow, why: str) -> bool:
        """End an order that cannot be carried out, and say why."""
        return self._end(row, f"I could not do that: {why.rstrip('.')}.", refused=True)

    def say(self, name: str, subreddit: str, conversation: str | None, text: str) -> None:
        """Plan an answer, once for each message or report."""
        self._d.store.actions.plan(
            key=f"answer:{name}",
            kind="answer",
            subreddit=subreddit.lower(),
            params={"conversation": conversation or "", "subject": "About a report", "body": text},
        )

    def case(self, label: str, subreddit: str) -> CaseRow | None:
        """Return a case of a subreddit, or None: one of another subreddit does not exist here."""
        try:
            case = self._d.store.cases.get(label)
        except StoreError:
            return None
        return case if case.post.subreddit.casefold() == subreddit.casefold() else None

    def _by(self, row: OrderRow) -> Actor:
        """Return whose order it is. Raises UsageError if they moderate no more, or have left the team."""
        if row.member is not None:
            return self._team.of_order(row.member)
        # received by a version that knew no team
        return self._team.by_reddit(row.sender, row.subreddit, self._d.api.rights(row.subreddit, row.sender))

    def _end(self, row: OrderRow, text: str, *, refused: bool = False) -> bool:
        if row.conversation is None:
            text = f"u/{row.sender} reported {_short(row.target)} with `{row.verb}`.\n\n{text}"
        with self._d.store.transaction():
            if self._d.store.orders.move(row.id, "refused" if refused else "done", outcome=text.splitlines()[-1][:200]):
                self.say(row.id, row.subreddit, row.conversation, text)
        return True

    def _stop(self, row: OrderRow) -> bool:
        store = self._d.store
        with store.transaction():
            stopped = store.orders.stop(row.subreddit, by=self._by(row), why=row.why)
            waiting = store.orders.waiting(row.subreddit)
            wait = f" {_many(waiting, 'action')} {'waits' if waiting == 1 else 'wait'} until then." if waiting else ""
            words = "is stopped: I do nothing more here" if stopped else "is stopped already"
            return self._end(
                row,
                f"r/{row.subreddit} {words} until a moderator with full rights or the config right answers `go`.{wait}"
                " I go on looking, and orders are still carried out.",
            )

    def _go(self, row: OrderRow) -> bool:
        store = self._d.store
        with store.transaction():
            gone = store.orders.go(row.subreddit)
            mode = self._d.config.mode(row.subreddit)
            words = "goes on" if gone else "was not stopped"
            return self._end(
                row, f"r/{row.subreddit} {words}. It is in mode {mode}, which {self._people.effect(mode)}."
            )

    def _scan(self, row: OrderRow) -> bool:
        thing = self._thing(row)
        post = post_of(thing)
        links = links_of(thing, hosts.find)
        if not any(link.kind in ("media", "album") for link in links):
            return self.refuse(row, "that post has no link to media of a host that I know.")
        store = self._d.store
        with store.transaction():
            store.links.add([(post, links)])
            store.orders.look_again(post.fullname)
            store.orders.waits(row.id, target=post.fullname)
        return False

    def _scanned(self, row: OrderRow) -> bool:
        store = self._d.store
        links = store.orders.links_of(row.target)
        late = self._d.clock.now() - row.received > PATIENCE
        if not late and any(link["state"] in UNDER_WAY for link in links):
            return False
        cases = store.cases.of_post(row.target)
        lines = [self._of_case(case) for case in cases]
        fates: dict[str, list[str]] = {}
        with_case = {case.link for case in cases}
        for link in links:
            if int(link["id"]) not in with_case:
                fates.setdefault(_FATE.get(link["state"], "I am not done with"), []).append(link["host"])
        lines += [
            f"- {fate} {_many(len(names), 'link')} ({', '.join(sorted(set(names)))})" for fate, names in fates.items()
        ]
        return self._end(row, "\n".join([f"I have looked at {_short(row.target)}:", "", *lines]))

    def _of_case(self, case: CaseRow) -> str:
        verdict = case.verdict
        kinds = [action.kind for action in verdict.actions if action.kind in CAN_BE_UNDONE | {"report"}]
        if "remove" in kinds:
            kinds = [kind for kind in kinds if kind != "report"]
        what = "a moderator decides" if verdict.outcome == "review" else ", ".join(kinds) or "tell the moderators"
        state = {CaseState.CLOSED_ELSEWHERE: f"closed ({case.why})"}.get(case.state, str(case.state))
        return f"- case {case.label} ({state}), by the rule “{verdict.rule}”: {what}"

    def _bank(self, row: OrderRow) -> bool:
        store, bank, by = self._d.store, self._d.config.orders.bank, self._by(row)
        if bank not in {known.name for known in store.banks.listing()}:
            return self.refuse(
                row, f"there is no bank {bank}; who runs me can create it: gifwarden bank create {bank}."
            )
        post, permalink, cases = self._post(row)
        why = row.why or "ordered"
        for case in cases:
            if case.state == CaseState.OPEN:
                try:
                    with store.transaction():
                        self._people.confirm(case.label, by=by, why=why, bank=bank)
                        return self._end(
                            row,
                            f"Case {case.label} is confirmed, what was proposed goes ahead, and what matched is in the"
                            f" bank {bank}. {SECOND}",
                        )
                except StoreError:  # nothing of it can be banked as a part: the whole media is, below
                    continue
        found: list[Fingerprint] = []
        unread = 0
        for result in self._scanning.fingerprints(f"https://www.reddit.com{permalink}"):
            found += result.fingerprints
            unread += len(result.failures) + (result.error is not None)
        if not found:
            return self.refuse(row, "none of its media could be fetched and read")
        with store.transaction():
            return self._end(row, self._put(found, unread, post, by=by, why=why))

    def _put(self, found: list[Fingerprint], unread: int, post: str, *, by: Actor, why: str) -> str:
        """Put media into the bank, or confirm what is there as a second person; return the answer."""
        store, bank = self._d.store, self._d.config.orders.bank
        new: list[str] = []
        second: list[str] = []
        known: list[str] = []
        for fingerprint in found:
            label, fresh = store.banks.add(bank, fingerprint, by=by)
            if fresh:
                store.upkeep.note(by=by, what=f"entry added to {bank}", subject=label, why=why)
            (new if fresh else second if self._seconded(label, by) else known).append(label)
        sentences = [
            new and f"{_many(len(new), 'file')} put into the bank {bank}: {', '.join(new)}. {SECOND}",
            second
            and f"In the bank {bank} already, and now confirmed by you as the second person: {', '.join(second)}.",
            known and f"In the bank {bank} already: {', '.join(known)}.",
            unread and f"{_many(unread, 'file')} could not be read.",
            f"The post {_short(post)} itself is left as it is.",
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _seconded(self, label: str, by: Actor) -> bool:
        if self._d.store.banks.standing(label) is Backing.TWO_PEOPLE:
            return False
        try:
            standing = self._people.confirm_entry(label, by=by)
        except StoreError:
            return False
        self._d.store.upkeep.note(by=by, what="entry confirm", subject=label)
        return standing is Backing.TWO_PEOPLE

    def _allow(self, row: OrderRow) -> bool:
        by, why = self._by(row), row.why or "allowed"
        lines: list[str] = []
        _, _, cases = self._post(row)
        for case in cases:
            if case.state == CaseState.CONFIRMED:
                lines += self._people.undo(case.label, by=by, why=why)
                case = self._d.store.cases.get(case.label)
            if case.state == CaseState.OPEN:
                lines += self._people.dismiss(case.label, by=by, why=why)
            lines += self._people.take_back(case, by=by, why=why, kinds=CAN_BE_UNDONE)  # what a cut left done
            lines.append(f"case {case.label} is dismissed")
        if not cases:
            return self.refuse(row, "I have no case on that post, so there is nothing to allow.")
        return self._end(row, _listed("Allowed:", lines))

    def _undo(self, row: OrderRow) -> bool:
        by, why = self._by(row), row.why or "ordered"
        _, _, cases = self._post(row)
        lines: list[str] = []
        for case in cases:
            lines += self._people.undo(case.label, by=by, why=why)
            lines += self._people.take_back(case, by=by, why=why, kinds=CAN_BE_UNDONE)  # what a cut left done
            lines.append(f"case {case.label} waits for a moderator's decision")
        if not cases:
            return self.refuse(row, "I have done nothing to that post.")
        return self._end(row, _listed("Taken back:", lines))

    def _minor(self, row: OrderRow) -> bool:
        """Mark a post, whatever its state, and answer with what a person must do now. Nothing of the media is named."""
        name, _, _ = self._post(row)
        marked = self._people.minor(name, by=self._by(row))  # marking twice, after a crash, marks once
        labels = ", ".join(post.label for post in marked.posts)
        lines = [
            "I have stopped everything about this post and remove it. Do not open, save or send the media to anybody.",
            "",
            "Now report the post's address, and only that:",
            "",
            *(f"- {place.name}: {place.url} ({place.what})" for place in HOTLINES),
            "",
            f"Who runs me then says `gifwarden cases reported {labels}`, so that the address is forgotten here too.",
        ]
        return self._end(row, "\n".join(lines))

    def _post(self, row: OrderRow) -> tuple[str, str, list[CaseRow]]:
        """Return fullname, permalink and cases of a target. Raises UsageError if it is not in the order's subreddit."""
        if row.target.startswith("C-"):
            case = self.case(row.target, row.subreddit)
            if case is None:
                raise UsageError(f"there is no case {row.target} in r/{row.subreddit}.")
            return case.post.fullname, case.post.permalink, [case]
        data = self._thing(row)["data"]
        name = str(data["name"])
        return name, str(data.get("permalink") or ""), self._d.store.cases.of_post(name)

    def _thing(self, row: OrderRow) -> Mapping[str, Any]:
        target = row.target
        if target.startswith("C-"):
            case = self.case(target, row.subreddit)
            target = case.post.fullname if case else ""
        thing = self._d.api.thing(target) if target.startswith(("t1_", "t3_")) else self._d.api.resolve(target)
        data = thing["data"] if thing else {}
        if str(data.get("subreddit") or "").casefold() != row.subreddit.casefold():
            raise UsageError(
                f"I find no post of r/{row.subreddit} there; orders given here hold for r/{row.subreddit}."
            )
        assert thing is not None
        return thing


def _short(target: str) -> str:
    """Return a short address of a post, which holds neither its title nor its author."""
    name = target if target.startswith(("t1_", "t3_")) else permalink_fullname(target) or target
    if name.startswith("t3_"):
        return f"https://redd.it/{name[3:]}"
    return f"the comment {name[3:]}" if name.startswith("t1_") else target_of(name) or "the post"


def _listed(title: str, lines: list[str]) -> str:
    return "\n".join([title, "", *(f"- {line}" for line in dict.fromkeys(lines))])


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
