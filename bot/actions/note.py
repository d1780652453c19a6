"""Write a note on a post's author, which only moderators of that subreddit see."""

from __future__ import annotations

from bot.actions.base import ActionContext, Plug, Probe, alive, fit, mark_of
from bot.errors import RedditError, UsageError
from bot.model import Action, Mode, PlannedAction, Receipt

MAX_NOTE = 250  # characters, Reddit's limit


class Note(Plug):
    """`text` is what moderators read; `label` is one of Reddit's, such as ABUSE_WARNING, or empty."""

    kind = "note"
    help = "Write a moderators' note on the author, at most 250 characters; undone by deleting it."
    example = PlannedAction(kind="note", params={"text": "Posted a known fake", "label": "ABUSE_WARNING"})
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"text", "label"})
    repeatable = False

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Write it, once."""
        author = str(alive(action, world).get("author") or "")
        if author in ("", "[deleted]"):
            raise RedditError(
                f"the author of {action.post} is gone, so there is nobody to write a note on", retry=False
            )
        label = action.params.get("label", "")
        number = world.api.add_note(action.subreddit, author, _text(action), label=label, thing=action.post)
        return Receipt(detail="note written", reference=number)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for the note by its text, which no other action shares."""
        return "done" if self.recover(action, world) else "absent" if self._author(action, world) else "unknown"

    def recover(self, action: Action, world: ActionContext) -> Receipt | None:
        """Find the note again."""
        author = self._author(action, world)
        if not author:
            return None
        text, me = _text(action), world.api.me().casefold()
        for note in world.api.notes(action.subreddit, author):
            if note.text == text and note.by.casefold() == me:
                return Receipt(detail="note written", reference=note.id)
        return None

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Delete the note."""
        author = self._author(action, world)
        if not author:
            raise UsageError(f"{action.post} does not show its author any more; delete the note on Reddit")
        known = world.receipt(action.id) or self.recover(action, world)
        number = known.reference if known else None
        if number is None:
            raise UsageError(f"our note about {action.post} is not found; delete it on Reddit")
        if all(note.id != number for note in world.api.notes(action.subreddit, author)):
            return Receipt(detail="the note was deleted already")
        world.api.delete_note(action.subreddit, author, number)
        return Receipt(detail="note deleted")

    def _author(self, action: Action, world: ActionContext) -> str:
        thing = world.api.thing(action.post)
        author = str(thing["data"].get("author") or "") if thing else ""
        return "" if author == "[deleted]" else author


def _text(action: Action) -> str:
    text = action.params.get("text", "").strip()
    if not text:
        raise UsageError(f"action {action.id} has no text for a note; give the rule one")
    return fit(text, f" {mark_of(action)}", MAX_NOTE)
