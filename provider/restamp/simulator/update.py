"""Update.Admin: the versions the stamp has, the updates there are for it, and their runs."""

from datetime import UTC, datetime
from typing import Any

from . import agenda
from .baseline import update_for
from .messages import Response, refuse
from .rules import GET, LIST, Answer, Call, Rule, deny, empty_missing
from .state import State, guid
from .store import Wire
from .verbs import get, wrap

NAMESPACE = "Microsoft.Update.Admin"
LOCATIONS = (NAMESPACE.lower(), "updatelocations")
HOURS = 14  # an update of four nodes takes 8 to 28 hours (documented)
SEEN_AFTER = 90.0  # seconds until a run that was started can be read (recorded: not after a minute)
RUNNING = "update that runs"
STEPS = ("Downloading update", "Validating the download and extracting files.", "Initiating update installation.")


def located(call: Call) -> Response:
    """Return the location, which was looked at just now (recorded)."""
    body = get(call).body
    checked = {"lastChecked": f"{call.state.clock.now():%Y-%m-%dT%H:%M:%S}"}
    return Response(200, body | {"properties": body["properties"] | checked})


def location(state: State) -> Wire:
    """Return the one update location of a stamp, as it is kept."""
    return next((body for _, body in state.store.of_type(LOCATIONS)), {"properties": {}})


def version(state: State) -> str:
    """Return the stamp's version; empty when it does not say."""
    return str(location(state)["properties"].get("currentVersion") or "")


def oem_version(state: State) -> str | None:
    """Return the version of the OEM package, which old builds do not say."""
    found = location(state)["properties"].get("currentOemVersion")
    return str(found) if found else None


def set_versions(state: State, version: str, oem_version: str | None) -> None:
    """Let a stamp have these versions."""
    _set(state, location(state)["id"].lower(), currentVersion=version, currentOemVersion=oem_version)


def is_running(state: State) -> bool:
    """Return whether the stamp is being updated: no backups meanwhile, no Test-AzureStack (documented)."""
    return bool(location(state)["properties"].get("state") == "UpdateInProgress")


def has_failed(state: State) -> bool:
    """Return whether the last update failed."""
    return bool(location(state)["properties"].get("state") == "UpdateFailed")


def apply(call: Call) -> Response:
    """Start an update, whose run can be followed (recorded); one at a time."""
    key = call.address.key.rpartition("/")[0]
    found = call.state.store.get(key)
    if found is None:
        raise deny(empty_missing(call))
    if is_running(call.state):
        raise refuse(409, "UpdateInProgress", "Another update is in progress.")
    if found["properties"].get("state") in {"Installed", "Obsolete", "HasPrerequisite", "Recalled"}:
        raise refuse(400, "UpdateNotApplicable", f"The state of the update is {found['properties']['state']}.")
    run = _begun(call.state, found)
    return _accepted(call, f"{call.address.path.rpartition('/')[0]}/updateRuns/{run}")


def _begun(state: State, update: Wire) -> str:
    run, now, until = guid(), state.clock.time(), state.clock.time() + HOURS * 3600
    place = f"{update['id']}/updateRuns/{run}"
    state.store.write_note(RUNNING, {"update": update["id"].lower(), "run": place.lower(), "until": until})
    body: Wire = {
        "id": place,
        "name": f"{update['name']}/{run}",
        "type": f"{NAMESPACE}/updateLocations/updates/updateRuns",
    }
    body |= {"location": state.region, "tags": {}, "properties": _progress(now, 0, "InProgress", "NotStarted")}
    agenda.plan(state, now + SEEN_AFTER, "an update run is seen", run=body)
    agenda.plan(state, until, "an update ends", began=now)
    _set(state, update["id"].lower(), state="Installing", updateStateProperties={"progressPercentage": 0})
    _set(state, location(state)["id"].lower(), state="UpdateInProgress")
    return run


def _progress(began: float, seconds: float, state: str, last: str) -> Wire:
    done = [{"name": name, "description": "", "status": "Success"} for name in STEPS[:-1]]
    steps = [*done, {"name": STEPS[-1], "description": "", "status": last}]
    progress = {"name": "Installing", "description": "Installing", "status": state, "steps": steps}
    started = datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"
    return {"progress": progress, "timeStarted": started, "duration": f"PT{int(seconds)}S", "state": state}


def seen(state: State, _moment: float, facts: Wire) -> None:
    """A run can be read from now on."""
    state.store.put(facts["run"]["id"].lower(), facts["run"])


def ended(state: State, moment: float, facts: Wire) -> None:
    """An update is done: the stamp has its version."""
    run = state.store.note(RUNNING)
    state.store.write_note(RUNNING, None)
    update = state.store.get(run["update"]) or {"properties": {}}
    kind, version = update["properties"].get("packageType"), str(update["properties"].get("version"))
    _set(state, run["update"], state="Installed", updateStateProperties={"progressPercentage": 100})
    began = facts["began"]
    properties = _progress(began, moment - began, "Succeeded", "Success")
    state.store.put(run["run"], (state.store.get(run["run"]) or {}) | {"properties": properties})
    kinds = {"OEM"} if kind == "OEM" else {"Services", "Infrastructure"}
    here = location(state)
    packages = [
        package | {"version": version} if package["packageType"] in kinds else package
        for package in here["properties"].get("packageVersions", [])
    ]
    current = {"currentOemVersion" if kind == "OEM" else "currentVersion": version}
    more = list(update_for(state, version)) if kind != "OEM" else []
    for body in more:
        state.store.put(body["id"].lower(), body)
    standing = "AppliedUpdateAvailableSuccessfully" if more else "AppliedSuccessfully"
    _set(state, here["id"].lower(), state=standing, packageVersions=packages, **current)


def _set(state: State, key: str, /, **properties: Any) -> None:
    body = state.store.get(key) or {"properties": {}}
    state.store.put(key, body | {"properties": body["properties"] | properties})


def _accepted(call: Call, path: str) -> Response:
    url = f"https://{call.request.host}{path}?api-version={call.request.api_version}"
    return Response(202, None, {"location": url, "retry-after": "60"})


def looked(call: Call) -> Response:
    """Prepare or check an update: 202 with the request's own address, which cannot be read (recorded)."""
    if call.state.store.get(call.address.key.rpartition("/")[0]) is None:
        raise deny(empty_missing(call))
    return _accepted(call, call.address.path)


def rerun(call: Call) -> Response:
    """Start the update of a run again."""
    run = call.address.key.rpartition("/")[0]
    if call.state.store.get(run) is None:
        raise deny(empty_missing(call))
    if is_running(call.state):
        raise refuse(409, "UpdateInProgress", "Another update is in progress.")
    update = call.state.store.get(run.partition("/updateruns/")[0])
    if update is None:
        raise deny(empty_missing(call))
    place = call.address.path.rpartition("/")[0].rpartition("/")[0]
    return _accepted(call, f"{place}/{_begun(call.state, update)}")


def all_runs(call: Call) -> Response:
    """Return the runs of all updates."""
    runs = call.state.store.of_type((NAMESPACE.lower(), "updatelocations/updates/updateruns"))
    return wrap(call, [body for _, body in runs])


def row(types: str, **more: Any) -> Rule:
    """Return a row with what all of Update has in common."""
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "types": types,
        "versions": ("2021-07-01",),
        "source": "recorded",
        "name": "plain" if types == "updateLocations" else "located",
        "missing": empty_missing,
        "headers": {"server": "Microsoft-HTTPAPI/2.0"},
    }
    return Rule(**common | more)


HAPPENINGS: dict[str, agenda.Happening] = {"an update run is seen": seen, "an update ends": ended}
ACTIONS: dict[str, Answer] = {"apply": apply, "prepare": looked, "checkhealth": looked}
RULES = (
    row("updateLocations", answers={GET: located}),
    row(
        "updateLocations/updates",
        actions=ACTIONS,
        assumed=(
            f"Updates: a stamp has the one to the next release; each takes {HOURS} hours and succeeds; its steps; a"
            " second one meanwhile is 409, one that is installed is 400; preparing and checking one changes nothing.",
        ),
    ),
    row("updateLocations/updates/updateRuns", actions={"rerun": rerun}),
    row("updateLocations/updateRuns", source="swagger", methods={LIST}, answers={LIST: all_runs}),
)
