"""The commands for exchanges, as people type them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.cli.base import read_config, session
from bot.errors import GifwardenError
from bot.loopback.exchanges import ExchangePark, File, HashFeed, pdq_of
from tests.fetching import park

__all__ = ["park"]
HEX = [pdq_of(number) for number in range(200)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a bank."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text('# mine\n[log]\nlevel = "info"  # as it is', encoding="utf-8")
    assert run("team", "add", "ann").exit_code == 0
    assert run("bank", "create", "partner", "--kind", "block").exit_code == 0
    return tmp_path


def run(*arguments: str, input: str | None = None) -> Result:
    """Run a command; an error becomes what `main` makes of it."""
    result = CliRunner().invoke(app, list(arguments), input=input)
    if isinstance(result.exception, GifwardenError):
        result.exit_code = result.exception.exit_code
    return result


def said(result: Result) -> str:
    """Return all that a person reads, on one line."""
    return " ".join(f"{result.output} {result.stderr} {result.exception or ''}".split())


def test_add_tries_it_and_keeps_every_comment(here: Path, park: ExchangePark) -> None:
    """What stood in the file stays as it was, to the letter; the new section is read by the next command."""
    park.files["a.txt"] = File(body="\n".join(HEX[:3]).encode())
    before = (here / "config.toml").read_text(encoding="utf-8")
    (here / "config.toml").chmod(0o640)
    result = run(
        "exchange", "add", "a-list", "--url", f"{park.url}/lists/a.txt", "--bank", "partner", "--every-minutes", "5"
    )
    assert result.exit_code == 0, said(result)
    assert "3 rows" in said(result)
    after = (here / "config.toml").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "[exchanges.a-list]" in after
    assert (here / "config.toml").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in here.iterdir() if path.name.endswith(".new")] == []
    shown = json.loads(run("exchange", "list", "--json").output)
    assert (shown["name"], shown["state"], shown["listed"]) == ("a-list", "never_fetched", 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "--url", "{url}/lists/none.txt"], "nothing at this address"),
        (["a", "--url", "{url}/lists/page.html"], "web page"),
        (["a", "--url", "ftp://x.example/a"], "must be an address"),
        (["a", "--url", "http://lists.example.org/a"], "must begin with https"),
        (["a b", "--url", "{url}/lists/a.txt"], "cannot name an exchange"),
        (["a", "--kind", "htps", "--url", "{url}/lists/a.txt"], 'did you mean "https"'),
        (["a", "--kind", "folder", "--url", "{url}/lists/a.txt"], "is not for exchanges of kind folder"),
        (["a", "--kind", "stopncii", "--url", "{url}/ncii"], "GIFWARDEN_EXCHANGES__A__FETCH_KEY"),
        (["a", "--url", "{url}/lists/a.txt", "--bank", "nobody"], "nobody"),
        (["a", "--url", "{url}/lists/a.txt", "--format", "xml"], "format"),
    ],
)
def test_add_refuses_with_a_sentence_and_leaves_the_file(
    here: Path, park: ExchangePark, arguments: list[str], words: str
) -> None:
    """A wrong setting or an exchange that does not answer changes nothing."""
    park.files["a.txt"] = File(body=HEX[0].encode())
    park.files["page.html"] = File(body=b"<html>", type="text/html")
    before = (here / "config.toml").read_bytes()
    bank = [] if "--bank" in arguments else ["--bank", "partner"]
    result = run("exchange", "add", *(one.format(url=park.url) for one in arguments), *bank)
    assert result.exit_code in (1, 2, 3), said(result)
    assert words in said(result)
    assert ".new" not in said(result)
    assert (here / "config.toml").read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == ["config.toml", "data"]


def test_add_refuses_a_name_that_is_there(here: Path, park: ExchangePark) -> None:
    """In whatever case of letters."""
    park.files["a.txt"] = File(body=HEX[0].encode())
    arguments = ("--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    assert run("exchange", "add", "one", *arguments).exit_code == 0
    result = run("exchange", "add", "One", *arguments)
    assert (result.exit_code, "already" in said(result)) == (2, True)


def test_what_follows_from_a_fetch_is_done_at_once(here: Path, park: ExchangePark) -> None:
    """Cases of a hash that its list takes back do not wait for the daemon."""
    lines = [json.dumps({"id": str(number), "pdq": one}) for number, one in enumerate(HEX[:3])]
    park.files["a.ndjson"] = File(body="\n".join(lines).encode())
    assert run("exchange", "add", "a", "--url", f"{park.url}/lists/a.ndjson", "--bank", "partner").exit_code == 0
    assert run("exchange", "fetch", "a").exit_code == 0
    with session(read_config(None)) as pipeline:
        pipeline.deps.store.lists.make_entries(["L-1"])
    lines[0] = json.dumps({"id": "0", "pdq": HEX[0], "status": "withdrawn"})
    park.files["a.ndjson"] = File(body="\n".join(lines).encode())
    assert run("exchange", "fetch", "a").exit_code == 0
    with session(read_config(None)) as pipeline:
        row = pipeline.deps.store.withdrawn.get("L-1")
        assert row is not None
        assert row.followed is not None


def test_a_token_comes_from_the_environment_and_is_never_written(
    here: Path, park: ExchangePark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not into the file and not into anything that is printed."""
    monkeypatch.setenv("GIFWARDEN_EXCHANGES__A__KEY", "sesame-open")
    park.files["a.txt"] = File(body=HEX[0].encode(), needs="Bearer sesame-open")
    result = run("exchange", "add", "a", "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    assert result.exit_code == 0, said(result)
    told = said(result) + said(run("exchange", "show", "a")) + said(run("exchange", "fetch", "a"))
    assert "sesame" not in told + (here / "config.toml").read_text(encoding="utf-8")


def test_fetch_shows_what_came(here: Path, park: ExchangePark) -> None:
    """Counts in words and as JSON; rows that cannot be taken are told, and end with exit code 1."""
    park.files["a.txt"] = File(body="\n".join([*HEX[:3], "garbage"]).encode())
    run("exchange", "add", "a", "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    result = run("exchange", "fetch", "a")
    assert result.exit_code == 1
    assert "4 read, 3 added, 0 withdrawn, 1 left out; 3 rows in partner" in said(result)
    assert "row 4" in said(result)
    found = json.loads(run("exchange", "fetch", "a", "--json").output.splitlines()[-1])
    assert (found["state"], found["rows"], found["listed"]) == ("up_to_date", 0, 3)
    shown = said(run("exchange", "show", "a"))
    assert "up to date" in shown
    assert "3 rows of it from here" in shown


def test_fetch_asks_and_takes_yes(here: Path, park: ExchangePark) -> None:
    """A list that takes back too much ends with exit code 1 and the command that goes on."""
    park.feeds["a"] = HashFeed(rows=150)
    run("exchange", "add", "a", "--url", f"{park.url}/feeds/a/1.ndjson", "--bank", "partner")
    assert run("exchange", "fetch", "a").exit_code == 0
    park.feeds["a"].changes.append([(row, 0) for row in range(100)])
    result = run("exchange", "fetch", "a")
    assert result.exit_code == 1
    assert "gifwarden exchange fetch a --yes" in said(result)
    assert "asks you" in said(run("exchange", "list"))
    result = run("exchange", "fetch", "a", "--yes")
    assert result.exit_code == 0, said(result)
    assert "100 withdrawn; 50 rows in partner" in said(result)


def test_pause_and_remove(here: Path, park: ExchangePark) -> None:
    """A paused one is shown as such; to remove withdraws its rows after asking, and says what to delete."""
    park.files["a.txt"] = File(body="\n".join(HEX[:3]).encode())
    run("exchange", "add", "a", "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    run("exchange", "fetch", "a")
    assert run("exchange", "pause", "a").exit_code == 0
    assert "paused" in said(run("exchange", "list"))
    assert run("exchange", "pause", "a", "--resume").exit_code == 0
    assert "up to date" in said(run("exchange", "list"))
    result = run("exchange", "remove", "a", input="n\n")
    assert result.exit_code == 1
    assert "3 rows" in said(run("exchange", "show", "a"))
    result = run("exchange", "remove", "a", input="y\n")
    assert result.exit_code == 0, said(result)
    assert "3 rows of partner withdrawn" in said(result)
    assert "[exchanges.a]" in said(result)
    assert "0 rows of it from here" in said(run("exchange", "show", "a"))


def test_a_name_that_is_not_there_is_told(here: Path) -> None:
    """Each command says which there are."""
    for command in ("show", "fetch", "pause", "remove"):
        result = run("exchange", command, "nobody")
        assert (result.exit_code, "there is no exchange nobody" in said(result)) == (2, True)
    assert "no exchange is configured" in said(run("exchange", "list"))


def test_lines_fit_eighty_columns(here: Path, park: ExchangePark, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people whose terminal is 80 characters wide."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("one", "a-long-name-of-an-exchange"):
        park.files["a.txt"] = File(body="\n".join(HEX[:3]).encode())
        run("exchange", "add", name, "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    park.files.clear()
    run("exchange", "fetch", "one")
    for command in (["list"], ["show", "one"], ["show", "a-long-name-of-an-exchange"], ["fetch", "one"]):
        result = run("exchange", *command)
        assert max(map(len, f"{result.output}{result.stderr}".splitlines() or [""])) <= 80, result.output
    assert os.environ["COLUMNS"] == "80"


def test_doctor_says_how_exchanges_do(here: Path, park: ExchangePark) -> None:
    """A line each: well, failing with the reason, a bank that is not there with the command that makes it."""
    park.files["a.txt"] = File(body="\n".join(HEX[:3]).encode())
    run("exchange", "add", "a", "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    with (here / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'[exchanges.b]\nurl = "{park.url}/lists/b.txt"\nbank = "none"\n')
    run("exchange", "fetch", "a")
    run("exchange", "fetch", "b")
    told = said(run("doctor"))
    assert "exchange a up to date, 3 rows in partner" in told
    assert "gifwarden bank create none --kind block" in told
    assert "failing, 0 rows in none: there is no bank none" in told


def test_what_is_left_of_a_deleted_section_is_said(here: Path, park: ExchangePark) -> None:
    """Its rows stay until somebody removes them; list and doctor say so, and removing needs no section."""
    park.files["a.txt"] = File(body="\n".join(HEX[:3]).encode())
    before = (here / "config.toml").read_text(encoding="utf-8")
    run("exchange", "add", "a", "--url", f"{park.url}/lists/a.txt", "--bank", "partner")
    run("exchange", "fetch", "a")
    (here / "config.toml").write_text(before, encoding="utf-8")
    for command in (("exchange", "list"), ("doctor",)):
        assert "gifwarden exchange remove a" in said(run(*command))
    result = run("exchange", "remove", "a", "--yes")
    assert (result.exit_code, "delete the section" in said(result)) == (0, False)
    assert "exchange remove" not in said(run("exchange", "list"))


def test_a_folder_is_added_by_its_path_and_drops_children(here: Path) -> None:
    """`--folder` is enough; the fetch says how many rows were dropped, and where one stands that cannot be read."""
    folder = here / "lists"
    folder.mkdir()
    rows = [{"id": 1, "pdq": HEX[1]}, {"id": 2, "pdq": HEX[2], "tags": "csam"}, {"id": 3, "pdq": "x"}]
    (folder / "a.json").write_text(json.dumps(rows))
    os.utime(folder / "a.json", (1_700_000_000, 1_700_000_000))
    added = run("exchange", "add", "dropped", "--folder", str(folder), "--bank", "partner")
    assert added.exit_code == 0, said(added)
    told = said(run("exchange", "fetch", "dropped"))
    assert "1 dropped, tagged as child abuse" in told
    assert "a.json, item 3: not a pdq value" in told
    assert json.loads(run("exchange", "list", "--json").output)["children"] == 1


def test_an_item_is_no_line(here: Path) -> None:
    """What is wrong in a JSON document is told with its item, in a text with its line."""
    (here / "a.json").write_text(json.dumps([{"pdq": HEX[1]}, {"pdq": "x"}]))
    (here / "a.csv").write_text(f"pdq\n{HEX[2]}\nx\n")
    told = said(run("bank", "import", "partner", "a.json", "a.csv", "--by", "ann"))
    assert "a.json, item 2 not a pdq value" in told
    assert "a.csv:3 not a pdq value" in told
    as_json = run("bank", "import", "partner", "a.json", "--by", "ann", "--json").output
    assert json.loads(as_json.splitlines()[0])["item"] == 2
