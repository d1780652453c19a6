"""Hash lists in and out: every format, line and reason of what is bad, and nothing twice."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UsageError
from bot.lists import FORMATS, WRITERS, Bad, Record, guess, read
from bot.model import Entry, Signal
from bot.pipeline.keeping import list_import
from bot.store import Store
from tests.people import member

ONE, TWO = (random.Random(number).randbytes(32).hex() for number in (1, 2))
MD5 = "0123456789abcdef0123456789abcdef"
SHA256 = "ab" * 32


def records(text: str, how: str = "auto", name: str = "") -> list[Record | Bad]:
    """Read a list."""
    return [row for row in read(text.splitlines(keepends=True), how, name) if isinstance(row, Record | Bad)]


def values(found: list[Record | Bad]) -> list[str]:
    """Return the hashes of what was read."""
    return [
        value
        for record in found
        if isinstance(record, Record)
        for value in (
            *(s.value.hex() for s in record.signals),
            *(part for pair in record.files for part in pair if part),
        )
    ]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (f"# a comment\n{ONE}\n\n{MD5.upper()}\n", "hex"),
        (f"hash,type\n{ONE},pdq\n{MD5},md5\n", "csv"),
        (f"id,signal_type,value\n1,pdq,{ONE}\n2,video_md5,{MD5}\n", "csv"),
        (f"signal_type,signal\npdq,{ONE}\nvideo_md5,{MD5}\n", "csv"),
        (f'{{"signal_type":"pdq","signal":"{ONE}"}}\n{{"signal_type":"video_md5","signal":"{MD5}"}}\n', "ndjson"),
        (f"{ONE},pdq\n{MD5},md5\n", "csv"),
        (f'{{"id":7,"hash":"{ONE}"}}\n{{"md5":"{MD5}"}}\n', "ndjson"),
        (
            json.dumps(
                {
                    "data": [
                        {"id": "1", "indicator": ONE, "type": "HASH_PDQ", "status": "MALICIOUS"},
                        {"id": "2", "raw_indicator": MD5, "type": "HASH_VIDEO_MD5"},
                    ],
                    "paging": {},
                },
                indent=2,
            ),
            "json",
        ),
        (json.dumps([{"pdq": ONE}, {"md5": MD5}]), "json"),
    ],
)
def test_each_format_is_told_and_read(text: str, how: str) -> None:
    """The same two hashes from every shape that lists come in."""
    assert guess(text.splitlines()) == how
    assert values(records(text)) == [ONE, MD5]


def test_no_row_is_lost_where_the_format_was_told() -> None:
    """The lines by which a format is told are rows like the others, and so is the one behind them."""
    hashes = [random.Random(number).randbytes(32).hex() for number in range(120)]
    assert values(records("\n".join(hashes))) == hashes


@pytest.mark.parametrize(
    "text",
    [
        f"0,100,{ONE},0.000\n1,90,{TWO},0.033\n",
        json.dumps([f"{ONE},100,0.000", f"{TWO},90,0.033"]),
        json.dumps(
            {
                "0": {"quality": 100, "hash": ONE, "timestamp": 0.0},
                "1": {"quality": 90, "hash": TWO, "timestamp": 0.033},
            }
        ),
    ],
    ids=["text", "array", "object"],
)
def test_a_videos_vpdq_is_one_record(text: str) -> None:
    """All three shapes of vPDQ give one media with its frames, their quality and times."""
    (record,) = records(text)
    assert isinstance(record, Record)
    assert [(s.value.hex(), s.quality, s.t) for s in record.signals] == [(ONE, 100, 0.0), (TWO, 90, 0.033)]


@pytest.mark.parametrize(
    ("text", "how", "line", "reason"),
    [
        (f"{ONE}\n{ONE[:-1]}\n", "hex", 2, "neither a PDQ of 64 hex digits nor an MD5 of 32"),
        (f"\n#\n{'x' * 64}\n", "hex", 3, "64 hex digits"),
        ("0" * 64, "hex", 1, "empty frame"),
        ("f" * 63 + "e", "hex", 1, "empty frame"),
        (f"hash,quality\n{ONE},101\n", "csv", 2, "not between 0 and 100"),
        (f"hash\n{ONE},1,2\n", "csv", 2, "3 cells under 1 heading"),
        (f'hash\n"{ONE}\n', "csv", 2, "a quote is not closed"),
        ('{"hash"\n', "ndjson", 1, "not JSON"),
        ('{"name":"x"}\n', "ndjson", 1, "no hash in it"),
        (f'{{"hash":"{ONE}","type":"tlsh"}}\n', "ndjson", 1, "'tlsh' is none that we match"),
        (f'{{"hash":"{ONE}","t":NaN}}\n', "ndjson", 1, "not between"),
        (f'{{"hash":"{ONE}","id":{{}}}}\n', "ndjson", 1, "neither a short text nor a number"),
        ("[1]\n", "json", 1, "neither an object nor a hash"),
        (f"0,100,{ONE}\n", "vpdq", 1, "not a frame of vPDQ"),
    ],
)
def test_a_bad_row_is_told_with_line_and_reason(text: str, how: str, line: int, reason: str) -> None:
    """What cannot be used is named, and the rest is read."""
    (bad,) = [record for record in records(text, how) if isinstance(record, Bad)]
    assert bad.line == line
    assert reason in bad.reason


@given(st.lists(st.text(max_size=80), max_size=8), st.sampled_from(["auto", *FORMATS]))
@pytest.mark.slow
def test_any_text_gives_rows_or_one_sentence(lines: list[str], how: str) -> None:
    """Strangers write lists: whatever stands there, a record, a bad row or a usage error comes of it."""
    try:
        found = list(read(lines, how))
    except UsageError:
        return
    assert all(isinstance(row, Record | Bad) for row in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([ONE, MD5, "pdq"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["hash", "type", "signals", "files", "value", "data", "id", "quality"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["json", "ndjson"]))
@pytest.mark.slow
def test_any_json_gives_rows_or_one_sentence(value: Any, how: str) -> None:
    """The same for JSON of any shape under the names that are looked for."""
    try:
        found = list(read([json.dumps(value)], how))
    except UsageError:
        return
    assert all(isinstance(row, Record | Bad) for row in found)


def entry(label: str, *hashes: str) -> Entry:
    """Return an entry with frames half a second apart and a file."""
    signals = tuple(
        Signal(type="pdq", value=bytes.fromhex(value), quality=80 + n, t=n / 2) for n, value in enumerate(hashes)
    )
    return Entry(
        label=label, bank="b", bank_kind="block", confirmed=True, sha256=(SHA256,), md5=(MD5,), signals=signals
    )


@pytest.mark.parametrize("how", WRITERS)
def test_what_is_written_is_read_again(how: str) -> None:
    """Each format that is written gives back the frames' hashes when it is read."""
    text = "\n".join(WRITERS[how]([entry("E-1", ONE, TWO), entry("E-2", TWO)])) + "\n"
    files = text.splitlines() if how == "vpdq-json" else [text]  # that one is a file a video
    found = [record for file in files for record in records(file)]
    assert [value for value in values(found) if value not in (MD5, SHA256)] == [ONE, TWO, TWO]
    assert not [record for record in found if isinstance(record, Bad)]


def test_our_own_format_keeps_everything() -> None:
    """NDJSON gives back files, qualities and times."""
    (record,) = records("\n".join(WRITERS["ndjson"]([entry("E-1", ONE, TWO)])))
    assert isinstance(record, Record)
    assert record.files == ((SHA256, MD5),)
    assert record.signals == entry("E-1", ONE, TWO).signals
    assert record.id == "E-1"


@pytest.fixture
def bank(store: Store) -> Store:
    """A store with an empty bank."""
    store.banks.create("list", "block")
    return store


def take(store: Store, text: str) -> list_import.Counts:
    """Import a list."""
    heard: list[Bad] = []
    return list_import.take(store, "list", "them", records(text), by=member(store), told=heard.append)


def test_rows_are_kept_once_and_unconfirmed(bank: Store) -> None:
    """Twice in a list is one row; nobody but a second person or the operator makes it act."""
    assert take(bank, f"{ONE}\n{TWO}\n{ONE}\nbad\n") == list_import.Counts(added=2, known=1, failed=1)
    assert take(bank, f"{TWO}\n{MD5}\n") == list_import.Counts(added=1, known=1)
    found = list(bank.listed.active(()))
    assert [entry.confirmed for entry in found] == [False] * 3
    assert [entry.confirmed for entry in bank.listed.active(("list",))] == [True] * 3
    assert bank.listed.files([(SHA256, MD5)]) == [("md5", 3)]
    assert list(bank.known.active(())) == []


def test_a_row_that_its_list_withdraws_stops_matching(bank: Store) -> None:
    """By the list's own id; what a person withdrew stays withdrawn when the list has it still."""
    take(bank, f'{{"id":"a","hash":"{ONE}"}}\n{{"id":"b","hash":"{TWO}"}}\n')
    gone = f'{{"id":"a","hash":"{ONE}","should_delete":true}}\n{{"id":"c","hash":"{TWO}","status":"deleted"}}\n'
    assert take(bank, gone) == list_import.Counts(withdrawn=1, gone=1)
    (left,) = bank.listed.active(())
    bank.lists.make_entries([left.label])
    bank.banks.withdraw(left.label)
    assert take(bank, f'{{"id":"b","hash":"{TWO}"}}\n') == list_import.Counts(known=1)
    assert list(bank.known.active(())) == list(bank.listed.active(())) == []


def test_an_import_that_is_cut_off_goes_on_where_it_was(bank: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole steps are kept; the second run passes over them and adds the rest."""
    monkeypatch.setattr("bot.pipeline.keeping.list_import.STEP", 10)
    hashes = [random.Random(number).randbytes(32).hex() for number in range(35)]

    def cut() -> Iterator[Record | Bad]:
        yield from records("\n".join(hashes[:25]))
        raise KeyboardInterrupt

    heard: list[Bad] = []
    with pytest.raises(KeyboardInterrupt):
        list_import.take(bank, "list", "them", cut(), by=member(bank), told=heard.append)
    assert len(list(bank.listed.active(()))) == 20
    assert take(bank, "\n".join(hashes)) == list_import.Counts(added=15, known=20)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and an empty bank."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text("")
    run(["team", "add", "ann"])
    run(["bank", "create", "list"])
    return tmp_path


def run(arguments: list[str], given: str | bytes = "") -> tuple[int, list[Any]]:
    """Run a command; return its exit code and its lines, JSON where they are."""
    result = CliRunner().invoke(app, arguments, input=given)
    return result.exit_code, [json.loads(line) if line[0] == "{" else line for line in result.stdout.splitlines()]


def test_the_commands_import_look_up_and_export(home: Path) -> None:
    """A list with a bad row is imported but for it, found by lookup within the radius, and written again."""
    (home / "list.txt").write_text(f"{ONE}\nbad\n{TWO}\n")
    code, (bad, told) = run(["bank", "import", "list", "list.txt", "--by", "ann", "--json"])
    assert code == 1
    assert (bad["line"], bad["file"]) == (2, "list.txt")
    assert (told["added"], told["failed"]) == (2, 1)
    near = f"{int(ONE, 16) ^ 7:064x}"
    code, (hit, miss, wrong, last) = run(["lookup", "--json"], f"{near}\n{'0f' * 32}\nxyz\n{TWO}")
    assert code == 1
    assert [match["distance"] for match in hit["matches"]] == [3]
    assert miss["matches"] == []
    assert "error" in wrong
    assert [match["distance"] for match in last["matches"]] == [0]
    assert run(["bank", "export", "list", "--format", "hex"]) == (0, [ONE, TWO])
    assert run(["bank", "export", "list", "--out", "out.ndjson"])[0] == 0
    assert (home / "out.ndjson").stat().st_mode & 0o777 == 0o600
    assert (
        run(["bank", "import", "list", "-", "--by", "ann", "--json"], (home / "list.txt").read_bytes())[1][-1]["known"]
        == 2
    )


def test_wrong_formats_files_and_banks_are_usage_errors(home: Path) -> None:
    """One sentence and no traceback."""
    for arguments in (
        ["bank", "import", "list", "missing.txt", "--by", "ann"],
        ["bank", "import", "nobody", "-", "--by", "ann"],
        ["bank", "import", "list", "-", "--by", "ann", "--format", "xml"],
        ["bank", "export", "nobody"],
        ["bank", "export", "list", "--format", "xml"],
    ):
        result = CliRunner().invoke(app, arguments)
        assert isinstance(result.exception, UsageError), arguments
