"""A finding in words, for reports, notices and the console."""

from __future__ import annotations

from bot.clock import minutes
from bot.copies.decide import Finding

OTHER_PAGE = "what agrees is laid out as a page is, and its content differs: maybe another page of one site"
HIDDEN = "a part cannot be seen, so it may be another picture of the place"

COVERED = "a part of it shows something else, so it may be another picture of the place"


def doubt(finding: Finding) -> str:
    """Return why a copy is for a person to look at, in words; empty if it is not."""
    if finding.other_page:
        return OTHER_PAGE
    return HIDDEN if finding.hidden else COVERED if finding.covered else ""


def why(finding: Finding) -> str:
    """Return one sentence on what an entry is to a media."""
    if finding.kind == "place":
        return "shot in the same place as the entry, but another take: only what stands still is the same"
    parts = [f"{_frames(finding)} by local features"]
    if finding.entry_ranges[-1][1] > 0:
        parts.append(f"{minutes(finding.entry_ranges[0][0])} to {minutes(finding.entry_ranges[-1][1])} of the entry")
    if finding.transform != "none":
        parts.append(finding.transform)
    parts.append(f"{finding.inliers} places agree")
    if finding.hidden:
        parts.append(f"about {max(1, round(100 * finding.hidden))} % of it is hidden")
    if finding.covered:
        parts.append(f"about {max(1, round(100 * finding.covered))} % of what is in it is covered by something else")
    if finding.kind == "source" and finding.face_distance is not None and finding.face_region == "differs":
        moments = "" if finding.of == 1 else f", at all {len(finding.faces)} moments compared"
        parts.append(f"but the face is another one{moments}")
    elif finding.kind == "source":
        parts.append(f"but a part of {max(1, round(100 * finding.region))} % of the picture differs throughout")
        if finding.face_region == "unknown":
            parts.append("and no face in it could be compared")
    return ", ".join(parts)


def _frames(finding: Finding) -> str:
    if finding.of == 1:
        return "the picture matches"
    return f"{finding.frames} of {finding.of} frames match"
