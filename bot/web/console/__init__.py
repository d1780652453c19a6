"""The console: pages on which moderators decide with a browser.

One file a page, with its template beside it, and one line in PAGES, which stand in the order of the navigation. A page
reads through `visit.store`, and does nothing by itself: it calls the pipeline with `visit.act(verb, …)`.
"""

from __future__ import annotations

from bot.web.console import (
    actions,
    answers,
    anything,
    audit,
    banks,
    case,
    channels,
    claims,
    deciding,
    entries,
    entry,
    exchanges,
    files,
    hosts,
    look,
    me,
    minor,
    notice_by_hand,
    notice_items,
    notice_steps,
    notice_texts,
    notices,
    people,
    persons,
    quarantine,
    queue,
    rules,
    sign_in,
    withdrawals,
)
from bot.web.console.base import Page

PAGES: tuple[Page, ...] = (
    queue.PAGE,
    case.PAGE,
    deciding.PAGE,
    look.PAGE,
    minor.PAGE,
    claims.PAGE,
    actions.PAGE,
    notices.PAGE,
    notice_items.PAGE,
    notice_steps.PAGE,
    answers.PAGE,
    notice_by_hand.PAGE,
    banks.PAGE,
    entries.PAGE,
    entry.PAGE,
    exchanges.PAGE,
    withdrawals.PAGE,
    rules.PAGE,
    notice_texts.PAGE,
    hosts.PAGE,
    channels.PAGE,
    quarantine.PAGE,
    persons.PAGE,
    audit.PAGE,
    people.PAGE,
    anything.PAGE,
    me.PAGE,
    sign_in.PAGE,
    files.PAGE,
)
