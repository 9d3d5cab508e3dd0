"""Inside vaults: the Key Vault data plane, secrets with their versions, and lists of keys and certificates.

Documented by Microsoft for Azure (2016-10-01, 7.0); no recording covers it.
"""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .messages import Refusal, Request, Response, error
from .principals import Principal
from .state import State
from .store import Wire
from .vaults import PREFIX

VERSIONS = frozenset({"2015-06-01", "2016-10-01", "7.0"})
NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
PAGE = 25
LARGEST = 25 * 1024  # characters of a value (documented: 25 KB)
ASSUMED = (
    "Key Vault data plane: the form of errors and of its 401; an access policy counts for an object id and its groups;"
    " api-versions 2015-06-01, 2016-10-01 and 7.0; no backup, restore or crypto, no keys and certificates but a list.",
    "Deleted secrets are gone at once; on a stamp made with soft delete they can be brought back, and until then a"
    " PUT of the same name is 409 Conflict.",
)


@dataclass(frozen=True)
class Ask:
    """One request to a vault."""

    state: State
    request: Request
    vault: Wire
    names: tuple[str, ...]

    @property
    def url(self) -> str:
        """Where the vault is."""
        return f"https://{self.request.host}"

    @property
    def key(self) -> str:
        """What the secret is kept under."""
        return f"{PREFIX}{self.vault['name']}/secrets/{self.names[0]}".lower()

    @property
    def now(self) -> int:
        """The stamp's time, in seconds since 1970."""
        return int(self.state.clock.time())

    def sent(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise refusal(400, "BadParameter", "The request body is not a JSON object.")
        return body

    def kept(self) -> Wire:
        """Return the secret asked for; 404 when there is none, or only a deleted one."""
        found = self.state.store.get(self.key)
        if found is None or found.get("deleted"):
            raise refusal(404, "SecretNotFound", f"A secret with (name/id) {'/'.join(self.names)} was not found.")
        return found

    def deleted(self) -> Wire:
        """Return the deleted secret asked for."""
        found = self.state.store.get(self.key)
        if found is None or not found.get("deleted"):
            raise refusal(404, "SecretNotFound", f"Deleted Secret not found: {self.names[0]}")
        return found


def refusal(status: int, code: str, text: str, inner: str | None = None) -> Refusal:
    """Return a refusal in Key Vault's form."""
    answer = error(status, code, text)
    if inner:
        answer.body["error"]["innererror"] = {"code": inner}
    return Refusal(answer)


def answer(request: Request, state: State, vault: Wire, principal: Principal) -> Response:
    """Return what a vault answers to somebody who is signed in."""
    if request.api_version not in VERSIONS:
        raise refusal(400, "BadParameter", "The specified version is not recognized. Consider using 2016-10-01 or 7.0.")
    segments = [each for each in request.path.split("/") if each]
    for method, shape, needed, verb in ROUTES:
        if method == request.method and len(shape) == len(segments):
            pairs = list(zip(shape, segments, strict=True))
            if all(wanted in ("*", given.lower()) for wanted, given in pairs):
                check_policy(vault, principal, *needed)
                return verb(Ask(state, request, vault, tuple(given for wanted, given in pairs if wanted == "*")))
    raise refusal(404, "NotFound", f"Nothing answers to {request.method} {request.path}.")


def check_policy(vault: Wire, principal: Principal, kind: str, permission: str) -> None:
    """Refuse what no access policy of the vault gives this principal or a group of its."""
    for policy in vault["properties"].get("accessPolicies") or []:
        given = {str(each).lower() for each in policy["permissions"].get(kind) or []}
        if policy["objectId"].lower() in principal.ids and given & {permission, "all"}:
            return
    text = (
        f"The user, group or application 'appid={principal.client_id};oid={principal.object_id}' does not have"
        f" {kind} {permission} permission on key vault '{vault['name']};location={vault['location']}'."
    )
    raise refusal(403, "Forbidden", text, "AccessDenied")


def put(ask: Ask) -> Response:
    """Write a new version of a secret."""
    sent, value = ask.sent(), ask.sent().get("value")
    if not NAME.fullmatch(ask.names[0]):
        raise refusal(400, "BadParameter", f"The name '{ask.names[0]}' is no name of a secret.")
    if not isinstance(value, str) or len(value) > LARGEST:
        raise refusal(400, "BadParameter", "Secret value is invalid.")
    old = ask.state.store.get(ask.key)
    if old is not None and old.get("deleted"):
        text = f"Secret {ask.names[0]} is currently in a deleted but recoverable state, and its name cannot be reused."
        raise refusal(409, "Conflict", text, "ObjectIsDeletedButRecoverable")
    made = {"version": secrets.token_hex(16), "value": value, "attributes": attributes(ask, sent, {})}
    made |= {name: sent[name] for name in ("contentType", "tags") if sent.get(name) is not None}
    body = old or {"id": f"{PREFIX}{ask.vault['name']}/secrets/{ask.names[0]}", "versions": []}
    body = body | {"versions": [*body["versions"], made]}
    ask.state.store.put(ask.key, body)
    return Response(200, bundle(ask, body, made))


def attributes(ask: Ask, sent: Wire, old: Wire) -> Wire:
    """Return the attributes that a write leaves behind."""
    given = sent.get("attributes") or {}
    if not isinstance(given, dict) or not isinstance(given.get("enabled", True), bool):
        raise refusal(400, "BadParameter", "The attributes are invalid.")
    if not all(isinstance(given.get(name, 0), int | None) for name in ("nbf", "exp")):
        raise refusal(400, "BadParameter", "The attributes are invalid.")
    known = {name: given[name] for name in ("enabled", "nbf", "exp") if given.get(name) is not None}
    level = "Recoverable+Purgeable" if ask.state.soft_delete else "Purgeable"
    times = {"created": old.get("created", ask.now), "updated": ask.now, "recoveryLevel": level}
    return {"enabled": True, **old, **known, **times}


def bundle(ask: Ask, body: Wire, version: Wire, *, value: bool = True, versioned: bool = True) -> Wire:
    """Return one version of a secret as it is shown; lists leave out the value."""
    tail = f"/{version['version']}" if versioned else ""
    shown = {name: version[name] for name in ("value", "contentType", "tags", "attributes") if name in version}
    if not value:
        shown.pop("value")
    return shown | {"id": f"{ask.url}/secrets/{body['id'].rpartition('/')[2]}{tail}"}


def get(ask: Ask) -> Response:
    """Return a secret with its value: the newest version, or the one asked for; an expired one too (documented)."""
    body = ask.kept()
    version = _version(ask, body)
    if not version["attributes"]["enabled"]:
        text = "Operation get is not allowed on a disabled secret."
        raise refusal(403, "Forbidden", text, "SecretDisabled")
    return Response(200, bundle(ask, body, version))


def _version(ask: Ask, body: Wire) -> Wire:
    if len(ask.names) == 1:
        return dict(body["versions"][-1])
    for each in body["versions"]:
        if each["version"] == ask.names[1].lower():
            return dict(each)
    raise refusal(404, "SecretNotFound", f"A secret with (name/id) {'/'.join(ask.names)} was not found.")


def patch(ask: Ask) -> Response:
    """Change all but the value of a version."""
    sent, body = ask.sent(), ask.kept()
    version = _version(ask, body)
    new = version | {name: sent[name] for name in ("contentType", "tags") if sent.get(name) is not None}
    new["attributes"] = attributes(ask, sent, version["attributes"])
    versions = [new if each["version"] == version["version"] else each for each in body["versions"]]
    ask.state.store.put(ask.key, body | {"versions": versions})
    return Response(200, bundle(ask, body, new, value=False))


def listed(ask: Ask) -> Response:
    """Return the secrets of a vault, without values."""
    found = [body for body in inside(ask, "secrets") if not body.get("deleted")]
    return paged(ask, [bundle(ask, body, body["versions"][-1], value=False, versioned=False) for body in found])


def versions(ask: Ask) -> Response:
    """Return the versions of a secret, without values."""
    body = ask.kept()
    return paged(ask, [bundle(ask, body, each, value=False) for each in body["versions"]])


def inside(ask: Ask, kind: str) -> list[Wire]:
    """Return what a vault has of one kind, by name."""
    below = f"{PREFIX}{ask.vault['name']}/{kind}/".lower()
    return [body for _, body in sorted(ask.state.store.of_type(("", f"vault/{kind}"), below))]


def paged(ask: Ask, items: list[Wire]) -> Response:
    """Return a page of a list and where the next one is (documented: 25 at most)."""
    asked = ask.request.query.get("maxresults", "")
    size = min(int(asked), PAGE) if asked.isdecimal() and len(asked) < 4 and int(asked) else PAGE
    skip = ask.request.query.get("$skiptoken", "")
    start = int(skip) if skip.isdecimal() and len(skip) < 10 else 0
    page, following = items[start : start + size], None
    if start + size < len(items):
        version = ask.request.api_version
        following = f"{ask.url}{ask.request.path}?api-version={version}&$skiptoken={start + size}&maxresults={size}"
    return Response(200, {"value": page, "nextLink": following})


def delete(ask: Ask) -> Response:
    """Delete a secret with all its versions."""
    body = ask.kept()
    if not ask.state.soft_delete:
        ask.state.store.delete(ask.key)
        return Response(200, bundle(ask, body, body["versions"][-1], value=False))
    body = body | {"deleted": ask.now}
    ask.state.store.put(ask.key, body)
    return Response(200, gone(ask, body))


def gone(ask: Ask, body: Wire) -> Wire:
    """Return a deleted secret as it is shown."""
    name, day = body["id"].rpartition("/")[2], 24 * 3600
    times = {"deletedDate": body["deleted"], "scheduledPurgeDate": body["deleted"] + 90 * day}
    shown = bundle(ask, body, body["versions"][-1], value=False)
    return shown | {"recoveryId": f"{ask.url}/deletedsecrets/{name}"} | times


def deleted(ask: Ask) -> Response:
    """Return the deleted secrets that can be brought back, or one of them."""
    if ask.names:
        return Response(200, gone(ask, ask.deleted()))
    return paged(ask, [gone(ask, body) for body in inside(ask, "secrets") if body.get("deleted")])


def recover(ask: Ask) -> Response:
    """Bring a deleted secret back."""
    body = {name: value for name, value in ask.deleted().items() if name != "deleted"}
    ask.state.store.put(ask.key, body)
    return Response(200, bundle(ask, body, body["versions"][-1], value=False))


def purge(ask: Ask) -> Response:
    """Delete a deleted secret for good."""
    ask.deleted()
    ask.state.store.delete(ask.key)
    return Response(204)


def keys(ask: Ask) -> Response:
    """Return the keys of a vault: those that a test put there."""
    return paged(ask, [{"kid": f"{ask.url}/keys/{_last(body)}", **_plain(ask)} for body in inside(ask, "keys")])


def certificates(ask: Ask) -> Response:
    """Return the certificates of a vault: those that a test put there."""
    found = inside(ask, "certificates")
    return paged(ask, [{"id": f"{ask.url}/certificates/{_last(body)}", **_plain(ask)} for body in found])


def _last(body: Wire) -> str:
    return str(body["id"]).rpartition("/")[2]


def _plain(ask: Ask) -> Wire:
    return {"attributes": {"enabled": True, "created": ask.now, "updated": ask.now}}


Verb = Callable[[Ask], Response]
ROUTES: tuple[tuple[str, tuple[str, ...], tuple[str, str], Verb], ...] = (
    ("GET", ("secrets",), ("secrets", "list"), listed),
    ("GET", ("secrets", "*", "versions"), ("secrets", "list"), versions),
    ("GET", ("secrets", "*"), ("secrets", "get"), get),
    ("GET", ("secrets", "*", "*"), ("secrets", "get"), get),
    ("PUT", ("secrets", "*"), ("secrets", "set"), put),
    ("PATCH", ("secrets", "*"), ("secrets", "set"), patch),
    ("PATCH", ("secrets", "*", "*"), ("secrets", "set"), patch),
    ("DELETE", ("secrets", "*"), ("secrets", "delete"), delete),
    ("GET", ("deletedsecrets",), ("secrets", "list"), deleted),
    ("GET", ("deletedsecrets", "*"), ("secrets", "get"), deleted),
    ("POST", ("deletedsecrets", "*", "recover"), ("secrets", "recover"), recover),
    ("DELETE", ("deletedsecrets", "*"), ("secrets", "purge"), purge),
    ("GET", ("keys",), ("keys", "list"), keys),
    ("GET", ("certificates",), ("certificates", "list"), certificates),
)
