"""Writes docs/undo.md from what the program does on loopback: python -m tests.undo_table"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bot.config import Config
from bot.errors import UsageError
from bot.loopback.http import Request
from bot.loopback.reddit.server import RedditServer
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from bot.samples import media
from tests.bots import bank_the_fake, bot_on, fake
from tests.killing import Silent
from tests.people import member

TARGET = Path(__file__).parent.parent / "docs" / "undo.md"
HEAD = """# What undo gives back

What becomes of a post that the bot removed when a person takes that back: by how the post was found, by what the bot
had done, and by the door that the person used. This page is written by the tests, from a Reddit on loopback, and a test
fails when it no longer says what the program does. Nothing is published that was not up before.

Reddit has no call that puts a post back into the moderation queue, and an approval publishes. So a post that
AutoModerator or a filter of Reddit's had held, one whose text was changed since, and one of which nobody wrote down how
it was found, stays removed: the bot takes its marks off it and tells the moderators, once and in one sentence, with the
link.

Another moderator's removal or an edit in the moment between our last look and our approval is looked for after it, also
when that look fails at first, and the post is removed again; what is done after our approval stays theirs who did it.
Two things cannot be seen, and may then publish what was not up: a hold of Reddit's filter in
the moment between our look and our removal, of which neither the answer nor the mod log tells; and a second edit within
one second.

Where several finds, doors or deeds end alike, they share a row. *What we found* is how the post stood when the bot
was about to act.

| what we found | the bot had | taken back by | in the end | what the moderators are told |
|---|---|---|---|---|
"""
HEAD_MODERATOR = "head_moderator"
MARKS = {
    "lock": {},
    "spoiler": {},
    "nsfw": {},
    "flair": {"text": "Under review"},
    "note": {"text": "Posted a known fake"},
}
Change = Callable[[RedditServer, str], None]


@dataclass(frozen=True)
class Situation:
    """How a post stands when the bot is about to act, or comes to stand between its looking and its removing."""

    name: str
    change: Change | None = None  # before the bot acts
    between: Change | None = None  # after it looked, before Reddit hears of the removal
    after: Change | None = None  # after the removal
    comment: bool = False
    published: bool = False  # it was up at the moment of the removal, and still is what it was

    @property
    def combinations(self) -> list[tuple[str, str]]:
        """What the bot does and which door a person uses, as far as it is tried."""
        return SOME if self.between or self.after else ALL


def held_then_approved(reddit: RedditServer, name: str) -> None:
    """Let AutoModerator hold a post and a moderator publish it."""
    reddit.world.filter(name)
    reddit.moderator_approves(name, HEAD_MODERATOR)


def without_category(reddit: RedditServer, name: str, by: str | bool) -> None:
    """Hold a post in the shape of older answers."""
    reddit.actions.filter_as_spam(name, by) if by is True else reddit.world.filter(name)
    del reddit.world.things[name]["removed_by_category"]


def edited_and_spam(reddit: RedditServer, name: str) -> None:
    """Change a text and let the spam filter hold it for that."""
    reddit.edit(name, "new words")
    reddit.actions.filter_as_spam(name)


def edited_and_filtered(reddit: RedditServer, name: str) -> None:
    """Change a text and let AutoModerator hold it for that."""
    reddit.edit(name, "new words")
    reddit.world.filter(name)


SITUATIONS = (
    Situation("up", published=True),
    Situation("up, a comment", comment=True, published=True),
    Situation("approved by AutoModerator", lambda r, n: r.actions.automoderator(n, approve=True), published=True),
    Situation("held by AutoModerator (`filter`)", lambda r, n: r.world.filter(n)),
    Situation("held by AutoModerator, a comment", lambda r, n: r.world.filter(n), comment=True),
    Situation("held by AutoModerator, without a category", lambda r, n: without_category(r, n, "AutoModerator")),
    Situation("held by the spam filter", lambda r, n: r.actions.filter_as_spam(n)),
    Situation("held by the spam filter, a comment", lambda r, n: r.actions.filter_as_spam(n), comment=True),
    Situation("held by the spam filter, without a category", lambda r, n: without_category(r, n, True)),
    Situation("held by crowd control, in the name of “reddit”", lambda r, n: r.actions.filter_as_spam(n, "reddit")),
    Situation("up, held by AutoModerator before our removal arrives", between=lambda r, n: r.world.filter(n)),
    Situation("up, held by crowd control before our removal arrives",
              between=lambda r, n: r.actions.filter_as_spam(n, "reddit")),
    Situation("up, removed by a moderator before our removal arrives",
              between=lambda r, n: r.moderator_removes(n, HEAD_MODERATOR)),
    Situation("up, edited and held by the spam filter before our removal arrives",
              between=edited_and_spam),
    Situation("held by AutoModerator, approved by a moderator before our removal arrives",
              lambda r, n: r.world.filter(n), between=lambda r, n: r.moderator_approves(n, HEAD_MODERATOR),
              published=True),
    Situation("up, edited after our removal", after=lambda r, n: r.edit(n, "new words")),
    Situation("up, edited after our removal and held by AutoModerator",
              after=edited_and_filtered),
    Situation("up, approved by a moderator after our removal",
              after=lambda r, n: r.moderator_approves(n, HEAD_MODERATOR), published=True),
    Situation("up, removed by a moderator after our removal",
              after=lambda r, n: r.moderator_removes(n, HEAD_MODERATOR)),
    Situation("up, removed by Reddit's staff after our removal", after=lambda r, n: r.actions.staff_removes(n)),
    Situation("up, deleted by its author after our removal", after=lambda r, n: r.delete(n)),
    Situation("held by AutoModerator, approved by a moderator", held_then_approved, published=True),
    Situation("removed by AutoModerator (`remove`)", lambda r, n: r.actions.automoderator(n)),
    Situation("removed by a moderator", lambda r, n: r.moderator_removes(n, HEAD_MODERATOR)),
    Situation("removed by Reddit's staff", lambda r, n: r.actions.staff_removes(n)),
    Situation("deleted by its author", lambda r, n: r.delete(n)),
)  # fmt: skip

REMOVED = "removed it"
MARKED = "removed and marked it"
CUT = "removed it, and Reddit's answer was lost"
OLD = "removed it, with an older version"
DOORS: dict[str, str] = {
    "dismiss": "`cases dismiss`",
    "undo": "`cases undo`",
    "action": "`actions undo`",
    "order undo": "order `undo`",
    "order allow": "order `allow`",
    "appeal": "an appeal, overturned",
    "approve": "action `approve`",
    "minor": "`cases minor`",
}
# every door and deed where one thing holds a post; where something comes between, the ways that differ
ALL = [(REMOVED, door) for door in DOORS] + [(deed, "dismiss") for deed in (MARKED, CUT, OLD)]
SOME = [(REMOVED, door) for door in ("undo", "order undo", "approve")] + [(MARKED, "dismiss")]


@dataclass
class Cell:
    """One post and what became of it."""

    situation: Situation
    deed: str
    door: str
    name: str = ""
    removed: bool = False
    was_up: bool = False
    visible: bool = False
    marked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def end(self) -> str:
        """What a user sees in the end."""
        left = f", still {', '.join(self.marked)}" if self.marked else ""
        if not self.removed:
            return f"{'up' if self.visible else 'not to be seen'}, as it was: the bot did nothing{left}"
        return ("up again" if self.visible else "stays removed") + left


def cells(folder: Path, situations: Sequence[Situation] = SITUATIONS) -> list[Cell]:
    """Try every deed and door in these situations, each with a post of its own, and return what came of it.

    `folder`: a new one for what the bot keeps.
    """
    found = [Cell(situation, deed, door) for situation in situations for deed, door in situation.combinations]
    with stage(folder) as world:
        (folder / "rules" / "30-tell.yaml").unlink()  # messages of rules would hide those of undo
        settings = world.config.model_dump()
        settings["actions"] |= {"per_hour": 10_000, "per_day": 10_000, "flood_authors": 0, "flood_entries": 0}
        world = Stage(
            clock=world.clock, reddit=world.reddit, park=world.park, mail=world.mail,
            config=Config.model_validate(settings),
        )  # fmt: skip
        with bot_on(world, Silent()) as bot:
            bank_the_fake(bot)
            for name in world.config.subreddits:  # orders were heard there before
                for way in ("modmail", "reports"):
                    bot.deps.store.orders.start(name, way, words="", since=None)
            for _, group in groupby(found, key=lambda cell: cell.situation):
                _situation(world, bot, list(group))
    return found


def _situation(world: Stage, bot: Pipeline, group: list[Cell]) -> None:
    reddit, store = world.reddit, bot.deps.store
    for cell in group:
        # what is marked as a minor's takes everything of the same media and file with it, so it has its own
        place, data = "OneTwoThree", fake()
        if cell.door == "minor":
            number = SITUATIONS.index(cell.situation)
            place, data = f"Minor{number}", media.clip(900 + number, seconds=1, width=320, height=180)
            bank_the_fake(bot, data)
        url = world.park.add_redgifs(place, hd=data)
        if cell.situation.comment:
            above = reddit.submit("clips", author="poster", title="a talk", selftext="words")
            cell.name = reddit.comment(above, author="poster", body=url)
        else:
            cell.name = reddit.submit("clips", author="poster", title="look", url=url)
    bot.watch()
    bot.work()
    for cell in group:
        if cell.situation.change:
            cell.situation.change(reddit, cell.name)
    world.clock.sleep(5)
    before = {cell.name: cell for cell in group}

    def asked(request: Request) -> None:
        cell = before.get(request.form.get("id", "")) if request.path.rstrip("/") == "/api/remove" else None
        if cell is None:
            return
        if cell.situation.between:
            cell.situation.between(reddit, cell.name)
        cell.was_up = reddit.world.visible(cell.name)
        if cell.deed == CUT:
            reddit.fail_next("api/remove", drop=True, performed=True)

    reddit.before = asked
    bot.act()
    world.clock.sleep(700)  # what is unclear is looked into again
    bot.act()
    for cell in group:
        cell.removed = cell.name in reddit.removals
        if cell.deed == MARKED and cell.removed:
            _mark(bot, cell.name)
    bot.act()
    world.clock.sleep(300)
    for cell in group:
        if cell.situation.after and cell.removed:
            cell.situation.after(reddit, cell.name)
        if cell.deed == OLD:
            store.connection.run("update actions set found = null where post = ?", (cell.name,))
    world.clock.sleep(60)
    for cell in group:
        _take_back(world, bot, cell)
    for _ in range(3):
        bot.tick()
        world.clock.sleep(700)
    for cell in group:
        _look(world, cell)
    # each situation begins with an entry that acts alone: who dismissed a post of its very file had disputed it
    label = bank_the_fake(bot)
    if store.opinions.against(label):
        bot.decisions.bank.confirm_entry(label, by=member(bot, "cleo"))


def _mark(bot: Pipeline, name: str) -> None:
    (case,) = bot.deps.store.cases.of_post(name)
    for kind, params in MARKS.items():
        if name.startswith("t3_") or kind in ("lock", "note"):
            bot.deps.store.actions.plan(
                key=f"{case.label}:{kind}", kind=kind, case=case.id, post=name, subreddit="clips",
                permalink=case.post.permalink, params=params,
            )  # fmt: skip


def _take_back(world: Stage, bot: Pipeline, cell: Cell) -> None:
    store, decisions = bot.deps.store, bot.decisions
    permalink = f"https://www.reddit.com{world.reddit.world.things[cell.name]['permalink']}"
    actions = [row.action.id for row in store.actions.on_post(cell.name, "remove") if row.state == "done"]
    for case in store.cases.of_post(cell.name):
        match cell.door:
            case "dismiss" if case.state == "open":
                decisions.cases.dismiss(case.label, by=member(bot), why="not a fake")
            case "undo":
                decisions.cases.undo(case.label, by=member(bot), why="look again")
            case "order undo" | "order allow":
                verb = cell.door.removeprefix("order ")
                world.reddit.actions.write_mail("clips", HEAD_MODERATOR, "A post", f"gifwarden, {verb} {permalink}")
            case "appeal" if case.state == "open":
                decisions.cases.confirm(case.label, by=member(bot, "bob"), why="seen it")
                decisions.cases.appeal(case.label)
                decisions.cases.dismiss(case.label, by=member(bot), why="not a fake")
            case "approve":
                store.actions.plan(
                    key=f"{case.label}:approve", kind="approve", post=cell.name, subreddit="clips",
                    permalink=case.post.permalink, params={},
                )  # fmt: skip
            case "minor":
                decisions.minors.minor(case.label, by=member(bot))
    if cell.door in ("action", "minor"):
        for action in actions:
            try:
                decisions.cases.undo_action(action, by=member(bot), why="look again")
            except UsageError:
                continue


def _told(world: Stage) -> list[str]:
    """Return what was written to moderators beside answers to their orders."""
    answers = ("Taken back:", "Allowed:", "so I wait:")
    return [text for text in texts(world) if not any(words in text for words in answers)]


def texts(world: Stage) -> list[str]:
    """Return every text that moderators were sent: modmails, and answers in conversations."""
    return [body for _, _, body in world.reddit.modmails] + [body for _, body in world.reddit.answers]


def _look(world: Stage, cell: Cell) -> None:
    thing = world.reddit.world.things[cell.name]
    cell.visible = world.reddit.world.visible(cell.name)
    number = cell.name[3:]
    sentences = [text for text in _told(world) if re.search(rf"(redd\.it|/_)/{number}\b", text)]
    cell.told = tuple(_why(text) for text in sentences)
    marks = {"locked": thing["locked"], "a spoiler": thing.get("spoiler"), "flaired": thing.get("link_flair_text")}
    marks["NSFW"] = thing.get("over_18")
    marks["noted"] = any(note["user_note_data"]["reddit_id"] == cell.name for note in world.reddit.actions.notes)
    cell.marked = tuple(name for name, there in marks.items() if there)


def _why(text: str) -> str:
    return text.partition("stays removed: ")[2].partition(", and Reddit lets")[0]


def render(found: list[Cell]) -> str:
    """Return the page."""
    blocks: dict[tuple[tuple[str, ...], ...], list[str]] = {}  # situations that end alike throughout share their rows
    for situation, rows in groupby(found, key=lambda cell: cell.situation):
        ends: dict[tuple[str, str, str], list[str]] = {}
        for cell in rows:
            deed = cell.deed if cell.removed else "done nothing"
            told = "; ".join(cell.told) or "nothing"
            ends.setdefault((deed, cell.end, told), []).append(DOORS[cell.door])
        alike: dict[tuple[str, str, str], list[str]] = {}
        for (deed, end, told), used in ends.items():
            doors = tuple(dict.fromkeys(used))
            alike.setdefault((_named(doors), end, told), []).append(deed)
        block = tuple(("; or ".join(deeds), *rest) for rest, deeds in alike.items())
        blocks.setdefault(block, []).append(situation.name)
    lines = [f"| {'; or '.join(names)} | {' | '.join(row)} |" for block, names in blocks.items() for row in block]
    return HEAD + "\n".join(lines) + "\n"


def _named(doors: tuple[str, ...]) -> str:
    left = [door for door in DOORS.values() if door not in doors]
    return ", ".join(doors) if len(left) > 1 else f"any but {left[0]}" if left else "any"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as new:
        TARGET.write_text(render(cells(Path(new))), encoding="utf-8")
