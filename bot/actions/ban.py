"""Ban a user. Only a person orders it, by name and with a reason; no rule can ask for it."""

from __future__ import annotations

from bot.actions.base import ActionContext, Plug, Probe, fit, last_decision
from bot.errors import UsageError
from bot.model import Action, Mode, PlannedAction, Receipt
from bot.plural import many

MAX_NOTE = 100  # characters; Reddit takes 300, moderators' lists show about this much
MAX_DAYS = 999  # Reddit's limit of a ban that ends
BANS = frozenset({"banuser", "unbanuser"})


class Ban(Plug):
    """`user`, `by` (who orders it) and `why`; `days` (empty: for good) and `message`, which the user reads."""

    kind = "ban"
    help = "Ban a user; only ordered by a person, never by a rule; undone while nobody has changed it since."
    example = PlannedAction(
        kind="ban", params={"user": "somebody", "by": "alice", "why": "Known fakes, again", "days": "7"}
    )
    modes: frozenset[Mode] = frozenset({"enforce"})
    takes = frozenset({"user", "by", "why", "days", "message"})
    repeatable = True
    rights = frozenset({"access"})
    by_rule = False

    def perform(self, action: Action, world: ActionContext) -> Receipt:
        """Ban, unless the user is banned already."""
        user, note, days = _order(action)
        if world.api.banned(action.subreddit, user):
            return Receipt(detail="the user was banned already")
        world.api.ban(action.subreddit, user, note=note, message=action.params.get("message", ""), days=days)
        return Receipt(detail=f"banned for {many(days, 'day')}" if days else "banned", reference=user)

    def probe(self, action: Action, world: ActionContext) -> Probe:
        """Look for our line in the mod log: a ban that was lifted since was still done."""
        user, _, _ = _order(action)
        try:
            ours = last_decision(action, world, wanted=frozenset({"banuser"}), by=world.api.me(), user=user)
        except UsageError:
            return "unknown"
        return "done" if ours else "absent"

    def undo(self, action: Action, world: ActionContext) -> Receipt:
        """Lift the ban, if nobody has changed it since."""
        user, _, _ = _order(action)
        last = last_decision(action, world, wanted=BANS, user=user)
        if last is None:
            raise UsageError("the mod log shows no ban of that user by us; look at it on Reddit")
        if last.moderator.casefold() != world.api.me().casefold():
            raise UsageError(
                f"{last.moderator} acted on that user after us ({last.action}), and that stands;"
                " decide on Reddit yourself"
            )
        if last.action == "unbanuser":
            return Receipt(detail="the ban was lifted already")
        world.api.unban(action.subreddit, user)
        return Receipt(detail="ban lifted")


def _order(action: Action) -> tuple[str, str, int | None]:
    """Return user, note and days. Raises UsageError for what no person ordered."""
    user, by, why = (action.params.get(name, "").strip() for name in ("user", "by", "why"))
    if not (user and by and why):
        raise UsageError(f"action {action.id} does not say who bans whom and why; order it with: gifwarden ban")
    days = action.params.get("days", "").strip()
    if days and not (days.isascii() and days.isdigit() and 0 < int(days) <= MAX_DAYS):
        raise UsageError(f"action {action.id} bans for {days!r} days; give 1 to {MAX_DAYS}, or none for good")
    return user, fit(why, f" (ordered by {by})", max(MAX_NOTE, len(by) + 20)), int(days) if days else None
