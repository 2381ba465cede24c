"""An authorization server on a free port of the loopback interface: metadata, keys, and tokens signed with them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "https://tools.example.com"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"
OPENID_METADATA = "/.well-known/openid-configuration"
PrivateKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey


def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return new_rsa_key(65537, bits)


def curve_key() -> EllipticCurvePrivateKey:
    return new_curve_key(SECP256R1())


def public_jwk(key: PrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public half of a key as an issuer publishes it."""
    if isinstance(key, EllipticCurvePrivateKey):
        made = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "use": "sig", **more}


class Issuer:
    """What the server answers, by path, and how often each path was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.keys: dict[str, PrivateKey] = {}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: Counter[str] = Counter()
        self.held = threading.Event()
        """Unset, the server accepts connections and says nothing."""
        self.held.set()
        self.say(OAUTH_METADATA, {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"})

    def say(self, path: str, value: Any, status: int = 200, **headers: str) -> None:
        """Answer a path so from here on."""
        self.answers[path] = (status, headers, value if isinstance(value, bytes) else json.dumps(value).encode())

    def publish(self, **keys: PrivateKey) -> None:
        """Have these keys, by their ids, and no others."""
        self.keys = keys
        self.say("/jwks", {"keys": [public_jwk(key, kid) for kid, key in keys.items()]})

    def claims(self, **claims: Any) -> dict[str, Any]:
        """Return the claims of a good token, but for these; those that are None are left out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600, "scope": "tools"}
        return {name: value for name, value in {**good, **claims}.items() if value is not None}

    def token(self, kid: str, *, algorithm: str = "", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token that is signed with a key of ours."""
        key = self.keys[kid]
        chosen = algorithm or ("ES256" if isinstance(key, EllipticCurvePrivateKey) else "RS256")
        return jwt.encode(self.claims(**claims), key, chosen, {"kid": kid, "typ": "at+jwt", **(headers or {})})


@contextmanager
def issuer() -> Generator[Issuer]:
    """Serve until the block is left."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked[self.path] += 1
            served.held.wait(60)
            status, headers, body = served.answers.get(self.path, (404, {}, b"{}"))
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named so by the library
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        served = Issuer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield served
        finally:
            served.held.set()
            server.shutdown()
            thread.join()
