"""Mails as hosts, mail servers and strangers write them."""

from __future__ import annotations

from email.message import EmailMessage

OURS = "<N-3f9c2a71b0@mods.example>"


def letter(text: str = "We are looking at it.\n", *, html: str | None = None, **headers: str) -> bytes:
    """Return a mail; `in_reply_to` is In-Reply-To."""
    message = EmailMessage()
    values = {"from": "Desk <desk@host.example>", "to": "abuse@mods.example", "subject": "Re: your notice", **headers}
    for name, value in values.items():
        message["-".join(word.capitalize() for word in name.split("_"))] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def report(
    action: str = "failed",
    *,
    recipient: str = "desk@host.example",
    returned: str = OURS,
    status: str = "5.1.1",
    whole: bool = True,
) -> bytes:
    """Return a mail server's report on a mail of ours (RFC 3464). `whole`: with the mail, not its headers alone."""
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    rows = [
        "From: Mail Delivery System <MAILER-DAEMON@relay.example>",
        "To: abuse@mods.example",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="A1/relay.example"',
        "",
        "This is a MIME-encapsulated message.",
        "",
        "--A1/relay.example",
        "Content-Description: Notification",
        "",
        "I could not deliver your message.",
        "",
        "--A1/relay.example",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example",
        "Arrival-Date: Sun, 22 Nov 2026 16:12:00 +0000",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        *([f"Action: {action}"] if action else []),
        f"Status: {status}",
        f"Diagnostic-Code: smtp; 550 {status} no such user",
        "",
        "--A1/relay.example",
        f"Content-Type: {kind}",
        "",
        "From: abuse@mods.example",
        f"Message-ID: {returned}",
        "Subject: notice",
        *(["", "Its text."] if whole else []),
        "",
        "--A1/relay.example--",
        "",
    ]
    return "\r\n".join(rows).encode()
