"""The index finds everything within the radius and nothing else; matching says what it found and what explains it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.config import BanksConfig
from bot.index import HashIndex, distance
from bot.match import Matcher
from bot.model import BankKind, Entry, Fingerprint, Match, Signal, Variant
from tests.listed import Listed

HASH = st.binary(min_size=32, max_size=32)


def flip(value: bytes, bits: int) -> bytes:
    """Return the hash with its first bits turned over."""
    return (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)


def far(number: int, t: float = 0.0, quality: int = 90) -> Signal:
    """Return a frame from a code whose words are 128 bits apart."""
    bits = 0
    for place in range(256):
        bits = bits << 1 | ((number & place).bit_count() & 1)
    return Signal(type="pdq", value=bits.to_bytes(32), quality=quality, t=t)


def entry(
    *signals: Signal,
    kind: BankKind = "block",
    label: str = "E-1",
    sha256: tuple[str, ...] = (),
    against: tuple[str, ...] = (),
) -> Entry:
    """Return a confirmed entry."""
    return Entry(
        label=label,
        bank=f"{kind}-bank",
        bank_kind=kind,
        confirmed=True,
        signals=signals,
        sha256=sha256,
        against=against,
    )


def media(*signals: Signal, sha256: str = "none") -> Fingerprint:
    """Return a clip of these frames, or a picture if there is one."""
    kind = "video" if len(signals) > 1 else "image"
    return Fingerprint(
        kind=kind,  # type: ignore[arg-type]  # both are media kinds
        format="mp4",
        sha256=sha256,
        md5="none",
        width=1,
        height=1,
        duration=None,
        frames=len(signals),
        signals=signals,
    )


def match(fingerprint: Fingerprint, *entries: Entry, config: BanksConfig | None = None) -> tuple[Match, ...]:
    """Match against a library of these entries."""
    return Matcher(Listed(entries), config or BanksConfig()).match(fingerprint, 0)


@given(st.lists(HASH, max_size=40), st.lists(HASH, max_size=4), st.integers(0, 140))
def test_search_equals_brute_force(rows: list[bytes], queries: list[bytes], radius: int) -> None:
    """Every pair within the radius is found, no other is."""
    queries = queries + [flip(row, min(radius, 256)) for row in rows[:2]]
    found = HashIndex(rows, list(range(len(rows)))).search(queries, radius)
    oracle = [
        (q, r, d)
        for q, query in enumerate(queries)
        for r, row in enumerate(rows)
        if (d := distance(query, row)) <= radius
    ]
    assert sorted(found) == oracle


def test_the_edge_of_the_radius_is_inside() -> None:
    """31 bits match, 32 do not."""
    known = far(5)
    near = replace(known, value=flip(known.value, 31))
    past = replace(known, value=flip(known.value, 32))
    assert [m.distance for m in match(media(near), entry(known))] == [31]
    assert match(media(past), entry(known)) == ()


def test_a_banks_own_cut_is_tighter() -> None:
    """An entry with a cut of 10 does not match at 11."""
    known = far(5)
    tight = replace(entry(known), distance=10)
    assert match(media(replace(known, value=flip(known.value, 11))), tight) == ()
    assert match(media(replace(known, value=flip(known.value, 10))), tight) != ()


def test_flat_frames_never_match() -> None:
    """A black frame is in every film: below the quality gate nothing matches, on either side."""
    assert match(media(far(5, quality=10)), entry(far(5))) == ()
    assert match(media(far(5)), entry(far(5, quality=10))) == ()


def test_the_same_file_is_exact_and_said_once() -> None:
    """An exact match is not repeated as a near copy of the same entry."""
    (found,) = match(media(far(5), sha256="ab"), entry(far(5), sha256=("ab",)))
    assert found.exact
    assert found.why == "the same file, byte for byte (SHA-256)"


def test_the_original_counts_as_the_file() -> None:
    """A host's original is compared too, not only the rendition that was fingerprinted."""
    found = match(replace(media(far(5), sha256="rendition"), also=(("ab", "cd"),)), entry(sha256=("ab",)))
    assert [m.method for m in found] == ["sha256"]


def test_a_clip_inside_a_compilation_reports_both_coverages() -> None:
    """The entry is covered whole, the query in part."""
    known = entry(*(far(n, t=n / 2) for n in range(4)))
    query = media(*(far(10 + n, t=n / 2) for n in range(4)), *(far(n, t=2 + n / 2) for n in range(4)))
    (found,) = match(query, known)
    assert found.coverage_entry == 1.0
    assert found.coverage_query == 0.5
    assert found.query_ranges == ((2.0, 3.5),)
    assert found.entry_ranges == ((0.0, 1.5),)
    assert "4 of 8 frames match by PDQ" in found.why


def test_one_frame_of_a_clip_is_not_a_copy_of_it() -> None:
    """A moving picture needs several matching frames; a still needs one."""
    known = entry(*(far(n, t=float(n)) for n in range(8)))
    assert match(media(far(1), far(20, t=1), far(21, t=2), far(22, t=3)), known) == ()
    assert len(match(media(far(1)), known)) == 1


def test_an_allow_entry_hides_its_own_frames_only() -> None:
    """An innocent meme cut in front of a fake explains the meme's frames and nothing else."""
    known = entry(far(1), far(2, t=1), far(3, t=2), far(4, t=3))
    meme = entry(far(1), kind="allow", label="E-2", against=("E-1",))
    alone = match(media(far(1)), known, meme)
    assert [(m.entry, m.suppressed) for m in alone] == [("E-1", True), ("E-2", False)]
    whole = {m.entry: m for m in match(media(far(1), far(2, t=1), far(3, t=2), far(4, t=3)), known, meme)}
    assert not whole["E-1"].suppressed
    assert whole["E-1"].frames == 3


def test_an_allow_entry_speaks_against_its_own_pair_only() -> None:
    """What was said of one entry says nothing of another one that the same media matches."""
    one, two = entry(far(1), label="E-1"), entry(far(1), label="E-2")
    allow = entry(far(1), kind="allow", label="E-3", against=("E-2",))
    found = {m.entry: m.suppressed for m in match(media(far(1)), one, two, allow)}
    assert found == {"E-1": False, "E-2": True, "E-3": False}


def test_an_allow_entry_without_a_pair_hides_nothing() -> None:
    """An allow entry that was paired with nothing speaks against nothing."""
    assert not match(media(far(1)), entry(far(1)), entry(far(1), kind="allow", label="E-2"))[0].suppressed


def test_what_is_nearer_to_the_fake_than_to_the_genuine_clip_stays_a_match() -> None:
    """Genuine clip and fake share most of a frame: allowing the one does not hide copies of the other."""
    fake = far(1)
    genuine = replace(fake, value=flip(fake.value, 20))
    copy_of_fake, copy_of_genuine = replace(fake, value=flip(fake.value, 4)), replace(fake, value=flip(fake.value, 17))
    banks = (entry(fake), entry(genuine, kind="allow", label="E-2", against=("E-1",)))
    assert [m.suppressed for m in match(media(copy_of_fake), *banks) if m.entry == "E-1"] == [False]
    assert [m.suppressed for m in match(media(copy_of_genuine), *banks) if m.entry == "E-1"] == [True]


def test_an_allow_entry_never_beats_the_exact_file() -> None:
    """The same file stays a match whatever the allow bank says."""
    found = match(
        media(far(1), sha256="ab"),
        entry(far(1), sha256=("ab",)),
        entry(far(1), kind="allow", label="E-2", against=("E-1",)),
    )
    exact = next(m for m in found if m.entry == "E-1")
    assert exact.exact
    assert not exact.suppressed


def test_lookup_gives_the_nearest_frame_of_each_entry() -> None:
    """A single hash is answered with one line an entry, nearest first."""
    known = far(1)
    one = entry(replace(known, value=flip(known.value, 9)), replace(known, value=flip(known.value, 3)))
    two = entry(replace(known, value=flip(known.value, 5)), label="E-2")
    assert Matcher(Listed([one, two]), BanksConfig()).lookup([far(9).value, known.value]) == [
        [],
        [("block-bank", "E-1", 3), ("block-bank", "E-2", 5)],
    ]


def test_near_matches_leave_the_face_unknown() -> None:
    """Without face evidence a near copy may be the genuine clip, and says so."""
    assert match(media(far(5)), entry(far(5)))[0].face_region == "unknown"


def test_every_frame_is_searched_once() -> None:
    """What an allow entry explains and what matches come from one search."""
    listed = Listed([entry(far(1), far(2, t=1)), entry(far(1), kind="allow", label="E-2", against=("E-1",))])
    Matcher(listed, BanksConfig()).match(media(far(1), far(2, t=1), far(3, t=2)), 0)
    assert listed.asked == 3


def test_search_is_exact_across_its_batches() -> None:
    """More rows and more queries than are compared at a time: each query finds its own rows, in order."""
    rows = [number.to_bytes(32) for number in range(40_000)]
    wanted = [0, 16_383, 16_384, 39_999] * 3
    found = HashIndex(rows, range(len(rows))).search([rows[number] for number in wanted], 0)
    assert found == [(place, number, 0) for place, number in enumerate(wanted)]


def test_what_is_innocent_upright_hides_nothing_that_is_mirrored() -> None:
    """A meme as it was, in front of a mirrored fake: the pair is not suppressed, for the mirrored part is not."""
    known = entry(far(1), far(2, t=1), far(3, t=2))
    meme = entry(far(1), kind="allow", label="E-2", against=("E-1",))
    shown = [far(1), *(far(n, t=float(n)) for n in range(20, 23))]
    turned = [
        Variant(type="pdq", value=far(n).value, quality=90, t=t, transform="mirrored")
        for n, t in ((2, 20.0), (3, 21.0))
    ]
    found = {one.entry: one for one in match(replace(media(*shown), variants=tuple(turned)), known, meme)}
    assert not found["E-1"].suppressed
    assert found["E-1"].transform == "mirrored"
