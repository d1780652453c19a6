"""A configuration that is wrong: every mistake at once, with its line, what it must be and the nearest known word."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import config
from bot.cli import app
from bot.config import lines
from bot.errors import ConfigError
from bot.pipeline.acting.modes import sends
from tests.sentences import JARGON, damaged

HOSTS = ("redgifs", "imgur", "giphy", "bunkr", "gofile", "direct")


def told(path: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """Return the sentences on a configuration; none if it is right."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    path.chmod(0o600)
    try:
        config.load(path, environ or {}, hosts=HOSTS)
    except ConfigError as error:
        return error.mistakes
    return ()


BROKEN: list[tuple[str, int, str]] = [
    # what is no statement at all
    ("[reddit\nusername = 'bot'", 1, "write [reddit]"),
    ("[]\n", 1, "has no name"),
    ("[subreddits.r/clips]\nmode = 'report'", 1, "write [subreddits.clips]"),
    ("[my section]\n", 1, "no blanks"),
    ("[[reddit]]\nusername = 'bot'", 1, "write [reddit]"),
    ("[reddit] username = 'bot'", 1, "a line of its own"),
    ("[reddit]\nusername: 'bot'", 2, "not by a colon; write username = …"),
    ("[reddit]\nusername", 2, "username has no value"),
    ("[reddit]\nhello there", 2, "put # in front of a remark"),
    ("[reddit]\n= 'bot'", 2, "name of the setting is missing"),
    ("[reddit]\nuser name = 'bot'", 2, "no blanks"),
    ("[reddit]\nusername =", 2, "username has no value"),
    ("[reddit]\nusername = bot", 2, 'write username = "…"'),
    ("[reddit]\nusername == 'bot'", 2, "two signs ="),
    ("[reddit]\nusername = \u201cbot\u201d", 2, "typographic"),
    ('[reddit]\nusername = "bot', 2, "no closing quotation mark"),
    ("[reddit]\nusername = 'bot", 2, "no closing quotation mark"),
    ('[reddit]\nusername = """bot\n[log]\nlevel = "info"', 2, "three quotation marks and never ends"),
    ("[reddit]\nusername = 'bot' # fine\ncontact = 'me' really", 3, "behind the text of contact"),
    ('[storage]\npath = "C:\\data"', 2, "backslash"),
    ("[reddit]\nlinked_posts = True", 2, "in small letters"),
    ("[reddit]\nlinked_posts = yes", 2, "in small letters"),
    ("[reddit]\nlookback_hours = 0,5", 2, "a point and no commas"),
    ("[reddit]\npoll_seconds = 030", 2, "does not begin with 0"),
    ("[reddit]\npoll_seconds = 30s", 2, "without a unit"),
    ("[banks]\ntrusted = ['a'\n\n[log]\nlevel = 'info'", 2, "no closing bracket"),
    ("[banks]\ntrusted = ['a' 'b']", 2, "commas between"),
    ("[orders]\nreasons = {bank: 'x'}", 2, "write it so"),
    ("[log]\nlevel = 'info'\nlevel = 'debug'", 3, "stands twice in its section, first in line 2"),
    ("[log]\nlevel = 'info'\n\n[log]\nformat = 'json'", 4, "stands twice, first in line 1"),
    ("[log]\nlevel = 'in\x07fo'", 2, "control character"),
    # sections and settings that there are not
    ("[redit]\nusername = 'bot'", 1, "did you mean [reddit]?"),
    ("[subreddit.clips]\nmode = 'report'", 1, "did you mean [subreddits.clips]?"),
    ("[clips]\nmode = 'report'", 1, "did you mean [subreddits.clips]?"),
    ("[quux]\nx = 1", 1, "known are [reddit]"),
    ("poll_seconds = 3", 1, "write it below [reddit] or [orders]"),
    ("hello = 3", 1, "outside any section"),
    ("reddit = 'bot'", 1, "reddit is a section"),
    ("[subreddits]\nmode = 'report'", 2, "below [subreddits.NAME]"),
    ("[subreddits]\nclips = 'report'", 2, "write [subreddits.clips]"),
    ("[fetch]\nmax_byte = 3", 2, "did you mean max_bytes?"),
    ("[fetch]\nMax_Bytes = 3", 2, "did you mean max_bytes?"),
    ("[mail]\npoll_seconds = 3", 2, "belongs below [reddit] or [orders]"),
    ("[mail]\nserver = 'x'", 2, "did you mean host?"),
    ("[storage]\nkey = 'abc'", 2, "$GIFWARDEN_STORAGE__KEY"),
    ("[hosts.redgif]\nenabled = true", 1, "did you mean [hosts.redgifs]?"),
    ("[hosts.'redgifs.com']\nenabled = true", 1, "did you mean [hosts.redgifs]?"),
    ("[hosts.redgifs]\nallow = ['a.example.org']", 2, "allow belongs to [hosts.direct] and [hosts.mastodon]"),
    ("[hosts.redgifs]\nmirrors = ['a.example.org']", 2, "mirrors belongs to [hosts.bunkr] only"),
    ("[hosts.redgifs]\naccount_token = 'abc'", 2, "account_token belongs to [hosts.gofile] only"),
    ("[hosts.bunkr]\nmirrors = ['https://bunkr.example/a']", 2, 'write "bunkr.example"'),
    ("[hosts.gofile]\nwebsite_salt = 'a b'", 2, "website_salt"),
    ("[hosts.gofile]\naccount_token = 'a b'", 2, "account_token"),
    # values of the wrong kind or out of range
    ("[log]\nlevel = 'loud'", 2, 'must be one of "debug", "info"'),
    ("[subreddits.clips]\nmode = 'reprot'", 2, 'did you mean "report"?'),
    ("[subreddits.clips]\nmode = 'Report'", 2, 'did you mean "report"?'),
    ("[subreddits.clips]\ncomments = 1", 2, "must be true or false"),
    ("[subreddits.clips]\ncomments = 'true'", 2, "write comments = true"),
    ("[subreddits.clips]\nrules = 'mine.yaml'", 2, "must be a list of texts"),
    ("[reddit]\npoll_seconds = '30'", 2, "write poll_seconds = 30"),
    ("[reddit]\npoll_seconds = true", 2, "number of seconds above 0, 86,400 at most, not true"),
    ("[reddit]\npoll_seconds = 0", 2, "above 0"),
    ("[reddit]\npoll_seconds = nan", 2, "above 0"),
    ("[reddit]\nusername = 5", 2, "must be a text in quotation marks, not 5"),
    ("[reddit]\npassword = 5", 2, 'write password = "…"'),
    ("[fetch]\nattempts = 21", 2, "from 1 to 20, not 21"),
    ("[fetch]\nattempts = 2.5", 2, "whole number from 1 to 20, not 2.5"),
    ("[digest]\nhour = 06:00:00", 2, "from 0 to 23, not a day or time"),
    ("[mail]\nport = 0", 2, "from 1 to 65,535, not 0"),
    ("[gallery]\nrates = [[1, 2]]", 2, "rows of three numbers"),
    ("[gallery]\nmodel = 'onnx'", 1, "needs gallery.detector"),
    ("[orders]\nreasons = {ban = 'x'}", 2, "did you mean bank?"),
    ("[orders]\nreasons = ['x']", 2, "must be written as"),
    # values that cannot be meant
    ("[subreddits.'r/clips']\n", 1, "write [subreddits.clips]"),
    ("[subreddits.'/r/clips/']\n", 1, "write [subreddits.clips]"),
    ("[subreddits.'https://www.reddit.com/r/clips']\n", 1, "write [subreddits.clips]"),
    ("[subreddits.'my clips']\n", 1, "not a subreddit's name"),
    ("[subreddits.Clips]\nadult = true\n[subreddits.clips]\n", 3, "has a section already, [subreddits.Clips]"),
    ("[subreddits.clips]\nwiki = 'https://www.reddit.com/r/clips/wiki/GifWarden'", 2, 'write "gifwarden"'),
    ("[subreddits.clips]\nrules = ['mine.txt']", 2, "end in .yaml"),
    ("[reddit]\nusername = 'u/bot'", 2, 'write "bot"'),
    ("[reddit]\ncontact = '/u/me '", 2, 'write "me"'),
    ("[reddit]\ncontact = 'me@example.org'", 2, "name of a Reddit account"),
    ("[reddit]\nclient_id = 'abc def'", 2, "holds a blank"),
    ("[mail]\nhost = 'https://smtp.example.org'", 2, 'write "smtp.example.org"'),
    ("[mail]\nhost = 'smtp.example.org:587'", 2, "the port as mail.port"),
    ("[mail]\nhost = 'smtp://me:hunter2@smtp.example.org/'", 2, "holds a login"),
    ("[mail]\nhost = 'htp://'", 2, "there is none"),
    ("[mail]\nhost = 'smtp example org'", 2, "a name such as"),
    ("[mail]\nsender = 'Team <abuse@example.org>'", 2, 'write "abuse@example.org"'),
    ("[mail]\nsender = 'abuse example.org'", 2, "such as abuse@example.org"),
    ("[digest]\nby = 'mail'", 2, "names no address"),
    ("[digest]\nto = 'mailto:a@example.org'", 2, 'write "a@example.org"'),
    ("[hosts.imgur]\nreport_email = 'https://imgur.com/report'", 2, "must be an e-mail address"),
    ("[hosts.direct]\nallow = ['https://media.example.org/x']", 2, 'write "media.example.org"'),
    ("[hosts.direct]\nallow = ['*.example.org']", 2, 'write "example.org"'),
    ("[hosts.direct]\nallow = ['media']", 2, "must be a domain"),
    ("[orders]\nprefix = 'gif warden'", 2, "one word"),
    ("[banks]\ntrusted = ['']", 2, "is empty"),
    ("[gallery]\ndetector_checksum = 'abc'", 2, "64 digits"),
    ("[storage]\nrules = 'https://example.org/rules'", 2, "a path on this machine"),
    ("[storage]\npath = ''", 2, "is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), BROKEN)
def test_a_mistake_is_told_with_its_line_and_what_it_must_be(tmp_path: Path, text: str, line: int, words: str) -> None:
    """One sentence: file, line, what to do, and the nearest known word; no word of a library, no secret."""
    (said,) = told(tmp_path / "config.toml", text)
    assert said.startswith(f"{tmp_path / 'config.toml'}, line {line}: ")
    assert words in said
    assert not JARGON.search(said.partition(": ")[2])
    assert "hunter2" not in said
    assert "\n" not in said


EIGHT = """\
[reddit]
username = "u/bot"
poll_seconds = 30s
[subreddits.Clips]
mode = "reprot"
[subreddits.clips]
adult = "yes"
[mail]
host = "https://smtp.example.org"
hots = 1
[hosts.redgif]
"""


def test_eight_mistakes_are_eight_sentences_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Nothing hides behind another mistake, not even behind a line that is no TOML; their number stands below."""
    path = tmp_path / "config.toml"
    path.write_text(EIGHT)
    with pytest.raises(ConfigError) as caught:
        config.load(path, {}, hosts=HOSTS)
    found = [re.search(r", line (\d+): ", mistake) for mistake in caught.value.mistakes]
    assert [int(one[1]) for one in found if one] == [2, 3, 5, 6, 7, 9, 10, 11]
    assert str(caught.value).splitlines()[-1] == f"8 mistakes in {path}"


def test_doctor_tells_all_mistakes_of_configuration_and_rules(tmp_path: Path) -> None:
    """One run shows what is wrong with both, and exits with 1; nothing waits until something else is mended."""
    (tmp_path / "config.toml").write_text(EIGHT)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("name: a: b\n---\nname: x\ntitel: y\naction: reprot\n")
    done = CliRunner().invoke(app, ["doctor", "--json", "-c", str(tmp_path / "config.toml")])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert {row["level"] for row in rows} == {"fail"}
    assert [row["subject"] for row in rows] == ["configuration"] * 9 + ["rules"] * 4
    assert rows[8]["text"] == f"8 mistakes in {tmp_path / 'config.toml'}"
    assert rows[12]["text"] == f"3 mistakes in {tmp_path / 'rules' / 'a.yaml'}"


@pytest.mark.parametrize(
    ("mode", "digest", "orders", "said"),
    [
        ("observe", "modmail", True,
         "observe: sends the digest by modmail (06:00 UTC) and answers to moderators' orders, nothing else"),
        ("observe", "mail", False, "observe: sends the digest to a@example.org (06:00 UTC), nothing else"),
        ("observe", "off", False, "observe: sends nothing"),
        ("report", "modmail", True, "report: sends report, modmail"),
        ("enforce", "modmail", False, "enforce: sends "),
    ],
)  # fmt: skip
def test_a_mode_is_told_by_what_leaves_the_machine(mode: str, digest: str, orders: bool, said: str) -> None:
    """A line for each subreddit, as its settings are; observe names no action on a post."""
    found = config.Config.model_validate(
        {
            "subreddits": {"clips": {"mode": mode, "orders": orders}},
            "digest": {"by": digest, "to": "a@example.org"},
        }
    )
    line = sends(found, "clips")
    assert line.startswith(said)
    assert ("remove" in line) == (mode == "enforce")
    assert len(line) <= 160


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GIFWARDEN_REDDIT_PASSWORD", "hunter2", "did you mean $GIFWARDEN_REDDIT__PASSWORD?"),
        ("GIFWARDEN_REDIT__PASSWORD", "hunter2", "did you mean $GIFWARDEN_REDDIT__PASSWORD?"),
        ("GIFWARDEN_REDDIT__PASWORD", "hunter2", "did you mean $GIFWARDEN_REDDIT__PASSWORD?"),
        ("GIFWARDEN_REDDIT__PASSWORD_FLIE", "hunter2", "did you mean $GIFWARDEN_REDDIT__PASSWORD_FILE?"),
        ("GIFWARDEN_SUBREDDITS__CLIPS__MOD", "report", "did you mean $GIFWARDEN_SUBREDDITS__CLIPS__MODE?"),
        ("GIFWARDEN_CONFG", "x", "did you mean $GIFWARDEN_CONFIG?"),
        ("GIFWARDEN_LOG", "x", "is not a setting"),
        ("GIFWARDEN_MAIL_PORT", "25", "did you mean $GIFWARDEN_MAIL__PORT?"),
        ("GIFWARDEN_LOG__LEVEL", "loud", 'must be one of "debug"'),
        ("GIFWARDEN_FETCH__ATTEMPTS", "many", "whole number from 1 to 20"),
        ("GIFWARDEN_REDDIT__LINKED_POSTS", "maybe", "must be true or false"),
        ("GIFWARDEN_HOSTS__REDGIF__ENABLED", "true", "did you mean [hosts.redgifs]?"),
        ("GIFWARDEN_GALLERY__RATES", "1,2", "rows of three numbers"),
        ("GIFWARDEN_REDDIT__PASSWORD_FILE", "/there/is/none", "there is no file /there/is/none"),
        ("GIFWARDEN_REDDIT__PASSWORD_FILE", "", "names no file"),
        ("GIFWARDEN_REDDIT__PASSWORD_FILE", "/", "cannot read /"),
        ("GIFWARDEN_MAIL__HOST", "https://smtp.example.org", 'write "smtp.example.org"'),
    ],
)  # fmt: skip
def test_a_variable_that_is_wrong_is_told_by_its_name(tmp_path: Path, name: str, value: str, words: str) -> None:
    """A misspelt variable used to be passed over in silence; none tells its value if that may be a secret."""
    (said,) = told(tmp_path / "config.toml", "", {name: value})
    assert said.startswith(f"${name}")
    assert words in said
    assert not JARGON.search(said)
    assert "hunter2" not in said


def test_what_orchestration_puts_into_the_environment_is_no_mistake(tmp_path: Path) -> None:
    """Docker and Kubernetes name variables after a service called gifwarden-…; those are not ours."""
    given = {
        "GIFWARDEN_SERVICE_HOST": "10.0.0.1",
        "GIFWARDEN_METRICS_SERVICE_PORT_HTTP": "80",
        "GIFWARDEN_METRICS_PORT": "tcp://10.0.0.1:80",
        "GIFWARDEN_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert told(tmp_path / "config.toml", "", given) == ()


def test_a_secret_in_a_file_of_its_own_must_be_private_and_there(tmp_path: Path) -> None:
    """One that others can read, that is empty or no text is a sentence each, together with all others."""
    open_to_all, empty, bytes_ = tmp_path / "open", tmp_path / "empty", tmp_path / "bytes"
    open_to_all.write_text("hunter2")
    open_to_all.chmod(0o644)
    empty.write_text("\n")
    empty.chmod(0o600)
    bytes_.write_bytes(b"\xff\xfe")
    bytes_.chmod(0o600)
    given = {
        "GIFWARDEN_REDDIT__PASSWORD_FILE": str(open_to_all),
        "GIFWARDEN_REDDIT__CLIENT_SECRET_FILE": str(empty),
        "GIFWARDEN_MAIL__PASSWORD_FILE": str(bytes_),
    }
    said = told(tmp_path / "config.toml", "[log]\nlevel = 'loud'\n", given)
    assert len(said) == 4
    assert all(any(word in one for one in said) for word in ("chmod 600", "is empty", "does not hold text", "line 2"))


def test_every_secret_in_a_file_that_others_can_read_is_told_with_its_line(tmp_path: Path) -> None:
    """Not only the first of them, and where else it can stand."""
    path = tmp_path / "config.toml"
    path.write_text("[reddit]\npassword = 'hunter2'\nclient_secret = 'hunter2'\n[mail]\npassword = 'hunter2'\n")
    path.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        config.load(path, {})
    assert [int(one.partition(", line ")[2].partition(":")[0]) for one in caught.value.mistakes] == [2, 3, 5]
    assert all("chmod 600" in one and "$GIFWARDEN_" in one for one in caught.value.mistakes)
    assert "hunter2" not in str(caught.value)


def test_a_variable_finds_the_section_in_any_case_of_letters(tmp_path: Path) -> None:
    """[subreddits.Clips] and GIFWARDEN_SUBREDDITS__CLIPS__MODE are one subreddit; neither loses its settings."""
    path = tmp_path / "config.toml"
    path.write_text("[subreddits.Clips]\nadult = true\n")
    found = config.load(path, {"GIFWARDEN_SUBREDDITS__CLIPS__MODE": "report"}).subreddit("CLIPS")
    assert found is not None
    assert (found.adult, found.mode) == (True, "report")


def test_a_file_of_windows_is_read(tmp_path: Path) -> None:
    """A mark in front and other line ends, as Notepad writes them, are no mistake; UTF-16 is one, in words."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[log]\r\nlevel = 'debug'\r\n")
    assert config.load(path, {}).log.level == "debug"
    path.write_bytes("[log]\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="line 1: this is not UTF-8 text; save the file as UTF-8"):
        config.load(path, {})


VALID = """\
# a remark
[reddit]
client_id = "abc"
username = "bot"   # the bot
password = 'hunter2'
poll_seconds = 30

[subreddits.Clips]
mode = "report"
rules = [
  "a.yaml", # one
  "b.yaml",
]
[banks]
trusted = ["one", "two"]
[gallery]
rates = [[0.1, 0.2, 0.3], [0.2, 0.3, 0.4],
  [0.3, 0.4, 0.5]
]
[orders]
reasons = {bank = "Known fake", scan = "Check"}
[mail]
organisation = \"\"\"
The [team] of
key = value\"\"\"
sender = "abuse@example.org"
[hosts.direct]
allow = ["media.example.org"]
"""


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Every setting of a valid file is found in its line, behind lists and texts of several lines too."""
    found = lines.read(VALID)
    assert found.values == tomllib.loads(VALID)
    for number, line in enumerate(VALID.splitlines(), 1):
        if line.startswith("[") and line.endswith("]"):
            assert found.lines[tuple(line.strip("[]").split("."))] == number
    assert found.lines["mail", "organisation"] == 23
    assert found.lines["mail", "sender"] == 26
    assert found.lines["orders", "reasons", "scan"] == 21
    assert told(tmp_path / "config.toml", VALID) == ()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.slow
def test_a_damaged_file_is_read_or_told_in_sentences(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is deleted, doubled or swapped: it loads, or each sentence names a line of the file, without jargon."""
    text = damaged(VALID, data)
    count = text.count("\n") + 1
    for said in told(tmp_path / "config.toml", text):
        where = re.match(rf"{re.escape(str(tmp_path / 'config.toml'))}, line (\d+): (.+)\Z", said)
        assert where is not None, said
        assert 1 <= int(where[1]) <= count
        ours = [
            word for word in JARGON.findall(where[2]) if word not in text
        ]  # what stands in the file may be repeated
        assert not ours, said
        assert "hunter2" not in said


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_read_like_the_library_reads_it(text: str) -> None:
    """What the library takes has the same values here; what it refuses has at least one sentence."""
    found = lines.read(text)
    try:
        assert found.values == tomllib.loads(text.replace("\r\n", "\n"))
        assert found.mistakes == []
    except tomllib.TOMLDecodeError:
        assert found.mistakes
