"""Banks and their entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from bot.clock import from_iso, iso
from bot.errors import ConflictError, MarkedFileError, StoreError
from bot.model import Actor, Backing, BankKind, Credential, Fingerprint, Signal, Withdrawal
from bot.store.base import Connection, Row, label
from bot.store.entries import EntryRow, listed
from bot.store.lists import Lists
from bot.store.local_features import Sketches
from bot.store.minors import Minors, names_of

A_DAY = timedelta(days=1)  # between two words of the same person

# The words for each entry, by whom they are: the one that put it in, and those that followed. A name that was typed
# is nobody's word. Names of earlier versions count for whom they name, as they did then.
WORDS = f"""select p.id as person, w.credential, w.at, p.account, p.reddit, p.off_reddit from (
              select added_member as member, added_credential as credential, added_at as at from entries
              where id = :entry
              union all select member, credential, at from entry_words where entry = :entry) w
            join team t on t.id = w.member
            join team p on p.id = coalesce(t.same_as, t.id)
            where w.credential != '{Credential.TYPED}' order by w.at"""  # noqa: S608  a word of ours

LISTING = """select b.name, b.kind, b.distance,
    count(e.id) filter (where e.state = 'active') as entries,
    count(e.id) filter (where e.state = 'active' and e.standing = 'two_people') as confirmed,
    count(e.id) filter (where e.state = 'active' and e.standing = 'one_person') as one_person,
    count(e.id) filter (where e.state = 'withdrawn') as withdrawn,
    iif(:hashes, (select count(*) from signals s join entries x on x.id = s.entry
                  where x.bank = b.id and x.state = 'active')
                 + (select coalesce(sum(l.pdq + l.phash), 0) from lists l where l.bank = b.id), 0) as signals,
    (select coalesce(sum(l.rows - l.made), 0) from lists l where l.bank = b.id) as listed
    from banks b left join entries e on e.bank = b.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRow:
    """A bank and how much it holds."""

    name: str
    kind: BankKind
    distance: int | None
    entries: int
    confirmed: int  # by two people
    one_person: int  # by the same, twice
    withdrawn: int
    signals: int  # of active entries, and of listed rows; 0 where they are not counted
    listed: int  # rows of lists that are no entries: they match, and are made entries when they do


class Banks:
    """Tables banks, entries, entry_files and signals; sketches are kept with them."""

    def __init__(self, connection: Connection, sketches: Sketches, minors: Minors, lists: Lists) -> None:
        self._c = connection
        self._lists = lists
        self._minors = minors
        self._sketches = sketches

    def create(self, name: str, kind: BankKind, distance: int | None = None) -> None:
        """Create a bank. Raises StoreError if the name is taken."""
        with self._c:
            if self._c.value("select 1 from banks where name = ?", (name,)):
                raise ConflictError(f"there is a bank {name} already; see: gifwarden bank list")
            self._c.insert("banks", {"name": name, "kind": kind, "distance": distance, "created_at": self._c.now()})

    def names(self) -> list[str]:
        """Return the names of all banks."""
        return [name for (name,) in self._c.tuples("select name from banks order by name")]

    def kinds(self) -> dict[str, BankKind]:
        """Return the kinds of all banks by name."""
        return dict(self._c.tuples("select name, kind from banks order by name"))

    def listing(self, name: str | None = None, *, hashes: bool = True) -> list[BankRow]:
        """Return all banks by name, or one; without `hashes` signals are not counted, for that takes long."""
        return [
            BankRow(**row)
            for row in self._c.rows(
                f"{LISTING} where :name is null or b.name = :name group by b.id order by b.name",
                {"name": name, "hashes": hashes},
            )
        ]

    def add(self, bank: str, fingerprint: Fingerprint, *, by: Actor) -> tuple[str, bool]:
        """Put a media into a bank; return its entry's label and whether it is new.

        The same file is one entry in one bank, which then gets a signature of its motion if it has none; a part of
        something longer comes without digests. Raises StoreError if there is no such bank, MarkedFileError if a file
        was marked as a suspected minor's: it may have been since the media was fetched.
        """
        files = {pair for pair in ((fingerprint.sha256, fingerprint.md5), *fingerprint.also) if all(pair)}
        with self._c:
            if self._minors.is_never(*(name for pair in files for name in names_of(*pair))):
                raise MarkedFileError()
            row = self._c.one("select id from banks where name = ?", (bank,))
            if row is None:
                raise StoreError(f"there is no bank {bank}; run: gifwarden bank create {bank} --kind block")
            known = self._c.one(
                """select e.id, e.label from entries e join entry_files f on f.entry = e.id
                   where e.bank = ? and f.sha256 = ? and e.state = 'active'""",
                (row["id"], fingerprint.sha256),
            )
            if known:
                self._sketches.fill(known["id"], fingerprint, borrowed=False)
                return str(known["label"]), False
            name = label("E")
            entry = self._c.insert(
                "entries",
                {
                    "label": name,
                    "bank": row["id"],
                    "state": "active",
                    "added_by": by.name,
                    "added_member": by.member,
                    "added_credential": by.credential,
                    "added_at": self._c.now(),
                    "duration": fingerprint.duration,
                },
            )
            self._c.insert_all(
                "entry_files", ({"entry": entry, "sha256": sha, "md5": md5} for sha, md5 in sorted(files))
            )
            self._c.insert_all("signals", _signals(entry, fingerprint.signals))
            self._sketches.keep(entry, fingerprint)
            self._changed()
        return name, True

    def allow(self, name: str, *, against: Iterable[str]) -> None:
        """Let an allow entry speak against these entries; labels that are not there are passed over."""
        with self._c:
            for label_ in dict.fromkeys(against):
                self._c.run(
                    """insert or ignore into allow_pairs select a.id, e.id from entries a, entries e
                       where a.label = ? and e.label = ?""",
                    (name, label_),
                )
            self._changed()

    def destroy(self, name: str, why: Withdrawal = Withdrawal.UNSAID) -> bool:
        """Withdraw an entry for good: its signals, files and notes are deleted; False if there is no such entry.

        `why` counts if it was not withdrawn yet.
        """
        with self._c:
            entry = self._c.value("select id from entries where label = ?", (name,))
            if entry is None:
                return False
            self._c.run(
                """update entries set state = 'withdrawn', withdrawn_at = coalesce(withdrawn_at, ?),
                   withdrawal = coalesce(withdrawal, ?) where id = ?""",
                (self._c.now(), why, entry),
            )
            for table in ("signals", "entry_files", "sketches", "entry_notes"):
                self._c.run(f"delete from {table} where entry = ?", (entry,))  # noqa: S608  names from the line above
            self._c.run("delete from allow_pairs where ? in (allow, against)", (entry,))
            self._lists.destroyed(int(entry))
            self._changed()
        return True

    def destroy_withdrawn(self, before: datetime) -> int:
        """Destroy entries that were withdrawn before then; return how many."""
        with self._c:  # whoever restores one comes before or after
            rows = self._c.rows(
                """select label from entries e where state = 'withdrawn' and withdrawn_at <= ? and
                   (exists (select 1 from signals where entry = e.id) or
                    exists (select 1 from entry_files where entry = e.id) or
                    exists (select 1 from entry_notes where entry = e.id))""",
                (iso(before),),
            )
            return sum(self.destroy(row["label"]) for row in rows)

    def confirm(self, name: str, *, by: Actor, alone: bool = False) -> Backing:
        """Add a person's word for an entry; return how many people's it has then.

        `alone`: the same person may give a second one, a day after their first. Raises StoreError if there is no such
        entry, or the word would add nothing: the same person's, too early, or under a name that was typed.
        """
        with self._c:
            row = self._c.one("select id, standing, state from entries where label = ?", (name,))
            if row is None or row["state"] != "active":
                raise StoreError(f"there is no active entry {name}; see: gifwarden bank list --entries")
            if row["standing"] == Backing.TWO_PEOPLE:
                return Backing.TWO_PEOPLE
            me = self._c.value("select coalesce(same_as, id) from team where id = ?", (by.member,))
            words = self._c.rows(WORDS, {"entry": row["id"]})
            people = {word["person"] for word in words}
            if not by.credential.own:
                raise ConflictError(
                    f"{by.name} must confirm {name} by themselves: under their own system account, or by an order on "
                    "Reddit; a name that is typed under another account is nobody's word"
                )
            if people == {me}:
                if not alone:
                    raise ConflictError(f"{by.name} gave a word for {name} already; a second person must confirm it")
                if self._c.clock.now() - from_iso(words[0]["at"]) < A_DAY:
                    raise ConflictError(f"it is too early for a second word on {name}; give it a day after your first")
            self._c.insert(
                "entry_words",
                {"entry": row["id"], "member": by.member, "credential": by.credential, "at": self._c.now()},
            )
            self._c.run(
                "update entries set confirmed_by = ?, confirmed_member = ?, confirmed_at = ? where id = ?",
                (by.name, by.member, self._c.now(), row["id"]),
            )
            return self._weigh(row["id"])

    def standing(self, name: str) -> Backing | None:
        """Return how many people's words an entry has; None if there is no such entry."""
        found = self._c.value("select standing from entries where label = ?", (name,))
        return Backing(found) if found else None

    def count(self, standing: Backing) -> int:
        """Return how many active entries have so many people's words."""
        found = self._c.value("select count(*) from entries where state = 'active' and standing = ?", (standing,))
        return int(found)

    def weigh_words_of(self, member: int, *, anew: bool) -> None:
        """Count anew how many people's words the entries have for which a member gave one: more is known of them.

        `anew`: what they had before does not count, for two rows became one.
        """
        with self._c:
            rows = self._c.rows(
                """select e.id from entries e join team t on t.id in (e.added_member, e.confirmed_member)
                   where ? in (t.id, t.same_as) union
                   select w.entry from entry_words w join team t on t.id = w.member where ? in (t.id, t.same_as)""",
                (member, member),
            )
            for row in rows:
                self._weigh(row["id"], anew=anew)

    def _weigh(self, entry: int, *, anew: bool = False) -> Backing:
        """Write down how many people's words an entry has; `anew`: what it had before does not count."""
        words = self._c.rows(WORDS, {"entry": entry})
        times: dict[int, list[datetime]] = {}
        for word in words:
            times.setdefault(word["person"], []).append(from_iso(word["at"]))
        before = Backing(self._c.value("select standing from entries where id = ?", (entry,)))
        if any(_apart(one, other) for one, other in combinations(words, 2)):
            now = Backing.TWO_PEOPLE
        elif any(given[-1] - given[0] >= A_DAY for given in times.values()):
            now = Backing.ONE_PERSON
        else:
            now = Backing.WAITS if anew or before != Backing.AGAIN else before
        self._c.run("update entries set standing = ? where id = ?", (now, entry))
        self._changed()
        return now

    def withdraw(self, name: str, why: Withdrawal = Withdrawal.UNSAID) -> None:
        """Stop an entry from matching. Raises StoreError if there is no such active entry."""
        with self._c:
            if not self._c.run(
                """update entries set state = 'withdrawn', withdrawn_at = ?, withdrawal = ?, followed_at = null
                   where label = ? and state = 'active'""",
                (self._c.now(), why, name),
            ):
                raise StoreError(f"there is no active entry {name}; see: gifwarden bank list --entries")
            self._changed()

    def restore(self, name: str) -> None:
        """Let a withdrawn entry match again; it must be confirmed anew.

        Raises StoreError if it is not withdrawn, or destroyed by now.
        """
        with self._c:
            row = self._c.one(
                """select state, exists (select 1 from signals where entry = entries.id)
                   or exists (select 1 from entry_files where entry = entries.id) as held
                   from entries where label = ?""",
                (name,),
            )
            if row and row["state"] == "withdrawn" and not row["held"]:
                raise ConflictError(f"{name} was destroyed after it was withdrawn; bank its media again")
            if not self._c.run(
                """update entries set state = 'active', withdrawn_at = null, withdrawal = null, followed_at = null,
                   logged_at = null, withdrawn_by = null, withdrawn_member = null, confirmed_by = null,
                   confirmed_at = null, confirmed_member = null, standing = 'waits'
                   where label = ? and state = 'withdrawn'""",
                (name,),
            ):
                raise StoreError(f"there is no withdrawn entry {name}; see: gifwarden bank list --entries")
            self._c.run("delete from entry_words where entry = (select id from entries where label = ?)", (name,))
            self._changed()

    def entries(self, bank: str | None = None) -> list[EntryRow]:
        """Return the entries of a bank or of all, without signals."""
        return listed(self._c, bank)

    def near(self, name: str) -> list[str]:
        """Return labels of entries that begin or end as this one does, for whoever mistyped one."""
        rows = self._c.rows(
            "select label from entries where label like ? or label like ? limit 1000", (f"{name[:6]}%", f"%{name[-4:]}")
        )
        return [row["label"] for row in rows]

    def same_file(self, name: str) -> list[tuple[str, BankKind]]:
        """Return the other active entries that hold a very file of this one, each with the kind of its bank."""
        rows = self._c.rows(
            """select distinct o.label, b.kind from entries e join entry_files f on f.entry = e.id
               join entry_files g on g.sha256 = f.sha256 and g.entry != e.id
               join entries o on o.id = g.entry and o.state = 'active' join banks b on b.id = o.bank
               where e.label = ? order by o.id""",
            (name,),
        )
        return [(row["label"], row["kind"]) for row in rows]

    def signals(self, name: str) -> tuple[Signal, ...]:
        """Return the signals of one entry, in the order of time."""
        rows = self._c.rows(
            """select s.type, s.value, s.quality, s.t from signals s join entries e on e.id = s.entry
               where e.label = ? order by s.id""",
            (name,),
        )
        return tuple(Signal(**row) for row in rows)

    def hits(self) -> list[Row]:
        """Return how often each entry stood in stored evidence, most often first."""
        return self._c.rows(
            """select json_extract(m.value, '$.bank') as bank, json_extract(m.value, '$.entry') as entry,
               count(*) as matches, sum(json_extract(m.value, '$.method') in ('sha256', 'md5')) as exact,
               sum(json_extract(m.value, '$.suppressed')) as suppressed, max(e.at) as last
               from evidence e, json_each(e.data, '$.matches') m group by 1, 2 order by matches desc, entry"""
        )

    def version(self) -> int:
        """Return a number that grows whenever a bank changes, here or in another process."""
        return int(self._c.value("select value from versions where name = 'banks'") or 0)

    def _changed(self) -> None:
        self._c.run("insert into versions values ('banks', 1) on conflict do update set value = value + 1")


def _apart(one: Row, other: Row) -> bool:
    """Return whether two words are surely two people's.

    A system account and a Reddit account may be one person's: until it is noted whose they are, they count once. So it
    is with who signed in to the console and a Reddit account.
    """
    if one["person"] == other["person"]:
        return False
    ways = {Credential.REDDIT if word["credential"] == Credential.REDDIT else None: word for word in (one, other)}
    if len(ways) == 1 or Credential.EARLIER in (one["credential"], other["credential"]):
        return True
    here, there = ways[None], ways[Credential.REDDIT]
    return bool(here["reddit"] or here["off_reddit"] or there["account"])


def _signals(entry: int, signals: Iterable[Signal]) -> Iterator[Row]:
    for signal in signals:
        yield {"entry": entry, "type": signal.type, "value": signal.value, "quality": signal.quality, "t": signal.t}
