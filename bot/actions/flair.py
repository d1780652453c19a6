"""Set a submission's flair."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.actions.base import ActionContext, Plug, Probe, alive, fit, last_decision, present, submission
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt

MAX_FLAIR = 64  # characters, Reddit's limit
FLAIRED = frozenset({"editflair"})


class Flair(Plug):
    """`text`, `css_class` or `template` (a flair template's id); `overwrite`: "true" to replace one that is there."""

    kind = "flair"
    help = "Set the submission's flair; undone by the one before, while nobody has changed it since."
    example = PlannedAction(kind="flair", params={"text": "Under review"})
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"text", "css_class", "template", "overwrite"})
    repeatable = True
    rights = frozenset({"posts", "flair"})

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Set it, unless another one is there that must not be overwritten."""
        submission(action, "carry a flair")
        wanted = _wanted(action)
        data = alive(action, world)
        if _stands(wanted, data):
            return Receipt(detail="it had that flair already")
        if data.get("link_flair_text") and action.params.get("overwrite") != "true":
            return Receipt(detail="it had another flair, which stays")
        before = {name: str(data.get(f"link_flair_{key}") or "") for name, key in _FIELDS.items()}
        world.api.flair(action.subreddit, action.post, **wanted)
        return Receipt(detail="flair set", reference=json.dumps(before))

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our line in the mod log: a flair that was changed since was still set."""
        if world.api.thing(action.post) is None:
            return "unknown"
        try:
            ours = last_decision(action, world, wanted=FLAIRED, by=world.api.me())
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Set the flair that was there before."""
        last = last_decision(action, world, wanted=FLAIRED)
        if last is None:
            raise UsageError(f"the mod log does not show that we set a flair on {action.post}; look at it on Reddit")
        if last.moderator.casefold() != world.api.me().casefold():
            raise UsageError(
                f"{last.moderator} changed the flair of {action.post} after us, and that stands;"
                " decide on Reddit yourself"
            )
        receipt = world.receipt(action.id)
        if receipt is None or receipt.reference is None:
            raise UsageError(f"nobody knows which flair {action.post} had before; set it on Reddit")
        if not _stands(_wanted(action), present(action, world)):
            return Receipt(detail="it does not carry our flair any more", reference=receipt.reference)
        world.api.flair(action.subreddit, action.post, **json.loads(receipt.reference))
        return Receipt(detail="the flair before is back", reference=receipt.reference)


_FIELDS = {"text": "text", "css_class": "css_class", "template": "template_id"}


def _wanted(action: Action) -> dict[str, str]:
    given = {name: action.params.get(name, "").strip() for name in _FIELDS}
    if not any(given.values()):
        raise UsageError(f"action {action.id} names no flair; give the rule a text or a template")
    return given | {"text": fit(given["text"], "", MAX_FLAIR)}


def _stands(wanted: Mapping[str, str], data: Mapping[str, Any]) -> bool:
    """Whether the flair is there. A template without a text brings its own."""
    if wanted["template"] and data.get("link_flair_template_id") != wanted["template"]:
        return False
    return str(data.get("link_flair_text") or "") == wanted["text"] or bool(wanted["template"] and not wanted["text"])
