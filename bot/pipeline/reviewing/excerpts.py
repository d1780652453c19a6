"""What of a media is put into a bank when a person decides on its case. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.errors import UsageError
from bot.model import Fingerprint, Match, SourceMatch
from bot.motion import of_span

WHOLE = 0.9  # coverage of a post's media from which on it is the entry as a whole, not a part of something longer
Span = tuple[float, float]  # seconds


def marked(found: Fingerprint, spans: Sequence[Span], *, whole: bool) -> Fingerprint:
    """Return the frames within these spans; `whole`: the file's digests stay, for the file is what is known.

    A part of something longer loses them: the exact compilation must not become known for one clip in it.
    """
    signals = tuple(s for s in found.signals if any(start <= s.t <= end for start, end in spans))
    sketches = tuple(s for s in found.sketches if any(start <= s.t <= end for start, end in spans))
    motion = found.motion and of_span(found.motion, max(spans, key=lambda span: span[1] - span[0]))
    part = replace(found, signals=signals, sketches=sketches, motion=motion)
    return part if whole else replace(part, sha256="", md5="", also=())


def matched_part(found: Fingerprint, matches: Sequence[Match]) -> Fingerprint | None:
    """Return what of a media matched, or None if nothing did.

    The very file is taken as it is; of anything else only the frames in the ranges that matched.
    """
    ours = [match for match in matches if match.bank_kind != "allow" and not match.suppressed]
    if any(match.exact for match in ours):
        return found
    if not ours:
        return None
    spans = [span for match in ours for span in match.query_ranges]
    whole = any(match.coverage_query >= WHOLE for match in ours)
    part = marked(found, spans, whole=whole)
    return part if part.signals or whole else None


def marked_part(found: Fingerprint, span: Span) -> Fingerprint:
    """Return what a moderator marked. Raises UsageError if no frame that can be compared is in it."""
    start, end = span
    if end < start:
        raise UsageError(f"--from {start:g} is after --to {end:g}; give seconds from the start")
    every = all(start <= signal.t <= end for signal in found.signals)
    part = marked(found, [span], whole=every)
    if not part.signals:
        length = "a picture: mark it with --from 0 --to 0" if found.duration is None else f"{found.duration:g} s long"
        raise UsageError(f"no frame lies between {start:g} s and {end:g} s; the media is {length}")
    return part


def innocent_part(
    found: Fingerprint, matches: Iterable[Match], sources: Iterable[SourceMatch] = ()
) -> tuple[Fingerprint, tuple[str, ...]] | None:
    """Return the frames that wrongly looked like entries or their footage, and those entries' labels; None if none did.

    The very file is left out: an allow entry never speaks against it.
    """
    ours: list[Match | SourceMatch] = [
        match for match in matches if match.bank_kind != "allow" and not match.suppressed and not match.exact
    ]
    ours += [source for source in sources if source.kind != "same_place" and not source.suppressed]
    if not ours:
        return None
    spans = [span for match in ours for span in match.query_ranges or ()]
    part = marked(found, spans, whole=False) if spans else None
    return (part, tuple(dict.fromkeys(match.entry for match in ours))) if part and part.signals else None


def too_plain(found: Fingerprint, quality: int) -> bool:
    """Return whether nothing but its very file can be known again: no frame is good enough, and none has corners.

    `quality` is `banks.min_quality`, 0-100.
    """
    return not any(one.quality >= quality for one in found.signals) and not any(one.points for one in found.sketches)
