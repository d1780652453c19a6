"""The step that gives entries a past: what was noted of them, and which cases they matched."""

from __future__ import annotations

# of one link's evidence: label of the entry, how it was found
_FOUND = """select json_extract(m.value, '$.entry') as label,
    case when json_extract(m.value, '$.method') in ('sha256', 'md5') then 'exact'
         when json_extract(m.value, '$.suppressed') then 'suppressed' else 'near' end as how
    from evidence e, json_each(e.data, '$.matches') m where e.link = {link}
    union all select json_extract(s.value, '$.entry'), 'same_footage'
    from evidence e, json_each(e.data, '$.source') s where e.link = {link}"""
_KEEP = """insert into entry_cases (entry, case_id, how)
    select x.id, {case}, min(f.how) from ({found}) f join entries x on x.label = f.label where true group by x.id
    on conflict do update set how = excluded.how"""
_OF_LINK = "(select id from cases where link = {link})"

ENTRY_PAST = (
    """create table entry_notes (
        entry integer not null references entries on delete cascade,
        member integer not null references team, credential text not null, at text not null, sealed blob not null,
        primary key (entry, member)) strict""",
    """create table entry_cases (
        entry integer not null references entries on delete cascade,
        case_id integer not null references cases on delete cascade, how text not null,
        primary key (entry, case_id)) strict, without rowid""",
    "create index entry_cases_case on entry_cases (case_id)",
    "create index entry_origins_source on entry_origins (source, entry)",
    # by triggers, so that whoever opens a case or finds more for it counts in the same transaction
    f"""create trigger entry_cases_opened after insert on cases begin
        {_KEEP.format(case="new.id", found=_FOUND.format(link="new.link"))}; end""",
    f"""create trigger entry_cases_found after update of data on evidence
        when exists (select 1 from cases where link = new.link) begin
        {_KEEP.format(case=_OF_LINK.format(link="new.link"), found=_FOUND.format(link="new.link"))}; end""",  # noqa: S608  words of ours
    """create trigger entry_cases_purged after delete on evidence begin
        delete from entry_cases where case_id in (select id from cases where link = old.link); end""",
    """insert or ignore into entry_cases (entry, case_id, how)
       select x.id, c.id, case when json_extract(m.value, '$.method') in ('sha256', 'md5') then 'exact'
                               when json_extract(m.value, '$.suppressed') then 'suppressed' else 'near' end
       from cases c join evidence e on e.link = c.link, json_each(e.data, '$.matches') m
       join entries x on x.label = json_extract(m.value, '$.entry') order by 3""",
    """insert or ignore into entry_cases (entry, case_id, how)
       select x.id, c.id, 'same_footage' from cases c
       join evidence e on e.link = c.link, json_each(e.data, '$.source') s
       join entries x on x.label = json_extract(s.value, '$.entry')""",
)
ALLOW_PAIRS_AGAINST = ("create index allow_pairs_against on allow_pairs (against)",)
