"""Signing in: AD FS and Entra as clients see them: discovery, applications by secret or certificate, users by password.

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

from .messages import Refusal, Request, Response
from .principals import Principal
from .state import State, guid

LIFETIME = 3600
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSUMED = (
    "Signing in: codes and texts of refused sign-ins, and what a token looks like inside; users sign in by password"
    " alone, through any application or Microsoft's own clients.",
    "Directories: that of the stamp, those onboarded as directory tenants, and those of principals that tests made.",
)
CLIENTS = frozenset({"1950a258-227b-4e31-a9cf-717495945fc2", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"})  # PowerShell, CLI
HOSTS = {"admin": "adminmanagement", "tenant": "management"}
TENANTS = ("microsoft.subscriptions.admin", "directorytenants")
RESERVED = frozenset({"openid", "profile", "offline_access"})


@dataclass(frozen=True)
class SignIn:
    """What a valid token says."""

    client_id: str
    object_id: str
    audience: str
    expires: float

    def is_for(self, audience: str) -> bool:
        """Return whether the token is good for an audience, with or without a slash at its end."""
        return self.audience.rstrip("/") == audience.rstrip("/")


class IdentityService:
    """The identity system of one stamp: issues tokens, and reads those it issued."""

    def __init__(self, state: State, key: bytes) -> None:
        self._state, self._key = state, key
        self._known: dict[str, SignIn] = {}
        self.lifetime = LIFETIME  # seconds a token is good for

    @property
    def authority(self) -> str:
        """Where to sign in, as `/metadata/endpoints` says it."""
        if self._state.identity == "ADFS":
            return f"https://{self._state.host('adfs')}/adfs"
        return f"https://{self._state.host('login')}/"

    def audience(self, plane: str) -> str:
        """Return the audience of tokens for a plane; Resource Manager's are new with every deployment (documented)."""
        if plane in {"vault", "graph"}:
            return f"https://{self._state.host(plane)}" + ("/" if plane == "graph" else "")
        plane = HOSTS.get(plane, plane)
        home = f"adfs.{self._state.domain}" if self._state.identity == "ADFS" else f"{self._state.domain}"
        return f"https://{plane}.{home}/{self._state.deployment_id}"

    def answer(self, request: Request) -> Response:
        """Return the answer of the sign-in hosts."""
        path = request.path.rstrip("/").lower()
        segments = path.strip("/").split("/")
        if self._state.identity == "ADFS":
            tail, prefix, tenant = path.removeprefix("/adfs"), "adfs", "adfs"
        else:
            tail, prefix = "/" + "/".join(segments[1:]), segments[0]
            if prefix == "common" and tail.startswith("/userrealm/"):
                return Response(200, {"ver": "1.0", "account_type": "Managed"})
            tenant = self._state.tenant if prefix == self._state.domain.lower() else prefix
            if not self._is_directory(tenant):
                return failed(400, "invalid_tenant", f"AADSTS90002: Tenant '{prefix}' not found.")
        base = f"https://{request.host}/{prefix}"
        if tail in {"/.well-known/openid-configuration", "/v2.0/.well-known/openid-configuration"}:
            return Response(200, self._discovery(base))
        if tail in {"/oauth2/token", "/oauth2/v2.0/token"} and request.method == "POST":
            return self._token(request, f"{base}{tail}", tenant)
        if tail == "/discovery/keys":
            return Response(200, {"keys": []})
        return Response(404)

    def _is_directory(self, tenant: str) -> bool:
        onboarded = any(True for _ in self._state.store.by(TENANTS, tenant))
        return tenant == self._state.tenant.lower() or onboarded or self._state.directory.has(tenant)

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

    def _token(self, request: Request, endpoint: str, tenant: str) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        client = form.get("client_id", "").lower()
        try:
            principal = self._signed_in(form, endpoint, tenant)
            audience = self._asked(form)
        except Refusal as refused:
            return refused.response
        body: dict[str, Any] = {"token_type": "Bearer", "expires_in": int(self.lifetime)}
        body["access_token"] = self.issue(principal, audience, self.lifetime, client)
        if principal.kind == "User":
            body["id_token"] = self._id_token(principal, client)
        return Response(200, body, {"cache-control": "no-store", "pragma": "no-cache"})

    def _signed_in(self, form: Mapping[str, str], endpoint: str, tenant: str) -> Principal:
        """Return who has proved who they are: an application, or a user through one."""
        grant, client = form.get("grant_type"), form.get("client_id", "")
        if grant not in {"client_credentials", "password"}:
            raise Refusal(failed(400, "unsupported_grant_type", "The grant type is not supported."))
        application = self._state.directory.named(client, tenant)
        if grant == "password" and (application or client.lower() in CLIENTS):
            user = self._state.directory.named(form.get("username", ""), tenant)
            if user is None or user.kind != "User" or not _equal(user.secret, form.get("password", "")):
                raise Refusal(failed(400, "invalid_grant", self._text("wrong user")))
            return user
        if application is None or application.kind != "Application":
            status = 401 if self._state.identity == "ADFS" else 400
            raise Refusal(failed(status, "unauthorized_client", self._unknown(form)))
        if not self._proves(application, form, endpoint):
            raise Refusal(failed(401, "invalid_client", self._text("wrong secret")))
        return application

    def _asked(self, form: Mapping[str, str]) -> str:
        """Return the audience that is asked for, by AD FS's `resource` or by a scope."""
        scopes = [each for each in form.get("scope", "").split(" ") if each not in RESERVED]
        audience = form.get("resource") or "".join(scopes[:1]).removesuffix("/.default")
        known = {self.audience(plane).rstrip("/") for plane in ("tenant", "admin", "vault", "graph")}
        if audience.rstrip("/") not in known:
            raise Refusal(failed(400, "invalid_resource", f"The resource '{audience}' is not known to this stamp."))
        return audience

    def _text(self, what: str) -> str:
        return TEXTS[what][self._state.identity == "AzureAD"]

    def _id_token(self, principal: Principal, client: str) -> str:
        """Return what tells a client who signed in; MSAL compares its times with the real clock."""
        now = int(self._state.clock.time())
        claims = {"aud": client, "iss": self.authority, "iat": now, "exp": now + LIFETIME, "sub": principal.object_id}
        claims |= {"upn": principal.name, "preferred_username": principal.name, "tid": principal.tenant}
        return self._signed(claims)

    def _unknown(self, form: Mapping[str, str]) -> str:
        code = "MSIS9604" if self._state.identity == "ADFS" else "AADSTS700016"
        return f"{code}: The application '{form.get('client_id', '')}' was not found."

    def issue(self, principal: Principal, audience: str, lifetime: float = LIFETIME, client: str | None = None) -> str:
        """Return a token for `principal`, good for `lifetime` seconds of the stamp's clock."""
        now = int(self._state.clock.time())
        claims = {"aud": audience, "iss": self.authority, "iat": now, "nbf": now, "exp": now + int(lifetime)}
        claims |= {
            "appid": client or principal.client_id,
            "oid": principal.object_id,
            "tid": principal.tenant,
            "jti": guid(),
        }
        return self._signed(claims)

    def _signed(self, claims: Mapping[str, Any]) -> str:
        text = f"{_encode({'typ': 'JWT', 'alg': 'HS256'})}.{_encode(claims)}"
        return f"{text}.{_base64(self._sign(text))}"

    def _sign(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")

    def _verified(self, token: str) -> SignIn | None:
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_base64(self._sign(text)).encode(), signature.encode()):
            return None
        claims = _decode(text.rpartition(".")[2])
        return SignIn(claims["appid"], claims["oid"], claims["aud"], claims["exp"])

    def _proves(self, principal: Principal, form: Mapping[str, str], endpoint: str) -> bool:
        if "client_secret" in form:
            return _equal(principal.secret, form["client_secret"])
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


TEXTS = {
    "wrong secret": (
        "MSIS9607: The client secret or assertion is invalid.",
        "AADSTS7000215: Invalid client secret provided.",
    ),
    "wrong user": (
        "MSIS9659: The user name or password is incorrect.",
        "AADSTS50126: Error validating credentials due to invalid username or password.",
    ),
}


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


def _equal(secret: str, given: str) -> bool:
    return bool(secret) and hmac.compare_digest(secret.encode(), given.encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as wrong:
        raise ValueError("not base64") from wrong


def _encode(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> dict[str, Any]:
    value = json.loads(_unbase64(text))
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what a token holds is a value, not a type of ours
    return value


def key_of(seed: str) -> bytes:
    """Return the key that tokens of a stamp are signed with."""
    return hashlib.sha256(seed.encode()).digest()
