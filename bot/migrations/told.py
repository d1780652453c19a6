"""The step that writes down on what word posts were removed: its statements. Released; never edited."""

from __future__ import annotations

AUTHOR_TOLD = (
    "alter table actions add column rung text",
    # what was removed before: a person's word if its case had been confirmed by then, else the best that its case shows
    """update actions set rung = (
        select case when c.state = 'confirmed' and c.decided_at <= actions.sent_at then 'person'
        when exists (select 1 from evidence e, json_each(e.data, '$.matches') m where e.link = c.link
                     and json_extract(m.value, '$.method') in ('sha256', 'md5')) then 'exact'
        else 'near_face' end from cases c where c.id = actions.case_id)
       where kind = 'remove' and state in ('done', 'undone')
       and coalesce(json_extract(params, '$.order'), '') != 'minor'""",
)
