"""The whole flow in a process of its own, for a test that watches what it writes: python -m tests.tracing FOLDER"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

from PIL import Image

from bot.loopback.stage import bot_on, stage
from bot.samples import media
from tests.killing import Silent
from tests.people import member

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
IN_BYTES = b"MARKER-IN-THE-FILES-BYTES-7f3a9c"
IN_PIXELS = b"MARKER-IN-THE-PICTURES-PIXELS-51"
IN_RGB = bytes(value for value in IN_PIXELS for _ in range(3))  # how it stands in decoded colour; in luma it is plain


def given() -> bytes:
    """Return the marked picture that the test puts into the folder before anything is watched."""
    return media.still(602, format="png", width=320, height=180, marker=IN_BYTES, pixels=IN_PIXELS)


def main(folder: Path, *, leak: bool) -> None:
    """Scan a marked file, then watch, fetch, match and act on marked media behind links."""
    opened: list[str] = []

    def hook(event: str, args: tuple[object, ...]) -> None:
        # pipes to children are opened by number
        if event == "open" and isinstance(args[2], int) and args[2] & WRITING and not isinstance(args[0], int):
            opened.append(str(args[0]))

    clip = media.clip(601, seconds=1, width=320, height=180, crf=0, marker=IN_BYTES, pixels=IN_PIXELS)
    still = given()
    picture = folder / "given.png"
    sys.addaudithook(hook)
    with stage(folder) as world, bot_on(world, Silent()) as bot:
        bot.deps.store.banks.create("known-fakes", "block")
        bot.deps.store.banks.add("known-fakes", bot.deps.workers.fingerprint(clip), by=member(bot))
        list(bot.target_scanner.scan(str(picture)))
        world.reddit.submit("clips", author="a", title="x", url=world.park.add_redgifs("OneTwoThree", hd=clip))
        world.reddit.submit("gifs", author="a", title="x", url=world.park.add_imgur("Ab1Cd2E", still, "png"))
        bot.tick()
        if leak:
            (folder / "data" / "leak").write_bytes(clip + Image.open(io.BytesIO(still)).tobytes())
            (folder / "data" / "leak").unlink()
        assert len(world.reddit.removals) == 1
        print(json.dumps({"opened": sorted(set(opened)), "judged": bot.deps.store.judgements.count()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), leak="--leak" in sys.argv)
