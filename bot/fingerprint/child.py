"""The process in which strangers' files are read.

It reads `size (4 bytes) | JSON | media bytes` and answers `size (4 bytes) | JSON`, again and again; what an answer may
be stands in `wire`. Before it reads the first stranger's byte it gives up everything that it does not need: it cannot
open anything, write a file, dump its memory or outlive its parent, and the kernel refuses it what `bot.seccomp` does
not list.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from bot import frames, seccomp
from bot.config import DecodeConfig, GalleryConfig
from bot.errors import MediaError
from bot.faces import FaceModel, model_of
from bot.faces.dlib import Dlib
from bot.fingerprint import resource_limits
from bot.fingerprint.compute import fingerprint
from bot.fingerprint.sheet import SheetAsked, at_level, sheet
from bot.fingerprint.sheet_wire import asked_of, sheet_to_wire
from bot.fingerprint.wire import error_to_wire, to_wire
from bot.model import Level
from bot.nudity import NudityModel
from bot.nudity import model_of as nudity_of
from bot.signals import SIGNALS, local
from bot.signals.base import picture

SHEETS = "sheets"


def main(limits_json: str, gallery_json: str = "", nudity_json: str = "", only: str = "", detector: str = "") -> None:
    """Be the child: answer requests on standard input until it closes.

    `limits_json` is a DecodeConfig, `gallery_json` a GalleryConfig if files may be asked for their faces,
    `nudity_json` what `bot.nudity.model_of` takes if they may be asked for nudity. `only`: `SHEETS` for a child that
    makes contact sheets and nothing else. `detector`: the number of an open file with `unpacked_detector`, which is
    read and closed.
    """
    if only == SHEETS:
        _answer_sheets(DecodeConfig.model_validate_json(limits_json))
        return
    model = model_of(GalleryConfig.model_validate_json(gallery_json)) if gallery_json else None
    nudity = nudity_of(*json.loads(nudity_json)) if nudity_json else None
    locator = Dlib(_read_up(int(detector)) if detector else b"")
    limits = DecodeConfig.model_validate_json(limits_json)

    def work(request: Mapping[str, Any], data: bytes) -> dict[str, Any]:
        found = fingerprint(
            data,
            limits,
            every_frame=request["every_frame"],
            model=model if request["faces"] else None,
            locator=locator,
            nudity=nudity if request["nudity"] else None,
        )
        return to_wire(found)

    _serve(limits, lambda: _warm_up(model, locator, nudity), work)


def _read_up(number: int) -> bytes:
    with os.fdopen(number, "rb") as file:
        return file.read()


def _answer_sheets(limits: DecodeConfig) -> None:
    def work(request: Mapping[str, Any], data: bytes) -> dict[str, Any]:
        return sheet_to_wire(sheet(data, limits, asked_of(request["sheet"])))

    _serve(limits, _warm_up_sheets, work)


def _serve(
    limits: DecodeConfig, warm_up: Callable[[], None], work: Callable[[Mapping[str, Any], bytes], dict[str, Any]]
) -> None:
    answers = os.fdopen(os.dup(1), "wb")  # nothing but answers goes there, whatever a library prints
    os.dup2(2, 1)
    warm_up()
    resource_limits.give_up(limits)
    gc.collect()
    gc.freeze()  # what is loaded stays; looking through it after every file would cost more than a small file does
    # where the kernel refuses, the limits above are what holds; the coordinator decides whether that is enough
    _send(answers, {"ready": os.getpid(), "filtered": seccomp.filter_calls()})
    while header := sys.stdin.buffer.read(4):
        request = json.loads(sys.stdin.buffer.read(int.from_bytes(header, "big")))
        data = sys.stdin.buffer.read(request["size"])
        if len(data) < request["size"]:
            return
        resource_limits.allow_cpu(request["cpu_seconds"])
        _send(answers, _answer(limits, lambda data=data, request=request: work(request, data)))  # type: ignore[misc]  # bound early on purpose
        del data
        gc.collect()


def _answer(limits: DecodeConfig, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except MemoryError:
        return {"error": ["memory", limits.memory_mb]}
    except MediaError as error:
        return {"error": error_to_wire(error)}
    except Exception as error:  # noqa: BLE001  the boundary around foreign decoders: becomes the file's recorded error
        return {"error": ["fault", frames.fault(error)]}


def _send(answers: BinaryIO, answer: Mapping[str, Any]) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    answers.write(len(body).to_bytes(4, "big") + body)
    answers.flush()


def _warm_up_sheets() -> None:
    frames.warm_up()
    for level in Level:
        at_level(picture(65, 64, 1), SheetAsked(level=level, grey=True), (48, 48))


def _warm_up(model: FaceModel | None, locator: Dlib, nudity: NudityModel | None = None) -> None:
    """Load now what is otherwise loaded with the first file: later no file can be opened."""
    locator.warm_up_locating()
    if model:
        model.warm_up()
    if nudity:
        nudity.warm_up()
    frames.warm_up()
    for signal in SIGNALS:
        signal.compute(picture(65, 64, 1))
    local.warm_up()
