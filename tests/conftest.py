"""What every test may rely on."""

from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

pytest.register_assert_rewrite("tests.contracts")


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
