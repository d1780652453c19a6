"""What hosts answer to notices, sealed; which notices it may be about; what a person says it means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher
from bot.errors import SealError, StoreError
from bot.model import Actor, AnswerAbout, AnswerKind, HostDecision
from bot.store.action_rows import mails_of
from bot.store.base import Connection, Row, label
from bot.store.sealing import answer_place

WAITS = "a.means is null and (a.kind = 'answer' or a.how = 'doubt')"  # for a person; a constant, no value in it
_MARKED = """exists (select 1 from notice_items i join cases c on c.id = i.case_id
    where c.state = 'minor' and (i.notice = a.notice
    or (a.how = 'doubt' and i.notice in (select notice from notice_answers_about where answer = a.id))))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """What a mail says, as far as people see it. All of it is a stranger's, fit for people."""

    sender: str
    subject: str
    text: str
    status: str = ""  # of a mail server's report, such as 5.1.1, and its reason
    known: bool = False  # whether the sender's address, or its domain, is one that we wrote to: anybody can write it
    whole: bool = True  # False: only its beginning was read


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """A mail about a notice. `words` is None where nobody is to read them, or where they are destroyed."""

    label: str
    kind: AnswerKind
    about: AnswerAbout
    notice: str | None
    proposed: tuple[str, ...]  # notices that it may be about, if nobody has said yet
    at: datetime  # when it arrived
    marked: bool  # whether media that is marked as a suspected minor's stands on a notice that it may be about
    words: AnswerWords | None
    means: HostDecision | None
    decided: datetime | None
    decided_by: str | None

    @property
    def waits(self) -> bool:
        """Whether a person has to say what it means."""
        return self.means is None and (self.kind == AnswerKind.ANSWER or self.about == AnswerAbout.DOUBT)


class NoticeAnswers:
    """Tables notice_answers, notice_answers_about."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def keep(
        self,
        mark: str,
        *,
        kind: AnswerKind,
        about: AnswerAbout,
        notice: str | None,
        named: Mapping[str, bool],
        at: datetime,
        words: AnswerWords,
    ) -> str | None:
        """Keep a mail; return its label, None if it was kept before.

        `mark` is by which its bytes are known again; `named`: notices that it may be about, and whether each is
        proposed to people or stands there for their safety alone.
        """
        assert self._seal is not None, "what strangers write is never kept unsealed"
        name = label("A")
        sealed = self._seal.encrypt(json.dumps(asdict(words)).encode(), *answer_place(name))
        with self._c:
            if not self._c.run(
                """insert or ignore into notice_answers (label, mark, notice, kind, how, at, sealed)
                   values (?, ?, ?, ?, ?, ?, ?)""",
                (name, self._seal.keyed_digest(mark), notice, kind, about, iso(at), sealed),
            ):
                return None
            for other, proposed in named.items():
                self._c.run(
                    "insert into notice_answers_about select id, ?, ? from notice_answers where label = ?",
                    (other, proposed, name),
                )
        return name

    def known(self, mark: str) -> bool:
        """Return whether a mail of these bytes was kept before."""
        digest = self._seal.keyed_digest(mark) if self._seal else ""
        return bool(self._c.value("select exists (select 1 from notice_answers where mark = ?)", (digest,)))

    def get(self, name: str) -> AnswerRow:
        """Return one by its label. Raises StoreError if there is none, SealError if the key is another one."""
        row = self._c.one(f"{_SELECT} where a.label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no answer {name}; see: gifwarden notices answers")
        return self._row(row)

    def listing(self, *, waiting: bool = False, limit: int = 1000) -> list[AnswerRow]:
        """Return answers: those that wait for a person first, in doubt before others, then the newest."""
        where = f"where {WAITS}" if waiting else ""
        rows = self._c.rows(
            f"{_SELECT} {where} order by ({WAITS}) desc, a.how = 'doubt' desc, a.id desc limit ?", (limit,)
        )
        return [self._row(row) for row in rows]

    def of(self, notice: str) -> list[AnswerRow]:
        """Return what came about a notice, the oldest first; what may be about it in doubt is not among it."""
        return [self._row(row) for row in self._c.rows(f"{_SELECT} where a.notice = ? order by a.id", (notice,))]

    def waiting(self) -> int:
        """Return how many answers wait for a person."""
        return int(self._c.value(f"select count(*) from notice_answers a where {WAITS}"))  # noqa: S608  words of ours

    def unread(self, notice: str) -> bool:
        """Return whether an answer to a notice waits for a person: nobody is reminded before it was read."""
        return bool(
            self._c.value(
                f"select exists (select 1 from notice_answers a where a.notice = ? and {WAITS})",  # noqa: S608  words of ours
                (notice,),
            )
        )

    def count(self, *, notice: str | None = None) -> int:
        """Return how many mails are kept of a notice; without one, of those in doubt that nobody decided."""
        if notice is not None:
            return int(self._c.value("select count(*) from notice_answers where notice = ?", (notice,)))
        return int(self._c.value("select count(*) from notice_answers where how = 'doubt' and means is null"))

    def decide(self, name: str, means: HostDecision, *, notice: str | None, by: Actor) -> bool:
        """Write down what a person says an answer is, and about which notice; False if that stands already.

        Without a notice it is about none of ours.
        """
        with self._c:
            row = self._c.one("select notice, how, means from notice_answers where label = ?", (name,))
            if row is None or (row["means"] == means and row["notice"] == notice):
                return False
            about = row["how"] if row["notice"] == notice else AnswerAbout.PERSON
            return bool(
                self._c.run(
                    """update notice_answers set notice = ?, how = ?, means = ?, decided_at = ?, decided_member = ?,
                       decided_credential = ? where label = ?""",
                    (notice, about, means, self._c.now(), by.member, by.credential, name),
                )
            )

    def standing(self, notice: str) -> HostDecision | None:
        """Return what the last answer means that somebody called a decision or a question of the host's."""
        found = self._c.value(
            """select means from notice_answers where notice = ? and means not in ('receipt')
               order by decided_at desc, id desc limit 1""",
            (notice,),
        )
        return HostDecision(found) if found else None

    def left(self, limit: int = 5000) -> list[Row]:
        """Return of notices that left, the newest first: label, recipient, our address, a page, state and moments.

        And which number their last mail has, where the first came back.
        """
        return self._c.rows(
            f"""select label, recipient, state, contact, sent_at, reminded_at,
               (select min(url) from notice_items where notice = label) as url,
               (select json_extract(params, '$.mail') from actions where {mails_of("label")}
                order by id desc limit 1) as mail
               from notices where sent_at is not null or state = 'confirmed'
               order by coalesce(sent_at, updated_at) desc, label limit ?""",  # noqa: S608  words of ours
            (limit,),
        )

    def first_sent(self) -> datetime | None:
        """Return when the first notice left, or may have left, that has not ended; None if there is none."""
        found = self._c.value(
            """select min(coalesce(sent_at, updated_at)) from notices
                where (sent_at is not null or state = 'confirmed') and state not in ('closed', 'retracted')"""
        )
        return from_iso(found) if found else None

    def destroy(self, case: int) -> None:
        """Destroy the words of all that may be about a notice on which a case's media stands."""
        self._c.run(
            """update notice_answers set sealed = null where id in
               (select a.id from notice_answers a
                left join notice_answers_about m on m.answer = a.id and a.how = 'doubt'
                join notice_items i on i.notice in (a.notice, m.notice) where i.case_id = ?)""",
            (case,),
        )

    def forget(self, before: datetime) -> int:
        """Destroy the words of answers whose notice has ended, and what stayed in doubt since; return how many."""
        with self._c:
            count = self._c.run("delete from notice_answers where how = 'doubt' and at < ?", (iso(before),))
            return count + self._c.run(
                """update notice_answers set sealed = null where sealed is not null and notice in
                    (select label from notices where state in ('closed', 'retracted'))"""
            )

    def _row(self, row: Row) -> AnswerRow:
        marked = bool(row["marked"])
        proposed: Sequence[Row] = ()
        if row["how"] == AnswerAbout.DOUBT:
            proposed = self._c.rows(
                "select notice from notice_answers_about where answer = ? and proposed order by notice", (row["id"],)
            )
        return AnswerRow(
            label=row["label"],
            kind=AnswerKind(row["kind"]),
            about=AnswerAbout(row["how"]),
            notice=row["notice"],
            proposed=tuple(one["notice"] for one in proposed),
            at=from_iso(row["at"]),
            marked=marked,
            words=None if marked or row["sealed"] is None else self._opened(row),
            means=HostDecision(row["means"]) if row["means"] else None,
            decided=from_iso(row["decided_at"]) if row["decided_at"] else None,
            decided_by=row["name"],
        )

    def _opened(self, row: Row) -> AnswerWords:
        if self._seal is None:
            raise SealError("what hosts answer is sealed, and the key is missing")
        return AnswerWords(**json.loads(self._seal.decrypt(row["sealed"], *answer_place(row["label"]))))


class Mailboxes:
    """Table mailboxes: how far each was read, by a mark of its address and folder."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def place(self, mark: str) -> tuple[int, int] | None:
        """Return UIDVALIDITY and UID of the last message that was read."""
        row = self._c.one("select validity, uid from mailboxes where mark = ?", (mark,))
        return (row["validity"], row["uid"]) if row is not None and row["validity"] is not None else None

    def reached(self, mark: str, validity: int, uid: int) -> None:
        """Write down how far it was read."""
        self._c.run(
            """insert into mailboxes (mark, validity, uid) values (:mark, :validity, :uid) on conflict do update
               set validity = :validity, uid = :uid, stuck = 0, tries = 0""",
            {"mark": mark, "validity": validity, "uid": uid},
        )

    def stuck(self, mark: str, uid: int) -> int:
        """Count a try that ended at a message; return how many did."""
        with self._c:
            self._c.run(
                """insert into mailboxes (mark, stuck, tries) values (:mark, :uid, 1) on conflict do update
                   set tries = iif(stuck = :uid, tries + 1, 1), stuck = :uid""",
                {"mark": mark, "uid": uid},
            )
            return int(self._c.value("select tries from mailboxes where mark = ?", (mark,)))

    def failing(self) -> str | None:
        """Return why the mailbox that was asked last was not read; None if it was."""
        row = self._c.one(
            "select reason from mailboxes order by max(coalesce(read_at, ''), coalesce(failed_at, '')) desc"
        )
        return row["reason"] if row is not None else None

    def ended(self, mark: str, reason: str | None) -> None:
        """Write down that it was read, or why not."""
        column = "read_at" if reason is None else "failed_at"
        self._c.run(
            f"""insert into mailboxes (mark, {column}, reason) values (:mark, :now, :reason) on conflict do update
                set {column} = :now, reason = :reason""",  # noqa: S608  one of two
            {"mark": mark, "now": self._c.now(), "reason": reason},
        )


_SELECT = f"""select a.*, t.name, {_MARKED} as marked
    from notice_answers a left join team t on t.id = a.decided_member"""  # noqa: S608  words of ours
