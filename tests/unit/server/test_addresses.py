"""Addresses of resources: each server's are its own, and come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.server.addresses import own_address, scheme_of, taken_apart

NAMES = st.text(min_size=1)
ADDRESSES = st.from_regex(r"[a-z][a-z0-9+.-]{0,8}:[ -~]{0,20}", fullmatch=True)


@given(NAMES, ADDRESSES)
def test_an_address_comes_back_as_it_was(server: str, address: str) -> None:
    scheme = scheme_of(server)
    assert taken_apart(own_address(scheme, address)) == (scheme, address)


@given(NAMES)
def test_a_scheme_is_one(server: str) -> None:
    scheme = scheme_of(server)
    assert scheme[0].isascii()
    assert scheme[0].isalpha()
    assert set(scheme) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize(("one", "other"), [("Notes", "notes"), ("a b", "a_b"), ("ä", "ö"), ("1a", "s1a"), ("a", "A")])
def test_names_that_are_written_alike_have_schemes_of_their_own(one: str, other: str) -> None:
    assert scheme_of(one) != scheme_of(other)


def test_a_plain_name_is_its_scheme_and_case_does_not_count() -> None:
    assert own_address(scheme_of("notes"), "file:///A.txt") == "notes+file:///A.txt"
    assert taken_apart("NOTES+file:///A.txt") == ("notes", "file:///A.txt")


@pytest.mark.parametrize("address", ["file:///a+b", "file:///a", "", "a:b+c:d", ":+x"])
def test_a_plus_elsewhere_separates_nothing(address: str) -> None:
    assert taken_apart(address) == ("", address)


def test_without_a_name_an_address_stays() -> None:
    assert own_address(scheme_of(""), "file:///a") == "file:///a"
