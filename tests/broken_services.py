"""Ways to break what an installation needs around it: Reddit, mail, models, the machine, the key."""

from __future__ import annotations

import contextlib
import ipaddress
import shutil
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta

from cryptography import x509

from bot.encryption import new_key
from bot.loopback.imap import ImapMailbox
from bot.loopback.ports import free_port
from bot.loopback.smtp import SmtpSink
from bot.nudity.open_nsfw import FILE
from tests.broken import Place, seal_something
from tests.certificates import self_signed


def wrong_login(place: Place) -> None:
    place.environ(GIFWARDEN_REDDIT__PASSWORD="wrong")


def wrong_app(place: Place) -> None:
    place.environ(GIFWARDEN_REDDIT__CLIENT_SECRET="wrong")


def no_secret(place: Place) -> None:
    place.environ(GIFWARDEN_REDDIT__PASSWORD="")


def no_moderator(place: Place) -> None:
    place.reddit.add_subreddit("others", moderators=["ann_mods"], bot_permissions=None)
    place.configure('\n[subreddits.others]\nmode = "report"\n')


def lacks_mail(place: Place) -> None:
    place.reddit.add_subreddit("half", moderators=["ann_mods"], bot_permissions=["posts"])
    place.configure('\n[subreddits.half]\nmode = "report"\n')


def unreachable(place: Place) -> None:
    place.asked["reddit"] = f"http://127.0.0.1:{free_port()}"


def _silent(place: Place) -> int:
    silent = place.stack.enter_context(contextlib.closing(socket.create_server(("127.0.0.1", 0), backlog=50)))
    return int(silent.getsockname()[1])


def hangs(place: Place) -> None:
    place.asked["reddit"] = f"http://127.0.0.1:{_silent(place)}"


def clock(years: float) -> Callable[[Place], None]:
    def wrong(place: Place) -> None:
        place.asked["years"] = years

    return wrong


def no_model(place: Place) -> None:
    place.configure('\n[nudity]\nmodel = "open_nsfw"\n')


def wrong_model(place: Place) -> None:
    no_model(place)
    (place.data / "models").mkdir()
    (place.data / "models" / FILE).write_bytes(b"no model")


def no_weights(place: Place) -> None:
    place.configure("\n[gallery]\nenabled = true\n")
    place.asked["without"] = ("face_recognition_models", "gifwarden_models")


def bad_rules(place: Place) -> None:
    (place.folder / "rules" / "50-mine.yaml").write_text(
        "name: mine\nexact_medium: {bank: [known-fakes]}\naction: report\n"
    )


def no_rules(place: Place) -> None:
    shutil.rmtree(place.folder / "rules")


def unreadable_rules(place: Place) -> None:
    (place.folder / "rules" / "50-mine.yaml").write_text("name: mine\n")
    (place.folder / "rules" / "50-mine.yaml").chmod(0o000)
    place.asked["no_rights"] = True


def mail_port(place: Place) -> None:
    place.mail(port=free_port(), timeout_seconds=3)


def mail_hangs(place: Place) -> None:
    place.mail(port=_silent(place), timeout_seconds=1)


def mail_tls(place: Place) -> None:
    mail = place.stack.enter_context(SmtpSink())
    place.mail(port=mail.port, security="tls", timeout_seconds=3)


def mail_no_starttls(place: Place) -> None:
    mail = place.stack.enter_context(SmtpSink())
    place.mail(port=mail.port, security="starttls", timeout_seconds=3)


def mail_login(place: Place) -> None:
    mail = place.stack.enter_context(SmtpSink(login=("bot", "right")))
    place.mail(port=mail.port, username="bot", password="wrong", timeout_seconds=3)


def mail_expired(place: Place) -> None:
    certificate, key = self_signed(
        place.folder, x509.IPAddress(ipaddress.ip_address("127.0.0.1")), ended=timedelta(days=3)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    mail = place.stack.enter_context(SmtpSink(context=context))
    place.mail(port=mail.port, security="starttls", timeout_seconds=3)
    place.environ(SSL_CERT_FILE=str(certificate))


def inbox_login(place: Place) -> None:
    box = place.stack.enter_context(ImapMailbox())
    place.inbox(port=box.port, username="reader", password="wrong")


def inbox_folder(place: Place) -> None:
    box = place.stack.enter_context(ImapMailbox())
    name, secret = box.login
    place.inbox(port=box.port, username=name, password=secret, folder="Answers")


def inbox_port(place: Place) -> None:
    place.inbox(port=free_port(), timeout_seconds=3)


def web_port(place: Place) -> None:
    place.configure(f"\n[web]\nport = {_silent(place)}\n")


def no_seccomp(place: Place) -> None:
    place.asked["no_seccomp"] = True


def few_descriptors(number: int) -> Callable[[Place], None]:
    def few(place: Place) -> None:
        place.asked["descriptors"] = number

    return few


def little_memory(place: Place) -> None:
    file = place.folder / "meminfo"
    file.write_text(
        "MemTotal:  524288 kB\nMemFree: 100000 kB\nMemAvailable: 262144 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
    )
    place.mount("/proc/meminfo", str(file))


def swap(place: Place) -> None:
    file = place.folder / "swaps"
    file.write_text("Filename\tType\tSize\tUsed\tPriority\n/dev/vdb partition 2097148 0 -2\n")
    place.mount("/proc/swaps", str(file))


def lost_key(place: Place) -> None:
    seal_something(place)
    (place.data / "key").unlink()


def key_of_another(place: Place) -> None:
    seal_something(place)
    (place.data / "key").write_text(new_key())


def key_is_none(place: Place) -> None:
    (place.data / "key").write_text("not a key")


def no_runtime(place: Place) -> None:
    place.configure('\n[nudity]\nmodel = "nudenet"\n')
    place.asked["without"] = ("nudenet",)


def locale(place: Place) -> None:
    place.environ(LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")


def no_tmp(place: Place) -> None:
    place.environ(TMPDIR="/nowhere", TMP="/nowhere", TEMP="/nowhere")


def no_home(place: Place) -> None:
    place.environ(HOME="/nowhere", USER="", LOGNAME="", XDG_CONFIG_HOME="", XDG_CACHE_HOME="")
