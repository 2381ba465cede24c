"""Tools that want to be found for everything gain little, and cost the honest ones little.

The attacks are those of ``bench/attack.py``, which measures them on larger catalogs: their
authors know all tools and every second query. Here they list three tools for a hundred honest ones,
three times what the limits are meant for, so that a share of rows can exceed the limit at all.
"""

from __future__ import annotations

import pytest

from bench.attack import MIXED, Figures, Options, attack
from bench.hostile import ATTACKS
from mcp_toolweaver.demo import CATALOG, QUERIES

MOST_HOSTILE = 0.40
MOST_LOST = 0.05
SHARE = 0.03

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.getbasetemp() / "toolweaver"
    monkeypatch.setenv("TOOLWEAVER_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("TOOLWEAVER_DATA_DIR", str(home / "data"))


@pytest.mark.parametrize("kind", [MIXED, *ATTACKS])
async def test_hostile_tools_gain_little_by_words(kind: str) -> None:
    _expect_little(await attack(CATALOG, QUERIES, Options(meaning=False, share=SHARE, kinds=(kind,))), kind)


async def test_one_server_full_of_hostile_tools_gains_little() -> None:
    options = Options(meaning=False, share=SHARE, kinds=("swarm",), one_server=True)
    _expect_little(await attack(CATALOG, QUERIES, options), "swarm")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_hostile_tools_gain_little_by_words_and_meaning() -> None:
    _expect_little(await attack(CATALOG, QUERIES, Options(share=SHARE, kinds=(MIXED,))), MIXED)


def _expect_little(figures: dict[str, Figures], kind: str) -> None:
    honest, attacked = figures["none"], figures[kind]
    assert honest.recall > 0.3, "there is something to lose"
    assert attacked.hostile <= MOST_HOSTILE
    assert attacked.recall >= honest.recall - MOST_LOST
