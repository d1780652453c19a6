"""The fuzzed targets hold without a fuzzer too, and what fuzzing found stays mended."""

from __future__ import annotations

import importlib
import json
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels import rdap, security_txt
from bot.endpoints import Answer
from bot.errors import AcquireError, HostChangedError, RuleError
from bot.fetch import Fetcher
from bot.hosts import MAX_ID, find, get
from bot.hosts.pages import decoded
from bot.hosts.playlists import files
from bot.letters import read_letter
from bot.links import links_of, post_of
from bot.links.text import LONGEST
from bot.lists import Bad, Record, read, state
from bot.loopback.http import json_response
from bot.model import standing
from bot.notice_texts.sandbox import mistakes
from bot.pipeline.commands.parser import MAX_LINE, BadCommand, Command, read_message
from bot.pipeline.commands.talk import goes_on
from bot.rules import parse
from bot.serialization import dumps
from tests.fuzz import TARGETS
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import held
from tests.host_world import HostClient, build, client, park
from tests.slow import slow
from tests.test_hosts import Book, link

__all__ = ["build", "client", "park"]
INPUTS = 1200  # of each target
OTHER = "https://example.net/QuietGreenHeron.mp4"


def test_every_target_has_its_file() -> None:
    """Each target is a file with a check, each file with one is a target, and its packages exist."""
    files = {path.stem for path in Path("tests/fuzz").glob("*.py") if "def check(" in path.read_text(encoding="utf-8")}
    assert files == set(TARGETS)
    for packages in TARGETS.values():
        assert all(importlib.import_module(name) for name in packages)


@slow
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds_for_random_inputs(target: str) -> None:
    """Our own examples as they are, and some that are altered at random, keep each property of a target."""
    check = importlib.import_module(f"tests.fuzz.{target}").check
    dice = random.Random(7)
    for number in range(INPUTS):
        held(check, bytes([40, number % 256]) if number < 150 else dice.randbytes(dice.choice((20, 60, 120))))


def test_a_failure_tells_its_input() -> None:
    """What a person has to see of a failure is the input that was made, not the bytes that it was made of."""

    def check(drawn: Drawn) -> None:
        assert drawn.text(("a heron",), ()) != "a heron"

    with pytest.raises(AssertionError) as failure:
        held(check, b"")
    assert "input: 'a heron'" in failure.value.__notes__


# ---- what was found, as small as it gets ---------------------------------------------------------------------


def resolved(url: str, answers: Mapping[str, Any]) -> Any:
    """Return what a plug makes of answers by address."""
    where = link(url)
    plug = get(where.host)
    assert plug is not None
    return plug.resolve(where, Book(answers, state={"token": "t", "client": "c0ffee"}))


GIF = "https://api.redgifs.com/v2/gifs/quietgreenheron"
POST = "https://api.imgur.com/post/v1/media/aB3dE5g?client_id=c0ffee&include=media"
VIDEO = "https://ajax.streamable.com/videos/ab3de"
PICTURE = "https://postimg.cc/aB3dE5gH"


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("https://redgifs.com/watch/quietgreenheron", {GIF: {"gif": {"urls": {"hd": OTHER}}}}),
        ("https://redgifs.com/watch/quietgreenheron", {GIF: {"gif": {"urls": {"hd": "x"}}}}),
        ("https://imgur.com/aB3dE5g", {POST: {"media": [{"url": OTHER}]}}),
        ("https://streamable.com/ab3de", {VIDEO: {"status": 2, "files": {"mp4": {"url": "https://cdn.example.net/ab3de.mp4"}}}}),
        ("https://streamable.com/ab3de", {VIDEO: {"status": 2, "files": {"mp4": {"url": "https://cdn.streamable.com/"}}}}),
        (PICTURE, {PICTURE: '<a id="download" href="https://i.postimg.example/aB3dE5gH/heron.gif">'}),
    ],
)  # fmt: skip
def test_a_file_elsewhere_is_no_file(url: str, answers: Mapping[str, Any]) -> None:
    """An answer that names a file on a server of somebody else's, or no file at all, is none that a plug knows."""
    with pytest.raises(HostChangedError):
        resolved(url, answers)


def test_a_redirect_to_a_bare_server_is_a_stand_in() -> None:
    """A fetch that ends at a file server without a path did not get a file."""
    plug = get("streamable")
    assert plug is not None
    assert plug.is_placeholder("https://cdn.streamable.com/")


def test_a_list_in_the_place_of_a_word_is_no_crash() -> None:
    """Where a host says a word, a list or an object is looked for in no set."""
    status = "https://social.example.com/api/v1/statuses/1234567890123456789"
    media = {"id": "1", "type": [], "url": "https://social.example.com/a.png"}
    mastodon = get("mastodon")
    assert mastodon is not None
    where = link("https://pixeldrain.com/u/aB3dE5gH")
    answers = {status: {"media_attachments": [media]}}
    heron = "https://social.example.com/@heron/1234567890123456789"
    with pytest.raises(AcquireError):
        mastodon.resolve(replace(where, url=heron, host="mastodon", id="1", kind="album"), Book(answers))
    with pytest.raises(HostChangedError):
        resolved(where.url, {"https://pixeldrain.com/api/file/aB3dE5gH/info": {"success": False, "value": []}})


@pytest.mark.parametrize(
    "url",
    [
        "https://25.media.tumblr.com/tumblr_ab3de5gh%007jo1_500.png",
        "https://fs-01.cyberdrop.to/quiet%E2%80%AEheron-aB3dE5gH.jpg",
        "https://40.media.tumblr.com/" + "0f" * 16 + "/tumblr_" + "ab3de5gh" * 80 + "_500.png",
        "https://imgur.com/topic/birds/topic",
        "https://imgur.com/t/birds/about",
        "https://i.imgur.com/download/",
        "https://cdn.streamable.com/video/mp4/api.mp4",
        "https://images2.imgbox.com/0a/1b/settings_o.png",
    ],
)
def test_what_no_host_calls_anything_is_no_id(url: str) -> None:
    """An id holds nothing that a reader cannot see, is not longer than ids are, and is no word of the site's pages."""
    found = find(url)
    assert found is not None
    assert (found.id, found.kind) == (None, "page")
    assert MAX_ID >= 50 * 7 + 49  # the longest album of imgur


def test_half_characters_of_a_removal_can_be_kept() -> None:
    """Whatever Reddit says of a removal can be written down."""
    thing = {"name": "t3_1abcde", "removed_by_category": "\ud800", "banned_by": "\udfff", "approved_by": "\ud800"}
    dumps(post_of(thing)).encode()
    assert standing(thing).category == "\ufffd"
    assert standing({"removed_by_category": "moderator", "banned_by": "\udfff"}).by == "\ufffd"


def test_half_characters_of_a_host_are_replaced(client: HostClient) -> None:
    """JSON of a host, in an answer or in a page, holds no half characters when a plug reads it."""
    client.park.put("clips.example.com", "/a", json_response({"token\ud800": ["\ud800"]}))
    fetcher: Fetcher = client.fetcher
    assert fetcher.json("https://clips.example.com/a", allow=lambda _: True) == {"token\ufffd": ["\ufffd"]}
    assert decoded('["\\ud800"]', "the host") == ["\ufffd"]


@pytest.mark.parametrize(
    "body", [b'{"id": "\\uD800"}', b'{"id": "\xed\xa0\x80"}', json.dumps({"id": "\ud800"}).encode("utf-16")]
)
def test_half_characters_of_an_exchange_are_replaced(body: bytes) -> None:
    """What an exchange answers can be kept, however it writes half characters."""
    answer = Answer(status=200, headers={}, body=body, host="a.example").json()
    assert set(answer["id"]) == {"\ufffd"}


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nex\u202eact_media: {bank: [a]}\naction: review\n",
        "name: \u00ad m\naction: x\n---\noverride: m\npriority: 3\n",
    ],
)
def test_a_mistake_in_a_rule_can_be_seen(text: str) -> None:
    """A sentence that quotes a rule shows what turns or hides text as an escape."""
    with pytest.raises(RuleError) as failure:
        parse(text, "a.yaml")
    assert re.search(r"\\u(202e|00ad)", str(failure.value))
    assert not re.search("[\u202e\u00ad]", str(failure.value))


@pytest.mark.parametrize("source", ["{% end" + "o" * 5000 + " %}", "{{ a." + "b" * 5000 + " }}"])
def test_a_mistake_in_a_notice_text_is_a_sentence(source: str) -> None:
    """A sentence on a template quotes no more of it than fits a line or two, and still says what is known."""
    (said,) = mistakes(source, "a.txt")
    assert len(said) < 500
    assert "known: host" in said or "[…]" in said


@pytest.mark.parametrize("files", [[{"sha256": "", "md5": ""}], [{"md5": " "}, {"sha256": None}]])
def test_a_file_without_digests_is_none(files: list[dict[str, Any]]) -> None:
    """A row of a list whose files have no digest holds no hash, and a file beside others that has none is left out."""
    (empty,) = read(json.dumps({"id": "E-1", "files": files}).encode(), "ndjson")
    assert isinstance(empty, Bad)
    assert "no hash in it" in empty.reason
    (row,) = read(json.dumps({"id": "E-1", "files": [*files, {"sha256": "0f" * 32}]}).encode(), "ndjson")
    assert isinstance(row, Record)
    assert row.files == (("0f" * 32, ""),)


def test_a_moment_is_looked_for_among_days_as_a_whole_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number is looked for among whole numbers as one: a range looks at each of its own for any other."""

    class Days:
        def __contains__(self, number: object) -> bool:
            assert isinstance(number, int)
            return number in range(20_000, 80_000)

    monkeypatch.setattr(state, "_DAYS", Days())
    assert state.moment("1e-3") is None
    assert state.moment("25569.5") == 43_200
    assert state.moment(1e12) == 1e9


@pytest.mark.parametrize("address", ["a@" + "b" * 255, "a..b@host.example", "a@host.example:25"])
def test_a_mail_comes_back_from_an_address_or_from_none(address: str) -> None:
    """What an old mail server calls an address and is none is kept as no recipient's; that the mail failed stays."""
    raw = f"From: MAILER-DAEMON@a.example\nX-Failed-Recipients: {address}, C@host.example\n\nIt failed.\n".encode()
    assert [(one.recipient, one.failed) for one in read_letter(raw).deliveries] == [
        ("", True),
        ("c@host.example", True),
    ]


@pytest.mark.parametrize("line", ["\n", "\t", "'\t", "*\u2003"])
def test_blanks_go_on_no_sentence(line: str) -> None:
    """A line below an order that holds nothing but blanks and marks says nothing of it."""
    assert not any(goes_on(line, apart=apart) for apart in (False, True))


CASE_LINK = "https://www.reddit.com/comments/1abcd2"


@pytest.mark.parametrize("verb", ["minor", "scan"])
def test_an_order_too_long_to_be_read_whole_is_none(verb: str) -> None:
    """A link is never cut off, so that it names another post: what is too long is asked about."""
    for blanks in range(MAX_LINE - 80, MAX_LINE + 10):
        found = read_message(f"gifwarden, {verb} {' ' * blanks}{CASE_LINK}", names=("gifwarden",))
        assert found == Command(verb=verb, target=CASE_LINK) or isinstance(found, BadCommand), found


def test_the_server_of_a_domain_is_an_address() -> None:
    """What stands around an address in the list of RDAP servers is no part of it."""
    listed = {"services": [[["example"], ["\x1dhttps://rdap.example/\n"]]]}
    assert rdap.server_of(listed, "host.example") == "https://rdap.example/"


def test_a_playlist_names_no_fragment() -> None:
    """What stands behind # never reaches a server: two such names would be one file."""
    with pytest.raises(HostChangedError):
        files("#EXTM3U\na.ts?b#1\na.ts?b#2\n#EXT-X-ENDLIST\n", "the host")


@pytest.mark.parametrize("more", [" and count", " or not count"])
def test_a_condition_without_end_is_a_mistake(more: str) -> None:
    """A condition of very many parts is refused when it is read, and does not end the stack when it is rendered."""
    (said,) = mistakes(f"{{% if count{more * 200} %}}a{{% endif %}}", "a.txt")
    assert "put together" in said
    assert mistakes(f"{{% if count{more * 10} %}}a{{% endif %}}", "a.txt") == []


def test_a_policy_that_cannot_be_shown_is_none() -> None:
    """A security.txt whose policy holds control characters names no policy."""
    text = "Contact: mailto:abuse@host.example\nPolicy: https://host.example\x84/policy\n"
    found = security_txt.parse(text, url="https://host.example/", now=datetime(2026, 11, 22, tzinfo=UTC))
    assert found is not None
    assert found.policy is None


def test_a_rule_that_is_overridden_often_is_told_by_its_last_place() -> None:
    """A mistake in it names where it stands and where it was overridden last, not a thousand lines."""
    text = "---\nname: m\ntitle: x\n" + "---\noverride: m\npriority: 1\n" * 400
    with pytest.raises(RuleError) as caught:
        parse(text, "a.yaml")
    (said,) = caught.value.mistakes
    assert said.startswith("a.yaml, line 2 (overridden at a.yaml, line 1202): ")


@pytest.mark.parametrize("key", ["url", "url_overridden_by_dest"])
def test_an_address_in_a_posts_data_has_an_end(key: str) -> None:
    """What Reddit's fields hold beyond the longest address is cut off, as in a text, and the media is found still."""
    url = f"https://i.imgur.com/aB3dE5g.gif?{'a' * 20_000}"
    (link,) = links_of({"kind": "t3", "data": {"name": "t3_1abcde", key: url}}, find)
    assert (link.host, link.id, len(link.url)) == ("imgur", "aB3dE5g", LONGEST)


@pytest.mark.parametrize("cell", ["{\ud800", '["\udfff"]'])
def test_half_a_character_in_a_cell_of_a_list_is_no_document(cell: str) -> None:
    """A cell that begins as JSON and holds half a character is a bad row beside good ones."""
    rows = [{"type": "vpdq", "value": cell}, {"md5": "d41d8cd98f00b204e9800998ecf8427f"}]
    assert [type(row) for row in read(json.dumps(rows).encode())] == [Bad, Record]
