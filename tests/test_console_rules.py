"""The rules in the console: what is in force where, and a text that is tried without anything coming of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from bot.config import Config
from bot.loopback.stage import Stage, stage
from bot.model import Role
from bot.pipeline.judging import trial as room
from bot.pipeline.judging.replay import Replayer
from bot.pipeline.judging.trial import Trials
from bot.web.console import rules as page
from tests.bots import Listening, bot_on
from tests.console import Browser, Console, console_on, open_case
from tests.test_rules_wiki import GOOD, edit

LOOK = "---\nname: Ours\ntitle: look\naction: review\npriority: 200\n"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over judgements in r/clips, which has rules on its wiki, and r/gifs; Ben decides in both."""
    with stage(tmp_path_factory.mktemp("rules")) as built:
        sections = built.config.model_dump()
        sections["subreddits"]["clips"]["wiki"] = "gifwarden"
        config = Config.model_validate(sections)
        world = Stage(clock=built.clock, reddit=built.reddit, park=built.park, mail=built.mail, config=config)
        with bot_on(world, Listening()) as bot, console_on(bot) as served:
            bot.deps.store.banks.create("known-fakes", "block")
            edit(world, GOOD)
            bot.follow()
            for number in range(1, 7):
                case = open_case(bot, number, subreddit=("clips", "gifs")[number == 6])
                bot.deps.store.links.judged(case.link, case.verdict)
            served.person("Ben")
            served.person("Dan", Role.REVIEWER, ["gifs"])
            yield served


def tried(browser: Browser, text: str, source: str | None = None, name: str = "clips", since: str = "all") -> str:
    """Try a text in the place that the page chooses, or in another; return the words of what came of it."""
    browser.get(f"/rules/{name}")
    fields = {**browser.fields("source"), **({"source": source} if source is not None else {})}
    browser.post(f"/rules/{name}/trial", text=text, since=since, **fields)
    return browser.text


def written(browser: Browser) -> str:
    """Return what stands in the editor."""
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", browser.page.text, flags=re.DOTALL)
    assert found
    return unescape(found[1])


def test_where_rules_stand(console: Console) -> None:
    """Each subreddit has its files and its page, as `gifwarden rules check` says it; no path of the machine is told."""
    ben = console.signed_in("Ben")
    ben.get("/rules")
    assert "r/clips: " in ben.text
    assert "the wiki page gifwarden of r/clips: revision " in ben.text
    assert "is in force since" in ben.text
    ben.get("/rules/CLIPS")
    rules = console.bot.deps.rules_for("clips").rules
    for rule in rules:
        assert rule.name in ben.text
    assert ben.text.index("Ours") < ben.text.index(rules[1].name)
    assert "title → review" in ben.text
    assert written(ben) == GOOD
    folder = console.bot.deps.config.storage.rules
    for address in ("/rules", "/rules/clips", "/rules/gifs", "/rules/clips?edit=0"):
        assert str(folder) not in ben.get(address).text
    first = sorted(folder.glob("*.yaml"))[0]
    assert written(ben) == first.read_text(encoding="utf-8")
    assert f"In the place of {first.name}" in ben.text
    for address in ("/rules/nowhere", "/rules/..%2f..%2fetc"):
        assert ben.get(address).status_code == 404
    for wrong in ("99999999999", "x", "-1", "²"):
        assert ben.get(f"/rules/clips?edit={wrong}").status_code == 200


def test_all_mistakes_at_once_with_their_lines(console: Console) -> None:
    """Every mistake of the text stands there with its line and what is in it; the text stays in the editor."""
    ben = console.signed_in("Ben")
    text = "---\nname: A\ntitel: x\naction: filter\n---\nname: B\nbody (regex): '('\naction: review\n"
    said = tried(ben, text)
    assert "3 mistakes, so none of it could come into force" in said
    for line, words in ((3, "titel: x"), (4, "action: filter"), (7, "body (regex): '('")):
        assert f"{line} {words}" in said
    assert "did you mean title?" in said
    assert written(ben) == text
    assert "would change" not in said


def test_what_a_text_would_judge_otherwise(console: Console) -> None:
    """Counted, by rule, and case by case as `gifwarden rules replay` does; of that subreddit alone for its page."""
    ben = console.signed_in("Ben")
    said = tried(ben, LOOK)
    assert "5 of 5 judgements would change" in said
    assert "Ours: fired 0, fires now 5" in said
    assert "To put it in force Copy the text onto the wiki page gifwarden of r/clips" in said
    assert len(re.findall(r'<a href="/case/C-', ben.page.text)) == 5
    assert "5 of 5 judgements" in (ben.get(str(ben.page.url)), ben.text)[1]
    other = console.signed_in("Ben")
    other.get(str(ben.page.url))  # another session's
    assert "is kept no more" in other.text


def test_a_file_is_tried_for_all_that_read_it(console: Console) -> None:
    """In the place of the operator's file: every subreddit that reads it is judged again, with its own page on top."""
    ben = console.signed_in("Ben")
    ben.get("/rules/clips?edit=0")
    said = tried(ben, f"{written(ben)}\n{LOOK.replace('Ours', 'Ours too')}", source="0")
    assert "6 of 6 judgements would change" in said
    assert "r/clips, r/gifs" in said
    assert "Whoever runs the bot writes the text into" in said
    said = tried(ben, LOOK.replace("Ours", "Another"), source="0")
    assert "There is no rule" in said or "there is no rule" in said  # the page overrides what would be gone


def test_nothing_is_saved(console: Console, tmp_path: Path) -> None:
    """Rules in force, files, page, cases and actions are as before."""
    bot, folder = console.bot, console.bot.deps.config.storage.rules

    def all_of_it() -> object:
        store = bot.deps.store
        return (
            [rule.name for rule in bot.deps.rules_for("clips").rules],
            {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()},
            store.wiki.get("clips", "gifwarden"),
            [store.connection.rows(f"select * from {table}") for table in ("cases", "actions", "evidence", "audit")],
        )

    before = all_of_it()
    ben = console.signed_in("Ben")
    before = all_of_it()
    tried(ben, LOOK)
    tried(ben, LOOK, source="0")
    assert all_of_it() == before


def test_a_long_replay_ends_and_says_so(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """When its time is over, what was judged is counted, the newest first, and the command is named."""
    ben = console.signed_in("Ben")
    monkeypatch.setattr(page, "SECONDS", 0.0)
    said = tried(ben, LOOK)
    assert "There was time for 1 of 5, the newest first (0 seconds)" in said
    assert "gifwarden rules replay --rules FOLDER" in said
    bot = console.bot
    trials = Trials(bot.deps.config, bot.deps.store, bot.deps.rulebook, Replayer(bot.deps.store, bot.judge))
    source = bot.deps.rulebook.sources("clips")[-1]
    (one,) = trials.run("clips", source, LOOK, since=None, seconds=0.0).tally.cases
    assert one.case == bot.deps.store.cases.of_post("t3_000005")[0].label
    assert room.SECONDS < 30  # an answer has no longer


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"source": "99", "since": "all"}, 409), ({"source": "x", "since": "all"}, 409), ({"since": "all"}, 409),
        ({"source": "0", "since": "forever"}, 409), ({"source": "0", "since": "all", "text": "x" * 200_001}, 409),
        ({"source": "0", "since": "all", "text": "x" * (1 << 20)}, 413),
    ],
)  # fmt: skip
def test_forms_of_others_making(console: Console, fields: dict[str, str], status: int) -> None:
    """What the page has not is refused in one sentence; a text has its bounds, which are wider than other forms'."""
    ben = console.signed_in("Ben")
    ben.get("/rules/clips")
    assert ben.post("/rules/clips/trial", **{"text": LOOK, **fields}).status_code == status
    assert ben.get("/me").status_code == 200
    assert ben.post("/sign-out", text="x" * 70_000).status_code == 413


def test_one_at_a_time_and_by_role(console: Console) -> None:
    """While one text is tried another waits; who may not decide there is offered no editor and gets 403."""
    ben, dan = console.signed_in("Ben"), console.signed_in("Dan")
    with page._trying:
        assert "somebody tries rules at this moment" in tried(ben, LOOK)
    dan.get("/rules/clips")
    assert "You have no role that tries rules in r/clips" in dan.text
    assert "<textarea" not in dan.page.text
    dan.get("/me")
    assert dan.post("/rules/clips/trial", source="0", since="all", text=LOOK).status_code == 403


@pytest.mark.parametrize(
    "text", ["</textarea><script>alert(1)</script>", "\n\nname: x", "a\u202eb\u200b", "{{ 7 * 7 }}", ""]
)
def test_a_text_is_text(console: Console, text: str) -> None:
    """Whatever is tried makes no element, keeps its lines, and shows marks that cannot be seen."""
    ben = console.signed_in("Ben")
    tried(ben, text)
    assert "<script>alert" not in ben.page.text
    assert "49" not in written(ben)
    assert written(ben) == text.replace("\u202e", "\\u202e").replace("\u200b", "\\u200b")
    assert ("stand here as escapes" in ben.text) == ("\u202e" in text)
