"""Claims of people who say that they are depicted. What they said, and who they are, is sealed under a key of each.

To forget a claim is to destroy its key and what it sealed, and nothing of either is left in the file or its write-ahead
log. An account and a message are known again by keyed digests, from which neither can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import from_iso, iso
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError, StoreError
from bot.model import Actor, AgeWhenMade, ClaimSource, ClaimState, ClaimWord, KnownBy, SafeWay
from bot.serialization import loads
from bot.store.base import Connection, Row, label, moment
from bot.store.sealing import claim_place


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """A claim as everybody in the team may see it: no name, no word, no contact."""

    id: int
    label: str
    subreddit: str
    source: ClaimSource
    state: ClaimState
    age: AgeWhenMade
    language: str  # ISO 639-1, in which they wrote
    person: str | None  # the protected person whom they are, by label
    known: KnownBy | None  # how the team knows who they are; None: nobody does
    known_at: datetime | None
    known_by: str | None
    safe_way: SafeWay | None
    opened: datetime
    opened_by: str | None  # None: it came by modmail
    heard: datetime  # their last word
    answered: datetime | None
    messages: int
    cases: tuple[str, ...]  # labels, the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedWord:
    """One thing that stands sealed in a claim, opened."""

    number: int
    what: ClaimWord
    text: str
    at: datetime


class Claims:
    """Tables claims, claim_words, claim_cases, claim_heard and claim_texts."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def open(
        self,
        *,
        subreddit: str,
        source: ClaimSource,
        language: str,
        words: Iterable[tuple[ClaimWord, str]] = (),
        account: str | None = None,
        by: Actor | None = None,
    ) -> str:
        """Open a claim and seal what was said; return its opaque label. Raises SealError without a key."""
        own, name, now = new_key(), label("T"), self._c.now()
        with self._c:
            self._c.insert(
                "claims",
                {
                    "label": name,
                    "subreddit": subreddit.lower(),
                    "source": source,
                    "state": ClaimState.OPEN,
                    "age": AgeWhenMade.NOT_SAID,
                    "language": language,
                    "who": None if account is None else self._who(account),
                    "sealed_key": self._outer().encrypt(own.encode(), *claim_place(name, "sealed_key")),
                    "opened_at": now,
                    "opened_member": None if by is None else by.member,
                    "heard_at": now,
                },
            )
            for what, text in (*words, *([(ClaimWord.ACCOUNT, account)] if account else ())):
                self.add(name, what, text)
        return name

    def add(self, name: str, what: ClaimWord, text: str) -> int:
        """Seal one more thing in a claim; return its number. Raises StoreError if there is none that is open to it."""
        with self._c:
            row = self._one(name)
            sealed = self._own(row).encrypt(text.encode(), *claim_place(name, what))
            return self._c.insert(
                "claim_words", {"claim": row["id"], "what": what, "sealed": sealed, "at": self._c.now()}
            )

    def put(self, name: str, what: ClaimWord, text: str) -> None:
        """Seal something of which a claim has one, in place of what stood there; nothing if the text is empty."""
        with self._c:
            self._c.run(
                "delete from claim_words where what = ? and claim = (select id from claims where label = ?)",
                (what, name),
            )
            if text:
                self.add(name, what, text)

    def words(self, name: str, *kinds: ClaimWord) -> list[SealedWord]:
        """Return what is sealed in a claim, in order, of these kinds or all. Raises StoreError or SealError."""
        row = self._one(name)
        own = self._own(row)
        found = self._c.rows("select id, what, sealed, at from claim_words where claim = ? order by id", (row["id"],))
        return [
            SealedWord(
                number=one["id"],
                what=ClaimWord(one["what"]),
                text=own.decrypt(one["sealed"], *claim_place(name, one["what"])).decode(),
                at=from_iso(one["at"]),
            )
            for one in found
            if not kinds or one["what"] in kinds
        ]

    def word(self, name: str, what: ClaimWord) -> str:
        """Return the newest thing of one kind, empty if there is none. Raises as `words`."""
        found = self.words(name, what)
        return found[-1].text if found else ""

    def letter(self, name: str, number: int) -> tuple[str, str]:
        """Return the conversation into which an answer goes, and the answer. Raises StoreError if it is forgotten."""
        for one in self.words(name, ClaimWord.ANSWER):
            if one.number == number:
                return self.word(name, ClaimWord.CONVERSATION), one.text
        raise StoreError(f"claim {name} has no answer {number} any more")

    def of_account(self, account: str, subreddit: str) -> str | None:
        """Return the claim of an account that was not dismissed, or None; what it told others is another's to read."""
        found = self._c.value(
            "select label from claims where who = ? and subreddit = ? and state != ? order by id desc limit 1",
            (self._who(account), subreddit.lower(), ClaimState.DISMISSED),
        )
        return None if found is None else str(found)

    def dismissed_of(self, account: str) -> int:
        """Return how many claims of an account were dismissed and are remembered."""
        return int(
            self._c.value(
                "select count(*) from claims where who = ? and state = ?", (self._who(account), ClaimState.DISMISSED)
            )
        )

    def hear(self, message: str) -> bool:
        """Remember a message of a stranger's by a keyed digest; return whether it is new."""
        mark = self._outer().keyed_digest(f"claim heard: {message}")
        return bool(self._c.run("insert or ignore into claim_heard values (?, ?)", (mark, self._c.now())))

    def listing(self, *, everything: bool = False) -> list[ClaimRow]:
        """Return claims, those that wait for an answer first, then the oldest first; dismissed ones if `everything`."""
        rows = self._c.rows(
            f"""{_SELECT} where ? or c.state != 'dismissed'
                order by c.state not in ('open', 'to_give'), c.age not in ('in_doubt', 'under_18'), c.heard_at, c.id""",
            (everything,),
        )
        return [self._row(row) for row in rows]

    def waiting(self, subreddit: str | None = None) -> int:
        """Return how many claims wait for a person's answer, everywhere or in one subreddit."""
        found = self.waiting_by_subreddit()
        return sum(found.values()) if subreddit is None else found.get(subreddit.lower(), 0)

    def waiting_by_subreddit(self) -> dict[str, int]:
        """Return how many claims wait for a person's answer, by subreddit."""
        rows = self._c.rows(
            "select subreddit, count(*) as n from claims where state in (?, ?) group by subreddit",
            (ClaimState.OPEN, ClaimState.TO_GIVE),
        )
        return {row["subreddit"]: row["n"] for row in rows}

    def get(self, name: str) -> ClaimRow:
        """Return a claim by its label. Raises StoreError if there is none."""
        row = self._c.one(f"{_SELECT} where c.label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no claim {name}; see: gifwarden claims list")
        return self._row(row)

    def heard(self, name: str) -> None:
        """Note that they wrote again: the claim waits for a person's answer."""
        self._c.run("update claims set state = ?, heard_at = ? where label = ?", (ClaimState.OPEN, self._c.now(), name))

    def answered(self, name: str) -> None:
        """Note that a person answered."""
        self._c.run(
            "update claims set state = ?, answered_at = ? where label = ?", (ClaimState.ANSWERED, self._c.now(), name)
        )

    def to_give(self, name: str) -> None:
        """Note that an answer is written and that a person has to give it to them."""
        self._c.run("update claims set state = ? where label = ?", (ClaimState.TO_GIVE, name))

    def set_age(self, name: str, age: AgeWhenMade) -> None:
        """Note how old they were when it was made."""
        self._c.run("update claims set age = ? where label = ?", (age, name))

    def set_known(self, name: str, how: KnownBy, say: str, *, by: Actor) -> None:
        """Note how a member knows who they are; their sentence is sealed."""
        with self._c:
            self._c.run(
                """update claims set known = ?, known_at = ?, known_member = ?, known_credential = ? where label = ?""",
                (how, self._c.now(), by.member, by.credential, name),
            )
            self.put(name, ClaimWord.KNOWN, say)

    def set_safe_way(self, name: str, way: SafeWay, *, contact: str, hour: str) -> None:
        """Note how and when it is safe to write to them; where and when is sealed."""
        with self._c:
            self._c.run("update claims set safe_way = ? where label = ?", (way, name))
            self.put(name, ClaimWord.CONTACT, contact)
            self.put(name, ClaimWord.HOUR, hour)

    def link(self, name: str, *, cases: Sequence[int] = (), person: str | None = None) -> None:
        """Note which cases a claim is about, and which protected person they are. Raises StoreError."""
        with self._c:
            row = self._one(name)
            for case in cases:
                self._c.run("insert or ignore into claim_cases values (?, ?)", (row["id"], case))
            if person is not None:
                self._c.run("update claims set person = ? where id = ?", (person, row["id"]))

    def dismiss(self, name: str) -> None:
        """Note that it was no claim, and destroy what was said; only that the account was dismissed stays a while."""
        with self._c:
            row = self._one(name)
            for table in ("claim_words", "claim_cases", "claim_marks", "claim_minors"):
                self._c.run(f"delete from {table} where claim = ?", (row["id"],))  # noqa: S608  names from the line above
            self._c.run(
                """update claims set state = ?, closed_at = ?, sealed_key = null, person = null, safe_way = null
                   where id = ?""",
                (ClaimState.DISMISSED, self._c.now(), row["id"]),
            )

    def forget(self, name: str) -> None:
        """Destroy a claim, its key and all that it sealed. Raises StoreError if there is none."""
        with self._c:
            if not self._c.run("delete from claims where label = ?", (name,)):
                raise StoreError(f"there is no claim {name}; see: gifwarden claims list")
            self.keep_back(name, "the claim is forgotten")

    def keep_back(self, name: str, reason: str) -> int:
        """Cancel the answers that have not been sent; return how many."""
        return self._c.run(
            """update actions set state = 'cancelled', hold = null, reason = ?, updated_at = ?
               where key like ? || ':%' and state in ('planned', 'held', 'failed')""",
            (reason, self._c.now(), f"claim:{name}"),
        )

    def over(self, *, silent: datetime, dismissed: datetime, ended: datetime) -> list[str]:
        """Return what is to be forgotten.

        That is a claim with no word to or from them since `silent`, one dismissed before `dismissed`, and one all of
        whose notices ended before `ended`, if there were any and no word came since.
        """
        rows = self._c.rows(
            """select label from claims c where max(heard_at, coalesce(answered_at, '')) < :silent
               or (state = 'dismissed' and closed_at < :dismissed)
               or (state = 'answered' and max(heard_at, answered_at) < :ended
                   and exists (select 1 from claim_cases k join notice_items i on i.case_id = k.case_id
                               where k.claim = c.id)
                   and not exists (select 1 from claim_cases k join notice_items i on i.case_id = k.case_id
                                   join notices n on n.label = i.notice
                                   where k.claim = c.id and (n.state not in ('closed', 'retracted')
                                   or coalesce(n.ended_at, n.updated_at) >= :ended)))
               order by id""",
            {"silent": iso(silent), "dismissed": iso(dismissed), "ended": iso(ended)},
        )
        return [row["label"] for row in rows]

    def forget_heard(self, before: datetime) -> None:
        """Forget which messages were heard before then."""
        self._c.run("delete from claim_heard where at < ?", (iso(before),))

    def posts_of_media(self, host: str, id: str) -> list[str]:
        """Return the stored posts that link to a media of a host."""
        rows = self._c.rows("select distinct post from links where host = ? and host_id = ?", (host, id))
        return [row["post"] for row in rows]

    def approve(self, language: str, digest: str, *, by: Actor) -> None:
        """Note that a member read the texts of a language as they are and approves of them."""
        self._c.run(
            "insert or replace into claim_texts values (?, ?, ?, ?)", (language, digest, self._c.now(), by.member)
        )

    def approved(self, language: str, digest: str) -> bool:
        """Return whether somebody approved of exactly these texts."""
        found = self._c.value("select 1 from claim_texts where language = ? and digest = ?", (language, digest))
        return found is not None

    def _one(self, name: str) -> Row:
        row = self._c.one("select id, label, sealed_key from claims where label = ?", (name,))
        if row is None:
            raise StoreError(f"there is no claim {name}; see: gifwarden claims list")
        return row

    @staticmethod
    def _row(row: Row) -> ClaimRow:
        return ClaimRow(
            id=row["id"],
            label=row["label"],
            subreddit=row["subreddit"],
            source=ClaimSource(row["source"]),
            state=ClaimState(row["state"]),
            age=AgeWhenMade(row["age"]),
            language=row["language"],
            person=row["person"],
            known=KnownBy(row["known"]) if row["known"] else None,
            known_at=moment(row["known_at"]),
            known_by=row["known_by"],
            safe_way=SafeWay(row["safe_way"]) if row["safe_way"] else None,
            opened=from_iso(row["opened_at"]),
            opened_by=row["opened_by"],
            heard=from_iso(row["heard_at"]),
            answered=moment(row["answered_at"]),
            messages=row["messages"],
            cases=loads(tuple[str, ...], row["cases"]),
        )

    def _who(self, account: str) -> str:
        return self._outer().keyed_digest(f"claimant: {account.casefold()}")

    def _outer(self) -> FieldCipher:
        if self._seal is None:
            raise SealError("there is no sealing key; run: gifwarden init")
        return self._seal

    def _own(self, row: Row) -> FieldCipher:
        if row["sealed_key"] is None:
            raise StoreError(f"claim {row['label']} was dismissed, and what it said is destroyed")
        key = self._outer().decrypt(row["sealed_key"], *claim_place(row["label"], "sealed_key"))
        own = FieldCipher(key.decode())
        own.only_bound()
        return own


_SELECT = """select c.*, k.name as known_by, o.name as opened_by,
    (select count(*) from claim_words w where w.claim = c.id and w.what = 'message') as messages,
    (select json_group_array(label) from (select a.label from claim_cases j join cases a on a.id = j.case_id
     where j.claim = c.id order by a.id)) as cases
    from claims c left join team k on k.id = c.known_member left join team o on o.id = c.opened_member"""
