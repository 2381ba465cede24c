"""Which language a short text is in, told by its script or by its function words.

Cheap and offline: a query is a handful of words, so a statistical model has little to go by,
while "una" or "für" settles it. Words that English shares ("die", "son", "on") tell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, TypeAlias

from mcp_toolweaver.text.tokenize import STOP_WORDS

Language: TypeAlias = Literal["es", "de", "fr", "zh", "ja"]
LATIN: tuple[Language, ...] = ("es", "de", "fr")

KANA = re.compile(r"[\u3040-\u30ff]")
HAN_OR_KANA = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

_ACCENTS = re.compile(r"[\u0300-\u036f]")

FUNCTION_WORDS: dict[Language, frozenset[str]] = {
    "es": frozenset(
        (  # noqa: SIM905  a list of words reads best as words
            "a al algo algun alguna algunas alguno algunos ante aqui asi aun aunque cada como con cual cuales "
            "cualquier cuando cuanto de del desde donde dos el ella ellos en entre era es esa ese eso esta estan "
            "estas este esto estos estoy favor fue gracias ha hacia han hasta hay he hola la las le les lo los "
            "mas me mi mis mucho muy necesito necesitamos necesita no nos nosotros o otra otro para pero podemos "
            "podria podrias por porque puede puedes puedo pues que quien quiere quiero quisiera saber se sea ser "
            "si sin sobre solo son soy su sus tambien te tengo tenemos tiene tienen tu tus un una unas uno unos "
            "usted va vamos voy y ya yo"
        ).split(" ")
    ),
    "de": frozenset(
        (  # noqa: SIM905
            "ab aber als also am an auch auf aus bei beim bin bis bitte brauche brauchen da damit dann das dass dein "
            "deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch du ein eine einem "
            "einen einer eines er es etwas euch fur hab habe haben hat hatte hier ich ihr ihre im in ins ist ja kann "
            "kannst kein keine keinen konnte konnten man mal mehr mein meine meinem meinen meiner mich mir mit mochte "
            "mochten muss mussen nach nicht noch nur ob oder ohne schon sein seine sich sie sind so soll sollen "
            "uber um und uns unser unsere unserem unseren unserer vom von vor war was weil welche welchen welcher "
            "welches wenn wer werden wie will wir wird wo wurde zu zum zur zwischen"
        ).split(" ")
    ),
    "fr": frozenset(
        (  # noqa: SIM905
            "a afin ai ainsi alors apres as au aucun aussi aux avant avec avez besoin bien bonjour c ca car ce cela "
            "ces cet cette ceux chaque chez combien comme comment d dans de depuis des doit dois donc du elle elles en "
            "entre es est et etait ete etre eu faut il ils j je l la le les leur leurs lui m ma mais me meme merci "
            "mes moi mon n ne ni nos notre nous on ont ou par pas peut peux plait plus pour pourrais pourriez "
            "pouvez puis qu quand que quel quelle quelles quels qui quoi s sa sans savoir se ses si sont sous suis "
            "sur svp t ta te tes toi ton tu un une va vers veux voudrais voulons vos votre vous voici y"
        ).split(" ")
    ),
}
"""Words that say nothing about a tool, without accents."""

_ALSO_ENGLISH = frozenset(
    (  # noqa: SIM905
        "a ab ai al also am an as ante au aux bin bis bitte c ca car comment d da dann das den des die dies "
        "doch donc du en era es et favor he hat hay his il in ins is j la las le les lo los m ma mal man "
        "me mi mis moi mon n ne no nos o on or ou par pas plus pour pues s sa sans se sea ser si sin so solo son soy "
        "sous sub sur t ta te ton tu um un une van vers via von vor war was will wo y ya yo zu"
    ).split(" ")
)
_ALSO_NAMES = frozenset("aus ce de del dir dos el elle est eu fur l mit uber".split(" "))  # noqa: SIM905
"""Function words that English texts have too, in names and as terms: they tell nothing by themselves."""
_MARKS = {
    language: frozenset(word for word in words if word not in _ALSO_ENGLISH)
    for language, words in FUNCTION_WORDS.items()
}
ENGLISH = STOP_WORDS.difference(*FUNCTION_WORDS.values())
"""English function words that no other language here has."""


LONGEST_WORD = 40
"""A word of more letters is in no list, so it is neither looked up nor kept in a cache."""


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return a text in lower case without accents; ß becomes ss."""
    lower = text.casefold()
    return lower if lower.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", lower))


def is_function_word(word: str, language: Language) -> bool:
    """Whether a word says nothing about a tool."""
    return len(word) <= LONGEST_WORD and fold(word) in FUNCTION_WORDS[language]


def marks(words: Iterable[str], language: Language) -> float:
    """Return how many words belong to a language alone; those that English shares count a quarter."""
    return sum(_mark(word, language) for word in words)


def _mark(word: str, language: Language) -> float:
    if not is_function_word(word, language):
        return 0.0
    return 1.0 if not word.isascii() or word in _MARKS[language] else 0.25


def is_own(word: str, language: Language) -> bool:
    """Whether a word is a function word that no English text has."""
    return word not in _ALSO_NAMES and _mark(word, language) == 1.0


def is_hint(word: str, language: Language) -> bool:
    """Whether a word is a function word, neither one of English nor a letter: "die" and "de", but not "a" or "c"."""
    return len(word) > 1 and word not in STOP_WORDS and is_function_word(word, language)
