"""The estimate of tokens errs on the safe side, costs little and adds up."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.demo import CATALOG
from mcp_toolweaver.text.tokens import cost, cut, estimate

COUNTED = {
    # the largest of o200k_base, cl100k_base (gpt-tokenizer 4.0.0) and Claude's (@anthropic-ai/tokenizer 0.0.4)
    '{"tools":[],"confidence":"high","degraded":[],"hint":""}': 18,
    "create_issue(repo: string, title: string, labels?: string[])": 17,
    "Create an issue in a repository of the organization.": 11,
    "gitlab__create_merge_request_note_3fa81c02": 16,
    "リポジトリに新しい課題を作成し、担当者を割り当てます。": 30,
    "Создать новую задачу в репозитории": 18,
    "🧰🚀🎉": 8,
}


@pytest.mark.parametrize(("text", "tokens"), COUNTED.items())
def test_the_estimate_is_near_what_tokenizers_count(text: str, tokens: int) -> None:
    assert 0.85 * tokens <= estimate(text) <= 1.6 * tokens


def test_nothing_costs_nothing_and_a_word_costs_one() -> None:
    assert estimate("") == 0
    assert estimate("issue") == 1
    assert estimate("an issue") == 2


def test_a_definition_costs_less_than_its_characters_and_more_than_a_sixth_of_them() -> None:
    for file in sorted(CATALOG.glob("*.json"))[:10]:
        text = json.dumps(json.loads(file.read_text(encoding="utf-8")), separators=(",", ":"))[:15_000]
        assert len(text) / 6 < estimate(text) < len(text) / 2


@given(st.lists(st.text(max_size=30), max_size=5))
def test_a_list_costs_at_most_what_its_parts_cost(texts: list[str]) -> None:
    assert cost(texts) <= 2 + sum(cost(text) + 1 for text in texts)


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_text_costs_at_least_as_much_as_its_beginning(beginning: str, end: str) -> None:
    assert estimate(f'"{beginning}",') <= estimate(f'"{beginning}","{end}"') + 1


@given(st.text(max_size=200), st.integers(1, 60))
def test_a_text_is_cut_to_what_it_may_cost(text: str, most: int) -> None:
    shown = cut(text, most)
    assert estimate(shown) <= most
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@given(st.text(max_size=200))
def test_a_text_that_fits_is_not_cut(text: str) -> None:
    assert cut(text, estimate(text)) == text


def test_a_long_text_is_not_read_and_counts_as_one_token_a_character() -> None:
    assert estimate("a " * 50_000) == 100_000
