"""Values of the right kind that cannot be meant: an address with a blank, a host as a URL, a name with r/ in front."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from bot.config.wanted import shown

# An encoded word ("=?…?=") in a local part would be decoded by readers, hence neither "=" nor "?".
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[a-z0-9_+'-]{1,64}(\.[a-z0-9_+'-]{1,64})*@[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*\.?", re.IGNORECASE)
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,21}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,20}")
_NEAR = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_WIKI = re.compile(r"[a-z0-9_-]{1,60}(/[a-z0-9_-]{1,60}){0,4}")

Judge = Callable[[str], str | None]


def is_address(text: str) -> bool:
    """True for a plain ASCII e-mail address without a display name; an international domain is written `xn--…`."""
    return _ADDRESS.fullmatch(text) is not None


def subreddit(name: str) -> str | None:
    """Return what is wrong with a subreddit's name, or None."""
    if _SUBREDDIT.fullmatch(name):
        return None
    plain = re.sub(r"\A(https?://)?([a-z]+\.)?(reddit\.com)?/?(r/)?", "", name.strip(), flags=re.IGNORECASE).strip("/")
    if _SUBREDDIT.fullmatch(plain):
        return f"a subreddit is named without r/, blanks and addresses; write [subreddits.{plain}]"
    return f"{shown(name)} is not a subreddit's name, which has 2 to 21 letters, digits and _; write it without r/"


def exchange(name: str) -> str | None:
    """Return what is wrong with our name of an exchange, or None."""
    if re.fullmatch(r"[A-Za-z0-9](?:[_-]?[A-Za-z0-9]){0,39}", name):
        return None
    return f"{shown(name)} cannot name an exchange; take up to 40 letters, digits and single - or _, no blanks"


def service(text: str) -> str | None:
    """Return what is wrong with an address that the operator gives us to ask, or None."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, port, login = parts.hostname, parts.port, parts.username or parts.password
    except ValueError:
        return "must be an address such as https://lists.example.org/known.ndjson"
    if parts.scheme not in ("https", "http") or not host or re.search(r"[\s\x00-\x1f]", text) or port == 0:
        return f"must be an address such as https://lists.example.org/known.ndjson, not {shown(text)}"
    if login:
        return "holds a login, which does not belong in an address; put the token into the setting key"
    if parts.scheme == "http" and not is_near(host):
        return "must begin with https:// unless it is on this machine or your own network"
    return None


def is_near(host: str) -> bool:
    """True for this machine, and for addresses of a private network as numbers."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in _NEAR if network.version == address.version)


def _public_key(text: str) -> str | None:
    if not text or re.fullmatch(r"RW[A-Za-z0-9+/]{54}", text):
        return None
    return "must be a minisign key, the 56 signs that begin with RW, as the list's keeper publishes it"


def _bank(text: str) -> str | None:
    return None if text.strip() else "is empty; write a bank's name"


def _account(text: str) -> str | None:
    if not text or _ACCOUNT.fullmatch(text):
        return None
    plain = re.sub(r"\A(https?://\S*?reddit\.com)?/?(u|user)/", "", text.strip(), flags=re.IGNORECASE).strip("/@ ")
    if _ACCOUNT.fullmatch(plain):
        return f'must be an account\'s name without u/ and blanks; write "{plain}"'
    return f"must be the name of a Reddit account, up to 20 letters, digits, _ and -, not {shown(text)}"


def _mail(text: str) -> str | None:
    if not text or is_address(text):
        return None
    inner = re.search(r"<([^<>\s]+)>", text) or re.fullmatch(r"\s*(?:mailto:)?(\S+?)\s*", text)
    if inner and is_address(inner[1]):
        return f'must be an e-mail address alone, without a name and blanks; write "{inner[1]}"'
    if not text.isascii():
        return "must be an e-mail address without accents and other signs; write an international domain as xn--…"
    return f"must be an e-mail address such as abuse@example.org, not {shown(text)}"


def _selector(text: str) -> str | None:
    """What is wrong with a DKIM selector: it is the first part of a name."""
    if not text or (_HOST.fullmatch(text) and "._domainkey" not in text):
        return None
    return f"must be a selector alone, such as mail2026, what stands before ._domainkey, not {shown(text)}"


def _host(text: str) -> str | None:
    """What is wrong with the name of a machine: it has no scheme, login, port or path."""
    if _HOST.fullmatch(text) or re.fullmatch(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*", text):
        return None
    rest = text.strip()
    scheme, slashes, behind = rest.partition("://")
    if slashes:
        rest = behind
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, host = authority.rpartition("@")
    host = host.partition(":")[0] if host.count(":") == 1 else host
    name = f'; write "{host}"' if _HOST.fullmatch(host) else ""
    if at and ":" in login:
        return f"must be a name alone and holds a login here, which belongs elsewhere{name}"
    if at:
        return f"must be a name alone, not an e-mail address{name}"
    if slashes and not host:
        return f"must be a name, and behind {shown(scheme + '://')} there is none; write one such as media.example.org"
    if slashes or "/" in rest:
        return f"must be a name alone, not the address of a page{name}"
    if ":" in authority and name:
        return f"must be a name alone, without a port{name}"
    if name:
        return f"must be a name without blanks{name}"
    if not text.isascii():
        return "must be a name without accents and other signs; write an international domain as xn--…"
    return f"must be a name such as media.example.org, not {shown(text)}"


def _server(text: str, port: str = "mail.port") -> str | None:
    if not text:
        return None
    wrong = _host(text)
    if wrong is not None and "without a port" in wrong:
        return f"{wrong} and the port as {port}"
    return wrong


def _domain(text: str) -> str | None:
    bare = text.removeprefix("*.").lstrip(".")
    wrong = _host(bare)
    if wrong is None and text.startswith("*."):
        return f'holds for what stands below a domain without a star; write "{bare}"'
    if wrong is None and "." not in bare.rstrip("."):
        return f"must be a domain such as media.example.org, not {shown(text)}"
    return wrong


def _wiki(text: str) -> str | None:
    if not text or _WIKI.fullmatch(text):
        return None
    plain = re.sub(r"\A.*?/?wiki/", "", text.strip(), flags=re.IGNORECASE).strip("/").lower()
    if _WIKI.fullmatch(plain):
        return f'must be the page\'s name alone, in small letters; write "{plain}"'
    return f'must be a page\'s name in small letters, digits, _ and -, such as "gifwarden", not {shown(text)}'


def _prefix(text: str) -> str | None:
    fits = re.fullmatch(r"[A-Za-z0-9_-]{2,30}", text)
    return (
        None if fits else f"must be one word of 2 to 30 letters, digits, _ and -, such as gifwarden, not {shown(text)}"
    )


def _checksum(text: str) -> str | None:
    fits = not text or re.fullmatch(r"[0-9A-Fa-f]{64}", text)
    return None if fits else "must be 64 digits 0 to 9 and a to f, as its publisher states it (SHA-256)"


def _word(text: str) -> str | None:
    if not text or re.fullmatch(r"[!-~]+", text):
        return None
    return "holds a blank or another sign that cannot stand in it; copy it anew"


def _named(text: str) -> str | None:
    return None if text.strip() else "is empty; write a name, or remove it"


def _rule_file(text: str) -> str | None:
    if text.lower().endswith((".yaml", ".yml")):
        return None
    return f'names files of rules, which end in .yaml, not {shown(text)}; write it as "mine.yaml"'


def _folder(text: str) -> str | None:
    if not text.strip():
        return "is empty; write a path, or remove it"
    if "\0" in text:
        return "must be a path, which holds no control characters"
    if re.match(r"[a-z][a-z0-9+.-]+://", text, re.IGNORECASE):
        return "must be a path on this machine, not an address of the internet"
    return None


JUDGES: Mapping[tuple[str, str], Judge] = {
    ("reddit", "client_id"): _word,
    ("reddit", "client_secret"): _word,
    ("reddit", "refresh_token"): _word,
    ("reddit", "username"): _account,
    ("reddit", "contact"): _account,
    ("subreddits", "wiki"): _wiki,
    ("subreddits", "rules"): _rule_file,
    ("banks", "trusted"): _named,
    ("orders", "prefix"): _prefix,
    ("orders", "bank"): _named,
    ("orders", "reasons"): _named,
    ("digest", "to"): _mail,
    ("mail", "host"): _server,
    ("mail", "sender"): _mail,
    ("mail", "reply_to"): _mail,
    ("mail", "dkim_selector"): _selector,
    ("inbox", "host"): partial(_server, port="inbox.port"),
    ("hosts", "report_email"): _mail,
    ("hosts", "allow"): _domain,
    ("hosts", "mirrors"): _domain,
    ("hosts", "account_token"): _word,
    ("exchanges", "url"): service,
    ("exchanges", "folder"): _folder,
    ("exchanges", "bank"): _bank,
    ("exchanges", "public_key"): _public_key,
    ("exchanges", "key"): _word,
    ("exchanges", "fetch_key"): _word,
    ("exchanges", "feedback_key"): _word,
    ("workers", "certificates"): _folder,
    ("gallery", "detector"): _folder,
    ("gallery", "embedder"): _folder,
    ("gallery", "detector_checksum"): _checksum,
    ("gallery", "embedder_checksum"): _checksum,
    ("storage", "path"): _folder,
    ("storage", "rules"): _folder,
    ("storage", "key_file"): _folder,
}
"""Section and key → what is wrong with a text, or with each of several. No sentence repeats a secret."""
