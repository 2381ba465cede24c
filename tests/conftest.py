"""What every test may rely on."""

import pytest

pytest.register_assert_rewrite("tests.contracts")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, the only event loop that Toolweaver is used with."""
    return "asyncio"
