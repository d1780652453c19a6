"""The outbox: modes, caps, the kill switch; begin, perform, write down; after a crash probe first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bot import actions
from bot.actions.base import ActionContext
from bot.clock import DAY, backoff
from bot.errors import OWN_FAULT, GifwardenError, MailError, OutsideError, StaysRemovedError, is_own_fault
from bot.links import post_of
from bot.model import (
    MINOR_ORDER,
    MODERATORS,
    PROGRAM,
    ActionState,
    CaseState,
    Found,
    Hold,
    NoticeEventKind,
    NoticeState,
    Receipt,
    decided_by_others,
    standing,
)
from bot.pipeline.acting.flood import FloodGuard
from bot.pipeline.acting.notice_texts import policy_of, still_there, texts_of
from bot.pipeline.acting.telling import Telling
from bot.pipeline.acting.undoing import FIRST_WAIT, Undoing
from bot.pipeline.core import Deps
from bot.pipeline.recovery import GoOn, always, log_reason
from bot.store import ActionRow
from bot.store.tries import SENTENCE

ON_NOTICE = "a media on its notice is marked as a suspected minor's"
UNREAD = "an answer to its notice waits to be read: gifwarden notices answers --waiting"
LATER = 600.0  # seconds before what a cap, a refused login or a mode held is looked at again
TELLS = frozenset({"modmail", "message"})  # what only tells of what was done is not held by the flood guard
IN_DOUBT = (ActionState.SENDING, ActionState.UNKNOWN)
MAILED = {plug.kind: plug.mailed for plug in actions.ACTIONS if plug.mailed}


class Outbox:
    """Performs planned actions, each once."""

    def __init__(self, deps: Deps, flood: FloodGuard) -> None:
        self._d = deps
        self._flood = flood
        self._telling = Telling(deps.config, deps.store, deps.clock)
        self.undoing = Undoing(deps.config.actions, deps.store, deps.clock, deps.log, self.world, deps.boundary)
        self._performed: dict[int, Receipt] = {}  # what the database could not be told yet

    def run(self, go_on: GoOn = always, *, by_mail: bool | None = None, only: Collection[int] | None = None) -> int:
        """Finish what a crash interrupted, take back and perform what is due; return how many actions were done.

        `go_on` is asked before each action: may the work go on, and has this process still the lease. `by_mail`: only
        what goes by mail, or only what goes by Reddit; two threads may do one each. `only`: actions of these numbers.
        """
        store = self._d.store
        done = 0

        def due(*states: ActionState) -> list[ActionRow]:
            return store.actions.due(states, mailed=MAILED, by_mail=by_mail, only=only)

        for row in due(*IN_DOUBT):
            done += self._guarded(row, self._resume)
        if not by_mail:
            for row in due(ActionState.UNDO_PLANNED):
                done += self._guarded(row, self.undoing.take_back) if go_on() else 0
        store.actions.wake()
        while rows := due(ActionState.PLANNED):
            for row in rows:
                if not go_on():
                    return done
                done += self._guarded(row, self._begin)
        return done

    def world(self) -> ActionContext:
        """Return what action plugs work with."""
        return ActionContext(
            reddit=self._d.reddit,
            mailer=self._d.mailer,
            clock=self._d.clock,
            load_notice=lambda name: self._d.store.notices.get(name).stated_notice(),
            texts=lambda: texts_of(self._d.config, self._d.store),
            policy=lambda host: policy_of(self._d.config, host),
            still_there=lambda name: still_there(self._d.store, name),
            receipt=lambda action: self._d.store.actions.get(action).receipt,
            open_mail=self._open_mail,
            note_found=lambda action, before: self._d.store.actions.note_found(action.id, before),
            before=lambda action: self._d.store.actions.before(action.post),
            removal=self._telling.removal,
            mail_words=self._telling.raids.words,
            is_minor=self._d.store.actions.is_minor,
            claim_letter=self._d.store.claims.letter,
        )

    def _open_mail(self, subreddit: str, at: datetime) -> str | None:
        window = timedelta(minutes=self._d.config.actions.modmail_minutes)
        return self._d.store.actions.open_mail(subreddit, at=at, window=window)

    def _guarded(self, row: ActionRow, step: Callable[[ActionRow], int]) -> int:
        """Keep one action that breaks something from stopping all others."""
        try:
            return self._counted(row, step)
        except Exception as error:
            if not is_own_fault(error):
                raise
            return self._postpone(row, error)

    def _postpone(self, row: ActionRow, error: Exception) -> int:
        """Do an action again later, without counting it: our own disk or memory failed, which says nothing of it.

        What was being sent is looked for in the world first, if we do not know ourselves that it was.
        """
        store, action = self._d.store, row.action
        facts = {"action": action.id, "kind": action.kind, "case": action.case}
        self._d.log.warning("action waits for our own disk or memory", **facts, reason=log_reason(error))
        store.tries.end("action", action.id)
        store.actions.postpone(action.id, until=self._d.clock.now() + timedelta(seconds=FIRST_WAIT), reason=OWN_FAULT)
        return 0

    def _counted(self, row: ActionRow, step: Callable[[ActionRow], int]) -> int:
        tries = self._d.store.tries
        if not tries.begin("action", row.action.id):
            self._d.log.warning("action parked", action=row.action.id, kind=row.action.kind, reason=SENTENCE)
            return 0
        done = self._tried(row, step)
        if step == self._resume and self._d.store.actions.get(row.action.id).state == ActionState.PLANNED:
            tries.give_back("action", row.action.id)  # the look ended, what was cut has not
        else:
            tries.end("action", row.action.id)
        return done

    def _tried(self, row: ActionRow, step: Callable[[ActionRow], int]) -> int:
        try:
            return step(row)
        except GifwardenError as error:
            if is_own_fault(error):
                raise
            return self._failed(self._d.store.actions.get(row.action.id), error)
        except Exception as error:  # the boundary: becomes the action's recorded reason
            if is_own_fault(error):
                raise
            now = self._d.store.actions.get(row.action.id)
            return self._failed(
                now, OutsideError(f"an unforeseen answer ({type(error).__name__}); look at it yourself")
            )

    def _begin(self, row: ActionRow) -> int:
        store, action = self._d.store, row.action
        if hold := self._held(row):
            return self._hold(row, *hold)
        ordered = _ordered(row)
        word = action.params.get("to") == "author"  # who was wronged hears of it however the post stands by now
        if action.post and not (ordered or word) and self._overtaken(row):
            return 0
        if actions.get(action.kind).after_removal and self._too_early(row):
            return 0
        with store.transaction():  # while Reddit was asked, all may have been stopped, and others have used up the cap
            if hold := self._held(row):
                return self._hold(row, *hold)
            if refused := store.actions.begin(action.id, ordered=ordered or word):
                store.actions.move(action.id, ActionState.CANCELLED, expect=(ActionState.PLANNED,), reason=refused)
                return 0
            self._telling.begun(action)
        self._d.boundary(f"act.begun:{action.kind}")
        return self._perform(row)

    def _held(self, row: ActionRow) -> tuple[Hold, str] | tuple[Hold, str, datetime] | None:
        """Return why an action may not be begun now, and until when if that is known."""
        if forbidden := self._forbidden(row):
            return forbidden
        if _ordered(row):
            return None
        kind = row.action.kind
        if kind not in TELLS and not self._confirmed(row):
            if flood := self._flood.held(row.case_id):
                return Hold.QUARANTINE, flood
            if gone := self._flood.withdrawn(row.case_id) or self._flood.disputed(row.case_id):
                return Hold.PERSON, gone
        if kind == "reminder" and self._d.store.notice_answers.unread(row.action.params["notice"]):
            return Hold.OUTSIDE, UNREAD
        if told := self._telling.waits(row):
            return told
        if cap := self._cap(kind):
            return Hold.CAP, cap
        return None

    def _confirmed(self, row: ActionRow) -> bool:
        """Whether a person confirmed the case: then it is no automatic action any more."""
        return row.case_id is not None and self._d.store.cases.of_id(row.case_id).state == CaseState.CONFIRMED

    def _perform(self, row: ActionRow) -> int:
        action = row.action
        receipt = self._performed[action.id] = actions.get(action.kind).perform(action, self.world())
        return self._write_down(row, receipt)

    def _write_down(self, row: ActionRow, receipt: Receipt) -> int:
        action = row.action
        self._d.boundary(f"act.performed:{action.kind}")
        with self._d.store.transaction():
            self._d.store.actions.move(action.id, ActionState.DONE, expect=IN_DOUBT, receipt=receipt)
            self._note_done(row)
        self._performed.pop(action.id, None)
        return self._tell_done(row, receipt.detail)

    def _resume(self, row: ActionRow) -> int:
        """Find out whether an interrupted action was performed; perform it only if it was not."""
        store, action = self._d.store, row.action
        if action.id in self._performed:
            return self._write_down(row, self._performed[action.id])
        plug = actions.get(action.kind)
        world = self.world()
        found = plug.probe(action, world)
        if (
            found == "partly"
            and not row.stopped
            and not self._forbidden(row)
            and not store.actions.begin(action.id, again=True)
        ):
            self._d.boundary(f"act.begun:{action.kind}")
            return self._perform(row)
        if found in ("done", "partly"):
            reason = "found done after an interruption"
            receipt = plug.recover(action, world)
            if row.stopped:
                reason += f"; a person decided otherwise meanwhile: gifwarden actions undo {action.id}"
            with store.transaction():
                store.actions.move(action.id, ActionState.DONE, expect=IN_DOUBT, reason=reason, receipt=receipt)
                self._note_done(row)
            return self._tell_done(row, reason)
        if found == "absent":
            state = ActionState.CANCELLED if row.stopped else ActionState.PLANNED
            store.actions.move(
                action.id, state, expect=IN_DOUBT, reason="interrupted before it was performed", next_at=self._soon(row)
            )
            return 0
        if not plug.repeatable or row.stopped or row.attempts >= self._d.config.actions.attempts:
            self._give_up(row, "nobody can tell whether it was performed; look yourself")
            return 0
        if self._forbidden(row):
            later = self._d.clock.now() + timedelta(seconds=LATER)
            store.actions.move(action.id, ActionState.UNKNOWN, expect=IN_DOUBT, reason=row.reason, next_at=later)
            return 0
        if refused := store.actions.begin(action.id, again=True):
            self._give_up(row, f"{refused}; nobody can tell whether it was performed before")
            return 0
        self._d.boundary(f"act.begun:{action.kind}")
        return self._perform(row)

    def _note_done(self, row: ActionRow) -> None:
        action = row.action
        if action.kind == "notice":
            self._d.store.notices.move(
                action.params["notice"], NoticeState.SENT, expect=(NoticeState.CONFIRMED, NoticeState.DRAFTED)
            )
        if action.kind == "reminder":
            self._d.store.notice_life.happened(
                action.params["notice"], NoticeEventKind.REMINDED, to=NoticeState.REMINDED
            )
        now = self._d.store.actions.get(action.id)
        if now.stopped and now.case_id is not None and self._d.store.decided.undoes_last(now.case_id):
            self._d.store.decided.plan_undo([action.id], due=self._d.clock.now())  # decided while it was being sent
        if action.kind == "remove":
            self._telling.removed(now)
        self._telling.done(action)
        subject = action.case or action.params.get("notice", "")
        self._d.store.audit.record(by=PROGRAM, what=f"{action.kind} done", subject=subject)

    def _tell_done(self, row: ActionRow, detail: str) -> int:
        action = row.action
        self._d.boundary(f"act.done:{action.kind}")
        self._d.log.info("action done", action=action.id, kind=action.kind, case=action.case, detail=detail)
        return 1

    def _failed(self, row: ActionRow, error: GifwardenError) -> int:
        store, action = self._d.store, row.action
        if row.state == ActionState.UNDO_PLANNED:
            return self.undoing.failed(row, error)
        if row.state not in (ActionState.PLANNED, *IN_DOUBT):
            return 0
        reason = str(error)
        unclear = getattr(error, "ambiguous", False) or (isinstance(error, MailError) and error.sent is None)
        in_doubt = row.state == ActionState.UNKNOWN or (unclear and row.state == ActionState.SENDING)
        retry_after = getattr(error, "retry_after", None)
        wait = min(max(backoff(row.attempts, first=FIRST_WAIT), retry_after or 0), DAY)
        next_at = self._d.clock.now() + timedelta(seconds=wait)
        expect = (row.state,)
        if in_doubt:
            store.actions.move(action.id, ActionState.UNKNOWN, expect=expect, reason=reason, next_at=next_at)
            event = "action unclear"
        elif getattr(error, "setup", False):
            store.actions.move(
                action.id,
                ActionState.HELD,
                expect=expect,
                hold=Hold.OUTSIDE,
                reason=reason,
                next_at=self._soon(row, LATER),
            )
            event = "action held"
        elif getattr(error, "retry", False) and row.attempts < self._d.config.actions.attempts:
            store.actions.move(action.id, ActionState.PLANNED, expect=expect, reason=reason, next_at=next_at)
            event = "action postponed"
        else:
            with store.transaction():
                self._give_up(row, reason, sure=True)
                if isinstance(error, StaysRemovedError):
                    self.undoing.tell_held(row, Found(error.found))
            return 0
        self._d.log.warning(event, action=action.id, kind=action.kind, case=action.case, reason=reason)
        return 0

    def _give_up(self, row: ActionRow, reason: str, *, sure: bool = False) -> None:
        """End an action as failed; `sure`: it certainly was not performed, so that a notice can be stated again."""
        store, action = self._d.store, row.action
        with store.transaction():
            store.actions.move(action.id, ActionState.FAILED, expect=(row.state,), reason=reason)
            if action.kind == "notice" and sure:
                store.notices.move(action.params["notice"], NoticeState.DRAFTED, expect=(NoticeState.CONFIRMED,))
        self._d.log.warning("action failed", action=action.id, kind=action.kind, case=action.case, reason=reason)

    def _hold(self, row: ActionRow, hold: Hold, reason: str, until: datetime | None = None) -> int:
        self._d.store.actions.move(
            row.action.id,
            ActionState.HELD,
            expect=(ActionState.PLANNED,),
            hold=hold,
            reason=reason,
            next_at=until or self._soon(row, 0.0 if hold in (Hold.STOP, Hold.MINOR) else LATER),
        )
        if row.reason != reason:
            facts = {"action": row.action.id, "kind": row.action.kind, "case": row.action.case}
            self._d.log.info("action held", **facts, hold=str(hold), reason=reason)
        return 0

    def _forbidden(self, row: ActionRow) -> tuple[Hold, str] | None:
        """Return why nothing may be done now: the kill switch, or the mode of every subreddit concerned."""
        if self._d.stop_file.exists():
            return Hold.STOP, f"the kill switch is on; delete {self._d.stop_file.name} to go on"
        action = row.action
        stop = self._d.store.kill_switch.stopped(action.subreddit)
        if stop is not None and not actions.get(action.kind).asked_for:
            sentence = f"r/{action.subreddit} was stopped by {stop.who}; gifwarden go {action.subreddit} goes on"
            return Hold.STOP, sentence
        names: tuple[str, ...] = (action.subreddit,)
        if action.kind in ("notice", "reminder"):
            notice = self._d.store.notices.get(action.params["notice"])
            if notice.marked:
                return Hold.MINOR, ON_NOTICE
            names = notice.subreddits
        modes = {name: self._d.config.mode(name) for name in names}
        if not _ordered(row) and not set(modes.values()) & actions.get(action.kind).modes:
            name, mode = next(iter(modes.items()), ("", "observe"))
            return Hold.MODE, f"r/{name} is in mode {mode}"
        return None

    def _cap(self, kind: str) -> str | None:
        limits = self._d.config.actions
        now = self._d.clock.now()
        for name, limit, hours in (("hour", limits.per_hour, 1), ("day", limits.per_day, 24)):
            if self._d.store.actions.sent_since(kind, now - timedelta(hours=hours)) >= limit:
                return f"{limit} {kind} actions were done in the last {name}"
        return None

    def _too_early(self, row: ActionRow) -> bool:
        """Hold an action that makes sense only after our removal until that is done; cancel it if that never comes."""
        action, store = row.action, self._d.store
        removals = {found.state for found in store.actions.on_post(action.post, "remove")}
        if ActionState.DONE in removals:
            return False
        if removals & {ActionState.PLANNED, ActionState.HELD, *IN_DOUBT}:
            self._hold(row, Hold.REMOVAL, "it waits for the removal")
        else:
            planned = (ActionState.PLANNED,)
            store.actions.move(action.id, ActionState.CANCELLED, expect=planned, reason="we did not remove the post")
        return True

    def _overtaken(self, row: ActionRow) -> bool:
        """Cancel an action whose post is gone or was decided on by somebody else meanwhile."""
        store, action = self._d.store, row.action
        thing = self._d.api.thing(action.post)
        post = None if thing is None else post_of(thing)
        decided = "the post is gone" if post is None else decided_by_others(post)
        if decided is None:
            return False
        planned, me = (ActionState.PLANNED,), self._d.api.me()
        how = None if thing is None else standing(thing["data"])
        if how is not None and how.state == "approved" and how.by_user(me) and self._confirmed(row):
            return False  # given back by us, and a person decided anew
        if how is not None and how.found(me) == Found.OURS:
            if action.kind != "report":
                return False
            reason = "we removed the post ourselves"
            store.actions.move(action.id, ActionState.CANCELLED, expect=planned, reason=reason)
            return True
        with store.transaction():
            store.actions.move(action.id, ActionState.CANCELLED, expect=planned, reason=decided)
            if row.case_id is not None:
                if store.cases.decide(row.case_id, CaseState.CLOSED_ELSEWHERE, by=MODERATORS, why=decided):
                    store.links.drop_fingerprints(store.cases.of_id(row.case_id).link)
                store.actions.cancel(case=row.case_id, reason=decided)
                if post is not None and post.approved_by:  # what was only removed here still stands on the host
                    store.notices.drop_case(row.case_id)
        self._d.log.info("action cancelled", action=action.id, kind=action.kind, case=action.case, reason=decided)
        return True

    def _soon(self, row: ActionRow, seconds: float | None = None) -> datetime:
        wait = FIRST_WAIT * max(0, row.attempts - 1) if seconds is None else seconds
        return self._d.clock.now() + timedelta(seconds=wait)


def _ordered(row: ActionRow) -> bool:
    """Return whether a person ordered the removal of a suspected minor: modes, caps and approvals do not hold it."""
    return row.action.params.get("order") == MINOR_ORDER
