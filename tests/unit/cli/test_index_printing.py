"""What people read about an index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_toolweaver.cli.index_printing import print_status, readable_size
from mcp_toolweaver.index.administration import IndexStatus, Store

STATUS = IndexStatus(
    store=Store("qdrant", "localhost:6333", collection="shelf", catalog="team", others={"laptop": 7}),
    space="abc",
    in_step=True,
    reason="",
    generation="0123456789abcdef",
    catalog_generation="0123456789abcdef",
    tools=5,
    with_vector=4,
    domains={"git[hub]": 3, "slack": 2},
)


def shown(status: IndexStatus, capsys: pytest.CaptureFixture[str]) -> str:
    print_status(status)
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_everything_that_is_known_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(STATUS, capsys)
    for said in ("localhost:6333", "shelf, catalog 'team'", "yes", "5, 4 of them", "git[hub] 3, slack 2", "laptop 7"):
        assert said in text


def test_an_index_that_is_not_in_step_says_why_and_what_it_holds_instead(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(replace(STATUS, in_step=False, reason="2 tools [not] in it yet", generation="fed"), capsys)
    assert "no: 2 tools [not] in it yet" in text
    assert "fed (the catalog's is 0123456789abcdef)" in text


def test_many_domains_are_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(replace(STATUS, domains={f"d{number}": 1 for number in range(40)}), capsys)
    assert "d11 1" in text
    assert "d12" not in text
    assert "and 28 more" in text


def test_what_is_not_known_is_left_empty(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(replace(STATUS, store=Store("memory", "this process"), space="", domains={}), capsys)
    assert "collection" not in text
    assert "other catalogs" not in text
    assert "search is by words alone" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (1_634_000, "1.6 MB"), (4_200_000_000, "4.2 GB")],
)
def test_sizes_are_written_as_people_do(size: int, text: str) -> None:
    assert readable_size(size) == text
