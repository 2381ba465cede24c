"""Tools and queries become the same terms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.tokenize import STOP_WORDS, tokenize

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("GitHub", ["github", "git", "hub"]),
        ("EC2Instances", ["ec2inst", "ec2", "instanc"]),
        ("XMLHttpRequest", ["xmlhttprequest", "xml", "http", "request"]),
        ("readFile", ["readfil", "read", "file"]),
        ("read_file", ["read", "file"]),
        ("read-file", ["read", "file"]),
        ("files.read", ["file", "read"]),
        ("files/read:all", ["file", "read", "all"]),
        ("S3", ["s3"]),
        ("HTML5Parser", ["html5parser", "html5", "parser"]),
        ("v2.0.1", ["v2", "0", "1"]),
        ("ISSUE", ["issu"]),
    ],
)
def test_identifiers_are_split_and_kept_whole_where_case_splits_them(text: str, terms: list[str]) -> None:
    assert tokenize(text) == terms


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("create_issue", "creating issues"),
        ("createIssue", "CREATE ISSUE"),
        ("GitHub", "git hub"),
        ("GitHub", "github"),
        ("listEC2Instances", "list ec2 instances"),
        ("crème_brûlée", "creme brulee"),
        ("naïve", "NAIVE"),
        ("\uff26\uff49\uff4c\uff45", "file"),  # fullwidth letters
        ("e\u0301te\u0301", "\u00e9t\u00e9"),  # composed and decomposed
        ("Straße", "strasse"),
    ],
)
def test_a_name_holds_every_term_of_a_query_for_it(name: str, query: str) -> None:
    assert set(tokenize(query)) <= set(tokenize(name))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("创建问题", ["创建", "建问", "问题"]),
        ("日本語", ["日本", "本語"]),
        ("ファイル", ["ファ", "ァイ", "イル"]),
        ("한국어", ["한국", "국어"]),
        ("新", ["新"]),
        ("GitHub创建issue", ["github", "git", "hub", "创建", "issu"]),
    ],
)
def test_chinese_japanese_and_korean_become_pairs_of_characters(text: str, terms: list[str]) -> None:
    assert tokenize(text) == terms


def test_a_part_of_a_chinese_text_is_found_in_it() -> None:
    assert set(tokenize("搜索文件")) <= set(tokenize("在项目中搜索文件的内容"))


@pytest.mark.parametrize("text", ["Привет", "γλώσσα", "हिन्दी", "ไทย", "עברית", "العربية"])
def test_words_of_other_scripts_are_terms(text: str) -> None:
    assert tokenize(text)


def test_stop_words_are_left_out_beside_other_words() -> None:
    assert tokenize("what is the weather in Paris") == ["weather", "pari"]


@pytest.mark.parametrize("text", ["who is this", "the", "What is it?"])
def test_nothing_but_stop_words_keeps_them(text: str) -> None:
    assert tokenize(text) == [word for word in text.lower().strip("?").split() if word in STOP_WORDS]


@pytest.mark.parametrize("text", ["", " \t\n", "...", "!?", "___", "🙂"])
def test_a_text_without_words_has_no_terms(text: str) -> None:
    assert tokenize(text) == []


def test_a_word_too_long_to_be_one_is_left_out() -> None:
    assert tokenize(f"decode {'x' * 65} data") == ["decod", "data"]
    assert tokenize("x" * 64) == ["x" * 64]


def test_marks_without_end_are_read() -> None:
    marks = "\u0301\u0316" * 500_000  # quadratic time would run into the limit of a test
    assert tokenize(f"caf\u00e9{marks} file") == ["cafe", "file"]


@given(ANY_TEXT)
def test_any_text_becomes_terms_of_bounded_length_without_capitals_or_spaces(text: str) -> None:
    for term in tokenize(text):
        assert 0 < len(term) <= 64
        assert term == term.casefold()
        assert not any(char.isspace() for char in term)


@given(ANY_TEXT)
def test_how_characters_are_composed_does_not_matter(text: str) -> None:
    assert tokenize(unicodedata.normalize("NFC", text)) == tokenize(unicodedata.normalize("NFD", text))


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5))
def test_the_style_in_which_a_name_is_written_does_not_matter(words: list[str]) -> None:
    plain = set(tokenize(" ".join(words)))
    assert set(tokenize("_".join(words))) == plain
    assert set(tokenize("-".join(words).upper())) == plain
    assert plain <= set(tokenize("".join(word.title() for word in words))) | STOP_WORDS


@given(st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5))
def test_a_query_by_the_words_of_a_name_meets_the_name(words: list[str]) -> None:
    assert set(tokenize(" ".join(words))) & set(tokenize("_".join(words)))
