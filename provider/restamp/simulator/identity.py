"""Signing in: AD FS and Entra as an application sees them (discovery, client credentials by secret and certificate).

Shapes of discovery and tokens as OAuth 2.0 and unmodified MSAL ask for them; texts and codes of refusals are assumed.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .messages import Request, Response
from .principals import Principal
from .state import State, guid

LIFETIME = 3600
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSUMED = (
    "Signing in: codes and texts of refused sign-ins, and what a token looks like inside; that one for the admin"
    " endpoint is good for the tenant endpoint too.",
)


@dataclass(frozen=True)
class SignIn:
    """What a valid token says."""

    client_id: str
    audience: str
    expires: float


class IdentityService:
    """The identity system of one stamp: issues tokens, and reads those it issued."""

    def __init__(self, state: State, principals: Mapping[str, Principal], key: bytes) -> None:
        self._state, self._principals, self._key = state, principals, key
        self._known: dict[str, SignIn] = {}
        self.lifetime = LIFETIME  # seconds a token is good for

    @property
    def authority(self) -> str:
        """Where to sign in, as `/metadata/endpoints` says it."""
        if self._state.identity == "ADFS":
            return f"https://{self._state.host('adfs')}/adfs"
        return f"https://{self._state.host('login')}/"

    def audience(self, plane: str) -> str:
        """Return the audience of tokens for Resource Manager, new with every deployment (documented)."""
        home = f"adfs.{self._state.domain}" if self._state.identity == "ADFS" else f"{self._state.domain}"
        return f"https://{plane}.{home}/{self._state.deployment_id}"

    def answer(self, request: Request) -> Response:
        """Return the answer of the sign-in hosts."""
        path = request.path.rstrip("/").lower()
        segments = path.strip("/").split("/")
        if self._state.identity == "ADFS":
            tail, prefix = path.removeprefix("/adfs"), "adfs"
        else:
            tail, prefix = "/" + "/".join(segments[1:]), segments[0]
            if prefix not in {self._state.tenant, self._state.domain.lower()}:
                return failed(400, "invalid_tenant", f"AADSTS90002: Tenant '{prefix}' not found.")
        base = f"https://{request.host}/{prefix}"
        if tail in {"/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration"}:
            return Response(200, self._discovery(base))
        if tail in {"/oauth2/token", "/oauth2/v2.0/token"} and request.method == "POST":
            return self._token(request, f"{base}{tail}")
        if tail == "/discovery/keys":
            return Response(200, {"keys": []})
        return Response(404)

    def read(self, token: str) -> SignIn | None:
        """Return what a token of this stamp says; None when it is none."""
        known = self._known.get(token)
        if known is None:
            known = self._verified(token)
            if known is not None:
                self._known[token] = known
        return known

    def _discovery(self, base: str) -> dict[str, Any]:
        adfs = self._state.identity == "ADFS"
        oauth = f"{base}/oauth2" if adfs else f"{base}/oauth2/v2.0"
        return {
            "issuer": base if adfs else f"{base}/v2.0",
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "jwks_uri": f"{base}/discovery/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        }

    def _token(self, request: Request, endpoint: str) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            return failed(400, "unsupported_grant_type", "The grant type is not supported.")
        principal = self._principals.get(form.get("client_id", "").lower())
        if principal is None:
            return failed(401 if self._state.identity == "ADFS" else 400, "unauthorized_client", self._unknown(form))
        if not self._proves(principal, form, endpoint):
            text = "MSIS9607: The client secret or assertion is invalid."
            if self._state.identity == "AzureAD":
                text = "AADSTS7000215: Invalid client secret provided."
            return failed(401, "invalid_client", text)
        audience = form.get("resource") or form.get("scope", "").split(" ")[0].removesuffix("/.default")
        if audience not in {self.audience(plane) for plane in ("management", "adminmanagement")}:
            return failed(400, "invalid_resource", f"The resource '{audience}' is not known to this stamp.")
        body = {"token_type": "Bearer", "expires_in": self.lifetime}
        body["access_token"] = self.issue(principal, audience, self.lifetime)
        return Response(200, body, {"cache-control": "no-store", "pragma": "no-cache"})

    def _unknown(self, form: Mapping[str, str]) -> str:
        code = "MSIS9604" if self._state.identity == "ADFS" else "AADSTS700016"
        return f"{code}: The application '{form.get('client_id', '')}' was not found."

    def issue(self, principal: Principal, audience: str, lifetime: float = LIFETIME) -> str:
        """Return a token for `principal`, good for `lifetime` seconds of the stamp's clock."""
        now = int(self._state.clock.time())
        claims = {"aud": audience, "iss": self.authority, "iat": now, "nbf": now, "exp": now + int(lifetime)}
        claims |= {"appid": principal.client_id, "oid": principal.object_id, "tid": principal.tenant, "jti": guid()}
        text = f"{_encode({'typ': 'JWT', 'alg': 'HS256'})}.{_encode(claims)}"
        return f"{text}.{_base64(self._sign(text))}"

    def _sign(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")

    def _verified(self, token: str) -> SignIn | None:
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_base64(self._sign(text)).encode(), signature.encode()):
            return None
        claims = _decode(text.rpartition(".")[2])
        return SignIn(claims["appid"], claims["aud"], claims["exp"])

    def _proves(self, principal: Principal, form: Mapping[str, str], endpoint: str) -> bool:
        if "client_secret" in form:
            return bool(principal.secret) and hmac.compare_digest(
                principal.secret.encode(), form["client_secret"].encode()
            )
        if form.get("client_assertion_type") != ASSERTION or not principal.certificate:
            return False
        claims = _asserted(form.get("client_assertion", ""), principal.certificate)
        now = self._state.clock.time()
        return (
            claims is not None
            and claims.get("sub") == claims.get("iss") == principal.client_id
            and str(claims.get("aud", "")).lower() == endpoint.lower()
            and isinstance(claims.get("exp"), int | float)
            and float(claims["exp"]) > min(now, now - self._state.clock.offset)
        )


def failed(status: int, code: str, text: str) -> Response:
    """Return OAuth's error form."""
    body = {"error": code, "error_description": text, "correlation_id": guid()}
    return Response(status, body, {"cache-control": "no-store", "pragma": "no-cache"})


def _asserted(assertion: str, certificate: str) -> dict[str, Any] | None:
    """Return the claims of an assertion signed with the key of `certificate`; None when it is not."""
    text, _, signature = assertion.rpartition(".")
    try:
        header, claims = _decode(text.partition(".")[0]), _decode(text.partition(".")[2])
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        key.verify(_unbase64(signature), text.encode(), SIGNATURES[header["alg"]](), hashes.SHA256())
    except (InvalidSignature, KeyError, ValueError):
        return None
    return claims


SIGNATURES: dict[str, Callable[[], padding.AsymmetricPadding]] = {
    "RS256": padding.PKCS1v15,
    "PS256": lambda: padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as wrong:
        raise ValueError("not base64") from wrong


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> dict[str, Any]:
    value = json.loads(_unbase64(text))
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what a token holds is a value, not a type of ours
    return value


def key_of(seed: str) -> bytes:
    """Return the key that tokens of a stamp are signed with."""
    return hashlib.sha256(seed.encode()).digest()
