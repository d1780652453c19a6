"""Signing in to the console: links, sessions, what they are bound to, and when they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from bot.clock import ManualClock
from bot.errors import RightsError, SignInError, UsageError
from bot.loopback.stage import Stage
from bot.model import Actor, Backing, Credential, Role
from bot.pipeline import Pipeline
from bot.pipeline.reviewing.sign_in import IDLE, LONGEST
from tests.bots import _printed, bank_the_fake, changed, near_copy
from tests.console import SAFARI, Console, console_on
from tests.doors import desk_of, type_in, typing_at
from tests.people import at_home, member, typed, under


@pytest.fixture
def console(bot: Pipeline) -> Iterator[Console]:
    """A console with Ben, a reviewer."""
    with console_on(bot) as served:
        served.person("Ben")
        yield served


def clock_of(console: Console) -> ManualClock:
    """Return the clock of the bot behind a console."""
    clock = console.bot.deps.clock
    assert isinstance(clock, ManualClock)
    return clock


def test_a_link_signs_in_once(console: Console) -> None:
    """Whoever opens the link and presses its button is signed in; a second device is not."""
    link = console.link("Ben")
    browser = console.browser()
    browser.get(f"/sign-in?link={link}")
    assert "signs in Ben on this device (Firefox on Linux)" in browser.text
    assert browser.sign_in(link).status_code == 200
    assert "Waiting for you" in browser.text
    other = console.browser()
    assert other.sign_in(link).status_code == 401
    assert "used already" in other.text
    assert other.get("/").status_code == 401


def test_what_only_opens_a_link_signs_nobody_in(console: Console) -> None:
    """A preview of a chat, or a scanner of mails, opens links; the link still works afterwards."""
    link = console.link("Ben")
    looks = console.browser()
    for _ in range(3):
        assert looks.get(f"/sign-in?link={link}").status_code == 200
    assert not looks.client.cookies
    assert console.browser().sign_in(link).status_code == 200


def test_a_link_ends_after_fifteen_minutes(console: Console) -> None:
    """A link that was not used in time is void, and one that is used just in time works."""
    early, late = console.link("Ben"), console.link("Ben")
    clock_of(console).sleep(14 * 60)
    assert console.browser().sign_in(early).status_code == 200
    clock_of(console).sleep(61)
    assert console.browser().sign_in(late).status_code == 401


def test_only_hashes_are_kept(console: Console) -> None:
    """Neither a link nor a cookie can be read from the database or the files beside it."""
    link = console.link("Ben")
    browser = console.signed_in("Ben")
    (cookie,) = browser.client.cookies.jar
    path = console.bot.deps.store.path
    assert path is not None
    held = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert b"sign_in_links" in held
    assert cookie.value is not None
    for secret in (link, cookie.value):
        assert len(secret) >= 43  # 256 bits
        assert secret.encode() not in held


def test_the_cookie_on_this_machine(console: Console) -> None:
    """On loopback no script reads the cookie and no other site sends it; its name holds the port."""
    browser = console.browser()
    browser.client.follow_redirects = False
    answer = browser.sign_in(console.link("Ben"))
    kept = answer.headers["set-cookie"]
    assert kept.startswith(f"gifwarden-{console.url.rpartition(':')[2]}=")
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert "Secure" not in kept


def test_the_cookie_behind_tls(bot: Pipeline, world: Stage) -> None:
    """By any other name the cookie is bound to that name, to TLS and to no path."""
    config = changed(world, web={"hosts": ["gifwarden.example.org"]}).config
    object.__setattr__(bot.deps, "config", config)
    with console_on(bot) as console:
        console.person("Ben")
        host = {"Host": "gifwarden.example.org", "Origin": "https://gifwarden.example.org", "User-Agent": SAFARI}
        answer = httpx.post(f"{console.url}/sign-in", data={"link": console.link("Ben")}, headers=host, trust_env=False)
        assert answer.status_code == 303
        kept = answer.headers["set-cookie"]
        assert kept.startswith("__Host-gifwarden=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(kept.split("; "))
        secret = kept.partition("=")[2].partition(";")[0]
        cookie = {"Cookie": f"__Host-gifwarden={secret}", **host}
        assert httpx.get(f"{console.url}/", headers=cookie, trust_env=False).status_code == 200


def test_a_session_ends_when_it_is_idle(console: Console) -> None:
    """Twelve hours without a request end a session; requests keep it."""
    browser = console.signed_in("Ben")
    for _ in range(3):
        clock_of(console).sleep(IDLE.total_seconds() - 60)
        assert browser.get("/").status_code == 200
    clock_of(console).sleep(IDLE.total_seconds() + 60)
    assert browser.get("/").status_code == 401
    assert "away for twelve hours" in browser.text
    assert console.bot.deps.store.sign_ins.sessions() == []


def test_a_session_ends_in_any_case(console: Console) -> None:
    """After seven days a session is over, however busy it is."""
    browser = console.signed_in("Ben")
    passed = timedelta()
    while passed + IDLE < LONGEST:
        clock_of(console).sleep(IDLE.total_seconds() - 60)
        passed += IDLE
        assert browser.get("/").status_code == 200
    for _ in range(2):
        clock_of(console).sleep(IDLE.total_seconds() - 60)
        browser.get("/")
    assert browser.page.status_code == 401


def test_a_stolen_cookie_on_another_device_ends_the_session(console: Console) -> None:
    """Whoever shows the secret from another kind of device gets nothing, and it is worth nothing any more."""
    browser = console.signed_in("Ben")
    (cookie,) = browser.client.cookies.jar
    thief = httpx.get(
        f"{console.url}/", headers={"User-Agent": SAFARI, "Cookie": f"{cookie.name}={cookie.value}"}, trust_env=False
    )
    assert thief.status_code == 401
    assert "another device" in thief.text
    assert browser.get("/").status_code == 401
    (event,) = [row for row in console.bot.deps.store.audit.entries() if row["why"] == "shown by another device"]
    assert event["who"] == "Ben"


def test_who_is_removed_is_signed_out(console: Console) -> None:
    """A member who was removed from the team sees nothing more, at their next request, and their links are void."""
    browser, link = console.signed_in("Ben"), console.link("Ben")
    console.bot.team.remove("Ben", by=member(console.bot))
    assert browser.get("/").status_code == 401
    assert console.browser().sign_in(link).status_code == 401
    assert console.bot.deps.store.sign_ins.sessions() == []


def test_signing_out_here_and_everywhere(console: Console) -> None:
    """One button ends this session, the other all of this member's and nobody else's."""
    console.person("Cleo")
    one, two, other = console.signed_in("Ben"), console.signed_in("Ben", agent=SAFARI), console.signed_in("Cleo")
    one.get("/me")
    assert "Safari on iPhone" in one.text
    assert "Firefox on Linux (this device)" in one.text
    one.post("/sign-out")
    assert (one.get("/").status_code, two.get("/me").status_code) == (401, 200)
    three = console.signed_in("Ben")
    two.post("/sign-out-everywhere")
    assert [one.get("/").status_code for one in (two, three, other)] == [401, 401, 200]


def test_wrong_links_are_few(console: Console) -> None:
    """Who tries links that are none is told to wait a minute; a session and a right link are good meanwhile."""
    there, tries = console.signed_in("Ben"), console.browser()
    for number in range(10):
        tries.get(f"/sign-in?link=wrong{number}")
        assert "cannot be used" in tries.text
    tries.get("/sign-in?link=wrong")
    assert "wait a minute" in tries.text
    assert there.get("/").status_code == 200
    assert tries.sign_in(console.link("Ben")).status_code == 200
    assert console.browser().get("/sign-in?link=wrong").status_code == 401
    clock_of(console).sleep(61)
    tries.get("/sign-in?link=wrong")
    assert "cannot be used" in tries.text


def test_a_sign_in_is_a_word_of_ones_own(console: Console) -> None:
    """Who signed in counts as a second person, as under their own system account."""
    ben = console.bot.team.signed_in(console.bot.deps.store.team.named("Ben").id)  # type: ignore[union-attr]  # he is there
    assert ben.credential is Credential.SIGN_IN
    banks = console.bot.deps.store.banks
    label = bank_the_fake(console.bot)
    assert banks.standing(label) is Backing.WAITS
    assert banks.confirm(label, by=ben) is Backing.TWO_PEOPLE


def test_a_sign_in_and_an_unknown_reddit_account_may_be_one_person(console: Console) -> None:
    """As with a system account: until it is noted whose the Reddit account is, the two words count once."""
    ben = console.bot.team.signed_in(console.bot.deps.store.team.named("Ben").id)  # type: ignore[union-attr]  # he is there
    store = console.bot.deps.store
    store.banks.create("new", "block")
    label, _ = store.banks.add("new", _printed(near_copy()), by=ben)
    order = console.bot.team.by_reddit("somebody", "clips", ["all"])
    assert store.banks.confirm(label, by=order) is Backing.WAITS
    console.bot.team.add("Ben", None, reddit="ben_mods", by=member(console.bot))
    assert store.banks.standing(label) is Backing.TWO_PEOPLE


@pytest.mark.parametrize("how", ["typed", "reviewer", "signed in", "nobody"])
def test_who_may_make_a_link(console: Console, how: str) -> None:
    """Only an operator under their own system account makes links for others: no second person is made up."""
    bot, operator = console.bot, member(console.bot, "ann")
    reviewer = Actor(member=console.person("Cleo").member, name="Cleo", credential=Credential.SYSTEM_ACCOUNT)
    by = {
        "typed": typed(bot, "ann", "root"),
        "reviewer": reviewer,
        "signed in": bot.team.signed_in(operator.member),
        "nobody": operator,
    }[how]
    with pytest.raises(UsageError) as refused:
        bot.sign_in.invite("Nobody" if how == "nobody" else "Ben", by=by)
    assert isinstance(refused.value, RightsError) == (how != "nobody")
    assert bot.sign_in.invite("Cleo", by=reviewer)[0].name == "Cleo"  # for oneself
    with pytest.raises(SignInError):
        bot.sign_in.invited("no secret")


def test_links_and_sessions_by_command(bot: Pipeline, world: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """`team invite` prints a link, `team sessions` who is signed in, `team signout` ends it; a stranger may none."""
    at_home(bot, "ann")
    bot.team.add("Ben", Role.REVIEWER, account="nobody", by=member(bot, "ann"))
    with typing_at(desk_of(world)):
        for name in ("sign_in", "team"):
            monkeypatch.setattr(f"bot.cli.{name}.read_config", lambda _path: world.config)
        assert "the console is off; set web.port" in type_in("team", "invite", "Ben").lines[-1]
        config = changed(world, web={"port": 8470, "hosts": ["gw.example.org"]}).config
        monkeypatch.setattr("bot.cli.sign_in.read_config", lambda _path: config)
        said = type_in("team", "invite", "Ben")
        assert said.lines[-1].startswith("https://gw.example.org/sign-in?link=")
        secret = said.lines[-1].rpartition("=")[2]
        bot.sign_in.enter(secret, device="Firefox on Linux")
        (line,) = [line for line in type_in("team", "sessions").lines if "Firefox" in line]
        assert line.split()[0] == "Ben"
        assert line.split()[-1] == "ann"
        with monkeypatch.context() as patch:
            under(patch, "nobody")
            assert "takes the role operator" in type_in("team", "invite", "ann").lines[-1]
            assert "sign-in?link=" in type_in("team", "invite", "Ben").lines[-1]  # his own
        assert "Ben is signed out on 1 device" in type_in("team", "signout", "Ben").lines
        assert "nobody is signed in" in type_in("team", "sessions").lines[-1]
