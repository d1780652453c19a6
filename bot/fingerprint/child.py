"""The process in which strangers' files are read.

It reads `size (4 bytes) | JSON | media bytes` and answers `size (4 bytes) | JSON`, again and again. Before it reads the
first stranger's byte it gives up everything that it does not need: it cannot open a file or a socket, write a file,
dump its memory or outlive its parent, and the kernel refuses it what `bot.confine` does not list.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal as signals
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from bot import confine, frames
from bot.config import DecodeConfig, GalleryConfig
from bot.errors import LimitError, MediaError
from bot.faces import FaceModel, model_of
from bot.faces.dlib import Dlib
from bot.fingerprint.compute import cpu_seconds, fingerprint
from bot.fingerprint.plain import faces_to_json, to_json
from bot.signals import SIGNALS, local
from bot.signals.base import picture

LEAST_ROOM = 128 * 2**20  # bytes of address space beside the program itself
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def main(limits_json: str, gallery_json: str = "") -> None:
    """Be the child: answer requests on standard input until it closes.

    `limits_json` is a DecodeConfig, `gallery_json` a GalleryConfig if files may be asked for their faces.
    """
    model = model_of(GalleryConfig.model_validate_json(gallery_json)) if gallery_json else None
    locator = Dlib()
    limits = DecodeConfig.model_validate_json(limits_json)
    answers = os.fdopen(os.dup(1), "wb")  # nothing but answers goes there, whatever a library prints
    os.dup2(2, 1)
    _warm_up(model, locator)
    _give_up_rights(limits, answers.fileno())
    gc.collect()
    gc.freeze()  # what is loaded stays; looking through it after every file would cost more than a small file does
    # where the kernel refuses, the limits above are what holds
    _send(answers, {"ready": os.getpid(), "filtered": confine.filter_calls()})
    while header := sys.stdin.buffer.read(4):
        request = json.loads(sys.stdin.buffer.read(int.from_bytes(header, "big")))
        data = sys.stdin.buffer.read(request["size"])
        if len(data) < request["size"]:
            return
        _allow_cpu(limits)
        wanted = model if request["faces"] else None
        _send(answers, _answer(data, limits, every_frame=request["every_frame"], model=wanted, locator=locator))
        del data
        gc.collect()


def _answer(
    data: bytes, limits: DecodeConfig, *, every_frame: bool, model: FaceModel | None, locator: FaceModel
) -> dict[str, Any]:
    try:
        found = fingerprint(data, limits, every_frame=every_frame, model=model, locator=locator)
        return {"fingerprint": to_json(found), "faces": faces_to_json(found.faces)}
    except MemoryError:
        return {
            "limit": f"decoding needs more than {limits.memory_mb} MiB; raise decode.memory_mb if such files are wanted"
        }
    except LimitError as error:
        return {"limit": str(error)}
    except MediaError as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001  the boundary around foreign decoders: becomes the file's recorded error
        return {"error": f"the decoder failed on this file ({type(error).__name__}); it is left alone"}


def _send(answers: BinaryIO, answer: Mapping[str, Any]) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    answers.write(len(body).to_bytes(4, "big") + body)
    answers.flush()


def _warm_up(model: FaceModel | None, locator: Dlib) -> None:
    """Load now what is otherwise loaded with the first file: later no file can be opened."""
    locator.warm_up_locating()
    if model:
        model.warm_up()
    frames.warm_up()
    for signal in SIGNALS:
        signal.compute(picture(65, 64, 1))
    local.warm_up()


def _give_up_rights(limits: DecodeConfig, reserved: int) -> None:
    """Keep the standard streams and the descriptor `reserved`; nothing else can be opened, written or dumped now."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signals.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    signals.signal(signals.SIGINT, signals.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    for what, most in (
        (resource.RLIMIT_NOFILE, 1 + max(2, reserved)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        # a limit below what the program itself takes would refuse every file
        (resource.RLIMIT_AS, max(limits.memory_mb * 2**20, _own_size() + LEAST_ROOM)),
    ):
        allowed = _at_most(most, resource.getrlimit(what)[1])
        resource.setrlimit(what, (allowed, allowed))


def _at_most(wanted: int, hard: int) -> int:
    """Return a limit that is no looser than the one we were started under."""
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _own_size() -> int:
    """Return the address space in use, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _allow_cpu(limits: DecodeConfig) -> None:
    """Move the processor limit forward for one file."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(int(cpu_seconds() + limits.cpu_seconds) + 1, hard), hard))
