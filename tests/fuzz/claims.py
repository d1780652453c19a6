"""What people who say that they are depicted write to moderators."""

from __future__ import annotations

from bot.pipeline.commands.parser import Command, read_bare, read_message
from bot.pipeline.helping import words
from tests.fuzz.drawn import Drawn

EXAMPLES = (
    "Hello, that's me in this video and I never agreed to it, please take it down https://redd.it/1abcd2",
    "My ex made a deepfake of me. I was 16 when the pictures were taken.",
    "Das bin ich auf den Bildern, ich habe dem nie zugestimmt. Bitte löschen Sie das Video.",
    "C'est moi sur cette vidéo, je n'ai jamais donné mon accord, j'étais mineure",
    "Soy yo la del vídeo, nunca di mi consentimiento; tenía 15 años",
    "Why was my post removed? It is not me, it's a meme about a girl band.",
    "someone posted my nudes without my consent and they won't take them down",
    "gifwarden, undo https://redd.it/1abcd2",
    "This shows a minor. I was underage, she was under 18 at the time, and it is csam.",
    "I am 19 years old, no minors are depicted, this is not csam",
)
WORDS = (
    "that's me", "it is me", "this is me", "not", "n't", "me", "my", "i", "am", "was", "video", "deepfake", "nudes",
    "without", "consent", "underage", "minor", "16", "years old", "das bin ich", "nicht", "ich", "c'est moi",
    "soy yo", "no soy", "ex", "posted", "removed", "ban", "girl", "'", "\u2019", "\u00b4", "`", "ß", "ẞ", "İ", "ﬁ",
    "\u0301", "é", "\u200b", "\n", "\n\n", ".", ",", "?", "!", " ", "   ", "https://", "://", "/u/", "gifwarden",
    "gifwarden, undo", "@gifwarden stop", "> ", "```", "help", "stop", "undo", "allow", "minor C-0123456789",
    "aaaaaaaaaaaaaaaa", "my my my my ", "\ud800", "\U0001f469\u200d",
)  # fmt: skip
NAMES = ("gifwarden", "example_bot")


def check(drawn: Drawn) -> None:
    """A text is read in time, and none that begins with other words than the bot's name gives an order."""
    text = drawn.text(EXAMPLES, WORDS)
    said = words.claims(text)
    assert said is None or said in words.LANGUAGES
    assert words.may_be_under_18(text) in (True, False)
    told = f"Hello, {text}"
    for case in (None, "C-0123456789"):
        assert not isinstance(read_message(told, names=NAMES, case=case), Command), told
        quoted = "\n".join(f"> {line}" for line in text.splitlines())
        assert read_message(quoted, names=NAMES, case=case) is None, quoted
    if said is not None:
        assert read_bare(text) is None, "a claim that is an order"
        assert words.claims(f"{text} ") is not None or len(text) >= words.MAX_TEXT
