"""Which media a case is about, as a keyed digest: by it the posts of one raid are found as one group."""

from __future__ import annotations

import json
from typing import Any

from bot.encryption import FieldCipher
from bot.model import PREVIEW, Evidence
from bot.store.base import Connection, Row

BATCH = 2000  # cases a transaction
ALONE = "alone:"  # in front of the number of a case whose media is forgotten: it is nobody's like

_KNOWN = """select c.id, e.data, l.url, l.host, l.host_id, l.kind, l.source, s.host as whole_host,
            coalesce(s.host_id, s.url) as whole from cases c join links l on l.id = c.link
            left join evidence e on e.link = l.id left join links s on s.id = l.stands_for"""


class CaseMedia:
    """Column media of table cases. Without a key nothing is written, and each case is a group of its own."""

    def __init__(self, connection: Connection, seal: FieldCipher | None) -> None:
        self._c = connection
        self._seal = seal

    def mark(self, case: int) -> None:
        """Write down which media a case is about, as its evidence tells now."""
        row = self._c.one(f"{_KNOWN} where c.id = ?", (case,))
        if self._seal is not None and row is not None:
            self._c.run("update cases set media = ? where id = ?", (self._key(row), case))

    def fill(self) -> None:
        """Do that for cases of an earlier version. It may be cut at any point."""
        if self._seal is None:
            return
        last = -1
        while self._c.value("select exists (select 1 from cases where media is null and id > ?)", (last,)):
            with self._c:
                rows = self._c.rows(
                    f"{_KNOWN} where c.media is null and c.id > ? order by c.id limit {BATCH}",
                    (last,),
                )
                self._c.run_many(
                    "update cases set media = ? where id = ?", [(self._key(row), row["id"]) for row in rows]
                )
            last = rows[-1]["id"] if rows else last

    def of_files(self, evidence: Evidence) -> str | None:
        """Return the digest of the very files that evidence tells of, None if it does not name all of them."""
        files = _files({"media": [{"sha256": one.sha256, "md5": one.md5} for one in evidence.media]})
        return None if evidence.link.source == PREVIEW else self._of(files)

    def of_file(self, sha256: str) -> str | None:
        """Return the digest of what is one file and no other, None without a key."""
        return self._of([sha256])

    def _of(self, files: list[str]) -> str | None:
        if self._seal is None or not files:
            return None
        return self._seal.keyed_digest(f"media of a case: {json.dumps({'files': files}, sort_keys=True)}")

    def _key(self, row: Row) -> str:
        """Return the digest of the files behind a case's link; of where it leads, if one of them is not known."""
        assert self._seal is not None, "asked by callers"
        if row["url"].startswith(("forgotten:", "minor:")):
            return f"{ALONE}{row['id']}"
        files = _files(json.loads(row["data"])) if row["data"] else []
        told: dict[str, Any] = {"files": files}
        if not files:
            told = {"host": row["host"], "id": row["host_id"] or row["url"], "kind": row["kind"]}
        if row["source"] == PREVIEW:  # two clips may have one preview
            told["preview_of"] = [row["whole_host"] or row["host"], row["whole"] or row["host_id"] or row["url"]]
        return self._seal.keyed_digest(f"media of a case: {json.dumps(told, sort_keys=True)}")


def _files(evidence: dict[str, Any]) -> list[str]:
    """Return the digests of all files in evidence, each once and sorted; none if one has none."""
    found = [info.get("sha256") or info.get("md5") for info in evidence.get("media") or ()]
    return sorted(set(found)) if all(found) else []
