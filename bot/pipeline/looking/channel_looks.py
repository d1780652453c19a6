"""Where a domain takes notices, asked by a person: what is known, what is proposed, and what they accept of it."""

from __future__ import annotations

from bot import channels, hosts
from bot.channels import own_file
from bot.channels.proposals import Look, Proposal
from bot.config import Config, closest
from bot.errors import UsageError
from bot.model import Actor, Channel
from bot.store import Store


def channel_of(address: str, config: Config) -> tuple[str, Channel]:
    """Return the domain of what a person gave, and whose channel it is: one of which nothing is known, if nobody's.

    `address`: a domain, a web address, or the name of a channel.

    Raises UsageError if it is no domain of the public internet.
    """
    known = channels.registry(config.storage.path)
    named = known.contact(address.strip().lower())
    if named.known and "." not in address:
        return (named.domains or (named.name,))[0], named
    domain = channels.domain_of(address)
    if domain is None:
        raise UsageError(f"{address!r:.80} is no domain of the public internet; give one such as example.org")
    plugs = hosts.configured(config)  # they know their mirrors
    owner = next((plug for plug in plugs if plug.domains and plug.owns(domain)), None)
    theirs = known.contact(owner.name) if owner else None
    if theirs is None or not theirs.domains:  # as of those whose every server has an operator of its own
        theirs = known.channel_for(domain)
    return domain, theirs or Channel(name=domain.removeprefix("www."))


def resembles(domain: str, config: Config) -> str | None:
    """Return in a sentence whom a domain that nobody wrote down may be taken for, or None."""
    bare = domain.removeprefix("www.")
    if any(label.startswith("xn--") for label in bare.split(".")):
        return f"{domain} is written in letters of other alphabets, which may look like a name that you know"
    known = [name for one in channels.registry(config.storage.path) for name in one.domains]
    labels = {label for name in known for label in name.split(".")[:-1] if len(label) > 5}
    near = closest(bare, known) or next((label for label in sorted(labels) if label in bare), None)
    return f"{domain} is not {near}, though it looks like it" if near else None


def accept(look: Look, name: str, channel: Channel, config: Config, store: Store, *, by: Actor) -> Proposal:
    """Write one of the proposals into the operator's file, as read today by whoever accepts it; return it.

    `name`: as `Look.named` gives it. Raises UsageError if it is none of them any more, or not for accepting.
    """
    proposals = dict(look.named())
    found = proposals.get(name)
    if found is None:
        shown = f"it is {', '.join(proposals)} now" if proposals else "nothing is proposed now"
        raise UsageError(f"{name!r:.40} is not among what is proposed for {look.domain}; {shown}: look at it first")
    if found.registrar:
        raise UsageError(f"{found.value} is the registrar's, who runs no server of {look.domain}; write to it by hand")
    if found.kind == "phone":
        raise UsageError("a notice is not given by telephone; call it yourself")
    if found.kind == "form" and channel.forms:
        raise UsageError(
            f"{channel.name} has forms already; write [[{channel.name}.forms]] into {channels.OWN}, "
            "with those that stay"
        )
    today = store.connection.clock.now().date()
    rest = f"; the rest: {channel.source}" if channel.source and channel.source != found.source else ""
    source = f"{found.source}, accepted by {by.name}{rest}"
    values: dict[str, own_file.Value] = {} if channel.domains else {"domains": (channel.name,)}
    values |= {found.kind: found.value, "verified_on": today, "source": source}
    own_file.write(config.storage.path / channels.OWN, channel.name, values)
    store.audit.record(by=by, what=f"channel accepted: {found.kind}", subject=channel.name)
    return found
