"""Whether words speak of age: what does is never learnt from, in doubt either. English, German, French, Spanish."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Whole words, small letters, without accents; a stem ends in `*`
_WORDS = """
minor minors minority underage underaged child children childs kid kids kiddo kiddie* teen teens teenage*
teenie* preteen* tween tweens jailbait jail-bait jailbaits jb loli lolis lolita* lolicon shota shotas shotacon
toddler* infant* baby babies newborn* csam csem cp cse csa cgi-csam pedo* paedo* pthc barely-legal barelylegal
schoolgirl* schoolboy* school-girl* school-boy* pupil pupils highschool* high-school* middleschool*
middle-school* juvenile* adolescen* youth youths young younger youngster* youngest age aged ages ageing ageplay
age-play yo y.o. yr yrs years year-old years-old birthday* prepubescent* pubescent* puberty nymphet* grooming
groomer* groomed ddlg abdl boy boys girl girls little-girl* little-boy* daughter* niece* nephew* not-legal
illegal-age non-adult nonadult legal-age kind kinder kinds kindes kindern kinderporn* kindesmissbrauch*
kinderpornograf* kindlich* minderjahrig* jugendlich* jugend teenager* schulerin* schuler schulern schulmadchen*
madchen junge jungen jung junger junges bube buben saugling* kleinkind* alter altersgrenze* altersfreigabe*
alters jahre jahren jahrig* jahrige* volljahrig* unter-18 heranwachsend* enfant enfants enfance mineur mineure
mineurs mineures mineur-e* pedoporno* pedopornograph* pedocriminal* adolescent* ado ados fillette* garcon
garcons garconnet* bebe bebes gamin gamine gamins gamines jeune jeunes ans majeur* majorite lyceen* collegien*
ecolier* ecoliere* nourrisson* menor menores menor-de-edad nino nina ninos ninas ninez infantil* infante*
adolescente* chico chica chicos chicas muchach* joven jovenes edad edades anos ano pederast* pedofil*
pornografia-infantil colegial* quinceanera* criatura* chiquill* crio cria crios crias puber* minderjaehrig*
maedchen* schuelerin* schueler schulmaedchen* saeugling*
"""
_PLAIN = frozenset(word for word in _WORDS.split() if not word.endswith("*"))
_STEMS = tuple(sorted({word[:-1] for word in _WORDS.split() if word.endswith("*")}))
_COUNTED = (
    r"(?:rules?|regeln?|regles?|reglas?|articles?|artikel|articulos?|paragraphs?|paragraf|parrafo|points?|punkt|punto"
    r"|no|nr|num|sec|section|abschnitt|seccion|v|r)"
)
# a number that may be an age: not the number of a rule, a date, a time or a share
_NUMBER = re.compile(r"(?<![\w.,:/#-])(?<!\bu/)(1[0-8])(?![\w:/%]|[.,]\d|-\d)")
_BEFORE = re.compile(rf"(?:\b{_COUNTED}\.?|§)\s*$")
_OF_AGE = re.compile(
    r"(?<![a-z0-9])(?:\d{1,2}\s?(?:yo|y/o|y\.o|yrs?|years?|f|m|ans|jahr\w*|anos?)|[fm]\s?(?:1[0-7]|[1-9])"
    r"|(?:u|under|unter|below|sub|<|moins de|menos de|menor(?:es)? de)\s?-?\s?(?:18|21))(?![a-z0-9])"
)
_STRONG = re.compile(
    r"(?<![a-z0-9])(?:\d{1,2}\s?-?\s?(?:yo|y/o|y\.o|yrs?|years?)|1[0-7]\s?[fm]|[fm]\s?1[0-7]|[(\[]1[0-7][)\]])(?![a-z0-9])"
)
_TITLE = """
minor minors underage underaged child children teen teens teenage teenager teenagers preteen preteens jailbait
loli lolis lolita shota toddler csam cp pedo schoolgirl schoolgirls schoolboy highschooler minderjahrig
minderjahrige minderjahriger kind kinder kinderporno schulmadchen mineur mineure mineurs mineures enfant enfants
adolescent adolescente adolescents fillette menor menores nina ninas nino ninos adolescentes colegiala
"""
_TITLE_WORDS = frozenset(_TITLE.split())
_LIKE = str.maketrans("013457@$", "oieastas")
# the English word that means something else in German
_KIND = re.compile(
    r"\b(?:be|so|very|any|some|what|which|this|that|one of a|of its|every|all|other|different) kinds?\b"
    r"|\bkinds? of\b|\bkind regards\b"
)
_SPLIT = re.compile(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*\.?")


def speaks_of_age(*texts: str | None) -> bool:
    """Return whether what is said of a removal speaks of age: of children, of young people, of how old somebody is."""
    return any(_speaks(_plain(text)) for text in texts if text)


def title_speaks_of_age(title: str) -> bool:
    """Return the same of a poster's own words, in which numbers and most words mean other things."""
    plain = _plain(title)
    return bool(_STRONG.search(plain)) or any(word in _TITLE_WORDS for word in _words(plain))


def _speaks(plain: str) -> bool:
    if _OF_AGE.search(plain) or any(not _BEFORE.search(plain[: found.start()]) for found in _NUMBER.finditer(plain)):
        return True
    return any(word in _PLAIN or word.startswith(_STEMS) for word in _words(plain))


def _words(plain: str) -> set[str]:
    """Return the words of a text, those with a hyphen or a point in them as they are and in parts."""
    whole = {word.rstrip(".") for word in _SPLIT.findall(plain)}
    parts = {part for word in whole for part in re.split(r"[.'-]", word)}
    dense = re.sub(r"(?<=\b[a-z])[.\s*_-](?=[a-z]\b)", "", plain)  # c.s.a.m, l o l i
    row = _SPLIT.findall(plain)
    pairs = {f"{one}-{other}" for one, other in pairwise(row)}  # jail bait, high school
    return whole | parts | pairs | set(_SPLIT.findall(dense))


def _plain(text: str) -> str:
    """Return a text in small letters without accents, digits and letters that stand for others put right."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    read = re.sub(r"(?<=[a-z])[013457@$]+(?=[a-z])", lambda found: found[0].translate(_LIKE), bare)
    return _KIND.sub(" ", read.replace("_", " "))
