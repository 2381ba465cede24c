"""Access tokens of an authorization server let in whom they were issued to, for us, by it, and while they last."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import time
import traceback
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.access.oauth.admission import OAuthAdmission
from mcp_toolweaver.access.oauth.fetching import fetch_object
from mcp_toolweaver.access.oauth.resource import ProtectedResource
from mcp_toolweaver.core.access import Caller, NotAdmitted, NotAllowed, Profile
from mcp_toolweaver.core.errors import Unavailable
from tests.fakes.issuer import AUDIENCE, OAUTH_METADATA, OPENID_METADATA, Issuer, curve_key, issuer, public_jwk, rsa_key

pytestmark = pytest.mark.anyio

RSA, CURVE, OTHER = rsa_key(), curve_key(), rsa_key()
SUPPORT, STAFF = Profile("support"), Profile("staff")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    """Leave a busy machine time to answer."""
    monkeypatch.setattr("mcp_toolweaver.access.oauth.keys._DEADLINE", 60.0)
    monkeypatch.setattr("mcp_toolweaver.access.oauth.fetching._SECONDS", 60.0)


@pytest.fixture
def server() -> Generator[Issuer]:
    with issuer() as served:
        served.publish(rsa=RSA, curve=CURVE)
        yield served


def resource(of: Issuer, **more: Any) -> ProtectedResource:
    algorithms = frozenset({"RS256", "PS256", "ES256", "ES384", "EdDSA"})
    return replace(ProtectedResource(of.url, AUDIENCE, AUDIENCE, algorithms, scopes=("tools",)), **more)


def admission(of: Issuer, **more: Any) -> OAuthAdmission:
    return OAuthAdmission(resource(of, **more), {"support": SUPPORT, "staff": STAFF})


async def refusal(of: OAuthAdmission, bearer: str | None) -> NotAdmitted:
    with pytest.raises(NotAdmitted) as raised:
        await of.admit(bearer)
    return raised.value


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_keys_of_both_kinds_are_found_by_the_metadata_of_oauth(server: Issuer) -> None:
    asked = admission(server)
    assert await asked.admit(server.token("rsa")) == Caller("oauth:ada")
    assert await asked.admit(server.token("curve")) == Caller("oauth:ada")
    assert await asked.admit(server.token("rsa", algorithm="PS256")) == Caller("oauth:ada")
    assert server.asked == {OAUTH_METADATA: 1, "/jwks": 1}


async def test_keys_are_found_by_the_metadata_of_openid(server: Issuer) -> None:
    server.answers[OPENID_METADATA] = server.answers.pop(OAUTH_METADATA)
    assert await admission(server).admit(server.token("rsa")) == Caller("oauth:ada")


@pytest.mark.parametrize(
    "path", [f"{OAUTH_METADATA}/realm/a", f"{OPENID_METADATA}/realm/a", f"/realm/a{OPENID_METADATA}"]
)
async def test_an_issuer_may_have_a_path(server: Issuer, path: str) -> None:
    of = f"{server.url}/realm/a"
    server.say(path, {"issuer": of, "jwks_uri": f"{server.url}/jwks"})
    assert await admission(server, issuer=of).admit(server.token("rsa", iss=of)) == Caller("oauth:ada")


async def test_keys_may_be_at_an_address_that_the_owner_names(server: Issuer) -> None:
    server.answers["/keys"] = server.answers.pop("/jwks")
    assert await admission(server, jwks_url=f"{server.url}/keys").admit(server.token("rsa")) == Caller("oauth:ada")
    assert server.asked == {"/keys": 1}


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://elsewhere.example.com"}, "another issuer"),
        ({"iss": None}, "lacks"),
        ({"aud": "https://other.example.com"}, "another server"),
        ({"aud": ["https://other.example.com"]}, "another server"),
        ({"aud": f"{AUDIENCE}.evil.example"}, "another server"),
        ({"aud": None}, "lacks"),
        ({"aud": []}, "lacks"),
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "lacks"),
        ({"exp": "soon"}, "cannot be checked"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
        ({"sub": None}, "whom"),
        ({"sub": ""}, "whom"),
        ({"sub": "a\nb"}, "whom"),
        ({"sub": "a" * 256}, "whom"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_invalid(server: Issuer, claims: dict[str, Any], said: str) -> None:
    found = await refusal(admission(server), server.token("rsa", **claims))
    assert type(found) is NotAdmitted
    assert found.error == "invalid_token"
    assert said in str(found)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://other.example.com", AUDIENCE]},
        {"aud": f"{AUDIENCE}/"},
        {"scope": "more tools"},
        {"scope": None, "scp": ["tools"]},
        {"scope": None, "scp": "tools more"},
    ],
)
async def test_what_differs_but_is_right_is_good(server: Issuer, claims: dict[str, Any]) -> None:
    assert await admission(server).admit(server.token("rsa", **claims)) == Caller("oauth:ada")


async def test_clocks_may_differ_by_seconds(server: Issuer) -> None:
    asked, now = admission(server), int(time.time())
    assert await asked.admit(server.token("rsa", exp=now - 1))
    assert await asked.admit(server.token("rsa", nbf=now + 10, iat=now + 10))


async def test_a_program_is_called_by_its_client_id_and_never_like_a_user(server: Issuer) -> None:
    asked = admission(server)
    assert await asked.admit(server.token("rsa", sub=None, client_id="ada")) == Caller("oauth-client:ada")
    assert await asked.admit(server.token("rsa", sub=None, azp="ada")) == Caller("oauth-client:ada")


async def test_without_a_token_the_answer_says_where_to_get_one(server: Issuer) -> None:
    asked = admission(server)
    assert (await refusal(asked, None)).error == ""
    assert asked.challenge == (f'resource_metadata="{AUDIENCE}/.well-known/oauth-protected-resource", scope="tools"')


async def test_a_missing_scope_is_named_and_is_no_question_of_who_it_is(server: Issuer) -> None:
    lacking: list[dict[str, Any]] = [{"scope": "toolsmith"}, {"scope": None}, {"scope": None, "scp": [1]}]
    for claims in lacking:
        found = await refusal(admission(server), server.token("rsa", **claims))
        assert isinstance(found, NotAllowed)
        assert found.error == "insufficient_scope"
        assert str(found).endswith("tools")


async def test_the_first_scope_that_means_a_profile_counts_and_one_is_needed(server: Issuer) -> None:
    asked = admission(server, profiles_by_scope={"tools:all": "staff", "tools:some": "support", "lost": "gone"})
    for scope, profile in (("tools:some tools:all", STAFF), ("tools:some", SUPPORT)):
        assert (await asked.admit(server.token("rsa", scope=f"tools {scope}"))).profiles == (profile,)
    for scope, said in (("tools", "one of these scopes"), ("tools lost", "'gone'")):
        found = await refusal(asked, server.token("rsa", scope=scope))
        assert isinstance(found, NotAllowed)
        assert said in str(found)


async def test_a_token_without_a_signature_is_refused(server: Issuer) -> None:
    claims = server.claims()
    for algorithm in ("none", "None", "NONE"):
        unsigned = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{part(claims)}."
        assert "not accepted" in str(await refusal(admission(server), unsigned))


async def test_the_public_key_is_no_password(server: Issuer) -> None:
    """The old trick: sign with HMAC, the key being what everybody can read."""
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'rsa'})}.{part(server.claims())}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()
    assert "not accepted" in str(await refusal(admission(server), f"{signed}.{mac}"))
    for algorithms in ({"HS256"}, {"RS256", "HS256"}):
        found = await refusal(admission(server, algorithms=frozenset(algorithms)), f"{signed}.{mac}")
        assert found.error == "invalid_token"


async def test_a_secret_among_the_published_keys_verifies_nothing(server: Issuer) -> None:
    secret = b"k" * 32
    oct_key = {"kty": "oct", "kid": "secret", "k": base64.urlsafe_b64encode(secret).decode()}
    server.say("/jwks", {"keys": [oct_key]})
    token = jwt.encode(server.claims(), secret, "HS256", {"kid": "secret"})
    assert (await refusal(admission(server, algorithms=frozenset({"HS256"})), token)).error == "invalid_token"


async def test_a_signature_of_another_key_or_over_other_claims_is_wrong(server: Issuer) -> None:
    header, claims, signature = server.token("rsa").split(".")
    forged = [
        jwt.encode(server.claims(), OTHER, "RS256", {"kid": "rsa"}),
        f"{header}.{part(server.claims(sub='root'))}.{signature}",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        f"{header}.{claims}.",
    ]
    for token in forged:
        found = await refusal(admission(server), token)
        assert found.error == "invalid_token"


async def test_a_key_serves_no_algorithm_but_its_own(server: Issuer) -> None:
    server.say("/jwks", {"keys": [public_jwk(RSA, "rsa", alg="RS256"), public_jwk(CURVE, "enc", use="enc")]})
    server.keys = {"rsa": RSA, "enc": CURVE}
    asked = admission(server)
    assert await asked.admit(server.token("rsa"))
    for token in (
        server.token("rsa", algorithm="PS256"),
        server.token("enc"),
        server.token("rsa", headers={"kid": "enc"}),
    ):
        assert "does not publish" in str(await refusal(asked, token))


async def test_a_short_key_is_refused(server: Issuer) -> None:
    server.publish(short=rsa_key(1024))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = server.token("short")
    assert (await refusal(admission(server), token)).error == "invalid_token"


async def test_an_algorithm_that_the_owner_leaves_out_is_refused(server: Issuer) -> None:
    assert "not accepted" in str(await refusal(admission(server, algorithms=frozenset({"ES256"})), server.token("rsa")))


async def test_other_kinds_of_tokens_are_no_access_tokens(server: Issuer) -> None:
    for kind in ("dpop+jwt", "logout+jwt", "secevent+jwt", 5):
        header = part({"alg": "RS256", "typ": kind, "kid": "rsa"})
        assert "no access token" in str(await refusal(admission(server), f"{header}.{part(server.claims())}.AAAA"))
    for good in ("JWT", "at+JWT", "application/at+jwt", None):
        assert await admission(server).admit(server.token("rsa", headers={"typ": good}))


async def test_keys_that_a_token_brings_along_are_not_looked_at(server: Issuer) -> None:
    headers = {"jwk": public_jwk(OTHER, "rsa"), "jku": f"{server.url}/evil", "x5u": f"{server.url}/evil"}
    token = jwt.encode(server.claims(), OTHER, "RS256", {"kid": "rsa", **headers})
    assert (await refusal(admission(server), token)).error == "invalid_token"
    assert "/evil" not in server.asked


async def test_a_token_without_a_key_id_is_good_if_one_key_only_fits(server: Issuer) -> None:
    token = jwt.encode(server.claims(), RSA, "RS256")
    assert await admission(server).admit(token)
    server.publish(rsa=RSA, other=OTHER)
    assert "does not publish" in str(await refusal(admission(server), token))


async def test_odd_keys_beside_good_ones_do_no_harm(server: Issuer) -> None:
    odd: list[Any] = [
        5,
        {},
        {"kty": "RSA", "kid": "a"},
        {"kty": "RSA", "kid": "b", "n": 1, "e": None},
        {"kty": [], "kid": {}},
    ]
    odd += [public_jwk(RSA, "c", key_ops=5), public_jwk(RSA, "d", key_ops=["sign"])]
    server.say("/jwks", {"keys": [*odd, public_jwk(RSA, "rsa")]})
    server.keys = dict.fromkeys(["a", "b", "c", "d", "rsa"], RSA)
    asked = admission(server)
    assert await asked.admit(server.token("rsa"))
    for kid in ("a", "b", "d"):
        assert (await refusal(asked, server.token(kid))).error == "invalid_token"


ODD = [
    "a", "..",
    "a.b.c", "a.b.c.d.e", "é.ü.ß", "\ud800.a.b", "\x00", "e30.e30.e30", "bnVsbA.e30.", "." * 1000, "x" * 20_000,
    f"{part({'alg': 'RS256', 'kid': 5})}.e30.AAAA",
    f"{part({'alg': ['RS256'], 'kid': 'rsa'})}.e30.AAAA",
    f"{part({'alg': 'RS256', 'kid': 'rsa', 'crit': ['b64'], 'b64': False})}.e30.AAAA",
    f"{base64.urlsafe_b64encode(b'[' * 9000).decode()}.e30.AAAA",
]  # fmt: skip


async def test_what_is_no_token_is_refused_and_asks_nobody(server: Issuer) -> None:
    for bearer in ODD:
        assert (await refusal(admission(server), bearer)).error == "invalid_token"
    assert not set(server.asked) - {OAUTH_METADATA, "/jwks"}


@given(st.text(max_size=80))
async def test_any_text_is_refused(bearer: str) -> None:
    of = ProtectedResource("http://127.0.0.1:9", AUDIENCE, AUDIENCE, frozenset({"RS256"}))
    await refusal(OAuthAdmission(of, {}), bearer)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (OAUTH_METADATA, {"issuer": "https://elsewhere.example.com", "jwks_uri": "https://elsewhere.example.com/k"}),
        (OAUTH_METADATA, {"jwks_uri": "http://127.0.0.1/k"}),
        (OAUTH_METADATA, b"<html>"),
        (OAUTH_METADATA, [1]),
        ("/jwks", {"keys": []}),
        ("/jwks", {"keys": "none"}),
        ("/jwks", b"%s%s" % (b" " * 600_000, json.dumps({"keys": [public_jwk(RSA, "rsa")]}).encode())),
        ("/jwks", b"[" * 100_000),
    ],
)
async def test_an_issuer_that_answers_with_nonsense_is_away_which_is_no_fault_of_the_token(
    server: Issuer, path: str, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.say(path, answer)
    with pytest.raises(Unavailable, match="try again"):
        await admission(server).admit(server.token("rsa"))
    assert server.url in caplog.text


async def test_no_redirect_is_followed_and_no_plain_address_elsewhere_is_asked(server: Issuer) -> None:
    server.answers["/real"] = server.answers["/jwks"]
    server.say("/jwks", {}, 302, location=f"{server.url}/real")
    with pytest.raises(Unavailable):
        await admission(server).admit(server.token("rsa"))
    server.say(OAUTH_METADATA, {"issuer": server.url, "jwks_uri": "http://192.0.2.1/jwks"})
    with pytest.raises(Unavailable):
        await admission(server).admit(server.token("rsa"))
    assert "/real" not in server.asked
    for url in ("http://192.0.2.1/jwks", "file:///etc/hosts", "", "http://[::1"):
        with pytest.raises(Unavailable, match="neither https nor on this machine"):
            await fetch_object(url)


async def test_neither_logs_nor_errors_hold_the_text_of_a_token(
    server: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = admission(server)
    good = server.token("rsa", sub="5ecret-subject")
    bad = [
        server.token("rsa", exp=1),
        server.token("rsa", scope=None),
        server.token("rsa", headers={"kid": "k1d-5ecret"}),
        good[:-8],
        *ODD[2:],
    ]
    seen = [repr(asked), repr(await asked.admit(good)).replace("oauth:5ecret-subject", "")]
    for bearer in bad:
        error = await refusal(asked, bearer)
        seen += [repr(error), "".join(traceback.format_exception(error))]
    everything = "\n".join([*seen, caplog.text])
    pieces = [piece for bearer in (good, *bad[:4]) for piece in bearer.split(".")[1:]]
    assert not [piece for piece in pieces if piece in everything]
    assert "5ecret" not in everything
