"""The nouns, in the order in which they appear. Frozen, keyword-only, no I/O.

Units: distances in bits; quality 0-100 (PDQ's own scale); coverage, similarity and probability 0-1;
times in seconds; moments aware, in UTC.
"""

from __future__ import annotations

from bot.model.deeds import Action, ModAction, Notice, NoticeItem, Receipt
from bot.model.evidence import Entry, Evidence, FaceMatch, Match, NudityScore, PlannedAction, SourceMatch, Verdict
from bot.model.media import FaceTrack, FaceView, Fingerprint, Link, MediaFile, MediaInfo, Ref, Signal, Sketch, Variant
from bot.model.posts import AuthorFacts, Origin, Post, PostDetails
from bot.model.states import (
    ActionState,
    BankKind,
    Basis,
    Capacity,
    CaseState,
    FaceRegion,
    Ground,
    LinkKind,
    LinkState,
    MediaKind,
    Mode,
    NoticeState,
    Outcome,
    SourceKind,
)

__all__ = [
    "Action",
    "ActionState",
    "AuthorFacts",
    "BankKind",
    "Basis",
    "Capacity",
    "CaseState",
    "Entry",
    "Evidence",
    "FaceMatch",
    "FaceRegion",
    "FaceTrack",
    "FaceView",
    "Fingerprint",
    "Ground",
    "Link",
    "LinkKind",
    "LinkState",
    "Match",
    "MediaFile",
    "MediaInfo",
    "MediaKind",
    "ModAction",
    "Mode",
    "Notice",
    "NoticeItem",
    "NoticeState",
    "NudityScore",
    "Origin",
    "Outcome",
    "PlannedAction",
    "Post",
    "PostDetails",
    "Receipt",
    "Ref",
    "Signal",
    "Sketch",
    "SourceKind",
    "SourceMatch",
    "Variant",
    "Verdict",
]
