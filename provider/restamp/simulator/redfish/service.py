"""The BMCs of a stamp's nodes: who may ask them, and what they answer and do."""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restamp.simulator import fabric
from restamp.simulator.messages import Refusal, Request, Response
from restamp.simulator.state import State, derived

from .tree import ROOT, Tree, tree

NOTE = "nodes"
ADMINISTRATOR = "bmcadmin"
IDLE = 1800.0  # seconds until a session that nobody uses is gone, as the service says itself
SESSIONS = "SessionService/Sessions"
POWER = {
    "On": "On",
    "ForceOff": "Off",
    "GracefulShutdown": "Off",
    "ForceRestart": "On",
    "GracefulRestart": "On",
}  # what a reset leaves (documented)
WRITABLE = {"Boot": dict, "AssetTag": str, "IndicatorLED": str}  # of a system
ASSUMED = (
    "Nodes: names and credential of their BMCs; which hardware there is; power and boot change at once; of a system"
    " Boot, AssetTag and IndicatorLED alone can be written; firmware and BIOS cannot.",
)


@dataclass
class Session:
    """Somebody signed in at one node."""

    identifier: str
    node: int
    used: float  # when, on the stamp's clock


class Nodes:
    """So many nodes of one hardware; another `rack` of it is other machines, with other serial numbers.

    What is left out is as the stamp's state has it, or four nodes of the first hardware.
    """

    def __init__(
        self, state: State, hardware: str | None = None, count: int | None = None, rack: str | None = None
    ) -> None:
        kept = {"hardware": "contoso-g4", "count": 4, "rack": "1", "changes": {}} | state.store.note(NOTE, {})
        given = {"hardware": hardware, "count": count, "rack": rack}
        asked = {name: value for name, value in given.items() if value not in (None, kept[name])}
        kept |= asked | ({"changes": {}} if asked else {})  # other machines are as they came
        self._state, self.hardware, self.count = state, kept["hardware"], kept["count"]
        self._trees = [tree(self.hardware, self.name(at), f"{kept['rack']}/{at}") for at in range(1, self.count + 1)]
        state.store.write_note(NOTE, kept)
        self._sessions: dict[str, Session] = {}

    def name(self, node: int) -> str:
        """Return a node's name."""
        return f"azs-node{node:02}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the BMCs."""
        return tuple(f"{self.name(at)}-bmc.{self._state.home}" for at in range(1, self.count + 1))

    @property
    def administrator(self) -> tuple[str, str]:
        """Name and password at every BMC: one for all of them (documented), and the machines' own."""
        return ADMINISTRATOR, derived(0, f"bmc/{self._state.home}")

    def resources(self, node: int) -> Tree:
        """Return all resources of a node as they are now; nodes are counted from 1."""
        changes = self._state.store.note(NOTE)["changes"].get(str(node), {})
        return {path: merged(body, changes.get(path, {})) for path, body in self._trees[node - 1].items()}

    def change(self, node: int, path: str, **values: Any) -> None:
        """Let a resource say something else from now on: another version, a drive that fails."""
        kept = self._state.store.note(NOTE)
        of_node = kept["changes"].get(str(node), {})
        of_node = of_node | {path: merged(of_node.get(path, {}), values)}
        self._state.store.write_note(NOTE, kept | {"changes": kept["changes"] | {str(node): of_node}})

    def answer(self, request: Request) -> Response:
        """Return the answer of the node that is asked."""
        node = int(request.host.partition("-bmc")[0][-2:])
        path = request.path.strip("/")
        try:
            if not 1 <= node <= self.count:
                raise failed(404, "ResourceMissingAtURI", f"There is no node {node}.")
            if path == "redfish":
                return Response(200, {"v1": f"{ROOT}/"})
            place = self._place(request, node, path)
            if request.method == "GET":
                return self._got(node, place)
            return self._written(request, node, place)
        except Refusal as refused:
            return refused.response

    def _place(self, request: Request, node: int, path: str) -> str:
        """Return the path below the root, once it is known who asks: only the root and signing in are for anybody."""
        place = path.removeprefix(ROOT[1:]).strip("/")
        if not path.startswith(ROOT[1:]):
            raise missing(path)
        is_open = (request.method, place) in {("GET", ""), ("POST", SESSIONS)}
        if not is_open and not self._is_signed_in(request, node):
            raise failed(401, "NoValidSession", "There is no valid session established with the implementation.")
        return place

    def _is_signed_in(self, request: Request, node: int) -> bool:
        now = self._state.clock.time()
        self._sessions = {token: each for token, each in self._sessions.items() if now - each.used < IDLE}
        session = self._sessions.get(request.headers.get("x-auth-token", ""))
        if session is not None and session.node == node:
            session.used = now
            return True
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind.lower() == "basic" and self._is_administrator(name, password)

    def _is_administrator(self, name: str, password: str) -> bool:
        known, right = self.administrator
        return name == known and hmac.compare_digest(password.encode(), right.encode())

    def _got(self, node: int, place: str) -> Response:
        if place == SESSIONS:
            members = [{"@odata.id": f"{ROOT}/{SESSIONS}/{each.identifier}"} for each in self._sessions.values()]
            kind = "#SessionCollection.SessionCollection"
            return Response(200, {"@odata.type": kind, "Name": "Sessions", "Members": members})
        found = self.resources(node).get(place)
        if found is None:
            raise missing(place)
        return Response(200, found, {"content-type": "application/json", "odata-version": "4.0"})

    def _written(self, request: Request, node: int, place: str) -> Response:
        actions: dict[tuple[str, str], Callable[[Any, int, str], Response]] = {
            ("POST", SESSIONS): self._signed_in,
            ("DELETE", f"{SESSIONS}/"): self._signed_out,
            ("PATCH", "Systems/"): self._patched,
            ("POST", "Systems/"): self._reset,
        }
        for (method, start), act in actions.items():
            if method == request.method and (place == start or (start.endswith("/") and place.startswith(start))):
                return act(_sent(request), node, place)
        raise failed(405, "OperationNotAllowed", f"{request.method} is not allowed on {ROOT}/{place}.")

    def _signed_in(self, sent: Any, node: int, place: str) -> Response:
        if not self._is_administrator(str(sent.get("UserName", "")), str(sent.get("Password", ""))):
            raise failed(401, "NoValidSession", "The user name or password is wrong.")
        token, identifier = secrets.token_hex(16), secrets.token_hex(4)
        self._sessions[token] = Session(identifier, node, self._state.clock.time())
        where = f"{ROOT}/{place}/{identifier}"
        body = {"@odata.id": where, "Id": identifier, "Name": "Session", "UserName": ADMINISTRATOR}
        return Response(201, body, {"x-auth-token": token, "location": where})

    def _signed_out(self, _sent: Any, _node: int, place: str) -> Response:
        name = place.rpartition("/")[2]
        self._sessions = {token: each for token, each in self._sessions.items() if each.identifier != name}
        return Response(204)

    def _patched(self, sent: Any, node: int, place: str) -> Response:
        if place not in self.resources(node) or place.count("/") != 1:
            raise missing(place)
        for name, value in sent.items():
            if name not in WRITABLE or not isinstance(value, WRITABLE[name]):
                raise failed(400, "PropertyNotWritable", f"The property {name} cannot be written so.")
        boot = self.resources(node)[place]["Boot"]
        target = sent.get("Boot", {}).get("BootSourceOverrideTarget", "None")
        if target not in boot["BootSourceOverrideTarget@Redfish.AllowableValues"]:
            raise failed(400, "PropertyValueNotInList", f"The value {target} is not in the list of acceptable values.")
        self.change(node, place, **sent)
        return Response(204)

    def _reset(self, sent: Any, node: int, place: str) -> Response:
        system, _, action = place.partition("/Actions/")
        found = self.resources(node).get(system, {}).get("Actions", {}).get(f"#{action}")
        if found is None:
            raise missing(place)
        kind = sent.get("ResetType")
        if kind not in found["ResetType@Redfish.AllowableValues"]:
            raise failed(400, "ActionParameterNotSupported", f"The reset type {kind} is not supported.")
        before = self.resources(node)[system]
        power = POWER.get(kind) or ("Off" if before["PowerState"] == "On" else "On")  # PushPowerButton
        once = before["Boot"]["BootSourceOverrideEnabled"] == "Once" and power == "On"
        boot = {"Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None"}} if once else {}
        self.change(node, system, PowerState=power, **boot)
        fabric.power(self._state, node, on=power == "On")
        return Response(204)


def _sent(request: Request) -> dict[str, Any]:
    try:
        sent = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise failed(400, "MalformedJSON", "The request body is no JSON object.")
    return sent


def merged(body: Any, patch: Any) -> Any:
    """Return a JSON value with another one merged into it (RFC 7396, without its deletions)."""
    if not isinstance(body, dict) or not isinstance(patch, dict):
        return patch
    return body | {name: merged(body.get(name), value) for name, value in patch.items()}


def failed(status: int, code: str, text: str) -> Refusal:
    """Return a refusal in Redfish's form."""
    info = {"MessageId": f"Base.1.8.{code}", "Message": text, "Severity": "Critical"}
    return Refusal(
        Response(status, {"error": {"code": info["MessageId"], "message": text, "@Message.ExtendedInfo": [info]}})
    )


def missing(path: str) -> Refusal:
    """Return the refusal of a path where nothing is."""
    return failed(404, "ResourceMissingAtURI", f"The resource at the URI {ROOT}/{path} was not found.")
