"""A suspected minor: stop, keep nothing but what a report needs, remove, and tell a person where to report.

In two steps: what can be taken back is done at once, what is kept of the media is destroyed ten minutes later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot import hosts
from bot.clock import Clock
from bot.errors import OutsideError, UsageError
from bot.links import links_of, post_of
from bot.model import MINOR_ORDER, PROGRAM, ActionState, Actor, Link, Outsider, Post, Voice, Withdrawal, minor_key
from bot.permalink import is_fullname, permalink_fullname
from bot.pipeline.core import connected
from bot.pipeline.judging.judge import NEEDS_PERSON
from bot.pipeline.log import Log
from bot.reddit import Reddit
from bot.store import ActionRow, CaseRow, MinorRow, Store

WAIT = timedelta(minutes=10)  # in which a slip can be taken back
HIDDEN = "suspected minor: hidden for now"
SAME_FOOTAGE = "a suspected minor's: the same footage was marked in another case"
_CASE = re.compile(r"[CM]-[0-9a-f]+")
_SUBREDDIT = re.compile(r"/r/(\w+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What marking did: the posts to report, the first of them the one that was named, and a line on each deed."""

    posts: tuple[MinorRow, ...]
    lines: tuple[str, ...]


def places_of(store: Store, post: str) -> list[str]:
    """Return the subreddits of the posts hidden with one, itself among them; nothing if it is not hidden."""
    return sorted({row.subreddit for row in store.minors.beside(post)})


class Minors:
    """Marks posts and forgets them when they are reported."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        log: Log,
        reddit: Reddit | None,
        find: hosts.Finder,
        undo: Callable[..., str],
        draft_again: Callable[[CaseRow], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._reddit = reddit
        self._find = find
        self._undo = undo  # an action, by its number
        self._draft_again = draft_again  # what was kept off drafts while the same footage was marked
        self._ends: dict[str, float] = {}  # post → when its time is over, on the clock that never jumps

    def minor(self, target: str, *, by: Voice, why: str = "suspected minor") -> Marked:
        """Mark the post that a case, a fullname or a permalink in any form names, whatever its state.

        Other stored posts of the same media are marked with it. Raises UsageError if `target` names no post,
        RedditError if only Reddit could tell and cannot be asked.
        """
        post, found = self.post_of(target)
        marked = self._marked(post, found, by=by, why=why)
        assert marked is not None, "whatever its state"
        return marked

    def minor_if_hidden(self, target: str, *, by: Voice, why: str = "suspected minor") -> Marked | None:
        """Do what `minor` does to a post that is hidden for now; None if that was taken back, in whatever process."""
        post, found = self.post_of(target)
        return self._marked(post, found, by=by, why=why, hidden=True)

    def _marked(self, post: Post, found: Sequence[Link], *, by: Voice, why: str, hidden: bool = False) -> Marked | None:
        store = self._store
        lines: list[str] = []
        with store.transaction():
            if hidden and store.minors.root_of(post.fullname) is None:
                return None
            together = (row.post for row in store.minors.beside(post.fullname))  # whatever is known of them by now
            names = list(dict.fromkeys([post.fullname, *self._same(post), *together]))
            for row in store.minors.same_file(post.fullname):
                lines.append(
                    f"{row['label']} in {row['bank']} holds the same file; if it was not made by a hotline: "
                    f"gifwarden bank remove {row['label']}"
                )
            labels = [self._mark(post, found, by=by, why=why, lines=lines)]
            for name in names[1:]:
                other = store.links.post(name)
                if other is None:  # hidden, and forgotten since
                    continue
                labels.append(self._mark(other, store.links.of_post(name), by=by, why=why, lines=lines))
            store.minors.drop_holds(store.minors.root_of(post.fullname) or post.fullname)
        store.maintenance.truncate_log()
        if len(labels) > 1:
            lines.append(f"{len(labels) - 1} more of the stored posts hold the same media and are marked too")
        self._log.info("suspected minor marked", case=labels[0], posts=len(labels))
        return Marked(posts=tuple(store.minors.get(label) for label in labels), lines=tuple(lines))

    def hide(self, target: str, *, by: Voice, why: str = "suspected minor") -> MinorRow:
        """Do of `minor` what can be taken back: nothing is fetched, shown or sent any more; the post goes, locked.

        Return what a person has to report. What is kept of the post stays until `minor`; `show` takes it all back. What
        was destroyed already, and only waits to be reported, is not hidden again.
        """
        store = self._store
        post, found = self.post_of(target)
        if label := store.minors.held_label(post.fullname):
            return store.minors.get(label)
        if label := store.minors.waiting_label(post.fullname):
            self._plan(post)
            return store.minors.get(label)
        with store.transaction():
            label = self._hold(post, found, root=post.fullname, by=by, why=why)
            for name in self._same(post):
                other = store.links.post(name)
                if other is not None and store.minors.root_of(name) is None:
                    self._hold(other, store.links.of_post(name), root=post.fullname, by=by, why=why)
            store.audit.record(by=by, what="suspected minor: hidden", subject=label)
        self._log.info("suspected minor hidden", case=label)
        return store.minors.get(label)

    def show(self, post: str, *, by: Actor) -> list[str] | None:
        """Take `hide` back; return the fullnames of the posts, or None if this one is not hidden for now.

        Their cases are as before, and what waited to be done for them waits for a person. The posts themselves stay
        removed: that is taken back by who may undo an action.
        """
        store = self._store
        with store.transaction():
            root = store.minors.root_of(post)
            if root is None:
                return None
            warned = {case for row in store.minors.beside(root) for case in store.footage.beside(row.label)}
            shown = store.minors.let_go(root)
            for case in warned:
                if store.footage.of_case(case) is None and not store.notices.all_of_case(case):
                    self._draft_again(store.cases.of_id(case))
            for name, cases in shown:
                store.actions.cancel_on(name, reason="the suspicion was taken back", key=minor_key(name))
                store.actions.unorder(minor_key(name))  # nobody ordered it any more: it is taken back as any removal
                for case in cases:
                    store.actions.hold_again(case=case, reason=NEEDS_PERSON, why=HIDDEN)
            store.audit.record(by=by, what="suspected minor: taken back", subject=root)
        return [name for name, _ in shown]

    def cancel(self, target: str, *, by: Actor, why: str = "cancelled") -> list[str]:
        """Take `hide` back, and removal and lock with it; return a line on each thing. Raises as `uncover` does."""
        lines, done = self.uncover(target, by=by)
        for row in done:
            try:
                lines.append(f"{row.action.kind}: {self._undo(row.action.id, by=by, why=why)}")
            except (UsageError, OutsideError) as error:
                lines.append(f"{row.action.kind}: {error}; then: gifwarden actions undo {row.action.id}")
        return lines

    def places(self, target: str) -> list[str]:
        """Return the subreddits of all that is hidden with a post: taking it back takes a word in each of them.

        Empty if the post is not hidden for now. Raises as `minor` does.
        """
        post, _ = self.post_of(target)
        return places_of(self._store, post.fullname)

    def uncover(self, target: str, *, by: Actor) -> tuple[list[str], list[ActionRow]]:
        """Take `hide` back; return a line for each post, and the removals and locks that are left to take back.

        Raises UsageError if the post is not hidden for now: its ten minutes are over, or nobody marked it.
        """
        post, _ = self.post_of(target)
        shown = self.show(post.fullname, by=by)
        if shown is None:
            raise UsageError(
                f"{target} is not hidden for now, so nothing can be taken back: ten minutes after it was marked, what "
                "was kept of its media is destroyed"
            )
        actions = self._store.actions
        rows = [actions.get(key) for name in shown for key in actions.keyed(minor_key(name))]
        lines = [f"{name}: shown again; what waited to be done for it waits for a moderator" for name in shown]
        return lines, [row for row in rows if row.state == ActionState.DONE]

    def finish(self) -> int:
        """Destroy what is kept of posts that were hidden ten minutes ago, if no order does it; return how many.

        The wall clock is believed once, after a start, and never for more than ten minutes: it may jump.
        """
        store, clock, done = self._store, self._clock, 0
        held = store.minors.held()
        self._ends = {row.root: self._ends[row.root] for row in held if row.root in self._ends}
        for row in held:
            left = min(max(row.at + WAIT - clock.now(), timedelta()), WAIT)
            end = self._ends.setdefault(row.root, clock.monotonic() + left.total_seconds())
            if clock.monotonic() < end:
                continue
            by: Voice = PROGRAM
            if row.member is not None:
                by = Outsider(name=row.who or store.team.get(row.member).name)
            done += self.minor_if_hidden(row.root, by=by, why=row.why or "suspected minor") is not None
        return done

    def _same(self, post: Post) -> list[str]:
        """Return other stored posts of the same media, and of copies of it with which it was or would be proposed."""
        store = self._store
        found = [*store.minors.same_media(post.fullname), *store.proposals.alike(post.fullname)]
        for name in found[:]:
            found += store.minors.same_media(name)
        return [name for name in dict.fromkeys(found) if name != post.fullname]

    def _hold(self, post: Post, links: Sequence[Link], *, root: str, by: Voice, why: str) -> str:
        store = self._store
        cases = store.cases.of_post(post.fullname)
        fresh = store.minors.waiting_label(post.fullname) is None
        urls = tuple(dict.fromkeys(link.url for link in links if "://" in link.url))
        label = store.minors.mark(post, urls, seen=self._clock.now(), by=by, case=cases[0].label if cases else None)
        media = (f"{link.host}:{link.id}" for link in links if link.id)
        marks = store.minors.never([post.fullname, *media], held=True)
        marks += store.minors.never_files(post.fullname, held=True)
        for case in cases:
            store.actions.cancel(case=case.id, reason=HIDDEN)
            store.notices.hold_mail(case.id, HIDDEN)
        self._warn_others(post, label, cases)
        store.minors.hold(post, root=root, label=label, marks=marks, fresh=fresh, by=by, why=why)
        self._plan(post)
        return label

    def _warn_others(self, post: Post, label: str, cases: Sequence[CaseRow]) -> None:
        """Let other cases of the same footage warn, and hold their mails, until a person has said what each is."""
        store = self._store
        made = [entry for case in cases for entry in store.review.all_made(case.id)]
        store.footage.mark(post.fullname, label, made)
        for case in store.footage.beside(label):
            store.notices.hold_mail(case, SAME_FOOTAGE)

    def _plan(self, post: Post) -> bool:
        """Plan removal and lock, anew if they were undone; return whether the removal is new."""
        store = self._store
        store.actions.order(minor_key(post.fullname))  # as it was before somebody took the mark back
        again = store.actions.undone_of(minor_key(post.fullname))
        planned = [
            store.actions.plan(
                key=f"{minor_key(post.fullname)}{f':{again}' if again else ''}{':lock' if kind == 'lock' else ''}",
                kind=kind,
                post=post.fullname,
                subreddit=post.subreddit,
                params={"order": MINOR_ORDER},
            )
            for kind in ("remove", "lock")
        ]
        return planned[0]

    def reported(self, label: str, *, by: Actor) -> None:
        """Forget everything about a marked post: a person has reported it.

        Raises StoreError if there is no such mark, UsageError if it was reported or is not removed yet.
        """
        store = self._store
        row = store.minors.get(label)
        if row.reported is not None:
            raise UsageError(f"{label} was reported by {row.reported_by} already, and is forgotten")
        if root := store.minors.root_of(row.post):  # it was no slip, of none that was hidden with it
            self.minor(root if store.links.post(root) else row.post, by=by)
        under_way = (ActionState.PLANNED, ActionState.SENDING, ActionState.UNKNOWN)
        for removal in store.actions.on_post(row.post, "remove"):
            if removal.action.params.get("order") != MINOR_ORDER:
                continue
            if removal.state in under_way:
                raise UsageError(f"{label} is being removed from Reddit; say so again when that is done, in a minute")
            if removal.state == ActionState.PARKED:
                raise UsageError(
                    f"{label} may still be up, for its removal is parked; remove it on Reddit, or first run: "
                    f"gifwarden parked retry action {removal.action.id}"
                )
        with store.transaction():
            for case in store.cases.of_post(row.post):
                store.notice_answers.destroy(case.id)
                store.notices.take_off(case.id)
            store.forgetting.forget_post(row.post)
            store.minors.reported(label, by=by)
            store.audit.record(by=by, what="suspected minor reported", subject=label)
        store.maintenance.truncate_log()

    def _mark(self, post: Post, links: Sequence[Link], *, by: Voice, why: str, lines: list[str]) -> str:
        store = self._store
        cases = store.cases.of_post(post.fullname)
        urls = tuple(dict.fromkeys(link.url for link in links if "://" in link.url))
        label = store.minors.mark(
            post,
            urls,
            seen=self._clock.now(),
            by=by,
            case=cases[0].label if cases else None,
        )
        media = [f"{link.host}:{link.id}" for link in links if link.id]
        store.minors.never([post.fullname, *media])
        store.minors.never_files(post.fullname)
        self._warn_others(post, label, cases)
        for case in cases:
            store.actions.cancel(case=case.id, reason="suspected minor")
            store.notice_answers.destroy(case.id)
            store.notices.drop_case(case.id)
            if name := store.notices.of_case(case.id):
                lines.append(f"notice {name} has left; tell the host that this is for its child-safety team")
            for entry in store.review.all_made(case.id):
                store.banks.destroy(entry, Withdrawal.MINOR)
                store.audit.record(by=by, what="entry withdraw", subject=entry, why="suspected minor")
                lines.append(f"{entry}: made of this media, destroyed")
        store.minors.stop(post.fullname, by=by, why=why)
        store.past.hush(post.fullname)
        if self._plan(post):
            lines.append(f"r/{post.subreddit}: the post is removed at the daemon's next step, in every mode")
        store.audit.record(by=by, what="suspected minor", subject=label, why=why)
        return label

    def post_of(self, target: str) -> tuple[Post, Sequence[Link]]:
        """Return the post that a label, a fullname or an address names, and its links: stored, or as Reddit has them.

        Raises UsageError or RedditError.
        """
        store = self._store
        if _CASE.fullmatch(target):
            if target.startswith("M-"):
                name: str | None = store.minors.get(target).post
            else:
                name = store.cases.get(target).post.fullname
        else:
            name = target if is_fullname(target) else permalink_fullname(target)
        known = store.links.post(name) if name else None
        if known is not None and name:
            return known, store.links.of_post(name)
        thing = None
        if self._reddit is not None:
            thing = connected(self._reddit).thing(name) if name else connected(self._reddit).resolve(target)
        if thing is not None:
            return post_of(thing), links_of(thing, self._find, reserve=True)
        place = _SUBREDDIT.search(target)
        if name is None or place is None:
            raise UsageError(f"{target} names no post that is known here; give the case, or the post's full address")
        # Reddit cannot be asked or shows it no more: the address alone is what a report needs
        path = target[place.start() :].partition("?")[0]
        return Post(fullname=name, subreddit=place[1].lower(), permalink=path, created=self._clock.now()), ()
