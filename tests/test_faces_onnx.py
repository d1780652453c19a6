"""Face models that the operator brings as ONNX files, played by tiny graphs with the real names and shapes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from bot.config import DecodeConfig, GalleryConfig
from bot.errors import FaceModelError
from bot.faces import Box, FaceModel, model_of
from bot.workers import Workers
from tests import portraits

SIDE = 320
RATES = ((0.6, 0.5, 1e-6), (0.9, 0.9, 1e-4), (1.1, 0.98, 1e-2))
FACE = Box(96, 64, 64, 80)
POINTS = ((112.0, 92.0), (144.0, 92.0), (128.0, 110.0), (116.0, 126.0), (140.0, 126.0))


def saved(path: Path, outputs: dict[str, NDArray[np.float32]]) -> Path:
    """Write a detector that always says the same."""
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value.astype(np.float32)))
        for name, value in outputs.items()
    ]
    shown = [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()]
    entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    return written(path, nodes, [entry], shown)


def written(path: Path, nodes: list[NodeProto], entries: list[ValueInfoProto], shown: list[ValueInfoProto]) -> Path:
    """Write a graph as a model of a widely known version."""
    graph = helper.make_graph(nodes, "g", entries, shown)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def yunet(path: Path) -> Path:
    """Write a detector with YuNet's twelve outputs that sees one face, twice."""
    outputs: dict[str, NDArray[np.float32]] = {}
    for stride in (8, 16, 32):
        places = (SIDE // stride) ** 2
        for name, size in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = np.zeros((1, places, size), np.float32)
    stride, columns = 16, SIDE // 16
    middle = FACE.x + FACE.width / 2, FACE.y + FACE.height / 2
    for shift, sure in ((0, 0.9), (1, 0.8)):
        column, row = int(middle[0] // stride) - shift, int(middle[1] // stride)
        at = row * columns + column
        outputs["cls_16"][0, at] = outputs["obj_16"][0, at] = sure
        outputs["bbox_16"][0, at] = [
            middle[0] / stride - column, middle[1] / stride - row,
            np.log(FACE.width / stride), np.log(FACE.height / stride),
        ]  # fmt: skip
        outputs["kps_16"][0, at] = [part / stride - (column, row)[i % 2] for i, part in enumerate(np.ravel(POINTS))]
    return saved(path, outputs)


def scrfd(path: Path) -> Path:
    """Write a detector with SCRFD's nine outputs that sees the same face."""
    kinds: dict[str, dict[int, NDArray[np.float32]]] = {"score": {}, "bbox": {}, "kps": {}}
    for stride in (8, 16, 32):
        places = 2 * (SIDE // stride) ** 2
        for name, size in (("score", 1), ("bbox", 4), ("kps", 10)):
            kinds[name][stride] = np.zeros((places, size), np.float32)
    column, row = 8, 6
    at = 2 * (row * (SIDE // 16) + column) + 1
    x, y = column * 16, row * 16
    kinds["score"][16][at] = 0.9
    edges = (x - FACE.x, y - FACE.y, FACE.x + FACE.width - x, FACE.y + FACE.height - y)
    kinds["bbox"][16][at] = np.array(edges) / 16
    kinds["kps"][16][at] = np.ravel([((px - x) / 16, (py - y) / 16) for px, py in POINTS])
    return saved(path, {f"{name}_{stride}": value for name, by in kinds.items() for stride, value in by.items()})


def embedder(path: Path) -> Path:
    """Write an embedder that gives the mean colour of each of 64 parts of a face."""
    nodes = [
        helper.make_node("AveragePool", ["input"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["pooled"], ["embedding"], axis=1),
    ]
    entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 112, 112])
    return written(path, nodes, [entry], [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 192])])


def settings(folder: Path, found: Path, **changes: object) -> GalleryConfig:
    """Return a configuration that names the files with their checksums."""
    other = embedder(folder / "embedder.onnx")
    whole: dict[str, object] = {
        "enabled": True, "model": "onnx", "licence": "of the test", "rates": RATES,
        "detector": found, "detector_checksum": hashlib.sha256(found.read_bytes()).hexdigest(),
        "embedder": other, "embedder_checksum": hashlib.sha256(other.read_bytes()).hexdigest(),
    }  # fmt: skip
    return GalleryConfig.model_validate({**whole, **changes})


@pytest.fixture(params=[yunet, scrfd])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> FaceModel:
    """A model with either kind of detector."""
    return model_of(settings(tmp_path, request.param(tmp_path / "detector.onnx")))


def test_boxes_and_points_are_read_from_either_detector(model: FaceModel) -> None:
    """What the network says for places and strides becomes one box in pixels, in a picture of any size."""
    (found,) = model.locate(np.zeros((SIDE, SIDE, 3), np.uint8), least=20)
    assert found.box == FACE
    assert np.allclose(found.points, POINTS, atol=0.01)
    (twice,) = model.locate(np.zeros((2 * SIDE, 2 * SIDE, 3), np.uint8), least=20)
    assert twice.box == FACE.scaled(2)
    assert model.locate(np.zeros((SIDE, SIDE, 3), np.uint8), least=200) == []


def test_a_face_is_turned_to_where_the_embedder_expects_it(model: FaceModel) -> None:
    """After alignment the eyes lie on the reference places, whatever the lean, and vectors have unit length."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    for x, y in POINTS[:2]:
        picture[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
    (found,) = model.locate(picture, least=20)
    aligned = model.align(picture, found)
    assert aligned.chip.shape == (112, 112, 3)
    assert aligned.chip[51, 38].min() > 150
    assert aligned.chip[51, 73].min() > 150
    (vector,) = model.embed([aligned.chip])
    assert len(vector) == model.size == 192
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_the_model_runs_in_a_confined_child(tmp_path: Path) -> None:
    """The operator's files work where strangers' media are decoded: no file, no thread, no network."""
    chosen = settings(tmp_path, yunet(tmp_path / "detector.onnx"))
    with Workers(DecodeConfig(), chosen) as workers:
        (track,) = workers.fingerprint(portraits.file("astronaut", height=310), faces=True).faces
    assert len(track.views[0].vector) == 4 * 192


@pytest.mark.slow
def test_a_child_finds_files_that_are_named_from_where_we_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths in the configuration may be relative; a child works elsewhere and finds the same files."""
    found = yunet(tmp_path / "detector.onnx")
    monkeypatch.chdir(tmp_path)
    with Workers(DecodeConfig(), settings(tmp_path, found, detector="detector.onnx", embedder="embedder.onnx")) as one:
        assert one.fingerprint(portraits.file("astronaut", height=310), faces=True).faces


def test_two_models_have_two_names(tmp_path: Path) -> None:
    """The name carries the embedder's checksum, so vectors of two files never meet."""
    chosen = settings(tmp_path, yunet(tmp_path / "detector.onnx"))
    assert model_of(chosen).name == f"onnx-{chosen.embedder_checksum[:12]}"
    assert "licence as configured: of the test" in model_of(chosen).check()


def test_a_file_with_another_checksum_is_refused(tmp_path: Path) -> None:
    """A model that is not the one that was named is not run."""
    chosen = settings(tmp_path, yunet(tmp_path / "detector.onnx"), detector_checksum="0" * 64)
    with pytest.raises(FaceModelError, match="not the one configured"):
        model_of(chosen).check()


def test_a_file_that_is_no_model_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A missing file, a text and a network with other outputs each give one sentence."""
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(FaceModelError, match="no ONNX model that runs here"):
        model_of(settings(tmp_path, text)).warm_up()
    other = saved(tmp_path / "other.onnx", {"boxes": np.zeros((1, 4), np.float32)})
    with pytest.raises(FaceModelError, match=r"neither YuNet's nor SCRFD's"):
        model_of(settings(tmp_path, other)).warm_up()
    chosen = settings(tmp_path, text)
    text.unlink()
    with pytest.raises(FaceModelError, match="check its name"):
        model_of(chosen).check()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"licence": ""}, r"needs gallery\.licence"),
        ({"detector": None}, r"needs gallery\.detector"),
        ({"rates": RATES[:2]}, "three rows or more"),
        ({"rates": (RATES[1], RATES[0], RATES[2])}, "rising in all three"),
        ({"rates": ((0.6, 0.5, 0.0), *RATES[1:])}, "between 0 and 1"),
    ],
)
def test_an_incomplete_configuration_is_refused(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    """Both files, their licence and the rates by which a distance is judged are needed."""
    with pytest.raises(ValueError, match=why):
        settings(tmp_path, yunet(tmp_path / "detector.onnx"), **changes)
