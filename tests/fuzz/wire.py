"""What a decoding child that was taken over may answer: of a file, and of a contact sheet."""

from __future__ import annotations

import json
from functools import cache

from bot.errors import MediaError
from bot.fingerprint import WireError, read
from bot.fingerprint.sheet import SheetAsked
from bot.fingerprint.sheet_wire import asked_of, read_sheet, request
from bot.model import Level
from tests.fuzz.drawn import Drawn
from tests.fuzz_answers import ASKED, check_right, fits, honest

SHEETS = tuple(SheetAsked(level=level, grey=False, even=4, at=(0.5,)) for level in Level)
SHEET = {
    "kind": "animation",
    "width": 64,
    "height": 48,
    "duration": 1.0,
    "partial": False,
    "frames": [[0.0, "AAAA"], [0.5, "AAAA"]],
}
WORDS = (
    "error", "format", "size", "unreadable", "kind", "signals", "pdq", "phash", "video", "image", "animation", "gif",
    "sha256", "note", "faces", "views", "places", "ff" * 32, "00" * 32, "AAAA", "A===", "\x1b[2J", "é",
)  # fmt: skip


@cache
def answers() -> tuple[str, ...]:
    """Return what honest children answer, the short ones first."""
    told = [json.dumps(one, separators=(",", ":")) for one in honest()]
    return tuple(sorted(told, key=len))


def check(drawn: Drawn) -> None:
    """An answer is refused, an error in our words, or a fingerprint or frames that an honest child could have given."""
    if drawn.byte() % 4 == 1:
        return check_sheet(drawn)
    if drawn.byte() % 2:
        body = json.dumps(drawn.tree(answers(), WORDS))
    else:
        body = drawn.text(
            answers(), (*WORDS, "[", "]", "{", "}", ",", ":", '"', "NaN", "1e999", "9" * 300, "null", "-1")
        )
    told = None
    try:
        check_right(read(body.encode("utf-8", "replace"), ASKED), ASKED)
    except WireError:
        pass
    except MediaError as error:
        told = str(error)
    assert told is None or fits(told), told
    return None


def check_sheet(drawn: Drawn) -> None:
    """Fail unless frames are as long as was asked for."""
    asked = drawn.pick(SHEETS)
    assert asked_of(request(asked)) == asked
    body = json.dumps(drawn.tree((json.dumps(SHEET), json.dumps({"error": ["format"]})), WORDS)).encode()
    try:
        found = read_sheet(body, asked)
    except WireError:
        return
    except MediaError as error:
        told = str(error)
        assert fits(told), told
        return
    assert 1 <= len(found.frames) <= asked.most
    assert len({len(data) for _, data in found.frames}) == 1
