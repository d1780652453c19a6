"""Somebody says that they are depicted: what is known of it, and how they may be written to."""

from __future__ import annotations

from enum import StrEnum


class ClaimState(StrEnum):
    """open → answered → open again with their next word; dismissed by a person. What is forgotten leaves no row.

    What the program cannot send is to give, until a person says that they gave it.
    """

    OPEN = "open"  # waits for a person's answer
    TO_GIVE = "to_give"  # an answer is written, and a person has to give it to them
    ANSWERED = "answered"
    DISMISSED = "dismissed"  # it was none; what they wrote is destroyed

    @property
    def waits(self) -> bool:
        """Whether they wait for something that a person does."""
        return self in (ClaimState.OPEN, ClaimState.TO_GIVE)


class ClaimSource(StrEnum):
    """How a claim was opened."""

    MODMAIL = "modmail"  # its words read as one
    BY_HAND = "by_hand"  # by a member of the team


class AgeWhenMade(StrEnum):
    """How old the person depicted was when it was made. It is asked first."""

    NOT_SAID = "not_said"
    IN_DOUBT = "in_doubt"  # their words may say under 18: a person looks
    ADULT = "adult"
    UNDER_18 = "under_18"


class KnownBy(StrEnum):
    """How the team knows who a claimant is. Never by identity papers or pictures."""

    NGO = "ngo"  # an organisation that helps them vouches
    LAWYER = "lawyer"  # who acts for them vouches
    OWN_CHANNEL = "own_channel"  # they wrote from a channel that is publicly theirs


class SafeWay(StrEnum):
    """The way by which a claimant says that it is safe to write to them."""

    MODMAIL = "modmail"  # the conversation in which they wrote
    REDDIT = "reddit"  # another account of theirs
    EMAIL = "email"
    PHONE = "phone"
    MESSENGER = "messenger"
    NGO = "ngo"  # through an organisation
    LAWYER = "lawyer"
    OTHER = "other"


class ClaimWord(StrEnum):
    """What is sealed under a claim's own key."""

    ACCOUNT = "account"  # the Reddit account that wrote
    CONVERSATION = "conversation"  # Reddit's id of it
    SUBJECT = "subject"
    MESSAGE = "message"  # what they wrote
    LINK = "link"  # an address that they named, or a person for them
    CONTACT = "contact"  # where, by the safe way
    HOUR = "hour"  # when it is safe
    KNOWN = "known"  # a member's sentence on how the team knows who they are
    ANSWER = "answer"  # what was answered
