"""What decisions teach the banks: what was confirmed becomes known, what was dismissed is not taken for it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import ReviewConfig
from bot.errors import ConflictError, DatabaseError, StoreError, UsageError
from bot.fingerprint import from_json
from bot.model import Actor, Backing, EntryNote, Fingerprint, Match, SourceMatch, Withdrawal
from bot.pipeline.reviewing.excerpts import Span, innocent_part, marked_part, matched_part
from bot.pipeline.reviewing.words.entry import of_a_minor
from bot.pipeline.scanning.scanner import Scanner
from bot.store import Banking, CaseRow, Said, Store
from bot.store.banks import A_DAY

ALLOWED = "allowed"  # the bank of what was dismissed


@dataclass(frozen=True, slots=True, kw_only=True)
class Banked:
    """What came of banking a media. `seconded`: it was there, and this word is the second person's."""

    label: str
    new: bool
    seconded: bool = False


class BankFeedback:
    """Puts media of cases into banks and takes them out again."""

    def __init__(self, review: ReviewConfig, store: Store, working: Scanner) -> None:
        self._review = review
        self._store = store
        self._working = working

    def pair(self, label: str, found: Fingerprint, against: Sequence[str] = ()) -> tuple[str, ...]:
        """Let an allow entry of this media speak against entries, by default those that it is taken for now.

        Return their labels.
        """
        if not against:
            matches = self._working.taken_for(found)
            against = [match.entry for match in matches if match.bank_kind != "allow" and not match.exact]
        with self._store.transaction():
            self._store.lists.make_entries(against)
            self._store.banks.allow(label, against=against)
        return tuple(against)

    def looks_like(self, found: Fingerprint) -> list[Match | SourceMatch]:
        """Return which entries a media that is to be banked looks like, its very file left out, the surest first.

        Call it outside a transaction: a search may wait for whoever searches, who may wait for the database.
        """
        matches, sources = self._working.resembles(found)
        near = [match for match in matches if match.bank_kind != "allow" and not (match.exact or match.suppressed)]
        near.sort(key=lambda match: (match.unsure, -match.coverage_query))
        return [*near, *(source for source in sources if source.kind != "same_place")]

    def add(self, bank: str, found: Fingerprint, *, by: Actor, note: EntryNote | None = None, why: str = "") -> Banked:
        """Put a media into a bank, with what is noted of it.

        If its very file is there already, this word counts as the second person's, if it is. Raises as `Banks.add`
        does, and UsageError if the note is none.
        """
        store = self._store
        with store.transaction():
            label, new = store.banks.add(bank, found, by=by)
            if new:
                store.audit.record(by=by, what=f"entry added to {bank}", subject=label, why=why or None)
            if note is not None:
                store.notes.put(label, note, by=by)
                store.audit.record(by=by, what="entry noted", subject=label)
            return Banked(label=label, new=new, seconded=not new and self.second(label, by))

    def confirm_entry(self, label: str, *, by: Actor) -> Backing:
        """Give a word for an entry, which settles what was said against it; return how many people's it has then.

        With review.confirmations = 1 the same person may, a day after their first. Raises StoreError if it is too
        early for that, or if they are the only one so far, UsageError for what is a suspected minor's, or if they
        themselves disputed it.
        """
        self.refuse_minors(label)
        store, alone = self._store, self._review.confirmations == 1
        with store.transaction():
            against = store.opinions.against(label)
            if not against:
                return store.banks.confirm(label, by=by, alone=alone)
            self._other_than_who_disputed(label, against, by)
            store.opinions.settle(label, by=by)
            store.audit.record(by=by, what="dispute settled", subject=label)
            try:
                return store.banks.confirm(label, by=by, alone=alone)
            except DatabaseError:
                raise
            except StoreError:  # who gave their word for it before has answered the dispute all the same
                standing = store.banks.standing(label)
                if standing is None:
                    raise
                return standing

    def _other_than_who_disputed(self, label: str, against: Sequence[Said], by: Actor) -> None:
        people = self._store.team
        if not by.credential.own:
            raise UsageError(
                f"{label} is disputed, and whoever answers that gives their word under their own system account; a "
                "name that is typed under another one tells nobody"
            )
        for said in against:
            if said.case is None:  # a list's other users say so: any of us may answer
                continue
            late = said.at is not None and self._store.connection.clock.now() - said.at >= A_DAY
            if self._review.confirmations == 1 and late:
                continue
            if said.member is not None and people.one(said.member) == people.one(by.member):
                raise UsageError(
                    f"{by.name} dismissed {said.case}, which disputes {label}; another person answers that, or take "
                    f"the decision back: gifwarden cases undo {said.case}"
                )

    def restore_entry(self, label: str) -> None:
        """Let a withdrawn entry match again. Raises StoreError if it cannot, UsageError for a suspected minor's."""
        self.refuse_minors(label)
        self._store.banks.restore(label)

    def refuse_minors(self, label: str) -> None:
        """Raise UsageError if an entry holds a file that was marked as a suspected minor's."""
        if self._store.minors.is_never_label(label):
            raise UsageError(of_a_minor(label))

    def can_bank(self, case: CaseRow, banking: Banking) -> None:
        """Raise StoreError if there is no such bank or nothing to bank, UsageError if what is marked is not there."""
        if banking.bank not in self._store.banks.kinds():
            raise StoreError(f"there is no bank {banking.bank}; run: gifwarden bank create {banking.bank}")
        self._chosen(case, banking)

    def bank_from(self, case: CaseRow, banking: Banking, *, by: Actor) -> list[str]:
        """Bank what matched in a case's media, or what a moderator marked; return a line on what is there already.

        Raises as `can_bank` does, and MarkedFileError for what was marked as a suspected minor's.
        """
        lines = [self._bank(case, banking.bank, found, by=by) for found in self._chosen(case, banking)]
        return [line for line in lines if line]

    def _chosen(self, case: CaseRow, banking: Banking) -> list[Fingerprint]:
        if banking.start is None or banking.end is None:
            if case.proposal is not None:
                return [self._whole(case, banking.media)]
            if banking.media is not None:
                raise UsageError("--media needs a marked range; give --from and --to")
            return self._bankable(case)
        return [self._marked(case, (banking.start, banking.end), banking.media)]

    def _whole(self, case: CaseRow, media: int | None) -> Fingerprint:
        """Return the media of a proposal. Raises UsageError if there are several and none is named, or it is none."""
        prints = dict(self._prints(case))
        if not prints:
            raise ConflictError(
                f"{case.label} holds no fingerprint of its media; it is being fetched again, or is gone"
            )
        if media is None and len(prints) > 1:
            raise UsageError(
                f"{case.label} has {len(prints)} media, and not each need be a fake; say which with --bank "
                f"{case.proposal} --media"
            )
        found = next(iter(prints.values())) if media is None else prints.get(media)
        if found is None:
            raise ConflictError(f"case {case.label} holds no fingerprint of that media")
        return found

    def _bank(self, case: CaseRow, bank: str, found: Fingerprint, *, by: Actor) -> str:
        store = self._store
        banked = self.add(bank, found, by=by, why=case.label)
        if banked.new:
            store.review.made(case.id, banked.label, "banked")
            return ""
        return f"{banked.label} in {bank} is this very file already"

    def second(self, label: str, by: Actor) -> bool:
        """Let a decision count as a second person's word for an entry, if it is another's; return whether it does.

        Never as the same person's second one: who decides is shown who banked it.
        """
        if self._store.banks.standing(label) is Backing.TWO_PEOPLE:
            return False
        try:
            standing = self._store.banks.confirm(label, by=by)
        except DatabaseError:
            raise
        except StoreError:  # the same person upholds what they banked: it still waits for a second one
            return False
        self._store.audit.record(by=by, what="entry confirm", subject=label)
        return standing is Backing.TWO_PEOPLE

    def teach(self, case: CaseRow, *, by: Actor) -> list[str]:
        """Let what wrongly looked like an entry speak against that entry; return a line each."""
        lines: list[str] = []
        if case.proposal is not None:
            return [self._allow(case, found, (), by=by) for _, found in self._prints(case)]
        matches, evidence = self._matches(case), self._store.links.evidence(case.link)
        sources = evidence.source if evidence else ()
        for media, found in self._prints(case):
            ours = [match for match in matches if match.media == media]
            footage = [source for source in sources if source.media == media]
            for match in ours:
                if match.exact and match.bank_kind != "allow":
                    lines.append(
                        f"{match.entry} in {match.bank} is this very file and goes on matching it; if it does not "
                        f"belong there: gifwarden bank remove {match.entry}"
                    )
            if (part := innocent_part(found, ours, footage)) is not None:
                lines.append(self._allow(case, *part, by=by))
        return lines

    def _allow(self, case: CaseRow, found: Fingerprint, against: tuple[str, ...], *, by: Actor) -> str:
        store = self._store
        label, _ = store.banks.add(self._allow_bank(), found, by=by)
        store.banks.allow(label, against=against)
        store.review.made(case.id, label, "allowed")
        store.audit.record(by=by, what="allow entry added", subject=label, why=case.label)
        if not against:
            return f"{label}: this media is not proposed again"
        return f"{label}: these frames are no longer taken for {', '.join(against)}"

    def _allow_bank(self) -> str:
        banks = self._store.banks
        kinds = banks.kinds()
        name = ALLOWED
        while kinds.get(name, "allow") != "allow":
            name += "-pairs"
        if name not in kinds:
            banks.create(name, "allow")
        return name

    def unbank(self, case: CaseRow, *, by: Actor, keep: bool = True) -> list[str]:
        """Destroy the entries that confirming this case banked; `keep`: their frames speak for the media from now on.

        The wrong confirmation deleted the fingerprint, so that entry is all that is left to learn the pair from.
        """
        store, lines = self._store, []
        banked = store.review.made_by(case.id, "banked")
        if not banked:
            return []
        looked_like = tuple(
            dict.fromkeys(
                match.entry for match in self._matches(case) if match.bank_kind != "allow" and not match.suppressed
            )
        )
        for label in banked if keep and looked_like else ():
            if signals := store.banks.signals(label):
                part = Fingerprint(
                    kind="video", format="", sha256="", md5="", width=0, height=0, duration=None, frames=0,
                    signals=signals,
                )  # fmt: skip
                lines.append(self._allow(case, part, looked_like, by=by))
        for label in banked:
            # dismissed, it never was a fake; undone, nobody says so yet
            store.banks.destroy(label, Withdrawal.WRONG if keep else Withdrawal.UNSAID)
            store.audit.record(by=by, what="entry withdraw", subject=label, why=case.label)
            lines.append(f"{label}: withdrawn, its fingerprints are destroyed")
        return lines

    def unlearn(self, case: CaseRow, *, by: Actor) -> list[str]:
        """Destroy the allow entries that dismissing this case made; return a line each."""
        lines = []
        for label in self._store.review.made_by(case.id, "allowed"):
            self._store.banks.destroy(label)
            self._store.audit.record(by=by, what="allow entry withdrawn", subject=label, why=case.label)
            lines.append(f"{label}: speaks for this media no more")
        return lines

    def _matches(self, case: CaseRow) -> list[Match]:
        evidence = self._store.links.evidence(case.link)
        return list(evidence.matches) if evidence else []

    def _prints(self, case: CaseRow) -> list[tuple[int, Fingerprint]]:
        return [(media, from_json(json.loads(data))) for media, data in self._store.links.fingerprints(case.link)]

    def _marked(self, case: CaseRow, span: Span, media: int | None) -> Fingerprint:
        prints = dict(self._prints(case))
        if media is None and len(prints) == 1:
            media = next(iter(prints))
        if media is None and prints:
            raise UsageError(f"{case.label} has {len(prints)} media; say with --media which one the range is in")
        if media not in prints:
            raise ConflictError(f"case {case.label} holds no fingerprint of that media; confirm it without --bank")
        return marked_part(prints[media], span)

    def _bankable(self, case: CaseRow) -> list[Fingerprint]:
        """What matched in a case's media. Raises StoreError if nothing did."""
        matches = self._matches(case)
        found = [
            part
            for media, whole in self._prints(case)
            if (part := matched_part(whole, [match for match in matches if match.media == media])) is not None
        ]
        if not found:
            raise ConflictError(
                f"case {case.label} holds nothing that matched and could be banked; mark a range of seconds (--from "
                "and --to), or confirm it without a bank"
            )
        return found
