"""Shapes in which lists come, with what is to be read from each. Hashes are made up; ids are shortened."""

from __future__ import annotations

import base64
import gzip
import json
import random
from dataclasses import dataclass
from typing import Any

P1, P2, P3 = (random.Random(number).randbytes(32).hex() for number in (1, 2, 3))
M1, M2, M3 = (random.Random(number).randbytes(16).hex() for number in (11, 12, 13))
S1, S2 = (random.Random(number).randbytes(32).hex() for number in (21, 22))
SHA1 = random.Random(31).randbytes(20).hex()
PDNA = base64.b64encode(random.Random(41).randbytes(144)).decode()
TMK = base64.b64encode(random.Random(42).randbytes(60)).decode()


@dataclass(frozen=True)
class Shape:
    """A list as it is found, and what it says. Each digest is written `kind:hex`, those of a row joined by `+`."""

    name: str
    data: bytes
    rows: tuple[str, ...]
    ids: tuple[str | None, ...] = ()
    withdrawn: tuple[int, ...] = ()  # places in `rows`; a withdrawal without a hash is an empty row
    children: int = 0
    passed: tuple[str, ...] = ()  # kinds that were passed over in rows that were taken
    bad: tuple[int, ...] = ()  # lines
    not_ours: tuple[int, ...] = ()
    whole: bool = False
    file: str = ""
    how: str = "auto"
    opinions: tuple[tuple[str, str], ...] = ()


def text(*lines: str, end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Return lines as a file holds them."""
    return "".join(line + end for line in lines).encode(encoding)


def doc(value: Any, **how: Any) -> bytes:
    """Return a JSON document."""
    return json.dumps(value, **how).encode()


def nd(*rows: Any) -> bytes:
    """Return NDJSON."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


DESCRIPTOR = {
    "id": "811",
    "indicator": {"indicator": P1, "type": "HASH_PDQ", "id": "852"},
    "owner": {"id": "588", "name": "An app"},
    "type": "HASH_PDQ",
    "raw_indicator": P1,
    "description": "x",
    "status": "MALICIOUS",
}
UPDATE = {
    "id": "11",
    "indicator": P1,
    "type": "HASH_PDQ",
    "last_updated": 1764280000,
    "should_delete": False,
    "descriptors": {
        "data": [
            {
                "id": "21",
                "owner": {"id": "31"},
                "status": "MALICIOUS",
                "tags": {"data": [{"id": "41", "text": "ncii"}]},
                "reactions": [{"key": "NOT_HELPFUL", "value": "32,33"}],
            }
        ]
    },
}
STOPNCII = {
    "count": 3,
    "nextPageToken": "opaque",
    "nextSetTimestamp": 1764280000,
    "hasMoreRecords": True,
    "hashRecords": [
        {
            "lastModtimestamp": 1764270000,
            "signalType": "ImagePDQ",
            "hashValue": P1.upper(),
            "hashStatus": "Active",
            "caseNumbers": {"5b1c": "Active", "77aa": "Withdrawn"},
            "hashRegions": ["UK"],
            "CSPFeedbacks": [
                {"source": "One", "feedbackValue": "Blocked", "tags": ["Nude"]},
                {"source": "Two", "feedbackValue": "NotBlocked", "tags": []},
            ],
        },
        {
            "lastModtimestamp": 1764270001,
            "signalType": "ImagePDQ",
            "hashValue": P2,
            "hashStatus": "Withdrawn",
            "CSPFeedbacks": [{"source": "One", "feedbackValue": "Undefined", "tags": None}],
        },
        {"lastModtimestamp": 1764270002, "signalType": "VideoMD5", "hashValue": M1, "hashStatus": "Active"},
        {"lastModtimestamp": 1764270003, "signalType": "VideoTMK", "hashValue": TMK, "hashStatus": "Active"},
    ],
}
TCAP = {
    "count": 3,
    "next": None,
    "previous": None,
    "checkpoint": "1764280000.709,10594",
    "results": [
        {"id": 2819, "hash_digest": P1, "algorithm": "PDQ", "ideology": "x", "file_type": "gif", "deleted": False},
        {"id": 2820, "hash_digest": M1, "algorithm": "MD5", "ideology": "x", "file_type": "mp4", "deleted": True},
        {"id": 2821, "hash_digest": S1, "algorithm": "SHA256", "ideology": "x", "file_type": "mp4", "deleted": False},
    ],
}
MODERATORS = (
    {
        "v": 1,
        "feed": "r-example.known-fakes",
        "seq": 184,
        "prev": f"sha256:{S2}",
        "at": "2026-11-28T10:00:00Z",
        "op": "put",
        "id": "u7f3",
        "kind": "block",
        "signals": [{"type": "pdq", "value": P1, "quality": 88, "t": 3.2}, {"type": "md5", "value": M1}],
        "basis": "original_footage",
        "confirmed_by": 2,
        "opinion": "confirmed",
        "expires": "2127-11-28",
    },
    {"v": 1, "feed": "r-example.known-fakes", "seq": 185, "op": "withdraw", "id": "u7f3", "reason": "wrong"},
)
HMA_CONTENT = {
    "id": 101,
    "disable_until_ts": 1,
    "original_media_uri": None,
    "bank": {"name": "KNOWN_FAKES", "matching_enabled_ratio": 1.0},
    "signals": {"pdq": P1, "video_md5": M1},
    "metadata": {"content_id": "c-1", "json": {"case": 17}, "collab": {"FEED_A": [f"('pdq', '{P1}')"]}},
    "note": "seen in r/example",
}

LINES = (
    Shape("hex lines", text(P1, M1), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex, upper case, CRLF", text(P1.upper(), M1.upper(), end="\r\n"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex, CR alone", text(P1, P2, end="\r"), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape("hex, no end of line at the end", P1.encode(), (f"pdq:{P1}",)),
    Shape("hex with 0x", text(f"0x{P1}", f"0X{M1}"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex with comments and blanks", text("# fakes", "", f"  {P1}\t", "// more", M1), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex with a note behind", text(f"{P1} # seen twice", f"{M1} // x"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex as a list in prose", text(f"- {P1}", f"* {M1}", f"• {P2}"), (f"pdq:{P1}", f"md5:{M1}", f"pdq:{P2}")),
    Shape("hex quoted, with commas", text(f'"{P1}",', f"'{M1}',"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("hex with a SHA-1", text(P1, SHA1, M1), (f"pdq:{P1}", f"md5:{M1}"), not_ours=(2,)),
    Shape("hex under a title", text("Known fakes, November", P1), (f"pdq:{P1}",), bad=(1,)),
    Shape("hex, damaged lines", text(P1, P1[:-1], "zz" * 32, M1), (f"pdq:{P1}", f"md5:{M1}"), bad=(2, 3)),
    Shape("hex in groups", text(" ".join(P1[at : at + 8] for at in range(0, 64, 8)), P2), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape("type value", text(f"pdq {P1}", f"video_md5 {M1}"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("type:value", text(f"pdq:{P1}", f"md5: {M1}", f"SHA-256:{S1}"), (f"pdq:{P1}", f"md5:{M1}", f"sha256:{S1}")),
    Shape("type value, others too", text(f"pdq {P1}", f"sha1 {SHA1}"), (f"pdq:{P1}",), not_ours=(2,)),
    Shape("sha256sum", text(f"{S1}  clip.mp4", f"{S2} *other clip.mp4"), (f"sha256:{S1}", f"sha256:{S2}")),
    Shape("md5sum", text(f"{M1}  ./a/clip.mp4", f"{M2}  b.gif"), (f"md5:{M1}", f"md5:{M2}")),
    Shape("BSD's sums", text(f"SHA256 (a (1).mp4) = {S1}", f"MD5 (b.gif) = {M1}"), (f"sha256:{S1}", f"md5:{M1}")),
    Shape("SRI", text(f"md5:{M1}", f"sha256-{base64.b64encode(bytes.fromhex(S1)).decode()}"), (f"md5:{M1}",), bad=(2,)),
    Shape("says that it is whole", text("# whole", P1), (f"pdq:{P1}",), whole=True),
    Shape("UTF-8 with a mark", b"\xef\xbb\xbf" + text(P1, M1), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("UTF-16 LE with a mark", b"\xff\xfe" + text(P1, M1, encoding="utf-16-le"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("UTF-16 BE with a mark", b"\xfe\xff" + text(P1, M1, encoding="utf-16-be"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("UTF-16 LE without", text(P1, M1, encoding="utf-16-le"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("UTF-16 BE without", text(P1, M1, encoding="utf-16-be"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("gzip", gzip.compress(text(P1, M1)), (f"pdq:{P1}", f"md5:{M1}"), file="list.txt.gz"),
    Shape("gzip, two members", gzip.compress(text(P1)) + gzip.compress(text(M1)), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("a NUL in a line", text(f"{P1}\0", f"{M1[:8]}\0{M1[8:]}"), (f"pdq:{P1}",), bad=(2,)),
)

WRITTEN = (
    Shape(
        "certutil",
        text("SHA256 hash of a.jpg:", S1, "CertUtil: -hashfile command completed successfully."),
        (f"sha256:{S1}",),
    ),
    Shape("certutil, MD5", text("MD5 hash of a.jpg:", M1, "CertUtil: done"), (f"md5:{M1}",)),
    Shape(
        "Get-FileHash, table",
        text(
            "",
            "Algorithm       Hash                        Path",
            "---------       ----                        ----",
            f"SHA256          {S1.upper()}       C:\\x\\a b.jpg",
            f"MD5             {M1.upper()}       C:\\x\\b.jpg",
        ),
        (f"sha256:{S1}", f"md5:{M1}"),
    ),
    Shape(
        "Get-FileHash, list",
        text("", "Algorithm : SHA256", f"Hash      : {S1.upper()}", "Path      : C:\\a.jpg", "", "Algorithm : MD5")
        + text(f"Hash      : {M1.upper()}", "Path      : C:\\b.jpg"),
        (f"sha256:{S1}", f"md5:{M1}"),
    ),
    Shape("quoted in a comment", text(f"> {P1}", f">> {M1}"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("a numbered list", text(f"1. {P1}", f"2) `{M1}`"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("a list of YAML", text("- '" + P1 + "'", f'- "{M1}"'), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("between fences", text("```", P1, M1, "```"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("with colons", text(":".join(M1[at : at + 2] for at in range(0, 32, 2))), (f"md5:{M1}",)),
    Shape("with dashes", text("-".join(P1[at : at + 8] for at in range(0, 64, 8))), (f"pdq:{P1}",)),
    Shape("file, PDQ, quality", text(f"a.jpg {P1} 100", f"b.jpg {P2} 77"), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape("file, sum", text(f"a.jpg {S1}", f"b.jpg {M1}"), (f"sha256:{S1}", f"md5:{M1}")),
    Shape("a sum that we do not know", text(P1, f"SHA512/256(a)= {S1}", f"quux {S1}"), (f"pdq:{P1}",), bad=(2, 3)),
    Shape("column checksum", text("file,checksum", f"a.jpg,{S1}"), (f"sha256:{S1}",)),
    Shape("column file_hash", text("file,file_hash", f"a.jpg,{S1}"), (f"sha256:{S1}",)),
    Shape("Pruefsumme", text("Datei;Pruefsumme", f"a.jpg;{S1}"), (f"sha256:{S1}",)),
    Shape("hash beside MD5 and file", text("filename,md5,hash", f"a.jpg,{M1},{S1}"), (f"sha256:{S1}+md5:{M1}",)),
    Shape("hash beside file and quality", text("filename,quality,hash", f"a.jpg,90,{P1}"), (f"pdq:{P1}",)),
    Shape("checksum in an object", doc({"pdq": P1, "file": {"checksum": S1}}), (f"pdq:{P1}+sha256:{S1}",)),
    Shape("pdq_1, pdq_2", text("name,pdq_1,pdq_2", f"x,{P1},{P2}"), (f"pdq:{P1}+pdq:{P2}",)),
    Shape("hash1, hash2", text("hash1,hash2", f"{P1},{P2}"), (f"pdq:{P1}+pdq:{P2}",)),
    Shape("a title that names a kind", text("MD5 hashes;;", "Nr;Datei;MD5", f"1;foo.jpg;{M1}"), (f"md5:{M1}",)),
    Shape("a title that is a kind", text("PDQ", "name,sha256,pdq", f"x,{S1},{P1}"), (f"pdq:{P1}+sha256:{S1}",)),
    Shape(
        "text of a spreadsheet", text("id,md5", f'1,="{M1}"', f'2,"=""{M2}"""'), (f"md5:{M1}", f"md5:{M2}"), ("1", "2")
    ),
    Shape("pHash of 64 bits", text("name,phash", "a,8f1c8f1c8f1c8f1c", f"b,{P1}"), (f"phash:{P1}",), not_ours=(2,)),
)

TABLES = (
    Shape("sha256 alone", text("sha256", S1, S2), (f"sha256:{S1}", f"sha256:{S2}")),
    Shape(
        "id,sha256, semicolon, UTF-16",
        "id;sha256\n1;{S1}\n".replace("{S1}", S1).encode("utf-16"),
        (f"sha256:{S1}",),
        ("1",),
    ),
    Shape("id,phash", text("id,phash", f"1,{P1}"), (f"phash:{P1}",), ("1",)),
    Shape("photodna of 64 digits", text("id,photodna", f"1,{P1}"), (), not_ours=(2,)),
    Shape("NCMEC's columns", text("id,classification,md5,pdna", f"1,A2,{M1},x", f"2,,{M2},x"), (), children=2),
    Shape("id,md5", text("id,md5", f"1,{M1}"), (f"md5:{M1}",), ("1",)),
    Shape("sha256,label", text("sha256,label", f"{S1},x", f"{S2},x"), (f"sha256:{S1}", f"sha256:{S2}")),
    Shape(
        "several digests a row",
        text("id,pdq,md5,sha1,sha256", f"a,{P1},{M1},{SHA1},{S1}"),
        (f"pdq:{P1}+sha256:{S1}+md5:{M1}",),
        ("a",),
        passed=("sha1",),
    ),
    Shape(
        "some cells empty",
        text("pdq,md5,sha256", f"{P1},,", f",{M1},null", f"n/a,-,{S1}"),
        (f"pdq:{P1}", f"md5:{M1}", f"sha256:{S1}"),
    ),
    Shape("one digest is damaged", text("pdq,md5", f"{P1[:-2]},{M1}"), (f"md5:{M1}",), bad=(2,)),
    Shape("semicolons", text("Hash;Type;Quality", f"{P1};PDQ;88", f"{M1};MD5;"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("tabs", text("md5\tPDQ Hash\tfile", f"{M1}\t{P1}\ta, b.gif"), (f"pdq:{P1}+md5:{M1}",)),
    Shape("pipes", text("| hash | type |".strip("| "), f"{P1} | pdq"), (f"pdq:{P1}",)),
    Shape("sep= of a spreadsheet", text("sep=;", "md5sum;SHA-256", f"{M1};{S1}"), (f"sha256:{S1}+md5:{M1}",)),
    Shape(
        "spreadsheet, UTF-16 and tabs",
        b"\xff\xfe" + text('"Hash Value"\t"Hash Type"', f'"{P1}"\t"PDQ"', encoding="utf-16-le"),
        (f"pdq:{P1}",),
    ),
    Shape("Latin-1 words", text("note,pdq", f"caf\xe9,{P1}", encoding="latin-1"), (f"pdq:{P1}",)),
    Shape(
        "quotes, separators and lines in cells",
        text("pdq,note", f'{P1},"a, ""b""', 'and more"', f'{P2},"c"'),
        (f"pdq:{P1}", f"pdq:{P2}"),
    ),
    Shape("backslashed quotes", text("note,pdq", f'"a \\"b\\" c",{P1}'), (f"pdq:{P1}",)),
    Shape("an inch in a cell", text("note,pdq", f'5" wide,{P1}', f'6" wide,{P2}'), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape(
        "a quote that does not end",
        text("note,pdq", f'"oops,{P1}', f"x,{P2}", f"y,{P3}"),
        (f"pdq:{P2}", f"pdq:{P3}"),
        bad=(2,),
    ),
    Shape(
        "a quote that ends rows later",
        text("note,pdq", f'"oops,{P1}', f"x,{P2}", f'y,{P3}"', f"z,{P3}"),
        (f"pdq:{P2}", f"pdq:{P3}", f"pdq:{P3}"),
        bad=(2,),
    ),
    Shape(
        "title above the header",
        text("Export of 28 November;;", ";;", "no;pdq;status", f"1;{P1};active"),
        (f"pdq:{P1}",),
    ),
    Shape("no header: value, type", text(f"{P1},pdq", f"{M1},md5"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("no header: type, value", text(f"pdq,{P1}", f"md5,{M1}"), (f"pdq:{P1}", f"md5:{M1}")),
    Shape("no header: PDQ, quality, file", text(f"{P1},100,a.jpg", f"{P2},77,b.jpg"), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape("no header: number, value", text(f"1,{P1}", f"2,{P2}"), (f"pdq:{P1}", f"pdq:{P2}"), (None, None)),
    Shape("no header: md5, sha1, sha256", text(f"{M1},{SHA1},{S1}"), (f"sha256:{S1}+md5:{M1}",), passed=("sha1",)),
    Shape("no header: pdq, md5", text(f"{P1},{M1}", f"{P2},{M2}"), (f"pdq:{P1}+md5:{M1}", f"pdq:{P2}+md5:{M2}")),
    Shape(
        "ThreatExchange's page, CSV",
        text(
            "td_description,td_status,td_severity,td_share_level,td_raw_indicator,td_indicator,td_indicator_type",
            f"x,MALICIOUS,INFO,AMBER,{P1},[object Object],HASH_PDQ",
            f"x,NON_MALICIOUS,INFO,AMBER,{P2},[object Object],HASH_PDQ",
            f'"a, b",UNKNOWN,INFO,AMBER,{M1},[object Object],HASH_VIDEO_MD5',
        ),
        (f"pdq:{P1}", f"pdq:{P2}", f"md5:{M1}"),
        withdrawn=(1,),
    ),
    Shape(
        "our own CSV",
        text(
            "id,type,value,quality,t",
            f"E-1,sha256,{S1},,",
            f"E-1,md5,{M1},,",
            f"E-1,pdq,{P1},80,0",
            f"E-1,pdq,{P2},81,0.5",
            f"E-2,pdq,{P3},90,0",
        ),
        (f"pdq:{P1}+pdq:{P2}+sha256:{S1}+md5:{M1}", f"pdq:{P3}"),
        ("E-1", "E-2"),
    ),
    Shape(
        "list of a security tool",
        text("hash,list,notes", f"{M1},malicious,x", f"{SHA1},malicious,x"),
        (f"md5:{M1}",),
        not_ours=(3,),
    ),
    Shape(
        "hash_type and hash_value",
        text("hash_value,hash_type,created_at", f"{P1},pdq,2026-11-28T10:00:00Z", f"{M1},MD5,2026-11-28"),
        (f"pdq:{P1}", f"md5:{M1}"),
    ),
    Shape(
        "base64, said to be",
        text(
            "md5_base64,sha256_base64",
            f"{base64.b64encode(bytes.fromhex(M1)).decode()},{base64.b64encode(bytes.fromhex(S1)).decode()}",
        ),
        (f"sha256:{S1}+md5:{M1}",),
    ),
    Shape(
        "base64 by prefix",
        text("hash,type", f"base64:{base64.b64encode(bytes.fromhex(S1)).decode()},sha256"),
        (f"sha256:{S1}",),
    ),
    Shape(
        "withdrawn in four ways",
        text(
            "id,pdq,deleted,removed_at,active",
            f"1,{P1},true,,true",
            f"2,{P2},0,2026-01-01,1",
            f"3,{P3},no,,false",
            f"4,{P3},,,yes",
        ),
        (f"pdq:{P1}", f"pdq:{P2}", f"pdq:{P3}", f"pdq:{P3}"),
        ("1", "2", "3", "4"),
        withdrawn=(0, 1, 2),
    ),
    Shape("photodna alone", text("photodna,note", f"{PDNA},x"), (), not_ours=(2,)),
    Shape("a type nobody knows", text("value,type", f"{P1},quux", f"{M1},md5"), (f"md5:{M1}",), not_ours=(2,)),
    Shape(
        "a type that speaks of the media", text("hash,type", f"{P1},image", f"{M1},video"), (f"pdq:{P1}", f"md5:{M1}")
    ),
    Shape(
        "children in the tags",
        text("pdq,tags", f"{P1},ncii", f'{P2},"ncii,csam"', f"{P3},minor edit"),
        (f"pdq:{P1}", f"pdq:{P3}"),
        children=1,
    ),
    Shape(
        "more cells than headings", text("pdq,md5", f"{P1},{M1},x", f"{P2},{M2},,,"), (f"pdq:{P2}+md5:{M2}",), bad=(2,)
    ),
    Shape("an all-black frame's PDQ beside its MD5", text("pdq,md5", f"{'0' * 64},{M1}"), (f"md5:{M1}",), bad=(2,)),
    Shape("pdq,quality", text("pdq,quality", f"{P1},100", f"{P2},high"), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape(
        "expired",
        text("pdq,expires", f"{P1},2001-01-01", f"{P2},2199-01-01"),
        (f"pdq:{P1}", f"pdq:{P2}"),
        withdrawn=(0,),
    ),
)

DOCUMENTS = (
    Shape(
        "sha256 in objects",
        nd({"id": 1, "sha256": S1}, {"id": 2, "phash": P1}),
        (f"sha256:{S1}", f"phash:{P1}"),
        ("1", "2"),
    ),
    Shape("sha256 in an array", doc([{"sha256": S1}, {"sha256": S2}]), (f"sha256:{S1}", f"sha256:{S2}")),
    Shape(
        "sha1 of 64 digits",
        nd({"id": 1, "sha1": P1}, {"id": 2, "sha1": P2}, {"id": 3, "md5": M1}),
        (f"md5:{M1}",),
        ("3",),
        not_ours=(1, 2),
    ),
    Shape("HMA, hashes of a file", doc({"pdq": P1, "md5": M1}), (f"pdq:{P1}+md5:{M1}",)),
    Shape("HMA, a content", doc(HMA_CONTENT), (f"pdq:{P1}+md5:{M1}",), ("101",)),
    Shape(
        "HMA, contents",
        doc([HMA_CONTENT, {**HMA_CONTENT, "id": 102, "disable_until_ts": 0}]),
        (f"pdq:{P1}+md5:{M1}",) * 2,
        ("101", "102"),
        withdrawn=(1,),
    ),
    Shape(
        "HMA, off for now",
        nd({**HMA_CONTENT, "disable_until_ts": 99999999999}),
        (f"pdq:{P1}+md5:{M1}",),
        ("101",),
        withdrawn=(0,),
    ),
    Shape("HMA, answer to a new signal", doc({"id": 102, "signals": {"pdq": P1}}), (f"pdq:{P1}",), ("102",)),
    Shape(
        "ThreatExchange, descriptors",
        doc(
            {"data": [DESCRIPTOR, {**DESCRIPTOR, "id": "812", "status": "NON_MALICIOUS"}], "paging": {"cursors": {}}},
            indent=1,
        ),
        (f"pdq:{P1}",) * 2,
        ("811", "812"),
        withdrawn=(1,),
    ),
    Shape("ThreatExchange, one descriptor", doc(DESCRIPTOR), (f"pdq:{P1}",), ("811",)),
    Shape(
        "ThreatExchange, indicator object alone",
        doc([{"id": "5", "indicator": {"indicator": M1, "type": "HASH_MD5"}}]),
        (f"md5:{M1}",),
        ("5",),
    ),
    Shape(
        "ThreatExchange, updates",
        doc({"data": [UPDATE, {"id": "12", "indicator": P2, "type": "HASH_PDQ", "should_delete": True}]}),
        (f"pdq:{P1}", f"pdq:{P2}"),
        ("11", "12"),
        withdrawn=(1,),
        opinions=(("31", "confirmed"), ("32", "disputed"), ("33", "disputed")),
    ),
    Shape(
        "ThreatExchange, tagged",
        doc(
            {
                "data": [
                    {
                        **UPDATE,
                        "descriptors": {
                            "data": [{"id": "1", "status": "MALICIOUS", "tags": {"data": [{"text": "csam"}]}}]
                        },
                    }
                ]
            }
        ),
        (),
        children=1,
    ),
    Shape(
        "StopNCII",
        doc(STOPNCII),
        (f"pdq:{P1}", f"pdq:{P2}", f"md5:{M1}"),
        withdrawn=(1,),
        not_ours=(4,),
        opinions=(("One", "confirmed"), ("Two", "disputed")),
    ),
    Shape(
        "StopNCII, all cases withdrawn",
        doc(
            {
                "hashRecords": [
                    {
                        "signalType": "ImagePDQ",
                        "hashValue": P1,
                        "hashStatus": "Unknown",
                        "caseNumbers": {"a": "Withdrawn", "b": "Deleted"},
                    }
                ]
            }
        ),
        (f"pdq:{P1}",),
        withdrawn=(0,),
    ),
    Shape("TCAP", doc(TCAP), (f"pdq:{P1}", f"md5:{M1}", f"sha256:{S1}"), ("2819", "2820", "2821"), withdrawn=(1,)),
    Shape(
        "FIRES",
        doc(
            {
                "type": "OrderedCollection",
                "orderedItems": [
                    {
                        "id": "c1",
                        "type": "Recommendation",
                        "published": "2026-01-01T00:00:00Z",
                        "entityKind": "media-pdq",
                        "entityKey": P1,
                        "labels": ["ncii"],
                    },
                    {
                        "id": "c2",
                        "type": "Retraction",
                        "published": "2026-02-01T00:00:00Z",
                        "entityKind": "media-pdq",
                        "entityKey": P1,
                        "comment": "wrong",
                    },
                    {"id": "c3", "type": "Tombstone", "entityKind": "media-md5", "entityKey": M1},
                ],
            }
        ),
        (f"pdq:{P1}", f"pdq:{P1}", f"md5:{M1}"),
        (None, None, None),
        withdrawn=(1, 2),
    ),
    Shape(
        "Matrix, policy list",
        doc([{"type": "m.pdqhash", "hash": P1, "quality": 80}, {"type": "m.pdqhash", "hash": P2, "quality": 49}]),
        (f"pdq:{P1}",),
        not_ours=(2,),
    ),
    Shape(
        "Matrix, events",
        nd(
            {
                "type": "m.policy.rule.media",
                "state_key": "a",
                "content": {"m.pdqhash": {"hash": P1, "quality": 50}, "recommendation": "m.ban"},
            },
            {"type": "m.policy.rule.media", "state_key": "b", "content": {}},
        ),
        (f"pdq:{P1}", ""),
        ("a", "b"),
        withdrawn=(1,),
    ),
    Shape(
        "between moderators",
        nd(*MODERATORS),
        (f"pdq:{P1}+md5:{M1}", ""),
        ("u7f3", "u7f3"),
        withdrawn=(1,),
        opinions=(("r-example.known-fakes", "confirmed"),),
    ),
    Shape(
        "our own NDJSON",
        nd(
            {
                "id": "E-1",
                "files": [{"sha256": S1, "md5": M1}, {"sha256": S2, "md5": ""}],
                "signals": [
                    {"type": "pdq", "value": P1, "quality": 90, "t": 0.0},
                    {"type": "phash", "value": P2, "quality": 90, "t": 0.0},
                ],
            }
        ),
        (f"pdq:{P1}+phash:{P2}+sha256:{S1}+md5:{M1}+sha256:{S2}",),
        ("E-1",),
    ),
    Shape(
        "our own ThreatExchange",
        b'{"data": [\n'
        + doc({"id": "E-1/x", "indicator": P1, "type": "HASH_PDQ"})
        + b"\n,"
        + doc({"id": "E-1/y", "indicator": M1, "type": "HASH_VIDEO_MD5"})
        + b"\n]}\n",
        (f"pdq:{P1}", f"md5:{M1}"),
        ("E-1/x", "E-1/y"),
    ),
    Shape(
        "vPDQ, text",
        text(f"0,100,{P1},0.000", f"1,90,{P2},0.033", "", f"0,100,{P3},0.000"),
        (f"pdq:{P1}+pdq:{P2}", f"pdq:{P3}"),
    ),
    Shape("vPDQ, array", doc([f"{P1},100,0.000", f"{P2},90,0.033"]), (f"pdq:{P1}+pdq:{P2}",)),
    Shape("vPDQ, an array a line", nd([f"{P1},100,0.000"], [f"{P2},90,0.033"]), (f"pdq:{P1}", f"pdq:{P2}")),
    Shape(
        "vPDQ, object",
        doc({"0": {"quality": 100, "hash": P1, "timestamp": 0.0}, "1": {"quality": 90, "hash": P2, "timestamp": 0.03}}),
        (f"pdq:{P1}+pdq:{P2}",),
    ),
    Shape(
        "vPDQ as a value",
        doc([{"id": 1, "type": "vpdq", "value": json.dumps([f"{P1},100,0.0", f"{P2},100,1.0"])}]),
        (f"pdq:{P1}+pdq:{P2}",),
        ("1",),
    ),
    Shape("array of hashes", doc([P1, M1, f"pdq:{P2}"]), (f"pdq:{P1}", f"md5:{M1}", f"pdq:{P2}")),
    Shape(
        "hashes by kind", doc({"pdq": [P1, P2], "md5": [M1], "sha1": [SHA1]}), (f"pdq:{P1}", f"pdq:{P2}", f"md5:{M1}")
    ),
    Shape(
        "object by hash",
        doc({P1: {"label": "x"}, P2: {"tags": ["child"]}, M1: "ncii"}),
        (f"pdq:{P1}", f"md5:{M1}"),
        children=1,
    ),
    Shape("hash by file", doc({"a.jpg": P1, "b.mp4": M1}), (f"pdq:{P1}", f"md5:{M1}")),
    Shape(
        "hashes object in a row",
        doc({"items": [{"id": "x", "hashes": {"md5": M1, "sha256": S1, "pdq": P1}}]}),
        (f"pdq:{P1}+sha256:{S1}+md5:{M1}",),
        ("x",),
    ),
    Shape(
        "hashes array in a row",
        doc([{"uuid": "x", "hashes": [{"algorithm": "PDQ", "value": P1}, {"algorithm": "SHA-1", "value": SHA1}]}]),
        (f"pdq:{P1}",),
        ("x",),
        passed=("sha1",),
    ),
    Shape(
        "rows two objects deep", doc({"response": {"items": [{"hash": P1}, {"hash": M1}]}}), (f"pdq:{P1}", f"md5:{M1}")
    ),
    Shape(
        "JSON:API",
        doc({"data": [{"type": "hash", "id": "7", "attributes": {"value": P1, "hash_type": "pdq"}}]}),
        (f"pdq:{P1}",),
        ("7",),
    ),
    Shape("MongoDB", nd({"_id": {"$oid": "65a"}, "phash": P1, "md5": M1}), (f"phash:{P1}+md5:{M1}",), ("65a",)),
    Shape(
        "NDJSON, gzip",
        gzip.compress(nd({"id": 7, "hash": P1}, {"md5": M1})),
        (f"pdq:{P1}", f"md5:{M1}"),
        ("7", None),
        file="a.ndjson.gz",
    ),
    Shape(
        "NDJSON, damaged lines",
        nd({"id": 1, "value": P1, "type": "pdq"})
        + b'{"id": 2, "val\n[1]\n"x"\n'
        + nd({"id": 3, "value": P2, "type": "pdq"}),
        (f"pdq:{P1}", f"pdq:{P2}"),
        ("1", "3"),
        bad=(2, 3, 4),
    ),
    Shape(
        "NDJSON, absurd numbers",
        b'{"value":"'
        + P1.encode()
        + b'","quality":1e999}\n{"value":"'
        + P1.encode()
        + b'","quality":NaN}\n{"value":"'
        + P1.encode()
        + b'","t":'
        + b"9" * 5000
        + b'}\n{"value":["x"]}\n'
        + nd({"value": P2}),
        (f"pdq:{P1}", f"pdq:{P2}"),
        bad=(1, 3, 4),
    ),
    Shape(
        "says that it is whole, JSON",
        doc({"whole": True, "data": [{"id": 1, "pdq": P1}]}),
        (f"pdq:{P1}",),
        ("1",),
        whole=True,
    ),
    Shape(
        "says that it is whole, NDJSON", nd({"whole": True}, {"id": 1, "pdq": P1}), (f"pdq:{P1}",), ("1",), whole=True
    ),
    Shape("UTF-16 JSON", doc([{"pdq": P1}]).decode().encode("utf-16"), (f"pdq:{P1}",)),
    Shape(
        "JSON with a comma too many", f'[{{"pdq":"{P1}"}},\n{{"md5":"{M1}"}},\n]'.encode(), (f"pdq:{P1}", f"md5:{M1}")
    ),
    Shape(
        "JSON documents one behind another",
        doc({"data": [{"pdq": P1}]}, indent=1) + b"\n" + doc({"data": [{"md5": M1}]}, indent=1),
        (f"pdq:{P1}", f"md5:{M1}"),
    ),
    Shape(
        "Project VIC",
        doc(
            {
                "@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media",
                "value": [
                    {"MediaID": 1, "Category": 0, "MD5": M1.upper(), "SHA1": SHA1},
                    {"MediaID": 2, "Category": 2, "MD5": M2},
                ],
            }
        ),
        (),
        children=2,
    ),
    Shape(
        "NCMEC's classification",
        doc(
            [
                {
                    "id": "i1",
                    "member": "Example",
                    "classification": "A1",
                    "fingerprints": {"md5": M1, "pdna": PDNA, "pdq": P1},
                },
                {"id": "i2", "member": "Take It Down", "fingerprints": {"md5": M2}},
                {"id": "i3", "classification": "none", "md5": M3},
            ]
        ),
        (f"md5:{M3}",),
        ("i3",),
        children=2,
    ),
    Shape(
        "flags and ages",
        nd(
            {"pdq": P1, "is_csam": True},
            {"pdq": P2, "is_minor": "no"},
            {"pdq": P3, "victim_age": 15},
            {"md5": M1, "iwf_category": "A"},
            {"md5": M2, "csam_score": 0.02},
        ),
        (f"pdq:{P2}", f"md5:{M2}"),
        children=3,
    ),
)

SHAPES = (*LINES, *WRITTEN, *TABLES, *DOCUMENTS)
