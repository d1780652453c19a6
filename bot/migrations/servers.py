"""Notices to hosts without domains of their own: each server is told by itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlite_utils import Database


def m0078_notices_of_servers(db: Database) -> None:
    """Name notices about direct files by the server that has them.

    What was drafted for several servers at once is left as it is: a person has to split it.
    """
    for (label,) in db.execute("select label from notices where host = 'direct'").fetchall():
        urls = db.execute("select url from notice_items where notice = ?", [label]).fetchall()
        names = {(urlsplit(url).hostname or "").rstrip(".").removeprefix("www.") for (url,) in urls}
        if len(names) == 1 and all(names):
            db.execute("update notices set host = ? where label = ?", [names.pop(), label])
