"""Every door there is, tried with a file that was marked as a suspected minor's, and with a case that was.

The same bytes under any other link, host or name are dropped before a decoder gets them; a case shows nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from bot import hosts
from bot.cli import app
from bot.cli.base import read_config, session
from bot.cli.case_page import page
from bot.config import Config
from bot.errors import StoreError, UsageError
from bot.links import links_of, post_of
from bot.lists import Bad, Record
from bot.loopback.stage import Stage
from bot.model import CaseState, LinkState, LookState
from bot.pipeline import Pipeline
from bot.pipeline.keeping.exchanges import ExchangeSync
from bot.pipeline.keeping.list_import import take
from bot.pipeline.reviewing.words.case import plain_case
from bot.samples import media
from bot.store.links import PAST
from bot.store.never import WHY_BLOCKED
from tests.bots import bank_the_fake, bot_on, fake, near_copy
from tests.console import console_on
from tests.killing import Silent
from tests.people import at_home, member
from tests.slow import few
from tests.test_orders import HEAD, answers, link, order, run, team

__all__ = ["team"]

MARKED = "this very file was marked"


def decoded(bot: Pipeline, patch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the digest of each file that a decoding child gets."""
    seen: list[str] = []
    whole = bot.deps.workers.fingerprint

    def listening(data: bytes, **more: Any) -> Any:
        seen.extend(hashlib.sha256(one).hexdigest() for one in (data, *more.get("also", ())))
        return whole(data, **more)

    patch.setattr(bot.deps.workers, "fingerprint", listening)
    return seen


def post(world: Stage, url: str, subreddit: str = "clips", title: str = "t") -> str:
    """Post a link."""
    return world.reddit.submit(subreddit, author="b", title=title, url=url, created=world.clock.now())


@pytest.fixture
def marked(world: Stage, bot: Pipeline, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, list[str]]:
    """A purged post of the near copy: its fullname, its case and what is decoded from now on."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.minors.hide(name, by=member(bot))
    world.clock.sleep(601)
    bot.tick()
    assert bot.deps.store.links.evidence(case.link) is None, "purged"
    return name, case.label, decoded(bot, monkeypatch)


Marked = tuple[str, str, list[str]]


def blocked(bot: Pipeline, name: str) -> None:
    """Assert that a post's link is blocked, and that nothing of it is kept."""
    store = bot.deps.store
    (row,) = [row for row in store.links.listing() if row.link.post == name]
    assert (row.state, row.reason) == (LinkState.BLOCKED, WHY_BLOCKED)
    assert store.links.evidence(row.id) is None
    assert store.links.fingerprints(row.id) == []
    assert store.cases.of_post(name) == []
    assert store.connection.rows("select * from link_files where link = ?", (row.id,)) == []


PLACES: dict[str, Callable[[Stage], str]] = {
    "another id of the host": lambda world: world.park.add_redgifs("OtherPlace", hd=near_copy()),
    "another host": lambda world: world.park.add_imgur("aB3dE5g", near_copy(), "mp4"),
    "reddit itself": lambda world: world.park.add_reddit_video("q1w2e3r4t5y67", {(854, 480): near_copy()}),
    "the very link": lambda _: "https://www.redgifs.com/watch/firstplace",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("subreddit", few(["clips", "quiet"], "clips"))
@pytest.mark.slow
def test_a_marked_file_is_dropped_under_any_link(
    world: Stage, bot: Pipeline, marked: Marked, place: str, subreddit: str
) -> None:
    """Watching: it is downloaded at most, never decoded, and recorded as blocked."""
    name = post(world, PLACES[place](world), subreddit)
    bot.tick()
    assert marked[2] == []
    blocked(bot, name)


@pytest.mark.slow
def test_its_next_link_is_not_even_downloaded(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """Cache: a media whose file was dropped once is blocked when it is posted again; a backfilled one too."""
    url = PLACES["another host"](world)
    first = post(world, url)
    bot.tick()
    asked = len(world.park.log)
    again = post(world, url, title="again")
    bot.tick()
    assert len(world.park.log) == asked
    blocked(bot, first)
    blocked(bot, again)
    assert marked[2] == []


@pytest.mark.slow
def test_the_past_drops_it_too(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """Backfill: a post of years ago with the file is blocked."""
    name = post(world, PLACES["another host"](world))
    thing = world.reddit.world.things[name]
    bot.deps.store.links.add([(post_of(thing), links_of(thing, hosts.find))], priority=PAST)
    bot.work()
    blocked(bot, name)
    assert marked[2] == []


@pytest.mark.slow
def test_an_album_with_it_is_dropped_whole(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """None of the files of the album is decoded, whichever of them is the marked one."""
    name = post(
        world, world.park.add_imgur_album("AlBum01", [media.clip(7, seconds=1, width=64, height=48), near_copy()])
    )
    bot.tick()
    blocked(bot, name)
    assert marked[2] == []


@pytest.mark.parametrize(
    "door",
    few(
        ["scan PERMALINK", "scan FILE", "scan URL", "bank add FILE", "bank add URL"], "scan PERMALINK", "bank add FILE"
    ),
)
@pytest.mark.slow
def test_commands_refuse_the_file(world: Stage, bot: Pipeline, marked: Marked, door: str, tmp_path: Path) -> None:
    """One sentence, no fingerprint, nothing decoded and no entry."""
    file = tmp_path / "renamed.bin"
    file.write_bytes(near_copy())
    url = PLACES["another host"](world)
    target = {"FILE": str(file), "URL": url, "PERMALINK": link(post(world, url))}[door.split()[-1]]
    look = bot.target_scanner.scan if door.startswith("scan") else bot.target_scanner.fingerprints
    results = list(look(target))
    assert [(result.evidence, result.fingerprints) for result in results] == [(None, ())]
    assert MARKED in str(results[0].error)
    assert marked[2] == []


@pytest.mark.parametrize("door", few(["a file", "an address", "a permalink", "the post that was marked"], "a file"))
@pytest.mark.slow
def test_the_console_refuses_the_file(world: Stage, bot: Pipeline, marked: Marked, door: str) -> None:
    """*Look at anything*: one sentence, nothing decoded, no case named; the post itself is not even asked for."""
    url = PLACES["another host"](world)
    permalink = f"https://www.reddit.com/comments/{marked[0].removeprefix('t3_')}/"
    with console_on(bot) as served:
        served.person("Ben")
        ben = served.signed_in("Ben")
        ben.get("/anything")
        if door == "a file":
            ben.upload("/anything/ask", "renamed.bin", near_copy())
        else:
            other = link(post(world, url)) if door == "a permalink" else permalink
            ben.post("/anything/ask", target=url if door == "an address" else other)
        while "See whether it is there" in ben.text:
            ben.get(ben.page.url.path)
        assert "marked" in ben.text
        assert marked[1] not in ben.page.text
    assert marked[2] == []


@pytest.mark.slow
def test_what_is_marked_meanwhile_is_not_told(world: Stage, bot: Pipeline) -> None:
    """An answer that waits is dropped when its media, post or file is marked before somebody takes it."""
    bot.looks._seconds = bot.looks._ready = 240.0
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    by = member(bot)
    looks = [
        bot.looks.ask_file("x.mp4", near_copy(), by=by, session="s"),
        bot.looks.ask_target("https://www.redgifs.com/watch/firstplace", by=by, session="s"),
        bot.looks.ask_target(link(name), by=by, session="s"),
    ]
    while any(bot.looks.progress(one, by=by, session="s").state != LookState.READY for one in looks):
        time.sleep(0.02)
    bot.decisions.minors.hide(name, by=by)
    for one in looks:
        with pytest.raises(UsageError, match="may show a minor"):
            bot.looks.take(one, by=by, session="s")


def test_the_gallery_refuses_the_file(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """Nobody is enrolled by a marked picture; it is not decoded."""
    with pytest.raises(UsageError, match=MARKED):
        bot.gallery._view("picture.jpg", near_copy())
    assert marked[2] == []


@pytest.mark.parametrize("names", few([("sha256", ""), ("", "md5"), ("sha256", "md5")], ("", "md5")))
@pytest.mark.slow
def test_a_list_brings_no_entry_of_the_file(bot: Pipeline, marked: Marked, names: tuple[str, str]) -> None:
    """A row of either digest is left out and said, without the digest; the other rows are taken."""
    pair = tuple(hashlib.new(name, near_copy()).hexdigest() if name else "" for name in names)
    rows = [Record(id="1", files=(cast("tuple[str, str]", pair),)), Record(id="2", files=(("ab" * 32, ""),))]
    said: list[Bad] = []
    counts = take(bot.deps.store, "known-fakes", "list", rows, by=member(bot), told=said.append)
    assert (counts.added, counts.failed) == (1, 1)
    assert not any(digest and digest in said[0].reason for digest in pair)


@pytest.mark.parametrize("shape", few(["sum", "stix", "misp", "hashdeep", "untyped"], "sum"))
@pytest.mark.slow
def test_a_folder_brings_no_row_of_the_file(bot: Pipeline, marked: Marked, tmp_path: Path, shape: str) -> None:
    """By an exchange, in whatever shape it writes: the row is left out, and no digest of it is said."""
    md5, sha256 = (hashlib.new(name, near_copy()).hexdigest() for name in ("md5", "sha256"))
    pattern = f"[file:hashes.'SHA-256' = '{sha256}' OR file:hashes.MD5 = '{md5}']"
    text = {
        "sum": f"{sha256}  a.mp4\n",
        "stix": json.dumps({"type": "indicator", "id": "indicator--1", "pattern": pattern}),
        "misp": json.dumps({"Event": {"Attribute": [{"uuid": "1", "type": "filename|md5", "value": f"a|{md5}"}]}}),
        "hashdeep": f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n1,{md5},{sha256},a\n",
        "untyped": f"{sha256}\n",
    }[shape]
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "a.list").write_text(text)
    os.utime(folder / "a.list", (1_700_000_000, 1_700_000_000))
    one = {"kind": "folder", "bank": "known-fakes", "folder": folder, "hash_type": "sha256"}
    deps = bot.deps
    sync = ExchangeSync(
        Config.model_validate({"exchanges": {"a": one}}), deps.store, deps.clock, deps.log, deps.endpoints
    )
    said: list[Bad] = []
    row = sync.fetch("a", bad=said.append)
    assert (row.added, row.failed, len(said)) == (0, 1, 1)
    assert md5 not in said[0].reason
    assert sha256 not in said[0].reason


def test_it_never_leaves_as_a_hash(world: Stage, bot: Pipeline) -> None:
    """Export: an entry that holds the file is passed over, though it was banked before the mark."""
    label = bank_the_fake(bot)
    name = post(world, world.park.add_redgifs("FirstPlace", hd=fake()))
    bot.tick()
    (entry,) = [one for one in bot.deps.store.known.active((), "known-fakes") if one.label == label]
    assert not bot.deps.store.minors.is_never_entry(entry)
    bot.decisions.minors.hide(name, by=member(bot))
    assert bot.deps.store.minors.is_never_entry(entry)


@pytest.mark.slow
def test_the_order_to_scan_finds_it_blocked(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """A moderator who orders a scan of another link to it hears that the bot may not go there."""
    name = post(world, PLACES["another host"](world))
    conversation = order(world, f"gifwarden scan {link(name)}", by=HEAD)
    run(world, bot, 3)
    assert "I may not go to 1 link" in answers(world, conversation)[-1]
    assert marked[2] == []


@pytest.mark.slow
def test_the_order_to_bank_reads_nothing(world: Stage, bot: Pipeline, marked: Marked) -> None:
    """None of its media can be read, so nothing is banked."""
    before = len(bot.deps.store.banks.entries())
    name = post(world, PLACES["another host"](world), "gifs")
    conversation = order(world, f"gifwarden bank {link(name)}", by=HEAD)
    run(world, bot, 3)
    assert answers(world, conversation)
    assert len(bot.deps.store.banks.entries()) == before
    assert marked[2] == []


DOORS: dict[str, Callable[[Pipeline, str], object]] = {
    "confirm": lambda bot, case: bot.decisions.cases.confirm(case, by=member(bot), why="x"),
    "confirm into a bank": lambda bot, case: bot.decisions.cases.confirm(
        case, by=member(bot), why="x", bank="known-fakes"
    ),
    "bank an excerpt": lambda bot, case: bot.decisions.cases.confirm(
        case, by=member(bot), why="x", bank="known-fakes", span=(0.0, 0.5), media=0
    ),
    "dismiss (allow entry)": lambda bot, case: bot.decisions.cases.dismiss(case, by=member(bot), why="x"),
    "undo": lambda bot, case: bot.decisions.cases.undo(case, by=member(bot), why="x"),
}


@contextmanager
def case_marked(world: Stage, bot: Pipeline, purged: bool) -> Iterator[str]:
    """Yield the case of a post that is hidden, or purged as well."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()), title="marker quetzal")
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.minors.hide(case.label, by=member(bot))
    if purged:
        world.clock.sleep(601)
        bot.obey()
    yield case.label


@pytest.mark.parametrize("purged", few([False, True], False))
@pytest.mark.parametrize("door", DOORS)
def test_a_marked_case_is_decided_no_more(world: Stage, bot: Pipeline, door: str, purged: bool) -> None:
    """Every decision is refused, in its ten minutes and after them; no entry comes of it."""
    with case_marked(world, bot, purged) as label:
        before = len(bot.deps.store.banks.entries())
        with pytest.raises((UsageError, StoreError), match="suspected minor"):
            DOORS[door](bot, label)
        assert len(bot.deps.store.banks.entries()) == before
        assert bot.deps.store.cases.get(label).state == CaseState.MINOR


def command(world: Stage, folder: Path, *words: str) -> Result:
    """Run a command over the world's database as ann."""
    file = folder / "minor.toml"
    file.write_text(
        f"[storage]\npath = '{world.config.storage.path}'\nrules = '{world.config.storage.rules}'\n[subreddits.clips]\n"
    )
    return CliRunner().invoke(app, [*words, "-c", str(file)])


@pytest.mark.parametrize("purged", [False, True])
@pytest.mark.parametrize("how", few([(), ("--json",)], ()))
@pytest.mark.slow
def test_why_a_marked_case_was_judged_is_not_explained(
    world: Stage, bot: Pipeline, purged: bool, how: tuple[str, ...], tmp_path: Path
) -> None:
    """`rules explain` tells no rule, check or value of it, in its ten minutes and after; of another case it does."""
    other = post(world, world.park.add_redgifs("Elsewhere", hd=fake()), title="other")
    with case_marked(world, bot, purged) as label:
        refused = command(world, tmp_path, "rules", "explain", label, *how)
        assert refused.exit_code != 0
        assert "has been forgotten" in str(refused.exception)
        assert refused.output == ""
        (case,) = bot.deps.store.cases.of_post(other)
        assert "Known fake" in command(world, tmp_path, "rules", "explain", case.label, *how).output


@pytest.mark.parametrize(("verb", "made"), [("restore", True), ("confirm", True), ("confirm", False)])
@pytest.mark.parametrize("digest", ["sha256", "md5"])
@pytest.mark.slow
def test_an_entry_of_the_file_is_not_given_back(
    world: Stage, bot: Pipeline, verb: str, made: bool, digest: str, tmp_path: Path
) -> None:
    """`bank restore`, `confirm`, `show` and `note` refuse what a list brought of the file before it was marked.

    `made`: whether an entry was made of the list's row by then.
    """
    names = {"sha256": "", "md5": "", digest: hashlib.new(digest, near_copy()).hexdigest()}
    rows = [Record(id="1", files=((names["sha256"], names["md5"]),))]
    take(bot.deps.store, "known-fakes", "list", rows, by=member(bot), told=list[Bad]().append)
    label = "L-1"
    if made:
        bot.deps.store.lists.make_entries([label])
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    bot.decisions.minors.hide(name, by=member(bot))
    world.clock.sleep(601)
    bot.tick()
    at_home(bot, "ben")
    if verb == "restore":
        bot.deps.store.banks.withdraw(label)
    refused = command(world, tmp_path, "bank", verb, label)
    assert refused.exit_code != 0
    assert "suspected minor" in str(refused.exception)
    for entry in [one for one in bot.deps.store.banks.entries() if one.label == label]:
        assert entry.state == ("withdrawn" if verb == "restore" else "active")
        assert entry.confirmed_by is None
    for more in (("show", label), ("note", label, "--note", "x")):
        assert "suspected minor" in str(command(world, tmp_path, "bank", *more).exception)


@pytest.mark.slow
def test_what_was_banked_of_a_hidden_case_neither_leaves_nor_comes_back(
    world: Stage, bot: Pipeline, tmp_path: Path
) -> None:
    """A part of its media has no digests: while the case is hidden it is not exported, confirmed or restored."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.cases.confirm(case.label, by=member(bot), why="x", bank="known-fakes", span=(0.0, 0.5), media=0)
    (label,) = bot.deps.store.review.all_made(case.id)
    at_home(bot)
    assert label in command(world, tmp_path, "bank", "export", "known-fakes").output
    bot.decisions.minors.hide(name, by=member(bot))
    assert label not in command(world, tmp_path, "bank", "export", "known-fakes").output
    assert "suspected minor" in str(command(world, tmp_path, "bank", "confirm", label).exception)
    bot.deps.store.banks.withdraw(label)
    assert "suspected minor" in str(command(world, tmp_path, "bank", "restore", label).exception)
    bot.decisions.minors.cancel(name, by=member(bot))
    assert command(world, tmp_path, "bank", "restore", label).exit_code == 0


@pytest.mark.parametrize("purged", [False, True])
def test_a_marked_case_shows_nothing(world: Stage, bot: Pipeline, purged: bool) -> None:
    """Page, list, explanation and replay tell neither evidence, reason, title nor address of the media."""
    with case_marked(world, bot, purged) as label:
        shown, lines = page(bot, world.config, label)
        digest = hashlib.sha256(near_copy()).hexdigest()
        told = json.dumps([shown, lines, plain_case(bot.deps.store.cases.get(label))], default=str)
        for trace in ("marker quetzal", "redgifs.com", "firstplace", "FirstPlace", "PDQ", digest):
            assert trace not in told, trace
        assert bot.replayer.count() == 0
        assert list(bot.replayer.replay()) == []
        assert not bot.decisions.cases.appeal(label).reopened


@pytest.mark.slow
def test_the_command_takes_two_steps(world: Stage, bot: Pipeline) -> None:
    """At once removed, locked and hidden; kept for ten minutes, also over a restart; then destroyed."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.minors.hide(case.label, by=member(bot), why="looks young")
    bot.tick()
    assert name in world.reddit.removals
    assert world.reddit.world.things[name]["locked"] is True
    assert bot.deps.store.links.evidence(case.link) is not None
    world.clock.sleep(300)
    with bot_on(world, Silent()) as again:
        again.tick()
        assert again.deps.store.links.evidence(case.link) is not None
        world.clock.sleep(301)
        again.tick()
        assert again.deps.store.links.evidence(case.link) is None
        found = again.deps.store.cases.get(case.label)
        assert (found.decided_by, found.why) == ("ann", "looks young")
        with pytest.raises(UsageError, match="nothing can be taken back"):
            again.decisions.minors.cancel(case.label, by=member(again))


@pytest.mark.slow
def test_a_slip_gives_back_all_that_the_mark_blocked(world: Stage, bot: Pipeline) -> None:
    """Case, post and link are as before, and another post with the file, dropped meanwhile, is looked at after all."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.minors.hide(name, by=member(bot))
    bot.tick()
    other = post(world, PLACES["another host"](world))
    bot.tick()
    blocked(bot, other)
    lines = bot.decisions.minors.cancel(name, by=member(bot))
    assert any("shown again" in line for line in lines)
    assert world.reddit.approvals == [name]
    bot.tick()
    assert bot.deps.store.cases.get(case.label).state == case.state
    assert bot.deps.store.cases.of_post(other)
    assert bot.deps.store.connection.rows("select * from never") == []


def test_saying_that_it_was_reported_destroys_at_once(world: Stage, bot: Pipeline) -> None:
    """Who reported it within the ten minutes waits for nothing."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    row = bot.decisions.minors.hide(name, by=member(bot))
    bot.tick()
    bot.decisions.minors.reported(row.label, by=member(bot))
    assert bot.deps.store.links.evidence(case.link) is None
    assert bot.deps.store.connection.rows("select * from minor_holds") == []


def test_a_backup_from_the_ten_minutes_is_purged_when_it_is_restored(
    world: Stage, bot: Pipeline, tmp_path: Path
) -> None:
    """The copy holds what was hidden, sealed, and that it must go; the first step of a restored bot does it."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    (case,) = bot.deps.store.cases.of_post(name)
    bot.decisions.minors.hide(name, by=member(bot))
    copy = tmp_path / "copy.db"
    bot.deps.store.backup.write(copy)
    data = Path(world.config.storage.path)
    bot.deps.store.close()
    for file in data.glob("gifwarden.db*"):
        file.unlink()
    (data / "gifwarden.db").write_bytes(copy.read_bytes())
    world.clock.sleep(86400)
    with bot_on(world, Silent()) as restored:
        restored.obey()
        assert restored.deps.store.links.evidence(case.link) is None
        assert restored.deps.store.minors.is_never(name)


def test_a_deleted_post_with_a_mark_keeps_no_digest_of_its_files(world: Stage, bot: Pipeline) -> None:
    """What was seen behind its links is forgotten with it; the mark itself stays."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    assert bot.deps.store.connection.value("select count(*) from link_files")
    bot.deps.store.forgetting.forget_post(name)
    assert bot.deps.store.connection.value("select count(*) from link_files") == 0


@pytest.mark.slow
def test_what_an_earlier_version_looked_at_is_marked_by_its_evidence(world: Stage, bot: Pipeline) -> None:
    """Without remembered digests those of evidence and sealed fingerprints are marked."""
    name = post(world, world.park.add_redgifs("FirstPlace", hd=near_copy()))
    bot.tick()
    bot.deps.store.connection.run("delete from link_files")
    bot.decisions.minors.hide(name, by=member(bot))
    other = post(world, PLACES["another host"](world))
    bot.tick()
    blocked(bot, other)


def test_the_command_line_tells_both_steps_and_takes_them_back(tmp_path: Path) -> None:
    """`cases minor` says when what is kept is destroyed and how a slip is taken back; `cases cancel` does."""
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path), "--by", "ann"]).exit_code == 0
    with_config = ["--by", "ann", "-c", str(tmp_path / "config.toml")]
    address = "https://www.reddit.com/r/clips/comments/abc12/x/"
    done = runner.invoke(app, ["cases", "minor", address, *with_config])
    assert "in ten minutes, gifwarden purge, or a daemon once it runs, destroys" in done.output
    assert "gifwarden cases cancel M-" in done.output
    back = runner.invoke(app, ["cases", "cancel", address, *with_config])
    assert back.exit_code == 0, back.output
    assert "is not marked any more" in back.output
    again = runner.invoke(app, ["cases", "cancel", address, *with_config])
    assert "nothing can be taken back" in str(again.exception)


def test_an_export_leaves_it_out(tmp_path: Path) -> None:
    """Of two entries the one whose file was marked does not leave, by SHA-256 or by MD5."""
    runner = CliRunner()
    assert runner.invoke(app, ["init", str(tmp_path), "--by", "ann"]).exit_code == 0
    config = ["-c", str(tmp_path / "config.toml")]
    rows = [{"sha256": "ab" * 32, "md5": "ab" * 16}, {"sha256": "cd" * 32, "md5": "cd" * 16}]
    (tmp_path / "list.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert runner.invoke(app, ["bank", "create", "ours", "--kind", "block", "--by", "ann", *config]).exit_code == 0
    taken = runner.invoke(app, ["bank", "import", "ours", str(tmp_path / "list.ndjson"), "--by", "ann", *config])
    assert taken.exit_code == 0, taken.output
    before = runner.invoke(app, ["bank", "export", "ours", *config]).output
    assert "abab" in before
    with session(read_config(tmp_path / "config.toml")) as pipeline:
        pipeline.deps.store.minors.never(["md5:" + "ab" * 16])
    after = runner.invoke(app, ["bank", "export", "ours", *config]).output
    assert "abab" not in after
    assert "cdcd" in after
