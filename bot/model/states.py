"""States, and words that stand for one of a few things."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

LinkKind = Literal["media", "album", "page", "unsupported"]
MediaKind = Literal["image", "animation", "video"]
BankKind = Literal["block", "source", "watch", "allow"]
FaceRegion = Literal["agrees", "differs", "unknown"]
SourceKind = Literal["face_differs", "part_differs", "same_place"]
Mode = Literal["observe", "report", "enforce"]
Outcome = Literal["ignore", "review", "act"]
Capacity = Literal["third_party_notifier", "authorised_representative", "depicted_person"]
Basis = Literal["explicit_consent", "mandate"]
Ground = Literal["original_footage", "depicted_person", "citable_list", "public_statement"]


class LinkState(StrEnum):
    """Where a link is on its way: (reserve →) seen → acquired → matched → judged, or out on one of the others."""

    SEEN = "seen"
    ACQUIRED = "acquired"
    MATCHED = "matched"
    JUDGED = "judged"
    GONE = "gone"
    BLOCKED = "blocked"
    NEEDS_TOKEN = "needs_token"  # noqa: S105  a state's name, not a secret
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    PARKED = "parked"  # work on it began three times and never ended
    UNTOLD = "untold"  # a picture of a gallery of which Reddit does not tell yet where it is; asked for again
    RESERVE = "reserve"  # Reddit's preview of another link's media: seen once that ends without having been looked at


class CaseState(StrEnum):
    """What a moderator sees of a case."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    MINOR = "minor"
    WITHDRAWN = "withdrawn"
    CLOSED_ELSEWHERE = "closed_elsewhere"


class ActionState(StrEnum):
    """planned → held | sending → done | failed | unknown | cancelled; done → undo_planned → undone."""

    PLANNED = "planned"
    HELD = "held"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    UNDO_PLANNED = "undo_planned"  # a person takes it back; done all the same until Reddit was told
    UNDONE = "undone"
    PARKED = "parked"  # as of a link


class Opinion(StrEnum):
    """What somebody says of an entry: who made its list, other users of that list, or our own decisions."""

    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    WRONG = "wrong"


class FeedbackState(StrEnum):
    """planned → sent | refused | failed (tried again)."""

    PLANNED = "planned"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"


class ExchangeState(StrEnum):
    """never_fetched → fetching → up_to_date | failing | asks; paused by a person. `stale`: its rows are too old."""

    NEVER_FETCHED = "never_fetched"
    FETCHING = "fetching"
    UP_TO_DATE = "up_to_date"
    FAILING = "failing"  # tried again by itself
    STALE = "stale"  # failing for so long that its rows no longer act by themselves
    ASKS = "asks"  # it would withdraw so much that a person has to say yes
    PAUSED = "paused"


class Withdrawal(StrEnum):
    """Why an entry was withdrawn."""

    WRONG = "wrong"  # it never was what it was banked for
    HER_WISH = "her_wish"  # the person depicted wants no more of it
    MINOR = "minor"  # a suspected minor is in it; known here only
    BY_LIST = "by_list"  # its list no longer has it, or has something else in its place
    UNSAID = "unsaid"  # by a person who gave no reason


class Decision(StrEnum):
    """What a person says of a case, by the deed."""

    CONFIRM = "confirm"  # what its rule asks for goes ahead
    REMOVE = "remove"  # confirmed, and the post is removed
    REPORT = "report"  # confirmed, and reported to the moderators
    LEAVE_UP = "leave_up"  # confirmed, and nothing is done to the post
    DISMISS = "dismiss"
    UNDO = "undo"
    GIVE_BACK = "give_back"  # what a wrong entry carried is taken back
    LET_STAND = "let_stand"  # what it carried stays


class Remover(StrEnum):
    """Who removed a post in the past, as far as Reddit tells."""

    MODERATOR = "moderator"
    AUTOMODERATOR = "automoderator"
    REDDIT = "reddit"  # its staff, or its filters
    OURS = "ours"  # this bot
    UNKNOWN = "unknown"  # not told yet


class PastState(StrEnum):
    """What became of a past removal: read → looked (chosen →) queued, or skipped."""

    READ = "read"  # stands in the mod log; its post was not asked for yet
    LOOKED = "looked"  # may be chosen
    SKIPPED = "skipped"
    QUEUED = "queued"  # its media are looked at, or were


class Skipped(StrEnum):
    """Why a past removal is not learnt from."""

    REDDIT = "reddit"  # removed by Reddit itself
    OURS = "ours"  # removed by this bot
    DELETED = "deleted"  # by its author
    AGE = "age"  # what is said of it speaks of age
    APPROVED = "approved"  # or put back
    GONE = "gone"  # Reddit shows it no more
    NO_MEDIA = "no_media"
    DECIDED = "decided"  # there is a case on it already
    UNREADABLE = "unreadable"


class DecisionState(StrEnum):
    """waiting (may be taken back) → performed | taken_back."""

    WAITING = "waiting"
    PERFORMED = "performed"
    TAKEN_BACK = "taken_back"


class Hold(StrEnum):
    """Why a held action waits. A person's word releases all; the others end by themselves as well."""

    PERSON = "person"  # a moderator decides on its case
    MODE = "mode"  # of the subreddit; goes ahead when the mode allows it and the case was confirmed
    STOP = "stop"  # the kill switch, of everything or of one subreddit
    CAP = "cap"  # so many an hour or a day
    QUARANTINE = "quarantine"  # the flood guard
    OUTSIDE = "outside"  # a refused login, a missing right
    REMOVAL = "removal"  # makes sense only once the post was removed
    MINOR = "minor"  # a media on its notice is marked as a suspected minor's: it comes off, or the mark is taken back


class Rung(StrEnum):
    """On what word a post was removed."""

    EXACT = "exact"  # the very file of an entry
    NEAR_FACE = "near_face"  # a near copy of one whose face region agrees
    PERSON = "person"  # a person confirmed its case


class NoticeState(StrEnum):
    """drafted → confirmed → sent | by_hand → bounced | answered | rejected | removed | overdue → reminded → closed.

    Retracted at any time. That a host confirms receipt is no state: it ends nothing (DSA 16(4) demands it).
    """

    DRAFTED = "drafted"
    CONFIRMED = "confirmed"
    SENT = "sent"
    BY_HAND = "by_hand"  # a person put it into the host's form, or gave it to the person depicted to send
    BOUNCED = "bounced"
    ANSWERED = "answered"  # by a decision, of which a person has not said yet what it is
    REJECTED = "rejected"
    REMOVED = "removed"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    CLOSED = "closed"
    RETRACTED = "retracted"


class NoticeItemState(StrEnum):
    """What became of one media on a notice that has left: listed → gone_once → removed; kept | taken_back."""

    LISTED = "listed"  # not looked for yet, or still there
    GONE_ONCE = "gone_once"  # one look found it gone; a second, an hour later, makes it removed
    REMOVED = "removed"
    KEPT = "kept"  # the host has said that it stays
    TAKEN_BACK = "taken_back"  # we told the host that we were wrong


class NoticeEventKind(StrEnum):
    """What can happen to a notice."""

    DRAFTED = "drafted"
    CHANGED = "changed"  # split, moved, dropped
    ALREADY_TOLD = "already_told"  # the media stands in a notice that is open already: not sent again
    CONFIRMED = "confirmed"
    SENT = "sent"
    BY_HAND = "by_hand"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    DECIDED = "decided"  # a person said what an answer is
    LOOKED = "looked"
    REMOVED = "removed"
    REUPLOADED = "reuploaded"
    OVERDUE = "overdue"
    REMINDED = "reminded"
    RAISED = "raised"  # a person took it there
    RETRACTED = "retracted"
    CLOSED = "closed"


class AnswerKind(StrEnum):
    """What a mail about a notice is. None of them decides anything."""

    BOUNCED = "bounced"  # a mail server says that it was not delivered
    DELAYED = "delayed"  # a mail server says that it goes on trying
    AUTOMATIC = "automatic"  # a receipt, a note of absence, a ticket system
    ANSWER = "answer"  # as far as anybody can tell, of a person's hand


class AnswerAbout(StrEnum):
    """How we know which notice a mail is about."""

    REPORT = "report"  # a mail server's report gives our mail back, and names whom we wrote to
    THREAD = "thread"  # it answers our Message-ID
    PERSON = "person"  # a person says so
    DOUBT = "doubt"  # nobody has said yet
