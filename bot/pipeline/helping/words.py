"""Whether a stranger's words say that they are depicted, and that they were under 18. Pure; in four languages.

What reads as a claim only puts it before a person, so doubt counts for it: one too many is dismissed by a click, one
too few is somebody whom nobody answers.
"""

from __future__ import annotations

import re
import unicodedata

from bot.lists.child_words import sentence_says

MAX_TEXT = 10_000  # characters that are looked at
LANGUAGES = ("en", "de", "fr", "es")

# Patterns stand one a line, in small letters without accents; what stands in <> is one of these.
_PARTS = {
    "media": "(videos?|vids?|clips?|gifs?|pics?|pictures?|photos?|images?|nudes?|fakes?|deep ?fakes?|porn|tapes?)",
    "medien": "(videos?|clips?|gifs?|fotos?|bild(ern?)?|aufnahmen?|nackt(bilder|fotos)|(deep)?fakes?|pornos?)",
    "medias": "(videos?|clips?|gifs?|photos?|images?|nudes?|(deep)?fakes?|montages?)",
    "medios": "(videos?|clips?|gifs?|fotos?|imagenes|nudes?|(deep)?fakes?|montajes?)",
    "really": "(really |actually |literally )?",
    "wirklich": "(ja |wirklich |leider )?",
    "vraiment": "(bien |vraiment )?",
    "words": r"(\w+ ){0,3}",
    "near": r"\b.{0,60}\b",
    "is": "('?s| is| was)",
    "person": "(girl|woman|person|one|lady|man|guy|boy)",
    "there": "(the|that|this|your|those|these|one of)",
    "shared": "(post|posted|posting|shares?|shared|sharing|leak|leaked|upload|uploaded|put|puts)",
    "en_lugar": "en (el|la|este|esta|ese|esa|los|las|un|una)",
    "dans": "(dans|sur)",
    "age": "([1-9]|1[0-7])",
    "no_unit": r"(?! ?([%:]|am\b|pm\b|o'?clock|minut|hours?|days?|weeks?|months?|times|stund|tage|wochen|monate|uhr))",
}
_SAYS = {
    "en": r"""
        (that|this|it)<is> <really>me (in|on) <there>
        <person> (in|on) (\w+ ){1,4}is <really>me
        found (me|myself) (on|in|posted)
        (i'?m|i am|i've been) (the <person>|depicted|shown|pictured) (in|on|at)
        (i'?m|i am|i was) (in|on) <there> (\w+ ){0,2}<media>
        <media> <words>of (me|myself)
        deep ?faked? (of )?me
        (made|makes|making) (\w+ ){0,2}<media> (of|with) me
        my (face|body|head|nudes?|sex tape)<near>(without|used|using|in (a|the|this|that|your) <media>|<shared>)
        <shared> <words><media> of (me|mine)
        my ex([ -]?(boyfriend|husband|partner|girlfriend|wife))?<near><shared>
        """,
    "de": r"""
        das (bin|war) <wirklich>ich (in|auf|im)(?!.{0,40}\bnicht\b)
        <medien> von mir
        ich bin (die (frau|person)|der mann|das madchen|diejenige|derjenige|(in|auf|im) .{0,30}zu sehen|abgebildet)
        (in|auf) (dem|diesem|den|diesen|eurem) <medien> (bin ich|zu sehen)
        mein (gesicht|korper|kopf)<near>(ohne|hochgeladen|gepostet|benutzt|verwendet|montiert|in (einem|dem|diesem))
        mein ex([ -]?(freund|mann|partner))?<near>(hochgeladen|gepostet|geteilt|veroffentlicht|verbreitet)
        """,
    "fr": r"""
        c'?est <vraiment>moi (<dans>|qui (suis|apparais))
        <medias> <words>de moi
        je suis (la (fille|femme|personne)|celle|l'homme|celui) (qui|<dans>|de)
        mon (visage|corps)<near>(sans|publie|poste|utilise|partage|dans (une|cette|la))
        mon ex<near>(publiee?s?|postee?s?|partagee?s?|diffusee?s?|mise?s?)
        on m'?y voit|on me voit <dans>|j'?apparais <dans>
        """,
    "es": r"""
        (soy yo|yo soy|es[ae] soy( yo)?|esta soy( yo)?) (la que |el que )?(<en_lugar>|la (chica|mujer|persona)|quien)
        <medios> <words>(mios?|mias?|de mi)
        mi (cara|rostro|cuerpo)<near>(sin|subido|subieron|publicado|usado|usaron|compartido|<en_lugar>)
        mi ex<near>(subio|subido|publico|publicado|compartio|compartido|difundio)
        (salgo|aparezco) (yo )?<en_lugar>
        """,
}
# These mean it only beside media: a link, a word for it or for consent, or a wish to have it removed.
_MAY_SAY = {
    "en": r"""
        (that|this|it)<is> <really>(of )?me
        (that|this)<is> my (face|body)
        i (never|did ?n[o']?t|do ?n[o']?t) (\w+ ){0,2}(consent|consented|agree|agreed|allow|allowed)
        my (\w+ )?<media><near>(without my|leaked|stolen|no consent)
        """,
    "de": r"""
        das (bin|war) <wirklich>ich(?! nicht)
        ich bin das(?! nicht)
        """,
    "fr": r"""
        c'?(est|etait) <vraiment>moi
        """,
    "es": r"""
        soy yo
        (es[ae]|esta) soy|yo soy (es[ae]|esta)
        """,
}
_MEDIA = r"""
    <media>|<medien>|<medias>|<medios>|porn\w*|redd\.it/\w+|www\..+
    consent|permission|without my|take (it|this|that) down|einwilligung|zustimmung|erlaubnis|ohne meine?|loschen
    consentement|accord|sans mon|supprim\w+|consentimiento|permiso|sin mi|borr\w+|elimin\w+
    """
_UNDER_18 = r"""
    (i'?m|i am|i was|i'?d be)( only| just| about| barely| like| maybe| around)? <age><no_unit>
    (when i was|aged?|age of|me at|made at) <age><no_unit>
    <age> ?(years? old|yrs? old|yo|y/?o)
    (i'?m|i am|i was)( still| only| just)? (an? )?(minor|child|kid|under ?age|under ?18|teen|teenager)
    (i wasn'?t|i'?m not|i was not|i am not)( even| yet)? 18
    (still )?in (high|middle) ?school|still in school
    ich (bin|war) (erst |gerade |noch |damals |da )*<age><no_unit>
    (war|bin) (ich )?(da |damals |noch )*(minderjahrig|ein kind|unter 18)
    mit <age>( jahren)?|<age> jahre? alt
    j'?(ai|avais) (seulement |a peine |juste )?<age> ans|a <age> ans
    j'?(etais|suis) (encore )?(mineure?|une? enfant)
    (tengo|tenia|tuve)( solo| apenas| como)? <age> anos|con <age> anos
    (era|soy|siendo) (una? )?(menor|nina|nino)
    (under|unter|moins de|menos de|menor de) ?18
    """
# "not", "if" right before it
_DENIED = re.compile(
    r"\b((not|isn'?t|wasn'?t|nicht|kein\w*|pas|n'est|no) (really |actually |that |the )?|if |wenn |si )$"
)


def _compiled(patterns: str) -> re.Pattern[str]:
    lines = "|".join(line.strip() for line in patterns.splitlines() if line.strip())
    for _ in range(2):  # parts may hold parts
        lines = re.sub(r"<(\w+)>", lambda found: _PARTS[found[1]], lines)
    return re.compile(rf"(?<!\w)(?:{lines})(?!\w)")


_PATTERNS = {tongue: _compiled(found) for tongue, found in _SAYS.items()}
_WEAK = {tongue: _compiled(found) for tongue, found in _MAY_SAY.items()}
_BESIDE, _YOUNG = _compiled(_MEDIA), _compiled(_UNDER_18)


def claims(text: str) -> str | None:
    """Return the language in which a text says that who wrote it is depicted (ISO 639-1), or None if it does not."""
    plain = _plain(text)
    for tongue in LANGUAGES:
        if _said(_PATTERNS[tongue], plain):
            return tongue
    if "://" in plain or _BESIDE.search(plain):
        for tongue in LANGUAGES:
            if _said(_WEAK[tongue], plain):
                return tongue
    return None


def may_be_under_18(text: str) -> bool:
    """Return whether a text may say that whom it is about was under 18: then a person looks."""
    return _YOUNG.search(_plain(text)) is not None or sentence_says(text[:MAX_TEXT])


def _said(patterns: re.Pattern[str], plain: str) -> bool:
    return any(
        not _DENIED.search(plain[max(0, found.start() - 20) : found.start()]) for found in patterns.finditer(plain)
    )


def _plain(text: str) -> str:
    """Return a text in small letters without accents, on one line, with one kind of apostrophe."""
    folded = unicodedata.normalize("NFKD", text[:MAX_TEXT].casefold().replace("ß", "ss"))
    bare = folded if folded.isascii() else "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(bare.replace("\u2019", "'").replace("\u00b4", "'").replace("`", "'").split())
