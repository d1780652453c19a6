"""Who may decide: a member of the team, told by a credential, with the role that it needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.errors import RightsError, UsageError
from bot.model import NEEDS, OWN_ONLY, Actor, Credential, Member, Outsider, Role, Verb, Voice, names
from bot.store import Store

LEADS = frozenset({"all", "config"})  # Reddit's permissions; whoever has another one is a reviewer


class Team:
    """The people, and what a word of theirs is worth."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def at_terminal(self, name: str | None, account: str, verb: Verb, subreddits: Sequence[str] | None = None) -> Actor:
        """Return who gives a command that runs under a system account; `name`: whom they say they are.

        Without `subreddits` the role may be for any. Raises UsageError, in one sentence with what to do, if that is
        nobody of the team or somebody who may not.
        """
        runner = self._store.team.of_account(account)
        if runner is not None and runner.removed is not None:
            runner = None
        member = runner if name is None else self.present(name)
        if member is None:
            raise UsageError(
                f"the system account {account} is nobody's in the team; say who you are with --by NAME, "
                f"or {self._how(account)}"
            )
        if runner is not None and runner.id == member.id:
            actor = Actor(member=member.id, name=member.name, credential=Credential.SYSTEM_ACCOUNT)
        else:
            actor = Actor(member=member.id, name=member.name, credential=Credential.TYPED, account=account)
            if verb in OWN_ONLY:
                raise UsageError(
                    f"to {verb} takes an operator under their own system account, and {account} is not "
                    f"{member.name}'s; run it as {member.account or 'an operator'}"
                )
        for one in {member.id: member, **({runner.id: runner} if runner else {})}.values():
            self._need(one, verb, subreddits)  # a typed name gives nobody more than they may themselves
        return actor

    def signed_in(self, member: int, verb: Verb | None = None, subreddits: Sequence[str] | None = None) -> Actor:
        """Return who signed in to the console, as it stands now; `verb`: what they want to decide, where.

        Raises RightsError if they have left, or may not.
        """
        row = self._store.team.get(member)
        if row.removed is not None:
            raise RightsError(f"{row.name} was removed from the team and decides nothing any more")
        if verb is not None:
            self._need(row, verb, subreddits)
        return Actor(member=row.id, name=row.name, credential=Credential.SIGN_IN)

    def by_reddit(self, account: str, subreddit: str, permissions: Collection[str]) -> Actor:
        """Return the moderator whose account and permissions Reddit has just confirmed; a row is made for a new one.

        What may be ordered is asked of Reddit's permissions, at that moment; the role that is noted is for the command
        line, and never operator. Raises UsageError if there are no permissions, or they were removed from the team.
        """
        store = self._store.team
        if not permissions:
            raise UsageError(f"u/{account} does not moderate r/{subreddit}; nothing is done on their word")
        with self._store.transaction():
            there = store.of_reddit(account)
            if there is not None and there.removed is not None:
                raise UsageError(f"{there.name} was removed from the team of this bot and decides nothing any more")
            row = there.id if there is not None else store.add_reddit(account)
            store.from_reddit(row, Role.LEAD if LEADS & set(permissions) else Role.REVIEWER, subreddit)
            return Actor(member=row, name=store.get(row).name, credential=Credential.REDDIT)

    def of_order(self, member: int) -> Actor:
        """Return whom an order that was received is from. Raises UsageError if they have left since."""
        row = self._store.team.get(member)
        if row.removed is not None:
            raise UsageError(f"{row.name} was removed from the team of this bot and decides nothing any more")
        return Actor(member=row.id, name=row.name, credential=Credential.REDDIT)

    def still(self, by: Actor, verb: Verb, subreddits: Sequence[str] | None) -> None:
        """Raise UsageError if who gives a word has left since, or has not the role for these subreddits (None: any).

        What somebody may by Reddit's word was asked of Reddit when they gave it.
        """
        member = self._store.team.get(by.member)
        if member.removed is not None:
            raise RightsError(f"{member.name} was removed from the team and decides nothing any more")
        if by.credential is not Credential.REDDIT:
            self._need(member, verb, subreddits)

    def voice(self, member: int | None, name: str) -> Voice:
        """Return who an order is from as the audit trail names them, whether or not they are still there."""
        if member is None:
            return Outsider(name=name)
        return Actor(member=member, name=self._store.team.get(member).name, credential=Credential.REDDIT)

    def first(self, name: str | None, account: str) -> Actor:
        """Make whoever runs the command the first operator, named `name` or as their account; return them.

        Raises UsageError if there is an operator.
        """
        store = self._store.team
        with self._store.transaction():
            if store.has_operator():
                raise UsageError("there is an operator, and only they change the team; see: gifwarden team list")
            me = self._row(name or account, by=None)
            store.note_account(me, account)
            store.give(me, Role.OPERATOR, (), by=None)
            actor = Actor(member=me, name=store.get(me).name, credential=Credential.SYSTEM_ACCOUNT)
            self._store.audit.record(by=actor, what="team: first operator", subject=f"member {me}")
        return actor

    def add(
        self,
        name: str,
        role: Role | None,
        subreddits: Sequence[str] = (),
        *,
        account: str | None = None,
        reddit: str | None = None,
        off_reddit: bool = False,
        by: Actor,
    ) -> Member:
        """Add a person, or give one who is there a role or an account; return them as they are then.

        `off_reddit`: they have no Reddit account, so whoever gives a word by one is somebody else.
        Raises UsageError if that cannot be.
        """
        self._operator(by)
        if role is Role.OPERATOR and subreddits:
            raise UsageError("an operator is one for everything; leave --in out, or choose reviewer or lead")
        store = self._store.team
        with self._store.transaction():
            row = self._row(name, by=by.member)
            if account is not None:
                store.note_account(row, account)
            merged = reddit is not None and store.note_reddit(row, reddit)
            if off_reddit:
                store.note_off_reddit(row)
            if account is not None or reddit is not None or off_reddit:
                self._store.banks.weigh_words_of(row, anew=merged)
            if role is not None:
                store.give(row, role, subreddits, by=by.member)
            what = f"team: {role.word if role else 'changed'}" + (f" in {', '.join(subreddits)}" if subreddits else "")
            self._store.audit.record(by=by, what=what, subject=f"member {row}")
            return store.get(row)

    def remove(self, name: str, *, by: Actor) -> Member:
        """Let a member decide nothing any more; return them. Raises UsageError if no operator would be left."""
        self._operator(by)
        store = self._store
        with store.transaction():
            member = self.present(name)
            store.team.remove(member.id)
            store.audit.record(by=by, what="team: removed", subject=f"member {member.id}")
        return member

    def _row(self, name: str, *, by: int | None) -> int:
        """Return the row of a name, a new one if there is none; who had left comes back."""
        store = self._store.team
        name = names.clean(name)
        there = store.named(name)
        if there is None:
            return store.add(name, by=by)
        if not names.same(there.name, name):
            raise UsageError(f"{name} looks like {there.name}, who is in the team; choose another name")
        store.revive(there.id)
        if store.get(there.id).removed is not None:
            raise UsageError(f"{there.name} is another member's Reddit account; name the member")
        return there.id

    def present(self, name: str) -> Member:
        """Return the member of a name that was typed. Raises UsageError if it is nobody's."""
        name = names.clean(name)
        member = self._store.team.named(name)
        if member is None:
            known = "" if self._store.team.has_operator() else f"; {self._how(None)}"
            raise UsageError(f"{name} is nobody's name in the team; see: gifwarden team list{known}")
        if not names.same(member.name, name):
            raise UsageError(f"{name} only looks like the name {member.name}; write that one, letter by letter")
        if member.removed is not None:
            raise UsageError(f"{member.name} was removed from the team and decides nothing any more")
        return member

    def _need(self, member: Member, verb: Verb, subreddits: Sequence[str] | None) -> None:
        needed = NEEDS[verb]
        held = member.role(None if subreddits is None else tuple(subreddits))
        if held is not None and held >= needed:
            return
        where = f" in r/{', r/'.join(subreddits)}" if subreddits else ""
        has = f"is {held.word}" if held else "has no role"
        raise RightsError(
            f"to {verb} takes the role {needed.word}, and {member.name} {has}{where}; "
            f"{self._how(None) if not self._store.team.has_operator() else 'an operator gives it'}"
            f"{f': gifwarden team add NAME --role {needed.word}' if self._store.team.has_operator() else ''}"
        )

    def _operator(self, by: Actor) -> None:
        if not by.credential.own or not self._store.team.get(by.member).operator:
            raise RightsError(f"{by.name} is no operator under their own account; only one changes the team")

    def _how(self, account: str | None) -> str:
        if not self._store.team.has_operator():
            return "begin the team: gifwarden team add NAME makes whoever runs it first its operator"
        return f"let an operator note it: gifwarden team add NAME --account {account}"
