"""What a text of a notice may name: the only things that a template can reach. All of them are plain text."""

from __future__ import annotations

from collections.abc import Mapping

VALUES: Mapping[str, str] = {
    "host": "the host's name",
    "number": "our number of the notice",
    "day": "the day on which it was stated",
    "title": "the class of the report, by ground",
    "shown": "what one sees, by ground",
    "why": "why it should not be there, by capacity and ground",
    "detail": "the ground's detail, as a person wrote it",
    "illegal": "as what illegal content it is held, by ground",
    "policy": "address of the host's own rules; may be empty",
    "policy_name": "what the host calls them; may be empty",
    "category": "what the host's rules call this kind, where it asks for that; may be empty",
    "law": "the national law that the signer states; may be empty",
    "access": "what is needed to see it, such as a login; may be empty",
    "role": "the capacity, in words",
    "organisation": "who sends; may be empty for the person depicted",
    "name": "the person who states it; empty where that person is not named",
    "signer": "who signs: the organisation, the person, or both",
    "contact": "an address that is answered",
    "good_faith": "the statement of DSA 16(2)(d), by capacity",
    "belief": "the statement of 47 USC 223a(a)(1)(B)(iii); empty for a third party",
    "count": "how many items there are, a number",
    "ids": "the host's ids as far as they fit a subject",
    "more": "how many ids did not fit, a number",
    "uk": "0 if the host is known to serve nothing in the United Kingdom, else 1",
    "hashes": "1 if any item has hashes, else 0",
    "items": "the items, to loop over",
    "items.id": "the host's own id",
    "items.url": "the host's public page",
    "items.fetched": "when our copy was fetched",
    "items.seen": "when a person looked at it; may be empty",
    "items.times": "where in the host's clip; may be empty",
    "items.rendition": "which of the host's files was hashed; may be empty",
    "items.title": "as above, where the item's ground differs; else empty",
    "items.why": "the same",
    "items.detail": "the same",
    "items.hashed": "1 if the item has hashes, else 0",
    "items.hashes": "hashes, to loop over: each a kind and a value",
    "start": "where a range begins; in the sentence `range` alone",
    "end": "where it ends; there alone",
    "sent": "when the notice left; empty in the notice itself",
    "acknowledged": "when the host confirmed receipt; may be empty",
    "looked": "when the items were last looked for and found; may be empty",
    "decided": "when the host decided; may be empty",
    "answer": "what the host said, in our words; may be empty",
    "complained": "when we complained to the host; may be empty",
    "reference": "the host's own number; may be empty",
    "reason": "a person's sentence: why it is retracted, or what is complained of; may be empty",
    "partly": "1 if the rest of the notice stands, else 0",
}
"""Name → what it is. What a loop runs over has its fields after a dot."""

LISTS = frozenset({"items", "items.hashes"})
