"""A summary is the first sentence or two, plain and short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.summary import summarize


@pytest.mark.parametrize(
    ("description", "summary"),
    [
        ("Reads a file.", "Reads a file."),
        ("Reads a file", "Reads a file"),
        ("", ""),
        ("  \n ", ""),
        ("Reads a file. Fast. Third.", "Reads a file. Fast."),
        ("Reads v1.2 files. Done! Third?", "Reads v1.2 files. Done!"),
        ("Reads\n  a\tfile.", "Reads a file."),
        ("Really? Yes. No.", "Really? Yes."),
    ],
)
def test_one_or_two_sentences_are_kept(description: str, summary: str) -> None:
    assert summarize(description) == summary


def test_a_second_sentence_is_left_out_where_the_first_is_long() -> None:
    first = f"Reads {'very ' * 35}long files."
    assert summarize(f"{first} Second sentence.") == first


@pytest.mark.parametrize("description", ["创建问题。", "创建问题! ", "読む\uff01", "読む\uff1f"])
def test_a_chinese_or_japanese_sentence_is_kept_as_it_is(description: str) -> None:
    assert summarize(description) == description.strip()


def test_chinese_sentences_are_told_apart() -> None:
    assert "三" not in summarize("第一句。第二句。第三句。")


@pytest.mark.parametrize(
    ("description", "summary"),
    [
        ("# Title\n\nReads `a` **file**.", "Title Reads a file."),
        ("<b>Reads</b> a <code>file</code>.<br/>Now", "Reads a file.Now"),
        ("<p class='x'>Reads</p>", "Reads"),
        ("List<String> where a < b > c", "List<String> where a < b > c"),
        ("Uses <owner>/<repo>.", "Uses <owner>/<repo>."),
    ],
)
def test_markup_is_removed_and_placeholders_stay(description: str, summary: str) -> None:
    assert summarize(description) == summary


@pytest.mark.parametrize(
    "heading", ["Args:", "Arguments:", "Parameters:", "params", "Returns:", "Example:", "EXAMPLES"]
)
def test_what_follows_the_heading_of_the_arguments_is_left_out(heading: str) -> None:
    assert summarize(f"Reads a file\n\n    {heading}\n        path: where") == "Reads a file"


def test_lines_may_end_as_windows_ends_them() -> None:
    assert summarize("Reads a file\r\n\r\nArgs:\r\n    path: where") == "Reads a file"


def test_a_sentence_about_arguments_is_no_heading() -> None:
    assert summarize("Counts\narguments of a function") == "Counts arguments of a function"


def test_a_summary_is_cut_to_its_longest() -> None:
    assert summarize("word " * 1000, longest=20) == "word word word word…"


@given(st.text(st.characters()), st.integers(2, 300))
def test_any_text_has_a_summary_of_one_line_within_the_limit(text: str, longest: int) -> None:
    summary = summarize(text, longest=longest)
    assert len(summary) <= longest
    assert len(summary.splitlines()) <= 1
    assert summary == summary.strip()


PIECES = st.sampled_from(["a", "B", ".", "。", "!", " ", "\n", "args", ":", "`", "<b>", "<"])


@given(st.lists(PIECES).map("".join))
def test_any_mix_of_sentences_and_markup_has_a_tidy_summary(text: str) -> None:
    summary = summarize(text)
    assert summary == summary.strip()
    assert "  " not in summary
    assert "`" not in summary


@pytest.mark.parametrize(
    "description",
    ["\n" * 4000 + "x", " " * 4000 + "x", "\nargs" + " " * 4000 + "x", "<b" * 2000, "." * 4000, "x" * 10_000_000],
    ids=["lines", "spaces", "heading", "tags", "ends", "long"],
)
def test_hostile_text_has_a_short_summary(description: str) -> None:
    """In a thousand of them, quadratic time would run into the limit of a test."""
    for _again in range(1000):
        assert len(summarize(description)) <= 240
