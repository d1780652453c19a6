"""The only SQL. SQLite is the truth and the queue: every step is one short `BEGIN IMMEDIATE` transaction."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from bot.clock import Clock
from bot.encryption import FieldCipher
from bot.store.actions import Actions
from bot.store.approved_texts import ApprovedText, ApprovedTexts
from bot.store.audit import AuditLog
from bot.store.authors import Authors
from bot.store.backfills import BackfillRow, Backfills
from bot.store.backup import Backup
from bot.store.bank_index import BankIndexRows
from bot.store.banks import Banks
from bot.store.base import CONNECTION, Connection, Factory, ReadingConnection
from bot.store.carried import Carried, CarriedRow
from bot.store.case_decisions import Banking, CaseDecisions, DecisionRow
from bot.store.case_queue import CaseQueue
from bot.store.cases import CaseRow, Cases, GroupRow
from bot.store.claims import ClaimRow, Claims, SealedWord
from bot.store.commands import Commands, OrderRow
from bot.store.digests import Digests
from bot.store.entries import Entries, EntryFilter, EntryPast, EntryRow
from bot.store.entry_notes import EntryNotes
from bot.store.exchanges import ExchangeRow, Exchanges
from bot.store.feedback import Feedback, FeedbackRow
from bot.store.flood import Flood, QuarantineRow
from bot.store.gallery import Gallery, PersonRow
from bot.store.grounds import Grounds
from bot.store.handed import HandedNotices
from bot.store.health import Health
from bot.store.hours import Hours
from bot.store.judgements import Judgement, Judgements
from bot.store.keyboards import Keyboards
from bot.store.kill_switch import KillSwitch, StopRow
from bot.store.lease import DaemonLease
from bot.store.links import LinkRow, Links
from bot.store.list_index import ListIndexRows
from bot.store.lists import Lists
from bot.store.local_features import Sketches
from bot.store.looking import Looking
from bot.store.maintenance import Maintenance
from bot.store.metrics import Metrics
from bot.store.minor_footage import MinorFootage
from bot.store.minors import MinorRow, Minors
from bot.store.missing import MissingFiles
from bot.store.never import Never
from bot.store.notice_answers import AnswerRow, Mailboxes, NoticeAnswers
from bot.store.notice_changes import NoticeChanges
from bot.store.notice_events import NoticeEvents
from bot.store.notice_life import LifeItem, NoticeLife
from bot.store.notice_recourses import NoticeRecourses
from bot.store.notice_rows import NoticeRow
from bot.store.notice_scores import NoticeScores
from bot.store.notices import Notices
from bot.store.opinions import Opinions, Said
from bot.store.paged import Paged
from bot.store.past_removals import LearningRow, PastRemoval, PastRemovals
from bot.store.permalinks import Linked
from bot.store.proposals import ProposalPast, ProposalRow, Proposals
from bot.store.queue import CachedScan, Queue
from bot.store.removals import Removals
from bot.store.retention import Forgetting
from bot.store.review import AppealRow, Review
from bot.store.sealing import Sealing
from bot.store.sign_ins import SignIns
from bot.store.subreddits import LossRow, SubredditState, Watched
from bot.store.team import Team
from bot.store.told import Told
from bot.store.told_cases import ToldCases
from bot.store.tries import Tries
from bot.store.turns import Turns
from bot.store.untold import Untold
from bot.store.waits import Waits
from bot.store.watermarks import Watermarks
from bot.store.wiki import WikiRow, WikiRules
from bot.store.withdrawal_log import WithdrawalLog
from bot.store.withdrawals import Withdrawals, WithdrawnRow

__all__ = [
    "ActionRow",
    "AnswerRow",
    "AppealRow",
    "ApprovedText",
    "BackfillRow",
    "Banking",
    "CachedScan",
    "CarriedRow",
    "CaseRow",
    "ClaimRow",
    "DecisionRow",
    "EntryFilter",
    "EntryPast",
    "EntryRow",
    "ExchangeRow",
    "FeedbackRow",
    "GroupRow",
    "Judgement",
    "LearningRow",
    "LifeItem",
    "LinkRow",
    "LossRow",
    "MinorRow",
    "NoticeRow",
    "OrderRow",
    "PastRemoval",
    "PersonRow",
    "ProposalPast",
    "ProposalRow",
    "QuarantineRow",
    "Said",
    "SealedWord",
    "StopRow",
    "Store",
    "SubredditState",
    "WikiRow",
    "WithdrawnRow",
]

from bot.store.action_rows import ActionRow


class Store:
    """One database. Safe to share between threads; other processes may write beside it."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        seal: FieldCipher | None = None,
        factory: Factory = CONNECTION,
        *,
        reading: bool = False,
    ) -> None:
        """Open or create the database at `path` (None: in memory) and bring it up to date.

        `reading`: open one that is up to date, and only read: `transaction` is then one moment of it. `seal` is needed
        to keep fingerprints of links. Raises StoreError if the file is not ours or is newer, and SealError if `seal` is
        another key than the one that sealed it.
        """
        self.path = path
        self._clock, self._seal, self._factory = clock, seal, factory
        self.connection = (ReadingConnection if reading else Connection)(path, clock, factory)
        self.footage = MinorFootage(self.connection)
        self.never = Never(self.connection, seal)
        self.minors = Minors(self.connection, seal, self.footage, self.never)
        self.untold = Untold(self.connection)
        self.judgements = Judgements(self.connection)
        self.links = Links(self.connection, seal, self.minors, self.untold)
        self.missing = MissingFiles(self.connection)
        self.queue = Queue(self.connection, seal)
        self.sketches = Sketches(self.connection, seal)
        self.lists = Lists(self.connection)
        self.listed = ListIndexRows(self.connection, self.lists.keys)
        self.banks = Banks(self.connection, self.sketches, self.minors, self.lists)
        self.notes = EntryNotes(self.connection, seal)
        self.entries = Entries(self.connection, self.notes)
        self.opinions = Opinions(self.connection)
        self.feedback = Feedback(self.connection, self.opinions, self.minors)
        self.known = BankIndexRows(self.connection, self.opinions)
        self.withdrawn = Withdrawals(self.connection)
        self.exchanges = Exchanges(self.connection)
        self.carried = Carried(self.connection)
        self.withdrawal_log = WithdrawalLog(self.connection, seal, self.lists)
        self.cases = Cases(self.connection, seal)
        self.case_queue = CaseQueue(self.connection, self.cases)
        self.decided = CaseDecisions(self.connection)
        self.actions = Actions(self.connection)
        self.told = Told(self.connection, self.actions)
        self.told_cases = ToldCases(self.connection)
        self.approved_texts = ApprovedTexts(self.connection)
        self.notice_events = NoticeEvents(self.connection)
        self.notice_life = NoticeLife(self.connection, self.notice_events)
        self.grounds = Grounds(self.connection)
        self.notice_recourses = NoticeRecourses(self.connection)
        self.notice_scores = NoticeScores(self.connection)
        self.notices = Notices(self.connection, self.grounds, self.notice_events, self.notice_life)
        self.notice_answers = NoticeAnswers(self.connection, seal)
        self.mailboxes = Mailboxes(self.connection)
        self.notice_changes = NoticeChanges(self.connection, self.notices, self.notice_events)
        self.handed = HandedNotices(self.connection, self.notices)
        self.paged = Paged(self.connection, self.actions, self.notices)
        self.review = Review(self.connection)
        self.wiki = WikiRules(self.connection)
        self.authors = Authors(self.connection)
        self.orders = Commands(self.connection)
        self.forgetting = Forgetting(self.connection, self.notices, self.notes)
        self.flood = Flood(self.connection)
        self.team = Team(self.connection)
        self.audit = AuditLog(self.connection)
        self.lease = DaemonLease(self.connection)
        self.looking = Looking(self.connection, seal)
        self.kill_switch = KillSwitch(self.connection)
        self.digests = Digests(self.connection)
        self.tries = Tries(self.connection)
        self.turns = Turns(self.connection)
        self.waits = Waits(self.connection)
        self.watermarks = Watermarks(self.connection)
        self.maintenance = Maintenance(self.connection)
        self.backup = Backup(self.connection)
        self.figures = Metrics(self.connection)
        self.hours = Hours(self.connection)
        self.removals = Removals(self.connection)
        self.health = Health(self.connection)
        self.linked = Linked(self.connection)
        self.watched = Watched(self.connection)
        self.backfills = Backfills(self.connection)
        self.past = PastRemovals(self.connection, seal)
        self.proposals = Proposals(self.connection)
        self.gallery = Gallery(self.connection, seal)
        self.claims = Claims(self.connection, seal)
        self.sign_ins = SignIns(self.connection)
        self.keyboards = Keyboards(self.connection)
        if reading:
            return
        try:
            Sealing(self.connection, seal).check()
            self.cases.media.fill()
            self.withdrawal_log.catch_up()
        except BaseException:
            self.connection.close()
            raise

    def reader(self) -> Store:
        """Return the same database on a connection of its own that only reads, beside whoever writes. Close it."""
        return Store(self.path, self._clock, self._seal, self._factory, reading=True)

    def transaction(self) -> Connection:
        """Return a context manager: all or nothing. Blocks may be nested."""
        return self.connection

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
