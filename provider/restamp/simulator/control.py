"""From outside the world of a stamp: it is lost, deployed anew, its clock is moved on.

Verbs with JSON, for a command in another process. Over HTTPS they are asked of the host `simulator`, by whoever can
read the token in the folder that the stamp was started with; of a stamp that was stopped, in process.
"""

import hmac
import json
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from . import deployment
from .backups.restoring import Unrecoverable
from .baseline import Baseline
from .messages import Request, Response, error
from .state import State

if TYPE_CHECKING:
    from .stamp import Stamp

HOST = "simulator"
TOKEN = "token of control"  # noqa: S105 - the name of a note
AHEAD = "seconds ahead"  # a note, for when the stamp is started again
Asked = Mapping[str, Any]


def token(state: State) -> str:
    """Return what lets somebody in, the same as long as the stamp's state is kept."""
    known = state.store.note(TOKEN)
    if not known:
        known = secrets.token_urlsafe(24)
        state.store.write_note(TOKEN, known)
    return str(known)


def answer(stamp: "Stamp", request: Request) -> Response:
    """Return the answer to `POST /<verb>`."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token(stamp.state).encode()):
        return error(401, "WrongToken", "The token is not that of this simulator.")
    verb = request.path.strip("/")
    if request.method != "POST" or verb not in VERBS:
        return error(404, "NoSuchVerb", f"It is one of {', '.join(VERBS)}.")
    try:
        return Response(200, act(stamp, verb, json.loads(request.body or b"{}")))
    except Unrecoverable as wrong:
        return error(409, wrong.code, str(wrong))


def act(stamp: "Stamp", verb: str, asked: Asked) -> dict[str, Any]:
    """Do what a verb says and return what there is to know of it; Unrecoverable where the rules refuse it."""
    kept = token(stamp.state)
    done = VERBS[verb](stamp, asked)
    stamp.state.store.write_note(TOKEN, kept)  # the stamp may be another one; whoever drives it, and its time, are not
    stamp.state.store.write_note(AHEAD, stamp.clock.offset)
    return done


def _lose(stamp: "Stamp", _asked: Asked) -> dict[str, Any]:
    deployment.lose(stamp)
    return {"lost": f"{stamp.region}.{stamp.domain}", "deployment": stamp.deployment_id}


def _redeploy(stamp: "Stamp", asked: Asked) -> dict[str, Any]:
    """Deploy: `baseline` has fields of Baseline, `source` of Source, its `pfx` in base64; the rest is as before."""
    source = None
    if given := asked.get("source"):
        source = deployment.Source(**given | {"pfx": b64decode(given["pfx"])})
    wanted = _baseline(stamp, asked.get("baseline", {}))
    if hardware := asked.get("hardware"):
        wanted = _racked(stamp, str(hardware), wanted)
    admin = deployment.redeploy(stamp, wanted, source)
    told: dict[str, Any] = {"deployment": stamp.deployment_id, "provider_subscription": stamp.provider_subscription}
    told |= {"baseline": asdict(deployment.baseline(stamp.state)), "admin": admin.name, "password": admin.secret}
    if asked.get("let_in"):
        made = stamp.add_principal(str(asked["let_in"]), "Owner")
        told |= {"client_id": made.client_id, "client_secret": made.secret, "tenant": made.tenant}
    return told


def _baseline(stamp: "Stamp", asked: Asked) -> Baseline:
    """Return the baseline that is asked for; what is left out is the lost stamp's, its version too."""
    wanted = {name: value for name, value in asked.items() if value is not None}
    before = deployment.baseline(stamp.state)
    return replace(before, **wanted)


def _racked(stamp: "Stamp", hardware: str, wanted: Baseline) -> Baseline:
    """Put machines into the rack, whose BMCs answer from now on; return what is deployed on them."""
    from .redfish import Nodes, maker  # most stamps go without BMCs

    stamp.nodes = Nodes(stamp.state, hardware, wanted.nodes, rack=stamp.deployment_id)
    oem, model = maker(hardware)
    return replace(wanted, oem=oem, model=model)


def _clock(stamp: "Stamp", asked: Asked) -> dict[str, Any]:
    seconds = float(asked["seconds"])
    for machine in (*stamp.machines.values(), *filter(None, [stamp.pep])):
        machine.keep(seconds)
    stamp.clock.advance(seconds)
    stamp.catch_up()
    return {"now": f"{stamp.clock.now():%Y-%m-%dT%H:%M:%SZ}"}


VERBS: dict[str, Callable[["Stamp", Asked], dict[str, Any]]] = {
    "lose": _lose,
    "redeploy": _redeploy,
    "clock": _clock,
}
