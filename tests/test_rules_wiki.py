"""Rules on a wiki page: who may write them, what comes into force and when, and what is said if it does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.config import Config
from bot.errors import RedditError
from bot.loopback.stage import Stage, stage
from bot.pipeline import Pipeline
from bot.pipeline.rulebook import said_of
from bot.reddit import Reddit
from bot.samples import media
from tests.bots import bot_on
from tests.killing import Silent
from tests.people import member
from tests.test_rules_patterns import heartbeat

GOOD = """---
name: Ours
title: look
action: review
priority: 200
examples:
  - {post: {title: a look}, gives: review}
---
override: Known fake, exact file
action: report
notify_host: "no"
examples:
  - {exact: known-fakes, gives: report}
"""


@cache
def fake() -> bytes:
    """A small clip that is banked as a known fake."""
    return media.clip(401, seconds=1, width=320, height=180)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Stage]:
    """Loopback Reddit and hosts; r/clips takes rules from its wiki."""
    with stage(tmp_path) as built:
        sections = built.config.model_dump()
        sections["subreddits"]["clips"]["wiki"] = "gifwarden"
        config = Config.model_validate(sections)
        yield Stage(clock=built.clock, reddit=built.reddit, park=built.park, mail=built.mail, config=config)


def edit(world: Stage, text: str, by: str = "head_moderator") -> str:
    """Edit the page; the bot may look at it again."""
    world.clock.sleep(301)
    return world.reddit.world.edit_wiki("clips", "gifwarden", text, by=by)


def names(bot: Pipeline, subreddit: str = "clips") -> list[str]:
    """Return the rules in force."""
    return [rule.name for rule in bot.deps.rules_for(subreddit).rules]


def mails(world: Stage) -> list[str]:
    """Return what moderators were told about the page."""
    return [body for _, subject, body in world.reddit.modmails if "wiki page gifwarden" in subject]


def test_a_moderators_page_comes_into_force_for_that_subreddit_alone(world: Stage, bot: Pipeline) -> None:
    """New rules and overrides hold from the next look on, in r/clips and nowhere else."""
    before = names(bot)
    edit(world, GOOD)
    bot.follow()
    assert names(bot) == ["Ours", *before]
    assert names(bot, "gifs") == before
    url = world.park.add_redgifs("OneTwoThree", hd=fake())
    post = world.reddit.submit("clips", author="poster", title="look", url=url)
    bot.tick()
    assert world.reddit.removals == [], "the page says that the very file is reported, not removed"
    assert [name for name, _, _ in world.reddit.reports] == [post]
    assert mails(world) == []


def test_a_typo_leaves_the_last_good_revision_and_is_told_once(world: Stage, bot: Pipeline) -> None:
    """A mistake is answered with one modmail for the revision; the rules of before go on; a good edit replaces them."""
    edit(world, GOOD)
    bot.follow()
    good = names(bot)
    edit(world, GOOD.replace("title:", "titel:"))
    for _ in range(3):
        bot.tick()
        world.clock.sleep(301)
    (said,) = mails(world)
    assert "the wiki page gifwarden of r/clips, line 3: titel is not a key of a rule; did you mean title?" in said
    assert "The revision before it stays in force." in said
    assert names(bot) == good
    edit(world, "name: Other\ntitle: look\naction: review\n")
    bot.follow()
    assert "Other" in names(bot)
    assert "Ours" not in names(bot)
    assert len(mails(world)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\nknown_media: {bank: [known-fakes]}\naction: remove\n", "goes too far for a near copy"),
        ("name: x\ntitle: a\naction: review\nexamples: [{post: {title: b}, gives: review}]\n", "must give review"),
        ("override: Nobody's rule\ndisabled: true\n", "there is no rule Nobody's rule to override"),
        ("name: Near copy of a known fake\ntitle: a\naction: review\n", "is taken by the rule at 20-near-copies.yaml"),
        ("name: x\ntitle (regex): '(?:a{e<=2})'\naction: review\n", "counts errors in some engines"),
        ("", "holds no rule"),
    ],
)
def test_what_does_not_pass_its_check_is_not_in_force(world: Stage, bot: Pipeline, text: str, said: str) -> None:
    """The ladder, examples, overrides and patterns are checked; no path of the operator's is told."""
    before = names(bot)
    edit(world, text)
    bot.tick()
    (mail,) = mails(world)
    assert said in mail
    assert "The bot's own files stay in force." in mail
    assert str(world.config.storage.rules) not in mail
    assert names(bot) == before


@pytest.mark.parametrize("by", ["stranger", "helper"])
def test_only_a_moderator_with_the_right_writes_rules(world: Stage, bot: Pipeline, by: str) -> None:
    """An edit by anybody else, or by a moderator who may not edit the wiki, is not in force, and that is told."""
    world.reddit.world.subreddits["clips"].moderators["Helper"] = ["posts", "mail"]
    before = names(bot)
    edit(world, GOOD, by=by)
    bot.tick()
    (mail,) = mails(world)
    assert f"u/{by} edited it and is no moderator with the right wiki or config" in mail
    assert names(bot) == before
    world.reddit.world.subreddits["clips"].moderators["Helper"] = ["wiki"]
    edit(world, GOOD, by=by)
    bot.follow()
    assert ("Ours" in names(bot)) is (by == "helper")


def test_the_page_is_read_every_five_minutes_and_its_absence_is_no_mistake(world: Stage, bot: Pipeline) -> None:
    """Without a page, or while Reddit stumbles, the files are in force and nobody is written to."""
    before = names(bot)
    bot.tick()
    assert (names(bot), mails(world)) == (before, [])
    world.reddit.world.edit_wiki("clips", "gifwarden", GOOD, by="head_moderator")
    bot.follow()
    assert names(bot) == before, "it was looked at a moment ago"
    world.clock.sleep(301)
    world.reddit.fail_next("/wiki/", status=403, times=5)
    bot.follow()
    assert (names(bot), mails(world)) == (before, [])
    world.reddit.clear_faults()
    world.clock.sleep(301)
    bot.follow()
    assert names(bot)[0] == "Ours"


def test_the_good_revision_survives_a_restart(world: Stage, bot: Pipeline) -> None:
    """What was in force is in force again at once, before the page is read."""
    edit(world, GOOD)
    bot.follow()
    with bot_on(world, Silent()) as again:
        assert names(again)[0] == "Ours"


def test_files_that_no_longer_fit_make_everything_wait(world: Stage, bot: Pipeline) -> None:
    """If an override has lost its rule, nothing is done in that subreddit without a person, and others go on."""
    edit(world, GOOD)
    bot.follow()
    file = world.config.storage.rules / "10-known-fakes.yaml"
    file.write_text(file.read_text().replace("name: Known fake, exact file", "name: Renamed"))
    with bot_on(world, Silent()) as again:
        assert "Ours" not in names(again)
        steps = {rule.step.word for rule in again.deps.rules_for("clips").rules}
        assert steps <= {"review", "ignore"}
        assert "remove" in {rule.step.word for rule in again.deps.rules_for("gifs").rules}


def test_rules_do_not_change_while_they_judge(world: Stage, bot: Pipeline) -> None:
    """A set of rules that somebody holds is never changed; the new one is another."""
    held = bot.deps.rules_for("clips")
    edit(world, GOOD)
    bot.follow()
    assert held is not bot.deps.rules_for("clips")
    assert [rule.name for rule in held.rules] == names(bot, "gifs")


def test_what_is_in_force_is_said(world: Stage, bot: Pipeline) -> None:
    """Doctor and rules check say which revision is in force since when, and why a newer one is not."""
    book = bot.deps.rulebook
    assert said_of(book.wiki("clips"), "clips", "gifwarden")[0].endswith("has not been read yet; the daemon does")
    first = edit(world, GOOD)
    bot.follow()
    assert said_of(book.wiki("clips"), "clips", "gifwarden") == (
        f"the wiki page gifwarden of r/clips: revision {first[:8]} is in force since "
        f"{world.clock.now():%Y-%m-%d %H:%M} UTC",
        True,
    )
    edit(world, "titel: a")
    bot.follow()
    said, newest = said_of(book.wiki("clips"), "clips", "gifwarden")
    assert f"revision {first[:8]} is in force" in said
    assert "is not: the wiki page gifwarden of r/clips, line 1" in said
    assert not newest
    assert book.wiki("gifs") is None


def test_a_page_is_read_as_reddit_shows_it(world: Stage) -> None:
    """Text, revision and editor; a page that is missing, forbidden or in another shape is an error."""
    world.reddit.world.edit_wiki("clips", "rules/gif", "name: a & b > c", by="Ann")
    url = world.reddit.url
    with Reddit(world.reddit.config(), reddit_url=url, oauth_url=url) as reddit:
        page = reddit.wiki_page("clips", "rules/gif")
        assert (page.text, page.editor) == ("name: a & b > c", "Ann")
        world.reddit.world.wiki["clips", "odd"] = {"content_md": 3}
        for name in ("nowhere", "odd", "../about", "A b"):
            with pytest.raises(RedditError) as caught:
                reddit.wiki_page("clips", name)
            assert not caught.value.retry


HOSTILE = """---
name: Ours
{sign}title (regex, includes): '(.*?,?){{25}}[P!]'
action: review
priority: 900
"""


def post_hostile(world: Stage, bot: Pipeline, number: int) -> None:
    """Post a link under a title that makes the hostile pattern run out of time."""
    world.park.add_redgifs(f"Slow{number}", hd=media.clip(500 + number, seconds=1, width=320, height=180))
    world.reddit.submit(
        "clips", author=f"poster{number}", title="a" * 300, url=f"https://redgifs.com/watch/slow{number}",
        created=world.clock.now(),
    )  # fmt: skip
    bot.tick()


@pytest.mark.parametrize("sign", ["", "~"])
@pytest.mark.slow
def test_a_rule_that_keeps_running_out_of_time_is_quarantined(world: Stage, bot: Pipeline, sign: str) -> None:
    """Twice it is recorded, the third time its patterns stop and the moderators are told; an edit tries it again."""
    edit(world, HOSTILE.format(sign=sign))
    bot.tick()
    flood = bot.deps.store.flood
    for number in range(2):
        post_hostile(world, bot, number)
    assert flood.listing() == []
    posts = 2
    while not flood.listing() and posts < 12:  # on a busy machine one may end early, and then it does not count
        post_hostile(world, bot, posts)
        posts += 1
    (row,) = flood.listing()
    assert (row.kind, row.name) == ("rule", "Ours in r/clips")
    assert row.why == "its patterns ran out of time 3 times; write them more simply"
    assert flood.stopped("Clips") == {"Ours"}
    assert flood.stopped("videos") == frozenset()
    told = [body for _, subject, body in world.reddit.modmails if subject.startswith("Quarantined: the patterns")]
    assert len(told) == 1
    post_hostile(world, bot, posts)
    assert flood.late("clips", "Ours") == 4  # ours is the fourth: the quarantined patterns were not run again
    assert bot.deps.store.cases.listing() == []
    edit(world, GOOD)
    bot.tick()
    assert flood.listing() == []
    assert flood.stopped("clips") == frozenset()


def test_a_released_rule_has_three_more_tries(world: Stage, bot: Pipeline) -> None:
    """What a person lets go runs again, and its old failures are forgotten."""
    for _ in range(3):
        bot.flood.late("clips", "Ours", own_fault=True)
    bot.flood.late("clips", "Theirs", own_fault=False)
    assert bot.deps.store.flood.stopped("clips") == {"Ours"}
    bot.flood.release("rule", "Ours in r/clips", by=member(bot))
    assert bot.deps.store.flood.stopped("clips") == frozenset()
    assert bot.deps.store.flood.late("clips", "Ours") == 1


@pytest.mark.parametrize(
    "page",
    [
        # the attack that once froze every subreddit: a costly pattern and an example that runs it
        "---\nname: Slow\nbody (includes, regex): '(\\w+\\s?)*[!?]'\naction: review\nexamples:\n"
        + f"  - {{post: {{body: '{'a ' * 2500}'}}, gives: nothing}}\n",
        "".join(f"---\nname: r{i}\naction: review\nbody (regex): '{r'a' * 300}'\n" for i in range(501)),
    ],
)
@pytest.mark.slow
def test_a_hostile_page_freezes_nothing(world: Stage, bot: Pipeline, page: str) -> None:
    """A page by a moderator who may only edit the wiki is refused with one sentence, and no thread waits for it."""
    with heartbeat() as worst:
        edit(world, page)
        bot.tick()
    assert len(mails(world)) == 1
    assert worst[0] < 5  # beside all else that the bot does; it was 14


def test_the_costly_pattern_of_old_is_harmless(world: Stage, bot: Pipeline) -> None:
    """Thousands of repeats one after another were accepted by their price and ran for seconds; now they are stopped."""
    example = f"examples:\n  - {{post: {{body: '{'-' * 5000}'}}, gives: nothing}}\n"
    with heartbeat() as worst:
        edit(world, "---\nname: Costly\nbody (includes, regex): '.{0,4999}[^\\n]{2500}X'\naction: review\n" + example)
        bot.tick()
    assert worst[0] < 5  # beside all else that the bot does; it was 14


def lost(world: Stage, name: str) -> None:
    """Take every right from a moderator, and let a day go by."""
    del world.reddit.world.subreddits["clips"].moderators[name]
    world.clock.sleep(86401)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.slow
def test_rules_go_out_of_force_with_their_authors_right(world: Stage, bot: Pipeline, restart: bool) -> None:
    """Within a day, also after a restart and while the page cannot be read; the moderators are told once."""
    world.reddit.world.subreddits["clips"].moderators["rogue"] = ["wiki"]
    before = names(bot)
    edit(world, "override: Known fake, exact file\ndisabled: true\n", by="rogue")
    bot.follow()
    assert "Known fake, exact file" not in names(bot)
    lost(world, "rogue")
    if restart:
        with bot_on(world, Silent()) as again:
            again.tick()
            assert names(again) == before
    else:
        world.reddit.fail_next("/wiki/", status=403, times=5)
        bot.tick()
        assert names(bot) == before
        world.reddit.clear_faults()
    for _ in range(2):
        with bot_on(world, Silent()) as later:
            world.clock.sleep(86401)
            later.tick()
            assert names(later) == before
    (said,) = mails(world)
    assert "u/rogue wrote" in said
    assert "The bot's own files stay in force." in said


@pytest.mark.slow
def test_what_another_moderator_wrote_before_is_in_force_again(world: Stage, bot: Pipeline) -> None:
    """However often whoever lost the right edited it; and if its author has lost theirs too, the files are."""
    moderators = world.reddit.world.subreddits["clips"].moderators
    moderators |= {"rogue": ["wiki"], "helper": ["wiki"]}
    shipped = names(bot)
    edit(world, GOOD, by="helper")
    bot.follow()
    good = names(bot)
    for number in (1, 2):
        edit(world, f"name: Rogue {number}\ntitle: look\naction: review\n", by="rogue")
        bot.follow()
    assert "Rogue 2" in names(bot)
    lost(world, "rogue")
    bot.tick()
    assert names(bot) == good
    assert any("What u/helper had written before is in force again." in mail for mail in mails(world))
    lost(world, "helper")
    bot.tick()
    assert names(bot) == shipped
