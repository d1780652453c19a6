"""Carrying out a moderator's order: what is done, and the words of the answer. Users never see these words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot import hosts
from bot.clock import Clock
from bot.config import Config
from bot.errors import DatabaseError, MarkedFileError, StoreError, UsageError
from bot.links import links_of, post_of
from bot.model import UNTOLD, Actor, CaseState
from bot.pipeline.acting.modes import effect
from bot.pipeline.commands.answers import Answers, kept, listed, name_of, short
from bot.pipeline.commands.bank import Banking
from bot.pipeline.commands.cancel import Cancelling
from bot.pipeline.commands.parser import VERBS
from bot.pipeline.commands.waiting import Waits
from bot.pipeline.core import connected
from bot.pipeline.judging.scan_target import TargetScanner
from bot.pipeline.reviewing.decisions import Decisions
from bot.pipeline.reviewing.deeds import REVERSIBLE
from bot.pipeline.reviewing.hotlines import HOTLINES
from bot.pipeline.reviewing.team import Team
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.reddit import Reddit
from bot.store import CaseRow, OrderRow, Store

UNDER_WAY = frozenset({"seen", "acquired", "matched", "failed"})
PATIENCE = timedelta(hours=24)  # after which a scan is answered with what is known
_FATE = {
    "judged": "nothing that I know was found behind",
    "gone": "the media is gone from its host behind",
    "blocked": "I may not go to",
    "needs_token": "its host wants a login for",
    "unsupported": "there is no media that I can read behind",
    "given_up": "I could not fetch",
}
_AWAY = "the host does not answer now, so I go on trying for three days:"
_PAGE = "the host shows something else in the place of the media, so I look again within a day:"


class CommandRunner:
    """Does what an order says, once, and answers it in the same transaction where it can."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        reddit: Reddit | None,
        decisions: Decisions,
        scanning: TargetScanner,
        team: Team,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._reddit = reddit
        self._decisions = decisions
        self._team = team
        self._banking = Banking(config, store, decisions, scanning)
        self.waits = Waits(store, clock)
        self._answers = Answers(store, team)
        self._cancelling = Cancelling(store, reddit, decisions, self._answers, self.waits, self._by)
        self.refuse = self._answers.refuse
        self.say = self._answers.say
        self.parked = self._answers.parked

    def do(self, row: OrderRow, *, wait: bool = True) -> bool:
        """Carry out an order; return whether it ended. Raises GifwardenError if it cannot be done.

        `wait`: for media that it needs; else it has not ended before they were fetched.
        """
        match row.verb:
            case "stop":
                return self._stop(row)
            case "go":
                what = self.waits.irrevocable(row, [])
                return self._wait(row, what) if what and row.due is None else self._go(row)
            case "cancel":
                return self._cancelling.cancel(row)
            case "help":
                lines = [f"- `{verb}`: {what}" for verb, what in VERBS.items()]
                where = f"with a link to the post or the name of its case, e.g. `{self._config.orders.prefix} scan …`"
                return self._answers.end(row, "\n".join([f"I know these orders, {where}:", "", *lines]))
            case "scan":
                return self._scan(row) if row.state == "received" else self._scanned(row)
            case "bank":
                return self._bank(row, wait)
            case "allow":
                return self._allow(row)
            case "undo":
                return self._undo(row)
            case "minor":
                return self._minor(row)
            case _:
                return self._answers.refuse(row, f"I do not know the order {row.verb}")

    def case(self, label: str, subreddit: str) -> CaseRow | None:
        """Return a case of a subreddit, or None: one of another subreddit does not exist here."""
        try:
            case = self._store.cases.get(label)
        except DatabaseError:
            raise
        except StoreError:
            return None
        return case if case.post.subreddit.casefold() == subreddit.casefold() else None

    def _by(self, row: OrderRow) -> Actor:
        """Return whose order it is. Raises UsageError if they moderate no more, or have left the team."""
        if row.member is not None:
            return self._team.of_order(row.member)
        # received by a version that knew no team
        return self._team.by_reddit(
            row.sender, row.subreddit, connected(self._reddit).permissions(row.subreddit, row.sender)
        )

    def _wait(self, row: OrderRow, what: str, *, target: str = "", first: str = "") -> bool:
        """Let what cannot be undone wait, and say when it is done and how it is taken back. `first`: what was done."""
        with self._store.transaction():
            due = self.waits.begin(row, target=target)
            stop = f"`{self._config.orders.prefix}, cancel{f' {name_of(target)}' if target else ''}`"
            text = (
                f"That cannot be undone, so I wait: at {due:%H:%M} UTC, in ten minutes, I {what}. {stop} in a note or"
                " discussion of moderators takes it back until then."
            )
            text = "\n\n".join(part for part in (self._answers.understood(row), first, text) if part)
            self._answers.say(f"{row.id}:will", row.subreddit, row.conversation, text)
        return False

    def _stop(self, row: OrderRow) -> bool:
        store = self._store
        with store.transaction():
            stopped = store.kill_switch.stop(row.subreddit, by=self._by(row), why=row.why, sender=row.sender)
            self._cancelling.taken_back(row, self.waits.meant(row))
            waiting = store.orders.waiting(row.subreddit)
            wait = f" {_many(waiting, 'action')} {'waits' if waiting == 1 else 'wait'} until then." if waiting else ""
            words = "is stopped: I do nothing more here" if stopped else "is stopped already"
            return self._answers.end(
                row,
                f"r/{row.subreddit} {words} until a moderator with full rights or the config right writes"
                f" `{self._config.orders.prefix}, go`.{wait}"
                " I go on looking, and orders are still carried out.",
            )

    def _go(self, row: OrderRow) -> bool:
        store = self._store
        with store.transaction():
            gone = store.kill_switch.go(row.subreddit)
            mode = self._config.mode(row.subreddit)
            words = "goes on" if gone else "was not stopped"
            return self._answers.end(row, f"r/{row.subreddit} {words}. It is in mode {mode}, which {effect(mode)}.")

    def _scan(self, row: OrderRow) -> bool:
        thing = self._thing(row)
        post = post_of(thing)
        links = links_of(thing, hosts.finder(self._config), reserve=True)
        if not any(link.kind in ("media", "album") or link.source == UNTOLD for link in links):
            return self._answers.refuse(row, "that post has no link to media of a host that I know.")
        store = self._store
        with store.transaction():
            store.links.add([(post, links)], follows=self._config.reddit.linked_posts)
            store.missing.forget(post.fullname)
            store.orders.look_again(post.fullname)
            store.orders.waits(row.id, target=post.fullname)
        return False

    def _scanned(self, row: OrderRow) -> bool:
        store = self._store
        links = store.orders.links_of(row.target)
        late = abs(self._clock.now() - row.received) > PATIENCE  # a wrong clock may have received it
        if not late and any(link["state"] in UNDER_WAY and not link["outages"] and not link["pages"] for link in links):
            return False
        cases = store.cases.of_post(row.target)
        lines = [self._of_case(case) for case in cases]
        fates: dict[str, list[str]] = {}
        with_case = {case.link for case in cases}
        for link in links:
            if int(link["id"]) not in with_case:
                unfinished = _AWAY if link["outages"] else _PAGE if link["pages"] else "I am not done with"
                fates.setdefault(_FATE.get(link["state"], unfinished), []).append(link["host"])
        lines += [
            f"- {fate} {_many(len(names), 'link')} ({', '.join(sorted(set(names)))})" for fate, names in fates.items()
        ]
        lines += [f"- {sentence}" for sentence in not_looked_at(store, row.target)]
        return self._answers.end(row, "\n".join([f"I have looked at {short(row.target)}:", "", *lines]))

    def _of_case(self, case: CaseRow) -> str:
        verdict = case.verdict
        kinds = [action.kind for action in verdict.actions if action.kind in REVERSIBLE | {"report"}]
        if "remove" in kinds:
            kinds = [kind for kind in kinds if kind != "report"]
        what = "a moderator decides" if verdict.outcome == "review" else ", ".join(kinds) or "tell the moderators"
        state = {CaseState.CLOSED_ELSEWHERE: f"closed ({case.why})"}.get(case.state, str(case.state))
        return f"- case {case.label} ({state}), by the rule “{verdict.rule}”: {what}"

    def _bank(self, row: OrderRow, wait: bool) -> bool:
        self._banking.ready()
        post, permalink, cases = self._post(row)
        if row.due is None and (what := self.waits.irrevocable(row, cases)):
            return self._wait(row, what, target=kept(row, post))
        by, why = self._by(row), row.why or "ordered"
        with self._store.transaction():
            if answer := self._banking.confirm(cases, by=by, why=why):
                return self._answers.end(row, answer)
        read = self._banking.read(row.id, permalink, wait=wait)
        if read is None:
            return False
        found, unread = read
        with self._store.transaction():
            if self._store.minors.is_never(post):  # while its media were fetched
                raise UsageError(str(MarkedFileError()))
            return self._answers.end(row, self._banking.put(found, unread, short(post), by=by, why=why))

    def _allow(self, row: OrderRow) -> bool:
        by, why = self._by(row), row.why or "allowed"
        post, _, cases = self._post(row)
        if row.due is None and (what := self.waits.irrevocable(row, cases)):
            return self._wait(row, what, target=kept(row, post), first=self._given_back(row, cases, by=by, why=why))
        lines: list[str] = []
        for case in cases:
            if case.state == CaseState.CONFIRMED:
                lines += self._decisions.cases.undo(case.label, by=by, why=why)
                case = self._store.cases.get(case.label)
            if case.state == CaseState.OPEN:
                lines += self._decisions.cases.dismiss(case.label, by=by, why=why)
            lines += self._decisions.cases.take_back(case, by=by, why=why, kinds=REVERSIBLE)  # what a cut left done
            lines.append(f"case {case.label} is dismissed")
        if not cases:
            return self._answers.refuse(row, "I have no case on that post, so there is nothing to allow.")
        return self._answers.end(row, listed("Allowed:", lines))

    def _undo(self, row: OrderRow) -> bool:
        by, why = self._by(row), row.why or "ordered"
        post, _, cases = self._post(row)
        stopped = self._cancelling.taken_back(row, self.waits.meant(replace(row, target=kept(row, post))))
        if row.due is None and (what := self.waits.irrevocable(row, cases)):
            return self._wait(row, what, target=kept(row, post), first=self._given_back(row, cases, by=by, why=why))
        lines = stopped
        for case in cases:
            lines += self._decisions.cases.undo(case.label, by=by, why=why)
            lines += self._decisions.cases.take_back(case, by=by, why=why, kinds=REVERSIBLE)  # what a cut left done
            lines.append(f"case {case.label} waits for a moderator's decision")
        if not cases:
            return self._answers.refuse(row, "I have done nothing to that post.")
        return self._answers.end(row, listed("Taken back:", lines))

    def _given_back(self, row: OrderRow, cases: list[CaseRow], *, by: Actor, why: str) -> str:
        """Do at once what can be taken back: give the post back, send nothing more for it; return that in words."""
        lines: list[str] = []
        for case in cases:
            self._store.actions.cancel(case=case.id, reason=f"order: {row.id}")
            lines += self._decisions.cases.take_back(case, by=by, why=why, kinds=REVERSIBLE)
        return listed("Taken back at once:", lines) if lines else ""

    def _minor(self, row: OrderRow) -> bool:
        """Hide a post at once, whatever its state, and say what a person must do; what is kept of it goes later.

        Nothing of the media is named.
        """
        by = self._by(row)
        if row.due is not None:
            marked = None
            if self._store.minors.root_of(row.target) is not None:
                marked = self._decisions.minors.minor_if_hidden(row.target, by=by)
            if marked is None:
                return self._answers.end(row, "It was reported or decided meanwhile, so nothing is left to do.")
            return self._answers.end(
                row, "What I kept of the media is destroyed. The address stays until somebody has reported it."
            )
        post, _, _ = self._post(row)
        hidden = self._decisions.minors.hide(post, by=by)
        lines = [
            "I have stopped everything about this post and remove and lock it. Do not open, save or send the media to"
            " anybody.",
            "",
            "Now report the post's address, and only that:",
            "",
            *(f"- {place.name}: {place.url} ({place.what})" for place in HOTLINES),
            "",
            f"Who runs me then says `gifwarden cases reported {hidden.label}`, so that the address is forgotten here"
            " too.",
        ]
        what = "destroy what I keep of its media"
        return self._wait(row, what, target=hidden.post, first="\n".join(lines))

    def _post(self, row: OrderRow) -> tuple[str, str, list[CaseRow]]:
        """Return fullname, permalink and cases of a target. Raises UsageError if it is not in the order's subreddit."""
        if row.target.startswith("C-"):
            case = self.case(row.target, row.subreddit)
            if case is None:
                raise UsageError(f"there is no case {row.target} in r/{row.subreddit}.")
            return case.post.fullname, case.post.permalink, [case]
        data = self._thing(row)["data"]
        name = str(data["name"])
        return name, str(data.get("permalink") or ""), self._store.cases.of_post(name)

    def _thing(self, row: OrderRow) -> Mapping[str, Any]:
        target = row.target
        if target.startswith("C-"):
            case = self.case(target, row.subreddit)
            target = case.post.fullname if case else ""
        thing = (
            connected(self._reddit).thing(target)
            if target.startswith(("t1_", "t3_"))
            else connected(self._reddit).resolve(target)
        )
        data = thing["data"] if thing else {}
        if str(data.get("subreddit") or "").casefold() != row.subreddit.casefold():
            raise UsageError(
                f"I find no post of r/{row.subreddit} there; orders given here hold for r/{row.subreddit}."
            )
        assert thing is not None
        return thing


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
