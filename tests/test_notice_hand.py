"""Notices by capacity on record, in approved texts, and by hand: as commands do it on an installation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.assemble import open_store
from bot.cli import app
from bot.clock import SystemClock
from bot.config import load
from bot.errors import UsageError
from bot.model import ActionState, CaseState, Consent, NoticeEventKind, NoticeItem, NoticeState
from bot.notice_texts import NAMES
from bot.store import Store
from tests.people import member
from tests.raids import case_of

CONFIG = """[reddit]
client_id = "x"
username = "bot"

[subreddits.clips]
mode = "report"

[mail]
host = "localhost"
security = "none"
sender = "notices@mods.example"
reply_to = "answers@mods.example"
organisation = "Example Moderators"
national_law = "§ 201a StGB"
"""
CHANNELS = """[redgifs]
domains = ["redgifs.com"]
policy = "https://www.redgifs.com/terms"
policy_name = "Terms of Service"

[[redgifs.forms]]
url = "https://www.redgifs.com/report"
name = "Report content"
most_urls = 1
captcha = true

[[redgifs.forms.fields]]
label = "Address of the media"
kind = "url"
required = true
fills = "item_url"

[[redgifs.forms.fields]]
label = "What is it?"
kind = "choice"
choices = ["Spam", "Intimate media"]
choose = "Intimate media"

[[redgifs.forms.fields]]
label = "Tell us more"
kind = "longtext"
fills = "reason"

[[redgifs.forms.fields]]
label = "Phone"
kind = "phone"

[[redgifs.forms.fields]]
label = "I am authorised"
kind = "check"
fills = "authority"

[[redgifs.forms.fields]]
label = "Proof"
kind = "file"
"""
GROUND = ("--ground", "original_footage", "--detail", "https://studio.example/films/12, 00:41")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The database of an installation that is the current folder, with a lead, a mail server and a host's form."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert CliRunner().invoke(app, ["init", "--by", "ann"]).exit_code == 0
    Path("config.toml").write_text(CONFIG, encoding="utf-8")
    with open_store(load(Path("config.toml"), hosts=()), SystemClock()) as opened:
        Path("data/channels.toml").write_text(CHANNELS, encoding="utf-8")
        yield opened


def run(*words: str) -> Result:
    """Run a command on notices as the operator."""
    return CliRunner().invoke(app, ["notices", *words, *(("--by", "ann") if words[0] != "show" else ())])


def fine(*words: str) -> str:
    """Run one that works; return what it says."""
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: str) -> str:
    """Run one that is refused; return the sentences."""
    done = run(*words)
    assert isinstance(done.exception, UsageError), done.output
    return str(done.exception)


def drafted(store: Store, *ids: str, person: str | None = None, to: str | None = "abuse@redgifs.example") -> str:
    """Draft a notice on media of confirmed cases; return its label."""
    name = ""
    for id in ids:
        number = 1 + int(store.connection.value("select count(*) from cases"))
        case = case_of(store, number, [None], id=id)
        store.cases.decide(case.id, CaseState.CONFIRMED, by=member(store), why="x")
        item = NoticeItem(
            host_id=id, url=f"https://www.redgifs.com/watch/{id}", seen_at=case.opened, sha256="ab" * 32,
            person=person, entry=None,
        )  # fmt: skip
        name = store.notices.draft(host="redgifs", subreddit="clips", recipient=to, case=case.id, item=item)
    return name


def person_of(store: Store, *, days: int = 9) -> str:
    """Enrol a protected person under a mandate; return their label."""
    consent = Consent(
        basis="mandate", mandate="folder 12", adult=True, record="folder 12", purpose="notices",
        expires=store.connection.clock.now() + timedelta(days=days),
    )  # fmt: skip
    return store.gallery.add(name="N", consent=consent, model="m", vectors=[], by=member(store))


def test_an_organisation_signs_and_the_law_is_named(store: Store) -> None:
    """A third party's mail names the organisation, the address that is answered and the law; the audit the person."""
    name = drafted(store, "happycat")
    said = fine("confirm", name, *GROUND, "--yes", "--access", "a login")
    assert f"{name} is confirmed by ann; the daemon sends it" in said
    shown = fine("show", name)
    for wanted in ("Reported by: Example Moderators", "answers@mods.example", "§ 201a StGB", "To see it: a login"):
        assert wanted in " ".join(shown.split())
    assert "by ann" not in shown.partition("Subject: ")[2]
    row = store.notices.get(name)
    assert (row.law, row.named, row.stated_by, row.language) == ("§ 201a StGB", False, "ann", "en")
    assert store.audit.entries(1)[0]["what"] == "notice confirmed"
    other = drafted(store, "sleepydog")
    fine("confirm", other, *GROUND, "--yes", "--named", "--law", "")
    assert "stated on" in fine("show", other)
    assert "by ann, Example Moderators" in " ".join(fine("show", other).split())
    assert "StGB" not in fine("show", other)


def test_nobody_represents_her_without_a_record(store: Store) -> None:
    """The capacity is refused with what to record and how; with a record that holds, its label is written down."""
    name = drafted(store, "happycat")
    said = refused("confirm", name, *GROUND, "--capacity", "authorised_representative", "--yes")
    for wanted in ("no authorisation is on record", "gifwarden person add --help", "gifwarden claims known"):
        assert wanted in said
    assert store.notices.get(name).state is NoticeState.DRAFTED
    fine("confirm", name, *GROUND, "--yes")  # as a third party
    person = person_of(store)
    fit = drafted(store, "other1", person=person)
    fine("confirm", fit, *GROUND, "--capacity", "authorised_representative", "--yes")
    assert store.notices.get(fit).authority == person
    text = " ".join(fine("show", fit).split())
    assert "/s/ ann," in text
    assert "TAKE IT DOWN Act" in text
    store.connection.run("update persons set expires_at = '2020-01-01T00:00:00Z'")
    late = drafted(store, "other2", person=person)
    assert "has run out" in refused("confirm", late, *GROUND, "--capacity", "authorised_representative", "--yes")


def test_hers_is_handed_over_and_never_mailed(store: Store) -> None:
    """Her notice is a text with blanks, no mail is planned; once she has sent it, that is said with day and number."""
    name = drafted(store, "happycat")
    unknown = refused("confirm", name, *GROUND, "--capacity", "depicted_person", "--yes")
    assert "nothing is handed to her" in unknown
    fine("confirm", name, *GROUND, "--yes")  # as a third party
    name = drafted(store, "sleepydog", to=None, person=person_of(store))
    said = fine("confirm", name, *GROUND, "--capacity", "depicted_person", "--yes")
    assert "/s/ [your name], [today's date]" in said
    assert "It is hers to send" in " ".join(said.split())
    waits = " ".join(CliRunner().invoke(app, ["notices", "next", name]).output.split())
    assert f"when she has sent it: gifwarden notices by-hand {name}" in waits
    assert store.actions.by_key(f"notice:{name}") is None
    assert store.notices.get(name).state is NoticeState.CONFIRMED
    assert store.audit.entries(1)[0]["what"] == "notice handed to the person depicted"
    fine("by-hand", name, "--reference", " T-1\n2 ")
    row = store.notices.get(name)
    assert (row.state, row.reference) == (NoticeState.BY_HAND, "T-1 2")
    assert row.sent is not None
    event = [one for one in store.notice_events.of(name) if one.kind == NoticeEventKind.BY_HAND]
    assert [(one.detail, one.by) for one in event] == [("number T-1 2", "ann")]
    assert "cannot become by_hand" in refused("by-hand", name)
    told = " ".join(fine("retract", name, "--reason", "the original shows another face").split())
    assert "told by hand, too" in told
    assert "Reason: the original shows another face" in told
    waits = " ".join(CliRunner().invoke(app, ["notices", "next", name]).output.split())
    assert f"gifwarden notices raise {name} retraction" in waits
    assert name in CliRunner().invoke(app, ["notices", "next"]).output
    fine("raise", name, "retraction")
    assert name not in CliRunner().invoke(app, ["notices", "next"]).output
    assert f"We withdraw notice {name}" in fine("show", name)


def test_a_case_decided_otherwise_leaves_what_was_handed_over(store: Store) -> None:
    """A notice that nobody has sent yet becomes a draft again when a case on it is decided otherwise."""
    name = drafted(store, "happycat", "sleepydog", to=None, person=person_of(store))
    fine("confirm", name, *GROUND, "--capacity", "depicted_person", "--yes")
    store.notices.drop_case(store.cases.get(store.notices.get(name).cases[0]).id)
    row = store.notices.get(name)
    assert (row.state, [item.host_id for item in row.items]) == (NoticeState.DRAFTED, ["sleepydog"])


def test_a_form_is_filled_in_its_order(store: Store) -> None:
    """Fields stand in the form's order with what is ready to copy, within 80 columns; what is missing is said."""
    name = drafted(store, "happycat", "sleepydog", to=None)
    said = fine("form", name, *GROUND)
    lines = said.splitlines()
    assert all(len(line) <= 80 for line in lines)
    labels = [line for line in lines if line[:1].isdigit()]
    order = ["Address of the media", "What is it?", "Tell us more", "Phone", "I am authorised", "Proof"]
    assert [line.partition(". ")[2].partition("  (")[0] for line in labels] == order * 2
    assert "time 2 of 2: this form takes fewer addresses than the notice lists" in said
    for wanted in (
        "it has a captcha",
        "   https://www.redgifs.com/watch/happycat",
        "   Intimate media",
        "-> you know it, or leave it empty",
        "-> nobody can say that in this capacity: leave it empty",
        "-> never attach the media",
    ):
        assert wanted in said, wanted
    (first, second) = (json.loads(line) for line in fine("form", name, *GROUND, "--json").splitlines())
    assert first["fields"][0]["value"] == "https://www.redgifs.com/watch/happycat"
    assert second["fields"][0]["value"] == "https://www.redgifs.com/watch/sleepydog"
    assert "(deepfake). It is made from other footage" in first["fields"][2]["value"]
    assert store.notices.get(name).state is NoticeState.DRAFTED
    assert "a notice needs a ground" in refused("form", name)


def test_by_hand_is_stated_as_before_a_mail(store: Store) -> None:
    """A draft needs ground and detail; a mail that is planned is not sent as well; days that cannot be are refused."""
    name = drafted(store, "happycat", to=None)
    assert "a notice needs a ground" in refused("by-hand", name)
    for day in ("2020-01-01", "2999-01-01", "soon"):
        assert "day" in refused("by-hand", name, *GROUND, "--on", day), day
    assert store.notices.get(name).state is NoticeState.DRAFTED
    today = store.connection.clock.now().date().isoformat()
    assert f"give {today}, or leave the day out" in refused("by-hand", name, *GROUND, "--on", "2020-01-01")
    said = fine("by-hand", name, *GROUND, "--reference", "ABC-9")
    assert "its looks are planned within a minute" in " ".join(
        CliRunner().invoke(app, ["notices", "next", name]).output.split()
    )
    assert "number ABC-9; its media is looked for from now on" in " ".join(said.split())
    assert store.notices.get(name).state is NoticeState.BY_HAND
    mailed = drafted(store, "sleepydog")
    fine("confirm", mailed, *GROUND, "--yes")
    assert "stated already" in refused("by-hand", mailed, *GROUND)
    fine("by-hand", mailed)
    mail = store.actions.by_key(f"notice:{mailed}")
    assert mail is not None
    assert mail.state is ActionState.CANCELLED
    assert [one["what"] for one in store.audit.entries(2)] == ["notice handed in", "notice confirmed"]


@pytest.mark.slow
def test_a_language_is_approved_by_a_person_before_it_is_used(store: Store) -> None:
    """A draft is refused with what to read; approving says who and when; a changed text must be approved anew."""
    name = drafted(store, "happycat")
    said = refused("confirm", name, *GROUND, "--language", "de", "--yes")
    assert "is a draft that nobody of the team has approved" in said
    assert "notices texts show de notice.third_party_notifier" in said
    assert CliRunner().invoke(app, ["notices", "texts", "show", "de", "notice.third_party_notifier"]).exit_code == 0
    done = CliRunner().invoke(app, ["notices", "texts", "approve", "de", "--yes", "--by", "ann"])
    assert done.exit_code == 0, done.output
    assert done.output.count("is approved by ann") == len(NAMES)
    listed = CliRunner().invoke(app, ["notices", "texts", "list", "--json"])
    german = [row for row in map(json.loads, listed.stdout.splitlines()) if row["language"] == "de"]
    assert {row["state"] for row in german} == {"approved"}
    assert all(row["approved"].endswith(", ann") for row in german)
    fine("confirm", name, *GROUND, "--language", "de", "--yes")
    assert "Gesetz über digitale Dienste" in " ".join(fine("show", name).split())
    own = Path("notices/de/notice.third_party_notifier.txt")
    own.parent.mkdir(parents=True)
    source = CliRunner().invoke(app, ["notices", "texts", "show", "de", "notice.third_party_notifier", "--source"])
    own.write_text(source.stdout.replace("Bitte prüfen", "Bitte prüfen Sie bitte"), encoding="utf-8")
    listed = CliRunner().invoke(app, ["notices", "texts", "list"])
    assert "draft" in next(line for line in listed.output.splitlines() if "yours" in line)
    own.write_text("{{ hots }}\n", encoding="utf-8")
    broken_there = "notices/de/notice.third_party_notifier.txt, line 1: there is no value hots"
    assert broken_there in " ".join(CliRunner().invoke(app, ["doctor"]).output.split())
    broken = CliRunner().invoke(app, ["notices", "texts", "list"])
    assert "notices/de/notice.third_party_notifier.txt, line 1: there is no value hots" in str(broken.exception)
