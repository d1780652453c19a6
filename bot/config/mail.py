"""The sections on mail: how notices leave, where answers arrive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from bot.config.kinds import Seconds, Section
from bot.model import Capacity


class MailConfig(Section):
    """The mail server through which notices leave."""

    host: str = Field("", description="SMTP server; empty: notices are drafted, never sent.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="none only for a relay on this machine."
    )
    username: str = Field("", description="Login; empty: none.")
    password: SecretStr = Field(SecretStr(""), description="Better in GIFWARDEN_MAIL__PASSWORD.")
    sender: str = Field("", description="Address that notices come from and answers go to.")
    organisation: str = Field(
        "", description="Who sends: the team's or organisation's name; hosts may have to reveal it."
    )
    reply_to: str = Field(
        "", description="Address that a person answers, named in notices; empty: that of mail.sender."
    )
    name_persons: bool = Field(
        False, description="Whether a third party's notice names the person who states it, unless they say otherwise."
    )
    national_law: str = Field(
        "", description="Provision of your law that notices name, such as § 201a StGB; only one that you can state."
    )
    capacity: Capacity = Field(
        "third_party_notifier",
        description="On whose behalf notices speak, unless the person who states one says otherwise.",
    )
    dkim_selector: str = Field(
        "", description="By which selector your relay signs (s= of DKIM-Signature), so that doctor looks at its key."
    )
    timeout_seconds: Seconds = Field(30, description="Longest wait for the server.")


class InboxConfig(Section):
    """The mailbox in which the answers of hosts arrive, read over IMAP and never changed."""

    host: str = Field("", description="IMAP server; empty: nothing is read.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(993, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field("tls", description="none only for a server on this machine.")
    username: str = Field("", description="Login.")
    password: SecretStr = Field(SecretStr(""), description="Better in GIFWARDEN_INBOX__PASSWORD.")
    folder: str = Field("INBOX", min_length=1, description="The folder that is read.")
    timeout_seconds: Seconds = Field(30, description="Longest wait for the server.")


class NoticesConfig(Section):
    """What follows once a notice has left."""

    look: bool = Field(True, description="Whether media of notices that have left is looked for, to see if it is gone.")
    overdue_days: Annotated[int, Field(ge=2, le=90)] = Field(
        7, description="Days without a decision, the media still there, after which a notice is overdue."
    )
    remind: bool = Field(False, description="Whether the one reminder of an overdue notice goes out by itself.")
    country: str = Field(
        "", pattern="^([A-Z]{2})?$", description="Where you are established, such as DE: whose coordinator hears you."
    )
