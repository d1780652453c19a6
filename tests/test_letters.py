"""Letters: what a stranger's mail says of itself, within bounds, whatever its bytes are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.letters import Letter, read_letter
from bot.letters.mime import MAX_BYTES, MAX_TEXT, decoded, html_text, taken_apart
from bot.model import AnswerKind
from bot.text import UNFIT
from tests.letters import OURS, letter, report

BOUNCED, DELAYED, AUTOMATIC, ANSWER = AnswerKind


def is_bounded(found: Letter) -> bool:
    """Whether nothing in it is longer than people read, and nothing steers their screen."""
    lists = (found.answers, found.thread, found.returned, found.numbers, found.deliveries)
    return (
        len(found.text) <= MAX_TEXT + 10
        and len(found.subject) <= 310
        and all(len(each) <= 20 for each in lists)
        and not UNFIT.search(found.text + found.subject)
    )


def test_an_answer_names_what_it_answers_and_its_text_is_whole() -> None:
    """Sender, subject, thread and words are read; what is quoted is a line, and a number in it counts nothing."""
    found = read_letter(
        letter(
            "We removed both.\n\nRegards\n\nOn Sunday you wrote:\n> about [N-00000000aa]\n> please\n",
            from_="x",
            subject="=?utf-8?q?Re=3A_gel=C3=B6scht?= [N-3f9c2a71b0]",
            in_reply_to=OURS,
            references=f"<a@b.example> {OURS}",
        ).replace(b"From-: x\n", b"")
    )
    assert (found.kind, found.sender) == (ANSWER, "desk@host.example")
    assert found.subject == "Re: gelöscht [N-3f9c2a71b0]"
    assert found.text == "We removed both.\n\nRegards\n\nOn Sunday you wrote:\n[2 quoted lines]"
    assert (found.answers, found.thread, found.numbers) == ((OURS,), ("<a@b.example>", OURS), ("N-3f9c2a71b0",))


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", BOUNCED),
        ("FAILED", "4.4.7", BOUNCED),  # given up after days
        ("failed (mailbox full)", "5.2.2", BOUNCED),
        ("delayed", "4.4.1", DELAYED),
        ("delivered", "2.0.0", AUTOMATIC),
        ("relayed", "2.0.0", AUTOMATIC),
        ("expanded", "2.0.0", AUTOMATIC),
        ("", "5.0.0", BOUNCED),
        ("", "4.0.0", DELAYED),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_delivery_report_says_what_became_of_which_mail(
    action: str, status: str, kind: AnswerKind, whole: bool
) -> None:
    """A report (RFC 3464) names recipient, status and the mail that comes back; a delay is no bounce."""
    found = read_letter(report(action, status=status, whole=whole))
    assert (found.kind, found.returned, found.by_report) == (kind, (OURS,), True)
    (delivery,) = found.deliveries
    assert (delivery.recipient, delivery.status) == ("desk@host.example", status)
    assert delivery.why == f"smtp; 550 {status} no such user"
    assert found.text == "I could not deliver your message."


def test_reports_of_before_the_standard_are_bounces_in_words() -> None:
    """Exim's and qmail's old reports are bounces, which no standard part vouches for."""
    text = f"550 5.1.1 unknown user\n------ a copy ------\n\nMessage-ID: {OURS}\nSubject: notice\n"
    for headers in (
        {"from": "Mail Delivery System <mailer-daemon@relay.example>"},
        {"from": "x@relay.example", "x_failed_recipients": "desk@host.example"},
        {"from": "MAILER-DAEMON <>"},
    ):
        found = read_letter(letter(text, **headers))
        assert (found.kind, found.returned, found.by_report) == (BOUNCED, (OURS,), False)
        assert found.deliveries[0].status == "5.1.1"
    whole = b"From: postmaster@relay.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno\r\n"
    whole += f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {OURS}\r\n\r\nx\r\n--b--\r\n".encode()
    for raw in (whole, whole.replace(b"\r\n", b"\r"), whole.replace(b"boundary=b", b"boundary=c")):
        found = read_letter(raw)
        assert (found.kind, found.returned, found.by_report) == (BOUNCED, (OURS,), False)
    delayed = letter(text, **{"from": "mailer-daemon@relay.example", "subject": "Warning: message delayed 24 hours"})
    assert read_letter(delayed).kind == DELAYED
    assert read_letter(letter("hello", **{"from": "postmaster@host.example"})).kind == ANSWER


@pytest.mark.parametrize(
    ("headers", "text", "kind"),
    [
        ({"auto_submitted": "auto-replied"}, "We removed it.", AUTOMATIC),
        ({"auto_submitted": "auto-generated; owner-email=a@b"}, "", AUTOMATIC),
        ({"auto_submitted": "auto-generated"}, "Hello, the clip has been removed. Ann", ANSWER),  # of a ticket system
        ({"auto_submitted": "auto-generated"}, "If it violates our rules, it will be removed.", AUTOMATIC),
        ({"precedence": "bulk"}, "We have removed it.", ANSWER),
        ({"precedence": "bulk", "subject": "Out of office"}, "We have removed it.", AUTOMATIC),
        ({"auto_submitted": "no"}, "Hello", ANSWER),
        ({"auto_submitted": "No (really)"}, "Hello", ANSWER),
        ({"x_autoreply": "yes"}, "", AUTOMATIC),
        ({"x_autorespond": ""}, "", AUTOMATIC),
        ({"precedence": "Bulk"}, "", AUTOMATIC),
        ({"precedence": "first-class"}, "Hello", ANSWER),
        ({"list_id": "<announce.host.example>"}, "", AUTOMATIC),
        ({"return_path": "<>"}, "", AUTOMATIC),
        ({"subject": "Automatic reply: your notice"}, "", AUTOMATIC),
        ({"subject": "Out of Office: back on Monday"}, "", AUTOMATIC),
        ({"subject": "Abwesenheitsnotiz"}, "", AUTOMATIC),
        ({"subject": "Re: automatic gates"}, "They work.", ANSWER),
        ({}, "We have received your report. Ticket #123 was created.", AUTOMATIC),
        ({}, "Thank you for contacting us.", AUTOMATIC),
        ({}, "Wir haben Ihre Meldung heute erhalten.", AUTOMATIC),
        ({}, "Thank you for your report. The content has been removed.", ANSWER),
        ({}, "We have received your report, but are unable to act on it.", ANSWER),
        ({}, "We received your mail. Which clip do you mean?", ANSWER),
        ({}, "It was not found to violate our terms.", ANSWER),
    ],
)
def test_what_machines_write_is_told_from_what_people_may_have_written(
    headers: dict[str, str], text: str, kind: AnswerKind
) -> None:
    """Automatic mail is known by its headers, its subject or a receipt's words; in doubt it is an answer."""
    assert read_letter(letter(text or "x", **headers)).kind == kind


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ('"desk@host.example" <mallory@evil.example>', "mallory@evil.example"),
        ("desk@host.example <mallory@evil.example>", "mallory@evil.example"),
        ("Desk <DESK@Host.Example>", "desk@host.example"),
        ("desk@host.example", "desk@host.example"),
        ("a@host.example, b@evil.example", ""),
        ("<a@host.example> <b@evil.example>", ""),
        ("=?utf-8?q?desk=40host=2Eexample?= <x@evil.example>", "x@evil.example"),
        ("nobody", ""),
        ("<a b@c>", ""),
    ],
)
def test_the_sender_is_the_one_address_whatever_the_name_looks_like(value: str, sender: str) -> None:
    """A display name that looks like an address is none, and several senders are nobody."""
    assert read_letter(f"From: {value}\n\nx".encode()).sender == sender


def test_a_page_is_read_as_words_and_a_plain_text_goes_before_it() -> None:
    """HTML alone is read without its markup, scripts and comments; no tag of it reaches people."""
    page = (
        "<head><title>t</title></head><style>p{}</style><p>We &amp; you<br>removed&nbsp;it &#x202e;&#0; "
        "<script>alert(1)</script><!-- hidden --><a href='https://evil.example'>here</a></p><p>İ</p><unclosed"
    )
    raw = b"Content-Type: text/html; charset=utf-8\n\n" + page.encode()
    assert read_letter(raw).text == "We & you\nremoved it \\u202e\ufffd here\n\nİ"
    assert read_letter(letter("Plain.", html=page)).text == "Plain."
    attached = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Disposition: attachment\n\nsecret\n--b--\n'
    assert "secret" not in read_letter(attached).text


@pytest.mark.parametrize(
    "charset",
    ["zip", "hex", "base64", "rot13", "unicode_escape", "idna", "punycode", "undefined", "utf-7", "x" * 39, ""],
)
def test_no_codec_that_is_no_alphabet_is_asked(charset: str) -> None:
    """A charset that nobody writes letters in is read as UTF-8."""
    assert decoded("Zoë".encode(), charset) == "Zoë"
    raw = f"Subject: =?{charset}?b?{'eJw' * 100}?=\nContent-Type: text/plain; charset={charset}\n\nZoë".encode()
    assert read_letter(raw).text == "Zoë"


def _nested(depth: int, kind: str = "mixed") -> bytes:
    heads = "".join(f"Content-Type: multipart/{kind}; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return f"{heads}\ninner\n".encode()


@pytest.mark.parametrize(
    "raw",
    [
        _nested(3000),
        _nested(3000, "digest"),
        b"Content-Type: message/rfc822\n\n" * 8000,
        b"Subject: " + b"a" * 10_000_000 + b"\n\nx",
        b"a" * 10_000_000,
        b"X: y\n" * 50_000 + b"\nbody",
        b"Subject: x\n" + b" folded\n" * 30_000 + b"\nbody",
        b"Subject: " + b"=?utf-8?b?4pyT?= " * 15_000 + b"\n\nx",
        b"From: " + b"<" * 200_000 + b"\n\nx",
        b"From: " + b'"\\' * 100_000 + b"\n\nx",
        b"References: " + b"<a@b> " * 40_000 + b"\n\nx",
        b"References: " + b"<" * 250_000 + b"\n\nx",
        b"Content-Type: text/html\n\n" + b"<script" * 40_000,
        b"Content-Type: text/html\n\n" + b"<script>" * 30_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 60_000,
        b"Content-Type: text/html\n\n" + b"&" * 200_000,
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        + b"A: b\n\n" * 40_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 50_000,
        b"Content-Type: text/plain; a" + b'="\\' * 80_000 + b"\n\nx",
        b"\n" * 250_000,
        b" \t" * 120_000,
        b"Subject: \r\r\r\n\r\n\r\n>" + b">\n" * 100_000,
        b"Content-Transfer-Encoding: base64\n\n" + b"A" * 250_001,
        b"N-aaaaaaaa " * 20_000,
        b"N-" * 120_000,
        b"wir haben Ihre " * 15_000,
    ],
    ids=lambda raw: f"{raw[:30]!r}",
)
def test_bombs_take_no_time(raw: bytes) -> None:
    """Nesting without end, lines of 10 MB and whatever else grows is read in a blink, within the bounds."""
    started = time.process_time()
    assert is_bounded(read_letter(raw))
    assert time.process_time() - started < 5.0


HEADER = st.sampled_from(
    ["From", "Subject", "In-Reply-To", "References", "Action", "Status", "Auto-Submitted", "Precedence", "Message-ID"]
)
PART_HEADER = st.sampled_from(
    ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "X-Failed-Recipients", "Final-Recipient"]
)
VALUE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            OURS,
            "multipart/report; boundary=b",
            'multipart/mixed; boundary="b"',
            "message/delivery-status",
            "text/html; charset=utf-16",
            "base64",
            "quoted-printable",
            "=?iso-2022-jp?b?GyRC?=",
            "failed",
            "rfc822; a@b.example",
        ]
    ),
)
MAILS = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.one_of(
            st.tuples(HEADER | PART_HEADER, VALUE).map(
                lambda pair: f"{pair[0]}: {pair[1]}\n".encode("utf-8", "surrogateescape")
            ),
            st.sampled_from([b"\n", b"--b\n", b"--b--\n", b" folded\n", b"=C3=A9 <p>\n", b"\r\n\r\n", b"\0\xff\n"]),
        ),
        max_size=25,
    ).map(b"".join),
)


@settings(max_examples=300, deadline=None)
@given(raw=MAILS)
@pytest.mark.slow
def test_any_bytes_are_read_within_bounds(raw: bytes) -> None:
    """Any bytes make a letter that is bounded and fit for people, and never an exception."""
    assert is_bounded(read_letter(raw))
    mail = taken_apart(raw)
    assert sum(len(part.body) for part in mail.parts) <= MAX_BYTES
    html_text(raw.decode("latin-1"))


def test_damaged_reports_are_read_as_far_as_they_go() -> None:
    """A report that breaks off anywhere is read without an exception, and never names another mail."""
    whole = report()
    for cut in range(0, len(whole), 7):
        found: Any = read_letter(whole[:cut])
        assert set(found.returned) <= {OURS}
