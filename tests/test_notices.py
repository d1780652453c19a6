"""The words of notices: true, complete, readable in a minute, and never those of another capacity."""

from __future__ import annotations

import itertools
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as POLICY
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.actions.notice_checks import unsigned
from bot.actions.wording import Policy, Written, compose, message_id, retract, written
from bot.errors import UsageError
from bot.model import Capacity, Ground, Notice, NoticeItem, NoticeState
from bot.notice_texts import GROUNDS, Kind

DOC = Path(__file__).parent.parent / "docs" / "notices.md"
SENDER = "notices@mods.example"
RULES = Policy("https://www.redgifs.com/terms", "Terms of Service")

EXAMPLE = Notice(
    id="N-3f9c2a",
    host="redgifs",
    to="abuse@host.example",
    items=(
        NoticeItem(
            host_id="happyfluffycat",
            url="https://www.redgifs.com/watch/happyfluffycat",
            seen_at=datetime(2026, 11, 22, 15, 56, tzinfo=UTC),
            sha256="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            md5="ad0234829205b9033196ba818f7a872b",
            viewed_at=datetime(2026, 11, 22, 16, 10, tzinfo=UTC),
            ranges=((3.0, 12.4),),
            rendition="mp4, 1280x720",
        ),
        NoticeItem(
            host_id="quickredfox",
            url="https://www.redgifs.com/watch/quickredfox",
            seen_at=datetime(2026, 11, 22, 15, 58, tzinfo=UTC),
            sha256="fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
        ),
    ),
    ground="original_footage",
    ground_detail="https://studio.example/films/12, from 00:41 to 00:53",
    capacity="third_party_notifier",
    stated_by="Zoë Example",
    organisation="Example Moderators",
    contact="trust@mods.example",
    stated_at=datetime(2026, 11, 22, 16, 12, tzinfo=UTC),
)
PAIRS = [(capacity, ground) for capacity, grounds in GROUNDS.items() for ground in grounds]

# What only some capacities may say. Each pattern with those who do say it; everyone else's mail must lack it.
CLAIMS: dict[str, tuple[Capacity, ...]] = {
    r"\bI am the (identifiable|person)": ("depicted_person",),
    r"\[your name\]": ("depicted_person",),
    r"\bis mine\b|\bmy\b": ("depicted_person",),
    r"for whom I act|authorised to act|authorised representative|on behalf": ("authorised_representative",),
    r"TAKE IT DOWN|U\.S\.C\.|identifiable individual|/s/": ("authorised_representative", "depicted_person"),
    r"third party": ("third_party_notifier",),
}
NEVER = (
    r"trusted flagger",
    r"\b(within|deadline|hours|immediately|urgent|must|shall|failure to|legal action|liable)\b",
    r"\b(distance|similarity|probability|PDQ|score|threshold)\b",
    r"\b(criminal|(?<!the )crime|perpetrator|offender|guilty)\b",
    r"illegal(?! content: )",
    r"2024/1385",
    r"\bu/|reddit",
)


def body(message: EmailMessage) -> str:
    text = message.get_content()
    assert isinstance(text, str)
    return text


def flat(message: EmailMessage | Written) -> str:
    """A mail, or a text to hand over, on one line."""
    if isinstance(message, Written):
        return " ".join(f"{message.subject} {message.text}".split())
    return " ".join(f"{message['Subject']} {message['From']} {body(message)}".split())


def said(notice: Notice) -> str:
    """What a notice says, mailed or handed over, on one line."""
    hers = notice.capacity == "depicted_person"
    return flat(written(notice, sender=SENDER) if hers else compose(notice, sender=SENDER))


def arrived(message: EmailMessage) -> EmailMessage:
    """The message as a reader's program takes it from the wire."""
    parsed = message_from_bytes(message.as_bytes(), policy=POLICY)
    assert isinstance(parsed, EmailMessage)
    return parsed


def stated(capacity: Capacity, ground: Ground, **changes: Any) -> Notice:
    return replace(EXAMPLE, capacity=capacity, ground=ground, **changes)


@pytest.mark.parametrize(("capacity", "ground"), PAIRS)
def test_each_capacity_makes_its_own_claims_and_no_others(capacity: Capacity, ground: Ground) -> None:
    """A capacity's statements stand in its own notices and in no one else's, in whatever ground and in retractions."""
    notice = stated(capacity, ground)
    text = said(notice)
    taken_back = flat(written(notice, sender=SENDER, kind=Kind.RETRACTION))
    for claim, allowed in CLAIMS.items():
        if capacity not in allowed:
            assert not re.search(claim, text, re.IGNORECASE), (claim, text)
            assert not re.search(claim, taken_back, re.IGNORECASE), (claim, taken_back)
    for claim in NEVER:
        assert not re.search(claim, text, re.IGNORECASE), (claim, text)


def test_every_claim_is_made_by_those_who_may() -> None:
    """The patterns by which foreign claims are looked for do match the mails of those who may make them."""
    for claim, allowed in CLAIMS.items():
        for capacity in allowed:
            texts = [said(stated(capacity, ground)) for ground in GROUNDS[capacity]]
            assert any(re.search(claim, text) for text in texts), (claim, capacity)


def test_the_third_party_speaks_for_nobody() -> None:
    """A third party's notice has no signature, no statement of the person's belief, and no claim under US law."""
    for ground in GROUNDS["third_party_notifier"]:
        text = flat(compose(stated("third_party_notifier", ground), sender=SENDER))
        assert "We believe in good faith" in text
        assert not re.search(r"\bI\b|\brepresent|\bauthori|take it down|signature|223a", text, re.IGNORECASE)


def test_the_representative_states_what_the_person_believes() -> None:
    """The US request has all four elements, and the belief is the depicted individual's, not the representative's."""
    text = flat(compose(stated("authorised_representative", "depicted_person"), sender=SENDER))
    assert "(i) Electronic signature: /s/ Zoë Example, 2026-11-22" in text
    assert "(ii) Depictions, and where they are" in text
    assert (
        "the identifiable individual depicted, who believes in good faith that the depictions are not consensual"
        in text
    )
    assert "(iv) Contact: Zoë Example, trust@mods.example" in text


@pytest.mark.parametrize(
    ("capacity", "ground"),
    [*sorted(set(itertools.product(get_args(Capacity), get_args(Ground))) - set(PAIRS)), ("nobody", "citable_list")],
)
def test_a_ground_that_does_not_fit_the_capacity_is_refused(capacity: Any, ground: Any) -> None:
    """Who speaks for or as the person speaks on the person's word, not on a list; the error names what fits."""
    with pytest.raises(UsageError, match="ground") as caught:
        compose(stated(capacity, ground), sender=SENDER)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["ground_detail", "stated_by", "organisation", "host"])
@pytest.mark.parametrize("value", ["", "  ", "\n", "-"])
def test_no_ground_or_speaker_no_notice(field: str, value: str) -> None:
    """Without detail of the ground, speaker or organisation there is no notice, and the error says what lacks."""
    with pytest.raises(UsageError, match="lacks"):
        compose(replace(EXAMPLE, **{field: value}), sender=SENDER)  # type: ignore[arg-type]  # one of the text fields


def test_the_depicted_person_sends_it_herself() -> None:
    """Her notice is a text with blanks for her name and address; it needs no organisation, and is never mailed."""
    notice = stated("depicted_person", "depicted_person", organisation="", to="")
    text = said(notice)
    assert "/s/ [your name], [today's date]" in text
    assert "(c) From: [your name], [your e-mail address]" in text
    assert not re.search(r"Zoë|mods\.example", text)
    with pytest.raises(UsageError, match="handed to her"):
        compose(notice, sender=SENDER)


def test_an_organisation_signs_unless_a_person_chooses_otherwise() -> None:
    """The person who states a third party's notice stands in it only by choice; a representative always signs."""
    text = said(EXAMPLE)
    assert "(c) From: Example Moderators, trust@mods.example" in text
    assert "Zoë" not in text
    assert "(c) From: Zoë Example, Example Moderators, trust@mods.example" in said(replace(EXAMPLE, named=True))
    assert "/s/ Zoë Example" in said(stated("authorised_representative", "depicted_person"))


def test_the_first_screen_says_everything() -> None:
    """Within 25 lines of 78 columns: whose it is, what, why, which policy, who reports, and the first items in full."""
    message = compose(replace(EXAMPLE, law="§ 201a StGB", access="a login"), sender=SENDER, policy=RULES)
    screen = body(message).splitlines()[:25]
    text = "\n".join(screen)
    for wanted in (
        "redgifs",
        "face was replaced",
        EXAMPLE.ground_detail,
        RULES.url,
        RULES.name,
        "National law: § 201a StGB",
        "To see it: a login",
        "in your clip: 0:03 to 0:12",
        EXAMPLE.organisation,
        EXAMPLE.contact,
        *(item.host_id for item in EXAMPLE.items),
        *(item.url for item in EXAMPLE.items),
        "fetched 2026-11-22 15:56 UTC",
    ):
        assert wanted in text, wanted
    assert max(map(len, screen)) <= 78


def test_the_subject_sorts_the_mail() -> None:
    """The subject has class, host, ids and our number; with many ids the rest is counted."""
    assert compose(EXAMPLE, sender=SENDER)["Subject"] == (
        "Sexual deepfake on redgifs: happyfluffycat, quickredfox [N-3f9c2a]"
    )
    many = tuple(replace(EXAMPLE.items[0], host_id=f"happyfluffycat{n}") for n in range(20))
    subject = compose(replace(EXAMPLE, items=many), sender=SENDER)["Subject"]
    assert re.fullmatch(
        r"Sexual deepfake on redgifs: (happyfluffycat\d+, )+happyfluffycat\d+ and 16 more \[N-3f9c2a\]", subject
    )


def test_one_id_a_line_and_hashes_last() -> None:
    """Each id stands alone on a line, followed by its page; hashes come after everything else."""
    lines = body(compose(EXAMPLE, sender=SENDER)).splitlines()
    for item in EXAMPLE.items:
        assert lines[lines.index(item.host_id) + 1].strip() == item.url
    first = next(n for n, line in enumerate(lines) if "sha256" in line)
    assert not any("stated on" in line or "://" in line for line in lines[first:])
    assert lines[first - 1] == "happyfluffycat: your file mp4, 1280x720"
    bare = tuple(replace(item, sha256=None, md5=None) for item in EXAMPLE.items)
    assert "Hashes" not in body(compose(replace(EXAMPLE, items=bare), sender=SENDER))


def test_only_what_a_person_saw_is_called_seen() -> None:
    """`seen by a person at` stands with the items that a person looked at, and nowhere else."""
    text = body(compose(EXAMPLE, sender=SENDER))
    assert text.count("seen by a person at") == 1
    assert "fetched 2026-11-22 15:56 UTC; seen by a person at 2026-11-22 16:10 UTC" in text
    unseen = tuple(replace(item, viewed_at=None) for item in EXAMPLE.items)
    assert "seen by" not in body(compose(replace(EXAMPLE, items=unseen), sender=SENDER))


def test_long_ids_and_addresses_stay_whole() -> None:
    """Lines are about 72 columns, but an id, an address or a hash is never broken, not even in the raw mail."""
    long = NoticeItem(
        host_id="x" * 200, url=f"https://host.example/{'y' * 300}", seen_at=EXAMPLE.stated_at, sha256="ab" * 32
    )
    notice = replace(
        EXAMPLE, items=(long,), ground_detail=f"https://studio.example/{'z' * 200}?t=1 " + "word " * 60, stated_by="Zoe"
    )
    message = compose(notice, sender=SENDER)
    raw = message.as_bytes().decode()
    for whole in (long.host_id, long.url, notice.ground_detail.split()[0], f"sha256 {long.sha256}"):
        assert whole in raw
    assert all(len(line) <= 74 for line in body(message).splitlines() if " " in line.strip() and "sha256" not in line)
    assert message["Content-Transfer-Encoding"] == "7bit"


def test_the_mail_is_plain_text_from_a_person() -> None:
    """No attachment, no HTML, no mark of an automatic mail; answers go to the contact."""
    message = arrived(compose(EXAMPLE, sender=SENDER))
    assert message.get_content_type() == "text/plain"
    assert not message.is_multipart()
    assert "Auto-Submitted" not in message
    assert message["Reply-To"] == "trust@mods.example"
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["Date"].datetime == EXAMPLE.stated_at
    assert compose(EXAMPLE, sender=SENDER, date=datetime(2027, 1, 2, tzinfo=UTC))["Date"].datetime.year == 2027


def test_names_of_all_alphabets_arrive() -> None:
    """Names beyond ASCII come through the headers and the body unharmed."""
    notice = replace(EXAMPLE, stated_by="Žofie Nováková", named=True, organisation='Модераторы "Ё", מודרטורים')
    message = arrived(compose(notice, sender=SENDER))
    assert message["From"].addresses[0].display_name == 'Модераторы "Ё", מודרטורים'
    assert '(c) From: Žofie Nováková, Модераторы "Ё", מודרטורים,' in " ".join(body(message).split())


def test_the_same_notice_is_the_same_mail() -> None:
    """Message-ID and text follow from notice and sender alone, so a second sending is a copy of the first."""
    first, second = compose(EXAMPLE, sender=SENDER), compose(EXAMPLE, sender=SENDER)
    assert first.as_bytes() == second.as_bytes()
    assert first["Message-ID"] == "<N-3f9c2a@mods.example>" == message_id("N-3f9c2a", SENDER)
    assert compose(replace(EXAMPLE, id="N-000001"), sender=SENDER)["Message-ID"] != first["Message-ID"]


def test_a_retraction_answers_the_notice() -> None:
    """A retraction is a mail of its own in the notice's thread, names the items and repeats no accusation's detail."""
    taken_back = arrived(
        retract(EXAMPLE, sender=SENDER, date=datetime(2026, 11, 23, tzinfo=UTC), reason="we were\nwrong")
    )
    assert taken_back["In-Reply-To"] == taken_back["References"] == "<N-3f9c2a@mods.example>"
    assert taken_back["Message-ID"] == "<N-3f9c2a.retraction@mods.example>"
    assert taken_back["Subject"].strip().startswith("Notice withdrawn, please do not act: happyfluffycat")
    assert "deepfake" not in str(taken_back).lower()
    text = body(taken_back)
    assert "We withdraw notice N-3f9c2a of 2026-11-22" in text
    assert "Reason: we were wrong" in text
    assert all(item.host_id in text and item.url in text for item in EXAMPLE.items)
    assert EXAMPLE.ground_detail not in text


@pytest.mark.parametrize(
    ("domain", "kept"),
    [
        ("mods.example", "mods.example"),
        ("a.b.c." + "d" * 50 + ".moderators.example", "moderators.example"),
        ("d" * 60, "gifwarden.invalid"),
    ],
)
def test_the_thread_holds_for_any_domain(domain: str, kept: str) -> None:
    """In-Reply-To arrives as the Message-ID that was sent, however long the sender's domain is."""
    notice = replace(EXAMPLE, id="N-" + "9" * 22)
    sent = arrived(compose(notice, sender=f"abuse@{domain}"))
    taken_back = arrived(retract(notice, sender=f"abuse@{domain}", date=notice.stated_at))
    assert taken_back["In-Reply-To"] == sent["Message-ID"]
    assert sent["Message-ID"] == f"<{notice.id}@{kept}>"
    assert b"=?" not in retract(notice, sender=f"abuse@{domain}", date=notice.stated_at).as_bytes()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"to": ""}, "recipient"),
        ({"to": "https://host.example/form"}, "recipient"),
        ({"to": "a@b.example\nBcc: c@d.example"}, "recipient"),
        ({"to": "a@b.example, c@d.example"}, "recipient"),
        ({"contact": "call me"}, "contact"),
        ({"id": "N 1"}, "id"),
        ({"id": "N\n1"}, "id"),
        ({"items": ()}, "0 items"),
        ({"items": EXAMPLE.items[:1] * 21}, "21 items"),
    ],
)
def test_a_notice_that_cannot_go_out_is_one_sentence(changes: dict[str, Any], word: str) -> None:
    """What cannot be addressed, named or read by a desk is refused in one sentence that says what to do."""
    with pytest.raises(UsageError, match=word) as caught:
        compose(replace(EXAMPLE, **changes), sender=SENDER)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://media.host.example/a.mp4?Expires=1&Signature=abc&Key-Pair-Id=K",
        "https://media.host.example/a.mp4?X-Amz-Signature=abc",
        "https://cdn.discordapp.com/attachments/1/2/a.mp4?ex=1&is=2&hm=3",
        "https://preview.redd.it/a.gif?s=0123",
        "https://media.host.example/a.mp4?token=1",
        "https://media.host.example/a.mp4?st=abc&e=1700000000",
        "https://media.host.example/a.mp4?md5=abc&expires_at=1700000000",
        "https://media.host.example/a.mp4?validto=17&hash=abc",
        "javascript:alert(1)",
        "redgifs.com/watch/x",
        "https://user:pass@host.example/x",
        "https://host.example/a b",
        "https://host.example/\nBcc: x",
        "https://host.example/" + "x" * 2000,
        "https://[host/",
        "",
    ],
)
def test_only_public_pages_are_named(url: str) -> None:
    """Signed media addresses and what is no address never reach a desk."""
    with pytest.raises(UsageError, match="address"):
        compose(replace(EXAMPLE, items=(replace(EXAMPLE.items[0], url=url),)), sender=SENDER)
    with pytest.raises(UsageError, match="address"):
        compose(EXAMPLE, sender=SENDER, policy=Policy(url or " "))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("posted by u/somebody on the day", "Reddit user"),
        ("see /u/somebody", "Reddit user"),
        ("profile,u/somebody", "Reddit user"),
        ("https://www.reddit.com/user/somebody/comments/abc", "Reddit user"),
        ("as a Trusted Flagger we say so", "trusted flagger"),
        ("this is a valid TAKE IT DOWN Act request", "speaks for"),
        ("I represent the woman in the clip", "speaks for"),
        ("I am the person in the clip", "speaks for"),
        ("we are authorised by her", "speaks for"),
        ("I\u2019m the woman in the clip", "speaks for"),
        ("we\u2019re authorised by her", "speaks for"),
        ("we are acting on behalf of her", "speaks for"),
        ("on behalf of the victim", "speaks for"),
        ("this is me in the clip", "speaks for"),
    ],
)
@pytest.mark.parametrize("field", ["ground_detail", "organisation", "stated_by"])
def test_typed_text_cannot_claim_what_the_capacity_may_not(text: str, word: str, field: str) -> None:
    """Free text that names a Reddit user, claims a status, or speaks for the person as a third party is refused."""
    with pytest.raises(UsageError, match=word):
        compose(replace(EXAMPLE, **{field: text}), sender=SENDER)  # type: ignore[arg-type]  # one of the text fields


@pytest.mark.parametrize(
    "text",
    ["https://studio.example/u/alice/12", "an interview with the studio, 2024-05-01", "https://x.example/user/b"],
)
def test_ordinary_detail_passes(text: str) -> None:
    """Addresses and sentences that only resemble a forbidden claim go out as they are."""
    assert text in flat(compose(replace(EXAMPLE, ground_detail=text), sender=SENDER))


TEXT = st.text(max_size=200) | st.sampled_from(
    [
        "=?utf-8?q?a=0ABcc:_x@y.example?=",
        "a\r\nBcc: x@y.example",
        "\r\n\r\nsecond body",
        "x" * 300,
        "\u202egnihtemos",
        "\ud800",
    ]
)
HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]


@settings(max_examples=250)
@given(
    field=st.sampled_from([f.name for f in fields(Notice) if f.type == "str"] + ["item.host_id", "item.url", "policy"]),
    text=TEXT,
)
@example(field="organisation", text="=?utf-8?q?a=0ABcc:_x@y.example?=")
@example(field="item.host_id", text="=?utf-8?q?a=0ABcc:_x@y.example?=")
@example(field="item.host_id", text="a\r\nBcc: x@y.example")
@pytest.mark.slow
def test_no_text_breaks_a_header(field: str, text: str) -> None:
    """Any text in any field gives either one sentence or a mail with the same headers, envelope and one plain body."""
    policy = Policy()
    notice = EXAMPLE
    if field == "policy":
        policy = Policy(text, text)
    elif field.startswith("item."):
        item = replace(EXAMPLE.items[0], **{field.removeprefix("item."): text})  # type: ignore[arg-type]  # a text field
        notice = replace(EXAMPLE, items=(item,))
    else:
        notice = replace(EXAMPLE, **{field: text})  # type: ignore[arg-type]  # a text field
    try:
        messages = [
            compose(notice, sender=SENDER, policy=policy),
            retract(notice, sender=SENDER, date=notice.stated_at, reason="r"),
        ]
    except UsageError as error:
        assert all("\n" not in one for one in error.mistakes)  # noqa: PT017  an error is one of the two right outcomes
        return
    for message in messages:
        received = arrived(message)
        assert [name for name in received.keys() if name not in ("In-Reply-To", "References")] == HEADERS  # noqa: SIM118  a header may stand twice
        assert received.defects == []
        assert [a.addr_spec for a in received["From"].addresses] == [SENDER]
        assert [a.addr_spec for a in received["To"].addresses] == [notice.to]
        assert [a.addr_spec for a in received["Reply-To"].addresses] == [notice.contact or SENDER]
        assert "\n" not in received["Subject"]
        assert received.get_content_type() == "text/plain"
        assert not re.search("[\u202a-\u202e\x00-\x08\x0b-\x1f\x7f]", body(received).replace("\r", ""))
        assert f"otice {notice.id}" in " ".join(body(received).split())


def shown(message: EmailMessage) -> str:
    """A mail as the documentation prints it."""
    head = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID"))
    return f"{head}\n{body(message)}"


def test_the_documentation_shows_the_real_thing() -> None:
    """The example in docs/notices.md is what `compose` writes, and the page names every capacity, ground and state."""
    page = DOC.read_text(encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert shown(compose(EXAMPLE, sender=SENDER, policy=RULES)) in blocks
    for name in (*get_args(Capacity), *get_args(Ground), *NoticeState):
        assert f"`{name}`" in page, name
    for capacity, grounds in GROUNDS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{capacity}`"))
        assert {ground for ground in get_args(Ground) if f"`{ground}`" in row} - {capacity} == set(grounds) - {capacity}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://c5bu-b.cdn.cr/storage/media/0f0f-aB3d.mp4?token=0f&ex=1", "https://c5bu-b.cdn.cr/storage/media/0f0f-aB3d.mp4"),
        ("https://cdn.discordapp.com/attachments/1/2/a.mp4?ex=1&is=2&hm=3", "https://cdn.discordapp.com/attachments/1/2/a.mp4"),
        ("https://host.example/watch?v=1", "https://host.example/watch?v=1"),
        ("https://preview.redd.it/a.gif?s=0123", "https://preview.redd.it/a.gif?s=0123"),
    ],
)  # fmt: skip
def test_what_expires_is_left_off_an_address(url: str, kept: str) -> None:
    """A signed address names its file without the signature, where that leaves one that a desk may be sent."""
    assert unsigned(url) == kept
