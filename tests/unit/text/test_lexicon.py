"""Queries in other languages are put into English words; English ones are left alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.text.gloss import gloss
from mcp_toolweaver.text.languages import FUNCTION_WORDS, LATIN, fold
from mcp_toolweaver.text.lexicon import FILE, english_words, lexicon, stem

LANGUAGES = (*LATIN, "zh", "ja")


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("elimina una clave de Redis", "delete key Redis"),
        ("crear una factura", "create invoice"),
        ("calidad del aire", "air quality"),
        ("zeige die Rechnung", "show invoice"),  # English has "die", too
        ("muéstrame las facturas vencidas", "show invoice overdue"),
        ("lösche den Schlüssel aus Redis", "delete key Redis"),
        ("affiche l'heure à Tokyo", "show time Tokyo"),
        ("mets à jour le ticket WEB-311", "update ticket WEB-311"),
        ("查看 PR 482 的 CI 状态", "show PR 482 CI status"),
        ("在日历上创建一个会议", "calendar create meeting"),
        ("請求書を作成して", "invoice create"),
        ("請求書作成", "invoice create"),  # no kana, yet not Chinese
    ],
)
def test_a_query_in_another_language_becomes_english_words(text: str, english: str) -> None:
    assert gloss(text) == english


@pytest.mark.parametrize(
    "text",
    [
        "create invoice",
        "crear factura",  # keywords alone may be a name
        "git diff",
        "auto complete",
        "define",
        "ai resume generator",
        "ai resume generator generate document: resume",
        "menu de restaurant",
        "extra ce about",
        "die roll",
        "MIT license",
        "list my repos",
        "send an email to José in Málaga",
        "Kubernetes pods",
        "repo stars",  # not a form of the German "start"
        "star wars quiz",
        "translate 你好 to English",
        "die Hard reviews on the web",
        "what is the weather in San José de los Llanos",
        "de facto standard",
        "",
        " ",
        "42",
        "{'a': [1, 2]}",
        "привет мир",
        "안녕하세요",
        "Apakah produk ini masih tersedia dalam ukuran itu",
    ],
)
def test_english_and_what_no_list_covers_is_left_alone(text: str) -> None:
    assert gloss(text) is None


def test_no_english_query_of_the_demo_is_touched() -> None:
    queries = [json.loads(line)["query"] for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    assert [query for query in queries if gloss(query) is not None] == []


def test_no_tool_name_of_the_demo_is_touched() -> None:
    names = [name for path in CATALOG.glob("*.json") for name in _names(json.loads(path.read_text(encoding="utf-8")))]
    assert len(names) > 2 * 300
    assert [name for name in names if gloss(name) is not None] == []


def _names(catalog: dict[str, Any]) -> Iterator[str]:
    """Yield the tools' names as words, with and without their server."""
    for tool in catalog["tools"]:
        words = re.sub(r"[\W_]+", " ", tool["name"]).lower()
        yield words
        yield f"{catalog['server']} {words}"


@given(st.lists(st.sampled_from(sorted(english_words())), min_size=1, max_size=6))
def test_words_of_english_are_never_touched(words: list[str]) -> None:
    assert gloss(" ".join(words)) is None


@pytest.mark.parametrize("text", ["git diff", "crear factura", "create an issue", "a c compiler"])
def test_no_lexicon_is_read_for_plain_keywords(text: str) -> None:
    lexicon.cache_clear()
    gloss(text)
    assert lexicon.cache_info().currsize == 0


@pytest.mark.parametrize("start", ["X", "xä", ""])
def test_a_word_of_absurd_length_stays_and_is_not_kept(start: str) -> None:
    word = start + "rechnung" * 200
    gloss("zeige die Rechnung")
    kept = stem.cache_info().currsize, fold.cache_info().currsize
    assert gloss(f"zeige die {word} Rechnung") == f"show {word} invoice"
    assert (stem.cache_info().currsize, fold.cache_info().currsize) <= kept
    assert gloss(f"bitte zeige die {word[:39]}") is not None


def test_a_question_is_read_as_far_as_search_reads_it() -> None:
    assert "invoice" in (gloss("crear una" + " " * 3_900 + "factura") or "")


def test_a_language_is_told_from_words_that_only_it_has() -> None:
    assert gloss("necesito exchange rates para mañana") == "exchange rates tomorrow"
    assert gloss("exchange rates") is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sube informe_final.pdf a la carpeta", "informe_final.pdf"),
        ("schicke eine Nachricht an anna@example.com", "anna@example.com"),
        ("ouvre le ticket ABC-12", "ABC-12"),
        ("用 getUserById 查询用户", "getUserById"),
        ("elimina una clave de Redis", "Redis"),  # its ending is not Spanish: "red" is a network
        ("kaufe Aktien von Nordwind", "Nordwind"),  # not a kind of wind
    ],
)
def test_names_and_identifiers_stay_as_they_are(text: str, kept: str) -> None:
    glossed = gloss(text)
    assert glossed is not None
    assert kept in glossed.split(" ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zeige die Rechnung", "zeig die Rechnungen"),
        ("borrar el archivo", "borra los archivos"),
        ("supprime le fichier", "supprimez les fichiers"),
        ("muestra la configuración de la reunión", "muestra la configuracion de la reunion"),  # accents forgotten
        ("aktualisiere die Einträge", "aktualisiert die Einträge"),
    ],
)
def test_inflection_and_forgotten_accents_do_not_matter(one: str, other: str) -> None:
    assert gloss(one) == gloss(other) is not None


def test_german_words_with_and_without_an_umlaut_are_two_words() -> None:
    assert gloss("wir zählen die Kunden") == "count customer"
    assert gloss("wir zahlen die Kunden") == "pay payment customer"


def test_german_compounds_are_taken_apart() -> None:
    assert gloss("erstelle eine Kundenrechnung") == "create customer invoice"
    assert gloss("zeige die Schlafdaten") == "show sleep data"
    assert gloss("zeige die Wartungsdaten") == "show data"  # the last part says what it is


def test_a_german_verb_is_joined_with_its_particle_at_the_end() -> None:
    assert gloss("Lade die Datei hoch") == "upload file"
    assert gloss("Lade die Datei") == "load file"


def test_a_phrase_goes_before_its_words() -> None:
    assert gloss("haz una copia de seguridad de la base de datos") == "make backup database"


def test_each_word_of_a_gloss_comes_once() -> None:
    assert gloss("查看日历然后查看日历") == "show calendar"


@pytest.mark.parametrize("text", ["の" * 100_000, "é" * 100_000, "crear una factura " * 10_000, "Rechnung" * 20_000])
def test_a_huge_query_is_read_in_part(text: str) -> None:
    assert len(gloss(text) or "") <= len(text)


@given(st.text(st.characters()))
def test_any_text_is_answered(text: str) -> None:
    glossed = gloss(text)
    assert glossed is None or glossed.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_listed_form_is_found_under_its_own_language(language: str) -> None:
    rows = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()]
    column = rows[0].index(language)
    known = lexicon(next(each for each in LANGUAGES if each == language))
    missing = [
        form for row in rows[1:] for form in row[column].split("|") if form not in known.forms and form.isalnum()
    ]
    assert [form for form in missing if known.english(form.casefold()) is None] == []


def test_the_table_is_whole() -> None:
    rows = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["english", *LANGUAGES]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(cell for row in rows for cell in row)


def test_function_words_have_no_accents_and_no_row_of_their_own_in_english() -> None:
    for words in FUNCTION_WORDS.values():
        assert all(word.isascii() and word.islower() for word in words)
    assert "the" not in english_words()
