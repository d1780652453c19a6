"""What a message says besides its order: a reason for it, or words that make a sentence of the whole.

People write `undo LINK never worked`, `undo LINK if Ben agrees`, and below `allow LINK` "No wait, don't." No list of
words tells all of that, so on the order's own line it is the other way round: a reason begins as reasons do, and
whatever else stands there is asked about. And wherever it stands, no word may deny, set a condition, put off, doubt,
ask others, take back, or speak about the order instead of giving it: of such words a language has few. What is asked
about costs a second message; what is wrongly done costs more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from bot.confusables import BAR, garbled, latin, seen
from bot.serialization import unescaped

_BEGINNINGS = """
because
since it
since the
as it
it's
its
it is
it was
this is
this was
that is
that was
they are
she is
he is
reason
false positive
known fake
known meme
original at
satire
parody
wrong match
wrongly
a
an

parce que
parce qu'il
parce qu'elle
parce qu'on
car
c'est
c'était
ce n'est
il s'agit
elle est
elle a
il a
raison
motif
un
une
faux positif

weil
denn
da es
es ist
es war
das ist
das war
sie ist
er ist
dies ist
ist nur
grund
ein
eine
fehlalarm

porque
pues es
es un
es una
es el
es la
es
era
fue
tiene
esto es
motivo
razón
falso positivo
"""

_REASONS = tuple(tuple(line.split()) for line in _BEGINNINGS.splitlines() if line)
_COURTESY = re.compile(
    r"\A(?:(?:please|pls|thanks|thx|thank you|now|s'il te plaît|s'il vous plaît|svp|stp|merci|bitte|danke|jetzt"
    r"|por favor|gracias|ahora)(?:\s+|$))+"
)
_VERBS = frozenset({"es", "era", "fue", "ist"})  # of beginnings without a subject

# In each line single words come first, and behind bars words that count together. The first list makes an order none,
# whatever it orders: a condition, a delay, a contrast, a doubt, a question to others, a word that takes the order back,
# or one that speaks about it.
_HEDGES = """
    if unless until till when whenever once after afterwards before provided assuming whether but however
    though although except instead rather otherwise either or else maybe perhaps possibly probably might could
    should would wait waiting waits hold pause later tomorrow tonight soon yet monday tuesday wednesday
    thursday friday saturday sunday eventually first pending unclear unsure uncertain undecided doubt doubts
    doubtful ask asks asked asking agree agrees agreed approve approves approved confirm confirms decide
    decides decided decision discuss discussed discussing discussion vote votes voting voted consensus opinion
    opinions thoughts objections objects let's lets ignore disregard forget nevermind oops scratch kidding
    joking joke jk sarcasm retract retracted withdraw hypothetical hypothetically pretend test testing draft
    misclick misclicked mistyped typo wrote writes written typed typing quote quoting quoted pasted worked
    works working failed fails fail happened happens broken responding responds respond tried trying try
    veto vetoes vetoed postpone postponed overrule overruled rescind rescinded
    | second thought | scrap that | scrap this | scrap it | take it back | take this back | taking it back
    | only with | only by | only on | in case | as soon as | hang on | next week | next month | next time
    | not sure | i think | i guess | i believe | i suppose | i wonder | i wish | in theory | let us | let me
    | need to | needs to | double check | never mind | my mind | wrong link | wrong post | wrong case
    | wrong thread | wrong one | wrong window | wrong order | is what | what the | the order | this order
    | that order | the command | this command | the syntax | an example | for example | the form | error 500
    | did nothing | does nothing

    si sauf quand lorsque après avant mais cependant toutefois pourtant sinon plutôt peut-être éventuellement
    probablement attends attendez attendre attend attente demain bientôt lundi mardi mercredi jeudi vendredi
    samedi dimanche incertain flou crois suppose devrait devrions pourrait demande demandez demander confirme
    confirmer confirmez valide valider décide décider décidé décision discuter discutons voter votons vote
    avis vérifier vérifie vérifiez vérifions ignore ignorez ignorer oublie oubliez annule annulez plaisante
    plaisantais blague essai exemple brouillon écrit écrivait dit-il dit-elle citation marche marchait
    fonctionne fonctionné fonctionnait échoué échoue réponse
    | dès que | dès qu | une fois | à condition | au cas où | jusqu'à | jusqu'au | ou bien | ou alors
    | réflexion faite | peut être | sans doute | plus tard | ce soir | d'abord | d'accord | semaine prochaine | pas sûr
    | pas sûre | pas clair | pas encore | je pense | il faudrait | il faut | faut-il | laisse tomber
    | laissez tomber | mauvais lien | mauvais post | mauvaise conversation | me suis trompé | me suis trompée
    | la commande | cette commande | l'ordre | cet ordre | ce qu'a | ce que

    wenn falls sofern sobald außer nachdem bevor bis erst aber jedoch allerdings obwohl sonst ansonsten oder
    stattdessen lieber vielleicht eventuell wahrscheinlich möglicherweise vermutlich warte wartet warten
    abwarten halt moment später morgen bald zuerst montag dienstag mittwoch donnerstag freitag samstag sonntag
    unklar unsicher zweifel zweifle wäre würde sollte sollten sollen könnte könnten müsste müssen muss frag
    frage fragt fragen zustimmt zustimmen einverstanden bestätigt bestätigen entscheidet entscheiden
    entschieden entscheidung besprechen abstimmen abstimmung meinung meinungen prüfen prüft schauen ignoriere
    ignoriert ignorieren vergiss vergesst scherz spaß witz quatsch zurücknehmen beispiel entwurf verklickt
    vertippt vertan schrieb schreibt geschrieben zitat funktioniert funktionierte geht ging klappt klappte
    fehlgeschlagen antwort
    | nur mit | nur nach | es sei denn | heute abend | noch nicht | nächste woche | nicht sicher | ich glaube
    | ich denke | ich meine | ich finde | kommando zurück | falscher link | falscher post | falscher beitrag
    | falscher fall | falsches fenster | falschen link | falschen post | falschen beitrag | der befehl
    | dieser befehl | die anweisung

    cuando después antes salvo excepto pero aunque sino mejor quizá quizás acaso probablemente posiblemente
    espera esperad espere esperen esperar esperemos luego mañana pronto todavía aún lunes martes miércoles
    jueves viernes sábado domingo primero dudo duda dudas creo pienso supongo habría debería deberíamos podría
    pregunta preguntad preguntar preguntemos acuerdo confirma confirme confirmar decide decidir decidido
    decisión discutir hablar hablemos votar votación votemos opinión opináis opinan revisar revisa comprobar
    veamos ignora ignorad ignorar olvida olvidad olvidadlo olvídalo olvídate broma bromeo prueba ejemplo
    borrador equivocado equivocada equivoqué escribió escribe escrito cita funciona funcionó funcionaba falló
    falla respuesta against disagree disagrees refuse refuses nvm edit abort void revert debating order
    ordered idea suggestion demonstration dagegen abbruch stopp nachmittag spaeter idee befehl contre annuler
    abandonner idée commande comando anular cancela cancelad orden ordenó manana despues
    object objected objecting reconsider reconsidering rethink rethinking
    | hasta que | hasta el | a menos | en cuanto | una vez | sin embargo | o bien | tal vez | a lo mejor
    | más tarde | esta noche | próxima semana | hay que | tengo que | el comando | este comando | la orden
    | esta orden | esa orden | lo que | that back | cancel that | dead body | subject to | give me | give him
    | give her | give them | too early | too soon | meant another | like so | how it looks | how you'd write
    | zu früh | nach dem | lass mal | trop tôt | comme ça | en contra | esta tarde | demasiado pronto
    | así se hace

    espérate espérese подожди подождите
"""
_DENIALS = """
    not no never none nothing nobody nope nah cannot neither nor without don't dont doesn't doesnt didn't
    didnt isn't isnt wasn't wasnt aren't arent weren't werent won't wont wouldn't wouldnt shouldn't shouldnt
    couldn't couldnt can't cant haven't havent hasn't hasnt hadn't hadnt hardly barely stop opposite keep
    leave ne non pas jamais rien aucun aucune ni sans contraire nicht kein keine keinen keinem keiner keines
    nein nie niemals nichts nix ohne weder keinesfalls keineswegs nö gegenteil nunca jamás nada ninguno
    ninguna ningún sin tampoco contrario stay stays remain remains bleibt rester reste éviter déjalo dejalo
    siga arrête arrêtez нет стоп
    | hör auf | hört auf | lass es | lasst es | ach nee
    | niet doen | doe het niet | nog niet | não faça | ainda não | não faz | inte än | gör inte | gör det inte
    | ikke gjør | ikke gør | ikke ennå | ikke endnu | nie rób | jeszcze nie | non farlo | non ancora | älä tee
    | ei vielä | yapma | henüz değil | не надо | не нужно | не делай | не делайте | не трогай | не трогайте
    | ещё нет | ещё рано | не треба | не роби | не робіть
"""
_NO_SPACES = re.compile(
    "しないで|やめて|まだです|ダメ|不要|不行|别这样|等一下|하지 ?마|아직"
)  # no, in writing without spaces
# What says that nothing is wrong with the media: no reason to bank it, or to mark it as a minor's.
_CLEARS = """
    wrong wrongly mistake mistaken satire parody meme harmless consent consents consented consensual herself
    himself genuine fine ok okay allowed legal legit innocent erreur parodie consentement consentante
    consentant inoffensif légal elle-même lui-même fehlalarm irrtum irrtümlich versehen versehentlich fehler
    parodie harmlos erlaubt legal echt einwilligung sátira parodia error consentimiento consentido consentida
    inofensivo permitido auténtico auténtica selbst
    | false positive | false alarm | is real | was real | her own | his own | their own | faux positif
    | fausse alerte | falso positivo | falsa alarma | es real | ella misma | él mismo | real video
    | real footage | video real | vidéo réelle | echtes video | bad idea
"""
_GROWN = """
    adult adults adulte adultes majeur majeure majeurs majeures erwachsen erwachsene erwachsener erwachsenen
    volljährig volljährige adulto adulta adultos adultas grown eighteen nineteen twenty thirty forty fifty
    twenties thirties forties
    | of age | over 18 | mayor de edad | mayores de edad | grown woman
"""
# What says that the finding holds: no reason to take back what was done.
_HOLDS = """
    nonconsensual non-consensual
    | known fake | is fake | is a fake | is a deepfake | was fake | was a fake | was a deepfake | un faux
    | un fake | un deepfake | ein fake | ein deepfake | gefälscht | eine fälschung | es falso | es un fake
    | es un deepfake | es un montaje | the fake | deepfake of | fake of
    | revenge porn | wants it gone | wants it removed | wants it down
"""
# That something is no fake is a reason to take back what was done, and denies no order to do so.
_NO_FINDING = re.compile(
    r"(?<!\w)(?:not|isn't|isnt|wasn't|wasnt|no|never|aren't|weren't)(?: (?:an?|the|any|even|actually|actual|known))*"
    r" (?:deep ?fakes?|fakes?|faked|face ?swaps?|match|copy|copies|repost|porn|nude|nudity|nsfw|her|him|them|minors?"
    r"|child|ai|manipulated|edited|sexual)(?!\w)"
    r"|(?<!\w)(?:n'est|n'etait|c'est|c'etait|est) pas (?:(?:un|une|le|la|du|de) |d')?(?:vrai )?"
    r"(?:faux|fake|deepfake|trucage|montage|copie|elle|lui|porno|truquee?)(?!\w)"
    r"|(?<!\w)keine?n? (?:echter? )?(?:deepfakes?|fakes?|falschung|kopie|porno|treffer|montage|nacktbild)(?!\w)"
    r"|(?<!\w)nicht (?:gefalscht|gefaked|manipuliert|sie|er|dieselbe|derselbe|dasselbe)(?!\w)"
    r"|(?<!\w)no (?:es|era|fue|hay|son)(?: (?:un|una|ningun|ninguna|el|la))?"
    r" (?:deepfake|fake|falso|falsa|montaje|copia|porno|ella|el|falsificacion)(?!\w)"
)
# With one of these a sentence goes on whose subject is the order.
_SAYS = (
    "is", "was", "are", "were", "has", "had", "does", "did", "will", "can", "means", "gives", "gave", "gets", "ist",
    "war", "hat", "hatte", "wird", "heißt", "est", "était", "a", "fait", "es", "era", "fue", "ha", "hace", "significa",
)  # fmt: skip
_TAKE_BACK = frozenset({"undo", "allow"})
_HARM_LITTLE = frozenset({"stop", "scan"})  # "Gifwarden, stop", and below: "It does not work."
_NO_HARM = frozenset({"cancel", "help"})  # "I changed my mind" is what a `cancel` is for
_AGAINST = {"undo": _HOLDS, "allow": _HOLDS, "bank": _CLEARS, "minor": _CLEARS + _GROWN}
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|/?\b[ru]/[\w-]+")
_MARKS = re.compile(r"[^\w'+-]+|_")
_APOSTROPHES = re.compile("[\u2018\u2019\u201b\u02b9\u02bb-\u02bd\u00b4\u2032\u055a\u05f3\ua78c\uff07`]")
_QUESTION = re.compile(
    "[?\u00bf\u037e\u061f\u203d\u2047-\u2049\u2753\u2754\u2e2e\ufe56\uff1f]|(?<=[\u0370-\u03ff\u1f00-\u1fff]);"
)
_NO_SIGNS = re.compile(
    "[\N{CROSS MARK}\N{HEAVY MULTIPLICATION X}\N{BALLOT X}\N{HEAVY BALLOT X}\N{THINKING FACE}\N{THUMBS DOWN SIGN}"
    "\N{FACE WITH NO GOOD GESTURE}\N{SHRUG}\N{HOURGLASS}\N{HOURGLASS WITH FLOWING SAND}\N{DOUBLE VERTICAL BAR}]"
    r"|~~|(?<![\w/])/s(?![\w/])",  # struck out; sarcasm
    re.IGNORECASE,
)
# What tells to stop, as `stop` itself does
_HALTS = re.compile("[\N{OCTAGONAL SIGN}\N{RAISED HAND}\N{NO ENTRY}\N{NO ENTRY SIGN}]")
# They deny where they are a sentence: "to avoid reuploads" is a reason, and so is "para que no vuelva".
_LET_BE = re.compile(
    r"(?:\A|[^\w ']) {0,3}(?:(?:please|pls|just|ok|so) ){0,2}(?:skip|avoid|para|parad|paren)"
    r"(?= ?(?:[^\w ']|\Z)| (?:it|this|that|doing|ya)(?!\w))"
)
_LONG = re.compile(r"([^\W\d_])\1{2,}")  # "nooo", "waaait"
# The numero sign, and what Russians and Greeks write for "ok": they look like words that they are not.
_NOT_OURS = re.compile("\u2116|\\b[\u043e\u03bf][\u043a\u03ba]\\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_APART = re.compile(r"(?<!\S)[^\W\d_](?:[ -][^\W\d_]){2,}(?!\S)")  # "n o t", "n-o-t"
_GAPS = str.maketrans("", "", " -")
_LATIN = re.compile("[A-Za-z]")
_WHEN = re.compile(
    r"(?<!\w)(?:at \d+ ?(?:am|pm)"
    r"|(?:in|dans|en) \w+ (?:min|minutes?|minuten|hours?|h|stunden?|heures?|horas?|minutos?))(?!\w)"
)
# Of a minor: an age below 18 denies nothing, and one of 18 or more speaks against it.
_UNDER_AGE = re.compile(
    r"(?<!\w)(?:under|below|unter|moins de|menos de|menor de|not|no|kein|keine|pas)(?: an?)?"
    r" (?:18|eighteen|adult|of age|erwachsene?|volljahrig|adulte|majeure?|adult[oa])(?: yet)?(?!\w)"
)
_AGE = re.compile(r"(?<!\w)(?:1[89]|[2-9]\d)(?!\w)")
_MOMENT = re.compile(r"(?<!\d)\d+(?:[:.]\d+| ?%)")  # of a clip, which is no age


def is_reason(words: Sequence[str], *, vocative: bool = True) -> bool:
    """Return whether these words, in small letters and without marks, begin as a reason does, or are but courtesy.

    `vocative`: a comma or colon stood behind the name; without, it may be a subject, of which a verb says something.
    """
    words = _COURTESY.sub("", " ".join(word for word in words if any(map(str.isalnum, word)))).split()
    if not words:
        return True
    if words[0] in ("a", "an", "un", "une", "ein", "eine") and (len(words) < 2 or words[1].endswith("é")):
        return False  # "a known meme" is a reason, "a échoué" goes on
    if words[0] == "es" and len(words) > 1 and words[1] in ("lo", "que"):
        return False
    if not vocative and words[0] in _VERBS:
        return False
    return any(tuple(words[: len(known)]) == known for known in _REASONS) or bool(
        _NO_FINDING.match(_folded(" ".join(words)))
    )


def asks(text: str) -> bool:
    """Return whether a question mark of whatever writing stands in a text."""
    return _QUESTION.search(text) is not None


def speaks_against(verb: str, text: str) -> bool:
    """Return whether what a message says besides its order leaves a doubt that the order is meant, as it stands, now.

    `text`: all of it, from whatever line, without quotations and code. A word that mixes alphabets so that nobody can
    say what it reads is a doubt.
    """
    text = _ADDRESS.sub(" ", unescaped(text))
    if asks(text) or verb in _NO_HARM:
        return asks(text)
    if _NO_SIGNS.search(text) or garbled(text) or "\ufffd" in text:
        return True
    if verb not in _HARM_LITTLE and (_HALTS.search(text) or _NO_SPACES.search(text) or _LET_BE.search(latin(text))):
        return True
    return any(_denies(verb, said) for said in _readings(_MOMENT.sub(" ", text)))


def _denies(verb: str, said: str) -> bool:
    """Return whether words, as `_folded` returns them, leave a doubt."""
    if verb == "minor":
        said = _UNDER_AGE.sub(" ", said)
        if _AGE.search(said):
            return True
    if _WHEN.search(said) or _any_of(_HEDGES).search(said):
        return True
    if verb in _HARM_LITTLE:
        return False
    if verb in _TAKE_BACK:
        said = _NO_FINDING.sub(" ", said)
    against = _DENIALS + _AGAINST.get(verb, "")
    return re.search(r"\bn'", said) is not None or _any_of(against).search(said) is not None


def _readings(text: str) -> set[str]:
    """Return what a text may say to who reads it: as it is written, and by what its letters and digits look like."""
    text = _APOSTROPHES.sub("'", _NOT_OURS.sub(" ", text))
    looks = _folded(latin(text))
    found = {_folded(text), _spelt(looks, "i"), _spelt(looks, "l")}
    return {_APART.sub(lambda letters: letters[0].translate(_GAPS), said) for said in found}


def _spelt(text: str, bar: str) -> str:
    """Return words with letters for the digits among their letters ("n0t", "wa1t"), and this one for each `BAR`."""
    letters = str.maketrans({"0": "o", BAR: bar})
    return _WORD.sub(lambda word: word[0].translate(letters) if _LATIN.search(word[0]) else word[0], text)


def _folded(text: str) -> str:
    """Return words in small letters, without accents, marks and drawn-out letters."""
    text = _APOSTROPHES.sub("'", text.replace("\\", ""))
    return " ".join(_MARKS.sub(" ", _LONG.sub(r"\1", seen(seen(text).casefold()))).split())


def goes_on(line: str, *, apart: bool) -> bool:
    """Return whether a line below an order may go on its sentence: it does not begin one of its own.

    `apart`: an empty line stands between them; then it goes on only if it says something of the order.
    """
    words = line.lstrip("*_\"'([ ").split()
    if not words or words[0][0].isupper():
        return False
    return not apart or words[0] in _SAYS or (_LATIN.search(words[0]) is not None and latin(words[0]) in _SAYS)


@cache
def _any_of(words: str) -> re.Pattern[str]:
    """Return what finds one of the words of a list, and of the words that count together."""
    known: list[str] = []
    for line in words.splitlines():
        alone, *together = line.split("|")
        known += [*alone.split(), *(phrase for one in together if (phrase := " ".join(one.split())))]
    found = "|".join(re.escape(word) for word in sorted(map(_folded, known), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?<!\w')(?:{found})(?!'?\w)")  # "'no'" is a word, "l'avis" is not the word "avis"
