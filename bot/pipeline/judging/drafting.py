"""From a case to a draft of a notice: whose media it is, what it is, where in the host's clip, and which file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot import actions, channels, hosts
from bot.actions.notice_checks import unsigned
from bot.clock import Clock
from bot.config import Config
from bot.model import CaseState, Evidence, Link, Match, MediaInfo, NoticeItem
from bot.pipeline.log import Log
from bot.rules.sureness import best_match
from bot.store import CaseRow, LinkRow, Store

EDGE = 1.0  # seconds at the ends of a clip that may not match, and it still does as a whole
GAP = 1.0  # seconds between two stretches that are one


class Drafting:
    """Puts media on drafts."""

    def __init__(self, config: Config, store: Store, clock: Clock, log: Log) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._log = log

    def draft(self, row: LinkRow, evidence: Evidence, case: CaseRow, *, asked: bool = False) -> str | None:
        """Put a case's media on a draft to whoever has the file; return the notice's label.

        None if no plug knows its host, a person took it off a draft, the same footage was marked as a suspected
        minor's, or a likeness that nobody has confirmed is all there is. `asked`: a person wants it on one again.
        """
        plug = hosts.get(row.link.host)
        if plug is None or (not asked and self._store.notices.dropped(case.id)):
            return None
        if self._store.footage.of_case(case.id) is not None or likeness_alone(case, evidence):
            return None
        host = whose(plug, row.link)
        url = (plug.page_url(row.link.id) if row.link.id else None) or unsigned(row.link.url)
        label = self._store.notices.draft(
            host=host,
            subreddit=case.post.subreddit.lower(),
            recipient=self._config.host(plug.served_by or plug.name).report_email
            or channels.contact(host, self._config.storage.path).email,
            case=case.id,
            item=item_of(row.link.id or row.link.url, url, evidence, otherwise=self._clock.now()),
            among=alike(self._config, case.post.subreddit),
        )
        self._log.info("notice drafted", notice=label, case=case.label, host=host)
        return label


def likeness_alone(case: CaseRow, evidence: Evidence) -> str | None:
    """Return whom a case's media resembles if nothing else speaks for it and no person has confirmed it, else None."""
    if case.state == CaseState.CONFIRMED or evidence.source:
        return None
    if any(match.bank_kind != "allow" and not match.suppressed for match in evidence.matches):
        return None
    return next((face.person for face in evidence.faces if face.person), None)


def whose(plug: hosts.Host, link: Link) -> str:
    """Return whom a notice goes to: the host that has the file. Of hosts without domains each server is its own."""
    server = None if plug.domains else hosts.parse(link.url)
    return server.host.removeprefix("www.") if server is not None else plug.served_by or plug.name


def may_leave(config: Config, subreddit: str) -> bool:
    """Return whether a subreddit's mode lets notices leave."""
    return config.mode(subreddit) in actions.get("notice").modes


def alike(config: Config, subreddit: str) -> list[str]:
    """Return the watched subreddits whose media may stand on a notice with this one's: all leave, or none does."""
    leaves = may_leave(config, subreddit)
    return [name.lower() for name in config.subreddits if may_leave(config, name) == leaves]


def item_of(host_id: str, url: str, evidence: Evidence, *, otherwise: datetime) -> NoticeItem:
    """Return what a notice says of one link's media, and by what it is known. `otherwise`: when it was fetched, if
    that is not told.

    Of an album that is the media that matched best.
    """
    best = best_match(match for match in evidence.matches if match.face_region != "differs")
    faces = [face for face in evidence.faces if face.person]
    shown = [face for face in faces if best is None or face.media in (None, best.media)] or faces
    face = max(shown, key=lambda face: face.probability or 0, default=None)
    of = best.media if best else face.media if face else None
    media = next((info for info in evidence.media if info.index == of), None)
    return NoticeItem(
        host_id=host_id,
        url=url,
        seen_at=evidence.fetched_at or otherwise,
        sha256=media.sha256 if media else None,
        md5=media.md5 if media else None,
        entry=best.entry if best else None,
        person=face.person if face else None,
        ranges=_ranges(media, [match for match in evidence.matches if best and _same(match, best)]),
        rendition=media.rendition if media else None,
    )


def _same(match: Match, best: Match) -> bool:
    return (match.media, match.entry) == (best.media, best.entry) and not match.suppressed


def _ranges(media: MediaInfo | None, matches: Sequence[Match]) -> tuple[tuple[float, float], ...]:
    """Return where in the host's clip it matches; nothing if all of it does, or it is a still."""
    if media is None or not media.duration or any(match.exact for match in matches):
        return ()
    found: list[tuple[float, float]] = []
    for begin, end in sorted(stretch for match in matches for stretch in match.query_ranges):
        if found and begin <= found[-1][1] + GAP:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    if len(found) == 1 and found[0][0] <= EDGE and found[0][1] >= media.duration - EDGE:
        return ()
    return tuple(found)
