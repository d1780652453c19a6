"""What counts as an order, and what is said to who wrote something else."""

# ruff: noqa: RUF001  look-alikes are what is tried

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.confusables import garbled, latin
from bot.pipeline.commands.parser import (
    ALWAYS_NAMED,
    NEED_TARGET,
    VERBS,
    BadCommand,
    Command,
    read_bare,
    read_message,
    read_reason,
    target_of,
)
from bot.pipeline.commands.talk import goes_on, is_reason, speaks_against
from tests.fuzz.drawn import Drawn
from tests.fuzz.held import held

NAMES = ("gifwarden", "u/gifwarden_bot", "gifwarden_bot")
CASE = "C-3f9c2a71b0"
TALK = Path(__file__).parent / "data" / "order_talk.txt"


def heard(text: str, *, case: str | None = None) -> Command | BadCommand | None:
    """Read a message."""
    return read_message(text, names=NAMES, case=case)


def talk(*, bare: bool = False) -> list[str]:
    """Return the sentences that are no orders; `bare`: verbs alone."""
    sentences, _, alone = TALK.read_text(encoding="utf-8").partition("# bare\n")
    lines = (alone if bare else sentences).splitlines()
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in lines if line.strip() and line[0] != "#"]


def test_enough_talk_is_tried() -> None:
    """At least 300 different sentences, some of each language."""
    assert len(set(talk())) >= 300
    assert {line[2:].split(",")[0] for line in TALK.read_text(encoding="utf-8").splitlines() if line[:2] == "# "} >= {
        "English", "French", "German", "Spanish",
    }  # fmt: skip


@pytest.mark.parametrize("case", [None, CASE])
def test_no_sentence_of_moderators_is_an_order(case: str | None) -> None:
    """Whatever they write to users and each other, with and without a case at hand, by mail or as a report's reason."""
    for sentence in [*talk(), *talk(bare=True)]:
        assert not isinstance(heard(sentence, case=case), Command), sentence
        if not sentence[0].isspace():  # a report has no code
            assert read_reason(sentence, names=NAMES, reasons={"bank": "Known fake"}) is None, sentence
    for sentence in talk():
        assert read_bare(sentence) is None, sentence
    assert all(read_bare(verb) is not None for verb in talk(bare=True))


@pytest.mark.parametrize(
    "link",
    [
        "https://www.reddit.com/r/clips/comments/1abcd2/a_title/",
        "https://old.reddit.com/r/clips/comments/1abcd2",
        "https://new.reddit.com/r/clips/comments/1abcd2/a_title/?utm_source=share",
        "np.reddit.com/r/clips/comments/1abcd2/a_title/k1b2c3d/?context=3",
        "https://redd.it/1abcd2",
        "https://www.reddit.com/gallery/1abcd2",
        "/r/clips/comments/1abcd2/a_title/",
        "https://www.reddit.com/r/clips/s/a1B2c3D4e5",
    ],
)
@pytest.mark.parametrize("around", ["{}", "<{}>", "[this post]({})", "({}).", "**{}**", "{} please"])
def test_a_permalink_of_any_form_is_a_target(link: str, around: str) -> None:
    """Old, new, np, short, gallery, comment, share and bare, and as Markdown."""
    order = heard(f"gifwarden: scan {around.format(link)}")
    assert isinstance(order, Command)
    assert (order.verb, order.target) == ("scan", link)


@pytest.mark.parametrize(
    "text",
    [
        f"gifwarden undo {CASE}",
        f"Gifwarden, UNDO {CASE} it was satire",
        f"GIFWARDEN,undo {CASE}",
        f"Gifwarden : undo {CASE}",
        f"!gifwarden undo: {CASE}.",
        f"/u/gifwarden_bot undo [{CASE} #7]",
        f"u/gifwarden_bot: undo {CASE}",
        rf"u/gifwarden\_bot, undo {CASE}",
        f"> gifwarden stop\n\ngifwarden undo {CASE}",
        f"\n\n**gifwarden** undo {CASE}",
        f"**Gifwarden, undo {CASE}**",
        f"**Gifwarden:** undo {CASE}\n\nIt was satire.\n\n> gifwarden, stop",
    ],
)
def test_an_order_is_known_by_the_name_in_front(text: str) -> None:
    """The name in any case of letters, with or without marks, then at once the verb; quotations do not count."""
    order = heard(text)
    assert isinstance(order, Command)
    assert (order.verb, order.target) == ("undo", CASE)


def test_a_reason_stands_behind_the_target_or_below() -> None:
    """Both are kept, without quotations and code."""
    order = heard(f"Gifwarden, undo {CASE} it was satire\n\n> old\n\nsee the sidebar\n\n```\ncode\n```")
    assert order == Command(verb="undo", target=CASE, why="it was satire see the sidebar")


@pytest.mark.parametrize(
    "text",
    [
        f"gifwarden, undo {CASE} it was satire",
        f"gifwarden, undo {CASE} this is not a fake",
        f"gifwarden, allow {CASE} because it's no deepfake",
        f"gifwarden, allow {CASE} weil es kein Fake ist",
        f"gifwarden, allow {CASE} ce n'est pas un faux",
        f"gifwarden, allow {CASE} no es un fake",
        f"gifwarden, undo {CASE}.\n\nThe author showed us the original.",
        f"gifwarden, undo {CASE}\n\nann has seen the original",
        f"gifwarden, undo {CASE}\n\nThanks,\nAnn",
        f"gifwarden, undo {CASE}\n\n見ました",
        f"gifwarden, bank {CASE} known fake",
        f"gifwarden, bank {CASE}\n\nSame face as in the last three.",
        f"gifwarden, minor {CASE} she is 15",
        f"gifwarden, minor {CASE}\n\nIn the profile she says that she goes to school.",
        f"gifwarden, minor {CASE} this is clearly under 18",
        f"gifwarden, minor {CASE}\n\nNot 18 yet",
        f"gifwarden, minor {CASE}\n\nAt 0:34 she says that she is no adult",
        f"gifwarden, allow {CASE} parce qu\u2019il s\u2019agit d\u2019un film",
        f"gifwarden, allow {CASE} - it was satire",
        f"gifwarden, allow {CASE} \u2014 false positive",
        f"gifwarden, allow {CASE} \U0001f64f",
        f"gifwarden, allow {CASE} era s\u00e1tira",
        f"gifwarden, minor {CASE} sie ist 15",
        f"gifwarden, minor {CASE} elle a 15 ans",
        f"gifwarden, minor {CASE} tiene 15 a\u00f1os",
        "gifwarden, stop\n\nIt does not work, everything is removed!",
        "gifwarden, cancel\n\nI changed my mind, wait for Ben.",
        f"gifwarden, scan {CASE}\n\nIt was not there yesterday.",
    ],
)
def test_a_reason_that_goes_with_its_order_is_no_doubt(text: str) -> None:
    """What supports the order is taken; what only stops, looks or takes back an order needs little."""
    assert isinstance(heard(text), Command), text


@pytest.mark.parametrize(
    "said",
    [
        "On second thought", "Scrap that", "I take it back", "veto", "Ben vetoed this", "Postpone this", "Overruled.",
        "Skip it", "Ben has looked. Skip this one.", "Please skip", "avoid", "Avoid doing it", "Rescinded", "N-O-T",
        "/S", "This is the original /S", "\u2716", "'no'", "'\u2019no\u2019'", "Arrêtez", "Réflexion faite", "Hör auf",
        "Lass es", "Ach nee", "para!", "¡Para ya!", "Espérate", "Нет", "нет, это она", "стоп", "Подожди",
        "&#" + "1" * 5000,
    ],
)  # fmt: skip
def test_what_takes_an_order_back_below_it_is_heard(said: str) -> None:
    """Second thoughts, a veto, a word to let it be, in the languages that are understood and by the words of others."""
    for verb in ("undo", "allow", "bank", "minor"):
        assert isinstance(heard(f"gifwarden, {verb} {CASE}\n\n{said}"), BadCommand), said


@pytest.mark.parametrize(
    "said",
    [
        "Banked to avoid reuploads", "They skip it in every copy, to avoid this filter", "Es ist für alle, para todos",
        "para que vuelva", "Elle est née en 2010", "The 'original' is on her page", "Pris de l'avis du créateur",
        "He sells it in his shop/store", "A 10-s clip, A-B takes",
    ],
)  # fmt: skip
def test_a_word_that_could_deny_is_taken_within_a_reason(said: str) -> None:
    """To avoid something, for somebody, a word within quotation marks: a reason stands there, and no denial."""
    assert isinstance(heard(f"gifwarden, undo {CASE}\n\n{said}"), Command), said


@pytest.mark.parametrize(
    "text",
    [
        "gifwarden, stop\n\n\u26a0\ufe0f flood of false positives",
        *(f"gifwarden, stop\n\n{sign}" for sign in ("\u270b", "\U0001f6d1", "\u26d4", "\U0001f6ab", "やめて", "стоп")),
        f"gifwarden, minor {CASE}\n\n\u26a0\ufe0f she looks about 14",
    ],
)
def test_a_sign_that_goes_with_its_order_is_no_doubt(text: str) -> None:
    """What stops is not denied by signs and words that say stop, and a warning denies nothing."""
    assert isinstance(heard(text), Command), text


@pytest.mark.parametrize("sign", ["\u270b", "\U0001f6d1", "\u26d4", "\U0001f6ab", "やめて"])
def test_a_sign_to_stop_denies_every_other_order(sign: str) -> None:
    """A raised hand below an order that does something is asked about."""
    for verb in ("undo", "allow", "bank", "minor"):
        assert isinstance(heard(f"gifwarden, {verb} {CASE}\n\n{sign}"), BadCommand)


@pytest.mark.parametrize(
    "part", ["1", "a", "1a", "1 ", "a ", "a-", "1:", "1 %", "not a ", "no the ", "please ", "\n", "  ", "&#", "é", "'"]
)
@pytest.mark.parametrize("end", ["", "x", "!"])
def test_a_long_message_is_read_in_no_time(part: str, end: str) -> None:
    """Whatever is repeated for as long as Reddit takes it, the processor has little to do: no pattern is quadratic."""
    text = (part * 9_900)[:9_900] + end

    def read(_: Drawn) -> None:
        for verb in ("undo", "minor"):
            speaks_against(verb, text)
        goes_on(text, apart=True)
        is_reason(text.split())

    held(read, b"")


# Each is read as the word below it by who sees it.
LOOK_LIKE = {
    "not": ["nоt", "nοt", "ΝΟΤ", "NОТ", "ｎｏｔ", "ＮＯＴ", "𝐍𝐎𝐓", "𝓷𝓸𝓽", "𝙽𝚘𝚝", "ⓝⓞⓣ", "🅽🅾🆃", "🇳🇴🇹", "ɴᴏᴛ",
            "ꓠꓳꓔ", "ոօt",
            "n\u200bot", "n\u00ado\u2060t", "n\u034fot", "n\u20ddo\u20ddt\u20dd", "nøt", "n0t", "ⁿᵒᵗ",
            "ηοτ", "n o t"],
    "wait": ["wаit", "waіt", "ԝаіt", "waӏt", "wa\u0131t", "wa1t", "ᴡᴀɪᴛ", "WАІТ", "ＷａｉＴ", "w\ufe0fait"],
    "stop": ["stоp", "ѕtор", "sтop", "STΟP", "ꜱᴛᴏᴘ", "St0p"],
    "until monday": ["untiӏ Monday", "unti1 Monday", "unтil Monday"],
    "never": ["nеver", "neveг", "NΕVΕR", "nεver"],
    "kein": ["кein", "keіn", "ΚΕΙΝ"],
    "jamais": ["jаmais", "ϳamais", "ЈАМАІЅ"],
    "espera": ["еspera", "esрera", "espеrа"],
}  # fmt: skip


@pytest.mark.parametrize(("word", "written"), [(word, one) for word, all_ in LOOK_LIKE.items() for one in all_])
def test_a_denial_in_letters_that_look_alike_is_heard(word: str, written: str) -> None:
    """Letters of other alphabets, widths and shapes, digits, and characters that are not seen hide nothing."""
    for verb in ("undo", "allow", "bank"):
        assert isinstance(heard(f"gifwarden, {verb} {CASE}\n\nPlease {word}"), BadCommand)
        assert isinstance(heard(f"gifwarden, {verb} {CASE}\n\nPlease {written}"), BadCommand), ascii(written)
        assert isinstance(heard(f"gifwarden, {verb} {CASE} because {written}"), BadCommand), ascii(written)


VARIANTS: dict[str, list[str]] = {}
for _char in map(chr, range(0x80, sys.maxunicode + 1)):
    if (_same := unicodedata.normalize("NFKC", _char).casefold()).isascii() and len(_same) == 1 and _same.isalpha():
        VARIANTS.setdefault(_same, []).append(_char)
for _letters, _others in (("aceopxyisj", "асеорхуіѕј"), ("bhkmtr", "внкмтг"), ("oaipve", "οαιρνε")):
    for _letter, _other in zip(_letters, _others, strict=True):
        VARIANTS[_letter].append(_other)


@given(st.data())
def test_no_choice_of_look_alikes_makes_a_denial_an_order(data: st.DataObject) -> None:
    """Any letters of any denial, each as any variant that Unicode knows of it, or as another alphabet's."""
    word = data.draw(st.sampled_from(["not", "wait", "never", "unless", "don't", "pas", "jamais", "nicht", "nunca"]))
    written = "".join(data.draw(st.sampled_from([char, *VARIANTS.get(char, [])])) for char in word)
    assert isinstance(heard(f"gifwarden, undo {CASE}\n\n{written}"), BadCommand), ascii(written)


HONEST = [
    "Это сатира, автор показал оригинал.", "Да, я согласен", "а то всё удалит", "на всякий случай",
    "не фейк, проверил",
    "Нашёл оригинал на Ютубе", "Он сам выложил эту GIFку, ещё две GIFки в профиле", "VPNом проверил, всё ок",
    "См. правило № 3", "Reddit'а правила это разрешают", "IT-шник сказал, что норм", "Cпасибо, коллeги",
    "НАШЛИ ОРИГИНАЛ",
    "Це сатира, є оригінал", "Ово је сатира", "Това е сатира", "Είναι σάτιρα", "το είδα και εγώ", "η πηγή είναι γνωστή",
    "ΕΙΝΑΙ ΣΑΤΙΡΑ", "οκ, το βρήκα", "Νόσος του αλγορίθμου", "これはGIFの元動画です", "GIF를 봤어요", "هذا الGIF معروف",
    "זה הGIF המקורי", "คลิปGIFนี้", "Det har vi set før", "To żart znany od dawna", "( ͡° ͜ʖ ͡°)", "Azərbaycanda tanınır",
]  # fmt: skip


@pytest.mark.parametrize("said", HONEST)
def test_who_writes_in_another_alphabet_is_not_asked_for_it(said: str) -> None:
    """Honest reasons below an order, in other alphabets and with words of two, as they were taken before."""
    for verb in ("undo", "allow", "bank"):
        assert isinstance(heard(f"gifwarden, {verb} {CASE}.\n\n{said}"), Command), said


@pytest.mark.parametrize(
    ("word", "reads"),
    [("nоt", True), ("cпасибо", True), ("GIFки", True), ("IT-шник", True), ("любой", True), ("любoй", True),
     ("пot", False), ("wаит", False), ("neиn", False), ("ʇou", False), ("Σtoпφ", False), ("GIFを", True)],
)  # fmt: skip
def test_a_word_of_two_alphabets_is_read_in_one_of_them_or_asked_about(word: str, reads: bool) -> None:
    """A Latin word with foreign letters that look like its own, or the other way round, or a stem with an ending."""
    assert garbled(word) is not reads
    assert isinstance(heard(f"gifwarden, undo {CASE}\n\nThis {word} one"), BadCommand) or reads


@given(st.text(max_size=60))
def test_what_letters_look_like_is_settled_at_once(text: str) -> None:
    """Any text at all has a reading, which reads as itself."""
    assert latin(latin(text)) == latin(text)
    garbled(text)


def test_a_conversation_about_one_case_needs_no_target() -> None:
    """The name and the verb are enough there, but for what is worst to get wrong."""
    assert heard("gifwarden, undo", case=CASE) == Command(verb="undo", target=CASE)
    for verb in sorted(ALWAYS_NAMED):
        assert isinstance(heard(f"gifwarden, {verb}", case=CASE), BadCommand)
        assert read_bare(verb) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gifwarden", "What shall I do?"),
        ("gifwarden scna https://redd.it/1abcd2", "I do not know 'scna'"),
        ("gifwarden bank", "`bank` needs a link"),
        ("gifwarden undo https://example.org/1abcd2", "`undo` needs a link"),
        ("gifwarden minor", "`minor` needs a link"),
        ("gifwarden allow C-12", "`allow` needs a link"),
        ("gifwarden, stop it", "`stop` stands alone on its line"),
        (f"gifwarden, minor {CASE} this is not a minor", "leaves a doubt"),
        ("gifwarden, stop\n\nis what he wrote", "leaves a doubt"),
        ("gifwarden, stop\n\nis what he wrote", "write it alone: `gifwarden, stop`."),
        (f"gifwarden, undo {CASE} if Ben agrees", "write it alone: `gifwarden, undo LINK`."),
        (f"gifwarden, allow {CASE}\ngifwarden, bank {CASE}", "one order a message"),
        ("gifwarden, undo [https://redd.it/1abcd2](https://redd.it/1abcd3)", "name another post"),
    ],
)
def test_a_malformed_order_gets_one_helpful_sentence(text: str, words: str) -> None:
    """It says what is wrong and what would be right."""
    order = heard(text)
    assert isinstance(order, BadCommand)
    assert words in order.help
    assert order.help.endswith(".")


def test_reasons_of_reports() -> None:
    """The name and a verb and nothing else, or a configured reason, in any case of letters."""
    reasons = {"bank": "Known fake, bank it", "undo": ""}
    assert read_reason("gifwarden: bank", names=NAMES, reasons={}) == "bank"
    assert read_reason("Gifwarden SCAN", names=NAMES, reasons={}) == "scan"
    assert read_reason("known  fake, bank it", names=NAMES, reasons=reasons) == "bank"
    for other in ("Known fake", "", "gifwarden help", "bank", "gifwarden: undo is broken", "gifwarden scan now please"):
        assert read_reason(other, names=NAMES, reasons=reasons) is None, other


@given(st.text(max_size=200), st.sampled_from(["", "gifwarden ", "Gifwarden, ", "> gifwarden, ", "gifwarden, undo "]))
def test_no_text_breaks_it(text: str, before: str) -> None:
    """Whatever is written, the answer is an order that is complete, a sentence, or nothing."""
    for order in (heard(before + text), heard(before + text, case=CASE), read_bare(text)):
        if isinstance(order, Command):
            assert order.verb in VERBS
            assert len(order.why) <= 200
        elif order is not None:
            assert order.help
    order = heard(before + text)
    if isinstance(order, Command):
        assert bool(order.target) or order.verb not in NEED_TARGET
        assert not before.startswith(">") or len((before + text).splitlines()) > 1


@given(st.sampled_from(sorted(VERBS)), st.text(alphabet="abcdefgh ", min_size=1, max_size=40))
def test_a_sentence_that_begins_with_the_name_and_a_verb_is_no_order(verb: str, rest: str) -> None:
    """Without a target behind the verb, whatever follows on the line makes it talk or a question back."""
    if rest.strip():
        assert not isinstance(heard(f"Gifwarden, {verb} {rest}"), Command)
        assert not isinstance(heard(f"{verb} {rest}", case=CASE), Command)
        assert read_bare(f"{verb} {rest}") is None


@given(st.text(alphabet="C-0123456789abcdef/:.rtcomensd ", max_size=60))
def test_targets_are_labels_or_permalinks(word: str) -> None:
    """What is taken for a target is exactly one of both forms."""
    target = target_of(word)
    assert target is None or target.startswith("C-") or "/" in target
