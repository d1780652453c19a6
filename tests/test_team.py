"""The team: who may do what, how we know that it was them, and when two people are two."""

from __future__ import annotations

import itertools
import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import ManualClock
from bot.errors import StoreError, UsageError
from bot.match.judging import same_file
from bot.migrations import migrations
from bot.model import NEEDS, Actor, Backing, Credential, Entry, Fingerprint, Match, Role, Verb, names
from bot.pipeline.reviewing.team import Team
from bot.rules.ladder import ActionLevel, reach, shortfall
from bot.store import Store
from tests.people import at_home, member, typed, under
from tests.slow import slow

DAY = 86_400
FOUND = Fingerprint(
    kind="image", format="png", sha256="aa" * 32, md5="bb" * 16, width=9, height=9, duration=None, frames=1
)
SYSTEM, REDDIT, TYPED = Credential.SYSTEM_ACCOUNT, Credential.REDDIT, Credential.TYPED
OWNS = (SYSTEM, REDDIT, TYPED)

NO_NAMES = {
    "blank": "",
    "spaces": "   ",
    "no-break space": "\u00a0",
    "zero width space": "\u200b",
    "hangul filler": "\u3164",
    "braille blank": "\u2800",
    "soft hyphen in it": "an\u00adn",
    "zero width joiner in it": "an\u200dn",
    "variation selector": "ann\ufe0f",
    "right-to-left override": "\u202enna",
    "isolate": "\u2066ann\u2069",
    "line feed": "ann\n",
    "tab": "ann\t",
    "null": "ann\x00",
    "escape": "\x1b[31mann",
    "half a character": "ann\ud800",
    "private use": "ann\ue000",
    "cyrillic in latin": "\u0430nn",
    "greek in latin": "\u03b1nn",
    "phonetic letter": "\u0251nn",
    "cherokee": "\u13aa\u13b2",
    "emoji": "ann\U0001f642",
    "dots": "...",
    "too long": "a" * 41,
    "other digits": "ann\u0663",
}


@pytest.mark.parametrize("text", NO_NAMES.values(), ids=NO_NAMES)
def test_what_is_no_name_is_refused_in_one_sentence(text: str) -> None:
    """Blank, unseen, control, bidirectional and mixed characters make no name."""
    with pytest.raises(UsageError, match=r"^the name [^.\n]+") as refused:
        names.clean(text)
    assert all(char.isprintable() for char in str(refused.value))


@pytest.mark.parametrize(
    ("one", "other"),
    [("ann", "ANN"), ("ann", "\uff41nn"), ("Al", "A1"), ("Bo", "B0"), ("Marn", "Mam"), ("aca", "\u0430\u0441\u0430"),
     ("Ann B", "ann_b"), ("Andre", "Andr\u00e9"), ("u/ann", "u-ann"), ("Savvy", "Sawy")],
)  # fmt: skip
def test_names_that_look_alike_fold_to_the_same(store: Store, one: str, other: str) -> None:
    """Of two names that a reader may take for one another, the team has one."""
    store.team.add(one, by=None)
    with pytest.raises(UsageError, match="looks like"):
        store.team.add(other, by=None)


@pytest.mark.parametrize("name", ["Ann", "Jos\u00e9 \u00c1lvarez", "O'Neil", "\u0418\u0432\u0430\u043d", "\u674e\u96f7",
                                  "\u4e94\u6708\u3042\u3044", "\u05e9\u05e8\u05d4", "\u0645\u0631\u064a\u0645",
                                  "\u0905\u0928\u0941", "u/some_mod-2"])  # fmt: skip
def test_names_of_people_are_taken(name: str) -> None:
    """Names in one script are names, whatever the script."""
    assert names.clean(name) == unicodedata.normalize("NFKC", name)


@given(st.text(max_size=60))
def test_every_text_is_a_name_that_is_seen_or_is_refused(text: str) -> None:
    """Whatever is typed: a name of seen letters that stays itself, or one sentence."""
    try:
        name = names.clean(text)
    except UsageError:
        return
    assert names.clean(name) == name
    assert names.fold(name)
    assert 0 < len(name) <= names.LONGEST
    assert not any(unicodedata.category(char)[0] == "C" for char in name)


@given(st.text(max_size=60))
def test_every_name_of_an_earlier_version_becomes_one_that_is_seen_or_nobodys(text: str) -> None:
    """What older databases hold is kept as far as it can be seen; what cannot is nobody."""
    name = names.legible(text)
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert bool(name) == bool(names.fold(name))


# roles


def test_each_verb_takes_its_role(store: Store) -> None:
    """Role by verb: a member with the role for all, or a stronger one, may; everybody else may not."""
    people = store.team
    may: dict[str, set[Verb]] = {}
    for number, role in enumerate((None, *Role)):
        account = f"account{number}"
        me = people.add(f"dora {'abcd'[number]}", by=None)
        people.note_account(me, account)
        if role:
            people.give(me, role, (), by=None)
        may[role.word if role else ""] = allowed = set()
        for verb in Verb:
            try:
                actor = Team(store).at_terminal(None, account, verb)
            except UsageError:
                with pytest.raises(UsageError, match=NEEDS[verb].word):
                    Team(store).at_terminal(people.get(me).name.upper(), account, verb, ["clips"])
                continue
            assert (actor.member, actor.credential) == (me, SYSTEM)
            allowed.add(verb)
    reviewer = {Verb.CASES, Verb.ACTIONS, Verb.CLAIMS, Verb.STOP}
    lead = reviewer | {Verb.BANKS, Verb.QUARANTINE, Verb.NOTICES, Verb.BANS, Verb.CLAIMANTS, Verb.GO}
    assert may == {"": set(), "reviewer": reviewer, "lead": lead, "operator": set(Verb)}


def test_a_role_for_a_subreddit_is_for_that_one(store: Store) -> None:
    """Where a role is for one subreddit, nothing of another is decided, nor of both."""
    people = store.team
    me = people.add("dora", by=None)
    people.note_account(me, "dora")
    people.give(me, Role.LEAD, ["Clips"], by=None)
    assert Team(store).at_terminal(None, "dora", Verb.NOTICES, ["clips"]).member == me
    assert Team(store).at_terminal(None, "dora", Verb.BANKS).member == me
    for places in (["other"], ["clips", "other"]):
        with pytest.raises(UsageError, match="takes the role lead"):
            Team(store).at_terminal(None, "dora", Verb.NOTICES, places)


def test_a_typed_name_gives_nobody_more_than_they_may(store: Store) -> None:
    """Who types another's name needs the role themselves, and never changes the team by it."""
    people = store.team
    member(store, "boss")
    me = people.add("dora", by=None)
    people.note_account(me, "dora")
    people.give(me, Role.REVIEWER, (), by=None)
    actor = Team(store).at_terminal("boss", "dora", Verb.CASES)
    assert (actor.credential, actor.account) == (TYPED, "dora")
    with pytest.raises(UsageError, match="dora is reviewer"):
        Team(store).at_terminal("boss", "dora", Verb.BANKS)
    with pytest.raises(UsageError, match="own system account"):
        Team(store).at_terminal("boss", "nobody", Verb.TEAM)
    assert Team(store).at_terminal("boss", "nobody", Verb.BANKS).credential is TYPED


def test_who_left_decides_nothing(store: Store) -> None:
    """A removed member decides nothing by any credential; the row and the last operator stay."""
    boss = at_home(store, "boss")
    dora = Team(store).add("dora", Role.LEAD, account="dora", reddit="dora_mod", by=boss)
    Team(store).remove("dora", by=boss)
    for name, account in ((None, "dora"), ("dora", "dora"), ("dora", "elsewhere")):
        with pytest.raises(UsageError):
            Team(store).at_terminal(name, account, Verb.CASES)
    with pytest.raises(UsageError, match="removed"):
        Team(store).by_reddit("Dora_Mod", "clips", ["all"])
    with pytest.raises(UsageError, match="removed"):
        Team(store).of_order(dora.id)
    with pytest.raises(UsageError, match="last operator"):
        Team(store).remove("boss", by=boss)
    assert Team(store).add("Dora", Role.REVIEWER, by=boss).id == dora.id


def test_reddit_makes_a_row_and_never_an_operator(store: Store) -> None:
    """A moderator whom Reddit confirms has one row, with a role by the permissions of now; others have none."""
    first = Team(store).by_reddit("Some_Mod", "clips", ["all"])
    assert first.credential is REDDIT
    assert Team(store).by_reddit("some_mod", "Clips", ["posts", "mail"]).member == first.member
    row = store.team.get(first.member)
    assert (row.name, row.roles) == ("u/Some_Mod", ((Role.REVIEWER, "clips"),))
    with pytest.raises(UsageError, match="does not moderate"):
        Team(store).by_reddit("passer_by", "clips", [])
    assert store.team.of_reddit("passer_by") is None
    alike = Team(store).by_reddit("Some_M0d", "clips", ["posts"])
    assert alike.member != first.member  # Reddit tells them apart


# two people


def entry(store: Store, by: Actor) -> str:
    if not store.banks.listing():
        store.banks.create("fakes", "block")
    return store.banks.add("fakes", replace(FOUND, sha256=f"{len(store.banks.entries()):064x}"), by=by)[0]


@pytest.mark.parametrize(("one", "two", "other"), list(itertools.product(OWNS, OWNS, (False, True))), ids=str)
@pytest.mark.parametrize("alone", [False, True])
def test_two_people_are_two_members_by_their_own_credentials(
    store: Store, clock: ManualClock, one: Credential, two: Credential, other: bool, alone: bool
) -> None:
    """Credential by credential, same or other member: confirmed by two only if two members gave their own words."""
    label = entry(store, member(store, "ann", credential=one))
    clock.sleep(2 * DAY)
    second = member(store, "ben" if other else "ann", credential=two)
    try:
        standing = store.banks.confirm(label, by=second, alone=alone)
    except StoreError:
        standing = store.banks.standing(label) or Backing.WAITS
    own = one.own and two.own
    expected = Backing.TWO_PEOPLE if own and other else Backing.ONE_PERSON if own and alone else Backing.WAITS
    assert standing is expected
    assert store.banks.standing(label) is expected


def test_a_name_that_one_person_typed_is_no_second_word(store: Store, clock: ManualClock) -> None:
    """Ann types as Ben, then confirms as herself: it waits, until somebody else gives their own word."""
    label = entry(store, typed(store, "ben", "ann"))
    ann = member(store, "ann")
    assert store.banks.confirm(label, by=ann) is Backing.WAITS
    with pytest.raises(StoreError, match="second person"):
        store.banks.confirm(label, by=ann)
    with pytest.raises(StoreError, match="themselves"):
        store.banks.confirm(label, by=typed(store, "ben", "ann"))
    assert store.banks.confirm(label, by=member(store, "ben")) is Backing.TWO_PEOPLE


def test_a_restored_entry_has_the_first_word_only(store: Store) -> None:
    """What was withdrawn and comes back waits for a second person again."""
    label = entry(store, member(store))
    store.banks.confirm(label, by=member(store, "ben"))
    store.banks.withdraw(label)
    store.banks.restore(label)
    assert store.banks.standing(label) is Backing.WAITS


def test_one_person_in_two_rows_is_one(store: Store) -> None:
    """An entry that one human confirmed by both accounts waits again once the accounts are known to be theirs."""
    boss = at_home(store, "boss")  # noted, wrongly, as somebody without a Reddit account
    label, other = entry(store, boss), entry(store, boss)
    store.banks.confirm(label, by=Team(store).by_reddit("boss_mod", "clips", ["all"]))
    store.banks.confirm(other, by=member(store, "ben"))
    assert store.banks.standing(label) is Backing.TWO_PEOPLE
    Team(store).add("boss", None, reddit="Boss_Mod", by=boss)
    assert store.banks.standing(label) is Backing.WAITS
    assert store.banks.standing(other) is Backing.TWO_PEOPLE
    assert Team(store).by_reddit("boss_mod", "clips", ["all"]).member == boss.member
    with pytest.raises(StoreError, match="second person"):
        store.banks.confirm(label, by=Team(store).by_reddit("boss_mod", "clips", ["all"]))


def test_a_system_account_and_a_reddit_account_may_be_one_persons(store: Store) -> None:
    """Until somebody says whose they are, words by one of each count once; then they count as they are."""
    boss = Team(store).first("boss", "root")
    label = entry(store, boss)
    head = Team(store).by_reddit("head_mod", "clips", ["all"])
    assert store.banks.confirm(label, by=head) is Backing.WAITS
    third = Team(store).by_reddit("third_mod", "clips", ["all"])
    assert store.banks.confirm(label, by=third) is Backing.TWO_PEOPLE  # two accounts of one kind are two people's
    mine, hers, nobodys = entry(store, boss), entry(store, boss), entry(store, boss)
    for one in (mine, hers, nobodys):
        store.banks.confirm(one, by=head)
    Team(store).add("boss", None, reddit="boss_mod", by=boss)
    assert store.banks.standing(hers) is Backing.TWO_PEOPLE  # boss has another one, so u/head_mod is somebody else
    with pytest.raises(UsageError, match="leave --no-reddit out"):
        Team(store).add("boss", None, off_reddit=True, by=boss)


def test_who_has_no_reddit_account_is_not_who_orders_there(store: Store) -> None:
    """An operator who is not on Reddit says so, and moderators' words count beside theirs."""
    boss = Team(store).first("boss", "root")
    label, again = entry(store, boss), entry(store, boss)
    head = Team(store).by_reddit("head_mod", "clips", ["all"])
    store.banks.confirm(label, by=head)
    Team(store).add("boss", None, off_reddit=True, by=boss)
    assert store.banks.standing(label) is Backing.TWO_PEOPLE
    assert store.banks.confirm(again, by=head) is Backing.TWO_PEOPLE


def test_who_has_both_accounts_is_not_somebody_with_another(store: Store) -> None:
    """A moderator whose system account is noted, and is another's than the first word's, is a second person."""
    boss = Team(store).first("boss", "root")
    label = entry(store, boss)
    store.banks.confirm(label, by=Team(store).by_reddit("cleo_mod", "clips", ["posts"]))
    assert store.banks.standing(label) is Backing.WAITS
    Team(store).add("cleo", Role.REVIEWER, account="cleo", reddit="cleo_mod", by=boss)
    assert store.banks.standing(label) is Backing.TWO_PEOPLE


def test_accounts_belong_to_one_person(store: Store) -> None:
    """No two rows share a system account or a Reddit account."""
    ann, ben = member(store, "ann").member, member(store, "ben").member
    store.team.note_account(ann, "shared")
    with pytest.raises(UsageError, match="one account stands for one person"):
        store.team.note_account(ben, "shared")
    store.team.note_reddit(ann, "Mod")
    with pytest.raises(UsageError, match="one person's"):
        store.team.note_reddit(ben, "mod")


# alone


def test_alone_takes_a_day_and_the_same_person(store: Store, clock: ManualClock) -> None:
    """With one confirmation: not at once, not a minute too early, a day later yes; and what is said shows nothing."""
    label = entry(store, member(store))
    for seconds in (0, DAY - 60):
        clock.sleep(seconds)
        with pytest.raises(StoreError, match="too early") as early:
            store.banks.confirm(label, by=member(store), alone=True)
        assert "ann" not in str(early.value)
    clock.sleep(60)
    assert store.banks.confirm(label, by=member(store), alone=True) is Backing.ONE_PERSON
    numbers = [row["id"] for row in store.connection.rows("select id from entries")]
    ((_, one, _),) = store.known.entries(numbers, (), alone=True)
    assert (one.confirmed, one.one_person) == (False, True)
    ((_, two, _),) = store.known.entries(numbers, (), alone=False)
    assert (two.confirmed, two.one_person) == (False, False)
    assert store.banks.confirm(label, by=member(store, "ben"), alone=True) is Backing.TWO_PEOPLE


def test_one_persons_entry_acts_on_its_exact_file_only() -> None:
    """The very file removes; a near copy whose face region agrees goes to review, with the reason."""
    known = Entry(label="E-1", bank="fakes", bank_kind="block", confirmed=False, one_person=True)
    exact = same_file("sha256", known, FOUND, 0)
    assert reach(exact) is ActionLevel.REMOVE
    assert "one person confirmed the entry" in exact.why
    for confirmed in (False, True):
        near = Match(
            media=0, bank="fakes", bank_kind="block", entry="E-1", confirmed=confirmed, one_person=True, method="pdq",
            signal="pdq", face_region="agrees",
        )  # fmt: skip
        assert reach(near) is ActionLevel.REVIEW
        assert "one person" in shortfall(near)


# the commands

SAMPLES: dict[str, tuple[str, ...]] = {
    "actions undo": ("1",),
    "ban": ("C-1", "--why", "x"),
    "bank add": ("known-fakes", "x.png"),
    "bank confirm": ("E-1",),
    "bank create": ("more",),
    "bank import": ("known-fakes", "x.txt"),
    "bank note": ("E-1", "--note", "seen before"),
    "bank remove": ("E-1",),
    "bank restore": ("E-1",),
    "bank withdrawal": ("E-1", "--undo-all"),
    "cases appeal": ("C-1",),
    "cases confirm": ("C-1",),
    "cases dismiss": ("C-1",),
    "cases cancel": ("t3_abc12",),
    "cases minor": ("t3_abc12",),
    "cases reported": ("M-1",),
    "cases undo": ("C-1",),
    "claims age": ("T-1", "--adult"),
    "claims answer": ("T-1",),
    "claims dismiss": ("T-1",),
    "claims file": ("T-1",),
    "claims forget": ("T-1",),
    "claims given": ("T-1",),
    "claims known": ("T-1", "--how", "ngo", "--say", "the helpline wrote to us"),
    "claims link": ("T-1", "--case", "C-1"),
    "claims open": ("--post", "https://redd.it/1abcd2", "--subreddit", "clips"),
    "claims safe-way": ("T-1", "--way", "modmail"),
    "claims show": ("T-1",),
    "claims texts": ("de", "--approve"),
    "exchange fetch": ("theirs", "--yes"),
    "exchange pause": ("theirs",),
    "exchange remove": ("theirs",),
    "go": (),
    "hosts contact": ("redgifs.com", "--accept", "1"),
    "notices answers": ("A-1", "--means", "removed"),
    "notices by-hand": ("N-1",),
    "notices close": ("N-1",),
    "notices confirm": ("N-1", "--ground", "citable_list", "--detail", "x"),
    "notices draft": ("C-1",),
    "notices drop": ("N-1", "x"),
    "notices form": ("N-1",),
    "notices ground": ("E-1", "--ground", "citable_list", "--detail", "x"),
    "notices move": ("N-1", "x", "--to", "N-2"),
    "notices raise": ("N-1", "complaint"),
    "notices remind": ("N-1",),
    "notices retract": ("N-1",),
    "notices texts approve": ("de", "--yes"),
    "notices split": ("N-1", "x"),
    "person add": ("x", "x.png", "--basis", "mandate", "--record", "x", "--purpose", "x", "--expires", "2030-01-01"),
    "person forget": ("P-1",),
    "parked retry": ("link", "1"),
    "purge": (),
    "quarantine add": ("entry", "E-1"),
    "quarantine release": ("entry", "E-1"),
    "stop": (),
    "team add": ("carol", "--role", "lead"),
    "team invite": ("ann",),
    "team remove": ("ann",),
    "team signout": ("ann",),
}
NEED_A_THING = (
    "actions undo", "ban", "cases appeal", "cases confirm", "cases dismiss", "cases undo", "notices",
    *(name for name in SAMPLES if name.startswith("claims") and name != "claims texts"),
)  # fmt: skip


def deciding() -> Iterator[str]:
    """Yield the full name of every command that takes --by, but for init, which makes the team."""

    def walk(command: Any, prefix: str) -> Iterator[str]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{prefix}{name} ")
        if any("--by" in option.opts for option in command.params):
            yield prefix.strip()

    return (name for name in walk(get_command(app), "") if name != "init")


def run(*args: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code, and its output or the error."""
    done = CliRunner().invoke(app, list(args))
    error = str(done.exception) if isinstance(done.exception, Exception) else ""
    return getattr(done.exception, "exit_code", done.exit_code), done.output + error


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose operator is ann, under the account that runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GIFWARDEN_CONFIG", raising=False)
    assert run("init", "--by", "ann")[0] == 0
    (tmp_path / "x.png").write_bytes(b"x")
    (tmp_path / "x.txt").write_text("")
    return tmp_path


def dump(home: Path) -> list[str]:
    """Return everything in the database as SQL."""
    with sqlite3.connect(home / "data" / "gifwarden.db") as raw:
        return list(raw.iterdump())


def test_every_deciding_command_is_tried_below() -> None:
    """A new command with --by comes with a sample here."""
    assert set(deciding()) == set(SAMPLES)


@pytest.mark.parametrize(
    "command",
    [pytest.param(one, marks=[slow] if number % 9 else []) for number, one in enumerate(sorted(SAMPLES))],
)
def test_a_name_that_is_nobodys_decides_nothing(home: Path, command: str) -> None:
    """Blank, unknown, look-alike, control, bidirectional and unseen names: one sentence, and nothing changes."""
    before = dump(home)
    for text in ("", "\u200b", "\u3164", "\u202eann", "ann\x1b", "\u0430nn", "an\u00adn", "\u0410nn", "carl", "Anm"):
        code, said = run(*command.split(), *SAMPLES[command], "--by", text)
        if command.startswith(NEED_A_THING):
            assert code in (1, 2), (text, said)  # what it is about is not there either
        else:
            assert code == 2, (text, said)
            assert "name" in said
    assert dump(home) == before


@pytest.mark.parametrize("command", [name for name in sorted(SAMPLES) if not name.startswith(NEED_A_THING)])
def test_an_account_that_is_nobodys_decides_nothing(home: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Without --by, under an account that belongs to no member: what to do is said, and nothing changes."""
    before = dump(home)
    under(monkeypatch, "daemon")
    code, said = run(*command.split(), *SAMPLES[command])
    assert code == 2
    assert "daemon is nobody's in the team" in said
    assert dump(home) == before


def test_the_team_from_the_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """init makes the operator; they add, list and remove others; no other account may, and no look-alike is added."""
    assert run("team", "add", "Ben", "--role", "lead", "--account", "daemon", "--reddit", "u/ben_mods")[0] == 0
    assert run("team", "add", "Cleo", "--role", "reviewer", "--account", "bin")[0] == 0
    assert run("team", "add", "B\u00e9n")[0] == 2
    assert run("team", "add", "Ben", "--account", "bin")[0] == 2
    assert run("team", "add", "Dan", "--account", "no-such-account")[0] == 2
    assert run("team", "add", "Dan", "--role", "king")[0] == 2
    assert run("team", "add", "Dan", "--role", "operator", "--in", "clips")[0] == 2
    code, said = run("team", "list")
    assert code == 0
    assert all(word in said for word in ("ann", "Ben", "lead", "ben_mods", "Cleo", "reviewer"))
    assert run("team", "remove", "ann")[0] == 2
    under(monkeypatch, "daemon")
    assert run("team", "add", "Eve", "--role", "lead")[0] == 2
    assert run("team", "add", "Eve", "--role", "lead", "--by", "ann")[0] == 2
    assert run("bank", "create", "more")[0] == 0
    under(monkeypatch, "bin")
    code, said = run("bank", "create", "less")
    assert (code, "takes the role lead" in said) == (2, True)


def test_the_first_team_add_makes_the_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an operator nobody decides; the first `team add` makes its runner one, and only the first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("")
    code, said = run("bank", "create", "more", "--by", "ann")
    assert (code, "team add" in said) == (2, True)
    assert run("team", "add", "ann")[0] == 0
    assert run("bank", "create", "more")[0] == 0
    under(monkeypatch, "daemon")
    assert run("team", "add", "eve")[0] == 2


# earlier versions


def test_a_database_of_an_earlier_version_is_carried_forward(tmp_path: Path, clock: ManualClock) -> None:
    """Names become rows without roles, look-alikes one; what a blank name confirmed needs a second person again."""
    path = tmp_path / "gifwarden.db"
    old = Database(str(path))
    migrations.apply(old, stop_before="m0012_team")
    assert "team" not in old.table_names()
    pairs = [("ann", "ben"), ("ann", "Ann"), ("ann", " "), ("", "ben"), ("ann", "\u200b"), ("ann", "\u0430nn"),
             ("ann", None), ("u/mod", "ann"), ("\u3164", "\u200b"), ("ann", "an\u200bn")]  # fmt: skip
    old.execute("insert into banks (id, name, kind, created_at) values (1, 'fakes', 'block', '2026-01-01T00:00:00Z')")
    for number, (added, confirmed) in enumerate(pairs, 1):
        old.execute(
            "insert into entries (id, label, bank, state, added_by, added_at, confirmed_by, confirmed_at) "
            "values (?, ?, 1, 'active', ?, '2026-01-01T00:00:00Z', ?, ?)",
            [number, f"E-{number}", added, confirmed, None if confirmed is None else "2026-01-02T00:00:00Z"],
        )
    old.execute("insert into stops (subreddit, who, at, why) values ('clips', 'u/mod', '2026-01-01T00:00:00Z', 'raid')")
    old.execute(
        "insert into orders (id, subreddit, conversation, sender, verb, target, why, state, outcome,"
        " received_at, seen_at) values ('m1', 'clips', null, 'mod', 'stop', '', 'raid', 'done', null, "
        "'2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
    )
    old.execute(
        "insert into audit (at, who, what, subject) values ('2026-01-01T00:00:00Z', 'ann', 'entry added', 'E-1'), "
        "('2026-01-01T00:00:00Z', 'gifwarden', 'case opened', 'C-1')"
    )
    old.conn.commit()
    old.close()
    with Store(path, clock) as store:
        people = store.team.listing()
        assert sorted(one.name for one in people) == ["ann", "ben", "u/mod"]
        assert all(not one.roles and one.account is None for one in people)
        assert (mod := store.team.of_reddit("Mod")) is not None
        standings = [row.standing.value for row in store.banks.entries()]
        again, two = "again", "two_people"
        assert standings == [two, again, again, again, again, again, "waits", two, again, again]
        assert store.banks.count(Backing.AGAIN) == 7
        assert store.connection.value("select member from stops") == mod.id
        assert store.connection.value("select member from orders") == mod.id
        assert [row["member"] is None for row in store.connection.rows("select member from audit order by id")] == [
            False,
            True,
        ]
        carl = member(store, "carl")
        assert store.banks.confirm("E-3", by=carl) is Backing.TWO_PEOPLE
        assert store.banks.confirm("E-4", by=carl) is Backing.AGAIN  # nobody had put it in
        assert store.team.add_reddit("mod2") != mod.id


@pytest.mark.slow
def test_doctor_says_what_the_team_lacks(home: Path) -> None:
    """doctor names who has no role, that there is one credential only, and entries that must be confirmed again."""
    assert run("team", "add", "Idle")[0] == 0
    with sqlite3.connect(home / "data" / "gifwarden.db") as raw:
        raw.execute(
            "insert into entries (label, bank, state, added_by, added_at, standing) "
            "values ('E-1', 1, 'active', '', '2026-01-01T00:00:00Z', 'again')"
        )
    said = " ".join(run("doctor")[1].split())
    assert "without a role, so they decide nothing: Idle" in said
    assert "only one member has an account of their own" in said
    assert "1 entry must be confirmed again" in said
