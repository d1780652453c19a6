"""What people change on drafts: split, moved, dropped, put on one again, given grounds of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from bot.advice import Advised
from bot.config import Config, closest
from bot.errors import UsageError
from bot.model import Actor, CaseState, Grounded, NoticeItem, NoticeState, one_ground
from bot.pipeline.acting.grounds import checked
from bot.pipeline.judging.drafting import Drafting, likeness_alone, may_leave
from bot.pipeline.log import Log
from bot.plural import many
from bot.store import CaseRow, NoticeRow, Store

NOT_AGAIN = (CaseState.DISMISSED, CaseState.WITHDRAWN, CaseState.MINOR)  # their media is not told to hosts


class NoticeItems:
    """Media on drafts. `read`: the draft as whoever changes it has read it; None: as it is now.

    Each raises StoreError if there is no such notice, UsageError if it is no draft, or another than was read, or what
    is named does not stand on it.
    """

    def __init__(self, config: Config, store: Store, log: Log, drafting: Drafting) -> None:
        self._config = config
        self._store = store
        self._log = log
        self._drafting = drafting

    def split(self, name: str, named: Sequence[str] = (), *, by: Actor, read: NoticeRow | None = None) -> list[str]:
        """Put media on new drafts, what belongs together on one; return their labels.

        Without names: all that does not belong together with the first media.
        """
        with self._store.transaction():
            row = self._draft(name, read)
            if named:
                groups = self._together(self._chosen(row, named))
            else:
                groups = self._together(row.items)[1:]
                if not groups:
                    raise UsageError(f"all of notice {name} belongs together; name the media to split off")
            if sum(map(len, groups)) == len(row.items) and not row.marked:
                raise UsageError(f"that is all that notice {name} lists; leave something on it")
            labels = [
                self._store.notice_changes.split(name, [item.host_id for item in group], member=by.member)
                for group in groups
            ]
            self._store.audit.record(by=by, what="notice split", subject=name, why=", ".join(labels))
        self._log.info("notice split", notice=name, into=labels)
        return labels

    def move(
        self,
        name: str,
        named: Sequence[str],
        to: str,
        *,
        by: Actor,
        ground: Grounded | None = None,
        read: NoticeRow | None = None,
    ) -> None:
        """Put media on another draft to the same host; `ground`: their own, if it is another than that one's.

        Other media than the draft is about goes there with its own ground only: the given one, or the recorded one.
        """
        own = checked(ground) if ground else None
        with self._store.transaction():
            row, target = self._draft(name, read), self._draft(to, None)
            items = self._chosen(row, named)
            self._may_move(row, target, items)
            for item in items:
                mine = self._needed(item, target, own)
                if mine is not None:
                    self._store.notice_changes.own_ground(name, item.host_id, mine)
            self._store.notice_changes.move(name, [item.host_id for item in items], to, member=by.member)
            self._store.audit.record(by=by, what=f"media moved to notice {to}", subject=name)

    def drop(
        self, name: str, named: Sequence[str], *, by: Actor, why: str | None = None, read: NoticeRow | None = None
    ) -> None:
        """Take media off a draft. No rule puts it on one again for the same posts; an empty draft is retracted."""
        with self._store.transaction():
            items = self._chosen(self._draft(name, read), named)
            self._store.notice_changes.drop(name, [item.host_id for item in items], member=by.member)
            self._store.audit.record(by=by, what="media taken off a notice", subject=name, why=why)

    def own_ground(
        self,
        name: str,
        named: Sequence[str],
        ground: Grounded | None,
        *,
        by: Actor,
        read: NoticeRow | None = None,
    ) -> None:
        """Let media on a draft have a ground of its own, or that of the notice again."""
        own = checked(ground) if ground else None
        with self._store.transaction():
            for item in self._chosen(self._draft(name, read), named):
                self._store.notice_changes.own_ground(name, item.host_id, own)
            why = own[0] if own else "the notice's"
            self._store.audit.record(by=by, what="ground of media on a notice", subject=name, why=why)

    def draft(self, case: CaseRow, *, by: Actor) -> str:
        """Put a case's media on a draft because a person asks for it, also if it was taken off one; return its label.

        Raises UsageError if it is not to be told to a host, or nothing is known of it any more.
        """
        with self._store.transaction():
            case = self._store.cases.of_id(case.id)
            if case.state in NOT_AGAIN:
                raise UsageError(f"{case.label} is {case.state}, so its media is not reported to its host")
            if (same := self._store.footage.of_case(case.id)) is not None:
                raise UsageError(f"{case.label} goes on no notice, for {same.words}")
            evidence = self._store.links.evidence(case.link)
            if evidence is None or not case.post.permalink:
                raise UsageError(f"nothing is known of {case.label}'s media any more, so no notice can name it")
            if person := likeness_alone(case, evidence):
                raise UsageError(
                    f"{case.label} resembles {person}, not decided: a likeness is no identity, so look and confirm it "
                    f"first: gifwarden cases confirm {case.label}"
                )
            label = self._drafting.draft(self._store.links.get(case.link), evidence, case, asked=True)
            if label is None:
                raise UsageError(f"{case.label}'s media is on no host that a notice can be sent to")
            self._store.audit.record(by=by, what=f"media put on notice {label}", subject=case.label)
        return label

    def _draft(self, name: str, read: NoticeRow | None) -> NoticeRow:
        row = self._store.notices.get(name)
        if row.state != NoticeState.DRAFTED:
            raise UsageError(f"notice {name} is {row.state}; only what stands on a draft can be changed")
        if read is not None and read.as_read != row.as_read:
            raise UsageError(f"notice {name} has changed since you read it; look at it again, then change it")
        return row

    def _chosen(self, row: NoticeRow, named: Sequence[str]) -> list[NoticeItem]:
        there = {key: item for item in row.items for key in (item.url, item.host_id)}
        wrong = [one for one in dict.fromkeys(named) if one not in there]
        if wrong or not named:
            ids = [item.host_id for item in row.items]
            raise UsageError(
                *(
                    f"{one} does not stand on notice {row.label}"
                    + (f"; did you mean {near}?" if (near := closest(one, ids)) else f", which lists {', '.join(ids)}")
                    for one in wrong
                )
                if wrong
                else ("no media is named; name some by the host's id",)
            )
        return list({there[one].host_id: there[one] for one in named}.values())

    def _together(self, items: Sequence[NoticeItem]) -> list[list[NoticeItem]]:
        """Return items in groups that may each stand under one ground."""
        groups: list[list[NoticeItem]] = []
        ground = cache(self._store.grounds.of)
        for item in items:
            group = next((one for one in groups if all(one_ground(item, other, ground) for other in one)), None)
            if group is None:
                groups.append([item])
            else:
                group.append(item)
        return groups

    def _may_move(self, row: NoticeRow, target: NoticeRow, items: Sequence[NoticeItem]) -> None:
        if row.label == target.label:
            raise UsageError(f"it stands on notice {target.label} already")
        if row.host != target.host:
            raise UsageError(f"notice {target.label} goes to {target.host}, and this media is on {row.host}")
        if self._leaves(row) != self._leaves(target):
            still = row if self._leaves(target) else target
            raise UsageError(
                f"r/{still.subreddit} is in mode observe, in which no notice is sent; change its mode first"
            )
        if (room := self._store.notice_changes.room(target.label)) < len(items):
            raise UsageError(f"notice {target.label} has room for {many(room, 'media', 'media')} more")

    def _leaves(self, row: NoticeRow) -> bool:
        return any(may_leave(self._config, name) for name in row.subreddits)

    def _needed(self, item: NoticeItem, target: NoticeRow, own: Grounded | None) -> Grounded | None:
        """Return the ground that a media needs for itself on another notice; None: it goes by that one's."""
        if any(other.person and item.person and other.person != item.person for other in target.items):
            raise UsageError(f"{item.host_id} shows another protected person, and a notice is about one")
        if own is not None or item.ground is not None:
            return own or item.own_ground
        under = [other for other in target.items if other.ground is None]
        if under and all(one_ground(item, other, self._store.grounds.of) for other in under):
            return None
        if (recorded := self._store.grounds.recorded(item)) is None:
            raise UsageError(
                Advised(
                    f"{item.host_id} is other media than what notice {target.label} is about",
                    "give its own ground with --ground and --detail",
                    page="choose its own ground and write its detail, then move it",
                )
            )
        return recorded
