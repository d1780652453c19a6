"""The outbox: actions are written down before they are performed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from bot.clock import iso
from bot.errors import StoreError
from bot.model import MINOR_ORDER, ActionState, Before, Hold, Receipt
from bot.serialization import dumps, loads
from bot.store.action_rows import SELECT, ActionRow, action_of, mails_of
from bot.store.base import Connection


class Actions:
    """Table actions."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def plan(
        self,
        *,
        key: str,
        kind: str,
        subreddit: str,
        params: Mapping[str, str],
        case: int | None = None,
        post: str | None = None,
        permalink: str = "",
        hold: Hold | None = None,
        reason: str | None = None,
        due: datetime | None = None,
    ) -> bool:
        """Write an action down, once for each key; False if it was planned before. `hold`: it must wait, for `reason`.

        `due`: not before then.

        What only writes to somebody has no case, post or permalink.

        An action that failed or was cancelled before it was sent is planned anew.
        """
        now = self._c.now()
        return bool(
            self._c.run(
                """insert into actions
                   (key, kind, case_id, post, subreddit, permalink, params, state, hold, reason,
                    next_at, planned_at, updated_at)
                   values (:key, :kind, :case, :post, :subreddit, :permalink, :params, :state, :hold, :reason,
                    :due, :now, :now)
                   on conflict (key) do update set state = excluded.state, hold = excluded.hold,
                   reason = excluded.reason, attempts = 0, stopped = 0, params = excluded.params,
                   next_at = excluded.next_at, updated_at = excluded.updated_at
                   where actions.state in ('failed', 'cancelled')""",
                {
                    "key": key,
                    "kind": kind,
                    "case": case,
                    "post": post,
                    "subreddit": subreddit,
                    "permalink": permalink,
                    "params": json.dumps(dict(params)),
                    "state": ActionState.HELD if hold else ActionState.PLANNED,
                    "hold": hold,
                    "reason": reason,
                    "due": iso(due) if due else now,
                    "now": now,
                },
            )
        )

    def due(
        self,
        states: tuple[ActionState, ...],
        *,
        mailed: Mapping[str, str] | None = None,
        by_mail: bool | None = None,
        only: Collection[int] | None = None,
    ) -> list[ActionRow]:
        """Return at most 100 actions in these states whose time has come, in the order they were planned.

        `mailed`: by kind the parameter with which an action goes by mail; `by_mail`: only those that do, or do not.
        `only`: of these numbers.
        """
        marks = ",".join("?" * len(states))
        these = None if only is None else json.dumps(list(only))
        rows = self._c.rows(
            f"""{SELECT} where a.state in ({marks}) and a.next_at <= ?
                and (? is null or ? = exists (select 1 from json_each(?) m where m.key = a.kind
                     and coalesce(json_extract(a.params, '$.' || m.value), '') != ''))
                and (? is null or a.id in (select value from json_each(?)))
                order by a.id limit 100""",  # noqa: S608  question marks only
            (*states, self._c.now(), by_mail, by_mail, json.dumps(dict(mailed or {})), these, these),
        )
        return [action_of(row) for row in rows]

    def get(self, action: int) -> ActionRow:
        """Return one action. Raises StoreError if there is none."""
        row = self._c.one(f"{SELECT} where a.id = ?", (action,))
        if row is None:
            raise StoreError(f"there is no action {action}; see: gifwarden actions list")
        return action_of(row)

    def of_case(self, case: int) -> list[ActionRow]:
        """Return the actions of a case, oldest first."""
        return [action_of(row) for row in self._c.rows(f"{SELECT} where a.case_id = ? order by a.id", (case,))]

    def listing(self, limit: int = 1000) -> list[ActionRow]:
        """Return actions, newest first."""
        return [action_of(row) for row in self._c.rows(f"{SELECT} order by a.id desc limit ?", (limit,))]

    def by_key(self, key: str) -> ActionRow | None:
        """Return the action with this key, or None."""
        row = self._c.one(f"{SELECT} where a.key = ?", (key,))
        return action_of(row) if row else None

    def mail_of(self, notice: str) -> ActionRow | None:
        """Return the mail of a notice, or None: the last, where it was stated again after one came back."""
        row = self._c.one(f"{SELECT} where {mails_of('?1')} order by a.id desc limit 1", (notice,))
        return action_of(row) if row else None

    def plan_mail(self, notice: str, *, subreddit: str) -> bool:
        """Plan the mail of a notice: the first, one that failed or was cancelled anew, or after one that left another.

        False if one is on its way.
        """
        last = self.mail_of(notice)
        number = int(last.action.params.get("mail", "1")) if last else 1
        if last is not None and last.state in (ActionState.DONE, ActionState.UNDO_PLANNED, ActionState.UNDONE):
            number += 1
        further = {"mail": str(number)} if number > 1 else {}
        return self.plan(
            key=f"notice:{notice}:{number}" if further else f"notice:{notice}",
            kind="notice",
            subreddit=subreddit,
            params={"notice": notice, **further},
        )

    def begin(self, action: int, *, again: bool = False, ordered: bool = False) -> str | None:
        """Write down that a planned action is being sent; return None, or why it must not be.

        It must not if a person decided otherwise meanwhile, or if the same was done to its post for another case.
        `again`: the action's outcome is unknown and it is repeated. `ordered`: a person ordered it, done before or not.
        """
        now = self._c.now()
        with self._c:
            row = self._c.one(
                """select a.kind, a.state, a.stopped, c.state as case_state, n.state as notice_state,
                   (select o.id from actions o where o.post = a.post and o.kind = a.kind and o.id != a.id
                    and (o.state in ('sending', 'unknown', 'done', 'undo_planned')
                         or (o.state = 'parked' and o.parked_from in ('sending', 'unknown'))) limit 1) as other
                   from actions a left join cases c on c.id = a.case_id
                   left join notices n on n.label = json_extract(a.params, '$.notice') where a.id = ?""",
                (action,),
            )
            assert row is not None
            expected = ("sending", "unknown") if again else ("planned",)
            if row["state"] not in expected:
                return f"it is {row['state']} by now"
            if row["stopped"] or row["case_state"] not in (None, "open", "confirmed"):
                return f"its case is {row['case_state']} by now"
            if row["notice_state"] not in (None, "overdue" if row["kind"] == "reminder" else "confirmed"):
                return f"its notice is {row['notice_state']} by now"
            if row["other"] is not None and not ordered:
                self._c.run("update actions set done_by = ? where id = ?", (row["other"], action))
                return f"action {row['other']} did the same to this post"
            self._c.run(
                """update actions set state = 'sending', reason = null, attempts = attempts + 1, sent_at = ?,
                   next_at = ?, updated_at = ? where id = ?""",
                (now, now, now, action),
            )
        return None

    def move(
        self,
        action: int,
        state: ActionState,
        *,
        expect: tuple[ActionState, ...],
        hold: Hold | None = None,
        reason: str | None = None,
        receipt: Receipt | None = None,
        next_at: datetime | None = None,
    ) -> bool:
        """Put an action into a state if it still is in one of the expected ones; False if it is not.

        `hold` is the kind of what holds it, for the state held and no other.
        """
        assert (hold is not None) == (state == ActionState.HELD), "what is held, and only that, has a kind of hold"
        now = self._c.now()
        marks = ",".join("?" * len(expect))
        return bool(
            self._c.run(
                f"""update actions set state = ?, hold = ?, reason = ?, receipt = coalesce(?, receipt), next_at = ?,
                    updated_at = ? where id = ? and state in ({marks})""",  # noqa: S608  question marks only
                (
                    state,
                    hold,
                    reason,
                    dumps(receipt) if receipt else None,
                    iso(next_at) if next_at else now,
                    now,
                    action,
                    *expect,
                ),
            )
        )

    def postpone(self, action: int, *, until: datetime, reason: str) -> None:
        """Leave an action for later after a fault of our own: no attempt counts, and what was sent is in doubt."""
        self._c.run(
            """update actions set attempts = attempts - (state = 'sending' and attempts > 0), next_at = ?, reason = ?,
               state = case state when 'sending' then 'unknown' else state end
               where id = ? and state in ('planned', 'sending', 'unknown')""",
            (iso(until), reason, action),
        )

    def cancel(self, *, case: int, reason: str) -> int:
        """Cancel what has not been sent for a case; return how many.

        What is being sent, or may have been, is found out about but never repeated.
        """
        with self._c:
            self._c.run(
                "update actions set stopped = 1 where case_id = ? and state in ('sending', 'unknown', 'parked')",
                (case,),
            )
            self._c.run("update actions set done_by = null where case_id = ?", (case,))
            return self._c.run(
                """update actions set state = 'cancelled', hold = null, reason = ?, updated_at = ?
                   where case_id = ? and state in ('planned', 'held')""",
                (reason, self._c.now(), case),
            )

    def hold_again(self, *, case: int, reason: str, why: str | None = None) -> int:
        """Let the cancelled actions of a reopened case wait for a person; return how many.

        `why`: only those that were cancelled with this reason.
        """
        return self._c.run(
            """update actions set state = 'held', hold = ?, reason = ?, stopped = 0, attempts = 0, updated_at = ?
               where case_id = ? and state = 'cancelled' and (? is null or reason = ?)""",
            (Hold.PERSON, reason, self._c.now(), case, why, why),
        )

    def forget_key(self, key: str) -> None:
        """Delete what was said under a key, so that it can be said again."""
        self._c.run(
            """delete from actions where key = ? and state not in ('sending', 'unknown')
               and (state != 'parked' or parked_from not in ('sending', 'unknown'))""",
            (key,),
        )

    def cancel_on(self, post: str, *, key: str, reason: str) -> int:
        """Cancel what has not been sent of the actions on a post whose key begins so; return how many."""
        with self._c:
            where = "post = ? and key like ? || '%'"
            self._c.run(
                f"update actions set stopped = 1 where {where} and state in ('sending', 'unknown', 'parked')",  # noqa: S608  two marks
                (post, key),
            )
            return self._c.run(
                f"""update actions set state = 'cancelled', hold = null, reason = ?, updated_at = ?
                    where {where} and state in ('planned', 'held')""",  # noqa: S608  two question marks
                (reason, self._c.now(), post, key),
            )

    def keyed(self, key: str) -> list[int]:
        """Return the numbers of the actions whose key begins so, the newest first."""
        rows = self._c.rows("select id from actions where key = ? or key like ? || ':%' order by id desc", (key, key))
        return [int(row["id"]) for row in rows]

    def order(self, key: str) -> None:
        """Let the actions under keys that begin so be ordered again, and stay if they were to be taken back."""
        self._c.run(
            """update actions set params = json_set(params, '$.order', ?),
               state = iif(state = 'undo_planned', 'done', state)
               where (key = ? or key like ? || ':%') and state not in ('undone', 'cancelled', 'failed')""",
            (MINOR_ORDER, key, key),
        )

    def unorder(self, key: str) -> None:
        """Let what was ordered under keys that begin so be as any other action."""
        self._c.run(
            "update actions set params = json_remove(params, '$.order') where key = ? or key like ? || ':%'", (key, key)
        )

    def undone_of(self, key: str) -> int:
        """Return how many actions whose key begins so were undone, so that doing it anew needs another key."""
        return int(
            self._c.value(
                """select count(*) from actions where state = 'undone'
                   and (key = ?1 or (key >= ?1 || ':' and key < ?1 || ';'))""",
                (key,),
            )
        )

    def release(self, *, case: int, due: datetime | None = None) -> int:
        """Let the held actions of a case go ahead, not before `due`; return how many."""
        now = self._c.now()
        return self._c.run(
            """update actions set state = 'planned', hold = null, reason = null, next_at = ?, updated_at = ?
               where case_id = ? and state = 'held'""",
            (iso(due) if due else now, now, case),
        )

    def wake(self) -> int:
        """Plan again what waited for a cap, the kill switch or the outside; return how many.

        What a mode held waits for a person, and is planned again once the case is confirmed.
        """
        now = self._c.now()
        return self._c.run(
            """update actions set state = 'planned', hold = null, updated_at = ?
               where state = 'held' and next_at <= ? and hold != ? and
               (hold != ? or coalesce((select state from cases where id = case_id), 'confirmed') = 'confirmed')""",
            (now, now, Hold.PERSON, Hold.MODE),
        )

    def note_found(self, action: int, before: Before) -> None:
        """Write down how a post stands, before it is removed."""
        self._c.run("update actions set found = ? where id = ?", (dumps(before), action))

    def before(self, post: str) -> Before | None:
        """Return how a post was found before we removed it the last time; None where nobody wrote it down.

        The last by its number: a clock may have been set back since an earlier one.
        """
        sql = "select found from actions where post = ? and found is not null order by id desc limit 1"
        found = self._c.value(sql, (post,))
        return loads(Before, found) if found else None

    def is_minor(self, post: str) -> bool:
        """Whether the removal of a post was ordered for a suspected minor, however long ago."""
        return bool(
            self._c.value(
                "select exists (select 1 from actions where post = ? and json_extract(params, '$.order') = ?)",
                (post, MINOR_ORDER),
            )
        )

    def on_post(self, post: str, kind: str) -> list[ActionRow]:
        """Return the actions of a kind on a post, oldest first."""
        rows = self._c.rows(f"{SELECT} where a.post = ? and a.kind = ? order by a.id", (post, kind))
        return [action_of(row) for row in rows]

    def open_mail(self, subreddit: str, *, at: datetime, window: timedelta) -> str | None:
        """Return the newest conversation with a subreddit's moderators that was opened within a window before then."""
        reference = self._c.value(
            """select json_extract(receipt, '$.reference') as mail from actions
               where kind in ('modmail', 'answer') and state = 'done' and subreddit = ? and sent_at > ? and sent_at <= ?
               and mail is not null and coalesce(json_extract(params, '$.conversation'), '') = ''
               group by mail having min(sent_at) > ? order by min(sent_at) desc limit 1""",
            (subreddit, iso(at - 2 * window), iso(at), iso(at - window)),
        )
        return str(reference) if reference is not None else None

    def case_of_mail(self, conversation: str, *, ours: int) -> str | None:
        """Return the one case that a conversation which we began is about, or None.

        `ours`: how many messages of ours stand in it. If we do not know every one of them, or one is about nothing or
        about another case, then nobody can say which case a word in it means.
        """
        rows = self._c.rows(
            """select a.kind, c.label, json_extract(a.params, '$.conversation') as place
               from actions a left join cases c on c.id = a.case_id
               where a.kind in ('modmail', 'answer', 'digest') and json_extract(a.receipt, '$.reference') = ?""",
            (conversation,),
        )
        about = {row["label"] for row in rows if not (row["kind"] == "answer" and row["place"] == conversation)}
        label = about.pop() if len(about) == 1 and len(rows) == ours else None
        return str(label) if label else None

    def told_authors(self, subreddit: str, author: str) -> list[tuple[ActionRow, str]]:
        """Return what was written to an author about posts of theirs in a subreddit, newest first, with each case."""
        rows = self._c.rows(
            f"""{SELECT} join posts p on p.fullname = c.post where a.kind = 'message' and a.state = 'done'
                and a.subreddit = ? collate nocase and json_extract(p.data, '$.author') = ? collate nocase
                order by a.id desc""",
            (subreddit, author),
        )
        return [(action_of(row), row["case_label"]) for row in rows]

    def sent_since(self, kind: str, since: datetime) -> int:
        """Return how many actions of a kind were begun since then.

        What was begun further in the future than that was long ago does not count: a wrong clock wrote it.
        """
        now = self._c.clock.now()
        return int(
            self._c.value(
                """select count(*) from actions where kind = ? and sent_at >= ? and sent_at <= ?
                   and state not in ('planned', 'held', 'cancelled')""",
                (kind, iso(since), iso(now + (now - since))),
            )
        )
