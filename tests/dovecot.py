"""A real IMAP server, Dovecot, for the tests that want one; the program does not need it."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""
ROOT = {"user": "dovecot", "group": "dovecot", "login": "dovenull"}


class Dovecot:
    """One account, `desk`, with the folders INBOX and Answers."""

    def __init__(self, folder: Path, ports: tuple[int, int]) -> None:
        self._folder = folder
        self._number = 0
        self.plain, self.tls = ports  # the first speaks STARTTLS, the other TLS

    def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a message into a folder, as a mail server does (Maildir)."""
        self._number += 1
        where = self._folder / "mail" if folder == "INBOX" else self._folder / "mail" / f".{folder}"
        for name in ("tmp", "new", "cur"):
            (where / name).mkdir(parents=True, exist_ok=True)
        file = where / "tmp" / f"{self._number}.test"
        file.write_bytes(raw)
        file.rename(where / "new" / f"{time.time():.6f}.{self._number}.test")
        self.own()

    def own(self) -> None:
        """Give what is below the folder to the account that Dovecot reads mail as."""
        if os.getuid() == 0:
            for path in (self._folder, *(self._folder / "mail").rglob("*"), self._folder / "mail"):
                shutil.chown(path, "dovecot", "dovecot")

    def flags(self) -> set[str]:
        """Return the flags that any message of INBOX has, as Maildir names them."""
        return {flag for file in (self._folder / "mail" / "cur").glob("*") for flag in file.name.partition(":2,")[2]}

    def count(self) -> int:
        """Return how many messages INBOX has."""
        return sum(len(list((self._folder / "mail" / name).glob("*"))) for name in ("new", "cur"))


@contextlib.contextmanager
def running(folder: Path, certificate: Path, key: Path, secret: str) -> Iterator[Dovecot | None]:
    """Run a Dovecot in a folder; None if none is installed."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        plain, tls = one.getsockname()[1], two.getsockname()[1]
    (folder / "users").write_text(f"desk:{{PLAIN}}{secret}\n")
    file = folder / "dovecot.conf"
    me, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    names = {"user": me, "group": group, "login": me} if os.getuid() else ROOT  # it refuses to serve as root
    file.write_text(CONFIG.format(folder=folder, certificate=certificate, key=key, plain=plain, tls=tls, **names))
    server = Dovecot(folder, (plain, tls))
    (folder / "mail").mkdir()
    server.own()
    process = subprocess.Popen([program, "-F", "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", tls), 1):
                break
            assert process.poll() is None, (folder / "log").read_text() if (folder / "log").exists() else "it ended"
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(10)
