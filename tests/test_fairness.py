"""Nobody's many links make another's few wait: turns by subreddit, author and post; the costly goes behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.clock import ManualClock
from bot.config import DecodeConfig
from bot.errors import CostlyError
from bot.model import Link, LinkState, Post
from bot.pipeline.scanning.unlooked import not_looked_at
from bot.store import LinkRow, Store
from bot.store.links import LEARNT, LIVE, PAST, URGENT
from bot.store.turns import CYCLE
from bot.workers import Aside, Budget, Workers
from tests.benchmarks.fairness import FLOODS, noisy
from tests.benchmarks.turns import measure
from tests.turns import in_turn, take

AT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[Store]:
    """Yield an empty database in memory."""
    with Store(None, ManualClock(AT)) as store:
        yield store


def add(
    store: Store,
    name: str,
    count: int,
    *,
    author: str | None,
    subreddit: str = "clips",
    start: int = 0,
    priority: int = LIVE,
) -> None:
    """Store a post with so many links that nobody else has."""
    post = Post(fullname=name, subreddit=subreddit, permalink="/", created=AT, author=author)
    links = [
        Link(url=f"https://i.imgur.com/{name}n{n}.png", host="imgur", id=f"{name}n{n}", kind="media", source="text",
             post=name)
        for n in range(start, start + count)
    ]  # fmt: skip
    store.links.add([(post, links)], priority=priority)


def ordinary(store: Store, subreddit: str = "clips", count: int = 50) -> set[str]:
    """Store posts of one link each by as many people."""
    names = [f"t3_o{n}" for n in range(count)]
    for n, name in enumerate(names):
        add(store, name, 1, author=f"person{n}", subreddit=subreddit)
    return set(names)


def place_of_last(store: Store, names: set[str]) -> int:
    """Return how many links are taken until all of these posts' were."""
    order = [row.link.post for row in in_turn(store)]
    return max(place for place, post in enumerate(order, 1) if post in names)


@pytest.mark.parametrize(
    "kind", [next(iter(FLOODS)), *(pytest.param(kind, marks=pytest.mark.slow) for kind in list(FLOODS)[1:])]
)
@pytest.mark.slow
def test_a_flood_makes_the_ordinary_wait_twice_as_long_at_most(store: Store, kind: str) -> None:
    """Whatever came first, fifty ordinary posts are through after a hundred picks and a few."""
    for name, author, subreddit, count in FLOODS[kind]:
        add(store, name, count, author=author, subreddit=subreddit)
    assert place_of_last(store, ordinary(store, "quiet" if kind == "raid" else "clips")) <= 110


def test_who_reports_their_own_posts_goes_before_others_every_second_time_only(store: Store) -> None:
    """Two hundred reported posts of three people leave every second pick to what nobody reported."""
    for n in range(200):
        add(store, f"t3_f{n}", 1, author=f"flooder{n % 3}", priority=URGENT)
    assert place_of_last(store, ordinary(store)) <= 115


def test_what_is_reported_waits_for_one_other_at_most(store: Store) -> None:
    """Behind many that nobody reported, each reported post is among the next two."""
    names = ordinary(store)
    for n in range(3):
        add(store, f"t3_r{n}", 1, author=f"reported{n}", priority=URGENT)
    assert names
    assert place_of_last(store, {"t3_r0", "t3_r1", "t3_r2"}) <= 7


def test_what_is_beyond_the_cap_comes_behind_all_and_comes(store: Store) -> None:
    """Links 26 to 30 of a post, one of them by an edit, are taken last, and none is dropped."""
    add(store, "t3_many", 29, author="flooder")
    add(store, "t3_many", 1, author="flooder", start=29)
    add(store, "t3_two", 2, author="flooder")
    rows = in_turn(store)
    assert len(rows) == 32
    assert store.turns.behind("t3_many") == 5
    cut = [row for row in rows if row.late]
    assert {row.link.id for row in cut} == {f"t3_manyn{n}" for n in range(25, 30)}
    assert sum(row.late for row in rows[-5:]) >= 4  # one pick of a cycle may begin with what is late


def test_people_are_told_what_waits_behind(store: Store) -> None:
    """Whoever looks at a post reads how many of its links wait behind others, as long as they do."""
    add(store, "t3_many", 56, author="flooder")
    add(store, "t3_one", 26, author="flooder")
    add(store, "t3_few", 25, author="flooder")
    in_turn(store)
    assert not_looked_at(store, "t3_many") == ("31 more links of this post wait behind others",)
    assert not_looked_at(store, "t3_one") == ("1 more link of this post waits behind others",)
    assert not_looked_at(store, "t3_few") == ()
    store.connection.run("update links set state = 'judged'")
    assert not_looked_at(store, "t3_many") == ()


def test_an_authors_posts_take_turns(store: Store) -> None:
    """A second post of the same author does not wait for the twenty links of the first."""
    add(store, "t3_first", 20, author="same")
    add(store, "t3_second", 1, author="same")
    assert [row.link.post for row in in_turn(store)][:2] == ["t3_first", "t3_second"]


def test_the_late_are_taken_however_many_come(store: Store) -> None:
    """While new posts never end, what is late, of the past or learnt from is taken once in a cycle, live 21 times."""
    add(store, "t3_many", 27, author="flooder")
    add(store, "t3_past", 1, author="old", priority=PAST)
    for n in range(9):
        add(store, f"t3_learnt{n}", 1, author=f"gone{n}", priority=LEARNT)
    seen: list[str | None] = []
    for n in range(3 * CYCLE):
        add(store, f"t3_new{n}", 2, author=f"new{n}", priority=LIVE)
        row = take(store)
        assert row is not None
        seen.append("late" if row.late else row.link.post)
    assert seen.count("late") == 2
    assert "t3_past" in seen
    assert sum("learnt" in str(name) for name in seen) == 3
    assert sum("new" in str(name) for name in seen) >= 3 * (CYCLE - 3)


def test_what_is_learnt_from_is_judged_behind_any_number_of_others(store: Store) -> None:
    """Where more live links wait than a step takes, one of the past and one that is learnt from are among them."""
    for n in range(30):
        add(store, f"t3_new{n}", 1, author=f"new{n}", priority=LIVE)
    for n in range(5):
        add(store, f"t3_past{n}", 1, author=f"old{n}", priority=PAST)
        add(store, f"t3_learnt{n}", 1, author=f"gone{n}", priority=LEARNT)
    due = [row.link.post for row in store.links.due(LinkState.SEEN, limit=20)]
    assert len(due) == 20
    assert due[-2:] == ["t3_past0", "t3_learnt0"]
    assert due[:18] == [f"t3_new{n}" for n in range(18)]
    assert len(store.links.due(LinkState.SEEN, limit=5)) == 5
    assert len(store.links.due(LinkState.SEEN, limit=100)) == 40


def test_a_put_back_link_takes_its_post_and_media_along_and_has_not_failed(store: Store) -> None:
    """It stays seen, without an attempt or a try, behind the others; so do other links of its post and media."""
    add(store, "t3_heavy", 3, author="flooder")
    row = take(store)
    assert row is not None
    assert store.turns.put_back(row, "it takes long") == 3
    store.queue.release(row.id)
    back = store.links.get(row.id)
    assert (back.state, back.attempts, back.tries, back.late) == (LinkState.SEEN, 0, 0, True)
    add(store, "t3_light", 1, author="other")
    assert next(row.link.post for row in in_turn(store)) == "t3_light"


def test_an_authors_name_is_kept_no_longer_than_it_waits(store: Store) -> None:
    """It goes when the link is taken, and when the author is forgotten."""
    add(store, "t3_a", 2, author="Somebody")
    assert take(store) is not None
    flows = "select flow from links order by flow"
    assert [row["flow"] for row in store.connection.rows(flows)] == [None, "somebody"]
    store.forgetting.forget_author("t3_a")
    assert [row["flow"] for row in store.connection.rows(flows)] == [None, None]
    assert take(store) is not None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["u", "v", "w", None]), st.integers(1, 9)),
        min_size=1,
        max_size=8,
    )
)
@pytest.mark.slow
def test_shares_differ_by_one_and_all_are_taken(posts: list[tuple[str, str | None, int]]) -> None:
    """Subreddits and authors that still wait have had equally many picks, give or take one, and no link is left."""
    with Store(None, ManualClock(AT)) as store:
        left: Counter[tuple[str, str]] = Counter()
        for n, (subreddit, author, count) in enumerate(posts):
            add(store, f"t3_{n}", count, author=author, subreddit=subreddit)
            left[subreddit, author or f"t3_{n}"] += count
        had: Counter[tuple[str, str]] = Counter()
        for row in in_turn(store):
            post = store.links.post(row.link.post or "")
            assert post is not None
            had[post.subreddit, post.author or post.fullname] += 1
            for subreddit in "abc":
                shares = [had[key] for key in left if key[0] == subreddit and had[key] < left[key]]
                assert max(shares, default=0) - min(shares, default=0) <= 1
            sums = [
                sum(had[key] for key in left if key[0] == name)
                for name in "abc"
                if any(had[key] < left[key] for key in left if key[0] == name)
            ]
            assert max(sums, default=0) - min(sums, default=0) <= 1
        assert had == left


@pytest.mark.slow
def test_a_costly_file_is_put_back_and_done_aside() -> None:
    """Beyond its budget it is no mistake of the file; aside it is fingerprinted, and its child is gone afterwards."""
    data = noisy(1500, 60)  # a budget is kept to the second: it must take longer on any machine
    with Workers(DecodeConfig(cpu_seconds=60)) as workers:
        with pytest.raises(CostlyError, match="goes on behind other links"):
            workers.fingerprint(data, pace=Budget(0.1))
        with pytest.raises(CostlyError):
            workers.fingerprint(data, pace=Budget(0))
        assert workers.fingerprint(data, pace=Aside()).frames == 60
        assert workers.pids == ()


@pytest.mark.slow
def test_a_pick_does_not_look_at_the_whole_queue() -> None:
    """With ten times as many links due a pick takes about as long."""
    few, many = measure(400, 20), measure(4000, 20)
    assert many < 5 * few


def direct(store: Store, number: int, server: str, author: str) -> str:
    """Store a post with one link to a server that has no plug of its own; return its fullname."""
    name = f"t3_d{number}"
    post = Post(fullname=name, subreddit="clips", permalink="/", created=AT, author=author)
    link = Link(
        url=f"https://{server}/{number}.gif", host="direct", id=f"{number}", kind="media", source="url", post=name
    )
    store.links.add([(post, [link])])
    return name


def pick_of(
    store: Store, resting: Collection[str] = (), busy: Collection[str] = (), wait: float = 600, window: int = 50
) -> str | None:
    """Take the link whose turn it is beside servers that rest and servers that are busy; return its post."""

    def server(row: LinkRow) -> str:
        return urlsplit(row.link.url).hostname or ""

    pick = store.turns.next(
        hosts=lambda _: window,
        cap=25,
        may=lambda row: server(row) not in {*resting, *busy},
        rests=lambda row: wait if server(row) in resting else 0.0,
    )
    if pick is None:
        return None
    with store.transaction():
        assert store.queue.claim(pick.row.id, "a test", 900)
        store.turns.taken(pick)
    return pick.row.link.post


@pytest.mark.parametrize("kind", ["resting", "busy"])
def test_sixty_links_to_one_server_that_gives_nothing_hide_nobody(store: Store, kind: str) -> None:
    """Behind sixty people's links to a server that rests or is busy, an ordinary post is taken at once."""
    for number in range(60):
        direct(store, number, "slow.example", f"a{number}")
    ordinary = direct(store, 99, "fast.example", "b")
    resting, busy = (["slow.example"], []) if kind == "resting" else ([], ["slow.example"])
    assert pick_of(store, resting, busy) == ordinary
    assert pick_of(store, resting, busy) is None
    store.connection.clock.sleep(602)
    assert {pick_of(store) for _ in range(60)} == {f"t3_d{number}" for number in range(60)}
    assert pick_of(store) is None


servers = st.sampled_from(["a.example", "b.example", "c.example", "d.example"])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(servers, st.sampled_from("uvwxyz")), min_size=1, max_size=25),
    st.sets(servers),
    st.sets(servers),
    st.integers(2, 4),
)
@pytest.mark.slow
def test_servers_that_give_nothing_hide_nothing(
    posts: list[tuple[str, str]], resting: set[str], busy: set[str], window: int
) -> None:
    """However small the window: as long as a link waits whose server is free one is taken, and none is ever lost."""
    with Store(None, ManualClock(AT)) as store:
        by_name = {direct(store, number, *post): post[0] for number, post in enumerate(posts)}
        free = {name for name, server in by_name.items() if server not in resting | busy}
        taken = set()
        while (name := pick_of(store, resting, busy - resting, window=window)) is not None:
            taken.add(name)
        assert taken == free
        store.connection.clock.sleep(700)
        while (name := pick_of(store, window=window)) is not None:
            assert name not in taken
            taken.add(name)
        assert taken == by_name.keys()


def test_a_pick_beside_a_resting_server_is_cheap_once_it_was_met(store: Store) -> None:
    """Links that were put aside are not looked at again while their server rests."""
    for number in range(300):
        direct(store, number, "slow.example", f"a{number}")
    for number in range(300, 320):
        direct(store, number, "fast.example", f"b{number}")
    assert pick_of(store, ["slow.example"]) is not None
    assert store.connection.value("select count(*) from links where turn is not null") == 19
