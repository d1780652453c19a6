"""The database: nothing twice, nothing lost, nothing half done."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import ManualClock
from bot.encryption import FieldCipher, new_key, write_key
from bot.errors import LeaseError, SealError, StoreError
from bot.model import (
    ActionState,
    CaseState,
    Evidence,
    Fingerprint,
    Link,
    LinkState,
    ModAction,
    NoticeItem,
    NoticeState,
    Post,
    Receipt,
    Signal,
    Verdict,
)
from bot.store import Store
from bot.store.lists import Listed
from tests.conftest import START
from tests.people import member

LINK = Link(url="https://redgifs.com/watch/abc", host="redgifs", id="abc", kind="media", source="url", post="t3_a")
POST = Post(fullname="t3_a", subreddit="Clips", permalink="/r/clips/comments/a/x/", created=START, author="someone")
FOUND = Fingerprint(
    kind="image",
    format="png",
    sha256="aa",
    md5="bb",
    width=1,
    height=1,
    duration=None,
    frames=1,
    signals=(Signal(type="pdq", value=b"\x01" * 32, quality=90, t=0.0),),
)
VERDICT = Verdict(outcome="act", rule="a rule")


def open_case(store: Store) -> int:
    """Store a post with a link and open a case on it."""
    store.links.add([(POST, [LINK])])
    return store.cases.open(1, POST.fullname, VERDICT).id


def test_a_post_seen_twice_is_stored_once(store: Store) -> None:
    """The overlap of two polls adds nothing."""
    assert store.links.add([(POST, [LINK])]) == (1, 1)
    assert store.links.add([(POST, [LINK])]) == (0, 0)
    assert [row.link for row in store.links.due(LinkState.SEEN)] == [LINK]


def test_links_without_media_wait_for_nothing(store: Store) -> None:
    """A page or an unknown URL is recorded as unsupported at once."""
    page = Link(url="https://redgifs.com/users/x", host="redgifs", id=None, kind="page", source="text", post="t3_a")
    store.links.add([(POST, [page])])
    assert store.links.due(LinkState.SEEN) == []
    assert store.links.get(1).state == LinkState.UNSUPPORTED


def test_a_watermark_never_moves_back(store: Store) -> None:
    """An older poll that ends late does not undo a newer one."""
    store.watermarks.move("clips", "new", fullname="t3_b", created=START)
    store.watermarks.move("Clips", "new", fullname="t3_a", created=START - timedelta(hours=1))
    assert store.watermarks.created("clips", "new") == START
    assert store.watermarks.fullname("clips", "new") == "t3_b"


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """Either all of a step is written or none of it."""

    def fail_half_way() -> None:
        with store.transaction():
            store.links.add([(POST, [LINK])])
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert store.links.post("t3_a") is None


def test_fingerprints_are_sealed_in_the_file(store: Store, tmp_path: Path) -> None:
    """What is kept of a media cannot be read from the database file or its log."""
    store.links.add([(POST, [LINK])])
    store.links.acquired(1, Evidence(target="t", link=LINK), [(0, b"a secret fingerprint")])
    assert store.links.fingerprints(1) == [(0, b"a secret fingerprint")]
    for file in tmp_path.iterdir():
        assert b"secret fingerprint" not in file.read_bytes()


def test_without_a_key_nothing_is_kept(clock: ManualClock) -> None:
    """A store without a seal refuses to keep a fingerprint in the clear."""
    with Store(None, clock) as store:
        store.links.add([(POST, [LINK])])
        with pytest.raises(SealError):
            store.links.acquired(1, Evidence(target="t", link=LINK), [(0, b"x")])


def test_another_key_does_not_open_them(clock: ManualClock, tmp_path: Path) -> None:
    """A lost key is said in one sentence, not as garbage."""
    with Store(tmp_path / "a.db", clock, FieldCipher(new_key())) as store:
        store.links.add([(POST, [LINK])])
        store.links.acquired(1, Evidence(target="t", link=LINK), [(0, b"x")])
    with pytest.raises(SealError, match="key at hand is not the one"):
        Store(tmp_path / "a.db", clock, FieldCipher(new_key()))


def test_an_action_is_planned_once_for_each_key(store: Store) -> None:
    """Two rules, two links or a restart cannot plan the same thing twice."""
    case = open_case(store)
    plan = {
        "kind": "report",
        "case": case,
        "post": "t3_a",
        "subreddit": "clips",
        "permalink": "/",
        "params": {"reason": "x"},
    }
    assert store.actions.plan(key="t3_a:report", **plan)  # type: ignore[arg-type]  # one dict for two calls
    assert not store.actions.plan(key="t3_a:report", **plan)  # type: ignore[arg-type]  # one dict for two calls
    (row,) = store.actions.due((ActionState.PLANNED,))
    assert row.action.params == {"reason": "x"}


def test_cancelled_actions_are_not_counted_against_the_cap(store: Store, clock: ManualClock) -> None:
    """Only what was begun counts."""
    case = open_case(store)
    for number in range(3):
        store.actions.plan(
            key=str(number), kind="report", case=case, post="t3_a", subreddit="c", permalink="/", params={}
        )
    first, second, _ = store.actions.due((ActionState.PLANNED,))
    store.actions.begin(first.action.id)
    store.actions.move(first.action.id, ActionState.DONE, expect=(ActionState.SENDING,), receipt=Receipt(detail="done"))
    store.actions.move(second.action.id, ActionState.CANCELLED, expect=(ActionState.PLANNED,))
    assert store.actions.sent_since("report", clock.now() - timedelta(hours=1)) == 1
    clock.sleep(7200)
    assert store.actions.sent_since("report", clock.now() - timedelta(hours=1)) == 0


def test_only_an_open_case_can_be_decided(store: Store) -> None:
    """The first decision stands until it is undone."""
    case = open_case(store)
    assert store.cases.decide(case, CaseState.DISMISSED, by=member(store), why="fine")
    assert not store.cases.decide(case, CaseState.CONFIRMED, by=member(store, "bob"), why="no")
    store.cases.reopen(case)
    assert store.cases.decide(case, CaseState.CONFIRMED, by=member(store, "bob"), why="yes")


def test_a_decision_of_the_mod_log_is_heard_once(store: Store) -> None:
    """Reading the log again changes nothing."""
    open_case(store)
    decision = ModAction(id="ModAction_1", action="approvelink", moderator="ann", target="t3_a", at=START)
    assert store.cases.heard(decision)
    assert not store.cases.heard(decision)
    assert store.cases.decision_on("t3_a") == decision


def test_entries_need_a_second_person(store: Store) -> None:
    """Who added an entry cannot confirm it."""
    store.banks.create("fakes", "block")
    label, new = store.banks.add("fakes", FOUND, by=member(store, "Ann"))
    assert new
    with pytest.raises(StoreError, match="second person"):
        store.banks.confirm(label, by=member(store))
    assert not next(iter(store.known.active(()))).confirmed
    store.banks.confirm(label, by=member(store, "bob"))
    assert next(iter(store.known.active(()))).confirmed


def test_a_withdrawn_entry_is_not_active_and_returns_unconfirmed(store: Store) -> None:
    """Withdrawing works at once, and coming back needs a second person again."""
    store.banks.create("fakes", "block")
    label, _ = store.banks.add("fakes", FOUND, by=member(store))
    store.banks.confirm(label, by=member(store, "bob"))
    before = store.banks.version()
    store.banks.withdraw(label)
    assert list(store.known.active(())) == []
    assert store.banks.version() > before
    store.banks.restore(label)
    assert not next(iter(store.known.active(()))).confirmed


def test_the_same_file_is_one_entry(store: Store) -> None:
    """Banking a file again gives the entry that it has."""
    store.banks.create("fakes", "block")
    first = store.banks.add("fakes", FOUND, by=member(store))
    assert store.banks.add("fakes", FOUND, by=member(store, "bob")) == (first[0], False)


def test_a_media_stands_on_one_notice_of_its_host(store: Store) -> None:
    """The same media in two posts is not reported to its host twice."""
    first = open_case(store)
    other = Post(fullname="t3_b", subreddit="clips", permalink="/b", created=START)
    store.links.add([(other, [Link(url=LINK.url, host="redgifs", id="abc", kind="media", source="url", post="t3_b")])])
    second = store.cases.open(2, "t3_b", VERDICT).id
    item = NoticeItem(host_id="abc", url=LINK.url, seen_at=START)
    label = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.c", case=first, item=item)
    assert store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.c", case=second, item=item) == label
    assert [i.host_id for i in store.notices.get(label).items] == ["abc"]
    store.notices.drop_case(first)
    assert store.notices.get(label).state == NoticeState.DRAFTED
    store.notices.drop_case(second)
    assert store.notices.get(label).state == NoticeState.RETRACTED


def test_a_notice_says_nothing_before_a_person_states_it(store: Store) -> None:
    """A draft cannot be turned into what is mailed."""
    item = NoticeItem(host_id="abc", url=LINK.url, seen_at=START)
    label = store.notices.draft(host="redgifs", subreddit="clips", recipient="a@b.c", case=open_case(store), item=item)
    with pytest.raises(StoreError, match="no statement"):
        store.notices.get(label).stated_notice()


def test_one_daemon_holds_the_lease(store: Store, clock: ManualClock) -> None:
    """A second daemon is refused until the first one's lease has run out."""
    store.lease.take("one", 60)
    with pytest.raises(LeaseError, match="one"):
        store.lease.take("two", 60)
    clock.sleep(61)
    store.lease.take("two", 60)


def test_forgetting_leaves_cases_and_unfinished_links(store: Store, clock: ManualClock) -> None:
    """Old posts go with their links, those with a case or work to do stay."""
    open_case(store)
    idle = Post(fullname="t3_old", subreddit="clips", permalink="/old", created=START, author="gone")
    busy = Post(fullname="t3_busy", subreddit="clips", permalink="/busy", created=START)
    link = Link(url="https://redgifs.com/watch/z", host="redgifs", id="z", kind="media", source="url", post="t3_old")
    store.links.add([(idle, [link]), (busy, [link])])
    store.links.move(2, LinkState.GONE)
    clock.sleep(86400 * 40)
    assert store.maintenance.forget_before(clock.now() - timedelta(days=30)) == 1
    assert store.links.post("t3_old") is None
    assert store.links.post("t3_busy") is not None
    assert store.links.post("t3_a") is not None


def test_a_newer_database_is_refused(clock: ManualClock, tmp_path: Path) -> None:
    """An older program does not write into what it does not understand."""
    path = tmp_path / "a.db"
    Store(path, clock).close()
    with sqlite3.connect(path) as raw:
        raw.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('gifwarden', 'm9999', 'x')"
        )
    raw.close()
    with pytest.raises(StoreError, match="newer"):
        Store(path, clock)


def test_a_file_that_is_no_database_is_one_sentence(clock: ManualClock, tmp_path: Path) -> None:
    """Garbage where the database should be is said plainly."""
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database, certainly not" * 100)
    with pytest.raises(StoreError, match="is damaged"):
        Store(path, clock)


def test_the_file_is_private(store: Store, tmp_path: Path) -> None:
    """Only its owner can read the database."""
    assert (tmp_path / "gifwarden.db").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_done(store: Store) -> None:
    """SQLite's errors come as StoreError; when there is room again, everything works."""
    store.links.add([(POST, [LINK])])
    connection = store.connection
    pages = connection.value("pragma page_count")
    connection.rows(f"pragma max_page_count = {pages}")
    long = replace(POST, fullname="t3_long", body="x" * 200_000)
    with pytest.raises(StoreError, match="full"):
        store.links.add([(replace(POST, fullname="t3_before"), [LINK]), (long, [LINK])])
    assert store.links.post("t3_before") is None
    connection.rows("pragma max_page_count = 1000000")
    assert store.links.add([(long, [LINK])]) == (1, 1)


def test_a_post_without_a_link_is_not_kept(store: Store) -> None:
    """It leaves no row; one that is known stays and is kept as it is now, when an edit takes its link."""
    assert store.links.add([(replace(POST, fullname="t3_plain"), [])]) == (0, 0)
    assert store.links.post("t3_plain") is None
    store.links.add([(POST, [LINK])])
    store.links.add([(replace(POST, body="edited"), [])])
    found = store.links.post(POST.fullname)
    assert found is not None
    assert found.body == "edited"


def test_a_failing_question_is_one_sentence(store: Store) -> None:
    """Reading and writing raise StoreError, whatever SQLite says."""
    for ask in (store.connection.rows, store.connection.one, store.connection.value, store.connection.run):
        with pytest.raises(StoreError, match="nowhere"):
            ask("delete from nowhere" if ask == store.connection.run else "select 1 from nowhere")


def test_a_failed_commit_leaves_no_transaction_open(store: Store) -> None:
    """What cannot be committed is rolled back, and the next step is a fresh one."""

    def refer_to_nothing() -> None:
        with store.transaction():
            store.connection.rows("pragma defer_foreign_keys = on")
            store.connection.run("insert into fingerprints values (99, 0, x'00')")

    with pytest.raises(StoreError):
        refer_to_nothing()
    assert not store.connection.db.conn.in_transaction
    assert store.links.add([(POST, [LINK])]) == (1, 1)


def test_a_transaction_that_the_database_gave_up_is_not_half_committed(store: Store) -> None:
    """After SQLite rolled back by itself, the rest of the block is refused and the commit too."""

    def given_up_half_way() -> None:
        with store.transaction():
            store.links.add([(POST, [LINK])])
            store.connection.db.conn.execute("rollback")
            with contextlib.suppress(StoreError):
                store.links.add([(replace(POST, fullname="t3_b"), [])])

    with pytest.raises(StoreError, match="gave this step up"):
        given_up_half_way()
    assert store.links.post("t3_a") is None
    assert store.links.post("t3_b") is None
    assert store.links.add([(POST, [LINK])]) == (1, 1)


def test_a_lease_is_held_until_it_runs_out(store: Store, clock: ManualClock) -> None:
    """Only the holder holds it, and only while it lasts."""
    assert not store.lease.holds("one")
    store.lease.take("one", 60)
    assert store.lease.holds("one")
    assert not store.lease.holds("two")
    clock.sleep(61)
    assert not store.lease.holds("one")


def test_a_page_and_a_media_of_one_id_are_two_links(store: Store) -> None:
    """A host may give both the same id; the same media twice is one link."""
    page = replace(LINK, kind="page", url="https://redgifs.com/users/abc")
    assert store.links.add([(POST, [page, LINK])]) == (1, 2)
    assert store.links.add([(POST, [replace(LINK, kind="album"), page])]) == (0, 0)


def test_a_known_post_is_stored_as_it_is_now(store: Store) -> None:
    """An edit's text is kept, while decisions are heard from the mod log only: ours look like others' here."""
    store.links.add([(POST, [LINK])])
    now = replace(POST, body="edited", edited=True, removed_by_category="moderator")
    assert store.links.add([(now, [LINK])]) == (0, 0)
    assert store.links.post("t3_a") == replace(now, removed_by_category=None)


def test_links_of_several_states_are_due_in_one_order(store: Store, clock: ManualClock) -> None:
    """A link that is tried again is not kept waiting by newer ones."""
    many = [replace(LINK, id=str(number)) for number in range(3)]
    store.links.add([(POST, many)])
    store.links.failed(2, reason="x", next_at=clock.now() + timedelta(seconds=60))
    clock.sleep(120)
    store.links.add([(replace(POST, fullname="t3_b"), [replace(LINK, post="t3_b")])])
    assert [row.id for row in store.links.due(LinkState.SEEN, LinkState.FAILED)] == [1, 3, 2, 4]
    assert [row.id for row in store.links.due(LinkState.SEEN, LinkState.FAILED, limit=1)] == [1]


def test_all_entries_are_read_with_few_questions(store: Store) -> None:
    """Each entry comes with its own files and signals, in their order, without a question for each."""
    store.banks.create("fakes", "block")
    for number in range(40):
        signals = tuple(replace(FOUND.signals[0], t=float(t), quality=50 + t) for t in range(number % 3))
        found = replace(FOUND, sha256=f"sha{number}", md5=f"md{number}", signals=signals, also=(("other", "o"),))
        store.banks.add("fakes", found, by=member(store))
    asked: list[str] = []
    store.connection.db.conn.set_trace_callback(asked.append)
    entries = list(store.known.active(()))
    store.connection.db.conn.set_trace_callback(None)
    assert len(asked) <= 7  # one of them: which of them somebody disputes
    assert [sorted(entry.sha256) for entry in entries] == [["other", f"sha{number}"] for number in range(40)]
    assert [[signal.t for signal in entry.signals] for entry in entries] == [
        [float(t) for t in range(number % 3)] for number in range(40)
    ]


def test_a_key_is_written_whole_and_never_over_another(tmp_path: Path) -> None:
    """Only its owner can read it, nothing is left beside it, and a second one is refused."""
    path = tmp_path / "key"
    write_key(path, "first")
    with pytest.raises(SealError):
        write_key(path, "second")
    assert path.read_text() == "first\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_is_cut_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not on the disk completely never bears the key's name."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SealError, match="No space left"):
        write_key(tmp_path / "key", "first")
    assert list(tmp_path.iterdir()) == []


def test_every_change_of_an_entry_is_numbered(store: Store) -> None:
    """Adding, withdrawing, restoring and losing signals each give an entry a new number; confirming does not."""
    store.banks.create("fakes", "block")
    label, _ = store.banks.add("fakes", FOUND, by=member(store))
    seen = [store.known.latest()]
    (entry,) = store.known.changed(0)
    for step in (
        lambda: store.banks.withdraw(label),
        lambda: store.banks.restore(label),
        lambda: store.connection.run("delete from signals where entry = ?", (entry,)),
        lambda: store.connection.run("delete from entries where id = ?", (entry,)),
    ):
        step()
        assert store.known.changed(seen[-1]) == [entry]
        seen.append(store.known.latest())
    assert seen == sorted(set(seen))
    assert store.known.changed(seen[-1]) == []


def test_only_what_may_match_is_read_for_the_index(store: Store) -> None:
    """Signals below the gate, of other types and of withdrawn entries are left out; the others come in order."""
    store.banks.create("fakes", "block")
    good = replace(FOUND.signals[0], type="pdq", quality=50)
    for sha, signals in (("a", (good, replace(good, quality=49))), ("b", (good,)), ("c", (good, good))):
        store.banks.add("fakes", replace(FOUND, sha256=sha, md5=sha, also=(), signals=signals), by=member(store))
    store.banks.withdraw(next(row.label for row in store.banks.entries() if row.signals == 1))
    (rows,) = store.known.signals("pdq", 50)
    assert [value for _, _, value in rows] == [good.value] * 3
    assert [row for row, _, _ in rows] == sorted(row for row, _, _ in rows)
    assert list(store.known.signals("phash", 50)) == []
    assert list(store.known.signals_of([entry for _, entry, _ in rows], "pdq", 50)) == [rows]
    assert [store.known.count("pdq", 50, most) for most in (2, 9)] == [2, 3]


@pytest.mark.slow
def test_a_change_is_taken_in_without_reading_the_banks(store: Store) -> None:
    """Among thousands of entries without files, what is asked at each change takes SQLite a few steps."""
    store.banks.create("list", "block")
    rows = [Listed(signals=(Signal(type="pdq", value=n.to_bytes(32), quality=90, t=0.0),)) for n in range(3000)]
    assert store.lists.take(store.lists.source("list", "them"), rows, by=member(store)).added == 3000
    store.lists.make_entries(f"L-{n}" for n in range(1, 3001))
    steps: list[int] = []
    connection = store.connection.db.conn
    connection.set_progress_handler(lambda: steps.append(1), 100)
    latest = store.known.latest()
    assert not store.known.has_files()
    assert store.known.changed(latest - 1) == [3000]
    assert len(list(store.known.signals_of([3000], "pdq", 50))) == 1
    assert not store.listed.has_files()
    assert store.listed.changed(store.listed.latest() - 1) == [3000]
    assert list(store.listed.replacing([3000], "pdq", 50, store.listed.latest() - 1, store.listed.latest())) == []
    connection.set_progress_handler(None, 100)
    assert len(steps) < 10
