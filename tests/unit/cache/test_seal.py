"""What lies outside of the process is opened only if we put it there, under that key, and not too long ago."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.seal import Seal

NOW = 1_700_000_000.0
ANY_TEXT = st.text(st.characters(codec=None))
HEAD = 9
"""Bytes of version and expiry."""


def seal(secret: bytes = b"secret", *, now: float = NOW) -> Seal:
    return Seal(secret, clock=lambda: now)


SEALED = seal().close("search:a", b"a value", 60)


@given(st.binary(), ANY_TEXT, st.binary(), st.floats(0.001, 1e9))
def test_what_was_sealed_is_opened_and_says_how_long_it_is_good(
    secret: bytes, key: str, value: bytes, ttl: float
) -> None:
    opened = seal(secret).open(key, seal(secret).close(key, value, ttl))
    assert opened is not None
    assert opened.value == value
    assert opened.left == pytest.approx(ttl, abs=1e-6)


def test_a_key_that_is_no_text_can_be_sealed() -> None:
    opened = seal().open("search:\ud800", seal().close("search:\ud800", b"1", 60))
    assert opened is not None
    assert opened.value == b"1"
    assert seal().open("search:?", seal().close("search:\ud800", b"1", 60)) is None


def test_no_bit_can_be_changed() -> None:
    for at in range(len(SEALED)):
        for bit in range(8):
            changed = bytearray(SEALED)
            changed[at] ^= 1 << bit
            assert seal().open("search:a", bytes(changed)) is None


def test_nothing_can_be_cut_off_or_added() -> None:
    for length in range(len(SEALED)):
        assert seal().open("search:a", SEALED[:length]) is None
        assert seal().open("search:a", SEALED[-length:] if length else b"") is None
    for added in (b"\0", b"x", SEALED):
        assert seal().open("search:a", SEALED + added) is None
        assert seal().open("search:a", added + SEALED) is None


@given(st.binary(max_size=200), ANY_TEXT)
def test_what_somebody_else_made_is_none(made: bytes, key: str) -> None:
    assert seal().open(key, made) is None
    assert seal().open(key, b"\x01" + made) is None


@given(ANY_TEXT, ANY_TEXT)
def test_a_value_is_good_under_its_own_key_only(key: str, other: str) -> None:
    is_good = seal().open(other, seal().close(key, b"1", 60)) is not None
    assert is_good == (key == other)


def test_what_is_moved_between_key_and_value_is_noticed() -> None:
    sealed = seal().close("search:a", b"bc", 60)
    assert seal().open("search:ab", sealed[:-2] + b"c") is None
    assert seal().open("search:", sealed[:-2] + b"abc") is None


@given(st.binary(), st.binary())
def test_a_value_is_good_for_its_own_secret_only(secret: bytes, other: bytes) -> None:
    is_good = seal(other).open("search:a", seal(secret).close("search:a", b"1", 60)) is not None
    assert is_good == (secret == other)


def test_the_time_of_a_value_cannot_be_made_longer() -> None:
    for expires in (NOW + 61, NOW + 1e9, float("inf"), float("nan")):
        forged = SEALED[:1] + struct.pack("<d", expires) + SEALED[HEAD:]
        assert seal().open("search:a", forged) is None


def test_a_value_of_another_version_is_none() -> None:
    for version in range(256):
        opened = seal().open("search:a", bytes([version]) + SEALED[1:])
        assert (opened is not None) == (version == SEALED[0])


def test_a_value_that_was_sealed_by_another_version_with_our_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mcp_toolweaver.cache.seal._VERSION", 2)
        sealed = seal().close("search:a", b"1", 60)
        assert seal().open("search:a", sealed) is not None
    assert seal().open("search:a", sealed) is None


def test_a_value_is_good_until_its_time_has_come() -> None:
    opened = seal(now=NOW + 59).open("search:a", SEALED)
    assert opened is not None
    assert opened.left == pytest.approx(1)
    assert seal(now=NOW + 60).open("search:a", SEALED) is None
    assert seal(now=NOW + 61).open("search:a", SEALED) is None


@pytest.mark.parametrize("ttl", [0, -1, -1e9])
def test_a_value_that_was_sealed_for_no_time_is_none(ttl: float) -> None:
    assert seal().open("search:a", seal().close("search:a", b"1", ttl)) is None


def test_a_seal_adds_as_many_bytes_as_it_says() -> None:
    assert len(SEALED) == len(b"a value") + 1 + 8 + 16


@given(st.binary(), st.binary())
def test_those_who_share_a_secret_share_a_name(secret: bytes, other: bytes) -> None:
    assert Seal(secret).name == seal(secret, now=0).name
    assert (Seal(secret).name == Seal(other).name) == (secret == other)


def test_a_name_is_always_the_same_and_looks_like_one() -> None:
    name = Seal(b"secret").name
    assert name == "ff7f2362"  # another one would part all that share a Redis
    assert all(len(Seal(secret).name) == 8 for secret in (b"", b"x", b"y" * 10_000))


def test_a_name_gives_nothing_away() -> None:
    secret = b"hunter2"
    name = bytes.fromhex(Seal(secret).name)
    for algorithm in ("blake2b", "blake2s", "sha1", "sha256", "sha512", "md5"):
        plain = hashlib.new(algorithm, secret).digest()
        assert name not in plain
    assert name not in Seal(secret).close("name", b"name", 60)
    assert b"hunter2" not in Seal(secret).close("search:a", b"", 60)
