"""Signing in to the console: a link that somebody is given, a session on the device that opened it."""

from __future__ import annotations

import secrets
from datetime import timedelta

from bot.clock import Clock
from bot.errors import RightsError, SignInError
from bot.model import Actor, Credential, Member, names
from bot.pipeline.reviewing.team import Team
from bot.store import Store
from bot.store.sign_ins import SessionRow

LINK_MINUTES = 15  # in which a link can be used, once
IDLE = timedelta(hours=12)  # without a request, after which a session ends
LONGEST = timedelta(days=7)  # after which it ends in any case
TOUCH = timedelta(minutes=1)  # a session that is in use is noted no more often
BYTES = 32  # of a secret
MAX_DEVICE = 60  # characters


class SignIn:
    """Makes links and sessions, and ends them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._team = Team(store)

    def invite(self, name: str, *, by: Actor) -> tuple[Member, str]:
        """Return a member and the secret of a link for them. Raises UsageError if it is nobody's name.

        An operator makes links for everybody, others for themselves; all under their own system account.
        """
        name = names.clean(name)
        with self._store.transaction():
            member = self._team.present(name)
            if by.member != member.id and not self._store.team.get(by.member).operator:
                raise RightsError(f"{by.name} is no operator, and only one makes a link for {member.name}")
            # else a stolen session, or a name that anybody types, could speak as a second person
            if by.credential is not Credential.SYSTEM_ACCOUNT:
                raise RightsError("a link is made at the terminal, under the maker's own system account")
            secret = secrets.token_urlsafe(BYTES)
            ends = self._clock.now() + timedelta(minutes=LINK_MINUTES)
            self._store.sign_ins.add_link(secret, member=member.id, made_by=by.member, ends=ends)
            self._store.audit.record(by=by, what="team: sign-in link made", subject=f"member {member.id}")
        return member, secret

    def invited(self, secret: str) -> Member:
        """Return whom a link is for. Raises SignInError if it cannot be used."""
        link = self._store.sign_ins.link(secret)
        member = self._store.team.get(link.member) if link else None
        if member is None or member.removed is not None:
            raise SignInError(
                "this link cannot be used: it was used already, or its 15 minutes are over; for a new one: "
                "gifwarden team invite NAME"
            )
        return member

    def enter(self, secret: str, *, device: str) -> tuple[SessionRow, str]:
        """Use a link up; return the session that begins, and its secret. Raises SignInError if it cannot be used."""
        store = self._store
        with store.transaction():
            member, link = self.invited(secret), store.sign_ins.link(secret)
            assert link is not None, "just seen, in this transaction"
            store.sign_ins.use(secret)
            own = secrets.token_urlsafe(BYTES)
            ends = self._clock.now() + LONGEST
            label = store.sign_ins.begin(
                own, member=member.id, invited_by=link.made_by, device=device[:MAX_DEVICE], ends=ends
            )
            by = self._team.signed_in(member.id)
            store.audit.record(by=by, what=f"signed in as {label}", subject=f"member {member.id}")
            session = store.sign_ins.session(own)
            assert session is not None, "just made"
        return session, own

    def session(self, secret: str, *, device: str, reader: Store | None = None) -> SessionRow:
        """Return the session of a secret that a device shows. Raises SignInError if it has ended.

        One that another device shows is ended: its secret is in two hands. `reader`: where it is looked up.
        """
        found = (reader or self._store).sign_ins.session(secret)
        if found is None:
            raise SignInError("you are not signed in, or not any more; for a new link: gifwarden team invite NAME")
        now = self._clock.now()
        if found.device != device[:MAX_DEVICE]:
            self._ended(found, "shown by another device")
            raise SignInError("this session began on another device, so it is ended; sign in again by a new link")
        if now - found.seen > IDLE:
            self._ended(found, "idle")
            raise SignInError("you were away for twelve hours, so you are signed out; sign in again by a new link")
        if now - found.seen > TOUCH:
            self._store.sign_ins.touch(found.label)
        return found

    def leave(self, session: SessionRow) -> None:
        """Sign out on one device."""
        self._ended(session, "signed out")

    def leave_all(self, name: str, *, by: Actor) -> tuple[Member, int]:
        """Sign a member out on every device; return them and on how many. Raises RightsError if `by` may not."""
        with self._store.transaction():
            member = self._team.present(name)
            if by.member != member.id and not (by.credential.own and self._store.team.get(by.member).operator):
                raise RightsError(f"{by.name} is no operator under their own account, and only one signs others out")
            count = self._store.sign_ins.end_all(member.id)
            self._store.audit.record(by=by, what="team: signed out everywhere", subject=f"member {member.id}")
        return member, count

    def forget(self) -> None:
        """Delete links and sessions that have ended."""
        self._store.sign_ins.forget(self._clock.now() - IDLE)

    def _ended(self, session: SessionRow, why: str) -> None:
        with self._store.transaction():
            if self._store.sign_ins.end(session.label):
                by = self._team.signed_in(session.member)
                self._store.audit.record(
                    by=by, what=f"session {session.label} ended", subject=f"member {session.member}", why=why
                )
