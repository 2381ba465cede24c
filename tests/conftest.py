"""What every test may rely on."""

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.leaks import watch, watch_tasks

# The same examples in every run of CI, where a rare failure would meet someone whose change has nothing to do with it;
# other ones each time elsewhere, and many more with `--hypothesis-profile thorough`.
settings.register_profile("any machine", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("thorough", deadline=None, max_examples=3_000)
settings.load_profile("any machine")

pytest.register_assert_rewrite("tests.contracts")

_WATCHED = [Path(__file__).parent / folder for folder in ("interaction", "conformance", "unit/proxy", "unit/catalog")]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at once as there are cores, since many of them wait for processes and pauses."""
    return min(8, 2 * (os.cpu_count() or 1))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only event loop that Toolweaver is used with."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _models(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    """Keep models where all tests and their processes find them, so that one is made ready once, if at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLWEAVER_MODELS_DIR", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Generator[None]:
    """Fail a test that leaves processes, descriptors or threads behind."""
    if not any(request.path.is_relative_to(folder) for folder in _WATCHED):
        yield
        return
    with watch():
        yield


@pytest.fixture(autouse=True)
def _no_task_left(request: pytest.FixtureRequest, _nothing_left: None) -> None:  # pyright: ignore[reportUnusedFunction]
    """Fail an asynchronous test that leaves tasks behind; its event loop is closed before `_nothing_left` looks."""
    is_watched = any(request.path.is_relative_to(folder) for folder in _WATCHED)
    if is_watched and request.node.get_closest_marker("anyio") and "anyio_backend" in request.fixturenames:
        request.getfixturevalue("_tasks_watched")


@pytest.fixture
async def _tasks_watched() -> AsyncGenerator[None]:  # pyright: ignore[reportUnusedFunction]
    async with watch_tasks():
        yield
