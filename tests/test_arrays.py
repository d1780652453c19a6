"""Arrays say what they are: a type checker knows their numbers, a reader needs their shape and unit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

BOT = Path(__file__).parent.parent / "bot"
# where pictures, fingerprints and vectors are computed; benchmarks and samples only make pictures
ROOMS = ("copies", "faces", "fingerprint", "frames", "index", "match", "motion", "networks.py", "nudity", "signals")
DTYPE = re.compile(r"np\.(bool|void|float\d+|u?int\d+)_?\b")
SHAPE = r"\([a-z0-9]+(?: x [a-z0-9]+)?,(?: [a-z0-9]+(?:,|(?=\))))*\)"  # (n,) (h, w) (n, 32, 32)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(rooms: tuple[str, ...]) -> list[Path]:
    """Return the files of rooms."""
    return sorted(
        file for room in rooms for file in ([BOT / room] if room.endswith(".py") else (BOT / room).rglob("*.py"))
    )


def room_of(file: Path) -> str:
    """Return the room that a file belongs to."""
    return file.relative_to(BOT).parts[0].removesuffix(".py")


def aliases() -> dict[tuple[str, str], str]:
    """Return the names that stand for arrays, by room and name, each with what it stands for."""
    found: dict[tuple[str, str], str] = {}
    for file in files(ROOMS):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and "NDArray[" in (value := ast.unparse(node.value)):
                found |= {(room_of(file), name.id): value for name in node.targets if isinstance(name, ast.Name)}
    return found


def known_in(file: Path, known: dict[tuple[str, str], str]) -> dict[str, str]:
    """Return the aliases that a file defines or imports."""
    found: dict[str, str] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        places: list[tuple[str, str, str]] = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot."):
            room = (node.module or "").split(".")[1]
            places = [(room, name.name, name.asname or name.name) for name in node.names]
        elif isinstance(node, ast.Assign):
            places = [(room_of(file), name.id, name.id) for name in node.targets if isinstance(name, ast.Name)]
        found |= {own: known[room, name] for room, name, own in places if (room, name) in known}
    return found


def public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function]]:
    """Yield every function that others may call, with its name."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{owner}{node.name}.")
        elif isinstance(node, Function) and not node.name.startswith("_"):
            yield f"{owner}{node.name}", node


def dtypes(function: Function, known: dict[str, str]) -> set[str]:
    """Return the dtypes of the arrays that a function takes and returns."""
    arguments = function.args
    hints = [one.annotation for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    told = " ".join(ast.unparse(hint) for hint in (*hints, function.returns) if hint is not None)
    told = re.sub(r"[\w.]+", lambda word: known.get(word[0].rsplit(".", 1)[-1], word[0]), told)
    return set(DTYPE.findall(told)) if "NDArray[" in told or "np.ndarray[" in told else set()


def unsaid(function: Function, wanted: set[str]) -> set[str]:
    """Return the dtypes of which a docstring does not say a shape, such as `uint8 (h, w)`."""
    text = " ".join((ast.get_docstring(function) or "").split())
    return {dtype for dtype in wanted if not re.search(rf"\b{dtype} {SHAPE}", text)}


def test_every_array_has_its_dtype_and_shape() -> None:
    """The docstring of each public function tells every kind of array it takes or returns, as `float32 (n, 128)`.

    A method without a docstring has it from the base class of its room.
    """
    known, told, wrong = aliases(), set[str](), []
    bare: list[tuple[str, str]] = []
    for file in files(ROOMS):
        own = known_in(file, known)
        for name, function in public(ast.parse(file.read_text(encoding="utf-8")).body):
            wanted, short = dtypes(function, own), f"{room_of(file)} {function.name}"
            if wanted and ast.get_docstring(function) is None:
                bare.append((short, f"{file.relative_to(BOT)} {name}: no docstring"))
            elif missing := unsaid(function, wanted):
                wrong.append(f"{file.relative_to(BOT)} {name}: {', '.join(sorted(missing))}")
            elif wanted:
                told.add(short)
    assert len(told) > 50, "arrays are found"
    assert wrong + [where for short, where in bare if short not in told] == []


def test_a_shape_is_told_from_other_words() -> None:
    """A dtype without a shape, the shape of another one, and numbers in brackets say nothing of an array."""
    told = "Return the mean (of all), float32 (n, 32, 32), of uint8 (h, w) and int16 values (0, 255), bool (n,)."
    function = ast.parse(f'def mean():\n    """{told}"""').body[0]
    assert isinstance(function, Function)
    assert unsaid(function, {"float32", "uint8", "int16", "bool", "int8"}) == {"int16", "int8"}
