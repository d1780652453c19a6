"""Takes a mail apart within bounds: headers, parts, nesting, charsets.

The standard library's parser takes time that grows with the square of what is nested, recurses as deep as a stranger
likes, and raises what its header parsers happen to raise. This one looks at each byte a bounded number of times and
raises nothing: what is no MIME is text.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_BYTES = 256 * 1024  # of a mail that are looked at
MAX_HEADERS = 200  # of one part
MAX_HEADER = 4_000  # characters of one
MAX_PARTS = 60
MAX_DEPTH = 8
MAX_TEXT = 20_000  # characters of text
MAX_WORDS = 60  # encoded words of one header

_ENCODED = re.compile(
    r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]{1,20})?\?([bBqQ])\?([^?\s]{0,400})\?=(?:\s+(?==\?))?"
)
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]{1,40})(?:\*0?\*?)?\s*=\s*(?:"((?:[^"\\]|\\.){0,300})"|([^\s;"]{1,300}))')
# Codecs that are no way to write letters (zip, hex, unicode_escape, idna) are not asked.
_CHARSET = re.compile(
    r"utf[-_]?(8|16|16le|16be)|(us[-_])?ascii|(iso[-_]?8859|windows|cp|latin)[-_]?\d{1,4}|koi8[-_][rut]|gb(k|2312|18030)"
    r"|big5(hkscs)?|shift[-_]?jis|s[-_]?jis|euc[-_](jp|kr)|iso[-_]?2022[-_](jp|kr)|tis[-_]?620|mac[-_]?roman",
    re.IGNORECASE,
)
_BLOCK_TAGS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr", "blockquote"})
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,4}));")
_SMALL = {ord(char): char.lower() for char in string.ascii_uppercase}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mail that holds no others; headers in lower case, the first of each name."""

    type: str  # such as text/plain
    headers: Mapping[str, str]
    parameters: Mapping[str, str]
    body: bytes  # as it came

    def text(self) -> str:
        """Return its text, decoded as it says; what does not decode is replaced."""
        return decoded(self.data(), self.parameters.get("charset", "utf-8"))

    def data(self) -> bytes:
        """Return its bytes without the encoding in which they travelled."""
        how = self.headers.get("content-transfer-encoding", "").strip().lower()
        if how == "base64":
            return _from_base64(self.body)
        return quopri.decodestring(self.body) if how == "quoted-printable" else self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A whole mail: its own headers, the type that it says it has, and its parts in order."""

    headers: Mapping[str, str]
    type: str
    parameters: Mapping[str, str]
    parts: tuple[Part, ...]


def taken_apart(raw: bytes) -> Mail:
    """Return a mail's headers and parts, as far as the bounds go."""
    raw = raw[:MAX_BYTES]
    headers, body = headers_of(raw if b"\n" in raw else raw.replace(b"\r", b"\n"))
    kind, parameters = content_type(headers)
    parts = tuple(_parts(headers, body, 0, [MAX_PARTS]))
    return Mail(headers=headers, type=kind, parameters=parameters, parts=parts)


def headers_of(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers before the first empty line, unfolded, and what is behind it."""
    found = re.search(rb"\r?\n[ \t]*\r?\n", raw) if raw[:1] not in b"\r\n" else re.match(rb"\r?\n", raw)
    head, body = (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")
    if not raw:
        return {}, b""
    headers: dict[str, str] = {}
    name = ""
    for line in head[: MAX_HEADERS * MAX_HEADER].decode("utf-8", "replace").split("\n"):
        line = line.rstrip("\r")
        if line[:1] in (" ", "\t"):
            if name and len(headers[name]) < MAX_HEADER:
                headers[name] = f"{headers[name]} {line.strip()}"[:MAX_HEADER]
            continue
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        name = ""
        if colon and 0 < len(key) <= 60 and key not in headers and len(headers) < MAX_HEADERS:
            name = key
            headers[name] = value.strip()[:MAX_HEADER]
    return headers, body


def content_type(headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the type that headers name, text/plain without one, and its parameters."""
    value = headers.get("content-type", "")
    kind = value.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}", kind):
        kind = "text/plain"
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted else bare)
    return kind, found


def words(value: str) -> str:
    """Return a header's value with its encoded words decoded."""
    return _ENCODED.sub(_word, value, count=MAX_WORDS)


def decoded(data: bytes, charset: str) -> str:
    """Return bytes as text; in a charset that nobody writes letters in they are read as UTF-8."""
    name = charset.strip().strip("\"'")
    if not _CHARSET.fullmatch(name):
        name = "utf-8"
    try:
        codecs.lookup(name)
        return data.decode(name, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def html_text(source: str) -> str:
    """Return the words of an HTML page, a line a block. Every character is looked at once."""
    source = source[:MAX_BYTES]
    lower = source.translate(_SMALL)  # as long as the source, whatever the letter
    out: list[str] = []
    at = 0
    while at < len(source):
        start = source.find("<", at)
        if start < 0:
            out.append(source[at:])
            break
        out.append(source[at:start])
        if source.startswith("<!--", start):
            end = source.find("-->", start + 4)
            at = end + 3 if end >= 0 else len(source)
            continue
        end = source.find(">", start)
        if end < 0:
            break
        tag = re.match(r"[/\s]*([a-z0-9]{0,20})", lower[start + 1 : start + 40])
        name = tag[1] if tag else ""
        at = end + 1
        if name in ("script", "style", "head") and lower[start + 1] != "/":
            end = lower.find(f"</{name}", at)
            at = end if end >= 0 else len(source)
        elif name in _BLOCK_TAGS:
            out.append("\n")
    text = _ENTITY.sub(_entity, "".join(out))
    return "\n".join(line.strip() for line in re.sub(r"[ \t\r\f\v]+", " ", text).split("\n"))


def _parts(headers: Mapping[str, str], body: bytes, depth: int, left: list[int]) -> Iterator[Part]:
    """Yield what holds no other parts, in order; what is nested too deep, or beyond the number, is left out."""
    if left[0] <= 0 or depth > MAX_DEPTH:
        return
    left[0] -= 1
    kind, parameters = content_type(headers)
    boundary = parameters.get("boundary", "")
    if kind.startswith("multipart/") and not boundary:
        kind = "text/plain"
    if not kind.startswith("multipart/"):
        yield Part(type=kind, headers=headers, parameters=parameters, body=body)
        return
    line = rb"(?:\A|\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\r?(?:\n|\Z))"
    marks = list(re.finditer(line, body))[: MAX_PARTS + 1]
    if not marks:  # what it says it is made of is not there
        yield Part(type="text/plain", headers={}, parameters={}, body=body)
    for number, mark in enumerate(marks):
        if mark[1]:
            break
        end = marks[number + 1].start() if number + 1 < len(marks) else len(body)
        inner, rest = headers_of(body[mark.end() : end].removeprefix(b"\r").removeprefix(b"\n"))
        yield from _parts(inner, rest.removesuffix(b"\r"), depth + 1, left)


def _word(found: re.Match[str]) -> str:
    charset, how, text = found[1], found[2].lower(), found[3]
    data = text.encode("utf-8", "replace")
    data = _from_base64(data) if how == "b" else quopri.decodestring(data.replace(b"_", b" "))
    return decoded(data, charset)


def _from_base64(data: bytes) -> bytes:
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError):
        return b""


def _entity(found: re.Match[str]) -> str:
    if found[3]:
        return _ENTITIES.get(found[3], found[0])
    number = int(found[1]) if found[1] else int(found[2], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
