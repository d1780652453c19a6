"""Mails of hosts, mail servers and strangers."""

from __future__ import annotations

from bot.config import is_address
from bot.letters import read_letter
from bot.letters.mime import MAX_PARTS, MAX_TEXT, headers_of, html_text, taken_apart
from bot.model import AnswerKind
from bot.text import UNFIT
from tests import letters
from tests.fuzz.drawn import Drawn

EXAMPLES = tuple(
    mail.decode("latin-1")
    for mail in (
        letters.letter(),
        letters.letter("Removed.\n\n> what we wrote\n", html="<p>Removed &amp; <b>gone</b></p><script>x</script>"),
        letters.letter(
            subject="=?utf-8?b?w4Q=?= =?iso-8859-1?q?=E4_b?=", in_reply_to=letters.OURS, auto_submitted="auto-replied"
        ),
        letters.report(),
        letters.report("delayed", status="4.4.1", whole=False),
        letters.report("", status="5.0.0"),
    )
)
WORDS = (
    "\r\n", "\n", "\r", "\r\n\r\n", "\n\n", " ", "\t", ":", ";", "=", '"', "\\", "<", ">", "@", "--A1/relay.example",
    "--A1/relay.example--", "--", "boundary=x", "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
    "Content-Type: multipart/report; boundary=\"\"\n", "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n", "charset=utf-7", "charset=idna", "charset=utf-16",
    "charset=iso-2022-jp", "charset=hex", "charset=unicode_escape", "=?utf-8?q?", "?=", "=?x?b?====?=", "=00", "=ZZ",
    "&#x110000;", "&#0;", "&amp;", "<!--", "-->", "<script", "</script", "<br>", "</",
    "Final-Recipient: rfc822; a@host.example\n", "Action: failed\n", "Status: 5.1.1\n",
    "In-Reply-To: <N-3f9c2a71b0@mods.example>\n", "Message-ID: <a@b.example>\n",
    "From: a <a@b.example>, c@d.example\n", "Subject: =?\n", "X-Failed-Recipients: a@b.example\n", "List-Id: x\n",
    "Auto-Submitted: auto-generated\n", "\xe2\x80\xae", "\x00", "\xff\xfe", "\x1b[2J",
    "Content-Disposition: attachment\n", "message/rfc822", "text/html", "text/rfc822-headers",
    "message/delivery-status", "> ", "| ",
)  # fmt: skip


def check(drawn: Drawn) -> None:
    """Any bytes are a letter whose parts are bounded and can be shown."""
    raw = drawn.text(EXAMPLES, WORDS).encode("latin-1", "replace")
    found = read_letter(raw)
    assert found.kind in AnswerKind
    assert found.sender == "" or (is_address(found.sender) and found.sender == found.sender.lower())
    for shown in (found.subject, found.text):
        assert not UNFIT.search(shown), shown
    assert "\n" not in found.subject
    assert len(found.subject) <= 1000
    assert len(found.text) <= 6 * MAX_TEXT
    for one in found.deliveries:
        assert one.recipient == "" or is_address(one.recipient)
        assert not (one.failed and one.delayed)
        assert len(one.why) <= 2000
    assert len(taken_apart(raw).parts) <= MAX_PARTS
    headers, rest = headers_of(raw)
    assert len(rest) <= len(raw)
    assert all("\n" not in value for value in headers.values())
    html_text(raw.decode("latin-1"))
