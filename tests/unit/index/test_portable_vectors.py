"""A file of vectors is read back as it was written, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.index.portable import reading, writing
from tests.fakes.embedder import FakeEmbedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


def vectors_of(*texts: str, dimension: int = 8) -> dict[str, Vector]:
    embedder = FakeEmbedder(dimension=dimension)
    return {hashlib.sha256(text.encode()).hexdigest(): embedder.vector(text) for text in texts}


def write(path: Path, vectors: dict[str, Vector], *, force: bool = False) -> bytes:
    with writing(path, "space", force=force) as file:
        file.add(vectors)
    return path.read_bytes()


def read(path: Path) -> dict[str, Vector]:
    with reading(path) as file:
        return {text: vector for batch in file.batches() for text, vector in batch.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vectors.bin"


def assert_same(found: dict[str, Vector], expected: dict[str, Vector]) -> None:
    assert list(found) == list(expected)
    for text, vector in expected.items():
        np.testing.assert_array_equal(found[text], vector)
        assert found[text].dtype == np.float32


def test_what_was_written_is_read_back_bit_for_bit(path: Path) -> None:
    vectors = vectors_of(*(str(number) for number in range(3000)))
    write(path, vectors)
    assert_same(read(path), vectors)
    with reading(path) as file:
        assert (file.space, file.dimension, file.count) == ("space", 8, 3000)


@given(st.lists(st.text(max_size=5), min_size=1, unique=True), st.integers(1, 40))
def test_any_vectors_of_any_dimension_are_read_back(texts: list[str], dimension: int) -> None:
    embedder = FakeEmbedder(dimension=dimension)
    digests = {hashlib.sha256(text.encode(errors="replace")).hexdigest(): text for text in texts}
    vectors = {digest: embedder.vector(text) for digest, text in digests.items()}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "file", vectors)
        assert_same(read(Path(folder) / "file"), vectors)


def test_the_same_vectors_make_the_same_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a", vectors_of("x", "y")) == write(tmp_path / "b", vectors_of("x", "y"))


@given(st.data())
def test_a_file_with_any_byte_changed_or_cut_off_is_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        whole = write(path, vectors_of("a", "b", "c"))
        place = data.draw(st.integers(0, len(whole) - 1))
        damages = [
            whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :],
            whole[:place],
            whole + b"\0",
        ]
        path.write_bytes(data.draw(st.sampled_from(damages)))
        with pytest.raises(InvalidRequest):
            read(path)


@given(st.binary(max_size=300))
def test_a_file_of_anything_is_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for start in (b"", b"toolweaver vectors 1\n", b'toolweaver vectors 1\n{"dimension": 8, "space": "s"}\n'):
            (Path(folder) / "file").write_bytes(start + content)
            with pytest.raises(InvalidRequest):
                read(Path(folder) / "file")


def sealed(header: object, body: bytes, version: bytes = b"1") -> bytes:
    """Return a file whose checksum fits, whatever is in it."""
    content = b"toolweaver vectors " + version + b"\n" + json.dumps(header).encode() + b"\n" + body
    return content + hashlib.sha256(content).digest()


UNIT = bytes(32) + np.asarray([0.6, 0.8], dtype="<f4").tobytes()
NAN = bytes(32) + np.asarray([np.nan, 1], dtype="<f4").tobytes()
LONG = bytes(32) + np.asarray([3, 4], dtype="<f4").tobytes()
HEADER = {"dimension": 2, "space": "s"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (sealed(HEADER, UNIT, b"2"), "update it"),
        (sealed(HEADER, NAN), "no normalized vector"),
        (sealed(HEADER, LONG), "no normalized vector"),
        (sealed(HEADER, UNIT[:-1]), "checksum"),
        (sealed({"dimension": True, "space": "s"}, UNIT), "header"),
        (sealed({"dimension": 10**9, "space": "s"}, UNIT), "header"),
        (sealed({"dimension": 0, "space": "s"}, UNIT), "header"),
        (sealed({"dimension": 2}, UNIT), "header"),
        (sealed([], UNIT), "header"),
        (sealed({"dimension": 2, "space": "s" * 10_000}, UNIT), "header"),
        (b"toolweaver vectors 1\n" + b"[" * 4000, "header"),
        (b'{"mcpServers": {}}', "no file that"),
        (b"", "no file that"),
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_refused_with_the_reason(
    path: Path, content: bytes, complaint: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidRequest, match=complaint) as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_sealed_by_hand_is_read_if_all_of_it_fits(path: Path) -> None:
    path.write_bytes(sealed(HEADER, UNIT))
    assert list(read(path)) == ["00" * 32]


def test_a_file_that_cannot_be_read_is_refused(path: Path) -> None:
    for wrong in (path, path.parent):
        with pytest.raises(InvalidRequest, match=str(wrong)):
            read(wrong)


def test_a_pipe_is_refused_and_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(InvalidRequest, match="is no file"):
        read(path)


def test_a_file_that_exists_is_replaced_only_if_told(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(InvalidRequest, match="--force"):
        write(path, vectors_of("a"))
    assert path.read_text() == "precious"
    write(path, vectors_of("a"), force=True)
    assert_same(read(path), vectors_of("a"))


def test_a_writer_that_is_interrupted_leaves_what_was_there_and_nothing_else(path: Path) -> None:
    before = write(path, vectors_of("a"))

    def interrupted() -> None:
        with writing(path, "space", force=True) as file:
            file.add(vectors_of("b"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_no_vectors_make_no_file(path: Path) -> None:
    with writing(path, "space"):
        pass
    assert list(path.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="nowhere"), writing(tmp_path / "nowhere" / "file", "space"):
        pass


def test_vectors_of_two_dimensions_never_share_a_file(path: Path) -> None:
    with pytest.raises(ValueError, match="dimensions"):
        write(path, {**vectors_of("a", dimension=8), **vectors_of("b", dimension=9)})
    assert list(path.parent.iterdir()) == []


def test_a_key_that_is_no_hash_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256"), writing(path, "space") as file:
        file.add({"abcd": FakeEmbedder().vector("a")})
