"""Runs one target under atheris: `python -m tests.fuzz urls --runs 1000000`. `--again FILE` runs one input."""

from __future__ import annotations

import argparse
import ctypes
import importlib
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz import TARGETS

LOOKED_INTO = 3  # times as slow as other code is what a fuzzer looks into
LONGEST = 300  # bytes of an input
SEEDS = 2000  # short inputs at random, so that each example is begun with as it is or nearly so
OFTEN = 8  # times that a branch is counted for one input; above, only ever longer inputs would be news, which take time
SHM = Path("/dev/shm")


def main() -> None:
    """Fuzz until so many inputs were run, or one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs")
    parser.add_argument("--seconds", type=int, default=0, help="end after so long, 0: after the runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a folder in which inputs that reach more code are kept")
    parser.add_argument("--again", type=Path, help="a file that failed, to be run once more, without a fuzzer")
    asked = parser.parse_args()
    if asked.again is not None:
        from tests.fuzz.held import held

        return held(importlib.import_module(f"tests.fuzz.{asked.target}").check, asked.again.read_bytes())
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as folder:
        corpus = asked.corpus or Path(folder)
        corpus.mkdir(parents=True, exist_ok=True)
        fuzz(asked.target, corpus, runs=asked.runs, seconds=asked.seconds, seed=asked.seed)
    return None


def fuzz(target: str, corpus: Path, *, runs: int, seconds: int, seed: int) -> None:
    """Let atheris look for an input that fails; what failed is written beside the corpus as `crash-…`."""
    import atheris

    looked_into = finder(TARGETS[target])
    sys.meta_path.insert(0, looked_into)  # what is imported before this is not looked into
    check = importlib.import_module(f"tests.fuzz.{target}").check
    sys.meta_path.remove(looked_into)
    from tests.fuzz.held import SECONDS, held

    for number in range(64):  # where to begin: each example as it is, and some altered
        (corpus / f"seed-{number:02}").write_bytes(bytes([40 + number % 8 * 10, number, *range(number, number + 40)]))
    dice = random.Random(seed)
    for number in range(SEEDS):
        (corpus / f"short-{number:04}").write_bytes(dice.randbytes(2 + number % 6))
    began, ran, reached = time.process_time(), 0, Reached()

    def one(data: bytes) -> None:
        nonlocal ran
        if not ran:
            reached.listen()
        ran += 1
        held(check, data, seconds=LOOKED_INTO * SECONDS)
        reached.tell()
        if ran % 50_000 == 0 or ran == runs:
            spent, most = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{target}: {ran} inputs in {spent:.0f} s of the processor, {most} MiB", file=sys.stderr, flush=True)

    flags = [f"-runs={runs}", f"-seed={seed}", f"-max_len={LONGEST}", "-len_control=0", "-print_final_stats=1"]
    flags += [f"-max_total_time={seconds}"] if seconds else []
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={corpus}/", str(corpus)], one)
    atheris.Fuzz()


class Reached:
    """The branches that an input reaches, told to the fuzzer once the input was run.

    What atheris calls at each branch goes through two languages and takes more time than the branch: half of all time
    goes there. Here a branch is put into a list, and its count where atheris keeps it.
    """

    def __init__(self) -> None:
        self._branches: list[int] = []
        self._counts: Any = None

    def listen(self) -> None:
        """Begin; to be called within the first input, since atheris puts its own in place before that."""
        import atheris

        (core,) = Path(atheris.__file__).parent.glob("core_with_libfuzzer.*.so")
        library = ctypes.CDLL(str(core))  # which is loaded already
        most = ctypes.c_int.in_dll(library, "_ZN7atheris12max_countersE").value
        start = ctypes.c_void_p.in_dll(library, "_ZN7atheris8countersE").value
        assert start, "atheris keeps its counts elsewhere"
        self._counts = (ctypes.c_ubyte * most).from_address(start)
        atheris._trace_branch = self._branches.append

    def tell(self) -> None:
        """Count each branch that was reached since the last time."""
        for branch, often in Counter(self._branches).items():
            self._counts[branch] = min(often, OFTEN)
        self._branches.clear()


def finder(packages: tuple[str, ...]) -> Any:
    """Return what imports these packages so that atheris counts their branches.

    Its own `instrument_imports` takes the first word of a package for all of it, and counts comparisons too. They tell
    nothing of inputs which say how an example is altered, and take a fifth of the time.
    """
    from atheris.import_hook import AtherisMetaPathFinder

    class Finder(AtherisMetaPathFinder):  # type: ignore[misc]  # atheris has no types
        def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
            within = any(f"{fullname}.".startswith(f"{package}.") for package in packages)
            return super().find_spec(fullname, path, target) if within else None

    return Finder(set(), set(), enable_loader_override=False, trace_dataflow=False)


if __name__ == "__main__":
    main()
