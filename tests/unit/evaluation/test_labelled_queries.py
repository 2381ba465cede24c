"""Labelled queries are read from JSON lines, and bad lines are named with their fix."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation import LabelledQuery, parse_labelled, read_labelled


def parse(*lines: str) -> tuple[LabelledQuery, ...]:
    return parse_labelled(lines, name="set.jsonl")


def test_a_line_with_all_fields_is_read() -> None:
    line = (
        '{"id": "q1", "query": "book a room", "needs": [["cal::book", "rooms::book"], ["mail::send"]], "kind": "multi"}'
    )
    needs = (("cal::book", "rooms::book"), ("mail::send",))
    assert parse(line) == (LabelledQuery("q1", "book a room", needs, "multi"),)


def test_each_relevant_tool_is_a_need_of_its_own() -> None:
    (query,) = parse('{"id": "q1", "query": "book a room", "relevant": ["cal::book", "mail::send"]}')
    assert query.needs == (("cal::book",), ("mail::send",))


def test_needs_win_over_relevant() -> None:
    (query,) = parse('{"query": "book a room", "needs": [["a", "b"]], "relevant": ["a", "b"]}')
    assert query.needs == (("a", "b"),)


@pytest.mark.parametrize("labels", ['"needs": []', '"relevant": []', '"needs": [], "relevant": ["a"]'])
def test_an_empty_list_says_that_no_tool_serves_the_query(labels: str) -> None:
    (query,) = parse(f'{{"query": "what is love", {labels}}}')
    assert query.needs == ()


def test_the_line_number_stands_in_for_a_missing_id() -> None:
    queries = parse('{"query": "one", "needs": []}', "", '{"query": "two", "needs": [], "id": null}')
    assert [query.id for query in queries] == ["1", "3"]


def test_a_number_may_be_an_id() -> None:
    (query,) = parse('{"id": 7, "query": "one", "needs": []}')
    assert query.id == "7"


def test_blank_lines_and_unknown_fields_are_ignored() -> None:
    queries = parse("", "   \n", '{"id": "q1", "query": "one", "needs": [], "note": "mine"}', "\n")
    assert queries == (LabelledQuery("q1", "one", ()),)


@pytest.mark.parametrize(
    ("line", "complaint", "fix"),
    [
        ('{"query": "one"', "invalid JSON", "one JSON object a line"),
        pytest.param("[" * 100_000, "invalid JSON", "one JSON object a line", id="brackets too deep"),
        ('["one"]', "not a JSON object", '{"query": '),
        ('{"needs": [["a"]]}', '"query" is missing', '"query": "..."'),
        ('{"query": "  ", "needs": [["a"]]}', '"query" is missing', '"query": "..."'),
        ('{"query": 3, "needs": [["a"]]}', '"query" is missing or not text', '"query": "..."'),
        ('{"query": "one"}', 'neither "needs" nor "relevant"', '"needs": []'),
        ('{"query": "one", "needs": "a"}', "list of lists of strings", "[] for none"),
        ('{"query": "one", "needs": ["a"]}', "list of lists of strings", "[] for none"),
        ('{"query": "one", "needs": [[]]}', "none of them empty", "[] for none"),
        ('{"query": "one", "needs": [[""]]}', "none of them empty", "[] for none"),
        ('{"query": "one", "needs": [["a", 1]]}', "list of lists of strings", "[] for none"),
        ('{"query": "one", "relevant": "a"}', '"relevant" must be a list of strings', "[] for none"),
        ('{"query": "one", "relevant": [["a"]]}', '"relevant" must be a list of strings', "[] for none"),
        ('{"query": "one", "needs": [], "id": ["x"]}', '"id" must be a string', "leave it out"),
        ('{"query": "one", "needs": [], "id": true}', '"id" must be a string', "leave it out"),
        ('{"query": "one", "needs": [], "id": ""}', '"id" must be a string', "leave it out"),
        ('{"query": "one", "needs": [], "kind": 1}', '"kind" must be a string', "leave it out"),
        ('{"query": "other", "needs": [], "id": "first"}', "id 'first' is that of line 1", "id of its own"),
    ],
)
def test_a_bad_line_is_named_with_its_fix(line: str, complaint: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse('{"id": "first", "query": "fine", "needs": []}', line)
    message = str(caught.value)
    assert message.startswith("set.jsonl, line 2: ")
    assert complaint in message
    assert fix in message


def test_a_line_number_may_not_repeat_an_id() -> None:
    with pytest.raises(ConfigurationError, match="line 2: id '2' is that of line 1"):
        parse('{"id": "2", "query": "one", "needs": []}', '{"query": "two", "needs": []}')


def test_a_set_without_queries_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"set\.jsonl: holds no query"):
        parse("", "  ")


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    line = '{"id": "q1", "query": "où est-ce", "needs": []}\n'
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / encoding
        path.write_text(line, encoding=encoding)
        assert read_labelled(path) == (LabelledQuery("q1", "où est-ce", ()),)


def test_a_line_separator_within_a_query_does_not_end_the_line(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"query": "one\u2028two\u0085three", "needs": []}\n', encoding="utf-8")
    (query,) = read_labelled(path)
    assert query.text == "one\u2028two\u0085three"


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.jsonl: cannot be read"):
        read_labelled(tmp_path / "absent.jsonl")


def test_a_file_that_is_not_utf8_is_a_configuration_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"query": "où", "needs": []}'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"latin\.jsonl: is not UTF-8 text"):
        read_labelled(path)


def test_a_bad_line_in_a_file_is_named_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('\n{"query": 1}\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_labelled(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["id", "query", "needs", "relevant", "kind"])


@given(st.one_of(JSON_VALUES, st.dictionaries(FIELDS, JSON_VALUES)))
def test_any_json_is_either_a_query_or_a_configuration_error(value: object) -> None:
    try:
        (query,) = parse(json.dumps(value))
    except ConfigurationError:
        return
    assert query.text.strip()
    assert all(need and all(need) for need in query.needs)
