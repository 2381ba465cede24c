"""Real servers for the proxy to stand in front of."""

from collections.abc import Iterator

import pytest

from tests.unit.proxy.children import web_server_process


@pytest.fixture(scope="session")
def web_server() -> Iterator[str]:
    """Start a web server for tests that leave it as it is; yield its address without a path."""
    with web_server_process() as (_process, address):
        yield address
