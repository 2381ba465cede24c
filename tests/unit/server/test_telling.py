"""Telling many hosts at once."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from mcp_toolweaver.server.telling import tell_all
from tests.fakes.virtual_time import BACKEND

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


async def test_a_host_that_does_not_read_keeps_no_other_waiting() -> None:
    told: list[float] = []

    async def tell() -> None:
        told.append(anyio.current_time())

    begun = anyio.current_time()
    await tell_all([anyio.sleep_forever, tell, anyio.sleep_forever, tell])
    assert told == pytest.approx([begun, begun])
    assert anyio.current_time() - begun == pytest.approx(5)
