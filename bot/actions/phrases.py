"""What a notice may say, by capacity and ground. Data only: `wording.py` puts it together.

Each claim stands under the capacities that may make it. `third_party_notifier` says what was found and by whom it was
told; only the two others speak for or as the person depicted.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Capacity, Ground

GROUNDS: Mapping[Capacity, tuple[Ground, ...]] = {
    "third_party_notifier": ("original_footage", "depicted_person", "citable_list", "public_statement"),
    # Who speaks for or as the person has the person's word; a list would be less.
    "authorised_representative": ("original_footage", "depicted_person", "public_statement"),
    "depicted_person": ("original_footage", "depicted_person", "public_statement"),
}
"""The grounds that fit each capacity."""

TITLE: Mapping[Ground, str] = {
    "original_footage": "Sexual deepfake",
    "depicted_person": "Non-consensual intimate media",
    "citable_list": "Non-consensual intimate media (listed)",
    "public_statement": "Non-consensual intimate media",
}
"""The class of the report, in the words by which desks sort."""

SHOWN: Mapping[Ground, str] = {
    "original_footage": "sexual media in which the face was replaced by another person's (deepfake).",
    "depicted_person": "sexual media of a person who says that they did not consent.",
    "citable_list": "sexual media that stands on a list of non-consensual intimate media.",
    "public_statement": "sexual media that a public statement calls non-consensual.",
}
"""What one sees at the address."""

ASKS: Mapping[Capacity, str] = {
    "third_party_notifier": "please review and remove {which} and identical copies.",
    "authorised_representative": "I ask you to remove {which} and identical copies.",
    "depicted_person": "I ask you to remove {which} and identical copies.",
}
"""What the host is asked to do. It sets no deadline: that is not ours to set."""

ROLE: Mapping[Capacity, str] = {
    "third_party_notifier": "third party",
    "authorised_representative": "authorised representative of the person depicted",
    "depicted_person": "the person depicted",
}
"""The capacity, in words."""

WHY: Mapping[Capacity, Mapping[Ground, str]] = {
    "third_party_notifier": {
        "original_footage": (
            "it is made from other footage, which shows another face, and we know of no consent by the person whose"
            " face was added. The original footage:"
        ),
        "depicted_person": "the person depicted has told us that it was made or shared without consent. In short:",
        "citable_list": "it matches an entry of this list:",
        "public_statement": "it is the media that this public statement speaks of:",
    },
    "authorised_representative": {
        "original_footage": (
            "it is made from other footage, and the person whose face was added, for whom I act, did not consent. The"
            " original footage:"
        ),
        "depicted_person": "the person depicted, for whom I act, did not consent to it being made or shared. In short:",
        "public_statement": "the person depicted, for whom I act, did not consent, and has said so in public:",
    },
    "depicted_person": {
        "original_footage": (
            "it is made from other footage; the face that was added is mine, and I did not consent. The original"
            " footage:"
        ),
        "depicted_person": "I am the person depicted, and I did not consent to it being made or shared. In short:",
        "public_statement": "I am the person depicted; I did not consent, and have said so in public:",
    },
}
"""The substantiated reason. The ground's detail follows it."""

_WITHOUT_CONSENT = "sexually explicit media, made or published without the consent of the person shown; Article 5(1)"
LAW: Mapping[Ground, str] = {
    "original_footage": (
        "sexually explicit media, altered and published without the consent of the person whose face it shows;"
        " Article 5(1)(b)"
    ),
    "depicted_person": _WITHOUT_CONSENT,
    "citable_list": _WITHOUT_CONSENT,
    "public_statement": _WITHOUT_CONSENT,
}
"""The kind of illegal content that is alleged, by Article 5 of Directive (EU) 2024/1385."""

_DSA = "Notice under Article 16(2) of Regulation (EU) 2022/2065 (DSA)"
_REASONS = "(a) Reasons: as above. Alleged: {law} of Directive (EU) 2024/1385."
_WHERE = "(b) Exact addresses: the items above."
_FROM = "(c) From: {who}, {contact}"
_TRUE = "(d) {we} in good faith that the information and allegations in this notice are accurate and complete."

_REQUEST = "Request under the TAKE IT DOWN Act, 47 U.S.C. 223a(a)(1)(B)"
_SIGNED = "(i) Electronic signature: /s/ {name}, {day}"
_DEPICTIONS = "(ii) Depictions, and where they are: the items above."
_REACHED = "(iv) Contact: {name}, {contact}"

DECLARED: Mapping[Capacity, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "third_party_notifier": ((_DSA, (_REASONS, _WHERE, _FROM, _TRUE.replace("{we}", "We believe"))),),
    "authorised_representative": (
        (
            _REQUEST,
            (
                _SIGNED,
                _DEPICTIONS,
                "(iii) I am authorised to act on behalf of the identifiable individual depicted, who believes in good"
                " faith that the depictions are not consensual, for the reasons above.",
                _REACHED,
            ),
        ),
        (_DSA, (_REASONS, _WHERE, _FROM, _TRUE.replace("{we}", "I believe"))),
    ),
    "depicted_person": (
        (
            _REQUEST,
            (
                _SIGNED,
                _DEPICTIONS,
                "(iii) I am the identifiable individual depicted, and I believe in good faith that the depictions are"
                " not consensual, for the reasons above.",
                _REACHED,
            ),
        ),
        (_DSA, (_REASONS, _WHERE, _FROM, _TRUE.replace("{we}", "I believe"))),
    ),
}
"""The statements that the law asks for: title and points."""
