"""Broken installations: what each is, and which finding of `gifwarden doctor` must say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests import broken as ways
from tests import broken_services as services
from tests.broken import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One way to break it. `level` and `subject`: of the finding that says so. `own`: with a decoder of its own."""

    name: str
    what: str
    make: Callable[[Place], None]
    subject: str
    level: Literal["fail", "warn", "ok"] = "fail"
    needs: Literal["", "mounts", "root"] = ""
    quick: bool = False
    own: bool = False


BROKEN: tuple[Broken, ...] = (
    Broken(
        name="no-config",
        what="no configuration",
        make=ways.no_config,
        subject="configuration",
        quick=True,
    ),
    Broken(
        name="config-unreadable",
        what="the account may not read the configuration",
        make=ways.unreadable_config,
        subject="configuration",
    ),
    Broken(
        name="config-folder",
        what="the configuration is a folder",
        make=ways.config_is_folder,
        subject="configuration",
    ),
    Broken(
        name="config-not-text",
        what="the configuration is not UTF-8",
        make=ways.config_not_text,
        subject="configuration",
    ),
    Broken(
        name="config-toml",
        what="the configuration is no TOML",
        make=lambda place: place.configure("\n[web\nport = 80\n"),
        subject="configuration",
    ),
    Broken(
        name="config-key",
        quick=True,
        what="an unknown key",
        make=lambda place: place.configure("\n[fetch]\nmax_byte = 3\n"),
        subject="configuration",
    ),
    Broken(
        name="config-secret",
        what="a secret in a configuration that others can read",
        make=ways.secret_in_config,
        subject="configuration",
    ),
    Broken(
        name="secret-open",
        what="a file of a secret that others can read",
        make=ways.open_secret,
        subject="configuration",
    ),
    Broken(
        name="secret-missing",
        what="a file of a secret is not there",
        make=ways.missing_secret,
        subject="configuration",
    ),
    Broken(name="data-file", what="the data folder is a file", make=ways.data_is_file, subject="storage"),
    Broken(name="data-nowhere", what="the data folder cannot be made", make=ways.no_data_parent, subject="storage"),
    Broken(
        name="data-unwritable",
        what="the account may not write the data folder",
        make=ways.unwritable_data,
        subject="storage",
    ),
    Broken(
        name="data-another",
        what="the data belong to another account",
        make=ways.data_of_another,
        subject="storage",
        needs="root",
    ),
    Broken(
        name="data-read-only",
        what="the data folder is on a read-only file system",
        make=ways.read_only,
        subject="storage",
        needs="mounts",
    ),
    Broken(
        name="disk-little",
        what="less than a gibibyte is left on the disk",
        make=ways.nearly_full,
        subject="storage",
        level="warn",
        needs="mounts",
    ),
    Broken(
        name="disk-nearly-full",
        what="8 MiB are left on the disk",
        make=lambda place: place.mount(place.data, "tmpfs 8m"),
        subject="storage",
        needs="mounts",
    ),
    Broken(name="disk-full", what="the disk is full", make=ways.full, subject="storage", needs="mounts"),
    Broken(
        name="database-missing",
        what="there is no database",
        make=ways.no_database,
        subject="storage",
        level="warn",
    ),
    Broken(
        name="database-newer",
        what="the database was written by a newer version",
        make=ways.newer,
        subject="storage",
        quick=True,
    ),
    Broken(
        name="database-header",
        what="the head of the database is damaged",
        make=ways.damaged_header,
        subject="storage",
    ),
    Broken(
        name="database-page",
        what="a page in the middle of the database is damaged",
        make=ways.damaged_page,
        subject="storage",
    ),
    Broken(name="database-torn", what="the database was cut in half", make=ways.torn, subject="storage"),
    Broken(name="database-text", what="the database is a text", make=ways.not_a_database, subject="storage"),
    Broken(
        name="database-strange",
        what="the database is another program's",
        make=ways.of_another_program,
        subject="storage",
    ),
    Broken(
        name="log-alone",
        what="the write-ahead log is there and its database is not",
        make=ways.log_alone,
        subject="storage",
    ),
    Broken(name="database-busy", what="another process holds the database", make=ways.busy, subject="storage"),
    Broken(name="daemon-elsewhere", what="another daemon works on it", make=ways.held, subject="daemon", level="ok"),
    Broken(
        name="lease-stale",
        what="a killed daemon of another machine left its lease",
        make=ways.stale,
        subject="daemon",
        level="warn",
    ),
    Broken(
        name="reddit-none",
        what="no password of the Reddit account",
        make=services.no_secret,
        subject="reddit",
    ),
    Broken(
        name="reddit-password",
        what="the wrong password of the Reddit account",
        make=services.wrong_login,
        subject="reddit",
    ),
    Broken(
        name="reddit-app",
        what="the wrong secret of the app",
        make=services.wrong_app,
        subject="reddit",
    ),
    Broken(
        name="reddit-no-moderator",
        what="the account moderates nothing there",
        make=services.no_moderator,
        subject="r/others",
    ),
    Broken(
        name="reddit-no-mail",
        what="the account lacks the right to modmail",
        make=services.lacks_mail,
        subject="r/half",
    ),
    Broken(
        name="reddit-unreachable",
        what="Reddit cannot be reached",
        make=services.unreachable,
        subject="reddit",
    ),
    Broken(
        name="reddit-silent",
        what="Reddit takes connections and does not answer",
        make=services.hangs,
        subject="reddit",
    ),
    Broken(name="clock-ahead", what="the clock is a year ahead", make=services.clock(1), subject="clock"),
    Broken(name="clock-behind", what="the clock is a year behind", make=services.clock(-1), subject="clock"),
    Broken(name="model-missing", what="the nudity model is not there", make=services.no_model, subject="nudity"),
    Broken(name="model-other", what="the nudity model is another file", make=services.wrong_model, subject="nudity"),
    Broken(
        name="faces-missing",
        what="the weights of the face model are not installed",
        make=services.no_weights,
        subject="gallery",
    ),
    Broken(
        name="extra-missing",
        what="a library of an extra is not installed",
        make=services.no_runtime,
        subject="nudity",
    ),
    Broken(
        name="rules-wrong",
        what="a rule that does not load",
        make=services.bad_rules,
        subject="rules",
    ),
    Broken(
        name="rules-missing",
        what="no folder of rules",
        make=services.no_rules,
        subject="rules",
        quick=True,
    ),
    Broken(
        name="rules-unreadable",
        what="a rule that the account may not read",
        make=services.unreadable_rules,
        subject="rules",
    ),
    Broken(
        name="mail-port",
        what="nobody listens at the mail server's port",
        make=services.mail_port,
        subject="mail",
    ),
    Broken(name="mail-silent", what="the mail server does not answer", make=services.mail_hangs, subject="mail"),
    Broken(name="mail-tls", what="TLS where the mail server speaks none", make=services.mail_tls, subject="mail"),
    Broken(
        name="mail-starttls",
        what="STARTTLS where the mail server offers none",
        make=services.mail_no_starttls,
        subject="mail",
    ),
    Broken(
        name="mail-login",
        what="the wrong login at the mail server",
        make=services.mail_login,
        subject="mail",
    ),
    Broken(
        name="mail-expired",
        what="the mail server's certificate has expired",
        make=services.mail_expired,
        subject="mail",
    ),
    Broken(name="inbox-port", what="nobody listens at the mailbox's port", make=services.inbox_port, subject="inbox"),
    Broken(name="inbox-login", what="the wrong login at the mailbox", make=services.inbox_login, subject="inbox"),
    Broken(name="inbox-folder", what="the mailbox has no such folder", make=services.inbox_folder, subject="inbox"),
    Broken(name="web-port", what="the port of the console is taken", make=services.web_port, subject="web"),
    Broken(
        name="no-seccomp",
        own=True,
        what="the kernel sets no filter for the decoder",
        make=services.no_seccomp,
        subject="decoder",
    ),
    Broken(
        name="few-descriptors",
        own=True,
        what="64 open files are allowed",
        make=services.few_descriptors(64),
        subject="machine",
        level="warn",
    ),
    Broken(
        name="no-descriptors",
        own=True,
        what="12 open files are allowed",
        make=services.few_descriptors(12),
        subject="decoder",
    ),
    Broken(
        name="little-memory",
        what="the machine has less memory than is set",
        make=services.little_memory,
        subject="machine",
        level="warn",
        needs="mounts",
    ),
    Broken(
        name="swap",
        what="memory may be swapped to the disk",
        make=services.swap,
        subject="machine",
        level="warn",
        needs="mounts",
    ),
    Broken(
        name="key-lost",
        quick=True,
        what="the key is lost",
        make=services.lost_key,
        subject="storage",
    ),
    Broken(
        name="key-another",
        what="a backup on another machine, with that machine's key",
        make=services.key_of_another,
        subject="storage",
    ),
    Broken(
        name="key-none",
        what="the key file holds no key",
        make=services.key_is_none,
        subject="storage",
    ),
    Broken(
        name="key-open",
        what="others can read the key",
        make=ways.open_key,
        subject="storage",
    ),
    Broken(
        name="locale",
        what="no locale but C",
        make=services.locale,
        subject="configuration",
        level="ok",
    ),
    Broken(
        name="no-tmp",
        own=True,
        what="no folder for temporary files",
        make=services.no_tmp,
        subject="decoder",
        level="ok",
    ),
    Broken(
        name="no-home",
        own=True,
        what="the account has no home",
        make=services.no_home,
        subject="decoder",
        level="ok",
    ),
)
