"""Lists as security tools write them: STIX, MISP, hashdeep, sums in other dresses."""

from __future__ import annotations

from typing import Any

from tests.list_shapes import DESCRIPTOR, M1, M2, M3, P1, P2, S1, S2, SHA1, Shape, doc, nd, text

INDICATOR = {
    "type": "indicator",
    "spec_version": "2.1",
    "modified": "2026-01-01T00:00:00.000Z",
    "pattern": f"[file:hashes.'SHA-256' = '{S1}' OR file:hashes.MD5 = '{M1}']",
    "pattern_type": "stix",
    "valid_from": "2026-01-01T00:00:00Z",
    "labels": ["ncii"],
}
EVEN = "0f" * 32  # as many bits set as clear, as in a PDQ
WITHDRAWN = {**DESCRIPTOR, "id": "812", "indicator": P2, "raw_indicator": P2, "status": "NON_MALICIOUS"}
ATTRIBUTE = {"id": "1", "type": "md5", "category": "Payload delivery", "to_ids": True, "value": M1, "deleted": False}


def stix(name: str, **other: Any) -> dict[str, Any]:
    """Return an indicator."""
    return {**INDICATOR, "id": f"indicator--{name}", **other}


def misp(uuid: str, **other: Any) -> dict[str, Any]:
    """Return an attribute."""
    return {**ATTRIBUTE, "uuid": uuid, **other}


TOOLS: tuple[Shape, ...] = (
    Shape(
        "STIX 2.1, bundle",
        doc(
            {
                "type": "bundle",
                "id": "bundle--1",
                "objects": [
                    {"type": "identity", "id": "identity--1", "name": "x"},
                    stix("1"),
                    stix("2", revoked=True),
                    stix("3", labels=["csam"]),
                    {"type": "file", "id": "file--1", "hashes": {"MD5": M2, "SHA-256": S2, "SSDEEP": "3:a:b"}},
                    {"type": "x509-certificate", "id": "x509-certificate--1", "hashes": {"SHA-256": S2}},
                    {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.1"},
                    {"type": "file", "id": "file--2", "name": "a.mp4"},
                ],
            }
        ),
        (f"sha256:{S1}+md5:{M1}", f"sha256:{S1}+md5:{M1}", f"sha256:{S2}+md5:{M2}"),
        ("indicator--1", "indicator--2", "file--1"),
        withdrawn=(1,),
        children=1,
        passed=("ssdeep",),
        not_ours=(1, 6, 7, 8),
    ),
    Shape(
        "STIX, patterns",
        nd(
            stix("1", pattern=f"[file:hashes.MD5 IN ('{M1}','{M2}')] FOLLOWEDBY [file:hashes.\"SHA-256\" = '{S2}']"),
            stix("2", pattern=f"[file:hashes.MD5 != '{M1}' AND file:name = 'file:hashes.MD5 = \\'{M1}\\'']"),
            stix("3", pattern=f"[file:hashes.'SHA-1' = '{SHA1}']"),
            stix("4", pattern=f"[file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5 = '{M1}']"),
            stix("5", pattern="rule x { condition: true }", pattern_type="yara"),
            stix("6", valid_until="2020-01-01T00:00:00Z"),
            stix("7", indicator_types=["benign"]),
            stix("8", pattern=f"[file:hashes.MD5 = '{M3}' AND (file:size = 12 OR NOT file:name = 'a')]"),
        ),
        (f"sha256:{S2}+md5:{M1}+md5:{M2}", f"sha256:{S1}+md5:{M1}", f"sha256:{S1}+md5:{M1}", f"md5:{M3}"),
        ("indicator--1", "indicator--6", "indicator--7", "indicator--8"),
        withdrawn=(1, 2),
        not_ours=(2, 3, 4, 5),
    ),
    Shape(
        "STIX, a report calls its objects child abuse",
        doc(
            {
                "more": False,
                "objects": [
                    stix("1"),
                    {
                        "type": "report",
                        "id": "report--1",
                        "name": "CSAM",
                        "object_refs": ["indicator--1", "indicator--2"],
                    },
                    stix("2"),
                    stix("3", pattern=f"[file:hashes.MD5 = '{M2}']"),
                ],
            }
        ),
        (f"sha256:{S1}+md5:{M1}", f"md5:{M2}"),  # the first is withdrawn by the child's row behind it
        ("indicator--1", "indicator--3"),
        children=3,
    ),
    Shape(
        "STIX 2.0, observed data",
        nd(
            {
                "type": "observed-data",
                "id": "observed-data--1",
                "objects": {"0": {"type": "file", "hashes": {"MD5": M1, "SHA-256": S1}}, "1": {"type": "ipv4-addr"}},
            }
        ),
        (f"sha256:{S1}+md5:{M1}",),
        ("observed-data--1",),
    ),
    Shape(
        "MISP, event",
        doc(
            {
                "Event": {
                    "uuid": "e",
                    "info": "x",
                    "Attribute": [
                        misp("1"),
                        misp("2", type="filename|sha256", value=f"a b.mp4|{S1}"),
                        misp("3", to_ids=False),
                        misp("4", deleted=True),
                        misp("5", Tag=[{"name": "csam"}]),
                        misp("6", type="ip-dst", value="192.0.2.1"),
                        misp("7", type="x509-fingerprint-sha256", value=S2),
                    ],
                    "Object": [
                        {
                            "name": "file",
                            "uuid": "8",
                            "Attribute": [misp("a", value=M2), misp("b", type="sha256", value=S2)],
                        },
                        {"name": "file", "uuid": "9", "Attribute": [misp("c", to_ids=False)]},
                        {"name": "url", "uuid": "10", "Attribute": [misp("d", type="url", value="http://192.0.2.1/")]},
                        {"name": "file", "uuid": "11", "Attribute": [misp("e"), misp("f", Tag=[{"name": "csam"}])]},
                    ],
                }
            }
        ),
        (f"md5:{M1}", f"sha256:{S1}", f"md5:{M1}", f"md5:{M1}", f"sha256:{S2}+md5:{M2}", ""),
        ("1", "2", "3", "4", "8", "9"),
        withdrawn=(2, 3, 5),
        children=2,
        not_ours=(6, 7, 10),
    ),
    Shape(
        "MISP, search, one event tagged",
        doc(
            {
                "response": [
                    {"Event": {"info": "x", "Attribute": [misp("1")], "Tag": [{"name": "child-sexual-abuse"}]}},
                    {"Event": {"info": "CSAM hashes", "Attribute": [misp("2")]}},
                    {"Event": {"info": "y", "Attribute": [misp("3", type="malware-sample", value=f"a.mp4|{M2}")]}},
                ]
            }
        ),
        (f"md5:{M2}",),
        ("3",),
        children=2,
    ),
    Shape("MISP, attributes", doc({"response": {"Attribute": [misp("1")]}}, indent=1), (f"md5:{M1}",), ("1",)),
    Shape(
        "MISP, CSV",
        text(
            "uuid,event_id,category,type,value,comment,to_ids,date",
            f'"1",7,"Payload delivery","filename|sha256","a.mp4|{S1}","",1,1700000000',
            f'"2",7,"Payload delivery","md5","{M1}","",0,1700000000',
        ),
        (f"sha256:{S1}", f"md5:{M1}"),
        ("1", "2"),
        withdrawn=(1,),
    ),
    Shape(
        "quoted sums",
        text(f'"{S1}" *"a.mp4"', f'"{M1}"  "b (1).mp4"', f'"{M2}" "c"'),
        (f"sha256:{S1}", f"md5:{M1}", f"md5:{M2}"),
    ),
    Shape(
        "sums of escaped names",
        text(f"\\{M1}  a\\nb.mp4", f"\\{S1} *a\\\\b", f"\\SHA256 (a\\nb) = {S2}", f"SHA2-256(c)= {P1}"),
        (f"md5:{M1}", f"sha256:{S1}", f"sha256:{S2}", f"sha256:{P1}"),
    ),
    Shape(
        "hashdeep",
        text(
            "%%%% HASHDEEP-1.0",
            "%%%% size,md5,sha256,filename",
            "## Invoked from: /srv",
            "## $ hashdeep -r .",
            "##",
            f"123,{M1},{S1},/srv/a,b.mp4",
            f"9,{M2},{S2},/srv/c.mp4",
            f"9,{M3}",
            f"9,{M3},{P1},/srv/csam.mp4",
        ),
        (f"sha256:{S1}+md5:{M1}", f"sha256:{S2}+md5:{M2}"),
        bad=(8,),
        children=1,
    ),
    Shape(
        "hashdeep, SHA-1",
        text("%%%% HASHDEEP-1.0", "%%%% size,md5,sha1,filename", f"123,{M1},{SHA1},a.mp4", end="\r\n"),
        (f"md5:{M1}",),
        passed=("sha1",),
    ),
    Shape(
        "answers page by page",
        doc([{"data": [DESCRIPTOR, WITHDRAWN], "paging": {"next": "x"}}, {"data": []}]),
        (f"pdq:{P1}", f"pdq:{P2}"),
        ("811", "812"),
        withdrawn=(1,),
    ),
    Shape(
        "answers, a page a line",
        nd({"data": [DESCRIPTOR]}, {"data": [WITHDRAWN], "paging": {}}),
        (f"pdq:{P1}", f"pdq:{P2}"),
        ("811", "812"),
        withdrawn=(1,),
    ),
    Shape("a page of child abuse", nd({"category": "csam", "data": [DESCRIPTOR]}), (), children=1),
    Shape(
        "rows by their names",
        doc({"a.png": {"pdq": P1, "md5": M1}, "b.mp4": {"md5": M2}}),
        (f"pdq:{P1}+md5:{M1}", f"md5:{M2}"),
    ),
    Shape(
        "rows by their ids, one withdrawn",
        doc({"811": DESCRIPTOR, "812": WITHDRAWN}, indent=1),
        (f"pdq:{P1}", f"pdq:{P2}"),
        ("811", "812"),
        withdrawn=(1,),
    ),
    Shape(
        "JSON in a cell",
        text("id,hashes", f'1,"{{""pdq"":""{P1}"",""md5"":""{M1}""}}"', f'2,"[""{M2}""]"'),
        (f"pdq:{P1}+md5:{M1}", f"md5:{M2}"),
        ("1", "2"),
    ),
    Shape(
        "names in German",
        text("Dateiname;MD5-Summe;SHA256-Summe", f"a.png;{M1};{S1}"),
        (f"sha256:{S1}+md5:{M1}",),
    ),
    Shape(
        "names in Spanish",
        text("archivo,hash MD5,suma SHA-256,distancia PDQ", f"a.png,{M1},{S1},12"),
        (f"sha256:{S1}+md5:{M1}",),
    ),
    Shape("a table of Markdown", text("| PDQ | MD5 |", "|---|:-:|", f"| {P1} | {M1} |"), (f"pdq:{P1}+md5:{M1}",)),
    Shape(
        "no header: sha256, md5, file",
        text(f"{S1}\t{M1}\ta.png", f"{S2}\t{M2}\tb.mp4"),
        (f"sha256:{S1}+md5:{M1}", f"sha256:{S2}+md5:{M2}"),
    ),
    Shape("no header: pdq, md5, file", text(f"{EVEN},{M1},a.png"), (f"pdq:{EVEN}+md5:{M1}",)),
    Shape(
        "an expiry by another name",
        doc([{"id": "1", "pdq": P1, "expire_time": 1500000000}]),
        (f"pdq:{P1}",),
        ("1",),
        (0,),
    ),
)
