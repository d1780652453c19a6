"""The gallery of protected persons: who gets in, who is found, what is forgotten, and what is never kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from bot.assemble import open_store
from bot.cli import app
from bot.cli.case_page import page
from bot.config import Config
from bot.encryption import FieldCipher, new_key
from bot.errors import SealError, StoreError, UsageError
from bot.loopback.stage import Stage, stage
from bot.model import Consent
from bot.pipeline import Pipeline
from bot.pipeline.scanning.face_index import FaceIndex
from bot.serialization import to_json_data
from bot.store import Store
from bot.store.backup import check
from tests import portraits
from tests.bots import bot_on
from tests.killing import Silent
from tests.people import member

NAME = "A Person Whose Name Is Secret"
PICTURES = (("a.png", portraits.file("astronaut")), ("b.jpg", portraits.file("astronaut", height=260, kind="jpeg")))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """A loopback world whose configuration has the gallery switched on."""
    with stage(tmp_path) as built:
        settings = built.config.model_dump()
        settings["gallery"]["enabled"] = True
        built.config = Config.model_validate(settings)
        yield built


@pytest.fixture
def known() -> Sequence[bytes]:
    """Nothing: the bank is empty."""
    return ()


def consent(world: Stage, **changes: object) -> Consent:
    """Return a complete consent for a year."""
    whole = Consent(
        basis="explicit_consent",
        mandate=None,
        adult=True,
        record="folder 12",
        purpose="find fakes of me",
        expires=world.clock.now() + timedelta(days=365),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields of a Consent


def enrol(bot: Pipeline, world: Stage) -> str:
    """Protect the astronaut; return the label."""
    return bot.gallery.enrol(NAME, consent(world), PICTURES, by=member(bot)).label


def everything_in(folder: Path) -> bytes:
    """Return the bytes of every file below a folder: database, write-ahead log, backups."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.slow
def test_a_protected_face_is_found_in_a_clip_and_said_in_words(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """A clip with the person's face gives evidence with label, times and how sure; no name, no vector."""
    label = enrol(bot, world)
    path = tmp_path / "clip.mp4"
    path.write_bytes(portraits.clip(portraits.wandering("astronaut"), seconds=4))
    (found,) = bot.target_scanner.scan(str(path))
    assert found.evidence
    (face,) = found.evidence.faces
    assert face.person == label
    assert face.probability is not None
    assert face.probability > 0.95
    assert (face.views_matched or 0) >= 2
    assert face.why.startswith(f"in {face.views_matched} of {face.views} views of the face, 0:00 to 0:0")
    assert {"media", "t", "box", "person", "model", "distance", "probability"} <= to_json_data(face).keys()
    assert NAME not in json.dumps(to_json_data(face))


def test_another_persons_face_leaves_nothing_behind(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """A post with an unprotected face goes through the whole flow, and no part of the face is in any file."""
    enrol(bot, world)
    data = portraits.file("officer", height=300)
    found = bot.deps.workers.fingerprint(data, faces=True)
    vector = found.faces[0].views[0].vector
    url = world.park.add_direct("media.example.net", "/else.png", data, "image/png")
    world.reddit.submit("clips", author="a", title="x", url=url, created=world.clock.now())
    bot.tick()
    (row,) = bot.deps.store.links.listing()
    evidence = bot.deps.store.links.evidence(row.id)
    assert evidence
    assert (row.state, evidence.faces) == ("judged", ())
    kept = everything_in(tmp_path)
    for trace in (vector, vector[:16], vector.hex().encode(), b'"views"', b'"places"'):
        assert trace not in kept


def test_an_entry_is_sealed_with_a_key_of_its_own(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """Neither the name nor a vector stands in the database in clear."""
    enrol(bot, world)
    vector = bot.deps.workers.fingerprint(PICTURES[0][1], faces=True).faces[0].views[0].vector
    kept = everything_in(tmp_path)
    for secret in (NAME.encode(), vector, vector[:16], vector.hex().encode()):
        assert secret not in kept
    (row,) = bot.deps.store.gallery.listing()
    assert bot.deps.store.gallery.name(row.label) == NAME


@pytest.mark.parametrize("how", ["forgotten", "expired"])
def test_what_is_forgotten_is_in_no_file_and_no_later_backup(
    bot: Pipeline, world: Stage, tmp_path: Path, how: str
) -> None:
    """Ciphertext and key are gone from database, write-ahead log and a later backup; the trail keeps a label."""
    label = enrol(bot, world)
    store = bot.deps.store
    sealed = [row["sealed"] for row in store.connection.rows("select sealed from person_views")]
    (person,) = store.connection.rows("select sealed_key, sealed_name from persons")
    traces = [bytes(part) for part in (*sealed, person["sealed_key"], person["sealed_name"])]
    assert all(trace in everything_in(tmp_path) for trace in traces)  # the search finds what is there
    if how == "forgotten":
        bot.gallery.forget(label, by=member(bot), why="withdrawn")
    else:
        world.clock.sleep(366 * 86400)
        bot.purge()
    with (
        closing(sqlite3.connect(tmp_path / "data" / "gifwarden.db")) as source,
        closing(sqlite3.connect(tmp_path / "data" / "backup.db")) as target,
    ):
        source.backup(target)
    kept = everything_in(tmp_path)
    assert not [trace for trace in traces if trace in kept or trace[20:60] in kept]
    assert [row["subject"] for row in store.audit.entries() if row["what"] == "person forgotten"] == [label]
    path = tmp_path / "again.png"
    path.write_bytes(PICTURES[0][1])
    (found,) = bot.target_scanner.scan(str(path))
    assert found.evidence
    assert found.evidence.faces == ()
    with pytest.raises(StoreError, match="there is no person"):
        bot.gallery.forget(label, by=member(bot), why="again")


def test_an_expired_person_is_not_looked_for_even_before_the_purge(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """The moment the time has run out, the face matches nothing any more."""
    enrol(bot, world)
    path = tmp_path / "a.png"
    path.write_bytes(PICTURES[0][1])
    (before,) = bot.target_scanner.scan(str(path))
    world.clock.sleep(366 * 86400)
    (after,) = bot.target_scanner.scan(str(path))
    assert before.evidence
    assert after.evidence
    assert (len(before.evidence.faces), len(after.evidence.faces)) == (1, 0)


def two_faces() -> bytes:
    """Return a picture of two people side by side."""
    page = Image.new("RGB", (700, 340))
    page.paste(portraits.sized(portraits.picture("astronaut"), 330), (5, 5))
    page.paste(portraits.sized(portraits.picture("officer"), 330), (370, 5))
    return portraits.encoded(page)


def blurred() -> bytes:
    """Return a portrait out of focus."""
    return portraits.encoded(portraits.sized(portraits.picture("astronaut"), 320).filter(ImageFilter.GaussianBlur(5)))


@pytest.mark.parametrize(
    ("pictures", "why"),
    [
        ([("cat.png", portraits.file("cat"))], "cat.png shows no face"),
        ([("two.png", two_faces())], "two.png shows 2 faces"),
        ([("tiny.png", portraits.file("officer", height=80))], "tiny.png"),
        ([("blur.png", blurred())], "blur.png"),
        ([("a.png", PICTURES[0][1]), ("b.png", portraits.file("officer"))], "b.png does not show the same person"),
        ([("text.png", b"no picture")], "text.png"),
        ([], "at least one picture"),
    ],
)
def test_a_picture_that_cannot_serve_is_refused_by_name(
    bot: Pipeline, world: Stage, pictures: list[tuple[str, bytes]], why: str
) -> None:
    """No face, two, tiny, blurred, another person, no picture: one sentence each, and nobody is enrolled."""
    with pytest.raises(UsageError, match=why):
        bot.gallery.enrol(NAME, consent(world), pictures, by=member(bot))
    assert bot.deps.store.gallery.listing() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"adult": False}, "only adults"),
        ({"basis": "mandate"}, "a mandate needs its record"),
        ({"record": " "}, "--record is empty"),
        ({"purpose": ""}, "--purpose is empty"),
        ({"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "--expires must be"),
        ({"expires": datetime(2099, 1, 1, tzinfo=UTC)}, "--expires must be"),
    ],
)
def test_without_a_whole_consent_nobody_is_enrolled(
    bot: Pipeline, world: Stage, changes: dict[str, object], why: str
) -> None:
    """Adulthood, record, purpose, mandate and a day in the next three years are needed."""
    with pytest.raises(UsageError, match=why):
        bot.gallery.enrol(NAME, consent(world, **changes), PICTURES, by=member(bot))
    assert bot.deps.store.gallery.listing() == []


def test_two_who_look_alike_are_warned_of(bot: Pipeline, world: Stage) -> None:
    """A face that is in the gallery already, or its double, is enrolled with a warning that names the other label."""
    first = enrol(bot, world)
    again = bot.gallery.enrol("Somebody", consent(world), PICTURES[:1], by=member(bot))
    assert any(first in warning and "too close" in warning for warning in again.warnings)
    assert any("one picture only" in warning for warning in again.warnings)
    other = bot.gallery.enrol("Else", consent(world), [("c.png", portraits.file("officer"))], by=member(bot))
    assert not any("too close" in warning for warning in other.warnings)


def test_switched_off_nothing_is_looked_for_and_nobody_enrolled(tmp_path: Path) -> None:
    """The default: no face is looked for, and enrolment says what to read first."""
    with stage(tmp_path) as world, bot_on(world, Silent()) as bot:
        with pytest.raises(UsageError, match="gifwarden person policy"):
            bot.gallery.enrol(NAME, consent(world), PICTURES, by=member(bot))
        assert not bot.recogniser.on
        assert bot.recogniser.recognise(0, ()) == []


def test_a_gallery_of_ten_thousand_is_searched_whole(bot: Pipeline, world: Stage) -> None:
    """Among ten thousand strangers the right person is still found, and a stranger to all is not."""
    rng = np.random.default_rng(5)
    tracks = bot.deps.workers.fingerprint(PICTURES[0][1], faces=True).faces
    mine = np.frombuffer(tracks[0].views[0].vector, "<f4")
    label = enrol(bot, world)
    bot.recogniser.recognise(0, tracks)
    strangers = rng.normal(size=(10_000, 128)).astype(np.float32)
    strangers = mine + 1.2 * strangers / np.linalg.norm(strangers, axis=1, keepdims=True)
    labels = [f"P-{number:010x}" for number in range(10_000)]
    bot.recogniser._known = FaceIndex([*labels, label], np.concatenate([strangers, mine[None]]))
    (found,) = bot.recogniser.recognise(0, tracks)
    assert found.person == label
    officer = bot.deps.workers.fingerprint(portraits.file("officer"), faces=True).faces
    assert bot.recogniser.recognise(0, officer) == []


def test_whoever_most_views_are_nearest_to_is_found_by_any_reckoning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiplying all faces at once, in blocks, gives what comparing each view with each known one gives."""
    monkeypatch.setattr("bot.pipeline.scanning.face_index.BLOCK", 16 * 50)  # two blocks and a part of one
    rng = np.random.default_rng(8)
    centres = rng.normal(size=(40, 16))
    labels = [f"P-{number % 40:03}" for number in range(120)]
    vectors = np.stack([centres[number % 40] + 0.2 * rng.normal(size=16) for number in range(120)]).astype(np.float32)
    known = FaceIndex(labels, vectors)
    seen = [(centres[who] + 0.3 * rng.normal(size=(views, 16))).astype(np.float32) for who, views in ((3, 6), (17, 1))]
    seen.append(np.stack([vectors[5], vectors[9] + 0.1]))  # as many for one as for another: the nearer one
    for views, (person, apart), wanted in zip(seen, known.nearest(seen), ("P-003", "P-017", "P-005"), strict=True):
        gaps = np.linalg.norm(views[:, None] - vectors[None], axis=2)
        assert person == wanted
        assert apart == pytest.approx(gaps[:, [label == wanted for label in labels]].min(1), abs=2e-3)
    assert known.within(vectors[:1], 0.01) == {"P-000"}
    assert known.nearest([]) == []
    assert FaceIndex([], np.zeros((0, 16), np.float32)).within(vectors[:1], 9) == set()


def run(*args: str) -> tuple[int, str]:
    """Run a command; return its exit code and output."""
    done = CliRunner().invoke(app, list(args))
    return done.exit_code, done.stdout


@pytest.mark.slow
def test_the_commands_enrol_list_and_forget(tmp_path: Path) -> None:
    """person add, list and forget work from a shell, and the list shows neither name nor face data."""
    assert run("init", str(tmp_path), "--by", "ann")[0] == 0
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("#enabled = false", "enabled = true"))
    picture = tmp_path / "a.png"
    picture.write_bytes(PICTURES[0][1])
    day = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    code, out = run(
        "person", "add", NAME, str(picture), "--basis", "explicit_consent", "--adult", "--record", "folder 12",
        "--purpose", "find fakes", "--expires", day, "--by", "ann", "--json", "-c", str(config),
    )  # fmt: skip
    assert code == 0
    label = json.loads(out)["person"]
    code, out = run("person", "list", "--json", "-c", str(config))
    row = json.loads(out)
    assert (code, row["person"], row["expires"], row["views"]) == (0, label, day, 1)
    assert NAME not in out
    assert run("person", "forget", label, "--by", "ann", "-c", str(config))[0] == 0
    assert run("person", "list", "--json", "-c", str(config)) == (0, "")


def test_the_policy_is_printed() -> None:
    """`person policy` prints what must be published and the operator's duties."""
    code, out = run("person", "policy")
    assert code == 0
    assert "Duties of who switches it on" in out


def test_a_lost_key_is_not_replaced_while_somebody_is_enrolled(bot: Pipeline, world: Stage) -> None:
    """A new key would open nothing of theirs: the start is refused until the right one is there."""
    enrol(bot, world)
    (world.config.storage.path / "key").unlink()
    with pytest.raises(SealError, match="restore the key"):
        open_store(world.config, world.clock)


def test_a_backup_says_whether_the_key_opens_who_is_enrolled(bot: Pipeline, world: Stage, tmp_path: Path) -> None:
    """A copy that holds a person and no fingerprint needs its key, and another key is told apart."""
    enrol(bot, world)
    copy = tmp_path / "copy.db"
    bot.deps.store.backup.write(copy)
    right = FieldCipher((world.config.storage.path / "key").read_text().strip())
    assert (check(copy, right).sealed, check(copy, right).opens, check(copy, FieldCipher(new_key())).opens) == (
        1,
        True,
        False,
    )


@pytest.mark.slow
def test_a_found_face_is_shown_where_a_person_looks(tmp_path: Path) -> None:
    """`scan` and `cases show` say which face resembles whom, how sure, and that a resemblance is no identity."""
    assert run("init", str(tmp_path), "--by", "ann")[0] == 0
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("#enabled = false", "enabled = true"))
    picture = tmp_path / "a.png"
    picture.write_bytes(PICTURES[0][1])
    day = (datetime.now(UTC) + timedelta(days=300)).date().isoformat()
    code, _ = run(
        "person", "add", NAME, str(picture), "--basis", "explicit_consent", "--adult", "--record", "r",
        "--purpose", "p", "--expires", day, "--by", "ann", "-c", str(config),
    )  # fmt: skip
    assert code == 0
    code, out = run("scan", str(picture), "-c", str(config))
    assert code == 0
    assert "face: resembles P-" in out
    assert "nothing known in it" not in out
    assert NAME not in out


def test_a_case_says_what_speaks_against_a_face(bot: Pipeline, world: Stage) -> None:
    """A case opened for a face shows whom it resembles, how sure that is, and that somebody may look alike."""
    label = enrol(bot, world)
    rule = '---\nname: Protected face\nface: {person: any, probability: ">= 0.95"}\naction: review\n'
    (world.config.storage.rules / "50-faces.yaml").write_text(rule)
    with bot_on(world, Silent()) as again:
        url = world.park.add_direct("media.example.net", "/face.png", PICTURES[0][1], "image/png")
        name = world.reddit.submit("clips", author="a", title="x", url=url, created=world.clock.now())
        again.tick()
        (case,) = again.deps.store.cases.of_post(name)
        text = "\n".join(f"{head} {line}" for head, line in page(again, world.config, case.label)[1])
    assert world.reddit.removals == []
    assert f"face resembles {label}" in text
    assert "a resemblance is no identity" in text
    assert "the rule looked at the post only" not in text


def test_a_gallery_needs_its_key(tmp_path: Path) -> None:
    """Without a key nobody can be enrolled: nothing would be sealed."""
    from bot.clock import SystemClock

    granted = Consent(
        basis="explicit_consent",
        mandate=None,
        adult=True,
        record="r",
        purpose="p",
        expires=datetime(2030, 1, 1, tzinfo=UTC),
    )
    with Store(tmp_path / "x.db", SystemClock()) as store, pytest.raises(SealError, match="gifwarden init"):
        store.gallery.add(
            name="x", consent=granted, model="m", vectors=[b"v"], by=member(store),
        )  # fmt: skip
