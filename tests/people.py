"""People of a team for tests: members who give their words by a credential of their own."""

from __future__ import annotations

import os
import pwd

import pytest

from bot.cli.base import system_account
from bot.model import Actor, Credential, Role
from bot.pipeline import Pipeline
from bot.store import Store


def member(where: Pipeline | Store, name: str = "ann", *, credential: Credential = Credential.SYSTEM_ACCOUNT) -> Actor:
    """Return a member of that name, an operator who is added if they are not there yet, with a word of their own."""
    store = where if isinstance(where, Store) else where.deps.store
    there = store.team.named(name)
    if there is None:
        row = store.team.add(name, by=None)
        store.team.give(row, Role.OPERATOR, (), by=None)
        store.team.note_off_reddit(row)  # so whoever orders on Reddit is surely somebody else
        there = store.team.get(row)
    return Actor(member=there.id, name=there.name, credential=credential)


def at_home(where: Pipeline | Store, name: str = "ann") -> Actor:
    """Return a member whose system account is the one under which the tests run: --by may be left out."""
    own = member(where, name)
    (where if isinstance(where, Store) else where.deps.store).team.note_account(own.member, system_account())
    return own


def under(patch: pytest.MonkeyPatch, account: str) -> None:
    """Let what follows run under another system account, as far as the program can tell."""
    patch.setattr(os, "geteuid", lambda: pwd.getpwnam(account).pw_uid)


def typed(where: Pipeline | Store, name: str, under: str) -> Actor:
    """Return a member whose name somebody typed under a system account."""
    own = member(where, name)
    return Actor(member=own.member, name=own.name, credential=Credential.TYPED, account=under)
