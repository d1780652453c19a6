"""Notices of one ground and person: what was drafted before, and what people take off."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database


def m0076_notice_drafts(db: Database) -> None:
    """Know what media on notices matched, what a person took off a draft, and what happened until now.

    Drafts that hold different media are left as they are: which of it belongs together, only a person can say, so they
    cannot be stated before one has split them. What happened is told by the moments that a notice has.
    """
    db.execute(
        """create table notice_drops (
            case_id integer primary key references cases on delete cascade,
            notice text not null references notices on delete cascade, at text not null,
            member integer not null references team) strict"""
    )
    _forgotten(db)
    _known(db)
    _told(db)


def _forgotten(db: Database) -> None:
    """Let what was recorded of an entry, a person or a media go with it."""
    db.execute(
        """create trigger grounds_withdrawn after update of state on entries when new.state = 'withdrawn' begin
            delete from grounds where entry = new.id; end"""
    )
    db.execute(
        """create trigger grounds_forgotten after delete on persons begin
            delete from grounds where person = old.label; end"""
    )
    gone = """update notice_events set host_id = null where notice = old.notice and host_id = old.host_id
        and not exists (select 1 from notice_items i where i.notice = old.notice and i.host_id = old.host_id)"""
    db.execute(f"create trigger notice_items_gone after delete on notice_items begin {gone}; end")
    db.execute(f"create trigger notice_items_moved after update of notice on notice_items begin {gone}; end")


def _known(db: Database) -> None:
    """Write down what media on notices matched, as far as its evidence is there."""
    rows = db.execute(
        """select i.rowid, v.data from notice_items i join cases c on c.id = i.case_id
            join evidence v on v.link = c.link"""
    ).fetchall()
    for id_, data in rows:
        evidence = json.loads(data)
        entry, person = _entry(evidence.get("matches")), _person(evidence.get("faces"))
        db.execute(
            "update notice_items set entry = (select id from entries where label = ?), person = ? where rowid = ?",
            [entry, person, id_],
        )
    for column in ("entry", "person"):
        db.execute(
            f"""update notices set {column} = (
                select max({column}) from notice_items i where i.notice = notices.label
                having count(*) = count({column}) and count(distinct {column}) = 1)"""  # noqa: S608  names of ours
        )


def _entry(matches: Any) -> str | None:
    """Return the entry of which a media is a copy, the exact file before others."""
    found = [
        match
        for match in matches or ()
        if match.get("bank_kind") in ("block", "watch")
        and not match.get("suppressed")
        and match.get("face_region") != "differs"
    ]
    best: dict[str, Any] = min(found, key=lambda match: match.get("method") not in ("sha256", "md5"), default={})
    return best.get("entry")


def _person(faces: Any) -> str | None:
    """Return the protected person whom a media shows, the surest before others."""
    found = [face for face in faces or () if isinstance(face, dict) and face.get("person")]
    best: dict[str, Any] = max(found, key=lambda face: face.get("probability") or 0, default={})
    return best.get("person")


def _told(db: Database) -> None:
    db.execute(
        """insert into notice_events (notice, at, kind, detail, by_member)
            select label, at, kind, '', member from (
                select label, created_at as at, 'drafted' as kind, null as member from notices
                union all select label, stated_at, 'confirmed', stated_member from notices where stated_at is not null
                union all select label, sent_at, 'sent', null from notices where sent_at is not null
                union all select label, updated_at, 'retracted', null from notices where state = 'retracted') as known
            where not exists (select 1 from notice_events e where e.notice = known.label and e.kind = known.kind)
            order by at"""
    )


def m0081_notice_items_found(db: Database) -> None:
    """Find media on notices by its id, what it matched and its file: a raid is drafted case by case."""
    for column in ("host_id", "entry", "sha256"):
        db.execute(f"create index notice_items_{column} on notice_items ({column})")
