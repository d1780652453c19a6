"""Importing lists: whose they are, what changed, what is withdrawn, what asks first, what is swept."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.cli.base import read_config, session
from bot.errors import UsageError
from tests.list_shapes import M1, M2, P1, P2, P3, SHA1, nd

Given = str | bytes


def pdq(number: int) -> str:
    """Return a hash of its own for each number."""
    return random.Random(number).randbytes(32).hex()


def rows(numbers: Any, **more: Any) -> bytes:
    """Return rows with ids as NDJSON."""
    return nd(*({"id": number, "value": pdq(number), "type": "pdq", **more} for number in numbers))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and an empty bank."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("")
    for arguments in (["team", "add", "ann"], ["bank", "create", "list"]):
        assert CliRunner().invoke(app, arguments).exit_code == 0
    return tmp_path


def bring(data: Given, *options: str, name: str = "list.ndjson") -> tuple[int, list[Any]]:
    """Import a file; return the exit code and what is said as JSON."""
    Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    result = CliRunner().invoke(app, ["bank", "import", "list", name, "--by", "ann", "--json", *options])
    if isinstance(result.exception, UsageError):
        raise result.exception
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def counts(data: Given, *options: str, name: str = "list.ndjson") -> dict[str, int]:
    """Import a file; return what came of its rows, as far as something came of them."""
    told = bring(data, *options, name=name)[1][-1]
    return {key: value for key, value in told.items() if type(value) is int and value and key != "unnamed"}


def there() -> set[str]:
    """Return the PDQ hashes that match."""
    result = CliRunner().invoke(app, ["bank", "export", "list", "--format", "hex"])
    return set(result.stdout.split())


def test_ids_need_a_name_for_whose_they_are(home: Path) -> None:
    """Without --source the command says in one sentence what to do, and takes nothing."""
    with pytest.raises(UsageError, match="--source NAME"):
        bring(rows(range(3)))
    assert there() == set()
    assert counts(f"{P1}\n{M1}\n", name="list.txt") == {"added": 2}  # no ids, no name


def test_two_lists_with_the_same_ids_are_kept_apart(home: Path) -> None:
    """Neither hides the other, and what one takes back stays in the other."""
    assert counts(rows([1, 2]), "--source", "one") == {"added": 2}
    other = nd(*({"id": number, "value": pdq(number + 100), "type": "pdq"} for number in (1, 2)))
    assert counts(other, "--source", "two") == {"added": 2}
    assert counts(rows([1, 2], status="withdrawn"), "--source", "three") == {"gone": 2}
    assert len(there()) == 4
    assert counts(rows([1], status="withdrawn"), "--source", "one") == {"withdrawn": 1}
    assert there() == {pdq(2), pdq(101), pdq(102)}
    shared = f"{P1}\n"
    assert counts(shared, "--source", "one", name="a.txt") == counts(shared, "--source", "two", name="a.txt")
    assert counts(f"value,status\n{P1},withdrawn\n", "--source", "two", name="a.csv") == {"withdrawn": 1}
    assert P1 in there()


def test_changed_hashes_are_updates(home: Path) -> None:
    """A known id with other hashes is counted as changed, and the old hash matches no more."""
    assert counts(rows([1, 2]), "--source", "one") == {"added": 2}
    assert counts(rows([1]) + nd({"id": 2, "value": P1, "type": "pdq"}), "--source", "one") == {
        "known": 1,
        "changed": 1,
    }
    assert there() == {pdq(1), P1}


def test_every_digest_of_a_row_is_kept(home: Path) -> None:
    """What stands beside the first digest is found by, too; what we cannot match is counted."""
    data = json.dumps({"pdq": P1, "md5": M1, "sha1": SHA1})
    code, (told,) = bring(data, name="hma.json")
    assert (code, told["added"], told["passed"]) == (0, 1, {"sha1": 1})
    with session(read_config(None)) as pipeline:
        assert pipeline.deps.store.listed.files([("", M1)])
    assert there() == {P1}


def test_what_would_withdraw_much_asks_first(home: Path) -> None:
    """More than a tenth and more than 20: without a terminal it is refused, whole, until --yes."""
    assert counts(rows(range(250)), "--source", "one") == {"added": 250}
    gone = rows(range(20), status="withdrawn")
    assert counts(gone, "--source", "one") == {"withdrawn": 20}
    much = rows(range(300, 310)) + rows(range(20, 50), status="withdrawn")
    code, (told,) = bring(much, "--source", "one")
    assert (code, told["asks"], told["of"]) == (1, 30, 230)
    assert len(there()) == 230  # not even what it would have added
    assert counts(much, "--source", "one", "--yes") == {"added": 10, "withdrawn": 30}


def test_more_than_half_of_a_short_list_asks_too(home: Path) -> None:
    """A tenth of few rows says nothing; more than half of them does, unless it is one or two."""
    bring(rows(range(15)), "--source", "one")
    assert bring(rows(range(8), status="withdrawn"), "--source", "one")[1][0]["asks"] == 8
    assert counts(rows(range(7), status="withdrawn"), "--source", "one") == {"withdrawn": 7}
    bring(rows(range(2)), "--source", "two")
    assert counts(rows(range(2), status="withdrawn"), "--source", "two") == {"withdrawn": 2}


def test_other_hashes_under_known_ids_ask(home: Path) -> None:
    """The old ones match no more: it may be somebody else's list under this name."""
    bring(rows(range(30)), "--source", "ann")
    others = nd(*({"id": number, "pdq": pdq(number + 1000)} for number in range(15, 45)))
    code, (told,) = bring(others + rows(range(15)), "--source", "ann", "--whole")
    assert code == 0  # half of them, and no more
    bring(rows(range(30)), "--source", "ben")
    others = nd(*({"id": number, "pdq": pdq(number + 1000)} for number in range(16)))
    code, (told,) = bring(others, "--source", "ben")
    assert (code, told["asks"]) == (1, 16)
    assert "16 of 30 rows would get other hashes" in told["error"]
    assert counts(others, "--source", "ben", "--yes") == {"changed": 16}


def test_what_follows_from_other_hashes_is_done_at_once(home: Path) -> None:
    """An entry that matched by the old hash is withdrawn, and its cases do not wait for the daemon."""
    bring(rows(range(5)), "--source", "one")
    with session(read_config(None)) as pipeline:
        pipeline.deps.store.lists.make_entries(["L-1"])
    assert counts(nd({"id": 0, "pdq": pdq(100)}), "--source", "one") == {"changed": 1}
    with session(read_config(None)) as pipeline:
        row = pipeline.deps.store.withdrawn.get("L-1")
        assert row is not None
        assert row.followed is not None


def test_the_question_says_what_is_silence_and_what_is_said(home: Path) -> None:
    """Rows that the list itself withdraws are not told as missing from it."""
    bring(rows(range(30)), "--source", "one")
    code, (told,) = bring(rows(range(24), status="withdrawn") + rows(range(24, 28)), "--source", "one", "--whole")
    assert code == 1
    assert told["error"] == (
        "24 of 30 rows would be withdrawn, for the list says so; "
        "2 of 30 rows would be withdrawn, for the list is whole and no longer has them"
    )


def test_a_whole_list_that_meets_none_of_what_is_there_asks(home: Path) -> None:
    """Also where a person withdrew one of the rows before."""
    bring(rows(range(3)), "--source", "one")
    with session(read_config(None)) as pipeline:
        pipeline.deps.store.lists.make_entries(["L-1"])
        pipeline.deps.store.banks.withdraw("L-1")
    code, (told,) = bring(rows(range(10, 12)), "--source", "one", "--whole")
    assert (code, told["asks"]) == (1, 2)


def test_a_list_by_a_pipe_is_asked_about_as_well(home: Path) -> None:
    """What cannot be read twice is held meanwhile."""
    bring(rows(range(50)), "--source", "one")
    command = ["bank", "import", "list", "-", "--by", "ann", "--source", "one"]
    refused = CliRunner().invoke(app, command, input=rows(range(40), status="withdrawn"))
    assert refused.exit_code == 1
    assert "40 of 50 rows would be withdrawn" in refused.output
    assert "--yes" in refused.output
    assert len(there()) == 50
    done = CliRunner().invoke(app, [*command, "--yes"], input=rows(range(40), status="withdrawn"))
    assert done.exit_code == 0
    assert len(there()) == 10


@pytest.mark.slow
def test_at_a_terminal_the_question_is_put(home: Path) -> None:
    """No leaves everything as it was, yes goes on."""
    bring(rows(range(50)), "--source", "one")
    Path("gone.ndjson").write_bytes(rows(range(40), status="withdrawn"))
    script = (
        "import pty, sys; pty.spawn([sys.executable, '-c', 'from bot.cli import main; main()', 'bank', 'import', "
        "'list', 'gone.ndjson', '--by', 'ann', '--source', 'one'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "COLUMNS": "200"}
    for answer, left in (("n", 50), ("y", 10)):
        done = subprocess.run(
            [sys.executable, "-c", script],
            input=f"{answer}\n".encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
        assert b"40 of 50 rows would be withdrawn" in done.stdout, done
        assert len(there()) == left


def test_a_whole_list_sweeps(home: Path) -> None:
    """What is not in it any more is withdrawn; a list that is not whole withdraws nothing by silence."""
    assert counts(rows(range(10)), "--source", "one") == {"added": 10}
    assert counts(rows(range(8)), "--source", "one") == {"known": 8}
    assert len(there()) == 10
    assert counts(rows(range(1, 9)), "--source", "one", "--whole") == {"known": 8, "withdrawn": 2}
    assert there() == {pdq(number) for number in range(1, 9)}
    said = json.dumps({"whole": True, "data": [{"id": number, "pdq": pdq(number)} for number in range(2, 11)]})
    assert counts(said, "--source", "one", name="a.json") == {"known": 7, "added": 2, "withdrawn": 1}
    late = json.dumps({"data": [{"id": number, "pdq": pdq(number)} for number in range(3, 11)], "whole": True})
    assert counts(late, "--source", "one", name="a.json") == {"known": 8, "withdrawn": 1}


def test_a_whole_list_asks_before_it_empties(home: Path) -> None:
    """Cut off or empty, it takes nothing away unasked, however few there are."""
    bring(rows(range(100)), "--source", "one")
    code, (told,) = bring(rows(range(60)), "--source", "one", "--whole")
    assert (code, told["asks"]) == (1, 40)
    bring(rows(range(5)), "--source", "few")
    assert bring(b"\n", "--source", "few", "--whole", name="a.txt")[1][0]["asks"] == 5
    assert len(there()) == 100
    assert counts(b"\n", "--source", "few", "--whole", "--yes", name="a.txt") == {"withdrawn": 5}


def test_a_whole_list_with_unreadable_rows_is_not_swept(home: Path) -> None:
    """They may be what is missed; rows of kinds that we do not match are no reason."""
    bring(rows(range(5)), "--source", "one")
    code, (bad, told) = bring(rows(range(4)) + b'{"id": 4, "val\n', "--source", "one", "--whole")
    assert (code, bad["line"], told["swept"], told["withdrawn"]) == (1, 5, False, 0)
    foreign = nd({"id": 4, "type": "sha1", "value": SHA1})
    code, (_, told) = bring(rows(range(4)) + foreign, "--source", "one", "--whole")
    assert (code, told["swept"], told["withdrawn"], told["not_ours"]) == (0, True, 1, 1)


def test_a_dry_run_shows_and_does_nothing(home: Path) -> None:
    """Added, changed, withdrawn and bad rows are told as they would be."""
    bring(rows(range(5)), "--source", "one")
    data = rows([0]) + nd({"id": 1, "value": pdq(77), "type": "pdq"}) + rows([2], status="deleted") + rows([9]) + b"x\n"
    for whole, withdrawn in (((), 1), (("--whole",), 1)):
        code, (bad, told) = bring(data, "--source", "one", "--dry-run", *whole)
        assert (code, bad["line"], told["dry_run"]) == (1, 5, True)
        assert {key: told[key] for key in ("added", "changed", "known", "withdrawn", "failed")} == {
            "added": 1,
            "changed": 1,
            "known": 1,
            "withdrawn": withdrawn,
            "failed": 1,
        }
    assert bring(rows(range(3)), "--source", "one", "--dry-run", "--whole")[1][-1]["withdrawn"] == 2
    assert bring(rows(range(3)), "--source", "new", "--dry-run")[1][-1]["added"] == 3
    assert there() == {pdq(number) for number in range(5)}
    with session(read_config(None)) as pipeline:
        assert [one.name for one in pipeline.deps.store.lists.listing("list")] == ["one"]


def test_children_are_dropped_counted_and_withdrawn(home: Path) -> None:
    """From every format; the sentence says where such lists belong, and no hash is left or said."""
    bring(rows([1, 2]), "--source", "one")
    Path("a.ndjson").write_bytes(rows([1, 3], tags=["csam"]) + rows([4], tags=["ncii"]))
    result = CliRunner().invoke(app, ["bank", "import", "list", "a.ndjson", "--by", "ann", "--source", "one"])
    assert result.exit_code == 0
    assert "2 dropped" in result.output
    assert "hotlines and the police" in result.output
    assert there() == {pdq(2), pdq(4)}
    assert pdq(1) not in result.output
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".ndjson":
            assert bytes.fromhex(pdq(3)) not in path.read_bytes()
            assert pdq(3).encode() not in path.read_bytes()


def test_what_strangers_wrote_does_not_reach_the_terminal(home: Path) -> None:
    """Escapes, titles and formulas of a list are never printed; nor is a name that steers the terminal."""
    nasty = f"value,type\n\x1b]0;own\x07\x1b[2J,pdq\n=cmd|' /C calc'!A0,pdq\n{P2},\x1b[31mEVIL\x9b\n{P3},pdq\n"
    Path("a\x1b[2J.csv").write_bytes(nasty.encode())
    result = CliRunner().invoke(app, ["bank", "import", "list", "a\x1b[2J.csv", "--by", "ann"])
    assert result.exit_code == 1
    assert not [char for char in result.output if char != "\n" and not char.isprintable()]
    assert "cmd|" not in result.output
    assert "EVIL" not in result.output
    assert there() == {P3}


def test_foreign_kinds_are_told_once_with_their_number(home: Path) -> None:
    """A list of a million SHA-1 gives one line, not a million, and is no failure."""
    code, (kind, told) = bring(f"{SHA1}\n" * 1000 + f"{M2}\n", name="a.txt")
    assert code == 0
    assert (kind["not_ours"], kind["line"]) == (1000, 1)
    assert (told["not_ours"], told["added"]) == (1000, 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--source", ""), "1 to 100 characters"),
        (("--source", "a\x1b[2J"), "1 to 100 characters"),
        (("--source", "exchange theirs"), "may not begin with exchange"),
    ],
)
def test_names_of_sources_are_checked(home: Path, options: tuple[str, ...], sentence: str) -> None:
    """A name can be seen, and is none of an exchange's."""
    with pytest.raises(UsageError, match=sentence):
        bring(rows([1]), *options)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (f"{P1}\n", ("--whole",)),
        (f"{P1}\n", ("--source", "import")),
        (f"# whole\n{P1}\n", ("--yes",)),
        (f"pdq,status\n{P1},withdrawn\n", ()),
    ],
    ids=["whole", "the name of those without", "says that it is whole", "withdraws"],
)
def test_what_withdraws_needs_a_name(home: Path, data: str, options: tuple[str, ...]) -> None:
    """Lists that nobody named share one source, so none of them may take away what another one has."""
    bring(f"{P1}\n{P2}\n", name="a.txt")
    with pytest.raises(UsageError, match="--source"):
        bring(data, *options, name="b.txt")
    assert there() == {P1, P2}


def test_rows_that_are_withdrawn_before_they_were_there_have_a_number(home: Path) -> None:
    """They are no rows of the list, and the last line does not pass over them."""
    assert counts(rows([1, 2], status="withdrawn") + rows([3]), "--source", "one") == {"added": 1, "gone": 2}


def test_ids_that_come_again_with_other_hashes_are_told(home: Path) -> None:
    """Only rows that follow one another are one media; of the others the last counts, and a person hears of it."""
    other = nd(*({"id": number, "value": pdq(number + 100), "type": "pdq"} for number in (1, 2)))
    assert counts(rows([1, 2, 3]) + other, "--source", "one") == {"added": 3, "changed": 2, "again": 2}
    assert there() == {pdq(101), pdq(102), pdq(3)}
    Path("a.ndjson").write_bytes(rows([1, 2]) + other)
    result = CliRunner().invoke(app, ["bank", "import", "list", "a.ndjson", "--by", "ann", "--source", "two"])
    assert "2 ids came again" in result.output
